"""Setup of an account: from its config entry to its vehicles and sites."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from homeassistant.components.application_credentials import AuthImplementation
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryError,
    ConfigEntryNotReady,
    UnknownImplementationError,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.config_entry_oauth2_flow import async_get_config_entry_implementation

from ..charging.controller import ChargingController
from ..const import CONF_BASE_URL, DOMAIN, LOGGER
from ..coordinator import SiteCoordinator, VehicleCoordinator
from ..errors import as_setup_error
from ..spending.account_ledger import AccountLedger, async_get_ledger
from ..spending.rules import async_apply_spending
from ..statistics.history_import import HistoryImport
from ..streaming.manager import StreamManager
from ..tesla import signals
from ..tesla.api.fleet import FleetApi
from ..tesla.charging.bills import Bills
from ..tesla.errors import LoginRequired, TeslaError
from ..tesla.signing import ClientKey
from ..tesla.site import Site
from ..tesla.spending.caller import SETUP
from ..tesla.vehicle.outcome import CommandMode
from ..tesla.vehicle.vehicle import Vehicle, ask_fleet_status
from .api import fleet_api
from .charging import ChargingSessions
from .claims import async_claim
from .data import AccountData, FlotteConfigEntry
from .devices import async_keep_described
from .entry_store import (
    CONTROLLERS_KEY,
    STREAMING_KEY,
    SUPERCHARGING_KEY,
    async_read_entry,
    entry_store,
)
from .key import async_get_key
from .login import (
    async_ask_to_log_in,
    async_retry_set_up,
    async_take_new_login,
    async_watch_login,
)
from .names import MANUFACTURER, SITE_MODEL, AssetName, model_of
from .products import Product, granted_assets, listed_name
from .supercharging import SuperchargingMonth
from .tokens import Tokens, granted_scopes


async def async_set_up_account(hass: HomeAssistant, entry: FlotteConfigEntry) -> AccountData:
    """Make an entry's runtime data, in at most two consecutive round trips and free of charge.

    Raises:
        ConfigEntryError: only the owner can resolve it.
        ConfigEntryAuthFailed: Tesla refuses the login.
        ConfigEntryNotReady: any other reason; Home Assistant retries.
    """
    implementation = await _async_get_implementation(hass, entry)
    key = await _async_get_key(hass)
    ledger = await async_get_ledger(hass, implementation.client_id)
    async_apply_spending(hass, entry, ledger)
    api = fleet_api(hass, entry.data[CONF_BASE_URL], Tokens(hass, entry, implementation), ledger)
    async_watch_login(hass, entry, api)
    try:
        products = await api.products()
    except TeslaError as error:
        if isinstance(error, LoginRequired):
            async_retry_set_up(hass, entry, api)
        raise as_setup_error(error) from error
    store = entry_store(hass, entry)
    stored = await async_read_entry(hass, entry, store)
    scopes = granted_scopes(entry.data)
    assets = granted_assets(products, scopes)
    names = {asset: listed_name(product) or asset[-6:] for asset, product in assets.items()}
    left_out = async_claim(hass, entry, names)
    shown = [product for asset, product in assets.items() if asset not in left_out]
    factory = _AssetFactory(hass, entry, api, key, scopes, stored, ledger)
    vehicles = [factory.vehicle(product) for product in shown if product.get("vin")]
    sites = [factory.site(product) for product in shown if not product.get("vin")]
    await asyncio.gather(
        _async_get_fleet_status(vehicles), *(_async_poll_site(site) for site in sites)
    )
    for asset in (*vehicles, *sites):
        async_keep_described(asset)
    streaming = StreamManager(
        hass,
        entry,
        api,
        key,
        vehicles=vehicles,
        scopes=scopes,
        application=ledger.name,
        stored=stored.get(STREAMING_KEY),
        is_new_login=async_take_new_login(hass, entry),
    )
    for each in vehicles:
        # A vehicle that was just paired may stream.
        each.pairing.on_paired.subscribe(streaming.async_shown_changed)
    imports = {each.site.site_id: HistoryImport(hass, each) for each in sites}
    bills = Bills(api, ledger.gate, scopes=scopes)
    supercharging = SuperchargingMonth(
        hass, bills, [each.vehicle for each in vehicles], stored.get(SUPERCHARGING_KEY)
    )
    return AccountData(
        api,
        vehicles,
        sites,
        left_out,
        ledger,
        store,
        scopes,
        streaming,
        imports,
        bills,
        supercharging,
        {each.vehicle.vin: ChargingSessions(hass, each) for each in vehicles},
        _controllers(hass, vehicles, stored.get(CONTROLLERS_KEY)),
    )


def _controllers(
    hass: HomeAssistant, vehicles: Iterable[VehicleCoordinator], stored: object
) -> dict[str, ChargingController]:
    """Controllers of charging at home, by VIN, with their settings from before the restart."""
    controllers = {each.vehicle.vin: ChargingController(hass, each) for each in vehicles}
    if isinstance(stored, Mapping):
        for vin, controller in controllers.items():
            controller.restore(stored.get(vin))
    return controllers


async def _async_get_implementation(
    hass: HomeAssistant, entry: FlotteConfigEntry
) -> AuthImplementation:
    try:
        return cast("AuthImplementation", await async_get_config_entry_implementation(hass, entry))
    except UnknownImplementationError as error:
        # The credentials were removed. The owner can choose others, or add them again.
        async_ask_to_log_in(hass, entry)
        raise ConfigEntryNotReady(
            translation_domain=HOMEASSISTANT_DOMAIN,
            translation_key=error.translation_key,
        ) from error


async def _async_get_key(hass: HomeAssistant) -> ClientKey:
    try:
        return await async_get_key(hass)
    except (ValueError, KeyError) as error:
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="private_key_unreadable"
        ) from error


async def _async_get_fleet_status(vehicles: list[VehicleCoordinator]) -> None:
    """Find out which vehicles have our key; the setup continues without an answer."""
    try:
        await ask_fleet_status([each.vehicle for each in vehicles], SETUP)
    except TeslaError as error:
        LOGGER.debug("Cannot find out which vehicles have the key: %s", error)


async def _async_poll_site(coordinator: SiteCoordinator) -> None:
    """Poll a site once; the setup continues without an answer.

    A setup must be free. If Tesla ever bills sites, the gate decides when to poll them.
    """
    if not coordinator.site.is_free:
        return
    results = await asyncio.gather(
        coordinator.site.refresh(SETUP),
        coordinator.site.refresh_info(SETUP),
        return_exceptions=True,
    )
    for error in results:
        if isinstance(error, TeslaError):
            LOGGER.debug("Site %s does not answer: %s", coordinator.device_name, error)
        elif error is not None:
            raise error


@dataclass(frozen=True)
class _AssetFactory:
    """Makes the coordinators of an account from Tesla's product list and the stored data."""

    hass: HomeAssistant
    entry: FlotteConfigEntry
    api: FleetApi
    key: ClientKey
    scopes: frozenset[str]
    stored: Mapping[str, Any]
    ledger: AccountLedger

    def vehicle(self, product: Product) -> VehicleCoordinator:
        """Coordinator of a vehicle, with its readings from before the restart."""
        vin = str(product["vin"])
        # "off" marks vehicles without the protocol; "required" and "allowed" mark those with it.
        unsigned = product.get("command_signing") in ("off", "not_required")
        vehicle = Vehicle(
            vin,
            self.api,
            self.key,
            scopes=self.scopes,
            mode=CommandMode.UNSIGNED if unsigned else CommandMode.SIGNED,
            gate=self.ledger.gate,
        )
        vehicle.restore(self.stored.get(vin))
        vehicle.apply_state(product.get("state"))
        model = model_of(vin)
        name = self._name(
            vin,
            listed=product.get("display_name"),
            reported=vehicle.state[signals.VEHICLE_NAME],
            fallback=model or MANUFACTURER,
        )
        info = dr.DeviceInfo(
            identifiers={(DOMAIN, vin)},
            manufacturer=MANUFACTURER,
            model=model,
            serial_number=vin,
        )
        return VehicleCoordinator(self.hass, self.entry, vehicle, name, info)

    def site(self, product: Product) -> SiteCoordinator:
        """Coordinator of an energy site, with its readings from before the restart."""
        site = Site(
            int(product["energy_site_id"]),
            self.api,
            scopes=self.scopes,
            gate=self.ledger.gate,
        )
        site.restore(self.stored.get(str(site.site_id)))
        number = str(site.site_id)
        name = self._name(
            number,
            listed=product.get("site_name"),
            reported=site.state[signals.SITE_NAME],
            fallback=SITE_MODEL,
        )
        info = dr.DeviceInfo(
            identifiers={(DOMAIN, number)},
            manufacturer=MANUFACTURER,
            model=SITE_MODEL,
            serial_number=number,
        )
        return SiteCoordinator(self.hass, self.entry, site, name, info)

    def _name(
        self, number: str, *, listed: object, reported: str | None, fallback: str
    ) -> AssetName:
        """Name of a vehicle or site: that of its device, until Tesla reports another one."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, number), self.entry.entry_id
        )
        before = device.name if device else None
        return AssetName(listed=listed, reported=reported, before=before, fallback=fallback)

"""Flotte for Tesla: Tesla's Fleet API in Home Assistant, with signed commands and a meter."""

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from homeassistant.components.application_credentials import AuthImplementation
from homeassistant.const import Platform
from homeassistant.core import DOMAIN as HOMEASSISTANT_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryError,
    ConfigEntryNotReady,
    UnknownImplementationError,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.config_entry_oauth2_flow import async_get_config_entry_implementation
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType

from .account.claims import async_claim, async_watch_claims
from .account.data import AccountData, FlotteConfigEntry, application_of
from .account.hosts import CONFIG_SCHEMA as CONFIG_SCHEMA
from .account.hosts import set_hosts
from .account.key import async_get_key
from .account.leaving import (
    STREAMING,
    UNWRITABLE_ISSUE,
    async_end_streams,
    async_forget_store,
    async_left_application,
    async_read_known,
    entry_store,
    fleet_api,
)
from .account.login import (
    async_ask_to_log_in,
    async_retry_set_up,
    async_take_new_login,
    async_watch_login,
)
from .account.names import MANUFACTURER, AssetName, is_vin, model_of
from .account.options import async_watch_options
from .account.storage import NotWritten, async_show_failure
from .account.tokens import Tokens, granted_scopes
from .const import (
    DOMAIN,
    FLEET_INTERVAL,
    LOGGER,
    SAVE_DELAY_SECONDS,
    SCOPE_ENERGY_DATA,
    SCOPE_VEHICLE_DATA,
)
from .coordinator import SiteCoordinator, VehicleCoordinator
from .errors import as_setup_error
from .services.spending import async_register_spending_actions
from .services.vehicle import async_register_actions
from .spending.account_ledger import AccountLedger, async_get_ledger
from .spending.callers import async_watch_callers
from .spending.rules import async_apply_spending
from .streaming.issues import async_clear_entry
from .streaming.manager import StreamManager
from .streaming.subscription import configured_cars
from .tesla import signals
from .tesla.api.fleet import FleetApi
from .tesla.errors import LoginRequired, NotKept, TeslaError
from .tesla.signing import ClientKey
from .tesla.site import Site
from .tesla.spending.caller import POLLING, SETUP
from .tesla.spending.endpoints import Endpoint
from .tesla.vehicle.outcome import CommandMode
from .tesla.vehicle.vehicle import Vehicle

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CLIMATE,
    Platform.COVER,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.LOCK,
    Platform.MEDIA_PLAYER,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.UPDATE,
]
SITE_MODEL: Final = "Energy site"


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Learn which Tesla to talk to, and offer the actions."""
    set_hosts(hass, config)
    await async_watch_callers(hass)
    async_watch_claims(hass)
    async_watch_options(hass)
    async_register_actions(hass)
    async_register_spending_actions(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> bool:
    """Set up one Tesla account: two round trips in a row at most, and nothing that is billed."""
    try:
        implementation = cast(
            "AuthImplementation", await async_get_config_entry_implementation(hass, entry)
        )
    except UnknownImplementationError as error:
        # The credentials were removed. The owner may choose others, or add them again.
        async_ask_to_log_in(hass, entry)
        raise ConfigEntryNotReady(
            translation_domain=HOMEASSISTANT_DOMAIN,
            translation_key=error.translation_key,
        ) from error
    try:
        key = await async_get_key(hass)
    except (ValueError, KeyError) as error:
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="private_key_unreadable"
        ) from error
    ledger = await async_get_ledger(hass, implementation.client_id)
    async_apply_spending(hass, entry, ledger)
    api = fleet_api(hass, entry, Tokens(hass, entry, implementation), ledger)
    async_watch_login(hass, entry, api)
    try:
        products = await api.products()
    except TeslaError as error:
        if isinstance(error, LoginRequired):
            async_retry_set_up(hass, entry, api)
        raise as_setup_error(error) from error
    store = entry_store(hass, entry)
    stored = await async_read_known(hass, entry, store)
    scopes = granted_scopes(entry.data)
    account = _Account(hass, entry, api, key, scopes, stored, ledger)
    assets = {
        asset: product for product in _granted(products, scopes) if (asset := _asset_of(product))
    }
    names = {asset: _name_of(product) or asset[-6:] for asset, product in assets.items()}
    left_out = async_claim(hass, entry, names)
    shown = [product for asset, product in assets.items() if asset not in left_out]
    vehicles = [account.vehicle(product) for product in shown if product.get("vin")]
    sites = [account.site(product) for product in shown if not product.get("vin")]
    await asyncio.gather(
        _ask_status(api, vehicles),
        *(_ask_site(coordinator) for coordinator in sites),
    )
    streaming = StreamManager(
        hass,
        entry,
        api,
        key,
        vehicles=vehicles,
        scopes=scopes,
        application=ledger.name,
        stored=stored.get(STREAMING),
        is_new_login=async_take_new_login(hass, entry),
    )
    entry.runtime_data = AccountData(vehicles, sites, ledger, store, scopes, streaming)
    _keep_stored(hass, entry)
    entry.async_on_unload(ledger.async_subscribe(streaming.async_obey))
    _watch_fleet(hass, entry, api, left_out)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    for coordinator in vehicles:
        # Once all have their devices, so that those of the same name are told apart.
        coordinator.async_show_pairing()
        coordinator.async_look_after_restart()
    # Neither the port nor a car nor Tesla keeps the account from starting.
    entry.async_create_background_task(hass, streaming.async_start(), "flotte starts the stream")
    return True


async def async_unload_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> bool:
    """Unload, keeping what is known."""
    streaming = entry.runtime_data.streaming
    # First of all: without entities nothing is shown, and a car would be told so.
    streaming.async_pause()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await streaming.async_stop()
        await entry.runtime_data.store.async_save(_to_stored(entry))
    else:
        streaming.async_resume()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Forget what was known; the key stays, because pairings hang on it, and so does the ledger.

    Cars that stream to us are told to stop, because that goes on costing money.
    """
    store = entry_store(hass, entry)
    stored = await async_read_known(hass, entry, store)
    async_clear_entry(hass, entry.entry_id)
    async_forget_store(hass, entry)
    await async_end_streams(hass, entry, configured_cars(stored.get(STREAMING)))
    await store.async_remove()
    # Its rules held for those too that share its bill.
    async_left_application(hass, application_of(hass, entry))


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: FlotteConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Allow to remove devices of vehicles and sites that left the account.

    Unless the account is loaded nobody knows which are in it. The owner may remove any then: one
    that is still in the account comes back, as it was, when the account is loaded.
    """
    present = {str(entry.unique_id)}
    if (data := getattr(entry, "runtime_data", None)) is not None:
        present |= {coordinator.vehicle.vin for coordinator in data.vehicles}
        present |= {str(coordinator.site.site_id) for coordinator in data.sites}
    return not any((DOMAIN, each) in device.identifiers for each in present)


@dataclass(frozen=True)
class _Account:
    """What the vehicles and sites of an account are made with."""

    hass: HomeAssistant
    entry: FlotteConfigEntry
    api: FleetApi
    key: ClientKey
    scopes: frozenset[str]
    stored: Mapping[str, Any]
    ledger: AccountLedger

    def vehicle(self, product: Mapping[str, Any]) -> VehicleCoordinator:
        """A vehicle of Tesla's product list, with what was known of it before."""
        vin = str(product["vin"])
        # "off" marks cars without the protocol; "required" and "allowed" know it.
        unsigned = product.get("command_signing") in ("off", "not_required")
        vehicle = Vehicle(
            vin,
            self.api,
            self.key,
            scopes=self.scopes,
            protocol=CommandMode.UNSIGNED if unsigned else CommandMode.SIGNED,
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

    def site(self, product: Mapping[str, Any]) -> SiteCoordinator:
        """An energy site of Tesla's product list, with what was known of it before."""
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
        """The name of a car or site, the one that it had before as long as nobody says more."""
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, number), self.entry.entry_id
        )
        before = device.name if device else None
        return AssetName(listed=listed, reported=reported, before=before, fallback=fallback)


def _asset_of(product: Mapping[str, Any]) -> str:
    """VIN of the car or number of the site in Tesla's product list; empty if it is neither.

    A product that has an odd one is left out, and the others are set up.
    """
    number = str(product.get("vin") or product.get("energy_site_id") or "")
    is_asset = (is_vin if product.get("vin") else _is_site_number)(number)
    return number if is_asset else ""


def _is_site_number(number: str) -> bool:
    return bool(_SITE_NUMBER.fullmatch(number))


_SITE_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")


def _granted(products: list[dict[str, Any]], scopes: frozenset[str]) -> list[dict[str, Any]]:
    """The cars and sites that anything may be asked about; Tesla lists the others too."""
    return [
        each
        for each in products
        if (SCOPE_VEHICLE_DATA if each.get("vin") else SCOPE_ENERGY_DATA) in scopes
    ]


def _name_of(product: Mapping[str, Any]) -> str:
    """What Tesla calls a car or site; empty if it has no name."""
    return str(product.get("display_name") or product.get("site_name") or "")


async def _ask_status(api: FleetApi, vehicles: list[VehicleCoordinator]) -> None:
    """Learn which cars carry our key; not knowing it keeps nobody from starting."""
    if not vehicles:
        return
    try:
        status = await api.fleet_status([each.vehicle.vin for each in vehicles], SETUP)
    except TeslaError as error:
        LOGGER.debug("Pairing is not known: %s", error)
        return
    for coordinator in vehicles:
        coordinator.vehicle.heard_status(status)


async def _ask_site(coordinator: SiteCoordinator) -> None:
    """Look at a site once; one that does not answer keeps nobody from starting.

    A start pays for nothing, so a site that costs something is looked at by the gate's leave later.
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


def _to_stored(entry: FlotteConfigEntry) -> dict[str, Any]:
    data = entry.runtime_data
    stored: dict[str, Any] = {}
    for vehicle in data.vehicles:
        stored[vehicle.vehicle.vin] = vehicle.vehicle.to_stored()
    for site in data.sites:
        stored[str(site.site.site_id)] = site.site.to_stored()
    stored[STREAMING] = data.streaming.to_stored()
    return stored


@callback
def _watch_fleet(
    hass: HomeAssistant, entry: FlotteConfigEntry, api: FleetApi, left_out: Collection[str]
) -> None:
    """Take in a car or a site that was added to the account or renamed, within some hours.

    One that left stays as it was, until the owner removes its device: it may only be away.
    """
    data = entry.runtime_data
    known = {*left_out, *(each.vehicle.vin for each in data.vehicles)}
    known |= {str(each.site.site_id) for each in data.sites}

    async def look(now: datetime) -> None:
        if not data.ledger.gate.lets_poll(api.endpoints.charge(Endpoint.PRODUCTS), "", now):
            return
        try:
            products = await api.products(POLLING)
        except TeslaError as error:
            # Whatever it is, those that poll meet it too, and say so.
            LOGGER.debug("New cars cannot be looked for: %s", error)
            return
        listed = {_asset_of(each): each for each in _granted(products, data.scopes)}
        for coordinator in (*data.vehicles, *data.sites):
            coordinator.async_list(_name_of(listed.get(coordinator.unique_prefix, {})))
        if listed.keys() - known - {""}:
            LOGGER.info("The account has a new car or site, and is loaded anew")
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(
        async_track_time_interval(hass, look, FLEET_INTERVAL, cancel_on_shutdown=True)
    )


@callback
def _keep_stored(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Write what is known a while after it changed, and at shutdown; commands that wait at once."""
    data = entry.runtime_data

    is_waiting = False

    @callback
    def to_stored() -> dict[str, Any]:
        nonlocal is_waiting
        is_waiting = False
        return _to_stored(entry)

    @callback
    def changed(*_: object) -> None:
        # Not anew for each record of a stream: it must be quick, and a stream would put it off.
        nonlocal is_waiting
        if not is_waiting:
            is_waiting = True
            data.store.async_delay_save(to_stored, SAVE_DELAY_SECONDS)

    async def keep() -> None:
        try:
            await data.store.async_write(to_stored())
        except NotWritten as error:
            raise NotKept(error.detail) from error

    @callback
    def written() -> None:
        async_show_failure(hass, data.store, UNWRITABLE_ISSUE, entry.entry_id, name=entry.title)

    data.store.written = written
    # For good: an answer of Tesla's may still come while the entry unloads.
    data.streaming.changed.subscribe(changed)
    for vehicle in data.vehicles:
        vehicle.vehicle.keep = keep
        entry.async_on_unload(vehicle.vehicle.subscribe(changed))
    for site in data.sites:
        entry.async_on_unload(site.site.subscribe(changed))

"""The contestants: Flotte, streaming or polling only, and Home Assistant core's own `tesla_fleet`.

Each is set up in a real Home Assistant in this process, with its real files in a folder of its own,
and talks HTTP to the simulator.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Final, override

from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from benchmarks.bare_home_assistant import NotSetUp, bare, login_entry, set_up
from benchmarks.core_integration import CORE, ENTRY_VERSION, core_key, point_core_at
from benchmarks.logged_in import CLIENT_ID, CLIENT_SECRET, PUBLIC_DOMAIN
from benchmarks.recorded import record
from benchmarks.scripted_days import Call, Feature
from custom_components.flotte.account.data import FlotteConfigEntry
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import (
    CONF_BASE_URL,
    CONF_HOSTNAME,
    CONF_MONTHLY_LIMIT,
    CONF_PORT,
    CONF_PUBLIC_DOMAIN,
    CONF_STREAM,
    DOMAIN,
    STREAM_DIRECT,
)
from custom_components.flotte.tesla.vehicle.stream import Stream
from simulator import Simulator
from simulator.accounts import SCOPES, Registration
from simulator.ports import free_port

USER: Final = "owner-1"
STREAM_HOST: Final = "home.flotte.example"
REGION: Final = "eu"
STREAMING: Final = "flotte_stream"
POLLING: Final = "flotte_poll"
NAMES: Final = (STREAMING, POLLING, CORE)


class Home(ABC):
    """A running Home Assistant with one contestant in it."""

    domain: ClassVar[str]
    keys: ClassVar[Mapping[Feature, tuple[str, str]]]
    """Domain of the entity, and the part of its unique id after the VIN."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, person: str) -> None:
        self.hass = hass
        self.entry = entry
        self._person = person
        self._entities: dict[tuple[str, Feature], str] = {}

    @staticmethod
    @abstractmethod
    def version() -> tuple[int, int]:
        """Major and minor version of its configuration entries."""

    def entity(self, vin: str, feature: Feature) -> str:
        """The entity id of a feature of a car. Raises NotSetUp if there is none."""
        if (vin, feature) not in self._entities:
            domain, key = self.keys[feature]
            found = er.async_get(self.hass).async_get_entity_id(domain, self.domain, f"{vin}-{key}")
            if found is None:
                raise NotSetUp(f"{self.domain} has no {feature} of {vin}")
            self._entities[vin, feature] = found
        return self._entities[vin, feature]

    def number(self, vin: str, feature: Feature) -> float | None:
        """The displayed value, if it is a number."""
        state = self.hass.states.get(self.entity(vin, feature))
        try:
            return None if state is None else float(state.state)
        except ValueError:
            return None

    def is_locked(self, vin: str) -> bool | None:
        """The displayed state of the lock."""
        state = self.hass.states.get(self.entity(vin, Feature.LOCK))
        if state is None or state.state not in ("locked", "unlocked"):
            return None
        return state.state == "locked"

    def place(self, vin: str) -> tuple[float, float] | None:
        """The displayed location."""
        state = self.hass.states.get(self.entity(vin, Feature.PLACE))
        if state is None or state.attributes.get("latitude") is None:
            return None
        return state.attributes["latitude"], state.attributes["longitude"]

    async def make(self, call: Call, vin: str) -> None:
        """Call the action. Raises HomeAssistantError."""
        domain, _, service = call.service.partition(".")
        await self.hass.services.async_call(
            domain,
            service,
            {"entity_id": self.entity(vin, call.feature), **call.data},
            blocking=True,
            context=self._begin_automation()
            if call.by_automation
            else Context(user_id=self._person),
        )

    def _begin_automation(self) -> Context:
        """Announce that an automation runs, as Home Assistant does; returns its context."""
        context = Context()
        name = {"name": "Solar surplus", "entity_id": "automation.solar_surplus"}
        self.hass.bus.async_fire("automation_triggered", name, context=context)
        return context

    def streams(self) -> Mapping[str, Stream]:
        """The receiving ends of the cars' streams, by VIN; empty without streaming."""
        return {}

    @property
    def has_request(self) -> Callable[[], bool]:
        """Whether a request to Tesla is open."""
        connector = async_get_clientsession(self.hass).connector
        if connector is None:
            raise NotSetUp("Home Assistant has no connections")
        return lambda: bool(connector._acquired)  # noqa: SLF001  # there is no public way to know


class CoreHome(Home):
    """Home Assistant core's own integration."""

    domain = CORE
    keys = MappingProxyType(
        {
            Feature.CLIMATE: ("climate", "driver_temp"),
            Feature.SEAT: ("select", "climate_state_seat_heater_left"),
            Feature.LOCK: ("lock", "vehicle_state_locked"),
            Feature.CURRENT: ("number", "charge_state_charge_current_request"),
            Feature.LIMIT: ("number", "charge_state_charge_limit_soc"),
            Feature.LEVEL: ("sensor", "charge_state_battery_level"),
            Feature.POWER: ("sensor", "charge_state_charger_power"),
            Feature.PLACE: ("device_tracker", "location"),
        }
    )

    @staticmethod
    @override
    def version() -> tuple[int, int]:
        return ENTRY_VERSION


class FlotteHome(Home):
    """Flotte."""

    domain = DOMAIN
    entry: FlotteConfigEntry
    keys = MappingProxyType(
        {
            Feature.CLIMATE: ("climate", "climate"),
            Feature.SEAT: ("select", "seat_heater_left"),
            Feature.LOCK: ("lock", "doors"),
            Feature.CURRENT: ("number", "charge_current"),
            Feature.LIMIT: ("number", "charge_limit"),
            Feature.LEVEL: ("sensor", "battery_level"),
            Feature.POWER: ("sensor", "charger_power"),
            Feature.PLACE: ("device_tracker", "location"),
            Feature.WINDOWS: ("cover", "windows"),
            Feature.TRUNK: ("cover", "trunk"),
            Feature.PORT: ("cover", "charge_port"),
            Feature.CABLE: ("lock", "charge_cable_lock"),
            Feature.CHARGE: ("switch", "charge"),
            Feature.SENTRY: ("switch", "sentry_mode"),
            Feature.DEFROST: ("switch", "defrost"),
        }
    )

    @staticmethod
    @override
    def version() -> tuple[int, int]:
        return 1, 1

    @override
    def streams(self) -> Mapping[str, Stream]:
        return {each.vehicle.vin: each.stream for each in self.entry.runtime_data.vehicles}


class Contestant:
    """A way to have Teslas in Home Assistant.

    Args:
        name: One of `NAMES`.
        simulator: The running simulator.
        folder: Home Assistant's own folder; its files survive a restart.
        budget: Flotte's monthly budget in EUR; None is its default.
        options: Further options of Flotte's entry.
        zone: Home Assistant's time zone.
        recorder: Whether Home Assistant's recorder runs.
    """

    def __init__(
        self,
        name: str,
        simulator: Simulator,
        folder: Path,
        *,
        budget: float | None = None,
        options: Mapping[str, Any] = MappingProxyType({}),
        zone: str = "UTC",
        recorder: bool = False,
    ) -> None:
        self._name = name
        self._simulator = simulator
        self._folder = folder
        self._budget = budget
        self._options = options
        self._zone = zone
        self._recorder = recorder
        self._stream_port, self._http_port = free_port(), free_port()

    @asynccontextmanager
    async def home(self) -> AsyncIterator[Home]:
        """Start Home Assistant, for the first time or again; it is stopped at the end.

        Raises:
            NotSetUp: it did not start.
        """
        hass = await bare(self._folder, zone=self._zone)
        try:
            if self._recorder:
                await record(hass)
            # After a restart, Home Assistant listens on the port of its first start.
            http = {"server_host": "127.0.0.1", "server_port": self._http_port}
            await set_up(hass, "http", http)
            await set_up(hass, "application_credentials", {})
            kind = CoreHome if self._name == CORE else FlotteHome
            await async_import_client_credential(
                hass, kind.domain, ClientCredential(CLIENT_ID, CLIENT_SECRET, "Simulator")
            )
            if kind is CoreHome:
                await self._prepare_core(hass)
            else:
                await self._prepare_flotte(hass)
            known = hass.config_entries.async_entries(kind.domain)
            entry = known[0] if known else self._entry(kind)
            if not known:
                await hass.config_entries.async_add(entry)
            await hass.async_start()
            await hass.async_block_till_done(wait_background_tasks=True)
            if entry.state is not ConfigEntryState.LOADED:
                raise NotSetUp(f"{kind.domain} is {entry.state}: {entry.reason}")
            yield kind(hass, entry, await _person(hass))
        finally:
            await hass.async_stop(force=True)

    async def _prepare_core(self, hass: HomeAssistant) -> None:
        """Point core's integration at the simulator, and put its key on the cars."""
        simulator = self._simulator
        point_core_at(auth=simulator.auth_url, eu=simulator.eu_url, na=simulator.na_url)
        self._pair(core_key(self._folder))
        await set_up(hass, CORE, {})

    async def _prepare_flotte(self, hass: HomeAssistant) -> None:
        """Configure the simulator's addresses, and put Flotte's key on the cars."""
        simulator = self._simulator
        urls = {"auth": simulator.auth_url, "eu": simulator.eu_url, "na": simulator.na_url}
        self._pair((await async_get_key(hass)).public_bytes)
        await set_up(hass, DOMAIN, {"simulator": urls})

    def _pair(self, public_key: bytes) -> None:
        now = self._simulator.clock.now()
        self._simulator.accounts.registrations[CLIENT_ID, REGION] = Registration(
            CLIENT_ID, REGION, PUBLIC_DOMAIN, public_key, now, now
        )
        for car in self._simulator.world.cars.values():
            car.pair(public_key)

    def _entry(self, kind: type[Home]) -> ConfigEntry:
        """The config entry of an account that has just logged in."""
        simulator = self._simulator
        data: dict[str, Any] = {}
        options: dict[str, Any] = {}
        if kind is FlotteHome:
            data |= {CONF_BASE_URL: simulator.eu_url, CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN}
            options |= self._options
            if self._budget is not None:
                options[CONF_MONTHLY_LIMIT] = self._budget
            if self._name == STREAMING:
                options |= {
                    CONF_STREAM: STREAM_DIRECT,
                    CONF_HOSTNAME: STREAM_HOST,
                    CONF_PORT: self._stream_port,
                }
        return login_entry(
            kind.domain,
            version=kind.version(),
            subject=simulator.accounts.users[USER].subject,
            token=simulator.login(USER, CLIENT_ID, SCOPES),
            now=simulator.clock.now(),
            data=data,
            options=options,
        )


async def _person(hass: HomeAssistant) -> str:
    """The id of a user, so that calls count as a person's."""
    for user in await hass.auth.async_get_users():
        if user.name == "Robin":
            return user.id
    return (await hass.auth.async_create_user("Robin", group_ids=[GROUP_ID_ADMIN])).id

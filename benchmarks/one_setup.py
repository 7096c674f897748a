"""One Home Assistant that sets one account up, in a process of its own.

    python -m benchmarks.one_setup

reads orders (JSON, a line each: the order's name and its arguments) from its standard input,
answers each with one line of JSON, and stops Home Assistant when its input is closed.
"""

import asyncio
import gc
import importlib
import importlib.util
import json
import logging
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from homeassistant import loader
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms

from benchmarks.bare_home_assistant import NotSetUp, bare, login_entry, set_up
from benchmarks.logged_in import CLIENT_ID, CLIENT_SECRET, PUBLIC_DOMAIN, Account
from simulator.ports import free_port

FLOTTE: Final = "flotte"
CORE: Final = "tesla_fleet"
BARE: Final = "bare"
"""Sensors that only show a number, for an account without cars."""
CLIENTS: Final = {FLOTTE: "custom_components.flotte", CORE: "tesla_fleet_api"}
"""The modules that a client of Tesla needs, by contestant."""
PACKAGES: Final = {FLOTTE: "custom_components.flotte", CORE: "homeassistant.components.tesla_fleet"}
PLATFORMS: Final = tuple(
    Platform(name)
    for name in (
        "binary_sensor",
        "button",
        "climate",
        "cover",
        "device_tracker",
        "event",
        "lock",
        "media_player",
        "number",
        "select",
        "sensor",
        "switch",
        "update",
    )
)
"""Platforms that already run in any Home Assistant when an account is set up."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """The cost of a setup."""

    wall: float
    """Seconds until Home Assistant had nothing left to do."""
    cpu: float
    """Seconds of processor time of this process."""
    memory: float
    """Growth of the resident set, in MB (millions of bytes)."""
    entities: int
    """The number of enabled entities."""
    registered: int
    """The number of all entities."""


@dataclass(frozen=True, slots=True)
class Displayed:
    """The displayed state of an entity of a car."""

    state: str
    attributes: dict[str, Any]
    reported_at: dict[str, float] = field(default_factory=dict)
    """The times of its signals, in Unix seconds, by signal; empty if the entity keeps no times."""

    @property
    def is_known(self) -> bool:
        """Whether the state is a value at all."""
        return self.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)


class Home:
    """Home Assistant with one contestant in it; its methods are the orders.

    Args:
        contestant: `FLOTTE`, `CORE` or `BARE`.
        folder: Home Assistant's own folder; its files survive a restart.
        account: The owner of the cars.
        everything: Whether every entity is enabled, and not only those enabled by default.
    """

    def __init__(self, contestant: str, folder: str, account: Account, *, everything: bool) -> None:
        self._contestant = contestant
        self._domain = CORE if contestant == CORE else FLOTTE
        self._folder = Path(folder)
        self._account = account
        self._everything = everything
        self._hass: HomeAssistant | None = None

    @property
    def hass(self) -> HomeAssistant:
        """Home Assistant. Raises NotSetUp before it was started."""
        if self._hass is None:
            raise NotSetUp("Home Assistant was not started")
        return self._hass

    async def start(self) -> dict[str, Any]:
        """Start Home Assistant, with everything imported but without the account."""
        for name in ("homeassistant", "aiohttp_fast_zlib"):
            # Warnings about slow setup and custom integrations would only distract here.
            logging.getLogger(name).setLevel(logging.ERROR)
        hass = self._hass = await bare(self._folder, zone="Europe/Amsterdam")
        await set_up(hass, "http", {"server_host": "127.0.0.1", "server_port": free_port()})
        await set_up(hass, "application_credentials", {})
        for platform in PLATFORMS:
            await set_up(hass, platform, {})
        await async_import_client_credential(
            hass, self._domain, ClientCredential(CLIENT_ID, CLIENT_SECRET, "Simulator")
        )
        integration = await loader.async_get_integration(hass, self._domain)
        await integration.async_get_component()
        await integration.async_get_platforms(
            [each for each in PLATFORMS if integration.platforms_exists([each])]
        )
        return {"key": (await self._key()).hex()}

    async def _key(self) -> bytes:
        """The public key (65 bytes) that has to be on the cars."""
        if self._contestant == CORE:
            from benchmarks.core_integration import core_key, point_core_at  # noqa: PLC0415  # heavy

            account = self._account
            point_core_at(auth=account.auth, eu=account.eu, na=account.na)
            return core_key(self._folder)
        from custom_components.flotte.account.key import async_get_key  # noqa: PLC0415  # measured elsewhere

        return (await async_get_key(self.hass)).public_bytes

    def _config(self) -> dict[str, Any]:
        """The configuration of the integration."""
        if self._domain == CORE:
            return {}
        account = self._account
        return {"simulator": {"auth": account.auth, "eu": account.eu, "na": account.na}}

    def _entry(self) -> ConfigEntry:
        """The config entry of an account that has just logged in, with default options."""
        (login,) = self._account.logins
        data: dict[str, Any] = {}
        if self._domain == FLOTTE:
            data = {"base_url": self._account.eu, "public_domain": PUBLIC_DOMAIN}
        return login_entry(
            self._domain,
            version=(1, 2) if self._domain == CORE else (1, 1),
            subject=login.subject,
            token=login.token,
            now=time.time(),
            data=data,
            options={},
        )

    async def set_up(self) -> dict[str, Any]:
        """Set the account up, the stored one after a restart; returns `SetUp`."""
        hass = self.hass
        is_known = bool(hass.config_entries.async_entries(self._domain))
        if not is_known:
            await set_up(hass, self._domain, self._config())
        if self._everything:
            # Until this process ends: a poll adds further entities.
            patch.object(Entity, "entity_registry_enabled_default", new=True).start()
        memory, cpu, wall = resident(), time.process_time(), time.perf_counter()
        if is_known:
            await set_up(hass, self._domain, self._config())
        else:
            await hass.config_entries.async_add(self._entry())
        await hass.async_block_till_done()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resident() - memory
        (entry,) = hass.config_entries.async_entries(self._domain)
        if entry.state is not ConfigEntryState.LOADED:
            raise NotSetUp(f"{self._domain} is {entry.state}: {entry.reason}")
        # Includes background requests, and those that follow Home Assistant's start.
        await hass.async_start()
        await hass.async_block_till_done(wait_background_tasks=True)
        return asdict(SetUp(wall, cpu, memory, *self._entities(entry)))

    def _entities(self, entry: ConfigEntry) -> tuple[int, int]:
        """The number of entities: enabled, and all."""
        registered = er.async_entries_for_config_entry(er.async_get(self.hass), entry.entry_id)
        return sum(each.disabled_by is None for each in registered), len(registered)

    async def add_sensors(self, number: int, cars: int, disabled: int = 0) -> dict[str, Any]:
        """Add enabled and disabled bare sensors on so many devices; returns `SetUp`."""
        from benchmarks.bare_sensors import BareSensor, add_sensors  # noqa: PLC0415  # imports Flotte
        from custom_components.flotte.sensor.vehicle import VEHICLE_SENSORS  # noqa: PLC0415  # as above

        rows = [
            row
            for row in VEHICLE_SENSORS
            if row.device_class is not None and row.signal.unit is not None
        ]
        hass = self.hass
        (entry,) = hass.config_entries.async_entries(self._domain)
        memory, cpu, wall = resident(), time.process_time(), time.perf_counter()
        sensors = []
        for index in range(number + disabled):
            turn, place = divmod(index, cars)
            again, number_of_row = divmod(turn, len(rows))
            row = rows[number_of_row]
            if again:
                row = replace(row, key=f"{row.key}_{again}")
            sensor = BareSensor(row, str(place))
            sensor._attr_native_value = turn + place / 8  # noqa: SLF001  # how its base class expects it
            sensor._attr_entity_registry_enabled_default = index < number  # noqa: SLF001  # as above
            sensors.append(sensor)
        await add_sensors(hass, entry, sensors)
        await hass.async_block_till_done()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return asdict(SetUp(wall, cpu, resident() - memory, number, number + disabled))

    async def poll(self) -> dict[str, Any]:
        """Let Flotte poll all cars, as it does a minute later; core has already done so."""
        (entry,) = self.hass.config_entries.async_entries(self._domain)
        if self._domain == FLOTTE:
            for coordinator in entry.runtime_data.vehicles:
                await coordinator.async_refresh()
        await self.hass.async_block_till_done()
        return {}

    async def displayed(self) -> dict[str, Any]:
        """The displayed states of all entities of cars, by platform and unique id: `Displayed`."""
        found: dict[str, Any] = {}
        for platform in async_get_platforms(self.hass, self._domain):
            for entity in platform.entities.values():
                state = self.hass.states.get(entity.entity_id)
                vin = (entity.unique_id or "").partition("-")[0]
                if state is None or vin not in self._account.vins:
                    continue
                found[f"{platform.domain} {entity.unique_id}"] = asdict(
                    Displayed(state.state, dict(state.attributes), _reported_at(entity))
                )
        return found

    async def stop(self) -> None:
        """Stop Home Assistant as its owner does."""
        if self._hass is not None:
            await self._hass.async_stop(force=True)


def _reported_at(entity: Entity) -> dict[str, float]:
    """The times of the signals behind one of Flotte's entities."""
    signals = getattr(entity, "coordinator_context", None)
    if not isinstance(signals, set | frozenset):
        return {}
    state = getattr(entity, "coordinator").state  # noqa: B009  # only Flotte's entities have one
    readings = ((each.name, state.reported(each)) for each in signals)
    return {
        name: reading.time.timestamp() for name, reading in sorted(readings) if reading is not None
    }


def resident() -> float:
    """The resident set after a garbage collection, in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


# --- Imports -------------------------------------------------------------------------------------


def load(modules: Iterable[str]) -> dict[str, float]:
    """Import modules; returns the cost in milliseconds of the processor and in MB."""
    memory, begin = resident(), time.process_time()
    for module in modules:
        importlib.import_module(module)
    milliseconds = (time.process_time() - begin) * 1e3
    return {"ms": milliseconds, "mb": resident() - memory}


async def imports(contestant: str) -> dict[str, Any]:
    """Import the client, then the rest of the integration with all its platforms."""
    for platform in PLATFORMS:
        importlib.import_module(f"homeassistant.components.{platform}")
    client = load([CLIENTS[contestant]])
    package = PACKAGES[contestant]
    names = [package, *(f"{package}.{platform}" for platform in PLATFORMS)]
    # Not every integration has every platform.
    rest = load([name for name in names if importlib.util.find_spec(name) is not None])
    return {"client": client, "rest": rest}


# --- Orders --------------------------------------------------------------------------------------


async def _serve() -> None:
    """Process orders until standard input ends."""
    home: Home | None = None
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            name, arguments = json.loads(line)
            if name == "imports":
                answer = await imports(**arguments)
            elif name == "home":
                account = Account.from_json(json.dumps(arguments.pop("account")))
                home = Home(account=account, **arguments)
                answer = await home.start()
            else:
                answer = await getattr(home, name)(**arguments)
            sys.stdout.write(json.dumps(answer, default=str) + "\n")
            sys.stdout.flush()
    finally:
        if home is not None:
            await home.stop()


if __name__ == "__main__":
    asyncio.run(_serve())

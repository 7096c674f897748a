"""A real Home Assistant in this process, with Flotte and a fleet of cars in it."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util

from benchmarks.bare_home_assistant import NotSetUp, bare, login_entry, set_up
from benchmarks.bare_sensors import add_sensors
from benchmarks.logged_in import CLIENT_ID, CLIENT_SECRET, PUBLIC_DOMAIN, Account, Login
from benchmarks.streaming_cars import StreamingCars
from custom_components.flotte.account.data import FlotteConfigEntry
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import (
    CONF_BASE_URL,
    CONF_HOSTNAME,
    CONF_PORT,
    CONF_PUBLIC_DOMAIN,
    CONF_STREAM,
    DOMAIN,
    STREAM_DIRECT,
)
from custom_components.flotte.coordinator import VehicleCoordinator
from custom_components.flotte.streaming.receiver import Receiver, async_get_receiver
from custom_components.flotte.tesla.state import Signal
from simulator.ports import free_port

STREAM_HOST: Final = "home.flotte.example"
"""The name for which cars verify the server's certificate."""


class Enabled:
    """Selection of each car's enabled entities: one for each of some signals, then any others.

    Flotte has some 250 entities for a car, a fifth of which is enabled by default.

    Args:
        only: Signals that only one entity shall show, with its key.
        numbers: The number of entities of each car, by VIN.
    """

    def __init__(self, only: Mapping[Signal[Any], str], numbers: Mapping[str, int]) -> None:
        self._only = only
        self._room = {vin: number - len(only) for vin, number in numbers.items()}

    def includes(self, entity: Entity) -> bool:
        """Whether an entity that is being added for the first time is enabled."""
        vin, _, key = (entity.unique_id or "").partition("-")
        if vin not in self._room:
            return True
        signals = getattr(entity, "coordinator_context", None) or frozenset()
        if enabled := self._only.keys() & signals:
            return {self._only[each] for each in enabled} == {key}
        self._room[vin] -= 1
        return self._room[vin] >= 0


class Fleet:
    """The cars that are set up, with their coordinators and their receiver."""

    def __init__(
        self, hass: HomeAssistant, entries: Sequence[FlotteConfigEntry], receiver: Receiver
    ) -> None:
        self.hass = hass
        self.receiver = receiver
        self._entries = entries

    def coordinator(self, vin: str) -> VehicleCoordinator:
        """The coordinator of a car."""
        return next(
            each
            for entry in self._entries
            for each in entry.runtime_data.vehicles
            if each.vehicle.vin == vin
        )

    @property
    def port(self) -> int:
        """The port that the cars connect to."""
        return self.receiver.server.port

    @property
    def ca(self) -> str:
        """The certificate that the cars have to trust, in PEM. Raises NotSetUp."""
        if self.receiver.certificate is None:
            raise NotSetUp("the receiver has no certificate")
        return self.receiver.certificate.ca

    def entity_id(self, vin: str, key: str) -> str:
        """The id of a car's sensor for a row of the table. Raises NotSetUp."""
        registry = er.async_get(self.hass)
        found = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, f"{vin}-{key}")
        if found is None:
            raise NotSetUp(f"no sensor {key}")
        return found

    def entities(self, vin: str) -> int:
        """The number of enabled entities of a car."""
        registry = er.async_get(self.hass)
        return sum(
            each.unique_id.startswith(vin) and self.hass.states.get(each.entity_id) is not None
            for entry in self._entries
            for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        )

    async def add_sensors(self, sensors: Sequence[SensorEntity]) -> None:
        """Add sensors that are not Flotte's, with their devices."""
        await add_sensors(self.hass, self._entries[0], sensors)


@asynccontextmanager
async def home_assistant(cars: StreamingCars, enabled: Enabled) -> AsyncIterator[Fleet]:
    """Run a Home Assistant with the account's cars set up, ready for them to connect.

    Raises:
        NotSetUp: it did not start.
    """
    account = cars.account
    with TemporaryDirectory(prefix="flotte-benchmark-") as folder:
        # Warnings about slow setup and custom integrations would only distract here.
        for name in ("homeassistant", "aiohttp_fast_zlib"):
            logging.getLogger(name).setLevel(logging.ERROR)
        hass = await bare(Path(folder), zone="Europe/Amsterdam")
        try:
            await set_up(hass, "http", {"server_host": "127.0.0.1", "server_port": free_port()})
            await set_up(hass, "application_credentials", {})
            urls = {"auth": account.auth, "eu": account.eu, "na": account.na}
            await set_up(hass, DOMAIN, {"simulator": urls})
            await async_import_client_credential(
                hass, DOMAIN, ClientCredential(CLIENT_ID, CLIENT_SECRET, "Simulator")
            )
            await cars.pair((await async_get_key(hass)).public_bytes)
            port = free_port()
            entries = [_entry(account, login, port) for login in account.logins]
            with patch.object(
                Entity, "entity_registry_enabled_default", property(enabled.includes)
            ):
                for entry in entries:
                    await hass.config_entries.async_add(entry)
                    if entry.state is not ConfigEntryState.LOADED:
                        raise NotSetUp(f"Flotte is {entry.state}: {entry.reason}")
                await hass.async_block_till_done(wait_background_tasks=True)
            hass.set_state(CoreState.running)
            receiver = await async_get_receiver(hass, port)
            if not receiver.is_running:
                raise NotSetUp("the receiver does not run")
            yield Fleet(hass, entries, receiver)
        finally:
            await hass.async_stop(force=True)


def _entry(account: Account, login: Login, port: int) -> ConfigEntry:
    return login_entry(
        DOMAIN,
        version=(1, 1),
        subject=login.subject,
        token=login.token,
        now=dt_util.utcnow().timestamp(),
        data={CONF_BASE_URL: account.eu, CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN},
        options={CONF_STREAM: STREAM_DIRECT, CONF_HOSTNAME: STREAM_HOST, CONF_PORT: port},
    )

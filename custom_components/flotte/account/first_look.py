"""The first look at the vehicles of a new account, and the issue about those never read."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..coordinator import VehicleCoordinator
from ..tesla.errors import TeslaError
from ..tesla.spending.caller import Caller, CallerKind
from ..tesla.spending.tariff import DATA, WAKE, Charge, Tariff
from ..tesla.state import Signal
from ..tesla.vehicle.vehicle import Vehicle
from ..texts import with_decimal_mark
from .data import FlotteConfigEntry
from .issues import async_clear_issues, async_raise_issue, issue_subject

_ISSUE: Final = "never_read"
_OWNER: Final = Caller(CallerKind.PERSON)
_CHOSEN: Final[HassKey[dict[str, Mapping[str, bool]]]] = HassKey(f"{DOMAIN}_first_look")
"""Vehicles to read, by account, each with whether it may be woken for that."""


def price_of_look(hass: HomeAssistant, tariff: Tariff, *, is_awake: bool) -> str:
    """The price of reading a vehicle, and of waking it first, in the language of the texts."""
    charges: tuple[Charge, ...] = (DATA,) if is_awake else (WAKE, DATA)
    price = with_decimal_mark(hass, f"{tariff.total(charges).normalize():f}")
    return f"{price} {tariff.currency}"


@callback
def async_note_first_look(hass: HomeAssistant, account: str, chosen: Mapping[str, bool]) -> None:
    """Note for the next setup of an account which vehicles to read, and whether to wake each.

    The price of one that was awake named no wake, so it is not woken if it sleeps by then.
    """
    hass.data.setdefault(_CHOSEN, {})[account] = chosen


@callback
def async_look_first(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Read the vehicles that the owner chose; an issue names those that stay unread."""
    vehicles = entry.runtime_data.vehicles
    for each in vehicles:
        _async_clear_once_read(hass, entry, each.vehicle)
    chosen = hass.data.get(_CHOSEN, {}).pop(str(entry.unique_id), None)
    if chosen is None:
        return

    async def look() -> None:
        await asyncio.gather(
            *(
                _async_look(each, may_wake=chosen[each.vehicle.vin])
                for each in vehicles
                if each.vehicle.vin in chosen
            )
        )
        for each in vehicles:
            if _is_unread(each.vehicle):
                _async_report(hass, entry, each)

    entry.async_create_background_task(hass, look(), "flotte looks at the vehicles")


async def _async_look(coordinator: VehicleCoordinator, *, may_wake: bool) -> None:
    """Read a vehicle as in the background; only waking it is the owner's own request."""
    vehicle = coordinator.vehicle
    if may_wake and not vehicle.is_online:
        try:
            await vehicle.wake(_OWNER)
        except TeslaError as error:
            LOGGER.warning("Could not wake %s to read it: %s", coordinator.device_name, error)
            return
    await coordinator.async_refresh()


def _is_unread(vehicle: Vehicle) -> bool:
    return vehicle.poller.data_received_at is None and not vehicle.is_streaming


@callback
def _async_report(
    hass: HomeAssistant, entry: FlotteConfigEntry, coordinator: VehicleCoordinator
) -> None:
    vin = coordinator.vehicle.vin
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, vin), entry.entry_id)
    placeholders = {
        "name": coordinator.device_name,
        "url": f"/config/devices/device/{device.id}" if device else "/config/devices",
        "price": price_of_look(hass, entry.runtime_data.ledger.meter.tariff, is_awake=False),
    }
    subject = issue_subject(vin, entry.entry_id)
    async_raise_issue(hass, _ISSUE, subject, placeholders, is_persistent=True)


@callback
def _async_clear_once_read(hass: HomeAssistant, entry: FlotteConfigEntry, vehicle: Vehicle) -> None:
    """Clear the issue, also that of an earlier run, when the vehicle is read for the first time."""

    @callback
    def clear(_changed: frozenset[Signal[Any]] = frozenset()) -> None:
        if not _is_unread(vehicle):
            async_clear_issues(hass, issue_subject(vehicle.vin, entry.entry_id), _ISSUE)
            # Nothing changes after that, and a stream brings thousands of changes a day.
            unsubscribe()

    unsubscribe = vehicle.subscribe(clear)
    entry.async_on_unload(unsubscribe)
    clear()

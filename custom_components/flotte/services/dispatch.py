"""Handles the actions of vehicles: checks rights, resolves vehicles, and collects outcomes."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from homeassistant.const import ATTR_ID, ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import Context, HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..account.rights import async_require_admin, async_require_control
from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..errors import as_home_assistant
from ..schedule_ids import async_new_schedule_id
from ..tesla import signals
from ..tesla.commands import Command
from ..tesla.errors import InvalidCommand, OutcomeUnknown
from ..tesla.nearby import ChargingSite, destination_chargers, superchargers
from .devices import async_get_vehicle, async_targeted_vehicles
from .schedules import describe_schedules
from .vehicle import ServiceInput, VehicleAction

type _Vehicles = Mapping[str, VehicleCoordinator]
"""Vehicles of a call by their device."""


async def async_handle(
    hass: HomeAssistant, row: VehicleAction, call: ServiceCall
) -> ServiceResponse:
    """Run an action on every vehicle of a call at once.

    Nothing is sent unless each vehicle has a valid command.

    Raises:
        Unauthorized: the user may not do this; nothing was sent.
        ServiceValidationError: the user made a mistake; nothing was sent.
        HomeAssistantError: a vehicle refused, or the outcome is unknown; the text says which.
    """
    if row.for_admins:
        await async_require_admin(hass, call.context)
    # Even for an action that only reads, because that costs money and may wake the vehicle.
    devices = async_targeted_vehicles(hass, call)
    await async_require_control(hass, call.context, devices)
    vehicles = {each: async_get_vehicle(hass, each) for each in devices}
    if row.command is None:
        read = _READS[row.name]
        answers = await _async_gather(
            vehicles, {each: read(vehicles[each], call.context) for each in vehicles}
        )
        return None if row.answer is None else {row.answer: answers}
    now = dt_util.utcnow()
    fields = dict(call.data)
    if row.keeps_schedule and ATTR_ID not in fields:
        fields[ATTR_ID] = async_new_schedule_id(hass, now)
    try:
        requested = {
            each: row.command(
                ServiceInput(fields=fields, state=vehicle.state, now=now, config=hass.config)
            )
            for each, vehicle in vehicles.items()
        }
    except InvalidCommand as error:
        raise as_home_assistant(error) from error
    schedule_id = fields[ATTR_ID] if row.keeps_schedule else None
    answers = await _async_gather(
        vehicles,
        {
            each: _async_send(vehicles[each], command, schedule_id, call)
            for each, command in requested.items()
        },
    )
    return {"schedules": answers} if row.keeps_schedule else None


async def _async_gather(
    vehicles: _Vehicles, work: Mapping[str, Coroutine[Any, Any, JsonObjectType]]
) -> JsonObjectType:
    """Return each vehicle's answer by device, after all have answered or failed.

    Raises:
        HomeAssistantError: that of the only vehicle, or one that lists which succeeded and failed.
    """
    outcomes = await asyncio.gather(*work.values(), return_exceptions=True)
    answers: JsonObjectType = {}
    failures: dict[str, HomeAssistantError] = {}
    for device_id, outcome in zip(work, outcomes, strict=True):
        if isinstance(outcome, HomeAssistantError):
            failures[device_id] = outcome
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            answers[device_id] = outcome
    if not failures:
        return answers
    if len(vehicles) == 1:
        raise next(iter(failures.values()))
    raise HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="some_cars_failed",
        translation_placeholders={
            "done": ", ".join(vehicles[each].device_name for each in answers) or "-",
            "failed": " ".join(
                f"{vehicles[each].device_name}: {error}" for each, error in failures.items()
            ),
        },
    )


async def _async_send(
    vehicle: VehicleCoordinator, command: Command, schedule_id: int | None, call: ServiceCall
) -> JsonObjectType:
    """Send a command; return the id of the schedule that it saves, if it saves one."""
    try:
        await vehicle.async_send(command, call.context)
    except HomeAssistantError as error:
        if schedule_id is None or not isinstance(error.__cause__, OutcomeUnknown):
            raise
        # Without the id, a caller who tries again could end up with two schedules.
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="schedule_outcome_unknown",
            translation_placeholders={ATTR_ID: str(schedule_id)},
        ) from error
    return {} if schedule_id is None else {ATTR_ID: schedule_id}


async def _async_list_schedules(vehicle: VehicleCoordinator, context: Context) -> JsonObjectType:
    answer = await vehicle.async_ask(vehicle.vehicle.schedules, context)
    return {"name": vehicle.device_name, **describe_schedules(answer)}


async def _async_refresh(vehicle: VehicleCoordinator, context: Context) -> JsonObjectType:
    await vehicle.async_ask(vehicle.vehicle.look, context)
    return {}


async def _async_list_sites(vehicle: VehicleCoordinator, context: Context) -> JsonObjectType:
    answer = await vehicle.async_ask(vehicle.vehicle.charging_sites, context)
    return {
        "name": vehicle.device_name,
        "superchargers": [_describe_site(each) for each in superchargers(answer)],
        "destination_chargers": [_describe_site(each) for each in destination_chargers(answer)],
    }


async def _async_read_solar(vehicle: VehicleCoordinator, context: Context) -> JsonObjectType:
    settings = await vehicle.async_ask(vehicle.vehicle.charge_on_solar.read, context)
    return {
        "name": vehicle.device_name,
        "enabled": settings[signals.CHARGE_ON_SOLAR],
        "lower_limit": settings[signals.CHARGE_ON_SOLAR_LOWER],
        "upper_limit": settings[signals.CHARGE_ON_SOLAR_UPPER],
    }


def _describe_site(site: ChargingSite) -> JsonObjectType:
    described: JsonObjectType = {
        "name": site.name,
        "distance": site.distance,
        "free_stalls": site.free_stalls,
        "stalls": site.stalls,
        "closed": site.is_closed,
    }
    if site.position is not None:
        described[ATTR_LATITUDE], described[ATTR_LONGITUDE] = site.position
    return described


_READS: Final[
    Mapping[str, Callable[[VehicleCoordinator, Context], Coroutine[Any, Any, JsonObjectType]]]
] = {
    "list_schedules": _async_list_schedules,
    "nearby_charging_sites": _async_list_sites,
    "read_charge_on_solar": _async_read_solar,
    "refresh": _async_refresh,
}
"""The requests of the actions that only read."""

"""Tools for language models: state and charging of a car, the bill, and the price of an action.

They answer from what is known already: none sends a request, wakes a car or costs anything. Each
value has its age, and a value that is not known is called unknown. No answer contains a VIN, a
position or the id of anything.

A car takes part if at least one of its entities is exposed to the assistant. Whether it is locked
or open, and where it is, also need the exposure of its lock and of its location.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast, override

import voluptuous as vol
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.components.zone import async_active_zone
from homeassistant.const import Platform, UnitOfLength, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType

from .account.charging import is_at_home
from .account.data import AccountData, FlotteConfigEntry
from .charging.sentences import async_sentence
from .const import DOMAIN
from .coordinator import VehicleCoordinator
from .spending.callers import caller_of
from .spending.prices import PRICED, async_price, time_text
from .spending.report import async_account_report
from .tesla import signals
from .tesla.charging.session import ChargingSession
from .tesla.spending.ledger import Month
from .tesla.state import Key, inputs_of
from .tesla.units import Unit
from .texts import async_load_texts

_UNKNOWN: Final = "unknown"
_EXPOSE_LOCATION: Final = (
    "Expose the location of the car in Home Assistant: Settings, Voice assistants, Expose."
)
_VEHICLE: Final = "car"
_ACTION: Final = "action"


class _Shared(StrEnum):
    """Entity that must be exposed beside the car, by its key."""

    ANYTHING = ""
    LOCK = "doors"
    LOCATION = "location"


_PLATFORMS: Final = {_Shared.LOCK: Platform.LOCK, _Shared.LOCATION: Platform.DEVICE_TRACKER}

_STATE: Final[Mapping[str, tuple[Key[Any], _Shared]]] = {
    "battery_level": (signals.BATTERY_LEVEL, _Shared.ANYTHING),
    "range": (signals.RATED_RANGE, _Shared.ANYTHING),
    "plugged_in": (signals.PLUGGED_IN, _Shared.ANYTHING),
    "charging_state": (signals.CHARGING_STATE, _Shared.ANYTHING),
    "climate_on": (signals.CLIMATE_ON, _Shared.ANYTHING),
    "wanted_temperature": (signals.DRIVER_TEMPERATURE, _Shared.ANYTHING),
    "inside_temperature": (signals.INSIDE_TEMPERATURE, _Shared.ANYTHING),
    "outside_temperature": (signals.OUTSIDE_TEMPERATURE, _Shared.ANYTHING),
    "odometer": (signals.ODOMETER, _Shared.ANYTHING),
    "software": (signals.SOFTWARE_VERSION, _Shared.ANYTHING),
    "locked": (signals.LOCKED, _Shared.LOCK),
    "sentry_mode": (signals.SENTRY_MODE, _Shared.LOCK),
    "any_door_open": (signals.DOORS_OPEN, _Shared.LOCK),
    "any_window_open": (signals.WINDOWS_OPEN, _Shared.LOCK),
    "trunk_open": (signals.TRUNK, _Shared.LOCK),
    "front_trunk_open": (signals.FRUNK, _Shared.LOCK),
}
_CHARGING: Final[Mapping[str, Key[Any]]] = {
    "plugged_in": signals.PLUGGED_IN,
    "charging_state": signals.CHARGING_STATE,
    "power": signals.CHARGER_POWER,
    "battery_level": signals.BATTERY_LEVEL,
    "charge_limit": signals.CHARGE_LIMIT,
    "wanted_current": signals.CHARGE_CURRENT_REQUEST,
    "energy_added": signals.CHARGE_ENERGY_ADDED,
    "done_at": signals.CHARGE_END,
    "scheduled_start": signals.CHARGING_STARTS,
}


@dataclass(frozen=True, slots=True)
class _SharedVehicle:
    """A car that takes part, by the name that it has in Home Assistant."""

    coordinator: VehicleCoordinator
    data: AccountData
    shared: frozenset[_Shared]


@callback
def _shared_vehicles(hass: HomeAssistant, assistant: str) -> dict[str, _SharedVehicle]:
    """The cars that take part, by their names."""
    registry, found = er.async_get(hass), dict[str, _SharedVehicle]()
    entries: list[FlotteConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        entities = [
            each
            for each in er.async_entries_for_config_entry(registry, entry.entry_id)
            if each.disabled_by is None and each.hidden_by is None
        ]
        for coordinator in entry.runtime_data.vehicles:
            prefix = coordinator.unique_id_of("")
            if not any(
                each.unique_id.startswith(prefix)
                and async_should_expose(hass, assistant, each.entity_id)
                for each in entities
            ):
                continue
            shared = {_Shared.ANYTHING}
            for needed, platform in _PLATFORMS.items():
                entity_id = registry.async_get_entity_id(
                    platform, DOMAIN, coordinator.unique_id_of(needed)
                )
                if entity_id is not None and async_should_expose(hass, assistant, entity_id):
                    shared.add(needed)
            found[coordinator.device_name] = _SharedVehicle(
                coordinator, entry.runtime_data, frozenset(shared)
            )
    return found


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """The tools of Assist, if a car takes part."""
    if api_id != LLM_API_ASSIST:
        return None
    names = list(_shared_vehicles(hass, llm_context.assistant))
    if not names:
        return None
    return LLMTools([tool(names) for tool in _TOOLS], _PROMPT)


_PROMPT: Final = (
    "Questions about Tesla cars: use the tools that begin with flotte__. They never wake a car and "
    "cost nothing. Say how old a value is if it is older than a few minutes, and that a value is "
    "not known if it is unknown. Waking or commanding a car costs money: ask "
    "flotte__price first if the user wants to know the price."
)


# --- Values ---------------------------------------------------------------------------------------


def _fact(coordinator: VehicleCoordinator, key: Key[Any]) -> JsonObjectType:
    """A value with its unit and age."""
    reading = coordinator.state.reading(key)
    if reading is None:
        return {"value": _UNKNOWN}
    value, unit = _in_units(coordinator.hass, reading.value, key.unit)
    fact: JsonObjectType = {"value": value}
    if unit is not None and value != _UNKNOWN:
        fact["unit"] = unit
    knowledge = coordinator.vehicle.knowledge
    is_current = coordinator.vehicle.is_streaming and all(
        map(knowledge.was_streamed, inputs_of(key))
    )
    now = dt_util.utcnow()
    # A stream reports only changes, so its last value holds until now.
    return {**fact, **_age(now if is_current else reading.time, now)}


def _age(moment: datetime | None, now: datetime) -> JsonObjectType:
    if moment is None:
        return {}
    minutes = max(0, int((now - moment).total_seconds() // 60))
    return {"as_of": time_text(moment), "age_in_minutes": minutes}


def _in_units(
    hass: HomeAssistant, value: object, unit: Unit | None
) -> tuple[JsonValueType, str | None]:
    """A value and its unit as the user has chosen them."""
    units, symbol = hass.config.units, None if unit is None else str(unit)
    if isinstance(value, datetime):
        return time_text(value), None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _UNKNOWN if value is None else cast("JsonValueType", value), symbol
    if unit is Unit.KILOMETRE:
        length = units.length(value, UnitOfLength.KILOMETERS)
        return round(length), units.length_unit
    if unit is Unit.CELSIUS:
        degrees = units.temperature(value, UnitOfTemperature.CELSIUS)
        return round(degrees, 1), units.temperature_unit
    return round(value, 1), symbol


def _presence(coordinator: VehicleCoordinator) -> JsonObjectType:
    """Whether the car is awake, and when it was last seen."""
    vehicle = coordinator.vehicle
    is_known = coordinator.state.reading(signals.ONLINE) is not None
    word = "asleep" if vehicle.presence.is_asleep else "offline"
    return {
        "connection": ("online" if vehicle.is_online else word) if is_known else _UNKNOWN,
        "last_seen": time_text(coordinator.state[signals.LAST_SEEN]) or _UNKNOWN,
    }


def _place(each: _SharedVehicle) -> JsonObjectType:
    """The zone that a car is in, never its position."""
    hass, state = each.coordinator.hass, each.coordinator.state
    position, now = state.reading(signals.LOCATION), dt_util.utcnow()
    if position is not None and position.value is not None:
        zone = async_active_zone(hass, *position.value)
        place = "in no zone of Home Assistant" if zone is None else zone.name
        return {"value": place, **_age(position.time, now)}
    # Without the permission for the position, cars report only whether they are at home.
    reading = state.reading(signals.AT_HOME)
    place = {True: "home", False: "not home", None: _UNKNOWN}[is_at_home(hass, state)]
    return {"value": place, **_age(reading and reading.time, now)}


def _money(amount: float | None, currency: str) -> JsonObjectType:
    return {"value": _UNKNOWN if amount is None else round(amount, 3), "unit": currency}


# --- Tools ----------------------------------------------------------------------------------------


class _FlotteTool(Tool):
    """Base of the tools: they only read, and a car's name chooses the car."""

    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    integration = DOMAIN

    def __init__(self, names: Iterable[str]) -> None:
        """Offer the cars with these names."""
        self.parameters = vol.Schema({vol.Optional(_VEHICLE): vol.In(list(names))})

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Answer for one car, or for all if none is named."""
        try:
            arguments = self.parameters(tool_input.tool_args)
        except vol.Invalid as error:
            return ToolResult({"error": str(error)}, error=True)
        # Not those of the tool: an entity may be exposed no longer.
        found = _shared_vehicles(hass, llm_context.assistant)
        if (name := arguments.get(_VEHICLE)) is not None:
            found = {each: vehicle for each, vehicle in found.items() if each == name}
        if not found:
            return ToolResult({"error": "No such car is exposed to this assistant"}, error=True)
        await async_load_texts(hass)
        return ToolResult(self.answer(hass, list(found.values()), arguments, llm_context))

    @abstractmethod
    def answer(
        self,
        hass: HomeAssistant,
        vehicles: list[_SharedVehicle],
        arguments: Mapping[str, Any],
        llm_context: LLMContext,
    ) -> JsonObjectType:
        """Answer for these cars."""


class VehicleStateTool(_FlotteTool):
    """Reports what is known of a car."""

    name = "flotte__state"
    title = "State of a Tesla car"
    description = (
        "Get what is known of the user's Tesla cars: battery, range, plugged in, climate and "
        "temperatures, locked, open doors and windows, where it is, software, asleep or not. "
        "Leave the car out to get all cars. Never wakes a car."
    )

    @override
    def answer(
        self,
        hass: HomeAssistant,
        vehicles: list[_SharedVehicle],
        arguments: Mapping[str, Any],
        llm_context: LLMContext,
    ) -> JsonObjectType:
        return {"cars": [_state_of(each) for each in vehicles]}


def _state_of(each: _SharedVehicle) -> JsonObjectType:
    answer: JsonObjectType = {
        "name": each.coordinator.device_name,
        **_presence(each.coordinator),
        **{
            name: _fact(each.coordinator, key)
            for name, (key, needed) in _STATE.items()
            if needed in each.shared
        },
    }
    if _Shared.LOCATION in each.shared:
        answer["place"] = _place(each)
    withheld: list[JsonValueType] = [
        *(name for name, (_, needed) in _STATE.items() if needed not in each.shared),
        *(["place"] if _Shared.LOCATION not in each.shared else []),
    ]
    if withheld:
        answer["withheld"] = {
            "facts": withheld,
            "remedy": "Expose the lock (for these and what is open) or the location of the car "
            "in Home Assistant: Settings, Voice assistants, Expose.",
        }
    return answer


class ChargingTool(_FlotteTool):
    """Reports how a car charges, and why it does or does not."""

    name = "flotte__charging"
    title = "Charging of a Tesla car"
    description = (
        "Get how the user's Tesla cars charge: plugged in, charging or why not, power, limit, when "
        "it is done, charging from the sun and what it waits for, and the last charge with its "
        "energy and cost. Leave the car out to get all cars. Never wakes a car."
    )

    @override
    def answer(
        self,
        hass: HomeAssistant,
        vehicles: list[_SharedVehicle],
        arguments: Mapping[str, Any],
        llm_context: LLMContext,
    ) -> JsonObjectType:
        return {"cars": [_charging_of(hass, each) for each in vehicles]}


def _charging_of(hass: HomeAssistant, each: _SharedVehicle) -> JsonObjectType:
    vin, coordinator = each.coordinator.vehicle.vin, each.coordinator
    return {
        "name": coordinator.device_name,
        **_presence(coordinator),
        **{name: _fact(coordinator, key) for name, key in _CHARGING.items()},
        "charging_at_home": _at_home(hass, each),
        "last_charge": _last_charge(hass, each.data.charging_sessions[vin].log.last),
    }


def _at_home(hass: HomeAssistant, each: _SharedVehicle) -> JsonObjectType:
    """How Flotte charges the car at home, with the reason in words if the place may be known."""
    controller = each.data.charging_controllers[each.coordinator.vehicle.vin]
    if not controller.is_on:
        return {"mode": "off"}
    mode = str(controller.settings.mode)
    if _Shared.LOCATION not in each.shared:
        # What it does, plans or has done at home tells whether the car is there.
        return {
            "mode": mode,
            "withheld": {
                "facts": ["reason", "from_the_sun", "next_planned_start", "taken_over_by_a_person"],
                "remedy": _EXPOSE_LOCATION,
            },
        }
    share, start = controller.usage.charge.sun_share, controller.plan.next_start
    decision = controller.decision
    return {
        "mode": mode,
        "reason": _UNKNOWN if decision is None else async_sentence(hass, decision),
        "from_the_sun": {"value": _UNKNOWN if share is None else round(share), "unit": "%"},
        "next_planned_start": (
            "none" if start is None else time_text(dt_util.utc_from_timestamp(start))
        ),
        "taken_over_by_a_person": controller.is_taken_over,
    }


def _last_charge(hass: HomeAssistant, last: ChargingSession | None) -> JsonObjectType:
    if last is None:
        return {"value": _UNKNOWN}
    return {
        "stopped_at": time_text(last.stopped_at) or _UNKNOWN,
        "energy": {"value": last.energy if last.energy is not None else _UNKNOWN, "unit": "kWh"},
        "level_from": last.level_from if last.level_from is not None else _UNKNOWN,
        "level_to": last.level_to if last.level_to is not None else _UNKNOWN,
        "cost": _money(last.cost, hass.config.currency),
    }


class CostTool(_FlotteTool):
    """Reports this month's bill of Tesla's Fleet API."""

    name = "flotte__cost"
    title = "Cost of the Tesla Fleet API"
    description = (
        "Get what Tesla charges this month for access to the user's cars (not electricity): spent, "
        "to pay, by category, budget, what is left of it, the projection for the whole month, and "
        "how strictly Flotte saves."
    )

    def __init__(self, names: Iterable[str]) -> None:
        """Take no arguments: a bill is that of an account."""
        super().__init__(names)
        self.parameters = vol.Schema({})

    @override
    def answer(
        self,
        hass: HomeAssistant,
        vehicles: list[_SharedVehicle],
        arguments: Mapping[str, Any],
        llm_context: LLMContext,
    ) -> JsonObjectType:
        now = dt_util.utcnow()
        # Accounts of one application share its bill.
        ledgers = dict.fromkeys(each.data.ledger for each in vehicles)
        reports = [async_account_report(hass, each, Month.of(now), now) for each in ledgers]
        return {"accounts": [{name: each[name] for name in _REPORTED} for each in reports]}


_REPORTED: Final = (
    "month",
    "currency",
    "spent",
    "discount",
    "to_pay",
    "by_category",
    "budget",
    "left",
    "projection",
    "spending_mode",
    "wakes_saved",
)
"""The parts of a report without ids, and without days and callers, which would make it long."""


class PriceTool(_FlotteTool):
    """Reports what an action would cost now, and whether it would be allowed."""

    name = "flotte__price"
    title = "Price of an action on a Tesla car"
    description = (
        "Get what an action on a Tesla car would cost now, and whether the user's spending rules "
        "allow it, defer it or refuse it. Actions: wake (wake the car), data (ask the car for all "
        "values), setting (such as the charge limit), lock, unlock, climate, charge, trunk, or "
        "command (any other). Does not perform the action."
    )

    def __init__(self, names: Iterable[str]) -> None:
        """Offer the cars with these names."""
        super().__init__(names)
        self.parameters = self.parameters.extend({vol.Required(_ACTION): vol.In(list(PRICED))})

    @override
    def answer(
        self,
        hass: HomeAssistant,
        vehicles: list[_SharedVehicle],
        arguments: Mapping[str, Any],
        llm_context: LLMContext,
    ) -> JsonObjectType:
        caller, action = caller_of(hass, llm_context.context), arguments[_ACTION]
        return {
            "cars": [
                {**async_price(each.coordinator, action, caller), **_presence(each.coordinator)}
                for each in vehicles
            ]
        }


_TOOLS: Final[tuple[type[_FlotteTool], ...]] = (VehicleStateTool, ChargingTool, CostTool, PriceTool)

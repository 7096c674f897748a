"""Charging: start, stop, limits, schedules."""

from dataclasses import replace
from typing import Any, Final

from tesla_protocol.command import car_server_pb2, common_pb2

from .. import signals
from ..signals import Position
from ..state import Signal
from .command import (
    CHARGING_COMMAND_SCOPES,
    VOID,
    Command,
    InfotainmentAction,
    among,
    between,
    infotainment,
    minutes_of_day,
)


def start_charging() -> Command:
    """Start charging."""
    action = car_server_pb2.ChargingStartStopAction(start=VOID)
    return Command(
        name="charge_start",
        **infotainment(InfotainmentAction(chargingStartStopAction=action)),
        scopes=CHARGING_COMMAND_SCOPES,
        expects={signals.CHARGING_STATE: "charging"},
        # "complete": the battery is as full as it may get, so there is nothing to start.
        already=frozenset({"is_charging", "requested", "complete"}),
    )


def stop_charging() -> Command:
    """Stop charging."""
    action = car_server_pb2.ChargingStartStopAction(stop=VOID)
    return Command(
        name="charge_stop",
        **infotainment(InfotainmentAction(chargingStartStopAction=action)),
        scopes=CHARGING_COMMAND_SCOPES,
        expects={
            signals.CHARGING_STATE: "stopped",
            signals.AC_CHARGING_POWER: 0.0,
            signals.DC_CHARGING_POWER: 0.0,
        },
        already=frozenset({"not_charging"}),
    )


def set_charge_limit(percent: int) -> Command:
    """Charge up to `percent`, 50 to 100. The vehicle confirms other values, but ignores them."""
    between("charge limit", percent, 50, 100)
    action = car_server_pb2.ChargingSetLimitAction(percent=percent)
    return Command(
        name="set_charge_limit",
        **infotainment(InfotainmentAction(chargingSetLimitAction=action)),
        parameters={"percent": percent},
        scopes=CHARGING_COMMAND_SCOPES,
        expects={signals.CHARGE_LIMIT: percent},
        supersedes="charge_limit",
    )


def set_charge_current(amperes: int) -> Command:
    """Charge with at most `amperes` A, 1 to 80; the vehicle knows its own maximum.

    Below 5 A, the vehicle needs the command twice and goes on showing 5 A.
    """
    between("charge current", amperes, 1, 80)
    action = car_server_pb2.SetChargingAmpsAction(charging_amps=amperes)
    command = Command(
        name="set_charging_amps",
        **infotainment(InfotainmentAction(setChargingAmpsAction=action)),
        parameters={"charging_amps": amperes},
        scopes=CHARGING_COMMAND_SCOPES,
        expects={signals.CHARGE_CURRENT_REQUEST: max(amperes, signals.MIN_SHOWN_CURRENT)},
        supersedes="charge_current",
    )
    if amperes >= signals.MIN_SHOWN_CURRENT:
        return command
    return replace(
        command,
        expects={**command.expects, signals.CHARGER_CURRENT: float(amperes)},
        measured=frozenset({signals.CHARGER_CURRENT}),
        preparation=command,
        prepared_by=signals.CHARGES_BELOW_SHOWN,
    )


def charge_to_maximum() -> Command:
    """Raise the limit to its maximum, for a long trip."""
    action = car_server_pb2.ChargingStartStopAction(start_max_range=VOID)
    return Command(
        name="charge_max_range",
        **infotainment(InfotainmentAction(chargingStartStopAction=action)),
        scopes=CHARGING_COMMAND_SCOPES,
    )


def charge_to_standard() -> Command:
    """Bring the limit back to the everyday one."""
    action = car_server_pb2.ChargingStartStopAction(start_standard=VOID)
    return Command(
        name="charge_standard",
        **infotainment(InfotainmentAction(chargingStartStopAction=action)),
        scopes=CHARGING_COMMAND_SCOPES,
    )


# --- Schedules, from firmware 2024.26 ------------------------------------------------------------

DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""Days in the order of the bits in Tesla's day mask: Sunday is 1, Saturday is 64."""
_REST_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def _days(days: frozenset[str]) -> tuple[int, str]:
    """The day mask, and the days as text for Tesla's REST form."""
    for day in days:
        among("day", day, DAYS)
    mask = sum(1 << index for index, day in enumerate(DAYS) if day in days)
    words = ",".join(_REST_DAYS[index] for index, day in enumerate(DAYS) if day in days)
    return mask, words


def add_charge_schedule(
    *,
    schedule_id: int,
    days: frozenset[str],
    position: Position,
    start_minutes: int | None = None,
    end_minutes: int | None = None,
    one_time: bool = False,
    enabled: bool = True,
    name: str = "",
) -> Command:
    """Add a charging schedule, or change the one with the same id.

    Args:
        schedule_id: Id chosen by the caller, so that a repetition changes the schedule instead of
            adding another one.
        days: Days from `DAYS`.
        position: Where the schedule applies: latitude and longitude, in degrees.
        start_minutes: Start, in minutes after midnight of the vehicle's local time; None for no
            start.
        end_minutes: End, as `start_minutes`.
        one_time: Whether the schedule applies only once.
        enabled: Whether the schedule is active.
        name: Name of the schedule; Tesla's REST form has none.
    """
    for setting, minutes in (("start", start_minutes), ("end", end_minutes)):
        if minutes is not None:
            minutes_of_day(setting, minutes)
    mask, words = _days(days)
    latitude, longitude = position
    schedule = common_pb2.ChargeSchedule(
        id=schedule_id,
        name=name,
        days_of_week=mask,
        start_enabled=start_minutes is not None,
        start_time=start_minutes or 0,
        end_enabled=end_minutes is not None,
        end_time=end_minutes or 0,
        one_time=one_time,
        enabled=enabled,
        latitude=latitude,
        longitude=longitude,
    )
    return Command(
        name="add_charge_schedule",
        **infotainment(InfotainmentAction(addChargeScheduleAction=schedule)),
        parameters={
            "id": schedule_id,
            "days_of_week": words,
            "start_enabled": start_minutes is not None,
            "start_time": start_minutes or 0,
            "end_enabled": end_minutes is not None,
            "end_time": end_minutes or 0,
            "one_time": one_time,
            "enabled": enabled,
            "lat": latitude,
            "lon": longitude,
        },
        scopes=CHARGING_COMMAND_SCOPES,
    )


def remove_charge_schedule(schedule_id: int) -> Command:
    """Remove a charging schedule."""
    action = car_server_pb2.RemoveChargeScheduleAction(id=schedule_id)
    return Command(
        name="remove_charge_schedule",
        **infotainment(InfotainmentAction(removeChargeScheduleAction=action)),
        parameters={"id": schedule_id},
        scopes=CHARGING_COMMAND_SCOPES,
    )


def add_precondition_schedule(
    *,
    schedule_id: int,
    days: frozenset[str],
    position: Position,
    ready_minutes: int,
    one_time: bool = False,
    enabled: bool = True,
    name: str = "",
) -> Command:
    """Have the vehicle warm at `ready_minutes` after midnight; else like `add_charge_schedule`."""
    minutes_of_day("time", ready_minutes)
    mask, words = _days(days)
    latitude, longitude = position
    schedule = common_pb2.PreconditionSchedule(
        id=schedule_id,
        name=name,
        days_of_week=mask,
        precondition_time=ready_minutes,
        one_time=one_time,
        enabled=enabled,
        latitude=latitude,
        longitude=longitude,
    )
    return Command(
        name="add_precondition_schedule",
        **infotainment(InfotainmentAction(addPreconditionScheduleAction=schedule)),
        parameters={
            "id": schedule_id,
            "days_of_week": words,
            "precondition_time": ready_minutes,
            "one_time": one_time,
            "enabled": enabled,
            "lat": latitude,
            "lon": longitude,
        },
        scopes=CHARGING_COMMAND_SCOPES,
    )


def remove_precondition_schedule(schedule_id: int) -> Command:
    """Remove a preconditioning schedule."""
    action = car_server_pb2.RemovePreconditionScheduleAction(id=schedule_id)
    return Command(
        name="remove_precondition_schedule",
        **infotainment(InfotainmentAction(removePreconditionScheduleAction=action)),
        parameters={"id": schedule_id},
        scopes=CHARGING_COMMAND_SCOPES,
    )


def remove_all_charge_schedules(*, home: bool, work: bool, other: bool) -> Command:
    """Remove all charging schedules at home, at work, or elsewhere."""
    action = car_server_pb2.BatchRemoveChargeSchedulesAction(home=home, work=work, other=other)
    return Command(
        name="batch_remove_charge_schedules",
        **infotainment(InfotainmentAction(batchRemoveChargeSchedulesAction=action)),
        parameters={"home": home, "work": work, "other": other},
        rest=False,
        scopes=CHARGING_COMMAND_SCOPES,
    )


def remove_all_precondition_schedules(*, home: bool, work: bool, other: bool) -> Command:
    """Remove all preconditioning schedules at home, at work, or elsewhere."""
    action = car_server_pb2.BatchRemovePreconditionSchedulesAction(
        home=home, work=work, other=other
    )
    return Command(
        name="batch_remove_precondition_schedules",
        **infotainment(InfotainmentAction(batchRemovePreconditionSchedulesAction=action)),
        parameters={"home": home, "work": work, "other": other},
        rest=False,
        scopes=CHARGING_COMMAND_SCOPES,
    )


# --- Schedules of older firmware -----------------------------------------------------------------


def set_scheduled_charging(*, enabled: bool, start_minutes: int = 0) -> Command:
    """Charge from `start_minutes` after midnight; superseded from firmware 2024.26."""
    minutes_of_day("start", start_minutes)
    action = car_server_pb2.ScheduledChargingAction(enabled=enabled, charging_time=start_minutes)
    return Command(
        name="set_scheduled_charging",
        **infotainment(InfotainmentAction(scheduledChargingAction=action)),
        parameters={"enable": enabled, "time": start_minutes},
        scopes=CHARGING_COMMAND_SCOPES,
        # The mode alone does not prove the time: the vehicle reports a date, not the time of day.
        expects={} if enabled else {signals.SCHEDULED_CHARGING_MODE: "off"},
    )


def set_scheduled_departure(
    *,
    enabled: bool,
    departure_minutes: int = 0,
    preconditioning: str | None = None,
    off_peak: str | None = None,
    off_peak_end_minutes: int = 0,
) -> Command:
    """Be ready at `departure_minutes` after midnight; superseded from firmware 2024.26.

    Args:
        enabled: Whether the departure is active; if not, nothing else is sent.
        departure_minutes: Departure, in minutes after midnight.
        preconditioning: Days with preconditioning: `all_week`, `weekdays` or None.
        off_peak: Days with off-peak charging, as `preconditioning`.
        off_peak_end_minutes: End of off-peak charging, in minutes after midnight.
    """
    minutes_of_day("departure", departure_minutes)
    minutes_of_day("end of off-peak", off_peak_end_minutes)
    for name, word in (("preconditioning", preconditioning), ("off-peak", off_peak)):
        if word is not None:
            among(name, word, ("all_week", "weekdays"))
    action = car_server_pb2.ScheduledDepartureAction(enabled=enabled)
    expects: dict[Signal[Any], Any] = {signals.SCHEDULED_CHARGING_MODE: "off"}
    if enabled:
        action.departure_time = departure_minutes
        action.off_peak_hours_end_time = off_peak_end_minutes
        if preconditioning:
            getattr(action.preconditioning_times, preconditioning).SetInParent()
        if off_peak:
            getattr(action.off_peak_charging_times, off_peak).SetInParent()
        # Expect every part, or a departure with other settings would count as this one.
        expects = {
            signals.SCHEDULED_CHARGING_MODE: "depart_by",
            signals.DEPARTURE_MINUTES: departure_minutes,
            signals.PRECONDITIONING_ENABLED: preconditioning is not None,
            signals.OFF_PEAK_ENABLED: off_peak is not None,
        }
        if preconditioning:
            expects[signals.PRECONDITIONING_DAYS] = preconditioning
        if off_peak:
            expects[signals.OFF_PEAK_DAYS] = off_peak
            expects[signals.OFF_PEAK_END_MINUTES] = off_peak_end_minutes
    return Command(
        name="set_scheduled_departure",
        **infotainment(InfotainmentAction(scheduledDepartureAction=action)),
        parameters={
            "enable": enabled,
            "departure_time": departure_minutes,
            "preconditioning_enabled": preconditioning is not None,
            "preconditioning_weekdays_only": preconditioning == "weekdays",
            "off_peak_charging_enabled": off_peak is not None,
            "off_peak_charging_weekdays_only": off_peak == "weekdays",
            "end_off_peak_time": off_peak_end_minutes,
        },
        scopes=CHARGING_COMMAND_SCOPES,
        expects=expects,
    )

"""The night's plan in the vehicle: schedules that Flotte writes, remembers and cleans up.

The rules are those of `tesla.charging.schedule_plan`. Schedules are written while the vehicle is
awake anyway. If that did not happen, it may be woken for them once a night, shortly before the
first block; a refusal of the gate leaves the plan to Home Assistant. The id of a schedule is noted
before its command is sent, so that a repetition changes the same schedule.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..account.charging import is_at_home
from ..const import LOGGER
from ..coordinator import VehicleCoordinator
from ..schedule_ids import async_new_schedule_id
from ..tesla.charging.plan import ChargingPlan, Period
from ..tesla.charging.schedule_plan import (
    PLANNED_MODES,
    SOON,
    BlockWrite,
    OwnSchedule,
    ScheduleChanges,
    ScheduleNote,
    ScheduleSituation,
    change_schedules,
    schedule_of,
)
from ..tesla.charging.situation import ChargingMode, ChargingVehicle, Plug
from ..tesla.commands import Command
from ..tesla.errors import CommandRefused, OutcomeUnknown, TeslaError
from ..tesla.listeners import Listeners
from ..tesla.reading_json import as_number, as_whole
from ..tesla.schedules import CHARGE, Schedule, schedules_in
from ..tesla.signals import CHARGE_SCHEDULES, CHARGE_SCHEDULES_MAXIMUM, LOCATION, Position
from ..tesla.vehicle.outcome import MAX_DOUBT_SECONDS, Done
from .schedule_takeover import ScheduleTakeover

type SendCommand = Callable[[Command], Awaitable[Done]]
"""Sends a command through the gate and the meter as charging's own. Raises TeslaError."""

_RETRY_AFTER: Final = 900.0
"""Seconds after a failure until the next command about schedules."""
_REPORTED_WITHIN: Final = 600.0
"""Seconds within which the end of a block is reported: the pause between two polls."""
_START_WITHIN: Final = 300.0
"""Seconds after the begin of a block in which the start of the vehicle is awaited and reported."""
_CONNECTED: Final = frozenset({Plug.NO_POWER, Plug.STOPPED, Plug.CHARGING})
_NOON: Final = timedelta(hours=12)


class PlannedSchedules:
    """The schedules of one vehicle's plan."""

    def __init__(
        self, hass: HomeAssistant, coordinator: VehicleCoordinator, send: SendCommand
    ) -> None:
        """Write nothing yet."""
        self.changed = Listeners[()]()
        """Notified when `to_stored` has changed; a command follows."""
        self.note = ScheduleNote.NO_PLAN
        self._hass = hass
        self._coordinator = coordinator
        self._send = send
        self._sending = asyncio.Lock()
        self._own: dict[int, OwnSchedule] = {}
        self._kept: frozenset[int] = frozenset()
        self._takeover = ScheduleTakeover(hass, coordinator, send, self.changed)
        # From noon to noon: which one, how many commands, whether the vehicle was woken for them.
        self._night = 0
        self._commands = 0
        self._has_woken = False
        self._retry_at = 0.0

    @property
    def collision(self) -> Schedule | None:
        """A schedule of the owner that works against the mode, and that an issue is about."""
        collision = self._takeover.collision
        return None if collision is None else collision.schedule

    def is_running(self, now: datetime) -> bool:
        """Whether one of our changes explains that the vehicle charges, or has just stopped.

        That is a block in the vehicle, or a schedule of the owner that no longer holds it back.
        """
        moment = now.timestamp()
        return self._takeover.has_just_changed(moment, _REPORTED_WITHIN) or any(
            each.period.start <= moment < each.period.end + _REPORTED_WITHIN
            for each in self._own.values()
        )

    @property
    def periods(self) -> tuple[Period, ...]:
        """The blocks in the vehicle."""
        return tuple(each.period for each in self._own.values())

    def starts_alone(self, now: datetime) -> bool:
        """Whether a block began moments ago, so that the vehicle starts without a command."""
        moment = now.timestamp()
        return any(
            each.period.start <= moment < each.period.start + _START_WITHIN and not each.is_doubtful
            for each in self._own.values()
        )

    def serves(self, now: datetime) -> bool:
        """Whether a block runs that serves the plan, although it may begin somewhat earlier."""
        moment = now.timestamp()
        return any(
            each.schedule_id in self._kept and each.period.start <= moment < each.period.end
            for each in self._own.values()
        )

    async def async_follow(
        self,
        plan: ChargingPlan,
        mode: ChargingMode,
        vehicle: ChargingVehicle,
        *,
        is_taken_over: bool = False,
    ) -> None:
        """Bring the schedules in line with a plan; costs nothing if they are.

        Call it with each plan and each change of the mode or the vehicle, also with the mode off:
        then it cleans up, and turns on again what was turned off for it.
        """
        if self._sending.locked() and mode is not ChargingMode.OFF:
            # There is another call soon, unless the mode was set to off.
            return
        async with self._sending:
            self._begin_night()
            is_home = vehicle.plug in _CONNECTED and vehicle.at_home is True and not is_taken_over
            is_planned = is_home and mode in PLANNED_MODES
            changes = change_schedules(self._situation(plan.periods if is_planned else (), vehicle))
            self._keep(changes)
            if mode is ChargingMode.OFF:
                self._takeover.async_stop_comparing()
                await self._takeover.async_give_back()
            elif is_home:
                self._takeover.async_compare(mode, plan.periods, self._own)
            await self._send_changes(changes)

    def _begin_night(self) -> None:
        """Count again from noon."""
        night = (dt_util.now() - _NOON).date().toordinal()
        if night != self._night:
            self._night, self._commands, self._has_woken = night, 0, False

    def _situation(
        self, periods: tuple[Period, ...], vehicle: ChargingVehicle
    ) -> ScheduleSituation:
        state = self._coordinator.state
        reading = state.reading(CHARGE_SCHEDULES)
        is_reported = reading is not None and reading.value is not None
        return ScheduleSituation(
            now=dt_util.utcnow().timestamp(),
            zone=dt_util.get_default_time_zone(),
            periods=periods,
            own=tuple(self._own.values()),
            reported=schedules_in(reading.value) if reading and is_reported else None,
            reported_at=reading.time.timestamp() if reading else 0.0,
            maximum=state[CHARGE_SCHEDULES_MAXIMUM],
            is_charging=vehicle.plug is Plug.CHARGING,
            is_loose=vehicle.plug in {Plug.UNPLUGGED, Plug.COMPLETE} or vehicle.at_home is False,
            commands=self._commands,
        )

    def _keep(self, changes: ScheduleChanges) -> None:
        """Remember our schedules as they are by the last report."""
        if changes.note is not self.note:
            LOGGER.debug("Plan of %s: %s", self._coordinator.device_name, changes.note)
        self.note = changes.note
        self._kept = changes.kept
        own = {each.schedule_id: each for each in changes.own}
        if own != self._own:
            self._own = own
            self.changed()

    # --- Commands --------------------------------------------------------------------------------

    async def _send_changes(self, changes: ScheduleChanges) -> None:
        """Send what is due, until something fails."""
        now = dt_util.utcnow().timestamp()
        # A clock that was set back must not keep the plan out for long.
        if now < self._retry_at <= now + _RETRY_AFTER or not (changes.writes or changes.removals):
            return
        may_wake = False
        if not self._coordinator.vehicle.is_online:
            is_soon = any(each.period.start - now <= SOON for each in changes.writes)
            if self._has_woken or not is_soon:
                return
            self._has_woken = may_wake = True
        for write in changes.writes:
            if not await self._write(write, may_wake=may_wake):
                return
        for schedule_id in changes.removals:
            if not await self._remove(schedule_id):
                return

    async def _write(self, write: BlockWrite, *, may_wake: bool) -> bool:
        """Put a block into the vehicle; return whether it is there."""
        now, state = dt_util.utcnow(), self._coordinator.state
        schedule_id = write.schedule_id
        if schedule_id is None:
            taken = {str(each.schedule_id) for each in schedules_in(state[CHARGE_SCHEDULES])}
            schedule_id = async_new_schedule_id(self._hass, now, taken.union(map(str, self._own)))
        position = self._place()
        schedule = schedule_of(write.period, schedule_id, dt_util.get_default_time_zone(), position)
        command = CHARGE.save_command(schedule, position, state)
        before = self._own.get(schedule_id)
        unproven_until = now.timestamp() + MAX_DOUBT_SECONDS
        self._own[schedule_id] = OwnSchedule(
            schedule_id, write.period, unproven_until, is_doubtful=True
        )
        self.changed()
        error = await self._attempt(replace(command, awake_only=not may_wake))
        if error is None:
            written_at = dt_util.utcnow().timestamp()
            self._own[schedule_id] = OwnSchedule(schedule_id, write.period, written_at)
        elif not isinstance(error, OutcomeUnknown):
            self._own.pop(schedule_id)
            if before is not None:
                self._own[schedule_id] = before
        self.changed()
        return error is None

    def _place(self) -> Position:
        """Where the vehicle stands, if that is known, or else the home.

        A schedule applies only near its place, and the home may be marked at the other end of a
        large plot.
        """
        state = self._coordinator.state
        position = state[LOCATION]
        if position is not None and is_at_home(self._hass, state):
            return position
        return self._hass.config.latitude, self._hass.config.longitude

    async def _remove(self, schedule_id: int) -> bool:
        """Remove a schedule of ours from the vehicle; return whether it is gone."""
        command = CHARGE.remove_command(schedule_id, self._coordinator.state)
        error = await self._attempt(replace(command, awake_only=True))
        if error is None:
            self._own.pop(schedule_id)
        elif isinstance(error, OutcomeUnknown):
            doubtful_until = dt_util.utcnow().timestamp() + MAX_DOUBT_SECONDS
            own = self._own[schedule_id]
            self._own[schedule_id] = replace(own, written_at=doubtful_until, is_doubtful=True)
        self.changed()
        return error is None

    async def _attempt(self, command: Command) -> TeslaError | None:
        """Send a command, and return its error; the next one waits after an error."""
        try:
            done = await self._send(command)
        except TeslaError as error:
            self._commands += isinstance(error, CommandRefused | OutcomeUnknown)
            self._retry_at = dt_util.utcnow().timestamp() + _RETRY_AFTER
            LOGGER.debug("%s for the plan failed: %s", command.name, error)
            return error
        self._commands += not done.already
        return None

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """Everything that survives a restart, as JSON."""
        return {
            "own": [
                [
                    each.schedule_id,
                    each.period.start,
                    each.period.end,
                    each.written_at,
                    each.is_doubtful,
                ]
                for each in self._own.values()
            ],
            "night": self._night,
            "commands": self._commands,
            "has_woken": self._has_woken,
            "retry_at": self._retry_at,
            "turned_off": self._takeover.to_stored(),
        }

    def restore(self, stored: object) -> None:
        """Restore from the JSON of `to_stored`; ignore unreadable values."""
        if not isinstance(stored, Mapping):
            return
        lines = stored.get("own")
        own = map(_own_in, lines if isinstance(lines, list) else ())
        self._own = {each.schedule_id: each for each in own if each is not None}
        self._night = as_whole(stored.get("night")) or 0
        self._commands = max(0, as_whole(stored.get("commands")) or 0)
        self._has_woken = stored.get("has_woken") is True
        self._retry_at = as_number(stored.get("retry_at")) or 0.0
        self._takeover.restore(stored.get("turned_off"))


def _own_in(line: object) -> OwnSchedule | None:
    """A schedule as `to_stored` wrote it; None for anything else."""
    match line:
        case [stored_id, start, end, written_at, bool(is_doubtful)]:
            schedule_id = as_whole(stored_id)
            numbers = [as_number(each) for each in (start, end, written_at)]
            if schedule_id is not None and None not in numbers:
                begins, ends, written = (each or 0.0 for each in numbers)
                return OwnSchedule(schedule_id, Period(begins, ends), written, is_doubtful)
    return None

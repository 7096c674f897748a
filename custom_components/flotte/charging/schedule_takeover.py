"""Schedules of the owner that work against the charging mode: report them, and turn them off.

The repair issue names the schedule and offers to turn it off; the owner may ignore it. A schedule
that was turned off stays in the vehicle. It is turned on again when the mode is set to off, unless
the owner has changed it meanwhile.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from homeassistant.components.zone import ENTITY_ID_HOME, in_zone
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.location import distance

from ..account.issues import async_clear_issues, async_raise_issue, issue_subject
from ..const import DOMAIN, LOGGER
from ..coordinator import VehicleCoordinator
from ..tesla.charging.plan import Period
from ..tesla.charging.schedule_collisions import ScheduleCollision, find_collision
from ..tesla.charging.situation import ChargingMode
from ..tesla.commands import Command
from ..tesla.errors import TeslaError
from ..tesla.listeners import Listeners
from ..tesla.reading_json import as_number
from ..tesla.schedules import CHARGE, Schedule, schedules_in
from ..tesla.signals import CHARGE_SCHEDULES, ScheduleLines
from ..tesla.state import Reading
from ..tesla.vehicle.outcome import Done

COLLISION_ISSUE: Final = "charging_schedule_collision"
_SETTLE: Final = 300.0
"""Seconds for which a schedule works against the plan before it is reported; plans come late."""
_PAUSE: Final = 900.0
"""Seconds between two attempts to turn schedules on again."""
_MOMENTS: Final = 2
"""Moments in a stored line."""
_TAKEOVERS: Final[HassKey[dict[str, ScheduleTakeover]]] = HassKey(f"{DOMAIN}_schedule_takeovers")


@dataclass(frozen=True, slots=True)
class _TurnedOff:
    """A schedule as it was before it was turned off."""

    schedule: Schedule
    acts_at: float
    """When it would have acted next."""
    at: float
    """When it was turned off; older reports say nothing about it."""


class ScheduleTakeover:
    """Collisions of the schedules in one vehicle, and those turned off for its charging mode."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: VehicleCoordinator,
        send: Callable[[Command], Awaitable[Done]],
        changed: Listeners[()],
    ) -> None:
        """Report nothing yet. `changed` is notified when `to_stored` has changed."""
        self.collision: ScheduleCollision | None = None
        self._hass = hass
        self._coordinator = coordinator
        self._send = send
        self._changed = changed
        self._mode = ChargingMode.OFF
        self._colliding_since: float | None = None
        self._is_cleared = False
        self._turned_off: dict[int, _TurnedOff] = {}
        self._attempted_at: float | None = None
        # When a schedule was last changed, which can start a charge that it held back.
        self._sent_at = 0.0
        entry = coordinator.config_entry
        self._subject = issue_subject(coordinator.vehicle.vin, entry.entry_id)
        hass.data.setdefault(_TAKEOVERS, {})[self._subject] = self
        entry.async_on_unload(self._async_leave)
        entry.async_on_unload(
            coordinator.vehicle.presence.on_online.subscribe(self._async_give_back_online)
        )

    @callback
    def _async_leave(self) -> None:
        self._hass.data[_TAKEOVERS].pop(self._subject, None)

    # --- Reporting -------------------------------------------------------------------------------

    @callback
    def async_compare(
        self, mode: ChargingMode, periods: Sequence[Period], own: Mapping[int, object]
    ) -> None:
        """Compare the schedules of a vehicle that is plugged in at home with mode and plan."""
        reading = self._reading
        if reading is None:
            return
        theirs = [
            each
            for each in schedules_in(reading.value)
            if each.schedule_id not in own and each.enabled and self._is_at_home(each)
        ]
        if mode is self._mode and self.collision is not None and self.collision.schedule in theirs:
            # It is reported once, even if it happens to fit the plan of this night.
            return
        self._mode, self._attempted_at = mode, None
        now = dt_util.utcnow()
        zone = dt_util.get_default_time_zone()
        found = find_collision(now, zone, theirs, reading.time, mode=mode, periods=periods)
        if found is None:
            self._colliding_since = None
            self._async_report(None)
            return
        moment = now.timestamp()
        since = self._colliding_since = self._colliding_since or moment
        if not since <= moment < since + _SETTLE:
            self._async_report(found)

    @callback
    def async_stop_comparing(self) -> None:
        """Withdraw the report: the mode is off."""
        self._mode, self._colliding_since = ChargingMode.OFF, None
        self._async_report(None)

    @callback
    def _async_report(self, found: ScheduleCollision | None) -> None:
        self.collision = found
        if found is None:
            if not self._is_cleared:
                async_clear_issues(self._hass, self._subject, COLLISION_ISSUE)
            self._is_cleared = True
            return
        self._is_cleared = False
        async_raise_issue(
            self._hass,
            COLLISION_ISSUE,
            self._subject,
            self.placeholders,
            fix_data={"issue": COLLISION_ISSUE, "subject": self._subject},
        )

    @property
    def placeholders(self) -> dict[str, str]:
        """The vehicle and the schedule, for texts."""
        schedule = None if self.collision is None else _text_of(self.collision.schedule)
        return {"name": self._coordinator.device_name, "schedule": schedule or ""}

    @property
    def _reading(self) -> Reading[ScheduleLines] | None:
        reading = self._coordinator.state.reading(CHARGE_SCHEDULES)
        return None if reading is None or reading.value is None else reading

    def _is_at_home(self, schedule: Schedule) -> bool:
        if schedule.position is None:
            return False
        if (home := self._hass.states.get(ENTITY_ID_HOME)) is not None:
            return in_zone(home, *schedule.position)
        config = self._hass.config
        away = distance(config.latitude, config.longitude, *schedule.position)
        return away is not None and away <= config.radius

    # --- Turning off and on ----------------------------------------------------------------------

    def has_just_changed(self, moment: float, within: float) -> bool:
        """Whether a schedule was changed that recently, which can have started a charge."""
        return self._sent_at <= moment < self._sent_at + within

    async def async_take_over(self) -> bool:
        """Turn the reported schedule off; return whether that succeeded.

        Waking the vehicle for it is up to the gate.
        """
        collision = self.collision
        if collision is None:
            return True
        schedule = collision.schedule
        self._turned_off[schedule.schedule_id] = _TurnedOff(
            schedule, collision.at.timestamp(), dt_util.utcnow().timestamp()
        )
        self._changed()
        if not await self._save(replace(schedule, enabled=False)):
            # It stays in the list: its outcome may be unknown, and one that is on is skipped later.
            return False
        self._colliding_since = None
        self._async_report(None)
        return True

    async def async_give_back(self) -> None:
        """Turn the schedules on again that were turned off, if they are as they were left."""
        now, attempted_at = dt_util.utcnow().timestamp(), self._attempted_at
        is_recent = attempted_at is not None and attempted_at <= now < attempted_at + _PAUSE
        if not self._turned_off or is_recent or (reading := self._reading) is None:
            return
        self._attempted_at = now
        self._changed()
        reported = {each.schedule_id: each for each in schedules_in(reading.value)}
        for schedule_id, each in list(self._turned_off.items()):
            schedule = each.schedule
            is_over = schedule.one_time and each.acts_at <= now
            found = reported.get(schedule_id)
            # Tesla's plain commands carry no name, so it may have gone.
            is_as_left = reading.time.timestamp() <= each.at or (
                found is not None
                and replace(found, name=schedule.name) == replace(schedule, enabled=False)
            )
            # The owner has just set the mode to off, which is worth one wake, but not several.
            if (
                is_as_left
                and not is_over
                and not await self._save(schedule, may_wake=attempted_at is None)
            ):
                return
            self._turned_off.pop(schedule_id)
            self._changed()

    @callback
    def _async_give_back_online(self) -> None:
        """Try again while the vehicle is awake, if it was not when the mode was set to off."""
        if self._turned_off and self._mode is ChargingMode.OFF and self._attempted_at is not None:
            self._coordinator.config_entry.async_create_background_task(
                self._hass, self.async_give_back(), "flotte turns schedules on again"
            )

    async def _save(self, schedule: Schedule, *, may_wake: bool = True) -> bool:
        if schedule.position is None:
            return False
        command = CHARGE.save_command(schedule, schedule.position, self._coordinator.state)
        self._sent_at = dt_util.utcnow().timestamp()
        try:
            await self._send(replace(command, awake_only=not may_wake))
        except TeslaError as error:
            LOGGER.debug("A schedule was not changed: %s", error)
            return False
        return True

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The schedules that were turned off, and whether that is over, as JSON."""
        lines = [
            [*each.schedule.to_line(), each.acts_at, each.at] for each in self._turned_off.values()
        ]
        return {"lines": lines, "is_over": self._attempted_at is not None}

    def restore(self, stored: object) -> None:
        """Restore from the JSON of `to_stored`; ignore unreadable lines."""
        values = stored if isinstance(stored, Mapping) else {}
        if values.get("is_over") is True:
            self._attempted_at = 0.0
        lines = values.get("lines")
        for line in lines if isinstance(lines, list) else ():
            match line:
                case [number, name, mask, start, end, ready, once, enabled, north, east, *rest]:
                    parts = (number, name, mask, start, end, ready, once, enabled, north, east)
                    moments = [as_number(each) for each in rest]
                    if len(moments) == _MOMENTS and CHARGE_SCHEDULES.can_hold((parts,)):
                        schedule = Schedule.from_line(parts)
                        acts_at, at = (each or 0.0 for each in moments)
                        self._turned_off[schedule.schedule_id] = _TurnedOff(schedule, acts_at, at)


def find_takeover(hass: HomeAssistant, subject: str) -> ScheduleTakeover | None:
    """The takeover that an issue is about; None if its account is no longer loaded."""
    return hass.data.get(_TAKEOVERS, {}).get(subject)


def _text_of(schedule: Schedule) -> str:
    """Name and times of a schedule."""
    times = "-".join(
        "…" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
        for minutes in (schedule.start_minutes, schedule.end_minutes)
    )
    return f"{schedule.name} ({times})" if schedule.name else times

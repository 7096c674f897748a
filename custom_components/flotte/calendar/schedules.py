"""Calendars of a vehicle's schedules for charging and preconditioning.

Events are what the vehicle does: those that are disabled are left out. Reading them costs nothing,
because they come with every poll; nothing here asks the vehicle. A change is a command like any
other, after which the calendar shows the expected schedules until the vehicle reports them.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.calendar import (
    EVENT_LOCATION,
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEntityFeature,
    CalendarEvent,
)
from homeassistant.components.websocket_api import current_connection
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity, reported
from ..schedule_ids import async_new_schedule_id
from ..tesla import signals
from ..tesla.clock import listable
from ..tesla.commands import Command
from ..tesla.errors import OutcomeUnknown
from ..tesla.reading_json import as_whole
from ..tesla.schedule_times import Occurrence, occurrences
from ..tesla.schedules import CHARGE, PRECONDITION, Schedule, ScheduleKind, schedules_in
from ..tesla.signals import Position, ScheduleLines
from ..tesla.state import Reading, Source
from .places import HOME, async_find_place, async_home, async_place_of
from .schedule_events import Event, charge_schedule, precondition_schedule, recurrence_of

_AHEAD: Final = timedelta(days=9)
"""How far to look for the next event: a week has every schedule."""
_VEHICLE: Final = "car"
"""The location of an event that applies where the vehicle is."""


@dataclass(frozen=True, kw_only=True)
class ScheduleDescription(FlotteEntityDescription, CalendarEntityDescription):
    """The row of a calendar of schedules."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    kind: ScheduleKind
    title: str
    """Title of the event of a schedule without a name."""
    read: Callable[[Event, Schedule, datetime], Schedule]
    """Returns the schedule that an event describes, given the schedule so far."""


SCHEDULE_CALENDARS: Final = (
    ScheduleDescription(
        key="charge_schedules",
        kind=CHARGE,
        title="Charging",
        read=charge_schedule,
        exists=reported(signals.CHARGE_SCHEDULES),
    ),
    ScheduleDescription(
        key="precondition_schedules",
        kind=PRECONDITION,
        title="Preconditioning",
        read=precondition_schedule,
        exists=reported(signals.PRECONDITION_SCHEDULES),
    ),
)


@dataclass(frozen=True)
class _StoredDoubt(ExtraStoredData):
    """Lines of new schedules that the vehicle may have or not."""

    lines: list[list[Any]]

    @override
    def as_dict(self) -> dict[str, Any]:
        return {"doubtful": self.lines}


class ScheduleCalendar(VehicleEntity, CalendarEntity, RestoreEntity):
    """The schedules of one kind; each is an event, which recurs unless it applies only once."""

    entity_description: ScheduleDescription
    _attr_supported_features = (
        CalendarEntityFeature.CREATE_EVENT
        | CalendarEntityFeature.DELETE_EVENT
        | CalendarEntityFeature.UPDATE_EVENT
    )

    def __init__(self, coordinator: VehicleCoordinator, row: ScheduleDescription) -> None:
        """Show the schedules of `row`."""
        super().__init__(coordinator, row, (row.kind.signal,))
        # One change after the other, because the next one builds on what the last one expects.
        self._changing = asyncio.Lock()
        # The context of an action that has not begun yet.
        self._action_context: Context | None = None
        self._noted_reading: Reading[ScheduleLines] | None = None
        # Ids of new schedules that the vehicle may have or not, by the rest of their line.
        self._doubtful: dict[tuple[Any, ...], int] = {}

    @property
    @override
    def available(self) -> bool:
        return super().available and self.readings[self.entity_description.kind.signal] is not None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._doubtful = _doubtful_in(stored.as_dict().get("doubtful"))
        # A reading that confirms what was expected changes no value, but the notes of the events.
        self.async_on_remove(self.coordinator.async_after_poll(self._async_show_confirmation))

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        return _StoredDoubt([[number, *rest] for rest, number in self._doubtful.items()])

    @callback
    def _async_show_confirmation(self) -> None:
        if self._reading is not self._noted_reading:
            self.async_write_ha_state()

    @callback
    @override
    def _async_write_ha_state(self) -> None:
        self._noted_reading = self._reading
        super()._async_write_ha_state()

    @property
    def _reading(self) -> Reading[ScheduleLines] | None:
        return self.readings.reading(self.entity_description.kind.signal)

    # --- Events ----------------------------------------------------------------------------------

    @property
    @override
    def event(self) -> CalendarEvent | None:
        now = dt_util.utcnow()
        # Home Assistant shows the current event before the next one.
        return next(map(self._event_of, self._occurrences(now, now + _AHEAD)), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        self._action_context = None
        return [
            self._event_of(each)
            for each in self._occurrences(*listable(start_date, end_date))
            if each.start < end_date and each.end > start_date
        ]

    @property
    def _schedules(self) -> list[Schedule]:
        return schedules_in(self.readings[self.entity_description.kind.signal])

    def _occurrences(self, start: datetime, end: datetime) -> list[Occurrence]:
        reading = self._reading
        if reading is None:
            return []
        zone = dt_util.get_default_time_zone()
        return occurrences(self._schedules, start, end, zone, reading.time)

    def _event_of(self, occurrence: Occurrence) -> CalendarEvent:
        schedule = occurrence.schedule
        place = None if schedule.position is None else async_place_of(self.hass, schedule.position)
        return CalendarEvent(
            start=occurrence.start,
            end=occurrence.end,
            summary=schedule.name or self.entity_description.title,
            description="\n".join(self._notes(schedule, place)),
            location=place,
            uid=str(schedule.schedule_id),
            rrule=recurrence_of(schedule),
        )

    def _notes(self, schedule: Schedule, place: str | None) -> list[str]:
        """Notes on everything that the other parts of an event cannot say."""
        notes = []
        if schedule.ready_minutes is not None:
            notes.append("The car is ready at the end of this event.")
        elif schedule.end_minutes is None:
            notes.append("Only the start is scheduled.")
        elif schedule.start_minutes is None:
            notes.append("Only the end is scheduled.")
        if place not in (None, HOME):
            notes.append(f"Applies only at this place, not at home: {place}.")
        reading = self._reading
        if reading is not None and reading.source is Source.ASSUMED:
            notes.append("Sent to the car, which has not confirmed it yet.")
        elif reading is not None:
            notes.append(f"As the car reported on {dt_util.as_local(reading.time):%Y-%m-%d %H:%M}.")
        return notes

    # --- Changes ---------------------------------------------------------------------------------

    @override
    async def async_create_event(self, **kwargs: Any) -> None:
        context = self._caller()
        new = self._read(kwargs, Schedule.empty())
        async with self._changing:
            known = self._known()
            key = new.to_line()[1:]
            is_doubtful = key in self._doubtful
            if (equal := _equal_in(known.values(), new)) is not None:
                # It may be one of an unknown outcome before a crash. Two would never differ.
                await self._async_save(equal, context)
                return
            if not is_doubtful:
                self._require_room(len(known))
                self._doubtful[key] = async_new_schedule_id(self.hass, dt_util.utcnow(), known)
            try:
                await self._async_save(replace(new, schedule_id=self._doubtful[key]), context)
            except HomeAssistantError as error:
                if isinstance(error.__cause__, OutcomeUnknown):
                    raise _failure(translation_key="schedule_event_unknown") from error
                if not is_doubtful:
                    self._doubtful.pop(key)
                raise
            self._doubtful.pop(key)

    @override
    async def async_update_event(
        self,
        uid: str,
        event: dict[str, Any],
        recurrence_id: str | None = None,
        recurrence_range: str | None = None,
    ) -> None:
        context = self._caller()
        _require_all(recurrence_id, recurrence_range)
        async with self._changing:
            before = self._known().get(uid)
            if before is None:
                raise _failure(translation_key="schedule_gone")
            await self._async_save(self._read(event, before), context)

    @override
    async def async_delete_event(
        self,
        uid: str,
        recurrence_id: str | None = None,
        recurrence_range: str | None = None,
    ) -> None:
        context = self._caller()
        _require_all(recurrence_id, recurrence_range)
        async with self._changing:
            # A schedule that is gone already needs no command.
            if (schedule := self._known().get(uid)) is not None:
                kind = self.entity_description.kind
                await self._async_change(
                    kind.remove_command(schedule.schedule_id, self.readings), context
                )

    @callback
    @override
    def async_set_context(self, context: Context) -> None:
        super().async_set_context(context)
        self._action_context = context

    def _caller(self) -> Context | None:
        """The context of a change. Home Assistant passes none with a change in the calendar's card.

        An action sets it right before; all actions of one run of an automation have the same.
        """
        context, self._action_context = self._action_context, None
        if context is None and (connection := current_connection.get()) is not None:
            context = Context(user_id=connection.user.id)
            super().async_set_context(context)
        return context

    def _known(self) -> dict[str, Schedule]:
        """The schedules by the id of their event. Raises HomeAssistantError if they are unknown."""
        if not self.available:
            raise _failure(translation_key="schedules_unknown", name=self.coordinator.device_name)
        return {str(each.schedule_id): each for each in self._schedules}

    def _require_room(self, count: int) -> None:
        maximum = self.readings[self.entity_description.kind.maximum]
        if maximum is not None and count >= maximum:
            raise _failure(translation_key="schedules_full", maximum=str(maximum))

    def _read(self, event: Event, before: Schedule) -> Schedule:
        """The schedule of an event. Raises ServiceValidationError if a vehicle cannot have it."""
        row = self.entity_description
        schedule = row.read(event, before, dt_util.utcnow())
        name = "" if schedule.name == row.title else schedule.name
        return replace(schedule, name=name, position=self._place(event, before.position))

    def _place(self, event: Event, before: Position | None) -> Position:
        """Where a schedule applies: at home, unless its event or the schedule so far says more."""
        text = (event.get(EVENT_LOCATION) or "").strip()
        if before is not None and text in ("", async_place_of(self.hass, before)):
            return before
        if not text:
            return async_home(self.hass)
        is_vehicle = text.casefold() in (_VEHICLE, self.coordinator.device_name.casefold())
        place = async_find_place(self.hass, text)
        if place is None and is_vehicle:
            place = self.readings[signals.LOCATION]
        if place is None:
            raise _failure(translation_key="schedule_place_unknown", place=text)
        return place

    async def _async_save(self, schedule: Schedule, context: Context | None) -> None:
        position = schedule.position or async_home(self.hass)
        kind = self.entity_description.kind
        await self._async_change(kind.save_command(schedule, position, self.readings), context)

    async def _async_change(self, command: Command, context: Context | None) -> None:
        await self.coordinator.async_send(command, context)


def _doubtful_in(stored: object) -> dict[tuple[Any, ...], int]:
    """The ids of stored lines by the rest; those that are damaged are left out."""
    lines = stored if isinstance(stored, list) else []
    return {
        tuple(line[1:]): number
        for line in lines
        if isinstance(line, list)
        and line
        and (number := as_whole(line[0])) is not None
        and not any(isinstance(each, list | dict) for each in line)
    }


def _equal_in(known: Iterable[Schedule], new: Schedule) -> Schedule | None:
    """The schedule of the vehicle that does what a new one would; None if there is none."""
    line = new.to_line()[1:]
    return next((each for each in known if each.to_line()[1:] == line), None)


def _require_all(recurrence_id: str | None, recurrence_range: str | None) -> None:
    """Refuse to change single events of a schedule, because the car repeats it every week."""
    if recurrence_id or recurrence_range:
        raise _failure(translation_key="schedule_single_event")


def _failure(translation_key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders=placeholders,
    )

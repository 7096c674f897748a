"""Departures: local days over both changes of the clocks, and a calendar that may fail."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, override
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flotte.charging.departures import (
    CALENDAR_INTERVAL,
    CalendarEntry,
    Departures,
    entries_naming,
    next_departure,
)
from custom_components.flotte.charging.settings import ChargingSettings, ReadyOn
from custom_components.flotte.const import CONF_READY_CALENDAR, CONF_READY_DAYS, DOMAIN

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
"""The clocks go from 2 to 3 on 2026-03-29, and from 3 to 2 on 2026-10-25, both Sundays."""


def settings(ready_on: ReadyOn, ready_by: time = time(7, 0)) -> ChargingSettings:
    return ChargingSettings(ready_on=ready_on, ready_by=ready_by)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "ready_on", "ready_by", "expected"),
    [
        # 2026-10-20 is a Tuesday, in summer time: UTC+2.
        ("2026-10-20T10:00", ReadyOn.NEVER, time(7), None),
        ("2026-10-20T10:00", ReadyOn.EVERY_DAY, time(7), "2026-10-21T05:00"),
        ("2026-10-20T04:59", ReadyOn.EVERY_DAY, time(7), "2026-10-20T05:00"),
        ("2026-10-20T05:00", ReadyOn.EVERY_DAY, time(7), "2026-10-21T05:00"),
        ("2026-10-23T10:00", ReadyOn.WEEKDAYS, time(7), "2026-10-26T06:00"),
        ("2026-10-20T10:00", ReadyOn.WEEKENDS, time(7), "2026-10-24T05:00"),
        ("2026-10-20T10:00", ReadyOn.CHOSEN_DAYS, time(7), "2026-10-27T06:00"),
        ("2026-10-20T04:00", ReadyOn.CHOSEN_DAYS, time(7), "2026-10-20T05:00"),
        # Just after local midnight it is still yesterday in UTC.
        ("2026-10-19T22:30", ReadyOn.CHOSEN_DAYS, time(7), "2026-10-20T05:00"),
        ("2026-10-24T20:00", ReadyOn.EVERY_DAY, time(7), "2026-10-25T06:00"),
        # 02:30 comes twice, at 00:30 and at 01:30 UTC, and is departed at once.
        ("2026-10-24T20:00", ReadyOn.EVERY_DAY, time(2, 30), "2026-10-25T00:30"),
        ("2026-10-25T00:30", ReadyOn.EVERY_DAY, time(2, 30), "2026-10-26T01:30"),
        # 02:30 is skipped; 01:30 local time is not too late.
        ("2026-03-28T20:00", ReadyOn.EVERY_DAY, time(2, 30), "2026-03-29T00:30"),
        ("2026-03-29T00:30", ReadyOn.EVERY_DAY, time(2, 30), "2026-03-30T00:30"),
        ("2026-03-28T20:00", ReadyOn.EVERY_DAY, time(3, 0), "2026-03-29T01:00"),
    ],
)
def test_next_departure(now: str, ready_on: ReadyOn, ready_by: time, expected: str | None) -> None:
    departure = next_departure(
        utc(now), settings(ready_on, ready_by), AMSTERDAM, chosen_days=["tue"]
    )
    assert departure == (None if expected is None else utc(expected))
    assert departure is None or departure.tzinfo is UTC


def test_no_chosen_day_is_no_departure() -> None:
    now = utc("2026-10-20T10:00")
    assert next_departure(now, settings(ReadyOn.CHOSEN_DAYS), AMSTERDAM) is None


def test_the_next_event_is_the_departure() -> None:
    """An event that began is over as a departure; an all-day one means the usual time."""
    now = utc("2026-10-20T10:00")
    begun = CalendarEntry(utc("2026-10-20T09:00"), "Meeting")
    later = CalendarEntry(datetime(2026, 10, 20, 18, 0, tzinfo=AMSTERDAM), "Concert")
    today = CalendarEntry(date(2026, 10, 20), "Trip")
    tomorrow = CalendarEntry(date(2026, 10, 21), "Trip")

    def departure(*entries: CalendarEntry) -> datetime | None:
        return next_departure(now, settings(ReadyOn.CALENDAR), AMSTERDAM, entries=entries)

    assert departure(begun) is None
    assert departure(begun, tomorrow, later) == utc("2026-10-20T16:00")
    assert departure(today) is None
    assert departure(today, tomorrow) == utc("2026-10-21T05:00")


def test_events_name_a_vehicle() -> None:
    entries = [CalendarEntry(date(2026, 10, 21), title) for title in ("STRASSE aurora!", "Comet")]
    assert entries_naming(entries, ["Aurora"]) == (entries[0],)
    assert entries_naming(entries, ["straße"]) == (entries[0],)
    assert entries_naming(entries, [" ", "comet "]) == (entries[1],)
    assert entries_naming(entries, [""]) == ()


CALENDAR: Final = "calendar.family"
NOW: Final = utc("2026-10-20T10:00")


class FamilyCalendar(CalendarEntity):
    """A calendar with an event of Aurora at 16:00 UTC, unless it fails."""

    entity_id = CALENDAR
    _attr_should_poll = False
    _attr_event = None

    def __init__(self) -> None:
        self.reads = 0
        self.error: Exception | None = None
        self.begin = utc("2026-10-20T16:00")

    @property
    @override
    def event(self) -> CalendarEvent:
        return CalendarEvent(self.begin, self.begin + timedelta(hours=1), "aurora to the sea")

    @override
    async def async_get_events(self, *_arguments: Any) -> list[CalendarEvent]:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return [self.event]


@pytest.fixture
async def calendar(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[FamilyCalendar]:
    freezer.move_to(NOW)
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    assert await async_setup_component(hass, "calendar", {})
    calendar = FamilyCalendar()
    await hass.data[DATA_COMPONENT].async_add_entities([calendar])
    yield calendar
    if hass.states.get(CALENDAR) is not None:
        await calendar.async_remove()


@pytest.fixture
def departures(hass: HomeAssistant, calendar: FamilyCalendar) -> Departures:
    options = {CONF_READY_CALENDAR: CALENDAR, CONF_READY_DAYS: ["wed"]}
    entry = MockConfigEntry(domain=DOMAIN, options=options)
    entry.add_to_hass(hass)
    return Departures(hass, entry)


def departure_of(departures: Departures, name: str, *, is_only: bool = False) -> datetime | None:
    return departures.next_departure(NOW, settings(ReadyOn.CALENDAR), [name], is_only=is_only)


async def test_the_calendar_is_read_only_while_it_is_needed(
    hass: HomeAssistant,
    calendar: FamilyCalendar,
    departures: Departures,
    freezer: FrozenDateTimeFactory,
) -> None:
    changes: list[None] = []
    calendar.async_write_ha_state()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (calendar.reads, departure_of(departures, "Aurora")) == (0, None)
    chosen = departures.next_departure(NOW, settings(ReadyOn.CHOSEN_DAYS), [], is_only=False)
    assert chosen == utc("2026-10-21T05:00")

    stop = departures.async_add_listener(lambda: changes.append(None))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (calendar.reads, len(changes)) == (1, 1)
    assert departure_of(departures, "Aurora") == utc("2026-10-20T16:00")
    assert departure_of(departures, "Comet") is None
    assert departure_of(departures, "Comet", is_only=True) == utc("2026-10-20T16:00")

    # A changed event is read at once; the debouncer of Home Assistant waits 10 seconds.
    freezer.tick(11)
    async_fire_time_changed(hass)
    calendar.begin = utc("2026-10-20T17:00")
    calendar.async_write_ha_state()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert departure_of(departures, "Aurora") == utc("2026-10-20T17:00")
    assert len(changes) == 2

    stop()
    reads = calendar.reads
    freezer.tick(CALENDAR_INTERVAL * 2)
    async_fire_time_changed(hass)
    calendar.begin = utc("2026-10-20T18:00")
    calendar.async_write_ha_state()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert calendar.reads == reads


async def test_the_last_known_events_count_while_the_calendar_fails(
    hass: HomeAssistant,
    calendar: FamilyCalendar,
    departures: Departures,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = departures.async_add_listener(lambda: None)
    await hass.async_block_till_done(wait_background_tasks=True)

    for error in (HomeAssistantError("no internet"), KeyError("items"), TimeoutError()):
        calendar.error = error
        freezer.tick(CALENDAR_INTERVAL + timedelta(seconds=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert departure_of(departures, "Aurora") == utc("2026-10-20T16:00")
    assert calendar.reads == 4
    errors = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert errors == ["Error fetching departure calendar data: calendar.family: no internet"]
    stop()


async def test_a_calendar_that_is_gone_sets_no_departure(
    hass: HomeAssistant,
    calendar: FamilyCalendar,
    departures: Departures,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = departures.async_add_listener(lambda: None)
    await hass.async_block_till_done(wait_background_tasks=True)

    await calendar.async_remove()
    await departures.async_refresh()
    await departures.async_refresh()

    assert departure_of(departures, "Aurora") is None
    assert caplog.text.count("calendar.family does not exist") == 1
    stop()


async def test_another_calendar_in_the_options(
    hass: HomeAssistant,
    calendar: FamilyCalendar,
    departures: Departures,
    freezer: FrozenDateTimeFactory,
) -> None:
    stop = departures.async_add_listener(lambda: None)
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = departures.config_entry
    assert entry is not None

    departures.async_apply_options()
    freezer.tick(11)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert calendar.reads == 1, "the same calendar is not read again"

    hass.config_entries.async_update_entry(entry, options={})
    departures.async_apply_options()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert departure_of(departures, "Aurora") is None
    stop()

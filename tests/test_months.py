"""Months, years, clocks that are set, and nights of an hour more or less.

Money is counted by the month in UTC, as Tesla does; quiet hours are in the owner's time zone.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)

from custom_components.flotte.spending.account_ledger import AccountLedger, async_get_ledger
from custom_components.flotte.tesla.commands import flash_lights, unlock_doors
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import KEEP_MONTHS, LedgerKey, Month
from custom_components.flotte.tesla.spending.modes import SpendingMode
from custom_components.flotte.tesla.spending.tariff import COMMAND, WAKE, Category
from custom_components.flotte.tesla.vehicle import waits
from simulator import Simulator
from simulator.bill import Category as Billed
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_S,
    MODEL_Y,
    EntryMaker,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

PRICED = (Category.DATA, Category.COMMAND, Category.WAKE)
COST = "sensor.tesla_account_cost_this_month"
PERSON = Caller(CallerKind.PERSON)
KEY = "flotte.ledger.bae3d50687a0"


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR, Platform.SENSOR]
    )


@pytest.fixture
def aurora(tesla: Simulator) -> Car:
    """The only car that ever wakes."""
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    return tesla.world.cars[MODEL_Y]


@pytest.fixture
def person(hass_admin_user: MockUser) -> Callable[[], Context]:
    """A person at a screen."""
    return lambda: Context(user_id=hass_admin_user.id)


def spent(ledger: AccountLedger, month: date) -> dict[str, int]:
    """The priced part of a ledger's month."""
    counts = ledger.meter.ledger.month(Month.of(month))
    return {str(each): counts[each] for each in PRICED}


def billed(tesla: Simulator, month: date) -> dict[str, int]:
    """The counts on Tesla's bill."""
    counts = tesla.bill.counts(client_id=CLIENT_ID, month=month)
    return {str(each): counts[Billed(str(each))] for each in PRICED}


def rows(ledger: AccountLedger, month: date) -> dict[str, int]:
    """All lines of a month, as text."""
    return {repr(row): count for row, count in ledger.meter.ledger.rows(Month.of(month))}


# --- Months and years -----------------------------------------------------------------------------

TURNS = [
    pytest.param(datetime(2026, 10, 31, 23, 59, 55, tzinfo=UTC), id="month"),
    pytest.param(datetime(2026, 12, 31, 23, 59, 55, tzinfo=UTC), id="year"),
    pytest.param(datetime(2028, 2, 29, 23, 59, 55, tzinfo=UTC), id="leap_day"),
]


@pytest.mark.parametrize("begin", TURNS)
async def test_a_command_under_way_when_the_month_ends(
    hass: HomeAssistant,
    aurora: Car,
    make_entry: EntryMaker,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    wait: Wait,
    person: Callable[[], Context],
    begin: datetime,
) -> None:
    """The wake is on the old month's bill, the command on the new one's, as Tesla does it."""
    freezer.move_to(begin - timedelta(minutes=5))
    await register_key(hass, tesla)
    entry = make_entry()
    await set_up(hass, entry)
    freezer.move_to(begin)
    await vehicle_of(entry, MODEL_Y).async_send(flash_lights(), person())
    old, new = begin.date(), (begin + timedelta(days=1)).date()
    assert dt_util.utcnow().date() == new, "else nothing was tested"
    ledger = entry.runtime_data.ledger
    assert spent(ledger, old) == billed(tesla, old)
    assert spent(ledger, new) == billed(tesla, new)
    assert (spent(ledger, old)["wake"], spent(ledger, new)["wake"]) == (1, 0)
    assert (spent(ledger, old)["command"], spent(ledger, new)["command"] > 0) == (0, True)
    assert [each.name for each in aurora.executions] == ["flash_lights"]

    # What was kept for it is free again, in both months.
    for moment in (begin, dt_util.utcnow()):
        committed = ledger.meter.committed(moment)
        assert committed == ledger.meter.ledger.month(Month.of(moment))
    closed = rows(ledger, old)
    await wait(10 * MINUTE)
    await vehicle_of(entry, MODEL_Y).async_send(unlock_doors(), person())
    assert rows(ledger, old) == closed
    assert spent(ledger, new) == billed(tesla, new)


async def test_the_new_month_has_its_own_room(
    hass: HomeAssistant,
    aurora: Car,
    make_entry: EntryMaker,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    wait: Wait,
    person: Callable[[], Context],
) -> None:
    """At midnight, not an hour later: what the spent budget stopped goes on, and is shown."""
    freezer.move_to("2026-10-31T23:40:00+00:00")
    await register_key(hass, tesla)
    entry = make_entry(options={"monthly_limit": 0.0225})
    await set_up(hass, entry)
    ledger = entry.runtime_data.ledger
    await vehicle_of(entry, MODEL_Y).async_send(flash_lights(), person())
    aurora.steer({"state": "asleep"})
    await wait(16 * MINUTE)
    assert float(state_of(hass, COST).state) == 0.02
    ledger.async_review(dt_util.utcnow())
    modes = [ledger.gate.mode_status.mode]
    with pytest.raises(HomeAssistantError) as refusal:
        await vehicle_of(entry, MODEL_Y).async_send(flash_lights(), person())
    assert refusal.value.translation_key == "budget_exceeded"
    before = billed(tesla, date(2026, 10, 31))
    freezer.move_to("2026-11-01T00:00:00.600000+00:00")
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert float(state_of(hass, COST).state) == 0
    # The pace of the last days still is too high for this little budget.
    modes.append(ledger.gate.mode_status.mode)
    assert modes == [SpendingMode.FRUGAL, SpendingMode.THRIFTY]
    assert ledger.gate.mode_status.placeholders["spent"] == "0.00"
    await vehicle_of(entry, MODEL_Y).async_send(flash_lights(), person())
    assert billed(tesla, date(2026, 10, 31)) == before
    assert spent(ledger, date(2026, 11, 1)) == billed(tesla, date(2026, 11, 1))


async def test_two_years_are_stored(
    hass: HomeAssistant,
    aurora: Car,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    """24 months beside the running one; the next is dropped, at the start and in passing."""
    lines = [
        [f"{year}-{month:02}-15", "energy", "1", "person", 1]
        for year in (2024, 2025, 2026)
        for month in range(1, 13)
        if (year, month) < (2026, 10)
    ]
    data = {"ledger": {"counts": lines, "unanswered": lines, "saved": []}, "suspended": None}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": data}
    ledger = await async_get_ledger(hass, CLIENT_ID)

    def months() -> list[tuple[int, int]]:
        kept = ledger.meter.ledger
        assert {row.day for row in kept.unanswered} <= {row.day for row, _ in kept.rows()}
        return sorted({(row.day.year, row.day.month) for row, _ in kept.rows()})

    assert KEEP_MONTHS == 24
    assert len(months()) == 24
    assert months()[0] == (2024, 10)
    # By what was counted: a clock that is ahead must not delete anything.
    ledger.meter.ledger.book(LedgerKey(date(2026, 10, 20), Category.ENERGY, "1", "person"), 1)
    freezer.move_to("2026-11-01T00:00:00.600000+00:00")
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert months()[0] == (2024, 11)
    assert len(months()) == 24
    # What the simulator did not see is not compared with its bill.
    ledger.meter.ledger.counts.clear()


async def test_a_hold_of_the_old_month_is_no_room_in_the_new_one(
    hass: HomeAssistant, entry: MockConfigEntry, aurora: Car, freezer: FrozenDateTimeFactory
) -> None:
    """A total reserved in October is not spent in November, where another request holds it."""
    await set_up(hass, entry)
    meter = entry.runtime_data.ledger.meter
    meter.budget = Decimal("0.021")
    freezer.move_to("2026-10-31T23:59:59+00:00")
    with meter.hold((WAKE, COMMAND), PERSON, MODEL_Y, dt_util.utcnow()):
        assert meter.left(dt_util.utcnow()) == Decimal("0.021")
        freezer.move_to("2026-11-01T00:00:01+00:00")
        now = dt_util.utcnow()
        assert not meter.is_wake_held(MODEL_Y, now)
        assert not meter.holds(WAKE, PERSON, MODEL_Y, now)
        with meter.hold((WAKE, COMMAND), PERSON, MODEL_S, now):
            assert meter.committed(now)[Category.WAKE] == 1


# --- Clocks that are set --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(["2026-09-28T10:00:00", "2026-10-20T10:20:00"], id="back_and_right"),
        pytest.param(["2027-03-01T00:00:30", "2026-10-20T10:20:00"], id="forward_and_right"),
        pytest.param(["1970-01-02T00:00:00", "2026-10-20T10:20:00"], id="no_battery"),
        pytest.param(["2026-10-20T09:00:00", "2026-10-20T08:00:00"], id="hour_by_hour"),
    ],
)
async def test_the_host_s_clock_is_set(
    hass: HomeAssistant,
    aurora: Car,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    wait: Wait,
    person: Callable[[], Context],
    moments: list[str],
) -> None:
    """Commands go on, each is booked once, and in the month that it seemed to be.

    On a car without signatures: those depend on the machine's monotonic clock, which is never set,
    but which a frozen time moves.
    """
    old_faithful = tesla.world.cars[MODEL_S]
    await set_up(hass, entry)
    ledger = entry.runtime_data.ledger
    for sent, moment in enumerate([None, *moments], 1):
        if moment is not None:
            set_host_clock(tesla, freezer, moment)
        async_fire_time_changed(hass)
        # What that set off is not to be overtaken by the next step of the clock.
        await hass.async_block_till_done(wait_background_tasks=True)
        here = Month.of(dt_util.utcnow())
        before = dict(ledger.meter.ledger.month(here))
        await vehicle_of(entry, MODEL_S).async_send(flash_lights(), person())
        assert ledger.meter.ledger.month(here)[Category.COMMAND] > before[Category.COMMAND]
        await wait(3 * MINUTE)
        assert [each.name for each in old_faithful.executions] == ["flash_lights"] * sent
        assert booked(ledger) == billed(tesla, date(2026, 10, 20))
    assert len({Month.of(row.day) for row, _ in ledger.meter.ledger.rows()}) == len(
        {moment[:7] for moment in moments}
    )


def set_host_clock(tesla: Simulator, freezer: FrozenDateTimeFactory, moment: str) -> None:
    """Set only the clock of Home Assistant's machine: neither the cars' nor Tesla's."""
    now = tesla.clock.now()
    freezer.move_to(moment + "+00:00")
    tesla.clock._offset += now - tesla.clock.now()


def booked(ledger: AccountLedger) -> dict[str, int]:
    """The priced part of all months of a ledger together."""
    counts: Counter[Category] = Counter()
    for row, count in ledger.meter.ledger.rows():
        counts[row.category] += count
    return {str(each): counts[each] for each in PRICED}


async def test_a_clock_that_is_set_while_a_car_wakes(
    hass: HomeAssistant,
    aurora: Car,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    person: Callable[[], Context],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Back by a day: the wake is paid for once, and what was promised is kept where it was."""
    await set_up(hass, entry)
    ledger = entry.runtime_data.ledger
    moved: list[datetime] = []
    pass_time = waits.pause

    async def pause(seconds: float) -> None:
        if not moved:
            moved.append(dt_util.utcnow() - timedelta(days=1))
            freezer.move_to(moved[0])
            aurora.steer({"state": "online"})
        await pass_time(seconds)

    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.waits.pause", pause)
    await vehicle_of(entry, MODEL_Y).async_send(flash_lights(), person())
    assert moved
    assert aurora.wakes <= 1
    assert spent(ledger, date(2026, 10, 20))["wake"] == 1
    assert spent(ledger, date(2026, 10, 20)) == billed(tesla, date(2026, 10, 20))
    now = dt_util.utcnow()
    assert ledger.meter.committed(now) == ledger.meter.ledger.month(Month.of(now))


# --- Nights of an hour more or less ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "over"),
    [
        pytest.param("Europe/Amsterdam", "2026-10-24T04:00:00", id="summer"),
        pytest.param("Europe/Amsterdam", "2026-10-25T05:00:00", id="back"),
        pytest.param("Europe/Amsterdam", "2027-03-28T04:00:00", id="forward"),
        pytest.param("Europe/Amsterdam", "2027-03-27T05:00:00", id="winter"),
        pytest.param("America/New_York", "2026-11-01T11:00:00", id="back_there"),
        pytest.param("Asia/Kolkata", "2026-10-25T00:30:00", id="half_an_hour"),
    ],
)
async def test_quiet_hours_are_the_owner_s(
    hass: HomeAssistant,
    aurora: Car,
    make_entry: EntryMaker,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    zone: str,
    over: str,
) -> None:
    """They end at six by the clock on the wall, whatever became of the hour at night."""
    end = datetime.fromisoformat(over).replace(tzinfo=UTC)
    freezer.move_to(end - timedelta(hours=3))
    await register_key(hass, tesla)
    entry = make_entry(options={"quiet_begin": "22:00:00", "quiet_end": "06:00:00"})
    await set_up(hass, entry)
    # The owner's zone is known to Home Assistant only now.
    await hass.config.async_set_time_zone(zone)
    hass.bus.async_fire("core_config_updated", {"time_zone": zone})
    await hass.async_block_till_done()
    for moment in (end - timedelta(hours=3), end - MINUTE):
        freezer.move_to(moment)
        with pytest.raises(HomeAssistantError) as refusal:
            await vehicle_of(entry, MODEL_Y).async_send(unlock_doors(), Context())
        assert refusal.value.translation_key == "gate_quiet"
        placeholders = refusal.value.translation_placeholders or {}
        assert placeholders["until"].endswith(" 06:00")
    assert aurora.wakes == 0
    freezer.move_to(end)
    await vehicle_of(entry, MODEL_Y).async_send(unlock_doors(), Context())
    assert aurora.wakes == 1


async def test_wakes_are_counted_by_the_day_in_utc_over_a_long_night(
    hass: HomeAssistant,
    aurora: Car,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The ledger's day begins at midnight in UTC, also where a local day has 25 hours."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    freezer.move_to("2026-10-24T23:00:00+00:00")
    await set_up(hass, entry)
    coordinator = vehicle_of(entry, MODEL_Y)

    async def wakes() -> bool:
        aurora.steer({"state": "asleep"})
        freezer.tick(timedelta(minutes=5))
        await coordinator.async_refresh()
        before = aurora.wakes
        with suppress(HomeAssistantError):
            await coordinator.async_send(unlock_doors(), Context())
        return aurora.wakes > before

    # One o'clock in the morning there, of a day that has begun an hour ago.
    assert [await wakes() for _ in range(3)] == [True, True, False]
    freezer.move_to("2026-10-25T00:00:01+00:00")
    assert [await wakes() for _ in range(3)] == [True, True, False]
    freezer.move_to("2026-10-25T23:30:00+00:00")
    assert not await wakes(), "the local day is over, the other one is not"

"""A site's energy: read from its history in step with Tesla, summed, and counted for ever."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.errors import BudgetExceeded, GateRefused, TeslaError
from custom_components.flotte.tesla.site import Site
from custom_components.flotte.tesla.spending.tariff import EURO, Category, Tariff
from custom_components.flotte.tesla.state import Signal
from custom_components.flotte.tesla.vehicle.poll_plan import HISTORY_INTERVAL, history_due
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.energy import Site as SimulatedSite
from simulator.energy.histories import rows as true_rows
from tests.tesla.account import SITE, Account

ZONE = ZoneInfo("Europe/Amsterdam")
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
SHOWN: frozenset[Signal[Any]] = frozenset({signals.GRID_ENERGY_IMPORTED})
IMPORT, HOME = signals.LIFETIME_GRID_IMPORT, signals.LIFETIME_HOME
AS_DATA = Tariff("EUR", {**EURO.prices, Category.ENERGY: Decimal("0.002")}, EURO.discount)


@pytest.fixture
def house(tesla: Simulator) -> SimulatedSite:
    """The simulated house, which always buys 1200 W."""
    house = tesla.world.sites[SITE]
    house.steer({"solar_power": 0, "load_power": 1200, "percentage_charged": 20})
    return house


def site_of(account: Account) -> Site:
    site = Site(SITE, account.api, scopes=SCOPES)
    site.energy.zone = ZONE
    return site


@pytest.fixture
def site(account: Account) -> Site:
    """Our side of the house."""
    return site_of(account)


def restarted(site: Site, account: Account) -> Site:
    again = site_of(account)
    again.restore(json.loads(json.dumps(site.to_stored())))
    return again


type Asked = Callable[[], list[str]]


@pytest.fixture
def asked(account: Account) -> Asked:
    """Answers the local days whose history Tesla answered, in order, since the last call."""
    known = 0

    def since_the_last_call() -> list[str]:
        nonlocal known
        requests = account.tesla.requests[known:]
        known += len(requests)
        return [
            each.path.partition("start_date=")[2][:10]
            for each in requests
            if each.endpoint == "calendar_history" and each.status == HTTPStatus.OK
        ]

    return since_the_last_call


def used(house: SimulatedSite, start: datetime, end: datetime) -> float:
    """The true consumption of the house, in Wh."""
    return sum(
        energy.grid_to_home + energy.solar_to_home + energy.battery_to_home
        for _, energy in true_rows(house, start.timestamp(), end.timestamp())
    )


async def poll_until(site: Site, freezer: FrozenDateTimeFactory, end: datetime) -> None:
    """Poll every minute."""
    while datetime.now(UTC) < end:
        await site.poll(SHOWN)
        site.lapse()
        freezer.tick(MINUTE)


# --- When ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "now", "is_due"),
    [
        (None, "12:00:00", True),
        ("12:00:26", "12:04:59", False),
        ("12:00:26", "12:05:24", False),
        ("12:00:26", "12:05:25", True),
        ("12:04:59", "12:05:25", True),
        ("12:05:25", "12:10:24", False),
        ("12:05:25", "12:10:25", True),
        ("11:59:00", "12:00:24", False),
        ("11:55:24", "12:00:24", True),
        ("23:00:00", "12:00:00", True),
    ],
)
def test_once_for_each_row_soon_after_its_end(
    asked: str | None,
    now: str,
    is_due: bool,  # noqa: FBT001  # the expectation
) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(f"2026-03-10T{text}Z")

    before = None if asked is None else moment(asked)
    assert history_due(before, HISTORY_INTERVAL, 25 * SECOND, moment(now)) is is_due


@pytest.mark.parametrize(
    ("passed", "interval", "is_due"),
    [
        (5 * MINUTE, None, False),
        (44 * MINUTE, 45 * MINUTE, False),
        (50 * MINUTE, 45 * MINUTE, True),
    ],
)
def test_less_often_if_it_costs_something(
    passed: timedelta,
    interval: timedelta | None,
    is_due: bool,  # noqa: FBT001  # the expectation
) -> None:
    now = datetime(2026, 3, 10, 12, 3, tzinfo=UTC)
    assert history_due(now - passed, interval, 25 * SECOND, now) is is_due


async def test_it_is_requested_every_five_minutes(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    await poll_until(site, freezer, datetime(2026, 3, 10, 12, 30, tzinfo=UTC))
    # At once, and then after each of 12:00, 12:05, ... 12:25.
    assert asked() == ["2026-03-10"] * 7


@pytest.mark.parametrize("shown", [(), {signals.GRID_POWER}])
async def test_never_without_an_entity_that_shows_it(
    site: Site, account: Account, shown: Any
) -> None:
    await site.poll(shown)
    assert account.endpoints.count("calendar_history") == 0


# --- Today ---------------------------------------------------------------------------------------


async def test_the_sums_of_today(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(20 * HOUR)
    await site.poll(SHOWN)
    midnight = datetime(2026, 3, 11, 0, tzinfo=ZONE)
    now = datetime(2026, 3, 11, 8, tzinfo=UTC)
    truth = used(house, midnight, now)
    # Nine hours of 1200 W from grid and battery.
    assert truth == pytest.approx(10_800, abs=1)
    assert site.state[signals.TOTAL_HOME_USAGE] == pytest.approx(truth, abs=1)
    assert site.state[signals.TOTAL_SOLAR_GENERATION] == 0, "left out is zero"
    assert site.state[signals.DAY_BEGAN] == midnight.timestamp()


async def test_unknown_from_midnight_to_the_first_row(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    """Midnight in Amsterdam is 23:00 UTC."""
    freezer.move_to("2026-03-10T22:58:00Z")
    await site.poll(SHOWN)
    site.lapse()
    usage = site.state[signals.TOTAL_HOME_USAGE]
    assert usage is not None
    assert usage > 1000
    shown: dict[str, float | None] = {}
    for _ in range(16):
        freezer.tick(MINUTE)
        await site.poll(SHOWN)
        site.lapse()
        shown[f"{datetime.now(UTC):%H:%M}"] = site.state[signals.TOTAL_HOME_USAGE]
    assert shown["22:59"] == usage
    assert {time for time, value in shown.items() if value is None} == {
        f"23:{minute:02}" for minute in range(11)
    }
    assert shown["23:11"] == pytest.approx(200, abs=1), "ten minutes of 1200 W"
    assert site.state[signals.DAY_BEGAN] == datetime(2026, 3, 11, tzinfo=ZONE).timestamp()


async def test_yesterdays_sums_do_not_come_back_after_a_restart(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await site.poll(SHOWN)
    again = restarted(site, account)
    assert again.state[signals.TOTAL_HOME_USAGE] is not None
    again.lapse()
    assert again.state[signals.TOTAL_HOME_USAGE] is not None
    freezer.tick(DAY)
    again.lapse()
    assert again.state[signals.TOTAL_HOME_USAGE] is None
    assert again.state[signals.DAY_BEGAN] is None


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_failures_keep_the_values_and_spare_the_rest(
    site: Site,
    house: SimulatedSite,
    account: Account,
    freezer: FrozenDateTimeFactory,
    status: int,
) -> None:
    await site.poll(SHOWN)
    state = site.state
    account.tesla.faults.order("status", endpoint="calendar_history", status=status, count=None)
    freezer.tick(5 * MINUTE)
    await site.poll(SHOWN)
    assert site.sections["calendar_history"].failures == 1
    assert site.sections["live_status"].error is None
    assert site.state[signals.TOTAL_HOME_USAGE] == state[signals.TOTAL_HOME_USAGE]
    assert site.state[IMPORT] == state[IMPORT]


@pytest.mark.parametrize("rows", [[], None, [{"timestamp": "2026-03-10T00:00:00+01:00"}], "text"])
async def test_a_day_that_is_gone_is_a_failure(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, rows: object
) -> None:
    """Known sums do not become unknown during a day."""
    await site.poll(SHOWN)
    state = site.state
    account.tesla.faults.order(
        "status",
        endpoint="calendar_history",
        status=200,
        body={"response": {"time_series": rows}},
        count=None,
    )
    freezer.tick(5 * MINUTE)
    await site.poll(SHOWN)
    assert site.sections["calendar_history"].failures == 1
    assert site.state[signals.TOTAL_HOME_USAGE] == state[signals.TOTAL_HOME_USAGE]


# --- Counters ------------------------------------------------------------------------------------


async def test_counters_begin_at_zero(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    assert site.state[HOME] is None
    await site.poll(SHOWN)
    assert site.state[HOME] == 0
    freezer.tick(HOUR)
    await site.poll(SHOWN)
    assert site.state[HOME] == pytest.approx(1.2, abs=0.001), "kWh"


async def test_a_day_is_completed_after_midnight(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    freezer.move_to("2026-03-10T22:52:00Z")
    await site.poll(SHOWN)
    asked()
    freezer.move_to("2026-03-10T23:06:00Z")
    await site.poll(SHOWN)
    assert asked() == ["2026-03-11"]
    freezer.move_to("2026-03-10T23:11:00Z")
    await site.poll(SHOWN)
    assert asked() == ["2026-03-11", "2026-03-10"]
    # The rows from 22:50, 22:55, 23:00 and 23:05.
    assert site.state[HOME] == pytest.approx(0.4, abs=0.001)


async def test_the_days_of_a_gap_come_one_by_one(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    await site.poll(SHOWN)
    site = restarted(site, account)
    freezer.tick(4 * DAY)
    asked()
    days: list[list[str]] = []
    for _ in range(6):
        await site.poll(SHOWN)
        days.append(asked())
        freezer.tick(5 * MINUTE)
    assert days == [
        ["2026-03-14", "2026-03-10"],
        ["2026-03-14", "2026-03-11"],
        ["2026-03-14", "2026-03-12"],
        ["2026-03-14", "2026-03-13"],
        ["2026-03-14"],
        ["2026-03-14"],
    ]
    assert site.state[HOME] == pytest.approx(4 * 24 * 1.2 + 0.5, abs=0.001)


@pytest.mark.parametrize(
    "faults", [{}, {"standard_offset": True}, {"provisional_hours": 3}], ids=str
)
@pytest.mark.parametrize(
    "start", ["2026-03-27T18:03:00Z", "2026-10-23T18:03:00Z"], ids=["spring", "autumn"]
)
async def test_a_counter_is_the_sum_of_the_history(
    site: Site,
    house: SimulatedSite,
    account: Account,
    freezer: FrozenDateTimeFactory,
    start: str,
    faults: dict[str, Any],
) -> None:
    """Over both changes of the clocks, with restarts and a gap, to 1 Wh."""
    house.steer({"solar_power": None, "load_power": None, "history": faults})
    freezer.move_to(start)
    await site.poll(SHOWN)
    # Rows that are provisional at the start are corrected later: they are counted then.
    first = site.state[signals.TOTAL_HOME_USAGE] or 0.0
    midnight = datetime.fromisoformat(start).astimezone(ZONE).replace(hour=0, minute=0)
    last = 0.0
    for step in range(70):
        freezer.tick((HOUR, 17 * MINUTE, 5 * MINUTE, 3 * HOUR)[step % 4])
        if step % 9 == 5:
            site = restarted(site, account)
        if step not in range(40, 48):
            await site.poll(SHOWN)
            site.lapse()
        value = site.state[HOME]
        assert value is not None
        assert value >= last - 1e-6, "it never falls"
        last = value
    freezer.tick(36 * HOUR)
    for _ in range(10):
        await site.poll(SHOWN)
        freezer.tick(5 * MINUTE)
    house.steer({"history": {"provisional_hours": 0}})
    await site.poll(SHOWN)
    now = datetime.now(UTC)
    complete = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    truth = used(house, midnight, complete) - first
    assert site.state[HOME] == pytest.approx(truth / 1000, abs=0.001)


async def test_a_past_day_without_an_answer_is_given_up(
    site: Site,
    house: SimulatedSite,
    account: Account,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    asked: Asked,
) -> None:
    """Only while Tesla answers about today, because otherwise the day has no part in it."""
    await site.poll(SHOWN)
    freezer.tick(2 * DAY)
    ask = site.api.energy_history

    async def fail_for_the_past(number: int, start: datetime, *rest: Any) -> dict[str, Any]:
        if start.day == 10:
            raise TeslaError("no")
        return await ask(number, start, *rest)

    monkeypatch.setattr(site.api, "energy_history", fail_for_the_past)
    for _ in range(15):
        await site.poll(SHOWN)
        freezer.tick(5 * MINUTE)
    assert asked().count("2026-03-11") == 1
    # Half of the 10th is lost; what was read of it before was counted.
    assert site.state[HOME] == pytest.approx(24 * 1.2 + (13 + 70 / 60) * 1.2, abs=0.001)


# --- If it costs something -----------------------------------------------------------------------


async def test_at_the_pace_of_the_budget(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    """One day for each request: today and the past take turns."""
    account.meter.tariff = AS_DATA
    await site.poll(SHOWN)
    freezer.tick(3 * DAY)
    asked()
    days: list[str] = []
    for _ in range(6 * 60):
        await site.poll(SHOWN)
        freezer.tick(MINUTE)
    days = asked()
    # Every 3 h 43 min, as for live values, which are requested every 45 minutes instead of every 1.
    assert days == ["2026-03-10", "2026-03-13"]


async def test_never_above_the_budget(
    site: Site, house: SimulatedSite, account: Account, asked: Asked
) -> None:
    account.meter.tariff = AS_DATA
    account.meter.budget = Decimal("0.001")
    with pytest.raises((BudgetExceeded, GateRefused)):
        await site.poll(SHOWN)
    assert asked() == []
    assert site.sections["calendar_history"].failures == 0

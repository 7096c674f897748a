"""The outages of a site: when its backup history is requested, and what of it is new."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.energy.outages import Outage
from custom_components.flotte.tesla.errors import BudgetExceeded, GateRefused
from custom_components.flotte.tesla.site import Site
from custom_components.flotte.tesla.spending.tariff import EURO, Category, Tariff
from custom_components.flotte.tesla.state import Signal
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.energy import Site as SimulatedSite
from simulator.energy.past import Outage as SimulatedOutage
from tests.tesla.account import NOW, PERSON, SITE, Account

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
SHOWN: frozenset[Signal[Any]] = frozenset({signals.LAST_OUTAGE_BEGAN, signals.ISLAND_STATUS})
AS_DATA = Tariff("EUR", {**EURO.prices, Category.ENERGY: Decimal("0.002")}, EURO.discount)


@pytest.fixture
def house(tesla: Simulator) -> SimulatedSite:
    """The simulated house."""
    return tesla.world.sites[SITE]


def site_of(account: Account) -> Site:
    site = Site(SITE, account.api, scopes=SCOPES)
    site.energy.zone = ZoneInfo("Europe/Amsterdam")
    return site


@pytest.fixture
def site(account: Account) -> Site:
    """Our side of the house."""
    return site_of(account)


def restarted(site: Site, account: Account) -> Site:
    again = site_of(account)
    again.restore(json.loads(json.dumps(site.to_stored())))
    return again


def fired_by(site: Site) -> list[tuple[datetime, timedelta]]:
    """Start and duration of the outages of which the site notifies from now on."""
    fired: list[tuple[datetime, timedelta]] = []

    def note(outage: Outage) -> None:
        fired.append((outage.start, outage.duration))

    site.outages.on_outage.subscribe(note)
    return fired


type Asked = Callable[[], list[datetime]]


@pytest.fixture
def asked(account: Account) -> Asked:
    """Answers until when the backup history was requested, each time since the last call."""
    known = 0

    def since_the_last_call() -> list[datetime]:
        nonlocal known
        requests = account.tesla.requests[known:]
        known += len(requests)
        queries = [parse_qs(each.path.partition("?")[2]) for each in requests]
        return [
            datetime.fromisoformat(query["end_date"][0]).astimezone(UTC)
            for query in queries
            if query.get("kind") == ["backup"]
        ]

    return since_the_last_call


async def poll_for(
    site: Site,
    freezer: FrozenDateTimeFactory,
    duration: timedelta,
    shown: frozenset[Signal[Any]] = SHOWN,
) -> None:
    """Poll every five minutes: a site is polled every minute, but the test has to be quick."""
    end = datetime.now(UTC) + duration
    while datetime.now(UTC) < end:
        await site.poll(shown)
        freezer.tick(5 * MINUTE)


async def outage(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory, duration: timedelta
) -> datetime:
    """Have the house go through an outage; returns its start."""
    start = datetime.now(UTC)
    house.steer({"on_grid": False})
    await poll_for(site, freezer, duration)
    house.steer({"on_grid": True})
    return start


def add(house: SimulatedSite, ago: timedelta, duration: timedelta = MINUTE) -> None:
    """Have an outage of before in the history."""
    began_at = house.time - ago.total_seconds()
    house.past.outages.append(
        SimulatedOutage(began_at=began_at, ended_at=began_at + duration.total_seconds())
    )
    house.past.outages.sort(key=lambda each: each.began_at)


def shown_by(site: Site) -> tuple[object, ...]:
    state = site.state
    return (
        state[signals.LAST_OUTAGE],
        state[signals.LAST_OUTAGE_DURATION],
        state[signals.OUTAGES_IN_12_MONTHS],
    )


# --- When ----------------------------------------------------------------------------------------


async def test_it_is_requested_every_six_hours(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    await poll_for(site, freezer, DAY)
    assert asked() == [NOW + hours * HOUR for hours in (0, 6, 12, 18)]
    assert account.endpoints.count("calendar_history") == 4
    assert account.booked() == account.billed()


@pytest.mark.parametrize("shown", [(), {signals.ISLAND_STATUS}, {signals.GRID_ENERGY_IMPORTED}])
async def test_it_is_not_requested_if_nothing_shows_it(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory, asked: Asked, shown: Any
) -> None:
    await outage(site, house, freezer, 10 * MINUTE)
    asked()
    await poll_for(site, freezer, HOUR, frozenset(shown))
    assert asked() == []


async def test_it_is_requested_soon_after_an_outage(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    await poll_for(site, freezer, HOUR)
    began = await outage(site, house, freezer, 20 * MINUTE)
    back = datetime.now(UTC)
    fired = fired_by(site)
    await poll_for(site, freezer, HOUR)
    # The poll at `back` reads that the grid is back, and the next one notices it.
    assert asked() == [NOW, back + 10 * MINUTE]
    assert fired == [(began, 20 * MINUTE)]
    assert shown_by(site) == (began, 20, 1)


@pytest.mark.parametrize(
    ("status", "minutes"),
    [
        # Free for us, and Tesla may soon be back: after 15, 30, 60 and 120 minutes.
        (503, [0, 15, 45, 105, 225]),
        # An answer, which may cost something.
        (404, [0]),
        (403, [0]),
        (400, [0]),
    ],
)
async def test_failures(
    site: Site,
    account: Account,
    freezer: FrozenDateTimeFactory,
    asked: Asked,
    status: int,
    minutes: list[int],
) -> None:
    account.tesla.faults.order("status", endpoint="calendar_history", status=status, count=None)
    await poll_for(site, freezer, 5 * HOUR)
    assert asked() == [NOW + each * MINUTE for each in minutes]
    assert site.sections["backup_history"].failures == len(minutes)
    assert shown_by(site) == (None, None, None)
    account.tesla.faults.clear()
    await poll_for(site, freezer, 4 * HOUR)
    assert shown_by(site) == (None, None, 0)
    assert site.sections["backup_history"].error is None
    assert account.booked() == account.billed()


@pytest.mark.parametrize("answer", [None, [], {}, {"events": "none"}])
async def test_an_answer_without_outages_is_a_failure(
    site: Site, house: SimulatedSite, answer: object
) -> None:
    house.steer({"answers": {"instead": {"backup_history": answer}}})
    await site.poll(SHOWN)
    assert site.sections["backup_history"].failures == 1
    assert shown_by(site) == (None, None, None)


async def test_a_price(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory, asked: Asked
) -> None:
    """The interval grows with the price, and without a budget there are no requests."""
    account.meter.tariff, account.meter.budget = AS_DATA, Decimal(500)
    await poll_for(site, freezer, 13 * HOUR)
    assert len(asked()) == 3
    account.meter.budget = Decimal(0)
    with pytest.raises((BudgetExceeded, GateRefused)):
        await site.outages.refresh()
    await poll_for(site, freezer, 7 * HOUR)
    assert asked() == []
    assert account.booked() == account.billed()


async def test_each_page_costs_something(
    site: Site, house: SimulatedSite, account: Account, asked: Asked
) -> None:
    for hours in range(60):
        add(house, (hours + 1) * HOUR)
    account.meter.tariff = AS_DATA
    # One request fits in the budget; the newest page is shown, but how many there are is unknown.
    account.meter.budget = Decimal("0.002")
    with pytest.raises((BudgetExceeded, GateRefused)):
        await site.outages.refresh(caller=PERSON)
    assert len(asked()) == 1
    assert shown_by(site) == (NOW - HOUR, 1, None)
    account.meter.budget = Decimal(1)
    await site.outages.refresh(caller=PERSON)
    assert len(asked()) == 3
    assert shown_by(site) == (NOW - HOUR, 1, 60)
    assert account.booked() == account.billed()


# --- What is new ---------------------------------------------------------------------------------


async def test_outages_before_the_first_reading_are_not_new(
    site: Site, house: SimulatedSite
) -> None:
    """They are shown, and those of the last twelve months are counted."""
    add(house, 400 * DAY)
    add(house, 300 * DAY)
    add(house, 2 * DAY, 90 * SECOND)
    fired = fired_by(site)
    await site.outages.refresh()
    assert fired == []
    assert shown_by(site) == (NOW - 2 * DAY, 1.5, 2)


async def test_no_outage_is_new_twice(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """Neither in the next reading, nor after a restart; and none is lost in a restart."""
    await site.outages.refresh()
    add(house, 10 * MINUTE)
    fired = fired_by(site)
    for _ in range(2):
        await site.outages.refresh()
    assert fired == [(NOW - 10 * MINUTE, MINUTE)]
    freezer.tick(HOUR)
    house.advance()
    add(house, 10 * MINUTE)
    again = restarted(site, account)
    assert shown_by(again) == (NOW - 10 * MINUTE, 1, 1)
    fired = fired_by(again)
    for _ in range(2):
        await again.outages.refresh()
    assert fired == [(NOW + 50 * MINUTE, MINUTE)]


async def test_an_outage_that_goes_on(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    """Its length grows; it is new once it is over, with its whole length."""
    add(house, DAY)
    await poll_for(site, freezer, HOUR)
    fired = fired_by(site)
    began = await outage(site, house, freezer, 8 * HOUR)
    assert fired == []
    assert shown_by(site) == (NOW - DAY, 1, 1)
    await poll_for(site, freezer, 15 * MINUTE)
    assert fired == [(began, 8 * HOUR)]
    assert shown_by(site) == (began, 480, 2)


async def test_an_outage_that_begins_again_within_seconds(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    await poll_for(site, freezer, HOUR)
    fired = fired_by(site)
    first = await outage(site, house, freezer, 5 * MINUTE)
    freezer.tick(5 * SECOND)
    second = await outage(site, house, freezer, 10 * MINUTE)
    await poll_for(site, freezer, 15 * MINUTE)
    assert fired == [(first, 5 * MINUTE), (second, 10 * MINUTE)]
    assert shown_by(site) == (second, 10, 2)


async def test_an_outage_right_before_a_start_is_looked_for_again(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """Its end may be the time of the answer, so it may still go on."""
    await site.outages.refresh()
    house.steer({"on_grid": False})
    freezer.tick(10 * MINUTE)
    house.steer({"on_grid": True})
    freezer.tick(30 * SECOND)
    again = restarted(site, account)
    fired = fired_by(again)
    await poll_for(again, freezer, 10 * MINUTE)
    assert fired == [(NOW, 10 * MINUTE)]


async def test_an_empty_answer_for_once(site: Site, house: SimulatedSite) -> None:
    """The outages that were known are not new when they are back, and meanwhile not zero."""
    add(house, DAY)
    await site.outages.refresh()
    fired = fired_by(site)
    house.steer({"answers": {"instead": {"backup_history": {"events": []}}}})
    await site.outages.refresh()
    assert shown_by(site) == (NOW - DAY, 1, None)
    house.steer({"answers": {"instead": {}}})
    await site.outages.refresh()
    assert shown_by(site) == (NOW - DAY, 1, 1)
    assert fired == []


async def test_outages_that_the_first_answer_lacked_are_not_new(
    site: Site, house: SimulatedSite, account: Account
) -> None:
    add(house, 2 * DAY)
    house.steer({"answers": {"instead": {"backup_history": {"events": []}}}})
    await site.outages.refresh()
    house.steer({"answers": {"instead": {}}})
    again = restarted(site, account)
    fired = fired_by(again)
    await again.outages.refresh()
    assert fired == []
    assert shown_by(again) == (NOW - 2 * DAY, 1, 1)


async def test_pages_that_are_repeated(site: Site, house: SimulatedSite, asked: Asked) -> None:
    for hours in range(40):
        add(house, (hours + 1) * HOUR)
    house.steer({"history": {"repeats_page": True}})
    await site.outages.refresh()
    assert len(asked()) == 2
    assert shown_by(site) == (NOW - HOUR, 1, None)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"read_since": "x", "newest": None},
        {"read_since": 1.7e9, "newest": "x"},
        {"newest": 1.7e9},
    ],
)
async def test_after_a_damaged_file_nothing_is_new(
    site: Site, house: SimulatedSite, stored: object
) -> None:
    add(house, DAY)
    site.restore({"outages": stored})
    fired = fired_by(site)
    await site.outages.refresh()
    assert fired == []
    assert shown_by(site) == (NOW - DAY, 1, 1)

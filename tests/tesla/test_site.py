"""An energy site: what it tells, and how it is told."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import (
    BudgetExceeded,
    CommandRefused,
    InService,
    MissingScope,
    OutcomeUnknown,
    RateLimited,
    ServiceError,
    TeslaError,
    Unreachable,
)
from custom_components.flotte.tesla.meter import EURO, Category, Tariff
from custom_components.flotte.tesla.site import Site
from custom_components.flotte.tesla.state import Reading, Signal, Source, State
from custom_components.flotte.tesla.vehicle import Done
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.energy import Site as SimulatedSite
from tests.tesla.account import NOW, PERSON, SITE, Account
from tests.tesla.servers import closed_port

ENERGY = Category.ENERGY


@pytest.fixture
def site(account: Account) -> Site:
    """Our side of the house."""
    return Site(SITE, account.api, scopes=SCOPES)


@pytest.fixture
def house(tesla: Simulator) -> SimulatedSite:
    """The simulated house, at rest: nothing but what a test orders."""
    house = tesla.world.sites[SITE]
    house.steer({"solar_power": 3000, "load_power": 1200, "percentage_charged": 50})
    return house


def changes_of(site: Site) -> list[frozenset[Signal[Any]]]:
    told: list[frozenset[Signal[Any]]] = []
    site.subscribe(told.append)
    return told


async def test_the_balance_holds(site: Site, house: SimulatedSite, account: Account) -> None:
    await site.refresh()
    state = site.state
    solar, battery, grid, load = (
        state[signal]
        for signal in (
            signals.SOLAR_POWER,
            signals.BATTERY_POWER,
            signals.GRID_POWER,
            signals.LOAD_POWER,
        )
    )
    assert (solar, load) == (3000, 1200)
    assert battery is not None
    assert battery < 0, "the sun charges the battery"
    assert grid is not None
    assert 3000 + battery + grid == 1200
    assert state[signals.PERCENTAGE_CHARGED] == pytest.approx(50, abs=0.1)
    assert state[signals.ISLAND_STATUS] == "on_grid"
    assert account.booked() == {ENERGY: 1}


async def test_settings(site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory) -> None:
    house.steer({"reserve": 35, "mode": "autonomous", "storm_mode_enabled": True})
    assert site.info_is_older_than(timedelta(minutes=10))
    await site.refresh_info()
    assert site.state[signals.BACKUP_RESERVE] == 35
    assert site.state[signals.OPERATION_MODE] == "autonomous"
    assert site.state[signals.STORM_WATCH] is True
    assert site.info_read == NOW
    freezer.tick(timedelta(minutes=10) - timedelta(seconds=1))
    assert not site.info_is_older_than(timedelta(minutes=10))
    freezer.tick(timedelta(seconds=1))
    assert site.info_is_older_than(timedelta(minutes=10))


async def test_listeners_hear_what_changed(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    told: list[frozenset[Signal[Any]]] = []
    unsubscribe = site.subscribe(told.append)
    await site.refresh_info()
    assert signals.BACKUP_RESERVE in told[0]
    await site.refresh_info()
    assert len(told) == 1, "nothing changed"
    house.steer({"reserve": 36})
    freezer.tick(timedelta(seconds=1))
    await site.refresh_info()
    assert told[1] == {signals.BACKUP_RESERVE}
    unsubscribe()
    house.steer({"reserve": 37})
    await site.refresh_info()
    assert len(told) == 2


@pytest.mark.parametrize("response", [None, [], {}])
async def test_a_dead_site_says_nothing(site: Site, account: Account, response: object) -> None:
    account.tesla.faults.order("status", count=2, status=200, body={"response": response})
    await site.refresh()
    await site.refresh_info()
    assert site.state == State()


async def test_a_dead_site_of_the_other_kind(site: Site, account: Account) -> None:
    account.tesla.faults.order("status", status=500, body='{"error":"upstream internal error"}')
    with pytest.raises(ServiceError):
        await site.refresh()
    assert account.booked() == {}


async def test_a_site_without_a_battery(site: Site, account: Account) -> None:
    answer: dict[str, Any] = {
        "response": {"solar_power": 100, "grid_power": None, "wall_connectors": []}
    }
    account.tesla.faults.order("status", status=200, body=answer)
    await site.refresh()
    assert site.state[signals.SOLAR_POWER] == 100
    assert site.state[signals.WALL_CONNECTOR_POWER] == 0
    assert site.state[signals.BATTERY_POWER] is None
    assert site.state[signals.GRID_POWER] is None


# --- Commands ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "setting", "value", "signal"),
    [
        (commands.set_backup_reserve(35), "reserve_percent", 35, signals.BACKUP_RESERVE),
        (commands.set_operation_mode("autonomous"), "mode", "autonomous", signals.OPERATION_MODE),
        (commands.set_storm_watch(on=True), "storm_mode_enabled", True, signals.STORM_WATCH),
        (commands.set_storm_watch(on=False), "storm_mode_enabled", False, signals.STORM_WATCH),
    ],
)
async def test_a_setting(
    site: Site,
    house: SimulatedSite,
    account: Account,
    command: Command,
    setting: str,
    value: object,
    signal: Signal[Any],
) -> None:
    await site.refresh_info()
    told = changes_of(site)
    assert await site.send(command, PERSON) == Done()
    assert getattr(house.house.settings, setting) == value
    assert site.state.reading(signal) == Reading(value, NOW, Source.ASSUMED)
    assert told == [{signal}]
    assert site.info_read is None, "what Tesla stored is read soon"
    await site.refresh_info()
    assert site.state.reading(signal) == Reading(value, NOW, Source.POLL)
    assert account.booked() == {ENERGY: 3}


async def test_a_reserve_above_80_is_read_not_assumed(site: Site, house: SimulatedSite) -> None:
    await site.refresh_info()
    before = site.state[signals.BACKUP_RESERVE]
    told = changes_of(site)
    await site.send(commands.set_backup_reserve(95), PERSON)
    assert site.state[signals.BACKUP_RESERVE] == before
    assert told == []
    await site.refresh_info()
    assert site.state[signals.BACKUP_RESERVE] == 80


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 201, "message": "Updated"},
        {"code": 204, "message": "Updated"},
        {"result": True, "reason": ""},
    ],
)
async def test_both_forms_of_an_answer(
    site: Site, account: Account, answer: dict[str, Any]
) -> None:
    account.tesla.faults.order("status", status=200, body={"response": answer})
    assert await site.send(commands.set_backup_reserve(35), PERSON) == Done()
    assert site.state[signals.BACKUP_RESERVE] == 35


@pytest.mark.parametrize("reason", ["not_supported", "", None])
async def test_a_refusal(site: Site, account: Account, reason: str | None) -> None:
    answer = {"response": {"result": False, "reason": reason}}
    account.tesla.faults.order("status", status=200, body=answer)
    with pytest.raises(CommandRefused) as refusal:
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert refusal.value.detail == (reason or "")
    assert site.state == State()


@pytest.mark.parametrize(
    "response", [None, [], {}, {"code": 500, "message": "no"}, {"code": "201"}, {"result": None}]
)
async def test_an_answer_that_says_nothing_is_no_success(
    site: Site, account: Account, response: object
) -> None:
    account.tesla.faults.order("status", status=200, body={"response": response})
    with pytest.raises(OutcomeUnknown):
        await site.send(commands.set_storm_watch(on=True), PERSON)


@pytest.mark.parametrize("kind", ["lost_reply", "dropped", "malformed"])
async def test_a_lost_reply(site: Site, house: SimulatedSite, account: Account, kind: str) -> None:
    account.tesla.faults.order(kind)
    with pytest.raises(OutcomeUnknown):
        await site.send(commands.set_backup_reserve(35), PERSON)
    assert (house.house.settings.reserve_percent == 35) is (kind != "dropped")
    assert site.state == State(), "nothing is assumed"
    assert len(account.arrived) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(405, InService), (403, MissingScope), (429, RateLimited), (500, OutcomeUnknown)],
)
async def test_statuses(site: Site, account: Account, status: int, error: type[TeslaError]) -> None:
    account.tesla.faults.order("status", status=status)
    with pytest.raises(TeslaError) as raised:
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert type(raised.value) is error
    assert site.state == State()


async def test_unreachable(site: Site, account: Account) -> None:
    account.api.base_url = await closed_port()
    with pytest.raises(Unreachable):
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert account.booked() == {}


async def test_a_scope_is_needed(
    tesla: Simulator, session: aiohttp.ClientSession, account: Account
) -> None:
    site = Site(SITE, account.api, scopes=frozenset({"energy_device_data", "vehicle_cmds"}))
    with pytest.raises(MissingScope) as refusal:
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert refusal.value.detail == "energy_cmds"
    assert account.arrived == []


async def test_energy_may_cost_something_one_day(site: Site, account: Account) -> None:
    prices = {**EURO.prices, ENERGY: Decimal("0.01")}
    account.meter.tariff = Tariff("EUR", prices, EURO.discount)
    account.meter.limit = Decimal("0.009")
    with pytest.raises(BudgetExceeded):
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert account.arrived == []


async def test_assumptions_lapse(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    await site.refresh_info()
    before = site.state[signals.BACKUP_RESERVE]
    await site.send(commands.set_backup_reserve(35), PERSON)
    told = changes_of(site)
    freezer.tick(timedelta(seconds=60))
    site.lapse()
    assert told == [{signals.BACKUP_RESERVE}]
    assert site.state[signals.BACKUP_RESERVE] == before
    site.lapse()
    assert len(told) == 1


# --- Over a restart ------------------------------------------------------------------------------


async def test_what_is_known_survives_a_restart(
    site: Site, house: SimulatedSite, account: Account
) -> None:
    await site.refresh()
    await site.refresh_info()
    again = Site(SITE, account.api, scopes=SCOPES)
    again.restore(json.loads(json.dumps(site.to_stored())))
    for signal in signals.SITE_SIGNALS:
        assert again.state[signal] == site.state[signal]
    reading = again.state.reading(signals.BACKUP_RESERVE)
    assert reading is not None
    assert reading.source is Source.RESTORED
    assert again.info_is_older_than(timedelta(minutes=10)), "it is read again"


@pytest.mark.parametrize("stored", [{}, {"state": None}, {"state": [1]}, {"state": {"X": 1}}])
async def test_garbage_is_left_out(site: Site, stored: dict[str, Any]) -> None:
    site.restore(stored)
    assert site.state == State()

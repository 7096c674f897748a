"""An energy site: its data, and its notifications."""

import json
from collections import Counter
from contextlib import suppress
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
    GateRefused,
    InService,
    InvalidAnswer,
    MissingScope,
    OutcomeUnknown,
    RateLimited,
    ServiceError,
    TeslaError,
    Unreachable,
)
from custom_components.flotte.tesla.site import Site
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.modes import ModeReason, ModeStatus, SpendingMode
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import EURO, Category, Tariff
from custom_components.flotte.tesla.state import Reading, Signal, Source, State
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.poll_plan import site_due, site_interval
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.energy import Site as SimulatedSite
from tests.tesla.account import NOW, PERSON, SITE, Account
from tests.tesla.servers import closed_port

ENERGY = Category.ENERGY
MINUTE = timedelta(minutes=1)
AS_DATA = Decimal("0.002")
HISTORIES = (signals.ENERGY_HISTORY, signals.BACKUP_HISTORY)
SHOWN: Any = [each for each in signals.SITE_SIGNALS if each.section not in HISTORIES]
"""Everything but the histories, which `test_site_energy` and `test_site_outages` have."""


@pytest.fixture
def site(account: Account) -> Site:
    """Our side of the house."""
    return Site(SITE, account.api, scopes=SCOPES)


@pytest.fixture
def house(tesla: Simulator) -> SimulatedSite:
    """The simulated house, at rest: only a test's orders change it."""
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


@pytest.mark.parametrize(
    ("grid", "battery", "directions"),
    [
        (2569.0, -3090.0, (2569.0, 0.0, 3090.0, 0.0)),
        (-120.0, 500.0, (0.0, 120.0, 0.0, 500.0)),
        (0.0, 0.0, (0.0, 0.0, 0.0, 0.0)),
        (None, None, (None, None, None, None)),
    ],
)
def test_powers_by_direction(
    grid: float | None, battery: float | None, directions: tuple[float | None, ...]
) -> None:
    """Tesla's grid is positive while importing, its battery while discharging."""
    readings = {
        signals.GRID_POWER: Reading(grid, NOW, Source.POLL),
        signals.BATTERY_POWER: Reading(battery, NOW, Source.POLL),
    }
    state = State(readings)
    assert directions == (
        state[signals.GRID_IMPORT_POWER],
        state[signals.GRID_EXPORT_POWER],
        state[signals.BATTERY_CHARGE_POWER],
        state[signals.BATTERY_DISCHARGE_POWER],
    )


async def test_settings(site: Site, house: SimulatedSite) -> None:
    house.steer({"reserve": 35, "mode": "autonomous", "storm_mode_enabled": True})
    await site.refresh_info()
    assert site.state[signals.BACKUP_RESERVE] == 35
    assert site.state[signals.OPERATION_MODE] == "autonomous"
    assert site.state[signals.STORM_WATCH] is True
    assert site.sections["site_info"].read == NOW


async def test_listeners_receive_changes(
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


NOTHING: list[Any] = [
    None,
    [],
    {},
    "",
    "text",
    7,
    {"timestamp": "2026-03-10T12:00:00Z"},
    {"error": "no"},
]


@pytest.mark.parametrize("answer", NOTHING)
@pytest.mark.parametrize("section", ["live_status", "site_info"])
async def test_an_answer_without_one_known_key_is_a_failure(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory, section: str, answer: object
) -> None:
    await site.poll(())
    state = site.state
    house.steer({"answers": {"instead": {section: answer}}})
    freezer.tick(10 * MINUTE)
    with pytest.raises(InvalidAnswer):
        await (site.refresh if section == "live_status" else site.refresh_info)()
    assert site.sections[section].failures == 1
    assert site.state == state
    house.steer({"answers": {"instead": {}}})
    await (site.refresh if section == "live_status" else site.refresh_info)()
    assert site.sections[section].failures == 0


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
    assert site.state[signals.WALL_CONNECTORS] == 0
    assert site.state[signals.WALL_CONNECTOR_POWER] is None
    assert site.state[signals.BATTERY_POWER] is None
    assert site.state[signals.GRID_POWER] is None


# --- Failures, and missing data ------------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 404}, {"status": 408}])
async def test_settings_are_read_while_power_flows_fail(
    site: Site,
    house: SimulatedSite,
    account: Account,
    freezer: FrozenDateTimeFactory,
    fault: dict[str, Any],
) -> None:
    account.tesla.faults.order("status", endpoint="live_status", count=None, **fault)
    failed = await poll_for(site, freezer, 30)
    assert failed == 30
    assert Counter(account.endpoints) == {"live_status": 30, "site_info": 3}
    assert site.state[signals.BACKUP_RESERVE] == 20


async def test_power_flows_are_read_while_settings_fail(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await poll_for(site, freezer, 1)
    account.tesla.faults.order("status", endpoint="site_info", status=500, count=None)
    assert await poll_for(site, freezer, 30) == 0
    assert Counter(account.endpoints) == {"live_status": 31, "site_info": 4}
    assert site.state[signals.SOLAR_POWER] == 3000
    assert site.sections["site_info"].failures == 3
    assert site.sections["site_info"].failing_since == NOW + 10 * MINUTE


async def test_settings_without_an_answer_are_polled_with_the_power_flows(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    account.tesla.faults.order("status", endpoint="site_info", status=500, count=3)
    await poll_for(site, freezer, 15)
    assert Counter(account.endpoints) == {"live_status": 15, "site_info": 5}
    assert site.state[signals.BACKUP_RESERVE] == 20


@pytest.mark.parametrize(
    ("key", "signal", "minutes"),
    [
        ("live_status.battery_power", signals.BATTERY_POWER, 15),
        ("live_status.wall_connectors", signals.WALL_CONNECTOR_POWER, 15),
        ("site_info.default_real_mode", signals.OPERATION_MODE, 20),
        ("site_info.user_settings", signals.STORM_WATCH, 20),
    ],
)
async def test_a_key_that_is_missing_for_long_makes_its_value_unknown(
    site: Site,
    house: SimulatedSite,
    freezer: FrozenDateTimeFactory,
    key: str,
    signal: Signal[Any],
    minutes: int,
) -> None:
    await poll_for(site, freezer, 1)
    house.steer({"answers": {"missing": [key]}})
    await poll_for(site, freezer, minutes - 1)
    assert site.state[signal] is not None
    await poll_for(site, freezer, 1)
    assert site.state[signal] is None
    assert site.state[signals.SOLAR_POWER] == 3000, "the others are as they were"
    house.steer({"answers": {"missing": []}})
    await poll_for(site, freezer, 10)
    assert site.state[signal] is not None


async def test_a_key_that_is_missing_now_and_then_is_no_loss(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    await poll_for(site, freezer, 1)
    for _ in range(3):
        house.steer({"answers": {"missing": ["live_status.battery_power"]}})
        await poll_for(site, freezer, 14)
        house.steer({"answers": {"missing": []}})
        await poll_for(site, freezer, 1)
        assert site.state[signals.BATTERY_POWER] is not None


async def test_failed_polls_are_no_missing_keys(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await poll_for(site, freezer, 1)
    account.tesla.faults.order("status", status=500, count=None)
    await poll_for(site, freezer, 120)
    assert site.state[signals.BATTERY_POWER] is not None
    assert site.state[signals.BACKUP_RESERVE] == 20


async def test_a_key_that_went_missing_over_a_restart(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await site.refresh()
    again = Site(SITE, account.api, scopes=SCOPES)
    again.restore(json.loads(json.dumps(site.to_stored())))
    house.steer({"answers": {"missing": ["live_status.battery_power"]}})
    freezer.tick(timedelta(hours=8))
    await poll_for(again, freezer, 15)
    assert again.state[signals.BATTERY_POWER] is not None
    await poll_for(again, freezer, 1)
    assert again.state[signals.BATTERY_POWER] is None


# --- When it was so -------------------------------------------------------------------------------

ODD_TIMES: list[Any] = [
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2126-01-01T00:00:00Z",
    "2026-03-09T12:00:00+01:00",
    "2026-03-10",
    "soon",
    "",
    None,
    0,
    -1,
    10**400,
    1.0e300,
    [],
    {},
    True,
]


@pytest.mark.parametrize("stamp", ODD_TIMES, ids=str)
@pytest.mark.parametrize("knows", [True, False])
async def test_a_time_stamp_freezes_nothing(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory, stamp: object, *, knows: bool
) -> None:
    if knows:
        await poll_for(site, freezer, 1)
    house.steer({"answers": {"values": {"live_status.timestamp": stamp}}})
    for watts in (100, 200, 300):
        house.steer({"load_power": watts})
        await poll_for(site, freezer, 1)
        assert site.state[signals.LOAD_POWER] == watts
    reading = site.state.reading(signals.LOAD_POWER)
    assert reading is not None
    assert reading.time == site.sections["live_status"].read, "a change was seen when it came"


async def test_a_repeated_answer_is_as_old_as_its_time_stamp(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """The cloud continues to answer for a gateway that is cut off."""
    await poll_for(site, freezer, 1)
    seen = site.sections["live_status"].read
    last = house.live_status()
    house.steer({"answers": {"instead": {"live_status": last}}})
    await poll_for(site, freezer, 60)
    reading = site.state.reading(signals.LOAD_POWER)
    assert reading is not None
    assert seen is not None
    assert reading.time - seen <= MINUTE
    again = Site(SITE, account.api, scopes=SCOPES)
    await again.refresh()
    reading = again.state.reading(signals.LOAD_POWER)
    assert reading is not None
    assert reading.time - seen <= MINUTE, "after a start the time stamp counts"


async def test_an_unchanged_answer_without_a_time_stamp_is_new(
    site: Site, house: SimulatedSite, freezer: FrozenDateTimeFactory
) -> None:
    house.steer({"answers": {"instead": {"live_status": {"solar_power": 0}}}})
    await poll_for(site, freezer, 5)
    reading = site.state.reading(signals.SOLAR_POWER)
    assert reading is not None
    assert reading.time == site.sections["live_status"].read


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
    await site.poll({signal})
    assert site.state.reading(signal) == Reading(value, NOW, Source.POLL)
    assert account.endpoints == ["site_info", command.name, "live_status", "site_info"]


@pytest.mark.parametrize(
    ("percent", "at_once", "stored"),
    [
        pytest.param(80, 80, 80, id="80"),
        pytest.param(81, 20, 80, id="81"),
        pytest.param(99, 20, 80, id="99"),
        pytest.param(100, 100, 100, id="100"),
    ],
)
async def test_a_reserve_that_tesla_caps_is_read_not_assumed(
    site: Site, house: SimulatedSite, percent: int, at_once: int, stored: int
) -> None:
    await site.refresh_info()
    await site.send(commands.set_backup_reserve(percent), PERSON)
    assert site.state[signals.BACKUP_RESERVE] == at_once
    await site.poll({signals.BACKUP_RESERVE})
    assert site.state[signals.BACKUP_RESERVE] == stored


@pytest.mark.parametrize("form", ["new", "old", "text", "nested", "result"])
async def test_every_form_of_a_confirmation(site: Site, house: SimulatedSite, form: str) -> None:
    house.steer({"answers": {"form": form}})
    assert await site.send(commands.set_backup_reserve(35), PERSON) == Done()
    assert site.state[signals.BACKUP_RESERVE] == 35


@pytest.mark.parametrize(
    "answer",
    [
        {"Message": "No battery", "Code": 400},
        {"code": "404", "message": "No battery"},
        {"response": {"code": 422, "message": "No battery"}},
        {"result": False, "reason": "No battery"},
    ],
)
async def test_a_refusal(site: Site, house: SimulatedSite, answer: dict[str, Any]) -> None:
    house.steer({"answers": {"instead": {"storm_mode": answer}}})
    with pytest.raises(CommandRefused) as refusal:
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert refusal.value.detail == "No battery"
    assert site.state == State()


@pytest.mark.parametrize(
    "answer", [{"Code": 400}, {"result": False, "reason": ""}, {"result": False, "reason": None}]
)
async def test_a_refusal_without_a_text(
    site: Site, house: SimulatedSite, answer: dict[str, Any]
) -> None:
    house.steer({"answers": {"instead": {"storm_mode": answer}}})
    with pytest.raises(CommandRefused) as refusal:
        await site.send(commands.set_storm_watch(on=True), PERSON)
    assert refusal.value.detail == "none given"


@pytest.mark.parametrize(
    "answer", [None, [], {}, "", {"code": 500, "message": "no"}, {"result": None}, {"Message": "x"}]
)
async def test_an_empty_answer_is_read_back(
    site: Site, house: SimulatedSite, account: Account, answer: object
) -> None:
    """It is no success; whether it was done is seen a minute later at the latest."""
    house.steer({"mode": "self_consumption"})
    await site.poll(SHOWN)
    house.steer({"answers": {"instead": {"operation": answer}}})
    with pytest.raises(OutcomeUnknown):
        await site.send(commands.set_operation_mode("autonomous"), PERSON)
    assert site.state[signals.OPERATION_MODE] == "self_consumption", "nothing is assumed"
    house.steer({"mode": "autonomous"})
    await site.poll(SHOWN)
    assert site.state[signals.OPERATION_MODE] == "autonomous"
    asked = list(account.endpoints)
    await site.poll(SHOWN)
    assert account.endpoints == asked, "once is enough"


async def test_a_refusal_needs_no_read_back(
    site: Site, house: SimulatedSite, account: Account
) -> None:
    await site.poll(SHOWN)
    house.steer({"answers": {"instead": {"storm_mode": {"Code": 400, "Message": "no"}}}})
    with pytest.raises(CommandRefused):
        await site.send(commands.set_storm_watch(on=True), PERSON)
    asked = list(account.endpoints)
    await site.poll(SHOWN)
    assert account.endpoints == asked


async def test_a_look_is_repeated_until_it_answers(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await site.poll(SHOWN)
    account.tesla.faults.order("lost_reply", endpoint="backup")
    with pytest.raises(OutcomeUnknown):
        await site.send(commands.set_backup_reserve(35), PERSON)
    account.tesla.faults.order("status", endpoint="site_info", status=500, count=2)
    for shown in (20, 20, 35):
        freezer.tick(MINUTE)
        with suppress(ServiceError):
            await site.poll(SHOWN)
        assert site.state[signals.BACKUP_RESERVE] == shown


async def test_a_look_that_is_paid_for_happens_once(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    account.meter.tariff = Tariff("EUR", {**EURO.prices, Category.ENERGY: AS_DATA}, EURO.discount)
    site.gate.policy = Policy(head_start=timedelta(days=31))
    await site.poll({signals.BACKUP_RESERVE})
    await site.send(commands.set_backup_reserve(35), PERSON)
    account.tesla.faults.order("status", endpoint="site_info", status=404, count=None)
    for _ in range(5):
        freezer.tick(MINUTE)
        with suppress(TeslaError):
            await site.poll({signals.BACKUP_RESERVE})
    assert account.endpoints == ["site_info", "backup", "site_info"]


async def test_an_answer_from_before_a_setting_does_not_undo_it(
    site: Site, house: SimulatedSite, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """A poll that was on its way while the setting was sent shows the old one."""
    ours = site
    old: dict[str, Any] = house.site_info()
    ask = account.api.site_info

    async def slow(site: int, caller: Caller) -> dict[str, Any]:
        freezer.tick(timedelta(seconds=1))
        await ours.send(commands.set_backup_reserve(35), PERSON)
        return old

    account.api.site_info = slow  # type: ignore[method-assign]
    await site.refresh_info()
    assert site.state[signals.BACKUP_RESERVE] == 35
    account.api.site_info = ask  # type: ignore[method-assign]
    freezer.tick(MINUTE)
    await site.poll(SHOWN)
    assert account.endpoints == ["backup", "live_status", "site_info"], "it is still looked at"


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
    account.api.transport.base_url = await closed_port()
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
    account.meter.budget = Decimal("0.009")
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


async def test_readings_survive_a_restart(
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
    assert again.sections["site_info"].read is None, "it is read again"


@pytest.mark.parametrize("stored", [{}, {"state": None}, {"state": [1]}, {"state": {"X": 1}}])
async def test_garbage_is_left_out(site: Site, stored: dict[str, Any]) -> None:
    site.restore(stored)
    assert site.state == State()


# --- How often ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "limit", "slower", "interval"),
    [
        pytest.param("0", "10", 1, MINUTE, id="free"),
        pytest.param("0", "0", 4, MINUTE, id="free_whatever_the_budget_says"),
        pytest.param("0.00001", "10", 1, MINUTE, id="next_to_nothing"),
        pytest.param("0.00001", "10", 2, 2 * MINUTE, id="next_to_nothing_but_thrifty"),
        # 44,640 minutes of 0.002 are 89.28; a fifth of ten is 2.
        pytest.param("0.002", "10", 1, timedelta(minutes=44.64), id="as_data"),
        pytest.param("0.002", "10", 4, timedelta(minutes=178.56), id="as_data_frugal"),
        pytest.param("0.002", "100", 1, timedelta(minutes=4.464), id="as_data_rich"),
        pytest.param("0.002", "0", 1, None, id="nothing_to_spend"),
    ],
)
def test_frequency_of_polling_a_site(
    price: str, limit: str, slower: int, interval: timedelta | None
) -> None:
    assert site_interval(MINUTE, Decimal(price), Decimal(limit), slower) == interval


@pytest.mark.parametrize(
    ("asked", "interval", "is_due"),
    [
        pytest.param(None, MINUTE, True, id="never"),
        pytest.param(None, None, False, id="never_and_never_to_be"),
        pytest.param(timedelta(seconds=30), MINUTE, False, id="just_now"),
        pytest.param(timedelta(seconds=57), MINUTE, True, id="nearly"),
        pytest.param(MINUTE, MINUTE, True, id="exactly"),
        pytest.param(MINUTE, 2 * MINUTE, False, id="slower"),
        pytest.param(-MINUTE, MINUTE, True, id="before_the_clock_was_set_back"),
    ],
)
def test_times_of_polling_a_site(
    asked: timedelta | None,
    interval: timedelta | None,
    is_due: bool,  # noqa: FBT001  # the expectation
) -> None:
    assert site_due(None if asked is None else NOW - asked, interval, NOW) is is_due


async def poll_for(
    site: Site, freezer: FrozenDateTimeFactory, minutes: int, shown: Any = SHOWN
) -> int:
    """Poll every minute; answers how often that failed."""
    failed = 0
    for _ in range(minutes):
        try:
            await site.poll(shown)
        except TeslaError:
            failed += 1
        freezer.tick(MINUTE)
    return failed


async def test_it_is_polled_every_minute_and_its_settings_every_ten(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    site.gate.mode_status = ModeStatus(SpendingMode.FRUGAL, ModeReason.SHARE, {})
    assert await poll_for(site, freezer, 30) == 0
    assert Counter(account.endpoints) == {"live_status": 30, "site_info": 3}


async def test_only_displayed_signals_are_paid_for(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    account.meter.tariff = Tariff("EUR", {**EURO.prices, Category.ENERGY: AS_DATA}, EURO.discount)
    await poll_for(site, freezer, 3, {signals.BACKUP_RESERVE})
    assert account.endpoints == ["site_info"]
    await poll_for(site, freezer, 3, ())
    assert account.endpoints == ["site_info"]


async def test_billed_failures_do_not_cause_more_polling(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    account.meter.tariff = Tariff("EUR", {**EURO.prices, Category.ENERGY: AS_DATA}, EURO.discount)
    account.tesla.faults.order("status", endpoint="live_status", status=404, count=None)
    asked = 0
    for _ in range(60):
        before = len(account.endpoints)
        with suppress(TeslaError):
            await site.poll({signals.GRID_POWER})
        asked += len(account.endpoints) - before
        freezer.tick(MINUTE)
    assert asked == 2


async def test_one_that_costs_something_is_polled_in_step_with_the_month(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """A fifth of the budget and a bit, slower when the budget requires it, and never above it."""
    account.meter.tariff = Tariff("EUR", {**EURO.prices, Category.ENERGY: AS_DATA}, EURO.discount)
    await poll_for(site, freezer, 180)
    # At once, and every 45 minutes; the settings take ten times as long.
    assert Counter(account.endpoints) == {"live_status": 4, "site_info": 1}
    site.gate.mode_status = ModeStatus(SpendingMode.THRIFTY, ModeReason.PACE, {})
    await poll_for(site, freezer, 180)
    assert Counter(account.endpoints) == {"live_status": 6, "site_info": 1}
    site.gate.mode_status = ModeStatus(SpendingMode.FRUGAL, ModeReason.SHARE, {})
    assert await poll_for(site, freezer, 200) > 0
    assert Counter(account.endpoints) == {"live_status": 6, "site_info": 1}


async def test_one_that_costs_something_waits_for_its_turn(
    site: Site, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """On the tenth of the month more was spent than was due by then."""
    account.meter.tariff = Tariff("EUR", {**EURO.prices, Category.ENERGY: AS_DATA}, EURO.discount)
    site.gate.policy = Policy(head_start=timedelta(), budget=Decimal("0.0071"))
    # 0.00639 without the reserve, of which 9.5 of 31 days allow less than one request.
    assert await poll_for(site, freezer, 5) == 5
    assert account.endpoints == []
    freezer.tick(timedelta(hours=6))
    # For the settings, too, there is no room yet.
    assert await poll_for(site, freezer, 5) == 5
    assert account.endpoints == ["live_status"]


async def test_an_automation_s_setting_keeps_the_reserve(site: Site, account: Account) -> None:
    account.meter.tariff = Tariff("EUR", {**EURO.prices, Category.ENERGY: AS_DATA}, EURO.discount)
    site.gate.policy = Policy(budget=Decimal("0.002"))
    with pytest.raises(GateRefused):
        await site.send(
            commands.set_storm_watch(on=True), Caller(CallerKind.AUTOMATION, "automation.storm")
        )
    assert account.endpoints == []
    await site.send(commands.set_storm_watch(on=True), PERSON)
    assert account.endpoints == ["storm_mode"]

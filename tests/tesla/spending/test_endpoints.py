"""Billing categories of requests: the table, and the owner's corrections."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.api import charging, fleet, sites
from custom_components.flotte.tesla.commands import energy
from custom_components.flotte.tesla.errors import BudgetExceeded, GateRefused
from custom_components.flotte.tesla.spending import endpoints
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import Allow
from custom_components.flotte.tesla.spending.endpoints import (
    ASSUMED,
    CHOICES,
    FIXED,
    Endpoint,
    Endpoints,
    read_categories,
)
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import Category, Charge
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import endpoints as simulated
from simulator.bill import Category as Billed
from simulator.cars import Car
from tests.tesla.account import PERSON, SITE, Account

BACKUP = (Endpoint.BACKUP, {"backup_reserve_percent": 20})
COMMAND, DATA, WAKE, FREE = Category.COMMAND, Category.DATA, Category.WAKE, Category.FREE
PAUSE = "custom_components.flotte.tesla.vehicle.waits.pause"

# Source: Tesla's billing page (2026-08) where it states a category, otherwise the design: unknown
# is data, energy is its own category.
EXPECTED = {
    "vehicle_data": DATA,
    "wake_up": WAKE,
    "command": COMMAND,
    "signed_command": COMMAND,
    "vehicle": FREE,
    "products": FREE,
    "fleet_status": FREE,
    "region": FREE,
    "register": FREE,
    "fleet_telemetry_config_create": DATA,
    "fleet_telemetry_config_get": DATA,
    "fleet_telemetry_config_delete": DATA,
    "fleet_telemetry_errors": DATA,
    "live_status": Category.ENERGY,
    "site_info": Category.ENERGY,
    "calendar_history": Category.ENERGY,
    "telemetry_history": Category.ENERGY,
    "backup": Category.ENERGY,
    "operation": Category.ENERGY,
    "storm_mode": Category.ENERGY,
    "grid_import_export": Category.ENERGY,
    "off_grid_vehicle_charging_reserve": Category.ENERGY,
    "nearby_charging_sites": Category.DATA,
    "release_notes": Category.DATA,
    "charging_history": DATA,
    "charging_invoice": DATA,
    "time_of_use_settings": Category.ENERGY,
}


# --- The table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", Endpoint)
def test_category(endpoint: Endpoint) -> None:
    assert Endpoints().charge(endpoint) == Charge(EXPECTED[endpoint])


def test_every_endpoint_is_in_one_table() -> None:
    assert set(Endpoint) == EXPECTED.keys()
    assert FIXED.keys() | ASSUMED.keys() == set(Endpoint)
    assert not FIXED.keys() & ASSUMED.keys()


def test_several_at_once() -> None:
    assert Endpoints().charge(Endpoint.VEHICLE_DATA, 3) == Charge(DATA, 3)


def test_requests_that_end_spending_need_no_budget() -> None:
    charge = Endpoints().charge(Endpoint.FLEET_TELEMETRY_CONFIG_DELETE, unasked=True)
    assert charge == Charge(DATA, unasked=True)


def test_the_api_names_no_category_itself() -> None:
    names = {name for part in (charging, fleet, sites) for name in vars(part)}
    assert not names & {"COMMAND", "DATA", "ENERGY", "FREE", "WAKE"}


def test_every_command_of_a_site_is_in_the_table() -> None:
    source = ast.parse(inspect.getsource(energy))
    names = {
        node.value.value
        for node in ast.walk(source)
        if isinstance(node, ast.keyword)
        and node.arg == "name"
        and isinstance(node.value, ast.Constant)
    }
    assert names
    assert {Endpoints().category(Endpoint(str(name))) for name in names} == {Category.ENERGY}


# --- The owner's corrections ---------------------------------------------------------------------


def test_own_categories() -> None:
    own = read_categories({"vehicle": "data", "live_status": "free"})
    table = Endpoints(own)
    assert table.category(Endpoint.VEHICLE) is DATA
    assert table.category(Endpoint.LIVE_STATUS) is FREE
    assert table.category(Endpoint.SITE_INFO) is Category.ENERGY
    table.own = {}
    assert table.category(Endpoint.VEHICLE) is FREE


def test_tesla_s_categories_override_stored_ones() -> None:
    assert Endpoints({Endpoint.VEHICLE_DATA: FREE}).category(Endpoint.VEHICLE_DATA) is DATA


@pytest.mark.parametrize("nothing", [None, {}])
def test_no_own_categories(nothing: object) -> None:
    assert read_categories(nothing) == {}


@pytest.mark.parametrize("endpoint", ASSUMED)
@pytest.mark.parametrize("category", CHOICES)
def test_every_choice(endpoint: str, category: Category) -> None:
    assert read_categories({endpoint: str(category)}) == {endpoint: category}


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ({"vehicle_data": "free"}, "vehicle_data"),
        ({"wake_up": "data"}, "wake_up"),
        ({"command": "free"}, "command"),
        ({"signed_command": "data"}, "signed_command"),
        ({"vehicle": "wake"}, "vehicle"),
        ({"vehicle": "signal"}, "vehicle"),
        ({"vehicle": "dear"}, "vehicle"),
        ({"vehicle": None}, "vehicle"),
        ({"vehicle": ["data"]}, "vehicle"),
        ({"of_tomorrow": "data"}, "of_tomorrow"),
        ({3: "data"}, "3"),
        ("vehicle", "endpoint_categories"),
        ([["vehicle", "data"]], "endpoint_categories"),
    ],
)
def test_own_categories_that_make_no_sense(kept: object, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}$"):
        read_categories(kept)


type Bills = Callable[[str, Category], None]


@pytest.fixture
def tesla_bills(monkeypatch: pytest.MonkeyPatch, account: Account) -> Bills:
    """Makes Tesla bill an endpoint as something else, and the owner know that."""

    def bill(name: str, category: Category) -> None:
        patterns = [
            (pattern, replace(row, category=Billed(str(category))) if row.name == name else row)
            for pattern, row in simulated._PATTERNS  # the table as it is looked up
        ]
        monkeypatch.setattr(simulated, "_PATTERNS", tuple(patterns))
        account.api.endpoints.own = {**account.api.endpoints.own, Endpoint(name): category}

    return bill


@pytest.mark.parametrize(
    ("endpoint", "ask"),
    [
        ("vehicle", lambda each: each.vehicle("XP7YGCEK0RB000001", PERSON)),
        ("live_status", lambda each: each.live_status(SITE, PERSON)),
        ("site_info", lambda each: each.site_info(SITE, PERSON)),
        ("backup", lambda each: each.site_command(SITE, *BACKUP, PERSON)),
    ],
)
async def test_booked_in_the_owners_category(
    account: Account, tesla_bills: Bills, endpoint: str, ask: Callable[[Any], Any]
) -> None:
    """The bill proves it: `account` compares it with the ledger afterwards."""
    tesla_bills(endpoint, DATA)
    await ask(account.api)
    assert account.booked() == {DATA: 1}


async def test_without_room_it_does_not_leave(account: Account, tesla_bills: Bills) -> None:
    tesla_bills("vehicle", DATA)
    account.meter.budget = Decimal(0)
    with pytest.raises(BudgetExceeded):
        await account.api.vehicle("XP7YGCEK0RB000001", PERSON)
    assert account.arrived == []


# --- If the check whether a car is online is billed -----------------------------------------------


async def test_a_free_check_runs_every_minute(
    vehicle: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    await vehicle.check()
    freezer.tick(timedelta(minutes=1))
    assert vehicle.check_due()


async def test_a_paid_check_runs_rarely(
    vehicle: Vehicle, tesla_bills: Bills, freezer: FrozenDateTimeFactory
) -> None:
    tesla_bills("vehicle", DATA)
    assert vehicle.check_due()
    await vehicle.check()
    freezer.tick(timedelta(minutes=14, seconds=59))
    assert not vehicle.check_due()
    freezer.tick(timedelta(seconds=1))
    assert vehicle.check_due()
    await vehicle.check()
    freezer.tick(timedelta(hours=-2))
    assert not vehicle.check_due()
    freezer.tick(timedelta(minutes=15))
    assert vehicle.check_due(), "the clock was set back, and it is asked at its usual pace"


async def test_a_paid_check_keeps_in_step_with_the_month(
    vehicle: Vehicle, account: Account, tesla_bills: Bills, freezer: FrozenDateTimeFactory
) -> None:
    """A background check uses no money reserved for people, and does not fail because of that."""
    tesla_bills("vehicle", DATA)
    # Nine and a half of 31 days are gone, and three more are allowed: 0.0028 of 0.007 x 0.9.
    vehicle.gate.policy = Policy(budget=Decimal("0.007"))
    await vehicle.check()
    freezer.tick(timedelta(hours=1))
    assert not vehicle.check_due()
    assert account.booked() == {DATA: 1}
    freezer.tick(timedelta(days=8))
    assert vehicle.check_due()


@pytest.mark.parametrize("quota", [0, 2])
async def test_a_look_before_a_wake_needs_leave_too(
    vehicle: Vehicle, account: Account, tesla_bills: Bills, quota: int, quick_waits: None
) -> None:
    """A refusal never costs money, and an allowed request costs no more than announced."""
    tesla_bills("vehicle", DATA)
    vehicle.gate.policy = Policy(wakes_per_day=quota)
    robot = Caller(CallerKind.AUTOMATION, "automation.heat")
    if quota:
        await vehicle.wake(robot)
        assert account.booked() == {WAKE: 1, DATA: 2}
        return
    with pytest.raises(GateRefused):
        await vehicle.wake(robot)
    assert account.arrived == []


async def test_a_wake_is_forecast_with_its_looks(
    vehicle: Vehicle, car: Car, tesla_bills: Bills
) -> None:
    request, _decision = vehicle.admission.quote(None, PERSON)
    assert request.charges == (Charge(WAKE),)
    tesla_bills("vehicle", DATA)
    request, decision = vehicle.admission.quote(None, PERSON)
    assert request.charges == (Charge(WAKE), Charge(DATA, 5))
    assert isinstance(decision, Allow)
    assert decision.placeholders["cost"] == "0.030"


@pytest.mark.parametrize(("seconds", "looks"), [(0, 2), (16, 3), (59, 5)])
async def test_a_wake_costs_at_most_the_forecast(
    vehicle: Vehicle,
    car: Car,
    account: Account,
    tesla_bills: Bills,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    looks: int,
) -> None:
    """The budget has room for exactly that, and the command is carried out."""

    async def pass_time(duration: float) -> None:
        freezer.tick(timedelta(seconds=duration))

    monkeypatch.setattr(PAUSE, pass_time)
    tesla_bills("vehicle", DATA)
    car.steer({"wake_seconds": seconds})
    vehicle.gate.policy = Policy(budget=Decimal("0.032"))
    await vehicle.send(commands.lock_doors(), PERSON)
    assert account.booked() == {WAKE: 1, DATA: looks, COMMAND: 2}


def test_the_table_includes_its_sources() -> None:
    text = str(endpoints.__doc__)
    for endpoint, category in EXPECTED.items():
        family = endpoint if category is not Category.ENERGY else "energy sites"
        assert family.partition("_config_")[0] in text, endpoint

"""The night's plan in the car: schedules of the simulated car, and what they cost."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.planned_schedules import PlannedSchedules
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.repairs import async_create_fix_flow
from custom_components.flotte.tesla.charging.plan import NO_PLAN, ChargingPlan, Period
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.schedule_plan import ScheduleNote
from custom_components.flotte.tesla.charging.situation import (
    ChargingMode,
    ChargingVehicle,
    PlanDemand,
    Plug,
)
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.spending.caller import CHARGING_AT_HOME
from custom_components.flotte.tesla.vehicle.outcome import Done
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import MODEL_Y, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

HOME: Final = (52.3731, 4.8903)
ZONE: Final = ZoneInfo("Europe/Amsterdam")
STOPPED: Final = Plug.STOPPED


def at(clock: str, day: int = 21) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 10, day, hour, minute, tzinfo=ZONE)


def plan(*blocks: tuple[str, str]) -> ChargingPlan:
    """A plan for the night to Wednesday."""
    periods = tuple(Period(at(start).timestamp(), at(end).timestamp()) for start, end in blocks)
    return ChargingPlan(periods, PlanDemand.WAIT)


def shown(car: Car) -> list[tuple[str, int, int, int, bool, bool]]:
    """The schedules in the car: name, days, start and end in minutes, once, enabled."""
    return [
        (
            each["name"],
            each["days_of_week"],
            each["start_time"],
            each["end_time"],
            each["one_time"],
            each["enabled"],
        )
        for each in car.plans.charge.values()
    ]


ONE_TO_FOUR: Final = ("Flotte", 8, 60, 240, True, True)
FIVE: Final = ("Flotte", 8, 300, 330, True, True)
"""On a Wednesday."""


@pytest.fixture(autouse=True)
async def _in_amsterdam(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tracker makes the car polled.
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.DEVICE_TRACKER])
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.latitude, hass.config.longitude = HOME


@pytest.fixture
async def car(loaded: MockConfigEntry, tesla: Simulator, wait: Wait) -> Car:
    """Aurora, plugged in at home and stopped, with no schedules."""
    car = tesla.world.cars[MODEL_Y]
    # Not replaced: the car's timetable knows this dictionary.
    car.plans.charge.clear()
    return await told_of(tesla, wait, MODEL_Y, plugged_in="ac3", charging=False)


@pytest.fixture
def planned(hass: HomeAssistant, loaded: MockConfigEntry, car: Car) -> PlannedSchedules:
    return make(hass, loaded)


def make(hass: HomeAssistant, entry: MockConfigEntry) -> PlannedSchedules:
    coordinator = vehicle_of(entry, MODEL_Y)

    async def send(command: Command) -> Done:
        return await coordinator.vehicle.send(command, CHARGING_AT_HOME)

    return PlannedSchedules(hass, coordinator, send)


async def follow(
    planned: PlannedSchedules,
    made: ChargingPlan,
    plug: Plug | None = STOPPED,
    mode: ChargingMode = ChargingMode.CHEAPEST_HOURS,
    **more: Any,
) -> ScheduleNote:
    power = ChargingPower(volts=230, phases=3, lowest=5, highest=16)
    await planned.async_follow(made, mode, ChargingVehicle(plug=plug, power=power, **more))
    return planned.note


def paid(tesla: Simulator) -> dict[str, int]:
    """The bill, without the poll right after the start and the signals."""
    counts = tesla.bill.counts()
    return {
        "commands": counts[Category.COMMAND],
        "data": counts[Category.DATA],
        "wakes": counts[Category.WAKE],
    }


async def test_a_plan_is_written_confirmed_moved_and_removed(
    planned: PlannedSchedules, car: Car, tesla: Simulator, wait: Wait
) -> None:
    before = paid(tesla)
    assert await follow(planned, plan(("01:00", "04:00"), ("05:00", "05:30"))) == "changes"
    assert shown(car) == [ONE_TO_FOUR, FIVE]
    assert [(each["latitude"], each["longitude"]) for each in car.plans.charge.values()] == [
        pytest.approx(HOME),
        pytest.approx(HOME),
    ]
    # The first command of all is preceded by a handshake.
    assert paid(tesla) == {**before, "commands": before["commands"] + 3}
    # One request confirms both; a plan that hardly moved costs nothing.
    await wait(3 * MINUTE)
    assert await follow(planned, plan(("01:00", "04:00"), ("05:05", "05:35"))) == "in_vehicle"
    confirmed = {**before, "commands": before["commands"] + 3, "data": before["data"] + 1}
    assert paid(tesla) == confirmed
    # Half an hour earlier is a change of the same schedule.
    await follow(planned, plan(("00:30", "04:00"), ("05:00", "05:30")))
    assert shown(car) == [("Flotte", 8, 30, 240, True, True), FIVE]
    # Fewer blocks: one is removed, as the other one holds the car back.
    await follow(planned, plan(("05:00", "05:30")))
    assert shown(car) == [FIVE]
    # The last one stays in a stopped car, which would begin to charge, until it is unplugged.
    await follow(planned, NO_PLAN)
    assert shown(car) == [FIVE]
    assert car.charging.state == "Stopped"
    assert await follow(planned, NO_PLAN, Plug.UNPLUGGED) == "changes"
    assert shown(car) == []
    assert paid(tesla)["commands"] == before["commands"] + 6


@pytest.mark.parametrize(
    ("plug", "mode", "at_home"),
    [
        (STOPPED, ChargingMode.NOW, True),
        (STOPPED, ChargingMode.OFF, True),
        (STOPPED, ChargingMode.SUN_AND_LOWEST, True),
        (Plug.UNPLUGGED, ChargingMode.CHEAPEST_HOURS, True),
        (None, ChargingMode.CHEAPEST_HOURS, True),
        (STOPPED, ChargingMode.CHEAPEST_HOURS, False),
        (STOPPED, ChargingMode.CHEAPEST_HOURS, None),
    ],
)
async def test_nothing_is_written_where_no_plan_applies(
    planned: PlannedSchedules,
    car: Car,
    tesla: Simulator,
    plug: Plug | None,
    mode: ChargingMode,
    at_home: Any,
) -> None:
    before = paid(tesla)
    made = plan(("01:00", "04:00"))
    assert await follow(planned, made, plug, mode, at_home=at_home) == "no_plan"
    assert (shown(car), paid(tesla)) == ([], before)


async def test_unknown_schedules_are_left_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """As in a car whose software knows none."""
    car = await told_of(tesla, wait, MODEL_Y, firmware="2024.20.9")
    before = paid(tesla)
    assert await follow(make(hass, loaded), plan(("01:00", "04:00"))) == "unknown"
    assert (car.executions, paid(tesla)) == ([], before)


async def test_a_sleeping_car_is_woken_once_and_late(
    planned: PlannedSchedules,
    loaded: MockConfigEntry,
    car: Car,
    tesla: Simulator,
    wait: Wait,
    freezer: Any,
    quick_waits: None,
) -> None:
    car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    before = paid(tesla)
    freezer.move_to(at("23:55", 20))
    await follow(planned, plan(("01:00", "04:00")))
    assert (shown(car), paid(tesla)) == ([], before)
    freezer.move_to(at("00:05"))
    await follow(planned, plan(("01:00", "04:00")))
    assert shown(car) == [ONE_TO_FOUR]
    assert paid(tesla)["wakes"] == before["wakes"] + 1
    car.steer({"state": "asleep"})
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    vehicle.apply_state("asleep")
    vehicle.gate.policy = replace(vehicle.gate.policy, wake_gap=timedelta())
    freezer.move_to(at("00:40"))
    await follow(planned, plan(("01:15", "05:00")))
    assert shown(car) == [ONE_TO_FOUR]
    assert paid(tesla)["wakes"] == before["wakes"] + 1


async def test_a_car_that_fell_asleep_unnoticed_is_not_woken(
    planned: PlannedSchedules, car: Car, tesla: Simulator, wait: Wait
) -> None:
    before = paid(tesla)["wakes"]
    car.steer({"state": "asleep"})
    await follow(planned, plan(("01:00", "04:00")))
    assert (shown(car), car.state, paid(tesla)["wakes"]) == ([], "asleep", before)
    # It is written when the car is awake anyway.
    await wait(15 * MINUTE)
    await told_of(tesla, wait, MODEL_Y)
    await follow(planned, plan(("01:00", "04:00")))
    assert shown(car) == [ONE_TO_FOUR]


async def test_a_gate_that_refuses_the_wake_leaves_the_plan_to_home_assistant(
    planned: PlannedSchedules,
    loaded: MockConfigEntry,
    car: Car,
    tesla: Simulator,
    wait: Wait,
    freezer: Any,
) -> None:
    car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    gate = vehicle_of(loaded, MODEL_Y).vehicle.gate
    gate.policy = replace(gate.policy, charging_wakes_per_day=0)
    before = paid(tesla)
    freezer.move_to(at("00:30"))
    await follow(planned, plan(("01:00", "04:00")))
    freezer.tick(timedelta(minutes=20))
    await follow(planned, plan(("01:00", "04:00")))
    assert (shown(car), paid(tesla)) == ([], before)


async def test_a_lost_answer_does_not_add_a_second_schedule(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    planned: PlannedSchedules,
    car: Car,
    tesla: Simulator,
    wait: Wait,
    quick_waits: None,
) -> None:
    """Nor after a restart right after it, with another plan."""
    stored: list[Any] = []
    planned.changed.subscribe(lambda: stored.append(planned.to_stored()))
    tesla.faults.order("lost_reply", endpoint="signed_command", skip=1, count=None)
    tesla.faults.order("lost_reply", endpoint="vehicle_data", count=None)
    await follow(planned, plan(("01:00", "04:00")))
    assert shown(car) == [ONE_TO_FOUR]
    tesla.faults.clear()
    again = make(hass, loaded)
    # As stored before the command left.
    assert [each[-1] for each in stored[0]["own"]] == [True]
    again.restore(stored[0])
    await wait(20 * MINUTE)
    added = [each.parameters["id"] for each in car.executions]
    await told_of(tesla, wait, MODEL_Y)
    await follow(again, plan(("05:00", "05:30")))
    assert shown(car) == [FIVE]
    assert [*added, *car.plans.charge] == [added[0]] * 2


async def test_a_refusal_is_not_repeated_at_once(
    planned: PlannedSchedules, car: Car, tesla: Simulator, wait: Wait
) -> None:
    car.plans.maximum = 0
    await follow(planned, plan(("01:00", "04:00")))
    car.plans.maximum = 10
    sent = paid(tesla)["commands"]
    await wait(13 * MINUTE)
    await told_of(tesla, wait, MODEL_Y)
    await follow(planned, plan(("01:00", "04:00")))
    assert paid(tesla)["commands"] == sent
    await wait(2 * MINUTE)
    await follow(planned, plan(("01:00", "04:00")))
    assert shown(car) == [ONE_TO_FOUR]


async def test_the_schedules_of_the_owner_stay(
    planned: PlannedSchedules, loaded: MockConfigEntry, car: Car, freezer: Any
) -> None:
    """Also one that Flotte wrote and the owner changed, or that has its name by chance."""
    owners = {**_owners(7), "name": "Flotte"}
    car.plans.charge[7] = dict(owners)
    await vehicle_of(loaded, MODEL_Y).vehicle.refresh()
    await follow(planned, plan(("01:00", "04:00")))
    ((_, _), (own_id, own)) = car.plans.charge.items()
    own["end_time"] = 300
    freezer.tick(timedelta(minutes=1))
    await vehicle_of(loaded, MODEL_Y).vehicle.refresh()
    await follow(planned, NO_PLAN, Plug.UNPLUGGED)
    assert car.plans.charge == {7: owners, own_id: own}
    assert len(car.executions) == 1


def _owners(schedule_id: int) -> dict[str, Any]:
    return {
        "id": schedule_id,
        "name": "",
        "days_of_week": 127,
        "start_enabled": True,
        "start_time": 1380,
        "end_enabled": True,
        "end_time": 360,
        "one_time": False,
        "enabled": True,
        "latitude": HOME[0],
        "longitude": HOME[1],
    }


async def test_the_blocks_explain_a_charge(
    hass: HomeAssistant, loaded: MockConfigEntry, planned: PlannedSchedules
) -> None:
    """And for ten minutes its end, which is reported late."""
    await follow(planned, plan(("01:00", "04:00")))
    again = make(hass, loaded)
    again.restore(planned.to_stored())
    running = [
        clock
        for clock in ("00:59", "01:00", "03:59", "04:09", "04:10")
        if again.is_running(at(clock))
    ]
    assert running == ["01:00", "03:59", "04:09"]
    # It serves a plan that begins a quarter of an hour later, unless it is left to Home Assistant.
    assert not again.serves(at("01:10"))
    await follow(again, plan(("01:15", "04:00")))
    assert [clock for clock in ("00:59", "01:10", "04:00") if again.serves(at(clock))] == ["01:10"]
    starting = [
        clock for clock in ("00:59", "01:00", "01:04", "01:05") if again.starts_alone(at(clock))
    ]
    assert starting == ["01:00", "01:04"]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"own": 5},
        {"own": [[1, "x", 2, 3, False], [1], 7]},
        {"night": "x"},
        {"turned_off": {"lines": [5, [], [7] * 12]}},
    ],
)
def test_damaged_memory_is_left_out(
    hass: HomeAssistant, loaded: MockConfigEntry, stored: object
) -> None:
    planned = make(hass, loaded)
    planned.restore(stored)
    assert planned.to_stored()["own"] == []
    assert planned.to_stored()["turned_off"]["lines"] == []


# --- Schedules of the owner ----------------------------------------------------------------------

ISSUE: Final = "charging_schedule_collision_000001_"


async def collide(
    hass: HomeAssistant, planned: PlannedSchedules, entry: MockConfigEntry, car: Car, freezer: Any
) -> str:
    """Have a schedule of the owner reported; returns the id of the issue."""
    car.plans.charge[7] = {**_owners(7), "name": "Night"}
    await vehicle_of(entry, MODEL_Y).vehicle.refresh()
    made = plan(("01:00", "04:00"))
    await follow(planned, made, mode=ChargingMode.SUN_FIRST)
    assert planned.collision is None
    freezer.tick(timedelta(minutes=5))
    await follow(planned, made, mode=ChargingMode.SUN_FIRST)
    issue_id = f"{ISSUE}{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {"name": "Aurora", "schedule": "Night (23:00-06:00)"}
    return issue_id


async def fix(hass: HomeAssistant, issue_id: str) -> Any:
    """Submit the repair."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    flow: Any = await async_create_fix_flow(hass, issue_id, issue.data)
    flow.hass = hass
    form = await flow.async_step_init()
    assert form["type"] is FlowResultType.FORM
    return await flow.async_step_confirm({})


async def test_a_schedule_in_the_way_is_turned_off_and_on_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    planned: PlannedSchedules,
    car: Car,
    tesla: Simulator,
    freezer: Any,
) -> None:
    issue_id = await collide(hass, planned, loaded, car, freezer)
    own = [each for number, each in car.plans.charge.items() if number != 7]
    commands = paid(tesla)["commands"]
    assert not planned.is_running(dt_util.utcnow())
    done = await fix(hass, issue_id)
    # It may have held back a charge, which then begins.
    assert planned.is_running(dt_util.utcnow())
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert car.plans.charge[7] == {**_owners(7), "name": "Night", "enabled": False}
    assert paid(tesla)["commands"] == commands + 1
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None
    # After a restart, the mode is set to off.
    again = make(hass, loaded)
    again.restore(json.loads(json.dumps(planned.to_stored())))
    await follow(again, NO_PLAN, mode=ChargingMode.OFF)
    assert list(car.plans.charge.values()) == [{**_owners(7), "name": "Night"}, *own]
    assert paid(tesla)["commands"] == commands + 2
    await follow(again, NO_PLAN, mode=ChargingMode.OFF)
    assert paid(tesla)["commands"] == commands + 2


async def test_a_schedule_that_its_owner_changed_meanwhile_stays_off(
    hass: HomeAssistant, loaded: MockConfigEntry, planned: PlannedSchedules, car: Car, freezer: Any
) -> None:
    await fix(hass, await collide(hass, planned, loaded, car, freezer))
    car.plans.charge[7]["start_time"] = 1320
    freezer.tick(timedelta(minutes=1))
    await vehicle_of(loaded, MODEL_Y).vehicle.refresh()
    await follow(planned, NO_PLAN, mode=ChargingMode.OFF)
    assert car.plans.charge[7]["enabled"] is False
    assert planned.to_stored()["turned_off"]["lines"] == []


async def test_a_sleeping_car_gets_its_schedule_back_when_it_wakes(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    planned: PlannedSchedules,
    car: Car,
    tesla: Simulator,
    wait: Wait,
    freezer: Any,
) -> None:
    await fix(hass, await collide(hass, planned, loaded, car, freezer))
    gate = vehicle_of(loaded, MODEL_Y).vehicle.gate
    gate.policy = replace(gate.policy, charging_wakes_per_day=0)
    car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    wakes = paid(tesla)["wakes"]
    await follow(planned, NO_PLAN, mode=ChargingMode.OFF)
    assert (car.plans.charge[7]["enabled"], car.state) == (False, "asleep")
    # Also after a restart.
    stored = json.loads(json.dumps(planned.to_stored()))
    assert await hass.config_entries.async_reload(loaded.entry_id)
    make(hass, loaded).restore(stored)
    await wait(15 * MINUTE)
    car.steer({"state": "online"})
    await wait(3 * MINUTE)
    assert car.plans.charge[7]["enabled"] is True
    assert paid(tesla)["wakes"] == wakes


async def test_the_issue_goes_with_the_schedule(
    hass: HomeAssistant, loaded: MockConfigEntry, planned: PlannedSchedules, car: Car, freezer: Any
) -> None:
    issue_id = await collide(hass, planned, loaded, car, freezer)
    tesla_car = vehicle_of(loaded, MODEL_Y).vehicle
    car.plans.charge[7]["enabled"] = False
    await tesla_car.refresh()
    await follow(planned, NO_PLAN, mode=ChargingMode.SUN_FIRST)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None


async def test_a_failed_repair_can_be_repeated(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    planned: PlannedSchedules,
    car: Car,
    tesla: Simulator,
    freezer: Any,
) -> None:
    issue_id = await collide(hass, planned, loaded, car, freezer)
    tesla.faults.order("status", endpoint="signed_command", status=429, count=1)
    form = await fix(hass, issue_id)
    assert form["errors"] == {"base": "not_turned_off"}
    freezer.tick(timedelta(minutes=2))
    assert (await fix(hass, issue_id))["type"] is FlowResultType.CREATE_ENTRY
    assert car.plans.charge[7]["enabled"] is False
    gone: Any = await async_create_fix_flow(
        hass, issue_id, {"issue": "charging_schedule_collision", "subject": "other"}
    )
    assert (await gone.async_step_init())["type"] is FlowResultType.CREATE_ENTRY


# --- The night -----------------------------------------------------------------------------------


async def test_the_car_charges_although_home_assistant_is_gone(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    planned: PlannedSchedules,
    car: Car,
    tesla: Simulator,
    wait: Wait,
    freezer: Any,
) -> None:
    car.steer({"battery_level": 30, "charge_limit": 80})
    await follow(planned, plan(("01:00", "04:00"), ("05:00", "05:30")))
    stored = planned.to_stored()
    before = paid(tesla)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    states = {}
    while (now := datetime.now(ZONE)) < at("07:00"):
        states[f"{now:%H:%M}"] = (car.charging.state, car.state)
        freezer.tick(timedelta(minutes=15))
        car.advance()
    assert [states[each] for each in ("00:46", "01:16", "04:16", "05:16", "05:46")] == [
        ("Stopped", "asleep"),
        ("Charging", "online"),
        ("Stopped", "asleep"),
        ("Charging", "online"),
        ("Stopped", "asleep"),
    ]
    assert car.plans.charge == {}
    assert 75 < car.battery.percent <= 80
    assert paid(tesla) == before
    # Nothing is left of it.
    assert await hass.config_entries.async_setup(loaded.entry_id)
    again = make(hass, loaded)
    again.restore(stored)
    await told_of(tesla, wait, MODEL_Y)
    assert await follow(again, NO_PLAN) == "no_plan"
    assert again.to_stored()["own"] == []
    assert car.executions == []

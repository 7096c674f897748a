"""A night by plan: the car knows it, so that nothing depends on Home Assistant."""

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.flotte.charging.schedule_takeover import COLLISION_ISSUE
from custom_components.flotte.charging.settings import ReadyOn
from custom_components.flotte.const import CONF_PRICE_ENTITY, DOMAIN
from custom_components.flotte.repairs import async_create_fix_flow
from custom_components.flotte.tesla.charging.situation import ChargingMode
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import MODEL_Y, SITE, set_up
from tests.fleet import MINUTE, Wait
from tests.home_charging import controller_of, make_home

pytestmark = [
    pytest.mark.freeze_time("2026-10-20T18:00:00+00:00"),
    pytest.mark.usefixtures("quick_waits"),
]

ZONE: Final = ZoneInfo("Europe/Amsterdam")
CHEAP: Final = {1: 0.10, 2: 0.10, 4: 0.12, 5: 0.12}
"""Hours of the night that do not cost 0.30."""
PRICE: Final = "sensor.price"


def at(clock: str) -> datetime:
    """A time of the night or morning."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 10, 21, hour, minute, tzinfo=ZONE)


def show_prices(hass: HomeAssistant) -> None:
    """An entity with the prices of today and tomorrow."""
    now = datetime.now(ZONE)
    rows: list[dict[str, Any]] = []
    begin = datetime(2026, 10, 20, tzinfo=ZONE)
    for number in range(48):
        start = begin + timedelta(hours=number)
        price = CHEAP.get(start.hour, 0.30) if start.day > begin.day else 0.30
        end = start + timedelta(hours=1)
        rows.append({"start": start.isoformat(), "end": end.isoformat(), "value": price})
    present = next(row for row in rows if row["start"] <= now.isoformat() < row["end"])
    attributes = {
        ATTR_UNIT_OF_MEASUREMENT: "EUR/kWh",
        "raw_today": rows[:24],
        "raw_tomorrow": rows[24:],
    }
    hass.states.async_set(PRICE, str(present["value"]), attributes)


def paid(tesla: Simulator) -> tuple[int, int]:
    """Commands and wakes."""
    counts = tesla.bill.counts()
    return counts[Category.COMMAND], counts[Category.WAKE]


@pytest.fixture
async def car(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait) -> Car:
    """Aurora, which came home in the evening with 50 % and was plugged in; 80 % at seven."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config_entries.async_update_entry(entry, options={CONF_PRICE_ENTITY: PRICE})
    show_prices(hass)
    car = tesla.world.cars[MODEL_Y]
    car.plans.charge.clear()
    # A cable that goes in begins a charge.
    car.steer({"state": "online", "battery_level": 50, "plugged_in": "ac3"})
    tesla.world.sites[SITE].steer({"solar_power": 0, "load_power": 500})
    await set_up(hass, entry)
    await wait(2 * MINUTE)
    make_home(hass, car)
    controller_of(entry).async_change(
        mode=ChargingMode.CHEAPEST_HOURS,
        ready_level=80,
        ready_by=time(7),
        ready_on=ReadyOn.EVERY_DAY,
    )
    await wait(6 * MINUTE)
    return car


def shown(car: Car) -> list[tuple[str, int, int, int, bool, bool]]:
    """The schedules in the car: name, days, start and end in minutes, once, enabled."""
    keys = ("name", "days_of_week", "start_time", "end_time", "one_time", "enabled")
    return [tuple(each[key] for key in keys) for each in car.plans.charge.values()]


BLOCKS: Final = [("Flotte", 8, 60, 180, True, True), ("Flotte", 8, 240, 270, True, True)]
"""On Wednesday from 1:00 to 3:00, and from 4:00 to 4:30."""


async def test_home_assistant_is_gone_for_the_night(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    car: Car,
    tesla: Simulator,
    wait: Wait,
    freezer: Any,
) -> None:
    assert [each.name for each in car.executions] == ["charge_stop", *["add_charge_schedule"] * 2]
    assert shown(car) == BLOCKS
    # A handshake, a stop and two schedules.
    assert paid(tesla) == (4, 0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    starts = []
    while datetime.now(ZONE) < at("07:00"):
        state = car.charging.state
        freezer.tick(5 * MINUTE)
        car.advance()
        if state != "Charging" and car.charging.state == "Charging":
            starts.append(f"{datetime.now(ZONE):%H:%M}")
    assert starts == ["01:03", "04:03"]
    assert car.battery.percent == pytest.approx(80, abs=0.5)
    assert shown(car) == []

    show_prices(hass)
    await set_up(hass, entry)
    await wait(2 * MINUTE)
    make_home(hass, car)
    car.steer({"state": "online"})
    await wait(5 * MINUTE)
    assert not controller_of(entry).is_taken_over
    assert paid(tesla) == (4, 0)


async def test_home_assistant_only_watches(
    hass: HomeAssistant, entry: MockConfigEntry, car: Car, tesla: Simulator, freezer: Any
) -> None:
    """It starts nothing that the car starts on its own, and takes no end for a takeover."""
    assert paid(tesla) == (4, 0)
    while datetime.now(ZONE) < at("07:00"):
        show_prices(hass)
        freezer.tick(2 * MINUTE)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert not controller_of(entry).is_taken_over
    assert car.battery.percent == pytest.approx(80, abs=0.5)
    assert [each.name for each in car.executions] == ["charge_stop", *["add_charge_schedule"] * 2]
    # At three, a stop of what had stopped already a moment ago.
    assert paid(tesla) == (5, 0)


async def test_a_charge_that_a_repair_releases_is_stopped(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A schedule of the owner held the car back; without it, the car begins at once."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    car = tesla.world.cars[MODEL_Y]
    car.plans.charge.clear()
    night = {"id": 7, "name": "Night", "days_of_week": 127, "start_enabled": True}
    night |= {"start_time": 1380, "end_enabled": True, "end_time": 360, "one_time": False}
    night |= {"enabled": True, "latitude": car.latitude, "longitude": car.longitude}
    car.plans.charge[7] = night
    car.steer({"state": "online", "battery_level": 50, "plugged_in": "ac3"})
    tesla.world.sites[SITE].steer({"solar_power": 0, "load_power": 500})
    await set_up(hass, entry)
    await wait(2 * MINUTE)
    make_home(hass, car)
    controller = controller_of(entry)
    controller.async_change(mode=ChargingMode.SUN_FIRST)
    await wait(8 * MINUTE)
    assert (car.charging.state, car.charging.is_held) == ("Stopped", True)
    ((_, issue_id),) = [
        key for key in ir.async_get(hass).issues if key[1].startswith(COLLISION_ISSUE)
    ]
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    flow: Any = await async_create_fix_flow(hass, issue_id, issue.data)
    flow.hass = hass
    done = await flow.async_step_confirm({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert (car.charging.state, car.plans.charge[7]["enabled"]) == ("Starting", False)
    await wait(15 * MINUTE)
    assert (car.charging.state, controller.is_taken_over) == ("Stopped", False)
    assert [each.name for each in car.executions] == ["add_charge_schedule", "charge_stop"]

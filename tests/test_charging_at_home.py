"""Charging at home in Home Assistant: the car follows the sun of the simulated house."""

from datetime import timedelta

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.spending.decisions import (
    EVENT_SPENDING_DECISION,
    EVENT_SPENDING_DENIED,
)
from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.errors import AnswerLost
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.cars import Car
from tests import home_charging
from tests.conftest import set_up
from tests.fleet import MINUTE, MOMENT, Wait
from tests.home_charging import PERSON, controller_of, house, make_home, reason_of, spent

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

car, plugged, following = home_charging.car, home_charging.plugged, home_charging.following


async def test_nothing_happens_while_the_mode_is_off(
    plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    house(tesla, 9000)
    await wait(10 * MINUTE)
    assert (plugged.decision, plugged.surplus, car.charging.state) == (None, None, "Stopped")


async def test_the_car_follows_the_sun(
    hass: HomeAssistant,
    told: MockConfigEntry,
    plugged: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    allowed = async_capture_events(hass, EVENT_SPENDING_DECISION)
    denied = async_capture_events(hass, EVENT_SPENDING_DENIED)
    decided: list[ChargingDecision] = []
    plugged.decided.subscribe(decided.append)
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    await wait(3 * MINUTE)
    assert reason_of(plugged) is Reason.WAITS_FOR_SUN
    assert (plugged.surplus, car.charging.state) == (-0.5, "Stopped")

    house(tesla, 9000)
    await wait(3 * MINUTE)
    assert (car.charging.state, car.charging.amps) == ("Charging", 12)
    assert plugged.surplus == pytest.approx(8.5, abs=0.01)

    house(tesla, 5000)
    await wait(10 * MINUTE)
    assert (car.charging.state, car.charging.amps) == ("Charging", 6)

    house(tesla, 0)
    await wait(5 * MINUTE)
    assert (reason_of(plugged), car.charging.state) == (Reason.WAITS_FOR_SUN, "Stopped")
    steps = [each.action for each in decided if each.action is not ChargingStep.KEEP]
    assert steps == [ChargingStep.START, ChargingStep.SET, ChargingStep.STOP]
    # Current and start, each after a handshake or not, current, stop; the car slept before.
    assert spent(told) == {Category.WAKE: 1, Category.COMMAND: 5}
    assert plugged.sender.commands_today == 5
    usage = plugged.usage
    # 3 min at 8.28 kW and 10 min at 4.14 kW, but for starting and for steps of the meter.
    assert usage.from_sun == pytest.approx(1.1, abs=0.2)
    assert 0 < usage.from_grid < 0.4
    # The car's logbook has a sentence for each command, and not the budget's too.
    assert len([each for each in allowed if each.data["caller"] == "charging"]) > 2
    assert denied == []


async def test_a_current_below_five_waits_until_current_flows(
    plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    """A charge begins at 5 A, whatever was set before the first current."""
    house(tesla, 3000)
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    for _ in range(125):
        await wait(timedelta(seconds=3))
    assert (car.charging.state, car.charging.amps) == ("Charging", 4)
    amps = [each.parameters.get("charging_amps") for each in car.executions]
    assert amps == [5, None, 4, 4]


async def test_nothing_is_sent_for_steady_sun(
    told: MockConfigEntry, following: ChargingController, wait: Wait
) -> None:
    before = spent(told)
    await wait(40 * MINUTE)
    assert spent(told) == before


@pytest.mark.parametrize("by_button", [True, False])
async def test_a_person_takes_over_until_they_resume(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    *,
    by_button: bool,
) -> None:
    vehicle = following.coordinator.vehicle
    if by_button:
        await vehicle.send(commands.stop_charging(), PERSON)
    else:
        car.steer({"charging": False})
        await vehicle.refresh(PERSON)
    await wait(5 * MINUTE)
    assert (following.is_taken_over, car.charging.state) == (True, "Stopped")
    before = spent(told)
    house(tesla, 0)
    await wait(5 * MINUTE)
    house(tesla, 9000)
    await wait(5 * MINUTE)
    assert spent(told) == before
    following.async_resume()
    await wait(3 * MINUTE)
    assert (following.is_taken_over, car.charging.state) == (False, "Charging")


async def test_turned_off_it_leaves_no_current_of_the_sun(
    hass: HomeAssistant, following: ChargingController, car: Car
) -> None:
    assert car.charging.requested_amps == 12
    decided: list[ChargingDecision] = []
    following.decided.subscribe(decided.append)
    following.async_change(mode=ChargingMode.OFF)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (car.charging.state, car.charging.requested_amps) == ("Charging", 16)
    assert reason_of(following) is Reason.OFF
    assert [dict(each.figures) for each in decided if each.action is ChargingStep.SET] == [
        {"amps": 16}
    ]


async def test_a_silent_meter_steps_the_current_down_and_stops(
    following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    house(tesla, 9000, meter={"delay": 0, "silent": True})
    await wait(20 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.METER_SILENT, "Stopped")


async def test_an_outage_stops_the_charge(
    following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    house(tesla, 9000, on_grid=False)
    await wait(3 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.GRID_DOWN, "Stopped")


async def test_a_restart_goes_on(
    hass: HomeAssistant,
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    following.async_change(lowest_level=30)
    sun, commands_today = following.usage.from_sun, following.sender.commands_today
    assert await hass.config_entries.async_unload(told.entry_id)
    await set_up(hass, told)
    make_home(hass, car)
    after = controller_of(told)
    assert after is not following
    assert (after.settings.mode, after.settings.lowest_level) == (ChargingMode.SUN_FIRST, 30)
    assert (after.usage.from_sun, after.sender.commands_today) == (sun, commands_today)
    house(tesla, 0)
    await wait(5 * MINUTE)
    assert (reason_of(after), car.charging.state) == (Reason.WAITS_FOR_SUN, "Stopped")


async def test_a_refused_start_is_tried_again_later_and_less_often(
    told: MockConfigEntry, plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    rules = told.runtime_data.ledger.gate
    rules.policy = rules.policy.from_options({"charging_wakes_per_day": 0})
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    await wait(20 * MINUTE)
    assert plugged.sender.problem is not None
    assert plugged.sender.problem.translation_key == "gate_asleep"
    assert (car.charging.state, spent(told)) == ("Stopped", {})


async def test_a_command_with_an_unknown_outcome_is_no_takeover(
    monkeypatch: pytest.MonkeyPatch, following: ChargingController, tesla: Simulator, wait: Wait
) -> None:
    async def lose(*_: object) -> None:
        raise AnswerLost

    monkeypatch.setattr(following.coordinator.vehicle, "send", lose)
    house(tesla, 0)
    await wait(5 * MINUTE)
    assert following.sender.problem is not None
    assert not following.is_taken_over


async def test_the_share_of_the_sun_is_that_of_the_present_charge(
    hass: HomeAssistant,
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    await wait(10 * MINUTE)
    assert following.usage.charge.sun_share == pytest.approx(100, abs=2)
    assert await hass.config_entries.async_unload(told.entry_id)
    # Another cable is plugged in while Home Assistant is down, and charges from the grid.
    car.steer({"plugged_in": None})
    car.steer({"plugged_in": "ac3", "charging": True})
    house(tesla, 0)
    await set_up(hass, told)
    make_home(hass, car)
    after = controller_of(told)
    await after.coordinator.vehicle.refresh(PERSON)
    after.async_change(mode=ChargingMode.NOW)
    await wait(10 * MINUTE)
    assert after.usage.charge.sun_share == pytest.approx(0, abs=1)
    assert after.usage.from_sun == pytest.approx(following.usage.from_sun)

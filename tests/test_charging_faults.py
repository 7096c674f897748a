"""Faults while charging at home: no charge is left at a wrong current, and no command repeats."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.charging.home import async_get_home
from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.charging.decide import Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.commands import Command
from simulator import Simulator
from simulator.cars import Car
from tests import home_charging
from tests.conftest import MODEL_Y, set_up
from tests.fleet import MINUTE, MOMENT, Wait
from tests.home_charging import PERSON, controller_of, house, make_home, reason_of
from tests.tesla.servers import until

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

car, plugged, following = home_charging.car, home_charging.plugged, home_charging.following

STEP: Final = timedelta(seconds=15)


class Gateway:
    """Holds back the commands to a vehicle, before or after the car executes them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, controller: ChargingController) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        self.hass = controller.coordinator.hass
        self.sender = controller.sender
        self.before: str | None = None
        self.after: str | None = None
        channel = controller.coordinator.vehicle.channel
        transmit = channel.transmit

        async def held(command: Command, *more: Any) -> Any:
            if command.name == self.before:
                await self._hold()
            done = await transmit(command, *more)
            if command.name == self.after:
                await self._hold()
            return done

        monkeypatch.setattr(channel, "transmit", held)

    async def wait(self, step: Any) -> None:
        """Let time pass until a command is held back."""
        for _ in range(20):
            await step()
            # The clock stands still, but the simulator answers.
            quiet = self.hass.async_block_till_done(wait_background_tasks=True)
            both = [asyncio.ensure_future(each) for each in (self.reached.wait(), quiet)]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for each in both:
                each.cancel()
            if self.reached.is_set():
                return
        pytest.fail("no command")

    async def release(self) -> None:
        """Let the command go on, and what follows it end, while the clock stands still."""
        self.go_on.set()
        await until(lambda: not self.sender.is_sending)

    async def _hold(self) -> None:
        self.before = self.after = None
        self.reached.set()
        await self.go_on.wait()


@pytest.fixture
def step(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Any:
    """Let half a minute pass, without waiting for commands."""

    async def step(duration: timedelta = timedelta(seconds=31)) -> None:
        freezer.tick(duration)
        async_fire_time_changed(hass)
        await hass.async_block_till_done()

    return step


def names(car: Car) -> list[str]:
    """The commands that the car executed."""
    return [each.name for each in car.executions]


async def test_a_start_cut_off_by_a_restart_is_no_takeover(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    step: Any,
) -> None:
    house(tesla, 0)
    await wait(10 * MINUTE)
    assert car.charging.state == "Stopped"
    gateway = Gateway(monkeypatch, following)
    gateway.after = "charge_start"
    house(tesla, 9000)
    await gateway.wait(step)
    assert car.charging.state in {"Starting", "Charging"}
    assert await hass.config_entries.async_unload(told.entry_id)
    await set_up(hass, told)
    make_home(hass, car)
    after = controller_of(told)
    await wait(5 * MINUTE)
    assert (after.is_taken_over, car.charging.state) == (False, "Charging")
    house(tesla, 0)
    await wait(10 * MINUTE)
    assert (reason_of(after), car.charging.state) == (Reason.WAITS_FOR_SUN, "Stopped")


async def test_turned_off_during_a_start_it_does_not_start(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    plugged: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    step: Any,
) -> None:
    gateway = Gateway(monkeypatch, plugged)
    gateway.before = "set_charging_amps"
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    await gateway.wait(step)
    plugged.async_change(mode=ChargingMode.OFF)
    await gateway.release()
    await wait(5 * MINUTE)
    assert (car.charging.state, car.charging.requested_amps) == ("Stopped", 16)


async def test_a_person_stops_during_a_start(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    plugged: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    step: Any,
) -> None:
    gateway = Gateway(monkeypatch, plugged)
    gateway.before = "set_charging_amps"
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    await gateway.wait(step)
    vehicle = plugged.coordinator.vehicle
    stop = hass.async_create_task(vehicle.send(commands.stop_charging(), PERSON))
    await asyncio.sleep(0)
    await gateway.release()
    await stop
    await wait(5 * MINUTE)
    assert (plugged.is_taken_over, car.charging.state) == (True, "Stopped")


async def test_a_stop_is_sent_at_once_after_a_failed_change(
    monkeypatch: pytest.MonkeyPatch,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    tesla.faults.order("status", endpoint="signed_command", vin=MODEL_Y, status=429, count=3)
    house(tesla, 5000)
    await wait(12 * MINUTE)
    house(tesla, 0, on_grid=False)
    await wait(1 * MINUTE)
    await wait(1 * MINUTE)
    assert car.charging.state == "Stopped"


async def test_frugal_stops_instead_of_buying(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    rules = told.runtime_data.ledger.gate
    rules.policy = rules.policy.from_options({"spending_mode": "frugal"})
    rules.review(rules.meter.budget * 0, following.coordinator.vehicle.context.now())
    house(tesla, 3000)
    await wait(15 * MINUTE)
    assert car.charging.state == "Stopped"


async def test_a_wall_box_that_offers_less_is_no_person(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    car.steer({"plugged_in": {"name": "ac3", "amps": 8}})
    await following.coordinator.vehicle.refresh(PERSON)
    await wait(3 * MINUTE)
    assert not following.is_taken_over
    house(tesla, 0)
    await wait(10 * MINUTE)
    assert car.charging.state == "Stopped"


async def test_a_clock_set_back_leaves_no_current_of_the_sun(
    hass: HomeAssistant, following: ChargingController, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    """No timer fires here before the old time is reached, so the meter is silent."""
    home = async_get_home(hass)
    freezer.tick(timedelta(hours=-2))
    for _ in range(22):
        freezer.tick(timedelta(seconds=31))
        home._async_tick(dt_util.utcnow())
        await hass.async_block_till_done(wait_background_tasks=True)
    assert (reason_of(following), car.charging.state) == (Reason.METER_SILENT, "Stopped")


async def test_plugged_in_at_night(
    plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    plugged.async_change(mode=ChargingMode.SUN_ONLY)
    car.steer({"plugged_in": False})
    await plugged.coordinator.vehicle.refresh(PERSON)
    await wait(3 * MINUTE)
    car.steer({"plugged_in": "ac3", "charging": True})
    await plugged.coordinator.vehicle.refresh(PERSON)
    await wait(1 * MINUTE)
    await wait(1 * MINUTE)
    assert car.charging.state == "Stopped"

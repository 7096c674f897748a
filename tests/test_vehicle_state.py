"""The sensor of a car's state: what is known of it, and nothing that silence does not prove."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import State
from simulator import Simulator
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait
from tests.test_coordinator import paid

pytestmark = pytest.mark.freeze_time(MOMENT)

STATE = "sensor.aurora_state"
INSTALLING = {"version": "2026.38.9", "status": "installing", "install_percent": 40}


async def test_a_car_that_was_never_seen_has_no_state(
    hass: HomeAssistant, loaded: MockConfigEntry, wait: Wait
) -> None:
    coordinator = vehicle_of(loaded, MODEL_Y)
    coordinator.vehicle.knowledge.state = State()
    coordinator.async_apply_changes(frozenset({signals.ONLINE}))
    assert state_of(hass, STATE).state == "unknown"
    await wait(MINUTE)
    assert state_of(hass, STATE).state == "asleep"


@pytest.mark.parametrize(
    ("orders", "shown"),
    [
        ({"state": "online"}, "online"),
        ({"state": "asleep"}, "asleep"),
        # Tesla says so of cars without reception, and of some that sleep.
        ({"state": "offline"}, "offline"),
        ({"state": "online", "in_service": True}, "in_service"),
        ({"state": "offline", "in_service": True}, "in_service"),
        ({"state": "online", "software_update": INSTALLING}, "updating"),
    ],
)
async def test_it_is_what_the_free_check_and_the_car_report(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    orders: dict[str, Any],
    shown: str,
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.steer({**orders, "state": "online"})
    await wait(MINUTE)
    car.steer(orders)
    await wait(2 * MINUTE)
    assert state_of(hass, STATE).state == shown
    spent = paid(tesla, MODEL_Y)
    await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, STATE).state == shown, "also after a restart"
    assert paid(tesla, MODEL_Y) == spent


async def test_a_car_that_sleeps_remains_asleep_though_tesla_says_offline(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    for state, shown in (("asleep", "asleep"), ("offline", "asleep"), ("online", "online")):
        car.steer({"state": state})
        await wait(MINUTE)
        assert state_of(hass, STATE).state == shown


async def test_an_installation_without_further_reports_ends(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The car is silent while it installs: it may take an hour, but not half a day."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "software_update": INSTALLING})
    await wait(2 * MINUTE)
    car.steer({"state": "offline"})
    await wait(30 * MINUTE)
    assert state_of(hass, STATE).state == "updating"
    freezer.tick(timedelta(hours=3))
    await wait(MINUTE)
    assert state_of(hass, STATE).state == "offline"

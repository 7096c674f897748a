"""The main job, from Home Assistant's action to the simulated car and back."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.climate import DOMAIN as CLIMATE
from homeassistant.components.climate import SERVICE_SET_TEMPERATURE
from homeassistant.components.lock import DOMAIN as LOCK
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from simulator.bill import Category
from tests.conftest import CLIENT_ID, MODEL_3, MODEL_Y, state_of

type Wait = Callable[[timedelta], Coroutine[Any, Any, None]]


async def test_lock_is_signed_and_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "locked": False})
    await wait(timedelta(minutes=1))
    assert state_of(hass, "lock.aurora_doors").state == "unlocked"

    await hass.services.async_call(
        LOCK, SERVICE_LOCK, {ATTR_ENTITY_ID: "lock.aurora_doors"}, blocking=True
    )

    (execution,) = car.executions
    assert (execution.name, execution.signed, execution.domain) == ("door_lock", True, 2)
    assert state_of(hass, "lock.aurora_doors").state == "locked"


async def test_climate_wakes_a_sleeping_car_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    quick_waits: None,
) -> None:
    car = tesla.world.cars[MODEL_Y]
    assert car.state == "asleep"

    await hass.services.async_call(
        CLIMATE,
        SERVICE_SET_TEMPERATURE,
        {ATTR_ENTITY_ID: "climate.aurora", "temperature": 21.5},
        blocking=True,
    )

    assert car.wakes == 1
    assert [each.name for each in car.executions] == ["set_temps"]
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.WAKE] == 1
    assert state_of(hass, "climate.aurora").attributes["temperature"] == 21.5


async def test_unpaired_car_refuses_with_the_reason_and_at_no_cost(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    with pytest.raises(HomeAssistantError) as refusal:
        await hass.services.async_call(
            LOCK, SERVICE_LOCK, {ATTR_ENTITY_ID: "lock.comet_doors"}, blocking=True
        )
    assert refusal.value.translation_key == "key_not_paired"
    assert "not paired with Comet" in str(refusal.value)
    assert tesla.world.cars[MODEL_3].executions == []
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.COMMAND] == 0


async def test_sleeping_car_shows_what_was_known(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A car that sleeps from the beginning is unknown, not "open"."""
    await wait(timedelta(minutes=3))
    assert state_of(hass, "cover.aurora_trunk").state == STATE_UNKNOWN
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.WAKE] == 0

"""Charge on Solar: read on demand, offered where the car answers, and never changed blindly."""

import asyncio
from typing import Any

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from simulator.vehicle.charging import OnSolar
from tests.conftest import MODEL_S, MODEL_Y, set_up, state_of, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait, act, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

SWITCH = "switch.aurora_charge_on_solar"
LOWER = "number.aurora_charge_on_solar_lower_limit"
UPPER = "number.aurora_charge_on_solar_upper_limit"


@pytest.fixture(autouse=True)
def _only_these_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.NUMBER, Platform.SWITCH])


async def call(hass: HomeAssistant, action: str, vin: str = MODEL_Y) -> Any:
    """The settings in the response of an action."""
    device = next(
        each for each in dr.async_get(hass).devices if ("flotte", vin) in each.identifiers
    )
    answer = await hass.services.async_call(
        "flotte",
        action,
        {"device_id": device.id},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    settings: Any = answer["settings"]
    return settings[device.id]


async def refused(hass: HomeAssistant, vin: str = MODEL_Y) -> str | None:
    """The reason why the settings cannot be read."""
    with pytest.raises(HomeAssistantError) as refusal:
        await call(hass, "read_charge_on_solar", vin)
    return refusal.value.translation_key


def shown(hass: HomeAssistant) -> list[str]:
    """The states of the switch and the two limits."""
    return [state_of(hass, each).state for each in (SWITCH, LOWER, UPPER)]


@pytest.fixture
async def car(hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait) -> Car:
    """Aurora, awake, whose home has a Powerwall."""
    car = await told_of(tesla, wait, MODEL_Y)
    car.charging.on_solar = OnSolar(enabled=False, lower=20, upper=80)
    return car


async def test_settings_are_read_and_offered(
    hass: HomeAssistant, car: Car, tesla: Simulator, wait: Wait
) -> None:
    assert hass.states.get(SWITCH) is None
    before = tesla.bill.counts()
    settings = await call(hass, "read_charge_on_solar")
    assert settings == {"name": "Aurora", "enabled": False, "lower_limit": 20, "upper_limit": 80}
    counts = tesla.bill.counts()
    # A handshake comes before the first command.
    assert counts[Category.COMMAND] - before[Category.COMMAND] == 2
    assert counts[Category.DATA] == before[Category.DATA]
    await wait(2 * MINUTE)
    assert [state_of(hass, each).state for each in (SWITCH, LOWER, UPPER)] == [
        "off",
        "20.0",
        "80.0",
    ]
    assert counts[Category.DATA] == tesla.bill.counts()[Category.DATA]


async def test_change_keeps_what_was_changed_in_the_app(
    hass: HomeAssistant, car: Car, tesla: Simulator, wait: Wait
) -> None:
    await call(hass, "read_charge_on_solar")
    await wait(2 * MINUTE)
    car.charging.on_solar = OnSolar(enabled=False, lower=35, upper=90)
    car.executions.clear()
    before = tesla.bill.counts()[Category.COMMAND]
    await act(hass, "turn_on", SWITCH)
    assert car.charging.on_solar == OnSolar(enabled=True, lower=35, upper=90)
    assert [each.name for each in car.executions] == [
        "charge_on_solar",
        "update_charge_on_solar",
        "charge_on_solar",
    ]
    assert tesla.bill.counts()[Category.COMMAND] - before == 3
    await act(hass, "set_value", LOWER, value=40)
    await act(hass, "set_value", UPPER, value=70)
    assert car.charging.on_solar == OnSolar(enabled=True, lower=40, upper=70)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, "set_value", LOWER, value=71)
    assert refusal.value.translation_key == "invalid_command"
    # Nothing lapses: the settings were read back.
    await wait(6 * MINUTE)
    assert shown(hass) == ["on", "40.0", "70.0"]
    await act(hass, "turn_off", SWITCH)
    assert car.charging.on_solar.enabled is False


async def test_sleeping_car_is_woken_to_change_it_but_not_to_read_it(
    hass: HomeAssistant, car: Car, tesla: Simulator, wait: Wait, quick_waits: None
) -> None:
    await call(hass, "read_charge_on_solar")
    await wait(2 * MINUTE)
    car.steer({"state": "asleep"})
    before = tesla.bill.counts()
    assert await refused(hass) == "vehicle_unavailable"
    counts = tesla.bill.counts()
    for category in (Category.COMMAND, Category.DATA, Category.WAKE):
        assert counts[category] == before[category]
    await act(hass, "turn_on", SWITCH)
    assert car.wakes == 1
    assert car.charging.on_solar == OnSolar(enabled=True, lower=20, upper=80)


async def test_car_without_it(hass: HomeAssistant, car: Car, tesla: Simulator, wait: Wait) -> None:
    car.charging.on_solar = None
    assert await refused(hass) == "reason_not_supported"
    car.steer({"unknown_commands": ["charge_on_solar"]})
    assert await refused(hass) == "fault_invalid_command"
    before = tesla.bill.counts()[Category.COMMAND]
    assert await refused(hass) == "fault_invalid_command"
    assert tesla.bill.counts()[Category.COMMAND] == before
    await wait(2 * MINUTE)
    assert hass.states.get(SWITCH) is None


async def test_car_without_signed_commands(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_S)
    assert await refused(hass, MODEL_S) == "no_unsigned_form"


async def test_lost_reply_is_no_answer(
    hass: HomeAssistant, car: Car, tesla: Simulator, wait: Wait, quick_waits: None
) -> None:
    await call(hass, "read_charge_on_solar")
    tesla.faults.order("lost_reply", endpoint="signed_command", vin=MODEL_Y, count=None)
    assert await refused(hass) == "answer_lost"
    await wait(2 * MINUTE)
    assert state_of(hass, SWITCH).state == "off"


async def test_changes_of_one_moment_keep_each_other(hass: HomeAssistant, car: Car) -> None:
    await call(hass, "read_charge_on_solar")
    await hass.async_block_till_done()
    vehicle = vehicle_of(hass.config_entries.async_entries("flotte")[0], MODEL_Y).vehicle
    solar, caller = vehicle.charge_on_solar, Caller(CallerKind.PERSON)
    await asyncio.gather(
        solar.change({signals.CHARGE_ON_SOLAR_LOWER: 40}, caller),
        solar.change({signals.CHARGE_ON_SOLAR_UPPER: 70}, caller),
    )
    assert car.charging.on_solar == OnSolar(enabled=False, lower=40, upper=70)


async def test_the_switch_stays_without_its_stored_answer(
    hass: HomeAssistant, car: Car, loaded: MockConfigEntry, wait: Wait, hass_storage: dict[str, Any]
) -> None:
    """Nothing reports the settings, so that they are missing proves nothing."""
    await call(hass, "read_charge_on_solar")
    await wait(2 * MINUTE)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage.pop(f"flotte.{loaded.entry_id}")
    await set_up(hass, loaded)
    await wait(2 * MINUTE)
    assert shown(hass) == ["unknown", "unknown", "unknown"]

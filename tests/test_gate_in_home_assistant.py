"""The gate in Home Assistant: who wakes a car, what waits until it is awake, and what is read."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.components.number import ATTR_VALUE, SERVICE_SET_VALUE
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.flotte.const import CONF_MONTHLY_LIMIT
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    EntryMaker,
    issue_of,
    issues_of,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

SOLAR = "automation:automation.solar_surplus"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [Platform.BINARY_SENSOR, Platform.LOCK, Platform.NUMBER],
    )


@pytest.fixture(autouse=True)
async def _automations(hass: HomeAssistant) -> None:
    """One that sets the charge limit to what an event says, and one that locks."""
    automations = [
        {
            "alias": "Solar surplus",
            "triggers": {"trigger": "event", "event_type": "sun"},
            "actions": {
                "action": "number.set_value",
                "target": {ATTR_ENTITY_ID: "number.aurora_charge_limit"},
                "data": {ATTR_VALUE: "{{ trigger.event.data.percent }}"},
            },
        },
        {
            "alias": "Good night",
            "triggers": {"trigger": "event", "event_type": "night"},
            "actions": {
                "action": "lock.lock",
                "target": {ATTR_ENTITY_ID: "lock.aurora_doors"},
            },
        },
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})


@pytest.fixture
def aurora(tesla: Simulator) -> Car:
    """The only car that is not asleep for good."""
    for vin in (MODEL_3, MODEL_S):
        tesla.world.cars[vin].steer({"state": "asleep"})
    return tesla.world.cars[MODEL_Y]


async def shine(hass: HomeAssistant, percent: int) -> None:
    """Have the automation set the charge limit."""
    hass.bus.async_fire("sun", {"percent": percent})
    await hass.async_block_till_done(wait_background_tasks=True)


async def use_up_wakes(hass: HomeAssistant, wait: Wait, aurora: Car) -> None:
    """The automation wakes it twice."""
    for percent in (60, 65):
        await shine(hass, percent)
        aurora.steer({"state": "asleep"})
        await wait(2 * MINUTE)
    assert limits(aurora) == [60, 65]
    assert aurora.wakes == 2


def limits(car: Car) -> list[object]:
    """The received charge limits, in order."""
    return [
        each.parameters["percent"] for each in car.executions if each.name == "set_charge_limit"
    ]


async def spent_by(hass: HomeAssistant, caller: str) -> dict[Category, int]:
    """The priced requests of a caller in the ledger."""
    meter = (await async_get_ledger(hass, CLIENT_ID)).meter
    counts = meter.ledger.by_caller(Month.of(datetime.now(UTC)))
    spent = counts[caller] if caller in counts else Counter()
    return {each: count for each, count in spent.items() if meter.tariff.price(each)}


async def test_the_third_setting_of_the_day_waits(
    hass: HomeAssistant,
    aurora: Car,
    loaded: MockConfigEntry,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await use_up_wakes(hass, wait, aurora)
    spent = {Category.WAKE: 2, Category.COMMAND: 3}
    assert await spent_by(hass, SOLAR) == spent

    await shine(hass, 70)
    await wait(HOUR)
    assert aurora.wakes == 2
    assert limits(aurora) == [60, 65]
    assert await spent_by(hass, SOLAR) == spent
    assert "Error while executing automation" not in caplog.text

    aurora.steer({"state": "online"})
    await wait(5 * MINUTE)
    assert limits(aurora) == [60, 65, 70], "once"
    assert state_of(hass, "number.aurora_charge_limit").state == "70"
    assert await spent_by(hass, SOLAR) == spent | {Category.COMMAND: 4}
    assert "Aurora is awake: ran the deferred set_charge_limit" in caplog.text


async def test_deferred_commands_survive_a_reload(
    hass: HomeAssistant, aurora: Car, loaded: MockConfigEntry, wait: Wait
) -> None:
    await use_up_wakes(hass, wait, aurora)
    await shine(hass, 70)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    (waiting,) = vehicle_of(loaded, MODEL_Y).vehicle.deferred.waiting.values()
    assert waiting.caller.label == SOLAR
    aurora.steer({"state": "online"})
    await wait(3 * MINUTE)
    assert limits(aurora) == [60, 65, 70]
    assert aurora.wakes == 2
    # The quota survives it too.
    aurora.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    await shine(hass, 75)
    assert aurora.wakes == 2


async def test_deferred_commands_run_at_a_setup_with_the_car_awake(
    hass: HomeAssistant, aurora: Car, loaded: MockConfigEntry, wait: Wait
) -> None:
    await use_up_wakes(hass, wait, aurora)
    await shine(hass, 70)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    aurora.steer({"state": "online"})
    await set_up(hass, loaded)
    await wait(3 * MINUTE)
    assert limits(aurora) == [60, 65, 70]


async def test_expired_commands_are_dropped(
    hass: HomeAssistant,
    aurora: Car,
    loaded: MockConfigEntry,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await use_up_wakes(hass, wait, aurora)
    await shine(hass, 70)
    freezer.tick(6 * HOUR)
    await wait(2 * MINUTE)
    assert "Dropped the deferred set_charge_limit for Aurora" in caplog.text
    aurora.steer({"state": "online"})
    await wait(2 * MINUTE)
    assert limits(aurora) == [60, 65]


async def test_a_persons_later_setting_is_the_last(
    hass: HomeAssistant,
    aurora: Car,
    loaded: MockConfigEntry,
    wait: Wait,
    hass_admin_user: MockUser,
) -> None:
    await use_up_wakes(hass, wait, aurora)
    await shine(hass, 70)
    await hass.services.async_call(
        "number",
        SERVICE_SET_VALUE,
        {ATTR_ENTITY_ID: "number.aurora_charge_limit", ATTR_VALUE: 85},
        blocking=True,
        context=Context(user_id=hass_admin_user.id),
    )
    await wait(3 * MINUTE)
    assert limits(aurora) == [60, 65, 85]
    assert aurora.wakes == 3
    assert await spent_by(hass, "person") == {Category.WAKE: 1, Category.COMMAND: 1}


async def test_a_refused_lock_has_a_text(
    hass: HomeAssistant,
    aurora: Car,
    loaded: MockConfigEntry,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await use_up_wakes(hass, wait, aurora)
    aurora.executions.clear()
    words = (
        "The car is asleep, and automations have used up today's wake-ups (2 of 2). Wait until "
        "2026-10-20 17:00, allow more wake-ups in Flotte's options, or do it yourself"
    )
    with pytest.raises(HomeAssistantError) as refusal:
        await hass.services.async_call(
            "lock",
            SERVICE_LOCK,
            {ATTR_ENTITY_ID: "lock.aurora_doors"},
            blocking=True,
            context=Context(),
        )
    assert refusal.value.translation_key == "gate_quota"
    # The owner's time zone is Los Angeles.
    assert words in str(refusal.value)

    caplog.clear()
    hass.bus.async_fire("night")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert words in caplog.text
    assert aurora.executions == []
    assert aurora.wakes == 2
    assert await spent_by(hass, "automation:automation.good_night") == {}
    await wait(MINUTE)
    assert not vehicle_of(loaded, MODEL_Y).vehicle.deferred.waiting


async def test_polling_that_is_ahead_of_the_month_is_quiet(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Of 0.0027 without the reserve, 22.4 of 31 days allow 0.00195: one question costs 0.002.
    entry = make_entry(options={CONF_MONTHLY_LIMIT: 0.003})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    aurora.steer({"state": "online", "sentry_mode": True})
    await wait(10 * MINUTE)
    assert await spent_by(hass, "background:polling") == {}
    assert caplog.text.count("Background polling of Aurora is paused") == 1
    assert state_of(hass, "binary_sensor.aurora_online").state == "on"
    assert state_of(hass, "number.aurora_charge_limit").state != STATE_UNAVAILABLE
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]

    freezer.move_to("2026-10-21T12:00:00+00:00")
    await wait(2 * MINUTE)
    assert await spent_by(hass, "background:polling") == {Category.DATA: 1}
    assert state_of(hass, "number.aurora_charge_limit").state == "80"


# --- On disk before it is promised ----------------------------------------------------------------


async def wish(hass: HomeAssistant, percent: int) -> None:
    """Set the charge limit."""
    await hass.services.async_call(
        "number",
        SERVICE_SET_VALUE,
        {ATTR_ENTITY_ID: "number.aurora_charge_limit", ATTR_VALUE: percent},
        blocking=True,
    )


@pytest.fixture
async def waits(
    hass_at_tesla: HomeAssistant, aurora: Car, tesla: Simulator, make_entry: EntryMaker, wait: Wait
) -> MockConfigEntry:
    """An entry whose cars are not woken for settings, a minute after it was set up."""
    await register_key(hass_at_tesla, tesla)
    entry = make_entry(options={"asleep_person": "wait", "asleep_automation": "wait"})
    await set_up(hass_at_tesla, entry)
    await wait(MINUTE)
    return entry


def kept(hass_storage: dict[str, Any], entry: MockConfigEntry) -> list[int]:
    """The charge limits that wait for Aurora on disk."""
    lines = hass_storage[f"flotte.{entry.entry_id}"]["data"][MODEL_Y]["deferred"]
    return [line["command"]["parameters"]["percent"] for line in lines]


async def test_a_waiting_setting_is_on_disk_before_it_is_promised(
    hass: HomeAssistant, waits: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    await wish(hass, 70)
    assert kept(hass_storage, waits) == [70]
    await wish(hass, 75)
    assert kept(hass_storage, waits) == [75]


async def test_dropped_commands_leave_the_disk_immediately(
    hass: HomeAssistant,
    waits: MockConfigEntry,
    aurora: Car,
    wait: Wait,
    hass_storage: dict[str, Any],
) -> None:
    """Else it would be carried out again after a crash, whatever was set meanwhile."""
    await wish(hass, 70)
    vehicle = vehicle_of(waits, MODEL_Y).vehicle
    aurora.steer({"state": "online"})
    await vehicle.check()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert limits(aurora) == [70]
    assert kept(hass_storage, waits) == []
    aurora.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    await wish(hass, 60)
    device = dr.async_get(hass).async_get_device_by_identifier(("flotte", MODEL_Y), waits.entry_id)
    assert device is not None
    await hass.services.async_call(
        "flotte", "cancel_waiting_commands", {"device_id": device.id}, blocking=True
    )
    assert kept(hass_storage, waits) == []


async def test_commands_that_cannot_be_stored_are_not_deferred(
    hass: HomeAssistant, waits: MockConfigEntry, hass_storage: dict[str, Any], wait: Wait
) -> None:
    await wish(hass, 70)
    error = WriteError("[Errno 28] No space left on device")
    with patch("homeassistant.helpers.storage.Store._async_write_data", side_effect=error):
        with pytest.raises(HomeAssistantError) as refusal:
            await wish(hass, 75)
        assert refusal.value.translation_key == "not_kept"
        assert "No space left" in str(refusal.value)
        issue = "storage_unwritable"
        assert issue in issues_of(hass)
        assert "No space left" in issue_of(hass, issue)
    # What was promised before still is.
    assert kept(hass_storage, waits) == [70]
    (waiting,) = vehicle_of(waits, MODEL_Y).vehicle.deferred.waiting.values()
    assert waiting.command.parameters == {"percent": 70}
    await wish(hass, 75)
    assert kept(hass_storage, waits) == [75]
    assert issues_of(hass) == set()

"""Buttons."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from homeassistant.components.button import SERVICE_PRESS
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.bill import Category
from tests.conftest import MODEL_Y, EntryMaker, register_key, set_up, vehicle_of
from tests.fleet import (
    BOTH,
    MOMENT,
    VEHICLE_SECURITY,
    Case,
    Driven,
    Wait,
    act,
    check,
    names,
    told_of,
)

pytestmark = pytest.mark.freeze_time(MOMENT)

CASES = [
    Case(entity="button.{}_flash_lights", service=SERVICE_PRESS, name="flash_lights"),
    Case(entity="button.{}_honk_horn", service=SERVICE_PRESS, name="honk_horn"),
    Case(
        entity="button.{}_boombox",
        service=SERVICE_PRESS,
        name="remote_boombox",
        parameters={"sound": 0},
    ),
    Case(
        entity="button.{}_play_locating_sound",
        service=SERVICE_PRESS,
        name="remote_boombox",
        parameters={"sound": 2000},
    ),
    Case(
        entity="button.{}_keyless_driving",
        service=SERVICE_PRESS,
        name="remote_start_drive",
        domain=VEHICLE_SECURITY,
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BUTTON])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_buttons(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_button_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


async def test_wake_wakes_once(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    quick_waits: None,
) -> None:
    car = tesla.world.cars[MODEL_Y]
    await act(hass, SERVICE_PRESS, "button.aurora_wake_up")
    assert (car.wakes, car.state) == (1, "online")
    assert tesla.bill.counts()[Category.WAKE] == 1


@pytest.mark.parametrize("driven", BOTH)
async def test_wake_of_a_car_that_is_awake_costs_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = await told_of(tesla, wait, driven.vin)
    await act(hass, SERVICE_PRESS, f"button.{driven.prefix}_wake_up")
    assert car.wakes == 0
    assert tesla.bill.counts()[Category.WAKE] == 0


async def test_wake_without_an_answer(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, quick_waits: None
) -> None:
    """A car in an underground car park: Tesla accepts the request, which never reaches the car."""
    tesla.world.cars[MODEL_Y].steer({"state": "offline"})
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_PRESS, "button.aurora_wake_up")
    assert refusal.value.translation_key == "wake_failed"
    assert tesla.bill.counts()[Category.WAKE] == 1


async def test_refresh_requests_data_once(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    before = tesla.bill.counts()[Category.DATA]
    await act(hass, SERVICE_PRESS, "button.aurora_refresh")
    assert tesla.bill.counts()[Category.DATA] == before + 1
    car.steer({"state": "asleep"})
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_PRESS, "button.aurora_refresh")
    assert refusal.value.translation_key == "vehicle_unavailable"
    assert tesla.bill.counts()[Category.DATA] == before + 1
    assert car.wakes == 0


async def test_homelink(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The command has the position of the car, by which HomeLink chooses the door."""
    car = await told_of(tesla, wait, MODEL_Y)
    await act(hass, SERVICE_PRESS, "button.aurora_homelink")
    (execution,) = car.executions
    assert (execution.name, execution.signed, execution.domain) == ("trigger_homelink", True, 3)
    assert execution.parameters == pytest.approx({"lat": 52.3731, "lon": 4.8903}, abs=1e-5)
    assert car.homelink_moves == 1


async def test_homelink_without_a_position(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
) -> None:
    entry = make_entry(scopes=SCOPES - {"vehicle_location"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, MODEL_Y)
    with pytest.raises(ServiceValidationError) as refusal:
        await act(hass, SERVICE_PRESS, "button.aurora_homelink")
    assert refusal.value.translation_key == "position_of_car_unknown"
    assert car.executions == []
    assert tesla.bill.counts()[Category.COMMAND] == 0


async def test_a_car_has_a_button_of_homelink_once_it_reports_a_door(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    assert hass.states.get("button.aurora_homelink") is None
    await told_of(tesla, wait, MODEL_Y)
    assert hass.states.get("button.old_faithful_homelink") is None
    assert hass.states.get("button.aurora_homelink") is not None


@pytest.mark.parametrize("driven", BOTH)
async def test_driving_car_does_not_honk(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = await told_of(tesla, wait, driven.vin, drive=True)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_PRESS, f"button.{driven.prefix}_honk_horn")
    assert "not_in_park" in str(refusal.value)
    assert car.honks == 0


@pytest.mark.parametrize(
    ("fault", "key", "wakes"),
    [
        ({"kind": "status", "status": 403}, "missing_scope", 0),
        ({"kind": "status", "status": 404}, "not_found", 0),
        ({"kind": "status", "status": 429}, "rate_limited", 0),
        ({"kind": "status", "status": 500}, "service_error", 0),
        ({"kind": "dropped"}, "answer_lost", 0),
        ({"kind": "lost_reply"}, "answer_lost", 1),
        ({"kind": "malformed"}, "invalid_answer", 1),
    ],
    ids=["403", "404", "429", "500", "dropped", "lost", "malformed"],
)
async def test_wake_that_goes_wrong(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    quick_waits: None,
    fault: Mapping[str, Any],
    key: str,
    wakes: int,
) -> None:
    """A wake that may have succeeded is awaited the next time, not requested and paid again."""
    car = tesla.world.cars[MODEL_Y]
    tesla.faults.order(**fault, endpoint="wake_up")
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_PRESS, "button.aurora_wake_up")
    assert refusal.value.translation_key == key
    assert car.wakes == wakes
    if wakes:
        await act(hass, SERVICE_PRESS, "button.aurora_wake_up")
        assert car.state == "online"
        assert tesla.bill.counts()[Category.WAKE] == 1


@pytest.mark.parametrize("status", [403, 500])
async def test_wake_that_was_refused_is_ordered_again(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, quick_waits: None, status: int
) -> None:
    """No wake was ordered, so there is none to wait for."""
    car = tesla.world.cars[MODEL_Y]
    tesla.faults.order("status", status=status, endpoint="wake_up")
    with pytest.raises(HomeAssistantError):
        await act(hass, SERVICE_PRESS, "button.aurora_wake_up")
    await act(hass, SERVICE_PRESS, "button.aurora_wake_up")
    assert (car.wakes, car.state) == (1, "online")


@pytest.mark.parametrize("press", ["flash_lights", "keyless_driving"])
async def test_press_wakes_a_sleeping_car(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    quick_waits: None,
    press: str,
) -> None:
    car = tesla.world.cars[MODEL_Y]
    await act(hass, SERVICE_PRESS, f"button.aurora_{press}")
    assert car.wakes == 1
    assert len(car.executions) == 1


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_command_unknown_to_the_car_is_paid_once_for_each_software(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, unknown_commands=["remote_boombox"])

    async def press() -> int:
        """The price of a press, in commands."""
        before = tesla.bill.counts()[Category.COMMAND]
        with pytest.raises(HomeAssistantError) as refusal:
            await act(hass, SERVICE_PRESS, "button.aurora_boombox")
        assert refusal.value.translation_key == "fault_invalid_command"
        return tesla.bill.counts()[Category.COMMAND] - before

    assert await press() > 0
    assert await press() == 0
    # Also after a restart.
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    stored = vehicle.to_stored()
    vehicle.executor.unknown.restore({})
    vehicle.restore(json.loads(json.dumps(stored)))
    assert await press() == 0
    # New software may know it.
    version = Reading("2026.44.1", dt_util.utcnow(), Source.STREAM)
    vehicle.receive({signals.SOFTWARE_VERSION: version})
    assert await press() == 1
    assert await press() == 0
    assert car.executions == []


async def test_a_proven_command_is_sent_again_even_if_the_car_did_not_know_it(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """An odd answer must not block what the owner needs."""
    car = await told_of(tesla, wait, MODEL_Y, unknown_commands=["honk_horn"])
    with pytest.raises(HomeAssistantError):
        await act(hass, SERVICE_PRESS, "button.aurora_honk_horn")
    car.steer({"unknown_commands": []})
    await act(hass, SERVICE_PRESS, "button.aurora_honk_horn")
    assert [each.name for each in car.executions] == ["honk_horn"]

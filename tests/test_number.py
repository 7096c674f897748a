"""Numbers of cars and of the energy site."""

import pytest
from homeassistant.components.number import ATTR_VALUE, SERVICE_SET_VALUE
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from tests.conftest import MODEL_S, MODEL_Y, SITE, state_of
from tests.fleet import BOTH, MINUTE, MOMENT, Case, Driven, Wait, act, check, names, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

CASES = [
    Case(
        entity="number.{}_charge_limit",
        service=SERVICE_SET_VALUE,
        data={ATTR_VALUE: 65},
        shown_before="80",
        shown="65",
        name="set_charge_limit",
        parameters={"percent": 65},
    ),
    Case(
        entity="number.{}_charge_current",
        service=SERVICE_SET_VALUE,
        data={ATTR_VALUE: 9},
        before={"plugged_in": "ac1"},
        shown_before="32",
        shown="9",
        name="set_charging_amps",
        parameters={"charging_amps": 9},
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.NUMBER])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_numbers(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_number_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


@pytest.mark.parametrize(
    ("entity_id", "value"),
    [
        ("number.aurora_charge_limit", 49),
        ("number.aurora_charge_limit", 101),
        # The car says that cable and charger carry 16 A.
        ("number.aurora_charge_current", 17),
        ("number.aurora_charge_current", 0),
        ("number.old_faithful_charge_limit", 49),
        ("number.old_faithful_charge_current", 49),
        ("number.home_backup_reserve", 101),
    ],
)
async def test_value_out_of_range(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, entity_id: str, value: int
) -> None:
    before = state_of(hass, entity_id).state
    with pytest.raises(ServiceValidationError):
        await act(hass, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: value})
    assert not any(car.executions for car in tesla.world.cars.values())
    assert tesla.world.sites[SITE].commands == []
    assert state_of(hass, entity_id).state == before


@pytest.mark.parametrize("driven", BOTH)
async def test_an_old_maximum_refuses_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """The car told 16 A at another socket; at home it takes 32."""
    three_phases = {"name": "ac3", "amps": 16}
    car = await told_of(tesla, wait, driven.vin, plugged_in=three_phases)
    entity_id = f"number.{driven.prefix}_charge_current"
    assert state_of(hass, entity_id).attributes["max"] == 16
    with pytest.raises(ServiceValidationError):
        await act(hass, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 32})
    await wait(2 * MINUTE)
    car.steer({"plugged_in": "ac1"})
    await act(hass, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 32})
    assert [each.parameters for each in car.executions] == [{"charging_amps": 32}]
    assert car.charging.requested_amps == 32


async def test_a_maximum_from_before_the_restart_refuses_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, plugged_in={"name": "ac3", "amps": 16})
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "number.aurora_charge_current").attributes["max"] == 48


async def test_current_may_be_what_the_car_allows(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, plugged_in="ac1")
    assert state_of(hass, "number.aurora_charge_current").attributes["max"] == 32
    await told_of(tesla, wait, MODEL_S)
    assert state_of(hass, "number.old_faithful_charge_current").attributes["max"] == 48


@pytest.mark.parametrize("driven", BOTH)
async def test_current_below_five_amps(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """One action, two commands; the number shows the real current, and the car 5 A."""
    car = await told_of(tesla, wait, driven.vin, plugged_in="ac1", battery_level=20, charging=False)
    entity_id = f"number.{driven.prefix}_charge_current"
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 2})
    assert refusal.value.translation_key == "low_current_not_charging"
    car.steer({"charging": True})
    await wait(6 * MINUTE)
    await act(hass, SERVICE_SET_VALUE, entity_id, **{ATTR_VALUE: 2})
    assert [each.parameters for each in car.executions] == [{"charging_amps": 2}] * 2
    await wait(6 * MINUTE)
    assert (car.charging.requested_amps, car.charging.amps) == (5, 2)
    assert state_of(hass, entity_id).state == "2"
    assert state_of(hass, entity_id).attributes["min"] == 1


@pytest.mark.parametrize(
    ("wanted", "shown_at_once", "stored"),
    [(35, "35", "35"), (90, "20", "80"), (100, "100", "100")],
)
async def test_backup_reserve(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    wanted: int,
    shown_at_once: str,
    stored: str,
) -> None:
    """Tesla stores 81 to 99 as 80 without saying so, so that is not assumed."""
    await act(hass, SERVICE_SET_VALUE, "number.home_backup_reserve", **{ATTR_VALUE: wanted})
    (command,) = tesla.world.sites[SITE].commands
    assert (command["name"], command["body"]) == ("backup", {"backup_reserve_percent": wanted})
    assert state_of(hass, "number.home_backup_reserve").state == shown_at_once
    await wait(MINUTE)
    assert state_of(hass, "number.home_backup_reserve").state == stored


async def test_off_grid_vehicle_reserve(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    entity = "number.home_off_grid_vehicle_reserve"
    assert state_of(hass, entity).state == "30"
    await act(hass, SERVICE_SET_VALUE, entity, **{ATTR_VALUE: 45})
    (command,) = tesla.world.sites[SITE].commands
    assert (command["name"], command["body"]) == (
        "off_grid_vehicle_charging_reserve",
        {"off_grid_vehicle_charging_reserve_percent": 45},
    )
    assert state_of(hass, entity).state == "45"
    await wait(MINUTE)
    assert state_of(hass, entity).state == "45"


async def test_backup_reserve_that_is_refused(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator
) -> None:
    answer = {"Message": "Reserve is managed by your utility", "Code": 409}
    tesla.world.sites[SITE].steer({"answers": {"instead": {"backup": answer}}})
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_SET_VALUE, "number.home_backup_reserve", **{ATTR_VALUE: 35})
    assert "Reserve is managed by your utility" in str(refusal.value)
    assert state_of(hass, "number.home_backup_reserve").state == "20"


@pytest.mark.parametrize("was_done", [True, False])
async def test_backup_reserve_whose_outcome_is_unknown(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait, *, was_done: bool
) -> None:
    """A confirmed value is shown within a minute."""
    tesla.faults.order("lost_reply" if was_done else "dropped", endpoint="backup")
    with pytest.raises(HomeAssistantError) as unknown:
        await act(hass, SERVICE_SET_VALUE, "number.home_backup_reserve", **{ATTR_VALUE: 35})
    assert unknown.value.translation_key == "outcome_unknown"
    assert state_of(hass, "number.home_backup_reserve").state == "20"
    await wait(MINUTE)
    assert state_of(hass, "number.home_backup_reserve").state == ("35" if was_done else "20")


async def test_limit_that_is_set_already_is_a_success(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The car answers "already_set", because its occupant was quicker."""
    car = await told_of(tesla, wait, MODEL_Y)
    await wait(2 * MINUTE)
    car.steer({"charge_limit": 90})
    await act(hass, SERVICE_SET_VALUE, "number.aurora_charge_limit", **{ATTR_VALUE: 90})
    assert car.executions == []
    assert [each["reason"] for each in car.refusals] == ["already_set"]

"""The climate control."""

import pytest
from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    ATTR_PRESET_MODE,
    PRESET_NONE,
    SERVICE_SET_HVAC_MODE,
    SERVICE_SET_PRESET_MODE,
    SERVICE_SET_TEMPERATURE,
    HVACMode,
)
from homeassistant.const import ATTR_TEMPERATURE, SERVICE_TURN_OFF, SERVICE_TURN_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from simulator.bill import Category
from tests.conftest import MODEL_Y, state_of
from tests.fleet import BOTH, MINUTE, MOMENT, Case, Driven, Wait, act, check, names, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

ENTITY = "climate.{}"
CASES = [
    Case(
        entity=ENTITY,
        service=SERVICE_TURN_ON,
        shown_before=HVACMode.OFF,
        shown=HVACMode.HEAT_COOL,
        name="auto_conditioning_start",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_TURN_OFF,
        before={"climate": {"on": True, "keeper": "dog", "defrost": True}},
        shown_before=HVACMode.HEAT_COOL,
        shown=HVACMode.OFF,
        attributes={ATTR_PRESET_MODE: PRESET_NONE},
        name="auto_conditioning_stop",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_SET_HVAC_MODE,
        data={ATTR_HVAC_MODE: HVACMode.HEAT_COOL},
        shown_before=HVACMode.OFF,
        shown=HVACMode.HEAT_COOL,
        name="auto_conditioning_start",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_SET_HVAC_MODE,
        data={ATTR_HVAC_MODE: HVACMode.OFF},
        before={"climate": True},
        shown_before=HVACMode.HEAT_COOL,
        shown=HVACMode.OFF,
        name="auto_conditioning_stop",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_SET_TEMPERATURE,
        data={ATTR_TEMPERATURE: 23.5},
        shown_before=HVACMode.OFF,
        shown=HVACMode.OFF,
        attributes={ATTR_TEMPERATURE: 23.5},
        name="set_temps",
        # One temperature, both sides: a side that is left out would count as 0.
        parameters={"driver_temp": 23.5, "passenger_temp": 23.5},
    ),
    *(
        Case(
            entity=ENTITY,
            service=SERVICE_SET_PRESET_MODE,
            data={ATTR_PRESET_MODE: preset},
            shown_before=HVACMode.OFF,
            shown=HVACMode.HEAT_COOL,
            attributes={ATTR_PRESET_MODE: preset},
            name="set_climate_keeper_mode",
            parameters={"climate_keeper_mode": number, "manual_override": False},
        )
        for preset, number in (("keep", 1), ("dog", 2), ("camp", 3))
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_SET_PRESET_MODE,
        data={ATTR_PRESET_MODE: PRESET_NONE},
        before={"climate": {"on": True, "keeper": "camp"}},
        shown_before=HVACMode.HEAT_COOL,
        attributes={ATTR_PRESET_MODE: PRESET_NONE},
        name="set_climate_keeper_mode",
        parameters={"climate_keeper_mode": 0, "manual_override": False},
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.CLIMATE])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_climates(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_climate_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


async def test_temperature_and_mode_in_one_action(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    await act(
        hass,
        SERVICE_SET_TEMPERATURE,
        "climate.aurora",
        **{ATTR_TEMPERATURE: 19, ATTR_HVAC_MODE: HVACMode.HEAT_COOL},
    )
    assert [each.name for each in car.executions] == ["set_temps", "auto_conditioning_start"]
    state = state_of(hass, "climate.aurora")
    assert (state.state, state.attributes[ATTR_TEMPERATURE]) == (HVACMode.HEAT_COOL, 19)


@pytest.mark.parametrize("temperature", [14.5, 28.5])
@pytest.mark.parametrize("driven", BOTH)
async def test_temperature_out_of_range(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    temperature: float,
) -> None:
    car = await told_of(tesla, wait, driven.vin)
    with pytest.raises(ServiceValidationError):
        await act(
            hass,
            SERVICE_SET_TEMPERATURE,
            f"climate.{driven.prefix}",
            **{ATTR_TEMPERATURE: temperature},
        )
    assert car.executions == []


async def test_wrong_preset(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    with pytest.raises(ServiceValidationError):
        await act(hass, SERVICE_SET_PRESET_MODE, "climate.aurora", **{ATTR_PRESET_MODE: "party"})
    assert car.executions == []


async def test_what_the_car_has_already_is_not_sent(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A reading of the last minute says so: nothing is paid for nothing."""
    car = await told_of(tesla, wait, MODEL_Y, climate={"on": True, "driver_temp": 22.0})
    billed = tesla.bill.counts()[Category.COMMAND]
    await act(hass, SERVICE_TURN_ON, "climate.aurora")
    await act(hass, SERVICE_SET_TEMPERATURE, "climate.aurora", **{ATTR_TEMPERATURE: 22.0})
    assert car.executions == []
    assert tesla.bill.counts()[Category.COMMAND] == billed


async def test_what_may_have_changed_meanwhile_is_sent(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, climate={"on": True})
    await wait(2 * MINUTE)
    car.steer({"climate": False})
    assert state_of(hass, "climate.aurora").state == HVACMode.HEAT_COOL
    await act(hass, SERVICE_TURN_ON, "climate.aurora")
    assert [each.name for each in car.executions] == ["auto_conditioning_start"]

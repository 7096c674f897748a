"""The climate control."""

from typing import Any

import pytest
from homeassistant.components.climate import (
    ATTR_HVAC_ACTION,
    ATTR_HVAC_MODE,
    ATTR_HVAC_MODES,
    ATTR_PRESET_MODE,
    PRESET_NONE,
    SERVICE_SET_HVAC_MODE,
    SERVICE_SET_PRESET_MODE,
    SERVICE_SET_TEMPERATURE,
    ClimateEntityFeature,
    HVACMode,
)
from homeassistant.const import ATTR_TEMPERATURE, SERVICE_TURN_OFF, SERVICE_TURN_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceNotSupported, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import METRIC_SYSTEM, US_CUSTOMARY_SYSTEM, UnitSystem
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.climate import CLIMATE, OVERHEAT_PROTECTION
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Signal, Source
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import (
    AURORA,
    BOTH,
    MINUTE,
    MOMENT,
    OLD_FAITHFUL,
    Case,
    Driven,
    Wait,
    act,
    check,
    keep_details_of_one,
    names,
    told_of,
)

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

PROTECTION = "climate.{}_cabin_overheat_protection"
OVERHEAT = [
    *(
        Case(
            entity=PROTECTION,
            service=SERVICE_SET_HVAC_MODE,
            data={ATTR_HVAC_MODE: mode},
            before={"cabin_overheat_protection": before},
            shown_before=shown_before,
            shown=mode,
            name="set_cabin_overheat_protection",
            parameters={"on": mode != HVACMode.OFF, "fan_only": mode == HVACMode.FAN_ONLY},
        )
        for before, shown_before, mode in (
            ("Off", HVACMode.OFF, HVACMode.COOL),
            ("On", HVACMode.COOL, HVACMode.FAN_ONLY),
            ("FanOnly", HVACMode.FAN_ONLY, HVACMode.OFF),
        )
    ),
    Case(
        entity=PROTECTION,
        service=SERVICE_TURN_ON,
        shown_before=HVACMode.OFF,
        shown=HVACMode.COOL,
        name="set_cabin_overheat_protection",
        parameters={"on": True, "fan_only": False},
    ),
    Case(
        entity=PROTECTION,
        service=SERVICE_TURN_OFF,
        before={"cabin_overheat_protection": "On"},
        shown_before=HVACMode.COOL,
        shown=HVACMode.OFF,
        name="set_cabin_overheat_protection",
        parameters={"on": False, "fan_only": False},
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
    await keep_details_of_one(hass, entity_registry, told, (CLIMATE, OVERHEAT_PROTECTION))
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


async def test_72_fahrenheit_are_sent_once(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The car keeps whole degrees Fahrenheit, and reports them as 22.2 °C."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    car = await told_of(tesla, wait, OLD_FAITHFUL.vin)
    vehicle = vehicle_of(loaded, OLD_FAITHFUL.vin).vehicle
    entity_id = ENTITY.format(OLD_FAITHFUL.prefix)
    for fahrenheit, sent in ((72, 1), (72, 1), (73, 2), (73, 2), (72, 3)):
        await act(hass, SERVICE_SET_TEMPERATURE, entity_id, **{ATTR_TEMPERATURE: fahrenheit})
        await vehicle.refresh()
        assert len(car.executions) == sent, fahrenheit
        assert state_of(hass, entity_id).attributes[ATTR_TEMPERATURE] == fahrenheit
    assert vehicle.state[signals.DRIVER_TEMPERATURE] == 22.2


async def test_a_car_that_keeps_half_degrees_celsius(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Of an owner who reads Fahrenheit: it rounds 72 °F to 22 °C, and 73 °F is another setting."""
    hass.config.units = US_CUSTOMARY_SYSTEM
    car = await told_of(tesla, wait, MODEL_Y)
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    for fahrenheit, sent, kept in ((72, 1, 22.0), (72, 1, 22.0), (73, 2, 23.0), (73, 2, 23.0)):
        await act(hass, SERVICE_SET_TEMPERATURE, "climate.aurora", **{ATTR_TEMPERATURE: fahrenheit})
        await vehicle.refresh()
        assert len(car.executions) == sent, fahrenheit
        assert vehicle.state[signals.DRIVER_TEMPERATURE] == kept


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(
    ("units", "lowest", "highest", "step", "levels"),
    [
        (METRIC_SYSTEM, 15, 28, 0.5, (30, 35, 40)),
        (US_CUSTOMARY_SYSTEM, 59, 82, 1, (90, 95, 100)),
    ],
)
async def test_sliders_in_the_units_of_the_owner(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    units: UnitSystem,
    lowest: int,
    highest: int,
    step: float,
    levels: tuple[int, int, int],
) -> None:
    hass.config.units = units
    car = await told_of(tesla, wait, MODEL_Y, inside_temp=20, cabin_overheat_protection="On")
    limits = ("min_temp", "max_temp", "target_temp_step")
    attributes = state_of(hass, "climate.aurora").attributes
    assert [attributes[each] for each in limits] == [lowest, highest, step]
    protection = PROTECTION.format("aurora")
    attributes = state_of(hass, protection).attributes
    assert [attributes[each] for each in limits] == [levels[0], levels[2], 5]
    assert attributes["current_temperature"] == (20 if step < 1 else 68)

    car.climate.overheat_temperature = "Medium"
    for temperature, level in zip(levels, (0, 1, 2), strict=True):
        car.executions.clear()
        await act(hass, SERVICE_SET_TEMPERATURE, protection, **{ATTR_TEMPERATURE: temperature})
        assert [each.parameters for each in car.executions] == [{"cop_temp": level}]
        assert state_of(hass, protection).attributes[ATTR_TEMPERATURE] == temperature
    for edge in (lowest, highest):
        await act(hass, SERVICE_SET_TEMPERATURE, "climate.aurora", **{ATTR_TEMPERATURE: edge})
        assert state_of(hass, "climate.aurora").attributes[ATTR_TEMPERATURE] == edge


async def test_what_may_have_changed_meanwhile_is_sent(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, climate={"on": True})
    await wait(2 * MINUTE)
    car.steer({"climate": False})
    assert state_of(hass, "climate.aurora").state == HVACMode.HEAT_COOL
    await act(hass, SERVICE_TURN_ON, "climate.aurora")
    assert [each.name for each in car.executions] == ["auto_conditioning_start"]


# --- Cabin overheat protection -------------------------------------------------------------------


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(OVERHEAT))
async def test_overheat_protection_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(
    ("celsius", "level", "shown"),
    [
        (30, 0, 30),
        (35, 1, 35),
        # 90, 95 and 100 °F are the same three in the car.
        (32.2, 0, 30),
        (37.8, 2, 40),
    ],
)
async def test_where_overheat_protection_begins(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    celsius: float,
    level: int,
    shown: int,
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.climate.overheat_temperature = "Medium" if level == 2 else "High"
    await check(
        hass,
        tesla,
        wait,
        loaded,
        AURORA,
        Case(
            entity=PROTECTION,
            service=SERVICE_SET_TEMPERATURE,
            data={ATTR_TEMPERATURE: celsius},
            shown=HVACMode.OFF,
            attributes={ATTR_TEMPERATURE: shown},
            name="set_cop_temp",
            parameters={"cop_temp": level},
        ),
    )


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_overheat_protection_temperature_and_mode_in_one_action(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    await act(
        hass,
        SERVICE_SET_TEMPERATURE,
        PROTECTION.format("aurora"),
        **{ATTR_TEMPERATURE: 30, ATTR_HVAC_MODE: HVACMode.FAN_ONLY},
    )
    assert [each.name for each in car.executions] == [
        "set_cop_temp",
        "set_cabin_overheat_protection",
    ]
    assert state_of(hass, PROTECTION.format("aurora")).state == HVACMode.FAN_ONLY


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_what_overheat_protection_cannot_do_is_not_offered(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Old Model S and X have one temperature, and some cars no protection by the fan alone."""
    entity_id = PROTECTION.format("old_faithful")
    both = ClimateEntityFeature.TURN_ON | ClimateEntityFeature.TURN_OFF
    # Before its first report it may have it.
    assert state_of(hass, entity_id).attributes["supported_features"] == (
        both | ClimateEntityFeature.TARGET_TEMPERATURE
    )
    car = await told_of(tesla, wait, OLD_FAITHFUL.vin)
    assert state_of(hass, entity_id).attributes["supported_features"] == both
    with pytest.raises(ServiceNotSupported):
        await act(hass, SERVICE_SET_TEMPERATURE, entity_id, **{ATTR_TEMPERATURE: 35})

    reading = Reading(value=False, time=dt_util.utcnow(), source=Source.POLL)
    vehicle_of(loaded, OLD_FAITHFUL.vin).vehicle.receive({signals.OVERHEAT_BY_FAN: reading})
    modes = state_of(hass, entity_id).attributes[ATTR_HVAC_MODES]
    assert modes == [HVACMode.OFF, HVACMode.COOL]
    with pytest.raises(ServiceValidationError):
        await act(hass, SERVICE_SET_HVAC_MODE, entity_id, **{ATTR_HVAC_MODE: HVACMode.FAN_ONLY})
    assert car.executions == []


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_overheat_protection_that_is_on_already_is_not_sent(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, cabin_overheat_protection="On")
    await act(hass, SERVICE_TURN_ON, PROTECTION.format("aurora"))
    assert car.executions == []


@pytest.mark.parametrize(
    ("values", "action"),
    [
        ({signals.CLIMATE_ON: False, signals.INSIDE_TEMPERATURE: 15.0}, "off"),
        ({signals.CLIMATE_ON: True, signals.INSIDE_TEMPERATURE: 15.0}, "heating"),
        ({signals.CLIMATE_ON: True, signals.INSIDE_TEMPERATURE: 31.5}, "cooling"),
        ({signals.CLIMATE_ON: True, signals.INSIDE_TEMPERATURE: 20.5}, "idle"),
        ({signals.CLIMATE_ON: True, signals.DEFROST: True}, "defrosting"),
        ({signals.CLIMATE_ON: True, signals.INSIDE_TEMPERATURE: None}, None),
        ({signals.CLIMATE_ON: None, signals.DEFROST: True}, None),
    ],
)
async def test_what_the_climate_control_does_now(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    values: dict[Signal[Any], Any],
    action: str | None,
) -> None:
    """The target is 21 °C."""
    await told_of(tesla, wait, MODEL_Y)
    receive(loaded, values)
    assert state_of(hass, ENTITY.format("aurora")).attributes.get(ATTR_HVAC_ACTION) == action


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(
    ("mode", "is_cooling", "action"),
    [
        ("off", True, "off"),
        ("on", False, "idle"),
        ("on", True, "cooling"),
        ("fan_only", True, "fan"),
        ("on", None, None),
        (None, True, None),
    ],
)
async def test_what_overheat_protection_does_now(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    mode: str | None,
    is_cooling: bool | None,  # noqa: FBT001  # pytest passes it by name
    action: str | None,
) -> None:
    await told_of(tesla, wait, MODEL_Y)
    receive(loaded, {signals.OVERHEAT_MODE: mode, signals.OVERHEAT_COOLING: is_cooling})
    assert state_of(hass, PROTECTION.format("aurora")).attributes.get(ATTR_HVAC_ACTION) == action


def receive(entry: MockConfigEntry, values: dict[Signal[Any], Any]) -> None:
    """Let Aurora report these values now."""
    now = dt_util.utcnow()
    vehicle_of(entry, MODEL_Y).vehicle.receive(
        {signal: Reading(value, now, Source.STREAM) for signal, value in values.items()}
    )

"""Selects: seat and steering wheel heaters, and the site's mode."""

from dataclasses import replace

import pytest
from homeassistant.components.select import ATTR_OPTION, SERVICE_SELECT_OPTION
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.select import VEHICLE_SELECTS
from simulator import Simulator
from tests.conftest import MODEL_Y, SITE, set_up, state_of
from tests.fleet import (
    AURORA,
    BOTH,
    MINUTE,
    MOMENT,
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

CASES = [
    *(
        Case(
            entity=f"select.{{}}_seat_heater_{seat}",
            service=SERVICE_SELECT_OPTION,
            data={ATTR_OPTION: option},
            before={"climate": True},
            shown_before="off",
            shown=option,
            name="remote_seat_heater_request",
            parameters={"seat_position": number, "level": level},
        )
        for seat, number, option, level in (
            ("front_left", 0, "low", 1),
            ("front_left", 0, "medium", 2),
            ("front_left", 0, "high", 3),
            ("front_right", 1, "high", 3),
        )
    ),
    Case(
        entity="select.{}_steering_wheel_heater",
        service=SERVICE_SELECT_OPTION,
        data={ATTR_OPTION: "on"},
        before={"climate": True},
        shown_before="off",
        shown="on",
        name="remote_steering_wheel_heater_request",
        parameters={"on": True},
    ),
    Case(
        entity="select.{}_steering_wheel_heat_level",
        service=SERVICE_SELECT_OPTION,
        data={ATTR_OPTION: "low"},
        before={"climate": True},
        shown_before="off",
        shown="low",
        name="remote_steering_wheel_heat_level_request",
        parameters={"level": 1},
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SELECT])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_selects(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await keep_details_of_one(hass, entity_registry, told, VEHICLE_SELECTS)
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_select_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


REAR_SEATS = [
    Case(
        entity=f"select.{{}}_seat_heater_{seat}",
        service=SERVICE_SELECT_OPTION,
        data={ATTR_OPTION: "medium"},
        before={"climate": True},
        shown_before="off",
        shown="medium",
        name="remote_seat_heater_request",
        parameters={"seat_position": number, "level": 2},
    )
    for seat, number in (("rear_left", 2), ("rear_centre", 4), ("rear_right", 5))
]


@pytest.mark.parametrize("case", names(REAR_SEATS))
async def test_rear_seats(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, case: Case
) -> None:
    await check(hass, tesla, wait, loaded, AURORA, case)


EQUIPPED = [
    *(
        Case(
            entity=f"select.{{}}_seat_cooler_front_{side}",
            service=SERVICE_SELECT_OPTION,
            data={ATTR_OPTION: option},
            before={"climate": True},
            shown_before="off",
            shown=option,
            name="remote_seat_cooler_request",
            parameters={"seat_position": position, "seat_cooler_level": level},
        )
        for side, position, option, level in (("left", 1, "high", 3), ("right", 2, "low", 1))
    ),
    *(
        Case(
            entity=f"select.{{}}_seat_heater_third_row_{side}",
            service=SERVICE_SELECT_OPTION,
            data={ATTR_OPTION: "medium"},
            before={"climate": True},
            shown_before="off",
            shown="medium",
            name="remote_seat_heater_request",
            parameters={"seat_position": position, "level": 2},
        )
        for side, position in (("left", 7), ("right", 8))
    ),
]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(EQUIPPED))
async def test_seats_that_not_every_car_has(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    car = tesla.world.cars[driven.vin]
    car.model = replace(
        car.model,
        has_seat_cooling=True,
        rear_seat_heaters=3,
        third_row_seats="FuturisFoldFlat",
    )
    await check(hass, tesla, wait, loaded, driven, case)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_seats_that_a_car_lacks_are_removed(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    entity_registry: er.EntityRegistry,
) -> None:
    """Those of an earlier version stay until the car reports that it lacks them."""
    seats = {
        entity_registry.async_get_or_create(
            "select", DOMAIN, f"{MODEL_Y}-{key}", config_entry=entry
        ).entity_id
        for key in ("seat_cooler_left", "seat_heater_third_row_left")
    }
    await set_up(hass, entry)
    assert seats <= set(hass.states.async_entity_ids())
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await wait(2 * MINUTE)
    assert not seats & set(hass.states.async_entity_ids())
    assert "select.aurora_seat_heater_front_left" in hass.states.async_entity_ids()


OUTER = {"rear_left", "rear_right"}
REAR = OUTER | {"rear_centre"}
THIRD = {"third_row_left", "third_row_right"}


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(
    ("heaters", "third_row", "seats"),
    [
        (0, "None", set()),
        (0, "FuturisFoldFlat", set()),
        (1, "None", REAR),
        (1, "FuturisFoldFlat", REAR),
        (2, "None", OUTER),
        (2, "FuturisFoldFlat", OUTER),
        (3, "None", REAR),
        (3, "FuturisFoldFlat", REAR | THIRD),
    ],
)
async def test_which_rear_seats_are_heated(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    heaters: int,
    third_row: str,
    seats: set[str],
) -> None:
    """Before the car reports it, nothing is known to exist."""
    car = tesla.world.cars[MODEL_Y]
    car.model = replace(car.model, rear_seat_heaters=heaters, third_row_seats=third_row)
    await set_up(hass, entry)
    every = {f"select.aurora_seat_heater_{seat}" for seat in REAR | THIRD}
    assert every & set(hass.states.async_entity_ids()) == set()
    await told_of(tesla, wait, MODEL_Y)
    shown = every & set(hass.states.async_entity_ids())
    assert shown == {f"select.aurora_seat_heater_{seat}" for seat in seats}
    assert {hass.states.get(each).state for each in shown} <= {"off"}  # type: ignore[union-attr]


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
async def test_a_cooler_that_is_not_there(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = tesla.world.cars[driven.vin]
    lacking, car.model = car.model, replace(car.model, has_seat_cooling=True)
    await told_of(tesla, wait, driven.vin, climate=True)
    car.model = lacking
    with pytest.raises(HomeAssistantError) as refusal:
        await act(
            hass,
            SERVICE_SELECT_OPTION,
            f"select.{driven.prefix}_seat_cooler_front_left",
            **{ATTR_OPTION: "high"},
        )
    assert refusal.value.translation_key == "reason_not_supported"
    assert car.executions == []


HEATERS = [
    pytest.param("seat_heater_front_left", "high", "remote_seat_heater_request", id="seat"),
    pytest.param(
        "steering_wheel_heater", "on", "remote_steering_wheel_heater_request", id="steering wheel"
    ),
]


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize(("entity", "option", "name"), HEATERS)
async def test_heaters_switch_the_climate_on_first(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    entity: str,
    option: str,
    name: str,
) -> None:
    car = await told_of(tesla, wait, driven.vin)
    entity_id = f"select.{driven.prefix}_{entity}"
    await act(hass, SERVICE_SELECT_OPTION, entity_id, **{ATTR_OPTION: option})
    assert [each.name for each in car.executions] == ["auto_conditioning_start", name]
    assert car.refusals == []
    assert state_of(hass, entity_id).state == option
    await wait(6 * MINUTE)
    assert state_of(hass, entity_id).state == option


@pytest.mark.parametrize(("entity", "option", "name"), HEATERS)
async def test_switching_a_heater_off_leaves_the_climate_off(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    entity: str,
    option: str,
    name: str,
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    # Too long ago to count as known.
    await wait(2 * MINUTE)
    await act(hass, SERVICE_SELECT_OPTION, f"select.aurora_{entity}", **{ATTR_OPTION: "off"})
    assert [each.name for each in car.executions] == [name]
    assert not car.climate.is_on


async def test_option_that_does_not_exist(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator
) -> None:
    with pytest.raises(ServiceValidationError):
        await act(
            hass,
            SERVICE_SELECT_OPTION,
            "select.aurora_seat_heater_front_left",
            **{ATTR_OPTION: "hottest"},
        )
    assert tesla.world.cars[MODEL_Y].executions == []


@pytest.mark.parametrize("mode", ["autonomous", "backup"])
async def test_operation_mode(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait, mode: str
) -> None:
    await act(hass, SERVICE_SELECT_OPTION, "select.home_operation_mode", **{ATTR_OPTION: mode})
    (command,) = tesla.world.sites[SITE].commands
    assert (command["name"], command["body"]) == ("operation", {"default_real_mode": mode})
    assert state_of(hass, "select.home_operation_mode").state == mode
    await wait(MINUTE)
    assert state_of(hass, "select.home_operation_mode").state == mode


@pytest.mark.parametrize("rule", ["battery_ok", "never"])
async def test_export_rule(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait, rule: str
) -> None:
    assert state_of(hass, "select.home_export_rule").state == "pv_only"
    await act(hass, SERVICE_SELECT_OPTION, "select.home_export_rule", **{ATTR_OPTION: rule})
    (command,) = tesla.world.sites[SITE].commands
    assert (command["name"], command["body"]) == (
        "grid_import_export",
        {"customer_preferred_export_rule": rule},
    )
    assert state_of(hass, "select.home_export_rule").state == rule
    await wait(MINUTE)
    assert state_of(hass, "select.home_export_rule").state == rule


async def test_export_rule_that_tesla_stores_differently(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    house = tesla.world.sites[SITE]
    house.steer({"answers": {"instead": {"grid_import_export": {"Message": "ok", "Code": 200}}}})
    await act(hass, SERVICE_SELECT_OPTION, "select.home_export_rule", **{ATTR_OPTION: "never"})
    assert state_of(hass, "select.home_export_rule").state == "never"
    await wait(MINUTE)
    assert state_of(hass, "select.home_export_rule").state == "pv_only"


async def test_value_that_is_no_option_is_unknown(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A level that Tesla invents tomorrow."""
    tesla.faults.order(
        "status",
        endpoint="vehicle_data",
        vin=MODEL_Y,
        status=200,
        body={"response": {"state": "online", "climate_state": {"seat_heater_left": 4}}},
    )
    await told_of(tesla, wait, MODEL_Y)
    assert state_of(hass, "select.aurora_seat_heater_front_left").state == STATE_UNKNOWN

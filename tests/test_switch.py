"""Switches of cars and of the energy site."""

from typing import Any

import pytest
from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.switch import VEHICLE_SWITCHES
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from tests.conftest import MODEL_Y, SITE, state_of, vehicle_of
from tests.fleet import (
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
    Case(
        entity="switch.{}_charge",
        service=SERVICE_TURN_ON,
        before={"plugged_in": "ac1", "charging": False},
        shown_before="off",
        shown="on",
        name="charge_start",
    ),
    Case(
        entity="switch.{}_charge",
        service=SERVICE_TURN_OFF,
        before={"plugged_in": "ac1", "charging": True},
        shown_before="on",
        shown="off",
        name="charge_stop",
    ),
    Case(
        entity="switch.{}_sentry_mode",
        service=SERVICE_TURN_ON,
        shown_before="off",
        shown="on",
        name="set_sentry_mode",
        parameters={"on": True},
    ),
    Case(
        entity="switch.{}_sentry_mode",
        service=SERVICE_TURN_OFF,
        before={"sentry_mode": True},
        shown_before="on",
        shown="off",
        name="set_sentry_mode",
        parameters={"on": False},
    ),
    Case(
        entity="switch.{}_defrost",
        service=SERVICE_TURN_ON,
        shown_before="off",
        shown="on",
        name="set_preconditioning_max",
        parameters={"on": True, "manual_override": False},
    ),
    Case(
        entity="switch.{}_defrost",
        service=SERVICE_TURN_OFF,
        before={"climate": {"on": True, "defrost": True}},
        shown_before="on",
        shown="off",
        name="set_preconditioning_max",
        parameters={"on": False, "manual_override": False},
    ),
]

UNREPORTED = [
    ("low_power_mode", "set_low_power_mode"),
    ("keep_accessory_power", "keep_accessory_power_mode"),
]

RARE = [
    Case(
        entity="switch.{}_bioweapon_defence",
        service=SERVICE_TURN_ON,
        shown_before="off",
        shown="on",
        name="set_bioweapon_mode",
        parameters={"on": True, "manual_override": False},
    ),
    *(
        Case(
            entity=f"switch.{{}}_automatic_seat_front_{side}",
            service=SERVICE_TURN_OFF,
            before={"climate": True},
            shown_before="on",
            shown="off",
            name="remote_auto_seat_climate_request",
            parameters={"auto_seat_position": position, "auto_climate_on": False},
        )
        for side, position in (("left", 1), ("right", 2))
    ),
    Case(
        entity="switch.{}_automatic_steering_wheel_heater",
        service=SERVICE_TURN_ON,
        before={"climate": True},
        shown_before="off",
        shown="on",
        name="remote_auto_steering_wheel_heat_climate_request",
        parameters={"on": True},
    ),
    Case(
        entity="switch.{}_guest_mode",
        service=SERVICE_TURN_ON,
        # Only the stream reports it.
        shown_before=STATE_UNKNOWN,
        name="guest_mode",
        parameters={"enable": True},
    ),
    *(
        Case(
            entity=f"switch.{{}}_{entity}",
            service=SERVICE_TURN_ON,
            # No car reports it.
            shown_before=STATE_UNKNOWN,
            shown=STATE_UNKNOWN,
            name=name,
            parameters={"enable": True},
            has_plain_form=False,
        )
        for entity, name in UNREPORTED
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SWITCH])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_switches(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await keep_details_of_one(hass, entity_registry, told, VEHICLE_SWITCHES)
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_switch_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(RARE))
async def test_rare_switch_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


async def test_rare_switches_are_off_by_default(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """Enabled entities are streamed, which costs money; this car is only polled."""
    rare = {case.entity.format("aurora") for case in RARE}
    assert rare & set(hass.states.async_entity_ids()) == {
        "switch.aurora_automatic_seat_front_left",
        "switch.aurora_automatic_seat_front_right",
    }


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_guest_mode_is_assumed_until_the_stream_reports_it(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    await act(hass, SERVICE_TURN_ON, "switch.aurora_guest_mode")
    assert car.access.guest_mode
    assert state_of(hass, "switch.aurora_guest_mode").state == "on"
    await wait(MINUTE)
    assert state_of(hass, "switch.aurora_guest_mode").state == STATE_UNKNOWN
    vehicle_of(loaded, MODEL_Y).vehicle.receive(
        {signals.GUEST_MODE: Reading(value=True, time=dt_util.utcnow(), source=Source.STREAM)}
    )
    assert state_of(hass, "switch.aurora_guest_mode").state == "on"


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(("entity", "name"), UNREPORTED)
@pytest.mark.parametrize(("service", "on"), [(SERVICE_TURN_ON, True), (SERVICE_TURN_OFF, False)])
async def test_settings_that_no_car_reports_can_be_switched_both_ways(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    entity: str,
    name: str,
    service: str,
    on: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Its state is unknown, so nothing is assumed, and every command is sent."""
    car = await told_of(tesla, wait, MODEL_Y)
    for _ in range(2):
        await act(hass, service, f"switch.aurora_{entity}")
        state = state_of(hass, f"switch.aurora_{entity}")
        assert (state.state, state.attributes[ATTR_ASSUMED_STATE]) == (STATE_UNKNOWN, True)
        assert getattr(car.access, entity) is on
    assert [(each.name, each.parameters) for each in car.executions] == [(name, {"enable": on})] * 2


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
async def test_automatic_seats_switch_the_climate_on_first(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = tesla.world.cars[driven.vin]
    car.climate.auto_seats["left"] = False
    await told_of(tesla, wait, driven.vin)
    entity_id = f"switch.{driven.prefix}_automatic_seat_front_left"
    assert state_of(hass, entity_id).state == "off"
    await act(hass, SERVICE_TURN_ON, entity_id)
    automatic = "remote_auto_seat_climate_request"
    assert [each.name for each in car.executions] == ["auto_conditioning_start", automatic]
    assert state_of(hass, entity_id).state == "on"

    await act(hass, SERVICE_TURN_OFF, entity_id)
    assert [each.name for each in car.executions][2:] == [automatic], "off needs no climate"
    assert state_of(hass, entity_id).state == "off"


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ({"plugged_in": False}, "reason_disconnected"),
        ({"plugged_in": "ac1", "has_power": False}, "reason_no_power"),
    ],
)
async def test_charging_that_cannot_begin(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    before: dict[str, Any],
    reason: str,
) -> None:
    car = await told_of(tesla, wait, driven.vin, **before)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_TURN_ON, f"switch.{driven.prefix}_charge")
    assert refusal.value.translation_key == reason
    assert car.executions == []
    assert state_of(hass, f"switch.{driven.prefix}_charge").state == "off"


@pytest.mark.parametrize("driven", BOTH)
async def test_full_battery_has_nothing_to_charge(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """The command succeeds, and no current is shown."""
    car = await told_of(tesla, wait, driven.vin, plugged_in="ac1", battery_level=85)
    await act(hass, SERVICE_TURN_ON, f"switch.{driven.prefix}_charge")
    assert [each["reason"] for each in car.refusals] == ["complete"]
    assert state_of(hass, f"switch.{driven.prefix}_charge").state == "off"


@pytest.mark.parametrize("driven", BOTH)
async def test_charging_that_ended_meanwhile(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """The car says "not charging" to who wants it to stop: so be it."""
    car = await told_of(tesla, wait, driven.vin, plugged_in="ac1", charging=True)
    await wait(2 * MINUTE)
    assert state_of(hass, f"switch.{driven.prefix}_charge").state == "on"
    car.steer({"charging": False})
    await act(hass, SERVICE_TURN_OFF, f"switch.{driven.prefix}_charge")
    assert car.executions == []
    assert [each["reason"] for each in car.refusals] == ["not_charging"]


@pytest.mark.parametrize(
    ("service", "enabled", "shown"),
    [(SERVICE_TURN_OFF, False, "off"), (SERVICE_TURN_ON, True, "on")],
)
async def test_storm_watch(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    service: str,
    enabled: bool,  # noqa: FBT001  # a parameter of the test
    shown: str,
) -> None:
    await act(hass, service, "switch.home_storm_watch")
    (command,) = tesla.world.sites[SITE].commands
    assert (command["name"], command["body"]) == ("storm_mode", {"enabled": enabled})
    assert state_of(hass, "switch.home_storm_watch").state == shown
    await wait(MINUTE)
    assert state_of(hass, "switch.home_storm_watch").state == shown


@pytest.mark.parametrize(
    ("service", "forbidden", "shown"),
    [(SERVICE_TURN_OFF, True, "off"), (SERVICE_TURN_ON, False, "on")],
)
async def test_charge_from_grid(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    service: str,
    forbidden: bool,  # noqa: FBT001  # a parameter of the test
    shown: str,
) -> None:
    """Tesla's setting forbids it, and is missing while it is allowed."""
    house = tesla.world.sites[SITE]
    house.steer({"no_grid_charging": not forbidden})
    await wait(11 * MINUTE)
    assert state_of(hass, "switch.home_charge_from_grid").state != shown
    await act(hass, service, "switch.home_charge_from_grid")
    command = house.commands[-1]
    assert (command["name"], command["body"]) == (
        "grid_import_export",
        {"disallow_charge_from_grid_with_solar_installed": forbidden},
    )
    assert state_of(hass, "switch.home_charge_from_grid").state == shown
    await wait(MINUTE)
    assert state_of(hass, "switch.home_charge_from_grid").state == shown
    assert house.house.settings.no_grid_charging is forbidden

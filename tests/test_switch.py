"""Switches of cars and of the energy site."""

from typing import Any

import pytest
from homeassistant.const import SERVICE_TURN_OFF, SERVICE_TURN_ON, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from tests.conftest import SITE, state_of
from tests.fleet import BOTH, MINUTE, MOMENT, Case, Driven, Wait, act, check, names, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

CASES = [
    Case(
        entity="switch.{}_charge",
        service=SERVICE_TURN_ON,
        before={"plugged_in": "ac1"},
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
    """The wish is fulfilled, and nobody pretends that current flows."""
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

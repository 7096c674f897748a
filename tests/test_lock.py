"""Locks: the doors, and the charge cable."""

import pytest
from homeassistant.components.lock import SERVICE_LOCK, SERVICE_UNLOCK
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from tests.conftest import MODEL_S, MODEL_Y, state_of
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
    Case(
        entity="lock.{}_doors",
        service=SERVICE_LOCK,
        before={"locked": False},
        shown_before="unlocked",
        shown="locked",
        name="door_lock",
        domain=VEHICLE_SECURITY,
    ),
    Case(
        entity="lock.{}_doors",
        service=SERVICE_UNLOCK,
        before={"locked": True},
        shown_before="locked",
        shown="unlocked",
        name="door_unlock",
        domain=VEHICLE_SECURITY,
    ),
    Case(
        entity="lock.{}_charge_cable_lock",
        service=SERVICE_UNLOCK,
        before={"plugged_in": "ac1", "charging": False},
        shown_before="locked",
        shown="unlocked",
        shown_later="locked",
        name="charge_port_door_open",
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.LOCK])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_locks(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_lock_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


async def test_cable_cannot_be_locked(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """It locks on its own when it is plugged in; the car has no command for it."""
    car = await told_of(tesla, wait, MODEL_Y)
    with pytest.raises(ServiceValidationError) as refusal:
        await act(hass, SERVICE_LOCK, "lock.aurora_charge_cable_lock")
    assert refusal.value.translation_key == "cable_locks_itself"
    assert car.executions == []


@pytest.mark.parametrize("vin", [MODEL_Y, MODEL_S])
async def test_open_door_is_the_reason_that_is_shown(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, vin: str
) -> None:
    """The car refuses to lock; it stays unlocked on the screen too."""
    car = await told_of(tesla, wait, vin, locked=False, open="df")
    entity_id = f"lock.{car.display_name.lower().replace(' ', '_')}_doors"
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_LOCK, entity_id)
    assert refusal.value.translation_key == (
        "refused_closures_open" if vin == MODEL_Y else "reason_other"
    )
    assert car.executions == []
    assert state_of(hass, entity_id).state == "unlocked"


async def test_cable_stays_while_current_flows(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The refusal that means success for a charge command does not for the cable."""
    car = await told_of(tesla, wait, MODEL_Y, charging=True)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_UNLOCK, "lock.aurora_charge_cable_lock")
    assert refusal.value.translation_key == "reason_is_charging"
    assert car.executions == []
    assert state_of(hass, "lock.aurora_charge_cable_lock").state == "locked"

"""The car's software."""

import asyncio
from decimal import Decimal

import pytest
from homeassistant.components.update import SERVICE_INSTALL, UpdateEntityFeature
from homeassistant.components.update.const import DATA_COMPONENT
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from simulator.bill import Category
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import BOTH, MINUTE, MOMENT, Case, Driven, Wait, act, check, names, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

CASES = [
    Case(
        entity="update.{}_software_update",
        service=SERVICE_INSTALL,
        before={"software_update": {"version": "2026.38.9", "status": "available"}},
        shown_before="on",
        shown="on",
        attributes={"in_progress": True, "latest_version": "2026.38.9"},
        name="schedule_software_update",
        parameters={"offset_sec": 0},
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.UPDATE])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_updates(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_update_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


@pytest.mark.parametrize(
    ("status", "shown", "installable", "in_progress"),
    [
        ("available", "on", True, False),
        ("scheduled", "on", True, False),
        ("downloading", "on", False, False),
        ("downloading_wifi_wait", "on", False, False),
        ("installing", "on", False, True),
    ],
)
async def test_stages_of_an_update(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    status: str,
    shown: str,
    installable: bool,  # noqa: FBT001  # a parameter of the test
    in_progress: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Only what the car has downloaded can be installed."""
    await told_of(tesla, wait, MODEL_Y, software_update={"version": "2026.38.9", "status": status})
    state = state_of(hass, "update.aurora_software_update")
    assert state.state == shown
    assert state.attributes["installed_version"] == "2026.32.6"
    assert state.attributes["latest_version"] == "2026.38.9"
    assert state.attributes["in_progress"] is in_progress
    features = UpdateEntityFeature(state.attributes["supported_features"])
    assert bool(features & UpdateEntityFeature.INSTALL) is installable


async def test_nothing_to_install(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator
) -> None:
    state = state_of(hass, "update.aurora_software_update")
    assert (state.state, state.attributes["latest_version"]) == ("off", "2026.32.6")
    with pytest.raises(HomeAssistantError):
        await act(hass, SERVICE_INSTALL, "update.aurora_software_update")
    assert tesla.world.cars[MODEL_Y].executions == []


async def test_installation_from_beginning_to_end(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(
        tesla, wait, MODEL_Y, software_update={"version": "2026.38.9", "status": "available"}
    )
    await act(hass, SERVICE_INSTALL, "update.aurora_software_update")
    await wait(12 * MINUTE)
    state = state_of(hass, "update.aurora_software_update")
    assert state.attributes["in_progress"] is True
    assert 30 <= state.attributes["update_percentage"] <= 60
    await wait(25 * MINUTE)
    state = state_of(hass, "update.aurora_software_update")
    assert (state.state, state.attributes["installed_version"]) == ("off", "2026.38.9")


UPDATE = "update.aurora_software_update"


async def notes_of(hass: HomeAssistant) -> str | None:
    """Open the release notes, as the front end's request does."""
    entity = hass.data[DATA_COMPONENT].get_entity(UPDATE)
    assert entity is not None
    return await entity.async_release_notes()


async def test_release_notes_are_requested_once_for_each_version(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """Even of a sleeping car, which is not woken."""
    car = await told_of(
        tesla, wait, MODEL_Y, software_update={"version": "2026.38.9", "status": "available"}
    )
    car.steer({"state": "asleep"})
    before = tesla.bill.counts()[Category.DATA]
    for _ in range(2):
        assert (await notes_of(hass) or "").startswith("## Minor updates")
    assert tesla.bill.counts()[Category.DATA] == before + 1
    assert car.wakes == 0


async def test_release_notes_that_tesla_refuses(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """A refusal is billed, so it is not repeated; a full budget costs nothing."""
    await told_of(tesla, wait, MODEL_Y)
    before = tesla.bill.counts()[Category.DATA]
    meter = vehicle_of(loaded, MODEL_Y).vehicle.api.meter
    budget, meter.budget = meter.budget, Decimal("0.001")
    assert await notes_of(hass) is None
    assert tesla.bill.counts()[Category.DATA] == before
    meter.budget = budget
    tesla.faults.order("status", endpoint="release_notes", vin=MODEL_Y, count=1, status=404)
    for _ in range(2):
        assert await notes_of(hass) is None
    assert tesla.bill.counts()[Category.DATA] == before + 1


async def test_release_notes_after_a_limit(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A limit of Tesla's is over soon; two who open them together cause one request."""
    await told_of(
        tesla, wait, MODEL_Y, software_update={"version": "2026.38.9", "status": "available"}
    )
    tesla.faults.order("status", endpoint="release_notes", vin=MODEL_Y, count=1, status=429)
    assert await notes_of(hass) is None
    await wait(3 * MINUTE)
    before = tesla.bill.counts()[Category.DATA]
    both = await asyncio.gather(notes_of(hass), notes_of(hass))
    assert [(each or "")[:16] for each in both] == ["## Minor updates"] * 2
    assert tesla.bill.counts()[Category.DATA] == before + 1

"""Times: when a car has to be ready."""

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from tests.conftest import MODEL_Y, set_up
from tests.fleet import MOMENT


@pytest.mark.freeze_time(MOMENT)
async def test_times(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """How they are set is tested with the other settings in `test_charging_entities`."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.TIME])
    await set_up(hass, entry)
    controller = entry.runtime_data.charging_controllers[MODEL_Y]
    controller.was_used = True
    controller.changed()
    await hass.async_block_till_done()
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)

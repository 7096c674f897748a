"""A software update that only the stream tells of, from the download to the new version."""

from datetime import timedelta

from homeassistant.components.update import UpdateEntityFeature
from homeassistant.core import HomeAssistant

from simulator.cars import Car
from tests.conftest import Pass, state_of

MINUTE = timedelta(minutes=1)


async def test_a_streamed_update(hass: HomeAssistant, aurora: Car, pass_time: Pass) -> None:
    """A download counts 3 % as installed, and a finished one 10 %: neither is an installation."""
    entity = "update.aurora_software_update"
    aurora.steer({"software_update": {"version": "2026.38.9", "status": "downloading"}})
    seen = []
    while aurora.software.status != "available":
        await pass_time(MINUTE)
        state = state_of(hass, entity)
        seen.append((state.state, state.attributes["in_progress"]))
    assert len(seen) > 10
    assert set(seen) == {("on", False)}
    await pass_time(2 * MINUTE)
    features = UpdateEntityFeature(state_of(hass, entity).attributes["supported_features"])
    assert features & UpdateEntityFeature.INSTALL

    aurora.software.schedule(0, aurora.time)
    await pass_time(12 * MINUTE)
    state = state_of(hass, entity)
    assert state.attributes["in_progress"] is True
    assert 40 <= state.attributes["update_percentage"] <= 60
    await pass_time(20 * MINUTE)
    state = state_of(hass, entity)
    assert (state.state, state.attributes["installed_version"]) == ("off", "2026.38.9")
    assert (state.attributes["in_progress"], state.attributes["latest_version"]) == (
        False,
        "2026.38.9",
    )

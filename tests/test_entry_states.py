"""Diagnostics and the removal of devices for an account that is not loaded."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte import async_remove_config_entry_device
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.diagnostics import async_get_config_entry_diagnostics
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_Y, SITE
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.fixture(autouse=True)
async def _unload_in_the_end(hass: HomeAssistant) -> AsyncIterator[None]:
    """Home Assistant itself never unloads an entry again that failed to."""
    yield
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.FAILED_UNLOAD:
            assert isinstance(entry, MockConfigEntry)
            entry.mock_state(hass, ConfigEntryState.LOADED)
            assert await hass.config_entries.async_unload(entry.entry_id)


type Bring = Callable[[HomeAssistant, MockConfigEntry, Simulator], Awaitable[object]]


async def _nothing(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
    """Leave it loaded."""


async def _unload(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)


async def _disable(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)


async def _retry(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
    tesla.faults.order("status", endpoint="products", status=503)
    assert not await hass.config_entries.async_reload(entry.entry_id)


async def _log_out(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
    tesla.faults.order("status", endpoint="products", status=401, count=None)
    assert not await hass.config_entries.async_reload(entry.entry_id)


async def _fail_to_unload(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
    async def fails(*_: object) -> bool:
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hass.config_entries, "async_unload_platforms", fails)
        assert not await hass.config_entries.async_unload(entry.entry_id)


STATES = [
    pytest.param(_nothing, ConfigEntryState.LOADED, id="loaded"),
    pytest.param(_unload, ConfigEntryState.NOT_LOADED, id="not_loaded"),
    pytest.param(_disable, ConfigEntryState.NOT_LOADED, id="disabled"),
    pytest.param(_retry, ConfigEntryState.SETUP_RETRY, id="setup_retry"),
    pytest.param(_log_out, ConfigEntryState.SETUP_ERROR, id="setup_error"),
    pytest.param(_fail_to_unload, ConfigEntryState.FAILED_UNLOAD, id="failed_unload"),
]


@pytest.mark.parametrize(("bring", "state"), STATES)
async def test_diagnostics(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    bring: Bring,
    state: ConfigEntryState,
) -> None:
    await bring(hass, loaded, tesla)
    assert loaded.state is state
    described = await async_get_config_entry_diagnostics(hass, loaded)
    assert described["state"] == state.value
    assert described["disabled_by"] == loaded.disabled_by
    assert "vehicle_cmds" in described["scopes"]
    is_known = state in (ConfigEntryState.LOADED, ConfigEntryState.FAILED_UNLOAD)
    assert len(described.get("vehicles", ())) == (3 if is_known else 0)


async def test_diagnostics_of_an_account_without_a_login(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A token that cannot be read is one of the things that diagnostics are asked for."""
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "token": {"access_token": "damaged"}}
    )
    described = await async_get_config_entry_diagnostics(hass, entry)
    assert (described["state"], described["scopes"]) == ("not_loaded", [])


async def _remove(hass: HomeAssistant, entry: MockConfigEntry, identifier: str) -> bool:
    """Whether the owner may remove a device."""
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
    assert device is not None
    return await async_remove_config_entry_device(hass, entry, device)


@pytest.mark.parametrize(("bring", "state"), STATES)
async def test_removing_the_device_of_a_car_that_was_sold(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    bring: Bring,
    state: ConfigEntryState,
) -> None:
    tesla.world.cars[MODEL_3].account = "owner-2"
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await bring(hass, loaded, tesla)
    assert loaded.state is state
    assert await _remove(hass, loaded, MODEL_3)


@pytest.mark.parametrize("identifier", [MODEL_Y, str(SITE)])
@pytest.mark.parametrize(("bring", "state"), STATES)
async def test_removing_a_device_that_may_still_exist(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    bring: Bring,
    state: ConfigEntryState,
    identifier: str,
) -> None:
    """Refused where it is known to be there; the account's own device goes with the account."""
    await bring(hass, loaded, tesla)
    is_known = state in (ConfigEntryState.LOADED, ConfigEntryState.FAILED_UNLOAD)
    assert await _remove(hass, loaded, identifier) is not is_known
    assert not await _remove(hass, loaded, str(loaded.unique_id))

"""Stored files that cannot be read: the account runs without them, or says why not."""

from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import issue_of, issues_of, set_up
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A folder of its own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Real files instead of what Home Assistant's tests usually have."""
    return {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"version": 2, "minor_version": 1, "data": {}}',
        b'{"version": "1", "minor_version": 1, "data": {}}',
        b'{"version": 1, "minor_version": 1, "data": 7}',
        b'{"version": 1, "minor_version": 1, "data": [1]}',
        b'{"version": 1, "minor_version": 1}',
    ],
)
async def test_a_damaged_file_is_kept_and_reported(
    hass: HomeAssistant, entry: MockConfigEntry, content: bytes
) -> None:
    storage = Path(hass.config.path(".storage"))
    storage.mkdir(exist_ok=True)  # noqa: ASYNC240  # a test
    (storage / f"flotte.{entry.entry_id}").write_bytes(content)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert "storage_damaged" in issues_of(hass)
    text = issue_of(hass, "storage_damaged")
    (kept,) = [each for each in storage.iterdir() if ".corrupt." in each.name]  # noqa: ASYNC240
    assert kept.name in text
    assert kept.read_bytes() == content
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    await set_up(hass, entry)
    assert "storage_damaged" not in issues_of(hass)


@pytest.mark.parametrize(
    "content",
    [b"[]", b"null", b'{"version": 2, "minor_version": 1, "data": {}}', b'{"version": 1}'],
)
async def test_a_key_that_cannot_be_read_says_so(
    hass: HomeAssistant, entry: MockConfigEntry, content: bytes
) -> None:
    storage = Path(hass.config.path(".storage"))
    (storage / "flotte.private_key").write_bytes(content)
    hass.data.pop("flotte_key", None)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "private_key_unreadable"
    # It is not replaced: every pairing hangs on it.
    assert (storage / "flotte.private_key").read_bytes() == content

"""Stored files that cannot be read: the account runs without them, or says why not."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.hosts import get_hosts
from custom_components.flotte.streaming import client_cas as client_cas_module
from custom_components.flotte.streaming.certificates import async_get_authority
from custom_components.flotte.streaming.client_cas import async_get_client_cas
from custom_components.flotte.tesla.telemetry.tls.certificates import CertificateDefect, Defect
from simulator import Simulator
from tests.conftest import CLIENT_ID, MODEL_Y, issue_of, issues_of, receiver_of, set_up
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)


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


# --- The stream's certificates --------------------------------------------------------------------

UNREADABLE = [
    *(b"", b"{", b"\xff\xfe", b"[" * 2_000, b"null", b"{}", b"[]", b"7", b'"text"'),
    *(b'{"version": 1}', b'{"version": 2, "minor_version": 1, "data": {}}'),
    *(b'{"version": 1, "minor_version": 1, "data": %s}' % data for data in (b"7", b"[1]", b"null")),
    *(b'{"version": "1", "minor_version": 1, "data": {}}', b'{"version": [], "data": {}}'),
    *(
        b'{"version": 1, "minor_version": 1, "data": {"certificate": %s, "private_key": %s}}' % pair
        for pair in ((b"null", b"5"), (b"[]", b"{}"), (b'""', b'""'), (b'"\\u0000"', b'"x"'))
    ),
]


@pytest.mark.parametrize("content", UNREADABLE)
async def test_our_authority_is_never_replaced_silently(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, content: bytes
) -> None:
    """Every car trusts the one that was there; a new one would have to be sent to all of them."""
    storage = Path(hass.config.path(".storage"))
    file = storage / "flotte.telemetry_ca"
    file.write_bytes(content)
    await set_up(hass, entry_of_stream)
    for _ in range(2):
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry_of_stream.state is ConfigEntryState.LOADED
        assert not receiver_of(hass, entry_of_stream).is_running
        issue = f"authority_unusable_{entry_of_stream.options['stream_port']}"
        assert ".storage/flotte.telemetry_ca" in issue_of(hass, issue)
        kept = [each.read_bytes() for each in storage.glob("flotte.telemetry_ca*")]  # noqa: ASYNC240
        assert kept == [content]
        await hass.config_entries.async_reload(entry_of_stream.entry_id)
    assert not tesla.world.cars[MODEL_Y].telemetry.subscriptions


async def test_our_authority_is_made_anew_after_its_files_were_deleted(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry
) -> None:
    storage = Path(hass.config.path(".storage"))
    (storage / "flotte.telemetry_ca").write_bytes(b"{")
    await set_up(hass, entry_of_stream)
    await hass.async_block_till_done(wait_background_tasks=True)
    for each in storage.glob("flotte.telemetry_ca*"):  # noqa: ASYNC240
        each.unlink()
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert receiver_of(hass, entry_of_stream).is_running
    assert not [each for each in issues_of(hass) if each.startswith("authority_unusable")]


async def test_no_car_trusts_an_authority_that_is_not_kept(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The disk is full: the next start would have to make another one, and configure all cars."""

    def full(_self: object, path: str, *_args: object) -> None:
        raise WriteError(f"no space left: {path}")

    monkeypatch.setattr(Store, "_write_prepared_data", full)
    with pytest.raises(CertificateDefect) as raised:
        await async_get_authority(hass)
    assert raised.value.defect is Defect.AUTHORITY_UNWRITABLE
    monkeypatch.undo()
    made = await async_get_authority(hass)
    assert (await async_get_authority(hass)).key_pem() == made.key_pem()


@pytest.mark.parametrize(
    "content",
    [
        *UNREADABLE,
        *(
            b'{"version": 1, "minor_version": 1, "data": {"pem": %s, "table": %s}}' % pair
            for pair in ((b"null", b"null"), (b"5", b"[]"), (b"[]", b"{}"), (b'"x"', b'"y"'))
        ),
    ],
)
async def test_stored_certificates_of_tesla_s_that_cannot_be_read_are_fetched_again(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
) -> None:
    hosts = dataclasses.replace(get_hosts(hass), client_ca_is_known=True)
    known = {
        hashlib.sha256(each.public_bytes(Encoding.DER)).hexdigest()
        for each in x509.load_pem_x509_certificates(tesla.streams.authorities.bundle)
    }
    monkeypatch.setattr(client_cas_module, "get_hosts", lambda _hass: hosts)
    monkeypatch.setattr(client_cas_module, "TESLA_FINGERPRINTS", frozenset(known))
    file = Path(hass.config.path(".storage")) / "flotte.client_ca"
    file.write_bytes(content)
    fetched = await async_get_client_cas(hass)
    assert fetched.count("BEGIN CERTIFICATE") == 4
    assert json.loads(file.read_bytes())["data"]["pem"] == fetched


@pytest.mark.parametrize(
    "streaming",
    [
        b"null",
        b"[[]]",
        b'{"without": [[], {}, null, 5, "Gear"], "application": []}',
        b'{"XP7YGCEK0RB000001": {"configured": {"fields": [], "exp": 1e308, "port": {}}}}',
        b'{"XP7YGCEK0RB000001": {"configured": {"fields": {"Gear": 5, "x": {}}, "exp": "a"}}}',
        b'{"XP7YGCEK0RB000001": {"tally": [], "asked": "2026-13-45T00:00:00Z", "refusal": 5}}',
    ],
)
async def test_cars_stream_whatever_is_stored_of_their_streams(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, streaming: bytes
) -> None:
    file = Path(hass.config.path(".storage")) / f"flotte.{entry_of_stream.entry_id}"
    file.write_bytes(b'{"version": 1, "minor_version": 1, "data": {"streaming": %s}}' % streaming)
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await set_up(hass, entry_of_stream)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry_of_stream.state is ConfigEntryState.LOADED
    data = entry_of_stream.runtime_data
    assert receiver_of(hass, entry_of_stream).is_running
    await data.streaming.async_configure()
    claims = tesla.world.cars[MODEL_Y].telemetry.subscriptions[CLIENT_ID].claims
    assert claims["hostname"] == "home.flotte.example"
    json.dumps(data.streaming.to_stored(), allow_nan=False)

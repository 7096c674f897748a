"""The private key: made once, kept to ourselves, never replaced; and its public half, served.

Nothing stands in for the disk here: Home Assistant reads and writes real files in a folder of each
test's own.
"""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

import custom_components.flotte
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import DOMAIN, PUBLIC_KEY_PATH
from custom_components.flotte.tesla.signing import ClientKey
from simulator import Simulator
from tests.conftest import EntryMaker, register_key

# Home Assistant's own web application uses string keys for requests, too.
pytestmark = pytest.mark.filterwarnings(
    "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
)

TRANSLATIONS = Path(custom_components.flotte.__file__).parent / "translations" / "en.json"
STORAGE_KEY = f"{DOMAIN}.private_key"
UNREADABLE = (
    "The stored private key cannot be read. "
    "Restore it from a backup, or delete its file and pair all cars again"
)
"""Home Assistant shows reasons without their full stop."""

type ClientMaker = Callable[[], Awaitable[TestClient[web.Request, web.Application]]]


class KeyFile:
    """The file that holds the key."""

    def __init__(self, folder: Path) -> None:
        """Look into Home Assistant's folder of configuration."""
        self.path = folder / ".storage" / STORAGE_KEY

    @property
    def exists(self) -> bool:
        """Whether it is there."""
        return self.path.exists()

    @property
    def mode(self) -> str:
        """The permissions, as `ls -l` prints them."""
        return stat.filemode(self.path.stat().st_mode)

    @property
    def neighbours(self) -> list[str]:
        """Files whose names say that they hold the key, too."""
        return [
            each.name
            for each in self.path.parent.iterdir()
            if "private_key" in each.name and each != self.path
        ]

    @property
    def content(self) -> bytes:
        """The content of the file."""
        return self.path.read_bytes()

    @content.setter
    def content(self, content: bytes) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(content)

    @property
    def data(self) -> Any:
        """The content that Home Assistant stored."""
        return json.loads(self.content)["data"]

    @data.setter
    def data(self, data: object) -> None:
        stored = {"version": 1, "minor_version": 1, "key": STORAGE_KEY, "data": data}
        self.content = json.dumps(stored).encode()


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """No stand-in for the disk, unlike the fixture that this one takes the place of."""
    return {}


@pytest.fixture
def file(hass_config_dir: str) -> KeyFile:
    """The file that holds the key, once there is one."""
    return KeyFile(Path(hass_config_dir))


@pytest.fixture
async def visitor(
    hass_at_tesla: HomeAssistant, hass_client_no_auth: ClientMaker
) -> TestClient[web.Request, web.Application]:
    """A client on the internet that is not logged in."""
    # As Home Assistant does when it starts its server: views may come later.
    hass_at_tesla.http.app._router.freeze = lambda: None  # type: ignore[method-assign]
    return await hass_client_no_auth()


# --- Made and kept --------------------------------------------------------------------------------


async def test_is_made_on_first_use_and_stored_privately(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, file: KeyFile
) -> None:
    assert not file.exists
    key = await async_get_key(hass)
    assert file.data == {"private_key": key.to_pem()}
    assert file.mode == "-rw-------"
    # Written beside it and moved into its place; nothing of that is left behind.
    assert file.neighbours == []
    assert await async_get_key(hass) is key


async def test_stays_when_the_entry_is_reloaded_or_removed(
    hass: HomeAssistant, loaded: MockConfigEntry, file: KeyFile
) -> None:
    """Every pairing hangs on it."""
    key = await async_get_key(hass)
    before = file.content
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert loaded.runtime_data.vehicles[0].vehicle.channel.key is key
    assert await hass.config_entries.async_remove(loaded.entry_id)
    assert await async_get_key(hass) is key
    assert file.content == before


async def test_stays_over_restarts(tmp_path: Path) -> None:
    async with started(tmp_path) as first:
        key = await async_get_key(first)
    async with started(tmp_path) as second:
        again = await async_get_key(second)
    assert again is not key
    assert again.to_pem() == key.to_pem()


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[HomeAssistant]:
    """A Home Assistant with what the key needs: a folder and a web application."""
    async with async_test_home_assistant(config_dir=str(folder)) as hass:
        assert await async_setup_component(hass, "http", {})
        yield hass
        await hass.async_stop(force=True)


async def test_two_first_uses_make_one_key(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, file: KeyFile
) -> None:
    with patch.object(ClientKey, "generate", side_effect=ClientKey.generate) as generate:
        first, second = await asyncio.gather(async_get_key(hass), async_get_key(hass))
    generate.assert_called_once_with()
    assert first is second
    assert file.data == {"private_key": first.to_pem()}


async def test_the_key_is_not_used_before_it_is_stored(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, file: KeyFile
) -> None:
    async def is_kept() -> bool:
        await async_get_key(hass)
        return file.exists

    first, second = await asyncio.gather(is_kept(), is_kept())
    assert first
    assert second


async def test_key_that_cannot_be_stored_is_not_used(
    hass: HomeAssistant,
    visitor: TestClient[web.Request, web.Application],
    make_entry: EntryMaker,
    tesla: Simulator,
) -> None:
    """The disk is full: cars would be paired with a key that is gone after the next start."""
    entry = make_entry()
    with patch(
        "homeassistant.helpers.storage.write_utf8_file_atomic", side_effect=WriteError("disk full")
    ):
        assert not await hass.config_entries.async_setup(entry.entry_id)
    assert (
        entry.error_reason_translation_key
        in json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["exceptions"]
    )
    assert "products" not in {each.endpoint for each in tesla.requests}
    assert (await visitor.get(PUBLIC_KEY_PATH)).status == HTTPStatus.NOT_FOUND


# --- Served ---------------------------------------------------------------------------------------


async def test_only_the_headers_of_the_public_half(
    hass: HomeAssistant, visitor: TestClient[web.Request, web.Application]
) -> None:
    await async_get_key(hass)
    whole = await visitor.get(PUBLIC_KEY_PATH)
    response = await visitor.head(PUBLIC_KEY_PATH)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "application/x-pem-file"
    assert response.headers["Content-Length"] == str(len(await whole.read()))
    assert await response.read() == b""


async def test_public_half_is_served(
    hass: HomeAssistant, visitor: TestClient[web.Request, web.Application]
) -> None:
    """Tesla is not logged in, and wants PEM of a key on the curve P-256."""
    assert (await visitor.get(PUBLIC_KEY_PATH)).status == HTTPStatus.NOT_FOUND

    key = await async_get_key(hass)
    response = await visitor.get(PUBLIC_KEY_PATH)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "application/x-pem-file"
    text = await response.text()
    assert text.startswith("-----BEGIN PUBLIC KEY-----\n")
    public = load_pem_public_key(text.encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    numbers = public.public_numbers()
    assert isinstance(numbers.curve, ec.SECP256R1)
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    assert point == key.public_bytes


# --- Never replaced -------------------------------------------------------------------------------


def pem_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    """A private key as text."""
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    ).decode()


P_256 = ec.generate_private_key(ec.SECP256R1())

NOT_A_KEY: dict[str, Any] = {
    "text": {"private_key": "rubbish"},
    "empty text": {"private_key": ""},
    "nothing": {"private_key": None},
    "cut in half": {"private_key": pem_of(P_256)[:120]},
    "other name": {"key": pem_of(P_256)},
    "no name": {},
    "other curve": {"private_key": pem_of(ec.generate_private_key(ec.SECP384R1()))},
    "other kind": {"private_key": pem_of(rsa.generate_private_key(65537, 2048))},
    "password": {"private_key": pem_of(P_256, BestAvailableEncryption(b"secret"))},
    "list": [pem_of(P_256)],
    "bare text": pem_of(P_256),
    "null": None,
}
NOT_A_FILE = {
    "file is cut in half": b'{"version": 1, "minor_version": 1, "key": "flotte.private_key", "da',
    "file is empty": b"",
    "file is an empty object": b"{}",
}


@pytest.mark.parametrize(
    "name",
    [*NOT_A_KEY, *NOT_A_FILE],
)
async def test_is_never_replaced(
    hass: HomeAssistant,
    visitor: TestClient[web.Request, web.Application],
    make_entry: EntryMaker,
    file: KeyFile,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """An unreadable file stays unchanged, and the owner gets instructions."""
    if name in NOT_A_FILE:
        file.content = NOT_A_FILE[name]
    else:
        file.data = NOT_A_KEY[name]
    before = file.content
    entry = make_entry()
    # A second attempt must not take the first one's refusal for an empty disk.
    for attempt in (hass.config_entries.async_setup, hass.config_entries.async_reload):
        assert not await attempt(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        assert entry.error_reason_translation_key == "private_key_unreadable"
        assert entry.reason == UNREADABLE
        # Home Assistant itself may move a broken file away, but no other must take its place.
        assert not file.exists or file.content == before
    assert (await visitor.get(PUBLIC_KEY_PATH)).status == HTTPStatus.NOT_FOUND
    # Not even a broken key gets into the log.
    assert pem_of(P_256).splitlines()[1] not in caplog.text


async def test_key_of_a_later_version_is_not_replaced(
    hass: HomeAssistant, make_entry: EntryMaker, file: KeyFile
) -> None:
    """Flotte was set back to an older version, which cannot know what is in the file."""
    file.data = {"private_key": pem_of(P_256)}
    file.content = before = file.content.replace(b'"version": 1,', b'"version": 2,', 1)
    entry = make_entry()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert file.content == before


async def test_is_used_once_it_is_restored(
    hass: HomeAssistant, make_entry: EntryMaker, file: KeyFile, tesla: Simulator
) -> None:
    """The owner puts the file of the backup in its place; no restart is needed."""
    file.data = {"private_key": "rubbish"}
    entry = make_entry()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    file.data = {"private_key": pem_of(P_256)}
    await register_key(hass, tesla)
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert (await async_get_key(hass)).to_pem() == pem_of(P_256)


async def test_key_in_the_older_form_is_accepted(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, file: KeyFile
) -> None:
    """`openssl ecparam -genkey`, which Tesla's guide names, writes SEC1 instead of PKCS#8."""
    sec1 = P_256.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    file.data = {"private_key": sec1.decode()}
    before = file.content
    assert (await async_get_key(hass)).to_pem() == pem_of(P_256)
    assert file.content == before

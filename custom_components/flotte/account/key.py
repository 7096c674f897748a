"""The application's private key, generated once; and its public half, served to Tesla.

The key signs every command. It never leaves `.storage`, in a file that only Home Assistant's system
user can read.
"""

import asyncio
import pathlib
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, PUBLIC_KEY_PATH
from ..tesla.signing import ClientKey

_KEY: Final[HassKey[ClientKey]] = HassKey(f"{DOMAIN}_key")
_LOCK: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_key_lock")
_STORAGE_KEY: Final = f"{DOMAIN}.private_key"
_VERSION: Final = 1


async def async_get_key(hass: HomeAssistant) -> ClientKey:
    """The key of this Home Assistant, generated on first use; its public half is then served.

    Raises:
        ValueError: the stored key cannot be read, or a new one cannot be stored. A key is never
            replaced silently, because every pairing depends on it.
    """
    # Two flows may get here at once; there must be one key.
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        if (key := hass.data.get(_KEY)) is None:
            key = await _load(hass) or await _make(hass)
            _async_serve(hass, key)
            hass.data[_KEY] = key
    return key


def _store(hass: HomeAssistant) -> Store[dict[str, str]]:
    return Store(hass, _VERSION, _STORAGE_KEY, private=True, atomic_writes=True)


async def _load(hass: HomeAssistant) -> ClientKey | None:
    """The stored key; None if there never was one."""
    try:
        stored: object = await _store(hass).async_load()
    except (
        HomeAssistantError,
        AttributeError,
        LookupError,
        NotImplementedError,
        TypeError,
    ) as error:
        raise ValueError("the stored private key is damaged, or of a newer version") from error
    if stored is None:
        # Home Assistant renames a file that it cannot read, and reports that there was none.
        storage = pathlib.Path(hass.config.path(STORAGE_DIR))
        if await hass.async_add_executor_job(lambda: any(storage.glob(f"{_STORAGE_KEY}*"))):
            raise ValueError("the stored private key is damaged")
        return None
    if not isinstance(stored, dict) or not isinstance(pem := stored.get("private_key"), str):
        raise ValueError("the stored private key is damaged")  # noqa: TRY004  # what was stored
    return ClientKey.from_pem(pem)


async def _make(hass: HomeAssistant) -> ClientKey:
    """A new key, verified to be stored: Home Assistant only logs a failed write."""
    key = ClientKey.generate()
    await _store(hass).async_save({"private_key": key.to_pem()})
    kept = await _load(hass)
    if kept is None or kept.public_bytes != key.public_bytes:
        raise ValueError("the new private key could not be stored")
    return key


@callback
def _async_serve(hass: HomeAssistant, key: ClientKey) -> None:
    hass.http.register_view(PublicKeyView(key.public_pem))


class PublicKeyView(HomeAssistantView):
    """Serves the public key where Tesla looks for it, at registration and at every pairing."""

    url = PUBLIC_KEY_PATH
    name = "flotte:public_key"
    requires_auth = False

    def __init__(self, public_pem: str) -> None:
        """Serve this key."""
        self._public_pem = public_pem

    async def get(self, _request: web.Request) -> web.Response:
        """Return the key, which is public by its nature."""
        return web.Response(
            status=HTTPStatus.OK, text=self._public_pem, content_type="application/x-pem-file"
        )

    # Proxies and monitors that check for the key request only the headers.
    head = get

"""The application's private key: made once, kept privately; and its public half, served to Tesla.

The key signs every command. It never leaves `.storage`, where the file is readable by Home
Assistant's user only.
"""

import pathlib
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.helpers.storage import STORAGE_DIR, Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, PUBLIC_KEY_PATH
from .tesla.signing import ClientKey

_KEY: Final[HassKey[ClientKey]] = HassKey(f"{DOMAIN}_key")
_STORAGE_KEY: Final = f"{DOMAIN}.private_key"
_VERSION: Final = 1


async def async_get_key(hass: HomeAssistant) -> ClientKey:
    """The key of this Home Assistant, made on first use; its public half is served from then on.

    Raises:
        ValueError: the stored key cannot be read. It is never replaced silently, because every
            pairing hangs on it.
    """
    if (key := hass.data.get(_KEY)) is not None:
        return key
    store: Store[dict[str, str]] = Store(
        hass, _VERSION, _STORAGE_KEY, private=True, atomic_writes=True
    )
    stored = await store.async_load()
    # Two flows may get here at once; the first one's key is the key.
    if (key := hass.data.get(_KEY)) is not None:
        return key
    if stored is None:
        # Home Assistant sets a file aside that it cannot read, and says that there was none.
        storage = pathlib.Path(hass.config.path(STORAGE_DIR))
        if await hass.async_add_executor_job(lambda: any(storage.glob(f"{_STORAGE_KEY}.corrupt*"))):
            raise ValueError("the stored private key was damaged")
        key = hass.data[_KEY] = ClientKey.generate()
        await store.async_save({"private_key": key.to_pem()})
    else:
        key = hass.data[_KEY] = ClientKey.from_pem(stored["private_key"])
    _async_serve(hass, key)
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
        """Answer the key, which is public by its nature."""
        return web.Response(
            status=HTTPStatus.OK, text=self._public_pem, content_type="application/x-pem-file"
        )

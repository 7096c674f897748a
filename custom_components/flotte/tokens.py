"""Access tokens of a config entry, renewed in time and stored before they are used."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import jwt
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    OAuth2TokenRequestBaseError,
    OAuth2TokenRequestReauthError,
)
from homeassistant.helpers.config_entry_oauth2_flow import (
    CLOCK_OUT_OF_SYNC_MAX_SEC,
    AbstractOAuth2Implementation,
    OAuth2Session,
)

from .tesla.errors import LoginRequired, Unreachable

_RENEWED_RECENTLY: Final = 60.0
"""Seconds in which a token that Tesla refuses is not renewed again: another request just did."""


class Tokens:
    """Source of access tokens for one config entry.

    Tesla's refresh tokens serve once, so there is one renewal at a time, and its result is stored
    with the entry before anybody uses it.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        implementation: AbstractOAuth2Implementation,
    ) -> None:
        """Take the tokens from `entry`."""
        self._hass = hass
        self._entry = entry
        self._implementation = implementation
        self._session = OAuth2Session(hass, entry, implementation)
        self._lock = asyncio.Lock()
        self._renewed = float("-inf")

    async def __call__(self, renew: bool) -> str:  # noqa: FBT001  # the type TokenSource says so
        """An access token; with `renew`, one that is newer than the one that was refused.

        Raises:
            LoginRequired: the refresh token is used up or revoked.
            Unreachable: Tesla's token server does not answer.
        """
        with _as_ours():
            async with self._lock:
                if renew and time.monotonic() - self._renewed > _RENEWED_RECENTLY:
                    token = await self._implementation.async_refresh_token(self._session.token)
                    self._hass.config_entries.async_update_entry(
                        self._entry, data={**self._entry.data, CONF_TOKEN: token}
                    )
                    self._renewed = time.monotonic()
                await self._session.async_ensure_token_valid()
        return str(self._session.token[CONF_ACCESS_TOKEN])


class LastTokens:
    """The same for an entry that is being removed: there is nowhere to store what is renewed."""

    def __init__(self, entry: ConfigEntry, implementation: AbstractOAuth2Implementation) -> None:
        """Take the tokens from `entry`."""
        self._token = dict(entry.data[CONF_TOKEN])
        self._implementation = implementation

    async def __call__(self, renew: bool) -> str:  # noqa: FBT001  # the type TokenSource says so
        """An access token. Raises LoginRequired, Unreachable."""
        with _as_ours():
            if renew or self._token["expires_at"] < time.time() + CLOCK_OUT_OF_SYNC_MAX_SEC:
                self._token = await self._implementation.async_refresh_token(self._token)
        return str(self._token[CONF_ACCESS_TOKEN])


@contextmanager
def _as_ours() -> Iterator[None]:
    """Turn what goes wrong at Tesla's token server into our errors."""
    try:
        yield
    except OAuth2TokenRequestReauthError as error:
        raise LoginRequired("the refresh token was refused") from error
    except (OAuth2TokenRequestBaseError, TimeoutError, ValueError) as error:
        # ValueError: the answer is not JSON, as from a gateway in trouble.
        raise Unreachable(type(error).__name__) from error


def granted_scopes(data: Mapping[str, Any]) -> frozenset[str]:
    """The scopes that the owner granted, as the access token of an entry's data says."""
    token = jwt.decode(data[CONF_TOKEN][CONF_ACCESS_TOKEN], options={"verify_signature": False})
    return frozenset(token.get("scp") or ())

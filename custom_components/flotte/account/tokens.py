"""Access tokens of a config entry, renewed in time and stored before they are used."""

import asyncio
import copy
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import jwt
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import OAuth2TokenRequestBaseError, OAuth2TokenRequestReauthError
from homeassistant.helpers.config_entry_oauth2_flow import (
    CLOCK_OUT_OF_SYNC_MAX_SEC,
    AbstractOAuth2Implementation,
)

from ..const import ENERGY_SCOPES, NEEDED_ENERGY_SCOPES, NEEDED_SCOPES, VEHICLE_SCOPES
from ..tesla.errors import LoginRequired, TeslaError, Unreachable

_RENEWED_RECENTLY: Final = 60.0
"""Seconds after a renewal in which a refused token is not renewed again: the request probably
carried the old one."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Contents of an access token."""

    subject: str
    """The Tesla account."""
    scopes: frozenset[str]
    """Scopes that the owner granted."""
    region: str
    """Region that may serve the account; blank if the token names none."""


def read_claims(access_token: object) -> Claims | None:
    """The contents of an access token; None if they cannot be used."""
    if not isinstance(access_token, str):
        return None
    try:
        claims = jwt.decode(access_token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
    subject, scopes, region = (claims.get(name) for name in ("sub", "scp", "ou_code"))
    if not isinstance(subject, str) or not subject:
        return None
    if isinstance(scopes, str):
        # In OAuth's own form, separated by spaces.
        scopes = scopes.split()
    if not isinstance(scopes, list):
        scopes = []
    return Claims(
        subject,
        frozenset(each for each in scopes if isinstance(each, str)),
        region if isinstance(region, str) else "",
    )


class Tokens:
    """Source of access tokens for one config entry.

    Each of Tesla's refresh tokens works only once. So there is one renewal at a time, and its
    result is stored with the entry before it is used. Requests that wait for a renewal share its
    failure instead of retrying one after the other.
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
        self._lock = asyncio.Lock()
        self._renewed = float("-inf")
        self._failures = 0
        self._failure: TeslaError | None = None

    async def __call__(self, renew: bool) -> str:  # noqa: FBT001  # the type TokenSource says so
        """An access token; with `renew`, one that is newer than the one that was refused.

        Raises:
            LoginRequired: the refresh token is used up or revoked.
            Unreachable: Tesla's token server does not answer.
        """
        failures = self._failures
        async with self._lock:
            if self._failures != failures and self._failure is not None:
                raise copy.copy(self._failure)
            if _has_expired(self._token) or (
                renew and time.monotonic() - self._renewed > _RENEWED_RECENTLY
            ):
                await self._renew()
        return str(self._token[CONF_ACCESS_TOKEN])

    @property
    def _token(self) -> dict[str, Any]:
        token: dict[str, Any] = self._entry.data[CONF_TOKEN]
        return token

    async def _renew(self) -> None:
        try:
            token = await _renewed(self._implementation, self._token)
        except TeslaError as error:
            self._failures += 1
            self._failure = error
            raise
        self._hass.config_entries.async_update_entry(
            self._entry, data={**self._entry.data, CONF_TOKEN: token}
        )
        self._renewed = time.monotonic()
        self._failure = None


class LastTokens:
    """Source of access tokens for an entry that is being removed; renewed ones are not stored."""

    def __init__(self, entry: ConfigEntry, implementation: AbstractOAuth2Implementation) -> None:
        """Take the tokens from `entry`."""
        self._token = dict(entry.data[CONF_TOKEN])
        self._implementation = implementation

    async def __call__(self, renew: bool) -> str:  # noqa: FBT001  # the type TokenSource says so
        """An access token. Raises LoginRequired, Unreachable."""
        if renew or _has_expired(self._token):
            self._token = await _renewed(self._implementation, self._token)
        return str(self._token[CONF_ACCESS_TOKEN])


def _has_expired(token: Mapping[str, Any]) -> bool:
    """Whether an access token may expire before it arrives."""
    expires_at = token.get("expires_at")
    return (
        not isinstance(expires_at, int | float)
        or expires_at <= time.time() + CLOCK_OUT_OF_SYNC_MAX_SEC
    )


async def _renewed(
    implementation: AbstractOAuth2Implementation, token: dict[str, Any]
) -> dict[str, Any]:
    """Exchange the refresh token for new tokens. Raises LoginRequired, Unreachable."""
    if not token.get("refresh_token"):
        raise LoginRequired("Tesla gave no refresh token")
    with _as_ours():
        return await implementation.async_refresh_token(token)


@contextmanager
def _as_ours() -> Iterator[None]:
    """Map errors of Tesla's token server to ours."""
    try:
        yield
    except OAuth2TokenRequestReauthError as error:
        cause = error.__cause__
        if isinstance(cause, LoginRequired):
            raise copy.copy(cause) from None
        raise LoginRequired(str(cause or "the refresh token was refused")) from None
    except (OAuth2TokenRequestBaseError, TimeoutError, ValueError) as error:
        # ValueError: raised by implementations that are not ours.
        cause = error.__cause__
        detail = cause.detail if isinstance(cause, TeslaError) else ""
        raise Unreachable(detail or type(error).__name__) from None


def needed_scopes(granted: frozenset[str]) -> frozenset[str]:
    """The scopes that must be granted; owners of energy products alone need no vehicle scope."""
    return (
        NEEDED_SCOPES
        if granted & VEHICLE_SCOPES or not granted & ENERGY_SCOPES
        else NEEDED_ENERGY_SCOPES
    )


def granted_scopes(data: Mapping[str, Any]) -> frozenset[str]:
    """The scopes that the owner granted, from the access token in an entry's data."""
    claims = read_claims(data[CONF_TOKEN][CONF_ACCESS_TOKEN])
    return frozenset() if claims is None else claims.scopes

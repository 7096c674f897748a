"""CA certificates of Tesla that cars' certificates are verified with: found, fetched and stored."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..account.hosts import get_hosts
from ..const import DOMAIN, LOGGER
from ..tesla.telemetry.tls.certificates import LARGEST_FILE, CertificateDefect, Defect
from ..tesla.telemetry.tls.client_cas import TESLA_FINGERPRINTS, AcceptedCas, accept_client_cas
from .certificates import UNREADABLE, read_pem

_VERSION: Final = 1
_CLIENT_CA_KEY: Final = f"{DOMAIN}.client_ca"
CLIENT_CA_FILE: Final = "flotte_client_ca.pem"
"""Where the owner may place the CA certificates of Tesla's, in the configuration's folder."""
_FETCH_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
_CHUNK: Final = 65536
"""Bytes that are read of a file at once."""


class ClientCasUnavailable(Exception):
    """Tesla's CA certificates are neither stored nor to be had; `detail` says why."""

    def __init__(self, detail: str) -> None:
        """Say why."""
        super().__init__(detail)
        self.detail = detail


async def async_get_client_cas(hass: HomeAssistant) -> str:
    """The CA certificates that cars' certificates are verified with, in PEM.

    The owner's file comes first, then what was stored, then Tesla's public repository. Whatever the
    source, only those are accepted whose fingerprints are known. Stored is only what holds all of
    them: cars of those that are missing could never connect again. What was stored by a version
    that knew others is used only if nothing better is to be had.

    Raises:
        ClientCasUnavailable: none of the three has any.
    """
    hosts = get_hosts(hass)
    now = dt_util.utcnow()
    fingerprints = TESLA_FINGERPRINTS if hosts.client_ca_is_known else None
    store: Store[dict[str, str]] = Store(hass, _VERSION, _CLIENT_CA_KEY, atomic_writes=True)
    detail = ""

    def accepted(pem: bytes) -> AcceptedCas:
        found = accept_client_cas(pem, now, fingerprints)
        if found.expired:
            LOGGER.info("CA certificates of Tesla's that are over: %s", ", ".join(found.expired))
        return found

    file = Path(hass.config.path(CLIENT_CA_FILE))
    if await hass.async_add_executor_job(file.is_file):
        try:
            return accepted(
                await hass.async_add_executor_job(read_pem, hass, CLIENT_CA_FILE, Defect.UNREADABLE)
            ).pem
        except CertificateDefect as error:
            detail = f"{CLIENT_CA_FILE}: {error}"
    older = ""
    table = _mark(fingerprints)
    # A simulator makes new ones each time it starts.
    stored = None
    with suppress(*UNREADABLE):
        # What cannot be read is fetched again.
        stored = await store.async_load()
    if hosts.client_ca_is_known and isinstance(stored, dict):
        older = _usable(stored, accepted)
        if older and stored.get("table") == table:
            return older
    try:
        found = accepted(await _async_fetch(hass, hosts.client_ca_url))
    except (aiohttp.ClientError, TimeoutError, CertificateDefect) as error:
        if older:
            LOGGER.debug("No newer CA certificates of Tesla's: %s", error)
            return older
        raise ClientCasUnavailable(detail or f"{type(error).__name__}: {error}"[:200]) from error
    seen = len(found.certificates) + len(found.expired)
    if fingerprints is None or seen == len(fingerprints):
        await store.async_save({"pem": found.pem, "table": table})
    else:
        LOGGER.info("Tesla's file has only %s of its CA certificates; it is fetched again", seen)
    return found.pem


def _usable(stored: Mapping[str, str], accepted: Callable[[bytes], AcceptedCas]) -> str:
    """What is stored, as far as it is accepted; blank if nothing is."""
    try:
        return accepted(str(stored.get("pem", "")).encode()).pem
    except CertificateDefect as error:
        LOGGER.debug("The stored CA certificates are of no use: %s", error)
        return ""


def _mark(fingerprints: frozenset[str] | None) -> str:
    """What tells tables of fingerprints apart."""
    return hashlib.sha256("".join(sorted(fingerprints or ())).encode()).hexdigest()[:16]


async def _async_fetch(hass: HomeAssistant, url: str) -> bytes:
    """A file from the internet, whole, or a byte more than it may have.

    Raises:
        aiohttp.ClientError, TimeoutError: it is not to be had.
    """
    fetched = bytearray()
    async with async_get_clientsession(hass).get(
        url, timeout=_FETCH_TIMEOUT, allow_redirects=False
    ) as response:
        response.raise_for_status()
        # Not `read`, which gives what has come so far.
        async for chunk in response.content.iter_chunked(_CHUNK):
            fetched += chunk
            if len(fetched) > LARGEST_FILE:
                break
    return bytes(fetched[: LARGEST_FILE + 1])

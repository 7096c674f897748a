"""Finds, fetches and stores Tesla's CA certificates, which verify those of vehicles."""

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
from ..account.storage import READ_ERRORS
from ..const import DOMAIN, LOGGER
from ..tesla.telemetry.tls.certificates import MAX_FILE, CertificateDefect, Defect
from ..tesla.telemetry.tls.client_cas import TESLA_FINGERPRINTS, AcceptedCas, accept_client_cas
from .certificates import read_pem

_VERSION: Final = 1
_CLIENT_CA_KEY: Final = f"{DOMAIN}.client_ca"
CLIENT_CA_FILE: Final = "flotte_client_ca.pem"
"""File in the configuration folder in which the owner may place Tesla's CA certificates."""
_FETCH_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
_CHUNK: Final = 65536
"""Bytes of a file to read at once."""


class ClientCasUnavailable(Exception):
    """Tesla's CA certificates are neither stored nor available; `detail` gives the reason."""

    def __init__(self, detail: str) -> None:
        """Keep the reason."""
        super().__init__(detail)
        self.detail = detail


async def async_get_client_cas(hass: HomeAssistant) -> str:
    """The CA certificates that vehicles' certificates are verified with, in PEM.

    The owner's file comes first, then the stored copy, then Tesla's public repository. Only
    certificates with known fingerprints are accepted from any of them. A copy is stored only if it
    is complete: vehicles whose CA is missing could never connect again. A copy from a version that
    knew other fingerprints is used only if Tesla's repository is out of reach.

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
            LOGGER.info("Ignoring expired Tesla client CAs: %s", ", ".join(found.expired))
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
    with suppress(*READ_ERRORS):
        # An unreadable copy is fetched again.
        stored = await store.async_load()
    if hosts.client_ca_is_known and isinstance(stored, dict):
        older = _usable(stored, accepted)
        if older and stored.get("table") == table:
            return older
    try:
        found = accepted(await _async_fetch(hass, hosts.client_ca_url))
    except (aiohttp.ClientError, TimeoutError, CertificateDefect) as error:
        if older:
            LOGGER.debug("Could not fetch newer Tesla client CAs: %s", error)
            return older
        raise ClientCasUnavailable(detail or f"{type(error).__name__}: {error}"[:200]) from error
    seen = len(found.certificates) + len(found.expired)
    if fingerprints is None or seen == len(fingerprints):
        await store.async_save({"pem": found.pem, "table": table})
    else:
        LOGGER.info(
            "Tesla's file has only %s of its CA certificates; fetching it again next time", seen
        )
    return found.pem


def _usable(stored: Mapping[str, str], accepted: Callable[[bytes], AcceptedCas]) -> str:
    """Stored CA certificates that are accepted; blank if there are none."""
    try:
        return accepted(str(stored.get("pem", "")).encode()).pem
    except CertificateDefect as error:
        LOGGER.debug("The stored Tesla client CAs cannot be used: %s", error)
        return ""


def _mark(fingerprints: frozenset[str] | None) -> str:
    """Digest that identifies a table of fingerprints."""
    return hashlib.sha256("".join(sorted(fingerprints or ())).encode()).hexdigest()[:16]


async def _async_fetch(hass: HomeAssistant, url: str) -> bytes:
    """Fetch a whole file, or one byte more than its maximum size.

    Raises:
        aiohttp.ClientError, TimeoutError: it is not available.
    """
    fetched = bytearray()
    async with async_get_clientsession(hass).get(
        url, timeout=_FETCH_TIMEOUT, allow_redirects=False
    ) as response:
        response.raise_for_status()
        # Not `read`, which returns only the bytes received so far.
        async for chunk in response.content.iter_chunked(_CHUNK):
            fetched += chunk
            if len(fetched) > MAX_FILE:
                break
    return bytes(fetched[: MAX_FILE + 1])

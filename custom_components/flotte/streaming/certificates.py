"""Certificates that the receiver presents, issued by our own stored CA or by another."""

import asyncio
from pathlib import Path
from typing import Final

import certifi
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..account.storage import READ_ERRORS
from ..const import DOMAIN
from ..tesla.telemetry.tls.authority import Authority
from ..tesla.telemetry.tls.certificates import MAX_FILE, CertificateDefect, Defect
from ..tesla.telemetry.tls.server_certificate import ServerCertificate, read_server_certificate

_VERSION: Final = 1
AUTHORITY_KEY: Final = f"{DOMAIN}.telemetry_ca"
_AUTHORITY_LOCK: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_telemetry_ca_lock")


async def async_get_authority(hass: HomeAssistant) -> Authority:
    """Our CA, created on first use. Replacing it would mean configuring all vehicles again.

    Raises:
        CertificateDefect: the stored one cannot be read, or a new one cannot be stored.
    """
    async with hass.data.setdefault(_AUTHORITY_LOCK, asyncio.Lock()):
        if (authority := await _async_load_authority(hass)) is not None:
            return authority
        made = await hass.async_add_executor_job(Authority.generate, dt_util.utcnow())
        await _authority_store(hass).async_save(
            {"certificate": made.certificate_pem, "private_key": made.key_pem()}
        )
        # Home Assistant only logs a failed write, and no vehicle may trust a CA that a restart
        # loses.
        if (authority := await _async_load_authority(hass)) is None:
            raise CertificateDefect(Defect.AUTHORITY_UNWRITABLE)
        return authority


def _authority_store(hass: HomeAssistant) -> Store[dict[str, str]]:
    return Store(hass, _VERSION, AUTHORITY_KEY, private=True, atomic_writes=True)


async def _async_load_authority(hass: HomeAssistant) -> Authority | None:
    """The stored CA; None if there never was one. Raises CertificateDefect."""
    store = _authority_store(hass)
    try:
        stored: object = await store.async_load()
    except READ_ERRORS as error:
        raise CertificateDefect(Defect.AUTHORITY_UNREADABLE) from error
    if stored is None:
        # Home Assistant moves an undecodable file aside, and reports that there was none.
        path = Path(store.path)
        if await hass.async_add_executor_job(lambda: any(path.parent.glob(f"{path.name}*"))):
            raise CertificateDefect(Defect.AUTHORITY_UNREADABLE)
        return None
    match stored:
        case {"certificate": str() as certificate, "private_key": str() as key}:
            return Authority.from_pem(certificate, key)
    raise CertificateDefect(Defect.AUTHORITY_UNREADABLE)


async def async_read_files(
    hass: HomeAssistant, certificate_file: str, key_file: str, hostname: str
) -> ServerCertificate:
    """The owner's own certificate and key. Raises CertificateDefect."""

    def read() -> ServerCertificate:
        return read_server_certificate(
            read_pem(hass, certificate_file, Defect.UNREADABLE),
            read_pem(hass, key_file, Defect.KEY_UNREADABLE),
            hostname,
            dt_util.utcnow(),
            roots=Path(certifi.where()).read_bytes(),
        )

    return await hass.async_add_executor_job(read)


def read_pem(hass: HomeAssistant, name: str, defect: Defect) -> bytes:
    """Read a file of certificates; a relative name is in the configuration folder."""
    try:
        with Path(hass.config.path(name)).open("rb") as file:
            # One byte more than allowed, so that a file above the limit is noticed.
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise CertificateDefect(defect) from error

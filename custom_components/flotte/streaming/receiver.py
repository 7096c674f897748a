"""The server that cars push to, inside Home Assistant: one for each port, whoever's cars come.

Its certificate is issued by a CA of our own, which is part of every car's configuration, or comes
from the owner's files. What keeps it from running (a port in use, no CA certificates of Tesla's, a
broken file) is told as a repair issue and tried again; meanwhile the cars are polled.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..account.hosts import get_hosts
from ..const import DOMAIN, LOGGER
from ..tesla.telemetry.server import Listener, TelemetryServer
from ..tesla.telemetry.tls.certificates import OF_AUTHORITY, CertificateDefect, Defect
from ..tesla.telemetry.tls.context import ServerContext, server_context
from ..tesla.telemetry.tls.server_certificate import ServerCertificate
from ..tesla.vehicle.stream import Stream
from .certificates import AUTHORITY_KEY, async_get_authority, async_read_files
from .client_cas import CLIENT_CA_FILE, ClientCasUnavailable, async_get_client_cas

_RECEIVERS: Final[HassKey[dict[int, Receiver]]] = HassKey(f"{DOMAIN}_receivers")

RETRY_SECONDS: Final = 60.0
LONGEST_RETRY_SECONDS: Final = 3600.0
WATCH_INTERVAL: Final = timedelta(hours=1)
"""Between two looks whether the certificate has to be renewed, or a file has changed."""
FLOOD_INTERVAL: Final = timedelta(minutes=1)
"""Between two looks whether strangers keep cars from connecting."""
FLOODED_ISSUE: Final = "port_flooded"
_CERTIFICATE_ISSUES: Final = ("certificate_unusable", "authority_unusable")
_START_ISSUES: Final = ("client_ca_missing", "port_in_use", *_CERTIFICATE_ISSUES)


@dataclass(frozen=True, slots=True)
class Address:
    """Where cars connect, and what they are shown there."""

    hostname: str
    port: int
    """Of the public address."""
    listen_port: int
    """On this machine; another one where the router maps ports."""
    certificate_file: str = ""
    """The owner's full chain, in PEM; blank for a certificate of our own."""
    key_file: str = ""


async def async_get_receiver(hass: HomeAssistant, port: int) -> Receiver:
    """The receiver of a port; it runs while somebody has joined it."""
    receivers = hass.data.setdefault(_RECEIVERS, {})
    return receivers.setdefault(port, Receiver(hass, port))


class _Everybody(Listener):
    """Hands what one car pushes to all accounts that have it."""

    def __init__(self, streams: list[Stream]) -> None:
        self._streams = streams

    @override
    def opened(self, connection: str, network: str) -> None:
        for stream in self._streams:
            stream.opened(connection, network)

    @override
    def closed(self, connection: str) -> None:
        for stream in self._streams:
            stream.closed(connection)

    @override
    def heard(self, topic: bytes, payload: bytes) -> None:
        for stream in self._streams:
            stream.heard(topic, payload)


@dataclass(slots=True)
class _Member:
    """An account whose cars come to this port."""

    address: Address
    streams: Mapping[str, Stream]
    """By VIN."""
    ready: Callable[[], None]
    bill: object
    """What is the same for accounts that Tesla sends one bill; None: nobody else is on it."""


class Receiver:
    """One port."""

    def __init__(self, hass: HomeAssistant, port: int) -> None:
        """Do not listen yet."""
        self.certificate: ServerCertificate | None = None
        """What is shown to the cars; None until it could be made."""
        self.server = TelemetryServer(self._find)
        self._hass = hass
        self._port = port
        self._members: dict[str, _Member] = {}
        self._lock = asyncio.Lock()
        self._retry: CALLBACK_TYPE | None = None
        self._stop_watching: CALLBACK_TYPE | None = None
        self._stop_watching_floods: CALLBACK_TYPE | None = None
        self._pause = RETRY_SECONDS
        self._is_running = False
        self._shown: Address | None = None
        """What the present certificate was made for."""

    @property
    def is_running(self) -> bool:
        """Whether cars can connect."""
        return self._is_running

    def _find(self, vin: str) -> Listener | None:
        streams = [
            member.streams[vin] for member in self._members.values() if vin in member.streams
        ]
        if len(streams) > 1:
            return _Everybody(streams)
        return streams[0] if streams else None

    async def async_join(
        self,
        entry_id: str,
        address: Address,
        streams: Mapping[str, Stream],
        ready: Callable[[], None],
        bill: object = None,
    ) -> None:
        """Let the cars of an account come; `ready` is called each time the server began to run."""
        self._members[entry_id] = _Member(address, streams, ready, bill)
        self._share_bills()
        # Those that another account brought here already know nothing of this one.
        await self.server.send_away(streams)
        await self._async_show_present()
        await self._async_run()

    async def async_leave(self, entry_id: str) -> None:
        """Let them come no longer; the last one to leave stops the server."""
        left = self._members.pop(entry_id, None)
        streams = left.streams if left else {}
        # A connection goes on telling whom it told when it was made: others count that now.
        for stream in streams.values():
            stream.is_billed = False
        self._share_bills()
        async with self._lock:
            if is_last := not self._members:
                self._async_forget_timers()
                self._is_running = False
                await self.server.stop()
            else:
                await self.server.send_away(streams)
        for stream in streams.values():
            stream.is_billed = True
        if not is_last:
            await self._async_show_present()
            return
        self._async_clear(*_START_ISSUES, "host_names_differ", FLOODED_ISSUE)

    def _share_bills(self) -> None:
        """Have what a car tells several accounts of one bill counted once: Tesla sent it once."""
        counted: set[tuple[str, int]] = set()
        for member in self._members.values():
            for vin, stream in member.streams.items():
                place = (vin, id(member if member.bill is None else member.bill))
                stream.is_billed = place not in counted
                counted.add(place)

    def _address(self) -> Address:
        """What the certificate is for: accounts that share a port share it, the first decides."""
        return next(iter(self._members.values())).address

    async def _async_show_present(self) -> None:
        """After the accounts have changed, see that the certificate is still the right one."""
        names = list(dict.fromkeys(each.address.hostname for each in self._members.values()))
        if len(names) > 1:
            self._async_tell("host_names_differ", port=str(self._port), names=", ".join(names))
        else:
            self._async_clear("host_names_differ")
        if self._is_running and self._members and self._address() != self._shown:
            await self._async_renew()

    @callback
    def _async_forget_timers(self) -> None:
        for cancel in (self._retry, self._stop_watching, self._stop_watching_floods):
            if cancel is not None:
                cancel()
        self._retry = self._stop_watching = self._stop_watching_floods = None

    async def _async_run(self, _now: datetime | None = None) -> None:
        """Run the server, or see what keeps it from running and try again later."""
        if self._retry is not None:
            # Another account came before it was time; what is over may be cancelled too.
            self._retry()
        self._retry = None
        async with self._lock:
            if not self._members:
                return
            if not self._is_running:
                self._is_running = await self._async_start()
            if not self._is_running:
                self._retry = async_call_later(self._hass, self._pause, self._async_run)
                self._pause = min(self._pause * 2, LONGEST_RETRY_SECONDS)
                return
            self._pause = RETRY_SECONDS
            if self._stop_watching is None:
                self._stop_watching = async_track_time_interval(
                    self._hass, self._async_watch, WATCH_INTERVAL
                )
            if self._stop_watching_floods is None:
                self._stop_watching_floods = async_track_time_interval(
                    self._hass, self._async_watch_floods, FLOOD_INTERVAL
                )
            members = tuple(self._members.values())
        for member in members:
            member.ready()

    async def _async_start(self) -> bool:
        """Whether the server runs now."""
        address = self._address()
        try:
            self.certificate = await self._async_certificate(address)
            context = await self._async_context(self.certificate)
        except CertificateDefect as error:
            self._async_report_certificate(error)
            return False
        except ClientCasUnavailable as error:
            self._async_tell(
                "client_ca_missing",
                detail=error.detail,
                file=CLIENT_CA_FILE,
                url=get_hosts(self._hass).client_ca_url,
            )
            return False
        self._async_clear(*_CERTIFICATE_ISSUES, "client_ca_missing")
        try:
            await self.server.start(get_hosts(self._hass).listen_at, self._port, context)
        except OSError as error:
            self._async_tell("port_in_use", port=str(self._port), detail=error.strerror or "")
            return False
        self._async_clear("port_in_use")
        self._shown = address
        return True

    async def _async_context(self, certificate: ServerCertificate) -> ServerContext:
        """TLS as cars shall see it. Raises CertificateDefect, ClientCasUnavailable."""
        client_cas = await async_get_client_cas(self._hass)
        folder = Path(self._hass.config.path(STORAGE_DIR))

        def make() -> ServerContext:
            folder.mkdir(mode=0o700, exist_ok=True)
            return server_context(certificate, client_cas, folder)

        try:
            return await self._hass.async_add_executor_job(make)
        except OSError as error:
            raise CertificateDefect(Defect.KEY_UNREADABLE) from error

    async def _async_certificate(self, address: Address) -> ServerCertificate:
        """The owner's, or a new one of our own. Raises CertificateDefect."""
        if address.certificate_file:
            return await async_read_files(
                self._hass, address.certificate_file, address.key_file, address.hostname
            )
        authority = await async_get_authority(self._hass)
        return await self._hass.async_add_executor_job(
            authority.issue, address.hostname, dt_util.utcnow()
        )

    async def _async_watch(self, _now: datetime) -> None:
        """Show another certificate if ours becomes old, or if the owner's files changed."""
        await self._async_renew()

    @callback
    def _async_watch_floods(self, _now: datetime) -> None:
        """Report a flood that may keep cars out, and that it is over.

        Connections that are up are not affected: while every car has one nothing is amiss.
        """
        is_missing = any(
            stream.is_subscribed and not self.server.has(vin)
            for member in self._members.values()
            for vin, stream in member.streams.items()
        )
        if self.server.is_flooded and is_missing:
            self._async_tell(FLOODED_ISSUE, port=str(self._port))
        elif not self.server.is_flooded:
            self._async_clear(FLOODED_ISSUE)

    async def _async_renew(self) -> None:
        """Show another certificate if the present one is not, or not long, the right one."""
        async with self._lock:
            present = self.certificate
            if present is None or not self._members or not self._is_running:
                return
            address = self._address()
            if (
                address == self._shown
                and not address.certificate_file
                and dt_util.utcnow() < present.renew_after
            ):
                return
            try:
                new = await self._async_certificate(address)
                if new.chain == present.chain:
                    self._shown = address
                    self._async_clear(*_CERTIFICATE_ISSUES)
                    return
                context = await self._async_context(new)
            except CertificateDefect as error:
                # The present one goes on being shown.
                self._async_report_certificate(error)
                return
            except ClientCasUnavailable as error:
                LOGGER.debug("The certificate is not renewed yet: %s", error)
                return
            self._async_clear(*_CERTIFICATE_ISSUES)
            self.certificate = new
            self._shown = address
            self.server.use(context)
            LOGGER.info("Cars are shown a new certificate, valid until %s", new.not_after.date())
            members = tuple(self._members.values())
        for member in members:
            # What the cars trust may be another CA now.
            member.ready()

    @callback
    def _async_tell(self, key: str, **placeholders: str) -> None:
        LOGGER.debug("No stream on port %s: %s %s", self._port, key, placeholders)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{key}_{self._port}",
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders=placeholders,
        )

    @callback
    def _async_report_certificate(self, error: CertificateDefect) -> None:
        """Report what is wrong with the owner's files, or with our own CA: one needs the other."""
        if error.defect in OF_AUTHORITY:
            self._async_clear("certificate_unusable")
            LOGGER.error("%s cannot be used: %s", AUTHORITY_KEY, error)
            self._async_tell("authority_unusable", file=f"{STORAGE_DIR}/{AUTHORITY_KEY}")
        else:
            self._async_clear("authority_unusable")
            self._async_tell("certificate_unusable", detail=str(error))

    @callback
    def _async_clear(self, *keys: str) -> None:
        for key in keys:
            ir.async_delete_issue(self._hass, DOMAIN, f"{key}_{self._port}")

    def describe(self) -> dict[str, Any]:
        """For diagnostics."""
        certificate = self.certificate
        return {
            "port": self._port,
            "running": self._is_running,
            "accounts": len(self._members),
            "certificate_until": certificate.not_after.isoformat() if certificate else None,
            "own_certificate": not any(
                member.address.certificate_file for member in self._members.values()
            ),
            "server": self.server.diagnostics(),
        }

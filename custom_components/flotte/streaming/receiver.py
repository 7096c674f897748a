"""The server that vehicles push to: one for each port, shared by all accounts.

Its certificate is issued by a CA of our own, which is part of every vehicle's configuration, or
comes from the owner's files. Obstacles (a port in use, no CA certificates of Tesla's, a broken
file) are reported as repair issues, and starting is retried; meanwhile the vehicles are polled.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..account.hosts import get_hosts
from ..const import DOMAIN, LOGGER
from ..tesla.telemetry.messages import Listener
from ..tesla.telemetry.server import TelemetryServer
from ..tesla.telemetry.tls.certificates import CertificateDefect, Defect
from ..tesla.telemetry.tls.context import ServerContext, server_context
from ..tesla.telemetry.tls.server_certificate import ServerCertificate
from ..tesla.vehicle.stream import Stream
from .certificates import async_get_authority, async_read_files
from .client_cas import CLIENT_CA_FILE, ClientCasUnavailable, async_get_client_cas
from .issues import (
    CERTIFICATE_ISSUES,
    CLIENT_CA_ISSUE,
    FLOODED_ISSUE,
    HOSTNAMES_ISSUE,
    PORT_ISSUE,
    START_ISSUES,
    ReceiverIssues,
)

_RECEIVERS: Final[HassKey[dict[int, Receiver]]] = HassKey(f"{DOMAIN}_receivers")

RETRY_SECONDS: Final = 60.0
MAX_RETRY_SECONDS: Final = 3600.0
WATCH_INTERVAL: Final = timedelta(hours=1)
"""Time between checks for a certificate that is due for renewal, or a changed file."""
FLOOD_INTERVAL: Final = timedelta(minutes=1)
"""Time between checks for unknown clients that keep vehicles from connecting."""


@dataclass(frozen=True, slots=True)
class Address:
    """Address at which vehicles connect, and the source of the certificate presented there."""

    hostname: str
    port: int
    """Port of the public address."""
    listen_port: int
    """Port on this machine, which differs if the router maps ports."""
    certificate_file: str = ""
    """The owner's full chain, in PEM; blank for a certificate of our own."""
    key_file: str = ""


async def async_get_receiver(hass: HomeAssistant, port: int) -> Receiver:
    """The receiver of a port; it runs while it has members."""
    receivers = hass.data.setdefault(_RECEIVERS, {})
    return receivers.setdefault(port, Receiver(hass, port))


class FanOut(Listener):
    """Forwards a vehicle's records to all accounts that have the vehicle."""

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
    def receive(self, topic: bytes, payload: bytes) -> None:
        for stream in self._streams:
            stream.receive(topic, payload)


@dataclass(frozen=True, slots=True)
class Member:
    """An account whose vehicles connect to a port."""

    address: Address
    streams: Mapping[str, Stream]
    """Streams by VIN."""
    on_ready: Callable[[], None]
    """Called each time the server has begun to run, and after the certificate changed."""
    bill: object = None
    """Object that all accounts on one bill have in common; None for a bill of its own."""


class Members:
    """The accounts whose vehicles connect to one port."""

    def __init__(self) -> None:
        """Start without members."""
        self._members: dict[str, Member] = {}

    def __bool__(self) -> bool:
        return bool(self._members)

    def __iter__(self) -> Iterator[Member]:
        """Iterate over a copy of the members, which may come and go meanwhile."""
        return iter(tuple(self._members.values()))

    def __len__(self) -> int:
        return len(self._members)

    def find(self, vin: str) -> Listener | None:
        """Listener for a vehicle's records; None if no account has the vehicle."""
        streams = [
            member.streams[vin] for member in self._members.values() if vin in member.streams
        ]
        if len(streams) > 1:
            return FanOut(streams)
        return streams[0] if streams else None

    def add(self, entry_id: str, member: Member) -> None:
        """Add an account, or replace it."""
        self._members[entry_id] = member
        self._assign_billing()

    def remove(self, entry_id: str) -> Mapping[str, Stream]:
        """Remove an account. Returns its streams, which are billed to others until they close."""
        left = self._members.pop(entry_id, None)
        streams = left.streams if left else {}
        # An open connection keeps notifying the accounts that it was made for.
        for stream in streams.values():
            stream.is_billed = False
        self._assign_billing()
        return streams

    @property
    def address(self) -> Address:
        """Address that the certificate is for: accounts that share a port share the first's."""
        return next(iter(self._members.values())).address

    @property
    def hostnames(self) -> list[str]:
        """The accounts' host names, each once."""
        return list(dict.fromkeys(each.address.hostname for each in self._members.values()))

    @property
    def streams(self) -> Iterator[tuple[str, Stream]]:
        """All streams with their VINs."""
        for member in self:
            yield from member.streams.items()

    def _assign_billing(self) -> None:
        """Count a vehicle's records once for all accounts on one bill, as Tesla bills them once."""
        counted: set[tuple[str, int]] = set()
        for member in self._members.values():
            for vin, stream in member.streams.items():
                place = (vin, id(member if member.bill is None else member.bill))
                stream.is_billed = place not in counted
                counted.add(place)


class Receiver:
    """Server of one port, with its certificate and the issues that keep it from running."""

    def __init__(self, hass: HomeAssistant, port: int) -> None:
        """Start without listening."""
        self.certificate: ServerCertificate | None = None
        """The certificate presented to vehicles; None until there is one."""
        self.members = Members()
        self.server = TelemetryServer(self.members.find)
        self._hass = hass
        self._port = port
        self._issues = ReceiverIssues(hass, port)
        self._lock = asyncio.Lock()
        self._retry: CALLBACK_TYPE | None = None
        self._stop_watching: CALLBACK_TYPE | None = None
        self._stop_watching_floods: CALLBACK_TYPE | None = None
        self._pause = RETRY_SECONDS
        self._is_running = False
        self._certified: Address | None = None
        """The address that the present certificate was made for."""

    @property
    def is_running(self) -> bool:
        """Whether vehicles can connect."""
        return self._is_running

    async def async_join(self, entry_id: str, member: Member) -> None:
        """Accept the vehicles of an account."""
        self.members.add(entry_id, member)
        # Connections made for another account do not notify this one.
        await self.server.send_away(member.streams)
        await self._async_sync_certificate()
        await self._async_run()

    async def async_leave(self, entry_id: str) -> None:
        """Stop accepting an account's vehicles; the last account to leave stops the server."""
        streams = self.members.remove(entry_id)
        async with self._lock:
            if is_last := not self.members:
                self._async_forget_timers()
                self._is_running = False
                await self.server.stop()
            else:
                await self.server.send_away(streams)
        for stream in streams.values():
            stream.is_billed = True
        if not is_last:
            await self._async_sync_certificate()
            return
        self._issues.async_clear(*START_ISSUES, HOSTNAMES_ISSUE, FLOODED_ISSUE)

    async def _async_sync_certificate(self) -> None:
        """Replace the certificate if the present accounts need another one."""
        names = self.members.hostnames
        if len(names) > 1:
            self._issues.async_report(HOSTNAMES_ISSUE, names=", ".join(names))
        else:
            self._issues.async_clear(HOSTNAMES_ISSUE)
        if self._is_running and self.members and self.members.address != self._certified:
            await self._async_renew()

    @callback
    def _async_forget_timers(self) -> None:
        for cancel in (self._retry, self._stop_watching, self._stop_watching_floods):
            if cancel is not None:
                cancel()
        self._retry = self._stop_watching = self._stop_watching_floods = None

    async def _async_run(self, _now: datetime | None = None) -> None:
        """Run the server, or report what keeps it from running and retry later."""
        if self._retry is not None:
            # Another account joined before the retry was due; cancelling a finished retry is
            # harmless.
            self._retry()
        self._retry = None
        async with self._lock:
            if not self.members:
                return
            if not self._is_running:
                self._is_running = await self._async_start()
            if not self._is_running:
                self._retry = async_call_later(self._hass, self._pause, self._async_run)
                self._pause = min(self._pause * 2, MAX_RETRY_SECONDS)
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
            members = tuple(self.members)
        for member in members:
            member.on_ready()

    async def _async_start(self) -> bool:
        """Start the server. Returns whether it runs."""
        address = self.members.address
        try:
            self.certificate = await self._async_certificate(address)
            context = await self._async_context(self.certificate)
        except CertificateDefect as error:
            self._issues.async_report_certificate(error)
            return False
        except ClientCasUnavailable as error:
            self._issues.async_report(
                CLIENT_CA_ISSUE,
                detail=error.detail,
                file=CLIENT_CA_FILE,
                url=get_hosts(self._hass).client_ca_url,
            )
            return False
        self._issues.async_clear(*CERTIFICATE_ISSUES, CLIENT_CA_ISSUE)
        try:
            await self.server.start(get_hosts(self._hass).listen_at, self._port, context)
        except OSError as error:
            self._issues.async_report(PORT_ISSUE, detail=error.strerror or "")
            return False
        self._issues.async_clear(PORT_ISSUE)
        self._certified = address
        return True

    async def _async_context(self, certificate: ServerCertificate) -> ServerContext:
        """TLS context for vehicles. Raises CertificateDefect, ClientCasUnavailable."""
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
        """The owner's certificate, or a new one of our own. Raises CertificateDefect."""
        if address.certificate_file:
            return await async_read_files(
                self._hass, address.certificate_file, address.key_file, address.hostname
            )
        authority = await async_get_authority(self._hass)
        return await self._hass.async_add_executor_job(
            authority.issue, address.hostname, dt_util.utcnow()
        )

    async def _async_watch(self, _now: datetime) -> None:
        """Replace the certificate if it is due for renewal, or if the owner's files changed."""
        await self._async_renew()

    @callback
    def _async_watch_floods(self, _now: datetime) -> None:
        """Report a flood that may keep vehicles out, and clear the report when it is over.

        A flood does not affect open connections, so nothing is reported while every vehicle has
        one.
        """
        is_missing = any(
            stream.continuity.is_subscribed and not self.server.has(vin)
            for vin, stream in self.members.streams
        )
        if self.server.is_flooded and is_missing:
            self._issues.async_report(FLOODED_ISSUE)
        elif not self.server.is_flooded:
            self._issues.async_clear(FLOODED_ISSUE)

    async def _async_renew(self) -> None:
        """Replace the certificate if it no longer fits, or is about to expire."""
        async with self._lock:
            present = self.certificate
            if present is None or not self.members or not self._is_running:
                return
            address = self.members.address
            if (
                address == self._certified
                and not address.certificate_file
                and dt_util.utcnow() < present.renew_after
            ):
                return
            try:
                new = await self._async_certificate(address)
                if new.chain == present.chain:
                    self._certified = address
                    self._issues.async_clear(*CERTIFICATE_ISSUES)
                    return
                context = await self._async_context(new)
            except CertificateDefect as error:
                # The present certificate stays in use.
                self._issues.async_report_certificate(error)
                return
            except ClientCasUnavailable as error:
                LOGGER.debug("The certificate could not be renewed yet: %s", error)
                return
            self._issues.async_clear(*CERTIFICATE_ISSUES)
            self.certificate = new
            self._certified = address
            self.server.use(context)
            LOGGER.info(
                "Presenting a new certificate to cars, valid until %s", new.not_after.date()
            )
            members = tuple(self.members)
        for member in members:
            # The vehicles may have to trust another CA now.
            member.on_ready()

    def describe(self) -> dict[str, Any]:
        """State for diagnostics."""
        certificate = self.certificate
        return {
            "port": self._port,
            "running": self._is_running,
            "accounts": len(self.members),
            "certificate_until": certificate.not_after.isoformat() if certificate else None,
            "own_certificate": not any(member.address.certificate_file for member in self.members),
            "server": self.server.diagnostics(),
        }

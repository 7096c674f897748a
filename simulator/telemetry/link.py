"""One connection of one car to one application's server.

TLS with the car's certificate, the server's chain verified against the configuration's `ca` and its
name against `hostname`; a WebSocket; each message is answered by an ack. Wherever the configuration
points, the TCP connection goes to this machine.

Messages that cannot be sent wait, up to 5000 of them; the pauses between attempts grow up to 30 s.
Unacknowledged fields are sent again with their current values, in one message marked as a resend,
but only if `delivery_policy` is `latest`. Source: Tesla, "Fleet Telemetry", August 2026, and its
server.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp

from simulator.telemetry import envelope
from simulator.telemetry.certificates import Authorities
from simulator.telemetry.collector import is_client_1
from simulator.telemetry.connection import Connection, Waiting, client_context
from simulator.telemetry.field import version
from simulator.telemetry.in_flight import InFlight
from simulator.telemetry.recorder import Telemetry
from simulator.telemetry.subscription import Emission, Goodbye, Subscription
from simulator.vehicle.vehicle import Vehicle

MAX_KEPT = 5000
MAX_PAUSE = 30.0
PARTING_SECONDS = 1.0
"""Real seconds for which a car that is about to hang up waits for the last acks."""


class _Backoff:
    """The growing pause between attempts to connect."""

    def __init__(self) -> None:
        self.pause = 0.0
        """The latest pause; 0 once a server has acknowledged something."""
        self.retry_at = 0.0
        """Unix seconds of the simulated clock."""

    def is_over(self, now: float) -> bool:
        """Whether it is time for an attempt."""
        return now >= self.retry_at

    def lengthen(self, now: float) -> None:
        """Wait longer after a failure."""
        self.pause = min(max(self.pause * 2, 1.0), MAX_PAUSE)
        self.retry_at = now + self.pause


class Link:
    """See the module's docstring."""

    def __init__(
        self,
        vehicle: Vehicle,
        telemetry: Telemetry,
        subscription: Subscription,
        authorities: Authorities,
        charge: Callable[[int], None],
        *,
        is_driven: bool,
    ) -> None:
        """Prepare without connecting yet.

        Args:
            vehicle: the sender.
            telemetry: its telemetry client.
            subscription: the messages and their destination.
            authorities: the issuers of the car's certificate.
            charge: takes the number of signals that were sent.
            is_driven: whether a test moves time; waiting then does not rely on the loop's clock.
        """
        self._vehicle = vehicle
        self._telemetry = telemetry
        self._subscription = subscription
        self._authorities = authorities
        self._charge = charge
        self._waiting = Waiting(is_driven=is_driven)
        self._connection = Connection(vehicle, self._waiting, self._on_message)
        self._outbox: deque[Emission | Goodbye] = deque(maxlen=MAX_KEPT)
        self._in_flight = InFlight(f"{vehicle.vin}/{subscription.client_id}")
        self._lock = asyncio.Lock()
        self._backoff = _Backoff()
        self._losses = telemetry.losses
        """The ordered losses that have been applied."""
        self._acks_before = 0
        """Acks when the connection was made."""
        self.tries: list[float] = []
        """The times of attempts to connect, in Unix seconds."""
        self.connections = 0
        self.sent: dict[str, int] = {}
        """Messages by topic."""
        self.signals = 0
        self.acks = 0
        self.refusals = 0
        """Messages that the server answered with an error."""
        self.resends = 0

    @property
    def is_connected(self) -> bool:
        """Whether the connection stands, as far as the car knows."""
        return self._connection.is_open

    @property
    def is_idle(self) -> bool:
        """Whether no work is in progress."""
        return not self._lock.locked()

    async def pump(self, patience: float) -> None:
        """Connect if it is time, send due messages, and wait for their acks.

        Args:
            patience: maximum real seconds to wait for acks; 0 does not wait.
        """
        async with self._lock:
            if self._connection.is_lost:
                await self._lose(self._vehicle.clock.now())
            now = self._vehicle.clock.now()
            self._outbox.extend(self._subscription.take(now))
            if self._losses != self._telemetry.losses:
                self._losses = self._telemetry.losses
                await self._connection.cut()
            if self._vehicle.state == "offline" or now < self._telemetry.lost_until:
                await self._connection.cut()
                return
            await self._send_all(now)
            await self._keep_connected(now)
            await self._resend_overdue(now)
            if patience:
                await self._waiting.until(lambda: not self._in_flight, patience)

    async def close(self) -> None:
        """Close in order."""
        async with self._lock:
            self._outbox.extend(self._subscription.take(self._vehicle.clock.now() + 1))
            if self.is_connected:
                await self._send_all(self._vehicle.clock.now())
            await self._connection.close()

    async def cut(self) -> None:
        """Lose the connection without closing it; the next `pump` notices."""
        async with self._lock:
            await self._connection.cut()

    # Sending

    async def _send_all(self, now: float) -> None:
        """Send all waiting messages until one cannot be sent."""
        while self._outbox:
            item = self._outbox[0]
            if isinstance(item, Goodbye):
                self._outbox.popleft()
                if self.is_connected:
                    await self._waiting.until(lambda: not self._in_flight, PARTING_SECONDS)
                await self._connection.close()
                continue
            if not self.is_connected and not await self._may_connect(item, now):
                return
            if not await self._send(item, now):
                return
            self._outbox.popleft()

    async def _may_connect(self, item: Emission, now: float) -> bool:
        """Connect for a message, if the car has a network and it is time for an attempt.

        A message that a driven clock jumped over is sent by the car that was online then, although
        it may be asleep by now; messages that wait since a failure have to wait for the car.
        """
        is_reachable = self._vehicle.state == "online" or (
            item.was_online and not self._backoff.pause
        )
        return is_reachable and self._backoff.is_over(now) and await self._connect(now)

    async def _keep_connected(self, now: float) -> None:
        """Keep a streaming car connected, even without messages."""
        if (
            self._subscription.collector is not None
            and self._vehicle.state == "online"
            and not self.is_connected
            and self._backoff.is_over(now)
        ):
            await self._connect(now)

    async def _send(self, emission: Emission, now: float) -> bool:
        """Send one message; returns whether the connection took it."""
        if not self._connection.is_open and not self._connection.is_lost:
            return False
        txid = self._in_flight.add(emission, now)
        data = envelope.write(
            topic=emission.topic.encode(),
            txid=txid,
            vin=self._vehicle.vin,
            payload=emission.payload,
            created_at=int(emission.time),
        )
        try:
            await self._connection.send(data)
        except ConnectionError, aiohttp.ClientError:
            self._in_flight.discard(txid)
            await self._lose(now)
            return False
        self.sent[emission.topic] = self.sent.get(emission.topic, 0) + 1
        if emission.signals:
            self.signals += emission.signals
            self._charge(emission.signals)
        return True

    async def _resend_overdue(self, now: float) -> None:
        """With `latest`: send the fields that were not acknowledged in time, as they are now."""
        if (
            self.is_connected
            and self._sends_latest
            and self._in_flight.is_overdue(now, self._telemetry.resend_after)
        ):
            await self._resend(now)

    async def _resend(self, now: float) -> None:
        emission = self._subscription.resend(self._in_flight.take_fields())
        if emission is not None and await self._send(emission, now):
            self.resends += 1

    @property
    def _sends_latest(self) -> bool:
        configuration = self._subscription.configuration
        return (
            configuration is not None
            and configuration.is_latest_delivered
            and is_client_1(version(self._vehicle.firmware))
        )

    # The connection

    async def _connect(self, now: float) -> bool:
        """Make one attempt; a failure is reported and lengthens the pause."""
        configuration = self._subscription.configuration
        if configuration is None or configuration.tcp_port is None:
            return False
        self.tries.append(now)
        try:
            context = client_context(
                configuration, self._authorities, self._vehicle, self._telemetry.certificate
            )
            await self._connection.open(configuration, context)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            # OSError includes everything that TLS refuses.
            self._telemetry.report_no_connection(
                self._subscription.client_id, str(error) or repr(error)
            )
            await self._connection.close()
            self._backoff.lengthen(now)
            return False
        self._acks_before = self.acks
        self.connections += 1
        waiting = self._outbox[0] if self._outbox else None
        begins_anew = isinstance(waiting, Emission) and waiting.is_full
        if begins_anew or not self._sends_latest:
            self._in_flight.clear()
        elif self._in_flight:
            await self._resend(now)
        return self.is_connected

    def _on_message(self, data: bytes) -> None:
        """Apply an answer of the server."""
        try:
            answer = envelope.read(data)
        except envelope.MalformedAnswer:
            self.refusals += 1
            return
        if answer.message_type == envelope.ACK:
            self.acks += 1
            self._backoff.pause = 0.0
            self._in_flight.discard(answer.txid)
        else:
            self.refusals += 1

    async def _lose(self, now: float) -> None:
        """Handle a broken connection: retry immediately, or later if it never worked."""
        await self._connection.close()
        if self.acks > self._acks_before:
            self._backoff.retry_at = now
        else:
            self._backoff.lengthen(now)

    def describe(self) -> dict[str, Any]:
        """The truth for `/simulator/cars`."""
        return {
            "connected": self.is_connected,
            "connections": self.connections,
            "tries": len(self.tries),
            "pause": self._backoff.pause,
            "sent": dict(self.sent),
            "signals": self.signals,
            "acks": self.acks,
            "refusals": self.refusals,
            "resends": self.resends,
            "unacknowledged": len(self._in_flight),
            "kept": len(self._outbox),
        }

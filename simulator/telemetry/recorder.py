"""One car's telemetry: who configured it, what it collects for them, and what waits to be sent.

It runs with the car's life and knows nothing of networks: what is told at which time comes out of
it exactly, whoever looked at the car meanwhile. `due` hands it out; a `Link` sends it.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleError, VehicleErrors

from simulator.telemetry.alerts import Alerts
from simulator.telemetry.certificates import Kind
from simulator.telemetry.collector import (
    TICKS_PER_SECOND,
    Collector,
    Distortions,
    Sample,
    tick_of,
    time_of,
    timestamp,
)
from simulator.telemetry.configuration import SIGNERS_CLAIMS, Configuration, refusal
from simulator.telemetry.fields import Invalid
from simulator.telemetry.signature import Token
from simulator.vehicle.vehicle import Vehicle

type Json = dict[str, Any]

MOST_CONFIGURATIONS = 5
"""Applications that one car can have. Source: Tesla, August 2026; older texts say three."""
RESEND_SECONDS = 30.0
"""After how long without an ack something is sent again. Not known of real cars."""
ERRORS_KEPT = 100

ALERTS = "alerts"
ERRORS = "errors"
SIGNALS = "V"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """One message that the car wants to send."""

    time: float
    """Unix seconds, on the grid; `created_at`."""
    topic: str
    payload: bytes
    names: tuple[str, ...]
    """The fields in it, in order, or the names of its alerts."""
    is_full: bool = False
    was_online: bool = True
    """Whether the car had a network at that time."""

    @property
    def signals(self) -> int:
        """The number of signals that Tesla bills: each datum of a record, and each alert."""
        return 0 if self.topic == ERRORS else len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodbye:
    """The car closes its connection: it sleeps, or another configuration takes over."""

    time: float


class Subscription:
    """The configuration of one application in one car."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.claims: Json = {}
        """The latest configuration that the cloud accepted."""
        self.waiting: Token | None = None
        """A configuration that has not reached the car yet."""
        self.arrives_at = 0.0
        self.configuration: Configuration | None = None
        """The configuration that the car applies."""
        self.collector: Collector | None = None
        """Collects while the car is awake."""
        self.next_tick = 0
        self.queue: deque[Emission | Goodbye] = deque()
        self.told = 0
        """Messages that the car wanted to send."""
        self.describe_link: Callable[[], Json] | None = None
        """The truth about the connection; None before there was a try."""

    @property
    def is_synced(self) -> bool:
        """Whether the car has the latest configuration."""
        return self.waiting is None

    @property
    def shown(self) -> Json:
        """The configuration as the cloud shows it, without the signer's claims."""
        return {key: value for key, value in self.claims.items() if key not in SIGNERS_CLAIMS}

    def put(self, item: Emission | Goodbye) -> None:
        """Queue an item."""
        self.queue.append(item)
        self.told += isinstance(item, Emission)

    def take(self, until: float) -> Iterator[Emission | Goodbye]:
        """Remove and yield the items that are due, oldest first."""
        while self.queue and self.queue[0].time <= until:
            yield self.queue.popleft()


class Telemetry:
    """The telemetry client of a car."""

    def __init__(self, vehicle: Vehicle, kind: Kind) -> None:
        self._vehicle = vehicle
        self.certificate = kind
        """Which certificate the car shows."""
        self.subscriptions: dict[str, Subscription] = {}
        """By client id."""
        self.retired: list[Subscription] = []
        """Removed ones, whose connection is still to be closed."""
        self.errors: deque[Json] = deque(maxlen=ERRORS_KEPT)
        """What the car reported about its configurations, as the cloud answers it."""
        self.distortions = Distortions()
        self.losses = 0
        """How often the connection was lost on order."""
        self.lost_until = 0.0
        """No connection is made before this Unix time."""
        self.config_delay = 0.0
        self.resend_after = RESEND_SECONDS
        self.most_configurations = MOST_CONFIGURATIONS
        self.other_configurations = 0
        """How many other applications have one in this car."""
        self.hides_limit = False
        """Whether a full car is told as it used to be: updated, and without a configuration."""
        self.alerts = Alerts()
        self._is_awake = False

    # The cloud's side

    @property
    def is_full(self) -> bool:
        """Whether another application's configuration would find no place."""
        return len(self.subscriptions) + self.other_configurations >= self.most_configurations

    def offer(self, client_id: str, token: Token) -> None:
        """Take a new configuration; it reaches the car when that is online, after the delay."""
        subscription = self.subscriptions.setdefault(client_id, Subscription(client_id))
        subscription.claims = token.claims
        subscription.waiting = token
        subscription.arrives_at = self._vehicle.time + self.config_delay
        self.catch_up(self._vehicle.time)

    def withdraw(self, client_id: str) -> bool:
        """Remove a configuration; returns whether there was one.

        An empty list of errors is the last thing that such a car was seen to send (issue 258).
        """
        subscription = self.subscriptions.pop(client_id, None)
        if subscription is None:
            return False
        tick = tick_of(self._vehicle.time)
        if subscription.collector is not None:
            self._put(subscription, tick, ERRORS, b"", ())
        self._stop(subscription, tick)
        self.retired.append(subscription)
        return True

    def report(self, client_id: str, name: str, text: str) -> None:
        """Note what the car complains about; the same complaint twice in a row is one."""
        last = self.errors[-1] if self.errors else {}
        if (last.get("name"), last.get("error_name"), last.get("error")) == (client_id, name, text):
            return
        self.errors.append(
            {
                "vin": self._vehicle.vin,
                "name": client_id,
                "error": text,
                "error_name": name,
                "created_at": datetime.fromtimestamp(self._vehicle.time, UTC).isoformat(),
                "txID": str(uuid4()),
            }
        )

    # Time

    def looks_at(self) -> float:
        """Before which Unix time the car's life must not go on without `watch`."""
        if not self.subscriptions or self._vehicle.state == "asleep":
            return math.inf
        return min(self._next_of(subscription) for subscription in self.subscriptions.values())

    def _next_of(self, subscription: Subscription) -> float:
        moments = [math.inf]
        if subscription.collector is not None:
            moments.append(time_of(subscription.next_tick))
        if subscription.waiting is not None and self._vehicle.state == "online":
            moments.append(subscription.arrives_at)
        configuration = subscription.configuration
        if configuration is not None and configuration.expires_at is not None:
            moments.append(configuration.expires_at)
        return min(moments)

    def watch(self, time: float, *, happened: bool, stretch: float = 1.0) -> None:
        """Follow the life, which has come to this Unix time; `happened`: by an event."""
        if not self.subscriptions:
            self._is_awake = False
        elif happened:
            self.nudge(time)
        elif self.looks_at() <= time:
            self.catch_up(time, stretch)

    def nudge(self, time: float) -> None:
        """Look at the car at the next point of the grid: something may have changed."""
        for subscription in self.subscriptions.values():
            subscription.next_tick = min(subscription.next_tick, tick_of(time))
        self.catch_up(time)

    def catch_up(self, time: float, stretch: float = 1.0) -> None:
        """Do everything that is due at this Unix time."""
        is_awake = self._vehicle.state != "asleep"
        if self._is_awake and not is_awake:
            self._fall_asleep(tick_of(time))
        elif is_awake and not self._is_awake:
            for subscription in self.subscriptions.values():
                self._begin(subscription, tick_of(time))
        self._is_awake = is_awake
        for subscription in self.subscriptions.values():
            self._follow(subscription, time, stretch)

    def _follow(self, subscription: Subscription, time: float, stretch: float) -> None:
        token = subscription.waiting
        if (
            token is not None
            and self._vehicle.state == "online"
            and subscription.arrives_at <= time
        ):
            subscription.waiting = None
            self._adopt(subscription, token, time)
        configuration = subscription.configuration
        if (
            configuration is not None
            and configuration.expires_at is not None
            and configuration.expires_at <= time
        ):
            self._stop(subscription, tick_of(time))
            subscription.configuration = None
        collector = subscription.collector
        if collector is not None and time_of(subscription.next_tick) <= time:
            tick = math.floor(time * TICKS_PER_SECOND)
            told, subscription.next_tick = collector.look(tick, stretch)
            self._tell(subscription, tick, told)

    def _adopt(self, subscription: Subscription, token: Token, time: float) -> None:
        """The car has got a configuration: it believes it, or says why not."""
        self._stop(subscription, tick_of(time))
        # A car without a keychain believes everybody whom its owner lets stream.
        keys = {token.issuer} if self._vehicle.streaming_toggle else self._vehicle.keys
        reason = refusal(token, self._vehicle.vin, keys, time)
        if reason is not None:
            subscription.configuration = None
            self.report(subscription.client_id, "config_manager_error", reason)
            return
        subscription.configuration = Configuration.of(token.claims)
        if subscription.configuration.tcp_port is None:
            # Fleet-telemetry issue 119: accepted, and then nothing ever connected.
            self.report(subscription.client_id, "config_manager_error", "invalid port")
        self._begin(subscription, tick_of(time))

    def _begin(self, subscription: Subscription, tick: int) -> None:
        if subscription.configuration is not None:
            subscription.collector = Collector(
                self._vehicle, subscription.configuration, self.distortions
            )
            subscription.next_tick = tick

    def _stop(self, subscription: Subscription, tick: int) -> None:
        if subscription.collector is not None:
            subscription.collector = None
            subscription.put(Goodbye(time=time_of(tick)))

    def _fall_asleep(self, tick: int) -> None:
        """Tell what is still to be told, call invalid what stops reporting, and hang up."""
        for subscription in self.subscriptions.values():
            if subscription.collector is not None:
                told, _ = subscription.collector.look(tick)
                self._tell(subscription, tick, told)
                self._tell(subscription, tick, subscription.collector.say_invalid(tick))
            self._stop(subscription, tick)

    def _tell(self, subscription: Subscription, tick: int, told: Sample | None) -> None:
        if told is not None:
            self._put(subscription, tick, SIGNALS, told.payload, told.names, is_full=told.is_full)

    def _put(
        self,
        subscription: Subscription,
        tick: int,
        topic: str,
        payload: bytes,
        names: tuple[str, ...],
        *,
        is_full: bool = False,
    ) -> None:
        subscription.put(
            Emission(
                time=time_of(tick),
                topic=topic,
                payload=payload,
                names=names,
                is_full=is_full,
                was_online=self._vehicle.state != "offline",
            )
        )

    # Losses

    def lose_connection(self, seconds: float) -> None:
        """Cut all connections while the car stays awake, and make none for so long."""
        self.losses += 1
        self.lost_until = self._vehicle.time + seconds

    # What else is told

    def alert(self, name: str, audiences: Iterable[str], *, is_active: bool) -> None:
        """Raise an alert, or end it; told to those who configured one of its audiences.

        The message also lists the last alert of that name that has ended, the newest first, as real
        cars do.
        """
        # One that wakes the car comes after all that the car tells when it wakes.
        self.catch_up(self._vehicle.time)
        self.alerts.update(name, tuple(audiences), is_active=is_active, at=self._vehicle.time)
        self._tell_alerts(name)

    def repeat_alerts(self) -> None:
        """Tell all alerts again, as cars do now and then."""
        self.catch_up(self._vehicle.time)
        for name in self.alerts.names:
            self._tell_alerts(name)

    def _tell_alerts(self, name: str) -> None:
        tick = tick_of(self._vehicle.time)
        audiences = self.alerts.audiences(name)
        message = self.alerts.message(name, timestamp(tick))
        names = (name,) * len(message.alerts)
        for subscription in self.subscriptions.values():
            configuration = subscription.configuration
            if subscription.collector is None or configuration is None:
                continue
            if not configuration.alert_types.isdisjoint(audiences):
                self._put(subscription, tick, ALERTS, message.SerializeToString(), names)

    def client_error(self, name: str, body: str, tags: dict[str, str]) -> None:
        """Tell all servers of a problem of the client."""
        tick = tick_of(self._vehicle.time)
        error = VehicleError(name=name, body=body, tags=tags, created_at=timestamp(tick))
        message = VehicleErrors(errors=[error], created_at=timestamp(tick))
        for subscription in self.subscriptions.values():
            if subscription.collector is not None:
                self._put(subscription, tick, ERRORS, message.SerializeToString(), (name,))

    def again(self, subscription: Subscription, names: Iterable[str]) -> Emission | None:
        """Fields that were not acknowledged, as they are now; None while the car sleeps."""
        if subscription.collector is None:
            return None
        tick = math.floor(self._vehicle.time * TICKS_PER_SECOND)
        told = subscription.collector.again(names, tick)
        if told is None:
            return None
        return Emission(time=time_of(tick), topic=SIGNALS, payload=told.payload, names=told.names)

    def due(self, until: float | None = None) -> list[tuple[str, Emission]]:
        """Live until a Unix time (the clock's now) and hand out all that was told, in order.

        Pairs of client id and message. What is handed out here goes over no connection and on no
        bill any more; `Simulator.due` is the same with the bill.
        """
        now = self._vehicle.clock.now() if until is None else until
        self._vehicle.advance_to(now)
        self.catch_up(self._vehicle.time)
        told = [
            (subscription.client_id, item)
            for subscription in (*self.subscriptions.values(), *self.retired)
            for item in subscription.take(now)
            if isinstance(item, Emission)
        ]
        return sorted(told, key=lambda pair: pair[1].time)

    def describe(self) -> Json:
        """The truth for `/simulator/cars`, without the connections."""
        return {
            "certificate": str(self.certificate),
            "config_delay": self.config_delay,
            "resend_after": self.resend_after,
            "most_configurations": self.most_configurations,
            "other_configurations": self.other_configurations,
            "hides_limit": self.hides_limit,
            "text_values": self.distortions.text_values,
            "flapping": dict(self.distortions.flapping),
            "lost_changes": dict(self.distortions.lost_changes),
            "lost_until": self.lost_until,
            "values": {
                name: None if isinstance(value, Invalid) else value
                for name, value in self.distortions.values.items()
            },
            "alerts": dict(self.alerts.active),
            "errors": list(self.errors),
            "configurations": {
                client_id: {
                    "synced": subscription.is_synced,
                    "followed": subscription.configuration is not None,
                    "config": subscription.shown,
                    "messages": subscription.told,
                    "waiting": len(subscription.queue),
                    "link": subscription.describe_link() if subscription.describe_link else None,
                }
                for client_id, subscription in self.subscriptions.items()
            },
        }

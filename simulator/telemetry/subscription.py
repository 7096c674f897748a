"""The telemetry configuration of one application in one car, and the messages collected for it.

It runs with the car's life and knows nothing of networks: the content and time of each message
depend on the life alone, not on when someone looks. `take` hands the messages out; a `Link` sends
them.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.telemetry.collector import (
    TICKS_PER_SECOND,
    Collector,
    Distortions,
    Sample,
    tick_of,
    time_of,
)
from simulator.telemetry.configuration import SIGNERS_CLAIMS, Configuration, refusal
from simulator.telemetry.signature import Token
from simulator.vehicle.vehicle import Vehicle

type Json = dict[str, Any]

ALERTS = "alerts"
ERRORS = "errors"
SIGNALS = "V"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """A message ready to be sent."""

    time: float
    """Unix seconds, on the grid; `created_at`."""
    topic: str
    payload: bytes
    names: tuple[str, ...]
    """Its fields, in order, or the names of its alerts."""
    is_full: bool = False
    was_online: bool = True
    """Whether the car had a network at that time."""

    @property
    def signals(self) -> int:
        """The number of signals that Tesla bills: each datum of a record, and each alert."""
        return 0 if self.topic == ERRORS else len(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodbye:
    """The end of a connection: the car falls asleep, or another configuration takes over."""

    time: float


class Subscription:
    """One application's configuration in one car."""

    def __init__(
        self,
        client_id: str,
        vehicle: Vehicle,
        distortions: Distortions,
        report: Callable[[str, str], None],
    ) -> None:
        """Create a subscription without a configuration.

        Args:
            client_id: the application.
            vehicle: the car that collects.
            distortions: how its messages differ from the truth.
            report: takes the name and text of an error of the configuration.
        """
        self.client_id = client_id
        self._vehicle = vehicle
        self._distortions = distortions
        self._report = report
        self.claims: Json = {}
        """The latest configuration that the cloud accepted."""
        self._pending: Token | None = None
        """A configuration that has not reached the car yet."""
        self._arrives_at = 0.0
        self.configuration: Configuration | None = None
        """The configuration that the car applies."""
        self.collector: Collector | None = None
        """Collects while the car is awake."""
        self._next_tick = 0
        self.queue: deque[Emission | Goodbye] = deque()
        self.emitted = 0
        """The number of messages so far."""
        self.describe_link: Callable[[], Json] | None = None
        """The truth about the connection; None before the first attempt."""

    @property
    def is_synced(self) -> bool:
        """Whether the car has the latest configuration."""
        return self._pending is None

    @property
    def shown(self) -> Json:
        """The configuration as the cloud shows it, without the signer's claims."""
        return {key: value for key, value in self.claims.items() if key not in SIGNERS_CLAIMS}

    def offer(self, token: Token, arrives_at: float) -> None:
        """Accept a configuration, which reaches the car at a Unix time, or when it is online."""
        self.claims = token.claims
        self._pending = token
        self._arrives_at = arrives_at

    # Time

    def next_due_at(self) -> float:
        """The next Unix time at which `follow` has something to do."""
        moments = [math.inf]
        if self.collector is not None:
            moments.append(time_of(self._next_tick))
        if self._pending is not None and self._vehicle.state == "online":
            moments.append(self._arrives_at)
        configuration = self.configuration
        if configuration is not None and configuration.expires_at is not None:
            moments.append(configuration.expires_at)
        return min(moments)

    def look_soon(self, time: float) -> None:
        """Look at the car at the next point of the grid: something may have changed."""
        self._next_tick = min(self._next_tick, tick_of(time))

    def follow(self, time: float, stretch: float) -> None:
        """Do everything that is due at this Unix time."""
        token = self._pending
        if token is not None and self._vehicle.state == "online" and self._arrives_at <= time:
            self._pending = None
            self._adopt(token, time)
        configuration = self.configuration
        if (
            configuration is not None
            and configuration.expires_at is not None
            and configuration.expires_at <= time
        ):
            self.stop(tick_of(time))
            self.configuration = None
        if self.collector is not None and time_of(self._next_tick) <= time:
            tick = math.floor(time * TICKS_PER_SECOND)
            sample, self._next_tick = self.collector.look(tick, stretch)
            self._emit_sample(tick, sample)

    def _adopt(self, token: Token, time: float) -> None:
        """Apply a configuration in the car, or report why it does not."""
        self.stop(tick_of(time))
        # A car without a keychain trusts every application that its owner lets stream.
        keys = {token.issuer} if self._vehicle.streaming_toggle else self._vehicle.keys
        reason = refusal(token, self._vehicle.vin, keys, time)
        if reason is not None:
            self.configuration = None
            self._report("config_manager_error", reason)
            return
        self.configuration = Configuration.of(token.claims)
        if self.configuration.tcp_port is None:
            # Fleet-telemetry issue 119: accepted, and then nothing ever connected.
            self._report("config_manager_error", "invalid port")
        self.start(tick_of(time))

    def start(self, tick: int) -> None:
        """Collect from a point of the grid on, if there is a configuration."""
        if self.configuration is not None:
            self.collector = Collector(self._vehicle, self.configuration, self._distortions)
            self._next_tick = tick

    def stop(self, tick: int) -> None:
        """Stop collecting, and hang up."""
        if self.collector is not None:
            self.collector = None
            self.put(Goodbye(time=time_of(tick)))

    def fall_asleep(self, tick: int) -> None:
        """Emit what is still due, mark as invalid what stops reporting, and hang up."""
        if self.collector is not None:
            sample, _ = self.collector.look(tick)
            self._emit_sample(tick, sample)
            self._emit_sample(tick, self.collector.say_invalid(tick))
        self.stop(tick)

    # Messages

    def put(self, item: Emission | Goodbye) -> None:
        """Queue an item."""
        self.queue.append(item)
        self.emitted += isinstance(item, Emission)

    def take(self, until: float) -> Iterator[Emission | Goodbye]:
        """Remove and yield the items that are due, oldest first."""
        while self.queue and self.queue[0].time <= until:
            yield self.queue.popleft()

    def emit(self, tick: int, topic: str, payload: bytes, names: tuple[str, ...]) -> None:
        """Queue a message."""
        self.put(self._emission(tick, topic, payload, names))

    def _emit_sample(self, tick: int, sample: Sample | None) -> None:
        if sample is not None:
            self.put(
                self._emission(tick, SIGNALS, sample.payload, sample.names, is_full=sample.is_full)
            )

    def _emission(
        self,
        tick: int,
        topic: str,
        payload: bytes,
        names: tuple[str, ...],
        *,
        is_full: bool = False,
    ) -> Emission:
        return Emission(
            time=time_of(tick),
            topic=topic,
            payload=payload,
            names=names,
            is_full=is_full,
            was_online=self._vehicle.state != "offline",
        )

    def resend(self, names: Iterable[str]) -> Emission | None:
        """Fields that were not acknowledged, as they are now; None while the car is asleep."""
        if self.collector is None:
            return None
        tick = math.floor(self._vehicle.time * TICKS_PER_SECOND)
        sample = self.collector.again(names, tick)
        if sample is None:
            return None
        return Emission(
            time=time_of(tick), topic=SIGNALS, payload=sample.payload, names=sample.names
        )

    def describe(self) -> Json:
        """The truth for `/simulator/cars`."""
        return {
            "synced": self.is_synced,
            "followed": self.configuration is not None,
            "config": self.shown,
            "messages": self.emitted,
            "waiting": len(self.queue),
            "link": self.describe_link() if self.describe_link else None,
        }

"""The admission of connections to TLS handshakes, before a vehicle's certificate is known.

    TCP accepted -> waiting room (until the first byte) -> admission (a TLS handshake) -> vehicle

The port is open to the internet. A connection that sends nothing only takes a place in the waiting
room. A handshake takes processor time, so it is paid for: from the allowance of its source, and
from the allowance that all sources share. A single source that floods the port runs out of its own
allowance without using up the shared one. One of our vehicles gets its payment back, and its source
is remembered as familiar: familiar sources need no shared allowance, so a flood from many sources
does not keep them out.

This does no I/O and reads no clock: `now` is the event loop's time in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import IPv6Address, ip_address
from typing import Final

HANDSHAKES_PER_SOURCE: Final = 20
"""Burst of handshakes from one source: all vehicles of a household reconnect after a restart."""
HANDSHAKES_PER_SECOND_PER_SOURCE: Final = 1.0
HANDSHAKES: Final = 40
"""Burst of handshakes from all sources together that are not familiar."""
HANDSHAKES_PER_SECOND: Final = 5.0
SECONDS_PER_HANDSHAKE: Final = 0.02
"""Processor time that the payment for one handshake covers; more is charged afterwards.

A usual handshake takes a millisecond; one with elliptic curves of a stranger's choice, a second.
"""
MAX_DEBT: Final = 600.0
"""Longest time, in seconds, to pay off a debt."""

MAX_WAITING: Final = 256
"""Maximum number of connections that have sent nothing yet; each needs a file descriptor."""
MAX_WAITING_PER_SOURCE: Final = 64

MAX_SOURCES: Final = 1024
"""Maximum number of sources whose allowances are kept."""
MAX_FAMILIAR: Final = 64
"""Maximum number of familiar sources, from which our vehicles have connected."""
FAMILIAR_FOR: Final = 7 * 86_400.0
"""Seconds for which a source stays familiar."""

FLOODED_AFTER: Final = 60.0
"""Seconds of turning connections away that make a flood. After a restart, a large fleet causes that
for a moment."""
FLOOD_OVER_AFTER: Final = 300.0
"""Seconds without turning a connection away that end a flood."""


def source_of(address: str) -> str:
    """The source of an IP address: the IPv4 address itself, or the first 64 bits of an IPv6 one.

    A host with one IPv6 address usually has at least 2**64 of them.
    """
    # A link-local address may contain the name of an interface.
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        if (mapped := ip.ipv4_mapped) is not None:
            return str(mapped)
        return f"{IPv6Address(int(ip) >> 64 << 64)}/64"
    return str(ip)


class AdmissionResult(Enum):
    """Whether a handshake may begin."""

    ADMITTED = auto()
    SOURCE_SPENT = auto()
    """The source has used up its allowance."""
    COMMON_SPENT = auto()
    """All sources together have used up the shared allowance."""


@dataclass(slots=True)
class Allowance:
    """An allowance of handshakes (a token bucket): a burst, refilled at a rate per second."""

    burst: float
    per_second: float
    left: float = field(init=False)
    _counted_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> bool:
        """Take one handshake; return False if none is left."""
        self._refill(now)
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def give_back(self) -> None:
        """Return one handshake that was taken."""
        self.left = min(self.burst, self.left + 1)

    def charge(self, amount: float, now: float) -> None:
        """Take a further amount, even if that makes a debt."""
        self._refill(now)
        self.left = max(self.left - amount, -MAX_DEBT * self.per_second)

    def is_in_debt(self, now: float) -> bool:
        """Whether more was charged than was left."""
        self._refill(now)
        return self.left < 0

    def _refill(self, now: float) -> None:
        gained = max(0.0, now - self._counted_at) * self.per_second
        self.left = min(self.burst, self.left + gained)
        self._counted_at = now


class FloodWatch:
    """Distinguishes a lasting flood from a short rush."""

    def __init__(self) -> None:
        self._began_at = 0.0
        self._last_at: float | None = None

    def turned_away(self, now: float) -> None:
        """Note that a connection was turned away, possibly a vehicle's."""
        if self._last_at is None or now - self._last_at >= FLOOD_OVER_AFTER:
            self._began_at = now
        self._last_at = now

    def is_flooded(self, now: float) -> bool:
        """Whether a flood has lasted for a while, and is not over."""
        if self._last_at is None or now - self._last_at >= FLOOD_OVER_AFTER:
            return False
        return self._last_at - self._began_at >= FLOODED_AFTER


class HandshakeAdmission:
    """Decides which sources may begin a handshake.

    Args:
        per_source: Creates the allowance of a new source.
        common: The shared allowance of all sources that are not familiar.
    """

    def __init__(
        self,
        per_source: Callable[[], Allowance] = lambda: Allowance(
            HANDSHAKES_PER_SOURCE, HANDSHAKES_PER_SECOND_PER_SOURCE
        ),
        common: Allowance | None = None,
    ) -> None:
        self.flood = FloodWatch()
        self._new_allowance = per_source
        self._common = common or Allowance(HANDSHAKES, HANDSHAKES_PER_SECOND)
        # Dictionaries keep their order: the first source is the one used least recently.
        self._sources: dict[str, Allowance] = {}
        self._familiar: dict[str, float] = {}

    def is_familiar(self, source: str, now: float) -> bool:
        """Whether one of our vehicles has connected from this source lately."""
        return now - self._familiar.get(source, now - FAMILIAR_FOR) < FAMILIAR_FOR

    def admit(self, source: str, now: float) -> AdmissionResult:
        """Decide whether a handshake with this source may begin, and take it off the allowances."""
        is_familiar = self.is_familiar(source, now)
        allowance = self._allowance(source)
        if not allowance.take(now):
            if is_familiar:
                self.flood.turned_away(now)
            return AdmissionResult.SOURCE_SPENT
        if not is_familiar and not self._common.take(now):
            allowance.give_back()
            self.flood.turned_away(now)
            return AdmissionResult.COMMON_SPENT
        return AdmissionResult.ADMITTED

    def is_in_debt(self, source: str, now: float) -> bool:
        """Whether handshakes of this source that are under way must be aborted."""
        if self._allowance(source).is_in_debt(now):
            return True
        return not self.is_familiar(source, now) and self._common.is_in_debt(now)

    def charge(self, source: str, seconds: float, now: float) -> None:
        """Charge processor time that a handshake took beyond `SECONDS_PER_HANDSHAKE`."""
        amount = seconds / SECONDS_PER_HANDSHAKE
        self._allowance(source).charge(amount, now)
        if not self.is_familiar(source, now):
            self._common.charge(amount, now)

    def welcome(self, source: str, now: float) -> None:
        """Refund the handshake of one of our vehicles, and remember its source."""
        self._allowance(source).give_back()
        if not self.is_familiar(source, now):
            self._common.give_back()
        self._familiar.pop(source, None)
        self._familiar[source] = now
        if len(self._familiar) > MAX_FAMILIAR:
            del self._familiar[next(iter(self._familiar))]

    def _allowance(self, source: str) -> Allowance:
        allowance = self._sources.pop(source, None) or self._new_allowance()
        self._sources[source] = allowance
        if len(self._sources) > MAX_SOURCES:
            del self._sources[next(iter(self._sources))]
        return allowance


class WaitingRoom[T]:
    """Connections that have not sent anything yet, by source.

    Every new connection gets a place. If no place is free, another connection has to leave: the
    oldest one of the same source if that source has used up its share, otherwise the oldest one of
    the source with the most connections. A vehicle sends its first bytes one round trip after it
    was accepted, so it has left the room before it becomes the oldest.
    """

    def __init__(
        self,
        max_waiting: int = MAX_WAITING,
        max_per_source: int = MAX_WAITING_PER_SOURCE,
    ) -> None:
        self.max_waiting = max_waiting
        self._max_per_source = max_per_source
        self._by_source: dict[str, dict[T, None]] = {}
        self._waiting = 0

    def __len__(self) -> int:
        """Number of waiting connections."""
        return self._waiting

    def enter(
        self, connection: T, source: str, is_familiar: Callable[[str], bool]
    ) -> tuple[T, str] | None:
        """Add a connection.

        Args:
            connection: The connection.
            source: The connection's source.
            is_familiar: Returns whether a source keeps its places when others need one.

        Returns:
            The connection that had to leave, with its source; None if a place was free.
        """
        leaving: tuple[T, str] | None = None
        if len(self._by_source.get(source, ())) >= self._max_per_source:
            leaving = self._oldest_of(source)
        elif self._waiting >= self.max_waiting:
            others = [each for each in self._by_source if not is_familiar(each)]
            leaving = self._oldest_of(
                max(others or self._by_source, key=lambda each: len(self._by_source[each]))
            )
        if leaving is not None:
            self.leave(*leaving)
        self._by_source.setdefault(source, {})[connection] = None
        self._waiting += 1
        return leaving

    def leave(self, connection: T, source: str) -> None:
        """Remove a connection, unless it has left already."""
        of_source = self._by_source.get(source, {})
        if connection in of_source:
            del of_source[connection]
            self._waiting -= 1
            if not of_source:
                del self._by_source[source]

    def clear(self) -> list[T]:
        """Remove and return all connections."""
        waiting = [each for of_source in self._by_source.values() for each in of_source]
        self._by_source.clear()
        self._waiting = 0
        return waiting

    def _oldest_of(self, source: str) -> tuple[T, str]:
        return next(iter(self._by_source[source])), source

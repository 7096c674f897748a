"""Admission of connections to handshakes, before a car's certificate is known.

    TCP accepted -> waiting room (until the first byte) -> admission (a TLS handshake) -> car

The port is open to the internet. A connection that sends nothing only takes a place in the waiting
room. A handshake takes processor time, so it is paid for: first from the allowance of its source,
then from the one that all sources share. One source that floods the port therefore runs out of its
own allowance and leaves the rest alone. A car of ours gets back what it paid, and its source is
remembered: a flood from many sources does not keep out what comes from there.

No I/O and no clock: `now` is the event loop's time in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import IPv6Address, ip_address
from typing import Final

HANDSHAKES_PER_SOURCE: Final = 20
"""In a burst: the cars of a household, which all come back after a restart."""
HANDSHAKES_PER_SECOND_PER_SOURCE: Final = 1.0
HANDSHAKES: Final = 40
"""In a burst, of all sources that no car has come from."""
HANDSHAKES_PER_SECOND: Final = 5.0
SECONDS_PER_HANDSHAKE: Final = 0.02
"""Of processor time that one handshake is worth; what takes longer is paid for afterwards.

Usual ones take a millisecond; certificates with elliptic curves of a stranger's choice a second.
"""
MAX_DEBT: Final = 600.0
"""Seconds after which any debt is paid off."""

MAX_WAITING: Final = 256
"""Connections that have not sent anything: one file each."""
MAX_WAITING_PER_SOURCE: Final = 64

MAX_SOURCES: Final = 1024
"""Remembered at once."""
MAX_FAMILIAR: Final = 64
"""Sources of cars remembered at once."""
FAMILIAR_FOR: Final = 7 * 86_400.0
"""Seconds."""

FLOODED_AFTER: Final = 60.0
"""Seconds for which connections have to be turned away before it is a flood: after a restart of
a large fleet it happens for a moment."""
FLOOD_OVER_AFTER: Final = 300.0
"""Seconds without turning any connection away."""


def source_of(address: str) -> str:
    """The source that an IP address counts as: IPv4 as it is, IPv6 by its first 64 bits.

    The owner of one IPv6 address has at least 2**64 of them.
    """
    # A link-local address may name an interface.
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        if (mapped := ip.ipv4_mapped) is not None:
            return str(mapped)
        return f"{IPv6Address(int(ip) >> 64 << 64)}/64"
    return str(ip)


class Verdict(Enum):
    """Whether a handshake may begin."""

    ADMITTED = auto()
    SOURCE_SPENT = auto()
    """Its source has used up its allowance."""
    COMMON_SPENT = auto()
    """All sources together have used up theirs."""


@dataclass(slots=True)
class Allowance:
    """So many at once, and so many a second after that."""

    burst: float
    per_second: float
    left: float = field(init=False)
    _counted_at: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> bool:
        """Take one; False if there is none."""
        self._refill(now)
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def give_back(self) -> None:
        """Return one that was taken."""
        self.left = min(self.burst, self.left + 1)

    def charge(self, amount: float, now: float) -> None:
        """Take more than one afterwards, also what is not there yet."""
        self._refill(now)
        self.left = max(self.left - amount, -MAX_DEBT * self.per_second)

    def is_in_debt(self, now: float) -> bool:
        """Whether more was charged than there was."""
        self._refill(now)
        return self.left < 0

    def _refill(self, now: float) -> None:
        gained = max(0.0, now - self._counted_at) * self.per_second
        self.left = min(self.burst, self.left + gained)
        self._counted_at = now


class FloodWatch:
    """Distinguishes a lasting flood from a moment's rush."""

    def __init__(self) -> None:
        self._began_at = 0.0
        self._last_at: float | None = None

    def turned_away(self, now: float) -> None:
        """Note that a connection was turned away that may have been a car's."""
        if self._last_at is None or now - self._last_at >= FLOOD_OVER_AFTER:
            self._began_at = now
        self._last_at = now

    def is_flooded(self, now: float) -> bool:
        """Whether cars may be kept out, for a while already and still."""
        if self._last_at is None or now - self._last_at >= FLOOD_OVER_AFTER:
            return False
        return self._last_at - self._began_at >= FLOODED_AFTER


class Admission:
    """Decides which sources may begin a handshake.

    Args:
        per_source: A new allowance for one source.
        common: The allowance of all sources together.
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
        # Dictionaries keep their order: the first is the one that was longest unused.
        self._sources: dict[str, Allowance] = {}
        self._familiar: dict[str, float] = {}

    def is_familiar(self, source: str, now: float) -> bool:
        """Whether a car of ours has come from there lately."""
        return now - self._familiar.get(source, now - FAMILIAR_FOR) < FAMILIAR_FOR

    def admit(self, source: str, now: float) -> Verdict:
        """Decide whether a handshake with this source may begin, and take it off the allowances."""
        is_familiar = self.is_familiar(source, now)
        if not self._allowance(source).take(now):
            if is_familiar:
                self.flood.turned_away(now)
            return Verdict.SOURCE_SPENT
        if not is_familiar and not self._common.take(now):
            self.flood.turned_away(now)
            return Verdict.COMMON_SPENT
        return Verdict.ADMITTED

    def is_in_debt(self, source: str, now: float) -> bool:
        """Whether handshakes of this source that have begun have to be given up."""
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
        """Refund the handshake of one of our cars, and remember its source."""
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

    Each new connection gets a place. If there is none left, the oldest one leaves: that of its own
    source if the source has used up its share, otherwise that of the source with most connections.
    A car sends its first bytes one round trip after it was accepted, so it is never the oldest.
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
        """Number of connections that wait."""
        return self._waiting

    def enter(
        self, connection: T, source: str, is_familiar: Callable[[str], bool]
    ) -> tuple[T, str] | None:
        """Let a connection wait.

        Args:
            connection: The connection.
            source: Its source.
            is_familiar: Returns whether a source keeps its places when others need one.

        Returns:
            Another connection, with its source, that has to leave for it.
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
        """Forget a connection; it may have left already."""
        of_source = self._by_source.get(source, {})
        if connection in of_source:
            del of_source[connection]
            self._waiting -= 1
            if not of_source:
                del self._by_source[source]

    def clear(self) -> list[T]:
        """Forget all of them. Returns those that waited."""
        waiting = [each for of_source in self._by_source.values() for each in of_source]
        self._by_source.clear()
        self._waiting = 0
        return waiting

    def _oldest_of(self, source: str) -> tuple[T, str]:
        return next(iter(self._by_source[source])), source

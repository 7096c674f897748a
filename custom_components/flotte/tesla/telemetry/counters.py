"""Counts of connections and messages for diagnostics, and the troubles logged so far."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .tls.handshake import Failure

_LOGGER: Final = logging.getLogger(__name__)
_REMEMBERED: Final = 100
"""Maximum number of troubles to remember, so that each is logged only once."""


class Refusal(StrEnum):
    """Reason for refusing a connection."""

    FLOOD = Failure.FLOOD.value
    """All sources together began too many handshakes, or the waiting room is full."""
    SOURCE_FLOOD = "source_flood"
    """The source began too many handshakes."""
    NOTHING_SENT = "nothing_sent"
    """A TCP connection that sent no byte in time."""
    TOO_MUCH = Failure.TOO_MUCH.value
    TIMEOUT = Failure.TIMEOUT.value
    NO_CERTIFICATE = Failure.NO_CERTIFICATE.value
    UNTRUSTED = Failure.UNTRUSTED.value
    NO_TLS = Failure.NO_TLS.value
    LOST = Failure.LOST.value
    FULL = "full"
    SILENT = "silent"
    """TLS completed, but no HTTP request followed."""
    NO_WEBSOCKET = "no_websocket"
    UNKNOWN_DEVICE = "unknown_device"
    """A certificate of Tesla's, but not a vehicle's."""
    UNKNOWN_VEHICLE = "unknown_car"


@dataclass(slots=True)
class Counters:
    """Counts since the start, for diagnostics. None of them identifies a vehicle."""

    arrived: int = 0
    """TCP connections. If it stays 0, the port is not reachable from outside."""
    opened: int = 0
    """WebSockets of known vehicles."""
    replaced: int = 0
    """Connections that were closed because the vehicle opened one too many."""
    messages: int = 0
    malformed: int = 0
    """Messages that were answered with an error because they are unreadable."""
    failures: int = 0
    """Messages that were answered with an error because of a bug of ours."""
    text: int = 0
    """Connections that ended because of a message that is not binary."""
    refused: Counter[Refusal] = field(default_factory=Counter)

    def describe(self) -> dict[str, object]:
        """The counts by name."""
        return {
            "arrived": self.arrived,
            "opened": self.opened,
            "replaced": self.replaced,
            "messages": self.messages,
            "malformed": self.malformed,
            "failures": self.failures,
            "text": self.text,
            "refused": {reason.value: number for reason, number in self.refused.items()},
        }

    def refuse(self, reason: Refusal, detail: str = "") -> None:
        """Count and log a refused connection."""
        self.refused[reason] += 1
        _LOGGER.debug("Connection refused: %s %s", reason, detail)


class KnownTroubles:
    """The troubles that were logged already."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: set[tuple[object, ...]] = set()

    def is_news(self, *trouble: object) -> bool:
        """Whether a trouble is new; after `_REMEMBERED` different ones, none is."""
        if trouble in self._known or len(self._known) >= _REMEMBERED:
            return False
        self._known.add(trouble)
        return True

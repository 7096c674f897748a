"""Counts of connections and messages for diagnostics, and the troubles that were logged."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .tls.handshake import Failure

_LOGGER: Final = logging.getLogger(__name__)
_REMEMBERED: Final = 100
"""Different troubles that are remembered, so that each is logged once."""


class Refusal(StrEnum):
    """Reason why a connection was refused."""

    FLOOD = Failure.FLOOD.value
    """All sources together made too many handshakes, or there is no place left to wait."""
    SOURCE_FLOOD = "source_flood"
    """The source made too many handshakes."""
    NOTHING_SENT = "nothing_sent"
    """A TCP connection without a single byte."""
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
    """A certificate of Tesla's, but not a car's."""
    UNKNOWN_CAR = "unknown_car"


@dataclass(slots=True)
class Counters:
    """Counts since the start, for diagnostics: nothing in them identifies a car."""

    arrived: int = 0
    """TCP connections. If it stays 0, the port is not reachable from outside."""
    opened: int = 0
    """WebSockets of known cars."""
    replaced: int = 0
    """Closed because the car opened one too many."""
    messages: int = 0
    malformed: int = 0
    """Messages that were answered with an error because they cannot be read."""
    failures: int = 0
    """Messages that were answered with an error because of a bug of ours."""
    text: int = 0
    """Connections that ended because of a message that is not binary."""
    refused: Counter[Refusal] = field(default_factory=Counter)

    def describe(self) -> dict[str, object]:
        """Counts by their names."""
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
    """Troubles that were logged already."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: set[tuple[object, ...]] = set()

    def is_news(self, *trouble: object) -> bool:
        """Whether a trouble is new; after `_REMEMBERED` different ones, none is."""
        if trouble in self._known or len(self._known) >= _REMEMBERED:
            return False
        self._known.add(trouble)
        return True

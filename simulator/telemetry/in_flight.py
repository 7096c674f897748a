"""Messages that a car has sent and that its server has not acknowledged."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.telemetry.subscription import SIGNALS, Emission


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message without an ack."""

    emission: Emission
    at: float
    """Unix seconds of the simulated clock."""


class InFlight:
    """The messages without an ack, by transaction id."""

    def __init__(self, sender: str) -> None:
        """Start without messages; transaction ids derive from the name of the sender."""
        self._prefix = hashlib.sha256(sender.encode()).hexdigest()[:22]
        self._numbered = 0
        self._sent: dict[bytes, _Sent] = {}

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, emission: Emission, now: float) -> bytes:
        """Note a message; one with every field replaces all before it. Returns its new id."""
        self._numbered += 1
        txid = f"{self._prefix}-{self._numbered:09d}".encode()
        if emission.is_full:
            self.clear()
        self._sent[txid] = _Sent(emission, now)
        return txid

    def discard(self, txid: bytes) -> None:
        """Forget a message, because it was acknowledged or not sent after all."""
        self._sent.pop(txid, None)

    def clear(self) -> None:
        """Forget all messages."""
        self._sent.clear()

    def is_overdue(self, now: float, seconds: float) -> bool:
        """Whether a message with fields has waited so long for its ack."""
        return any(sent.at + seconds <= now for _, sent in self._with_fields())

    def take_fields(self) -> Iterable[str]:
        """Forget the messages with fields; the names of these, each once, oldest first."""
        names: dict[str, None] = {}
        for txid, sent in self._with_fields():
            del self._sent[txid]
            names.update(dict.fromkeys(sent.emission.names))
        return names

    def _with_fields(self) -> list[tuple[bytes, _Sent]]:
        return [(txid, sent) for txid, sent in self._sent.items() if sent.emission.topic == SIGNALS]

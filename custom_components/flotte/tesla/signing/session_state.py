"""The state of a session with one domain of one vehicle: its key, epoch, counter and clock.

They are from verified session info. This module builds and verifies no bytes; see `session`.
"""

import logging
import math
from collections.abc import Mapping
from typing import override

from . import metadata
from .faults import ProtocolError
from .keys import ClientKey, SessionKey
from .metadata import EPOCH_LENGTH, Domain

_LOGGER = logging.getLogger(__name__)

COUNTER_GAP = 100
"""Added to a stored counter on loading, for commands that were sent after it was stored."""
MAX_COUNTER = 0xFFFF_FFFF
MAX_CLOCK = 1 << 30
"""Maximum expires_at in seconds; the vehicle refuses a larger one (fault 13)."""


class SessionState:
    """The state of a session. A new one is empty, and not `ready` until it has session info."""

    def __init__(self, vin: str, domain: Domain) -> None:
        self.vin = vin
        self.domain = domain
        self.key: SessionKey | None = None
        """Keys shared with the domain; None while unknown."""
        self.epoch = b""
        """16 bytes; the domain begins a new epoch when it restarts."""
        self.counter = 0
        """The last counter used or reported; the next command uses the next one."""
        self.metadata_start = b""
        """Beginning of the metadata of every command in this epoch."""
        self.encrypted_replies_seen = False
        """Whether the domain has encrypted a reply; then a success in plaintext is suspicious."""
        # The vehicle's clock in the last accepted session info, and the monotonic second of its
        # arrival.
        self._clock: tuple[int, float] | None = None
        # Epoch and counter in the last session info; the vehicle has accepted that counter.
        self._reported: tuple[bytes, int] | None = None
        self._trusted = False

    @property
    def ready(self) -> bool:
        """Whether a command can be signed without a handshake."""
        return self._trusted and self.counter < MAX_COUNTER

    @property
    def vehicle_public(self) -> bytes:
        """The domain's public key, 65 bytes; empty while unknown."""
        return self.key.vehicle_public if self.key is not None else b""

    def vehicle_clock(self, now: float) -> float:
        """Estimate the domain's clock, in seconds since its epoch began.

        Raises:
            ProtocolError: there is no session.
        """
        if self._clock is None:
            raise ProtocolError("no session, so the vehicle's clock is unknown")
        value, at = self._clock
        return value + (now - at)

    def expires_in(self, epoch: bytes, expires_at: int, now: float) -> float:
        """Seconds until the vehicle can no longer accept a command; 0 if it already cannot.

        This may be too long but never too short, because the estimate of the vehicle's clock is
        never ahead.
        """
        if epoch != self.epoch or self._clock is None:
            return 0.0  # the vehicle would only answer fault 15
        # The vehicle refuses once its clock is greater than expires_at, so one second later.
        return max(0.0, expires_at + 1 - self.vehicle_clock(now))

    def shows_arrival(self, epoch: bytes, counter: int) -> bool:
        """Whether the last session info reports this counter as the last one accepted.

        If so, a first copy of its command had arrived before the copy that was refused.
        """
        return self._reported == (epoch, counter)

    def forget(self) -> None:
        """Make the next command begin with a handshake.

        Epoch and counter are kept, so that no counter is used twice in one epoch. The clock is kept
        as an estimate, but an answer with a lower clock is no longer stale.
        """
        self._trusted = False

    def use_counter(self) -> int:
        """Return the counter of the next command. It is used up however the command ends."""
        self.counter += 1
        return self.counter

    def is_replaced_by(self, key: SessionKey) -> bool:
        """Whether a key belongs to a different computer than the known one."""
        return self.key is not None and self.key.vehicle_public != key.vehicle_public

    def update(
        self, key: SessionKey, epoch: bytes, counter: int, clock: int, *, now: float
    ) -> bool:
        """Apply verified session info. Return False, without any change, if its clock is stale.

        A clock is stale if it went backwards within an epoch.
        """
        continues = epoch == self.epoch and not self.is_replaced_by(key)
        if continues and self._trusted and self._clock and clock < self._clock[0]:
            return False
        if continues and self.counter < MAX_COUNTER:
            counter_now = max(self.counter, counter)
        else:
            counter_now = counter
        self._reported = (epoch, counter)
        self._take(key, epoch, counter_now, (clock, now))
        return True

    def _take(self, key: SessionKey, epoch: bytes, counter: int, clock: tuple[int, float]) -> None:
        self.key = key
        self.epoch = epoch
        self.counter = counter
        self._clock = clock
        self._trusted = True
        self.metadata_start = metadata.start_of_request(self.vin, self.domain, epoch)

    # -- storage -----------------------------------------------------------------------------------

    def to_stored(
        self, client_key: ClientKey, *, now_monotonic: float, now_wall: float
    ) -> dict[str, object]:
        """Everything that survives a restart, as JSON without secrets.

            client_key              SHA-256 of our public key, hex
            vehicle_key, epoch      hex
            counter                 the last one used
            clock, clock_at         the vehicle's clock in the last session info, and its wall time
            stored_at               wall time now
            encrypted_replies_seen  bool

        Empty while the session is not ready.
        """
        if not self.ready or self._clock is None:
            return {}
        clock, at = self._clock
        return {
            "client_key": client_key.fingerprint,
            "vehicle_key": self.vehicle_public.hex(),
            "epoch": self.epoch.hex(),
            "counter": self.counter,
            "clock": clock,
            "clock_at": now_wall - (now_monotonic - at),
            "stored_at": now_wall,
            "encrypted_replies_seen": self.encrypted_replies_seen,
        }

    @classmethod
    def from_stored(
        cls,
        vin: str,
        domain: Domain,
        client_key: ClientKey,
        stored: object,
        *,
        now_monotonic: float,
        now_wall: float,
    ) -> SessionState:
        """Restore a state from the JSON of `to_stored`.

        The counter is raised by 100. The state is empty if anything is wrong: another client key, a
        malformed value, a wall clock that went backwards. An outdated value does no harm: it costs
        one fault, whose reply contains session info.
        """
        state = cls(vin, domain)
        try:
            state._restore(client_key, stored, now_monotonic, now_wall)
        except (LookupError, TypeError, ValueError, ArithmeticError, ProtocolError) as error:
            _LOGGER.debug("%s: stored session not used: %s", state, error)
            return cls(vin, domain)
        return state

    def _restore(
        self, client_key: ClientKey, stored: object, now_monotonic: float, now_wall: float
    ) -> None:
        if not isinstance(stored, Mapping):
            raise TypeError("not a mapping")
        if stored["client_key"] != client_key.fingerprint:
            raise ValueError("made with another client key")
        counter = _whole(stored["counter"]) + COUNTER_GAP
        clock = _whole(stored["clock"])
        age = now_wall - _finite(stored["clock_at"])
        if now_wall < _finite(stored["stored_at"]) or age < 0:
            raise ValueError("the wall clock went backwards")
        if counter >= MAX_COUNTER or clock + age >= MAX_CLOCK:
            raise ValueError("counter or clock out of range")
        epoch = bytes.fromhex(stored["epoch"])
        if len(epoch) != EPOCH_LENGTH:
            raise ValueError("epoch of a wrong length")
        key = client_key.session_key(bytes.fromhex(stored["vehicle_key"]))
        self.encrypted_replies_seen = stored.get("encrypted_replies_seen") is True
        self._take(key, epoch, counter, (clock, now_monotonic - age))

    @override
    def __repr__(self) -> str:
        # Logs and diagnostics get published; the end of a VIN is enough for owners to tell cars
        # apart.
        return f"{self.domain.name.lower()} of …{self.vin[-4:]}"


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError("not a whole number")
    return value


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a number")
    return value

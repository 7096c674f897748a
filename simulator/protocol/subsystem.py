"""The subsystems of a car: a key, an epoch, a clock, and the counters of each client."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tesla_protocol.command import signatures_pb2

from simulator.protocol.wire import EPOCH_BYTES, VEHICLE_SECURITY, WINDOW, derive_key, serialize


@dataclass
class Session:
    """A subsystem's record of a client key within an epoch."""

    counter: int = 0
    """The highest counter accepted."""
    seen: int = 0
    """Bit n: the counter n + 1 below the highest was used."""

    def accept_rising(self, counter: int) -> bool:
        """Vehicle security: strictly rising."""
        if counter <= self.counter:
            return False
        self.counter = counter
        return True

    def accept_window(self, counter: int) -> bool:
        """Infotainment: each once, at most 32 behind the highest."""
        if counter > self.counter:
            shift = counter - self.counter
            # The highest so far is now `shift` behind, and so are the marks of the counters below
            # it.
            marks = (self.seen << shift) | (1 << (shift - 1)) if shift <= WINDOW else 0
            self.seen = marks & ((1 << WINDOW) - 1)
            self.counter = counter
            return True
        age = self.counter - counter
        if age == 0 or age > WINDOW or self.seen >> (age - 1) & 1:
            return False
        self.seen |= 1 << (age - 1)
        return True


class Subsystem:
    """One domain of a car: its key, epoch, clock and counters."""

    def __init__(
        self,
        domain: int,
        *,
        seed: str,
        booted_at: float,
        private_key: ec.EllipticCurvePrivateKey | None = None,
        epoch: bytes | None = None,
        boots: int = 0,
    ) -> None:
        """Omitted values derive from the seed, always the same."""
        self.domain = domain
        self.seed = seed
        self.booted_at = booted_at
        self.boots = boots
        self.key_number = 0
        self.drift = 0.0
        """Seconds that the subsystem's clock runs ahead of the time since its epoch began."""
        self.sessions: dict[bytes, Session] = {}
        self.accepted = 0
        """Messages that were authenticated."""
        self.handshakes = 0
        self.faults: dict[int, int] = {}
        """The number of answers with each fault."""
        self._private = private_key or self._make_key()
        self.epoch = epoch or self._make_epoch()

    def _make_key(self) -> ec.EllipticCurvePrivateKey:
        digest = hashlib.sha256(f"{self.seed}/{self.domain}/key/{self.key_number}".encode())
        # The order of P-256 is just below 2^256; halving keeps every digest below it.
        return ec.derive_private_key(
            int.from_bytes(digest.digest(), "big") // 2 + 1, ec.SECP256R1()
        )

    def _make_epoch(self) -> bytes:
        digest = hashlib.sha256(f"{self.seed}/{self.domain}/epoch/{self.boots}".encode())
        return digest.digest()[:EPOCH_BYTES]

    @property
    def public_key(self) -> bytes:
        """65 bytes: 04, X, Y."""
        return self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def key_with(self, client: ec.EllipticCurvePublicKey) -> bytes:
        """K of this subsystem and a client."""
        return derive_key(self._private, client)

    def clock(self, now: float) -> int:
        """Whole seconds since the epoch began, as this subsystem counts them."""
        return max(0, int(now - self.booted_at + self.drift))

    def reboot(self, now: float) -> None:
        """Restart: a new epoch, a clock at zero, no counters."""
        self.boots += 1
        self.epoch = self._make_epoch()
        self.booted_at = now
        self.drift = 0.0
        self.sessions.clear()

    def change_key(self) -> None:
        """Replace the key, as after a repair. The epoch stays; see `reboot`."""
        self.key_number += 1
        self._private = self._make_key()

    def session(self, client: bytes) -> Session:
        """The counters of a client key."""
        return self.sessions.setdefault(client, Session())

    def accept(self, client: bytes, counter: int) -> bool:
        """Accept a counter, if this domain's rule allows it."""
        if counter == 0:
            return False
        session = self.session(client)
        if self.domain == VEHICLE_SECURITY:
            return session.accept_rising(counter)
        return session.accept_window(counter)

    def info(self, client: bytes, now: float) -> bytes:
        """A serialised SessionInfo for a key on the keychain."""
        message = signatures_pb2.SessionInfo(
            counter=self.session(client).counter,
            publicKey=self.public_key,
            epoch=self.epoch,
            clock_time=self.clock(now),
        )
        return serialize(message)

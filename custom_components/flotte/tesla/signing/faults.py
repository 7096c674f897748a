"""Faults that a vehicle may answer instead of running a command: one table, `FAULTS`.

The number is `signedMessageStatus.signed_message_fault` of a reply. Only a fault inside an
encrypted reply is authenticated; the others may come from anyone on the way.

Source: Tesla's vehicle-command, pkg/protocol/protobuf/universal_message.proto and
pkg/protocol/error.go (2026-07-22); 29 is known from the community only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class ProtocolError(Exception):
    """The other side does not keep to the protocol; the message may be for the log.

    After a command was sent it means: the outcome is unknown.
    """


class Ran(Enum):
    """Can a transmission that was answered with this fault have been executed?"""

    NO = "no"
    MAYBE = "maybe"


class Handling(Enum):
    """Reaction of a conversation to a fault."""

    FATAL = "fatal"
    """Nothing; trying again would bring the same answer."""
    RETRY = "retry"
    """Wait, sign again, send."""
    RESYNC = "resync"
    """Take the included session info or make a handshake, sign again, send."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table."""

    number: int | None
    """As on the wire; None for what only this side can see."""
    name: str
    ran: Ran
    handling: Handling = Handling.FATAL
    retries: int = 0
    """How often to sign and send again because of it, for a repeatable command."""
    retries_unrepeatable: int = 0
    """As `retries`, for a command that must not run twice (toggle, step, trigger)."""
    pause: float = 0.0
    """Seconds to wait before."""

    @property
    def translation_key(self) -> str:
        """Key of the text for the user, for example `fault_unknown_key_id`."""
        return f"fault_{self.name.lower()}"

    @property
    def is_temporary(self) -> bool:
        """Whether trying later is sensible, once the repetitions of this row are used up."""
        return self.handling is not Handling.FATAL


def _refusal(number: int, name: str) -> Fault:
    return Fault(number, name, Ran.NO)


def _retry(number: int, name: str, retries: int, unrepeatable: int, pause: float) -> Fault:
    return Fault(number, name, Ran.NO, Handling.RETRY, retries, unrepeatable, pause)


def _resync(number: int, name: str, retries: int) -> Fault:
    return Fault(number, name, Ran.NO, Handling.RESYNC, retries, retries)


MAX_RESYNCS = 2
"""Sends after a resync for one command, whatever the faults; more would be a loop."""
MAX_RETRIES = 3
"""Sends after a pause for one command, whatever the faults."""

BUSY = _retry(1, "BUSY", 3, 3, 2.0)
TIMEOUT = Fault(2, "TIMEOUT", Ran.MAYBE, Handling.RETRY, retries=2, pause=2.0)
UNKNOWN_KEY_ID = _refusal(3, "UNKNOWN_KEY_ID")
INACTIVE_KEY = _refusal(4, "INACTIVE_KEY")
REMOTE_ACCESS_DISABLED = _refusal(21, "REMOTE_ACCESS_DISABLED")
INVALID_TOKEN_OR_COUNTER = _resync(6, "INVALID_TOKEN_OR_COUNTER", 2)
TIME_EXPIRED = _resync(17, "TIME_EXPIRED", 2)
TIME_TO_LIVE_TOO_LONG = _resync(20, "TIME_TO_LIVE_TOO_LONG", 1)
REPEATED_COUNTER = _resync(26, "REPEATED_COUNTER", 2)

FAULTS: Mapping[int, Fault] = MappingProxyType(
    {
        fault.number: fault
        for fault in (
            BUSY,  # or finishing its wake-up
            TIMEOUT,  # the gateway computer got no answer from the subsystem
            UNKNOWN_KEY_ID,  # our key is not on the keychain: pairing
            INACTIVE_KEY,  # our key is disabled: pairing
            _resync(5, "INVALID_SIGNATURE", 1),  # often a stale key; a second one is our bug
            INVALID_TOKEN_OR_COUNTER,  # counter used, or too old
            _refusal(7, "INSUFFICIENT_PRIVILEGES"),  # our role or the vehicle's state forbids it
            _refusal(8, "INVALID_DOMAINS"),  # unknown destination, or old firmware
            _refusal(9, "INVALID_COMMAND"),  # unknown to this firmware
            _refusal(10, "DECODING"),  # our bug
            _retry(
                11, "INTERNAL", 3, 1, 2.0
            ),  # typical while booting; that nothing ran is not certain
            _refusal(12, "WRONG_PERSONALIZATION"),  # another VIN: our bug
            _refusal(13, "BAD_PARAMETER"),  # malformed or obsolete
            _refusal(14, "KEYCHAIN_IS_FULL"),  # 20 keys
            _resync(15, "INCORRECT_EPOCH", 2),  # the computer restarted
            _refusal(16, "IV_INCORRECT_LENGTH"),  # our bug
            TIME_EXPIRED,  # slow path, or clock drift
            _refusal(18, "NOT_PROVISIONED_WITH_IDENTITY"),  # the vehicle has no VIN
            _refusal(19, "COULD_NOT_HASH_METADATA"),  # the vehicle's trouble
            TIME_TO_LIVE_TOO_LONG,  # wrong clock estimate, or lifetime too long
            REMOTE_ACCESS_DISABLED,  # the owner switched mobile access off
            _refusal(22, "REMOTE_SERVICE_ACCESS_DISABLED"),  # service keys only
            _refusal(23, "COMMAND_REQUIRES_ACCOUNT_CREDENTIALS"),
            _refusal(24, "REQUEST_MTU_EXCEEDED"),
            Fault(
                25, "RESPONSE_MTU_EXCEEDED", Ran.MAYBE
            ),  # it probably ran; the answer was too large
            REPEATED_COUNTER,
            _refusal(27, "INVALID_KEY_HANDLE"),  # we send the whole key, never a handle
            _retry(28, "REQUIRES_RESPONSE_ENCRYPTION", 1, 1, 0.0),  # our flag got lost
            _refusal(29, "REQUIRES_PHYSICAL_PROXIMITY"),
        )
        if fault.number is not None
    }
)
"""Every fault that is known, by its number."""

SESSION_INFO_ONLY = Fault(None, "SESSION_INFO_ONLY", Ran.NO, Handling.RESYNC, 2, 2)
"""A command was answered with nothing but session info: not a success."""
SIGNED_MESSAGE_FAULT = Fault(None, "SIGNED_MESSAGE_FAULT", Ran.NO)
"""The older error channel of vehicle security says that it did not take the message, not why."""
UNKNOWN_SIGNED_MESSAGE_FAULT = Fault(None, "UNKNOWN", Ran.MAYBE)
"""A number of the older error channel that newer firmware invented: fatal, may have run."""
NOT_SENT = Fault(None, "NOT_SENT", Ran.NO)
"""The caller did not transmit."""
NO_SESSION = Fault(None, "NO_SESSION", Ran.NO, Handling.RETRY, 3, 3, 1.0)
"""The handshake failed: lost, or its answer does not verify."""
OPERATION_ERROR = Fault(None, "OPERATION_ERROR", Ran.MAYBE)
"""Status ERROR without a fault: the vehicle failed and says no more. Never a success."""


def fault_of(number: int) -> Fault:
    """Return the row of a number; numbers of newer firmware get one: fatal, may have run."""
    return FAULTS.get(number) or Fault(number, "UNKNOWN", Ran.MAYBE)

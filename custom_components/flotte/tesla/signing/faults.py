"""The faults that a vehicle may answer with instead of running a command: one table, `FAULTS`.

The number is `signedMessageStatus.signed_message_fault` of a reply. Only a fault inside an
encrypted reply is authenticated; any other may have been forged on the way.

Source: Tesla's vehicle-command, pkg/protocol/protobuf/universal_message.proto and
pkg/protocol/error.go (2026-07-22); 29 is known from the community only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class ProtocolError(Exception):
    """The other side violates the protocol; the text may be logged.

    If a command was sent, its outcome is unknown.
    """


class Ran(Enum):
    """Whether a command that was answered with a fault may have been executed."""

    NO = "no"
    MAYBE = "maybe"


class Handling(Enum):
    """Reaction of a conversation to a fault."""

    FATAL = "fatal"
    """Give up: another try would get the same answer."""
    RETRY = "retry"
    """Wait, sign again, send."""
    RESYNC = "resync"
    """Apply the included session info or make a handshake, sign again, send."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the table."""

    number: int | None
    """The number on the wire; None for faults that only this side detects."""
    name: str
    ran: Ran
    handling: Handling = Handling.FATAL
    retries: int = 0
    """How often to sign and send a repeatable command again because of this fault."""
    retries_unrepeatable: int = 0
    """As `retries`, for a command that must not run twice (toggle, step, trigger)."""
    pause: float = 0.0
    """Seconds to wait before each retry."""

    @property
    def translation_key(self) -> str:
        """Key of the text for the user, for example `fault_unknown_key_id`."""
        return f"fault_{self.name.lower()}"

    @property
    def is_temporary(self) -> bool:
        """Whether trying later is sensible, once the retries of this row are used up."""
        return self.handling is not Handling.FATAL


def _refusal(number: int, name: str) -> Fault:
    return Fault(number, name, Ran.NO)


def _retry(number: int, name: str, retries: int, unrepeatable: int, pause: float) -> Fault:
    return Fault(number, name, Ran.NO, Handling.RETRY, retries, unrepeatable, pause)


def _resync(number: int, name: str, retries: int) -> Fault:
    return Fault(number, name, Ran.NO, Handling.RESYNC, retries, retries)


MAX_RESYNCS = 2
"""Maximum sends after a resync for one command, for all faults together; more would be a loop."""
MAX_RETRIES = 3
"""Maximum sends after a pause for one command, for all faults together."""

BUSY = _retry(1, "BUSY", 3, 3, 2.0)
TIMEOUT = Fault(2, "TIMEOUT", Ran.MAYBE, Handling.RETRY, retries=2, pause=2.0)
UNKNOWN_KEY_ID = _refusal(3, "UNKNOWN_KEY_ID")
INACTIVE_KEY = _refusal(4, "INACTIVE_KEY")
REMOTE_ACCESS_DISABLED = _refusal(21, "REMOTE_ACCESS_DISABLED")
INVALID_COMMAND = _refusal(9, "INVALID_COMMAND")
INVALID_TOKEN_OR_COUNTER = _resync(6, "INVALID_TOKEN_OR_COUNTER", 2)
TIME_EXPIRED = _resync(17, "TIME_EXPIRED", 2)
TIME_TO_LIVE_TOO_LONG = _resync(20, "TIME_TO_LIVE_TOO_LONG", 1)
REPEATED_COUNTER = _resync(26, "REPEATED_COUNTER", 2)

FAULTS: Mapping[int, Fault] = MappingProxyType(
    {
        fault.number: fault
        for fault in (
            BUSY,  # or still waking up
            TIMEOUT,  # the gateway computer got no answer from the subsystem
            UNKNOWN_KEY_ID,  # our key is not on the keychain: pairing
            INACTIVE_KEY,  # our key is disabled: pairing
            _resync(5, "INVALID_SIGNATURE", 1),  # often a stale key; a second one is our bug
            INVALID_TOKEN_OR_COUNTER,  # the counter was used, or is too old
            _refusal(7, "INSUFFICIENT_PRIVILEGES"),  # our role or the vehicle's state forbids it
            _refusal(8, "INVALID_DOMAINS"),  # unknown destination, or old firmware
            INVALID_COMMAND,  # unknown to this firmware
            _refusal(10, "DECODING"),  # our bug
            _retry(
                11, "INTERNAL", 3, 1, 2.0
            ),  # typical while booting; that nothing ran is not certain
            _refusal(12, "WRONG_PERSONALIZATION"),  # another VIN: our bug
            _refusal(13, "BAD_PARAMETER"),  # malformed or obsolete
            _refusal(14, "KEYCHAIN_IS_FULL"),  # 20 keys
            _resync(15, "INCORRECT_EPOCH", 2),  # the computer restarted
            _refusal(16, "IV_INCORRECT_LENGTH"),  # our bug
            TIME_EXPIRED,  # slow transmission, or clock drift
            _refusal(18, "NOT_PROVISIONED_WITH_IDENTITY"),  # the vehicle has no VIN
            _refusal(19, "COULD_NOT_HASH_METADATA"),  # a problem of the vehicle
            TIME_TO_LIVE_TOO_LONG,  # wrong clock estimate, or lifetime too long
            REMOTE_ACCESS_DISABLED,  # the owner turned off mobile access
            _refusal(22, "REMOTE_SERVICE_ACCESS_DISABLED"),  # service keys only
            _refusal(23, "COMMAND_REQUIRES_ACCOUNT_CREDENTIALS"),
            _refusal(24, "REQUEST_MTU_EXCEEDED"),
            Fault(
                25, "RESPONSE_MTU_EXCEEDED", Ran.MAYBE
            ),  # it probably ran; the answer was too large
            REPEATED_COUNTER,
            _refusal(27, "INVALID_KEY_HANDLE"),  # we send the whole key, never a handle
            _retry(28, "REQUIRES_RESPONSE_ENCRYPTION", 1, 1, 0.0),  # our flag was lost
            _refusal(29, "REQUIRES_PHYSICAL_PROXIMITY"),
        )
        if fault.number is not None
    }
)
"""Every known fault, by number."""

SESSION_INFO_ONLY = Fault(None, "SESSION_INFO_ONLY", Ran.NO, Handling.RESYNC, 2, 2)
"""A command was answered only with session info, which is not a success."""
SIGNED_MESSAGE_FAULT = Fault(None, "SIGNED_MESSAGE_FAULT", Ran.NO)
"""The older error channel of vehicle security rejected the message without a reason."""
UNKNOWN_SIGNED_MESSAGE_FAULT = Fault(None, "UNKNOWN", Ran.MAYBE)
"""A number of the older error channel from newer firmware: fatal, and the command may have run."""
UNSENT = Fault(None, "NOT_SENT", Ran.NO)
"""The caller did not send the message."""
NO_SESSION = Fault(None, "NO_SESSION", Ran.NO, Handling.RETRY, 3, 3, 1.0)
"""The handshake failed: it was lost, or its answer does not verify."""
OPERATION_ERROR = Fault(None, "OPERATION_ERROR", Ran.MAYBE)
"""Status ERROR without a fault: the vehicle failed for an unknown reason. Never a success."""


def fault_of(number: int) -> Fault:
    """Return the row of a number. An unknown number counts as fatal, and may have run."""
    return FAULTS.get(number) or Fault(number, "UNKNOWN", Ran.MAYBE)

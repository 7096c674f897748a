"""What a domain says about a command: the payload of a reply, read.

    vehicle security   VCSEC.FromVCSECMessage: nothing at all = success;
                       nominalError (46) = refused;
                       commandStatus (4) = wait, done, or an error of the older channel
    infotainment       CarServer.Response: actionStatus.result (1.1) 0 or absent = success,
                       1 = refused with a reason word (1.2.1)

Source: Tesla's vehicle-command, pkg/protocol/protobuf/{vcsec,car_server,errors}.proto and
pkg/vehicle (2026-07-22); reason words from Tesla's documentation and public reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from google.protobuf.message import DecodeError
from tesla_protocol.command import car_server_pb2 as car_server
from tesla_protocol.command import vcsec_pb2 as vcsec

from .faults import FAULTS, SIGNED_MESSAGE_FAULT, Fault
from .metadata import Domain

MAX_REASON_LENGTH = 100
"""Characters of a reason that are kept; it is shown to the user and comes from outside."""


class Outcome(Enum):
    """What the vehicle says became of a command."""

    OK = "ok"
    ALREADY = "already"
    """The vehicle was in the wished state before: a success."""
    REFUSED = "refused"
    WAIT = "wait"
    """Busy with something else, nothing executed."""
    UNKNOWN = "unknown"
    """Unreadable."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and, unless it is a plain success, why."""

    outcome: Outcome
    translation_key: str = ""
    """Of the text for the user; only with `REFUSED`."""
    reason: str = ""
    """The vehicle's own word, for example `VEHICLE_NOT_IN_PARK` or `car_wash`; may be empty."""
    fault: Fault | None = None
    """A fault of the older error channel, as the row that means the same."""


OK = Verdict(Outcome.OK)
WAIT = Verdict(Outcome.WAIT)
UNKNOWN = Verdict(Outcome.UNKNOWN)

GENERIC_ERRORS: Mapping[int, Verdict] = MappingProxyType(
    {
        number: Verdict(
            outcome, f"refused_{name.lower()}" if outcome is Outcome.REFUSED else "", name
        )
        for number, name, outcome in (
            (1, "UNKNOWN", Outcome.REFUSED),  # no reason given
            (2, "CLOSURES_OPEN", Outcome.REFUSED),  # a door or trunk
            (3, "ALREADY_ON", Outcome.ALREADY),
            (4, "DISABLED_FOR_USER_COMMAND", Outcome.REFUSED),  # not available remotely now
            (5, "VEHICLE_NOT_IN_PARK", Outcome.REFUSED),
            (6, "UNAUTHORIZED", Outcome.REFUSED),  # our key lacks the permission
            (7, "NOT_ALLOWED_OVER_TRANSPORT", Outcome.REFUSED),  # not over the Internet
            (8, "KEY_NOT_FOUND", Outcome.REFUSED),  # known from the community only, as the next
            (9, "NOT_SUPPORTED", Outcome.REFUSED),
        )
    }
)
"""nominalError.genericError of vehicle security: authenticated, but refused."""

SIGNED_MESSAGE_INFORMATION: Mapping[int, tuple[str, Fault]] = MappingProxyType(
    {
        1: ("UNKNOWN", SIGNED_MESSAGE_FAULT),
        2: ("NOT_ON_WHITELIST", FAULTS[3]),
        3: ("IV_SMALLER_THAN_EXPECTED", FAULTS[16]),
        4: ("INVALID_TOKEN", FAULTS[6]),
        5: ("TOKEN_AND_COUNTER_INVALID", FAULTS[6]),
        6: ("AES_DECRYPT_AUTH", FAULTS[5]),
        7: ("ECDSA_INPUT", SIGNED_MESSAGE_FAULT),
        8: ("ECDSA_SIGNATURE", SIGNED_MESSAGE_FAULT),
        9: ("LOCAL_ENTITY_START", SIGNED_MESSAGE_FAULT),
        10: ("LOCAL_ENTITY_RESULT", SIGNED_MESSAGE_FAULT),
        11: ("COULD_NOT_RETRIEVE_KEY", FAULTS[3]),
        12: ("COULD_NOT_RETRIEVE_TOKEN", SIGNED_MESSAGE_FAULT),
        13: ("SIGNATURE_TOO_SHORT", SIGNED_MESSAGE_FAULT),
        14: ("TOKEN_IS_INCORRECT_LENGTH", SIGNED_MESSAGE_FAULT),
        15: ("INCORRECT_EPOCH", FAULTS[15]),
        16: ("IV_INCORRECT_LENGTH", FAULTS[16]),
        17: ("TIME_EXPIRED", FAULTS[17]),
        18: ("NOT_PROVISIONED_WITH_IDENTITY", FAULTS[18]),
        19: ("COULD_NOT_HASH_METADATA", FAULTS[19]),
    }
)
"""commandStatus.signedMessageStatus of vehicle security, the older error channel: nothing ran."""

REASONS: Mapping[str, Outcome] = MappingProxyType(
    {
        "already_set": Outcome.ALREADY,
        "already_standard": Outcome.ALREADY,
        "already_started": Outcome.ALREADY,
        "already_max_range": Outcome.ALREADY,  # expected by analogy, as the next two
        "already_on": Outcome.ALREADY,
        "already_open": Outcome.ALREADY,
        "already_closed": Outcome.ALREADY,
        "already_off": Outcome.ALREADY,
        "is_charging": Outcome.ALREADY,
        "requested": Outcome.ALREADY,
        "not_charging": Outcome.ALREADY,
        "complete": Outcome.REFUSED,  # charging: nothing to do
        "disconnected": Outcome.REFUSED,
        "no_power": Outcome.REFUSED,
        "cable_connected": Outcome.REFUSED,
        "car_wash": Outcome.REFUSED,
        "not_allowed": Outcome.REFUSED,
        "not_supported": Outcome.REFUSED,
        "parental_controls_active": Outcome.REFUSED,
        "speed_limit_mode_active": Outcome.REFUSED,
        "low_power_mode_enforced": Outcome.REFUSED,
        "cabin_comfort_remote_settings_not_enabled": Outcome.REFUSED,
    }
)
"""Reason words of infotainment, blanks as underscores. The refusals have a text of their own:
`reason_` and the word; words that are not here are shown as they are, by `reason_other`."""


def interpret(domain: Domain, payload: bytes) -> Verdict:
    """Read the payload of a reply without fault; an unreadable one is `Outcome.UNKNOWN`."""
    try:
        if domain is Domain.VEHICLE_SECURITY:
            return _of_vehicle_security(vcsec.FromVCSECMessage.FromString(payload))
        return _of_infotainment(car_server.Response.FromString(payload))
    except DecodeError:
        return UNKNOWN


def _of_vehicle_security(answer: vcsec.FromVCSECMessage) -> Verdict:
    match answer.WhichOneof("sub_message"):
        case "nominalError":
            number: int = answer.nominalError.genericError
            if number == 0:
                return OK
            return GENERIC_ERRORS.get(number) or Verdict(
                Outcome.REFUSED, "refused_unknown", f"genericError {number}"
            )
        case "commandStatus":
            return _of_command_status(answer.commandStatus)
        case _:  # an empty message is a success; a status or key list answers a question
            return OK


def _of_command_status(status: vcsec.CommandStatus) -> Verdict:
    match status.operationStatus:
        case vcsec.OPERATIONSTATUS_OK:
            return OK
        case vcsec.OPERATIONSTATUS_WAIT:
            return WAIT
        case vcsec.OPERATIONSTATUS_ERROR:
            pass
        case _:
            return UNKNOWN
    match status.WhichOneof("sub_message"):
        case "signedMessageStatus":
            number: int = status.signedMessageStatus.signedMessageInformation
            name, fault = SIGNED_MESSAGE_INFORMATION.get(
                number, (f"signedMessageInformation {number}", SIGNED_MESSAGE_FAULT)
            )
            return Verdict(Outcome.REFUSED, fault.translation_key, name, fault)
        case "whitelistOperationStatus":
            number = status.whitelistOperationStatus.whitelistOperationInformation
            return Verdict(
                Outcome.REFUSED, "refused_key_management", _name_of_key_management(number)
            )
        case _:
            return GENERIC_ERRORS[1]


def _name_of_key_management(number: int) -> str:
    """Tesla's name of a refused key operation; fleet keys may not manage keys, so no texts."""
    try:
        name: str = vcsec.WhitelistOperation_information_E.Name(number)
    except ValueError:
        return f"whitelistOperationInformation {number}"
    return name.removeprefix("WHITELISTOPERATION_INFORMATION_")


def _of_infotainment(answer: car_server.Response) -> Verdict:
    match answer.actionStatus.result:
        case car_server.OPERATIONSTATUS_OK:
            return OK
        case car_server.OPERATIONSTATUS_ERROR:
            return of_reason(answer.actionStatus.result_reason.plain_text)
        case _:
            return UNKNOWN


def of_reason(text: str) -> Verdict:
    """Judge a reason word; REST commands of cars without the protocol give the same words."""
    text = text.strip()[:MAX_REASON_LENGTH]
    if not text:
        return GENERIC_ERRORS[1]
    word = text.lower().replace(" ", "_")
    # "... already off" ends texts of varying beginning, for example about valet mode.
    outcome = REASONS.get(word) or (Outcome.ALREADY if word.endswith("already_off") else None)
    match outcome:
        case Outcome.ALREADY:
            return Verdict(Outcome.ALREADY, reason=text)
        case None:
            return Verdict(Outcome.REFUSED, "reason_other", text)
        case _:
            return Verdict(Outcome.REFUSED, f"reason_{word}", text)

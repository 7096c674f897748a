"""The verdict of a domain on a command, read from the payload of a reply.

    vehicle security   VCSEC.FromVCSECMessage: empty = success;
                       nominalError (46) = refused;
                       commandStatus (4) = wait, done, or an error of the older channel
    infotainment       CarServer.Response: actionStatus.result (1.1) 0 or absent = success,
                       1 = refused with a reason word (1.2.1)

Source: Tesla's vehicle-command, pkg/protocol/protobuf/{vcsec,car_server,errors}.proto and
pkg/vehicle (2026-07-22); reason words from Tesla's documentation and public reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from google.protobuf.message import DecodeError
from tesla_protocol.command import car_server_pb2 as car_server
from tesla_protocol.command import vcsec_pb2 as vcsec

from . import faults
from .faults import FAULTS, Fault, Ran
from .metadata import Domain

MAX_REASON_LENGTH = 100
"""Maximum characters of a reason, which is untrusted and shown to the user."""


class Outcome(Enum):
    """The outcome of a command, as reported by the vehicle."""

    OK = "ok"
    ALREADY = "already"
    """The vehicle was in that state before. This is a success, but if the verdict has a
    translation key, only for some commands."""
    REFUSED = "refused"
    WAIT = "wait"
    """The vehicle is busy and executed nothing."""
    UNKNOWN = "unknown"
    """The verdict is unreadable."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome and, unless it is a plain success, its reason."""

    outcome: Outcome
    translation_key: str = ""
    """Key of the text for the user: with `REFUSED`, and with an `ALREADY` that is a success only
    for some commands."""
    reason: str = ""
    """The vehicle's own word, such as `VEHICLE_NOT_IN_PARK` or `car_wash`; may be empty."""
    fault: Fault | None = None
    """For a fault of the older error channel: the equivalent row of `FAULTS`, or one of its own."""
    is_temporary: bool = False
    """With `REFUSED`: whether trying later is sensible, because the obstacle passes or can be
    removed at the car. Nothing here is retried automatically."""


OK = Verdict(Outcome.OK)
WAIT = Verdict(Outcome.WAIT)
UNKNOWN = Verdict(Outcome.UNKNOWN)
FAILED = Verdict(
    Outcome.REFUSED, faults.OPERATION_ERROR.translation_key, fault=faults.OPERATION_ERROR
)
"""An error without a reason: the command may have run before it."""

LATER, NEVER = True, False
"""Whether trying later is sensible; see `Verdict.is_temporary`."""

GENERIC_ERRORS: Mapping[int, Verdict] = MappingProxyType(
    {
        0: FAILED,  # refused, with no reason of this kind
        3: Verdict(Outcome.ALREADY, reason="ALREADY_ON"),
    }
    | {
        number: Verdict(Outcome.REFUSED, f"refused_{name.lower()}", name, is_temporary=later)
        for number, name, later in (
            (1, "UNKNOWN", LATER),  # no reason given
            (2, "CLOSURES_OPEN", LATER),  # a door or trunk
            (4, "DISABLED_FOR_USER_COMMAND", LATER),  # not available remotely now
            (5, "VEHICLE_NOT_IN_PARK", LATER),
            (6, "UNAUTHORIZED", NEVER),  # our key lacks the permission
            (7, "NOT_ALLOWED_OVER_TRANSPORT", NEVER),  # not over the Internet
            (8, "KEY_NOT_FOUND", NEVER),  # this and the next are known from the community only
            (9, "NOT_SUPPORTED", NEVER),
        )
    }
)
"""nominalError.genericError of vehicle security: the command was authenticated, but refused. Other
numbers are refusals too; their text is `refused_other`."""


def _older(name: str) -> tuple[str, Fault]:
    """A row of the older error channel without an equivalent in `FAULTS`."""
    return name, Fault(None, name, Ran.NO)


SIGNED_MESSAGE_INFORMATION: Mapping[int, tuple[str, Fault]] = MappingProxyType(
    {
        0: ("NONE", faults.OPERATION_ERROR),  # an error, but not of this kind
        1: ("UNKNOWN", faults.SIGNED_MESSAGE_FAULT),
        2: ("NOT_ON_WHITELIST", FAULTS[3]),
        3: _older("IV_SMALLER_THAN_EXPECTED"),
        4: ("INVALID_TOKEN", FAULTS[6]),
        5: ("TOKEN_AND_COUNTER_INVALID", FAULTS[6]),
        6: ("AES_DECRYPT_AUTH", FAULTS[5]),
        7: _older("ECDSA_INPUT"),
        8: _older("ECDSA_SIGNATURE"),
        9: _older("LOCAL_ENTITY_START"),
        10: _older("LOCAL_ENTITY_RESULT"),
        11: ("COULD_NOT_RETRIEVE_KEY", FAULTS[3]),
        12: _older("COULD_NOT_RETRIEVE_TOKEN"),
        13: _older("SIGNATURE_TOO_SHORT"),
        14: _older("TOKEN_IS_INCORRECT_LENGTH"),
        15: ("INCORRECT_EPOCH", FAULTS[15]),
        16: ("IV_INCORRECT_LENGTH", FAULTS[16]),
        17: ("TIME_EXPIRED", FAULTS[17]),
        18: ("NOT_PROVISIONED_WITH_IDENTITY", FAULTS[18]),
        19: ("COULD_NOT_HASH_METADATA", FAULTS[19]),
    }
)
"""commandStatus.signedMessageStatus of vehicle security, the older error channel. For each of 1 to
19, nothing ran. A row with an equivalent in `FAULTS` uses that one."""

KEY_MANAGEMENT: Mapping[int, Verdict] = MappingProxyType(
    {
        0: FAILED,  # an error, but not of this kind
    }
    | {
        number: Verdict(Outcome.REFUSED, "refused_key_management", name, is_temporary=later)
        for number, name, later in (
            (1, "UNDOCUMENTED_ERROR", LATER),
            (2, "NO_PERMISSION_TO_REMOVE_ONESELF", NEVER),
            (3, "KEYFOB_SLOTS_FULL", NEVER),
            (4, "WHITELIST_FULL", NEVER),  # 20 keys
            (5, "NO_PERMISSION_TO_ADD", NEVER),
            (6, "INVALID_PUBLIC_KEY", NEVER),
            (7, "NO_PERMISSION_TO_REMOVE", NEVER),
            (8, "NO_PERMISSION_TO_CHANGE_PERMISSIONS", NEVER),
            (9, "ATTEMPTING_TO_ELEVATE_OTHER_ABOVE_ONESELF", NEVER),
            (10, "ATTEMPTING_TO_DEMOTE_SUPERIOR_TO_ONESELF", NEVER),
            (11, "ATTEMPTING_TO_REMOVE_OWN_PERMISSIONS", NEVER),
            (12, "PUBLIC_KEY_NOT_ON_WHITELIST", NEVER),
            (13, "ATTEMPTING_TO_ADD_KEY_THAT_IS_ALREADY_ON_THE_WHITELIST", NEVER),
            (14, "NOT_ALLOWED_TO_ADD_UNLESS_ON_READER", LATER),
            (15, "FM_MODIFYING_OUTSIDE_OF_F_MODE", NEVER),  # F: fleet, FM: its manager
            (16, "FM_ATTEMPTING_TO_ADD_PERMANENT_KEY", NEVER),
            (17, "FM_ATTEMPTING_TO_REMOVE_PERMANENT_KEY", NEVER),
            (18, "KEYCHAIN_WHILE_FS_FULL", NEVER),  # FS: the keychain's storage
            (19, "ATTEMPTING_TO_ADD_KEY_WITHOUT_ROLE", NEVER),
            (20, "ATTEMPTING_TO_ADD_KEY_WITH_SERVICE_ROLE", NEVER),
            (21, "NON_SERVICE_KEY_ATTEMPTING_TO_ADD_SERVICE_TECH", NEVER),
            (22, "SERVICE_KEY_ATTEMPTING_TO_ADD_SERVICE_TECH_OUTSIDE_SERVICE_MODE", NEVER),
            (23, "COULD_NOT_START_LOCAL_ENTITY_AUTH", LATER),
            (24, "LOCAL_ENTITY_AUTH_FAILED_UI_DENIED", NEVER),  # a person said no
            (25, "LOCAL_ENTITY_AUTH_FAILED_TIMED_OUT_WAITING_FOR_TAP", LATER),
            (26, "LOCAL_ENTITY_AUTH_FAILED_TIMED_OUT_WAITING_FOR_UI_ACK", LATER),
            (27, "LOCAL_ENTITY_AUTH_FAILED_VALET_MODE", LATER),
            (28, "LOCAL_ENTITY_AUTH_FAILED_CANCELLED", LATER),
            # This and the rest are known from the community only.
            (29, "NON_SERVICE_KEY_ATTEMPTING_TO_ADD_RIDER_KEY", NEVER),
            (30, "ATTEMPTING_TO_ADD_RIDER_KEY_OUTSIDE_FLEET_MODE", NEVER),
            (31, "NON_SERVICE_KEY_ATTEMPTING_TO_ADD_PREDELIVERY_KEY", NEVER),
            (
                32,
                "SERVICE_KEY_ATTEMPTING_TO_ADD_PREDELIVERY_KEY_WHEN_ALREADY_DELIVERED",
                NEVER,
            ),
        )
    }
)
"""commandStatus.whitelistOperationStatus of vehicle security: why it refused to change the key
list. Other numbers are refusals too. All share one text, which names the reason: no command of ours
changes the keys of a vehicle."""

REASONS: Mapping[str, Verdict] = MappingProxyType(
    {
        word: Verdict(Outcome.ALREADY)
        for word in (
            "already_set",
            "already_standard",
            "already_started",
            "already_max_range",  # this and the next two are expected by analogy
            "already_on",
            "already_open",
            "already_closed",
            "already_off",
        )
    }
    | {
        # A success for starting or stopping a charge. For any other command these are refusals, so
        # they have a text.
        word: Verdict(Outcome.ALREADY, f"reason_{word}")
        for word in ("is_charging", "requested", "not_charging")
    }
    | {
        word: Verdict(Outcome.REFUSED, f"reason_{word}", is_temporary=later)
        for word, later in (
            ("complete", NEVER),  # charging: nothing to do
            ("disconnected", LATER),
            ("no_power", LATER),
            ("cable_connected", LATER),
            ("car_wash", LATER),
            ("not_allowed", LATER),
            ("not_supported", NEVER),
            ("parental_controls_active", LATER),
            ("speed_limit_mode_active", LATER),
            ("low_power_mode_enforced", LATER),
            ("cabin_comfort_remote_settings_not_enabled", LATER),
            # The answer to a plain command of a vehicle that requires signed ones.
            ("unsigned_cmds_hardlocked", NEVER),
        )
    }
)
"""Reason words of infotainment and of plain commands, with underscores for blanks. Other words are
refusals; `reason_other` shows them as they are."""


def interpret(domain: Domain, payload: bytes) -> Verdict:
    """Read the payload of a reply without a fault; an unreadable one is `Outcome.UNKNOWN`."""
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
            return GENERIC_ERRORS.get(number) or Verdict(
                Outcome.REFUSED, "refused_other", f"genericError {number}"
            )
        case "commandStatus":
            return _of_command_status(answer.commandStatus)
        case _:  # an empty message is a success; a status or key list answers a question
            return OK


def _of_command_status(status: vcsec.CommandStatus) -> Verdict:
    match status.operationStatus:
        case vcsec.OPERATIONSTATUS_OK:
            return FAILED if _names_an_error(status) else OK
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
                number,
                (f"signedMessageInformation {number}", faults.UNKNOWN_SIGNED_MESSAGE_FAULT),
            )
            return Verdict(Outcome.REFUSED, fault.translation_key, name, fault)
        case "whitelistOperationStatus":
            number = status.whitelistOperationStatus.whitelistOperationInformation
            return KEY_MANAGEMENT.get(number) or Verdict(
                Outcome.REFUSED,
                "refused_key_management",
                f"whitelistOperationInformation {number}",
            )
        case _:
            return FAILED


def _names_an_error(status: vcsec.CommandStatus) -> bool:
    """Whether a status reads as OK, which may only mean that it is absent, but names an error."""
    return bool(
        status.signedMessageStatus.signedMessageInformation
        or status.whitelistOperationStatus.whitelistOperationInformation
    )


def _of_infotainment(answer: car_server.Response) -> Verdict:
    match answer.actionStatus.result:
        case car_server.OPERATIONSTATUS_OK:
            return OK
        case car_server.OPERATIONSTATUS_ERROR:
            return of_reason(answer.actionStatus.result_reason.plain_text)
        case _:
            return UNKNOWN


def of_reason(text: str) -> Verdict:
    """Judge a reason word; plain commands are answered with the same words."""
    text = text.strip()[:MAX_REASON_LENGTH]
    if not text:
        return GENERIC_ERRORS[1]
    word = text.lower().replace(" ", "_")
    if (known := REASONS.get(word)) is not None:
        return replace(known, reason=text)
    # Some texts end with "already off", for example about valet mode.
    if word.startswith("already") or word.endswith("already_off"):
        return Verdict(Outcome.ALREADY, reason=text)
    return Verdict(Outcome.REFUSED, "reason_other", text)

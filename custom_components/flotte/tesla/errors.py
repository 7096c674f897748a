"""Errors of the Tesla side, and their meaning for the user.

Every error answers two questions. May the vehicle have acted? Certainly not if it is `Refused` or
`Unreachable`; otherwise it may have. Is trying later sensible? See `is_temporary`.

    TeslaError
    ├── Refused                  certainly nothing was executed
    │   ├── BudgetExceeded         our own meter said no; nothing was sent
    │   ├── NotRecorded            the ledger could not be written; nothing was sent
    │   ├── NotKept                it was to wait, and could not be saved
    │   ├── GateRefused            our own gate said no, for a reason that it names
    │   ├── LoginRequired          the owner must log in again
    │   ├── MobileAccessDisabled   switched off in the car
    │   ├── MissingScope           the owner did not grant what this needs
    │   ├── Forbidden              for a reason that is not known here
    │   ├── AccountSuspended       Tesla's billing limit
    │   │   └── PaymentRequired      Tesla wants its money first
    │   ├── AccountLocked          by Tesla
    │   │   └── LegallyBlocked       for legal reasons
    │   ├── NotRegistered          domain or region not registered with Tesla
    │   ├── PublicKeyNotFetched    Tesla could not fetch the public key
    │   ├── WrongRegion            another host serves this account
    │   ├── NotFound               no such vehicle or site on the account
    │   ├── NotAvailable           not offered there
    │   │   ├── InService            the vehicle is in service
    │   │   ├── UnsupportedVehicle   Tesla's servers do not serve this kind of vehicle
    │   │   └── ActionUnknown        Tesla's servers do not know the action
    │   ├── NoUnsignedForm         the vehicle wants the plain form, and there is none
    │   ├── VehicleUnavailable     asleep or offline
    │   ├── VehicleBusy            other commands took too long
    │   ├── WakeFailed             woken, but did not come online in time
    │   ├── RateLimited            too many requests
    │   ├── ProtocolRequired       the vehicle takes signed commands only
    │   ├── ProtocolUnsupported    the vehicle takes no signed commands
    │   ├── KeyNotPaired           our key is not on the vehicle
    │   ├── CommandRefused         the vehicle said no
    │   ├── InvalidCommand         a parameter is out of its range
    │   ├── NotSent                trouble came before the command was sent
    │   └── BadRequest             Tesla does not understand us: our bug
    ├── Unreachable              no connection; the request never left
    ├── AnswerLost               sent, but the connection broke before an answer came
    ├── ServiceError             Tesla answered with a server error
    ├── InvalidAnswer            Tesla answered something unreadable
    └── OutcomeUnknown           sent; whether it was executed is unknown

Each class names its translation (`key`, in `translations/en.json` under `exceptions`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final, override

from .privacy import shortened

SECOND: Final = timedelta(seconds=1)


def whole_units(wait: timedelta, unit: timedelta) -> int:
    """A wait in whole units, rounded up: who waits too short is refused again, and 0 is no wait."""
    return max(1, -(-wait // unit))


class TeslaError(Exception):
    """Base of all errors of the Tesla side.

    `detail` is Tesla's own text for the log; `placeholders` fill the translation.
    """

    key: ClassVar[str] = "unknown"
    is_temporary: bool = False

    def __init__(self, detail: str = "", **placeholders: str) -> None:
        detail = shortened(detail)
        super().__init__(detail or self.key)
        self.detail = detail
        self.placeholders: Mapping[str, str] = {
            "detail": detail,
            **{name: shortened(each) for name, each in placeholders.items()},
        }

    @property
    def translation_key(self) -> str:
        """Key of the text for the user."""
        return self.key


class Refused(TeslaError):
    """Certainly not executed.

    `reason` is the translation key of what is known beyond the class, such as the vehicle's fault;
    without it the class speaks.
    """

    key = "refused"

    def __init__(self, detail: str = "", *, reason: str | None = None, **placeholders: str) -> None:
        super().__init__(detail, **placeholders)
        self.reason = reason

    @property
    @override
    def translation_key(self) -> str:
        return self.reason or self.key


class BudgetExceeded(Refused):
    """The meter has no room for the whole cost of what was asked; nothing was sent."""

    key = "budget_exceeded"


class NotRecorded(Refused):
    """It costs money, and the ledger could not be written; nothing was sent."""

    key = "not_recorded"
    is_temporary = True


class NotKept(Refused):
    """It was to wait until the vehicle is awake, and could not be saved; nothing waits."""

    key = "not_kept"
    is_temporary = True


class GateRefused(Refused):
    """The gate said no, for the `reason` that it names; nothing was sent."""

    key = "gate_refused"
    is_temporary = True


class LoginRequired(Refused):
    """Token revoked, expired beyond refresh, or cycled out: the owner must log in again."""

    key = "login_required"


class MobileAccessDisabled(Refused):
    """The owner switched mobile access off in the car; logging in again would not help."""

    key = "mobile_access_disabled"


class MissingScope(Refused):
    """The owner did not grant the scope that this request needs."""

    key = "missing_scope"


class Forbidden(Refused):
    """Refused for a reason that is not known here; a guard in front of Tesla may have said so."""

    key = "forbidden"
    is_temporary = True


class AccountSuspended(Refused):
    """Tesla stopped the application for this month: its billing limit is reached."""

    key = "account_suspended"


class PaymentRequired(AccountSuspended):
    """Tesla wants a payment before it goes on."""

    key = "payment_required"


class AccountLocked(Refused):
    """Tesla locked the account."""

    key = "account_locked"


class LegallyBlocked(AccountLocked):
    """The law forbids the answer, for example because the data belong to another region."""

    key = "legally_blocked"


class NotRegistered(Refused):
    """The application's domain is not registered in this region, or not allowed for it."""

    key = "not_registered"


class PublicKeyNotFetched(Refused):
    """Tesla could not fetch the public key from the domain."""

    key = "public_key_not_fetched"
    is_temporary = True


class WrongRegion(Refused):
    """The account is served by another host, and that host is not one of Tesla's."""

    key = "wrong_region"

    def __init__(self, detail: str = "", *, base_url: str | None = None) -> None:
        super().__init__(detail)
        self.base_url = base_url
        """Where Tesla says to go; None if the answer named no address."""


class NotFound(Refused):
    """No such vehicle or site on this account (any more)."""

    key = "not_found"


class NotAvailable(Refused):
    """Tesla does not offer this there, or not now."""

    key = "not_available"


class SettingNotOffered(NotAvailable):
    """Tesla's servers do not know this setting of a site; some of them are not documented."""

    key = "setting_not_offered"


class InService(NotAvailable):
    """The vehicle is in service; Tesla takes no requests for it."""

    key = "in_service"
    is_temporary = True


class UnsupportedVehicle(NotAvailable):
    """Tesla's servers do not do this for a vehicle of this kind."""

    key = "unsupported_vehicle"


class ActionUnknown(NotAvailable):
    """Tesla's servers do not know the action, at least in this region."""

    key = "action_unknown"


class NoUnsignedForm(Refused):
    """The vehicle takes plain commands only, and Tesla has no such form of this one."""

    key = "no_unsigned_form"


class VehicleUnavailable(Refused):
    """The vehicle is asleep or offline."""

    key = "vehicle_unavailable"
    is_temporary = True


class VehicleBusy(Refused):
    """The vehicle is busy, or other commands for it took too long."""

    key = "vehicle_busy"
    is_temporary = True


class WakeFailed(VehicleUnavailable):
    """The vehicle was woken but did not come online in time."""

    key = "wake_failed"


class RateLimited(Refused):
    """Too many requests; `retry_after` says how long Tesla wants to be left alone."""

    key = "rate_limited"
    is_temporary = True

    def __init__(self, detail: str = "", *, retry_after: timedelta = timedelta(seconds=60)) -> None:
        super().__init__(detail, seconds=str(whole_units(retry_after, SECOND)))
        self.retry_after = retry_after


class ProtocolRequired(Refused):
    """The vehicle accepts signed commands only, and this one was not signed."""

    key = "protocol_required"


class ProtocolUnsupported(Refused):
    """The vehicle does not know the signed command protocol."""

    key = "protocol_unsupported"


class KeyNotPaired(Refused):
    """Our public key is not on the vehicle's key list."""

    key = "key_not_paired"


class CommandRefused(Refused):
    """The vehicle understood the command and said no.

    Where no `reason` is known, the vehicle's own words are in `detail`. `is_temporary` depends on
    the reason.
    """

    key = "command_refused"

    def __init__(
        self, detail: str = "", *, reason: str | None = None, is_temporary: bool = False
    ) -> None:
        super().__init__(detail, reason=reason)
        self.is_temporary = is_temporary


class InvalidCommand(Refused):
    """A parameter is missing or out of its range; nothing was sent."""

    key = "invalid_command"


class NotSent(Refused):
    """Waking, looking or a handshake failed, so the command itself was never sent.

    The user reads about that trouble.
    """

    key = "not_sent"
    is_temporary = True

    def __init__(self, cause: TeslaError | None = None) -> None:
        super().__init__(cause.detail if cause else "")
        self.cause = cause

    @property
    @override
    def translation_key(self) -> str:
        return self.cause.translation_key if self.cause else self.key


class BadRequest(Refused):
    """Tesla does not understand the request: a bug of ours."""

    key = "bad_request"


class Unreachable(TeslaError):
    """No connection to Tesla; the request never left this machine."""

    key = "unreachable"
    is_temporary = True


class AnswerLost(TeslaError):
    """The request was sent, but no answer came back: broken connection or time-out."""

    key = "answer_lost"
    is_temporary = True


class ServiceError(TeslaError):
    """Tesla answered with a server error; whether the vehicle acted is not known."""

    key = "service_error"
    is_temporary = True


class InvalidAnswer(TeslaError):
    """Tesla's answer cannot be read; whether the vehicle acted is not known."""

    key = "invalid_answer"
    is_temporary = True


class OutcomeUnknown(TeslaError):
    """Sent, but no conclusive answer came: it may or may not have been executed.

    `expires_in` says after how many seconds it can no longer happen; until then the vehicle's state
    proves nothing.
    """

    key = "outcome_unknown"

    def __init__(self, detail: str = "", *, expires_in: float = 0.0) -> None:
        super().__init__(detail)
        self.expires_in = expires_in


@dataclass(frozen=True, slots=True)
class StatusRow:
    """Meaning of one HTTP status when its body contains `text` (lower case; "" always matches)."""

    status: int
    text: str
    error: type[TeslaError]


# Order matters: the first row whose status and text fit is taken.
# Source: Tesla's conventions page (2025-01) and texts seen by public clients (2024 to 2026).
STATUS_TABLE = (
    StatusRow(400, "", BadRequest),
    StatusRow(401, "mobile_access_disabled", MobileAccessDisabled),
    StatusRow(401, "", LoginRequired),
    StatusRow(402, "", PaymentRequired),
    StatusRow(403, "exceeded_limit", AccountSuspended),
    StatusRow(403, "account disabled", AccountSuspended),
    StatusRow(403, "vehicle command protocol required", ProtocolRequired),
    StatusRow(403, "missing scopes", MissingScope),
    StatusRow(403, "invalid_scope", MissingScope),
    StatusRow(403, "location access not granted", MissingScope),
    StatusRow(403, "unsupported vehicle", UnsupportedVehicle),
    StatusRow(403, "", Forbidden),
    StatusRow(404, "", NotFound),
    StatusRow(405, "in service", InService),
    StatusRow(405, "", NotAvailable),
    StatusRow(406, "", BadRequest),
    # Only these say that nothing reached the vehicle: it is woken then, and told again.
    StatusRow(408, "vehicle is offline", VehicleUnavailable),
    StatusRow(408, "vehicle is asleep", VehicleUnavailable),
    StatusRow(408, "offline or asleep", VehicleUnavailable),
    # The gateway waited for the vehicle in vain, perhaps because it went offline just then: on a
    # command it is not known what happened.
    StatusRow(408, "", ServiceError),
    StatusRow(412, "", NotRegistered),
    StatusRow(421, "", WrongRegion),
    StatusRow(422, "", ProtocolUnsupported),
    StatusRow(423, "", AccountLocked),
    StatusRow(424, "", PublicKeyNotFetched),
    StatusRow(429, "", RateLimited),
    StatusRow(451, "", LegallyBlocked),
    # From here on the gateway or the vehicle had trouble, and a command may have run: also after
    # 503, with which a trunk was seen to move.
    StatusRow(499, "", ServiceError),
    StatusRow(500, "", ServiceError),
    # The gateway does not know the action: it never reached the vehicle.
    StatusRow(501, "", ActionUnknown),
    StatusRow(502, "", ServiceError),
    StatusRow(503, "", ServiceError),
    StatusRow(504, "", ServiceError),
    StatusRow(540, "", ServiceError),
)


def error_class(status: int, body: str) -> type[TeslaError]:
    """The error that an HTTP status with this body stands for.

    A status without a row may have been executed: unknown 4xx and all 5xx are service errors.
    """
    text = body.lower()
    for row in STATUS_TABLE:
        if row.status == status and row.text in text:
            return row.error
    return ServiceError

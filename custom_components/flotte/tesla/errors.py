"""Errors of the Tesla side, and their meaning for the user.

Every error answers two questions. May the vehicle have acted? Certainly not if it is `Refused` or
`Unreachable`; otherwise it may have. Is trying later sensible? See `is_temporary`.

    TeslaError
    ├── Refused                  certainly nothing was executed
    │   ├── BudgetExceeded         our own meter refused it; nothing was sent
    │   ├── NotRecorded            the ledger could not be written; nothing was sent
    │   ├── NotKept                a deferral could not be saved
    │   ├── GateRefused            our own gate refused it, for a reason that it names
    │   ├── LoginRequired          the owner must log in again
    │   ├── MobileAccessDisabled   mobile access is turned off in the car
    │   ├── MissingScope           the owner did not grant the scope
    │   ├── Forbidden              for an unknown reason
    │   ├── AccountSuspended       Tesla's billing limit
    │   │   └── PaymentRequired      Tesla requires a payment
    │   ├── AccountLocked          by Tesla
    │   │   └── LegallyBlocked       for legal reasons
    │   ├── NotRegistered          domain or region not registered with Tesla
    │   ├── PublicKeyNotFetched    Tesla could not fetch the public key
    │   ├── WrongRegion            another host serves this account
    │   ├── NotFound               no such vehicle or site on the account
    │   │   └── NoSuchInvoice        no such invoice
    │   ├── NotAvailable           not offered for this vehicle or site
    │   │   ├── SettingNotOffered    Tesla's servers do not know the setting of a site
    │   │   ├── InService            the vehicle is in service
    │   │   ├── UnsupportedVehicle   Tesla's servers do not support this kind of vehicle
    │   │   └── ActionUnknown        Tesla's servers do not know the action
    │   ├── NoUnsignedForm         the vehicle needs the plain form, and there is none
    │   ├── VehicleUnavailable     asleep or offline
    │   ├── VehicleBusy            other commands took too long
    │   ├── WakeFailed             woken, but did not come online in time
    │   ├── RateLimited            too many requests
    │   ├── ProtocolRequired       the vehicle accepts only signed commands
    │   ├── ProtocolUnsupported    the vehicle accepts no signed commands
    │   ├── KeyNotPaired           our key is not on the vehicle
    │   ├── CommandRefused         the vehicle refused the command
    │   ├── InvalidCommand         a parameter is out of range
    │   ├── NotSent                an earlier step failed; the command was not sent
    │   └── BadRequest             Tesla does not understand the request: our bug
    ├── Unreachable              no connection; the request was not sent
    ├── AnswerLost               sent, but the connection broke before an answer arrived
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
    """A wait in whole units, rounded up and at least 1, so that no one retries too early."""
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
    """The request was certainly not executed.

    `reason` is the translation key of a more specific cause, such as the vehicle's fault; without
    it, the text of the class is used.
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
    """The budget has no room for the whole cost of the action; nothing was sent."""

    key = "budget_exceeded"


class NotRecorded(Refused):
    """The ledger could not be written before a paid request; nothing was sent."""

    key = "not_recorded"
    is_temporary = True


class NotKept(Refused):
    """A deferral could not be saved, so the command is not deferred."""

    key = "not_kept"
    is_temporary = True


class GateRefused(Refused):
    """The gate refused the action for the given `reason`; nothing was sent."""

    key = "gate_refused"
    is_temporary = True


class LoginRequired(Refused):
    """The token was revoked, replaced, or expired beyond refresh: the owner must log in again."""

    key = "login_required"


class MobileAccessDisabled(Refused):
    """The owner turned off mobile access in the car; logging in again would not help."""

    key = "mobile_access_disabled"


class MissingScope(Refused):
    """The owner did not grant the scope that this request needs."""

    key = "missing_scope"


class Forbidden(Refused):
    """Refused for an unknown reason, perhaps by a firewall in front of Tesla."""

    key = "forbidden"
    is_temporary = True


class AccountSuspended(Refused):
    """Tesla suspended the application for this month, because its billing limit is reached."""

    key = "account_suspended"


class PaymentRequired(AccountSuspended):
    """Tesla requires a payment before it answers again."""

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
        """The address that Tesla named; None if it named none."""


class NotFound(Refused):
    """The account has no such vehicle or site, or no longer has it."""

    key = "not_found"


class NoSuchInvoice(NotFound):
    """The account has no invoice with this number."""

    key = "no_such_invoice"


class NotAvailable(Refused):
    """Tesla does not offer this for this vehicle or site, or not now."""

    key = "not_available"


class SettingNotOffered(NotAvailable):
    """Tesla's servers do not know this setting of a site; some of them are not documented."""

    key = "setting_not_offered"


class InService(NotAvailable):
    """The vehicle is in service; Tesla accepts no requests for it."""

    key = "in_service"
    is_temporary = True


class UnsupportedVehicle(NotAvailable):
    """Tesla's servers do not support this kind of vehicle."""

    key = "unsupported_vehicle"


class ActionUnknown(NotAvailable):
    """Tesla's servers do not know the action, at least in this region."""

    key = "action_unknown"


class NoUnsignedForm(Refused):
    """The vehicle accepts only plain commands, and this command has no plain form."""

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
    """There were too many requests; `retry_after` is the pause that Tesla asks for."""

    key = "rate_limited"
    is_temporary = True

    def __init__(self, detail: str = "", *, retry_after: timedelta = timedelta(seconds=60)) -> None:
        super().__init__(detail, seconds=str(whole_units(retry_after, SECOND)))
        self.retry_after = retry_after


class ProtocolRequired(Refused):
    """The vehicle accepts only signed commands, and this one was not signed."""

    key = "protocol_required"


class ProtocolUnsupported(Refused):
    """The vehicle does not know the signed command protocol."""

    key = "protocol_unsupported"


class KeyNotPaired(Refused):
    """Our public key is not on the vehicle's key list."""

    key = "key_not_paired"


class CommandRefused(Refused):
    """The vehicle understood the command and refused it.

    If no `reason` is known, `detail` has the vehicle's own words. `is_temporary` depends on the
    reason.
    """

    key = "command_refused"

    def __init__(
        self, detail: str = "", *, reason: str | None = None, is_temporary: bool = False
    ) -> None:
        super().__init__(detail, reason=reason)
        self.is_temporary = is_temporary


class InvalidCommand(Refused):
    """A parameter is missing or out of range; nothing was sent."""

    key = "invalid_command"


class NotSent(Refused):
    """A wake, a data request or a handshake failed, so the command itself was not sent.

    The text for the user is that of the failed step.
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
    """There is no connection to Tesla; the request was not sent."""

    key = "unreachable"
    is_temporary = True


class AnswerLost(TeslaError):
    """The request was sent, but no answer arrived: the connection broke or timed out."""

    key = "answer_lost"
    is_temporary = True


class ServiceError(TeslaError):
    """Tesla answered with a server error; it is unknown whether the vehicle acted."""

    key = "service_error"
    is_temporary = True


class InvalidAnswer(TeslaError):
    """Tesla's answer is unreadable; it is unknown whether the vehicle acted."""

    key = "invalid_answer"
    is_temporary = True


class OutcomeUnknown(TeslaError):
    """A command was sent without a conclusive answer: it may or may not have been executed.

    `expires_in` is the number of seconds in which it can still run; until then the vehicle's state
    proves nothing.
    """

    key = "outcome_unknown"

    def __init__(self, detail: str = "", *, expires_in: float = 0.0) -> None:
        super().__init__(detail)
        self.expires_in = expires_in


@dataclass(frozen=True, slots=True)
class StatusRow:
    """The error for an HTTP status whose body contains `text` (lower case; "" always matches)."""

    status: int
    text: str
    error: type[TeslaError]


# Order matters: the first row with a matching status and text wins.
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
    # Only these three prove that nothing reached the vehicle. It is then woken, and the command
    # sent again.
    StatusRow(408, "vehicle is offline", VehicleUnavailable),
    StatusRow(408, "vehicle is asleep", VehicleUnavailable),
    StatusRow(408, "offline or asleep", VehicleUnavailable),
    # The gateway waited for the vehicle in vain, perhaps because the vehicle was going offline. The
    # outcome of a command is unknown.
    StatusRow(408, "", ServiceError),
    StatusRow(412, "", NotRegistered),
    StatusRow(421, "", WrongRegion),
    StatusRow(422, "", ProtocolUnsupported),
    StatusRow(423, "", AccountLocked),
    StatusRow(424, "", PublicKeyNotFetched),
    StatusRow(429, "", RateLimited),
    StatusRow(451, "", LegallyBlocked),
    # From here on, the gateway or the vehicle failed, and a command may have run, even with 503: a
    # trunk was seen to move after it.
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
    """The error for an HTTP status with this body.

    A status without a row is a service error, because the request may have been executed.
    """
    text = body.lower()
    for row in STATUS_TABLE:
        if row.status == status and row.text in text:
            return row.error
    return ServiceError

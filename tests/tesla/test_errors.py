"""The tree of errors: the meaning of each for the user, and the answers of Tesla for each."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from custom_components.flotte.tesla import errors
from custom_components.flotte.tesla.errors import (
    STATUS_TABLE,
    AccountLocked,
    AccountSuspended,
    ActionUnknown,
    AnswerLost,
    BadRequest,
    BudgetExceeded,
    CommandRefused,
    Forbidden,
    GateRefused,
    InService,
    InvalidAnswer,
    InvalidCommand,
    KeyNotPaired,
    LegallyBlocked,
    LoginRequired,
    MissingScope,
    MobileAccessDisabled,
    NoSuchInvoice,
    NotAvailable,
    NotFound,
    NotKept,
    NotRecorded,
    NotRegistered,
    NotSent,
    NoUnsignedForm,
    OutcomeUnknown,
    PaymentRequired,
    ProtocolRequired,
    ProtocolUnsupported,
    PublicKeyNotFetched,
    RateLimited,
    Refused,
    ServiceError,
    SettingNotOffered,
    TeslaError,
    Unreachable,
    UnsupportedVehicle,
    VehicleBusy,
    VehicleUnavailable,
    WakeFailed,
    WrongRegion,
    error_class,
)

# Error, its translation key, may the vehicle have acted, is trying later sensible.
TREE = (
    (TeslaError, "unknown", True, False),
    (Refused, "refused", False, False),
    (BudgetExceeded, "budget_exceeded", False, False),
    (NotRecorded, "not_recorded", False, True),
    (NotKept, "not_kept", False, True),
    (GateRefused, "gate_refused", False, True),
    (LoginRequired, "login_required", False, False),
    (MobileAccessDisabled, "mobile_access_disabled", False, False),
    (MissingScope, "missing_scope", False, False),
    (Forbidden, "forbidden", False, True),
    (AccountSuspended, "account_suspended", False, False),
    (PaymentRequired, "payment_required", False, False),
    (AccountLocked, "account_locked", False, False),
    (LegallyBlocked, "legally_blocked", False, False),
    (NotRegistered, "not_registered", False, False),
    (PublicKeyNotFetched, "public_key_not_fetched", False, True),
    (WrongRegion, "wrong_region", False, False),
    (NotFound, "not_found", False, False),
    (NoSuchInvoice, "no_such_invoice", False, False),
    (NotAvailable, "not_available", False, False),
    (SettingNotOffered, "setting_not_offered", False, False),
    (InService, "in_service", False, True),
    (UnsupportedVehicle, "unsupported_vehicle", False, False),
    (ActionUnknown, "action_unknown", False, False),
    (NoUnsignedForm, "no_unsigned_form", False, False),
    (VehicleUnavailable, "vehicle_unavailable", False, True),
    (VehicleBusy, "vehicle_busy", False, True),
    (WakeFailed, "wake_failed", False, True),
    (RateLimited, "rate_limited", False, True),
    (ProtocolRequired, "protocol_required", False, False),
    (ProtocolUnsupported, "protocol_unsupported", False, False),
    (KeyNotPaired, "key_not_paired", False, False),
    (CommandRefused, "command_refused", False, False),
    (InvalidCommand, "invalid_command", False, False),
    (NotSent, "not_sent", False, True),
    (BadRequest, "bad_request", False, False),
    (Unreachable, "unreachable", False, True),
    (AnswerLost, "answer_lost", True, True),
    (ServiceError, "service_error", True, True),
    (InvalidAnswer, "invalid_answer", True, True),
    (OutcomeUnknown, "outcome_unknown", True, False),
)

EXCEEDED = '{"error":"account disabled: EXCEEDED_LIMIT"}'
SIGN = '{"response":null,"error":"Tesla Vehicle Command Protocol required, please refer to …"}'
REGION = '{"response":null,"error":"user out of region, use base URL: https://fleet-api…"}'

# Status and body as Tesla sends them, and their meaning. The texts are Tesla's "Conventions" page
# and those that public clients have seen; the last lines are statuses without a meaning of ours.
ANSWERS = (
    (400, '{"error":"invalid_command"}', BadRequest),
    (401, "", LoginRequired),
    (401, '{"error":"token expired (401)"}', LoginRequired),
    (401, '{"error":"invalid bearer token"}', LoginRequired),
    (401, '{"error":"login_required"}', LoginRequired),
    (401, '{"error":"mobile_access_disabled"}', MobileAccessDisabled),
    (402, '{"error":"payment required"}', PaymentRequired),
    (403, EXCEEDED, AccountSuspended),
    (403, '{"error":"EXCEEDED_LIMIT"}', AccountSuspended),
    (403, SIGN, ProtocolRequired),
    (403, '{"error":"Unauthorized missing scopes"}', MissingScope),
    (403, '{"error":"invalid_scope"}', MissingScope),
    (403, '{"error":"location access not granted"}', MissingScope),
    (403, '{"error":"unsupported vehicle"}', UnsupportedVehicle),
    (403, "forbidden, see https://developer.tesla.com/docs/fleet-api", Forbidden),
    (404, '{"error":"not_found"}', NotFound),
    (405, '{"error":"vehicle is currently in service"}', InService),
    (405, '{"error":"invalid_method"}', NotAvailable),
    (406, '{"error":"not_a_JSON_request"}', BadRequest),
    (408, '{"error":"vehicle unavailable: vehicle is offline or asleep"}', VehicleUnavailable),
    (408, '{"error":"vehicle is asleep"}', VehicleUnavailable),
    (408, '{"error":"vehicle offline or asleep"}', VehicleUnavailable),
    (408, '{"error":"timed out; vehicle went offline"}', ServiceError),
    (408, "", ServiceError),
    (412, '{"error":"Account must be registered in the current region"}', NotRegistered),
    (421, REGION, WrongRegion),
    (422, '{"error":"invalid_resource"}', ProtocolUnsupported),
    (423, "", AccountLocked),
    (424, '{"error":"Public key download failed"}', PublicKeyNotFetched),
    (429, '{"error":"Retry in 30 seconds"}', RateLimited),
    (451, "", LegallyBlocked),
    (501, '{"error":"not_implemented"}', ActionUnknown),
    (302, "", ServiceError),
    (418, "", ServiceError),
    (499, "", ServiceError),
    (500, '{"error":"upstream internal error"}', ServiceError),
    (502, "<html>", ServiceError),
    (503, '{"error":"vehicle is not available"}', ServiceError),
    (504, "", ServiceError),
    (540, "", ServiceError),
)


def _family(error: type[TeslaError]) -> Iterator[type[TeslaError]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


@pytest.mark.parametrize(("error", "key", "may_have_acted", "is_temporary"), TREE)
def test_meanings_of_errors(
    error: type[TeslaError], key: str, *, may_have_acted: bool, is_temporary: bool
) -> None:
    raised = error()
    assert raised.translation_key == key
    assert isinstance(raised, Refused | Unreachable) is not may_have_acted
    assert raised.is_temporary is is_temporary


def test_the_table_knows_every_error() -> None:
    assert set(_family(TeslaError)) == {row[0] for row in TREE}
    keys = [row[1] for row in TREE]
    assert len(set(keys)) == len(keys)


def test_the_drawing_shows_every_error() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(row[0].__name__ for row in TREE[1:])


def test_every_error_has_a_text() -> None:
    path = Path(__file__).parents[2] / "custom_components/flotte/translations/en.json"
    texts = json.loads(path.read_text(encoding="utf-8"))["exceptions"]
    # Only leaves are raised: `TeslaError` and `Refused` are their common bases.
    assert {row[1] for row in TREE[2:]} <= set(texts)


@pytest.mark.parametrize(("status", "body", "error"), ANSWERS)
def test_meanings_of_answers(status: int, body: str, error: type[TeslaError]) -> None:
    assert error_class(status, body) is error


def test_case_of_the_text_does_not_matter() -> None:
    assert error_class(403, EXCEEDED.swapcase()) is AccountSuspended


@pytest.mark.parametrize("row", STATUS_TABLE, ids=lambda row: f"{row.status} {row.text}")
def test_every_row_of_the_status_table_is_tried(row: errors.StatusRow) -> None:
    assert row.text == row.text.lower(), "bodies are compared in lower case"
    assert any(
        status == row.status and row.text in body.lower() and error is row.error
        for status, body, error in ANSWERS
    )
    first = next(
        each for each in STATUS_TABLE if each.status == row.status and each.text in row.text
    )
    assert first is row, "an earlier row swallows it"


def test_an_error_contains_teslas_text() -> None:
    error = NotFound("404: not_found")
    assert str(error) == "404: not_found"
    assert error.placeholders == {"detail": "404: not_found"}
    assert str(NotFound()) == "not_found"


def test_rate_limited_has_the_wait() -> None:
    error = RateLimited("429", retry_after=timedelta(seconds=37.6))
    assert error.retry_after == timedelta(seconds=37.6)
    assert error.placeholders == {"detail": "429", "seconds": "38"}
    assert RateLimited().retry_after == timedelta(seconds=60)


def test_wrong_region_has_the_right_address() -> None:
    assert WrongRegion("421", base_url="https://x.example").base_url == "https://x.example"
    assert WrongRegion("421").base_url is None


def test_a_refusal_with_a_known_reason_has_its_own_text() -> None:
    assert CommandRefused("car_wash", reason="reason_car_wash").translation_key == "reason_car_wash"
    assert CommandRefused("something new").translation_key == "command_refused"
    assert VehicleBusy("BUSY", reason="fault_busy").translation_key == "fault_busy"
    assert KeyNotPaired(reason="fault_inactive_key").translation_key == "fault_inactive_key"
    assert KeyNotPaired().translation_key == "key_not_paired"


@pytest.mark.parametrize("later", [False, True])
def test_whether_a_refusal_passes_depends_on_its_reason(*, later: bool) -> None:
    assert CommandRefused("car_wash", is_temporary=later).is_temporary is later
    assert not CommandRefused("car_wash").is_temporary
    assert not CommandRefused.is_temporary, "said of one refusal, not of all"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "1"), (0.001, "1"), (0.5, "1"), (1, "1"), (1.4, "2"), (59.2, "60"), (60, "60"), (-3, "1")],
)
def test_a_wait_is_never_reported_too_short(seconds: float, told: str) -> None:
    error = RateLimited(retry_after=timedelta(seconds=seconds))
    assert error.placeholders["seconds"] == told

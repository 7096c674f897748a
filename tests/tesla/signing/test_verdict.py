"""What the domains' payloads mean; the bytes are made by hand from the field numbers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla.signing import (
    FAULTS,
    Domain,
    Handling,
    Outcome,
    Ran,
    Verdict,
    fault_of,
    interpret,
    of_reason,
)
from custom_components.flotte.tesla.signing import verdict as verdict_module

SECURITY = Domain.VEHICLE_SECURITY
INFOTAINMENT = Domain.INFOTAINMENT
# How long an example takes depends on what else the machine does, and is not what is tested.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def field(number: int, value: bytes | int) -> bytes:
    """One protobuf field: bytes with their length, or a small number."""
    kind = 0 if isinstance(value, int) else 2
    key = number << 3 | kind
    start = bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])
    return start + (bytes([value]) if isinstance(value, int) else bytes([len(value)]) + value)


def nominal_error(number: int) -> bytes:
    return field(46, field(1, number) if number else b"")


def command_status(status: int, sub: bytes = b"") -> bytes:
    return field(4, (field(1, status) if status else b"") + sub)


def refused_for(reason: bytes) -> bytes:
    return field(1, field(1, 1) + field(2, field(1, reason)))


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        (b"", Outcome.OK),
        (nominal_error(0), Outcome.OK),
        (nominal_error(1), Outcome.REFUSED),
        (nominal_error(3), Outcome.ALREADY),
        (nominal_error(5), Outcome.REFUSED),
        (nominal_error(99), Outcome.REFUSED),
        (command_status(0), Outcome.OK),
        (command_status(1), Outcome.WAIT),
        (command_status(2), Outcome.REFUSED),
        (command_status(9), Outcome.UNKNOWN),
        (field(1, b""), Outcome.OK),  # a status
        (field(16, b""), Outcome.OK),  # the key list
        (b"\xff", Outcome.UNKNOWN),
    ],
)
def test_vehicle_security(payload: bytes, outcome: Outcome) -> None:
    assert interpret(SECURITY, payload).outcome is outcome


@pytest.mark.parametrize(
    ("number", "key", "reason"),
    [
        (1, "refused_unknown", "UNKNOWN"),
        (2, "refused_closures_open", "CLOSURES_OPEN"),
        (4, "refused_disabled_for_user_command", "DISABLED_FOR_USER_COMMAND"),
        (5, "refused_vehicle_not_in_park", "VEHICLE_NOT_IN_PARK"),
        (6, "refused_unauthorized", "UNAUTHORIZED"),
        (7, "refused_not_allowed_over_transport", "NOT_ALLOWED_OVER_TRANSPORT"),
        (8, "refused_key_not_found", "KEY_NOT_FOUND"),
        (9, "refused_not_supported", "NOT_SUPPORTED"),
        (99, "refused_unknown", "genericError 99"),
    ],
)
def test_generic_error(number: int, key: str, reason: str) -> None:
    assert interpret(SECURITY, nominal_error(number)) == Verdict(Outcome.REFUSED, key, reason)


@pytest.mark.parametrize(
    ("number", "fault"),
    [(2, 3), (4, 6), (5, 6), (6, 5), (11, 3), (15, 15), (17, 17), (18, 18), (19, 19), (1, None)],
)
def test_older_error_channel_has_the_rows_of_the_faults(number: int, fault: int | None) -> None:
    verdict = interpret(SECURITY, command_status(2, field(2, field(2, number))))
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.fault is not None
    assert verdict.fault.number == fault
    assert verdict.translation_key == verdict.fault.translation_key
    assert verdict.reason


def test_unknown_number_of_the_older_error_channel() -> None:
    verdict = interpret(SECURITY, command_status(2, field(2, field(2, 99))))
    assert verdict.translation_key == "fault_signed_message_fault"
    assert verdict.reason == "signedMessageInformation 99"


def test_older_error_channel_says_that_nothing_ran() -> None:
    rows = verdict_module.SIGNED_MESSAGE_INFORMATION
    assert set(rows) == set(range(1, 20))
    assert all(fault.ran is Ran.NO for _, fault in rows.values())
    resyncs = {number for number, (_, row) in rows.items() if row.handling is Handling.RESYNC}
    assert resyncs == {4, 5, 6, 15, 17}


@pytest.mark.parametrize(
    ("number", "reason"),
    [(13, "ATTEMPTING_TO_ADD_KEY_THAT_IS_ALREADY_ON_THE_WHITELIST"), (99, "…Information 99")],
)
def test_refused_key_management(number: int, reason: str) -> None:
    verdict = interpret(SECURITY, command_status(2, field(3, field(1, number))))
    assert verdict.translation_key == "refused_key_management"
    assert verdict.reason == reason.replace("…", "whitelistOperation")


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        (b"", Outcome.OK),
        (b"\x0a\x00", Outcome.OK),
        (field(1, field(1, 1)), Outcome.REFUSED),
        (field(1, field(1, 2)), Outcome.UNKNOWN),
        (field(2, b""), Outcome.OK),  # data
        (refused_for(b"already_set"), Outcome.ALREADY),
        (refused_for(b"car_wash"), Outcome.REFUSED),
        (b"\x0a\x05", Outcome.UNKNOWN),
    ],
)
def test_infotainment(payload: bytes, outcome: Outcome) -> None:
    assert interpret(INFOTAINMENT, payload).outcome is outcome


@pytest.mark.parametrize(
    "text",
    [
        "already_set",
        "already_standard",
        "already_started",
        "is_charging",
        "requested",
        "not_charging",
        "already closed",
        "Already Closed ",
        "already off",
        "valet mode already off",
    ],
)
def test_wished_state_reached_before_is_a_success(text: str) -> None:
    assert of_reason(text) == Verdict(Outcome.ALREADY, reason=text.strip())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "refused_unknown"),
        ("  ", "refused_unknown"),
        ("disconnected", "reason_disconnected"),
        ("cable connected", "reason_cable_connected"),
        ("complete", "reason_complete"),
        (
            "cabin comfort remote settings not enabled",
            "reason_cabin_comfort_remote_settings_not_enabled",
        ),
        ("something_new", "reason_other"),
    ],
)
def test_reason_of_a_refusal(text: str, key: str) -> None:
    verdict = of_reason(text)
    assert (verdict.outcome, verdict.translation_key) == (Outcome.REFUSED, key)
    assert verdict.reason == (text.strip() or "UNKNOWN")


def test_long_reason_is_cut() -> None:
    assert len(of_reason("x" * 10_000).reason) == 100


@UNHURRIED
@given(st.sampled_from(list(Domain)), st.binary(max_size=60))
def test_any_payload_gives_a_verdict(domain: Domain, payload: bytes) -> None:
    assert isinstance(interpret(domain, payload), Verdict)


# -- the table of faults ---------------------------------------------------------------------------


def test_every_number_has_a_row_and_a_text() -> None:
    assert set(FAULTS) == set(range(1, 30))
    assert all(number == row.number for number, row in FAULTS.items())
    assert len({row.translation_key for row in FAULTS.values()}) == len(FAULTS)
    assert FAULTS[3].translation_key == "fault_unknown_key_id"


def test_what_may_have_run() -> None:
    assert {number for number, row in FAULTS.items() if row.ran is Ran.MAYBE} == {2, 25}


def test_what_is_tried_again() -> None:
    by_handling = {
        handling: {number for number, row in FAULTS.items() if row.handling is handling}
        for handling in Handling
    }
    assert by_handling[Handling.RESYNC] == {5, 6, 15, 17, 20, 26}
    assert by_handling[Handling.RETRY] == {1, 2, 11, 28}
    assert all(
        row.retries == row.retries_unrepeatable == 0
        for row in FAULTS.values()
        if row.handling is Handling.FATAL
    )
    # What may have run is never signed again if it must not run twice.
    assert all(row.retries_unrepeatable == 0 for row in FAULTS.values() if row.ran is Ran.MAYBE)


@pytest.mark.parametrize("number", [30, 4711, -1])
def test_unknown_fault_is_fatal_and_may_have_run(number: int) -> None:
    row = fault_of(number)
    assert (row.number, row.name, row.ran) == (number, "UNKNOWN", Ran.MAYBE)
    assert row.handling is Handling.FATAL
    assert row.translation_key == "fault_unknown"

"""Meanings of the domains' payloads; the bytes are written by hand from the field numbers."""

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
# The duration of an example depends on the load of the machine, and is not tested here.
UNHURRIED = settings(suppress_health_check=[HealthCheck.too_slow])


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


def older_channel(number: int) -> bytes:
    return command_status(2, field(2, field(2, number)))


def refused_for(reason: bytes) -> bytes:
    return field(1, field(1, 1) + field(2, field(1, reason)))


@pytest.mark.parametrize(
    ("payload", "outcome"),
    [
        (b"", Outcome.OK),
        (nominal_error(0), Outcome.REFUSED),
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
    ("number", "key", "reason", "later"),
    [
        (1, "refused_unknown", "UNKNOWN", True),
        (2, "refused_closures_open", "CLOSURES_OPEN", True),
        (4, "refused_disabled_for_user_command", "DISABLED_FOR_USER_COMMAND", True),
        (5, "refused_vehicle_not_in_park", "VEHICLE_NOT_IN_PARK", True),
        (6, "refused_unauthorized", "UNAUTHORIZED", False),
        (7, "refused_not_allowed_over_transport", "NOT_ALLOWED_OVER_TRANSPORT", False),
        (8, "refused_key_not_found", "KEY_NOT_FOUND", False),
        (9, "refused_not_supported", "NOT_SUPPORTED", False),
        (99, "refused_other", "genericError 99", False),
    ],
)
def test_generic_error(number: int, key: str, reason: str, *, later: bool) -> None:
    wanted = Verdict(Outcome.REFUSED, key, reason, is_temporary=later)
    assert interpret(SECURITY, nominal_error(number)) == wanted


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (2, 3),
        (4, 6),
        (5, 6),
        (6, 5),
        (11, 3),
        (15, 15),
        (16, 16),
        (17, 17),
        (18, 18),
        (19, 19),
    ],
)
def test_older_error_channel_has_the_rows_of_the_faults(number: int, fault: int) -> None:
    verdict = interpret(SECURITY, older_channel(number))
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.fault is FAULTS[fault]
    assert verdict.translation_key == verdict.fault.translation_key
    assert verdict.reason


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (1, "fault_signed_message_fault"),
        (3, "fault_iv_smaller_than_expected"),
        (7, "fault_ecdsa_input"),
        (8, "fault_ecdsa_signature"),
        (9, "fault_local_entity_start"),
        (10, "fault_local_entity_result"),
        (12, "fault_could_not_retrieve_token"),
        (13, "fault_signature_too_short"),
        (14, "fault_token_is_incorrect_length"),
    ],
)
def test_older_error_channel_has_rows_of_its_own(number: int, key: str) -> None:
    verdict = interpret(SECURITY, older_channel(number))
    assert verdict.fault is not None
    assert verdict.fault.translation_key == verdict.translation_key == key
    assert (verdict.fault.ran, verdict.fault.handling) == (Ran.NO, Handling.FATAL)


def test_unknown_number_of_the_older_error_channel() -> None:
    """As with unknown faults, it is not certain that nothing ran."""
    verdict = interpret(SECURITY, older_channel(99))
    assert verdict.translation_key == "fault_unknown"
    assert verdict.reason == "signedMessageInformation 99"
    assert verdict.fault is not None
    assert (verdict.fault.ran, verdict.fault.handling) == (Ran.MAYBE, Handling.FATAL)


def test_older_error_channel_reports_that_nothing_ran() -> None:
    rows = dict(verdict_module.SIGNED_MESSAGE_INFORMATION)
    assert set(rows) == set(range(20))
    assert rows.pop(0)[1].ran is Ran.MAYBE, "not an error of this kind"
    assert all(fault.ran is Ran.NO for _, fault in rows.values())
    resyncs = {number for number, (_, row) in rows.items() if row.handling is Handling.RESYNC}
    assert resyncs == {4, 5, 6, 15, 17}


@pytest.mark.parametrize(
    "payload",
    [
        bytes.fromhex("f20200"),
        nominal_error(0),
        field(46, field(1, 0)),
        # A missing status reads as OK, but an error is named.
        command_status(0, field(2, field(2, 17))),
        command_status(0, field(3, field(1, 5))),
        command_status(2),
        command_status(2, field(2, b"")),
        command_status(2, field(3, b"")),
        command_status(2, field(3, field(1, 0))),
    ],
    ids=[
        "an empty refusal",
        "the same",
        "refusal 0",
        "OK and a fault",
        "OK and a reason",
        "nothing",
        "no fault",
        "no information",
        "information 0",
    ],
)
def test_error_without_a_reason_may_have_run(payload: bytes) -> None:
    """It failed, but maybe after it had an effect."""
    verdict = interpret(SECURITY, payload)
    assert verdict.outcome is Outcome.REFUSED
    assert verdict.fault is not None
    assert (verdict.fault.ran, verdict.fault.handling) == (Ran.MAYBE, Handling.FATAL)
    assert verdict.translation_key == "fault_operation_error"


# Number, beginning of Tesla's name, whether trying later is sensible.
KEYS = (
    (1, "UNDOCUMENTED_ERROR", True),
    (2, "NO_PERMISSION_TO_REMOVE_ONESELF", False),
    (3, "KEYFOB_SLOTS_FULL", False),
    (4, "WHITELIST_FULL", False),
    (5, "NO_PERMISSION_TO_ADD", False),
    (6, "INVALID_PUBLIC_KEY", False),
    (7, "NO_PERMISSION_TO_REMOVE", False),
    (8, "NO_PERMISSION_TO_CHANGE_PERMISSIONS", False),
    (9, "ATTEMPTING_TO_ELEVATE_OTHER_ABOVE_ONESELF", False),
    (10, "ATTEMPTING_TO_DEMOTE_SUPERIOR_TO_ONESELF", False),
    (11, "ATTEMPTING_TO_REMOVE_OWN_PERMISSIONS", False),
    (12, "PUBLIC_KEY_NOT_ON_WHITELIST", False),
    (13, "ATTEMPTING_TO_ADD_KEY_THAT_IS_ALREADY_ON_THE_WHITELIST", False),
    (14, "NOT_ALLOWED_TO_ADD_UNLESS_ON_READER", True),
    (15, "FM_MODIFYING_OUTSIDE_OF_F_MODE", False),
    (16, "FM_ATTEMPTING_TO_ADD_PERMANENT_KEY", False),
    (17, "FM_ATTEMPTING_TO_REMOVE_PERMANENT_KEY", False),
    (18, "KEYCHAIN_WHILE_FS_FULL", False),
    (19, "ATTEMPTING_TO_ADD_KEY_WITHOUT_ROLE", False),
    (20, "ATTEMPTING_TO_ADD_KEY_WITH_SERVICE_ROLE", False),
    (21, "NON_SERVICE_KEY_ATTEMPTING_TO_ADD_SERVICE_TECH", False),
    (22, "SERVICE_KEY_ATTEMPTING_TO_ADD_SERVICE_TECH_OUTSIDE_SERVICE_MODE", False),
    (23, "COULD_NOT_START_LOCAL_ENTITY_AUTH", True),
    (24, "LOCAL_ENTITY_AUTH_FAILED_UI_DENIED", False),
    (25, "LOCAL_ENTITY_AUTH_FAILED_TIMED_OUT_WAITING_FOR_TAP", True),
    (26, "LOCAL_ENTITY_AUTH_FAILED_TIMED_OUT_WAITING_FOR_UI_ACK", True),
    (27, "LOCAL_ENTITY_AUTH_FAILED_VALET_MODE", True),
    (28, "LOCAL_ENTITY_AUTH_FAILED_CANCELLED", True),
    (29, "NON_SERVICE_KEY_ATTEMPTING_TO_ADD_RIDER_KEY", False),
    (30, "ATTEMPTING_TO_ADD_RIDER_KEY_OUTSIDE_FLEET_MODE", False),
    (31, "NON_SERVICE_KEY_ATTEMPTING_TO_ADD_PREDELIVERY_KEY", False),
    (32, "SERVICE_KEY_ATTEMPTING_TO_ADD_PREDELIVERY_KEY_WHEN_ALREADY_DELIVERED", False),
)


@pytest.mark.parametrize(("number", "name", "later"), KEYS)
def test_refused_key_management(number: int, name: str, *, later: bool) -> None:
    verdict = interpret(SECURITY, command_status(2, field(3, field(1, number))))
    key = "refused_key_management"
    assert verdict == Verdict(Outcome.REFUSED, key, name, is_temporary=later)


def test_every_refusal_of_key_management_is_tried() -> None:
    assert set(verdict_module.KEY_MANAGEMENT) == {0, *(number for number, _, _ in KEYS)}


@pytest.mark.parametrize("number", [33, 99])
def test_unknown_refusal_of_key_management(number: int) -> None:
    verdict = interpret(SECURITY, command_status(2, field(3, field(1, number))))
    reason = f"whitelistOperationInformation {number}"
    assert verdict == Verdict(Outcome.REFUSED, "refused_key_management", reason)


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
        "already closed",
        "Already Closed ",
        "already off",
        "already of a kind that newer firmware invented",
        "valet mode already off",
    ],
)
def test_requested_state_reached_before_is_a_success(text: str) -> None:
    assert of_reason(text) == Verdict(Outcome.ALREADY, reason=text.strip())


@pytest.mark.parametrize("text", ["is_charging", "requested", "Not Charging"])
def test_partial_success_has_a_text(text: str) -> None:
    key = f"reason_{text.lower().replace(' ', '_')}"
    assert of_reason(text) == Verdict(Outcome.ALREADY, key, text)


@pytest.mark.parametrize(
    ("text", "key", "later"),
    [
        ("", "refused_unknown", True),
        ("  ", "refused_unknown", True),
        ("complete", "reason_complete", False),
        ("disconnected", "reason_disconnected", True),
        ("no_power", "reason_no_power", True),
        ("cable connected", "reason_cable_connected", True),
        ("car_wash", "reason_car_wash", True),
        ("not allowed", "reason_not_allowed", True),
        ("not_supported", "reason_not_supported", False),
        ("parental_controls_active", "reason_parental_controls_active", True),
        ("speed_limit_mode_active", "reason_speed_limit_mode_active", True),
        ("low_power_mode_enforced", "reason_low_power_mode_enforced", True),
        (
            "cabin comfort remote settings not enabled",
            "reason_cabin_comfort_remote_settings_not_enabled",
            True,
        ),
        ("unsigned_cmds_hardlocked", "reason_unsigned_cmds_hardlocked", False),
        ("something_new", "reason_other", False),
    ],
)
def test_reason_of_a_refusal(text: str, key: str, *, later: bool) -> None:
    verdict = of_reason(text)
    assert (verdict.outcome, verdict.translation_key) == (Outcome.REFUSED, key)
    assert verdict.reason == (text.strip() or "UNKNOWN")
    assert verdict.is_temporary is later


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


def test_outcomes_of_commands_that_may_have_run() -> None:
    assert {number for number, row in FAULTS.items() if row.ran is Ran.MAYBE} == {2, 25}


def test_outcomes_that_are_retried() -> None:
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
    # A command that may have run is never signed again if it must not run twice.
    assert all(row.retries_unrepeatable == 0 for row in FAULTS.values() if row.ran is Ran.MAYBE)


@pytest.mark.parametrize("number", sorted(FAULTS))
def test_trying_later_is_sensible_where_it_was_tried_again(number: int) -> None:
    assert FAULTS[number].is_temporary is (number in {1, 2, 5, 6, 11, 15, 17, 20, 26, 28})


@pytest.mark.parametrize("number", [30, 4711, -1])
def test_unknown_fault_is_fatal_and_may_have_run(number: int) -> None:
    row = fault_of(number)
    assert (row.number, row.name, row.ran) == (number, "UNKNOWN", Ran.MAYBE)
    assert row.handling is Handling.FATAL
    assert row.translation_key == "fault_unknown"

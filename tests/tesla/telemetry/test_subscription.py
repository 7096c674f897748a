"""The fields that a vehicle is configured to push: plans, configurations, and Tesla's answers."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.signals import VEHICLE_SIGNALS
from custom_components.flotte.tesla.signing import ClientKey
from custom_components.flotte.tesla.signing.jws import sign
from custom_components.flotte.tesla.state import Signal
from custom_components.flotte.tesla.telemetry.answers import (
    ClientError,
    Configured,
    SkipReason,
    VehicleConfiguration,
    read_client_errors,
    read_configuration,
    read_configured,
    unknown_fields,
)
from custom_components.flotte.tesla.telemetry.configuration import (
    ALERT_TYPES,
    LIFETIME,
    RENEWAL,
    configuration,
    differs,
    due_for_renewal,
    expiry_of,
)
from custom_components.flotte.tesla.telemetry.firmware import release
from custom_components.flotte.tesla.telemetry.profiles import FieldRule, Profile
from custom_components.flotte.tesla.telemetry.remedies import Remedy, remedy_for
from custom_components.flotte.tesla.telemetry.stream_plan import (
    LOCATION_FIELDS,
    can_stream,
    plan,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
ALL = frozenset({"vehicle_device_data", "vehicle_location"})


def signal(name: str, **more: Any) -> Signal[Any]:
    return Signal(name, str, **more)


SOC = signal("Soc")
GEAR = signal("Gear")
LOCATION = signal("Location", scope="vehicle_location")

# --- The plan ------------------------------------------------------------------------------------


def test_a_plan_has_a_rule_for_each_field_in_order() -> None:
    wanted = [
        signal("TpmsPressureFl"),
        signal("DoorState.DriverFront"),
        signal("DoorState.TrunkRear"),
        SOC,
        signal("Online", streamed=False),
        LOCATION,
    ]
    made = plan(wanted, Profile.TUNED, scopes=ALL)
    assert list(made.items()) == [
        ("DoorState", FieldRule(1, None, 3600)),
        ("Location", FieldRule(10, 10)),
        ("Soc", FieldRule(60, 0.25)),
        ("TpmsPressureFl", FieldRule(300, 0.05)),
    ]
    assert list(plan(reversed(wanted), Profile.TUNED, scopes=ALL).items()) == list(made.items())


def test_profiles_differ() -> None:
    assert [plan([SOC], profile, scopes=ALL)["Soc"] for profile in Profile] == [
        FieldRule(30, 0.1),
        FieldRule(60, 0.25),
        FieldRule(300, 0.5),
    ]


def test_without_signals_nothing_is_streamed() -> None:
    assert plan([], Profile.LIVE, scopes=ALL) == {}


@pytest.mark.parametrize(
    "field",
    [
        "Location",
        "OriginLocation",
        "DestinationLocation",
        "DestinationName",
        "RouteLine",
        "GpsState",
        "GpsHeading",
    ],
)
def test_positions_always_need_their_scope(field: str) -> None:
    assert plan([signal(field)], Profile.TUNED, scopes={"vehicle_device_data"}) == {}
    assert list(plan([signal(field)], Profile.TUNED, scopes=ALL)) == [field]
    assert field in LOCATION_FIELDS
    assert len(LOCATION_FIELDS) == 7


def test_the_scope_of_a_signal_counts() -> None:
    wanted = [signal("Soc", scope="vehicle_secrets")]
    assert plan(wanted, Profile.TUNED, scopes=ALL) == {}
    assert plan(wanted, Profile.TUNED, scopes=ALL | {"vehicle_secrets"}) != {}


@pytest.mark.parametrize(
    ("firmware", "told"),
    [
        (None, True),
        ("unreadable", True),
        ("2024.26.4", False),
        ("2024.44.25", False),
        ("2024.44.32", True),
        ("2024.44.32.5 abcdef", True),
        ("2024.9.100", False),
        ("2025.2", True),
    ],
)
def test_fields_of_later_firmware_are_left_out(firmware: str | None, *, told: bool) -> None:
    wanted = [signal("ChargerVoltage", firmware="2024.44.32"), SOC]
    made = plan(wanted, Profile.TUNED, scopes=ALL, firmware=firmware)
    assert ("ChargerVoltage" in made) is told


def test_a_field_without_a_known_first_firmware_is_configured() -> None:
    wanted = [signal("GpsAccuracyMeters", firmware=None)]
    assert plan(wanted, Profile.TUNED, scopes=ALL, firmware="2024.26") != {}


@pytest.mark.parametrize("semi", [True, False])
def test_fields_of_lorries(*, semi: bool) -> None:
    wanted = [signal("SemitruckTractorParkBrakeStatus", semi=True)]
    assert bool(plan(wanted, Profile.TUNED, scopes=ALL, semi=semi)) is semi


def test_the_owners_own_rules_count_before_the_profile_and_are_never_slowed() -> None:
    made = plan(
        [SOC, GEAR],
        Profile.TUNED,
        overrides={
            "Soc": FieldRule(5, 0.01, 600),
            "Gear": FieldRule(30, 2),
            "Odometer": FieldRule(1),
        },
        slowed={"Soc": 3, "Gear": 3},
        scopes=ALL,
    )
    # No delta for words: Tesla accepts it for numbers only.
    assert made == {"Gear": FieldRule(30), "Soc": FieldRule(5, 0.01, 600)}


def test_expensive_fields_are_slowed() -> None:
    made = plan([SOC, GEAR], Profile.TUNED, slowed={"Soc": 1, "Odometer": 3}, scopes=ALL)
    assert made == {"Gear": FieldRule(1), "Soc": FieldRule(120, 0.5)}


def test_fields_that_tesla_refused_are_left_out() -> None:
    assert list(plan([SOC, GEAR], Profile.TUNED, without={"Soc", "Odometer"}, scopes=ALL)) == [
        "Gear"
    ]


@pytest.mark.parametrize(
    ("detail", "names"),
    [
        ("400: Unknown field AccessoryRail", {"AccessoryRail"}),
        ("400: unknown field: 'A'; Unknown field B.", {"A", "B"}),
        ("400: invalid_field", set()),
        ("400: Unknown field ", set()),
        ("", set()),
    ],
)
def test_which_fields_tesla_does_not_know(detail: str, names: set[str]) -> None:
    assert unknown_fields(detail) == names


def test_a_field_that_tesla_refuses_without_a_delta_gets_one() -> None:
    wanted = [signal("SelfDrivingMilesSinceReset")]
    made = plan(
        wanted, Profile.TUNED, overrides={"SelfDrivingMilesSinceReset": FieldRule(60)}, scopes=ALL
    )
    assert made == {"SelfDrivingMilesSinceReset": FieldRule(60, 1)}


@pytest.mark.parametrize("profile", Profile)
def test_a_plan_of_every_signal_there_is(profile: Profile) -> None:
    made = plan(VEHICLE_SIGNALS, profile, scopes=ALL, semi=True)
    assert set(made) == {each.field for each in VEHICLE_SIGNALS if each.streamed}
    assert list(made) == sorted(made)
    configured = configuration(made, hostname="h", port=1, ca="", expires=NOW + LIFETIME)
    assert json.loads(json.dumps(configured)) == configured


@given(
    signals=st.lists(st.sampled_from(VEHICLE_SIGNALS), max_size=30),
    profile=st.sampled_from(Profile),
    scopes=st.sets(st.sampled_from(sorted(ALL))),
    firmware=st.sampled_from([None, "2024.26", "2024.44.32", "2026.8.3 abc"]),
    semi=st.booleans(),
)
def test_the_plan_contains_only_requested_signals(
    *,
    signals: list[Signal[Any]],
    profile: Profile,
    scopes: set[str],
    firmware: str | None,
    semi: bool,
) -> None:
    made = plan(signals, profile, scopes=scopes, firmware=firmware, semi=semi)
    assert set(made) <= {each.field for each in signals if each.streamed}
    assert "vehicle_location" in scopes or not set(made) & LOCATION_FIELDS
    again = [*signals[::-1], *signals]
    assert made == plan(again, profile, scopes=scopes, firmware=firmware, semi=semi)


@pytest.mark.parametrize(
    ("firmware", "numbers"),
    [
        ("2024.26", (2024, 26)),
        ("2024.44.32.5", (2024, 44, 32, 5)),
        ("2026.32.1 0123abcd", (2026, 32, 1)),
        (" 2025.2.6", (2025, 2, 6)),
        (None, None),
        ("", None),
        ("develop", None),
        ("2024", None),
        ("2024.", None),
        ("24.26", None),
        ("2024.26.", None),
    ],
)
def test_release(firmware: str | None, numbers: tuple[int, ...] | None) -> None:
    assert release(firmware) == numbers


# --- Which cars can ------------------------------------------------------------------------------

CAN: dict[str, Any] = {
    "firmware_version": "2026.8.3",
    "fleet_telemetry_version": "1.2.0",
    "vehicle_command_protocol_required": True,
    "safety_screen_streaming_toggle_enabled": None,
}
OLD = {"vehicle_command_protocol_required": False}


@pytest.mark.parametrize(
    ("changes", "can"),
    [
        ({}, True),
        ({"firmware_version": "2024.26"}, True),
        ({"firmware_version": "2024.14.30"}, False),
        ({"firmware_version": None}, True),
        ({"firmware_version": 7}, True),
        ({"fleet_telemetry_version": None}, False),
        ({"fleet_telemetry_version": None, "firmware_version": None}, False),
        ({"fleet_telemetry_version": ""}, None),
        ({"fleet_telemetry_version": "unknown"}, None),
        ({"fleet_telemetry_version": 1}, None),
        # A business car needs no signed commands, and has no switch.
        ({**OLD, "firmware_version": "2024.44.1"}, True),
        # Model S and X with an Intel Atom.
        ({**OLD, "safety_screen_streaming_toggle_enabled": True}, True),
        ({**OLD, "safety_screen_streaming_toggle_enabled": False}, False),
        (
            {
                **OLD,
                "safety_screen_streaming_toggle_enabled": True,
                "firmware_version": "2025.14.3",
            },
            False,
        ),
        # A newer car's value of a switch that it does not have is no answer.
        ({"safety_screen_streaming_toggle_enabled": False}, True),
    ],
)
def test_which_cars_can_stream(changes: dict[str, Any], *, can: bool | None) -> None:
    assert can_stream({**CAN, **changes}) is can


@pytest.mark.parametrize(
    ("info", "can"),
    [
        ({}, None),
        ({"firmware_version": "2026.8.3"}, None),
        ({"firmware_version": "2023.44.30"}, False),
    ],
)
def test_ability_to_stream_may_be_unknown(info: dict[str, Any], *, can: bool | None) -> None:
    assert can_stream(info) is can


# --- The configuration ---------------------------------------------------------------------------

CA = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
PLAN = {
    "Soc": FieldRule(60, 0.5),
    "Location": FieldRule(10, 100.0),
    "Gear": FieldRule(1, None, 3600),
}


def wanted() -> dict[str, Any]:
    return configuration(
        PLAN,
        hostname="telemetry.example.com",
        port=4443,
        ca=CA,
        expires=datetime(2030, 3, 17, 17, 46, 40, 999_999, UTC),
    )


def test_configuration() -> None:
    assert wanted() == {
        "hostname": "telemetry.example.com",
        "port": 4443,
        "ca": CA,
        "fields": {
            "Gear": {"interval_seconds": 1, "resend_interval_seconds": 3600},
            "Location": {"interval_seconds": 10, "minimum_delta": 100},
            "Soc": {"interval_seconds": 60, "minimum_delta": 0.5},
        },
        "alert_types": ["customer", "service"],
        "delivery_policy": "latest",
        "exp": 1_900_000_000,
    }
    assert '"minimum_delta": 100}' in json.dumps(wanted()), "a whole number, not 100.0"
    assert ALERT_TYPES == ("customer", "service")


def test_a_configuration_without_alerts() -> None:
    made = configuration({}, hostname="h", port=1, ca="", expires=NOW, alert_types=())
    assert "alert_types" not in made
    assert made["fields"] == {}


def test_a_configuration_can_be_signed() -> None:
    key = ClientKey(ec.derive_private_key(7, ec.SECP256R1()))
    claims = sign(wanted(), key).split(".")[1]
    told = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert {name: told[name] for name in wanted()} == wanted()
    assert not differs(wanted(), told), "issuer and audience make no difference"


SAME: list[dict[str, Any]] = [
    {"exp": 1},
    {"exp": None},
    {"iss": "someone", "aud": "com.tesla.fleet.TelemetryClient"},
    {"prefer_typed": True},
    {"hostname": "Telemetry.Example.com "},
    {"port": "4443"},
    {"port": 4443.0},
    {"ca": CA.strip().replace("\n", "\r\n")},
    {"alert_types": ["service", "customer", "service"]},
    {
        "fields": {
            "Soc": {"interval_seconds": 60.0, "minimum_delta": "0.5"},
            "Location": {"minimum_delta": 100.0, "interval_seconds": 10},
            "Gear": {
                "interval_seconds": 1,
                "minimum_delta": 0,
                "resend_interval_seconds": 3600,
                "include_fields": None,
            },
        }
    },
]

OTHER: list[dict[str, Any]] = [
    {"hostname": "other.example.com"},
    {"port": 443},
    {"port": None},
    {"ca": CA + CA},
    {"alert_types": ["service"]},
    {"delivery_policy": "oldest"},
    {"fields": {}},
    {"fields": None},
    {"fields": [1]},
    {"fields": {**wanted()["fields"], "Odometer": {"interval_seconds": 60}}},
    {"fields": {**wanted()["fields"], "Soc": {"interval_seconds": 61, "minimum_delta": 0.5}}},
    {"fields": {**wanted()["fields"], "Soc": {"interval_seconds": 60, "minimum_delta": 0.25}}},
    {"fields": {**wanted()["fields"], "Soc": {"interval_seconds": 60}}},
    {"fields": {**wanted()["fields"], "Gear": {"interval_seconds": 1}}},
    {"fields": {**wanted()["fields"], "Gear": None}},
    {"fields": {"Soc": {"interval_seconds": 60, "minimum_delta": 0.5}}},
]


@pytest.mark.parametrize("changes", SAME)
def test_equivalent_configurations(changes: dict[str, Any]) -> None:
    known = {**wanted(), **changes}
    assert not differs(wanted(), known)


@pytest.mark.parametrize("changes", OTHER)
def test_different_configurations(changes: dict[str, Any]) -> None:
    known = {**wanted(), **changes}
    assert differs(wanted(), known)


@pytest.mark.parametrize("left_out", ["ca", "delivery_policy", "alert_types"])
def test_members_that_tesla_does_not_return_are_ignored(left_out: str) -> None:
    known = wanted()
    del known[left_out]
    assert not differs(wanted(), known)
    assert not differs(wanted(), {**known, left_out: None})


def test_no_configuration_differs_from_any() -> None:
    assert differs(wanted(), None)
    assert differs(wanted(), {})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["hostname", "port", "ca", "fields", "alert_types", "exp"]), json_values
    )
)
def test_a_configuration_of_any_shape_can_be_compared(known: dict[str, Any]) -> None:
    assert differs(wanted(), known) or not differs(wanted(), {**wanted(), **known})
    expiry_of(known)
    read_configuration({"config": known, "synced": True}, wanted())


# --- Expiry --------------------------------------------------------------------------------------


def test_lifetimes() -> None:
    assert timedelta(days=60) == LIFETIME
    assert timedelta(days=30) == RENEWAL


@pytest.mark.parametrize(
    ("left", "due"),
    [
        (timedelta(days=60), False),
        (timedelta(days=30, seconds=1), False),
        (timedelta(days=30), True),
        (timedelta(), True),
        (timedelta(days=-400), True),
    ],
)
def test_renewal(left: timedelta, *, due: bool) -> None:
    assert due_for_renewal(NOW + left, NOW) is due


def test_a_configuration_without_an_end_is_never_renewed() -> None:
    assert not due_for_renewal(None, NOW)


@pytest.mark.parametrize(
    ("exp", "ends"),
    [
        (1_900_000_000, datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)),
        ("1900000000", datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)),
        (1_900_000_000_000, datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)),
        ("2030-03-17T17:46:40Z", datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)),
        (None, None),
        (0, None),
        (-1, None),
        (True, None),
        ("soon", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (1e300, None),
        ({}, None),
    ],
)
def test_when_a_configuration_ends(exp: object, ends: datetime | None) -> None:
    assert expiry_of({"exp": exp}) == ends


def test_a_configuration_has_an_end() -> None:
    assert expiry_of(wanted()) == datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)


# --- Tesla's answer to a configuration -----------------------------------------------------------

MISSING, HARDWARE, FIRMWARE, FULL, OTHERWISE = SkipReason


@pytest.mark.parametrize(
    ("answer", "updated", "skipped"),
    [
        ({"updated_vehicles": 2}, 2, {}),
        ({"updated_vehicles": 1, "skipped_vehicles": None}, 1, {}),
        (
            {
                "updated_vehicles": 0,
                "skipped_vehicles": {
                    "missing_key": ["A"],
                    "unsupported_hardware": ["B", "C"],
                    "unsupported_firmware": [],
                    "max_configs": ["D"],
                },
            },
            0,
            {"A": MISSING, "B": HARDWARE, "C": HARDWARE, "D": FULL},
        ),
        ({"skipped_vehicles": {"unsupported_firmware": ["A"]}}, 0, {"A": FIRMWARE}),
        ({"skipped_vehicles": {"out_of_mood": ["A"]}}, 0, {"A": OTHERWISE}),
        ({"skipped_vehicles": {"missing_key": "A"}}, 0, {"A": MISSING}),
        (
            {"skipped_vehicles": [{"vin": "A", "reason": "missing_key"}, {"vin": "B"}]},
            0,
            {"A": MISSING, "B": OTHERWISE},
        ),
        ({"skipped_vehicles": ["A"]}, 0, {"A": OTHERWISE}),
        ({"skipped_vehicles": [7, None, {}, {"vin": 7}, [], ""]}, 0, {}),
        ({"skipped_vehicles": {"missing_key": [7, None, ""], "x": 7}}, 0, {}),
        ({"skipped_vehicles": "none"}, 0, {}),
        ({"updated_vehicles": "1"}, 1, {}),
        ({"updated_vehicles": -1}, 0, {}),
        ({"updated_vehicles": True}, 0, {}),
        ({"updated_vehicles": float("inf")}, 0, {}),
        ({}, 0, {}),
    ],
)
def test_states_of_a_configuration(
    answer: dict[str, Any], updated: int, skipped: dict[str, SkipReason]
) -> None:
    assert read_configured(answer) == Configured(updated, skipped)


# --- Tesla's answer about a configuration --------------------------------------------------------


def known(**changes: Any) -> VehicleConfiguration:
    return VehicleConfiguration(
        **{
            "synced": True,
            "exists": True,
            "matches": True,
            "expires": datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC),
            "limit_reached": False,
            "key_paired": True,
            **changes,
        }
    )


NOTHING: dict[str, Any] = {"exists": False, "matches": False, "expires": None}
UNTOLD: dict[str, Any] = {"exists": None, "matches": None, "expires": None}


@pytest.mark.parametrize(
    ("changes", "read"),
    [
        ({}, known()),
        ({"synced": False, "update_available": False}, known(synced=False)),
        ({"limit_reached": True}, known(limit_reached=True)),
        ({"key_paired": False}, known(key_paired=False)),
        ({"config": None}, known(**NOTHING)),
        ({"config": {**wanted(), "port": 1}}, known(matches=False)),
        ({"config": {**wanted(), "exp": None}}, known(expires=None)),
        ({"config": "text"}, known(**UNTOLD)),
        ({"synced": "yes", "key_paired": 1}, known(synced=None, key_paired=None)),
    ],
)
def test_how_a_car_is_configured(changes: dict[str, Any], read: VehicleConfiguration) -> None:
    answer = {
        "synced": True,
        "config": wanted(),
        "limit_reached": False,
        "key_paired": True,
        **changes,
    }
    assert read_configuration(answer, wanted()) == read


def test_an_empty_answer_is_ignored() -> None:
    assert read_configuration({}, wanted()) == known(**UNTOLD, synced=None, key_paired=None)


def test_without_a_subscription_nothing_is_compared() -> None:
    answer = {"synced": True, "config": wanted(), "key_paired": True}
    assert read_configuration(answer) == known(matches=None)


@pytest.mark.parametrize(
    ("read", "full"),
    [
        (known(), False),
        (known(synced=False), False),
        (known(**NOTHING), True),
        (known(**NOTHING, synced=False), False),
        (known(**UNTOLD), False),
        (known(limit_reached=True), True),
    ],
)
def test_whether_the_car_had_no_place(read: VehicleConfiguration, *, full: bool) -> None:
    assert read.is_full is full


# --- Errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "error", "remedy"),
    [
        ("config_manager_error", "InvalidSignature: unknown issuer", Remedy.SIGNATURE),
        ("config_manager_error", "unknown issuer", Remedy.SIGNATURE),
        ("", "remote error: tls: bad certificate", Remedy.CERTIFICATE),
        ("tls", "x509: certificate signed by unknown authority", Remedy.CERTIFICATE),
        ("tls", "invalid peer certificate: UnknownIssuer", Remedy.CERTIFICATE),
        ("tls", "certificate verify failed: unable to get local issuer", Remedy.CERTIFICATE),
        ("tls", "x509: certificate is valid for a.example, not b.example", Remedy.HOST_NAME),
        ("tls", "invalid peer certificate: NotValidForName", Remedy.HOST_NAME),
        ("tls", "x509: 10.0.0.1 doesn't contain any IP SANs", Remedy.HOST_NAME),
        ("tls", "x509: certificate has expired or is not yet valid", Remedy.CERTIFICATE_EXPIRED),
        ("dial", "dial tcp: lookup a.example: no such host", Remedy.NAME_NOT_FOUND),
        ("dial", "dial tcp 10.0.0.1:4443: connect: connection refused", Remedy.NOT_REACHABLE),
        ("dial", "dial tcp 10.0.0.1:4443: i/o timeout", Remedy.NOT_REACHABLE),
        ("dial", "connect: no route to host", Remedy.NOT_REACHABLE),
        ("websocket", "websocket: bad handshake", Remedy.REFUSED_THERE),
        ("read", "read tcp: connection reset by peer", Remedy.REFUSED_THERE),
        ("read", "websocket: close 1006: unexpected EOF", Remedy.REFUSED_THERE),
        ("", "something new", Remedy.OTHER),
        ("geofence", "the geofence is off", Remedy.OTHER),
        ("", "", Remedy.OTHER),
    ],
)
def test_remedies(name: str, error: str, remedy: Remedy) -> None:
    assert remedy_for(name, error) is remedy


ROW = {
    "vin": "VIN1",
    "name": "client-1",
    "error": "dial tcp: connection refused",
    "error_name": "stream_error",
    "created_at": "2026-03-10T12:00:00.5Z",
    "txID": "7",
}
READ = ClientError(
    "stream_error",
    "dial tcp: connection refused",
    datetime(2026, 3, 10, 12, 0, 0, 500_000, UTC),
    Remedy.NOT_REACHABLE,
    "VIN1",
    "client-1",
)


@pytest.mark.parametrize(
    "answer", [{"fleet_telemetry_errors": [ROW]}, {"errors": [ROW]}, [ROW], [None, ROW, 7, {}, "x"]]
)
def test_errors_of_the_client(answer: object) -> None:
    assert read_client_errors(answer) == (READ,)


@pytest.mark.parametrize(
    "answer",
    [None, 7, "text", {}, [], {"fleet_telemetry_errors": None}, {"fleet_telemetry_errors": {}}],
)
def test_no_errors(answer: object) -> None:
    assert read_client_errors(answer) == ()


@pytest.mark.parametrize(
    ("created_at", "time"),
    [
        (1_773_144_000, NOW),
        (1_773_144_000_000, NOW),
        ("1773144000", NOW),
        ("2026-03-10T12:00:00", NOW),
        ("2026-03-10T12:00:00+00:00", NOW),
        ("2026-03-10T13:00:00+01:00", NOW),
        ("2026-03-10 12:00:00Z", NOW),
        ("0001-01-01T00:00:00+05:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_times_of_errors(created_at: object, time: datetime | None) -> None:
    (error,) = read_client_errors([{"error": "x", "created_at": created_at}])
    assert error.time == time
    assert error.time is None or error.time.tzinfo is UTC


def test_errors_come_in_order_of_time() -> None:
    rows = [
        {"error": "late", "created_at": "2026-03-10T12:00:00Z"},
        {"error": "early", "created_at": "2026-03-10T12:30:00+01:00"},
        {"error": "some day"},
    ]
    assert [each.error for each in read_client_errors(rows)] == ["some day", "early", "late"]


def test_long_texts_and_long_lists_are_cut() -> None:
    errors = read_client_errors([{"error": "x" * 5000}] * 5000)
    assert len(errors) == 1000
    assert errors[0].error == "x" * 1000


@given(json_values)
def test_answers_of_any_shape(answer: Any) -> None:
    read_client_errors(answer)
    read_client_errors({"fleet_telemetry_errors": [{"error": "x", "created_at": answer}, answer]})
    read_configured({"updated_vehicles": answer, "skipped_vehicles": answer})
    read_configuration({"synced": answer, "config": answer, "limit_reached": answer}, wanted())
    can_stream({"fleet_telemetry_version": answer, "firmware_version": answer})

"""The profile table: every field of Tesla's has a row, and every rule is one that Tesla accepts."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tesla_protocol.telemetry import vehicle_data_pb2

from custom_components.flotte.tesla.telemetry.profiles import (
    LEAST_DELTA,
    ROWS,
    ROWS_BY_FIELD,
    SLOWEST,
    FieldRule,
    Profile,
    Situation,
    ValueKind,
    fitting,
    is_slowest,
    row_of,
    rule_of,
    slow_down,
)

TESLAS = {
    name
    for name in vehicle_data_pb2.Field.keys()  # noqa: SIM118  # an enumeration, no mapping
    if not name.startswith(("Unknown", "Deprecated", "Experimental"))
}

ALL = pytest.mark.parametrize("field", sorted(ROWS_BY_FIELD))

rules = st.builds(
    FieldRule,
    st.integers(1, 100_000),
    st.none() | st.floats(1e-6, 1e6),
    st.none() | st.integers(1, 100_000),
)
fields = st.sampled_from([*sorted(ROWS_BY_FIELD), "Brandnew"])


def test_every_field_has_one_row() -> None:
    assert set(ROWS_BY_FIELD) == TESLAS
    assert sum(len(row.fields) for row in ROWS) == len(ROWS_BY_FIELD)


@ALL
def test_every_profile_has_a_rule_that_tesla_accepts(field: str) -> None:
    assert set(row_of(field).rules) == set(Profile)
    for profile in Profile:
        rule = rule_of(field, profile)
        assert fitting(field, rule) == rule


def test_critical_fields_are_resent() -> None:
    """Owners saw changes of these get lost; how often is a part of the forecast."""
    told_again = {field for field in ROWS_BY_FIELD if rule_of(field, Profile.TUNED).resend}
    windows = {"FdWindow", "FpWindow", "RdWindow", "RpWindow"}
    assert told_again == {"DetailedChargeState", "DoorState", "Locked"} | windows
    for field in told_again:
        resends = [rule_of(field, profile).resend for profile in Profile]
        seldom = 4 if field in windows else 1
        assert resends == [600 * seldom, 3600 * seldom, 7200 * seldom]


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize(
    ("field", "most"), [("Location", 10), ("Odometer", 0.1)], ids=["metres", "miles"]
)
def test_little_stays_untold_where_it_stops(field: str, most: float, profile: Profile) -> None:
    """A change within the delta is never sent; in a drive the interval determines the cost."""
    rule = rule_of(field, profile)
    assert rule.delta == most
    motion = row_of(field).motion
    hour = motion.per_hour(rule, Situation.DRIVING)
    assert hour == pytest.approx(3600 / rule.interval, rel=0.1)


@ALL
def test_fewer_signals_from_profile_to_profile(field: str) -> None:
    told = [rule_of(field, profile) for profile in Profile]
    motion = row_of(field).motion
    for more, less in pairwise(told):
        assert more.interval <= less.interval
        assert (more.delta or 0) <= (less.delta or 0)
        for situation in Situation:
            assert motion.per_hour(more, situation) >= motion.per_hour(less, situation)


@ALL
def test_slow_and_noisy_fields_have_a_delta(field: str) -> None:
    """Without one a vehicle repeats the field at every interval, which matters for numbers."""
    row = row_of(field)
    if row.kind is not ValueKind.WORD and any(row.motion.jitter.values()):
        for profile in (Profile.TUNED, Profile.SAVER):
            delta = rule_of(field, profile).delta
            assert delta is not None
            assert delta > max(row.motion.jitter.values())


@pytest.mark.parametrize(
    ("field", "tuned"),
    [
        ("Location", FieldRule(10, 10)),
        ("VehicleSpeed", FieldRule(60, 5)),
        ("GpsHeading", FieldRule(120, 45)),
        ("Odometer", FieldRule(300, 0.1)),
        ("Soc", FieldRule(60, 0.25)),
        ("EnergyRemaining", FieldRule(600, 0.5)),
        ("RatedRange", FieldRule(600, 2)),
        ("ACChargingEnergyIn", FieldRule(600, 0.5)),
        ("ChargerVoltage", FieldRule(60, 5)),
        ("TimeToFullCharge", FieldRule(300, 0.25)),
        ("InsideTemp", FieldRule(60, 1)),
        ("MinutesToArrival", FieldRule(120, 3)),
        ("Gear", FieldRule(1)),
        ("DetailedChargeState", FieldRule(1, None, 3600)),
        ("ChargePortDoorOpen", FieldRule(1)),
        ("ChargeLimitSoc", FieldRule(1)),
        ("Locked", FieldRule(1, None, 3600)),
        ("DoorState", FieldRule(1, None, 3600)),
        ("FdWindow", FieldRule(1, None, 14400)),
        ("SentryMode", FieldRule(1)),
        ("DriverSeatOccupied", FieldRule(1)),
        ("HvacPower", FieldRule(1)),
    ],
)
def test_the_default_is_the_measured_profile(field: str, tuned: FieldRule) -> None:
    assert rule_of(field, Profile.TUNED) == tuned


@pytest.mark.parametrize(
    "field", ["Locked", "DoorState", "Gear", "DetailedChargeState", "FdWindow"]
)
def test_important_fields_are_immediate_in_every_profile(field: str) -> None:
    rules = [rule_of(field, profile) for profile in Profile]
    assert {(rule.interval, rule.delta) for rule in rules} == {(1, None)}


@pytest.mark.parametrize(
    "field",
    sorted(
        field
        for row in ROWS
        for field in row.fields
        if field.startswith(("Di", "Pack", "Brick", "Pedal", "BrakePedal", "NumBrick", "NumModule"))
        or field.endswith("Acceleration")
    ),
)
def test_the_powertrain_is_sent_at_most_once_a_minute(field: str) -> None:
    assert rule_of(field, Profile.TUNED).interval >= 60


def test_an_unknown_field_is_sent_rarely_and_counts_as_restless() -> None:
    rule = rule_of("Brandnew", Profile.TUNED)
    assert rule == FieldRule(120)
    for situation in Situation:
        assert row_of("Brandnew").motion.per_hour(rule, situation) == 30


# --- Rules ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "delta", "resend"),
    [
        (0, None, None),
        (-1, None, None),
        (1, 0, None),
        (1, -0.5, None),
        (1, math.nan, None),
        (1, math.inf, None),
        (1, None, 0),
    ],
)
def test_rules_that_tesla_would_refuse(
    interval: int, delta: float | None, resend: int | None
) -> None:
    with pytest.raises(ValueError, match=r"at least|positive"):
        FieldRule(interval, delta, resend)


@given(rules)
def test_a_rule_survives_storage(rule: FieldRule) -> None:
    assert FieldRule.from_stored(rule.to_stored()) == rule


@pytest.mark.parametrize(
    "stored",
    [
        None,
        7,
        "60",
        [],
        [60],
        [60, 0.5],
        ["60", None, None],
        [60.5, None, None],
        [True, None, None],
        [60, True, None],
        [0, None, None],
        [60, -1, None],
        [60, None, 0.5],
        {"interval": 60},
    ],
)
def test_a_stored_rule_that_is_none(stored: object) -> None:
    assert FieldRule.from_stored(stored) is None


@pytest.mark.parametrize(
    ("field", "rule", "fit"),
    [
        ("Locked", FieldRule(1, 0.5), FieldRule(1)),
        ("Locked", FieldRule(1, 0.5, 60), FieldRule(1, None, 60)),
        ("Brandnew", FieldRule(1, 0.5), FieldRule(1)),
        ("Soc", FieldRule(1, 0.5), FieldRule(1, 0.5)),
        ("Soc", FieldRule(1), FieldRule(1)),
        ("Location", FieldRule(1, 5), FieldRule(1, 5)),
        ("SelfDrivingMilesSinceReset", FieldRule(60), FieldRule(60, 1)),
        ("SelfDrivingMilesSinceReset", FieldRule(60, 0.1), FieldRule(60, 1)),
        ("SelfDrivingMilesSinceReset", FieldRule(60, 2), FieldRule(60, 2)),
    ],
)
def test_a_rule_is_made_to_fit(field: str, rule: FieldRule, fit: FieldRule) -> None:
    assert fitting(field, rule) == fit


def test_least_deltas_are_of_fields_that_there_are() -> None:
    assert set(LEAST_DELTA) <= set(ROWS_BY_FIELD)


# --- Slowing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "rule", "steps", "slower"),
    [
        ("Soc", FieldRule(60, 0.25), 0, FieldRule(60, 0.25)),
        ("Soc", FieldRule(60, 0.25), 1, FieldRule(120, 0.5)),
        ("Soc", FieldRule(60, 0.25), 2, FieldRule(240, 1)),
        ("Soc", FieldRule(60, 0.25), 9, FieldRule(3600, 128)),
        ("ChargeLimitSoc", FieldRule(1), 1, FieldRule(16, 2)),
        ("Locked", FieldRule(1), 1, FieldRule(16)),
        ("Locked", FieldRule(1), 3, FieldRule(64)),
        ("Locked", FieldRule(1), 9, FieldRule(300)),
        ("Location", FieldRule(10, 100), 1, FieldRule(20, 100)),
        ("CarType", FieldRule(3600), 1, FieldRule(3600)),
        ("Soc", FieldRule(60, 0.25, 600), 1, FieldRule(120, 0.5, 600)),
    ],
)
def test_slowing(field: str, rule: FieldRule, steps: int, slower: FieldRule) -> None:
    assert slow_down(field, rule, steps) == slower


@given(fields, rules, st.integers(0, 100))
def test_a_step_never_makes_it_faster_and_ends_somewhere(
    field: str, rule: FieldRule, steps: int
) -> None:
    rule = fitting(field, rule)
    now, later = slow_down(field, rule, steps), slow_down(field, rule, steps + 1)
    assert later.interval >= now.interval >= rule.interval
    assert (later.delta or 0) >= (now.delta or 0)
    assert later.interval <= max(rule.interval, SLOWEST[row_of(field).kind])
    assert is_slowest(field, slow_down(field, rule, 100))


# --- Motion --------------------------------------------------------------------------------------


@given(fields, rules, st.sampled_from(Situation))
def test_no_field_is_sent_more_often_than_its_interval(
    field: str, rule: FieldRule, situation: Situation
) -> None:
    told = row_of(field).motion.per_hour(rule, situation)
    fastest = min(rule.interval, rule.resend or rule.interval)
    assert 0 <= told <= 3600 / fastest * (1 + 1e-9)


@pytest.mark.parametrize(
    ("field", "rule", "situation", "told"),
    [
        # 1 s does not matter beside the five changes of an hour.
        ("Locked", FieldRule(1), Situation.PARKED, 5),
        ("CarType", FieldRule(1), Situation.DRIVING, 0),
        ("CarType", FieldRule(1, resend=600), Situation.DRIVING, 6),
        # 3 V of jitter reach 2 V always, 5 V never; then 10 V an hour are two changes.
        ("ChargerVoltage", FieldRule(60, 2), Situation.CHARGING, 60),
        ("ChargerVoltage", FieldRule(60), Situation.CHARGING, 60),
        ("ChargerVoltage", FieldRule(60, 5), Situation.CHARGING, 2),
        # 100 m last 6.4 s: the interval decides, though not alone.
        ("Location", FieldRule(10, 100), Situation.DRIVING, 303),
        ("Location", FieldRule(600), Situation.DRIVING, 6),
        ("VehicleSpeed", FieldRule(30, 5), Situation.PARKED, 0),
    ],
)
def test_frequency_of_fields(
    field: str, rule: FieldRule, situation: Situation, told: float
) -> None:
    assert row_of(field).motion.per_hour(rule, situation) == pytest.approx(told, rel=0.01)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("part", ["Download", "Installation"])
def test_the_end_of_an_update_is_always_sent(profile: Profile, part: str) -> None:
    """100 % must be sent after 96 %: a final change within the delta never comes."""
    rule = rule_of(f"SoftwareUpdate{part}PercentComplete", profile)
    assert rule.delta == 1

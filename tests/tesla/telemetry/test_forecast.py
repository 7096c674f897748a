"""The forecast on a simulated day of a commuter, and the tally beside it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.telemetry import forecast as forecast_module
from custom_components.flotte.tesla.telemetry.forecast import (
    LEAST_SIGNALS,
    MAX_STEPS,
    OVERDRAWN,
    SETTLING,
    TALLY_WINDOW,
    Tally,
    forecast,
    read_slowed,
)
from custom_components.flotte.tesla.telemetry.profiles import (
    ROWS_BY_FIELD,
    FieldRule,
    Profile,
    Situation,
    rule_of,
    slow_down,
)

PARKED, CHARGING, DRIVING = Situation
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""Of one signal, in EUR."""

FORTY = (
    "Location",
    "VehicleSpeed",
    "GpsHeading",
    "Odometer",
    "Soc",
    "EnergyRemaining",
    "RatedRange",
    "ACChargingPower",
    "DCChargingPower",
    "ChargeAmps",
    "ChargerVoltage",
    "ACChargingEnergyIn",
    "TimeToFullCharge",
    "MinutesToArrival",
    "InsideTemp",
    "OutsideTemp",
    "TpmsPressureFl",
    "TpmsPressureFr",
    "TpmsPressureRl",
    "TpmsPressureRr",
    "Version",
    "Gear",
    "DetailedChargeState",
    "ChargeLimitSoc",
    "ChargeCurrentRequest",
    "ChargePortDoorOpen",
    "ChargePortLatch",
    "Locked",
    "DoorState",
    "FdWindow",
    "FpWindow",
    "RdWindow",
    "RpWindow",
    "SentryMode",
    "DriverSeatOccupied",
    "HvacPower",
    "HvacLeftTemperatureRequest",
    "ClimateKeeperMode",
    "DefrostMode",
    "SeatHeaterLeft",
)

DAY = {PARKED: 1.95, CHARGING: 5.0, DRIVING: 1.0}
"""Awake hours of the simulated day: two drives of half an hour, 25 kWh at 5 kW, an hour of sentry,
and eleven minutes after each, in three sessions."""
SESSIONS = 3


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def tuned(*fields: str) -> dict[str, FieldRule]:
    return {field: rule_of(field, Profile.TUNED) for field in fields}


BALANCED = {field: FieldRule(1) for field in FORTY} | {
    "Location": FieldRule(10),
    "VehicleSpeed": FieldRule(10),
    "GpsHeading": FieldRule(30),
    "Odometer": FieldRule(60),
    "Soc": FieldRule(60, 0.1),
    "EnergyRemaining": FieldRule(120),
    "RatedRange": FieldRule(120),
    "ACChargingPower": FieldRule(30, 0.5),
    "DCChargingPower": FieldRule(30, 0.5),
    "ChargeAmps": FieldRule(30, 1),
    "ChargerVoltage": FieldRule(60, 5),
    "ACChargingEnergyIn": FieldRule(60),
    "TimeToFullCharge": FieldRule(60),
    "MinutesToArrival": FieldRule(60),
    "InsideTemp": FieldRule(60, 0.5),
    "OutsideTemp": FieldRule(300),
    "TpmsPressureFl": FieldRule(300),
    "TpmsPressureFr": FieldRule(300),
    "TpmsPressureRl": FieldRule(300),
    "TpmsPressureRr": FieldRule(300),
    "Version": FieldRule(3600),
}
"""The choice of a careful person without any measurements."""

MEASURED = [
    ("as fresh as a poll", {field: FieldRule(600) for field in FORTY}, 454),
    (
        "lean",
        {
            field: rule
            if rule.interval == 1
            else FieldRule(30 if field == "Location" else rule.interval * 5, rule.delta)
            for field, rule in BALANCED.items()
        },
        824,
    ),
    ("tuned", tuned(*FORTY), 1_088),
    ("balanced", BALANCED, 2_546),
    (
        "balanced without deltas",
        {field: FieldRule(rule.interval) for field, rule in BALANCED.items()},
        4_411,
    ),
    (
        "fast",
        {field: FieldRule(1) if rule.interval < 300 else rule for field, rule in BALANCED.items()},
        59_953,
    ),
]
"""Plans, and the signals that a simulation of that day in steps of 1 s made of them."""


def of_the_day(plan: Mapping[str, FieldRule]) -> float:
    return forecast(plan).signals(DAY, SESSIONS)


def test_the_day_has_forty_fields() -> None:
    assert len(set(FORTY)) == 40
    assert set(FORTY) <= set(ROWS_BY_FIELD)


def test_the_default_costs_as_much_as_the_simulated_day() -> None:
    assert of_the_day(tuned(*FORTY)) == pytest.approx(1_088, rel=0.3)


def test_plans_cost_in_the_right_order() -> None:
    forecasts = [of_the_day(plan) for _, plan, _ in MEASURED]
    assert forecasts == sorted(forecasts)


@pytest.mark.parametrize(("plan", "measured"), [each[1:] for each in MEASURED])
def test_no_plan_is_far_off(plan: Mapping[str, FieldRule], measured: int) -> None:
    """Too low would be the bad way to be wrong; without deltas vehicles outdo the simulation."""
    assert 0.9 < of_the_day(plan) / measured < 3.2


def test_profiles_in_money() -> None:
    """A month of the simulated day; the discount of every account is 10 EUR."""
    month = {
        profile: of_the_day({field: rule_of(field, profile) for field in FORTY}) * 30.44 / 150_000
        for profile in Profile
    }
    assert month[Profile.SAVER] < 0.15
    assert month[Profile.TUNED] < 0.30
    assert month[Profile.LIVE] < 1.50
    assert month[Profile.SAVER] * 1.5 < month[Profile.TUNED] < month[Profile.LIVE] / 3


def test_everything_at_once_stays_within_the_discount() -> None:
    everything = {field: rule_of(field, Profile.TUNED) for field in ROWS_BY_FIELD}
    assert of_the_day(everything) * 30.44 / 150_000 < 2


# --- The forecast --------------------------------------------------------------------------------


def test_forecast() -> None:
    made = forecast({"ChargerVoltage": FieldRule(60, 2), "Locked": FieldRule(1)})
    assert made.snapshot == 2
    assert made.rates[CHARGING]["ChargerVoltage"] == 60
    assert made.per_hour(CHARGING) == pytest.approx(60.3, rel=0.001)
    assert made.per_hour(PARKED) == pytest.approx(10, rel=0.01)
    assert made.signals({CHARGING: 2, PARKED: 1}, wakes=3) == pytest.approx(136.6, rel=0.01)
    assert made.signals({}) == 0


def test_an_empty_plan_costs_nothing() -> None:
    made = forecast({})
    assert made.snapshot == 0
    assert [made.per_hour(situation) for situation in Situation] == [0, 0, 0]


# --- The tally -----------------------------------------------------------------------------------

FLAPPING = tuned("EnergyRemaining", "Locked", "Soc")


def flap(tally: Tally, field: str, count: int, over: timedelta, begin: datetime = NOW) -> datetime:
    """The vehicle sends a field so often, evenly, in so much time; returns the end of it."""
    for number in range(count):
        tally.note((field,), PARKED, begin + over * number / count)
    return begin + over


def test_numbers() -> None:
    assert OVERDRAWN == 3
    assert LEAST_SIGNALS == 300
    assert timedelta(minutes=30) == SETTLING
    assert TALLY_WINDOW == 48


def test_counts_by_field_and_hours_by_situation() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    tally.note(("Soc", "Locked", "Soc"), PARKED, NOW + hours(1))
    tally.note(("Soc",), DRIVING, NOW + hours(3))
    tally.note(("Soc", "999"), CHARGING, NOW + hours(4))
    tally.closed(NOW + hours(6))
    tally.closed(NOW + hours(7))
    assert tally.hours(NOW + hours(9)) == {PARKED: 3, DRIVING: 1, CHARGING: 2}
    assert tally.seen() == {"EnergyRemaining": 0, "Locked": 1, "Soc": 4}
    assert tally.unplanned == 1
    expected = tally.expected(NOW + hours(9))
    # One snapshot, and the changes of a lock in each situation, repeated once an hour.
    assert expected["Locked"] == pytest.approx(1 + 3 * 5 + 1 * 1.5 + 2 * 1, rel=0.01)


def test_overlapping_connections_count_their_time_once() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    tally.opened(NOW + hours(1))
    tally.closed(NOW + hours(2))
    assert tally.hours(NOW + hours(3))[PARKED] == 3
    tally.closed(NOW + hours(4))
    assert tally.hours(NOW + hours(9))[PARKED] == 4
    tally.opened(NOW + hours(10))
    assert tally.hours(NOW + hours(11))[PARKED] == 5


def test_a_stream_without_connections_starts_with_its_first_record() -> None:
    tally = Tally(FLAPPING)
    tally.note(("Soc",), PARKED, NOW)
    assert tally.hours(NOW + hours(2))[PARKED] == 2
    assert tally.seen()["Soc"] == 1


def test_a_late_record_reopens_nothing() -> None:
    """It opens the tally as a stream without connections does; a connection then ends it."""
    tally = Tally(FLAPPING)
    tally.note(("Soc",), PARKED, NOW)
    tally.opened(NOW + hours(1))
    tally.closed(NOW + hours(2))
    assert tally.hours(NOW + hours(9))[PARKED] == 2


def test_a_clock_that_is_set_back_counts_nothing() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    assert tally.hours(NOW - hours(5))[PARKED] == 0
    assert tally.hours(NOW - hours(4))[PARKED] == 1


def test_a_field_that_repeats_itself_is_overdrawn() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    end = flap(tally, "EnergyRemaining", 400, hours(4))
    (found,) = tally.overdrawn(end)
    assert found.field == "EnergyRemaining"
    assert found.seen == 400
    # At most four hours of 2, and one snapshot.
    assert found.expected == pytest.approx(8.6, rel=0.05)


def test_few_signals_are_not_worth_a_configuration() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    assert tally.overdrawn(flap(tally, "EnergyRemaining", 299, hours(4))) == ()
    tally.note(("EnergyRemaining",), PARKED, NOW + hours(4))
    assert len(tally.overdrawn(NOW + hours(4))) == 1


def test_three_times_the_forecast_is_the_limit() -> None:
    """1000 hours would fade, so the hours are set; the lock is forecast at 5 an hour."""
    tally = Tally(tuned("Locked"))
    tally._hours[PARKED] = 40
    expected = tally.expected(NOW)["Locked"]
    assert expected == pytest.approx(200, rel=0.01)
    flap(tally, "Locked", 590, timedelta(seconds=1))
    assert tally.overdrawn(NOW + timedelta(seconds=1)) == ()
    flap(tally, "Locked", 20, timedelta(seconds=1))
    assert tally.overdrawn(NOW + timedelta(seconds=1)) != ()


def test_snapshots_are_no_extravagance() -> None:
    """A vehicle that connects a thousand times sends every field a thousand times."""
    tally = Tally(FLAPPING)
    for number in range(1000):
        moment = NOW + timedelta(seconds=10 * number)
        tally.opened(moment)
        tally.note(FLAPPING, PARKED, moment)
        tally.closed(moment + timedelta(seconds=5))
    assert tally.seen()["Soc"] == 1000
    assert tally.overdrawn(NOW + hours(3)) == ()


def test_the_most_expensive_field_comes_first() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    flap(tally, "Locked", 500, hours(1))
    flap(tally, "EnergyRemaining", 900, hours(1))
    flap(tally, "Soc", 500, hours(1))
    found = [each.field for each in tally.overdrawn(NOW + hours(1))]
    assert found == ["EnergyRemaining", "Locked", "Soc"]


def test_old_habits_fade() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    end = flap(tally, "EnergyRemaining", 500, hours(4))
    tally.closed(end)
    assert tally.overdrawn(end)
    moment = end
    for _ in range(8):
        tally.opened(moment)
        moment += hours(24)
        tally.closed(moment)
    assert sum(tally.hours(moment).values()) <= TALLY_WINDOW
    assert tally.seen()["EnergyRemaining"] < 60
    assert tally.overdrawn(moment) == ()


def test_everything_fades_alike() -> None:
    tally = Tally(tuned("Locked"))
    for _ in range(40):
        tally.opened(NOW)
        tally.closed(NOW)
    tally.opened(NOW)
    # 41 snapshots and 49 hours of 5 changes, halved.
    assert tally.expected(NOW + hours(49))["Locked"] == pytest.approx((41 + 245) / 2, rel=0.01)


# --- Slowing -------------------------------------------------------------------------------------


def test_overdrawn_fields_are_slowed_step_by_step() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    now = flap(tally, "EnergyRemaining", 400, hours(4))
    assert tally.slow(now) == ("EnergyRemaining",)
    assert tally.slowed == {"EnergyRemaining": 1}
    plan = {
        field: slow_down(field, rule, tally.slowed.get(field, 0))
        for field, rule in FLAPPING.items()
    }
    assert plan == {**FLAPPING, "EnergyRemaining": FieldRule(1200, 1.0)}
    tally.follow(plan, now)
    assert tally.seen() == {"EnergyRemaining": 0, "Locked": 0, "Soc": 0}
    assert tally.slow(now + hours(1)) == ()
    now = flap(tally, "EnergyRemaining", 400, hours(4), now + hours(1))
    assert tally.slow(now) == ("EnergyRemaining",)
    assert tally.slowed == {"EnergyRemaining": 2}


def test_the_owners_own_rules_are_not_slowed() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    end = flap(tally, "EnergyRemaining", 400, hours(4))
    assert tally.slow(end, keep={"EnergyRemaining"}) == ()
    assert tally.slowed == {}


def test_slowing_ends() -> None:
    tally = Tally({"Locked": FieldRule(300)})
    tally.opened(NOW)
    end = flap(tally, "Locked", 400, hours(4))
    assert tally.overdrawn(end)
    assert tally.slow(end) == ()
    tally = Tally(FLAPPING)
    tally.slowed["Locked"] = MAX_STEPS
    tally.opened(NOW)
    assert tally.slow(flap(tally, "Locked", 400, hours(4))) == ()


def test_after_a_change_of_plan_nothing_counts_until_it_has_settled() -> None:
    """A vehicle applies the former configuration for a while."""
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    tally.follow(tuned("Soc"), NOW + hours(1))
    tally.note(("Soc",), PARKED, NOW + hours(1.4))
    assert tally.seen() == {"Soc": 0}
    assert tally.hours(NOW + hours(1.45))[PARKED] == 0
    tally.note(("Soc",), PARKED, NOW + hours(2))
    assert tally.seen() == {"Soc": 1}
    assert tally.hours(NOW + hours(2.5))[PARKED] == 1


def test_an_equal_plan_changes_nothing() -> None:
    tally = Tally(FLAPPING)
    tally.note(("Soc",), PARKED, NOW)
    tally.follow(dict(reversed(FLAPPING.items())), NOW)
    assert tally.seen()["Soc"] == 1


# --- Storage -------------------------------------------------------------------------------------


def test_a_tally_survives_a_restart() -> None:
    tally = Tally(FLAPPING)
    tally.opened(NOW)
    tally.note(("Soc", "Locked"), DRIVING, NOW + hours(1))
    tally.closed(NOW + hours(2))
    tally.slowed["Soc"] = 2
    stored = tally.to_stored(NOW + hours(2))
    again = Tally.from_stored(FLAPPING, stored)
    assert again.seen() == tally.seen()
    assert again.slowed == {"Soc": 2}
    assert again.hours(NOW + hours(9)) == {PARKED: 1, DRIVING: 1, CHARGING: 0}
    assert again.expected(NOW) == tally.expected(NOW)
    assert again.to_stored(NOW) == stored
    again.note(("Soc",), DRIVING, NOW + hours(9))
    assert again.seen()["Soc"] == 2


def test_counts_of_another_plan_are_forgotten_but_not_slowed_fields() -> None:
    tally = Tally(FLAPPING)
    tally.note(("Soc",), PARKED, NOW)
    tally.slowed["Soc"] = 2
    again = Tally.from_stored(tuned("Soc"), tally.to_stored(NOW))
    assert again.seen() == {"Soc": 0}
    assert again.slowed == {"Soc": 2}


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "text",
        {},
        {"slowed": 7, "hours": [], "counts": None},
        {"hours": {"parked": "x", "driving": -1}, "counts": {"parked": {"Soc": None}}},
        {"hours": {"parked": True, "driving": 1e99}, "counts": {"parked": [1]}, "snapshots": "x"},
    ],
)
def test_a_stored_tally_that_cannot_be_read(stored: object) -> None:
    if isinstance(stored, dict):
        stored["plan"] = Tally(FLAPPING).to_stored(NOW)["plan"]
    tally = Tally.from_stored(FLAPPING, stored)
    assert tally.to_stored(NOW) == Tally(FLAPPING).to_stored(NOW)


def test_stored_steps_that_cannot_be_read_are_left_out() -> None:
    stored = {"Soc": 2, "Gear": 0, "Locked": -1, "Odometer": True, "Version": "x", 7: 1, "A": 99}
    assert read_slowed(stored) == {"Soc": 2, "A": MAX_STEPS}


names = st.sampled_from([*FLAPPING, "999"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["opened", "closed", "note", "follow"]),
            st.lists(names, max_size=3),
            st.sampled_from(Situation),
            st.floats(-1, 30),
        ),
        max_size=60,
    )
)
def test_the_tally_holds_in_any_order_of_events(
    events: list[tuple[str, list[str], Situation, float]],
) -> None:
    tally, now = Tally(FLAPPING), NOW
    for kind, told, situation, later in events:
        now += hours(later)
        match kind:
            case "opened":
                tally.opened(now)
            case "closed":
                tally.closed(now)
            case "note":
                tally.note(told, situation, now)
            case _:
                tally.follow(tuned("Soc") if len(told) > 2 else FLAPPING, now)
    assert all(spent >= 0 for spent in tally.hours(now).values())
    assert all(count >= 0 for count in tally.seen().values())
    assert set(tally.seen()) == set(tally.plan)
    again = Tally.from_stored(tally.plan, tally.to_stored(now))
    assert again.seen() == pytest.approx(tally.seen())


def test_memory_is_bounded() -> None:
    """Any names that a vehicle makes up."""
    tally = Tally(FLAPPING)
    for number in range(5000):
        tally.note((str(number),), PARKED, NOW)
    assert tally.unplanned == 5000
    assert {len(counts) for counts in tally._counts.values()} == {3}


def test_the_module_reads_no_clock() -> None:
    assert not hasattr(forecast_module, "time")

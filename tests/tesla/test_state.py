"""The state of a vehicle: how readings are merged, assumed, expired, and stored."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.signals import VEHICLE_SIGNALS
from custom_components.flotte.tesla.state import (
    ASSUMED_LIFETIME,
    KEEP,
    Derived,
    Reading,
    Signal,
    Source,
    State,
    StoredState,
    Unrecognised,
    inputs_of,
    restore_state,
    store_state,
)
from custom_components.flotte.tesla.units import Measure, Unit

LEVEL = Signal("Level", float, path="battery.level")
LIMIT = Signal("Limit", int, path="battery.limit")
PLACE = Signal("Place", tuple, path="drive.latitude,longitude")
SIGNALS = (LEVEL, LIMIT, PLACE)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def poll(value: Any, time: datetime = NOON) -> Reading[Any]:
    return Reading(value, time, Source.POLL)


def test_a_signal_knows_its_sources() -> None:
    signal = Signal("A", float, path="one.two.three", absent=None, scope="vehicle_location")
    assert (signal.section, signal.paths) == ("one", (("two", "three"),))
    assert (signal.streamed, signal.null, signal.absent) == (True, None, None)
    assert PLACE.paths == (("latitude",), ("longitude",))
    own = Signal("Own", float, streamed=False)
    assert (own.section, own.paths, own.absent, own.streamed) == ("", (), KEEP, False)
    assert repr(own) == "<Signal Own>"
    assert (own.firmware, own.semi, own.polled) == ("2024.26", False, float)


def test_a_signal_knows_its_field() -> None:
    assert Signal("DoorState.DriverFront", bool).field == "DoorState"
    assert Signal("Gear", str).field == "Gear"
    mass = Signal("Mass", float, polled=int, firmware=None, semi=True)
    assert (mass.firmware, mass.semi, mass.polled) == (None, True, int)


def test_initially_nothing_is_known() -> None:
    state = State()
    assert state[LEVEL] is None
    assert state.reading(LEVEL) is None
    assert state.reported(LEVEL) is None


def test_merge_returns_the_new_state_and_the_changes() -> None:
    state, changed = State().merge({LEVEL: poll(50.0), LIMIT: poll(80)})
    assert (state[LEVEL], state[LIMIT]) == (50.0, 80)
    assert changed == {LEVEL, LIMIT}
    state, changed = state.merge({LEVEL: poll(51.0, NOON + SECOND), LIMIT: poll(80, NOON + SECOND)})
    assert changed == {LEVEL}
    assert state.reported(LIMIT) == poll(80, NOON + SECOND), "the same value, but known for longer"


def test_merge_replaces_the_state() -> None:
    before, _ = State().merge({LEVEL: poll(50.0)})
    before.merge({LEVEL: poll(51.0, NOON + SECOND)})
    assert before[LEVEL] == 50.0


@pytest.mark.parametrize(
    ("second", "shown", "changed"),
    [(SECOND, 51.0, {LEVEL}), (0 * SECOND, 51.0, {LEVEL}), (-SECOND, 50.0, set())],
    ids=["newer", "same time", "older"],
)
def test_newest_time_wins(second: timedelta, shown: float, changed: set[Signal[Any]]) -> None:
    state, _ = State().merge({LEVEL: poll(50.0)})
    state, news = state.merge({LEVEL: poll(51.0, NOON + second)})
    assert state[LEVEL] == shown
    assert news == changed


def test_a_reading_of_the_future_does_not_outlive_the_clock_that_was_set_back() -> None:
    hour = timedelta(hours=1)
    state, _ = State().merge({LEVEL: poll(50.0, NOON + hour)})
    kept, _ = state.merge({LEVEL: poll(51.0)})
    assert kept[LEVEL] == 50.0, "nothing is said about the time now"
    state, changed = state.merge({LEVEL: poll(51.0)}, NOON)
    assert state[LEVEL] == 51.0
    assert changed == {LEVEL}
    older, _ = state.merge({LEVEL: poll(49.0, NOON - SECOND)}, NOON + hour)
    assert older[LEVEL] == 51.0

    state = State().assume({LIMIT: 90}, NOON + hour)
    assert state.merge({LIMIT: poll(80)})[0][LIMIT] == 90
    assert state.merge({LIMIT: poll(80)}, NOON)[0][LIMIT] == 80


def test_time_counts_per_signal() -> None:
    state, _ = State().merge({LEVEL: poll(50.0, NOON + SECOND)})
    state, changed = state.merge({LEVEL: poll(49.0), LIMIT: poll(80)})
    assert (state[LEVEL], state[LIMIT]) == (50.0, 80)
    assert changed == {LIMIT}


def test_unknown_replaces_a_value_and_is_a_change() -> None:
    state, _ = State().merge({LEVEL: poll(50.0)})
    state, changed = state.merge({LEVEL: poll(None, NOON + SECOND)})
    assert state[LEVEL] is None
    assert changed == {LEVEL}


def test_the_first_reading_is_a_change_even_if_it_is_unknown() -> None:
    _, changed = State().merge({LEVEL: poll(None)})
    assert changed == {LEVEL}


def test_assumed_readings_cover_reported_ones() -> None:
    state, _ = State().merge({LIMIT: poll(80)})
    state = state.assume({LIMIT: 90}, NOON + SECOND)
    assert state[LIMIT] == 90
    assert state.reading(LIMIT) == Reading(90, NOON + SECOND, Source.ASSUMED)
    assert state.reported(LIMIT) == poll(80)


def test_assumptions_add_up_and_the_last_one_counts() -> None:
    state = State().assume({LIMIT: 90}, NOON).assume({LEVEL: 1.0}, NOON).assume({LIMIT: 70}, NOON)
    assert (state[LIMIT], state[LEVEL]) == (70, 1.0)


@pytest.mark.parametrize(
    ("told", "shown", "changed"),
    [
        (poll(90, NOON + SECOND), 90, set()),
        (poll(80, NOON + SECOND), 80, {LIMIT}),
        (poll(80, NOON), 80, {LIMIT}),
        (poll(80, NOON - SECOND), 90, set()),
    ],
    ids=["confirmed", "denied", "denied at the same time", "from before the command"],
)
def test_a_reading_ends_an_assumption_unless_it_is_older(
    told: Reading[int], shown: int, changed: set[Signal[Any]]
) -> None:
    state = State().assume({LIMIT: 90, LEVEL: 1.0}, NOON)
    state, news = state.merge({LIMIT: told})
    assert state[LIMIT] == shown
    assert news == changed
    assert state.reported(LIMIT) == told
    assert state[LEVEL] == 1.0, "other assumptions stay"


def test_assumptions_lapse_after_a_minute() -> None:
    assert timedelta(seconds=60) == ASSUMED_LIFETIME
    state, _ = State().merge({LIMIT: poll(80, NOON - SECOND)})
    state = state.assume({LIMIT: 90}, NOON).assume({LEVEL: 1.0}, NOON + SECOND)

    same, gone = state.lapse(NOON + timedelta(seconds=59))
    assert same is state
    assert gone == frozenset()

    state, gone = state.lapse(NOON + timedelta(seconds=60))
    assert gone == {LIMIT}
    assert (state[LIMIT], state[LEVEL]) == (80, 1.0)


def _sum(state: State) -> float | None:
    level, limit = state[LEVEL], state[LIMIT]
    return None if level is None or limit is None else level + limit


SUM = Derived("Sum", LEVEL, LIMIT, compute=_sum)


def test_derived_follows_its_inputs() -> None:
    state = State()
    assert state[SUM] is None
    assert state.reading(SUM) is None
    state, _ = state.merge({LEVEL: poll(50.0, NOON + SECOND)})
    assert state[SUM] is None
    state, _ = state.merge({LIMIT: poll(80)})
    assert state[SUM] == 130.0
    reading = state.reading(SUM)
    assert reading is not None
    assert (reading.value, reading.time) == (130.0, NOON + SECOND), "the newest time of its inputs"
    assert state.assume({LIMIT: 70}, NOON)[SUM] == 120.0


@pytest.mark.parametrize(
    ("second", "source"), [(SECOND, Source.STREAM), (-SECOND, Source.POLL)], ids=["newer", "older"]
)
def test_derived_has_the_source_of_its_newest_input(second: timedelta, source: Source) -> None:
    state, _ = State().merge(
        {LEVEL: Reading(50.0, NOON + second, Source.STREAM), LIMIT: poll(80), PLACE: poll((0, 0))}
    )
    reading = state.reading(SUM)
    assert reading is not None
    assert reading.source is source
    guess = state.assume({LIMIT: 70}, NOON + 2 * SECOND).reading(SUM)
    assert guess == Reading(120.0, NOON + 2 * SECOND, Source.ASSUMED)


def test_inputs() -> None:
    assert inputs_of(LEVEL) == (LEVEL,)
    assert inputs_of(SUM) == (LEVEL, LIMIT)
    assert repr(SUM) == "<Derived Sum>"


def test_stored_readings_are_restored_with_their_times() -> None:
    moment = datetime(2026, 3, 10, 12, 0, 0, 250_000, tzinfo=UTC)
    state, _ = State().merge(
        {LEVEL: poll(50.5, moment), LIMIT: poll(None, moment), PLACE: poll((52.1, 4.9), moment)}
    )
    state = state.assume({LIMIT: 90}, moment)

    stored = json.loads(json.dumps(store_state(state)))
    assert stored == {
        "Level": [50.5, 1773144000.25],
        "Limit": [None, 1773144000.25],
        "Place": [[52.1, 4.9], 1773144000.25],
    }
    restored = restore_state(stored, SIGNALS)
    assert restored.readings == {
        LEVEL: Reading(50.5, moment, Source.RESTORED),
        LIMIT: Reading(None, moment, Source.RESTORED),
        PLACE: Reading((52.1, 4.9), moment, Source.RESTORED),
    }
    assert restored.assumed == {}, "what was only assumed is not kept"


def test_stored_state_is_made_again_only_for_new_readings() -> None:
    stored = StoredState()
    state, _ = State().merge({LIMIT: Reading(80, NOON, Source.POLL)})
    first = stored.of(state)
    assert stored.of(state.assume({LIMIT: 90}, NOON)) is first
    state, _ = state.merge({LIMIT: Reading(85, NOON, Source.POLL)})
    assert first == {LIMIT.name: [80, NOON.timestamp()]}
    assert stored.of(state) == {LIMIT.name: [85, NOON.timestamp()]}


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "text",
        {},
        {"Level": 50.5},
        {"Level": []},
        {"Level": [50.5]},
        {"Level": [50.5, "yesterday"]},
        {"Level": [50.5, None]},
        {"Level": [50.5, 1.0, 2.0]},
        {"Level": {"value": 50.5}},
        {"Gone": [50.5, 1773144000.0]},
    ],
)
def test_unreadable_readings_are_left_out(stored: object) -> None:
    assert restore_state(stored, SIGNALS) == State()


def test_garbage_does_not_take_the_rest_with_it() -> None:
    stored = {"Level": "garbage", "Limit": [80, 1773144000]}
    assert restore_state(stored, SIGNALS)[LIMIT] == 80


@pytest.mark.parametrize("seconds", [1e300, float("nan"), float("inf"), 10**30, True])
def test_an_impossible_time_is_left_out(seconds: float) -> None:
    assert restore_state({"Level": [50.5, seconds]}, SIGNALS) == State()


def test_unrecognised_is_a_value_error() -> None:
    assert issubclass(Unrecognised, ValueError)


# --- Clocks ---------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_and_runs_on() -> None:
    """No reading has exactly the time of now."""
    told = State({LEVEL: Reading(50.0, NOON, Source.STREAM)})
    earlier = NOON - timedelta(hours=1)
    later = earlier + timedelta(microseconds=7)
    state, changed = told.merge({LEVEL: Reading(40.0, earlier, Source.STREAM)}, later)
    assert state[LEVEL] == 40.0  # as reported
    assert changed == {LEVEL}


@pytest.mark.parametrize(
    ("source", "value", "shown"),
    [
        # Unlocked by hand a moment after the command, reported by a clock that is 5 s behind.
        (Source.STREAM, 30.0, 30.0),
        # A repetition of the previous report: no change.
        (Source.STREAM, 50.0, 80.0),
        (Source.POLL, 30.0, 80.0),
    ],
)
def test_a_change_ends_an_assumption_despite_the_vehicles_clock(
    source: Source, value: float, shown: float
) -> None:
    told = State({LEVEL: Reading(50.0, NOON - timedelta(hours=1), Source.STREAM)})
    assumed = told.assume({LEVEL: 80.0}, NOON)
    news = {LEVEL: Reading(value, NOON - timedelta(seconds=2), source)}
    state, _ = assumed.merge(news, NOON + timedelta(seconds=3))
    assert state[LEVEL] == shown


# --- Polled values that are rounded ---------------------------------------------------------------

PERCENT = Signal("Percent", float, path="battery.percent", poll_step=1)
POWER = Signal("Power", float, path="battery.power", poll_step=1, null=0.0)
DIRECTION = Signal(
    "Direction", Measure(Unit.DEGREE, float), (0, 360), path="drive.heading", poll_step=1
)
SPOT = Signal("Spot", tuple, path="drive.latitude,longitude", poll_step=1e-6)


@pytest.mark.parametrize(
    ("signal", "streamed", "polled", "kept"),
    [
        # A battery of a car, streamed and polled within minutes.
        pytest.param(PERCENT, 68.756, 69.0, True, id="rounded up"),
        pytest.param(PERCENT, 69.263, 69.0, True, id="rounded down"),
        pytest.param(PERCENT, 68.5, 69.0, True, id="the very half"),
        pytest.param(PERCENT, 68.499, 69.0, False, id="more than rounding"),
        pytest.param(PERCENT, 68.756, 68.0, False, id="a new value below"),
        pytest.param(PERCENT, 68.756, None, False, id="no value"),
        pytest.param(PERCENT, None, 69.0, False, id="no value before"),
        pytest.param(POWER, 0.3, 0.0, False, id="no power is no rounding"),
        pytest.param(POWER, 10.7, 11.0, True, id="power"),
        pytest.param(DIRECTION, 359.7, 0.0, True, id="north"),
        pytest.param(DIRECTION, 180.7, 0.0, False, id="south"),
        pytest.param(SPOT, (52.36760049, 4.9041), (52.3676, 4.9041), True, id="place"),
        pytest.param(SPOT, (52.3676, 4.904102), (52.3676, 4.9041), False, id="a step aside"),
        pytest.param(LEVEL, 68.756, 69.0, False, id="a signal without a known step"),
    ],
)
def test_a_poll_that_only_rounds_confirms_the_precise_value(
    signal: Signal[Any], streamed: Any, polled: Any, *, kept: bool
) -> None:
    before = State({signal: Reading(streamed, NOON, Source.STREAM)})
    after, changed = before.merge({signal: poll(polled, NOON + SECOND)})
    assert after[signal] == (streamed if kept else polled)
    assert changed == (frozenset() if kept else {signal})
    # The poll confirmed it: the value is as of now.
    assert after.reported(signal) == poll(after[signal], NOON + SECOND)
    again, _ = after.merge({signal: poll(polled, NOON + 2 * SECOND)})
    assert again[signal] == after[signal]


ROUNDED = [each for each in VEHICLE_SIGNALS if each.poll_step is not None and each.bounds]


@given(st.sampled_from(ROUNDED), st.floats(0, 1), st.floats(0.51, 3), st.sampled_from((-1, 1)))
def test_rounding_never_hides_a_change(
    signal: Signal[float], share: float, steps: float, sign: int
) -> None:
    """For every signal: the rounded value keeps the precise one, and a value further away wins."""
    assert signal.bounds is not None
    assert signal.poll_step is not None
    lowest, highest = signal.bounds
    value, step = lowest + share * (highest - lowest), signal.poll_step
    state = State({signal: Reading(value, NOON, Source.STREAM)})
    rounded = round(value / step) * step
    same, changed = state.merge({signal: poll(rounded, NOON + SECOND)})
    assert same[signal] == (signal.null if rounded == signal.null else value)
    assert changed <= {signal}
    moved = value + sign * steps * step
    news, _ = same.merge({signal: poll(moved, NOON + 2 * SECOND)})
    if abs(moved - (same[signal] or 0)) > step * 0.505:
        assert news[signal] == moved
    # A stream is always believed.
    streamed, _ = news.merge({signal: Reading(rounded, NOON + 3 * SECOND, Source.STREAM)})
    assert streamed[signal] == rounded

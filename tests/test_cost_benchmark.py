"""The cost benchmark measures what it says: its time, its days, its ages, its sums."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from benchmarks.cost import billed, measure
from benchmarks.cost_results import Results, to_json
from benchmarks.cost_scenarios import CORE, MONTHS, NAMES, POLL, STREAM
from benchmarks.doubtful_days import MANUAL_CHANGES, TROUBLES, WAITS, doubtful_events
from benchmarks.driven_scenario import Outcome
from benchmarks.driven_time import DrivenClock, DrivenLoop, Stuck, sleep_until
from benchmarks.freshness import LEVEL, LOCK, Watch
from benchmarks.scripted_days import (
    COMMUTE,
    MONDAY,
    SURPLUS_CALLS,
    Call,
    Days,
    Feature,
    Order,
    begin,
    eight_calls,
    episodes,
    speed_for,
    surplus_calls,
)
from simulator.cars import Car
from simulator.clock import Clock
from simulator.vehicle.drive import Drive
from simulator.world import AURORA, World

ROOT = Path(__file__).parent.parent
START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = 86_400


# --- Runs ----------------------------------------------------------------------------------------


async def test_every_run_is_made_and_no_more_at_once_than_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_work: set[int] = set()
    most: list[int] = []

    async def simulate(contestant: str, options: dict[str, Any]) -> dict[str, Any]:
        at_work.add(run := len(most))
        most.append(len(at_work))
        await asyncio.sleep(0)
        at_work.discard(run)
        fresh = {"location": {"error_mean": 0.0}}
        counts = {"signal": 1, "command": 1, "wake": 1}
        return {"of": contestant, **options, "seconds": 1.0, "counts": counts, "fresh": fresh}

    monkeypatch.setattr("benchmarks.cost.simulate", simulate)
    monkeypatch.setattr("benchmarks.cost.os.process_cpu_count", lambda: 3)
    results, _ = await measure(1)
    assert max(most) == 3
    scenarios = ["one_passive", "one_commands", "two_passive", "two_commands", "restart", "stale"]
    assert list(results.runs[CORE]) == [*scenarios, "surplus"]
    assert list(results.runs[POLL]) == [*scenarios, "surplus", "doubtful", "budget"]
    assert {each["of"] for each in results.runs[STREAM].values()} == {STREAM}
    assert results.runs[STREAM]["restart"]["days"] == 2


# --- Time that is driven -------------------------------------------------------------------------


def drive[T](work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Run something in driven time: what it answers, and how many seconds passed."""
    with freeze_time(START) as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        clock = DrivenClock(frozen, START)
        with asyncio.Runner(loop_factory=lambda: DrivenLoop(clock)) as runner:
            result = runner.run(work)
        assert clock.now == pytest.approx(datetime.now(UTC).timestamp(), abs=1e-6)
        return result, clock.now - START.timestamp()


def test_a_week_passes_at_once_and_in_order() -> None:
    happened: list[tuple[str, float]] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        happened.append((name, round((datetime.now(UTC) - START).total_seconds(), 3)))

    async def work() -> None:
        await asyncio.gather(wait("week", 7 * DAY), wait("second", 1), wait("hour", 3600.25))
        await sleep_until(START.timestamp() + 8 * DAY)

    _, passed = drive(work())
    assert happened == [("second", 1), ("hour", 3600.25), ("week", 7 * DAY)]
    assert passed == pytest.approx(8 * DAY, abs=1e-5)


def test_no_time_passes_while_a_thread_is_at_work() -> None:
    async def work() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        timer = asyncio.ensure_future(asyncio.sleep(1))
        reads = [asyncio.to_thread((ROOT / "LICENSE").read_text) for _ in range(20)]
        await asyncio.gather(*reads)
        passed = loop.time() - begun
        await timer
        return passed

    passed, _ = drive(work())
    assert passed == 0


def test_no_time_passes_while_an_answer_is_on_its_way(socket_enabled: None) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            line = connection.recv(100)
            time.sleep(0.02)  # the answer comes from outside, and takes real time
            connection.sendall(line)

    async def work() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, DrivenLoop)
        is_open = True
        loop.watch_requests(lambda: is_open)
        timer = asyncio.ensure_future(asyncio.sleep(1))
        begun = loop.time()
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        is_open = False
        passed = loop.time() - begun
        writer.close()
        await timer
        return passed

    server = threading.Thread(target=answer)
    server.start()
    with listener:
        passed, _ = drive(work())
        server.join()
    assert passed == 0


def test_impossible_events_are_not_waited_for() -> None:
    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stuck):
        drive(work())


# --- The days ------------------------------------------------------------------------------------


class _Clock(Clock):
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        super().__init__()
        self.at = MONDAY.timestamp()

    def now(self) -> float:
        return self.at


def live(car: Car, clock: _Clock, until: float) -> None:
    clock.at = until
    car.advance()


def test_a_working_day_matches_its_table() -> None:
    clock = _Clock()
    car = World(clock).cars[AURORA]
    begin(car)
    midnight = MONDAY.timestamp()
    live(car, clock, midnight + 7 * 3600)
    assert (car.state, car.charging.state) == ("asleep", "Complete")
    home = car.latitude, car.longitude
    awake = 0.0
    driven = 0.0
    at: dict[str, float] = {}
    odometer = car.odometer_miles
    orders = [event for event in Days([car], has_calls=False).day(0) if isinstance(event, Order)]
    moment = clock.at
    while moment < midnight + DAY:
        moment += 10
        while orders and orders[0].at <= moment:
            order = orders.pop(0)
            live(car, clock, order.at)
            car.steer(order.changes)
        live(car, clock, moment)
        awake += 10 * (car.state == "online")
        driven += 10 * (car.drive is not None)
        if car.charging.state == "Charging":
            at.setdefault("charges", moment)
            at["charged"] = moment
    assert not orders
    assert (car.latitude, car.longitude) == pytest.approx(home, abs=1e-5)
    assert car.odometer_miles - odometer == pytest.approx(2 * 28 / 1.609, rel=0.02)
    assert driven == pytest.approx(3600, abs=40)
    assert awake / 3600 == pytest.approx(7.95, abs=0.25)
    assert (at["charges"] - midnight) / 3600 == pytest.approx(18, abs=0.01)
    assert (at["charged"] - midnight) / 3600 == pytest.approx(23, abs=0.25)
    assert (car.state, car.charging.state, car.body.is_locked) == ("asleep", "Complete", True)


def test_each_day_has_six_changes_and_two_redundant_calls() -> None:
    for number in range(14):
        calls = eight_calls(number, is_weekend=number % 7 > 4)
        assert [call.feature for call in calls].count(Feature.LOCK) == 2
        assert len(calls) == 8
        before = eight_calls(number + 1, is_weekend=False)
        for feature in (Feature.SEAT, Feature.LIMIT):
            (now,) = [call.data for call in calls if call.feature is feature]
            (then,) = [call.data for call in before if call.feature is feature]
            assert now != then


def test_a_drive_takes_the_requested_time() -> None:
    speed = speed_for(COMMUTE.route, 1790, seed=2)
    drive = Drive(COMMUTE.route, "", 0.0, seed=2, highest_speed=speed)
    assert drive.ends_at == pytest.approx(1790, abs=0.01)
    with pytest.raises(ValueError, match="at its fastest"):
        speed_for(COMMUTE.route, 60, seed=2)


def test_the_automation_often_repeats_a_value() -> None:
    calls = surplus_calls(0)
    assert len(calls) == SURPLUS_CALLS == 300
    assert all(call.by_automation for call in calls)
    values = [call.data["value"] for call in calls]
    assert sum(one != other for one, other in pairwise(values)) == 24


def test_the_moments_of_old_knowledge_cover_ten_minutes_and_all_wakes() -> None:
    events = episodes()
    calls = [event for event in events if isinstance(event, Call)]
    seconds = [
        event.changes["wake_seconds"]
        for event in events
        if isinstance(event, Order) and "wake_seconds" in event.changes
    ]
    assert (min(seconds), max(seconds)) == (10, 58)
    assert len(calls) == 26
    assert len({call.at % 600 for call in calls}) == 26  # no phase of a poll twice


# --- Ages ----------------------------------------------------------------------------------------


@pytest.fixture
def car() -> Car:
    return World(_Clock()).cars[AURORA]


def test_after_nearly_all_unreported_changes_a_command_is_needed() -> None:
    """Each deed meets each trouble, and the car is then not as it is asked to be."""
    clock = _Clock()
    car = World(clock).cars[AURORA]
    begin(car)
    needed: list[bool] = []
    names = set()
    for event in doubtful_events(7):
        live(car, clock, event.at)
        if isinstance(event, Order):
            car.steer(event.changes)
        else:
            names.add(event.name)
            needed.append(not event.is_done(car))
    assert {name.rpartition(", ")[0] for name in names if ", " in name} == {
        f"{deed.name}, {trouble}" for deed in MANUAL_CHANGES for trouble in TROUBLES
    }
    assert {float(name.split()[-2]) for name in names if ", " in name} == set(WAITS)
    assert len(needed) > 120
    assert sum(needed) / len(needed) > 0.8


def test_the_age_is_the_time_since_the_value_was_true(car: Car) -> None:
    watch = Watch(LEVEL)
    car.battery.percent = 50
    for now, level, shown in (
        (0, 50.0, 50.0),  # true
        (10, 50.4, 50.0),  # within half a per cent
        (20, 51.0, 50.0),  # ten seconds old
        (30, 52.0, 50.0),  # twenty
        (40, 53.0, 51.0),  # another value, and an old one: it was true until 30
    ):
        car.battery.percent = level
        watch.live(car, now)
        watch.look(shown, now, counts=True)
    assert sorted(watch.ages.seconds.elements()) == [0, 0, 10, 10, 20]
    assert watch.ages.figures()["age_mean"] == 8
    assert watch.ages.figures()["error_mean"] == pytest.approx((0 + 0.4 + 1 + 2 + 2) / 5, abs=1e-3)


def test_a_missing_value_ages_and_has_no_error(car: Car) -> None:
    watch = Watch(LOCK)
    for now in range(3):
        watch.live(car, now)
        watch.look(None, now, counts=True)
    assert watch.ages.figures()["missing"] == 3
    assert watch.ages.figures()["age_max"] == 2
    assert watch.ages.figures()["error_mean"] == 0


def test_irrelevant_looks_are_not_counted(car: Car) -> None:
    watch = Watch(LOCK)
    car.body.is_locked = True
    watch.live(car, 0)
    watch.look(shown=True, now=0, counts=False)
    car.body.is_locked = False
    watch.live(car, 60)
    watch.look(shown=True, now=60, counts=True)
    assert watch.ages.looks == 1
    assert watch.ages.figures()["age_mean"] == 60


# --- Runs ----------------------------------------------------------------------------------------


def simulate(contestant: str, **options: object) -> dict[str, Any]:
    """A run in a process of its own, as the benchmark does it."""
    done = subprocess.run(  # noqa: S603  # this repository's own command
        [
            sys.executable,
            "-m",
            "benchmarks.driven_run",
            json.dumps({"contestant": contestant, "days": 1, **options}),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.parametrize("contestant", NAMES)
def test_a_morning(contestant: str) -> None:
    """Two calls wake a car that sleeps, and it drives; everybody gets through it."""
    figures = simulate(contestant, until=8.5 * 3600, calls="eight", recorder=True)
    assert figures["calls"]["all"] == 3
    assert figures["calls"]["effective"] == 2
    assert figures["calls"]["failed"] == 0
    assert figures["wakes"] == {"billed": 1, "woken": 1, "needless": 0}
    assert figures["counts"]["command"] >= 2
    assert (figures["counts"]["signal"] > 100) is (contestant == STREAM)
    assert figures["fresh"]["location"]["looks"] == pytest.approx(1790, abs=3)
    assert figures["fresh"]["location"]["missing"] == 0
    error = figures["fresh"]["location"]["error_mean"]
    assert (error < 150) is (contestant == STREAM), error
    recorded = {entity: each["states"] for entity, each in figures["recorded"].items()}
    assert figures["rows_a_day"] == pytest.approx(sum(recorded.values()) / 8.5 * 24, abs=0.1)
    # A core that moves each time that it is polled, and a house full of entities that do not.
    most = {CORE: 150, POLL: 150, STREAM: 450}
    assert 100 < sum(recorded.values()) < most[contestant], recorded
    # The bill is Tesla's own arithmetic.
    counts = figures["counts"]
    assert figures["euro"] == pytest.approx(
        counts["signal"] / 150_000
        + counts["command"] / 1000
        + counts["data"] / 500
        + counts["wake"] / 50,
        abs=1e-4,
    )


def test_needed_commands_are_sent_despite_the_stream() -> None:
    """Three deeds of which the stream tells nothing in time, each with a call after it."""
    figures = simulate(STREAM, until=4 * 3600, calls="doubtful")
    outcomes = figures["outcomes"]
    assert [each["name"].partition(" by hand")[0] for each in outcomes] == [
        "unlocked",
        "windows opened",
        "trunk opened",
    ]
    assert [each["before"] for each in outcomes] == [False] * 3
    assert figures["calls"]["needed"] == 3
    assert [each["sent"] for each in outcomes] == [1] * 3
    assert figures["calls"]["unsent_needed"] == 0
    assert figures["calls"]["unmet"] == 0


@pytest.mark.parametrize(
    ("before", "sent", "is_unsent"),
    [(False, 0, True), (False, 1, False), (True, 0, False), (True, 1, False)],
)
def test_needed_but_unsent_commands(*, before: bool, sent: int, is_unsent: bool) -> None:
    each = Outcome(
        name="",
        feature=Feature.LOCK,
        at=0.0,
        before=before,
        after=True,
        error=None,
        state="online",
        seconds=0.0,
        commands=0,
        wakes=0,
        sent=sent,
        woken=0,
        lost=None,
    )
    assert each.is_unsent is is_unsent


def test_a_stream_over_tls_makes_an_equal_bill() -> None:
    options: dict[str, object] = {"until": 8.5 * 3600, "calls": "eight"}
    read = simulate(STREAM, **options)
    pushed = simulate(STREAM, real_stream=True, **options)
    signals, expected = billed(pushed).pop("signal"), billed(read).pop("signal")
    # Over a socket a value may come a half second later, and another one be skipped for it.
    assert signals == pytest.approx(expected, rel=0.01)
    assert signals > 100
    assert {**billed(pushed), "signal": 0} == {**billed(read), "signal": 0}
    for quantity, figures in read["fresh"].items():
        assert pushed["fresh"][quantity]["error_mean"] == pytest.approx(
            figures["error_mean"], rel=0.01, abs=0.01
        )


# --- Sums ----------------------------------------------------------------------------------------


def figures_of(euro: float, **more: Any) -> dict[str, Any]:
    """Figures of a run, made up."""
    ages = {"age_mean": euro, "error_mean": euro}
    return {
        "scenario": {"budget": None},
        "euro_month": euro,
        "billed_month": euro,
        "euro_by_day": {"2026-06-01": euro},
        "wakes": {"billed": 6, "needless": 0},
        "calls": {"unmet": 0, "unsent_needed": 0},
        "awake_hours_a_day": 8.0,
        "rows_a_day": 100 * euro,
        "fresh": dict.fromkeys(("location", "battery_level", "charging_power", "lock"), ages),
        "outcomes": [],
        **more,
    }


def outcome(at: float, commands: int, *, before: bool) -> dict[str, Any]:
    return {"at": at, "commands": commands, "before": before, "after": True, "lost": None}


def results_of() -> Results:
    results = Results()
    for name, euro in ((STREAM, 0.5), (POLL, 4.0), (CORE, 5.0)):
        runs = results.runs[name]
        runs.update({scenario: figures_of(euro) for scenario in (*MONTHS, "stale")})
        runs["restart"] = figures_of(
            euro,
            outcomes=[
                outcome(DAY - 1, 100, before=False),  # the first day does not count
                outcome(DAY + 1, 2, before=False),
                outcome(DAY + 2, 1, before=True),
            ],
        )
        runs["surplus"] = figures_of(euro, euro_by_day={"2026-06-01": euro * 2})
        if name != CORE:
            runs["doubtful"] = figures_of(euro)
    return results


def test_the_line_of_json_has_the_promised_keys() -> None:
    figures = json.loads(to_json(results_of()))
    assert list(figures) == [
        "contestants",
        "ratio_stream_passive",
        "ratio_stream_commands",
        "ratio_poll_passive",
        "ratio_stale_location",
        "ratio_stale_lock_soc",
        "ratio_commands",
        "ratio_wakes",
        "needless_wakes",
        "stale_failures",
        "unsent_needed",
        "surplus_ratio",
        "over_budget",
        "recorder_poll",
        "recorder_stream",
    ]
    assert set(figures["contestants"]) == set(NAMES)
    assert figures["ratio_stream_passive"] == 0.1
    assert figures["ratio_poll_passive"] == 0.8
    assert figures["ratio_stale_location"] == 0.1
    assert figures["ratio_commands"] == 3
    assert figures["ratio_wakes"] == 1
    assert figures["surplus_ratio"] == 0.1
    assert figures["over_budget"] == 0
    assert figures["recorder_poll"] == 0.8
    assert figures["recorder_stream"] == 0.1


def test_core_is_not_judged_and_faults_excuse_wakes_but_no_money() -> None:
    results = results_of()
    results.runs[CORE]["stale"]["wakes"]["needless"] = 9
    results.runs[CORE]["stale"]["calls"]["unmet"] = 9
    results.runs[STREAM]["budget"] = figures_of(
        0.4,
        scenario={"budget": 0.3},
        wakes={"billed": 5, "needless": 5},
        calls={"unmet": 7},
    )
    found = {goal.key: goal.value for goal in results.goals()}
    assert (found["needless_wakes"], found["stale_failures"], found["over_budget"]) == (0, 0, 1)
    results.runs[POLL]["one_commands"]["wakes"] = {"billed": 6, "needless": 2}
    results.runs[POLL]["stale"]["calls"] = {"unmet": 1}
    found = {goal.key: goal.value for goal in results.goals()}
    assert (found["needless_wakes"], found["stale_failures"]) == (2, 1)


def test_commands_that_were_not_sent_are_counted_for_both_ways() -> None:
    results = results_of()
    results.runs[STREAM]["doubtful"]["calls"] = {"unmet": 0, "unsent_needed": 2}
    results.runs[POLL]["doubtful"]["calls"] = {"unmet": 0, "unsent_needed": 1}
    (goal,) = [goal for goal in results.goals() if goal.key == "unsent_needed"]
    assert goal.value == 3
    assert str(goal).endswith("at most 0, MISSED")


def test_goals_show_whether_they_are_met() -> None:
    goals = {goal.key: str(goal) for goal in results_of().goals()}
    assert goals["ratio_poll_passive"].endswith("at most 0.8, met")
    assert goals["ratio_stream_passive"].endswith("at most 0.08, MISSED")


def test_a_month_of_days_is_a_month_of_the_bill() -> None:
    """Thirty days fit into one month of the bill."""
    assert MONDAY.weekday() == 0
    assert (MONDAY + timedelta(days=30) - timedelta(seconds=1)).month == MONDAY.month

"""The times at which a vehicle's data is polled: a table of situations."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Signal, Source, State
from custom_components.flotte.tesla.vehicle import poll_plan as plan
from custom_components.flotte.tesla.vehicle.poll_plan import (
    PollingSituation,
    check_due,
    data_due,
    is_active,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def streamed(values: dict[Signal[Any], Any]) -> State:
    """After a poll with an update, the stream reported a newer one."""
    known = knowing({signals.UPDATE_STATUS: "available"})
    later = NOW + timedelta(minutes=1)
    state, _ = known.merge(
        {signal: Reading(value, later, Source.STREAM) for signal, value in values.items()}
    )
    return state


def knowing(values: dict[Signal[Any], Any]) -> State:
    state, _ = State().merge(
        {signal: Reading(value, NOW, Source.POLL) for signal, value in values.items()}
    )
    return state


IDLE = knowing(
    {
        signals.SHIFT_STATE: "p",
        signals.CHARGING_STATE: "disconnected",
        signals.LOCKED: True,
        signals.CLIMATE_ON: False,
        signals.USER_PRESENT: False,
        signals.UPDATE_STATUS: None,
    }
)
CHARGING = knowing({signals.CHARGING_STATE: "charging"})
DRIVING = knowing({signals.SHIFT_STATE: "d", signals.CHARGING_STATE: "disconnected"})
UNLOCKED = knowing({signals.SHIFT_STATE: "p", signals.LOCKED: False})


def plugged(charging: str) -> State:
    return knowing({signals.SHIFT_STATE: "p", signals.CHARGING_STATE: charging})


def charging(level: float | None, limit: int | None, hours: float | None) -> State:
    known: dict[Signal[Any], float | None] = {
        signals.BATTERY_LEVEL: level,
        signals.CHARGE_LIMIT: limit,
        signals.TIME_TO_FULL: hours,
    }
    told = {signal: value for signal, value in known.items() if value is not None}
    return knowing({signals.CHARGING_STATE: "charging", **told})


def test_numbers() -> None:
    """The plan has the source of each value; this test notices unintended changes."""
    assert timedelta(seconds=60) == plan.CHECK_INTERVAL
    assert timedelta(minutes=10) == plan.ACTIVE_INTERVAL
    assert timedelta(minutes=5) == plan.RETRY_INTERVAL
    assert timedelta(minutes=60) == plan.IDLE_INTERVAL
    assert timedelta(minutes=15) == plan.LET_SLEEP
    assert timedelta(seconds=8) == plan.EFFECT_DELAY
    assert timedelta(minutes=11) < plan.LET_SLEEP, "cars of before 2021 sleep after 11 minutes"


@pytest.mark.parametrize(
    ("values", "active"),
    [
        ({}, False),
        ({signals.SHIFT_STATE: "p"}, False),
        ({signals.SHIFT_STATE: None}, False),
        ({signals.SHIFT_STATE: "d"}, True),
        ({signals.SHIFT_STATE: "r"}, True),
        ({signals.SHIFT_STATE: "n"}, True),
        ({signals.CHARGING_STATE: "charging"}, True),
        ({signals.CHARGING_STATE: "starting"}, True),
        ({signals.CHARGING_STATE: "complete"}, False),
        ({signals.CHARGING_STATE: "stopped"}, False),
        ({signals.CHARGING_STATE: "disconnected"}, False),
        ({signals.CHARGING_STATE: None}, False),
        ({signals.CLIMATE_ON: True}, True),
        ({signals.CLIMATE_ON: False}, False),
        ({signals.USER_PRESENT: True}, True),
        ({signals.USER_PRESENT: None}, False),
        ({signals.UPDATE_STATUS: "downloading"}, True),
        ({signals.UPDATE_STATUS: "installing"}, True),
        ({signals.UPDATE_STATUS: "available"}, False),
        ({signals.UPDATE_STATUS: "scheduled"}, False),
        ({signals.UPDATE_STATUS: "downloading_wifi_wait"}, False),
    ],
)
def test_signals_worth_polling(values: dict[Signal[Any], Any], *, active: bool) -> None:
    assert is_active(knowing(values)) is active


@pytest.mark.parametrize(
    ("values", "active"),
    [
        ({signals.UPDATE_VERSION: "2026.38.9", signals.UPDATE_DOWNLOADED: 40}, True),
        ({signals.UPDATE_VERSION: "2026.38.9", signals.UPDATE_INSTALLED: 40}, True),
        ({signals.UPDATE_VERSION: "2026.38.9", signals.UPDATE_DOWNLOADED: 100}, False),
        ({signals.UPDATE_VERSION: None, signals.UPDATE_DOWNLOADED: 40}, False),
    ],
)
def test_a_streamed_update(values: dict[Signal[Any], Any], *, active: bool) -> None:
    """The state of the last poll does not outlive newer streamed values."""
    assert is_active(streamed(values)) is active


@dataclass(frozen=True)
class Case:
    """A situation and whether the vehicle is polled."""

    name: str
    due: bool
    data_received_at: datetime | None
    online_since: datetime | None
    state: State = IDLE
    commanded_at: datetime | None = None
    automated_at: datetime | None = None
    data_requested_at: datetime | None = None
    failures: int = 0
    polling_prevents_sleep: bool = False


SECOND = 1 / 60
CASES = (
    # Coming online
    Case("asleep, never asked", due=False, data_received_at=None, online_since=None),
    Case(
        "asleep, although it charges",
        due=False,
        data_received_at=None,
        online_since=None,
        state=CHARGING,
    ),
    Case(
        "asleep after a command",
        due=False,
        data_received_at=None,
        online_since=None,
        commanded_at=ago(1),
    ),
    Case("just came online, never asked", due=True, data_received_at=None, online_since=NOW),
    Case("asked before it slept", due=True, data_received_at=ago(5), online_since=ago(1)),
    Case("asked when it came online", due=False, data_received_at=ago(1), online_since=ago(1)),
    Case(
        "an old car, just online",
        due=True,
        data_received_at=ago(5),
        online_since=ago(1),
        polling_prevents_sleep=True,
    ),
    # Idle
    Case("idle for 59 minutes", due=False, data_received_at=ago(59), online_since=ago(90)),
    Case("idle for an hour", due=True, data_received_at=ago(60), online_since=ago(90)),
    Case(
        "nothing known, asked now",
        due=False,
        data_received_at=ago(1),
        online_since=ago(2),
        state=State(),
    ),
    # Active
    Case(
        "active for 9 minutes",
        due=False,
        data_received_at=ago(9),
        online_since=ago(90),
        state=CHARGING,
    ),
    Case(
        "active for 10 minutes",
        due=True,
        data_received_at=ago(10),
        online_since=ago(90),
        state=CHARGING,
    ),
    Case(
        "drives for 7 minutes",
        due=False,
        data_received_at=ago(7.9),
        online_since=ago(90),
        state=DRIVING,
    ),
    Case(
        "drives for 8 minutes",
        due=True,
        data_received_at=ago(8),
        online_since=ago(90),
        state=DRIVING,
    ),
    # It may start to charge, or be locked before it sleeps
    *(
        Case(
            f"plugged in, {charging}, {minutes} minutes",
            due=due,
            data_received_at=ago(minutes),
            online_since=ago(90),
            state=plugged(charging),
        )
        for charging, minutes, due in (
            ("stopped", 14.9, False),
            ("stopped", 15, True),
            ("no_power", 15, True),
            ("complete", 59, False),
            ("complete", 60, True),
            ("disconnected", 59, False),
        )
    ),
    Case(
        "unlocked for 9 minutes",
        due=False,
        data_received_at=ago(9.9),
        online_since=ago(90),
        state=UNLOCKED,
    ),
    Case(
        "unlocked for 10 minutes",
        due=True,
        data_received_at=ago(10),
        online_since=ago(90),
        state=UNLOCKED,
    ),
    Case(
        "an old car is unlocked",
        due=False,
        data_received_at=ago(14.9),
        online_since=ago(90),
        state=UNLOCKED,
        polling_prevents_sleep=True,
    ),
    # Kept awake by polling
    Case(
        "an old car idles for 14 minutes",
        due=False,
        data_received_at=ago(14),
        online_since=ago(90),
        polling_prevents_sleep=True,
    ),
    Case(
        "an old car idles for 15 minutes",
        due=True,
        data_received_at=ago(15),
        online_since=ago(90),
        polling_prevents_sleep=True,
    ),
    Case(
        "an old car charges",
        due=True,
        data_received_at=ago(10),
        online_since=ago(90),
        polling_prevents_sleep=True,
        state=CHARGING,
    ),
    # After a command
    Case(
        "7 s after a command",
        due=False,
        data_received_at=ago(5),
        online_since=ago(90),
        commanded_at=ago(7 * SECOND),
    ),
    Case(
        "8 s after a command",
        due=True,
        data_received_at=ago(5),
        online_since=ago(90),
        commanded_at=ago(8 * SECOND),
    ),
    Case(
        "asked too soon after a command",
        due=True,
        data_received_at=ago(60 * SECOND),
        online_since=ago(90),
        commanded_at=ago(67 * SECOND),
    ),
    Case(
        "asked late enough after a command",
        due=False,
        data_received_at=ago(60 * SECOND),
        online_since=ago(90),
        commanded_at=ago(68 * SECOND),
    ),
    Case(
        "a command does not put off what is due when it came online",
        due=True,
        data_received_at=None,
        online_since=ago(1),
        commanded_at=ago(SECOND),
    ),
    # After a command of an automation, which gives many
    Case(
        "7 s after an automation's command",
        due=False,
        data_received_at=ago(30),
        online_since=ago(90),
        automated_at=ago(7 * SECOND),
    ),
    Case(
        "8 s after an automation's command",
        due=True,
        data_received_at=ago(30),
        online_since=ago(90),
        automated_at=ago(8 * SECOND),
    ),
    Case(
        "an automation's command, asked 4 minutes ago",
        due=False,
        data_received_at=ago(4.9),
        data_requested_at=ago(4.9),
        online_since=ago(90),
        automated_at=ago(1),
    ),
    Case(
        "an automation's command, asked 5 minutes ago",
        due=True,
        data_received_at=ago(5),
        data_requested_at=ago(5),
        online_since=ago(90),
        automated_at=ago(1),
    ),
    Case(
        "asked since an automation's command",
        due=False,
        data_received_at=ago(5),
        data_requested_at=ago(5),
        online_since=ago(90),
        automated_at=ago(6),
    ),
    # Empty answers are billed as well
    Case(
        "tried 4 minutes ago",
        due=False,
        data_received_at=None,
        online_since=ago(6),
        data_requested_at=ago(4.9),
    ),
    Case(
        "tried 5 minutes ago",
        due=True,
        data_received_at=None,
        online_since=ago(6),
        data_requested_at=ago(5),
    ),
    Case(
        "1 failure",
        due=False,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(9.9),
        failures=1,
    ),
    Case(
        "1 failure, later",
        due=True,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(10),
        failures=1,
    ),
    Case(
        "3 failures",
        due=False,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(39),
        failures=3,
    ),
    Case(
        "3 failures, later",
        due=True,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(40),
        failures=3,
    ),
    Case(
        "6 failures",
        due=False,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(59),
        failures=6,
    ),
    Case(
        "6 failures, later",
        due=True,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(60),
        failures=6,
    ),
    Case(
        "slept and came online again soon after the last answer",
        due=False,
        data_received_at=ago(4),
        online_since=ago(1),
        data_requested_at=ago(4),
    ),
    Case(
        "a command is looked for although it was tried just before",
        due=True,
        data_received_at=ago(1),
        online_since=ago(90),
        data_requested_at=ago(1),
        commanded_at=ago(8 * SECOND),
    ),
    Case(
        "but only once",
        due=False,
        data_received_at=ago(60),
        online_since=ago(90),
        data_requested_at=ago(1),
        commanded_at=ago(2),
    ),
    Case(
        "tried in the future: the clock was set back",
        due=True,
        data_received_at=None,
        online_since=ago(1),
        data_requested_at=NOW + timedelta(hours=1),
    ),
    Case(
        "an old car after a command",
        due=True,
        data_received_at=ago(5),
        online_since=ago(90),
        commanded_at=ago(1),
        polling_prevents_sleep=True,
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decisions_to_poll(case: Case) -> None:
    situation = PollingSituation(
        state=case.state,
        data_received_at=case.data_received_at,
        online_since=case.online_since,
        commanded_at=case.commanded_at,
        automated_at=case.automated_at,
        data_requested_at=case.data_requested_at,
        failures=case.failures,
        polling_prevents_sleep=case.polling_prevents_sleep,
    )
    assert data_due(situation, NOW) is case.due


@pytest.mark.parametrize(
    ("state", "minutes"),
    [
        # 5.5 kW into 75 kWh: 8.2 minutes for each per cent.
        (charging(50, 80, 4.1), 12.3),
        # A supercharger, and a plug in the wall.
        (charging(50, 80, 0.25), 5),
        (charging(50, 80, 12), 20),
        # Nothing to compute with.
        (charging(None, 80, 4), 10),
        (charging(50, None, 4), 10),
        (charging(50, 80, None), 10),
        (charging(50, 80, 0), 10),
        (charging(80, 80, 0.1), 10),
        (charging(81, 80, 0.1), 10),
    ],
)
def test_how_often_a_charge_is_looked_at(state: State, minutes: float) -> None:
    def is_due(after: float) -> bool:
        situation = PollingSituation(state=state, data_received_at=ago(after), online_since=ago(90))
        return data_due(situation, NOW)

    assert (is_due(minutes - 0.01), is_due(minutes + 0.01)) == (False, True)


@pytest.mark.parametrize("failures", [40, 2000])
def test_a_car_that_was_in_service_for_weeks(failures: int) -> None:
    situation = PollingSituation(
        state=IDLE,
        data_received_at=None,
        online_since=ago(90),
        data_requested_at=ago(60),
        failures=failures,
    )
    assert data_due(situation, NOW)


def _questions(situation: PollingSituation, minutes: int) -> list[int]:
    """The coming minutes in which it is polled, if every check finds it online."""
    asked = []
    for minute in range(minutes):
        now = NOW + timedelta(minutes=minute)
        if data_due(situation, now):
            asked.append(minute)
            situation = replace(situation, data_received_at=now, data_requested_at=now)
    return asked


@pytest.mark.parametrize(
    ("situation", "minutes"),
    [
        (PollingSituation(state=IDLE, data_received_at=None, online_since=NOW), [0, 60, 120, 180]),
        (
            PollingSituation(
                state=IDLE, data_received_at=None, online_since=NOW, polling_prevents_sleep=True
            ),
            [0, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180, 195],
        ),
        (
            PollingSituation(state=CHARGING, data_received_at=None, online_since=NOW),
            list(range(0, 200, 10)),
        ),
    ],
    ids=["idle", "kept awake", "charging"],
)
def test_questions_of_200_minutes(situation: PollingSituation, minutes: list[int]) -> None:
    assert _questions(situation, 200) == minutes


# --- With a stream --------------------------------------------------------------------------------

WEEK = 7 * 24 * 60.0
STREAMED_CASES: dict[str, tuple[dict[str, Any], bool]] = {
    # While it streams, only signals that the stream lacks are polled, once while it is awake.
    "streams, never asked": ({"data_received_at": None, "streaming": True}, True),
    "streams, asked since it is awake": ({"data_received_at": ago(80), "streaming": True}, False),
    "streams and charges": (
        {"data_received_at": ago(80), "streaming": True, "state": CHARGING},
        False,
    ),
    "streams, asked before it slept": ({"data_received_at": ago(100), "streaming": True}, False),
    "streams, and something was never told": (
        {"data_received_at": ago(100), "streaming": True, "has_gaps": True},
        True,
    ),
    "the same, asked since it is awake": (
        {"data_received_at": ago(80), "streaming": True, "has_gaps": True},
        False,
    ),
    "streams, asked 6.9 days ago": (
        {"data_received_at": ago(WEEK - 120), "streaming": True},
        False,
    ),
    "streams, asked a week ago": ({"data_received_at": ago(WEEK), "streaming": True}, True),
    "streams, tried just now": (
        {"data_received_at": None, "data_requested_at": ago(1), "streaming": True},
        False,
    ),
    "streams, after a command that it does not tell of": (
        {
            "data_received_at": ago(80),
            "data_requested_at": ago(80),
            "commanded_at": ago(1),
            "streaming": True,
        },
        True,
    ),
    # A stream that is about to start is waited for.
    "awaited for 2 minutes": ({"data_received_at": None, "stream_overdue_since": ago(2.9)}, False),
    "awaited for 3 minutes": ({"data_received_at": None, "stream_overdue_since": ago(3)}, True),
    "awaited while it charges": (
        {"data_received_at": ago(80), "stream_overdue_since": ago(1), "state": CHARGING},
        False,
    ),
    "awaited in vain while it charges": (
        {"data_received_at": ago(80), "stream_overdue_since": ago(60), "state": CHARGING},
        True,
    ),
    "awaited from the future on: the clock was set back": (
        {"data_received_at": None, "stream_overdue_since": NOW + timedelta(hours=1)},
        True,
    ),
    "asleep, whatever is awaited": (
        {"data_received_at": None, "online_since": None, "stream_overdue_since": ago(9)},
        False,
    ),
}


@pytest.mark.parametrize(("told", "due"), STREAMED_CASES.values(), ids=STREAMED_CASES)
def test_decisions_to_poll_a_car_that_should_stream(told: dict[str, Any], *, due: bool) -> None:
    told = {"state": IDLE, "online_since": ago(90), **told}
    assert data_due(PollingSituation(**told), NOW) is due


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ({}, True),
        ({"streaming": True}, False),
        ({"slept_streaming": True, "checked_at": ago(14.9)}, False),
        ({"slept_streaming": True, "checked_at": ago(15)}, True),
        ({"slept_streaming": True, "checked_at": None}, True),
        ({"slept_streaming": True, "checked_at": NOW + timedelta(hours=1)}, True),
        ({"slept_streaming": False, "checked_at": ago(1)}, True),
    ],
    ids=str,
)
def test_whether_its_state_is_checked(told: dict[str, Any], *, due: bool) -> None:
    """A car that announced its sleep connects when it wakes; that is checked now and then."""
    situation = PollingSituation(state=IDLE, data_received_at=None, online_since=None, **told)
    assert check_due(situation, NOW) is due


def test_numbers_of_the_stream() -> None:
    assert timedelta(minutes=3) == plan.STREAM_GRACE
    assert timedelta(minutes=15) == plan.CHECK_ASLEEP_INTERVAL
    assert timedelta(days=7) == plan.FILL_INTERVAL

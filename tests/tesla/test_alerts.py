"""News among the alerts that a car sends again and again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flotte.tesla.telemetry.records import Alert, read_alerts
from custom_components.flotte.tesla.vehicle.alerts import ALERT_AGE, MAX_ALERTS, AlertHistory

ALARM = "VCSEC_a133_alarmTriggered"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

# The alarm since 9:29:40, and the one from 7:20 to 7:21.
ACTIVE = "0a260a1956435345435f613133335f616c61726d5472696767657265641201011a060884ec8ad806"
ENDED = (
    "0a2e0a1956435345435f613133335f616c61726d5472696767657265641201011a0608a0af8ad806"
    "220608dcaf8ad806"
)
CREATED = "12060898ec8ad806"
WITHOUT_A_START = (
    "0a260a1956435345435f613133335f616c61726d54726967676572656412010122060898bdf0d706"
    "12060898ec8ad806"
)


@pytest.fixture
def history() -> AlertHistory:
    return AlertHistory()


def at(minutes: float) -> datetime:
    """So many minutes after the beginning."""
    return NOW + minutes * MINUTE


def alert(started: float | None, ended: float | None = None, name: str = ALARM) -> Alert:
    """An alert; times are minutes after the beginning."""
    return Alert(
        name,
        ("customer",),
        None if started is None else at(started),
        None if ended is None else at(ended),
    )


@pytest.mark.parametrize(
    "told", [ACTIVE + ENDED + CREATED, ENDED + ACTIVE + CREATED], ids=["newest first", "last"]
)
def test_an_active_alarm_beside_an_ended_one(history: AlertHistory, told: str) -> None:
    """Sent five times, a minute apart: it is one."""
    new = []
    for minute in range(5):
        new += history.news(read_alerts(bytes.fromhex(told), at(minute)), at(minute))
    assert [(each.name, each.started, each.ended) for each in new] == [
        (ALARM, NOW - timedelta(seconds=20), None)
    ]


def test_an_alert_without_a_start_is_not_current(history: AlertHistory) -> None:
    told = read_alerts(bytes.fromhex(WITHOUT_A_START), NOW)
    assert [(each.started, each.ended) for each in told] == [
        (None, datetime(2026, 11, 17, 9, 30, tzinfo=UTC))
    ]
    assert history.news(told, NOW) == []
    assert history.news((alert(None),), NOW) == [], "nor one without an end"
    assert len(history) == 0
    assert history.news((alert(0),), NOW), "and it does not hide the next one"


def test_the_end_of_an_alert_without_its_start(history: AlertHistory) -> None:
    history.news((alert(0),), at(0))
    history.news((alert(None, -60),), at(1))
    assert history.news((alert(2),), at(2)) == [], "that was the end of an earlier one"
    history.news((alert(None, 3),), at(3))
    assert history.news((alert(4),), at(4)) == [alert(4)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_second_alarm_comes_with_the_end_of_the_first(history: AlertHistory, order: int) -> None:
    assert history.news((alert(0),), at(0)) == [alert(0)]
    message = (alert(0, 2), alert(3))[::order]
    assert history.news(message, at(3)) == [alert(3)]
    assert history.news(message, at(4)) == []


@pytest.mark.parametrize("order", [1, -1])
def test_an_earlier_alarm_in_a_message_of_its_own(history: AlertHistory, order: int) -> None:
    """As from a broker, which may separate parts that belong together."""
    new = []
    for minute in range(5):
        for each in (alert(0), alert(-120, -119))[::order]:
            new += history.news((each,), at(minute))
    assert new == [alert(0)]


def test_an_alert_that_started_and_ended_unreported(history: AlertHistory) -> None:
    """It is reported once, whether its end comes alone, twice or in the same message."""
    message = (alert(0), alert(0, 1), alert(0, 1))
    assert history.news(message, at(2)) == [alert(0, 1)]
    assert history.news(message, at(3)) == []
    assert history.news((alert(0, 1),), at(4)) == []


def test_an_alert_that_ends_as_it_starts(history: AlertHistory) -> None:
    assert history.news((alert(0, 0),), at(0)) == [alert(0, 0)]
    assert history.news((alert(0, 0),), at(1)) == []
    assert history.news((alert(1, 1),), at(2)) == [alert(1, 1)]


def test_names_have_histories_of_their_own(history: AlertHistory) -> None:
    message = (alert(0), alert(-1, None, "Other"), alert(-5, -4))
    assert history.news(message, at(0)) == [alert(0), alert(-1, None, "Other")]
    assert history.news(message, at(1)) == []


def test_one_that_is_not_reported_for_long_is_another(history: AlertHistory) -> None:
    assert history.news((alert(0),), at(0))
    later = at(1) + ALERT_AGE
    again = Alert(ALARM, (), later, None)
    assert history.news((again,), later) == [again]


def test_not_all_are_remembered(history: AlertHistory) -> None:
    for number in range(MAX_ALERTS + 50):
        assert history.news((alert(0, None, f"a{number}"),), NOW)
    assert len(history) == MAX_ALERTS
    assert not history.news((alert(0, None, f"a{MAX_ALERTS + 49}"),), NOW)
    assert history.news((alert(0, None, "a0"),), NOW)


def test_a_restart_repeats_no_alarm_and_misses_none(history: AlertHistory) -> None:
    """Even if the car's clock is late, so that an alarm begins before the restart for it."""
    (before,) = history.news((alert(0),), at(1))
    stored = json.loads(json.dumps(history.to_stored()))
    restarted = AlertHistory()
    restarted.restore(stored)
    assert restarted.news((before,), at(3)) == []
    assert restarted.news((alert(0, 1),), at(4)) == []
    late = alert(2)
    assert restarted.news((alert(0, 1), late), at(5)) == [late]
    assert restarted.news((late,), at(6)) == []


@pytest.mark.parametrize(
    "stored",
    [None, 5, {ALARM: 5}, {ALARM: [1]}, {ALARM: [None, 1765000000.0, None]}, {ALARM: ["x", 1, 1]}],
)
def test_unreadable_alerts_are_left_out(history: AlertHistory, stored: object) -> None:
    history.restore({"alerts": stored})
    assert len(history) == 0

"""Charging sessions from reports with gaps: nothing invented, nothing twice, unknown is not 0."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.charging.cost import Price
from custom_components.flotte.tesla.charging.session import ChargingSession, Place, Report
from custom_components.flotte.tesla.charging.sessions import SessionLog

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATENCY = timedelta(seconds=615)
UNKNOWN_END = {"stopped_at": None, "seconds": None, "energy": None, "level_to": None}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class Car:
    """Reports to a log, and collects what happened; minutes count from noon."""

    def __init__(self, **always: Any) -> None:
        self.log = SessionLog()
        self.always = always
        self.happened: list[tuple[str, ChargingSession]] = []
        self._streamed: Report | None = None

    @property
    def events(self) -> list[str]:
        """Events so far."""
        return [event for event, _ in self.happened]

    @property
    def last(self) -> ChargingSession:
        """The session that the sensors show."""
        assert self.log.last is not None
        return self.log.last

    def observe(self, report: Report) -> None:
        """Report."""
        self.happened += [(str(event), session) for event, session in self.log.observe(report)]

    def restart(self) -> None:
        """Restart Home Assistant: only what is on disk survives."""
        stored = json.loads(json.dumps(self.log.to_stored()))
        self.log = SessionLog()
        self.log.restore(stored)

    def poll(
        self, minute: float, state: str | None, energy: float, level: float, **more: Any
    ) -> None:
        """A polled answer: everything is of one moment."""
        time = at(minute)
        self.observe(
            Report(
                now=time, state=state, since=time, until=time,
                energy=energy, energy_at=time, level=level, level_at=time,
                **{"place": Place.HOME, **self.always, **more},
            )
        )  # fmt: skip

    def stream(
        self,
        minute: float,
        state: tuple[float, str],
        energy: tuple[float, float] | None,
        level: tuple[float, float] | None = None,
        **more: Any,
    ) -> None:
        """Everything known of a stream at a minute: values with the minute of their last change.

        Without a change, the same is known every minute since the previous call.
        """
        known = self._streamed
        while known is not None and known.now + timedelta(minutes=1) < at(minute):
            now = known.now + timedelta(minutes=1)
            known = replace(known, now=now, until=now)
            self.observe(known)
        self._streamed = (
            Report(
                now=at(minute), state=state[1], since=at(state[0]), until=at(minute),
                energy=energy and energy[1], energy_at=energy and at(energy[0]),
                level=level and level[1], level_at=level and at(level[0]),
                **{"place": Place.HOME, "latency": LATENCY, **self.always, **more},
            )
        )  # fmt: skip
        self.observe(self._streamed)


def test_a_polled_session() -> None:
    car = Car()
    car.poll(0, "disconnected", 7, 40)
    car.poll(10, "charging", 0.5, 40)
    car.poll(130, "charging", 20, 65)
    assert car.events == ["started"]
    car.poll(150, "complete", 23, 70)
    assert car.events == ["started", "completed"]
    assert car.last == ChargingSession(
        started_at=at(10), stopped_at=at(150), seconds=None, energy=23,
        level_from=40, level_to=70, place=Place.HOME,
    ), "an interruption in the two hours without a report cannot be ruled out"  # fmt: skip
    car.poll(600, "disconnected", 23, 69)
    assert car.events == ["started", "completed", "ended"]
    assert (car.last.energy, car.last.level_to) == (23, 70)
    car.poll(610, "disconnected", 23, 60)
    car.restart()
    car.poll(620, "disconnected", 23, 50)
    assert car.events == ["started", "completed", "ended"]


def test_the_time_of_charging_leaves_out_interruptions() -> None:
    car = Car()
    car.poll(0, "stopped", 0, 40)
    for minute, state, energy in (
        (20, "charging", 1), (40, "stopped", 3), (60, "charging", 3), (80, "complete", 6),
    ):  # fmt: skip
        car.poll(minute, state, energy, 40 + energy)
    assert car.events == ["started", "interrupted", "resumed", "completed"]
    assert (car.last.seconds, car.last.stopped_at) == (2400, at(80))


def test_the_rest_of_the_energy_comes_after_the_end() -> None:
    """At a fast charger the stream, which sends the energy every ten minutes, lags far behind."""
    car = Car()
    car.stream(0, (-60, "disconnected"), (-60, 7.5), (-60, 30))
    car.stream(1, (1, "charging"), (-60, 7.5), (-60, 30))
    car.stream(1.1, (1, "charging"), (1.1, 0), (-60, 30))
    car.stream(11.1, (1, "charging"), (11.1, 24), (11, 62))
    car.stream(20, (20, "disconnected"), (11.1, 24), (19.5, 79))
    assert car.events == ["started"]
    car.stream(20.5, (20, "disconnected"), (11.1, 24), (20.5, 80))
    car.stream(21.1, (20, "disconnected"), (21.1, 37.5), (20.5, 80))
    assert car.events == ["started", "ended"]
    assert car.last == ChargingSession(
        started_at=at(1), stopped_at=at(20), seconds=19 * 60, energy=37.5,
        level_from=30, level_to=80, place=Place.HOME,
    )  # fmt: skip


def test_an_end_without_more_energy_is_published_in_time() -> None:
    car = Car()
    car.stream(0, (0, "stopped"), (0, 0), (0, 50))
    car.stream(5, (5, "charging"), (0, 0), (0, 50))
    car.stream(50, (5, "charging"), (50, 4.5), (49, 55))
    car.stream(52, (52, "complete"), (50, 4.5), (49, 55))
    car.stream(60, (52, "complete"), (50, 4.5), (49, 55))
    assert car.events == ["started"]
    car.stream(61, (52, "complete"), (50, 4.5), (49, 55))
    assert car.events == ["started", "completed"]
    assert (car.last.energy, car.last.seconds) == (4.5, 47 * 60)


def test_order_of_the_first_reports() -> None:
    """The counter may restart before or after the state changes."""
    for state_minute, energy_minute in ((60, 60.1), (60.1, 60)):
        car = Car()
        car.stream(0, (0, "disconnected"), (-9, 12), (0, 40))
        for minute in sorted((state_minute, energy_minute)):
            charges, restarted = minute >= state_minute, minute >= energy_minute
            state = (state_minute, "charging") if charges else (0, "disconnected")
            car.stream(minute, state, (energy_minute, 0) if restarted else (-9, 12), (0, 40))
        car.stream(70, (state_minute, "charging"), (70, 1.8), (69, 42))
        car.stream(80, (80, "disconnected"), (80, 3.6), (79, 44))
        assert car.events == ["started", "ended"]
        assert (car.last.energy, car.last.level_from, car.last.level_to) == (3.6, 40, 44)


def test_the_first_report_of_all() -> None:
    """Nothing has happened yet, and the beginning of a running session is unknown."""
    car = Car(price=Price(value=0.3, is_fixed=True))
    car.poll(0, "charging", 9, 50)
    assert car.events == []
    car.poll(20, "complete", 12, 54)
    assert car.last == ChargingSession(
        stopped_at=at(20), energy=12, level_to=54, place=Place.HOME
    )  # fmt: skip
    other = Car()
    other.poll(0, "disconnected", 9, 50)
    assert (other.events, other.log.last) == ([], None)


def test_a_session_between_two_polls() -> None:
    car = Car()
    car.poll(0, "disconnected", 5, 40, odometer=100.0)
    car.poll(600, "disconnected", 22, 80, odometer=150.0)
    assert car.events == []
    assert car.last == ChargingSession(energy=22)


def test_a_session_that_is_complete_when_it_is_first_seen() -> None:
    car = Car()
    car.poll(0, "disconnected", 5, 40)
    car.poll(600, "complete", 22, 80)
    assert car.events == ["completed"]
    assert car.last == ChargingSession(energy=22, level_to=80, place=Place.HOME)


@pytest.mark.parametrize("energy", [3, 30])
def test_another_session_in_a_gap(energy: float) -> None:
    """The car has driven: what is reported now is another session, of more energy or of less."""
    car = Car()
    car.poll(0, "stopped", 0, 40, odometer=100.0)
    car.poll(10, "charging", 1, 42, odometer=100.0)
    car.restart()
    car.poll(900, "charging", energy, 60, odometer=140.0, place=Place.ELSEWHERE)
    assert car.events == ["started", "ended", "started"]
    assert replace(car.happened[1][1], place=None) == ChargingSession(
        started_at=at(10), level_from=40, **UNKNOWN_END
    )
    car.poll(910, "disconnected", energy + 2, 63, odometer=140.0, place=Place.ELSEWHERE)
    assert car.last == ChargingSession(
        stopped_at=at(910), energy=energy + 2, level_to=63, place=Place.ELSEWHERE
    )  # fmt: skip


def test_the_end_is_in_a_gap() -> None:
    car = Car()
    car.poll(0, "stopped", 0, 40, odometer=100.0)
    car.poll(10, "charging", 1, 42, odometer=100.0)
    car.poll(25, "disconnected", 4, 41, odometer=108.0)
    assert (car.last.energy, car.last.level_to, car.last.seconds) == (4, None, 900)


def test_a_restart_in_the_middle() -> None:
    car = Car()
    car.poll(0, "stopped", 0, 40)
    car.poll(10, "charging", 1, 42)
    car.restart()
    car.poll(300, "charging", 30, 80)
    car.poll(310, "complete", 31, 82)
    assert car.events == ["started", "completed"]
    assert (car.last.energy, car.last.level_from, car.last.level_to) == (31, 40, 82)
    assert car.last.seconds is None


def test_a_sleeping_car_says_nothing_about_the_end() -> None:
    car = Car()
    car.poll(0, "stopped", 0, 40)
    car.poll(10, "charging", 1, 42)
    car.observe(Report(now=at(60), state=None, since=at(60), until=at(60)))
    assert car.events == ["started"]
    car.poll(600, "complete", 25, 80)
    assert car.events == ["started", "completed"]
    assert (car.last.energy, car.last.seconds, car.last.stopped_at) == (25, None, None)


def test_costs_follow_the_price() -> None:
    """Of 6 kWh in an hour, half of the time cost 0.2 and half 0.4."""
    car = Car()
    car.poll(0, "stopped", 0, 40, price=Price(value=0.2))
    car.stream(1, (1, "charging"), (0, 0), (0, 40), price=Price(value=0.2))
    car.stream(31, (1, "charging"), (0, 0), (0, 40), price=Price(value=0.4))
    car.stream(61, (61, "complete"), (61, 6), (61, 50), price=Price(value=0.4))
    assert car.last.cost == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("place", "price", "elsewhere", "cost"),
    [
        (Place.HOME, Price(value=0.3, is_fixed=True), 0.5, 3.0),
        (Place.HOME, Price(), 0.5, None),
        (Place.ELSEWHERE, Price(value=0.3, is_fixed=True), 0.5, 5.0),
        (Place.ELSEWHERE, Price(value=0.3, is_fixed=True), None, None),
        (Place.SUPERCHARGER, Price(value=0.3, is_fixed=True), 0.5, None),
        (Place.FAST_CHARGER, Price(value=0.3, is_fixed=True), 0.5, None),
        (None, Price(value=0.3, is_fixed=True), 0.5, None),
    ],
)
def test_costs_by_place(
    place: Place | None, price: Price, elsewhere: float | None, cost: float | None
) -> None:
    car = Car(place=place, price=price, price_elsewhere=elsewhere)
    car.poll(0, "stopped", 0, 40)
    car.poll(10, "charging", 1, 42)
    car.restart()
    car.poll(60, "complete", 10, 60)
    assert car.last.cost == (cost if cost is None else pytest.approx(cost))


def test_costs_are_unknown_if_a_price_was() -> None:
    """Also while Home Assistant was down, if the price can change."""
    for gap in (False, True):
        car = Car(price=Price(value=0.3))
        car.poll(0, "stopped", 0, 40)
        car.poll(5, "charging", 0.5, 42)
        car.poll(10, "charging", 1, 42, price=Price(value=0.3 if gap else None))
        car.poll(30 if gap else 15, "charging", 5, 50)
        car.poll(35, "complete", 6, 52)
        assert (car.last.energy, car.last.cost) == (6, None)


@pytest.mark.parametrize(
    ("minutes", "is_fixed", "cost"), [(25, False, 6.0), (600, False, None), (600, True, 6.0)]
)
def test_costs_are_unknown_if_the_time_of_charging_was(
    minutes: int, cost: float | None, *, is_fixed: bool
) -> None:
    """In a long gap, it may have charged only while the price was another one."""
    price = Price(value=0.3, is_fixed=is_fixed)
    car = Car(price=price)
    car.poll(0, "stopped", 0, 40)
    car.poll(5, "charging", 0, 40)
    known = Report(
        now=at(5), state="charging", since=at(5), until=at(5), energy=0, energy_at=at(5),
        place=Place.HOME, price=price,
    )  # fmt: skip
    for minute in range(6, 5 + minutes):
        car.observe(replace(known, now=at(minute)))
    car.poll(5 + minutes, "complete", 20, 70)
    assert (car.last.energy, car.last.cost) == (20, cost and pytest.approx(cost))


def test_the_place_is_that_of_the_fast_charger() -> None:
    car = Car()
    car.poll(0, "disconnected", 0, 10, place=Place.ELSEWHERE)
    car.poll(5, "charging", 0.5, 12, place=Place.ELSEWHERE)
    car.poll(10, "charging", 20, 50, place=Place.SUPERCHARGER)
    car.poll(15, "stopped", 30, 70, place=Place.ELSEWHERE)
    assert car.last.place is Place.SUPERCHARGER


# --- Anything at all ------------------------------------------------------------------------------

STATES = ("disconnected", "stopped", "starting", "charging", "complete", "no_power", None)
RULES: dict[str, set[str | None]] = {
    "started": {None, "ended"},
    "interrupted": {"started", "resumed", "ended", None},
    "resumed": {"interrupted", "completed", "ended", None},
    "completed": {"started", "resumed", "ended", None},
    "ended": {"started", "interrupted", "resumed", "completed", None},
}
"""The events that may precede each; None is the beginning, when a session may be under way."""


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[Report, bool]]:
    """Reports of any order of states, with gaps, late energy and restarts."""
    minute = energy_minute = 0.0
    state: str | None = None
    since = 0.0
    energy, level, odometer = 5.0, 50.0, 100.0
    reports = []
    for _ in range(draw(st.integers(1, 25))):
        minute += draw(st.sampled_from((0.1, 1, 10, 45, 600)))
        if draw(st.booleans()):
            state, since = draw(st.sampled_from(STATES)), minute
        if draw(st.booleans()):
            energy_minute = max(energy_minute, minute - draw(st.sampled_from((0, 0, 5))))
            energy = draw(st.sampled_from((0.0, energy, energy + 0.5, energy + 8)))
            level = min(100.0, draw(st.sampled_from((level - 20, level, level + 1))) % 100)
        if state == "disconnected" and draw(st.booleans()):
            odometer += 30
        report = Report(
            now=at(minute), state=state, since=at(since),
            until=at(draw(st.sampled_from((since, minute)))),
            energy=energy, energy_at=at(energy_minute), level=level, level_at=at(energy_minute),
            odometer=odometer, place=Place.HOME, latency=LATENCY,
            price=Price(value=draw(st.sampled_from((0.2, 0.4, None)))),
        )  # fmt: skip
        reports.append((report, draw(st.booleans())))
    return reports


@given(lives())
def test_any_reports(reports: list[tuple[Report, bool]]) -> None:
    """Events follow one another sensibly, numbers are possible, and a restart changes nothing."""
    car, steady = Car(), Car()
    for report, restarts in reports:
        if restarts:
            car.restart()
        car.observe(report)
        car.observe(report)
        steady.observe(report)
        steady.observe(report)
        for session in (car.log.last, *(session for _, session in car.happened)):
            if session is None:
                continue
            assert session.energy is None or session.energy >= 0
            assert session.seconds is None or 0 <= session.seconds <= 25 * 36_000
            if session.started_at is not None and session.stopped_at is not None:
                assert session.started_at <= session.stopped_at
            if session.cost is not None and session.energy is not None:
                assert session.cost <= session.energy * 0.4 + 1e-9
                assert session.cost >= session.energy * 0.2 - 1e-9, "a part has no price"
    before: str | None = None
    for event in car.events:
        assert before in RULES[event], car.events
        before = event
    assert car.events == steady.events

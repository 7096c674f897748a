"""Sources that may start a handshake, and sources that wait; with given times."""

import pytest

from custom_components.flotte.tesla.telemetry.admission import (
    AdmissionResult,
    Allowance,
    FloodWatch,
    HandshakeAdmission,
    WaitingRoom,
    source_of,
)

CAR = "198.51.100.7"
STRANGER = "203.0.113.9"
DAY = 86_400.0


def allowing(per_source: int, common: int, per_second: float = 0.0) -> HandshakeAdmission:
    return HandshakeAdmission(
        lambda: Allowance(per_source, per_second), Allowance(common, per_second)
    )


def admitted(admission: HandshakeAdmission, source: str, tries: int, now: float = 0.0) -> int:
    return sum(admission.admit(source, now) is AdmissionResult.ADMITTED for _ in range(tries))


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", ""),
    ],
)
def test_source(address: str, source: str) -> None:
    assert source_of(address) == source


# --- Allowances -----------------------------------------------------------------------------------


def test_a_burst_and_then_a_rate() -> None:
    allowance = Allowance(4, 2.0)
    now = 1000.0
    assert [allowance.take(now) for _ in range(5)] == [True, True, True, True, False]
    now += 1.1
    assert [allowance.take(now) for _ in range(3)] == [True, True, False]
    now += 1000
    assert [allowance.take(now) for _ in range(5)] == [True, True, True, True, False]


def test_time_that_goes_back_gains_nothing() -> None:
    allowance = Allowance(1, 1.0)
    assert allowance.take(100.0)
    assert not allowance.take(50.0)


def test_a_debt_is_paid_off_before_anything_is_allowed() -> None:
    allowance = Allowance(20, 1.0)
    allowance.charge(50, 0.0)
    assert not allowance.take(30.9)
    assert allowance.take(31.1)


def test_no_debt_lasts_longer_than_ten_minutes() -> None:
    allowance = Allowance(20, 0.5)
    allowance.charge(1e9, 0.0)
    assert not allowance.take(599)
    assert allowance.take(603)


def test_one_source_spends_its_own() -> None:
    admission = allowing(3, 100)
    assert admitted(admission, STRANGER, 10) == 3
    assert admission.admit(STRANGER, 0.0) is AdmissionResult.SOURCE_SPENT
    assert admitted(admission, CAR, 3) == 3


def test_attempts_of_a_spent_source_cost_the_others_nothing() -> None:
    admission = allowing(3, 4)
    admitted(admission, STRANGER, 100)
    assert admitted(admission, CAR, 3) == 1


def test_many_sources_spend_that_of_all() -> None:
    admission = allowing(3, 5)
    assert sum(admitted(admission, f"203.0.113.{n}", 1) for n in range(10)) == 5
    assert admission.admit(CAR, 0.0) is AdmissionResult.COMMON_SPENT


def test_a_source_keeps_its_own_allowance_while_that_of_all_is_spent() -> None:
    admission = allowing(3, 5)
    admitted(admission, STRANGER, 3)
    admitted(admission, "203.0.113.1", 2)
    for _ in range(10):
        assert admission.admit(CAR, 0.0) is AdmissionResult.COMMON_SPENT
    admission.welcome(STRANGER, 0.0)
    assert admission.admit(CAR, 0.0) is AdmissionResult.ADMITTED


def test_a_cars_source_is_admitted() -> None:
    admission = allowing(3, 5)
    assert admitted(admission, CAR, 1) == 1
    admission.welcome(CAR, 0.0)
    assert sum(admitted(admission, f"203.0.113.{n}", 1) for n in range(10)) == 5
    # It has its own allowance left, the whole of it.
    assert admitted(admission, CAR, 10) == 3
    later = 7 * DAY + 1
    assert not admission.is_familiar(CAR, later)


def test_a_cars_cost_is_refunded() -> None:
    admission = allowing(3, 5)
    for _ in range(50):
        assert admission.admit(CAR, 0.0) is AdmissionResult.ADMITTED
        admission.welcome(CAR, 0.0)


def test_processor_time_is_paid_by_the_source_and_by_all() -> None:
    """A second is worth 50 handshakes."""
    admission = allowing(20, 40, per_second=1.0)
    admission.charge(STRANGER, 1.0, 0.0)
    assert admission.admit(STRANGER, 30.9) is AdmissionResult.SOURCE_SPENT
    assert admission.admit(CAR, 10.9) is AdmissionResult.COMMON_SPENT
    assert admission.admit(CAR, 11.1) is AdmissionResult.ADMITTED
    assert admission.admit(STRANGER, 100.0) is AdmissionResult.ADMITTED


def test_handshakes_of_sources_in_debt_are_aborted() -> None:
    admission = allowing(20, 100, per_second=1.0)
    assert not admission.is_in_debt(STRANGER, 0.0)
    admission.charge(STRANGER, 1.0, 0.0)
    assert admission.is_in_debt(STRANGER, 29.9)
    assert not admission.is_in_debt(CAR, 0.0)
    admission.charge("somebody else", 1.1, 0.0)
    assert admission.is_in_debt(CAR, 0.0)
    admission.welcome(CAR, 0.0)
    assert not admission.is_in_debt(CAR, 0.0)
    assert not admission.is_in_debt(STRANGER, 30.1)


def test_a_thousand_sources_are_remembered() -> None:
    admission = allowing(1, 10_000)
    assert admitted(admission, STRANGER, 2) == 1
    for number in range(1023):
        admitted(admission, f"2001:db8::{number:x}", 1)
    assert admitted(admission, STRANGER, 1) == 0
    for number in range(1024):
        admitted(admission, f"2001:db9::{number:x}", 1)
    assert len(admission._sources) == 1024
    assert admitted(admission, STRANGER, 1) == 1


def test_few_sources_of_cars_are_remembered() -> None:
    admission = allowing(1, 10_000)
    for number in range(65):
        admission.welcome(f"source {number}", 0.0)
    assert not admission.is_familiar("source 0", 0.0)
    assert admission.is_familiar("source 64", 0.0)


# --- Floods ---------------------------------------------------------------------------------------


def test_a_moment_s_rush_is_no_flood() -> None:
    flood = FloodWatch()
    assert not flood.is_flooded(0.0)
    for now in (10.0, 11.0, 69.0):
        flood.turned_away(now)
    assert not flood.is_flooded(69.0)


def test_a_flood_that_lasts_and_ends() -> None:
    flood = FloodWatch()
    for now in range(0, 120, 5):
        flood.turned_away(float(now))
    assert flood.is_flooded(120.0)
    assert flood.is_flooded(400.0)
    assert not flood.is_flooded(415.0)
    # The next one has to last as well.
    flood.turned_away(500.0)
    assert not flood.is_flooded(500.0)


def test_a_single_flooding_source_excludes_no_other() -> None:
    admission = allowing(3, 100)
    for now in range(200):
        admission.admit(STRANGER, float(now))
    assert not admission.flood.is_flooded(200.0)


@pytest.mark.parametrize("source", [CAR, STRANGER])
def test_a_flood_that_keeps_cars_out(source: str) -> None:
    """From a car's source too, or from so many sources that all have spent their share."""
    admission = allowing(3, 1 if source == STRANGER else 100)
    admission.welcome(CAR, 0.0)
    for now in range(200):
        admission.admit(source, float(now))
        if source == STRANGER:
            admission.admit(f"2001:db8:0:{now:x}::/64", float(now))
    assert admission.flood.is_flooded(200.0)


# --- The waiting room -----------------------------------------------------------------------------


def nobody(_: str) -> bool:
    return False


def test_one_source_fills_its_own_places() -> None:
    room = WaitingRoom[int](max_waiting=10, max_per_source=3)
    assert room.enter(99, CAR, nobody) is None
    left = [room.enter(number, STRANGER, nobody) for number in range(5)]
    assert left == [None, None, None, (0, STRANGER), (1, STRANGER)]
    assert len(room) == 4


def test_the_source_with_most_places_loses_one() -> None:
    room = WaitingRoom[int](max_waiting=4, max_per_source=3)
    room.enter(99, CAR, nobody)
    for number in range(3):
        room.enter(number, STRANGER, nobody)
    assert room.enter(98, CAR, nobody) == (0, STRANGER)
    assert room.enter(50, "somebody else", nobody) == (99, CAR)
    assert len(room) == 4


def test_the_oldest_source_loses_a_place_except_a_cars() -> None:
    room = WaitingRoom[int](max_waiting=3, max_per_source=3)

    def is_familiar(source: str) -> bool:
        return source == CAR

    room.enter(99, CAR, is_familiar)
    for number in range(2):
        room.enter(number, f"source {number}", is_familiar)
    assert room.enter(2, "source 2", is_familiar) == (0, "source 0")
    room.leave(1, "source 1")
    room.leave(2, "source 2")
    # Only familiar ones are left: one of them has to go.
    room.enter(98, CAR, is_familiar)
    room.enter(97, CAR, is_familiar)
    assert room.enter(3, "source 3", is_familiar) == (99, CAR)


def test_a_closed_connection_uses_no_place() -> None:
    room = WaitingRoom[int](max_waiting=2, max_per_source=2)
    room.enter(1, CAR, nobody)
    room.leave(1, CAR)
    room.leave(1, CAR)
    assert len(room) == 0
    assert [room.enter(number, CAR, nobody) for number in (2, 3)] == [None, None]
    assert room.clear() == [2, 3]
    assert len(room) == 0

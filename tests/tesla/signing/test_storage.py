"""Sessions that survive a restart."""

import json
from typing import Any

import pytest

from custom_components.flotte.tesla.signing import ClientKey, Domain, Reply, Session
from custom_components.flotte.tesla.signing.session_state import MAX_CLOCK, MAX_COUNTER
from tests.tesla.signing.car import VIN, Car, Clock

WALL = 1_790_000_000.0


def stored(session: Session, clock: Clock, wall: float = WALL) -> dict[str, Any]:
    """The stored session, after a trip through JSON."""
    values: dict[str, Any] = json.loads(
        json.dumps(session.to_stored(now_monotonic=clock(), now_wall=wall))
    )
    return values


def restart(session: Session, kept: object, clock: Clock, wall: float) -> Session:
    """Load in a new process, whose monotonic clock starts from zero."""
    return Session.from_stored(
        session._client_key,
        VIN,
        session.domain,
        kept,
        now_monotonic=clock(),
        now_wall=wall,
    )


def run(session: Session, car: Car, clock: Clock) -> Reply:
    request = session.sign(b"\x10\x01", now=clock())
    return session.open(request, car.receive(request.message), now=clock())


def test_restored_session_needs_no_handshake(session: Session, car: Car, clock: Clock) -> None:
    for _ in range(3):
        run(session, car, clock)
    clock.now += 60
    kept = stored(session, clock)
    clock.now += 3_600
    again = restart(session, kept, clock, WALL + 3_600)
    assert again.state.ready
    assert again.state.vehicle_public == session.state.vehicle_public
    assert again.state.epoch == session.state.epoch
    assert again.state.encrypted_replies_seen
    assert run(again, car, clock).authenticated
    assert car.handshakes == 1


def test_other_monotonic_clock_after_a_restart(session: Session, clock: Clock) -> None:
    clock.now += 60
    kept = stored(session, clock)
    # Ten seconds later, in a process whose monotonic clock shows 5.
    again = Session.from_stored(
        session._client_key, VIN, session.domain, kept, now_monotonic=5.0, now_wall=WALL + 10
    )
    assert again.state.vehicle_clock(5.0) == pytest.approx(
        session.state.vehicle_clock(clock() + 10)
    )


def test_counter_gets_a_gap(session: Session, car: Car, clock: Clock) -> None:
    kept = stored(session, clock)
    for _ in range(40):  # sent after it was stored, so the restored session does not know of them
        run(session, car, clock)
    again = restart(session, kept, clock, WALL)
    assert again.state.counter == 100
    assert run(again, car, clock).fault == 0
    assert car.accepted[-1] == 101


def test_restart_with_an_old_counter_costs_one_fault(
    session: Session, car: Car, clock: Clock
) -> None:
    kept = stored(session, clock)
    car.counter = 5_000  # another program used our key
    again = restart(session, kept, clock, WALL)
    reply = run(again, car, clock)
    assert (reply.fault, reply.resynced) == (6, True)
    assert run(again, car, clock).fault == 0
    assert car.accepted == [5_001]


def test_restart_with_a_rebooted_vehicle_costs_one_fault(
    session: Session, car: Car, clock: Clock
) -> None:
    kept = stored(session, clock)
    car.reboot()
    again = restart(session, kept, clock, WALL)
    reply = run(again, car, clock)
    assert (reply.fault, reply.resynced) == (15, True)
    assert run(again, car, clock).fault == 0
    assert car.accepted == [1]


def test_wall_clock_one_hour_ahead_costs_one_fault(
    session: Session, car: Car, clock: Clock
) -> None:
    again = restart(session, stored(session, clock), clock, WALL + 3_600)
    reply = run(again, car, clock)
    assert (reply.fault, reply.resynced) == (20, True)
    assert run(again, car, clock).fault == 0


def test_wall_clock_one_hour_back_gives_an_empty_session(session: Session, clock: Clock) -> None:
    clock.now += 86_400
    kept = stored(session, clock)
    assert not restart(session, kept, clock, WALL - 3_600).state.ready
    assert not restart(session, kept, clock, WALL - 1).state.ready
    assert restart(session, kept, clock, WALL).state.ready


@pytest.mark.parametrize("step", [3_600, -3_600])
def test_wall_clock_step_while_running_changes_nothing(
    session: Session, car: Car, clock: Clock, step: float
) -> None:
    """Only storing uses the wall clock; a session stored after a step fits the new time."""
    kept = stored(session, clock, WALL + step)
    clock.now += 10
    assert run(session, car, clock).fault == 0
    again = restart(session, kept, clock, WALL + step + 10)
    assert run(again, car, clock).fault == 0


def test_stale_check_after_a_restart_uses_the_vehicles_clock(
    session: Session, car: Car, clock: Clock
) -> None:
    """Not our estimate: after days it may be ahead of a slow vehicle clock."""
    clock.now += 864_000
    kept = stored(session, clock)
    car.started += 80  # lost 80 s in ten days
    again = restart(session, kept, clock, WALL)
    hello = again.hello(now=clock())
    assert again.open(hello, car.receive(hello.message), now=clock()).resynced


def test_empty_session_stores_nothing(empty: Session, clock: Clock) -> None:
    assert stored(empty, clock) == {}
    assert not restart(empty, {}, clock, WALL).state.ready


def test_no_secret_is_stored(session: Session, car: Car, clock: Clock) -> None:
    run(session, car, clock)
    text = json.dumps(stored(session, clock))
    assert car._k().hex() not in text
    assert set(stored(session, clock)) == {
        "client_key",
        "vehicle_key",
        "epoch",
        "counter",
        "clock",
        "clock_at",
        "stored_at",
        "encrypted_replies_seen",
    }


def test_other_client_key_gives_an_empty_session(session: Session, clock: Clock) -> None:
    again = Session.from_stored(
        ClientKey.generate(),
        VIN,
        session.domain,
        stored(session, clock),
        now_monotonic=clock(),
        now_wall=WALL,
    )
    assert not again.state.ready
    assert not again.state.encrypted_replies_seen


@pytest.mark.parametrize(
    "change",
    [
        {"client_key": None},
        {"vehicle_key": "00"},
        {"vehicle_key": "zz"},
        {"vehicle_key": 4},
        {"epoch": ""},
        {"epoch": None},
        {"counter": -1},
        {"counter": 1.5},
        {"counter": True},
        {"counter": MAX_COUNTER - 100},
        {"clock": "5"},
        {"clock": MAX_CLOCK},
        {"clock_at": None},
        {"clock_at": float("nan")},
        {"clock_at": WALL + 1},
        {"clock_at": WALL - MAX_CLOCK},
        {"clock_at": -(10**400)},
        {"stored_at": float("inf")},
        {"stored_at": False},
    ],
)
def test_malformed_value_gives_an_empty_session(
    session: Session, clock: Clock, change: dict[str, object]
) -> None:
    kept = stored(session, clock)
    assert restart(session, kept, clock, WALL).state.ready
    again = restart(session, kept | change, clock, WALL)
    assert not again.state.ready
    assert again.state.counter == 0
    assert again.state.epoch == b""


@pytest.mark.parametrize("name", ["client_key", "vehicle_key", "epoch", "counter", "clock"])
def test_missing_value_gives_an_empty_session(session: Session, clock: Clock, name: str) -> None:
    kept = stored(session, clock)
    del kept[name]
    assert not restart(session, kept, clock, WALL).state.ready


@pytest.mark.parametrize("kept", [None, [], "x", 5])
def test_no_mapping_gives_an_empty_session(
    client_key: ClientKey, clock: Clock, kept: object
) -> None:
    session = Session.from_stored(
        client_key, VIN, Domain.INFOTAINMENT, kept, now_monotonic=clock(), now_wall=WALL
    )
    assert not session.state.ready

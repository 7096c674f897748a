"""The benchmarks run, and what they compare with is what it is said to be."""

import json
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from benchmarks.child import ChildFailed, child
from benchmarks.contestants import STREAMING
from benchmarks.one_setup import Displayed
from benchmarks.plain_signing import PlainSigning
from benchmarks.records import Records, raw_values
from benchmarks.setup_cases import Kept, compare, longest_chain
from benchmarks.signing import PAYLOADS, WIRE
from benchmarks.surplus.cases import House
from benchmarks.surplus.end_to_end import compare_minutes
from benchmarks.timing import alternate
from custom_components.flotte.tesla.signing import ClientKey, Domain, Session
from custom_components.flotte.tesla.telemetry.envelope import read_envelope
from simulator.clock import Clock
from simulator.world import AURORA, World

ROOT = Path(__file__).parent.parent


def printed(name: str, *options: str, timeout: float = 120) -> list[str]:
    """The lines that a benchmark prints; it must end well."""
    done = subprocess.run(  # noqa: S603  # this repository's own command
        [sys.executable, "-m", "benchmarks", name, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_signing_prints_a_table_and_a_line_of_json() -> None:
    options = ["--repeats", "2", "--commands", "4", "--trips", "4"]
    lines = printed("signing", *options)
    assert sum("Flotte" in line for line in lines) == 4  # twice measured, twice compared
    figures = json.loads(lines[-1])
    assert list(figures) == [
        "ours_us",
        "peer_us",
        "bound_us",
        "roundtrip_us",
        "peer_roundtrip_us",
        "ratio_peer",
        "ratio_bound",
    ]
    assert all(figure > 0 for figure in figures.values())
    assert figures["ratio_peer"] == pytest.approx(figures["ours_us"] / figures["peer_us"], rel=1e-3)
    assert figures["ratio_bound"] == pytest.approx(
        figures["ours_us"] / figures["bound_us"], rel=1e-3
    )


def _repeating(length: int) -> bytes:
    """Random bytes that are not random, so that two messages can be compared."""
    return bytes(range(length))


@pytest.mark.parametrize("domain", Domain)
def test_lower_bound_makes_equal_bytes(domain: Domain) -> None:
    private_key = ec.generate_private_key(ec.SECP256R1())
    key = ClientKey(private_key)
    car = World(Clock()).cars[AURORA]
    car.pair(key.public_bytes)
    session = Session(key, car.vin, domain, random_bytes=_repeating)
    hello = session.hello(now=0)
    session.open(hello, car.protocol.handle(hello.message, time.time()), now=0)
    payload = next(payload for of, payload in PAYLOADS if of is domain)
    plain: PlainSigning | None = None
    for _ in range(2):  # nothing may stay behind from the message before
        ours = session.sign(payload, now=0)
        plain = plain or PlainSigning(
            private_key,
            vehicle_public=session.state.vehicle_public,
            vin=car.vin,
            domain=WIRE[domain],
            epoch=session.state.epoch,
            routing_address=ours.routing_address,
            uuid=ours.uuid,
            counter=ours.counter - 1,
            expires_at=ours.expires_at,
        )
        assert b64decode(plain.sign(payload)) == ours.message


async def test_ways_are_timed_by_turns() -> None:
    order: list[str] = []

    def way(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            order.append(name)

        return run

    timings = await alternate({"a": way("a"), "b": way("b")}, repeats=2, warm_up=1, units=1)

    assert order == ["b", "a", "a", "b", "b", "a"]
    assert set(timings) == {"a", "b"}
    assert all(0 < timing.low <= timing.median <= timing.high for timing in timings.values())


def test_ingest_prints_a_table_and_a_line_of_json() -> None:
    options = ["--repeats", "1", "--writes", "40", "--seconds", "1", "--cars", "1", "2"]
    lines = printed("ingest", *options)
    assert sum("goal" in line for line in lines) == 3  # none for ten cars, which did not push
    figures = json.loads(lines[-1])
    assert list(figures) == [
        "us_per_record",
        "floor_us",
        "ratio_floor",
        "median_ms",
        "p99_ms",
        "cpu_us_per_record",
    ]
    for name in ("us_per_record", "floor_us", "ratio_floor"):
        assert list(figures[name]) == ["1", "4", "40"]
    for name in ("median_ms", "p99_ms"):
        assert list(figures[name]) == ["1", "2"]
        assert all(figure > 0 for figure in figures[name].values())
    for signals, ratio in figures["ratio_floor"].items():
        quotient = figures["us_per_record"][signals] / figures["floor_us"][signals]
        assert ratio == pytest.approx(quotient, rel=1e-2)
    assert figures["cpu_us_per_record"] > 0


def test_flood_prints_a_table_and_a_line_of_json() -> None:
    options = ["--repeats", "1", "--seconds", "1", "--only", "connects", "headers"]
    lines = printed("flood", *options)
    assert sum("goal" in line for line in lines) == 2
    figures = json.loads(lines[-1])
    assert list(figures) == ["late_ms", "busy_ms", "ack_p50_ms", "lost", "got_in", "floods"]
    assert list(figures["floods"]) == [
        "no flood",
        "connects, one source",
        "connects, many sources",
        "headers, many sources",
    ]
    assert figures["floods"]["no flood"]["got_in"] == 1


def test_each_record_has_new_values() -> None:
    records = Records("XP7YGCEK0RB000001", ["PackVoltage", "PackCurrent"])

    payloads = [wire.Payload.FromString(read_envelope(records.next()).payload) for _ in range(3)]

    told = [tuple(datum.value.double_value for datum in each.data) for each in payloads]
    assert told == raw_values(2, 3)
    assert all(
        before != after for pair in pairwise(told) for before, after in zip(*pair, strict=True)
    )
    times = [each.created_at.ToNanoseconds() for each in payloads]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("at_end", "failure"),
    [
        pytest.param("pass", None, id="well"),
        pytest.param("sys.exit(3)", "ended with 3", id="with an error"),
        pytest.param("time.sleep(60)", "ended with -9", id="not in time"),
    ],
)
async def test_child_has_to_end_well(
    at_end: str, failure: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was killed has not written what is to be measured after it."""
    program = f"import sys, time\nprint('ready', flush=True)\nsys.stdin.read()\n{at_end}\n"
    (tmp_path / "ends.py").write_text(program, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    if "sleep" in at_end:
        monkeypatch.setattr("benchmarks.child.STOP_SECONDS", 0.1)
    failed = pytest.raises(ChildFailed, match=failure) if failure else nullcontext()
    with failed:
        async with child("ends") as process:
            assert await process.line(30) == "ready\n"


def test_setup_prints_a_table_and_a_line_of_json() -> None:
    options = ["--cars", "2", "--latency", "200", "--repeats", "1"]
    lines = printed("setup", *options, timeout=580)
    assert sum("goal" in line for line in lines) == 7
    figures = json.loads(lines[-1])
    core = figures["core"]
    assert set(figures) == {*core, "core", "ratio_wall", "ratio_import", "ratio_entity"}
    assert list(core) == [
        "serial_round_trips",
        "wall_s",
        "billed",
        "rss_mb",
        "import_ms",
        "known",
        "restored",
        "made_up",
    ]
    for contestant in (figures, core):
        for name in ("serial_round_trips", "wall_s", "billed", "rss_mb"):
            assert list(contestant[name]) == ["2"]
        for by_latency in contestant["wall_s"].values():
            assert list(by_latency) == ["200"]
            # Requests that wait for one another cannot take less than what each of them takes.
            assert by_latency["200"] >= 0.4
    assert all(trips <= 2 for trips in figures["serial_round_trips"].values())
    assert set(figures["billed"].values()) == {0}
    assert figures["known"] == figures["restored"] > 200
    assert figures["made_up"] == 0
    # That something is counted at all shows at core's: it asks each car in turn, and restores
    # hardly anything.
    assert core["serial_round_trips"] == {"2": 5}
    assert core["billed"] == {"2": 2}
    assert core["known"] > core["restored"]
    assert core["made_up"] > 0


@pytest.mark.parametrize(
    ("requests", "chain"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(0, 2), (0, 2), (1, 3)], 1, id="at once"),
        pytest.param([(0, 2), (2, 4), (4, 6)], 3, id="one after the other"),
        pytest.param([(0, 9), (0, 2), (2, 4)], 2, id="a long one beside two"),
        pytest.param([(3, 5), (0, 2), (1, 4), (5, 6)], 3, id="in no order"),
    ],
)
def test_chain_is_of_requests_that_waited_for_one_another(
    requests: list[tuple[float, float]], chain: int
) -> None:
    assert longest_chain(requests) == chain


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        pytest.param(
            Displayed("5", {}, {"A": 1}), Displayed("5", {}, {"A": 1}), (1, 1, 0), id="restored"
        ),
        pytest.param(Displayed("5", {}), Displayed("5", {}), (1, 1, 0), id="by who keeps no times"),
        pytest.param(
            Displayed("5", {}, {"A": 1}), Displayed("5", {}), (1, 0, 1), id="without its time"
        ),
        pytest.param(Displayed("5", {}, {"A": 1}), Displayed("unknown", {}), (1, 0, 0), id="lost"),
        pytest.param(Displayed("5", {}, {"A": 1}), None, (1, 0, 0), id="not there"),
        pytest.param(Displayed("5", {}), Displayed("6", {}), (1, 0, 1), id="another"),
        pytest.param(Displayed("unknown", {}), Displayed("off", {}), (0, 0, 1), id="made up"),
        pytest.param(None, Displayed("off", {}), (0, 0, 1), id="made up, and new"),
        pytest.param(
            Displayed("unknown", {}), Displayed("unknown", {}), (0, 0, 0), id="never known"
        ),
        pytest.param(
            Displayed("on", {}, {"A": 1}), Displayed("off", {}, {"A": 10}), (0, 0, 0), id="news"
        ),
    ],
)
def test_restart_is_judged_by_values_and_their_times(
    before: Displayed | None, after: Displayed | None, kept: tuple[int, int, int]
) -> None:
    name = "sensor XP7YGCEK0RB000001-level"

    found = compare(
        {} if before is None else {name: before},
        {} if after is None else {name: after},
        restarted=10,
    )

    assert (found.known, found.restored, found.made_up) == kept


def test_restart_ignores_states_without_a_value() -> None:
    names = ("button V-honk", "binary_sensor V-state", "sensor V-data_age")
    before = {name: Displayed("1", {}) for name in names}
    after = {name: Displayed("2", {}) for name in names}

    assert compare(before, after, restarted=10) == Kept(0, 0, 0, ())


async def test_minutes_from_end_to_end_agree_with_the_pure_controller() -> None:
    """The sun shines, and is gone: the same commands, and the same money but for delays."""
    solar = np.array([0.0] * 2 + [6.0] * 25 + [0.0] * 13)
    row = await compare_minutes("test", STREAMING, solar, np.full(40, 0.5), House(3, 10.0, 10))
    whole, pure = row.whole, row.pure
    assert (whole.starts, whole.wakes) == (pure.starts, pure.wakes) == (1, 1)
    # Current, start and stop; a handshake before them.
    assert row.found["executed"] == {"set_charging_amps": 1, "charge_start": 1, "charge_stop": 1}
    assert (pure.commands, whole.commands) == (3, 4)
    assert whole.sun == pytest.approx(pure.sun, rel=0.05)
    assert row.gap == pytest.approx(0, abs=0.05)

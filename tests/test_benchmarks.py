"""The benchmarks run, and what they compare with is what it is said to be."""

import json
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from benchmarks.plain_signing import PlainSigning
from benchmarks.records import Records, raw_values
from benchmarks.signing import PAYLOADS, WIRE
from benchmarks.timing import alternate
from custom_components.flotte.tesla.signing import ClientKey, Domain, Session
from custom_components.flotte.tesla.telemetry.envelope import read_envelope
from simulator.clock import Clock
from simulator.world import AURORA, World

ROOT = Path(__file__).parent.parent


def test_signing_prints_a_table_and_a_line_of_json() -> None:
    options = ["--repeats", "2", "--commands", "4", "--trips", "4"]
    done = subprocess.run(  # noqa: S603  # this repository's own command
        [sys.executable, "-m", "benchmarks", "signing", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
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
def test_lower_bound_makes_the_same_bytes(domain: Domain) -> None:
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
            vehicle_public=session.vehicle_public,
            vin=car.vin,
            domain=WIRE[domain],
            epoch=session.epoch,
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
    done = subprocess.run(  # noqa: S603  # this repository's own command
        [sys.executable, "-m", "benchmarks", "ingest", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
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


def test_each_record_tells_something_new() -> None:
    records = Records("XP7YGCEK0RB000001", ["PackVoltage", "PackCurrent"])

    payloads = [wire.Payload.FromString(read_envelope(records.next()).payload) for _ in range(3)]

    told = [tuple(datum.value.double_value for datum in each.data) for each in payloads]
    assert told == raw_values(2, 3)
    assert all(
        before != after for pair in pairwise(told) for before, after in zip(*pair, strict=True)
    )
    times = [each.created_at.ToNanoseconds() for each in payloads]
    assert times == sorted(times)

"""Effects of floods on the event loop, on connected cars and on cars that connect.

The server runs in this process, with nothing else on its event loop but a clock that measures
delays. Attackers and cars run in processes of their own.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, override

from benchmarks.child import Child, child
from benchmarks.timing import machine, positive
from custom_components.flotte.tesla.telemetry.messages import Listener
from custom_components.flotte.tesla.telemetry.server import TelemetryServer
from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.context import server_context
from simulator.telemetry.certificates import Authorities, Kind

HOST: Final = "home.flotte.example"
CAR: Final = "XP7YGCEK0RB000001"
COMING_CAR: Final = "XP7YGCEK0RB000002"
"""The VIN of the car that connects repeatedly."""
FOREIGN_CAR: Final = "XP7YGCEK0RB000003"
SEED: Final = 1
TICK: Final = 0.005
"""Seconds between two checks of the event loop's delay."""
START_SECONDS: Final = 60
SLACK_SECONDS: Final = 60
SOURCES: Final = 500

MAX_LATE_MS: Final = 100
MAX_ACK_MS: Final = 10


@dataclass(frozen=True, slots=True)
class Attack:
    """A flood."""

    name: str
    """A method of `benchmarks.attackers.Attackers`."""
    at_once: int
    """Concurrent connections; each that ends is followed by another."""
    sources: int = 1


ATTACKS: Final = (
    Attack("connects", 400),
    Attack("connects", 400, SOURCES),
    Attack("crumbs", 100),
    Attack("crumbs", 100, SOURCES),
    Attack("records", 100, SOURCES),
    Attack("greets", 256, SOURCES),
    Attack("shouts", 50, SOURCES),
    Attack("anonymous", 64),
    Attack("anonymous", 64, SOURCES),
    Attack("certificates", 256),
    Attack("certificates", 256, SOURCES),
    Attack("certificates_1_2", 256, SOURCES),
    Attack("curves", 32),
    Attack("curves", 32, SOURCES),
    Attack("foreign", 64, SOURCES),
    Attack("headers", 32, SOURCES),
)


@dataclass(frozen=True, slots=True)
class Result:
    """The effects of one flood."""

    late_ms: float
    """The longest delay of the event loop, by the clock on the wall."""
    busy_ms: float
    """Maximum processor time of the event loop's thread between two checks: its delay on a machine
    without other work."""
    ack_ms: float
    """Median until an acknowledgement for the connected car."""
    ack_worst_ms: float
    lost: int
    """The number of times that this car lost its connection."""
    tries: int
    """Attempts of a car that connects repeatedly, from an address that cars have used before."""
    got_in: int
    new_tries: int
    """Attempts of the same car from an address that no car has used yet."""
    new_got_in: int
    cpu: float
    """Share of a processor that the server's process uses, including its thread for handshakes."""
    connections: int
    """The attackers' connections."""


class _IgnoringStream(Listener):
    """A stream that ignores everything it receives."""

    @override
    def opened(self, connection: str, network: str) -> None:
        pass

    @override
    def closed(self, connection: str) -> None:
        pass

    @override
    def receive(self, topic: bytes, payload: bytes) -> None:
        pass


class _Lateness:
    """Measures the delay of the event loop."""

    def __init__(self) -> None:
        self.worst = 0.0
        self.busiest = 0.0
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, busy = loop.time() + TICK, time.thread_time()
            await asyncio.sleep(TICK)
            self.worst = max(self.worst, loop.time() - due)
            self.busiest = max(self.busiest, time.thread_time() - busy)

    def end(self) -> None:
        """Stop measuring."""
        self._task.cancel()


@asynccontextmanager
async def _running(attack: Attack | None) -> AsyncIterator[tuple[Child, Child]]:
    """A new server for a flood, with attackers and cars that know its address."""
    authorities = Authorities(SEED)
    authority = Authority.generate(datetime.now(UTC))
    server = TelemetryServer({CAR: _IgnoringStream(), COMING_CAR: _IgnoringStream()}.get)
    with tempfile.TemporaryDirectory() as folder:
        issued = authority.issue(HOST, datetime.now(UTC))
        context = server_context(issued, authorities.bundle.decode(), Path(folder))
    await server.start("127.0.0.1", 0, context)
    try:
        async with (
            child("benchmarks.attackers") as attackers,
            child("benchmarks.callers") as cars,
        ):
            foreign = authorities.identity(FOREIGN_CAR, Kind.OID)
            pem = (foreign.key_pem + foreign.pem).decode()
            has_curves = attack is not None and attack.name == "curves"
            order = {"port": server.port, "foreign": pem, "has_curves": has_curves}
            attackers.send(json.dumps(order))
            await attackers.line(START_SECONDS)
            cars.send(
                json.dumps({"port": server.port, "host": HOST, "ca": authority.certificate_pem})
            )
            await cars.line(START_SECONDS)
            yield attackers, cars
    finally:
        await server.stop()


async def _withstand(attack: Attack | None, seconds: float) -> Result:
    """Measure one flood, or no flood, for so long, with a server of its own."""
    async with _running(attack) as (attackers, cars):
        order = {"seconds": seconds}
        lateness = _Lateness()
        begin, cpu = time.perf_counter(), time.process_time()
        if attack is not None:
            attackers.send(
                json.dumps(
                    {
                        "name": attack.name,
                        "at_once": attack.at_once,
                        "sources": attack.sources,
                        **order,
                    }
                )
            )
        cars.send(json.dumps(order))
        answer = json.loads(await cars.line(seconds + SLACK_SECONDS))
        connections = 0
        if attack is not None:
            connections = int(await attackers.line(SLACK_SECONDS))
        cpu = (time.process_time() - cpu) / (time.perf_counter() - begin)
        lateness.end()
        return Result(
            late_ms=lateness.worst * 1000,
            busy_ms=lateness.busiest * 1000,
            ack_ms=statistics.median(answer["acks"]),
            ack_worst_ms=max(answer["acks"]),
            lost=answer["lost"],
            tries=answer["tries"],
            got_in=answer["got_in"],
            new_tries=answer["new_tries"],
            new_got_in=answer["new_got_in"],
            cpu=cpu,
            connections=connections,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of all repeats, by flood."""

    results: Mapping[str, Sequence[Result]]

    @property
    def lost(self) -> int:
        """The number of times that the connected car lost its connection, in all floods."""
        return sum(each.lost for results in self.results.values() for each in results)

    def late(self, name: str) -> float:
        """The minimum of the longest delays: a busy machine causes delays of its own."""
        return min(each.late_ms for each in self.results[name])

    def busy(self, name: str) -> float:
        """The median of the processor time between two checks."""
        return statistics.median(each.busy_ms for each in self.results[name])

    def ack(self, name: str) -> float:
        """The median of the medians until an acknowledgement."""
        return statistics.median(each.ack_ms for each in self.results[name])

    def share(self, name: str) -> float:
        """The share of the car's attempts that connected, in all repeats."""
        return _share([(each.got_in, each.tries) for each in self.results[name]])

    def new_share(self, name: str) -> float:
        """The share of attempts from new addresses that connected."""
        return _share([(each.new_got_in, each.new_tries) for each in self.results[name]])

    def cpu(self, name: str) -> float:
        """The median share of a processor."""
        return statistics.median(each.cpu for each in self.results[name])

    def to_json(self) -> str:
        """The figures to be tracked, as one line of JSON."""
        floods = [name for name in self.results if name != QUIET]
        return json.dumps(
            {
                "late_ms": round(max(map(self.late, floods)), 1),
                "busy_ms": round(max(map(self.busy, floods)), 1),
                "ack_p50_ms": round(max(map(self.ack, floods)), 2),
                "lost": self.lost,
                "got_in": round(min(map(self.share, floods)), 3),
                "floods": {
                    name: {
                        "late_ms": round(self.late(name), 1),
                        "busy_ms": round(self.busy(name), 1),
                        "ack_p50_ms": round(self.ack(name), 2),
                        "got_in": round(self.share(name), 3),
                        "new_got_in": round(self.new_share(name), 3),
                        "cpu": round(self.cpu(name), 3),
                    }
                    for name in self.results
                },
            }
        )


def _share(numbers: Sequence[tuple[int, int]]) -> float:
    return sum(got for got, _ in numbers) / max(1, sum(tries for _, tries in numbers))


QUIET: Final = "no flood"


def _title(attack: Attack) -> str:
    return f"{attack.name}, {'one source' if attack.sources == 1 else 'many sources'}"


async def measure(*, repeats: int, seconds: float, attacks: Sequence[Attack] = ATTACKS) -> Figures:
    """Measure every flood so often, for so many seconds each."""
    results: dict[str, list[Result]] = {}
    for _ in range(repeats):
        results.setdefault(QUIET, []).append(await _withstand(None, seconds))
        for attack in attacks:
            results.setdefault(_title(attack), []).append(await _withstand(attack, seconds))
    return Figures(results)


def table(figures: Figures) -> str:
    """The table of all figures."""
    head = "".join(
        f"{each:>11}"
        for each in (
            "late, ms",
            "ack, ms",
            "worst, ms",
            "got in",
            "new, got in",
            "cpu",
            "strangers",
        )
    )
    lines = [machine(), "", f"{'':<32}{head}"]
    for name, results in figures.results.items():
        lines.append(
            f"{name:<32}{figures.late(name):>11.1f}{figures.busy(name):>11.1f}"
            f"{figures.ack(name):>11.2f}"
            f"{min(each.ack_worst_ms for each in results):>11.1f}"
            f"{figures.share(name):>11.0%}{figures.new_share(name):>11.0%}"
            f"{figures.cpu(name):>11.0%}{sum(each.connections for each in results):>11}"
        )
    floods = [name for name in figures.results if name != QUIET]
    lines += [
        "",
        f"{'connections of the car lost':<40}{figures.lost:>10}",
        _goal("event loop late, worst, ms", max(map(figures.late, floods)), MAX_LATE_MS),
        _goal("acknowledgement, median, ms", max(map(figures.ack, floods)), MAX_ACK_MS),
    ]
    return "\n".join(lines)


def _goal(name: str, figure: float, most: float) -> str:
    verdict = "met" if figure <= most else "MISSED"
    return f"{name:<40}{figure:>10.2f}   goal: at most {most:g}, {verdict}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the number of measurements."""
    parser.add_argument("--repeats", type=positive, default=3, help="of each (%(default)s)")
    parser.add_argument("--seconds", type=positive, default=5, help="of each (%(default)s)")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="ATTACK",
        help=", ".join(dict.fromkeys(a.name for a in ATTACKS)),
    )


async def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the line of JSON."""
    attacks = [each for each in ATTACKS if not options.only or each.name in options.only]
    figures = await measure(repeats=options.repeats, seconds=options.seconds, attacks=attacks)
    sys.stdout.write(f"{table(figures)}\n\n{figures.to_json()}\n")

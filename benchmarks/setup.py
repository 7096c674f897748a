"""Cost of starting with an account, compared with Home Assistant core's own integration.

Each contestant sets up each number of cars in a Home Assistant of its own, in a process of its own,
against a simulator in another process that answers immediately or after a latency.

Serial round trips are read from the simulator's log, which has the times of each request and its
answer: they are the longest chain of requests each of which came after the answer to the one
before. They are counted where there is latency: without it, independent requests are answered
before the next one is written, and would look like a chain.
"""

import argparse
import json
import statistics
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

from benchmarks.child import Child, child
from benchmarks.one_setup import BARE, CLIENTS, CORE, FLOTTE, Displayed, SetUp
from benchmarks.setup_cases import Case, Import, Kept, Started, compare, longest_chain
from benchmarks.streaming_cars import StreamingCars, streaming_cars
from benchmarks.timing import machine, positive

CARS: Final = (1, 10, 100)
LATENCIES_MS: Final = (0, 200)
RESTART_CARS: Final = 10
"""The maximum number of cars in the account that is restarted."""
MAX_TRIPS: Final = 2
MAX_OF_CORE: Final = 0.05
"""Goal for the time of most cars, with latency, compared with core."""
MAX_OF_LIBRARY: Final = 0.45
"""Goal for the import, compared with the library of core's integration."""
MAX_OF_BARE: Final = 1.1
"""Goal for the memory of an enabled entity, compared with a bare sensor."""
ANSWER_SECONDS: Final = 600
PRICED: Final = frozenset({"data", "command", "wake"})
"""Categories of requests that have a price."""
EXAMPLES: Final = 8
"""The number of lost or made-up values that are listed by name."""


class Tesla:
    """The controls of the simulator."""

    def __init__(self, cars: StreamingCars, session: aiohttp.ClientSession) -> None:
        self.cars = cars
        self._session = session
        self._url = f"{cars.account.eu}/simulator"

    async def delay(self, milliseconds: int) -> None:
        """Delay the answers to all requests."""
        if milliseconds:
            await self._post("faults", kind="delay", count=None, seconds=milliseconds / 1e3)

    async def put(self, state: str) -> None:
        """Wake all cars or let them fall asleep: `online` or `asleep`."""
        for vin in self.cars.account.vins:
            await self._post(f"cars/{vin}", state=state)

    async def forget(self) -> None:
        """Forget the requests so far."""
        async with self._session.delete(f"{self._url}/requests"):
            pass

    async def requests(self) -> list[dict[str, Any]]:
        """The requests since the last `forget`."""
        async with self._session.get(f"{self._url}/requests") as response:
            rows: list[dict[str, Any]] = (await response.json())["requests"]
        return rows

    async def now(self) -> float:
        """The simulated time, in Unix seconds."""
        async with self._session.get(f"{self._url}/clock") as response:
            return float((await response.json())["now"])

    async def _post(self, path: str, **order: object) -> None:
        async with self._session.post(f"{self._url}/{path}", json=order) as response:
            response.raise_for_status()


@asynccontextmanager
async def tesla(cars: int) -> AsyncIterator[Tesla]:
    """A simulator with so many cars of one owner, all awake."""
    async with streaming_cars(cars, owners=1) as fleet, aiohttp.ClientSession() as session:
        simulated = Tesla(fleet, session)
        await simulated.put("online")
        yield simulated


class Home:
    """A Home Assistant in a child process."""

    def __init__(self, process: Child) -> None:
        self._process = process

    async def order(self, name: str, **arguments: object) -> Any:  # noqa: ANN401  # JSON
        """Run an order. Raises ChildFailed."""
        self._process.send(json.dumps([name, arguments]))
        return json.loads(await self._process.line(ANSWER_SECONDS))

    async def set_up(self) -> SetUp:
        """Set the account up."""
        return SetUp(**await self.order("set_up"))

    async def displayed(self) -> dict[str, Displayed]:
        """The displayed states of the entities of all cars."""
        return {name: Displayed(**each) for name, each in (await self.order("displayed")).items()}


@asynccontextmanager
async def home(
    simulated: Tesla, contestant: str, folder: str, *, everything: bool = False
) -> AsyncIterator[Home]:
    """A Home Assistant that is ready for the account, with its key on all cars."""
    async with child("benchmarks.one_setup") as process:
        started = Home(process)
        account = asdict(simulated.cars.account)
        answer = await started.order(
            "home", contestant=contestant, folder=folder, account=account, everything=everything
        )
        await simulated.cars.pair(bytes.fromhex(answer["key"]))
        await simulated.forget()
        yield started


async def start_once(case: Case) -> Started:
    """Set one account up for the first time."""
    with TemporaryDirectory(prefix="flotte-benchmark-") as folder:
        async with tesla(case.cars) as simulated, home(simulated, case.contestant, folder) as ours:
            await simulated.delay(case.latency)
            took = await ours.set_up()
            rows = await simulated.requests()
    return Started(
        took,
        requests=len(rows),
        trips=longest_chain((row["began"], row["time"]) for row in rows),
        billed=sum(row["billed"] and row["category"] in PRICED for row in rows),
    )


async def bare_sensors(number: int, cars: int, disabled: int = 0) -> SetUp:
    """Measure so many bare sensors, in a Home Assistant with an account without cars.

    Args:
        number: The number of enabled sensors.
        cars: The number of their devices.
        disabled: The number of further sensors that are only registered.
    """
    with TemporaryDirectory(prefix="flotte-benchmark-") as folder:
        async with tesla(0) as simulated, home(simulated, BARE, folder) as ours:
            await ours.set_up()
            return SetUp(
                **await ours.order("add_sensors", number=number, cars=cars, disabled=disabled)
            )


async def restart(contestant: str, cars: int) -> Kept:
    """Poll all cars while they are awake, let them fall asleep, and restart.

    Every entity is enabled, also those that are disabled by default.
    """
    with TemporaryDirectory(prefix="flotte-benchmark-") as folder:
        async with tesla(cars) as simulated:
            async with home(simulated, contestant, folder, everything=True) as ours:
                await ours.set_up()
                await ours.order("poll")
                before = await ours.displayed()
            await simulated.put("asleep")
            restarted = await simulated.now()
            async with home(simulated, contestant, folder, everything=True) as ours:
                await ours.set_up()
                after = await ours.displayed()
    return compare(before, after, restarted)


async def imports(contestant: str, repeats: int) -> dict[str, Import]:
    """Measure the import of a contestant's client, then that of the rest of its integration."""
    answers = []
    for _ in range(repeats):
        async with child("benchmarks.one_setup") as process:
            answers.append(await Home(process).order("imports", contestant=contestant))
    return {
        part: Import(
            min(answer[part]["ms"] for answer in answers),
            statistics.median(answer[part]["mb"] for answer in answers),
        )
        for part in answers[0]
    }


def _median(all_of_case: Sequence[Started]) -> Started:
    """The repeats of one case, combined."""
    first = all_of_case[0]
    return Started(
        replace(
            first.took,
            wall=statistics.median(each.took.wall for each in all_of_case),
            cpu=statistics.median(each.took.cpu for each in all_of_case),
            memory=statistics.median(each.took.memory for each in all_of_case),
        ),
        requests=max(each.requests for each in all_of_case),
        trips=max(each.trips for each in all_of_case),
        billed=max(each.billed for each in all_of_case),
    )


def _middle(repeats: Sequence[SetUp]) -> SetUp:
    """The repeat with the median memory."""
    return sorted(repeats, key=lambda took: took.memory)[len(repeats) // 2]


# --- Figures -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of all measurements."""

    started: Mapping[Case, Started]
    bare: SetUp
    """As many bare sensors as Flotte has enabled entities of most cars."""
    registered: SetUp
    """As many bare sensors, and as many disabled ones as Flotte has."""
    kept: Mapping[str, Kept]
    """The values that survive a restart, by contestant."""
    imports: Mapping[str, Mapping[str, Import]]
    """The client, and the rest of the integration, by contestant."""
    repeats: int

    @property
    def cars(self) -> list[int]:
        """The numbers of cars."""
        return sorted({case.cars for case in self.started})

    @property
    def latencies(self) -> list[int]:
        """The latencies in milliseconds."""
        return sorted({case.latency for case in self.started})

    def at_most(self, contestant: str) -> Started:
        """The setup of most cars at the longest latency."""
        return self.started[Case(contestant, self.cars[-1], self.latencies[-1])]

    @property
    def ratio_wall(self) -> float:
        """Flotte's time compared with core's, most cars at the longest latency."""
        return self.at_most(FLOTTE).took.wall / self.at_most(CORE).took.wall

    @property
    def ratio_import(self) -> float:
        """The import of Flotte without its platforms, compared with core's library."""
        ours, core = self.imports[FLOTTE]["client"], self.imports[CORE]["client"]
        return ours.milliseconds / core.milliseconds

    @property
    def ratio_memory(self) -> float:
        """The memory of one of Flotte's entities, compared with that of a bare sensor."""
        ours = self.started[Case(FLOTTE, self.cars[-1], self.latencies[0])].took
        return per_entity(ours) / per_entity(self.bare)

    def of(self, contestant: str) -> dict[str, Any]:
        """The tracked figures of one contestant."""
        by_cars = {
            cars: {each: self.started[Case(contestant, cars, each)] for each in self.latencies}
            for cars in self.cars
        }
        kept = self.kept[contestant]
        return {
            "serial_round_trips": {
                str(cars): each[self.latencies[-1]].trips for cars, each in by_cars.items()
            },
            "wall_s": {
                str(cars): {
                    str(latency): round(started.took.wall, 3) for latency, started in each.items()
                }
                for cars, each in by_cars.items()
            },
            "billed": {
                str(cars): max(started.billed for started in each.values())
                for cars, each in by_cars.items()
            },
            "rss_mb": {
                str(cars): round(each[self.latencies[0]].took.memory, 2)
                for cars, each in by_cars.items()
            },
            "import_ms": round(self.imports[contestant]["client"].milliseconds, 1),
            "known": kept.known,
            "restored": kept.restored,
            "made_up": kept.made_up,
        }

    def to_json(self) -> str:
        """The figures to be tracked, as one line of JSON."""
        return json.dumps(
            {
                **self.of(FLOTTE),
                "ratio_wall": round(self.ratio_wall, 4),
                "ratio_import": round(self.ratio_import, 3),
                "ratio_entity": round(self.ratio_memory, 3),
                "core": self.of(CORE),
            }
        )


def per_entity(took: SetUp) -> float:
    """Memory of one enabled entity, in kB."""
    return took.memory * 1e3 / took.entities


async def measure(*, cars: Sequence[int], latencies: Sequence[int], repeats: int) -> Figures:
    """Measure everything, the contestants in turn."""
    cases = [
        Case(contestant, number, latency)
        for number in sorted(set(cars))
        for latency in sorted(set(latencies))
        for contestant in (FLOTTE, CORE)
    ]
    runs: dict[Case, list[Started]] = {case: [] for case in cases}
    for _ in range(repeats):
        for case in cases:
            runs[case].append(await start_once(case))
    started = {case: _median(each) for case, each in runs.items()}
    most = max(cars)
    ours = started[Case(FLOTTE, most, min(latencies))].took
    disabled = ours.registered - ours.entities
    bare = [await bare_sensors(ours.entities, most) for _ in range(repeats)]
    registered = [await bare_sensors(ours.entities, most, disabled) for _ in range(repeats)]
    restarted = max((number for number in cars if number <= RESTART_CARS), default=min(cars))
    return Figures(
        started,
        _middle(bare),
        _middle(registered),
        {name: await restart(name, restarted) for name in (FLOTTE, CORE)},
        {name: await imports(name, repeats) for name in (FLOTTE, CORE)},
        repeats,
    )


def table(figures: Figures) -> str:
    """The table of all figures."""
    lines = [
        machine(),
        "",
        _head(
            f"setup, medians of {figures.repeats}",
            "seconds", "cpu s", "requests", "serial", "billed", "entities", "of", "MB", "kB each",
        ),
    ]  # fmt: skip
    for case, each in figures.started.items():
        took = each.took
        lines.append(
            f"  {f'{case.contestant}, {case.cars} cars, {case.latency} ms':<38}"
            f"{took.wall:>10.3f}{took.cpu:>10.3f}{each.requests:>10}{each.trips:>10}"
            f"{each.billed:>10}{took.entities:>10}{took.registered:>10}{took.memory:>10.2f}"
            f"{per_entity(took):>10.2f}"
        )
    for name, bare in (("bare", figures.bare), ("bare, others disabled", figures.registered)):
        lines.append(
            f"  {f'{name} sensors':<38}{bare.wall:>10.3f}{bare.cpu:>10.3f}{'':>30}"
            f"{bare.entities:>10}{bare.registered:>10}{bare.memory:>10.2f}{per_entity(bare):>10.2f}"
        )
    lines += [
        "",
        _head("round trips by time", "cars"),
    ]
    shortest, longest = figures.latencies[0], figures.latencies[-1]
    if longest > shortest:
        for name in (FLOTTE, CORE):
            for cars in figures.cars:
                late, soon = (
                    figures.started[Case(name, cars, each)] for each in (longest, shortest)
                )
                trips = (late.took.wall - soon.took.wall) * 1e3 / (longest - shortest)
                lines.append(f"  {name:<38}{cars:>10}{trips:>10.1f}")
    lines += ["", _head("values over a restart, all cars asleep", "known", "restored", "made up")]
    for name, kept in figures.kept.items():
        lines.append(f"  {name:<38}{kept.known:>10}{kept.restored:>10}{kept.made_up:>10}")
        lines += [f"    {example}" for example in kept.examples[:EXAMPLES]]
    lines += ["", _head("imports, into a loaded Home Assistant", "cpu ms", "MB")]
    for name, parts in figures.imports.items():
        for part, imported in parts.items():
            what = CLIENTS[name] if part == "client" else f"{name}: the rest and platforms"
            lines.append(f"  {what:<38}{imported.milliseconds:>10.1f}{imported.megabytes:>10.2f}")
    ours = figures.kept[FLOTTE]
    chain = max(
        figures.started[Case(FLOTTE, cars, figures.latencies[-1])].trips for cars in figures.cars
    )
    billed = max(each.billed for case, each in figures.started.items() if case.contestant == FLOTTE)
    most = f"{figures.cars[-1]} cars, {figures.latencies[-1]} ms"
    lines += [
        "",
        _goal("serial round trips", chain, MAX_TRIPS),
        _goal("billed", billed, 0),
        _goal(f"seconds / core's, {most}", figures.ratio_wall, MAX_OF_CORE),
        _goal("values lost", ours.known - ours.restored, 0),
        _goal("values made up", ours.made_up, 0),
        _goal("import / core's library", figures.ratio_import, MAX_OF_LIBRARY),
        _goal("memory of an entity / of a bare sensor", figures.ratio_memory, MAX_OF_BARE),
    ]
    return "\n".join(lines)


def _head(name: str, *columns: str) -> str:
    return f"{name:<40}" + "".join(f"{column:>10}" for column in columns)


def _goal(name: str, figure: float, most: float) -> str:
    verdict = "met" if figure <= most else "MISSED"
    return f"{name:<40}{figure:>10.3f}   goal: at most {most:g}, {verdict}"


def milliseconds(text: str) -> int:
    """Read a latency from the command line. Raises ArgumentTypeError unless it is from 0."""
    return 0 if text == "0" else positive(text)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the number of measurements."""
    parser.add_argument(
        "--cars", type=positive, nargs="+", default=CARS, help="of an account (1 10 100)"
    )
    parser.add_argument(
        "--latency",
        type=milliseconds,
        nargs="+",
        default=LATENCIES_MS,
        help="of each request, in ms (0 200)",
    )
    parser.add_argument("--repeats", type=positive, default=3, help="of everything (%(default)s)")


async def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the line of JSON."""
    figures = await measure(cars=options.cars, latencies=options.latency, repeats=options.repeats)
    sys.stdout.write(f"{table(figures)}\n\n{figures.to_json()}\n")

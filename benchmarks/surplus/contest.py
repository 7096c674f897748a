"""Runs of the contestants on the cases, the table of their figures, and the line of JSON."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Final

from benchmarks.surplus import end_to_end, peers, ready_by
from benchmarks.surplus.bound import bounds
from benchmarks.surplus.cases import HOUSES, TEST, TRAINING, Case
from benchmarks.surplus.minutes import Unavailable, measured
from benchmarks.surplus.money import Result
from benchmarks.surplus.ours import Flotte
from benchmarks.surplus.pace import decisions_per_second
from benchmarks.surplus.world import QUICK, SLOW, Contestant, Pace, run_case
from benchmarks.timing import machine
from custom_components.flotte.tesla.charging.situation import ChargingMode

LOWEST: Final = (5, 1)
"""Lowest currents in A."""
MONTH: Final = 30.0
"""Days of a month in the figures."""
ALLOWANCE: Final = 60
"""Commands a day."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A contestant: its lowest current in A, and a new one for each case."""

    name: str
    lowest: int
    make: Callable[[], Contestant]


def _entries() -> tuple[Entry, ...]:
    """All contestants; the peers in their documented settings."""
    entries = [
        Entry("naive automation through core", 5, partial(peers.Naive, sends_always=True)),
        Entry("naive automation through Flotte", 5, partial(peers.Naive, sends_always=False)),
        Entry("evcc, 6 A", 5, partial(peers.Evcc, 6)),
        Entry("evcc", 5, partial(peers.Evcc, 5)),
        Entry("TeslaSolarCharger", 5, partial(peers.TeslaSolarCharger, 5)),
        Entry("SolarCharger", 5, partial(peers.SolarCharger, 5)),
        Entry("OpenEVSE", 5, partial(peers.OpenEvse, 5)),
        Entry("thresholds, searched", 5, partial(peers.searched_thresholds, 5)),
        Entry("evcc", 1, partial(peers.Evcc, 1)),
        Entry("TeslaSolarCharger, 2 A", 1, partial(peers.TeslaSolarCharger, 2)),
        Entry("SolarCharger", 1, partial(peers.SolarCharger, 1)),
        Entry("OpenEVSE", 1, partial(peers.OpenEvse, 1)),
        Entry("thresholds, searched", 1, partial(peers.searched_thresholds, 1)),
    ]
    for lowest in LOWEST:
        entries += (
            Entry(OURS, lowest, partial(Flotte, lowest)),
            Entry(STRICT, lowest, partial(Flotte, lowest, ChargingMode.SUN_ONLY)),
            Entry(THRIFTY, lowest, partial(Flotte, lowest, is_thrifty=True)),
            Entry(ALLOWED, lowest, partial(Flotte, lowest, allowance=ALLOWANCE)),
        )
    return tuple(entries)


OURS: Final = "Flotte, sun first"
STRICT: Final = "Flotte, sun only"
THRIFTY: Final = "Flotte, thrifty"
ALLOWED: Final = f"Flotte, {ALLOWANCE} commands a day"


@dataclass(frozen=True, slots=True)
class Figures:
    """Means of a contestant over the cases."""

    of_bound: float
    """Money made, as a share of what the bound makes."""
    sun: float
    """Share of the surplus that was used."""
    grid: float
    """Share of the energy that was bought."""
    commands: float
    """A day."""
    worst_day: float
    """Commands on the worst day."""
    wakes: float
    starts: float
    bill: float
    """EUR a month."""
    net: float
    """EUR a month."""


def figures(results: Sequence[Result], best: Sequence[float]) -> Figures:
    """Means over cases; a case counts by its money."""
    days = results[0].days
    return Figures(
        of_bound=sum(result.net for result in results) / sum(best),
        sun=sum(result.sun for result in results) / sum(result.available for result in results),
        grid=sum(result.grid for result in results)
        / max(sum(result.grid + result.sun for result in results), 1e-9),
        commands=fmean(result.commands for result in results) / days,
        worst_day=fmean(result.worst_day for result in results),
        wakes=fmean(result.wakes for result in results) / days,
        starts=fmean(result.starts for result in results) / days,
        bill=fmean(result.bill for result in results) / days * MONTH,
        net=fmean(result.net for result in results) / days * MONTH,
    )


def run_cases(
    make: Callable[[], Contestant],
    cases: Sequence[Case],
    pace: Pace = QUICK,
    meter: int | None = None,
) -> list[Result]:
    """Results of a contestant; `meter` replaces the interval of each case's meter."""
    minutes = measured()
    return [
        run_case(case.surplus(minutes), case.house.phases, meter or case.house.meter, pace, make())
        for case in cases
    ]


@dataclass(frozen=True, slots=True)
class _Job:
    """A contestant by its number, run in a process of its own."""

    number: int
    cases: tuple[Case, ...]
    pace: Pace = QUICK
    meter: int | None = None


def _run_job(job: _Job) -> list[Result]:
    return run_cases(_entries()[job.number].make, job.cases, job.pace, job.meter)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument(
        "--training",
        action="store_true",
        help="run the training cases, on which settings are chosen, instead of the test cases",
    )
    parser.add_argument(
        "--end-to-end",
        action="store_true",
        help="run only the week in Home Assistant, against the pure controller",
    )


async def run(arguments: argparse.Namespace) -> None:
    """Run all contestants, print the table and the line of JSON."""
    cases = TRAINING if arguments.training else TEST
    try:
        minutes = measured()
    except Unavailable as error:
        absent = json.dumps({"bench": "surplus", "available": False})
        sys.stdout.write(f"Not measured: {error}\n{absent}\n")
        return
    if arguments.end_to_end:
        rows = await end_to_end.compare_all(training=arguments.training)
        line = json.dumps({"bench": "surplus", "available": True} | end_to_end.summary(rows))
        sys.stdout.write(f"{machine()}\n\n{end_to_end.block(rows)}\n\n{line}\n")
        return
    pairs = [(case.surplus(minutes), case.house.phases) for case in cases]
    best = {lowest: bounds(pairs, lowest) for lowest in LOWEST}
    entries = _entries()
    ours = [number for number, entry in enumerate(entries) if entry.name == OURS]
    jobs = [_Job(number, cases) for number in range(len(entries))]
    jobs += [_Job(number, cases, pace=SLOW) for number in ours]
    jobs += [_Job(ours[0], cases, meter=meter) for meter in (10, 60)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(_run_job, jobs))
    table = {
        (entry.lowest, entry.name): figures(result, best[entry.lowest])
        for entry, result in zip(entries, results, strict=False)
    }
    extra = results[len(entries) :]
    slow = figures(extra[0], best[LOWEST[0]])
    meters = [figures(result, best[LOWEST[0]]) for result in extra[2:]]
    pace = decisions_per_second()
    month = MONTH / results[0][0].days
    houses = [case.surplus(minutes) for case in cases if case.house == HOUSES[0]]
    ready = {habit.name: ready_by.compare(habit, houses) for habit in ready_by.HABITS}
    week = await end_to_end.compare_all(training=arguments.training)
    blocks = [
        f"{machine()}\n{len(cases)} cases of {results[0][0].days:.0f} days",
        *(_block(lowest, table, fmean(best[lowest]) * month) for lowest in LOWEST),
        (
            f"slow vehicle, 5 A: {slow.of_bound:.3f} of the bound\n"
            f"meter of 10 s: {meters[0].of_bound:.3f}, of 60 s: {meters[1].of_bound:.3f}\n"
            f"decisions a second: {pace:,.0f}"
        ),
        *(_ready_block(name, rows) for name, rows in ready.items()),
        end_to_end.block(week),
        json.dumps(
            _summary(table, slow, meters, pace) | _ready_summary(ready) | end_to_end.summary(week)
        ),
    ]
    sys.stdout.write("\n\n".join(blocks) + "\n")


def _summary(
    table: Mapping[tuple[int, str], Figures],
    slow: Figures,
    meters: Sequence[Figures],
    pace: float,
) -> dict[str, object]:
    """The line of JSON."""
    peer = {
        lowest: max(
            value.of_bound
            for (amps, name), value in table.items()
            if amps == lowest and not name.startswith(("Flotte", "thresholds"))
        )
        for lowest in LOWEST
    }
    ours = table[5, OURS]
    summary = {
        "net_5a": ours.of_bound,
        "net_1a": table[1, OURS].of_bound,
        "net_5a_45": table[5, THRIFTY].of_bound,
        "commands_45": table[5, THRIFTY].commands,
        "allowance_worst_day": max(table[amps, ALLOWED].worst_day for amps in LOWEST),
        "allowance_5a": table[5, ALLOWED].of_bound,
        "allowance_1a": table[1, ALLOWED].of_bound,
        "bill_month": ours.bill,
        "starts_day": ours.starts,
        "slow_car": slow.of_bound,
        "meter_60s": meters[1].of_bound / meters[0].of_bound,
        "best_peer_5a": peer[5],
        "best_peer_1a": peer[1],
    }
    rounded = {name: round(value, 4) for name, value in summary.items()}
    return {"bench": "surplus", "available": True, **rounded, "decisions_per_second": round(pace)}


def _block(lowest: int, table: Mapping[tuple[int, str], Figures], best: float) -> str:
    """The figures of all contestants with a lowest current; `best` in EUR a month."""
    heads = ("of bound", "sun", "grid", "cmds/d", "worst", "wakes/d", "starts/d", "bill", "net")
    lines = [f"{f'lowest current {lowest} A':32}" + "".join(f"{head:>9}" for head in heads)]
    lines.append(f"{'bound':32}{1:9.3f}{'':63}{best:9.2f}")
    for (amps, name), row in table.items():
        if amps == lowest:
            lines.append(
                f"{name:32}{row.of_bound:9.3f}{row.sun:9.1%}{row.grid:9.1%}{row.commands:9.1f}"
                f"{row.worst_day:9.0f}{row.wakes:9.2f}{row.starts:9.2f}{row.bill:9.2f}{row.net:9.2f}"
            )
    return "\n".join(lines)


def _ready_block(habit: str, rows: Sequence[ready_by.ReadyBy]) -> str:
    """The figures of being ready by a time."""
    heads = ("EUR/month", "of bound", "missed", "with faults")
    lines = [f"{f'ready by 7:30, {habit}':32}" + "".join(f"{head:>12}" for head in heads)]
    lines += [
        f"{row.name:32}{row.cost:12.2f}{row.of_bound:12.3f}{row.missed:12}"
        f"{row.missed_with_faults:12}"
        for row in rows
    ]
    return "\n".join(lines)


def _ready_summary(ready: Mapping[str, Sequence[ready_by.ReadyBy]]) -> dict[str, object]:
    """The keys of JSON about being ready by a time."""
    ours = {
        name: next(row for row in rows if row.name == ready_by.OURS) for name, rows in ready.items()
    }
    return {
        "cost_home": round(ours[ready_by.AT_HOME.name].of_bound, 4),
        "cost_commuter": round(ours[ready_by.COMMUTER.name].of_bound, 4),
        "missed_departures": sum(row.missed for row in ours.values()),
        "missed_with_faults": sum(row.missed_with_faults for row in ours.values()),
    }

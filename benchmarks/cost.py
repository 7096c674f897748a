"""Cost of a month and age of its values: Flotte compared with Home Assistant core's integration.

Every contestant runs the same simulated days, each in a process of its own, one for each processor
at a time: `scripted_days` has the days, `driven_run` lets them pass.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.cost_results import Figures, Results, to_json
from benchmarks.cost_scenarios import BUDGET, DAYS, DOUBTFUL, MONTHS, NAMES, POLL, STREAM
from benchmarks.cost_table import table
from benchmarks.timing import positive

ROOT: Final = Path(__file__).parent.parent
MAX_SECONDS: Final = 3600
"""Real seconds for one run: a month of two cars takes some five minutes."""
MAX_LINE: Final = 1 << 26
"""Bytes: a run prints all its figures in one line."""
MORNING_SECONDS: Final = 9 * 3600
"""A wake, two commands and a drive after midnight."""


class RunFailed(Exception):
    """A run failed; it has printed the reason."""


async def simulate(contestant: str, options: Mapping[str, Any]) -> Figures:
    """Run one scenario of one contestant, in a process of its own.

    Raises:
        RunFailed: it ended without figures, or took too long.
    """
    scenario = json.dumps({"contestant": contestant, **options})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.driven_run",
        scenario,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
    )
    try:
        async with asyncio.timeout(MAX_SECONDS):
            line, _ = await process.communicate()
    except TimeoutError as error:
        raise RunFailed(f"{scenario} took too long") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not line:
        raise RunFailed(scenario)
    figures: Figures = json.loads(line)
    return figures


TOLERANCE: Final = 0.01
"""The share of signals by which a stream over TLS may differ from one that is read directly."""


async def compare_streams() -> str:
    """Check that cars that push over TLS cause the same bill as those that are read directly.

    Returns a sentence with the figures.

    Raises:
        RunFailed: the bills differ, so that no other figure of the stream means anything.
    """
    options = {"days": 1, "until": MORNING_SECONDS, "calls": "eight"}
    read = await simulate(STREAM, options)
    pushed = await simulate(STREAM, {**options, "real_stream": True})
    counts, expected = billed(pushed), billed(read)
    # Over a socket, a value may arrive half a second later, and the next one be skipped for it.
    signals = abs(counts["signal"] - expected["signal"])
    if {**counts, "signal": 0} != {**expected, "signal": 0} or signals > TOLERANCE * counts[
        "signal"
    ]:
        raise RunFailed(f"over TLS the bill is {counts}, not {expected}")
    errors = [figures["fresh"]["location"]["error_mean"] for figures in (read, pushed)]
    return (
        f"Until 9:00 the bill was the same over TLS: {counts['signal']} signals "
        f"({expected['signal']} when read directly), "
        f"{counts['command']} commands, {counts['wake']} wakes; mean error of the location "
        f"{errors[1]:.1f} m, {errors[0]:.1f} m when read directly"
    )


def billed(figures: Figures) -> dict[str, int]:
    """The priced requests. A free state check may coincide with a TLS handshake."""
    return {category: count for category, count in figures["counts"].items() if category != "free"}


async def measure(days: int) -> tuple[Results, str]:
    """Run everything; also returns the comparison with TLS.

    Raises:
        RunFailed: a run failed.
    """
    same_bill = await compare_streams()
    scenarios: dict[str, dict[str, Any]] = {
        **{name: {"days": days, **options} for name, (_, options) in MONTHS.items()},
        **{name: options for name, (_, options) in DAYS.items()},
    }
    runs = [(each, name, options) for name, options in scenarios.items() for each in NAMES]
    for contestant in (STREAM, POLL):
        runs.append((contestant, "doubtful", {"days": days, **DOUBTFUL[1]}))
        runs.append((contestant, "budget", BUDGET[1]))
    # Their time is driven, so they do not disturb each other.
    free = asyncio.Semaphore(os.process_cpu_count() or 1)

    async def simulate_one(contestant: str, scenario: str, options: Mapping[str, Any]) -> Figures:
        async with free:
            figures = await simulate(contestant, options)
        sys.stderr.write(f"{scenario}, {NAMES[contestant]}: {figures['seconds']:.0f} s\n")
        return figures

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(simulate_one(*each)) for each in runs]
    results = Results()
    for (contestant, scenario, _), task in zip(runs, tasks, strict=True):
        results.runs[contestant][scenario] = task.result()
    return results, same_bill


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the simulated time."""
    parser.add_argument(
        "--days", type=positive, default=7, help="simulated days, from a Monday on (%(default)s)"
    )
    parser.add_argument(
        "--quick",
        action="store_const",
        dest="days",
        const=1,
        help="one day, as a first impression",
    )


async def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the line of JSON."""
    results, same_bill = await measure(options.days)
    sys.stdout.write(f"{table(results, options.days, same_bill)}\n\n{to_json(results)}\n")

"""Timing of several implementations, so that they can be compared."""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

type Run = Callable[[], Awaitable[None]]
"""Do the work once."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of one implementation, in microseconds for each unit of work."""

    median: float
    low: float
    """The tenth percentile."""
    high: float
    """The ninetieth percentile; far from the median if the machine had other work."""


async def alternate(
    runs: Mapping[str, Run], *, repeats: int, warm_up: int, units: int
) -> dict[str, Timing]:
    """Time the implementations in turn, so that a disturbance of the machine affects all of them.

    The order changes with every turn too, because the second one may find warmer caches. Garbage is
    collected as usual: it is part of the cost.

    Args:
        runs: The implementations, by name.
        repeats: The number of timed runs of each.
        warm_up: The number of untimed runs of each before that.
        units: The number of units of work in one run.
    """
    names = list(runs)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-warm_up, repeats):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            run = runs[name]
            begin = time.perf_counter()
            await run()
            end = time.perf_counter()
            if turn >= 0:
                seconds[name].append(end - begin)
    return {name: _summary(taken, units) for name, taken in seconds.items()}


def _summary(seconds: list[float], units: int) -> Timing:
    each = [second * 1e6 / units for second in seconds]
    if len(each) == 1:
        return Timing(each[0], each[0], each[0])
    tenths = statistics.quantiles(each, n=10, method="inclusive")
    return Timing(statistics.median(each), tenths[0], tenths[-1])


def machine() -> str:
    """The machine of the measurement, in one line."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, "
        f"{os.getloadavg()[0]:.1f} programs at work, "
        f"Python {platform.python_version()}, protobuf {version('protobuf')}"
    )


def positive(text: str) -> int:
    """Read a count from the command line.

    Raises ArgumentTypeError unless it is a whole number from 1.
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return int(text)

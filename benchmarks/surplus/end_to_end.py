"""A week from end to end against the pure controller, on the same minutes.

Home Assistant with Flotte, the simulated Tesla, its vehicle and its house run in a process of their
own, whose time is driven; see `driven_home`. The pure controller of the benchmark steers its
simulated vehicle on the same minutes, with the same settings and the same times of the vehicle.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.child import ROOT, ChildFailed
from benchmarks.contestants import POLLING, STREAMING
from benchmarks.surplus.cases import HOUSES, TEST, TRAINING, House
from benchmarks.surplus.minutes import Minutes, measured
from benchmarks.surplus.money import Result
from benchmarks.surplus.ours import Flotte
from benchmarks.surplus.world import Pace, run_case

DAYS: Final = 7
LOWEST: Final = 1
"""A: Flotte goes below 5 A unless the vehicle has shown that it does not."""
ALLOWANCE: Final = 60
"""Commands a day; Flotte's default."""
SIMULATED: Final = Pace(start=20, change=10, ramp=10.0, asleep_after=660, wake=30)
"""Times of the simulated Tesla's vehicle: it starts after 14 s and changes by 1 A a second."""
SUN_HOURS: Final = (5.35, 21.98)
"""Sunrise and sunset where the simulated house stands, in the first week of June."""
PROGRAM: Final = "benchmarks.surplus.driven_home"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run from end to end, and the pure one."""

    name: str
    found: dict[str, Any]
    """Figures of the run; see `driven_home`."""
    pure: Result

    @property
    def whole(self) -> Result:
        """Result of the run from end to end."""
        return Result(**self.found["result"])

    @property
    def gap(self) -> float:
        """Share of the pure run's money that is missing; both paid for commands and wakes."""
        return 1 - (self.whole.net - self.whole.bill) / self.pure.net

    @property
    def other_costs(self) -> float:
        """EUR for streamed signals and data requests, which the pure run does not have."""
        used: dict[str, int] = self.found["used"]
        return used["signal"] / 150_000 + used["data"] / 500


async def compare_minutes(
    name: str, contestant: str, solar: Minutes, load: Minutes, house: House
) -> Comparison:
    """Run both on minutes in kW. Raises ChildFailed."""
    solar, load = np.round(solar, 3), np.round(load, 3)
    pure = run_case(
        solar - load,
        house.phases,
        house.meter,
        SIMULATED,
        Flotte(LOWEST, allowance=ALLOWANCE),
        sun_hours=SUN_HOURS,
    )
    found = await _driven(
        {
            "contestant": contestant,
            "solar": solar.tolist(),
            "load": load.tolist(),
            "phases": house.phases,
            "meter": house.meter,
            "allowance": ALLOWANCE,
        }
    )
    billed, booked = (
        {category: count for category, count in found[name].items() if count}
        for name in ("billed", "ledger")
    )
    if billed != booked:
        raise ChildFailed(f"Tesla billed {billed}, Flotte booked {booked}")
    return Comparison(name, found, pure)


async def _driven(case: dict[str, Any]) -> dict[str, Any]:
    """Run a case in a process of its own. Raises ChildFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROGRAM,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(case).encode())
    if process.returncode:
        raise ChildFailed(f"{PROGRAM} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(output)
    return found


async def compare_all(*, training: bool) -> list[Comparison]:
    """A week of the first case with a car that streams, then with one that is polled.

    Raises Unavailable or ChildFailed.
    """
    minutes = measured()
    case = (TRAINING if training else TEST)[0]
    house, count = HOUSES[0], DAYS * 1440
    solar, load = minutes[case.roof][:count] * house.peak, minutes[case.load][:count]
    return [
        await compare_minutes("streaming", STREAMING, solar, load, house),
        await compare_minutes("polled", POLLING, solar, load, house),
    ]


def block(rows: Sequence[Comparison]) -> str:
    """The figures of the comparisons."""
    heads = ("net EUR", "sun", "grid", "cmds", "worst", "wakes", "starts", "gap", "other EUR")
    title = f"{DAYS} days from end to end"
    lines = [f"{title:32}" + "".join(f"{head:>10}" for head in heads)]
    lines.append(_row("pure controller", rows[0].pure, rows[0].pure.net))
    for row in rows:
        whole = row.whole
        line = _row(f"Home Assistant, {row.name}", whole, whole.net - whole.bill)
        lines.append(f"{line}{row.gap:10.1%}{row.other_costs:10.2f}")
    return "\n".join(lines)


def _row(name: str, result: Result, net: float) -> str:
    """A line of the table."""
    return (
        f"{name:32}{net:10.2f}{result.sun / max(result.available, 1e-9):10.1%}"
        f"{result.grid / max(result.grid + result.sun, 1e-9):10.1%}{result.commands:10}"
        f"{result.worst_day:10}{result.wakes:10}{result.starts:10}"
    )


def summary(rows: Sequence[Comparison]) -> dict[str, object]:
    """The keys of JSON; the gap counts in either direction."""
    return {
        "end_to_end_gap": round(abs(rows[0].gap), 4),
        "end_to_end_gap_polled": round(abs(rows[1].gap), 4),
        "end_to_end_commands": rows[0].whole.commands,
    }

"""What a month costs and how old its values are: Flotte beside Home Assistant core's integration.

Every contestant lives through the same simulated days, each in a process of its own, one after the
other: see `scripted_days` for the days, `driven_run` for how they pass.
"""

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.timing import positive

ROOT: Final = Path(__file__).parent.parent
LONGEST_SECONDS: Final = 3600
"""Real time that one run may take: a month of two cars takes some five minutes."""
BIG_LINE: Final = 1 << 26

STREAM: Final = "flotte_stream"
POLL: Final = "flotte_poll"
CORE: Final = "tesla_fleet"
NAMES: Final = {STREAM: "Flotte, streaming", POLL: "Flotte, polling", CORE: "core's tesla_fleet"}
DAY: Final = 86_400
SATURDAY: Final = 5
DISCOUNT: Final = 10.0
"""EUR: Flotte's limit, unless the owner sets another one."""
SMALL_LIMIT: Final = 0.30
MORNING_SECONDS: Final = 9 * 3600
"""Until then: a wake, two commands and a drive."""

type Figures = dict[str, Any]
type Described = tuple[str, dict[str, Any]]
"""What people read, and the scenario."""

MONTHS: Final[dict[str, Described]] = {
    "one_passive": ("one car, passive", {"cars": 1}),
    "one_commands": ("one car, eight calls a day", {"cars": 1, "wishes": "eight"}),
    "two_passive": ("two cars and a site, passive", {"cars": 2}),
    "two_commands": ("two cars and a site, eight calls a day each", {"cars": 2, "wishes": "eight"}),
}
"""What is simulated for as many days as were asked for."""
DAYS: Final[dict[str, Described]] = {
    "restart": (
        "two days of eight calls with a restart each",
        {"days": 2, "wishes": "eight", "restarts": True},
    ),
    "stale": ("26 calls when what is known is old", {"days": 1, "wishes": "stale"}),
    "surplus": ("an automation's 300 calls a day", {"days": 1, "wishes": "surplus"}),
}
"""What is always simulated for the same time."""
BUDGET: Final[Described] = (
    f"a limit of {SMALL_LIMIT:.2f} EUR, 196 calls, random faults",
    {"days": 1, "wishes": "spendthrift", "limit": SMALL_LIMIT, "faults": True},
)
DOUBTFUL: Final[Described] = (
    "calls after deeds of which the stream lost all word",
    {"wishes": "doubtful"},
)
"""For as many days as were asked for, and without core, whose stream there is not."""
EUR_MONTH: Final = "euro_month"


class RunFailed(Exception):
    """A run did not end as it must; it has printed why."""


@dataclass(frozen=True)
class Goal:
    """A figure, and the most that it shall be."""

    key: str
    text: str
    value: float
    most: float

    def __str__(self) -> str:
        verdict = "met" if self.value <= self.most else "MISSED"
        return f"{self.text:<70}{self.value:>9.4g}   goal: at most {self.most:g}, {verdict}"


async def simulate(contestant: str, options: Mapping[str, Any]) -> Figures:
    """Have one contestant go through one scenario, in a process of its own.

    Raises:
        RunFailed: it ended without figures, or takes too long.
    """
    scenario = json.dumps({"contestant": contestant, **options})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.driven_run",
        scenario,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        limit=BIG_LINE,
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            line, _ = await process.communicate()
    except TimeoutError as error:
        raise RunFailed(f"{scenario} takes too long") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode or not line:
        raise RunFailed(scenario)
    figures: Figures = json.loads(line)
    return figures


class Results:
    """The figures of all runs, by contestant and scenario."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Figures]] = {name: {} for name in NAMES}

    def euro(self, contestant: str, scenario: str) -> float:
        """EUR per month."""
        euro: float = self.runs[contestant][scenario][EUR_MONTH]
        return euro

    def month_ratio(self, contestant: str, scenario: str) -> float:
        """What it costs against core."""
        return self.euro(contestant, scenario) / self.euro(CORE, scenario)

    def working_days_ratio(self, contestant: str, scenario: str) -> float:
        """The same for the working days alone."""
        ours, theirs = (
            sum(
                euro
                for day, euro in self.runs[name][scenario]["euro_by_day"].items()
                if date.fromisoformat(day).weekday() < SATURDAY
            )
            for name in (contestant, CORE)
        )
        return float(ours / theirs)

    def fresh(self, contestant: str, quantity: str, figure: str) -> float:
        """A figure of freshness, of one car that nobody commands."""
        value: float = self.runs[contestant]["one_passive"]["fresh"][quantity][figure]
        return value

    def fresh_ratio(self, contestant: str, quantity: str, figure: str = "age_mean") -> float:
        """How old, or how far off, against core."""
        return self.fresh(contestant, quantity, figure) / self.fresh(CORE, quantity, figure)

    def per_effect(self, contestant: str) -> float:
        """Billed commands for each that changed something, on the second day of the restarts.

        The first day has the first greeting between client and car, once in the life of a key.
        """
        outcomes = [
            each for each in self.runs[contestant]["restart"]["outcomes"] if each["at"] >= DAY
        ]
        effects = [each for each in outcomes if each["after"] and not each["before"]]
        return sum(int(each["commands"]) for each in outcomes) / max(len(effects), 1)

    def lost(self, contestant: str) -> list[float]:
        """Seconds between a car that had woken, and the command in it."""
        outcomes = self.runs[contestant]["stale"]["outcomes"]
        return [float(each["lost"]) for each in outcomes if each["lost"] is not None]

    def surplus(self, contestant: str) -> float:
        """What the automation adds to the bill of its day, in EUR."""
        with_it = self.runs[contestant]["surplus"]["euro_by_day"]
        without = self.runs[contestant]["one_passive"]["euro_by_day"]
        return float(sum(euro - without.get(day, 0.0) for day, euro in with_it.items()))

    def unsent(self, contestant: str) -> int:
        """Commands that were needed after a deed by hand, and not sent."""
        unsent: int = self.runs[contestant]["doubtful"]["wishes"]["unsent_needed"]
        return unsent

    def _ours(self, *, with_faults: bool = False) -> Iterable[Figures]:
        for contestant in (STREAM, POLL):
            for scenario, figures in self.runs[contestant].items():
                if with_faults or scenario != "budget":
                    yield figures

    def goals(self) -> list[Goal]:
        """Everything that was promised, in the order of the line of JSON."""
        return [
            Goal(
                "ratio_stream_passive",
                "EUR of a passive month, streaming / core",
                self.month_ratio(STREAM, "one_passive"),
                0.08,
            ),
            Goal(
                "ratio_stream_commands",
                "EUR of a month with eight calls a day, streaming / core",
                self.month_ratio(STREAM, "one_commands"),
                0.33,
            ),
            Goal(
                "ratio_poll_passive",
                "EUR of a passive month, polling only / core",
                self.month_ratio(POLL, "one_passive"),
                0.8,
            ),
            Goal(
                "ratio_stale_location",
                "mean error of the location while driving, streaming / core",
                self.fresh_ratio(STREAM, "location", "error_mean"),
                0.02,
            ),
            Goal(
                "ratio_stale_lock_soc",
                "mean stale age of lock or battery level, streaming / core",
                max(self.fresh_ratio(STREAM, "lock"), self.fresh_ratio(STREAM, "battery_level")),
                0.01,
            ),
            Goal(
                "ratio_commands",
                "billed commands per effective one, streaming",
                self.per_effect(STREAM),
                1.0,
            ),
            Goal(
                "ratio_wakes",
                "wakes of a month with eight calls a day, streaming / core",
                self.runs[STREAM]["one_commands"]["wakes"]["billed"]
                / max(self.runs[CORE]["one_commands"]["wakes"]["billed"], 1),
                0.67,
            ),
            Goal(
                "needless_wakes",
                "needless wakes in all runs of Flotte without faults",
                sum(figures["wakes"]["needless"] for figures in self._ours()),
                0,
            ),
            Goal(
                "stale_failures",
                "calls of these runs that failed, or did not do what they should",
                sum(figures["wishes"]["unfulfilled"] for figures in self._ours()),
                0,
            ),
            Goal(
                "unsent_needed",
                "commands that were needed after unheard deeds, and not sent",
                sum(self.unsent(contestant) for contestant in (STREAM, POLL)),
                0,
            ),
            Goal(
                "surplus_ratio",
                "EUR of the automation's 300 calls, streaming / core",
                self.surplus(STREAM) / self.surplus(CORE),
                0.1,
            ),
            Goal(
                "over_budget",
                "runs of Flotte that spent more than they were allowed to",
                sum(
                    figures["billed_month"] > (figures["scenario"]["limit"] or DISCOUNT)
                    for figures in self._ours(with_faults=True)
                ),
                0,
            ),
        ]

    def more_goals(self) -> list[Goal]:
        """What was promised besides, and is not in the line of JSON by itself."""
        return [
            *(
                Goal(
                    "",
                    f"EUR on the working days alone, {text}, {NAMES[contestant]} / core",
                    self.working_days_ratio(contestant, scenario),
                    most,
                )
                for contestant, scenario, text, most in (
                    (STREAM, "one_passive", "passive", 0.08),
                    (STREAM, "one_commands", "eight calls", 0.33),
                    (POLL, "one_passive", "passive", 0.8),
                )
            ),
            Goal(
                "",
                "seconds lost at most after a car had woken, streaming",
                max(self.lost(STREAM), default=0.0),
                0.1,
            ),
            *(
                Goal(
                    "",
                    f"mean stale age of {quantity.replace('_', ' ')}, polling only / core",
                    self.fresh_ratio(POLL, quantity),
                    1.0,
                )
                for quantity in ("location", "battery_level", "charging_power")
            ),
            Goal(
                "",
                "hours awake a day, polling only / core",
                self.runs[POLL]["one_passive"]["awake_hours_a_day"]
                / self.runs[CORE]["one_passive"]["awake_hours_a_day"],
                1.0,
            ),
        ]


def _machine() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, "
        f"Home Assistant {version('homeassistant')}, tesla-fleet-api {version('tesla-fleet-api')}"
    )


_COUNTS: Final = ("signal", "command", "data", "wake", "energy", "free")


def _bill_rows(results: Results, scenario: str) -> list[str]:
    rows = [
        (
            f"{'':<22}{'signals':>9}{'commands':>9}{'data':>7}{'wakes':>7}{'energy':>8}{'free':>8}"
            f"{'EUR/month':>11}{'/ core':>8}{'needless':>9}{'failed':>7}{'awake h':>8}"
        )
    ]
    for contestant, name in NAMES.items():
        if (figures := results.runs[contestant].get(scenario)) is None:
            continue
        counts, wakes, wishes = (figures[key] for key in ("counts", "wakes", "wishes"))
        ratio = (
            f"{results.month_ratio(contestant, scenario):>8.3f}"
            if scenario in results.runs[CORE]
            else f"{'':>8}"
        )
        rows.append(
            f"  {name:<20}{counts['signal']:>9}{counts['command']:>9}{counts['data']:>7}"
            f"{counts['wake']:>7}{counts['energy']:>8}{counts['free']:>8}"
            f"{figures[EUR_MONTH]:>11.3f}{ratio}{wakes['needless']:>9}"
            f"{wishes['unfulfilled']:>7}{figures['awake_hours_a_day']:>8.2f}"
        )
    return rows


_FRESH: Final = {
    "location": "location while driving (100 m; errors in m)",
    "battery_level": "battery level while driving or charging (0.5 %)",
    "charging_power": "charging power while awake (0.5 kW)",
    "lock": "lock around trips",
}


def _fresh_rows(results: Results) -> list[str]:
    rows = [
        "Freshness, one car, passive: seconds since what is shown was last true",
        f"{'':<22}{'mean':>9}{'95 %':>8}{'most':>8}{'wrong':>8}{'error':>10}{'95 %':>10}",
    ]
    for quantity, text in _FRESH.items():
        rows.append(text)
        for contestant, name in NAMES.items():
            each = results.runs[contestant]["one_passive"]["fresh"][quantity]
            rows.append(
                f"  {name:<20}{each['age_mean']:>9.3f}{each['age_p95']:>8}{each['age_max']:>8}"
                f"{each['wrong']:>8.1%}{each['error_mean']:>10.2f}{each['error_p95']:>10.2f}"
            )
    return rows


def _command_rows(results: Results) -> list[str]:
    rows = [
        "Commands",
        (
            f"{'':<22}{'billed per effective':>22}{'lost after waking, mean':>25}{'most':>7}"
            f"{'300 calls, EUR':>16}"
        ),
    ]
    for contestant, name in NAMES.items():
        lost = results.lost(contestant)
        mean = sum(lost) / max(len(lost), 1)
        rows.append(
            f"  {name:<20}{results.per_effect(contestant):>22.2f}{mean:>23.2f} s"
            f"{max(lost, default=0.0):>5.1f} s{results.surplus(contestant):>16.4f}"
        )
    return rows


def _doubtful_rows(results: Results) -> list[str]:
    rows = [
        f"{'':<22}{'asked':>9}{'needed':>9}{'commands':>10}{'data':>7}{'unsent':>8}{'wrong':>7}"
    ]
    for contestant in (STREAM, POLL):
        figures = results.runs[contestant]["doubtful"]
        wishes, counts = figures["wishes"], figures["counts"]
        rows.append(
            f"  {NAMES[contestant]:<20}{wishes['all']:>9}{wishes['needed']:>9}"
            f"{counts['command']:>10}{counts['data']:>7}{wishes['unsent_needed']:>8}"
            f"{wishes['unfulfilled']:>7}"
        )
    return rows


def table(results: Results, days: int, same_bill: str) -> str:
    """Everything that was measured, for people."""
    lines = [_machine(), f"{days} simulated days from a Monday on", ""]
    for scenario, (text, _) in {
        **MONTHS,
        **DAYS,
        "doubtful": DOUBTFUL,
        "budget": BUDGET,
    }.items():
        lines += [text, *_bill_rows(results, scenario), ""]
    lines += [DOUBTFUL[0].capitalize(), *_doubtful_rows(results), ""]
    lines += [*_fresh_rows(results), "", *_command_rows(results), "", same_bill, ""]
    lines += [str(goal) for goal in (*results.goals(), *results.more_goals())]
    return "\n".join(lines)


def to_json(results: Results) -> str:
    """The figures as one line; the wishes one by one are left out."""
    contestants = {
        contestant: {
            scenario: {key: value for key, value in figures.items() if key != "outcomes"}
            for scenario, figures in runs.items()
        }
        for contestant, runs in results.runs.items()
    }
    ratios = {goal.key: round(goal.value, 5) for goal in results.goals()}
    return json.dumps({"contestants": contestants, **ratios})


SKIPPED = 0.01
"""The share of signals by which a real stream may differ from one that is read directly."""


async def compare_streams() -> str:
    """Whether cars that push over TLS make the same bill as those that are read directly.

    Raises:
        RunFailed: they do not; all other figures of the stream mean nothing then.
    """
    options = {"days": 1, "until": MORNING_SECONDS, "wishes": "eight"}
    read = await simulate(STREAM, options)
    pushed = await simulate(STREAM, {**options, "real_stream": True})
    counts, expected = billed(pushed), billed(read)
    # Over a socket a value may come a half second later, and another one be skipped for it.
    signals = abs(counts["signal"] - expected["signal"])
    if {**counts, "signal": 0} != {**expected, "signal": 0} or signals > SKIPPED * counts["signal"]:
        raise RunFailed(f"over TLS the bill is {counts}, not {expected}")
    errors = [figures["fresh"]["location"]["error_mean"] for figures in (read, pushed)]
    return (
        f"Until 9:00 the cars made the same bill over TLS: {counts['signal']} signals "
        f"(read directly {expected['signal']}), "
        f"{counts['command']} commands, {counts['wake']} wakes; mean error of the location "
        f"{errors[1]:.1f} m, read directly {errors[0]:.1f} m"
    )


def billed(figures: Figures) -> dict[str, int]:
    """What costs something. A free state check may fall into the moment of a TLS handshake."""
    return {category: count for category, count in figures["counts"].items() if category != "free"}


async def measure(days: int) -> tuple[Results, str]:
    """Run everything, one after the other; also what the comparison over TLS says.

    Raises:
        RunFailed: a run did not end as it must.
    """
    results = Results()
    same_bill = await compare_streams()
    scenarios: dict[str, dict[str, Any]] = {
        **{name: {"days": days, **options} for name, (_, options) in MONTHS.items()},
        **{name: options for name, (_, options) in DAYS.items()},
    }
    for scenario, options in scenarios.items():
        for contestant in NAMES:
            results.runs[contestant][scenario] = figures = await simulate(contestant, options)
            sys.stderr.write(f"{scenario}, {NAMES[contestant]}: {figures['seconds']:.0f} s\n")
    for contestant in (STREAM, POLL):
        results.runs[contestant]["doubtful"] = await simulate(
            contestant, {"days": days, **DOUBTFUL[1]}
        )
        results.runs[contestant]["budget"] = await simulate(contestant, BUDGET[1])
    return results, same_bill


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say how long is simulated."""
    parser.add_argument(
        "--days", type=positive, default=7, help="simulated days, from a Monday on (%(default)s)"
    )
    parser.add_argument(
        "--quick", action="store_const", dest="days", const=1, help="one day: a look, no proof"
    )


async def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the line of JSON."""
    results, same_bill = await measure(options.days)
    sys.stdout.write(f"{table(results, options.days, same_bill)}\n\n{to_json(results)}\n")

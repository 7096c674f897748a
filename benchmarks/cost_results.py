"""The figures of all runs of the cost benchmark, and its goals."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from benchmarks.cost_scenarios import CORE, NAMES, POLL, STREAM

DAY: Final = 86_400
SATURDAY: Final = 5
DEFAULT_BUDGET: Final = 10.0
"""EUR: Flotte's monthly budget, unless the owner sets another one."""
EUR_MONTH: Final = "euro_month"

type Figures = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A figure and its goal."""

    key: str
    text: str
    value: float
    maximum: float

    def __str__(self) -> str:
        verdict = "met" if self.value <= self.maximum else "MISSED"
        return f"{self.text:<70}{self.value:>9.4g}   goal: at most {self.maximum:g}, {verdict}"


class Results:
    """The figures of all runs, by contestant and scenario."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Figures]] = {name: {} for name in NAMES}

    def euro(self, contestant: str, scenario: str) -> float:
        """EUR per month."""
        euro: float = self.runs[contestant][scenario][EUR_MONTH]
        return euro

    def month_ratio(self, contestant: str, scenario: str) -> float:
        """The cost of a month compared with core."""
        return self.euro(contestant, scenario) / self.euro(CORE, scenario)

    def working_days_ratio(self, contestant: str, scenario: str) -> float:
        """The cost of the working days alone, compared with core."""
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
        """A figure of freshness of one car that receives no commands."""
        value: float = self.runs[contestant]["one_passive"]["fresh"][quantity][figure]
        return value

    def fresh_ratio(self, contestant: str, quantity: str, figure: str = "age_mean") -> float:
        """A figure of freshness compared with core."""
        return self.fresh(contestant, quantity, figure) / self.fresh(CORE, quantity, figure)

    def per_effect(self, contestant: str) -> float:
        """Billed commands for each that changed something, on the second day of the restarts.

        The first day includes the first handshake of client and car, once in the life of a key.
        """
        outcomes = [
            each for each in self.runs[contestant]["restart"]["outcomes"] if each["at"] >= DAY
        ]
        effects = [each for each in outcomes if each["after"] and not each["before"]]
        return sum(int(each["commands"]) for each in outcomes) / max(len(effects), 1)

    def lost(self, contestant: str) -> list[float]:
        """Seconds between the end of each wake and the command that it was for."""
        outcomes = self.runs[contestant]["stale"]["outcomes"]
        return [float(each["lost"]) for each in outcomes if each["lost"] is not None]

    def surplus(self, contestant: str) -> float:
        """The cost that the automation adds to the bill of its day, in EUR."""
        with_it = self.runs[contestant]["surplus"]["euro_by_day"]
        without = self.runs[contestant]["one_passive"]["euro_by_day"]
        return float(sum(euro - without.get(day, 0.0) for day, euro in with_it.items()))

    def recorder_ratio(self, contestant: str, scenario: str = "one_passive") -> float:
        """The rows of the recorder on a day compared with core."""
        ours, theirs = (self.runs[name][scenario]["rows_a_day"] for name in (contestant, CORE))
        return float(ours / theirs)

    def unsent(self, contestant: str) -> int:
        """The number of commands that were needed after an unreported change but not sent."""
        unsent: int = self.runs[contestant]["doubtful"]["calls"]["unsent_needed"]
        return unsent

    def _ours(self, *, with_faults: bool = False) -> Iterable[Figures]:
        for contestant in (STREAM, POLL):
            for scenario, figures in self.runs[contestant].items():
                if with_faults or scenario != "budget":
                    yield figures

    def goals(self) -> list[Goal]:
        """The goals in the line of JSON, in its order."""
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
                "calls of these runs that failed or had no effect",
                sum(figures["calls"]["unmet"] for figures in self._ours()),
                0,
            ),
            Goal(
                "unsent_needed",
                "commands that were needed after unreported changes but not sent",
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
                "runs of Flotte that spent more than their budget",
                sum(
                    figures["billed_month"] > (figures["scenario"]["budget"] or DEFAULT_BUDGET)
                    for figures in self._ours(with_faults=True)
                ),
                0,
            ),
            Goal(
                "recorder_poll",
                "rows of the recorder on a passive day, polling only / core",
                self.recorder_ratio(POLL),
                1.0,
            ),
            Goal(
                "recorder_stream",
                "rows of the recorder on a passive day, streaming / core",
                self.recorder_ratio(STREAM),
                3.0,
            ),
        ]

    def more_goals(self) -> list[Goal]:
        """The goals that have no key of their own in the line of JSON."""
        return [
            *(
                Goal(
                    "",
                    f"EUR on the working days alone, {text}, {NAMES[contestant]} / core",
                    self.working_days_ratio(contestant, scenario),
                    maximum,
                )
                for contestant, scenario, text, maximum in (
                    (STREAM, "one_passive", "passive", 0.08),
                    (STREAM, "one_commands", "eight calls", 0.33),
                    (POLL, "one_passive", "passive", 0.8),
                )
            ),
            *(
                Goal(
                    "",
                    f"rows of the recorder with eight calls, {NAMES[contestant]} / core",
                    self.recorder_ratio(contestant, "one_commands"),
                    maximum,
                )
                for contestant, maximum in ((POLL, 1.0), (STREAM, 3.0))
            ),
            Goal(
                "",
                "longest delay after a car has woken, in seconds, streaming",
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


def to_json(results: Results) -> str:
    """The figures as one line of JSON, without the individual calls."""
    contestants = {
        contestant: {
            scenario: {key: value for key, value in figures.items() if key != "outcomes"}
            for scenario, figures in runs.items()
        }
        for contestant, runs in results.runs.items()
    }
    ratios = {goal.key: round(goal.value, 5) for goal in results.goals()}
    return json.dumps({"contestants": contestants, **ratios})

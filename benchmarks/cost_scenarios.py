"""The contestants of the cost benchmark, and the scenarios that each of them runs."""

from typing import Any, Final

STREAM: Final = "flotte_stream"
POLL: Final = "flotte_poll"
CORE: Final = "tesla_fleet"
NAMES: Final = {STREAM: "Flotte, streaming", POLL: "Flotte, polling", CORE: "core's tesla_fleet"}
SMALL_BUDGET: Final = 0.30
"""EUR a month."""

type Described = tuple[str, dict[str, Any]]
"""The title of a scenario, and the fields of `driven_scenario.Scenario`."""

MONTHS: Final[dict[str, Described]] = {
    "one_passive": ("one car, passive", {"cars": 1, "recorder": True}),
    "one_commands": (
        "one car, eight calls a day",
        {"cars": 1, "calls": "eight", "recorder": True},
    ),
    "two_passive": ("two cars and a site, passive", {"cars": 2}),
    "two_commands": ("two cars and a site, eight calls a day each", {"cars": 2, "calls": "eight"}),
}
"""Scenarios that last as many days as requested."""
DAYS: Final[dict[str, Described]] = {
    "restart": (
        "two days of eight calls with a restart each",
        {"days": 2, "calls": "eight", "restarts": True},
    ),
    "stale": ("26 calls when the known state is old", {"days": 1, "calls": "stale"}),
    "surplus": ("an automation's 300 calls a day", {"days": 1, "calls": "surplus"}),
}
"""Scenarios of a fixed length."""
BUDGET: Final[Described] = (
    f"a budget of {SMALL_BUDGET:.2f} EUR, 196 calls, random faults",
    {"days": 1, "calls": "spendthrift", "budget": SMALL_BUDGET, "faults": True},
)
DOUBTFUL: Final[Described] = (
    "calls after changes that the stream did not report",
    {"calls": "doubtful"},
)
"""As many days as requested, without core, which has no stream."""

"""The table of figures that the cost benchmark prints."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from benchmarks.cost_results import EUR_MONTH, Results
from benchmarks.cost_scenarios import BUDGET, CORE, DAYS, DOUBTFUL, MONTHS, NAMES, POLL, STREAM


def _machine() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, "
        f"Home Assistant {version('homeassistant')}, tesla-fleet-api {version('tesla-fleet-api')}"
    )


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
        counts, wakes, calls = (figures[key] for key in ("counts", "wakes", "calls"))
        ratio = (
            f"{results.month_ratio(contestant, scenario):>8.3f}"
            if scenario in results.runs[CORE]
            else f"{'':>8}"
        )
        rows.append(
            f"  {name:<20}{counts['signal']:>9}{counts['command']:>9}{counts['data']:>7}"
            f"{counts['wake']:>7}{counts['energy']:>8}{counts['free']:>8}"
            f"{figures[EUR_MONTH]:>11.3f}{ratio}{wakes['needless']:>9}"
            f"{calls['unmet']:>7}{figures['awake_hours_a_day']:>8.2f}"
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
        "Freshness, one car, passive: seconds since the displayed value was last true",
        f"{'':<22}{'mean':>9}{'95 %':>8}{'max':>8}{'wrong':>8}{'error':>10}{'95 %':>10}",
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
            f"{'':<22}{'billed per effective':>22}{'delay after waking, mean':>25}{'max':>7}"
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
        f"{'':<22}{'calls':>9}{'needed':>9}{'commands':>10}{'data':>7}{'unsent':>8}{'wrong':>7}"
    ]
    for contestant in (STREAM, POLL):
        figures = results.runs[contestant]["doubtful"]
        calls, counts = figures["calls"], figures["counts"]
        rows.append(
            f"  {NAMES[contestant]:<20}{calls['all']:>9}{calls['needed']:>9}"
            f"{counts['command']:>10}{counts['data']:>7}{calls['unsent_needed']:>8}"
            f"{calls['unmet']:>7}"
        )
    return rows


_BUSIEST: Final = 8
"""The number of entities that the table of the recorder names."""


def _recorder_rows(results: Results) -> list[str]:
    rows = ["Rows of the recorder a day, one car, and the entities with the most in a passive day"]
    rows.append(f"{'':<22}{'passive':>9}{'eight calls':>13}")
    for contestant, name in NAMES.items():
        runs = results.runs[contestant]
        passive = runs["one_passive"]
        days = passive["scenario"]["days"]
        busiest = ", ".join(
            f"{entity.partition('.')[2]} {each['states'] / days:.0f}"
            for entity, each in list(passive["recorded"].items())[:_BUSIEST]
        )
        rows.append(
            f"  {name:<20}{passive['rows_a_day']:>9.0f}"
            f"{runs['one_commands']['rows_a_day']:>13.0f}  {busiest}"
        )
    return rows


def table(results: Results, days: int, same_bill: str) -> str:
    """The table of all figures."""
    lines = [_machine(), f"{days} simulated days from a Monday on", ""]
    for scenario, (title, _) in {
        **MONTHS,
        **DAYS,
        "doubtful": DOUBTFUL,
        "budget": BUDGET,
    }.items():
        lines += [title, *_bill_rows(results, scenario), ""]
    lines += [DOUBTFUL[0].capitalize(), *_doubtful_rows(results), ""]
    lines += [*_fresh_rows(results), "", *_command_rows(results), ""]
    lines += [*_recorder_rows(results), "", same_bill, ""]
    lines += [str(goal) for goal in (*results.goals(), *results.more_goals())]
    return "\n".join(lines)

"""The figures of a driven run."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from benchmarks.driven_scenario import Outcome, Scenario, Watches
from benchmarks.freshness import LEVEL, LOCK, PLACE, POWER, Ages
from benchmarks.logged_in import CLIENT_ID
from benchmarks.recorded import Recorded
from benchmarks.scripted_days import DAY
from simulator.bill import Bill, Category
from simulator.bill import cost as price
from simulator.cloud import Served

MONTH_DAYS: Final = Decimal("30.44")


def figures(
    scenario: Scenario,
    bill: Bill,
    requests: Iterable[Served],
    outcomes: Sequence[Outcome],
    watches: Sequence[Watches],
    *,
    seconds: float,
    recorded: Recorded,
) -> dict[str, Any]:
    """The figures of a run that lasted so many seconds."""
    counts = bill.counts(client_id=CLIENT_ID)
    days = Decimal(str(seconds / DAY))
    euro = {category: price(category, count) for category, count in counts.items()}
    total = sum(euro.values(), Decimal(0))
    by_day = Counter[str]()
    for item, count in bill.items(client_id=CLIENT_ID).items():
        by_day[item.day.isoformat()] += round(price(item.category, count) * 1_000_000)
    woken = sum(watch.car.wakes for watch in watches)
    idle_wakes = sum(each.woken for each in outcomes if not each.is_effective)
    return {
        "scenario": asdict(scenario),
        "counts": {str(category): count for category, count in counts.items()},
        "endpoints": dict(Counter(each.endpoint for each in requests if each.status is not None)),
        "euro": round(float(total), 5),
        "euro_month": round(float(total / days * MONTH_DAYS), 4),
        "euro_by_category": {
            str(category): round(float(each / days * MONTH_DAYS), 4)
            for category, each in euro.items()
            if each
        },
        "euro_by_day": {day: each / 1_000_000 for day, each in by_day.items()},
        "billed_month": float(bill.total(CLIENT_ID)),
        "wakes": {
            "billed": counts[Category.WAKE],
            "woken": woken,
            "needless": counts[Category.WAKE] - woken + idle_wakes,
        },
        "calls": {
            "all": len(outcomes),
            "effective": sum(each.is_effective for each in outcomes),
            "failed": sum(each.error is not None for each in outcomes),
            "needed": sum(not each.before for each in outcomes),
            "unsent_needed": sum(each.is_unsent for each in outcomes),
            "unmet": sum(not each.after for each in outcomes),
            "commands": sum(each.commands for each in outcomes),
        },
        "outcomes": [asdict(each) for each in outcomes],
        "awake_hours_a_day": round(
            sum(watch.awake for watch in watches) / 3600 / len(watches) / float(days),
            2,
        ),
        "rows_a_day": round(float(sum(rows["states"] for rows in recorded.values()) / days), 1),
        "recorded": recorded,
        "fresh": {
            quantity.name: _ages(watches, choose).figures()
            for quantity, choose in (
                (PLACE, lambda watch: watch.place.ages),
                (LEVEL, lambda watch: watch.level.ages),
                (POWER, lambda watch: watch.power.ages),
                (LOCK, lambda watch: watch.lock.ages),
            )
        },
    }


def _ages(watches: Sequence[Watches], choose: Callable[[Watches], Ages]) -> Ages:
    ages = Ages()
    for watch in watches:
        ages.add(choose(watch))
    return ages

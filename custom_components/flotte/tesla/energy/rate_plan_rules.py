"""Tesla's rules for a tariff, checked before a plan is sent.

Tesla refuses some broken plans and silently changes others: a negative price becomes 0, and a
buying price below the selling price is raised to it. Source: Tesla, "Energy endpoints" (2026-08).
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from ..reading_json import as_object
from .rate_plan import (
    ALL,
    DAY_MINUTES,
    BadRatePlan,
    MonthDay,
    Rule,
    Season,
    rates_of,
    read_seasons,
)

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LEAP_YEAR: Final = 2028
_YEAR: Final[tuple[MonthDay, ...]] = tuple(
    (day.month, day.day)
    for day in (date(_LEAP_YEAR, 1, 1) + timedelta(days=number) for number in range(366))
)
SELL: Final = "sell_tariff"


def check_rate_plan(content: Mapping[str, Any]) -> None:
    """Check a `tariff_content_v2` with its `sell_tariff`.

    Raises:
        BadRatePlan: names the first broken rule, and where.
    """
    buy = read_seasons(content)
    _check(content, buy)
    if not (sell_content := content.get(SELL)):
        return
    try:
        sell = read_seasons(sell_content)
        _check(sell_content, sell)
    except BadRatePlan as error:
        raise BadRatePlan(error.rule, *filter(None, (SELL, error.place))) from error
    _check_margin(buy, sell)


def _check(content: Mapping[str, Any], seasons: tuple[Season, ...]) -> None:
    if not seasons:
        raise BadRatePlan(Rule.NO_SEASON)
    _check_year(seasons)
    charges = as_object(content.get("energy_charges"))
    for name in charges:
        if name not in {ALL, *(season.name for season in seasons)} and rates_of(charges, name):
            raise BadRatePlan(Rule.NO_PERIOD, name)
    for season in seasons:
        _check_week(season)
        _check_prices(season)


def _check_year(seasons: tuple[Season, ...]) -> None:
    for season in seasons:
        for day in (season.first, season.last):
            if day not in _YEAR:
                raise BadRatePlan(Rule.UNREADABLE, season.name, _written(day))
    for day in _YEAR:
        found = [season.name for season in seasons if season.has(day)]
        if not found:
            raise BadRatePlan(Rule.SEASON_GAP, _written(day))
        if len(found) > 1:
            raise BadRatePlan(Rule.SEASON_OVERLAP, *found, _written(day))


def _check_week(season: Season) -> None:
    for edge in season.edges:
        found = sorted(span.name for span in season.spans_at(edge))
        if not found:
            raise BadRatePlan(Rule.PERIOD_GAP, season.name, _time_of(edge))
        if len(found) > 1:
            raise BadRatePlan(Rule.PERIOD_OVERLAP, season.name, *found, _time_of(edge))


def _check_prices(season: Season) -> None:
    names = {span.name for span in season.spans}
    for name, price in season.prices.items():
        if price is None:
            raise BadRatePlan(Rule.BAD_PRICE, season.name, name)
        if name not in names | {ALL}:
            raise BadRatePlan(Rule.NO_PERIOD, season.name, name)
    for name in sorted(names):
        if season.price_of(name) is None:
            raise BadRatePlan(Rule.NO_PRICE, season.name, name)


def _check_margin(buy: tuple[Season, ...], sell: tuple[Season, ...]) -> None:
    for one, other in product(buy, sell):
        if not any(one.has(day) and other.has(day) for day in _YEAR):
            continue
        for edge in sorted({*one.edges, *other.edges}):
            prices = list(_prices_at(edge, one, other))
            if prices[0] < prices[1]:
                raise BadRatePlan(Rule.BELOW_SELL, one.name, _time_of(edge))


def _prices_at(minute: int, *seasons: Season) -> Iterator[float]:
    """The prices of seasons that passed the other checks."""
    for season in seasons:
        span = season.span_at(minute)
        price = None if span is None else season.price_of(span.name)
        if price is None:
            raise BadRatePlan(Rule.NO_PRICE, season.name, _time_of(minute))
        yield price


def _written(day: MonthDay) -> str:
    return f"{day[0]:02}-{day[1]:02}"


def _time_of(minute: int) -> str:
    day, rest = divmod(minute, DAY_MINUTES)
    return f"{_WEEKDAYS[day]} {rest // 60:02}:{rest % 60:02}"

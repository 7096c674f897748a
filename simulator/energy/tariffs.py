"""Tariffs as Tesla's cloud takes and stores them.

Broken plans are refused. A negative price becomes 0, and a buying price below the selling price of
the period with that name is raised to it. Keys that are 0 are not stored. Source: Tesla, "Energy
endpoints" (2026-08).
"""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from simulator.energy.state import Json
from simulator.refusals import InvalidBody

_FIELD = "tou_settings"
_DAY = 24 * 60
_WEEK = 7 * _DAY
_MAY_BE_ZERO = (
    "fromDayOfWeek",
    "toDayOfWeek",
    "fromHour",
    "fromMinute",
    "toHour",
    "toMinute",
)


def stored(body: Json) -> Json:
    """The tariff in the body of a request, as it is stored. Raises InvalidBody."""
    settings = body.get(_FIELD)
    content = settings.get("tariff_content_v2") if isinstance(settings, dict) else None
    if not isinstance(content, dict):
        raise InvalidBody(_FIELD, "needs tariff_content_v2")
    tariff = deepcopy(content)
    try:
        _check(tariff)
        if sell := tariff.get("sell_tariff"):
            _check(sell)
            _raise_to(tariff, sell)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidBody(_FIELD, "is malformed") from error
    return {"code": "", **tariff}


def _check(tariff: Json) -> None:
    seasons = {name: each for name, each in (tariff.get("seasons") or {}).items() if each}
    if not seasons:
        raise InvalidBody(_FIELD, "needs at least one season")
    days = Counter(day for each in seasons.values() for day in _days(each))
    if len(days) != 366 or max(days.values()) > 1:  # noqa: PLR2004  # days of a leap year
        raise InvalidBody(_FIELD, "seasons have gaps or overlap")
    for name, season in seasons.items():
        minutes = Counter(
            minute
            for group in season["tou_periods"].values()
            for period in group["periods"]
            for minute in _minutes(period)
        )
        if len(minutes) != _WEEK or max(minutes.values()) > 1:
            raise InvalidBody(_FIELD, f"periods of {name} have gaps or overlap")
        rates = tariff["energy_charges"][name]["rates"]
        if set(rates) != set(season["tou_periods"]):
            raise InvalidBody(_FIELD, f"prices of {name} do not match its periods")
        rates.update({label: max(price, 0) for label, price in rates.items()})
        for group in season["tou_periods"].values():
            for period in group["periods"]:
                for key in _MAY_BE_ZERO:
                    if not period.get(key):
                        period.pop(key, None)


def _days(season: Json) -> Iterator[date]:
    first = date(2028, season["fromMonth"], season["fromDay"])
    last = date(2028, season["toMonth"], season["toDay"])
    for number in range((last - first).days % 366 + 1):
        yield date(2028, 1, 1) + timedelta(days=((first - date(2028, 1, 1)).days + number) % 366)


def _minutes(period: Json) -> Iterator[int]:
    first, last = period.get("fromDayOfWeek") or 0, period.get("toDayOfWeek") or 0
    start = (period.get("fromHour") or 0) * 60 + (period.get("fromMinute") or 0)
    end = (period.get("toHour") or 0) * 60 + (period.get("toMinute") or 0)
    length = (end - start) % _DAY or _DAY
    for day in range((last - first) % 7 + 1):
        for minute in range(length):
            yield ((first + day) * _DAY + start + minute) % _WEEK


def _raise_to(tariff: Json, sell: Json) -> None:
    charges: dict[str, Any] = tariff["energy_charges"]
    for name, block in sell["energy_charges"].items():
        for label, price in block["rates"].items():
            bought = charges.get(name, {}).get("rates", {})
            if bought.get(label, price) < price:
                bought[label] = price

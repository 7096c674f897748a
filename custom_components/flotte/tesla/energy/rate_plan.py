"""A site's electricity tariff: Tesla's `tariff_content_v2`, and the price at any moment.

A rate plan has seasons of the year; a season has periods of the week; a period has a price. Times
are the site's local time, for which the plan itself names no zone.

The pitfalls of Tesla's form, each handled here:

- Keys that are 0 are missing: `fromHour`, `fromMinute`, `fromDayOfWeek` (0 is Monday), and also
  `toDayOfWeek`. A missing or zero `toHour` is the end of the day.
- A season without any day of the week covers all days: as Mondays only it would be full of gaps.
- A period may last over midnight, a season over the turn of the year. Seasons change at midnight.
- An unused season is empty. `ALL` in place of a season or period has the price of all of them, but
  with price 0 it is only a placeholder of Tesla's app beside other prices.
- Periods are `{"periods": [...]}`, in older plans a list or a single object; so are prices, with or
  without `rates`.

Where a plan has a gap, an overlap or no price, its price is unknown. Sources: Tesla, "Energy
endpoints" (2026-08); a fixture of tesla-fleet-api (2026-09); Home Assistant's Teslemetry (2026-10).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ..reading_json import as_number, as_object, as_text

ALL: Final = "ALL"
"""Stands for every season or every period."""

DAY_MINUTES: Final = 24 * 60
WEEK_MINUTES: Final = 7 * DAY_MINUTES
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


class Rule(StrEnum):
    """The rules of a rate plan; each is the translation key of its text."""

    UNREADABLE = "rate_plan_unreadable"
    NO_SEASON = "rate_plan_no_season"
    SEASON_GAP = "rate_plan_season_gap"
    SEASON_OVERLAP = "rate_plan_season_overlap"
    PERIOD_GAP = "rate_plan_period_gap"
    PERIOD_OVERLAP = "rate_plan_period_overlap"
    NO_PRICE = "rate_plan_no_price"
    NO_PERIOD = "rate_plan_no_period"
    BAD_PRICE = "rate_plan_bad_price"
    BELOW_SELL = "rate_plan_below_sell"


class BadRatePlan(ValueError):
    """A rate plan breaks a rule.

    Args:
        rule: The rule.
        place: Where in the plan, in Tesla's own words, such as `Summer, ON_PEAK, fromHour`.
    """

    def __init__(self, rule: Rule, *place: str) -> None:
        self.rule = rule
        self.place = ", ".join(place)
        super().__init__(f"{rule} ({self.place})" if place else rule)


@dataclass(frozen=True, slots=True)
class RatePeriod:
    """One stretch of time with one price."""

    start: datetime
    """Aware, in UTC, as is `end`."""
    end: datetime
    season: str
    name: str
    """Tesla's name of the period, such as `ON_PEAK` or `PERIOD_17_30`."""
    price: float
    """Price of a kWh, in the currency of the plan."""


class Span(NamedTuple):
    """A period on one day of the week, in minutes since Monday 00:00; it may end next week."""

    start: int
    end: int
    name: str


type MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Season:
    """A part of the year and its weeks."""

    name: str
    first: MonthDay
    last: MonthDay
    """Inclusive; before `first` if the season lasts over the turn of the year."""
    spans: tuple[Span, ...]
    prices: Mapping[str, float | None]
    """By name of a period; None if it is not a number from 0 up."""
    edges: tuple[int, ...]
    """The minutes of the week at which periods begin or end, the first one 0."""

    def has(self, day: MonthDay) -> bool:
        """Whether the season includes a day of the year."""
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last

    def spans_at(self, minute: int) -> list[Span]:
        """The periods at a minute of the week; exactly one, unless there is a gap or an overlap."""
        return [
            span
            for span in self.spans
            if span.start <= minute < span.end or span.start <= minute + WEEK_MINUTES < span.end
        ]

    def span_at(self, minute: int) -> Span | None:
        """The period at a minute of the week; None in a gap and where different ones overlap."""
        found = self.spans_at(minute)
        return found[0] if len({span.name for span in found}) == 1 else None

    def price_of(self, name: str) -> float | None:
        """The price of a period; None if it has none."""
        return self.prices.get(name if name in self.prices else ALL)


class _Piece(NamedTuple):
    """A stretch of time in which neither the period nor the offset of the zone changes."""

    end: datetime
    season: Season | None
    span: Span | None


class RatePlan:
    """The prices of one direction, buying or selling.

    Args:
        seasons: See `read_seasons`.
        zone: The time zone of the site.
    """

    def __init__(self, seasons: Iterable[Season], zone: ZoneInfo) -> None:
        self.seasons = tuple(seasons)
        self._zone = zone

    def price_at(self, moment: datetime) -> tuple[str, float] | None:
        """The period and its price per kWh at an aware moment; None if unknown."""
        piece = self._piece_at(moment.astimezone(UTC))
        if piece.season is None or piece.span is None:
            return None
        price = piece.season.price_of(piece.span.name)
        return None if price is None else (piece.span.name, price)

    def next_change(self, moment: datetime) -> datetime:
        """When the price may change next; no later than the end of the local day."""
        return self._piece_at(moment.astimezone(UTC)).end

    def period_at(self, moment: datetime) -> RatePeriod | None:
        """The period at an aware moment; None if its price is unknown."""
        return next(self.periods(moment, moment + _SECOND), None)

    def periods(self, start: datetime, end: datetime) -> Iterator[RatePeriod]:
        """Yield the periods that overlap with [start, end), each whole, in order of time."""
        # The longest period has a day, so one that is under way began within the last two days.
        first_day = start.astimezone(self._zone).date() - 2 * _DAY
        at = datetime.combine(first_day, time.min, self._zone).astimezone(UTC)
        current: RatePeriod | None = None
        current_span: Span | None = None
        while at < end or current is not None:
            piece = self._piece_at(at)
            season, span = piece.season, piece.span
            price = None if season is None or span is None else season.price_of(span.name)
            if current is not None:
                if price is not None and span is current_span:
                    current = replace(current, end=piece.end)
                    at = piece.end
                    continue
                if current.end > start:
                    yield current
                current = None
            if at >= end:
                return
            if season is not None and span is not None and price is not None:
                current, current_span = (
                    RatePeriod(at, piece.end, season.name, span.name, price),
                    span,
                )
            at = piece.end

    def _piece_at(self, moment: datetime) -> _Piece:
        """The piece at a moment in UTC. By local time, so also right while clocks change."""
        local = moment.astimezone(self._zone)
        day = (local.month, local.day)
        seasons = [season for season in self.seasons if season.has(day)]
        season = seasons[0] if len(seasons) == 1 else None
        midnight = datetime.combine(local.date(), time.min)
        begin_of_day = local.weekday() * DAY_MINUTES
        passed = local.replace(tzinfo=None) - midnight
        minute = begin_of_day + passed // timedelta(minutes=1)
        edge = begin_of_day + DAY_MINUTES
        if season is not None:
            later = bisect_right(season.edges, minute)
            edge = min([edge, *season.edges[later : later + 1]])
        end = moment + timedelta(minutes=edge - begin_of_day) - passed
        span = None if season is None else season.span_at(minute)
        return _Piece(self._before_clock_change(moment, end), season, span)

    def _before_clock_change(self, start: datetime, end: datetime) -> datetime:
        """`end`, or an earlier moment at which the offset of the zone changes."""
        offset = start.astimezone(self._zone).utcoffset()
        if end.astimezone(self._zone).utcoffset() == offset:
            return end
        begin = start.replace(microsecond=0)
        seconds = bisect_right(
            range((end - begin) // _SECOND),
            0,
            key=lambda s: int((begin + s * _SECOND).astimezone(self._zone).utcoffset() != offset),
        )
        return begin + seconds * _SECOND


def read_rate_plan(content: object, zone: ZoneInfo) -> RatePlan:
    """Read a `tariff_content_v2` or a `sell_tariff`; see the module. Raises BadRatePlan."""
    return RatePlan(read_seasons(content), zone)


def read_seasons(content: object) -> tuple[Season, ...]:
    """The seasons that are in use; none if the site has no tariff.

    Raises:
        BadRatePlan: a part is not in Tesla's form. Gaps and overlaps are not found here.
    """
    plan = _object(content)
    charges = _object(plan.get("energy_charges") or {}, "energy_charges")
    used = {
        name: season
        for name, raw in _object(plan.get("seasons") or {}, "seasons").items()
        if any((season := _object(raw or {}, name)).values())
    }
    found = [_season(name, season, charges) for name, season in used.items()]
    begins = {season.first for season in found}
    if (2, 29) not in begins:
        # A season to the end of February includes the leap day.
        found = [
            replace(season, last=(2, 29)) if season.last == (2, 28) else season for season in found
        ]
    return tuple(found)


def _object(value: object, *place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadRatePlan(Rule.UNREADABLE, *place)
    return value


def _season(name: str, raw: Mapping[str, Any], charges: Mapping[str, Any]) -> Season:
    spans = tuple(sorted(_spans(name, raw)))
    edges = {0} | {edge % WEEK_MINUTES for span in spans for edge in (span.start, span.end)}
    return Season(
        name=name,
        first=_month_day(name, raw, "from"),
        last=_month_day(name, raw, "to"),
        spans=spans,
        prices=_prices(name, charges),
        edges=tuple(sorted(edges)),
    )


_MAX_MONTH_DAYS: Final = 31


def _month_day(name: str, raw: Mapping[str, Any], end: str) -> MonthDay:
    month = _number(raw, f"{end}Month", range(1, 13), name)
    return month, _number(raw, f"{end}Day", range(1, _MAX_MONTH_DAYS + 1), name)


def _number(raw: Mapping[str, Any], key: str, within: range, *place: str) -> int:
    """A whole number; a missing one is 0."""
    value = 0.0 if raw.get(key) is None else as_number(raw[key])
    if value is None or value not in within:
        raise BadRatePlan(Rule.UNREADABLE, *place, key)
    return int(value)


def _spans(season: str, raw: Mapping[str, Any]) -> Iterator[Span]:
    """The periods of a season on each day of the week."""
    named = _object(raw.get("tou_periods") or {ALL: {}}, season, "tou_periods")
    entries = [
        (name, _object(entry, season, name))
        for name, group in named.items()
        for entry in _entries(group)
    ]
    has_days = any(
        entry.get(key) is not None
        for _, entry in entries
        for key in ("fromDayOfWeek", "toDayOfWeek")
    )
    for name, entry in entries:
        place = season, name
        first = _number(entry, "fromDayOfWeek", range(7), *place)
        last = _number(entry, "toDayOfWeek", range(7), *place) if has_days else 6
        start = _minutes(entry, "from", *place)
        end = _minutes(entry, "to", *place)
        if start == DAY_MINUTES:
            raise BadRatePlan(Rule.UNREADABLE, *place, "fromHour")
        if end <= start:
            end += DAY_MINUTES
        for day in range(first, last + 1 if first <= last else last + 8):
            midnight = day % 7 * DAY_MINUTES
            yield Span(midnight + start, midnight + end, name)


def _entries(group: object) -> list[Any]:
    """The entries of a period, in each of the forms."""
    if isinstance(group, Mapping) and "periods" in group:
        group = group["periods"]
    return group if isinstance(group, list) else [group]


def _minutes(entry: Mapping[str, Any], end: str, *place: str) -> int:
    """The minute of the day at which an entry begins or ends; both 24:00 and 23:60 occur."""
    hour = _number(entry, f"{end}Hour", range(25), *place)
    minute = _number(entry, f"{end}Minute", range(61), *place)
    if (total := hour * 60 + minute) > DAY_MINUTES:
        raise BadRatePlan(Rule.UNREADABLE, *place, f"{end}Minute")
    return total


def rates_of(charges: Mapping[str, Any], season: str) -> Mapping[str, Any]:
    """The prices as they are written for a season, or for `ALL`; empty if there are none."""
    own = as_object(charges.get(season))
    return as_object(own["rates"]) if "rates" in own else own


def _prices(season: str, charges: Mapping[str, Any]) -> Mapping[str, float | None]:
    has_own = season in charges
    raw = rates_of(charges, season if has_own else ALL)
    others = any(rates_of(charges, name) for name in charges if name != ALL)
    if len(raw) > 1 or (others and not has_own):
        # Beside other prices, a price of 0 for all is a placeholder.
        raw = {name: price for name, price in raw.items() if (name, price) != (ALL, 0)}
    return {name: _price(price) for name, price in raw.items()}


def _price(value: object) -> float | None:
    price = as_number(value)
    return price if price is not None and price >= 0 else None


def currency_of(content: object) -> str | None:
    """The currency of a plan, such as EUR; None if it is not named."""
    return as_text(as_object(content).get("currency")) or None

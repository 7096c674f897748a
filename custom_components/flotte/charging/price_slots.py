"""Prices of energy by stretches of time: read strictly, joined, and looked up."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest
from typing import Final

from ..tesla.reading_json import as_moment, as_number, as_object

MAX_SLOT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """A stretch of time with one price."""

    start: datetime
    """In UTC, as is `end`."""
    end: datetime
    price: float
    """Of a kWh, in Home Assistant's currency; negative prices occur."""


@dataclass(frozen=True, slots=True)
class RowKeys:
    """The keys of a row that describes a slot."""

    start: str = "start"
    end: str | None = "end"
    """None if rows have no end: all are equally long."""
    price: str = "price"


def read_slots(
    rows: object, keys: RowKeys, *, longest: timedelta = MAX_SLOT, kilowatt_hours: float = 1.0
) -> list[PriceSlot]:
    """The slots that a list of rows describes, in order of time; unreadable rows are left out.

    Args:
        rows: Times are aware, as ISO 8601 or datetimes.
        keys: See the class.
        longest: A slot ends after this at the latest: where clocks change, some ends are wrong.
        kilowatt_hours: The energy that a price is for.
    """
    found: dict[datetime, tuple[datetime | None, float]] = {}
    for row in rows if isinstance(rows, list | tuple) else ():
        read = as_object(row)
        start, price = _moment(read.get(keys.start)), as_number(read.get(keys.price))
        end = None if keys.end is None else _moment(read.get(keys.end))
        if start is None or price is None or (keys.end is not None and end is None):
            continue
        if end is None or end > start:
            found[start] = end, price / kilowatt_hours
    starts = sorted(found)
    # Rows without an end are as long as their smallest distance: a missing one leaves a gap.
    step = min((later - earlier for earlier, later in pairwise(starts)), default=timedelta())
    slots: list[PriceSlot] = []
    for start, after in zip_longest(starts, starts[1:]):
        end, price = found[start]
        until = min(end or start + step, start + longest, after or datetime.max.replace(tzinfo=UTC))
        if until > start:
            slots.append(PriceSlot(start, until, price))
    return slots


def _moment(value: object) -> datetime | None:
    """An aware moment in UTC without its seconds: Amber's periods begin one second late."""
    if isinstance(value, datetime):
        moment = None if value.tzinfo is None else value.astimezone(UTC)
    else:
        moment = as_moment(value)
    return None if moment is None else moment.replace(second=0, microsecond=0)


def joined(known: Iterable[PriceSlot], newer: Sequence[PriceSlot]) -> list[PriceSlot]:
    """All slots in order of time; where two overlap, the newer one counts.

    Args:
        known: Slots that do not overlap with each other.
        newer: The same, in order of time.
    """
    starts = [slot.start for slot in newer]
    kept: list[PriceSlot] = []
    for slot in known:
        # The newer ones that overlap, and perhaps the one before them.
        first = max(0, bisect_right(starts, slot.start) - 1)
        kept += _without(slot, newer[first : bisect_left(starts, slot.end)])
    return sorted([*kept, *newer], key=lambda slot: slot.start)


def _without(slot: PriceSlot, others: Sequence[PriceSlot]) -> Iterator[PriceSlot]:
    """The parts of a slot that no other one covers; `others` are in order of time."""
    start = slot.start
    for other in others:
        if other.end <= start:
            continue
        if other.start > start:
            yield replace(slot, start=start, end=other.start)
        start = other.end
    if start < slot.end:
        yield replace(slot, start=start)


def slot_at(slots: Iterable[PriceSlot], moment: datetime) -> PriceSlot | None:
    """The slot at a moment; None if it is unknown."""
    return next((slot for slot in slots if slot.start <= moment < slot.end), None)


def price_at(slots: Iterable[PriceSlot], moment: datetime) -> float | None:
    """The price at a moment; None if it is unknown."""
    return None if (slot := slot_at(slots, moment)) is None else slot.price


def slots_between(slots: Iterable[PriceSlot], start: datetime, end: datetime) -> list[PriceSlot]:
    """The slots that overlap with [start, end), each whole."""
    return [slot for slot in slots if slot.end > start and slot.start < end]

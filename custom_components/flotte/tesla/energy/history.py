"""The energy history of a site: the rows of one local day, each with its correct time.

Tesla's answers have pitfalls, each handled here:

- An omitted field is zero. If no row of the day has any field, nothing is known yet: that is the
  answer after midnight, and that of a dead site.
- Some sites send the standard offset all year. Their time of day is right, but in summer the time
  in UTC is an hour late, so that the day seems to begin at 01:00 and its last hour is lost. Source:
  reports of several clients about sites with panels only (2021 to 2024).
- Rows are repeated, unordered, or of another day.
- A row with an impossible value is left out, as if it had not arrived yet: without the value its
  sums would be wrong, and a later answer may correct it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..errors import InvalidAnswer
from ..reading_json import as_number
from .fields import EnergyField

MAX_POWER: Final = 1_000_000
"""W; no house has a meter for more. It bounds the energy of a row by the row's duration."""
MIN_ENERGY: Final = -100.0
"""Wh; down to this a negative value is the noise of a meter at rest, and counts as zero."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_FIVE_MINUTES: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """Energy of one period of a history: usually five minutes, on old sites up to a day."""

    start: datetime
    """Aware, in UTC."""
    energy: Mapping[EnergyField, float]
    """Wh, of every field: one that Tesla omitted is 0.0."""


def read_energy_day(answer: Mapping[str, Any], day: date, zone: ZoneInfo) -> tuple[EnergyRow, ...]:
    """The rows of a local day, in order of time; none if the answer has no value for that day.

    Args:
        answer: Of `calendar_history?kind=energy&period=day`.
        day: The day, as the site counts it.
        zone: The time zone of the site.

    Raises:
        InvalidAnswer: the answer has rows that are none.
    """
    labelled = sorted(_labelled(_rows_of(answer), zone), key=lambda each: each[0])
    rows: dict[datetime, dict[EnergyField, float]] = {}
    for start, values in _in_true_time(labelled, day, zone):
        if start.astimezone(zone).date() == day:
            # Of a repeated row, the larger value: one without it may come after one with it.
            row = rows.setdefault(start, {})
            row.update({key: max(value, row.get(key, value)) for key, value in values.items()})
    limit = _max_energy(sorted(rows))
    found = [
        (start, values)
        for start, values in sorted(rows.items())
        if all(MIN_ENERGY <= value <= limit for value in values.values())
    ]
    if not any(values for _, values in found):
        return ()
    return tuple(
        EnergyRow(start, {each: max(values.get(each, 0.0), 0.0) for each in EnergyField})
        for start, values in found
    )


def has_other_offset(answer: Mapping[str, Any], day: date, zone: ZoneInfo) -> bool:
    """Whether the rows of a day carry the offset of the other season; their last hour is missing.

    Raises InvalidAnswer.
    """
    return _has_other_offset((label for label, _ in _labelled(_rows_of(answer), zone)), day, zone)


def _rows_of(answer: Mapping[str, Any]) -> list[Any]:
    """The rows as Tesla sent them; older descriptions of the answer call them `entries`."""
    rows = answer.get("time_series")
    if rows is None:
        rows = answer.get("entries")
    if rows is None:
        return []
    if not isinstance(rows, list):
        del answer, rows
        raise InvalidAnswer("the rows of a history are none")
    return rows


type _Labelled = tuple[datetime, dict[EnergyField, float]]
"""A row at the time that Tesla gave it; aware, with Tesla's offset."""


def _labelled(rows: Iterable[object], zone: ZoneInfo) -> Iterator[_Labelled]:
    """The rows that can be read."""
    for row in rows:
        if not isinstance(row, Mapping) or (label := _label(row.get("timestamp"), zone)) is None:
            continue
        # Other clients of Tesla's write null for zero as well as nothing.
        raw = {each: row[each] for each in EnergyField if row.get(each) is not None}
        values = {each: as_number(value) for each, value in raw.items()}
        if None not in values.values():
            yield label, {each: value for each, value in values.items() if value is not None}


def _label(value: object, zone: ZoneInfo) -> datetime | None:
    """The time of a row, to the second; without an offset it is the local one."""
    try:
        label = datetime.fromisoformat(value) if isinstance(value, str) else None
        if label is None:
            return None
        label = label.replace(microsecond=0)
        label = label if label.tzinfo else label.replace(tzinfo=zone)
        # A day more and less has to exist too, in every zone.
        _ = label - 2 * _DAY, label + 2 * _DAY
    except ValueError, OverflowError:
        return None
    return label


def _in_true_time(rows: list[_Labelled], day: date, zone: ZoneInfo) -> Iterator[_Labelled]:
    """The rows with their moments in UTC, also where the offset is that of the other season."""
    if not _has_other_offset((label for label, _ in rows), day, zone):
        yield from ((label.astimezone(UTC), values) for label, values in rows)
        return
    seen: set[datetime] = set()
    for label, values in rows:
        # In autumn's double hour the second row of a time of day is of the second hour.
        local = label.replace(tzinfo=zone, fold=int(label in seen))
        seen.add(label)
        yield local.astimezone(UTC), values


def _has_other_offset(labels: Iterable[datetime], day: date, zone: ZoneInfo) -> bool:
    """Whether rows of a day carry the offset that the zone has in the other season only."""
    seasons = {datetime(day.year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    wrong = False
    for label in labels:
        if label.date() != day:
            continue
        local = [label.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
        if _is_left_out(local[0], zone):
            # An answer that has spring's missing hour counts in standard time throughout.
            return False
        offset = label.utcoffset()
        wrong = wrong or (offset in seasons and offset not in [each.utcoffset() for each in local])
    return wrong


def _is_left_out(local: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of a zone never show a local time."""
    shown = local.astimezone(UTC).astimezone(zone)
    return shown.replace(tzinfo=None) != local.replace(tzinfo=None)


def _max_energy(starts: list[datetime]) -> float:
    """The most energy that a row can have, in Wh; a single row may be that of the whole day."""
    spacing = min((later - earlier for earlier, later in pairwise(starts)), default=_DAY)
    return MAX_POWER * (max(spacing, _FIVE_MINUTES) / _HOUR)

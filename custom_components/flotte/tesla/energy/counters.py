"""Counters of a site's energy that never fall, continued from its history.

The history is what counts: a counter is the sum of all rows since it began, however often they were
read. So it continues over restarts and gaps. Each day stays open until it was read long after its
end, because rows come late and are corrected; until then, every reading of the day replaces the one
before. If a correction lowers a day, the counter waits until the sum has caught up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..reading_json import as_moment, as_number, as_object
from .fields import EnergyField
from .history import EnergyRow
from .hours import day_begins


class Counter(StrEnum):
    """A counter of a site, as the Energy dashboard needs them."""

    GRID_IMPORT = "grid_import"
    GRID_EXPORT = "grid_export"
    SOLAR = "solar"
    BATTERY_CHARGE = "battery_charge"
    BATTERY_DISCHARGE = "battery_discharge"
    HOME = "home"


_FIELDS: Final[Mapping[Counter, tuple[EnergyField, tuple[EnergyField, ...]]]] = {
    Counter.GRID_IMPORT: (
        EnergyField.GRID_IMPORTED,
        (EnergyField.CONSUMER_IMPORTED_FROM_GRID, EnergyField.BATTERY_IMPORTED_FROM_GRID),
    ),
    Counter.GRID_EXPORT: (
        EnergyField.GRID_EXPORTED,
        (
            EnergyField.GRID_EXPORTED_FROM_SOLAR,
            EnergyField.GRID_EXPORTED_FROM_BATTERY,
            EnergyField.GRID_EXPORTED_FROM_GENERATOR,
        ),
    ),
    Counter.SOLAR: (EnergyField.SOLAR_GENERATION, (EnergyField.SOLAR_EXPORTED,)),
    Counter.BATTERY_CHARGE: (
        EnergyField.BATTERY_CHARGE,
        (
            EnergyField.BATTERY_IMPORTED_FROM_SOLAR,
            EnergyField.BATTERY_IMPORTED_FROM_GRID,
            EnergyField.BATTERY_IMPORTED_FROM_GENERATOR,
        ),
    ),
    Counter.BATTERY_DISCHARGE: (EnergyField.BATTERY_DISCHARGE, (EnergyField.BATTERY_EXPORTED,)),
    Counter.HOME: (
        EnergyField.HOME_USAGE,
        (
            EnergyField.CONSUMER_IMPORTED_FROM_SOLAR,
            EnergyField.CONSUMER_IMPORTED_FROM_BATTERY,
            EnergyField.CONSUMER_IMPORTED_FROM_GRID,
            EnergyField.CONSUMER_IMPORTED_FROM_GENERATOR,
        ),
    ),
}
"""The total of each counter, and its parts for sites whose answers have no totals."""

CHECKS: Final = (timedelta(minutes=10), timedelta(hours=6), timedelta(hours=30))
"""How long after its end a day is read again; after the last time it is settled. Tesla corrects the
last two days."""
MAX_GAP: Final = timedelta(days=400)
"""Older days are not made up for."""
_DAY: Final = timedelta(days=1)

type CounterSums = dict[Counter, float]
"""Wh."""


def sums_of(rows: Iterable[EnergyRow]) -> CounterSums:
    """The energy of rows by counter."""
    sums = dict.fromkeys(Counter, 0.0)
    for row in rows:
        for counter, (total, parts) in _FIELDS.items():
            sums[counter] += row.energy[total] or sum(row.energy[part] for part in parts)
    return sums


@dataclass(frozen=True, slots=True)
class _OpenDay:
    """A day that may still change."""

    energies: CounterSums = field(default_factory=lambda: dict.fromkeys(Counter, 0.0))
    read_at: datetime | None = None
    """None if it was never read."""

    def to_stored(self) -> dict[str, Any]:
        """The day as JSON."""
        read_at = None if self.read_at is None else self.read_at.isoformat()
        return {"energies": _rounded(self.energies), "read_at": read_at}


class EnergyCounters:
    """The counters of one site."""

    def __init__(self) -> None:
        self._settled: CounterSums = dict.fromkeys(Counter, 0.0)
        """The sum of the settled days, less what was counted before the counters began."""
        self._settled_until: date | None = None
        """The newest settled day."""
        self._days: dict[date, _OpenDay] = {}
        self._values: CounterSums | None = None

    @property
    def values(self) -> Mapping[Counter, float] | None:
        """The counters in Wh; None before they began."""
        return self._values

    @property
    def _newest(self) -> date | None:
        return max(self._days, default=self._settled_until)

    def open_until(self, today: date) -> None:
        """Open the days up to today, once the counters began."""
        for day in sorted(self._days):
            if day > today and (self._settled_until is not None or len(self._days) > 1):
                # It was opened before the clock was set back, and will be read again.
                del self._days[day]
        newest = self._newest
        if newest is None:
            return
        day = max(newest + _DAY, today - MAX_GAP)
        while day <= today:
            self._days[day] = _OpenDay()
            day += _DAY

    def due(self, now: datetime, zone: ZoneInfo) -> list[date]:
        """The days before today that have to be read, the oldest first."""
        return [day for day, known in sorted(self._days.items()) if _is_due(day, known, now, zone)]

    def take(self, day: date, rows: Iterable[EnergyRow], now: datetime, zone: ZoneInfo) -> None:
        """Take the rows of a day: all that Tesla has of it now, or none if it has nothing.

        Args:
            day: The day; one that is settled stays as it is.
            rows: Its rows; with the first ones the counters begin, at zero.
            now: When they were requested.
            zone: The zone of the site.
        """
        rows = tuple(rows)
        if self._values is None:
            if not rows:
                return
            self._values = dict.fromkeys(Counter, 0.0)
            self._settled = {each: -energy for each, energy in sums_of(rows).items()}
            self._days[day] = _OpenDay()
        known = self._days.get(day)
        if known is None:
            return
        self._days[day] = _OpenDay(sums_of(rows) if rows else known.energies, now)
        if now >= _end_of(day, zone) + CHECKS[-1]:
            self.settle(day)
        self._count()

    def settle(self, day: date) -> None:
        """Close a day: it is not read again."""
        closed = self._days.pop(day, None)
        if closed is None:
            return
        self._settled = {
            each: energy + closed.energies[each] for each, energy in self._settled.items()
        }
        self._settled_until = max(day, self._settled_until or day)

    def _count(self) -> None:
        """Raise the counters to the sums; they never fall."""
        if self._values is not None:
            self._values = {
                each: max(
                    value,
                    self._settled[each] + sum(day.energies[each] for day in self._days.values()),
                )
                for each, value in self._values.items()
            }

    # --- Storage ---------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The counters as JSON."""
        if self._values is None:
            return {}
        until = self._settled_until
        return {
            "values": _rounded(self._values),
            "settled": _rounded(self._settled),
            "settled_until": None if until is None else until.isoformat(),
            "days": {day.isoformat(): known.to_stored() for day, known in self._days.items()},
        }

    def restore(self, stored: object) -> None:
        """Apply what `to_stored` returned. If any of it is damaged, the counters begin again."""
        kept = as_object(stored)
        values, settled = _energies_in(kept.get("values")), _energies_in(kept.get("settled"))
        if values is None or settled is None:
            return
        try:
            until = kept.get("settled_until")
            self._settled_until = None if until is None else date.fromisoformat(until)
            self._days = {
                date.fromisoformat(day): _open_day_in(known)
                for day, known in as_object(kept.get("days")).items()
            }
        except TypeError, ValueError, OverflowError, OSError:
            self._settled_until, self._days = None, {}
            return
        if self._newest is not None:
            self._values, self._settled = values, settled


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    """The end of a local day, in UTC: in local time a duration may be an hour wrong."""
    return day_begins(day + _DAY, zone).astimezone(UTC)


def _is_due(day: date, known: _OpenDay, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a day is over, and was not read since the last check that has passed."""
    end = _end_of(day, zone)
    passed = [end + check for check in CHECKS if end + check <= now]
    return bool(passed) and (known.read_at is None or known.read_at < passed[-1])


def _rounded(energies: Mapping[Counter, float]) -> dict[str, float]:
    """CounterSums as JSON, to a thousandth of a Wh."""
    return {str(each): round(energy, 3) for each, energy in energies.items()}


def _energies_in(stored: object) -> CounterSums | None:
    """Stored energies; None unless all are there."""
    kept = as_object(stored)
    energies = {each: as_number(kept.get(each)) for each in Counter}
    found = {each: energy for each, energy in energies.items() if energy is not None}
    return found if len(found) == len(Counter) else None


def _open_day_in(stored: object) -> _OpenDay:
    """A stored day. Raises ValueError."""
    kept = as_object(stored)
    energies, read_at = _energies_in(kept.get("energies")), as_moment(kept.get("read_at"))
    if energies is None:
        raise ValueError("day")
    return _OpenDay(energies, read_at)

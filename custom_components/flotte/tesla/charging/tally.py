"""The energy of a vehicle's current session and its cost, read from the vehicle's counter."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..reading_json import as_flag, as_number, as_object
from ..state import restore_time
from .cost import Cost, Price
from .energy import SessionEnergy, Step
from .session import Report

MAX_SKEW: Final = timedelta(minutes=5)
"""How far a vehicle's clock may be ahead of ours; a later time is from before ours was set back."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class SessionTally:
    """Counts and prices what reaches the battery."""

    def __init__(self) -> None:
        self.energy = SessionEnergy()
        self.read_at: datetime | None = None
        """The time of the last reading of the counter."""
        self.cost = Cost()
        """Of the session at the price at home."""
        self._seen_at: datetime | None = None
        self._price: Price | None = None

    @property
    def known(self) -> float | None:
        """Energy of the current session, in kWh; None while the counter shows the last one."""
        return None if self.energy.is_over else self.energy.last

    def pass_time(self, report: Report, *, is_charging: bool, is_known: bool) -> None:
        """Apply the price of the time since the previous report.

        It is unknown, unless it is fixed, if the charging state has not been known for long.
        """
        if is_charging and self._seen_at is not None:
            price = self._price or report.price
            if not (is_known or price.is_fixed):
                price = Price()
            self.cost = self.cost.passed(self._seen_at, report.now, price)
        self._seen_at, self._price = report.now, report.price

    def read(self, report: Report) -> Step:
        """Apply a reading of the counter, once."""
        at, before = report.energy_at, self.read_at
        is_old = at is not None and before is not None and at <= before <= report.now + MAX_SKEW
        if report.energy is None or at is None or is_old:
            return Step(self.energy, added=0.0, begins=False)
        self.read_at = at
        step = self.energy.after(report.energy, at)
        self.energy = step.energy
        return step

    def charge(self, step: Step, report: Report) -> None:
        """Add what a reading added to the cost of the session."""
        self.cost = self.cost.charged(step.added, report.price)

    def plug_in(self) -> None:
        """Note that the cable is connected."""
        self.energy = self.energy.plugged_in()

    def unplug(self, at: datetime | None) -> None:
        """Note that the cable was unplugged; None if that was at some time in a gap."""
        self.energy = self.energy.unplugged(at or _LONG_AGO)

    def to_stored(self) -> dict[str, Any]:
        """Everything that survives a restart, as JSON."""
        unplugged_at = self.energy.unplugged_at
        is_recent = unplugged_at is not None and unplugged_at != _LONG_AGO
        return {
            "counter": self.energy.last,
            "is_over": self.energy.is_over,
            "unplugged": unplugged_at.timestamp() if unplugged_at and is_recent else None,
            "read": self.read_at and self.read_at.timestamp(),
            "seen": self._seen_at and self._seen_at.timestamp(),
            "cost": asdict(self.cost),
        }

    def restore(self, stored: object) -> None:
        """Restore it from the JSON of `to_stored`; anything unreadable is unknown."""
        read = as_object(stored)
        counter = as_number(read.get("counter"))
        if counter is not None and counter >= 0:
            is_over = as_flag(read.get("is_over")) is True
            self.energy = SessionEnergy(counter, is_over, restore_time(read.get("unplugged")))
            self.read_at = restore_time(read.get("read"))
        self.cost = Cost.from_stored(read.get("cost"))
        self._seen_at = restore_time(read.get("seen"))

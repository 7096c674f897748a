"""Power that a vehicle really draws at its highest current, learnt while it charges.

A wall box may give one phase instead of three, or throttle. What the current, the voltage and the
phases of the last report promise is then more than what arrives, and a plan made with it is late.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from ..reading_json import as_number, as_object
from .power import ChargingPower

SETTLED: Final = 90.0
"""Seconds at the highest current after which the power counts: a start takes up to a minute."""
RAMPED: Final = 30.0
"""Age of that current from which a measured power belongs to it. A steady one is not reported
again."""
ONE_CHARGE: Final = 1800.0
"""Seconds without a report from which another charge has begun."""
SMOOTHED: Final = 300.0
"""Seconds over which a power that goes up and down is averaged."""
MAX_CHARGES: Final = 10
"""Charges that are remembered."""
MAX_CHARGE_AGE: Final = 30 * 86_400.0
"""Seconds after which a charge says nothing about the wall box any more."""
MAX_TAPERED: Final = 95.0
"""Level in per cent above which a vehicle takes less than it is offered."""
BELIEVED: Final = (0.5, 25.0)
"""Lowest and highest power from a wall box in kW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReport:
    """A vehicle that charges at home, as known at a time; None is unknown."""

    at: float
    """Seconds since the epoch."""
    measured_at: float
    """When `kilowatts` was reported."""
    requested: int | None
    """A."""
    highest: int | None
    """Highest current in A that wall box and cable allow."""
    kilowatts: float | None
    """Power from the wall box."""
    level: float | None
    """Per cent."""


@dataclass(frozen=True, slots=True)
class DrawnPower:
    """Power in kW at the highest current of one charge, and when it was last measured."""

    kilowatts: float
    at: float


@dataclass(frozen=True, slots=True)
class RealPower:
    """Power at the highest current in the last charges, oldest first."""

    highest: int | None = None
    """A; charges with another cable, or at another wall box, say nothing."""
    charges: tuple[DrawnPower, ...] = ()
    since: float | None = None
    """When the vehicle was first seen at the highest current in this charge."""
    seen_at: float | None = None

    def after(self, report: PowerReport) -> RealPower:
        """The power as known after a report; each decision during a charge at home gives one."""
        if report.highest is None:
            return self
        known = self if report.highest == self.highest else RealPower(report.highest)
        if report.requested is None or report.requested < report.highest:
            return replace(known, since=None)
        since, seen_at = known.since, known.seen_at
        if since is None or seen_at is None or report.at - seen_at > ONE_CHARGE:
            return replace(known, since=report.at, seen_at=report.at)
        known = replace(known, seen_at=max(report.at, seen_at))
        settles = report.at - since < SETTLED or report.measured_at < since + RAMPED
        if settles or report.kilowatts is None or not _is_typical(report.kilowatts, report.level):
            return known
        return replace(known, charges=_added(known.charges, report.kilowatts, report.at))

    def kilowatts(self, power: ChargingPower) -> float:
        """Power to plan with: as in the last charge, or as the range promises."""
        if not self.charges or self.highest != power.highest:
            return power.highest_kilowatts
        return self.charges[-1].kilowatts

    def least_kilowatts(self, power: ChargingPower, now: float) -> float:
        """The least power in a charge of the last month: the next one may be as slow."""
        recent = [
            charge.kilowatts
            for charge in self.charges
            if self.highest == power.highest and now - charge.at < MAX_CHARGE_AGE
        ]
        return min(recent, default=self.kilowatts(power))

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The charges, as JSON."""
        return {
            "highest": self.highest,
            "charges": [[each.kilowatts, each.at] for each in self.charges],
        }

    @classmethod
    def from_stored(cls, stored: object) -> RealPower:
        """Restore the charges from the JSON of `to_stored`; leave out what is damaged."""
        values: Mapping[str, object] = as_object(stored)
        highest = as_number(values.get("highest"))
        listed = values.get("charges")
        charges = [_charge(each) for each in listed] if isinstance(listed, list) else []
        read = [each for each in charges if each is not None]
        in_order = all(one.at <= other.at for one, other in pairwise(read))
        if highest is None or highest <= 0 or not in_order:
            return cls()
        return cls(int(highest), tuple(read[-MAX_CHARGES:]))


def _is_typical(kilowatts: float, level: float | None) -> bool:
    """Whether a power can be that of a wall box, and the battery takes all of it."""
    return BELIEVED[0] <= kilowatts <= BELIEVED[1] and level is not None and level < MAX_TAPERED


def _added(charges: tuple[DrawnPower, ...], kilowatts: float, at: float) -> tuple[DrawnPower, ...]:
    """The charges with a power measured now, in the last one or in a new one."""
    if not charges or not 0 <= at - charges[-1].at <= ONE_CHARGE:
        return (*charges, DrawnPower(kilowatts, at))[-MAX_CHARGES:]
    last = charges[-1]
    share = min(1.0, (at - last.at) / SMOOTHED)
    mean = last.kilowatts + share * (kilowatts - last.kilowatts)
    return (*charges[:-1], DrawnPower(mean, at))


def _charge(stored: object) -> DrawnPower | None:
    match stored:
        case [kilowatts, at]:
            power, moment = as_number(kilowatts), as_number(at)
            if power is not None and moment is not None and BELIEVED[0] <= power <= BELIEVED[1]:
                return DrawnPower(power, moment)
    return None

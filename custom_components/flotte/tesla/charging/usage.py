"""Energy that charging at home took from the sun and from the grid, and its cost.

Counted in small steps from the power of the vehicle and the surplus at the same time. Where either
is unknown the energy belongs to neither, and too much of that makes the figures of the present
charge unknown.
"""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from ..reading_json import as_flag, as_number, as_object

MAX_STEP: Final = 120.0
"""Seconds between two steps; the energy of a longer gap is only estimated."""
MAX_UNCOUNTED: Final = 0.1
"""Share of a charge that may be unknown; with more, its figures are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeUsage:
    """Energy of the present charge, since the cable was plugged in; kWh and seconds."""

    from_sun: float = 0.0
    from_grid: float = 0.0
    uncounted: float = 0.0
    """kWh that were charged while the surplus was unknown, and in gaps."""
    counted_seconds: float = 0.0
    """Time that it charged while its power was known."""
    unknown_seconds: float = 0.0
    """Time in which its power was unknown."""
    paid: float | None = 0.0
    """Cost so far; None once a part had no price."""
    from_start: bool = False
    """Whether it has been counted since the cable was plugged in."""

    @property
    def is_complete(self) -> bool:
        """Whether nearly all of it was counted."""
        energy = self.from_sun + self.from_grid + self.uncounted
        seconds = self.counted_seconds + self.unknown_seconds
        return (
            self.from_start
            and self.uncounted <= MAX_UNCOUNTED * energy
            and self.unknown_seconds <= MAX_UNCOUNTED * seconds
        )

    @property
    def sun_share(self) -> float | None:
        """Per cent of the energy that came from the sun; None before any, or if incomplete."""
        counted = self.from_sun + self.from_grid
        return 100 * self.from_sun / counted if counted > 0 and self.is_complete else None

    @property
    def cost(self) -> float | None:
        """Cost in the currency of the prices; None if a part had no price, or if incomplete."""
        return self.paid if self.is_complete else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Energy in kWh that a vehicle took at this house; the totals never fall."""

    from_sun: float = 0.0
    from_grid: float = 0.0
    charge: ChargeUsage = field(default_factory=ChargeUsage)
    counted_at: float | None = None
    """Up to when it was counted, in seconds since the epoch."""
    kilowatts: float | None = None
    """Power at that time."""

    def plugged_in(self) -> Usage:
        """The usage when a cable was just plugged in: a new charge begins."""
        return replace(self, charge=ChargeUsage(from_start=True))

    def to_stored(self) -> dict[str, Any]:
        """The usage as JSON."""
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: object) -> Usage:
        """The stored usage. A damaged total is 0, a damaged charge unknown until the next one."""
        read = as_object(stored)
        return cls(
            from_sun=_amount(read.get("from_sun")) or 0.0,
            from_grid=_amount(read.get("from_grid")) or 0.0,
            charge=_charge(as_object(read.get("charge"))),
            counted_at=as_number(read.get("counted_at")),
            kilowatts=_amount(read.get("kilowatts")),
        )


def advance_usage(
    usage: Usage,
    *,
    now: float,
    kilowatts: float | None,
    surplus: float | None,
    grid_price: float | None,
    feed_in: float | None,
) -> Usage:
    """Count the energy since the last step.

    `kilowatts` is the power of the vehicle from this house, `surplus` what the sun leaves for it
    (with several vehicles, `Share.sun`), both None if unknown. The sun costs what selling it would
    have paid: `feed_in` per kWh, None if it is not sold. Energy from an unknown source costs as
    much as from the grid.
    """
    counted = replace(usage, counted_at=now, kilowatts=kilowatts)
    seconds = 0.0 if usage.counted_at is None else max(0.0, now - usage.counted_at)
    charge = usage.charge
    if seconds > MAX_STEP and kilowatts is not None and usage.kilowatts is not None:
        # It may have charged all the time as before the gap, or as after it.
        energy = max(kilowatts, usage.kilowatts) * seconds / 3600
        return replace(counted, charge=_from_unknown(charge, energy, grid_price))
    if seconds > MAX_STEP or kilowatts is None:
        unknown = charge.unknown_seconds + seconds
        return replace(counted, charge=replace(charge, unknown_seconds=unknown))
    if kilowatts <= 0:
        return counted
    charge = replace(charge, counted_seconds=charge.counted_seconds + seconds)
    hours = seconds / 3600
    if surplus is None:
        return replace(counted, charge=_from_unknown(charge, kilowatts * hours, grid_price))
    from_sun = min(kilowatts, max(0.0, surplus)) * hours
    from_grid = kilowatts * hours - from_sun
    charge = replace(
        charge,
        from_sun=charge.from_sun + from_sun,
        from_grid=charge.from_grid + from_grid,
        paid=_sum(charge.paid, from_sun * (feed_in or 0.0), _cost(from_grid, grid_price)),
    )
    return replace(
        counted,
        from_sun=usage.from_sun + from_sun,
        from_grid=usage.from_grid + from_grid,
        charge=charge,
    )


def _from_unknown(charge: ChargeUsage, energy: float, price: float | None) -> ChargeUsage:
    """The charge with energy from an unknown source."""
    paid = _sum(charge.paid, _cost(energy, price))
    return replace(charge, uncounted=charge.uncounted + energy, paid=paid)


def _cost(energy: float, price: float | None) -> float | None:
    """Cost of energy; no energy needs no price."""
    if energy <= 0:
        return 0.0
    return None if price is None else energy * price


def _sum(*parts: float | None) -> float | None:
    """The sum; None if a part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _amount(stored: object) -> float | None:
    """A stored amount; None if it is negative or no number."""
    number = as_number(stored)
    return number if number is not None and number >= 0 else None


def _charge(stored: object) -> ChargeUsage:
    """The stored charge; one whose figures are unknown if anything in it is damaged."""
    read = as_object(stored)
    names = ("from_sun", "from_grid", "uncounted", "counted_seconds", "unknown_seconds")
    amounts = {name: _amount(read.get(name)) for name in names}
    known = {name: amount for name, amount in amounts.items() if amount is not None}
    if len(known) < len(names) or "paid" not in read:
        return ChargeUsage()
    return ChargeUsage(
        **known,
        paid=as_number(read["paid"]),
        from_start=as_flag(read.get("from_start")) is True,
    )

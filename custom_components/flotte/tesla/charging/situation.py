"""Everything a decision about charging rests on, and the memory it leaves for the next one.

Times are seconds since the epoch as floats: the controller computes with them and never asks a
clock.
"""

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from math import isfinite
from typing import Any

from ..spending.modes import SpendingMode
from .power import ChargingPower
from .work import TUNING, Tuning
from .worth import Changes, EnergyPrices


class ChargingMode(StrEnum):
    """How a vehicle is to be charged at home."""

    OFF = "off"
    SUN_ONLY = "sun_only"
    SUN_FIRST = "sun_first"
    SUN_AND_LOWEST = "sun_and_lowest"
    """At least the lowest current, more in the sun."""
    CHEAPEST_HOURS = "cheapest_hours"
    NOW = "now"


class Plug(StrEnum):
    """State of the charge port."""

    UNPLUGGED = "unplugged"
    NO_POWER = "no_power"
    STOPPED = "stopped"
    CHARGING = "charging"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingVehicle:
    """A vehicle as last reported; None is unknown."""

    plug: Plug | None
    power: ChargingPower
    at_home: bool | None = True
    fast_charging: bool = False
    in_service: bool = False
    asleep: bool = False
    requested: int | None = None
    """A, as the vehicle shows it: not below 5, even while it draws less."""
    level: float | None = None
    """Per cent."""
    limit: float | None = None
    """Per cent."""
    commanded_by_person: bool = False
    """Whether a person changed charging through Home Assistant since the last decision."""
    by_own_schedule: bool = False
    """Whether a schedule of ours in the vehicle may have started or stopped the charge."""
    starts_alone: bool = False
    """Whether a schedule of ours in the vehicle began moments ago: it needs no command, no wake."""
    reported_at: float = 0.0
    """When `plug` was reported."""
    requested_at: float | None = None
    """When `requested` was reported; None: together with `plug`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Measurements of the house."""

    surplus: float | None
    """kW beyond the house's own use, the power of this vehicle included."""
    measured_at: float | None
    interval: float = 10.0
    """Usual seconds between measurements."""
    grid_up: bool | None = None
    is_sign_wrong: bool = False
    """Whether the meter has shown that it takes what is sold for what is bought."""


class PlanDemand(StrEnum):
    """Demand of the plan at this moment; see `plan`."""

    NONE = "none"
    WAIT = "wait"
    """A later slot is reserved."""
    SLOT = "slot"
    """This is a reserved slot."""
    LATE = "late"
    """From now on every minute is needed to be ready in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAllowance:
    """Commands that charging may send a day."""

    commands: int | None = None
    """None is unlimited."""
    used: int = 0
    day_share: float = 1.0
    """Share of the day's sun that is over, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The last command that the controller sent."""

    at: float
    amps: int
    """0 for a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """State between two decisions of one vehicle, stored over restarts."""

    costs: tuple[float, ...] = ()
    """Work function; empty before the first surplus, and after the currents have changed."""
    advanced_at: float | None = None
    sent: Sent | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    starts: int = 0
    """Starts on `day`."""
    day: int = 0
    """Local day, as an ordinal."""
    taken_over: bool = False
    rests_until: float | None = None
    """No start before, because the last one ended by the vehicle at once."""
    surplus_lost_at: float | None = None
    """When the controller noticed that it has no fresh surplus."""

    def without_future(self, now: float, longest_rest: float) -> Memory:
        """The memory after the clock was set back: no time of it is later than now."""
        moments = self.started_at, self.stopped_at, self.surplus_lost_at
        last, until = self.sent, self.rests_until
        is_ahead = any(moment is not None and moment > now for moment in moments)
        if not is_ahead and (last is None or last.at <= now):
            return self
        started_at, stopped_at, lost_at = (None if at is None else min(at, now) for at in moments)
        return replace(
            self,
            sent=None if last is None or last.at > now else last,
            advanced_at=None,
            started_at=started_at,
            stopped_at=stopped_at,
            rests_until=None if until is None else min(until, now + longest_rest),
            surplus_lost_at=lost_at,
        )

    def to_stored(self) -> dict[str, Any]:
        """The memory as JSON."""
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: object) -> Memory:
        """The stored memory; an empty one if it is not what `to_stored` wrote."""
        if not isinstance(stored, dict) or set(stored) != {each.name for each in fields(cls)}:
            return cls()
        last = stored["sent"]
        try:
            memory = cls(
                costs=tuple(float(cost) for cost in stored["costs"]),
                advanced_at=_moment(stored["advanced_at"]),
                sent=None if last is None else Sent(float(last["at"]), int(last["amps"])),
                started_at=_moment(stored["started_at"]),
                stopped_at=_moment(stored["stopped_at"]),
                starts=int(stored["starts"]),
                day=int(stored["day"]),
                taken_over=stored["taken_over"] is True,
                rests_until=_moment(stored["rests_until"]),
                surplus_lost_at=_moment(stored["surplus_lost_at"]),
            )
        except TypeError, ValueError, KeyError:
            return cls()
        return memory if all(isfinite(cost) for cost in memory.costs) else cls()


def _moment(stored: float | None) -> float | None:
    """A moment as stored. Raises TypeError or ValueError for anything else."""
    return None if stored is None else float(stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSituation:
    """Input of a decision."""

    now: float
    day: int
    """Local day, as an ordinal."""
    mode: ChargingMode
    vehicle: ChargingVehicle
    house: House
    prices: EnergyPrices
    tesla: Changes
    plan: PlanDemand = PlanDemand.NONE
    next_charge: float | None = None
    """Start of the next planned charge."""
    floor_level: float = 0.0
    """Per cent below which the vehicle charges at once from whatever there is."""
    allowance: CommandAllowance = CommandAllowance()
    spending: SpendingMode = SpendingMode.NORMAL
    resumed: bool = False
    """Whether the user asked to follow the sun again."""
    tuning: Tuning = TUNING
    stands: bool = False
    """Whether another vehicle follows the surplus, and this one keeps its current."""

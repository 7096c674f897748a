"""One surplus for several vehicles, so that a cloud costs one command and not one per vehicle.

The vehicles that follow the sun stand in a line. The first sees the power of all behind it as its
own, so it takes what it needs and they give way. Each of the others sees what is left once those
before it are full. So only the last one that charges follows the sun; those before it stand at
their highest current.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .power import ChargingPower

LEVEL_LEAD: Final = 10.0
"""Per cent by which a vehicle that charges counts as emptier, and again at its highest current.
Otherwise two vehicles with equal priority would change places at each per cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingVehicle:
    """A vehicle that can charge at this house."""

    key: str
    """Decides last, and always in the same way."""
    priority: int
    """The lower number comes first."""
    level: float | None
    """Per cent. At equal priority the emptier vehicle comes first."""
    power: ChargingPower
    amps: int
    """Current in A that it is set to, also by a command on its way; 0 if it does not charge."""
    kilowatts: float | None
    """Power that it draws from this house now, or will once it has followed our last command."""
    wants: bool
    """Whether it follows the sun and may charge: it is here, not full, not taken over, and has no
    urgent reason to charge. The power of any other vehicle is just used up."""
    keeps_lowest: bool = False
    """Whether it charges at its lowest current without sun too."""

    @property
    def is_full(self) -> bool:
        """Whether it is set to its highest current."""
        return self.amps >= self.power.highest

    @property
    def kept(self) -> float:
        """Power in kW that it does not give up for another vehicle."""
        return self.power.lowest_kilowatts if self.keeps_lowest else 0.0

    @property
    def claim(self) -> float:
        """Power in kW that the next vehicle must leave to it while it charges."""
        if self.is_full and self.kilowatts is not None:
            # Less than its highest power if its battery is nearly full.
            return self.kilowatts
        return self.power.highest_kilowatts

    @property
    def spare(self) -> float:
        """Power in kW that it can give up."""
        return max(0.0, self.power.kilowatts(self.amps) - self.kept)


@dataclass(frozen=True, slots=True)
class Share:
    """A vehicle's part of the surplus."""

    surplus: float | None
    """kW that the vehicle may follow, its own power included."""
    stands: bool
    """Whether it keeps its current, because a later vehicle gives way first."""
    sun: float | None
    """kW from the sun that are left for its present power, so that none is counted twice."""


def share_surplus(vehicles: Iterable[SharingVehicle], total: float | None) -> dict[str, Share]:
    """Share the surplus of the house, the power of all vehicles included.

    The keys are in order, first vehicle first. Decide in this order, and share again after each
    command, with its current as `amps`: two vehicles may see the same surplus, but only one may
    start. All is unknown if the total is, or the power of a vehicle that does not follow the sun.
    """
    line = sorted(vehicles, key=_place)
    followers = [vehicle for vehicle in line if vehicle.wants]
    used = [vehicle.kilowatts for vehicle in line if not vehicle.wants]
    if total is None or None in used:
        return {vehicle.key: Share(None, stands=False, sun=None) for vehicle in line}
    followed = _followed(followers, total - sum(each for each in used if each is not None))
    shares: dict[str, Share] = {}
    left: float | None = total
    for vehicle in line:
        surplus = followed.get(vehicle.key, left)
        shares[vehicle.key] = Share(surplus, _stands(vehicle, surplus, followers), left)
        left = None if left is None or vehicle.kilowatts is None else left - vehicle.kilowatts
    return shares


def _place(vehicle: SharingVehicle) -> tuple[int, float, str]:
    """Place in the line."""
    level = 100.0 if vehicle.level is None else vehicle.level
    lead = (vehicle.amps > 0) + vehicle.is_full
    return vehicle.priority, level - lead * LEVEL_LEAD, vehicle.key


def _followed(followers: Sequence[SharingVehicle], available: float) -> dict[str, float]:
    """Surplus of each vehicle that follows the sun."""
    found: dict[str, float] = {}
    for index, vehicle in enumerate(followers):
        surplus = available - sum(later.kept for later in followers[index + 1 :])
        for earlier in followers[:index]:
            could_start = found[earlier.key] >= earlier.power.lowest_kilowatts
            if earlier.amps or (could_start and not vehicle.amps):
                surplus -= earlier.claim
            else:
                # It is off. A vehicle that charges stays until this one really starts.
                surplus -= earlier.kept
        found[vehicle.key] = surplus
    return found


def _stands(
    vehicle: SharingVehicle, surplus: float | None, followers: Sequence[SharingVehicle]
) -> bool:
    """Whether a later vehicle gives way first.

    Not in a deep cloud: if more is missing than the later ones can give up, all have to act.
    """
    if vehicle not in followers or not vehicle.is_full or surplus is None:
        return False
    later = followers[followers.index(vehicle) + 1 :]
    spare = sum(each.spare for each in later)
    return spare > 0 and vehicle.claim - surplus <= spare

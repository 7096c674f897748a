"""Power that the sun leaves for charging, from a meter and the vehicles at the same moment.

The meter is a few seconds behind, and a vehicle takes its time to follow a command. A controller
that adds the power a vehicle has now to what the meter saw before answers its own last command
again, up and down. So the power of each vehicle is kept for some minutes, and a reading of the
meter is paired with the power that the vehicle had when the reading was taken.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable
from typing import Final

from .power import FIRST_AMPS
from .situation import ChargingVehicle, Plug, Sent

SETTLE: Final = 40.0
"""Seconds after a command in which readings may be older than its effect: a vehicle waits some 10 s
and then changes by some 10 A in 10 s, and the meter follows."""
KEPT: Final = 300.0
"""Seconds of power that are kept."""


class PowerHistory:
    """Power of one vehicle over the last five minutes, in steps: a value holds until the next.

    Times are seconds since the epoch, power is in kW.
    """

    __slots__ = ("_settled_at", "_steps")

    def __init__(self) -> None:
        self._steps: list[tuple[float, float | None]] = []
        self._settled_at = float("-inf")

    @property
    def settled_at(self) -> float:
        """From when on readings show the effect of our last command; minus infinity without one."""
        return self._settled_at

    def note(self, at: float, kilowatts: float | None) -> None:
        """Note the power from a moment on; None if it is unknown from then on.

        Notes may come late, in any order. Those older than five minutes are dropped.
        """
        newest = self._steps[-1][0] if self._steps else at
        if at < newest - KEPT:
            return
        self._steps = [step for step in self._steps if step[0] != at]
        insort(self._steps, (at, kilowatts), key=_moment_of)
        # The step that held five minutes ago began before that.
        oldest = bisect_right(self._steps, max(at, newest) - KEPT, key=_moment_of) - 1
        del self._steps[: max(0, oldest)]

    def note_command(self, at: float) -> None:
        """Note a command that changes the power, which is unknown until the vehicle has settled."""
        self._settled_at = max(self._settled_at, at + SETTLE)

    def at(self, moment: float) -> float | None:
        """Power at a moment; None if it was unknown then, or on its way after a command."""
        if self._settled_at - SETTLE <= moment < self._settled_at:
            return None
        index = bisect_right(self._steps, moment, key=_moment_of) - 1
        return self._steps[index][1] if index >= 0 else None


def _moment_of(step: tuple[float, float | None]) -> float:
    """Begin of a step."""
    return step[0]


def house_surplus(
    *,
    grid: float | None,
    battery: float | None,
    battery_level: float | None,
    battery_first: float,
    measured_at: float,
    histories: Iterable[PowerHistory],
) -> float | None:
    """Surplus in kW at the moment of a reading, the power of all vehicles included.

    None means that this reading says nothing, and the last surplus stays the newest one: a value is
    unknown, or a vehicle is still following a command.

    - `grid` in kW: above 0 the house buys, below 0 it sells.
    - `battery` in kW: above 0 the home battery empties, below 0 it fills. 0 if there is none.
    - `battery_level` and `battery_first` in per cent: below `battery_first` the battery keeps what
      it takes, from there on the vehicles may have it. At 0 the vehicles come first.
    - `histories` of every vehicle that can charge here. A vehicle that is away draws 0 here.

    Selling 3 kW while a vehicle draws 4 kW is a surplus of 7 kW; buying 1 kW while it draws 4 kW is
    one of 3 kW. What the battery gives is never surplus: 2 kW from the battery and nothing from the
    grid while the vehicle draws 4 kW is a surplus of 2 kW.
    """
    if grid is None or battery is None:
        return None
    drawn = 0.0
    for history in histories:
        kilowatts = history.at(measured_at)
        if kilowatts is None or measured_at < history.settled_at:
            return None
        drawn += kilowatts
    emptying, filling = max(0.0, battery), max(0.0, -battery)
    if battery_first > 0 and (battery_level is None or battery_level < battery_first):
        filling = 0.0
    return drawn - grid - emptying + filling


def vehicle_kilowatts(
    vehicle: ChargingVehicle,
    *,
    measured: float | None,
    measured_at: float | None,
    sent: Sent | None,
) -> float | None:
    """Power in kW that a vehicle draws from this house; None if unknown.

    `measured` is its own measurement in kW (not one in whole kW, as polled cars give it), which
    counts once our last command has settled. Without it, the current that was set is taken.
    """
    if vehicle.at_home is False or vehicle.fast_charging:
        return 0.0
    is_settled = measured_at is not None and (sent is None or measured_at >= sent.at + SETTLE)
    amps: float | None
    if sent is not None and vehicle.reported_at < sent.at + SETTLE:
        amps = sent.amps
    elif vehicle.plug is Plug.CHARGING:
        amps = _current(vehicle, sent)
    elif vehicle.plug is None:
        return None
    else:
        return 0.0
    if measured is not None and is_settled:
        kilowatts: float | None = max(0.0, measured)
    elif amps is None:
        kilowatts = None
    else:
        kilowatts = vehicle.power.kilowatts(min(amps, vehicle.power.highest))
    return kilowatts if vehicle.at_home or kilowatts == 0 else None


def _current(vehicle: ChargingVehicle, sent: Sent | None) -> int | None:
    """Current in A that is set: ours if the vehicle still shows it, which is never below 5 A."""
    if sent is None or sent.amps == 0:
        return vehicle.requested
    is_ours = vehicle.requested in {None, max(sent.amps, FIRST_AMPS)}
    return sent.amps if is_ours else vehicle.requested

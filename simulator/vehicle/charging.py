"""Battery, cable and charger: the flow of energy into a car."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from simulator.refusals import Refused
from simulator.vehicle.current import Current
from simulator.vehicle.model import Model
from simulator.vehicle.port import ChargePort
from simulator.vehicle.timetable import Timetable

AC_EFFICIENCY = 0.92
"""The share of the energy at the wall that arrives in the battery."""
STARTING_SECONDS = 4.0
"""From plugging in or `charge_start` until current flows: "Starting"."""
MIN_LIMIT_PERCENT = 50
"""`charge_limit_soc_min`. Source: Tesla's sample of vehicle_data."""
NEAR_LIMIT_PERCENT = 2.0
"""A charge does not start nearer to the limit than this."""
FULL_PERCENT = 100
STANDARD_LIMIT_PERCENT = 80
THREE_PHASES = 3
IDLE_VOLTS = 2
"""The small stray value that `charger_voltage` shows without a supply."""

# Share of the peak power that a battery accepts at a level in percent (fast charging).
TAPER = ((0, 0.55), (8, 1.0), (25, 1.0), (50, 0.6), (80, 0.3), (90, 0.16), (100, 0.03))


@dataclass(frozen=True, kw_only=True)
class Supply:
    """The supply at the other end of the cable."""

    name: str
    is_fast: bool
    phases: int
    volts: float
    amps: int
    """Maximum current per phase that the wall box offers (AC)."""
    kilowatts: float
    """Maximum power of a fast charger (DC); 0 for AC."""
    brand: str = "<invalid>"
    type: str = "<invalid>"


SUPPLIES = {
    supply.name: supply
    for supply in (
        Supply(name="ac1", is_fast=False, phases=1, volts=230, amps=32, kilowatts=0),
        Supply(name="ac3", is_fast=False, phases=3, volts=230, amps=16, kilowatts=0),
        Supply(
            name="dc",
            is_fast=True,
            phases=0,
            volts=390,
            amps=0,
            kilowatts=150,
            brand="Tesla",
            type="Tesla",
        ),
    )
}
"""The supplies that a car can be plugged into, by name."""


@dataclass
class Battery:
    """Energy in the car.

    `energy_kwh` is usable energy, from 0 to `capacity_kwh`.
    """

    capacity_kwh: float
    energy_kwh: float
    full_range_miles: float

    @property
    def percent(self) -> float:
        """Level from 0 to 100, with its fraction."""
        return self.energy_kwh / self.capacity_kwh * FULL_PERCENT

    @percent.setter
    def percent(self, value: float) -> None:
        self.energy_kwh = min(max(value, 0.0), FULL_PERCENT) / FULL_PERCENT * self.capacity_kwh

    @property
    def range_miles(self) -> float:
        """Rated range at the current level."""
        return self.full_range_miles * self.energy_kwh / self.capacity_kwh

    def energy_at(self, percent: float) -> float:
        """The energy at a level in kWh."""
        return percent / FULL_PERCENT * self.capacity_kwh

    def put(self, kilowatt_hours: float) -> float:
        """Add (or, if negative, take) energy; returns the amount that was really added."""
        before = self.energy_kwh
        self.energy_kwh = min(max(before + kilowatt_hours, 0.0), self.capacity_kwh)
        return self.energy_kwh - before


@dataclass(kw_only=True)
class Session:
    """One charge from plugging in to stopping, as the wall box records it."""

    started_at: float
    seconds: float = 0.0
    wall_kwh: float = 0.0
    is_fast: bool = False


@dataclass(kw_only=True)
class Schedule:
    """The two classic timers (`set_scheduled_charging`, `set_scheduled_departure`)."""

    mode: str = "Off"
    """`Off`, `StartAt` or `DepartBy`."""
    start_minutes: int = 0
    departure_minutes: int = 480
    off_peak_end_minutes: int = 360
    is_preconditioning: bool = False
    preconditioning_times: str = "all_week"
    is_off_peak: bool = False
    off_peak_times: str = "all_week"


@dataclass
class OnSolar:
    """The settings of Charge on Solar: up to `lower` it charges on anything, then on solar."""

    enabled: bool = False
    lower: float = 20.0
    upper: float = 80.0


@dataclass
class Charger:
    """The charger: currents and power that follow from the cable, the settings and the battery."""

    model: Model
    battery: Battery
    state: str = "Disconnected"
    supply: Supply | None = None
    limit_percent: int = STANDARD_LIMIT_PERCENT
    current: Current = field(default_factory=Current)
    sticks_on_one_phase: bool = False
    """Whether a charge that lost phases does not use them again before it is stopped and started,
    as older Model 3s. Source: vehicle-command 205, SmartEVSE-3.5 291."""
    is_on_one_phase: bool = False
    """Whether it is stuck on one phase."""

    @property
    def highest_amps(self) -> int:
        """`charge_current_request_max`: the limit of cable, wall box and on-board charger."""
        if self.supply is None or self.supply.is_fast:
            return self.model.charger_amps[self.model.charger_phases]
        return min(self.supply.amps, self.model.charger_amps[self.phases])

    @property
    def phases(self) -> int:
        """Phases that both the supply and the on-board charger have; 0 without AC."""
        if self.supply is None or self.supply.is_fast:
            return 0
        return 1 if self.is_on_one_phase else min(self.supply.phases, self.model.charger_phases)

    @property
    def amps(self) -> int:
        """The current that flows per phase."""
        if self.state != "Charging" or self.phases == 0:
            return 0
        return min(self.current.amps, self.highest_amps)

    @property
    def requested_amps(self) -> int:
        """The setting that car and app display."""
        return self.current.setting

    def command_amps(self, wanted: int, now: float) -> None:
        """Apply `set_charging_amps`, clamped to the limit of cable and charger."""
        self.current.command(
            wanted, self.highest_amps, now, is_charging=self.state in ("Charging", "Starting")
        )

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.battery.energy_kwh >= self.limit_kwh - 1e-9

    @property
    def _is_nearly_full(self) -> bool:
        """Whether the limit is so near that a start is refused.

        Source: TeslaSolarCharger, which requires a distance of 2 %, and reports of its users.
        """
        return self.limit_percent - self.battery.percent < NEAR_LIMIT_PERCENT

    @property
    def limit_kwh(self) -> float:
        """The energy at the limit."""
        return self.battery.energy_at(self.limit_percent)

    # Power

    def taper(self, percent: float) -> float:
        """Maximum power in kW that the battery accepts from a fast charger at this level."""
        for (low, low_share), (high, high_share) in _pairs(TAPER):
            if percent <= high:
                share = low_share + (high_share - low_share) * (percent - low) / (high - low)
                return share * self.model.peak_dc_kw
        return TAPER[-1][1] * self.model.peak_dc_kw

    def kilowatts_at(self, percent: float) -> float:
        """Power into the battery at this level with the current settings; 0 without a supply."""
        if self.supply is None:
            return 0.0
        if self.supply.is_fast:
            return min(self.supply.kilowatts, self.taper(percent))
        amps = min(self.current.target, self.highest_amps)
        return self._ac_kilowatts(amps)

    def _ac_kilowatts(self, amps: int) -> float:
        """Power into the battery at a current per phase."""
        if self.supply is None:
            return 0.0
        return self.supply.volts * amps * self.phases / 1000 * AC_EFFICIENCY

    @property
    def kilowatts(self) -> float:
        """Current power into the battery."""
        if self.state != "Charging" or self.supply is None:
            return 0.0
        if self.supply.is_fast:
            return self.kilowatts_at(self.battery.percent)
        return self._ac_kilowatts(self.amps)

    @property
    def wall_kilowatts(self) -> float:
        """Current power from the supply."""
        if self.supply is None or self.supply.is_fast:
            return self.kilowatts
        return self.kilowatts / AC_EFFICIENCY

    @property
    def hours_to_full(self) -> float:
        """Hours until the limit at the current power; 0 without a current."""
        if self.state != "Charging" or self.is_full:
            return 0.0
        hours = 0.0
        level = self.battery.percent
        while level < self.limit_percent:
            step = min(1.0, self.limit_percent - level)
            power = self.kilowatts_at(level + step / 2)
            if power <= 0:
                return 0.0
            hours += self.battery.energy_at(step) / power
            level += step
        return hours


@dataclass
class Charging(Charger):
    """The port, the charge, and what starts and ends it."""

    timetable: Timetable = field(default_factory=Timetable)
    """The charge schedules of the place where the car is."""
    on_solar: OnSolar | None = None
    """None if the car does not answer about it, as without a Powerwall."""
    has_power: bool = True
    """Whether the supply has power; without it, the state is `NoPower`."""
    added_kwh: float = 0.0
    wall_kwh: float = 0.0
    """All energy that this car has ever taken from a supply; the site reads the difference."""
    at_plug: tuple[float, int] = (0.0, 0)
    """That energy, and the number of sessions, when the cable was plugged in."""
    starting_until: float | None = None
    is_held: bool = False
    """Whether a plugged-in car waits for its timer or a schedule."""
    is_manual: bool = False
    """Whether a person or a command started the charge; the end of a schedule does not stop it."""
    schedule: Schedule = field(default_factory=Schedule)
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = ChargePort(self.model.has_motorized_charge_port)

    # The cable

    def plug_in(self, supply: Supply, *, now: float, start: bool = True) -> None:
        """Plug in the cable, which starts a charge unless a timer or a schedule delays it.

        Without `start` the car is left as if its charge had been stopped.
        """
        self.supply = supply
        self.port.latch()
        self.added_kwh = 0.0
        self.at_plug = (self.wall_kwh, len(self.sessions))
        self.current.fit(self.highest_amps)
        self.current.end()
        self.state = "Stopped"
        self.is_held = self._is_delayed(now)
        if start and not self.is_held:
            self.try_to_begin(now)

    def unplug(self) -> None:
        """Pull the cable; the port closes behind it."""
        self.supply = None
        self.port.close()
        self.state = "Disconnected"
        self.is_held = self.is_manual = self.is_on_one_phase = False
        self.starting_until = None
        self.current.end()

    # Timer and schedules

    def _is_delayed(self, now: float) -> bool:
        """Whether a charge has to wait now."""
        if self.schedule.mode == "StartAt":
            return True
        return not self._is_fast and self.timetable.holds(now)

    @property
    def _is_fast(self) -> bool:
        return self.supply is not None and self.supply.is_fast

    def next_scheduled(self, after: float) -> float | None:
        """The next moment at which a schedule starts or stops a charge of the plugged-in car."""
        if self.supply is None or self._is_fast:
            return None
        if self.state == "Stopped":
            return self.timetable.next_start(after)
        if self.state in ("Charging", "Starting") and not self.is_manual:
            return self.timetable.next_end(after)
        return None

    def follow_schedules(self, since: float, now: float) -> bool:
        """Start or stop as schedules demand between two moments; returns whether one started."""
        if self.supply is None or self._is_fast or not self.timetable.plans:
            return False
        due = self.next_scheduled(since)
        is_due = due is not None and due <= now
        is_inside = self.timetable.is_inside(now)
        is_start = is_due and self.state == "Stopped"
        if is_start:
            self.try_to_begin(now)
        elif is_due and not is_inside:
            self.interrupt("Stopped")
        self.timetable.forget_finished(since, now)
        if is_due and not is_start and not is_inside:
            self.is_held = self.timetable.holds(now)
        return is_start

    def reconsider(self, now: float) -> None:
        """Start a charge that was held back by what is not there any more (reports of owners)."""
        if self.is_held and not self._is_delayed(now):
            self.try_to_begin(now)

    # Start and end

    def switch_phases(self, phases: int) -> None:
        """Let the wall box switch its phases while the cable is plugged in."""
        if self.supply is None or self.supply.is_fast:
            raise Refused("disconnected")
        self.supply = replace(self.supply, phases=phases)
        if self.sticks_on_one_phase and self.state == "Charging" and phases == 1:
            self.is_on_one_phase = True

    def try_to_begin(self, now: float) -> None:
        """Start charging on its own if possible; otherwise the state shows the reason."""
        with contextlib.suppress(Refused):
            self.begin(now, is_manual=False)

    def begin(self, now: float, *, is_manual: bool = True) -> None:
        """Start charging, by a person or a command unless not `is_manual`.

        Raises Refused with the car's word: `disconnected`, `no_power`, `complete`, `is_charging`,
        `requested` (source: public issue reports).
        """
        if self.supply is None:
            raise Refused("disconnected")
        if self.state == "Charging":
            raise Refused("is_charging")
        if self.state == "Starting":
            raise Refused("requested")
        if not self.has_power:
            self.state = "NoPower"
            raise Refused("no_power")
        if self.is_full or self._is_nearly_full:
            self.state = "Complete"
            raise Refused("complete")
        self.state = "Starting"
        self.is_on_one_phase = False
        self.current.count_start(now)
        self.is_held = False
        self.is_manual = is_manual
        self.current.end()
        self.port.latch()
        self.starting_until = now + STARTING_SECONDS
        self.sessions.append(Session(started_at=now, is_fast=self.supply.is_fast))

    def end(self) -> None:
        """Stop charging. Raises Refused `not_charging` if the car does not charge."""
        if self.state not in ("Charging", "Starting"):
            raise Refused("not_charging")
        self.interrupt("Stopped")

    def interrupt(self, state: str) -> None:
        """Stop the current: `Stopped`, `Complete` or `NoPower`."""
        self.state = state
        self.is_held = self.is_manual = False
        self.starting_until = None
        self.current.end()

    def live(self, now: float) -> None:
        """Do everything of a charge that is due at this moment."""
        if self.starting_until is not None and self.starting_until <= now:
            self.starting_until = None
            self.state = "Charging"
            self.current.begin(now)
        self.current.move(now)
        if self.state == "Charging" and self.is_full:
            self.interrupt("Complete")

    def set_limit(self, percent: int, now: float) -> None:
        """Set the limit; a finished charge continues if it is raised, a running one may end.

        Values outside 50 to 100 are answered with success but change nothing. Raises Refused
        `already_set`.
        """
        if percent == self.limit_percent:
            raise Refused("already_set")
        if not MIN_LIMIT_PERCENT <= percent <= FULL_PERCENT:
            return
        self.limit_percent = percent
        if self.state == "Complete" and not self.is_full:
            self.state = "Stopped"
            self.try_to_begin(now)

    def flow(self, seconds: float) -> None:
        """Let current flow for a while, with the power of its beginning."""
        if self.state != "Charging":
            return
        hours = seconds / 3600
        room = self.limit_kwh - self.battery.energy_kwh
        offered = self.kilowatts * hours
        wall = self.wall_kilowatts * hours
        taken = self.battery.put(min(offered, max(room, 0.0)))
        share = taken / offered if offered else 0.0
        self.added_kwh += taken
        self.wall_kwh += wall * share
        if self.sessions:
            self.sessions[-1].wall_kwh += wall * share
            self.sessions[-1].seconds += seconds


def _pairs[T](items: tuple[T, ...]) -> Iterator[tuple[T, T]]:
    """Each item with its follower."""
    return itertools.pairwise(items)

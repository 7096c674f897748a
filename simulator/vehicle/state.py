"""The state of a vehicle: its parts, its location, its occupants, and the power of its parts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.clock import Clock
from simulator.refusals import SteeringError
from simulator.vehicle.access import Access
from simulator.vehicle.body import Body, Tyres
from simulator.vehicle.charging import Battery, Charging
from simulator.vehicle.climate import Climate
from simulator.vehicle.drive import (
    HOME,
    METRES_PER_MILE,
    Drive,
    Moment,
    distance_m,
    drive_kilowatts,
)
from simulator.vehicle.drivetrain import Drivetrain
from simulator.vehicle.media import Media
from simulator.vehicle.model import Model
from simulator.vehicle.reception import Reception
from simulator.vehicle.software import Software
from simulator.vehicle.timetable import Timetable

WAKE_SECONDS = 12.0
KEYLESS_SECONDS = 120.0
"""The time for which `remote_start_drive` allows driving without a key."""
LEAVING_SECONDS = 45.0
"""From parking until the driver has left and the car has locked."""
_ASLEEP_KW = 0.006
_AWAKE_KW = 0.22
_SENTRY_KW = 0.2
_NEAR_METRES = 150.0


@dataclass(kw_only=True)
class Destination:
    """The destination of the navigation. Coordinates are None if only a text is known."""

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(kw_only=True)
class Plans:
    """The location-based schedules of firmware 2024.26 and later, by id."""

    charge: dict[int, dict[str, Any]] = field(default_factory=dict)
    precondition: dict[int, dict[str, Any]] = field(default_factory=dict)
    maximum: int = 100
    """The largest number of schedules of one kind."""


class VehicleState:
    """A vehicle at one moment, and its immediate reactions."""

    gps_age = 0.0
    """Seconds by which `gps_as_of` is older than the answer."""
    gps_accuracy = 3.0
    """In metres."""

    def __init__(
        self, clock: Clock, model: Model, *, firmware: str, percent: float, seed: int
    ) -> None:
        self.clock = clock
        self.model = model
        self.seed = seed
        self.state = "online"
        """`online`, `asleep` or `offline`."""
        self.reception: Reception | None = None
        """Set while the car is reachable and unreachable in turn; it is `offline` while
        unreachable."""
        self.in_service = False
        self.wakes = 0
        self.wake_seconds = WAKE_SECONDS
        self.waking_until: float | None = None
        self.awake_since = clock.now()
        self.last_activity = clock.now()
        self.polls_keep_awake = False
        """Whether `vehicle_data` counts as activity (cars before 2021)."""

        self.battery = Battery(model.capacity_kwh, 0.0, model.range_miles)
        self.battery.percent = percent
        self.climate = Climate(longitude=HOME[1])
        self.body = Body()
        self.tyres = Tyres(model.tyre_front_bar, model.tyre_rear_bar)
        for wheel in self.tyres.pressure:
            self.tyres.seen_at[wheel] = clock.now()
        self.software = Software(installed=firmware)
        self.media = Media()
        self.access = Access()
        self.drivetrain = Drivetrain(flips=model.gear_flips)
        self.plans = Plans()
        self.charging = Charging(
            model,
            self.battery,
            timetable=Timetable(
                self.plans.charge,
                lambda: (self.latitude, self.longitude),
                lambda: self.time_zone,
            ),
        )

        self.latitude, self.longitude = HOME
        self.heading = 87.0
        self.home = HOME
        self.work: tuple[float, float] | None = None
        self.time_zone = "Europe/Amsterdam"
        self.odometer_miles = model.odometer_miles
        self.drive: Drive | None = None
        self.moment: Moment | None = None
        """The current moment of the drive."""
        self.destination: Destination | None = None
        self.is_user_present = False
        self.user_leaves_at: float | None = None
        self.sentry_mode = False
        self.dashcam_state = "Unavailable"
        self.keyless_until: float | None = None
        self.remote_start_enabled = True
        self.flashes = 0
        self.honks = 0
        self.homelink_moves = 0
        self._time = self._followed_until = clock.now()
        self._boot_drivetrain()

    @property
    def time(self) -> float:
        """The Unix time up to which the car has lived."""
        return self._time

    def next_local_time(self, minutes: int, *, after: float) -> float:
        """The next Unix time at which the car's own clock shows this many minutes past midnight."""
        zone = ZoneInfo(self.time_zone)
        local = datetime.fromtimestamp(after, zone)
        due = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)
        if due.timestamp() <= after:
            due += timedelta(days=1)
        return due.timestamp()

    @property
    def charge_starts_at(self) -> float | None:
        """The next time at which the classic timer or a schedule would start a charge."""
        schedule = self.charging.schedule
        if schedule.mode == "StartAt":
            return self.next_local_time(schedule.start_minutes, after=self._time)
        is_waiting = self.charging.state == "Stopped"
        return self.charging.next_scheduled(self._time) if is_waiting else None

    @property
    def is_charge_pending(self) -> bool:
        """Whether the plugged-in car waits for that time."""
        return self.charging.state == "Stopped" and self.charge_starts_at is not None

    @property
    def is_on_shore_power(self) -> bool:
        """Whether a cable with power feeds the car while it stands."""
        supply = self.charging.supply
        return (
            supply is not None
            and not supply.is_fast
            and self.charging.has_power
            and self.state != "asleep"
        )

    def draw_kilowatts(self, at: float) -> float:
        """The power of everything but driving."""
        if self.state == "asleep":
            return _ASLEEP_KW + self.climate.kilowatts(at)
        sentry = _SENTRY_KW if self.sentry_mode else 0.0
        return _AWAKE_KW + sentry + self.climate.kilowatts(at)

    @property
    def wall_kilowatts(self) -> float:
        """Current power from the supply: charge and cabin."""
        cabin = self.climate.kilowatts(self._time) if self.is_on_shore_power else 0.0
        return self.charging.wall_kilowatts + cabin

    def _is_busy(self) -> bool:
        """Whether something keeps the car from falling asleep."""
        return (
            self.sentry_mode
            or self.climate.is_on
            or self.charging.state in ("Charging", "Starting")
            or self.drive is not None
            or self.body.has_open_closure
            or self.is_user_present
            or self.software.is_busy
        )

    def touch(self) -> None:
        """Note activity: the eleven minutes start again."""
        self.last_activity = self._time

    def rouse(self, now: float) -> None:
        """Wake up immediately, because something happens at the car itself."""
        self.waking_until = None
        self.last_activity = now
        if self.state == "asleep":
            self.state = "online"
            self.awake_since = now
            self._boot_drivetrain()

    def _boot_drivetrain(self) -> None:
        """Report gear and speed for a moment, once after each wake."""
        self.drivetrain.start()
        self.drivetrain.linger(self._time)

    @property
    def is_parked(self) -> bool:
        """Whether the car is in park."""
        return self.drive is None

    def set_off(
        self, route: list[tuple[float, float]], destination: str, *, highest_speed: float | None
    ) -> None:
        """Drive along a route; someone sits in the car, and a cable is pulled first.

        Raises SteeringError for a route without a length.
        """
        now = self._time
        try:
            self.drive = Drive(route, destination, now, seed=self.seed, highest_speed=highest_speed)
        except ValueError as error:
            raise SteeringError(str(error)) from error
        if self.charging.supply is not None:
            self.charging.unplug()
        self.rouse(now)
        self.state = "online"
        self.body.doors = dict.fromkeys(self.body.doors, 0)
        self.lock()
        self.is_user_present = True
        self.drivetrain.start()
        self.user_leaves_at = None
        self.sentry_mode = False
        self.destination = Destination(
            name=destination, latitude=self.drive.end[0], longitude=self.drive.end[1]
        )
        self._odometer_before = self.odometer_miles
        self._follow(now)

    def _follow(self, at: float) -> None:
        """Move to the drive's location at this time."""
        if self.drive is None:
            return
        self.moment = self.drive.moment(at)
        self.latitude, self.longitude = self.moment.latitude, self.moment.longitude
        self.heading = self.moment.heading
        self.odometer_miles = self._odometer_before + self.moment.driven_m / METRES_PER_MILE

    def _driving_kilowatts(self) -> float:
        if self.moment is None:
            return 0.0
        return drive_kilowatts(self.moment, self.model.mass_kg, self.model.drag_area_m2)

    @property
    def drive_kilowatts(self) -> float:
        """Current power of the drive; 0 when parked, negative while braking."""
        return self._driving_kilowatts() if self.drive is not None else 0.0

    def _arrive(self, now: float) -> None:
        self._follow(now)
        self.drive = None
        self.moment = None
        self.destination = None
        self.drivetrain.park(now)
        self.body.is_locked = False
        self.user_leaves_at = now + LEAVING_SECONDS

    def stop_driving(self) -> None:
        """Park here and now."""
        if self.drive is not None:
            self._arrive(self._time)

    def enter(self) -> None:
        """Let someone get in, who turns the drivetrain on."""
        self.is_user_present = True
        self.user_leaves_at = None
        self.rouse(self._time)
        self.drivetrain.start()

    def leave(self) -> None:
        """Let everyone get out; the car is left as it is."""
        if self.is_user_present:
            self.drivetrain.linger(self._time)
        self.is_user_present = False
        self.user_leaves_at = None

    def lock(self) -> None:
        """Lock the car, which closes vented windows, except in cars before the Model 3."""
        self.body.is_locked = True
        if not self.model.closes_windows_nearby_only:
            self.body.close_vents()

    def is_near(self, latitude: float, longitude: float) -> bool:
        """Whether a place is the car's location, within the size of a garden."""
        return distance_m((self.latitude, self.longitude), (latitude, longitude)) < _NEAR_METRES

    @property
    def is_remotely_started(self) -> bool:
        """Whether the car may be driven without a key now."""
        return self.keyless_until is not None and self._time < self.keyless_until

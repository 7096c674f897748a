"""A car's life: it idles, falls asleep, wakes, charges, drives, gets warm and cold.

It is evaluated lazily. Nothing happens between two looks at a car; a look brings it from the moment
of the last one to now, from event to event (asleep, charge full, arrived, …) and in steps between
them where something bends (fast charging, the cabin). What happens does not depend on how often
somebody looks, and a look after a year costs no more than a bounded number of steps.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.clock import Clock
from simulator.refusals import SteeringError
from simulator.vehicle.access import Access
from simulator.vehicle.body import Body, Tyres
from simulator.vehicle.charging import Battery, Charging
from simulator.vehicle.climate import ON_SECONDS, Climate
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

IDLE_SECONDS = 660.0
"""A car without anything to do falls asleep after eleven minutes."""
WAKE_SECONDS = 12.0
SHORTEST_WAKE = 10.0
LONGEST_WAKE = 60.0
"""Waking takes 10 to 60 s (Tesla, "Vehicle endpoints", August 2026)."""
KEYLESS_SECONDS = 120.0
"""How long `remote_start_drive` lets somebody drive off without a key."""
LEAVING_SECONDS = 45.0
"""From parking until the driver has left and the car has locked itself."""

_ASLEEP_KW = 0.006
_AWAKE_KW = 0.22
_SENTRY_KW = 0.2
_STEPS = 800
"""About how many steps a look may take however long ago the last one was."""
_LONGEST_STEP = 900.0
_CHARGE_STEP = 300.0
_FAST_CHARGE_STEP = 10.0
_CABIN_STEP = 60.0
_DRIVE_STEP = 2.0
_NEAR_METRES = 150.0


@dataclass(kw_only=True)
class Destination:
    """What the navigation was told. Coordinates are None where only a text is known."""

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(kw_only=True)
class Plans:
    """The location-based schedules of firmware 2024.26 and later, by id."""

    charge: dict[int, dict[str, Any]] = field(default_factory=dict)
    precondition: dict[int, dict[str, Any]] = field(default_factory=dict)


class Life:
    """A car that lives on a clock."""

    gps_age = 0.0
    """How much older than an answer its `gps_as_of` is, in seconds."""
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
        """Set in a car that comes and goes; it is `offline` while it is gone."""
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
        self.charging = Charging(model, self.battery)
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

        self.latitude, self.longitude = HOME
        self.heading = 87.0
        self.home = HOME
        self.work: tuple[float, float] | None = None
        self.time_zone = "Europe/Amsterdam"
        self.odometer_miles = model.odometer_miles
        self.drive: Drive | None = None
        self.moment: Moment | None = None
        """The present moment of the drive."""
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
        self._time = clock.now()
        self._boot_drivetrain()

    # Time

    def advance(self) -> None:
        """Live until the clock's now."""
        self.advance_to(self.clock.now())

    def advance_to(self, target: float) -> None:
        """Live until a Unix time; a time in the past changes nothing."""
        if target <= self._time:
            return
        longest = max(_LONGEST_STEP, (target - self._time) / _STEPS)
        stretch = longest / _LONGEST_STEP
        while self._time < target:
            # Whoever watches has seen the present before it is over.
            looks_at = max(self.looks_at(), math.nextafter(self._time, math.inf))
            end = min(target, self._time + self._step_seconds(stretch), looks_at)
            due = self._next_event()
            if due is not None and due < end:
                # An event at this very moment that would not come to an end must not stop time.
                end = max(due, math.nextafter(self._time, math.inf))
            self._live(end - self._time)
            self._time = end
            if self._is_busy():
                self.last_activity = end
            self._let_happen(end)
            self.watch(happened=due is not None and due <= end, stretch=stretch)

    def looks_at(self) -> float:
        """Where somebody wants to `watch`: time does not step over it. Never, by default."""
        return math.inf

    def watch(self, *, happened: bool, stretch: float) -> None:
        """Look on, after each step; `happened` says that something began or ended with it."""

    def _step_seconds(self, stretch: float) -> float:
        """How long the next step may be, so that what bends is followed closely enough.

        `stretch` widens the steps when the gap is long.
        """
        if self.drive is not None:
            return _DRIVE_STEP
        if self.charging.state == "Charging":
            supply = self.charging.supply
            if supply is not None and supply.is_fast:
                return _FAST_CHARGE_STEP
            if not self.climate.is_on:
                return _CHARGE_STEP * stretch
        if self.climate.is_on or self.climate.overheat_protection != "Off":
            return _CABIN_STEP * stretch
        return _LONGEST_STEP * stretch

    def _events(self) -> list[float | None]:
        """When something happens by itself; None for what does not."""
        charging = self.charging
        full_in = None
        if charging.state == "Charging":
            supply = charging.supply
            power = charging.kilowatts
            if charging.is_full:
                full_in = 0.0
            elif power > 0 and supply is not None and not supply.is_fast:
                full_in = (charging.limit_kwh - self.battery.energy_kwh) / power * 3600
        sleeps_at = None
        if self.state == "online" and not self._is_busy():
            sleeps_at = self.last_activity + IDLE_SECONDS
        return [
            self.waking_until if self.state == "asleep" else None,
            charging.starting_until,
            charging.current.moves_at,
            charging.port.changes_at,
            None if full_in is None else self._time + full_in,
            sleeps_at,
            self.drive.ends_at if self.drive else None,
            self.drivetrain.stops_at,
            self.reception.changes_at if self.reception else None,
            self.user_leaves_at,
            self.software.next_change_at,
            self._climate_ends_at(),
            self._timer_at(),
        ]

    def _next_event(self) -> float | None:
        return min((at for at in self._events() if at is not None), default=None)

    def _climate_ends_at(self) -> float | None:
        climate = self.climate
        if climate.on_since is None or climate.keeper != "off" or self.is_user_present:
            return None
        return climate.on_since + ON_SECONDS

    def _timer_at(self) -> float | None:
        """When the classic charging timer would start the waiting car."""
        charging = self.charging
        if charging.schedule.mode != "StartAt" or charging.state != "Stopped":
            return None
        return self.next_local_time(charging.schedule.start_minutes, after=self._time)

    def next_local_time(self, minutes: int, *, after: float) -> float:
        """The next Unix time at which the car's own clock shows this many minutes past midnight."""
        zone = ZoneInfo(self.time_zone)
        local = datetime.fromtimestamp(after, zone)
        due = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)
        if due.timestamp() <= after:
            due += timedelta(days=1)
        return due.timestamp()

    def _let_happen(self, now: float) -> None:
        """Everything that is due at this moment."""
        if self.state == "asleep" and self.waking_until is not None and self.waking_until <= now:
            self.rouse(now)
        self._let_charging_happen(now)
        if self.drive is not None and self.drive.ends_at <= now:
            self._arrive(now)
        if self.drivetrain.stops_at is not None and self.drivetrain.stops_at <= now:
            self.drivetrain.stop(now)
        if self.reception is not None and self.reception.changes_at <= now:
            self._turn(self.reception, now)
        if self.user_leaves_at is not None and self.user_leaves_at <= now:
            self._user_leaves()
        change_at = self.software.next_change_at
        if change_at is not None and change_at <= now:
            self.rouse(now)
            self.software.change(now)
        climate_ends_at = self._climate_ends_at()
        if climate_ends_at is not None and climate_ends_at <= now:
            self.climate.switch_off()
        idle = now - self.last_activity
        if self.state == "online" and not self._is_busy() and idle >= IDLE_SECONDS:
            self.fall_asleep()

    def _let_charging_happen(self, now: float) -> None:
        charging = self.charging
        charging.port.change(now)
        charging.live(now)
        schedule = charging.schedule
        if (
            schedule.mode == "StartAt"
            and charging.state == "Stopped"
            and self.next_local_time(schedule.start_minutes, after=now - 1) <= now
        ):
            self.rouse(now)
            charging.try_to_begin(now)

    def _live(self, seconds: float) -> None:
        """Everything that flows, for a while during which nothing starts or ends."""
        middle = self._time + seconds / 2
        hours = seconds / 3600
        draw = self.draw_kilowatts(middle)
        if self.drive is not None:
            self._drive(middle, self._time + seconds)
            draw += self._driving_kilowatts()
        elif self.is_on_shore_power:
            # The cabin is fed by the wall; the battery does not notice.
            self.charging.wall_kwh += self.climate.kilowatts(middle) * hours
            draw -= self.climate.kilowatts(middle)
        self.battery.put(-draw * hours)
        self.charging.flow(seconds)
        self.climate.live(middle, seconds)
        if self.drive is not None:
            self.moment = self.drive.moment(self._time + seconds)

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
        """What everything but driving takes."""
        if self.state == "asleep":
            return _ASLEEP_KW + self.climate.kilowatts(at)
        sentry = _SENTRY_KW if self.sentry_mode else 0.0
        return _AWAKE_KW + sentry + self.climate.kilowatts(at)

    @property
    def wall_kilowatts(self) -> float:
        """What the car takes from its supply now: charge and cabin."""
        cabin = self.climate.kilowatts(self._time) if self.is_on_shore_power else 0.0
        return self.charging.wall_kilowatts + cabin

    # Being awake

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
        """Note that somebody wanted something: the eleven minutes begin again."""
        self.last_activity = self._time

    def rouse(self, now: float) -> None:
        """Be awake at once, because something happens at the car itself."""
        self.waking_until = None
        self.last_activity = now
        if self.state == "asleep":
            self.state = "online"
            self.awake_since = now
            self._boot_drivetrain()

    def _boot_drivetrain(self) -> None:
        """Report gear and speed for a moment, as all that wakes does once."""
        self.drivetrain.start()
        self.drivetrain.linger(self._time)

    def _turn(self, reception: Reception, now: float) -> None:
        """Come into reach or go out of it; a car that sleeps goes on sleeping."""
        reception.turn(now)
        if self.state != "asleep":
            self.state = "online" if reception.is_on else "offline"

    def fall_asleep(self) -> None:
        """Sleep now."""
        self.state = "asleep"
        self.waking_until = None
        self.drivetrain.sleep()
        self.media.status = "Stopped"

    def wake_up(self) -> None:
        """Begin to wake. A car that wakes already, is awake or is offline is left as it is."""
        self.advance()
        if self.state == "online":
            self.touch()
        if self.state != "asleep" or self.waking_until is not None:
            return
        self.wakes += 1
        seconds = min(max(self.wake_seconds, SHORTEST_WAKE), LONGEST_WAKE)
        self.waking_until = self._time + seconds

    # Driving

    @property
    def is_parked(self) -> bool:
        """Whether the car is in park."""
        return self.drive is None

    def set_off(
        self, route: list[tuple[float, float]], destination: str, *, highest_speed: float | None
    ) -> None:
        """Drive along a route; somebody sits in the car, and a cable is pulled first.

        Raises SteeringError for a route that leads nowhere.
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
        """Be where the drive is at this time."""
        if self.drive is None:
            return
        self.moment = self.drive.moment(at)
        self.latitude, self.longitude = self.moment.latitude, self.moment.longitude
        self.heading = self.moment.heading
        self.odometer_miles = self._odometer_before + self.moment.driven_m / METRES_PER_MILE

    def _drive(self, middle: float, end: float) -> None:
        """Move; leaves the moment in the middle of the step for reckoning its power."""
        self._follow(end)
        if self.drive is not None:
            self.moment = self.drive.moment(middle)

    def _driving_kilowatts(self) -> float:
        if self.moment is None:
            return 0.0
        return drive_kilowatts(self.moment, self.model.mass_kg, self.model.drag_area_m2)

    @property
    def drive_kilowatts(self) -> float:
        """What the drive takes at this moment; 0 when parked, negative while braking."""
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
        """Let somebody get in, who turns the drivetrain on."""
        self.is_user_present = True
        self.user_leaves_at = None
        self.rouse(self._time)
        self.drivetrain.start()

    def leave(self) -> None:
        """Let everybody get out; the car is left as it is."""
        if self.is_user_present:
            self.drivetrain.linger(self._time)
        self.is_user_present = False
        self.user_leaves_at = None

    def lock(self) -> None:
        """Lock it, which closes vented windows; cars before the Model 3 do not close them."""
        self.body.is_locked = True
        if not self.model.closes_windows_nearby_only:
            self.body.close_vents()

    def _user_leaves(self) -> None:
        self.leave()
        self.media.status = "Stopped"
        if not self.body.has_open_closure:
            self.lock()
        if self.climate.keeper == "off":
            self.climate.switch_off()

    def is_near(self, latitude: float, longitude: float) -> bool:
        """Whether a place is where the car stands, give or take a garden."""
        return distance_m((self.latitude, self.longitude), (latitude, longitude)) < _NEAR_METRES

    @property
    def is_remotely_started(self) -> bool:
        """Whether somebody may drive off without a key now."""
        return self.keyless_until is not None and self._time < self.keyless_until

    @property
    def time(self) -> float:
        """The Unix time up to which the car has lived."""
        return self._time

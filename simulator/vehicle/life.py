"""A car's life: it idles, falls asleep, wakes, charges, drives, warms up and cools down.

It is evaluated lazily. Nothing happens between two observations of a car; an observation brings it
from the moment of the last one to now, from event to event (asleep, charge full, arrived, …) and in
steps between them where a value changes non-linearly (fast charging, the cabin). The events do not
depend on the number of observations, and one after a year costs no more than a bounded number of
steps.
"""

import math

from simulator.vehicle.climate import ON_SECONDS
from simulator.vehicle.reception import Reception
from simulator.vehicle.state import VehicleState

IDLE_SECONDS = 660.0
"""An idle car falls asleep after eleven minutes."""
MIN_WAKE = 10.0
MAX_WAKE = 60.0
"""Waking takes 10 to 60 s (Tesla, "Vehicle endpoints", August 2026)."""
_STEPS = 800
"""The approximate number of steps of one observation, however long the gap before it."""
_MAX_STEP = 900.0
_CHARGE_STEP = 300.0
_FAST_CHARGE_STEP = 10.0
_CABIN_STEP = 60.0
_DRIVE_STEP = 2.0


class Life(VehicleState):
    """A vehicle that lives on a clock."""

    # Time

    def advance(self) -> None:
        """Live until the clock's now."""
        self.advance_to(self.clock.now())

    def advance_to(self, target: float) -> None:
        """Live until a Unix time; a time in the past changes nothing."""
        if target <= self._time:
            return
        longest = max(_MAX_STEP, (target - self._time) / _STEPS)
        stretch = longest / _MAX_STEP
        while self._time < target:
            # The observer has seen the present before it is over.
            next_observation_at = max(
                self.next_observation_at(), math.nextafter(self._time, math.inf)
            )
            end = min(target, self._time + self._step_seconds(stretch), next_observation_at)
            due = self._next_event()
            if due is not None and due < end:
                # An event that would repeat at this very moment must not stop time.
                end = max(due, math.nextafter(self._time, math.inf))
            self._live(end - self._time)
            self._time = end
            if self._is_busy():
                self.last_activity = end
            self._apply_due(end)
            self.observe(happened=due is not None and due <= end, stretch=stretch)

    def next_observation_at(self) -> float:
        """The next time at which `observe` is needed, if any; time does not step over it."""
        return math.inf

    def observe(self, *, happened: bool, stretch: float) -> None:
        """Observe the car after a step; `happened` says that an event started or ended with it."""

    def _step_seconds(self, stretch: float) -> float:
        """The maximum length of the next step, short enough for non-linear changes.

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
        return _MAX_STEP * stretch

    def _events(self) -> list[float | None]:
        """The times of the next automatic events; None for those that are not expected."""
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
            charging.next_scheduled(self._followed_until),
        ]

    def _next_event(self) -> float | None:
        return min((at for at in self._events() if at is not None), default=None)

    def _climate_ends_at(self) -> float | None:
        climate = self.climate
        if climate.on_since is None or climate.keeper != "off" or self.is_user_present:
            return None
        return climate.on_since + ON_SECONDS

    def _timer_at(self) -> float | None:
        """The time at which the classic charging timer would start the waiting car."""
        charging = self.charging
        if charging.schedule.mode != "StartAt" or charging.state != "Stopped":
            return None
        return self.next_local_time(charging.schedule.start_minutes, after=self._time)

    def _apply_due(self, now: float) -> None:
        """Do everything that is due at this moment."""
        if self.state == "asleep" and self.waking_until is not None and self.waking_until <= now:
            self.rouse(now)
        self._apply_charging(now)
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

    def _apply_charging(self, now: float) -> None:
        charging = self.charging
        charging.port.change(now)
        charging.live(now)
        if charging.follow_schedules(self._followed_until, now):
            self.rouse(now)
        self._followed_until = now
        schedule = charging.schedule
        if (
            schedule.mode == "StartAt"
            and charging.state == "Stopped"
            and self.next_local_time(schedule.start_minutes, after=now - 1) <= now
        ):
            self.rouse(now)
            charging.try_to_begin(now)

    def _live(self, seconds: float) -> None:
        """Let all flows run for a while during which nothing starts or ends."""
        middle = self._time + seconds / 2
        hours = seconds / 3600
        draw = self.draw_kilowatts(middle)
        if self.drive is not None:
            self._drive(middle, self._time + seconds)
            draw += self._driving_kilowatts()
        elif self.is_on_shore_power:
            # The wall powers the cabin; the battery is not affected.
            self.charging.wall_kwh += self.climate.kilowatts(middle) * hours
            draw -= self.climate.kilowatts(middle)
        self.battery.put(-draw * hours)
        self.charging.flow(seconds)
        self.climate.live(middle, seconds)
        if self.drive is not None:
            self.moment = self.drive.moment(self._time + seconds)

    # Being awake

    def _turn(self, reception: Reception, now: float) -> None:
        """Become reachable or unreachable; a car that is asleep stays asleep."""
        reception.turn(now)
        if self.state != "asleep":
            self.state = "online" if reception.is_on else "offline"

    def fall_asleep(self) -> None:
        """Fall asleep now."""
        self.state = "asleep"
        self.waking_until = None
        self.drivetrain.sleep()
        self.media.status = "Stopped"

    def wake_up(self) -> None:
        """Start waking. A car that is waking, awake or offline is left as it is."""
        self.advance()
        if self.state == "online":
            self.touch()
        if self.state != "asleep" or self.waking_until is not None:
            return
        self.wakes += 1
        seconds = min(max(self.wake_seconds, MIN_WAKE), MAX_WAKE)
        self.waking_until = self._time + seconds

    # Driving

    def _drive(self, middle: float, end: float) -> None:
        """Move; leaves the moment in the middle of the step to compute its power."""
        self._follow(end)
        if self.drive is not None:
            self.moment = self.drive.moment(middle)

    def _user_leaves(self) -> None:
        self.leave()
        self.media.status = "Stopped"
        if not self.body.has_open_closure:
            self.lock()
        if self.climate.keeper == "off":
            self.climate.switch_off()

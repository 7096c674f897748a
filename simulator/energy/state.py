"""The state of an energy site: the house, its battery, the car at its wall connector, its past."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.balance import House, Power, flows
from simulator.cars import Car
from simulator.clock import Clock
from simulator.energy.equipment import KINDS
from simulator.energy.guests import Guest
from simulator.energy.invented import InventedPast
from simulator.energy.meter import SAMPLE_SECONDS, Meter
from simulator.energy.past import ROW_SECONDS, History, HistoryFaults, Outage
from simulator.site_answers import SiteAnswers
from simulator.vehicle.drive import HOME

type Json = dict[str, Any]

GATEWAY_DIN = "1232100-00-J--CN323069000001"
CONNECTOR_CHARGING = 1
CONNECTOR_EMPTY = 2
CONNECTOR_CONNECTED = 4
_MAX_STEPS = 2016
_FULL = 100
_DARK_UNTIL_SHARE = 0.05
"""The share of a battery from which a house without a grid has power again."""


class SiteState:
    """An energy site that lives on a clock."""

    def __init__(
        self,
        clock: Clock,
        site_id: int,
        *,
        name: str,
        seed: int,
        car: Car | None = None,
        guests: Sequence[Car] = (),
        kind: str = "home",
    ) -> None:
        self.clock = clock
        self.id = site_id
        self.name = name
        self.is_name_lost = False
        """Whether the product list has null for its name; `site_info` still has it."""
        self.account = "owner-1"
        self.members: set[str] = set()
        """Accounts with which the owner shares the site; it is in their list, too."""
        self.car = car
        """The car of the house."""
        self.guests = [Guest(each) for each in ([] if car is None else [car]) + list(guests)]
        """All cars that may be plugged in here, the car of the house first."""
        self.place = HOME
        self.time_zone = "Europe/Amsterdam"
        self.equipment = equipment = KINDS[kind]
        self.house = House(
            seed=seed,
            longitude=HOME[1],
            time_zone=self.time_zone,
            has_solar=equipment.has_solar,
            battery_wh=equipment.battery_wh,
            battery_w=equipment.battery_w,
            generator_w=equipment.generator_w,
            is_on_grid=equipment.has_grid,
        )
        self.energy_wh = self.house.battery_wh * 0.62
        self.grid_services_w = 0
        """Power under a programme of grid services, whose event is active if it is not 0."""
        self.off_grid_vehicle_reserve = 30
        self.tariff: Json = _tariff()
        self.answers = SiteAnswers()
        self.commands: list[Json] = []
        """Every changed setting: name, body, time."""
        self.installed_at = datetime(2023, 5, 11, 10, tzinfo=ZoneInfo(self.time_zone))
        """The beginning of its history."""
        self.past = History()
        self.invented_past = InventedPast(self.house)
        self.history_faults = HistoryFaults()
        self.born = clock.now()
        self.time = clock.now()
        self.meter = Meter()
        self.is_dark = False
        """Whether the house has no power: the grid is down and the battery is empty."""

    def advance(self) -> None:
        """Live until the clock's now, in step with the car at the wall connector."""
        target = self.clock.now()
        if target <= self.time:
            return
        shortest = (target - self.time) / _MAX_STEPS
        longest = max(ROW_SECONDS, shortest)
        while self.time < target:
            row_ends = self.time - self.time % ROW_SECONDS + ROW_SECONDS
            end = min(target, max(row_ends, self.time + longest - ROW_SECONDS))
            self._live(max(min(end, self._next_change()), min(end, self.time + shortest)))

    def _next_change(self) -> float:
        """The end of the present minute of sun or load, or the time of the meter's next sample."""
        minutes = (self.house.solar_minutes, self.house.load_minutes)
        changes = [each.next_change(self.time) for each in minutes if each is not None]
        return min(changes + ([self.time + SAMPLE_SECONDS] if self.meter.delay else [math.inf]))

    def _live(self, end: float) -> None:
        seconds = end - self.time
        wall_wh = self._take_cars_along(end)
        wall_w = round(wall_wh / seconds * 3600)
        middle = self.time + seconds / 2
        power = self.house.power(middle, self.energy_wh, wall_w, seconds=seconds)
        self.past.add(self.time, flows(power, seconds))
        self.energy_wh = min(
            max(self.energy_wh - power.battery * seconds / 3600, 0.0),
            float(self.house.battery_wh),
        )
        self.time = end
        self._switch_supply()

    def _take_cars_along(self, until: float) -> float:
        """Let the cars live; returns the energy that they took from this house, in Wh."""
        total = 0.0
        for guest in self.guests:
            if guest.car is not self.car and not guest.is_connected(self.place):
                guest.ignore()
                continue
            taken, sessions = guest.live(self.time, until)
            if guest.is_connected(self.place):
                total += taken
                self.past.sessions.extend(sessions)
        return total

    def connected(self) -> list[Guest]:
        """The cars whose cables are plugged in here."""
        return [guest for guest in self.guests if guest.is_connected(self.place)]

    def _switch_supply(self) -> None:
        """Without a grid and with an empty battery, the cars lose their power too."""
        house = self.house
        has_battery = house.battery_wh > 0
        if house.is_on_grid or not has_battery:
            is_dark = False
        elif self.is_dark:
            is_dark = self.energy_wh < house.battery_wh * _DARK_UNTIL_SHARE
        else:
            is_dark = self.energy_wh < 1 and self.power().battery >= 0
        if is_dark != self.is_dark:
            self.is_dark = is_dark
            for guest in self.connected():
                guest.set_power(has_power=not is_dark)

    @property
    def percent(self) -> float:
        """The battery's level, 0 to 100; 0 without a battery."""
        return self.energy_wh / self.house.battery_wh * _FULL if self.house.battery_wh else 0.0

    def power(self) -> Power:
        """The current power of the house."""
        wall_w = sum(guest.watts for guest in self.connected())
        return self.house.power(self.time, self.energy_wh, wall_w)

    def local(self, at: float) -> datetime:
        """Return a Unix time in the time zone of the site."""
        return datetime.fromtimestamp(at, ZoneInfo(self.time_zone))

    def set_on_grid(self, *, on_grid: bool) -> None:
        """Disconnect the grid, or restore it."""
        outages = self.past.outages
        if self.house.is_on_grid and not on_grid:
            outages.append(Outage(began_at=self.time))
        elif not self.house.is_on_grid and on_grid and outages:
            outages[-1].ended_at = self.time
        self.house.is_on_grid = on_grid
        self._switch_supply()


def _tariff() -> Json:
    """An invented tariff with an expensive evening. Shape: Tesla, "Energy endpoints"."""
    season = {
        "fromMonth": 1,
        "fromDay": 1,
        "toMonth": 12,
        "toDay": 31,
        "tou_periods": {
            "ON_PEAK": {"periods": [{"toDayOfWeek": 6, "fromHour": 17, "toHour": 21}]},
            "OFF_PEAK": {"periods": [{"toDayOfWeek": 6, "fromHour": 21, "toHour": 17}]},
        },
    }
    rates = {"ALL": {"rates": {"ALL": 0}}, "Year": {"rates": {"ON_PEAK": 0.38, "OFF_PEAK": 0.24}}}
    return {
        "version": 1,
        "code": "EXAMPLE-TOU",
        "name": "Evening dear",
        "utility": "Example Energy",
        "currency": "EUR",
        "daily_charges": [{"name": "Charge", "amount": 0}],
        "demand_charges": {"ALL": {"rates": {"ALL": 0}}, "Year": {"rates": {}}},
        "energy_charges": rates,
        "seasons": {"Year": season},
        "sell_tariff": {
            "name": "Evening dear",
            "utility": "Example Energy",
            "energy_charges": {"Year": {"rates": {"ON_PEAK": 0.09, "OFF_PEAK": 0.09}}},
            "seasons": {"Year": season},
        },
    }

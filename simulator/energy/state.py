"""The state of an energy site: the house, its battery, the car at its wall connector, its past."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.balance import House, Power, flows
from simulator.cars import Car
from simulator.clock import Clock
from simulator.energy.equipment import KINDS
from simulator.energy.invented import InventedPast
from simulator.energy.past import ROW_SECONDS, History, HistoryFaults, Outage
from simulator.site_answers import SiteAnswers
from simulator.vehicle.drive import HOME, distance_m

type Json = dict[str, Any]

GATEWAY_DIN = "1232100-00-J--CN323069000001"
CONNECTOR_CHARGING = 1
CONNECTOR_EMPTY = 2
CONNECTOR_CONNECTED = 4
_MAX_STEPS = 2016
_AT_HOME_METRES = 150.0
_FULL = 100


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
        self._wall_kwh_seen = 0.0
        self._sessions_seen = 0

    def advance(self) -> None:
        """Live until the clock's now, in step with the car at the wall connector."""
        target = self.clock.now()
        if target <= self.time:
            return
        longest = max(ROW_SECONDS, (target - self.time) / _MAX_STEPS)
        while self.time < target:
            row_ends = self.time - self.time % ROW_SECONDS + ROW_SECONDS
            end = min(target, max(row_ends, self.time + longest - ROW_SECONDS))
            self._live(end)

    def _live(self, end: float) -> None:
        seconds = end - self.time
        wall_wh = self._take_car_along(end)
        wall_w = round(wall_wh / seconds * 3600)
        middle = self.time + seconds / 2
        power = self.house.power(middle, self.energy_wh, wall_w, seconds=seconds)
        self.past.add(self.time, flows(power, seconds))
        self.energy_wh = min(
            max(self.energy_wh - power.battery * seconds / 3600, 0.0),
            float(self.house.battery_wh),
        )
        self.time = end

    def _take_car_along(self, until: float) -> float:
        """Let the car live; returns the energy that it took from the wall connector, in Wh."""
        if self.car is None:
            return 0.0
        charging = self.car.charging
        share = 1.0
        if self.car.time > until:
            # If the car is ahead because it was observed alone, its energy since then is spread
            # evenly.
            share = (until - self.time) / (self.car.time - self.time)
        self.car.advance_to(until)
        taken = (charging.wall_kwh - self._wall_kwh_seen) * share
        self._wall_kwh_seen += taken
        sessions = charging.sessions[self._sessions_seen :]
        self._sessions_seen = len(charging.sessions)
        if not self.is_car_connected():
            return 0.0
        self.past.sessions.extend(sessions)
        return taken * 1000

    def is_car_connected(self) -> bool:
        """Whether the car's cable is that of the wall connector."""
        car = self.car
        if car is None or car.charging.supply is None or car.charging.supply.is_fast:
            return False
        return distance_m((car.latitude, car.longitude), self.place) < _AT_HOME_METRES

    @property
    def percent(self) -> float:
        """The battery's level, 0 to 100; 0 without a battery."""
        return self.energy_wh / self.house.battery_wh * _FULL if self.house.battery_wh else 0.0

    def power(self) -> Power:
        """The current power of the house."""
        wall_w = 0
        if self.car is not None and self.is_car_connected():
            wall_w = round(self.car.wall_kilowatts * 1000)
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

"""The energy site: what the gateway tells, what it is told, and what it remembers.

Power in W, energy in Wh. Source of the shapes: Tesla, "Energy endpoints", samples of
August 2024 and January 2025.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.balance import (
    EXPORT_RULES,
    HIGHEST_RESERVE,
    MODES,
    POWERWALL_W,
    POWERWALL_WH,
    Energy,
    House,
    Power,
    flows,
)
from simulator.cars import Car
from simulator.clock import Clock
from simulator.refusals import InvalidBody, SteeringError, UnknownCommand
from simulator.site_answers import SiteAnswers
from simulator.vehicle.charging import Session
from simulator.vehicle.drive import HOME, distance_m

type Json = dict[str, Any]

ROW_SECONDS = 300.0
"""`day` histories have a row for every five minutes."""
DAYS_BEFORE = 8
"""How far the history goes back at the beginning of the world."""
DAYS_KEPT = 60
WALL_CONNECTOR_DIN = "1529455-02-D--B7S23024J00001"
POWERWALL_DIN = "2012170-25-E--TG123069000001"
GATEWAY_DIN = "1232100-00-J--CN323069000001"
# `wall_connector_state`; the numbers are the community's, Tesla does not document them.
CONNECTOR_CHARGING = 1
CONNECTOR_EMPTY = 2
CONNECTOR_CONNECTED = 4
PERIODS = ("day", "week", "month", "year", "lifetime")
_MOST_STEPS = 2016
_AT_HOME_METRES = 150.0
_DAY = 86_400.0
_FULL = 100


@dataclass(kw_only=True)
class Outage:
    """A time without the grid."""

    began_at: float
    ended_at: float | None = None


@dataclass
class History:
    """Energy by five-minute rows, and what else happened."""

    rows: dict[float, Energy] = field(default_factory=dict)
    """By the Unix time at which a row begins, in order."""
    outages: list[Outage] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    """Charges at the wall connector."""

    def add(self, at: float, energy: Energy) -> None:
        """Put energy into the row that this moment belongs to."""
        begins = at - at % ROW_SECONDS
        self.rows.setdefault(begins, Energy()).add(energy)

    def forget(self, before: float) -> None:
        """Drop rows that are too old."""
        for begins in list(self.rows):
            if begins >= before:
                break
            del self.rows[begins]


class Site:
    """A house with panels, a Powerwall and a wall connector that a car may hang on."""

    def __init__(
        self, clock: Clock, site_id: int, *, name: str, seed: int, car: Car | None = None
    ) -> None:
        self.clock = clock
        self.id = site_id
        self.name = name
        self.is_name_lost = False
        """Whether the product list has null for its name; `site_info` goes on having it."""
        self.account = "owner-1"
        self.members: set[str] = set()
        """Accounts with which the owner shares the site; they have it in their list, too."""
        self.car = car
        self.place = HOME
        self.time_zone = "Europe/Amsterdam"
        self.house = House(seed=seed, longitude=HOME[1], time_zone=self.time_zone)
        self.energy_wh = POWERWALL_WH * 0.62
        self.off_grid_vehicle_reserve = 30
        self.tariff: Json = _tariff()
        self.answers = SiteAnswers()
        self.commands: list[Json] = []
        """Every setting that was changed: name, body, time."""
        self._history = History()
        self._has_past = False
        self._born = clock.now()
        self._time = clock.now()
        self._wall_kwh_seen = 0.0
        self._sessions_seen = 0

    # Time

    def advance(self) -> None:
        """Live until the clock's now, and take the car at the wall connector along."""
        target = self.clock.now()
        if target <= self._time:
            return
        longest = max(ROW_SECONDS, (target - self._time) / _MOST_STEPS)
        while self._time < target:
            row_ends = self._time - self._time % ROW_SECONDS + ROW_SECONDS
            end = min(target, max(row_ends, self._time + longest - ROW_SECONDS))
            self._live(end)
        self._history.forget(target - DAYS_KEPT * _DAY)

    def _live(self, end: float) -> None:
        seconds = end - self._time
        wall_wh = self._take_car_along(end)
        wall_w = round(wall_wh / seconds * 3600)
        middle = self._time + seconds / 2
        power = self.house.power(middle, self.energy_wh, wall_w, seconds=seconds)
        self._history.add(self._time, flows(power, seconds))
        self.energy_wh = min(
            max(self.energy_wh - power.battery * seconds / 3600, 0.0), float(POWERWALL_WH)
        )
        self._time = end

    def _take_car_along(self, until: float) -> float:
        """Let the car live, and return what it took from the wall connector, in Wh."""
        if self.car is None:
            return 0.0
        charging = self.car.charging
        share = 1.0
        if self.car.time > until:
            # Somebody looked at the car alone and it is ahead: what it took since is spread evenly.
            share = (until - self._time) / (self.car.time - self._time)
        self.car.advance_to(until)
        taken = (charging.wall_kwh - self._wall_kwh_seen) * share
        self._wall_kwh_seen += taken
        sessions = charging.sessions[self._sessions_seen :]
        self._sessions_seen = len(charging.sessions)
        if not self._is_car_connected():
            return 0.0
        self._history.sessions.extend(sessions)
        return taken * 1000

    def _is_car_connected(self) -> bool:
        """Whether the car's cable is that of the wall connector."""
        car = self.car
        if car is None or car.charging.supply is None or car.charging.supply.is_fast:
            return False
        return distance_m((car.latitude, car.longitude), self.place) < _AT_HOME_METRES

    # Reading

    @property
    def percent(self) -> float:
        """What is in the battery, 0 to 100."""
        return self.energy_wh / POWERWALL_WH * _FULL

    def power(self) -> Power:
        """The house at this moment."""
        wall_w = 0
        if self.car is not None and self._is_car_connected():
            wall_w = round(self.car.wall_kilowatts * 1000)
        return self.house.power(self._time, self.energy_wh, wall_w)

    def product_object(self) -> Json:
        """As it stands in `GET /api/1/products`."""
        self.advance()
        product: Json = self.answers.read("products", self._product())
        return product

    def _product(self) -> Json:
        return {
            "energy_site_id": self.id,
            "resource_type": "battery",
            "site_name": None if self.is_name_lost else self.name,
            "id": f"STE{self.id}",
            "gateway_id": GATEWAY_DIN,
            "asset_site_id": "1a2b3c4d-0000-4000-8000-00000000f107",
            "warp_site_number": f"STE{self.id}",
            "energy_left": self.energy_wh,
            "total_pack_energy": POWERWALL_WH,
            "percentage_charged": self.percent,
            "battery_type": "ac_powerwall",
            "backup_capable": True,
            "battery_power": self.power().battery,
            "go_off_grid_test_banner_enabled": None,
            "storm_mode_enabled": self.house.settings.storm_mode_enabled,
            "powerwall_onboarding_settings_set": True,
            "sync_grid_alert_enabled": False,
            "breaker_alert_enabled": False,
            "components": {
                "battery": True,
                "battery_type": "ac_powerwall",
                "solar": True,
                "solar_type": "pv_panel",
                "grid": True,
                "load_meter": True,
                "market_type": "residential",
                "wall_connectors": [self._wall_connector_identity()],
            },
            "features": {"rate_plan_manager_no_pricing_constraint": True},
        }

    def live_status(self) -> Any:  # noqa: ANN401  # whatever is ordered
        """`live_status`: load = solar + battery + grid, to the watt."""
        self.advance()
        return self.answers.read("live_status", self._live_status())

    def _live_status(self) -> Json:
        power = self.power()
        on_grid = self.house.is_on_grid
        return {
            "solar_power": power.solar,
            "energy_left": round(self.energy_wh, 3),
            "total_pack_energy": POWERWALL_WH,
            "percentage_charged": round(self.percent, 6),
            "backup_capable": True,
            "battery_power": power.battery,
            "load_power": power.load,
            "grid_status": "Active" if on_grid else "Inactive",
            "grid_services_active": False,
            "grid_power": power.grid,
            "grid_services_power": 0,
            "generator_power": 0,
            "island_status": "on_grid" if on_grid else "off_grid_unintentional",
            "storm_mode_active": self.house.is_storm_mode_active,
            "timestamp": self._local(self._time).isoformat(timespec="seconds"),
            "wall_connectors": [self._wall_connector(power)],
        }

    def _wall_connector(self, power: Power) -> Json:
        connector: Json = {
            "din": WALL_CONNECTOR_DIN,
            "wall_connector_state": CONNECTOR_EMPTY,
            "wall_connector_fault_state": 2,
            "wall_connector_power": power.wall_connector,
        }
        if self.car is not None and self._is_car_connected():
            is_charging = self.car.charging.state == "Charging"
            connector["vin"] = self.car.vin
            connector["wall_connector_state"] = (
                CONNECTOR_CHARGING if is_charging else CONNECTOR_CONNECTED
            )
        return connector

    @staticmethod
    def _wall_connector_identity() -> Json:
        return {
            "device_id": "c0ffee00-0000-4000-8000-000000000001",
            "din": WALL_CONNECTOR_DIN,
            "serial_number": "B7S23024J00001",
            "part_name": "Gen 3 Wall Connector",
            "is_active": True,
        }

    def site_info(self) -> Any:  # noqa: ANN401  # whatever is ordered
        """`site_info`."""
        self.advance()
        return self.answers.read("site_info", self._site_info())

    def _site_info(self) -> Json:
        settings = self.house.settings
        return {
            "id": f"STE{self.id}",
            "site_name": self.name,
            "asset_site_id": "1a2b3c4d-0000-4000-8000-00000000f107",
            "backup_reserve_percent": settings.reserve_percent,
            "default_real_mode": settings.mode,
            "installation_date": "2023-05-11T10:00:00+02:00",
            "installation_time_zone": self.time_zone,
            "version": "26.10.3 6a1f3e2b",
            "battery_count": 1,
            "nameplate_power": POWERWALL_W,
            "nameplate_energy": POWERWALL_WH,
            "max_site_meter_power_ac": 1_000_000_000,
            "min_site_meter_power_ac": -1_000_000_000,
            "off_grid_vehicle_charging_reserve_percent": self.off_grid_vehicle_reserve,
            "vpp_backup_reserve_percent": settings.reserve_percent,
            "tariff_id": self.tariff["code"],
            "tariff_content": self.tariff,
            "tariff_content_v2": self.tariff,
            "tou_settings": {"optimization_strategy": "economics", "schedule": []},
            "geolocation": {"latitude": self.place[0], "longitude": self.place[1]},
            "address": {"city": "Amsterdam", "country": "NL"},
            "user_settings": {
                "storm_mode_enabled": settings.storm_mode_enabled,
                "powerwall_onboarding_settings_set": True,
                "powerwall_tesla_electric_interested_in": False,
                "vpp_tour_enabled": False,
            },
            "components": {
                "solar": True,
                "solar_type": "pv_panel",
                "battery": True,
                "battery_type": "ac_powerwall",
                "grid": True,
                "backup": True,
                "load_meter": True,
                "market_type": "residential",
                "tou_capable": True,
                "storm_mode_capable": True,
                "off_grid_vehicle_charging_reserve_supported": True,
                "grid_services_enabled": False,
                "net_meter_mode": "battery_ok",
                "customer_preferred_export_rule": settings.export_rule,
                "disallow_charge_from_grid_with_solar_installed": settings.no_grid_charging,
                "set_islanding_mode_enabled": True,
                "solar_value_enabled": True,
                "configurable": True,
                "gateways": [{"din": GATEWAY_DIN, "is_active": True, "part_name": "Gateway 2"}],
                "batteries": [
                    {
                        "din": POWERWALL_DIN,
                        "is_active": True,
                        "nameplate_energy": POWERWALL_WH,
                        "nameplate_max_charge_power": POWERWALL_W,
                        "nameplate_max_discharge_power": POWERWALL_W,
                        "part_name": "Powerwall 2",
                    }
                ],
                "inverters": [],
                "wall_connectors": [self._wall_connector_identity()],
            },
        }

    # Histories

    def history(self, kind: str, query: Json) -> Json:
        """A history: `energy` and `backup` (calendar_history), `charge` (telemetry_history).

        `start_date` and `end_date` are RFC 3339 times, by default the site's present day. Raises
        InvalidBody for what cannot be read, UnknownCommand for another kind.
        """
        self.advance()
        histories = {"energy": self._energy, "backup": self._backup, "charge": self._charges}
        if kind not in histories:
            raise UnknownCommand(kind)
        zone = self._zone(query)
        midnight = self._local(self._time).replace(hour=0, minute=0, second=0, microsecond=0)
        start = _moment(query, "start_date", midnight, zone)
        end = _moment(query, "end_date", midnight + timedelta(days=1), zone)
        return histories[kind](start.timestamp(), end.timestamp(), query, zone)

    def _zone(self, query: Json) -> ZoneInfo:
        try:
            return ZoneInfo(query.get("time_zone") or self.time_zone)
        except (KeyError, ValueError, OSError) as error:
            raise InvalidBody("time_zone", "no such time zone") from error

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, ZoneInfo(self.time_zone))

    def _energy(self, start: float, end: float, query: Json, zone: ZoneInfo) -> Json:
        period = query.get("period") or "day"
        if period not in PERIODS:
            raise InvalidBody("period", f"must be one of {', '.join(PERIODS)}")
        self._remember_past()
        sums: dict[datetime, Energy] = {}
        for begins, energy in sorted(self._history.rows.items()):
            if start <= begins <= end:
                label = _label(datetime.fromtimestamp(begins, zone), period)
                sums.setdefault(label, Energy()).add(energy)
        return {
            "period": period,
            "installation_time_zone": self.time_zone,
            "time_series": [
                {"timestamp": label.isoformat(timespec="seconds")} | dict(_energy_values(energy))
                for label, energy in sums.items()
            ],
        }

    def _remember_past(self) -> None:
        """Make up the days before the world began, once somebody asks for them.

        The house lived then as it does now; its battery is reckoned apart and starts half full.
        """
        if self._has_past:
            return
        self._has_past = True
        past = History()
        energy_wh = POWERWALL_WH / 2
        at = self._born - self._born % ROW_SECONDS - DAYS_BEFORE * _DAY
        while at < self._born:
            seconds = min(ROW_SECONDS, self._born - at)
            power = self.house.power(at + seconds / 2, energy_wh, 0, seconds=seconds)
            past.add(at, flows(power, seconds))
            energy_wh -= power.battery * seconds / 3600
            at += seconds
        for begins, energy in self._history.rows.items():
            past.add(begins, energy)
        self._history.rows = past.rows

    def _backup(self, start: float, end: float, _: Json, zone: ZoneInfo) -> Json:
        events = [
            {
                "timestamp": datetime.fromtimestamp(outage.began_at, zone).isoformat(
                    timespec="seconds"
                ),
                "duration": round((outage.ended_at or self._time) - outage.began_at),
            }
            for outage in self._history.outages
            if start <= outage.began_at <= end
        ]
        return {"events": events, "total_events": len(events), "events_count": len(events)}

    def _charges(self, start: float, end: float, _: Json, __: ZoneInfo) -> Json:
        return {
            "charge_history": [
                {
                    "charge_start_time": {"seconds": int(session.started_at)},
                    "charge_duration": {"seconds": round(session.seconds)},
                    "energy_added_wh": round(session.wall_kwh * 1000),
                }
                for session in self._history.sessions
                if start <= session.started_at <= end
            ]
        }

    # Settings

    def command(self, name: str, body: Json) -> Any:  # noqa: ANN401  # whatever is ordered
        """Change a setting; what Tesla's cloud answers, under `response`.

        Raises UnknownCommand, InvalidBody.
        """
        if name in self.answers.instead:
            return self.answers.instead[name]
        self.change(name, body)
        return self.answers.confirm(name)

    def change(self, name: str, body: Json) -> None:
        """Change a setting. Raises UnknownCommand, InvalidBody."""
        self.advance()
        setters: dict[str, Callable[[Json], None]] = {
            "backup": self._set_backup,
            "operation": self._set_operation,
            "storm_mode": self._set_storm_mode,
            "grid_import_export": self._set_grid,
            "off_grid_vehicle_charging_reserve": self._set_off_grid_reserve,
            "time_of_use_settings": self._set_tariff,
        }
        if name not in setters:
            raise UnknownCommand(name)
        if not isinstance(body, dict):
            raise InvalidBody("body", "must be an object")
        setters[name](body)
        self.commands.append({"name": name, "body": body, "time": self._time})

    def _set_backup(self, body: Json) -> None:
        """From 81 to 99 is accepted and stored as 80."""
        percent = _percent(body, "backup_reserve_percent")
        is_capped = HIGHEST_RESERVE < percent < _FULL
        self.house.settings.reserve_percent = HIGHEST_RESERVE if is_capped else percent

    def _set_operation(self, body: Json) -> None:
        mode = body.get("default_real_mode")
        if mode not in MODES:
            raise InvalidBody("default_real_mode", f"must be one of {', '.join(MODES)}")
        self.house.settings.mode = mode

    def _set_storm_mode(self, body: Json) -> None:
        self.house.settings.storm_mode_enabled = _boolean(body, "enabled")

    def _set_grid(self, body: Json) -> None:
        flag = "disallow_charge_from_grid_with_solar_installed"
        rule = body.get("customer_preferred_export_rule")
        if flag not in body and rule is None:
            raise InvalidBody(flag, "missing")
        if rule is not None and rule not in EXPORT_RULES:
            raise InvalidBody("customer_preferred_export_rule", "invalid_value")
        if flag in body:
            self.house.settings.no_grid_charging = _boolean(body, flag)
        if rule is not None:
            self.house.settings.export_rule = rule

    def _set_off_grid_reserve(self, body: Json) -> None:
        self.off_grid_vehicle_reserve = _percent(body, "off_grid_vehicle_charging_reserve_percent")

    def _set_tariff(self, body: Json) -> None:
        settings = body.get("tou_settings")
        tariff = settings.get("tariff_content_v2") if isinstance(settings, dict) else None
        if not isinstance(tariff, dict) or not tariff.get("seasons"):
            raise InvalidBody("tou_settings", "needs tariff_content_v2 with at least one season")
        self.tariff = {"code": "", **tariff}

    # Orders and truth

    def steer(self, changes: Json) -> None:
        """Follow orders; raises SteeringError.

        | key | value |
        |---|---|
        | percentage_charged | 0..100 |
        | solar_power, load_power | W (the load without the car); null: as the day goes |
        | on_grid, storm | bool |
        | name, account | text |
        | reserve, mode, storm_mode_enabled, export_rule, no_grid_charging | as if set in the app |
        | answers | what the answers have different; see `site_answers` |
        """
        self.advance()
        unknown = sorted(set(changes) - set(_ORDERS))
        if unknown:
            raise SteeringError(f"unknown: {', '.join(unknown)}; known are {', '.join(_ORDERS)}")
        for name, order in _ORDERS.items():
            if name in changes:
                order(self, changes[name])

    def set_on_grid(self, *, on_grid: bool) -> None:
        """Take the grid away, or bring it back."""
        outages = self._history.outages
        if self.house.is_on_grid and not on_grid:
            outages.append(Outage(began_at=self._time))
        elif not self.house.is_on_grid and on_grid and outages:
            outages[-1].ended_at = self._time
        self.house.is_on_grid = on_grid

    def describe(self) -> Json:
        """The truth about the site, as JSON."""
        self.advance()
        return {
            "id": self.id,
            "name": self.name,
            "account": self.account,
            "time": self._time,
            "energy_wh": self.energy_wh,
            "percentage_charged": self.percent,
            "power": asdict(self.power()),
            "on_grid": self.house.is_on_grid,
            "storm": self.house.is_stormy,
            "storm_mode_active": self.house.is_storm_mode_active,
            "settings": asdict(self.house.settings),
            "off_grid_vehicle_charging_reserve_percent": self.off_grid_vehicle_reserve,
            "car": None if self.car is None else self.car.vin,
            "car_connected": self._is_car_connected(),
            "commands": list(self.commands),
            "answers": asdict(self.answers),
        }


def _moment(query: Json, name: str, default: datetime, zone: ZoneInfo) -> datetime:
    value = query.get(name)
    if not value:
        return default
    try:
        # A "+" that was not quoted in the address arrives as a blank.
        moment = datetime.fromisoformat(str(value).replace(" ", "+"))
    except ValueError as error:
        raise InvalidBody(name, "must be a time as in RFC 3339") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _label(moment: datetime, period: str) -> datetime:
    """The beginning of the row of the answer that a five-minute row belongs to."""
    if period == "day":
        return moment
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if period in ("week", "month") else day.replace(day=1)


def _energy_values(energy: Energy) -> Iterator[tuple[str, float]]:
    """Tesla's names for the flows; a value of zero is left out."""
    values = {
        "solar_energy_exported": energy.solar_to_home
        + energy.solar_to_battery
        + energy.solar_to_grid,
        "grid_energy_imported": energy.grid_to_home + energy.grid_to_battery,
        "grid_energy_exported_from_solar": energy.solar_to_grid,
        "grid_energy_exported_from_battery": energy.battery_to_grid,
        "battery_energy_exported": energy.battery_to_home + energy.battery_to_grid,
        "battery_energy_imported_from_grid": energy.grid_to_battery,
        "battery_energy_imported_from_solar": energy.solar_to_battery,
        "consumer_energy_imported_from_grid": energy.grid_to_home,
        "consumer_energy_imported_from_solar": energy.solar_to_home,
        "consumer_energy_imported_from_battery": energy.battery_to_home,
        "total_home_usage": energy.grid_to_home + energy.solar_to_home + energy.battery_to_home,
        "total_battery_charge": energy.grid_to_battery + energy.solar_to_battery,
        "total_battery_discharge": energy.battery_to_home + energy.battery_to_grid,
        "total_solar_generation": energy.solar_to_home
        + energy.solar_to_battery
        + energy.solar_to_grid,
        "total_grid_energy_exported": energy.solar_to_grid + energy.battery_to_grid,
    }
    for name, value in values.items():
        rounded = round(value, 3)
        if rounded:
            yield name, rounded


def _percent(body: Json, name: str) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidBody(name, "must be a number")
    if not 0 <= value <= _FULL:
        raise InvalidBody(name, "must be from 0 to 100")
    return int(value)


def _boolean(body: Json, name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise InvalidBody(name, "must be true or false")
    return value


def _tariff() -> Json:
    """A made-up tariff with a dear evening. Shape: Tesla, "Energy endpoints"."""
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


def _steer_number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SteeringError(f"{name} must be a number")
    return float(value)


def _steer_flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise SteeringError(f"{name} must be true or false")
    return value


def _steer_percentage(site: Site, value: object) -> None:
    percent = min(max(_steer_number(value, "percentage_charged"), 0.0), 100.0)
    site.energy_wh = POWERWALL_WH * percent / _FULL


def _steer_solar(site: Site, value: object) -> None:
    site.house.fixed_solar = None if value is None else round(_steer_number(value, "solar_power"))


def _steer_load(site: Site, value: object) -> None:
    site.house.fixed_load = None if value is None else round(_steer_number(value, "load_power"))


def _steer_grid(site: Site, value: object) -> None:
    site.set_on_grid(on_grid=_steer_flag(value, "on_grid"))


def _steer_storm(site: Site, value: object) -> None:
    site.house.is_stormy = _steer_flag(value, "storm")


def _steer_name(site: Site, value: object) -> None:
    site.name = str(value)


def _steer_account(site: Site, value: object) -> None:
    site.account = str(value)


def _steer_answers(site: Site, value: object) -> None:
    site.answers.steer(value)


def _steer_setting(command: str, key: str) -> Callable[[Site, object], None]:
    """An order that does what a command does."""

    def order(site: Site, value: object) -> None:
        try:
            site.change(command, {key: value})
        except InvalidBody as error:
            raise SteeringError(str(error)) from error

    return order


_ORDERS: dict[str, Callable[[Site, object], None]] = {
    "name": _steer_name,
    "account": _steer_account,
    "answers": _steer_answers,
    "percentage_charged": _steer_percentage,
    "solar_power": _steer_solar,
    "load_power": _steer_load,
    "on_grid": _steer_grid,
    "storm": _steer_storm,
    "reserve": _steer_setting("backup", "backup_reserve_percent"),
    "mode": _steer_setting("operation", "default_real_mode"),
    "storm_mode_enabled": _steer_setting("storm_mode", "enabled"),
    "export_rule": _steer_setting("grid_import_export", "customer_preferred_export_rule"),
    "no_grid_charging": _steer_setting(
        "grid_import_export", "disallow_charge_from_grid_with_solar_installed"
    ),
}

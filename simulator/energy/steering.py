"""Orders to an energy site, from tests, the demo and `/simulator/sites/{site}`.

| key | value |
|---|---|
| percentage_charged | 0..100 |
| solar_power, load_power | W (the load without the car); null: by the time of day |
| solar_minutes, load_minutes | {"start": time, "kw": [each minute], "seconds": 60}; null ends it |
| meter | {"delay": s, "silent": bool}: readings that are late, or the last one again and again |
| on_grid, storm | bool; without a grid and with an empty battery, cars have no power either |
| grid_services | W for a programme of grid services; 0 ends its event |
| name, account | text |
| reserve, mode, storm_mode_enabled, export_rule, no_grid_charging | as if set in the app |
| installed | RFC 3339 time: the beginning of the history |
| history | faults of the histories; see `simulator.energy.past.HistoryFaults` |
| answers | deviations of the answers; see `simulator.site_answers` |
"""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from simulator.energy.past import moment
from simulator.energy.settings import change
from simulator.energy.state import Json, SiteState
from simulator.minutes import MINUTE, Minutes
from simulator.refusals import InvalidBody, SteeringError

_FULL = 100


def _steer_number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SteeringError(f"{name} must be a number")
    return float(value)


def _steer_flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise SteeringError(f"{name} must be true or false")
    return value


def _steer_percentage(site: SiteState, value: object) -> None:
    percent = min(max(_steer_number(value, "percentage_charged"), 0.0), 100.0)
    site.energy_wh = site.house.battery_wh * percent / _FULL


def _steer_solar(site: SiteState, value: object) -> None:
    site.house.fixed_solar = None if value is None else round(_steer_number(value, "solar_power"))


def _steer_load(site: SiteState, value: object) -> None:
    site.house.fixed_load = None if value is None else round(_steer_number(value, "load_power"))


def _minutes(value: object, name: str) -> Minutes | None:
    """Read real minutes: kW from an RFC 3339 time on."""
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) - {"start", "kw", "seconds"}:
        raise SteeringError(f"{name} must be an object of start, kw, seconds")
    kilowatts = value.get("kw")
    if not isinstance(kilowatts, list) or not kilowatts:
        raise SteeringError(f"{name} needs a list kw")
    values = [_steer_number(each, name) for each in kilowatts]
    seconds = _steer_number(value.get("seconds", MINUTE), "seconds")
    if seconds <= 0 or min(values) < 0:
        raise SteeringError(f"{name} must not be negative")
    return Minutes.of_kilowatts(moment(value.get("start")).timestamp(), values, seconds)


def _steer_solar_minutes(site: SiteState, value: object) -> None:
    site.house.solar_minutes = _minutes(value, "solar_minutes")


def _steer_load_minutes(site: SiteState, value: object) -> None:
    site.house.load_minutes = _minutes(value, "load_minutes")


def _steer_meter(site: SiteState, value: object) -> None:
    site.meter.steer(value)


def _steer_grid(site: SiteState, value: object) -> None:
    site.set_on_grid(on_grid=_steer_flag(value, "on_grid"))


def _steer_storm(site: SiteState, value: object) -> None:
    site.house.is_stormy = _steer_flag(value, "storm")


def _steer_services(site: SiteState, value: object) -> None:
    site.grid_services_w = round(_steer_number(value, "grid_services"))


def _steer_name(site: SiteState, value: object) -> None:
    site.name = str(value)


def _steer_account(site: SiteState, value: object) -> None:
    site.account = str(value)


def _steer_installed(site: SiteState, value: object) -> None:
    site.installed_at = moment(value).astimezone(ZoneInfo(site.time_zone))


def _steer_history(site: SiteState, value: object) -> None:
    site.history_faults.steer(value)


def _steer_answers(site: SiteState, value: object) -> None:
    site.answers.steer(value)


def _steer_setting(command: str, key: str) -> Callable[[SiteState, object], None]:
    """An order with the effect of a command."""

    def order(site: SiteState, value: object) -> None:
        try:
            change(site, command, {key: value})
        except InvalidBody as error:
            raise SteeringError(str(error)) from error

    return order


_ORDERS: dict[str, Callable[[SiteState, object], None]] = {
    "name": _steer_name,
    "account": _steer_account,
    "installed": _steer_installed,
    "history": _steer_history,
    "answers": _steer_answers,
    "percentage_charged": _steer_percentage,
    "solar_power": _steer_solar,
    "load_power": _steer_load,
    "solar_minutes": _steer_solar_minutes,
    "load_minutes": _steer_load_minutes,
    "meter": _steer_meter,
    "on_grid": _steer_grid,
    "storm": _steer_storm,
    "grid_services": _steer_services,
    "reserve": _steer_setting("backup", "backup_reserve_percent"),
    "mode": _steer_setting("operation", "default_real_mode"),
    "storm_mode_enabled": _steer_setting("storm_mode", "enabled"),
    "export_rule": _steer_setting("grid_import_export", "customer_preferred_export_rule"),
    "no_grid_charging": _steer_setting(
        "grid_import_export", "disallow_charge_from_grid_with_solar_installed"
    ),
}


def steer(site: SiteState, changes: Json) -> None:
    """Apply the orders. Raises SteeringError, for an unknown one before any is applied."""
    unknown = sorted(set(changes) - set(_ORDERS))
    if unknown:
        raise SteeringError(f"unknown: {', '.join(unknown)}; known are {', '.join(_ORDERS)}")
    for name, order in _ORDERS.items():
        if name in changes:
            order(site, changes[name])

"""The settings of an energy site, as commands change them."""

from collections.abc import Callable

from simulator.balance import EXPORT_RULES, MAX_RESERVE, MODES
from simulator.energy.state import Json, SiteState
from simulator.energy.tariffs import stored
from simulator.refusals import InvalidBody, UnknownCommand

_FULL = 100


def _set_backup(site: SiteState, body: Json) -> None:
    """Values from 81 to 99 are accepted and stored as 80."""
    percent = _percent(body, "backup_reserve_percent")
    is_capped = MAX_RESERVE < percent < _FULL
    site.house.settings.reserve_percent = MAX_RESERVE if is_capped else percent


def _set_operation(site: SiteState, body: Json) -> None:
    mode = body.get("default_real_mode")
    if mode not in MODES:
        raise InvalidBody("default_real_mode", f"must be one of {', '.join(MODES)}")
    site.house.settings.mode = mode


def _set_storm_mode(site: SiteState, body: Json) -> None:
    site.house.settings.storm_mode_enabled = _boolean(body, "enabled")


def _set_grid(site: SiteState, body: Json) -> None:
    flag = "disallow_charge_from_grid_with_solar_installed"
    rule = body.get("customer_preferred_export_rule")
    if flag not in body and rule is None:
        raise InvalidBody(flag, "missing")
    if rule is not None and rule not in EXPORT_RULES:
        raise InvalidBody("customer_preferred_export_rule", "invalid_value")
    if flag in body:
        site.house.settings.no_grid_charging = _boolean(body, flag)
    if rule is not None:
        site.house.settings.export_rule = rule


def _set_off_grid_reserve(site: SiteState, body: Json) -> None:
    site.off_grid_vehicle_reserve = _percent(body, "off_grid_vehicle_charging_reserve_percent")


def _set_tariff(site: SiteState, body: Json) -> None:
    site.tariff = stored(body)


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


def change(site: SiteState, name: str, body: Json) -> None:
    """Change a setting. Raises UnknownCommand, InvalidBody."""
    site.advance()
    setters: dict[str, Callable[[SiteState, Json], None]] = {
        "backup": _set_backup,
        "operation": _set_operation,
        "storm_mode": _set_storm_mode,
        "grid_import_export": _set_grid,
        "off_grid_vehicle_charging_reserve": _set_off_grid_reserve,
        "time_of_use_settings": _set_tariff,
    }
    if name not in setters:
        raise UnknownCommand(name)
    if not isinstance(body, dict):
        raise InvalidBody("body", "must be an object")
    setters[name](site, body)
    site.commands.append({"name": name, "body": body, "time": site.time})

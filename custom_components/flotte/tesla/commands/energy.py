"""Energy sites: REST only."""

from collections.abc import Mapping
from typing import Any, Final

from .. import signals
from ..energy.rate_plan import BadRatePlan
from ..energy.rate_plan_rules import check_rate_plan
from ..errors import InvalidCommand
from .command import ENERGY_COMMAND_SCOPES, Command, among, between


def set_backup_reserve(percent: int) -> Command:
    """Keep `percent` (0 to 100) of the battery for outages.

    Tesla stores 81 to 99 as 80 without saying so, hence nothing is assumed for these. Source: the
    authors of pypowerwall (2026-06).
    """
    between("backup reserve", percent, 0, 100)
    return Command(
        name="backup",
        parameters={"backup_reserve_percent": percent},
        scopes=ENERGY_COMMAND_SCOPES,
        expects={} if percent in _CAPPED_RESERVES else {signals.BACKUP_RESERVE: percent},
    )


_CAPPED_RESERVES: Final = range(81, 100)
"""Percent."""


def set_operation_mode(mode: str) -> Command:
    """Run the site `autonomous` (by tariff), for `self_consumption`, or only as a `backup`."""
    among("operation mode", mode, signals.OPERATION_MODES)
    return Command(
        name="operation",
        parameters={"default_real_mode": mode},
        scopes=ENERGY_COMMAND_SCOPES,
        expects={signals.OPERATION_MODE: mode},
    )


def set_export_rule(rule: str) -> Command:
    """Export solar and battery energy (`battery_ok`), only solar energy (`pv_only`), or `never`."""
    among("export rule", rule, signals.EXPORT_RULES)
    return Command(
        name="grid_import_export",
        parameters={"customer_preferred_export_rule": rule},
        scopes=ENERGY_COMMAND_SCOPES,
        expects={signals.EXPORT_RULE: rule},
    )


def set_charge_from_grid(*, on: bool) -> Command:
    """Let the battery charge from the grid; Tesla's setting is the opposite."""
    return Command(
        name="grid_import_export",
        parameters={"disallow_charge_from_grid_with_solar_installed": not on},
        scopes=ENERGY_COMMAND_SCOPES,
        expects={signals.CHARGE_FROM_GRID: on},
    )


def set_off_grid_vehicle_reserve(percent: int) -> Command:
    """During an outage, charge vehicles only while the battery has more than `percent`."""
    between("off-grid vehicle reserve", percent, 0, 100)
    return Command(
        name="off_grid_vehicle_charging_reserve",
        parameters={"off_grid_vehicle_charging_reserve_percent": percent},
        scopes=ENERGY_COMMAND_SCOPES,
        expects={signals.OFF_GRID_VEHICLE_RESERVE: percent},
    )


def set_storm_watch(*, on: bool) -> Command:
    """Fill the battery ahead of storms."""
    return Command(
        name="storm_mode",
        parameters={"enabled": on},
        scopes=ENERGY_COMMAND_SCOPES,
        expects={signals.STORM_WATCH: on},
    )


def set_rate_plan(content: Mapping[str, Any]) -> Command:
    """Set the electricity tariff, a `tariff_content_v2`.

    Nothing is assumed: Tesla stores it without zeros, so the settings are read again instead.

    Raises:
        InvalidCommand: names the rule of Tesla's that it breaks, and where.
    """
    try:
        check_rate_plan(content)
    except BadRatePlan as error:
        place = error.place or "tariff_content_v2"
        raise InvalidCommand(str(error), reason=str(error.rule), place=place) from error
    return Command(
        name="time_of_use_settings",
        parameters={"tou_settings": {"tariff_content_v2": dict(content)}},
        scopes=ENERGY_COMMAND_SCOPES,
    )

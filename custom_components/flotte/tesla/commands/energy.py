"""Energy sites: REST only."""

from typing import Final

from .. import signals
from .command import ENERGY, Command, among, between


def set_backup_reserve(percent: int) -> Command:
    """Keep `percent` (0 to 100) of the battery for outages.

    Tesla stores 81 to 99 as 80 without saying so, hence nothing is assumed for these. Source: the
    authors of pypowerwall (2026-06).
    """
    between("backup reserve", percent, 0, 100)
    return Command(
        name="backup",
        parameters={"backup_reserve_percent": percent},
        scopes=ENERGY,
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
        scopes=ENERGY,
        expects={signals.OPERATION_MODE: mode},
    )


def set_storm_watch(*, on: bool) -> Command:
    """Fill the battery ahead of storms."""
    return Command(
        name="storm_mode",
        parameters={"enabled": on},
        scopes=ENERGY,
        expects={signals.STORM_WATCH: on},
    )

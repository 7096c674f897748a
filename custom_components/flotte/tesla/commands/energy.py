"""Energy sites: REST only."""

from typing import Final

from .. import signals
from .command import ENERGY, Command, among, between


def set_backup_reserve(percent: int) -> Command:
    """Keep `percent` (0 to 100) of the battery for outages.

    Tesla stores requests above 80 as 80 without saying so, hence nothing is assumed above that.
    """
    between("backup reserve", percent, 0, 100)
    return Command(
        name="backup",
        parameters={"backup_reserve_percent": percent},
        scopes=ENERGY,
        expects={signals.BACKUP_RESERVE: percent} if percent <= HIGHEST_STORED_RESERVE else {},
    )


HIGHEST_STORED_RESERVE: Final = 80
"""Percent; found by the authors of pypowerwall (2026-06)."""


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

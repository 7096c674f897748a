"""Settings of the charging of one vehicle, which its entities change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any, Final

from ..tesla.charging.situation import ChargingMode
from ..tesla.reading_json import as_whole

MAX_COMMANDS: Final = 500
"""Commands a day, half of what a euro buys."""


class ReadyOn(StrEnum):
    """Days on which a vehicle has to be ready."""

    NEVER = "never"
    EVERY_DAY = "every_day"
    WEEKDAYS = "weekdays"
    WEEKENDS = "weekends"
    CHOSEN_DAYS = "chosen_days"
    """Days chosen in the options."""
    CALENDAR = "calendar"
    """At the events of a calendar chosen in the options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSettings:
    """Settings of one vehicle; nothing is steered by default."""

    mode: ChargingMode = ChargingMode.OFF
    lowest_level: int = 0
    """Per cent below which the vehicle charges at once, 0 to 100."""
    ready_level: int = 80
    """Per cent that it has to have when it has to be ready, 1 to 100."""
    ready_by: time = time(7, 0)
    """Local time."""
    ready_on: ReadyOn = ReadyOn.NEVER
    commands_a_day: int = 60
    """Commands that charging may send, 5 to `MAX_COMMANDS`; urgent ones are sent anyway."""
    priority: int = 1
    """The vehicle with the lower number gets the surplus first, 1 to 9."""

    def __post_init__(self) -> None:
        """Check the ranges. Raises ValueError with the name of the setting."""
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(name)

    def to_stored(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {
            "mode": str(self.mode),
            "lowest_level": self.lowest_level,
            "ready_level": self.ready_level,
            "ready_by": self.ready_by.isoformat(),
            "ready_on": str(self.ready_on),
            "commands_a_day": self.commands_a_day,
            "priority": self.priority,
        }

    @classmethod
    def from_stored(cls, stored: object) -> ChargingSettings:
        """The stored settings; those that are unreadable have their default."""
        values: Mapping[str, object] = stored if isinstance(stored, dict) else {}
        read: dict[str, Any] = {}
        for name, (least, most) in RANGES.items():
            whole = as_whole(values.get(name))
            if whole is not None and least <= whole <= most:
                read[name] = whole
        for name, kind in (("mode", ChargingMode), ("ready_on", ReadyOn)):
            if values.get(name) in list(kind):
                read[name] = kind(str(values[name]))
        try:
            read["ready_by"] = time.fromisoformat(str(values.get("ready_by"))).replace(tzinfo=None)
        except ValueError:
            read.pop("ready_by", None)
        return cls(**read)


RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "lowest_level": (0, 100),
    "ready_level": (1, 100),
    "commands_a_day": (5, MAX_COMMANDS),
    "priority": (1, 9),
}
"""Least and greatest value of each number."""

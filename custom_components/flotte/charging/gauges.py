"""Parts of the house's meter: each is a power, and the moment when it was measured."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, PERCENTAGE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_state_report_event,
)

from ..coordinator import SiteCoordinator
from ..tesla import signals
from ..tesla.listeners import call_both
from ..tesla.reading_json import number_in
from ..tesla.state import Key, Signal

KILOWATTS: Final = {"W": 0.001, "kW": 1.0, "MW": 1000.0}
"""Units of power in kW; any other unit makes a power unknown."""
SITE_SIGNALS_OF_METER: Final[tuple[Signal[Any], ...]] = (
    signals.GRID_POWER,
    signals.BATTERY_POWER,
    signals.LOAD_POWER,
    signals.PERCENTAGE_CHARGED,
    signals.GRID_STATUS,
    signals.ISLAND_STATUS,
)
"""They come with one request, the one that a site is polled by anyway."""
_QUIET_ZERO: Final = timedelta(hours=12)
"""How long a power of exactly zero counts without a new report, while other parts are reported.

Many integrations, MQTT among them, report only changes, and a full battery rests for a whole
afternoon. After a night, a part that still reports nothing counts as silent."""

_FULL: Final = 100


class Measured(NamedTuple):
    """A power in kW, and when it was measured."""

    power: float
    at: datetime


def is_power(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether an entity shows a power, even if its value is unknown now."""
    state = hass.states.get(entity_id)
    return state is not None and state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) in KILOWATTS


def power_of(hass: HomeAssistant, entity_id: str) -> Measured | None:
    """The power that an entity shows; None if it is unknown, or not in a unit of power."""
    if (state := hass.states.get(entity_id)) is None:
        return None
    factor = KILOWATTS.get(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT, ""))
    number = number_in(state.state)
    if factor is None or number is None:
        return None
    # An equal value that is reported again is a new measurement.
    return Measured(number * factor, state.last_reported)


@dataclass(frozen=True, slots=True)
class EntityGauge:
    """Power of an entity, times a sign."""

    hass: HomeAssistant
    entity_id: str
    sign: int = 1

    @property
    def name(self) -> str:
        """Name for texts: as the owner reads it, or the id of an entity that is missing."""
        state = self.hass.states.get(self.entity_id)
        return self.entity_id if state is None else state.name

    def measure(self) -> Measured | None:
        """The power now; None if unknown."""
        measured = power_of(self.hass, self.entity_id)
        return None if measured is None else Measured(self.sign * measured.power, measured.at)

    def async_watch(self, on_report: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `on_report` after each report, whether or not it changes the state."""

        @callback
        def report(_event: Event[Any]) -> None:
            on_report()

        return partial(
            call_both,
            async_track_state_change_event(self.hass, self.entity_id, report),
            async_track_state_report_event(self.hass, self.entity_id, report),
        )


@dataclass(frozen=True, slots=True)
class SiteGauge:
    """Power of a Tesla site, times a sign."""

    site: SiteCoordinator
    key: Key[float]
    sign: int = 1

    @property
    def name(self) -> str:
        """Name for texts."""
        return self.site.device_name

    def measure(self) -> Measured | None:
        """The power now; None if unknown."""
        reading = self.site.state.reading(self.key)
        if reading is None or reading.value is None:
            return None
        return Measured(self.sign * reading.value / 1000, reading.time)

    def async_watch(self, on_report: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `on_report` after each poll."""
        return self.site.async_after_poll(on_report)


type Gauge = EntityGauge | SiteGauge


@dataclass(frozen=True, slots=True)
class LevelGauge:
    """Level of a home battery, from an entity."""

    hass: HomeAssistant
    entity_id: str
    weight: float

    def measure(self) -> float | None:
        """The level in per cent; None if unknown."""
        if (state := self.hass.states.get(self.entity_id)) is None:
            return None
        level = number_in(state.state)
        is_level = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) == PERCENTAGE
        return level if level is not None and is_level and 0 <= level <= _FULL else None


def mean_level(gauges: Collection[LevelGauge]) -> float | None:
    """The level of all batteries together; None if one is unknown, or there is none."""
    levels = [(each.weight, level) for each in gauges if (level := each.measure()) is not None]
    if not levels or len(levels) < len(gauges):
        return None
    return sum(weight * level for weight, level in levels) / sum(weight for weight, _ in levels)


def measured_at(
    grid: Collection[Measured], battery: Collection[Measured], now: datetime
) -> datetime:
    """When a house was measured: the oldest time of the parts that can be out of step.

    A battery at rest may be quiet, and so may one of two sensors of the grid, but not both: a grid
    that stays at zero without a report is one that is not measured any more.
    """
    alive = [each.at for each in (*grid, *battery) if each.power or now - each.at > _QUIET_ZERO]
    if not any(each.power for each in grid):
        alive.append(max(each.at for each in grid))
    return min(alive)

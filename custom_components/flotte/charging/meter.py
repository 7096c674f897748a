"""The house's meter: power from and to the grid and the home battery, with its age."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..coordinator import SiteCoordinator
from ..tesla import signals
from ..tesla.clock import within
from ..tesla.listeners import Listeners
from ..tesla.state import Signal
from .gauges import SITE_SIGNALS_OF_METER, Gauge, Measured, mean_level, measured_at
from .meter_source import MeterChoice, MeterOptions, MeterSource, choose_meter
from .preferences import EnergyDashboard, EnergyPreferences, async_get_preferences

_SETTLE: Final = timedelta(seconds=1)
"""Time for all parts of one measurement to arrive; a meter may report its values one by one."""
USUAL_INTERVAL: Final = 60.0
"""Seconds between measurements until they were seen: those of a Tesla site."""
_REMEMBERED: Final = 15
"""Intervals that the usual one is the median of."""
_GRID_AGE: Final = timedelta(minutes=10)
"""How long the grid counts as up or down after the site last reported it."""
SILENT_AFTER: Final = timedelta(minutes=10)
"""Time without a measurement after which the owner has to look at the meter."""


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One measurement of the house, in kW."""

    grid: float
    """Positive from the grid, negative to the grid."""
    battery: float
    """Positive while the home battery discharges; 0 if the house has none."""
    battery_level: float | None
    """In per cent."""
    grid_up: bool | None
    """Whether the grid has power."""
    measured_at: datetime
    """The oldest time of the parts that can be out of step."""


class HouseMeter:
    """Follows the meter of the house, wherever it comes from."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Follow nothing until the start."""
        self.changed = Listeners[()]()
        """Notified after each measurement, and when the source changes or fails."""
        self._hass = hass
        self._preferences: EnergyPreferences | None = None
        self._sites: tuple[SiteCoordinator, ...] = ()
        self._options = MeterOptions()
        self._choice = MeterChoice()
        self._stops: list[CALLBACK_TYPE] = []
        self._watches: list[CALLBACK_TYPE] = []
        self._cancel_settling: CALLBACK_TYPE | None = None
        self._intervals = deque[float](maxlen=_REMEMBERED)
        self._last_at: datetime | None = None
        """When the last complete measurement was made."""
        self._chosen_at: datetime | None = None
        """When the source was chosen; None if there is no meter."""
        self._starts = 0

    @property
    def source(self) -> MeterSource:
        """Where the power from the grid comes from."""
        return self._choice.source

    @property
    def has_source(self) -> bool:
        """Whether there is a meter, which may still be unknown now."""
        return self._choice.source is not MeterSource.NONE

    @property
    def lacks_battery(self) -> bool:
        """Whether there is no meter only because the power of the home battery is unknown."""
        return self._choice.lacks_battery

    @property
    def names(self) -> str:
        """The entities, or the site, that it comes from; empty if there is no meter."""
        return self._choice.names

    @property
    def interval(self) -> float:
        """Usual time between two measurements, in seconds."""
        return median(self._intervals) if self._intervals else USUAL_INTERVAL

    @property
    def reading(self) -> MeterReading | None:
        """The last measurement; None if a part of it is unknown."""
        grid, battery = _measure(self._choice.grid), _measure(self._choice.battery)
        if not grid or battery is None:
            return None
        now = dt_util.utcnow()
        return MeterReading(
            grid=sum(each.power for each in grid),
            battery=sum(each.power for each in battery),
            battery_level=self._battery_level(),
            grid_up=self._grid_up(now),
            measured_at=measured_at(grid, battery, now),
        )

    def silent_part(self, now: datetime) -> str | None:
        """The entity or site without a measurement for too long; None if all work."""
        since = self._last_at or self._chosen_at
        if since is None or within(since, SILENT_AFTER, now):
            return None
        parts = [
            (each.name, each.measure()) for each in (*self._choice.grid, *self._choice.battery)
        ]
        reading = self.reading
        oldest = None if reading is None else reading.measured_at
        return next(
            name for name, value in parts if (None if value is None else value.at) == oldest
        )

    async def async_start(
        self, sites: Iterable[SiteCoordinator], options: MeterOptions | None = None
    ) -> None:
        """Follow the meter; call it again if the sites or the options change."""
        self._starts += 1
        start = self._starts
        preferences = await async_get_preferences(self._hass)
        if start != self._starts:
            return
        self._unsubscribe()
        self._preferences = preferences
        self._sites = tuple(sites)
        self._options = options or MeterOptions()
        self._stops.append(preferences.changed.subscribe(self._async_choose))
        for site in self._sites:
            # What no one shows is not polled.
            self._stops.append(site.async_add_listener(_ignore, SITE_SIGNALS_OF_METER))
            self._stops.append(site.async_after_poll(self._async_choose))
        self._async_choose()
        if not self._watches:
            self._async_watch()

    @callback
    def async_stop(self) -> None:
        """Follow nothing."""
        self._starts += 1
        self._unsubscribe()
        self._choice = MeterChoice()
        self._forget(None)

    def _unsubscribe(self) -> None:
        for stop in (*self._stops, *self._watches):
            stop()
        self._stops.clear()
        self._watches.clear()
        if self._cancel_settling is not None:
            self._cancel_settling()
            self._cancel_settling = None

    def _forget(self, chosen_at: datetime | None) -> None:
        """Forget the measurements of another source."""
        self._intervals.clear()
        self._last_at, self._chosen_at = None, chosen_at

    @callback
    def _async_choose(self) -> None:
        """Choose the source again; a site may have reported its first power."""
        preferences = self._preferences
        dashboard = EnergyDashboard() if preferences is None else preferences.dashboard
        choice = choose_meter(self._hass, dashboard, self._sites, self._options)
        if choice == self._choice:
            return
        self._forget(dt_util.utcnow() if choice.grid else None)
        self._choice = choice
        self._async_watch()

    @callback
    def _async_watch(self) -> None:
        """Watch the parts of the chosen meter, and no others."""
        for stop in self._watches:
            stop()
        gauges = (*self._choice.grid, *self._choice.battery)
        self._watches = [each.async_watch(self._async_report) for each in gauges]
        self._async_report()

    @callback
    def _async_report(self) -> None:
        """Wait for the other parts of this measurement."""
        if self._cancel_settling is None:
            self._cancel_settling = async_call_later(self._hass, _SETTLE, self._async_settled)

    @callback
    def _async_settled(self, _now: datetime) -> None:
        self._cancel_settling = None
        if (reading := self.reading) is not None:
            self._learn(reading.measured_at)
        self.changed()

    def _learn(self, at: datetime) -> None:
        """Learn how long measurements are apart."""
        last, self._last_at = self._last_at, at
        if last is not None and (seconds := (at - last).total_seconds()) > 0:
            self._intervals.append(seconds)

    def _battery_level(self) -> float | None:
        site = self._choice.site
        of_entities = mean_level(self._choice.levels)
        of_site = None if site is None else site.state[signals.PERCENTAGE_CHARGED]
        is_of_site = self.source is MeterSource.TESLA_SITE
        first, second = (of_site, of_entities) if is_of_site else (of_entities, of_site)
        return second if first is None else first

    def _grid_up(self, now: datetime) -> bool | None:
        """Whether the site reports that the grid has power; down if either signal says so."""
        site = self._choice.site
        if site is None or site.state[signals.HAS_GRID] is False:
            return None
        states: list[bool | None] = []
        for signal, values in _GRID_STATES.items():
            reading = site.state.reading(signal)
            if reading is not None and within(reading.time, _GRID_AGE, now):
                states.append(values.get(reading.value))
        return False if False in states else True if True in states else None


_GRID_STATES: Final[dict[Signal[Any], dict[object, bool]]] = {
    signals.GRID_STATUS: {True: True, False: False},
    signals.ISLAND_STATUS: {
        "on_grid": True,
        "off_grid": False,
        "off_grid_intentional": False,
        "off_grid_unintentional": False,
    },
}
"""Values of signals that say whether the grid has power."""


def _measure(gauges: Iterable[Gauge]) -> list[Measured] | None:
    """The power of each gauge; None if one is unknown."""
    measured = [each.measure() for each in gauges]
    known = [each for each in measured if each is not None]
    return known if len(known) == len(measured) else None


def _ignore() -> None:
    """Listen only so that the signals are polled; the meter is notified after each poll."""

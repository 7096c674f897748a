"""Where the house's meter comes from: the owner's choice, the Energy dashboard, or a Tesla site."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_BATTERY_POWER, CONF_GRID_POWER, DOMAIN
from ..coordinator import SiteCoordinator
from ..tesla import signals
from ..tesla.reading_json import as_text
from ..tesla.state import Key
from .gauges import EntityGauge, Gauge, LevelGauge, SiteGauge
from .preferences import EnergyDashboard, PowerTerm, async_read_dashboard

_OWN_POWERS: Final[dict[str, Key[float]]] = {
    "grid_power": signals.GRID_POWER,
    "grid_import_power": signals.GRID_IMPORT_POWER,
    "grid_export_power": signals.GRID_EXPORT_POWER,
    "battery_power": signals.BATTERY_POWER,
    "battery_discharge_power": signals.BATTERY_DISCHARGE_POWER,
    "battery_charge_power": signals.BATTERY_CHARGE_POWER,
}
"""Our own entities of sites, by the key of their row. They show changes only; the site knows when
it was measured."""


class MeterSource(StrEnum):
    """Source of the power from and to the grid."""

    ENERGY_DASHBOARD = "energy_dashboard"
    TESLA_SITE = "tesla_site"
    OPTIONS = "options"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MeterOptions:
    """The entities that the owner chose; None leaves the choice to Flotte."""

    grid_power: str | None = None
    battery_power: str | None = None

    @classmethod
    def of(cls, entries: Iterable[ConfigEntry]) -> MeterOptions:
        """The options of several accounts: of each option the first that is set."""
        options = [entry.options for entry in entries]
        return cls(
            *(
                next((each for option in options if (each := as_text(option.get(name)))), None)
                for name in (CONF_GRID_POWER, CONF_BATTERY_POWER)
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterChoice:
    """The chosen parts of the meter."""

    source: MeterSource = MeterSource.NONE
    grid: tuple[Gauge, ...] = ()
    battery: tuple[Gauge, ...] = ()
    """Empty if the house has no battery."""
    levels: tuple[LevelGauge, ...] = ()
    site: SiteCoordinator | None = None
    """The site of the house, which also knows the level and whether the grid has power."""
    lacks_battery: bool = False
    """Whether there is no meter because the house has a battery whose power is unknown."""

    @property
    def names(self) -> str:
        """The entities, or the site, that the power from the grid comes from, for texts."""
        return ", ".join(dict.fromkeys(each.name for each in self.grid))


@callback
def choose_meter(
    hass: HomeAssistant,
    dashboard: EnergyDashboard,
    sites: Sequence[SiteCoordinator],
    options: MeterOptions,
) -> MeterChoice:
    """Choose where each part comes from.

    Without the power of its battery, a house has no meter: what the battery discharges into a
    vehicle would pass for sun.
    """

    def gauges(terms: Iterable[PowerTerm]) -> tuple[Gauge, ...]:
        return tuple(_gauge(hass, each, sites) for each in terms)

    meters = sorted(filter(_is_meter, sites), key=lambda each: each.unique_prefix)
    if options.grid_power is not None:
        source, grid = MeterSource.OPTIONS, gauges([PowerTerm(options.grid_power)])
    elif dashboard.grid_power:
        source, grid = MeterSource.ENERGY_DASHBOARD, gauges(dashboard.grid_power)
    elif meters:
        source, grid = MeterSource.TESLA_SITE, (SiteGauge(meters[0], signals.GRID_POWER),)
    else:
        source, grid = MeterSource.NONE, ()
    site = _site_of(source, grid, meters)
    has_site_battery = site is not None and site.state[signals.HAS_BATTERY] is not False
    of_site: tuple[Gauge, ...] = ()
    if site is not None and has_site_battery and _reports(site, signals.BATTERY_POWER):
        of_site = (SiteGauge(site, signals.BATTERY_POWER),)
    if options.battery_power is not None:
        battery = gauges([PowerTerm(options.battery_power)])
    elif source is MeterSource.TESLA_SITE:
        battery = of_site or gauges(dashboard.battery_power)
    else:
        battery = gauges(dashboard.battery_power) or of_site
    if not grid or (dashboard.has_battery and not battery):
        return MeterChoice(site=site, lacks_battery=bool(grid))
    levels = dashboard.battery_levels
    has_weights = all(each.capacity for each in levels)
    return MeterChoice(
        source=source,
        grid=grid,
        battery=battery,
        levels=tuple(
            LevelGauge(hass, each.entity_id, (has_weights and each.capacity) or 1.0)
            for each in levels
        ),
        site=site,
    )


async def async_find_meter(hass: HomeAssistant) -> MeterChoice:
    """The meter of the house now, from the dashboard and all loaded accounts."""
    dashboard = await async_read_dashboard(hass)
    # Not the entry's own type, which knows the controllers.
    entries: list[ConfigEntry[Any]] = hass.config_entries.async_loaded_entries(DOMAIN)
    sites = [site for entry in entries for site in entry.runtime_data.sites]
    return choose_meter(hass, dashboard, sites, MeterOptions.of(entries))


def _gauge(hass: HomeAssistant, term: PowerTerm, sites: Iterable[SiteCoordinator]) -> Gauge:
    """The gauge of an entity; of one of our own that of its site."""
    entry = er.async_get(hass).async_get(term.entity_id)
    if entry is not None and entry.platform == DOMAIN:
        for site in sites:
            for row, signal in _OWN_POWERS.items():
                if entry.unique_id == site.unique_id_of(row):
                    return SiteGauge(site, signal, term.sign)
    return EntityGauge(hass, term.entity_id, term.sign)


def _reports(site: SiteCoordinator, signal: Key[float]) -> bool:
    reading = site.state.reading(signal)
    return reading is not None and reading.value is not None


def _is_meter(site: SiteCoordinator) -> bool:
    """Whether a site measures its house.

    One that has only panels may report zeros for what it does not measure, but no house uses
    exactly nothing.
    """
    state = site.state
    powers = [state[signals.GRID_POWER], state[signals.LOAD_POWER]]
    return powers[0] is not None and (any(powers) or state[signals.HAS_BATTERY] is True)


def _site_of(
    source: MeterSource, grid: Iterable[Gauge], meters: Sequence[SiteCoordinator]
) -> SiteCoordinator | None:
    """The site of the house; with several sites, only the one that the meter belongs to."""
    if source is MeterSource.TESLA_SITE:
        return meters[0]
    own = {id(each.site): each.site for each in grid if isinstance(each, SiteGauge)}
    candidates = list(own.values()) or meters
    return candidates[0] if len(candidates) == 1 else None

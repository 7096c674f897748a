"""Preferences of the Energy dashboard: the power of the house, prices, and solar forecasts.

The owner may set the dashboard up, change it or empty it at any time. Source of the layout: Home
Assistant's `energy` (2026.10), run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.energy.data import EnergyManager, async_get_manager
from homeassistant.core import HomeAssistant, valid_entity_id
from homeassistant.util.hass_dict import HassKey

from ..tesla.listeners import Listeners
from ..tesla.reading_json import as_number, as_object, as_text


@dataclass(frozen=True, slots=True)
class PowerTerm:
    """An entity whose power, times a sign, is a part of a sum."""

    entity_id: str
    sign: int = 1


@dataclass(frozen=True, slots=True)
class BatteryLevel:
    """An entity with the level of a home battery in per cent."""

    entity_id: str
    capacity: float | None = None
    """In kWh; None if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyDashboard:
    """The preferences of the Energy dashboard that charging at home uses."""

    grid_power: tuple[PowerTerm, ...] = ()
    """Terms of the power from the grid: of the connections that have one, as in the dashboard.

    A home with two tariffs has a connection for each, and its only sensor belongs to one of them.
    """
    battery_power: tuple[PowerTerm, ...] = ()
    """Terms of the power that the home batteries discharge; none unless every one has it."""
    has_battery: bool = False
    """Whether there is a home battery, with or without its power."""
    battery_levels: tuple[BatteryLevel, ...] = ()
    """One for each home battery; none unless every one has it."""
    import_price_entity: str | None = None
    """Entity with the price of energy from the grid.

    Each price is unknown if connections have different ones: none says which is in force.
    """
    import_price: float | None = None
    """Fixed price of energy from the grid, in the currency of Home Assistant per kWh."""
    export_price_entity: str | None = None
    """Entity with the price that is paid for energy to the grid."""
    export_price: float | None = None
    """Fixed price that is paid for energy to the grid, per kWh."""
    solar_forecasts: tuple[str, ...] = ()
    """Ids of the config entries that forecast the sun, each once."""


def read_dashboard(stored: object) -> EnergyDashboard:
    """The preferences from Home Assistant's own form; what is missing or odd is unknown."""
    sources = _objects(as_object(stored).get("energy_sources"))
    grids = [each for each in sources if each.get("type") == "grid"]
    batteries = [each for each in sources if each.get("type") == "battery"]
    levels = [_level_of(each) for each in batteries]
    forecasts = [
        entry_id
        for each in sources
        if each.get("type") == "solar"
        for entry_id in _texts(each.get("config_entry_solar_forecast"))
    ]
    import_entity, import_price = _price_of(grids, "")
    export_entity, export_price = _price_of(grids, "_export")
    return EnergyDashboard(
        grid_power=tuple(term for each in grids for term in _power_of(each)),
        battery_power=_powers_of(batteries),
        has_battery=bool(batteries),
        battery_levels=tuple(each for each in levels if each) if all(levels) else (),
        import_price_entity=import_entity,
        import_price=import_price,
        export_price_entity=export_entity,
        export_price=export_price,
        solar_forecasts=tuple(dict.fromkeys(forecasts)),
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [as_object(each) for each in value] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _price_of(
    grids: Iterable[Mapping[str, Any]], direction: str
) -> tuple[str | None, float | None]:
    """The entity or the number that is the price of all connections that have one."""
    found = {
        (
            _entity(each, f"entity_energy_price{direction}"),
            as_number(each.get(f"number_energy_price{direction}")),
        )
        for each in grids
    } - {(None, None)}
    return found.pop() if len(found) == 1 else (None, None)


def _entity(source: Mapping[str, Any], key: str) -> str | None:
    """The id of an entity; None for a statistic without one."""
    name = as_text(source.get(key))
    return name if name is not None and valid_entity_id(name) else None


def _powers_of(sources: Sequence[Mapping[str, Any]]) -> tuple[PowerTerm, ...]:
    """The terms of all sources together; none if one of them has no power."""
    powers = [_power_of(each) for each in sources]
    return tuple(term for terms in powers for term in terms) if all(powers) else ()


def _power_of(source: Mapping[str, Any]) -> tuple[PowerTerm, ...]:
    """The terms of one source.

    If the owner chose two sensors or an inverted one, Home Assistant adds a sensor of its own,
    which does not say when the others were measured. So these are read instead.
    """
    config = as_object(source.get("power_config"))
    if (inverted := _entity(config, "stat_rate_inverted")) is not None:
        return (PowerTerm(inverted, -1),)
    positive, negative = _entity(config, "stat_rate_from"), _entity(config, "stat_rate_to")
    if positive is not None and negative is not None:
        return (PowerTerm(positive), PowerTerm(negative, -1))
    rate = _entity(source, "stat_rate")
    return () if rate is None else (PowerTerm(rate),)


def _level_of(source: Mapping[str, Any]) -> BatteryLevel | None:
    entity_id = _entity(source, "stat_soc")
    capacity = as_number(source.get("capacity"))
    return None if entity_id is None else BatteryLevel(entity_id, capacity)


class EnergyPreferences:
    """The preferences of the Energy dashboard, now and after each change."""

    def __init__(self, manager: EnergyManager) -> None:
        self.changed = Listeners[()]()
        self._manager = manager

    @property
    def dashboard(self) -> EnergyDashboard:
        """The preferences now; empty ones until the owner has set the dashboard up."""
        return read_dashboard(self._manager.data)

    async def async_notify(self) -> None:
        """Notify the listeners of a change."""
        self.changed()


async def async_get_preferences(hass: HomeAssistant) -> EnergyPreferences:
    """The preferences, the same ones for all callers.

    Home Assistant's listeners can never be removed, so there is only one, for good.
    """
    manager = await async_get_manager(hass)
    if (preferences := hass.data.get(_PREFERENCES)) is None:
        preferences = hass.data[_PREFERENCES] = EnergyPreferences(manager)
        manager.async_listen_updates(preferences.async_notify)
    return preferences


async def async_read_dashboard(hass: HomeAssistant) -> EnergyDashboard:
    """The preferences of the Energy dashboard now, without following them."""
    return read_dashboard((await async_get_manager(hass)).data)


_PREFERENCES: Final = HassKey[EnergyPreferences]("flotte_energy_preferences")

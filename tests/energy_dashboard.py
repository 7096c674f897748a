"""Sources of Home Assistant's Energy dashboard, as its owner enters them."""

from typing import Any

from homeassistant.components.energy.data import EnergyManager, async_get_manager
from homeassistant.core import HomeAssistant

GRID = {
    "type": "grid",
    "stat_energy_from": "sensor.import",
    "stat_energy_to": "sensor.export",
    "entity_energy_price": "sensor.price",
    "number_energy_price": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": 0.08,
    "stat_rate": "sensor.grid",
    "cost_adjustment_day": 0.0,
}
BATTERY = {
    "type": "battery",
    "stat_energy_from": "sensor.discharged",
    "stat_energy_to": "sensor.charged",
    "stat_rate": "sensor.battery",
    "stat_soc": "sensor.level",
    "capacity": 10.0,
}
TWO_SENSORS = {"stat_rate_from": "sensor.received", "stat_rate_to": "sensor.out"}


def without(source: dict[str, Any], key: str) -> dict[str, Any]:
    """A source without one of its values."""
    return {name: value for name, value in source.items() if name != key}


async def change(hass: HomeAssistant, *sources: dict[str, Any]) -> EnergyManager:
    """Change the dashboard as its owner does."""
    manager = await async_get_manager(hass)
    await manager.async_update({"energy_sources": list(sources)})  # type: ignore[typeddict-item]
    return manager

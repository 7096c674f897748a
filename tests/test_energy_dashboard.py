"""The preferences of Home Assistant's Energy dashboard, as charging at home reads them."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.flotte.charging.preferences import (
    BatteryLevel,
    EnergyDashboard,
    PowerTerm,
    async_get_preferences,
    async_read_dashboard,
    read_dashboard,
)
from tests.energy_dashboard import BATTERY, GRID, TWO_SENSORS, change, without

NO_PRICE = GRID | {"entity_energy_price": None, "number_energy_price_export": None}
SOLAR = {
    "type": "solar",
    "stat_energy_from": "sensor.sun",
    "config_entry_solar_forecast": ["roof", "barn"],
}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        pytest.param([], {}, id="empty"),
        pytest.param([GRID], {"grid_power": (PowerTerm("sensor.grid"),)}, id="grid"),
        pytest.param(
            [GRID, GRID | {"stat_rate": "sensor.barn"}],
            {"grid_power": (PowerTerm("sensor.grid"), PowerTerm("sensor.barn"))},
            id="two connections",
        ),
        pytest.param(
            [without(GRID, "stat_rate"), GRID],
            {"grid_power": (PowerTerm("sensor.grid"),), "import_price_entity": "sensor.price"},
            id="two tariffs, one sensor",
        ),
        pytest.param(
            [GRID, GRID | {"entity_energy_price": None, "number_energy_price": 0.3}],
            {"import_price_entity": None, "import_price": None, "export_price": 0.08},
            id="two prices",
        ),
        pytest.param(
            [GRID | {"number_energy_price_export": 0}, NO_PRICE],
            {"import_price_entity": "sensor.price", "export_price": 0},
            id="price of nothing",
        ),
        pytest.param([GRID | {"stat_rate": "tibber:power"}], {"grid_power": ()}, id="no entity"),
        pytest.param(
            [GRID | {"power_config": TWO_SENSORS}],
            {"grid_power": (PowerTerm("sensor.received"), PowerTerm("sensor.out", -1))},
            id="two sensors",
        ),
        pytest.param(
            [BATTERY | {"power_config": {"stat_rate_inverted": "sensor.b"}}],
            {"battery_power": (PowerTerm("sensor.b", -1),), "grid_power": ()},
            id="inverted",
        ),
        pytest.param(
            [BATTERY, without(BATTERY, "capacity")],
            {
                "battery_power": (PowerTerm("sensor.battery"),) * 2,
                "has_battery": True,
                "battery_levels": (BatteryLevel("sensor.level", 10), BatteryLevel("sensor.level")),
            },
            id="two batteries",
        ),
        pytest.param(
            [without(without(BATTERY, "stat_rate"), "stat_soc")],
            {"battery_power": (), "has_battery": True, "battery_levels": ()},
            id="battery without power",
        ),
        pytest.param([SOLAR, SOLAR], {"solar_forecasts": ("roof", "barn")}, id="forecasts"),
        pytest.param(
            [SOLAR | {"config_entry_solar_forecast": None}], {"solar_forecasts": ()}, id="none"
        ),
        pytest.param(
            [GRID],
            {
                "import_price_entity": "sensor.price",
                "import_price": None,
                "export_price_entity": None,
                "export_price": 0.08,
            },
            id="prices",
        ),
    ],
)
def test_preferences(sources: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    read = read_dashboard({"energy_sources": sources})
    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    "stored", [None, [], {}, {"energy_sources": None}, {"energy_sources": [None, {"type": "grid"}]}]
)
def test_nothing_is_known_of_odd_preferences(stored: object) -> None:
    assert read_dashboard(stored) == EnergyDashboard()


async def test_changes_are_followed_with_one_listener(hass: HomeAssistant) -> None:
    preferences = await async_get_preferences(hass)
    assert preferences.dashboard == EnergyDashboard()
    changes: list[EnergyDashboard] = []
    stop = preferences.changed.subscribe(lambda: changes.append(preferences.dashboard))
    await change(hass, GRID | {"power_config": TWO_SENSORS})
    assert [each.grid_power for each in changes] == [
        (PowerTerm("sensor.received"), PowerTerm("sensor.out", -1))
    ]
    assert await async_read_dashboard(hass) == preferences.dashboard
    stop()
    assert await async_get_preferences(hass) is preferences
    manager = await change(hass)
    assert len(changes) == len(manager._update_listeners) == 1

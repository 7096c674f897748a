"""Every entity of sites and wall connectors of Home Assistant's own integration has one of ours.

The installed `tesla_fleet` is the reference: a row that it gains shows up here.
"""

import inspect
import re
from types import ModuleType
from typing import Final

import pytest
from homeassistant.components.tesla_fleet import binary_sensor, number, select, sensor, switch

from custom_components.flotte.tesla.state import Signal
from tests.test_entity_tables import CONNECTOR, SITE

READINGS: Final = {
    "binary_sensor.backup_capable": "backup_capable",
    "binary_sensor.components_grid_services_enabled": "grid_services_enabled",
    "binary_sensor.grid_services_active": "grid_services_active",
    "binary_sensor.storm_mode_active": "storm_active",
    "number.backup_reserve_percent": "backup_reserve",
    "number.off_grid_vehicle_charging_reserve_percent": "off_grid_vehicle_reserve",
    "select.default_real_mode": "operation_mode",
    "sensor.battery_power": "battery_power",
    "sensor.energy_left": "energy_left",
    "sensor.generator_power": "generator_power",
    "sensor.grid_power": "grid_power",
    "sensor.grid_services_power": "grid_services_power",
    "sensor.island_status": "island_status",
    "sensor.load_power": "load_power",
    "sensor.percentage_charged": "percentage_charged",
    "sensor.solar_power": "solar_power",
    "sensor.total_pack_energy": "total_pack_energy",
    "sensor.version": "gateway_version",
    "sensor.vpp_backup_reserve_percent": "vpp_reserve",
    "switch.user_settings_storm_mode_enabled": "storm_watch",
}
"""Core's entities that show one key of an answer, and our keys."""
SETTINGS: Final = {
    "select.components_customer_preferred_export_rule": "export_rule",
    "switch.components_disallow_charge_from_grid_with_solar_installed": "charge_from_grid",
}
"""Those that follow from several keys: Tesla omits some values."""
HISTORY: Final = (
    "battery_energy_exported",
    "battery_energy_imported_from_generator",
    "battery_energy_imported_from_grid",
    "battery_energy_imported_from_solar",
    "consumer_energy_imported_from_battery",
    "consumer_energy_imported_from_generator",
    "consumer_energy_imported_from_grid",
    "consumer_energy_imported_from_solar",
    "generator_energy_exported",
    "grid_energy_exported_from_battery",
    "grid_energy_exported_from_generator",
    "grid_energy_exported_from_solar",
    "grid_energy_imported",
    "grid_services_energy_exported",
    "grid_services_energy_imported",
    "solar_energy_exported",
    "total_battery_charge",
    "total_battery_discharge",
    "total_grid_energy_exported",
    "total_home_usage",
    "total_solar_generation",
)
"""Sensors of the energy history; our keys are core's."""
CONNECTORS: Final = {
    "sensor.vin": "connected_vehicle",
    "sensor.wall_connector_fault_state": "connector_fault_code",
    "sensor.wall_connector_power": "connector_power",
    "sensor.wall_connector_state": "connector_state_code",
}
SITES: Final = READINGS | SETTINGS | {f"sensor.{key}": key for key in HISTORY}


def tables_of_core(name: str) -> set[str]:
    """The rows of core's tables whose names begin so."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{row.key}"
        for module in (binary_sensor, number, sensor)
        for table, rows in vars(module).items()
        if table.startswith(name) and table.endswith("_DESCRIPTIONS")
        for row in rows
    }


def classes_of_core(module: ModuleType) -> set[str]:
    """The keys of core's entities of sites that have a class instead of a row."""
    platform = module.__name__.rpartition(".")[2]
    source = inspect.getsource(module)
    classes = re.split(r"^class ", source, flags=re.MULTILINE)[1:]
    return {
        f"{platform}.{key}"
        for each in classes
        if "TeslaFleetEnergyInfoEntity" in each
        for key in re.findall(r'super\(\).__init__\(\s*data,\s*"(\w+)"', each)
    }


def ours(tables: dict[str, str]) -> set[tuple[str, str]]:
    """Platform and key of our entities in a table of this file."""
    return {(name.partition(".")[0], key) for name, key in tables.items()}


def test_sites() -> None:
    core = tables_of_core("ENERGY_") | classes_of_core(select) | classes_of_core(switch)
    assert core == set(SITES)
    assert len(SITES) == 43
    existing = {(str(platform), row.key) for platform, table in SITE.items() for row in table}
    assert ours(SITES) - existing == set()


def test_wall_connectors() -> None:
    assert tables_of_core("WALL_CONNECTOR_") == set(CONNECTORS)
    assert len(CONNECTORS) == 4
    existing = {(str(platform), row.key) for platform, table in CONNECTOR.items() for row in table}
    assert ours(CONNECTORS) - existing == set()


@pytest.mark.parametrize("name", READINGS)
def test_a_row_shows_the_key_that_core_shows(name: str) -> None:
    platform, _, key = name.partition(".")
    (row,) = (
        row
        for each, table in SITE.items()
        for row in table
        if (str(each), row.key) == (platform, READINGS[name])
    )
    signal = getattr(row, "signal", None)
    assert isinstance(signal, Signal)
    assert {"_".join(path) for path in signal.paths} == {key}

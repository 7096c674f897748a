"""Sensors of vehicles, sites and the account: a table for each, and the entities of its rows."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..account.data import FlotteConfigEntry
from ..entity import async_add_rows, async_add_tables
from ..statistics.store import has_recorder
from .account import ACCOUNT_SENSORS, AccountSensor
from .capacity import BatteryCapacitySensor, StateOfHealthSensor
from .charged import ENERGY_CHARGED, EnergyChargedSensor
from .charging_control import async_add_charging_sensors
from .connectors import async_add_connectors
from .deferred import DeferredCommandsSensor
from .entity import sensor_of
from .history import HISTORY_IMPORTED_UNTIL, HistoryImportSensor
from .last_charge import async_add_last_charge
from .parked import PhantomDrainSensor
from .presence import VehicleStateSensor
from .rates import PRICES, PriceSensor
from .site import SITE_SENSORS
from .supercharging import SUPERCHARGING_SENSORS, SuperchargingSensor
from .vehicle import VEHICLE_SENSORS

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a sensor for each row and device."""
    data = entry.runtime_data
    async_add_tables(data, VEHICLE_SENSORS, SITE_SENSORS, sensor_of, async_add_entities)
    async_add_connectors(entry, async_add_entities)
    async_add_rows(data.sites, PRICES, PriceSensor, async_add_entities)
    async_add_entities(DeferredCommandsSensor(vehicle) for vehicle in data.vehicles)
    for made in (
        VehicleStateSensor,
        PhantomDrainSensor,
        BatteryCapacitySensor,
        StateOfHealthSensor,
    ):
        async_add_entities(made(vehicle) for vehicle in data.vehicles)
    async_add_entities(
        EnergyChargedSensor(vehicle, row) for vehicle in data.vehicles for row in ENERGY_CHARGED
    )
    for stop in async_add_last_charge(data, async_add_entities):
        entry.async_on_unload(stop)
    async_add_charging_sensors(entry, async_add_entities)
    async_add_entities(AccountSensor(entry, row) for row in ACCOUNT_SENSORS)
    if data.vehicles and data.supercharging.exists:
        async_add_entities(SuperchargingSensor(entry, row) for row in SUPERCHARGING_SENSORS)
    if has_recorder(hass):
        async_add_rows(
            data.sites,
            (HISTORY_IMPORTED_UNTIL,),
            lambda site, row: HistoryImportSensor(
                site, row, data.history_imports[site.site.site_id]
            ),
            async_add_entities,
        )

"""Tables of entities, texts and icons fit together: nothing nameless, nothing left over."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import homeassistant.components
import pytest
from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.climate import PRESET_NONE
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.const import Platform
from homeassistant.helpers.entity import EntityDescription
from homeassistant.util import slugify

import custom_components.flotte
from custom_components.flotte import (
    PLATFORMS,
    binary_sensor,
    button,
    calendar,
    climate,
    cover,
    device_tracker,
    event,
    lock,
    media_player,
    number,
    select,
    sensor,
    switch,
    time,
    update,
)
from custom_components.flotte.binary_sensor.charging import CHARGING_BINARY_SENSORS
from custom_components.flotte.binary_sensor.tables import (
    SITE_BINARY_SENSORS,
    VEHICLE_BINARY_SENSORS,
    FlotteBinarySensorDescription,
)
from custom_components.flotte.calendar.schedules import SCHEDULE_CALENDARS
from custom_components.flotte.calendar.tariff import TARIFF_CALENDARS
from custom_components.flotte.entity import FlotteEntityDescription, always
from custom_components.flotte.sensor.account import ACCOUNT_SENSORS
from custom_components.flotte.sensor.ages import DATA_AGE
from custom_components.flotte.sensor.capacity import BATTERY_CAPACITY, STATE_OF_HEALTH
from custom_components.flotte.sensor.charged import ENERGY_CHARGED
from custom_components.flotte.sensor.charging_control import (
    CHARGING_ENERGY,
    CHARGING_FIGURES,
    CHARGING_REASON,
)
from custom_components.flotte.sensor.connectors import CONNECTOR_SENSORS
from custom_components.flotte.sensor.deferred import DEFERRED_COMMANDS
from custom_components.flotte.sensor.entity import UNITS, FlotteSensorDescription
from custom_components.flotte.sensor.history import HISTORY_IMPORTED_UNTIL
from custom_components.flotte.sensor.last_charge import LAST_CHARGE, LAST_CHARGE_COST
from custom_components.flotte.sensor.parked import PHANTOM_DRAIN
from custom_components.flotte.sensor.presence import VEHICLE_STATE
from custom_components.flotte.sensor.rates import PRICES
from custom_components.flotte.sensor.site import SITE_SENSORS
from custom_components.flotte.sensor.supercharging import SUPERCHARGING_SENSORS
from custom_components.flotte.sensor.vehicle import VEHICLE_SENSORS
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Derived, Signal, inputs_of
from custom_components.flotte.tesla.units import Unit
from simulator import vehicle_data
from simulator.clock import Clock
from simulator.world import World
from tests import test_button, test_cover, test_lock, test_number, test_select, test_switch

HERE: Final = Path(custom_components.flotte.__file__).parent
TEXTS: Final[dict[str, Any]] = json.loads((HERE / "translations" / "en.json").read_text("utf-8"))
ICONS: Final[dict[str, Any]] = json.loads((HERE / "icons.json").read_text("utf-8"))

VEHICLE: Final[dict[Platform, tuple[EntityDescription, ...]]] = {
    Platform.BINARY_SENSOR: (*VEHICLE_BINARY_SENSORS, *CHARGING_BINARY_SENSORS),
    Platform.BUTTON: (*button.BUTTONS, button.CANCEL, *button.CHARGING_BUTTONS),
    Platform.CALENDAR: SCHEDULE_CALENDARS,
    Platform.CLIMATE: (climate.CLIMATE, climate.OVERHEAT_PROTECTION),
    Platform.COVER: cover.COVERS,
    Platform.DEVICE_TRACKER: device_tracker.TRACKERS,
    Platform.EVENT: (event.ALERT, event.CHARGING_SESSION, event.CHARGING_DECISION),
    Platform.LOCK: lock.LOCKS,
    Platform.MEDIA_PLAYER: (media_player.MEDIA,),
    Platform.NUMBER: (
        *number.VEHICLE_NUMBERS,
        *number.SOLAR_LIMITS,
        *number.CHARGING_NUMBERS,
    ),
    Platform.SELECT: (*select.VEHICLE_SELECTS, *select.CHARGING_SELECTS),
    Platform.SENSOR: (
        *VEHICLE_SENSORS,
        VEHICLE_STATE,
        DEFERRED_COMMANDS,
        *ENERGY_CHARGED,
        PHANTOM_DRAIN,
        BATTERY_CAPACITY,
        STATE_OF_HEALTH,
        *LAST_CHARGE,
        LAST_CHARGE_COST,
        CHARGING_REASON,
        *CHARGING_FIGURES,
        *CHARGING_ENERGY,
    ),
    Platform.SWITCH: (*switch.VEHICLE_SWITCHES, switch.SOLAR_SWITCH),
    Platform.TIME: time.TIMES,
    Platform.UPDATE: (update.SOFTWARE,),
}
SITE: Final[dict[Platform, tuple[EntityDescription, ...]]] = {
    Platform.BINARY_SENSOR: SITE_BINARY_SENSORS,
    Platform.CALENDAR: TARIFF_CALENDARS,
    Platform.EVENT: (event.POWER_OUTAGE,),
    Platform.NUMBER: number.SITE_NUMBERS,
    Platform.SELECT: select.SITE_SELECTS,
    Platform.SENSOR: (*SITE_SENSORS, HISTORY_IMPORTED_UNTIL, *PRICES),
    Platform.SWITCH: switch.SITE_SWITCHES,
}
ACCOUNT: Final[dict[Platform, tuple[EntityDescription, ...]]] = {
    Platform.EVENT: (event.DECISION,),
    Platform.NUMBER: number.ACCOUNT_NUMBERS,
    Platform.SELECT: select.ACCOUNT_SELECTS,
    Platform.SENSOR: (*ACCOUNT_SENSORS, *SUPERCHARGING_SENSORS),
}
CONNECTOR: Final[dict[Platform, tuple[EntityDescription, ...]]] = {
    Platform.SENSOR: CONNECTOR_SENSORS
}
DEVICES: Final = {"vehicle": VEHICLE, "site": SITE, "connector": CONNECTOR, "account": ACCOUNT}

NAMED_BY_THE_CAR: Final = {(Platform.CLIMATE, "climate")}
"""Entities with the name of the device."""


def rows() -> Iterator[tuple[Platform, EntityDescription]]:
    """Every row of every table, with its platform."""
    for tables in DEVICES.values():
        for platform, table in tables.items():
            for row in table:
                yield platform, row


def key_of(row: EntityDescription) -> str:
    """Key of a row in texts and icons."""
    return row.translation_key or row.key


def name_of(platform: Platform, row: EntityDescription) -> str:
    """The name that users see; the key of a row without one, which another test reports."""
    name: str = TEXTS["entity"].get(platform, {}).get(key_of(row), {}).get("name", row.key)
    return name


EVERY_ROW: Final = [
    pytest.param(platform, row, id=f"{platform}.{key_of(row)}") for platform, row in rows()
]


def test_every_platform_has_its_tables() -> None:
    assert {*VEHICLE, *SITE} == set(PLATFORMS)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_has_a_snapshot(platform: Platform) -> None:
    """It also shows what no other test looks at: attributes, features, unique ids."""
    code = (Path(__file__).parent / f"test_{platform}.py").read_text("utf-8")
    tests = (each for each in ast.parse(code).body if isinstance(each, ast.AsyncFunctionDef))
    assert any("await snapshot_platform(" in ast.unparse(test) for test in tests)


def test_keys_are_unique() -> None:
    """Unique ids are made of them: per device and platform a key occurs once."""
    for name, tables in DEVICES.items():
        for platform, table in tables.items():
            repeated = [
                key for key, count in Counter(row.key for row in table).items() if count > 1
            ]
            assert repeated == [], f"{name} {platform}"
    # The texts are shared by all devices, so a key must mean the same on each of them.
    named = Counter((platform, key_of(row)) for platform, row in rows())
    assert [each for each, count in named.items() if count > 1] == []


def test_tables_are_complete() -> None:
    """Every constant that looks like a table has its rows in those that are checked here."""
    modules = [
        binary_sensor,
        button,
        calendar,
        cover,
        device_tracker,
        lock,
        number,
        select,
        switch,
        time,
    ]
    for package in (binary_sensor, sensor):
        modules += [part for part in vars(package).values() if isinstance(part, ModuleType)]
    assert {"vehicle", "battery"} <= {module.__name__.rpartition(".")[2] for module in modules}
    known = {id(row) for _, row in rows()}
    for module in modules:
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, tuple):
                for row in value:
                    if isinstance(row, EntityDescription):
                        assert id(row) in known, f"{module.__name__}.{name}: {row.key}"


@pytest.mark.parametrize(("platform", "row"), EVERY_ROW)
def test_row_has_a_name(platform: Platform, row: EntityDescription) -> None:
    text = TEXTS["entity"].get(platform, {}).get(key_of(row), {})
    if (platform, row.key) in NAMED_BY_THE_CAR:
        assert "name" not in text
        return
    name = text.get("name")
    assert name, f"translations/en.json: entity.{platform}.{key_of(row)} has no name"
    # Sentence case, as Home Assistant wants it.
    assert name == name.strip()
    assert name[0].isupper()


@pytest.mark.parametrize(("platform", "row"), EVERY_ROW)
def test_row_has_an_icon(platform: Platform, row: EntityDescription) -> None:
    """Its own, or the one that Home Assistant has for its device class."""
    own = ICONS["entity"].get(platform, {}).get(key_of(row), {})
    if own:
        assert own["default"].startswith("mdi:")
        return
    builtin = json.loads(
        (Path(homeassistant.components.__file__).parent / platform / "icons.json").read_text()
    )["entity_component"]
    has_builtin = row.device_class in builtin
    assert has_builtin, f"icons.json: entity.{platform}.{key_of(row)} has no default icon"


@pytest.mark.parametrize("section", ["entity", "icons"])
def test_nothing_is_left_over(section: str) -> None:
    """No text and no icon of a row that does not exist any more."""
    written = TEXTS["entity"] if section == "entity" else ICONS["entity"]
    existing = {(str(platform), key_of(row)) for platform, row in rows()}
    left = [
        f"{platform}.{key}"
        for platform, keys in written.items()
        for key in keys
        if (platform, key) not in existing
    ]
    assert left == []


@pytest.mark.parametrize("device", DEVICES)
def test_no_two_entities_of_a_device_share_a_name(device: str) -> None:
    """Voice and people distinguish them by name, whatever their platform."""
    names: dict[str, list[str]] = {}
    for platform, table in DEVICES[device].items():
        for row in table:
            name = name_of(platform, row).casefold()
            names.setdefault(name, []).append(f"{platform}.{row.key}")
    assert {name: which for name, which in names.items() if len(which) > 1} == {}


def test_every_option_has_a_text() -> None:
    for platform, row in rows():
        options: list[str] = []
        if isinstance(row, SelectEntityDescription | SensorEntityDescription):
            options = list(row.options or ())
        written = TEXTS["entity"].get(platform, {}).get(key_of(row), {}).get("state", {})
        assert set(written) == set(options), (
            f"translations/en.json: the texts in entity.{platform}.{key_of(row)}.state, and the "
            "options of the row"
        )


def test_every_preset_has_a_text_and_an_icon() -> None:
    presets = set(climate.PRESETS.values()) - {PRESET_NONE}
    for source in (TEXTS, ICONS):
        mode = source["entity"]["climate"]["climate"]["state_attributes"]["preset_mode"]
        assert set(mode["state"]) == presets
    assert set(climate.PRESETS) == set(signals.KEEPER_MODES)


def test_icons_of_states_belong_to_states() -> None:
    """An icon for a value that never occurs is one that was misspelled."""
    usual = {
        Platform.BINARY_SENSOR: {"on", "off"},
        Platform.SWITCH: {"on", "off"},
        Platform.LOCK: {"locked", "unlocked"},
    }
    for platform, row in rows():
        icon = ICONS["entity"].get(platform, {}).get(key_of(row), {})
        options = set(getattr(row, "options", None) or ()) or usual.get(platform, set())
        assert set(icon.get("state", {})) <= options, f"{platform}.{key_of(row)}"


def test_selects_have_a_value_for_each_option() -> None:
    for row in (*select.VEHICLE_SELECTS, *select.SITE_SELECTS):
        assert len(row.values) == len(row.options or ()), row.key


def test_options_of_sensors_are_those_of_their_signals() -> None:
    for row in (*VEHICLE_SENSORS, *SITE_SENSORS):
        for option in row.options or ():
            parsed = row.signal.parse(option) if not isinstance(row.signal, Derived) else option
            assert parsed == option, row.key


OTHER_KEYS: Final[dict[str, Signal[Any] | Derived[Any]]] = {
    "binary_sensor.charge_cable": signals.PLUGGED_IN,
    "binary_sensor.charging": signals.IS_CHARGING,
    "binary_sensor.dashcam": signals.DASHCAM_RECORDING,
    "binary_sensor.dc_converter": signals.DC_CONVERTER_ENABLED,
    "binary_sensor.guest_mode_enabled": signals.GUEST_MODE,
    "binary_sensor.remote_start_enabled": signals.REMOTE_START,
    "cover.charge_port": signals.CHARGE_PORT_OPEN,
    "cover.sunroof": signals.SUNROOF_OPEN,
    "cover.tonneau": signals.TONNEAU_OPEN,
    "cover.windows": signals.WINDOWS_OPEN,
    "device_tracker.route": signals.ROUTE_LOCATION,
    "lock.charge_cable_lock": signals.CHARGE_PORT_LATCH,
    "lock.doors": signals.LOCKED,
    "sensor.charge_cable_type": signals.CONNECTED_CABLE,
    "sensor.charging_status": signals.CHARGING_STATE,
    "sensor.data_age": DATA_AGE,
    "sensor.current_charge_limit": signals.CHARGE_LIMIT,
    "sensor.buy_price": signals.BUY_TARIFF,
    "sensor.range": signals.RATED_RANGE,
    "sensor.sell_price": signals.SELL_TARIFF,
    "sensor.scheduled_charging_start": signals.CHARGING_STARTS,
    "sensor.scheduled_departure": signals.DEPARTURE,
    "sensor.tonneau_open": signals.TONNEAU_OPEN_PERCENT,
    "sensor.update_duration": signals.UPDATE_MINUTES,
    "switch.charge": signals.IS_CHARGING,
}
"""Rows with a key other than the name of their signal."""


def test_rows_show_the_signal_of_their_key() -> None:
    """A row that shows the signal of its neighbour would look plausible for ever."""
    other = {}
    for platform, row in rows():
        signal = getattr(row, "signal", None)
        if signal is not None and signal is not getattr(signals, row.key.upper(), None):
            other[f"{platform}.{row.key}"] = signal
    assert other == OTHER_KEYS, (
        "a row has the name of its signal; if another one is right, list it in OTHER_KEYS"
    )


NUMERIC_CLASSES: Final[dict[Unit, set[SensorDeviceClass | None]]] = {
    Unit.PERCENT: {SensorDeviceClass.BATTERY, None},
    Unit.DEGREE: {None},
    Unit.KILOMETRE: {SensorDeviceClass.DISTANCE},
    Unit.METRE: {SensorDeviceClass.DISTANCE},
    Unit.KILOMETRE_PER_HOUR: {SensorDeviceClass.SPEED},
    Unit.METRE_PER_SECOND_SQUARED: {None},
    Unit.RADIAN_PER_SECOND: {None},
    Unit.NEWTON_METRE: {None},
    Unit.KILOGRAM: {SensorDeviceClass.WEIGHT},
    Unit.CELSIUS: {SensorDeviceClass.TEMPERATURE},
    Unit.BAR: {SensorDeviceClass.PRESSURE},
    Unit.VOLT: {SensorDeviceClass.VOLTAGE},
    Unit.AMPERE: {SensorDeviceClass.CURRENT},
    Unit.KILOHM: {None},
    Unit.WATT: {SensorDeviceClass.POWER},
    Unit.KILOWATT: {SensorDeviceClass.POWER},
    Unit.WATT_HOUR: {SensorDeviceClass.ENERGY, SensorDeviceClass.ENERGY_STORAGE},
    Unit.KILOWATT_HOUR: {SensorDeviceClass.ENERGY, SensorDeviceClass.ENERGY_STORAGE},
    Unit.MILLISECOND: {SensorDeviceClass.DURATION},
    Unit.MINUTE: {SensorDeviceClass.DURATION},
    Unit.HOUR: {SensorDeviceClass.DURATION},
}
"""The device classes of a number, by its unit."""

OTHER_CLASSES: Final = {None, SensorDeviceClass.ENUM, SensorDeviceClass.TIMESTAMP}
"""The device classes of a value without a unit."""


WORDS_OF_BINARY_CLASSES: Final[dict[BinarySensorDeviceClass, str]] = {
    BinarySensorDeviceClass.BATTERY_CHARGING: r"charging",
    BinarySensorDeviceClass.CONNECTIVITY: (
        r"online|streaming|wifi|cellular|gps_fix|homelink_nearby|fast_charger"
    ),
    BinarySensorDeviceClass.DOOR: r"doors?_.*",
    BinarySensorDeviceClass.HEAT: r"(battery|wiper)_heater|rear_defrost",
    BinarySensorDeviceClass.LIGHT: r"hazard_lights|high_beams",
    BinarySensorDeviceClass.OCCUPANCY: r"user_present",
    BinarySensorDeviceClass.PLUG: r"charge_cable",
    BinarySensorDeviceClass.POWER: r"ready_to_drive|dc_converter|accessory_power|grid_status",
    BinarySensorDeviceClass.PRESENCE: r"at_.*",
    BinarySensorDeviceClass.PROBLEM: (
        r"(low|flat)_tyre_.*|.*_fault|not_enough_power_to_heat|emergency_braking_off"
    ),
    BinarySensorDeviceClass.RUNNING: (
        r"preconditioning|overheat_cooling|air_conditioning|defrost_by_preconditioning"
        r"|seat_ventilation|update_in_progress|dashcam|storm_active|grid_services_active"
    ),
    BinarySensorDeviceClass.SAFETY: r".*_belt_open",
    BinarySensorDeviceClass.UPDATE: r"update_available",
    BinarySensorDeviceClass.WINDOW: r"window_.*",
}
"""The keys of binary sensors by device class, which words their "on": "open", or "unlocked"."""


@pytest.mark.parametrize(
    "row",
    [*VEHICLE_BINARY_SENSORS, *SITE_BINARY_SENSORS],
    ids=lambda row: row.key,
)
def test_device_class_of_a_binary_sensor_suits_its_key(
    row: FlotteBinarySensorDescription,
) -> None:
    """With the wrong one, a closed door is shown as locked, or a fault as a connection."""
    fitting = [
        device_class
        for device_class, words in WORDS_OF_BINARY_CLASSES.items()
        if re.fullmatch(words, row.key)
    ]
    assert ([row.device_class] if row.device_class else []) == fitting, (
        'add the key to the words of its device class, whose text for "on" must be true of it'
    )


SIGNAL_SENSORS: Final = [pytest.param(row, id=row.key) for row in (*VEHICLE_SENSORS, *SITE_SENSORS)]


@pytest.mark.parametrize("unit", Unit)
def test_units_are_those_of_home_assistant(unit: Unit) -> None:
    """A unit that Home Assistant spells otherwise could not be converted."""
    assert UNITS[unit] == unit.value
    for device_class in NUMERIC_CLASSES[unit] - {None}:
        assert device_class is not None
        assert UNITS[unit] in DEVICE_CLASS_UNITS[device_class]


@pytest.mark.parametrize("row", SIGNAL_SENSORS)
def test_device_class_of_a_sensor_suits_the_unit_of_its_signal(
    row: FlotteSensorDescription,
) -> None:
    # A row has no unit of its own: it could only contradict the signal.
    assert row.native_unit_of_measurement is None
    unit = row.signal.unit
    fitting = OTHER_CLASSES if unit is None else NUMERIC_CLASSES[unit]
    assert row.device_class in fitting, f"{row.key} shows a signal in {unit}"
    if (suggested := row.suggested_unit_of_measurement) is not None:
        assert row.device_class is not None
        assert suggested in DEVICE_CLASS_UNITS[row.device_class]


@pytest.mark.parametrize("row", number.VEHICLE_NUMBERS + number.SITE_NUMBERS)
def test_numbers_have_the_unit_of_their_signals(
    row: number.FlotteNumberDescription,
) -> None:
    assert row.signal.unit is not None
    assert row.native_unit_of_measurement == UNITS[row.signal.unit]


COUNTERS: Final = {
    "ac_charge_energy": SensorStateClass.TOTAL,
    "battery_energy_exported": SensorStateClass.TOTAL,
    "battery_energy_imported_from_generator": SensorStateClass.TOTAL,
    "battery_energy_imported_from_grid": SensorStateClass.TOTAL,
    "battery_energy_imported_from_solar": SensorStateClass.TOTAL,
    "charge_energy_added": SensorStateClass.TOTAL,
    "consumer_energy_imported_from_battery": SensorStateClass.TOTAL,
    "consumer_energy_imported_from_generator": SensorStateClass.TOTAL,
    "consumer_energy_imported_from_grid": SensorStateClass.TOTAL,
    "consumer_energy_imported_from_solar": SensorStateClass.TOTAL,
    "distance_since_reset": SensorStateClass.TOTAL,
    "generator_energy_exported": SensorStateClass.TOTAL,
    "grid_energy_exported_from_battery": SensorStateClass.TOTAL,
    "grid_energy_exported_from_generator": SensorStateClass.TOTAL,
    "grid_energy_exported_from_solar": SensorStateClass.TOTAL,
    "grid_energy_imported": SensorStateClass.TOTAL,
    "grid_services_energy_exported": SensorStateClass.TOTAL,
    "grid_services_energy_imported": SensorStateClass.TOTAL,
    "lifetime_battery_charge": SensorStateClass.TOTAL_INCREASING,
    "lifetime_battery_discharge": SensorStateClass.TOTAL_INCREASING,
    "lifetime_energy_charged": SensorStateClass.TOTAL_INCREASING,
    "lifetime_energy_charged_dc": SensorStateClass.TOTAL_INCREASING,
    "lifetime_energy_recovered": SensorStateClass.TOTAL_INCREASING,
    "lifetime_energy_used": SensorStateClass.TOTAL_INCREASING,
    "lifetime_grid_export": SensorStateClass.TOTAL_INCREASING,
    "lifetime_grid_import": SensorStateClass.TOTAL_INCREASING,
    "lifetime_home": SensorStateClass.TOTAL_INCREASING,
    "lifetime_solar": SensorStateClass.TOTAL_INCREASING,
    "odometer": SensorStateClass.TOTAL_INCREASING,
    "self_driven_since_reset": SensorStateClass.TOTAL,
    "solar_energy_exported": SensorStateClass.TOTAL,
    "total_battery_charge": SensorStateClass.TOTAL,
    "total_battery_discharge": SensorStateClass.TOTAL,
    "total_grid_energy_exported": SensorStateClass.TOTAL,
    "total_home_usage": SensorStateClass.TOTAL,
    "total_solar_generation": SensorStateClass.TOTAL,
}
"""Sensors that only rise: for ever, or until they begin again."""
WITHOUT_STATISTICS: Final = {
    "brick_of_highest_voltage",
    "brick_of_lowest_voltage",
    "charger_phases",
    "coldest_module",
    "cruise_distance",
    "current_charge_limit",
    "data_age",
    "last_outage_duration",
    "route_energy",
    "route_traffic_delay",
    "vpp_reserve",
    "warmest_module",
}
"""Numbers whose average says nothing: settings, numbers of parts, forecasts."""


@pytest.mark.parametrize("row", SIGNAL_SENSORS)
def test_state_class_of_a_sensor_suits_its_number(row: FlotteSensorDescription) -> None:
    is_number = row.signal.unit is not None or getattr(row.signal, "bounds", None) is not None
    if not is_number or row.key in WITHOUT_STATISTICS:
        expected = None
    elif row.signal.unit is Unit.DEGREE:
        expected = SensorStateClass.MEASUREMENT_ANGLE
    else:
        expected = COUNTERS.get(row.key, SensorStateClass.MEASUREMENT)
    assert row.state_class is expected, (
        f"{row.key} should have {expected}; a counter belongs in COUNTERS, a number without "
        "a meaningful average in WITHOUT_STATISTICS"
    )


OPTIONAL: Final = {
    "binary_sensor.backup_capable",
    "binary_sensor.cellular",
    "binary_sensor.grid_services_active",
    "binary_sensor.grid_services_enabled",
    "binary_sensor.grid_status",
    "binary_sensor.light_bar",
    "binary_sensor.storm_active",
    "binary_sensor.streaming",
    "binary_sensor.wifi",
    "button.homelink",
    "calendar.buy_tariff",
    "calendar.charge_schedules",
    "calendar.precondition_schedules",
    "calendar.sell_tariff",
    "cover.sunroof",
    "cover.tonneau",
    "event.power_outage",
    "number.backup_reserve",
    "number.charge_on_solar_lower_limit",
    "number.charge_on_solar_upper_limit",
    "number.off_grid_vehicle_reserve",
    "select.export_rule",
    "select.operation_mode",
    "select.seat_cooler_left",
    "select.seat_cooler_right",
    "select.seat_heater_rear_center",
    "select.seat_heater_rear_left",
    "select.seat_heater_rear_right",
    "select.seat_heater_third_row_left",
    "select.seat_heater_third_row_right",
    "select.steering_wheel_level",
    "sensor.axle_speed_rear_left",
    "sensor.axle_speed_rear_right",
    "sensor.battery_charge_power",
    "sensor.battery_discharge_power",
    "sensor.battery_energy_exported",
    "sensor.battery_energy_imported_from_generator",
    "sensor.battery_energy_imported_from_grid",
    "sensor.battery_energy_imported_from_solar",
    "sensor.battery_power",
    "sensor.buy_price",
    "sensor.consumer_energy_imported_from_battery",
    "sensor.consumer_energy_imported_from_generator",
    "sensor.consumer_energy_imported_from_grid",
    "sensor.consumer_energy_imported_from_solar",
    "sensor.energy_left",
    "sensor.gateway_version",
    "sensor.generator_energy_exported",
    "sensor.generator_power",
    "sensor.grid_energy_exported_from_battery",
    "sensor.grid_energy_exported_from_generator",
    "sensor.grid_energy_exported_from_solar",
    "sensor.grid_energy_imported",
    "sensor.grid_export_power",
    "sensor.grid_import_power",
    "sensor.grid_power",
    "sensor.grid_services_energy_exported",
    "sensor.grid_services_energy_imported",
    "sensor.grid_services_power",
    "sensor.heat_sink_rear_left",
    "sensor.heat_sink_rear_right",
    "sensor.history_imported_until",
    "sensor.inverter_rear_left",
    "sensor.inverter_rear_right",
    "sensor.inverter_temperature_rear_left",
    "sensor.inverter_temperature_rear_right",
    "sensor.inverter_voltage_rear_left",
    "sensor.inverter_voltage_rear_right",
    "sensor.island_status",
    "sensor.last_outage",
    "sensor.last_outage_duration",
    "sensor.lifetime_battery_charge",
    "sensor.lifetime_battery_discharge",
    "sensor.lifetime_grid_export",
    "sensor.lifetime_grid_import",
    "sensor.lifetime_home",
    "sensor.lifetime_solar",
    "sensor.load_power",
    "sensor.motor_current_rear_left",
    "sensor.motor_current_rear_right",
    "sensor.outages_in_12_months",
    "sensor.percentage_charged",
    "sensor.sell_price",
    "sensor.solar_energy_exported",
    "sensor.solar_power",
    "sensor.stator_rear_left",
    "sensor.stator_rear_right",
    "sensor.tent_mode",
    "sensor.tonneau_open",
    "sensor.torque_rear_left",
    "sensor.torque_rear_right",
    "sensor.total_battery_charge",
    "sensor.total_battery_discharge",
    "sensor.total_grid_energy_exported",
    "sensor.total_home_usage",
    "sensor.total_pack_energy",
    "sensor.total_solar_generation",
    "sensor.vpp_reserve",
    "sensor.wall_connector_power",
    "switch.auto_steering_wheel",
    "switch.charge_on_solar",
    "switch.charge_from_grid",
    "switch.storm_watch",
}
"""Rows of equipment that not every vehicle or site has."""


def test_rows_of_optional_equipment_exist_only_where_it_does() -> None:
    optional = {
        f"{platform}.{row.key}"
        for platform, row in rows()
        if isinstance(row, FlotteEntityDescription) and (row.exists is not always or row.models)
    }
    assert optional == OPTIONAL, "list rows with `exists` or `models` in OPTIONAL, and only those"


OF_EVERY_CAR: Final = {
    "sensor.pack_current",
    "sensor.pack_power",
    "sensor.pack_voltage",
    "sensor.vehicle_name",
}
"""Rows without `exists`, although a simulated car leaves the value out: some software does."""


def reported_by_every_simulated_car() -> frozenset[Signal[Any]]:
    """The signals in the polled answers of all simulated cars, with or without a value."""
    wanted = {*vehicle_data.STANDARD_SECTIONS, "location_data"}
    answers = (
        vehicle_data.sections(car, wanted, location=True) for car in World(Clock()).cars.values()
    )
    now = datetime.now(UTC)
    read = (signals.read_sections(each, signals.VEHICLE_SIGNALS, now).keys() for each in answers)
    return frozenset.intersection(*map(frozenset, read))


def test_rows_without_exists_show_what_every_car_reports() -> None:
    """A value that one simulated car leaves out is of equipment that not every car has."""
    reported = reported_by_every_simulated_car()
    partly = {
        f"{platform}.{row.key}"
        for platform, table in VEHICLE.items()
        for row in table
        if isinstance(row, FlotteEntityDescription) and row.exists is always
        for signal in inputs_of(getattr(row, "signal", None) or signals.ONLINE)
        if signal.paths and signal not in reported
    }
    assert partly == OF_EVERY_CAR, "give the row `exists`, or list it if every real car has it"


@pytest.mark.parametrize("table", [VEHICLE_SENSORS, SITE_SENSORS])
def test_no_two_sensors_show_one_signal(table: tuple[FlotteSensorDescription, ...]) -> None:
    shown = Counter(row.signal for row in table)
    assert [signal for signal, count in shown.items() if count > 1] == []


def test_state_classes_suit_their_device_classes() -> None:
    """A statistic of an energy that is no total would be an average of a meter."""
    for row in (*VEHICLE_SENSORS, *SITE_SENSORS):
        if row.device_class is not None and row.state_class is not None:
            allowed = DEVICE_CLASS_STATE_CLASSES[row.device_class]
            assert row.state_class in allowed, row.key


def test_sensors_of_sites_exist_only_where_the_site_has_them() -> None:
    for row in SITE_SENSORS:
        if inputs_of(row.signal):
            assert row.exists is not always, row.key


def test_every_shown_signal_is_polled_or_streamed() -> None:
    """A row whose signal is neither polled nor streamed would stay unknown for ever."""
    for platform, row in rows():
        shown = getattr(row, "signal", None)
        if shown is None:
            continue
        for signal in inputs_of(shown):
            is_reported = signal.paths or signal.streamed or signal in OWN
            assert is_reported, f"{platform}.{row.key}"


NOT_USED: Final = {
    # A sensor of a polyline says nothing.
    "ROUTE_LINE",
    # Of the Semi there are no entities.
    "LIFETIME_ENERGY_DRIVEN",
    "SEMI_CRUISE_LIMIT",
    "SEMI_MASS",
    "SEMI_PRESSURE_1_LEFT_0",
    "SEMI_PRESSURE_1_LEFT_1",
    "SEMI_PRESSURE_1_RIGHT_0",
    "SEMI_PRESSURE_1_RIGHT_1",
    "SEMI_PRESSURE_2_LEFT_0",
    "SEMI_PRESSURE_2_LEFT_1",
    "SEMI_PRESSURE_2_RIGHT_0",
    "SEMI_PRESSURE_2_RIGHT_1",
    "SEMI_SEAT",
    "SEMI_TRACTOR_BRAKE",
    "SEMI_TRAILER_BRAKE",
}
"""Signals that nothing reads: they are in the table because Tesla streams their fields."""


def test_signals_that_nothing_reads_are_known() -> None:
    """One that is neither shown nor read is dead, unless Tesla's list of fields has it."""
    words = Counter(
        word
        for path in HERE.rglob("*.py")
        for word in re.findall(r"\b[A-Z][A-Z0-9_]+\b", path.read_text("utf-8"))
    )
    names = {name for name, value in vars(signals).items() if isinstance(value, Signal | Derived)}
    # Its definition is one.
    assert {name for name in names if words[name] < 2} == NOT_USED, (
        "list signals that nothing reads in NOT_USED, and only those"
    )
    assert {name for name in NOT_USED if not getattr(signals, name).streamed} == set()


OWN: Final = {signals.ONLINE, signals.STREAMING, signals.WIFI, signals.CELLULAR}
"""Signals that Flotte determines on its own."""


def test_entities_of_streamed_signals_are_off_by_default() -> None:
    """It would stay unknown on a car that does not stream."""
    for platform, row in rows():
        shown = getattr(row, "signal", None)
        if shown is None or not row.entity_registry_enabled_default:
            continue
        polled = all(signal.paths or signal in OWN for signal in inputs_of(shown))
        assert polled, f"{platform}.{row.key}"


CASES: Final = {
    Platform.BUTTON: test_button.CASES,
    Platform.COVER: (*test_cover.CASES, *test_cover.SUNROOF),
    Platform.LOCK: test_lock.CASES,
    Platform.NUMBER: test_number.CASES,
    Platform.SELECT: (*test_select.CASES, *test_select.REAR_SEATS, *test_select.EQUIPPED),
    Platform.SWITCH: (*test_switch.CASES, *test_switch.RARE),
}
"""The cases of commands in the tests of a platform."""
TESTED_ALONE: Final = {
    "button.cancel_waiting_commands",
    "button.follow_the_sun_again",
    "button.homelink",
    "button.refresh",
    "button.wake_up",
    "cover.tonneau_cover",
    "number.charge_on_solar_lower_limit",
    "number.charge_on_solar_upper_limit",
    "number.commands_a_day_for_charging",
    "number.lowest_battery_level",
    "number.charging_priority",
    "number.ready_level",
    "select.charging_mode",
    "select.ready_on",
    "switch.charge_on_solar",
}
"""Entities with tests of their own instead."""


def test_every_command_of_a_car_has_a_case() -> None:
    """A snapshot shows that an entity exists, and not that a car obeys it."""
    without = {
        f"{platform}.{slugify(name_of(platform, row))}"
        for platform in CASES
        for row in VEHICLE[platform]
    }
    without -= {case.entity.replace("{}_", "") for cases in CASES.values() for case in cases}
    assert without == TESTED_ALONE, (
        "add a case to the platform's test, for example to RARE in tests/test_switch.py; if a case "
        "does not fit, write a test and list the entity in TESTED_ALONE"
    )

"""Streamed fields, compared with polled answers."""

from typing import Any

import pytest

from simulator.telemetry.field import Invalid
from simulator.telemetry.fields import FIELDS, NAMES
from simulator.world import World
from tests.simulator.telemetry_server import DrivenClock, said

AURORA = "XP7YGCEK0RB000001"
NOW = 1795339800.0
SAME = {
    "Odometer": "vehicle_state.odometer",
    "Soc": "charge_state.usable_battery_level",
    "BatteryLevel": "charge_state.battery_level",
    "RatedRange": "charge_state.battery_range",
    "EstBatteryRange": "charge_state.est_battery_range",
    "IdealBatteryRange": "charge_state.ideal_battery_range",
    "DCChargingEnergyIn": "charge_state.charge_energy_added",
    "ACChargingPower": "charge_state.charger_power",
    "ChargeLimitSoc": "charge_state.charge_limit_soc",
    "TimeToFullCharge": "charge_state.time_to_full_charge",
    "ChargeAmps": "charge_state.charger_actual_current",
    "ChargerVoltage": "charge_state.charger_voltage",
    "ChargerPhases": "charge_state.charger_phases",
    "ChargeCurrentRequest": "charge_state.charge_current_request",
    "ChargeCurrentRequestMax": "charge_state.charge_current_request_max",
    "ChargeEnableRequest": "charge_state.charge_enable_request",
    "ChargeRateMilePerHour": "charge_state.charge_rate",
    "ChargePortDoorOpen": "charge_state.charge_port_door_open",
    "FastChargerPresent": "charge_state.fast_charger_present",
    "InsideTemp": "climate_state.inside_temp",
    "OutsideTemp": "climate_state.outside_temp",
    "HvacLeftTemperatureRequest": "climate_state.driver_temp_setting",
    "HvacFanStatus": "climate_state.fan_status",
    "SeatHeaterLeft": "climate_state.seat_heater_left",
    "Locked": "vehicle_state.locked",
    "DriverSeatOccupied": "vehicle_state.is_user_present",
    "TpmsPressureFl": "vehicle_state.tpms_pressure_fl",
    "VehicleSpeed": "drive_state.speed",
    "DestinationName": "drive_state.active_route_destination",
    "MilesToArrival": "drive_state.active_route_miles_to_arrival",
    "MinutesToArrival": "drive_state.active_route_minutes_to_arrival",
    "ExpectedEnergyPercentAtTripArrival": "drive_state.active_route_energy_at_arrival",
    "GpsHeading": "drive_state.heading",
    "CurrentLimitMph": "vehicle_state.speed_limit_mode.current_limit_mph",
    "MediaAudioVolume": "vehicle_state.media_info.audio_volume",
    "MediaNowPlayingTitle": "vehicle_state.media_info.now_playing_title",
    "EuropeVehicle": "vehicle_config.eu_vehicle",
    "WheelType": "vehicle_config.wheel_type",
}
"""Fields and paths with the same meaning and unit."""
SECTIONS = {
    "charge_state",
    "climate_state",
    "drive_state",
    "location_data",
    "vehicle_state",
    "vehicle_config",
}
TOLERANCES = {
    "ACChargingPower": 0.5,
    "ChargerVoltage": 2.5,
    "ChargeAmps": 0.5,
    "Soc": 0.5,
    "BatteryLevel": 0.5,
    "GpsHeading": 0.5,
    "VehicleSpeed": 0.5,
}
"""Where one of the two is rounded more than the other, or noisy."""


@pytest.mark.parametrize(
    "orders",
    [
        {"state": "online"},
        {"charging": True},
        {"plugged_in": "dc", "battery_level": 20, "charging": True},
        {"drive": True, "climate": True},
    ],
    ids=["stands", "ac", "dc", "drives"],
)
def test_streamed_values_equal_polled_ones(orders: dict[str, Any]) -> None:
    clock = DrivenClock(NOW)
    car = World(clock).cars[AURORA]
    car.steer(orders)
    clock.advance(77)
    asked = car.vehicle_data(SECTIONS, location=True)
    for name, path in SAME.items():
        if orders.get("plugged_in") == "dc" and name in ("ACChargingPower", "ChargerVoltage"):
            continue
        expected: Any = asked
        for part in path.split("."):
            expected = expected.get(part)
        told = FIELDS[name].read(car)
        if isinstance(told, Invalid):
            assert expected is None, name
        elif isinstance(told, float):
            tolerance = TOLERANCES.get(name, 0.06)
            assert told == pytest.approx(expected or 0, abs=tolerance), name
        else:
            assert told == expected, name


def test_every_value_fits_its_arm() -> None:
    for car in World(DrivenClock(NOW)).cars.values():
        for name, spec in FIELDS.items():
            value = spec.read(car)
            if value is None:
                continue
            datum = spec.datum(value)
            assert datum.key == spec.number
            arm = "invalid" if isinstance(value, Invalid) else spec.arm
            assert datum.value.WhichOneof("value") == arm, name


def test_names_that_a_configuration_may_hold() -> None:
    assert len(NAMES) == 277
    assert set(FIELDS) < NAMES
    assert {"Soc", "RouteLine", "SemitruckTpmsPressureRe1L0"} < NAMES
    assert "Unknown" not in NAMES


@pytest.mark.parametrize(
    ("name", "firmware"),
    [
        ("Soc", (2024, 26)),
        ("DetailedChargeState", (2024, 38)),
        ("CenterDisplay", (2024, 44, 25)),
        ("ChargerVoltage", (2024, 44, 32)),
        ("LocatedAtHome", (2024, 44, 32)),
        ("MediaAudioVolume", (2025, 2, 6)),
        ("SoftwareUpdateAvailable", (2026, 32)),
    ],
)
def test_first_firmware(name: str, firmware: tuple[int, ...]) -> None:
    assert FIELDS[name].firmware == firmware


def test_vectors_of_single_fields() -> None:
    """Bytes of Tesla's own example of a record with zero values."""
    spec = FIELDS["Soc"]
    assert spec.datum(0.0).SerializeToString().hex() == "0808120929" + "00" * 8
    assert FIELDS["GpsState"].datum(False).SerializeToString().hex() == "081612023000"  # noqa: FBT003 - the value of the field
    assert FIELDS["DoorState"].datum((False,) * 6).SerializeToString().hex() == "083a1203aa0100"
    assert FIELDS["Gear"].datum("D").SerializeToString().hex() == "080a12024805"
    assert said(b"") == {}


@pytest.mark.parametrize(
    ("firmware", "door", "version"),
    [("2024.44.25", "pf", "2026.38.9"), ("2024.44.32", "dr", "2024.44.32 5a1cbd3e0f2b")],
)
def test_old_firmware_crosses_doors_and_sends_the_offered_version(
    firmware: str, door: str, version: str
) -> None:
    car = World(DrivenClock(NOW)).cars[AURORA]
    car.software.installed = firmware
    car.steer({"open": [door], "software_update": {"version": "2026.38.9", "status": "available"}})
    assert FIELDS["DoorState"].read(car) == (False, True, False, False, False, False)
    assert FIELDS["Version"].read(car) == version

"""The table of all fields of Fleet Telemetry that a simulated car sends.

Units are Tesla's: miles, mph, °C, kWh, kW, V, A and bar, whatever the owner's display shows. A
field that is not in the table, or that this build or firmware does not have, is left out of every
message. Names, types and units: Tesla's `vehicle_data.proto` and list of fields, August 2026;
`number` is the field's in that proto.
"""

import math

from tesla_protocol.telemetry.vehicle_data_pb2 import Field, Value

from simulator import vehicle_data
from simulator.telemetry import readers
from simulator.telemetry.field import INVALID, FieldSpec, Reader, Version
from simulator.vehicle.body import WHEELS
from simulator.vehicle.charging import AC_EFFICIENCY
from simulator.vehicle.media import MAX_VOLUME, STEP
from simulator.vehicle.software import INSTALL_SECONDS

_MINIMUM_FIRMWARE = (
    (178, (2024, 26)),
    (179, (2024, 38)),
    (183, (2024, 44, 25)),
    (184, (2024, 44, 32)),
    (228, (2024, 44, 25)),
    (238, (2024, 44, 32)),
    (257, (2025, 2, 6)),
    (259, (2025, 44, 25, 5)),
    (269, (2026, 32)),
)
"""The first firmware with the fields up to a number. None is known for later fields."""


def _needs(number: int) -> Version:
    for highest, firmware in _MINIMUM_FIRMWARE:
        if number <= highest:
            return firmware
    return (math.inf,)  # type: ignore[return-value]  # above every version there is


_WHEEL_RADIUS_M = 0.34
_HARD_PEDAL = 3.0
"""m/s² at a fully pressed pedal."""
_CAR_TYPES = {"models": "ModelS", "models2": "ModelS", "model3": "Model3", "modely": "ModelY"}
_KEEPERS = {"off": "Off", "on": "On", "dog": "Dog", "camp": "Party"}
_DEFROST = ("Off", "Normal", "Max")

_READERS: dict[str, tuple[str, Reader]] = {
    # Battery and charging
    "ChargeState": ("string_value", readers.charge_state),
    "BmsFullchargecomplete": ("boolean_value", lambda car: car.battery.percent > 99.9),  # noqa: PLR2004 - percent
    "PackVoltage": ("double_value", readers.pack_volts),
    "PackCurrent": ("double_value", readers.pack_amps),
    "BrickVoltageMax": ("double_value", lambda car: readers.brick_volts(car, 0.004)),
    "BrickVoltageMin": ("double_value", lambda car: readers.brick_volts(car, -0.004)),
    "Soc": ("double_value", lambda car: car.battery.percent),
    "BatteryLevel": ("double_value", lambda car: car.battery.percent),
    "EnergyRemaining": ("double_value", lambda car: round(car.battery.energy_kwh, 2)),
    "RatedRange": ("double_value", lambda car: car.battery.range_miles),
    "IdealBatteryRange": ("double_value", vehicle_data.ideal_range),
    "EstBatteryRange": ("double_value", lambda car: car.battery.range_miles * 0.93),
    "DCDCEnable": ("boolean_value", lambda _car: True),
    "Hvil": ("hvil_status_value", lambda _car: "OK"),
    "BMSState": ("bms_state_value", readers.battery_state),
    "DCChargingEnergyIn": ("double_value", lambda car: round(car.charging.added_kwh, 3)),
    "DCChargingPower": (
        "double_value",
        lambda car: round(car.charging.kilowatts, 2) if readers.is_fast(car) else 0.0,
    ),
    "ACChargingEnergyIn": (
        "double_value",
        lambda car: (
            0.0 if readers.is_fast(car) else round(car.charging.added_kwh / AC_EFFICIENCY, 3)
        ),
    ),
    "ACChargingPower": (
        "double_value",
        lambda car: 0.0 if readers.is_fast(car) else round(car.charging.wall_kilowatts, 2),
    ),
    "ChargeLimitSoc": ("int_value", lambda car: car.charging.limit_percent),
    "FastChargerPresent": ("boolean_value", readers.is_fast),
    "FastChargerType": ("fast_charger_value", readers.fast_charger),
    "TimeToFullCharge": ("double_value", lambda car: car.charging.hours_to_full),
    "EstimatedHoursToChargeTermination": ("double_value", lambda car: car.charging.hours_to_full),
    "ChargeRateMilePerHour": (
        "double_value",
        lambda car: (
            car.charging.kilowatts * car.battery.full_range_miles / car.battery.capacity_kwh
        ),
    ),
    "ScheduledChargingStartTime": ("long_value", readers.scheduled_start),
    "ScheduledChargingPending": ("boolean_value", lambda car: car.is_charge_pending),
    "ScheduledDepartureTime": ("long_value", readers.scheduled_departure),
    "ScheduledChargingMode": (
        "scheduled_charging_mode_value",
        lambda car: car.charging.schedule.mode,
    ),
    "PreconditioningEnabled": (
        "boolean_value",
        lambda car: car.charging.schedule.is_preconditioning,
    ),
    "ChargeAmps": ("double_value", readers.charge_amps),
    "ChargerVoltage": ("double_value", readers.charger_volts),
    "ChargerPhases": ("int_value", readers.phases),
    "ChargeEnableRequest": (
        "boolean_value",
        lambda car: car.charging.state not in ("Stopped", "Disconnected"),
    ),
    "ChargePortColdWeatherMode": ("boolean_value", lambda _car: False),
    "ChargeCurrentRequest": ("int_value", lambda car: car.charging.requested_amps),
    "ChargeCurrentRequestMax": ("int_value", lambda car: car.charging.highest_amps),
    "BatteryHeaterOn": ("boolean_value", lambda _car: False),
    "NotEnoughPowerToHeat": ("boolean_value", lambda _car: False),
    "SuperchargerSessionTripPlanner": ("boolean_value", lambda _car: False),
    "DetailedChargeState": ("detailed_charge_state_value", lambda car: car.charging.state),
    "ChargePort": ("charge_port_value", lambda car: car.model.charge_port_type),
    "ChargePortLatch": ("charge_port_latch_value", readers.latch),
    "ChargePortDoorOpen": ("boolean_value", lambda car: car.charging.port.is_open),
    "ChargingCableType": (
        "cable_type_value",
        lambda car: INVALID if car.charging.supply is None else car.model.cable,
    ),
    "NominalFullPackEnergyKwh": ("double_value", lambda car: car.model.capacity_kwh),
    # Driving
    "DriveRail": ("boolean_value", lambda car: car.drive is not None or car.is_user_present),
    "Gear": ("shift_state_value", readers.gear),
    "VehicleSpeed": ("double_value", readers.speed),
    "Odometer": ("double_value", lambda car: car.odometer_miles),
    "PedalPosition": (
        "double_value",
        lambda car: round(max(readers.acceleration(car), 0.0) / _HARD_PEDAL * 100, 1),
    ),
    "BrakePedal": ("boolean_value", lambda car: readers.acceleration(car) < 0),
    "LongitudinalAcceleration": ("double_value", lambda car: round(readers.acceleration(car), 2)),
    "LateralAcceleration": ("double_value", lambda _car: 0.0),
    "DiStateR": (
        "drive_inverter_state_value",
        lambda car: "Standby" if car.drive is None else "Enable",
    ),
    "DiAxleSpeedR": (
        "double_value",
        lambda car: round(car.moment.speed / _WHEEL_RADIUS_M, 1) if car.moment else 0.0,
    ),
    "DiVBatR": ("double_value", readers.pack_volts),
    # Places
    "Location": ("location_value", lambda car: (round(car.latitude, 6), round(car.longitude, 6))),
    "GpsState": ("boolean_value", lambda _car: True),
    "GpsHeading": ("double_value", lambda car: round(car.heading, 1) % 360),
    "GpsAccuracyMeters": ("double_value", lambda car: car.gps_accuracy),
    "DestinationName": ("string_value", readers.route("destination")),
    "DestinationLocation": ("location_value", readers.destination),
    "OriginLocation": (
        "location_value",
        lambda car: INVALID if car.drive is None else car.drive.legs[0].start,
    ),
    "MilesToArrival": ("double_value", readers.route("miles_to_arrival")),
    "MinutesToArrival": ("double_value", readers.route("minutes_to_arrival")),
    "ExpectedEnergyPercentAtTripArrival": ("int_value", readers.route("energy_at_arrival")),
    "RouteTrafficMinutesDelay": ("double_value", readers.route("traffic_minutes_delay")),
    "LocatedAtHome": ("boolean_value", lambda car: readers.is_at(car, car.home)),
    "LocatedAtWork": ("boolean_value", lambda car: readers.is_at(car, car.work)),
    "LocatedAtFavorite": ("boolean_value", lambda _car: False),
    "HomelinkDeviceCount": ("int_value", lambda car: car.model.homelink_devices),
    "HomelinkNearby": (
        "boolean_value",
        lambda car: car.model.homelink_devices > 0 and readers.is_at(car, car.home),
    ),
    # Body
    "DoorState": ("door_value", readers.doors),
    "Locked": ("boolean_value", lambda car: car.body.is_locked),
    "FdWindow": ("window_state_value", readers.window("fd")),
    "FpWindow": ("window_state_value", readers.window("fp")),
    "RdWindow": ("window_state_value", readers.window("rd")),
    "RpWindow": ("window_state_value", readers.window("rp")),
    "DriverSeatOccupied": ("boolean_value", lambda car: car.is_user_present),
    "DriverSeatBelt": (
        "buckle_status_value",
        lambda car: "Unlatched" if car.drive is None else "Latched",
    ),
    "PassengerSeatBelt": ("buckle_status_value", lambda _car: "Unlatched"),
    "LightsHazardsActive": ("boolean_value", lambda _car: False),
    "LightsTurnSignal": ("turn_signal_state_value", lambda _car: "Off"),
    "LightsHighBeams": ("boolean_value", lambda _car: False),
    "CenterDisplay": ("display_state_value", readers.display),
    "TpmsPressureFl": ("double_value", readers.tyre("fl")),
    "TpmsPressureFr": ("double_value", readers.tyre("fr")),
    "TpmsPressureRl": ("double_value", readers.tyre("rl")),
    "TpmsPressureRr": ("double_value", readers.tyre("rr")),
    "TpmsLastSeenPressureTimeFl": ("long_value", readers.seen("fl")),
    "TpmsLastSeenPressureTimeFr": ("long_value", readers.seen("fr")),
    "TpmsLastSeenPressureTimeRl": ("long_value", readers.seen("rl")),
    "TpmsLastSeenPressureTimeRr": ("long_value", readers.seen("rr")),
    "TpmsHardWarnings": (
        "tire_location_value",
        lambda car: tuple(car.tyres.is_hard(wheel) for wheel in WHEELS),
    ),
    "TpmsSoftWarnings": (
        "tire_location_value",
        lambda car: tuple(car.tyres.is_soft(wheel) for wheel in WHEELS),
    ),
    # Cabin
    "InsideTemp": ("double_value", lambda car: round(car.climate.inside, 2)),
    "OutsideTemp": ("double_value", readers.outside_temp),
    "HvacLeftTemperatureRequest": ("double_value", lambda car: car.climate.driver_setting),
    "HvacRightTemperatureRequest": ("double_value", lambda car: car.climate.passenger_setting),
    "HvacPower": ("hvac_power_value", readers.climate_power),
    "HvacACEnabled": ("boolean_value", lambda car: car.climate.is_on),
    "HvacAutoMode": ("hvac_auto_mode_value", lambda _car: "On"),
    "HvacFanSpeed": ("int_value", lambda car: 3 if car.climate.is_on else 0),
    "HvacFanStatus": ("int_value", lambda car: 3 if car.climate.is_on else 0),
    "HvacSteeringWheelHeatAuto": ("boolean_value", lambda car: car.climate.auto_wheel),
    "HvacSteeringWheelHeatLevel": ("int_value", lambda car: car.climate.wheel_level),
    "ClimateKeeperMode": (
        "climate_keeper_mode_value",
        lambda car: _KEEPERS[car.climate.keeper],
    ),
    "DefrostMode": ("defrost_mode_value", lambda car: _DEFROST[car.climate.defrost_mode]),
    "DefrostForPreconditioning": ("boolean_value", lambda _car: False),
    "RearDefrostEnabled": ("boolean_value", lambda car: car.climate.defrost_mode > 0),
    "WiperHeatEnabled": ("boolean_value", lambda _car: False),
    "CabinOverheatProtectionMode": (
        "cabin_overheat_protection_mode_value",
        lambda car: car.climate.overheat_protection,
    ),
    "CabinOverheatProtectionTemperatureLimit": (
        "cabin_overheat_protection_temperature_limit_value",
        lambda car: car.climate.overheat_temperature,
    ),
    "SeatHeaterLeft": ("int_value", readers.heater("left")),
    "SeatHeaterRight": ("int_value", readers.heater("right")),
    "SeatHeaterRearLeft": ("int_value", readers.rear_heater("rear_left")),
    "SeatHeaterRearRight": ("int_value", readers.rear_heater("rear_right")),
    "SeatHeaterRearCenter": ("int_value", readers.rear_heater("rear_center")),
    "AutoSeatClimateLeft": ("boolean_value", lambda car: car.climate.auto_seats["left"]),
    "AutoSeatClimateRight": ("boolean_value", lambda car: car.climate.auto_seats["right"]),
    "ClimateSeatCoolingFrontLeft": ("int_value", readers.fan("left")),
    "ClimateSeatCoolingFrontRight": ("int_value", readers.fan("right")),
    "SeatVentEnabled": (
        "boolean_value",
        lambda car: any(car.climate.seat_fans.values()) if car.model.has_seat_cooling else None,
    ),
    # Modes and settings
    "SentryMode": ("sentry_mode_state_value", readers.sentry),
    "SpeedLimitMode": ("boolean_value", lambda car: car.access.speed_limit_active),
    "CurrentLimitMph": ("double_value", lambda car: car.access.speed_limit_mph),
    "ValetModeEnabled": ("boolean_value", lambda car: car.access.valet_mode),
    "GuestModeEnabled": ("boolean_value", lambda car: car.access.guest_mode),
    "GuestModeMobileAccessState": ("guest_mode_mobile_access_value", lambda _car: "Init"),
    "PinToDriveEnabled": ("boolean_value", lambda car: car.access.pin_to_drive),
    "PairedPhoneKeyAndKeyFobQty": ("int_value", lambda car: car.other_keys),
    "RemoteStartEnabled": ("boolean_value", lambda car: car.is_remotely_started),
    "RemoteStartActive": ("boolean_value", lambda car: car.is_remotely_started),
    "ServiceMode": ("boolean_value", lambda _car: False),
    "SpeedLimitWarning": ("speed_assist_level_value", lambda _car: "Display"),
    "ForwardCollisionWarning": ("forward_collision_sensitivity_value", lambda _car: "Average"),
    "LaneDepartureAvoidance": ("lane_assist_level_value", lambda _car: "Assist"),
    "EmergencyLaneDepartureAvoidance": ("boolean_value", lambda _car: True),
    "AutomaticEmergencyBrakingOff": ("boolean_value", lambda _car: False),
    "AutomaticBlindSpotCamera": ("boolean_value", lambda _car: True),
    "BlindSpotCollisionWarningChime": ("boolean_value", lambda _car: True),
    "CruiseFollowDistance": ("follow_distance_value", lambda _car: "3"),
    "SettingDistanceUnit": (
        "distance_unit_value",
        lambda car: "Kilometers" if car.model.eu_vehicle else "Miles",
    ),
    "SettingTemperatureUnit": (
        "temperature_unit_value",
        lambda car: "Celsius" if car.model.eu_vehicle else "Fahrenheit",
    ),
    "Setting24HourTime": ("boolean_value", lambda car: car.model.eu_vehicle),
    "SettingTirePressureUnit": (
        "pressure_unit_value",
        lambda car: "Bar" if car.model.eu_vehicle else "Psi",
    ),
    "SettingChargeUnit": ("charge_unit_preference_value", lambda _car: "Percent"),
    # Media
    "MediaPlaybackStatus": ("media_status_value", lambda car: car.media.status),
    "MediaPlaybackSource": (
        "string_value",
        lambda car: "13" if car.media.status == "Stopped" else "12",
    ),
    "MediaAudioVolume": ("double_value", lambda car: car.media.volume),
    "MediaAudioVolumeIncrement": ("double_value", lambda _car: STEP),
    "MediaAudioVolumeMax": ("double_value", lambda _car: MAX_VOLUME),
    "MediaNowPlayingTitle": ("string_value", readers.playing(0)),
    "MediaNowPlayingArtist": ("string_value", readers.playing(1)),
    "MediaNowPlayingAlbum": ("string_value", readers.playing(2)),
    "MediaNowPlayingStation": ("string_value", lambda car: car.media.station),
    "MediaNowPlayingDuration": (
        "int_value",
        lambda car: 0 if car.media.status == "Stopped" else car.media.title[3] * 1000,
    ),
    "MediaNowPlayingElapsed": ("int_value", lambda car: car.media.elapsed(car.time) * 1000),
    # Software
    "Version": ("string_value", readers.car_version),
    "SoftwareUpdateVersion": ("string_value", readers.of_update(lambda car: car.software.offered)),
    "SoftwareUpdateDownloadPercentComplete": (
        "int_value",
        readers.of_update(lambda car: car.software.download_percent(car.time)),
    ),
    "SoftwareUpdateInstallationPercentComplete": (
        "int_value",
        readers.of_update(lambda car: car.software.install_percent(car.time)),
    ),
    "SoftwareUpdateExpectedDurationMinutes": (
        "int_value",
        readers.of_update(lambda _car: int(INSTALL_SECONDS / 60)),
    ),
    "SoftwareUpdateScheduledStartTime": ("long_value", readers.update_start),
    "SoftwareUpdateAvailable": ("boolean_value", lambda car: car.software.offered is not None),
    "SoftwareUpdateInProgress": ("boolean_value", lambda car: car.software.status == "installing"),
    # What it was built as
    "VehicleName": ("string_value", lambda car: car.display_name),
    "CarType": ("car_type_value", lambda car: _CAR_TYPES.get(car.model.car_type, "Unknown")),
    "Trim": ("string_value", lambda car: car.model.trim_badging.upper()),
    "ExteriorColor": ("string_value", lambda car: car.model.exterior_color),
    "RoofColor": ("string_value", lambda _car: "RoofColorGlass"),
    "WheelType": ("string_value", lambda car: car.model.wheel_type),
    "EfficiencyPackage": ("string_value", lambda _car: "Default"),
    "EuropeVehicle": ("boolean_value", lambda car: car.model.eu_vehicle),
    "RightHandDrive": ("boolean_value", lambda _car: False),
    "RearSeatHeaters": ("string_value", lambda car: str(car.model.rear_seat_heaters)),
    "SunroofInstalled": (
        "sunroof_installed_state_value",
        lambda car: "Gen1Installed" if car.model.has_sunroof else "NotInstalled",
    ),
    "OffroadLightbarPresent": ("boolean_value", lambda _car: False),
}


def _numbers(arm: str) -> dict[str, int] | None:
    """Numbers by name of an enum, without the prefix that its first value puts before "Unknown"."""
    enum = Value.DESCRIPTOR.fields_by_name[arm].enum_type
    if enum is None:
        return None
    prefix = enum.values[0].name.removesuffix("Unknown")
    return {value.name.removeprefix(prefix): value.number for value in enum.values}


FIELDS: dict[str, FieldSpec] = {
    name: FieldSpec(
        name=name,
        number=Field.Value(name),
        arm=arm,
        read=read,
        numbers=_numbers(arm),
        firmware=_needs(Field.Value(name)),
    )
    for name, (arm, read) in _READERS.items()
}
"""All fields that a simulated car sends, by Tesla's name."""

BEFORE_SLEEP = frozenset(
    {
        "ACChargingPower",
        "BrickVoltageMax",
        "BrickVoltageMin",
        "ChargeAmps",
        "ChargeState",
        "ChargerVoltage",
        "DCChargingPower",
        "DetailedChargeState",
        "ChargePortLatch",
        "ChargePortDoorOpen",
        "ChargingCableType",
        "FastChargerPresent",
        "FastChargerType",
        "Gear",
        "InsideTemp",
        "OutsideTemp",
        "PackCurrent",
        "PackVoltage",
        "VehicleSpeed",
    }
)
"""Fields that a car marks as invalid before it falls asleep. Source: fleet-telemetry issue 341 and
captures of real cars; others may exist."""

LOCATION_FIELDS = frozenset(
    {
        "Location",
        "OriginLocation",
        "DestinationLocation",
        "DestinationName",
        "RouteLine",
        "GpsState",
        "GpsHeading",
    }
)
"""Fields that need the scope `vehicle_location`. Source: Tesla, "Fleet Telemetry", August 2026."""

NAMES = frozenset(Field.keys()) - {"Unknown"}
"""All names that a configuration may contain, whether or not simulated cars send them."""

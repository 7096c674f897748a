"""Units of signals: Tesla's own, ours, and the conversion between them.

Tesla's units are those of its list of streamed fields (2026-08) and of its documentation of
`vehicle_data` and `live_status` (2024-08), written down here on their own: a signal declared in
watts that Tesla reports in kilowatts fails.
"""

from typing import Any, Final

import pytest

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.signals import SITE_SIGNALS, VEHICLE_SIGNALS
from custom_components.flotte.tesla.signals.parsers import number, whole
from custom_components.flotte.tesla.state import Derived, Signal
from custom_components.flotte.tesla.units import Measure, Unit, unit_of

SIGNALS: Final = {signal.name: signal for signal in (*VEHICLE_SIGNALS, *SITE_SIGNALS)}

OURS: Final = {
    "%": (Unit.PERCENT, 1.0),
    "A": (Unit.AMPERE, 1.0),
    "C": (Unit.CELSIUS, 1.0),
    "Nm": (Unit.NEWTON_METRE, 1.0),
    "V": (Unit.VOLT, 1.0),
    "W": (Unit.WATT, 1.0),
    "Wh": (Unit.WATT_HOUR, 1.0),
    "bar": (Unit.BAR, 1.0),
    "deg": (Unit.DEGREE, 1.0),
    "h": (Unit.HOUR, 1.0),
    "kOhm": (Unit.KILOHM, 1.0),
    "kW": (Unit.KILOWATT, 1.0),
    "kWh": (Unit.KILOWATT_HOUR, 1.0),
    "kg": (Unit.KILOGRAM, 1.0),
    "m": (Unit.METRE, 1.0),
    "m/s2": (Unit.METRE_PER_SECOND_SQUARED, 1.0),
    "mi": (Unit.KILOMETRE, 1.609344),
    "min": (Unit.MINUTE, 1.0),
    "mph": (Unit.KILOMETRE_PER_HOUR, 1.609344),
    "ms": (Unit.MILLISECOND, 1.0),
    "rad/s": (Unit.RADIAN_PER_SECOND, 1.0),
}
"""Tesla's unit: ours, and the factor between them."""

TESLAS: Final = {
    "%": "ChargeOnSolarLowerLimit ChargeOnSolarUpperLimit "
    "BatteryLevel Soc BrickSocMinPercent ChargeLimitSoc ChargeLimitSocMin ChargeLimitSocMax"
    " PedalPosition GradeEstimatePercent ExpectedEnergyPercentAtTripArrival TonneauOpenPercent"
    " SoftwareUpdateDownloadPercentComplete SoftwareUpdateInstallationPercentComplete"
    " PercentageCharged BackupReserve VppReserve OffGridVehicleReserve",
    "A": "PackCurrent ChargeAmps ChargeCurrentRequest ChargeCurrentRequestMax DiMotorCurrentR"
    " DiMotorCurrentF DiMotorCurrentREL DiMotorCurrentRER",
    "C": "ModuleTempMax ModuleTempMin DiStatorTempR DiStatorTempF DiStatorTempREL DiStatorTempRER"
    " DiHeatsinkTR DiHeatsinkTF DiHeatsinkTREL DiHeatsinkTRER DiInverterTR DiInverterTF"
    " DiInverterTREL DiInverterTRER InsideTemp OutsideTemp HvacLeftTemperatureRequest"
    " HvacRightTemperatureRequest MinAvailTemp MaxAvailTemp",
    "Nm": "DiTorquemotor DiSlaveTorqueCmd DiTorqueActualR DiTorqueActualF DiTorqueActualREL"
    " DiTorqueActualRER",
    "V": "PackVoltage BrickVoltageMax BrickVoltageMin ChargerVoltage DiVBatR DiVBatF DiVBatREL"
    " DiVBatRER",
    "W": "SolarPower BatteryPower GridPower LoadPower WallConnectorPower GeneratorPower"
    " GridServicesPower",
    "Wh": "EnergyLeft TotalPackEnergy"
    " Today.SolarEnergyExported Today.GeneratorEnergyExported Today.GridEnergyImported"
    " Today.GridServicesEnergyImported Today.GridServicesEnergyExported"
    " Today.GridEnergyExportedFromSolar Today.GridEnergyExportedFromGenerator"
    " Today.GridEnergyExportedFromBattery Today.BatteryEnergyExported"
    " Today.BatteryEnergyImportedFromGrid Today.BatteryEnergyImportedFromSolar"
    " Today.BatteryEnergyImportedFromGenerator Today.ConsumerEnergyImportedFromGrid"
    " Today.ConsumerEnergyImportedFromSolar Today.ConsumerEnergyImportedFromBattery"
    " Today.ConsumerEnergyImportedFromGenerator Today.TotalHomeUsage Today.TotalBatteryCharge"
    " Today.TotalBatteryDischarge Today.TotalSolarGeneration Today.TotalGridEnergyExported",
    "bar": "TpmsPressureFl TpmsPressureFr TpmsPressureRl TpmsPressureRr SemitruckTpmsPressureRe1L0"
    " SemitruckTpmsPressureRe1L1 SemitruckTpmsPressureRe1R0 SemitruckTpmsPressureRe1R1"
    " SemitruckTpmsPressureRe2L0 SemitruckTpmsPressureRe2L1 SemitruckTpmsPressureRe2R0"
    " SemitruckTpmsPressureRe2R1",
    "deg": "GpsHeading",
    "h": "TimeToFullCharge EstimatedHoursToChargeTermination PowershareHoursLeft",
    # Not documented; public clients read kilo-ohms.
    "kOhm": "IsolationResistance",
    "kW": "ACChargingPower DCChargingPower PowershareInstantaneousPowerKW DrivePower",
    "kWh": "EnergyRemaining NominalFullPackEnergyKwh LifetimeEnergyUsed LifetimeEnergyGainedRegen"
    " LifetimeEnergyChargedKwh LifetimeDcChargeEnergyKwh LifetimeEnergyUsedDrive"
    " DCChargingEnergyIn ACChargingEnergyIn"
    # Our own sums.
    " Lifetime.GridImport Lifetime.GridExport Lifetime.Solar Lifetime.BatteryCharge"
    " Lifetime.BatteryDischarge Lifetime.Home",
    "kg": "SemiVehicleMassKg",
    "m": "GpsAccuracyMeters",
    "m/s2": "LateralAcceleration LongitudinalAcceleration",
    "mi": "RatedRange EstBatteryRange IdealBatteryRange Odometer MilesSinceReset"
    " SelfDrivingMilesSinceReset MilesToArrival",
    "min": "MinutesToArrival RouteTrafficMinutesDelay SoftwareUpdateExpectedDurationMinutes"
    " LastOutage.Duration"
    " ScheduledDepartureTimeMinutes OffPeakHoursEndTime",
    # Of the cruise control it is not documented.
    "mph": "VehicleSpeed ChargeRateMilePerHour MaxSpeedToReachDestinationMph CurrentLimitMph"
    " SemiCruiseSpeedLimitMph CruiseSetSpeed",
    "ms": "MediaNowPlayingDuration MediaNowPlayingElapsed",
    "rad/s": "DiAxleSpeedR DiAxleSpeedF DiAxleSpeedREL DiAxleSpeedRER",
}
"""Tesla's unit: the names of the signals that it reports in that unit."""

UNITLESS: Final = {
    "a moment, in Unix seconds": "LastOnline ScheduledChargingStartTime ScheduledDepartureTime"
    " TpmsLastSeenPressureTimeFl TpmsLastSeenPressureTimeFr TpmsLastSeenPressureTimeRl"
    " TpmsLastSeenPressureTimeRr SoftwareUpdateScheduledStartTime Today.Began LastOutage.Began",
    "a count": "ChargerPhases PairedPhoneKeyAndKeyFobQty HomelinkDeviceCount RearSeatHeaterCount"
    " WallConnectors BatteryCount ChargeSchedulesMaximum PreconditionSchedulesMaximum"
    " OutagesIn12Months",
    "the number of a part": "NumBrickVoltageMax NumBrickVoltageMin NumModuleTempMax"
    " NumModuleTempMin",
    "a level": "CruiseFollowDistance HvacFanSpeed HvacFanStatus SeatHeaterLeft SeatHeaterRight"
    " SeatHeaterRearLeft SeatHeaterRearCenter SeatHeaterRearRight SeatHeaterRearLeftBack"
    " SeatHeaterRearRightBack SeatHeaterThirdRowLeft SeatHeaterThirdRowRight"
    " ClimateSeatCoolingFrontLeft ClimateSeatCoolingFrontRight HvacSteeringWheelHeatLevel"
    " MediaAudioVolume MediaAudioVolumeIncrement MediaAudioVolumeMax",
    "not documented": "BrakePedalPos RollingResistanceCoefficient",
}
"""Why a number has no unit: the names of the signals."""

CONVERTED: Final[dict[str, tuple[object, object]]] = {
    "ACChargingPower": ((11, False), 11.0),
    "DCChargingPower": ((150, True), 150.0),
    "EstimatedHoursToChargeTermination": (75, 1.25),
    "SoftwareUpdateExpectedDurationMinutes": (1500, 25),
    "SoftwareUpdateScheduledStartTime": (1773176400000, 1773176400.0),
}
"""Polled values in another form than the streamed ones, and the value of the signal."""

WITH_UNIT: Final = [
    pytest.param(unit, SIGNALS[name], id=name)
    for unit, names in TESLAS.items()
    for name in names.split()
]


def within_bounds(signal: Signal[Any], factor: float) -> float:
    """A plausible value in Tesla's unit, which is not 0."""
    assert signal.bounds is not None
    lowest, highest = signal.bounds
    return round((lowest + 2 * highest) / 3 / factor)


@pytest.mark.parametrize(("teslas", "signal"), WITH_UNIT)
def test_signal_has_the_unit_that_tesla_reports(teslas: str, signal: Signal[Any]) -> None:
    unit, factor = OURS[teslas]
    assert signal.unit is unit
    raw: Any = within_bounds(signal, factor)
    expected = raw * factor
    if signal is signals.WALL_CONNECTOR_POWER:
        raw = [{"wall_connector_power": raw}]
    assert signal.parse(raw) == pytest.approx(expected)
    if signal.name not in CONVERTED:
        assert signal.polled(raw) == pytest.approx(expected)


@pytest.mark.parametrize("name", CONVERTED)
def test_polled_value_is_converted_to_the_unit_of_the_stream(name: str) -> None:
    raw, value = CONVERTED[name]
    assert SIGNALS[name].polled(raw) == value


def test_every_number_has_a_unit_or_a_reason() -> None:
    reasons = [name for names in UNITLESS.values() for name in names.split()]
    units = [name for names in TESLAS.values() for name in names.split()]
    assert len({*reasons, *units}) == len(reasons) + len(units)
    # Only numbers have bounds, and each of them does: see test_bounds.
    numbers = {name for name, signal in SIGNALS.items() if signal.bounds is not None}
    assert numbers == {*reasons, *units}
    assert [name for name in reasons if SIGNALS[name].unit is not None] == []
    others = SIGNALS.keys() - numbers
    assert [name for name in others if SIGNALS[name].unit is not None] == []


def test_derived_signals_of_a_number_have_a_unit() -> None:
    units = {
        signal.name: signal.unit
        for signal in vars(signals).values()
        if isinstance(signal, Derived) and signal.unit is not None
    }
    assert units == {
        "ChargeCurrent": Unit.AMPERE,
        "ChargerPower": Unit.KILOWATT,
        "PackPower": Unit.KILOWATT,
        "BrickImbalance": Unit.VOLT,
        "GridImportPower": Unit.WATT,
        "GridExportPower": Unit.WATT,
        "BatteryChargePower": Unit.WATT,
        "BatteryDischargePower": Unit.WATT,
    }


def test_two_parsers_of_a_signal_must_agree() -> None:
    watts, kilowatts = Measure(Unit.WATT, number), Measure(Unit.KILOWATT, number)
    assert Signal("Heat", watts, (0, 1), polled=Measure(Unit.WATT, whole)).unit is Unit.WATT
    with pytest.raises(ValueError, match="Heat is streamed and polled in different units"):
        Signal("Heat", watts, (0, 1), polled=kilowatts)
    with pytest.raises(ValueError, match="different units"):
        Signal("Heat", watts, (0, 1), polled=number)
    with pytest.raises(ValueError, match="different units"):
        Signal("Heat", number, (0, 1), polled=kilowatts)


def test_measure_is_a_parser() -> None:
    assert signals.kilometres(1) == pytest.approx(1.609344)
    assert unit_of(signals.kilometres) is Unit.KILOMETRE
    assert unit_of(number) is None

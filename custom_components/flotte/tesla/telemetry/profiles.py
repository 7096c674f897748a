"""The profile table: how often a vehicle may send each field of its stream.

A vehicle sends a field when it has changed by at least `delta` since it was last sent, but not more
often than every `interval` seconds. Each time costs one signal, so this table determines the cost
of the stream. There are three profiles:

    live     every change that a dashboard could show; to watch the vehicle, not for a whole month
    tuned    the default: position to 10 m, charge to a quarter per cent, doors at once; a usual
             vehicle sends some 1,100 signals a day, a thirteenth of the cost of polling it
    saver    only the essentials

Fields that only people change (doors, lock, gear, settings) are sent at once in all profiles: they
cost nothing while nothing happens. Fields that drift or fluctuate (temperatures, charge, voltages)
have a delta, without which vehicles repeat them at every interval. When a value stops changing, a
remaining difference below the delta is never sent. Where that matters (position, odometer) the
delta is small, and the interval limits the cost of a drive. Streams lose changes, so the most
important words are resent from time to time although they did not change.

Deltas are in Tesla's units: miles, miles per hour, degrees Celsius, bar, kWh, kW, V, A, per cent,
and metres for positions. A delta needs firmware 2024.44.32, for positions 2025.2.6; older ones
ignore it. Source: Tesla's documentation of the stream (2026-08).

Each row also describes how its fields change on their own (`Motion`), which the forecast is based
on. The figures of the forty most common fields were fitted to a simulated day of a commuter; the
others are estimates. They need not be exact, because received signals are counted and compared.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class Profile(StrEnum):
    """How much data the stream has."""

    LIVE = "live"
    TUNED = "tuned"
    SAVER = "saver"


class Situation(StrEnum):
    """Activity of an awake vehicle, which decides how much it sends."""

    PARKED = "parked"
    CHARGING = "charging"
    DRIVING = "driving"


class ValueKind(StrEnum):
    """Kind of a field's values, which decides what a delta means."""

    WORD = "word"
    """Flags, enumerations, texts and times, which have no delta."""
    NUMBER = "number"
    POSITION = "position"
    """Latitude and longitude; the delta is in metres."""


SECONDS_PER_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Limits on how often a field is sent.

    Raises:
        ValueError: an interval is below 1 s, or the delta is not a positive number.
    """

    interval: int
    """Minimum seconds between two values; at least 1."""
    delta: float | None = None
    """Smallest change that is sent; None for any change."""
    resend: int | None = None
    """Seconds after which an unchanged value is resent; None for never."""

    def __post_init__(self) -> None:
        """Reject values that Tesla would reject."""
        if self.interval < 1 or (self.resend is not None and self.resend < 1):
            raise ValueError(f"an interval is at least 1 s: {self}")
        if self.delta is not None and not 0 < self.delta < math.inf:
            raise ValueError(f"a delta is a positive number: {self}")

    def to_stored(self) -> list[float | None]:
        """The rule as JSON."""
        return [self.interval, self.delta, self.resend]

    @classmethod
    def from_stored(cls, stored: object) -> Self | None:
        """Restore a rule from the JSON of `to_stored`; None if it is unreadable."""
        match stored:
            case [int() as interval, int() | float() | None as delta, int() | None as resend] if (
                not any(isinstance(part, bool) for part in (interval, delta, resend))
            ):
                try:
                    return cls(interval, delta, resend)
                except ValueError:
                    return None
        return None


@dataclass(frozen=True, slots=True)
class Motion:
    """How a value changes while the vehicle is awake, by situation."""

    step: float
    """Resolution of the value in the vehicle, in the field's unit."""
    travel: Mapping[Situation, float]
    """Sum of all changes, up and down, in an hour, in the field's unit; for a word, the number of
    changes."""
    jitter: Mapping[Situation, float]
    """Size of the constant fluctuation around the value; it always reaches a delta up to this."""

    def per_hour(self, rule: FieldRule, situation: Situation) -> float:
        """Values sent per hour under a rule.

        Two waits overlap: for the interval and for the delta. The root of the sum of their squares
        is exact if one of them is much longer, and otherwise a fair estimate, because values never
        change at an even pace.
        """
        needed = max(rule.delta or 0.0, self.step)
        pace = self.travel[situation] / needed
        if needed <= self.jitter[situation]:
            pace = math.inf
        if pace <= 0:
            told = 0.0
        else:
            told = SECONDS_PER_HOUR / math.hypot(rule.interval, SECONDS_PER_HOUR / pace)
        return told if rule.resend is None else max(told, SECONDS_PER_HOUR / rule.resend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Fields that are alike: their rule in each profile, and how they change."""

    fields: tuple[str, ...]
    """Tesla's names of the fields."""
    kind: ValueKind
    rules: Mapping[Profile, FieldRule]
    motion: Motion


type _Spec = tuple[int, float] | int

RESENDS: Final[Mapping[Profile, int]] = {
    Profile.LIVE: 600,
    Profile.TUNED: 3600,
    Profile.SAVER: 7200,
}
"""Seconds after which fields that must not be wrong are resent unchanged, because changes of
`Locked`, `DoorState` and `DetailedChargeState` were lost. Source: owners' reports (2025, 2026)."""
SELDOM: Final = 4
"""Multiple of `RESENDS` for fields without known losses."""


def _rule(told: _Spec, resend: int | None) -> FieldRule:
    interval, delta = told if isinstance(told, tuple) else (told, None)
    return FieldRule(interval, delta, resend)


def _row(
    kind: ValueKind,
    *fields: str,
    live: _Spec,
    tuned: _Spec,
    saver: _Spec,
    resends: int = 0,
    step: float,
    parked: float,
    charging: float,
    driving: float,
    jitter: tuple[float, float, float],
) -> Row:
    """Create a row. A rule is `interval` or `(interval, delta)`.

    `jitter` is for parked, charging and driving. If `resends` is not 0, unchanged fields are resent
    after that many times the seconds of `RESENDS`.
    """
    told = {Profile.LIVE: live, Profile.TUNED: tuned, Profile.SAVER: saver}
    return Row(
        fields=fields,
        kind=kind,
        rules={
            profile: _rule(rule, RESENDS[profile] * resends or None)
            for profile, rule in told.items()
        },
        motion=Motion(
            step,
            dict(zip(Situation, (parked, charging, driving), strict=True)),
            dict(zip(Situation, jitter, strict=True)),
        ),
    )


def _words(
    *fields: str,
    live: int = 1,
    tuned: int = 1,
    saver: int = 1,
    parked: float = 0.0,
    charging: float = 0.0,
    driving: float = 0.0,
    resends: int = 0,
) -> Row:
    """Create a row of flags, enumerations or texts; the situations have their changes per hour."""
    return _row(
        ValueKind.WORD,
        *fields,
        live=live,
        tuned=tuned,
        saver=saver,
        step=1,
        parked=parked,
        charging=charging,
        driving=driving,
        jitter=(0, 0, 0),
        resends=resends,
    )


def _numbers(
    *fields: str,
    live: _Spec,
    tuned: _Spec,
    saver: _Spec,
    step: float,
    parked: float = 0.0,
    charging: float = 0.0,
    driving: float = 0.0,
    jitter: tuple[float, float, float] = (0, 0, 0),
) -> Row:
    """Create a row of numbers; the situations have their `travel` in an hour."""
    return _row(
        ValueKind.NUMBER,
        *fields,
        live=live,
        tuned=tuned,
        saver=saver,
        step=step,
        parked=parked,
        charging=charging,
        driving=driving,
        jitter=jitter,
    )


# fmt: off
ROWS: Final = (
    # --- Position and movement ---
    _row(
        ValueKind.POSITION, "Location",
        # During a drive the interval decides; the delta is the largest error after it.
        live=(5, 10), tuned=(10, 10), saver=(30, 10),
        # In metres: 56 km in an hour of commuting.
        step=1, parked=30, charging=0, driving=56_000, jitter=(0, 0, 0),
    ),
    _numbers(
        "VehicleSpeed", "CruiseSetSpeed",
        live=(5, 1), tuned=(60, 5), saver=(120, 10), step=1, driving=2_000,
    ),
    _numbers(
        "GpsHeading",
        live=(10, 5), tuned=(120, 45), saver=(120, 60), step=1, parked=30, driving=3_000,
    ),
    _numbers(
        "Odometer",
        live=(30, 0.1), tuned=(300, 0.1), saver=(900, 0.1), step=0.01, driving=35,
    ),
    _numbers(
        # Tesla requires a delta of at least 1 for the second field.
        "MilesSinceReset", "SelfDrivingMilesSinceReset",
        live=(60, 1), tuned=(600, 1), saver=(1800, 5), step=0.01, driving=35,
    ),
    _words("Gear", "DriveRail", "DriverSeatOccupied", parked=4, charging=0.1, driving=4),
    _words("GpsState", live=1, tuned=30, saver=300, parked=1, driving=6),
    _words("LocatedAtHome", "LocatedAtWork", "LocatedAtFavorite", parked=0.2, driving=2),
    _numbers("GpsAccuracyMeters", live=(30, 2), tuned=(300, 10), saver=(900, 25),
             step=0.1, parked=20, driving=600, jitter=(1, 1, 1)),
    _numbers("GradeEstimatePercent", "RollingResistanceCoefficient",
             live=(10, 1), tuned=(120, 2), saver=(600, 5), step=0.1, driving=600),

    # --- Route ---
    _words("DestinationName", "DestinationLocation", "OriginLocation",
           live=1, tuned=5, saver=30, parked=0.5, driving=1),
    _words("RouteLine", live=30, tuned=120, saver=900, parked=0.5, driving=30),
    _words("RouteLastUpdated", live=30, tuned=300, saver=1800, parked=0.5, driving=30),
    _numbers("MilesToArrival", live=(30, 0.2), tuned=(120, 3), saver=(300, 5),
             step=0.01, driving=35),
    _numbers("MinutesToArrival", live=(30, 1), tuned=(120, 3), saver=(300, 5),
             step=0.01, driving=60),
    _numbers("RouteTrafficMinutesDelay", live=(60, 1), tuned=(300, 2), saver=(600, 5),
             step=0.1, driving=30),
    _numbers("ExpectedEnergyPercentAtTripArrival",
             live=(60, 1), tuned=(120, 2), saver=(300, 3), step=1, driving=12),
    _numbers("MaxSpeedToReachDestinationMph",
             live=(60, 1), tuned=(300, 5), saver=(600, 10), step=1, driving=20),

    # --- Battery ---
    # The battery loses a third in an hour of driving, and gains a fifteenth in an hour at 5 kW.
    # Elsewhere, energy that toggled by 0.02 kWh in a parked vehicle caused high bills.
    _numbers("Soc", live=(30, 0.1), tuned=(60, 0.25), saver=(300, 0.5),
             step=0.001, parked=1.5, charging=6.7, driving=33, jitter=(0.03, 0.03, 0.03)),
    _numbers("BatteryLevel", live=(30, 0.1), tuned=(60, 0.5), saver=(300, 1),
             step=0.001, parked=1.5, charging=6.7, driving=33, jitter=(0.03, 0.03, 0.03)),
    _numbers("BrickSocMinPercent", live=(60, 0.5), tuned=(600, 1), saver=(1800, 2),
             step=0.1, parked=1.5, charging=6.7, driving=33),
    _numbers("EnergyRemaining", live=(60, 0.1), tuned=(600, 0.5), saver=(900, 1),
             step=0.02, parked=1, charging=5, driving=25, jitter=(0.02, 0.02, 0.02)),
    _numbers("RatedRange", "EstBatteryRange", "IdealBatteryRange",
             live=(60, 0.5), tuned=(600, 2), saver=(900, 5),
             step=0.01, parked=4, charging=20, driving=100),
    _numbers("LifetimeEnergyUsed", "LifetimeEnergyUsedDrive", "LifetimeEnergyGainedRegen",
             live=(60, 0.1), tuned=(600, 1), saver=(1800, 5),
             step=0.01, parked=0.3, charging=0.3, driving=20),
    _numbers("LifetimeEnergyChargedKwh", "LifetimeDcChargeEnergyKwh",
             live=(60, 0.1), tuned=(600, 1), saver=(1800, 5), step=0.01, charging=5, driving=4),
    _numbers("NominalFullPackEnergyKwh", live=(600, 0.1), tuned=(3600, 0.5), saver=(3600, 1),
             step=0.1, charging=0.1, driving=0.1),
    _words("BatteryHeaterOn", "NotEnoughPowerToHeat",
           tuned=5, saver=30, parked=0.5, charging=0.5, driving=0.5),
    _words("BmsFullchargecomplete", "BMSState", tuned=5, saver=60,
           parked=1, charging=0.5, driving=2),

    # --- Charging ---
    _words("DetailedChargeState", parked=0.6, charging=0.3, driving=0.5, resends=1),
    _words("ChargeState", "FastChargerPresent", "FastChargerType",
           "ChargingCableType", "ChargePortDoorOpen", "ChargePortLatch",
           parked=0.6, charging=0.3, driving=0.5),
    _words("ChargeEnableRequest", "ChargePortColdWeatherMode", "ChargerPhases",
           "ScheduledChargingPending", "ScheduledChargingMode", "PreconditioningEnabled",
           "SuperchargerSessionTripPlanner", "PowerTransferStatus",
           tuned=5, saver=30, parked=0.3, charging=0.3, driving=0.2),
    _words("ScheduledChargingStartTime", "ScheduledDepartureTime",
           live=5, tuned=60, saver=600, parked=0.5, charging=0.5, driving=0.5),
    _numbers("ChargeLimitSoc", "ChargeCurrentRequest", "ChargeCurrentRequestMax",
             live=1, tuned=1, saver=1, step=1, parked=0.2, charging=0.3),
    _numbers("ACChargingPower", live=(10, 0.1), tuned=(30, 0.5), saver=(120, 1),
             step=0.001, parked=1, charging=1, jitter=(0, 0.04, 0)),
    # At a fast charger the power falls from 200 kW within half an hour, but most hours of charging
    # are not at a fast charger.
    _numbers("DCChargingPower", live=(5, 1), tuned=(30, 5), saver=(120, 10),
             step=0.01, charging=10),
    _numbers("ChargeAmps", live=(10, 1), tuned=(30, 1), saver=(120, 2),
             step=0.01, parked=2, charging=3, jitter=(0, 0.5, 0)),
    _numbers("ChargerVoltage", live=(10, 2), tuned=(60, 5), saver=(300, 10),
             step=0.3, parked=10, charging=10, jitter=(0, 3, 0)),
    _numbers("ACChargingEnergyIn", "DCChargingEnergyIn",
             live=(30, 0.05), tuned=(600, 0.5), saver=(600, 1), step=0.01, charging=5),
    _numbers("TimeToFullCharge", "EstimatedHoursToChargeTermination",
             live=(60, 0.05), tuned=(300, 0.25), saver=(600, 0.5),
             step=0.01, parked=0.3, charging=1.2),
    _numbers("ChargeRateMilePerHour", live=(30, 1), tuned=(120, 2), saver=(600, 5),
             step=0.1, parked=2, charging=8, jitter=(0, 0.5, 0)),
    _words("PowershareStatus", "PowershareStopReason", "PowershareType", parked=0.1),
    _numbers("PowershareInstantaneousPowerKW", live=(10, 0.1), tuned=(30, 0.5), saver=(120, 1),
             step=0.01, parked=1),
    _numbers("PowershareHoursLeft", live=(60, 1), tuned=(600, 1), saver=(1800, 2),
             step=1, parked=0.5),

    # --- Doors, locks, people ---
    _words("DoorState", "Locked", parked=5, charging=0.3, driving=1.5, resends=1),
    _words("FdWindow", "FpWindow", "RdWindow", "RpWindow", parked=0.2, driving=1,
           resends=SELDOM),
    _words("SentryMode", "CenterDisplay", "HvacPower", parked=1, charging=0.2, driving=1),
    _words("ClimateKeeperMode", "DefrostMode", "ValetModeEnabled", "ServiceMode",
           "GuestModeEnabled", "RemoteStartEnabled", "RemoteStartActive", "TonneauPosition",
           "TonneauTentMode", "AutomaticEmergencyBrakingState",
           parked=0.1, driving=0.1),
    _numbers("TonneauOpenPercent", live=(1, 5), tuned=(5, 10), saver=(60, 25),
             step=1, parked=20),
    _words("DriverSeatBelt", "PassengerSeatBelt", saver=30, parked=2, charging=0.1, driving=2),
    _words("HomelinkNearby", saver=30, parked=0.3, driving=3),
    _words("LightsHazardsActive", "LightsHighBeams", tuned=10, saver=60,
           parked=0.5, driving=20),
    _words("LightsTurnSignal", tuned=30, saver=300, parked=2, driving=120),

    # --- Climate ---
    _numbers("InsideTemp", live=(30, 0.5), tuned=(60, 1), saver=(300, 2),
             step=0.05, parked=5, charging=0.5, driving=4, jitter=(0.1, 0.1, 0.1)),
    _numbers("OutsideTemp", live=(60, 0.5), tuned=(300, 0.5), saver=(900, 1),
             step=0.5, parked=1, charging=0.5, driving=3),
    _numbers("HvacLeftTemperatureRequest", "HvacRightTemperatureRequest",
             live=1, tuned=1, saver=5, step=0.5, parked=0.3, driving=0.5),
    _numbers("SeatHeaterLeft", "SeatHeaterRight", "SeatHeaterRearLeft", "SeatHeaterRearRight",
             "SeatHeaterRearCenter", "HvacSteeringWheelHeatLevel", "ClimateSeatCoolingFrontLeft",
             "ClimateSeatCoolingFrontRight",
             live=1, tuned=1, saver=10, step=1, parked=0.5, driving=1),
    _words("AutoSeatClimateLeft", "AutoSeatClimateRight", "HvacAutoMode", "HvacACEnabled",
           "HvacSteeringWheelHeatAuto", "DefrostForPreconditioning", "RearDefrostEnabled",
           "RearDisplayHvacEnabled", "SeatVentEnabled", "WiperHeatEnabled",
           tuned=5, saver=30, parked=0.5, charging=0.1, driving=1),
    _words("CabinOverheatProtectionMode", "CabinOverheatProtectionTemperatureLimit",
           tuned=5, saver=30, parked=0.02),
    _numbers("HvacFanSpeed", "HvacFanStatus", live=(5, 1), tuned=(60, 2), saver=(600, 3),
             step=1, parked=20, charging=2, driving=30),

    # --- Tyres ---
    _numbers("TpmsPressureFl", "TpmsPressureFr", "TpmsPressureRl", "TpmsPressureRr",
             "SemitruckTpmsPressureRe1L0", "SemitruckTpmsPressureRe1L1",
             "SemitruckTpmsPressureRe1R0", "SemitruckTpmsPressureRe1R1",
             "SemitruckTpmsPressureRe2L0", "SemitruckTpmsPressureRe2L1",
             "SemitruckTpmsPressureRe2R0", "SemitruckTpmsPressureRe2R1",
             live=(60, 0.025), tuned=(300, 0.05), saver=(1800, 0.1),
             step=0.025, parked=0.05, driving=0.4),
    # These change with every measurement, even if the pressure does not.
    _words("TpmsLastSeenPressureTimeFl", "TpmsLastSeenPressureTimeFr",
           "TpmsLastSeenPressureTimeRl", "TpmsLastSeenPressureTimeRr",
           live=300, tuned=1800, saver=3600, parked=20, driving=60),
    _words("TpmsHardWarnings", "TpmsSoftWarnings", saver=5, parked=0.02, driving=0.05),

    # --- Media ---
    _words("MediaPlaybackStatus", "MediaPlaybackSource", tuned=2, saver=60,
           parked=2, driving=6),
    _words("MediaNowPlayingArtist", "MediaNowPlayingTitle", "MediaNowPlayingAlbum",
           "MediaNowPlayingStation", live=1, tuned=5, saver=120,
           parked=6, charging=0.5, driving=18),
    _numbers("MediaNowPlayingDuration", live=1, tuned=5, saver=120,
             step=1, parked=6, charging=0.5, driving=18),
    # In milliseconds. A player counts on its own, so this is only needed as a correction.
    _numbers("MediaNowPlayingElapsed", live=(30, 10_000), tuned=(300, 30_000),
             saver=(900, 60_000), step=1000, parked=900_000, charging=100_000, driving=3_600_000),
    _numbers("MediaAudioVolume", live=1, tuned=(2, 0.3), saver=(60, 1),
             step=0.1, parked=2, driving=6),
    _numbers("MediaAudioVolumeIncrement", "MediaAudioVolumeMax",
             live=60, tuned=3600, saver=3600, step=0.1),

    # --- Settings: sent when someone changes them ---
    _words("SpeedLimitMode", "PinToDriveEnabled", "GuestModeMobileAccessState",
           "CruiseFollowDistance", "AutomaticBlindSpotCamera", "BlindSpotCollisionWarningChime",
           "SpeedLimitWarning", "ForwardCollisionWarning", "LaneDepartureAvoidance",
           "EmergencyLaneDepartureAvoidance", "AutomaticEmergencyBrakingOff",
           "SettingDistanceUnit", "SettingTemperatureUnit", "Setting24HourTime",
           "SettingTirePressureUnit", "SettingChargeUnit", "Cabin12vPortKeepOn",
           "Cabin48vPortKeepOn", "AccessoryRail",
           live=1, tuned=10, saver=60, parked=0.05, driving=0.05),
    _numbers("CurrentLimitMph", live=1, tuned=10, saver=60, step=1),
    _numbers("PairedPhoneKeyAndKeyFobQty", "HomelinkDeviceCount",
             live=10, tuned=60, saver=600, step=1, parked=0.05, driving=0.1),

    # --- Software ---
    # An update keeps the vehicle awake, and its percentages count to a hundred several times. A
    # larger delta would leave out the end of a download, which no other field reports.
    _words("Version", "VehicleName", "SoftwareUpdateVersion", "SoftwareUpdateAvailable",
           "SoftwareUpdateInProgress",
           live=10, tuned=60, saver=300, parked=0.02),
    _words("SoftwareUpdateScheduledStartTime", live=5, tuned=60, saver=600, parked=0.02),
    _numbers("SoftwareUpdateDownloadPercentComplete",
             "SoftwareUpdateInstallationPercentComplete",
             live=(10, 1), tuned=(60, 1), saver=(300, 1), step=1, parked=5),
    _numbers("SoftwareUpdateExpectedDurationMinutes",
             live=(60, 1), tuned=(300, 1), saver=(600, 5), step=1, parked=0.1),

    # --- Equipment that never changes ---
    _words("CarType", "Trim", "ExteriorColor", "RoofColor", "ChargePort", "EfficiencyPackage",
           "EuropeVehicle", "OffroadLightbarPresent", "RearSeatHeaters", "RightHandDrive",
           "WheelType", "SunroofInstalled",
           live=3600, tuned=3600, saver=3600),

    # --- Powertrain: changes with every push of the pedal ---
    _numbers("PedalPosition", "BrakePedalPos", live=(2, 5), tuned=(60, 20), saver=(300, 50),
             step=0.4, driving=40_000),
    _words("BrakePedal", live=1, tuned=60, saver=300, parked=4, driving=240),
    _numbers("LateralAcceleration", "LongitudinalAcceleration",
             live=(2, 0.5), tuned=(60, 2), saver=(300, 4), step=0.01, driving=4_000),
    _words("DiStateR", "DiStateF", "DiStateREL", "DiStateRER", "DCDCEnable", "Hvil",
           live=1, tuned=60, saver=300, parked=4, charging=0.5, driving=10),
    _numbers("DiAxleSpeedR", "DiAxleSpeedF", "DiAxleSpeedREL", "DiAxleSpeedRER",
             live=(5, 5), tuned=(60, 20), saver=(300, 50), step=0.1, driving=8_000),
    _numbers("DiTorquemotor", "DiTorqueActualR", "DiTorqueActualF", "DiTorqueActualREL",
             "DiTorqueActualRER", "DiSlaveTorqueCmd",
             live=(5, 25), tuned=(60, 200), saver=(300, 500), step=1, driving=400_000),
    _numbers("DiMotorCurrentR", "DiMotorCurrentF", "DiMotorCurrentREL", "DiMotorCurrentRER",
             live=(5, 10), tuned=(60, 50), saver=(300, 100), step=0.1, driving=100_000),
    _numbers("DiHeatsinkTR", "DiHeatsinkTF", "DiHeatsinkTREL", "DiHeatsinkTRER",
             "DiStatorTempR", "DiStatorTempF", "DiStatorTempREL", "DiStatorTempRER",
             "DiInverterTR", "DiInverterTF", "DiInverterTREL", "DiInverterTRER",
             live=(30, 1), tuned=(120, 5), saver=(600, 10), step=1, parked=20, driving=120),
    _numbers("DiVBatR", "DiVBatF", "DiVBatREL", "DiVBatRER", "PackVoltage",
             live=(10, 1), tuned=(60, 5), saver=(300, 10),
             step=0.01, parked=20, charging=15, driving=2_000, jitter=(0.5, 0.5, 1)),
    # Sent rarely, because vehicles repeat it although nothing changed.
    _numbers("PackCurrent", live=(10, 2), tuned=(120, 10), saver=(600, 25),
             step=0.1, parked=60, charging=30, driving=40_000, jitter=(1, 1, 2)),
    _numbers("BrickVoltageMax", "BrickVoltageMin", live=(30, 0.01), tuned=(300, 0.05),
             saver=(900, 0.1), step=0.002, parked=0.1, charging=0.2, driving=15,
             jitter=(0.002, 0.002, 0.004)),
    _numbers("NumBrickVoltageMax", "NumBrickVoltageMin", "NumModuleTempMax", "NumModuleTempMin",
             live=(30, 1), tuned=(600, 1), saver=(1800, 1),
             step=1, parked=60, charging=60, driving=300),
    _numbers("ModuleTempMax", "ModuleTempMin", live=(60, 0.5), tuned=(300, 1), saver=(900, 2),
             step=0.5, parked=3, charging=4, driving=8),
    _numbers("IsolationResistance", live=(60, 100), tuned=(600, 500), saver=(1800, 1000),
             step=10, parked=1_000, charging=500, driving=3_000),

    # --- Semi ---
    _words("SemitruckPassengerSeatFoldPosition", "SemitruckTractorParkBrakeStatus",
           "SemitruckTrailerParkBrakeStatus", tuned=5, saver=30, parked=1, driving=2),
    _numbers("SemiCruiseSpeedLimitMph", live=(5, 1), tuned=(60, 5), saver=(300, 10),
             step=1, driving=60),
    _numbers("SemiVehicleMassKg", live=(60, 100), tuned=(600, 500), saver=(1800, 1000),
             step=10, driving=2_000, parked=500),
)
# fmt: on

STRANGER: Final = _row(
    ValueKind.WORD,
    live=10,
    tuned=120,
    saver=600,
    step=1,
    parked=math.inf,
    charging=math.inf,
    driving=math.inf,
    jitter=(0, 0, 0),
)
"""The row of fields that this version does not know: sent rarely, and assumed to change all the
time. Without a delta, because words must not have one."""

ROWS_BY_FIELD: Final[Mapping[str, Row]] = {field: row for row in ROWS for field in row.fields}
"""The row of each field."""

LEAST_DELTA: Final[Mapping[str, float]] = {"SelfDrivingMilesSinceReset": 1.0}
"""Minimum delta of fields that Tesla rejects without one."""


def row_of(field: str) -> Row:
    """The row of a field; `STRANGER` for an unknown one."""
    return ROWS_BY_FIELD.get(field, STRANGER)


def rule_of(field: str, profile: Profile) -> FieldRule:
    """The rule of a profile for a field."""
    return row_of(field).rules[profile]


def fitting(field: str, rule: FieldRule) -> FieldRule:
    """Adapt a rule so that Tesla accepts it: no delta for words, a minimum delta where required."""
    delta = rule.delta
    if row_of(field).kind is ValueKind.WORD:
        delta = None
    elif (least := LEAST_DELTA.get(field)) is not None:
        delta = max(delta or 0.0, least)
    return rule if delta == rule.delta else FieldRule(rule.interval, delta, rule.resend)


SLOWEST: Final = {ValueKind.WORD: 300, ValueKind.NUMBER: 3600, ValueKind.POSITION: 600}
"""Longest interval to which fields are slowed, in seconds; beyond that they would be useless."""
_SLOWED_FROM: Final = 8
"""Interval from which shorter ones are slowed, so that the first step helps at once: a word that
flickers every second is then sent every 16 s."""


def slow_down(field: str, rule: FieldRule, steps: int) -> FieldRule:
    """Slow a rule: each step doubles the interval, and for a number also the delta.

    A number without a delta gets one, based on its resolution. A position keeps its delta, which is
    the largest error of the place where the vehicle stops.
    """
    if steps <= 0:
        return rule
    row = row_of(field)
    factor = 2 ** min(steps, 16)
    interval = min(max(rule.interval, _SLOWED_FROM) * factor, SLOWEST[row.kind])
    delta = rule.delta
    if row.kind is ValueKind.NUMBER:
        delta = (delta or row.motion.step) * factor
    return FieldRule(max(interval, rule.interval), delta, rule.resend)


def is_slowest(field: str, rule: FieldRule) -> bool:
    """Whether a rule's interval is already the longest that slowing allows."""
    return rule.interval >= SLOWEST[row_of(field).kind]

"""Restrictions of a car's use: valet, speed limit, PINs, guests, children."""

from dataclasses import dataclass, field

MIN_LIMIT_MPH = 50.0
MAX_LIMIT_MPH = 120.0
"""`speed_limit_mode.min_limit_mph` and `max_limit_mph`."""
PARENTAL_SETTINGS = (
    "SpeedLimit",
    "Acceleration",
    "SafetyFeatures",
    "Curfew",
    "BrowserBlocked",
    "TheaterBlocked",
    "ArcadeBlocked",
)
"""By the number in the command's enum. Source: car_server.proto."""


@dataclass
class Access:
    """Modes that a PIN protects."""

    valet_mode: bool = False
    valet_pin: str | None = None
    speed_limit_active: bool = False
    speed_limit_mph: float = 85.0
    speed_limit_pin: str | None = None
    pin_to_drive: bool = False
    drive_pin: str | None = None
    guest_mode: bool = False
    parental_active: bool = False
    parental_pin: str | None = None
    parental_limit_mph: float = 80.0
    parental_settings: dict[str, bool] = field(
        default_factory=lambda: dict.fromkeys(PARENTAL_SETTINGS, False)
    )
    low_power_mode: bool = False
    keep_accessory_power: bool = False

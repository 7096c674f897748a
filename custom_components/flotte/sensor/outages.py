"""Outages of the grid at a site, once they are over."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass

from ..entity import built_with
from ..tesla import signals
from .entity import FlotteSensorDescription

_has_outages: Final = built_with(signals.HAS_BATTERY, signals.HAS_GRID)

OUTAGE_SENSORS: Final[tuple[FlotteSensorDescription, ...]] = (
    FlotteSensorDescription(
        key="last_outage",
        signal=signals.LAST_OUTAGE,
        exists=_has_outages,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    FlotteSensorDescription(
        key="last_outage_duration",
        signal=signals.LAST_OUTAGE_DURATION,
        exists=_has_outages,
        device_class=SensorDeviceClass.DURATION,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="outages_in_12_months",
        signal=signals.OUTAGES_IN_12_MONTHS,
        exists=_has_outages,
        state_class=SensorStateClass.MEASUREMENT,
    ),
)

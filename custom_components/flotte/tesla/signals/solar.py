"""Signals of Charge on Solar, Tesla's charging with what solar panels and a Powerwall leave.

Vehicles neither stream them nor include them in polled data: they answer a signed request. Source:
the vehicles' messages as the community found them (tesla-protocol 4.0, 2026).
"""

from typing import Final

from ..state import Signal
from .bounds import PERCENT
from .measures import percent
from .parsers import boolean

CHARGE_ON_SOLAR = Signal("ChargeOnSolar", boolean, streamed=False)
CHARGE_ON_SOLAR_LOWER = Signal("ChargeOnSolarLowerLimit", percent, PERCENT, streamed=False, step=1)
"""Up to this level, the vehicle charges from any source."""
CHARGE_ON_SOLAR_UPPER = Signal("ChargeOnSolarUpperLimit", percent, PERCENT, streamed=False, step=1)
"""Up to this level, the vehicle charges from solar energy."""
CHARGE_ON_SOLAR_SETTINGS: Final = (
    CHARGE_ON_SOLAR,
    CHARGE_ON_SOLAR_LOWER,
    CHARGE_ON_SOLAR_UPPER,
)

"""Bounds: the lowest and the highest plausible value, in our unit.

They are wide enough for every vehicle on sale, but narrow enough to reject placeholders for "none":
999 miles, a raw value of all zeros (-40 °C) or all ones (87.5 °C, 102.3 %, 255, 32767).
"""

from typing import Final

PERCENT: Final = (-0.5, 100.5)
"""%; half a percent more, so that a rounding error does not make a full battery unknown."""
RANGE: Final = (0, 1500)
"""km; 999 miles are 1608 km."""
PACK_ENERGY: Final = (0, 1000)
"""kWh; a Semi holds about 900."""
LIFETIME_ENERGY: Final = (0, 4_000_000)
"""kWh; a Semi uses 2 million in a million miles, and 32 bits of Wh end at 4.29 million."""
PACK_VOLTS: Final = (0, 1100)
"""V; a Semi has about 1000."""
PACK_AMPERES: Final = (-3000, 3000)
BRICK_VOLTS: Final = (0, 5)
PART_NUMBER: Final = (0, 254)
PACK_TEMPERATURE: Final = (-39.5, 85)
"""°C."""
CABIN_TEMPERATURE: Final = (-39.5, 85)
"""°C; in the desert sun a cabin reaches about 80."""
AIR_TEMPERATURE: Final = (-39.5, 70)
"""°C; the sensor warms up over hot asphalt."""
DRIVE_TEMPERATURE: Final = (-39.5, 210)
"""°C; a raw byte ends at 215."""
CLIMATE_SETTING: Final = (5, 40)
"""°C; 15 to 28, and beyond them "low" and "high"."""
HEAT_LEVEL: Final = (0, 3)
SPEED_SETTING: Final = (0, 250)
"""km/h; 255.5 stands for none."""
ACCELERATION: Final = (-50, 50)
"""m/s²."""
AXLE_SPEED: Final = (-3000, 3000)
"""rad/s."""
TORQUE: Final = (-30_000, 30_000)
"""Nm."""
TYRE_PRESSURE: Final = (0, 6)
"""bar; a raw byte ends at 6.375."""
SEMI_TYRE_PRESSURE: Final = (0, 12)
MINUTE_OF_DAY: Final = (0, 1440)
VOLUME: Final = (0, 50)
PLAYING_TIME: Final = (0, 604_800_000)
"""ms; a week of one radio station."""
INSTANT: Final = (1_262_304_000, 2_145_916_800)
"""Unix seconds from 2010 to the end of 2037, before 31 bits are all ones."""
SITE_POWER: Final = (-10_000_000, 10_000_000)
"""W."""
DAY_ENERGY: Final = (0, 25_000_000)
"""Wh of a day of 25 hours at 1 MW, more than which no house has."""
SITE_ENERGY: Final = (0, 100_000_000)
"""kWh of a site since it was set up; 1 MW for eleven years."""

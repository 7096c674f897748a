"""The age of readings, in steps: its sensors would otherwise change at each poll."""

from datetime import timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from ..tesla import signals
from ..tesla.state import Derived, State
from ..tesla.units import Unit

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_QUARTER: Final = timedelta(minutes=15)


def age_in_steps(age: timedelta) -> timedelta:
    """An age, rounded down to quarters of an hour, and to hours from the first on.

    It is never negative.
    """
    step = _QUARTER if age < _HOUR else _HOUR
    return max(age // step * step, timedelta(0))


def _data_age(state: State) -> float | None:
    """Age of the newest data of the vehicle, in minutes."""
    reading = state.reported(signals.BATTERY_LEVEL) or state.reported(signals.ODOMETER)
    return None if reading is None else age_in_steps(dt_util.utcnow() - reading.time) / _MINUTE


DATA_AGE: Final = Derived("DataAge", compute=_data_age, unit=Unit.MINUTE)

"""The age of readings, in steps: its sensors would otherwise change at each poll."""

from datetime import timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from ..tesla import signals
from ..tesla.state import Derived, State
from ..tesla.units import Unit

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_STEPS: Final = ((6 * _HOUR, _HOUR), (_HOUR, 30 * _MINUTE), (timedelta(0), 10 * _MINUTE))
"""From which age on, the step of the age. Each begins at a multiple of its step."""


def age_in_steps(age: timedelta) -> timedelta:
    """An age, rounded down to a step that grows with it; never negative."""
    age = max(age, timedelta(0))
    step = next(step for begins, step in _STEPS if age >= begins)
    return age // step * step


def _data_age(state: State) -> float | None:
    """Age of the newest data of the vehicle, in minutes."""
    reading = state.reported(signals.BATTERY_LEVEL) or state.reported(signals.ODOMETER)
    return None if reading is None else age_in_steps(dt_util.utcnow() - reading.time) / _MINUTE


DATA_AGE: Final = Derived("DataAge", compute=_data_age, unit=Unit.MINUTE)

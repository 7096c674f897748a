"""Persons who steer a charge themselves: their commands, and when they hand it back."""

from collections.abc import Callable
from typing import Final

from homeassistant.core import callback

from ..tesla.charging.power import FIRST_AMPS
from ..tesla.commands import Command, set_charge_current, start_charging, stop_charging
from ..tesla.spending.caller import CHARGING_AT_HOME, Caller
from ..tesla.vehicle.vehicle import Vehicle

_STEERED_BY: Final = frozenset(
    {start_charging().name, stop_charging().name, set_charge_current(FIRST_AMPS).name}
)
"""Commands by which a person takes over."""


class PersonWatch:
    """Notices commands through Home Assistant that are not ours, since the last decision."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.has_commanded = False
        """Whether a person, or an automation of theirs, started, stopped or set the current."""
        self.has_resumed = False
        """Whether they want charging to follow the mode again."""
        self._executor = vehicle.executor

    @property
    def is_commanding(self) -> bool:
        """Whether a command of theirs is under way, which ours must not undo."""
        return any(_is_theirs(*each) for each in self._executor.under_way)

    @callback
    def async_follow(self) -> Callable[[], None]:
        """Watch the commands to the vehicle; return a function that stops it."""
        return self._executor.executed.subscribe(self._async_executed)

    @callback
    def _async_executed(self, command: Command, caller: Caller) -> None:
        if _is_theirs(command, caller):
            self.has_commanded = True

    def resume(self) -> None:
        """Note that a person hands the charge back."""
        self.has_commanded, self.has_resumed = False, True

    def forget(self) -> None:
        """Forget what a decision has taken into account."""
        self.has_commanded = self.has_resumed = False


def _is_theirs(command: Command, caller: Caller) -> bool:
    """Whether a command steers the charge, and is not ours."""
    return command.name in _STEERED_BY and caller != CHARGING_AT_HOME

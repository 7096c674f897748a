"""Commands of people and automations that were refused, for triggers of automations."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback

from ..tesla.commands import Command
from ..tesla.errors import Refused
from ..tesla.listeners import Listeners
from ..texts import async_text


class Refusals:
    """The refused commands of a vehicle or site: those that were certainly not executed."""

    def __init__(self, hass: HomeAssistant, name: Callable[[], str]) -> None:
        """Report refusals of the vehicle or site with this name."""
        self.reported = Listeners[Command, Refused, str]()
        """Notified of each, with the reason and its text in Home Assistant's language."""
        self._hass = hass
        self._name = name

    @callback
    def async_report(self, command: Command | None, result: object) -> None:
        """Report a command if this result of it is a refusal."""
        if command is not None and isinstance(result, Refused):
            words = {"name": self._name(), **result.placeholders}
            text = async_text(self._hass, result.translation_key, words)
            self.reported(command, result, text)

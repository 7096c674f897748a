"""Commands that a vehicle has refused because its software does not know them."""

from collections.abc import Mapping
from typing import Any

from ..commands import Command
from ..errors import CommandRefused
from ..signals import SOFTWARE_VERSION
from ..signing import faults
from .knowledge import Knowledge


class UnknownCommands:
    """Remembers unproven commands that the vehicle's present software does not know.

    Tesla bills refused commands too, so sending them again would cost money for nothing. Proven
    commands are always sent: an odd answer must not block the locks.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._firmware: dict[str, str] = {}
        """Software version that refused a command, by the command's name; blank if unknown."""

    def refuse(self, command: Command) -> None:
        """Raise CommandRefused if the vehicle's present software does not know a command."""
        if self._firmware.get(command.name) == self._running:
            raise CommandRefused(
                faults.INVALID_COMMAND.name, reason=faults.INVALID_COMMAND.translation_key
            )

    def note(self, command: Command, refusal: CommandRefused) -> None:
        """Remember a command if it was refused as unknown."""
        if command.unproven and refusal.reason == faults.INVALID_COMMAND.translation_key:
            self._firmware[command.name] = self._running

    @property
    def _running(self) -> str:
        return self._knowledge.state[SOFTWARE_VERSION] or ""

    def to_stored(self) -> dict[str, Any]:
        """The commands, as JSON."""
        return {"unknown_commands": dict(self._firmware)}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the commands from the JSON of `to_stored`; ignore unreadable ones."""
        kept = stored.get("unknown_commands")
        if isinstance(kept, Mapping):
            self._firmware = {
                name: version
                for name, version in kept.items()
                if isinstance(name, str) and isinstance(version, str)
            }

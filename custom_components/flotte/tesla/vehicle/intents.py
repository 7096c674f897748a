"""The commands under way to a vehicle: what they are to change, and whether one wakes it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from .. import signals
from ..commands import Command
from ..listeners import Listeners
from ..state import Signal

_NOTHING: Final[Mapping[Signal[Any], Any]] = {}


class Intents:
    """The commands of one vehicle that have begun and have no outcome yet."""

    def __init__(self) -> None:
        self.changed = Listeners[frozenset[Signal[Any]]]()
        """Notified of the signals that a command is to change, when it begins, ends, is deferred or
        is dropped, and of `ONLINE` when a wake begins or ends. Their values stay as they are."""
        self._under_way: list[Command] = []
        self._wakes = 0

    @property
    def is_waking(self) -> bool:
        """Whether the vehicle is being woken."""
        return self._wakes > 0

    @property
    def expected(self) -> Mapping[Signal[Any], Any]:
        """The values that the commands under way are to lead to."""
        if not self._under_way:
            return _NOTHING
        return {
            each: value for command in self._under_way for each, value in command.expects.items()
        }

    def note(self, command: Command) -> None:
        """Notify that this command is to change its signals, or no longer is."""
        self.changed(frozenset(command.expects))

    @contextmanager
    def under_way(self, command: Command) -> Generator[None]:
        """Count a command as under way."""
        self._under_way.append(command)
        self.note(command)
        try:
            yield
        finally:
            if command in self._under_way:
                self._under_way.remove(command)
                self.note(command)

    def done(self, command: Command) -> None:
        """End a command whose effect is known, and reported by other means."""
        self._under_way.remove(command)

    @contextmanager
    def waking(self) -> Generator[None]:
        """Count the vehicle as being woken."""
        self._wakes += 1
        self.changed(frozenset({signals.ONLINE}))
        try:
            yield
        finally:
            self._wakes -= 1
            self.changed(frozenset({signals.ONLINE}))

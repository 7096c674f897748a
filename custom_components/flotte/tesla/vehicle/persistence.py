"""The saving of a vehicle: anything that must survive a crash is on disk before it takes effect."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from ..errors import Refused


async def _save_nothing() -> None:
    """Write nothing."""


class Persistence:
    """Saves one vehicle; the owner of the storage sets how."""

    def __init__(self) -> None:
        self.save: Callable[[], Awaitable[None]] = _save_nothing
        """Write the vehicle's state and its deferred commands to disk at once. Raises Refused if
        that fails."""

    async def save_if_possible(self) -> None:
        """Try to save, because stale data after a crash could repeat a command or a wake."""
        with suppress(Refused):
            await self.save()

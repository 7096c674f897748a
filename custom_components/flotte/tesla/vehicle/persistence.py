"""The note on disk: what must survive a crash is written before it takes effect."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from ..errors import Refused


async def _save_nothing() -> None:
    """Write nothing."""


class Persistence:
    """The way of one vehicle's notes to disk, set by the owner of the storage."""

    def __init__(self) -> None:
        self.save: Callable[[], Awaitable[None]] = _save_nothing
        """Make the vehicle's state and its deferred commands durable, at once. Raises Refused if
        that is impossible."""

    async def save_if_possible(self) -> None:
        """Save without insisting: after a crash a stale note would repeat a command or a wake."""
        with suppress(Refused):
            await self.save()

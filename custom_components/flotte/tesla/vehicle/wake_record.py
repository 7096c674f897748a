"""The last wake of a vehicle: one that was paid for serves all that need the vehicle awake."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ..state import restore_time
from . import waits

WAKE_TIMEOUT: Final = timedelta(seconds=60)
"""Tesla: a wake takes 10 to 60 s."""


class WakeRecord:
    """When the last wake began, until it is over."""

    def __init__(self) -> None:
        self.began: float | None = None
        """Monotonic second, which a clock that is set does not change; None if it is over."""

    @property
    def is_under_way(self) -> bool:
        """Whether a wake was begun, and paid, within the time that it may take."""
        began = self.began
        return began is not None and waits.monotonic() - began <= WAKE_TIMEOUT.total_seconds()

    def to_stored(self, *, monotonic: float, wall: float) -> dict[str, Any]:
        """The time at which it began, as JSON."""
        return {"woken": None if self.began is None else wall - (monotonic - self.began)}

    def restore(self, stored: Mapping[str, Any], *, monotonic: float, wall: float) -> None:
        """Restore a wake that may still be under way: it must not be paid for twice."""
        woken = restore_time(stored.get("woken"))
        if woken is not None and 0 <= (age := wall - woken.timestamp()) < WAKE_TIMEOUT.seconds:
            self.began = monotonic - age

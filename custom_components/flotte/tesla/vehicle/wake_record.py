"""The record of a vehicle's last wake, so that one paid wake serves all callers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from ..state import restore_time
from . import waits

WAKE_TIMEOUT: Final = timedelta(seconds=60)
"""According to Tesla, a wake takes 10 to 60 s."""


class WakeRecord:
    """The start of a vehicle's last wake, kept until that wake is over."""

    def __init__(self) -> None:
        self.began: float | None = None
        """Monotonic second at which the wake began; None if no wake is under way."""

    @property
    def is_under_way(self) -> bool:
        """Whether a paid wake began so recently that it may still succeed."""
        began = self.began
        return began is not None and waits.monotonic() - began <= WAKE_TIMEOUT.total_seconds()

    def to_stored(self, *, monotonic: float, wall: float) -> dict[str, Any]:
        """The wall-clock time at which the wake began, as JSON."""
        return {"woken": None if self.began is None else wall - (monotonic - self.began)}

    def restore(self, stored: Mapping[str, Any], *, monotonic: float, wall: float) -> None:
        """Restore a wake that may still be under way, so that it is not paid for twice."""
        woken = restore_time(stored.get("woken"))
        if woken is not None and 0 <= (age := wall - woken.timestamp()) < WAKE_TIMEOUT.seconds:
            self.began = monotonic - age

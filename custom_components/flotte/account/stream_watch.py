"""Whether a vehicle is meant to stream, and whether its stream is missing."""

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla.listeners import Listeners
from ..tesla.vehicle import poll_plan as plan
from ..tesla.vehicle.vehicle import Vehicle


class StreamWatch:
    """The stream that is expected of one vehicle."""

    def __init__(self, vehicle: Vehicle) -> None:
        """Start without an expected stream."""
        self.is_expected = False
        """Whether the vehicle is meant to stream."""
        self.begins = False
        """Whether it was only polled before it was meant to stream."""
        self.was_polled = False
        """Whether it is, or when that was last known, was only polled."""
        self.changed = Listeners[()]()
        """Called when `is_expected` was set."""
        self._vehicle = vehicle
        self._is_logged = False

    @callback
    def async_expect(self, *, streams: bool, is_certain: bool) -> None:
        """Set whether the vehicle is meant to stream, while it has no connection.

        Args:
            streams: Whether it is meant to stream.
            is_certain: Whether that is known. If not, it does not begin to stream.
        """
        self.begins = streams and is_certain and self.was_polled
        if is_certain:
            self.was_polled = not streams
        self.is_expected = streams
        if streams:
            self._vehicle.presence.mark_not_streaming()
        self.changed()

    @property
    def is_missing(self) -> bool:
        """Whether an online vehicle that should stream has not done so within the grace period."""
        since = self._vehicle.presence.stream_overdue_since
        return since is not None and dt_util.utcnow() - since >= plan.STREAM_GRACE

    @callback
    def async_log(self, name: str) -> None:
        """Log once that the stream is missing, and once that it is back."""
        if self._vehicle.is_streaming:
            if self._is_logged:
                LOGGER.info("%s streams again", name)
            self._is_logged = False
        elif self.is_missing and not self._is_logged:
            LOGGER.warning("%s is online but does not stream; it is polled", name)
            self._is_logged = True

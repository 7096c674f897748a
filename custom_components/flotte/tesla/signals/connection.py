"""Connection of a vehicle to Tesla, and to our receiver."""

from datetime import datetime
from typing import Final

from ..state import Derived, Signal, State
from .bounds import INSTANT
from .parsers import boolean, number

ONLINE = Signal("Online", boolean, streamed=False)
"""Whether the vehicle is online, as the free state check reports."""

IN_SERVICE = Signal("InService", boolean, streamed=False)
"""Whether Tesla has the vehicle in service, as the free state check reports."""

STREAMING = Signal("Streaming", boolean, streamed=False)
"""Whether the vehicle is connected to us, or to the owner's own server."""

WIFI = Signal("Wifi", boolean, streamed=False)
CELLULAR = Signal("Cellular", boolean, streamed=False)
"""Whether the vehicle streams over Wi-Fi, or over the mobile network. With a connection over each
of them it changes from one to the other."""

CONNECTION_SIGNALS: Final = frozenset({STREAMING, WIFI, CELLULAR})
"""Signals of the connection to us."""

LAST_ONLINE = Signal("LastOnline", number, INSTANT, streamed=False)
"""When the vehicle was last known to be online, in Unix seconds."""


_BY_TESLA: Final = frozenset({ONLINE, IN_SERVICE})
"""Signals that Tesla reports without contact to the vehicle."""


def _last_seen(state: State) -> datetime | None:
    """The time of the newest value, or of the last time that the vehicle was online."""
    known = [
        reading.time
        for signal, reading in state.readings.items()
        if signal not in _BY_TESLA and reading.value is not None
    ]
    return max(known, default=None)


LAST_SEEN = Derived("LastSeen", compute=_last_seen)
"""Computed from all signals of the vehicle."""

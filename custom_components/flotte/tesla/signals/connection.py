"""Connection of a vehicle to Tesla, and to our receiver."""

from ..state import Signal
from .bounds import INSTANT
from .parsers import boolean, number

ONLINE = Signal("Online", boolean, streamed=False)
"""Whether Tesla can reach the vehicle now; told by the free state check."""

STREAMING = Signal("Streaming", boolean, streamed=False)
"""Whether it has a connection to us, or to the owner's own server, now."""

LAST_ONLINE = Signal("LastOnline", number, INSTANT, streamed=False)
"""Unix seconds at which it was last found online."""

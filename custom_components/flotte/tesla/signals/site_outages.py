"""Signals of a site's outages, from its backup history; see `tesla.site.outages`.

An outage counts once it is over; one that goes on is seen in `ISLAND_STATUS`.
"""

from typing import Final

from ..state import Signal
from .bounds import INSTANT
from .measures import minutes
from .moments import date_of
from .parsers import instant, whole

BACKUP_HISTORY: Final = "backup_history"
"""The section of the outages."""

LAST_OUTAGE_BEGAN = Signal(
    "LastOutage.Began", instant, INSTANT, path=f"{BACKUP_HISTORY}.began", streamed=False
)
"""Unix seconds."""
LAST_OUTAGE = date_of("LastOutage", LAST_OUTAGE_BEGAN)
LAST_OUTAGE_DURATION = Signal(
    "LastOutage.Duration",
    minutes,
    (0, 10_000_000),
    path=f"{BACKUP_HISTORY}.minutes",
    streamed=False,
)
OUTAGES_IN_12_MONTHS = Signal(
    "OutagesIn12Months", whole, (0, 100_000), path=f"{BACKUP_HISTORY}.count", streamed=False
)
"""Unknown if Tesla did not answer with all of them."""

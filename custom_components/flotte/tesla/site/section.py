"""A section of a site: a part of its data that is read with one request."""

from dataclasses import dataclass
from datetime import datetime

from ..errors import TeslaError


@dataclass(slots=True)
class Section:
    """How reading a section of a site goes."""

    tried: datetime | None = None
    """When it was asked last; None if it was not since the start."""
    read: datetime | None = None
    """When it answered last."""
    error: TeslaError | None = None
    """Why the last question failed; None after an answer."""
    failing_since: datetime | None = None
    failures: int = 0
    """Questions that failed in a row."""

    def succeeded(self, now: datetime) -> None:
        """Note an answer."""
        self.read, self.error, self.failing_since, self.failures = now, None, None, 0

    def failed(self, error: TeslaError, now: datetime) -> None:
        """Note a failure."""
        self.error = error
        self.failing_since = self.failing_since or now
        self.failures += 1

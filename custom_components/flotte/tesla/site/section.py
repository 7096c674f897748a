"""A section of a site: a part of its data that is read with one request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import signals
from ..errors import AccountSuspended, BudgetExceeded, GateRefused, TeslaError


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


def is_lost(error: BaseException) -> bool:
    """Whether an error tells of trouble on the way, and not of money."""
    ours = BudgetExceeded | GateRefused | AccountSuspended
    return isinstance(error, TeslaError) and not isinstance(error, ours)


class AnswerTimes:
    """The times at which answers about power flows were true, by our clock.

    A gateway's clock may be wrong, and Tesla's cloud repeats the last words of a site that it does
    not reach. So a time stamp counts only for the first answer, and for one that repeats the one
    before, time stamp included; whatever else came is new.
    """

    def __init__(self) -> None:
        self._last: tuple[Mapping[str, Any], datetime] | None = None
        """The last answer, and when it was true."""

    def of(self, answer: Mapping[str, Any], asked: datetime) -> datetime:
        """The time of the next answer, which came to a request of the time `asked`."""
        if self._last is None:
            time = signals.read_time(answer.get("timestamp"), asked) or asked
        elif answer == self._last[0] and answer.get("timestamp"):
            time = self._last[1]
        else:
            time = asked
        self._last = answer, time
        return time

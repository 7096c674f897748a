"""A section of a site: a part of its data that is read with one request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..errors import AccountSuspended, BudgetExceeded, GateRefused, TeslaError
from ..signals import LIVE_STATUS
from ..state import Reading, Readings, Signal

MISSING_GRACE: Final = timedelta(minutes=15)
"""How long a value is kept while answers come without its key."""


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

    def of(self, answer: Mapping[str, Any], asked: datetime, known: Readings) -> datetime:
        """The time of the next answer, which came to a request of the time `asked`.

        It is not earlier than that of the known readings, which would otherwise win.
        """
        known_times = (
            each.time
            for signal, each in known.items()
            if signal.section == LIVE_STATUS and each.time <= asked
        )
        return max([self._true_at(answer, asked), *known_times])

    def _true_at(self, answer: Mapping[str, Any], asked: datetime) -> datetime:
        if self._last is None:
            time = signals.read_time(answer.get("timestamp"), asked) or asked
        elif answer == self._last[0] and answer.get("timestamp"):
            time = self._last[1]
        else:
            time = asked
        self._last = answer, time
        return time


class MissingValues:
    """Since when answers come without the keys of known values."""

    def __init__(self) -> None:
        self._since: dict[Signal[Any], datetime] = {}

    def overdue(
        self,
        known: Iterable[tuple[Signal[Any], Reading[Any]]],
        readings: Readings,
        *,
        since: datetime,
        now: datetime,
    ) -> list[Signal[Any]]:
        """The signals that have been missing for too long, with those in the next answer counted.

        Args:
            known: What is known of the section.
            readings: The readings in the answer.
            since: When the answer before came; now if there is none.
            now: The current time.
        """
        found = []
        for signal, reading in known:
            if reading.value is None:
                continue
            if signal in readings:
                self._since.pop(signal, None)
            elif (missing_since := self._since.get(signal)) is None:
                self._since[signal] = since
            elif now - missing_since >= MISSING_GRACE:
                found.append(signal)
        return found

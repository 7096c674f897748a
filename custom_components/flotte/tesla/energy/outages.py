"""Outages of the grid in which a site's battery supplied the home.

Tesla answers them in pages, the newest first. Source of the form: Tesla, "Energy endpoints", sample
of August 2024; of `next_end_date`: TeslaPy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..errors import InvalidAnswer
from ..reading_json import as_moment, as_object, number_in

MAX_PAGES: Final = 20
"""How many pages of a period are requested at most."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage; the current one ends at the time of the answer."""

    start: datetime
    """Aware, in UTC, as is `end`."""
    end: datetime

    @property
    def duration(self) -> timedelta:
        """How long it lasted."""
        return self.end - self.start


class BackupHistory:
    """The outages of a period, while its pages are read.

    Args:
        start: Start of the period; aware.
        end: End of the period.
    """

    def __init__(self, start: datetime, end: datetime) -> None:
        self.next_end: datetime | None = end
        """Where the next page to request ends; None if there is none."""
        self.is_complete = False
        """Whether all pages of the period were read."""
        self._start = start
        self._pages = 0
        self._found: dict[datetime, Outage] = {}

    @property
    def outages(self) -> tuple[Outage, ...]:
        """The outages that were read, in order of time."""
        return tuple(self._found[start] for start in sorted(self._found))

    def take(self, answer: Mapping[str, Any]) -> None:
        """Add the answer to the request for the next page.

        There is no next page if Tesla names none, or one that this page has covered already: Tesla
        may repeat a page.

        Raises:
            InvalidAnswer: the answer has no list of outages.
        """
        page = read_outages(answer)
        end, self.next_end = self.next_end, None
        if end is None:
            return
        is_known = all(each.start in self._found and each.start <= end for each in page)
        for outage in page:
            known = self._found.get(outage.start, outage)
            self._found[outage.start] = max(known, outage, key=lambda each: each.end)
        self._pages += 1
        if not (named := answer.get("next_end_date")):
            self.is_complete = True
        elif (further := as_moment(named)) is None:
            return
        elif further <= self._start:
            self.is_complete = True
        elif further >= end:
            # A page that repeats only the oldest outage is the last one.
            self.is_complete = is_known
        elif self._pages < MAX_PAGES:
            self.next_end = further


def read_outages(answer: Mapping[str, Any]) -> tuple[Outage, ...]:
    """The outages on a page, an answer of `calendar_history?kind=backup`, in order of time.

    An outage without a readable time or duration is left out.

    Raises:
        InvalidAnswer: the answer has no list of outages.
    """
    events = answer.get("events")
    if not isinstance(events, list):
        raise InvalidAnswer("it has no backup history")
    return tuple(sorted(_outages(events), key=lambda outage: outage.start))


def _outages(events: list[Any]) -> Iterator[Outage]:
    for event in map(as_object, events):
        start = as_moment(event.get("timestamp"))
        seconds = number_in(event.get("duration"))
        if start is None or seconds is None or seconds < 0:
            continue
        try:
            yield Outage(start, start + timedelta(seconds=seconds))
        except OverflowError:
            continue

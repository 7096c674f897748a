"""Outages of the grid in which a site's battery supplied the home.

Source of the form: Tesla, "Energy endpoints", sample of August 2024.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..errors import InvalidAnswer
from ..reading_json import as_moment, as_object, number_in


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage; the current one ends at the time of the answer."""

    start: datetime
    """Aware, in UTC, as is `end`."""
    end: datetime


def read_outages(answer: Mapping[str, Any]) -> tuple[Outage, ...]:
    """The outages in an answer of `calendar_history?kind=backup`, in order of time.

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

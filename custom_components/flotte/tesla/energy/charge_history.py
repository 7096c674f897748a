"""Charging sessions of a site's wall connectors.

Source of the form: Tesla, "Energy endpoints", sample of August 2024.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import InvalidAnswer
from ..reading_json import as_object, number_in


@dataclass(frozen=True, slots=True)
class ChargeSession:
    """A session at one of the wall connectors; Tesla does not say at which."""

    start: datetime
    """Aware, in UTC, as is `end`."""
    end: datetime
    energy: float
    """Wh."""


def read_charges(answer: Mapping[str, Any]) -> tuple[ChargeSession, ...]:
    """The sessions in an answer of `telemetry_history?kind=charge`, in order of time.

    A session without a readable time or energy is left out.

    Raises:
        InvalidAnswer: the answer has no list of sessions.
    """
    rows = answer.get("charge_history")
    if not isinstance(rows, list):
        raise InvalidAnswer("it has no charge history")
    return tuple(sorted(_sessions(rows), key=lambda session: session.start))


def _sessions(rows: list[Any]) -> Iterator[ChargeSession]:
    for row in map(as_object, rows):
        start = number_in(as_object(row.get("charge_start_time")).get("seconds"))
        duration = number_in(as_object(row.get("charge_duration")).get("seconds"))
        energy = number_in(row.get("energy_added_wh"))
        if start is None or duration is None or energy is None or duration < 0 or energy < 0:
            continue
        try:
            began = datetime.fromtimestamp(start, UTC)
            yield ChargeSession(began, began + timedelta(seconds=duration), energy)
        except ValueError, OverflowError, OSError:
            continue

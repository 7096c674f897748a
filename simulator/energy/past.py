"""The past of an energy site: flows, outages and charging sessions."""

from dataclasses import dataclass, field
from datetime import datetime

from simulator.balance import Energy
from simulator.refusals import SteeringError
from simulator.vehicle.charging import Session

ROW_SECONDS = 300.0
"""`day` histories have a row for every five minutes."""


@dataclass(kw_only=True)
class Outage:
    """An outage of the grid."""

    began_at: float
    ended_at: float | None = None


@dataclass
class History:
    """Energy by five-minute rows since the world began, with outages and charges."""

    rows: dict[float, Energy] = field(default_factory=dict)
    """By the Unix time of the row's start, in order."""
    outages: list[Outage] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    """Charges at the wall connector."""

    def add(self, at: float, energy: Energy) -> None:
        """Add energy to the row of this moment."""
        begins = at - at % ROW_SECONDS
        self.rows.setdefault(begins, Energy()).add(energy)


_FLAGS = ("standard_offset", "repeats_page")


@dataclass
class HistoryFaults:
    """Faults of a site's histories, most of them as owners reported them.

    Sources: tesla-solar-download 8 and Powerwall-Dashboard 183 for the offset, core 182012 for
    sums that are too low at first.
    """

    standard_offset: bool = False
    """Local times are right, but carry the standard offset all year. The requested end is compared
    by that offset too: in summer, a day ends at 23:00 unless its end has the standard offset."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """Spans of Unix time without rows: the gateway was offline."""
    provisional_hours: float = 0.0
    """Rows younger than this have nine tenths of their energy."""
    repeats_page: bool = False
    """The end of the requested period is ignored: every page of outages is the first one."""

    def steer(self, changes: object) -> None:
        """Apply an order: an object with some of the fields; gaps are pairs of RFC 3339 times.

        Raises SteeringError.
        """
        if not isinstance(changes, dict) or set(changes) - set(vars(self)):
            raise SteeringError(f"history must be an object of {', '.join(vars(self))}")
        new: dict[str, bool | float | list[tuple[float, float]]] = {}
        for name, value in changes.items():
            if name == "gaps":
                new[name] = _spans(value)
            elif type(value) not in ((bool,) if name in _FLAGS else (int, float)):
                raise SteeringError(f"{name} cannot be {value!r}")
            else:
                new[name] = value
        vars(self).update(new)


def moment(value: object) -> datetime:
    """Read an RFC 3339 time with an offset. Raises SteeringError."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise SteeringError(f"{value!r} is not a time as in RFC 3339") from error
    if found.tzinfo is None:
        raise SteeringError(f"{value!r} has no offset")
    return found


def _spans(value: object) -> list[tuple[float, float]]:
    if not isinstance(value, list) or any(
        not isinstance(span, list) or len(span) != len(("start", "end")) for span in value
    ):
        raise SteeringError("gaps must be pairs of times")
    return [(moment(start).timestamp(), moment(end).timestamp()) for start, end in value]

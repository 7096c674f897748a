"""The past of an energy site: flows, outages and charging sessions."""

from dataclasses import dataclass, field

from simulator.balance import Energy
from simulator.vehicle.charging import Session

ROW_SECONDS = 300.0
"""`day` histories have a row for every five minutes."""


@dataclass(kw_only=True)
class Outage:
    """A time without the grid."""

    began_at: float
    ended_at: float | None = None


@dataclass
class History:
    """Energy by five-minute rows, and what else happened."""

    rows: dict[float, Energy] = field(default_factory=dict)
    """By the Unix time at which a row begins, in order."""
    outages: list[Outage] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    """Charges at the wall connector."""

    def add(self, at: float, energy: Energy) -> None:
        """Put energy into the row that this moment belongs to."""
        begins = at - at % ROW_SECONDS
        self.rows.setdefault(begins, Energy()).add(energy)

    def forget(self, before: float) -> None:
        """Drop rows that are too old."""
        for begins in list(self.rows):
            if begins >= before:
                break
            del self.rows[begins]

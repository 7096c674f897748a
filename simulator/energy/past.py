"""The past of an energy site: flows, outages and charging sessions."""

from dataclasses import dataclass, field

from simulator.balance import Energy
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
    """Energy by five-minute rows, with outages and charges."""

    rows: dict[float, Energy] = field(default_factory=dict)
    """By the Unix time of the row's start, in order."""
    outages: list[Outage] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    """Charges at the wall connector."""

    def add(self, at: float, energy: Energy) -> None:
        """Add energy to the row of this moment."""
        begins = at - at % ROW_SECONDS
        self.rows.setdefault(begins, Energy()).add(energy)

    def forget(self, before: float) -> None:
        """Drop old rows."""
        for begins in list(self.rows):
            if begins >= before:
                break
            del self.rows[begins]

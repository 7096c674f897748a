"""The charge port: its door, and the latch that holds a cable. Both revert after a while."""

from dataclasses import dataclass

RELATCH_SECONDS = 60.0
"""The time for which the latch releases a cable that is not pulled. Source: reports of owners."""
DOOR_SECONDS = 300.0
"""The time for which a motorised door stays open without a cable; the exact value is assumed."""


@dataclass
class ChargePort:
    """Unix times."""

    has_motor: bool
    """Whether the door closes on its own."""
    is_open: bool = False
    is_latch_engaged: bool = False
    latches_at: float | None = None
    closes_at: float | None = None

    def open(self, now: float) -> None:
        """Open the door of a port without a cable."""
        self.is_open = True
        self.closes_at = now + DOOR_SECONDS if self.has_motor else None

    def close(self) -> None:
        """Close the door of an empty port."""
        self.is_open = False
        self.is_latch_engaged = False
        self.latches_at = None
        self.closes_at = None

    def latch(self) -> None:
        """Hold the plugged-in cable."""
        self.is_open = True
        self.is_latch_engaged = True
        self.latches_at = None
        self.closes_at = None

    def unlatch(self, now: float) -> None:
        """Release the cable for a minute; again for a minute if repeated."""
        self.is_latch_engaged = False
        self.latches_at = now + RELATCH_SECONDS

    @property
    def changes_at(self) -> float | None:
        """The time of the next automatic change."""
        return self.latches_at if self.latches_at is not None else self.closes_at

    def change(self, now: float) -> None:
        """Make the changes that are due."""
        if self.latches_at is not None and self.latches_at <= now:
            self.latch()
        elif self.closes_at is not None and self.closes_at <= now:
            self.close()

"""The cost of the energy of one session, at a price that may change while it charges."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from ..reading_json import as_number, as_object

MAX_BLIND: Final = timedelta(minutes=10)
"""Longest time between two looks at a changing price for which it counts as known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of a kWh at home now."""

    value: float | None = None
    """None if it is unknown."""
    is_fixed: bool = False
    """Whether only the owner changes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The cost so far, and the prices since the last reading of the energy.

    The energy between two readings is spread evenly over the time of charging between them.
    """

    value: float | None = 0.0
    """None if the price of any part is unknown."""
    seconds: float = 0.0
    """Time of charging since the last reading."""
    price_seconds: float | None = 0.0
    """Integral of the price over that time; None if it was unknown for a part."""

    def passed(self, since: datetime, now: datetime, price: Price) -> Self:
        """The cost after some time of charging, in which the price was `price`."""
        duration = max(now - since, timedelta())
        is_known = price.is_fixed or duration <= MAX_BLIND
        if price.value is None or self.price_seconds is None or not is_known:
            price_seconds = None
        else:
            price_seconds = self.price_seconds + price.value * duration.total_seconds()
        return type(self)(
            value=self.value,
            seconds=self.seconds + duration.total_seconds(),
            price_seconds=price_seconds,
        )

    def charged(self, energy: float, price: Price) -> Self:
        """The cost after a reading that is higher by `energy`, in kWh; `price` is that of now."""
        if not energy:
            return self
        if self.price_seconds is None:
            average = None
        else:
            average = self.price_seconds / self.seconds if self.seconds else price.value
        if self.value is None or average is None:
            return type(self)(value=None)
        return type(self)(value=self.value + energy * average)

    @classmethod
    def from_stored(cls, stored: object) -> Self:
        """Restore it from its fields as JSON; anything unreadable is unknown."""
        read = as_object(stored)
        seconds = as_number(read.get("seconds"))
        return cls(
            value=as_number(read.get("value")),
            seconds=seconds or 0.0,
            price_seconds=None if seconds is None else as_number(read.get("price_seconds")),
        )

"""Taxes and fees per kWh, which the prices of an exchange lack."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from statistics import median
from typing import Final

from .price_slots import PriceSlot

_MAX_SLOTS: Final = 24
"""How many slots it follows from. An entity may be late in a few of them."""


class Surcharge:
    """The usual difference between the price that an entity shows and that of an integration.

    A percentage is taken for an amount, so it is not exact. But with it, the prices of the coming
    hours can be compared with the one of now, and with those for energy fed into the grid.
    """

    def __init__(self) -> None:
        self._entry_id: str | None = None
        self._differences: dict[datetime, float] = {}
        """By the start of the slot, the oldest observation first."""

    def observe(self, entry_id: str, slot: PriceSlot, shown: float) -> None:
        """Note the price that the entity showed in a slot of an integration."""
        if entry_id != self._entry_id:
            self._entry_id, self._differences = entry_id, {}
        self._differences.pop(slot.start, None)
        self._differences[slot.start] = shown - slot.price
        for start in [*self._differences][:-_MAX_SLOTS]:
            del self._differences[start]

    def added(self, entry_id: str, slots: Iterable[PriceSlot]) -> list[PriceSlot]:
        """The slots of an integration with taxes and fees, as far as they are known."""
        if entry_id != self._entry_id:
            return list(slots)
        surcharge = median(self._differences.values())
        return [replace(slot, price=slot.price + surcharge) for slot in slots]

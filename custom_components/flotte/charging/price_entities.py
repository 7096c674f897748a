"""Prices that an entity shows: the one of now, and those that it lists in attributes.

Custom integrations keep their prices in attributes, in different forms and units. A list is only
used if it has the same price for now as the entity itself, so a list in cents, without taxes or of
another meter is never taken for prices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isclose
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..account.charging import energy_price, energy_unit
from .price_slots import PriceSlot, RowKeys, price_at, read_slots

_ROUNDED: Final = 0.02
"""Largest relative difference between the price and its row: sensors round."""
_CENT: Final = 0.001
"""Largest absolute difference, per kWh."""


@dataclass(frozen=True, slots=True)
class _PriceList:
    """A form in which an entity lists its prices."""

    attributes: tuple[str, ...]
    keys: RowKeys
    kilowatt_hours: float | None
    """The energy that a price is for; None if the entity's unit says it."""


_FORMS: Final = (
    # Nord Pool of HACS.
    _PriceList(("raw_today", "raw_tomorrow"), RowKeys("start", "end", "value"), None),
    # EPEX Spot with aWATTar and others: newer versions, older ones in cents and per MWh.
    _PriceList(("data",), RowKeys("start_time", "end_time", "price_per_kwh"), 1.0),
    _PriceList(("data",), RowKeys("start_time", "end_time", "price_ct_per_kwh"), 100.0),
    _PriceList(("data",), RowKeys("start_time", "end_time", "price_eur_per_mwh"), 1000.0),
    # Octopus Energy.
    _PriceList(("rates",), RowKeys("start", "end", "value_inc_vat"), 1.0),
)
_OCTOPUS: Final = "octopus_energy"
_OCTOPUS_PRICE: Final = "_current_rate"
_OCTOPUS_LISTS: Final = ("_current_day_rates", "_next_day_rates")
"""Ends of the unique ids of a meter's price and of the events that list its prices."""


def listed_slots(hass: HomeAssistant, entity_id: str, now: datetime) -> list[PriceSlot]:
    """The prices that an entity lists; none if it has no list, or one that contradicts it."""
    price, unit = energy_price(hass, entity_id), energy_unit(hass, entity_id)
    if price is None or unit is None:
        return []
    attributes = _attributes(hass, entity_id)
    for form in _FORMS:
        rows = [
            row
            for each in attributes
            for name in form.attributes
            for row in _as_list(each.get(name))
        ]
        slots = read_slots(rows, form.keys, kilowatt_hours=form.kilowatt_hours or unit)
        listed = price_at(slots, now)
        if listed is not None and isclose(listed, price, rel_tol=_ROUNDED, abs_tol=_CENT):
            return slots
    return []


def _attributes(hass: HomeAssistant, entity_id: str) -> list[Mapping[str, Any]]:
    """The attributes of an entity, and of those that list prices for it."""
    registry = er.async_get(hass)
    entity_ids: list[str | None] = [entity_id]
    entity = registry.async_get(entity_id)
    if entity is not None and entity.platform == _OCTOPUS:
        meter = entity.unique_id.removesuffix(_OCTOPUS_PRICE)
        entity_ids += [
            registry.async_get_entity_id("event", _OCTOPUS, meter + name) for name in _OCTOPUS_LISTS
        ]
    states = (hass.states.get(each) for each in entity_ids if each is not None)
    return [state.attributes for state in states if state is not None]


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

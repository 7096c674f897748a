"""Prices of energy at home: where they come from, the one of now, and those of the coming hours.

Grid energy has the first of these prices that exists:

1. those of the integration that the owner chose in the options,
2. those of the integration behind the price entity of the options or of the Energy dashboard,
3. those of the only loaded integration, unless the owner named a fixed price,
4. those of that price entity: now's, and the ones that it lists,
5. those of a Tesla site's tariff,
6. the fixed price of the options or of the Energy dashboard.

Energy fed into the grid has the price of the options, else the one of the Energy dashboard, else
that of the site's tariff. A price that exists but is unknown now is unknown: no other one takes its
place.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from ..account.charging import energy_price, is_energy_price
from ..const import CONF_FEED_IN_PRICE, CONF_PRICE, CONF_PRICE_ENTITY, CONF_PRICE_SERVICE
from ..tesla import signals
from ..tesla.listeners import Listeners
from ..tesla.reading_json import as_number, as_text
from ..tesla.site import Site
from .preferences import EnergyDashboard
from .price_entities import listed_slots
from .price_fetching import Chosen, PriceFetching
from .price_services import PRICE_SERVICES
from .price_slots import PriceSlot, joined, price_at, slot_at, slots_between
from .site_prices import SitePrices
from .surcharge import Surcharge
from .unused_prices import UnusedPrices

_QUARTER: Final = timedelta(minutes=15)
_DAY: Final = timedelta(days=1)


class PriceOrigin(StrEnum):
    """Origin of the prices of grid energy."""

    SERVICE = "service"
    """An integration that answers an action."""
    ENTITY = "entity"
    SITE = "site"
    """A Tesla site's tariff."""
    FIXED = "fixed"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOptions:
    """The prices that the owner chose in the options."""

    service: str | None = None
    """Entry id of an integration."""
    entity: str | None = None
    price: float | None = None
    feed_in: float | None = None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """Read them from the options of an entry."""
        return cls(
            service=as_text(options.get(CONF_PRICE_SERVICE)),
            entity=as_text(options.get(CONF_PRICE_ENTITY)),
            price=as_number(options.get(CONF_PRICE)),
            feed_in=as_number(options.get(CONF_FEED_IN_PRICE)),
        )


class EnergyPriceSource:
    """Prices of energy at home; see the module.

    Args:
        hass: The Home Assistant.
        sites: Returns the Tesla sites of all accounts.
    """

    def __init__(self, hass: HomeAssistant, sites: Callable[[], Iterable[Site]]) -> None:
        self.changed = Listeners[()]()
        """Notified when a price or the origin may have changed, except with a site's tariff."""
        self._hass = hass
        self._options = PriceOptions()
        self._dashboard = EnergyDashboard()
        self._unused = UnusedPrices()
        self._fetching = PriceFetching(hass, self._service, self._unused)
        self._buying, self._selling = (
            SitePrices(signal, sites, lambda: hass.config.currency, self._unused)
            for signal in (signals.BUY_TARIFF, signals.SELL_TARIFF)
        )
        self._listed: list[PriceSlot] = []
        """Of the price entity."""
        self._surcharge = Surcharge()
        self._unsubscribe: list[CALLBACK_TYPE] = []

    # --- Start and stop --------------------------------------------------------------------------

    @callback
    def async_start(self, options: PriceOptions, dashboard: EnergyDashboard) -> None:
        """Follow these prices; again with others, if they have changed."""
        if self._unsubscribe:
            if (options, dashboard) == (self._options, self._dashboard):
                return
            self.async_stop()
        self._options, self._dashboard = options, dashboard
        self._listed = []
        entities = [
            each for each in (self._entity, dashboard.export_price_entity) if each is not None
        ]
        self._unsubscribe = [
            async_track_state_change_event(self._hass, entities, self._async_on_state),
            async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_on_entry),
            self._fetching.changed.subscribe(self._async_on_fetched),
        ]
        self._async_read_list()
        self._async_observe_surcharge()
        self._fetching.async_start()
        self.changed()

    @callback
    def async_stop(self) -> None:
        """Follow nothing more."""
        self._fetching.async_stop()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []

    @callback
    def _async_on_state(self, _event: Event[EventStateChangedData]) -> None:
        self._async_read_list()
        self._async_observe_surcharge()
        self.changed()

    @callback
    def _async_on_fetched(self) -> None:
        self._async_observe_surcharge()
        self.changed()

    @callback
    def _async_observe_surcharge(self) -> None:
        """Compare the price that the owner's entity shows with that of the integration."""
        chosen = self._service()
        state = None if (entity := self._entity) is None else self._hass.states.get(entity)
        if chosen is None or state is None or (price := self._shown(entity)) is None:
            return
        # An entity may be late, so its price is that of the time of its last change.
        if (slot := slot_at(self._fetching.slots, state.last_updated)) is not None:
            self._surcharge.observe(chosen[0].entry_id, slot, price)

    @callback
    def _async_on_entry(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Fetch from an integration that has just been loaded."""
        if entry.domain in PRICE_SERVICES:
            self._fetching.async_refresh_if_new()
            self.changed()

    @callback
    def _async_read_list(self) -> None:
        """Add what the price entity lists to what it listed before."""
        if (entity := self._entity) is not None:
            now = dt_util.utcnow()
            known = joined(self._listed, listed_slots(self._hass, entity, now))
            self._listed = [slot for slot in known if slot.end > now - _DAY]

    # --- Prices of the grid ----------------------------------------------------------------------

    @property
    def origin(self) -> PriceOrigin:
        """The origin of the prices of grid energy now."""
        if self._service() is not None:
            return PriceOrigin.SERVICE
        if self._entity is not None:
            return PriceOrigin.ENTITY
        if self._buying.plan is not None:
            return PriceOrigin.SITE
        return PriceOrigin.NONE if self._fixed is None else PriceOrigin.FIXED

    def grid_now(self, now: datetime) -> float | None:
        """The price of a kWh from the grid; None if it is unknown.

        An entity that the owner named comes before the integration: its price may include taxes and
        fees, which those of an exchange lack.
        """
        match self.origin:
            case PriceOrigin.SERVICE:
                shown = self._shown(self._entity)
                return price_at(self._fetched(), now) if shown is None else shown
            case PriceOrigin.ENTITY:
                return self._shown(self._entity)
            case PriceOrigin.SITE:
                return self._buying.price_at(now)
        return self._fixed

    def slots(self, start: datetime, end: datetime) -> list[PriceSlot]:
        """The known prices of grid energy that overlap with [start, end), in order of time.

        All are of one origin, so they can be compared with each other.
        """
        match self.origin:
            case PriceOrigin.SERVICE:
                return slots_between(self._fetched(), start, end)
            case PriceOrigin.ENTITY:
                slots = slots_between(self._listed, start, end)
                return slots or list(self._shown_slots(self._entity, start, end))
            case PriceOrigin.SITE:
                return self._buying.slots(start, end)
        return _fixed_slots(self._fixed, start, end)

    # --- Prices of energy fed into the grid ------------------------------------------------------

    def feed_in_now(self, now: datetime) -> float | None:
        """The price paid for a kWh fed into the grid; None if it is unknown."""
        if self._fixed_feed_in is not None:
            return self._fixed_feed_in
        if (entity := self._export_entity) is not None:
            return self._shown(entity)
        return self._selling.price_at(now)

    def feed_in_slots(self, start: datetime, end: datetime) -> list[PriceSlot]:
        """The known prices of energy fed into the grid that overlap with [start, end)."""
        if self._fixed_feed_in is not None:
            return _fixed_slots(self._fixed_feed_in, start, end)
        if (entity := self._export_entity) is not None:
            return list(self._shown_slots(entity, start, end))
        return self._selling.slots(start, end)

    def _fetched(self) -> list[PriceSlot]:
        """The prices of the chosen integration, with taxes and fees as far as they are known."""
        slots, chosen = self._fetching.slots, self._service()
        return [] if chosen is None else self._surcharge.added(chosen[0].entry_id, slots)

    # --- Choices ---------------------------------------------------------------------------------

    @property
    def _entity(self) -> str | None:
        return self._options.entity or self._dashboard.import_price_entity

    @property
    def _fixed(self) -> float | None:
        own = self._options.price
        return self._dashboard.import_price if own is None else own

    @property
    def _export_entity(self) -> str | None:
        return None if self._options.feed_in is not None else self._dashboard.export_price_entity

    @property
    def _fixed_feed_in(self) -> float | None:
        if (own := self._options.feed_in) is not None:
            return own
        return None if self._dashboard.export_price_entity else self._dashboard.export_price

    def _service(self) -> Chosen | None:
        """The integration to ask, and its entity that the owner named."""
        entries = self._hass.config_entries
        named = list(self._entities_of_services())
        if (chosen := entries.async_get_entry(self._options.service or "")) is not None:
            if chosen.domain in PRICE_SERVICES:
                return chosen, next((name for name, entry in named if entry is chosen), None)
            return None
        if named:
            return named[0][1], named[0][0]
        if self._entity is None and self._fixed is not None:
            return None
        loaded = [
            entry
            for domain in PRICE_SERVICES
            for entry in entries.async_entries(domain)
            if entry.state is ConfigEntryState.LOADED
        ]
        return (loaded[0], None) if len(loaded) == 1 else None

    def _entities_of_services(self) -> Iterator[tuple[str, ConfigEntry]]:
        """The price entities that belong to one of the integrations, with their entries."""
        registry = er.async_get(self._hass)
        for entity_id in (self._options.entity, self._dashboard.import_price_entity):
            entity = None if entity_id is None else registry.async_get(entity_id)
            if entity_id is None or entity is None or entity.platform not in PRICE_SERVICES:
                continue
            entry = self._hass.config_entries.async_get_entry(entity.config_entry_id or "")
            if entry is not None:
                yield entity_id, entry

    # --- Entities --------------------------------------------------------------------------------

    def _shown(self, entity_id: str | None) -> float | None:
        """The price that an entity shows now; None if it is unknown or of another unit."""
        state = None if entity_id is None else self._hass.states.get(entity_id)
        if state is None or entity_id is None:
            return None
        unit, currency = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT), self._hass.config.currency
        if unit is not None and not is_energy_price(self._hass, entity_id):
            self._unused.log(entity_id, f"their unit is {unit}, not {currency}/kWh")
        return energy_price(self._hass, entity_id)

    def _shown_slots(
        self, entity_id: str | None, start: datetime, end: datetime
    ) -> Iterator[PriceSlot]:
        """The price of now, for the current quarter of an hour: an entity knows no other one."""
        now = dt_util.utcnow()
        begin = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        if (price := self._shown(entity_id)) is not None:
            yield from slots_between([PriceSlot(begin, begin + _QUARTER, price)], start, end)


def _fixed_slots(price: float | None, start: datetime, end: datetime) -> list[PriceSlot]:
    return [] if price is None else [PriceSlot(start, end, price)]

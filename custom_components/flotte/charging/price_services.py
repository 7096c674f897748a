"""Prices of the coming hours, from the integrations of Home Assistant that answer an action.

They have no common interface: a row says how each is asked and how its answer is read. Fields,
units and pitfalls are those of Home Assistant 2026.10:

- Nord Pool has prices per MWh, of a day of the market (Oslo's), and no rows for a missing one.
- Tibber has a list for each home, by its name, and no ends. It leaves out the slot in which the
  span begins, and ignores all entries but its first.
- EnergyZero and easyEnergy fail for a day that is missing, so each day is a call.
- OMIE has prices by country, of a day of the market (Madrid's).
- Green Planet Energy answers from now on; its local times are wrong where clocks change.
- Amber has only the periods after the current one, in dollars; it begins them one second late.
"""

from asyncio import timeout
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla.reading_json import as_object
from .price_slots import MAX_SLOT, PriceSlot, RowKeys, joined, read_slots
from .unused_prices import other_currency

_QUARTER: Final = timedelta(minutes=15)
_USUAL_KEYS: Final = RowKeys()
_MAX_SECONDS: Final = 60
"""Longest wait for an answer."""


class UnusablePrices(Exception):
    """The prices of an integration cannot be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuery:
    """The span of time and the place for which prices are requested."""

    entry: ConfigEntry
    start: datetime
    end: datetime
    currency: str
    """Home Assistant's."""
    place: str | None
    """The area, home or country, if an answer can have several."""
    day: date | None = None
    """The day, if each is a call of its own."""
    quarters: bool = False
    """Whether the integration's own sensors have a price for each quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceService:
    """The row of an integration."""

    domain: str
    action: str
    fields: Callable[[PriceQuery], dict[str, Any]]
    rows: Callable[[Mapping[str, Any], PriceQuery], object]
    """Takes the rows of slots out of an answer."""
    keys: RowKeys = _USUAL_KEYS
    currency: str | None = None
    """None if prices are requested in Home Assistant's."""
    currency_of: Callable[[HomeAssistant, ConfigEntry], set[str]] | None = None
    """Finds the currencies of an entry, if they differ by home."""
    place_of: Callable[[HomeAssistant, ConfigEntry, str | None], str | None] | None = None
    """Finds the area, home or country; None if the answer has one list only."""
    kilowatt_hours: float = 1.0
    longest: timedelta = MAX_SLOT
    by_day: bool = False
    zone: str | None = None
    """Time zone of its days; None for Home Assistant's."""
    refresh: timedelta = timedelta(hours=1)
    is_for_first: bool = False
    """Whether the action reads the first entry only."""


def _of_place(answer: Mapping[str, Any], query: PriceQuery) -> object:
    """The rows of the place, or of the only one."""
    if query.place is not None and query.place in answer:
        return answer[query.place]
    if len(answer) > 1:
        raise UnusablePrices(
            "it has several places; choose the price sensor of one of them in the Energy dashboard"
        )
    return next(iter(answer.values()), None)


def _country(hass: HomeAssistant, _entry: ConfigEntry, _entity_id: str | None) -> str:
    country = str(hass.config.country).lower()
    if country not in ("es", "pt"):
        raise UnusablePrices("Home Assistant is neither in Spain nor in Portugal")
    return country


def _area(hass: HomeAssistant, entry: ConfigEntry, entity_id: str | None) -> str | None:
    device = _device(hass, entity_id)
    identifiers = device.identifiers if device is not None else ()
    return next((area for domain, area in identifiers if domain == entry.domain), None)


def _home(hass: HomeAssistant, _entry: ConfigEntry, entity_id: str | None) -> str | None:
    """The name of a home: its device has the same."""
    device = _device(hass, entity_id)
    return device.name if device is not None else None


def _device(hass: HomeAssistant, entity_id: str | None) -> dr.DeviceEntry | None:
    """The device of an entity; none of these integrations has child devices."""
    entity = er.async_get(hass).async_get(entity_id) if entity_id is not None else None
    if entity is None or entity.device_id is None:
        return None
    device = dr.async_get(hass).async_get(entity.device_id)
    return device if isinstance(device, dr.DeviceEntry) else None


def _currency_of_homes(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """The currencies of an entry's prices."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    units = (str(entity.unit_of_measurement).partition("/") for entity in entities)
    return {currency for currency, _, energy in units if energy == UnitOfEnergy.KILO_WATT_HOUR}


def _full_hour(moment: datetime) -> datetime:
    """The begin of the hour, which is also that of each shorter slot."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _date(query: PriceQuery) -> str:
    return query.day.isoformat() if query.day is not None else ""


PRICE_SERVICES: Final[Mapping[str, PriceService]] = {
    service.domain: service
    for service in (
        PriceService(
            domain="nordpool",
            action="get_prices_for_date",
            fields=lambda query: {
                "config_entry": query.entry.entry_id,
                "date": _date(query),
                "currency": query.currency,
            },
            rows=_of_place,
            place_of=_area,
            kilowatt_hours=1000.0,
            by_day=True,
            zone="Europe/Oslo",
        ),
        PriceService(
            domain="tibber",
            action="get_prices",
            fields=lambda query: {
                "start": _full_hour(query.start).isoformat(),
                "end": query.end.isoformat(),
            },
            rows=lambda answer, query: _of_place(as_object(answer.get("prices")), query),
            keys=RowKeys("start_time", None),
            currency_of=_currency_of_homes,
            place_of=_home,
            is_for_first=True,
        ),
        PriceService(
            domain="energyzero",
            action="get_energy_prices",
            fields=lambda query: {
                "config_entry": query.entry.entry_id,
                "incl_vat": True,
                "price_type": "all_in",
                "interval": "quarter" if query.quarters else "hour",
                "start": _date(query),
                "end": _date(query),
            },
            rows=lambda answer, _query: answer.get("prices"),
            currency="EUR",
            by_day=True,
        ),
        PriceService(
            domain="easyenergy",
            action="get_energy_usage_prices",
            fields=lambda query: {
                "config_entry": query.entry.entry_id,
                "incl_vat": True,
                "granularity": "hour",
                "price_type": "invoice",
                "start": _date(query),
                "end": _date(query),
            },
            rows=lambda answer, _query: answer.get("prices"),
            keys=RowKeys("timestamp", None),
            currency="EUR",
            by_day=True,
            zone="Europe/Amsterdam",
        ),
        PriceService(
            domain="omie",
            action="get_prices_for_date",
            fields=lambda query: {"date": _date(query), "countries": [query.place]},
            rows=lambda answer, query: answer.get(query.place or ""),
            place_of=_country,
            currency="EUR",
            longest=_QUARTER,
            by_day=True,
            zone="Europe/Madrid",
        ),
        PriceService(
            domain="green_planet_energy",
            action="get_prices",
            fields=lambda query: {"config_entry_id": query.entry.entry_id, "hours": 24},
            rows=lambda answer, _query: answer.get("prices"),
            currency="EUR",
            longest=_QUARTER,
        ),
        PriceService(
            domain="amberelectric",
            action="get_forecasts",
            fields=lambda query: {
                "config_entry_id": query.entry.entry_id,
                "channel_type": "general",
            },
            rows=lambda answer, _query: answer.get("forecasts"),
            keys=RowKeys("start_time", "end_time", "per_kwh"),
            currency="AUD",
            refresh=timedelta(minutes=5),
        ),
    )
}
"""By domain."""


async def async_fetch_slots(
    hass: HomeAssistant, entry: ConfigEntry, entity_id: str | None, start: datetime, end: datetime
) -> list[PriceSlot]:
    """The prices that an integration knows for a span of time.

    A day that it does not know is left out.

    Args:
        hass: The Home Assistant.
        entry: Of an integration in `PRICE_SERVICES`.
        entity_id: An entity of `entry` that shows the price, if one is known: it says which of
            several areas or homes is meant.
        start: In UTC, as is `end`.
        end: See `start`.

    Raises:
        UnusablePrices: the integration is not ready, or its prices are not those of this home.
    """
    service = PRICE_SERVICES[entry.domain]
    if entry.state is not ConfigEntryState.LOADED:
        raise UnusablePrices("it is not loaded")
    if service.is_for_first and hass.config_entries.async_entries(entry.domain)[0] is not entry:
        raise UnusablePrices("only the first of its accounts can be read")
    _check_currency(hass, service, entry)
    query = PriceQuery(
        entry=entry,
        start=start,
        end=end,
        currency=hass.config.currency,
        place=service.place_of(hass, entry, entity_id) if service.place_of else None,
        quarters=entry.options.get("electricity_price_interval") == "quarter_hourly",
    )
    slots: list[PriceSlot] = []
    for day in await _days(hass, service, start, end):
        answer = await _async_answer(hass, service, service.fields(replace(query, day=day)))
        rows = service.rows(answer, query) if answer else None
        slots = joined(
            slots,
            read_slots(
                rows,
                service.keys,
                longest=service.longest,
                kilowatt_hours=service.kilowatt_hours,
            ),
        )
    return slots


async def _days(
    hass: HomeAssistant, service: PriceService, start: datetime, end: datetime
) -> Iterable[date | None]:
    """The days that are calls of their own; a single None if there are none."""
    if not service.by_day:
        return (None,)
    zone = await dt_util.async_get_time_zone(service.zone or hass.config.time_zone)
    first = start.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    # West of the market's zone, the last hour of tomorrow belongs to a day that is not known yet.
    last = min(last, dt_util.now(zone).date() + timedelta(days=1))
    return [first + timedelta(days=passed) for passed in range((last - first).days + 1)]


async def _async_answer(
    hass: HomeAssistant, service: PriceService, fields: dict[str, Any]
) -> Mapping[str, Any]:
    """The answer of an action; empty if it failed."""
    try:
        async with timeout(_MAX_SECONDS):
            answer = await hass.services.async_call(
                service.domain, service.action, fields, blocking=True, return_response=True
            )
    except Exception as error:  # noqa: BLE001  # an integration of others may raise anything
        LOGGER.debug("No prices of %s for %s: %r", service.domain, fields, error)
        return {}
    return as_object(answer)


def _check_currency(hass: HomeAssistant, service: PriceService, entry: ConfigEntry) -> None:
    """Raise if prices are not in Home Assistant's currency."""
    if service.currency_of is not None:
        found = service.currency_of(hass, entry)
    else:
        found = {service.currency or hass.config.currency}
    if found != {hass.config.currency}:
        names = ", ".join(sorted(found)) or "an unknown currency"
        raise UnusablePrices(other_currency(names, hass.config.currency))

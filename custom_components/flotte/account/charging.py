"""Charging sessions of an account's vehicles: what their log needs to know of Home Assistant."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components.zone import in_zone
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import CONF_PRICE, CONF_PRICE_ELSEWHERE, CONF_PRICE_ENTITY
from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.charging.cost import Price
from ..tesla.charging.session import POLLED_ODOMETER, Happened, Place, Report
from ..tesla.listeners import Listeners
from ..tesla.reading_json import number_in
from ..tesla.state import Reading, Signal, Source, State

_TICK: Final = timedelta(minutes=1)
"""How often the price and the end of a wait are looked at. This asks neither Tesla nor the car."""
STREAMED_ODOMETER: Final = 25.0
"""In km; a streamed odometer may be several minutes old when the car is plugged in."""
SESSION_SIGNALS: Final[tuple[Signal[Any], ...]] = (
    signals.CHARGING_STATE,
    signals.CHARGE_ENERGY_ADDED,
)
"""Signals that sessions follow from."""
PLACE_SIGNALS: Final[tuple[Signal[Any], ...]] = (
    signals.LOCATION,
    signals.FAST_CHARGER,
    signals.FAST_CHARGER_TYPE,
)
"""Signals that the place of a session follows from."""
_WATCHED: Final = frozenset(
    (
        *SESSION_SIGNALS,
        signals.FAST_CHARGER,
        signals.FAST_CHARGER_TYPE,
        signals.FAST_CHARGER_OF_TESLA,
        signals.ONLINE,
    )
)
"""Signals whose changes count at once; those that change all the time wait for the next tick."""
_HOME: Final = "zone.home"
_ENERGY_UNITS: Final = {"Wh": 0.001, "kWh": 1.0, "MWh": 1000.0}
"""In kWh."""


def is_at_home(hass: HomeAssistant, state: State) -> bool | None:
    """Whether a vehicle is in the zone of the home; None if it does not report its position."""
    position, home = state[signals.LOCATION], hass.states.get(_HOME)
    if position is None or home is None:
        return state[signals.AT_HOME]
    return in_zone(home, *position)


def place_of(hass: HomeAssistant, state: State) -> Place | None:
    """Where a vehicle charges; None if that is unknown."""
    is_fast = state[signals.FAST_CHARGER]
    if is_fast:
        plugged_in = state.reading(signals.FAST_CHARGER)
        brand = state.reading(signals.FAST_CHARGER_OF_TESLA)
        # Only polls have the brand, so it may be that of an earlier charger.
        is_current = brand is not None and plugged_in is not None and brand.time >= plugged_in.time
        if (is_current and state[signals.FAST_CHARGER_OF_TESLA]) or state[
            signals.FAST_CHARGER_TYPE
        ] == "supercharger":
            return Place.SUPERCHARGER
        return Place.FAST_CHARGER
    match is_at_home(hass, state):
        case True:
            return Place.HOME
        case False if is_fast is False:
            return Place.ELSEWHERE
    return None


def energy_unit(hass: HomeAssistant, entity_id: str) -> float | None:
    """The kWh that a price of an entity is for; None if it is no price in our currency."""
    state = hass.states.get(entity_id)
    unit = None if state is None else state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    currency, _, energy = str(unit).partition("/")
    return _ENERGY_UNITS.get(energy) if currency == hass.config.currency else None


def is_energy_price(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether an entity shows a price of energy in Home Assistant's currency."""
    return energy_unit(hass, entity_id) is not None


def energy_price(hass: HomeAssistant, entity_id: str) -> float | None:
    """The price of a kWh that an entity shows now; None if it is unknown."""
    state, energy = hass.states.get(entity_id), energy_unit(hass, entity_id)
    price = None if state is None else number_in(state.state)
    return None if price is None or energy is None else price / energy


def has_price(options: Mapping[str, Any]) -> bool:
    """Whether the owner has chosen a price."""
    return any(
        options.get(name) is not None
        for name in (CONF_PRICE_ENTITY, CONF_PRICE, CONF_PRICE_ELSEWHERE)
    )


class ChargingSessions:
    """Feeds the log of a vehicle's sessions, and notifies the entities that show them."""

    def __init__(self, hass: HomeAssistant, coordinator: VehicleCoordinator) -> None:
        self.log = coordinator.vehicle.charging_sessions
        self.happened = Listeners[Happened]()
        """Notified of each event."""
        self.changed = Listeners[()]()
        """Notified when the last session has changed, or the owner has chosen a price."""
        self._hass = hass
        self._coordinator = coordinator
        self._had_price = self.has_price

    @property
    def has_price(self) -> bool:
        """Whether the owner has chosen a price."""
        return has_price(self._coordinator.config_entry.options)

    @callback
    def async_start(self, entry: ConfigEntry) -> None:
        """Follow the vehicle until the entry is unloaded."""

        @callback
        def on_change(changed: frozenset[Signal[Any]]) -> None:
            if not _WATCHED.isdisjoint(changed):
                self.async_observe()

        entry.async_on_unload(self._coordinator.vehicle.subscribe(on_change))
        entry.async_on_unload(self._async_tick())
        self.async_observe()

    @callback
    def _async_tick(self) -> CALLBACK_TYPE:
        @callback
        def tick(_now: datetime) -> None:
            self.async_observe()

        return async_track_time_interval(self._hass, tick, _TICK, cancel_on_shutdown=True)

    @callback
    def async_observe(self) -> None:
        """Tell the log what is known now."""
        report = self._report()
        if report is None:
            return
        before, had_price = self.log.last, self._had_price
        events = self.log.observe(report)
        self._had_price = self.has_price
        if self.log.last != before or self._had_price != had_price:
            self.changed()
        for event in events:
            self.happened(event)
        if events:
            # An event must not fire again after a crash.
            self._coordinator.config_entry.async_create_background_task(
                self._hass,
                self._coordinator.vehicle.persistence.save_if_possible(),
                "flotte saves a charging session",
            )

    def _report(self) -> Report | None:
        vehicle, state = self._coordinator.vehicle, self._coordinator.state
        charging = state.reported(signals.CHARGING_STATE)
        if charging is None:
            return None
        now = dt_util.utcnow()
        energy = state.reported(signals.CHARGE_ENERGY_ADDED)
        level = state.reported(signals.BATTERY_LEVEL)
        odometer = state.reported(signals.ODOMETER)
        coverage = vehicle.knowledge.coverage
        is_polled = (
            odometer is not None
            and odometer.source is Source.POLL
            and odometer.time == charging.time
        )
        return Report(
            now=now,
            state=charging.value,
            since=charging.time,
            until=self._until(charging, now),
            energy=energy and energy.value,
            energy_at=energy and energy.time,
            level=level and level.value,
            level_at=level and level.time,
            odometer=odometer and odometer.value,
            odometer_slack=POLLED_ODOMETER if is_polled else STREAMED_ODOMETER,
            place=place_of(self._hass, state),
            price=self._price(),
            price_elsewhere=self._coordinator.config_entry.options.get(CONF_PRICE_ELSEWHERE),
            latency=(
                timedelta()
                if coverage is None or not coverage.includes(signals.CHARGE_ENERGY_ADDED)
                else coverage.latency_of(signals.CHARGE_ENERGY_ADDED)
            ),
        )

    def _until(self, charging: Reading[str], now: datetime) -> datetime:
        """Up to when the charging state is known to have held."""
        vehicle = self._coordinator.vehicle
        if vehicle.presence.is_asleep and charging.value != "charging":
            return max(vehicle.presence.checked_at or charging.time, charging.time)
        if vehicle.is_streaming and vehicle.knowledge.was_streamed(signals.CHARGING_STATE):
            return now
        return charging.time

    def _price(self) -> Price:
        options = self._coordinator.config_entry.options
        if (entity_id := options.get(CONF_PRICE_ENTITY)) is not None:
            return Price(value=energy_price(self._hass, entity_id))
        price = options.get(CONF_PRICE)
        return Price(value=price, is_fixed=price is not None)

"""A vehicle as charging sees it: its readings as the input of a decision."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..account.charging import is_at_home
from ..const import SCOPE_VEHICLE_LOCATION
from ..coordinator import SiteCoordinator, VehicleCoordinator
from ..tesla import signals
from ..tesla.charging.power import VOLTS, ChargingPower
from ..tesla.charging.situation import ChargingMode, ChargingVehicle, Memory, Plug, Sent
from ..tesla.charging.surplus import SETTLE, PowerHistory, vehicle_kilowatts
from ..tesla.charging.usage import ChargeUsage, Usage, advance_usage
from ..tesla.listeners import call_both
from ..tesla.reading_json import as_number, as_whole
from ..tesla.state import Reading, Signal, Source
from ..tesla.vehicle.knowledge import held_until
from .inputs import Conditions, set_amps
from .issues import PlaceFacts

STEERING_SIGNALS: Final[frozenset[Signal[Any]]] = frozenset(
    (
        signals.CHARGING_STATE,
        signals.CHARGE_CURRENT_REQUEST,
        signals.CHARGE_CURRENT_MAXIMUM,
        signals.CHARGER_CURRENT,
        signals.CHARGER_VOLTAGE,
        signals.CHARGER_PHASES,
        signals.AC_CHARGING_POWER,
        signals.FAST_CHARGER,
        signals.BATTERY_LEVEL,
        signals.ENERGY_REMAINING,
        signals.CHARGE_LIMIT,
        signals.AT_HOME,
        signals.SERVICE_MODE,
    )
)
"""Signals that charging at home needs, which are streamed and polled while it is on."""

URGENT_SIGNALS: Final = frozenset(
    {
        signals.CHARGING_STATE,
        signals.CHARGE_CURRENT_REQUEST,
        signals.FAST_CHARGER,
        signals.CHARGE_LIMIT,
        signals.AT_HOME,
    }
)
"""Those whose changes count at once; the others are read with the next measurement."""

_PLUGS: Final[Mapping[str, Plug]] = {
    "disconnected": Plug.UNPLUGGED,
    "no_power": Plug.NO_POWER,
    "starting": Plug.CHARGING,
    "charging": Plug.CHARGING,
    "calibrating": Plug.CHARGING,
    "complete": Plug.COMPLETE,
    "stopped": Plug.STOPPED,
}
_USUAL_VOLTS: Final = 230.0
_USUAL_AMPS: Final = 16
_MAX_AMPS: Final = 100
_MIN_ENERGY: Final = 0.05
"""kWh; less is no difference between two readings of the vehicle's counter."""
_SINGLE_PHASE: Final = frozenset({"US", "CA", "MX", "PR", "JP", "TW"})
"""Countries where homes have one phase of 240 V, or two that a vehicle uses as one."""
_SINGLE_PHASE_VOLTS: Final = 240.0
_PHASES: Final[Mapping[int, int]] = {1: 1, 2: 3, 3: 3}
"""Phases by what a vehicle reports: 2 stands for three. Source: vehicle-command 205."""


def _ignore() -> None:
    """Listen only so that signals are shown."""


_CLOCK_SLACK: Final = timedelta(minutes=1)
"""How far the clock of a vehicle may be ahead of ours."""


class ObservedVehicle:
    """The readings of one vehicle, and what is remembered of the charger at home.

    A vehicle that does not charge reports neither voltage nor phases, so the last ones count.
    """

    def __init__(self, hass: HomeAssistant, coordinator: VehicleCoordinator) -> None:
        self._hass = hass
        self._coordinator = coordinator
        is_single = hass.config.country in _SINGLE_PHASE
        self._volts = _SINGLE_PHASE_VOLTS if is_single else _USUAL_VOLTS
        # Three of unknown number: a start that waits too long costs less than one from the grid.
        self._phases = 1 if is_single else 3
        self._highest = _USUAL_AMPS
        self.vehicle: ChargingVehicle | None = None
        """The vehicle at the last observation."""
        self.kilowatts: float | None = None
        """Power that it draws from this house; None if unknown."""
        self.history = PowerHistory()
        self._added: float | None = None
        """kWh of the present charge by the vehicle's own counter."""
        self.usage = Usage()

    @property
    def needed(self) -> frozenset[Signal[Any]]:
        """The signals to stream and poll; a stream says whether the vehicle is at home."""
        is_streamed = self._coordinator.stream_watch.is_expected
        return STEERING_SIGNALS if is_streamed else STEERING_SIGNALS | {signals.LOCATION}

    @callback
    def async_follow(self, on_change: CALLBACK_TYPE) -> Callable[[], None]:
        """Have the vehicle stream and poll what charging needs; return a function that stops it."""
        add = self._coordinator.async_add_listener
        # What is not shown is neither streamed nor polled.
        return partial(call_both, add(on_change, URGENT_SIGNALS), add(_ignore, self.needed))

    @property
    def is_at_home(self) -> bool:
        """Whether the vehicle is known to be at home."""
        return self.vehicle is not None and self.vehicle.at_home is True

    def place_facts(self, mode: ChargingMode, failed_stop: str) -> PlaceFacts:
        """Facts about the vehicle for the repair issues; `failed_stop` is why it does not stop."""
        vehicle = self.vehicle
        plug = None if vehicle is None or vehicle.fast_charging else vehicle.plug
        return PlaceFacts(
            vin=self._coordinator.vehicle.vin,
            name=self._coordinator.device_name,
            mode=mode,
            is_plugged_in=plug not in {None, Plug.UNPLUGGED},
            at_home=None if vehicle is None else vehicle.at_home,
            can_locate=SCOPE_VEHICLE_LOCATION in self._coordinator.vehicle.context.scopes,
            failed_stop=failed_stop,
        )

    def observe(
        self,
        now: datetime,
        sites: tuple[SiteCoordinator, ...],
        sent: Sent | None,
        *,
        is_commanded: bool,
        by_own_schedule: bool,
        starts_alone: bool,
    ) -> None:
        """Take note of the vehicle and its power.

        `sent` is our last command; `is_commanded` is whether a person has acted since the last
        decision.
        """
        before = self.vehicle
        vehicle = self.vehicle = self._read(
            sites, sent, is_commanded=is_commanded, by_own_schedule=by_own_schedule
        )
        if starts_alone:
            vehicle = self.vehicle = replace(vehicle, starts_alone=True)
        measured, measured_at = self._measured(sent)
        at = None if measured_at is None else measured_at.timestamp()
        kilowatts = vehicle_kilowatts(vehicle, measured=measured, measured_at=at, sent=sent)
        if kilowatts != self.kilowatts:
            # A measured change happened when it was measured, not when it was noticed.
            moment = at if at is not None and kilowatts == measured else now.timestamp()
            self.history.note(min(moment, now.timestamp()), kilowatts)
        self.kilowatts = kilowatts
        was_unplugged = before is not None and before.plug is Plug.UNPLUGGED
        if (was_unplugged and vehicle.plug not in {Plug.UNPLUGGED, None}) or self._has_begun():
            self.usage = self.usage.plugged_in()

    def _has_begun(self) -> bool:
        """Whether the energy of the vehicle's own counter shows a new charge.

        The cable may have been plugged in while nothing was observed.
        """
        added = self._coordinator.state[signals.CHARGE_ENERGY_ADDED]
        if added is None:
            return False
        before, self._added = self._added, added
        if before is not None and added < before - _MIN_ENERGY:
            return True
        return added < _MIN_ENERGY and not self.usage.charge.from_start

    def forget_charge(self) -> None:
        """Forget the present charge: the cable may have been pulled while nothing was observed."""
        self.usage = replace(self.usage, charge=ChargeUsage())
        self.vehicle = self._added = None

    def amps_left(self, memory: Memory) -> int:
        """The current in A that our commands left, also for the next charge; 0 if unknown.

        A vehicle that is asleep and does not charge would have to be woken to change it.
        """
        amps = 0 if self.vehicle is None else set_amps(self.vehicle, memory)
        if amps or not self._coordinator.vehicle.is_online:
            return amps
        return self._coordinator.state[signals.CHARGE_CURRENT_REQUEST] or 0

    def forget_power(self) -> None:
        """Forget the power so far, because the clock was set back."""
        self.history = PowerHistory()
        self.kilowatts = None

    def count(self, conditions: Conditions, sun: float | None) -> None:
        """Count the energy since the last tick; `sun` is what the sun left for this vehicle."""
        self.usage = advance_usage(
            self.usage,
            now=conditions.now.timestamp(),
            kilowatts=self.kilowatts,
            surplus=sun,
            grid_price=conditions.grid_price,
            feed_in=conditions.feed_in_price,
        )

    def _read(
        self,
        sites: tuple[SiteCoordinator, ...],
        sent: Sent | None,
        *,
        is_commanded: bool,
        by_own_schedule: bool,
    ) -> ChargingVehicle:
        state = self._coordinator.state
        plug = state.reported(signals.CHARGING_STATE)
        requested = state.reported(signals.CHARGE_CURRENT_REQUEST)
        is_newer = requested is not None and (sent is None or requested.time.timestamp() >= sent.at)
        word = state[signals.CHARGING_STATE]
        known = None if word is None else _PLUGS.get(word)
        if word is None and sent is not None:
            # No reading confirmed the last command, but the vehicle accepted it.
            known = Plug.CHARGING if sent.amps else Plug.STOPPED
        return ChargingVehicle(
            plug=known,
            power=self.power,
            at_home=self._is_at_home(sites),
            fast_charging=state[signals.FAST_CHARGER] is True,
            in_service=state[signals.SERVICE_MODE] is True,
            asleep=not self._coordinator.vehicle.is_online,
            requested=requested.value if is_newer and requested is not None else None,
            level=state[signals.BATTERY_LEVEL],
            limit=state[signals.CHARGE_LIMIT],
            commanded_by_person=is_commanded,
            reported_at=_moment_of(plug),
            requested_at=_moment_of(requested),
            by_own_schedule=by_own_schedule,
        )

    @property
    def power(self) -> ChargingPower:
        """The currents that the vehicle can be set to, and their power."""
        state = self._coordinator.state
        if state[signals.CHARGING_STATE] == "charging" and not state[signals.FAST_CHARGER]:
            volts = state[signals.CHARGER_VOLTAGE]
            if volts is not None and VOLTS[0] <= volts <= VOLTS[1]:
                self._volts = volts
            self._phases = _PHASES.get(state[signals.CHARGER_PHASES] or 0, self._phases)
        highest = state[signals.CHARGE_CURRENT_MAXIMUM]
        if highest:
            self._highest = highest
        lowest = self._coordinator.vehicle.low_current.lowest
        return ChargingPower(
            volts=self._volts,
            phases=self._phases,
            lowest=min(lowest, self._highest),
            highest=self._highest,
        )

    def _measured(self, sent: Sent | None) -> tuple[float | None, datetime | None]:
        """The power in kW that the vehicle measures, and when; polled power is in whole kW."""
        state = self._coordinator.state
        power = state.reported(signals.AC_CHARGING_POWER)
        settled_at = -inf if sent is None else sent.at + SETTLE
        if (
            power is not None
            and power.value is not None
            and power.source is Source.STREAM
            and power.time.timestamp() >= settled_at
        ):
            return power.value, power.time
        current = state.reported(signals.CHARGER_CURRENT)
        if current is None or current.value is None or current.source is Source.RESTORED:
            return None, None
        knowledge = self._coordinator.vehicle.knowledge
        at = held_until(knowledge, signals.CHARGER_CURRENT) or current.time
        kilowatts = self.power.kilowatts(current.value)
        if sent is not None and current.time.timestamp() < settled_at <= at.timestamp():
            # Nothing was streamed since, so the change, if any, was less than an ampere.
            step = signals.CHARGER_CURRENT.step or 0.0
            if abs(current.value - sent.amps) <= step:
                return self.power.kilowatts(sent.amps), at
        return kilowatts, at

    def _is_at_home(self, sites: tuple[SiteCoordinator, ...]) -> bool | None:
        """Whether it is at home: by its position, or because a wall connector there names it."""
        at_home = is_at_home(self._hass, self._coordinator.state)
        if at_home is not None:
            return at_home
        vin = self._coordinator.vehicle.vin
        connectors = (
            signals.Connector(*each)
            for site in sites
            for each in site.state[signals.CONNECTORS] or ()
        )
        return True if any(connector.vin == vin for connector in connectors) else None

    def to_stored(self) -> dict[str, Any]:
        """The charger and the energy so far, as JSON."""
        return {
            "volts": self._volts,
            "phases": self._phases,
            "highest": self._highest,
            "usage": self.usage.to_stored(),
            "added": self._added,
        }

    def restore(self, stored: object) -> None:
        """Restore from the JSON of `to_stored`; ignore unreadable values."""
        if not isinstance(stored, Mapping):
            return
        volts, phases = as_number(stored.get("volts")), as_whole(stored.get("phases"))
        highest = as_whole(stored.get("highest"))
        if volts is not None and VOLTS[0] <= volts <= VOLTS[1]:
            self._volts = volts
        if phases in {1, 3}:
            self._phases = phases
        if highest is not None and 0 < highest <= _MAX_AMPS:
            self._highest = highest
        self.usage = Usage.from_stored(stored.get("usage"))
        self._added = as_number(stored.get("added"))


def _moment_of(reading: Reading[Any] | None) -> float:
    """When a value was reported; 0 if unknown, as after the clock was set back."""
    if reading is None or reading.time > dt_util.utcnow() + _CLOCK_SLACK:
        return 0.0
    return reading.time.timestamp()

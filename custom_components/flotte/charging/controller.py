"""The charging of one vehicle at home: asks `decide_charging` what to do, and has it done.

While commands are under way, nothing is decided.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..coordinator import SiteCoordinator, VehicleCoordinator
from ..tesla.charging.decide import ChargingDecision, ChargingStep, Reason, decide_charging
from ..tesla.charging.plan import ChargingPlan
from ..tesla.charging.sharing import Share, SharingVehicle
from ..tesla.charging.situation import (
    ChargingMode,
    ChargingSituation,
    ChargingVehicle,
    Memory,
)
from ..tesla.charging.usage import Usage
from ..tesla.listeners import Listeners, call_both
from .departures import Departures
from .inputs import Conditions, charging_situation, sharing_vehicle
from .observed import ObservedVehicle
from .person_watch import PersonWatch
from .plan_keeping import PlanKeeper
from .sending import DecisionSender
from .settings import ChargingSettings

_NO_SHARE: Final = Share(None, stands=False, sun=None)


class ChargingController:
    """Charges one vehicle as its settings say."""

    def __init__(self, hass: HomeAssistant, coordinator: VehicleCoordinator) -> None:
        self.coordinator = coordinator
        self.vin = coordinator.vehicle.vin
        self.settings = ChargingSettings()
        self.was_used = False
        """Whether the mode was ever other than off."""
        self.changed = Listeners[()]()
        """Notified when anything that is shown may have changed."""
        self.settings_changed = Listeners[()]()
        """Notified when a setting has changed, or the person resumed."""
        self.decided = Listeners[ChargingDecision]()
        """Notified of each decision with a new reason, and of each command once it was sent."""
        self.must_keep = Listeners[()]()
        """Notified when more of `to_stored` has changed than each tick adds."""
        self.decision: ChargingDecision | None = None
        self.surplus: float | None = None
        """kW that the vehicle may have, its own power included."""
        self.observed = ObservedVehicle(hass, coordinator)
        self.sender = DecisionSender(coordinator)
        self._plan = PlanKeeper(hass, coordinator, self.sender.send)
        self._plan.schedules.changed.subscribe(self.must_keep)
        self._hass = hass
        self._memory = Memory()
        self._person = PersonWatch(coordinator.vehicle)

    # --- What is shown ---------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether the vehicle is charged by Flotte at all."""
        return self.settings.mode is not ChargingMode.OFF

    @property
    def usage(self) -> Usage:
        """Energy from the sun and from the grid."""
        return self.observed.usage

    @property
    def plan(self) -> ChargingPlan:
        """The plan until the vehicle has to be ready."""
        return self._plan.plan

    @property
    def is_taken_over(self) -> bool:
        """Whether a person has taken over, until the vehicle is unplugged or they resume."""
        return self.is_on and self._memory.taken_over

    # --- What a person changes -------------------------------------------------------------------

    @callback
    def async_change(self, **settings: object) -> None:
        """Change settings by name. Raises ValueError with the name of the first out of range."""
        before = self.settings
        self.settings = replace(before, **cast("dict[str, Any]", settings))
        if self.settings == before:
            return
        self.was_used = self.was_used or self.is_on
        if not self.is_on and before.mode is not ChargingMode.OFF:
            self._async_let_go()
        elif self.settings.mode is not before.mode:
            if before.mode is ChargingMode.OFF:
                self.observed.forget_charge()
            # A person who chooses a mode wants it, also after they have taken over.
            self.async_resume()
            return
        self.settings_changed()
        self.must_keep()
        self.changed()

    @callback
    def async_resume(self) -> None:
        """Follow the mode again after a person has taken over."""
        self._person.resume()
        self.sender.forget_failures()
        self.settings_changed()
        self.must_keep()
        self.changed()

    @callback
    def _async_let_go(self) -> None:
        """Charge no more by our decisions."""
        memory = self._memory
        self._memory = Memory(day=memory.day, starts=memory.starts)
        self.surplus = None
        decision = self.decision = ChargingDecision(
            ChargingStep.HANDS_OFF, Reason.OFF, self._memory
        )
        self.decided(decision)
        if self.observed.vehicle is not None:
            self._plan.async_drop(self.observed.vehicle)
        if not self.sender.is_sending:
            self._async_raise_current(decision, memory)

    @callback
    def _async_raise_current(self, decision: ChargingDecision, memory: Memory) -> None:
        """Leave no current behind that was right in the sun, but wake no vehicle for it."""
        vehicle = self.observed.vehicle
        if vehicle is None or memory.sent is None or memory.taken_over or not vehicle.at_home:
            return
        highest = vehicle.power.highest
        if 0 < self.observed.amps_left(memory) < highest:
            raised = replace(
                decision, action=ChargingStep.SET, amps=highest, figures={"amps": highest}
            )
            self._async_begin(raised, vehicle)

    # --- Following the vehicle -------------------------------------------------------------------

    @callback
    def async_follow(self, on_change: CALLBACK_TYPE) -> Callable[[], None]:
        """Have the vehicle stream and poll what charging needs; call `on_change` when it changes.

        Returns a function that stops it.
        """
        watched = self._person.async_follow()
        return partial(call_both, self.observed.async_follow(on_change), watched)

    @callback
    def async_observe(self, now: datetime, sites: tuple[SiteCoordinator, ...]) -> None:
        """Take note of the vehicle and its power."""
        self.observed.observe(
            now,
            sites,
            self._memory.sent,
            is_commanded=self._person.has_commanded,
            by_own_schedule=self._plan.schedules.is_running(now),
            starts_alone=self._plan.schedules.starts_alone(now),
        )

    @callback
    def async_plan(self, conditions: Conditions, departures: Departures, *, is_only: bool) -> None:
        """Bring the plan up to date; `is_only` is whether the account has no other vehicle."""
        if (vehicle := self.observed.vehicle) is not None:
            self._plan.async_update(
                conditions,
                vehicle,
                self.settings,
                departures,
                is_only=is_only,
                is_taken_over=self._memory.taken_over,
            )

    # --- Deciding --------------------------------------------------------------------------------

    @callback
    def async_sharing(self, conditions: Conditions) -> SharingVehicle | None:
        """The vehicle as its share of the surplus is computed; None if it is not at home."""
        vehicle = self.observed.vehicle
        if vehicle is None or vehicle.at_home is not True:
            return None
        share = Share(conditions.surplus, stands=False, sun=None)
        decision = decide_charging(self._situation(conditions, vehicle, share), self._memory)
        return sharing_vehicle(
            self.vin,
            vehicle,
            self._memory,
            self.settings,
            decision,
            kilowatts=self.observed.kilowatts,
        )

    @callback
    def async_decide(self, conditions: Conditions, share: Share = _NO_SHARE) -> bool:
        """Decide, and act. Returns whether a command is on its way."""
        vehicle = self.observed.vehicle
        if vehicle is None or self.sender.is_sending or self._person.is_commanding:
            return False
        self.surplus = share.surplus
        decision = decide_charging(self._situation(conditions, vehicle, share), self._memory)
        self._memory = decision.memory
        self._person.forget()
        acts = self.sender.may_send(decision, conditions.now)
        before, self.decision = self.decision, decision
        if not acts and (before is None or before.reason is not decision.reason):
            self.decided(decision)
            self.must_keep()
        self.changed()
        if acts:
            self._async_begin(decision, vehicle)
        return acts

    @callback
    def _async_begin(self, decision: ChargingDecision, vehicle: ChargingVehicle) -> None:
        self.sender.is_sending = True
        self.coordinator.config_entry.async_create_background_task(
            self._hass, self._async_act(decision, vehicle), "flotte charges a vehicle at home"
        )

    def _situation(
        self, conditions: Conditions, vehicle: ChargingVehicle, share: Share
    ) -> ChargingSituation:
        return charging_situation(
            conditions,
            vehicle,
            self.settings,
            self.coordinator.vehicle.gate,
            share,
            used=self.sender.commands_today,
            resumed=self._person.has_resumed,
            prices=self._plan.prices(conditions, self.settings.mode),
            plan=self.plan,
        )

    async def _async_act(self, decision: ChargingDecision, vehicle: ChargingVehicle) -> None:
        """Send the commands of a decision, and remember what is known of them."""
        self.observed.history.note_command(dt_util.utcnow().timestamp())
        was_on = self.is_on
        memory = self._memory = await self.sender.async_send(
            decision,
            self._memory,
            highest=vehicle.power.highest,
            is_wanted=lambda: self.is_on and not self._person.is_commanding,
        )
        self.sender.doubtful = None
        self.observed.history.note_command(dt_util.utcnow().timestamp())
        if was_on and not self.is_on and self.decision is not None:
            # It was turned off meanwhile.
            self._memory = Memory(day=memory.day, starts=memory.starts)
            self._async_raise_current(self.decision, memory)
        self.must_keep()
        self.decided(decision)
        self.changed()

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """Settings and everything else that survives a restart, as JSON."""
        return {
            "settings": self.settings.to_stored(),
            "was_used": self.was_used,
            "memory": (self.sender.doubtful or self._memory).to_stored(),
            "observed": self.observed.to_stored(),
            "sender": self.sender.to_stored(),
            "plan": self._plan.to_stored(),
        }

    def restore(self, stored: object) -> None:
        """Restore each part from the JSON of `to_stored`; ignore unreadable values."""
        if not isinstance(stored, Mapping):
            return
        self.settings = ChargingSettings.from_stored(stored.get("settings"))
        self.was_used = stored.get("was_used") is True or self.is_on
        self._memory = Memory.from_stored(stored.get("memory"))
        self.observed.restore(stored.get("observed"))
        self.sender.restore(stored.get("sender"))
        self._plan.restore(stored.get("plan"))

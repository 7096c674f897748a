"""A vehicle: one facade for its parts, each of which owns its state.

`knowledge` merges readings from all sources into one frozen state. `presence` knows whether the
vehicle is online, `channel` how to send it commands. `admission` asks the gate whether an action
may be paid for, `poller` requests data, `waker` wakes the vehicle, and `executor` runs commands.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .. import signals
from ..api.fleet import SCHEDULE_SECTIONS, FleetApi
from ..charging.sessions import SessionLog
from ..clock import utc_now
from ..commands import Command
from ..errors import VehicleUnavailable
from ..signing import ClientKey
from ..spending.caller import POLLING, Caller
from ..spending.endpoints import Endpoint
from ..spending.gate import Gate
from ..spending.tariff import DATA
from ..state import Readings, State
from . import waits
from .admission import Admission
from .alerts import AlertHistory
from .channel import CommandChannel
from .context import VehicleContext
from .execution import Executor
from .knowledge import Knowledge, StateListener
from .notes import ReleaseNotes
from .outcome import CommandMode, Done, Errand
from .persistence import Persistence
from .polling import Poller
from .presence import Presence
from .solar import ChargeOnSolar
from .wake_record import WakeRecord
from .waking import Waker


class Vehicle:
    """One vehicle of an account.

    Args:
        vin: Vehicle identification number, 17 characters.
        api: Client of the Fleet API.
        key: Our key, which the owner paired with the vehicle.
        scopes: Scopes that the owner granted.
        mode: How the vehicle accepts commands, as far as Tesla's product list says.
        gate: Decides what may be spent; by default a gate with the default policy.
        clock: Returns the current time, timezone-aware.
    """

    def __init__(
        self,
        vin: str,
        api: FleetApi,
        key: ClientKey,
        *,
        scopes: frozenset[str],
        mode: CommandMode = CommandMode.SIGNED,
        gate: Gate | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.context = VehicleContext(vin, api, gate or Gate(api.meter), scopes, clock)
        self.persistence = Persistence()
        self.knowledge = Knowledge(self.context)
        self.presence = Presence(self.context, self.knowledge)
        self.channel = CommandChannel(self.context, key, mode)
        self._last_wake = WakeRecord()
        self.admission = Admission(
            self.context, self.knowledge, self.presence, self.channel, self._last_wake
        )
        self.poller = Poller(
            self.context,
            knowledge=self.knowledge,
            presence=self.presence,
            channel=self.channel,
            admission=self.admission,
            persistence=self.persistence,
        )
        self.waker = Waker(
            self.context,
            knowledge=self.knowledge,
            presence=self.presence,
            admission=self.admission,
            last_wake=self._last_wake,
            persistence=self.persistence,
        )
        self.executor = Executor(
            self.context,
            knowledge=self.knowledge,
            presence=self.presence,
            channel=self.channel,
            admission=self.admission,
            poller=self.poller,
            waker=self.waker,
            persistence=self.persistence,
        )
        self.release_notes = ReleaseNotes(self.context, self.admission)
        self.charging_sessions = SessionLog()
        self.alerts = AlertHistory()
        self.charge_on_solar = ChargeOnSolar(
            self.context,
            knowledge=self.knowledge,
            presence=self.presence,
            admission=self.admission,
            waker=self.waker,
            executor=self.executor,
        )
        self.low_current = self.executor.low_current
        self.turns = self.executor.turns
        self.deferred = self.executor.deferred

    @property
    def vin(self) -> str:
        """Vehicle identification number."""
        return self.context.vin

    @property
    def api(self) -> FleetApi:
        """The client of the Fleet API."""
        return self.context.api

    @property
    def gate(self) -> Gate:
        """The gate that decides what may be spent on this vehicle."""
        return self.context.gate

    # --- State -----------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """All readings, in one frozen snapshot."""
        return self.knowledge.state

    @property
    def is_online(self) -> bool:
        """Whether the vehicle was online at the last report."""
        return self.presence.is_online

    @property
    def is_streaming(self) -> bool:
        """Whether the vehicle is streaming now."""
        return self.presence.is_streaming

    def subscribe(self, listener: StateListener) -> Callable[[], None]:
        """Notify `listener` when the values of signals change; return a function that stops it."""
        return self.knowledge.subscribe(listener)

    def receive(self, readings: Readings, now: datetime | None = None) -> None:
        """Merge readings from any source. Pass `now` if the clock has just been read."""
        self.knowledge.receive(readings, now)

    def lapse(self) -> None:
        """Drop assumptions that no reading confirmed in time."""
        self.knowledge.lapse()
        self.executor.low_current.judge()

    def apply_state(self, word: object) -> None:
        """Apply the state that Tesla reports: `online`, `asleep` or `offline`; ignore others."""
        self.presence.apply_state(word)

    # --- Requests --------------------------------------------------------------------------------

    async def check(self, caller: Caller = POLLING) -> bool:
        """Ask Tesla whether the vehicle is online, without contacting the vehicle; usually free."""
        return await self.presence.check(caller)

    def check_due(self) -> bool:
        """Whether a state check is due by the polling plan."""
        return self.poller.check_due()

    def data_due(self) -> bool:
        """Whether a data request is due by the polling plan."""
        return self.poller.data_due()

    async def poll(self) -> Readings:
        """Refresh in the background, if the gate allows it."""
        return await self.poller.poll()

    async def refresh(self, caller: Caller = POLLING) -> Readings:
        """Request all data of the vehicle and return the readings; costs one data request."""
        return await self.poller.refresh(caller)

    async def wake(self, caller: Caller) -> None:
        """Wake the vehicle unless it is online; concurrent callers share one wake."""
        await self.waker.wake(caller)

    async def send(self, command: Command, caller: Caller) -> Done:
        """Run a command, waking the vehicle first if necessary; see `Executor.send`."""
        return await self.executor.send(command, caller)

    async def schedules(self, caller: Caller) -> dict[str, Any]:
        """Request the schedules, waking the vehicle first if necessary; one data request.

        Returns the answer's sections, which the module `schedules` parses, and merges its readings.

        Raises:
            BudgetExceeded: the budget has no room for the whole cost; nothing was sent.
            TeslaError: any other failure.
        """
        answer = await self._ask_schedules(caller)
        self.receive(signals.read_sections(answer, signals.SCHEDULE_SIGNALS, self.context.now()))
        return answer

    async def _ask_schedules(self, caller: Caller) -> dict[str, Any]:
        intent = Errand.SCHEDULES
        with self.admission.admit((DATA, *self.admission.wake_cost()), caller, intent):
            if not self.presence.is_online:
                await self.waker.wake(caller, intent)
            try:
                return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)
            except VehicleUnavailable:
                self.presence.found_asleep()
        with self.admission.admit((DATA, *self.admission.wake_cost()), caller, intent):
            # The vehicle had fallen asleep unnoticed: wake it and try once more.
            if not self.presence.is_online:
                await self.waker.wake(caller, intent)
            return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)

    async def look(self, caller: Caller) -> Readings:
        """Refresh for a caller, without waking the vehicle; one data request.

        Raises:
            VehicleUnavailable: the vehicle is not online; nothing was paid for, unless it fell
                asleep within the last seconds.
            BudgetExceeded: the budget has no room for it; nothing was sent.
            TeslaError: any other failure.
        """
        await self._require_online(caller)
        with self.admission.admit((DATA,), caller, Errand.LOOK):
            return await self.refresh(caller)

    async def charging_sites(self, caller: Caller) -> dict[str, Any]:
        """Request chargers near the vehicle, without waking it; `nearby` parses the answer.

        Raises as `look` does.
        """
        await self._require_online(caller)
        charge = self.api.endpoints.charge(Endpoint.NEARBY_CHARGING_SITES)
        with self.admission.admit((charge,), caller, Errand.LOOK):
            try:
                return await self.api.nearby_charging_sites(self.vin, caller)
            except VehicleUnavailable:
                self.presence.found_asleep()
                raise

    async def _require_online(self, caller: Caller) -> None:
        """Raise VehicleUnavailable unless the vehicle is online; ask Tesla first if that is free.

        Tesla bills a data request even if the vehicle turns out to be asleep.
        """
        if not self.is_streaming and not self.presence.is_check_paid:
            await self.check(caller)
        if not self.is_online:
            raise VehicleUnavailable

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """Everything that survives a restart, as JSON without secrets."""
        monotonic, wall = waits.monotonic(), self.context.now().timestamp()
        return {
            **self.knowledge.to_stored(),
            **self.presence.to_stored(),
            **self.channel.to_stored(monotonic=monotonic, wall=wall),
            **self.poller.to_stored(),
            **self._last_wake.to_stored(monotonic=monotonic, wall=wall),
            **self.deferred.to_stored(),
            **self.executor.unknown.to_stored(),
            **self.executor.low_current.to_stored(),
            **self.alerts.to_stored(),
            "charging_sessions": self.charging_sessions.to_stored(),
        }

    def restore(self, stored: object) -> None:
        """Restore each part from the JSON of `to_stored`; ignore unreadable values."""
        if not isinstance(stored, Mapping):
            return
        monotonic, wall = waits.monotonic(), self.context.now().timestamp()
        for each in (self.knowledge, self.presence, self.poller, self.deferred, self.alerts):
            each.restore(stored)
        self.executor.unknown.restore(stored)
        self.executor.low_current.restore(stored)
        self.charging_sessions.restore(stored.get("charging_sessions"))
        self._last_wake.restore(stored, monotonic=monotonic, wall=wall)
        self.channel.restore(stored, monotonic=monotonic, wall=wall)


async def ask_fleet_status(vehicles: Sequence[Vehicle], caller: Caller) -> None:
    """Ask Tesla for the keys and computers of an account's vehicles; free, as far as is known.

    Raises TeslaError.
    """
    if not vehicles:
        return
    status = await vehicles[0].api.fleet_status([each.vin for each in vehicles], caller)
    for each in vehicles:
        each.channel.apply_fleet_status(status)

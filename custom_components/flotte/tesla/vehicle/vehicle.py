"""A vehicle: one facade for its parts, each of which owns its state.

Readings from all sources are merged into one frozen state (`knowledge`); whether the vehicle is
online is `presence`; how its commands go is `channel`. `admission` asks what an action may cost,
`poller` and `waker` ask and wake, and `executor` carries commands out.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..api.fleet import SCHEDULE_SECTIONS, FleetApi
from ..clock import utc_now
from ..commands import Command
from ..errors import VehicleUnavailable
from ..signing import ClientKey
from ..spending.caller import POLLING, Caller
from ..spending.gate import Gate
from ..spending.tariff import DATA
from ..state import Readings, State
from . import waits
from .admission import Admission
from .channel import CommandChannel
from .context import VehicleContext
from .execution import Executor
from .knowledge import Knowledge, StateListener
from .outcome import CommandMode, Done, Errand
from .persistence import Persistence
from .polling import Poller
from .presence import Presence
from .wake_record import WakeRecord
from .waking import Waker


class Vehicle:
    """One vehicle of an account.

    Args:
        vin: Vehicle identification number, 17 characters.
        api: Way to Tesla.
        key: Our key, which the owner paired with the vehicle.
        scopes: What the owner granted.
        mode: How it accepts commands, as far as Tesla's product list says.
        gate: Decides what may be spent; None is the usual one.
        clock: Time now; aware.
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
        self.turns = self.executor.turns
        self.deferred = self.executor.deferred

    @property
    def vin(self) -> str:
        """Vehicle identification number."""
        return self.context.vin

    @property
    def api(self) -> FleetApi:
        """The way to Tesla."""
        return self.context.api

    @property
    def gate(self) -> Gate:
        """The gate that decides what may be spent on it."""
        return self.context.gate

    # --- State -----------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """All readings, in one frozen snapshot."""
        return self.knowledge.state

    @property
    def is_online(self) -> bool:
        """Whether Tesla could reach it at the last report."""
        return self.presence.is_online

    @property
    def is_streaming(self) -> bool:
        """Whether it streams now."""
        return self.presence.is_streaming

    def subscribe(self, listener: StateListener) -> Callable[[], None]:
        """Notify `listener` of signals whose value changed; call the returned function to stop."""
        return self.knowledge.subscribe(listener)

    def receive(self, readings: Readings, now: datetime | None = None) -> None:
        """Merge readings from any source; a caller that has just read the clock passes `now`."""
        self.knowledge.receive(readings, now)

    def lapse(self) -> None:
        """Drop assumptions that no reading confirmed in time."""
        self.knowledge.lapse()

    def apply_state(self, word: object) -> None:
        """Apply Tesla's word for the state: `online`, `asleep` or `offline`; ignore others."""
        self.presence.apply_state(word)

    # --- Requests --------------------------------------------------------------------------------

    async def check(self, caller: Caller = POLLING) -> bool:
        """Ask Tesla, not the vehicle, whether it is online; usually free."""
        return await self.presence.check(caller)

    def check_due(self) -> bool:
        """Whether the polling plan asks for a state check now."""
        return self.poller.check_due()

    def data_due(self) -> bool:
        """Whether the polling plan allows a data request now."""
        return self.poller.data_due()

    async def poll(self) -> Readings:
        """Refresh in the background; only while spending keeps pace with the month."""
        return await self.poller.poll()

    async def refresh(self, caller: Caller = POLLING) -> Readings:
        """Ask the vehicle for everything, and return the readings: one data request."""
        return await self.poller.refresh(caller)

    async def wake(self, caller: Caller) -> None:
        """Make sure that it is online, waking it if it is not; several callers share one wake."""
        await self.waker.wake(caller)

    async def send(self, command: Command, caller: Caller) -> Done:
        """Carry out a command, waking the vehicle first if it sleeps; see `Executor.send`."""
        return await self.executor.send(command, caller)

    async def schedules(self, caller: Caller) -> dict[str, Any]:
        """Ask for the schedules, waking the vehicle first if it sleeps: one data request.

        The answer's sections are read by `schedules`.

        Raises:
            BudgetExceeded: there is no room for the whole cost; nothing was sent.
            TeslaError: any other.
        """
        intent = Errand.SCHEDULES
        with self.admission.admit((DATA, *self.admission.wake_cost()), caller, intent=intent):
            await self.waker.ensure_awake(caller, intent=intent)
            try:
                return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)
            except VehicleUnavailable:
                self.presence.found_asleep()
        with self.admission.admit((DATA, *self.admission.wake_cost()), caller, intent=intent):
            # It fell asleep unnoticed.
            await self.waker.ensure_awake(caller, intent=intent)
            return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """Everything to keep over a restart, as JSON; nothing in it is secret."""
        monotonic, wall = waits.monotonic(), self.context.now().timestamp()
        return {
            **self.knowledge.to_stored(),
            **self.presence.to_stored(),
            **self.channel.to_stored(monotonic=monotonic, wall=wall),
            **self.poller.to_stored(),
            **self._last_wake.to_stored(monotonic=monotonic, wall=wall),
            **self.deferred.to_stored(),
        }

    def restore(self, stored: object) -> None:
        """Restore each part from `to_stored`'s JSON; ignore what is unreadable."""
        if not isinstance(stored, Mapping):
            return
        monotonic, wall = waits.monotonic(), self.context.now().timestamp()
        self.knowledge.restore(stored)
        self.presence.restore(stored)
        self.poller.restore(stored)
        self.deferred.restore(stored)
        self._last_wake.restore(stored, monotonic=monotonic, wall=wall)
        self.channel.restore(stored, monotonic=monotonic, wall=wall)


async def ask_fleet_status(vehicles: Sequence[Vehicle], caller: Caller) -> None:
    """Ask Tesla about the keys and computers of an account's vehicles; free, as far as is known.

    Raises TeslaError.
    """
    if not vehicles:
        return
    status = await vehicles[0].api.fleet_status([each.vin for each in vehicles], caller)
    for each in vehicles:
        each.channel.apply_fleet_status(status)

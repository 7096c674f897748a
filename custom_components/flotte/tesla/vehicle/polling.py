"""The polling of a vehicle: when to request its data, and what the answers lack.

The plan is a set of pure functions (`poll_plan`); a `Poller` keeps the state that they need. After
a command, its effect is polled unless the stream reports it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from .. import signals
from ..commands import Command
from ..errors import InvalidAnswer, VehicleUnavailable
from ..signing import Domain
from ..spending.caller import POLLING, Caller, CallerKind
from ..spending.tariff import DATA
from ..state import Readings, Signal, restore_time
from . import poll_plan as plan
from .admission import Admission
from .channel import CommandChannel
from .context import VehicleContext
from .deferral import is_deferrable
from .knowledge import Knowledge, will_be_shown
from .outcome import can_be_looked_at
from .persistence import Persistence
from .presence import DATES as PRESENCE_DATES
from .presence import Presence

_UNATTENDED: Final = (CallerKind.AUTOMATION, CallerKind.CHARGING)
_DATES: Final = ("data_received_at", "data_requested_at", "commanded_at", "automated_at")
"""Attributes of `Poller` that the plan compares with the current time."""


class Poller:
    """Requests the data of one vehicle when the polling plan says so."""

    def __init__(
        self,
        context: VehicleContext,
        *,
        knowledge: Knowledge,
        presence: Presence,
        channel: CommandChannel,
        admission: Admission,
        persistence: Persistence,
    ) -> None:
        self.data_received_at: datetime | None = None
        """When the last data request was answered."""
        self.data_requested_at: datetime | None = None
        """When data was last requested, answered or not."""
        self.failures = 0
        """Requests in a row that yielded no data."""
        self.commanded_at: datetime | None = None
        """When the last command ran whose effect is to be polled soon."""
        self.automated_at: datetime | None = None
        """When an automation's last plain setting ran. Its effect is polled later, as more such
        settings may follow."""
        self.shown: frozenset[Signal[Any]] = frozenset()
        """Signals that entities show. The stream may not report all of them."""
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._channel = channel
        self._admission = admission
        self._persistence = persistence
        # Signals shown at the last answer. The vehicle has none of those missing from that answer.
        self._shown_at_answer: frozenset[Signal[Any]] = frozenset()
        # When a command to a part of the vehicle was sent that is under way and can be polled for.
        self._under_way: dict[Domain | None, datetime] = {}

    # --- When to ask -----------------------------------------------------------------------------

    def check_due(self) -> bool:
        """Whether a state check is due by the polling plan.

        If the owner's tariff has a price for checks, they are rarer, and the gate has to allow
        them.
        """
        now = self._context.now()
        if not plan.check_due(self._situation(), now):
            return False
        if not self._presence.is_check_paid:
            return True
        if self._presence.was_checked_within(plan.CHECK_ASLEEP_INTERVAL, now):
            return False
        return self._context.gate.lets_poll(self._presence.check_charge(), self._context.vin, now)

    def data_due(self) -> bool:
        """Whether a data request is due by the polling plan."""
        return plan.data_due(self._situation(), self._context.now())

    def _situation(self) -> plan.PollingSituation:
        self._follow_clock()
        presence = self._presence
        return plan.PollingSituation(
            state=self._knowledge.state,
            data_received_at=self.data_received_at,
            online_since=presence.online_since,
            data_requested_at=self.data_requested_at,
            failures=self.failures,
            commanded_at=self.commanded_at,
            automated_at=self.automated_at,
            polling_prevents_sleep=self._channel.polling_prevents_sleep,
            streaming=presence.is_streaming,
            stream_overdue_since=presence.stream_overdue_since,
            has_gaps=self.has_gaps(),
            slept_streaming=presence.slept_streaming,
            checked_at=presence.checked_at,
            quick_returns=presence.quick_returns,
            slowdown=self._context.gate.mode_status.effects.poll_factor,
        )

    def _follow_clock(self) -> None:
        """Shift dates that lie in the future, because the clock was set back.

        The newest of them becomes the current time and the others keep their distance to it, so
        that the plan continues at its usual pace.
        """
        now = self._context.now()
        owners = ((self, _DATES), (self._presence, PRESENCE_DATES))
        future = [
            (owner, name, moment)
            for owner, names in owners
            for name in names
            if (moment := getattr(owner, name)) is not None and moment > now
        ]
        ahead = max((moment for _, _, moment in future), default=now) - now
        for owner, name, moment in future:
            setattr(owner, name, moment - ahead)

    # --- Gaps of the stream ----------------------------------------------------------------------

    def has_gaps(self) -> bool:
        """Whether the stream does not report a shown signal that polled data may contain."""
        return any(
            signal.paths
            and (signal.scope is None or signal.scope in self._context.scopes)
            and (self._is_missing(signal) or self._is_left_out(signal))
            for signal in self.shown
        )

    def _is_missing(self, signal: Signal[Any]) -> bool:
        """Whether the awake vehicle has reported for a while that a signal has no value."""
        coverage = self._knowledge.coverage
        since = None if coverage is None else coverage.missing_since(signal)
        return since is not None and self._context.now() - since >= plan.GAP_PATIENCE

    def _is_left_out(self, signal: Signal[Any]) -> bool:
        """Whether a signal is not streamed, although it could be, or was never polled."""
        coverage = self._knowledge.coverage
        if coverage is not None and coverage.includes(signal):
            return False
        # A streamable signal that is not subscribed gets old between polls. Of the others, one
        # missing from the last answer will be missing from the next, too.
        return signal.streamed or (
            signal not in self._knowledge.state.readings and signal not in self._shown_at_answer
        )

    # --- Asking ----------------------------------------------------------------------------------

    async def poll(self) -> Readings:
        """Refresh in the background, if the gate allows it.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: the gate refuses background polling now.
        """
        with self._admission.admit((DATA,), POLLING):
            return await self.refresh(POLLING)

    async def refresh(self, caller: Caller = POLLING) -> Readings:
        """Request all data of the vehicle and return the readings; costs one data request.

        Raises:
            VehicleUnavailable: the vehicle is not online; the state has been updated.
            TeslaError: any other failure.
        """
        self.data_requested_at = self._context.now()
        self.failures += 1
        try:
            answer = await self._context.api.vehicle_data(
                self._context.vin, caller, location="vehicle_location" in self._context.scopes
            )
        except VehicleUnavailable:
            self._presence.found_asleep()
            raise
        now = self._context.now()
        readings = signals.read_sections(answer, signals.VEHICLE_SIGNALS, now)
        self._presence.apply_state(answer.get("state", "online"))
        if self._presence.is_online and not readings:
            raise InvalidAnswer("it says nothing about the car")
        self.data_received_at = now
        self._shown_at_answer = self.shown
        if self._presence.is_online:
            self.failures = 0
        self._knowledge.receive(readings)
        return readings

    # --- Polling the effect of a command ---------------------------------------------------------

    async def note_departure(self, command: Command) -> None:
        """Note a command that is about to be sent, so that its effect is polled in any case.

        Unless the command is a plain setting, save this, so that it survives a crash.
        """
        if can_be_looked_at(command):
            self._under_way[command.domain] = self._context.now()
            if not is_deferrable(command):
                await self._persistence.save_if_possible()

    def note_arrival(self, command: Command) -> None:
        """Note that a command is no longer under way, whatever its outcome."""
        self._under_way.pop(command.domain, None)

    def note_executed(self, command: Command, caller: Caller, now: datetime) -> None:
        """Schedule a poll of an executed command's effect, if polled data can show it."""
        if not can_be_looked_at(command) or will_be_shown(self._knowledge, command):
            return
        hurries = self._presence.is_streaming or not is_deferrable(command)
        if caller.kind in _UNATTENDED and not hurries:
            self.automated_at = now
            self._knowledge.note_automated(command.expects, now)
        else:
            self.commanded_at = now

    def look_unless_reported(self, expected: Iterable[Signal[Any]], now: datetime) -> None:
        """Schedule a poll of an effect, unless the stream will report it."""
        if not self._knowledge.will_be_reported(expected):
            self.commanded_at = now

    def look_unless_seen(self, command: Command) -> None:
        """Schedule a poll after a command with an unknown outcome, unless data came since.

        Its caller gets no confirmation, so nothing else would cause that poll.
        """
        sent_at, received_at = self._under_way.get(command.domain), self.data_received_at
        if sent_at is None or (received_at is not None and received_at > sent_at):
            return
        if not will_be_shown(self._knowledge, command):
            self.commanded_at = self._context.now()

    @property
    def look_due_at(self) -> datetime | None:
        """When the effect of the last command is to be polled; None if it has been."""
        commanded_at, received_at = self.commanded_at, self.data_received_at
        if commanded_at is None or (
            received_at is not None and received_at >= commanded_at + plan.EFFECT_DELAY
        ):
            return None
        return commanded_at + plan.EFFECT_DELAY

    def _look_pending_since(self) -> datetime | None:
        """When the last command was sent whose effect is still unconfirmed.

        This includes commands that the stream would report, because reports are lost while Home
        Assistant restarts, and commands without an answer yet, which never comes after a restart.
        """
        unconfirmed = [guess.time for guess in self._knowledge.state.assumed.values()]
        unconfirmed.extend(self._under_way.values())
        if self.commanded_at is not None:
            unconfirmed.append(self.commanded_at)
        return max(unconfirmed, default=None)

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The times of requests and commands, as JSON."""
        dates = {
            "asked": self.data_received_at,
            "tried": self.data_requested_at,
            "commanded": self._look_pending_since(),
            "automated": self.automated_at,
        }
        return {name: date and date.timestamp() for name, date in dates.items()}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore them from the JSON of `to_stored`: a restart is no reason to poll again."""
        self.data_received_at = restore_time(stored.get("asked"))
        self.data_requested_at = restore_time(stored.get("tried"))
        self.commanded_at = restore_time(stored.get("commanded"))
        self.automated_at = restore_time(stored.get("automated"))

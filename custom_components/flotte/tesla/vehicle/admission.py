"""The admission of actions: the gate decides about the whole cost before anything is sent."""

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from math import ceil
from typing import Final

from ..commands import Command, stop_charging
from ..errors import GateRefused
from ..spending.caller import Caller, CallerKind
from ..spending.decision import Decision, DecisionReason, Defer, SpendingRequest
from ..spending.holds import Hold
from ..spending.tariff import COMMAND, DATA, WAKE, Charge
from . import waits
from .channel import CommandChannel
from .context import VehicleContext
from .deferral import is_deferrable
from .knowledge import MAX_AGE_FOR_TOGGLES, Knowledge
from .outcome import OVERRIDE_SECONDS, Errand, Intent, is_same_intent
from .presence import Presence
from .wake_record import WAKE_TIMEOUT, WakeRecord

_STOP: Final = stop_charging().name
PAID_CHECK_SECONDS: Final = 15.0
"""Time between the checks of a wake if the owner's tariff has a price for checks."""


class Admission:
    """Computes the cost of each action on a vehicle, and has the gate admit it."""

    def __init__(
        self,
        context: VehicleContext,
        knowledge: Knowledge,
        presence: Presence,
        channel: CommandChannel,
        last_wake: WakeRecord,
    ) -> None:
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._channel = channel
        self._last_wake = last_wake
        # The intent whose wake a person can confirm by repeating it, and until which monotonic
        # second.
        self._unconfirmed: tuple[Intent | None, float] = (None, 0.0)

    # --- Costs -----------------------------------------------------------------------------------

    def cost(self, command: Command) -> list[Charge]:
        """The charges of all that a command may need.

        They are the command, a wake, a preparation, a data request before a toggle, and a
        handshake.
        """
        cost = [COMMAND, *self.wake_cost()]
        if not self._knowledge.is_prepared(command):
            cost.append(COMMAND)
        if command.requires and not self._knowledge.was_just_reported(
            command.requires, MAX_AGE_FOR_TOGGLES
        ):
            cost.append(DATA)
        if self._channel.needs_handshake(command.domain):
            cost.append(COMMAND)
        return cost

    def wake_cost(self) -> tuple[Charge, ...]:
        """The charges of a wake; none if the vehicle is online or a wake is under way or held."""
        if (
            self._presence.is_online
            or self._last_wake.is_under_way
            or self._context.api.meter.is_wake_held(self._context.vin, self._context.now())
        ):
            return ()
        return self._wake_charges()

    def _wake_charges(self) -> tuple[Charge, ...]:
        """The charges of a wake, with the checks before and during it if checks are billed."""
        if not self._presence.is_check_paid:
            return (WAKE,)
        checks = 1 + ceil(WAKE_TIMEOUT.total_seconds() / PAID_CHECK_SECONDS)
        return (WAKE, self._presence.check_charge(checks))

    # --- Questions to the gate -------------------------------------------------------------------

    def admit_command(self, command: Command, caller: Caller) -> Hold | Defer:
        """Have the gate admit the whole cost of a command; see `admit`.

        Returns the gate's decision if the command is to be deferred.
        """
        return self._admit_or_defer(self.cost(command), caller, command)

    def admit_wake(self, caller: Caller, intent: Intent) -> AbstractContextManager[object] | Defer:
        """Have the gate admit a wake, unless the caller's action already holds one; see `admit`.

        Returns the gate's decision if the command behind it is to be deferred.
        """
        if self._context.api.meter.holds(WAKE, caller, self._context.vin, self._context.now()):
            return nullcontext()
        return self._admit_or_defer(self._wake_charges(), caller, intent)

    def _admit_or_defer(
        self, charges: Iterable[Charge], caller: Caller, intent: Intent
    ) -> Hold | Defer:
        with self._offering(intent):
            return self._context.gate.admit_or_defer(
                self._request(charges, caller, intent), self._context.now()
            )

    def admit(
        self, charges: Iterable[Charge], caller: Caller, intent: Intent = Errand.WAKE
    ) -> Hold:
        """Have the gate admit the whole cost of an action, and hold that part of the budget.

        Args:
            charges: The whole cost.
            caller: Who causes the action.
            intent: The purpose of the action.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: the gate refuses the action.
        """
        with self._offering(intent):
            return self._context.gate.admit(
                self._request(charges, caller, intent), self._context.now()
            )

    @contextmanager
    def _offering(self, intent: Intent) -> Generator[None]:
        """Remember a wake that is refused only because the person has to confirm it."""
        try:
            yield
        except GateRefused as error:
            if error.reason == DecisionReason.CONFIRM:
                self._unconfirmed = (intent, waits.monotonic() + OVERRIDE_SECONDS)
            raise

    def quote(self, command: Command | None, caller: Caller) -> tuple[SpendingRequest, Decision]:
        """The current cost of a command, or of a wake if there is none, and the gate's decision.

        Changes nothing and sends nothing.
        """
        charges = self.wake_cost() if command is None else self.cost(command)
        request = self._request(charges, caller, command or Errand.WAKE)
        return request, self._context.gate.decide(request, self._context.now())

    def _request(
        self, charges: Iterable[Charge], caller: Caller, intent: Intent
    ) -> SpendingRequest:
        is_charging = caller.kind is CallerKind.CHARGING
        if is_charging and isinstance(intent, Command) and intent.name == _STOP:
            charges = (replace(charge, unasked=True) for charge in charges)
        return SpendingRequest(
            caller=caller,
            charges=tuple(charges),
            asset=self._context.vin,
            # A current that was right when it was chosen is wrong hours later.
            deferrable=isinstance(intent, Command) and is_deferrable(intent) and not is_charging,
            confirmed=self._confirms(intent, caller),
        )

    def _confirms(self, intent: Intent, caller: Caller) -> bool:
        """Whether a person repeats an action that was just refused because of its wake.

        A confirmation is not used up: an action needs two wakes if the vehicle falls asleep again.
        """
        unconfirmed, until = self._unconfirmed
        return (
            caller.kind is CallerKind.PERSON
            and waits.monotonic() <= until
            and is_same_intent(intent, unconfirmed)
        )

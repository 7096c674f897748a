"""An energy site: what is known of it, and how it is told what to do.

Sites are always reachable through Tesla's cloud, need no wake and no signature, and cost nothing
today; their requests are booked all the same, in a category of their own. Should they cost
something one day, they pass the gate, and are asked as seldom as the plan says.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, Final

from . import plan, signals
from .api import FleetApi, utc_now
from .commands import Command
from .confirmation import read_confirmation
from .errors import (
    AnswerLost,
    CommandRefused,
    InvalidAnswer,
    MissingScope,
    OutcomeUnknown,
    Refused,
    ServiceError,
)
from .gate import Gate, Request
from .meter import POLLING, Caller
from .state import Signal, State, restore_state, store_state
from .vehicle import Done, Listener

NO_WORDS: Final = "none given"
"""In place of Tesla's words, where it refuses without any."""


class Site:
    """One energy site of an account.

    Args:
        site_id: Tesla's number of the site.
        api: Way to Tesla.
        scopes: What the owner granted.
        gate: Decides what may cost something; by default one of its own on the API's meter.
        clock: Time now; aware.
    """

    def __init__(
        self,
        site_id: int,
        api: FleetApi,
        *,
        scopes: frozenset[str],
        gate: Gate | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.site_id = site_id
        self.api = api
        self.gate = gate or Gate(api.meter)
        self.state = State()
        self.live_read: datetime | None = None
        """When the power flows were read last."""
        self._tried: dict[str, datetime] = {}
        self.info_read: datetime | None = None
        """When the settings were read last."""
        self._look_after: datetime | None = None
        """When a setting was last sent that no answer to a later question shows yet."""
        self._scopes = scopes
        self._clock = clock
        self._listeners: set[Listener] = set()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` the signals that show something else; call the answer to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def lapse(self) -> None:
        """Drop assumptions that nobody confirmed in time."""
        self.state, gone = self.state.lapse(self._clock())
        self._tell(gone)

    def to_stored(self) -> dict[str, Any]:
        """What to keep over a restart, as JSON."""
        return {"state": store_state(self.state)}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Take up what `to_stored` kept."""
        self.state = restore_state(stored.get("state"), signals.SITE_SIGNALS)

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing to look at it."""
        return not any(self.api.price(each) for each in ("live_status", "site_info"))

    async def poll(self, shown: Collection[Signal[Any]]) -> None:
        """Ask for nobody what is due; what is paid only if it is shown, by the gate's leave.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: the background may not spend that now.
            TeslaError: any other.
        """
        # What costs nothing is asked for whoever looks: what it tells is kept for later, too.
        sections = {signal.section for signal in (signals.SITE_SIGNALS if self.is_free else shown)}
        now = self._clock()
        if "live_status" in sections and self._is_due("live_status", plan.SITE_INTERVAL, now):
            with self._admit("live_status", POLLING):
                await self.refresh()
        if "site_info" in sections and self._is_due("site_info", plan.SITE_INFO_INTERVAL, now):
            with self._admit("site_info", POLLING):
                await self.refresh_info()

    def _is_due(self, endpoint: str, usual: timedelta, now: datetime) -> bool:
        read = self.info_read if endpoint == "site_info" else self.live_read
        price, tried = self.api.price(endpoint), self._tried.get(endpoint)
        if endpoint == "site_info" and self._look_after is not None:
            return True
        if price and tried is not None:
            # What fails is billed too.
            read = tried if read is None else max(tried, read)
        interval = plan.site_interval(
            usual,
            price,
            self.api.meter.limit,
            self.gate.step.effects.poll_factor,
        )
        return plan.site_due(read, interval, now)

    def _admit(self, endpoint: str, caller: Caller) -> AbstractContextManager[object]:
        """Ask the gate for a request, and keep room for it; nobody needs to know what is free."""
        if not self.api.price(endpoint):
            return nullcontext()
        charges = (self.api.endpoints.charge(endpoint),)
        request = Request(caller=caller, charges=charges, car=str(self.site_id))
        return self.gate.admit(request, self._clock())

    async def refresh(self, caller: Caller = POLLING) -> None:
        """Read the power flows."""
        self._tried["live_status"] = asked = self._clock()
        self._take("live_status", await self.api.live_status(self.site_id, caller), asked)
        self.live_read = self._clock()

    async def refresh_info(self, caller: Caller = POLLING) -> None:
        """Read the settings."""
        self._tried["site_info"] = asked = self._clock()
        if self.api.price("site_info"):
            # What costs something is looked at once after a setting, even if it does not answer.
            self._look_after = None
        self._take("site_info", await self.api.site_info(self.site_id, caller), asked)
        self.info_read = self._clock()
        if self._look_after is not None and asked >= self._look_after:
            self._look_after = None

    async def send(self, command: Command, caller: Caller) -> Done:
        """Change a setting.

        Raises:
            Refused: certainly not executed.
            OutcomeUnknown: it may have been executed; the settings are read with the next poll.
        """
        if not command.scopes & self._scopes:
            raise MissingScope(", ".join(sorted(command.scopes)))
        is_refused = False
        try:
            with self._admit(command.name, caller):
                answer = await self.api.site_command(
                    self.site_id, command.name, command.parameters, caller
                )
            confirmation = read_confirmation(answer)
            if confirmation.done is None:
                raise OutcomeUnknown(confirmation.words or "no confirmation")
            if not confirmation.done:
                raise CommandRefused(confirmation.words or NO_WORDS)
        except Refused:
            is_refused = True
            raise
        except (AnswerLost, ServiceError, InvalidAnswer) as error:
            raise OutcomeUnknown(error.detail) from error
        finally:
            # What Tesla stored may differ even after a success: it caps the backup reserve.
            if not is_refused:
                self._look_after = self._clock()
        self.state = self.state.assume(command.expects, self._clock())
        self._tell(frozenset(command.expects))
        return Done()

    def _take(self, section: str, answer: dict[str, Any], asked: datetime) -> None:
        """Take in an answer to what was asked then: it may not show what was set since."""
        readings = signals.read_sections({section: answer}, signals.SITE_SIGNALS, asked)
        self.state, changed = self.state.merge(readings, self._clock())
        self._tell(changed)

    def _tell(self, changed: frozenset[Signal[Any]]) -> None:
        if changed:
            for listener in tuple(self._listeners):
                listener(changed)

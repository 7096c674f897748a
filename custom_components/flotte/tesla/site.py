"""An energy site: what is known of it, and how it is told what to do.

Sites are always reachable through Tesla's cloud, need no wake and no signature, and cost nothing
today; their requests are booked all the same, in a category of their own. Should they cost
something one day, they pass the gate, and are asked as seldom as the plan says.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from . import plan, signals
from .api import FleetApi, utc_now
from .commands import Command
from .errors import (
    AnswerLost,
    CommandRefused,
    InvalidAnswer,
    MissingScope,
    OutcomeUnknown,
    ServiceError,
)
from .gate import Gate, Request
from .meter import POLLING, Caller
from .state import Signal, State, restore_state, store_state
from .vehicle import Done, Listener


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
        price = self.api.price(endpoint)
        if price and (tried := self._tried.get(endpoint)) is not None:
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
        self._tried["live_status"] = self._clock()
        self._take("live_status", await self.api.live_status(self.site_id, caller))
        self.live_read = self._clock()

    async def refresh_info(self, caller: Caller = POLLING) -> None:
        """Read the settings."""
        self._tried["site_info"] = self._clock()
        self._take("site_info", await self.api.site_info(self.site_id, caller))
        self.info_read = self._clock()

    def info_is_older_than(self, age: timedelta) -> bool:
        """Whether the settings were read longer ago than this, or never."""
        return self.info_read is None or self._clock() - self.info_read >= age

    async def send(self, command: Command, caller: Caller) -> Done:
        """Change a setting.

        Raises:
            Refused: certainly not executed.
            OutcomeUnknown: it may have been executed; the next reading will show.
        """
        if not command.scopes & self._scopes:
            raise MissingScope(", ".join(sorted(command.scopes)))
        try:
            with self._admit(command.name, caller):
                answer = await self.api.site_command(
                    self.site_id, command.name, command.parameters, caller
                )
        except (AnswerLost, ServiceError, InvalidAnswer) as error:
            raise OutcomeUnknown(error.detail) from error
        # Two forms are in use: {"code": 201, "message": ...} and {"result": true, "reason": ...}.
        if answer.get("result") is False:
            raise CommandRefused(str(answer.get("reason") or ""))
        code = answer.get("code")
        if answer.get("result") is not True and not (isinstance(code, int) and 200 <= code < 300):  # noqa: PLR2004  # the meaning of HTTP's numbers
            # A dead site answers nothing; that is no success.
            raise OutcomeUnknown("no confirmation")
        self.state = self.state.assume(command.expects, self._clock())
        self._tell(frozenset(command.expects))
        # What Tesla stored may differ (it caps the backup reserve), so it is read soon.
        self.info_read = None
        return Done()

    def _take(self, section: str, answer: dict[str, Any]) -> None:
        readings = signals.read_sections({section: answer}, signals.SITE_SIGNALS, self._clock())
        self.state, changed = self.state.merge(readings, self._clock())
        self._tell(changed)

    def _tell(self, changed: frozenset[Signal[Any]]) -> None:
        if changed:
            for listener in tuple(self._listeners):
                listener(changed)

"""An energy site: its power flows, its settings, and commands that change them.

Sites are always reachable through Tesla's cloud and need neither a wake nor a signature. Their
requests are free today, but are booked anyway, in a category of their own. If Tesla ever charges
for them, the gate has to admit them, and the plan limits how often sites are polled.

A site has four sections: `live_status`, `site_info`, the energy history and the outages. Each is
read at its own interval, and one can fail while the others work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from .. import signals
from ..api.confirmation import read_confirmation
from ..api.fleet import FleetApi
from ..clock import utc_now
from ..commands import Command
from ..errors import (
    AnswerLost,
    CommandRefused,
    InvalidAnswer,
    MissingScope,
    OutcomeUnknown,
    Refused,
    ServiceError,
    TeslaError,
)
from ..listeners import Listeners
from ..signals import BACKUP_HISTORY, ENERGY_HISTORY, LIVE_STATUS, SITE_INFO
from ..spending.caller import POLLING, Caller
from ..spending.decision import SpendingRequest
from ..spending.endpoints import Endpoint
from ..spending.gate import Gate
from ..state import Reading, Readings, Signal, Source, State, StoredState, restore_state
from ..vehicle import poll_plan as plan
from ..vehicle.outcome import Done
from .energy import SiteEnergy
from .outages import SiteOutages
from .section import AnswerTimes, MissingValues, Section, is_lost

_INTERVALS: Final = {
    LIVE_STATUS: plan.SITE_INTERVAL,
    SITE_INFO: plan.SITE_INFO_INTERVAL,
}

_KEYS: Final = {
    name: frozenset(
        path[0] for row in signals.SITE_SIGNALS if row.section == name for path in row.paths
    )
    for name in _INTERVALS
}
"""The keys that are read in each section; an answer without any of them is invalid."""

NO_WORDS: Final = "none given"
"""Shown instead of Tesla's message if Tesla refuses without one."""


def _endpoint(section: str) -> Endpoint:
    """The endpoint that answers a section."""
    return Endpoint.CALENDAR_HISTORY if section == BACKUP_HISTORY else Endpoint(section)


class Site:
    """One energy site of an account.

    Args:
        site_id: Tesla's number of the site.
        api: Client of the Fleet API.
        scopes: Scopes that the owner granted.
        gate: Decides what may be spent; by default a gate with the default policy.
        clock: Returns the current time, timezone-aware.
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
        self.energy = SiteEnergy(self.energy_history, self._apply, clock)
        self.outages = SiteOutages(self.backup_history, lambda: self.state, self._apply, clock)
        self.sections = {name: Section() for name in _INTERVALS} | {
            ENERGY_HISTORY: self.energy.section,
            BACKUP_HISTORY: self.outages.section,
        }
        self._look_after: datetime | None = None
        """When a setting was last sent, until an answer requested later shows its effect."""
        self._live_times = AnswerTimes()
        self._missing = MissingValues()
        self._scopes = scopes
        self._clock = clock
        self._stored = StoredState()
        self._changed = Listeners[frozenset[Signal[Any]]]()

    def subscribe(self, listener: Callable[[frozenset[Signal[Any]]], None]) -> Callable[[], None]:
        """Notify `listener` when the values of signals change; return a function that stops it."""
        return self._changed.subscribe(listener)

    def lapse(self) -> None:
        """Drop assumptions that no reading confirmed in time."""
        self.state, gone = self.state.lapse(self._clock())
        self._tell(gone)
        self.energy.lapse()

    def to_stored(self) -> dict[str, Any]:
        """The state to keep over a restart, as JSON."""
        return {
            "state": self._stored.of(self.state),
            "energy": self.energy.to_stored(),
            "outages": self.outages.to_stored(),
        }

    def restore(self, stored: object) -> None:
        """Restore the state from the JSON of `to_stored`."""
        if not isinstance(stored, Mapping):
            return
        self.state = restore_state(stored.get("state"), signals.SITE_SIGNALS)
        self.energy.restore(stored.get("energy"))
        self.outages.restore(stored.get("outages"))

    @property
    def is_free(self) -> bool:
        """Whether polling the site is free."""
        return not any(self.api.price(Endpoint(each)) for each in _INTERVALS)

    def ask_again(self) -> None:
        """Make the next poll read power flows and settings, if that is free."""
        if self.is_free:
            for name in _INTERVALS:
                self.sections[name].tried = None

    async def poll(self, shown: Collection[Signal[Any]]) -> None:
        """Poll the due sections; a paid one only if it is shown and the gate admits it.

        Sections are polled concurrently, so that none waits for another. Only if the power flows
        cannot be read, this raises an error; see `sections`. Histories are read only if they are
        shown, even for free.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: the gate refuses background polling now.
            TeslaError: any other failure.
        """
        wanted = {signal.section for signal in shown}
        if self.is_free:
            # Read even if nothing shows them: their values are kept for later.
            wanted.update(_INTERVALS)
        now = self._clock()
        due = [name for name in self.sections if name in wanted and self._is_due(name, now)]
        results = await asyncio.gather(
            *(self._poll_section(name) for name in due), return_exceptions=True
        )
        for name, error in zip(due, results, strict=True):
            if error is not None and (name == LIVE_STATUS or not is_lost(error)):
                raise error

    async def _poll_section(self, name: str) -> None:
        if name == ENERGY_HISTORY:
            await self.energy.refresh(one_request=bool(self.api.price(Endpoint.CALENDAR_HISTORY)))
            return
        if name == BACKUP_HISTORY:
            await self.outages.refresh()
            return
        with self.admit(Endpoint(name), POLLING):
            await (self.refresh if name == LIVE_STATUS else self.refresh_info)()

    def _is_due(self, name: str, now: datetime) -> bool:
        if name == SITE_INFO and self._look_after is not None:
            return True
        section, price = self.sections[name], self.api.price(_endpoint(name))
        if name == BACKUP_HISTORY:
            return self.outages.is_due(self._interval(plan.OUTAGES_INTERVAL, price), now)
        if name == ENERGY_HISTORY:
            # Not all sites ask at once for a new row, but 10 to 30 s after it.
            delay, interval = timedelta(seconds=10 + self.site_id % 21), plan.HISTORY_INTERVAL
            return plan.history_due(section.tried, self._interval(interval, price), delay, now)
        # Poll a free section often until its first answer, as nothing is known before.
        usual = _INTERVALS[name] if section.read or price else plan.SITE_INTERVAL
        return plan.site_due(section.tried, self._interval(usual, price), now)

    def _interval(self, usual: timedelta, price: Decimal) -> timedelta | None:
        budget, factor = self.api.meter.budget, self.gate.mode_status.effects.poll_factor
        return plan.site_interval(usual, price, budget, factor)

    def admit(self, endpoint: Endpoint, caller: Caller) -> AbstractContextManager[object]:
        """Have the gate admit a request, and hold room for it; a free request needs neither."""
        if not self.api.price(endpoint):
            return nullcontext()
        charges = (self.api.endpoints.charge(endpoint),)
        request = SpendingRequest(caller=caller, charges=charges, asset=str(self.site_id))
        return self.gate.admit(request, self._clock())

    async def refresh(self, caller: Caller = POLLING) -> None:
        """Read the power flows."""
        live, info = self.sections[LIVE_STATUS], self.sections[SITE_INFO]
        answer, asked = await self._read(LIVE_STATUS, self.api.live_status, caller)
        if live.error is not None and info.error is not None:
            # Both sections had failed, so both may work again.
            info.tried = None
        self._take(LIVE_STATUS, answer, self._live_times.of(answer, asked, self.state.readings))

    async def refresh_info(self, caller: Caller = POLLING) -> None:
        """Read the settings."""
        if self.api.price(Endpoint.SITE_INFO):
            # A paid section is read only once after a setting, even if that fails.
            self._look_after = None
        answer, asked = await self._read(SITE_INFO, self.api.site_info, caller)
        if self._look_after is not None and asked >= self._look_after:
            self._look_after = None
        self._take(SITE_INFO, answer, asked)

    async def _read(
        self,
        name: str,
        request: Callable[[int, Caller], Awaitable[dict[str, Any]]],
        caller: Caller,
    ) -> tuple[dict[str, Any], datetime]:
        """Request a section; return the answer and the time of the request. Raises TeslaError."""
        section = self.sections[name]
        section.tried = asked = self._clock()
        try:
            answer = await request(self.site_id, caller)
            if _KEYS[name].isdisjoint(answer):
                raise InvalidAnswer("it says nothing about the site")
        except TeslaError as error:
            if is_lost(error):
                section.failed(error, self._clock())
            raise
        return answer, asked

    async def energy_history(
        self, start: datetime, end: datetime, zone: str, caller: Caller
    ) -> dict[str, Any]:
        """Ask Tesla for the energy of a span of one day; see `FleetApi.energy_history`.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: it costs too much for this caller now.
            TeslaError: any other.
        """
        with self.admit(Endpoint.CALENDAR_HISTORY, caller):
            return await self.api.energy_history(self.site_id, start, end, zone, caller)

    async def backup_history(
        self, start: datetime, end: datetime, caller: Caller
    ) -> dict[str, Any]:
        """Ask Tesla for a page of the outages of a period; see `energy_history`."""
        zone = self.energy.zone
        begins, ends = start.astimezone(zone), end.astimezone(zone)
        with self.admit(Endpoint.CALENDAR_HISTORY, caller):
            return await self.api.backup_history(self.site_id, begins, ends, zone.key, caller)

    async def send(self, command: Command, caller: Caller) -> Done:
        """Change a setting.

        Raises:
            Refused: the command was certainly not executed.
            OutcomeUnknown: it may have been executed; the next poll reads the settings.
        """
        if not command.scopes & self._scopes:
            raise MissingScope(", ".join(sorted(command.scopes)))
        is_refused = False
        try:
            with self.admit(Endpoint(command.name), caller):
                answer = await self.api.site_command(
                    self.site_id, Endpoint(command.name), command.parameters, caller
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

    def _take(self, name: str, answer: dict[str, Any], time: datetime) -> None:
        """Apply an answer with the time of its values, which may be from before a setting."""
        section, now = self.sections[name], self._clock()
        told = {key: value for key, value in answer.items() if key != "timestamp"}
        readings = signals.read_sections({name: told}, signals.SITE_SIGNALS, time)
        known = (each for each in self.state.readings.items() if each[0].section == name)
        for signal in self._missing.overdue(known, readings, since=section.read or now, now=now):
            readings[signal] = Reading(None, time, Source.POLL)
        section.succeeded(now)
        self._apply(readings)

    def _apply(self, readings: Readings) -> None:
        self.state, changed = self.state.merge(readings, self._clock())
        self._tell(changed)

    def _tell(self, changed: frozenset[Signal[Any]]) -> None:
        if changed:
            self._changed(changed)

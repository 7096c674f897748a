"""The waking of a vehicle: one paid wake for all callers."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from ..commands import Command
from ..errors import RateLimited, Refused, ServiceError, Unreachable, WakeFailed
from ..spending.caller import Caller
from ..spending.decision import Defer
from . import waits
from .admission import PAID_CHECK_SECONDS, Admission
from .context import VehicleContext
from .knowledge import Knowledge
from .outcome import Errand, Intent
from .persistence import Persistence
from .presence import Presence
from .wake_record import WAKE_TIMEOUT, WakeRecord

_LOGGER = logging.getLogger(__name__)

WAKE_CHECK_SECONDS: Final = 4.0
"""Time between free state checks during a wake."""
USUAL_WAKE: Final = (8.0, 24.0)
"""Seconds after the start of a wake between which most vehicles come online."""
USUAL_WAKE_CHECK_SECONDS: Final = 2.0
"""Time between checks in that span. Three cars at once stay within the 60 requests a minute that
Tesla allows."""


class Waker:
    """Wakes one vehicle; concurrent callers share one wake."""

    def __init__(
        self,
        context: VehicleContext,
        *,
        knowledge: Knowledge,
        presence: Presence,
        admission: Admission,
        last_wake: WakeRecord,
        persistence: Persistence,
    ) -> None:
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._admission = admission
        self._last_wake = last_wake
        self._persistence = persistence
        self._lock = asyncio.Lock()

    async def wake(self, caller: Caller, errand: Errand = Errand.WAKE) -> None:
        """Wake the vehicle unless it is online; concurrent callers share one wake.

        Raises:
            WakeFailed: the vehicle did not come online within a minute.
            BudgetExceeded: the budget has no room for a wake.
            TeslaError: any other failure.
        """
        # Only a command is ever deferred.
        await self._share_wake(caller, errand, believe=True)

    async def wake_for(
        self, command: Command, caller: Caller, *, believe: bool = True
    ) -> Defer | None:
        """Wake the vehicle for a command unless it is online; see `wake`.

        Args:
            command: Sent once the vehicle is awake.
            caller: Who causes the wake.
            believe: Ask Tesla first and trust its answer, which is free but can be minutes old.

        Returns:
            The gate's decision if the vehicle is not woken and the command is to be deferred.
        """
        return await self._share_wake(caller, command, believe=believe)

    async def _share_wake(self, caller: Caller, intent: Intent, *, believe: bool) -> Defer | None:
        """Wake the vehicle once for all callers, or return the decision to defer the command."""
        async with self._lock:
            if self._presence.is_streaming:
                self._last_wake.began = None
                return None
            if not self._presence.is_check_paid:
                return await self._wake(caller, intent, believe=believe)
            # If checks are billed, the gate has to admit them before the first one.
            admitted = self._admission.admit_wake(caller, intent)
            if isinstance(admitted, Defer):
                return admitted
            with admitted:
                return await self._wake(caller, intent, believe=believe)

    async def _wake(self, caller: Caller, intent: Intent, *, believe: bool) -> Defer | None:
        """Wake the vehicle. The caller holds the lock."""
        # A check is usually free; a needless wake costs as much as ten data requests.
        if believe and await self._presence.check(caller):
            self._last_wake.began = None
            return None
        began = self._last_wake.began
        if began is not None and self._last_wake.is_under_way:
            with self._knowledge.intents.waking():
                await self._wait_until_online(began, caller)
            return None
        self._last_wake.began = None
        # First, because a wake that is refused or deferred must not show as one.
        admitted = self._admission.admit_wake(caller, intent)
        if isinstance(admitted, Defer):
            return admitted
        with self._knowledge.intents.waking():
            with admitted:
                began = await self._wake_up(caller)
            await self._wait_until_online(began, caller)
        return None

    async def _wait_until_online(self, began: float, caller: Caller) -> None:
        """Wait until the vehicle is online, whose wake began at this monotonic second."""
        timeout = WAKE_TIMEOUT.total_seconds()
        while not self._presence.is_online:
            if waits.monotonic() - began >= timeout:
                raise WakeFailed
            # A vehicle that streams often connects before Tesla reports it online.
            seconds = _check_seconds(waits.monotonic() - began)
            if self._presence.is_check_paid:
                seconds = PAID_CHECK_SECONDS
            await self._knowledge.wait_until(lambda: self._presence.is_online, seconds)
            await self._check_again(caller)
        # This wake is over, even if the vehicle falls asleep again at once.
        self._last_wake.began = None

    async def _wake_up(self, caller: Caller) -> float:
        """Send the wake, and return the monotonic second at which it began."""
        _LOGGER.debug("Waking %s for %s", self._context.vin[-6:], caller.label)
        # If the answer is lost, the vehicle may still be waking: the next caller must not pay
        # again.
        began = self._last_wake.began = waits.monotonic()
        await self._persistence.save_if_possible()
        try:
            answer = await self._context.api.wake_up(self._context.vin, caller)
        except Refused, Unreachable, ServiceError:
            # The vehicle was not woken, so the next caller has no wake to wait for.
            self._last_wake.began = None
            raise
        self._presence.apply_state(answer.get("state"))
        return began

    async def _check_again(self, caller: Caller) -> None:
        """Check whether the vehicle is online, unless it is already streaming."""
        if self._presence.is_streaming:
            return
        # Being rate limited does not end the wake, which is paid for.
        with suppress(RateLimited):
            await self._presence.check(caller)


def _check_seconds(seconds: float) -> float:
    """Seconds until the next check of a vehicle whose wake began `seconds` ago."""
    earliest, latest = USUAL_WAKE
    return USUAL_WAKE_CHECK_SECONDS if earliest <= seconds < latest else WAKE_CHECK_SECONDS

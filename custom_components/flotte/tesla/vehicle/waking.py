"""The waking of a vehicle: one paid wake for all that need it awake."""

import asyncio
import logging
from contextlib import nullcontext, suppress
from typing import Final

from ..errors import RateLimited, Refused, ServiceError, Unreachable, WakeFailed
from ..spending.caller import Caller
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
"""Between free state checks while waking."""
USUAL_WAKE: Final = (8.0, 24.0)
"""Seconds between which most vehicles come online."""
USUAL_WAKE_CHECK_SECONDS: Final = 2.0
"""Between the checks then: three cars at once stay at the 60 a minute that Tesla allows."""


class Waker:
    """Wakes one vehicle, at most once for all callers."""

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

    async def ensure_awake(
        self, caller: Caller, *, deferrable: bool = False, intent: Intent = Errand.WAKE
    ) -> None:
        """Wake it, unless it is known to be online; see `wake`."""
        if not self._presence.is_online:
            await self.wake(caller, deferrable=deferrable, intent=intent)

    async def wake(
        self,
        caller: Caller,
        *,
        believe: bool = True,
        deferrable: bool = False,
        intent: Intent = Errand.WAKE,
    ) -> None:
        """Make sure that it is online, waking it if it is not; several callers share one wake.

        Args:
            caller: For whom.
            believe: Ask Tesla first whether it is online; that is free, but may be minutes old.
            deferrable: Whether the action behind it may be deferred instead.
            intent: The purpose.

        Raises:
            WakeFailed: it did not come online within a minute.
            BudgetExceeded: there is no room for a wake.
            Deferred: the action is to be deferred; only if `deferrable`.
            TeslaError: any other.
        """
        async with self._lock:
            if self._presence.is_streaming:
                self._last_wake.began = None
                return
            # A check that is billed is part of what the gate is asked for.
            with (
                self._admission.admit_wake(caller, deferrable=deferrable, intent=intent)
                if self._presence.is_check_paid
                else nullcontext()
            ):
                await self._wake(caller, believe=believe, deferrable=deferrable, intent=intent)

    async def _wake(
        self, caller: Caller, *, believe: bool, deferrable: bool, intent: Intent
    ) -> None:
        """Wake the vehicle. The caller holds the lock."""
        # Usually free, and a needless wake costs as much as ten data requests.
        if believe and await self._presence.check(caller):
            self._last_wake.began = None
            return
        began, timeout = self._last_wake.began, WAKE_TIMEOUT.total_seconds()
        if began is None or not self._last_wake.is_under_way:
            self._last_wake.began = None
            with self._admission.admit_wake(caller, deferrable=deferrable, intent=intent):
                began = await self._wake_up(caller)
        while not self._presence.is_online:
            if waits.monotonic() - began >= timeout:
                raise WakeFailed
            # It connects when it is ready, often before Tesla says that it is online.
            seconds = _check_seconds(waits.monotonic() - began)
            if self._presence.is_check_paid:
                seconds = PAID_CHECK_SECONDS
            await self._knowledge.wait_until(lambda: self._presence.is_online, seconds)
            await self._check_again(caller)
        # It may fall asleep again at once; that is for another wake.
        self._last_wake.began = None

    async def _wake_up(self, caller: Caller) -> float:
        """Have Tesla wake it, and return the monotonic second at which that began."""
        _LOGGER.debug("Waking %s for %s", self._context.vin[-6:], caller.label)
        # Even if the answer is lost it may be waking, and the next caller need not pay again.
        began = self._last_wake.began = waits.monotonic()
        await self._persistence.save_if_possible()
        try:
            answer = await self._context.api.wake_up(self._context.vin, caller)
        except Refused, Unreachable, ServiceError:
            # It was not woken, so there is nothing to wait for next time.
            self._last_wake.began = None
            raise
        self._presence.apply_state(answer.get("state"))
        return began

    async def _check_again(self, caller: Caller) -> None:
        """Check whether the wake is over, unless the vehicle streams already."""
        if self._presence.is_streaming:
            return
        # The wake is paid for; it goes on while we are asked to be quiet.
        with suppress(RateLimited):
            await self._presence.check(caller)


def _check_seconds(seconds: float) -> float:
    """Time until the next check of a vehicle that was woken so many seconds ago."""
    earliest, latest = USUAL_WAKE
    return USUAL_WAKE_CHECK_SECONDS if earliest <= seconds < latest else WAKE_CHECK_SECONDS

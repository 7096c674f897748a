"""Driven time: a week passes as fast as the machine works, without any waiting.

The clock of this process stands still (freezegun) while there is work. When the event loop has
nothing left to do, it moves the clock to its next timer instead of sleeping. So `asyncio.sleep`,
Home Assistant's timers, time-outs and expiring tokens all happen in order and at their exact time.
"""

import asyncio
import math
import selectors
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, override

from freezegun.api import FrozenDateTimeFactory

MICROSECONDS: Final = 1_000_000
PATIENCE_SECONDS: Final = 0.002
"""Real seconds of one wait for something outside of the loop."""
MAX_LOOKS: Final = 50
"""The number of waits for an open request, after which its answer is assumed to depend on a timer,
for example because its delay was ordered."""
STUCK_LOOKS: Final = 30_000
"""The number of waits after which a thread counts as stuck: a minute."""


class Stuck(Exception):
    """Nothing is left that could ever happen."""


class DrivenClock:
    """A clock that moves on request, together with freezegun's."""

    def __init__(self, frozen: FrozenDateTimeFactory, start: datetime) -> None:
        self._frozen = frozen
        self._microseconds = round(start.timestamp() * MICROSECONDS)
        self.now = self._microseconds / MICROSECONDS
        """Unix seconds."""

    def advance(self, seconds: float) -> None:
        """Move on by at least so much, to the microsecond, which is freezegun's resolution."""
        step = max(1, math.ceil(seconds * MICROSECONDS - 0.01))
        self._microseconds += step
        self.now = self._microseconds / MICROSECONDS
        self._frozen.tick(timedelta(microseconds=step))


class _Selector(selectors.DefaultSelector):
    """A selector that moves the clock instead of waiting, unless an answer is on its way."""

    def __init__(self, clock: DrivenClock) -> None:
        super().__init__()
        self._clock = clock
        self._looks = 0
        self.threads = 0
        """The number of calls running in threads."""
        self.has_request: Callable[[], bool] = lambda: False
        """Whether a request is open."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            self._looks = 0
            return events
        if self.threads or (self.has_request() and self._looks < MAX_LOOKS):
            self._looks += 1
            if self._looks > STUCK_LOOKS:
                raise Stuck(f"{self.threads} threads do not end")
            return super().select(PATIENCE_SECONDS)
        if timeout is None:
            raise Stuck("no timer, no request, and nothing to do")
        self._looks = 0
        self._clock.advance(timeout)
        return events


class DrivenLoop(asyncio.SelectorEventLoop):
    """An event loop that never sleeps."""

    def __init__(self, clock: DrivenClock) -> None:
        self._clock = clock
        self._driven = _Selector(clock)
        super().__init__(self._driven)
        # A microsecond; asyncio's own nanosecond is lost in numbers as large as Unix time.
        self._clock_resolution = 1 / MICROSECONDS

    @override
    def time(self) -> float:
        return self._clock.now

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._driven.threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    @contextmanager
    def waiting_for_thread(self) -> Iterator[None]:
        """Stop time while something else waits for a thread."""
        self._driven.threads += 1
        try:
            yield
        finally:
            self._driven.threads -= 1

    def _thread_ended(self, _future: asyncio.Future[Any]) -> None:
        self._driven.threads -= 1

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        with self.waiting_for_thread():
            await super().shutdown_default_executor(timeout)

    def watch_requests(self, has_request: Callable[[], bool]) -> None:
        """Stop time while a request is open, unless its answer depends on a timer."""
        self._driven.has_request = has_request


async def sleep_until(at: float) -> None:
    """Return at a Unix time; it may be a microsecond early."""
    await asyncio.sleep(at - asyncio.get_running_loop().time())

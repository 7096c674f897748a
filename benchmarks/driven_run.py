"""A run of one contestant through one scenario, in this process, whose time is driven.

    python -m benchmarks.driven_run '{"contestant": "flotte_stream", "days": 1}'

prints one line of JSON. The keys of the argument are the fields of `Scenario`.
"""

# Before any module of Home Assistant that binds functions of `time` when it is imported.
import pytest_homeassistant_custom_component.patch_time  # noqa: F401, I001

import asyncio
import json
import logging
import random
import sys
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, suppress, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory

from benchmarks.contestants import Contestant, Home
from benchmarks.doubtful_days import doubtful_events
from benchmarks.driven_calls import Caller
from benchmarks.driven_figures import figures
from benchmarks.driven_scenario import Calls, Scenario, Watches
from benchmarks.driven_stream import DirectStreams
from benchmarks.driven_time import DrivenClock, DrivenLoop, sleep_until
from benchmarks.recorded import Recorded, recorded
from benchmarks.scripted_days import (
    DAY,
    MONDAY,
    Call,
    Days,
    Event,
    begin,
    clock,
    episodes,
    spendthrift_calls,
    surplus_calls,
)
from simulator import Simulator
from simulator.cloud import Served
from simulator.refusals import SteeringError
from simulator.world import AURORA, COMET

LOOK_ASLEEP_SECONDS: Final = 5.0
"""Seconds between looks at sleeping cars: a wake takes at least ten, so none is missed."""
SETTLING_SECONDS: Final = 900.0
"""Seconds before the first midnight in which Home Assistant starts and nothing is counted."""
RESTART_AT: Final = clock(15)
RESTART_SECONDS: Final = 20.0
PHASE: Final = 43.0
"""Seconds after the quarter of an hour at which Home Assistant starts."""


class Run:
    """A running scenario."""

    def __init__(self, scenario: Scenario, simulator: Simulator, contestant: Contestant) -> None:
        self._scenario = scenario
        self._simulator = simulator
        self._contestant = contestant
        self._home: Home | None = None
        self._cars = list(simulator.world.cars.values())
        self._days = Days(self._cars, has_calls=scenario.calls is Calls.EIGHT)
        self._watches = [Watches(car) for car in self._cars]
        self._begins = MONDAY.timestamp()
        self._caller = Caller(simulator, self._cars, begins=self._begins, faults=scenario.faults)
        self._streams = DirectStreams(simulator)
        self._requests: deque[Served] = deque()
        # The simulator keeps only its last requests; the figures need all of them.
        simulator.cloud.requests = self._requests

    async def live(self) -> dict[str, Any]:
        """Run the whole scenario; returns its figures."""
        scenario = self._scenario
        for car in self._cars:
            begin(car)
        ends = self._begins + (scenario.until or scenario.days * DAY)
        async with AsyncExitStack() as stack:
            await self._start(stack)
            await self._until(self._begins, [])
            self._forget()
            restart = self._begins + RESTART_AT
            while scenario.restarts and restart < ends:
                await self._go(restart)
                await self._stop(stack)
                await self._until(restart + RESTART_SECONDS, [])
                await self._start(stack)
                restart += DAY
            await self._go(ends)
            await self._caller.finish()
            found = figures(
                scenario,
                self._simulator.bill,
                self._requests,
                self._caller.outcomes,
                self._watches,
                seconds=ends - self._begins,
                recorded=await self._recorded(),
            )
            await self._stop(stack)
        return found

    async def _start(self, stack: AsyncExitStack) -> None:
        """Start Home Assistant; the cars connect again on their own."""
        self._home = await stack.enter_async_context(self._contestant.home())
        self._streams.open(self._home)
        loop = asyncio.get_running_loop()
        if isinstance(loop, DrivenLoop):
            loop.watch_requests(self._home.has_request)

    async def _stop(self, stack: AsyncExitStack) -> None:
        await self._caller.finish()
        self._streams.close()
        self._home = None
        loop = asyncio.get_running_loop()
        if isinstance(loop, DrivenLoop):
            loop.watch_requests(lambda: False)
        await stack.aclose()

    async def _recorded(self) -> Recorded:
        """The rows of the recorder since the first midnight, if it runs."""
        if self._home is None or not self._scenario.recorder:
            return {}
        return await recorded(self._home.hass, self._home.entry.entry_id, self._begins)

    def _forget(self) -> None:
        """Start counting from zero."""
        self._simulator.bill.clear()
        self._requests.clear()
        self._watches = [Watches(car) for car in self._cars]
        for car in self._cars:
            car.wakes = 0

    async def _go(self, ends: float) -> None:
        """Let time pass until then, with the events of that time."""
        now = self._simulator.clock.now()
        events = [event for event in self._all_events(ends) if now <= event.at < ends]
        await self._until(ends, events)

    def _all_events(self, ends: float) -> Iterator[Event]:
        match self._scenario.calls:
            case Calls.STALE:
                yield from episodes()
                return
            case Calls.DOUBTFUL:
                yield from doubtful_events(self._scenario.days)
                return
            case Calls.SPENDTHRIFT:
                yield from spendthrift_calls()
        for number in range(int((ends - self._begins - 1) // DAY) + 1):
            yield from self._days.day(number)
            if self._scenario.calls is Calls.SURPLUS:
                yield from surplus_calls(number)

    async def _until(self, ends: float, events: list[Event]) -> None:
        coming = deque(sorted(events, key=lambda event: event.at))
        while (now := self._simulator.clock.now()) < ends:
            moments = [ends, self._next_look(now)]
            if coming:
                moments.append(coming[0].at)
            await sleep_until(max(min(moments), now))
            now = self._simulator.clock.now()
            self._simulator.world.advance()
            while coming and coming[0].at <= now + 1e-6:  # a microsecond
                self._apply(coming.popleft())
            if self._scenario.real_stream:
                await self._stream()
            else:
                self._streams.deliver()
            self._look(now)

    async def _stream(self) -> None:
        """Let the cars send over TLS; time stands still until all of it has arrived.

        Otherwise a slow machine would let it go on while bytes are on their way, and count others.
        """
        loop = asyncio.get_running_loop()
        still = loop.waiting_for_thread() if isinstance(loop, DrivenLoop) else nullcontext()
        with still:
            await self._simulator.stream()

    def _next_look(self, now: float) -> float:
        """The next whole second while a car is awake; otherwise the next look at sleeping cars."""
        waking = [car.waking_until for car in self._cars if car.waking_until is not None]
        if waking or any(car.state != "asleep" for car in self._cars):
            return min([float(int(now) + 1), *(at for at in waking if at > now)])
        return (now // LOOK_ASLEEP_SECONDS + 1) * LOOK_ASLEEP_SECONDS

    def _apply(self, event: Event) -> None:
        if isinstance(event, Call):
            self._caller.start(event, self._home)
            return
        # Refused where a call came first: the car is already full, or already charging.
        with suppress(SteeringError):
            self._cars[event.car].steer(event.changes)

    def _look(self, now: float) -> None:
        number = int((now - self._begins) // DAY)
        for index, watch in enumerate(self._watches):
            watch.look(
                self._home,
                now,
                around_trip=any(
                    begins <= now < ends for begins, ends in self._days.around_trips(number, index)
                ),
            )


def warm_up() -> None:
    """Let `cryptography` bind the real date classes before they are replaced."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def memory_folder() -> Path | None:
    """The folder for files in memory, if any: Home Assistant writes files every minute."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it
    return memory if memory.is_dir() else None


async def _run(scenario: Scenario) -> dict[str, Any]:
    with TemporaryDirectory(prefix="flotte-benchmark-", dir=memory_folder()) as folder:
        async with Simulator() as simulator:
            cars = simulator.world.cars
            for vin in set(cars) - {AURORA, *((COMET,) if scenario.cars > 1 else ())}:
                del cars[vin]
            if scenario.cars == 1:
                simulator.world.sites.clear()
            contestant = Contestant(
                scenario.contestant,
                simulator,
                Path(folder),
                budget=scenario.budget,
                recorder=scenario.recorder,
            )
            return await Run(scenario, simulator, contestant).live()


def print_figures(start: datetime, live: Coroutine[Any, Any, dict[str, Any]]) -> None:
    """Let `live` run in driven time from `start`, and print the figures that it returns."""
    # Failed calls are part of the figures; no log is needed.
    logging.basicConfig(level=logging.CRITICAL)
    random.seed(1)
    warm_up()
    real = time.perf_counter()
    with freeze_time(start) as frozen:
        if not isinstance(frozen, FrozenDateTimeFactory):
            raise TypeError("the clock runs")
        driven = DrivenClock(frozen, start)
        with asyncio.Runner(loop_factory=lambda: DrivenLoop(driven)) as runner:
            found = runner.run(live)
    found["seconds"] = round(time.perf_counter() - real, 1)
    sys.stdout.write(json.dumps(found) + "\n")


def main() -> None:
    """Run the scenario of the command line, and print its figures."""
    fields = json.loads(sys.argv[1])
    scenario = Scenario(**{**fields, "calls": Calls(fields.get("calls", Calls.NONE))})
    start = MONDAY - timedelta(seconds=SETTLING_SECONDS - PHASE)
    print_figures(start, _run(scenario))


if __name__ == "__main__":
    main()

"""One contestant through one scenario, in this process, whose time is driven.

    python -m benchmarks.driven_run '{"contestant": "flotte_stream", "days": 1}'

prints one line of JSON. The keys of the argument are the fields of `Scenario`.
"""

# Before anything of Home Assistant's that keeps functions of time by value.
import pytest_homeassistant_custom_component.patch_time  # noqa: F401, I001

import asyncio
import json
import logging
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from homeassistant.exceptions import HomeAssistantError

from benchmarks.contestants import Contestant, Home
from benchmarks.doubtful_days import doubtful_events
from benchmarks.driven_figures import figures
from benchmarks.driven_scenario import Outcome, Scenario, Watches, Wishes
from benchmarks.driven_time import DrivenClock, DrivenLoop, sleep_until
from benchmarks.logged_in import CLIENT_ID
from benchmarks.scripted_days import (
    DAY,
    MONDAY,
    Days,
    Event,
    Wish,
    begin,
    clock,
    episodes,
    spendthrift_wishes,
    surplus_wishes,
)
from custom_components.flotte.tesla.vehicle.stream import Stream
from simulator import Simulator
from simulator.bill import Category
from simulator.cloud import Served
from simulator.refusals import SteeringError
from simulator.telemetry.subscription import Emission
from simulator.world import AURORA, COMET

LOOK_ASLEEP_SECONDS: Final = 5.0
"""How often sleeping cars are looked at: a wake takes ten seconds at least, so none is missed."""
SETTLING_SECONDS: Final = 900.0
"""Before the first midnight, for which nothing is counted: Home Assistant starts."""
RESTART_AT: Final = clock(15)
RESTART_SECONDS: Final = 20.0
PHASE: Final = 43.0
"""Seconds after the quarter of an hour at which Home Assistant starts."""


class Run:
    """A scenario under way."""

    def __init__(self, scenario: Scenario, simulator: Simulator, contestant: Contestant) -> None:
        self._scenario = scenario
        self._simulator = simulator
        self._contestant = contestant
        self._home: Home | None = None
        self._cars = list(simulator.world.cars.values())
        self._days = Days(self._cars, has_wishes=scenario.wishes is Wishes.EIGHT)
        self._watches = [Watches(car) for car in self._cars]
        self._connected: dict[str, str] = {}
        self._kept: dict[str, list[Emission]] = {}
        """What cars could not send, by VIN."""
        self._connections = 0
        self._wishing: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._chance = random.Random(7)  # noqa: S311  # decides what fails, and protects nothing
        self._requests: deque[Served] = deque()
        # All of them, not only the last; the simulator itself needs no more than that.
        simulator.cloud.requests = self._requests
        self._begins = MONDAY.timestamp()

    # --- Time ------------------------------------------------------------------------------------

    async def live(self) -> dict[str, Any]:
        """Go through all of it; the figures."""
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
            await asyncio.gather(*self._wishing)
            # What was streamed is booked when somebody looks.
            found = figures(
                scenario,
                self._simulator.bill,
                self._requests,
                self._outcomes,
                self._watches,
                seconds=ends - self._begins,
            )
            await self._stop(stack)
        return found

    async def _start(self, stack: AsyncExitStack) -> None:
        """Start Home Assistant; the cars connect again by themselves."""
        self._home = await stack.enter_async_context(self._contestant.home())
        loop = asyncio.get_running_loop()
        if isinstance(loop, DrivenLoop):
            loop.watch_requests(self._home.has_request)

    async def _stop(self, stack: AsyncExitStack) -> None:
        await asyncio.gather(*self._wishing)
        self._disconnect_all()
        self._home = None
        loop = asyncio.get_running_loop()
        if isinstance(loop, DrivenLoop):
            loop.watch_requests(lambda: False)
        await stack.aclose()

    def _forget(self) -> None:
        """Begin to count."""
        self._simulator.bill.clear()
        self._requests.clear()
        self._watches = [Watches(car) for car in self._cars]
        for car in self._cars:
            car.wakes = 0

    async def _go(self, ends: float) -> None:
        """Let time pass until then, with all that is to happen."""
        now = self._simulator.clock.now()
        events = [event for event in self._all_events(ends) if now <= event.at < ends]
        await self._until(ends, events)

    def _all_events(self, ends: float) -> Iterator[Event]:
        match self._scenario.wishes:
            case Wishes.STALE:
                yield from episodes()
                return
            case Wishes.DOUBTFUL:
                yield from doubtful_events(self._scenario.days)
                return
            case Wishes.SPENDTHRIFT:
                yield from spendthrift_wishes()
        for number in range(int((ends - self._begins - 1) // DAY) + 1):
            yield from self._days.day(number)
            if self._scenario.wishes is Wishes.SURPLUS:
                yield from surplus_wishes(number)

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
                self._happen(coming.popleft())
            await self._stream()
            self._look(now)

    def _next_look(self, now: float) -> float:
        """The next whole second while a car is awake; else soon, or when one has woken."""
        waking = [car.waking_until for car in self._cars if car.waking_until is not None]
        if waking or any(car.state != "asleep" for car in self._cars):
            return min([float(int(now) + 1), *(at for at in waking if at > now)])
        return (now // LOOK_ASLEEP_SECONDS + 1) * LOOK_ASLEEP_SECONDS

    # --- What happens ----------------------------------------------------------------------------

    def _happen(self, event: Event) -> None:
        if isinstance(event, Wish):
            task = asyncio.ensure_future(self._wish(event))
            self._wishing.add(task)
            task.add_done_callback(self._wishing.discard)
            return
        car = self._cars[event.car]
        # Full, or already charging because somebody wished it: the owner shrugs.
        with suppress(SteeringError):
            car.steer(event.changes)

    async def _wish(self, wish: Wish) -> None:
        """Have a wish fulfilled, and see what came of it."""
        car = self._cars[wish.car]
        home = self._home
        if home is None:
            return
        if self._scenario.faults:
            self._order_faults()
        began = self._simulator.clock.now()
        before, state, woken = wish.is_so(car), car.state, car.wakes
        billed = self._simulator.bill.counts(vin=car.vin)
        executed, refused = len(car.executions), len(car.refusals)
        error: str | None = None
        try:
            await home.fulfil(wish, car.vin)
        except HomeAssistantError as problem:
            error = str(problem) or repr(problem)
        car.advance()
        after = self._simulator.bill.counts(vin=car.vin)
        news = [each.time for each in car.executions[executed:]]
        has_woken = car.wakes > woken
        self._outcomes.append(
            Outcome(
                name=wish.name,
                thing=wish.thing,
                at=round(began - self._begins, 3),
                before=before,
                after=wish.is_so(car),
                error=error,
                state=state,
                seconds=round(self._simulator.clock.now() - began, 3),
                commands=after[Category.COMMAND] - billed[Category.COMMAND],
                wakes=after[Category.WAKE] - billed[Category.WAKE],
                sent=len(news) + len(car.refusals) - refused,
                woken=car.wakes - woken,
                lost=round(news[0] - car.awake_since, 3) if news and has_woken else None,
            )
        )

    def _order_faults(self) -> None:
        """Some of the next requests fail."""
        faults, chance = self._simulator.faults, self._chance
        faults.clear()
        for _ in range(chance.randrange(3)):
            faults.order(
                chance.choice(("status", "lost_reply", "dropped", "malformed", "delay")),
                status=chance.choice((408, 429, 500, 503)),
                skip=chance.randrange(3),
                seconds=chance.choice((0.0, 0.0, 4.0)),
            )

    # --- The stream ------------------------------------------------------------------------------

    async def _stream(self) -> None:
        """Let the cars tell what is due."""
        if self._scenario.real_stream:
            await self._simulator.stream()
            return
        told = self._simulator.due()
        streams = self._home.streams() if self._home is not None else {}
        for vin, client_id, emission in told:
            stream = streams.get(vin)
            if stream is None or client_id != CLIENT_ID:
                continue
            if self._is_cut_off(vin) or vin in self._kept:
                self._kept.setdefault(vin, []).append(emission)
            else:
                self._hear(vin, stream, emission)
        for car in self._cars:
            subscription = car.telemetry.subscriptions.get(CLIENT_ID)
            is_on = subscription is not None and subscription.collector is not None
            if not is_on or self._is_cut_off(car.vin):
                self._disconnect(car.vin)
            elif car.vin in streams and car.state == "online":
                self._connect(car.vin)
                for emission in self._kept.pop(car.vin, ()):
                    self._hear(car.vin, streams[car.vin], emission)

    def _is_cut_off(self, vin: str) -> bool:
        """Whether a car has lost its connection on order."""
        telemetry = self._simulator.world.cars[vin].telemetry
        return self._simulator.clock.now() < telemetry.lost_until

    def _hear(self, vin: str, stream: Stream, emission: Emission) -> None:
        if emission.is_full and vin in self._connected:
            # Another configuration: the car hangs up and comes again.
            self._disconnect(vin)
        self._connect(vin)
        stream.heard(emission.topic.encode(), emission.payload)

    def _connect(self, vin: str) -> None:
        if vin in self._connected or self._home is None:
            return
        self._connections += 1
        self._connected[vin] = str(self._connections)
        self._home.streams()[vin].opened(self._connected[vin], "wifi")

    def _disconnect(self, vin: str) -> None:
        connection = self._connected.pop(vin, None)
        if connection is not None and self._home is not None:
            self._home.streams()[vin].closed(connection)

    def _disconnect_all(self) -> None:
        for vin in tuple(self._connected):
            self._disconnect(vin)

    # --- Looks -----------------------------------------------------------------------------------

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


def _warm_up() -> None:
    """Let `cryptography` take hold of the real classes of dates before they are replaced."""
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


def _room() -> Path | None:
    """Where there is room for files in memory: Home Assistant writes some every minute."""
    memory = Path("/dev/shm")  # noqa: S108  # a folder of its own is made in it
    return memory if memory.is_dir() else None


async def _run(scenario: Scenario) -> dict[str, Any]:
    with TemporaryDirectory(prefix="flotte-benchmark-", dir=_room()) as folder:
        async with Simulator() as simulator:
            cars = simulator.world.cars
            for vin in set(cars) - {AURORA, *((COMET,) if scenario.cars > 1 else ())}:
                del cars[vin]
            if scenario.cars == 1:
                simulator.world.sites.clear()
            contestant = Contestant(
                scenario.contestant, simulator, Path(folder), limit=scenario.limit
            )
            return await Run(scenario, simulator, contestant).live()


def main() -> None:
    """Go through the scenario of the command line, and print its figures."""
    asked = json.loads(sys.argv[1])
    scenario = Scenario(**{**asked, "wishes": Wishes(asked.get("wishes", Wishes.NONE))})
    # What integrations say about wishes that fail is part of the figures.
    logging.basicConfig(level=logging.CRITICAL)
    random.seed(1)
    _warm_up()
    real = time.perf_counter()
    start = MONDAY - timedelta(seconds=SETTLING_SECONDS - PHASE)
    with freeze_time(start) as frozen:
        if not isinstance(frozen, FrozenDateTimeFactory):
            raise TypeError("the clock runs")
        driven = DrivenClock(frozen, start)
        with asyncio.Runner(loop_factory=lambda: DrivenLoop(driven)) as runner:
            found = runner.run(_run(scenario))
    found["seconds"] = round(time.perf_counter() - real, 1)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

"""The calls of a driven run: actions of Home Assistant, and their outcomes."""

import asyncio
import random
from collections.abc import Sequence

from homeassistant.exceptions import HomeAssistantError

from benchmarks.contestants import Home
from benchmarks.driven_scenario import Outcome
from benchmarks.scripted_days import Call
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car


class Caller:
    """Makes calls in the background, and records their outcomes."""

    def __init__(
        self, simulator: Simulator, cars: Sequence[Car], *, begins: float, faults: bool
    ) -> None:
        """Create the caller.

        Args:
            simulator: the cars' Tesla.
            cars: the cars that calls name by number.
            begins: Unix seconds of the first midnight.
            faults: whether requests fail at random during calls.
        """
        self.outcomes: list[Outcome] = []
        self._simulator = simulator
        self._cars = cars
        self._begins = begins
        self._faults = faults
        self._running: set[asyncio.Task[None]] = set()
        self._chance = random.Random(7)  # noqa: S311  # decides what fails, and protects nothing

    def start(self, call: Call, home: Home | None) -> None:
        """Make a call in the background; none is made while Home Assistant is restarted."""
        if home is not None:
            task = asyncio.ensure_future(self._make(call, home))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Wait for the calls that have been started."""
        await asyncio.gather(*self._running)

    async def _make(self, call: Call, home: Home) -> None:
        if self._faults:
            self._order_faults()
        car, clock = self._cars[call.car], self._simulator.clock
        began = clock.now()
        before, state, woken = call.is_done(car), car.state, car.wakes
        billed = self._simulator.bill.counts(vin=car.vin)
        executed, refused = len(car.executions), len(car.refusals)
        error: str | None = None
        try:
            await home.make(call, car.vin)
        except HomeAssistantError as problem:
            error = str(problem) or repr(problem)
        car.advance()
        after = self._simulator.bill.counts(vin=car.vin)
        executions = [each.time for each in car.executions[executed:]]
        has_woken = car.wakes > woken
        self.outcomes.append(
            Outcome(
                name=call.name,
                feature=call.feature,
                at=round(began - self._begins, 3),
                before=before,
                after=call.is_done(car),
                error=error,
                state=state,
                seconds=round(clock.now() - began, 3),
                commands=after[Category.COMMAND] - billed[Category.COMMAND],
                wakes=after[Category.WAKE] - billed[Category.WAKE],
                sent=len(executions) + len(car.refusals) - refused,
                woken=car.wakes - woken,
                lost=round(executions[0] - car.awake_since, 3)
                if executions and has_woken
                else None,
            )
        )

    def _order_faults(self) -> None:
        """Let some of the next requests fail."""
        faults, chance = self._simulator.faults, self._chance
        faults.clear()
        for _ in range(chance.randrange(3)):
            faults.order(
                chance.choice(("status", "lost_reply", "dropped", "malformed", "delay")),
                status=chance.choice((408, 429, 500, 503)),
                skip=chance.randrange(3),
                seconds=chance.choice((0.0, 0.0, 4.0)),
            )

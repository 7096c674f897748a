"""A process that spends money until it is killed: the real API, ledger and file, and no more.

`python -m tests.spender` reads orders from its input, one of JSON a line, and starts a process for
each: it books what it asks of the simulator, and reports every step in a line of JSON. Importing
Home Assistant takes longer than all the rest, so that is done once, and the processes are forked.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from decimal import Decimal
from functools import partial
from typing import Any, Final, override

import aiohttp
from homeassistant.core import HomeAssistant

from custom_components.flotte.spending.account_ledger import AccountLedger
from custom_components.flotte.tesla.api.fleet import FleetApi
from custom_components.flotte.tesla.errors import TeslaError
from custom_components.flotte.tesla.hosts import simulated
from custom_components.flotte.tesla.spending.caller import POLLING, Caller, CallerKind
from custom_components.flotte.tesla.spending.policy import Policy

CLIENT_ID: Final = "flotte-demo"
LONGEST: Final = 600
"""Real seconds after which a process ends that was not killed."""
PERSON: Final = Caller(CallerKind.PERSON)
MODEL_Y: Final = "XP7YGCEK0RB000001"
MODEL_S: Final = "5YJSA7E20KF000003"


class MovedLoop(asyncio.SelectorEventLoop):
    """A loop whose time moves to the next timer at once, but not while anything is under way.

    It stands still for good at `end`: what is on disk then does not depend on the machine.
    """

    def __init__(self, end: float) -> None:
        super().__init__()
        self._now = 0.0
        self.under_way = 0
        """Requests, and calls in threads, whose end comes from outside."""
        select = self._selector.select  # type: ignore[attr-defined]  # of asyncio's own

        def select_or_move(timeout: float | None = None) -> Any:
            if not timeout:
                return select(timeout)
            if self.under_way or self._now + timeout > end:
                return select(None)
            self._now += timeout
            return select(0)

        self._selector.select = select_or_move  # type: ignore[attr-defined]  # as above

    @override
    def time(self) -> float:
        return self._now

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.under_way += 1
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _: object) -> None:
        self.under_way -= 1


def report(**told: object) -> None:
    """Report to the test; ends the process when the test is gone."""
    os.write(1, json.dumps(told).encode() + b"\n")


async def spend(order: dict[str, Any]) -> None:
    """Run an order: book and send requests, again and again.

    `asks` names what is asked (`wake`, `command`, `data`), each in a loop of its own with `pause`
    seconds in between. With an `end`, time is moved to that second, and stands still there.
    """
    hass = HomeAssistant(order["directory"])
    ledger = AccountLedger(hass, CLIENT_ID)
    await ledger.async_load()
    ledger.async_set_policy(Policy(budget=Decimal(1000)))
    report(loaded=ledger.meter.ledger.to_stored()["counts"])

    async def token(_renewed: bool) -> str:  # noqa: FBT001  # the signature of a token source
        return str(order["token"])

    async with aiohttp.ClientSession() as session:
        api = FleetApi(
            session,
            token,
            hosts=simulated(order["eu"], {"eu": order["eu"], "na": order["na"]}),
            base_url=order["eu"],
            meter=ledger.meter,
            keep=ledger.async_keep,
        )
        kinds: dict[str, Callable[[], Awaitable[object]]] = {
            "wake": lambda: api.wake_up(MODEL_Y, PERSON),
            "command": lambda: api.command(MODEL_S, "flash_lights", {}, PERSON),
            "data": lambda: api.vehicle_data(MODEL_S, POLLING),
        }

        async def ask(kind: str) -> None:
            while True:
                if isinstance(hass.loop, MovedLoop):
                    hass.loop.under_way += 1
                try:
                    await kinds[kind]()
                except TeslaError as error:
                    report(error=repr(error))
                if isinstance(hass.loop, MovedLoop):
                    hass.loop.under_way -= 1
                report(kind=kind, at=hass.loop.time())
                await asyncio.sleep(order["pause"])

        await asyncio.gather(*(ask(kind) for kind in order["asks"]))


def main() -> None:
    """Start a process for each order, and wait until it is killed."""
    report(ready=True)
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        pid = os.fork()
        if pid == 0:
            report(pid=os.getpid())
            signal.alarm(LONGEST)
            end = order["end"]
            asyncio.run(spend(order), loop_factory=partial(MovedLoop, end) if end else None)
            return
        os.waitpid(pid, 0)
        report(over=pid)


if __name__ == "__main__":
    main()

"""A process that spends money until it is killed: the real API, ledger and file, and no more.

`python -m tests.spender` reads orders from its input, one of JSON a line, and starts a process for
each: it books what it asks of the simulator, and reports every step in a line of JSON. Importing
Home Assistant takes longer than all the rest, so that is done once, and the processes are forked.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
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
LONGEST: Final = 60.0
"""Real seconds after which a process ends that was not killed."""
PERSON: Final = Caller(CallerKind.PERSON)
MODEL_Y: Final = "XP7YGCEK0RB000001"
MODEL_S: Final = "5YJSA7E20KF000003"


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop whose seconds are shorter than real ones, so that ten of them can be waited for."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed
        select = self._selector.select  # type: ignore[attr-defined]  # of asyncio's own

        def select_quickly(timeout: float | None = None) -> Any:
            return select(timeout and timeout / speed)

        self._selector.select = select_quickly  # type: ignore[attr-defined]  # as above

    @override
    def time(self) -> float:
        return time.monotonic() * self._speed


def report(**told: object) -> None:
    """Report to the test; ends the process when the test is gone."""
    os.write(1, json.dumps(told).encode() + b"\n")


async def spend(order: dict[str, Any]) -> None:
    """Run an order: book and send requests, again and again.

    `asks` names what is asked (`wake`, `command`, `data`), each in a loop of its own with `pause`
    seconds of the loop's in between.
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
                try:
                    await kinds[kind]()
                except TeslaError as error:
                    report(error=repr(error))
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
            asyncio.run(
                asyncio.wait_for(spend(order), LONGEST * order["speed"]),
                loop_factory=partial(QuickLoop, order["speed"]),
            )
            return
        report(pid=pid)
        os.waitpid(pid, 0)
        report(over=pid)


if __name__ == "__main__":
    main()

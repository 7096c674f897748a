"""Days of charging from the sun, end to end: Home Assistant, Flotte, and the simulated Tesla.

    python -m benchmarks.surplus.driven_home '{"contestant": "flotte_stream", "case": "test", ...}'

prints one line of JSON. The keys of the argument are the fields of `DrivenCase`. The time is
driven; nothing waits. A smart meter of the house reports to Home Assistant, and the vehicle streams
or is polled. The money is counted here, from what the vehicle drew, and from Tesla's bill.
"""

# Before any module of Home Assistant that binds functions of `time` when it is imported.
import pytest_homeassistant_custom_component.patch_time  # noqa: F401, I001

import asyncio
import json
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from homeassistant.const import UnitOfPower

from benchmarks.contestants import Contestant, FlotteHome
from benchmarks.driven_run import memory_folder, print_figures
from benchmarks.driven_stream import DirectStreams
from benchmarks.driven_time import DrivenLoop, sleep_until
from benchmarks.logged_in import CLIENT_ID
from benchmarks.surplus.money import FEED_IN, GRID, STORED, Result, into_battery
from custom_components.flotte.const import CONF_FEED_IN_PRICE, CONF_GRID_POWER, CONF_PRICE
from custom_components.flotte.tesla.charging.situation import ChargingMode
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from simulator.energy import Site
from simulator.world import AURORA, SITE_ID

ZONE: Final = "Europe/Amsterdam"
BEGIN: Final = datetime(2026, 6, 3, 22, tzinfo=UTC)
"""Midnight of Thursday, 4 June, in the zone: a Thursday, as in the measured minutes."""
SETTLING: Final = timedelta(minutes=15)
METER: Final = "sensor.grid_power"
METER_PHASE: Final = 3.0
"""Seconds after the minute at which the meter is read."""
AWAKE_STEP: Final = 2.0
"""Seconds between the messages of a vehicle that is awake."""
ASLEEP_STEP: Final = 10.0
COUNT_STEP: Final = 10.0
"""Seconds over which the vehicle's power is averaged for the money."""
ENDLESS: Final = 5000.0
"""kWh of the battery: as in the pure run, the vehicle is never full."""
RESTART_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenCase:
    """The conditions of a run: minutes in kW from a local midnight on, and the settings."""

    contestant: str
    solar: list[float]
    load: list[float]
    phases: int
    meter: int
    """Seconds between the readings of the meter."""
    allowance: int
    """Commands a day."""
    mode: ChargingMode = ChargingMode.SUN_FIRST
    restarts: bool = False
    """Whether Home Assistant is restarted each day at 15:00."""

    @property
    def seconds(self) -> float:
        """The length of the run."""
        return len(self.solar) * 60.0


class Money:
    """Money that charging earned, from the energy that the vehicle took."""

    def __init__(self, car: Car, surplus: list[float], begins: float) -> None:
        self._car = car
        self._surplus = surplus
        self._begins = begins
        self._wall = car.charging.wall_kwh
        self._at = begins
        self.net = self.stored = self.sun = self.bought = self.available = 0.0

    def count(self, now: float) -> None:
        """Count the time since the last call, which must lie in one minute."""
        hours = (now - self._at) / 3600
        if hours <= 0:
            return
        surplus = self._surplus[int((self._at + now) / 2 - self._begins) // 60]
        drawn = (self._car.charging.wall_kwh - self._wall) / hours
        self._at, self._wall = now, self._car.charging.wall_kwh
        sun = min(max(surplus, 0.0), drawn)
        stored = into_battery(drawn)
        self.net += (stored * STORED - sun * FEED_IN - (drawn - sun) * GRID) * hours
        self.stored += stored * hours
        self.sun += sun * hours
        self.bought += (drawn - sun) * hours
        self.available += max(surplus, 0.0) * hours


class Days:
    """A running case."""

    def __init__(self, case: DrivenCase, simulator: Simulator, contestant: Contestant) -> None:
        self._case = case
        self._simulator = simulator
        self._contestant = contestant
        self._home: FlotteHome | None = None
        self._streams = DirectStreams(simulator)
        self._car = simulator.world.cars[AURORA]
        self._site: Site = simulator.world.sites[SITE_ID]
        self._begins = BEGIN.timestamp()
        self._decisions = Counter[str]()

    async def live(self) -> dict[str, Any]:
        """Live through the days; returns the figures."""
        case, bill = self._case, self._simulator.bill
        async with AsyncExitStack() as stack:
            await self._start(stack)
            await self._until(self._begins, None)
            before = bill.counts(client_id=CLIENT_ID)
            self._controller.async_change(mode=case.mode, commands_a_day=case.allowance)
            surplus = [sun - load for sun, load in zip(case.solar, case.load, strict=True)]
            money = Money(self._car, surplus, self._begins)
            ends = self._begins + case.seconds
            restart = self._begins + 15 * 3600
            while case.restarts and restart < ends:
                await self._until(restart, money)
                await self._stop(stack)
                await self._until(restart + RESTART_SECONDS, money)
                await self._start(stack)
                restart += 86400
            await self._until(ends, money)
            ledger = self._ledger()
            await self._stop(stack)
        after = bill.counts(client_id=CLIENT_ID)
        used = {category: after[category] - before[category] for category in after}
        names = [each.name for each in self._car.executions if each.time >= self._begins]
        days = Counter(
            int(each.time - self._begins) // 86400
            for each in self._car.executions
            if each.time >= self._begins
        )
        result = Result(
            days=case.seconds / 86400,
            net=money.net,
            stored=money.stored,
            sun=money.sun,
            available=money.available,
            grid=money.bought,
            commands=used[Category.COMMAND],
            worst_day=max(days.values(), default=0),
            wakes=used[Category.WAKE],
            starts=names.count("charge_start"),
        )
        return {
            "result": asdict(result),
            "used": {str(category): count for category, count in used.items()},
            "billed": {str(category): count for category, count in after.items()},
            "ledger": ledger,
            "executed": dict(Counter(names)),
            "refused": dict(Counter(str(each.get("name")) for each in self._car.refusals)),
            "decisions": dict(self._decisions),
        }

    async def _start(self, stack: AsyncExitStack) -> None:
        home = await stack.enter_async_context(self._contestant.home())
        if not isinstance(home, FlotteHome):
            raise TypeError("only Flotte charges from the sun")
        self._home = home
        latitude, longitude = self._site.place
        await home.hass.config.async_update(latitude=latitude, longitude=longitude)
        self._controller.decided.subscribe(self._count_decision)
        self._streams.open(home)
        loop = asyncio.get_running_loop()
        if isinstance(loop, DrivenLoop):
            loop.watch_requests(home.has_request)

    async def _stop(self, stack: AsyncExitStack) -> None:
        self._streams.close()
        self._home = None
        loop = asyncio.get_running_loop()
        if isinstance(loop, DrivenLoop):
            loop.watch_requests(lambda: False)
        await stack.aclose()

    @property
    def _controller(self) -> Any:  # noqa: ANN401
        if self._home is None:
            raise RuntimeError("no Home Assistant runs")
        return self._home.entry.runtime_data.charging_controllers[AURORA]

    def _ledger(self) -> dict[str, int]:
        """Everything that Flotte has booked, by category."""
        if self._home is None:
            raise RuntimeError("no Home Assistant runs")
        counts = Counter[str]()
        for row, count in self._home.entry.runtime_data.ledger.meter.ledger.rows():
            counts[str(row.category)] += count
        return dict(counts)

    def _count_decision(self, decision: Any) -> None:  # noqa: ANN401
        self._decisions[f"{decision.reason} {decision.action}"] += 1

    async def _until(self, ends: float, money: Money | None) -> None:
        """Let time pass until then."""
        meter_at = _next(self._simulator.clock.now() - METER_PHASE, self._case.meter) + METER_PHASE
        while (now := self._simulator.clock.now()) < ends:
            is_awake = self._car.state != "asleep" or self._car.waking_until is not None
            step = AWAKE_STEP if is_awake else ASLEEP_STEP
            await sleep_until(min(_next(now, step), _next(now, COUNT_STEP), meter_at, ends))
            now = self._simulator.clock.now()
            self._simulator.world.advance()
            self._streams.deliver()
            if money is not None:
                money.count(now)
            if now >= meter_at - 1e-6:
                self._report()
                meter_at += self._case.meter

    def _report(self) -> None:
        """Report the power from the grid, as a meter does."""
        if self._home is not None:
            unit = {"unit_of_measurement": UnitOfPower.WATT, "device_class": "power"}
            watts = self._site.power().grid
            self._home.hass.states.async_set(METER, str(watts), unit)


def _next(now: float, step: float) -> float:
    """The next multiple of a step after a moment."""
    return (now // step + 1) * step


async def _run(case: DrivenCase) -> dict[str, Any]:
    with TemporaryDirectory(prefix="flotte-benchmark-", dir=memory_folder()) as folder:
        async with Simulator() as simulator:
            _furnish(case, simulator)
            options = {CONF_GRID_POWER: METER, CONF_PRICE: GRID, CONF_FEED_IN_PRICE: FEED_IN}
            contestant = Contestant(
                case.contestant, simulator, Path(folder), options=options, zone=ZONE
            )
            return await Days(case, simulator, contestant).live()


def _furnish(case: DrivenCase, simulator: Simulator) -> None:
    """Leave one vehicle at its wall box, and a house with panels and no home battery."""
    world = simulator.world
    car = world.cars[AURORA]
    for vin in set(world.cars) - {AURORA}:
        del world.cars[vin]
    car.steer({"plugged_in": f"ac{case.phases}", "charging": False, "wake_seconds": 30})
    car.battery.capacity_kwh = ENDLESS
    car.battery.percent = 30
    site = world.sites[SITE_ID] = Site(
        simulator.clock, SITE_ID, name="Home", seed=1, car=car, kind="solar_only"
    )
    # Its meter reports to Home Assistant without Tesla.
    site.account = "owner-2"
    start = BEGIN.isoformat()
    site.steer(
        {
            "solar_power": 0,
            "load_power": 300,
            "solar_minutes": {"start": start, "kw": case.solar},
            "load_minutes": {"start": start, "kw": case.load},
        }
    )


def main() -> None:
    """Run the case of the command line, and print its figures."""
    fields = json.loads(sys.argv[1]) if len(sys.argv) > 1 else json.load(sys.stdin)
    case = DrivenCase(**{**fields, "mode": ChargingMode(fields.get("mode", "sun_first"))})
    print_figures(BEGIN - SETTLING, _run(case))


if __name__ == "__main__":
    main()

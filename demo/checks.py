"""Checks that Home Assistant and the simulated Tesla agree.

Each check queries Home Assistant through its own interface, as a user's browser does, and compares
the result with the truth in the simulator.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from demo.account import Account
from demo.charging import choose_sun_first
from demo.energy import DAYS
from demo.entities import Entities
from demo.home_assistant import CallError, HomeAssistant
from demo.house import shine
from demo.processes import DemoError, wait_until
from demo.tesla import AURORA, COMET, SITE, Tesla

VEHICLE_SECURITY = 2
"""The part of the car that locks it. Source: Tesla's universal_message.proto."""

NEW_DATA_SECONDS = 120
"""Patience for a car's new data: a state check immediately, data 8 s after a command."""
STREAM_SECONDS = 120
"""Patience for a car to fetch its configuration and to connect."""
SHOWN_SECONDS = 2.0
"""Seconds for an event in a car to be displayed."""
TRIES = 3
"""A machine that stalls may miss that time, but not each time."""
WAKE_SECONDS = 60
"""Tesla's cars take 10 to 60 seconds to wake; the simulated one 12."""
LEDGER_SECONDS = 60
SUN_SECONDS = 240
"""Seconds until a car has followed the sun: what a change is worth adds up first."""
MODERATE_AMPS = 9
"""A current on three phases that 6 kW do not reach."""
IMPORT_SECONDS = 240
"""Patience for the import of the site's days: it reads one in three seconds."""
MIN_HOURS = 46
"""Hours of two days that are over at any time of the hour."""

BILLED = ("data", "command", "wake", "energy", "signal")
"""The categories of Tesla's bill, by their names on both sides."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Scene:
    """The running servers and the entities, for the checks."""

    home_assistant: HomeAssistant
    tesla: Tesla
    entities: Entities
    account: Account

    async def refresh(self, entity_id: str) -> None:
        """Poll the source of an entity, as the action that users have for it does."""
        await self.home_assistant.act("homeassistant", "update_entity", entity_id)


class CheckError(Exception):
    """A failed check; the text is the finding."""


type Check = Callable[[Scene], Awaitable[str]]
"""Returns the finding for the printed line. Raises CheckError."""


def expect(holds: object, found: str) -> None:
    """Raise CheckError with the finding, unless it holds."""
    if not holds:
        raise CheckError(found)


async def climate_wakes_once(scene: Scene) -> str:
    """A climate command to the sleeping car woke it exactly once."""
    tesla = scene.tesla
    before = await tesla.car(AURORA)
    expect(before["state"] == "asleep", f"the car is {before['state']} before the command")
    # Unlocked as of the first data after waking, so that the next check has something to lock.
    await tesla.order(f"cars/{AURORA}", {"locked": False})
    climate = scene.entities.get(AURORA, "climate", "climate")
    await scene.home_assistant.act("climate", "turn_on", climate)

    async def heated() -> dict[str, Any] | None:
        car = await tesla.car(AURORA)
        return car if car["climate"]["is_on"] else None

    after = await wait_until("the car's climate", heated, WAKE_SECONDS)
    wakes = after["wakes"] - before["wakes"]
    billed = (await tesla.bill())["counts"].get("wake", 0)
    expect(wakes == 1, f"the car woke {wakes} times")
    expect(billed == 1, f"{billed} wakes are on the bill")
    runs = [run for run in after["executions"] if run["name"] == "auto_conditioning_start"]
    expect(len(runs) == 1, f"the command ran {len(runs)} times")
    state = await scene.home_assistant.state(climate)
    expect(state != "off", f"the climate entity is {state}")
    return f"woken {wakes} time, billed {billed} wake, climate {state}"


async def battery_level(scene: Scene) -> str:
    """The car's battery level is the simulator's."""
    sensor = scene.entities.get(AURORA, "sensor", "battery_level")
    await scene.refresh(sensor)
    # The car displays a whole number, and charges or cools on meanwhile.
    tolerance = 1.0

    async def agreed() -> tuple[float, float] | None:
        shown = await scene.home_assistant.state(sensor)
        true = float((await scene.tesla.car(AURORA))["battery_level"])
        try:
            return (float(shown), true) if abs(float(shown) - true) <= tolerance else None
        except ValueError:
            return None

    try:
        shown, true = await wait_until("the battery level", agreed, NEW_DATA_SECONDS)
    except DemoError as error:
        state = await scene.home_assistant.state(sensor)
        raise CheckError(f"Home Assistant shows {state}") from error
    return f"{shown:g} % in Home Assistant, {true:.2f} % in the car"


async def door_shows(scene: Scene) -> str:
    """An opened door is displayed immediately, without a data request."""
    tesla, home_assistant = scene.tesla, scene.home_assistant
    streaming = scene.entities.get(AURORA, "binary_sensor", "streaming")
    door = scene.entities.get(AURORA, "binary_sensor", "door_driver_front")

    async def streams() -> bool | None:
        return await home_assistant.state(streaming) == "on" or None

    await wait_until("the car's stream", streams, STREAM_SECONDS)

    async def closed() -> bool | None:
        return await home_assistant.state(door) == "off" or None

    before, after, took = {}, {}, math.inf
    for _ in range(TRIES):
        await wait_until("the door being seen closed", closed, NEW_DATA_SECONDS)
        before = (await tesla.bill())["counts"]
        began = time.monotonic()
        await tesla.order(f"cars/{AURORA}", {"open": "df"})
        while await home_assistant.state(door) != "on":
            waited = time.monotonic() - began
            expect(waited < NEW_DATA_SECONDS, f"not seen after {waited:.0f} s")
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        after = (await tesla.bill())["counts"]
        await tesla.order(f"cars/{AURORA}", {"close": "df"})
        if took < SHOWN_SECONDS:
            break
    asked = after.get("data", 0) - before.get("data", 0)
    expect(asked == 0, f"{asked} data requests were made")
    signals = after.get("signal", 0) - before.get("signal", 0)
    expect(took < SHOWN_SECONDS, f"seen after {took:.1f} s")
    return f"seen after {took:.2f} s, {asked} data requests, {signals} signals"


async def lock_is_signed(scene: Scene) -> str:
    """lock.lock on the car's doors locked the car with a signed command."""
    doors = scene.entities.get(AURORA, "lock", "doors")

    async def unlocked() -> bool | None:
        return await scene.home_assistant.state(doors) == "unlocked" or None

    await wait_until("the lock being seen open", unlocked, NEW_DATA_SECONDS)
    before = await scene.tesla.car(AURORA)
    expect(not before["locked"], "the car is locked already")
    await scene.home_assistant.act("lock", "lock", doors)
    after = await scene.tesla.car(AURORA)
    expect(after["locked"], "the car is not locked")
    new = after["executions"][len(before["executions"]) :]
    expect(len(new) == 1, f"{len(new)} commands ran: {new}")
    run = new[0]
    expect(run["name"] == "door_lock", f"it was {run['name']}")
    expect(run["signed"], "it was not signed")
    expect(run["domain"] == VEHICLE_SECURITY, f"it went to domain {run['domain']}")
    counters = _counters(after)
    expect(run["counter"] in counters, f"counter {run['counter']}, the car's are {counters}")
    earlier = _counters(before)
    expect(
        not earlier or run["counter"] > max(earlier), f"counter {run['counter']} after {earlier}"
    )
    state = await scene.home_assistant.state(doors)
    expect(state == "locked", f"the lock entity is {state}")
    return f"signed, counter {run['counter']}, as the car has it"


def _counters(car: dict[str, Any]) -> list[int]:
    """The last counter of each client at the car's vehicle security."""
    return list(car["protocol"]["domains"]["vehicle_security"]["counters"].values())


async def unpaired_is_refused(scene: Scene) -> str:
    """A command to the car without our key is refused, and the text explains what to do."""
    doors = scene.entities.get(COMET, "lock", "doors")
    before = await scene.tesla.car(COMET)
    service = "unlock" if before["locked"] else "lock"
    try:
        await scene.home_assistant.act("lock", service, doors)
    except CallError as error:
        text = str(error)
    else:
        raise CheckError("it was not refused")
    after = await scene.tesla.car(COMET)
    expect(after["locked"] == before["locked"], "the car obeyed")
    expect(after["executions"] == before["executions"], "the car ran something")
    expect("pair" in text.lower(), f"the text does not name the pairing: {text}")
    return f"“{text}”"


async def energy_is_imported(scene: Scene) -> str:
    """The hours of the site's days are in the statistics that the Energy dashboard shows."""
    statistic = f"flotte:{SITE}_total_home_usage"
    since = datetime.now(UTC) - timedelta(days=DAYS)

    async def imported() -> list[dict[str, Any]] | None:
        found: dict[str, list[dict[str, Any]]] = await scene.home_assistant.call(
            "recorder/statistics_during_period",
            start_time=since.isoformat(),
            statistic_ids=[statistic],
            period="hour",
            types=["change"],
        )
        hours = found.get(statistic, [])
        return hours if len(hours) >= MIN_HOURS else None

    hours = await wait_until("the energy of two days", imported, IMPORT_SECONDS)
    empty = [hour for hour in hours if not hour["change"]]
    expect(not empty, f"{len(empty)} hours without any energy")
    used = sum(hour["change"] for hour in hours)
    return f"{used:.1f} kWh in {len(hours)} hours"


async def follows_the_sun(scene: Scene) -> str:
    """The mode “Sun first” started the car, changed its current, and paid for both as charging."""
    tesla = scene.tesla
    before = await tesla.car(AURORA)
    expect(before["plugged_in"], "the car is not plugged in")
    expect(before["charging_state"] == "Stopped", f"the car is {before['charging_state']}")
    entities = await choose_sun_first(scene.home_assistant, scene.entities)

    async def reaches(kilowatts: float, more_than: int) -> int:
        await shine(tesla, kilowatts)

        async def reached() -> int | None:
            amps = int((await tesla.car(AURORA))["charge_current"])
            return amps if amps > more_than else None

        return await wait_until(f"a current above {more_than} A", reached, SUN_SECONDS)

    try:
        first = await reaches(6.0, 0)
        second = await reaches(10.0, MODERATE_AMPS)
    except DemoError as error:
        reason = await scene.home_assistant.ask(
            f"states/{entities.get(AURORA, 'sensor', 'charging_decision')}"
        )
        raise CheckError(f"{error}; {reason['attributes'].get('sentence')}") from error

    async def billed() -> int | None:
        ran = (await tesla.car(AURORA))["executions"][len(before["executions"]) :]
        strange = {run["name"] for run in ran} - {"charge_start", "set_charging_amps"}
        expect(not strange, f"commands that do not belong here: {strange}")
        report = await scene.home_assistant.ask_action("flotte", "spending_report")
        [account] = report["accounts"]
        count: int = account["by_caller"].get("charging", {}).get("counts", {}).get("command", 0)
        return count if count == len(ran) else None

    count = await wait_until("as many commands of charging on the bill", billed, LEDGER_SECONDS)
    return f"{first} A, then {second} A, with {count} commands on the bill of charging"


async def ledger_is_bill(scene: Scene) -> str:
    """Flotte's ledger matches Tesla's bill, and its sensors show the cost."""
    sensors = {key: scene.entities.of_account(f"cost_{key}") for key in (*BILLED, "month")}
    missing = [key for key, sensor in sensors.items() if sensor is None]
    expect(not missing, f"no sensor for {', '.join(missing)}")
    differences: list[str] = []

    async def agreed() -> dict[str, Any] | None:
        bill = await scene.tesla.bill()
        counts = {key: bill["counts"].get(key, 0) for key in BILLED}
        # Tesla rounds each category to the cent, and adds up the rounded amounts.
        euro = {key: Decimal(bill["euro"].get(key, "0")).quantize(CENT) for key in BILLED}
        euro["month"] = sum(euro.values(), Decimal(0))
        ours = await _counted(scene)
        shown = {
            key: await scene.home_assistant.state(sensor)
            for key, sensor in sensors.items()
            if sensor is not None
        }
        differences[:] = [
            f"{key}: {ours.get(key, 0)} counted here, {count} there"
            for key, count in counts.items()
            if ours.get(key, 0) != count
        ]
        differences.extend(
            f"{key}: {shown[key]} shown here, {cost} there"
            for key, cost in euro.items()
            if _money(shown[key]) != cost
        )
        return {"counts": counts, "month": euro["month"]} if not differences else None

    try:
        both = await wait_until("the ledger", agreed, LEDGER_SECONDS)
    except DemoError as error:
        raise CheckError("; ".join(differences)) from error
    listed = ", ".join(f"{count} {key}" for key, count in both["counts"].items())
    return f"{listed}: {both['month']} EUR on both sides"


def _money(state: str) -> Decimal | None:
    try:
        return Decimal(state)
    except InvalidOperation:
        return None


async def _counted(scene: Scene) -> dict[str, int]:
    """Flotte's count of each category this month, from its diagnostics."""
    path = f"diagnostics/config_entry/{scene.account.entry_id}"
    counts: dict[str, int] = (await scene.home_assistant.ask(path))["data"]["ledger"]["counts"]
    return counts


CHECKS: tuple[tuple[str, Check], ...] = (
    ("a climate command wakes the sleeping car exactly once", climate_wakes_once),
    ("the battery level is the car's", battery_level),
    ("an opened door shows by the stream, with no data request", door_shows),
    ("lock.lock locks the car by a signed command with the right counter", lock_is_signed),
    ("the unpaired car's command is refused, naming the pairing", unpaired_is_refused),
    ("the site's energy history is in the statistics", energy_is_imported),
    ("“Sun first” starts the car and changes its current", follows_the_sun),
    ("the ledger equals Tesla's bill", ledger_is_bill),
)


async def check_all(scene: Scene) -> bool:
    """Run every check and print a line for each; returns whether all of them passed."""
    good = True
    for title, check in CHECKS:
        try:
            print(f"  ok      {title}: {await check(scene)}")
        except (CheckError, DemoError) as error:
            good = False
            print(f"  FAILED  {title}: {error}")
    return good

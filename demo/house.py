"""The house of the demo: sunny days in fast motion, and a meter as houses have one.

A minute of the simulated day lasts three seconds. The cars, their charges and Flotte's decisions
keep to real time: three quarters of an hour show how a car follows the sun of a whole day.
"""

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientError

from demo.home_assistant import METER_WEBHOOK, METERS, HomeAssistant
from demo.tesla import SITE, Tesla

SECONDS_PER_MINUTE = 3.0
FIRST_HOUR, LAST_HOUR = 7, 21
"""Hours of a day that are shown; the nights between are left out."""
MINUTES_PER_DAY = (LAST_HOUR - FIRST_HOUR) * 60
BEGINNING_HOUR = 9.5
DAYS = 40
"""More than a day of demonstration."""
PEAK_KILOWATTS = 9.5
METER_SECONDS = 5.0

_SUNRISE, _SUNSET = 7.0, 20.5
_CLOUD_MINUTES = (5, 40)
_SUN_MINUTES = (20, 100)
_KETTLE_SHARE = 0.02


def sun(days: int, seed: int = 1) -> list[float]:
    """Power of the panels in kW for each minute: sunny days with clouds that pass."""
    chance = random.Random(seed)  # noqa: S311  # weather
    cover = _clouds(chance, days * MINUTES_PER_DAY)
    powers = []
    for number, clear in enumerate(cover):
        hour = FIRST_HOUR + number % MINUTES_PER_DAY / 60
        share = (hour - _SUNRISE) / (_SUNSET - _SUNRISE)
        height = math.sin(math.pi * share) if 0 < share < 1 else 0.0
        powers.append(round(PEAK_KILOWATTS * height**1.3 * clear, 3))
    return powers


def _clouds(chance: random.Random, minutes: int) -> list[float]:
    """The share of the sun that clouds leave: long clear times, and clouds with soft edges."""
    cover: list[float] = []
    while len(cover) < minutes:
        cover += [chance.uniform(0.97, 1.0) for _ in range(chance.randint(*_SUN_MINUTES))]
        left, length = chance.uniform(0.2, 0.75), chance.randint(*_CLOUD_MINUTES)
        cover += [left * chance.uniform(0.85, 1.15) for _ in range(length)]
    wide = range(-1, 2)
    padded = [cover[0], *cover[: minutes + 1]]
    return [min(sum(padded[at + 1 + step] for step in wide) / 3, 1.0) for at in range(minutes)]


def load(days: int, seed: int = 2) -> list[float]:
    """Consumption of the house in kW for each minute: a base, meals, and short heavy uses."""
    chance = random.Random(seed)  # noqa: S311  # habits
    powers = []
    heavy = 0
    for number in range(days * MINUTES_PER_DAY):
        hour = FIRST_HOUR + number % MINUTES_PER_DAY / 60
        noon, evening = (hour - 12.5) / 0.7, (hour - 19) / 1.2
        meals = 0.7 * math.exp(-(noon**2)) + math.exp(-(evening**2))
        if heavy == 0 and chance.random() < _KETTLE_SHARE:
            heavy = chance.randint(2, 6)
        heavy = max(heavy - 1, 0)
        powers.append(round(0.35 + meals + 0.1 * chance.random() + (1.8 if heavy else 0), 3))
    return powers


async def begin_days(tesla: Tesla) -> None:
    """Let the first day begin now, in the middle of its morning."""
    passed = (BEGINNING_HOUR - FIRST_HOUR) * 60 * SECONDS_PER_MINUTE
    start = (datetime.now(UTC) - timedelta(seconds=passed)).isoformat()

    def minutes(values: list[float]) -> dict[str, Any]:
        return {"start": start, "kw": values, "seconds": SECONDS_PER_MINUTE}

    await tesla.order(
        f"sites/{SITE}", {"solar_minutes": minutes(sun(DAYS)), "load_minutes": minutes(load(DAYS))}
    )


async def shine(tesla: Tesla, kilowatts: float) -> None:
    """Let the sun shine steadily from now on, on a house that uses little."""
    watts = round(kilowatts * 1000)
    steady = {"solar_power": watts, "solar_minutes": None, "load_power": 500, "load_minutes": None}
    await tesla.order(f"sites/{SITE}", steady)


@asynccontextmanager
async def metering(home_assistant: HomeAssistant, tesla: Tesla) -> AsyncIterator[None]:
    """Let a meter in the house report its power to Home Assistant all the time."""
    task = asyncio.create_task(_report(home_assistant, tesla))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _report(home_assistant: HomeAssistant, tesla: Tesla) -> None:
    while True:
        # A meter that fails misses a reading, and goes on.
        with contextlib.suppress(ClientError):
            power = (await tesla.ask(f"sites/{SITE}"))["power"]
            await home_assistant.push(METER_WEBHOOK, {part: power[part] for part in METERS})
        await asyncio.sleep(METER_SECONDS)

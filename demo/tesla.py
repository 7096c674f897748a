"""The simulated Tesla: start, steering, and the truth."""

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientSession

from demo.processes import DemoError, running

CLIENT_ID = "flotte-demo"
CLIENT_SECRET = "flotte-secret"  # noqa: S105  # of the simulator; it protects nothing
OWNER = "owner-1"
DOMAIN = "flotte.example"
"""The domain of the owner's Home Assistant."""

AURORA = "XP7YGCEK0RB000001"
"""A Model Y that is asleep and plugged in, with our key."""
COMET = "LRW3E7FS0RC000002"
"""A Model 3 whose owner has not added our key yet."""
OLD_FAITHFUL = "5YJSA7E20KF000003"
"""A Model S of 2019, which accepts unsigned commands."""
SITE = "1234567890123"
"""An energy site: solar, a Powerwall, a wall connector."""
TIME_ZONE = "Europe/Amsterdam"
_MORNING = 7
HOME = {"latitude": 52.3731, "longitude": 4.8903}
"""Where the simulated cars are at home."""


class Tesla:
    """The running simulator."""

    def __init__(self, session: ClientSession, ready: Mapping[str, Any]) -> None:
        self._session = session
        self.auth_url = str(ready["auth_url"])
        self.eu_url = str(ready["eu_url"])
        self.na_url = str(ready["na_url"])
        self.page_url = str(ready["control_url"])

    async def ask(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """GET something under /simulator."""
        async with self._session.get(f"{self.page_url}/{path}") as response:
            return await _answer(path, response.status, await response.text())

    async def order(self, path: str, body: object) -> Any:  # noqa: ANN401  # JSON
        """POST to something under /simulator."""
        async with self._session.post(f"{self.page_url}/{path}", json=body) as response:
            return await _answer(path, response.status, await response.text())

    async def car(self, vin: str) -> dict[str, Any]:
        """The truth about a car."""
        car: dict[str, Any] = await self.ask(f"cars/{vin}")
        return car

    async def bill(self) -> dict[str, Any]:
        """Tesla's counts of this month."""
        accounts: dict[str, Any] = (await self.ask("bill"))["accounts"]
        bill: dict[str, Any] = accounts.get(CLIENT_ID, {"counts": {}, "euro": {}})
        return bill


async def _answer(path: str, status: int, text: str) -> Any:  # noqa: ANN401  # JSON
    if status >= 400:  # noqa: PLR2004  # HTTP: errors begin here
        raise DemoError(f"the simulator refuses {path}: {text}")
    return json.loads(text)


@asynccontextmanager
async def start_tesla(folder: Path, session: ClientSession) -> AsyncIterator[Tesla]:
    """Run the simulator on free ports."""
    ready = folder / "simulator.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "simulator", "--port", "0", "--na-port", "0"]
    command += ["--ready-file", str(ready)]
    async with running("the simulator", folder / "simulator.log", *command) as server:

        async def look() -> Any:  # noqa: ANN401  # JSON
            return json.loads(ready.read_text()) if ready.exists() else None

        yield Tesla(session, await server.wait_for(look, seconds=20))


async def add_schedules(tesla: Tesla) -> None:
    """Let Aurora have schedules, as its owner sets them in Tesla's app."""
    weekdays = {"days_of_week": 62, "one_time": False, "enabled": True, "name": "", **HOME}
    # The car follows its schedule: at night, one that is due would wake it during the checks.
    is_night = datetime.now(ZoneInfo(TIME_ZONE)).hour < _MORNING
    start = 1320 if is_night else 60
    night = {"start_enabled": True, "start_time": start, "end_enabled": True, "end_time": 300}
    schedules = {
        "charge": [{"id": 1700000000, **weekdays, **night}],
        "precondition": [{"id": 1700000001, **weekdays, "precondition_time": 450}],
    }
    await tesla.order(f"cars/{AURORA}", {"schedules": schedules})

"""Killed at any moment (SIGKILL), the ledger's file is readable and loses no expensive request.

The process that is killed has the real API, ledger and file; the simulator's bill is the truth.
"""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from custom_components.flotte.const import LEDGER_DELAY_SECONDS
from simulator import Simulator
from simulator.accounts import Registration
from simulator.bill import Category
from tests.conftest import CLIENT_ID

ROOT = Path(__file__).parents[1]
KILLS = 60
DEAR = {"wake": Category.WAKE, "command": Category.COMMAND}


@dataclass
class Spender:
    """The process that starts those that are killed; see `tests/spender.py`."""

    process: asyncio.subprocess.Process
    tesla: Simulator
    directory: Path
    token: str

    async def heard(self, word: str) -> Any:
        """The next report with this word; others are dropped."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            assert "error" not in told, told
            if word in told:
                return told if word == "kind" else told[word]
        pytest.fail("it ended by itself")

    async def heard_of(self, kind: str) -> None:
        """Wait for the next report of a request of this kind."""
        while (await self.heard("kind"))["kind"] != kind:
            pass

    async def begin(self, asks: list[str], *, pause: float = 0, end: float = 0) -> int:
        """Start a process; answers its id once it has loaded what was booked before.

        With an `end`, its time is moved to that second, where it stands still.
        """
        before = self.written()
        order = {
            "directory": str(self.directory),
            "eu": self.tesla.eu_url,
            "na": self.tesla.na_url,
            "token": self.token,
            "asks": asks,
            "pause": pause,
            "end": end,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        pid: int = await self.heard("pid")
        assert counted(await self.heard("loaded")) == before, "all of the file is read"
        return pid

    async def kill(self, pid: int) -> None:
        """End it as a power cut does."""
        os.kill(pid, signal.SIGKILL)
        assert await self.heard("over") == pid

    def written(self) -> Counter[str]:
        """The ledger on disk, by category; it must be readable."""
        files = list(self.directory.glob(".storage/flotte.ledger.*"))
        assert len(files) < 2, "one that could not be read was put aside"
        if not files:
            return Counter()
        (path,) = files
        return counted(json.loads(path.read_text("utf-8"))["data"]["ledger"]["counts"])


def counted(lines: list[list[Any]]) -> Counter[str]:
    """Lines of a ledger, by category."""
    counts: Counter[str] = Counter()
    for _, category, _, _, count in lines:
        counts[category] += count
    return counts


@pytest.fixture
async def spender(tesla: Simulator, tmp_path: Path) -> AsyncIterator[Spender]:
    """Ready to start processes; it and they are gone afterwards."""
    now = tesla.clock.now()
    tesla.accounts.registrations[CLIENT_ID, "eu"] = Registration(
        CLIENT_ID, "eu", "flotte.example", b"\x04" * 65, now, now
    )
    tesla.limits.enabled = False
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.spender"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    spender = Spender(process, tesla, tmp_path, str(tesla.login()["access_token"]))
    try:
        assert await spender.heard("ready")
        yield spender
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        # Lets go of the pipes, in which a test that failed may have left something.
        await process.communicate()


async def test_no_expensive_request_is_forgotten(spender: Spender, tesla: Simulator) -> None:
    """Killed again and again while it wakes and commands, with data requests in between."""
    chance = random.Random(20261122)  # noqa: S311  # moments, not secrets
    for kills in range(1, KILLS + 1):
        pid = await spender.begin(["wake", "command", "data"])
        # Waiting for one kind by name makes the counts at the end independent of the machine.
        awaited = chance.choice(list(DEAR))
        for _ in range(chance.randint(0, 6)):
            await spender.heard_of(awaited)
        # A moment between two reports, or in the middle of a write.
        await asyncio.sleep(chance.uniform(0, 0.02))
        await spender.kill(pid)
        written, billed = spender.written(), tesla.bill.counts(client_id=CLIENT_ID)
        for name, category in DEAR.items():
            assert written[name] >= billed[category], f"forgotten after {kills} kills"
            assert written[name] <= billed[category] + kills, "made up"
    billed = tesla.bill.counts(client_id=CLIENT_ID)
    assert billed[Category.WAKE] > KILLS
    assert billed[Category.COMMAND] > KILLS


async def test_at_most_ten_seconds_of_cheap_requests_are_lost(
    spender: Spender, tesla: Simulator
) -> None:
    assert LEDGER_DELAY_SECONDS <= 10
    for end in (13.25, 22.25, 28.75):
        before = spender.written()["data"]
        billed = tesla.bill.counts(client_id=CLIENT_ID)[Category.DATA]
        pid = await spender.begin(["data"], pause=0.5, end=end)
        asked: list[float] = []
        while end - 0.5 > (asked[-1] if asked else 0):
            asked.append((await spender.heard("kind"))["at"])
        await spender.kill(pid)
        written = spender.written()["data"] - before
        assert written >= sum(end - each > LEDGER_DELAY_SECONDS for each in asked) > 0
        assert tesla.bill.counts(client_id=CLIENT_ID)[Category.DATA] == billed + len(asked)
        assert written < len(asked), "else nothing was tested"

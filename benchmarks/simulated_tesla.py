"""The simulator in a process of its own, as Tesla is not in ours: with a car that knows some keys.

    python -m benchmarks.simulated_tesla KEY...     keys: uncompressed points, 65 bytes, in hex

prints one line of JSON and serves until its standard input is closed, so it never outlives whoever
started it.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp

from simulator import Simulator
from simulator.accounts import Registration
from simulator.world import AURORA

ROOT = Path(__file__).parent.parent
START_SECONDS = 30
STOP_SECONDS = 10

CLIENT_ID = "flotte-demo"
REGION = "eu"


class SimulatorFailed(Exception):
    """The simulator did not start, or a request to it did not end as it must."""


@dataclass(frozen=True, slots=True)
class Tesla:
    """Where the simulator is, and how to get in."""

    url: str
    """Base URL of the region; the only one."""
    access_token: str
    vin: str
    """A car that is awake and has all keys on its keychain."""

    async def executions(self, session: aiohttp.ClientSession) -> Counter[str]:
        """What the car really did so far, by the command's REST name."""
        async with session.get(f"{self.url}/simulator/cars/{self.vin}") as response:
            car = await response.json()
        return Counter(execution["name"] for execution in car["executions"])


@asynccontextmanager
async def simulated_tesla(keys: Iterable[bytes]) -> AsyncIterator[Tesla]:
    """Run the simulator beside us.

    Args:
        keys: Public keys that the car shall know, 65 bytes each.

    Raises:
        SimulatorFailed: it did not start within half a minute; it has printed why.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.simulated_tesla",
        *(key.hex() for key in keys),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us; the end of its input then ends it
    )
    if process.stdin is None or process.stdout is None:
        raise SimulatorFailed("no pipes to the simulator")
    try:
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await process.stdout.readline()
        except TimeoutError as error:
            raise SimulatorFailed("the simulator did not start") from error
        if not line:
            raise SimulatorFailed("the simulator ended by itself")
        yield Tesla(**json.loads(line))
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _serve(keys: list[bytes]) -> None:
    """Serve until standard input ends."""
    async with Simulator(rate_limits=False) as simulator:
        now = simulator.clock.now()
        simulator.accounts.registrations[CLIENT_ID, REGION] = Registration(
            CLIENT_ID, REGION, "flotte.example", keys[0], now, now
        )
        car = simulator.world.cars[AURORA]
        car.steer({"state": "online"})
        for key in keys:
            car.pair(key)
        token = simulator.login(client_id=CLIENT_ID)["access_token"]
        sys.stdout.write(json.dumps(asdict(Tesla(simulator.eu_url, token, car.vin))) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve([bytes.fromhex(key) for key in sys.argv[1:]]))

"""The simulator in a process of its own, as Tesla is separate, with a car that trusts some keys.

    python -m benchmarks.simulated_tesla KEY...     keys: uncompressed points, 65 bytes, in hex

prints one line of JSON and serves until its standard input is closed, so it never outlives its
parent process.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import aiohttp

from benchmarks.child import child
from simulator import Simulator
from simulator.accounts import Registration
from simulator.world import AURORA

START_SECONDS = 30

CLIENT_ID = "flotte-demo"
REGION = "eu"


@dataclass(frozen=True, slots=True)
class Tesla:
    """The address of the simulator, and a login."""

    url: str
    """Base URL of the region; the only one."""
    access_token: str
    vin: str
    """A car that is awake and has all keys on its keychain."""

    async def executions(self, session: aiohttp.ClientSession) -> Counter[str]:
        """The commands that the car has run so far, by REST name."""
        async with session.get(f"{self.url}/simulator/cars/{self.vin}") as response:
            car = await response.json()
        return Counter(execution["name"] for execution in car["executions"])


@asynccontextmanager
async def simulated_tesla(keys: Iterable[bytes]) -> AsyncIterator[Tesla]:
    """Run the simulator in a child process.

    Args:
        keys: Public keys on the car's keychain, 65 bytes each.

    Raises:
        ChildFailed: it did not start within half a minute; it has printed the reason.
    """
    async with child("benchmarks.simulated_tesla", *(key.hex() for key in keys)) as process:
        yield Tesla(**json.loads(await process.line(START_SECONDS)))


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

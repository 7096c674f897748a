"""Waiting and the monotonic clock, for all parts of a vehicle.

Call the functions through the module (`waits.pause(...)`). Tests replace them here; a part that
imported one by name would keep using real time, and no test would notice.
"""

import asyncio
import time


async def pause(seconds: float) -> None:
    """Wait so many seconds."""
    await asyncio.sleep(seconds)


def monotonic() -> float:
    """Seconds on a clock that is never adjusted."""
    return time.monotonic()

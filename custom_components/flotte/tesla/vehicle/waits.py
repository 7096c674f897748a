"""The passage of time: every part of a vehicle waits, and reads the monotonic clock, through here.

Call both through the module (`waits.pause(...)`). Tests replace what is in here, and a part that
imported a function by its name would go on in real time without any test noticing.
"""

import asyncio
import time


async def pause(seconds: float) -> None:
    """Wait for a vehicle."""
    await asyncio.sleep(seconds)


def monotonic() -> float:
    """Seconds on a clock that is never set."""
    return time.monotonic()

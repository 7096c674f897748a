"""Tesla's rate limits: the pauses that it asks for with status 429."""

import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from ..errors import RateLimited
from ..spending.tariff import Category

DEFAULT_PAUSE: Final = timedelta(seconds=60)
MAX_PAUSE: Final = timedelta(hours=1)
_RETRY_IN: Final = re.compile(r"retry in (\d+) second", re.IGNORECASE)


class RateLimits:
    """The pauses that Tesla asked for; each applies to all requests of a category."""

    def __init__(self) -> None:
        # For each category: the monotonic second at which its pause ends, and its length.
        self._pauses: dict[Category, tuple[float, float]] = {}

    def begin_pause(self, category: Category, pause: timedelta) -> None:
        """Refuse requests of a category for so long from now on."""
        seconds = pause.total_seconds()
        self._pauses[category] = (time.monotonic() + seconds, seconds)

    def check(self, category: Category) -> None:
        """Check whether a request may be sent.

        Raises:
            RateLimited: the pause that Tesla asked for is not over.
        """
        now = time.monotonic()
        until, pause = self._pauses.get(category, (now, 0.0))
        if until > now + pause:
            # Whatever happens to the clock, never wait longer than Tesla asked for.
            until = now + pause
            self._pauses[category] = (until, pause)
        if now < until:
            left = timedelta(seconds=until - now)
            raise RateLimited("waiting as Tesla asked", retry_after=left)


def retry_after(headers: Mapping[str, str], text: str) -> timedelta:
    """Read how long to wait after a 429.

    Tesla's pages and logs show several forms (2024 to 2026): `Retry-After`, `RateLimit-Reset`,
    `RateLimit-<class>-Reset`, or only a text in the body. Without any of them, wait 60 s.
    """
    found = [
        value.strip()
        for name, value in headers.items()
        if (lower := name.lower()) == "retry-after"
        or (lower.startswith("ratelimit-") and lower.endswith("reset"))
    ]
    if words := _RETRY_IN.search(text):
        found.append(words[1])
    for seconds in found:
        # 0 means that a window begins just now, which does not say how long to wait.
        if seconds.isascii() and seconds.isdigit() and (digits := seconds.lstrip("0")):
            # Six digits are enough: more would be above the maximum anyway.
            return min(timedelta(seconds=int(digits[:6])), MAX_PAUSE)
    return DEFAULT_PAUSE

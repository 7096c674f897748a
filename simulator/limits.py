"""Rate limits of the simulated Tesla, on the simulated clock.

Realtime data 60, wakes 3 and commands 30 per minute, each per vehicle and account; token requests
20 per second and application. Source: Tesla, "Billing and limits" and "Best practices", copies of
August 2026. Free and energy requests have no known limit today and get none here.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from simulator.clock import Clock


class Limited(StrEnum):
    """A group of requests that share a limit."""

    DATA = "data"
    WAKE = "wake"
    COMMAND = "command"
    TOKEN = "token"  # noqa: S105 - the kind of request, not a secret


class Allowed(NamedTuple):
    """The number of requests allowed in a number of seconds."""

    requests: int
    seconds: float


ALLOWED: dict[Limited, Allowed] = {
    Limited.DATA: Allowed(60, 60),
    Limited.WAKE: Allowed(3, 60),
    Limited.COMMAND: Allowed(30, 60),
    Limited.TOKEN: Allowed(20, 1),
}


@dataclass(frozen=True)
class Allowance:
    """The limiter's decision about one request."""

    admitted: bool
    limit: int
    remaining: int
    reset_seconds: int
    """Whole seconds until the next request fits, or until the oldest one is forgotten."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer, with the time of the next attempt for a refused request.

        Source: Tesla, "Conventions" (January 2025), and answers logged in 2024.
        """
        headers = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }
        if not self.admitted:
            headers["Retry-After"] = str(self.reset_seconds)
        return headers


class RateLimits:
    """Sliding windows, one for each kind and each limited party."""

    def __init__(self, clock: Clock, *, enabled: bool = True) -> None:
        self._clock = clock
        self._admitted: dict[tuple[Limited, Hashable], deque[float]] = {}
        self.enabled = enabled

    def admit(self, kind: Limited, whose: Hashable) -> Allowance:
        """Take a place in the window of `whose`, if there is one left.

        A refused request takes no place, so waiting for the announced time always helps.
        """
        allowed = ALLOWED[kind]
        now = self._clock.now()
        window = self._admitted.setdefault((kind, whose), deque())
        # Times in the future were admitted before a test moved its frozen time back.
        while window and not now - allowed.seconds < window[0] <= now:
            window.popleft()
        admitted = not self.enabled or len(window) < allowed.requests
        if admitted:
            window.append(now)
        return Allowance(
            admitted=admitted,
            limit=allowed.requests,
            remaining=max(allowed.requests - len(window), 0),
            reset_seconds=max(ceil(window[0] + allowed.seconds - now), 1),
        )

    def clear(self) -> None:
        """Forget all requests."""
        self._admitted.clear()

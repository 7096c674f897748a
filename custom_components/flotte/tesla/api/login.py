"""Whether Tesla accepts an account's login, as its requests show, and when to try again.

A refusal may be wrong or pass, so nothing ends for good: after a while a request that costs
nothing goes out again, and the first success clears everything. Until then other requests fail at
once, without being sent: a paid request that is refused is billed.
"""

import copy
import time
from collections.abc import Callable
from typing import Final

from ..errors import LoginRequired

FIRST_PAUSE: Final = 30.0
"""Seconds after the first refusal; coordinators poll every minute. Each further one doubles it."""
LONGEST_PAUSE: Final = 900.0
"""Seconds; as long as after a suspension of the account."""


class Login:
    """The login of one account."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._refusal: LoginRequired | None = None
        self._is_known = False
        self._pause = FIRST_PAUSE
        self._again_at = 0.0
        self.on_accepted: Callable[[], None] = lambda: None
        """Called when Tesla accepts the login for the first time, and again after a refusal."""
        self.on_refused: Callable[[], None] = lambda: None
        """Called whenever a request fails because Tesla refuses the login."""

    @property
    def is_refused(self) -> bool:
        """Whether Tesla refused the login and has not accepted it since."""
        return self._refusal is not None

    @property
    def probe_in(self) -> float:
        """Seconds until a free request may go out again."""
        return max(0.0, self._again_at - time.monotonic())

    def check(self, *, is_free: bool) -> None:
        """Let a request pass.

        Raises:
            LoginRequired: the login was refused lately, or the request costs something.
        """
        if self._refusal is None or (is_free and time.monotonic() >= self._again_at):
            return
        self.on_refused()
        raise copy.copy(self._refusal)

    def refused(self, error: LoginRequired) -> None:
        """Note that Tesla refused the login."""
        now = time.monotonic()
        if self._refusal is None or now >= self._again_at:
            # Requests that were under way together count once.
            self._again_at = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._is_known = True
        self._refusal = copy.copy(error)
        self.on_refused()

    def accepted(self) -> None:
        """Note that Tesla accepted the login."""
        if self._is_known and self._refusal is None:
            return
        self._is_known = True
        self._refusal = None
        self._pause = FIRST_PAUSE
        self.on_accepted()

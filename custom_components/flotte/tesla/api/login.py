"""The state of an account's login: whether Tesla accepts it, and when to try again.

A refusal may be wrong or temporary, so it is never final: after a pause, a free request is sent
again, and the first success clears the refusal. Until then other requests fail without being sent,
because Tesla bills even a refused request if it is a paid one.
"""

import copy
import time
from collections.abc import Callable
from typing import Final

from ..errors import LoginRequired

FIRST_LOGIN_PAUSE: Final = 30.0
"""Seconds to pause after the first refusal, as coordinators poll every minute. Each further refusal
doubles the pause."""
MAX_LOGIN_PAUSE: Final = 900.0
"""Longest pause in seconds; as long as after a suspension of the account."""


class Login:
    """The login of one account."""

    def __init__(self) -> None:
        self._refusal: LoginRequired | None = None
        self._is_known = False
        self._pause = FIRST_LOGIN_PAUSE
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
        """Seconds until a free request may be sent again."""
        return max(0.0, self._again_at - time.monotonic())

    def check(self, *, is_free: bool) -> None:
        """Check whether a request may be sent.

        Raises:
            LoginRequired: the login is refused, and the pause is not over or the request is paid.
        """
        if self._refusal is None or (is_free and time.monotonic() >= self._again_at):
            return
        self.on_refused()
        raise copy.copy(self._refusal)

    def refused(self, error: LoginRequired) -> None:
        """Note that Tesla refused the login."""
        now = time.monotonic()
        if self._refusal is None or now >= self._again_at:
            # Refusals of requests that were under way together count as one.
            self._again_at = now + self._pause
            self._pause = min(2 * self._pause, MAX_LOGIN_PAUSE)
        self._is_known = True
        self._refusal = copy.copy(error)
        self.on_refused()

    def accepted(self) -> None:
        """Note that Tesla accepted the login."""
        if self._is_known and self._refusal is None:
            return
        self._is_known = True
        self._refusal = None
        self._pause = FIRST_LOGIN_PAUSE
        self.on_accepted()


class AcceptedTokens:
    """The tokens that Tesla accepted last, by kind of request and asset.

    They show whether a refusal concerns the login or a single vehicle. For a single vehicle, Tesla
    accepts the same token for the same request about another one.
    """

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], str] = {}
        self._refused: set[str] = set()

    def note_accepted(self, kind: str, asset: str, token: str) -> None:
        """Note that Tesla accepted a token."""
        self._tokens[kind, asset] = token
        self._refused.discard(asset)

    def note_refused(self, asset: str) -> None:
        """Note that Tesla refused only this asset, even with a new token."""
        self._refused.add(asset)

    def was_refused(self, asset: str) -> bool:
        """Whether Tesla refused only this asset, and has not accepted it since."""
        return asset in self._refused

    def is_refused_alone(self, kind: str, asset: str, token: str) -> bool:
        """Whether Tesla accepted a refused token for this kind of request about another asset."""
        return any(
            accepted == token and asked == kind and other != asset
            for (asked, other), accepted in self._tokens.items()
        )

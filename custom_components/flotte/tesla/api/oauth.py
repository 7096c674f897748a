"""Tesla's token server: requests a token, and decides whether a failure requires a new login.

Only a refusal by Tesla itself does: status 400 or 401 with a JSON object that names an `error`. Any
other failure is temporary: a firewall's page, a failing gateway, an answer of another form.
Sources: Tesla's third-party token page (2026-08), RFC 6749 sections 5.1 and 5.2.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from ..errors import (
    AnswerLost,
    InvalidAnswer,
    LoginRequired,
    RateLimited,
    ServiceError,
    TeslaError,
    Unreachable,
    error_class,
)
from ..privacy import shortened
from ..reading_json import parse_json
from .answers import REQUEST_TIMEOUT, forget_bodies, read_text

TEMPORARY: Final = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
"""Errors of the server itself. Source: RFC 6749 section 4.1.2.1, RFC 8628 section 3.5."""
_MAX_LIFE: Final = 366 * 86400
"""Maximum lifetime of a token in seconds; Tesla's access tokens are valid for 8 hours."""

APPLICATION_REFUSED: Final = "application_refused"
"""Reason of a LoginRequired: client ID or secret is not accepted, or the grant type is missing."""
INVALID_SCOPE: Final = "invalid_scope"
"""Reason of a LoginRequired: a scope is not enabled for the application."""
LOGIN_REASONS: Final = {
    "client_not_found": APPLICATION_REFUSED,
    "invalid_client": APPLICATION_REFUSED,
    "unauthorized_client": APPLICATION_REFUSED,
    "invalid_scope": INVALID_SCOPE,
}
"""Reasons why a new login alone does not help, by Tesla's `error`."""
REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED})
"""Statuses of a final refusal by Tesla's token server."""


async def request_token(
    session: aiohttp.ClientSession,
    url: str,
    form: Mapping[str, str],
    refusals: frozenset[int] = REFUSALS,
) -> dict[str, Any]:
    """Request a token; returns `access_token`, `expires_in` in seconds, and any other values.

    Raises:
        LoginRequired: Tesla refused; `reason` is set if the refusal concerns the application and
            not the owner's login.
        RateLimited, Unreachable, AnswerLost, ServiceError, InvalidAnswer: see `errors`.
    """
    try:
        return await _request_token(session, url, form, refusals)
    except TeslaError as error:
        forget_bodies(error)
        raise


async def _request_token(
    session: aiohttp.ClientSession, url: str, form: Mapping[str, str], refusals: frozenset[int]
) -> dict[str, Any]:
    try:
        # Following a redirect would send the client secret and the refresh token to its target.
        async with session.post(
            url, data=dict(form), timeout=REQUEST_TIMEOUT, allow_redirects=False
        ) as response:
            status = response.status
            text = await read_text(response)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Unreachable(type(error).__name__) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise AnswerLost(type(error).__name__) from error
    answer = parse_json(text)
    if status != HTTPStatus.OK:
        raise _error(status, answer, refusals)
    if not isinstance(answer, dict):
        raise InvalidAnswer("no token in the answer")
    return _checked(answer)


def _error(status: int, answer: object, refusals: frozenset[int]) -> TeslaError:
    """The error for an answer without a token. It quotes only Tesla's own JSON."""
    told = answer if isinstance(answer, dict) else {}
    code, words = told.get("error"), told.get("error_description")
    if not isinstance(code, str) or not code:
        kind = RateLimited if status == HTTPStatus.TOO_MANY_REQUESTS else ServiceError
        return kind(f"{status}: not an answer of Tesla's token server")
    detail = f"{status}: {code}"
    if isinstance(words, str) and words:
        detail = f"{detail}: {words}"
    detail = shortened(detail, 200)
    if code in TEMPORARY:
        return ServiceError(detail)
    if status in refusals:
        return LoginRequired(detail, reason=LOGIN_REASONS.get(code))
    return error_class(status, code)(detail)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Check that an answer has all parts of a token with the right types, and return it."""
    token = answer.get("access_token")
    refresh = answer.get("refresh_token", "absent")
    try:
        life = int(answer.get("expires_in", 0))
    except TypeError, ValueError, OverflowError:
        life = 0
    problem = ""
    if not isinstance(token, str) or not token:
        problem = "no access token in the answer"
    elif not isinstance(refresh, str) or not refresh:
        problem = "no refresh token in the answer"
    elif isinstance(answer.get("expires_in"), bool) or not 0 < life <= _MAX_LIFE:
        problem = "no lifetime in the answer"
    if problem:
        raise InvalidAnswer(problem)
    return {**answer, "expires_in": life}

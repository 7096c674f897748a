"""The only way out to Tesla: tokens, regions, rate limits, and errors by status.

Nothing is retried silently. A request is sent again only with a new token or to another region's
host, because the refused one was not executed; each copy is booked.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, NoReturn

from ..errors import (
    AccountSuspended,
    Forbidden,
    InvalidAnswer,
    LoginRequired,
    RateLimited,
    TeslaError,
    WrongRegion,
    error_class,
)
from ..hosts import Hosts, address_in
from ..privacy import shortened
from ..reading_json import parse_json
from .answers import forget_bodies
from .login import AcceptedTokens, Login
from .rate_limits import RateLimits, retry_after
from .sending import ApiRequest, ApiResponse, Sender

_LOGGER = logging.getLogger(__name__)

type TokenSource = Callable[[bool], Awaitable[str]]
"""Returns an access token; with True, it must get a new one first. Raises LoginRequired."""


class Transport:
    """Sends an account's requests to Tesla.

    Args:
        sender: Books and sends each request.
        token: Source of access tokens.
        hosts: Addresses, and which of them are trusted.
        base_url: Regional base URL to start with.
    """

    def __init__(self, sender: Sender, token: TokenSource, hosts: Hosts, base_url: str) -> None:
        self.sender = sender
        self.token = token
        self.base_url = base_url
        self.login = Login()
        """The state of the login: whether Tesla accepts its tokens."""
        self.rate_limits = RateLimits()
        self._hosts = hosts
        self._accepted = AcceptedTokens()

    async def request[T](self, request: ApiRequest, read: Callable[[ApiResponse], T]) -> T:
        """Send one request, and return what `read` makes of a successful answer.

        If Tesla refuses the token, it is renewed once. If Tesla names another region's host, that
        is followed once, if it is one of Tesla's. Both send and book the request again, because the
        refused one was not executed.

        Raises:
            TeslaError: an error by status and text; see `errors`.
        """
        self.login.check(is_free=self._is_free(request))
        try:
            return await self._exchange(request, read)
        except TeslaError as error:
            forget_bodies(error)
            if isinstance(error, LoginRequired):
                self.login.refused(error)
            raise

    def move(self, base_url: str | None, detail: str) -> None:
        """Use another region's host from now on.

        Raises:
            WrongRegion: the address is missing, or not one of Tesla's.
        """
        if base_url is None or not self._hosts.trusts(base_url):
            raise WrongRegion(detail, base_url=base_url and base_url[:200])
        self.base_url = base_url

    async def _exchange[T](self, request: ApiRequest, read: Callable[[ApiResponse], T]) -> T:
        renew = renewed = moved = False
        while True:
            self.rate_limits.check(request.charge.category)
            token = await self.token(renew)
            renew = False
            # Decided before sending: a request sent before the suspension proves nothing about it.
            probes = self._probes(request)
            answer = await self.sender.send(request, self.base_url, token)
            if answer.status < HTTPStatus.MULTIPLE_CHOICES:
                self.login.accepted()
                self._accepted.note_accepted(request.kind, request.asset, token)
                if probes and self._probes(request):
                    _LOGGER.info("Tesla answers again: its limit was raised")
                    self.sender.meter.note_service_resumed()
                return read(answer)
            kind = error_class(answer.status, answer.text)
            if answer.status == HTTPStatus.MISDIRECTED_REQUEST and not moved:
                self._follow(answer)
                moved = True
                continue
            if kind is LoginRequired:
                is_alone = self._accepted.is_refused_alone(request.kind, request.asset, token)
                if not renewed and not (is_alone and self._accepted.was_refused(request.asset)):
                    renew = renewed = True
                    continue
                if is_alone:
                    # Tesla refuses this asset, not the login, so a new login would not help.
                    self._accepted.note_refused(request.asset)
                    raise Forbidden(f"{answer.status}: {_error_text(answer.text)}")
            if kind is AccountSuspended and answer.status == HTTPStatus.FORBIDDEN:
                free = request.kind if self._is_free(request) else None
                self.sender.meter.suspend(self.sender.clock(), free)
            self._fail(answer, request)

    def _is_free(self, request: ApiRequest) -> bool:
        return not self.sender.meter.tariff.price(request.charge.category)

    def _probes(self, request: ApiRequest) -> bool:
        """Whether an answer to this free request shows that the suspension is over."""
        suspension = self.sender.meter.suspension
        return self._is_free(request) and suspension.is_probe(request.kind, self.sender.clock())

    def _follow(self, answer: ApiResponse) -> None:
        """Use the region's host that an answer names."""
        base_url = address_in(answer.text, answer.headers.get("Alt-Svc", ""))
        self.move(base_url, shortened(answer.text, 200))
        _LOGGER.info("Tesla serves this account at %s", base_url)

    def _fail(self, answer: ApiResponse, request: ApiRequest) -> NoReturn:
        """Raise the error of a status and its text."""
        kind = error_class(answer.status, answer.text)
        if kind is LoginRequired and not isinstance(parse_json(answer.text), dict):
            # This is not Tesla's answer: a firewall in front of Tesla knows nothing about the
            # login.
            kind = Forbidden
        detail = f"{answer.status}: {_error_text(answer.text)}"
        if kind is RateLimited:
            pause = retry_after(answer.headers, answer.text)
            self.rate_limits.begin_pause(request.charge.category, pause)
            raise RateLimited(detail, retry_after=pause)
        raise kind(detail)


def payload(answer: ApiResponse) -> Any:  # noqa: ANN401  # JSON
    """The content of an answer's `response`. Raises InvalidAnswer."""
    envelope = parse_json(answer.body.decode(errors="replace"))
    if not isinstance(envelope, dict):
        raise InvalidAnswer("not JSON")
    if "response" not in envelope:
        raise InvalidAnswer("no response in the answer")
    return envelope["response"]


def _error_text(text: str) -> str:
    """Tesla's error message, shortened: `error` and `error_description`, or the body.

    Empty if both are there but empty.
    """
    envelope = parse_json(text)
    if not isinstance(envelope, dict) or "error" not in envelope:
        return shortened(text, 200)
    words = [str(envelope[key]) for key in ("error", "error_description") if envelope.get(key)]
    return shortened(": ".join(words), 200)

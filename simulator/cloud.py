"""The state of the simulated cloud, and the language of its handlers: calls, refusals, answers."""

import json
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web

from simulator.accounts import Accounts, Application, User
from simulator.bill import Bill, Category
from simulator.cars import Car
from simulator.clock import Clock
from simulator.endpoints import Endpoint
from simulator.energy import Site
from simulator.faults import Faults
from simulator.limits import RateLimits
from simulator.refusals import SteeringError
from simulator.tokens import AccessToken, TokenError, Tokens
from simulator.world import World

REQUESTS_KEPT = 2000


class Refusal(Exception):
    """An error that a handler answers with; carries all parts of the answer."""

    def __init__(
        self,
        status: int,
        error: str,
        description: str = "",
        *,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.error = error
        self.description = description
        self.headers = headers or {}

    def response(self, txid: str) -> web.Response:
        """Tesla's envelope around the error. Source: Tesla, "Conventions" (January 2025)."""
        return web.json_response(
            {
                "response": None,
                "error": self.error,
                "error_description": self.description,
                "txid": txid,
            },
            status=self.status,
            headers=self.headers,
        )


@dataclass(frozen=True)
class Served:
    """One request in the log."""

    began: float
    """When it arrived; before any delay that was ordered for it."""
    time: float
    """When it was answered."""
    method: str
    path: str
    endpoint: str
    status: int | None
    """None when the connection was closed before anything ran."""
    vin: str | None
    category: Category
    client_id: str
    region: str
    billed: bool
    fault: str | None

    def as_json(self) -> dict[str, Any]:
        """The row as `/simulator/requests` shows it."""
        return {
            "began": self.began,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "endpoint": self.endpoint,
            "status": self.status,
            "vin": self.vin,
            "category": str(self.category),
            "client_id": self.client_id,
            "region": self.region,
            "billed": self.billed,
            "fault": self.fault,
        }


class Cloud:
    """Everything behind the two addresses of the simulator."""

    def __init__(self, clock: Clock, *, seed: int = 1, auto_allow: str | None = None) -> None:
        self.clock = clock
        self.seed = seed
        self.auto_allow = auto_allow
        """The user who grants everything immediately, without a page; None shows the page."""
        self.world = World(clock, seed)
        self.accounts = Accounts()
        self.tokens = Tokens(clock, self.accounts)
        self.bill = Bill(clock)
        self.faults = Faults()
        self.limits = RateLimits(clock)
        self.base_urls: dict[str, str] = {}
        """Base URL by region, known when the servers listen."""
        self.domains: dict[str, str] = {}
        """The real address of each domain: `{"flotte.example": "http://127.0.0.1:8123"}`."""
        self.requests: deque[Served] = deque(maxlen=REQUESTS_KEPT)
        self.in_flight: list[Call] = []
        """Unanswered requests, in the order of their arrival."""
        self.failures: list[Exception] = []
        """Defects of the simulator itself; must stay empty."""

    @property
    def auth_url(self) -> str:
        """Base URL of the authorization server."""
        return self.base_urls["eu"]

    def listen_at(self, base_urls: dict[str, str]) -> None:
        """Set the addresses on which the servers listen."""
        self.base_urls = dict(base_urls)
        self.tokens.issuer = self.auth_url
        self.tokens.audience = tuple(base_urls.values())

    def reset(self, *, keep_accounts: bool = False) -> None:
        """Restore the initial state; addresses, domains, limits of the bill and the clock stay.

        With `keep_accounts`, users stay logged in and domains registered. Cars and their keys are
        always new, so that registered keys are paired again with cars that pair automatically.
        """
        self.world = World(self.clock, self.seed)
        self.bill.clear()
        self.faults.clear()
        self.limits.clear()
        self.requests.clear()
        if keep_accounts:
            for registration in self.accounts.registrations.values():
                self.pair_automatically(registration.public_key)
            return
        self.accounts = Accounts()
        self.tokens.clear()
        self.tokens.accounts = self.accounts

    def pair_automatically(self, public_key: bytes) -> None:
        """Put a key on all cars whose owner is supposed to have paired it already."""
        for car in self.world.cars.values():
            if car.pairs_automatically:
                # A full keychain is the owner's to sort out; the registration stands anyway.
                with suppress(SteeringError):
                    car.pair(public_key)

    def known_token(self, request: web.Request) -> AccessToken | None:
        """The token of a request, whether or not it can still be used."""
        return self.tokens.known(bearer(request))

    def check_token(self, request: web.Request, base_url: str) -> AccessToken:
        """The token of a request; raises Refusal 401 if it is not valid here and now."""
        try:
            token = self.tokens.check(bearer(request))
        except TokenError as problem:
            raise Refusal(401, str(problem)) from problem
        if base_url not in token.audience:
            raise Refusal(401, "invalid bearer token")
        return token


def bearer(request: web.Request) -> str:
    """The token in the header, or an empty string."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


@dataclass
class Call:
    """One request to one endpoint."""

    request: web.Request
    endpoint: Endpoint
    parameters: dict[str, str]
    began: float
    """When it arrived."""
    name: str
    """The endpoint's name, with the command's own name if there is one: `command/door_lock`."""
    vin: str | None
    """The VIN of the vehicle, even if the path has its number."""
    region: str
    base_url: str
    token: AccessToken | None = None
    cars: list[Car] = field(default_factory=list)
    """The cars that the token's user may see in this region."""
    sites: list[Site] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of the answer, whatever it is."""

    @property
    def application(self) -> Application:
        """The calling application; only available where a token was checked."""
        return self._token.application

    @property
    def user(self) -> User | None:
        """The user of the token; None for a partner token."""
        return self._token.user

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of the token."""
        return self._token.scopes

    @property
    def _token(self) -> AccessToken:
        if self.token is None:
            raise RuntimeError(f"{self.endpoint.name} checks no token")
        return self.token

    def require(self, scopes: frozenset[str]) -> None:
        """Raise Refusal 403 unless the token has one of the scopes."""
        if not scopes & self.scopes:
            raise Refusal(403, "Unauthorized missing scopes")

    async def json(self) -> dict[str, Any]:
        """The body as an object; empty if there is no body.

        Raises Refusal 406 for another content type and 400 for anything but a JSON object.
        """
        if not await self.request.read():
            return {}
        if self.request.content_type != "application/json":
            raise Refusal(406, "not_a_JSON_request")
        try:
            body = json.loads(await self.request.read())
        except ValueError as error:
            raise Refusal(400, "invalid_request", "the body is not JSON") from error
        if not isinstance(body, dict):
            raise Refusal(400, "invalid_request", "the body is not an object")
        return body

    def car(self) -> Car:
        """The car in the path; raises Refusal 404 if the account has no such car."""
        name = self.parameters["vin"]
        for car in self.cars:
            if name in (car.vin, str(car.id)):
                return car
        raise Refusal(404, "not_found")

    def site(self) -> Site:
        """The energy site in the path; raises Refusal 404 if the account has no such site."""
        for site in self.sites:
            if self.parameters["site"] == str(site.id):
                return site
        raise Refusal(404, "not_found")


type Handler = Callable[[Cloud, Call], Awaitable[web.Response]]


def answer(response: object, **beside: object) -> web.Response:
    """Tesla's envelope around a result."""
    return web.json_response({"response": response, **beside})


def new_txid() -> str:
    """An identifier of one request, which Tesla's support asks for."""
    return uuid4().hex

"""The endpoints under `/simulator`: reading the truth, steering cars, clock, faults and accounts.

Nothing here is billed, limited or disturbed by faults. Invalid orders answer 400 with a text.
"""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from aiohttp import web

from simulator import pages
from simulator.accounts import SCOPES, Accounts, Application, User
from simulator.cars import Car
from simulator.cloud import Cloud
from simulator.energy import Site
from simulator.refusals import SteeringError
from simulator.telemetry.certificates import Authorities

type Body = dict[str, Any]

INDEX = Path(__file__).with_name("index.html").read_text(encoding="utf-8")


class OrderError(Exception):
    """An order that cannot be carried out; the text is the reason."""


class Control:
    """The handlers of `/simulator`."""

    def __init__(self, cloud: Cloud, authorities: Authorities) -> None:
        self._cloud = cloud
        self._authorities = authorities

    async def index(self, _request: web.Request) -> web.Response:
        """The page for people."""
        return pages.respond(INDEX)

    async def bill(self, request: web.Request) -> web.Response:
        """GET: the bill, optionally of one client_id, day (YYYY-MM-DD), month (YYYY-MM) or vin."""
        query = request.query
        try:
            day = date.fromisoformat(query["day"]) if "day" in query else None
            month = date.fromisoformat(f"{query['month']}-01") if "month" in query else None
        except ValueError as error:
            raise OrderError("day must be YYYY-MM-DD, month YYYY-MM") from error
        return web.json_response(
            self._cloud.bill.as_json(
                client_id=query.get("client_id"), month=month, day=day, vin=query.get("vin")
            )
        )

    async def faults(self, request: web.Request) -> web.Response:
        """GET: pending orders; POST: one order or a list; DELETE: all, or `?number=`."""
        faults = self._cloud.faults
        if request.method == "POST":
            body = await _body(request)
            orders = body if isinstance(body, list) else [body]
            try:
                for order in orders:
                    faults.order_json(_object(order))
            except ValueError as error:
                raise OrderError(str(error)) from error
        elif request.method == "DELETE":
            numbers = request.query.getall("number", None)
            faults.clear(None if numbers is None else [int(number) for number in numbers])
        return web.json_response({"faults": [fault.as_json() for fault in faults.pending()]})

    async def clock(self, request: web.Request) -> web.Response:
        """GET: the simulated time; POST `{"advance": seconds}` moves it forward."""
        if request.method == "POST":
            seconds = _object(await _body(request)).get("advance")
            if not isinstance(seconds, int | float) or isinstance(seconds, bool):
                raise OrderError("advance must be a number of seconds")
            try:
                self._cloud.clock.advance(seconds)
            except ValueError as error:
                raise OrderError(str(error)) from error
            self._cloud.world.advance()
        now = self._cloud.clock.now()
        return web.json_response({"now": now, "iso": datetime.fromtimestamp(now, UTC).isoformat()})

    async def cars(self, _request: web.Request) -> web.Response:
        """GET: the truth about all cars."""
        cars = self._cloud.world.cars
        return web.json_response({vin: car.describe() for vin, car in cars.items()})

    async def car(self, request: web.Request) -> web.Response:
        """GET: the truth about a car; POST: change it."""
        car = self._cloud.world.car(request.match_info["vin"])
        if car is None:
            raise web.HTTPNotFound
        return await _steer(request, car)

    async def sites(self, _request: web.Request) -> web.Response:
        """GET: the truth about all energy sites."""
        sites = self._cloud.world.sites
        return web.json_response({str(number): site.describe() for number, site in sites.items()})

    async def site(self, request: web.Request) -> web.Response:
        """GET: the truth about an energy site; POST: change it."""
        site = self._cloud.world.sites.get(int(request.match_info["site"]))
        if site is None:
            raise web.HTTPNotFound
        return await _steer(request, site)

    async def accounts(self, request: web.Request) -> web.Response:
        """GET: users, applications, registrations, consents; POST: change one of them.

        - `{"user": "owner-1", "revoke": "flotte-demo"}` withdraws the consent
        - `{"user": "owner-1", "client_id": "flotte-demo", "scopes": [...]}` changes the grant
        - `{"user": "owner-1", "password_reset": true, "region": "na"}`, each alone or together
        - `{"client_id": "flotte-demo", "limit": "0", "audience_required": false,
          "allowed_origins": [...], "redirects": [...], "unregister": "eu"}`, the same; a limit of
          null never suspends
        """
        if request.method == "POST":
            self._change_accounts(_object(await _body(request)))
        return web.json_response(_describe_accounts(self._cloud.accounts))

    def _change_accounts(self, body: Body) -> None:
        accounts = self._cloud.accounts
        changes = dict(body)
        name, client_id = changes.pop("user", None), changes.pop("client_id", None)
        user = accounts.users.get(name) if name is not None else None
        application = accounts.applications.get(client_id) if client_id is not None else None
        if (name is not None and user is None) or (client_id is not None and application is None):
            raise OrderError("there is no such user or client_id")
        for key, value in changes.items():
            if user and application and key == "scopes":
                accounts.consents[user.name, client_id] = _scopes(value)
            elif not (
                (user and not application and self._change_user(user, key, value))
                or (application and not user and self._change_application(application, key, value))
            ):
                raise OrderError(f"cannot set {key} to {value!r} here")

    def _change_user(self, user: User, key: str, value: object) -> bool:
        """Change one attribute of a user; returns whether that was possible."""
        applications = self._cloud.accounts.applications
        match key, value:
            case "revoke", str() if value in applications:
                self._cloud.tokens.revoke(user, applications[value])
            case "password_reset", True:
                user.password_version += 1
            case "region", ("eu" | "na") as region:
                user.region = region
            case _:
                return False
        return True

    def _change_application(self, application: Application, key: str, value: object) -> bool:
        """Change one attribute of an application; returns whether that was possible."""
        match key, value:
            case "limit", str() | None:
                self._limit(application.client_id, value)
            case "audience_required", bool():
                application.audience_required = value
            case "allowed_origins", list():
                application.allowed_origins = [str(origin) for origin in value]
            case "redirects", list():
                application.redirects = [str(redirect) for redirect in value]
            case "unregister", ("eu" | "na") as region:
                self._cloud.accounts.registrations.pop((application.client_id, region), None)
            case _:
                return False
        return True

    def _limit(self, client_id: str, value: str | None) -> None:
        limits = self._cloud.bill.limits
        if value is None:
            limits.pop(client_id, None)
            return
        try:
            limits[client_id] = Decimal(value)
        except InvalidOperation as error:
            raise OrderError("limit must be euro as a decimal string") from error

    async def domains(self, request: web.Request) -> web.Response:
        """GET: the real addresses of domains; POST: add or remove some.

        For example `{"flotte.example": "http://127.0.0.1:8123"}`; null removes the domain.
        """
        if request.method == "POST":
            for domain, url in _object(await _body(request)).items():
                if url is None:
                    self._cloud.domains.pop(domain, None)
                elif isinstance(url, str) and url.startswith(("http://", "https://")):
                    self._cloud.domains[domain] = url
                else:
                    raise OrderError(f"{domain}: the value must be a URL or null")
        return web.json_response(self._cloud.domains)

    async def requests(self, request: web.Request) -> web.Response:
        """GET: the last requests, oldest first; `?last=` for fewer. DELETE: forget them."""
        if request.method == "DELETE":
            self._cloud.requests.clear()
        rows = [served.as_json() for served in self._cloud.requests]
        last = request.query.get("last", "")
        if last.isdecimal():
            rows = rows[max(len(rows) - int(last), 0) :]
        return web.json_response({"requests": rows})

    async def limits(self, request: web.Request) -> web.Response:
        """GET: whether rate limits are on; POST `{"enabled": false}` switches them."""
        limits = self._cloud.limits
        if request.method == "POST":
            enabled = _object(await _body(request)).get("enabled")
            if not isinstance(enabled, bool):
                raise OrderError("enabled must be true or false")
            limits.enabled = enabled
        return web.json_response({"enabled": limits.enabled})

    async def client_ca(self, _request: web.Request) -> web.Response:
        """GET: the authorities behind the certificates that cars show to telemetry servers, PEM."""
        return web.Response(
            body=self._authorities.bundle, content_type="application/x-pem-file", charset="ascii"
        )

    async def reset(self, request: web.Request) -> web.Response:
        """POST: restore the initial state; `{"keep_accounts": true}` keeps users and domains."""
        body = _object(await _body(request, {}))
        self._cloud.reset(keep_accounts=body.get("keep_accounts") is True)
        return web.json_response({"reset": True})


def _scopes(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not SCOPES.issuperset(value):
        raise OrderError(f"scopes must be a list of some of {', '.join(sorted(SCOPES))}")
    return frozenset(value)


def _describe_accounts(accounts: Accounts) -> Body:
    return {
        "users": {
            user.name: {
                "subject": user.subject,
                "email": user.email,
                "full_name": user.full_name,
                "region": user.region,
                "ou_code": user.ou_code,
                "password_version": user.password_version,
            }
            for user in accounts.users.values()
        },
        "applications": {
            application.client_id: {
                "name": application.name,
                "allowed_origins": application.allowed_origins,
                "redirects": application.redirects,
                "scopes": sorted(application.scopes),
                "audience_required": application.audience_required,
            }
            for application in accounts.applications.values()
        },
        "registrations": [
            {
                "client_id": registration.client_id,
                "region": registration.region,
                "domain": registration.domain,
                "public_key": registration.public_key.hex(),
            }
            for registration in accounts.registrations.values()
        ],
        "consents": [
            {"user": user, "client_id": client_id, "scopes": sorted(scopes)}
            for (user, client_id), scopes in accounts.consents.items()
        ],
    }


async def _steer(request: web.Request, thing: Car | Site) -> web.Response:
    if request.method == "POST":
        try:
            thing.steer(_object(await _body(request)))
        except SteeringError as error:
            raise OrderError(str(error)) from error
    return web.json_response(thing.describe())


async def _body(request: web.Request, default: object = None) -> object:
    text = await request.text()
    if not text and default is not None:
        return default
    try:
        return json.loads(text)
    except ValueError as error:
        raise OrderError("the body is not JSON") from error


def _object(body: object) -> Body:
    if not isinstance(body, dict):
        raise OrderError("the body is not an object")
    return body


type _Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _explained(cloud: Cloud, handler: _Answer) -> _Answer:
    """Bring the world up to date first, and turn invalid orders into answers."""

    async def explained(request: web.Request) -> web.StreamResponse:
        cloud.world.advance()
        try:
            return await handler(request)
        except OrderError as error:
            return web.json_response({"error": str(error)}, status=400)

    return explained


def add_routes(app: web.Application, cloud: Cloud, authorities: Authorities) -> None:
    """Put everything under `/simulator` and the page at `/` into the application."""
    control = Control(cloud, authorities)
    routes: tuple[tuple[str, str, _Answer], ...] = (
        ("GET", "/", control.index),
        ("GET", "/simulator", control.index),
        ("GET", "/simulator/bill", control.bill),
        ("GET POST DELETE", "/simulator/faults", control.faults),
        ("GET POST", "/simulator/clock", control.clock),
        ("GET", "/simulator/cars", control.cars),
        ("GET POST", "/simulator/cars/{vin}", control.car),
        ("GET", "/simulator/sites", control.sites),
        ("GET POST", r"/simulator/sites/{site:\d+}", control.site),
        ("GET POST", "/simulator/accounts", control.accounts),
        ("GET POST", "/simulator/domains", control.domains),
        ("GET DELETE", "/simulator/requests", control.requests),
        ("GET POST", "/simulator/limits", control.limits),
        ("GET", "/simulator/telemetry/client_ca.pem", control.client_ca),
        ("POST", "/simulator/reset", control.reset),
    )
    for methods, path, handler in routes:
        for method in methods.split():
            app.router.add_route(method, path, _explained(cloud, handler))
    # Otherwise a mistyped path under /simulator would reach the catch-all and be answered as an
    # unknown endpoint of Tesla.
    app.router.add_route("*", "/simulator/{tail:.*}", _nowhere)


async def _nowhere(_request: web.Request) -> web.Response:
    raise web.HTTPNotFound

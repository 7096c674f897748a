"""The simulator's servers: two addresses, one for each region, and the path of every request.

received -> faults ordered for it -> token, suspension, rate limit, region, registration, scope
         -> handler -> billed and logged -> answered (or not, if so ordered)
"""

import asyncio
import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from simulator import (
    bodies,
    charging_endpoints,
    control,
    fleet,
    oauth,
    partner,
    site_endpoints,
)
from simulator.accounts import SCOPES, Accounts
from simulator.bill import Bill
from simulator.clock import Clock
from simulator.cloud import Call, Cloud, Handler, Refusal, Served, new_txid
from simulator.endpoints import Match, find
from simulator.faults import USUAL_BODIES, Fault, FaultKind, Faults
from simulator.limits import Limited, RateLimits
from simulator.telemetry import endpoints as telemetry
from simulator.telemetry.streams import PATIENCE, Streams
from simulator.telemetry.subscription import Emission
from simulator.world import World

LOGGER = logging.getLogger(__name__)

HANDLERS: dict[str, Handler] = {
    **oauth.HANDLERS,
    **partner.HANDLERS,
    **fleet.HANDLERS,
    **site_endpoints.HANDLERS,
    **charging_endpoints.HANDLERS,
    **telemetry.HANDLERS,
}
"""By the endpoint's name in `simulator/endpoints.py`."""


class Simulator:
    """A small Tesla on loopback.

        async with Simulator() as tesla:
            tesla.domains["flotte.example"] = "http://127.0.0.1:8123"
            ... requests to tesla.eu_url ...
            assert tesla.bill.counts()[Category.WAKE] == 1

    Leaving the block stops the servers and raises the simulator's own defects, so that a test
    cannot pass on a broken simulator.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        na_port: int = 0,
        seed: int = 1,
        auto_allow: str | None = None,
        domains: Mapping[str, str] | None = None,
        rate_limits: bool = True,
        streaming: bool = False,
    ) -> None:
        """Prepare without listening yet. Port 0 takes a free one.

        With `streaming`, the cars stream on their own, by the real clock; without, `stream` brings
        them up to the clock's now.
        """
        self.cloud = Cloud(clock or Clock(), seed=seed, auto_allow=auto_allow)
        self.cloud.domains.update(domains or {})
        self.cloud.limits.enabled = rate_limits
        self.streams = Streams(self.cloud)
        self._streams_by_itself = streaming
        self._host = host
        self._ports = {"eu": port, "na": na_port}
        self._regions: dict[int, str] = {}
        self._runner: web.AppRunner | None = None
        self._ending = asyncio.Event()

    @property
    def eu_url(self) -> str:
        """Base URL of the region "eu", home of owner-1."""
        return self.cloud.base_urls["eu"]

    @property
    def na_url(self) -> str:
        """Base URL of the region "na"."""
        return self.cloud.base_urls["na"]

    @property
    def auth_url(self) -> str:
        """Base URL of the authorization server."""
        return self.cloud.auth_url

    @property
    def world(self) -> World:
        """Cars and energy sites; replaced by a reset."""
        return self.cloud.world

    @property
    def bill(self) -> Bill:
        """The bill, as Tesla counts."""
        return self.cloud.bill

    @property
    def faults(self) -> Faults:
        """The faults that are ordered."""
        return self.cloud.faults

    @property
    def limits(self) -> RateLimits:
        """Rate limits; `limits.enabled = False` turns them off."""
        return self.cloud.limits

    @property
    def clock(self) -> Clock:
        """The simulated time."""
        return self.cloud.clock

    @property
    def accounts(self) -> Accounts:
        """Users, applications, registrations and consents; replaced by a reset."""
        return self.cloud.accounts

    @property
    def domains(self) -> dict[str, str]:
        """The real address of each domain."""
        return self.cloud.domains

    @property
    def requests(self) -> list[Served]:
        """The last requests, oldest first."""
        return list(self.cloud.requests)

    def login(
        self,
        user: str = "owner-1",
        client_id: str = "flotte-demo",
        scopes: frozenset[str] = SCOPES,
    ) -> dict[str, Any]:
        """Return a pair of tokens as after a login, without pages and the token endpoint."""
        accounts = self.accounts
        return self.cloud.tokens.login(
            accounts.users[user], accounts.applications[client_id], scopes
        )

    async def stream(self, patience: float = PATIENCE) -> None:
        """Bring every car's stream up to the simulated now, over real connections.

        Messages since the last step are sent with their own times; returns when the servers have
        acknowledged them, or after `patience` real seconds.
        """
        await self.streams.step(patience)

    def due(self) -> list[tuple[str, str, Emission]]:
        """Return the due messages instead of sending them: VIN, client id, message, in order.

        They are billed as if they had been sent.
        """
        return self.streams.due()

    async def start(self) -> None:
        """Listen at both addresses."""
        self._ending.clear()
        app = web.Application(client_max_size=1 << 20)
        control.add_routes(app, self.cloud, self.streams.authorities)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=0.1
        )
        await self._runner.setup()
        base_urls: dict[str, str] = {}
        for region, port in self._ports.items():
            site = web.TCPSite(self._runner, self._host, port)
            await site.start()
            bound = self._runner.addresses[-1][1]
            self._regions[bound] = region
            base_urls[region] = f"http://{self._host}:{bound}"
        self.cloud.listen_at(base_urls)
        if self._streams_by_itself:
            self.streams.start()

    async def stop(self) -> None:
        """Close the servers and all connections."""
        await self.streams.stop()
        self._ending.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
        if error is None and self.cloud.failures:
            raise ExceptionGroup("the simulator failed", self.cloud.failures)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        """Process one request; see the module's docstring."""
        cloud = self.cloud
        cloud.world.advance()
        telemetry.enforce(cloud)
        match = find(request.method, request.path)
        region = self._region(request)
        call = Call(
            request=request,
            endpoint=match.endpoint,
            parameters=match.parameters,
            began=cloud.clock.now(),
            name=match.name,
            vin=_vin(cloud, match),
            region=region,
            base_url=cloud.base_urls[region],
        )
        cloud.in_flight.append(call)
        try:
            return await self._work(call, method_fits=match.method_fits)
        finally:
            cloud.in_flight.remove(call)

    async def _work(self, call: Call, *, method_fits: bool) -> web.StreamResponse:
        """Answer, unless a fault was ordered that prevents it."""
        cloud, request = self.cloud, call.request
        trouble = cloud.faults.take(call.name, request.path, call.vin)
        try:
            # Before anything else: a client that gives up while waiting has still sent its request,
            # which must run.
            await request.read()
        except ConnectionError, web.RequestPayloadError:
            return _hang_up(request)
        if trouble.delay:
            await asyncio.sleep(trouble.delay)
        if trouble.kind in (FaultKind.DROPPED, FaultKind.HANG):
            cloud.bill.dropped += 1
            _log(cloud, call, status=None, fault=trouble.kind, billed=False)
            if trouble.kind is FaultKind.HANG:
                await self._ending.wait()
            return _hang_up(request)
        txid = new_txid()
        if trouble.fault is not None and trouble.kind in _ANSWERED_WITHOUT_RUNNING:
            response = _ordered(trouble.fault, txid)
        else:
            response = await _answer(cloud, call, txid, method_fits=method_fits)
        if trouble.fault is not None and trouble.kind is FaultKind.MALFORMED:
            _spoil(response, trouble.fault)
        response.headers.update(call.headers)
        response.headers["x-txid"] = txid
        billed = cloud.bill.charge(
            _client_id(cloud, request),
            call.endpoint.category,
            status=response.status,
            vin=call.vin,
        )
        _log(cloud, call, status=response.status, fault=trouble.kind, billed=billed)
        if trouble.kind is FaultKind.LOST_REPLY:
            return _hang_up(request)
        if trouble.kind is FaultKind.ENDLESS:
            return await bodies.endless(request, response)
        return response

    def _region(self, request: web.Request) -> str:
        """The region of the address that a request came to."""
        if request.transport is None:
            return "eu"
        return self._regions.get(request.transport.get_extra_info("sockname")[1], "eu")


_ANSWERED_WITHOUT_RUNNING = frozenset(
    {FaultKind.STATUS, FaultKind.FIREWALL, FaultKind.ENDLESS, FaultKind.BOMB}
)


async def _answer(cloud: Cloud, call: Call, txid: str, *, method_fits: bool) -> web.Response:
    """The handler's answer, or the refusal that precedes it."""
    try:
        if call.endpoint.limited is Limited.TOKEN:
            await _limit_tokens(cloud, call)
        fleet.prepare(cloud, call)
        if not method_fits:
            raise Refusal(405, "invalid_method")  # noqa: TRY301 - same path as all refusals
        return await HANDLERS[call.endpoint.name](cloud, call)
    except Refusal as refusal:
        return refusal.response(txid)
    except Exception as error:
        # A defect of the simulator: kept, and raised when the simulator is left.
        LOGGER.exception("%s %s", call.request.method, call.request.path)
        cloud.failures.append(error)
        return Refusal(500, f"defect of the simulator: {error!r}").response(txid)


async def _limit_tokens(cloud: Cloud, call: Call) -> None:
    """Raise Refusal 429 when an application asks for tokens too often."""
    form = await call.request.post()
    allowance = cloud.limits.admit(Limited.TOKEN, str(form.get("client_id", "")))
    call.headers.update(allowance.headers)
    if not allowance.admitted:
        raise Refusal(429, f"Retry in {allowance.reset_seconds} seconds")


def _log(
    cloud: Cloud,
    call: Call,
    *,
    status: int | None,
    fault: FaultKind | None,
    billed: bool,
) -> None:
    """Add a request to the log."""
    cloud.requests.append(
        Served(
            began=call.began,
            time=cloud.clock.now(),
            method=call.request.method,
            path=call.request.path_qs,
            endpoint=call.name,
            status=status,
            vin=call.vin,
            category=call.endpoint.category,
            client_id=_client_id(cloud, call.request),
            region=call.region,
            billed=billed,
            fault=None if fault is None else str(fault),
        )
    )


def _client_id(cloud: Cloud, request: web.Request) -> str:
    """The developer account to bill, which an expired token names too."""
    token = cloud.known_token(request)
    return token.application.client_id if token else ""


def _vin(cloud: Cloud, match: Match) -> str | None:
    """The VIN of the vehicle in a request, even if its path has the vehicle's number."""
    name = match.parameters.get("vin")
    if name is None:
        return None
    car = cloud.world.car(name)
    return car.vin if car else name


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    # This response goes nowhere, because the connection is closed; the server requires one.
    return web.Response()


def _ordered(fault: Fault, txid: str) -> web.Response:
    """The answer that was ordered."""
    if fault.kind is FaultKind.FIREWALL:
        response = web.Response(
            text=fault.body if isinstance(fault.body, str) else bodies.FIREWALL_PAGE,
            status=403,
            content_type="text/html",
        )
    elif fault.kind is FaultKind.BOMB:
        response = web.Response(
            body=bodies.bomb(),
            status=fault.status,
            content_type="application/json",
            headers={"Content-Encoding": "gzip"},
        )
    elif isinstance(fault.body, bytes):
        response = web.Response(body=fault.body, status=fault.status)
        response.content_type = "application/json"
    elif isinstance(fault.body, str):
        response = web.Response(text=fault.body, status=fault.status)
        response.content_type = "application/json" if fault.body[:1] in "{[" else "text/plain"
    elif fault.body is not None:
        response = web.json_response(fault.body, status=fault.status)
    else:
        response = Refusal(fault.status, USUAL_BODIES.get(fault.status, "")).response(txid)
    response.headers.update(fault.headers)
    return response


def _spoil(response: web.Response, fault: Fault) -> None:
    """Replace the body by the ordered one, or cut it in half."""
    body = response.body if isinstance(response.body, bytes) else b""
    if isinstance(fault.body, str | bytes):
        response.body = fault.body.encode() if isinstance(fault.body, str) else fault.body
    else:
        response.body = body[: len(body) // 2]

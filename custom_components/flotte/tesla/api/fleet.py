"""Tesla's Fleet API over HTTP: one method an endpoint, one way out, and the meter in that way.

Every request names its charge and passes the meter, which books it before it leaves and takes it
back only when Tesla certainly does not bill it. Nothing is retried silently: what is sent again
(after a new token, at another region's host) is booked again.
"""

import asyncio
import logging
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, NoReturn

import aiohttp
from aiohttp.typedefs import LooseHeaders

from ..errors import (
    AccountSuspended,
    AnswerLost,
    Forbidden,
    InvalidAnswer,
    LoginRequired,
    RateLimited,
    Refused,
    TeslaError,
    Unreachable,
    WrongRegion,
    error_class,
)
from ..hosts import Hosts, address_in
from ..privacy import shortened
from ..spending.caller import SETUP, Caller
from ..spending.endpoints import Endpoint, Endpoints
from ..spending.ledger import Booking
from ..spending.meter import Meter
from ..spending.tariff import Category, Charge
from .answers import TIMEOUT, forget_bodies, parse_json, read_text
from .login import Login
from .oauth import partner_token

_LOGGER = logging.getLogger(__name__)

LARGEST_REPLY: Final = 100_000
"""Bytes of a signed reply; Tesla's own client refuses more."""

VEHICLE_DATA_SECTIONS: Final = (
    "charge_state",
    "climate_state",
    "drive_state",
    "vehicle_state",
    "vehicle_config",
)
SCHEDULE_SECTIONS: Final = ("charge_schedule_data", "preconditioning_schedule_data")
"""They come only when they are asked for by name."""

type TokenSource = Callable[[bool], Awaitable[str]]
"""Answers an access token; asked with True it must get a new one first. Raises LoginRequired."""

type Keeper = Callable[[Booking], Awaitable[None]]
"""Makes a booked entry durable before its request leaves. Raises Refused if it must not leave."""


async def _keep_nothing(_entry: Booking) -> None:
    """Keep no ledger on disk."""


def utc_now() -> datetime:
    """The time now, aware."""
    return datetime.now(UTC)


class FleetApi:
    """The Fleet API as one account sees it.

    Args:
        session: HTTP session to use.
        token: Source of access tokens.
        hosts: Addresses, and which of them are trusted.
        base_url: Regional base URL to start with.
        meter: Books every request.
        endpoints: What each request is billed as.
        keep: Makes bookings durable.
        clock: The time now; aware.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: TokenSource,
        *,
        hosts: Hosts,
        base_url: str,
        meter: Meter,
        endpoints: Endpoints | None = None,
        keep: Keeper = _keep_nothing,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._session = session
        self._token = token
        self._hosts = hosts
        self.base_url = base_url
        self.meter = meter
        self.endpoints = endpoints or Endpoints()
        self._keep = keep
        self._clock = clock
        # Until which monotonic second Tesla asked to be left alone, and for how long in all.
        self._quiet_until: dict[Category, tuple[float, float]] = {}
        self._configuring = asyncio.Lock()
        self.login = Login()
        """Whether Tesla accepts the tokens."""
        # By what was asked and of which car: the token with which that was accepted last.
        self._accepted: dict[tuple[str, str], str] = {}
        # Cars that are refused what is accepted of others with the same token.
        self._refused_alone: set[str] = set()

    def price(self, endpoint: Endpoint) -> Decimal:
        """What a request to an endpoint costs, in the tariff's currency."""
        return self.meter.tariff.price(self.endpoints.category(endpoint))

    # --- Account ---------------------------------------------------------------------------------

    async def products(self, caller: Caller = SETUP) -> list[dict[str, Any]]:
        """Vehicles (with `vin`) and energy sites (with `energy_site_id`) of the account."""
        charge = self.endpoints.charge(Endpoint.PRODUCTS)
        products = _list(
            await self._request("GET", "/api/1/products", charge=charge, caller=caller)
        )
        return [each for each in products if isinstance(each, dict)]

    async def region(self) -> str:
        """The base URL that serves this account; afterwards it is used for everything."""
        charge = self.endpoints.charge(Endpoint.REGION)
        path = "/api/1/users/region"
        answer = _dict(await self._request("GET", path, charge=charge, caller=SETUP))
        base_url = str(answer.get("fleet_api_base_url", "")).rstrip("/")
        if not self._hosts.trusts(base_url):
            base_url = base_url[:200]
            raise WrongRegion(f"not one of Tesla's hosts: {base_url}", base_url=base_url)
        self.base_url = base_url
        return base_url

    async def fleet_status(self, vins: list[str], caller: Caller = SETUP) -> dict[str, Any]:
        """Which vehicles carry our key, and whether they demand signed commands."""
        return _dict(
            await self._request(
                "POST",
                "/api/1/vehicles/fleet_status",
                charge=self.endpoints.charge(Endpoint.FLEET_STATUS),
                caller=caller,
                body={"vins": vins},
            )
        )

    async def register(self, domain: str) -> dict[str, Any]:
        """Register the application's domain in this region; needs a partner token.

        Answers Tesla's record of the application with `public_key`, the hexadecimal uncompressed
        point that Tesla fetched from the domain.
        """
        return _dict(
            await self._request(
                "POST",
                "/api/1/partner_accounts",
                charge=self.endpoints.charge(Endpoint.REGISTER),
                caller=SETUP,
                body={"domain": domain},
            )
        )

    # --- Vehicles --------------------------------------------------------------------------------

    async def vehicle(self, vin: str, caller: Caller) -> dict[str, Any]:
        """The vehicle's state (`online`, `asleep`, `offline`), without asking the vehicle."""
        path = f"/api/1/vehicles/{vin}"
        charge = self.endpoints.charge(Endpoint.VEHICLE)
        return _dict(await self._request("GET", path, charge=charge, caller=caller, car=vin))

    async def vehicle_data(
        self,
        vin: str,
        caller: Caller,
        *,
        location: bool = False,
        sections: tuple[str, ...] = VEHICLE_DATA_SECTIONS,
    ) -> dict[str, Any]:
        """Everything the vehicle tells now, by section; it must be online.

        Args:
            vin: Vehicle.
            caller: Who asks.
            location: Ask for the position too; needs its own scope.
            sections: What to ask for; the price is the same however many there are.
        """
        wanted = [*sections, *(["location_data"] if location else [])]
        path = f"/api/1/vehicles/{vin}/vehicle_data?endpoints={'%3B'.join(wanted)}"
        charge = self.endpoints.charge(Endpoint.VEHICLE_DATA)
        return _dict(await self._request("GET", path, charge=charge, caller=caller, car=vin))

    async def wake_up(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Ask the vehicle to wake up, which takes it 10 to 60 s."""
        path = f"/api/1/vehicles/{vin}/wake_up"
        charge = self.endpoints.charge(Endpoint.WAKE_UP)
        return _dict(await self._request("POST", path, charge=charge, caller=caller, car=vin))

    async def command(
        self, vin: str, name: str, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Send an unsigned command; answers `{"result": bool, "reason": str}`."""
        path = f"/api/1/vehicles/{vin}/command/{name}"
        charge = self.endpoints.charge(Endpoint.COMMAND)
        return _dict(
            await self._request(
                "POST", path, charge=charge, caller=caller, car=vin, body=dict(parameters)
            )
        )

    async def signed_command(self, vin: str, message: bytes, caller: Caller) -> bytes:
        """Pass a serialised `RoutableMessage` to the vehicle and answer its reply."""
        answer = await self._request(
            "POST",
            f"/api/1/vehicles/{vin}/signed_command",
            charge=self.endpoints.charge(Endpoint.SIGNED_COMMAND),
            caller=caller,
            car=vin,
            body={"routable_message": b64encode(message).decode()},
        )
        reply = _decoded(answer)
        if reply is None:
            # The error's traceback keeps this frame.
            del answer
            raise InvalidAnswer("no signed reply")
        return reply

    # --- The stream ------------------------------------------------------------------------------
    async def configure_telemetry(
        self, vins: list[str], token: str, caller: Caller
    ) -> dict[str, Any]:
        """Have vehicles stream as the signed configuration says.

        Answers `updated_vehicles`, and `skipped_vehicles` by reason. Tesla refuses a second one
        while one is under way (429), so they go one after the other.
        """
        async with self._configuring:
            return _dict(
                await self._request(
                    "POST",
                    "/api/1/vehicles/fleet_telemetry_config_jws",
                    charge=self.endpoints.charge(Endpoint.FLEET_TELEMETRY_CONFIG_CREATE),
                    caller=caller,
                    car=vins[0] if len(vins) == 1 else "",
                    body={"vins": vins, "token": token},
                )
            )

    async def telemetry_config(self, vin: str, caller: Caller) -> dict[str, Any]:
        """What a vehicle is to stream, and whether it knows (`synced`)."""
        charge = self.endpoints.charge(Endpoint.FLEET_TELEMETRY_CONFIG_GET)
        return _dict(await self._telemetry("GET", vin, "config", caller, charge))

    async def delete_telemetry_config(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Have a vehicle stream no more; answers `updated_vehicles`.

        It needs no room in the budget: it is what stops the spending.
        """
        charge = self.endpoints.charge(Endpoint.FLEET_TELEMETRY_CONFIG_DELETE, unasked=True)
        return _dict(await self._telemetry("DELETE", vin, "config", caller, charge))

    async def telemetry_errors(self, vin: str, caller: Caller) -> dict[str, Any]:
        """What trouble a vehicle had with its stream lately, under `fleet_telemetry_errors`.

        Nobody wrote down how the answer for a single vehicle looks: a bare list is taken too.
        """
        charge = self.endpoints.charge(Endpoint.FLEET_TELEMETRY_ERRORS)
        answer = await self._telemetry("GET", vin, "errors", caller, charge)
        if isinstance(answer, list):
            answer = {"fleet_telemetry_errors": answer}
        elif not isinstance(answer, dict):
            answer = None
        return _dict(answer)

    async def _telemetry(
        self, method: str, vin: str, what: str, caller: Caller, charge: Charge
    ) -> object:
        path = f"/api/1/vehicles/{vin}/fleet_telemetry_{what}"
        return await self._request(method, path, charge=charge, caller=caller, car=vin)

    # --- Energy sites ----------------------------------------------------------------------------

    async def live_status(self, site: int, caller: Caller) -> dict[str, Any]:
        """Power flows of a site now, in W."""
        return await self._site("GET", site, Endpoint.LIVE_STATUS, caller)

    async def site_info(self, site: int, caller: Caller) -> dict[str, Any]:
        """Settings and equipment of a site."""
        return await self._site("GET", site, Endpoint.SITE_INFO, caller)

    async def site_command(
        self, site: int, endpoint: Endpoint, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Change a setting of a site; see `confirmation` for the forms of the answer."""
        return await self._site("POST", site, endpoint, caller, dict(parameters))

    async def _site(
        self,
        method: str,
        site: int,
        endpoint: Endpoint,
        caller: Caller,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        path = f"/api/1/energy_sites/{site}/{endpoint}"
        charge = self.endpoints.charge(endpoint)
        answer = await self._request(
            method, path, charge=charge, caller=caller, car=str(site), body=body
        )
        # Dead sites answer null or an empty list.
        return answer if isinstance(answer, dict) else {}

    # --- The way out -----------------------------------------------------------------------------

    async def _request(
        self,
        method: str,
        path: str,
        *,
        charge: Charge,
        caller: Caller,
        car: str = "",
        body: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  # JSON
        """Send one request and answer what its envelope holds under `response`.

        A token that Tesla refuses is renewed once, another region's host is followed once if it
        is Tesla's; both send the request again, and book it again. Neither was executed before.

        Raises:
            TeslaError: one of the tree, by status and text; see `errors`.
        """
        self.login.check(is_free=not self.meter.tariff.price(charge.category))
        try:
            return await self._exchange(
                method, path, charge=charge, caller=caller, car=car, body=body
            )
        except TeslaError as error:
            forget_bodies(error)
            if isinstance(error, LoginRequired):
                self.login.refused(error)
            raise

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        charge: Charge,
        caller: Caller,
        car: str,
        body: dict[str, Any] | None,
    ) -> Any:  # noqa: ANN401  # JSON
        renew = renewed = moved = False
        while True:
            self._respect_quiet(charge)
            token = await self._token(renew)
            renew = False
            # Known before it leaves: one that left earlier says nothing about now.
            probes = self._probes(charge, method, path, car)
            status, text, headers = await self._send(
                method, path, token, charge=charge, caller=caller, car=car, body=body
            )
            if status < HTTPStatus.MULTIPLE_CHOICES:
                self.login.accepted()
                self._accepted[_kind(method, path, car), car] = token
                self._refused_alone.discard(car)
                if probes and self._probes(charge, method, path, car):
                    _LOGGER.info("Tesla answers again: its limit was raised")
                    self.meter.note_service_resumed()
                return _payload(text)
            if status == HTTPStatus.MISDIRECTED_REQUEST and not moved:
                self._move(address_in(text, headers.get("Alt-Svc", "")), text)
                moved = True
                continue
            if error_class(status, text) is LoginRequired:
                is_alone = self._is_accepted_of_others(_kind(method, path, car), car, token)
                if not renewed and not (is_alone and car in self._refused_alone):
                    renew = renewed = True
                    continue
                if is_alone:
                    # Not the login is refused, but this car: a new login would change nothing.
                    self._refused_alone.add(car)
                    raise Forbidden(f"{status}: {_error_text(text)}")
            if error_class(status, text) is AccountSuspended and status == HTTPStatus.FORBIDDEN:
                is_free = not self.meter.tariff.price(charge.category)
                self.meter.suspend(self._clock(), _kind(method, path, car) if is_free else None)
            self._fail(status, text, headers, charge)

    def _is_accepted_of_others(self, kind: str, car: str, token: str) -> bool:
        """Whether Tesla accepts this token for the same question about another car."""
        return any(
            accepted == token and asked == kind and other != car
            for (asked, other), accepted in self._accepted.items()
        )

    def _probes(self, charge: Charge, method: str, path: str, car: str) -> bool:
        """Whether this costs nothing, and an answer to it tells that Tesla's limit was raised."""
        is_free = not self.meter.tariff.price(charge.category)
        kind = _kind(method, path, car)
        return is_free and self.meter.suspension.is_probe(kind, self._clock())

    async def _send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        charge: Charge,
        caller: Caller,
        car: str,
        body: dict[str, Any] | None,
    ) -> tuple[int, str, Mapping[str, str]]:
        """One booked attempt: status, body and headers (their names case-insensitive)."""
        entries: list[Booking] = []

        async def book(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            # aiohttp repeats a GET on its own when a kept connection turns out to be closed. The
            # first copy may have been answered, so each attempt is booked, here, where no attempt
            # can get past.
            if entries:
                self.meter.unanswered(entries[-1])
            entries.append(self.meter.charge(charge, caller, car, self._clock()))
            await self._keep_last(entries)
            return await handler(request)

        headers: LooseHeaders = {"Authorization": f"Bearer {token}"}
        try:
            async with self._session.request(
                method,
                self.base_url + path,
                headers=headers,
                json=body if body is not None or method != "POST" else {},
                timeout=TIMEOUT,
                allow_redirects=False,
                middlewares=(book,),
            ) as response:
                status = response.status
                text = await read_text(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # Never connected, so it never left.
            if entries:
                self.meter.refund(entries[-1])
            raise Unreachable(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            if entries:
                self.meter.unanswered(entries[-1])
            raise AnswerLost(type(error).__name__) from error
        except asyncio.CancelledError:
            if entries:
                self.meter.unanswered(entries[-1])
            raise
        _LOGGER.debug("%s %s: %s", method, path.partition("?")[0].replace(car, car[-6:]), status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.meter.refund(entries[-1])
        return status, text, response.headers

    async def _keep_last(self, entries: list[Booking]) -> None:
        """Make the last booking durable, or take it back: then nothing may leave."""
        try:
            await self._keep(entries[-1])
        except Refused:
            self.meter.refund(entries.pop())
            raise

    def _move(self, base_url: str | None, text: str) -> None:
        """Use another region's host from now on, if it is one of Tesla's."""
        if base_url is None or not self._hosts.trusts(base_url):
            raise WrongRegion(shortened(text, 200), base_url=base_url and base_url[:200])
        _LOGGER.info("Tesla serves this account at %s", base_url)
        self.base_url = base_url

    def _respect_quiet(self, charge: Charge) -> None:
        """Send nothing of a kind that Tesla asked to be left alone with."""
        now = time.monotonic()
        until, pause = self._quiet_until.get(charge.category, (now, 0.0))
        if until > now + pause:
            # Whatever becomes of the clock, the wait is no longer than Tesla asked for.
            until = now + pause
            self._quiet_until[charge.category] = (until, pause)
        if now < until:
            left = timedelta(seconds=until - now)
            raise RateLimited("waiting as Tesla asked", retry_after=left)

    def _fail(self, status: int, text: str, headers: Mapping[str, str], charge: Charge) -> NoReturn:
        """Raise what a status and its text mean."""
        kind = error_class(status, text)
        if kind is LoginRequired and not isinstance(parse_json(text), dict):
            # Not Tesla's own words: whoever stands in front of it knows nothing of the login.
            kind = Forbidden
        detail = f"{status}: {_error_text(text)}"
        if kind is RateLimited:
            pause = _retry_after(headers, text)
            seconds = pause.total_seconds()
            self._quiet_until[charge.category] = (time.monotonic() + seconds, seconds)
            raise RateLimited(detail, retry_after=pause)
        raise kind(detail)


def _kind(method: str, path: str, car: str) -> str:
    """What is asked, whichever car or site it is about."""
    path = path.partition("?")[0]
    return f"{method} {path.replace(car, '') if car else path}"


def _payload(text: str) -> Any:  # noqa: ANN401  # JSON
    """What the envelope holds."""
    envelope = parse_json(text)
    if not isinstance(envelope, dict):
        raise InvalidAnswer("not JSON")
    if "response" not in envelope:
        raise InvalidAnswer("no response in the answer")
    return envelope["response"]


def _decoded(answer: object) -> bytes | None:
    """The bytes of a signed reply; None if it is none."""
    if not isinstance(answer, str) or len(answer) > LARGEST_REPLY:
        return None
    try:
        return b64decode(answer, validate=True)
    except ValueError:
        return None


def _error_text(text: str) -> str:
    """Tesla's own words, short: `error` and `error_description` of the envelope, or the body.

    An envelope without words says nothing.
    """
    envelope = parse_json(text)
    if not isinstance(envelope, dict) or "error" not in envelope:
        return shortened(text, 200)
    words = [str(envelope[key]) for key in ("error", "error_description") if envelope.get(key)]
    return shortened(": ".join(words), 200)


def _dict(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        # The error's traceback keeps this frame.
        del answer
        raise InvalidAnswer("not an object")
    return answer


def _list(answer: object) -> list[Any]:
    if not isinstance(answer, list):
        del answer
        raise InvalidAnswer("not a list")
    return answer


DEFAULT_PAUSE: Final = timedelta(seconds=60)
LONGEST_PAUSE: Final = timedelta(hours=1)
_RETRY_IN: Final = re.compile(r"retry in (\d+) second", re.IGNORECASE)


def _retry_after(headers: Mapping[str, str], text: str) -> timedelta:
    """How long to wait after a 429.

    Tesla's pages and logs show several forms (2024 to 2026): `Retry-After`, `RateLimit-Reset`,
    `RateLimit-<class>-Reset`, or only words in the body. Any of them counts, else 60 s.
    """
    told = [
        value.strip()
        for name, value in headers.items()
        if (lower := name.lower()) == "retry-after"
        or (lower.startswith("ratelimit-") and lower.endswith("reset"))
    ]
    if found := _RETRY_IN.search(text):
        told.append(found[1])
    for seconds in told:
        # A window that begins just now (0) says nothing about how long to wait.
        if seconds.isascii() and seconds.isdigit() and (digits := seconds.lstrip("0")):
            # More digits than these say the same.
            return min(timedelta(seconds=int(digits[:6])), LONGEST_PAUSE)
    return DEFAULT_PAUSE


__all__ = ["FleetApi", "Keeper", "TeslaError", "TokenSource", "partner_token", "utc_now"]

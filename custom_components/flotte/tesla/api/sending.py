"""The sending of a request over HTTP, booked before it leaves.

A booking is refunded only if Tesla certainly does not bill the request: it was never sent, or its
status is 5xx. If the answer is lost, the request stays booked and counts as unanswered.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp.typedefs import LooseHeaders

from ..clock import utc_now
from ..errors import AnswerLost, Refused, Unreachable
from ..privacy import VIN_SHOWN
from ..spending.caller import Caller
from ..spending.ledger import Booking
from ..spending.meter import Meter
from ..spending.tariff import Charge
from .answers import REQUEST_TIMEOUT, read_body

_LOGGER = logging.getLogger(__name__)

type Keeper = Callable[[Booking], Awaitable[None]]
"""Makes a booking durable before its request is sent. Raises Refused if it must not be sent."""


async def keep_nothing(_entry: Booking) -> None:
    """Keep no ledger on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request to the Fleet API, with its charge and its caller."""

    method: str
    path: str
    charge: Charge
    caller: Caller
    asset: str = ""
    """VIN of a vehicle or number of a site; empty if the request concerns no single asset."""
    body: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        """Method and path without the query and the asset."""
        path = self.path.partition("?")[0]
        return f"{self.method} {path.replace(self.asset, '') if self.asset else path}"

    def __str__(self) -> str:
        """The request for the log: without its query, and with only the end of the asset's id."""
        path = self.path.partition("?")[0].replace(self.asset, self.asset[-VIN_SHOWN:])
        return f"{self.method} {path}"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """Tesla's answer to one request, whatever its status."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Headers; their names are case-insensitive."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


class Sender:
    """Sends requests, after booking each with the meter and making the booking durable.

    Args:
        session: HTTP session to use.
        meter: Books every request.
        keep: Makes bookings durable.
        clock: Returns the current time, timezone-aware.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        meter: Meter,
        keep: Keeper = keep_nothing,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.session = session
        self.meter = meter
        self.keep = keep
        self.clock = clock

    async def send(self, request: ApiRequest, base_url: str, token: str) -> ApiResponse:
        """Send a request once.

        Raises:
            Refused: the request was not sent, because the budget has no room for it or its booking
                could not be made durable.
            Unreachable: the request was not sent, because Tesla could not be reached.
            AnswerLost: the request may have arrived.
        """
        bookings: list[Booking] = []

        async def book(
            outgoing: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            # aiohttp repeats a GET on its own if a kept-alive connection turns out to be closed,
            # and the first attempt may have been answered. So each attempt is booked, in this
            # middleware, which none can bypass.
            if bookings:
                self.meter.unanswered(bookings[-1])
            bookings.append(
                self.meter.charge(request.charge, request.caller, request.asset, self.clock())
            )
            await self._keep_last(bookings)
            return await handler(outgoing)

        headers: LooseHeaders = {"Authorization": f"Bearer {token}"}
        body = request.body
        try:
            async with self.session.request(
                request.method,
                base_url + request.path,
                headers=headers,
                json=body if body is not None or request.method != "POST" else {},
                timeout=REQUEST_TIMEOUT,
                allow_redirects=False,
                middlewares=(book,),
            ) as response:
                status = response.status
                content = await read_body(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # The connection failed, so the request was not sent.
            if bookings:
                self.meter.refund(bookings[-1])
            raise Unreachable(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            if bookings:
                self.meter.unanswered(bookings[-1])
            raise AnswerLost(type(error).__name__) from error
        except asyncio.CancelledError:
            if bookings:
                self.meter.unanswered(bookings[-1])
            raise
        _LOGGER.debug("%s: %s", request, status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.meter.refund(bookings[-1])
        return ApiResponse(status, content, response.headers)

    async def _keep_last(self, bookings: list[Booking]) -> None:
        """Make the last booking durable; if that fails, refund it, and nothing is sent."""
        try:
            await self.keep(bookings[-1])
        except Refused:
            self.meter.refund(bookings.pop())
            raise

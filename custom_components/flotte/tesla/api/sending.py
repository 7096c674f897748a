"""One request over HTTP, booked before it leaves.

The booking is taken back only when Tesla certainly does not bill the request: it never left, or its
status is 5xx. A request whose answer is lost stays booked, and counts as unanswered.
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
from .answers import TIMEOUT, read_text

_LOGGER = logging.getLogger(__name__)

type Keeper = Callable[[Booking], Awaitable[None]]
"""Makes a booked entry durable before its request leaves. Raises Refused if it must not leave."""


async def keep_nothing(_entry: Booking) -> None:
    """Keep no ledger on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request to the Fleet API: one question, its charge, and the caller it is booked to."""

    method: str
    path: str
    charge: Charge
    caller: Caller
    asset: str = ""
    """VIN of a vehicle or number of a site; empty if it is about no single one."""
    body: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        """Method and path without the query and the asset."""
        path = self.path.partition("?")[0]
        return f"{self.method} {path.replace(self.asset, '') if self.asset else path}"

    def __str__(self) -> str:
        """As it may be logged: without the query, and with the end of the asset only."""
        path = self.path.partition("?")[0].replace(self.asset, self.asset[-VIN_SHOWN:])
        return f"{self.method} {path}"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """Tesla's answer to one request, whatever its status."""

    status: int
    text: str
    headers: Mapping[str, str]
    """Their names are case-insensitive."""


class Sender:
    """Sends requests, each booked with the meter and made durable before it leaves.

    Args:
        session: HTTP session to use.
        meter: Books every request.
        keep: Makes bookings durable.
        clock: The time now; aware.
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
            Refused: the meter has no room for it, or it could not be booked durably: it did not
                leave.
            Unreachable: it did not leave.
            AnswerLost: it may have arrived.
        """
        bookings: list[Booking] = []

        async def book(
            outgoing: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            # aiohttp repeats a GET on its own when a kept connection turns out to be closed. The
            # first copy may have been answered, so each attempt is booked, here, where no attempt
            # can get past.
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
                timeout=TIMEOUT,
                allow_redirects=False,
                middlewares=(book,),
            ) as response:
                status = response.status
                text = await read_text(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # Never connected, so it never left.
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
        return ApiResponse(status, text, response.headers)

    async def _keep_last(self, bookings: list[Booking]) -> None:
        """Make the last booking durable, or take it back: then nothing may leave."""
        try:
            await self.keep(bookings[-1])
        except Refused:
            self.meter.refund(bookings.pop())
            raise

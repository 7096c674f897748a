"""The endpoints of an account's sessions at Superchargers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from ..errors import InvalidAnswer, NoSuchInvoice, NotFound
from ..reading_json import as_object, parse_json
from ..spending.caller import Caller
from ..spending.endpoints import Endpoint
from .sending import ApiResponse

SESSIONS_PER_PAGE: Final = 50
"""Clients in the field request at most this many sessions at once."""
_PATH: Final = "/api/1/dx/charging"
_PDF_TYPES: Final = ("application/pdf", "application/octet-stream")
_PDF_BEGINNING: Final = b"%PDF-"


class ChargingEndpoints(ABC):
    """The part of `FleetApi` for sessions at Superchargers."""

    @abstractmethod
    async def _request(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        caller: Caller,
        *,
        asset: str = "",
        body: dict[str, Any] | None = None,
        unasked: bool = False,
        read: Callable[[ApiResponse], Any] = ...,
    ) -> Any:  # noqa: ANN401  # JSON
        """Send one request."""

    async def charging_history(
        self, start: datetime, end: datetime, page: int, caller: Caller, vin: str = ""
    ) -> Mapping[str, Any]:
        """Return a page of the sessions of a period, newest first; see `charging.supercharging`.

        Args:
            start: Start of the period; aware.
            end: End of the period.
            page: Number of the page, from 1.
            caller: Who causes the request.
            vin: The vehicle; empty for all vehicles of the account.
        """
        query = {
            "startTime": _moment(start),
            "endTime": _moment(end),
            "pageNo": str(page),
            "pageSize": str(SESSIONS_PER_PAGE),
            "sortOrder": "DESC",
            **({"vin": vin} if vin else {}),
        }
        path = f"{_PATH}/history?{urlencode(query)}"
        answer: Mapping[str, Any] = await self._request(
            "GET", path, Endpoint.CHARGING_HISTORY, caller, asset=vin, read=_read_page
        )
        return answer

    async def charging_invoice(self, invoice: str, caller: Caller) -> bytes:
        """Return an invoice as PDF.

        Args:
            invoice: Its `contentId` in the history. The caller checks that it is no path.
            caller: Who causes the request.

        Raises:
            NoSuchInvoice: the account has no such invoice.
        """
        path = f"{_PATH}/invoice/{quote(invoice, safe='')}"
        try:
            content: bytes = await self._request(
                "GET", path, Endpoint.CHARGING_INVOICE, caller, read=_read_pdf
            )
        except NotFound as error:
            raise NoSuchInvoice(error.detail) from error
        return content


def _moment(moment: datetime) -> str:
    """A time in RFC 3339, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_page(answer: ApiResponse) -> Mapping[str, Any]:
    """The page in an answer.

    Tesla's samples wrap it in `response` (2024) or do not (2023), and the number of all sessions
    may stand beside the wrapper.
    """
    envelope = parse_json(answer.text)
    outer = as_object(envelope)
    page = as_object(outer.get("response", outer))
    if not isinstance(page.get("data"), list):
        # The error's traceback keeps this frame.
        del envelope, outer, page
        raise InvalidAnswer("no list of sessions")
    return {"totalResults": outer.get("totalResults"), **page}


def _read_pdf(answer: ApiResponse) -> bytes:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _PDF_TYPES or not answer.body.startswith(_PDF_BEGINNING):
        raise InvalidAnswer(f"not a PDF: {kind}")
    return answer.body

"""The sessions at Superchargers of an account and their invoices, requested through the gate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..api.charging import SESSIONS_PER_PAGE
from ..api.fleet import FleetApi
from ..clock import utc_now
from ..errors import MissingScope
from ..spending.caller import Caller
from ..spending.decision import SpendingRequest
from ..spending.endpoints import Endpoint
from ..spending.gate import Gate
from ..spending.holds import Hold
from .supercharging import Page, SuperchargerSession, read_page

SCOPE: Final = "vehicle_charging_cmds"
MAX_REQUESTS: Final = 10
_SHORT_PAGE: Final = 10
"""A first page with fewer sessions is the last one. A longer one may be cut by a limit of Tesla's
that is lower than the requested length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledSessions:
    """The sessions of a period."""

    sessions: tuple[SuperchargerSession, ...]
    """Each once, the newest first."""
    requests: int
    """Number of requests that it took."""
    has_more: bool
    """Whether Tesla has more sessions of the period."""
    unreadable: int
    """Number of rows that are no sessions."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.has_more and not self.unreadable


class Bills:
    """Requests for what an account paid at Superchargers.

    Args:
        api: Client of the Fleet API.
        gate: Decides what may be spent.
        scopes: Scopes that the owner granted.
        clock: Returns the current time, timezone-aware.
    """

    def __init__(
        self,
        api: FleetApi,
        gate: Gate,
        *,
        scopes: frozenset[str],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.api = api
        self.gate = gate
        self._scopes = scopes
        self._clock = clock

    @property
    def may_ask(self) -> bool:
        """Whether the owner granted the scope."""
        return SCOPE in self._scopes

    async def sessions(
        self, start: datetime, end: datetime, caller: Caller, *, max_requests: int, vin: str = ""
    ) -> BilledSessions:
        """Request the sessions of a period, page by page.

        The gate admits all requests before the first one is sent.

        Args:
            start: Start of the period; aware.
            end: End of the period.
            caller: Who causes the requests.
            max_requests: The number of pages to request at most.
            vin: The vehicle; empty for all vehicles of the account.

        Raises:
            MissingScope: the owner did not grant the scope; nothing was sent.
            BudgetExceeded, AccountSuspended, GateRefused: it costs too much for this caller now.
            TeslaError: any other; pages that were read are lost.
        """
        pages: list[Page] = []
        with self._admit(Endpoint.CHARGING_HISTORY, caller, vin, count=max_requests):
            while len(pages) < max_requests and not _is_over(pages):
                page = await self.api.charging_history(start, end, len(pages) + 1, caller, vin)
                pages.append(read_page(page))
        found: dict[str, SuperchargerSession] = {}
        for session in (session for page in pages for session in page.sessions):
            # A session that is added meanwhile shifts others to the next page.
            found.setdefault(session.number or f"unnumbered {len(found)}", session)
        return BilledSessions(
            sessions=tuple(found.values()),
            requests=len(pages),
            has_more=not _is_complete(pages),
            unreadable=sum(page.rows - len(page.sessions) for page in pages),
        )

    async def invoice(self, invoice: str, caller: Caller) -> bytes:
        """Request an invoice as PDF. Raises as `sessions` does."""
        with self._admit(Endpoint.CHARGING_INVOICE, caller):
            return await self.api.charging_invoice(invoice, caller)

    def _admit(self, endpoint: Endpoint, caller: Caller, vin: str = "", count: int = 1) -> Hold:
        if not self.may_ask:
            raise MissingScope(SCOPE)
        charge = self.api.endpoints.charge(endpoint, count)
        request = SpendingRequest(caller=caller, charges=(charge,), asset=vin)
        return self.gate.admit(request, self._clock())


def _is_over(pages: list[Page]) -> bool:
    """Whether another request is pointless: the list is complete, or Tesla has no other page."""
    return _is_complete(pages) or (bool(pages) and not pages[-1].rows)


def _is_complete(pages: list[Page]) -> bool:
    """Whether the last of these pages ends the list."""
    if not pages:
        return False
    last, rows = pages[-1], sum(page.rows for page in pages)
    if last.total is not None:
        return rows >= last.total and last.rows < SESSIONS_PER_PAGE
    if len(pages) == 1:
        return last.rows < _SHORT_PAGE
    return last.rows < pages[0].rows

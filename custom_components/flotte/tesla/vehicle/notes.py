"""Release notes of a vehicle, requested once for each version."""

import asyncio
import logging
from typing import Final

from ..errors import (
    AccountSuspended,
    BudgetExceeded,
    GateRefused,
    NotRecorded,
    RateLimited,
    ServiceError,
    TeslaError,
    Unreachable,
)
from ..release_notes import release_notes
from ..spending.caller import Caller
from ..spending.endpoints import Endpoint
from .admission import Admission
from .context import VehicleContext
from .outcome import Errand

_LOGGER = logging.getLogger(__name__)
_LATER: Final = (
    AccountSuspended,
    BudgetExceeded,
    GateRefused,
    NotRecorded,
    RateLimited,
    ServiceError,
    Unreachable,
)


class ReleaseNotes:
    """The notes that were requested last."""

    def __init__(self, context: VehicleContext, admission: Admission) -> None:
        self._context = context
        self._admission = admission
        self._version = ""
        self._notes: str | None = None
        self._asking = asyncio.Lock()

    async def of(self, version: str, caller: Caller, *, staged: bool) -> str | None:
        """Return the notes of a version as Markdown, or None if Tesla has none.

        Tesla's servers have them, so the vehicle may be asleep. Refusals are billed too, so one
        is not asked for again.

        Args:
            version: The version.
            caller: Who causes the request.
            staged: Whether the version is an update that is not installed.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused, NotRecorded, RateLimited, Unreachable,
                ServiceError: Tesla was not asked, or cannot answer for a while.
        """
        # Who opens them meanwhile gets the one answer.
        async with self._asking:
            if version != self._version:
                self._notes = await self._ask(version, caller, staged=staged)
                self._version = version
            return self._notes

    async def _ask(self, version: str, caller: Caller, *, staged: bool) -> str | None:
        api = self._context.api
        charge = api.endpoints.charge(Endpoint.RELEASE_NOTES)
        try:
            with self._admission.admit((charge,), caller, Errand.LOOK):
                answer = await api.release_notes(self._context.vin, caller, staged=staged)
            return release_notes(answer, version)
        except _LATER:
            raise
        except TeslaError as error:
            _LOGGER.info("Tesla gave no release notes of %s: %s", version, error)
            return None

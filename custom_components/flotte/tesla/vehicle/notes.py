"""Release notes of a vehicle, requested once for each version."""

import logging

from ..errors import (
    BudgetExceeded,
    GateRefused,
    NotRecorded,
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


class ReleaseNotes:
    """The notes that were requested last."""

    def __init__(self, context: VehicleContext, admission: Admission) -> None:
        self._context = context
        self._admission = admission
        self._version = ""
        self._notes: str | None = None

    async def of(self, version: str, caller: Caller, *, staged: bool) -> str | None:
        """Return the notes of a version as Markdown, or None if Tesla has none.

        Tesla's servers have them, so the vehicle may be asleep. Refusals are billed too, so one
        is not asked for again.

        Args:
            version: The version.
            caller: Who causes the request.
            staged: Whether the version is an update that is not installed.

        Raises:
            BudgetExceeded, GateRefused, NotRecorded, Unreachable, ServiceError: nothing was billed.
        """
        if version == self._version:
            return self._notes
        api = self._context.api
        charge = api.endpoints.charge(Endpoint.RELEASE_NOTES)
        notes = None
        try:
            with self._admission.admit((charge,), caller, Errand.LOOK):
                answer = await api.release_notes(self._context.vin, caller, staged=staged)
            notes = release_notes(answer, version)
        except BudgetExceeded, GateRefused, NotRecorded, Unreachable, ServiceError:
            raise
        except TeslaError as error:
            _LOGGER.info("Tesla gave no release notes of %s: %s", version, error)
        self._version, self._notes = version, notes
        return notes

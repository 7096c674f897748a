"""The charging sessions at a site, requested by actions."""

from datetime import datetime

from ..energy.charge_history import ChargeSession, read_charges
from ..spending.caller import Caller
from ..spending.endpoints import Endpoint
from .site import Site


async def request_charges(
    site: Site, start: datetime, end: datetime, caller: Caller
) -> tuple[ChargeSession, ...]:
    """Request the sessions that began in a period, in order of time.

    Raises:
        BudgetExceeded, AccountSuspended, GateRefused: it costs too much for this caller now.
        TeslaError: any other.
    """
    with site.admit(Endpoint.TELEMETRY_HISTORY, caller):
        answer = await site.api.charge_history(
            site.site_id, start, end, site.energy.zone.key, caller
        )
    return read_charges(answer)

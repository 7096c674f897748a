"""Requests to Tesla about streams. The gate admits them, except those that end spending."""

from collections.abc import Mapping
from typing import Any

from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla.api.fleet import FleetApi
from ..tesla.errors import TeslaError
from ..tesla.spending.caller import STREAM
from ..tesla.spending.decision import SpendingRequest
from ..tesla.spending.endpoints import Endpoint
from ..tesla.spending.gate import Gate
from ..tesla.spending.holds import Hold
from ..tesla.telemetry.answers import read_configuration
from ..tesla.telemetry.configuration import expiry_of


def admit(
    api: FleetApi, gate: Gate, vins: list[str], *endpoints: Endpoint, reduces_cost: bool = False
) -> Hold:
    """Ask the gate to admit background requests about the stream.

    Args:
        api: Client of the Fleet API; it books a request about several vehicles to none of them.
        gate: Decides.
        vins: The vehicles.
        endpoints: The requests.
        reduces_cost: Whether the requests make the rest of the month cheaper, so that they need not
            wait.

    Raises:
        BudgetExceeded, AccountSuspended, GateRefused: the requests may not be sent now.
    """
    asset = vins[0] if len(vins) == 1 else ""
    charges = tuple(api.endpoints.charge(each) for each in endpoints)
    request = SpendingRequest(
        caller=STREAM, charges=charges, asset=asset, reduces_cost=reduces_cost
    )
    return gate.admit(request, dt_util.utcnow())


async def async_delete_configuration(
    api: FleetApi,
    gate: Gate,
    vin: str,
    name: str,
    configured: Mapping[str, Any],
    *,
    only_ours: bool = False,
) -> None:
    """Delete a vehicle's configuration at Tesla; until then its stream costs money.

    Args:
        api: Client of the Fleet API.
        gate: Admits the check beforehand. The deletion needs no admission, as it ends spending.
        vin: The vehicle's VIN.
        name: The vehicle's name.
        configured: The configuration we sent.
        only_ours: Delete only if Tesla still has ours: the owner's own server, which belongs to the
            same application, may have configured the vehicle since.

    Raises:
        TeslaError: the vehicle keeps streaming, which was logged.
    """
    try:
        if only_ours:
            with admit(api, gate, [vin], Endpoint.FLEET_TELEMETRY_CONFIG_GET, reduces_cost=True):
                found = read_configuration(await api.telemetry_config(vin, STREAM), configured)
            if found.exists is False or found.matches is False:
                return
        await api.delete_telemetry_config(vin, STREAM)
    except TeslaError as error:
        LOGGER.warning(
            "Could not delete the configuration of %s; it keeps streaming until %s: %s",
            name,
            expiry_of(configured),
            error,
        )
        raise

"""The Fleet API client of an account."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..spending.account_ledger import AccountLedger
from ..tesla.api.fleet import FleetApi
from ..tesla.api.transport import TokenSource
from .hosts import get_hosts


def fleet_api(
    hass: HomeAssistant, base_url: str, tokens: TokenSource, ledger: AccountLedger
) -> FleetApi:
    """Fleet API client of a region, whose requests are booked in `ledger`."""
    return FleetApi(
        async_get_clientsession(hass),
        tokens,
        hosts=get_hosts(hass),
        base_url=base_url,
        meter=ledger.meter,
        endpoints=ledger.endpoints,
        keep=ledger.async_keep,
    )

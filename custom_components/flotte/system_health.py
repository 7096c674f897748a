"""Section of the system information: figures of all accounts together, without names and secrets.

People paste it into public reports.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .account.data import AccountData, FlotteConfigEntry
from .account.hosts import get_hosts
from .const import CONF_BASE_URL, DOMAIN, STREAM_DIRECT
from .streaming.options import Settings
from .streaming.receiver import async_get_receiver
from .tesla import signals


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:  # noqa: ARG001  # Home Assistant's signature
    """Register the section."""
    register.async_register_info(async_describe_health, "/config/integrations/integration/flotte")


async def async_describe_health(hass: HomeAssistant) -> dict[str, Any]:
    """Figures of all accounts; what is not known, or does not apply, is left out."""
    entries: list[FlotteConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    loaded = [each for each in entries if each.state is ConfigEntryState.LOADED]
    accounts = [each.runtime_data for each in loaded]
    vehicles = [each for account in accounts for each in account.vehicles]
    seen = [each.state[signals.LAST_SEEN] for each in vehicles]
    seen += [each.state[signals.SITE_LAST_SEEN] for account in accounts for each in account.sites]
    found = {
        "accounts": f"{len(loaded)} / {len(entries)}",
        "region": ", ".join(_regions(hass, entries)),
        **_spending(accounts),
        "vehicles_online": f"{sum(each.vehicle.is_online for each in vehicles)} / {len(vehicles)}",
        "last_contact": _newest(seen),
        **await _stream(hass, loaded),
        "last_record": _newest(each.stream.received_at for each in vehicles),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _regions(hass: HomeAssistant, entries: Iterable[FlotteConfigEntry]) -> list[str]:
    """Names of Tesla's regions that serve the accounts."""
    known = {url: name for name, url in get_hosts(hass).regions.items()}
    urls = [str(each.data.get(CONF_BASE_URL, "")) for each in entries]
    return sorted({known.get(url, url) for url in urls} - {""})


def _spending(accounts: Iterable[AccountData]) -> dict[str, str]:
    """Costs and budgets of this month; accounts may share a bill."""
    now = dt_util.utcnow()
    meters = {id(each.ledger): each.ledger.meter for each in accounts}.values()
    return {
        "month_cost": ", ".join(f"{each.cost(now):.2f} {each.tariff.currency}" for each in meters),
        "month_budget": ", ".join(f"{each.budget:.2f} {each.tariff.currency}" for each in meters),
    }


async def _stream(hass: HomeAssistant, entries: Iterable[FlotteConfigEntry]) -> dict[str, Any]:
    """Destinations of the streams, and the ports on this machine with whether they are open."""
    settings = [Settings.from_options(each.options) for each in entries]
    ports = sorted({each.listen_port for each in settings if each.source == STREAM_DIRECT})
    receivers = [await async_get_receiver(hass, port) for port in ports]
    return {
        "streaming": ", ".join(sorted({each.source for each in settings})),
        "stream_port": ", ".join(map(str, ports)),
        "stream_listening": all(each.is_running for each in receivers) if receivers else None,
    }


def _newest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((each for each in moments if each is not None), default=None)

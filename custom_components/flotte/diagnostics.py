"""Diagnostics: everything that helps to find a fault, and nothing that is private or secret."""

from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .account import FlotteConfigEntry
from .tesla import signals
from .tesla.meter import Month
from .tesla.state import State

# Positions and destinations say where somebody lives; the rest is secret by its nature.
_PRIVATE: Final = {
    signals.LOCATION.name,
    signals.HEADING.name,
    signals.ROUTE_LOCATION.name,
    signals.ROUTE_ORIGIN.name,
    signals.ROUTE_LINE.name,
    signals.ROUTE_DESTINATION.name,
    signals.VEHICLE_NAME.name,
}


async def async_get_config_entry_diagnostics(
    _hass: HomeAssistant, entry: FlotteConfigEntry
) -> dict[str, Any]:
    """Describe an account; cars are told apart by number, not by VIN."""
    data = entry.runtime_data
    now = dt_util.utcnow()
    meter = data.ledger.meter
    return {
        "scopes": sorted(data.scopes),
        "region": entry.data["base_url"],
        "ledger": {
            "month": now.strftime("%Y-%m"),
            "limit": str(meter.limit),
            "cost": str(meter.cost(now)),
            "suspended": meter.suspended is not None,
            "counts": {
                str(category): count
                for category, count in meter.ledger.month(Month.of(now)).items()
            },
            "unanswered": sum(meter.ledger.unanswered.values()),
        },
        "vehicles": [
            {
                "model": coordinator.device_info.get("model"),
                "model_year_code": coordinator.vehicle.vin[9:10],
                "protocol": str(coordinator.vehicle.protocol),
                "key_paired": coordinator.vehicle.key_paired,
                "asked": _text(coordinator.vehicle.asked),
                "came_online": _text(coordinator.vehicle.came_online),
                "last_poll_succeeded": coordinator.last_update_success,
                "readings": _readings(coordinator.state),
            }
            for coordinator in data.vehicles
        ],
        "sites": [
            {
                "last_poll_succeeded": coordinator.last_update_success,
                "readings": _readings(coordinator.state),
            }
            for coordinator in data.sites
        ],
        "streaming": await data.streaming.async_describe(),
    }


def _readings(state: State) -> dict[str, Any]:
    readings = {
        signal.name: {
            "value": reading.value,
            "time": reading.time.isoformat(),
            "source": str(reading.source),
        }
        for signal, reading in state.readings.items()
    }
    return async_redact_data(readings, _PRIVATE)


def _text(moment: Any) -> str | None:  # noqa: ANN401  # a datetime or nothing
    return None if moment is None else moment.isoformat()

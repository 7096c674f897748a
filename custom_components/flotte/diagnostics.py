"""Diagnostics: everything that helps to find a fault, without private or secret data."""

from collections.abc import Mapping
from typing import Any, Final

import jwt
from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .account.data import AccountData, FlotteConfigEntry
from .account.tokens import granted_scopes
from .const import CONF_BASE_URL
from .tesla import signals
from .tesla.spending.ledger import Month
from .tesla.state import Signal, State

_PLACES: Final = frozenset(
    {
        signals.LOCATION,
        signals.HEADING,
        signals.ROUTE_LOCATION,
        signals.ROUTE_ORIGIN,
        signals.AT_HOME,
        signals.AT_WORK,
        signals.AT_FAVOURITE,
        signals.HOMELINK_NEARBY,
        signals.CHARGE_SCHEDULES,
        signals.PRECONDITION_SCHEDULES,
    }
)
"""Places where people live, work and drive to. Names of places are free text, see below."""
_MEDIA: Final = frozenset({signals.MEDIA_DURATION, signals.MEDIA_ELAPSED})
"""These identify the media too; titles and stations are free text."""
_IDENTIFYING: Final = frozenset({signals.CONNECTORS, signals.CONNECTOR_PARTS})
"""These contain serial numbers, and VINs of the vehicles that charge there."""
_HARMLESS_TEXT: Final = frozenset(
    {
        signals.CHARGER_STATE,
        signals.UPDATE_VERSION,
        signals.TRIM,
        signals.EXTERIOR_COLOUR,
        signals.ROOF_COLOUR,
        signals.SPOILER_TYPE,
        signals.WHEEL_TYPE,
        signals.EFFICIENCY_PACKAGE,
        signals.REAR_SEAT_HEATER_PACKAGE,
        signals.GATEWAY_VERSION,
        signals.BATTERY_TYPE,
        signals.INSTALLATION_DATE,
        signals.SITE_TIME_ZONE,
    }
)
"""Free text about the equipment. All other free text (names, places, media) is private."""


async def async_get_config_entry_diagnostics(
    _hass: HomeAssistant, entry: FlotteConfigEntry
) -> dict[str, Any]:
    """Describe an account in any state; vehicles are identified by a number instead of the VIN."""
    described = {
        "state": entry.state.value,
        "reason": entry.reason,
        "disabled_by": entry.disabled_by,
        "scopes": _scopes(entry.data),
        "region": entry.data.get(CONF_BASE_URL),
    }
    # Present only if the account is loaded, or could not be unloaded.
    data: AccountData | None = getattr(entry, "runtime_data", None)
    return described if data is None else {**described, **await _describe(data)}


def _scopes(data: Mapping[str, Any]) -> list[str] | None:
    """The granted scopes; None if the token cannot be read."""
    try:
        return sorted(granted_scopes(data))
    except jwt.InvalidTokenError, AttributeError, KeyError, TypeError:
        return None


async def _describe(data: AccountData) -> dict[str, Any]:
    """Describe a loaded account."""
    now = dt_util.utcnow()
    meter = data.ledger.meter
    return {
        "ledger": {
            "month": now.strftime("%Y-%m"),
            "limit": str(meter.budget),
            "cost": str(meter.cost(now)),
            "suspended": meter.suspension.month is not None,
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
                "protocol": str(coordinator.vehicle.channel.mode),
                "key_paired": coordinator.vehicle.channel.key_paired,
                "asked": _text(coordinator.vehicle.poller.data_received_at),
                "came_online": _text(coordinator.vehicle.presence.online_since),
                "last_poll_succeeded": coordinator.last_update_success,
                "readings": _readings(coordinator.state),
            }
            for coordinator in data.vehicles
        ],
        "sites": [
            {
                "last_poll_succeeded": coordinator.last_update_success,
                "failures": {
                    name: section.failures for name, section in coordinator.site.sections.items()
                },
                "readings": _readings(coordinator.state),
            }
            for coordinator in data.sites
        ],
        "streaming": await data.streaming.reports.async_describe(),
    }


def is_private(signal: Signal[Any]) -> bool:
    """Whether a signal's readings say something about people rather than about equipment."""
    is_free_text = signals.text in (signal.parse, signal.polled)
    return signal in _PLACES | _MEDIA | _IDENTIFYING or (
        is_free_text and signal not in _HARMLESS_TEXT
    )


def _readings(state: State) -> dict[str, Any]:
    return {
        signal.name: REDACTED
        if is_private(signal)
        else {
            "value": reading.value,
            "time": reading.time.isoformat(),
            "source": str(reading.source),
        }
        for signal, reading in state.readings.items()
    }


def _text(moment: Any) -> str | None:  # noqa: ANN401  # a datetime or nothing
    return None if moment is None else moment.isoformat()

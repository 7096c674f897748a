"""What the owner is told about the streams of cars: repair issues, and what ends them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN, LOGGER
from ..tesla.telemetry.subscription import Remedy, SkipReason, expiry_of

OVERDRAWN_ISSUE: Final = "stream_overdrawn"
POSTPONED_ISSUE: Final = "stream_postponed"
RESOLVED_BY_ACCEPTANCE: Final = (
    *(f"stream_{reason}" for reason in SkipReason),
    "stream_refused",
    POSTPONED_ISSUE,
)
"""Issues that are over when Tesla takes a configuration."""
BROKER_OVERDRAWN_ISSUE: Final = "broker_overdrawn"
ORPHANED_STREAM: Final = "stream_left"
"""A car that streams on although nobody wants it to; it outlives the account."""
RESOLVED_BY_CONNECTION: Final = (
    *(f"stream_error_{remedy}" for remedy in Remedy),
    "stream_limit_reached",
)
"""Issues that only a connection resolves; Tesla accepts configurations that never reach a car."""
PERMANENT: Final = f"stream_{SkipReason.UNSUPPORTED_HARDWARE}"
"""Neither time nor an update makes another computer of a car's; switching the stream off and on
again makes Flotte try once more."""
ISSUES: Final = (
    *RESOLVED_BY_ACCEPTANCE,
    *RESOLVED_BY_CONNECTION,
    OVERDRAWN_ISSUE,
    BROKER_OVERDRAWN_ISSUE,
)


def issue_id(key: str, vin: str, entry_id: str) -> str:
    """What tells an issue about a car from others, and not which car it is: it gets into logs."""
    return f"{key}_{vin[-6:]}_{entry_id}"


class StreamIssues:
    """Repair issues about the streams of an account's cars."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Report for the account of this entry."""
        self._hass = hass
        self._entry_id = entry_id

    @callback
    def async_report(self, key: str, vin: str, name: str, **placeholders: str) -> None:
        """Create an issue about the car with this VIN and name."""
        LOGGER.debug("%s: %s %s", name, key, placeholders)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(key, vin, self._entry_id),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={"name": name, **placeholders},
        )

    @callback
    def async_clear(self, vin: str, *keys: str) -> None:
        """Delete issues about a car."""
        for key in keys:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id(key, vin, self._entry_id))

    @callback
    def async_clear_orphaned(self, vin: str) -> None:
        """Delete the issue about a car that streamed although it was not wanted."""
        ir.async_delete_issue(self._hass, DOMAIN, f"{ORPHANED_STREAM}_{vin[-6:]}")


@callback
def async_clear_entry(hass: HomeAssistant, entry_id: str) -> None:
    """Nobody can mend what an account that is gone was in trouble with."""
    for domain, each in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and each.endswith(f"_{entry_id}"):
            ir.async_delete_issue(hass, DOMAIN, each)


@callback
def async_tell_left(
    hass: HomeAssistant, vin: str, name: str, configured: Mapping[str, Any], former: str = ""
) -> None:
    """Tell the owner, over restarts, of a car that nobody can tell any more to stop.

    `former` tells the application that it streams to from the one that the account uses now.
    """
    until = expiry_of(configured)
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{ORPHANED_STREAM}_{vin[-6:]}" + (f"_{former}" if former else ""),
        is_fixable=False,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=ORPHANED_STREAM,
        translation_placeholders={
            "name": name,
            "until": "—" if until is None else until.date().isoformat(),
        },
    )

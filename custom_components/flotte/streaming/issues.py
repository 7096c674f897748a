"""Repair issues about the streams of vehicles and about the receiver, and what resolves them."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR

from ..account.issues import async_clear_issues, async_raise_issue, issue_subject
from ..const import LOGGER
from ..tesla.telemetry.answers import SkipReason
from ..tesla.telemetry.configuration import expiry_of
from ..tesla.telemetry.remedies import Remedy
from ..tesla.telemetry.tls.certificates import OF_AUTHORITY, CertificateDefect
from .certificates import AUTHORITY_KEY

OVERDRAWN_ISSUE: Final = "stream_overdrawn"
POSTPONED_ISSUE: Final = "stream_postponed"
RESOLVED_BY_ACCEPTANCE: Final = (
    *(f"stream_{reason}" for reason in SkipReason),
    "stream_refused",
    POSTPONED_ISSUE,
)
"""Issues that are resolved when Tesla accepts a configuration."""
BROKER_OVERDRAWN_ISSUE: Final = "broker_overdrawn"
ORPHANED_STREAM: Final = "stream_left"
"""A vehicle that keeps streaming without an account; the issue outlives the account."""
UNANCHORED_ISSUE: Final = "stream_unanchored"
"""The server's certificate has no root, and a vehicle does not connect."""
RESOLVED_BY_CONNECTION: Final = (
    *(f"stream_error_{remedy}" for remedy in Remedy),
    UNANCHORED_ISSUE,
    "stream_limit_reached",
)
"""Issues that only a connection resolves; Tesla accepts configurations that never reach a
vehicle."""
PERMANENT: Final = f"stream_{SkipReason.UNSUPPORTED_HARDWARE}"
"""Never resolved on its own: neither time nor an update replaces a vehicle's computer. Turning
streaming off and on again makes Flotte retry."""
ISSUES: Final = (
    *RESOLVED_BY_ACCEPTANCE,
    *RESOLVED_BY_CONNECTION,
    OVERDRAWN_ISSUE,
    BROKER_OVERDRAWN_ISSUE,
)


HOSTNAMES_ISSUE: Final = "host_names_differ"
FLOODED_ISSUE: Final = "port_flooded"
PORT_ISSUE: Final = "port_in_use"
CLIENT_CA_ISSUE: Final = "client_ca_missing"
_FILES_ISSUE: Final = "certificate_unusable"
_AUTHORITY_ISSUE: Final = "authority_unusable"
CERTIFICATE_ISSUES: Final = (_FILES_ISSUE, _AUTHORITY_ISSUE)
START_ISSUES: Final = (CLIENT_CA_ISSUE, PORT_ISSUE, *CERTIFICATE_ISSUES)
"""Issues of a receiver that cannot start."""


class StreamIssues:
    """Repair issues about the streams of an account's vehicles."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Report for the account of this entry."""
        self._hass = hass
        self._entry_id = entry_id

    @callback
    def async_report(self, key: str, vin: str, name: str, **placeholders: str) -> None:
        """Create an issue about the vehicle with this VIN and name."""
        LOGGER.debug("%s: %s %s", name, key, placeholders)
        async_raise_issue(
            self._hass, key, issue_subject(vin, self._entry_id), {"name": name, **placeholders}
        )

    @callback
    def async_clear(self, vin: str, *keys: str) -> None:
        """Delete issues about a vehicle."""
        async_clear_issues(self._hass, issue_subject(vin, self._entry_id), *keys)

    @callback
    def async_clear_orphaned(self, vin: str) -> None:
        """Delete the issue about a vehicle that kept streaming without an account."""
        async_clear_issues(self._hass, issue_subject(vin), ORPHANED_STREAM)


class ReceiverIssues:
    """Repair issues about the receiver of a port."""

    def __init__(self, hass: HomeAssistant, port: int) -> None:
        """Report for this port."""
        self._hass = hass
        self._port = port

    @callback
    def async_report(self, key: str, **placeholders: str) -> None:
        """Create an issue about the port."""
        LOGGER.debug("No stream on port %s: %s %s", self._port, key, placeholders)
        async_raise_issue(
            self._hass, key, str(self._port), {"port": str(self._port), **placeholders}
        )

    @callback
    def async_report_certificate(self, error: CertificateDefect) -> None:
        """Report a defect of the owner's files or of our own CA; a receiver uses only one."""
        if error.defect in OF_AUTHORITY:
            self.async_clear(_FILES_ISSUE)
            LOGGER.error("%s cannot be used: %s", AUTHORITY_KEY, error)
            self.async_report(_AUTHORITY_ISSUE, file=f"{STORAGE_DIR}/{AUTHORITY_KEY}")
        else:
            self.async_clear(_AUTHORITY_ISSUE)
            self.async_report(_FILES_ISSUE, detail=str(error))

    @callback
    def async_clear(self, *keys: str) -> None:
        """Delete issues about the port."""
        async_clear_issues(self._hass, str(self._port), *keys)


@callback
def async_report_orphaned(
    hass: HomeAssistant, vin: str, name: str, configured: Mapping[str, Any], former: str = ""
) -> None:
    """Report a vehicle that keeps streaming and can no longer be stopped; kept over restarts.

    Args:
        hass: Home Assistant.
        vin: The vehicle's VIN.
        name: The vehicle's name.
        configured: Its configuration.
        former: The application that it streams to, if not the one that the account uses now.
    """
    until = expiry_of(configured)
    async_raise_issue(
        hass,
        ORPHANED_STREAM,
        issue_subject(vin, former),
        {"name": name, "until": "—" if until is None else until.date().isoformat()},
        is_persistent=True,
    )

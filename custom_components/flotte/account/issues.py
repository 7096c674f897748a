"""Raises and clears all repair issues.

The id of an issue consists of its key and its subject; the key is also that of its text.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueSeverity

from ..const import DOMAIN
from ..texts import async_figures

_OWN_PAGE: Final = f"config/integrations/integration/{DOMAIN}"
"""Page of Home Assistant with the options, the logins and the diagnostics."""
_ENERGY_PAGE: Final = "config/energy"
_STORAGE_PAGE: Final = "config/storage"
_PAGES: Final[Mapping[str, str | None]] = {
    "charging_no_meter": _ENERGY_PAGE,
    "charging_no_battery": _ENERGY_PAGE,
    "charging_meter_sign": _ENERGY_PAGE,
    # Only the car or Tesla's app can help.
    "charging_not_stopped": None,
    "ledger_unwritable": _STORAGE_PAGE,
    "no_mqtt": "config/integrations/dashboard/add?domain=mqtt",
    "storage_damaged": _STORAGE_PAGE,
    "storage_unwritable": _STORAGE_PAGE,
}
"""Pages of Home Assistant at which the owner resolves issues, where they are not Flotte's own."""


def issue_subject(asset: str, owner: str = "") -> str:
    """Subject of an issue about a vehicle or site; `owner`, such as an entry, makes it unique.

    It contains only the end of the VIN, because issue ids are logged.
    """
    return f"{asset[-6:]}_{owner}" if owner else asset[-6:]


@callback
def async_raise_issue(
    hass: HomeAssistant,
    key: str,
    subject: str,
    placeholders: Mapping[str, str] | None = None,
    *,
    is_error: bool = False,
    is_persistent: bool = False,
    fix_data: dict[str, Any] | None = None,
) -> None:
    """Raise an issue, or update its text.

    Args:
        hass: Home Assistant.
        key: Kind of issue.
        subject: Distinguishes issues of one kind, such as the id of an entry.
        placeholders: Fill the text.
        is_error: Whether the issue is an error, rather than a warning.
        is_persistent: Whether the issue survives a restart.
        fix_data: Given to the flow that resolves the issue; None if there is no flow.
    """
    page = _PAGES.get(key, _OWN_PAGE)
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{key}_{subject}",
        learn_more_url=None if page is None else f"homeassistant://{page}",
        data=fix_data,
        is_fixable=fix_data is not None,
        is_persistent=is_persistent,
        severity=IssueSeverity.ERROR if is_error else IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders=async_figures(hass, placeholders) if placeholders else None,
    )


@callback
def async_clear_issues(hass: HomeAssistant, subject: str, *keys: str) -> None:
    """Clear the issues of these kinds about a subject; there may be none."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, f"{key}_{subject}")


@callback
def async_clear_all_issues(hass: HomeAssistant, subject: str) -> None:
    """Clear the issues of every kind about a subject."""
    for domain, issue_id in tuple(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{subject}"):
            ir.async_delete_issue(hass, DOMAIN, issue_id)

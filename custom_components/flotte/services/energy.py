"""Actions of energy sites."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType

from ..account.data import FlotteConfigEntry
from ..const import DOMAIN
from ..coordinator import SiteCoordinator
from ..spending.callers import caller_of
from ..statistics.history_import import PACE, HistoryImport, ImportPeriod
from ..statistics.store import has_recorder
from .action import Action
from .devices import async_get_site, async_targeted_sites

_START: Final = "start"
_END: Final = "end"
_MINUTE: Final = timedelta(minutes=1)


async def _async_import_energy_history(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Import a period of the energy history of sites again, in the background.

    Raises:
        ServiceValidationError: there is no recorder or no such site, or a date is wrong. Nothing
            is imported then.
    """
    if not has_recorder(hass):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recorder")
    devices = async_targeted_sites(hass, call)
    imports = {each: _import_of(async_get_site(hass, each)) for each in devices}
    periods: dict[str, ImportPeriod] = {}
    for device_id, history in imports.items():
        await history.days.async_find_zone()
        periods[device_id] = _period_of(history, call.data)
    caller = caller_of(hass, call.context)
    for device_id, history in imports.items():
        history.async_request(periods[device_id], caller)
    return {
        "sites": {
            device_id: {
                "name": imports[device_id].name,
                _START: period.start.isoformat(),
                _END: period.end.isoformat(),
                "days": period.days,
                "minutes": -(-period.days * PACE // _MINUTE),
            }
            for device_id, period in periods.items()
        }
    }


def _import_of(coordinator: SiteCoordinator) -> HistoryImport:
    entry: FlotteConfigEntry = coordinator.config_entry
    return entry.runtime_data.history_imports[coordinator.site.site_id]


def _period_of(history: HistoryImport, fields: Mapping[str, Any]) -> ImportPeriod:
    """Read the period of a call for one site. Raises ServiceValidationError."""
    installed, today = history.days.installed_on, history.days.today
    start: date | None = fields.get(_START, installed)
    end: date = fields.get(_END, today)

    def mistake(translation_key: str) -> ServiceValidationError:
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=translation_key,
            translation_placeholders={
                "name": history.name,
                _START: str(start),
                _END: str(end),
                "installed": str(installed),
                "today": str(today),
            },
        )

    if history.has_history is False:
        raise mistake(translation_key="no_energy_history")
    if start is None:
        raise mistake(translation_key="history_start_unknown")
    if end > today:
        raise mistake(translation_key="history_in_future")
    if start > end:
        raise mistake(translation_key="history_order")
    if installed is not None and start < installed:
        raise mistake(translation_key="history_before_installation")
    return ImportPeriod(start, end)


ENERGY_ACTIONS: Final = (
    Action(
        name="import_energy_history",
        fields={vol.Optional(_START): cv.date, vol.Optional(_END): cv.date},
        has_target=True,
        handle=_async_import_energy_history,
        supports_response=SupportsResponse.OPTIONAL,
        for_admins=True,
    ),
)

"""Sensor of the progress of the import of a site's energy history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import EntityCategory

from ..coordinator import SiteCoordinator
from ..entity import FlotteEntity, FlotteEntityDescription
from ..statistics.history_import import HistoryImport
from ..statistics.site_days import has_history


@dataclass(frozen=True, kw_only=True)
class HistoryImportDescription(FlotteEntityDescription, SensorEntityDescription):
    """The row of the progress of an import, which is not a signal."""


HISTORY_IMPORTED_UNTIL: Final = HistoryImportDescription(
    key="history_imported_until",
    exists=has_history,
    device_class=SensorDeviceClass.TIMESTAMP,
    entity_category=EntityCategory.DIAGNOSTIC,
)


class HistoryImportSensor(FlotteEntity[SiteCoordinator], SensorEntity):
    """Shows the end of the newest hour that is in the statistics."""

    entity_description: HistoryImportDescription

    def __init__(
        self,
        coordinator: SiteCoordinator,
        row: HistoryImportDescription,
        history: HistoryImport,
    ) -> None:
        """Show the progress of `history`."""
        super().__init__(coordinator, row, None)
        self._history = history

    @property
    @override
    def native_value(self) -> datetime | None:
        return self._history.imported_until

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._history.async_subscribe(self.async_write_ha_state))

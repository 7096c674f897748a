"""Wall connectors: each is a device of its own, reached through its site."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfPower
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..account.data import AccountData, FlotteConfigEntry
from ..account.devices import CONFIGURATION_URL
from ..account.names import CHARACTERS_SHOWN, MANUFACTURER, async_change_device
from ..const import DOMAIN
from ..coordinator import SiteCoordinator
from ..entity import FlotteEntity, FlotteEntityDescription
from ..tesla import signals
from ..tesla.signals import CONNECTOR_STATES, Connector, ConnectorParts

CONNECTOR_MODEL: Final = "Wall Connector"
"""While the site does not name the part."""
OTHER_STATE: Final = "other"
"""A state whose code is not known, or a vehicle that is not known."""
NO_VEHICLE: Final = "none"
_DISCONNECTED: Final = 2
_SILENT: Final = frozenset({0, 3, 7})
"""Codes that do not say whether a vehicle is connected."""


@dataclass(frozen=True, kw_only=True)
class ConnectorSensorDescription(FlotteEntityDescription, SensorEntityDescription):
    """A sensor of a wall connector."""

    value: Callable[[Connector], Any]


def _state(connector: Connector) -> str | None:
    return None if connector.code is None else CONNECTOR_STATES.get(connector.code, OTHER_STATE)


CONNECTED_VEHICLE: Final = ConnectorSensorDescription(
    key="connected_vehicle",
    value=lambda connector: connector.vin,
    device_class=SensorDeviceClass.ENUM,
    options=[NO_VEHICLE, OTHER_STATE],
)

CONNECTOR_SENSORS: Final = (
    ConnectorSensorDescription(
        key="connector_state",
        value=_state,
        device_class=SensorDeviceClass.ENUM,
        options=[*CONNECTOR_STATES.values(), OTHER_STATE],
    ),
    ConnectorSensorDescription(
        key="connector_power",
        value=lambda connector: connector.power,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    CONNECTED_VEHICLE,
    ConnectorSensorDescription(
        key="connector_state_code",
        value=lambda connector: connector.code,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    ConnectorSensorDescription(
        key="connector_fault_code",
        value=lambda connector: connector.fault,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
)


@callback
def async_add_connectors(
    entry: FlotteConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the entities of each wall connector, now or when it appears.

    One that is missing in an answer stays, and its values are unknown: the owner may remove its
    device.
    """
    for coordinator in entry.runtime_data.sites:
        made = set(_known_before(coordinator))
        _async_add(coordinator, entry.runtime_data, made, async_add_entities)

        @callback
        def look(coordinator: SiteCoordinator = coordinator, made: set[str] = made) -> None:
            dins = set(signals.connector_dins(coordinator.state)) - made
            made.update(dins)
            _async_add(coordinator, entry.runtime_data, dins, async_add_entities)
            _async_describe(coordinator)

        look()
        entry.async_on_unload(coordinator.async_after_poll(look))


def _known_before(coordinator: SiteCoordinator) -> Iterator[str]:
    """The wall connectors that had entities before the restart."""
    key = CONNECTOR_SENSORS[0].key
    unique_id = re.compile(re.escape(coordinator.unique_id_of("")) + rf"(.+)-{key}")
    registry = er.async_get(coordinator.hass)
    for each in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
        if (match := unique_id.fullmatch(each.unique_id)) is not None:
            yield match[1]


@callback
def _async_add(
    coordinator: SiteCoordinator,
    data: AccountData,
    dins: set[str],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    if not dins:
        return
    # The device that others are reached through has to exist before them.
    site = dr.async_get(coordinator.hass).async_get_or_create(
        config_entry_id=coordinator.config_entry.entry_id, **coordinator.device_info
    )
    async_add_entities(
        _SENSORS.get(row.key, ConnectorSensor)(coordinator, data, row, din, site.id)
        for din in sorted(dins)
        for row in CONNECTOR_SENSORS
    )


@callback
def _async_describe(coordinator: SiteCoordinator) -> None:
    """Name the model of devices that were made before the site named it."""
    account = coordinator.config_entry.entry_id
    for din, _, model in coordinator.state[signals.CONNECTOR_PARTS] or ():
        if model is not None:
            async_change_device(coordinator.hass, account, din, model=model)


def _name_of(coordinator: SiteCoordinator, parts: ConnectorParts) -> str:
    """The name of a device; with the end of the serial number if the site has several."""
    is_alone = signals.connector_dins(coordinator.state) <= {parts.din}
    return (
        CONNECTOR_MODEL
        if is_alone
        else f"{CONNECTOR_MODEL} {(parts.serial_number or parts.din)[-4:]}"
    )


class ConnectorSensor(FlotteEntity[SiteCoordinator], SensorEntity):
    """Shows a value of a wall connector."""

    entity_description: ConnectorSensorDescription

    def __init__(
        self,
        coordinator: SiteCoordinator,
        data: AccountData,
        row: ConnectorSensorDescription,
        din: str,
        site_device: str,
    ) -> None:
        """Show the value of `row` of the connector `din`, which the device of the site leads to."""
        super().__init__(coordinator, row, (signals.CONNECTORS,))
        parts = signals.connector_parts_of(coordinator.state, din)
        self._account = data
        self._din = din
        self._attr_unique_id = coordinator.unique_id_of(f"{din}-{row.key}")
        self._attr_device_info = dr.DeviceInfo(
            identifiers={(DOMAIN, din)},
            manufacturer=MANUFACTURER,
            model=parts.part_name or CONNECTOR_MODEL,
            model_id=din.partition("--")[0],
            name=_name_of(coordinator, parts),
            configuration_url=CONFIGURATION_URL,
            serial_number=parts.serial_number,
            via_device_id=site_device,
        )

    @property
    def connector(self) -> Connector | None:
        """The connector in the last answer."""
        return signals.connector_of(self.readings, self._din)

    @property
    @override
    def native_value(self) -> Any:
        connector = self.connector
        return None if connector is None else self.entity_description.value(connector)


class ConnectedVehicleSensor(ConnectorSensor):
    """Shows the vehicle at a wall connector: its name, or the end of its VIN if it is not known."""

    @property
    @override
    def native_value(self) -> str | None:
        connector = self.connector
        if connector is None:
            return None
        if connector.vin is not None:
            return self._name_of(connector.vin)
        if connector.code == _DISCONNECTED:
            return NO_VEHICLE
        is_known = connector.code in CONNECTOR_STATES and connector.code not in _SILENT
        return OTHER_STATE if is_known else None

    def _name_of(self, vin: str) -> str:
        """Name of a vehicle of the account; of another one what may be shown of its VIN."""
        for vehicle in self._account.vehicles:
            if vehicle.unique_prefix == vin:
                return vehicle.device_name
        return f"…{vin[-CHARACTERS_SHOWN:]}"

    @property
    @override
    def options(self) -> list[str]:
        value = self.native_value
        known = [vehicle.device_name for vehicle in self._account.vehicles]
        return list(dict.fromkeys([NO_VEHICLE, OTHER_STATE, *known, *([value] if value else ())]))


_SENSORS: Final[dict[str, type[ConnectorSensor]]] = {CONNECTED_VEHICLE.key: ConnectedVehicleSensor}
"""Rows with a class of their own."""

"""Binary sensors of a vehicle's charging at home."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)

from ..charging.entity import ChargingDescription, ChargingEntity


@dataclass(frozen=True, kw_only=True)
class TakenOverDescription(ChargingDescription, BinarySensorEntityDescription):
    """The row of whether a person has taken over."""


CHARGING_BINARY_SENSORS: Final = (TakenOverDescription(key="taken_over"),)


class TakenOverSensor(ChargingEntity, BinarySensorEntity):
    """On while a person has taken over, until the vehicle is unplugged or they resume."""

    entity_description: TakenOverDescription

    @property
    @override
    def is_on(self) -> bool:
        return self._controller.is_taken_over

    @property
    @override
    def fingerprint(self) -> object:
        return self.is_on

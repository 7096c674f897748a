"""Sensors of a vehicle's charging at home: the decision and why, the surplus, sun and cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..account.data import FlotteConfigEntry
from ..charging.controller import ChargingController
from ..charging.decisions import ATTR_CURRENT, ATTR_SENTENCE, DECISION_KEY
from ..charging.entity import ChargingDescription, ChargingEntity, async_add_charging
from ..charging.sentences import async_sentence
from ..coordinator import VehicleCoordinator
from ..tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from ..tesla.charging.situation import Memory
from ..tesla.reading_json import number_in

_ATTR_ACTION: Final = "action"
_SURPLUS_INTERVAL: Final = timedelta(seconds=10)
"""Least time between two states of the surplus: each is a row in the recorder's database."""
_SENTENCE_INTERVAL: Final = timedelta(minutes=1)
"""Least time between two states of which only a figure of the sentence differs."""
_NOT_STEERED: Final = ChargingDecision(ChargingStep.HANDS_OFF, Reason.OFF, Memory())


@dataclass(frozen=True, kw_only=True)
class ChargingSensorDescription(ChargingDescription, SensorEntityDescription):
    """A row of a figure of the controller."""

    value: Callable[[ChargingController], float | datetime | None]
    interval: timedelta = timedelta()
    """Least time between two states."""


@dataclass(frozen=True, kw_only=True)
class ChargingEnergyDescription(ChargingDescription, SensorEntityDescription):
    """A row of the energy of all charges at home."""

    value: Callable[[ChargingController], float]
    device_class: SensorDeviceClass | None = SensorDeviceClass.ENERGY
    state_class: SensorStateClass | None = SensorStateClass.TOTAL_INCREASING
    native_unit_of_measurement: str | None = UnitOfEnergy.KILO_WATT_HOUR
    suggested_display_precision: int | None = 1


@dataclass(frozen=True, kw_only=True)
class ChargingDecisionDescription(ChargingDescription, SensorEntityDescription):
    """The row of the decision."""


def _surplus(controller: ChargingController) -> float | None:
    if not controller.is_on or controller.surplus is None:
        return None
    # As in the sentence: where the house draws more than the sun brings, nothing is to spare.
    return max(0.0, round(controller.surplus, 1))


def _next_charge(controller: ChargingController) -> datetime | None:
    start = controller.plan.next_start if controller.is_on else None
    return None if start is None else dt_util.utc_from_timestamp(start)


def _sun_share(controller: ChargingController) -> float | None:
    share = controller.usage.charge.sun_share
    return None if share is None else round(share)


def _cost(controller: ChargingController) -> float | None:
    cost = controller.usage.charge.cost
    return None if cost is None else round(cost, 2)


def _has_cost(_hass: HomeAssistant, controller: ChargingController) -> bool:
    """Whether a price is known; a charge that has not begun costs nothing without one."""
    return bool(_cost(controller))


CHARGING_REASON: Final = ChargingDecisionDescription(
    key=DECISION_KEY,
    device_class=SensorDeviceClass.ENUM,
    options=[str(reason) for reason in Reason],
)
CHARGING_FIGURES: Final = (
    ChargingSensorDescription(
        key="surplus_for_vehicle",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=1,
        value=_surplus,
        interval=_SURPLUS_INTERVAL,
    ),
    ChargingSensorDescription(
        key="next_planned_charge",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_next_charge,
    ),
    ChargingSensorDescription(
        key="sun_share",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value=_sun_share,
    ),
    ChargingSensorDescription(
        key="charge_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        applies=_has_cost,
        value=_cost,
    ),
    ChargingSensorDescription(
        key="charging_commands_today",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda controller: controller.sender.commands_today,
    ),
)
CHARGING_ENERGY: Final = (
    ChargingEnergyDescription(
        key="energy_from_sun", value=lambda controller: controller.usage.from_sun
    ),
    ChargingEnergyDescription(
        key="energy_from_grid", value=lambda controller: controller.usage.from_grid
    ),
)


@callback
def async_add_charging_sensors(
    entry: FlotteConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of charging at home."""
    async_add_charging(entry, (CHARGING_REASON,), ChargingDecisionSensor, async_add_entities)
    async_add_charging(entry, CHARGING_FIGURES, ChargingFigureSensor, async_add_entities)
    async_add_charging(entry, CHARGING_ENERGY, ChargingEnergySensor, async_add_entities)


class ChargingFigureSensor(ChargingEntity, SensorEntity):
    """Shows a figure of the controller."""

    entity_description: ChargingSensorDescription

    def __init__(
        self,
        coordinator: VehicleCoordinator,
        controller: ChargingController,
        row: ChargingSensorDescription,
    ) -> None:
        """Show the figure of `row`."""
        super().__init__(coordinator, controller, row)
        self._shown_at: datetime | None = None
        if row.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = coordinator.hass.config.currency

    @property
    @override
    def native_value(self) -> float | datetime | None:
        return self.entity_description.value(self._controller)

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value

    @callback
    @override
    def async_refresh_if_changed(self) -> None:
        now, interval = dt_util.utcnow(), self.entity_description.interval
        is_due = self._shown_at is None or now - self._shown_at >= interval
        # Nothing may follow after the last value.
        if is_due or self.native_value is None:
            before = self._last_fingerprint
            super().async_refresh_if_changed()
            if self._last_fingerprint != before:
                self._shown_at = now


class ChargingDecisionSensor(ChargingEntity, SensorEntity):
    """Shows the reason of the last decision, and puts it into words."""

    entity_description: ChargingDecisionDescription
    _unrecorded_attributes = frozenset({ATTR_SENTENCE, _ATTR_ACTION, ATTR_CURRENT})

    _shown_at: datetime | None = None
    _shown_step: object = None

    @property
    def _decision(self) -> ChargingDecision | None:
        return self._controller.decision if self._controller.is_on else _NOT_STEERED

    @property
    @override
    def native_value(self) -> str | None:
        return None if self._decision is None else str(self._decision.reason)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        decision = self._decision
        if decision is None:
            return {}
        problem = self._controller.sender.problem if self._controller.is_on else None
        amps = decision.figures.get("amps")
        return {
            ATTR_SENTENCE: async_sentence(self.hass, decision, problem),
            _ATTR_ACTION: str(decision.action),
            ATTR_CURRENT: None if amps is None else round(amps),
        }

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value, self.extra_state_attributes

    @callback
    @override
    def async_refresh_if_changed(self) -> None:
        """Write at once another reason or current, and after a while another figure."""
        now, decision = dt_util.utcnow(), self._decision
        problem = self._controller.sender.problem
        step = decision and (decision.reason, decision.figures.get("amps"), problem)
        is_due = self._shown_at is None or now - self._shown_at >= _SENTENCE_INTERVAL
        if step != self._shown_step or is_due:
            self._shown_step, self._shown_at = step, now
            super().async_refresh_if_changed()


class ChargingEnergySensor(ChargingEntity, RestoreSensor):
    """Adds up the energy of all charges at home; it never falls.

    Home Assistant restores its last value. If the stored figures are older, after a crash or a
    damaged file, counting continues from that value.
    """

    entity_description: ChargingEnergyDescription

    _lost: float = 0.0
    """Energy that was shown, and is missing in the stored figures."""

    @property
    @override
    def native_value(self) -> float:
        return round(self.entity_description.value(self._controller) + self._lost, 2)

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value

    @override
    async def async_added_to_hass(self) -> None:
        if (last := await self.async_get_last_sensor_data()) is not None:
            shown = number_in(str(last.native_value))
            self._lost = max(0.0, (shown or 0.0) - self.entity_description.value(self._controller))
        await super().async_added_to_hass()

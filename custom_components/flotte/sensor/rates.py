"""Sensors of the current price of electricity at a site."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.util import dt as dt_util

from ..calendar.rates import RateDescription, RateEntity
from ..entity import reported
from ..tesla import signals


@dataclass(frozen=True, kw_only=True)
class PriceDescription(RateDescription, SensorEntityDescription):
    """The row of a price, in the currency of the tariff."""

    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT


PRICES: Final = (
    PriceDescription(
        key="buy_price",
        signal=signals.BUY_TARIFF,
        exists=reported(signals.BUY_TARIFF),
    ),
    PriceDescription(
        key="sell_price",
        signal=signals.SELL_TARIFF,
        exists=reported(signals.SELL_TARIFF),
    ),
)


class PriceSensor(RateEntity, SensorEntity):
    """Shows the current price of a kWh; unknown where the tariff has none."""

    entity_description: PriceDescription

    @property
    @override
    def native_value(self) -> float | None:
        current = None if self.plan is None else self.plan.price_at(dt_util.utcnow())
        return None if current is None else current[1]

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        return f"{self.currency}/kWh" if self.currency else None

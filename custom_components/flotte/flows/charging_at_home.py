"""Options of charging at home: the house's meter, prices, and when a vehicle has to be ready."""

from typing import Any, Final

import voluptuous as vol
from homeassistant.components.calendar import DOMAIN as CALENDAR
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import PERCENTAGE, WEEKDAYS
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..charging.gauges import is_power
from ..charging.meter_source import MeterChoice, async_find_meter
from ..charging.price_services import PRICE_SERVICES
from ..const import (
    CONF_BATTERY_POWER,
    CONF_FEED_IN_PRICE,
    CONF_GRID_POWER,
    CONF_HOME_BATTERY_FIRST,
    CONF_PRICE_SERVICE,
    CONF_READY_CALENDAR,
    CONF_READY_DAYS,
)
from .charging import MAX_PRICE
from .forms import OptionsSteps, number_box

_AUTOMATIC: Final = "automatic"
"""The choice of no particular integration for prices."""
_NAMES: Final = (
    CONF_GRID_POWER,
    CONF_BATTERY_POWER,
    CONF_HOME_BATTERY_FIRST,
    CONF_FEED_IN_PRICE,
    CONF_PRICE_SERVICE,
    CONF_READY_DAYS,
    CONF_READY_CALENDAR,
)


class ChargingAtHomeSteps(OptionsSteps):
    """Step of the group about charging from the sun and in cheap hours."""

    async def async_step_charging_at_home(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose what Flotte does not find out on its own."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = self._errors(user_input)
            if not errors:
                values = {name: user_input.get(name) for name in _NAMES}
                if values[CONF_PRICE_SERVICE] == _AUTOMATIC:
                    values[CONF_PRICE_SERVICE] = None
                values[CONF_READY_DAYS] = values[CONF_READY_DAYS] or None
                return self._save(values)
        services = self._price_services()
        shown = {**self.config_entry.options} if user_input is None else user_input
        if shown.get(CONF_PRICE_SERVICE) not in services:
            shown = {**shown, CONF_PRICE_SERVICE: _AUTOMATIC}
        currency = self.hass.config.currency
        return self.async_show_form(
            step_id="charging_at_home",
            data_schema=self._filled(_schema(services, f"{currency}/kWh"), shown),
            errors=errors,
            description_placeholders={
                "meter": await self._describe(await async_find_meter(self.hass))
            },
        )

    def _errors(self, user_input: dict[str, Any]) -> dict[str, str]:
        """The error of each field."""
        powers = [user_input.get(name) for name in (CONF_GRID_POWER, CONF_BATTERY_POWER)]
        errors = {
            name: "power_unit"
            for name, entity_id in zip((CONF_GRID_POWER, CONF_BATTERY_POWER), powers, strict=True)
            if entity_id is not None and not is_power(self.hass, entity_id)
        }
        if not errors and powers[0] is not None and powers[0] == powers[1]:
            errors[CONF_BATTERY_POWER] = "power_twice"
        return errors

    def _price_services(self) -> dict[str, str]:
        """Titles of the entries of integrations that know prices, by id."""
        return {
            entry.entry_id: entry.title
            for domain in PRICE_SERVICES
            for entry in self.hass.config_entries.async_entries(domain)
        }

    async def _describe(self, meter: MeterChoice) -> str:
        """Where the power of the house comes from now, in a sentence."""
        key = "battery_missing" if meter.lacks_battery else str(meter.source)
        texts = await self._option_texts("meter_source")
        return texts[key].format(meter=meter.names)


def _schema(services: dict[str, str], unit: str) -> vol.Schema:
    power = EntitySelector(
        EntitySelectorConfig(domain=SENSOR, device_class=SensorDeviceClass.POWER)
    )
    choices = {_AUTOMATIC: _AUTOMATIC, **services}
    service = SelectSelectorConfig(
        options=[SelectOptionDict(value=value, label=label) for value, label in choices.items()],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key=CONF_PRICE_SERVICE,
    )
    days = SelectSelectorConfig(
        options=list(WEEKDAYS),
        multiple=True,
        mode=SelectSelectorMode.LIST,
        translation_key="days",
    )
    return vol.Schema(
        {
            vol.Optional(CONF_GRID_POWER): power,
            vol.Optional(CONF_BATTERY_POWER): power,
            vol.Optional(CONF_HOME_BATTERY_FIRST): number_box(0, 100, unit=PERCENTAGE),
            vol.Optional(CONF_FEED_IN_PRICE): number_box(0, MAX_PRICE, "any", unit=unit),
            vol.Optional(CONF_PRICE_SERVICE): SelectSelector(service),
            vol.Optional(CONF_READY_DAYS): SelectSelector(days),
            vol.Optional(CONF_READY_CALENDAR): EntitySelector(
                EntitySelectorConfig(domain=CALENDAR)
            ),
        }
    )

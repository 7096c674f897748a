"""Options of charging: what a kWh costs at home and elsewhere."""

from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig

from ..account.charging import is_energy_price
from ..const import CONF_PRICE, CONF_PRICE_ELSEWHERE, CONF_PRICE_ENTITY
from .forms import OptionsSteps, number_box

MAX_PRICE: Final = 1_000_000
"""High enough for every currency."""


class ChargingSteps(OptionsSteps):
    """Step of the group about the costs of charging."""

    async def async_step_charging(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose a price at home, by an entity or fixed, and a price elsewhere."""
        errors: dict[str, str] = {}
        currency = self.hass.config.currency
        if user_input is not None:
            entity_id = user_input.get(CONF_PRICE_ENTITY)
            if entity_id is not None and user_input.get(CONF_PRICE) is not None:
                errors[CONF_PRICE] = "price_twice"
            elif entity_id is not None and not is_energy_price(self.hass, entity_id):
                errors[CONF_PRICE_ENTITY] = "price_unit"
            if not errors:
                names = (CONF_PRICE_ENTITY, CONF_PRICE, CONF_PRICE_ELSEWHERE)
                return self._save({name: user_input.get(name) for name in names})
        price = number_box(0, MAX_PRICE, "any", unit=f"{currency}/kWh")
        schema = vol.Schema(
            {
                vol.Optional(CONF_PRICE_ENTITY): EntitySelector(
                    EntitySelectorConfig(domain=["sensor", "number", "input_number"])
                ),
                vol.Optional(CONF_PRICE): price,
                vol.Optional(CONF_PRICE_ELSEWHERE): price,
            }
        )
        return self.async_show_form(
            step_id="charging",
            data_schema=self._filled(schema, user_input),
            errors=errors,
            description_placeholders={"unit": f"{currency}/kWh"},
        )

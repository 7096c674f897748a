"""Options of cars: equipment that a vehicle does not report."""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_TRUNK_MOTORS
from .forms import OptionsSteps


class VehiclesSteps(OptionsSteps):
    """Step of the group about vehicles."""

    async def async_step_vehicles(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose the vehicles whose trunk has a motor that they do not know of."""
        vehicles = self._vehicles
        if not vehicles:
            return self.async_abort(reason="not_loaded")
        stored = self.config_entry.options.get(CONF_TRUNK_MOTORS, [])
        if user_input is not None:
            # A vehicle that is not shown at present keeps its option.
            hidden = [vin for vin in stored if vin not in vehicles]
            chosen = [*user_input.get(CONF_TRUNK_MOTORS, []), *hidden]
            return self._save({CONF_TRUNK_MOTORS: chosen or None})
        choices = [SelectOptionDict(value=vin, label=name) for vin, name in vehicles.items()]
        schema = vol.Schema(
            {
                vol.Optional(CONF_TRUNK_MOTORS): SelectSelector(
                    SelectSelectorConfig(
                        options=choices, multiple=True, mode=SelectSelectorMode.LIST
                    )
                )
            }
        )
        shown = {CONF_TRUNK_MOTORS: [vin for vin in stored if vin in vehicles]}
        return self.async_show_form(step_id="vehicles", data_schema=self._filled(schema, shown))

    @property
    def _vehicles(self) -> dict[str, str]:
        """Names of the vehicles of a loaded account, by VIN."""
        data = getattr(self.config_entry, "runtime_data", None)
        vehicles = () if data is None else data.vehicles
        return {each.vehicle.vin: each.device_name for each in vehicles}

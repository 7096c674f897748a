"""Options of vehicles: what Tesla does not report about them."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    SelectOptionDict,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_NEW_CAPACITIES, CONF_TRUNK_MOTORS
from .forms import OptionsSteps, as_mapping, as_rows, number_box, table

_VEHICLE: Final = "vehicle"
_CAPACITY: Final = "capacity"


class VehiclesSteps(OptionsSteps):
    """Step of the group about vehicles."""

    async def async_step_vehicles(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set which vehicles have an added motor, and the capacities of their new batteries."""
        vehicles = self._vehicles
        if not vehicles:
            return self.async_abort(reason="not_loaded")
        errors: dict[str, str] = {}
        options = self.config_entry.options
        motors: list[str] = options.get(CONF_TRUNK_MOTORS, [])
        capacities: Mapping[str, float] = options.get(CONF_NEW_CAPACITIES, {})
        if user_input is not None:
            entered = as_mapping(user_input.get(CONF_NEW_CAPACITIES), _VEHICLE, _CAPACITY)
            if entered is None:
                errors[CONF_NEW_CAPACITIES] = "vehicle_twice"
            else:
                # A vehicle that is not shown at present keeps its options.
                vins = {name: vin for vin, name in vehicles.items()}
                kept = {vin: each for vin, each in capacities.items() if vin not in vehicles}
                hidden = [vin for vin in motors if vin not in vehicles]
                return self._save(
                    {
                        CONF_TRUNK_MOTORS: [*user_input.get(CONF_TRUNK_MOTORS, []), *hidden]
                        or None,
                        CONF_NEW_CAPACITIES: {
                            **{vins[name]: each for name, each in entered.items()},
                            **kept,
                        }
                        or None,
                    }
                )
        shown = user_input or {
            CONF_TRUNK_MOTORS: [vin for vin in motors if vin in vehicles],
            CONF_NEW_CAPACITIES: {
                vehicles[vin]: each for vin, each in capacities.items() if vin in vehicles
            },
        }
        rows = as_rows(shown.get(CONF_NEW_CAPACITIES), _VEHICLE, _CAPACITY)
        return self.async_show_form(
            step_id="vehicles",
            data_schema=self._filled(_schema(vehicles), {**shown, CONF_NEW_CAPACITIES: rows}),
            errors=errors,
        )

    @property
    def _vehicles(self) -> Mapping[str, str]:
        """Names of the vehicles of a loaded account, by VIN."""
        data = getattr(self.config_entry, "runtime_data", None)
        vehicles = () if data is None else data.vehicles
        return {each.vehicle.vin: each.device_name for each in vehicles}


def _schema(vehicles: Mapping[str, str]) -> vol.Schema:
    options = [SelectOptionDict(value=vin, label=name) for vin, name in vehicles.items()]
    # Home Assistant shows the values of a table, not their labels.
    names = list(vehicles.values())
    one = SelectSelectorConfig(options=names, mode=SelectSelectorMode.DROPDOWN)
    some = SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
    columns: dict[str, Selector[Any]] = {
        _VEHICLE: SelectSelector(one),
        _CAPACITY: number_box(10, 1000, 0.1, unit="kWh"),
    }
    return vol.Schema(
        {
            vol.Optional(CONF_TRUNK_MOTORS): SelectSelector(some),
            vol.Optional(CONF_NEW_CAPACITIES): table(CONF_NEW_CAPACITIES, **columns),
        }
    )

"""Conditions of devices, as the automation editor lists them; see `automations.conditions`."""

from typing import Final

import voluptuous as vol
from homeassistant.const import CONF_CONDITION, CONF_DEVICE_ID, CONF_DOMAIN, CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import ConditionCheckerType
from homeassistant.helpers.typing import ConfigType, TemplateVarsType

from .automations.conditions import CONDITIONS, CONDITIONS_BY_KEY
from .automations.subjects import async_find_subject
from .const import DOMAIN

_SUFFIX: Final = {"suffix": "%"}
_PER_CENT: Final = vol.All(vol.Coerce(float), vol.Range(min=0))


def _require_field(config: ConfigType) -> ConfigType:
    """Require the field of the row. Raises Invalid."""
    field = CONDITIONS_BY_KEY[config[CONF_TYPE]].field
    if field is not None and field not in config:
        raise vol.Invalid(f"{field} is required")
    return config


CONDITION_SCHEMA: Final = vol.All(
    cv.DEVICE_CONDITION_BASE_SCHEMA.extend(
        {
            vol.Required(CONF_TYPE): vol.In(CONDITIONS_BY_KEY),
            **{
                vol.Optional(field): _PER_CENT
                for field in sorted({row.field for row in CONDITIONS if row.field})
            },
        }
    ),
    _require_field,
)


async def async_get_conditions(hass: HomeAssistant, device_id: str) -> list[dict[str, str]]:
    """List the conditions that a device can have."""
    subject = async_find_subject(hass, device_id)
    if subject is None:
        return []
    base = {CONF_CONDITION: "device", CONF_DOMAIN: DOMAIN, CONF_DEVICE_ID: device_id}
    return [{**base, CONF_TYPE: row.key} for row in CONDITIONS if row.is_offered(subject)]


async def async_get_condition_capabilities(
    _hass: HomeAssistant, config: ConfigType
) -> dict[str, vol.Schema]:
    """List the fields of a condition."""
    field = CONDITIONS_BY_KEY[config[CONF_TYPE]].field
    if field is None:
        return {}
    return {
        "extra_fields": vol.Schema({vol.Required(field, description=_SUFFIX): vol.Coerce(float)})
    }


@callback
def async_condition_from_config(_hass: HomeAssistant, config: ConfigType) -> ConditionCheckerType:
    """Make the function that checks a condition."""
    row = CONDITIONS_BY_KEY[config[CONF_TYPE]]
    limit = float(config[row.field]) if row.field else 0.0

    @callback
    def check(hass: HomeAssistant, _variables: TemplateVarsType = None) -> bool:
        subject = async_find_subject(hass, config[CONF_DEVICE_ID])
        return subject is not None and row.is_fulfilled(subject, limit)

    return check

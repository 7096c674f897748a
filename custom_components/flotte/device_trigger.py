"""Triggers of devices, as the automation editor lists them.

They listen to the vehicle, site or account itself: an entity that is renamed or disabled changes
nothing. See `automations.table`.
"""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.device_automation import (
    DEVICE_TRIGGER_BASE_SCHEMA,
    InvalidDeviceAutomationConfig,
)
from homeassistant.const import CONF_DEVICE_ID, CONF_DOMAIN, CONF_PLATFORM, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.trigger import TriggerActionType, TriggerInfo
from homeassistant.helpers.typing import ConfigType

from .automations.subjects import async_find_subject
from .automations.table import BY_KEY, TRIGGERS, only_share
from .automations.watching import DeviceWatch, Fire
from .const import DOMAIN

CONF_SUBTYPE: Final = "subtype"


def _check(config: ConfigType) -> ConfigType:
    """Require a choice of the row if it has choices. Raises Invalid."""
    choices, choice = BY_KEY[config[CONF_TYPE]].subtypes, config.get(CONF_SUBTYPE)
    if (choice in choices) is not bool(choices) or (choice is not None and not choices):
        raise vol.Invalid(f"{CONF_SUBTYPE} has to be one of {list(choices)}")
    return config


TRIGGER_SCHEMA: Final = vol.All(
    DEVICE_TRIGGER_BASE_SCHEMA.extend(
        {vol.Required(CONF_TYPE): vol.In(BY_KEY), vol.Optional(CONF_SUBTYPE): vol.Coerce(str)}
    ),
    _check,
)


async def async_get_triggers(hass: HomeAssistant, device_id: str) -> list[dict[str, str]]:
    """List the triggers that a device can have."""
    subject = async_find_subject(hass, device_id)
    if subject is None:
        return []
    base = {CONF_PLATFORM: "device", CONF_DOMAIN: DOMAIN, CONF_DEVICE_ID: device_id}
    return [
        {**base, CONF_TYPE: row.key, **({CONF_SUBTYPE: subtype} if subtype else {})}
        for row in TRIGGERS
        if row.is_offered(subject)
        for subtype in row.subtypes or ("",)
    ]


async def async_validate_trigger_config(hass: HomeAssistant, config: ConfigType) -> ConfigType:
    """Check a trigger; one that a device had once is accepted as long as the device fits.

    Raises:
        InvalidDeviceAutomationConfig: another kind of device has this trigger.
    """
    checked: ConfigType = TRIGGER_SCHEMA(config)
    subject = async_find_subject(hass, checked[CONF_DEVICE_ID])
    if subject is not None and not BY_KEY[checked[CONF_TYPE]].fits(subject):
        raise InvalidDeviceAutomationConfig(
            translation_domain=DOMAIN,
            translation_key="trigger_of_other_device",
            translation_placeholders={"trigger": checked[CONF_TYPE]},
        )
    return checked


async def async_attach_trigger(
    hass: HomeAssistant,
    config: ConfigType,
    action: TriggerActionType,
    trigger_info: TriggerInfo,
) -> CALLBACK_TYPE:
    """Run an action whenever the trigger's event happens to the device."""
    row, job = BY_KEY[config[CONF_TYPE]], HassJob(action)

    @callback
    def fire(variables: Mapping[str, Any]) -> None:
        data = {
            **trigger_info["trigger_data"],
            **config,
            **variables,
            "description": f"device {row.key}",
        }
        hass.async_run_hass_job(job, {"trigger": data})

    wanted: Fire = only_share(fire, int(config[CONF_SUBTYPE])) if row.subtypes else fire
    return DeviceWatch(hass, config[CONF_DEVICE_ID], row.subscribe, wanted).async_start()

"""Flotte's own triggers, for events that neither an entity nor Home Assistant has a trigger for.

Home Assistant loads this file on its own. Its interface may still change, so nothing imports it:
the integration works without it, and the triggers of devices do not depend on it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, cast, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .automations.table import TRIGGERS, TriggerRow, only_share
from .automations.targets import async_devices_of
from .automations.watching import DeviceWatch, Fire

SHARE: Final = "share"
_NO_OPTIONS: Final = vol.Schema({})
_SHARE_OPTIONS: Final = vol.Schema(
    {vol.Required(SHARE): vol.All(vol.Coerce(int), vol.Range(min=1, max=1000))}
)


class RowTrigger(Trigger):
    """A trigger of the table, for the devices of a target."""

    row: ClassVar[TriggerRow]

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        options = _SHARE_OPTIONS if cls.row.subtypes else _NO_OPTIONS
        schema = vol.Schema(
            {
                vol.Required(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Required(CONF_OPTIONS, default=dict): options,
            }
        )
        return cast("ConfigType", schema(config))

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Watch the devices of this target."""
        super().__init__(hass, config)
        self._target = TargetSelection(config.target or {})
        self._options = config.options or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        devices = async_devices_of(self._hass, self._target)
        stops = [
            DeviceWatch(
                self._hass, each, self.row.subscribe, self._fire(each, run_action)
            ).async_start()
            for each in (*devices.named, *devices.found)
        ]

        @callback
        def stop() -> None:
            for each in stops:
                each()

        return stop

    def _fire(self, device_id: str, run_action: TriggerActionRunner) -> Fire:
        @callback
        def fire(variables: Mapping[str, Any]) -> None:
            run_action({**variables, "device_id": device_id}, self.row.key)

        return only_share(fire, self._options[SHARE]) if self.row.subtypes else fire


def _trigger_of(row: TriggerRow) -> type[Trigger]:
    return type(f"Trigger_{row.key}", (RowTrigger,), {"row": row})


OWN_TRIGGERS: Final = {row.key: _trigger_of(row) for row in TRIGGERS if not row.has_entity}
"""Triggers without an entity; Home Assistant has its own for the others."""


async def async_get_triggers(_hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """List the triggers."""
    return dict(OWN_TRIGGERS)

"""The owner's broker as the source of an account's streams."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.importlib import async_import_module

from ..account.issues import async_clear_issues, async_raise_issue
from ..const import LOGGER
from ..tesla.vehicle.stream import Stream

_ISSUE: Final = "no_mqtt"


class Broker:
    """Subscribes to the broker, and reports that there is none."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Subscribe and report for the account of this entry."""
        self._hass = hass
        self._entry_id = entry_id

    async def async_subscribe(
        self, base: str, streams: Mapping[str, Stream]
    ) -> CALLBACK_TYPE | None:
        """Apply the broker's messages about these vehicles to their streams.

        Args:
            base: First part of the topics.
            streams: The streams by VIN.

        Returns:
            A function that ends the subscription; None without a broker, which was reported.
        """
        try:
            # The requirements of Home Assistant's MQTT integration are installed with a broker.
            source = await async_import_module(
                self._hass, "custom_components.flotte.streaming.mqtt"
            )
            stop: CALLBACK_TYPE = await source.async_subscribe(self._hass, base, streams)
        except (HomeAssistantError, ImportError) as error:
            LOGGER.debug("No broker: %s", error)
            async_raise_issue(self._hass, _ISSUE, self._entry_id)
            return None
        self.async_clear()
        return stop

    @callback
    def async_clear(self) -> None:
        """Delete the issue of a missing broker."""
        async_clear_issues(self._hass, self._entry_id, _ISSUE)

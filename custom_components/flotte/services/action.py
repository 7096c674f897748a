"""Rows of actions that a function handles, rather than a command of a car."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType

type Handle = Callable[[HomeAssistant, ServiceCall], Coroutine[Any, Any, JsonObjectType]]

DEVICES: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])
}
"""The field of actions for one or more devices."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """A row: an action, its fields, and the function that handles a call."""

    name: str
    fields: Mapping[vol.Marker, Any]
    handle: Handle
    supports_response: SupportsResponse = SupportsResponse.ONLY
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Condition on several fields."""
    for_admins: bool = False
    """Whether only administrators may use it: it changes what may be spent, or what is stored."""

    @property
    def schema(self) -> vol.Schema:
        """Schema of all fields."""
        fields = dict(self.fields)
        return vol.Schema(fields if self.check is None else vol.All(fields, self.check))

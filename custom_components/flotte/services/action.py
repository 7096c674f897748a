"""Rows of actions that a function handles, rather than a command of a car."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.util.json import JsonObjectType

from .devices import targeted_schema

type Handle = Callable[[HomeAssistant, ServiceCall], Coroutine[Any, Any, JsonObjectType]]


@dataclass(frozen=True, kw_only=True)
class Action:
    """A row: an action, its fields, and the function that handles a call."""

    name: str
    fields: Mapping[vol.Marker, Any]
    handle: Handle
    supports_response: SupportsResponse = SupportsResponse.ONLY
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Condition on several fields."""
    has_target: bool = False
    """Whether it acts on vehicles or sites; see `targeted_schema`."""
    for_admins: bool = False
    """Whether only administrators may use it: it changes what may be spent, or what is stored."""

    @property
    def schema(self) -> vol.Schema:
        """Schema of all fields."""
        if self.has_target:
            return targeted_schema(self.fields, self.check)
        fields = dict(self.fields)
        return vol.Schema(fields if self.check is None else vol.All(fields, self.check))

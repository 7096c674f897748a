"""A price integration that answers an action as it is given, and keeps what it was asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
)

type Answer = Callable[[dict[str, Any]], Any]


@dataclass
class Asked:
    """The entry of an integration and the fields of each call."""

    entry: MockConfigEntry
    calls: list[dict[str, Any]] = field(default_factory=list)


def answering(hass: HomeAssistant, domain: str, action: str, answer: Answer, **entry: Any) -> Asked:
    """Set up a loaded entry of `domain`, whose action answers with what `answer` returns."""
    mock_integration(hass, MockModule(domain, async_unload_entry=AsyncMock(return_value=True)))
    own = MockConfigEntry(domain=domain, title=domain, **entry)
    own.add_to_hass(hass)
    own.mock_state(hass, ConfigEntryState.LOADED)
    asked = Asked(own)

    async def handle(call: ServiceCall) -> ServiceResponse:
        asked.calls.append(dict(call.data))
        response: ServiceResponse = answer(dict(call.data))
        return response

    hass.services.async_register(domain, action, handle, supports_response=SupportsResponse.ONLY)
    return asked


def utc(text: str) -> datetime:
    """A moment in UTC, such as `2026-11-30T13:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)

"""The section of the system information: figures of all accounts, and no names or secrets."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.system_health import get_info
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator.cars import Car
from tests.conftest import Pass
from tests.fleet import MOMENT

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]


async def _section(hass: HomeAssistant) -> dict[str, Any]:
    assert await async_setup_component(hass, "system_health", {})
    section: dict[str, Any] = (await get_info(hass))["flotte"]
    return section


async def test_streaming_account(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, pass_time: Pass
) -> None:
    await pass_time(timedelta(minutes=1))
    found = await _section(hass)
    now = dt_util.utcnow()
    for name in ("last_contact", "last_record"):
        assert timedelta() <= now - dt_util.parse_datetime(found.pop(name), raise_on_error=True)
    cost = found.pop("month_cost")
    assert cost.endswith(" EUR")
    assert 0 < float(cost.removesuffix(" EUR")) < 1
    assert found == {
        "accounts": "1 / 1",
        "region": "eu",
        "month_budget": "10.00 EUR",
        "vehicles_online": "3 / 3",
        "streaming": "direct",
        "stream_port": str(entry_of_stream.options["stream_port"]),
        "stream_listening": True,
    }


async def test_accounts_that_are_not_loaded(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await _section(hass) == {
        "accounts": "0 / 1",
        "region": "eu",
        "vehicles_online": "0 / 0",
    }

"""Sensors of the month at Superchargers: what they cost, and what they show."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.supercharging import fee
from tests.conftest import (
    MODEL_3,
    MODEL_Y,
    EntryMaker,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)

COST: Final = "sensor.tesla_account_supercharging_cost_this_month"
ENERGY: Final = "sensor.tesla_account_supercharging_energy_this_month"
OCTOBER_10: Final = 1_791_612_000.0
"""In the middle of the month."""
SEPTEMBER_30: Final = 1_790_836_200.0
"""23:30 in Los Angeles, where the owner of the tests lives; October in UTC."""
CHECK: Final = timedelta(minutes=10)

type Jump = Callable[[timedelta], Coroutine[Any, Any, None]]


@pytest.fixture(autouse=True)
def _only_these_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.fixture
def jump(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Jump:
    """Lets time pass at once."""

    async def jump(duration: timedelta) -> None:
        freezer.tick(duration)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)

    return jump


def enable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Have the owner enable both sensors."""
    registry = er.async_get(hass)
    for key, name in (("supercharging_cost", COST), ("supercharging_energy", ENERGY)):
        registry.async_get_or_create(
            "sensor",
            DOMAIN,
            f"{entry.unique_id}-{key}",
            config_entry=entry,
            suggested_object_id=name.partition(".")[2],
        )


def histories(tesla: Simulator) -> int:
    """The requests for the history."""
    return sum(each.endpoint == "charging_history" for each in tesla.requests)


async def test_disabled_they_cost_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, jump: Jump
) -> None:
    await jump(CHECK)
    assert hass.states.get(COST) is None
    assert histories(tesla) == 0


async def test_without_the_permission_there_are_none(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, jump: Jump
) -> None:
    await register_key(hass, tesla)
    entry = make_entry(scopes=SCOPES - {"vehicle_charging_cmds"})
    await set_up(hass, entry)
    await jump(CHECK)
    unique_id = f"{entry.unique_id}-supercharging_cost"
    assert er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id) is None
    assert histories(tesla) == 0


async def test_the_month(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, jump: Jump
) -> None:
    supercharging = tesla.world.supercharging
    supercharging.add(MODEL_Y, OCTOBER_10, 1800)
    supercharging.add(MODEL_3, SEPTEMBER_30, 1800, energy=10)
    enable(hass, entry)
    await set_up(hass, entry)
    assert histories(tesla) == 0, "a setup is free"
    assert state_of(hass, COST).state == "unknown"
    await jump(CHECK)
    shown = state_of(hass, COST)
    assert (shown.state, shown.attributes["unit_of_measurement"]) == ("13.5", "EUR")
    assert shown.attributes["last_reset"] == "2026-10-01T00:00:00-07:00"
    assert shown.attributes["as_of"] == dt_util.utcnow()
    assert shown.attributes["costs"] == {"EUR": 13.5}
    assert shown.attributes["costs_last_month"] == {"EUR": 4.5}
    assert state_of(hass, ENERGY).state == "30.0"
    # The same day costs nothing more, whatever there is.
    supercharging.add(MODEL_Y, OCTOBER_10 + 86_400, 1800, fees=[fee(totalDue=2, uom="min")])
    await jump(timedelta(hours=23))
    assert (histories(tesla), state_of(hass, COST).state) == (1, "13.5")
    await jump(timedelta(hours=1))
    assert (histories(tesla), state_of(hass, COST).state) == (2, "15.5")
    assert state_of(hass, ENERGY).state == "unknown"
    # A reload keeps the sums and the plan.
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await jump(CHECK)
    assert (histories(tesla), state_of(hass, COST).state) == (2, "15.5")
    # A month without an answer is unknown, not that of the month before.
    tesla.faults.order("status", endpoint="charging_history", status=503, count=None)
    await jump(timedelta(days=11))
    assert state_of(hass, COST).state == "unknown"
    assert state_of(hass, COST).attributes["last_reset"] == "2026-11-01T00:00:00-07:00"
    tesla.faults.clear()
    await jump(timedelta(hours=2))
    assert state_of(hass, COST).state == "0"
    assert state_of(hass, COST).attributes["costs_last_month"] == {"EUR": 15.5}


async def test_a_failure_keeps_the_sum_with_its_time(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, jump: Jump
) -> None:
    tesla.world.supercharging.add(MODEL_Y, OCTOBER_10, 1800)
    enable(hass, entry)
    await set_up(hass, entry)
    await jump(CHECK)
    before = state_of(hass, COST)
    tesla.world.supercharging.add(MODEL_Y, OCTOBER_10 + 7200, 1800)
    tesla.faults.order("status", endpoint="charging_history", status=502)
    await jump(timedelta(days=1))
    assert state_of(hass, COST).state == "13.5"
    assert state_of(hass, COST).attributes["as_of"] == before.attributes["as_of"]
    await jump(timedelta(hours=1))
    assert state_of(hass, COST).state == "27.0"
    assert state_of(hass, COST).attributes["as_of"] == dt_util.utcnow()
    # A list with a row that is no session
    body = {"response": {"data": [7], "totalResults": 1}}
    tesla.faults.order("status", endpoint="charging_history", status=200, body=body)
    await jump(timedelta(days=1))
    assert state_of(hass, COST).state == "unknown"


async def test_after_a_session(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, jump: Jump
) -> None:
    """The bill is requested three hours after its end."""
    car = tesla.world.cars[MODEL_3]
    car.steer({"battery_level": 20, "plugged_in": "dc"})
    enable(hass, entry)
    await set_up(hass, entry)
    await jump(timedelta(minutes=5))
    await jump(timedelta(minutes=5))
    assert (state_of(hass, COST).state, histories(tesla)) == ("0", 1)
    assert state_of(hass, COST).attributes["awaits_bill"] is False
    silence = {signals.FAST_CHARGER: Reading(None, dt_util.utcnow(), Source.POLL)}
    vehicle_of(entry, MODEL_3).vehicle.knowledge.receive(silence, dt_util.utcnow())
    assert state_of(hass, COST).attributes["awaits_bill"] is False
    car.steer({"plugged_in": False})
    for _ in range(10):
        await jump(timedelta(minutes=1))
    assert state_of(hass, COST).attributes["awaits_bill"] is True
    assert histories(tesla) == 1
    await jump(timedelta(hours=3))
    assert histories(tesla) == 2
    shown = state_of(hass, COST)
    assert Decimal(shown.state) > 3
    assert shown.attributes["awaits_bill"] is False


async def test_the_budget_decides(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, jump: Jump
) -> None:
    enable(hass, entry)
    await set_up(hass, entry)
    entry.runtime_data.ledger.gate.policy = Policy(budget=Decimal(0))
    await jump(CHECK)
    assert (histories(tesla), state_of(hass, COST).state) == (0, "unknown")


async def test_a_new_month_is_unknown_until_it_is_read(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, jump: Jump
) -> None:
    tesla.world.supercharging.add(MODEL_Y, OCTOBER_10, 1800)
    enable(hass, entry)
    await set_up(hass, entry)
    await jump(CHECK)
    assert state_of(hass, COST).state == "13.5"
    entry.runtime_data.ledger.gate.policy = Policy(budget=Decimal(0))
    await jump(timedelta(days=12))
    assert (histories(tesla), state_of(hass, COST).state) == (1, "unknown")
    assert state_of(hass, COST).attributes["costs"] is None

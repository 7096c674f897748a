"""Tesla suspends a developer account (403 EXCEEDED_LIMIT): reported, and ended by hand or not.

The simulator plays it: its bill has a limit, beyond which it refuses everything and removes what
the cars are to stream.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.bill import Category as Billed
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    TRANSLATIONS,
    Pass,
    asked_of,
    issues_of,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

# The first 12 hexadecimal digits of the SHA-256 of the client id.
ISSUE = "account_suspended_bae3d50687a0"
HOUR = timedelta(hours=1)
CONFIGURE = "fleet_telemetry_config_jws"
BATTERY = "sensor.aurora_battery"


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR, Platform.SENSOR]
    )


@pytest.fixture
def alone(tesla: Simulator) -> Car:
    """Aurora, awake and watched; the other cars sleep."""
    for vin in (MODEL_3, MODEL_S):
        tesla.world.cars[vin].steer({"state": "asleep"})
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "sentry_mode": True})
    return car


def stop_account(tesla: Simulator) -> None:
    """Tesla's limit is below what was used already."""
    tesla.bill.limits[CLIENT_ID] = Decimal(-10)


def raise_limit(tesla: Simulator) -> None:
    """The owner raises it in Tesla's portal."""
    tesla.bill.limits[CLIENT_ID] = Decimal(50)


def billed(tesla: Simulator) -> int:
    """How many data requests Tesla bills."""
    return tesla.bill.counts(client_id=CLIENT_ID)[Billed.DATA]


def asked(tesla: Simulator) -> Counter[str]:
    """The requests to Tesla, by endpoint."""
    return Counter(each.endpoint for each in tesla.requests)


async def confirm(hass: HomeAssistant) -> Any:
    """The owner opens the repair, and says that the limit was raised."""
    assert await async_setup_component(hass, "repairs", {})
    manager: RepairsFlowManager = hass.data["repairs"]["flow_manager"]
    result: Any = await manager.async_init("flotte", context={"issue_id": ISSUE})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "confirm"
    texts = json.loads(TRANSLATIONS.read_text("utf-8"))["issues"]["account_suspended"]["fix_flow"]
    for text in texts["step"]["confirm"].values():
        assert text.format(**result["description_placeholders"])
    result = await manager.async_configure(result["flow_id"], {})
    for key in (result.get("errors") or {}).values():
        assert texts["error"][key]
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def test_it_is_reported_once_and_values_stay(
    hass: HomeAssistant,
    alone: Car,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing paid is asked, and what is free not every minute."""
    await wait(2 * MINUTE)
    assert issues_of(hass) == set()
    stop_account(tesla)
    paid = billed(tesla)
    tesla.cloud.requests.clear()
    await wait(2 * HOUR)
    assert issues_of(hass) == {ISSUE}
    issue = ir.async_get(hass).async_get_issue("flotte", ISSUE)
    assert issue is not None
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.ERROR
    assert billed(tesla) == paid, "the free check told first"
    # Each car every 15 minutes, and the site.
    assert asked(tesla)["vehicle"] <= 3 * 9
    assert asked(tesla)["live_status"] <= 9
    assert state_of(hass, BATTERY).state == "68.0"
    assert state_of(hass, "binary_sensor.aurora_online").state != STATE_UNAVAILABLE
    assert caplog.text.count("Tesla has suspended the developer account") == 1


async def test_it_ends_when_free_answers_return(
    hass: HomeAssistant, alone: Car, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A free request that Tesla refused is the cheapest way to see that it is over."""
    await wait(2 * MINUTE)
    stop_account(tesla)
    await wait(HOUR)
    assert issues_of(hass) == {ISSUE}
    raise_limit(tesla)
    paid = billed(tesla)
    await wait(17 * MINUTE)
    assert issues_of(hass) == set()
    assert billed(tesla) > paid
    paid_for = {each.status for each in tesla.requests if each.category == Billed.DATA}
    assert paid_for == {200}, "nothing was paid to see it"
    meter = (await async_get_ledger(hass, CLIENT_ID)).meter
    assert meter.suspension.month is None


async def test_free_answers_that_never_stopped_mean_nothing(
    hass: HomeAssistant, alone: Car, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Then only a person can know."""
    await wait(2 * MINUTE)
    tesla.faults.order(
        "status", endpoint="vehicle_data", status=403, body="EXCEEDED_LIMIT", count=None
    )
    paid = billed(tesla)
    await wait(3 * HOUR)
    assert billed(tesla) == paid + 1
    assert asked(tesla)["vehicle"] > 150, "the free check goes on"
    assert issues_of(hass) == {ISSUE}
    tesla.faults.clear()
    await wait(HOUR)
    assert issues_of(hass) == {ISSUE}
    assert billed(tesla) == paid + 1

    assert (await confirm(hass))["type"] is FlowResultType.CREATE_ENTRY
    assert issues_of(hass) == set()
    await wait(2 * MINUTE)
    assert billed(tesla) == paid + 2


async def test_confirmed_too_early(
    hass: HomeAssistant, alone: Car, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Asking what is free shows it, and costs nothing."""
    await wait(2 * MINUTE)
    stop_account(tesla)
    await wait(2 * MINUTE)
    paid = billed(tesla)
    result = await confirm(hass)
    assert result["errors"] == {"base": "still_suspended"}
    assert issues_of(hass) == {ISSUE}
    assert billed(tesla) == paid


async def test_confirmed_wrongly(
    hass: HomeAssistant, alone: Car, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """If free requests are answered anyway, a paid one shows it."""
    await wait(2 * MINUTE)
    tesla.faults.order(
        "status", endpoint="vehicle_data", status=403, body="EXCEEDED_LIMIT", count=None
    )
    await wait(HOUR)
    assert issues_of(hass) == {ISSUE}
    paid = billed(tesla)
    assert (await confirm(hass))["type"] is FlowResultType.CREATE_ENTRY
    assert issues_of(hass) == set()
    await wait(HOUR)
    assert issues_of(hass) == {ISSUE}
    assert billed(tesla) == paid + 1
    tesla.faults.clear()


async def test_it_ends_with_the_month(
    hass: HomeAssistant,
    alone: Car,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    await wait(2 * MINUTE)
    tesla.faults.order(
        "status", endpoint="vehicle_data", status=403, body="EXCEEDED_LIMIT", count=None
    )
    freezer.move_to("2026-10-31T23:50:00+00:00")
    await wait(9 * MINUTE)
    assert issues_of(hass) == {ISSUE}
    tesla.faults.clear()
    paid = billed(tesla)
    await wait(2 * MINUTE)
    assert issues_of(hass) == set()
    assert billed(tesla) == paid + 1


async def test_it_is_known_after_a_restart(
    hass: HomeAssistant, alone: Car, entry: MockConfigEntry, tesla: Simulator, hass_storage: Any
) -> None:
    key = "flotte.ledger." + ISSUE.removeprefix("account_suspended_")
    data = {"ledger": {"counts": []}, "suspended": [2026, 10], "suspensions": 1}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    await set_up(hass, entry)
    assert issues_of(hass) == {ISSUE}


async def test_a_start_refused_by_tesla_is_reported_and_retried(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    # What another program of the same developer account used, entered from Tesla's dashboard.
    tesla.bill.charge(CLIENT_ID, Billed.WAKE)
    meter = (await async_get_ledger(hass, CLIENT_ID)).meter
    meter.correct({Category.WAKE: 1}, dt_util.utcnow())
    stop_account(tesla)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    states = [entry.state]
    assert issues_of(hass) == {ISSUE}
    raise_limit(tesla)
    assert (await confirm(hass))["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]
    assert issues_of(hass) == set()


# --- The stream -----------------------------------------------------------------------------------


def sent(tesla: Simulator) -> int:
    """How many configurations were sent, taken or not."""
    return asked(tesla)[CONFIGURE]


async def test_the_cars_are_configured_again_once_it_is_over(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """Tesla removed what they were to stream, and does not bring it back."""
    assert sent(tesla) == 1
    stop_account(tesla)
    await pass_time(5 * MINUTE)
    assert not aurora.telemetry.subscriptions, "as Tesla does it"
    await pass_time(5 * MINUTE)
    assert issues_of(hass) == {ISSUE}
    assert sent(tesla) == 1, "nothing is tried meanwhile"
    raise_limit(tesla)
    await pass_time(18 * MINUTE)
    assert issues_of(hass) == set()
    assert sent(tesla) == 2
    assert state_of(hass, "binary_sensor.aurora_streaming").state == "on"
    # Exactly once, over a restart, too.
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(65 * MINUTE)
    assert sent(tesla) == 2
    assert "fleet_telemetry_config" not in asked_of(tesla, aurora), "nor is asked why"


async def test_it_was_over_before_anybody_looked(
    aurora: Car, tesla: Simulator, pass_time: Pass, entry_of_stream: MockConfigEntry
) -> None:
    """One car's answer said so, and the next one's that it is over: Tesla has forgotten them."""
    meter = entry_of_stream.runtime_data.ledger.meter
    aurora.telemetry.subscriptions.clear()
    meter.suspend(datetime.now(UTC))
    entry_of_stream.runtime_data.ledger.async_resume()
    assert sent(tesla) == 1
    await pass_time(3 * MINUTE)
    assert sent(tesla) == 2


async def test_it_ended_unnoticed(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The restart remembers that what was configured is gone."""
    stop_account(tesla)
    await pass_time(6 * MINUTE)
    assert issues_of(hass) == {ISSUE}
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    raise_limit(tesla)
    freezer.move_to("2026-11-01T08:00:00+00:00")
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issues_of(hass) == set()
    assert sent(tesla) == 1
    await hass.config_entries.async_setup(entry_of_stream.entry_id)
    await pass_time(3 * MINUTE)
    assert sent(tesla) == 2
    assert state_of(hass, "binary_sensor.aurora_streaming").state == "on"


async def test_ended_by_hand_cars_are_configured_within_a_minute(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    stop_account(tesla)
    await pass_time(6 * MINUTE)
    raise_limit(tesla)
    tesla.cloud.requests.clear()
    assert (await confirm(hass))["type"] is FlowResultType.CREATE_ENTRY
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 1
    assert vehicle_of(entry_of_stream, MODEL_Y).vehicle.is_streaming

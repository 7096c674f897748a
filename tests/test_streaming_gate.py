"""The stream's requests to Tesla pass the gate: in step with the month, and never for a wake."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.cover import SERVICE_CLOSE_COVER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.tesla.spending.caller import STREAM
from custom_components.flotte.tesla.spending.decision import (
    Decision,
    DecisionReason,
    SpendingRequest,
)
from custom_components.flotte.tesla.spending.policy import Policy
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from simulator.ports import free_port
from tests.conftest import (
    CLIENT_ID,
    MODEL_Y,
    STREAMING,
    EntryMaker,
    Pass,
    asked_of,
    issue_of,
    issues_of,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, act

HOUR = timedelta(hours=1)
CONFIGURE = "fleet_telemetry_config_jws"
POSTPONED = f"stream_postponed_{MODEL_Y[-6:]}"


def sent(tesla: Simulator) -> int:
    """How many configurations were sent, taken or not."""
    return sum(each.endpoint == CONFIGURE for each in tesla.requests)


def fields_of(car: Car) -> dict[str, Any]:
    """Tesla's configuration of a car, by field."""
    fields: dict[str, Any] = car.telemetry.subscriptions[CLIENT_ID].shown["fields"]
    return fields


def decisions_of(entry: MockConfigEntry) -> list[tuple[SpendingRequest, Decision]]:
    """The gate's decisions about the stream from now on."""
    told: list[tuple[SpendingRequest, Decision]] = []

    def hear(request: SpendingRequest, decision: Decision) -> None:
        if request.caller == STREAM:
            told.append((request, decision))

    entry.runtime_data.ledger.gate.decided.subscribe(hear)
    return told


async def change_options(hass: HomeAssistant, entry: MockConfigEntry, **options: Any) -> None:
    """The end of the options flow."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.freeze_time("2026-10-01T00:00:30+00:00")
async def test_the_first_day_of_the_first_month(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, pass_time: Pass
) -> None:
    """The defaults stream immediately: the head start pays for it."""
    aurora = tesla.world.cars[MODEL_Y]
    aurora.steer({"state": "online", "user_present": True})
    await set_up(hass, entry_of_stream)
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 1
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


@pytest.mark.freeze_time("2026-10-01T00:00:30+00:00")
async def test_a_configuration_ahead_of_the_month_waits(
    hass: HomeAssistant,
    make_entry: EntryMaker,
    tesla: Simulator,
    pass_time: Pass,
    freezer: FrozenDateTimeFactory,
) -> None:
    """It is said why, nothing is woken meanwhile, and it is sent in its time."""
    await register_key(hass, tesla)
    entry = make_entry(
        options={
            "stream": "direct",
            "stream_hostname": "home.flotte.example",
            "stream_port": free_port(),
            "monthly_limit": 0.1,
            "head_start_days": 0,
        }
    )
    aurora = tesla.world.cars[MODEL_Y]
    await set_up(hass, entry)
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 0
    assert issues_of(hass) == {POSTPONED}
    text = issue_of(hass, POSTPONED)
    assert "gate_ahead" not in text, "a key is not for people"
    assert "Spending is ahead of the monthly pace" in text
    # Of 0.09 that may be spent, 0.002 are due after 16.5 hours.
    freezer.move_to("2026-10-01T17:00:00+00:00")
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 1
    assert issues_of(hass) == set()
    assert aurora.wakes == 0


async def test_saving_changes_continue_while_the_background_may_not_spend(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """A leaner profile is sent, a field more is not; the car streams on, so nothing is wrong."""
    before = fields_of(aurora)
    # From here on the profile is the saver one, and nothing paid is asked in the background.
    await change_options(hass, entry_of_stream, spending_mode="frugal")
    told = decisions_of(entry_of_stream)
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 2
    leaner = fields_of(aurora)
    assert leaner != before
    registry = er.async_get(hass)
    registry.async_update_entity("sensor.aurora_estimated_range", disabled_by=None)
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    told = decisions_of(entry_of_stream)
    await pass_time(3 * MINUTE)
    assert sent(tesla) == 2
    assert fields_of(aurora) == leaner
    await entry_of_stream.runtime_data.streaming.async_configure()
    assert not told or told[-1][1].reason is DecisionReason.NO_POLLING
    assert issues_of(hass) == set()
    assert state_of(hass, STREAMING).state == "on"

    await change_options(hass, entry_of_stream, spending_mode="normal")
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 3
    assert "EstBatteryRange" in fields_of(aurora)


async def test_each_request_passes_the_gate_and_never_wakes(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """Looking why a car does not come costs two requests, which is asked for first."""
    wakes = aurora.wakes
    told = decisions_of(entry_of_stream)
    aurora.telemetry.withdraw(CLIENT_ID)
    await pass_time(2 * HOUR)
    endpoints = Counter(asked_of(tesla, aurora))
    assert endpoints["fleet_telemetry_config"] == endpoints["fleet_telemetry_errors"] == 1
    assert sent(tesla) == 2
    assert [
        (sum(charge.count for charge in each.charges), each.reduces_cost) for each, _ in told
    ] == [
        (2, False),
        (1, False),
    ]
    assert {decision.reason for _, decision in told} == {DecisionReason.IN_STEP}
    assert {each.asset for each, _ in told} == {MODEL_Y}
    assert aurora.wakes == wakes
    # What was kept for them is free again.
    assert not entry_of_stream.runtime_data.ledger.meter._holds._holds


async def test_errors_are_requested_once_there_is_money_again(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """A question that the gate refused is not one that was asked."""
    await change_options(hass, entry_of_stream, spending_mode="frugal")
    await pass_time(2 * MINUTE)
    aurora.telemetry.withdraw(CLIENT_ID)
    await pass_time(2 * HOUR)
    assert "fleet_telemetry_config" not in asked_of(tesla, aurora)
    assert vehicle_of(entry_of_stream, MODEL_Y).stream_watch.is_missing
    # The profile stays as it is, so that there is nothing to configure.
    await change_options(hass, entry_of_stream, spending_mode="normal", stream_profile="saver")
    await pass_time(2 * HOUR)
    assert "fleet_telemetry_config" in asked_of(tesla, aurora)
    assert state_of(hass, STREAMING).state == "on"


async def test_streaming_car_reports_the_cable(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    aurora.steer({"plugged_in": "ac3"})
    await pass_time(10 * MINUTE)
    before = tesla.bill.counts(client_id=CLIENT_ID)[Category.COMMAND]
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_CLOSE_COVER, "cover.aurora_charge_port")
    assert refusal.value.translation_key == "reason_cable_connected"
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.COMMAND] == before


async def test_a_used_up_budget_stops_the_stream_at_once(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    """Not with the next look a minute later: the stream goes on costing until then."""
    assert CLIENT_ID in aurora.telemetry.subscriptions
    entry_of_stream.runtime_data.ledger.async_set_policy(Policy(budget=Decimal("0.001")))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert CLIENT_ID not in aurora.telemetry.subscriptions

"""Changed options apply at once: no reload, no lost stream, nothing unavailable, no request."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flotte.spending.account_ledger import AccountLedger
from custom_components.flotte.streaming.receiver import Receiver
from custom_components.flotte.streaming.subscription import VehicleSubscription
from custom_components.flotte.tesla.spending.policy import Policy
from simulator import Simulator
from simulator.cars import Car
from simulator.ports import free_port
from tests.conftest import (
    CLIENT_ID,
    MODEL_S,
    MODEL_Y,
    STREAMING,
    EntryMaker,
    Pass,
    issues_of,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE
from tests.flow_texts import in_sections

BUDGET = "number.tesla_account_monthly_budget"
COST = "sensor.tesla_account_cost_this_month"
ALERT = "event.aurora_alert"
CONFIGURE = "fleet_telemetry_config_jws"
DELETE = "fleet_telemetry_config_delete"
CAPABILITIES = "fleet_status"
"""Free: whether a car that could not stream can by now."""
POLLED = ("vehicle", "vehicle_data", "calendar_history", "live_status", "site_info")


async def submit(
    hass: HomeAssistant, entry: MockConfigEntry, group: str, *forms: Mapping[str, Any]
) -> None:
    """Save a group of options through its forms."""
    flows = hass.config_entries.options
    flow_id = (await flows.async_init(entry.entry_id))["flow_id"]
    result = await flows.async_configure(flow_id, {"next_step_id": group})
    for form in forms:
        assert not result.get("errors")
        result = await flows.async_configure(flow_id, in_sections(result, form))
    if result["type"] == "menu":
        # The check, which follows the save.
        result = await flows.async_configure(flow_id, {"next_step_id": "finish"})
    assert result["type"] == "create_entry"
    await hass.async_block_till_done(wait_background_tasks=True)


async def save(hass: HomeAssistant, entry: MockConfigEntry, options: Mapping[str, Any]) -> None:
    """Save options and wait until they apply."""
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)


class Witness:
    """Observes an account whose options change."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator) -> None:
        """Observe from now on."""
        self._entry = entry
        self._tesla = tesla
        self._data = entry.runtime_data
        self._link = tesla.streams.link(MODEL_Y)
        self._connections = self._link.connections
        self._names = set(vehicle_of(entry, MODEL_Y).stream.connections)
        self._requests = len(tesla.requests)
        self._changes: list[Event[Any]] = async_capture_events(hass, EVENT_STATE_CHANGED)

    @property
    def requests(self) -> list[str]:
        """Requests since the beginning."""
        return [each.endpoint for each in self._tesla.requests[self._requests :]]

    @property
    def unexpected(self) -> list[str]:
        """Those of them that cost something, and that polling does not make as time passes."""
        return [each for each in self.requests if each not in {CAPABILITIES, *POLLED}]

    @property
    def new_connections(self) -> int:
        """Connections that Aurora made since the beginning."""
        return self._link.connections - self._connections

    def check_available(self) -> None:
        """The account was not reloaded, and no entity became unavailable or was removed."""
        assert self._entry.runtime_data is self._data
        lost = [
            each.data["entity_id"]
            for each in self._changes
            if each.data["new_state"] is None or each.data["new_state"].state == STATE_UNAVAILABLE
        ]
        assert lost == []

    def check_connected(self) -> None:
        """Aurora's connection is the one of the beginning."""
        assert self._names
        assert set(vehicle_of(self._entry, MODEL_Y).stream.connections) == self._names
        assert self._link.is_connected
        assert self.new_connections == 0


@pytest.fixture
def witness(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, tesla: Simulator
) -> Witness:
    """Observes the account of a car that streams."""
    return Witness(hass, entry_of_stream, tesla)


def ledger_of(entry: MockConfigEntry) -> AccountLedger:
    """The ledger of a loaded account."""
    ledger: AccountLedger = entry.runtime_data.ledger
    return ledger


# --- Money ----------------------------------------------------------------------------------------

TARIFF = ({"currency": "GBP"}, {"discount": 12})
GROUPS: dict[str, tuple[Mapping[str, Any], ...]] = {
    "spending": ({"monthly_limit": 25.5, "advanced": {"head_start_days": 1}},),
    "wakes": ({"wakes_per_day": 5, "asleep_person": "refuse"},),
    "tariff": TARIFF,
}


@pytest.mark.parametrize("group", GROUPS)
async def test_a_rule_of_spending_applies_at_once(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry, group: str
) -> None:
    ledger = ledger_of(entry_of_stream)
    before = ledger.gate.policy, ledger.meter.tariff
    await submit(hass, entry_of_stream, group, *GROUPS[group])
    assert ledger.gate.policy == Policy.from_options(entry_of_stream.options)
    assert (ledger.gate.policy, ledger.meter.tariff) != before
    assert witness.requests == []
    witness.check_connected()
    witness.check_available()


async def test_entities_show_the_new_rules(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry
) -> None:
    await submit(hass, entry_of_stream, "spending", {"monthly_limit": 25.5})
    assert state_of(hass, BUDGET).state == "25.5"
    await submit(hass, entry_of_stream, "tariff", *TARIFF)
    # The amount was one of the old currency.
    assert state_of(hass, BUDGET).state == "12.0"
    for shown in (BUDGET, COST):
        assert state_of(hass, shown).attributes["unit_of_measurement"] == "GBP"
    await submit(hass, entry_of_stream, "wakes", {"asleep_automation": "refuse"})
    assert entry_of_stream.options["asleep_automation"] == "refuse"
    witness.check_connected()
    witness.check_available()


async def test_options_changed_elsewhere_apply_too(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry
) -> None:
    options = {**entry_of_stream.options, "monthly_limit": 7}
    hass.config_entries.async_update_entry(entry_of_stream, options=options)
    assert ledger_of(entry_of_stream).meter.budget == 7
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, BUDGET).state == "7.0"
    # A change of anything else is none of the options.
    hass.config_entries.async_update_entry(entry_of_stream, title="Our cars")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert witness.requests == []
    witness.check_connected()
    witness.check_available()


async def test_options_that_cannot_be_read_are_reported_at_once(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry
) -> None:
    options = dict(entry_of_stream.options)
    hass.config_entries.async_update_entry(
        entry_of_stream, options={**options, "monthly_limit": "much"}
    )
    assert "options_unreadable" in issues_of(hass)
    hass.config_entries.async_update_entry(entry_of_stream, options=options)
    assert "options_unreadable" not in issues_of(hass)
    witness.check_connected()


async def test_of_two_accounts_the_strictest_rule_applies_at_once(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry, make_entry: EntryMaker
) -> None:
    """Whether the other account is loaded or not: its owner pays the same bill."""
    other = make_entry("owner-2")
    await set_up(hass, other)
    ledger = ledger_of(entry_of_stream)
    assert ledger_of(other) is ledger
    await submit(hass, other, "spending", {"monthly_limit": 4})
    assert ledger.meter.budget == 4
    await submit(hass, entry_of_stream, "spending", {"monthly_limit": 6})
    assert ledger.meter.budget == 4
    assert await hass.config_entries.async_unload(other.entry_id)
    await submit(hass, other, "spending", {"monthly_limit": 2})
    assert ledger.meter.budget == 2
    await submit(hass, other, "spending", {"monthly_limit": 8})
    assert ledger.meter.budget == 6
    assert state_of(hass, BUDGET).state == "6.0"
    witness.check_connected()


async def test_saving_retries_a_failed_setup(
    hass: HomeAssistant, tesla: Simulator, entry: MockConfigEntry
) -> None:
    tesla.faults.order("status", endpoint="products", count=1)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await submit(hass, entry, "spending", {"monthly_limit": 4})
    assert entry.state is ConfigEntryState.LOADED
    assert ledger_of(entry).meter.budget == 4


# --- The stream -----------------------------------------------------------------------------------


def direct(entry: MockConfigEntry, **changed: Any) -> Mapping[str, Any]:
    """The form of the address, as it is filled, with changes."""
    options = entry.options
    return {
        "stream_hostname": options["stream_hostname"],
        "stream_port": options["stream_port"],
        "stream_certificate": "own",
        **changed,
    }


def fields(tesla: Simulator) -> Mapping[str, Mapping[str, Any]]:
    """The fields that Tesla last configured Aurora with."""
    claims = tesla.world.cars[MODEL_Y].telemetry.subscriptions[CLIENT_ID].claims
    found: Mapping[str, Mapping[str, Any]] = claims["fields"]
    return found


def listens(hass: HomeAssistant, port: int) -> bool:
    """Whether cars can connect to a port."""
    receivers: dict[int, Receiver] = hass.data["flotte_receivers"]
    return port in receivers and receivers[port].is_running


@pytest.mark.parametrize(
    "rules", [{"stream_profile": "live"}, {"stream_overrides": {"BatteryLevel": 77}}]
)
async def test_a_rule_of_the_stream_is_sent_to_the_car_and_nothing_else(
    hass: HomeAssistant,
    witness: Witness,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
    rules: Mapping[str, Any],
) -> None:
    before = fields(tesla)["BatteryLevel"]
    form = {"stream": "direct", "stream_profile": "tuned", **rules}
    await submit(hass, entry_of_stream, "stream", form, direct(entry_of_stream))
    assert witness.requests == [CONFIGURE]
    assert fields(tesla)["BatteryLevel"] != before
    witness.check_connected()
    await pass_time(2 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert witness.unexpected == [CONFIGURE]
    witness.check_available()


async def test_saving_the_stream_as_it_is_changes_nothing(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry
) -> None:
    form = {"stream": "direct", "stream_profile": "tuned"}
    await submit(hass, entry_of_stream, "stream", form, direct(entry_of_stream))
    assert witness.requests == []
    witness.check_connected()
    witness.check_available()


@pytest.mark.parametrize("what", ["stream_port", "stream_hostname"])
async def test_another_address_restarts_only_the_receiver(
    hass: HomeAssistant,
    witness: Witness,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
    what: str,
) -> None:
    old_port = entry_of_stream.options["stream_port"]
    new = {"stream_port": free_port(), "stream_hostname": "cars.flotte.example"}[what]
    form = {"stream": "direct", "stream_profile": "tuned"}
    await submit(hass, entry_of_stream, "stream", form, direct(entry_of_stream, **{what: new}))
    assert state_of(hass, STREAMING).state == "off"
    assert listens(hass, entry_of_stream.options["stream_port"])
    assert listens(hass, old_port) is (what != "stream_port")
    assert witness.requests == [CAPABILITIES, CONFIGURE]
    await pass_time(3 * MINUTE)
    assert witness.unexpected == [CONFIGURE]
    assert state_of(hass, STREAMING).state == "on"
    assert witness.new_connections == 1
    witness.check_available()


async def test_the_stream_is_turned_off_and_on(
    hass: HomeAssistant,
    witness: Witness,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    address = direct(entry_of_stream)
    await submit(hass, entry_of_stream, "stream", {"stream": "off", "stream_profile": "tuned"})
    assert witness.requests == [DELETE]
    assert state_of(hass, STREAMING).state == "off"
    assert not listens(hass, address["stream_port"])
    coordinator = vehicle_of(entry_of_stream, MODEL_Y)
    assert not coordinator.stream_watch.is_expected
    assert coordinator.vehicle.presence.stream_overdue_since is None
    form = {"stream": "direct", "stream_profile": "tuned"}
    await submit(hass, entry_of_stream, "stream", form, address)
    await pass_time(3 * MINUTE)
    assert witness.unexpected == [DELETE, CONFIGURE]
    assert state_of(hass, STREAMING).state == "on"
    witness.check_available()


async def test_a_car_that_was_updated_while_the_stream_was_off(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry, tesla: Simulator
) -> None:
    """Only a new answer of Tesla's says that it can stream by now."""
    address = direct(entry_of_stream)
    await submit(hass, entry_of_stream, "stream", {"stream": "off", "stream_profile": "tuned"})
    watch = vehicle_of(entry_of_stream, MODEL_S).stream_watch
    car = tesla.world.cars[MODEL_S]
    car.firmware, car.telemetry_version, car.streaming_toggle = "2026.26.4", "1.2.0", True
    assert not watch.is_expected
    form = {"stream": "direct", "stream_profile": "tuned"}
    await submit(hass, entry_of_stream, "stream", form, address)
    assert watch.is_expected


async def test_alerts_get_an_entity_when_the_stream_is_turned_on(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Once: turning it off and on again adds no other."""
    tesla.world.cars[MODEL_Y].steer({"state": "online", "user_present": True})
    await set_up(hass, entry)
    assert hass.states.get(ALERT) is None
    address = {
        "stream_hostname": "home.flotte.example",
        "stream_port": free_port(),
        "stream_certificate": "own",
    }
    form = {"stream": "direct", "stream_profile": "tuned"}
    await submit(hass, entry, "stream", form, address)
    assert state_of(hass, ALERT).state == STATE_UNKNOWN
    assert state_of(hass, STREAMING).state == "off", "the sensor does not wait for the next poll"
    await submit(hass, entry, "stream", {"stream": "off", "stream_profile": "tuned"})
    await submit(hass, entry, "stream", form, address)
    await pass_time(3 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    aurora = tesla.world.cars[MODEL_Y]
    aurora.steer({"alert": {"name": "BMS_a066", "audiences": ["service"]}})
    await pass_time(MINUTE)
    assert state_of(hass, ALERT).attributes["event_type"] == "service"
    assert "already exists" not in caplog.text


async def test_changes_that_follow_each_other_end_with_the_last(
    hass: HomeAssistant,
    witness: Witness,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """Nothing is awaited in between."""
    options = dict(entry_of_stream.options)
    ports = [free_port(), free_port()]
    for port in ports:
        hass.config_entries.async_update_entry(
            entry_of_stream, options={**options, "stream_port": port, "stream_profile": "live"}
        )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [listens(hass, each) for each in (options["stream_port"], *ports)] == [
        False,
        False,
        True,
    ]
    await pass_time(3 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert witness.unexpected == [CONFIGURE]
    hass.config_entries.async_update_entry(entry_of_stream, options={**options, "stream": "off"})
    assert await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not listens(hass, ports[1])


async def test_what_the_budget_postponed_is_sent_when_the_budget_is_raised(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, pass_time: Pass
) -> None:
    tesla.world.cars[MODEL_Y].steer({"state": "online", "user_present": True})
    options = dict(entry_of_stream.options)
    hass.config_entries.async_update_entry(
        entry_of_stream, options={**options, "monthly_limit": 0.001}
    )
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    assert CONFIGURE not in [each.endpoint for each in tesla.requests]
    hass.config_entries.async_update_entry(entry_of_stream, options={**options, "monthly_limit": 5})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert CONFIGURE in [each.endpoint for each in tesla.requests]


async def test_what_tesla_refused_is_not_sent_again_for_another_budget(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, pass_time: Pass
) -> None:
    """The refusal was billed, and the next one would be too: only time is waited for."""
    tesla.world.cars[MODEL_Y].steer({"state": "online", "user_present": True})
    tesla.faults.order("status", endpoint=CONFIGURE, status=403)
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    refused = entry_of_stream.runtime_data.streaming._subscriptions[MODEL_Y].refusal
    assert refused is not None
    assert refused.issue == "stream_refused"
    sent = [each.endpoint for each in tesla.requests].count(CONFIGURE)
    assert sent == 1
    await save(hass, entry_of_stream, {**entry_of_stream.options, "monthly_limit": 5})
    await save(hass, entry_of_stream, {**entry_of_stream.options, "wakes_per_day": 7})
    await entry_of_stream.runtime_data.streaming.async_configure()
    assert [each.endpoint for each in tesla.requests].count(CONFIGURE) == sent
    # A rule of the stream may have been the cause.
    await save(hass, entry_of_stream, {**entry_of_stream.options, "stream_profile": "live"})
    assert [each.endpoint for each in tesla.requests].count(CONFIGURE) == sent + 1


async def test_a_deletion_under_way_does_not_delete_what_is_sent_next(
    hass: HomeAssistant,
    witness: Witness,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stream is turned on again while an earlier deletion is retried."""
    options = dict(entry_of_stream.options)
    tesla.faults.order("status", endpoint=DELETE, status=503)
    await save(hass, entry_of_stream, {**options, "stream": "off"})
    assert witness.requests == [DELETE]
    manager = entry_of_stream.runtime_data.streaming
    vehicles = entry_of_stream.runtime_data.vehicles
    begun, go_on = asyncio.Event(), asyncio.Event()
    delete = vehicles[0].vehicle.api.delete_telemetry_config

    async def delete_slowly(*args: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await delete(*args)

    monkeypatch.setattr(vehicles[0].vehicle.api, "delete_telemetry_config", delete_slowly)
    manager._subscriptions[MODEL_Y].removal_failed_at = None
    retry = hass.async_create_task(manager._retirement._async_retry(dt_util.utcnow()))
    await begun.wait()
    hass.config_entries.async_update_entry(
        entry_of_stream, options={**options, "stream_profile": "live"}
    )
    for _ in range(50):
        # Enough for the next configuration, were it sent before the deletion is over.
        if CONFIGURE in witness.requests:
            break
        await hass.async_add_executor_job(time.sleep, 0.005)
    go_on.set()
    await retry
    await hass.async_block_till_done(wait_background_tasks=True)
    assert witness.requests == [DELETE, DELETE, CAPABILITIES, CONFIGURE]
    assert fields(tesla)
    assert manager._subscriptions[MODEL_Y].configured is not None


async def test_turning_the_stream_off_again_does_not_wait_for_the_next_retry(
    hass: HomeAssistant, witness: Witness, entry_of_stream: MockConfigEntry, tesla: Simulator
) -> None:
    options = dict(entry_of_stream.options)
    tesla.faults.order("status", endpoint=DELETE, status=503)
    for source in ("off", "direct", "off"):
        await save(hass, entry_of_stream, {**options, "stream": source})
    assert witness.requests == [DELETE, CAPABILITIES, DELETE]
    assert not tesla.world.cars[MODEL_Y].telemetry.subscriptions


async def test_outdated_configurations_are_not_sent(
    hass: HomeAssistant,
    witness: Witness,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Options change while a group of cars is being configured: the next group waits for them."""
    manager = entry_of_stream.runtime_data.streaming
    configurator = manager._configurator
    aurora = manager._subscriptions[MODEL_Y]
    sent: list[list[str]] = []
    options = dict(entry_of_stream.options)

    async def note(_wanted: object, group: list[tuple[VehicleSubscription, object]]) -> None:
        sent.append([each.vin for each, _ in group])
        if len(sent) == 1:
            hass.config_entries.async_update_entry(
                entry_of_stream, options={**options, "stream_profile": "live"}
            )

    monkeypatch.setattr(configurator, "_async_send", note)
    others = [
        each
        for each in manager._subscriptions.values()
        if each.coordinator.stream_watch.is_expected
    ]
    assert len(others) > 1
    for other in others:
        other.configured = None
        for each in others:
            each.coordinator.vehicle.channel.key_paired = True
    aurora.tally.slowed = {"BatteryLevel": 1}
    await configurator.async_configure()
    assert len(sent) == 1
    await hass.async_block_till_done(wait_background_tasks=True)
    assert sorted(vin for group in sent[1:] for vin in group) == sorted(each.vin for each in others)

"""Setting up: what it asks for, what it costs, what it shows; and taking down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte import async_remove_config_entry_device
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import CONF_BASE_URL, DOMAIN
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.api.sending import ApiRequest
from custom_components.flotte.tesla.api.transport import Transport
from custom_components.flotte.tesla.state import Source
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    SITE,
    EntryMaker,
    issues_of,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait, act, told_of

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]


@pytest.fixture
def few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what these tests look at, to save time."""
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.LOCK, Platform.SENSOR, Platform.SELECT]
    )


def paid(tesla: Simulator) -> dict[Category, int]:
    """Everything that costs something, where it was used."""
    counts = tesla.bill.counts(client_id=CLIENT_ID)
    return {
        category: counts[category]
        for category in (Category.DATA, Category.COMMAND, Category.WAKE)
        if counts[category]
    }


# --- What a start costs ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["online", "asleep", "offline"])
async def test_setup_costs_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, state: str
) -> None:
    """However the cars are, and however often Home Assistant starts."""
    for car in tesla.world.cars.values():
        car.steer({"state": state})
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert paid(tesla) == {}
    for _ in range(3):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert paid(tesla) == {}
    assert all(car.wakes == 0 for car in tesla.world.cars.values())


@pytest.mark.usefixtures("few_platforms")
async def test_restart_is_no_reason_to_poll_again(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The plan goes on from where it was."""
    assert paid(tesla) == {Category.DATA: 3}
    assert await hass.config_entries.async_reload(told.entry_id)
    await wait(5 * MINUTE)
    assert paid(tesla) == {Category.DATA: 3}


@pytest.mark.usefixtures("few_platforms")
async def test_session_outlives_a_restart(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The first command after it needs no handshake, which would cost as much as the command."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert await hass.config_entries.async_reload(told.entry_id)
    await hass.async_block_till_done()
    billed = paid(tesla)[Category.COMMAND]
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert [each.name for each in car.executions] == ["door_lock", "door_lock"]
    assert paid(tesla)[Category.COMMAND] == billed + 1


# --- Round trips ----------------------------------------------------------------------------------


@dataclass
class RoundTrips:
    """When requests left and came back, in the order of both."""

    running: int = 0
    rounds: list[list[str]] = field(default_factory=list)
    """Requests that were on their way together; a new round begins when nothing was."""


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> RoundTrips:
    """Watches the requests."""
    trips = RoundTrips()
    send = Transport.request

    async def request(transport: Transport, request: ApiRequest, *more: Any) -> Any:
        if not trips.running:
            trips.rounds.append([])
        trips.rounds[-1].append(request.path)
        trips.running += 1
        try:
            return await send(transport, request, *more)
        finally:
            trips.running -= 1

    monkeypatch.setattr(Transport, "request", request)
    return trips


async def test_two_round_trips_in_a_row(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, round_trips: RoundTrips
) -> None:
    await set_up(hass, entry)
    assert [sorted(each) for each in round_trips.rounds] == [
        ["/api/1/products"],
        [
            f"/api/1/energy_sites/{SITE}/live_status",
            f"/api/1/energy_sites/{SITE}/site_info",
            "/api/1/vehicles/fleet_status",
        ],
    ]


# --- What does not keep it from starting ----------------------------------------------------------

FAULTS = [
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 408},
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 500},
    {"kind": "lost_reply"},
    {"kind": "malformed"},
]


@pytest.mark.usefixtures("few_platforms")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.get("status", fault["kind"])))
async def test_set_up_does_not_depend_on_cars_and_sites(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, fault: Mapping[str, Any]
) -> None:
    for endpoint in ("vehicle", "vehicle_data", "fleet_status", "live_status", "site_info"):
        tesla.faults.order(**fault, endpoint=endpoint, count=None)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, "lock.aurora_doors").state == STATE_UNKNOWN
    # The site's equipment is not known yet.
    assert hass.states.get("select.home_operation_mode") is None
    assert state_of(hass, "sensor.home_last_seen").state == STATE_UNKNOWN


@pytest.mark.usefixtures("few_platforms")
async def test_settings_of_a_site_that_answered_by_half(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """One lost answer at the start must not cost the entities until the next one."""
    tesla.faults.order("status", status=500, endpoint="site_info")
    await set_up(hass, entry)
    await wait(11 * MINUTE)
    assert state_of(hass, "select.home_operation_mode").state == "self_consumption"


@pytest.mark.usefixtures("few_platforms")
@pytest.mark.parametrize(
    ("fault", "state", "key"),
    [
        ({"kind": "status", "status": 401}, ConfigEntryState.SETUP_ERROR, "login_required"),
        ({"kind": "status", "status": 403}, ConfigEntryState.SETUP_RETRY, "missing_scope"),
        ({"kind": "firewall"}, ConfigEntryState.SETUP_RETRY, "forbidden"),
        ({"kind": "status", "status": 404}, ConfigEntryState.SETUP_RETRY, "not_found"),
        ({"kind": "status", "status": 412}, ConfigEntryState.SETUP_RETRY, "not_registered"),
        (
            {"kind": "status", "status": 421, "body": "use base URL: http://203.0.113.1"},
            ConfigEntryState.SETUP_RETRY,
            "wrong_region",
        ),
        ({"kind": "status", "status": 421}, ConfigEntryState.SETUP_RETRY, "wrong_region"),
        ({"kind": "status", "status": 423}, ConfigEntryState.SETUP_RETRY, "account_locked"),
        ({"kind": "status", "status": 451}, ConfigEntryState.SETUP_RETRY, "legally_blocked"),
        ({"kind": "status", "status": 429}, ConfigEntryState.SETUP_RETRY, "rate_limited"),
        ({"kind": "status", "status": 500}, ConfigEntryState.SETUP_RETRY, "service_error"),
        ({"kind": "status", "status": 503}, ConfigEntryState.SETUP_RETRY, "service_error"),
        ({"kind": "lost_reply"}, ConfigEntryState.SETUP_RETRY, "answer_lost"),
        ({"kind": "dropped"}, ConfigEntryState.SETUP_RETRY, "answer_lost"),
        ({"kind": "malformed"}, ConfigEntryState.SETUP_RETRY, "invalid_answer"),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else None,
)
async def test_account_that_does_not_answer(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: Mapping[str, Any],
    state: ConfigEntryState,
    key: str,
) -> None:
    """It is tried again, whatever it was, and the owner reads what to do meanwhile."""
    tesla.faults.order(**fault, endpoint="products", count=None)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is state
    assert entry.error_reason_translation_key == key
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == (
        [SOURCE_REAUTH] if key == "login_required" else []
    )

    tesla.faults.clear()
    await wait(MINUTE)
    assert [each.state for each in hass.config_entries.async_entries(DOMAIN)] == [
        ConfigEntryState.LOADED
    ]
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.usefixtures("few_platforms")
async def test_no_connection_at_all(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_BASE_URL: "http://127.0.0.1:9"}
    )
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "unreachable"


@pytest.mark.usefixtures("few_platforms")
async def test_account_that_moved_to_another_region(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    """421 names one of Tesla's own hosts: it is followed."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_BASE_URL: tesla.na_url})
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert [each.region for each in tesla.requests if each.endpoint == "products"] == ["na", "eu"]


@pytest.mark.usefixtures("few_platforms")
async def test_account_without_anything(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    entry = make_entry("owner-2")
    await register_key(hass, tesla)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert {each.endpoint for each in tesla.requests} == {"products"}
    assert state_of(hass, "sensor.tesla_account_cost_this_month").state == "0.00"


@pytest.mark.usefixtures("few_platforms")
async def test_key_that_cannot_be_read(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is not replaced: every pairing hangs on it."""

    async def unreadable(_: HomeAssistant) -> None:
        raise ValueError("no key")

    monkeypatch.setattr("custom_components.flotte.account.setup.async_get_key", unreadable)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "private_key_unreadable"


# --- What is known over a restart -----------------------------------------------------------------


def _lasting(state: State) -> dict[str, Any]:
    """The attributes; without the end of a slider, which is kept for a minute."""
    return {key: value for key, value in state.attributes.items() if key != "max"}


async def test_state_is_restored_with_its_times(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Exactly what was known, and nothing more: what was unknown stays so."""
    tesla.world.cars[MODEL_Y].steer({"state": "asleep"})
    await wait(30 * MINUTE)
    # A setup also projects the month's cost.
    told.runtime_data.ledger.async_review(dt_util.utcnow())
    before = {state.entity_id: (state.state, _lasting(state)) for state in hass.states.async_all()}
    readings = dict(vehicle_of(told, MODEL_Y).state.readings)
    assert len(readings) > 60

    assert await hass.config_entries.async_unload(told.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "lock.aurora_doors").state == STATE_UNAVAILABLE
    await set_up(hass, told)

    restored = vehicle_of(told, MODEL_Y).state.readings
    assert set(restored) == set(readings)
    for signal, reading in readings.items():
        if signal is signals.ONLINE:
            continue  # The product list has just told it.
        assert restored[signal].value == reading.value
        assert restored[signal].time == reading.time
        assert restored[signal].source is Source.RESTORED
    after = {state.entity_id: (state.state, _lasting(state)) for state in hass.states.async_all()}
    # It moved in steps before, and is exact after the setup.
    assert before.pop("sensor.home_last_seen")[0] < after.pop("sensor.home_last_seen")[0]
    assert after == before


async def test_no_value_is_invented(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Of a car that has slept ever since only that is known, and that nothing waits for it."""
    await set_up(hass, entry)
    for _ in range(2):
        known = {
            state.entity_id: state.state
            for state in hass.states.async_all()
            if "aurora" in state.entity_id and state.state != STATE_UNKNOWN
        }
        assert known == {
            "binary_sensor.aurora_online": "off",
            # Nothing waits that it could cancel.
            "button.aurora_cancel_waiting_commands": "unavailable",
            # In a sleeping car nothing plays.
            "media_player.aurora_media": "off",
            # A setting of ours.
            "select.aurora_charging_mode": "off",
            "sensor.aurora_state": "asleep",
            "sensor.aurora_waiting_commands": "0",
        }
        assert await hass.config_entries.async_reload(entry.entry_id)
        await wait(MINUTE)


@pytest.mark.usefixtures("few_platforms")
async def test_assumptions_are_not_stored(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A value without a report is not known after a restart either."""
    await told_of(tesla, wait, MODEL_Y, locked=False)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "lock.aurora_doors").state == "unlocked"
    # But what became of the command is looked at as soon as it shows.
    await wait(timedelta(seconds=9))
    assert state_of(hass, "lock.aurora_doors").state == "locked"


@pytest.mark.usefixtures("few_platforms")
async def test_changes_are_written_soon(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_storage: dict[str, Any],
) -> None:
    """A power cut costs half a minute; nothing in the file is secret."""
    await wait(MINUTE)
    stored = hass_storage[f"{DOMAIN}.{told.entry_id}"]["data"]
    assert stored[MODEL_Y]["state"]["BatteryLevel"][0] == 68
    text = json.dumps(stored)
    assert told.data["token"]["access_token"] not in text
    assert "PRIVATE KEY" not in text


@pytest.mark.usefixtures("few_platforms")
async def test_changes_whose_write_failed_are_written_at_shutdown(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_storage: dict[str, Any],
) -> None:
    """A car that sleeps does not change again; its readings are not lost with the first attempt."""
    key = f"{DOMAIN}.{told.entry_id}"
    hass_storage.pop(key, None)
    full = WriteError("[Errno 28] No space left on device")
    with patch("homeassistant.helpers.storage.Store._async_write_data", side_effect=full):
        await wait(MINUTE)
    assert key not in hass_storage
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert hass_storage[key]["data"][MODEL_Y]["state"]["BatteryLevel"][0] == 68


@pytest.mark.usefixtures("few_platforms")
@pytest.mark.parametrize(
    "stored",
    [
        {MODEL_Y: None},
        {MODEL_Y: {"state": [], "asked": "yesterday", "came_online": True, "sessions": 7}},
        {MODEL_Y: {"state": {"BatteryLevel": 7}, "sessions": {"2": {"counter": "x"}}}},
        {str(SITE): {"state": {"SolarPower": [1]}}},
    ],
    ids=["nothing", "wrong types", "half", "site"],
)
async def test_stored_state_that_cannot_be_read(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    hass_storage: dict[str, Any],
    stored: dict[str, Any],
) -> None:
    """It is left out, and does not prevent the start."""
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": stored}
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, "sensor.aurora_battery").state == STATE_UNKNOWN


# --- Taking down ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_platforms")
async def test_unloaded_entry_sends_nothing(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    assert await hass.config_entries.async_unload(told.entry_id)
    asked = len(tesla.requests)
    await wait(5 * MINUTE)
    assert len(tesla.requests) == asked


@pytest.mark.usefixtures("few_platforms")
async def test_removed_entry_forgets_the_cars_and_keeps_the_key(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    hass_storage: dict[str, Any],
) -> None:
    key = (await async_get_key(hass)).public_bytes
    assert await hass.config_entries.async_remove(told.entry_id)
    await hass.async_block_till_done()
    assert f"{DOMAIN}.{told.entry_id}" not in hass_storage
    assert f"{DOMAIN}.private_key" in hass_storage
    assert (await async_get_key(hass)).public_bytes == key


@pytest.mark.usefixtures("few_platforms")
async def test_only_devices_that_left_can_be_removed(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    device_registry: dr.DeviceRegistry,
) -> None:
    for identifier in (MODEL_Y, MODEL_3, MODEL_S, str(SITE), str(told.unique_id)):
        device = device_registry.async_get_device_by_identifier((DOMAIN, identifier), told.entry_id)
        assert device is not None
        assert not await async_remove_config_entry_device(hass, told, device)

    tesla.world.cars[MODEL_3].account = "owner-2"
    assert await hass.config_entries.async_reload(told.entry_id)
    device = device_registry.async_get_device_by_identifier((DOMAIN, MODEL_3), told.entry_id)
    assert device is not None
    assert await async_remove_config_entry_device(hass, told, device)


@pytest.mark.usefixtures("few_platforms")
async def test_devices(
    hass: HomeAssistant, told: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    shown = {
        (device.name, device.manufacturer, device.model, device.serial_number)
        for device in dr.async_entries_for_config_entry(device_registry, told.entry_id)
    }
    assert shown == {
        ("Aurora", "Tesla", "Model Y", MODEL_Y),
        ("Comet", "Tesla", "Model 3", MODEL_3),
        ("Old Faithful", "Tesla", "Model S", MODEL_S),
        ("Home", "Tesla", "Powerwall 2", str(SITE)),
        ("Wall Connector", "Tesla", "Gen 3 Wall Connector", "B7S23024J00001"),
        ("Tesla account", "Tesla", "Fleet API", None),
    }


# --- What is added to the account -----------------------------------------------------------------


def asleep(tesla: Simulator) -> None:
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})


@pytest.mark.usefixtures("few_platforms")
@pytest.mark.parametrize("added", ["car", "site"])
async def test_new_devices_of_the_account_appear(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    tesla: Simulator,
    wait: Wait,
    added: str,
) -> None:
    """Within six hours, at no cost; the ones that were there stay."""
    asleep(tesla)
    car, site = tesla.world.cars[MODEL_3], tesla.world.sites[SITE]
    car.account = site.account = "owner-2"
    await set_up(hass, entry)

    def names() -> set[str | None]:
        devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
        return {each.name for each in devices}

    before = names()
    assert before == {"Aurora", "Old Faithful", "Tesla account"}
    (car if added == "car" else site).account = "owner-1"
    await wait(timedelta(hours=6))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert names() == before | ({"Comet"} if added == "car" else {"Home", "Wall Connector"})
    assert entry.state is ConfigEntryState.LOADED
    # A new car that is asleep is not a page of unknown values without a word.
    assert (f"never_read_{MODEL_3[-6:]}" in issues_of(hass)) is (added == "car")
    assert paid(tesla) == {}


@pytest.mark.usefixtures("few_platforms")
async def test_an_unchanged_account_is_not_reloaded(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Also if Tesla does not answer, and if a car is away."""
    before = loaded.runtime_data
    asleep(tesla)
    tesla.faults.order("status", endpoint="products", status=503)
    for status in (503, 200):
        # Minute by minute only when the account is about to be read.
        freezer.tick(timedelta(hours=5, minutes=50))
        await wait(10 * MINUTE)
        # The simulator remembers the last ones only.
        assert [each.status for each in tesla.requests if each.endpoint == "products"][-1] == status
        tesla.world.cars[MODEL_3].account = "owner-2"
    assert loaded.runtime_data is before


@pytest.mark.usefixtures("few_platforms")
async def test_a_change_after_the_unload_is_not_written(
    hass: HomeAssistant, told: MockConfigEntry, wait: Wait, hass_storage: dict[str, Any]
) -> None:
    """Tesla may still answer then; the next start may have written newer readings by that time."""
    changed = told.runtime_data.streaming.changed
    await wait(timedelta(seconds=31))
    assert await hass.config_entries.async_unload(told.entry_id)
    written = hass_storage[f"{DOMAIN}.{told.entry_id}"]
    changed()
    await wait(MINUTE)
    assert hass_storage[f"{DOMAIN}.{told.entry_id}"] is written


# --- The ledger -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_platforms")
async def test_command_is_in_the_ledgers_file_before_it_leaves(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen from the car: when it hears of the command, the money is on record."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    (key,) = (each for each in hass_storage if each.startswith(f"{DOMAIN}.ledger."))
    seen: list[int] = []
    signed_command = car.signed_command

    def booked_before(message: bytes) -> bytes:
        rows = hass_storage[key]["data"]["ledger"]["counts"]
        seen.append(sum(row[4] for row in rows if row[1] == "command"))
        return signed_command(message)

    monkeypatch.setattr(car, "signed_command", booked_before)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert seen == [1, 2]


@pytest.mark.usefixtures("few_platforms")
async def test_free_checks_are_not_written(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_storage: dict[str, Any],
) -> None:
    """Cars that sleep for a night must not write a file every minute: memory cards wear out."""
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    (key,) = (each for each in hass_storage if each.startswith(f"{DOMAIN}.ledger."))
    contents: list[object] = []
    for _ in range(30):
        await wait(MINUTE)
        if not contents or contents[-1] is not hass_storage[key]:
            contents.append(hass_storage[key])
    assert len(contents) <= 4


@pytest.mark.usefixtures("few_platforms")
async def test_token_that_ran_out_while_home_assistant_was_off(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    before = entry.data["token"]
    freezer.tick(timedelta(hours=9))
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["token"]["refresh_token"] != before["refresh_token"]
    assert datetime.fromtimestamp(entry.data["token"]["expires_at"], UTC) > datetime.now(UTC)

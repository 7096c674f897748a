"""The stream out of a broker: the same readings as straight from the car, with its own quirks."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from homeassistant.components import mqtt
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_mqtt_message,
)
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.flotte.streaming import mqtt as mqtt_source
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Source
from custom_components.flotte.tesla.telemetry.forecast import Overdrawn
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
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

MINUTE = timedelta(minutes=1)


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Home Assistant's own MQTT client leaves one behind."""
    return True


BATTERY = "sensor.aurora_battery"


@pytest.fixture
async def entry_of_broker(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An entry whose cars push to a server of its owner's, not set up yet."""
    await register_key(hass_at_tesla, tesla)
    return make_entry(options={"stream": "mqtt", "mqtt_topic_base": "tesla/cars"})


@pytest.fixture
async def broker(
    hass: HomeAssistant, entry_of_broker: MockConfigEntry, mqtt_mock: MqttMockHAClient
) -> MqttMockHAClient:
    """A broker, and the account that listens to it."""
    await set_up(hass, entry_of_broker)
    await hass.async_block_till_done(wait_background_tasks=True)
    return mqtt_mock


async def publish(
    hass: HomeAssistant,
    tesla: Simulator,
    topic: str,
    content: Any,
    *,
    vin: str = MODEL_Y,
    billed: int = 0,
    retain: bool = False,
) -> None:
    """The values that the owner's server publishes for a car, and their bill at Tesla."""
    payload = content.decode() if isinstance(content, bytes) else json.dumps(content)
    async_fire_mqtt_message(hass, f"tesla/cars/{vin}/{topic}", payload, retain=retain)
    await hass.async_block_till_done()
    if billed:
        tesla.bill.charge(CLIENT_ID, Category.SIGNAL, vin=vin, amount=billed)


async def connect(hass: HomeAssistant, tesla: Simulator, connection: str, status: str) -> None:
    told = {
        "ConnectionId": connection,
        "Status": status,
        "CreatedAt": "2025-01-01T00:00:00Z",
        "NetworkInterface": "wifi",
    }
    await publish(hass, tesla, "connectivity", told)


async def test_values(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    entry_of_broker: MockConfigEntry,
) -> None:
    """A value alone says that the car is awake; it counts as told now, and is billed."""
    assert state_of(hass, STREAMING).state == "off"
    await publish(hass, tesla, "v/BatteryLevel", 61.5, billed=1)
    assert float(state_of(hass, BATTERY).state) == pytest.approx(61.5, abs=0.6)
    assert state_of(hass, STREAMING).state == "on"
    assert state_of(hass, "binary_sensor.aurora_online").state == "on"
    reading = vehicle_of(entry_of_broker, MODEL_Y).state.reading(signals.BATTERY_LEVEL)
    assert reading is not None
    assert reading.source is Source.STREAM
    await publish(hass, tesla, "v/DoorState", {"DriverFront": True}, billed=1)
    assert state_of(hass, "binary_sensor.aurora_front_driver_door").state == "on"
    assert state_of(hass, "binary_sensor.comet_streaming").state == "off"


@pytest.mark.parametrize(
    ("field", "on_the_wire", "entity", "direct"),
    [
        ("Gear", "ShiftStateD", "sensor.aurora_shift_state", "d"),
        ("Locked", True, "lock.aurora_doors", "locked"),
        ("FdWindow", "WindowStateOpened", "binary_sensor.aurora_front_driver_window", "on"),
    ],
)
async def test_readings_equal_those_from_the_car(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    field: str,
    on_the_wire: object,
    entity: str,
    direct: str,
) -> None:
    await publish(hass, tesla, f"v/{field}", on_the_wire, billed=1)
    assert state_of(hass, entity).state == direct


async def test_invalid_is_no_change(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator
) -> None:
    await publish(hass, tesla, "v/BatteryLevel", 61, billed=1)
    await publish(hass, tesla, "v/BatteryLevel", None, billed=1)
    assert state_of(hass, BATTERY).state not in ("unknown", "unavailable")


@pytest.mark.parametrize(
    ("topic", "content"),
    [
        ("v/BatteryLevel", b"{"),
        ("v/BatteryLevel", b""),
        ("nonsense/BatteryLevel", b"5"),
        ("connectivity", b"[]"),
        ("errors/one", b"7"),
    ],
)
async def test_unreadable_messages(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator, topic: str, content: bytes
) -> None:
    await publish(hass, tesla, topic, content)
    assert state_of(hass, STREAMING).state == "off"
    assert state_of(hass, BATTERY).state == "unknown"


async def test_retained_messages_are_ignored(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator
) -> None:
    """It has no age, and is not billed a second time either."""
    await publish(hass, tesla, "v/BatteryLevel", 61, retain=True)
    assert state_of(hass, BATTERY).state == "unknown"
    assert state_of(hass, STREAMING).state == "off"


async def test_cars_of_others_are_left_alone(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator
) -> None:
    topics = {call.args[0] for call in broker.async_subscribe.mock_calls if call.args}
    assert {f"tesla/cars/{vin}/#" for vin in (MODEL_Y, MODEL_3)} <= topics
    await publish(hass, tesla, "v/BatteryLevel", 61, vin="5YJ3E1EA7KF000099")
    assert state_of(hass, BATTERY).state == "unknown"


async def test_connections_overlap(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator
) -> None:
    await publish(hass, tesla, "v/BatteryLevel", 61, billed=1)
    await connect(hass, tesla, "a", "CONNECTED")
    await connect(hass, tesla, "b", "CONNECTED")
    await connect(hass, tesla, "a", "DISCONNECTED")
    assert state_of(hass, STREAMING).state == "on"
    await connect(hass, tesla, "b", "DISCONNECTED")
    assert state_of(hass, STREAMING).state == "off"
    assert state_of(hass, "binary_sensor.aurora_online").state == "on", "it may be out of reach"


async def test_an_unreported_end_of_a_connection(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator
) -> None:
    await publish(hass, tesla, "v/BatteryLevel", 61, billed=1)
    await connect(hass, tesla, "a", "DISCONNECTED")
    assert state_of(hass, STREAMING).state == "off"
    await publish(hass, tesla, "v/BatteryLevel", 62, billed=1)
    assert state_of(hass, STREAMING).state == "on"


async def test_it_goes_to_sleep(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator
) -> None:
    await connect(hass, tesla, "a", "CONNECTED")
    await publish(hass, tesla, "v/BatteryLevel", 61, billed=1)
    for field in ("ChargePortLatch", "ChargePortDoorOpen"):
        await publish(hass, tesla, f"v/{field}", None, billed=1)
    await connect(hass, tesla, "a", "DISCONNECTED")
    assert state_of(hass, "binary_sensor.aurora_online").state == "off"
    assert state_of(hass, BATTERY).state not in ("unknown", "unavailable")


async def test_an_alarm_rings_once(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    entry_of_broker: MockConfigEntry,
) -> None:
    """The server publishes each alert twice, as the current one and in the history."""
    changed = async_capture_events(hass, "state_changed")
    now = vehicle_of(entry_of_broker, MODEL_Y).stream._clock()
    alarm = {
        "Name": "VCSEC_a133_alarmTriggered",
        "StartedAt": now.isoformat(),
        "EndedAt": None,
        "Audiences": ["Customer"],
    }
    name = "alerts/VCSEC_a133_alarmTriggered"
    await publish(hass, tesla, f"{name}/current", alarm)
    await publish(hass, tesla, f"{name}/history", [alarm], billed=1)
    fired = [each for each in changed if each.data["entity_id"] == "event.aurora_alert"]
    assert [each.data["new_state"].attributes["event_type"] for each in fired] == ["alarm"]


async def test_errors_of_the_car_are_stored(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    entry_of_broker: MockConfigEntry,
) -> None:
    error = {"Name": "cloud_manager_error", "Body": "?", "CreatedAt": "2026-01-01T00:00:00Z"}
    await publish(hass, tesla, "errors/cloud_manager_error", error)
    stream = vehicle_of(entry_of_broker, MODEL_Y).stream
    assert [each.name for each in stream.errors] == ["cloud_manager_error"]


async def test_silence_is_a_loss(
    hass: HomeAssistant, broker: MqttMockHAClient, tesla: Simulator, pass_time: Pass
) -> None:
    """The end of the server is not announced; the car is awake and polled."""
    car: Car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "user_present": True})
    await publish(hass, tesla, "v/BatteryLevel", 61, billed=1)
    await pass_time(9 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    await publish(hass, tesla, "v/BatteryLevel", 60, billed=1)
    await pass_time(9 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    before = asked_of(tesla, car).count("vehicle_data")
    await pass_time(20 * MINUTE)
    assert state_of(hass, STREAMING).state == "off"
    assert asked_of(tesla, car).count("vehicle_data") > before


async def test_nothing_is_received_after_unloading(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    entry_of_broker: MockConfigEntry,
) -> None:
    stream = vehicle_of(entry_of_broker, MODEL_Y).stream
    await hass.config_entries.async_unload(entry_of_broker.entry_id)
    await publish(hass, tesla, "v/BatteryLevel", 61)
    assert stream.counts.total() == 0


async def test_there_is_no_broker(
    hass: HomeAssistant, entry_of_broker: MockConfigEntry, tesla: Simulator, pass_time: Pass
) -> None:
    """The account exists anyway, and is polled."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "user_present": True})
    await set_up(hass, entry_of_broker)
    await pass_time(15 * MINUTE)
    issue = "no_mqtt"
    assert issues_of(hass) == {issue}
    assert "MQTT" in issue_of(hass, issue)
    assert asked_of(tesla, car).count("vehicle_data") >= 2


async def test_the_broker_came_later(
    hass: HomeAssistant, entry_of_broker: MockConfigEntry, request: pytest.FixtureRequest
) -> None:
    await set_up(hass, entry_of_broker)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issues_of(hass)
    hass.config_entries.async_update_entry(
        entry_of_broker, options={**entry_of_broker.options, "stream": "off"}
    )
    await hass.config_entries.async_reload(entry_of_broker.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issues_of(hass) == set(), "whoever wants no stream needs no broker"


async def test_unloaded_while_it_is_still_subscribing(
    hass: HomeAssistant,
    entry_of_broker: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A later subscription would never end, and would be counted."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    stopped: list[str] = []

    async def subscribe(*_: object) -> Callable[[], None]:
        begun.set()
        await go_on.wait()
        return lambda: stopped.append("stopped")

    monkeypatch.setattr(mqtt_source, "async_subscribe", subscribe)
    await set_up(hass, entry_of_broker)
    streaming = entry_of_broker.runtime_data.streaming
    await begun.wait()
    await streaming.async_stop()
    go_on.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert stopped == ["stopped"]


async def test_a_subscription_fails_after_others_were_made(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []

    async def subscribe(_hass: object, topic: str, *_: object, **__: object) -> Any:
        if "two" in topic:
            raise HomeAssistantError
        return lambda: stopped.append(topic)

    monkeypatch.setattr(mqtt, "async_subscribe", subscribe)
    streams: Any = {name: SimpleNamespace(continuity=SimpleNamespace()) for name in ("one", "two")}
    with pytest.raises(HomeAssistantError):
        await mqtt_source.async_subscribe(hass, "telemetry", streams)
    assert stopped == ["telemetry/one/#"]


async def test_another_topic_applies_at_once(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    entry_of_broker: MockConfigEntry,
) -> None:
    before = entry_of_broker.runtime_data
    await publish(hass, tesla, "v/BatteryLevel", 61.5, billed=1)
    options = {**entry_of_broker.options, "mqtt_topic_base": "other"}
    hass.config_entries.async_update_entry(entry_of_broker, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry_of_broker.runtime_data is before
    assert state_of(hass, STREAMING).state == "off"
    # There is no subscription to the former topic.
    await publish(hass, tesla, "v/BatteryLevel", 70)
    assert state_of(hass, BATTERY).state == "61.5"
    async_fire_mqtt_message(hass, f"other/{MODEL_Y}/v/BatteryLevel", "62.5")
    await hass.async_block_till_done()
    tesla.bill.charge(CLIENT_ID, Category.SIGNAL, vin=MODEL_Y, amount=1)
    assert state_of(hass, BATTERY).state == "62.5"
    assert state_of(hass, STREAMING).state == "on"


async def test_another_profile_applies_without_a_new_subscription(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    tesla: Simulator,
    entry_of_broker: MockConfigEntry,
) -> None:
    await publish(hass, tesla, "v/BatteryLevel", 61.5, billed=1)
    stream = vehicle_of(entry_of_broker, MODEL_Y).stream
    before = stream.latency_of(signals.BATTERY_LEVEL)
    options = {**entry_of_broker.options, "stream_overrides": {"BatteryLevel": 600}}
    hass.config_entries.async_update_entry(entry_of_broker, options=options)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert stream.latency_of(signals.BATTERY_LEVEL) > before
    assert stream.is_connected
    assert state_of(hass, STREAMING).state == "on"


async def test_a_costly_stream_is_reported_for_another_topic_too(
    hass: HomeAssistant,
    broker: MqttMockHAClient,
    entry_of_broker: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The change clears the report, which is due as long as the stream costs too much."""
    streaming = entry_of_broker.runtime_data.streaming
    subscription = streaming._subscriptions[MODEL_Y]
    for topic in ("other", "another"):
        monkeypatch.setattr(
            subscription.tally, "overdrawn", lambda _: (Overdrawn("Soc", 5000, 10),)
        )
        streaming._watcher.slow_costly_fields(subscription, dt_util.utcnow())
        assert issues_of(hass) == {f"broker_overdrawn_{MODEL_Y[-6:]}"}
        options = {**entry_of_broker.options, "mqtt_topic_base": topic}
        hass.config_entries.async_update_entry(entry_of_broker, options=options)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert issues_of(hass) == set()

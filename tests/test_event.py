"""Events: alerts of a car, as automations receive them."""

from datetime import timedelta

import pytest
from homeassistant.const import Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.event import ALERT, event_type
from custom_components.flotte.tesla.telemetry.records import Alert
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import CLIENT_ID, MODEL_Y, Pass, set_up, state_of, vehicle_of
from tests.fleet import MOMENT

SECOND = timedelta(seconds=1)
ENTITY = "event.aurora_alert"
ALARM = "VCSEC_a133_alarmTriggered"


@pytest.fixture
def fired(hass: HomeAssistant, aurora: Car) -> list[Event[EventStateChangedData]]:
    """Changes of any state from now on."""
    fired: list[Event[EventStateChangedData]] = async_capture_events(hass, "state_changed")
    return fired


def alerts(fired: list[Event[EventStateChangedData]]) -> list[str]:
    """Types of the events that were fired, in order."""
    return [
        each.data["new_state"].attributes["event_type"]
        for each in fired
        if each.data["entity_id"] == ENTITY and each.data["new_state"] is not None
    ]


@pytest.mark.freeze_time(MOMENT)
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_events(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.EVENT])
    await set_up(hass, entry_of_stream)
    await snapshot_platform(hass, entity_registry, snapshot, entry_of_stream.entry_id)


async def test_the_alarm(
    hass: HomeAssistant,
    aurora: Car,
    fired: list[Event[EventStateChangedData]],
    pass_time: Pass,
) -> None:
    """Within two seconds, once, with everything that the car reported of it."""
    assert state_of(hass, ENTITY).state == "unknown"
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"]}})
    await pass_time(2 * SECOND)
    assert alerts(fired) == ["alarm"]
    attributes = state_of(hass, ENTITY).attributes
    assert attributes["name"] == ALARM
    assert attributes["audiences"] == ["customer"]
    assert attributes["started"].startswith("20")
    assert attributes["ended"] is None
    assert attributes["event_types"] == ["alarm", "customer", "service", "service_fix", "other"]
    assert len([each for each in fired if each.data["entity_id"] == ENTITY]) == 1


async def test_its_end_is_no_other_alarm(
    aurora: Car,
    tesla: Simulator,
    fired: list[Event[EventStateChangedData]],
    pass_time: Pass,
) -> None:
    """But it is billed, and the next alarm is one."""
    before = tesla.bill.counts(client_id=CLIENT_ID)[Category.SIGNAL]
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"]}})
    await pass_time(2 * SECOND)
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"], "active": False}})
    await pass_time(2 * SECOND)
    assert alerts(fired) == ["alarm"]
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"]}})
    await pass_time(2 * SECOND)
    assert alerts(fired) == ["alarm", "alarm"]
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.SIGNAL] - before >= 3


async def test_an_alarm_that_is_sent_again_with_an_earlier_one(
    aurora: Car, fired: list[Event[EventStateChangedData]], pass_time: Pass
) -> None:
    """The car repeats both, the ended and the active one, with each other alert."""
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"]}})
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"], "active": False}})
    await pass_time(60 * SECOND)
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"]}})
    for _ in range(5):
        await pass_time(60 * SECOND)
        aurora.telemetry.repeat_alerts()
    await pass_time(2 * SECOND)
    assert alerts(fired) == ["alarm", "alarm"]


async def test_an_alert_for_the_workshop(
    aurora: Car, fired: list[Event[EventStateChangedData]], pass_time: Pass
) -> None:
    aurora.steer({"alert": {"name": "BMS_a066", "audiences": ["service"]}})
    await pass_time(2 * SECOND)
    assert alerts(fired) == ["service"]


@pytest.mark.parametrize(
    ("name", "audiences", "expected"),
    [
        (ALARM, ("customer",), "alarm"),
        ("VCSEC_a133_AlarmTriggered", (), "alarm"),
        ("GTW_w018", ("customer", "service"), "customer"),
        ("GTW_w018", ("service", "customer"), "customer"),
        ("GTW_w018", ("service_fix", "service"), "service"),
        ("GTW_w018", ("service_fix",), "service_fix"),
        ("GTW_w018", (), "other"),
        ("GTW_w018", ("martians",), "other"),
    ],
)
def test_what_kind_it_is(name: str, audiences: tuple[str, ...], expected: str) -> None:
    assert event_type(Alert(name, audiences, None, None)) == expected
    assert expected in (ALERT.event_types or ())


async def test_an_alert_that_says_nothing_of_time(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    stream = vehicle_of(entry_of_stream, MODEL_Y).stream
    stream._new_alert(Alert("GTW_w018", (), None, None))
    attributes = state_of(hass, ENTITY).attributes
    assert (attributes["event_type"], attributes["started"]) == ("other", None)


async def test_a_disabled_one_is_not_told(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    listeners = vehicle_of(entry_of_stream, MODEL_Y).stream._new_alert._listeners
    before = set(listeners)
    er.async_get(hass).async_update_entity(ENTITY, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    # The other one keeps the alert on disk.
    gone, kept = before - set(listeners), set(listeners)
    assert len(gone) == len(kept) == 1


async def test_the_last_one_is_shown_after_a_restart(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, pass_time: Pass
) -> None:
    aurora.steer({"alert": {"name": ALARM, "audiences": ["customer"]}})
    await pass_time(2 * SECOND)
    moment = state_of(hass, ENTITY).state
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, ENTITY).state == moment


async def test_without_a_stream_there_are_none(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    assert not [each for each in hass.states.async_entity_ids("event") if "alert" in each]

"""Decisions of the gate in Home Assistant's logbook, read back from its database."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.logbook.helpers import async_determine_event_types
from homeassistant.components.logbook.models import async_event_to_row
from homeassistant.components.logbook.processor import EventProcessor
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.const import EVENT_STATE_CHANGED, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    mock_component,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.flotte.charging.decisions import EVENT_CHARGING_DECISION
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.logbook import async_describe_events
from custom_components.flotte.spending.decisions import EVENT_SPENDING_DECISION
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, EntryMaker, register_key, set_up
from tests.fleet import MOMENT, act

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

DECISION: Final = "event.tesla_account_spending_decision"
TEXT: Final = (
    "requested by an automation: The car is asleep, and automations cannot wake a car between "
    "01:00 and 05:00. Wait until 2026-10-20 05:00, change the quiet hours in Flotte's options, or "
    "do it yourself."
)


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Have a database before Home Assistant begins, that does not print what it is asked."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def logbook(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> MockConfigEntry:
    """An entry whose automations may not wake a car now; its logbook is kept."""
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.EVENT, Platform.LOCK, Platform.SENSOR]
    )
    for vin in (MODEL_3, MODEL_S):
        tesla.world.cars[vin].steer({"state": "asleep"})
    # It only wants to add a page to it.
    mock_component(hass, "frontend")
    assert await async_setup_component(hass, "logbook", {})
    await register_key(hass, tesla)
    entry = make_entry(options={"quiet_begin": "01:00:00", "quiet_end": "05:00:00"})
    await set_up(hass, entry)
    return entry


async def read(
    hass: HomeAssistant,
    since: datetime,
    device_ids: list[str] | None = None,
    entity_ids: list[str] | None = None,
) -> list[Mapping[str, Any]]:
    """Our entries in the logbook, found as its page does."""
    await async_wait_recording_done(hass)
    processor = EventProcessor(
        hass,
        async_determine_event_types(hass, entity_ids, device_ids),
        entity_ids,
        device_ids,
    )
    lines = await get_instance(hass).async_add_executor_job(
        processor.get_events, since, dt_util.utcnow()
    )
    return [each for each in lines if "ecision" in str(each)]


async def test_the_logbook_has_decisions(
    hass: HomeAssistant,
    logbook: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    began = dt_util.utcnow() - timedelta(seconds=1)
    changes: list[Event[Any]] = async_capture_events(hass, EVENT_STATE_CHANGED)
    # The first one makes the entity's state known, which the logbook does not show.
    for _ in range(2):
        with pytest.raises(HomeAssistantError):
            await act(hass, "lock", "lock.aurora_doors")
        freezer.tick(timedelta(seconds=5))
    devices = dr.async_get(hass)
    car = devices.async_get_device_by_identifier((DOMAIN, MODEL_Y), logbook.entry_id)
    account = devices.async_get_device_by_identifier(
        (DOMAIN, str(logbook.unique_id)), logbook.entry_id
    )
    assert car is not None
    assert account is not None

    of_the_car = await read(hass, began, device_ids=[car.id])
    assert [(line["name"], line["message"]) for line in of_the_car] == [
        ("Spending decision", f"refused for Aurora, {TEXT}")
    ] * 2
    assert {line["domain"] for line in of_the_car} == {DOMAIN}

    # The account's shows its entity once for each decision, with the same words as its cause.
    of_the_account = await read(hass, began, device_ids=[account.id], entity_ids=[DECISION])
    assert {line["entity_id"] for line in of_the_account} == {DECISION}
    assert len(of_the_account) == 2
    assert of_the_account[-1]["attributes"] == {"event_type": "refused"}

    # The clock stands still here, so the database does not know what came first; an open page does.
    processor = EventProcessor(hass, [], [DECISION], [account.id])
    processor.switch_to_live()
    change = [each for each in changes if each.data["entity_id"] == DECISION][-1]
    (line,) = processor.humanify(async_event_to_row(each) for each in (change,))
    assert line["context_name"] == "Spending decision"
    assert line["context_message"] == f"refused for Aurora, {TEXT}"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"decision": "allowed", "car": "Aurora", "caller": "person"},
            "allowed for Aurora, requested by a person: because",
        ),
        (
            {"decision": "waits", "car": "Aurora", "caller": "automation:automation.heat"},
            "deferred for Aurora, requested by automation.heat: because",
        ),
        (
            {"decision": "allowed", "car": None, "caller": "background:stream"},
            "allowed for the account, requested by stream: because",
        ),
    ],
)
def test_how_it_reads(data: dict[str, Any], message: str) -> None:
    event = type("Event", (), {"data": {**data, "explanation": "because"}})
    assert descriptions()[EVENT_SPENDING_DECISION](event) == {
        "name": "Spending decision",
        "message": message,
        "icon": "mdi:scale-balance",
    }


@pytest.mark.parametrize(
    ("sensor", "message"),
    [
        ("sensor.aurora_charging_decision", "Waiting for the plan."),
        (None, "for Aurora: Waiting for the plan."),
    ],
)
def test_how_charging_reads(sensor: str | None, message: str) -> None:
    """The logbook adds the device to an entity's line, and to no other."""
    describe = descriptions()[EVENT_CHARGING_DECISION]
    data = {"car": "Aurora", "sentence": "Waiting for the plan."}
    if sensor:
        data["entity_id"] = sensor
    assert describe(type("Event", (), {"data": data})) == {
        "name": "Charging decision",
        "message": message,
        "icon": "mdi:ev-station",
        "entity_id": sensor,
    }


def descriptions() -> dict[str, Any]:
    """Flotte's functions that describe an event, by its type."""
    described: dict[str, Any] = {}

    def describe_event(domain: str, name: str, describe: Any) -> None:
        assert domain == DOMAIN
        described[name] = describe

    async_describe_events(None, describe_event)  # type: ignore[arg-type]  # it needs none
    return described

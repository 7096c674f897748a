"""Decisions of the gate in Home Assistant's logbook, read back from its database."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.logbook.helpers import async_determine_event_types
from homeassistant.components.logbook.processor import EventProcessor
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
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

import custom_components.flotte
from custom_components.flotte.charging.decisions import EVENT_CHARGING_STEP
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.logbook import async_describe_events
from custom_components.flotte.spending.decisions import (
    EVENT_SPENDING_DECISION,
    EVENT_SPENDING_DENIED,
)
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, EntryMaker, register_key, set_up
from tests.fleet import MOMENT, act

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

TEXT: Final = "The car is asleep, and automations cannot wake a car between 01:00 and 05:00."


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


async def test_the_logbook_has_one_line_for_a_refusal(
    hass: HomeAssistant,
    logbook: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """In the full logbook and in that of the car; nothing else, and nothing for the account."""
    began = dt_util.utcnow() - timedelta(seconds=1)
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
    expected = [("Spending decision", f"refused (Aurora, an automation): {TEXT}")] * 2
    for lines in (await read(hass, began, device_ids=[car.id]), await read(hass, began)):
        assert [(line["name"], line["message"]) for line in lines] == expected
        assert {line["domain"] for line in lines} == {DOMAIN}
    assert await read(hass, began, device_ids=[account.id]) == []
    reason = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{logbook.unique_id}-spending_reason"
    )
    assert reason is not None
    lines = await read(hass, began, entity_ids=[reason])
    assert [(line["name"], line["message"]) for line in lines] == expected


async def test_the_logbook_does_not_have_what_was_allowed(
    hass: HomeAssistant, logbook: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    began = dt_util.utcnow() - timedelta(seconds=1)
    allowed = async_capture_events(hass, EVENT_SPENDING_DECISION)
    freezer.tick(timedelta(hours=4))
    await act(hass, "lock", "lock.aurora_doors")
    assert "allowed" in {each.data["decision"] for each in allowed}
    assert await read(hass, began) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"decision": "refused", "car": "Aurora", "caller": "person", "explanation": "No."},
            "refused (Aurora, a person): No.",
        ),
        (
            {
                "decision": "waits",
                "car": "Aurora",
                "caller": "automation:automation.heat",
                "explanation": (
                    "The car is asleep. Waking it would cost 0.02 EUR. The command is deferred."
                ),
            },
            # The first sentence alone would say nothing.
            "deferred (Aurora, automation.heat): The car is asleep. Waking it would cost 0.02 EUR.",
        ),
        (
            {"decision": "refused", "car": None, "caller": "background:stream", "explanation": "x"},
            "refused (stream): x",
        ),
    ],
)
def test_how_it_reads(hass: HomeAssistant, data: dict[str, Any], message: str) -> None:
    event = type("Event", (), {"data": data})
    assert descriptions(hass)[EVENT_SPENDING_DENIED](event) == {
        "name": "Spending decision",
        "message": message,
        "icon": "mdi:scale-balance",
        "entity_id": None,
    }


@pytest.mark.parametrize("language", ["en", "de", "nl", "fr", "nb"])
def test_a_line_says_why_and_not_what_to_do(hass: HomeAssistant, language: str) -> None:
    """In each language, the line ends before the advice, and is not just a greeting."""
    path = Path(custom_components.flotte.__file__).parent / "translations" / f"{language}.json"
    texts = json.loads(path.read_text("utf-8"))["exceptions"]
    describe = descriptions(hass)[EVENT_SPENDING_DENIED]
    for key in ("gate_quiet", "gate_quota", "gate_quiet_waits", "gate_no_wakes"):
        text = texts[key]["message"]
        data = {"decision": "refused", "car": "A", "caller": "person", "explanation": text}
        _, _, shown = describe(type("Event", (), {"data": data}))["message"].partition("): ")
        assert text.startswith(shown), key
        assert 39 < len(shown) < len(text) - 20, key


@pytest.mark.parametrize(
    ("sensor", "message"),
    [
        ("sensor.aurora_charging_decision", "Waiting for the plan."),
        (None, "Aurora: Waiting for the plan."),
    ],
)
def test_how_charging_reads(hass: HomeAssistant, sensor: str | None, message: str) -> None:
    """The logbook adds the device to an entity's line, and to no other."""
    describe = descriptions(hass)[EVENT_CHARGING_STEP]
    data = {"car": "Aurora", "sentence": "Waiting for the plan."}
    if sensor:
        data["entity_id"] = sensor
    assert describe(type("Event", (), {"data": data})) == {
        "name": "Charging decision",
        "message": message,
        "icon": "mdi:ev-station",
        "entity_id": sensor,
    }


def descriptions(hass: HomeAssistant) -> dict[str, Any]:
    """Flotte's functions that describe an event, by its type."""
    described: dict[str, Any] = {}

    def describe_event(domain: str, name: str, describe: Any) -> None:
        assert domain == DOMAIN
        described[name] = describe

    async_describe_events(hass, describe_event)
    return described

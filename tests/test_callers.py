"""Recognition of callers from the context of an action."""

import re
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import homeassistant.components
import pytest
from homeassistant.components import conversation
from homeassistant.components.alexa import smart_home as alexa
from homeassistant.components.google_assistant import smart_home as google_assistant
from homeassistant.components.google_assistant.const import EVENT_COMMAND_RECEIVED
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component

from custom_components.flotte.spending.callers import MAX_RUNS, async_watch_callers, caller_of
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind


@pytest.fixture
async def calls(hass: HomeAssistant) -> list[Caller]:
    """The caller of the action `test.act`, or of turning a light on."""
    callers: list[Caller] = []
    await async_watch_callers(hass)

    async def act(call: ServiceCall) -> None:
        callers.append(caller_of(hass, call.context))

    hass.services.async_register("test", "act", act)
    hass.services.async_register("light", "turn_on", act)
    hass.states.async_set("light.lamp", "off", {"supported_color_modes": ["onoff"]})
    return callers


async def test_a_person(hass: HomeAssistant, calls: list[Caller]) -> None:
    await hass.services.async_call("test", "act", blocking=True, context=Context(user_id="anna"))
    assert calls == [Caller(CallerKind.PERSON)]


async def test_an_automation_is_known_by_its_name(hass: HomeAssistant, calls: list[Caller]) -> None:
    automation = {
        "id": "1",
        "alias": "Solar surplus",
        "triggers": {"trigger": "event", "event_type": "sun"},
        "actions": {"action": "test.act"},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    # Whatever fired the event: the automation is the caller.
    hass.bus.async_fire("sun", context=Context(user_id="anna"))
    await hass.async_block_till_done()
    assert calls == [Caller(CallerKind.AUTOMATION, "automation.solar_surplus")]


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (None, Caller(CallerKind.AUTOMATION, "script.warm_up")),
        ("anna", Caller(CallerKind.PERSON)),
    ],
)
async def test_a_script_is_its_starters(
    hass: HomeAssistant, calls: list[Caller], user: str | None, expected: Caller
) -> None:
    script = {"warm_up": {"sequence": [{"action": "test.act"}]}}
    assert await async_setup_component(hass, "script", {"script": script})
    await hass.services.async_call(
        "script", "warm_up", blocking=True, context=Context(user_id=user)
    )
    assert calls == [expected]


async def test_an_automation_that_starts_a_script_is_the_caller(
    hass: HomeAssistant, calls: list[Caller]
) -> None:
    assert await async_setup_component(
        hass, "script", {"script": {"warm_up": {"sequence": [{"action": "test.act"}]}}}
    )
    automation = {
        "alias": "Morning",
        "triggers": {"trigger": "event", "event_type": "sun"},
        "actions": {"action": "script.warm_up"},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    hass.bus.async_fire("sun")
    await hass.async_block_till_done()
    assert calls == [Caller(CallerKind.AUTOMATION, "automation.morning")]


@pytest.mark.parametrize("context", [None, Context()])
async def test_an_unknown_caller_is_treated_like_an_automation(
    hass: HomeAssistant, calls: list[Caller], context: Context | None
) -> None:
    assert caller_of(hass, context) == Caller(CallerKind.AUTOMATION)


async def test_old_runs_are_forgotten(hass: HomeAssistant, calls: list[Caller]) -> None:
    contexts = [Context() for _ in range(MAX_RUNS + 1)]
    for context in contexts:
        hass.bus.async_fire("script_started", {"entity_id": "script.a"}, context=context)
    await hass.async_block_till_done()
    assert caller_of(hass, contexts[0]) == Caller(CallerKind.AUTOMATION)
    assert caller_of(hass, contexts[1]) == Caller(CallerKind.AUTOMATION, "script.a")


# --- Voices --------------------------------------------------------------------------------------

COMPONENTS = Path(homeassistant.components.__file__).parent
ASSIST = Caller(CallerKind.VOICE, "assist")


def google_execute() -> dict[str, Any]:
    """Google's request for "turn on the lamp"."""
    switch_on = {"command": "action.devices.commands.OnOff", "params": {"on": True}}
    command = {"devices": [{"id": "light.lamp"}], "execution": [switch_on]}
    return {
        "requestId": "1",
        "inputs": [{"intent": "action.devices.EXECUTE", "payload": {"commands": [command]}}],
    }


async def test_google_assistant(hass: HomeAssistant, calls: list[Caller]) -> None:
    """It acts as the user who linked it, who looks at no screen."""
    config = MagicMock(should_report_state=False, entity_config={})
    config.should_2fa.return_value = False
    answer = await google_assistant.async_handle_message(  # type: ignore[no-untyped-call]  # core's
        hass, config, "anna", "anna", google_execute(), "local"
    )
    await hass.async_block_till_done()
    assert answer["payload"]["commands"][0]["status"] in {"SUCCESS", "PENDING"}, answer
    assert calls == [Caller(CallerKind.VOICE, "google_assistant")]


async def test_a_script_that_a_voice_starts_is_the_voice_s(
    hass: HomeAssistant, calls: list[Caller]
) -> None:
    script = {"warm_up": {"sequence": [{"action": "test.act"}]}}
    assert await async_setup_component(hass, "script", {"script": script})
    context = Context(user_id="anna")
    hass.bus.async_fire(EVENT_COMMAND_RECEIVED, context=context)
    await hass.services.async_call("script", "warm_up", blocking=True, context=context)
    assert calls == [Caller(CallerKind.VOICE, "google_assistant")]


async def test_an_automation_triggered_by_voice_is_the_caller(
    hass: HomeAssistant, calls: list[Caller]
) -> None:
    automation = {
        "alias": "Morning",
        "triggers": {"trigger": "event", "event_type": "google_assistant_command"},
        "actions": {"action": "test.act"},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    hass.bus.async_fire(EVENT_COMMAND_RECEIVED, context=Context(user_id="anna"))
    await hass.async_block_till_done()
    assert calls == [Caller(CallerKind.AUTOMATION, "automation.morning")]


async def alexa_says(hass: HomeAssistant, user: str | None) -> None:
    """Alexa's request for "turn on the lamp"."""
    header = {"namespace": "Alexa.PowerController", "name": "TurnOn", "messageId": "1"}
    endpoint = {"endpointId": "light#lamp", "scope": {"type": "BearerToken", "token": "x"}}
    directive = {
        "header": {**header, "payloadVersion": "3", "correlationToken": "y"},
        "endpoint": endpoint,
        "payload": {},
    }
    config = MagicMock(set_authorized=AsyncMock(), entity_config={}, should_report_state=False)
    config.generate_alexa_id.side_effect = lambda entity_id: entity_id.replace(".", "#")
    answer = await alexa.async_handle_message(
        hass, config, {"directive": directive}, context=Context(user_id=user)
    )
    await hass.async_block_till_done()
    assert answer["event"]["header"]["name"] == "Response", answer


async def test_alexa_through_the_cloud(hass: HomeAssistant, calls: list[Caller]) -> None:
    """The cloud's user may be made at any time."""
    user = await hass.auth.async_create_system_user("Home Assistant Cloud")
    await hass.async_block_till_done()
    await alexa_says(hass, user.id)
    assert calls == [Caller(CallerKind.VOICE, "cloud")]


async def test_alexa_with_a_skill_of_one_s_own(hass: HomeAssistant, calls: list[Caller]) -> None:
    """It is known too late: it counts as the person who linked it."""
    user = await hass.auth.async_create_user("Anna")
    await alexa_says(hass, user.id)
    assert calls == [Caller(CallerKind.PERSON)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Voice over IP", Caller(CallerKind.VOICE, "voip")),
        ("Supervisor", Caller(CallerKind.AUTOMATION)),
        ("Another program", Caller(CallerKind.AUTOMATION)),
    ],
)
async def test_users_that_are_no_persons(hass: HomeAssistant, name: str, expected: Caller) -> None:
    """Those that were there before too: an add-on is not at a screen."""
    user = await hass.auth.async_create_system_user(name)
    await async_watch_callers(hass)
    assert caller_of(hass, Context(user_id=user.id)) == expected


async def test_an_automation_of_a_user_that_is_no_person(hass: HomeAssistant) -> None:
    user = await hass.auth.async_create_system_user("Supervisor")
    await async_watch_callers(hass)
    context = Context(user_id=user.id)
    hass.bus.async_fire("script_started", {"entity_id": "script.a"}, context=context)
    await hass.async_block_till_done()
    assert caller_of(hass, context) == Caller(CallerKind.AUTOMATION, "script.a")


@pytest.mark.parametrize(
    ("component", "name"),
    [("cloud/prefs.py", "Home Assistant Cloud"), ("voip/__init__.py", "Voice over IP")],
)
def test_the_users_are_called_so(component: str, name: str) -> None:
    text = (COMPONENTS / component).read_text("utf-8")
    assert re.search(rf'async_create_system_user\(\s+"{name}"', text)


async def test_homekit(hass: HomeAssistant, calls: list[Caller]) -> None:
    context = Context()
    hass.bus.async_fire("homekit_state_change", {"entity_id": "light.lamp"}, context=context)
    await hass.services.async_call("test", "act", blocking=True, context=context)
    assert calls == [Caller(CallerKind.VOICE, "homekit")]


def test_homekit_is_recognised() -> None:
    text = (COMPONENTS / "homekit" / "const.py").read_text("utf-8")
    assert 'EVENT_HOMEKIT_CHANGED = "homekit_state_change"' in text


async def say(hass: HomeAssistant, context: Context) -> None:
    """Have Assist understand something."""
    for component in ("homeassistant", "conversation", "intent"):
        assert await async_setup_component(hass, component, {})
    result = await conversation.async_converse(hass, "turn on lamp", None, context)
    await hass.async_block_till_done()
    assert result.response.response_type.value == "action_done", result.response.as_dict()


@pytest.mark.parametrize(
    ("user", "expected"), [(None, ASSIST), ("anna", Caller(CallerKind.PERSON))]
)
async def test_assist(
    hass: HomeAssistant, calls: list[Caller], user: str | None, expected: Caller
) -> None:
    """A satellite has no user; a logged-in user is a person, and gets the result."""
    await say(hass, Context(user_id=user))
    assert calls == [expected]


async def test_a_telephone(hass: HomeAssistant, calls: list[Caller]) -> None:
    user = await hass.auth.async_create_system_user("Voice over IP")
    await say(hass, Context(user_id=user.id))
    assert calls == [Caller(CallerKind.VOICE, "voip")]


async def test_a_satellite_that_listens(hass: HomeAssistant, calls: list[Caller]) -> None:
    context = Context()
    hass.states.async_set("assist_satellite.kitchen", "listening", context=context)
    await hass.services.async_call("test", "act", blocking=True, context=context)
    assert calls == [ASSIST]


async def test_an_automation_that_talks_to_assist(hass: HomeAssistant, calls: list[Caller]) -> None:
    context = Context()
    hass.bus.async_fire("automation_triggered", {"entity_id": "automation.a"}, context=context)
    hass.states.async_set("conversation.home_assistant", "2026-03-10", context=context)
    await hass.services.async_call("test", "act", blocking=True, context=context)
    assert calls == [Caller(CallerKind.AUTOMATION, "automation.a")]


async def test_other_states_are_ignored(hass: HomeAssistant, calls: list[Caller]) -> None:
    context = Context()
    hass.states.async_set("light.lamp", "on", context=context)
    assert caller_of(hass, context) == Caller(CallerKind.AUTOMATION)

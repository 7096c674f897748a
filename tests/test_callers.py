"""Who asks, told from the context of an action."""

import pytest
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component

from custom_components.flotte.callers import MOST_RUNS, async_watch_callers, caller_of
from custom_components.flotte.tesla.meter import Caller, CallerKind


@pytest.fixture
def calls(hass: HomeAssistant) -> list[Caller]:
    """Who called the action `test.act`."""
    callers: list[Caller] = []
    async_watch_callers(hass)

    async def act(call: ServiceCall) -> None:
        callers.append(caller_of(hass, call.context))

    hass.services.async_register("test", "act", act)
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
    # Whoever made the event: the automation acts by itself.
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


async def test_an_automation_that_starts_a_script_is_who_asks(
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
async def test_nobody_is_treated_like_an_automation(
    hass: HomeAssistant, calls: list[Caller], context: Context | None
) -> None:
    assert caller_of(hass, context) == Caller(CallerKind.AUTOMATION)


async def test_old_runs_are_forgotten(hass: HomeAssistant, calls: list[Caller]) -> None:
    contexts = [Context() for _ in range(MOST_RUNS + 1)]
    for context in contexts:
        hass.bus.async_fire("script_started", {"entity_id": "script.a"}, context=context)
    await hass.async_block_till_done()
    assert caller_of(hass, contexts[0]) == Caller(CallerKind.AUTOMATION)
    assert caller_of(hass, contexts[1]) == Caller(CallerKind.AUTOMATION, "script.a")

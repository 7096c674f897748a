"""Upper bounds of function calls: what happens often must not become slower unnoticed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import CodeType

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from custom_components.flotte.spending.account_ledger import AccountLedger
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import state_of

COST_DISPLAY = AccountLedger._async_report.__code__
MAX_CALLS_OF_A_PUSH = 110
MAX_CALLS_OF_THE_WAY = 510
"""From the action to the displayed reply, without the display of what the two requests cost, but
with that of a lock which unlocks."""
MAX_CALLS_UNTIL_REPLY = 1000
"""With that display, which runs while the car's answers are awaited."""
MAX_CALLS_OF_AN_UNLOCK = 1115
"""Before and after the reply, all cars are stored."""


class Calls:
    """Number of functions of the integration that were called."""

    count = 0
    costs = 0
    """Of those, the calls that display costs."""
    is_displaying_costs = False


@contextmanager
def counted() -> Iterator[Calls]:
    """Count starts of functions and generators of the integration, not resumptions."""
    calls = Calls()

    def on_start(code: CodeType, _offset: int) -> None:
        if code is COST_DISPLAY:
            calls.is_displaying_costs = True
        if "custom_components/flotte/" in code.co_filename:
            calls.count += 1
            calls.costs += calls.is_displaying_costs

    def on_return(code: CodeType, _offset: int, _value: object) -> None:
        if code is COST_DISPLAY:
            calls.is_displaying_costs = False

    monitoring, tool = sys.monitoring, sys.monitoring.PROFILER_ID
    events = monitoring.events
    monitoring.use_tool_id(tool, "calls")
    monitoring.register_callback(tool, events.PY_START, on_start)
    monitoring.register_callback(tool, events.PY_RETURN, on_return)
    monitoring.set_events(tool, events.PY_START | events.PY_RETURN)
    try:
        yield calls
    finally:
        monitoring.set_events(tool, events.NO_EVENTS)
        monitoring.free_tool_id(tool)


async def test_calls_of_a_push(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """From the bytes of one door to its entity and the acknowledgement."""
    aurora.steer({"open": "df"})
    freezer.tick(timedelta(seconds=2))
    with counted() as calls:
        await tesla.stream()
        await hass.async_block_till_done()
    assert state_of(hass, "binary_sensor.aurora_front_driver_door").state == "on"
    assert 0 < calls.count <= MAX_CALLS_OF_A_PUSH, calls.count


async def test_calls_of_an_unlock(hass: HomeAssistant, aurora: Car, tesla: Simulator) -> None:
    """The first command of an awake car: a handshake, the command, and what entities show."""
    shown: list[tuple[int, int]] = []

    @callback
    def on_state(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is not None and (new.entity_id, new.state) == ("lock.aurora_doors", "unlocked"):
            shown.append((calls.count, calls.costs))

    hass.bus.async_listen(EVENT_STATE_CHANGED, on_state)
    with counted() as calls:
        await hass.services.async_call(
            "lock", "unlock", {"entity_id": "lock.aurora_doors"}, blocking=True
        )
        await hass.async_block_till_done()
    count, costs = shown[0]
    assert costs, "the display of costs is not found: did it get another name?"
    assert 0 < count - costs <= MAX_CALLS_OF_THE_WAY, shown
    assert count <= MAX_CALLS_UNTIL_REPLY, shown
    assert calls.count <= MAX_CALLS_OF_AN_UNLOCK, calls.count

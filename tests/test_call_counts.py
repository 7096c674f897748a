"""Upper bounds of function calls: what happens often must not become slower unnoticed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import CodeType

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from simulator import Simulator
from simulator.cars import Car
from tests.conftest import state_of

MAX_CALLS_OF_A_PUSH = 110
MAX_CALLS_UNTIL_REPLY = 1000
"""Most of them show the cost of the two requests while the car's answers are awaited."""
MAX_CALLS_OF_AN_UNLOCK = 1080
"""Before and after the reply, all cars are stored."""


class Calls:
    """Number of functions of the integration that were called."""

    count = 0


@contextmanager
def counted() -> Iterator[Calls]:
    """Count starts of functions and generators of the integration, not resumptions."""
    calls = Calls()

    def on_start(code: CodeType, _offset: int) -> None:
        calls.count += "custom_components/flotte/" in code.co_filename

    monitoring, tool = sys.monitoring, sys.monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "calls")
    monitoring.register_callback(tool, monitoring.events.PY_START, on_start)
    monitoring.set_events(tool, monitoring.events.PY_START)
    try:
        yield calls
    finally:
        monitoring.set_events(tool, monitoring.events.NO_EVENTS)
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
    shown: list[int] = []

    @callback
    def on_state(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is not None and (new.entity_id, new.state) == ("lock.aurora_doors", "unlocked"):
            shown.append(calls.count)

    hass.bus.async_listen(EVENT_STATE_CHANGED, on_state)
    with counted() as calls:
        await hass.services.async_call(
            "lock", "unlock", {"entity_id": "lock.aurora_doors"}, blocking=True
        )
        await hass.async_block_till_done()
    assert 0 < shown[0] <= MAX_CALLS_UNTIL_REPLY, shown
    assert calls.count <= MAX_CALLS_OF_AN_UNLOCK, calls.count

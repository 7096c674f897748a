"""The cars of the tests, and the expected effect of an action of Home Assistant on them."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import EntityDescription
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_S, MODEL_Y, state_of, vehicle_of

MOMENT: Final = "2026-10-20T10:00:00+00:00"
"""The start of tests whose snapshots must not depend on the day: a Tuesday, noon in Amsterdam."""

MINUTE: Final = timedelta(minutes=1)

VEHICLE_SECURITY: Final = 2
INFOTAINMENT: Final = 3

type Wait = Callable[[timedelta], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Driven:
    """A car that commands are tried on."""

    vin: str
    prefix: str
    """How its entities are called."""
    signed: bool


AURORA: Final = Driven(MODEL_Y, "aurora", signed=True)
OLD_FAITHFUL: Final = Driven(MODEL_S, "old_faithful", signed=False)
BOTH: Final = [pytest.param(AURORA, id="signed"), pytest.param(OLD_FAITHFUL, id="plain")]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One action, with its effect on the car and on the displayed state."""

    entity: str
    """Entity id with `{}` for the car."""
    service: str
    data: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    """Steering orders, applied before the car reports anything."""
    shown_before: str | None = None
    shown: str | None = None
    """The state right after the action, and after the next reading; None: it does not show."""
    shown_later: str | None = None
    """The state after the next reading, if the car reverts the setting before it."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The expected attributes after the next reading."""
    name: str
    """The command that the car executes, by its REST name."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    plain_parameters: Mapping[str, Any] | None = None
    """Additional parameters of the unsigned form."""
    domain: int = INFOTAINMENT
    has_plain_form: bool = True
    """Whether it exists unsigned; otherwise it must be refused for a car that knows only that."""


def names(cases: list[Case]) -> list[Any]:
    """The cases as parameters of a test, each with a name to be found by."""
    return [
        pytest.param(
            case,
            id="-".join(
                [
                    case.entity.partition("{}_")[2] or "car",
                    case.service,
                    *map(str, case.data.values()),
                ]
            ),
        )
        for case in cases
    ]


async def act(hass: HomeAssistant, service: str, entity_id: str, **data: Any) -> None:
    """Call an action of the entity's domain."""
    await hass.services.async_call(
        entity_id.partition(".")[0], service, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
    )


async def told_of(tesla: Simulator, wait: Wait, vin: str, **orders: Any) -> Car:
    """The car, online, after it applied and reported the orders."""
    car = tesla.world.cars[vin]
    car.steer({**orders, "state": "online"})
    await wait(MINUTE)
    car.executions.clear()
    return car


async def add_streamed_of_one(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Add the entities that one car has only if it is meant to stream."""
    watch = vehicle_of(entry, MODEL_Y).stream_watch
    watch.is_expected = True
    watch.changed()
    await hass.async_block_till_done()


async def keep_details_of_one(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    entry: MockConfigEntry,
    table: Iterable[EntityDescription],
) -> None:
    """Drop what is off by default, except for one car: a snapshot needs it only once."""
    await add_streamed_of_one(hass, entry)
    details = {row.key for row in table if not row.entity_registry_enabled_default}
    for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        vin, _, key = each.unique_id.partition("-")
        if key in details and vin != MODEL_Y:
            entity_registry.async_remove(each.entity_id)
    await hass.async_block_till_done()


async def check(
    hass: HomeAssistant,
    tesla: Simulator,
    wait: Wait,
    entry: MockConfigEntry,
    driven: Driven,
    case: Case,
) -> None:
    """Carry out a case: the car executes it once, the right way, and the state follows."""
    car = await told_of(tesla, wait, driven.vin, **case.before)
    entity_id = case.entity.format(driven.prefix)
    if case.shown_before is not None:
        shown = state_of(hass, entity_id).state
        assert shown == case.shown_before, f"{entity_id} before the action"

    if not (driven.signed or case.has_plain_form):
        with pytest.raises(HomeAssistantError) as refusal:
            await act(hass, case.service, entity_id, **case.data)
        assert refusal.value.translation_key == "no_unsigned_form"
        assert car.executions == []
        return
    await act(hass, case.service, entity_id, **case.data)

    (execution,) = car.executions
    assert (execution.name, execution.signed) == (case.name, driven.signed)
    plain = case.plain_parameters
    assert execution.parameters == (case.parameters if driven.signed or plain is None else plain)
    assert execution.domain == (case.domain if driven.signed else None)
    assert (execution.counter is not None) is driven.signed
    check_shown(state_of(hass, entity_id), case, "right after the action: what the command expects")

    # The next reading, within five minutes, confirms it.
    await wait(6 * MINUTE)
    assert not vehicle_of(entry, driven.vin).state.assumed
    check_shown(
        state_of(hass, entity_id),
        case,
        "after the next reading: what the simulated car reports",
        later=case.shown_later,
    )


def check_shown(state: State, case: Case, when: str, *, later: str | None = None) -> None:
    """Assert that a state is the one that a case expects at this time."""
    if (shown := later or case.shown) is not None:
        assert state.state == shown, f"{state.entity_id} {when}"
    for name, value in case.attributes.items():
        assert state.attributes[name] == value, f"{name} of {state.entity_id} {when}"

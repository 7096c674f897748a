"""Triggers and conditions of devices, as the automation editor offers them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from homeassistant.components.device_automation import DeviceAutomationType
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import condition
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_get_device_automations,
    async_mock_service,
)

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.errors import OutcomeUnknown, VehicleBusy
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import (
    MODEL_S,
    MODEL_Y,
    SITE,
    EntryMaker,
    Pass,
    register_key,
    set_up,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait

SECONDS: Final = timedelta(seconds=15)
NEAR: Final = 0.00108
"""In degrees of latitude: 120 m, outside the home's 100 m, but at its edge."""
FAR: Final = 0.02

type Attach = Callable[..., Awaitable[list[ServiceCall]]]


def device_of(hass: HomeAssistant, entry: MockConfigEntry, number: object) -> str:
    """The id of a device, by VIN, site number, or the account's id."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, str(number)), entry.entry_id
    )
    assert device is not None
    return device.id


async def listen(
    hass: HomeAssistant, device_id: str, *kinds: str, shares: tuple[str, ...] = ()
) -> list[ServiceCall]:
    """Automations with these triggers of a device; their calls name the trigger."""
    calls: list[ServiceCall] = async_mock_service(hass, "test", "automation")
    await async_setup_component(hass, "homeassistant", {})
    base = {"trigger": "device", "domain": DOMAIN, "device_id": device_id}
    triggers = [{**base, "type": kind} for kind in kinds]
    triggers += [{**base, "type": "budget_reached", "subtype": share} for share in shares]
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": triggers,
                "mode": "queued",
                "actions": {
                    "action": "test.automation",
                    "data": {"trigger": "{{ trigger }}", "kind": "{{ trigger.type }}"},
                },
            }
        },
    )
    await hass.async_block_till_done()
    return calls


def kinds_of(calls: list[ServiceCall]) -> list[str]:
    """Kinds of the triggers that fired since the last look, in order."""
    kinds = [str(call.data["kind"]) for call in calls]
    calls.clear()
    return kinds


async def test_what_a_streaming_car_does(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    pass_time: Pass,
) -> None:
    """Each event fires once, also without the entity that shows it, and again only if it recurs."""
    home = {"latitude": aurora.latitude, "longitude": aurora.longitude}
    aurora.steer({"plugged_in": "ac3", "charging": False, "battery_level": 40})
    await pass_time(4 * SECONDS)
    for key in ("location", "charge_cable", "charging"):
        for entity in er.async_entries_for_config_entry(entity_registry, entry_of_stream.entry_id):
            if entity.unique_id == f"{MODEL_Y}-{key}":
                entity_registry.async_update_entity(
                    entity.entity_id, new_entity_id=f"{entity.domain}.x_{key}"
                )
    calls = await listen(
        hass,
        device_of(hass, entry_of_stream, MODEL_Y),
        *("arrived", "left", "plugged_in", "unplugged", "charging_started", "charging_finished"),
        *("charging_stopped_early", "woke", "fell_asleep", "update_available", "alarm"),
    )

    await hass.config.async_update(**home)
    await hass.async_block_till_done()

    def at(offset: float) -> dict[str, float]:
        return {**home, "latitude": home["latitude"] + offset}

    async def after(duration: timedelta = 4 * SECONDS, **orders: Any) -> list[str]:
        aurora.steer(orders)
        await pass_time(duration)
        return kinds_of(calls)

    assert await after(5 * MINUTE) == []
    assert await after(charging=True) == ["charging_started"]
    assert await after(charging=False) == ["charging_stopped_early"]
    assert await after(plugged_in=False) == ["unplugged"]
    assert await after(location=at(NEAR)) == []
    assert await after(location=at(FAR)) == ["left"]
    assert await after(location=at(NEAR)) == []
    assert await after(location=at(0)) == ["arrived"]
    assert await after(location=at(NEAR)) == []
    assert await after(location=at(0)) == []
    assert await after(plugged_in="ac3", charging=False) == ["plugged_in"]
    assert await after(alert={"name": "VCSEC_a133_alarmTriggered"}) == ["alarm"]
    assert await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(4 * SECONDS)
    aurora.telemetry.repeat_alerts()
    assert await after() == []
    # Its clock is late by minutes, so this alarm began before the restart.
    aurora.telemetry.alerts.lateness = 240
    assert await after(alert={"name": "BCCEN_w095_AlarmTriggered"}) == ["alarm"]
    aurora.telemetry.repeat_alerts()
    assert await after(5 * MINUTE) == []
    assert await after(charging=True) == ["charging_started"]
    assert await after(charging=False) == ["charging_stopped_early"]
    aurora.steer({"user_present": False})
    assert await after(20 * MINUTE, idle_seconds=700) == ["fell_asleep"]
    assert await after(state="online", user_present=True) == ["woke"]
    assert await after(software_update={"version": "2026.44.1", "status": "available"}) == [
        "update_available"
    ]


@pytest.fixture
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger needs no entity that shows the same."""
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.DEVICE_TRACKER, Platform.EVENT]
    )


@pytest.mark.usefixtures("_few_platforms")
async def test_silence_is_no_event(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    make_entry: EntryMaker,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """A change that is found after a gap is not known to have happened now."""
    await register_key(hass, tesla)
    entry = make_entry(options={})
    car = tesla.world.cars[MODEL_S]
    car.steer({"location": "home", "plugged_in": "ac3", "charging": False})
    await set_up(hass, entry)
    device_id = device_of(hass, entry, MODEL_S)
    calls = await listen(hass, device_id, "arrived", "left", "plugged_in", "unplugged")
    await hass.config.async_update(latitude=car.latitude, longitude=car.longitude)
    await wait(3 * MINUTE)
    assert kinds_of(calls) == []
    # A restart: the car was unplugged and driven away meanwhile.
    assert await hass.config_entries.async_unload(entry.entry_id)
    car.steer({"plugged_in": False, "location": "away"})
    await wait(MINUTE)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait(20 * MINUTE)
    assert kinds_of(calls) == []
    # Out of reach, and back unchanged.
    car.steer({"state": "offline"})
    await wait(5 * MINUTE)
    car.steer({"state": "online"})
    await wait(20 * MINUTE)
    assert kinds_of(calls) == []
    car.steer({"location": "home", "plugged_in": "ac3"})
    await wait(20 * MINUTE)
    assert sorted(set(kinds_of(calls))) == ["arrived", "plugged_in"]


@pytest.mark.freeze_time(MOMENT)
@pytest.mark.usefixtures("_few_platforms", "quick_waits")
async def test_refused_commands(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """By the car or by the gate; a command that is done or that waits is not refused."""
    device_id = device_of(hass, loaded, MODEL_S)
    calls = await listen(hass, device_id, "command_refused")
    await wait(2 * MINUTE)

    coordinator = vehicle_of(loaded, MODEL_S)
    tesla.world.cars[MODEL_S].steer({"plugged_in": False})
    await coordinator.async_send(commands.flash_lights(), None)
    assert kinds_of(calls) == []
    with pytest.raises(HomeAssistantError):
        await coordinator.async_send(commands.start_charging(), None)
    await hass.async_block_till_done()
    (call,) = calls
    trigger = call.data["trigger"]
    assert trigger["command"] == "charge_start"
    assert trigger["reason"] == "reason_disconnected"
    assert trigger["explanation"] == "No charge cable is plugged in. Plug it in, then try again."


@pytest.mark.freeze_time("2026-10-16T10:00:00+00:00")
@pytest.mark.usefixtures("_few_platforms")
async def test_shares_of_the_budget(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    wait: Wait,
    freezer: Any,
    hass_storage: dict[str, Any],
) -> None:
    """Each fires once a month, whatever happens to the budget, and again in the next month."""

    async def agrees(_hass: HomeAssistant, _tesla: Simulator) -> None:
        """Do not compare: the spending is only booked here."""

    monkeypatch.setattr("tests.conftest.check_bill", agrees)
    device_id = device_of(hass, loaded, loaded.unique_id)
    calls = await listen(hass, device_id, shares=("50", "80", "100"))
    ledger = loaded.runtime_data.ledger

    async def spend(per_cent: int) -> list[str]:
        euro = ledger.meter.budget * per_cent / 100
        ledger.meter.correct({Category.DATA: int(euro / Decimal("0.002"))}, dt_util.utcnow())
        ledger.async_review(dt_util.utcnow())
        await hass.async_block_till_done()
        reached = [call.data["trigger"]["subtype"] for call in calls]
        calls.clear()
        return reached

    assert await spend(49) == []
    assert await spend(60) == ["50"]
    hass.config_entries.async_update_entry(loaded, options={"budget": 40})
    await hass.async_block_till_done()
    assert await spend(55) == []
    assert await spend(101) == ["80", "100"]
    assert await spend(10) == []
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert await spend(90) == []
    freezer.move_to("2026-11-03T10:00:00+00:00")
    assert await spend(51) == ["50"]
    # A share that was reached just before a restart is reported once, in spite of further restarts.
    await wait(MINUTE)
    stored = hass_storage[f"flotte.ledger.{ledger.name}"]["data"]
    stored["share"][2] = 40.0
    for fired in (["50"], []):
        assert await hass.config_entries.async_unload(loaded.entry_id)
        del hass.data["flotte_ledgers"]
        assert await hass.config_entries.async_setup(loaded.entry_id)
        await wait(2 * MINUTE)
        assert [call.data["trigger"]["subtype"] for call in calls] == fired
        calls.clear()


@pytest.mark.usefixtures("_few_platforms")
async def test_what_each_device_offers(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A polled car has no alarm, a site only refusals, the account only its budget."""

    async def offered(number: object, kind: DeviceAutomationType) -> set[str]:
        found = await async_get_device_automations(hass, kind, device_of(hass, loaded, number))
        return {each["type"] for each in found if each["domain"] == DOMAIN}

    trigger, asked = DeviceAutomationType.TRIGGER, DeviceAutomationType.CONDITION
    assert await offered(SITE, trigger) == {"command_refused"}
    assert await offered(SITE, asked) == set()
    assert await offered(loaded.unique_id, trigger) == {"budget_reached"}
    assert await offered(loaded.unique_id, asked) == {"budget_used_above"}
    of_a_car = await offered(MODEL_S, trigger)
    assert {"arrived", "unplugged", "woke", "command_refused"} <= of_a_car
    assert not {"alarm", "budget_reached"} & of_a_car
    assert {"is_at_home", "is_away", "is_closed", "level_above"} <= await offered(MODEL_S, asked)


@pytest.mark.usefixtures("_few_platforms")
async def test_conditions(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """An unknown value fulfils neither a condition nor its opposite."""
    car = tesla.world.cars[MODEL_S]
    car.steer({"location": "home", "plugged_in": False, "locked": True, "battery_level": 55})
    await set_up(hass, entry)
    await hass.config.async_update(latitude=car.latitude, longitude=car.longitude)

    async def fulfilled(number: object, **config: Any) -> bool:
        base = {
            "condition": "device",
            "domain": DOMAIN,
            "device_id": device_of(hass, entry, number),
        }
        checked = await condition.async_validate_condition_config(hass, {**base, **config})
        check = await condition.async_from_config(hass, checked)
        return check.async_check() is True

    async def of_car(vin: str, *kinds: str) -> list[str]:
        return [kind for kind in kinds if await fulfilled(vin, type=kind)]

    pairs = (
        *("is_at_home", "is_away", "is_plugged_in", "is_unplugged", "is_charging"),
        *("is_not_charging", "is_locked", "is_unlocked", "is_open", "is_closed"),
    )
    assert await of_car(MODEL_Y, *pairs, "is_asleep", "is_awake") == ["is_asleep"]
    await wait(3 * MINUTE)
    assert await of_car(MODEL_S, *pairs) == [
        *("is_at_home", "is_unplugged", "is_not_charging", "is_locked", "is_closed"),
    ]
    assert await fulfilled(MODEL_S, type="level_above", above=50)
    assert not await fulfilled(MODEL_S, type="level_above", above=55)
    assert await fulfilled(MODEL_S, type="level_below", below=56)
    assert not await fulfilled(entry.unique_id, type="budget_used_above", above=80)
    assert await of_car(MODEL_S, "is_asleep", "is_awake") == ["is_awake"]
    await wait(MINUTE)


@pytest.mark.usefixtures("_few_platforms")
async def test_own_triggers(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Home Assistant lists Flotte's own triggers for a car, and a trigger of a target fires."""
    await async_setup_component(hass, "homeassistant", {})
    calls = async_mock_service(hass, "test", "automation")
    device_id = device_of(hass, loaded, MODEL_S)
    descriptions = await async_get_all_descriptions(hass)
    assert {each for each in descriptions if each.startswith("flotte.")} == {
        "flotte.charging_finished",
        "flotte.charging_stopped_early",
        "flotte.alarm",
        "flotte.command_refused",
        "flotte.budget_reached",
    }
    tracker = er.async_get(hass).async_get_entity_id(
        "device_tracker", DOMAIN, f"{MODEL_S}-location"
    )
    trigger = "{{ [trigger.device_id, trigger.command or trigger.share | round] }}"
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": [
                    {"trigger": "flotte.command_refused", "target": {"entity_id": tracker}},
                    {
                        "trigger": "flotte.budget_reached",
                        "target": {"device_id": device_id},
                        "options": {"share": 30},
                    },
                ],
                "mode": "queued",
                "actions": {"action": "test.automation", "data": {"trigger": trigger}},
            }
        },
    )
    vehicle_of(loaded, MODEL_S).refusals.async_report(
        commands.start_charging(), VehicleBusy("busy")
    )
    vehicle_of(loaded, MODEL_S).refusals.async_report(
        commands.start_charging(), OutcomeUnknown("lost")
    )
    loaded.runtime_data.ledger.meter.shares.reached(29, 31)
    loaded.runtime_data.ledger.meter.shares.reached(31, 33)
    await hass.async_block_till_done()
    assert [call.data["trigger"] for call in calls] == [
        [device_id, "charge_start"],
        [device_id, 31],
    ]

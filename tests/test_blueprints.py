"""The blueprints, run by Home Assistant against simulated cars: when they act, and when not."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.flotte.const import DOMAIN
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_S, MODEL_Y, Pass, set_up, state_of
from tests.fleet import MINUTE, Wait
from tests.test_device_automations import device_of

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "blueprints" / "automation" / "flotte"
BLUEPRINTS: Final = sorted(FOLDER.glob("*.yaml"))
ADDRESS: Final = "https://github.com/flotte-ha/flotte/blob/main/blueprints/automation/flotte/"
NOTIFY: Final = [
    {"action": "test.notify", "data": {"title": "{{ title }}", "message": "{{ message }}"}}
]
EVENING: Final = "2026-10-20T18:00:00+00:00"
"""A Tuesday, 20:00 in Amsterdam."""

pytestmark = [pytest.mark.usefixtures("quick_waits")]


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    platforms = [Platform.BINARY_SENSOR, Platform.CLIMATE, Platform.DEVICE_TRACKER]
    platforms += [Platform.EVENT, Platform.SWITCH]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", platforms)


@pytest.fixture
def notified(hass: HomeAssistant) -> list[ServiceCall]:
    """The notifications."""
    calls: list[ServiceCall] = async_mock_service(hass, "test", "notify")
    return calls


@pytest.fixture
async def car(hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait) -> Car:
    """Old Faithful at home, closed, locked, plugged in and not charging."""
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    car = tesla.world.cars[MODEL_S]
    car.steer({"location": "home", "plugged_in": "ac3", "charging": False, "battery_level": 50})
    car.steer({"locked": True})
    await set_up(hass, entry)
    await hass.config.async_update(latitude=car.latitude, longitude=car.longitude)
    await wait(2 * MINUTE)
    car.executions.clear()
    return car


type Look = Callable[..., Awaitable[None]]
type Use = Callable[..., Awaitable[None]]


@pytest.fixture
async def use(hass: HomeAssistant) -> AsyncIterator[Use]:
    """Imports a blueprint and makes an automation of it, which ends with the test."""

    async def use(name: str, **inputs: Any) -> None:
        await async_setup_component(hass, "homeassistant", {})
        data = load_yaml_dict(str(FOLDER / f"{name}.yaml"))
        blueprint = Blueprint(data, expected_domain="automation", schema=BLUEPRINT_SCHEMA)
        path = f"flotte/{name}.yaml"
        await async_get_blueprints(hass).async_add_blueprint(blueprint, path)
        config = {"use_blueprint": {"path": path, "input": inputs}}
        assert await async_setup_component(hass, "automation", {"automation": [config]})
        await hass.async_block_till_done()
        (entity_id,) = hass.states.async_entity_ids("automation")
        assert state_of(hass, entity_id).state == "on"

    yield use
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def look(hass: HomeAssistant, entry: MockConfigEntry, car: Car) -> Look:
    """Steers the car, and has Home Assistant read it."""

    async def look(**orders: Any) -> None:
        car.steer(orders)
        target = {"device_id": device_of(hass, entry, car.vin)}
        await hass.services.async_call(DOMAIN, "refresh", target=target, blocking=True)

    return look


def done(car: Car) -> list[str]:
    """The commands that the car has carried out since the last look."""
    names = [each.name for each in car.executions]
    car.executions.clear()
    return names


def switch_of(hass: HomeAssistant, vin: str) -> str:
    """The switch of the charge, as its owner chooses it."""
    entity_id = er.async_get(hass).async_get_entity_id("switch", DOMAIN, f"{vin}-charge")
    assert entity_id is not None
    return entity_id


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_blueprints_know_no_entities_and_can_be_imported(path: Path) -> None:
    """And their buttons stand where people look."""
    text = path.read_text("utf-8")
    assert f"source_url: {ADDRESS}{path.name}\n" in text
    body = text.partition("\nmode: ")[2]
    found = re.findall(r"(?:entity_id: |states\(')([a-z_]+\.[a-z_]+)", body)
    assert found == []
    link = (
        "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
        f"{quote(ADDRESS + path.name, safe='')}"
    )
    for document in ("README.md", "README.de.md", "docs/automations.md"):
        assert link in (ROOT / document).read_text("utf-8"), document
    inputs = load_yaml_dict(str(path))["blueprint"]["input"]
    assert all(each["selector"] for each in inputs.values())


@pytest.mark.freeze_time("2026-10-20T05:00:00+00:00")
async def test_warm_before_departure(
    hass: HomeAssistant,
    car: Car,
    entry: MockConfigEntry,
    wait: Wait,
    use: Use,
    look: Look,
    freezer: FrozenDateTimeFactory,
) -> None:
    """At 07:15 for 07:30; not if the car is away, nor unplugged with too little left."""
    await use(
        "warm_before_departure",
        car=device_of(hass, entry, MODEL_S),
        departure="07:30:00",
        lowest=60,
    )
    await wait(10 * MINUTE)
    assert done(car) == []
    await wait(5 * MINUTE)
    assert done(car) == ["auto_conditioning_start"]
    await look(plugged_in=False, climate=False)
    freezer.move_to("2026-10-21T05:14:00+00:00")
    await wait(3 * MINUTE)
    assert done(car) == []


@pytest.mark.freeze_time("2026-10-24T05:00:00+00:00")
async def test_warm_before_an_event(
    hass: HomeAssistant, car: Car, entry: MockConfigEntry, wait: Wait, use: Use, look: Look
) -> None:
    """Also on a Saturday, because the calendar decides; not away from home."""
    hass.states.async_set("calendar.work", "off", {"start_time": "2026-10-24 07:30:00"})
    await use(
        "warm_before_departure",
        car=device_of(hass, entry, MODEL_S),
        calendar="calendar.work",
    )
    await wait(14 * MINUTE)
    assert done(car) == ["auto_conditioning_start"]
    hass.states.async_set("calendar.work", "off", {"start_time": "2026-10-24 08:30:00"})
    await look(location="away", climate=False)
    await wait(60 * MINUTE)
    assert done(car) == []


@pytest.mark.freeze_time(EVENING)
async def test_budget_share(
    hass: HomeAssistant, loaded: MockConfigEntry, notified: list[ServiceCall], use: Use
) -> None:
    """Once, and not for another share."""
    account = device_of(hass, loaded, loaded.unique_id)
    await use("budget_share", account=account, share="50", notify=NOTIFY)
    shares = loaded.runtime_data.ledger.meter.shares
    for before, after in ((10, 49), (49, 52), (52, 85)):
        shares.reached(before, after)
    await hass.async_block_till_done()
    (call,) = notified
    assert call.data["message"].startswith("50% of the budget is used: 0.0")


@pytest.mark.freeze_time(EVENING)
async def test_cheap_hours(
    hass: HomeAssistant, car: Car, entry: MockConfigEntry, wait: Wait, use: Use, look: Look
) -> None:
    """Start and stop by the price; an unknown price changes nothing."""
    hass.states.async_set("sensor.price", "0.40")
    await use(
        "cheap_hours",
        car=device_of(hass, entry, MODEL_S),
        charge=switch_of(hass, MODEL_S),
        price="sensor.price",
        limit=0.2,
    )

    async def at(price: str) -> list[str]:
        hass.states.async_set("sensor.price", price)
        await hass.async_block_till_done()
        await wait(2 * MINUTE)
        return done(car)

    assert await at("0.30") == []
    assert await at("0.15") == ["charge_start"]
    assert await at("unavailable") == []
    assert await at("0.35") == ["charge_stop"]
    await look(location="away")
    assert await at("0.10") == []


async def test_garage_on_arrival(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
    use: Use,
) -> None:
    """Not after a restart or a gap, although the car is home then."""
    home = {"latitude": aurora.latitude, "longitude": aurora.longitude}
    opened = async_mock_service(hass, "cover", "open_cover")
    hass.states.async_set("cover.garage", "closed")
    car = device_of(hass, entry_of_stream, MODEL_Y)
    await use("garage_on_arrival", car=car, door="cover.garage")
    await hass.config.async_update(**home)

    async def drive(latitude: float) -> int:
        aurora.steer({"location": {**home, "latitude": latitude}})
        await pass_time(MINUTE)
        count = len(opened)
        opened.clear()
        return count

    assert await drive(home["latitude"] + 0.02) == 0
    # A restart, and the car came home meanwhile.
    assert await hass.config_entries.async_unload(entry_of_stream.entry_id)
    aurora.steer({"location": home})
    assert await hass.config_entries.async_setup(entry_of_stream.entry_id)
    await pass_time(5 * MINUTE)
    assert opened == []
    assert await drive(home["latitude"] + 0.02) == 0
    # A gap in the stream, in which it came home.
    aurora.steer({"lose_connection": 1800, "location": home})
    await pass_time(40 * MINUTE)
    assert opened == []
    # The position of the parked car jumps.
    assert await drive(home["latitude"] + 0.03) == 0
    assert await drive(home["latitude"]) == 0
    for minute in range(7):
        assert await drive(home["latitude"] + 0.03 + minute / 1000) == 0
    assert await drive(home["latitude"]) == 1
    assert opened == []


@pytest.mark.freeze_time(EVENING)
async def test_forgotten_open(
    hass: HomeAssistant,
    car: Car,
    entry: MockConfigEntry,
    notified: list[ServiceCall],
    wait: Wait,
    use: Use,
    look: Look,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Once after ten minutes; not while it is only open for a moment."""
    await use("forgotten_open", car=device_of(hass, entry, MODEL_S), where="home", notify=NOTIFY)

    async def minutes(count: int) -> int:
        """Let time pass without waiting for the automation, which waits itself."""
        for _ in range(count):
            freezer.tick(MINUTE)
            async_fire_time_changed(hass)
            for _ in range(20):
                await asyncio.sleep(0)
        return len(notified)

    assert await minutes(15) == 0
    await look(locked=False, user_present=True)
    assert await minutes(5) == 0
    await look(locked=True)
    assert await minutes(15) == 0
    await look(open="rt")
    assert await minutes(9) == 0
    assert await minutes(15) == 1
    assert notified[0].data["message"] == "The car was left open or unlocked."


@pytest.mark.freeze_time(EVENING)
async def test_sun_with_own_meter(
    hass: HomeAssistant, car: Car, entry: MockConfigEntry, wait: Wait, use: Use, look: Look
) -> None:
    """After five minutes of surplus; not from a meter that shows nothing, or without a unit."""

    async def at(value: str, unit: str | None = "kW") -> list[str]:
        attributes = {} if unit is None else {"unit_of_measurement": unit}
        hass.states.async_set("sensor.meter", value, attributes)
        await hass.async_block_till_done()
        await wait(6 * MINUTE)
        return done(car)

    await at("0.1")
    await use(
        "sun_with_own_meter",
        car=device_of(hass, entry, MODEL_S),
        charge=switch_of(hass, MODEL_S),
        meter="sensor.meter",
    )
    assert await at("-1.4") == []
    assert await at("unknown") == []
    assert await at("-2000", None) == []
    assert await at("-2.0") == ["charge_start"]
    assert await at("0.1") == []
    assert await at("0.3") == ["charge_stop"]


@pytest.mark.freeze_time(EVENING)
async def test_good_night(
    hass: HomeAssistant,
    car: Car,
    entry: MockConfigEntry,
    notified: list[ServiceCall],
    wait: Wait,
    use: Use,
    look: Look,
    freezer: FrozenDateTimeFactory,
) -> None:
    """All that is wrong in one message, and none if all is well."""
    device_id = device_of(hass, entry, MODEL_S)
    await use("good_night", car=device_id, time="20:10:00", lowest=60, notify=NOTIFY)
    await wait(15 * MINUTE)
    assert notified == []
    await look(plugged_in=False, locked=False, open="rt", user_present=True)
    freezer.move_to("2026-10-21T18:09:00+00:00")
    await wait(3 * MINUTE)
    (call,) = notified
    assert call.data["message"] == (
        "It is unlocked. A door, window or lid is open."
        " The battery is low, and it is not plugged in."
    )
    notified.clear()
    # Silence would mean that all is well, but the values may be old, or there are none.
    await look(plugged_in="ac3", locked=True, close="rt")
    car.steer({"state": "offline"})
    freezer.move_to("2026-10-22T18:00:00+00:00")
    await wait(12 * MINUTE)
    assert [each.data["message"] for each in notified] == [
        "It is out of reach, so what is known may be old."
    ]
    notified.clear()
    assert await hass.config_entries.async_unload(entry.entry_id)
    freezer.move_to("2026-10-23T18:09:00+00:00")
    await wait(3 * MINUTE)
    assert [each.data["message"] for each in notified] == [
        (
            "It is unknown whether it is at home. It is out of reach, so what is known may be old."
            " It is unknown whether it is locked. It is unknown whether it is closed."
            " It is unknown whether it should be plugged in."
        )
    ]

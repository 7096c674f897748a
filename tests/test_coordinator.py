"""Coordinators: what they ask and when, what they show, and what they cost."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.button import SERVICE_PRESS
from homeassistant.components.climate import SERVICE_SET_TEMPERATURE
from homeassistant.components.lock import SERVICE_LOCK, SERVICE_UNLOCK
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_TEMPERATURE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.flotte.const import CONF_MONTHLY_LIMIT
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    EntryMaker,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait, act, told_of

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

AWAKE: dict[str, Any] = {"state": "online", "sentry_mode": True, "plugged_in": False}
"""Watching keeps a car awake, and is nothing whose progress is worth asking for."""

ALL_FOR_POLLING: dict[str, Any] = {"reserve_percent": 0, "head_start_days": 31}
"""Polling may spend the whole budget on any day: only the budget itself stops it."""


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [Platform.BINARY_SENSOR, Platform.CLIMATE, Platform.LOCK, Platform.SENSOR],
    )


def data_requests(tesla: Simulator, vin: str) -> int:
    """How often a car's data was asked for, as Tesla bills it."""
    return tesla.bill.counts(client_id=CLIENT_ID, vin=vin)[Category.DATA]


def paid(tesla: Simulator, vin: str | None = None) -> dict[Category, int]:
    """Everything that costs something, where it was used."""
    counts = tesla.bill.counts(client_id=CLIENT_ID, vin=vin)
    return {
        category: counts[category]
        for category in (Category.DATA, Category.COMMAND, Category.WAKE)
        if counts[category]
    }


def others_sleep(tesla: Simulator) -> None:
    """Only Aurora is left to be asked."""
    for vin in (MODEL_3, MODEL_S):
        tesla.world.cars[vin].steer({"state": "asleep"})


# --- The plan -------------------------------------------------------------------------------------


async def test_idle_car_is_polled_once_an_hour(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.world.cars[MODEL_Y].steer(AWAKE)
    await wait(MINUTE)
    assert data_requests(tesla, MODEL_Y) == 1
    await wait(59 * MINUTE)
    assert data_requests(tesla, MODEL_Y) == 1
    await wait(MINUTE)
    assert data_requests(tesla, MODEL_Y) == 2


@pytest.mark.parametrize(
    ("orders", "minutes"),
    [
        ({"drive": {"route": [[52.0, 4.0], [53.5, 6.5]]}, "plugged_in": False}, 8),
        # 11 kW into 75 kWh: a per cent in 4.4 minutes, and 1.5 are worth a request.
        ({"charging": True, "battery_level": 20}, 7),
        ({"climate": {"on": True, "keeper": "dog"}}, 10),
        ({"user_present": True}, 10),
        ({"software_update": {"status": "installing"}}, 10),
        ({"sentry_mode": True, "locked": False, "plugged_in": False}, 10),
        ({"sentry_mode": True}, 15),
    ],
    ids=["drive", "charging", "climate", "user", "update", "unlocked", "plugged in"],
)
async def test_frequency_of_polling_an_active_car(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    orders: dict[str, Any],
    minutes: int,
) -> None:
    tesla.world.cars[MODEL_Y].steer({"state": "online", **orders})
    await wait(MINUTE)
    asked = []
    for _ in range(2 * minutes + 2):
        asked.append(data_requests(tesla, MODEL_Y))
        await wait(MINUTE)
    assert asked == [1] * minutes + [2] * minutes + [3] * 2


async def test_sleeping_cars_cost_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    await wait(timedelta(hours=1))
    assert paid(tesla) == {}
    assert all(car.wakes == 0 for car in tesla.world.cars.values())


@pytest.mark.parametrize("vin", [MODEL_Y, MODEL_3, MODEL_S])
async def test_every_car_falls_asleep(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, vin: str
) -> None:
    """Also the one that each data request keeps awake for another eleven minutes."""
    car = tesla.world.cars[vin]
    car.steer({"state": "online"})
    await wait(15 * MINUTE)
    assert car.state == "asleep"
    assert data_requests(tesla, vin) == 1
    await wait(MINUTE)
    assert state_of(hass, f"binary_sensor.{_slug(car.display_name)}_online").state == "off"


async def test_older_car_that_stays_awake_is_polled_at_longer_intervals(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Something else may keep it awake; each pause is long enough to fall asleep in."""
    tesla.world.cars[MODEL_S].steer(AWAKE)
    await wait(46 * MINUTE)
    assert data_requests(tesla, MODEL_S) == 4


async def test_car_is_polled_again_when_it_wakes(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    car.steer({"state": "asleep"})
    await wait(5 * MINUTE)
    car.steer({"state": "online", "battery_level": 42})
    await wait(MINUTE)
    assert data_requests(tesla, MODEL_Y) == 2
    assert state_of(hass, "sensor.aurora_battery").state == "42.0"


async def test_car_that_wakes_repeatedly_is_not_polled_each_time(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Bad reception looks like that."""
    car = await told_of(tesla, wait, MODEL_Y)
    for _ in range(10):
        car.steer({"state": "asleep"})
        await wait(MINUTE)
        car.steer({"state": "online"})
        await wait(MINUTE)
    assert data_requests(tesla, MODEL_Y) <= 5


async def test_command_is_looked_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, locked=False, sentry_mode=True, plugged_in=False)
    await wait(3 * MINUTE)
    assert data_requests(tesla, MODEL_Y) == 1
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert data_requests(tesla, MODEL_Y) == 1
    await wait(MINUTE)
    assert data_requests(tesla, MODEL_Y) == 2
    await wait(50 * MINUTE)
    assert data_requests(tesla, MODEL_Y) == 2


async def test_site_is_polled_every_minute_and_its_settings_every_ten(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    before = Counter(each.endpoint for each in tesla.requests)
    await wait(20 * MINUTE)
    asked = Counter(each.endpoint for each in tesla.requests) - before
    assert (asked["live_status"], asked["site_info"]) == (20, 2)
    assert paid(tesla).get(Category.WAKE) is None


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 408, "body": "vehicle is offline or asleep"},
        {"kind": "status", "status": 408, "body": "gateway timeout"},
        {"kind": "malformed", "body": "nonsense"},
        {"kind": "status", "status": 401, "body": "mobile_access_disabled"},
    ],
    ids=["403", "offline", "timeout", "malformed", "mobile access"],
)
async def test_failing_data_requests_are_not_paid_for_every_minute(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: Mapping[str, Any],
) -> None:
    """Tesla bills what it refuses; at one a minute the month's ten euros are gone in four days."""
    others_sleep(tesla)
    tesla.world.cars[MODEL_Y].steer(AWAKE)
    tesla.faults.order(**fault, endpoint="vehicle_data", vin=MODEL_Y, count=None)
    await wait(20 * MINUTE)
    assert data_requests(tesla, MODEL_Y) <= 4


# --- What is assumed ------------------------------------------------------------------------------


async def test_assumed_is_shown_at_once_and_lapses(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
) -> None:
    """The budget has room for data, handshake and command, and no second look."""
    others_sleep(tesla)
    entry = make_entry(options={CONF_MONTHLY_LIMIT: 0.004, **ALL_FOR_POLLING})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    await told_of(tesla, wait, MODEL_Y, locked=False)

    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert state_of(hass, "lock.aurora_doors").state == "locked"

    await wait(timedelta(seconds=59))
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    await wait(timedelta(seconds=61))
    # Without a confirmation, the last report is shown again.
    assert state_of(hass, "lock.aurora_doors").state == "unlocked"
    assert data_requests(tesla, MODEL_Y) == 1


async def test_assumed_is_replaced_by_reported(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """It was opened again before the check: the reading counts, however new the assumption."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    await wait(MINUTE / 2)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    car.steer({"locked": False})
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    await wait(MINUTE / 2)
    assert state_of(hass, "lock.aurora_doors").state == "unlocked"
    assert vehicle_of(loaded, MODEL_Y).state.reading(signals.LOCKED) == Reading(
        False,  # noqa: FBT003  # the value of a reading
        datetime.now(UTC),
        Source.POLL,
    )


# --- The budget -----------------------------------------------------------------------------------


async def test_spent_budget(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Commands are refused with the numbers; polling stops, quietly; a new month opens again."""
    others_sleep(tesla)
    entry = make_entry(options={CONF_MONTHLY_LIMIT: 0.002, **ALL_FOR_POLLING})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, MODEL_Y, locked=False, sentry_mode=True)
    assert data_requests(tesla, MODEL_Y) == 1

    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert refusal.value.translation_key == "budget_exceeded"
    assert str(refusal.value) == (
        "This would cost 0.002 EUR, but only 0.00 EUR of this month's budget of 0.00 EUR is left. "
        "Raise the budget in Flotte's options, or wait until the new month begins on "
        "2026-11-01 (UTC)"
    )
    assert car.executions == []
    await wait(timedelta(hours=2))
    assert paid(tesla) == {Category.DATA: 1}
    assert state_of(hass, "sensor.aurora_battery").state == "68.0"
    assert state_of(hass, "binary_sensor.aurora_online").state == "on"

    freezer.move_to("2026-11-01T00:00:10+00:00")
    car.steer({"state": "online", "battery_level": 55})
    await wait(2 * MINUTE)
    assert data_requests(tesla, MODEL_Y) == 2
    assert state_of(hass, "sensor.aurora_battery").state == "55.0"


async def test_wake_that_is_too_dear(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    """The whole cost is decided on first: no car is woken that cannot get a command then."""
    entry = make_entry(options={CONF_MONTHLY_LIMIT: 0.021})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert refusal.value.translation_key == "budget_exceeded"
    assert "0.022 EUR" in str(refusal.value)
    assert tesla.world.cars[MODEL_Y].wakes == 0
    assert paid(tesla) == {}


async def test_limit_that_is_raised_counts_from_the_reload_on(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
) -> None:
    entry = make_entry(options={CONF_MONTHLY_LIMIT: 0.002})
    await register_key(hass, tesla)
    others_sleep(tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    hass.config_entries.async_update_entry(entry, options={CONF_MONTHLY_LIMIT: 5})
    # As the options' own form does it.
    assert await hass.config_entries.async_reload(entry.entry_id)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert [each.name for each in car.executions] == ["door_lock"]


async def test_account_that_tesla_suspended(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """One refusal tells; nothing paid is asked for until the month ends."""
    others_sleep(tesla)
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    tesla.faults.order(
        "status",
        endpoint="signed_command",
        status=403,
        body="account disabled: EXCEEDED_LIMIT",
        count=None,
    )
    for _ in range(3):
        with pytest.raises(HomeAssistantError) as refusal:
            await act(hass, SERVICE_LOCK, "lock.aurora_doors")
        assert refusal.value.translation_key == "account_suspended"
    assert paid(tesla) == {Category.DATA: 1, Category.COMMAND: 1}
    tesla.faults.clear()
    with pytest.raises(HomeAssistantError):
        await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert paid(tesla) == {Category.DATA: 1, Category.COMMAND: 1}

    freezer.move_to("2026-11-01T00:00:10+00:00")
    car.steer({"state": "online"})
    await wait(MINUTE)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert [each.name for each in car.executions] == ["door_lock"]


async def test_suspended_account_keeps_its_values(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Like the spent budget: the free check works, so the car is not unavailable."""
    others_sleep(tesla)
    await told_of(tesla, wait, MODEL_Y, sentry_mode=True)
    tesla.faults.order(
        "status", endpoint="vehicle_data", status=403, body="EXCEEDED_LIMIT", count=None
    )
    await wait(65 * MINUTE)
    assert state_of(hass, "sensor.aurora_battery").state == "68.0"


async def test_ledger_has_the_caller(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_admin_user: MockUser,
) -> None:
    await told_of(tesla, wait, MODEL_Y, locked=False)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    await hass.services.async_call(
        "lock",
        SERVICE_UNLOCK,
        {ATTR_ENTITY_ID: "lock.aurora_doors"},
        blocking=True,
        context=Context(user_id=hass_admin_user.id),
    )
    counts = (await async_get_ledger(hass, CLIENT_ID)).meter.ledger.counts
    by_caller: Counter[str] = Counter()
    for row, count in counts.items():
        if row.category in ("command", "data") and row.asset == MODEL_Y:
            by_caller[row.caller] += count
    # The handshake is paid by who needs it first.
    assert by_caller == {"automation": 2, "person": 1, "background:polling": 1}


async def test_commands_share_a_wake(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    await asyncio.gather(
        act(hass, SERVICE_UNLOCK, "lock.aurora_doors"),
        act(hass, SERVICE_SET_TEMPERATURE, "climate.aurora", **{ATTR_TEMPERATURE: 22}),
    )
    assert sorted(each.name for each in car.executions) == ["door_unlock", "set_temps"]
    assert car.wakes == 1
    assert tesla.bill.counts()[Category.WAKE] == 1


async def test_car_that_is_awake_does_not_wait_for_one_that_sleeps(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Each vehicle has its own turns; waking one takes up to a minute."""
    await told_of(tesla, wait, MODEL_S, locked=False)
    sleeping, awake = tesla.world.cars[MODEL_Y], tesla.world.cars[MODEL_S]
    sleeping.steer({"locked": False, "wake_seconds": 40, "state": "asleep"})
    await asyncio.gather(
        act(hass, SERVICE_LOCK, "lock.aurora_doors"),
        act(hass, SERVICE_LOCK, "lock.old_faithful_doors"),
    )
    assert awake.executions[0].time < sleeping.executions[0].time - 30


async def test_newest_value_of_a_slider_wins(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """While the car wakes up, the slider moves on: skipped values cost nothing."""
    car = tesla.world.cars[MODEL_Y]
    await asyncio.gather(
        *(
            act(hass, SERVICE_SET_TEMPERATURE, "climate.aurora", **{ATTR_TEMPERATURE: celsius})
            for celsius in (19, 20, 21, 22, 23)
        )
    )
    sent = [each.parameters["driver_temp"] for each in car.executions]
    assert sent[-1] == 23
    assert len(sent) <= 2


# --- Notifications --------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each entity wrote its state."""
    counts: Counter[str] = Counter()
    write: Callable[[Entity], None] = Entity.async_write_ha_state

    def async_write_ha_state(entity: Entity) -> None:
        counts[entity.entity_id] += 1
        write(entity)

    monkeypatch.setattr(Entity, "async_write_ha_state", async_write_ha_state)
    return counts


async def test_reading_only_reaches_entities_that_show_it(
    hass: HomeAssistant, told: MockConfigEntry, written: Counter[str]
) -> None:
    vehicle = vehicle_of(told, MODEL_Y).vehicle
    now = datetime.now(UTC)
    vehicle.receive({signals.BATTERY_LEVEL: Reading(67.0, now, Source.STREAM)})
    assert written == {"sensor.aurora_battery": 1}
    assert state_of(hass, "sensor.aurora_battery").state == "67.0"

    written.clear()
    vehicle.receive({signals.BATTERY_LEVEL: Reading(67.0, now, Source.STREAM)})
    assert written == {}, "nothing shows anything else"

    vehicle.receive(
        {
            signals.CHARGING_STATE: Reading("charging", now, Source.STREAM),
            signals.TIME_TO_FULL: Reading(1.0, now, Source.STREAM),
        }
    )
    assert written == {
        "sensor.aurora_charging_status": 1,
        "sensor.aurora_charging_ends": 1,
        # A session may have begun.
        "sensor.aurora_energy_charged": 1,
        "sensor.aurora_energy_charged_at_home": 1,
        "binary_sensor.aurora_charging": 1,
        "binary_sensor.aurora_charge_cable": 1,
    }


async def test_unchanged_poll_only_updates_the_ages(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait, written: Counter[str]
) -> None:
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    await wait(MINUTE)
    written.clear()
    await wait(MINUTE)
    touched = {each for each in written if "home_" not in each and "tesla_account" not in each}
    assert touched == {
        f"sensor.{car}_{age}"
        for car in ("aurora", "comet", "old_faithful")
        for age in ("data_age", "last_seen")
    }


async def test_removed_entity_is_not_called_any_more(
    hass: HomeAssistant,
    told: MockConfigEntry,
    written: Counter[str],
    entity_registry: er.EntityRegistry,
) -> None:
    vehicle = vehicle_of(told, MODEL_Y).vehicle
    entity_registry.async_remove("binary_sensor.aurora_charging")
    await hass.async_block_till_done()
    written.clear()
    vehicle.receive({signals.CHARGING_STATE: Reading("complete", datetime.now(UTC), Source.STREAM)})
    assert "sensor.aurora_charging_status" in written
    assert "binary_sensor.aurora_charging" not in written

    assert await hass.config_entries.async_unload(told.entry_id)
    written.clear()
    vehicle.receive({signals.BATTERY_LEVEL: Reading(1.0, datetime.now(UTC), Source.STREAM)})
    assert written == {}


# --- When Tesla cannot be asked -------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 408, "body": "gateway timeout"},
        {"kind": "status", "status": 412},
        {"kind": "status", "status": 421, "body": "use base URL: http://203.0.113.1"},
        {"kind": "status", "status": 423},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "30"}},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 540},
        {"kind": "lost_reply"},
        {"kind": "dropped"},
        {"kind": "malformed"},
    ],
    ids=lambda fault: str(fault.get("status", fault["kind"])),
)
async def test_check_fails_and_works_again(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: Mapping[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    """One car's trouble does not affect the others; a quarter of an hour of it is tolerated.

    What is known is back with the first answer.
    """
    tesla.world.cars[MODEL_Y].steer(AWAKE)
    # Until it is known to be unplugged, so that nothing is asked for an hour.
    await wait(15 * MINUTE)
    shown = {
        state.entity_id: state.state
        for state in hass.states.async_all()
        if "aurora" in state.entity_id and not state.entity_id.endswith(("_age", "_seen"))
    }
    assert STATE_UNAVAILABLE not in shown.values()
    tesla.faults.order(**fault, endpoint="vehicle", vin=MODEL_Y, count=None)
    await wait(MINUTE)
    freezer.tick(timedelta(minutes=13))
    await wait(MINUTE)
    assert {each: state_of(hass, each).state for each in shown} == shown
    await wait(MINUTE)
    assert {state_of(hass, each).state for each in shown} == {STATE_UNAVAILABLE}
    assert state_of(hass, "lock.comet_doors").state == "locked"
    assert state_of(hass, "sensor.home_grid_status").state == "on_grid"
    assert not hass.config_entries.flow.async_progress()

    tesla.faults.clear()
    await wait(2 * MINUTE)
    assert {each: state_of(hass, each).state for each in shown} == shown


async def test_action_is_carried_out_though_the_last_poll_failed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Home Assistant drops actions on what is unavailable, without a word."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    tesla.faults.order("status", endpoint="vehicle", count=None)
    await wait(3 * MINUTE)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert [each.name for each in car.executions] == ["door_lock"]


async def test_no_connection_at_all(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    transport = vehicle_of(told, MODEL_Y).vehicle.api.transport
    base_url, transport.base_url = transport.base_url, "http://127.0.0.1:9"
    await wait(17 * MINUTE)
    freezer.tick(timedelta(minutes=15))
    await wait(MINUTE)
    for entity_id in ("lock.aurora_doors", "lock.comet_doors", "sensor.home_grid_status"):
        assert state_of(hass, entity_id).state == STATE_UNAVAILABLE
    # What was spent is known without Tesla.
    assert state_of(hass, "sensor.tesla_account_cost_this_month").state == "0.01"
    transport.base_url = base_url
    await wait(MINUTE)
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    assert state_of(hass, "sensor.home_grid_status").state == "on_grid"


async def test_car_that_falls_asleep_between_two_questions(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """That is an answer, not a failure."""
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    tesla.faults.order("status", endpoint="vehicle_data", status=408, vin=MODEL_Y)
    await wait(MINUTE)
    assert state_of(hass, "binary_sensor.aurora_online").state == "off"
    assert state_of(hass, "sensor.aurora_battery").state == STATE_UNKNOWN


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 500}, {"kind": "status", "status": 403}, {"kind": "malformed"}],
    ids=["500", "403", "malformed"],
)
async def test_data_comes_after_a_failure(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: Mapping[str, Any],
) -> None:
    """A failure does not count as an answer: the next one is asked for without waiting an hour."""
    tesla.faults.order(**fault, endpoint="vehicle_data", vin=MODEL_Y)
    tesla.world.cars[MODEL_Y].steer(AWAKE)
    await wait(MINUTE)
    assert state_of(hass, "sensor.aurora_battery").state in (STATE_UNKNOWN, STATE_UNAVAILABLE)
    await wait(15 * MINUTE)
    assert state_of(hass, "sensor.aurora_battery").state == "68.0"


async def test_command_without_effect_needs_no_check(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look costs twice as much as the command, and there is nothing to see."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BUTTON])
    await set_up(hass, entry)
    await told_of(tesla, wait, MODEL_Y)
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    await wait(3 * MINUTE)
    assert data_requests(tesla, MODEL_Y) == 1


async def test_token_that_tesla_refuses_is_renewed_by_the_poll(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    before = told.data["token"]["access_token"]
    tesla.faults.order("status", endpoint="vehicle", status=401)
    await wait(MINUTE)
    assert told.data["token"]["access_token"] != before
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    assert not hass.config_entries.flow.async_progress()


async def test_a_refused_token_is_renewed_once_for_all(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A refresh token serves once: three renewals at the same time would end the login."""
    tesla.faults.order("status", endpoint="vehicle", status=401, count=3)
    await wait(MINUTE)
    renewals = [each for each in tesla.requests if each.endpoint == "token"]
    assert [each.status for each in renewals] == [200]
    assert [each.status for each in tesla.requests if each.endpoint == "vehicle"][-6:] == [
        *[401] * 3,
        *[200] * 3,
    ]
    for car in ("aurora", "comet", "old_faithful"):
        assert state_of(hass, f"lock.{car}_doors").state == "locked"


async def test_polls_with_a_refused_login_request_a_new_one_once(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.faults.order("status", endpoint="vehicle", status=401, count=None)
    await wait(3 * MINUTE)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    assert flow["context"]["entry_id"] == told.entry_id
    await wait(15 * MINUTE)
    assert len(hass.config_entries.flow.async_progress()) == 1


async def test_refused_login_shows(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """It does not end on its own: displayed values would be of any age."""
    tesla.faults.order("status", endpoint="vehicle", status=401, count=None)
    await wait(20 * MINUTE)
    assert state_of(hass, "lock.aurora_doors").state == STATE_UNAVAILABLE


async def test_password_was_changed(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Tesla takes back all logins; the next renewal finds out."""
    tesla.accounts.users["owner-1"].password_version += 1
    freezer.tick(timedelta(hours=9))
    await wait(MINUTE)
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_token_is_renewed_in_time(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Eight hours later, with all cars and the site asking at once: one renewal."""
    before = told.data["token"]
    freezer.tick(timedelta(hours=9))
    await wait(MINUTE)
    assert told.data["token"]["refresh_token"] != before["refresh_token"]
    renewals = [each for each in tesla.requests if each.endpoint == "token"]
    assert [each.status for each in renewals] == [200]
    assert state_of(hass, "lock.comet_doors").state == "locked"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "dropped"},
        {"kind": "malformed"},
        {"kind": "status", "status": 429},
    ],
    ids=["500", "dropped", "malformed", "429"],
)
async def test_site_fails_and_works_again(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: Mapping[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    tesla.faults.order(**fault, endpoint="live_status", count=None)
    await wait(MINUTE)
    assert float(state_of(hass, "sensor.home_solar_power").state) > 0
    freezer.tick(timedelta(minutes=15))
    await wait(MINUTE)
    assert state_of(hass, "sensor.home_solar_power").state == STATE_UNAVAILABLE
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    tesla.faults.clear()
    await wait(2 * MINUTE)
    assert float(state_of(hass, "sensor.home_solar_power").state) > 0


async def test_moved_account_is_followed_within_tesla(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """421 names the right address; it is one of Tesla's, so it is used from then on."""
    api = vehicle_of(told, MODEL_Y).vehicle.api
    api.transport.base_url = tesla.na_url
    await wait(MINUTE)
    assert api.base_url == tesla.eu_url
    assert state_of(hass, "lock.aurora_doors").state == "locked"


def _slug(name: str) -> str:
    return name.lower().replace(" ", "_")

"""Calendars of the schedules of a car: read for free, changed by signed commands."""

from datetime import datetime
from typing import Any, Final

import pytest
from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.calendar.schedules import _doubtful_in
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.tesla.signals import CHARGE_SCHEDULES, read_sections
from custom_components.flotte.tesla.spending.tariff import Category as OurCategory
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import CLIENT_ID, MODEL_S, MODEL_Y, set_up, state_of, vehicle_of
from tests.fleet import INFOTAINMENT, MINUTE, MOMENT, Wait, told_of

pytestmark = [
    pytest.mark.freeze_time(MOMENT),
    pytest.mark.filterwarnings(
        "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
    ),
]

CHARGING: Final = "calendar.aurora_charge_schedules"
PRECONDITIONING: Final = "calendar.aurora_preconditioning_schedules"
PLAIN: Final = "calendar.old_faithful_charge_schedules"
HOME: Final = (52.3731, 4.8903)
"""The simulated cars' home, which is that of Home Assistant here."""
NIGHT: Final[dict[str, Any]] = {
    "id": 9007199254740993,
    "name": "",
    "days_of_week": 62,
    "start_enabled": True,
    "start_time": 1380,
    "end_enabled": True,
    "end_time": 360,
    "one_time": False,
    "enabled": True,
    "latitude": HOME[0],
    "longitude": HOME[1],
}
FAR_AWAY: Final[dict[str, Any]] = {
    **NIGHT,
    "id": 7,
    "name": "Office",
    "latitude": 51.92,
    "longitude": 4.48,
}
WARM: Final = {
    "id": 8,
    "name": "",
    "days_of_week": 127,
    "precondition_time": 15,
    "one_time": False,
    "enabled": True,
    "latitude": HOME[0],
    "longitude": HOME[1],
}
EVENING: Final = {
    "dtstart": "2026-10-22T22:30:00+02:00",
    "dtend": "2026-10-23T05:00:00+02:00",
    "summary": "Charging",
    "rrule": "FREQ=WEEKLY;BYDAY=TH,SU",
}
"""A Thursday."""


@pytest.fixture(autouse=True)
async def _calendars_in_amsterdam(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    # The trackers make the car polled before it has a calendar, and bring the zones.
    platforms = [Platform.CALENDAR, Platform.DEVICE_TRACKER]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", platforms)
    await hass.config.async_set_time_zone("Europe/Amsterdam")
    hass.config.latitude, hass.config.longitude = HOME


@pytest.fixture
async def car(loaded: MockConfigEntry, tesla: Simulator, wait: Wait) -> Car:
    """Aurora, which has reported two schedules for charging and one for preconditioning."""
    plans = tesla.world.cars[MODEL_Y].plans
    plans.charge = {each["id"]: dict(each) for each in (NIGHT, FAR_AWAY)}
    plans.precondition = {8: dict(WARM)}
    return await told_of(tesla, wait, MODEL_Y)


async def events(
    hass: HomeAssistant, calendar: str = CHARGING, day: str = "2026-10-20"
) -> list[dict[str, Any]]:
    """The events that begin within three days, as the action returns them."""
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": calendar, "start_date_time": f"{day} 12:00:00", "duration": {"hours": 72}},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    found: Any = answer[calendar]
    return list(found["events"])


async def edit(
    hass: HomeAssistant, client: WebSocketGenerator, kind: str, calendar: str, **fields: Any
) -> str:
    """Change a calendar as its card does; returns the error, which is empty if there is none."""
    socket = await client(hass)
    await socket.send_json_auto_id(
        {"type": f"calendar/event/{kind}", "entity_id": calendar, **fields}
    )
    answer = await socket.receive_json()
    assert answer["success"] is ("error" not in answer)
    return "" if answer["success"] else str(answer["error"]["message"])


async def create(hass: HomeAssistant, calendar: str = CHARGING, **event: Any) -> None:
    """Create an event directly, so that errors are raised as they are."""
    entity = hass.data[DATA_COMPONENT].get_entity(calendar)
    assert entity is not None
    for key in ("dtstart", "dtend"):
        if isinstance(event.get(key), str):
            event[key] = dt_local(event[key])
    await entity.async_create_event(**event)


async def callers(hass: HomeAssistant) -> set[str]:
    """The callers of commands, by the ledger."""
    ledger = (await async_get_ledger(hass, CLIENT_ID)).meter.ledger
    return {row.caller for row in ledger.counts if row.category is OurCategory.COMMAND}


def dt_local(text: str) -> datetime:
    """A moment as Home Assistant passes it on."""
    return dt_util.as_local(dt_util.parse_datetime(text, raise_on_error=True))


# --- Reading -------------------------------------------------------------------------------------


async def test_calendars(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    car: Car,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    for each in er.async_entries_for_config_entry(entity_registry, loaded.entry_id):
        if each.domain != "calendar" or not each.unique_id.startswith(MODEL_Y):
            entity_registry.async_remove(each.entity_id)
    await hass.async_block_till_done()
    await snapshot_platform(hass, entity_registry, snapshot, loaded.entry_id)


async def test_schedules_come_with_the_usual_poll(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A sleeping car is not woken for them, and no request is made only for them."""
    car = tesla.world.cars[MODEL_Y]
    car.plans.charge = {NIGHT["id"]: dict(NIGHT)}
    await wait(5 * MINUTE)
    assert hass.states.get(CHARGING) is None
    assert (car.wakes, car.state) == (0, "asleep")
    before = tesla.bill.counts()[Category.DATA]
    await told_of(tesla, wait, MODEL_Y)
    assert tesla.bill.counts()[Category.DATA] == before + 1
    assert state_of(hass, CHARGING).attributes["start_time"] == "2026-10-20 23:00:00"
    assert tesla.bill.counts()[Category.WAKE] == 0


async def test_events_of_the_schedules(hass: HomeAssistant, car: Car) -> None:
    found = await events(hass)
    assert [(each["start"], each["end"], each["summary"]) for each in found[:3]] == [
        ("2026-10-20T23:00:00+02:00", "2026-10-21T06:00:00+02:00", "Office"),
        ("2026-10-20T23:00:00+02:00", "2026-10-21T06:00:00+02:00", "Charging"),
        ("2026-10-21T23:00:00+02:00", "2026-10-22T06:00:00+02:00", "Office"),
    ]
    assert [each["location"] for each in found[:2]] == ["51.92000, 4.48000", "Home"]
    assert found[0]["description"].splitlines() == [
        "Applies only at this place, not at home: 51.92000, 4.48000.",
        "As the car reported on 2026-10-20 12:01.",
    ]
    (warm, *_) = await events(hass, PRECONDITIONING)
    assert (warm["start"], warm["end"]) == (
        "2026-10-20T23:45:00+02:00",
        "2026-10-21T00:15:00+02:00",
    )
    assert warm["description"].startswith("The car is ready at the end of this event.")


async def test_a_place_with_a_name(
    hass: HomeAssistant, car: Car, hass_ws_client: WebSocketGenerator
) -> None:
    work = {"latitude": 51.9201, "longitude": 4.4801, "radius": 100, "friendly_name": "Work"}
    hass.states.async_set("zone.work", "0", {**work, "passive": False})
    await hass.async_block_till_done()
    assert (await events(hass))[0]["location"] == "Work"
    for location, place in (
        ("work", (51.9201, 4.4801)),
        ("Car", (car.latitude, car.longitude)),
        ("home", HOME),
    ):
        event = {**EVENING, "location": location}
        assert await edit(hass, hass_ws_client, "create", CHARGING, event=event) == ""
        added = car.executions[-1].parameters
        assert (added["lat"], added["lon"]) == pytest.approx(place, abs=1e-5)


async def test_a_car_with_old_software_has_none(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.world.cars[MODEL_Y].steer({"firmware": "2024.20.9"})
    await set_up(hass, entry)
    await told_of(tesla, wait, MODEL_Y)
    assert hass.states.get(CHARGING) is None
    assert hass.states.get(PRECONDITIONING) is None
    assert hass.states.get(PLAIN) is not None


async def test_an_answer_without_a_list_is_not_an_empty_list(
    hass: HomeAssistant, loaded: MockConfigEntry, car: Car
) -> None:
    now = dt_util.utcnow()
    answer = read_sections({"charge_schedule_data": {}}, [CHARGE_SCHEDULES], now)
    vehicle_of(loaded, MODEL_Y).vehicle.receive(answer)
    assert state_of(hass, CHARGING).state == "unavailable"
    with pytest.raises(ServiceValidationError) as refusal:
        await create(hass, **EVENING)
    assert refusal.value.translation_key == "schedules_unknown"
    assert car.executions == []


# --- Changes -------------------------------------------------------------------------------------


async def test_an_event_becomes_a_schedule(
    hass: HomeAssistant, car: Car, wait: Wait, hass_ws_client: WebSocketGenerator
) -> None:
    assert await edit(hass, hass_ws_client, "create", CHARGING, event=EVENING) == ""
    assert state_of(hass, CHARGING).context.user_id is not None
    assert await callers(hass) == {"person"}
    (execution,) = car.executions
    assert (execution.name, execution.signed, execution.domain) == (
        "add_charge_schedule",
        True,
        INFOTAINMENT,
    )
    new_id = execution.parameters["id"]
    assert execution.parameters == {
        "id": new_id,
        "name": "",
        "days_of_week": 1 + 16,
        "start_enabled": True,
        "start_time": 22 * 60 + 30,
        "end_enabled": True,
        "end_time": 5 * 60,
        "one_time": False,
        "enabled": True,
        "lat": HOME[0],
        "lon": HOME[1],
    }
    (new,) = [each for each in await events(hass) if "22:30" in each["start"]]
    assert "Sent to the car, which has not confirmed it yet." in new["description"]
    await wait(MINUTE)
    (new,) = [each for each in await events(hass) if "22:30" in each["start"]]
    assert "As the car reported on 2026-10-20 12:02." in new["description"]
    assert "on 2026-10-20 12:02" in state_of(hass, CHARGING).attributes["description"]
    assert list(car.plans.charge) == [NIGHT["id"], 7, new_id]


async def test_a_changed_event_stays_the_same_schedule(
    hass: HomeAssistant, car: Car, hass_ws_client: WebSocketGenerator
) -> None:
    """With its id, and its place."""
    changed = {**EVENING, "summary": "Office"}
    assert await edit(hass, hass_ws_client, "update", CHARGING, uid="7", event=changed) == ""
    assert list(car.plans.charge) == [NIGHT["id"], 7]
    assert car.plans.charge[7] == {
        **FAR_AWAY,
        "days_of_week": 1 + 16,
        "start_time": 22 * 60 + 30,
        "end_time": 5 * 60,
    }
    gone = await edit(hass, hass_ws_client, "update", CHARGING, uid="5", event=changed)
    assert "no longer has this schedule" in gone
    assert len(car.executions) == 1


async def test_a_deleted_event_removes_its_schedule(
    hass: HomeAssistant, car: Car, hass_ws_client: WebSocketGenerator
) -> None:
    large = str(NIGHT["id"])
    assert await edit(hass, hass_ws_client, "delete", CHARGING, uid=large) == ""
    assert list(car.plans.charge) == [7]
    assert {each["summary"] for each in await events(hass)} == {"Office"}
    # It is gone, which is all that was asked for.
    assert await edit(hass, hass_ws_client, "delete", CHARGING, uid=large) == ""
    assert [each.name for each in car.executions] == ["remove_charge_schedule"]


@pytest.mark.parametrize("more", [{"recurrence_range": "THISANDFUTURE"}, {}])
async def test_single_events_cannot_be_changed(
    hass: HomeAssistant, car: Car, hass_ws_client: WebSocketGenerator, more: dict[str, str]
) -> None:
    one = {"uid": "7", "recurrence_id": "20261021T230000", **more}
    error = await edit(hass, hass_ws_client, "delete", CHARGING, **one)
    assert "cannot change or skip single events" in error
    error = await edit(hass, hass_ws_client, "update", CHARGING, **one, event=EVENING)
    assert "cannot change or skip single events" in error
    assert car.executions == []


async def test_ready_at_the_end_of_the_event(
    hass: HomeAssistant, car: Car, hass_ws_client: WebSocketGenerator
) -> None:
    """Just after midnight, so on the day after the event begins."""
    event = {
        "dtstart": "2026-10-23T23:50:00+02:00",
        "dtend": "2026-10-24T00:20:00+02:00",
        "summary": "Late shift",
        "rrule": "FREQ=WEEKLY;WKST=MO;INTERVAL=1;BYDAY=FR",
        "location": "51.92, 4.48",
    }
    assert await edit(hass, hass_ws_client, "create", PRECONDITIONING, event=event) == ""
    (execution,) = car.executions
    assert execution.parameters == {
        "id": execution.parameters["id"],
        "name": "Late shift",
        "days_of_week": 64,
        "precondition_time": 20,
        "one_time": False,
        "enabled": True,
        "lat": 51.92,
        "lon": 4.48,
    }
    (new,) = [
        each
        for each in await events(hass, PRECONDITIONING, "2026-10-22")
        if each["summary"] == "Late shift"
    ]
    assert new["start"] == "2026-10-23T23:50:00+02:00"


async def test_an_event_that_does_not_recur(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Through the action, on a car that knows only plain commands."""
    car = await told_of(tesla, wait, MODEL_S)
    await hass.services.async_call(
        "calendar",
        "create_event",
        {
            "entity_id": PLAIN,
            "summary": "Charging",
            "start_date_time": "2026-10-25 01:00:00",
            "end_date_time": "2026-10-25 04:00:00",
        },
        blocking=True,
    )
    assert await callers(hass) == {"automation"}
    (execution,) = car.executions
    assert not execution.signed
    (schedule,) = car.plans.charge.values()
    assert (schedule["days_of_week"], schedule["one_time"]) == (1, True)
    assert (schedule["start_time"], schedule["end_time"]) == (60, 240)
    await wait(MINUTE)
    (event,) = await events(hass, PLAIN, "2026-10-24")
    # Three hours by the clocks on the wall.
    assert (event["start"], event["end"]) == (
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T04:00:00+01:00",
    )


async def test_a_schedule_without_an_end_keeps_having_none(
    hass: HomeAssistant, loaded: MockConfigEntry, car: Car, hass_ws_client: WebSocketGenerator
) -> None:
    """Unless the length of its event changes."""
    car.plans.charge = {7: {**FAR_AWAY, "end_enabled": False}}
    await vehicle_of(loaded, MODEL_Y).vehicle.refresh()
    moved = {**EVENING, "dtend": "2026-10-22T23:30:00+02:00"}
    assert await edit(hass, hass_ws_client, "update", CHARGING, uid="7", event=moved) == ""
    assert (car.plans.charge[7]["start_time"], car.plans.charge[7]["end_enabled"]) == (1350, False)
    assert await edit(hass, hass_ws_client, "update", CHARGING, uid="7", event=EVENING) == ""
    assert (car.plans.charge[7]["end_enabled"], car.plans.charge[7]["end_time"]) == (True, 300)


async def test_a_schedule_that_may_have_been_saved_is_not_added_twice(
    hass: HomeAssistant, loaded: MockConfigEntry, car: Car, tesla: Simulator, quick_waits: None
) -> None:
    """Nor after a restart."""
    tesla.faults.order("lost_reply", endpoint="signed_command", skip=1, count=None)
    tesla.faults.order("lost_reply", endpoint="vehicle_data", count=None)
    with pytest.raises(HomeAssistantError) as unknown:
        await create(hass, **EVENING)
    assert unknown.value.translation_key == "schedule_event_unknown"
    assert await hass.config_entries.async_reload(loaded.entry_id)
    tesla.faults.clear()
    await create(hass, **EVENING)
    assert {each.name for each in car.executions} == {"add_charge_schedule"}
    assert len({each.parameters["id"] for each in car.executions}) == 1
    assert len(car.plans.charge) == 3


async def test_what_the_car_has_already_is_not_added_again(hass: HomeAssistant, car: Car) -> None:
    """As after a crash, of a schedule that was sent right before it without an answer."""
    night = {"dtstart": "2026-10-22T23:00:00+02:00", "dtend": "2026-10-23T06:00:00+02:00"}
    rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    await create(hass, **night, summary="Charging", rrule=rule)
    assert {each.parameters["id"] for each in car.executions} <= {NIGHT["id"]}
    assert car.plans.charge.keys() == {7, NIGHT["id"]}


def test_damaged_doubts_are_left_out() -> None:
    assert _doubtful_in([[7, "Night"], [8, ["odd"]], ["9", ""], [], 5]) == {("Night",): 7}
    assert _doubtful_in({"7": "Night"}) == {}


async def test_all_changes_of_a_run_are_those_of_its_automation(
    hass: HomeAssistant, car: Car
) -> None:
    context = Context()
    started = {"entity_id": "automation.nights"}
    hass.bus.async_fire("automation_triggered", started, context=context)
    for day in (22, 23):
        await hass.services.async_call(
            "calendar",
            "create_event",
            {
                "entity_id": CHARGING,
                "summary": "Charging",
                "start_date_time": f"2026-10-{day} 01:00:00",
                "end_date_time": f"2026-10-{day} 02:00:00",
            },
            blocking=True,
            context=context,
        )
    assert len(car.executions) == 2
    assert await callers(hass) == {"automation:automation.nights"}


async def test_a_list_of_events_has_an_end(hass: HomeAssistant, car: Car) -> None:
    """Each schedule once a day, for two years at most, whatever an automation asks for."""
    years = {"start_date_time": "0001-01-01 12:00:00", "end_date_time": "9999-12-31 12:00:00"}
    answer: Any = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CHARGING, **years},
        blocking=True,
        return_response=True,
    )
    assert 1000 < len(answer[CHARGING]["events"]) < 2 * 735
    assert await events(hass, day="0001-01-01") == []


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"rrule": "FREQ=MONTHLY;BYDAY=1TH"}, "schedule_rule"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=1TH"}, "schedule_rule"),
        ({"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"}, "schedule_rule"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TH;COUNT=3"}, "schedule_rule"),
        ({"rrule": "FREQ=DAILY;UNTIL=20261231T000000"}, "schedule_rule"),
        ({"rrule": "FREQ=WEEKLY"}, "schedule_rule"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=MO"}, "schedule_first_day"),
        ({"dtend": "2026-10-23T22:31:00+02:00"}, "schedule_length"),
        ({"dtend": "2026-10-22T22:30:30+02:00"}, "schedule_length"),
        # The same day of the next week, and the one that has passed.
        ({"rrule": None, "dtstart": "2026-10-27T12:30:00+01:00"}, "schedule_date"),
        ({"rrule": None, "dtstart": "2026-10-19T12:30:00+02:00"}, "schedule_date"),
        ({"location": "Atlantis"}, "schedule_place_unknown"),
        ({"location": "95, 4.5"}, "schedule_place_unknown"),
    ],
)
async def test_what_the_car_has_no_schedule_for(
    hass: HomeAssistant, car: Car, tesla: Simulator, changes: dict[str, Any], key: str
) -> None:
    billed = tesla.bill.counts()
    event = {**EVENING, **changes}
    if "dtstart" in changes:
        event["dtend"] = changes["dtstart"].replace("12:30", "13:30")
    with pytest.raises(ServiceValidationError) as refusal:
        await create(hass, **event)
    assert refusal.value.translation_key == key
    assert str(refusal.value)
    assert (car.executions, tesla.bill.counts()) == ([], billed)


async def test_days_need_times_and_schedules_need_room(
    hass: HomeAssistant, loaded: MockConfigEntry, car: Car, hass_ws_client: WebSocketGenerator
) -> None:
    days = {"dtstart": "2026-10-22", "dtend": "2026-10-23", "summary": "Charging"}
    error = await edit(hass, hass_ws_client, "create", CHARGING, event=days)
    assert "needs a time" in error
    car.plans.maximum = 2
    await vehicle_of(loaded, MODEL_Y).vehicle.refresh()
    error = await edit(hass, hass_ws_client, "create", CHARGING, event=EVENING)
    assert "already has as many schedules of this kind as it can hold (2)" in error
    assert car.executions == []

"""Sensors of cars, of the energy site and of the account."""

from datetime import datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.sensor.ages import age_in_steps
from custom_components.flotte.sensor.vehicle import VEHICLE_SENSORS
from custom_components.flotte.tesla.signals import LAST_SEEN
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import CLIENT_ID, MODEL_S, MODEL_Y, state_of, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait, keep_details_of_one, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_sensors(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await keep_details_of_one(hass, entity_registry, told, VEHICLE_SENSORS)
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


async def test_driving(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Miles and miles per hour become kilometres; the route shows where it ends and when."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"drive": {"destination": "Office", "speed_kmh": 50}})
    await wait(MINUTE)
    assert car.drive is not None
    shown = {
        name: state_of(hass, f"sensor.aurora_{name}").state
        for name in ("speed", "shift_state", "destination", "arrival", "distance_to_arrival")
    }
    assert shown["shift_state"] == "d"
    assert shown["destination"] == "Office"
    assert 20 <= float(shown["speed"]) <= 51
    left = (car.drive.length_m - car.moment.driven_m) / 1000 if car.moment else 0
    assert float(shown["distance_to_arrival"]) == pytest.approx(left, abs=0.1)
    arrival = datetime.fromisoformat(shown["arrival"]).timestamp()
    assert arrival == pytest.approx(car.drive.ends_at, abs=31)


async def test_charging(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "charging": True})
    await wait(MINUTE)
    shown = {
        name: state_of(hass, f"sensor.aurora_{name}").state
        for name in ("charging_status", "charger_power", "charger_current", "charger_voltage")
    }
    assert shown == {
        "charging_status": "charging",
        "charger_power": "11.0",
        "charger_current": "16.0",
        "charger_voltage": "230.0",
    }
    ends = datetime.fromisoformat(state_of(hass, "sensor.aurora_charging_ends").state).timestamp()
    # From 68 to 80 % of 75 kWh at 11 kW and 92 %.
    assert ends == pytest.approx(car.time + 9 / 10.157 * 3600, abs=120)
    assert float(state_of(hass, "sensor.home_wall_connector_power").state) == pytest.approx(
        11.04, abs=0.1
    )


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_raven_has_no_ideal_range(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_S)
    assert state_of(hass, "sensor.old_faithful_ideal_range").state == "unknown"
    assert 300 < float(state_of(hass, "sensor.old_faithful_range").state) < 540


async def test_age_grows_while_nothing_is_told(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.world.cars[MODEL_Y].steer({"state": "asleep"})
    assert float(state_of(hass, "sensor.aurora_data_age").state) == 0
    await wait(13 * MINUTE)
    assert float(state_of(hass, "sensor.aurora_data_age").state) == 0
    await wait(5 * MINUTE)
    assert float(state_of(hass, "sensor.aurora_data_age").state) == 15


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (-1, 0),
        (14.99, 0),
        (15, 15),
        (59.9, 45),
        (60, 60),
        (119, 60),
        (120, 120),
        (3000, 3000),
        (3059, 3000),
    ],
)
def test_steps_of_an_age(minutes: float, shown: int) -> None:
    """Never older than the data, and at round limits, such as an hour, exactly as old."""
    assert age_in_steps(timedelta(minutes=minutes)) == timedelta(minutes=shown)


async def test_last_seen_moves_in_steps_and_ends_exactly(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Each shown time is one at which the car was online; once it sleeps, it is the last one."""
    vehicle = vehicle_of(told, MODEL_Y)
    tesla.world.cars[MODEL_Y].steer({"user_present": True})
    shown: list[datetime] = []
    for _ in range(25):
        await wait(MINUTE)
        exact = vehicle.state[LAST_SEEN]
        assert exact is not None
        seen = datetime.fromisoformat(state_of(hass, "sensor.aurora_last_seen").state)
        assert exact - timedelta(minutes=10) <= seen <= exact
        shown.append(seen)
    assert 3 <= len(set(shown)) <= 4
    tesla.world.cars[MODEL_Y].steer({"user_present": False})
    tesla.world.cars[MODEL_Y].steer({"state": "asleep"})
    await wait(2 * MINUTE)
    exact = vehicle.state[LAST_SEEN]
    assert exact is not None
    seen_at = exact.replace(microsecond=0).isoformat()
    assert state_of(hass, "sensor.aurora_last_seen").state == seen_at
    await wait(30 * MINUTE)
    assert state_of(hass, "sensor.aurora_last_seen").state == seen_at


async def test_costs_follow_the_bill(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Rounded per category, as Tesla rounds; last reset at the beginning of the month in UTC."""
    for _ in range(3):
        tesla.world.cars[MODEL_Y].steer({"state": "asleep"})
        await wait(6 * MINUTE)
        tesla.world.cars[MODEL_Y].steer({"state": "online"})
        await wait(MINUTE)
    counts = tesla.bill.counts(client_id=CLIENT_ID)
    assert counts[Category.DATA] == 6
    assert state_of(hass, "sensor.tesla_account_cost_of_data").state == "0.01"
    total = state_of(hass, "sensor.tesla_account_cost_this_month")
    assert total.state == "0.01"
    assert total.attributes["last_reset"] == "2026-10-01T00:00:00+00:00"
    assert total.attributes["unit_of_measurement"] == "EUR"


async def test_new_month_begins_at_nothing(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The sensor says so even if nothing is booked in the new month."""
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    await wait(MINUTE)
    assert state_of(hass, "sensor.tesla_account_cost_this_month").state == "0.01"
    freezer.move_to("2026-11-01T00:00:30+00:00")
    await wait(2 * MINUTE)
    total = state_of(hass, "sensor.tesla_account_cost_this_month")
    assert total.state == "0.00"
    assert total.attributes["last_reset"] == "2026-11-01T00:00:00+00:00"

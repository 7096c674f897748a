"""The house's meter, from the states of Home Assistant, the Energy dashboard and Tesla's sites."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flotte.charging.meter import HouseMeter, MeterReading
from custom_components.flotte.charging.meter_source import MeterOptions, MeterSource
from simulator import Simulator
from tests.conftest import SITE, EntryMaker, register_key, set_up
from tests.energy_dashboard import BATTERY, GRID, TWO_SENSORS, change, without
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

NOON = datetime(2026, 10, 20, 10, tzinfo=UTC)
"""The moment of the tests."""


class House:
    """A house whose entities report, and which counts what its meter reports."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self._hass = hass
        self._freezer = freezer
        self.meter = HouseMeter(hass)
        self.changes = 0
        self.meter.changed.subscribe(self._count)

    def _count(self) -> None:
        self.changes += 1

    async def report(self, seconds: float = 0, unit: str | None = "W", **powers: object) -> None:
        """Report these states after some seconds, and let the meter settle."""
        self._freezer.tick(timedelta(seconds=seconds))
        for name, power in powers.items():
            attributes = {"friendly_name": name.title()}
            if unit is not None:
                attributes["unit_of_measurement"] = unit
            self._hass.states.async_set(f"sensor.{name}", str(power), attributes)
        await self.settle()

    async def settle(self) -> None:
        """Let the meter settle, which takes no time that is measured."""
        async_fire_time_changed(self._hass, datetime.now(UTC) + timedelta(seconds=2))
        await self._hass.async_block_till_done(wait_background_tasks=True)

    @property
    def now(self) -> MeterReading:
        """The reading, which must be known."""
        assert self.meter.reading is not None
        return self.meter.reading


@pytest.fixture
def house(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Iterator[House]:
    """A house whose meter does not follow anything yet."""
    house = House(hass, freezer)
    yield house
    house.meter.async_stop()


async def test_house_of_the_energy_dashboard(hass: HomeAssistant, house: House) -> None:
    await house.meter.async_start([])
    assert (house.meter.source, house.meter.reading) == (MeterSource.NONE, None)
    await change(hass, GRID, BATTERY)
    assert (house.meter.source, house.meter.names) == (MeterSource.ENERGY_DASHBOARD, "sensor.grid")
    assert house.meter.reading is None
    await house.report(battery=-500, grid=-1500)
    await house.report(unit="%", level=41)
    assert house.now == MeterReading(-1.5, -0.5, 41, None, NOON)
    await change(hass, GRID)
    assert house.now == MeterReading(-1.5, 0, None, None, NOON)
    await change(hass)
    assert (house.meter.source, house.meter.reading) == (MeterSource.NONE, None)


async def test_batteries_weigh_by_their_capacity(hass: HomeAssistant, house: House) -> None:
    small = BATTERY | {"stat_rate": "sensor.b2", "stat_soc": "sensor.l2", "capacity": 5.0}
    await change(hass, GRID, BATTERY, small)
    await house.meter.async_start([])
    await house.report(grid=0, battery=1000, b2=-200)
    await house.report(unit="%", level=90, l2=30)
    assert house.now.battery == pytest.approx(0.8)
    assert house.now.battery_level == 70
    await house.report(unit="%", level=101)
    assert house.now.battery_level is None


@pytest.mark.parametrize(
    ("power", "unit", "expected"),
    [
        (1500, "W", 1.5),
        ("-1.5", "kW", -1.5),
        ("0.0015", "MW", 1.5),
        (1.5, "kWh", None),
        (1.5, None, None),
        ("unknown", "W", None),
        ("unavailable", "W", None),
        ("nan", "W", None),
        ("inf", "kW", None),
        ("high", "kW", None),
    ],
)
async def test_power_of_an_entity(
    house: House, power: object, unit: str | None, expected: float | None
) -> None:
    await house.meter.async_start([], MeterOptions(grid_power="sensor.grid"))
    assert house.meter.source is MeterSource.OPTIONS
    await house.report(unit=unit, grid=power)
    reading = house.meter.reading
    assert (reading and reading.grid) == (None if expected is None else pytest.approx(expected))


async def test_equal_values_are_new_measurements(house: House) -> None:
    await house.meter.async_start([], MeterOptions(grid_power="sensor.grid"))
    assert house.meter.interval == 60
    for _ in range(4):
        await house.report(7, grid=200)
    assert (house.changes, house.meter.interval) == (4, 7)
    assert house.now.measured_at == NOON + timedelta(seconds=28)
    # One long break says nothing about the usual time.
    await house.report(500, grid=200)
    assert house.meter.interval == 7


@pytest.mark.parametrize(("battery", "seconds"), [(1000, 0), (0, 50)], ids=["alive", "quiet zero"])
async def test_the_oldest_part_counts(
    hass: HomeAssistant, house: House, battery: int, seconds: int
) -> None:
    await change(hass, GRID, BATTERY)
    await house.meter.async_start([])
    await house.report(grid=100, battery=battery)
    for _ in range(5):
        await house.report(10, grid=100)
    assert house.now.measured_at == NOON + timedelta(seconds=seconds)


async def test_zero_is_not_believed_for_ever(hass: HomeAssistant, house: House) -> None:
    await change(hass, GRID, BATTERY)
    await house.meter.async_start([])
    await house.report(grid=100, battery=0)
    await house.report(12 * 3600 + 1, grid=100)
    assert house.now.measured_at == NOON
    assert house.meter.silent_part(datetime.now(UTC)) == "Battery"


async def test_grid_that_stays_at_zero_is_not_measured(hass: HomeAssistant, house: House) -> None:
    await change(hass, GRID | {"power_config": TWO_SENSORS}, BATTERY)
    await house.meter.async_start([])
    await house.report(received=0, out=0, battery=500)
    await house.report(11 * 60, battery=600)
    assert house.now.measured_at == NOON
    assert house.meter.silent_part(datetime.now(UTC)) == "Received"
    await house.report(10, out=0)
    assert house.now.measured_at == NOON + timedelta(minutes=11)


async def test_two_sensors_are_one_measurement(hass: HomeAssistant, house: House) -> None:
    await change(hass, GRID | {"power_config": TWO_SENSORS})
    await house.meter.async_start([])
    await house.report(received=500, out=0)
    changes = house.changes
    await house.report(10, received=0, out=300)
    assert (house.now.grid, house.changes) == (-0.3, changes + 1)
    # Only one of them changes, so the other may not be reported again.
    await house.report(10, out=310)
    assert house.now.measured_at == NOON + timedelta(seconds=20)


async def test_battery_without_power_leaves_no_meter(hass: HomeAssistant, house: House) -> None:
    await change(hass, GRID, without(BATTERY, "stat_rate"))
    await house.meter.async_start([])
    await house.report(grid=100, chosen=2000)
    assert (house.meter.source, house.meter.reading) == (MeterSource.NONE, None)
    await house.meter.async_start([], MeterOptions(battery_power="sensor.chosen"))
    assert house.meter.source is MeterSource.ENERGY_DASHBOARD
    assert (house.now.grid, house.now.battery) == (0.1, 2)


async def test_silent_meter(house: House) -> None:
    await house.meter.async_start([], MeterOptions("sensor.grid", "sensor.battery"))

    def silent(minutes: float) -> str | None:
        return house.meter.silent_part(datetime.now(UTC) + timedelta(minutes=minutes))

    assert (silent(9), silent(11)) == (None, "sensor.grid")
    await house.report(300, grid=100, battery=2000)
    await house.report(300, grid=100)
    assert (silent(4), silent(6)) == (None, "Battery")
    await house.report(grid="unavailable")
    assert (silent(4), silent(6)) == (None, "Grid")
    house.meter.async_stop()
    assert silent(60) is None


async def test_nothing_is_followed_after_the_stop(hass: HomeAssistant, house: House) -> None:
    await house.meter.async_start([], MeterOptions("sensor.grid"))
    await house.report(grid=100)
    house.meter.async_stop()
    changes = house.changes
    await house.report(10, grid=200)
    await change(hass, GRID)
    assert (house.changes, house.meter.reading, house.meter.source) == (
        changes,
        None,
        MeterSource.NONE,
    )


async def test_tesla_site(
    hass: HomeAssistant,
    house: House,
    tesla: Simulator,
    loaded: MockConfigEntry,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    tesla.world.sites[SITE].steer(
        {"percentage_charged": 100, "solar_power": 6000, "load_power": 1200}
    )
    await wait(MINUTE)
    sites = loaded.runtime_data.sites
    await house.meter.async_start(sites)
    assert (house.meter.source, house.meter.names) == (MeterSource.TESLA_SITE, "Home")
    await wait(3 * MINUTE)
    full = MeterReading(-4.8, 0, 100, grid_up=True, measured_at=NOON + 4 * MINUTE)
    assert (house.now, house.meter.interval) == (full, 60)
    # Our own sensor does not repeat an equal value, but the site does.
    await change(hass, GRID | {"stat_rate": "sensor.home_grid_power"})
    await wait(MINUTE)
    assert house.meter.source is MeterSource.ENERGY_DASHBOARD
    assert house.now == replace(full, measured_at=NOON + 5 * MINUTE)
    # Another meter of the same house.
    await change(hass, GRID)
    await house.report(grid=-4700)
    assert house.now.grid == -4.7
    tesla.world.sites[SITE].steer({"on_grid": False})
    await wait(MINUTE)
    grid = [house.now.grid_up]
    freezer.tick(timedelta(minutes=11))
    assert [*grid, house.now.grid_up] == [False, None]
    await wait(MINUTE)


async def test_site_without_grid_power_is_no_meter(
    house: House, tesla: Simulator, hass_at_tesla: HomeAssistant, make_entry: EntryMaker, wait: Wait
) -> None:
    tesla.world.sites[SITE].steer({"account": "owner-2"})
    site = tesla.world.add_site("solar_only", 2_000_000_000_001, "Cottage")
    site.steer({"answers": {"values": {"live_status.grid_power": 0, "live_status.load_power": 0}}})
    await register_key(hass_at_tesla, tesla)
    entry = make_entry()
    await set_up(hass_at_tesla, entry)
    await house.meter.async_start(entry.runtime_data.sites)
    await wait(MINUTE)
    sources = [house.meter.source]
    site.steer({"answers": {"values": {"live_status.grid_power": -3000}}})
    await wait(MINUTE)
    assert [*sources, house.meter.source] == [MeterSource.NONE, MeterSource.TESLA_SITE]
    assert (house.now.grid, house.now.grid_up) == (-3, None)

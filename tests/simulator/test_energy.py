"""The energy site: the balance at every moment, the battery's rules, histories, settings."""

from itertools import pairwise
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from simulator.clock import Clock
from simulator.energy import Site
from simulator.refusals import InvalidBody, SteeringError, UnknownCommand
from simulator.world import AURORA, SITE_ID, World

CAPACITY = 13_500


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    """Midnight in Amsterdam."""
    freezer.move_to("2026-06-14T22:00:00Z")
    return World(Clock())


@pytest.fixture
def site(world: World) -> Site:
    return world.sites[SITE_ID]


def pass_time(world: World, seconds: float) -> dict[str, Any]:
    world.clock.advance(seconds)
    world.advance()
    status: dict[str, Any] = world.sites[SITE_ID].live_status()
    return status


def adds_up(status: dict[str, Any]) -> bool:
    powers = [status[f"{name}_power"] for name in ("solar", "battery", "grid", "load")]
    assert all(isinstance(power, int) for power in powers)
    solar, battery, grid, load = powers
    connector = status["wall_connectors"][0]["wall_connector_power"]
    return bool(solar + battery + grid == load and solar >= 0 and load >= connector)


@pytest.mark.parametrize("mode", ["self_consumption", "autonomous", "backup"])
@pytest.mark.parametrize("rule", ["battery_ok", "pv_only", "never"])
@pytest.mark.parametrize("on_grid", [True, False])
def test_the_balance_adds_up_at_every_moment(
    world: World, site: Site, mode: str, rule: str, *, on_grid: bool
) -> None:
    site.steer({"mode": mode, "export_rule": rule, "on_grid": on_grid})
    world.cars[AURORA].steer({"state": "online", "charging": True})
    for _ in range(150):
        status = pass_time(world, 611)
        assert adds_up(status)
        assert 0 <= status["percentage_charged"] <= 100
        assert abs(status["battery_power"]) <= 5000
        if not on_grid:
            assert status["grid_power"] == 0
        if rule == "never":
            assert status["grid_power"] >= 0


def test_a_day_has_sun_and_an_evening(world: World) -> None:
    noon = night = quiet = evening = 0
    for hour in range(1, 25):
        status = pass_time(world, 3600)
        if hour == 13:
            noon = status["solar_power"]
        if hour == 3:
            night = status["solar_power"]
            quiet = status["load_power"]
        if hour == 19:
            evening = status["load_power"]
    assert night == 0
    assert noon > 1500
    assert evening > 2 * quiet


def test_the_battery_fills_from_the_sun_and_sells_when_full(world: World, site: Site) -> None:
    site.steer({"solar_power": 4000, "load_power": 500, "percentage_charged": 90})
    assert site.live_status()["battery_power"] == -3500
    assert site.live_status()["grid_power"] == 0
    pass_time(world, 1200)
    # 3.5 kW x 20 min
    assert site.energy_wh == pytest.approx(0.9 * CAPACITY + 1166.7, abs=2)
    status = pass_time(world, 3600)
    assert status["percentage_charged"] == pytest.approx(100, abs=0.01)
    assert (status["battery_power"], status["grid_power"]) == (0, -3500)


def test_the_battery_feeds_the_house_down_to_its_reserve(world: World, site: Site) -> None:
    site.steer({"solar_power": 0, "load_power": 2000, "percentage_charged": 30, "reserve": 25})
    assert site.live_status()["battery_power"] == 2000
    status = pass_time(world, 3600)
    assert status["percentage_charged"] == pytest.approx(25, abs=0.01)
    assert (status["battery_power"], status["grid_power"]) == (0, 2000)


def test_more_than_the_inverter_gives_comes_from_the_grid(site: Site) -> None:
    site.steer({"solar_power": 0, "load_power": 9000, "percentage_charged": 80})
    status = site.live_status()
    assert (status["battery_power"], status["grid_power"]) == (5000, 4000)


def test_below_its_reserve_the_battery_is_topped_up(world: World, site: Site) -> None:
    site.steer({"solar_power": 0, "load_power": 500, "percentage_charged": 30, "reserve": 60})
    assert site.live_status()["battery_power"] == -1700
    site.steer({"no_grid_charging": True})
    assert site.live_status()["battery_power"] == 0
    site.steer({"no_grid_charging": False})
    status = pass_time(world, 4 * 3600)
    assert status["percentage_charged"] == pytest.approx(60, abs=1.5)


def test_modes(world: World, site: Site) -> None:
    site.steer({"solar_power": 0, "load_power": 1000, "percentage_charged": 50})
    site.command("operation", {"default_real_mode": "autonomous"})
    assert site.live_status()["battery_power"] == -3300  # cheap at night
    pass_time(world, 10 * 3600)
    site.steer({"percentage_charged": 50})
    assert site.live_status()["battery_power"] == 0  # kept at ten in the morning
    pass_time(world, 8 * 3600)
    assert site.live_status()["battery_power"] == 1000  # given at six in the evening
    site.command("operation", {"default_real_mode": "backup"})
    assert site.live_status()["battery_power"] == -3300
    assert site.site_info()["default_real_mode"] == "backup"


def test_a_storm_fills_the_battery(site: Site) -> None:
    site.steer({"solar_power": 0, "load_power": 1000, "percentage_charged": 50, "storm": True})
    status = site.live_status()
    assert (status["storm_mode_active"], status["battery_power"]) == (True, -3300)
    site.command("storm_mode", {"enabled": False})
    status = site.live_status()
    assert (status["storm_mode_active"], status["battery_power"]) == (False, 1000)
    assert site.site_info()["user_settings"]["storm_mode_enabled"] is False


def test_without_the_grid(world: World, site: Site) -> None:
    site.steer({"solar_power": 0, "load_power": 1000, "percentage_charged": 5, "on_grid": False})
    status = site.live_status()
    assert (status["battery_power"], status["grid_power"]) == (1000, 0)
    assert status["island_status"] == "off_grid_unintentional"
    assert status["grid_status"] == "Inactive"
    status = pass_time(world, 3600)
    assert (status["load_power"], status["battery_power"]) == (0, 0)
    site.steer({"on_grid": True})
    assert site.live_status()["island_status"] == "on_grid"
    history = site.history("backup", {})
    assert history["total_events"] == 1
    assert history["events"][0]["duration"] == 3600
    assert history["events"][0]["timestamp"] == "2026-06-15T00:00:00+02:00"


@pytest.mark.parametrize(
    ("percent", "stored"), [(0, 0), (33, 33), (80, 80), (81, 80), (95, 80), (99, 80), (100, 100)]
)
def test_the_reserve_is_capped_from_81_to_99(site: Site, percent: int, stored: int) -> None:
    assert site.command("backup", {"backup_reserve_percent": percent}) == {
        "Message": "Backup reserve updated",
        "Code": 200,
    }
    assert site.site_info()["backup_reserve_percent"] == stored


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ("new", {"Message": "Storm mode updated", "Code": 200}),
        ("old", {"code": 201, "message": "Updated"}),
        ("text", {"code": "201", "message": "Updated"}),
        ("nested", {"response": {"code": 201, "message": "Updated"}}),
        ("result", {"result": True, "reason": ""}),
    ],
)
def test_forms_of_a_confirmation(site: Site, form: str, answer: dict[str, Any]) -> None:
    site.steer({"answers": {"form": form}})
    assert site.command("storm_mode", {"enabled": False}) == answer
    assert site.site_info()["user_settings"]["storm_mode_enabled"] is False


def test_answers_that_are_ordered(site: Site) -> None:
    site.steer(
        {
            "answers": {
                "instead": {"live_status": None, "backup": {"Code": 400, "Message": "No battery"}},
                "values": {
                    "site_info.components.storm_mode_capable": False,
                    "products.site_name": "",
                },
                "missing": ["site_info.user_settings.storm_mode_enabled", "site_info.version"],
            }
        }
    )
    assert site.live_status() is None
    info = site.site_info()
    assert info["components"]["storm_mode_capable"] is False
    assert "storm_mode_enabled" not in info["user_settings"]
    assert "version" not in info
    assert site.product_object()["site_name"] == ""
    answer = site.command("backup", {"backup_reserve_percent": 40})
    assert answer == {"Code": 400, "Message": "No battery"}
    assert site.house.settings.reserve_percent == 20, "what is refused does not run"
    site.steer({"answers": {"instead": {}, "values": {}, "missing": []}})
    assert site.live_status()["island_status"] == "on_grid"
    assert site.site_info()["version"]


@pytest.mark.parametrize(
    "order", [None, {"form": "odd"}, {"values": []}, {"missing": {}}, {"weather": {}}]
)
def test_orders_for_answers_that_cannot_be_followed(site: Site, order: object) -> None:
    with pytest.raises(SteeringError):
        site.steer({"answers": order})


def test_other_settings(site: Site) -> None:
    answer = site.command("grid_import_export", {"customer_preferred_export_rule": "never"})
    assert answer == {"Message": "Updated", "Code": 200}
    components = site.site_info()["components"]
    assert components["customer_preferred_export_rule"] == "never"
    assert "disallow_charge_from_grid_with_solar_installed" not in components
    site.command(
        "off_grid_vehicle_charging_reserve", {"off_grid_vehicle_charging_reserve_percent": 45}
    )
    assert site.site_info()["off_grid_vehicle_charging_reserve_percent"] == 45
    tariff = tariff_of(price=0.3)
    answer = site.command("time_of_use_settings", {"tou_settings": {"tariff_content_v2": tariff}})
    assert answer == {"Message": "Updated", "Code": 200}
    season = site.site_info()["tariff_content_v2"]["seasons"]["All"]
    assert season["tou_periods"] == {"DAY": {"periods": [{"toDayOfWeek": 6}]}}
    assert [entry["name"] for entry in site.describe()["commands"]] == [
        "grid_import_export",
        "off_grid_vehicle_charging_reserve",
        "time_of_use_settings",
    ]


def tariff_of(*, price: float, sold_for: float | None = None, **period: int) -> dict[str, Any]:
    """A tariff with one price; a client writes zeros, which are not stored."""
    entry = {"fromDayOfWeek": 0, "toDayOfWeek": 6, "fromHour": 0, "toHour": 0, **period}
    year = {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31}
    tariff: dict[str, Any] = {
        "seasons": {"All": {**year, "tou_periods": {"DAY": {"periods": [entry]}}}},
        "energy_charges": {"All": {"rates": {"DAY": price}}},
    }
    if sold_for is not None:
        tariff["sell_tariff"] = tariff_of(price=sold_for)
    return tariff


@pytest.mark.parametrize(
    ("tariff", "price"),
    [
        (tariff_of(price=-0.1), 0),
        (tariff_of(price=0.1, sold_for=0.2), 0.2),
        (tariff_of(price=0.3, sold_for=0.2), 0.3),
    ],
)
def test_prices_that_are_changed(site: Site, tariff: dict[str, Any], price: float) -> None:
    site.command("time_of_use_settings", {"tou_settings": {"tariff_content_v2": tariff}})
    assert site.site_info()["tariff_content_v2"]["energy_charges"]["All"]["rates"]["DAY"] == price


@pytest.mark.parametrize(
    "tariff",
    [
        tariff_of(price=0.3, toHour=23),
        tariff_of(price=0.3, toDayOfWeek=5),
        {"seasons": {"All": {}}},
        {"seasons": {"All": {"fromMonth": 13}}},
        tariff_of(price=0.3) | {"energy_charges": {"All": {"rates": {"NIGHT": 0.2}}}},
    ],
)
def test_tariffs_that_are_refused(site: Site, tariff: dict[str, Any]) -> None:
    with pytest.raises(InvalidBody):
        site.command("time_of_use_settings", {"tou_settings": {"tariff_content_v2": tariff}})
    assert not site.commands


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("backup", {}),
        ("backup", {"backup_reserve_percent": "20"}),
        ("backup", {"backup_reserve_percent": 101}),
        ("operation", {"default_real_mode": "party"}),
        ("storm_mode", {"enabled": 1}),
        ("grid_import_export", {}),
        ("grid_import_export", {"customer_preferred_export_rule": "some"}),
        ("time_of_use_settings", {"tou_settings": {"tariff_content_v2": {}}}),
    ],
)
def test_bodies_that_do_not_fit(site: Site, name: str, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidBody):
        site.command(name, body)
    assert not site.commands


def test_unknown_commands_and_orders(site: Site) -> None:
    with pytest.raises(UnknownCommand):
        site.command("explode", {})
    with pytest.raises(UnknownCommand):
        site.history("weather", {})
    with pytest.raises(SteeringError):
        site.steer({"weather": "fine"})
    with pytest.raises(SteeringError):
        site.steer({"mode": "party"})


# The wall connector


def test_the_wall_connector_shows_the_car(world: World, site: Site) -> None:
    aurora = world.cars[AURORA]
    [connector] = site.live_status()["wall_connectors"]
    assert (connector["vin"], connector["wall_connector_power"]) == (AURORA, 0)
    before = site.live_status()["load_power"]
    aurora.steer({"state": "online", "charging": True})
    status = pass_time(world, 30)
    [connector] = status["wall_connectors"]
    assert connector["wall_connector_power"] == 11_040
    assert status["load_power"] == pytest.approx(before + 11_040, abs=20)
    assert adds_up(status)
    aurora.steer({"plugged_in": False})
    [connector] = site.live_status()["wall_connectors"]
    assert "vin" not in connector
    assert connector["wall_connector_power"] == 0


def test_a_car_that_charges_elsewhere_is_not_on_the_bill(world: World, site: Site) -> None:
    aurora = world.cars[AURORA]
    aurora.steer(
        {"state": "online", "location": {"latitude": 48.1, "longitude": 11.6}, "charging": True}
    )
    status = pass_time(world, 600)
    assert status["wall_connectors"][0]["wall_connector_power"] == 0
    assert site.history("charge", {})["charge_history"] == []


def test_charge_history(world: World, site: Site) -> None:
    world.cars[AURORA].steer({"state": "online", "charging": True})
    pass_time(world, 3600 * 2)
    [charge] = site.history("charge", {})["charge_history"]
    assert charge["charge_start_time"]["seconds"] == 1_781_474_400
    # 12 % of 75 kWh, with 8 % lost on the way
    assert charge["energy_added_wh"] == pytest.approx(9783, abs=250)
    assert charge["charge_duration"]["seconds"] == pytest.approx(3190, abs=100)


@pytest.mark.parametrize("looks_at_the_car_alone", [False, True])
def test_the_history_has_the_energy_of_the_car(
    world: World, site: Site, *, looks_at_the_car_alone: bool
) -> None:
    site.steer({"solar_power": 0, "load_power": 0, "percentage_charged": 20})
    world.cars[AURORA].steer({"state": "online", "charging": True})
    world.clock.advance(2104)
    if looks_at_the_car_alone:
        world.cars[AURORA].advance()
    world.advance()
    rows = site.history("energy", {})["time_series"]
    bought = sum(row.get("grid_energy_imported", 0) for row in rows)
    assert bought == pytest.approx(11_040 * 35 / 60, rel=0.01)
    assert max(row.get("grid_energy_imported", 0) for row in rows) <= 11_040 / 12 + 1


# Histories


def test_energy_history_of_a_day(world: World, site: Site) -> None:
    pass_time(world, 86_400)
    answer = site.history(
        "energy",
        {
            "period": "day",
            "start_date": "2026-06-15T00:00:00+02:00",
            "end_date": "2026-06-15T23:59:59+02:00",
            "time_zone": "Europe/Amsterdam",
        },
    )
    rows = answer["time_series"]
    assert answer["period"] == "day"
    assert len(rows) == 288
    assert rows[0]["timestamp"] == "2026-06-15T00:00:00+02:00"
    assert rows[1]["timestamp"] == "2026-06-15T00:05:00+02:00"
    assert "solar_energy_exported" not in rows[0]  # zero is left out
    for row in rows:
        value = dict.fromkeys(ALL_FLOWS, 0) | row
        home = (
            value["consumer_energy_imported_from_grid"]
            + value["consumer_energy_imported_from_solar"]
            + value["consumer_energy_imported_from_battery"]
        )
        assert home == pytest.approx(value["total_home_usage"], abs=0.01)
        came = value["solar_energy_exported"] + value["grid_energy_imported"]
        went = value["total_home_usage"] + value["total_grid_energy_exported"]
        stored = value["total_battery_charge"] - value["battery_energy_exported"]
        assert came == pytest.approx(went + stored, abs=0.02)


ALL_FLOWS = (
    "solar_energy_exported",
    "grid_energy_imported",
    "battery_energy_exported",
    "consumer_energy_imported_from_grid",
    "consumer_energy_imported_from_solar",
    "consumer_energy_imported_from_battery",
    "total_home_usage",
    "total_grid_energy_exported",
    "total_battery_charge",
)


def test_the_history_agrees_with_the_battery(world: World, site: Site) -> None:
    before = site.energy_wh
    pass_time(world, 39_900)
    rows = site.history("energy", {})["time_series"]
    change = sum(
        row.get("total_battery_charge", 0) - row.get("total_battery_discharge", 0) for row in rows
    )
    assert site.energy_wh - before == pytest.approx(change, abs=1)


def test_longer_histories_have_rows_by_day_and_month(world: World, site: Site) -> None:
    pass_time(world, 3 * 86_400)
    query = {"start_date": "2026-06-10T00:00:00+02:00", "end_date": "2026-06-17T23:59:59+02:00"}
    days = site.history("energy", {**query, "period": "week"})["time_series"]
    assert [row["timestamp"][:10] for row in days] == [f"2026-06-{day}" for day in range(10, 18)]
    assert all(earlier["timestamp"] < later["timestamp"] for earlier, later in pairwise(days))
    [month] = site.history("energy", {**query, "period": "year"})["time_series"]
    assert month["timestamp"] == "2026-06-01T00:00:00+02:00"
    total = sum(row["total_home_usage"] for row in days)
    assert month["total_home_usage"] == pytest.approx(total, abs=1)


@pytest.mark.parametrize(
    "query",
    [{"period": "decade"}, {"start_date": "yesterday"}, {"time_zone": "Mars/Olympus"}],
)
def test_queries_that_cannot_be_read(site: Site, query: dict[str, Any]) -> None:
    with pytest.raises(InvalidBody):
        site.history("energy", query)


def test_documented_fields(site: Site) -> None:
    live = """solar_power battery_power grid_power load_power generator_power grid_services_power
        energy_left total_pack_energy percentage_charged grid_status island_status backup_capable
        grid_services_active storm_mode_active wall_connectors timestamp"""
    info = """id site_name asset_site_id backup_reserve_percent default_real_mode
        installation_date installation_time_zone version battery_count nameplate_power
        nameplate_energy max_site_meter_power_ac min_site_meter_power_ac
        off_grid_vehicle_charging_reserve_percent vpp_backup_reserve_percent tariff_id
        tariff_content tariff_content_v2 tou_settings geolocation address user_settings
        components"""
    product = """energy_site_id resource_type site_name id gateway_id asset_site_id energy_left
        total_pack_energy percentage_charged battery_power components"""
    assert not set(live.split()) - set(site.live_status())
    assert not set(info.split()) - set(site.site_info())
    assert not set(product.split()) - set(site.product_object())
    assert site.live_status()["timestamp"] == "2026-06-15T00:00:00+02:00"
    assert site.product_object()["energy_site_id"] == SITE_ID

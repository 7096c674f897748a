"""The kinds of energy sites: each answers only for the equipment that it has."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from simulator.clock import Clock
from simulator.energy import Site
from simulator.energy.equipment import KINDS
from simulator.world import World

OTHER = 2_000_000_000_001


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    """Noon in Amsterdam."""
    freezer.move_to("2026-06-15T10:00:00Z")
    return World(Clock())


def build(world: World, kind: str) -> Site:
    return world.add_site(kind, OTHER, "Cottage")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_adds_up_for_two_days(world: World, kind: str) -> None:
    site = build(world, kind)
    for _ in range(96):
        world.clock.advance(1800)
        power = site.describe()["power"]
        produced = power["solar"] + power["battery"] + power["grid"] + power["generator"]
        assert produced == power["load"]
        assert 0 <= site.live_status().get("percentage_charged", 0) <= 100


@pytest.mark.parametrize(
    ("kind", "word", "battery", "solar", "grid"),
    [
        ("home", "battery", True, True, True),
        ("powerwall_3", "battery", True, True, True),
        ("solar_only", "solar", False, True, True),
        ("connectors_only", "wall_connector", False, False, True),
        ("off_grid", "battery", True, True, False),
    ],
)
def test_components_agree_in_both_answers(
    world: World, kind: str, word: str, *, battery: bool, solar: bool, grid: bool
) -> None:
    site = build(world, kind)
    product, info = site.product_object(), site.site_info()
    assert product["resource_type"] == word
    for components in (product["components"], info["components"]):
        found = [components[key] for key in ("battery", "solar", "grid")]
        assert found == [battery, solar, grid]
    assert ("backup_reserve_percent" in info) is battery
    assert ("solar_type" in info["components"]) is solar


def test_a_site_with_only_panels_reports_zeros_and_unknown_words(world: World) -> None:
    status = build(world, "solar_only").live_status()
    expected: dict[str, Any] = {
        "battery_power": 0,
        "energy_left": 0,
        "total_pack_energy": 1,
        "percentage_charged": 0,
        "grid_status": "Unknown",
        "island_status": "island_status_unknown",
        "wall_connectors": None,
    }
    assert {key: status[key] for key in expected} == expected
    assert "backup_capable" not in status


def test_a_site_with_only_wall_connectors_reports_nothing_else(world: World) -> None:
    site = build(world, "connectors_only")
    status = site.live_status()
    assert set(status) == {"wall_connectors", "timestamp"}
    dins = ["1529455-02-D--B7S23024J00001", "1734412-02-C--B7S23024J00002"]
    assert [each["din"] for each in status["wall_connectors"]] == dins
    identities = site.site_info()["components"]["wall_connectors"]
    assert [each["serial_number"] for each in identities] == ["B7S23024J00001", "B7S23024J00002"]
    assert "site_name" not in site.product_object()


def test_powerwall_3_with_an_expansion(world: World) -> None:
    info = build(world, "powerwall_3").site_info()
    assert (info["battery_count"], info["nameplate_energy"]) == (2, 40_500)
    names = [each["part_name"] for each in info["components"]["batteries"]]
    assert names == ["Powerwall 3", "Powerwall 3", "Powerwall 3 Expansion"]
    assert info["components"]["battery_type"] == "solar_powerwall"


def test_a_site_that_never_had_a_grid(world: World) -> None:
    status = build(world, "off_grid").live_status()
    assert (status["grid_power"], status["grid_status"], status["island_status"]) == (
        0,
        "Inactive",
        "off_grid",
    )


def test_the_generator_runs_when_grid_and_battery_are_gone(world: World) -> None:
    site = build(world, "generator")
    site.steer({"solar_power": 0, "load_power": 1000, "percentage_charged": 10})
    assert site.live_status()["generator_power"] == 0
    site.steer({"on_grid": False})
    status = site.live_status()
    assert (status["generator_power"], status["battery_power"]) == (6000, -5000)
    world.clock.advance(300)
    [row] = site.history("energy", {"period": "day"})["time_series"][-1:]
    assert row["generator_energy_exported"] == 500.0
    assert row["consumer_energy_imported_from_generator"] == pytest.approx(83.333)
    assert row["battery_energy_imported_from_generator"] == pytest.approx(416.667)


def test_the_programme_of_grid_services_decides_about_export(world: World) -> None:
    site = build(world, "grid_services")
    components = site.site_info()["components"]
    assert components["grid_services_enabled"] is True
    assert components["edit_setting_energy_exports"] is False
    assert not {"customer_preferred_export_rule", "non_export_configured"} & set(components)
    site.steer({"export_rule": "never", "grid_services": -1200})
    assert site.site_info()["components"]["non_export_configured"] is True
    status = site.live_status()
    assert (status["grid_services_active"], status["grid_services_power"]) == (True, -1200)


def test_several_sites_share_the_clock(world: World) -> None:
    build(world, "solar_only")
    world.add_site("off_grid", OTHER + 1, "Cabin")
    world.clock.advance(3600)
    world.advance()
    assert len(world.sites) == 3
    assert len({site.time for site in world.sites.values()}) == 1

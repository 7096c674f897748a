"""The answers of Tesla's cloud about an energy site, without ordered deviations."""

from simulator.balance import POWERWALL_W, POWERWALL_WH, Power
from simulator.energy.state import (
    CONNECTOR_CHARGING,
    CONNECTOR_CONNECTED,
    CONNECTOR_EMPTY,
    GATEWAY_DIN,
    POWERWALL_DIN,
    WALL_CONNECTOR_DIN,
    Json,
    SiteState,
)


def product(site: SiteState) -> Json:
    """Return the entry of the site in `products`."""
    return {
        "energy_site_id": site.id,
        "resource_type": "battery",
        "site_name": None if site.is_name_lost else site.name,
        "id": f"STE{site.id}",
        "gateway_id": GATEWAY_DIN,
        "asset_site_id": "1a2b3c4d-0000-4000-8000-00000000f107",
        "warp_site_number": f"STE{site.id}",
        "energy_left": site.energy_wh,
        "total_pack_energy": POWERWALL_WH,
        "percentage_charged": site.percent,
        "battery_type": "ac_powerwall",
        "backup_capable": True,
        "battery_power": site.power().battery,
        "go_off_grid_test_banner_enabled": None,
        "storm_mode_enabled": site.house.settings.storm_mode_enabled,
        "powerwall_onboarding_settings_set": True,
        "sync_grid_alert_enabled": False,
        "breaker_alert_enabled": False,
        "components": {
            "battery": True,
            "battery_type": "ac_powerwall",
            "solar": True,
            "solar_type": "pv_panel",
            "grid": True,
            "load_meter": True,
            "market_type": "residential",
            "wall_connectors": [_wall_connector_identity()],
        },
        "features": {"rate_plan_manager_no_pricing_constraint": True},
    }


def live_status(site: SiteState) -> Json:
    """Return `live_status`: load = solar + battery + grid, to the watt."""
    power = site.power()
    on_grid = site.house.is_on_grid
    return {
        "solar_power": power.solar,
        "energy_left": round(site.energy_wh, 3),
        "total_pack_energy": POWERWALL_WH,
        "percentage_charged": round(site.percent, 6),
        "backup_capable": True,
        "battery_power": power.battery,
        "load_power": power.load,
        "grid_status": "Active" if on_grid else "Inactive",
        "grid_services_active": False,
        "grid_power": power.grid,
        "grid_services_power": 0,
        "generator_power": 0,
        "island_status": "on_grid" if on_grid else "off_grid_unintentional",
        "storm_mode_active": site.house.is_storm_mode_active,
        "timestamp": site.local(site.time).isoformat(timespec="seconds"),
        "wall_connectors": [_wall_connector(site, power)],
    }


def _wall_connector(site: SiteState, power: Power) -> Json:
    connector: Json = {
        "din": WALL_CONNECTOR_DIN,
        "wall_connector_state": CONNECTOR_EMPTY,
        "wall_connector_fault_state": 2,
        "wall_connector_power": power.wall_connector,
    }
    if site.car is not None and site.is_car_connected():
        is_charging = site.car.charging.state == "Charging"
        connector["vin"] = site.car.vin
        connector["wall_connector_state"] = (
            CONNECTOR_CHARGING if is_charging else CONNECTOR_CONNECTED
        )
    return connector


def _wall_connector_identity() -> Json:
    return {
        "device_id": "c0ffee00-0000-4000-8000-000000000001",
        "din": WALL_CONNECTOR_DIN,
        "serial_number": "B7S23024J00001",
        "part_name": "Gen 3 Wall Connector",
        "is_active": True,
    }


def site_info(site: SiteState) -> Json:
    """Return `site_info`."""
    settings = site.house.settings
    return {
        "id": f"STE{site.id}",
        "site_name": site.name,
        "asset_site_id": "1a2b3c4d-0000-4000-8000-00000000f107",
        "backup_reserve_percent": settings.reserve_percent,
        "default_real_mode": settings.mode,
        "installation_date": "2023-05-11T10:00:00+02:00",
        "installation_time_zone": site.time_zone,
        "version": "26.10.3 6a1f3e2b",
        "battery_count": 1,
        "nameplate_power": POWERWALL_W,
        "nameplate_energy": POWERWALL_WH,
        "max_site_meter_power_ac": 1_000_000_000,
        "min_site_meter_power_ac": -1_000_000_000,
        "off_grid_vehicle_charging_reserve_percent": site.off_grid_vehicle_reserve,
        "vpp_backup_reserve_percent": settings.reserve_percent,
        "tariff_id": site.tariff["code"],
        "tariff_content": site.tariff,
        "tariff_content_v2": site.tariff,
        "tou_settings": {"optimization_strategy": "economics", "schedule": []},
        "geolocation": {"latitude": site.place[0], "longitude": site.place[1]},
        "address": {"city": "Amsterdam", "country": "NL"},
        "user_settings": {
            "storm_mode_enabled": settings.storm_mode_enabled,
            "powerwall_onboarding_settings_set": True,
            "powerwall_tesla_electric_interested_in": False,
            "vpp_tour_enabled": False,
        },
        "components": {
            "solar": True,
            "solar_type": "pv_panel",
            "battery": True,
            "battery_type": "ac_powerwall",
            "grid": True,
            "backup": True,
            "load_meter": True,
            "market_type": "residential",
            "tou_capable": True,
            "storm_mode_capable": True,
            "off_grid_vehicle_charging_reserve_supported": True,
            "grid_services_enabled": False,
            "net_meter_mode": "battery_ok",
            "customer_preferred_export_rule": settings.export_rule,
            "disallow_charge_from_grid_with_solar_installed": settings.no_grid_charging,
            "set_islanding_mode_enabled": True,
            "solar_value_enabled": True,
            "configurable": True,
            "gateways": [{"din": GATEWAY_DIN, "is_active": True, "part_name": "Gateway 2"}],
            "batteries": [
                {
                    "din": POWERWALL_DIN,
                    "is_active": True,
                    "nameplate_energy": POWERWALL_WH,
                    "nameplate_max_charge_power": POWERWALL_W,
                    "nameplate_max_discharge_power": POWERWALL_W,
                    "part_name": "Powerwall 2",
                }
            ],
            "inverters": [],
            "wall_connectors": [_wall_connector_identity()],
        },
    }

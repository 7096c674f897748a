"""The answers of Tesla's cloud about an energy site, without ordered deviations.

What an answer contains follows from the site's equipment; see `simulator.energy.equipment`.
"""

from itertools import zip_longest

from simulator.balance import Power
from simulator.energy.equipment import Connector
from simulator.energy.guests import Guest
from simulator.energy.state import (
    CONNECTOR_CHARGING,
    CONNECTOR_CONNECTED,
    CONNECTOR_EMPTY,
    GATEWAY_DIN,
    Json,
    SiteState,
)

_PROGRAMME_RESERVE = 15
_ASSET = "1a2b3c4d-0000-4000-8000-00000000f107"


def product(site: SiteState) -> Json:
    """Return the entry of the site in `products`."""
    equipment = site.equipment
    answer: Json = {
        "energy_site_id": site.id,
        "resource_type": equipment.resource_type,
        "id": f"STE{site.id}",
        "asset_site_id": _ASSET,
        "sync_grid_alert_enabled": False,
        "breaker_alert_enabled": False,
        "components": _components_in_list(site),
        "features": {"rate_plan_manager_no_pricing_constraint": True},
    }
    if not equipment.batteries:
        # The list has no name for sites without a battery.
        unknown = {"storm_mode_enabled": None, "powerwall_onboarding_settings_set": None}
        solar = {"solar_type": "pv_panel", "solar_power": site.power().solar}
        return answer | unknown | (solar if equipment.has_solar else {})
    return answer | {
        "site_name": None if site.is_name_lost else site.name,
        "gateway_id": GATEWAY_DIN,
        "warp_site_number": f"STE{site.id}",
        "energy_left": site.energy_wh,
        "total_pack_energy": equipment.battery_wh,
        "percentage_charged": site.percent,
        "battery_type": equipment.battery_type,
        "backup_capable": True,
        "battery_power": site.power().battery,
        "go_off_grid_test_banner_enabled": None,
        "storm_mode_enabled": site.house.settings.storm_mode_enabled,
        "powerwall_onboarding_settings_set": True,
    }


def _components_in_list(site: SiteState) -> Json:
    equipment = site.equipment
    components: Json = {
        "battery": bool(equipment.batteries),
        "solar": equipment.has_solar,
        "grid": equipment.has_grid,
        "load_meter": _has_meter(site),
        "market_type": "residential",
    }
    if equipment.batteries:
        components["battery_type"] = equipment.battery_type
    if equipment.has_solar:
        components["solar_type"] = "pv_panel"
    if equipment.connectors:
        components["wall_connectors"] = _connector_identities(site)
    return components


def _has_meter(site: SiteState) -> bool:
    """Whether anything measures the house; a wall connector alone does not."""
    return bool(site.equipment.batteries) or site.equipment.has_solar


def live_status(site: SiteState) -> Json:
    """Return `live_status`: load = solar + battery + grid + generator, to the watt."""
    equipment, power = site.equipment, site.power()
    timestamp = site.local(site.time).isoformat(timespec="seconds")
    connectors = [
        _connector(connector, power, guest)
        for connector, guest in zip_longest(
            equipment.connectors, site.connected()[: len(equipment.connectors)]
        )
    ]
    if not _has_meter(site):
        return {"wall_connectors": connectors, "timestamp": timestamp}
    answer: Json = {
        "solar_power": power.solar,
        "energy_left": round(site.energy_wh, 3),
        # Seen at a site without a battery: 1.
        "total_pack_energy": equipment.battery_wh or 1,
        "percentage_charged": round(site.percent, 6),
        "battery_power": power.battery,
        "load_power": power.load,
        "grid_status": "Unknown",
        "grid_services_active": site.grid_services_w != 0,
        "grid_power": power.grid,
        "grid_services_power": site.grid_services_w,
        "generator_power": power.generator,
        "island_status": "island_status_unknown",
        "storm_mode_active": site.house.is_storm_mode_active,
        "timestamp": timestamp,
        "wall_connectors": connectors or ([] if equipment.batteries else None),
    }
    if equipment.batteries:
        on_grid = site.house.is_on_grid
        outage = "off_grid_unintentional" if equipment.has_grid else "off_grid"
        answer |= {
            "backup_capable": True,
            "grid_status": "Active" if on_grid else "Inactive",
            "island_status": "on_grid" if on_grid else outage,
        }
    return answer


def _connector(connector: Connector, power: Power, guest: Guest | None) -> Json:
    """A wall connector with the car that is plugged into it."""
    answer: Json = {
        "din": connector.din,
        "wall_connector_state": CONNECTOR_EMPTY,
        "wall_connector_fault_state": 2,
        "wall_connector_power": 0,
    }
    if guest is not None:
        is_charging = guest.car.charging.state == "Charging"
        answer["vin"] = guest.car.vin
        answer["wall_connector_state"] = CONNECTOR_CHARGING if is_charging else CONNECTOR_CONNECTED
        answer["wall_connector_power"] = min(guest.watts, power.wall_connector)
    return answer


def _connector_identities(site: SiteState) -> list[Json]:
    return [
        {
            "device_id": connector.device_id,
            "din": connector.din,
            "serial_number": connector.serial_number,
            "part_name": connector.part_name,
            "is_active": True,
        }
        for connector in site.equipment.connectors
    ]


def site_info(site: SiteState) -> Json:
    """Return `site_info`."""
    answer: Json = {
        "id": f"STE{site.id}",
        "site_name": site.name,
        "asset_site_id": _ASSET,
        "installation_date": site.installed_at.isoformat(timespec="seconds"),
        "installation_time_zone": site.time_zone,
        "max_site_meter_power_ac": 1_000_000_000,
        "min_site_meter_power_ac": -1_000_000_000,
        "geolocation": {"latitude": site.place[0], "longitude": site.place[1]},
        "address": {"city": "Amsterdam", "country": "NL"},
        "user_settings": {"storm_mode_enabled": None},
        "components": _components(site),
    }
    return answer | _battery_settings(site) if site.equipment.batteries else answer


def _battery_settings(site: SiteState) -> Json:
    """The part of `site_info` that only a site with a battery has."""
    equipment, settings = site.equipment, site.house.settings
    return {
        "backup_reserve_percent": settings.reserve_percent,
        "default_real_mode": settings.mode,
        "version": "26.10.3 6a1f3e2b",
        "battery_count": equipment.powerwalls,
        "nameplate_power": equipment.battery_w,
        "nameplate_energy": equipment.battery_wh,
        "off_grid_vehicle_charging_reserve_percent": site.off_grid_vehicle_reserve,
        "vpp_backup_reserve_percent": _PROGRAMME_RESERVE,
        "tariff_id": site.tariff["code"],
        "tariff_content": site.tariff,
        "tariff_content_v2": site.tariff,
        "tou_settings": {"optimization_strategy": "economics", "schedule": []},
        "user_settings": {
            "storm_mode_enabled": settings.storm_mode_enabled,
            "powerwall_onboarding_settings_set": True,
            "powerwall_tesla_electric_interested_in": False,
            "vpp_tour_enabled": False,
        },
    }


def _components(site: SiteState) -> Json:
    equipment = site.equipment
    components = _components_in_list(site) | {"configurable": True}
    if equipment.has_solar:
        components["solar_value_enabled"] = True
    return components | _battery_components(site) if equipment.batteries else components


def _battery_components(site: SiteState) -> Json:
    equipment, settings = site.equipment, site.house.settings
    components: Json = {
        "backup": True,
        "tou_capable": True,
        "storm_mode_capable": equipment.has_grid,
        "off_grid_vehicle_charging_reserve_supported": True,
        "grid_services_enabled": equipment.is_in_programme,
        "net_meter_mode": "battery_ok",
        "set_islanding_mode_enabled": True,
        # Whether the owner may change these in the app (captures in pypowerwall, 2023-12).
        "edit_setting_grid_charging": equipment.has_grid,
        "edit_setting_energy_exports": equipment.has_grid and not equipment.is_in_programme,
        "gateways": [{"din": GATEWAY_DIN, "is_active": True, "part_name": equipment.gateway}],
        "batteries": [
            {
                "din": battery.din,
                "is_active": True,
                "nameplate_energy": equipment.battery_wh // len(equipment.batteries),
                "nameplate_max_charge_power": battery.power,
                "nameplate_max_discharge_power": battery.power,
                "part_name": battery.part_name,
            }
            for battery in equipment.batteries
        ],
        "inverters": [],
    }
    if settings.no_grid_charging:
        # Missing while charging from the grid is allowed (teslajsonpy, Home Assistant).
        components["disallow_charge_from_grid_with_solar_installed"] = True
    if equipment.is_in_programme:
        # The programme decides: no rule of the owner, only whether export is off.
        if settings.export_rule == "never":
            components["non_export_configured"] = True
    else:
        components["customer_preferred_export_rule"] = settings.export_rule
    return components

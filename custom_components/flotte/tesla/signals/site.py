"""Signals of energy sites: power in W, energy in Wh."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ..state import Derived, Signal, State, Unrecognised
from ..units import Measure, Unit
from .bounds import PERCENT, SITE_POWER
from .measures import percent, watt_hours, watts, whole_percent
from .parsers import boolean, number, one_of, text, truth, whole


def _connector_power(value: object) -> float | None:
    """The power of all wall connectors of the site, in W; None if it has none."""
    if not isinstance(value, list):
        raise Unrecognised(value)
    if not value:
        return None
    return sum((number(each.get("wall_connector_power") or 0) for each in value), 0.0)


def _count(value: object) -> int:
    """The number of elements in a list."""
    if not isinstance(value, list):
        raise Unrecognised(value)
    return len(value)


def _part_names(value: object) -> tuple[str, ...]:
    """The names in a list of parts, without those that were replaced."""
    if not isinstance(value, list | tuple):
        raise Unrecognised(value)
    return tuple(name for each in value[:_MAX_PARTS] if (name := _part_name(each)) is not None)


def _part_name(part: object) -> str | None:
    """The name of Tesla's object, or one that was stored."""
    if isinstance(part, Mapping):
        part = None if part.get("is_active") is False else part.get("part_name")
    return text(part) if isinstance(part, str) else None


_MAX_PARTS: Final = 100

EXPORT_RULES: Final = ("battery_ok", "pv_only", "never")
_export_rule: Final = one_of(*EXPORT_RULES)


def _export_rule_of(components: object) -> str | None:
    """The rule about export. With grid services, Tesla reports at most that export is off."""
    if not isinstance(components, Mapping):
        return _export_rule(components)
    if (rule := components.get("customer_preferred_export_rule")) is not None:
        return _export_rule(rule)
    return "never" if components.get("non_export_configured") is True else None


def _charges_from_grid(components: object) -> bool | None:
    """Whether the battery may charge from the grid.

    Tesla reports the opposite, and omits it while charging is allowed. Sources: teslajsonpy, Home
    Assistant's `tesla_fleet` (2026-10).
    """
    if not isinstance(components, Mapping):
        return boolean(components)
    if (disallowed := components.get(_NO_GRID_CHARGING)) is not None:
        return not boolean(disallowed)
    return True if _has_solar_and_battery(components) else None


def _has_solar_and_battery(components: Mapping[str, Any]) -> bool:
    return components.get("solar") is True and components.get("battery") is True


_NO_GRID_CHARGING: Final = "disallow_charge_from_grid_with_solar_installed"


def _directions(
    part: str, positive: str, negative: str, power: Signal[float]
) -> tuple[Derived[float], Derived[float]]:
    """A power without its sign, in both directions; 0 while it flows the other way."""

    def compute(sign: int) -> Callable[[State], float | None]:
        def one_way(state: State) -> float | None:
            value = state[power]
            return None if value is None else max(sign * value, 0.0)

        return one_way

    return (
        Derived(f"{part}{positive}Power", power, compute=compute(1), unit=power.unit),
        Derived(f"{part}{negative}Power", power, compute=compute(-1), unit=power.unit),
    )


SOLAR_POWER = Signal(
    "SolarPower", watts, SITE_POWER, path="live_status.solar_power", streamed=False
)
BATTERY_POWER = Signal(
    "BatteryPower", watts, SITE_POWER, path="live_status.battery_power", streamed=False
)
"""Positive while discharging, negative while charging."""
GRID_POWER = Signal("GridPower", watts, SITE_POWER, path="live_status.grid_power", streamed=False)
"""Positive while importing, negative while exporting."""
GRID_IMPORT_POWER, GRID_EXPORT_POWER = _directions("Grid", "Import", "Export", GRID_POWER)
BATTERY_DISCHARGE_POWER, BATTERY_CHARGE_POWER = _directions(
    "Battery", "Discharge", "Charge", BATTERY_POWER
)
LOAD_POWER = Signal("LoadPower", watts, SITE_POWER, path="live_status.load_power", streamed=False)
PERCENTAGE_CHARGED = Signal(
    "PercentageCharged", percent, (-1, 110), path="live_status.percentage_charged", streamed=False
)
ENERGY_LEFT = Signal(
    "EnergyLeft", watt_hours, (-10_000, 100_000_000), path="live_status.energy_left", streamed=False
)
TOTAL_PACK_ENERGY = Signal(
    "TotalPackEnergy",
    watt_hours,
    (0, 100_000_000),
    path="live_status.total_pack_energy",
    streamed=False,
)
"""Capacity of all batteries together."""
GENERATOR_POWER = Signal(
    "GeneratorPower", watts, SITE_POWER, path="live_status.generator_power", streamed=False
)
GRID_SERVICES_POWER = Signal(
    "GridServicesPower", watts, SITE_POWER, path="live_status.grid_services_power", streamed=False
)
"""Power under a programme of grid services (a virtual power plant)."""
GRID_SERVICES_ACTIVE = Signal(
    "GridServicesActive", boolean, path="live_status.grid_services_active", streamed=False
)
GRID_SERVICES_ENABLED = Signal(
    "GridServicesEnabled",
    boolean,
    path="site_info.components.grid_services_enabled",
    streamed=False,
)
BACKUP_CAPABLE = Signal("BackupCapable", boolean, path="live_status.backup_capable", streamed=False)
GRID_STATUS = Signal(
    "GridStatus", truth("active", no=("inactive",)), path="live_status.grid_status", streamed=False
)
"""Whether the grid has power."""
ISLAND_STATES: Final = (
    "on_grid",
    "off_grid",
    "off_grid_intentional",
    "off_grid_unintentional",
    "island_status_unknown",
)
ISLAND_STATUS = Signal(
    "IslandStatus", one_of(*ISLAND_STATES), path="live_status.island_status", streamed=False
)
WALL_CONNECTOR_POWER = Signal(
    "WallConnectorPower",
    Measure(Unit.WATT, _connector_power),
    SITE_POWER,
    path="live_status.wall_connectors",
    streamed=False,
)
"""Power of all wall connectors of the site together."""
WALL_CONNECTORS = Signal(
    "WallConnectors", _count, (0, 100), path="live_status.wall_connectors", null=0, streamed=False
)
"""Number of wall connectors of the site."""
STORM_ACTIVE = Signal("StormActive", boolean, path="live_status.storm_mode_active", streamed=False)
BACKUP_RESERVE = Signal(
    "BackupReserve", whole_percent, PERCENT, path="site_info.backup_reserve_percent", streamed=False
)
VPP_RESERVE = Signal(
    "VppReserve",
    whole_percent,
    PERCENT,
    path="site_info.vpp_backup_reserve_percent",
    streamed=False,
)
"""The reserve that a programme of grid services leaves for outages."""
OPERATION_MODES: Final = ("autonomous", "self_consumption", "backup")
OPERATION_MODE = Signal(
    "OperationMode", one_of(*OPERATION_MODES), path="site_info.default_real_mode", streamed=False
)
STORM_WATCH = Signal(
    "StormWatch", boolean, path="site_info.user_settings.storm_mode_enabled", streamed=False
)
EXPORT_RULE = Signal("ExportRule", _export_rule_of, path="site_info.components", streamed=False)
EXPORT_RULE_EDITABLE = Signal(
    "ExportRuleEditable",
    boolean,
    path="site_info.components.edit_setting_energy_exports",
    streamed=False,
)
"""Whether the owner may change this setting in Tesla's app."""
CHARGE_FROM_GRID = Signal(
    "ChargeFromGrid", _charges_from_grid, path="site_info.components", streamed=False
)
CHARGE_FROM_GRID_EDITABLE = Signal(
    "ChargeFromGridEditable",
    boolean,
    path="site_info.components.edit_setting_grid_charging",
    streamed=False,
)
OFF_GRID_VEHICLE_RESERVE = Signal(
    "OffGridVehicleReserve",
    whole_percent,
    PERCENT,
    path="site_info.off_grid_vehicle_charging_reserve_percent",
    streamed=False,
)
"""During an outage, the battery charges vehicles down to this level."""
OFF_GRID_VEHICLE_RESERVE_SUPPORTED = Signal(
    "OffGridVehicleReserveSupported",
    boolean,
    path="site_info.components.off_grid_vehicle_charging_reserve_supported",
    streamed=False,
)
SITE_NAME = Signal("SiteName", text, path="site_info.site_name", streamed=False)
GATEWAY_VERSION = Signal("GatewayVersion", text, path="site_info.version", streamed=False)
SITE_TIME_ZONE = Signal(
    "SiteTimeZone", text, path="site_info.installation_time_zone", streamed=False
)
"""The IANA name of its zone."""
INSTALLATION_DATE = Signal(
    "InstallationDate", text, path="site_info.installation_date", streamed=False
)
"""When it was installed, in ISO 8601: the beginning of its history."""
HAS_SOLAR = Signal("HasSolar", boolean, path="site_info.components.solar", streamed=False)
HAS_BATTERY = Signal("HasBattery", boolean, path="site_info.components.battery", streamed=False)
BATTERY_PARTS: Final[Signal[tuple[str, ...]]] = Signal(
    "BatteryParts", _part_names, path="site_info.components.batteries", streamed=False
)
"""Names of the Powerwalls and of their expansions, each as often as there is one."""
GATEWAY_PARTS: Final[Signal[tuple[str, ...]]] = Signal(
    "GatewayParts", _part_names, path="site_info.components.gateways", streamed=False
)
BATTERY_COUNT = Signal(
    "BatteryCount", whole, (0, 1000), path="site_info.battery_count", streamed=False
)
BATTERY_TYPE = Signal("BatteryType", text, path="site_info.components.battery_type", streamed=False)
HAS_GRID = Signal("HasGrid", boolean, path="site_info.components.grid", streamed=False)
STORM_CAPABLE = Signal(
    "StormCapable", boolean, path="site_info.components.storm_mode_capable", streamed=False
)
"""Whether the site supports storm watch."""

LIVE_STATUS: Final = "live_status"
SITE_INFO: Final = "site_info"
"""The sections of a site."""


def _last_seen(state: State) -> datetime | None:
    """The time of the newest live value, without settings, which Tesla knows without the site."""
    known = [
        reading.time
        for signal, reading in state.readings.items()
        if signal.section == LIVE_STATUS and reading.value is not None
    ]
    return max(known, default=None)


SITE_LAST_SEEN = Derived("SiteLastSeen", compute=_last_seen)
"""Computed from all live signals of the site."""

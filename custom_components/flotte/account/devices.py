"""Descriptions of devices: models and versions, as vehicles and sites report them."""

from collections import Counter
from typing import Final, cast

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo

from ..coordinator import FlotteCoordinator, VehicleCoordinator
from ..tesla import signals
from ..tesla.state import State
from .names import DeviceChanges, async_change_device

CONFIGURATION_URL: Final = "https://www.tesla.com/teslaaccount"
"""Tesla's page about the account's products; none of its pages is about a single one."""
POWERWALL: Final = "Powerwall"
SOLAR: Final = "Solar panels"
CONNECTORS_MODEL: Final = "Wall Connectors"


@callback
def async_keep_described(coordinator: FlotteCoordinator) -> None:
    """Describe a device now, and again when a poll changes the description."""

    @callback
    def describe() -> None:
        known = coordinator.device_info
        found = _description(coordinator)
        changed = {key: value for key, value in found.items() if value != known.get(key)}
        if not changed:
            return
        known.update(cast("DeviceInfo", changed))
        account = coordinator.config_entry.entry_id
        async_change_device(
            coordinator.hass, account, coordinator.unique_prefix, **cast("DeviceChanges", changed)
        )

    describe()
    coordinator.config_entry.async_on_unload(coordinator.async_after_poll(describe))


def _description(coordinator: FlotteCoordinator) -> dict[str, str]:
    """The known parts of a description; what is not known stays as it was."""
    state = coordinator.state
    if isinstance(coordinator, VehicleCoordinator):
        model_id, version = state[signals.TRIM], state[signals.SOFTWARE_VERSION]
        model = hardware = None
    else:
        model_id, version = state[signals.BATTERY_TYPE], state[signals.GATEWAY_VERSION]
        model = site_model(state)
        gateways = state[signals.GATEWAY_PARTS]
        hardware = gateways[0] if gateways else None
    described = {
        "configuration_url": CONFIGURATION_URL,
        "model": model,
        "model_id": model_id,
        "sw_version": version,
        "hw_version": hardware,
    }
    return {key: value for key, value in described.items() if value is not None}


def site_model(state: State) -> str | None:
    """The batteries of a site by kind and number, or what it has instead; None if not known."""
    if parts := state[signals.BATTERY_PARTS]:
        return ", ".join(_counted(count, name) for name, count in Counter(parts).items())
    has_solar, has_battery = state[signals.HAS_SOLAR], state[signals.HAS_BATTERY]
    if has_battery:
        return _counted(state[signals.BATTERY_COUNT] or 1, POWERWALL)
    if has_battery is None or has_solar is None:
        return None
    if has_solar:
        return SOLAR
    return CONNECTORS_MODEL if state[signals.CONNECTOR_PARTS] else None


def _counted(count: int, name: str) -> str:
    return name if count == 1 else f"{count} x {name}"

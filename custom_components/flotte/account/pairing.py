"""Pairing of a vehicle with Flotte's key: the repair issue, and checks whether it is resolved."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import CONF_PUBLIC_DOMAIN, PAIRING_INTERVAL
from ..tesla.api.fleet import FleetApi
from ..tesla.clock import within
from ..tesla.spending.caller import POLLING
from ..tesla.vehicle.stream import Stream
from ..tesla.vehicle.vehicle import Vehicle
from .issues import async_clear_issues, async_raise_issue, issue_subject
from .names import MANUFACTURER, is_vin, model_of, readable

PAIRING_ISSUE: Final = "key_not_paired"


def pairing_url(data: Mapping[str, Any]) -> str:
    """Link that opens the Tesla app to pair the key. Source: Tesla's developer guide (2026).

    Without Tesla's optional `?vin=`, because owners share the links of repair issues.
    """
    return f"https://tesla.com/_ak/{data[CONF_PUBLIC_DOMAIN]}"


async def async_list_pairing(api: FleetApi) -> tuple[list[str], bool]:
    """Return a line of Markdown for each vehicle, and whether one of them still lacks the key.

    Raises TeslaError.
    """
    products = [each for each in await api.products() if is_vin(str(each.get("vin")))]
    if not products:
        return [], False
    status = await api.fleet_status([str(each["vin"]) for each in products])
    reported = status.get("vehicle_info")
    vehicles = reported if isinstance(reported, dict) else {}
    lines = []
    any_unpaired = False
    for product in products:
        vin = str(product["vin"])
        info = vehicles.get(vin)
        info = info if isinstance(info, dict) else {}
        paired_vins = status.get("key_paired_vins")
        paired = isinstance(paired_vins, list) and vin in paired_vins
        needed = info.get("vehicle_command_protocol_required") is not False
        any_unpaired |= needed and not paired
        mark = "✅" if paired else "⏳" if needed else "➖"  # noqa: RUF001  # a dash for "not needed"
        name = readable(product.get("display_name")) or model_of(vin) or MANUFACTURER
        lines.append(f"- {mark} {name} ({vin[-6:]})")
    return lines, any_unpaired


class Pairing:
    """The pairing of one vehicle."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, vehicle: Vehicle, stream: Stream
    ) -> None:
        """Watch this vehicle of an entry."""
        self._hass = hass
        self._entry = entry
        self._vehicle = vehicle
        self._stream = stream
        self._checked_at = dt_util.utcnow()

    @property
    def is_missing(self) -> bool:
        """Whether the vehicle needs the key and certainly does not have it."""
        channel = self._vehicle.channel
        return channel.key_paired is False and channel.needs_key

    async def async_check(self) -> bool:
        """Ask Tesla from time to time whether the vehicle has the key by now, which is free.

        This continues while the firmware is unsound, because unsound firmware does not report its
        own update.

        Returns:
            Whether Tesla was asked.
        """
        is_unsound = self._stream.is_connected and self._stream.has_unsound_firmware
        if not self.is_missing and not is_unsound:
            return False
        now = dt_util.utcnow()
        if within(self._checked_at, PAIRING_INTERVAL, now):
            return False
        self._checked_at = now
        await self._vehicle.channel.check_pairing(POLLING)
        return True

    @callback
    def async_show(self, name: str) -> None:
        """Raise or clear the repair issue; `name` is that of the vehicle."""
        subject = issue_subject(self._vehicle.vin, self._entry.entry_id)
        if self.is_missing:
            url = pairing_url(self._entry.data)
            async_raise_issue(self._hass, PAIRING_ISSUE, subject, {"name": name, "url": url})
        else:
            async_clear_issues(self._hass, subject, PAIRING_ISSUE)

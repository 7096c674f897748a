"""Pairing of vehicles with Flotte's key: where and whether, the repair issue, and its checks."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import CONF_PUBLIC_DOMAIN, PAIRING_INTERVAL
from ..tesla.api.fleet import FleetApi
from ..tesla.clock import within
from ..tesla.key_status import KeyStatus, key_status
from ..tesla.listeners import Listeners
from ..tesla.spending.caller import POLLING, SETUP
from ..tesla.vehicle.stream import Stream
from ..tesla.vehicle.vehicle import Vehicle
from .hosts import get_hosts
from .issues import async_clear_issues, async_raise_issue, issue_subject
from .names import in_markdown, is_vin
from .products import Product, product_name

PAIRING_ISSUE: Final = "key_not_paired"
QUICK_TIME: Final = timedelta(hours=1)
"""Time after a start, or after the owner had Flotte check, in which checks are frequent."""
SLOW_INTERVAL: Final = timedelta(hours=1)
"""Time between later checks."""

_MARKS: Final = {
    KeyStatus.PAIRED: "✓",
    KeyStatus.MISSING: "✗",
    KeyStatus.NO_ROOM: "✗",
    KeyStatus.NOT_NEEDED: "–",  # noqa: RUF001  # a dash
    KeyStatus.UNKNOWN: "✗",
}
"""Marks of the vehicles in a list, which the form explains."""


def pairing_url(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Link that opens the Tesla app to pair the key, or the page of a simulator.

    Without Tesla's optional `?vin=`, because owners share the links of repair issues.
    """
    return f"{get_hosts(hass).pairing_url}/{data[CONF_PUBLIC_DOMAIN]}"


async def async_list_pairing(api: FleetApi, products: Sequence[Product]) -> tuple[list[str], bool]:
    """Return a line of Markdown for each vehicle, and whether one of them still lacks the key.

    Raises TeslaError.
    """
    vins = [vin for each in products if is_vin(vin := str(each.get("vin")))]
    if not vins:
        return [], False
    answer = await api.fleet_status(vins)
    lines = []
    any_unpaired = False
    for product in products:
        if (vin := str(product.get("vin"))) not in vins:
            continue
        status = key_status(answer, vin)
        any_unpaired |= status not in (KeyStatus.PAIRED, KeyStatus.NOT_NEEDED)
        name = in_markdown(product_name(vin, product))
        lines.append(f"- {_MARKS[status]} {name} ({vin[-6:]})")
    return lines, any_unpaired


class Pairing:
    """The pairing of one vehicle."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, vehicle: Vehicle, stream: Stream
    ) -> None:
        """Watch this vehicle of an entry."""
        self.on_paired = Listeners[()]()
        """Called when the key is no longer missing."""
        self._hass = hass
        self._entry = entry
        self._vehicle = vehicle
        self._stream = stream
        self._checked_at = self._hurried_at = dt_util.utcnow()
        self._was_missing = False

    @property
    def subject(self) -> str:
        """Subject of the repair issue."""
        return issue_subject(self._vehicle.vin, self._entry.entry_id)

    @property
    def url(self) -> str:
        """Link that opens the page for pairing."""
        return pairing_url(self._hass, self._entry.data)

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
        is_quick = is_unsound or within(self._hurried_at, QUICK_TIME, now)
        if within(self._checked_at, PAIRING_INTERVAL if is_quick else SLOW_INTERVAL, now):
            return False
        self._checked_at = now
        await self._vehicle.channel.check_pairing(POLLING)
        return True

    async def async_check_now(self) -> KeyStatus:
        """Ask Tesla because the owner wants to know, and more often for a while. Raises TeslaError.

        Asking is free.
        """
        self._checked_at = self._hurried_at = dt_util.utcnow()
        return await self._vehicle.channel.check_pairing(SETUP)

    @callback
    def async_show(self, name: str) -> None:
        """Raise or clear the repair issue; `name` is that of the vehicle."""
        if self.is_missing:
            async_raise_issue(
                self._hass,
                PAIRING_ISSUE,
                self.subject,
                {"name": name, "url": self.url},
                fix_data={"issue": PAIRING_ISSUE, "subject": self.subject},
            )
        else:
            async_clear_issues(self._hass, self.subject, PAIRING_ISSUE)
        was_missing, self._was_missing = self._was_missing, self.is_missing
        if was_missing and not self.is_missing:
            self.on_paired()

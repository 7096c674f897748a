"""Names of vehicles and sites: the source that counts, and how equal names become distinct.

Devices that are registered already follow a new name or description.
"""

import re
from typing import Final, TypedDict, Unpack

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN

MANUFACTURER: Final = "Tesla"
SITE_MODEL: Final = "Energy site"
CHARACTERS_SHOWN: Final = 6
"""Characters from the end of a VIN or site number that make equal names distinct. No text contains
a whole VIN."""

# Fourth character of the VIN. Source: Tesla's vehicle identification numbers, public decoders.
MODEL_NAMES: Final = {
    "S": "Model S",
    "3": "Model 3",
    "X": "Model X",
    "Y": "Model Y",
    "C": "Cybertruck",
    "R": "Roadster",
    "T": "Semi",
}


def model_of(vin: str) -> str | None:
    """The model of a vehicle; None if its VIN does not identify one."""
    return MODEL_NAMES.get(vin[3:4])


def in_markdown(name: str) -> str:
    """A name without the meaning that its characters have in Markdown."""
    return _MARKUP.sub(r"\\\g<0>", name)


_MARKUP: Final = re.compile(r"[\\`*_\[\]<>#|~]")


def is_vin(number: str) -> bool:
    """Whether this has the form of a VIN: 17 letters and digits."""
    return bool(_VIN.fullmatch(number))


_VIN: Final = re.compile(r"[A-Za-z0-9]{17}")


def readable(name: object) -> str:
    """A name as Tesla reports it, in one line and without blanks around it; empty if none."""
    return " ".join(name.split()) if isinstance(name, str) else ""


class AssetName:
    """The name of a vehicle or site, from whichever source changed it last.

    Tesla's product list and the asset itself report it, at different times, and either may report
    none for a while.

    Args:
        listed: From Tesla's product list.
        reported: Last reported by the vehicle or site itself.
        before: Used before the restart.
        fallback: Used while it has no name.
    """

    def __init__(self, *, listed: object, reported: object, before: object, fallback: str) -> None:
        self._listed = readable(listed)
        self._reported = readable(reported)
        known = readable(before)
        if known == fallback:
            known = ""
        self.shown = self._listed or known or self._reported or fallback

    def list(self, name: object) -> bool:
        """Apply the name in the product list; returns whether the name changed."""
        new = readable(name)
        if not new or new == self._listed:
            return False
        self._listed = new
        return self._show(new)

    def report(self, name: str | None) -> bool:
        """Apply the name that the vehicle or site reports; returns whether the name changed.

        Its first report does not count as a change, so the product list takes precedence.
        """
        new = readable(name)
        if not new or new == self._reported:
            return False
        is_first, self._reported = not self._reported, new
        return not (is_first and self._listed) and self._show(new)

    def _show(self, name: str) -> bool:
        is_new, self.shown = name != self.shown, name
        return is_new


@callback
def async_distinct_name(hass: HomeAssistant, entry_id: str, number: str, name: str) -> str:
    """A name for texts: the owner's name of the device, made distinct from other devices.

    Args:
        hass: Home Assistant.
        entry_id: The account.
        number: VIN or number of the site.
        name: Its own name.
    """
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, number), entry_id)
    shown = (device and device.name_by_user) or name
    # The entry may already be removed while its devices still exist.
    accounts = {entry_id, *(each.entry_id for each in hass.config_entries.async_entries(DOMAIN))}
    namesakes = {
        each
        for account in accounts
        for other in dr.async_entries_for_config_entry(devices, account)
        if (other.name_by_user or other.name or "").casefold() == shown.casefold()
        for domain, each in other.identifiers
        if domain == DOMAIN and each != number
    }
    if not namesakes:
        return shown
    length = CHARACTERS_SHOWN
    while any(each[-length:] == number[-length:] for each in namesakes) and length < len(number):
        length += 1
    return f"{shown} ({number[-length:]})"


class DeviceChanges(TypedDict, total=False):
    """The parts of a device that change."""

    name: str
    configuration_url: str
    model: str
    model_id: str
    sw_version: str
    hw_version: str


@callback
def async_change_device(
    hass: HomeAssistant, account: str, identifier: str, **changes: Unpack[DeviceChanges]
) -> None:
    """Change a device of an account, if it is registered; a name that the owner gave it stays."""
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, identifier), account)
    if device is not None:
        devices.async_update_device(device.id, **changes)

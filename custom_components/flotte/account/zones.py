"""The time zones of energy sites, in which their days begin and end."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..tesla import signals
from ..tesla.site import Site


async def async_apply_zone(hass: HomeAssistant, site: Site) -> None:
    """Have a site count its days in its own zone; in Home Assistant's until it reports one."""
    reported = site.state[signals.SITE_TIME_ZONE]
    if site.energy.zone.key == reported:
        return
    for name in (reported, hass.config.time_zone):
        try:
            zone = await dt_util.async_get_time_zone(name) if name else None
        except ValueError, OSError:
            # A name that is a path, or that of a folder.
            zone = None
        if zone is not None:
            site.energy.zone = zone
            return

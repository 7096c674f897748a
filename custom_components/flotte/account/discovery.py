"""Discovery of vehicles and sites that are added to an account or renamed while it is loaded."""

from datetime import datetime

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from ..const import FLEET_INTERVAL, LOGGER
from ..tesla.errors import TeslaError
from ..tesla.spending.caller import POLLING
from ..tesla.spending.endpoints import Endpoint
from .data import FlotteConfigEntry
from .first_look import async_note_first_look
from .products import granted_assets, listed_name


@callback
def async_watch_products(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Look at Tesla's product list every few hours: apply new names, reload for new assets.

    An asset that left the account stays until the owner removes its device, because it may come
    back.
    """
    data = entry.runtime_data
    known = data.left_out | data.assets

    async def look(now: datetime) -> None:
        if not data.ledger.gate.lets_poll(data.api.endpoints.charge(Endpoint.PRODUCTS), "", now):
            return
        try:
            products = await data.api.products(POLLING)
        except TeslaError as error:
            # The coordinators get the same error, and report it.
            LOGGER.debug("Cannot look for new vehicles and sites: %s", error)
            return
        listed = granted_assets(products, data.scopes)
        for coordinator in (*data.vehicles, *data.sites):
            coordinator.async_list(listed_name(listed.get(coordinator.unique_prefix, {})))
        if listed.keys() - known:
            LOGGER.info("Reloading the account, which has a new vehicle or site")
            # If a new vehicle sleeps, an issue says why its entities are unknown.
            async_note_first_look(hass, str(entry.unique_id), {})
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(
        async_track_time_interval(hass, look, FLEET_INTERVAL, cancel_on_shutdown=True)
    )

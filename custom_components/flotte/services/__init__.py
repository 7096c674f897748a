"""Service actions."""

from functools import partial

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.service import async_register_admin_service

from ..const import DOMAIN
from .dispatch import async_handle
from .energy import ENERGY_ACTIONS
from .sites import SITE_ACTIONS
from .spending import SPENDING_ACTIONS
from .superchargers import SUPERCHARGER_ACTIONS
from .vehicle import ACTIONS


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action, whether or not an account is loaded."""
    for row in ACTIONS:
        hass.services.async_register(
            DOMAIN,
            row.name,
            partial(async_handle, hass, row),
            schema=row.schema,
            supports_response=row.supports_response,
        )
    for action in (*SPENDING_ACTIONS, *ENERGY_ACTIONS, *SITE_ACTIONS, *SUPERCHARGER_ACTIONS):
        handle = partial(action.handle, hass)
        if action.for_admins:
            async_register_admin_service(
                hass, DOMAIN, action.name, handle, action.schema, action.supports_response
            )
        else:
            hass.services.async_register(
                DOMAIN,
                action.name,
                handle,
                schema=action.schema,
                supports_response=action.supports_response,
            )

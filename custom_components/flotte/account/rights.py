"""Rights: whether the user behind a call may do what it asks for.

Home Assistant checks the rights to entities, but not those to devices and accounts, which our
actions take. Its users may have rights to individual entities, devices or areas; to act on a
device, a user needs the right to all of its entities. Calls without a user, such as those of
automations, may do everything, as everywhere in Home Assistant.
"""

from collections.abc import Iterable

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import CAT_ENTITIES, POLICY_CONTROL, POLICY_READ
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN


async def async_require_admin(hass: HomeAssistant, context: Context | None) -> None:
    """Refuse users who are no administrators.

    Raises:
        Unauthorized: the user is none.
    """
    user = await _async_user(hass, context)
    if user is not None and not user.is_admin:
        raise Unauthorized(context=context)


async def async_require_control(
    hass: HomeAssistant, context: Context | None, devices: Iterable[str]
) -> None:
    """Refuse users who may not control all of these devices, given by their ids.

    Raises:
        Unauthorized: the user may not control at least one entity of a device.
    """
    user = await _async_user(hass, context)
    if user is None or user.permissions.access_all_entities(POLICY_CONTROL):
        return
    registry = er.async_get(hass)
    for device_id in devices:
        entities = [
            each.entity_id
            for each in er.async_entries_for_device(
                registry, device_id, include_disabled_entities=True
            )
            # Other integrations may have added entities to the device.
            if each.platform == DOMAIN
        ]
        may = user.permissions.check_entity
        denied = next((each for each in entities if not may(each, POLICY_CONTROL)), None)
        if denied is not None or not entities:
            raise Unauthorized(
                context=context,
                entity_id=denied,
                permission=POLICY_CONTROL,
                perm_category=CAT_ENTITIES,
            )


async def async_may_read(hass: HomeAssistant, context: Context | None, entity_id: str) -> bool:
    """Whether the user behind a context may see an entity. Raises UnknownUser."""
    user = await _async_user(hass, context)
    return user is None or user.permissions.check_entity(entity_id, POLICY_READ)


async def _async_user(hass: HomeAssistant, context: Context | None) -> User | None:
    """The user behind a context; None if there is none. Raises UnknownUser."""
    if context is None or context.user_id is None:
        return None
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    return user

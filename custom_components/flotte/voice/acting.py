"""Runs acts by voice, and says what really happened."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from homeassistant.components.persistent_notification import async_create
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util import slugify

from ..account.data import FlotteConfigEntry
from ..account.rights import async_require_control
from ..const import DOMAIN, LOGGER
from ..coordinator import VehicleCoordinator
from ..errors import as_home_assistant
from ..tesla.errors import InvalidCommand, Refused, Unreachable
from ..texts import async_text
from .acts import ActRequest, NotUnderstood, Planned, VoiceAct
from .answers import describe_sun
from .consent import async_may_hear_place
from .wording import say, say_moment

PATIENCE_SECONDS: Final = 5.0
"""Time that a voice waits for the outcome; a wake takes half a minute."""
_SATELLITE: Final = "assist_satellite"


@dataclass(frozen=True, slots=True)
class Speaker:
    """The origin of a sentence."""

    context: Context
    satellite: str | None = None
    """The satellite that heard it; None if it was typed, or spoken to an app."""
    is_in_room: bool = False
    """Whether a device in a room heard it, which everyone who is there can speak to."""


@dataclass(frozen=True, slots=True)
class _Report:
    """An outcome in words."""

    text: str
    has_failed: bool = False


async def async_act(
    vehicle: VehicleCoordinator,
    intent: str,
    act: VoiceAct,
    request: ActRequest,
    speaker: Speaker,
) -> str:
    """Have a vehicle act, and return the answer.

    If the outcome takes longer than a voice can wait, the act continues and the answer says so. If
    it then fails, the satellite says that, or a notification.
    """
    hass, name = vehicle.hass, vehicle.device_name
    try:
        planned = Planned(()) if act.plan is None else act.plan(request)
    except (HomeAssistantError, InvalidCommand, NotUnderstood) as error:
        return _objection(hass, name, error)
    if act.mode is not None:
        may_hear = await async_may_hear_place(vehicle, speaker.context, in_room=speaker.is_in_room)
        return _choose_mode(vehicle, act, says_reason=may_hear)
    is_online = vehicle.vehicle.is_online
    doing = say(hass, f"act_{intent}", name=name, **planned.words)
    work = vehicle.config_entry.async_create_background_task(
        hass,
        _async_run(vehicle, intent, act, planned, speaker.context),
        f"flotte acts by voice: {intent}",
    )
    finished, _ = await asyncio.wait({work}, timeout=PATIENCE_SECONDS)
    if finished:
        return work.result().text
    work.add_done_callback(partial(_report_late, hass, name, speaker.satellite))
    return say(hass, "slow_online" if is_online else "slow", name=name, doing=doing)


@callback
def _objection(
    hass: HomeAssistant, name: str, error: HomeAssistantError | InvalidCommand | NotUnderstood
) -> str:
    """The answer if an act cannot even be tried."""
    if isinstance(error, NotUnderstood):
        return say(hass, error.key, name=name)
    if isinstance(error, InvalidCommand):
        error = as_home_assistant(error, name=name)
    return _error_text(hass, error)


async def async_may_act(vehicle: VehicleCoordinator, context: Context) -> bool:
    """Whether the user who speaks may control the vehicle."""
    device = dr.async_get(vehicle.hass).async_get_device_by_identifier(
        (DOMAIN, vehicle.unique_prefix), vehicle.config_entry.entry_id
    )
    try:
        await async_require_control(vehicle.hass, context, () if device is None else (device.id,))
    except Unauthorized:
        return False
    return True


async def _async_run(
    vehicle: VehicleCoordinator, intent: str, act: VoiceAct, planned: Planned, context: Context
) -> _Report:
    """Send the commands one after the other, until one fails; some may be deferred."""
    hass, name = vehicle.hass, vehicle.device_name
    asset = vehicle.vehicle
    doing = say(hass, f"act_{intent}", name=name, **planned.words)
    is_news, command, waits_until = act.wakes, None, None
    try:
        if act.wakes:
            await vehicle.async_ask(asset.wake, context)
        for command in planned.commands:
            done = await vehicle.async_ask(partial(asset.send, command), context)
            # A deferred command is sent once a later one wakes the vehicle.
            waits_until = done.waits_until
            is_news = is_news or not done.already
    except HomeAssistantError as error:
        vehicle.refusals.async_report(command, error.__cause__)
        text = _error_text(hass, error)
        if isinstance(error.__cause__, Refused | Unreachable):
            text = f"{say(hass, 'refused', doing=doing)} {text}"
        return _Report(text, has_failed=True)
    if waits_until is not None:
        when = say_moment(hass, waits_until)
        return _Report(say(hass, "waits", name=name, doing=doing, when=when))
    state = say(hass, f"done_{intent}", name=name, **planned.words)
    return _Report(f"{state}." if is_news else say(hass, "already", state=state))


@callback
def _choose_mode(vehicle: VehicleCoordinator, act: VoiceAct, *, says_reason: bool) -> str:
    """Choose the mode of charging at home, and answer what it does now."""
    entry: FlotteConfigEntry = vehicle.config_entry
    controller = entry.runtime_data.charging_controllers[vehicle.vehicle.vin]
    controller.async_change(mode=act.mode)
    key = f"mode_{act.mode}"
    text = say(vehicle.hass, key, name=vehicle.device_name)
    return f"{text} {describe_sun(vehicle)}" if controller.is_on and says_reason else text


@callback
def _error_text(hass: HomeAssistant, error: HomeAssistantError) -> str:
    """An error in Home Assistant's language."""
    if error.translation_key is None:
        return str(error)
    return async_text(hass, error.translation_key, error.translation_placeholders or {})


@callback
def _report_late(
    hass: HomeAssistant, name: str, satellite: str | None, work: asyncio.Task[_Report]
) -> None:
    """Report a failure after the answer promised the act."""
    if work.cancelled():
        return
    if (error := work.exception()) is not None:
        LOGGER.error("An act by voice failed", exc_info=error)
        return
    if not work.result().has_failed:
        return
    text = work.result().text
    if satellite is not None and hass.services.has_service(_SATELLITE, "announce"):
        hass.async_create_task(
            hass.services.async_call(
                _SATELLITE, "announce", {"entity_id": satellite, "message": text}
            ),
            "flotte reports a failed act",
        )
        return
    async_create(hass, text, title=name, notification_id=f"{DOMAIN}_voice_{slugify(name)}")

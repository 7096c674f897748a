"""Consent of the owner to acts by voice."""

import hmac
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import Platform
from homeassistant.core import Context, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from ..account.rights import async_may_read
from ..const import CONF_VOICE_ACTS, CONF_VOICE_PHRASE, CONF_VOICE_UNLOCK, DOMAIN
from ..coordinator import VehicleCoordinator
from .acts import VoiceAct
from .number_words import digits_of

MIN_CODE_LENGTH: Final = 4
MAX_WRONG: Final = 5
"""Wrong codes in a row before none is accepted for a while."""
LOCK_OUT: Final = timedelta(minutes=10)
"""Time within which wrong codes count, and for which none is accepted then."""
_ASSISTANT: Final = "conversation"


def spoken_code(code: str) -> str:
    """A code as it is compared: digits for the words of digits, no spaces, lower case."""
    return digits_of(code)


def takes_code(options: Mapping[str, Any]) -> bool:
    """Whether an owner lets voice unlock, open and start vehicles, and has chosen a code."""
    return bool(options.get(CONF_VOICE_UNLOCK) and options.get(CONF_VOICE_PHRASE))


def _is_guess(spoken: str, code: str) -> bool:
    """Whether words may be meant as a code: digits for digits, or as many words."""
    if spoken_code(code).isdigit():
        return spoken_code(spoken).isdigit()
    return len(spoken.split()) == len(code.split())


class CodeGuard:
    """Compares spoken codes with the owner's, and stops guessing."""

    def __init__(self) -> None:
        self._wrong: deque[datetime] = deque(maxlen=MAX_WRONG)

    @callback
    def minutes_left(self) -> int:
        """Minutes until codes are accepted again; 0 if they are."""
        if len(self._wrong) < MAX_WRONG or self._wrong[-1] - self._wrong[0] > LOCK_OUT:
            return 0
        left = self._wrong[-1] + LOCK_OUT - dt_util.utcnow()
        return max(0, -(-left // timedelta(minutes=1)))

    @callback
    def accepts(self, spoken: str, code: str, *, is_named: bool) -> bool:
        """Whether a spoken code is the owner's; the time that this takes does not depend on it.

        Args:
            spoken: The code of the sentence.
            code: That of the owner.
            is_named: Whether the sentence says that it is a code. Other words, as in "start the car
                wash", count as a wrong one only if they could be a guess.
        """
        is_right = hmac.compare_digest(spoken_code(spoken).encode(), spoken_code(code).encode())
        if is_right:
            self._wrong.clear()
        elif is_named or _is_guess(spoken, code):
            self._wrong.append(dt_util.utcnow())
        return is_right


@callback
def async_objection(
    vehicle: VehicleCoordinator, act: VoiceAct, slots: Mapping[str, str], guard: CodeGuard
) -> tuple[str, dict[str, Any]] | None:
    """The text, with its placeholders, that says why an act is not allowed; None if it is.

    The code is the slot `phrase` after a word for it, `pin` or `words` without one.
    """
    options: Mapping[str, Any] = vehicle.config_entry.options
    if not act.takes_code:
        if options.get(CONF_VOICE_ACTS, False) or _is_exposed(vehicle, act):
            return None
        return "allow_acts", {}
    if not takes_code(options):
        return "allow_unlock", {}
    if minutes := guard.minutes_left():
        return "locked_out", {"n": minutes}
    named = slots.get("phrase")
    if (spoken := named or slots.get("pin") or slots.get("words")) is None:
        return "say_code", {}
    code = str(options[CONF_VOICE_PHRASE])
    is_right = guard.accepts(spoken, code, is_named=named is not None)
    return None if is_right else ("wrong_code", {})


@callback
def _is_exposed(vehicle: VehicleCoordinator, act: VoiceAct) -> bool:
    """Whether the owner exposed the entity that does the same to Assist."""
    if act.entity is None:
        return False
    entity_id = _entity_id(vehicle, *act.entity)
    return entity_id is not None and async_should_expose(vehicle.hass, _ASSISTANT, entity_id)


@callback
def _entity_id(vehicle: VehicleCoordinator, platform: Platform, key: str) -> str | None:
    """The id of an entity of a vehicle; None if there is none or it is disabled."""
    registry = er.async_get(vehicle.hass)
    entity_id = registry.async_get_entity_id(platform, DOMAIN, vehicle.unique_id_of(key))
    entity = None if entity_id is None else registry.async_get(entity_id)
    return None if entity is None or entity.disabled else entity.entity_id


async def async_may_hear_place(
    vehicle: VehicleCoordinator, context: Context, *, in_room: bool
) -> bool:
    """Whether an answer may say, or imply, where a vehicle is.

    A device in a room answers everyone who is there, so the location must be exposed to Assist. An
    app answers a user who may see the location anyway.
    """
    entity_id = _entity_id(vehicle, Platform.DEVICE_TRACKER, "location")
    if entity_id is None:
        return not in_room
    if async_should_expose(vehicle.hass, _ASSISTANT, entity_id):
        return True
    return not in_room and await async_may_read(vehicle.hass, context, entity_id)

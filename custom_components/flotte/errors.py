"""Home Assistant's errors for those of the Tesla side, with a text in the user's language.

Which one is raised depends on where the error ends:

    an action        HomeAssistantError, or ServiceValidationError for the user's mistake
    a poll           UpdateFailed
    the setup        ConfigEntryAuthFailed for a refused login, otherwise ConfigEntryNotReady
"""

from typing import TypedDict

from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    HomeAssistantError,
    ServiceValidationError,
)
from homeassistant.helpers.update_coordinator import UpdateFailed

from .const import DOMAIN
from .tesla.errors import InvalidCommand, LoginRequired, RateLimited, TeslaError


class _Translation(TypedDict):
    """The arguments that give an error of Home Assistant its text."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def as_home_assistant(error: TeslaError, *, name: str = "") -> HomeAssistantError:
    """Error to raise when an action fails; `name` is that of the vehicle or site, for its text."""
    kind = ServiceValidationError if isinstance(error, InvalidCommand) else HomeAssistantError
    return kind(**_translation(error, name=name))


def as_update_failed(error: TeslaError) -> UpdateFailed:
    """Error to raise when a poll fails; it pauses polling for as long as Tesla demands.

    This includes a refused login: after ConfigEntryAuthFailed, Home Assistant would never poll
    again.
    """
    pause = error.retry_after.total_seconds() if isinstance(error, RateLimited) else None
    return UpdateFailed(**_translation(error), retry_after=pause)


def as_setup_error(error: TeslaError) -> ConfigEntryAuthFailed | ConfigEntryNotReady:
    """Error to raise when an account cannot be set up.

    Home Assistant retries after every error but a refused login, even if only the owner can resolve
    it: the account then loads as soon as the owner has done so, and some of these errors are only
    temporary.
    """
    kind = ConfigEntryAuthFailed if isinstance(error, LoginRequired) else ConfigEntryNotReady
    return kind(**_translation(error))


def _translation(error: TeslaError, *, name: str = "") -> _Translation:
    named = {"name": name} if name else {}
    placeholders = {**named, **error.placeholders}
    if "detail" in placeholders:
        # The texts end the sentence, as some of Tesla's do.
        placeholders["detail"] = placeholders["detail"].rstrip(".")
    return {
        "translation_domain": DOMAIN,
        "translation_key": error.translation_key,
        "translation_placeholders": placeholders,
    }

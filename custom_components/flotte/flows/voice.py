"""Options of voice: which sentences are understood, and what they may do."""

from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..const import (
    CONF_VOICE_ACTS,
    CONF_VOICE_PHRASE,
    CONF_VOICE_QUESTIONS,
    CONF_VOICE_UNLOCK,
)
from ..voice.consent import MIN_CODE_LENGTH, spoken_code
from .forms import OptionsSteps

_SCHEMA: Final = vol.Schema(
    {
        vol.Required(CONF_VOICE_QUESTIONS, default=True): BooleanSelector(),
        vol.Required(CONF_VOICE_ACTS, default=False): BooleanSelector(),
        vol.Required(CONF_VOICE_UNLOCK, default=False): BooleanSelector(),
        vol.Optional(CONF_VOICE_PHRASE): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
        ),
    }
)


class VoiceSteps(OptionsSteps):
    """Step of the group about voice."""

    async def async_step_voice(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set what sentences may do. The code is never shown again; an empty field keeps it."""
        errors: dict[str, str] = {}
        options = self.config_entry.options
        if user_input is not None:
            code = user_input.get(CONF_VOICE_PHRASE) or options.get(CONF_VOICE_PHRASE)
            if not user_input[CONF_VOICE_UNLOCK]:
                code = None
            elif len(spoken_code(code or "")) < MIN_CODE_LENGTH:
                errors[CONF_VOICE_PHRASE] = "code_too_short"
            if not errors:
                return self._save({**user_input, CONF_VOICE_PHRASE: code})
        shown = user_input or {
            name: value for name, value in options.items() if name != CONF_VOICE_PHRASE
        }
        return self.async_show_form(
            step_id="voice", data_schema=self._filled(_SCHEMA, shown), errors=errors
        )

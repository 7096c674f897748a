"""Options of wakes: who may wake a sleeping vehicle, and when."""

import re
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..spending.callers import ASSIST, CLOUD, GOOGLE_ASSISTANT, HOMEKIT
from ..tesla.spending.caller import Caller, CallerKind
from ..tesla.spending.policy import AsleepPolicy, Group, OptionKind
from .forms import ADVANCED, as_mapping, as_rows, flattened, table
from .rules import ASLEEP, SELECTORS, RuleSteps, form_of_rules, rules_of

_RUN: Final = re.compile(r"(automation|script)\.[a-z0-9_]+")
"""Entity id of an automation or a script."""


_CALLER: Final = re.compile(r"person|charging|(automation|voice)(:\S+)?")
"""Label of a caller in the ledger; see `tesla.spending.caller.Caller`."""


CONF_EXCEPTIONS: Final = "asleep_callers"

CALLER: Final = "caller"


VOICE_NAMES: Final = {
    Caller(CallerKind.VOICE, name).label: shown
    for name, shown in (
        (ASSIST, "Assist"),
        (CLOUD, "Home Assistant Cloud"),
        (GOOGLE_ASSISTANT, "Google Assistant"),
        (HOMEKIT, "HomeKit"),
    )
}
"""Names of voice assistants by their label in the ledger."""


def _as_label(caller: object) -> str:
    """Label in the ledger of an entered caller, which may be the id of an entity."""
    entered = str(caller).strip()
    if _RUN.fullmatch(entered.lower()):
        return Caller(CallerKind.AUTOMATION, entered.lower()).label
    return entered


class WakesSteps(RuleSteps):
    """Steps of the group about wakes."""

    async def async_step_wakes(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set who may wake a vehicle, and whether other commands are deferred or refused."""
        errors: dict[str, str] = {}
        rules = rules_of(Group.WAKES)
        if user_input is not None:
            user_input = flattened(user_input)
            begin, end = user_input.get("quiet_begin"), user_input.get("quiet_end")
            if (begin is None) is not (end is None):
                errors["quiet_end" if end is None else "quiet_begin"] = "quiet_incomplete"
            elif begin is not None and begin == end:
                errors["quiet_end"] = "quiet_same"
            rows = [
                {**row, CALLER: _as_label(row[CALLER])}
                for row in user_input.get(CONF_EXCEPTIONS, [])
            ]
            exceptions = as_mapping(rows, CALLER, ASLEEP)
            if exceptions is None:
                errors[ADVANCED] = "caller_twice"
            elif not all(_CALLER.fullmatch(caller) for caller in exceptions):
                errors[ADVANCED] = "caller_unknown"
            if not errors:
                entered = {**user_input, CONF_EXCEPTIONS: exceptions or None}
                return self._save({rule.option: entered.get(rule.option) for rule in rules})
        selectors = {
            **SELECTORS,
            OptionKind.CALLERS: table(
                CONF_EXCEPTIONS,
                **{
                    CALLER: SelectSelector(
                        SelectSelectorConfig(
                            options=self._callers(),
                            custom_value=True,
                            mode=SelectSelectorMode.DROPDOWN,
                        )
                    ),
                    ASLEEP: await self._select_in_table(*AsleepPolicy, translation_key=ASLEEP),
                },
            ),
        }
        schema = form_of_rules(rules, selectors, errors)
        shown = self._shown if user_input is None else user_input
        rows = as_rows(shown.get(CONF_EXCEPTIONS), CALLER, ASLEEP)
        return self.async_show_form(
            step_id="wakes",
            data_schema=self._filled(schema, {**shown, CONF_EXCEPTIONS: rows}),
            errors=errors,
        )

    def _callers(self) -> list[SelectOptionDict]:
        """Callers to choose from, by their label: automations, scripts and voice assistants."""
        choices = {
            Caller(CallerKind.AUTOMATION, state.entity_id).label: state.name
            for state in self.hass.states.async_all(("automation", "script"))
        }
        choices |= VOICE_NAMES
        return [
            SelectOptionDict(value=label, label=name)
            for label, name in sorted(choices.items(), key=lambda each: each[1].casefold())
        ]

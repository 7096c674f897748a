"""Options of spending: the budget of a month."""

from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import NumberSelector

from ..tesla.spending.policy import Group, OptionKind
from ..tesla.spending.tariff import Tariff
from .forms import number_box
from .rules import SELECTORS, RuleSteps, rules_of

ADVANCED: Final = "advanced"


def budget_box(tariff: Tariff) -> NumberSelector:
    """Field for a monthly budget in the tariff's currency, up to a hundred discounts."""
    maximum = max(1000.0, 100 * float(tariff.discount))
    return number_box(0, maximum, 0.5 if maximum <= 1000 else 1, unit=tariff.currency)  # noqa: PLR2004  # as above


def _discount(tariff: Tariff) -> dict[str, str]:
    return {"discount": f"{tariff.discount:f}", "currency": tariff.currency}


class SpendingSteps(RuleSteps):
    """Steps of the group about spending."""

    async def async_step_spending(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set the budget of a month; the default stays within Tesla's discount."""
        rules = rules_of(Group.SPENDING)
        if user_input is not None:
            # Saving also confirms that Tesla's billing limit was raised.
            if hasattr(self.config_entry, "runtime_data"):
                self.config_entry.runtime_data.ledger.async_resume()
            entered = {**user_input, **user_input.get(ADVANCED, {})}
            # A cleared field is reset to its default.
            return self._save({rule.option: entered.get(rule.option) for rule in rules})
        tariff = self._tariff_in_force
        selectors = {**SELECTORS, OptionKind.AMOUNT: budget_box(tariff)}
        fields = {
            is_advanced: vol.Schema(
                {
                    vol.Optional(rule.option): selectors[rule.kind]
                    for rule in rules
                    if rule.is_advanced is is_advanced
                }
            )
            for is_advanced in (False, True)
        }
        schema = fields[False].extend(
            {vol.Optional(ADVANCED): section(fields[True], {"collapsed": True})}
        )
        shown = {**self._shown, ADVANCED: self._shown}
        return self.async_show_form(
            step_id="spending",
            data_schema=self._filled(schema, shown),
            description_placeholders=_discount(tariff),
        )

"""Options of spending: the budget of a month."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import NumberSelector

from ..tesla.spending.policy import Group, OptionKind
from ..tesla.spending.tariff import Tariff
from .forms import flattened, number_box
from .rules import SELECTORS, RuleSteps, form_of_rules, rules_of


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
            entered = flattened(user_input)
            # A cleared field is reset to its default.
            return self._save({rule.option: entered.get(rule.option) for rule in rules})
        tariff = self._tariff_in_force
        selectors = {**SELECTORS, OptionKind.AMOUNT: budget_box(tariff)}
        return self.async_show_form(
            step_id="spending",
            data_schema=self._filled(form_of_rules(rules, selectors), self._shown),
            description_placeholders=_discount(tariff),
        )

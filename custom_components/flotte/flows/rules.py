"""Forms of spending rules: a selector for each kind of option, and the values shown."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import PERCENTAGE, UnitOfTime
from homeassistant.helpers.selector import (
    BooleanSelector,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TimeSelector,
)

from ..spending.rules import spending_tariff
from ..tesla.spending.policy import RULES, AsleepPolicy, Group, OptionKind, Policy, SpendingRule
from ..tesla.spending.tariff import Tariff
from .forms import OptionsSteps, number_box, with_advanced

ASLEEP: Final = "asleep"

DEFAULTS: Final = {
    name: float(value) if name == "reserve_percent" else value
    for name, value in Policy().to_options().items()
    if value is not None
}
"""Rules of a new installation."""

SELECTORS: Final[Mapping[OptionKind, Selector[Any]]] = {
    OptionKind.PERCENT: number_box(0, 100, unit=PERCENTAGE),
    OptionKind.COUNT: number_box(0, 100),
    OptionKind.MINUTES: number_box(0, 1440, unit=UnitOfTime.MINUTES),
    OptionKind.HOURS: number_box(1, 168, unit=UnitOfTime.HOURS),
    OptionKind.DAYS: number_box(0, 31, unit=UnitOfTime.DAYS),
    OptionKind.TIME_OF_DAY: TimeSelector(),
    OptionKind.FLAG: BooleanSelector(),
    OptionKind.ASLEEP: SelectSelector(
        SelectSelectorConfig(
            options=list(AsleepPolicy), translation_key=ASLEEP, mode=SelectSelectorMode.LIST
        )
    ),
}
"""Field for each kind of option; those for amounts and callers depend on the installation."""


def rules_of(group: Group) -> list[SpendingRule]:
    """Rules of a form, in its order."""
    return [rule for rule in RULES if rule.group is group]


def form_of_rules(
    rules: Iterable[SpendingRule],
    selectors: Mapping[OptionKind, Selector[Any]],
    errors: Mapping[str, str] | None = None,
) -> vol.Schema:
    """Form with a field for each rule, those for experts in a section."""
    fields: dict[bool, dict[vol.Marker, Any]] = {False: {}, True: {}}
    for rule in rules:
        fields[rule.is_advanced][vol.Optional(rule.option)] = selectors[rule.kind]
    return with_advanced(fields[False], fields[True], errors)


class RuleSteps(OptionsSteps):
    """Base of the steps that set spending rules."""

    @property
    def _tariff_in_force(self) -> Tariff:
        """Tariff of all accounts that share the bill; budgets are in its currency."""
        return spending_tariff(self.hass, self.config_entry)

    @property
    def _shown(self) -> dict[str, Any]:
        """Present rules, with defaults for those that are not set."""
        discount = float(self._tariff_in_force.discount)
        return {"monthly_limit": discount, **DEFAULTS, **self.config_entry.options}

"""Options of the tariff: Tesla's prices, and the categories of its endpoints."""

import re
from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode

from ..const import (
    CONF_CURRENCY,
    CONF_DISCOUNT,
    CONF_ENDPOINT_CATEGORIES,
    CONF_MONTHLY_LIMIT,
    CONF_UNITS,
)
from ..tesla.spending.endpoints import ASSUMED, CHOICES
from ..tesla.spending.tariff import EURO, TARIFFS, Category, Tariff
from .forms import (
    ADVANCED,
    OptionsSteps,
    as_mapping,
    as_rows,
    flattened,
    number_box,
    table,
    with_advanced,
)

ENDPOINT: Final = "endpoint"

CATEGORY: Final = "category"


OTHER_CURRENCY: Final = re.compile(r"[A-Z]{3}")
"""Currency code of ISO 4217."""


BILLED_CATEGORIES: Final = tuple(each for each in Category if each is not Category.FREE)


def _units_field(category: Category) -> str:
    """Name of the field for the units of a category that 1 of the currency buys."""
    return f"{CONF_UNITS}_{category}"


def _as_numbers(tariff: Tariff | None) -> dict[str, str]:
    """Placeholders of a tariff: its discount, and units of each category for 1 of its currency.

    Empty for an unknown currency.
    """
    if tariff is None:
        return {}
    units = {str(each): 1 / price for each, price in tariff.prices.items() if price}
    numbers = {CONF_DISCOUNT: tariff.discount, **units}
    return {name: f"{float(number):,.6g}" for name, number in numbers.items()}


class TariffSteps(OptionsSteps):
    """Steps of the group about the tariff."""

    async def async_step_tariff(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set the currency of Tesla's bill, and the categories of endpoints."""
        errors: dict[str, str] = {}
        options = self.config_entry.options
        if user_input is not None:
            user_input = flattened(user_input)
            currency = str(user_input.get(CONF_CURRENCY) or EURO.currency).strip().upper()
            if not OTHER_CURRENCY.fullmatch(currency):
                errors[CONF_CURRENCY] = "invalid_currency"
            rows = user_input.get(CONF_ENDPOINT_CATEGORIES)
            categories = as_mapping(rows, ENDPOINT, CATEGORY)
            if categories is None:
                errors[ADVANCED] = "endpoint_twice"
            if not errors:
                self._chosen = {
                    # Without a choice, that of another account of the application applies.
                    CONF_CURRENCY: currency if user_input.get(CONF_CURRENCY) else None,
                    CONF_ENDPOINT_CATEGORIES: categories or None,
                }
                return await self.async_step_prices()
        currencies = SelectSelectorConfig(
            options=list(TARIFFS), custom_value=True, mode=SelectSelectorMode.DROPDOWN
        )
        columns = {
            ENDPOINT: await self._select_in_table(*ASSUMED, translation_key=ENDPOINT),
            CATEGORY: await self._select_in_table(*CHOICES, translation_key=CATEGORY),
        }
        schema = with_advanced(
            {vol.Optional(CONF_CURRENCY): SelectSelector(currencies)},
            {vol.Optional(CONF_ENDPOINT_CATEGORIES): table(CONF_ENDPOINT_CATEGORIES, **columns)},
            errors,
        )
        shown = {CONF_CURRENCY: EURO.currency, **options} if user_input is None else user_input
        rows = as_rows(shown.get(CONF_ENDPOINT_CATEGORIES), ENDPOINT, CATEGORY)
        return self.async_show_form(
            step_id="tariff",
            data_schema=self._filled(schema, {**shown, CONF_ENDPOINT_CATEGORIES: rows}),
            errors=errors,
        )

    async def async_step_prices(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set prices that differ from Tesla's, or all prices in an unknown currency."""
        errors: dict[str, str] = {}
        currency = self._chosen[CONF_CURRENCY] or EURO.currency
        known = TARIFFS.get(currency)
        before = self.config_entry.options.get(CONF_CURRENCY, EURO.currency)
        if user_input is not None:
            units = {
                str(each): user_input[_units_field(each)]
                for each in BILLED_CATEGORIES
                if user_input.get(_units_field(each)) is not None
            }
            prices = {CONF_DISCOUNT: user_input.get(CONF_DISCOUNT), CONF_UNITS: units or None}
            try:
                Tariff.from_options({CONF_CURRENCY: currency, **prices})
            except ValueError as error:
                errors[str(error).replace(".", "_")] = "price_missing"
            else:
                if currency != before:
                    # The budget was in the old currency. Its default is the discount.
                    prices[CONF_MONTHLY_LIMIT] = None
                return self._save({**self._chosen, **prices})
        schema = vol.Schema(
            {
                vol.Optional(CONF_DISCOUNT): number_box(0, 1_000_000, 0.01, unit=currency),
                **{
                    vol.Optional(_units_field(each)): number_box(0, 1e9, "any")
                    for each in BILLED_CATEGORIES
                },
            }
        )
        shown: dict[str, Any] = dict(user_input or {})
        if user_input is None and currency == before:
            stored = self.config_entry.options.get(CONF_UNITS)
            own = stored if isinstance(stored, Mapping) else {}
            shown = {
                CONF_DISCOUNT: self.config_entry.options.get(CONF_DISCOUNT),
                **{_units_field(each): own.get(str(each)) for each in BILLED_CATEGORIES},
            }
        shown = {name: value for name, value in shown.items() if value is not None}
        return self.async_show_form(
            step_id="other_prices" if known is None else "prices",
            data_schema=self._filled(schema, shown),
            errors=errors,
            description_placeholders={"currency": currency, **_as_numbers(known)},
        )

    async def async_step_other_prices(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set all prices, in a currency that is not known."""
        return await self.async_step_prices(user_input)

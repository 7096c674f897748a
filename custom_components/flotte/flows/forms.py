"""Building blocks of the options forms: selectors, tables, and the base of all steps."""

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal, override

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..texts import async_option_texts

TOO_SMALL: Final = "number_too_small"
TOO_LARGE: Final = "number_too_large"


class NumberBox(NumberSelector):
    """Field for a number; the error outside its limits is the key of a text of ours."""

    @override
    def __call__(self, data: Any) -> float:
        """Return the number. Raises Invalid."""
        try:
            return super().__call__(data)
        except vol.Invalid as error:
            with suppress(TypeError, ValueError):
                is_small = float(data) < self.config.get("min", -math.inf)
                raise vol.Invalid(TOO_SMALL if is_small else TOO_LARGE) from error
            raise


class AdvancedSection(section):
    """Section of a form; an error in it is shown at the section, as the front end can do."""

    @override
    def __call__(self, value: Any) -> Any:
        """Return the values of the fields. Raises Invalid."""
        try:
            return super().__call__(value)
        except vol.MultipleInvalid as error:
            raise vol.Invalid(error.errors[0].error_message) from error


def number_box(
    minimum: float, maximum: float, step: float | Literal["any"] = 1, *, unit: str | None = None
) -> NumberBox:
    """Field for a number."""
    config = NumberSelectorConfig(min=minimum, max=maximum, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberBox(config)


def table(key: str, **columns: Selector[Any]) -> ObjectSelector:
    """Field for rows that are added one at a time; the first column names a row."""
    return ObjectSelector(
        ObjectSelectorConfig(
            fields={
                name: ObjectSelectorField(selector=selector, required=True)
                for name, selector in columns.items()
            },
            multiple=True,
            label_field=next(iter(columns)),
            description_field=list(columns)[-1],
            translation_key=key,
        )
    )


def as_mapping(rows: object, key: str, value: str) -> dict[str, Any] | None:
    """Turn the rows of a table into a mapping by one column; None if a key is there twice."""
    listed = rows if isinstance(rows, list) else []
    found = {str(row[key]).strip(): row[value] for row in listed}
    return found if len(found) == len(listed) else None


def as_rows(stored: object, key: str, value: str) -> list[dict[str, Any]]:
    """Turn a stored mapping into rows of a table; rows that were just entered stay as they are."""
    if isinstance(stored, list):
        return stored
    pairs = stored.items() if isinstance(stored, Mapping) else ()
    return [{key: name, value: each} for name, each in pairs]


ADVANCED: Final = "advanced"
"""The section of a form for experts."""


def with_advanced(
    fields: Mapping[vol.Marker, Any],
    advanced: Mapping[vol.Marker, Any],
    errors: Mapping[str, str] | None = None,
) -> vol.Schema:
    """Form with a section for experts, which is only open if there is an error in it."""
    is_closed = ADVANCED not in (errors or {})
    inner = AdvancedSection(vol.Schema(dict(advanced)), {"collapsed": is_closed})
    return vol.Schema({**fields, vol.Optional(ADVANCED): inner})


def flattened(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a form, including those in its section for experts."""
    inner = user_input.get(ADVANCED, {})
    return {**{name: value for name, value in user_input.items() if name != ADVANCED}, **inner}


class OptionsSteps(OptionsFlow):
    """Base of the steps of each group of options."""

    def __init__(self) -> None:
        """Start without input of earlier steps."""
        self._chosen: dict[str, Any] = {}

    def _save(self, values: Mapping[str, Any]) -> ConfigFlowResult:
        """Save these options and keep the others; None resets an option to its default."""
        merged = {**self.config_entry.options, **values}
        return self.async_create_entry(
            data={name: value for name, value in merged.items() if value is not None}
        )

    def _filled(self, schema: vol.Schema, values: Mapping[str, Any] | None) -> vol.Schema:
        """Fill a form with the values just entered, or with the present options."""
        shown = self.config_entry.options if values is None else values
        return self.add_suggested_values_to_schema(schema, {**shown, ADVANCED: shown})

    async def _select_in_table(self, *choices: str, translation_key: str) -> SelectSelector:
        """Selector in a row of a table, where the front end does not translate options."""
        texts = await self._option_texts(translation_key)
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=str(each), label=texts.get(each, each))
                    for each in choices
                ],
                mode=SelectSelectorMode.DROPDOWN,
            )
        )

    async def _option_texts(self, translation_key: str) -> dict[str, str]:
        """The texts of a selector's options, in the language of Home Assistant."""
        return await async_option_texts(self.hass, translation_key)

"""What the owner may decide afterwards: what may be spent, and how the cars stream.

menu ─> spending: what a month may cost
─> wakes: who may wake a sleeping car
─> tariff ─> prices: what Tesla asks for, if it is not the usual
─> stream ─> (direct: address, certificate) | (mqtt: topics)
─> check: does the stream's address work?
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import PERCENTAGE, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
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
    TextSelector,
    TimeSelector,
)
from homeassistant.helpers.translation import async_get_translations

from ..const import (
    CERTIFICATE_FILES,
    CERTIFICATE_OWN,
    CONF_CERTIFICATE,
    CONF_CERTIFICATE_FILE,
    CONF_CURRENCY,
    CONF_DISCOUNT,
    CONF_ENDPOINT_CATEGORIES,
    CONF_HOSTNAME,
    CONF_KEY_FILE,
    CONF_LISTEN_PORT,
    CONF_MONTHLY_LIMIT,
    CONF_OVERRIDES,
    CONF_PORT,
    CONF_PROFILE,
    CONF_PUBLIC_DOMAIN,
    CONF_STREAM,
    CONF_TOPIC_BASE,
    CONF_UNITS,
    DEFAULT_STREAM_PORT,
    DOMAIN,
    STREAM_DIRECT,
    STREAM_MQTT,
    STREAM_OFF,
)
from ..spending.callers import ASSIST, CLOUD, GOOGLE_ASSISTANT, HOMEKIT
from ..spending.rules import spending_tariff
from ..streaming.certificates import async_read_files
from ..streaming.options import read_overrides
from ..tesla.spending.caller import Caller, CallerKind
from ..tesla.spending.endpoints import ASSUMED, CHOICES
from ..tesla.spending.policy import RULES, AsleepPolicy, Group, Kind, Policy, Rule
from ..tesla.spending.tariff import EURO, TARIFFS, Category, Tariff
from ..tesla.telemetry.profiles import Profile
from ..tesla.telemetry.selfcheck import Finding
from ..tesla.telemetry.tls.certificates import CertificateDefect

_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)
_TOPIC: Final = re.compile(r"[^#+\0]{1,200}")
_RUN: Final = re.compile(r"(automation|script)\.[a-z0-9_]+")
"""An automation or a script, by the id of its entity."""
_CALLER: Final = re.compile(r"person|(automation|voice)(:\S+)?")
"""Who asks for a car, by the label that the ledger has for them; see `tesla.meter.Caller`."""


def _box(
    least: float, most: float, step: float | Literal["any"] = 1, *, unit: str | None = None
) -> NumberSelector:
    config = NumberSelectorConfig(min=least, max=most, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _select(*choices: str, translation_key: str) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=list(choices), translation_key=translation_key, mode=SelectSelectorMode.LIST
        )
    )


def _table(key: str, **columns: Selector[Any]) -> ObjectSelector:
    """Rows that are added one by one; the first column names each."""
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


PORT: Final = _box(1, 65535)
ADVANCED: Final = "advanced"
CONF_EXCEPTIONS: Final = "asleep_callers"
CALLER: Final = "caller"
ASLEEP: Final = "asleep"
ENDPOINT: Final = "endpoint"
CATEGORY: Final = "category"
OTHER_CURRENCY: Final = re.compile(r"[A-Z]{3}")
"""As ISO 4217 writes them."""

USUAL: Final = {
    name: float(value) if name == "reserve_percent" else value
    for name, value in Policy().to_options().items()
    if value is not None
}
"""As a new installation has it."""
UNITS: Final = tuple(each for each in Category if each is not Category.FREE)
VOICES: Final = {
    Caller(CallerKind.VOICE, name).label: shown
    for name, shown in (
        (ASSIST, "Assist"),
        (CLOUD, "Home Assistant Cloud"),
        (GOOGLE_ASSISTANT, "Google Assistant"),
        (HOMEKIT, "HomeKit"),
    )
}
"""Who asks by voice, by the label that the ledger has for them."""


def _amount_of(tariff: Tariff) -> NumberSelector:
    """A monthly budget in the tariff's currency: up to a hundred discounts, in cents or wholes."""
    most = max(1000.0, 100 * float(tariff.discount))
    return _box(0, most, 0.5 if most <= 1000 else 1, unit=tariff.currency)  # noqa: PLR2004  # as above


_SELECTORS: Final[Mapping[Kind, Selector[Any]]] = {
    Kind.PERCENT: _box(0, 100, unit=PERCENTAGE),
    Kind.COUNT: _box(0, 100),
    Kind.MINUTES: _box(0, 1440, unit=UnitOfTime.MINUTES),
    Kind.HOURS: _box(1, 168, unit=UnitOfTime.HOURS),
    Kind.DAYS: _box(0, 31, unit=UnitOfTime.DAYS),
    Kind.TIME_OF_DAY: TimeSelector(),
    Kind.FLAG: BooleanSelector(),
    Kind.ASLEEP: _select(*AsleepPolicy, translation_key=ASLEEP),
}
"""How a form asks for each kind of option; amounts and callers depend on the installation."""


def rules_of(group: Group) -> list[Rule]:
    """The options of a form, in its order."""
    return [rule for rule in RULES if rule.group is group]


def _discount(tariff: Tariff) -> dict[str, str]:
    return {"discount": f"{tariff.discount:f}", "currency": tariff.currency}


def _units_field(category: Category) -> str:
    """The field for how many of a category a whole unit of the currency buys."""
    return f"{CONF_UNITS}_{category}"


def _as_numbers(tariff: Tariff | None) -> dict[str, str]:
    """What Tesla asks for, by the gaps of the text: the discount, and units of each kind for 1.

    Nothing for a currency that is not known.
    """
    if tariff is None:
        return {}
    units = {str(each): 1 / price for each, price in tariff.prices.items() if price}
    numbers = {CONF_DISCOUNT: tariff.discount, **units}
    return {name: f"{float(number):,.6g}" for name, number in numbers.items()}


def _as_label(caller: object) -> str:
    """Who is meant by what was entered, as the ledger calls them: an entity's id is enough."""
    entered = str(caller).strip()
    if _RUN.fullmatch(entered.lower()):
        return Caller(CallerKind.AUTOMATION, entered.lower()).label
    return entered


def _as_mapping(rows: object, key: str, value: str) -> dict[str, Any] | None:
    """Rows of a table by their first column; None if one comes twice."""
    listed = rows if isinstance(rows, list) else []
    found = {str(row[key]).strip(): row[value] for row in listed}
    return found if len(found) == len(listed) else None


def _as_rows(stored: object, key: str, value: str) -> list[dict[str, Any]]:
    """The same the other way round; rows that were entered just now stay as they are."""
    if isinstance(stored, list):
        return stored
    pairs = stored.items() if isinstance(stored, Mapping) else ()
    return [{key: name, value: each} for name, each in pairs]


class FlotteOptionsFlow(OptionsFlow):
    """Changes options, a group at a time; the others stay."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._chosen: dict[str, Any] = {}

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what to change."""
        groups = ["spending", "wakes", "tariff", "stream"]
        if self.config_entry.options.get(CONF_STREAM) == STREAM_DIRECT:
            groups.append("check")
        return self.async_show_menu(step_id="init", menu_options=groups)

    def _save(self, values: Mapping[str, Any]) -> ConfigFlowResult:
        merged = {**self.config_entry.options, **values}
        return self.async_create_entry(
            data={name: value for name, value in merged.items() if value is not None}
        )

    def _filled(self, schema: vol.Schema, values: Mapping[str, Any] | None) -> vol.Schema:
        """The form with what was entered just now, or what is set."""
        return self.add_suggested_values_to_schema(
            schema, self.config_entry.options if values is None else values
        )

    # --- Money -----------------------------------------------------------------------------------

    @property
    def _tariff(self) -> Tariff:
        """What Tesla asks for, as the options say; in euros if they cannot be read."""
        try:
            return Tariff.from_options(self.config_entry.options)
        except ValueError:
            return EURO

    @property
    def _tariff_in_force(self) -> Tariff:
        """The same of all accounts that share the bill: limits are in its currency."""
        return spending_tariff(self.hass, self.config_entry)

    @property
    def _shown(self) -> dict[str, Any]:
        """What is set, or as a new installation has it."""
        discount = float(self._tariff_in_force.discount)
        return {"monthly_limit": discount, **USUAL, **self.config_entry.options}

    async def async_step_spending(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set what a month may cost; by default nothing has to be paid."""
        rules = rules_of(Group.SPENDING)
        if user_input is not None:
            # Saving says as well that a limit at Tesla was raised, if it was that.
            if hasattr(self.config_entry, "runtime_data"):
                self.config_entry.runtime_data.ledger.async_resume()
            entered = {**user_input, **user_input.get(ADVANCED, {})}
            # What was emptied goes back to what a new installation has.
            return self._save({rule.option: entered.get(rule.option) for rule in rules})
        tariff = self._tariff_in_force
        selectors = {**_SELECTORS, Kind.AMOUNT: _amount_of(tariff)}
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

    async def async_step_wakes(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set who may wake a sleeping car, and what becomes of the rest."""
        errors: dict[str, str] = {}
        rules = rules_of(Group.WAKES)
        if user_input is not None:
            begin, end = user_input.get("quiet_begin"), user_input.get("quiet_end")
            if (begin is None) is not (end is None):
                errors["quiet_end" if end is None else "quiet_begin"] = "quiet_incomplete"
            elif begin is not None and begin == end:
                errors["quiet_end"] = "quiet_same"
            rows = [
                {**row, CALLER: _as_label(row[CALLER])}
                for row in user_input.get(CONF_EXCEPTIONS, [])
            ]
            exceptions = _as_mapping(rows, CALLER, ASLEEP)
            if exceptions is None:
                errors[CONF_EXCEPTIONS] = "caller_twice"
            elif not all(_CALLER.fullmatch(caller) for caller in exceptions):
                errors[CONF_EXCEPTIONS] = "caller_unknown"
            if not errors:
                entered = {**user_input, CONF_EXCEPTIONS: exceptions or None}
                return self._save({rule.option: entered.get(rule.option) for rule in rules})
        selectors = {
            **_SELECTORS,
            Kind.CALLERS: _table(
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
        schema = vol.Schema({vol.Optional(rule.option): selectors[rule.kind] for rule in rules})
        shown = self._shown if user_input is None else user_input
        rows = _as_rows(shown.get(CONF_EXCEPTIONS), CALLER, ASLEEP)
        return self.async_show_form(
            step_id="wakes",
            data_schema=self._filled(schema, {**shown, CONF_EXCEPTIONS: rows}),
            errors=errors,
        )

    async def _select_in_table(self, *choices: str, translation_key: str) -> SelectSelector:
        """A choice in a row of a table, where the front end looks up no translations."""
        language = self.hass.config.language
        texts = await async_get_translations(self.hass, language, "selector", {DOMAIN})
        beginning = f"component.{DOMAIN}.selector.{translation_key}.options"
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=str(each), label=texts.get(f"{beginning}.{each}", each))
                    for each in choices
                ],
                mode=SelectSelectorMode.DROPDOWN,
            )
        )

    def _callers(self) -> list[SelectOptionDict]:
        """Who may ask, as the ledger calls them: automations, scripts and voices."""
        choices = {
            Caller(CallerKind.AUTOMATION, state.entity_id).label: state.name
            for state in self.hass.states.async_all(("automation", "script"))
        }
        choices |= VOICES
        return [
            SelectOptionDict(value=label, label=name)
            for label, name in sorted(choices.items(), key=lambda each: each[1].casefold())
        ]

    async def async_step_tariff(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set the currency of Tesla's bill, and what is known better of single endpoints."""
        errors: dict[str, str] = {}
        options = self.config_entry.options
        if user_input is not None:
            currency = str(user_input.get(CONF_CURRENCY) or EURO.currency).strip().upper()
            if not OTHER_CURRENCY.fullmatch(currency):
                errors[CONF_CURRENCY] = "invalid_currency"
            rows = user_input.get(CONF_ENDPOINT_CATEGORIES)
            categories = _as_mapping(rows, ENDPOINT, CATEGORY)
            if categories is None:
                errors[CONF_ENDPOINT_CATEGORIES] = "endpoint_twice"
            if not errors:
                self._chosen = {
                    # Without a choice it stays open to what another account of the same
                    # application says.
                    CONF_CURRENCY: currency if user_input.get(CONF_CURRENCY) else None,
                    CONF_ENDPOINT_CATEGORIES: categories or None,
                }
                return await self.async_step_prices()
        schema = vol.Schema(
            {
                vol.Optional(CONF_CURRENCY): SelectSelector(
                    SelectSelectorConfig(
                        options=list(TARIFFS), custom_value=True, mode=SelectSelectorMode.DROPDOWN
                    )
                ),
                vol.Optional(CONF_ENDPOINT_CATEGORIES): _table(
                    CONF_ENDPOINT_CATEGORIES,
                    **{
                        ENDPOINT: await self._select_in_table(*ASSUMED, translation_key=ENDPOINT),
                        CATEGORY: await self._select_in_table(*CHOICES, translation_key=CATEGORY),
                    },
                ),
            }
        )
        shown = {CONF_CURRENCY: EURO.currency, **options} if user_input is None else user_input
        rows = _as_rows(shown.get(CONF_ENDPOINT_CATEGORIES), ENDPOINT, CATEGORY)
        return self.async_show_form(
            step_id="tariff",
            data_schema=self._filled(schema, {**shown, CONF_ENDPOINT_CATEGORIES: rows}),
            errors=errors,
        )

    async def async_step_prices(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set what differs from Tesla's prices; in a currency that is not known, all of it."""
        errors: dict[str, str] = {}
        currency = self._chosen[CONF_CURRENCY] or EURO.currency
        known = TARIFFS.get(currency)
        before = self.config_entry.options.get(CONF_CURRENCY, EURO.currency)
        if user_input is not None:
            units = {
                str(each): user_input[_units_field(each)]
                for each in UNITS
                if user_input.get(_units_field(each)) is not None
            }
            prices = {CONF_DISCOUNT: user_input.get(CONF_DISCOUNT), CONF_UNITS: units or None}
            try:
                Tariff.from_options({CONF_CURRENCY: currency, **prices})
            except ValueError as error:
                errors[str(error).replace(".", "_")] = "price_missing"
            else:
                if currency != before:
                    # It was an amount of the old one. Nothing is paid with the discount as limit.
                    prices[CONF_MONTHLY_LIMIT] = None
                return self._save({**self._chosen, **prices})
        schema = vol.Schema(
            {
                vol.Optional(CONF_DISCOUNT): _box(0, 1_000_000, 0.01, unit=currency),
                **{vol.Optional(_units_field(each)): _box(0, 1e9, "any") for each in UNITS},
            }
        )
        shown: dict[str, Any] = dict(user_input or {})
        if user_input is None and currency == before:
            stored = self.config_entry.options.get(CONF_UNITS)
            own = stored if isinstance(stored, Mapping) else {}
            shown = {
                CONF_DISCOUNT: self.config_entry.options.get(CONF_DISCOUNT),
                **{_units_field(each): own.get(str(each)) for each in UNITS},
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
        """The same in a currency that is not known, in other words."""
        return await self.async_step_prices(user_input)

    # --- The stream ------------------------------------------------------------------------------

    async def async_step_stream(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose where the cars push to, and how much."""
        errors: dict[str, str] = {}
        placeholders = {"field": "", "forecast": self._forecast()}
        if user_input is not None:
            try:
                read_overrides(user_input.get(CONF_OVERRIDES))
            except ValueError as error:
                errors[CONF_OVERRIDES] = "invalid_override"
                placeholders["field"] = str(error)
            else:
                # An emptied field comes as nothing at all.
                self._chosen = {CONF_OVERRIDES: {}, **user_input}
                match user_input[CONF_STREAM]:
                    case "direct":
                        return await self.async_step_direct()
                    case "mqtt":
                        return await self.async_step_mqtt()
                return self._save(self._chosen)
        schema = vol.Schema(
            {
                vol.Required(CONF_STREAM, default=STREAM_OFF): SelectSelector(
                    SelectSelectorConfig(
                        options=[STREAM_OFF, STREAM_DIRECT, STREAM_MQTT],
                        translation_key=CONF_STREAM,
                        mode=SelectSelectorMode.LIST,
                    )
                ),
                vol.Required(CONF_PROFILE, default=str(Profile.TUNED)): SelectSelector(
                    SelectSelectorConfig(
                        options=[str(each) for each in Profile],
                        translation_key=CONF_PROFILE,
                        mode=SelectSelectorMode.LIST,
                    )
                ),
                vol.Optional(CONF_OVERRIDES): ObjectSelector(),
            }
        )
        return self.async_show_form(
            step_id="stream",
            data_schema=self._filled(schema, user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _forecast(self) -> str:
        """What the present plan costs, in a line for each car; blank while nothing is loaded."""
        data = getattr(self.config_entry, "runtime_data", None)
        return "" if data is None else "\n".join(data.streaming.reports.describe_costs())

    async def async_step_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """The address at which the cars reach this Home Assistant, and its certificate."""
        errors: dict[str, str] = {}
        placeholders = {"detail": ""}
        if user_input is not None:
            user_input = self._cleaned(user_input)
            if not _HOST_NAME.fullmatch(user_input[CONF_HOSTNAME]):
                errors[CONF_HOSTNAME] = "invalid_host_name"
            elif not self._shares_root(user_input[CONF_HOSTNAME]):
                errors[CONF_HOSTNAME] = "other_root_domain"
                placeholders["detail"] = str(self.config_entry.data.get(CONF_PUBLIC_DOMAIN, ""))
            elif user_input[CONF_CERTIFICATE] == CERTIFICATE_FILES:
                try:
                    await async_read_files(
                        self.hass,
                        user_input.get(CONF_CERTIFICATE_FILE, ""),
                        user_input.get(CONF_KEY_FILE, ""),
                        user_input[CONF_HOSTNAME],
                    )
                except CertificateDefect as error:
                    errors[CONF_CERTIFICATE_FILE] = error.key
                    placeholders["detail"] = ", ".join(error.placeholders.values())
            if not errors:
                return self._save({**self._chosen, **user_input})
        schema = vol.Schema(
            {
                vol.Required(
                    CONF_HOSTNAME, default=self.config_entry.data.get(CONF_PUBLIC_DOMAIN, "")
                ): TextSelector(),
                vol.Required(CONF_PORT, default=DEFAULT_STREAM_PORT): PORT,
                vol.Optional(CONF_LISTEN_PORT): PORT,
                vol.Required(CONF_CERTIFICATE, default=CERTIFICATE_OWN): SelectSelector(
                    SelectSelectorConfig(
                        options=[CERTIFICATE_OWN, CERTIFICATE_FILES],
                        translation_key=CONF_CERTIFICATE,
                        mode=SelectSelectorMode.LIST,
                    )
                ),
                vol.Optional(CONF_CERTIFICATE_FILE): TextSelector(),
                vol.Optional(CONF_KEY_FILE): TextSelector(),
            }
        )
        return self.async_show_form(
            step_id="direct",
            data_schema=self._filled(schema, user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    @staticmethod
    def _cleaned(user_input: dict[str, Any]) -> dict[str, Any]:
        """What was entered, in the form in which it is kept; what was left out is emptied."""
        port = int(user_input[CONF_PORT])
        listen_port = int(user_input.get(CONF_LISTEN_PORT) or 0)
        return {
            **user_input,
            CONF_HOSTNAME: str(user_input[CONF_HOSTNAME]).strip().lower().rstrip("."),
            CONF_PORT: port,
            # The same, or nothing, is kept as nothing, so that it goes on following the port.
            CONF_LISTEN_PORT: listen_port if listen_port != port and listen_port else None,
            CONF_CERTIFICATE_FILE: str(user_input.get(CONF_CERTIFICATE_FILE, "")).strip(),
            CONF_KEY_FILE: str(user_input.get(CONF_KEY_FILE, "")).strip(),
        }

    def _shares_root(self, hostname: str) -> bool:
        """Whether the host belongs to the registered domain; Tesla refuses others.

        Which domains count as one registration is not for us to know; the last two labels must be
        the same at least.
        """
        domain = str(self.config_entry.data.get(CONF_PUBLIC_DOMAIN, ""))
        return not domain or hostname.split(".")[-2:] == domain.split(".")[-2:]

    async def async_step_mqtt(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """The topics that the owner's own telemetry server publishes to."""
        errors: dict[str, str] = {}
        if "mqtt" not in self.hass.config.components:
            errors["base"] = "no_mqtt"
        if user_input is not None and not errors:
            base = str(user_input[CONF_TOPIC_BASE]).strip().strip("/")
            if _TOPIC.fullmatch(base):
                return self._save({**self._chosen, CONF_TOPIC_BASE: base})
            errors[CONF_TOPIC_BASE] = "invalid_topic"
        schema = vol.Schema({vol.Required(CONF_TOPIC_BASE, default="telemetry"): TextSelector()})
        return self.async_show_form(
            step_id="mqtt", data_schema=self._filled(schema, user_input), errors=errors
        )

    # --- Does it work? ---------------------------------------------------------------------------

    async def async_step_check(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Look at the stream's public address as a car does, and say what was found."""
        if user_input is not None:
            return await self.async_step_init()
        data = getattr(self.config_entry, "runtime_data", None)
        if data is None:
            return self.async_abort(reason="not_loaded")
        check = await data.streaming.reports.async_check()
        return self.async_show_form(
            step_id="check",
            data_schema=vol.Schema({}),
            errors={} if check.finding is Finding.OK else {"base": f"check_{check.finding}"},
            description_placeholders={
                "result": "✅" if check.finding is Finding.OK else "❌",
                "detail": check.detail,
                "address": data.streaming.reports.address,
                "cars": "\n".join(data.streaming.reports.describe_cars()),
            },
        )

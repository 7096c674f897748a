"""What the owner may decide afterwards: what may be spent, and how the cars stream.

menu ─> spending
─> stream ─> (direct: address, certificate) | (mqtt: topics)
─> check: does the stream's address work?
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import PERCENTAGE, UnitOfTime
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)

from .const import (
    CERTIFICATE_FILES,
    CERTIFICATE_OWN,
    CONF_CERTIFICATE,
    CONF_CERTIFICATE_FILE,
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
    DEFAULT_STREAM_PORT,
    STREAM_DIRECT,
    STREAM_MQTT,
    STREAM_OFF,
)
from .receiver import async_read_files
from .streaming import read_overrides
from .tesla.gate import Policy
from .tesla.meter import EURO
from .tesla.telemetry.certificates import CertificateDefect
from .tesla.telemetry.selfcheck import Finding
from .tesla.telemetry.subscription import Profile

_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)
_TOPIC: Final = re.compile(r"[^#+\0]{1,200}")


def _box(least: float, most: float, step: float = 1, *, unit: str | None = None) -> NumberSelector:
    config = NumberSelectorConfig(min=least, max=most, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


PORT: Final = _box(1, 65535)
SPENDING: Final[dict[str, NumberSelector | TimeSelector]] = {
    "reserve_percent": _box(0, 100, unit=PERCENTAGE),
    "wakes_per_day": _box(0, 100),
    "quiet_begin": TimeSelector(),
    "quiet_end": TimeSelector(),
    "patience_hours": _box(1, 168, unit=UnitOfTime.HOURS),
}
"""What the gate is told, by its option; see `tesla.gate.Policy`."""
USUAL: Final = {
    name: float(value) if isinstance(value, str) else value
    for name, value in Policy().to_options().items()
    if name in SPENDING and value is not None
}
"""As a new installation has it."""


class FlotteOptionsFlow(OptionsFlowWithReload):
    """Changes options, a group at a time; the others stay."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._chosen: dict[str, Any] = {}

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what to change."""
        groups = ["spending", "stream"]
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

    async def async_step_spending(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Set the monthly limit, and who may spend it; by default nothing has to be paid."""
        if user_input is not None:
            # Saving says as well that a limit at Tesla was raised, if it was that.
            if hasattr(self.config_entry, "runtime_data"):
                self.config_entry.runtime_data.ledger.async_resume()
            # What was emptied goes back to what a new installation has.
            return self._save({**dict.fromkeys(SPENDING), **user_input})
        limit = self.config_entry.options.get(CONF_MONTHLY_LIMIT, float(EURO.discount))
        schema = vol.Schema(
            {
                vol.Required(CONF_MONTHLY_LIMIT, default=limit): _box(
                    0, 1000, 0.5, unit=EURO.currency
                ),
                **{vol.Optional(name): selector for name, selector in SPENDING.items()},
            }
        )
        shown = {**USUAL, **self.config_entry.options}
        return self.async_show_form(step_id="spending", data_schema=self._filled(schema, shown))

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
        return "" if data is None else "\n".join(data.streaming.describe_costs())

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
        check = await data.streaming.async_check()
        return self.async_show_form(
            step_id="check",
            data_schema=vol.Schema({}),
            errors={} if check.finding is Finding.OK else {"base": f"check_{check.finding}"},
            description_placeholders={
                "result": "✅" if check.finding is Finding.OK else "❌",
                "detail": check.detail,
                "address": data.streaming.address,
                "cars": "\n".join(data.streaming.describe_cars()),
            },
        )

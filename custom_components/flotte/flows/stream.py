"""Options of the stream: the address for vehicles, and the fields that they send."""

import re
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    ObjectSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..account.names import in_markdown
from ..const import (
    CERTIFICATE_FILES,
    CERTIFICATE_OWN,
    CONF_CERTIFICATE,
    CONF_CERTIFICATE_FILE,
    CONF_HOSTNAME,
    CONF_KEY_FILE,
    CONF_LISTEN_PORT,
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
from ..streaming.certificates import async_read_files
from ..streaming.checks import CheckMark
from ..streaming.options import read_overrides
from ..tesla.telemetry.profiles import Profile
from ..tesla.telemetry.tls.certificates import CertificateDefect
from ..texts import with_decimal_mark
from .forms import ADVANCED, flattened, number_box, with_advanced
from .stream_check import StreamCheckSteps

_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)


_TOPIC: Final = re.compile(r"[^#+\0]{1,200}")


PORT: Final = number_box(1, 65535)
_NO_ROW: Final = "| — | — | — | — |"
"""Row of the forecast while there are no vehicles."""


class StreamSteps(StreamCheckSteps):
    """Steps of the group about the stream."""

    async def async_step_stream(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose the destination of the stream, and the profile."""
        errors: dict[str, str] = {}
        placeholders = {"field": "", **await self._forecast()}
        if user_input is not None:
            user_input = flattened(user_input)
            try:
                read_overrides(user_input.get(CONF_OVERRIDES))
            except ValueError as error:
                errors[ADVANCED] = "invalid_override"
                placeholders["field"] = str(error)
            else:
                # A cleared field is missing from the input.
                self._chosen = {CONF_OVERRIDES: {}, **user_input}
                match user_input[CONF_STREAM]:
                    case "direct":
                        return await self.async_step_direct()
                    case "mqtt":
                        return await self.async_step_mqtt()
                return self._save(self._chosen)
        schema = with_advanced(
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
            },
            {vol.Optional(CONF_OVERRIDES): ObjectSelector()},
            errors,
        )
        return self.async_show_form(
            step_id="stream",
            data_schema=self._filled(schema, user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _forecast(self) -> dict[str, str]:
        """Placeholders: rows of the forecast, and the vehicles that cannot stream."""
        reports = self._reports
        if reports is None:
            return {"forecast": _NO_ROW, "left_out": ""}
        names = await self._option_texts(CONF_PROFILE)
        rows = [
            f"| {in_markdown(each.name)} | {names[each.profile].partition(':')[0]} "
            f"| {each.signals} | {with_decimal_mark(self.hass, each.cost)} |"
            for each in reports.forecast_costs()
        ]
        unable = [
            f"- {in_markdown(name)}: {await self._in_words(lines[0])}"
            for name, lines in reports.vehicle_lines({}).items()
            if lines[0].mark in (CheckMark.FAILED, CheckMark.NOT_POSSIBLE)
        ]
        return {"forecast": "\n".join(rows) or _NO_ROW, "left_out": "\n".join(unable)}

    async def async_step_direct(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set the address at which vehicles reach this Home Assistant, and its certificate."""
        errors: dict[str, str] = {}
        placeholders = {"detail": ""}
        if user_input is not None:
            user_input = self._cleaned(flattened(user_input))
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
                    errors[ADVANCED] = error.key
                    placeholders["detail"] = ", ".join(error.placeholders.values())
            if not errors:
                return await self._save_and_check({**self._chosen, **user_input})
        domain = self.config_entry.data.get(CONF_PUBLIC_DOMAIN, "")
        certificates = SelectSelectorConfig(
            options=[CERTIFICATE_OWN, CERTIFICATE_FILES],
            translation_key=CONF_CERTIFICATE,
            mode=SelectSelectorMode.LIST,
        )
        schema = with_advanced(
            {
                vol.Required(CONF_HOSTNAME, default=domain): TextSelector(),
                vol.Required(CONF_PORT, default=DEFAULT_STREAM_PORT): PORT,
            },
            {
                vol.Optional(CONF_LISTEN_PORT): PORT,
                vol.Required(CONF_CERTIFICATE, default=CERTIFICATE_OWN): SelectSelector(
                    certificates
                ),
                vol.Optional(CONF_CERTIFICATE_FILE): TextSelector(),
                vol.Optional(CONF_KEY_FILE): TextSelector(),
            },
            errors,
        )
        return self.async_show_form(
            step_id="direct",
            data_schema=self._filled(schema, user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    @staticmethod
    def _cleaned(user_input: dict[str, Any]) -> dict[str, Any]:
        """Turn the input into the form in which it is stored; a missing field is cleared."""
        port = int(user_input[CONF_PORT])
        listen_port = int(user_input.get(CONF_LISTEN_PORT) or 0)
        return {
            **user_input,
            CONF_CERTIFICATE: user_input.get(CONF_CERTIFICATE, CERTIFICATE_OWN),
            CONF_HOSTNAME: str(user_input[CONF_HOSTNAME]).strip().lower().rstrip("."),
            CONF_PORT: port,
            # If both ports are equal, only the public one is stored, and the other follows it.
            CONF_LISTEN_PORT: listen_port if listen_port != port and listen_port else None,
            CONF_CERTIFICATE_FILE: str(user_input.get(CONF_CERTIFICATE_FILE, "")).strip(),
            CONF_KEY_FILE: str(user_input.get(CONF_KEY_FILE, "")).strip(),
        }

    def _shares_root(self, hostname: str) -> bool:
        """Whether the host belongs to the registered domain; Tesla refuses others.

        We cannot know how many labels a registered domain has; at least the last two must be equal.
        """
        domain = str(self.config_entry.data.get(CONF_PUBLIC_DOMAIN, ""))
        return not domain or hostname.split(".")[-2:] == domain.split(".")[-2:]

    async def async_step_mqtt(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set the topics that the owner's own telemetry server publishes to."""
        errors: dict[str, str] = {}
        if "mqtt" not in self.hass.config.components:
            errors["base"] = "no_mqtt"
        if user_input is not None and not errors:
            base = str(user_input[CONF_TOPIC_BASE]).strip().strip("/")
            if _TOPIC.fullmatch(base):
                return await self._save_and_check({**self._chosen, CONF_TOPIC_BASE: base})
            errors[CONF_TOPIC_BASE] = "invalid_topic"
        schema = vol.Schema({vol.Required(CONF_TOPIC_BASE, default="telemetry"): TextSelector()})
        return self.async_show_form(
            step_id="mqtt", data_schema=self._filled(schema, user_input), errors=errors
        )

"""The end of the stream's options: each check from this machine to the first message, as a line."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.translation import async_get_translations

from ..account.names import in_markdown
from ..const import CONF_STREAM, DOMAIN, STREAM_DIRECT
from ..streaming.checks import CheckLine, CheckMark
from ..streaming.reports import StreamReports
from ..tesla.errors import TeslaError
from ..tesla.telemetry.answers import VehicleConfiguration
from ..texts import async_load_texts, async_text, with_decimal_mark
from .forms import OptionsSteps


class StreamCheckSteps(OptionsSteps):
    """Steps that check the stream; they show the same lines."""

    def __init__(self) -> None:
        """Start without an answer of Tesla."""
        super().__init__()
        self._answers: dict[str, VehicleConfiguration] = {}
        """Tesla's answers about configurations, by VIN."""

    @property
    def _reports(self) -> StreamReports | None:
        """Reports of the account's streams; None while it is not loaded."""
        data = getattr(self.config_entry, "runtime_data", None)
        return None if data is None else data.streaming.reports

    async def _save_and_check(self, values: Mapping[str, Any]) -> ConfigFlowResult:
        """Save options at once, and show what works; if the account is not loaded, only save."""
        saved = self._save(values)
        if self._reports is None:
            return saved
        self.hass.config_entries.async_update_entry(self.config_entry, options=saved["data"])
        await self._reports.async_settle()
        return await self.async_step_check()

    async def async_step_check(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Check everything that costs nothing to check, and show the result."""
        return await self._show_checks("")

    async def async_step_ask(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask Tesla whether the vehicles have their configuration, which costs money."""
        reports = self._reports
        failure = ""
        if reports is not None:
            try:
                self._answers = await reports.async_ask()
                # A configuration that is missing at Tesla is sent again.
                self.config_entry.runtime_data.streaming.async_shown_changed()
            except TeslaError as error:
                await async_load_texts(self.hass)
                failure = async_text(
                    self.hass, error.translation_key, {"name": "Tesla", **error.placeholders}
                )
        return await self._show_checks(failure)

    async def async_step_finish(
        self, _user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Close the dialog; everything is saved already."""
        return self._save({})

    async def _show_checks(self, failure: str) -> ConfigFlowResult:
        reports = self._reports
        if reports is None:
            return self.async_abort(reason="not_loaded")
        is_direct = self.config_entry.options.get(CONF_STREAM) == STREAM_DIRECT
        parts = [await self._listed(await reports.async_address_lines())] if is_direct else []
        for name, lines in reports.vehicle_lines(self._answers).items():
            parts.append(f"**{in_markdown(name)}**\n{await self._listed(lines)}")
        if failure:
            parts.append(failure)
        return self.async_show_menu(
            step_id="check",
            menu_options=["check", *(["ask"] if reports.unconfirmed else []), "finish"],
            description_placeholders={
                "checks": "\n\n".join(parts),
                "count": str(len(reports.unconfirmed)),
                "price": with_decimal_mark(self.hass, reports.price_of_asking),
            },
        )

    async def _listed(self, lines: Iterable[CheckLine]) -> str:
        return "\n".join([f"- {line.mark} {await self._in_words(line)}" for line in lines])

    async def _in_words(self, line: CheckLine) -> str:
        """The text of a line, in the language of Home Assistant."""
        if not line.is_issue:
            text = (await self._option_texts("stream_check"))[line.key]
            detail = line.placeholders.get("detail")
            shown = text.format(**line.placeholders)
            return f"{shown} ({detail})" if detail and line.mark is CheckMark.FAILED else shown
        texts = await async_get_translations(
            self.hass, self.hass.config.language, "issues", {DOMAIN}
        )
        text = texts[f"component.{DOMAIN}.issues.{line.key}.description"]
        return text.format(**line.placeholders)

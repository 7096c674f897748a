"""Options flow: a menu of groups, each with a page or several.

menu ─> spending: the budget of a month
     ─> wakes: who may wake a sleeping vehicle
     ─> tariff ─> prices: Tesla's prices, where they differ
     ─> stream ─> (direct: address, certificate) | (mqtt: topics)
     ─> charging: what a kWh costs
     ─> charging_at_home: the house's meter, prices, departures
     ─> vehicles: equipment that a vehicle does not report
     ─> voice: which sentences are understood, and what they may do
     ─> check: does the stream's address work?
"""

from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult

from ..const import CONF_STREAM, STREAM_DIRECT
from ..tesla.telemetry.selfcheck import Finding
from .charging import ChargingSteps
from .charging_at_home import ChargingAtHomeSteps
from .spending import SpendingSteps
from .stream import StreamSteps
from .tariff import TariffSteps
from .vehicles import VehiclesSteps
from .voice import VoiceSteps
from .wakes import WakesSteps

FINDING_TEXTS: Final = {
    Finding.UNKNOWN_HOST: "check_unknown_host",
    Finding.REFUSED: "check_refused",
    Finding.TIMEOUT: "check_timeout",
    Finding.NO_TLS: "check_no_tls",
    Finding.OTHER_CERTIFICATE: "check_other_certificate",
    Finding.OTHER_NAME: "check_other_name",
    Finding.EXPIRED: "check_expired",
    Finding.NOT_RUNNING: "check_not_running",
}
"""The keys of the texts for failed checks."""


class FlotteOptionsFlow(
    SpendingSteps,
    WakesSteps,
    TariffSteps,
    StreamSteps,
    ChargingSteps,
    ChargingAtHomeSteps,
    VehiclesSteps,
    VoiceSteps,
):
    """Changes one group of options at a time."""

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what to change."""
        groups = ["spending", "wakes", "tariff", "stream"]
        if self._vehicles:
            groups += ["charging", "charging_at_home", "vehicles", "voice"]
        if self.config_entry.options.get(CONF_STREAM) == STREAM_DIRECT:
            groups.append("check")
        return self.async_show_menu(step_id="init", menu_options=groups)

    async def async_step_check(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Check the stream's public address by connecting like a vehicle, and show the result."""
        if user_input is not None:
            return await self.async_step_init()
        data = getattr(self.config_entry, "runtime_data", None)
        if data is None:
            return self.async_abort(reason="not_loaded")
        check = await data.streaming.reports.async_check()
        error = None if check.finding is Finding.OK else FINDING_TEXTS[check.finding]
        return self.async_show_form(
            step_id="check",
            data_schema=vol.Schema({}),
            errors={} if error is None else {"base": error},
            description_placeholders={
                "result": "✅" if error is None else "❌",
                "detail": check.detail,
                "address": data.streaming.reports.address,
                "cars": "\n".join(data.streaming.reports.describe_vehicles()),
            },
        )

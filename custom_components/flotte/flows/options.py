"""Options flow: a menu of groups, each with a page or several.

menu ─> spending: the budget of a month
     ─> wakes: who may wake a sleeping vehicle
     ─> tariff ─> prices: Tesla's prices, where they differ
     ─> stream ─> (direct: address, certificate) | (mqtt: topics) ─> check: what works?
     ─> charging: what a kWh costs
     ─> charging_at_home: the house's meter, prices, departures
     ─> vehicles: equipment that a vehicle does not report
     ─> voice: which sentences are understood, and what they may do
     ─> check ─> ask: have the vehicles their configuration?
"""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult

from ..const import CONF_STREAM, STREAM_OFF
from .charging import ChargingSteps
from .charging_at_home import ChargingAtHomeSteps
from .spending import SpendingSteps
from .stream import StreamSteps
from .tariff import TariffSteps
from .vehicles import VehiclesSteps
from .voice import VoiceSteps
from .wakes import WakesSteps


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
        if self.config_entry.options.get(CONF_STREAM, STREAM_OFF) != STREAM_OFF:
            groups.append("check")
        return self.async_show_menu(step_id="init", menu_options=groups)

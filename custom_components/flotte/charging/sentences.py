"""Sentence of a charging decision: its reason in words, with the figures that led to it."""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..errors import as_home_assistant
from ..tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from ..tesla.errors import TeslaError
from ..texts import async_text

FAILURES: Final[Mapping[ChargingStep, str]] = {
    ChargingStep.START: "charging_failed",
    ChargingStep.SET: "charging_failed",
    ChargingStep.STOP: "charging_stop_failed",
}
"""Texts of commands that failed, or may have."""
_MOMENTS: Final = frozenset({"next", "until"})
"""Figures that are times."""
_DECIMALS: Final = {"surplus": 1, "needed": 1}
"""Decimals of power in kW; other figures are whole."""


@callback
def async_sentence(
    hass: HomeAssistant, decision: ChargingDecision, error: TeslaError | None = None
) -> str:
    """The sentence of a decision in Home Assistant's language.

    If its command failed with `error`, that is the sentence. A decision without a command has none
    that could fail.
    """
    if error is None or decision.action not in FAILURES:
        return async_text(hass, text_key(decision), words_of(decision))
    words = {"amps": str(decision.amps), "error": async_error_text(hass, error)}
    return async_text(hass, FAILURES[decision.action], words)


@callback
def async_error_text(hass: HomeAssistant, error: TeslaError | None) -> str:
    """An error in Home Assistant's language; empty if there is none."""
    if error is None:
        return ""
    failed = as_home_assistant(error)
    return async_text(hass, failed.translation_key or "", failed.translation_placeholders or {})


def text_key(decision: ChargingDecision) -> str:
    """Key of the text of a decision: its reason, and which of its cases it is."""
    return f"charging_reason_{decision.reason}{_case(decision)}"


def words_of(decision: ChargingDecision) -> dict[str, str]:
    """The figures of a decision as a person reads them."""
    return {name: _word(name, figure) for name, figure in decision.figures.items()}


def _has_enough(figures: Mapping[str, float]) -> bool:
    """Whether the surplus is at least the lowest power, as both are shown."""
    return round(figures["surplus"], 1) >= round(figures["needed"], 1)


def _stops(decision: ChargingDecision) -> bool:
    return decision.action is ChargingStep.STOP


_CASES: Final[tuple[tuple[Reason, Callable[[ChargingDecision], bool], str], ...]] = (
    (Reason.COMPLETE, lambda each: "limit" not in each.figures, "_unknown"),
    (Reason.FOLLOWS_SUN, lambda each: not _has_enough(each.figures), "_little"),
    (Reason.GRID_DOWN, _stops, "_stops"),
    (Reason.METER_SIGN, _stops, "_stops"),
    (Reason.METER_SIGN, lambda each: "amps" in each.figures, "_charging"),
    (Reason.METER_SILENT, _stops, "_stops"),
    (Reason.METER_SILENT, lambda each: "amps" in each.figures, "_charging"),
    (Reason.OFF, lambda each: "amps" in each.figures, "_released"),
    (Reason.PLAN_SLOT, lambda each: "amps" not in each.figures, "_schedule"),
    (Reason.PLAN_WAITS, lambda each: "next" not in each.figures, "_unknown"),
    (Reason.RESTS, lambda each: "until" in each.figures, "_ended"),
    (Reason.RESTS, lambda each: "starts" in each.figures, "_starts"),
    (Reason.SPENDING_STOPPED, _stops, "_stops"),
    (Reason.WAITS_FOR_SUN, lambda each: "used" in each.figures, "_allowance"),
    (Reason.WAITS_FOR_SUN, lambda each: _has_enough(each.figures), "_lasting"),
)
"""Cases of reasons that mean different things, with the end of their keys; the first one counts."""


def _case(decision: ChargingDecision) -> str:
    """End of the key; empty for the usual case."""
    cases = (end for reason, holds, end in _CASES if reason is decision.reason and holds(decision))
    return next(cases, "")


def _word(name: str, figure: float) -> str:
    if name in _MOMENTS:
        moment, now = dt_util.as_local(dt_util.utc_from_timestamp(figure)), dt_util.now()
        is_close = (moment.date() - now.date()).days <= 1
        return moment.strftime("%H:%M" if is_close else "%Y-%m-%d %H:%M")
    if name == "surplus":
        # The house may draw more than its panels produce; then nothing is to spare.
        figure = max(figure, 0.0)
    return f"{figure:.{_DECIMALS.get(name, 0)}f}"

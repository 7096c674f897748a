"""Sentence of a charging decision: its reason in words, with the figures that led to it."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..errors import as_home_assistant
from ..tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from ..tesla.errors import TeslaError
from ..texts import async_text

COMMAND_FAILED: Final = "charging_failed"
"""Text of a command that failed: the sentence of its decision, and the error."""
_MOMENTS: Final = frozenset({"next", "until"})
"""Figures that are times."""
_DECIMALS: Final = {"surplus": 1, "needed": 1}
"""Decimals of power in kW; other figures are whole."""


@callback
def async_sentence(
    hass: HomeAssistant, decision: ChargingDecision, error: TeslaError | None = None
) -> str:
    """The sentence of a decision in Home Assistant's language; `error` is that of its command."""
    sentence = async_text(hass, text_key(decision), words_of(decision))
    if error is None:
        return sentence
    failed = as_home_assistant(error)
    reason = async_text(hass, failed.translation_key or "", failed.translation_placeholders or {})
    return async_text(hass, COMMAND_FAILED, {"sentence": sentence, "error": reason})


def text_key(decision: ChargingDecision) -> str:
    """Key of the text of a decision: its reason, and which of its cases it is."""
    return f"charging_reason_{decision.reason}{_case(decision)}"


def words_of(decision: ChargingDecision) -> dict[str, str]:
    """The figures of a decision as a person reads them."""
    return {name: _word(name, figure) for name, figure in decision.figures.items()}


def _case(decision: ChargingDecision) -> str:
    """End of the key, for reasons that mean different things."""
    stops, figures = decision.action is ChargingStep.STOP, decision.figures
    case = ""
    match decision.reason:
        case Reason.COMPLETE if "limit" not in figures:
            case = "_unknown"
        case Reason.PLAN_WAITS if "next" not in figures:
            case = "_unknown"
        case Reason.GRID_DOWN | Reason.SPENDING_STOPPED | Reason.METER_SILENT if stops:
            case = "_stops"
        case Reason.METER_SILENT if "amps" in figures:
            case = "_charging"
        case Reason.FOLLOWS_SUN if not _has_enough(figures):
            case = "_little"
        case Reason.WAITS_FOR_SUN if "used" in figures:
            case = "_allowance"
        case Reason.WAITS_FOR_SUN if _has_enough(figures):
            case = "_lasting"
        case Reason.RESTS if "until" in figures:
            case = "_ended"
        case Reason.RESTS if "starts" in figures:
            case = "_starts"
    return case


def _has_enough(figures: Mapping[str, float]) -> bool:
    """Whether the surplus is at least the lowest power, as both are shown."""
    return round(figures["surplus"], 1) >= round(figures["needed"], 1)


def _word(name: str, figure: float) -> str:
    if name in _MOMENTS:
        moment, now = dt_util.as_local(dt_util.utc_from_timestamp(figure)), dt_util.now()
        is_close = (moment.date() - now.date()).days <= 1
        return moment.strftime("%H:%M" if is_close else "%Y-%m-%d %H:%M")
    if name == "surplus":
        # The house may draw more than its panels produce; then nothing is to spare.
        figure = max(figure, 0.0)
    return f"{figure:.{_DECIMALS.get(name, 0)}f}"

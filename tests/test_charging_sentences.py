"""Sentences of charging decisions: every text of every reason, with its figures."""

import json
import re
from pathlib import Path
from string import Formatter
from typing import Final

import pytest
from homeassistant.core import HomeAssistant

import custom_components.flotte
from custom_components.flotte.charging.sentences import (
    FAILURES,
    async_sentence,
    text_key,
    words_of,
)
from custom_components.flotte.tesla.charging.decide import (
    ChargingDecision,
    ChargingStep,
    Reason,
    decide_charging,
)
from custom_components.flotte.tesla.errors import VehicleUnavailable
from custom_components.flotte.texts import async_load_texts
from tests.tesla.test_charging_decisions import EMPTY, NOW, ROWS, Row, situation

TEXTS: Final[dict[str, dict[str, str]]] = json.loads(
    (Path(custom_components.flotte.__file__).parent / "translations" / "en.json").read_text("utf-8")
)["exceptions"]
DOCUMENT: Final = (Path(__file__).parents[1] / "docs" / "charging.md").read_text("utf-8")
PREFIX: Final = "charging_reason_"
SENTENCES: Final = {
    "off": "Charging is up to you. Choose a charging mode to let Flotte charge the car.",
    "port unknown": "Flotte does not know yet whether the car is plugged in.",
    "unplugged": "The car is not plugged in.",
    "no power": "The charge cable has no power. Check the wall box.",
    "in service": "The car is in service, so charging is up to you.",
    "fast": "The car is at a fast charger, so charging is up to you.",
    "away": "The car is not at home, so charging is up to you.",
    "place unknown": (
        "Flotte does not know whether the car is at home, so charging is up to you. Let Flotte "
        "access the location of the car."
    ),
    "a person stopped it": (
        'You took over, so charging is up to you. Press "Follow the sun again" or unplug the car '
        "to let Flotte charge it again."
    ),
    "outage, charging": "Stopped: the grid is down, and charging would empty the home battery.",
    "outage, stopped": "Waiting for the grid: charging would empty the home battery.",
    "complete": "Nothing to charge: the battery is at its limit.",
    "one per cent below the limit": "Nothing to charge: the battery is at its limit of 80 %.",
    "below the floor": ("Charging at 16 A: the battery is at 19 %, the lowest level is 20 %."),
    "now": "Charging at 16 A, because you chose to charge now.",
    "late": "Charging at 16 A: every minute is needed to be ready in time.",
    "slot": "Charging at 16 A as planned, to be ready in time.",
    "our own schedule is about to start it": (
        "Waiting for the car, which starts on its own now, by the schedule of the plan."
    ),
    "later slot": "Waiting for the plan.",
    "later slot at a known time": "Waiting for the plan: next at 07:46.",
    "cheapest hours, between slots, no meter": "Waiting for the plan: next at 07:46.",
    "month's money spent, charging": (
        "Your budget is spent: charging was stopped once. Raise the budget to continue."
    ),
    "month's money spent, stopped": (
        "Your budget is spent: charging waits for the new month. Raise the budget to continue."
    ),
    "frugal: no start for the sun": (
        "Your budget is nearly spent: Flotte only stops charging, and does not follow the sun. "
        "9.0 kW to spare."
    ),
    "no meter": (
        "Waiting: the power meter of the house is missing or reports nothing. "
        "See Charging at home in Flotte's options."
    ),
    "meter with the wrong sign": (
        "Waiting for the power meter of the house, which shows imports as exports."
    ),
    "meter with the wrong sign, charging": (
        "Charging at 8 A for now: the power meter of the house shows imports as exports."
    ),
    "meter with the wrong sign for ten minutes": (
        "Stopped: the power meter of the house shows imports as exports."
    ),
    "meter just lost, charging": (
        "Charging at 8 A for now: the power meter of the house is missing or reports nothing."
    ),
    "meter lost ten minutes ago": (
        "Stopped: the power meter of the house is missing or reports nothing."
    ),
    "enough for 9 A": "Charging at 9 A from the sun: 6.3 kW to spare.",
    "5 A shown for the 3 A that we set": "Charging at 3 A from the sun: 0.7 kW to spare.",
    "at least the lowest current, at night": (
        "Charging at 5 A: 0.0 kW to spare, 3.5 kW needed for the lowest current."
    ),
    "some sun": "Waiting for sun: 1.0 kW to spare, 3.5 kW needed.",
    "little sun at 1 A is not worth a start yet": (
        "Waiting until the sun lasts: 1.0 kW to spare, 0.2 kW needed."
    ),
    "allowance used up: no start for the sun": (
        "Waiting for much sun, because the day's commands are running out (used: 300 of 60): "
        "9.0 kW to spare."
    ),
    "none": "Stopped: the surplus ended. 0.0 kW to spare, 3.5 kW needed.",
    "none, a minute after the start": (
        "Charging at 8 A for some minutes after the start: 0.0 kW to spare, 3.5 kW needed."
    ),
    "sun, half a minute after the stop": (
        "Waiting for a minute after the last stop: 9.0 kW to spare."
    ),
    "the charger ended our start at once": (
        "Waiting until 07:01, because the car or its charger ended the last charge at once."
    ),
    "too many starts today": (
        "Waiting until tomorrow to spare the car: charging started too often today (starts: 12)."
    ),
    "another vehicle follows the sun": "Charging at 8 A: another car follows the sun.",
}
"""Sentences of rows in the table of decisions, by their titles."""


RELEASED: Final = ChargingDecision(
    ChargingStep.SET, Reason.OFF, EMPTY, amps=16, figures={"amps": 16}
)
"""The controller's own decision, when the mode is turned off while the car follows the sun."""


def decide(row: Row) -> ChargingDecision:
    return decide_charging(situation(row.car, row.house, **row.changes), row.memory)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_every_decision_has_a_sentence_and_its_figures(row: Row) -> None:
    decision = decide(row)
    message = TEXTS[text_key(decision)]["message"]
    named = {name for _, name, _, _ in Formatter().parse(message) if name}
    assert named <= set(words_of(decision))


def test_every_text_is_used_and_every_reason_has_one() -> None:
    decisions = [decide(row) for row in ROWS if row.title in SENTENCES]
    assert {decision.reason for decision in decisions} == set(Reason)
    assert {text_key(decision) for decision in (*decisions, RELEASED)} == {
        key for key in TEXTS if key.startswith(PREFIX)
    }


async def test_sentence_of_a_car_that_gets_its_current_back(hass: HomeAssistant) -> None:
    await async_load_texts(hass)
    assert async_sentence(hass, RELEASED) == (
        "Charging is up to you. Flotte gave the car back its highest current of 16 A."
    )


@pytest.mark.freeze_time("1970-01-12T14:00:00+00:00")
async def test_sentences(hass: HomeAssistant) -> None:
    """The time is that of Home Assistant, seven hours west of Greenwich in winter."""
    await hass.config.async_set_time_zone("America/Phoenix")
    await async_load_texts(hass)
    rows = {row.title: row for row in ROWS}
    shown = {title: async_sentence(hass, decide(rows[title])) for title in SENTENCES}
    assert shown == SENTENCES


@pytest.mark.freeze_time("1970-01-12T14:00:00+00:00")
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3600.0, "07:46"),
        (20 * 3600.0, "02:46"),
        (48 * 3600.0, "1970-01-14 06:46"),
    ],
)
async def test_time_of_the_next_charge(hass: HomeAssistant, seconds: float, text: str) -> None:
    await hass.config.async_set_time_zone("America/Phoenix")
    figures = {"next": NOW + seconds}
    decision = ChargingDecision(ChargingStep.KEEP, Reason.PLAN_WAITS, EMPTY, figures=figures)
    assert words_of(decision) == {"next": text}


def shape(text: str) -> str:
    """A sentence without its figures."""
    return re.sub(r"\d[\d:.]*", "#", text.strip("| "))


def test_the_document_explains_sentences_that_exist() -> None:
    """An ellipsis in the document stands for any words."""
    _, _, after = DOCUMENT.partition("## What the sentences mean\n")
    rows = after.partition("\n## ")[0].strip().splitlines()[2:]
    assert len(rows) > 20
    words = {"amps": "9", "error": "It is asleep."}
    failures = [TEXTS[key]["message"].format_map(words) for key in FAILURES.values()]
    shown = [shape(text) for text in (*SENTENCES.values(), *failures)]
    for row in rows:
        pattern = re.escape(shape(row.split(" | ")[0])).replace("…", ".*")
        assert any(re.fullmatch(pattern, each) for each in shown), row


@pytest.mark.parametrize(
    ("step", "begins"),
    [
        (ChargingStep.START, "Flotte tried to charge at 16 A. "),
        (ChargingStep.SET, "Flotte tried to charge at 16 A. "),
        (ChargingStep.STOP, "Flotte tried to stop charging. "),
    ],
)
async def test_a_command_that_failed(hass: HomeAssistant, step: ChargingStep, begins: str) -> None:
    await async_load_texts(hass)
    decision = ChargingDecision(step, Reason.NOW, EMPTY, 16)
    error = TEXTS["vehicle_unavailable"]["message"]
    assert async_sentence(hass, decision, VehicleUnavailable()) == begins + error


async def test_an_earlier_failure_says_nothing_about_a_decision_to_wait(
    hass: HomeAssistant,
) -> None:
    await async_load_texts(hass)
    decision = ChargingDecision(ChargingStep.KEEP, Reason.AWAY, EMPTY)
    assert async_sentence(hass, decision, VehicleUnavailable()) == SENTENCES["away"]

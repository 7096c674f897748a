"""Meanings of sentences: the command that a car must get, or the fact that an answer must have."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

type Parameters = Mapping[str, Any]

CODE_SAID: Final = "4711"
"""The code of the owner in the sentences."""
_TOLERANCE: Final = timedelta(minutes=6)
"""Cars give the remaining time in steps of five minutes."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that answers are compared with."""

    level: int
    range_km: int
    inside: float
    charged_at: datetime
    version: str
    cost: float
    home: str
    """Name of the home's zone."""
    now: datetime


# --- Questions ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """Words that an answer must have, and those that would make it wrong."""

    needed: str
    never: str = r"(?!)"

    def are_in(self, speech: str) -> bool:
        """Whether an answer is right."""
        return bool(
            re.search(self.needed, speech, re.IGNORECASE)
            and not re.search(self.never, speech, re.IGNORECASE)
        )


def _number(value: float) -> str:
    """A number as text of either language, also if it is rounded."""
    whole = {int(value), round(value), int(value) + (value > int(value))}
    exact = re.escape(f"{value:g}").replace(r"\.", "[.,]")
    return rf"\b({exact}|{'|'.join(map(str, sorted(whole)))})\b"


def _amount(value: float) -> str:
    """An amount of money as text of either language, with or without zeros at its end."""
    whole, _, cents = f"{value:.2f}".partition(".")
    needed = cents.rstrip("0")
    return rf"\b{whole}{'[.,]' + needed if needed else '([.,])?'}0*(?![0-9.,]*[1-9])"


_NO_EN: Final = r"\b(no|not|isn't|aren't)\b"
_NO_DE: Final = r"\b(nein|nicht|kein\w*)\b"

QUESTIONS: Final[Mapping[str, Mapping[str, Callable[[Truth], Words]]]] = {
    "battery": {
        "en": lambda truth: Words(rf"\b{truth.level}\b"),
        "de": lambda truth: Words(rf"\b{truth.level}\b"),
    },
    "range": {
        "en": lambda truth: Words(rf"\b{truth.range_km}\b"),
        "de": lambda truth: Words(rf"\b{truth.range_km}\b"),
    },
    "charging": {
        "en": lambda _: Words(r"\bcharging\b", _NO_EN),
        "de": lambda _: Words(r"lädt|geladen|am laden|ladevorgang", _NO_DE),
    },
    "plugged_in": {
        "en": lambda _: Words(r"\bplugged in\b|\bconnected\b|\byes\b", _NO_EN + r"|unplugged"),
        "de": lambda _: Words(
            r"eingesteckt|angesteckt|angeschlossen|verbunden|kabel|\bja\b",
            _NO_DE + "|ausgesteckt|abgesteckt",
        ),
    },
    "where": {
        "en": lambda truth: Words(rf"\bhome\b|{truth.home}", _NO_EN + r"|\baway\b"),
        "de": lambda truth: Words(rf"zu ?hause|daheim|{truth.home}", _NO_DE + "|unterwegs"),
    },
    "locked": {
        "en": lambda _: Words(r"\blocked\b", r"\b(not|isn't|aren't) locked|\b(is|are) unlocked"),
        "de": lambda _: Words(
            r"abgeschlossen|verriegelt|abgesperrt|\bzu\b", r"nicht|unverschlossen|offen|entriegelt"
        ),
    },
    "windows": {
        "en": lambda _: Words(r"\bclosed\b|\bno\b|\bnone\b|\bnot open\b", r"\bnot closed\b"),
        "de": lambda _: Words(r"geschlossen|\bzu\b|\bkein|nicht offen", r"nicht (zu|geschlossen)"),
    },
    "inside": {
        "en": lambda truth: Words(_number(truth.inside)),
        "de": lambda truth: Words(_number(truth.inside)),
    },
    "cost": {
        "en": lambda truth: Words(_amount(truth.cost)),
        "de": lambda truth: Words(_amount(truth.cost)),
    },
    "software": {
        "en": lambda truth: Words(re.escape(truth.version)),
        "de": lambda truth: Words(re.escape(truth.version)),
    },
    "sun": {
        "en": lambda _: Words(r"\bsun|\bsolar"),
        "de": lambda _: Words(r"sonne|solar|\bpv\b"),
    },
}
"""Words of the right answer, by question and language."""

_HOURS: Final = r"(\d+) ?(?:h\b|hours?|stunden?)"
_MINUTES: Final = r"(\d+) ?(?:min\b|minutes?|minuten?)"


def _says_when(speech: str, truth: Truth) -> bool:
    """Whether an answer names the time, or the duration, until the car is charged."""
    rest = truth.charged_at - truth.now
    for hour, minute in re.findall(r"\b(\d{1,2}):(\d{2})\b", speech):
        named = truth.charged_at.replace(hour=int(hour) % 24, minute=int(minute))
        gap = abs(named - truth.charged_at)
        if min(gap, timedelta(days=1) - gap) <= _TOLERANCE:
            return True
    hours, minutes = (
        re.search(_HOURS, speech, re.IGNORECASE),
        re.search(_MINUTES, speech, re.IGNORECASE),
    )
    if hours is None and minutes is None:
        return False
    said = timedelta(hours=int(hours[1]) if hours else 0, minutes=int(minutes[1]) if minutes else 0)
    return abs(said - rest) <= _TOLERANCE


def is_answer(question: str, language: str, speech: str, truth: Truth) -> bool:
    """Whether an answer has the fact that was asked for."""
    if question == "done_at":
        return _says_when(speech, truth)
    kind = "where" if question == "at_home" else question
    return QUESTIONS[kind][language](truth).are_in(speech)


IS_QUESTION: Final = frozenset((*QUESTIONS, "done_at", "at_home"))

HONEST: Final = re.compile(
    r"not known|do(n't| not) know|unknown|never seen|unbekannt|nicht bekannt|weiß (ich )?nicht",
    re.IGNORECASE,
)
"""Words of an answer that says that the fact is not known."""
EXPLAINED: Final = {
    "en": re.compile(r"\b(allow|option|setting|voice)", re.IGNORECASE),
    "de": re.compile(r"erlaub|option|einstellung|sprach|zulassen", re.IGNORECASE),
}
"""Words of an answer that says how to allow an action."""


# --- Actions --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A command of the car, by its REST name."""

    name: str
    fits: Callable[[str, Parameters], bool] = lambda _rest, _parameters: True
    """Whether its parameters are those of the rest of the meaning."""
    before: Parameters = field(default_factory=dict)
    """Orders to the simulated car, so that the command changes something."""
    may: frozenset[str] = frozenset()
    """Other commands that may come with it."""


_ON: Final = frozenset({"auto_conditioning_start"})
_SEATS: Final = {"driver": 0, "passenger": 1}


_LEVELS: Final = {"off": {0}, "on": {1, 2, 3}, "high": {3}}


def _is_seat(rest: str, parameters: Parameters) -> bool:
    seat, level = rest.split()
    return parameters["seat_position"] == _SEATS[seat] and parameters["level"] in _LEVELS[level]


def _has(**wanted: object) -> Callable[[str, Parameters], bool]:
    return lambda _, parameters: wanted.items() <= parameters.items()


def _has_number(*names: str) -> Callable[[str, Parameters], bool]:
    return lambda rest, parameters: all(parameters[name] == float(rest) for name in names)


ACTS: Final[Mapping[str, Act]] = {
    "lock": Act(name="door_lock", before={"locked": False}),
    "climate_on": Act(name="auto_conditioning_start"),
    "climate_off": Act(name="auto_conditioning_stop", before={"climate": True}),
    "climate_to": Act(
        name="set_temps",
        fits=_has_number("driver_temp", "passenger_temp"),
        may=_ON,
    ),
    "warm_up": Act(name="auto_conditioning_start", may=frozenset({"set_temps"})),
    "defrost": Act(name="set_preconditioning_max", fits=_has(on=True), may=_ON),
    "charge_start": Act(name="charge_start", before={"charging": False}),
    "charge_stop": Act(name="charge_stop", before={"charging": True}),
    "limit": Act(
        name="set_charge_limit",
        fits=_has_number("percent"),
        before={"charge_limit": 55},
    ),
    "current": Act(
        name="set_charging_amps",
        fits=_has_number("charging_amps"),
        before={"charge_amps": 16},
    ),
    "sentry_on": Act(name="set_sentry_mode", fits=_has(on=True)),
    "sentry_off": Act(
        name="set_sentry_mode",
        fits=_has(on=False),
        before={"sentry_mode": True},
    ),
    "seat_heat": Act(
        name="remote_seat_heater_request", fits=_is_seat, before={"climate": True}, may=_ON
    ),
    "trunk_close": Act(
        name="actuate_trunk",
        fits=_has(which_trunk="rear"),
        before={"open": "rt"},
    ),
    "windows_close": Act(
        name="window_control",
        fits=_has(command="close"),
        before={"open": ["fd", "rp"]},
    ),
    "flash": Act(name="flash_lights"),
    "navigate": Act(
        name="navigation_request",
        fits=lambda place, parameters: place.casefold() in str(parameters["value"]).casefold(),
    ),
    "unlock": Act(name="door_unlock"),
    "trunk_open": Act(name="actuate_trunk", fits=_has(which_trunk="rear")),
    "frunk_open": Act(name="actuate_trunk", fits=_has(which_trunk="front")),
    "windows_open": Act(name="window_control", fits=_has(command="vent")),
    "start": Act(name="remote_start_drive"),
}
"""By the first word of the meaning."""
SUN_ON: Final = "sun_on"
"""Changes a setting of Flotte's, and no car."""
CODE: Final = "code"
"""First word of a meaning whose sentence has the owner's code."""
OTHER: Final = "other"
"""Concerns something else in the house."""
STILL: Final = frozenset({"refused", "nothing"})
"""Must not do anything: it needs the code, or does not ask for an action."""

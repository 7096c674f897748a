"""Sentences about cars in English."""

from typing import Final

from .acts_en import ENGLISH_ACTS
from .grammar import SentenceTable
from .questions_en import ENGLISH_QUESTIONS

_GENERIC: Final = "[the|my|our|this] (car|tesla|ev|electric car|vehicle)"
"""Names that every vehicle has."""

_RULES: Final = {
    "please": "[hey|ok|okay] [please|can you|could you|would you|will you|i want you to|i would like you to|i'd like you to|i need you to|i want to|i'd like to|go ahead and|just|let's|can we|could we] [please]",
    "now": "[now|right now|at the moment|at this moment|currently|today|please|again|yet|already|anymore|at|set to|set at|please now|these days|then|doing|looking|so far]",
    "know": "[please|hey] (do you know|[can|could|would] [you] [please] (tell me|check|say|see|find out|let me know)|i want to know|i would like to know|i'd like to know|i wonder|any idea)",
    "whats": "(what is|what's|whats|what are|what was|tell me|tell me about|show me|give me|check|how is|how's)",
    "of": "(of|in|on|for|from|at)",
    "cars": "{car}['s|s|']",
    "battery": (
        "[the] (battery|charge|charge level|battery level|battery charge|state of charge|charge state"
        "|battery percentage|battery state|battery status|soc|juice|power level)"
    ),
    "range": "[the] [remaining|current|estimated] (range|driving range|battery range|reach)",
    "open": "(open|closed|shut|up|down)",
    "polite": "(please|now|right now|immediately|for me|for me please|now please|again|thanks|thank you|today|right away|straight away|for a moment|quickly|if you can|now thanks|please thanks|would you)",
    "turn_on": "(turn on|switch on|activate|enable|start|put on|engage|fire up)",
    "turn_off": "(turn off|switch off|deactivate|disable|disengage|shut off|shut down|stop)",
    "climate": (
        "(climate|climate control|air conditioning|air conditioner|air con|aircon|a c|ac|heating|heater"
        "|hvac|heat|fan|ventilation)"
    ),
    "degrees": "[[ ](degrees|degree|°)][[ ]{unit}]",
    "percent": "[[ ]{sign}]",
    "amps": "[[ ]{amperes}]",
    "level": "[to|at|on] [level|stage|setting] {level}",
    "sun": "[the] (sun|solar|solar power|solar energy|sunshine|sunlight|surplus|solar surplus|panels)",
    "code": "[with|using|and] [the|my] (code|pin|pin code|password|passcode|pass phrase|code word) [is] {phrase}",
    "secret": "[<code>|{pin}]",
    "spoken_code": "<code>",
    "home": "([parked] at home|home|back|back home|at the house|[parked] in the garage|[parked] (in|on) the (driveway|drive) [at home])",
}

_WORDS: Final[dict[str, dict[str, str]]] = {
    "seat": {
        "driver's": "driver",
        "my": "driver",
        "drivers": "driver",
        "driver": "driver",
        "driver side": "driver",
        "driver's side": "driver",
        "passenger's": "passenger",
        "passengers": "passenger",
        "passenger": "passenger",
        "passenger side": "passenger",
        "left": "left",
        "front left": "left",
        "left front": "left",
        "right": "right",
        "front right": "right",
        "right front": "right",
        "front": "front",
        "both front": "front",
        "rear": "rear",
        "back": "rear",
        "rear left": "rear_left",
        "left rear": "rear_left",
        "back left": "rear_left",
        "rear center": "rear_center",
        "rear centre": "rear_center",
        "rear middle": "rear_center",
        "rear right": "rear_right",
        "right rear": "rear_right",
        "back right": "rear_right",
    },
    "level": {
        "low": "1",
        "one": "1",
        "1": "1",
        "medium": "2",
        "mid": "2",
        "two": "2",
        "2": "2",
        "high": "3",
        "maximum": "3",
        "max": "3",
        "full": "3",
        "three": "3",
        "3": "3",
    },
    "amperes": dict.fromkeys(("amps", "amp", "amperes", "ampere", "a"), "A"),
    "sign": {"%": "%", "percent": "%", "per cent": "%"},
    "unit": {"celsius": "°C", "centigrade": "°C", "fahrenheit": "°F", "c": "°C", "f": "°F"},
    "percent": {"half": "50", "full": "100", "max": "100", "maximum": "100"},
}

ENGLISH: Final = SentenceTable(
    generic=_GENERIC, rules=_RULES, words=_WORDS, rows=(*ENGLISH_ACTS, *ENGLISH_QUESTIONS)
)

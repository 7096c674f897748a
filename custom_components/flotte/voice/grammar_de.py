"""Sentences about cars in German."""

from typing import Final

from .acts_de import GERMAN_ACTS
from .grammar import SentenceTable
from .questions_de import GERMAN_QUESTIONS

_GENERIC: Final = (
    "[d(as|em|en|er|es)|(mein|unser)[em|en|es]] (auto|wagen|tesla|fahrzeug|elektroauto|e auto)[s]"
)

_RULES: Final = {
    "noun": "(auto|wagen|tesla|fahrzeug|elektroauto|e auto)[s]",
    "von": "[von|vom|beim|bei|im|in|am|an|für|fürs|auf|aus|zum|zu] {car}",
    "cars": "{owner}['s|s|']",
    "in": "(in|im|bei|beim|von|vom|innerhalb von|drinnen in|drin in) {car}",
    "mal": "(bitte|danke|schon [mal|einmal]|[bitte|doch|noch] (mal|jetzt|sofort|kurz|einmal|gleich|schnell|eben|wieder)|mal (bitte|kurz|eben)|doch|für mich|vielleicht)",
    "dort": "(von|vom|für|auf|am|an|beim|bei|des) [den|dem|der|die|das]",
    "bitte": "[bitte|hey|ok|okay]",
    "an": "(in|im|bei|beim|an|am|von|vom) {car}",
    "wissen": (
        "[bitte|hey] (wei(ß|ss)t du|kannst du [mir] [bitte|mal] (sagen|nachsehen|schauen|prüfen|verraten)"
        "|könntest du [mir] [bitte|mal] (sagen|nachsehen|schauen|prüfen|verraten)|(sag|sage|zeig|zeige|nenn|nenne) [mir] [bitte|mal|mal bitte]"
        "|(schau|sieh|guck|prüf|prüfe) [bitte|mal|bitte mal] [nach]|ich (will|möchte) [gern|gerne] wissen"
        "|ich (würde|wüsste) [gern|gerne] [wissen]|mich interessiert)"
    ),
    "kannst": (
        "[bitte] (kannst|könntest|würdest|kann|könnte|magst|möchtest|willst) (du|man|ich) [bitte|mal|bitte mal|mal bitte]"
    ),
    "jetzt": "[jetzt|gerade|grade|im moment|momentan|aktuell|derzeit|noch|bitte|schon|eigentlich|denn|heute|so|gerade noch|insgesamt]",
    "noch": "[noch|jetzt|gerade|grade|schon|aktuell|denn|eigentlich|momentan|derzeit|immer noch|gerade noch|jetzt noch|auch|wieder|schon wieder|insgesamt]",
    "wie_ist": (
        "(wie ist|wie hoch ist|was ist|wie steht es um|wie steht's um|wie sieht es aus mit|wie lautet|wie groß ist|wie gut ist"
        "|(sag|sage|nenn|nenne|zeig|zeige|gib) mir [bitte|mal|doch|mal bitte|bitte mal])"
    ),
    "battery": (
        "[der|die|den|das|dem] (akku|akkus|akkustand|batterie|batteriestand|batterieladung|ladestand|ladezustand|ladung"
        "|akkuladung|füllstand|soc|stand der batterie|stand des akkus|ladestand der batterie|stand vom akku)"
    ),
    "range": "[die|der|den] [aktuelle|verbleibende|restliche] (reichweite|restreichweite|akkureichweite)",
    "open": "(offen|auf|zu|geschlossen|geöffnet|offen gelassen|offengelassen|nicht zu|dicht)",
    "home": "(zu hause|zuhause|daheim|hier|wieder da|angekommen|heimgekommen|in der garage|zurück|auf dem hof|in der einfahrt)",
    "on": "(an|ein|auf ein|auf an)",
    "climate": (
        "(klima|klimaanlage|klimatisierung|heizung|lüftung|kühlung|standheizung|vorklimatisierung|vorheizung|standklimatisierung)"
    ),
    "trunk": "(kofferraum|kofferraums|kofferraumdeckel|heckklappe|kofferraumklappe|heck)",
    "frunk": "(frunk|frunks|vorderen kofferraum|vordere kofferraum|front kofferraum|frontkofferraum)",
    "charge_port": (
        "(ladeanschluss|ladeklappe|ladeport|ladebuchse|tankklappe|lade klappe|ladedeckel|ladeanschlussklappe)"
    ),
    "sentry": "(wächtermodus|waechtermodus|wächter modus|sentry modus|sentry mode|sentry|wachmodus|überwachungsmodus|wächter)",
    "seat_heating": "(sitzheizung|sitzheizungen|sitzheizer|heizung des sitzes)",
    "charge_limit": "(ladelimit|lade limit|ladegrenze|ladeziel|limit für das laden|maximale ladung|maximaler ladestand|maximalen ladestand)",
    "charge_current": "(ladestrom|ladestroms|ladestärke|ladestromstärke|stromstärke|ampere)",
    "degrees": "[[ ](grad|°)][[ ]{unit}]",
    "percent": "[[ ]{sign}]",
    "amps": "[[ ]{amperes}]",
    "level": "[auf|mit] [stufe|level|der stufe] {level}",
    "sun": (
        "[der|dem|die|das] (sonne|sonnenstrom|solarstrom|sonnenenergie|solarenergie|solar|pv strom|pv|photovoltaik"
        "|überschuss|sonnenüberschuss|solarüberschuss|pv überschuss)"
    ),
    "code": "[mit|und] [dem|meinem|der|meiner|mein|das] (code|kode|pin|pin code|passwort|kennwort|codewort|losung) [ist|lautet] {phrase}",
    "secret": "[<code>|{pin}]",
    "spoken_code": "<code>",
}

_WORDS: Final[dict[str, dict[str, str]]] = {
    "seat": {
        "fahrersitz": "driver",
        "fahrer": "driver",
        "fahrers": "driver",
        "fahrersitzes": "driver",
        "fahrerseite": "driver",
        "beifahrersitz": "passenger",
        "beifahrer": "passenger",
        "beifahrers": "passenger",
        "beifahrersitzes": "passenger",
        "beifahrerseite": "passenger",
        "linken sitz": "left",
        "linke": "left",
        "linken": "left",
        "links": "left",
        "vorne links": "left",
        "vorn links": "left",
        "rechten sitz": "right",
        "rechte": "right",
        "rechten": "right",
        "rechts": "right",
        "vorne rechts": "right",
        "vorn rechts": "right",
        "vorne": "front",
        "vorn": "front",
        "vordersitze": "front",
        "vorderen sitze": "front",
        "hinten": "rear",
        "rücksitze": "rear",
        "rücksitz": "rear",
        "rückbank": "rear",
        "hinteren sitze": "rear",
        "hinten links": "rear_left",
        "hinten mitte": "rear_center",
        "hinten in der mitte": "rear_center",
        "hinten rechts": "rear_right",
    },
    "level": {
        "niedrig": "1",
        "niedrige": "1",
        "niedriger": "1",
        "klein": "1",
        "eins": "1",
        "1": "1",
        "mittel": "2",
        "mittlere": "2",
        "mittlerer": "2",
        "zwei": "2",
        "2": "2",
        "hoch": "3",
        "hohe": "3",
        "hoher": "3",
        "höchste": "3",
        "voll": "3",
        "volle": "3",
        "maximal": "3",
        "maximum": "3",
        "drei": "3",
        "3": "3",
    },
    "amperes": dict.fromkeys(("ampere", "amp", "a"), "A"),
    "sign": {"%": "%", "prozent": "%"},
    "unit": {"celsius": "°C", "fahrenheit": "°F", "c": "°C", "f": "°F"},
    "percent": {
        "halb": "50",
        "die hälfte": "50",
        "zur hälfte": "50",
        "hälfte": "50",
        "voll": "100",
        "maximum": "100",
    },
}

GERMAN: Final = SentenceTable(
    generic=_GENERIC, rules=_RULES, words=_WORDS, rows=(*GERMAN_ACTS, *GERMAN_QUESTIONS)
)

"""The words of each language beside English: what a thing is called, and what is avoided.

Where Home Assistant itself or its other Tesla integrations have a word, it is theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NAMES = (
    *("Tesla", "Flotte", "for", "Powerwall", "Powershare", "Supercharger", "Cybertruck"),
    *("Cybercab", "Semi", "Model", "HomeLink", "Boombox", "CHAdeMO", "CCS", "Combo", "GB", "IEC"),
    *("SAE", "FEIM", "AC", "DC", "US", "EU", "GPS", "PIN", "ID", "Wi-Fi", "Wi", "Fi", "psi", "bar"),
    *("MQTT", "CAN", "Fahrenheit", "Celsius", "Charge on Solar", "QR", "kWh"),
)
"""Words and names that are the same in every language."""


@dataclass(frozen=True)
class Glossary:
    """The words of one language."""

    terms: Mapping[str, str]
    """By an English term (a pattern), a pattern that the translation must contain."""
    same: tuple[str, ...] = ()
    """Words that this language shares with English."""
    avoided: Mapping[str, str] = field(default_factory=dict)
    """Patterns that no text contains, each with the reason."""


GLOSSARIES: Mapping[str, Glossary] = {
    "de": Glossary(
        terms={
            "Application credentials": "OAuth-Anmeldedaten",
            "automations?": "automati",
            "battery": "batterie",
            "budget": "budget",
            "cars?": "auto|wagen|fahrzeug",
            "charge limit": "ladelimit",
            "charge port": "ladeanschluss",
            "charge current": "ladestrom",
            "climate control": "klimaanlage",
            "deferred": "aufgeschoben",
            "client secret": "Client-Geheimnis",
            "Devices & services": "Geräte & Dienste",
            "developer account": "entwicklerkonto",
            "Energy dashboard": "energie-dashboard",
            "energy sites?": "energieanlage",
            "frunk": "frunk",
            "grid": "netz|stromausfall|inselbetrieb",
            "home battery": "hausbatterie",
            "host name": "hostname",
            "log in": "anmeld|melde",
            "odometer": "kilometerstand",
            "preconditioning": "vorkonditionier|vorklimatisier",
            "private key": "privater? schlüssel|privaten schlüssel",
            "public key": "öffentliche[nr]? schlüssel",
            "quiet hours": "ruhezeit",
            "(?<!out of )range": "reichweite",
            "Reconfigure": "neu konfigurieren|neu konfiguriert",
            "schedules?": "zeitpl[aä]n|ladepl[aä]n|vorkonditionierungspl[aä]n|planen",
            "scopes?": "berechtigung",
            "Repairs": "Reparaturen",
            "seat heater": "sitzheizung",
            "sentry": "wächter",
            "signed": "signiert",
            "Submit": r"\*\*OK\*\*",
            "sun": "sonne",
            "trunk": "kofferraum",
            "tyre": "reifen",
            "wake-ups?": "weck",
            "wall connectors?": "wall connector",
        },
        same=(
            *("Budget", "Name", "Standby", "Test", "Alarm", "Neutral", "Start", "Code", "Version"),
            *("Online", "Offline", "Route", "Port", "Status", "Automatic", "Dashcam", "Normal"),
            *("Trim", "Minute", "Camp", "Hybrid", "Position", "System"),
            *("Domain", "Streaming", "Frunk"),
        ),
        avoided={
            r"\b(?:Sie|Ihnen|Ihre?[nmrs]?)\b": "German says du",
            r"['\"]": "German quotes are „ and “, and German has no apostrophe here",
            r"”": "German quotes are „ and “",
            r"\b(?:bitte|Bitte)\b": "short texts say no please",
            r"\d\.\d{3}\b": "numbers are not written out",
        },
    ),
    "nl": Glossary(
        terms={
            "Application credentials": "toepassingsreferenties|referenties",
            "automations?": "automati",
            "battery": "batterij",
            "budget": "budget",
            "cars?": "auto|voertuig",
            "charge limit": "laadlimiet",
            "charge port": "laadpoort",
            "charge current": "laadstroom",
            "client secret": "clientgeheim",
            "climate control": "klimaatregeling",
            "deferred": "uitgesteld",
            "developer account": "ontwikkelaarsaccount",
            "Devices & services": "Apparaten en diensten",
            "Energy dashboard": "energiedashboard",
            "energy sites?": "energielocatie",
            "grid": "net|terugl|afname",
            "home battery": "thuisbatterij",
            "host name": "hostna",
            "log in": "log|inloggen",
            "odometer": "kilometerstand",
            "preconditioning": "voorconditioner",
            "private key": "privésleutel",
            "public key": "openbare sleutel",
            "quiet hours": "stille uren",
            "(?<!out of )range": "actieradius",
            "Reconfigure": "herconfigur",
            "Repairs": "Reparaties",
            "schedules?": "schema|plannen",
            "scopes?": "bevoegdhe",
            "seat heater": "stoelverwarming",
            "sentry": "bewaking",
            "signed": "onderteken",
            "Submit": r"\*\*Verzend\*\*",
            "sun": "zon",
            "trunk": "kofferbak",
            "tyre": "banden",
            "wake-ups?": "wek|gewekt",
            "wall connectors?": "wall connector",
        },
        same=(
            *("Budget", "Alarm", "Start", "Code", "Online", "Offline", "Route", "Dashcam", "Test"),
            *(
                "Basis",
                "Model",
                "Media",
                "Streaming",
                "Frunk",
                "Account",
                "Volume",
                "Type",
                "Service",
            ),
        ),
        avoided={
            r"\b[Uu]\b(?! ?[/:])|\b[Uu]w\b": "Dutch says je",
            r"[„“”]": "quotes are straight",
            r"\balstublieft\b": "short texts say no please",
        },
    ),
}

"""Words of answers: texts, numbers, units, ages and times in Home Assistant's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from homeassistant.const import UnitOfLength, UnitOfPressure, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import (
    DistanceConverter,
    PressureConverter,
    TemperatureConverter,
)

from .vocabulary import Vocabulary
from .wording_de import GERMAN_WORDS
from .wording_en import ENGLISH_WORDS

VOCABULARIES: Final[Mapping[str, Vocabulary]] = {"en": ENGLISH_WORDS, "de": GERMAN_WORDS}
_FRESH: Final = timedelta(seconds=90)
"""Age up to which a value is "now"."""
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@callback
def spoken_language(hass: HomeAssistant) -> str | None:
    """The language of sentences, from forms such as "de-CH"; None if there are none."""
    language = hass.config.language.replace("_", "-").partition("-")[0].lower()
    return language if language in VOCABULARIES else None


def _words(hass: HomeAssistant) -> Vocabulary:
    return VOCABULARIES[spoken_language(hass) or "en"]


@callback
def say(hass: HomeAssistant, key: str, **placeholders: object) -> str:
    """A text in Home Assistant's language; in English if there is none in that language."""
    return _words(hass).texts[key].format_map(placeholders)


@callback
def say_number(hass: HomeAssistant, value: float, decimals: int = 0) -> str:
    """A number with the decimal mark of the language, without zeros at its end."""
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",") if spoken_language(hass) == "de" else text


@callback
def say_money(hass: HomeAssistant, amount: float, currency: str) -> str:
    """An amount of money; the code of the currency if there is no word for it."""
    word = _words(hass).currencies.get(currency, currency)
    return f"{say_number(hass, amount, 2)} {word}"


@callback
def _with_unit(hass: HomeAssistant, number: str, unit: str) -> str:
    return f"{number} {_words(hass).units[unit]}"


@callback
def say_distance(hass: HomeAssistant, kilometres: float) -> str:
    """A distance in kilometres, in the unit of the system and whole from 10 on."""
    is_metric = hass.config.units.length_unit == UnitOfLength.KILOMETERS
    unit = UnitOfLength.KILOMETERS if is_metric else UnitOfLength.MILES
    distance = DistanceConverter.convert(kilometres, UnitOfLength.KILOMETERS, unit)
    return _with_unit(hass, say_number(hass, distance, 0 if distance >= 10 else 1), unit)  # noqa: PLR2004  # a figure


@callback
def say_temperature(hass: HomeAssistant, celsius: float) -> str:
    """A temperature in °C, in the unit of the system."""
    unit = UnitOfTemperature(hass.config.units.temperature_unit)
    degrees = TemperatureConverter.convert(celsius, UnitOfTemperature.CELSIUS, unit)
    decimals = 1 if unit is UnitOfTemperature.CELSIUS else 0
    return _with_unit(hass, say_number(hass, degrees, decimals), unit)


@callback
def say_pressure(hass: HomeAssistant, bar: float) -> tuple[str, str]:
    """A pressure in bar as number and unit, in the unit of the system."""
    is_psi = hass.config.units.pressure_unit == UnitOfPressure.PSI
    unit = UnitOfPressure.PSI if is_psi else UnitOfPressure.BAR
    pressure = PressureConverter.convert(bar, UnitOfPressure.BAR, unit)
    return say_number(hass, pressure, 0 if is_psi else 1), _words(hass).units[unit]


@callback
def say_list(hass: HomeAssistant, parts: Sequence[str], key: str = "list") -> str:
    """Parts as a list: "a, b and c"."""
    if len(parts) < 2:  # noqa: PLR2004  # nothing to join
        return "".join(parts)
    return say(hass, key, first=", ".join(parts[:-1]), last=parts[-1])


@callback
def say_age(hass: HomeAssistant, moment: datetime) -> str:
    """The age of a reading: "10 minutes ago"."""
    age = max(dt_util.utcnow() - moment, timedelta())
    if age < _FRESH:
        return say(hass, "minute" if age >= timedelta(minutes=1) else "now")
    for unit, one, many in (
        (_DAY, "day", "days"),
        (_HOUR, "hour", "hours"),
        (timedelta(minutes=1), "minute", "minutes"),
    ):
        # As people round: 90 minutes are an hour, 47 hours are two days.
        if (count := round(age / unit)) >= 1 and age >= unit * 0.99:
            return say(hass, one) if count == 1 else say(hass, many, n=count)
    return say(hass, "minute")


def is_fresh(moment: datetime) -> bool:
    """Whether a reading is so recent that its age need not be named."""
    return dt_util.utcnow() - moment < _FRESH


@callback
def say_duration(hass: HomeAssistant, duration: timedelta) -> str:
    """A duration in hours and minutes."""
    hours, minutes = divmod(max(1, round(duration.total_seconds() / 60)), 60)
    in_hours = say(hass, "for_hour" if hours == 1 else "for_hours", n=hours)
    in_minutes = say(hass, "for_minute" if minutes == 1 else "for_minutes", n=minutes)
    if not hours:
        return in_minutes
    return say(hass, "for_both", hours=in_hours, minutes=in_minutes) if minutes else in_hours


@callback
def say_moment(hass: HomeAssistant, moment: datetime) -> str:
    """A time of today or tomorrow, or a date with a time."""
    local, now = dt_util.as_local(moment), dt_util.now()
    time = local.strftime("%H:%M")
    days = (local.date() - now.date()).days
    if days == 0:
        return say(hass, "today", time=time)
    if days == 1:
        return say(hass, "tomorrow", time=time)
    date = local.strftime("%d.%m." if spoken_language(hass) == "de" else "%d %B")
    return say(hass, "later", date=date.lstrip("0"), time=time)

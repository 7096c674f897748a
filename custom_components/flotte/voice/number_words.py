"""Numbers in sentences, as digits and as words, from 0 to 100 and with halves."""

import re
from typing import Final

_DIGIT: Final = "(0|1|2|3|4|5|6|7|8|9)"
_DIGITS: Final = f"{_DIGIT}[{_DIGIT}][{_DIGIT}][(.|,){_DIGIT}]"

_ENGLISH: Final = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_ENGLISH_TENS: Final = [
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
]
_GERMAN: Final = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
]
_GERMAN_TENS: Final = [
    "zwanzig",
    "dreißig",
    "vierzig",
    "fünfzig",
    "sechzig",
    "siebzig",
    "achtzig",
    "neunzig",
]
_GERMAN_ONES: Final = ["ein", *_GERMAN[2:10]]

_ENGLISH_TEMPLATE: Final = (
    f"({_DIGITS}|({'|'.join(_ENGLISH)})|({'|'.join(_ENGLISH_TENS)})[ ({'|'.join(_ENGLISH[1:10])})]"
    f"|[a |one ]hundred)[ and a half| point ({'|'.join(_ENGLISH[:10])})]"
)
_GERMAN_TEMPLATE: Final = (
    f"({_DIGITS}|({'|'.join(_GERMAN)}|ein)|[({'|'.join(_GERMAN_ONES)})und]"
    f"({'|'.join([*_GERMAN_TENS, 'dreissig'])})|[ein]hundert)"
    f"[[ ]einhalb| komma ({'|'.join(_GERMAN[:10])})]"
)
PIN: Final = f"{4 * _DIGIT}[{_DIGIT}][{_DIGIT}]"
"""Template of four to six digits."""
NUMBERS: Final = {"en": _ENGLISH_TEMPLATE, "de": _GERMAN_TEMPLATE}
"""Template of a number by language."""


def _words(ones: list[str], tens: list[str], joined: str) -> dict[str, int]:
    """Words of the numbers below 100; `joined` makes one of the words of a ten and a one."""
    words = {word: number for number, word in enumerate(ones)}
    for index, ten in enumerate(tens, start=2):
        words[ten] = 10 * index
        for one in range(1, 10):
            words[joined.format(ten=ten, one=ones[one])] = 10 * index + one
    return words


_VALUES: Final = {
    **_words(_ENGLISH, _ENGLISH_TENS, "{ten} {one}"),
    **_words(["null", "ein", *_GERMAN[2:]], _GERMAN_TENS, "{one}und{ten}"),
    "eins": 1,
    "hundred": 100,
    "a hundred": 100,
    "one hundred": 100,
    "hundert": 100,
    "einhundert": 100,
}
_HALF: Final = re.compile(r"( and a half| ?einhalb)$")
_POINT: Final = re.compile(r" (?:point|komma) (\w+)$")


def number_of(text: str) -> float:
    """Read a number that a template of `NUMBERS` matched."""
    text = " ".join(text.replace("dreissig", "dreißig").split())
    fraction = 0.0
    if half := _HALF.search(text):
        fraction, text = 0.5, text[: half.start()]
    elif point := _POINT.search(text):
        fraction, text = _VALUES[point.group(1)] / 10, text[: point.start()]
    if text in _VALUES:
        return _VALUES[text] + fraction
    return float(text.replace(",", ".")) + fraction


def digits_of(text: str) -> str:
    """A spoken code with its digits as digits: "four seven one one" is "4711"."""
    return "".join(
        str(_VALUES[word]) if word in _VALUES else word for word in re.findall(r"\w+", text.lower())
    )


DIGIT_WORDS: Final = {
    "en": {str(number): word for number, word in enumerate(_ENGLISH[:13])},
    "de": {str(number): word for number, word in enumerate(_GERMAN[:13])},
}
"""Words of the numbers up to twelve by digits, by language."""

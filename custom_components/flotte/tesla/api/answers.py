"""Answers of servers: read in time, up to a limit, and parsed without surprises."""

import json
import re
import traceback
from http import HTTPStatus
from math import isfinite
from typing import Final

import aiohttp

from ..errors import InvalidAnswer

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
"""Seconds. A vehicle that does not answer makes Tesla's gateway wait for about ten."""

MAX_ANSWER: Final = 1_000_000
"""Bytes of an answer, decompressed. The largest known ones (a site's tariff, the data of a vehicle)
have less than 100,000."""

MAX_ERROR: Final = 10_000
"""Bytes that are read of an answer that reports an error; only its first words matter."""


async def read_text(response: aiohttp.ClientResponse) -> str:
    """Read a body as text: a successful answer whole, of any other at most the beginning.

    aiohttp decompresses piece by piece as it is read, so a small body that unpacks to gigabytes
    never does.

    Raises:
        InvalidAnswer: a successful answer is longer than MAX_ANSWER.
        aiohttp.ClientError, TimeoutError: the body did not come, or cannot be decompressed.
    """
    is_success = response.status < HTTPStatus.MULTIPLE_CHOICES
    limit = MAX_ANSWER if is_success else MAX_ERROR
    body = bytearray()
    while len(body) <= limit and (chunk := await response.content.readany()):
        body += chunk
    if len(body) > limit:
        # The connection is of no use any more: the rest would come first.
        response.close()
        if is_success:
            raise InvalidAnswer(f"longer than {limit} bytes")
    return body[:limit].decode(errors="replace")


def parse_json(text: str) -> object:
    r"""What a JSON text holds; None also if it holds none.

    Errors of the parser end here, because they keep the whole text alive. What no file of Home
    Assistant's can hold does so too: numbers that are not finite or need more than 64 bits are
    None, and halves of a character (`"\ud800"`) become question marks.
    """
    try:
        value: object = json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=lambda _: None
        )
        return _without_halves(value) if _HALF.search(text) else value
    except ValueError, RecursionError:
        return None


_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_LONGEST_WHOLE: Final = 20
"""Characters of the longest number of 64 bits, with its sign."""
_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**63 - 1


def _whole(digits: str) -> int | None:
    # Python raises an error for more than 4,300 digits.
    if len(digits) > _LONGEST_WHOLE:
        return None
    number = int(digits)
    return number if _LOWEST <= number <= _HIGHEST else None


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


def _without_halves(value: object) -> object:
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case list():
            return [_without_halves(each) for each in value]
        case dict():
            return {_without_halves(key): _without_halves(each) for key, each in value.items()}
    return value


def forget_bodies(error: BaseException) -> None:
    """Clear the local variables that an error's traceback keeps alive, bodies among them.

    Home Assistant keeps the last error of each coordinator.
    """
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        traceback.clear_frames(each.__traceback__)
        left += (each.__cause__, each.__context__)

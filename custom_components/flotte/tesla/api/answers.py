"""Answers of servers: read in time and up to a limit."""

import traceback
from http import HTTPStatus
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

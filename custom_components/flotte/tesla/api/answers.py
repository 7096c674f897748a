"""Reading the answers of servers, within limits of time and size."""

import traceback
from http import HTTPStatus
from typing import Final

import aiohttp

from ..errors import InvalidAnswer

REQUEST_TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
"""Seconds. Tesla's gateway waits for about ten seconds if a vehicle does not answer."""

MAX_ANSWER: Final = 1_000_000
"""Maximum bytes of an answer, decompressed. The largest known answers (a site's tariff, the data of
a vehicle) have less than 100,000."""

MAX_ERROR: Final = 10_000
"""Maximum bytes to read of an error; only its beginning matters."""


async def read_text(response: aiohttp.ClientResponse) -> str:
    """Read a body as text; see `read_body`."""
    return (await read_body(response)).decode(errors="replace")


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """Read all of a successful answer, but only the beginning of an error.

    aiohttp decompresses in chunks while reading, so a small body that would unpack to gigabytes is
    never unpacked whole.

    Raises:
        InvalidAnswer: a successful answer is longer than MAX_ANSWER.
        aiohttp.ClientError, TimeoutError: the body did not arrive, or cannot be decompressed.
    """
    is_success = response.status < HTTPStatus.MULTIPLE_CHOICES
    limit = MAX_ANSWER if is_success else MAX_ERROR
    body = bytearray()
    while len(body) <= limit and (chunk := await response.content.readany()):
        body += chunk
    if len(body) > limit:
        # The connection cannot be reused, because the rest of the body is still to come.
        response.close()
        if is_success:
            raise InvalidAnswer(f"longer than {limit} bytes")
    return bytes(body[:limit])


def forget_bodies(error: BaseException) -> None:
    """Clear the local variables, such as bodies, that an error's traceback keeps alive.

    Needed because Home Assistant keeps the last error of each coordinator.
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

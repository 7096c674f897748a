"""Bodies that no client should read to the end: an endless one, and one that unpacks to a lot."""

import zlib
from contextlib import suppress
from functools import cache

from aiohttp import web

MEBIBYTE = 1 << 20
BOMB_MEBIBYTES = 64
_MAX_MEBIBYTES = 512
"""The simulator ends an endless body after this much, so that a defective client ends too."""

FIREWALL_PAGE = (
    "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>"
    "You don't have permission to access this resource on this server.</BODY></HTML>"
)
"""A page like those of firewalls in front of servers, with status 403."""


@cache
def bomb() -> bytes:
    """64 MiB of spaces, compressed to 64 kB."""
    packer = zlib.compressobj(wbits=31)
    block = b" " * MEBIBYTE
    return b"".join(
        [*(packer.compress(block) for _ in range(BOMB_MEBIBYTES)), packer.flush(zlib.Z_FINISH)]
    )


async def endless(request: web.Request, beginning: web.Response) -> web.StreamResponse:
    """Send an answer's status and headers, and spaces until the client hangs up."""
    response = web.StreamResponse(
        status=beginning.status, headers={"x-txid": beginning.headers["x-txid"]}
    )
    response.content_type = "application/json"
    with suppress(ConnectionError):
        await response.prepare(request)
        for _ in range(_MAX_MEBIBYTES):
            await response.write(b" " * MEBIBYTE)
    return response

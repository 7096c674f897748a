"""The application itself at Tesla, not its owner: a token of its own, as registration needs it."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

import aiohttp

from ..hosts import Hosts
from .oauth import REFUSALS, request_token

PARTNER_SCOPES: Final = ("openid", "vehicle_device_data", "vehicle_cmds", "vehicle_charging_cmds")
"""Scopes of a token of the application, where it is not known which ones are enabled for it."""


async def partner_token(
    session: aiohttp.ClientSession,
    hosts: Hosts,
    base_url: str,
    *,
    client_id: str,
    client_secret: str,
    scopes: Collection[str] = PARTNER_SCOPES,
) -> str:
    """Ask for a token of the application itself (not of the owner), as registration needs it.

    Tesla never bills its authentication endpoints.

    Args:
        session: HTTP session to use.
        hosts: Where the token server is.
        base_url: The region that the token is for.
        client_id: The application.
        client_secret: Its secret.
        scopes: What to ask for; Tesla refuses the whole request if one is not enabled for the
            application.

    Raises:
        LoginRequired: Tesla refused; `reason` says why.
        TeslaError: others, as `request_token`.
    """
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": " ".join(scopes),
        "audience": base_url,
    }
    refusals = REFUSALS | {HTTPStatus.FORBIDDEN}
    return str((await request_token(session, hosts.token_url, form, refusals))["access_token"])

"""The token of the application itself, which its registration needs."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

import aiohttp

from ..hosts import Hosts
from .oauth import REFUSALS, request_token

PARTNER_SCOPES: Final = ("openid", "vehicle_device_data", "vehicle_cmds", "vehicle_charging_cmds")
"""Scopes to request if it is unknown which ones are enabled for the application."""


async def partner_token(
    session: aiohttp.ClientSession,
    hosts: Hosts,
    base_url: str,
    *,
    client_id: str,
    client_secret: str,
    scopes: Collection[str] = PARTNER_SCOPES,
) -> str:
    """Request a token of the application itself (not of the owner), as for its registration.

    Tesla never bills its authentication endpoints.

    Args:
        session: HTTP session to use.
        hosts: Has the address of the token server.
        base_url: Base URL of the region that the token is for.
        client_id: Client ID of the application.
        client_secret: Client secret of the application.
        scopes: Scopes to request; Tesla refuses the whole request if one is not enabled for the
            application.

    Raises:
        LoginRequired: Tesla refused; `reason` may say why.
        TeslaError: any other failure; see `request_token`.
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

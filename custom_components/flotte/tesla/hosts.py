"""Where Tesla lives: login, token and regional addresses, and which hosts may be trusted.

Sources: Tesla's authentication pages (2026-08) and base URL page (2025-01).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Hosts:
    """One world of addresses: Tesla's, or a simulator's."""

    authorize_url: str
    """Where the owner's browser logs in."""
    token_url: str
    """Where tokens are exchanged, server to server."""
    regions: Mapping[str, str]
    """Base URLs of the Fleet API by region: `na`, `eu`."""
    trusted_suffixes: tuple[str, ...] = (".tesla.com", ".teslamotors.com")
    """Only hosts ending so are followed when Tesla sends us elsewhere."""

    client_ca_url: str = "https://raw.githubusercontent.com/teslamotors/fleet-telemetry/main/config/files/prod_ca.crt"
    """The certificates that sign those of the cars, in the public repository of Tesla's server for
    streams."""
    client_ca_is_known: bool = True
    """Whether each of them must be one whose fingerprint is known."""
    listen_at: str | None = None
    """Address at which cars are listened for; None is all."""

    def trusts(self, base_url: str) -> bool:
        """Whether tokens and commands may be sent to this address."""
        if base_url in self.regions.values():
            return True
        try:
            parts = urlsplit(base_url)
        except ValueError:
            return False
        host = parts.hostname or ""
        return parts.scheme == "https" and host.endswith(self.trusted_suffixes)

    def region_of(self, token_region: str) -> str:
        """A region that exists, from the token's `ou_code` (`EU`, `NA`); Tesla may correct it."""
        region = token_region.lower()
        return region if region in self.regions else next(iter(self.regions))


# Since August 2025 every server-to-server call has to use the fleet-auth host.
TESLA: Final = Hosts(
    authorize_url="https://auth.tesla.com/oauth2/v3/authorize",
    token_url="https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token",  # noqa: S106  # an address
    regions={
        "na": "https://fleet-api.prd.na.vn.cloud.tesla.com",
        "eu": "https://fleet-api.prd.eu.vn.cloud.tesla.com",
    },
)


def simulated(auth: str, regions: Mapping[str, str]) -> Hosts:
    """The hosts of a simulator, for demonstrations and tests; nothing else is trusted then."""
    return Hosts(
        authorize_url=f"{auth}/oauth2/v3/authorize",
        token_url=f"{auth}/oauth2/v3/token",
        regions=dict(regions),
        trusted_suffixes=(),
        client_ca_url=f"{auth}/simulator/telemetry/client_ca.pem",
        client_ca_is_known=False,
        listen_at="127.0.0.1",
    )


_USE_BASE_URL: Final = re.compile(r"use base URL:\s*(https?://[^\s,\"]+)", re.IGNORECASE)
_ALT_SVC: Final = re.compile(r"h2=\"?(https?://[^\s,;\"]+)")


def address_in(body: str, alt_svc: str = "") -> str | None:
    """The base URL that an answer 421 names, in its text or its `Alt-Svc` header."""
    found = _USE_BASE_URL.search(body) or _ALT_SVC.search(alt_svc)
    return found[1].rstrip("/.") if found else None

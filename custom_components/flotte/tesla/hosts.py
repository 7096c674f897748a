"""Tesla's addresses for login, tokens and regions, and the hosts that may be trusted.

Sources: Tesla's authentication pages (2026-08) and base URL page (2025-01).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Hosts:
    """A set of addresses: Tesla's, or a simulator's."""

    authorize_url: str
    """Address at which the owner's browser logs in."""
    token_url: str
    """Address at which our server requests tokens."""
    regions: Mapping[str, str]
    """Base URLs of the Fleet API by region: `na`, `eu`."""
    trusted_suffixes: tuple[str, ...] = (".tesla.com", ".teslamotors.com")
    """If Tesla names another host, it is used only if it ends with one of these."""

    pairing_url: str = "https://tesla.com/_ak"
    """Address of the page at which the owner's phone adds the key of a domain, which is appended.
    Source: Tesla's guide to virtual keys (2026-08)."""
    client_ca_url: str = "https://raw.githubusercontent.com/teslamotors/fleet-telemetry/main/config/files/prod_ca.crt"
    """Address of the CA certificates that sign cars' certificates, in the public repository of
    Tesla's telemetry server."""
    client_ca_is_known: bool = True
    """Whether only CAs with a known fingerprint are accepted."""
    listen_at: str | None = None
    """Address on which to listen for cars; None for all."""

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
        """The region to start with, from the token's `ou_code` (`EU`, `NA`)."""
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
    """The hosts of a simulator, for demonstrations and tests; no other host is trusted."""
    return Hosts(
        authorize_url=f"{auth}/oauth2/v3/authorize",
        token_url=f"{auth}/oauth2/v3/token",
        regions=dict(regions),
        trusted_suffixes=(),
        pairing_url=f"{auth}/_ak",
        client_ca_url=f"{auth}/simulator/telemetry/client_ca.pem",
        client_ca_is_known=False,
        listen_at="127.0.0.1",
    )


_USE_BASE_URL: Final = re.compile(r"use base URL:\s*(https?://[^\s,\"]+)", re.IGNORECASE)
_ALT_SVC: Final = re.compile(r"h2=\"?(https?://[^\s,;\"]+)")


def address_in(body: str, alt_svc: str = "") -> str | None:
    """Find the base URL that an answer with status 421 names in its text or `Alt-Svc` header."""
    found = _USE_BASE_URL.search(body) or _ALT_SVC.search(alt_svc)
    return found[1].rstrip("/.") if found else None

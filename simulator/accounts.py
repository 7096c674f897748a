"""The users of the simulated Tesla, and the applications of developers.

Two users live in the region "eu": `owner-1` has the standard cars and the energy site, `owner-2`
has nothing (for logging in with the wrong account). `owner-3` is served by the region "na" although
the token says "EU": the two can differ, see vehicle-command issue 131.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SCOPES = frozenset(
    {
        "openid",
        "offline_access",
        "user_data",
        "vehicle_device_data",
        "vehicle_location",
        "vehicle_cmds",
        "vehicle_charging_cmds",
        "energy_device_data",
        "energy_cmds",
    }
)
"""The scopes that a user can grant. Source: Tesla, "Authentication", copy of August 2026."""

ALWAYS_GRANTED = frozenset({"openid", "offline_access"})
"""Scopes of the login itself; the consent page offers no choice about them."""

PARTNER_SCOPES = SCOPES | {"vehicle_specs", "vehicle_pricing_info", "enterprise_management"}

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})

REDIRECTS = (
    "http://127.0.0.1:{port}/auth/external/callback",
    "http://localhost:{port}/auth/external/callback",
    "https://my.home-assistant.io/redirect/oauth",
    "https://example.com/auth/external/callback",
    "https://flotte.example/auth/external/callback",
)
"""Redirect URIs of the standard applications; `{port}` stands for any port number."""


@dataclass
class User:
    """A person with a Tesla account."""

    name: str
    """The simulator's name of the user; equal to `Car.account` and `Site.account`."""
    subject: str
    """`sub` of the tokens: Tesla's identifier of the account."""
    full_name: str
    region: str
    """The region that serves the user, "eu" or "na"."""
    ou_code: str
    """The region that the tokens name."""
    password_version: int = 0
    """Counts resets of the password; older logins cannot be refreshed."""

    @property
    def email(self) -> str:
        """The address the user logs in with."""
        return f"{self.name}@flotte.example"


@dataclass
class Application:
    """A developer's application; also the account that is billed."""

    client_id: str
    client_secret: str
    name: str
    allowed_origins: list[str]
    redirects: list[str] = field(default_factory=lambda: list(REDIRECTS))
    scopes: set[str] = field(default_factory=lambda: set(PARTNER_SCOPES))
    """Scopes that are enabled for the application."""
    audience_required: bool = True
    """Whether an authorization code is only exchanged with an `audience`.

    Tesla documents the field as required (copy of August 2026), but clients that leave it out are
    in the field and work.
    """

    def may_redirect_to(self, uri: str) -> bool:
        """Whether the address is one of the developer's redirect URIs."""
        return any(
            re.fullmatch(re.escape(allowed).replace(r"\{port\}", r"\d{1,5}"), uri)
            for allowed in self.redirects
        )

    def may_use_domain(self, domain: str) -> bool:
        """Whether a domain has the same root as one of the allowed origins.

        The root is assumed to be the last two labels; Tesla's own rule for names such as
        `example.co.uk` is not known. Hosts on loopback always fit, for tests and demonstrations.
        """
        host = host_of(domain)
        if host in LOOPBACK_HOSTS:
            return True
        roots = {_root(urlsplit(origin).hostname or "") for origin in self.allowed_origins}
        return _root(host) in roots


@dataclass
class Registration:
    """A domain that an application registered in one region."""

    client_id: str
    region: str
    domain: str
    public_key: bytes
    """65 bytes: the uncompressed point of the key found at the domain."""
    created_at: float
    updated_at: float


class Accounts:
    """All users, applications, registrations and consents."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {
            user.name: user
            for user in (
                User(
                    "owner-1",
                    "5b2f6f0e-1a51-4c5e-9a0e-000000000001",
                    "Robin Fuchs",
                    "eu",
                    "EU",
                ),
                User(
                    "owner-2",
                    "5b2f6f0e-1a51-4c5e-9a0e-000000000002",
                    "Kim Jansen",
                    "eu",
                    "EU",
                ),
                User(
                    "owner-3",
                    "5b2f6f0e-1a51-4c5e-9a0e-000000000003",
                    "Alex Miller",
                    "na",
                    "EU",
                ),
            )
        }
        self.applications: dict[str, Application] = {
            application.client_id: application
            for application in (
                Application(
                    "flotte-demo",
                    "flotte-secret",
                    "Flotte demonstration",
                    ["https://flotte.example"],
                ),
                Application(
                    "lenient-demo",
                    "lenient-secret",
                    "A client of long ago",
                    ["https://lenient.example"],
                    audience_required=False,
                ),
            )
        }
        self.registrations: dict[tuple[str, str], Registration] = {}
        """By client id and region."""
        self.consents: dict[tuple[str, str], frozenset[str]] = {}
        """Scopes that a user has granted to an application, by user name and client id."""

    def registered(self, client_id: str, region: str) -> Registration | None:
        """The application's registration in a region."""
        return self.registrations.get((client_id, region))

    def owner_of_domain(self, domain: str) -> str | None:
        """The client id that registered a domain, in any region."""
        return next(
            (
                registration.client_id
                for registration in self.registrations.values()
                if registration.domain == domain
            ),
            None,
        )


def host_of(domain: str) -> str:
    """The host of a domain that may carry a port."""
    return re.sub(r":\d+$", "", domain)


def _root(host: str) -> str:
    return ".".join(host.lower().rsplit(".", 2)[-2:])

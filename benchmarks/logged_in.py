"""Logged-in owners of the simulated Tesla, described for another process."""

import json
from dataclasses import dataclass
from typing import Any, Final, Self

CLIENT_ID: Final = "flotte-demo"
CLIENT_SECRET: Final = "flotte-secret"  # noqa: S105  # of a simulator
PUBLIC_DOMAIN: Final = "flotte.example"


@dataclass(frozen=True, slots=True)
class Login:
    """A logged-in owner."""

    subject: str
    token: dict[str, Any]
    """The answer of the token endpoint."""


@dataclass(frozen=True, slots=True)
class Account:
    """The addresses of the simulated Tesla, and the owners of its cars."""

    auth: str
    eu: str
    na: str
    logins: list[Login]
    """All owners; the cars belong to them in turn."""
    vins: list[str]

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read the line that the other process printed."""
        fields = json.loads(line)
        return cls(**{**fields, "logins": [Login(**each) for each in fields["logins"]]})

"""Owners who are logged in to the simulated Tesla, as a process beside it is told of them."""

import json
from dataclasses import dataclass
from typing import Any, Final, Self

CLIENT_ID: Final = "flotte-demo"
CLIENT_SECRET: Final = "flotte-secret"  # noqa: S105  # of a simulator
PUBLIC_DOMAIN: Final = "flotte.example"


@dataclass(frozen=True, slots=True)
class Login:
    """An owner who is logged in."""

    subject: str
    token: dict[str, Any]
    """As the token endpoint answers it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the simulated Tesla is, and whose cars there are."""

    auth: str
    eu: str
    na: str
    logins: list[Login]
    """Of all owners; the cars are theirs by turns."""
    vins: list[str]

    @classmethod
    def from_json(cls, line: str) -> Self:
        """What the other process printed."""
        told = json.loads(line)
        return cls(**{**told, "logins": [Login(**each) for each in told["logins"]]})

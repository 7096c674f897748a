"""Callers: the cause of a request decides how much may be spent, and the ledger books it there."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class CallerKind(StrEnum):
    """Kind of caller: it decides how much may be spent."""

    PERSON = "person"
    AUTOMATION = "automation"
    VOICE = "voice"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Caller:
    """Caller of a request, with its name in the ledger."""

    kind: CallerKind
    name: str = ""

    @property
    def label(self) -> str:
        """How the ledger writes it: `automation:solar_surplus`."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


STREAM: Final = Caller(CallerKind.BACKGROUND, "stream")
SETUP: Final = Caller(CallerKind.BACKGROUND, "setup")
POLLING: Final = Caller(CallerKind.BACKGROUND, "polling")

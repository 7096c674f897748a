"""Who causes a request: it decides how much may be spent, and the ledger books it to them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class CallerKind(StrEnum):
    """Who asks: it decides how much may be spent."""

    PERSON = "person"
    AUTOMATION = "automation"
    VOICE = "voice"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by what name the ledger knows them."""

    kind: CallerKind
    name: str = ""

    @property
    def label(self) -> str:
        """How the ledger writes it: `automation:solar_surplus`."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


STREAM: Final = Caller(CallerKind.BACKGROUND, "stream")
SETUP: Final = Caller(CallerKind.BACKGROUND, "setup")
POLLING: Final = Caller(CallerKind.BACKGROUND, "polling")

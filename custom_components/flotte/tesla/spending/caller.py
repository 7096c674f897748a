"""Callers: who causes a request. It decides how much may be spent, and is noted in the ledger."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class CallerKind(StrEnum):
    """Kind of caller, which decides how much may be spent."""

    PERSON = "person"
    AUTOMATION = "automation"
    VOICE = "voice"
    CHARGING = "charging"
    """Charging at home, which follows the sun and the owner's plan on its own."""
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request: its kind, and its name if it has one."""

    kind: CallerKind
    name: str = ""

    @property
    def label(self) -> str:
        """The caller in the ledger, such as `automation:solar_surplus`."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


STREAM: Final = Caller(CallerKind.BACKGROUND, "stream")
SETUP: Final = Caller(CallerKind.BACKGROUND, "setup")
POLLING: Final = Caller(CallerKind.BACKGROUND, "polling")
CHARGING_AT_HOME: Final = Caller(CallerKind.CHARGING)

"""The policy: what the owner allows, as the options of an account describe it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from .caller import Caller, CallerKind
from .modes import SpendingMode
from .tariff import Tariff


class Asleep(StrEnum):
    """What becomes of a command for a sleeping car."""

    WAKE = "wake"
    """The car is woken if the rules allow it; else a plain setting of an automation waits."""
    WAIT = "wait"
    """A plain setting waits until the car is awake by itself; the rest wakes it, by the rules."""
    REFUSE = "refuse"
    """It is refused."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours, in the owner's time, in which automations wake no car; they may span midnight."""

    begin: time
    end: time

    def contain(self, local: datetime) -> bool:
        """Whether an aware local time is in them. Equal ends are no hours at all."""
        moment = local.time()
        if self.begin <= self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end

    def over(self, local: datetime) -> datetime:
        """When those that contain `local` end, in UTC."""
        # In UTC, because local times repeat themselves when the clocks are set back. When they are
        # set forward, an end that is skipped may fall into the next quiet hours.
        now = local.astimezone(UTC)
        for days in range(3):
            day = local.date() + timedelta(days=days)
            for fold in (0, 1):
                end = datetime.combine(day, self.end, local.tzinfo).replace(fold=fold)
                over = end.astimezone(UTC)
                if over > now and not self.contain(over.astimezone(local.tzinfo)):
                    return over
        return now


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the owner allows. Who touches nothing pays nothing: the budget is the discount.

    Raises:
        ValueError: naming the field that is out of its range.
    """

    budget: Decimal | None = None
    """The most that a month may cost before the discount; None is the discount itself."""
    reserve: Decimal = Decimal("0.1")
    """What share of the budget is kept for people, 0 to 1."""
    wakes_per_day: int | None = 2
    """How often automations may wake each car a day (UTC, as the ledger counts); None is always."""
    quiet_hours: QuietHours | None = None
    """When automations wake no car."""
    wake_gap: timedelta = timedelta()
    """Least time between a car's last wake and the next one for an automation."""
    head_start: timedelta = timedelta(days=3)
    """How far the background's spending may be ahead of the month."""
    patience: timedelta = timedelta(hours=6)
    """How long a setting waits for the car."""
    confirm_wakes: bool = False
    """Whether a person has to ask twice for what wakes a car."""
    person: Asleep = Asleep.WAKE
    automation: Asleep = Asleep.WAKE
    """The same for scripts and voice."""
    callers: Mapping[str, Asleep] = field(default_factory=dict)
    """By a caller's label, for those that are treated otherwise than their kind."""
    mode: SpendingMode | None = None
    """The spending mode that somebody chose; None follows the budget."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        wrong = {
            "budget": self.budget is not None
            and not (self.budget.is_finite() and self.budget >= 0),
            "reserve": not (self.reserve.is_finite() and 0 <= self.reserve <= 1),
            "wakes_per_day": self.wakes_per_day is not None and self.wakes_per_day < 0,
            "wake_gap": self.wake_gap < timedelta(),
            "head_start": self.head_start < timedelta(),
            "patience": self.patience <= timedelta(),
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise ValueError(name)

    def limit(self, tariff: Tariff) -> Decimal:
        """The budget, in the tariff's currency."""
        return tariff.discount if self.budget is None else self.budget

    def asleep(self, caller: Caller) -> Asleep:
        """What becomes of this caller's commands for a sleeping car."""
        usual = self.person if caller.kind is CallerKind.PERSON else self.automation
        return self.callers.get(caller.label, usual)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Policy:
        """The policy that options describe; what they do not name keeps its default.

        Raises:
            ValueError: naming the option that cannot be read.
        """
        given: dict[str, Any] = {}
        for option, (name, read) in _OPTIONS.items():
            if option in options:
                try:
                    given[name] = read(options[option])
                except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
                    raise ValueError(option) from error
        begin, end = given.pop("quiet_begin", None), given.pop("quiet_end", None)
        if begin is not None and end is not None and begin != end:
            given["quiet_hours"] = QuietHours(begin, end)
        return cls(**given)

    def to_options(self) -> dict[str, Any]:
        """The same as JSON, for `from_options`."""
        quiet = self.quiet_hours
        return {
            "monthly_limit": None if self.budget is None else str(self.budget),
            "reserve_percent": str(100 * self.reserve),
            "wakes_per_day": self.wakes_per_day,
            "quiet_begin": quiet.begin.isoformat() if quiet else None,
            "quiet_end": quiet.end.isoformat() if quiet else None,
            "wake_gap_minutes": self.wake_gap / timedelta(minutes=1),
            "head_start_days": self.head_start / timedelta(days=1),
            "patience_hours": self.patience / timedelta(hours=1),
            "confirm_wakes": self.confirm_wakes,
            "asleep_person": str(self.person),
            "asleep_automation": str(self.automation),
            "asleep_callers": {label: str(each) for label, each in self.callers.items()},
            "spending_mode": str(self.mode) if self.mode else None,
        }


def _amount(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _whole(value: Any) -> int | None:  # noqa: ANN401  # JSON
    if value is None:
        return None
    # Home Assistant's number fields give floats.
    if isinstance(value, bool) or value != int(value):
        raise ValueError(value)
    return int(value)


def _hour(value: str | None) -> time | None:
    return None if value is None else time.fromisoformat(value)


def _yes(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


_OPTIONS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "monthly_limit": ("budget", _amount),
    "reserve_percent": ("reserve", lambda percent: Decimal(str(percent)) / 100),
    "wakes_per_day": ("wakes_per_day", _whole),
    "quiet_begin": ("quiet_begin", _hour),
    "quiet_end": ("quiet_end", _hour),
    "wake_gap_minutes": ("wake_gap", lambda minutes: timedelta(minutes=minutes)),
    "head_start_days": ("head_start", lambda days: timedelta(days=days)),
    "patience_hours": ("patience", lambda hours: timedelta(hours=hours)),
    "confirm_wakes": ("confirm_wakes", _yes),
    "asleep_person": ("person", Asleep),
    "asleep_automation": ("automation", Asleep),
    "asleep_callers": (
        "callers",
        lambda callers: {str(label): Asleep(each) for label, each in callers.items()},
    ),
    "spending_mode": ("mode", lambda mode: None if mode is None else SpendingMode(mode)),
}
"""By option: the field it fills and how it is read."""
POLICY_OPTIONS: Final = frozenset(_OPTIONS)
"""The options that `Policy.from_options` reads."""

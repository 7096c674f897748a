"""The policy: what the owner allows, as the options of an account describe it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final

from .caller import Caller, CallerKind
from .modes import SpendingMode
from .tariff import Tariff


class AsleepPolicy(StrEnum):
    """Treatment of a command for a sleeping car, in rising strictness."""

    WAKE = "wake"
    """The car is woken if the rules allow it; else a plain setting of an automation waits."""
    WAIT = "wait"
    """A plain setting waits until the car is awake on its own; the rest wakes it, by the rules."""
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
    """The owner's rules. By default nothing is paid: the budget is the discount.

    Raises:
        ValueError: naming the field that is out of its range.
    """

    budget: Decimal | None = None
    """The most that a month may cost before the discount; None is the discount itself."""
    reserve: Decimal = Decimal("0.1")
    """Share of the budget that is kept for people, 0 to 1."""
    wakes_per_day: int | None = 2
    """How often automations may wake each car a day (UTC, as the ledger counts); None is always."""
    quiet_hours: QuietHours | None = None
    """When automations wake no car."""
    wake_gap: timedelta = timedelta()
    """Least time between a car's last wake and the next one for an automation."""
    head_start: timedelta = timedelta(days=3)
    """How far the background's spending may be ahead of the month."""
    max_deferral: timedelta = timedelta(hours=6)
    """How long a setting waits for the car."""
    confirm_wakes: bool = False
    """Whether a person has to ask twice for what wakes a car."""
    asleep_person: AsleepPolicy = AsleepPolicy.WAKE
    """Treatment of a person's commands for a sleeping car."""
    asleep_automation: AsleepPolicy = AsleepPolicy.WAKE
    """Treatment of those of automations, scripts and voice assistants."""
    asleep_callers: Mapping[str, AsleepPolicy] = field(default_factory=dict)
    """By a caller's label, for those that are treated otherwise than their kind."""
    spending_mode: SpendingMode | None = None
    """The spending mode that was chosen; None follows the budget."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        wrong = {
            "budget": self.budget is not None
            and not (self.budget.is_finite() and self.budget >= 0),
            "reserve": not (self.reserve.is_finite() and 0 <= self.reserve <= 1),
            "wakes_per_day": self.wakes_per_day is not None and self.wakes_per_day < 0,
            "wake_gap": self.wake_gap < timedelta(),
            "head_start": self.head_start < timedelta(),
            "max_deferral": self.max_deferral <= timedelta(),
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise ValueError(name)

    def budget_in(self, tariff: Tariff) -> Decimal:
        """The budget in the currency of a tariff: by default its discount."""
        return tariff.discount if self.budget is None else self.budget

    def asleep(self, caller: Caller) -> AsleepPolicy:
        """Treatment of this caller's commands for a sleeping car."""
        usual = self.asleep_person if caller.kind is CallerKind.PERSON else self.asleep_automation
        return self.asleep_callers.get(caller.label, usual)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Policy:
        """The policy that options describe; what they do not name keeps its default.

        Raises:
            ValueError: naming the option that cannot be read.
        """
        fields: dict[str, Any] = {}
        hours: dict[str, time | None] = {}
        for rule in RULES:
            if rule.option not in options:
                continue
            try:
                value = rule.read(options[rule.option])
            except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
                raise ValueError(rule.option) from error
            if rule.field == "quiet_hours":
                hours[rule.option] = value
            else:
                fields[rule.field] = value
        begin, end = hours.get("quiet_begin"), hours.get("quiet_end")
        if begin is not None and end is not None and begin != end:
            fields["quiet_hours"] = QuietHours(begin, end)
        return cls(**fields)

    def to_options(self) -> dict[str, Any]:
        """The policy as JSON, for `from_options`."""
        return {rule.option: rule.write(getattr(self, rule.field)) for rule in RULES}


# --- Options -------------------------------------------------------------------------------------


class Group(StrEnum):
    """Where the owner changes an option."""

    SPENDING = "spending"
    WAKES = "wakes"
    ENTITY = "entity"
    """No form has it, but an entity."""


class Kind(StrEnum):
    """Kind of an option's value: it decides how a form asks for it."""

    AMOUNT = "amount"
    PERCENT = "percent"
    COUNT = "count"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    TIME_OF_DAY = "time_of_day"
    FLAG = "flag"
    ASLEEP = "asleep"
    CALLERS = "callers"
    MODE = "mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One spending option: all that is to be known of it but its texts."""

    option: str
    """Its key among the options of an entry, where it is stored as JSON."""
    field: str
    """The field of `Policy` that it fills."""
    kind: Kind
    group: Group
    is_advanced: bool = False
    """Whether the form shows it in the section for advanced options."""
    read: Callable[[Any], Any]
    """The field's value from the option's; raises where that is not possible."""
    write: Callable[[Any], Any]
    """The option's value from the field's."""
    strictest: Callable[[list[Any]], Any]
    """The strictest of the values, oldest first, that several entries have for the option."""


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


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _unchanged[T](value: T) -> T:
    return value


def _least(values: list[Any]) -> Any:  # noqa: ANN401  # JSON
    return min(values, key=lambda value: Decimal(str(value)))


def _most(values: list[Any]) -> Any:  # noqa: ANN401  # JSON
    return max(values, key=lambda value: Decimal(str(value)))


def _last_of(order: type[StrEnum]) -> Callable[[list[Any]], Any]:
    """The value that comes last in an enumeration of rising strictness."""
    return lambda values: max(values, key=list[str](order).index)


def _strictest_callers(values: list[Mapping[str, str]]) -> dict[str, str]:
    together: dict[str, list[str]] = {}
    for callers in values:
        for label, asleep in callers.items():
            together.setdefault(label, []).append(asleep)
    strictest = _last_of(AsleepPolicy)
    return {label: strictest(each) for label, each in together.items()}


RULES: Final = (
    Rule(
        option="monthly_limit",
        field="budget",
        kind=Kind.AMOUNT,
        group=Group.SPENDING,
        read=_amount,
        write=lambda budget: None if budget is None else str(budget),
        strictest=_least,
    ),
    Rule(
        option="reserve_percent",
        field="reserve",
        kind=Kind.PERCENT,
        group=Group.SPENDING,
        read=lambda percent: Decimal(str(percent)) / 100,
        write=lambda reserve: str(100 * reserve),
        strictest=_most,
    ),
    Rule(
        option="head_start_days",
        field="head_start",
        kind=Kind.DAYS,
        group=Group.SPENDING,
        is_advanced=True,
        read=lambda days: timedelta(days=days),
        write=lambda head_start: head_start / timedelta(days=1),
        strictest=_least,
    ),
    Rule(
        option="asleep_person",
        field="asleep_person",
        kind=Kind.ASLEEP,
        group=Group.WAKES,
        read=AsleepPolicy,
        write=str,
        strictest=_last_of(AsleepPolicy),
    ),
    Rule(
        option="confirm_wakes",
        field="confirm_wakes",
        kind=Kind.FLAG,
        group=Group.WAKES,
        read=_flag,
        write=_unchanged,
        strictest=any,
    ),
    Rule(
        option="asleep_automation",
        field="asleep_automation",
        kind=Kind.ASLEEP,
        group=Group.WAKES,
        read=AsleepPolicy,
        write=str,
        strictest=_last_of(AsleepPolicy),
    ),
    Rule(
        option="wakes_per_day",
        field="wakes_per_day",
        kind=Kind.COUNT,
        group=Group.WAKES,
        read=_whole,
        write=_unchanged,
        strictest=_least,
    ),
    # Two options of one field. The oldest entry's hold, as `strictest_options` keeps them together.
    Rule(
        option="quiet_begin",
        field="quiet_hours",
        kind=Kind.TIME_OF_DAY,
        group=Group.WAKES,
        read=_hour,
        write=lambda hours: hours.begin.isoformat() if hours else None,
        strictest=itemgetter(0),
    ),
    Rule(
        option="quiet_end",
        field="quiet_hours",
        kind=Kind.TIME_OF_DAY,
        group=Group.WAKES,
        read=_hour,
        write=lambda hours: hours.end.isoformat() if hours else None,
        strictest=itemgetter(0),
    ),
    Rule(
        option="wake_gap_minutes",
        field="wake_gap",
        kind=Kind.MINUTES,
        group=Group.WAKES,
        read=lambda minutes: timedelta(minutes=minutes),
        write=lambda gap: gap / timedelta(minutes=1),
        strictest=_most,
    ),
    Rule(
        option="patience_hours",
        field="max_deferral",
        kind=Kind.HOURS,
        group=Group.WAKES,
        read=lambda hours: timedelta(hours=hours),
        write=lambda deferral: deferral / timedelta(hours=1),
        strictest=_least,
    ),
    Rule(
        option="asleep_callers",
        field="asleep_callers",
        kind=Kind.CALLERS,
        group=Group.WAKES,
        read=lambda callers: {str(label): AsleepPolicy(each) for label, each in callers.items()},
        write=lambda callers: {label: str(each) for label, each in callers.items()},
        strictest=_strictest_callers,
    ),
    Rule(
        option="spending_mode",
        field="spending_mode",
        kind=Kind.MODE,
        group=Group.ENTITY,
        read=lambda mode: None if mode is None else SpendingMode(mode),
        write=lambda mode: str(mode) if mode else None,
        strictest=_last_of(SpendingMode),
    ),
)
"""Every spending option: the policy, what is stored, the forms, and which of several entries that
share a bill decides, all follow from these rows. The order is the one in the forms."""

_QUIET_HOURS: Final = frozenset(rule.option for rule in RULES if rule.field == "quiet_hours")


def readable_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The spending options that are set and can be read."""
    unreadable = unreadable_options(options)
    return {
        rule.option: value
        for rule in RULES
        if (value := options.get(rule.option)) is not None and rule.option not in unreadable
    }


def unreadable_options(options: Mapping[str, Any]) -> list[str]:
    """The spending options that cannot be read."""
    unreadable = []
    for rule in RULES:
        if rule.option in options:
            try:
                Policy.from_options({rule.option: options[rule.option]})
            except ValueError:
                unreadable.append(rule.option)
    return unreadable


def strictest_options(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The strictest of the readable options of several entries, oldest first, rule by rule.

    One that does not name a rule has no say in it: its owner was not asked.
    """
    named: dict[str, list[Any]] = {}
    for options in map(readable_options, entries):
        # The hours of the oldest, and not the begin of one with the end of another.
        skipped = frozenset() if _has_new_quiet_hours(options, named) else _QUIET_HOURS
        for option, value in options.items():
            if option not in skipped:
                named.setdefault(option, []).append(value)
    return {
        rule.option: rule.strictest(named[rule.option]) for rule in RULES if rule.option in named
    }


def _has_new_quiet_hours(options: Mapping[str, Any], named: Mapping[str, Any]) -> bool:
    return options.keys() >= _QUIET_HOURS and not named.keys() & _QUIET_HOURS

"""The policy: the owner's rules about spending and waking, read from an account's options."""

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
    """Wake the car if the rules allow it; if not, defer a plain setting of an automation."""
    WAIT = "wait"
    """Defer a plain setting; wake the car for any other command if the rules allow it."""
    REFUSE = "refuse"
    """Refuse the command."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours, in the owner's time, in which automations wake no car; they may span midnight."""

    begin: time
    end: time

    def contain(self, local: datetime) -> bool:
        """Whether an aware local time is in the quiet hours. If both ends are equal, none is."""
        moment = local.time()
        if self.begin <= self.end:
            return self.begin <= moment < self.end
        return moment >= self.begin or moment < self.end

    def over(self, local: datetime) -> datetime:
        """When the quiet hours that contain `local` end, in UTC."""
        # Compared in UTC, because local times repeat when clocks are set back. When they are set
        # forward, a skipped end can fall into the next quiet hours.
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
    """The owner's rules. By default the owner pays nothing, because the budget is the discount.

    Raises:
        ValueError: names the field that is out of range.
    """

    budget: Decimal | None = None
    """The month's budget before the discount; None stands for the discount."""
    reserve: Decimal = Decimal("0.1")
    """Share of the budget that is reserved for people, 0 to 1."""
    wakes_per_day: int | None = 2
    """Wakes per car and day (UTC, as in the ledger) that automations may cause; None: unlimited."""
    charging_wakes_per_day: int | None = 4
    """As above, that charging at home may cause. It needs two to three on a changeable day."""
    quiet_hours: QuietHours | None = None
    """Hours in which automations wake no car."""
    wake_gap: timedelta = timedelta()
    """Minimum time between a car's last wake and the next one for an automation."""
    head_start: timedelta = timedelta(days=3)
    """How far the background's spending may run ahead of the month."""
    max_deferral: timedelta = timedelta(hours=6)
    """How long a deferred setting waits before it is dropped."""
    confirm_wakes: bool = False
    """Whether a person has to repeat a request that would wake a car."""
    asleep_person: AsleepPolicy = AsleepPolicy.WAKE
    """Treatment of a person's commands for a sleeping car."""
    asleep_automation: AsleepPolicy = AsleepPolicy.WAKE
    """Treatment of commands from automations, scripts and voice assistants for a sleeping car."""
    asleep_callers: Mapping[str, AsleepPolicy] = field(default_factory=dict)
    """Exceptions from these two, by a caller's label."""
    spending_mode: SpendingMode | None = None
    """The spending mode that the owner chose; None follows the budget."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        wrong = {
            "budget": self.budget is not None
            and not (self.budget.is_finite() and self.budget >= 0),
            "reserve": not (self.reserve.is_finite() and 0 <= self.reserve <= 1),
            "wakes_per_day": self.wakes_per_day is not None and self.wakes_per_day < 0,
            "charging_wakes_per_day": self.charging_wakes_per_day is not None
            and self.charging_wakes_per_day < 0,
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
        """Treatment of a caller's commands for a sleeping car."""
        usual = self.asleep_person if caller.kind is CallerKind.PERSON else self.asleep_automation
        if caller.kind is CallerKind.CHARGING:
            # The rule for automations is about settings that can wait; a planned charge cannot.
            usual = AsleepPolicy.WAKE
        return self.asleep_callers.get(caller.label, usual)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Policy:
        """Create the policy that options describe; missing options have their default.

        Raises:
            ValueError: names the option that is unreadable.
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
    """An entity changes it; it is in no form."""


class OptionKind(StrEnum):
    """Kind of an option's value, which decides its field in the form."""

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
class SpendingRule:
    """One spending option: everything about it except its texts."""

    option: str
    """Key of the option in a config entry, where it is stored as JSON."""
    field: str
    """The field of `Policy` that the option sets."""
    kind: OptionKind
    group: Group
    is_advanced: bool = False
    """Whether the form shows the option in the section for advanced options."""
    read: Callable[[Any], Any]
    """Converts the option's value to the field's; raises if it is unreadable."""
    write: Callable[[Any], Any]
    """Converts the field's value to the option's."""
    strictest: Callable[[list[Any]], Any]
    """Returns the strictest of several entries' values of the option; they are sorted by age, the
    oldest first."""


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
    """Return a function that picks the value that is last in an enumeration."""
    return lambda values: max(values, key=list[str](order).index)


def _strictest_callers(values: list[Mapping[str, str]]) -> dict[str, str]:
    together: dict[str, list[str]] = {}
    for callers in values:
        for label, asleep in callers.items():
            together.setdefault(label, []).append(asleep)
    strictest = _last_of(AsleepPolicy)
    return {label: strictest(each) for label, each in together.items()}


RULES: Final = (
    SpendingRule(
        option="monthly_limit",
        field="budget",
        kind=OptionKind.AMOUNT,
        group=Group.SPENDING,
        read=_amount,
        write=lambda budget: None if budget is None else str(budget),
        strictest=_least,
    ),
    SpendingRule(
        option="reserve_percent",
        field="reserve",
        kind=OptionKind.PERCENT,
        group=Group.SPENDING,
        read=lambda percent: Decimal(str(percent)) / 100,
        write=lambda reserve: str(100 * reserve),
        strictest=_most,
    ),
    SpendingRule(
        option="head_start_days",
        field="head_start",
        kind=OptionKind.DAYS,
        group=Group.SPENDING,
        is_advanced=True,
        read=lambda days: timedelta(days=days),
        write=lambda head_start: head_start / timedelta(days=1),
        strictest=_least,
    ),
    SpendingRule(
        option="asleep_person",
        field="asleep_person",
        kind=OptionKind.ASLEEP,
        group=Group.WAKES,
        read=AsleepPolicy,
        write=str,
        strictest=_last_of(AsleepPolicy),
    ),
    SpendingRule(
        option="confirm_wakes",
        field="confirm_wakes",
        kind=OptionKind.FLAG,
        group=Group.WAKES,
        read=_flag,
        write=_unchanged,
        strictest=any,
    ),
    SpendingRule(
        option="asleep_automation",
        field="asleep_automation",
        kind=OptionKind.ASLEEP,
        group=Group.WAKES,
        read=AsleepPolicy,
        write=str,
        strictest=_last_of(AsleepPolicy),
    ),
    SpendingRule(
        option="wakes_per_day",
        field="wakes_per_day",
        kind=OptionKind.COUNT,
        group=Group.WAKES,
        read=_whole,
        write=_unchanged,
        strictest=_least,
    ),
    SpendingRule(
        option="charging_wakes_per_day",
        field="charging_wakes_per_day",
        kind=OptionKind.COUNT,
        group=Group.WAKES,
        is_advanced=True,
        read=_whole,
        write=_unchanged,
        strictest=_least,
    ),
    # Two options set one field. The oldest entry's values apply; `strictest_options` keeps the two
    # together.
    SpendingRule(
        option="quiet_begin",
        field="quiet_hours",
        kind=OptionKind.TIME_OF_DAY,
        group=Group.WAKES,
        read=_hour,
        write=lambda hours: hours.begin.isoformat() if hours else None,
        strictest=itemgetter(0),
    ),
    SpendingRule(
        option="quiet_end",
        field="quiet_hours",
        kind=OptionKind.TIME_OF_DAY,
        group=Group.WAKES,
        read=_hour,
        write=lambda hours: hours.end.isoformat() if hours else None,
        strictest=itemgetter(0),
    ),
    SpendingRule(
        option="wake_gap_minutes",
        field="wake_gap",
        kind=OptionKind.MINUTES,
        group=Group.WAKES,
        is_advanced=True,
        read=lambda minutes: timedelta(minutes=minutes),
        write=lambda gap: gap / timedelta(minutes=1),
        strictest=_most,
    ),
    SpendingRule(
        option="patience_hours",
        field="max_deferral",
        kind=OptionKind.HOURS,
        group=Group.WAKES,
        is_advanced=True,
        read=lambda hours: timedelta(hours=hours),
        write=lambda deferral: deferral / timedelta(hours=1),
        strictest=_least,
    ),
    SpendingRule(
        option="asleep_callers",
        field="asleep_callers",
        kind=OptionKind.CALLERS,
        group=Group.WAKES,
        is_advanced=True,
        read=lambda callers: {str(label): AsleepPolicy(each) for label, each in callers.items()},
        write=lambda callers: {label: str(each) for label, each in callers.items()},
        strictest=_strictest_callers,
    ),
    SpendingRule(
        option="spending_mode",
        field="spending_mode",
        kind=OptionKind.MODE,
        group=Group.ENTITY,
        read=lambda mode: None if mode is None else SpendingMode(mode),
        write=lambda mode: str(mode) if mode else None,
        strictest=_last_of(SpendingMode),
    ),
)
"""Every spending option, in the order of the forms. From these rows follow the policy, the storage,
the forms, and the strictest value if several entries share a bill."""

_QUIET_HOURS: Final = frozenset(rule.option for rule in RULES if rule.field == "quiet_hours")


def readable_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The spending options that are set and readable."""
    unreadable = unreadable_options(options)
    return {
        rule.option: value
        for rule in RULES
        if (value := options.get(rule.option)) is not None and rule.option not in unreadable
    }


def unreadable_options(options: Mapping[str, Any]) -> list[str]:
    """The keys of the spending options that are unreadable."""
    unreadable = []
    for rule in RULES:
        if rule.option in options:
            try:
                Policy.from_options({rule.option: options[rule.option]})
            except ValueError:
                unreadable.append(rule.option)
    return unreadable


def strictest_options(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """For each option, the strictest readable value of several entries, given oldest first.

    An entry without the option does not count, not even with its default: its owner did not choose.
    """
    named: dict[str, list[Any]] = {}
    for options in map(readable_options, entries):
        # Take both quiet hours from the oldest entry; never mix those of two entries.
        skipped = frozenset() if _has_new_quiet_hours(options, named) else _QUIET_HOURS
        for option, value in options.items():
            if option not in skipped:
                named.setdefault(option, []).append(value)
    return {
        rule.option: rule.strictest(named[rule.option]) for rule in RULES if rule.option in named
    }


def _has_new_quiet_hours(options: Mapping[str, Any], named: Mapping[str, Any]) -> bool:
    return options.keys() >= _QUIET_HOURS and not named.keys() & _QUIET_HOURS

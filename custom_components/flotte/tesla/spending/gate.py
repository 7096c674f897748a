"""The gate: whether an action may cost what it costs, now, later, or not at all.

    decide(request, circumstances, policy) -> Allow | Refuse | Defer

It is asked for the whole cost of an action (wake, look, handshake, command) before its first
request leaves. What it answers names its reason, whose value is the key of a text, and the words
that fill this text, so that every decision can be read.

- What costs nothing is always allowed. Nothing that is paid is allowed while Tesla has suspended
  the account, or above the budget.
- A person may spend to the last cent of the budget.
- Automations, scripts and voice keep a reserve for people. Each car is woken for them only so often
  a day, not in quiet hours, and not too soon again. A plain setting that would need such a wake
  waits instead until the car is awake by itself; what is no plain setting is refused.
- The background spends in step with the month, with a head start so that the first days work, and
  never wakes a car.

How much of this holds at a time is the spending mode, which follows from what is spent and what the
month will probably cost: `mode_of`, with its effects in `EFFECTS`.

Everything is pure but `Gate`, which keeps the pieces together; even that has no clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import Any, Final

from ..clock import within
from ..errors import AccountSuspended, BudgetExceeded, Deferred, GateRefused, Refused, whole_units
from ..listeners import Listeners
from .meter import POLLING, Caller, CallerKind, Category, Charge, Hold, Meter, Month, Tariff

MINUTE: Final = timedelta(minutes=1)
LIMITED: Final = frozenset({CallerKind.AUTOMATION, CallerKind.VOICE})
"""Who shares the daily wakes: everybody who acts without a person at a screen."""


# --- Spending steps ------------------------------------------------------------------------------


class SpendingMode(StrEnum):
    """How much the budget restrains, in rising order."""

    NORMAL = "normal"
    THRIFTY = "thrifty"
    FRUGAL = "frugal"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Effects:
    """What a spending mode changes."""

    poll_factor: int = 1
    """By how much the intervals of the poll plan, and of sites that cost something, grow."""
    saver: bool = False
    """Whether the stream is asked for its saver profile."""
    polls: bool = True
    """Whether the background may ask for anything that is paid."""
    automation_wakes: bool = True
    """Whether automations may wake a car."""
    automations: bool = True
    """Whether automations may spend at all."""
    streams: bool = True
    """Whether the cars stream."""


EFFECTS: Final[Mapping[SpendingMode, Effects]] = {
    SpendingMode.NORMAL: Effects(),
    SpendingMode.THRIFTY: Effects(poll_factor=2, saver=True),
    SpendingMode.FRUGAL: Effects(poll_factor=4, saver=True, polls=False, automation_wakes=False),
    SpendingMode.STOPPED: Effects(
        poll_factor=4,
        saver=True,
        polls=False,
        automation_wakes=False,
        automations=False,
        streams=False,
    ),
}
_RISING: Final = tuple(SpendingMode)

SPENT_SHARES: Final[Mapping[SpendingMode, Decimal]] = {
    SpendingMode.THRIFTY: Decimal("0.5"),
    SpendingMode.FRUGAL: Decimal("0.8"),
    SpendingMode.STOPPED: Decimal("0.99"),
}
"""What share of the budget is spent when a step is due. The first two also need a projection above
the budget: who will stay within it is not held back. The last hundredth pays for the requests that
stop the stream, and for what people do."""
EARLY_SHARE: Final = Decimal("1.5")
"""A projection of so many budgets brings the first step at once: half the budget need not be gone
before anybody acts. It is higher than 1 because a projection from few days is rough."""
HOLD_SPENT: Final = Decimal("0.98")
"""A step ends only below this share of where it began, so that a refund does not end it."""
HOLD_PROJECTED: Final = Decimal("0.9")
"""The same for the projection, which moves every day, and falls because of the step itself."""


class ModeReason(StrEnum):
    """Why the spending mode is what it is; the values are translation keys."""

    IN_ORDER = "mode_in_order"
    """The month will end within the budget."""
    PACE = "mode_pace"
    """The month would end far above the budget."""
    SHARE = "mode_share"
    """A share of the budget is spent, and the month would end above it."""
    USED_UP = "mode_used_up"
    """The budget is spent but for a rest."""
    CHOSEN = "mode_chosen"
    """Somebody chose it."""
    SUSPENDED = "mode_suspended"
    """Tesla has stopped the account, whatever the budget says."""


@dataclass(frozen=True, slots=True)
class Step:
    """A spending mode and what brought it."""

    mode: SpendingMode
    reason: ModeReason
    placeholders: Mapping[str, str]

    @property
    def effects(self) -> Effects:
        """What it changes."""
        return EFFECTS[self.mode]


def mode_of(
    spent: Decimal,
    projected: Decimal,
    budget: Decimal,
    current: SpendingMode = SpendingMode.NORMAL,
    override: SpendingMode | None = None,
) -> Step:
    """The spending mode; the one it is in `current`ly ends later than it began.

    Args:
        spent: This month.
        projected: What the month will probably cost in all.
        budget: For the month.
        current: The mode until now.
        override: The mode that somebody chose instead; it holds until the budget is used up.
    """
    words = {
        "spent": f"{spent:.2f}",
        "projected": f"{projected:.2f}",
        "budget": f"{budget:.2f}",
        "percent": f"{100 * spent / budget:.0f}" if budget else "100",
    }
    # Before what somebody chose: a stream costs whether there is room for it or not.
    share = SPENT_SHARES[SpendingMode.STOPPED]
    if current is SpendingMode.STOPPED:
        share *= HOLD_SPENT
    if spent >= share * budget:
        return Step(SpendingMode.STOPPED, ModeReason.USED_UP, words)
    if override is not None:
        return Step(override, ModeReason.CHOSEN, words)
    for mode in reversed(_RISING[1:-1]):
        held = _RISING.index(current) >= _RISING.index(mode)
        of_spent = HOLD_SPENT if held else Decimal(1)
        of_projected = HOLD_PROJECTED if held else Decimal(1)
        is_spent = spent >= SPENT_SHARES[mode] * of_spent * budget
        if is_spent and projected > of_projected * budget:
            return Step(mode, ModeReason.SHARE, words)
        if mode is SpendingMode.THRIFTY and projected >= EARLY_SHARE * of_projected * budget:
            return Step(mode, ModeReason.PACE, words)
    return Step(SpendingMode.NORMAL, ModeReason.IN_ORDER, words)


# --- What the owner wants ------------------------------------------------------------------------


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


# --- A question and its answers ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants to do: the whole cost of it."""

    caller: Caller
    charges: tuple[Charge, ...]
    """All that it may need: a wake if the car sleeps and nobody is waking it, a look, a handshake,
    the command."""
    car: str = ""
    may_wait: bool = False
    """Whether it is a plain setting, which is as good when the car is awake by itself. Never so for
    unlocking, opening, remote start, or anything that is done rather than set."""
    confirmed: bool = False
    """Whether the person asked twice."""
    saves: bool = False
    """Whether it makes the rest of the month cheaper, as a leaner stream does."""

    @property
    def wakes(self) -> bool:
        """Whether it wakes the car."""
        return any(charge.category is Category.WAKE for charge in self.charges)

    @property
    def without_wake(self) -> Request:
        """The same once the car is awake by itself."""
        rest = tuple(each for each in self.charges if each.category is not Category.WAKE)
        return replace(self, charges=rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the gate needs to know beside the request."""

    now: datetime
    tariff: Tariff
    counts: Mapping[Category, int]
    """This month, with what is promised to actions under way."""
    unaccounted: Decimal = Decimal(0)
    """What counts as spent beside that; see `Meter.unaccounted`."""
    zone: tzinfo = UTC
    """The owner's, for quiet hours and for the times in texts."""
    suspended: bool = False
    """Whether Tesla said that its own limit is exceeded."""
    mode: SpendingMode = SpendingMode.NORMAL
    wakes_today: int = 0
    """Of this car, for automations and voice, in UTC."""
    last_wake: datetime | None = None
    """When this car was woken last."""


class Reason(StrEnum):
    """Why the gate decides so; the values are translation keys."""

    FREE = "gate_free"
    PERSON = "gate_person"
    AUTOMATION = "gate_automation"
    IN_STEP = "gate_in_step"
    SAVES = "gate_saves"
    BUDGET = "budget_exceeded"
    SUSPENDED = "account_suspended"
    RESERVE = "gate_reserve"
    STOPPED = "gate_stopped"
    NO_POLLING = "gate_no_polling"
    AHEAD = "gate_ahead"
    BACKGROUND = "gate_background"
    CONFIRM = "gate_confirm"
    ASLEEP = "gate_asleep"
    NO_WAKES = "gate_no_wakes"
    QUOTA = "gate_quota"
    QUIET = "gate_quiet"
    GAP = "gate_gap"


_WAITING: Final = frozenset(
    {
        Reason.BUDGET,
        Reason.RESERVE,
        Reason.ASLEEP,
        Reason.NO_WAKES,
        Reason.QUOTA,
        Reason.QUIET,
        Reason.GAP,
    }
)
"""What is against waking the car, but not against the setting once the car is awake."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes."""

    reason: Reason
    placeholders: Mapping[str, str]

    @property
    def key(self) -> str:
        """Key of its text."""
        return str(self.reason)


@dataclass(frozen=True, slots=True)
class Refuse:
    """No."""

    reason: Reason
    until: datetime | None
    """When it may be asked again with hope, if nothing else changes; None if that is not known."""
    placeholders: Mapping[str, str]

    @property
    def key(self) -> str:
        """Key of its text."""
        return str(self.reason)

    def error(self) -> Refused:
        """The error that says so."""
        if self.reason is Reason.SUSPENDED:
            return AccountSuspended("Tesla's own limit is exceeded")
        if self.reason is Reason.BUDGET:
            return BudgetExceeded(**self.placeholders)
        return GateRefused(reason=self.key, again=self.until, **self.placeholders)


@dataclass(frozen=True, slots=True)
class Defer:
    """Not now, but as soon as the car is awake by itself."""

    reason: Reason
    """Why the car is not woken."""
    until: datetime
    """When it is given up."""
    placeholders: Mapping[str, str]

    @property
    def key(self) -> str:
        """Key of its text."""
        return f"{self.reason}_waits"

    def error(self) -> Deferred:
        """The error that says so."""
        return Deferred(reason=self.key, gives_up=self.until, **self.placeholders)


type Decision = Allow | Refuse | Defer


def decide(request: Request, circumstances: Circumstances, policy: Policy) -> Decision:
    """Whether an action may cost what it costs; changes nothing."""
    tariff = circumstances.tariff
    is_paid = any(tariff.price(each.category) for each in request.charges)
    if not is_paid and not request.wakes:
        return Allow(Reason.FREE, _words(request, circumstances, policy))
    if request.caller.kind is CallerKind.BACKGROUND:
        return _decide_background(request, circumstances, policy)
    is_person = request.caller.kind is CallerKind.PERSON
    obstacle = _money_obstacle(request, circumstances, policy)
    if obstacle is None and request.wakes:
        obstacle = _wake_obstacle(request, circumstances, policy)
    if obstacle is None:
        reason = Reason.PERSON if is_person else Reason.AUTOMATION
        return Allow(reason, _words(request, circumstances, policy))
    if obstacle.reason not in _WAITING or not _waits(request, circumstances, policy):
        return obstacle
    expires = circumstances.now + policy.patience
    words = {**obstacle.placeholders, "expires": _local(expires, circumstances)}
    return Defer(obstacle.reason, expires, words)


def _waits(request: Request, at: Circumstances, policy: Policy) -> bool:
    """Whether what may not wake the car now is done when it is awake by itself."""
    if not (request.wakes and request.may_wait):
        return False
    asleep = policy.asleep(request.caller)
    is_person = request.caller.kind is CallerKind.PERSON
    # A person is there to hear it, and to decide themselves.
    if asleep is Asleep.REFUSE or (asleep is Asleep.WAKE and is_person):
        return False
    # It must be possible to carry it out if the car is awake.
    return _money_obstacle(request.without_wake, at, policy) is None


def _decide_background(request: Request, at: Circumstances, policy: Policy) -> Decision:
    """In step with the month, and never waking a car."""
    if request.wakes:
        return Refuse(Reason.BACKGROUND, None, _words(request, at, policy))
    obstacle = _money_obstacle(request, at, policy)
    if obstacle is not None:
        return obstacle
    if request.saves:
        return Allow(Reason.SAVES, _words(request, at, policy))
    if not EFFECTS[at.mode].polls:
        until = Month.of(at.now).end
        return Refuse(Reason.NO_POLLING, until, _words(request, at, policy, until))
    return _in_step(request, at, policy)


def _in_step(request: Request, at: Circumstances, policy: Policy) -> Decision:
    """Whether what will be spent then is not ahead of the month."""
    month = Month.of(at.now)
    length = month.end - month.begin
    ceiling = policy.limit(at.tariff) * (1 - policy.reserve)
    # `_money_obstacle` saw to it that this is at most the ceiling.
    will_be = _bill_with(request, at)
    share = will_be / ceiling if ceiling else Decimal(0)
    seconds = (share * _seconds(length)).to_integral_value(ROUND_CEILING)
    since = month.begin + timedelta(seconds=int(seconds)) - policy.head_start
    if at.now >= since:
        return Allow(Reason.IN_STEP, _words(request, at, policy))
    words = _words(request, at, policy, since)
    gone = min(length, at.now - month.begin + policy.head_start)
    words["allowed"] = f"{ceiling * _seconds(gone) / _seconds(length):.2f}"
    return Refuse(Reason.AHEAD, since, words)


def _money_obstacle(request: Request, at: Circumstances, policy: Policy) -> Refuse | None:
    """What of the account, the budget, the reserve or the mode is against it."""
    if not any(at.tariff.price(each.category) for each in request.charges):
        return None
    reason = _money_reason(request, at, policy)
    if reason is None:
        return None
    until = Month.of(at.now).end
    words = _words(request, at, policy, until)
    if reason is Reason.BUDGET:
        # Its text gives the date in UTC.
        words["until"] = until.date().isoformat()
    return Refuse(reason, until, words)


def _money_reason(request: Request, at: Circumstances, policy: Policy) -> Reason | None:
    if at.suspended:
        return Reason.SUSPENDED
    limit = policy.limit(at.tariff)
    bill = _bill_with(request, at)
    if bill > limit:
        return Reason.BUDGET
    if request.caller.kind in LIMITED and not EFFECTS[at.mode].automations:
        return Reason.STOPPED
    keeps_reserve = request.caller.kind is not CallerKind.PERSON and not request.saves
    if keeps_reserve and bill > limit * (1 - policy.reserve):
        return Reason.RESERVE
    return None


def _wake_obstacle(request: Request, at: Circumstances, policy: Policy) -> Refuse | None:
    """What is against waking the car for a person or an automation."""
    asleep = policy.asleep(request.caller)
    words = _words(request, at, policy)
    if asleep is Asleep.REFUSE or (asleep is Asleep.WAIT and request.may_wait):
        return Refuse(Reason.ASLEEP, None, words)
    if request.caller.kind is CallerKind.PERSON:
        if policy.confirm_wakes and not request.confirmed:
            return Refuse(Reason.CONFIRM, at.now, words)
        return None
    return _automation_wake_obstacle(request, at, policy)


def _automation_wake_obstacle(request: Request, at: Circumstances, policy: Policy) -> Refuse | None:
    """What of the mode, the quota, the hour and the pause is against it."""
    if not EFFECTS[at.mode].automation_wakes:
        until = Month.of(at.now).end
        return Refuse(Reason.NO_WAKES, until, _words(request, at, policy, until))
    if policy.wakes_per_day == 0:
        # There is no day to wait for.
        return Refuse(Reason.ASLEEP, None, _words(request, at, policy))
    if policy.wakes_per_day is not None and at.wakes_today >= policy.wakes_per_day:
        today = at.now.astimezone(UTC).date()
        until = datetime.combine(today + timedelta(days=1), time(), UTC)
        words = {**_words(request, at, policy, until), "quota": str(policy.wakes_per_day)}
        return Refuse(Reason.QUOTA, until, words)
    local = at.now.astimezone(at.zone)
    quiet = policy.quiet_hours
    if quiet is not None and quiet.contain(local):
        until = quiet.over(local)
        words = _words(request, at, policy, until)
        hours = {"begin": f"{quiet.begin:%H:%M}", "end": f"{quiet.end:%H:%M}"}
        return Refuse(Reason.QUIET, until, {**words, **hours})
    if at.last_wake is not None and within(at.last_wake, policy.wake_gap, at.now):
        until = at.last_wake + policy.wake_gap
        words = _words(request, at, policy, until)
        minutes = str(whole_units(policy.wake_gap, MINUTE))
        return Refuse(Reason.GAP, until, {**words, "minutes": minutes})
    return None


def _bill_with(request: Request, at: Circumstances) -> Decimal:
    """This month's bill with the request on it."""
    counts = dict(at.counts)
    for charge in request.charges:
        counts[charge.category] = counts.get(charge.category, 0) + charge.count
    return at.tariff.bill(counts) + at.unaccounted


def _words(
    request: Request, at: Circumstances, policy: Policy, until: datetime | None = None
) -> dict[str, str]:
    """What every text may name."""
    limit = policy.limit(at.tariff)
    bill = at.tariff.bill(at.counts) + at.unaccounted
    words = {
        "caller": request.caller.label,
        "cost": f"{at.tariff.total(request.charges):.3f}",
        "spent": f"{bill:.2f}",
        "left": f"{max(Decimal(0), limit - bill):.2f}",
        "limit": f"{limit:.2f}",
        "reserve": f"{limit * policy.reserve:.2f}",
        "currency": at.tariff.currency,
        "wakes": str(at.wakes_today),
    }
    if until is not None:
        words["until"] = _local(until, at)
    return words


def _local(moment: datetime, at: Circumstances) -> str:
    """A time as the owner reads it, to the minute; rounded up, because until then they wait."""
    moment += -timedelta(seconds=moment.second, microseconds=moment.microsecond) % MINUTE
    return f"{moment.astimezone(at.zone):%Y-%m-%d %H:%M}"


def _seconds(duration: timedelta) -> Decimal:
    """Exact seconds."""
    return Decimal(duration // timedelta(microseconds=1)) / 1_000_000


# --- The pieces together -------------------------------------------------------------------------


class Gate:
    """The gate of a developer account: its meter, the owner's policy, and the spending mode.

    Args:
        meter: Its limit follows the policy's budget.
        policy: What the owner allows.
        zone: The owner's time zone.
    """

    def __init__(self, meter: Meter, policy: Policy | None = None, zone: tzinfo = UTC) -> None:
        self.meter = meter
        self.zone = zone
        self.step = Step(SpendingMode.NORMAL, ModeReason.IN_ORDER, {})
        self.decided = Listeners[Request, Decision]()
        """Notified of every decision that counts, not of those that `decide` only previews."""
        self.policy = policy or Policy()

    @property
    def policy(self) -> Policy:
        """What the owner allows."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = policy
        # The meter is the last to look at each request, and the budget is what it looks for.
        self.meter.limit = policy.limit(self.meter.tariff)
        self.meter.reserve = self.meter.limit * policy.reserve

    def circumstances(self, request: Request, now: datetime) -> Circumstances:
        """What the gate needs to know beside the request."""
        meter, wakes = self.meter, request.wakes
        return Circumstances(
            now=now,
            tariff=meter.tariff,
            counts=meter.committed(now),
            unaccounted=meter.unaccounted(now),
            zone=self.zone,
            suspended=meter.suspended == Month.of(now),
            mode=self.step.mode,
            # Counting walks the whole ledger, and only wakes ask for it.
            wakes_today=meter.wakes_today(request.car, LIMITED, now) if wakes else 0,
            last_wake=meter.last_wake(request.car) if wakes else None,
        )

    def decide(self, request: Request, now: datetime) -> Decision:
        """What the gate would say now; changes nothing."""
        return decide(request, self.circumstances(request, now), self.policy)

    def lets_poll(self, charge: Charge, car: str, now: datetime) -> bool:
        """Whether the background may ask for this now: always, if it costs nothing."""
        if not self.meter.tariff.price(charge.category):
            return True
        request = Request(caller=POLLING, charges=(charge,), car=car)
        return isinstance(self.decide(request, now), Allow)

    def admit(self, request: Request, now: datetime) -> Hold:
        """Ask for an action that is about to begin, and keep room for it until it is over.

        Raises:
            BudgetExceeded: it would cost more than is left.
            AccountSuspended: Tesla stopped the account this month.
            GateRefused: for another reason, which it names.
            Deferred: it is to wait until the car is awake by itself.
        """
        decision = self.decide(request, now)
        self.decided(request, decision)
        if not isinstance(decision, Allow):
            # A person who has to confirm mostly does, and then nothing was saved.
            is_final = decision.reason is not Reason.CONFIRM
            if isinstance(decision, Refuse) and request.wakes and is_final:
                self.meter.save_wake(request.caller, request.car, now)
            raise decision.error()
        return self.meter.hold(request.charges, request.caller, request.car, now)

    def shown_step(self, now: datetime) -> Step:
        """The spending mode as it is told: nothing paid is done while Tesla stops the account.

        What follows from the budget is not touched by that, and holds again afterwards.
        """
        if not self.meter.is_suspended(now):
            return self.step
        return Step(SpendingMode.STOPPED, ModeReason.SUSPENDED, self.step.placeholders)

    def review(self, projected: Decimal, now: datetime) -> Step:
        """Look at the spending mode again, given what the month will probably cost."""
        self.step = mode_of(
            self.meter.spent(now),
            projected + self.meter.unaccounted(now),
            self.meter.limit,
            self.step.mode,
            self.policy.mode,
        )
        return self.step

"""The gate: decides whether an action may be paid for now, later or not at all.

    decide(request, circumstances, policy) -> Allow | Refuse | Defer

The gate decides about the whole cost of an action (wake, data request, handshake, command) before
its first request is sent. A decision has a reason, whose value is the key of a text, and the
placeholders of that text, so that every decision can be shown to the owner.

- Free actions are always allowed. Paid actions are refused while Tesla has suspended the account,
  and if they would exceed the budget.
- A person may spend the whole budget.
- Automations, scripts and voice assistants must leave the reserve for people. They may wake each
  car only so often a day, not in quiet hours, and not too soon after its last wake. If a wake is
  refused, a plain setting is deferred until the car wakes on its own; other commands are refused.
- Charging at home is treated like an automation, but has wakes of its own, also in quiet hours,
  and nothing of it is deferred: its plan says when to charge. Its stop is never refused for lack of
  money, because going on would cost more.
- The background may spend no faster than the month passes, apart from a head start for the first
  days. It never wakes a car.

The spending mode restricts this further, depending on the month's spent and projected cost; see
`mode_of`, and `EFFECTS` for its effects.

Everything here is a pure function except `Gate`, which combines them and does not read a clock
either.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import ROUND_CEILING, Decimal
from typing import Final

from ..clock import within
from ..errors import whole_units
from ..listeners import Listeners
from .caller import POLLING, CallerKind
from .decision import (
    CHARGING_ONLY,
    UNATTENDED,
    WAITING,
    Allow,
    Circumstances,
    Decision,
    DecisionReason,
    Defer,
    Refuse,
    SpendingRequest,
)
from .holds import Hold
from .ledger import Month
from .meter import Meter
from .modes import EFFECTS, ModeReason, ModeStatus, SpendingMode, mode_of
from .policy import AsleepPolicy, Policy
from .tariff import Charge

MINUTE: Final = timedelta(minutes=1)


def decide(request: SpendingRequest, circumstances: Circumstances, policy: Policy) -> Decision:
    """Decide whether an action may be paid for now or later. Changes nothing."""
    decision = decide_now(request, circumstances, policy)
    if (
        isinstance(decision, Allow)
        or decision.reason not in WAITING
        or not _waits(request, circumstances, policy)
    ):
        return decision
    expires = circumstances.now + policy.max_deferral
    words = {**decision.placeholders, "expires": _local(expires, circumstances)}
    return Defer(decision.reason, expires, words)


def decide_now(
    request: SpendingRequest, circumstances: Circumstances, policy: Policy
) -> Allow | Refuse:
    """Decide whether an action may be paid for now. Changes nothing."""
    tariff = circumstances.tariff
    is_paid = any(tariff.price(each.category) for each in request.charges)
    if not is_paid and not request.wakes:
        return Allow(DecisionReason.FREE, _words(request, circumstances, policy))
    if request.caller.kind is CallerKind.BACKGROUND:
        return _decide_background(request, circumstances, policy)
    is_person = request.caller.kind is CallerKind.PERSON
    obstacle = _money_obstacle(request, circumstances, policy)
    if obstacle is None and request.wakes:
        obstacle = _wake_obstacle(request, circumstances, policy)
    if obstacle is not None:
        return obstacle
    reason = DecisionReason.PERSON if is_person else DecisionReason.AUTOMATION
    if request.ends_spending:
        reason = DecisionReason.STOP
    return Allow(reason, _words(request, circumstances, policy))


def _waits(request: SpendingRequest, at: Circumstances, policy: Policy) -> bool:
    """Whether to defer an action that may not wake the car now."""
    if not (request.wakes and request.deferrable):
        return False
    asleep = policy.asleep(request.caller)
    is_person = request.caller.kind is CallerKind.PERSON
    # A person sees the refusal, and can decide what to do.
    if asleep is AsleepPolicy.REFUSE or (asleep is AsleepPolicy.WAKE and is_person):
        return False
    # The command itself has to be affordable once the car is awake.
    return _money_obstacle(request.without_wake, at, policy) is None


def _decide_background(
    request: SpendingRequest, at: Circumstances, policy: Policy
) -> Allow | Refuse:
    """Decide about an action of the background, which never wakes a car."""
    if request.wakes:
        return Refuse(DecisionReason.BACKGROUND, None, _words(request, at, policy))
    obstacle = _money_obstacle(request, at, policy)
    if obstacle is not None:
        return obstacle
    if request.reduces_cost:
        return Allow(DecisionReason.SAVES, _words(request, at, policy))
    if not EFFECTS[at.mode].polls:
        until = Month.of(at.now).end
        return Refuse(DecisionReason.NO_POLLING, until, _words(request, at, policy, until))
    return _in_step(request, at, policy)


def _in_step(request: SpendingRequest, at: Circumstances, policy: Policy) -> Allow | Refuse:
    """Whether what will be spent then is not ahead of the month."""
    month = Month.of(at.now)
    length = month.end - month.begin
    ceiling = policy.budget_in(at.tariff) * (1 - policy.reserve)
    # `_money_obstacle` ensured that this is at most the ceiling.
    will_be = _bill_with(request, at)
    share = will_be / ceiling if ceiling else Decimal(0)
    seconds = (share * _seconds(length)).to_integral_value(ROUND_CEILING)
    since = month.begin + timedelta(seconds=int(seconds)) - policy.head_start
    if at.now >= since:
        return Allow(DecisionReason.IN_STEP, _words(request, at, policy))
    words = _words(request, at, policy, since)
    gone = min(length, at.now - month.begin + policy.head_start)
    words["allowed"] = f"{ceiling * _seconds(gone) / _seconds(length):.2f}"
    return Refuse(DecisionReason.AHEAD, since, words)


def _money_obstacle(request: SpendingRequest, at: Circumstances, policy: Policy) -> Refuse | None:
    """The refusal because of the account, the budget, the reserve or the mode, if any."""
    if not any(at.tariff.price(each.category) for each in request.charges):
        return None
    reason = _money_reason(request, at, policy)
    if reason is None:
        return None
    until = Month.of(at.now).end
    words = _words(request, at, policy, until)
    if reason is DecisionReason.BUDGET:
        # The text for this reason shows the date in UTC.
        words["until"] = until.date().isoformat()
    return Refuse(reason, until, words)


def _money_reason(
    request: SpendingRequest, at: Circumstances, policy: Policy
) -> DecisionReason | None:
    if at.suspended:
        return DecisionReason.SUSPENDED
    if request.ends_spending:
        return None
    budget = policy.budget_in(at.tariff)
    bill = _bill_with(request, at)
    if bill > budget:
        return DecisionReason.BUDGET
    if request.caller.kind in UNATTENDED | CHARGING_ONLY and not EFFECTS[at.mode].automations:
        return DecisionReason.STOPPED
    keeps_reserve = request.caller.kind is not CallerKind.PERSON and not request.reduces_cost
    if keeps_reserve and bill > budget * (1 - policy.reserve):
        return DecisionReason.RESERVE
    return None


def _wake_obstacle(request: SpendingRequest, at: Circumstances, policy: Policy) -> Refuse | None:
    """The refusal to wake the car for a person or an automation, if any."""
    asleep = policy.asleep(request.caller)
    words = _words(request, at, policy)
    if asleep is AsleepPolicy.REFUSE or (asleep is AsleepPolicy.WAIT and request.deferrable):
        return Refuse(DecisionReason.ASLEEP, None, words)
    if request.caller.kind is CallerKind.PERSON:
        if policy.confirm_wakes and not request.confirmed:
            return Refuse(DecisionReason.CONFIRM, at.now, words)
        return None
    if request.caller.kind is CallerKind.CHARGING:
        return _quota_obstacle(request, at, policy, policy.charging_wakes_per_day)
    return _automation_wake_obstacle(request, at, policy)


def _automation_wake_obstacle(
    request: SpendingRequest, at: Circumstances, policy: Policy
) -> Refuse | None:
    """The refusal because of the mode, the quota, quiet hours or the wake gap, if any."""
    if not EFFECTS[at.mode].automation_wakes:
        until = Month.of(at.now).end
        return Refuse(DecisionReason.NO_WAKES, until, _words(request, at, policy, until))
    if (obstacle := _quota_obstacle(request, at, policy, policy.wakes_per_day)) is not None:
        return obstacle
    local = at.now.astimezone(at.zone)
    quiet = policy.quiet_hours
    if quiet is not None and quiet.contain(local):
        until = quiet.over(local)
        words = _words(request, at, policy, until)
        hours = {"begin": f"{quiet.begin:%H:%M}", "end": f"{quiet.end:%H:%M}"}
        return Refuse(DecisionReason.QUIET, until, {**words, **hours})
    if at.last_wake is not None and within(at.last_wake, policy.wake_gap, at.now):
        until = at.last_wake + policy.wake_gap
        words = _words(request, at, policy, until)
        minutes = str(whole_units(policy.wake_gap, MINUTE))
        return Refuse(DecisionReason.GAP, until, {**words, "minutes": minutes})
    return None


def _quota_obstacle(
    request: SpendingRequest, at: Circumstances, policy: Policy, quota: int | None
) -> Refuse | None:
    """The refusal because all wakes of the day are used, if they are."""
    if quota == 0:
        # No later day has a wake either.
        return Refuse(DecisionReason.ASLEEP, None, _words(request, at, policy))
    if quota is None or at.wakes_today < quota:
        return None
    today = at.now.astimezone(UTC).date()
    until = datetime.combine(today + timedelta(days=1), time(), UTC)
    words = {**_words(request, at, policy, until), "quota": str(quota)}
    is_charging = request.caller.kind is CallerKind.CHARGING
    reason = DecisionReason.CHARGING_QUOTA if is_charging else DecisionReason.QUOTA
    return Refuse(reason, until, words)


def _bill_with(request: SpendingRequest, at: Circumstances) -> Decimal:
    """This month's bill including the request."""
    counts = dict(at.counts)
    for charge in request.charges:
        counts[charge.category] = counts.get(charge.category, 0) + charge.count
    return at.tariff.bill(counts) + at.unaccounted


def _words(
    request: SpendingRequest, at: Circumstances, policy: Policy, until: datetime | None = None
) -> dict[str, str]:
    """The placeholders that every text can use."""
    budget = policy.budget_in(at.tariff)
    bill = at.tariff.bill(at.counts) + at.unaccounted
    words = {
        "caller": request.caller.label,
        "cost": f"{at.tariff.total(request.charges):.3f}",
        "spent": f"{bill:.2f}",
        "left": f"{max(Decimal(0), budget - bill):.2f}",
        "limit": f"{budget:.2f}",
        "reserve": f"{budget * policy.reserve:.2f}",
        "currency": at.tariff.currency,
        "wakes": str(at.wakes_today),
    }
    if until is not None:
        words["until"] = _local(until, at)
    return words


def _local(moment: datetime, at: Circumstances) -> str:
    """A time in the owner's zone, to the minute; rounded up, because they wait until then."""
    moment += -timedelta(seconds=moment.second, microseconds=moment.microsecond) % MINUTE
    return f"{moment.astimezone(at.zone):%Y-%m-%d %H:%M}"


def _seconds(duration: timedelta) -> Decimal:
    """The duration in exact seconds."""
    return Decimal(duration // timedelta(microseconds=1)) / 1_000_000


# --- The gate of an account ----------------------------------------------------------------------


class Gate:
    """The gate of a developer account: its meter, the owner's policy, and the spending mode.

    Args:
        meter: The meter, whose budget follows the policy.
        policy: The owner's rules.
        zone: The owner's time zone.
    """

    def __init__(self, meter: Meter, policy: Policy | None = None, zone: tzinfo = UTC) -> None:
        self.meter = meter
        self.zone = zone
        self.mode_status = ModeStatus(SpendingMode.NORMAL, ModeReason.IN_ORDER, {})
        self.decided = Listeners[SpendingRequest, Decision]()
        """Notified of every decision of `admit`, but not of the previews of `decide`."""
        self.policy = policy or Policy()

    @property
    def policy(self) -> Policy:
        """The owner's rules."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._policy = policy
        # The meter checks every request against the budget once more.
        self.meter.budget = policy.budget_in(self.meter.tariff)
        self.meter.reserve = self.meter.budget * policy.reserve

    def circumstances(self, request: SpendingRequest, now: datetime) -> Circumstances:
        """Everything besides the request that a decision depends on."""
        meter, wakes = self.meter, request.wakes
        return Circumstances(
            now=now,
            tariff=meter.tariff,
            counts=meter.committed(now),
            unaccounted=meter.unaccounted(now),
            zone=self.zone,
            suspended=meter.is_suspended(now),
            mode=self.mode_status.mode,
            # Counting can walk the whole ledger, and only wakes need the number.
            wakes_today=meter.wakes_today(request.asset, request.sharing_wakes, now)
            if wakes
            else 0,
            last_wake=meter.last_wake(request.asset) if wakes else None,
        )

    def decide(self, request: SpendingRequest, now: datetime) -> Decision:
        """Preview the decision. Changes nothing."""
        return decide(request, self.circumstances(request, now), self.policy)

    def lets_poll(self, charge: Charge, vin: str, now: datetime) -> bool:
        """Whether the background may ask for this now: always, if it costs nothing."""
        request = SpendingRequest(caller=POLLING, charges=(charge,), asset=vin)
        return isinstance(self.decide(request, now), Allow)

    def admit(self, request: SpendingRequest, now: datetime) -> Hold:
        """Admit an action that is about to begin, and hold room for it until it is over.

        Raises:
            BudgetExceeded: it would cost more than is left.
            AccountSuspended: Tesla stopped the account this month.
            GateRefused: for another reason, which it names.
        """
        decision = decide_now(request, self.circumstances(request, now), self.policy)
        return self._hold(request, decision, now)

    def admit_or_defer(self, request: SpendingRequest, now: datetime) -> Hold | Defer:
        """Admit an action like `admit`, or return the decision to defer it."""
        decision = self.decide(request, now)
        if isinstance(decision, Defer):
            self.decided(request, decision)
            return decision
        return self._hold(request, decision, now)

    def _hold(self, request: SpendingRequest, decision: Allow | Refuse, now: datetime) -> Hold:
        """Report a decision, and keep room for the action or raise the refusal."""
        self.decided(request, decision)
        if isinstance(decision, Refuse):
            # A person who has to confirm mostly does, and then nothing was saved.
            if request.wakes and decision.reason is not DecisionReason.CONFIRM:
                self.meter.note_avoided_wake(request.caller, request.asset, now)
            raise decision.error()
        return self.meter.hold(request.charges, request.caller, request.asset, now)

    def shown_mode_status(self, now: datetime) -> ModeStatus:
        """The spending mode to show: `STOPPED` while Tesla suspends the account.

        The mode that follows from the budget is kept, and applies again afterwards.
        """
        if not self.meter.is_suspended(now):
            return self.mode_status
        return ModeStatus(SpendingMode.STOPPED, ModeReason.SUSPENDED, self.mode_status.placeholders)

    def review(self, projected: Decimal, now: datetime) -> ModeStatus:
        """Choose the spending mode again, given the month's projected cost."""
        self.mode_status = mode_of(
            self.meter.spent(now),
            projected + self.meter.unaccounted(now),
            self.meter.budget,
            self.mode_status.mode,
            self.policy.spending_mode,
        )
        return self.mode_status

"""The gate: a table of cases, and properties of all combinations."""

import json
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from custom_components.flotte.tesla.errors import (
    AccountSuspended,
    BudgetExceeded,
    GateRefused,
    Refused,
)
from custom_components.flotte.tesla.spending.caller import (
    CHARGING_AT_HOME,
    POLLING,
    STREAM,
    Caller,
    CallerKind,
)
from custom_components.flotte.tesla.spending.decision import (
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
from custom_components.flotte.tesla.spending.gate import Gate, decide
from custom_components.flotte.tesla.spending.holds import Hold
from custom_components.flotte.tesla.spending.ledger import Booking, Ledger, LedgerKey, Month
from custom_components.flotte.tesla.spending.meter import Doubt, Meter
from custom_components.flotte.tesla.spending.modes import (
    EFFECTS,
    Effects,
    ModeReason,
    SpendingMode,
    mode_of,
)
from custom_components.flotte.tesla.spending.policy import AsleepPolicy, Policy, QuietHours
from custom_components.flotte.tesla.spending.tariff import (
    COMMAND,
    DATA,
    ENERGY,
    EURO,
    FREE,
    TARIFFS,
    WAKE,
    Category,
    Charge,
)

# A Tuesday; 9.5 of 31 days are over.
NOW: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL: Final = datetime(2026, 4, 1, tzinfo=UTC)
TOMORROW: Final = datetime(2026, 3, 11, tzinfo=UTC)
CAR: Final = "XP7YGCEK0RB000001"
AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
PERSON: Final = Caller(CallerKind.PERSON)
AUTOMATION: Final = Caller(CallerKind.AUTOMATION, "solar")
VOICE: Final = Caller(CallerKind.VOICE)
NIGHT: Final = QuietHours(time(22), time(7))
FOUR_WAKES: Final = {"wakes_today": 4}
STOP: Final = replace(COMMAND, unasked=True)

TEXTS: Final[dict[str, str]] = {
    key: value["message"]
    for key, value in json.loads(
        (Path(__file__).parents[3] / "custom_components/flotte/translations/en.json").read_text(
            encoding="utf-8"
        )
    )["exceptions"].items()
}


def spent(**counts: int) -> Mapping[Category, int]:
    """This month's counts: all categories are present, as in a ledger."""
    return {**dict.fromkeys(Category, 0), **{Category(name): n for name, n in counts.items()}}


def setting(caller: Caller = AUTOMATION, *more: Charge) -> SpendingRequest:
    """A plain setting for a sleeping car: 0.021 and its extras."""
    return SpendingRequest(
        caller=caller, charges=(WAKE, COMMAND, *more), asset=CAR, deferrable=True
    )


def unlock(caller: Caller = AUTOMATION) -> SpendingRequest:
    """Commands that are never deferred."""
    return SpendingRequest(caller=caller, charges=(WAKE, COMMAND), asset=CAR)


def ask(caller: Caller, *charges: Charge, **more: Any) -> SpendingRequest:
    """Anything else."""
    return SpendingRequest(caller=caller, charges=charges, asset=CAR, **more)


@dataclass
class Case:
    """One row of the table."""

    request: SpendingRequest
    expected: type[Allow | Refuse | Defer]
    reason: DecisionReason
    until: datetime | None = None
    at: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)


# 9.00 of the 10.00 are for automations: 450 wakes. For a person there are 500.
RESERVE_LEFT: Final = {"counts": spent(wake=450)}
ALL_SPENT: Final = {"counts": spent(wake=500)}
TWO_WAKES: Final = {"wakes_today": 2}
IN_THE_NIGHT: Final = {"now": datetime(2026, 3, 10, 23, 30, tzinfo=UTC)}
LATER: Final = NOW + timedelta(hours=6)

TABLE: Final[dict[str, Case]] = {
    # --- Free requests ---
    "free": Case(ask(POLLING, FREE), Allow, DecisionReason.FREE, at=ALL_SPENT),
    "energy": Case(ask(POLLING, ENERGY), Allow, DecisionReason.FREE, at=ALL_SPENT),
    "energy_of_an_automation": Case(
        ask(AUTOMATION, ENERGY), Allow, DecisionReason.FREE, at=ALL_SPENT
    ),
    "nothing_at_all": Case(ask(PERSON), Allow, DecisionReason.FREE, at=ALL_SPENT),
    "free_while_suspended": Case(
        ask(PERSON, FREE, ENERGY), Allow, DecisionReason.FREE, at={"suspended": True}
    ),
    "free_while_stopped": Case(
        ask(AUTOMATION, ENERGY), Allow, DecisionReason.FREE, at={"mode": SpendingMode.STOPPED}
    ),
    # --- Suspended by Tesla ---
    "suspended_person": Case(
        ask(PERSON, COMMAND), Refuse, DecisionReason.SUSPENDED, APRIL, at={"suspended": True}
    ),
    "suspended_setting": Case(
        setting(), Refuse, DecisionReason.SUSPENDED, APRIL, at={"suspended": True}
    ),
    "suspended_saving": Case(
        ask(STREAM, DATA, reduces_cost=True),
        Refuse,
        DecisionReason.SUSPENDED,
        APRIL,
        at={"suspended": True},
    ),
    "suspended_and_spent": Case(
        ask(PERSON, COMMAND),
        Refuse,
        DecisionReason.SUSPENDED,
        APRIL,
        at={"suspended": True, **ALL_SPENT},
    ),
    # --- A person ---
    "person": Case(setting(PERSON), Allow, DecisionReason.PERSON),
    "person_unlocks": Case(unlock(PERSON), Allow, DecisionReason.PERSON),
    "person_in_the_reserve": Case(setting(PERSON), Allow, DecisionReason.PERSON, at=RESERVE_LEFT),
    "person_to_the_last_cent": Case(
        ask(PERSON, WAKE), Allow, DecisionReason.PERSON, at={"counts": spent(wake=499)}
    ),
    "person_beyond_it": Case(
        setting(PERSON), Refuse, DecisionReason.BUDGET, APRIL, at={"counts": spent(wake=499)}
    ),
    "person_with_a_budget": Case(
        unlock(PERSON), Refuse, DecisionReason.BUDGET, APRIL, policy={"budget": Decimal("0.02")}
    ),
    "person_with_a_larger_budget": Case(
        unlock(PERSON),
        Allow,
        DecisionReason.PERSON,
        at=ALL_SPENT,
        policy={"budget": Decimal("10.03")},
    ),
    "person_after_many_wakes": Case(
        setting(PERSON), Allow, DecisionReason.PERSON, at={"wakes_today": 99}
    ),
    "person_in_the_night": Case(
        setting(PERSON),
        Allow,
        DecisionReason.PERSON,
        at=IN_THE_NIGHT,
        policy={"quiet_hours": NIGHT},
    ),
    "person_after_a_wake": Case(
        setting(PERSON),
        Allow,
        DecisionReason.PERSON,
        at={"last_wake": NOW},
        policy={"wake_gap": timedelta(hours=1)},
    ),
    "person_while_stopped": Case(
        setting(PERSON), Allow, DecisionReason.PERSON, at={"mode": SpendingMode.STOPPED}
    ),
    "person_has_to_confirm": Case(
        setting(PERSON), Refuse, DecisionReason.CONFIRM, NOW, policy={"confirm_wakes": True}
    ),
    "person_confirmed": Case(
        replace(setting(PERSON), confirmed=True),
        Allow,
        DecisionReason.PERSON,
        policy={"confirm_wakes": True},
    ),
    "nothing_to_confirm": Case(
        ask(PERSON, COMMAND), Allow, DecisionReason.PERSON, policy={"confirm_wakes": True}
    ),
    "person_who_rather_waits": Case(
        setting(PERSON),
        Defer,
        DecisionReason.ASLEEP,
        LATER,
        policy={"asleep_person": AsleepPolicy.WAIT},
    ),
    "person_who_unlocks_all_the_same": Case(
        unlock(PERSON), Allow, DecisionReason.PERSON, policy={"asleep_person": AsleepPolicy.WAIT}
    ),
    "person_who_never_wakes": Case(
        setting(PERSON),
        Refuse,
        DecisionReason.ASLEEP,
        policy={"asleep_person": AsleepPolicy.REFUSE},
    ),
    "person_hears_that_it_is_too_dear": Case(
        setting(PERSON), Refuse, DecisionReason.BUDGET, APRIL, at={"counts": spent(wake=499)}
    ),
    # --- Automations ---
    "automation": Case(setting(), Allow, DecisionReason.AUTOMATION),
    "automation_unlocks": Case(unlock(), Allow, DecisionReason.AUTOMATION),
    "voice": Case(setting(VOICE), Allow, DecisionReason.AUTOMATION),
    "automation_awake_car": Case(
        ask(AUTOMATION, COMMAND, COMMAND), Allow, DecisionReason.AUTOMATION, at=TWO_WAKES
    ),
    "automation_up_to_the_reserve": Case(
        ask(AUTOMATION, WAKE), Allow, DecisionReason.AUTOMATION, at={"counts": spent(wake=449)}
    ),
    "automation_in_the_reserve": Case(
        ask(AUTOMATION, COMMAND), Refuse, DecisionReason.RESERVE, APRIL, at=RESERVE_LEFT
    ),
    "voice_in_the_reserve": Case(
        ask(VOICE, COMMAND), Refuse, DecisionReason.RESERVE, APRIL, at=RESERVE_LEFT
    ),
    "automation_without_reserve": Case(
        ask(AUTOMATION, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        at=RESERVE_LEFT,
        policy={"reserve": Decimal(0)},
    ),
    "automation_where_all_is_reserved": Case(
        ask(AUTOMATION, COMMAND),
        Refuse,
        DecisionReason.RESERVE,
        APRIL,
        policy={"reserve": Decimal(1)},
    ),
    "automation_above_the_budget": Case(
        ask(AUTOMATION, COMMAND), Refuse, DecisionReason.BUDGET, APRIL, at=ALL_SPENT
    ),
    # 8.98 and a wake with a command is more than 9.00, the command alone is not.
    "setting_without_its_wake_fits": Case(
        setting(), Defer, DecisionReason.RESERVE, LATER, at={"counts": spent(wake=449)}
    ),
    "setting_that_never_fits": Case(
        setting(), Refuse, DecisionReason.RESERVE, APRIL, at=RESERVE_LEFT
    ),
    "unlock_that_does_not_fit": Case(
        unlock(), Refuse, DecisionReason.RESERVE, APRIL, at={"counts": spent(wake=449)}
    ),
    "setting_above_a_small_budget": Case(
        setting(),
        Defer,
        DecisionReason.BUDGET,
        LATER,
        at={"counts": spent(wake=4)},
        policy={"budget": Decimal("0.10")},
    ),
    "one_wake_left": Case(setting(), Allow, DecisionReason.AUTOMATION, at={"wakes_today": 1}),
    "quota_used": Case(setting(), Defer, DecisionReason.QUOTA, LATER, at=TWO_WAKES),
    "quota_used_by_voice": Case(setting(VOICE), Defer, DecisionReason.QUOTA, LATER, at=TWO_WAKES),
    "quota_used_for_an_unlock": Case(
        unlock(), Refuse, DecisionReason.QUOTA, TOMORROW, at=TWO_WAKES
    ),
    "quota_in_utc": Case(
        unlock(),
        Refuse,
        DecisionReason.QUOTA,
        TOMORROW,
        at={**TWO_WAKES, "now": datetime(2026, 3, 11, 0, 30, tzinfo=AMSTERDAM)},
    ),
    "quota_of_none": Case(
        setting(), Defer, DecisionReason.ASLEEP, LATER, policy={"wakes_per_day": 0}
    ),
    "quota_of_none_for_an_unlock": Case(
        unlock(), Refuse, DecisionReason.ASLEEP, policy={"wakes_per_day": 0}
    ),
    "no_quota": Case(
        setting(),
        Allow,
        DecisionReason.AUTOMATION,
        at={"wakes_today": 99},
        policy={"wakes_per_day": None},
    ),
    "quiet_hours": Case(
        setting(),
        Defer,
        DecisionReason.QUIET,
        datetime(2026, 3, 11, 5, 30, tzinfo=UTC),
        at=IN_THE_NIGHT,
        policy={"quiet_hours": NIGHT},
    ),
    "quiet_hours_for_an_unlock": Case(
        unlock(),
        Refuse,
        DecisionReason.QUIET,
        datetime(2026, 3, 11, 7, tzinfo=UTC),
        at=IN_THE_NIGHT,
        policy={"quiet_hours": NIGHT},
    ),
    "quiet_hours_are_local": Case(
        unlock(),
        Refuse,
        DecisionReason.QUIET,
        datetime(2026, 3, 11, 6, tzinfo=UTC),
        at={"now": datetime(2026, 3, 10, 21, 30, tzinfo=UTC), "zone": AMSTERDAM},
        policy={"quiet_hours": NIGHT},
    ),
    "quiet_hours_are_for_wakes": Case(
        ask(AUTOMATION, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        at=IN_THE_NIGHT,
        policy={"quiet_hours": NIGHT},
    ),
    "too_soon_again": Case(
        unlock(),
        Refuse,
        DecisionReason.GAP,
        NOW + timedelta(minutes=1),
        at={"last_wake": NOW - timedelta(minutes=29)},
        policy={"wake_gap": timedelta(minutes=30)},
    ),
    "setting_too_soon_again": Case(
        setting(),
        Defer,
        DecisionReason.GAP,
        NOW + timedelta(hours=1),
        at={"last_wake": NOW},
        policy={"wake_gap": timedelta(minutes=30), "max_deferral": timedelta(hours=1)},
    ),
    "late_enough": Case(
        unlock(),
        Allow,
        DecisionReason.AUTOMATION,
        at={"last_wake": NOW - timedelta(minutes=30)},
        policy={"wake_gap": timedelta(minutes=30)},
    ),
    "a_wake_before_the_clock_was_set_back": Case(
        unlock(),
        Allow,
        DecisionReason.AUTOMATION,
        at={"last_wake": NOW + timedelta(minutes=5)},
        policy={"wake_gap": timedelta(minutes=30)},
    ),
    "automation_that_waits": Case(
        setting(),
        Defer,
        DecisionReason.ASLEEP,
        LATER,
        policy={"asleep_automation": AsleepPolicy.WAIT},
    ),
    "automation_that_unlocks_all_the_same": Case(
        unlock(), Allow, DecisionReason.AUTOMATION, policy={"asleep_automation": AsleepPolicy.WAIT}
    ),
    "automation_that_never_wakes": Case(
        setting(), Refuse, DecisionReason.ASLEEP, policy={"asleep_automation": AsleepPolicy.REFUSE}
    ),
    "automation_that_never_waits": Case(
        setting(),
        Refuse,
        DecisionReason.ASLEEP,
        at=TWO_WAKES,
        policy={"asleep_callers": {"automation:solar": AsleepPolicy.REFUSE}},
    ),
    "one_automation_waits": Case(
        setting(),
        Defer,
        DecisionReason.ASLEEP,
        LATER,
        policy={"asleep_callers": {"automation:solar": AsleepPolicy.WAIT}},
    ),
    "another_one_does_not": Case(
        setting(),
        Allow,
        DecisionReason.AUTOMATION,
        policy={"asleep_callers": {"automation:night": AsleepPolicy.WAIT}},
    ),
    # --- Automations and the mode ---
    "automation_while_thrifty": Case(
        setting(), Allow, DecisionReason.AUTOMATION, at={"mode": SpendingMode.THRIFTY}
    ),
    "wake_while_frugal": Case(
        unlock(), Refuse, DecisionReason.NO_WAKES, APRIL, at={"mode": SpendingMode.FRUGAL}
    ),
    "setting_while_frugal": Case(
        setting(), Defer, DecisionReason.NO_WAKES, LATER, at={"mode": SpendingMode.FRUGAL}
    ),
    "command_while_frugal": Case(
        ask(AUTOMATION, COMMAND), Allow, DecisionReason.AUTOMATION, at={"mode": SpendingMode.FRUGAL}
    ),
    "command_while_stopped": Case(
        ask(AUTOMATION, COMMAND),
        Refuse,
        DecisionReason.STOPPED,
        APRIL,
        at={"mode": SpendingMode.STOPPED},
    ),
    "setting_while_stopped": Case(
        setting(), Refuse, DecisionReason.STOPPED, APRIL, at={"mode": SpendingMode.STOPPED}
    ),
    # --- The background ---
    "poll": Case(ask(POLLING, DATA), Allow, DecisionReason.IN_STEP),
    "poll_while_thrifty": Case(
        ask(POLLING, DATA), Allow, DecisionReason.IN_STEP, at={"mode": SpendingMode.THRIFTY}
    ),
    "poll_while_frugal": Case(
        ask(POLLING, DATA),
        Refuse,
        DecisionReason.NO_POLLING,
        APRIL,
        at={"mode": SpendingMode.FRUGAL},
    ),
    "background_never_wakes": Case(ask(POLLING, WAKE), Refuse, DecisionReason.BACKGROUND),
    "background_never_waits": Case(
        replace(setting(POLLING), reduces_cost=True), Refuse, DecisionReason.BACKGROUND
    ),
    # 12.5 of 31 days of 9.00 are 3.629: 1,812 requests cost 3.624, one more 3.63 as rounded.
    "poll_in_step": Case(
        ask(POLLING, DATA), Allow, DecisionReason.IN_STEP, at={"counts": spent(data=1_811)}
    ),
    "poll_ahead": Case(
        ask(POLLING, DATA),
        Refuse,
        DecisionReason.AHEAD,
        # 3.63 of 9.00 are 12 days, 12 hours and 4:48 of 31 days, less a head start of 3.
        datetime(2026, 3, 10, 12, 4, 48, tzinfo=UTC),
        at={"counts": spent(data=1_812)},
    ),
    "people_spend_for_the_background_too": Case(
        ask(POLLING, DATA),
        Refuse,
        DecisionReason.AHEAD,
        # 8.00 + 0.06 + 0.01 as rounded.
        datetime(2026, 3, 25, 19, 7, 12, tzinfo=UTC),
        at={"counts": spent(wake=400, command=60, signal=750)},
    ),
    "first_minute": Case(
        ask(POLLING, DATA),
        Allow,
        DecisionReason.IN_STEP,
        at={"now": datetime(2026, 3, 1, tzinfo=UTC), "counts": spent(data=434)},
    ),
    "first_minute_ahead": Case(
        ask(POLLING, DATA),
        Refuse,
        DecisionReason.AHEAD,
        datetime(2026, 3, 1, 0, 5, 8, tzinfo=UTC),
        at={"now": datetime(2026, 3, 1, tzinfo=UTC), "counts": spent(data=435)},
    ),
    "no_head_start": Case(
        ask(POLLING, DATA),
        Refuse,
        DecisionReason.AHEAD,
        datetime(2026, 3, 1, 0, 9, 56, tzinfo=UTC),
        at={"now": datetime(2026, 3, 1, tzinfo=UTC)},
        policy={"head_start": timedelta()},
    ),
    "last_minute": Case(
        ask(POLLING, DATA),
        Allow,
        DecisionReason.IN_STEP,
        at={"now": APRIL - timedelta(minutes=1), "counts": spent(data=4_499)},
    ),
    "last_minute_in_the_reserve": Case(
        ask(POLLING, DATA),
        Refuse,
        DecisionReason.RESERVE,
        APRIL,
        at={"now": APRIL - timedelta(minutes=1), "counts": spent(data=4_500)},
    ),
    "poll_of_who_spends_nothing": Case(
        ask(POLLING, DATA), Refuse, DecisionReason.BUDGET, APRIL, policy={"budget": Decimal(0)}
    ),
    "a_leaner_stream": Case(
        ask(STREAM, DATA, reduces_cost=True),
        Allow,
        DecisionReason.SAVES,
        at={"counts": spent(wake=499), "mode": SpendingMode.STOPPED},
    ),
    "a_leaner_stream_above_the_budget": Case(
        ask(STREAM, DATA, reduces_cost=True), Refuse, DecisionReason.BUDGET, APRIL, at=ALL_SPENT
    ),
    # --- Charging at home ---
    "charging_wakes": Case(ask(CHARGING_AT_HOME, WAKE, COMMAND), Allow, DecisionReason.AUTOMATION),
    "charging_has_wakes_of_its_own": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        at={"wakes_today": 3},
    ),
    "charging_has_used_its_wakes": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Refuse,
        DecisionReason.CHARGING_QUOTA,
        TOMORROW,
        at=FOUR_WAKES,
    ),
    "charging_may_not_wake": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Refuse,
        DecisionReason.ASLEEP,
        policy={"charging_wakes_per_day": 0},
    ),
    "charging_with_unlimited_wakes": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        at={"wakes_today": 90},
        policy={"charging_wakes_per_day": None},
    ),
    "a_planned_charge_in_quiet_hours": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        at=IN_THE_NIGHT,
        policy={"quiet_hours": NIGHT, "wake_gap": timedelta(hours=5)},
    ),
    "a_planned_charge_where_automations_wait": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        policy={"asleep_automation": AsleepPolicy.REFUSE},
    ),
    "charging_with_a_rule_of_its_own": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Refuse,
        DecisionReason.ASLEEP,
        policy={"asleep_callers": {"charging": AsleepPolicy.REFUSE}},
    ),
    "charging_while_frugal": Case(
        ask(CHARGING_AT_HOME, WAKE, COMMAND),
        Allow,
        DecisionReason.AUTOMATION,
        at={"mode": SpendingMode.FRUGAL},
    ),
    "charging_while_stopped": Case(
        ask(CHARGING_AT_HOME, COMMAND),
        Refuse,
        DecisionReason.STOPPED,
        APRIL,
        at={"mode": SpendingMode.STOPPED},
    ),
    "charging_leaves_the_reserve": Case(
        ask(CHARGING_AT_HOME, COMMAND), Refuse, DecisionReason.RESERVE, APRIL, at=RESERVE_LEFT
    ),
    "a_stop_takes_the_reserve": Case(
        ask(CHARGING_AT_HOME, STOP), Allow, DecisionReason.STOP, at=RESERVE_LEFT
    ),
    "a_stop_above_the_budget": Case(
        ask(CHARGING_AT_HOME, STOP),
        Allow,
        DecisionReason.STOP,
        at={**ALL_SPENT, "mode": SpendingMode.STOPPED},
    ),
    "a_stop_while_suspended": Case(
        ask(CHARGING_AT_HOME, STOP), Refuse, DecisionReason.SUSPENDED, APRIL, at={"suspended": True}
    ),
    # --- Other tariffs ---
    "discount_in_kroner": Case(
        ask(PERSON, WAKE),
        Allow,
        DecisionReason.PERSON,
        at={"tariff": TARIFFS["DKK"], "counts": spent(wake=497)},
    ),
    "above_the_discount_in_kroner": Case(
        ask(PERSON, WAKE, WAKE),
        Refuse,
        DecisionReason.BUDGET,
        APRIL,
        at={"tariff": TARIFFS["DKK"], "counts": spent(wake=497)},
    ),
    "a_wake_that_costs_nothing_is_still_a_wake": Case(
        setting(),
        Defer,
        DecisionReason.QUOTA,
        LATER,
        at={**TWO_WAKES, "tariff": replace(EURO, prices={})},
    ),
}


def judged(case: Case) -> Decision:
    circumstances = Circumstances(**{"now": NOW, "tariff": EURO, "counts": spent(), **case.at})
    return decide(case.request, circumstances, Policy(**case.policy))


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE)
def test_the_table(case: Case) -> None:
    decision = judged(case)
    assert (type(decision), decision.reason) == (case.expected, case.reason)
    if not isinstance(decision, Allow):
        assert decision.until == case.until


def test_the_table_has_every_reason() -> None:
    missing = set(DecisionReason) - {case.reason for case in TABLE.values()}
    assert missing == set(), "add cases with these reasons to TABLE"
    deferred = {case.reason for case in TABLE.values() if case.expected is Defer}
    assert deferred == WAITING, "add cases of settings that are deferred for these to TABLE"


def wanted(text: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE)
def test_every_decision_is_explained(case: Case) -> None:
    decision = judged(case)
    assert decision.key in TEXTS, f"translations/en.json: exceptions.{decision.key} is missing"
    assert wanted(TEXTS[decision.key]) <= set(decision.placeholders)
    assert all(isinstance(word, str) for word in decision.placeholders.values())


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("quota_used_for_an_unlock", "automations have used up today's wake-ups (2 of 2)"),
        ("quota_used_for_an_unlock", "Wait until 2026-03-11 00:00,"),
        ("quota_used", "automations have used up today's wake-ups (2 of 2)"),
        ("quota_used", "or is dropped at 2026-03-10 18:00."),
        (
            "charging_has_used_its_wakes",
            "charging at home has used up today's wake-ups (4 of 4). Wait until",
        ),
        ("a_stop_above_the_budget", "Stopping the charge costs at most 0.001 EUR"),
        ("quiet_hours_are_local", "between 22:00 and 07:00. Wait until 2026-03-11 07:00,"),
        ("too_soon_again", "less than 30 min ago. Wait until 2026-03-10 12:01,"),
        ("automation_in_the_reserve", "This would cost 0.001 EUR."),
        ("automation_in_the_reserve", "Only 1.00 EUR of this month's budget"),
        ("automation_in_the_reserve", "10.00 EUR is left, and 1.00 EUR is reserved for people"),
        ("person_beyond_it", "cost 0.021 EUR, but only 0.02 EUR of this month's budget of 10.00"),
        ("person_beyond_it", "begins on 2026-04-01 (UTC)"),
        ("poll_ahead", "3.62 EUR is spent, 3.63 of 10.00 EUR is allowed so far"),
        # Not 12:04, when it would be refused again.
        ("poll_ahead", "Wait until 2026-03-10 12:05,"),
        ("person_has_to_confirm", "waking it costs 0.021 EUR, and 10.00 of 10.00 EUR is left"),
        ("automation_that_never_wakes", "do not let automation:solar wake it."),
        ("wake_while_frugal", "0.00 of this month's 10.00 EUR is spent"),
        ("above_the_discount_in_kroner", "budget of 70.00 DKK"),
    ],
)
def test_policies_from_options(case: str, part: str) -> None:
    decision = judged(TABLE[case])
    assert part in TEXTS[decision.key].format(**decision.placeholders)


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (timedelta(seconds=20), "1"),
        (timedelta(minutes=1), "1"),
        (timedelta(seconds=61), "2"),
        (timedelta(minutes=30), "30"),
    ],
    ids=str,
)
def test_a_gap_is_never_reported_too_short(gap: timedelta, told: str) -> None:
    case = replace(
        TABLE["too_soon_again"],
        at={"last_wake": NOW - timedelta(seconds=10)},
        policy={"wake_gap": gap},
    )
    decision = judged(case)
    assert isinstance(decision, Refuse)
    assert decision.placeholders["minutes"] == told
    until = datetime.strptime(decision.placeholders["until"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert decision.until is not None
    assert timedelta() <= until - decision.until < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("case", "error", "key"),
    [
        ("suspended_person", AccountSuspended, "account_suspended"),
        ("person_beyond_it", BudgetExceeded, "budget_exceeded"),
        ("quota_used_for_an_unlock", GateRefused, "gate_quota"),
    ],
)
def test_a_refusal_as_an_error(case: str, error: type[Refused], key: str) -> None:
    decision = judged(TABLE[case])
    assert isinstance(decision, Refuse)
    raised = decision.error()
    assert type(raised) is error
    assert raised.translation_key == key
    assert wanted(TEXTS[key]) <= set(raised.placeholders)


@pytest.mark.parametrize(
    ("case", "key"),
    [
        ("quota_used", "gate_quota_waits"),
        ("setting_above_a_small_budget", "budget_exceeded_waits"),
    ],
)
def test_a_deferral_has_a_text(case: str, key: str) -> None:
    decision = judged(TABLE[case])
    assert isinstance(decision, Defer)
    assert decision.key == key
    assert wanted(TEXTS[key]) <= set(decision.placeholders)


# --- The owner's hours ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "end", "local", "inside"),
    [
        ("22:00", "07:00", "21:59", False),
        ("22:00", "07:00", "22:00", True),
        ("22:00", "07:00", "00:00", True),
        ("22:00", "07:00", "06:59", True),
        ("22:00", "07:00", "07:00", False),
        ("09:00", "17:00", "08:59", False),
        ("09:00", "17:00", "09:00", True),
        ("09:00", "17:00", "16:59", True),
        ("09:00", "17:00", "17:00", False),
        ("09:00", "09:00", "09:00", False),
    ],
)
def test_quiet_hours(begin: str, end: str, local: str, *, inside: bool) -> None:
    hours = QuietHours(time.fromisoformat(begin), time.fromisoformat(end))
    moment = datetime.combine(date(2026, 3, 10), time.fromisoformat(local), AMSTERDAM)
    assert hours.contain(moment) is inside


@pytest.mark.parametrize(
    ("begin", "end", "now", "over"),
    [
        # In UTC. Clocks go forward on 29 March 2026 at 1:00, and back on 25 October at 1:00.
        ("22:00", "07:00", "2026-03-28T22:30", "2026-03-29T05:00"),
        ("22:00", "07:00", "2026-03-29T03:00", "2026-03-29T05:00"),
        ("22:00", "07:00", "2026-10-24T22:30", "2026-10-25T06:00"),
        # 02:30 happens twice; gaps that start at 02:15 end at the second 02:45.
        ("02:15", "02:45", "2026-10-25T00:30", "2026-10-25T00:45"),
        ("02:15", "02:45", "2026-10-25T01:30", "2026-10-25T01:45"),
        # 02:30 does not happen: it would be 03:30, and quiet again.
        ("03:15", "02:30", "2026-03-28T22:00", "2026-03-30T00:30"),
    ],
)
def test_quiet_hours_when_clocks_change(begin: str, end: str, now: str, over: str) -> None:
    hours = QuietHours(time.fromisoformat(begin), time.fromisoformat(end))
    local = datetime.fromisoformat(now).replace(tzinfo=UTC).astimezone(AMSTERDAM)
    assert hours.contain(local)
    assert hours.over(local) == datetime.fromisoformat(over).replace(tzinfo=UTC)


@given(
    st.times(),
    st.times(),
    st.datetimes(
        datetime(2026, 1, 1),  # noqa: DTZ001  # hypothesis adds the time zone
        datetime(2027, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
)
def test_quiet_hours_end(begin: time, end: time, now: datetime) -> None:
    hours = QuietHours(begin, end)
    local = now.astimezone(AMSTERDAM)
    if hours.contain(local):
        over = hours.over(local)
        assert now < over <= now + timedelta(hours=50)
        assert not hours.contain(over.astimezone(AMSTERDAM))


# --- The policy ----------------------------------------------------------------------------------


def test_the_defaults_cost_nothing() -> None:
    policy = Policy()
    assert policy.budget_in(EURO) == EURO.discount == Decimal(10)
    assert policy.budget_in(TARIFFS["JPY"]) == Decimal(1_448)
    assert policy.reserve == Decimal("0.1")
    assert policy.wakes_per_day == 2
    assert policy.quiet_hours is None
    assert policy.wake_gap == timedelta()
    assert policy.head_start == timedelta(days=3)
    assert policy.max_deferral == timedelta(hours=6)
    assert policy.confirm_wakes is False
    assert policy.asleep_person is policy.asleep_automation is AsleepPolicy.WAKE
    assert Policy.from_options({}) == policy


def test_a_policy_from_options() -> None:
    options = {
        # As the forms of Home Assistant give them.
        "monthly_limit": 12.5,
        "reserve_percent": 25.0,
        "wakes_per_day": 3.0,
        "quiet_begin": "22:00:00",
        "quiet_end": "07:00:00",
        "wake_gap_minutes": 45.0,
        "head_start_days": 1.5,
        "patience_hours": 12.0,
        "confirm_wakes": True,
        "asleep_person": "refuse",
        "asleep_automation": "wait",
        "asleep_callers": {"automation:night": "wake"},
        "spending_mode": "thrifty",
        "stream": "direct",
    }
    policy = Policy.from_options(options)
    assert policy == Policy(
        budget=Decimal("12.5"),
        reserve=Decimal("0.25"),
        wakes_per_day=3,
        quiet_hours=NIGHT,
        wake_gap=timedelta(minutes=45),
        head_start=timedelta(days=1, hours=12),
        max_deferral=timedelta(hours=12),
        confirm_wakes=True,
        asleep_person=AsleepPolicy.REFUSE,
        asleep_automation=AsleepPolicy.WAIT,
        asleep_callers={"automation:night": AsleepPolicy.WAKE},
        spending_mode=SpendingMode.THRIFTY,
    )
    assert Policy.from_options(json.loads(json.dumps(policy.to_options()))) == policy
    assert Policy.from_options(json.loads(json.dumps(Policy().to_options()))) == Policy()


@pytest.mark.parametrize("quiet", [("22:00", None), (None, "07:00"), ("07:00", "07:00")])
def test_quiet_hours_need_two_ends(quiet: tuple[str | None, str | None]) -> None:
    options = {"quiet_begin": quiet[0], "quiet_end": quiet[1]}
    assert Policy.from_options(options).quiet_hours is None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"monthly_limit": "much"}, "monthly_limit"),
        ({"monthly_limit": []}, "monthly_limit"),
        ({"monthly_limit": -1}, "budget"),
        ({"monthly_limit": "NaN"}, "budget"),
        ({"reserve_percent": 101}, "reserve"),
        ({"reserve_percent": -1}, "reserve"),
        ({"reserve_percent": None}, "reserve_percent"),
        ({"wakes_per_day": 1.5}, "wakes_per_day"),
        ({"wakes_per_day": True}, "wakes_per_day"),
        ({"wakes_per_day": -1}, "wakes_per_day"),
        ({"quiet_begin": "late"}, "quiet_begin"),
        ({"quiet_end": 7}, "quiet_end"),
        ({"wake_gap_minutes": -1}, "wake_gap"),
        ({"wake_gap_minutes": 1e300}, "wake_gap_minutes"),
        ({"head_start_days": -1}, "head_start"),
        ({"patience_hours": 0}, "max_deferral"),
        ({"confirm_wakes": "yes"}, "confirm_wakes"),
        ({"asleep_person": "dream"}, "asleep_person"),
        ({"asleep_callers": []}, "asleep_callers"),
        ({"spending_mode": "greedy"}, "spending_mode"),
    ],
)
def test_options_that_cannot_be_read(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}$"):
        Policy.from_options(options)


# --- Spending steps ------------------------------------------------------------------------------

NORMAL, THRIFTY, FRUGAL, STOPPED = SpendingMode


def test_effects_of_each_step() -> None:
    assert {
        NORMAL: Effects(
            poll_factor=1,
            saver=False,
            polls=True,
            automation_wakes=True,
            automations=True,
            streams=True,
        ),
        THRIFTY: Effects(
            poll_factor=2,
            saver=True,
            polls=True,
            automation_wakes=True,
            automations=True,
            streams=True,
        ),
        FRUGAL: Effects(
            poll_factor=4,
            saver=True,
            polls=False,
            automation_wakes=False,
            automations=True,
            streams=True,
        ),
        STOPPED: Effects(
            poll_factor=4,
            saver=True,
            polls=False,
            automation_wakes=False,
            automations=False,
            streams=False,
        ),
    } == EFFECTS


@pytest.mark.parametrize(
    ("spent_so_far", "projected", "current", "mode", "reason"),
    [
        ("0", "0", NORMAL, NORMAL, ModeReason.IN_ORDER),
        # The projection allows it, however much is spent.
        ("4.99", "14.99", NORMAL, NORMAL, ModeReason.IN_ORDER),
        ("9.89", "10.00", NORMAL, NORMAL, ModeReason.IN_ORDER),
        # Far too fast.
        ("0.01", "15.00", NORMAL, THRIFTY, ModeReason.PACE),
        ("0.01", "14.99", NORMAL, NORMAL, ModeReason.IN_ORDER),
        ("0.01", "13.50", THRIFTY, THRIFTY, ModeReason.PACE),
        ("0.01", "13.49", THRIFTY, NORMAL, ModeReason.IN_ORDER),
        # Half.
        ("5.00", "10.01", NORMAL, THRIFTY, ModeReason.SHARE),
        ("5.00", "10.00", NORMAL, NORMAL, ModeReason.IN_ORDER),
        ("5.00", "9.01", THRIFTY, THRIFTY, ModeReason.SHARE),
        ("5.00", "9.00", THRIFTY, NORMAL, ModeReason.IN_ORDER),
        ("4.90", "10.01", THRIFTY, THRIFTY, ModeReason.SHARE),
        ("4.89", "10.01", THRIFTY, NORMAL, ModeReason.IN_ORDER),
        # Four fifths.
        ("8.00", "10.01", NORMAL, FRUGAL, ModeReason.SHARE),
        ("8.00", "10.01", THRIFTY, FRUGAL, ModeReason.SHARE),
        ("7.99", "10.01", THRIFTY, THRIFTY, ModeReason.SHARE),
        ("7.84", "9.01", FRUGAL, FRUGAL, ModeReason.SHARE),
        ("7.83", "9.01", FRUGAL, THRIFTY, ModeReason.SHARE),
        ("9.00", "9.00", FRUGAL, NORMAL, ModeReason.IN_ORDER),
        ("9.00", "9.50", THRIFTY, THRIFTY, ModeReason.SHARE),
        # All of them, whatever the projection is.
        ("9.90", "9.90", NORMAL, STOPPED, ModeReason.USED_UP),
        ("12.00", "12.00", FRUGAL, STOPPED, ModeReason.USED_UP),
        ("9.71", "9.71", STOPPED, STOPPED, ModeReason.USED_UP),
        ("9.70", "9.70", STOPPED, FRUGAL, ModeReason.SHARE),
        # A new month.
        ("0", "8.00", STOPPED, NORMAL, ModeReason.IN_ORDER),
    ],
)
def test_the_spending_mode(
    spent_so_far: str, projected: str, current: SpendingMode, mode: SpendingMode, reason: ModeReason
) -> None:
    step = mode_of(Decimal(spent_so_far), Decimal(projected), Decimal(10), current)
    assert (step.mode, step.reason) == (mode, reason)
    assert step.effects is EFFECTS[mode]


def test_a_step_includes_its_numbers() -> None:
    step = mode_of(Decimal("8.123"), Decimal("11.5"), Decimal(10))
    assert step.placeholders == {
        "spent": "8.12",
        "projected": "11.50",
        "budget": "10.00",
        "percent": "81",
    }


def test_without_a_budget_paid_requests_are_refused() -> None:
    assert mode_of(Decimal(0), Decimal(0), Decimal(0)).mode is STOPPED


@pytest.mark.parametrize("chosen", SpendingMode)
def test_a_chosen_mode(chosen: SpendingMode) -> None:
    step = mode_of(Decimal(9), Decimal(20), Decimal(10), FRUGAL, chosen)
    assert (step.mode, step.reason) == (chosen, ModeReason.CHOSEN)


@pytest.mark.parametrize("chosen", [None, *SpendingMode])
@pytest.mark.parametrize("current", SpendingMode)
def test_a_chosen_mode_respects_the_budget(
    chosen: SpendingMode | None, current: SpendingMode
) -> None:
    """A stream costs whether there is room for it or not, and only this mode ends it."""
    step = mode_of(Decimal("9.9"), Decimal(10), Decimal(10), current, chosen)
    assert (step.mode, step.reason) == (STOPPED, ModeReason.USED_UP)


def test_reports_while_tesla_suspends_the_account() -> None:
    gate = Gate(Meter())
    gate.meter.suspend(NOW)
    assert gate.shown_mode_status(NOW).mode is STOPPED
    assert gate.shown_mode_status(NOW).reason is ModeReason.SUSPENDED
    assert gate.mode_status.mode is NORMAL
    gate.meter.resume()
    assert gate.shown_mode_status(NOW) is gate.mode_status


AMOUNTS = st.decimals(0, 30, places=2)
MODES = st.sampled_from(SpendingMode)


@given(AMOUNTS, AMOUNTS, AMOUNTS, MODES)
def test_equal_numbers_give_equal_modes(
    spent_so_far: Decimal, projected: Decimal, budget: Decimal, current: SpendingMode
) -> None:
    once = mode_of(spent_so_far, projected, budget, current).mode
    assert mode_of(spent_so_far, projected, budget, once).mode is once


@given(
    AMOUNTS,
    AMOUNTS,
    st.decimals(1, 20, places=2),
    MODES,
    st.lists(
        st.tuples(
            st.decimals(Decimal("0.985"), 1, places=4), st.decimals(Decimal("0.905"), 1, places=4)
        ),
        min_size=4,
        max_size=12,
    ),
)
def test_numbers_that_tremble_do_not_make_it_flap(
    spent_so_far: Decimal,
    projected: Decimal,
    budget: Decimal,
    current: SpendingMode,
    noise: list[tuple[Decimal, Decimal]],
) -> None:
    modes = [current]
    for of_spent, of_projected in noise:
        step = mode_of(spent_so_far * of_spent, projected * of_projected, budget, modes[-1])
        modes.append(step.mode)
    order = list(SpendingMode)
    moves = [order.index(after) - order.index(before) for before, after in pairwise(modes)]
    rises = [move > 0 for move in moves if move]
    # It may come down from its level, by one step or more, and go up as the peak approaches; but
    # after it went up it never comes down again.
    assert rises == sorted(rises)


@given(AMOUNTS, AMOUNTS, st.decimals(0, 20, places=2), MODES)
def test_a_smaller_budget_never_loosens(
    spent_so_far: Decimal, projected: Decimal, budget: Decimal, current: SpendingMode
) -> None:
    order = list(SpendingMode)
    larger = mode_of(spent_so_far, projected, budget, current).mode
    smaller = mode_of(spent_so_far, projected, budget / 2, current).mode
    assert order.index(smaller) >= order.index(larger)


# --- All cases -----------------------------------------------------------------------------------

CALLERS = st.sampled_from(
    [
        PERSON,
        AUTOMATION,
        VOICE,
        CHARGING_AT_HOME,
        POLLING,
        STREAM,
        Caller(CallerKind.AUTOMATION, "night"),
    ]
)
CHARGES = st.lists(
    st.one_of(
        st.sampled_from([WAKE, COMMAND, STOP, DATA, ENERGY, FREE]),
        st.builds(Charge, st.sampled_from(Category), st.integers(1, 60)),
    ),
    max_size=4,
).map(tuple)
REQUESTS = st.builds(
    SpendingRequest,
    caller=CALLERS,
    charges=CHARGES,
    asset=st.sampled_from(["A", "B"]),
    deferrable=st.booleans(),
    confirmed=st.booleans(),
    reduces_cost=st.booleans(),
)
MOMENTS = st.datetimes(
    datetime(2026, 2, 26),  # noqa: DTZ001  # hypothesis adds the time zone
    datetime(2026, 4, 3),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, AMSTERDAM]),
)
COUNTS = st.builds(
    spent,
    signal=st.integers(0, 400_000),
    command=st.integers(0, 3_000),
    data=st.integers(0, 3_000),
    wake=st.integers(0, 300),
    energy=st.integers(0, 100_000),
)
POLICIES = st.builds(
    Policy,
    budget=st.one_of(st.none(), st.decimals(0, 12, places=2)),
    reserve=st.decimals(0, 1, places=2),
    wakes_per_day=st.one_of(st.none(), st.integers(0, 3)),
    charging_wakes_per_day=st.one_of(st.none(), st.integers(0, 3)),
    quiet_hours=st.one_of(st.none(), st.builds(QuietHours, st.times(), st.times())),
    wake_gap=st.timedeltas(timedelta(), timedelta(hours=3)),
    head_start=st.timedeltas(timedelta(), timedelta(days=5)),
    max_deferral=st.timedeltas(timedelta(minutes=1), timedelta(days=1)),
    confirm_wakes=st.booleans(),
    asleep_person=st.sampled_from(AsleepPolicy),
    asleep_automation=st.sampled_from(AsleepPolicy),
    asleep_callers=st.dictionaries(
        st.sampled_from(["automation:night", "person"]), st.sampled_from(AsleepPolicy)
    ),
)
CIRCUMSTANCES = st.builds(
    Circumstances,
    now=MOMENTS,
    tariff=st.sampled_from([EURO, TARIFFS["DKK"], TARIFFS["JPY"]]),
    counts=COUNTS,
    zone=st.sampled_from([UTC, AMSTERDAM]),
    suspended=st.booleans(),
    mode=MODES,
    wakes_today=st.integers(0, 3),
    last_wake=st.one_of(st.none(), MOMENTS),
)


def bill_with(request: SpendingRequest, at: Circumstances) -> Decimal:
    counts = dict(at.counts)
    for charge in request.charges:
        counts[charge.category] += charge.count
    return at.tariff.bill(counts)


@settings(max_examples=600)
@given(REQUESTS, CIRCUMSTANCES, POLICIES)
def test_properties_of_all_cases(
    request: SpendingRequest, at: Circumstances, policy: Policy
) -> None:
    before = dict(at.counts)
    decision = decide(request, at, policy)
    assert at.counts == before
    assert wanted(TEXTS[decision.key]) <= set(decision.placeholders)
    is_paid = any(at.tariff.price(charge.category) for charge in request.charges)
    kind, limit = request.caller.kind, policy.budget_in(at.tariff)
    if not is_paid:
        assert isinstance(decision, Allow)
        return
    if isinstance(decision, Allow):
        bill = bill_with(request, at)
        assert not at.suspended
        if request.ends_spending:
            return
        assert bill <= limit
        if kind is not CallerKind.PERSON and not request.reduces_cost:
            assert bill <= limit * (1 - policy.reserve)
        if kind is CallerKind.BACKGROUND:
            assert not request.wakes
        if kind in UNATTENDED and request.wakes:
            assert policy.wakes_per_day is None or at.wakes_today < policy.wakes_per_day
            assert EFFECTS[at.mode].automation_wakes
        quota = policy.charging_wakes_per_day
        if kind is CallerKind.CHARGING and request.wakes and quota is not None:
            assert at.wakes_today < quota
    elif isinstance(decision, Defer):
        assert request.deferrable
        assert request.wakes
        assert kind is not CallerKind.BACKGROUND
        assert policy.asleep(request.caller) is not AsleepPolicy.REFUSE
        assert kind is not CallerKind.PERSON or policy.asleep(request.caller) is AsleepPolicy.WAIT
        assert decision.until == at.now + policy.max_deferral
        # Once the car is awake it is allowed, if nothing else has changed.
        assert isinstance(decide(request.without_wake, at, policy), Allow)
    else:
        assert decision.until is None or decision.until >= at.now


@settings(max_examples=300)
@given(REQUESTS, CIRCUMSTANCES, POLICIES)
def test_times_of_the_next_decision(
    request: SpendingRequest, at: Circumstances, policy: Policy
) -> None:
    decision = decide(request, at, policy)
    if not isinstance(decision, Refuse) or decision.until is None:
        return
    if decision.until >= Month.of(at.now).end:
        # The next month, whose counts are others.
        assert decision.until == Month.of(at.now).end or decision.reason in {
            DecisionReason.QUIET,
            DecisionReason.GAP,
        }
        return
    wakes_today = 0 if decision.reason is DecisionReason.QUOTA else at.wakes_today
    then = replace(at, now=decision.until, wakes_today=wakes_today)
    again = decide(replace(request, confirmed=True), then, policy)
    assert again.reason is not decision.reason


# --- The pieces together -------------------------------------------------------------------------


def gate(policy: Policy | None = None, **counts: int) -> Gate:
    """A gate after so many of each category earlier in March."""
    ledger = Ledger()
    for name, count in counts.items():
        ledger.book(LedgerKey(date(2026, 3, 1), Category(name), CAR, "person"), count)
    return Gate(Meter(ledger), policy)


def test_the_budget_is_the_meters_limit() -> None:
    kept = gate()
    assert kept.meter.budget == Decimal(10)
    kept.policy = Policy(budget=Decimal(7))
    assert kept.meter.budget == Decimal(7)
    kept.policy = Policy()
    assert kept.meter.budget == Decimal(10)
    assert Gate(Meter(tariff=TARIFFS["JPY"])).meter.budget == Decimal(1_448)


def damaged_gate() -> Gate:
    """A gate whose ledger was damaged this month; nothing of it could be read."""
    kept = gate()
    kept.meter.doubt = Doubt(Month.of(NOW), {}, "ledger.damaged")
    return kept


def test_the_policys_reserve_is_the_meters() -> None:
    """All but the reserve counts as spent after damage, so that people can still act."""
    kept = damaged_gate()
    assert kept.meter.spent(NOW) == 9
    kept.policy = Policy(reserve=Decimal("0.4"))
    assert kept.meter.spent(NOW) == 6


def test_a_meter_alone_reserves_nothing() -> None:
    """It belongs to no gate yet, and all that it may have lost counts as spent."""
    meter = Meter()
    meter.doubt = Doubt(Month.of(NOW), {}, "ledger.damaged")
    assert meter.unaccounted(NOW) == 10


def test_what_may_be_lost_counts_in_the_projection_too() -> None:
    """Nine of ten count as spent; with the one that is projected the month ends just above it."""
    kept = damaged_gate()
    assert kept.review(Decimal("1.01"), NOW).mode is FRUGAL
    assert kept.mode_status.placeholders["projected"] == "10.01"
    assert gate().review(Decimal("1.01"), NOW).mode is NORMAL


def test_the_background_may_ask_for_what_is_free_in_any_state() -> None:
    """Only a price makes a question of it."""
    kept = gate(Policy(budget=Decimal(0)), wake=600)
    kept.review(Decimal(100), NOW)
    kept.meter.suspend(NOW)
    assert kept.lets_poll(FREE, CAR, NOW)
    assert kept.lets_poll(ENERGY, CAR, NOW)
    assert not kept.lets_poll(DATA, CAR, NOW)
    assert gate().lets_poll(DATA, CAR, NOW)
    assert not gate(data=5000).lets_poll(DATA, CAR, NOW)


def test_an_admitted_request_holds_its_budget_until_it_ends() -> None:
    kept = gate(Policy(budget=Decimal("0.03")))
    with kept.admit(setting(PERSON), NOW):
        with pytest.raises(BudgetExceeded):
            kept.admit(unlock(PERSON), NOW)
        # Not even a request for no one may come between.
        with pytest.raises(BudgetExceeded):
            kept.meter.charge(WAKE, Caller(CallerKind.PERSON, "other"), CAR, NOW)
        kept.meter.charge(WAKE, PERSON, CAR, NOW)
        kept.meter.charge(COMMAND, PERSON, CAR, NOW)
    assert kept.meter.left(NOW) == Decimal("0.009")
    with kept.admit(ask(PERSON, COMMAND), NOW):
        pass
    assert kept.meter.left(NOW) == Decimal("0.009")


def test_a_promised_wake_counts_and_serves_all() -> None:
    kept = gate()
    assert not kept.meter.is_wake_held(CAR, NOW)
    with kept.admit(unlock(), NOW), kept.admit(unlock(), NOW):
        assert kept.meter.is_wake_held(CAR, NOW)
        assert not kept.meter.is_wake_held("another", NOW)
        with pytest.raises(GateRefused, match="gate_refused") as refusal:
            kept.admit(unlock(), NOW)
        assert refusal.value.translation_key == "gate_quota"
        # A command that knows of it needs no wake of its own.
        with kept.admit(ask(AUTOMATION, COMMAND), NOW):
            pass
        # For a person there is no quota.
        with kept.admit(unlock(PERSON), NOW):
            pass
    assert not kept.meter.is_wake_held(CAR, NOW)


def test_wakes_promised_to_other_cars_leave_the_quota_alone() -> None:
    kept = gate()
    others = [replace(unlock(), asset=name) for name in ("B", "B", "C")]
    with ExitStack() as under_way:
        for request in others:
            under_way.enter_context(kept.admit(request, NOW))
        assert kept.meter.wakes_today(CAR, UNATTENDED, NOW) == 0
        assert kept.meter.wakes_today("B", UNATTENDED, NOW) == 2
        assert kept.meter.wakes_today("C", UNATTENDED, NOW) == 1
        assert isinstance(kept.decide(unlock(), NOW), Allow)
        with kept.admit(unlock(), NOW), kept.admit(unlock(), NOW):
            assert kept.decide(unlock(), NOW).reason is DecisionReason.QUOTA
        assert kept.decide(others[0], NOW).reason is DecisionReason.QUOTA
        assert isinstance(kept.decide(others[2], NOW), Allow)


def test_a_promised_wake_counts_for_the_kind_and_the_month_it_was_promised_to() -> None:
    kept = gate()
    with kept.admit(unlock(PERSON), NOW), kept.admit(unlock(), NOW):
        assert kept.meter.wakes_today(CAR, UNATTENDED, NOW) == 1
        assert kept.meter.wakes_today(CAR, {CallerKind.PERSON}, NOW) == 1
        assert kept.meter.wakes_today(CAR, UNATTENDED, APRIL) == 0


def test_an_avoided_wake_is_counted_when_it_is_refused_not_when_it_is_deferred() -> None:
    """A deferred one is counted once by the vehicle, after it is safely stored."""
    kept = gate(Policy(wakes_per_day=0))
    assert isinstance(kept.admit_or_defer(setting(), NOW), Defer)
    assert kept.meter.ledger.avoided_wakes(Month(2026, 3)) == 0
    with pytest.raises(GateRefused):
        kept.admit(unlock(), NOW)
    assert kept.meter.ledger.avoided == {
        LedgerKey(NOW.date(), Category.WAKE, CAR, AUTOMATION.label): 1
    }


def test_an_action_that_needs_an_answer_now_is_refused_instead_of_deferred() -> None:
    kept = gate(Policy(wakes_per_day=0))
    decided: list[Decision] = []
    kept.decided.subscribe(lambda _, decision: decided.append(decision))
    kept.admit_or_defer(setting(), NOW)
    with pytest.raises(GateRefused) as refused:
        kept.admit(setting(), NOW)
    assert refused.value.translation_key == "gate_asleep"
    assert [type(each) for each in decided] == [Defer, Refuse]


def test_no_wake_is_avoided_where_none_was_needed() -> None:
    kept = gate(Policy(budget=Decimal(0)))
    with pytest.raises(BudgetExceeded):
        kept.admit(ask(AUTOMATION, COMMAND), NOW)
    assert kept.meter.ledger.avoided_wakes(Month(2026, 3)) == 0


def test_wakes_of_people_leave_the_quota_alone() -> None:
    kept = gate()
    for _ in range(3):
        kept.meter.charge(WAKE, PERSON, CAR, NOW)
    kept.meter.charge(WAKE, AUTOMATION, CAR, NOW)
    kept.meter.charge(WAKE, AUTOMATION, "another", NOW)
    assert isinstance(kept.decide(unlock(), NOW), Allow)
    kept.meter.charge(WAKE, VOICE, CAR, NOW)
    assert kept.decide(unlock(), NOW).reason is DecisionReason.QUOTA
    assert isinstance(kept.decide(unlock(), TOMORROW), Allow)


def test_the_pause_between_wakes() -> None:
    kept = gate(Policy(wake_gap=timedelta(minutes=30)))
    first = kept.meter.charge(WAKE, PERSON, CAR, NOW)
    soon = NOW + timedelta(minutes=10)
    assert kept.decide(unlock(), soon).reason is DecisionReason.GAP
    assert isinstance(kept.decide(ask(AUTOMATION, WAKE, COMMAND), soon + timedelta(hours=1)), Allow)
    kept.meter.refund(first)
    assert isinstance(kept.decide(unlock(), soon), Allow)


def test_only_counted_requests_are_reported() -> None:
    kept = gate()
    told: list[tuple[SpendingRequest, Decision]] = []
    kept.decided.subscribe(lambda request, decision: told.append((request, decision)))
    asked = ask(PERSON, COMMAND)
    kept.decide(asked, NOW)
    assert told == []
    with kept.admit(asked, NOW):
        pass
    (request, decision) = told[0]
    assert request is asked
    assert decision.reason is DecisionReason.PERSON
    kept.meter.suspend(NOW)
    with pytest.raises(AccountSuspended):
        kept.admit(asked, NOW)
    assert told[1][1].reason is DecisionReason.SUSPENDED


def test_the_mode_follows_the_budget() -> None:
    kept = gate(wake=420)
    assert kept.review(Decimal("10.5"), NOW).mode is FRUGAL
    assert kept.decide(ask(POLLING, DATA), NOW).reason is DecisionReason.NO_POLLING
    assert kept.review(Decimal("9.5"), NOW).mode is FRUGAL, "held"
    assert kept.review(Decimal(9), NOW).mode is NORMAL
    kept.policy = Policy(spending_mode=STOPPED)
    assert kept.review(Decimal(0), NOW).mode is STOPPED
    kept.policy = Policy(budget=Decimal(5))
    assert kept.review(Decimal(9), NOW).reason is ModeReason.USED_UP
    assert kept.review(Decimal(1), APRIL).mode is NORMAL


@dataclass(eq=False)
class Action:
    """Admitted requests that are in flight."""

    request: SpendingRequest
    hold: Hold
    month: Month
    due: list[Charge]


class Interleaved(RuleBasedStateMachine):
    """Actions of all callers in any order, in steps, while clocks are set and months change."""

    policy = Policy(budget=Decimal("0.60"), wakes_per_day=3)

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(Meter(), self.policy)
        self.now = datetime(2026, 2, 27, 20, tzinfo=UTC)
        self.actions: list[Action] = []
        self.entries: list[Booking] = []
        self.months: set[Month] = set()

    def _bill(self, month: Month) -> Decimal:
        return EURO.bill(self.gate.meter.committed(month.begin))

    @rule(request=REQUESTS)
    def begin(self, request: SpendingRequest) -> None:
        """Decide on a request, and start it if it is allowed."""
        meter, now, month = self.gate.meter, self.now, Month.of(self.now)
        self.months.add(month)
        if meter.is_wake_held(request.asset, now):
            request = request.without_wake
        before = dict(meter.ledger.counts), meter.committed(now)
        hold: Hold | Defer | None = None
        with suppress(Refused):
            hold = self.gate.admit_or_defer(request, now)
        if not isinstance(hold, Hold):
            assert (dict(meter.ledger.counts), meter.committed(now)) == before
            return
        self.actions.append(Action(request, hold, month, list(request.charges)))
        if not any(EURO.price(charge.category) for charge in request.charges):
            return
        kind = request.caller.kind
        if kind is not CallerKind.PERSON and not request.reduces_cost:
            assert self._bill(month) <= Decimal("0.54")
        if kind is CallerKind.BACKGROUND and not request.reduces_cost:
            gone = (now - month.begin + timedelta(days=3)) / (month.end - month.begin)
            assert float(self._bill(month)) <= 0.54 * min(1, gone) + 1e-9
        if kind in UNATTENDED and request.wakes:
            count = sum(each.count for each in request.charges if each.category is Category.WAKE)
            assert meter.wakes_today(request.asset, UNATTENDED, now) - count < 3

    @precondition(lambda self: any(action.due for action in self.actions))
    @rule(data=st.data())
    def go_on(self, data: Any) -> None:
        """Send the next request of one of them."""
        action: Action = data.draw(st.sampled_from([each for each in self.actions if each.due]))
        charge = action.due[0]
        self.months.add(Month.of(self.now))
        request = action.request
        try:
            entry = self.gate.meter.charge(charge, request.caller, request.asset, self.now)
        except BudgetExceeded:
            assert Month.of(self.now) != action.month, "what was promised is kept"
            return
        self.entries.append(entry)
        action.due.pop(0)

    @precondition(lambda self: self.actions)
    @rule(data=st.data())
    def end(self, data: Any) -> None:
        """Be done, or give up."""
        action: Action = data.draw(st.sampled_from(self.actions))
        self.actions.remove(action)
        action.hold.release()

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def refund(self, data: Any) -> None:
        """Tesla answered with a server error."""
        entry: Booking = data.draw(st.sampled_from(self.entries))
        self.entries.remove(entry)
        self.gate.meter.refund(entry)

    @rule(hours=st.integers(1, 200))
    def pass_time(self, hours: int) -> None:
        """Let time pass, over the month's end too."""
        self.now += timedelta(hours=hours)

    @rule(minutes=st.integers(1, 3_000))
    def set_clock_back(self, minutes: int) -> None:
        """As a time server does, if by more than usual."""
        self.now -= timedelta(minutes=minutes)

    @rule()
    def restart(self) -> None:
        """Continue from the stored state; requests in flight are gone."""
        stored = json.loads(json.dumps(self.gate.meter.ledger.to_stored()))
        self.gate = Gate(Meter(Ledger.from_stored(stored)), self.policy)
        self.actions.clear()

    @invariant()
    def never_above_the_budget(self) -> None:
        """With all that is promised."""
        for month in self.months:
            assert self._bill(month) <= Decimal("0.60")
            assert EURO.bill(self.gate.meter.ledger.month(month)) <= Decimal("0.60")


TestInterleaved = Interleaved.TestCase

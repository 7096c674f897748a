"""The rules of spending: one row defines an option completely, and none can be forgotten."""

import ast
from collections import Counter
from dataclasses import fields
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from custom_components.flotte import tesla
from custom_components.flotte.tesla.spending.modes import SpendingMode
from custom_components.flotte.tesla.spending.policy import (
    RULES,
    AsleepPolicy,
    Policy,
    QuietHours,
    SpendingRule,
    readable_options,
    strictest_options,
    unreadable_options,
)

ALL_CHANGED: Final = Policy(
    budget=Decimal("12.5"),
    reserve=Decimal("0.25"),
    wakes_per_day=5,
    charging_wakes_per_day=6,
    quiet_hours=QuietHours(time(22, 30), time(6)),
    wake_gap=timedelta(minutes=45),
    head_start=timedelta(days=1.5),
    max_deferral=timedelta(hours=12),
    confirm_wakes=True,
    asleep_person=AsleepPolicy.WAIT,
    asleep_automation=AsleepPolicy.REFUSE,
    asleep_callers={"voice:assist": AsleepPolicy.WAIT},
    spending_mode=SpendingMode.FRUGAL,
)
"""Every field differs from its default."""

STRICTEST: Final[dict[str, tuple[list[Any], Any]]] = {
    "monthly_limit": ([10, "9.5", 20.0], "9.5"),
    "reserve_percent": ([10, "9", 30.0], 30.0),
    "head_start_days": ([3, 1, 2], 1),
    "asleep_person": (["wait", "refuse", "wake"], "refuse"),
    "confirm_wakes": ([False, True, False], True),
    "asleep_automation": (["wake", "wait", "wake"], "wait"),
    "wakes_per_day": ([10, 9, 100], 9),
    "charging_wakes_per_day": ([10, 9, 100], 9),
    "quiet_begin": (["22:00:00", "20:00:00"], "22:00:00"),
    "quiet_end": (["06:00:00", "08:00:00"], "06:00:00"),
    "wake_gap_minutes": ([9, 10, 0], 10),
    "patience_hours": ([10, 9, 24], 9),
    "asleep_callers": (
        [{"person": "wait", "voice": "wake"}, {"person": "wake", "voice": "refuse"}],
        {"person": "wait", "voice": "refuse"},
    ),
    "spending_mode": (["thrifty", "stopped", "normal"], "stopped"),
}
"""By option: the values of several entries, oldest first, and the one that applies to all of
them."""


def test_every_field_has_a_row() -> None:
    named = {rule.field for rule in RULES}
    existing = {each.name for each in fields(Policy)}
    assert existing - named == set(), "a field of Policy without a row in RULES"
    assert named - existing == set(), "a row in RULES that fills no field of Policy"


def test_an_option_has_one_row() -> None:
    assert Counter(rule.option for rule in RULES).most_common(1)[0][1] == 1


def test_changed_values_differ_from_their_defaults() -> None:
    """Otherwise the round trip below proves nothing."""
    usual = Policy()
    for each in fields(Policy):
        is_changed = getattr(ALL_CHANGED, each.name) != getattr(usual, each.name)
        assert is_changed, f"give {each.name} a value in ALL_CHANGED that is not its default"


def test_every_option_is_written_and_read() -> None:
    options = ALL_CHANGED.to_options()
    assert Policy.from_options(options) == ALL_CHANGED
    for option in options.keys() - {"quiet_begin", "quiet_end"}:
        policy = Policy.from_options({option: options[option]})
        assert policy != Policy(), f"{option} changes nothing: its row, or its value in ALL_CHANGED"
        assert policy.to_options()[option] == options[option]


def test_half_of_the_quiet_hours_is_none() -> None:
    assert Policy.from_options({"quiet_begin": "22:00:00"}) == Policy()
    assert Policy.from_options({"quiet_begin": "22:00:00", "quiet_end": "22:00:00"}) == Policy()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.option)
def test_the_strictest_of_several_entries_decides(rule: SpendingRule) -> None:
    assert rule.option in STRICTEST, f"add an example of several entries that name {rule.option}"
    values, strictest = STRICTEST[rule.option]
    assert rule.strictest(values) == strictest
    assert rule.strictest(values[:1]) == values[0]
    assert rule.read(strictest) is not None


def test_examples_are_of_options_that_exist() -> None:
    assert STRICTEST.keys() - {rule.option for rule in RULES} == set()


def test_quiet_hours_of_the_oldest_entry_that_has_both() -> None:
    night = {"quiet_begin": "22:00:00", "quiet_end": "06:00:00"}
    noon = {"quiet_begin": "12:00:00", "quiet_end": "13:00:00"}
    assert strictest_options([{"quiet_end": "05:00:00"}, night, noon]) == night
    assert strictest_options([{"quiet_begin": "01:00:00"}]) == {}


def test_only_named_and_readable_values_count() -> None:
    entries: list[dict[str, Any]] = [
        {"wakes_per_day": "often", "monthly_limit": None, "currency": "EUR"},
        {"wakes_per_day": 4, "reserve_percent": 30},
        {"wakes_per_day": 3},
    ]
    assert readable_options(entries[0]) == {}
    assert unreadable_options({**entries[0], "monthly_limit": "-1"}) == [
        "monthly_limit",
        "wakes_per_day",
    ]
    assert strictest_options(entries) == {"wakes_per_day": 3, "reserve_percent": 30}
    assert strictest_options([]) == {}


def test_every_field_decides_something() -> None:
    """An option that nothing reads would be stored, shown, and have no effect."""
    read: set[str] = set()
    for path in Path(tesla.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            # The check of the ranges is no use.
            if isinstance(node, ast.FunctionDef) and node.name != "__post_init__":
                read |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    ignored = {each.name for each in fields(Policy)} - read
    assert ignored == set(), "no code below tesla/ reads these: the decision is missing in gate.py"

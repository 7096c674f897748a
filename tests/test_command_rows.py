"""The command of a row asks for the value that its entity then shows.

The cases of a platform try a setting in one direction or with one value; these try every value.
"""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from custom_components.flotte import number, select, switch
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.state import Derived, Reading, Signal, Source, State

MOMENT: Final = datetime(2026, 10, 20, 10, tzinfo=UTC)

SWITCHES: Final = (*switch.VEHICLE_SWITCHES, *switch.SITE_SWITCHES)
NUMBERS: Final = (*number.VEHICLE_NUMBERS, *number.SITE_NUMBERS)
SELECTS: Final = (*select.VEHICLE_SELECTS, *select.SITE_SELECTS)


SHOWN_OTHERWISE: Final = {("charge_current", 1): 5}
"""A car goes on requesting 5 A below that, and its real current is measured, never assumed."""


def expected(command: Command, signal: Signal[Any] | Derived[Any]) -> object:
    """The value of a signal once the command has its effect."""
    readings = {
        each: Reading(value, MOMENT, Source.STREAM) for each, value in command.expects.items()
    }
    return State(readings)[signal]


@pytest.mark.parametrize("row", SWITCHES, ids=lambda row: row.key)
def test_a_switch_turns_on_and_off(row: switch.FlotteSwitchDescription) -> None:
    on, off = row.command(True), row.command(False)  # noqa: FBT003  # on and off
    assert (on.name, on.payload, on.parameters) != (off.name, off.payload, off.parameters)
    if row.signal is not None:
        assert expected(on, row.signal) is True
        assert expected(off, row.signal) is False


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row.key)
def test_a_number_sets_what_it_shows(row: number.FlotteNumberDescription) -> None:
    """Its own bounds, too, are values that the command accepts."""
    assert row.native_min_value is not None
    assert row.native_max_value is not None
    for value in (int(row.native_min_value), int(row.native_max_value)):
        shown = SHOWN_OTHERWISE.get((row.key, value), value)
        assert expected(row.command(value), row.signal) == shown


@pytest.mark.parametrize("row", SELECTS, ids=lambda row: row.key)
def test_a_select_sets_what_it_shows(row: select.FlotteSelectDescription) -> None:
    for value in row.values:
        assert expected(row.command(value), row.signal) == value

"""The helper that carries out a case says what differs."""

import pytest
from homeassistant.core import State

from tests.fleet import Case, check_shown

CASE = Case(
    entity="switch.{}_charge",
    service="turn_on",
    shown="on",
    attributes={"assumed_state": True},
    name="charge_start",
)


@pytest.mark.parametrize(
    ("state", "difference"),
    [
        (State("switch.aurora_charge", "off"), "switch.aurora_charge now\nassert 'off' == 'on'"),
        (
            State("switch.aurora_charge", "on", {"assumed_state": False}),
            "assumed_state of switch.aurora_charge now\nassert False == True",
        ),
    ],
)
def test_a_failed_case_shows_what_differs(state: State, difference: str) -> None:
    """Pytest shows values of a helper only if the helper is registered with it."""
    with pytest.raises(AssertionError, match=difference):
        check_shown(state, CASE, "now")

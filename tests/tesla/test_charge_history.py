"""The sessions of wall connectors in Tesla's answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.flotte.tesla.energy.charge_history import ChargeSession, read_charges
from custom_components.flotte.tesla.errors import InvalidAnswer


def row(start: object, duration: object, energy: object) -> dict[str, Any]:
    """A session in Tesla's form."""
    return {
        "charge_start_time": {"seconds": start},
        "charge_duration": {"seconds": duration},
        "energy_added_wh": energy,
    }


def test_sessions_are_in_order_of_time() -> None:
    answer = {"charge_history": [row(1_693_400_000, 60, 0), row(1_693_300_000, 9000, 4500.5)]}
    assert read_charges(answer) == (
        ChargeSession(
            datetime(2023, 8, 29, 9, 6, 40, tzinfo=UTC),
            datetime(2023, 8, 29, 11, 36, 40, tzinfo=UTC),
            4500.5,
        ),
        ChargeSession(
            datetime(2023, 8, 30, 12, 53, 20, tzinfo=UTC),
            datetime(2023, 8, 30, 12, 54, 20, tzinfo=UTC),
            0.0,
        ),
    )


@pytest.mark.parametrize(
    "odd",
    [
        row(None, 60, 1),
        row("soon", 60, 1),
        row(1e30, 60, 1),
        row(1_693_300_000, 1e30, 1),
        row(1_693_300_000, -1, 1),
        row(1_693_300_000, 60, None),
        row(1_693_300_000, 60, -5),
        {},
        None,
        "session",
    ],
)
def test_a_session_that_cannot_be_read_is_left_out(odd: object) -> None:
    found = read_charges({"charge_history": [odd, row("1693300000", "60", "1000")]})
    assert [session.energy for session in found] == [1000.0]


@pytest.mark.parametrize("answer", [{}, {"charge_history": None}, {"charge_history": {}}])
def test_an_answer_without_a_list_is_no_history(answer: dict[str, Any]) -> None:
    with pytest.raises(InvalidAnswer):
        read_charges(answer)


def test_an_empty_history() -> None:
    assert read_charges({"charge_history": []}) == ()

"""The backup history of a site: its pages, and their end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flotte.tesla.energy.outages import MAX_PAGES, BackupHistory, Outage

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


def page(*days: int, then: object = None, seconds: int = 60) -> dict[str, Any]:
    """A page with outages that began at noon of these days of January."""
    events = [
        {"timestamp": f"2026-01-{day:02}T13:00:00+01:00", "duration": seconds} for day in days
    ]
    return {"events": events} | ({} if then is None else {"next_end_date": then})


def noon(day: int) -> str:
    return f"2026-01-{day:02}T12:00:00Z"


def read(*answers: dict[str, Any]) -> BackupHistory:
    """Read the pages, as long as there is a next one; all of them must be requested."""
    history = BackupHistory(START, END)
    for answer in answers:
        assert history.next_end is not None
        history.take(answer)
    return history


def days_of(history: BackupHistory) -> list[int]:
    return [each.start.day for each in history.outages]


def test_pages_are_joined_in_order_of_time() -> None:
    history = BackupHistory(START, END)
    assert history.next_end == END
    history.take(page(20, 12, then=noon(12)))
    assert history.next_end == datetime(2026, 1, 12, 12, tzinfo=UTC)
    # The oldest outage of a page is on the next one too.
    history.take(page(12, 3))
    assert days_of(history) == [3, 12, 20]
    assert history.is_complete


@pytest.mark.parametrize(
    ("answers", "days", "is_complete"),
    [
        pytest.param([page()], [], True, id="none"),
        pytest.param([page(then="2026-03-01T00:00:00Z")], [], True, id="none, and its own end"),
        pytest.param([page(5, then="2025-12-31T00:00:00Z")], [5], True, id="before the period"),
        pytest.param([page(5, then=noon(5)), page(5, then=noon(5))], [5], True, id="the oldest"),
        pytest.param(
            [page(9, 5, then=noon(5)), page(9, 5, then=noon(5))], [5, 9], False, id="repeated"
        ),
        pytest.param([page(5, then="2026-03-02T00:00:00Z")], [5], False, id="backwards"),
        pytest.param([page(5, then="soon")], [5], False, id="unreadable"),
        pytest.param([page(5, then=7)], [5], False, id="no text"),
    ],
)
def test_the_end_of_the_pages(
    answers: list[dict[str, Any]], days: list[int], *, is_complete: bool
) -> None:
    history = read(*answers)
    assert days_of(history) == days
    assert (history.next_end, history.is_complete) == (None, is_complete)


def test_an_outage_that_grew_between_two_pages_has_its_later_length() -> None:
    history = read(page(9, 5, then=noon(5)), page(5, seconds=90))
    assert history.outages[0] == Outage(
        datetime(2026, 1, 5, 12, tzinfo=UTC), datetime(2026, 1, 5, 12, 1, 30, tzinfo=UTC)
    )
    assert history.outages[1].duration == timedelta(minutes=1)


def test_pages_without_end() -> None:
    history, pages = BackupHistory(START, END), 0
    while history.next_end is not None:
        pages += 1
        history.take(page(then=(history.next_end - timedelta(seconds=1)).isoformat()))
    assert (pages, history.is_complete) == (MAX_PAGES, False)

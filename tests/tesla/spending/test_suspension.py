"""The suspension: the length of Tesla's stop of an account, and the evidence of its end."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flotte.tesla.errors import AccountSuspended
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.suspension import Suspension
from custom_components.flotte.tesla.spending.tariff import COMMAND

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = Month(2026, 3).end
VEHICLE, PRODUCTS = "GET vehicle", "GET products"


@pytest.fixture
def suspension() -> Suspension:
    """One that has not begun."""
    return Suspension()


@pytest.fixture
def lifted(suspension: Suspension) -> Suspension:
    """One that ended this month because Tesla answered a probe."""
    suspension.begin(NOW, VEHICLE)
    suspension.lift()
    return suspension


def test_it_ends_with_its_month(suspension: Suspension) -> None:
    assert not suspension.is_active(NOW)
    suspension.begin(NOW)
    assert suspension.month == Month(2026, 3)
    assert suspension.is_active(NOW)
    assert suspension.is_active(APRIL - timedelta(seconds=1))
    assert not suspension.is_active(APRIL)


def test_the_owner_ends_it(suspension: Suspension) -> None:
    suspension.begin(NOW)
    suspension.end()
    assert suspension.month is None
    assert not suspension.is_active(NOW)


def test_only_a_free_request_that_was_refused_is_a_probe(suspension: Suspension) -> None:
    assert not suspension.is_probe(VEHICLE, NOW)
    suspension.begin(NOW)
    assert not suspension.is_probe(VEHICLE, NOW)
    suspension.begin(NOW, VEHICLE)
    assert suspension.is_probe(VEHICLE, NOW)
    assert not suspension.is_probe(PRODUCTS, NOW)
    assert not suspension.is_probe(VEHICLE, APRIL), "it ended with its month"
    assert suspension.count == 1, "Tesla stopped the account once, and said so twice"


def test_a_refusal_in_an_earlier_suspension_makes_no_probe_of_this_one(
    suspension: Suspension,
) -> None:
    suspension.begin(NOW, VEHICLE)
    suspension.end()
    suspension.begin(NOW, PRODUCTS)
    assert not suspension.is_probe(VEHICLE, NOW)
    assert suspension.is_probe(PRODUCTS, NOW)
    assert suspension.count == 2


def test_an_answered_probe_ends_it(lifted: Suspension) -> None:
    assert not lifted.is_active(NOW)
    assert lifted.month is None


def test_probes_are_distrusted_for_a_month_in_which_one_was_wrong(lifted: Suspension) -> None:
    """Each mistake costs a request: from then on only the owner ends the suspension."""
    lifted.begin(NOW, VEHICLE)
    assert lifted.is_active(NOW)
    assert not lifted.is_probe(VEHICLE, NOW)
    # Not even after the owner ended it, if Tesla stops the account once more.
    lifted.end()
    lifted.begin(NOW, VEHICLE)
    assert not lifted.is_probe(VEHICLE, NOW)


def test_probes_are_trusted_again_in_the_next_month(lifted: Suspension) -> None:
    lifted.begin(NOW, VEHICLE)
    lifted.begin(APRIL, VEHICLE)
    assert lifted.is_probe(VEHICLE, APRIL)


def test_a_suspension_that_was_lifted_last_month_brings_no_distrust(lifted: Suspension) -> None:
    lifted.begin(APRIL, VEHICLE)
    assert lifted.is_probe(VEHICLE, APRIL)


def test_a_suspension_that_the_owner_ended_brings_no_distrust(suspension: Suspension) -> None:
    for _ in range(3):
        suspension.begin(NOW, VEHICLE)
        assert suspension.is_probe(VEHICLE, NOW)
        suspension.end()


def test_the_meter_reports_state_to_store() -> None:
    meter = Meter()
    stored: list[Month | None] = []
    meter.changed.subscribe(lambda: stored.append(meter.suspension.month))
    meter.suspend(NOW, VEHICLE)
    with pytest.raises(AccountSuspended):
        meter.require([COMMAND], NOW)
    meter.note_service_resumed()
    assert stored == [Month(2026, 3), None]
    meter.charge(COMMAND, Caller(CallerKind.PERSON), "car", NOW)

"""Sessions at Superchargers: what Tesla's rows mean, and how many pages are requested."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from custom_components.flotte.tesla.charging.bills import Bills
from custom_components.flotte.tesla.charging.supercharging import (
    Fee,
    SuperchargerSession,
    read_page,
    total_costs,
    total_energy,
)
from custom_components.flotte.tesla.errors import (
    BudgetExceeded,
    InvalidAnswer,
    MissingScope,
    ServiceError,
    TeslaError,
)
from custom_components.flotte.tesla.spending.gate import Gate
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import Category
from simulator.accounts import SCOPES
from tests.tesla.account import MODEL_3, MODEL_Y, NOW, PERSON, Account

DUE: dict[str, Any] = {
    "sessionFeeId": 1,
    "feeType": "CHARGING",
    "currencyCode": "EUR",
    "pricingType": "PAYMENT",
    "rateBase": 0.45,
    "usageBase": 30,
    "usageTier1": 0,
    "usageTier2": None,
    "totalDue": 13.5,
    "netDue": 13.5,
    "uom": "kwh",
    "isPaid": True,
    "status": "PAID",
}
FREE: dict[str, Any] = {**DUE, "pricingType": "NO_CHARGE", "totalDue": 0, "isPaid": None}
IDLE: dict[str, Any] = {**DUE, "feeType": "PARKING", "uom": "min", "totalDue": 0.1, "isPaid": False}
ROW: dict[str, Any] = {
    "sessionId": 7,
    "vin": "XP7YGCEK0RB000001",
    "siteLocationName": "Zwolle, Netherlands",
    "chargeStartDateTime": "2026-03-01T00:30:00+01:00",
    "chargeStopDateTime": "2026-03-01T01:00:00+01:00",
    "countryCode": "NL",
    "fees": [DUE],
    "billingType": "IMMEDIATE",
    "invoices": [{"fileName": "a.pdf", "contentId": "3f1c", "invoiceType": "IMMEDIATE"}],
    "vehicleMakeType": "TSLA",
}


def session_of(**more: Any) -> SuperchargerSession:
    """A session whose row has these fields."""
    (session,) = read_page({"data": [{**ROW, **more}]}).sessions
    return session


def test_a_session() -> None:
    assert session_of() == SuperchargerSession(
        number="7",
        vin="XP7YGCEK0RB000001",
        place="Zwolle, Netherlands",
        country="NL",
        start=datetime(2026, 2, 28, 23, 30, tzinfo=UTC),
        end=datetime(2026, 3, 1, 0, 0, tzinfo=UTC),
        fees=(
            Fee(
                kind="charging",
                cost=Decimal("13.5"),
                currency="EUR",
                energy=30.0,
                is_paid=True,
            ),
        ),
        invoices=("3f1c",),
    )


@pytest.mark.parametrize(
    ("fees", "costs", "energy", "paid"),
    [
        ([DUE], {"EUR": "13.5"}, 30, True),
        ([FREE], {"EUR": "0"}, 30, True),
        ([{**FREE, "totalDue": 13.5}], {"EUR": "0"}, 30, True),
        ([DUE, IDLE], {"EUR": "13.6"}, 30, False),
        ([DUE, {**IDLE, "feeType": "CONGESTION", "totalDue": "9"}], {"EUR": "22.5"}, 30, False),
        ([DUE, {**IDLE, "feeType": "OF_TOMORROW", "totalDue": 2}], {"EUR": "15.5"}, 30, False),
        # A refund
        ([DUE, {**IDLE, "totalDue": -13.5}], {"EUR": "0.0"}, 30, False),
        # A tenth and two tenths are three tenths.
        ([{**DUE, "totalDue": 0.1}, {**IDLE, "totalDue": 0.2}], {"EUR": "0.3"}, 30, False),
        ([{**DUE, "currencyCode": "CHF"}, IDLE], {"CHF": "13.5", "EUR": "0.1"}, 30, False),
        ([{**DUE, "usageTier1": 4, "usageTier2": 2.5}], {"EUR": "13.5"}, 36.5, True),
        # Billed by the minute
        ([{**DUE, "uom": "min"}], {"EUR": "13.5"}, None, True),
        ([{**DUE, "usageBase": None}], {"EUR": "13.5"}, None, True),
        ([{**DUE, "totalDue": None}], {"EUR": "13.5"}, 30, True),
        ([{**DUE, "totalDue": None, "netDue": "soon"}], None, 30, True),
        ([{**DUE, "currencyCode": None}], None, 30, True),
        ([DUE, {}], None, 30, None),
        ([DUE, None], None, 30, None),
        # Not billed yet
        ([], None, None, None),
        (None, None, None, None),
    ],
)
def test_costs(
    fees: object, costs: dict[str, str] | None, energy: float | None, *, paid: bool | None
) -> None:
    session = session_of(fees=fees)
    expected = None if costs is None else {each: Decimal(cost) for each, cost in costs.items()}
    assert (session.costs, session.energy, session.is_paid) == (expected, energy, paid)


def test_one_unknown_session_makes_a_sum_unknown() -> None:
    known, unknown = session_of(), session_of(fees=[])
    assert total_costs([known, known]) == {"EUR": Decimal(27)}
    assert total_energy([known, known]) == 60
    assert total_costs([known, unknown]) is None
    assert total_energy([known, unknown]) is None
    assert total_costs([]) == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"sessionId": None, "vin": 3, "siteLocationName": " ", "chargeStartDateTime": "soon"},
        {"chargeStartDateTime": "2026-03-01T00:30:00", "invoices": {}, "fees": "none"},
        {"invoices": [None, {"contentId": 7}], "countryCode": ["NL"]},
    ],
)
def test_what_is_odd_is_unknown(odd: dict[str, Any]) -> None:
    (session,) = read_page({"data": [odd]}).sessions
    assert session == SuperchargerSession(
        number=None,
        vin=None,
        place=None,
        country=None,
        start=None,
        end=None,
        fees=(),
        invoices=(),
    )


def test_rows_that_are_no_sessions_are_counted() -> None:
    page = read_page({"data": [ROW, "one", None], "totalResults": 12})
    assert (len(page.sessions), page.rows, page.total) == (1, 3, 12)


# --- Requests ------------------------------------------------------------------------------------

BEGIN = NOW - timedelta(days=30)


@pytest.fixture
def bills(account: Account) -> Bills:
    """The requests of an account."""
    return Bills(account.api, Gate(account.meter), scopes=SCOPES)


def add(account: Account, count: int, form: str = "wrapped") -> None:
    """Have the account's car charge at a Supercharger, every hour before yesterday."""
    supercharging = account.tesla.world.supercharging
    supercharging.form = form
    for number in range(count):
        supercharging.add(MODEL_Y, (NOW - timedelta(days=1, hours=number)).timestamp(), 600)


@pytest.mark.parametrize(
    ("form", "count", "most", "requests", "found", "more"),
    [
        ("wrapped", 0, 4, 1, 0, False),
        ("bare", 3, 4, 1, 3, False),
        ("wrapped", 49, 4, 1, 49, False),
        # A full page may be a limit.
        ("wrapped", 50, 4, 2, 50, False),
        ("wrapped", 120, 4, 3, 120, False),
        ("wrapped", 120, 2, 2, 100, True),
        ("without_total", 9, 4, 1, 9, False),
        # Without a number, a page of 10 or more may be cut.
        ("without_total", 12, 4, 2, 12, False),
        ("without_total", 12, 1, 1, 12, True),
        ("without_total", 60, 4, 2, 60, False),
    ],
)
async def test_pages(
    account: Account,
    bills: Bills,
    form: str,
    count: int,
    most: int,
    requests: int,
    found: int,
    *,
    more: bool,
) -> None:
    add(account, count, form)
    billed = await bills.sessions(BEGIN, NOW, PERSON, max_requests=most)
    assert (billed.requests, len(billed.sessions), billed.has_more) == (requests, found, more)
    assert billed.is_complete is not more
    assert account.booked() == {Category.DATA: requests}
    numbers = [each.number for each in billed.sessions]
    assert numbers == [str(900_001 + number) for number in range(found)]


async def test_a_list_shorter_than_its_number_is_incomplete(account: Account, bills: Bills) -> None:
    body = {"response": {"data": [], "totalResults": 3}}
    account.tesla.faults.order("status", endpoint="charging_history", status=200, body=body)
    billed = await bills.sessions(BEGIN, NOW, PERSON, max_requests=4)
    assert (billed.requests, billed.has_more, billed.is_complete) == (1, True, False)


async def test_sessions_of_one_car(account: Account, bills: Bills) -> None:
    add(account, 2)
    account.tesla.world.supercharging.add(MODEL_3, NOW.timestamp() - 90_000, 600)
    billed = await bills.sessions(BEGIN, NOW, PERSON, max_requests=1, vin=MODEL_3)
    assert [each.vin for each in billed.sessions] == [MODEL_3]


async def test_the_whole_cost_is_admitted_first(account: Account, bills: Bills) -> None:
    bills.gate.policy = Policy(budget=Decimal("0.01"))
    with pytest.raises(BudgetExceeded):
        await bills.sessions(BEGIN, NOW, PERSON, max_requests=6)
    assert account.arrived == []
    await bills.sessions(BEGIN, NOW, PERSON, max_requests=5)
    # One request was enough, and the others are given back.
    assert account.meter.committed(NOW)[Category.DATA] == 1


async def test_without_the_scope_nothing_is_sent(account: Account) -> None:
    bills = Bills(account.api, Gate(account.meter), scopes=frozenset({"vehicle_cmds"}))
    with pytest.raises(MissingScope):
        await bills.sessions(BEGIN, NOW, PERSON, max_requests=1)
    with pytest.raises(MissingScope):
        await bills.invoice("invoice-1", PERSON)
    assert account.arrived == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (None, 503, ServiceError),
        (None, 403, MissingScope),
        ({"response": None}, 200, InvalidAnswer),
        ({"response": {"data": None}}, 200, InvalidAnswer),
        ({"error": "odd"}, 200, InvalidAnswer),
        ("<html>", 200, InvalidAnswer),
    ],
)
async def test_a_page_that_cannot_be_read(
    account: Account, bills: Bills, body: Any, status: int, error: type[TeslaError]
) -> None:
    """Even if others were read: what is missing must not look like nothing."""
    add(account, 60)
    account.tesla.faults.order(
        "status", endpoint="charging_history", status=status, body=body, skip=1
    )
    with pytest.raises(error):
        await bills.sessions(BEGIN, NOW, PERSON, max_requests=4)


async def test_an_invoice_is_bytes(account: Account, bills: Bills) -> None:
    add(account, 1)
    content = await bills.invoice("invoice-1", PERSON)
    assert content == b"%PDF-1.7\n% invoice-1\n%\xe2\xe3\xcf\xd3\n%%EOF\n"
    assert account.booked() == {Category.DATA: 1}


@pytest.mark.parametrize(
    "fault",
    [
        {"body": {"response": "%PDF-1.7"}, "headers": {"Content-Type": "application/json"}},
        {"body": "<html>", "headers": {"Content-Type": "application/pdf"}},
        {"body": b"", "headers": {"Content-Type": "application/pdf"}},
        {"body": "%PDF-1.7", "headers": {"Content-Type": "text/html"}},
    ],
)
async def test_what_is_no_pdf_is_no_invoice(
    account: Account, bills: Bills, fault: dict[str, Any]
) -> None:
    account.tesla.faults.order("status", endpoint="charging_invoice", status=200, **fault)
    with pytest.raises(InvalidAnswer):
        await bills.invoice("invoice-1", PERSON)

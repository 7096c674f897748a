"""The ledger on disk: spending is never forgotten, and garbage never prevents the start."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flotte.account.storage import CheckedStore
from custom_components.flotte.spending.account_ledger import AccountLedger, async_get_ledger
from custom_components.flotte.tesla.errors import AccountSuspended
from custom_components.flotte.tesla.spending.caller import POLLING, Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import LedgerKey, Month
from custom_components.flotte.tesla.spending.modes import SpendingMode
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import (
    COMMAND,
    DATA,
    ENERGY,
    FREE,
    WAKE,
    Category,
    Charge,
)

CLIENT_ID = "3b3a5d5a-developer-account"
# The first 12 hexadecimal digits of the SHA-256 of the client id.
KEY = "flotte.ledger.d1b379513709"
PAST = f"{KEY}.past"
"""The file of the months before this one."""
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CAR = "XP7YGCEK0RB000001"
PERSON = Caller(CallerKind.PERSON)
WAKE_LINE = ["2026-03-10", "wake", CAR, "person", 1]


@pytest.fixture
def _noon(freezer: FrozenDateTimeFactory) -> None:
    """Begin at noon of 10 March 2026."""
    freezer.move_to(NOW)


pytestmark = pytest.mark.usefixtures("_noon")

type Storage = dict[str, Any]


@pytest.fixture
async def ledger(hass: HomeAssistant, hass_storage: Storage) -> AccountLedger:
    """A ledger without a past."""
    return await async_get_ledger(hass, CLIENT_ID)


async def restarted(hass: HomeAssistant) -> AccountLedger:
    """The ledger after a restart."""
    ledger = AccountLedger(hass, CLIENT_ID)
    await ledger.async_load()
    return ledger


def written(hass_storage: Storage, key: str = KEY) -> Any:
    """The ledger on disk."""
    return hass_storage.get(key, {}).get("data")


async def book(ledger: AccountLedger, charge: Charge, caller: Caller = PERSON) -> None:
    """The API's booking before a request is sent."""
    await ledger.async_keep(ledger.meter.charge(charge, caller, CAR, NOW))


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


@pytest.mark.parametrize("charge", [WAKE, COMMAND], ids=lambda charge: charge.category)
async def test_expensive_requests_are_on_disk_immediately(
    ledger: AccountLedger, hass_storage: Storage, charge: Charge
) -> None:
    await book(ledger, charge)
    line = ["2026-03-10", str(charge.category), CAR, "person", 1]
    assert written(hass_storage) == {
        "ledger": {"counts": [line], "unanswered": [], "saved": []},
        "suspended": None,
        "suspensions": 0,
        # Noted once the budget is known.
        "share": [0, 0, 0.0],
        "woken": {CAR: [NOW.timestamp()]} if charge is WAKE else {},
    }


async def test_cheap_requests_follow_within_ten_seconds(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
) -> None:
    await book(ledger, DATA, POLLING)
    assert written(hass_storage) is None
    await pass_time(hass, freezer, 10.1)
    line = ["2026-03-10", "data", CAR, "background:polling", 1]
    assert written(hass_storage)["ledger"]["counts"] == [line]


@pytest.mark.parametrize("charge", [ENERGY, FREE], ids=lambda charge: charge.category)
async def test_free_requests_are_not_written_every_minute(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
    charge: Charge,
) -> None:
    for _ in range(14):
        await book(ledger, charge, POLLING)
        await pass_time(hass, freezer, 60)
    assert written(hass_storage) is None
    await book(ledger, charge, POLLING)
    await pass_time(hass, freezer, 61)
    line = ["2026-03-10", str(charge.category), CAR, "background:polling", 15]
    assert written(hass_storage)["ledger"]["counts"] == [line]
    # And so on: the next one is written in its time, too.
    await book(ledger, charge, POLLING)
    await pass_time(hass, freezer, 901)
    assert written(hass_storage)["ledger"]["counts"] == [[*line[:-1], 16]]


async def test_free_requests_do_not_delay_paid_ones(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
) -> None:
    await book(ledger, DATA, POLLING)
    await book(ledger, FREE, POLLING)
    await pass_time(hass, freezer, 10.1)
    assert written(hass_storage)["ledger"]["counts"] == [
        ["2026-03-10", "data", CAR, "background:polling", 1],
        ["2026-03-10", "free", CAR, "background:polling", 1],
    ]


async def test_a_correction_is_written_too(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
) -> None:
    lost = ledger.meter.charge(COMMAND, PERSON, CAR, NOW)
    await ledger.async_keep(lost)
    failed = ledger.meter.charge(WAKE, PERSON, CAR, NOW)
    await ledger.async_keep(failed)
    ledger.meter.unanswered(lost)
    ledger.meter.refund(failed)
    await pass_time(hass, freezer, 10.1)
    line = ["2026-03-10", "command", CAR, "person", 1]
    assert written(hass_storage)["ledger"] == {
        "counts": [line],
        "unanswered": [line],
        "saved": [],
    }


async def test_spending_survives_a_restart(
    hass: HomeAssistant, ledger: AccountLedger, hass_storage: Storage
) -> None:
    await book(ledger, WAKE)
    await book(ledger, COMMAND)
    again = await restarted(hass)
    assert again.meter.ledger.counts == {
        LedgerKey(date(2026, 3, 10), Category.WAKE, CAR, "person"): 1,
        LedgerKey(date(2026, 3, 10), Category.COMMAND, CAR, "person"): 1,
    }
    assert again.meter.cost(NOW) == Decimal("0.02")
    await book(again, WAKE)
    assert (await restarted(hass)).meter.ledger.month(Month(2026, 3))[Category.WAKE] == 2


async def test_garbage_does_not_take_the_rest_with_it(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    stored = {"ledger": {"counts": [7, WAKE_LINE, ["garbage"]], "unanswered": None}}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": stored}
    ledger = await async_get_ledger(hass, CLIENT_ID)
    assert ledger.meter.cost(NOW) == Decimal("0.02")


async def test_data_that_is_no_object_does_not_stop_the_start(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": [WAKE_LINE]}
    ledger = await async_get_ledger(hass, CLIENT_ID)
    assert not ledger.meter.ledger.counts


async def test_a_suspension_survives_a_restart(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
) -> None:
    ledger.meter.suspend(NOW)
    await pass_time(hass, freezer, 10.1)
    assert written(hass_storage)["suspended"] == [2026, 3]
    with pytest.raises(AccountSuspended):
        (await restarted(hass)).meter.require([DATA], NOW)
    ledger.async_resume()
    await pass_time(hass, freezer, 10.1)
    (await restarted(hass)).meter.require([DATA], NOW)


async def test_a_suspension_ends_with_its_month(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
) -> None:
    ledger.meter.suspend(NOW)
    await pass_time(hass, freezer, 10.1)
    freezer.move_to("2026-04-01T00:00:00Z")
    again = await restarted(hass)
    assert again.meter.suspension.month is None


@pytest.mark.parametrize("suspended", [None, [], [2026], ["2026", "3"], 3, "2026-03", [2026, 2]])
async def test_a_suspension_that_cannot_be_read(
    hass: HomeAssistant, hass_storage: Storage, suspended: object
) -> None:
    data = {"ledger": {"counts": []}, "suspended": suspended}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": data}
    assert (await restarted(hass)).meter.suspension.month is None


async def test_only_the_newest_two_years_are_kept(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    months = [f"{2023 + number // 12}-{number % 12 + 1:02}-05" for number in range(39)]
    lines = [[day, "wake", CAR, "person", 1] for day in months]
    stored = {"ledger": {"counts": lines, "unanswered": []}}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": stored}
    ledger = await async_get_ledger(hass, CLIENT_ID)
    # This month and 24 before it.
    assert written(hass_storage, PAST)["ledger"]["counts"] == lines[-25:-1]
    assert ledger.meter.ledger.to_stored()["counts"] == lines[-1:]


async def test_a_clock_that_is_years_ahead_deletes_nothing(
    hass: HomeAssistant, hass_storage: Storage, freezer: FrozenDateTimeFactory
) -> None:
    """Not at a start, nor at midnight, nor when something is booked meanwhile."""
    lines = [["2026-02-10", "wake", CAR, "person", 2], WAKE_LINE]
    stored = {"ledger": {"counts": lines}}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": stored}
    freezer.move_to("2029-03-10T23:59:00Z")
    ledger = await restarted(hass)
    now = datetime.now(UTC)
    await ledger.async_keep(ledger.meter.charge(COMMAND, PERSON, CAR, now))
    await pass_time(hass, freezer, 120)
    await (await restarted(hass)).async_keep(ledger.meter.charge(COMMAND, PERSON, CAR, now))
    freezer.move_to(NOW)
    ledger = await restarted(hass)
    assert ledger.meter.cost(NOW) == Decimal("0.02")
    assert written(hass_storage, PAST)["ledger"]["counts"] == lines


async def test_entries_of_one_developer_account_share_a_ledger(
    hass: HomeAssistant, ledger: AccountLedger
) -> None:
    assert await async_get_ledger(hass, CLIENT_ID) is ledger
    other = await async_get_ledger(hass, "another account")
    assert other is not ledger
    await book(other, WAKE)
    assert not ledger.meter.ledger.counts


async def test_two_entries_that_start_together_share_one(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    stored = {"ledger": {"counts": [WAKE_LINE], "unanswered": []}}
    hass_storage[KEY] = {"version": 1, "minor_version": 1, "key": KEY, "data": stored}
    first, second, third = await asyncio.gather(
        *(async_get_ledger(hass, CLIENT_ID) for _ in range(3))
    )
    assert first is second is third
    assert first.meter.cost(NOW) == Decimal("0.02")


async def test_the_file_is_private_and_does_not_name_the_account(
    hass: HomeAssistant, ledger: AccountLedger, hass_storage: Storage
) -> None:
    await book(ledger, WAKE)
    assert list(hass_storage) == [KEY]
    assert CLIENT_ID not in json.dumps(hass_storage)
    for store in (ledger._file._store, ledger._file._past):
        assert store._private is True
        assert store._atomic_writes is True


async def test_listeners_receive_bookings_and_corrections(
    hass: HomeAssistant, ledger: AccountLedger
) -> None:
    costs: list[Decimal] = []
    unsubscribe = ledger.async_subscribe(lambda: costs.append(ledger.meter.cost(NOW)))
    entry = ledger.meter.charge(WAKE, PERSON, CAR, NOW)
    await ledger.async_keep(entry)
    await hass.async_block_till_done()
    ledger.meter.refund(entry)
    await hass.async_block_till_done()
    assert costs == [Decimal("0.02"), Decimal("0.00")]
    unsubscribe()
    await book(ledger, WAKE)
    await hass.async_block_till_done()
    assert len(costs) == 2
    unsubscribe()


async def test_a_listener_may_unsubscribe_while_it_is_called(
    hass: HomeAssistant, ledger: AccountLedger
) -> None:
    told: list[str] = []

    def once() -> None:
        told.append("once")
        unsubscribe()

    unsubscribe = ledger.async_subscribe(once)
    ledger.async_subscribe(lambda: told.append("always"))
    for _ in range(2):
        await book(ledger, DATA)
        await hass.async_block_till_done()
    assert sorted(told) == ["always", "always", "once"]


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [(None, Decimal(10)), (Decimal(0), Decimal(0)), (Decimal("25.5"), Decimal("25.5"))],
)
async def test_the_limit(ledger: AccountLedger, limit: Decimal | None, allowed: Decimal) -> None:
    ledger.async_set_policy(Policy(budget=Decimal(3)))
    ledger.async_set_policy(Policy(budget=limit))
    assert ledger.meter.budget == allowed


# --- What is streamed -----------------------------------------------------------------------------


async def test_streamed_signals_are_reported_at_most_every_ten_seconds(
    hass: HomeAssistant, ledger: AccountLedger, freezer: FrozenDateTimeFactory
) -> None:
    """A driving car sends two records a second; the cost is not redrawn for each."""
    told: list[int] = []
    ledger.async_subscribe(
        lambda: told.append(ledger.meter.ledger.month(Month(2026, 3))[Category.SIGNAL])
    )
    for _ in range(30):
        ledger.meter.count_signals(CAR, 4, datetime.now(UTC))
        await pass_time(hass, freezer, 1)
    assert told == [40, 80, 120]
    await pass_time(hass, freezer, 60)
    assert told == [40, 80, 120]


async def test_streamed_signals_are_written_at_shutdown(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger.meter.count_signals(CAR, 7, NOW)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    # Home Assistant has its own listener for the file, which must still be there then.
    assert "Unable to remove" not in caplog.text
    line = ["2026-03-10", "signal", CAR, "background:stream", 7]
    assert line in written(hass_storage)["ledger"]["counts"]
    assert (await restarted(hass)).meter.ledger.month(Month(2026, 3))[Category.SIGNAL] == 7


async def test_no_stream_means_no_write_at_shutdown(
    hass: HomeAssistant, ledger: AccountLedger, hass_storage: Storage
) -> None:
    ledger.meter.count_signals(CAR, 0, NOW)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert written(hass_storage) is None


async def test_a_stream_that_uses_up_the_budget_is_noticed_within_two_seconds(
    hass: HomeAssistant, ledger: AccountLedger, freezer: FrozenDateTimeFactory
) -> None:
    """Ten seconds for what there is enough of; at the end of the budget they would cost."""
    ledger.async_set_policy(Policy(budget=Decimal(10)))
    ledger.meter.count_signals(CAR, 148_000, NOW)
    await pass_time(hass, freezer, 10.1)
    modes = [ledger.gate.mode_status.mode]
    ledger.meter.count_signals(CAR, 150_000 * 9, NOW)
    await pass_time(hass, freezer, 1.1)
    modes.append(ledger.gate.mode_status.mode)
    assert modes == [SpendingMode.NORMAL, SpendingMode.STOPPED]


# --- Past months have a file of their own --------------------------------------------------------

FEBRUARY = ["2026-02-10", "wake", CAR, "person", 2]


def put(hass_storage: Storage, key: str, *lines: list[Any]) -> None:
    """Write these lines as a file of the ledger."""
    data = {"ledger": {"counts": list(lines)}}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}


def counts(ledger: AccountLedger) -> dict[str, int]:
    """The ledger's counts, by day."""
    return {str(row.day): count for row, count in ledger.meter.ledger.rows()}


async def test_a_command_rewrites_the_running_month_only(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    put(hass_storage, KEY, FEBRUARY, WAKE_LINE)
    ledger = await restarted(hass)
    past = hass_storage[PAST]
    await book(ledger, WAKE)
    assert written(hass_storage)["ledger"]["counts"] == [[*WAKE_LINE[:-1], 2]]
    assert hass_storage[PAST] is past
    assert past["data"]["ledger"]["counts"] == [FEBRUARY]
    assert counts(await restarted(hass)) == {"2026-02-10": 2, "2026-03-10": 2}


async def test_a_crash_between_the_two_files_counts_nothing_twice(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    put(hass_storage, KEY, FEBRUARY, WAKE_LINE)
    put(hass_storage, PAST, FEBRUARY)
    assert counts(await restarted(hass)) == {"2026-02-10": 2, "2026-03-10": 1}


async def test_a_past_month_that_changes_is_read_as_changed(
    hass: HomeAssistant, hass_storage: Storage
) -> None:
    """A request that crossed midnight is refunded in the month in which it was booked."""
    put(hass_storage, PAST, FEBRUARY)
    put(hass_storage, KEY, WAKE_LINE)
    ledger = await restarted(hass)
    row = next(row for row, _ in ledger.meter.ledger.rows() if row.day.month == 2)
    ledger.meter.ledger.book(row, -1)
    await book(ledger, WAKE)
    assert written(hass_storage)["ledger"]["counts"] == [
        [*WAKE_LINE[:-1], 2],
        [*FEBRUARY[:-1], 1],
    ]
    assert counts(await restarted(hass)) == {"2026-02-10": 1, "2026-03-10": 2}


async def test_a_month_moves_when_it_is_over(
    hass: HomeAssistant,
    ledger: AccountLedger,
    hass_storage: Storage,
    freezer: FrozenDateTimeFactory,
) -> None:
    await book(ledger, WAKE)
    freezer.move_to("2026-03-31T23:59:00Z")
    await pass_time(hass, freezer, 120)
    assert written(hass_storage, PAST)["ledger"]["counts"] == [WAKE_LINE]
    april = datetime(2026, 4, 1, 0, 2, tzinfo=UTC)
    await ledger.async_keep(ledger.meter.charge(WAKE, PERSON, CAR, april))
    assert written(hass_storage)["ledger"]["counts"] == [["2026-04-01", *WAKE_LINE[1:]]]


async def test_changes_while_a_month_moves_are_kept(
    hass: HomeAssistant, hass_storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wake of February is refunded while February is being written."""
    put(hass_storage, KEY, FEBRUARY, WAKE_LINE)
    write = CheckedStore.async_write
    loading = AccountLedger(hass, CLIENT_ID)

    async def refund_meanwhile(store: CheckedStore, data: dict[str, Any]) -> None:
        await write(store, data)
        if store.key == PAST:
            row = next(row for row, _ in loading.meter.ledger.rows() if row.day.month == 2)
            loading.meter.ledger.book(row, -1)

    monkeypatch.setattr(CheckedStore, "async_write", refund_meanwhile)
    await loading.async_load()
    monkeypatch.undo()
    await book(loading, WAKE)
    assert counts(await restarted(hass)) == {"2026-02-10": 1, "2026-03-10": 2}


@pytest.mark.parametrize("damaged", [None, [], {"ledger": []}, {"ledger": {"counts": [["?"]]}}])
async def test_a_damaged_past_leaves_the_running_month_alone(
    hass: HomeAssistant, hass_storage: Storage, damaged: Any
) -> None:
    put(hass_storage, KEY, WAKE_LINE)
    hass_storage[PAST] = {"version": 1, "minor_version": 1, "key": PAST, "data": damaged}
    ledger = await restarted(hass)
    assert counts(ledger) == {"2026-03-10": 1}
    assert ledger.meter.doubt is None


async def test_a_request_leaves_before_its_cost_is_shown(
    hass: HomeAssistant, ledger: AccountLedger
) -> None:
    shown: list[int] = []
    ledger.async_subscribe(lambda: shown.append(1))
    await book(ledger, COMMAND)
    assert shown == []
    await hass.async_block_till_done()
    assert shown == [1]

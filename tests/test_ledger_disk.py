"""The ledger on a disk that fails, and after damage: nothing is granted twice."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flotte.repairs import DamagedLedgerFlow, async_create_fix_flow
from custom_components.flotte.spending.account_ledger import AccountLedger, async_get_ledger
from custom_components.flotte.tesla.errors import NotRecorded
from custom_components.flotte.tesla.spending.caller import POLLING, Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import SpendingRequest
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import COMMAND, DATA, FREE, WAKE, Charge
from custom_components.flotte.tesla.spending.tariff import Category as MeterCategory
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import CLIENT_ID, MODEL_S, issue_of, issues_of
from tests.fleet import Wait, act, told_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CAR = "XP7YGCEK0RB000001"
PERSON = Caller(CallerKind.PERSON)
# The first 12 hexadecimal digits of the SHA-256 of the client id.
NAME = "bae3d50687a0"

pytestmark = pytest.mark.freeze_time(NOW)


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Real files instead of what Home Assistant's tests usually have."""
    return {}


@pytest.fixture
def storage(hass: HomeAssistant) -> Path:
    """The folder of the files."""
    path = Path(hass.config.path(".storage"))
    path.mkdir(exist_ok=True)
    return path


async def started(hass: HomeAssistant) -> AccountLedger:
    """The ledger after a start."""
    ledger = AccountLedger(hass, CLIENT_ID)
    await ledger.async_load()
    return ledger


async def book(ledger: AccountLedger, charge: Charge, caller: Caller = PERSON) -> None:
    """The API's booking before a request is sent."""
    entry = ledger.meter.charge(charge, caller, CAR, NOW)
    try:
        await ledger.async_keep(entry)
    except NotRecorded:
        ledger.meter.refund(entry)
        raise


def written(storage: Path) -> Any:
    """The ledger on disk."""
    return json.loads((storage / f"flotte.ledger.{NAME}").read_text("utf-8"))["data"]


@contextmanager
def full_disk() -> Iterator[None]:
    """Let every write fail as on a full disk."""
    error = WriteError(OSError(28, "No space left on device"))
    with patch("homeassistant.helpers.storage.write_utf8_file_atomic", side_effect=error):
        yield


@contextmanager
def lost_folder() -> Iterator[None]:
    """Let every write fail with an error that Home Assistant does not expect."""
    error = OSError(30, "Read-only file system")
    with patch("homeassistant.helpers.storage.os.makedirs", side_effect=error):
        yield


def paid(tesla: Simulator) -> dict[Category, int]:
    """The simulator's bill."""
    counts = tesla.bill.counts(client_id=CLIENT_ID)
    return {each: counts.get(each, 0) for each in (Category.DATA, Category.COMMAND, Category.WAKE)}


DISKS = pytest.mark.parametrize("disk", [full_disk, lost_folder])


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


# --- A disk that refuses writes ------------------------------------------------------------------


@DISKS
@pytest.mark.parametrize("charge", [WAKE, COMMAND], ids=lambda charge: charge.category)
@pytest.mark.parametrize("state", [CoreState.running, CoreState.stopping])
async def test_expensive_requests_are_not_sent_unrecorded(
    hass: HomeAssistant, storage: Path, charge: Charge, disk: Any, state: CoreState
) -> None:
    ledger = await started(hass)
    hass.set_state(state)
    with disk(), pytest.raises(NotRecorded):
        await book(ledger, charge)
    assert ledger.meter.cost(NOW) == 0
    hass.set_state(CoreState.running)


@DISKS
async def test_data_is_refused_once_a_write_failed(
    hass: HomeAssistant, storage: Path, freezer: FrozenDateTimeFactory, disk: Any
) -> None:
    ledger = await started(hass)
    with disk():
        await book(ledger, DATA, POLLING)
        await pass_time(hass, freezer, 10.1)
        with pytest.raises(NotRecorded):
            await book(ledger, DATA, POLLING)
        # What costs nothing needs no record.
        await book(ledger, FREE, POLLING)
        assert len(ledger.meter.ledger.to_stored()["counts"]) == 2
    # The disk takes files again, and the next request finds that out.
    await book(ledger, DATA, POLLING)
    assert written(storage)["ledger"]["counts"] == [
        ["2026-03-10", "data", CAR, "background:polling", 2],
        ["2026-03-10", "free", CAR, "background:polling", 1],
    ]


async def test_a_full_disk_grants_the_budget_once(
    hass: HomeAssistant, storage: Path, freezer: FrozenDateTimeFactory
) -> None:
    """Every sent request is recorded, however often Home Assistant restarts."""
    await book(await started(hass), COMMAND)
    left = 0
    for _ in range(5):
        ledger = await started(hass)
        with full_disk():
            for _ in range(3):
                with pytest.raises(NotRecorded):
                    await book(ledger, COMMAND)
            left = ledger.meter.ledger.counts.total()
    assert left == 1


async def test_the_issue_stays_until_the_disk_is_writable(
    hass: HomeAssistant, storage: Path, freezer: FrozenDateTimeFactory
) -> None:
    ledger = await started(hass)
    with full_disk():
        with pytest.raises(NotRecorded):
            await book(ledger, COMMAND)
        issue = f"ledger_unwritable_{NAME}"
        assert issues_of(hass) == {issue}
        assert "No space left on device" in issue_of(hass, issue)
        await pass_time(hass, freezer, 301)
        assert issues_of(hass) == {issue}
    # Nothing is asked, and yet it is found out.
    await pass_time(hass, freezer, 301)
    assert issues_of(hass) == set()
    assert written(storage)["ledger"]["counts"] == []


async def test_bookings_whose_write_failed_are_written_at_shutdown(
    hass: HomeAssistant, storage: Path, freezer: FrozenDateTimeFactory
) -> None:
    """A restart does not grant them again."""
    ledger = await started(hass)
    with full_disk():
        await book(ledger, DATA, POLLING)
        await pass_time(hass, freezer, 10.1)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    line = ["2026-03-10", "data", CAR, "background:polling", 1]
    assert written(storage)["ledger"]["counts"] == [line]


@pytest.mark.usefixtures("quick_waits")
async def test_a_full_disk_stops_paid_requests(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The whole of it: a lock, data of a car that is online, and what is free."""
    await told_of(tesla, wait, MODEL_S, locked=False)
    before = paid(tesla)
    with full_disk():
        with pytest.raises(HomeAssistantError) as refusal:
            await act(hass, SERVICE_LOCK, "lock.old_faithful_doors")
        assert refusal.value.translation_key == "not_recorded"
        checks = sum(each.endpoint == "vehicle" for each in tesla.requests)
        await wait(timedelta(minutes=70))
        assert sum(each.endpoint == "vehicle" for each in tesla.requests) > checks
        assert paid(tesla) == before
    await act(hass, SERVICE_LOCK, "lock.old_faithful_doors")
    assert tesla.world.cars[MODEL_S].executions[-1].name == "door_lock"


# --- A ledger that is damaged ---------------------------------------------------------------------

AUTOMATION = Caller(CallerKind.AUTOMATION, "automation.solar_surplus")
WAKE_LINE = ["2026-03-10", "wake", CAR, "person", 100]
GOOD: dict[str, Any] = {
    "ledger": {"counts": [WAKE_LINE], "unanswered": [], "saved": []},
    "suspended": None,
    "suspensions": 0,
    "woken": {CAR: [NOW.timestamp()]},
}
"""2 EUR are spent."""


def envelope(data: object, **more: object) -> bytes:
    """A file as Home Assistant writes it."""
    key = f"flotte.ledger.{NAME}"
    return json.dumps({"version": 1, "minor_version": 1, "key": key, "data": data, **more}).encode()


def with_ledger(**changed: object) -> bytes:
    """A file in whose ledger something is different."""
    return envelope({**GOOD, "ledger": {**GOOD["ledger"], **changed}})


def without(key: str) -> bytes:
    """A file that misses something."""
    stored = json.loads(envelope(GOOD))
    del stored[key]
    return json.dumps(stored).encode()


ODD: list[object] = [
    None,
    True,
    7,
    -1,
    1.5,
    "garbage",
    [],
    [7],
    {},
    {"a": 1},
    10**30,
    "1e400",
    [[]],
]
"""Values of every type."""
LINES = [
    *([each, *WAKE_LINE[1:]] for each in ODD),
    *([WAKE_LINE[0], each, *WAKE_LINE[2:]] for each in ODD),
    *([*WAKE_LINE[:2], each, *WAKE_LINE[3:]] for each in ODD if not isinstance(each, str)),
    *([*WAKE_LINE[:3], each, WAKE_LINE[4]] for each in ODD if not isinstance(each, str)),
    *([*WAKE_LINE[:4], each] for each in ODD if each != 7),
    ["2026-02-30", *WAKE_LINE[1:]],
    ["2026-03-10", "bribes", CAR, "person", 1],
    WAKE_LINE[:4],
    [*WAKE_LINE, 1],
    ["2026-03-10", "wake", CAR, "correction", -1_000],
    ["2026-03-10", "wake", CAR, "correction", -(10**13)],
]
VERSIONS: list[object] = [0, 2, 99, "1", None, [], -1]
DAMAGED = [
    *(b"", b" ", b"\x00" * 4096, b"\xff\xfe", b"{", b"null", b"[]", b"{}", b"7", b'"text"'),
    *(envelope(GOOD)[:length] for length in (1, 40, 150, -1)),
    b"[" * 100_000,
    *(without(key) for key in ("version", "data")),
    *(envelope(GOOD, version=version) for version in VERSIONS),
    *(envelope(each) for each in ODD),
    *(envelope({**GOOD, "ledger": each}) for each in ODD),
    *(with_ledger(counts=each) for each in ODD if each != []),
    *(with_ledger(counts=[each]) for each in (*ODD, *LINES)),
    *(with_ledger(unanswered=each) for each in ODD if each != []),
    *(with_ledger(saved=[each]) for each in ODD),
    *(
        envelope({**GOOD, "suspended": each})
        for each in (*ODD[1:], [2026], [2026, 13], ["2026", "3"])
    ),
    *(envelope({**GOOD, "suspensions": each}) for each in ODD if each not in (None, 7)),
    *(envelope({**GOOD, "woken": each}) for each in ODD if each not in (None, {})),
    *(envelope({**GOOD, "woken": {CAR: each}}) for each in ODD if each not in ([], [7])),
    *(envelope({**GOOD, "doubt": each}) for each in ODD[1:]),
]


def copies(storage: Path) -> list[Path]:
    """The damaged files that were kept."""
    return list(storage.glob(f"flotte.ledger.{NAME}.corrupt.*"))


def asks(ledger: AccountLedger, caller: Caller, cost: Charge) -> str:
    """The gate's decision about a request."""
    request = SpendingRequest(caller=caller, charges=(cost,), asset=CAR)
    return str(ledger.gate.decide(request, NOW).reason)


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: content[-60:].decode("latin-1"))
async def test_a_damaged_ledger_counts_as_spent_up_to_the_reserve(
    hass: HomeAssistant, storage: Path, content: bytes
) -> None:
    (storage / f"flotte.ledger.{NAME}").write_bytes(content)
    issue = f"ledger_damaged_{NAME}"
    for _ in range(2):
        # A restart changes nothing.
        ledger = await started(hass)
        ledger.async_set_policy(Policy(budget=Decimal(10), wakes_per_day=None))
        assert ledger.meter.left(NOW) == 1
        assert asks(ledger, AUTOMATION, COMMAND) == "gate_reserve"
        assert asks(ledger, POLLING, DATA) == "gate_reserve"
        assert asks(ledger, PERSON, Charge(MeterCategory.WAKE, 50)) == "gate_person"
        assert asks(ledger, PERSON, Charge(MeterCategory.WAKE, 51)) == "budget_exceeded"
        assert issue in issues_of(hass)
    (kept,) = copies(storage)
    assert kept.read_bytes() == content
    placeholders = ir.async_get(hass).issues["flotte", issue].translation_placeholders
    assert placeholders is not None
    assert placeholders["file"] == kept.name


async def test_killed_before_the_new_ledger_was_written(hass: HomeAssistant, storage: Path) -> None:
    """Only the file that was set aside is there; that is no new account."""
    name = f"flotte.ledger.{NAME}.corrupt.2026-03-10T11:59:00+00:00"
    (storage / name).write_bytes(b"{")
    assert (await started(hass)).meter.left(NOW) < 10


@pytest.mark.parametrize("data", [GOOD, {"ledger": {"counts": [WAKE_LINE]}}])
async def test_a_sound_ledger_is_trusted(hass: HomeAssistant, storage: Path, data: object) -> None:
    (storage / f"flotte.ledger.{NAME}").write_bytes(envelope(data))
    ledger = await started(hass)
    ledger.async_set_policy(Policy(budget=Decimal(10)))
    assert ledger.meter.left(NOW) == 8
    assert issues_of(hass) == set()


async def test_doubt_ends_with_the_month(
    hass: HomeAssistant, storage: Path, freezer: FrozenDateTimeFactory
) -> None:
    (storage / f"flotte.ledger.{NAME}").write_bytes(b"")
    ledger = await started(hass)
    ledger.async_set_policy(Policy(budget=Decimal(10)))
    freezer.move_to("2026-04-01T00:00:00Z")
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert ledger.meter.left(datetime.now(UTC)) == 10
    assert f"ledger_damaged_{NAME}" not in issues_of(hass)


@pytest.mark.parametrize(
    ("commands", "left"), [(0, 10), (2_000, 8)], ids=["confirmed", "corrected"]
)
async def test_the_owner_enters_the_spending(
    hass: HomeAssistant,
    storage: Path,
    commands: int,
    left: int,
) -> None:
    (storage / f"flotte.ledger.{NAME}").write_bytes(b"")
    ledger = await async_get_ledger(hass, CLIENT_ID)
    ledger.async_set_policy(Policy(budget=Decimal(10)))
    flow = await async_create_fix_flow(
        hass, "ledger_damaged", {"account": NAME, "issue": "ledger_damaged"}
    )
    assert isinstance(flow, DamagedLedgerFlow)
    flow.hass = hass
    form = await flow.async_step_init()
    assert form["type"] is FlowResultType.FORM
    counts = {"signals": 0, "commands": commands, "data_requests": 0, "wakes": 0}
    schema = form["data_schema"]
    assert schema is not None
    assert schema({}) == dict.fromkeys(counts, 0)
    done = await flow.async_step_confirm(counts)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert ledger.meter.left(NOW) == left
    assert f"ledger_damaged_{NAME}" not in issues_of(hass)
    await hass.async_block_till_done()
    async_fire_time_changed(hass, NOW + timedelta(seconds=11))
    await hass.async_block_till_done(wait_background_tasks=True)
    again = await started(hass)
    again.async_set_policy(Policy(budget=Decimal(10)))
    assert again.meter.left(NOW) == left

"""The ledger on a disk that fails, and after damage: nothing is granted twice."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.flotte.ledger import AccountLedger
from custom_components.flotte.tesla.errors import NotRecorded
from custom_components.flotte.tesla.meter import (
    COMMAND,
    DATA,
    FREE,
    POLLING,
    WAKE,
    Caller,
    CallerKind,
    Charge,
)
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
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """A folder of its own, because files are really written."""
    return hass_tmp_config_dir


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
    """What the API does before a request leaves."""
    entry = ledger.meter.charge(charge, caller, CAR, NOW)
    try:
        await ledger.async_keep(entry)
    except NotRecorded:
        ledger.meter.refund(entry)
        raise


def written(storage: Path) -> Any:
    """What is on disk."""
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
    """What the simulator bills."""
    counts = tesla.bill.counts(client_id=CLIENT_ID)
    return {each: counts.get(each, 0) for each in (Category.DATA, Category.COMMAND, Category.WAKE)}


DISKS = pytest.mark.parametrize("disk", [full_disk, lost_folder])


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


# --- A disk that takes nothing --------------------------------------------------------------------


@DISKS
@pytest.mark.parametrize("charge", [WAKE, COMMAND], ids=lambda charge: charge.category)
@pytest.mark.parametrize("state", [CoreState.running, CoreState.stopping])
async def test_what_is_dear_does_not_leave_unrecorded(
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
    """Whatever leaves is recorded, however often Home Assistant starts anew."""
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


async def test_the_owner_is_told_until_the_disk_takes_files_again(
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


@pytest.mark.usefixtures("quick_waits")
async def test_a_full_disk_lets_no_paid_request_leave(
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

"""Commands that are deferred until their car is awake: which, how long, and how they are stored."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.commands import Command, Seat
from custom_components.flotte.tesla.signing import Domain
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.vehicle.deferral import (
    MAX_DEFERRED,
    DeferralQueue,
    DeferredCommand,
    is_deferrable,
)
from tests.tesla.test_commands import ROWS, Row

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SUN = Caller(CallerKind.AUTOMATION, "automation.solar_surplus")


def waiting(command: Command, *, since: datetime = NOW, hours: float = 6) -> DeferredCommand:
    return DeferredCommand(command, SUN, since, since + hours * HOUR)


def queue_of(*made: Command) -> DeferralQueue:
    queue = DeferralQueue()
    for command in made:
        queue.put(waiting(command))
    return queue


def commands_in(queue: DeferralQueue) -> list[Command]:
    return [each.command for each in queue.waiting.values()]


def kept(queue: DeferralQueue) -> DeferralQueue:
    """The queue after a restart."""
    return DeferralQueue.from_stored(json.loads(json.dumps(queue.to_stored())))


def made_up(kind: str) -> Command:
    return Command(
        name="made_up",
        domain=Domain.INFOTAINMENT,
        expects={signals.CHARGE_LIMIT: 80},
        supersedes=kind,
    )


# --- Deferrable commands -------------------------------------------------------------------------

NEVER: list[Callable[[], Command]] = [
    commands.lock_doors,
    commands.unlock_doors,
    commands.remote_start,
    commands.open_frunk,
    lambda: commands.move_trunk(is_open=True),
    lambda: commands.move_trunk(is_open=False),
    commands.open_charge_port,
    commands.close_charge_port,
    commands.vent_windows,
    lambda: commands.close_windows(None),
    lambda: commands.move_sunroof("vent"),
    lambda: commands.move_tonneau("open"),
    lambda: commands.trigger_homelink((52.0, 4.0)),
    commands.flash_lights,
    commands.honk_horn,
    commands.toggle_playback,
    lambda: commands.set_playback(playing=True),
    commands.next_track,
    lambda: commands.step_volume(up=True),
    lambda: commands.navigate("Dam 1", locale="nl-NL", now=NOW),
    lambda: commands.set_valet_mode(on=True, pin="1234"),
    lambda: commands.set_pin_to_drive(on=True, pin="1234"),
    lambda: commands.activate_speed_limit(on=True, pin="1234"),
    lambda: commands.clear_speed_limit_pin("1234"),
    lambda: commands.activate_parental_controls(on=True, pin="1234"),
    commands.clear_pin_to_drive,
    commands.erase_user_data,
    lambda: commands.schedule_software_update(0),
    lambda: commands.set_backup_reserve(20),
]
"""Commands that run immediately or not at all."""


@pytest.mark.parametrize("make", NEVER, ids=lambda make: make().name)
def test_commands_that_are_never_deferred(make: Callable[[], Command]) -> None:
    command = make()
    assert not is_deferrable(command)
    queue = DeferralQueue()
    with pytest.raises(ValueError, match="cannot be deferred"):
        queue.put(waiting(command))
    assert queue.waiting == {}


@pytest.mark.parametrize(
    "make",
    [
        lambda: commands.set_charge_limit(80),
        lambda: commands.set_charge_current(16),
        lambda: commands.set_temperature(21.5),
        lambda: commands.set_seat_heater(Seat.FRONT_LEFT, 2),
    ],
)
def test_settings_may_wait(make: Callable[[], Command]) -> None:
    assert is_deferrable(make())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_deferrable_commands_have_a_kind_and_no_pin_and_are_repeatable(row: Row) -> None:
    command = row.make()
    if not is_deferrable(command):
        return
    assert command.supersedes
    assert command.repeatable
    assert command.expects
    assert not command.requires
    assert not [name for name in command.parameters if "pin" in name or "password" in name]


# --- The queue -----------------------------------------------------------------------------------


def test_the_newest_of_a_kind_waits_at_the_end() -> None:
    first, warm = waiting(commands.set_charge_limit(70)), waiting(commands.set_temperature(21))
    newest = waiting(commands.set_charge_limit(90), since=NOW + SECOND)
    queue = DeferralQueue()
    assert queue.put(first) is None
    assert queue.put(warm) is None
    assert queue.put(newest) is first
    assert list(queue.waiting.values()) == [warm, newest]


def test_it_is_forgotten_by_kind() -> None:
    queue = queue_of(commands.set_charge_limit(70), commands.set_temperature(21))
    kind = str(commands.set_charge_limit(70).supersedes)
    gone = queue.forget(kind)
    assert gone is not None
    assert gone.command == commands.set_charge_limit(70)
    assert queue.forget(kind) is None
    assert commands_in(queue) == [commands.set_temperature(21)]


def test_not_too_much_waits() -> None:
    queue = queue_of(*(made_up(f"kind {number}") for number in range(MAX_DEFERRED)))
    with pytest.raises(ValueError, match="too many"):
        queue.put(waiting(made_up("one more")))
    newer = waiting(made_up("kind 0"), since=NOW + SECOND)
    queue.put(newer)
    assert len(queue.waiting) == MAX_DEFERRED
    assert queue.waiting["kind 0"] is newer


@pytest.mark.parametrize(
    ("after", "over"),
    [
        (timedelta(), False),
        (6 * HOUR - SECOND, False),
        (6 * HOUR, True),
        (30 * HOUR, True),
        # The clock was set back.
        (-SECOND, True),
    ],
)
def test_it_expires(after: timedelta, *, over: bool) -> None:
    limit = waiting(commands.set_charge_limit(70))
    queue = DeferralQueue()
    queue.put(limit)
    assert queue.expire(NOW + after) == ([limit] if over else [])
    assert (queue.waiting == {}) is over
    assert queue.expire(NOW + after) == []


def test_only_overdue_commands_expire() -> None:
    queue = DeferralQueue()
    queue.put(waiting(commands.set_charge_limit(70), hours=1))
    queue.put(waiting(commands.set_temperature(21), hours=2))
    (gone,) = queue.expire(NOW + HOUR)
    assert gone.command == commands.set_charge_limit(70)
    assert commands_in(queue) == [commands.set_temperature(21)]


# --- Over a restart ------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_command_that_may_wait_survives_a_restart(row: Row) -> None:
    command = row.make()
    if not is_deferrable(command):
        return
    (again,) = kept(queue_of(command)).waiting.values()
    assert again == waiting(command)
    # Representations hide these, but equality must not.
    assert again.command.payload.hex() == row.payload
    assert again.command.parameters == row.parameters
    assert again.command.expects == row.expects
    for signal, value in again.command.expects.items():
        assert type(value) is type(command.expects[signal])


def test_some_may_wait() -> None:
    """Otherwise the test above proves nothing."""
    assert len({row.make().supersedes for row in ROWS if is_deferrable(row.make())}) > 10


def test_the_order_survives_a_restart() -> None:
    made = [commands.set_temperature(21), commands.set_charge_limit(70)]
    assert commands_in(kept(queue_of(*made))) == made


@pytest.mark.parametrize("stored", [None, {}, "set_charge_limit", 7, [None], [[]], ["a"], [{}]])
def test_no_queue_at_all(stored: object) -> None:
    assert DeferralQueue.from_stored(stored).waiting == {}


BAD_LINES: list[dict[str, Any]] = [
    {"caller": ["nobody", "x"]},
    {"caller": []},
    {"caller": None},
    {"since": "noon"},
    {"since": 1e300},
    {"since": float("nan")},
    {"until": None},
    {"command": None},
]
BAD_COMMANDS: list[dict[str, Any]] = [
    {"payload": "no base64!"},
    {"payload": 7},
    {"parameters": 7},
    {"expects": {"NoSuchSignal": 1}},
    {"expects": {}},
    {"expects": []},
    {"scopes": None},
    {"already": 3},
]


@pytest.mark.parametrize(
    "bad", [*BAD_LINES, *({"command": each} for each in BAD_COMMANDS)], ids=str
)
def test_unreadable_commands_are_left_out(bad: dict[str, Any]) -> None:
    spoilt, good = queue_of(commands.set_charge_limit(70), commands.set_temperature(21)).to_stored()
    change = bad.get("command")
    spoilt |= {"command": spoilt["command"] | change} if change else bad
    assert commands_in(DeferralQueue.from_stored([spoilt, good])) == [commands.set_temperature(21)]


@pytest.mark.parametrize("missing", ["name", "payload", "parameters", "rest", "scopes", "expects"])
def test_missing_members_are_not_invented(missing: str) -> None:
    (line,) = queue_of(commands.set_charge_limit(70)).to_stored()
    del line["command"][missing]
    assert DeferralQueue.from_stored([line]).waiting == {}


def test_deferred_commands_show_no_secret() -> None:
    assert "payload" not in repr(waiting(commands.set_charge_limit(70)))

"""Restored data: values that their own signal, command or counter cannot have are left out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.commands import Seat
from custom_components.flotte.tesla.commands.command import is_vehicle_action
from custom_components.flotte.tesla.signals import SITE_SIGNALS, VEHICLE_SIGNALS
from custom_components.flotte.tesla.spending.caller import POLLING, Caller, CallerKind
from custom_components.flotte.tesla.state import (
    Reading,
    Signal,
    Source,
    State,
    restore_state,
    restore_time,
    store_state,
)
from custom_components.flotte.tesla.vehicle.deferral import DeferralQueue, DeferredCommand
from tests.odd import ODD, places, replaced
from tests.tesla.account import SITE, Account
from tests.tesla.conftest import VehicleMaker

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECONDS = NOON.timestamp()
EVERY = (*VEHICLE_SIGNALS, *SITE_SIGNALS)


# --- Readings -------------------------------------------------------------------------------------


CANNOT_BE: list[tuple[Signal[Any], list[object]]] = [
    (signals.LOCKED, [1, 0, "true", [], {}, 0.0]),
    (signals.CHARGING_STATE, ["flying", "Charging", True, 5, ["charging"]]),
    (signals.SENTRY_MODE, ["off", 1]),
    (signals.SOFTWARE_VERSION, [5, True, "", "2026.32.1 0123abcd", ["a"]]),
    (signals.TRIM, ["p74d", 74]),
    (signals.DASHCAM_RECORDING, ["recording", 1]),
    (signals.STEERING_WHEEL_HEATER, [1, "on"]),
    (signals.UPDATE_STATUS, ["", "soon", {}]),
    (signals.CENTER_DISPLAY, [2, "blue"]),
    (signals.SEAT_HEATER_LEFT, [2.5, True, "2", 4]),
    (signals.BATTERY_LEVEL, [True, "50", [50], float("nan"), 101]),
    (signals.RATED_RANGE, [True, False, "300"]),
    (signals.LOCATION, [[52.0], [52.0, 4.0, 1.0], ["52", "4"], "52", 52.0, {"a": 1}]),
    (signals.LOCATION, [[True, False], [None, None], [91.0, 4.0], [0.0, 0.0]]),
    (signals.LOCATION, [[float("inf"), 0.0], [float("nan"), 4.0]]),
]


@pytest.mark.parametrize(
    ("signal", "value"), [(signal, odd) for signal, odds in CANNOT_BE for odd in odds]
)
def test_a_value_that_a_signal_cannot_have(signal: Signal[Any], value: object) -> None:
    assert restore_state({signal.name: [value, SECONDS]}, EVERY) == State()


@pytest.mark.parametrize(
    ("signal", "value"),
    [
        (signals.LOCKED, True),
        (signals.LOCKED, None),
        (signals.CHARGING_STATE, "no_power"),
        (signals.SENTRY_MODE, False),
        (signals.TRUNK, True),
        (signals.SOFTWARE_VERSION, "2026.32.1"),
        (signals.TRIM, "P74D"),
        (signals.DASHCAM_RECORDING, True),
        (signals.DASHCAM_RECORDING, False),
        (signals.STEERING_WHEEL_HEATER, True),
        (signals.CENTER_DISPLAY, "sentry"),
        (signals.SEAT_HEATER_LEFT, 3),
        (signals.BATTERY_LEVEL, 80),
        (signals.RATED_RANGE, 1400.5),
        (signals.TIME_TO_LIMIT, 2.25),
        (signals.WALL_CONNECTORS, 2),
        (signals.MODEL, "model_s"),
    ],
)
def test_a_value_that_a_signal_can_have(signal: Signal[Any], value: object) -> None:
    assert restore_state({signal.name: [value, SECONDS]}, EVERY).readings == {
        signal: Reading(value, NOON, Source.RESTORED)
    }


WORDS = sorted(
    {
        word
        for words in vars(signals).values()
        if isinstance(words, tuple)
        for word in words
        if isinstance(word, str)
    }
    | {"miles", "kilometers", "fahrenheit", "celsius", "psi", "bar", "distance", "percent"}
)
"""Every word of an enumeration, and some more."""


TARIFF = {
    "seasons": {"Year": {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31}},
    "energy_charges": {"Year": {"rates": {"ALL": 0.3}}},
}


@pytest.mark.parametrize("signal", EVERY, ids=lambda signal: signal.name)
def test_signals_restore_all_values_that_they_read(signal: Signal[Any]) -> None:
    raw = [*WORDS, True, False, 0, 1, 2, 3, 7, 50, 2.5, 1773144000, (52.1, 4.9), [], [{}], "Text"]
    raw.append({**TARIFF, "sell_tariff": TARIFF, "currency": "EUR"})
    # By their text, because a tariff has no hash.
    values = {
        repr(value): value
        for parse in (signal.parse, signal.polled)
        for value in _parsed(parse, raw)
    }
    assert values.keys() - {"None"}
    for value in values.values():
        stored = json.loads(
            json.dumps(store_state(State({signal: Reading(value, NOON, Source.POLL)})))
        )
        assert restore_state(stored, EVERY)[signal] == value


def _parsed(parse: Any, raw: list[Any]) -> list[Any]:  # of any signal
    parsed = []
    for each in (*raw, *((one, two) for one in (5, 50) for two in (True, False))):
        try:
            parsed.append(parse(each))
        except TypeError, ValueError, AttributeError:
            continue
    return parsed


async def test_a_whole_answer_is_restored(account: Account, make_vehicle: VehicleMaker) -> None:
    vehicle = make_vehicle("LRW3E7FS0RC000002")
    await vehicle.refresh(POLLING)
    site = await account.api.site_info(SITE, POLLING)
    readings = {
        **vehicle.state.readings,
        **signals.read_sections({"site_info": site}, SITE_SIGNALS, NOON),
    }
    stored = json.loads(json.dumps(store_state(State(readings))))
    restored = restore_state(stored, EVERY)
    assert {each: reading.value for each, reading in restored.readings.items()} == {
        each: reading.value for each, reading in readings.items()
    }
    assert len(restored.readings) > 100


@pytest.mark.parametrize(
    "stored", [None, True, False, "2026-03-10", [], -1, 0, 4_102_444_800, 253_402_300_799, 1e308]
)
def test_invalid_times(stored: object) -> None:
    assert restore_time(stored) is None


# --- Vehicles -------------------------------------------------------------------------------------

DATES = ("asked", "tried", "came_online", "checked", "commanded", "automated", "woken")


@pytest.mark.parametrize("odd", [*ODD, 253_402_300_799, 1e-320])
def test_a_vehicle_with_odd_dates(make_vehicle: VehicleMaker, odd: object) -> None:
    """The last second of the year 9999 is a date, but there is none after it."""
    vehicle = make_vehicle()
    vehicle.restore(dict.fromkeys(DATES, odd))
    assert vehicle.poller.look_due_at is None or vehicle.poller.look_due_at < NOON
    json.dumps(vehicle.to_stored(), allow_nan=False)


# --- Commands that wait ---------------------------------------------------------------------------


def stored_queue() -> list[dict[str, Any]]:
    """A charge limit and a seat heater that wait."""
    queue = DeferralQueue()
    for command in (commands.set_charge_limit(70), commands.set_seat_heater(Seat.FRONT_LEFT, 2)):
        caller = Caller(CallerKind.AUTOMATION, "automation.sun")
        queue.put(DeferredCommand(command, caller, NOON, NOON + timedelta(hours=6)))
    return queue.to_stored()


ODD_COMMANDS: dict[str, list[object]] = {
    "name": [None, 5, True, [], {}, "", "../wake_up", "a b", "a?b", "\u00dc"],
    "payload": [None, 5, [], {}, "", "AA==", "EgA=", "!", "\u00dc", "////"],
    "parameters": [
        *(None, 5, "text", [], [["percent", 70]]),
        *({"percent": None}, {"percent": []}, {"percent": {}}, {"percent": [70]}),
    ],
    "scopes": [None, 5, "vehicle_cmds", {}, [5], [None], [[]]],
    "already": [None, 5, "already", {}, [5], [None], [[]]],
    "expects": [
        *(None, 5, "text", [], {}, {"Nothing": 5}),
        *({"ChargeLimitSoc": None}, {"ChargeLimitSoc": True}, {"ChargeLimitSoc": "70"}),
        *({"ChargeLimitSoc": []}, {"ChargeLimitSoc": 70.5}, {"ChargeLimitSoc": 700}),
    ],
    "supersedes": [None, 5, True, [], {}],
}


@pytest.mark.parametrize(
    ("key", "odd"), [(key, odd) for key, odds in ODD_COMMANDS.items() for odd in odds]
)
def test_an_odd_command_is_left_out(key: str, odd: object) -> None:
    lines = stored_queue()
    lines[0]["command"][key] = odd
    (left,) = DeferralQueue.from_stored(lines).waiting.values()
    assert left.command.name == "remote_seat_heater_request"


ODD_LINES: dict[str, list[object]] = {
    "caller": [
        *(None, 5, "ab", [], ["automation"], ["nobody", "a"]),
        *(["automation", None], ["automation", 5], ["automation", []], [None, "a"], [[], "a"]),
    ],
    "since": [None, True, "text", [], -1, 1e308, 10**30],
    "until": [None, True, "text", [], -1, 1e308, 253_402_300_799],
}


@pytest.mark.parametrize(
    ("key", "odd"), [(key, odd) for key, odds in ODD_LINES.items() for odd in odds]
)
def test_an_odd_line_is_left_out(key: str, odd: object) -> None:
    lines = stored_queue()
    lines[0][key] = odd
    (left,) = DeferralQueue.from_stored(lines).waiting.values()
    assert left.command.name == "remote_seat_heater_request"


@pytest.mark.parametrize("odd", ODD)
def test_deferred_commands_are_complete_or_left_out(odd: object) -> None:
    """Odd values anywhere: the remaining commands can be compared, sent and stored again."""
    good = stored_queue()
    for path in places(good):
        for waiting in DeferralQueue.from_stored(replaced(good, path, odd)).waiting.values():
            command = waiting.command
            assert is_vehicle_action(command.payload)
            assert all(signal.can_hold(value) for signal, value in command.expects.items())
            assert waiting.since.tzinfo is waiting.until.tzinfo is UTC
            hash((command.name, command.supersedes, command.scopes, command.already))
        json.dumps(
            DeferralQueue.from_stored(replaced(good, path, odd)).to_stored(), allow_nan=False
        )

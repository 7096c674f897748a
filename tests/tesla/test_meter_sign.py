"""Check of the meter's sign by our own commands."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from custom_components.flotte.tesla.charging.sign import MeterSign

NOW: Final = 1_000_000.0


class Watched:
    """A house with a vehicle whose power we change every ten minutes."""

    def __init__(self, sign: int = 1, interval: float = 10.0) -> None:
        self.meter = MeterSign()
        self.sign = sign
        self.interval = interval
        self.now = NOW
        self.drawn = 0.0

    def change(
        self, drawn: float, house: Callable[[float], float] = lambda _: -2.0, seconds: float = 600
    ) -> None:
        """Send a command, and read the meter; `house` is the rest of the house by seconds."""
        self.meter.note_command(self.now)
        before, self.drawn = self.drawn, drawn
        at = 0.0
        while at < seconds:
            at += self.interval
            real = min(max(drawn, before - 0.7 * max(0, at - 10)), before + 0.7 * max(0, at - 10))
            self.meter.note(self.now + at, self.sign * (house(at) + real), real)
        self.now += seconds


@pytest.mark.parametrize("interval", [5.0, 10.0, 60.0])
@pytest.mark.parametrize(("sign", "is_wrong"), [(1, False), (-1, True)])
def test_clear_cases(sign: int, *, is_wrong: bool, interval: float) -> None:
    watched = Watched(sign, interval)
    for drawn in (0.0, 4.0, 9.0, 6.0):
        watched.change(drawn)
    assert watched.meter.cases == (not is_wrong,) * 3
    assert not watched.meter.is_wrong
    watched.change(0.0)
    assert watched.meter.is_wrong is is_wrong


@pytest.mark.parametrize(
    ("drawn", "house"),
    [
        (0.9, lambda _: -2.0),  # a small change
        (4.0, lambda at: -2.0 if at < 55 else 4.5),  # an oven starts at the same time
        (4.0, lambda at: -2.0 if at < 55 else -6.0),  # the home battery gives as much
        (4.0, lambda at: -2.0 + (at // 10) % 3 * 2),  # clouds
    ],
)
def test_unclear_cases(drawn: float, house: Callable[[float], float]) -> None:
    watched = Watched()
    watched.change(0.0)
    watched.change(drawn, house)
    assert watched.meter.cases == ()


def test_clouds_before_a_command_make_it_unclear() -> None:
    watched = Watched()
    watched.change(0.0, lambda at: -2.0 - (at // 10) % 3 * 2)
    watched.change(4.0)
    assert watched.meter.cases == ()


def test_a_command_soon_after_another_ends_its_case() -> None:
    watched = Watched(-1)
    watched.change(0.0)
    watched.change(4.0, seconds=50)
    watched.change(8.0)
    assert list(watched.meter.cases) == []
    watched.change(4.0)
    assert list(watched.meter.cases) == [False]


def test_a_meter_that_was_silent_says_nothing() -> None:
    watched = Watched(-1)
    watched.change(0.0)
    watched.meter.note_command(watched.now)
    for late in (300, 310, 320):
        watched.meter.note(watched.now + late, -8.0, 4.0)
        watched.meter.note(watched.now + late, None, 4.0)
        watched.meter.note(watched.now + late, -8.0, None)
    assert watched.meter.cases == ()


def test_four_of_the_last_five_cases_decide() -> None:
    meter = MeterSign((False, False, False))
    assert not meter.is_wrong
    assert MeterSign((True, False, False, False, False)).is_wrong
    assert MeterSign((False, False, True, False, False)).is_wrong
    assert not MeterSign((False, False, True, True, False)).is_wrong
    assert not MeterSign((False, False, False, False, True, True)).is_wrong


def test_it_survives_a_restart() -> None:
    meter = MeterSign((False, True, False, False, False))
    stored = json.loads(json.dumps(meter.to_stored()))
    assert MeterSign.from_stored(stored).cases == meter.cases


@pytest.mark.parametrize(
    "stored", [None, [], {}, {"cases": 3}, {"cases": [0, 0, 0, 0]}, {"cases": [False, None]}]
)
def test_odd_storage(stored: Any) -> None:
    assert MeterSign.from_stored(stored).cases == ()

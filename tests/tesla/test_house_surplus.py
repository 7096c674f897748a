"""Surplus of the house: signs, and pairing of the meter with the vehicles in time."""

from typing import Any, Final

import pytest

from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.situation import ChargingVehicle, Plug, Sent
from custom_components.flotte.tesla.charging.surplus import (
    PowerHistory,
    house_surplus,
    vehicle_kilowatts,
)

NOW: Final = 1_000_000.0
POWER: Final = ChargingPower(230.0, 3, 5, 16)


def history(*steps: tuple[float, float | None]) -> PowerHistory:
    """A history with steps at seconds after NOW."""
    made = PowerHistory()
    for seconds, kilowatts in steps:
        made.note(NOW + seconds, kilowatts)
    return made


def surplus(at: float, *histories: PowerHistory, **changes: Any) -> float | None:
    """The surplus of a house without a battery, at seconds after NOW."""
    values = {"grid": 0.0, "battery": 0.0, "battery_level": None, "battery_first": 0.0, **changes}
    return house_surplus(measured_at=NOW + at, histories=histories, **values)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grid": -3.0}, 7.0),
        ({"grid": 1.0}, 3.0),
        ({"grid": 6.5}, -2.5),
        ({"grid": None}, None),
        # A home battery: emptying is no surplus, filling is one unless the battery comes first.
        ({"battery": 2.0}, 2.0),
        ({"grid": -1.0, "battery": 2.0}, 3.0),
        ({"battery": -2.0}, 6.0),
        ({"battery": -2.0, "battery_first": 80.0, "battery_level": 79.0}, 4.0),
        ({"battery": -2.0, "battery_first": 80.0, "battery_level": 80.0}, 6.0),
        ({"battery": -2.0, "battery_first": 80.0, "battery_level": None}, 4.0),
        ({"battery": 2.0, "battery_first": 80.0, "battery_level": 90.0}, 2.0),
        ({"battery": None}, None),
        # The battery fills from the grid at night.
        ({"grid": 9.5, "battery": -5.0}, -0.5),
    ],
)
def test_signs(changes: dict[str, Any], expected: float | None) -> None:
    assert surplus(10, history((0, 4.0)), **changes) == expected


def test_the_vehicles_are_added_up() -> None:
    first, second = history((0, 4.0)), history((0, 2.5))
    assert surplus(10, first, second, grid=0.5) == 6.0
    assert surplus(10, grid=-2.0) == 2.0
    second.note(NOW + 20, None)
    assert surplus(19, first, second, grid=0.5) == 6.0
    assert surplus(20, first, second, grid=0.5) is None
    assert surplus(20, first, PowerHistory(), grid=0.5) is None


def test_a_history_of_steps() -> None:
    made = history((0, 4.0), (60, None), (90, 7.0), (30, 5.0), (90, 6.0))
    assert [made.at(NOW + at) for at in (-1, 0, 29, 30, 59, 60, 89, 90, 900)] == [
        *(None, 4.0, 4.0, 5.0, 5.0, None, None, 6.0, 6.0)
    ]
    made.note(NOW + 400, 1.0)
    # The value of five minutes ago is kept, older ones are not.
    assert [made.at(NOW + at) for at in (89, 90, 399, 400)] == [None, 6.0, 6.0, 1.0]
    made.note(NOW + 50, 9.0)
    assert [made.at(NOW + at) for at in (60, 200)] == [None, 6.0]


def test_a_reading_from_before_a_command_has_settled_is_not_used() -> None:
    made = history((0, 4.0))
    made.note_command(NOW + 100)
    made.note(NOW + 115, 8.0)
    assert made.settled_at == NOW + 140
    assert [made.at(NOW + at) for at in (99, 100, 139, 140)] == [4.0, None, None, 8.0]
    assert [surplus(at, made) for at in (99, 120, 139, 140)] == [None, None, None, 8.0]


@pytest.mark.parametrize("meter_delay", [0, 5, 10])
@pytest.mark.parametrize("amps", [(0, 16), (16, 0), (5, 12), (12, 11)])
def test_a_change_of_the_current_is_no_surplus(amps: tuple[int, int], meter_delay: int) -> None:
    """A car that waits 10 s, changes by 1 A a second and reports each 10 s; 5 kW of sun."""
    before, after = amps

    def drawn(second: int) -> float:
        steps = max(0, second - 10)
        change = min(abs(after - before), steps)
        return 0.69 * (before + (change if after > before else -change))

    made = history((-60, drawn(0)))
    made.note_command(NOW)
    seen: set[float] = set()
    for second in range(200):
        if second % 10 == 7:
            made.note(NOW + second, drawn(second))
        grid = drawn(second - meter_delay) - 5.0
        if (found := surplus(second, made, grid=grid)) is not None:
            seen.add(round(found, 6))
    assert seen == {5.0}


def vehicle(**changes: Any) -> ChargingVehicle:
    """A vehicle that charges at 8 A (5.52 kW), with changes."""
    values = {"plug": Plug.CHARGING, "requested": 8, "reported_at": NOW, "power": POWER}
    return ChargingVehicle(**{**values, **changes})


SENT_12: Final = Sent(NOW - 20, 12)
"""8.28 kW, on its way."""


@pytest.mark.parametrize(
    ("changes", "measured", "sent", "expected"),
    [
        ({}, None, None, 5.52),
        ({}, (5.4, NOW), None, 5.4),
        ({}, (-0.01, NOW), None, 0.0),
        ({"requested": None}, None, None, None),
        ({"requested": 32}, None, None, 11.04),
        ({"plug": None}, (5.4, NOW), None, None),
        *(
            ({"plug": plug}, (2.0, NOW), None, 0.0)  # heating from the wall
            for plug in (Plug.STOPPED, Plug.COMPLETE, Plug.UNPLUGGED, Plug.NO_POWER)
        ),
        # Elsewhere, nothing comes from this house.
        ({"at_home": False}, (5.4, NOW), None, 0.0),
        ({"fast_charging": True}, (120.0, NOW), None, 0.0),
        ({"at_home": None}, (5.4, NOW), None, None),
        ({"at_home": None, "plug": Plug.STOPPED}, None, None, 0.0),
        # After a command of ours.
        ({}, (5.4, NOW), SENT_12, 8.28),
        ({}, (8.2, NOW + 20), SENT_12, 8.2),
        ({"plug": Plug.STOPPED}, None, SENT_12, 8.28),
        ({}, (5.4, NOW), Sent(NOW - 20, 0), 0.0),
        ({}, (5.4, NOW + 20), Sent(NOW - 20, 0), 5.4),  # it did not stop
        ({"requested": 5}, None, Sent(NOW - 900, 3), 2.07),
        ({"requested": 8}, None, Sent(NOW - 900, 3), 5.52),
        ({"plug": Plug.STOPPED}, None, Sent(NOW - 900, 3), 0.0),
    ],
)
def test_power_of_a_vehicle(
    changes: dict[str, Any],
    measured: tuple[float, float] | None,
    sent: Sent | None,
    expected: float | None,
) -> None:
    power, measured_at = measured or (None, None)
    found = vehicle_kilowatts(
        vehicle(**changes), measured=power, measured_at=measured_at, sent=sent
    )
    assert found == (None if expected is None else pytest.approx(expected))

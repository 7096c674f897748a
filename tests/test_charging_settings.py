"""Settings of charging at home: ranges, and what survives a damaged file."""

from datetime import time
from typing import Any

import pytest

from custom_components.flotte.charging.settings import ChargingSettings, ReadyOn
from custom_components.flotte.tesla.charging.situation import ChargingMode

OWN = ChargingSettings(
    mode=ChargingMode.SUN_FIRST,
    lowest_level=20,
    ready_level=90,
    ready_by=time(6, 45),
    ready_on=ReadyOn.WEEKDAYS,
    commands_a_day=30,
    priority=2,
)


def test_settings_survive_a_restart() -> None:
    assert ChargingSettings.from_stored(OWN.to_stored()) == OWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "sideways"),
        ("mode", None),
        ("lowest_level", 101),
        ("ready_level", "90"),
        ("ready_by", "25:00"),
        ("ready_by", 7),
        ("ready_on", ["weekdays"]),
        ("commands_a_day", 4),
        ("priority", 0),
    ],
)
def test_a_damaged_setting_has_its_default(name: str, value: object) -> None:
    stored = ChargingSettings.from_stored({**OWN.to_stored(), name: value})
    assert getattr(stored, name) == getattr(ChargingSettings(), name)
    others = set(OWN.to_stored()) - {name}
    assert all(getattr(stored, each) == getattr(OWN, each) for each in others)


@pytest.mark.parametrize("stored", [None, [], "off", {}])
def test_settings_that_are_missing_steer_nothing(stored: object) -> None:
    assert ChargingSettings.from_stored(stored).mode is ChargingMode.OFF


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lowest_level", -1),
        ("ready_level", 0),
        ("commands_a_day", 4),
        ("commands_a_day", 501),
        ("priority", 10),
    ],
)
def test_a_setting_out_of_range_is_refused(name: str, value: int) -> None:
    settings: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=name):
        ChargingSettings(**settings)

"""Chargers near a vehicle: Tesla's list, with missing and odd values."""

from typing import Any

import pytest

from custom_components.flotte.tesla.nearby import (
    ChargingSite,
    destination_chargers,
    superchargers,
)


def test_a_supercharger() -> None:
    site = {
        "location": {"lat": 52.3, "long": 4.9},
        "name": "Amsterdam",
        "type": "supercharger",
        "distance_miles": 10,
        "available_stalls": 0,
        "total_stalls": 12,
        "site_closed": True,
    }
    assert superchargers({"superchargers": [site]}) == [
        ChargingSite(
            name="Amsterdam",
            position=(52.3, 4.9),
            distance=16.1,
            free_stalls=0,
            stalls=12,
            is_closed=True,
        )
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"name": None, "location": None, "distance_miles": "near", "available_stalls": -1},
        {"location": {"lat": 91, "long": 4.9}, "total_stalls": True, "site_closed": "no"},
        {"location": {"lat": "52", "long": None}},
    ],
)
def test_what_is_odd_is_unknown(odd: dict[str, Any]) -> None:
    assert destination_chargers({"destination_charging": [odd]}) == [
        ChargingSite(
            name="", position=None, distance=None, free_stalls=None, stalls=None, is_closed=None
        )
    ]


@pytest.mark.parametrize("answer", [{}, {"superchargers": None}, {"superchargers": ["one"]}])
def test_no_list(answer: dict[str, Any]) -> None:
    assert superchargers(answer) == destination_chargers(answer) == []

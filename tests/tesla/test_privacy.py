"""Foreign texts are displayed without whole VINs and tokens."""

import pytest

from custom_components.flotte.tesla.errors import (
    CommandRefused,
    GateRefused,
    InvalidCommand,
    OutcomeUnknown,
    ServiceError,
    TeslaError,
)
from custom_components.flotte.tesla.privacy import shortened
from custom_components.flotte.tesla.telemetry.answers import read_client_errors

VIN = "XP7YGCEK0RB000001"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        pytest.param(f"vehicle {VIN} not found", "vehicle …000001 not found", id="in_a_sentence"),
        pytest.param(VIN.lower(), "…000001", id="small_letters"),
        pytest.param(f'{{"vin":"{VIN}"}}', '{"vin":"…000001"}', id="json"),
        pytest.param(f"/vehicles/{VIN}/x?vin={VIN}", "/vehicles/…000001/x?vin=…000001", id="url"),
        pytest.param(f"vin_{VIN}_v", "vin_…000001_v", id="between_underscores"),
        pytest.param(f"{VIN},LRW3E7FS0RC000002", "…000001,…000002", id="two"),
        pytest.param("12345678901234567", "12345678901234567", id="a_number"),
        pytest.param("0123456789ABCDEF0123456789", "0123456789ABCDEF0123456789", id="longer"),
        pytest.param("upstream internal error", "upstream internal error", id="words"),
        pytest.param("UNSIGNEDCOMMANDS1", "UNSIGNEDCOMMANDS1", id="a_word_of_17_letters"),
        pytest.param(
            "Bearer eyJhbGciOiJI.eyJpc3MiOi.c2ln-_8 expired", "Bearer … expired", id="token"
        ),
        pytest.param(f"EU_{'0f' * 32} is used up", "… is used up", id="refresh_token"),
        pytest.param("EU_region", "EU_region", id="no_token"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_shortened(told: str, shown: str) -> None:
    assert shortened(told) == shown


def test_shortened_before_it_is_cut() -> None:
    """Half a VIN would not be recognised any more."""
    assert shortened(f"vehicle {VIN}", 20) == "vehicle …000001"
    assert shortened("x" * 300, 200) == "x" * 200


@pytest.mark.parametrize(
    "error",
    [
        ServiceError(f"500: {VIN}"),
        CommandRefused(f"{VIN} said no"),
        OutcomeUnknown(VIN),
        InvalidCommand(f"bad: {VIN}", setting="name", value=VIN, allowed="other"),
        GateRefused(VIN, reason="gate_quota", caller=f"automation.{VIN}"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors(error: TeslaError) -> None:
    assert VIN not in f"{error} {error!r} {error.detail} {dict(error.placeholders)}"
    assert "…000001" in error.detail


def test_a_cars_errors_about_its_stream() -> None:
    (error,) = read_client_errors(
        {"fleet_telemetry_errors": [{"error_name": VIN, "error": f"{VIN}: no route to host"}]}
    )
    assert (error.name, error.error) == ("…000001", "…000001: no route to host")

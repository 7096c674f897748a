"""Diagnostics: everything that helps to find a fault, and nothing private or secret."""

import json
from typing import Any

import pytest
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import JSONEncoder
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.diagnostics import async_get_config_entry_diagnostics, is_private
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Signal
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import CLIENT_ID, CLIENT_SECRET, MODEL_Y, PUBLIC_DOMAIN, SITE
from tests.fleet import MINUTE, MOMENT, Wait, act

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]


PLAYS = {"Linden Lane", "The Tidemarks", "Low Water", "NPO", "Spotify", "214"}
"""Title, artist, album, station, source and length in seconds of what the simulator plays."""


@pytest.fixture
async def driven(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> MockConfigEntry:
    """An entry whose Aurora plays music and drives to a place with a name, after a command."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"media": "Playing"})
    car.steer({"drive": {"destination": "Anna's place", "route": [[52.37, 4.89], [52.41, 4.97]]}})
    await wait(2 * MINUTE)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    return loaded


def _all_texts(value: Any) -> list[str]:
    """Every text and number in it, also what is a key."""
    match value:
        case dict():
            return [text for pair in value.items() for each in pair for text in _all_texts(each)]
        case list() | tuple():
            return [text for each in value for text in _all_texts(each)]
    return [str(value)]


async def test_no_private_data(
    hass: HomeAssistant, driven: MockConfigEntry, tesla: Simulator
) -> None:
    diagnostics = await async_get_config_entry_diagnostics(hass, driven)
    text = json.dumps(diagnostics, cls=JSONEncoder)
    car = tesla.world.cars[MODEL_Y]
    key = await async_get_key(hass)
    secrets = {
        *tesla.world.cars,
        str(SITE),
        *(each.display_name for each in tesla.world.cars.values()),
        "Anna",
        driven.data["token"]["access_token"],
        driven.data["token"]["refresh_token"],
        driven.data["token"]["access_token"].split(".")[2],
        str(driven.unique_id),
        CLIENT_ID,
        CLIENT_SECRET,
        PUBLIC_DOMAIN,
        key.public_bytes.hex(),
        "PRIVATE KEY",
        "flotte.example",
        "Robin",
        *PLAYS,
        # What people recognise a car by.
        *(vin[-8:] for vin in tesla.world.cars),
    }
    assert {secret for secret in secrets if secret in text} == set()
    assert car.drive is not None
    places = {car.latitude, car.longitude, *car.home, *car.drive.end, 52.41, 4.97}
    numbers = _numbers(diagnostics)
    near = {place for place in places for number in numbers if abs(place - number) < 0.02}
    # Percentages and temperatures may lie anywhere: only exact coordinates count.
    assert {place for place in near if place in numbers} == set()


def _numbers(value: object) -> list[float]:
    found = []
    for text in _all_texts(value):
        try:
            found.append(float(text))
        except ValueError:
            continue
    return found


@pytest.mark.parametrize(
    "signal",
    [
        signals.MEDIA_TITLE,
        signals.MEDIA_ARTIST,
        signals.MEDIA_ALBUM,
        signals.MEDIA_STATION,
        signals.MEDIA_SOURCE,
        signals.MEDIA_DURATION,
        signals.MEDIA_ELAPSED,
        signals.LOCATION,
        signals.ROUTE_LINE,
        signals.ROUTE_DESTINATION,
        signals.ROUTE_LOCATION,
        signals.ROUTE_ORIGIN,
        signals.AT_HOME,
        signals.AT_WORK,
        signals.AT_FAVOURITE,
        signals.HOMELINK_NEARBY,
        signals.VEHICLE_NAME,
        signals.CONNECTORS,
        signals.CONNECTOR_PARTS,
        signals.CHARGE_SCHEDULES,
        signals.PRECONDITION_SCHEDULES,
    ],
    ids=lambda signal: signal.name,
)
def test_private_signals(signal: Signal[Any]) -> None:
    assert is_private(signal)


def test_signals_that_help() -> None:
    """Most readings are shown; free text is private unless it is known to be harmless."""
    every = {*signals.VEHICLE_SIGNALS, *signals.SITE_SIGNALS}
    private = {each.name for each in every if is_private(each)}
    assert len(private) < 24
    assert not private & {"BatteryLevel", "Version", "WheelType", "MediaPlaybackStatus"}
    invented = Signal("PodcastName", signals.text)
    assert is_private(invented)


async def test_helpful_data(hass: HomeAssistant, driven: MockConfigEntry, tesla: Simulator) -> None:
    diagnostics = await async_get_config_entry_diagnostics(hass, driven)
    assert diagnostics["scopes"] == sorted(driven.runtime_data.scopes)
    assert diagnostics["ledger"] == {
        "month": "2026-10",
        "limit": "10",
        "cost": "0.01",
        "suspended": False,
        "counts": {
            "signal": 0,
            "command": 2,
            "data": 3,
            "wake": 0,
            "energy": diagnostics["ledger"]["counts"]["energy"],
            "free": diagnostics["ledger"]["counts"]["free"],
        },
        "unanswered": 0,
    }
    aurora, comet, old_faithful = diagnostics["vehicles"]
    assert (aurora["model"], aurora["protocol"], aurora["key_paired"]) == (
        "Model Y",
        "signed",
        True,
    )
    assert (comet["model"], comet["protocol"], comet["key_paired"]) == ("Model 3", "signed", False)
    assert (old_faithful["model"], old_faithful["protocol"]) == ("Model S", "rest")
    assert old_faithful["model_year_code"] == "K"
    assert aurora["readings"]["BatteryLevel"] == {
        "value": pytest.approx(68, abs=1),
        "time": "2026-10-20T10:01:00+00:00",
        "source": "poll",
    }
    assert aurora["last_poll_succeeded"] is True
    for private in ("Location", "DestinationName", "DestinationLocation", "GpsHeading"):
        assert aurora["readings"][private] == "**REDACTED**"
    (site,) = diagnostics["sites"]
    assert site["readings"]["OperationMode"]["value"] == "self_consumption"


async def test_asleep_since_the_beginning(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    """Nothing is known yet; that is included too."""
    aurora = (await async_get_config_entry_diagnostics(hass, loaded))["vehicles"][0]
    assert (aurora["asked"], aurora["came_online"]) == (None, None)
    assert set(aurora["readings"]) == {"Online"}


# --- With a stream --------------------------------------------------------------------------------


async def test_helpful_data_about_a_stream(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    streaming = (await async_get_config_entry_diagnostics(hass, entry_of_stream))["streaming"]
    assert (streaming["source"], streaming["profile"]) == ("direct", "tuned")
    assert streaming["receiver"]["running"] is True
    assert streaming["receiver"]["server"]["messages"] > 0
    one, two, three = streaming["cars"]
    assert (one["streams"], one["connections"]) == (True, 1)
    assert one["seen"]["BatteryLevel"] >= 1
    assert one["fields"] == len(one["expected"]) > 40
    assert one["configured_until"].startswith("20")
    assert (two["streams"], two["configured_until"]) == (True, None)
    assert three["streams"] is False


async def test_no_private_data_about_a_stream(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, entry_of_stream: MockConfigEntry
) -> None:
    """Neither the car nor its server, nor the trusted certificate."""
    aurora.steer({"client_error": {"name": "cloud_manager_error", "body": f"{aurora.vin} at home"}})
    await tesla.stream()
    diagnostics = await async_get_config_entry_diagnostics(hass, entry_of_stream)
    text = json.dumps(diagnostics, cls=JSONEncoder)
    assert "cloud_manager_error" in text
    secrets = {
        *tesla.world.cars,
        *(vin[-8:] for vin in tesla.world.cars),
        *(each.display_name for each in tesla.world.cars.values()),
        "flotte.example",
        "CERTIFICATE",
        "PRIVATE KEY",
        entry_of_stream.data["token"]["access_token"],
        aurora.telemetry.subscriptions[CLIENT_ID].claims["iss"],
    }
    assert {secret for secret in secrets if secret in text} == set()


async def test_a_stream_that_is_off_is_included(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    streaming = (await async_get_config_entry_diagnostics(hass, loaded))["streaming"]
    assert streaming["source"] == "off"
    assert "receiver" not in streaming

"""Answers of Tesla with odd values at every place: they end in an outcome or in a TeslaError.

After each test the simulator's bill must equal our ledger, whatever the answers were.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.api.login import Login
from custom_components.flotte.tesla.api.oauth import request_token
from custom_components.flotte.tesla.errors import TeslaError
from custom_components.flotte.tesla.site import Site
from custom_components.flotte.tesla.spending.caller import POLLING, STREAM
from custom_components.flotte.tesla.telemetry.answers import (
    read_client_errors,
    read_configuration,
    read_configured,
)
from simulator.accounts import SCOPES
from tests.odd import WORDS, bodies, places, replaced
from tests.tesla.account import MODEL_3, MODEL_S, MODEL_Y, PERSON, SITE, Account
from tests.tesla.conftest import VehicleMaker

type Ask = Callable[[], Awaitable[object]]


@pytest.fixture(autouse=True)
def _quick_waits(freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a vehicle is waited for the clock moves."""

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.waits.pause", pass_time)


@pytest.fixture
def outcomes(account: Account, freezer: FrozenDateTimeFactory) -> Outcomes:
    return Outcomes(account, freezer)


class Outcomes:
    """Makes requests repeatedly, each time with another answer of Tesla's."""

    def __init__(self, account: Account, freezer: FrozenDateTimeFactory) -> None:
        self._account = account
        self._freezer = freezer

    async def of(self, endpoint: str, answer: object, ask: Ask, status: int = 200) -> Counter[str]:
        """The outcomes, by the kind of the result or of the error."""
        seen: Counter[str] = Counter()
        for body in bodies(answer):
            order = self._account.tesla.faults.order(
                "status", endpoint=endpoint, status=status, body=body, count=None
            )
            try:
                seen[type(await ask()).__name__] += 1
            except TeslaError as error:
                seen[type(error).__name__] += 1
            assert order.hits, "it was never asked"
            self._account.tesla.faults.clear()
            # Beyond every limit of requests, and every wait that Tesla may request.
            self._freezer.tick(timedelta(hours=2))
        return seen


async def test_state_of_a_vehicle(outcomes: Outcomes, make_vehicle: VehicleMaker) -> None:
    vehicle = make_vehicle(MODEL_3)
    names: list[object] = []
    vehicle.presence.on_name = names.append
    answer = {"response": {"vin": MODEL_3, "state": "asleep", "display_name": "Comet"}}
    seen = await outcomes.of("vehicle", answer, lambda: vehicle.check(POLLING))
    assert seen.keys() == {"bool", "InvalidAnswer"}
    assert "Comet" in names
    assert vehicle.state[signals.ONLINE] is False
    json.dumps(vehicle.to_stored(), allow_nan=False)


async def test_wake(outcomes: Outcomes, make_vehicle: VehicleMaker) -> None:
    vehicle = make_vehicle(MODEL_Y)
    answer = {"response": {"id": 1, "vin": MODEL_Y, "state": "asleep"}}

    async def wake() -> None:
        vehicle.apply_state("asleep")
        await vehicle.wake(PERSON)

    seen = await outcomes.of("wake_up", answer, wake)
    assert seen.keys() == {"WakeFailed", "InvalidAnswer"}
    json.dumps(vehicle.to_stored(), allow_nan=False)


async def test_plain_command(outcomes: Outcomes, make_vehicle: VehicleMaker) -> None:
    """Only an explicit confirmation is "done"; an empty answer is an unknown outcome."""
    vehicle = make_vehicle(MODEL_S)
    answer = {"response": {"result": "no word", "reason": "", "string": ""}}
    seen = await outcomes.of(
        "command/*", answer, lambda: vehicle.send(commands.flash_lights(), PERSON)
    )
    assert seen.keys() == {"Done", "CommandRefused", "OutcomeUnknown"}
    assert (seen["Done"], seen["CommandRefused"]) == (1, 1), "true and false in place of the result"


async def test_signed_command(
    outcomes: Outcomes, account: Account, make_vehicle: VehicleMaker
) -> None:
    """No reply at all: whether the car did it is not known, or it answered no handshake."""
    vehicle = make_vehicle(MODEL_Y)
    account.tesla.world.cars[MODEL_Y].steer({"state": "online"})
    vehicle.apply_state("online")
    await vehicle.send(commands.flash_lights(), PERSON)

    async def ask() -> object:
        vehicle.apply_state("online")
        return await vehicle.send(commands.honk_horn(), PERSON)

    seen = await outcomes.of("signed_command", {"response": "no reply"}, ask)
    assert seen.keys() == {"OutcomeUnknown"}


async def test_setting_of_a_site(outcomes: Outcomes, account: Account) -> None:
    site = Site(SITE, account.api, scopes=SCOPES)
    answer = {"response": {"Message": "", "Code": "no number"}}
    seen = await outcomes.of(
        "backup", answer, lambda: site.send(commands.set_backup_reserve(30), PERSON)
    )
    assert seen.keys() == {"Done", "OutcomeUnknown"}
    assert seen["Done"] == 1, "200 in place of the code"


@pytest.mark.parametrize("status", [400, 401, 403, 408, 412, 421, 422, 429, 500, 503])
async def test_errors(outcomes: Outcomes, account: Account, status: int) -> None:
    answer = {"response": None, "error": "odd", "error_description": "odd", "txid": "a"}

    async def ask() -> object:
        # A refused login would stop the next questions.
        account.api.transport.login = Login()
        return await account.api.vehicle_data(MODEL_3, POLLING)

    seen = await outcomes.of("vehicle_data", answer, ask, status)
    assert "dict" not in seen


async def test_region(outcomes: Outcomes, account: Account) -> None:
    home = account.api.base_url
    answer = {"response": {"region": "eu", "fleet_api_base_url": "https://nowhere.example"}}
    seen = await outcomes.of("region", answer, account.api.region)
    assert seen.keys() == {"WrongRegion", "InvalidAnswer"}
    assert account.api.base_url == home


@pytest.mark.parametrize(
    "address",
    ["https://[", "https://[::1", "http://", "https://a:99999", "https://\x00", "//", "?"],
)
async def test_odd_addresses(account: Account, address: str) -> None:
    home = account.api.base_url
    answer = {"response": {"fleet_api_base_url": address}}
    account.tesla.faults.order("status", endpoint="region", status=200, body=answer)
    with pytest.raises(TeslaError):
        await account.api.region()
    told = {"error": f"user out of region, use base URL: {address}, see"}
    account.tesla.faults.order("status", endpoint="vehicle", status=421, body=told)
    with pytest.raises(TeslaError):
        await account.api.vehicle(MODEL_3, POLLING)
    assert account.api.base_url == home


async def test_everything_a_vehicle_reports(account: Account, make_vehicle: VehicleMaker) -> None:
    """A word at each place, the words in turn."""
    vehicle = make_vehicle(MODEL_3)
    answer = {"response": await account.api.vehicle_data(MODEL_3, POLLING)}
    for number, path in enumerate(places(answer)):
        text = json.dumps(replaced(answer, path, "odd value")).encode()
        word = WORDS[number % len(WORDS)]
        body = text.replace(b'"odd value"', word)
        account.tesla.faults.order("status", endpoint="vehicle_data", status=200, body=body)
        try:
            await vehicle.refresh(PERSON)
        except TeslaError:
            # Such words are no JSON at all, or replace the whole answer.
            assert len(path) < 2 or word in (b"", b"{", b"[" * 100_000)
        json.dumps(vehicle.to_stored(), allow_nan=False)


# --- The stream -----------------------------------------------------------------------------------


CONFIGURED = {
    "response": {
        "updated_vehicles": 1,
        "skipped_vehicles": {"missing_key": [MODEL_Y], "max_configs": []},
    }
}
CONFIGURATION = {
    "response": {
        "synced": True,
        "config": {
            "hostname": "home.flotte.example",
            "port": 4443,
            "exp": 1_820_000_000,
            "fields": {"Gear": {"interval_seconds": 1}},
            "alert_types": ["service"],
        },
        "limit_reached": False,
        "key_paired": True,
    }
}
ERRORS = {
    "response": {
        "fleet_telemetry_errors": [
            {"name": "a", "error": "b", "error_name": "c", "created_at": "d", "vin": MODEL_Y}
        ]
    }
}


async def test_configuring(outcomes: Outcomes, account: Account) -> None:
    async def ask() -> object:
        return read_configured(await account.api.configure_telemetry([MODEL_Y], "a.b.c", STREAM))

    seen = await outcomes.of("fleet_telemetry_config_jws", CONFIGURED, ask)
    assert seen.keys() == {"Configured", "InvalidAnswer"}


async def test_configuration(outcomes: Outcomes, account: Account) -> None:
    wanted: dict[str, Any] = CONFIGURATION["response"]["config"]  # type: ignore[assignment]  # JSON

    async def ask() -> object:
        return read_configuration(await account.api.telemetry_config(MODEL_Y, STREAM), wanted)

    seen = await outcomes.of("fleet_telemetry_config", CONFIGURATION, ask)
    assert seen.keys() == {"VehicleConfiguration", "InvalidAnswer"}


async def test_errors_of_a_stream(outcomes: Outcomes, account: Account) -> None:
    async def ask() -> object:
        return read_client_errors(await account.api.telemetry_errors(MODEL_Y, STREAM))

    seen = await outcomes.of("fleet_telemetry_errors", ERRORS, ask)
    assert seen.keys() == {"tuple", "InvalidAnswer"}


async def test_taking_a_configuration_away(outcomes: Outcomes, account: Account) -> None:
    answer = {"response": {"updated_vehicles": 1}}
    seen = await outcomes.of(
        "fleet_telemetry_config_delete",
        answer,
        lambda: account.api.delete_telemetry_config(MODEL_Y, STREAM),
    )
    assert seen.keys() == {"dict", "InvalidAnswer"}


# --- Tokens ---------------------------------------------------------------------------------------


async def test_token(outcomes: Outcomes, account: Account) -> None:
    answer = {"access_token": "a", "refresh_token": "b", "expires_in": 28_800, "token_type": "c"}

    async def ask() -> None:
        token = await request_token(account.session, account.hosts.token_url, {"a": "b"})
        assert isinstance(token["access_token"], str)
        assert isinstance(token["refresh_token"], str)
        assert 0 < token["expires_in"] < 366 * 86_400

    seen = await outcomes.of("token", answer, ask)
    assert seen.keys() == {"NoneType", "InvalidAnswer"}


@pytest.mark.parametrize("status", [201, 302, 400, 401, 403, 404, 408, 429, 451, 500, 503])
async def test_no_token(outcomes: Outcomes, account: Account, status: int) -> None:
    """Only Tesla's own words require a login, and only with two statuses."""
    answer = {"error": "odd", "error_description": "odd", "referenceID": "a"}

    async def ask() -> object:
        return await request_token(account.session, account.hosts.token_url, {"a": "b"})

    seen = await outcomes.of("token", answer, ask, status)
    assert ("LoginRequired" in seen) is (status in (400, 401))
    assert "dict" not in seen

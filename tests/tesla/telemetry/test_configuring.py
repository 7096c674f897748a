"""A signed configuration on its way to the simulated Tesla, which checks it with its own code."""

import asyncio
from typing import Any

import pytest

from custom_components.flotte.tesla.errors import BadRequest
from custom_components.flotte.tesla.signals import VEHICLE_SIGNALS
from custom_components.flotte.tesla.signing import ClientKey
from custom_components.flotte.tesla.signing.jws import sign
from custom_components.flotte.tesla.spending.caller import STREAM
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.telemetry.answers import (
    Configured,
    SkipReason,
    read_client_errors,
    read_configuration,
    read_configured,
    unknown_fields,
)
from custom_components.flotte.tesla.telemetry.configuration import LIFETIME, configuration, differs
from custom_components.flotte.tesla.telemetry.profiles import Profile
from custom_components.flotte.tesla.telemetry.stream_plan import plan
from simulator.telemetry import signature
from tests.tesla.account import MODEL_3, MODEL_S, MODEL_Y, NOW, Account


@pytest.fixture
def registered(account: Account, client_key: ClientKey) -> Account:
    """The account; Aurora has our key, Comet not."""
    account.register(public_key=client_key.public_bytes)
    return account


CA = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"


def wanted(profile: Profile = Profile.TUNED) -> dict[str, Any]:
    """Everything that there is to know."""
    return configuration(
        plan(VEHICLE_SIGNALS, profile, scopes={"vehicle_location"}, semi=True),
        hostname="127.0.0.1",
        port=4443,
        ca=CA,
        expires=NOW + LIFETIME,
    )


async def test_the_cars_side_believes_our_signature(client_key: ClientKey) -> None:
    text = sign(wanted(), client_key)
    token = signature.read(text)
    assert token.issuer == client_key.public_bytes
    assert token.is_signed
    assert not signature.read(f"{text[:-8]}AAAAAAAA").is_signed
    assert not differs(wanted(), token.claims)


@pytest.mark.parametrize("profile", Profile)
async def test_tesla_accepts_every_profile(
    registered: Account, client_key: ClientKey, profile: Profile
) -> None:
    claims = wanted(profile)
    api = registered.api
    answer = await api.configure_telemetry([MODEL_Y], sign(claims, client_key), STREAM)
    assert read_configured(answer) == Configured(1, {})
    read = read_configuration(await api.telemetry_config(MODEL_Y, STREAM), claims)
    assert (read.exists, read.matches, read.key_paired) == (True, True, True)
    assert read.expires == NOW + LIFETIME
    assert not read.is_full
    assert read_client_errors(await api.telemetry_errors(MODEL_Y, STREAM)) == ()
    assert await api.delete_telemetry_config(MODEL_Y, STREAM) == {"updated_vehicles": 1}
    read = read_configuration(await api.telemetry_config(MODEL_Y, STREAM), claims)
    assert (read.exists, read.matches) == (False, False)
    assert registered.booked() == {Category.DATA: 5}


async def test_cars_that_cannot_stream_are_distinguished(
    registered: Account, client_key: ClientKey
) -> None:
    answer = await registered.api.configure_telemetry(
        [MODEL_Y, MODEL_3, MODEL_S], sign(wanted(), client_key), STREAM
    )
    assert read_configured(answer) == Configured(
        1, {MODEL_3: SkipReason.MISSING_KEY, MODEL_S: SkipReason.UNSUPPORTED_HARDWARE}
    )


async def test_a_field_that_tesla_does_not_know_is_named(
    registered: Account, client_key: ClientKey
) -> None:
    claims = wanted()
    claims["fields"]["Brandnew"] = {"interval_seconds": 60}
    with pytest.raises(BadRequest) as raised:
        await registered.api.configure_telemetry([MODEL_Y], sign(claims, client_key), STREAM)
    assert unknown_fields(raised.value.detail) == {"Brandnew"}


async def test_several_at_once_do_not_meet(registered: Account, client_key: ClientKey) -> None:
    """Two would be one too many for Tesla, which answers 429."""
    token = sign(wanted(), client_key)
    answers = await asyncio.gather(
        *(registered.api.configure_telemetry([MODEL_Y], token, STREAM) for _ in range(3))
    )
    assert answers == [{"updated_vehicles": 1}] * 3

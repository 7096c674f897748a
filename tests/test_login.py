"""A refused login: a new one is requested, no car stops for good, and nothing is paid meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    DATA_COMPONENT,
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.config_entry_oauth2_flow import async_get_config_entry_implementation
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.tokens import Tokens
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla.errors import LoginRequired, Unreachable
from custom_components.flotte.tesla.spending.caller import POLLING
from simulator import Simulator
from simulator.bill import Category
from simulator.bodies import FIREWALL_PAGE
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    CLIENT_SECRET,
    MODEL_3,
    MODEL_Y,
    Pass,
    issue_of,
    issues_of,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, Wait
from tests.tesla.servers import until

REFUSED = {"error": "login_required", "error_description": "The refresh_token is invalid"}


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what these tests look at, to save time."""
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [Platform.BINARY_SENSOR, Platform.LOCK, Platform.SENSOR],
    )


def flows_of(hass: HomeAssistant) -> list[str]:
    """The sources of the flows that are open."""
    flows: list[ConfigFlowResult] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return sorted(str(flow["context"]["source"]) for flow in flows)


def polls_of(entry: MockConfigEntry) -> list[bool]:
    """Whether the last polls of the vehicles and sites worked."""
    data = entry.runtime_data
    return [each.last_update_success for each in (*data.vehicles, *data.sites)]


def withdraw(tesla: Simulator) -> None:
    """The owner withdraws the consent at Tesla."""
    accounts = tesla.accounts
    tesla.cloud.tokens.revoke(accounts.users["owner-1"], accounts.applications[CLIENT_ID])


# --- One refusal stops no car for good ------------------------------------------------------------


def refuse_one_renewal(tesla: Simulator) -> None:
    """One car's token is refused, and then the renewal too, once each."""
    tesla.faults.order("status", endpoint="vehicle", status=401)
    tesla.faults.order("status", endpoint="token", status=401, body=REFUSED)


def refuse_one_car(tesla: Simulator) -> None:
    """One car's requests are refused twice, with the new token too."""
    tesla.faults.order("status", endpoint="vehicle", vin=MODEL_Y, status=401, count=2)


def refuse_everything(tesla: Simulator) -> None:
    """All requests are refused for one round of polls."""
    tesla.faults.order("status", endpoint="vehicle", status=401, count=3)
    tesla.faults.order("status", endpoint="live_status", status=401)
    tesla.faults.order("status", endpoint="site_info", status=401)
    tesla.faults.order("status", endpoint="token", status=400, body={"error": "invalid_grant"})


@pytest.mark.parametrize("refuse", [refuse_one_renewal, refuse_one_car, refuse_everything])
async def test_one_refusal_stops_no_car_for_good(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    refuse: Callable[[Simulator], None],
) -> None:
    await wait(MINUTE)
    refuse(tesla)
    await wait(MINUTE)
    assert flows_of(hass) == [SOURCE_REAUTH]
    assert not all(polls_of(loaded))
    await wait(2 * MINUTE)
    assert all(polls_of(loaded))
    assert flows_of(hass) == []
    assert state_of(hass, "lock.aurora_doors").state != STATE_UNAVAILABLE
    # And they go on.
    asked = len(tesla.requests)
    await wait(2 * MINUTE)
    assert len(tesla.requests) > asked + 4


async def test_a_car_that_is_refused_alone(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """It is not the login then: no flow that comes and goes, and no new tokens all the time."""
    body = {"error": "unauthorized"}
    tesla.faults.order("status", endpoint="vehicle", vin=MODEL_3, count=None, status=401, body=body)
    await wait(5 * MINUTE)
    asked = len(tesla.requests)
    for _ in range(30):
        await wait(MINUTE)
        assert flows_of(hass) == []
    assert "token" not in {each.endpoint for each in tesla.requests[asked:]}
    assert polls_of(loaded).count(False) == 1
    tesla.faults.clear()
    await wait(MINUTE)
    assert all(polls_of(loaded))
    withdraw(tesla)
    await wait(MINUTE)
    assert flows_of(hass) == [SOURCE_REAUTH]


async def test_one_refusal_at_the_start(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.faults.order("status", endpoint="products", status=401)
    tesla.faults.order("status", endpoint="token", status=401, body=REFUSED)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert flows_of(hass) == [SOURCE_REAUTH]
    await wait(MINUTE)
    assert entry.state is ConfigEntryState.LOADED
    assert flows_of(hass) == []


async def test_refusal_at_the_start_that_lasts(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    withdraw(tesla)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await wait(timedelta(hours=3))
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "login_required"
    assert flows_of(hass) == [SOURCE_REAUTH]
    assert len(tesla.requests) < 40
    # No flow remains for an entry that is gone.
    await hass.config_entries.async_remove(entry.entry_id)
    asked = len(tesla.requests)
    await wait(timedelta(hours=1))
    assert len(tesla.requests) == asked


@pytest.mark.usefixtures("quick_waits")
async def test_lasting_refusal_costs_nothing(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """It is probed less and less often, with free requests."""
    withdraw(tesla)
    await wait(MINUTE)
    asked = len(tesla.requests)
    billed = tesla.bill.counts(client_id=CLIENT_ID)
    await wait(timedelta(hours=6))
    assert 20 < len(tesla.requests) - asked < 500
    after = tesla.bill.counts(client_id=CLIENT_ID)
    for category in (Category.DATA, Category.COMMAND, Category.WAKE):
        assert after[category] == billed[category]
    with pytest.raises(LoginRequired):
        await vehicle_of(told, MODEL_Y).vehicle.api.vehicle_data(MODEL_Y, POLLING)
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.DATA] == billed[Category.DATA]
    assert flows_of(hass) == [SOURCE_REAUTH]
    assert state_of(hass, "lock.aurora_doors").state == STATE_UNAVAILABLE


async def test_cars_that_stream_notice_too(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """They are not polled, so nothing else would ask Tesla for hours."""
    for vin, car in tesla.world.cars.items():
        if vin != aurora.vin:
            car.account = "owner-3"
    for site in tesla.world.sites.values():
        site.account = "owner-3"
    assert await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(5 * MINUTE)
    vehicle = vehicle_of(entry_of_stream, MODEL_Y).vehicle
    assert vehicle.is_streaming
    tesla.faults.order("status", endpoint="vehicle_data", status=401, count=2)
    with pytest.raises(LoginRequired):
        await vehicle.api.vehicle_data(MODEL_Y, POLLING)
    await hass.async_block_till_done()
    assert flows_of(hass) == [SOURCE_REAUTH]
    await pass_time(MINUTE)
    assert flows_of(hass) == []
    assert await vehicle.api.vehicle_data(MODEL_Y, POLLING)


async def test_firewall_in_front_of_the_cars(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Its 401 says nothing about the login."""
    tesla.faults.order("status", endpoint="vehicle", status=401, body=FIREWALL_PAGE, count=None)
    await wait(3 * MINUTE)
    assert flows_of(hass) == []
    tesla.faults.clear()
    await wait(MINUTE)
    assert all(polls_of(loaded))


# --- The owner is always asked --------------------------------------------------------------------


async def test_reconfiguring_in_a_closed_tab_hides_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    result = await loaded.start_reconfigure_flow(hass)
    withdraw(tesla)
    await wait(MINUTE)
    assert flows_of(hass) == [SOURCE_REAUTH, SOURCE_RECONFIGURE]
    assert "needs a new login" in issue_of(hass, "login_needed")
    await wait(3 * MINUTE)
    assert flows_of(hass) == [SOURCE_REAUTH, SOURCE_RECONFIGURE]
    # What the owner may be about to finish is not taken away.
    assert hass.config_entries.flow.async_get(result["flow_id"])


async def test_reconfiguring_at_the_start_hides_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    await entry.start_reconfigure_flow(hass)
    withdraw(tesla)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert flows_of(hass) == [SOURCE_REAUTH, SOURCE_RECONFIGURE]


async def test_credentials_were_removed(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The owner is asked, and need not do anything after adding them again."""
    await entry.start_reconfigure_flow(hass)
    credentials = hass.data[DATA_COMPONENT]
    (credential,) = credentials.async_items()
    await credentials.async_delete_item(credential["id"])
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert flows_of(hass) == [SOURCE_REAUTH, SOURCE_RECONFIGURE]
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "oauth2_unknown_implementation"
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(CLIENT_ID, CLIENT_SECRET, "Simulator")
    )
    await wait(MINUTE)
    assert str(entry.state) == str(ConfigEntryState.LOADED)
    assert flows_of(hass) == [SOURCE_RECONFIGURE]


async def test_issue_disappears_with_the_refusal(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await loaded.start_reconfigure_flow(hass)
    await wait(MINUTE)
    refuse_one_renewal(tesla)
    await wait(MINUTE)
    assert flows_of(hass) == [SOURCE_REAUTH, SOURCE_RECONFIGURE]
    await wait(2 * MINUTE)
    assert flows_of(hass) == [SOURCE_RECONFIGURE]
    assert issues_of(hass) == set()


async def test_flow_that_was_given_up_is_started_again(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    withdraw(tesla)
    await wait(MINUTE)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    hass.config_entries.flow.async_abort(flow["flow_id"])
    assert flows_of(hass) == []
    await wait(MINUTE)
    assert flows_of(hass) == [SOURCE_REAUTH]


# --- Nothing waits for ever -----------------------------------------------------------------------


@pytest.fixture
async def tokens(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> Tokens:
    """The tokens of an entry that is not set up, expired; the time stands still."""
    freezer.tick(timedelta(hours=8))
    return Tokens(hass, entry, await async_get_config_entry_implementation(hass, entry))


@pytest.mark.parametrize("renew", [True, False])
async def test_many_wait_for_one_time_out(
    tokens: Tokens,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    renew: bool,  # noqa: FBT001  # pytest names it
) -> None:
    tesla.faults.order("hang", endpoint="token", count=None)
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(tokens(renew=renew)) for _ in range(10)]
    await until(lambda: tesla.requests)
    freezer.tick(timedelta(seconds=31))
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in results] == [Unreachable] * 10
    assert [each.endpoint for each in tesla.requests] == ["token"]


async def test_waiting_ends_when_the_first_is_cancelled(
    tokens: Tokens, tesla: Simulator, entry: MockConfigEntry
) -> None:
    """The next caller tries again."""
    tesla.faults.order("hang", endpoint="token")
    first = asyncio.create_task(tokens(renew=False))
    second = asyncio.create_task(tokens(renew=False))
    await until(lambda: tesla.requests)
    first.cancel()
    assert await second == entry.data["token"]["access_token"]
    assert first.cancelled()


async def test_a_hanging_token_server_at_the_start(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    tesla.faults.order("status", endpoint="products", status=401)
    tesla.faults.order("hang", endpoint="token")
    start = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await until(lambda: any(each.endpoint == "token" for each in tesla.requests))
    freezer.tick(timedelta(seconds=31))
    assert not await start
    assert entry.state is ConfigEntryState.SETUP_RETRY

"""Several Tesla accounts: each developer account has one ledger, one budget, and no other's."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    DATA_COMPONENT,
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import CONF_BASE_URL, CONF_PUBLIC_DOMAIN, DOMAIN
from custom_components.flotte.spending.account_ledger import AccountLedger, async_get_ledger
from custom_components.flotte.spending.rules import spending_policy
from custom_components.flotte.tesla.commands import flash_lights, lock_doors, unlock_doors
from custom_components.flotte.tesla.spending.caller import POLLING
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.tariff import WAKE, Category
from simulator import Simulator
from simulator.accounts import SCOPES, Registration
from simulator.bill import Category as Billed
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    EntryMaker,
    issues_of,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

OTHER_CLIENT = "lenient-demo"
OTHER = "another_application"
"""Home Assistant's name of its credentials."""
PRICED = (Category.DATA, Category.COMMAND, Category.WAKE)


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR, Platform.SENSOR]
    )


@pytest.fixture(autouse=True)
def _cars(tesla: Simulator) -> None:
    """Aurora belongs to the first owner, Old Faithful to the second one, and Comet to no one."""
    tesla.world.cars[MODEL_S].account = "owner-2"
    tesla.world.cars[MODEL_3].account = "owner-3"
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})


@pytest.fixture
def person(hass_admin_user: MockUser) -> Callable[[], Context]:
    """A person at a screen."""
    return lambda: Context(user_id=hass_admin_user.id)


@dataclass
class Pair:
    """The entries of two owners."""

    first: MockConfigEntry
    second: MockConfigEntry

    @property
    def ledgers(self) -> tuple[AccountLedger, AccountLedger]:
        """Theirs."""
        return self.first.runtime_data.ledger, self.second.runtime_data.ledger


def spent(ledger: AccountLedger) -> dict[str, int]:
    """The priced part of this month in a ledger, by category."""
    counts = ledger.meter.ledger.month(Month.of(dt_util.utcnow()))
    return {str(each): counts[each] for each in PRICED}


def billed(tesla: Simulator, client_id: str) -> dict[str, int]:
    """The counts on Tesla's bill."""
    counts = tesla.bill.counts(client_id=client_id)
    return {str(each): counts[Billed(str(each))] for each in PRICED}


async def act(entry: MockConfigEntry, vin: str, command: Any, context: Context) -> None:
    """Run a command for any caller."""
    await vehicle_of(entry, vin).async_send(command, context)


# --- Two developer accounts -----------------------------------------------------------------------


@pytest.fixture
async def apart(hass: HomeAssistant, make_entry: EntryMaker, tesla: Simulator) -> Pair:
    """Two owners with an application each; the second one allows next to nothing."""
    await register_key(hass, tesla)
    key = await async_get_key(hass)
    now = tesla.clock.now()
    tesla.accounts.registrations[OTHER_CLIENT, "eu"] = Registration(
        OTHER_CLIENT, "eu", "lenient.example", key.public_bytes, now, now
    )
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(OTHER_CLIENT, "lenient-secret", "Another"), OTHER
    )
    first = make_entry()
    token = tesla.login("owner-2", OTHER_CLIENT, SCOPES)
    second = MockConfigEntry(
        domain=DOMAIN,
        title="Another Tesla",
        unique_id=tesla.accounts.users["owner-2"].subject,
        data={
            "auth_implementation": OTHER,
            "token": {**token, "expires_at": now + token["expires_in"]},
            CONF_BASE_URL: tesla.eu_url,
            CONF_PUBLIC_DOMAIN: "lenient.example",
        },
        options={"monthly_limit": 0.021},
    )
    second.add_to_hass(hass)
    await set_up(hass, first)
    if second.state.recoverable:
        await set_up(hass, second)
    return Pair(first, second)


async def test_each_pays_its_own_requests(
    hass: HomeAssistant,
    apart: Pair,
    tesla: Simulator,
    wait: Wait,
    person: Callable[[], Context],
) -> None:
    ours, theirs = apart.ledgers
    assert ours is not theirs
    assert (ours.meter.budget, theirs.meter.budget) == (Decimal(10), Decimal("0.021"))
    await act(apart.first, MODEL_Y, flash_lights(), person())
    await act(apart.second, MODEL_S, flash_lights(), person())
    with pytest.raises(HomeAssistantError) as refusal:
        await act(apart.second, MODEL_S, flash_lights(), person())
    assert refusal.value.translation_key == "budget_exceeded"
    await act(apart.first, MODEL_Y, flash_lights(), person())
    await wait(3 * MINUTE)
    assert spent(ours) == billed(tesla, CLIENT_ID)
    assert spent(theirs) == billed(tesla, OTHER_CLIENT)
    assert spent(ours)["wake"] == spent(theirs)["wake"] == 1
    assert spent(theirs)["command"] == 1
    # Neither names the other's car.
    for ledger, vin in ((ours, MODEL_S), (theirs, MODEL_Y)):
        assert vin not in ledger.meter.ledger.by_asset(Month.of(dt_util.utcnow()))
        assert vin not in ledger.meter.woken


async def test_one_that_tesla_stopped_is_not_the_other(
    hass: HomeAssistant,
    apart: Pair,
    tesla: Simulator,
    wait: Wait,
    person: Callable[[], Context],
) -> None:
    await act(apart.second, MODEL_S, flash_lights(), person())
    tesla.bill.limits[OTHER_CLIENT] = Decimal(-10)
    await wait(2 * MINUTE)
    ours, theirs = apart.ledgers
    (suspended,) = issues_of(hass)
    assert suspended == f"account_suspended_{theirs.name}"
    issue = ir.async_get(hass).issues["flotte", suspended]
    assert (issue.translation_placeholders or {})["name"] == apart.second.title
    assert issue.learn_more_url == "homeassistant://config/integrations/integration/flotte"
    assert ours.name != theirs.name
    assert ours.meter.suspension.month is None
    await act(apart.first, MODEL_Y, flash_lights(), person())
    with pytest.raises(HomeAssistantError) as refusal:
        await act(apart.second, MODEL_S, flash_lights(), person())
    assert refusal.value.translation_key == "account_suspended"


# --- Two entries on one developer account ---------------------------------------------------------


@pytest.fixture
async def together(hass: HomeAssistant, make_entry: EntryMaker, tesla: Simulator) -> Pair:
    """Two owners who share an application, and so its discount."""
    await register_key(hass, tesla)
    pair = Pair(
        make_entry("owner-1", options={"monthly_limit": 5}),
        make_entry("owner-2", options={"monthly_limit": 0.0605}),
    )
    await set_up(hass, pair.first)
    if pair.second.state.recoverable:
        await set_up(hass, pair.second)
    return pair


@pytest.mark.parametrize("seed", range(6))
async def test_the_limit_holds_for_both_together(
    hass: HomeAssistant,
    together: Pair,
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
    person: Callable[[], Context],
    seed: int,
) -> None:
    """However they interleave; the thriftiest decides, and a refusal costs nothing."""
    ledger, same = together.ledgers
    assert ledger is same
    assert ledger.meter.budget == Decimal("0.0605")
    chance = random.Random(seed)  # noqa: S311  # an order of events, not a secret
    refused = 0
    for _ in range(8):
        asked = []
        for _ in range(chance.randint(1, 5)):
            entry, vin = chance.choice([(together.first, MODEL_Y), (together.second, MODEL_S)])
            command = chance.choice([flash_lights, lock_doors, unlock_doors])()
            who = chance.choice([person, Context])()
            asked.append(act(entry, vin, command, who))
        if chance.random() < 0.3:
            # Tesla is in trouble, and bills that not.
            tesla.faults.order("status", endpoint=chance.choice(["wake_up", "*"]), status=503)
        results = await asyncio.gather(*asked, return_exceptions=True)
        tesla.faults.clear()
        for result in results:
            assert result is None or isinstance(result, HomeAssistantError), result
            refused += result is not None
        assert tesla.bill.total(CLIENT_ID) <= Decimal("0.0605")
        assert spent(ledger) == billed(tesla, CLIENT_ID)
        if chance.random() < 0.5:
            for vin in (MODEL_Y, MODEL_S):
                tesla.world.cars[vin].steer({"state": chance.choice(["asleep", "online"])})
            freezer.tick(timedelta(minutes=5))
            await wait(MINUTE)
    assert refused, "else the limit was never felt"
    assert tesla.bill.total(CLIENT_ID) > Decimal("0.03")


async def test_both_stop_and_continue_together(
    hass: HomeAssistant,
    together: Pair,
    tesla: Simulator,
    wait: Wait,
    person: Callable[[], Context],
) -> None:
    await act(together.first, MODEL_Y, flash_lights(), person())
    tesla.world.cars[MODEL_S].steer({"state": "online"})
    await wait(MINUTE)
    before = spent(together.ledgers[0])
    tesla.faults.order("status", endpoint="*command*", status=403, body="EXCEEDED_LIMIT")
    with pytest.raises(HomeAssistantError):
        await act(together.first, MODEL_Y, flash_lights(), person())
    arrived = len(tesla.requests)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(together.second, MODEL_S, flash_lights(), person())
    assert refusal.value.translation_key == "account_suspended"
    assert len(tesla.requests) == arrived
    await hass.async_block_till_done()
    assert issues_of(hass) == {f"account_suspended_{together.ledgers[0].name}"}
    assert spent(together.ledgers[0])["command"] == before["command"] + 1
    together.ledgers[1].async_resume()
    await act(together.first, MODEL_Y, flash_lights(), person())
    await act(together.second, MODEL_S, flash_lights(), person())
    assert issues_of(hass) == set()


async def test_both_show_the_total(
    hass: HomeAssistant, together: Pair, person: Callable[[], Context]
) -> None:
    await act(together.first, MODEL_Y, flash_lights(), person())
    await act(together.second, MODEL_S, flash_lights(), person())
    await hass.async_block_till_done()
    costs = [
        state
        for state in hass.states.async_all("sensor")
        if state.entity_id.endswith(("cost_of_wake_ups", "cost_of_wake_ups_2"))
    ]
    assert [state.state for state in costs] == ["0.04", "0.04"]


async def test_removing_one_leaves_the_ledger_to_the_other(
    hass: HomeAssistant, together: Pair, tesla: Simulator, person: Callable[[], Context]
) -> None:
    await act(together.second, MODEL_S, flash_lights(), person())
    ledger = together.ledgers[0]
    before = spent(ledger)
    await hass.config_entries.async_remove(together.second.entry_id)
    await hass.async_block_till_done()
    assert await async_get_ledger(hass, CLIENT_ID) is ledger
    assert spent(ledger) == before
    assert ledger.meter.budget == Decimal(5), "the rules of who left do not hold any more"
    await act(together.first, MODEL_Y, flash_lights(), person())
    assert spent(ledger)["wake"] == 2
    assert state_of(hass, "binary_sensor.aurora_online").state == "on"


async def test_reloading_one_keeps_reserved_budget(
    hass: HomeAssistant, together: Pair, person: Callable[[], Context]
) -> None:
    """The room that the other's action has is kept over a reload."""
    ledger = together.ledgers[0]
    now = dt_util.utcnow()
    with ledger.meter.hold((WAKE, WAKE), POLLING, MODEL_Y, now):
        await hass.config_entries.async_reload(together.second.entry_id)
        await hass.async_block_till_done()
        assert together.ledgers[1] is ledger
        with pytest.raises(HomeAssistantError) as refusal:
            await act(together.second, MODEL_S, flash_lights(), person())
        assert refusal.value.translation_key == "budget_exceeded"
    await act(together.second, MODEL_S, flash_lights(), person())


async def test_two_secrets_of_one_application_share_its_rules(
    hass: HomeAssistant, make_entry: EntryMaker
) -> None:
    """A new secret comes as new credentials, and Tesla sends one bill for both."""
    await hass.data[DATA_COMPONENT].async_create_item(
        {
            "domain": DOMAIN,
            "client_id": CLIENT_ID,
            "client_secret": "new-secret",
            "auth_domain": "renewed",
        }
    )
    first = make_entry(options={"wakes_per_day": 5, "monthly_limit": 7})
    second = make_entry("owner-2", options={"wakes_per_day": 1})
    hass.config_entries.async_update_entry(
        second, data={**second.data, "auth_implementation": "renewed"}
    )
    for entry in (first, second):
        policy = spending_policy(hass, entry)
        assert (policy.wakes_per_day, policy.budget) == (1, Decimal(7))
    # Another application is another bill.
    hass.config_entries.async_update_entry(
        second, data={**second.data, "auth_implementation": OTHER}
    )
    assert spending_policy(hass, first).wakes_per_day == 5

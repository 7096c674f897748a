"""Fixtures: a Home Assistant with Flotte in it, and the simulator as its Tesla."""

import json
import re
from asyncio import TimerHandle
from asyncio.base_events import BaseEventLoop
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from datetime import timedelta
from pathlib import Path
from threading import get_ident
from typing import Any
from unittest.mock import Mock, patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import OptionsFlowManager
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowManager
from homeassistant.helpers import aiohttp_client
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from hypothesis import settings
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

import custom_components.flotte  # so that Home Assistant finds ours, not the plugin's
import tests.quick  # in place of what the plugins do slowly
import tests.warm  # noqa: F401  # before any clock is stopped
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import CONF_BASE_URL, CONF_PUBLIC_DOMAIN, DOMAIN
from custom_components.flotte.coordinator import VehicleCoordinator
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.streaming.receiver import Receiver
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.tariff import Category as OurCategory
from simulator import Simulator
from simulator.accounts import SCOPES, Registration
from simulator.bill import Category as TheirCategory
from simulator.cars import Car
from simulator.ports import free_port
from tests.flow_texts import check_texts

# Mutations are judged by changed results: the same examples every time, however long they take.
# `--hypothesis-profile others` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("others", deadline=None, print_blob=True)
settings.load_profile("same")

CLIENT_ID = "flotte-demo"
CLIENT_SECRET = "flotte-secret"
PUBLIC_DOMAIN = "flotte.example"

MODEL_Y = "XP7YGCEK0RB000001"
"""Aurora: signed commands, paired, asleep at first."""
MODEL_3 = "LRW3E7FS0RC000002"
"""Comet: signed commands, not paired, online."""
MODEL_S = "5YJSA7E20KF000003"
"""Old Faithful: plain commands only, online."""
SITE = 1234567890123

TRANSLATIONS = Path(custom_components.flotte.__file__).parent / "translations" / "en.json"

STREAMING = "binary_sensor.aurora_streaming"


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """An empty folder for each test.

    The plugin's own is one for all tests, and other tests write to it meanwhile.
    """
    return str(tmp_path)


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let Home Assistant find Flotte, in a test with Home Assistant; no other test starts one."""
    if "hass" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("enable_custom_integrations")
    yield
    # The plugin's mock for all tests remembers the Home Assistant of each: 3 MB and more.
    resolver = aiohttp_client._async_make_resolver
    assert isinstance(resolver, Mock)
    resolver.reset_mock()


@pytest.fixture
def enable_event_loop_debug() -> None:
    """Leave asyncio's debug mode off: it takes a stack for every future, half of all the time.

    Its check of threads stays, see below.
    """


def _checked_call_at(self: Any, *arguments: Any, **more: Any) -> TimerHandle:
    """Schedule a call, in the thread of the loop only: the timers of a loop are a plain list."""
    assert self._thread_id in {None, get_ident()}, "a timer is set from another thread"
    return _CALL_AT(self, *arguments, **more)


_CALL_AT = BaseEventLoop.call_at
BaseEventLoop.call_at = _checked_call_at  # type: ignore[assignment, method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Drop the log of a phase that passed: it would be kept, sent and kept again to the end."""
    report = yield
    if report.passed and report.when == "teardown":
        item._report_sections.clear()
    if report.passed:
        report.sections.clear()
    return report


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Snapshots without what differs from run to run."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
async def tesla(socket_enabled: None) -> AsyncIterator[Simulator]:
    """A running simulator."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def hass_at_tesla(hass: HomeAssistant, tesla: Simulator) -> AsyncIterator[HomeAssistant]:
    """A Home Assistant that knows the simulator and the application's credentials.

    When the test is over, the simulator's bill must equal our ledger: no request may have got past
    the meter, and none may be booked that Tesla does not bill.
    """
    config = {
        DOMAIN: {"simulator": {"auth": tesla.auth_url, "eu": tesla.eu_url, "na": tesla.na_url}}
    }
    assert await async_setup_component(hass, "application_credentials", {})
    assert await async_setup_component(hass, DOMAIN, config)
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(CLIENT_ID, CLIENT_SECRET, "Simulator")
    )
    yield hass
    await check_bill(hass, tesla)


async def check_bill(hass: HomeAssistant, tesla: Simulator) -> None:
    """The simulator's bill equals our ledger, but for requests whose connection was dropped."""
    ledger = (await async_get_ledger(hass, CLIENT_ID)).meter.ledger
    # Streamed signals are booked when the bill is read.
    ledger.month(Month.of(dt_util.utcnow()))
    billed = tesla.bill.counts(client_id=CLIENT_ID)
    booked: dict[str, int] = {}
    for row, count in ledger.counts.items():
        booked[row.category] = booked.get(row.category, 0) + count
    for ours, theirs in (
        (OurCategory.DATA, TheirCategory.DATA),
        (OurCategory.COMMAND, TheirCategory.COMMAND),
        (OurCategory.WAKE, TheirCategory.WAKE),
        (OurCategory.ENERGY, TheirCategory.ENERGY),
        (OurCategory.SIGNAL, TheirCategory.SIGNAL),
    ):
        surplus = booked.get(ours, 0) - billed.get(theirs, 0)
        dropped = tesla.bill.dropped if surplus else 0
        assert surplus == dropped, f"{ours}: booked {booked}, billed {billed}"


async def register_key(hass: HomeAssistant, tesla: Simulator) -> None:
    """Have the domain registered and our key on the cars that their owner paired."""
    key = await async_get_key(hass)
    now = tesla.clock.now()
    tesla.accounts.registrations[CLIENT_ID, "eu"] = Registration(
        CLIENT_ID, "eu", PUBLIC_DOMAIN, key.public_bytes, now, now
    )
    tesla.cloud.pair_automatically(key.public_bytes)


@pytest.fixture
def every_text_exists() -> Iterator[None]:
    """Every text that a test's flow shows exists, and its placeholders can be filled."""
    own = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))
    handle_step = FlowManager._async_handle_step

    async def checked(manager: Any, flow: Any, step_id: str, user_input: Any) -> Any:
        result = await handle_step(manager, flow, step_id, user_input)
        texts = own["options" if isinstance(manager, OptionsFlowManager) else "config"]
        assert result.get("translation_domain") in (None, DOMAIN), "a text that is not ours"
        check_texts(texts, result)
        return result

    with patch.object(FlowManager, "_async_handle_step", checked):
        yield


type EntryMaker = Callable[..., MockConfigEntry]


@pytest.fixture
def make_entry(hass_at_tesla: HomeAssistant, tesla: Simulator) -> EntryMaker:
    """Makes an entry of an account that logged in at the simulator."""

    def make(
        user: str = "owner-1", scopes: frozenset[str] = SCOPES, **more: Any
    ) -> MockConfigEntry:
        token = tesla.login(user, CLIENT_ID, scopes)
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="Tesla",
            unique_id=tesla.accounts.users[user].subject,
            data={
                "auth_implementation": DOMAIN,
                "token": {**token, "expires_at": tesla.clock.now() + token["expires_in"]},
                CONF_BASE_URL: tesla.eu_url,
                CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN,
            },
            **more,
        )
        entry.add_to_hass(hass_at_tesla)
        return entry

    return make


@pytest.fixture
async def entry(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An entry of owner-1, not set up yet; its key is registered and paired with Aurora."""
    entry = make_entry()
    await register_key(hass_at_tesla, tesla)
    return entry


@pytest.fixture
async def loaded(hass_at_tesla: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """The entry, set up."""
    await set_up(hass_at_tesla, entry)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, and make its vehicles wait on the simulator's clock instead of for real."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


@pytest.fixture
def wait(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> Callable[[timedelta], Coroutine[Any, Any, None]]:
    """Lets time pass, minute by minute, for Home Assistant and the simulator."""

    async def wait(duration: timedelta) -> None:
        while duration > timedelta():
            step = min(duration, timedelta(seconds=60))
            freezer.tick(step)
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)
            duration -= step

    return wait


@pytest.fixture
def entity_registry_enabled_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also enable entities that are disabled by default."""
    monkeypatch.setattr(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        property(lambda _: True),
    )


@pytest.fixture
async def told(
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Callable[[timedelta], Coroutine[Any, Any, None]],
) -> MockConfigEntry:
    """The entry with all data: Aurora is awake, two minutes have passed."""
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await wait(timedelta(minutes=2))
    return loaded


@pytest.fixture
def quick_waits(freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a vehicle is waited for (waking, busy), the clock moves instead of the test waiting."""

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.waits.pause", pass_time)


def vehicle_of(entry: MockConfigEntry, vin: str) -> VehicleCoordinator:
    """The coordinator of a vehicle."""
    coordinators: list[VehicleCoordinator] = entry.runtime_data.vehicles
    return next(each for each in coordinators if each.vehicle.vin == vin)


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """The state of an entity that must be there."""
    state = hass.states.get(entity_id)
    assert state is not None, f"no entity {entity_id}"
    return state


# --- The stream ----------------------------------------------------------------------------------

type Pass = Callable[[timedelta], Coroutine[Any, Any, None]]


@pytest.fixture
async def entry_of_stream(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An entry whose cars shall push to this Home Assistant, not set up yet."""
    await register_key(hass_at_tesla, tesla)
    return make_entry(
        options={
            "stream": "direct",
            "stream_hostname": "home.flotte.example",
            "stream_port": free_port(),
        }
    )


@pytest.fixture
def pass_time(hass: HomeAssistant, tesla: Simulator, freezer: FrozenDateTimeFactory) -> Pass:
    """Lets time pass for Home Assistant, the simulator and the streams, 15 s at a time."""

    async def pass_time(duration: timedelta) -> None:
        while duration > timedelta():
            step = min(duration, timedelta(seconds=15))
            freezer.tick(step)
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)
            await tesla.stream()
            await hass.async_block_till_done(wait_background_tasks=True)
            duration -= step

    return pass_time


@pytest.fixture
async def aurora(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, pass_time: Pass
) -> Car:
    """A car that is awake and streams, polled once for the signals that are not streamed."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "user_present": True})
    await set_up(hass, entry_of_stream)
    await pass_time(timedelta(minutes=3))
    assert state_of(hass, STREAMING).state == "on"
    return car


def asked_of(tesla: Simulator, car: Car) -> list[str]:
    """The requests to or about a car, oldest first."""
    return [each.endpoint for each in tesla.requests if each.vin == car.vin]


def receiver_of(hass: HomeAssistant, entry: MockConfigEntry) -> Receiver:
    """The server for the cars of an entry."""
    receivers: dict[int, Receiver] = hass.data["flotte_receivers"]
    return receivers[entry.options["stream_port"]]


def issues_of(hass: HomeAssistant) -> set[str]:
    """The open repair issues, except those of unpaired cars; see `_short`."""
    return {
        _short(issue.issue_id)
        for issue in ir.async_get(hass).issues.values()
        if issue.active and not issue.issue_id.startswith("key_not_paired")
    }


def issue_of(hass: HomeAssistant, issue_id: str) -> str:
    """The displayed text of a repair issue, with all placeholders filled."""
    found = {_short(each.issue_id): each for each in ir.async_get(hass).issues.values()}
    assert issue_id in found, f"no issue {issue_id}, but {issues_of(hass)}"
    issue = found[issue_id]
    texts = json.loads(TRANSLATIONS.read_text("utf-8"))["issues"][issue.translation_key]
    placeholders = issue.translation_placeholders or {}
    return "\n".join(texts[part].format(**placeholders) for part in ("title", "description"))


def _short(issue_id: str) -> str:
    """An issue without the entry that it belongs to, which is another one in each test."""
    return re.sub(r"_[0-9A-Z]{26}$", "", issue_id)

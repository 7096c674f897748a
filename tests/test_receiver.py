"""The receiver: what keeps it from listening, what it shows to cars, and whom it lets in."""

import asyncio
import dataclasses
import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.hosts import get_hosts
from custom_components.flotte.streaming import client_cas as client_cas_module
from custom_components.flotte.streaming.certificates import async_get_authority
from custom_components.flotte.streaming.client_cas import CLIENT_CA_FILE, async_get_client_cas
from custom_components.flotte.streaming.receiver import Address, Member, Receiver
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.telemetry.admission import FloodWatch
from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from simulator import Simulator
from simulator.cars import Car
from simulator.telemetry.subscription import Emission, Goodbye
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_Y,
    STREAMING,
    EntryMaker,
    Pass,
    asked_of,
    check_bill,
    issue_of,
    issues_of,
    receiver_of,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.tesla.telemetry.pki import DAY, SERVER, Ca

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
HOST = "home.flotte.example"


@pytest.fixture(autouse=True)
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """The configuration's folder."""
    hass.config.config_dir = str(tmp_path)
    return tmp_path


@pytest.fixture
def online(tesla: Simulator) -> Car:
    """Aurora, awake and occupied, not configured yet."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "user_present": True})
    return car


@pytest.fixture
def port(entry_of_stream: MockConfigEntry) -> int:
    port: int = entry_of_stream.options["stream_port"]
    return port


@contextmanager
def somebody_at(port: int) -> Iterator[None]:
    """Another program that listens there."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("", port))
        other.listen()
        yield


def is_free(port: int) -> bool:
    try:
        with somebody_at(port):
            return True
    except OSError:
        return False


def is_up(receiver: Receiver) -> bool:
    """Whether it runs, evaluated now: the type checker assumes that it never changes."""
    return receiver.is_running


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> Receiver:
    """Set an entry up, and wait for what it does in the background."""
    await set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    return receiver_of(hass, entry)


# --- The port -------------------------------------------------------------------------------------


async def test_port_is_in_use_and_then_free(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    port: int,
) -> None:
    """The account starts anyway; cars do not get an address without a server."""
    with somebody_at(port):
        receiver = await start(hass, entry_of_stream)
        await pass_time(25 * MINUTE)
        assert issues_of(hass) == {f"port_in_use_{port}"}
        assert str(port) in issue_of(hass, f"port_in_use_{port}")
        assert not is_up(receiver)
        assert not online.telemetry.subscriptions
        assert asked_of(tesla, online).count("vehicle_data") >= 3
    await pass_time(20 * MINUTE)
    assert is_up(receiver)
    assert issues_of(hass) == set()
    assert state_of(hass, STREAMING).state == "on"


async def test_retried_less_and_less_often(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[float] = []
    began = dt_util.utcnow()

    async def fail(*_: object) -> None:
        tries.append((dt_util.utcnow() - began) / MINUTE)
        raise PermissionError(13, "Permission denied")

    receiver = await start(hass, entry_of_stream)
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    monkeypatch.setattr(receiver.server, "start", fail)
    await start(hass, entry_of_stream)
    assert "Permission denied" in issue_of(hass, f"port_in_use_{receiver._port}")
    await pass_time(4 * HOUR)
    assert tries == pytest.approx([0, 1, 3, 7, 15, 31, 63, 123, 183], abs=1)


async def test_the_port_is_free_again_afterwards(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, port: int
) -> None:
    assert not is_free(port)
    assert await hass.config_entries.async_unload(entry_of_stream.entry_id)
    assert is_free(port)
    assert state_of(hass, STREAMING).state == "unavailable"


async def test_no_retry_after_the_account_left(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, port: int, pass_time: Pass
) -> None:
    with somebody_at(port):
        await start(hass, entry_of_stream)
        assert issues_of(hass) == {f"port_in_use_{port}"}
        await hass.config_entries.async_unload(entry_of_stream.entry_id)
        assert issues_of(hass) == set()
    await pass_time(5 * MINUTE)
    assert is_free(port)


async def test_two_accounts_leave_while_the_port_is_in_use(
    hass: HomeAssistant, other: MockConfigEntry, entry_of_stream: MockConfigEntry, port: int
) -> None:
    """No timer of either is left; the plugin looks for those at the end of the test."""
    with somebody_at(port):
        receiver = await start(hass, entry_of_stream)
        await start(hass, other)
        await hass.config_entries.async_unload(entry_of_stream.entry_id)
        await hass.config_entries.async_unload(other.entry_id)
    assert receiver._retry is None


async def test_an_account_leaves_while_the_receiver_is_busy(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, port: int
) -> None:
    receiver = await start(hass, entry_of_stream)
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    async with receiver._lock:
        joining = asyncio.create_task(
            receiver.async_join("one", Member(Address(HOST, port, port), {}, lambda: None))
        )
        await asyncio.sleep(0)
        leaving = asyncio.create_task(receiver.async_leave("one"))
        looking = asyncio.create_task(receiver._async_watch(dt_util.utcnow()))
        await asyncio.sleep(0)
    await asyncio.gather(joining, leaving, looking)
    assert is_free(port)


async def test_nothing_is_received_after_home_assistant_starts_to_stop(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    port: int,
    hass_storage: dict[str, Any],
) -> None:
    """Records acknowledged after the last write would be lost: they stay with the car instead."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert is_free(port)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    aurora.steer({"open": "df"})
    await pass_time(MINUTE)
    (key,) = (name for name in hass_storage if name.startswith("flotte.ledger."))
    written = hass_storage[key]["data"]["ledger"]["counts"]
    signals = sum(line[4] for line in written if line[1] == "signal")
    assert signals == tesla.streams.link(MODEL_Y).signals


# --- Floods ---------------------------------------------------------------------------------------


def flood(receiver: Receiver) -> None:
    """Strangers have been connecting for longer than a minute."""
    now = asyncio.get_running_loop().time()
    for ago in (100, 50, 1):
        receiver.server._entrance.admission.flood.turned_away(now - ago)


def flood_ends(receiver: Receiver) -> None:
    receiver.server._entrance.admission.flood = FloodWatch()


async def test_a_flood_that_keeps_cars_out_is_reported_until_it_is_over(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, port: int, pass_time: Pass
) -> None:
    receiver = await start(hass, entry_of_stream)
    await pass_time(2 * MINUTE)
    assert issues_of(hass) == set()
    flood(receiver)
    await pass_time(MINUTE)
    assert issues_of(hass) == {f"port_flooded_{port}"}
    assert str(port) in issue_of(hass, f"port_flooded_{port}")
    flood_ends(receiver)
    await pass_time(MINUTE)
    assert issues_of(hass) == set()


async def test_a_flood_that_no_car_is_missing_in_is_not_reported(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    port: int,
    pass_time: Pass,
) -> None:
    receiver = receiver_of(hass, entry_of_stream)
    flood(receiver)
    await pass_time(MINUTE)
    assert issues_of(hass) == set()
    aurora.steer({"state": "asleep"})
    await pass_time(3 * MINUTE)
    assert issues_of(hass) == {f"port_flooded_{port}"}


async def test_a_flood_does_not_matter_after_the_account_left(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, pass_time: Pass
) -> None:
    receiver = await start(hass, entry_of_stream)
    flood(receiver)
    await pass_time(MINUTE)
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    assert issues_of(hass) == set()


# --- Several accounts -----------------------------------------------------------------------------


@pytest.fixture
async def other(
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    make_entry: EntryMaker,
) -> MockConfigEntry:
    """The account of another person in the house, whose car is Comet."""
    comet = tesla.world.cars[MODEL_3]
    comet.pairs_automatically = True
    comet.steer({"account": "owner-2", "user_present": True})
    entry = make_entry("owner-2", options=dict(entry_of_stream.options))
    await register_key(hass_at_tesla, tesla)
    return entry


async def test_two_accounts_on_one_port(
    hass: HomeAssistant,
    other: MockConfigEntry,
    aurora: Car,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    port: int,
) -> None:
    await start(hass, other)
    await pass_time(MINUTE)
    receiver = receiver_of(hass, entry_of_stream)
    assert receiver is receiver_of(hass, other)
    comet = "binary_sensor.comet_streaming"
    assert receiver.describe()["accounts"] == 2
    assert state_of(hass, comet).state == "on"
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert state_of(hass, comet).state == "on"
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await pass_time(MINUTE)
    assert state_of(hass, comet).state == "on"
    assert receiver.server.open_connections == 1
    await hass.config_entries.async_unload(other.entry_id)
    assert is_free(port)
    assert receiver.describe()["running"] is False


async def test_two_accounts_wait_for_one_port(
    hass: HomeAssistant,
    other: MockConfigEntry,
    entry_of_stream: MockConfigEntry,
    port: int,
    pass_time: Pass,
) -> None:
    with somebody_at(port):
        receiver = await start(hass, entry_of_stream)
        await start(hass, other)
        assert issues_of(hass) == {f"port_in_use_{port}"}
    await pass_time(5 * MINUTE)
    assert is_up(receiver)
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await hass.config_entries.async_unload(other.entry_id)


class _Account:
    """A stream that records all calls."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.is_billed = True

    def opened(self, *told: object) -> None:
        self.told.append(("opened", *told))

    def closed(self, *told: object) -> None:
        self.told.append(("closed", *told))

    def receive(self, *told: object) -> None:
        self.told.append(("receive", *told))


async def test_a_car_of_two_accounts_streams_to_both(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
) -> None:
    receiver = await start(hass, entry_of_stream)
    one, two = _Account(), _Account()
    for name, account in (("one", one), ("two", two)):
        await receiver.async_join(
            name,
            Member(
                Address(HOST, receiver._port, receiver._port),
                {"A": account, name: account},  # type: ignore[dict-item]  # all that is called
                lambda: None,
            ),
        )
    both = receiver.members.find("A")
    assert both is not None
    both.opened("1", "wifi")
    both.receive(b"V", b"payload")
    both.closed("1")
    assert (
        one.told
        == two.told
        == [("opened", "1", "wifi"), ("receive", b"V", b"payload"), ("closed", "1")]
    )
    assert receiver.members.find("one") is one
    assert receiver.members.find("B") is None
    for name in ("one", "two"):
        await receiver.async_leave(name)
    assert is_up(receiver)


# --- Whom it lets in ------------------------------------------------------------------------------


def fingerprints(bundle: bytes) -> frozenset[str]:
    return frozenset(
        hashlib.sha256(each.public_bytes(Encoding.DER)).hexdigest()
        for each in x509.load_pem_x509_certificates(bundle)
    )


@pytest.fixture
def real(tesla: Simulator, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As with the real Tesla: only CA certificates of known fingerprints, and they are kept."""

    def hosts(hass: HomeAssistant) -> object:
        return dataclasses.replace(get_hosts(hass), client_ca_is_known=True)

    monkeypatch.setattr(client_cas_module, "get_hosts", hosts)
    monkeypatch.setattr(
        client_cas_module, "TESLA_FINGERPRINTS", fingerprints(tesla.streams.authorities.bundle)
    )
    return monkeypatch


def lead_nowhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Tesla's repository is away, or does not have the file any more."""

    def hosts(hass: HomeAssistant) -> object:
        known = get_hosts(hass)
        return dataclasses.replace(known, client_ca_is_known=True, client_ca_url=url)

    monkeypatch.setattr(client_cas_module, "get_hosts", hosts)


NOWHERE = "http://127.0.0.1:9/prod_ca.crt"


async def test_fetched_once_and_stored(
    hass: HomeAssistant,
    online: Car,
    real: pytest.MonkeyPatch,
    entry_of_stream: MockConfigEntry,
    hass_storage: dict[str, Any],
    pass_time: Pass,
) -> None:
    receiver = await start(hass, entry_of_stream)
    assert is_up(receiver)
    kept = hass_storage["flotte.client_ca"]["data"]["pem"]
    assert kept.count("BEGIN CERTIFICATE") == 4
    lead_nowhere(real, NOWHERE)
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(MINUTE)
    assert is_up(receiver)
    assert state_of(hass, STREAMING).state == "on"


async def test_those_of_a_simulator_are_never_read_from_the_store(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """It makes new ones each time; Tesla's stored ones would let no car in."""
    hass_storage["flotte.client_ca"] = {"version": 1, "data": {"pem": Ca.make("Old").pem}}
    assert (await start(hass, entry_of_stream)).is_running
    assert hass_storage["flotte.client_ca"]["data"]["pem"].count("BEGIN CERTIFICATE") == 4


async def test_stored_files_are_useless(
    hass: HomeAssistant,
    real: pytest.MonkeyPatch,
    entry_of_stream: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    hass_storage["flotte.client_ca"] = {"version": 1, "data": {"pem": "rubbish"}}
    assert (await start(hass, entry_of_stream)).is_running
    assert "rubbish" not in hass_storage["flotte.client_ca"]["data"]["pem"]


async def test_the_owner_s_file_comes_first(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    real: pytest.MonkeyPatch,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
    folder: Path,
) -> None:
    lead_nowhere(real, NOWHERE)
    (folder / CLIENT_CA_FILE).write_bytes(tesla.streams.authorities.bundle)
    assert (await start(hass, entry_of_stream)).is_running
    await pass_time(MINUTE)
    assert state_of(hass, STREAMING).state == "on"


@pytest.mark.parametrize("url", [NOWHERE, "{auth}/simulator/nothing/here"])
@pytest.mark.parametrize("file", [None, b"rubbish", b""])
async def test_missing_and_then_placed_by_the_owner(
    hass: HomeAssistant,
    tesla: Simulator,
    real: pytest.MonkeyPatch,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
    folder: Path,
    port: int,
    url: str,
    file: bytes | None,
) -> None:
    lead_nowhere(real, url.format(auth=tesla.auth_url))
    if file is not None:
        (folder / CLIENT_CA_FILE).write_bytes(file)
    receiver = await start(hass, entry_of_stream)
    assert not is_up(receiver)
    assert issues_of(hass) == {f"client_ca_missing_{port}"}
    text = issue_of(hass, f"client_ca_missing_{port}")
    assert CLIENT_CA_FILE in text
    assert is_free(port)
    (folder / CLIENT_CA_FILE).write_bytes(tesla.streams.authorities.bundle)
    await pass_time(2 * MINUTE)
    assert is_up(receiver)
    assert issues_of(hass) == set()


async def test_unknown_cas_are_not_accepted(
    hass: HomeAssistant,
    real: pytest.MonkeyPatch,
    entry_of_stream: MockConfigEntry,
    folder: Path,
    port: int,
    hass_storage: dict[str, Any],
) -> None:
    """Neither from the file nor from the network, whatever it is called."""
    real.setattr(client_cas_module, "TESLA_FINGERPRINTS", frozenset({"0" * 64}))
    (folder / CLIENT_CA_FILE).write_text(Ca.make("Tesla Motors Products CA").pem, "ascii")
    receiver = await start(hass, entry_of_stream)
    assert not is_up(receiver)
    assert issues_of(hass) == {f"client_ca_missing_{port}"}
    assert "flotte.client_ca" not in hass_storage


async def test_expired_cas_are_dropped_and_logged(
    hass: HomeAssistant,
    tesla: Simulator,
    real: pytest.MonkeyPatch,
    entry_of_stream: MockConfigEntry,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = dt_util.utcnow()
    over = Ca.make("Tesla Issuing CA", start=now - 9 * DAY, end=now - DAY)
    bundle = tesla.streams.authorities.bundle + over.pem.encode()
    real.setattr(client_cas_module, "TESLA_FINGERPRINTS", fingerprints(bundle))
    (folder / CLIENT_CA_FILE).write_bytes(bundle)
    assert (await start(hass, entry_of_stream)).is_running
    assert "Ignoring expired Tesla client CAs: Tesla Issuing CA" in caplog.text


@pytest.mark.parametrize("kind", ["wifi", "stranger", "none"])
async def test_a_car_with_another_certificate_is_refused(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass, kind: str
) -> None:
    aurora.steer({"telemetry": {"certificate": kind}})
    await tesla.streams.link(MODEL_Y).cut()
    await pass_time(2 * MINUTE)
    assert state_of(hass, STREAMING).state == "off"


async def test_an_unknown_car_is_refused(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    assert receiver_of(hass, entry_of_stream).members.find("LRW3E7FS0RC999999") is None


# --- What it shows to cars ------------------------------------------------------------------------


async def test_our_ca_is_made_once(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    """Every start issues a new certificate, which the cars take without being told."""
    authority = await async_get_authority(hass)
    assert aurora.telemetry.subscriptions[CLIENT_ID].claims["ca"] == authority.certificate_pem
    receiver = receiver_of(hass, entry_of_stream)
    assert receiver.certificate is not None
    first = receiver.certificate
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (await async_get_authority(hass)).key_pem() == authority.key_pem()
    second = receiver.certificate
    assert second is not None
    assert first.chain != second.chain
    assert first.ca == second.ca
    assert hass_storage["flotte.telemetry_ca"]["data"]["certificate"] == authority.certificate_pem


async def test_our_ca_cannot_be_read(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    hass_storage: dict[str, Any],
    port: int,
    pass_time: Pass,
) -> None:
    """It is not replaced: all cars trust the old one. With the backup in its place it goes on."""
    broken = {"version": 1, "minor_version": 1, "data": {"certificate": "?", "private_key": "?"}}
    hass_storage["flotte.telemetry_ca"] = dict(broken)
    receiver = await start(hass, entry_of_stream)
    assert issues_of(hass) == {f"authority_unusable_{port}"}
    assert ".storage/flotte.telemetry_ca" in issue_of(hass, f"authority_unusable_{port}")
    assert hass_storage["flotte.telemetry_ca"] == broken
    assert not is_up(receiver)
    backup = Authority.generate(dt_util.utcnow())
    hass_storage["flotte.telemetry_ca"] = {
        "version": 1,
        "data": {"certificate": backup.certificate_pem, "private_key": backup.key_pem()},
    }
    await pass_time(2 * MINUTE)
    assert is_up(receiver)
    assert issues_of(hass) == set()


async def test_our_certificate_is_renewed_without_reconfiguring_the_cars(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """At two thirds of its life; the connections that are up stay up."""
    receiver = receiver_of(hass, entry_of_stream)
    authority = await async_get_authority(hass)
    now = dt_util.utcnow()
    young = authority.issue(HOST, now - 200 * DAY)
    receiver.certificate = young
    await pass_time(61 * MINUTE)
    assert receiver.certificate == young
    receiver.certificate = authority.issue(HOST, now - 265 * DAY)
    await pass_time(61 * MINUTE)
    renewed = receiver.certificate
    assert renewed is not None
    assert renewed.not_before > now - 2 * DAY
    assert renewed.ca == young.ca
    link = tesla.streams.link(MODEL_Y)
    assert link.connections == 1
    await link.cut()
    await pass_time(MINUTE)
    assert link.is_connected
    assert link._connection._socket is not None
    shown = link._connection._socket.get_extra_info("ssl_object").getpeercert(binary_form=True)
    assert shown == x509.load_pem_x509_certificate(renewed.chain.encode()).public_bytes(
        Encoding.DER
    )
    assert sum(each.endpoint == "fleet_telemetry_config_jws" for each in tesla.requests) == 1


async def test_the_folder_cannot_be_written(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, folder: Path, port: int, pass_time: Pass
) -> None:
    """The key goes through a file for a moment."""
    (folder / ".storage").write_text("not a folder", "ascii")
    receiver = await start(hass, entry_of_stream)
    assert issues_of(hass) == {f"certificate_unusable_{port}"}
    (folder / ".storage").unlink()
    await pass_time(2 * MINUTE)
    assert is_up(receiver)
    assert list((folder / ".storage").iterdir()) == [], "no key is left behind"


@dataclasses.dataclass
class Files:
    """The owner's certificate."""

    folder: Path
    ca: Ca = dataclasses.field(default_factory=lambda: Ca.make("The owner's CA"))

    def write(self, host: str = HOST) -> None:
        """A new certificate."""
        issued = self.ca.issue(host, SERVER, hosts=(host,))
        (self.folder / "chain.pem").write_text(issued.pem + self.ca.pem, "ascii")
        (self.folder / "key.pem").write_text(issued.key_pem, "ascii")

    def write_half(self) -> None:
        """As a renewal that was interrupted leaves it."""
        issued = self.ca.issue(HOST, SERVER, hosts=(HOST,))
        (self.folder / "chain.pem").write_text(issued.pem + self.ca.pem, "ascii")


@pytest.fixture
def files(hass: HomeAssistant, entry_of_stream: MockConfigEntry, folder: Path) -> Files:
    """The files of a certificate program, one by its full name."""
    hass.config_entries.async_update_entry(
        entry_of_stream,
        options={
            **entry_of_stream.options,
            "stream_certificate": "files",
            "stream_certificate_file": "chain.pem",
            "stream_key_file": str(folder / "key.pem"),
        },
    )
    files = Files(folder)
    files.write()
    return files


@pytest.fixture
def sent(tesla: Simulator) -> Any:
    """How many configurations were sent."""
    return lambda: sum(each.endpoint == "fleet_telemetry_config_jws" for each in tesla.requests)


async def test_the_owner_s_certificate(
    hass: HomeAssistant,
    files: Files,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    assert aurora.telemetry.subscriptions[CLIENT_ID].claims["ca"].split() == files.ca.pem.split()
    assert "flotte.telemetry_ca" not in hass_storage
    assert receiver_of(hass, entry_of_stream).describe()["own_certificate"] is False


async def test_a_new_file_is_noticed_within_the_hour(
    hass: HomeAssistant,
    files: Files,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    sent: Any,
) -> None:
    """The cars get a new configuration only if they have to trust another authority."""
    receiver = receiver_of(hass, entry_of_stream)
    first = receiver.certificate
    await pass_time(HOUR)
    assert receiver.certificate is first
    files.write()
    await pass_time(HOUR)
    second = receiver.certificate
    assert second is not first
    assert sent() == 1
    files.ca = Ca.make("Another CA")
    files.write()
    await pass_time(65 * MINUTE)
    assert receiver.certificate is not second
    assert sent() == 2
    assert aurora.telemetry.subscriptions[CLIENT_ID].claims["ca"].split() == files.ca.pem.split()
    await tesla.streams.link(MODEL_Y).cut()
    await pass_time(MINUTE)
    assert state_of(hass, STREAMING).state == "on"


async def test_a_chain_without_its_root(
    hass: HomeAssistant,
    files: Files,
    online: Car,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
) -> None:
    """The simulated car insists on a root; the owner learns that once it does not connect."""
    root = Ca.make("The owner's root")
    files.ca = Ca.make("The owner's intermediate", root)
    files.write()
    await set_up(hass, entry_of_stream)
    await hass.async_block_till_done(wait_background_tasks=True)
    certificate = receiver_of(hass, entry_of_stream).certificate
    assert certificate is not None
    assert not certificate.is_anchored
    await pass_time(25 * MINUTE)
    assert issues_of(hass) == set()
    await pass_time(80 * MINUTE)
    issue = f"stream_unanchored_{MODEL_Y[-6:]}"
    assert issue in issues_of(hass)
    assert "root certificate" in issue_of(hass, issue)
    with (files.folder / "chain.pem").open("a", encoding="ascii") as file:
        file.write(root.pem)
    await pass_time(65 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


async def test_a_car_that_trusts_a_chain_without_its_root(
    hass: HomeAssistant,
    files: Files,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    pass_time: Pass,
) -> None:
    """It connects, so the owner has nothing to do."""
    receiver = receiver_of(hass, entry_of_stream)
    assert receiver.certificate is not None
    unanchored = dataclasses.replace(receiver.certificate, is_anchored=False)
    monkeypatch.setattr(receiver, "certificate", unanchored)
    await pass_time(3 * HOUR)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


@pytest.mark.parametrize("mended", ["as it was", "with another one"])
async def test_a_broken_file_is_reported_and_the_old_one_stays(
    hass: HomeAssistant,
    files: Files,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    port: int,
    mended: str,
) -> None:
    chain = (files.folder / "chain.pem").read_bytes()
    files.write_half()
    await pass_time(61 * MINUTE)
    assert issues_of(hass) == {f"certificate_unusable_{port}"}
    await tesla.streams.link(MODEL_Y).cut()
    await pass_time(MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    if mended == "as it was":
        (files.folder / "chain.pem").write_bytes(chain)
    else:
        files.write()
    await pass_time(61 * MINUTE)
    assert issues_of(hass) == set()


async def test_a_new_file_while_tesla_s_certificates_are_away(
    hass: HomeAssistant,
    files: Files,
    aurora: Car,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A simulator's are fetched every time; if that fails, the old ones are used."""
    receiver = receiver_of(hass, entry_of_stream)
    first = receiver.certificate

    def hosts(hass: HomeAssistant) -> object:
        return dataclasses.replace(get_hosts(hass), client_ca_url=NOWHERE)

    files.write()
    with monkeypatch.context() as broken:
        broken.setattr(client_cas_module, "get_hosts", hosts)
        await pass_time(61 * MINUTE)
    assert receiver.certificate is first
    await pass_time(61 * MINUTE)
    assert receiver.certificate is not first


@pytest.mark.parametrize("missing", ["chain.pem", "key.pem"])
async def test_a_file_is_missing_at_the_start(
    hass: HomeAssistant,
    files: Files,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
    port: int,
    missing: str,
) -> None:
    (files.folder / missing).unlink()
    receiver = await start(hass, entry_of_stream)
    assert issues_of(hass) == {f"certificate_unusable_{port}"}
    files.write()
    await pass_time(2 * MINUTE)
    assert is_up(receiver)
    assert issues_of(hass) == set()


async def test_the_description_is_not_private(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, port: int
) -> None:
    receiver = receiver_of(hass, entry_of_stream)
    assert receiver.certificate is not None
    told = receiver.describe()
    server = told.pop("server")
    assert told == {
        "port": port,
        "running": True,
        "accounts": 1,
        "certificate_until": receiver.certificate.not_after.isoformat(),
        "own_certificate": True,
    }
    assert (server["is_listening"], server["cars"], server["messages"] > 0) == (True, 1, True)


# --- While a car drives ---------------------------------------------------------------------------

ROUTE = {"drive": {"route": [[52.37, 4.89], [52.41, 4.97], [52.5, 5.1]]}}


@pytest.fixture
def told(aurora: Car, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The messages of the car from now on, oldest first."""
    told: list[bytes] = []
    subscription = aurora.telemetry.subscriptions[CLIENT_ID]
    put = subscription.put

    def note(item: Emission | Goodbye) -> None:
        if isinstance(item, Emission):
            told.append(item.payload)
        put(item)

    monkeypatch.setattr(subscription, "put", note)
    return told


@pytest.fixture
def received(
    aurora: Car, entry_of_stream: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> list[bytes]:
    """The messages that our side receives from now on, oldest first."""
    received: list[bytes] = []
    stream = vehicle_of(entry_of_stream, MODEL_Y).stream
    take_in = stream.receive

    def note(topic: bytes, payload: bytes) -> None:
        received.append(payload)
        take_in(topic, payload)

    monkeypatch.setattr(stream, "receive", note)
    return received


async def test_no_message_that_the_car_still_holds_is_lost(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    told: list[bytes],
    received: list[bytes],
) -> None:
    """The server dies in the middle of a drive, and is back two minutes later."""
    receiver = receiver_of(hass, entry_of_stream)
    aurora.steer(ROUTE)
    await pass_time(3 * MINUTE)
    assert received == told != []
    for connection in tuple(receiver.server._secured):
        connection.abort()
    await receiver.server.stop()
    receiver._is_running = False
    before = len(received)
    await pass_time(2 * MINUTE)
    assert len(told) > len(received) == before
    await receiver._async_run()
    await pass_time(2 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert received == told
    link = tesla.streams.link(MODEL_Y)
    assert (link.describe()["unacknowledged"], link.describe()["kept"]) == (0, 0)
    await check_bill(hass, tesla)


async def test_nothing_is_lost_over_a_restart_of_the_account(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    told: list[bytes],
) -> None:
    aurora.steer(ROUTE)
    await pass_time(MINUTE)
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await pass_time(MINUTE)
    waiting = tesla.streams.link(MODEL_Y).describe()["kept"]
    assert waiting > 0
    await start(hass, entry_of_stream)
    await pass_time(MINUTE)
    link = tesla.streams.link(MODEL_Y)
    assert (link.describe()["unacknowledged"], link.describe()["kept"]) == (0, 0)
    assert link.sent["V"] >= len(told)
    await check_bill(hass, tesla)


async def test_unacknowledged_messages_are_resent(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection breaks between taking in and acknowledging: it is billed twice, and shown."""
    stream = vehicle_of(entry_of_stream, MODEL_Y).stream
    receiver = receiver_of(hass, entry_of_stream)
    take_in = stream.receive

    def break_off(topic: bytes, payload: bytes) -> None:
        take_in(topic, payload)
        monkeypatch.setattr(stream, "receive", take_in)
        for connection in tuple(receiver.server._secured):
            connection.abort()

    monkeypatch.setattr(stream, "receive", break_off)
    link = tesla.streams.link(MODEL_Y)
    aurora.steer({"open": "df"})
    await pass_time(2 * MINUTE)
    assert link.resends == 1
    assert link.describe()["unacknowledged"] == 0
    assert state_of(hass, "binary_sensor.aurora_front_driver_door").state == "on"
    assert state_of(hass, STREAMING).state == "on"


# --- What is fetched, and who pays ----------------------------------------------------------------


async def test_a_file_that_comes_in_two_parts(
    hass: HomeAssistant,
    tesla: Simulator,
    real: pytest.MonkeyPatch,
    hass_storage: dict[str, Any],
) -> None:
    """Half of it would lock out half of the cars, for ever if it is stored."""
    bundle = tesla.streams.authorities.bundle
    half = bundle.index(b"-----BEGIN", len(bundle) // 2)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(bundle[:half])
        await asyncio.sleep(0.05)  # so that these are two packets
        await response.write(bundle[half:])
        return response

    app = web.Application()
    app.router.add_get("/prod_ca.crt", answer)
    server = TestServer(app)
    await server.start_server()
    try:
        lead_nowhere(real, str(server.make_url("/prod_ca.crt")))
        pem = await async_get_client_cas(hass)
    finally:
        await server.close()
    assert pem.count("BEGIN CERTIFICATE") == 4
    assert hass_storage["flotte.client_ca"]["data"]["pem"] == pem


async def test_an_incomplete_file_is_used_but_not_stored(
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    real: pytest.MonkeyPatch,
    hass_storage: dict[str, Any],
) -> None:
    known = fingerprints(tesla.streams.authorities.bundle)
    real.setattr(client_cas_module, "TESLA_FINGERPRINTS", known | {"0" * 64})
    assert (await async_get_client_cas(hass_at_tesla)).count("BEGIN CERTIFICATE") == 4
    assert "flotte.client_ca" not in hass_storage


async def test_a_file_of_another_version_is_better_than_nothing(
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    real: pytest.MonkeyPatch,
    hass_storage: dict[str, Any],
) -> None:
    """It knew other fingerprints, so a newer file is tried first."""
    await async_get_client_cas(hass_at_tesla)
    kept = hass_storage["flotte.client_ca"]["data"]
    kept["table"] = "other"
    lead_nowhere(real, NOWHERE)
    assert await async_get_client_cas(hass_at_tesla) == kept["pem"]


async def test_a_car_of_two_entries_of_one_application_is_counted_once(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry
) -> None:
    receiver = await start(hass, entry_of_stream)
    address = Address(HOST, receiver._port, receiver._port)
    bill, other_bill = Meter(), Meter()
    accounts = {name: _Account() for name in ("one", "two", "three")}
    for name, meter in (("one", bill), ("two", bill), ("three", other_bill)):
        streams: Any = {"A": accounts[name]}
        await receiver.async_join(name, Member(address, streams, lambda: None, meter))
    assert [each.is_billed for each in accounts.values()] == [True, False, True]
    await receiver.async_leave("one")
    assert [accounts[name].is_billed for name in ("two", "three")] == [True, True]
    for name in ("two", "three"):
        await receiver.async_leave(name)


async def test_the_first_account_s_host_name_changes(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry
) -> None:
    """The certificate is for the first one now; two names at once are reported."""
    receiver = Receiver(hass, 0)

    async def join(name: str, host: str) -> None:
        await receiver.async_join(name, Member(Address(host, 4443, 0), {}, lambda: None))

    def shown() -> list[str]:
        assert receiver.certificate is not None
        leaf = x509.load_pem_x509_certificate(receiver.certificate.chain.encode())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return names.value.get_values_for_type(x509.DNSName)

    hass.data["flotte_receivers"] = {0: receiver}
    await join("one", HOST)
    await join("two", HOST)
    assert (shown(), issues_of(hass)) == ([HOST], set())
    await receiver.async_leave("one")
    await join("one", "other.flotte.example")
    assert shown() == [HOST]
    assert issues_of(hass) == {"host_names_differ_0"}
    assert "other.flotte.example" in issue_of(hass, "host_names_differ_0")
    await receiver.async_leave("two")
    assert (shown(), issues_of(hass)) == (["other.flotte.example"], set())
    await receiver.async_leave("one")

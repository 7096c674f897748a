"""The Fleet API: every request passes the meter, and every answer has the right meaning."""

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, override

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla.api.fleet import MAX_REPLY, FleetApi
from custom_components.flotte.tesla.api.partner import partner_token
from custom_components.flotte.tesla.api.rate_limits import RateLimits
from custom_components.flotte.tesla.errors import (
    STATUS_TABLE,
    AccountSuspended,
    AnswerLost,
    BadRequest,
    BudgetExceeded,
    InvalidAnswer,
    LoginRequired,
    MissingScope,
    MobileAccessDisabled,
    NotFound,
    NotRegistered,
    PublicKeyNotFetched,
    RateLimited,
    ServiceError,
    TeslaError,
    Unreachable,
    VehicleUnavailable,
    WrongRegion,
)
from custom_components.flotte.tesla.hosts import simulated
from custom_components.flotte.tesla.spending.caller import POLLING
from custom_components.flotte.tesla.spending.endpoints import Endpoint
from custom_components.flotte.tesla.spending.ledger import Booking, Ledger, LedgerKey
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from tests.simulator.visitor import SECRETS, KeyHost
from tests.tesla.account import CLIENT_ID, MODEL_3, MODEL_S, MODEL_Y, PERSON, SITE, Account
from tests.tesla.servers import Forgetful, Server, closed_port, until

TODAY = date(2026, 3, 10)


@pytest.fixture
async def stranger(socket_enabled: None) -> AsyncIterator[Server]:
    """A host that is not Tesla's."""
    async with Server() as server:
        yield server


@pytest.fixture
async def forgetful(socket_enabled: None) -> AsyncIterator[Forgetful]:
    """A host that closes connections that it was to keep."""
    async with Forgetful() as server:
        yield server


def api_at(url: str, session: aiohttp.ClientSession, meter: Meter | None = None) -> FleetApi:
    """An API whose Tesla lives at `url`, with a ledger of its own."""

    async def token(_renewed: bool) -> str:  # noqa: FBT001  # the signature of a token source
        return "token"

    return FleetApi(
        session,
        token,
        hosts=simulated(url, {"eu": url}),
        base_url=url,
        meter=meter or Meter(budget=Decimal(10)),
    )


# --- Endpoints -----------------------------------------------------------------------------------

type Call = Callable[[FleetApi], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A method, its request, its booking, and a part of the answer."""

    name: str
    call: Call
    sent: str
    category: Category
    car: str
    caller: str
    holds: Callable[[Any], bool]


SECTIONS = (
    "charge_state%3Bclimate_state%3Bdrive_state%3Bvehicle_state%3Bvehicle_config"
    "%3Bcharge_schedule_data%3Bpreconditioning_schedule_data"
)

ENDPOINTS = (
    Case(
        name="products",
        call=lambda api: api.products(),
        sent="GET /api/1/products",
        category=Category.FREE,
        car="",
        caller="background:setup",
        holds=lambda answer: (
            {each.get("vin") or each["energy_site_id"] for each in answer}
            == {MODEL_Y, MODEL_3, MODEL_S, SITE}
        ),
    ),
    Case(
        name="region",
        call=lambda api: api.region(),
        sent="GET /api/1/users/region",
        category=Category.FREE,
        car="",
        caller="background:setup",
        holds=lambda answer: answer.startswith("http://127.0.0.1:"),
    ),
    Case(
        name="fleet_status",
        call=lambda api: api.fleet_status([MODEL_Y, MODEL_3]),
        sent="POST /api/1/vehicles/fleet_status",
        category=Category.FREE,
        car="",
        caller="background:setup",
        holds=lambda answer: (
            answer["key_paired_vins"] == [MODEL_Y] and answer["unpaired_vins"] == [MODEL_3]
        ),
    ),
    Case(
        name="vehicle",
        call=lambda api: api.vehicle(MODEL_Y, POLLING),
        sent=f"GET /api/1/vehicles/{MODEL_Y}",
        category=Category.FREE,
        car=MODEL_Y,
        caller="background:polling",
        holds=lambda answer: answer["state"] == "asleep",
    ),
    Case(
        name="vehicle_data",
        call=lambda api: api.vehicle_data(MODEL_3, POLLING),
        sent=f"GET /api/1/vehicles/{MODEL_3}/vehicle_data?endpoints={SECTIONS}",
        category=Category.DATA,
        car=MODEL_3,
        caller="background:polling",
        holds=lambda answer: (
            answer["charge_state"]["battery_level"] == 54
            and "latitude" not in answer["drive_state"]
        ),
    ),
    Case(
        name="vehicle_data with location",
        call=lambda api: api.vehicle_data(MODEL_3, PERSON, location=True),
        sent=f"GET /api/1/vehicles/{MODEL_3}/vehicle_data?endpoints={SECTIONS}%3Blocation_data",
        category=Category.DATA,
        car=MODEL_3,
        caller="person:robin",
        holds=lambda answer: answer["drive_state"]["latitude"] == pytest.approx(52.3792),
    ),
    Case(
        name="wake_up",
        call=lambda api: api.wake_up(MODEL_Y, PERSON),
        sent=f"POST /api/1/vehicles/{MODEL_Y}/wake_up",
        category=Category.WAKE,
        car=MODEL_Y,
        caller="person:robin",
        holds=lambda answer: answer["vin"] == MODEL_Y,
    ),
    Case(
        name="command",
        call=lambda api: api.command(MODEL_S, "set_charge_limit", {"percent": 70}, PERSON),
        sent=f"POST /api/1/vehicles/{MODEL_S}/command/set_charge_limit",
        category=Category.COMMAND,
        car=MODEL_S,
        caller="person:robin",
        holds=lambda answer: answer == {"result": True, "reason": ""},
    ),
    Case(
        name="live_status",
        call=lambda api: api.live_status(SITE, POLLING),
        sent=f"GET /api/1/energy_sites/{SITE}/live_status",
        category=Category.ENERGY,
        car=str(SITE),
        caller="background:polling",
        holds=lambda answer: "solar_power" in answer,
    ),
    Case(
        name="site_info",
        call=lambda api: api.site_info(SITE, POLLING),
        sent=f"GET /api/1/energy_sites/{SITE}/site_info",
        category=Category.ENERGY,
        car=str(SITE),
        caller="background:polling",
        holds=lambda answer: "backup_reserve_percent" in answer,
    ),
    Case(
        name="energy_history",
        call=lambda api: api.energy_history(
            SITE,
            datetime.fromisoformat("2026-03-09T00:00:00+01:00"),
            datetime.fromisoformat("2026-03-09T23:59:59+01:00"),
            "Europe/Amsterdam",
            POLLING,
        ),
        sent=(
            f"GET /api/1/energy_sites/{SITE}/calendar_history?kind=energy"
            "&start_date=2026-03-09T00:00:00%2B01:00&end_date=2026-03-09T23:59:59%2B01:00"
            "&period=day&time_zone=Europe/Amsterdam"
        ),
        category=Category.ENERGY,
        car=str(SITE),
        caller="background:polling",
        holds=lambda answer: (
            answer["time_series"][0]["timestamp"] == "2026-03-09T00:00:00+01:00"
            and len(answer["time_series"]) == 288
        ),
    ),
    Case(
        name="site_command",
        call=lambda api: api.site_command(
            SITE, Endpoint.BACKUP, {"backup_reserve_percent": 30}, PERSON
        ),
        sent=f"POST /api/1/energy_sites/{SITE}/backup",
        category=Category.ENERGY,
        car=str(SITE),
        caller="person:robin",
        holds=lambda answer: answer == {"Message": "Backup reserve updated", "Code": 200},
    ),
)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
async def test_endpoint(account: Account, endpoint: Case) -> None:
    answer = await endpoint.call(account.api)
    assert endpoint.holds(answer), answer
    assert account.arrived == [endpoint.sent]
    row = LedgerKey(TODAY, endpoint.category, endpoint.car, endpoint.caller)
    assert account.meter.ledger.counts == {row: 1}
    assert account.kept == [Booking(row, 1)]


async def test_a_command_reaches_the_car_with_its_parameters(account: Account) -> None:
    await account.api.command(MODEL_S, "set_charge_limit", {"percent": 70}, PERSON)
    (execution,) = account.tesla.world.cars[MODEL_S].executions
    assert (execution.name, execution.parameters, execution.signed) == (
        "set_charge_limit",
        {"percent": 70},
        False,
    )


async def test_signed_command_brings_the_reply(account: Account) -> None:
    answer: dict[str, Any] = {"response": b64encode(b"reply \x00\xff").decode()}
    account.tesla.faults.order("status", status=200, body=answer)
    assert await account.api.signed_command(MODEL_3, b"message", PERSON) == b"reply \x00\xff"
    assert account.arrived == [f"POST /api/1/vehicles/{MODEL_3}/signed_command"]
    assert account.booked() == {Category.COMMAND: 1}


async def test_a_message_that_is_none_is_a_bad_request(account: Account) -> None:
    """Not ordered: the simulator reads the real request."""
    with pytest.raises(BadRequest):
        await account.api.signed_command(MODEL_3, b"\x32\x02\x08\x02\x12", PERSON)


async def test_register(tesla: Simulator, session: aiohttp.ClientSession) -> None:
    account = Account(tesla, session)
    async with KeyHost() as host:
        tesla.domains["flotte.example"] = host.url
        token = await partner_token(
            session,
            account.hosts,
            tesla.eu_url,
            client_id=CLIENT_ID,
            client_secret=SECRETS[CLIENT_ID],
        )
        account.access_token = token
        answer = await account.api.register("flotte.example")
        assert answer["public_key"] == host.point.hex()
    assert account.booked() == {Category.FREE: 1}
    assert account.endpoints == ["token", "register"]


# --- The stream ----------------------------------------------------------------------------------


class Configurator:
    """Tesla's endpoints of the stream: they record requests, and count concurrent ones."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.answer: object = {"updated_vehicles": 1}
        self.status = 200
        self.held: asyncio.Event | None = None
        """Set by a test that wants the answers to wait for it."""
        self.together = self.most_together = 0
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Return the ordered answer."""
        self.seen.append((request.method, request.path, await request.text()))
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        if self.held is not None:
            await self.held.wait()
        self.together -= 1
        return web.json_response({"response": self.answer}, status=self.status)


@pytest.fixture
async def configurator(socket_enabled: None) -> AsyncIterator[Configurator]:
    """A host that has only these endpoints."""
    configurator = Configurator()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", configurator.handle)
    async with TestServer(application) as server:
        configurator.url = str(server.make_url("")).rstrip("/")
        yield configurator


@pytest.mark.parametrize(
    ("call", "sent", "body", "car", "answer"),
    [
        (
            lambda api: api.configure_telemetry([MODEL_Y], "a.b.c", POLLING),
            "POST /api/1/vehicles/fleet_telemetry_config_jws",
            {"vins": [MODEL_Y], "token": "a.b.c"},
            MODEL_Y,
            {"updated_vehicles": 1},
        ),
        (
            lambda api: api.configure_telemetry([MODEL_Y, MODEL_3], "a.b.c", POLLING),
            "POST /api/1/vehicles/fleet_telemetry_config_jws",
            {"vins": [MODEL_Y, MODEL_3], "token": "a.b.c"},
            "",
            {"updated_vehicles": 1, "skipped_vehicles": {"missing_key": [MODEL_3]}},
        ),
        (
            lambda api: api.telemetry_config(MODEL_Y, POLLING),
            f"GET /api/1/vehicles/{MODEL_Y}/fleet_telemetry_config",
            None,
            MODEL_Y,
            {"synced": True, "config": None},
        ),
        (
            lambda api: api.delete_telemetry_config(MODEL_Y, POLLING),
            f"DELETE /api/1/vehicles/{MODEL_Y}/fleet_telemetry_config",
            None,
            MODEL_Y,
            {"updated_vehicles": 1},
        ),
        (
            lambda api: api.telemetry_errors(MODEL_Y, POLLING),
            f"GET /api/1/vehicles/{MODEL_Y}/fleet_telemetry_errors",
            None,
            MODEL_Y,
            {"fleet_telemetry_errors": []},
        ),
    ],
    ids=["configure one", "configure several", "config", "delete", "errors"],
)
async def test_endpoints_of_the_stream(
    configurator: Configurator,
    session: aiohttp.ClientSession,
    call: Call,
    sent: str,
    body: object,
    car: str,
    answer: object,
) -> None:
    configurator.answer = answer
    api = api_at(configurator.url, session)
    assert await call(api) == answer
    ((method, path, text),) = configurator.seen
    assert f"{method} {path}" == sent
    assert (json.loads(text) if text else None) == body
    assert api.meter.ledger.counts == {
        LedgerKey(TODAY, Category.DATA, car, "background:polling"): 1
    }


async def test_errors_of_the_stream_as_a_bare_list(
    configurator: Configurator, session: aiohttp.ClientSession
) -> None:
    configurator.answer = [{"error": "trouble"}]
    answer = await api_at(configurator.url, session).telemetry_errors(MODEL_Y, POLLING)
    assert answer == {"fleet_telemetry_errors": [{"error": "trouble"}]}


@pytest.mark.parametrize("answer", [None, "text", 7])
@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.configure_telemetry([MODEL_Y], "a.b.c", POLLING),
        lambda api: api.telemetry_config(MODEL_Y, POLLING),
        lambda api: api.delete_telemetry_config(MODEL_Y, POLLING),
        lambda api: api.telemetry_errors(MODEL_Y, POLLING),
    ],
)
async def test_an_answer_about_the_stream_that_is_none(
    configurator: Configurator, session: aiohttp.ClientSession, call: Call, answer: object
) -> None:
    configurator.answer = answer
    with pytest.raises(InvalidAnswer):
        await call(api_at(configurator.url, session))


async def test_configurations_are_sent_one_at_a_time(
    configurator: Configurator, session: aiohttp.ClientSession
) -> None:
    """Tesla answers 429 to a second one while the first is under way."""
    configurator.held = asyncio.Event()
    api = api_at(configurator.url, session)
    calls = [
        asyncio.ensure_future(api.configure_telemetry([vin], "a.b.c", POLLING))
        for vin in (MODEL_Y, MODEL_3, MODEL_S)
    ]
    await until(lambda: configurator.seen)
    for _ in range(2000):
        await asyncio.sleep(0)
    assert len(configurator.seen) == 1
    assert sum(api.meter.ledger.counts.values()) == 1, "what waits is not booked"
    configurator.held.set()
    await asyncio.gather(*calls)
    assert len(configurator.seen) == 3
    assert configurator.most_together == 1


async def test_a_failed_configuration_does_not_block_the_next(
    configurator: Configurator, session: aiohttp.ClientSession
) -> None:
    configurator.status = 500
    api = api_at(configurator.url, session)
    with pytest.raises(ServiceError):
        await api.configure_telemetry([MODEL_Y], "a.b.c", POLLING)
    configurator.status = 200
    assert await api.configure_telemetry([MODEL_Y], "a.b.c", POLLING) == {"updated_vehicles": 1}


# --- Meanings of answers -------------------------------------------------------------------------

STATUSES = [
    *((row.status, row.text, row.error) for row in STATUS_TABLE),
    (500, "upstream internal error", ServiceError),
    (503, "vehicle is not available", ServiceError),
    (540, "", ServiceError),
    (418, "", ServiceError),
]


@pytest.mark.parametrize(("status", "text", "error"), STATUSES)
async def test_a_status_becomes_its_error_and_is_booked_as_tesla_bills_it(
    account: Account, status: int, text: str, error: type[TeslaError]
) -> None:
    body = json.dumps({"response": None, "error": text, "error_description": "as it is"})
    account.tesla.faults.order("status", count=None, status=status, body=body)
    with pytest.raises(TeslaError) as raised:
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert type(raised.value) is error
    if error is not WrongRegion:
        wording = f"{text}: as it is" if text else "as it is"
        assert raised.value.detail == f"{status}: {wording}"
    attempts = 2 if error is LoginRequired else 1
    assert len(account.arrived) == attempts
    assert account.booked()[Category.DATA] == (0 if status >= 500 else attempts)
    assert not account.unanswered()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error":"not_found"}', "not_found"),
        ('{"error":"not_found","error_description":null}', "not_found"),
        ("<html>gone</html>", "<html>gone</html>"),
        ("[1]", "[1]"),
        ('{"message":"gone"}', '{"message":"gone"}'),
        ("x" * 500, "x" * 200),
        ("", ""),
    ],
)
async def test_teslas_own_words(account: Account, body: str, words: str) -> None:
    account.tesla.faults.order("status", status=404, body=body)
    with pytest.raises(NotFound) as raised:
        await account.api.vehicle(MODEL_3, POLLING)
    assert raised.value.detail == f"404: {words}"


@pytest.mark.parametrize("body", ["", "not JSON", "[]", "7", "null", "{}", '{"error":"none"}'])
async def test_an_answer_that_cannot_be_read(account: Account, body: str) -> None:
    account.tesla.faults.order("status", status=200, body=body)
    with pytest.raises(InvalidAnswer):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.booked() == {Category.DATA: 1}


@pytest.mark.parametrize(
    ("call", "response"),
    [
        (lambda api: api.products(), {}),
        (lambda api: api.products(), None),
        (lambda api: api.region(), "eu"),
        (lambda api: api.vehicle(MODEL_Y, POLLING), None),
        (lambda api: api.vehicle_data(MODEL_Y, POLLING), []),
        (lambda api: api.command(MODEL_S, "honk_horn", {}, PERSON), True),
        (lambda api: api.signed_command(MODEL_Y, b"message", PERSON), {}),
        (lambda api: api.signed_command(MODEL_Y, b"message", PERSON), None),
        (lambda api: api.signed_command(MODEL_Y, b"message", PERSON), "no base64!"),
        (lambda api: api.signed_command(MODEL_Y, b"message", PERSON), "AAA"),
        (lambda api: api.signed_command(MODEL_Y, b"message", PERSON), "A" * (MAX_REPLY + 4)),
    ],
)
async def test_an_answer_of_another_kind(account: Account, call: Call, response: object) -> None:
    account.tesla.faults.order("status", status=200, body={"response": response})
    with pytest.raises(InvalidAnswer):
        await call(account.api)


async def test_a_signed_reply_with_other_characters_cannot_be_read(account: Account) -> None:
    account.tesla.faults.order("status", status=200, body={"response": "Grüße"})
    with pytest.raises(InvalidAnswer):
        await account.api.signed_command(MODEL_Y, b"message", PERSON)


@pytest.mark.parametrize("response", [None, [], "", 7])
async def test_a_dead_site_has_no_data(account: Account, response: object) -> None:
    account.tesla.faults.order("status", status=200, body={"response": response})
    assert await account.api.live_status(SITE, POLLING) == {}


async def test_products_that_are_none_are_left_out(account: Account) -> None:
    answer: dict[str, Any] = {"response": [{"vin": MODEL_Y}, None, "text", []]}
    account.tesla.faults.order("status", status=200, body=answer)
    assert await account.api.products() == [{"vin": MODEL_Y}]


async def test_half_an_answer_cannot_be_read(account: Account) -> None:
    account.tesla.faults.order("malformed")
    with pytest.raises(InvalidAnswer):
        await account.api.vehicle_data(MODEL_3, POLLING)


async def test_a_sleeping_car_is_unavailable_and_billed(account: Account) -> None:
    with pytest.raises(VehicleUnavailable):
        await account.api.vehicle_data(MODEL_Y, POLLING)
    assert account.booked() == {Category.DATA: 1}


async def test_not_registered(account: Account) -> None:
    account.tesla.accounts.registrations.clear()
    with pytest.raises(NotRegistered):
        await account.api.products()


async def test_missing_scope(tesla: Simulator, session: aiohttp.ClientSession) -> None:
    account = Account(tesla, session, scopes=frozenset({"openid", "energy_device_data"}))
    account.register()
    with pytest.raises(MissingScope):
        await account.api.vehicle(MODEL_Y, POLLING)
    account.check_bill()


# --- Suspended, and the budget -------------------------------------------------------------------


async def test_exceeded_limit_stops_paid_requests_until_resumed(
    account: Account, freezer: FrozenDateTimeFactory
) -> None:
    account.tesla.faults.order(
        "status", status=403, body='{"error":"account disabled: EXCEEDED_LIMIT"}'
    )
    with pytest.raises(AccountSuspended):
        await account.api.vehicle_data(MODEL_3, POLLING)
    arrived = len(account.arrived)
    with pytest.raises(AccountSuspended):
        await account.api.vehicle_data(MODEL_3, POLLING)
    with pytest.raises(AccountSuspended):
        await account.api.wake_up(MODEL_Y, PERSON)
    assert len(account.arrived) == arrived, "nothing paid leaves"
    await account.api.vehicle(MODEL_3, POLLING)
    account.meter.resume()
    await account.api.vehicle_data(MODEL_3, POLLING)


async def test_missing_payment_does_not_count_as_the_limit(account: Account) -> None:
    account.tesla.faults.order("status", status=402)
    with pytest.raises(AccountSuspended):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.meter.suspension.month is None


async def test_without_budget_nothing_is_sent(account: Account) -> None:
    account.meter.budget = Decimal("0.001")
    with pytest.raises(BudgetExceeded):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.arrived == []
    assert account.booked() == {}
    assert account.kept == []


# --- Tokens --------------------------------------------------------------------------------------


async def test_a_refused_token_is_renewed_once(account: Account) -> None:
    account.tesla.faults.order("status", status=401, body='{"error":"token expired (401)"}')
    answer = await account.api.vehicle_data(MODEL_3, POLLING)
    assert answer["vin"] == MODEL_3
    assert account.asked_for_tokens == [False, True]
    assert account.booked() == {Category.DATA: 2}, "the refused one is billed, too"


async def test_and_only_once(account: Account) -> None:
    account.tesla.faults.order("status", count=None, status=401, body='{"error":"login_required"}')
    with pytest.raises(LoginRequired):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.asked_for_tokens == [False, True]
    assert len(account.arrived) == 2


async def test_a_token_of_a_password_changed_meanwhile(account: Account) -> None:
    """Not ordered: the simulator's own text about a token that it refuses."""
    account.access_token = "of yesterday"
    await account.api.vehicle(MODEL_3, POLLING)
    assert account.asked_for_tokens == [False, True]
    assert [each.status for each in account.tesla.requests] == [401, 200]
    # A token without an application cannot be billed.
    account.meter.ledger.book(LedgerKey(TODAY, Category.FREE, MODEL_3, "background:polling"), -1)


async def test_a_new_login_does_not_help_against_a_switch_in_the_car(account: Account) -> None:
    account.tesla.world.cars[MODEL_3].steer({"mobile_access_disabled": True})
    with pytest.raises(MobileAccessDisabled):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.asked_for_tokens == [False]


async def test_an_unavailable_token_costs_nothing(account: Account) -> None:
    async def token(_renewed: bool) -> str:  # noqa: FBT001  # the signature of a token source
        raise LoginRequired("login_required")

    account.api.transport.token = token
    with pytest.raises(LoginRequired):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.arrived == []
    assert account.booked() == {}


# --- Regions -------------------------------------------------------------------------------------


@pytest.fixture
async def abroad(tesla: Simulator, session: aiohttp.ClientSession) -> AsyncIterator[Account]:
    """Owner-3, whom the region "na" serves, at the address of "eu"."""
    account = Account(tesla, session, user="owner-3")
    account.register("na")
    account.register("eu")
    yield account
    account.check_bill()


async def test_another_region_is_followed_and_remembered(abroad: Account) -> None:
    assert await abroad.api.products() == []
    assert abroad.api.base_url == abroad.tesla.na_url
    assert [(each.region, each.status) for each in abroad.tesla.requests] == [
        ("eu", 421),
        ("na", 200),
    ]
    assert abroad.booked() == {Category.FREE: 2}
    await abroad.api.products()
    assert [each.region for each in abroad.tesla.requests] == ["eu", "na", "na"]


async def test_region(abroad: Account) -> None:
    assert await abroad.api.region() == abroad.tesla.na_url
    assert abroad.api.base_url == abroad.tesla.na_url


async def test_two_regions_that_point_at_each_other(account: Account) -> None:
    here = {"error": f"user out of region, use base URL: {account.tesla.na_url}, see …"}
    account.tesla.faults.order("status", count=None, status=421, body=here)
    with pytest.raises(WrongRegion):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert [each.region for each in account.tesla.requests] == ["eu", "na"]
    assert account.booked() == {Category.DATA: 2}


@pytest.mark.parametrize("where", ["body", "header"])
async def test_a_strange_host_is_not_followed(
    account: Account, stranger: Server, where: str
) -> None:
    home = account.api.base_url
    if where == "body":
        words = {"error": f"user out of region, use base URL: {stranger.url}, see …"}
        account.tesla.faults.order("status", status=421, body=words)
    else:
        headers = {"Alt-Svc": f"h2={stranger.url}"}
        account.tesla.faults.order("status", status=421, body="", headers=headers)
    with pytest.raises(WrongRegion) as raised:
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert raised.value.base_url == stranger.url
    assert stranger.requests == []
    assert account.api.base_url == home
    await account.api.vehicle_data(MODEL_3, POLLING)
    assert stranger.requests == []


async def test_a_region_without_an_address(account: Account) -> None:
    account.tesla.faults.order("status", status=421, body="user out of region")
    with pytest.raises(WrongRegion) as raised:
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert raised.value.base_url is None


async def test_the_region_endpoint_is_not_believed_either(
    account: Account, stranger: Server
) -> None:
    home = account.api.base_url
    answer = {"response": {"region": "eu", "fleet_api_base_url": stranger.url}}
    account.tesla.faults.order("status", status=200, body=answer)
    with pytest.raises(WrongRegion) as raised:
        await account.api.region()
    assert raised.value.base_url == stranger.url
    assert account.api.base_url == home
    assert stranger.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(account: Account, stranger: Server, status: int) -> None:
    headers = {"Location": f"{stranger.url}/api/1/products"}
    account.tesla.faults.order("status", status=status, body="", headers=headers)
    with pytest.raises(ServiceError):
        await account.api.products()
    assert stranger.requests == []


async def test_a_move_after_a_renewal_does_not_renew_again(account: Account) -> None:
    account.tesla.faults.order("status", status=401, body='{"error":"token expired (401)"}')
    there = {"error": f"user out of region, use base URL: {account.tesla.eu_url}, see …"}
    account.tesla.faults.order("status", status=421, body=there)
    await account.api.products()
    assert account.asked_for_tokens == [False, True, False]


# --- Rate limits ---------------------------------------------------------------------------------

PAUSES = [
    ({"Retry-After": "17"}, "", 17),
    ({"retry-after": " 17 "}, "", 17),
    ({"RateLimit-Reset": "18"}, "", 18),
    ({"ratelimit-reset": "18"}, "", 18),
    ({"RateLimit-Wakes-Reset": "19"}, "", 19),
    ({"RateLimit-Limit": "3", "RateLimit-Remaining": "0", "RateLimit-Reset": "20"}, "", 20),
    ({}, "Retry in 21 seconds", 21),
    ({}, '{"error":"retry in 1 second"}', 1),
    ({"Retry-After": "23"}, "Retry in 21 seconds", 23),
    ({}, "slow down", 60),
    ({}, "", 60),
    ({"Retry-After": "Tue, 10 Mar 2026 13:00:00 GMT"}, "", 60),
    ({"Retry-After": "-5"}, "", 60),
    ({"RateLimit-Limit": "3"}, "", 60),
    ({"X-RateLimit-Reset": "1773147600"}, "", 60),
    ({"Retry-After": "7200"}, "", 3600),
    ({}, "Retry in 7200 seconds", 3600),
    ({"Retry-After": "99999999999999"}, "", 3600),
    ({"RateLimit-Reset": "0", "Retry-After": "30"}, "", 30),
    ({"Retry-After": "9" * 5_000}, "", 3600),
    ({"Retry-After": "-" + "9" * 5_000}, "", 60),
    ({"Retry-After": "0" * 5_000}, "", 60),
    ({"Retry-After": "0" * 5_000 + "7"}, "", 7),
    ({"RateLimit-Reset": "9" * 5_000}, "", 3600),
    ({"Retry-After": ""}, "", 60),
    ({"Retry-After": "   "}, "", 60),
    ({"Retry-After": "NaN"}, "", 60),
    ({"Retry-After": "Infinity"}, "", 60),
    ({"Retry-After": "1e400"}, "", 60),
    ({"Retry-After": "17.5"}, "", 60),
    ({"Retry-After": "+5"}, "", 60),
    ({"Retry-After": "5, 7"}, "", 60),
    ({"Retry-After": "null"}, "", 60),
    ({"Retry-After": "\u0663\u0660"}, "", 60),
    ({"Retry-After": "\u00b2"}, "", 60),
    ({"Retry-After": "Mon, 00 Foo 0000 99:99:99 GMT"}, "", 60),
    ({"Retry-After": "NaN", "RateLimit-Reset": "25"}, "", 25),
    pytest.param({}, f"Retry in {'9' * 5_000} seconds", 3600, id="5,000 digits in words"),
    pytest.param({}, "Retry in \u0663\u0660 seconds", 60, id="digits of another script"),
]


@pytest.mark.parametrize(("headers", "body", "seconds"), PAUSES)
async def test_a_429_is_honoured(
    account: Account,
    freezer: FrozenDateTimeFactory,
    headers: dict[str, str],
    body: str,
    seconds: int,
) -> None:
    account.tesla.faults.order("status", status=429, body=body, headers=headers)
    with pytest.raises(RateLimited) as raised:
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert raised.value.retry_after == timedelta(seconds=seconds)
    assert account.booked() == {Category.DATA: 1}, "a 429 is billed"

    freezer.tick(timedelta(seconds=seconds - 0.5))
    with pytest.raises(RateLimited) as raised:
        await account.api.vehicle_data(MODEL_Y, POLLING)
    assert raised.value.retry_after == timedelta(seconds=0.5)
    assert len(account.arrived) == 1, "nothing is sent during the pause"
    assert account.booked() == {Category.DATA: 1}
    # Other kinds of requests have limits of their own.
    await account.api.vehicle(MODEL_3, POLLING)
    await account.api.wake_up(MODEL_3, PERSON)

    freezer.tick(timedelta(seconds=0.5))
    account.tesla.world.cars[MODEL_3].steer({"state": "online"})
    await account.api.vehicle_data(MODEL_3, POLLING)


async def test_a_header_longer_than_any(account: Account) -> None:
    """The answer cannot be read at all; the request is booked anyway."""
    account.tesla.faults.order("status", status=429, headers={"Retry-After": "9" * 20_000})
    with pytest.raises(AnswerLost):
        await account.api.vehicle(MODEL_3, POLLING)


async def test_the_simulators_own_limit_is_never_hit_twice(
    account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """Three wakes a minute; the fourth gets the time of the next attempt."""
    for _ in range(3):
        await account.api.wake_up(MODEL_Y, PERSON)
    pauses = set()
    for _ in range(5):
        with pytest.raises(RateLimited) as raised:
            await account.api.wake_up(MODEL_Y, PERSON)
        pauses.add(raised.value.retry_after)
    assert account.booked() == {Category.WAKE: 4}
    assert pauses == {timedelta(seconds=60)}
    freezer.tick(timedelta(seconds=60))
    await account.api.wake_up(MODEL_Y, PERSON)


# --- Connections that break ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost_reply", "dropped"])
async def test_a_lost_reply_stays_booked(account: Account, kind: str) -> None:
    """The client cannot know whether it arrived; the simulator's bill does."""
    account.tesla.faults.order(kind)
    with pytest.raises(AnswerLost):
        await account.api.command(MODEL_S, "flash_lights", {}, PERSON)
    assert account.booked() == {Category.COMMAND: 1}
    assert account.unanswered() == {Category.COMMAND: 1}
    assert account.billed() == ({Category.COMMAND: 1} if kind == "lost_reply" else {})
    assert len(account.arrived) == 1, "a command is not repeated"


@pytest.mark.parametrize("kind", ["lost_reply", "dropped"])
async def test_aiohttp_repeats_a_question_once_and_both_are_booked(
    account: Account, kind: str
) -> None:
    account.tesla.faults.order(kind)
    answer = await account.api.vehicle_data(MODEL_3, POLLING)
    assert answer["vin"] == MODEL_3
    assert len(account.arrived) == 2
    assert account.booked() == {Category.DATA: 2}
    assert account.unanswered() == {Category.DATA: 1}

    account.tesla.faults.order(kind, count=2)
    with pytest.raises(AnswerLost):
        await account.api.vehicle_data(MODEL_3, POLLING)
    assert account.booked() == {Category.DATA: 4}
    assert account.unanswered() == {Category.DATA: 3}


async def test_a_kept_connection_that_was_closed_is_booked_twice(
    session: aiohttp.ClientSession, forgetful: Forgetful
) -> None:
    meter = Meter()
    kept: list[Booking] = []

    async def keep(entry: Booking) -> None:
        kept.append(entry)

    api = api_at(forgetful.url, session, meter)
    api.transport.sender.keep = keep
    for _ in range(2):
        assert await api.vehicle_data(MODEL_Y, POLLING) == {}
    row = LedgerKey(TODAY, Category.DATA, MODEL_Y, "background:polling")
    assert len(forgetful.requests) == 3, "aiohttp itself sends the second question once more"
    assert meter.ledger.counts == {row: 3}
    assert meter.ledger.unanswered == {row: 1}
    assert kept == [Booking(row, 1)] * 3


async def test_the_repetition_needs_room_as_well(
    session: aiohttp.ClientSession, forgetful: Forgetful
) -> None:
    meter = Meter(budget=Decimal("0.004"))
    api = api_at(forgetful.url, session, meter)
    await api.vehicle_data(MODEL_Y, POLLING)
    with pytest.raises(BudgetExceeded):
        await api.vehicle_data(MODEL_Y, POLLING)
    assert len(forgetful.requests) == 2
    assert meter.ledger.counts.total() == 2
    assert meter.ledger.unanswered.total() == 1


async def test_a_command_is_not_repeated_on_a_closed_connection(
    session: aiohttp.ClientSession, forgetful: Forgetful
) -> None:
    api = api_at(forgetful.url, session)
    await api.command(MODEL_S, "flash_lights", {}, PERSON)
    with pytest.raises(AnswerLost):
        await api.command(MODEL_S, "flash_lights", {}, PERSON)
    assert len(forgetful.requests) == 2


async def test_a_refused_connection_costs_nothing(session: aiohttp.ClientSession) -> None:
    meter = Meter()
    settled: list[Ledger] = []
    meter.changed.subscribe(lambda: settled.append(meter.ledger))
    api = api_at(await closed_port(), session, meter)
    for call in (
        api.vehicle_data(MODEL_Y, POLLING),
        api.command(MODEL_S, "flash_lights", {}, PERSON),
    ):
        with pytest.raises(Unreachable):
            await call
    assert +meter.ledger.counts == {}
    assert meter.ledger.unanswered == {}
    assert len(settled) == 2


class BlackHole(aiohttp.TCPConnector):
    """A network in which no connection succeeds."""

    @override
    async def connect(self, *_: Any, **__: Any) -> Any:
        raise TimeoutError


async def test_a_connection_that_never_opened_costs_nothing(tesla: Simulator) -> None:
    meter = Meter()
    async with aiohttp.ClientSession(connector=BlackHole()) as session:
        api = api_at(tesla.eu_url, session, meter)
        with pytest.raises(Unreachable):
            await api.command(MODEL_S, "flash_lights", {}, PERSON)
    assert +meter.ledger.counts == {}


async def test_an_answer_that_never_comes(account: Account, freezer: FrozenDateTimeFactory) -> None:
    delay = account.tesla.faults.order("delay", seconds=40)
    request = asyncio.create_task(account.api.wake_up(MODEL_Y, PERSON))
    await until(lambda: delay.hits)
    freezer.tick(timedelta(seconds=31))
    with pytest.raises(AnswerLost):
        await request
    assert account.unanswered() == {Category.WAKE: 1}
    freezer.tick(timedelta(seconds=10))
    await until(lambda: account.tesla.requests)


async def test_a_cancelled_request_stays_booked(
    account: Account, freezer: FrozenDateTimeFactory
) -> None:
    delay = account.tesla.faults.order("delay", seconds=5)
    request = asyncio.create_task(account.api.wake_up(MODEL_Y, PERSON))
    await until(lambda: delay.hits)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert account.booked() == account.unanswered() == {Category.WAKE: 1}
    freezer.tick(timedelta(seconds=6))
    await until(lambda: account.tesla.requests)
    assert account.tesla.world.cars[MODEL_Y].wakes == 1


async def test_cancelled_before_it_was_booked(account: Account) -> None:
    waiting = asyncio.Event()

    async def token(_renewed: bool) -> str:  # noqa: FBT001  # the signature of a token source
        await waiting.wait()
        raise AssertionError

    account.api.transport.token = token
    request = asyncio.create_task(account.api.vehicle_data(MODEL_3, POLLING))
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert account.booked() == {}


# --- The booking is durable before the request leaves --------------------------------------------


async def test_the_booking_is_durable_before_the_request_leaves(account: Account) -> None:
    written = asyncio.Event()
    begun: list[Booking] = []

    async def keep(entry: Booking) -> None:
        begun.append(entry)
        await written.wait()

    account.api.transport.sender.keep = keep
    request = asyncio.create_task(account.api.wake_up(MODEL_Y, PERSON))
    await until(lambda: begun)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert account.arrived == []
    assert account.booked() == {Category.WAKE: 1}
    written.set()
    await request
    assert len(account.arrived) == 1


async def test_cancelled_while_it_is_written(account: Account) -> None:
    """It was not sent, but a cancelled caller need not find that out: it stays booked."""
    begun: list[Booking] = []

    async def keep(entry: Booking) -> None:
        begun.append(entry)
        await asyncio.Event().wait()

    account.api.transport.sender.keep = keep
    request = asyncio.create_task(account.api.wake_up(MODEL_Y, PERSON))
    await until(lambda: begun)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert account.arrived == []
    assert account.unanswered() == {Category.WAKE: 1}
    account.strays = 1


async def test_without_a_keeper_nothing_is_kept(session: aiohttp.ClientSession) -> None:
    async with Server() as server:
        api = api_at(server.url, session)
        await api.vehicle(MODEL_Y, POLLING)
        (head,) = server.requests
    assert head.startswith(f"GET /api/1/vehicles/{MODEL_Y} HTTP/1.1\r\n")
    assert "Authorization: Bearer token\r\n" in head


async def test_requests_on_the_wire(session: aiohttp.ClientSession) -> None:
    """Tesla answers 406 to a POST without JSON, also if there is no content."""
    async with Server() as server:
        api = api_at(server.url, session)
        await api.wake_up(MODEL_Y, PERSON)
        await api.command(MODEL_Y, "flash_lights", {}, PERSON)
        await api.vehicle_data(MODEL_Y, PERSON)
        wake, command, data = server.requests
    for head in (wake, command):
        assert "Content-Type: application/json\r\n" in head
        assert "Content-Length: 2\r\n" in head, "{}"
    assert "Content-Type" not in data


# --- Secrets -------------------------------------------------------------------------------------


async def test_logs_hold_no_secret(
    account: Account, stranger: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    faults = account.tesla.faults
    for endpoint in ENDPOINTS:
        await endpoint.call(account.api)
    for status in (401, 404, 408, 421, 429, 500):
        faults.order("status", status=status)
        with pytest.raises(TeslaError) if status != 401 else _nothing():
            await account.api.command(MODEL_S, "flash_lights", {}, PERSON)
        account.api.transport.rate_limits = RateLimits()
    faults.order("lost_reply")
    with pytest.raises(AnswerLost) as raised:
        await account.api.command(MODEL_S, "flash_lights", {}, PERSON)
    text = caplog.text + repr(raised.value) + str(raised.value)
    ours = [record for record in caplog.records if record.name.startswith("custom_components")]
    assert len(ours) >= len(ENDPOINTS), "the requests are in the log, but"
    assert "Bearer" not in text
    assert account.access_token not in text
    for vin in (MODEL_Y, MODEL_3, MODEL_S):
        assert vin not in text
        assert vin[-6:] in text, "the end of a VIN tells one's cars apart"


class _nothing:  # noqa: N801  # reads like `pytest.raises`
    """Expects no error."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End."""


# --- A token of the application itself -----------------------------------------------------------


@pytest.fixture
def partner(
    tesla: Simulator, session: aiohttp.ClientSession, account: Account
) -> Callable[..., Awaitable[str]]:
    """Requests a partner token."""

    async def ask(client_secret: str = SECRETS[CLIENT_ID]) -> str:
        return await partner_token(
            session,
            account.hosts,
            tesla.eu_url,
            client_id=CLIENT_ID,
            client_secret=client_secret,
        )

    return ask


async def test_partner_token(account: Account, partner: Callable[..., Awaitable[str]]) -> None:
    token = await partner()
    known = account.tesla.cloud.tokens.check(token)
    assert known.user is None
    assert known.audience == (account.tesla.eu_url,)
    assert account.booked() == {}, "Tesla never bills its authentication endpoints"


async def test_a_wrong_secret(partner: Callable[..., Awaitable[str]]) -> None:
    with pytest.raises(LoginRequired) as raised:
        await partner("guessed")
    assert "guessed" not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, LoginRequired),
        (401, LoginRequired),
        (403, LoginRequired),
        (424, PublicKeyNotFetched),
        (429, RateLimited),
        (302, ServiceError),
        (500, ServiceError),
        (503, ServiceError),
    ],
)
async def test_partner_token_refused(
    account: Account,
    partner: Callable[..., Awaitable[str]],
    status: int,
    error: type[TeslaError],
) -> None:
    account.tesla.faults.order("status", status=status, body='{"error":"so it is"}')
    with pytest.raises(TeslaError) as raised:
        await partner()
    assert type(raised.value) is error
    assert raised.value.detail == f"{status}: so it is"


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "{}", "null", '{"token":"x"}'])
async def test_no_partner_token_in_the_answer(
    account: Account, partner: Callable[..., Awaitable[str]], body: str
) -> None:
    account.tesla.faults.order("status", status=200, body=body)
    with pytest.raises(InvalidAnswer):
        await partner()


async def test_partner_token_lost(account: Account, partner: Callable[..., Awaitable[str]]) -> None:
    account.tesla.faults.order("lost_reply")
    with pytest.raises(AnswerLost):
        await partner()


async def test_partner_token_unreachable(session: aiohttp.ClientSession) -> None:
    url = await closed_port()
    with pytest.raises(Unreachable):
        await partner_token(
            session, simulated(url, {"eu": url}), url, client_id="a", client_secret="b"
        )

"""Options: what may be spent, how the cars stream, and whether their way here works."""

import asyncio
import dataclasses
import errno
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.address import wrapping_link
from custom_components.flotte.account.hosts import get_hosts
from custom_components.flotte.const import CONF_MONTHLY_LIMIT
from custom_components.flotte.flows.forms import ADVANCED
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.streaming import checks
from custom_components.flotte.streaming import reports as streaming_module
from custom_components.flotte.streaming.certificates import async_get_authority
from custom_components.flotte.streaming.options import Settings
from custom_components.flotte.tesla.spending.endpoints import ASSUMED, CHOICES, Endpoint
from custom_components.flotte.tesla.spending.policy import (
    RULES,
    AsleepPolicy,
    Group,
    Policy,
    QuietHours,
    SpendingRule,
)
from custom_components.flotte.tesla.spending.tariff import EURO, TARIFFS, Category, Tariff
from custom_components.flotte.tesla.telemetry.selfcheck import Check, Finding, check_address
from custom_components.flotte.tesla.telemetry.stream_plan import Obstacle
from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.server_certificate import ServerCertificate
from simulator import Simulator
from simulator.cars import Car
from simulator.ports import free_port
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_Y,
    SITE,
    TRANSLATIONS,
    Pass,
    issues_of,
    receiver_of,
    set_up,
    vehicle_of,
)
from tests.energy_dashboard import BATTERY, GRID, change, without
from tests.flow_texts import all_fields_of, fields_of, in_sections, placeholder
from tests.tesla.telemetry.pki import CLIENT, DAY, SERVER, Ca, key_pem

pytestmark = pytest.mark.usefixtures("every_text_exists")

HOST = "home.flotte.example"
UNKNOWN_CALLERS = (
    "nonsense text",
    "morning",
    "background:polling",
    "person:anna",
    "voice:",
    "sensor.aurora_range",
    "",
)
STREAM = {"stream": "direct", "stream_profile": "tuned"}
DIRECT = {"stream_hostname": HOST, "stream_port": 4443, "stream_certificate": "own"}


@dataclasses.dataclass
class Owner:
    """An owner who changes the options of an entry."""

    hass: HomeAssistant
    entry: MockConfigEntry

    async def menu(self) -> ConfigFlowResult:
        """Open the options."""
        result = await self.hass.config_entries.options.async_init(self.entry.entry_id)
        assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "init")
        return result

    async def choose(self, group: str) -> ConfigFlowResult:
        """Open a group of them."""
        return await self.hass.config_entries.options.async_configure(
            (await self.menu())["flow_id"], {"next_step_id": group}
        )

    async def submit(self, result: ConfigFlowResult, **fields: Any) -> ConfigFlowResult:
        """Send a form."""
        assert result["type"] is FlowResultType.FORM
        answer = await self.hass.config_entries.options.async_configure(
            result["flow_id"], in_sections(result, fields)
        )
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return answer


@pytest.fixture
def owner(hass: HomeAssistant, entry: MockConfigEntry) -> Owner:
    """Of an account that is not loaded."""
    return Owner(hass, entry)


def suggested(result: ConfigFlowResult) -> dict[str, Any]:
    """The displayed values of a form and its sections."""
    return {
        str(field): field.description["suggested_value"]
        for field in all_fields_of(result)
        if field.description and "suggested_value" in field.description
    }


# --- What may be spent ----------------------------------------------------------------------------


async def test_limit_is_set(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner = Owner(hass, loaded)
    meter = (await async_get_ledger(hass, CLIENT_ID)).meter
    assert meter.budget == meter.tariff.discount
    for shown, limit in ((10.0, 25.5), (25.5, 0)):
        result = await owner.choose("spending")
        assert suggested(result)[CONF_MONTHLY_LIMIT] == shown
        result = await owner.submit(result, monthly_limit=limit)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert loaded.options == {CONF_MONTHLY_LIMIT: limit}
        assert meter.budget == Decimal(str(limit))
        assert loaded.state is ConfigEntryState.LOADED


async def test_saving_confirms_the_raised_limit_of_tesla(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    owner = Owner(hass, loaded)
    meter = (await async_get_ledger(hass, CLIENT_ID)).meter
    meter.suspend(dt_util.utcnow())
    result = await owner.choose("spending")
    assert meter.suspension.month
    await owner.submit(result, monthly_limit=10)
    assert meter.suspension.month is None


async def test_limit_is_set_while_the_entry_is_not_loaded(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("spending"), monthly_limit=12)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert owner.entry.options == {CONF_MONTHLY_LIMIT: 12}


@pytest.mark.parametrize(
    ("entered", "error"),
    [
        ({"monthly_limit": -1}, {"monthly_limit": "number_too_small"}),
        ({"monthly_limit": 1001}, {"monthly_limit": "number_too_large"}),
        ({"monthly_limit": "much"}, {"monthly_limit": "expected float"}),
        ({ADVANCED: {"head_start_days": 99}}, {ADVANCED: "number_too_large"}),
    ],
)
async def test_limit_makes_no_sense(
    owner: Owner, entered: dict[str, object], error: dict[str, str]
) -> None:
    """The front end shows the text of the key, which says what to do."""
    result = await owner.choose("spending")
    with pytest.raises(InvalidData) as refused:
        await owner.hass.config_entries.options.async_configure(result["flow_id"], entered)
    assert refused.value.schema_errors == error
    result = await owner.submit(result, monthly_limit=20)
    assert owner.entry.options == {CONF_MONTHLY_LIMIT: 20}


async def test_the_defaults_cost_nothing(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """All groups, submitted unchanged, are the rules of a new installation."""
    owner = Owner(hass, loaded)
    for group in ("spending", "wakes"):
        result = await owner.choose(group)
        await owner.submit(result, **suggested(result))
    result = await owner.choose("tariff")
    result = await owner.submit(result, **suggested(result))
    assert suggested(result) == {}
    await owner.submit(result)
    ledger = await async_get_ledger(hass, CLIENT_ID)
    assert dataclasses.replace(ledger.gate.policy, budget=None) == Policy()
    assert (ledger.meter.tariff, ledger.meter.budget) == (EURO, EURO.discount)
    assert ledger.endpoints.own == {}


async def test_everything_about_spending(owner: Owner) -> None:
    result = await owner.choose("spending")
    await owner.submit(
        result, monthly_limit=20, reserve_percent=25, advanced={"head_start_days": 1}
    )
    result = await owner.choose("wakes")
    await owner.submit(
        result,
        asleep_person="wait",
        confirm_wakes=True,
        asleep_automation="refuse",
        wakes_per_day=4,
        quiet_begin="22:00:00",
        quiet_end="06:30:00",
        wake_gap_minutes=30,
        patience_hours=12,
        asleep_callers=[
            {"caller": "automation:automation.morning", "asleep": "wake"},
            {"caller": "voice:assist", "asleep": "wait"},
        ],
    )
    assert Policy.from_options(owner.entry.options) == Policy(
        budget=Decimal(20),
        reserve=Decimal("0.25"),
        head_start=timedelta(days=1),
        asleep_person=AsleepPolicy.WAIT,
        confirm_wakes=True,
        asleep_automation=AsleepPolicy.REFUSE,
        wakes_per_day=4,
        quiet_hours=QuietHours(time(22), time(6, 30)),
        wake_gap=timedelta(minutes=30),
        max_deferral=timedelta(hours=12),
        asleep_callers={
            "automation:automation.morning": AsleepPolicy.WAKE,
            "voice:assist": AsleepPolicy.WAIT,
        },
    )


@pytest.mark.parametrize("group", [Group.SPENDING, Group.WAKES])
async def test_a_form_has_every_rule_of_its_group(owner: Owner, group: Group) -> None:
    asked = [str(each) for each in all_fields_of(await owner.choose(group))]
    rules = sorted(RULES, key=lambda rule: rule.is_advanced)
    assert asked == [rule.option for rule in rules if rule.group is group]


TEXTS: Final = json.loads(TRANSLATIONS.read_text("utf-8"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.option)
def test_every_rule_has_two_texts(rule: SpendingRule) -> None:
    """In a form: a name and a description; of an entity: a name and the names of its states."""
    if rule.group is Group.ENTITY:
        assert TEXTS["entity"]["select"][rule.option].keys() >= {"name", "state"}
        return
    step = TEXTS["options"]["step"][rule.group]
    texts = step["sections"]["advanced"] if rule.is_advanced else step
    for kind in ("data", "data_description"):
        assert texts[kind].get(rule.option), f"translations/en.json: {kind} of {rule.option}"


async def test_set_values_are_shown(owner: Owner) -> None:
    entered = {
        "asleep_person": "refuse",
        "wakes_per_day": 7,
        "asleep_callers": [{"caller": "person", "asleep": "wake"}],
    }
    await owner.submit(await owner.choose("wakes"), **entered)
    await owner.submit(await owner.choose("spending"), advanced={"head_start_days": 9})
    shown = suggested(await owner.choose("wakes"))
    assert {**shown, **entered} == shown
    assert (shown["asleep_automation"], shown["patience_hours"]) == ("wake", 6)
    fields = fields_of(await owner.choose("spending"))["advanced"].schema.schema
    assert [field.description["suggested_value"] for field in fields] == [9]


async def test_cleared_fields_return_to_their_defaults(owner: Owner) -> None:
    result = await owner.choose("wakes")
    entered = suggested(result)
    entered |= {"wakes_per_day": 9, "quiet_begin": "22:00:00", "quiet_end": "06:00:00"}
    entered["asleep_callers"] = [{"caller": "voice:assist", "asleep": "refuse"}]
    await owner.submit(result, **entered)
    await owner.submit(await owner.choose("spending"), monthly_limit=3, reserve_percent=50)
    assert Policy.from_options(owner.entry.options) != Policy()
    await owner.submit(await owner.choose("wakes"))
    assert owner.entry.options["monthly_limit"] == 3, "the other groups stay"
    await owner.submit(await owner.choose("spending"))
    assert Policy.from_options(owner.entry.options) == Policy()


@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        ({"quiet_begin": "22:00:00"}, {"quiet_end": "quiet_incomplete"}),
        ({"quiet_end": "22:00:00"}, {"quiet_begin": "quiet_incomplete"}),
        ({"quiet_begin": "22:00:00", "quiet_end": "22:00:00"}, {"quiet_end": "quiet_same"}),
        (
            {
                "asleep_callers": [
                    {"caller": "voice:assist", "asleep": "wake"},
                    {"caller": " voice:assist", "asleep": "refuse"},
                ]
            },
            {"advanced": "caller_twice"},
        ),
        (
            {
                "asleep_callers": [
                    {"caller": "automation.morning", "asleep": "wake"},
                    {"caller": "automation:automation.morning", "asleep": "refuse"},
                ]
            },
            {"advanced": "caller_twice"},
        ),
        *(
            (
                {"asleep_callers": [{"caller": caller, "asleep": "wake"}]},
                {"advanced": "caller_unknown"},
            )
            for caller in UNKNOWN_CALLERS
        ),
    ],
)
async def test_rules_that_make_no_sense(
    owner: Owner, entered: dict[str, Any], errors: dict[str, str]
) -> None:
    """It is said where, what was entered stays, and the form goes on."""
    result = await owner.submit(await owner.choose("wakes"), **entered)
    assert result["errors"] == errors
    shown = suggested(result)
    assert {**shown, **entered} == shown
    assert owner.entry.options == {}
    result = await owner.submit(result, wakes_per_day=1)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "entered",
    [
        {"asleep_person": "never"},
        {"wakes_per_day": -1},
        {"patience_hours": 0},
        {"quiet_begin": "noon"},
        {"asleep_callers": [{"caller": "voice:assist"}]},
        {"asleep_callers": [{"caller": "voice:assist", "asleep": "never"}]},
        {"asleep_callers": "all"},
    ],
)
async def test_rules_that_no_field_accepts(owner: Owner, entered: dict[str, Any]) -> None:
    result = await owner.choose("wakes")
    with pytest.raises(InvalidData):
        await owner.submit(result, **entered)


@pytest.mark.parametrize(
    ("entered", "label"),
    [
        ("automation.morning", "automation:automation.morning"),
        (" Script.Warm_Up ", "automation:script.warm_up"),
        ("automation:automation.morning", "automation:automation.morning"),
        ("voice:assist", "voice:assist"),
        *((kind, kind) for kind in ("automation", "voice", "person")),
    ],
)
async def test_an_exception_is_stored_by_its_name_in_the_ledger(
    owner: Owner, entered: str, label: str
) -> None:
    rows = [{"caller": entered, "asleep": "refuse"}]
    await owner.submit(await owner.choose("wakes"), asleep_callers=rows)
    assert owner.entry.options["asleep_callers"] == {label: "refuse"}


def _choices(result: ConfigFlowResult, table: str, column: str) -> dict[str, str]:
    """The choices in a column of a table: their labels, by value."""
    field = all_fields_of(result)[table].serialize()["selector"]["object"]["fields"][column]
    options = field["selector"]["select"]["options"]
    return {each["value"]: each["label"] for each in options}


@pytest.mark.parametrize(
    ("group", "table", "column"),
    [
        ("wakes", "asleep_callers", "asleep"),
        ("tariff", "endpoint_categories", "endpoint"),
        ("tariff", "endpoint_categories", "category"),
    ],
)
async def test_choices_of_a_table_have_labels(
    owner: Owner, group: str, table: str, column: str
) -> None:
    """The front end translates no choice within a table, so they come translated."""
    texts = json.loads(TRANSLATIONS.read_text("utf-8"))["selector"][column]["options"]
    assert _choices(await owner.choose(group), table, column) == texts


async def test_possible_exceptions(hass: HomeAssistant, owner: Owner) -> None:
    """Automations and scripts are offered by their names; what is offered is what is looked up."""
    hass.states.async_set("automation.solar", "on", {"friendly_name": "Solar surplus"})
    hass.states.async_set("script.warm_up", "off", {"friendly_name": "Warm up"})
    assert _choices(await owner.choose("wakes"), "asleep_callers", "caller") == {
        "automation:automation.solar": "Solar surplus",
        "automation:script.warm_up": "Warm up",
        "voice:assist": "Assist",
        "voice:cloud": "Home Assistant Cloud",
        "voice:google_assistant": "Google Assistant",
        "voice:homekit": "HomeKit",
    }


# --- What Tesla asks for --------------------------------------------------------------------------


async def test_a_known_currency(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A limit in the old one would be another amount: it goes back to what Tesla grants."""
    owner = Owner(hass, loaded)
    await owner.submit(await owner.choose("spending"), monthly_limit=50)
    result = await owner.submit(await owner.choose("tariff"), currency="GBP")
    assert result["step_id"] == "prices"
    assert placeholder(result, "discount") == "8"
    # Tesla's units in pounds, without decimals that say nothing.
    assert placeholder(result, "command") == "1,300.39"
    await owner.submit(result)
    ledger = await async_get_ledger(hass, CLIENT_ID)
    assert ledger.meter.tariff == TARIFFS["GBP"]
    assert ledger.meter.budget == Decimal(8)
    assert loaded.options == {"currency": "GBP"}
    cost = hass.states.get("sensor.tesla_account_cost_this_month")
    assert cost is not None
    assert cost.attributes["unit_of_measurement"] == "GBP"
    result = await owner.choose("spending")
    assert suggested(result)["monthly_limit"] == 8
    assert fields_of(result)["monthly_limit"].config["unit_of_measurement"] == "GBP"


async def test_another_currency_needs_its_prices(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("tariff"), currency=" chf ")
    assert result["step_id"] == "other_prices"
    assert result["description_placeholders"] == {"currency": "CHF"}
    prices = {"discount": 9.5, "units_signal": 140000, "units_command": 950, "units_data": 470}
    result = await owner.submit(result, **prices)
    assert result["errors"] == {"units_wake": "price_missing"}
    assert suggested(result) == prices
    result = await owner.submit(result, **prices, units_wake=47)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    tariff = Tariff.from_options(owner.entry.options)
    assert (tariff.currency, tariff.discount) == ("CHF", Decimal("9.5"))
    assert tariff.rounded(Category.WAKE, 47) == 1


async def test_no_discount_in_another_currency(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("tariff"), currency="CHF")
    result = await owner.submit(result, units_wake=47)
    assert result["errors"] == {"discount": "price_missing"}


@pytest.mark.parametrize("currency", ["Euro", "E", "€"])
async def test_no_currency(owner: Owner, currency: str) -> None:
    result = await owner.submit(await owner.choose("tariff"), currency=currency)
    assert result["errors"] == {"currency": "invalid_currency"}
    assert suggested(result)["currency"] == currency
    result = await owner.submit(result, currency="eur")
    assert result["step_id"] == "prices"


async def test_own_prices_come_and_go(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("tariff"), currency="EUR")
    await owner.submit(result, units_energy=500, units_command=800, discount=5)
    tariff = Tariff.from_options(owner.entry.options)
    assert tariff.price(Category.ENERGY, 500) == tariff.price(Category.COMMAND, 800) == 1
    assert tariff.discount == 5
    result = await owner.submit(await owner.choose("tariff"), currency="EUR")
    assert suggested(result) == {"units_energy": 500, "units_command": 800, "discount": 5}
    await owner.submit(result)
    assert Tariff.from_options(owner.entry.options) == EURO


async def test_own_prices_are_not_carried_into_another_currency(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("tariff"), currency="EUR")
    await owner.submit(result, units_command=800)
    result = await owner.submit(await owner.choose("tariff"), currency="DKK")
    assert suggested(result) == {}
    await owner.submit(result)
    assert Tariff.from_options(owner.entry.options) == TARIFFS["DKK"]


async def test_a_request_is_billed_otherwise(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner = Owner(hass, loaded)
    rows = [{"endpoint": "vehicle", "category": "data"}, {"endpoint": "backup", "category": "free"}]
    result = await owner.submit(await owner.choose("tariff"), endpoint_categories=rows)
    await owner.submit(result)
    ledger = await async_get_ledger(hass, CLIENT_ID)
    assert ledger.endpoints.own == {"vehicle": Category.DATA, "backup": Category.FREE}
    api = loaded.runtime_data.vehicles[0].vehicle.api
    assert api.endpoints.category(Endpoint.VEHICLE) is Category.DATA
    result = await owner.choose("tariff")
    assert suggested(result)["endpoint_categories"] == rows
    result = await owner.submit(result)
    await owner.submit(result)
    assert ledger.endpoints.own == {}
    assert "endpoint_categories" not in loaded.options


async def test_a_request_is_billed_in_two_ways(owner: Owner) -> None:
    rows = [{"endpoint": "vehicle", "category": each} for each in ("data", "free")]
    result = await owner.submit(await owner.choose("tariff"), endpoint_categories=rows)
    assert result["errors"] == {"advanced": "endpoint_twice"}
    assert suggested(result)["endpoint_categories"] == rows


@pytest.mark.parametrize(
    "row",
    [
        {"endpoint": "vehicle_data", "category": "free"},
        {"endpoint": "vehicle", "category": "wake"},
        {"endpoint": "vehicle"},
    ],
)
async def test_impossible_billing_categories(owner: Owner, row: dict[str, str]) -> None:
    result = await owner.choose("tariff")
    with pytest.raises(InvalidData):
        await owner.submit(result, endpoint_categories=[row])


@pytest.mark.parametrize(
    ("key", "needed"),
    [("asleep", set(AsleepPolicy)), ("endpoint", set(ASSUMED)), ("category", set(CHOICES))],
)
def test_every_choice_has_a_label(key: str, needed: set[str]) -> None:
    texts = json.loads(TRANSLATIONS.read_text("utf-8"))["selector"][key]["options"]
    assert texts.keys() == needed


# --- How the cars stream --------------------------------------------------------------------------


async def test_straight_to_home_assistant(owner: Owner) -> None:
    """The domain of the application is proposed; spaces and capitals do no harm."""
    result = await owner.choose("stream")
    result = await owner.submit(result, **STREAM, stream_overrides={"Soc": {"interval": 60}})
    assert result["step_id"] == "direct"
    schema = result["data_schema"]
    assert schema is not None
    assert schema({})["stream_hostname"] == "flotte.example"
    result = await owner.submit(result, **{**DIRECT, "stream_hostname": " Home.Flotte.Example. "})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    options = owner.entry.options
    assert {**options, **STREAM, **DIRECT, "stream_overrides": {"Soc": {"interval": 60}}} == options


async def test_a_group_leaves_the_others_alone(owner: Owner) -> None:
    await owner.submit(await owner.choose("spending"), monthly_limit=12)
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    await owner.submit(result, **DIRECT)
    assert owner.entry.options[CONF_MONTHLY_LIMIT] == 12
    await owner.submit(await owner.choose("spending"), monthly_limit=13)
    assert owner.entry.options["stream_hostname"] == HOST
    result = await owner.choose("stream")
    await owner.submit(result, stream="off", stream_profile="saver")
    options = owner.entry.options
    assert (options[CONF_MONTHLY_LIMIT], options["stream"]) == (13, "off")
    assert options["stream_hostname"] == HOST, "for the day that it is switched on again"
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    assert suggested(result)["stream_hostname"] == HOST


async def test_own_rules_are_emptied(owner: Owner) -> None:
    result = await owner.choose("stream")
    await owner.submit(result, stream="off", stream_profile="tuned", stream_overrides={"Soc": 60})
    result = await owner.choose("stream")
    assert suggested(result)["stream_overrides"] == {"Soc": 60}
    await owner.submit(result, stream="off", stream_profile="tuned")
    assert owner.entry.options["stream_overrides"] == {}


@pytest.mark.parametrize(
    ("rules", "named"),
    [({"Nonsense": 60}, "Nonsense"), ({"Soc": 0}, "Soc"), ({"Soc": {"delta": 1}}, "Soc")],
)
async def test_own_rules_make_no_sense(owner: Owner, rules: dict[str, Any], named: str) -> None:
    entered = {"stream": "off", "stream_profile": "saver", "stream_overrides": rules}
    result = await owner.submit(await owner.choose("stream"), **entered)
    assert result["errors"] == {"advanced": "invalid_override"}
    assert placeholder(result, "field") == named
    assert suggested(result) == entered
    result = await owner.submit(result, **{**entered, "stream_overrides": {"Soc": 60}})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("host", ["", "https://home.flotte.example", "a b", "-a.flotte.example"])
async def test_no_host_name(owner: Owner, host: str) -> None:
    entered = {**DIRECT, "stream_hostname": host, "stream_port": 8443, "stream_listen_port": 4444}
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    result = await owner.submit(result, **entered)
    assert result["errors"] == {"stream_hostname": "invalid_host_name"}
    assert {**suggested(result), **entered} == suggested(result)
    result = await owner.submit(result, **{**entered, "stream_hostname": HOST})
    options = owner.entry.options
    assert (options["stream"], options["stream_port"], options["stream_listen_port"]) == (
        "direct",
        8443,
        4444,
    )


@pytest.mark.parametrize("host", ["home.example.org", "flotte.org", "example", "notflotte.example"])
async def test_tesla_would_refuse_another_domain(owner: Owner, host: str) -> None:
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    result = await owner.submit(result, **{**DIRECT, "stream_hostname": host})
    assert result["errors"] == {"stream_hostname": "other_root_domain"}
    assert placeholder(result, "detail") == "flotte.example"
    assert suggested(result)["stream_hostname"] == host


async def test_the_port_on_this_machine_follows_the_port(owner: Owner) -> None:
    """Unless a value was entered."""
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    await owner.submit(result, **DIRECT)
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    assert not suggested(result).get("stream_listen_port")
    await owner.submit(result, **{**DIRECT, "stream_port": 8443})
    settings = Settings.from_options(owner.entry.options)
    assert (settings.port, settings.listen_port) == (8443, 8443)


async def test_the_same_port_entered_twice_follows_the_port_too(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    await owner.submit(result, **{**DIRECT, "stream_port": 8443, "stream_listen_port": 8443})
    assert owner.entry.options.get("stream_listen_port") is None


# --- The owner's certificate ----------------------------------------------------------------------


@dataclasses.dataclass
class Files:
    """The content of the two files."""

    chain: str
    key: str


ROOT = Ca.make("The owner's CA")
MIDDLE = Ca.make("An intermediate", ROOT)


def made(**how: Any) -> Files:
    """A good pair, but for what is said."""
    issued = ROOT.issue(HOST, *how.pop("usages", (SERVER,)), hosts=how.pop("hosts", (HOST,)), **how)
    return Files(issued.pem + ROOT.pem, issued.key_pem)


def _swapped() -> Files:
    files = made()
    blocks = files.chain.split("-----END CERTIFICATE-----\n")
    return Files(ROOT.pem + blocks[0] + "-----END CERTIFICATE-----\n", files.key)


def _alone() -> Files:
    issued = MIDDLE.issue(HOST, SERVER, hosts=(HOST,))
    return Files(issued.pem, issued.key_pem)


def _encrypted() -> Files:
    issued = ROOT.issue(HOST, SERVER, hosts=(HOST,))
    return Files(issued.pem + ROOT.pem, key_pem(issued.key, b"secret"))


def _over() -> Files:
    now = dt_util.utcnow()
    return made(start=now - 3 * DAY, end=now - DAY)


def _of_tomorrow() -> Files:
    now = dt_util.utcnow()
    return made(start=now + DAY, end=now + 3 * DAY)


ED25519 = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIB4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4e
-----END PRIVATE KEY-----
"""
DEFECTS: dict[str, Callable[[], Files]] = {
    "certificate_unreadable": lambda: Files("rubbish", made().key),
    "certificate_key_unreadable": lambda: Files(made().chain, "rubbish"),
    "certificate_key_encrypted": _encrypted,
    "certificate_key_kind": lambda: Files(made().chain, ED25519),
    "certificate_key_other": lambda: Files(made().chain, made().key),
    "certificate_chain_order": _swapped,
    "certificate_chain_incomplete": _alone,
    "certificate_not_for_servers": lambda: made(usages=(CLIENT,)),
    "certificate_wrong_host": lambda: made(hosts=("other.flotte.example",)),
    "certificate_not_yet_valid": _of_tomorrow,
    "certificate_expired": _over,
}


@pytest.mark.parametrize("defect", DEFECTS)
async def test_a_certificate_that_cannot_be_used(owner: Owner, tmp_path: Path, defect: str) -> None:
    """It is said what is wrong, and what was entered stays; a good one is taken."""
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"

    def place(files: Files) -> None:
        chain.write_text(files.chain, "ascii")
        key.write_text(files.key, "ascii")

    place(DEFECTS[defect]())
    entered = {
        **DIRECT,
        "stream_certificate": "files",
        "stream_certificate_file": f" {chain} ",
        "stream_key_file": str(key),
    }
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    result = await owner.submit(result, **entered)
    assert result["errors"] == {"advanced": defect}
    assert suggested(result)["stream_key_file"] == str(key)
    assert suggested(result)["stream_certificate_file"] == str(chain)
    place(made())
    result = await owner.submit(result, **entered)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert owner.entry.options["stream_certificate_file"] == str(chain)


@pytest.mark.parametrize(
    ("missing", "defect"),
    [("chain.pem", "certificate_unreadable"), ("key.pem", "certificate_key_unreadable")],
)
async def test_a_file_that_is_not_there(
    owner: Owner, tmp_path: Path, missing: str, defect: str
) -> None:
    files = made()
    (tmp_path / "chain.pem").write_text(files.chain, "ascii")
    (tmp_path / "key.pem").write_text(files.key, "ascii")
    (tmp_path / missing).unlink()
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    result = await owner.submit(
        result,
        **{**DIRECT, "stream_certificate": "files"},
        stream_certificate_file=str(tmp_path / "chain.pem"),
        stream_key_file=str(tmp_path / "key.pem"),
    )
    assert result["errors"] == {"advanced": defect}


async def test_no_file_at_all(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    result = await owner.submit(result, **{**DIRECT, "stream_certificate": "files"})
    assert result["errors"] == {"advanced": "certificate_unreadable"}


# --- Through a broker -----------------------------------------------------------------------------


async def test_there_is_no_broker(hass: HomeAssistant, owner: Owner) -> None:
    """Once there is one the form goes on."""
    result = await owner.submit(await owner.choose("stream"), stream="mqtt", stream_profile="tuned")
    assert (result["step_id"], result["errors"]) == ("mqtt", {"base": "no_mqtt"})
    result = await owner.submit(result, mqtt_topic_base="cars")
    assert result["errors"] == {"base": "no_mqtt"}
    assert suggested(result)["mqtt_topic_base"] == "cars"
    hass.config.components.add("mqtt")
    result = await owner.submit(result, mqtt_topic_base=" /cars/at/home/ ")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert owner.entry.options["mqtt_topic_base"] == "cars/at/home"
    assert owner.entry.options["stream"] == "mqtt"


@pytest.mark.parametrize("topic", ["", "/", "a/#", "a/+/b", "a" * 201])
async def test_no_topic(hass: HomeAssistant, owner: Owner, topic: str) -> None:
    hass.config.components.add("mqtt")
    result = await owner.submit(await owner.choose("stream"), stream="mqtt", stream_profile="tuned")
    assert not result["errors"]
    result = await owner.submit(result, mqtt_topic_base=topic)
    assert result["errors"] == {"mqtt_topic_base": "invalid_topic"}
    assert suggested(result)["mqtt_topic_base"] == topic


# --- What a car does not report -------------------------------------------------------------------


async def test_cars_with_an_aftermarket_motor(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner = Owner(hass, loaded)
    hass.config_entries.async_update_entry(loaded, options={"trunk_motors": ["SOLD", MODEL_Y]})
    assert (await owner.menu())["menu_options"] == [
        "spending",
        "wakes",
        "tariff",
        "stream",
        "charging",
        "charging_at_home",
        "vehicles",
        "voice",
    ]
    result = await owner.choose("vehicles")
    assert suggested(result) == {"trunk_motors": [MODEL_Y], "new_capacities": []}
    await owner.submit(result, trunk_motors=[MODEL_3])
    assert loaded.options == {"trunk_motors": [MODEL_3, "SOLD"]}
    with pytest.raises(InvalidData):
        await owner.submit(await owner.choose("vehicles"), trunk_motors=["SOLD"])


async def test_capacities_of_new_batteries(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner = Owner(hass, loaded)
    hass.config_entries.async_update_entry(loaded, options={"new_capacities": {"SOLD": 60}})
    rows = [{"vehicle": "Aurora", "capacity": 75.5}]
    result = await owner.submit(await owner.choose("vehicles"), new_capacities=rows * 2)
    assert result["errors"] == {"new_capacities": "vehicle_twice"}
    assert suggested(result)["new_capacities"] == rows * 2
    await owner.submit(result, new_capacities=rows)
    assert loaded.options == {"new_capacities": {MODEL_Y: 75.5, "SOLD": 60}}
    result = await owner.choose("vehicles")
    assert suggested(result)["new_capacities"] == rows
    await owner.submit(result)
    assert loaded.options == {"new_capacities": {"SOLD": 60}}


async def test_cars_of_an_account_that_was_unloaded(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    menu = await Owner(hass, loaded).menu()
    await hass.config_entries.async_unload(loaded.entry_id)
    result = await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": "vehicles"}
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_costs_of_charging(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner, entity = Owner(hass, loaded), "sensor.home_buy_price"
    result = await owner.choose("charging")
    result = await owner.submit(result, charging_price_entity=entity, charging_price=0.3)
    assert result["errors"] == {"charging_price": "price_twice"}
    result = await owner.submit(result, charging_price_entity="sensor.aurora_battery")
    assert result["errors"] == {"charging_price_entity": "price_unit"}
    assert hass.states.get("sensor.aurora_last_charge_cost") is None
    hass.states.async_set(entity, "0.31", {"unit_of_measurement": f"{hass.config.currency}/kWh"})
    await owner.submit(result, charging_price_entity=entity, charging_price_elsewhere=0.5)
    prices = {"charging_price_entity": entity, "charging_price_elsewhere": 0.5}
    assert loaded.options == prices
    assert suggested(await owner.choose("charging")) == prices


# --- Charging at home -----------------------------------------------------------------------------

AT_HOME: Final[dict[str, Any]] = {
    "grid_power_entity": "sensor.grid",
    "battery_power_entity": "sensor.battery",
    "home_battery_first": 30,
    "feed_in_price": 0.08,
    "charging_price_service": "nordpool",
    "ready_days": ["mon", "sun"],
    "ready_calendar": "calendar.trips",
}


async def test_voice_keeps_the_code_to_itself(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner = Owner(hass, loaded)
    chosen = {"voice_questions": True, "voice_acts": False, "voice_unlock": True}
    result = await owner.submit(await owner.choose("voice"), **chosen, voice_phrase="4 7 1")
    assert result["errors"] == {"voice_phrase": "code_too_short"}
    await owner.submit(result, **chosen, voice_phrase="4711")
    assert loaded.options == {**chosen, "voice_phrase": "4711"}
    result = await owner.choose("voice")
    assert suggested(result) == chosen
    await owner.submit(result, **chosen)
    assert loaded.options["voice_phrase"] == "4711"
    await owner.submit(await owner.choose("voice"), **{**chosen, "voice_unlock": False})
    assert "voice_phrase" not in loaded.options


async def test_charging_at_home(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    owner = Owner(hass, loaded)
    MockConfigEntry(domain="nordpool", title="Nord Pool", entry_id="nordpool").add_to_hass(hass)
    result = await owner.choose("charging_at_home")
    assert suggested(result) == {"charging_price_service": "automatic"}
    # As long as nothing is entered, nothing is stored.
    await owner.submit(result, charging_price_service="automatic", ready_days=[])
    assert loaded.options == {}
    hass.states.async_set("sensor.grid", "unknown", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.battery", "0", {"unit_of_measurement": "W"})
    await owner.submit(await owner.choose("charging_at_home"), **AT_HOME)
    assert loaded.options == AT_HOME
    assert suggested(await owner.choose("charging_at_home")) == AT_HOME
    # Another integration was chosen, which was removed since.
    options = AT_HOME | {"charging_price_service": "gone"}
    hass.config_entries.async_update_entry(loaded, options=options)
    result = await owner.choose("charging_at_home")
    assert suggested(result)["charging_price_service"] == "automatic"


@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        ({"grid_power_entity": "sensor.none"}, {"grid_power_entity": "power_unit"}),
        ({"battery_power_entity": "sensor.energy"}, {"battery_power_entity": "power_unit"}),
        (
            {"grid_power_entity": "sensor.grid", "battery_power_entity": "sensor.grid"},
            {"battery_power_entity": "power_twice"},
        ),
    ],
)
async def test_odd_powers(
    hass: HomeAssistant, loaded: MockConfigEntry, entered: dict[str, str], errors: dict[str, str]
) -> None:
    owner = Owner(hass, loaded)
    hass.states.async_set("sensor.grid", "1", {"unit_of_measurement": "kW"})
    hass.states.async_set("sensor.energy", "1", {"unit_of_measurement": "kWh"})
    result = await owner.submit(await owner.choose("charging_at_home"), **entered)
    assert result["errors"] == errors
    assert suggested(result) == entered | {"charging_price_service": "automatic"}


async def test_source_of_grid_power(hass: HomeAssistant, told: MockConfigEntry) -> None:
    owner = Owner(hass, told)

    async def meter() -> str:
        return placeholder(await owner.choose("charging_at_home"), "meter")

    assert await meter() == (
        "Grid power comes from your energy site Home. There is nothing to enter for it."
    )
    await change(hass, GRID)
    assert await meter() == (
        "Grid power comes from the Energy dashboard: sensor.grid. There is nothing to enter for it."
    )
    hass.config_entries.async_update_entry(told, options={"grid_power_entity": "sensor.chosen"})
    assert await meter() == "Grid power comes from the entity that you chose: sensor.chosen."


async def test_no_grid_power(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, owner: Owner
) -> None:
    tesla.world.sites[SITE].steer({"account": "owner-2"})
    await set_up(hass, entry)
    for sources, beginning in (
        ([], "Flotte does not know your grid power yet"),
        ([GRID, without(BATTERY, "stat_rate")], "Flotte cannot use your grid power yet"),
    ):
        await change(hass, *sources)
        meter = placeholder(await owner.choose("charging_at_home"), "meter")
        assert meter.startswith(beginning)


# --- Does it work? --------------------------------------------------------------------------------


async def test_only_a_stream_can_be_checked(
    hass: HomeAssistant, owner: Owner, entry_of_stream: MockConfigEntry
) -> None:
    assert (await owner.menu())["menu_options"] == ["spending", "wakes", "tariff", "stream"]
    direct = Owner(hass, entry_of_stream)
    menu = (await direct.menu())["menu_options"]
    assert menu == ["spending", "wakes", "tariff", "stream", "check"]
    result = await direct.choose("check")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


def checks_of(result: ConfigFlowResult) -> list[str]:
    """The lines of the check."""
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "check")
    return [line.removeprefix("- ") for line in placeholder(result, "checks").splitlines() if line]


async def test_all_is_well(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    result = await Owner(hass, entry_of_stream).choose("check")
    port = entry_of_stream.options["stream_port"]
    lines = checks_of(result)
    url = wrapping_link(vehicle_of(entry_of_stream, MODEL_3).pairing.url)
    message = lines.pop(6)
    assert message.startswith("✓ The last message arrived at 20")
    assert lines == [
        f"✓ Port {port} is open on this machine.",
        f"✓ {HOST}:{port} can be reached from here.",
        f"✓ The certificate is valid for {HOST}.",
        "**Aurora**",
        "✓ The car can stream. Its software is 2026.32.6.",
        "✓ The car has its configuration.",
        "**Comet**",
        "✓ The car can stream. Its software is 2026.26.4.",
        f"✗ The key is missing. Open {url} on the phone that has the Tesla app, and add it.",
        "**Old Faithful**",
        "– The car's computer is too old to stream. Flotte polls the car instead.",  # noqa: RUF001
    ]
    # Nothing is left to be asked for money.
    assert result["menu_options"] == ["check", "finish"]
    done = await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": "finish"}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == entry_of_stream.options


async def test_the_setup_ends_with_the_check(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    """Saved at once, so that the check tests what was entered; Tesla is asked on demand only."""
    owner = Owner(hass, loaded)
    form = await owner.submit(await owner.choose("stream"), **STREAM)
    port = free_port()
    result = await owner.submit(form, **{**DIRECT, "stream_port": port})
    assert loaded.options["stream_port"] == port
    assert checks_of(result)[:7] == [
        f"✓ Port {port} is open on this machine.",
        f"✓ {HOST}:{port} can be reached from here.",
        f"✓ The certificate is valid for {HOST}.",
        "**Aurora**",
        "✓ The car can stream. Its software is 2026.32.6.",
        "✓ The key is paired.",
        "✓ Tesla accepted the configuration. The car fetches it when it is online.",
    ]
    assert "○ No message has arrived yet." in checks_of(result)[7]
    assert placeholder(result, "price") == "0.002 EUR"
    asked = [each.endpoint for each in tesla.requests]
    assert "fleet_telemetry_config" not in asked

    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": "ask"}
    )
    assert checks_of(result)[6].startswith("○ The car does not have its configuration yet.")
    assert [each.endpoint for each in tesla.requests][len(asked) :] == ["fleet_telemetry_config"]


async def test_forecast_of_the_cost(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    """A row for each profile of each car that can stream, and why others cannot."""
    result = await Owner(hass, entry_of_stream).choose("stream")
    rows = [row.split(" | ") for row in placeholder(result, "forecast").splitlines()]
    assert [row[:2] for row in rows] == [
        [f"| {name}", profile]
        for name in ("Aurora", "Comet")
        for profile in ("Live", "Tuned", "Saver")
    ]
    live, tuned, saver = (int(row[2]) for row in rows[:3])
    assert live > tuned > saver > 0
    # 150,000 signals cost 1 euro.
    assert rows[1][3] == f"{tuned * 30.44 / 150_000:.2f} EUR |"
    assert placeholder(result, "left_out") == (
        "- Old Faithful: The car's computer is too old to stream. Flotte polls the car instead."
    )


async def test_the_cost_is_unknown_before_it_is_loaded(owner: Owner) -> None:
    assert placeholder(await owner.choose("stream"), "forecast") == "| — | — | — | — |"


@asynccontextmanager
async def serving(
    port: int, talk: Callable[[asyncio.StreamWriter], None], context: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """A server that answers on this machine."""
    writers: list[asyncio.StreamWriter] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        talk(writer)

    server = await asyncio.start_server(answer, "127.0.0.1", port, ssl=context)
    try:
        yield
    finally:
        server.close()
        server.close_clients()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


def shown(certificate: ServerCertificate, folder: Path) -> ssl.SSLContext:
    """TLS with this certificate, for everybody."""
    file = folder / "served.pem"
    file.write_text(certificate.key + certificate.chain, "ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
async def mapped(hass: HomeAssistant, entry_of_stream: MockConfigEntry) -> Owner:
    """An account whose cars come through a router, which leads somewhere else."""
    options = entry_of_stream.options
    hass.config_entries.async_update_entry(
        entry_of_stream,
        options={
            **options,
            "stream_listen_port": options["stream_port"],
            "stream_port": free_port(),
        },
    )
    await set_up(hass, entry_of_stream)
    await hass.async_block_till_done(wait_background_tasks=True)
    return Owner(hass, entry_of_stream)


def failure(result: ConfigFlowResult) -> str:
    """The first check that failed."""
    return next(line for line in checks_of(result) if line.startswith("✗"))


async def test_no_server_listens(mapped: Owner) -> None:
    lines = checks_of(await mapped.choose("check"))
    assert lines[1] == "✗ Nothing is listening on this port. Check the port forwarding."


CERTIFICATES: dict[str, tuple[bool, str, timedelta]] = {
    # Whether it is of our CA, for which host, and how long ago it was issued.
    "A different server answers": (False, HOST, timedelta()),
    "The server that answers has a certificate for a different name": (
        True,
        "other.flotte.example",
        timedelta(),
    ),
    "The server's certificate has expired": (True, HOST, timedelta(days=500)),
}


@pytest.mark.parametrize("expected", CERTIFICATES)
async def test_another_certificate_is_shown(
    hass: HomeAssistant, mapped: Owner, tmp_path: Path, expected: str
) -> None:
    is_ours, host, age = CERTIFICATES[expected]
    now = dt_util.utcnow()
    authority = await async_get_authority(hass) if is_ours else Authority.generate(now)
    context = shown(authority.issue(host, now - age), tmp_path)
    port = mapped.entry.options["stream_port"]
    async with serving(port, lambda writer: writer.close(), context):
        result = await mapped.choose("check")
    assert checks_of(result)[1].endswith("can be reached from here.")
    assert failure(result).startswith(f"✗ {expected}")
    # The words of TLS follow.
    assert failure(result).endswith(")")


def _talk_plainly(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("talk", [_talk_plainly, lambda writer: writer.transport.abort()])
async def test_a_server_without_tls(
    mapped: Owner, talk: Callable[[asyncio.StreamWriter], None]
) -> None:
    async with serving(mapped.entry.options["stream_port"], talk):
        found = failure(await mapped.choose("check"))
    assert found.startswith("✗ Something other than Flotte's server answers.")


async def test_a_silent_server(mapped: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def impatient(*where: Any, **how: Any) -> Check:
        return await check_address(*where, **how, patience=0.05)

    monkeypatch.setattr(streaming_module, "check_address", impatient)
    async with serving(mapped.entry.options["stream_port"], lambda _: None):
        found = failure(await mapped.choose("check"))
    assert found == "✗ Nothing answers. Check the port forwarding and the firewall."


async def test_the_name_leads_nowhere(mapped: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a simulator has it."""

    def hosts(hass: HomeAssistant) -> object:
        return dataclasses.replace(get_hosts(hass), listen_at=None)

    def resolve(host: str, *_: object, **__: object) -> list[Any]:
        assert host == HOST
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(streaming_module, "get_hosts", hosts)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    result = await mapped.choose("check")
    assert failure(result) == (
        "✗ The host name has no address. Check the name and your DNS. (Name or service not known)"
    )


async def test_there_is_no_way(mapped: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(asyncio, "open_connection", fail)
    result = await mapped.choose("check")
    assert failure(result).endswith("and the firewall. (No route to host)")


async def test_our_server_does_not_run(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, pass_time: Pass
) -> None:
    """Another program's port is not connected to."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("", entry_of_stream.options["stream_port"]))
        other.listen()
        await set_up(hass, entry_of_stream)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert issues_of(hass)
        result = await Owner(hass, entry_of_stream).choose("check")
    assert checks_of(result)[0].startswith("✗ The streaming server is not running.")


async def test_our_server_cannot_even_be_made(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    hass_storage["flotte.telemetry_ca"] = {
        "version": 1,
        "data": {"certificate": "?", "private_key": "?"},
    }
    await set_up(hass, entry_of_stream)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert receiver_of(hass, entry_of_stream).certificate is None
    result = await Owner(hass, entry_of_stream).choose("check")
    assert checks_of(result)[0].startswith("✗ The streaming server is not running.")


def test_every_check_has_a_text() -> None:
    texts = json.loads(TRANSLATIONS.read_text("utf-8"))["selector"]["stream_check"]["options"]
    named = set(re.findall(r'"([a-z_]+)"', Path(checks.__file__).read_text("utf-8")))
    needed = {str(each) for each in Finding} - {"ok"} | {f"obstacle_{each}" for each in Obstacle}
    assert needed <= set(texts)
    assert set(texts) - needed <= named


async def test_every_field_is_explained(owner: Owner) -> None:
    result = await owner.submit(await owner.choose("stream"), **STREAM)
    assert list(fields_of(result)) == ["stream_hostname", "stream_port", "advanced"]

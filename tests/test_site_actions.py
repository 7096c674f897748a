"""Actions of energy sites: the tariff, and the sessions of wall connectors."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import voluptuous as vol
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.flotte
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.services.action import Action
from custom_components.flotte.services.sites import SITE_ACTIONS
from custom_components.flotte.tesla.energy.outages import read_outages
from simulator import Simulator
from simulator.bill import Category
from simulator.energy import Site
from simulator.energy.past import Outage
from simulator.vehicle.charging import Session
from tests.conftest import CLIENT_ID, MODEL_Y, SITE, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

FLOTTE: Final = Path(custom_components.flotte.__file__).parent
DESCRIBED: Final[dict[str, Any]] = load_yaml_dict(str(FLOTTE / "services.yaml"))
ENGLISH: Final[dict[str, Any]] = json.loads(
    (FLOTTE / "translations" / "en.json").read_text("utf-8")
)
ICONS: Final[dict[str, Any]] = json.loads((FLOTTE / "icons.json").read_text("utf-8"))
DOCUMENT: Final = (FLOTTE.parents[1] / "docs" / "actions.md").read_text("utf-8")

EACH_ROW = pytest.mark.parametrize("row", SITE_ACTIONS, ids=lambda row: row.name)


@pytest.fixture(autouse=True)
def _only_these_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.CALENDAR, Platform.SENSOR])


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house."""
    return tesla.world.sites[SITE]


def device_of(hass: HomeAssistant, entry: MockConfigEntry, identifier: str = str(SITE)) -> str:
    """The id of the device of the house, or of another one."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
    assert device is not None
    return device.id


async def call(hass: HomeAssistant, action: str, device: str, **fields: Any) -> Any:
    """Call an action; returns its answer if it has one."""
    return await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": device, **fields},
        blocking=True,
        return_response=action.startswith("get"),
    )


def documented() -> dict[str, Any]:
    """The tariff in the documentation."""
    text = DOCUMENT.partition("# A tariff with a cheap night.")[2].partition("```")[0]
    example: Any = parse_yaml(text)
    settings: dict[str, Any] = example["actions"][0]["data"]["tou_settings"]
    return settings


@pytest.mark.parametrize("is_wrapped", [True, False])
async def test_tariff_is_sent_and_read_back(
    hass: HomeAssistant, told: MockConfigEntry, house: Site, wait: Wait, *, is_wrapped: bool
) -> None:
    """In the wrapping of Tesla's request or without, as with Teslemetry's action."""
    settings = documented() if is_wrapped else documented()["tariff_content_v2"]
    assert state_of(hass, "sensor.home_buy_price").state == "0.24"
    await call(hass, "time_of_use", device_of(hass, told), tou_settings=settings)
    (command,) = house.commands
    assert command["body"] == {"tou_settings": documented()}
    await wait(MINUTE)
    # Noon in Amsterdam; the tariff was stored without its zeros.
    assert state_of(hass, "sensor.home_buy_price").state == "0.33"
    assert state_of(hass, "sensor.home_sell_price").state == "unknown"
    attributes = state_of(hass, "calendar.home_buy_tariff").attributes
    assert attributes["message"] == "On peak: 0.33 EUR/kWh"


async def test_a_tariff_against_the_rules_is_not_sent(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, house: Site
) -> None:
    settings = deepcopy(documented())
    settings["tariff_content_v2"]["energy_charges"]["Year"]["rates"]["ON_PEAK"] = -0.1
    billed = tesla.bill.counts()
    with pytest.raises(ServiceValidationError) as error:
        await call(hass, "time_of_use", device_of(hass, told), tou_settings=settings)
    assert error.value.translation_key == "rate_plan_bad_price"
    assert str(error.value).startswith("The price of Year, ON_PEAK is not a number of 0 or more")
    assert not house.commands
    assert tesla.bill.counts() == billed


async def test_a_tariff_that_tesla_refuses(
    hass: HomeAssistant, told: MockConfigEntry, house: Site
) -> None:
    house.steer({"answers": {"instead": {"time_of_use_settings": {"code": 400, "message": "no"}}}})
    with pytest.raises(HomeAssistantError):
        await call(hass, "time_of_use", device_of(hass, told), tou_settings=documented())


def add_session(house: Site, started_at: float, seconds: float, kilowatt_hours: float) -> None:
    """Have the wall connector remember a session."""
    house.past.sessions.append(
        Session(started_at=started_at, seconds=seconds, wall_kwh=kilowatt_hours)
    )


async def test_charge_history(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, house: Site
) -> None:
    house.past.sessions.clear()
    # 23:30 on October 9 and 00:10 on October 10, in Amsterdam.
    add_session(house, 1_791_581_400, 1800, 4.2)
    add_session(house, 1_791_583_800, 3600, 7.4)
    before = tesla.bill.counts(client_id=CLIENT_ID)[Category.ENERGY]
    device = device_of(hass, told)
    answer = await call(hass, "get_charge_history", device, start="2026-10-10", end="2026-10-10")
    assert answer == {
        "sites": {
            device: {
                "name": "Home",
                "sessions": [
                    {
                        "start": "2026-10-10T00:10:00+02:00",
                        "end": "2026-10-10T01:10:00+02:00",
                        "energy": 7.4,
                    }
                ],
            }
        }
    }
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.ENERGY] == before + 1
    usual = await call(hass, "get_charge_history", device)
    assert [each["energy"] for each in usual["sites"][device]["sessions"]] == [4.2, 7.4]


async def test_backup_history(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, house: Site
) -> None:
    # An outage at 01:00 on October 10 in Amsterdam, and one that goes on.
    house.past.outages[:] = [
        Outage(began_at=1_791_586_800, ended_at=1_791_587_700),
        Outage(began_at=house.time - 600),
    ]
    before = tesla.bill.counts(client_id=CLIENT_ID)[Category.ENERGY]
    device = device_of(hass, told)
    answer = await call(hass, "get_backup_history", device)
    outages = answer["sites"][device]["outages"]
    assert outages[0] == {
        "start": "2026-10-10T01:00:00+02:00",
        "end": "2026-10-10T01:15:00+02:00",
        "minutes": 15.0,
    }
    assert [each["minutes"] for each in outages] == [15.0, 10.0]
    assert answer["sites"][device]["complete"] is True
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.ENERGY] == before + 1


@pytest.mark.parametrize(("repeats", "pages", "found"), [(False, 3, 60), (True, 2, 25)])
async def test_backup_history_of_several_pages(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    house: Site,
    *,
    repeats: bool,
    pages: int,
    found: int,
) -> None:
    """Each page is a request; the second one shows that Tesla repeats the first."""
    house.steer({"history": {"repeats_page": repeats}})
    house.past.outages[:] = [
        Outage(began_at=house.time - hour * 3600, ended_at=house.time - hour * 3600 + 120)
        for hour in range(60, 0, -1)
    ]
    before = tesla.bill.counts(client_id=CLIENT_ID)[Category.ENERGY]
    device = device_of(hass, told)
    answer = await call(hass, "get_backup_history", device)
    outages = answer["sites"][device]["outages"]
    assert len({each["start"] for each in outages}) == len(outages) == found
    assert [each["start"] for each in outages] == sorted(each["start"] for each in outages)
    assert answer["sites"][device]["complete"] is not repeats
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.ENERGY] == before + pages


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": "soon", "duration": 60},
        {"timestamp": "2026-10-10T01:00:00", "duration": 60},
        {"timestamp": "2026-10-10T01:00:00+02:00"},
        {"timestamp": "2026-10-10T01:00:00+02:00", "duration": -1},
        {"timestamp": "2026-10-10T01:00:00+02:00", "duration": 1e30},
        None,
    ],
)
def test_an_outage_that_cannot_be_read_is_left_out(odd: object) -> None:
    good = {"timestamp": "2026-10-11T01:00:00+02:00", "duration": "60"}
    (outage,) = read_outages({"events": [odd, good]})
    assert outage.start == datetime(2026, 10, 10, 23, tzinfo=UTC)


async def test_charge_history_that_cannot_be_read(
    hass: HomeAssistant, told: MockConfigEntry, house: Site
) -> None:
    device = device_of(hass, told)
    with pytest.raises(ServiceValidationError) as order:
        await call(hass, "get_charge_history", device, start="2026-10-11", end="2026-10-10")
    assert order.value.translation_key == "history_order"
    for end in ("0001-01-01", "9999-12-31"):
        with pytest.raises(vol.Invalid):
            await call(hass, "get_charge_history", device, end=end)
    house.steer({"answers": {"instead": {"charge_history": {"odd": 1}}}})
    with pytest.raises(HomeAssistantError) as odd:
        await call(hass, "get_charge_history", device)
    assert odd.value.translation_key == "invalid_answer"


@pytest.mark.parametrize("action", ["time_of_use", "get_charge_history", "get_backup_history"])
async def test_a_car_is_no_site(hass: HomeAssistant, told: MockConfigEntry, action: str) -> None:
    fields = {"tou_settings": documented()} if action == "time_of_use" else {}
    with pytest.raises(ServiceValidationError) as error:
        await call(hass, action, device_of(hass, told, MODEL_Y), **fields)
    assert error.value.translation_key == "not_a_site"


@EACH_ROW
def test_fields_are_described_as_they_are(row: Action) -> None:
    markers = {str(marker): marker for marker in row.fields}
    described = DESCRIBED[row.name]["fields"]
    assert described.keys() == ENGLISH["services"][row.name]["fields"].keys() == markers.keys()
    for name, marker in markers.items():
        assert described[name].get("required", False) is isinstance(marker, vol.Required), name
        assert f"`{name}`" in DOCUMENT
    assert f"`flotte.{row.name}`" in DOCUMENT
    assert ICONS["services"][row.name]["service"].startswith("mdi:")

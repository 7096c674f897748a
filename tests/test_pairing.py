"""The repair issue of a missing key: the code, the check by Tesla, and sparing checks beside it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import QrCodeSelector
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import DOMAIN
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import CLIENT_ID, MODEL_3, TRANSLATIONS, Pass, set_up
from tests.fleet import MOMENT, Wait
from tests.flow_texts import check_texts, fields_of
from tests.test_error_texts import TEXTS

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

FIX_FLOW = TEXTS["issues"]["key_not_paired"]["fix_flow"]


class Repair:
    """The repair of Comet's missing key, as a person sees it."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        self._hass = hass
        self.issue_id = f"key_not_paired_{MODEL_3[-6:]}_{entry.entry_id}"

    @property
    def is_open(self) -> bool:
        """Whether the issue is there."""
        return ir.async_get(self._hass).async_get_issue(DOMAIN, self.issue_id) is not None

    @property
    def _flows(self) -> RepairsFlowManager:
        manager: RepairsFlowManager = self._hass.data[REPAIRS]["flow_manager"]
        return manager

    async def open(self) -> Any:
        """Open the dialog."""
        assert await async_setup_component(self._hass, REPAIRS, {})
        return self._seen(await self._flows.async_init(DOMAIN, context={"issue_id": self.issue_id}))

    async def check(self, form: Any) -> Any:
        """Select the button."""
        return self._seen(await self._flows.async_configure(form["flow_id"], {}))

    @staticmethod
    def _seen(result: Any) -> Any:
        check_texts(FIX_FLOW, result)
        return result


@pytest.fixture
def repair(hass: HomeAssistant, loaded: MockConfigEntry) -> Repair:
    """The open repair."""
    return Repair(hass, loaded)


def asked(tesla: Simulator) -> int:
    """How often Tesla was asked about keys."""
    return sum(each.endpoint == "fleet_status" for each in tesla.requests)


async def test_the_code_leads_to_the_page_and_the_check_closes_the_repair(
    hass: HomeAssistant, repair: Repair, tesla: Simulator
) -> None:
    form = await repair.open()
    code = fields_of(form)["qr_code"]
    assert isinstance(code, QrCodeSelector)
    link = f"{tesla.eu_url}/_ak/flotte.example"
    assert code.config["data"] == link
    assert form["description_placeholders"]["url"].endswith(f"]({link})")
    before = asked(tesla)

    form = await repair.check(form)
    assert form["errors"] == {"base": "key_missing"}
    assert asked(tesla) == before + 1
    tesla.world.cars[MODEL_3].pair((await async_get_key(hass)).public_bytes)
    done = await repair.check(form)
    assert (done["type"], done["description"]) == (FlowResultType.CREATE_ENTRY, "paired")
    assert asked(tesla) == before + 2
    assert not repair.is_open
    paid = (Category.COMMAND, Category.DATA, Category.WAKE)
    assert not any(tesla.bill.counts().get(each) for each in paid)


@pytest.mark.parametrize(
    ("other_keys", "body", "error"),
    [
        (20, None, "key_no_room"),
        (2, {"response": {"key_paired_vins": [], "unpaired_vins": []}}, "key_unknown"),
        (2, {"error": "no"}, "not_checked"),
    ],
)
async def test_the_check_says_what_is_wrong(
    repair: Repair, tesla: Simulator, other_keys: int, body: dict[str, Any] | None, error: str
) -> None:
    form = await repair.open()
    tesla.world.cars[MODEL_3].other_keys = other_keys
    if body is not None:
        status = 200 if "response" in body else 423
        tesla.faults.order("status", endpoint="fleet_status", status=status, body=body)
    form = await repair.check(form)
    assert form["errors"] == {"base": error}
    assert repair.is_open
    detail = form["description_placeholders"]["detail"]
    assert detail == "" if error != "not_checked" else detail.endswith(".")


async def test_car_that_needs_no_key(repair: Repair, tesla: Simulator) -> None:
    form = await repair.open()
    tesla.world.cars[MODEL_3].protocol_required = False
    done = await repair.check(form)
    assert (done["type"], done["description"]) == (FlowResultType.CREATE_ENTRY, "not_needed")
    assert not repair.is_open


async def test_account_that_is_not_loaded(
    hass: HomeAssistant, loaded: MockConfigEntry, repair: Repair
) -> None:
    assert await hass.config_entries.async_unload(loaded.entry_id)
    done = await repair.open()
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "not_loaded")


async def test_checks_become_sparing_and_are_frequent_again_after_one_by_hand(
    repair: Repair, tesla: Simulator, wait: Wait
) -> None:
    for expected in (5, 1, 1):
        before = asked(tesla)
        await wait(timedelta(hours=1))
        assert asked(tesla) - before == expected
    await repair.check(await repair.open())
    before = asked(tesla)
    await wait(timedelta(hours=1))
    assert asked(tesla) - before == 5


@pytest.mark.parametrize("path", TRANSLATIONS.parent.glob("*.json"), ids=lambda path: path.stem)
def test_titles_of_dialogs_fit_on_a_phone(path: Path) -> None:
    """Home Assistant prints the second line of a title over the line below it."""
    issues = json.loads(path.read_text("utf-8"))["issues"]
    titles = [
        step["title"].replace("{name}", "Old Faithful")
        for issue in issues.values()
        for step in issue.get("fix_flow", {}).get("step", {}).values()
    ]
    assert len(titles) >= 5
    assert [title for title in titles if len(title) > 30] == []


async def test_paired_car_streams_within_minutes(
    hass: HomeAssistant, entry_of_stream: MockConfigEntry, tesla: Simulator, pass_time: Pass
) -> None:
    """Its configuration does not wait for the next hour."""
    car = tesla.world.cars[MODEL_3]
    await set_up(hass, entry_of_stream)
    await pass_time(timedelta(minutes=5))
    assert CLIENT_ID not in car.telemetry.subscriptions
    repair = Repair(hass, entry_of_stream)
    form = await repair.open()
    car.pair((await async_get_key(hass)).public_bytes)
    await repair.check(form)
    await pass_time(timedelta(minutes=2))
    assert CLIENT_ID in car.telemetry.subscriptions

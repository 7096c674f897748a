"""Names of cars and sites: which one counts, renames, and two of the same name."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.names import AssetName
from custom_components.flotte.account.products import Product, distinct_names
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, SITE, set_up, state_of, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

ONLINE = "binary_sensor.aurora_online"


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    platforms = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.SENSOR, Platform.SELECT]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", platforms)


def name_of(hass: HomeAssistant, entry: MockConfigEntry, number: str) -> str | None:
    """The name of a device, unless its owner changed it."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, number), entry.entry_id)
    assert device is not None
    return device.name


def friendly_name(hass: HomeAssistant, entity_id: str) -> str:
    return str(state_of(hass, entity_id).attributes["friendly_name"])


# --- Which name counts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "reported", "before", "shown"),
    [
        ("Aurora", "Borealis", "Comet", "Aurora"),
        (" Aurora\n", None, None, "Aurora"),
        (None, " Borealis ", None, "Borealis"),
        ("", "Borealis", "", "Borealis"),
        ("  ", None, None, "Model Y"),
        (None, None, None, "Model Y"),
        (None, None, "Comet", "Comet"),
        # Its last name, from any source; but a model is no name.
        (None, "Borealis", "Comet", "Comet"),
        (None, "Borealis", "Model Y", "Borealis"),
        # Of another type than it should be.
        (7, None, None, "Model Y"),
        ({"name": "Aurora"}, ["Aurora"], None, "Model Y"),
    ],
)
def test_at_the_start(listed: Any, reported: Any, before: Any, shown: str) -> None:
    name = AssetName(listed=listed, reported=reported, before=before, fallback="Model Y")
    assert name.shown == shown


def test_the_last_change_counts() -> None:
    name = AssetName(listed="Aurora", reported="Aurora", before=None, fallback="Model Y")
    assert name.report("Borealis")
    assert name.shown == "Borealis"
    assert not name.list("Aurora"), "the list is behind"
    assert not name.list("Borealis"), "and has caught up"
    assert name.list("Comet")
    assert not name.report("Borealis"), "now the car is behind"
    assert name.shown == "Comet"


@pytest.mark.parametrize("nothing", [None, "", " ", 0, []])
def test_no_name_keeps_the_known_one(nothing: Any) -> None:
    name = AssetName(listed="Aurora", reported="Aurora", before=None, fallback="Model Y")
    assert not name.list(nothing)
    assert not name.report(nothing)
    assert name.shown == "Aurora"
    assert not name.list("Aurora")


def test_the_first_report_of_a_car_does_not_overrule_the_list() -> None:
    name = AssetName(listed="Aurora", reported=None, before=None, fallback="Model Y")
    assert not name.report("Borealis")
    assert name.shown == "Aurora"
    nameless = AssetName(listed=None, reported=None, before=None, fallback="Model Y")
    assert nameless.report("Borealis")
    assert nameless.shown == "Borealis"


# --- In Home Assistant ---------------------------------------------------------------------------


def test_names_before_there_are_devices() -> None:
    """Equal ones are distinct, a missing one is the model, and none is a VIN or breaks a line."""
    assets: dict[str, Product] = {
        MODEL_Y: {"vin": MODEL_Y, "display_name": "Blitz\n# Title"},
        MODEL_3: {"vin": MODEL_3, "display_name": "aurora"},
        MODEL_S: {"vin": MODEL_S, "display_name": "Aurora "},
        "LRWAE7FS0RC000009": {"vin": "LRWAE7FS0RC000009", "display_name": "  "},
        str(SITE): {"energy_site_id": SITE, "site_name": None},
    }
    assert list(distinct_names(assets).values()) == [
        "Blitz # Title",
        "aurora (000002)",
        "Aurora (000003)",
        "Tesla",
        "Energy site",
    ]


async def test_blanks_are_no_part_of_a_name(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    tesla.world.cars[MODEL_Y].display_name = " Aurora "
    tesla.world.sites[SITE].name = "Home\n"
    await set_up(hass, entry)
    assert name_of(hass, entry, MODEL_Y) == "Aurora"
    assert name_of(hass, entry, str(SITE)) == "Home"


async def test_a_car_without_a_name_has_its_model_until_it_reports_one(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.world.cars[MODEL_Y].is_name_lost = True
    await set_up(hass, entry)
    assert name_of(hass, entry, MODEL_Y) == "Model Y"
    await told_of(tesla, wait, MODEL_Y)
    assert name_of(hass, entry, MODEL_Y) == "Aurora"
    assert friendly_name(hass, "binary_sensor.model_y_online") == "Aurora Online"

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert name_of(hass, entry, MODEL_Y) == "Aurora"


async def test_a_site_without_a_name_in_the_list_has_that_of_its_settings(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    tesla.world.sites[SITE].is_name_lost = True
    await set_up(hass, entry)
    assert name_of(hass, entry, str(SITE)) == "Home"


@pytest.mark.parametrize("reads_data", [True, False])
async def test_a_lost_name_is_kept(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    reads_data: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Whether the car itself ever told it or not."""
    if reads_data:
        await told_of(tesla, wait, MODEL_Y)
    tesla.world.cars[MODEL_Y].is_name_lost = tesla.world.sites[SITE].is_name_lost = True
    await wait(2 * MINUTE)
    await wait(timedelta(hours=6))
    assert name_of(hass, loaded, MODEL_Y) == "Aurora"
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert name_of(hass, loaded, MODEL_Y) == "Aurora"
    assert name_of(hass, loaded, str(SITE)) == "Home"


async def test_a_rename_is_followed_by_the_free_check(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await wait(MINUTE)
    tesla.world.cars[MODEL_S].display_name = "Nimbus"
    await wait(2 * MINUTE)
    assert name_of(hass, loaded, MODEL_S) == "Nimbus"
    assert friendly_name(hass, "binary_sensor.old_faithful_online") == "Nimbus Online"
    assert vehicle_of(loaded, MODEL_S).device_name == "Nimbus"


async def test_a_rename_is_confirmed_by_the_car(hass: HomeAssistant, told: MockConfigEntry) -> None:
    """As its stream does, or an answer."""
    coordinator = vehicle_of(told, MODEL_Y)
    news = Reading("Borealis", dt_util.utcnow() + MINUTE, Source.STREAM)
    coordinator.vehicle.receive({signals.VEHICLE_NAME: news})
    await hass.async_block_till_done()
    assert name_of(hass, told, MODEL_Y) == "Borealis"
    assert friendly_name(hass, ONLINE) == "Borealis Online"
    assert coordinator.device_name == "Borealis"
    assert coordinator.device_info["name"] == "Borealis"


async def test_a_rename_is_followed_by_the_product_list(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A car that streams is not checked; and a site's name is in its settings too."""
    tesla.world.sites[SITE].name = "Cottage"
    await wait(timedelta(minutes=11))
    assert name_of(hass, loaded, str(SITE)) == "Cottage"
    (site,) = loaded.runtime_data.sites
    assert site.device_name == "Cottage"

    car = tesla.world.cars[MODEL_Y]
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    vehicle.presence.on_name = lambda _name: None
    car.display_name = "Borealis"
    await wait(timedelta(hours=6))
    assert name_of(hass, loaded, MODEL_Y) == "Borealis"


async def test_the_owners_name_of_a_device_stays(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    tesla: Simulator,
    wait: Wait,
) -> None:
    device = device_registry.async_get_device_by_identifier((DOMAIN, MODEL_S), loaded.entry_id)
    assert device is not None
    device_registry.async_update_device(device.id, name_by_user="Grandpa")
    tesla.world.cars[MODEL_S].display_name = "Nimbus"
    await wait(2 * MINUTE)
    renamed = device_registry.async_get(device.id)
    assert renamed is not None
    assert (renamed.name, renamed.name_by_user) == ("Nimbus", "Grandpa")
    assert vehicle_of(loaded, MODEL_S).device_name == "Grandpa"


async def test_repair_issues_follow_a_rename(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """Comet is not paired."""
    issue_id = f"key_not_paired_000002_{loaded.entry_id}"
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert (issue.translation_placeholders or {})["name"] == "Comet"
    tesla.world.cars[MODEL_3].display_name = "Halley"
    await wait(2 * MINUTE)
    issue = issue_registry.async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert (issue.translation_placeholders or {})["name"] == "Halley"


# --- Two of the same name ------------------------------------------------------------------------


async def test_equal_names_are_distinguished(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    issue_registry: ir.IssueRegistry,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """By the end of their numbers, in errors and repairs; never by a whole one."""
    for vin in (MODEL_Y, MODEL_3):
        tesla.world.cars[vin].display_name = "Aurora"
    tesla.world.sites[SITE].name = "aurora"
    await set_up(hass, entry)
    names = {each.unique_prefix: each.device_name for each in entry.runtime_data.vehicles}
    assert names == {
        MODEL_Y: "Aurora (000001)",
        MODEL_3: "Aurora (000002)",
        MODEL_S: "Old Faithful",
    }
    (site,) = entry.runtime_data.sites
    assert site.device_name == "aurora (890123)"
    assert name_of(hass, entry, MODEL_3) == "Aurora", "devices have their numbers beside the name"

    issue = issue_registry.async_get_issue(DOMAIN, f"key_not_paired_000002_{entry.entry_id}")
    assert issue is not None
    assert (issue.translation_placeholders or {})["name"] == "Aurora (000002)"

    with pytest.raises(HomeAssistantError) as error:
        await hass.services.async_call(
            "button",
            "press",
            {ATTR_ENTITY_ID: "button.aurora_flash_lights_2"},
            blocking=True,
        )
    assert "Aurora (000002)" in str(error.value)
    assert MODEL_3 not in str(error.value)

    tesla.world.cars[MODEL_Y].display_name = "Borealis"
    tesla.world.sites[SITE].name = "Home"
    await wait(timedelta(minutes=11))
    assert vehicle_of(entry, MODEL_3).device_name == "Aurora", "alone again"


async def test_numbers_that_end_alike_are_shown_further(
    hass: HomeAssistant, loaded: MockConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """Each factory counts from 1."""
    other = "5YJSA7E2XKF000001"
    device_registry.async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, other)}, name="Aurora"
    )
    assert vehicle_of(loaded, MODEL_Y).device_name == "Aurora (B000001)"


async def test_two_accounts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    make_entry: Any,
    tesla: Simulator,
) -> None:
    """One car in both is no other car; two cars in one account each are."""
    other = make_entry("owner-2")
    device_registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={(DOMAIN, MODEL_Y)}, name="Aurora"
    )
    assert vehicle_of(loaded, MODEL_Y).device_name == "Aurora"
    device_registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={(DOMAIN, "XP7YGCEK0RB999999")}, name="Aurora"
    )
    assert vehicle_of(loaded, MODEL_Y).device_name == "Aurora (000001)"

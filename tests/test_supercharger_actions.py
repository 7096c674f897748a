"""Actions for what an account paid at Superchargers."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import voluptuous as vol
from homeassistant.auth.const import GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.flotte
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.services.action import Action
from custom_components.flotte.services.superchargers import SUPERCHARGER_ACTIONS
from simulator import Simulator
from simulator.bill import Category
from simulator.supercharging import fee
from tests.conftest import CLIENT_ID, MODEL_3, MODEL_Y, EntryMaker, set_up
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)

FLOTTE: Final = Path(custom_components.flotte.__file__).parent
DESCRIBED: Final[dict[str, Any]] = load_yaml_dict(str(FLOTTE / "services.yaml"))
ENGLISH: Final[dict[str, Any]] = json.loads(
    (FLOTTE / "translations" / "en.json").read_text("utf-8")
)
ICONS: Final[dict[str, Any]] = json.loads((FLOTTE / "icons.json").read_text("utf-8"))
DOCUMENT: Final = (FLOTTE.parents[1] / "docs" / "actions.md").read_text("utf-8")
OCTOBER_10: Final = 1_791_612_000.0
"""08:00 in Amsterdam, 23:00 of October 9 in Los Angeles, where the owner of the tests lives."""


@pytest.fixture(autouse=True)
def _only_these_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.LOCK, Platform.SENSOR])


def data_requests(tesla: Simulator) -> int:
    """The paid data requests."""
    return tesla.bill.counts(client_id=CLIENT_ID)[Category.DATA]


def device_of(hass: HomeAssistant, entry: MockConfigEntry, vin: str) -> str:
    """The id of a car's device."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, vin), entry.entry_id)
    assert device is not None
    return device.id


async def call(
    hass: HomeAssistant,
    action: str,
    entry: MockConfigEntry,
    user: Context | None = None,
    **fields: Any,
) -> Any:
    """Call an action for an account; returns its answer."""
    return await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": entry.entry_id, **fields},
        blocking=True,
        return_response=True,
        context=user,
    )


async def test_history(hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator) -> None:
    supercharging = tesla.world.supercharging
    supercharging.add(MODEL_Y, OCTOBER_10, 1800)
    late = {**fee("PARKING", totalDue=1.5, isPaid=False), "currencyCode": "CHF"}
    supercharging.add(MODEL_3, OCTOBER_10 + 7200, 600, fees=[late], siteLocationName=None)
    before = data_requests(tesla)
    answer = await call(hass, "get_supercharger_history", loaded)
    assert answer == {
        "sessions": [
            {
                "car": "Comet",
                "place": None,
                "country": "NL",
                "start": "2026-10-10T01:00:00-07:00",
                "end": "2026-10-10T01:10:00-07:00",
                "energy": None,
                "costs": {"CHF": 1.5},
                "paid": False,
                "fees": [{"type": "parking", "cost": 1.5, "currency": "CHF", "paid": False}],
                "invoices": ["invoice-2"],
            },
            {
                "car": "Aurora",
                "place": "Amsterdam, Netherlands",
                "country": "NL",
                "start": "2026-10-09T23:00:00-07:00",
                "end": "2026-10-09T23:30:00-07:00",
                "energy": 30.0,
                "costs": {"EUR": 13.5},
                "paid": True,
                "fees": [
                    {"type": "charging", "cost": 13.5, "currency": "EUR", "paid": True},
                    {"type": "parking", "cost": 0.0, "currency": "EUR", "paid": True},
                ],
                "invoices": ["invoice-1"],
            },
        ],
        "costs": {"CHF": 1.5, "EUR": 13.5},
        "requests": 1,
        "more": False,
        "unreadable": 0,
    }
    json.dumps(answer)
    one: dict[str, Any] = {"device_id": device_of(hass, loaded, MODEL_Y), "end": "2026-10-09"}
    (session,) = (await call(hass, "get_supercharger_history", loaded, **one))["sessions"]
    assert session["car"] == "Aurora"
    assert data_requests(tesla) == before + 2


async def test_a_sum_of_a_part_is_unknown(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    for number in range(60):
        tesla.world.supercharging.add(MODEL_Y, OCTOBER_10 + 600 * number, 300)
    answer = await call(hass, "get_supercharger_history", loaded, max_requests=1)
    assert (len(answer["sessions"]), answer["requests"]) == (50, 1)
    assert answer["more"] is True
    assert answer["costs"] is None
    whole = await call(hass, "get_supercharger_history", loaded)
    assert (whole["requests"], whole["costs"]) == (2, {"EUR": 810.0})


async def test_history_that_cannot_be_read(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, make_entry: EntryMaker
) -> None:
    before = data_requests(tesla)
    with pytest.raises(ServiceValidationError) as order:
        await call(hass, "get_supercharger_history", loaded, start="2026-10-11", end="2026-10-10")
    assert order.value.translation_key == "history_order"
    for end in ("0001-01-01", "9999-12-31"):
        with pytest.raises(vol.Invalid):
            await call(hass, "get_supercharger_history", loaded, end=end)
    other = make_entry("owner-2", frozenset({"vehicle_device_data"}))
    await set_up(hass, other)
    with pytest.raises(ServiceValidationError) as car:
        await call(
            hass, "get_supercharger_history", other, device_id=device_of(hass, loaded, MODEL_Y)
        )
    assert car.value.translation_key == "car_of_another_account"
    with pytest.raises(HomeAssistantError) as scope:
        await call(hass, "get_supercharger_history", other)
    assert scope.value.translation_key == "missing_scope"
    assert data_requests(tesla) == before
    tesla.faults.order("status", endpoint="charging_history", status=502)
    with pytest.raises(HomeAssistantError) as server:
        await call(hass, "get_supercharger_history", loaded)
    assert server.value.translation_key == "service_error"


async def test_readers_may_not_spend(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    # The first user may do everything.
    await hass.auth.async_create_user("Owner")
    user = await hass.auth.async_create_user("Guest", group_ids=[GROUP_ID_READ_ONLY])
    before = data_requests(tesla)
    one: dict[str, Any] = {"device_id": device_of(hass, loaded, MODEL_Y)}
    for fields in ({}, one):
        with pytest.raises(Unauthorized):
            await call(hass, "get_supercharger_history", loaded, Context(user_id=user.id), **fields)
    assert data_requests(tesla) == before


@pytest.mark.parametrize("row", SUPERCHARGER_ACTIONS, ids=lambda row: row.name)
def test_fields_are_described_as_they_are(row: Action) -> None:
    markers = {str(marker): marker for marker in row.fields}
    described = DESCRIBED[row.name]["fields"]
    assert described.keys() == ENGLISH["services"][row.name]["fields"].keys() == markers.keys()
    for name, marker in markers.items():
        assert described[name].get("required", False) is isinstance(marker, vol.Required), name
        assert f"`{name}`" in DOCUMENT
    assert f"`flotte.{row.name}`" in DOCUMENT
    assert ICONS["services"][row.name]["service"].startswith("mdi:")


# --- Invoices ------------------------------------------------------------------------------------


@pytest.fixture
def folder(hass: HomeAssistant, tmp_path: Path, tesla: Simulator) -> Path:
    """A folder that may be written to; there is an invoice."""
    tesla.world.supercharging.add(MODEL_Y, OCTOBER_10, 1800)
    folder = tmp_path / "invoices"
    folder.mkdir()
    hass.config.allowlist_external_dirs = {str(folder)}
    return folder


def names_in(folder: Path) -> list[str]:
    """The files in a folder."""
    return [each.name for each in folder.iterdir()]


async def test_invoice(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, folder: Path
) -> None:
    before = data_requests(tesla)
    target = folder / "october.pdf"
    fields: dict[str, Any] = {"id": "invoice-1", "filename": str(target)}
    answer = await call(hass, "get_supercharger_invoice", loaded, **fields)
    assert answer == {"filename": str(target), "size": 33}
    assert target.read_bytes() == b"%PDF-1.7\n% invoice-1\n%\xe2\xe3\xcf\xd3\n%%EOF\n"
    assert data_requests(tesla) == before + 1
    target.write_text("mine")
    with pytest.raises(ServiceValidationError) as exists:
        await call(hass, "get_supercharger_invoice", loaded, **fields)
    assert exists.value.translation_key == "file_exists"
    assert target.read_text() == "mine"
    assert data_requests(tesla) == before + 1
    await call(hass, "get_supercharger_invoice", loaded, **fields, overwrite=True)
    assert target.read_bytes().startswith(b"%PDF-")
    assert names_in(folder) == ["october.pdf"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("../october.pdf", None),
        ("~/october.pdf", None),
        ("{folder}/../october.pdf", None),
        ("october.pdf", "path_not_allowed"),
        ("/october.pdf", "path_not_allowed"),
        ("{folder}/none/october.pdf", "path_not_allowed"),
        ("{folder}/outside/october.pdf", "path_not_allowed"),
        ("{folder}/oct\0ober.pdf", "path_not_allowed"),
        ("{folder}/secrets.yaml", "path_not_pdf"),
        ("{folder}/a.pdf", "path_not_pdf"),
    ],
)
async def test_files_that_may_not_be_written(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    folder: Path,
    name: str,
    key: str | None,
) -> None:
    """Nothing is paid for."""
    (folder / "outside").symlink_to(folder.parent)
    (folder / "a.pdf").mkdir()
    before = data_requests(tesla)
    fields: dict[str, Any] = {
        "id": "invoice-1",
        "filename": name.format(folder=folder),
        "overwrite": True,
    }
    with pytest.raises(vol.Invalid if key is None else ServiceValidationError) as refusal:
        await call(hass, "get_supercharger_invoice", loaded, **fields)
    assert getattr(refusal.value, "translation_key", None) == key
    assert data_requests(tesla) == before


@pytest.mark.parametrize("number", ["", ".", "..", "a/b", "../history", "a?b", "ä", "a" * 201])
async def test_a_number_is_no_path(
    hass: HomeAssistant, loaded: MockConfigEntry, folder: Path, number: str
) -> None:
    fields: dict[str, Any] = {"id": number, "filename": f"{folder}/october.pdf"}
    with pytest.raises(vol.Invalid):
        await call(hass, "get_supercharger_invoice", loaded, **fields)


async def test_invoices_that_fail(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields: dict[str, Any] = {"id": "invoice-2", "filename": f"{folder}/october.pdf"}
    with pytest.raises(HomeAssistantError) as missing:
        await call(hass, "get_supercharger_invoice", loaded, **fields)
    assert missing.value.translation_key == "no_such_invoice"
    fields["id"] = "invoice-1"
    tesla.faults.order("firewall", endpoint="charging_invoice")
    with pytest.raises(HomeAssistantError) as refused:
        await call(hass, "get_supercharger_invoice", loaded, **fields)
    assert refused.value.translation_key == "forbidden"

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("custom_components.flotte.services.files.os.fsync", full)
    with pytest.raises(HomeAssistantError) as disk:
        await call(hass, "get_supercharger_invoice", loaded, **fields)
    assert disk.value.translation_key == "file_not_written"
    assert disk.value.translation_placeholders is not None
    assert disk.value.translation_placeholders["detail"] == "No space left on device"
    assert names_in(folder) == []
    await hass.auth.async_create_user("Owner")
    user = await hass.auth.async_create_user("Guest", group_ids=[GROUP_ID_USER])
    with pytest.raises(Unauthorized):
        await call(hass, "get_supercharger_invoice", loaded, Context(user_id=user.id), **fields)

"""Permissions: users of Home Assistant with all kinds of rights."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import Group, User
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.services.energy import ENERGY_ACTIONS
from custom_components.flotte.services.sites import SITE_ACTIONS
from custom_components.flotte.services.spending import SPENDING_ACTIONS
from custom_components.flotte.services.superchargers import SUPERCHARGER_ACTIONS
from custom_components.flotte.services.vehicle import ACTIONS
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.signals import CHARGE_ON_SOLAR_SETTINGS
from custom_components.flotte.tesla.spending.caller import Caller
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.solar import ChargeOnSolar
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from tests.conftest import MODEL_S, MODEL_Y, state_of
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)

CONTROL: Final[dict[str, dict[str, Any]]] = {
    "navigate": {"destination": "Dam 1"},
    "navigate_to_position": {"position": {"latitude": 52.3, "longitude": 4.9}},
    "navigate_to_supercharger": {"id": 7},
    "navigate_waypoints": {"places": ["A-1"]},
    "take_drive_note": {"note": "Rattle"},
    "send_calendar": {"data": "{}"},
    "add_charge_schedule": {"days": ["mon"], "start": "23:00"},
    "remove_charge_schedule": {"id": 7},
    "add_precondition_schedule": {"days": ["mon"], "ready": "07:00"},
    "remove_precondition_schedule": {"id": 7},
    "list_schedules": {},
    "refresh": {},
    "nearby_charging_sites": {},
    "read_charge_on_solar": {},
    "set_scheduled_charging": {"enabled": False},
    "set_scheduled_departure": {"enabled": False},
    "media": {"command": "next_track"},
    "set_temperatures": {"driver": 20, "passenger": 21},
    "set_volume": {"volume": 3},
    "schedule_software_update": {"delay": {"hours": 1}},
    "cancel_software_update": {},
    "set_vehicle_name": {"name": "Aurora"},
    "cancel_waiting_commands": {},
}
"""Actions with a device, for users who may control it."""
ADMIN: Final[dict[str, dict[str, Any]]] = {
    "set_valet_mode": {"active": True, "pin": "1234"},
    "reset_valet_pin": {},
    "set_speed_limit": {"speed": 100},
    "activate_speed_limit": {"pin": "1234"},
    "clear_speed_limit_pin": {"pin": "1234"},
    "set_pin_to_drive": {"active": True, "pin": "1234"},
    "reset_pin_to_drive": {},
    "clear_pin_to_drive": {},
    "activate_parental_controls": {"pin": "1234"},
    "set_parental_control": {"setting": "curfew", "enabled": True},
    "set_parental_speed_limit": {"speed": 100},
    "clear_parental_pin": {},
}
"""Actions with a device, for administrators."""
OTHERS: Final = {
    "spending_report",
    "price_of",
    "list_waiting_commands",
    "set_month_to_date",
    "import_energy_history",
    "time_of_use",
    "get_charge_history",
    "get_backup_history",
    "get_supercharger_history",
    "get_supercharger_invoice",
}
ALL: Final = (
    *ACTIONS,
    *SPENDING_ACTIONS,
    *ENERGY_ACTIONS,
    *SITE_ACTIONS,
    *SUPERCHARGER_ACTIONS,
)
ANSWERS: Final = {row.name for row in ALL if row.supports_response is SupportsResponse.ONLY}
LOCK: Final = "lock.aurora_doors"


def test_each_action_is_looked_at() -> None:
    names = {row.name for row in ALL}
    assert names == {*CONTROL, *ADMIN, *OTHERS}
    assert {row.name for row in ACTIONS if row.for_admins} == set(ADMIN)


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [Platform.LOCK, Platform.BUTTON, Platform.NUMBER, Platform.SELECT]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", few)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cars' commands, all of which they run."""
    names: list[str] = []

    async def send(_vehicle: Vehicle, command: Command, _caller: Caller) -> Done:
        names.append(command.name)
        return Done()

    async def schedules(_vehicle: Vehicle, _caller: Caller) -> dict[str, Any]:
        names.append("data")
        return {}

    async def settings(_part: ChargeOnSolar, _caller: Caller) -> dict[Any, Any]:
        names.append("data")
        return dict.fromkeys(CHARGE_ON_SOLAR_SETTINGS)

    monkeypatch.setattr(Vehicle, "send", send)
    monkeypatch.setattr(Vehicle, "schedules", schedules)
    monkeypatch.setattr(Vehicle, "charging_sites", schedules)
    monkeypatch.setattr(Vehicle, "look", schedules)
    monkeypatch.setattr(ChargeOnSolar, "read", settings)
    return names


def device_of(hass: HomeAssistant, entry: MockConfigEntry, vin: str) -> str:
    """The id of a car's device."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, vin), entry.entry_id)
    assert device is not None
    return device.id


async def ask(
    hass: HomeAssistant, action: str, context: Context, devices: str | list[str], **fields: Any
) -> None:
    """Call an action."""
    await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": devices, **fields},
        blocking=True,
        context=context,
        return_response=action in ANSWERS,
    )


# --- Users ---------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
async def owner(hass: HomeAssistant) -> User:
    """The first user, who may do everything."""
    # As Home Assistant does when it loads its users, which tests leave out.
    lookup = PermissionLookup(er.async_get(hass), dr.async_get(hass))
    hass.auth._store._perm_lookup = lookup
    return await hass.auth.async_create_user("Owner")


async def _with_policy(hass: HomeAssistant, entities: Any) -> User:
    """A user with a policy of their own, which Home Assistant stores but cannot edit."""
    group = Group(name="Guests", policy={"entities": entities})
    hass.auth._store._groups[group.id] = group
    return await hass.auth.async_create_user("Guest", group_ids=[group.id])


type Make = Callable[[HomeAssistant, MockConfigEntry], Awaitable[User]]
MAY: Final = {"read": True, "control": True}


async def _owner(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    owner = await hass.auth.async_get_owner()
    assert owner is not None
    return owner


async def _admin(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await hass.auth.async_create_user("Admin", group_ids=[GROUP_ID_ADMIN])


async def _user(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await hass.auth.async_create_user("User", group_ids=[GROUP_ID_USER])


async def _reader(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await hass.auth.async_create_user("Reader", group_ids=[GROUP_ID_READ_ONLY])


async def _nobody(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await hass.auth.async_create_user("Nobody", group_ids=[])


async def _of_entity(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await _with_policy(hass, {"entity_ids": {LOCK: MAY}})


async def _of_locks(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await _with_policy(hass, {"domains": {"lock": True}})


async def _of_device(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await _with_policy(hass, {"device_ids": {device_of(hass, entry, MODEL_Y): MAY}})


async def _of_device_to_read(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await _with_policy(
        hass, {"device_ids": {device_of(hass, entry, MODEL_Y): {"read": True}}}
    )


async def _of_other_device(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    return await _with_policy(hass, {"device_ids": {device_of(hass, entry, MODEL_S): MAY}})


async def _of_area(hass: HomeAssistant, entry: MockConfigEntry) -> User:
    garage = ar.async_get(hass).async_create("Garage")
    dr.async_get(hass).async_update_device(device_of(hass, entry, MODEL_Y), area_id=garage.id)
    return await _with_policy(hass, {"area_ids": {garage.id: MAY}})


@pytest.mark.parametrize(
    ("make", "may_control"),
    [
        pytest.param(_owner, True, id="owner"),
        pytest.param(_admin, True, id="admin"),
        pytest.param(_user, True, id="user"),
        pytest.param(_reader, False, id="read_only"),
        pytest.param(_nobody, False, id="no_rights"),
        pytest.param(_of_entity, False, id="one_entity"),
        pytest.param(_of_locks, False, id="locks"),
        pytest.param(_of_device, True, id="device"),
        pytest.param(_of_device_to_read, False, id="device_to_read"),
        pytest.param(_of_other_device, False, id="other_device"),
        pytest.param(_of_area, True, id="area"),
    ],
)
async def test_actions_on_a_car(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    asked: list[str],
    make: Make,
    may_control: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    user = await make(hass, loaded)
    device_id, context = device_of(hass, loaded, MODEL_Y), Context(user_id=user.id)
    refused = set()
    for name, fields in {**CONTROL, **ADMIN}.items():
        asked.clear()
        try:
            await ask(hass, name, context, device_id, **fields)
        except Unauthorized:
            refused.add(name)
            assert asked == []
        else:
            assert len(asked) == (name != "cancel_waiting_commands")
    allowed = {*(CONTROL if may_control else ()), *(ADMIN if user.is_admin else ())}
    assert refused == {*CONTROL, *ADMIN} - allowed


async def test_automations_may_do_everything(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, asked: list[str]
) -> None:
    for name, fields in {**CONTROL, **ADMIN}.items():
        await ask(hass, name, Context(), device_of(hass, loaded, MODEL_Y), **fields)
    assert len(asked) == len(CONTROL) + len(ADMIN) - 1


async def test_one_car_of_two_that_a_user_may_control(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, asked: list[str]
) -> None:
    """Then nothing is done at all."""
    user = await _of_device(hass, loaded)
    devices = [device_of(hass, loaded, vin) for vin in (MODEL_Y, MODEL_S)]
    with pytest.raises(Unauthorized):
        await ask(hass, "navigate", Context(user_id=user.id), devices, destination="Dam 1")
    assert asked == []


async def test_a_device_whose_entities_are_gone(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    asked: list[str],
    entity_registry: er.EntityRegistry,
) -> None:
    """Then only who may control everything may control it."""
    device_id = device_of(hass, loaded, MODEL_Y)
    guest, user = await _of_device(hass, loaded), await _user(hass, loaded)
    for each in er.async_entries_for_device(
        entity_registry, device_id, include_disabled_entities=True
    ):
        entity_registry.async_remove(each.entity_id)
    with pytest.raises(Unauthorized):
        await ask(hass, "navigate", Context(user_id=guest.id), device_id, destination="Dam 1")
    await ask(hass, "navigate", Context(user_id=user.id), device_id, destination="Dam 1")
    assert asked == ["navigation_request"]


@pytest.mark.parametrize("name", ["navigate", "clear_pin_to_drive"])
async def test_an_unknown_user(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, asked: list[str], name: str
) -> None:
    context = Context(user_id="somebody")
    fields = {**CONTROL, **ADMIN}[name]
    with pytest.raises(UnknownUser):
        await ask(hass, name, context, device_of(hass, loaded, MODEL_Y), **fields)
    assert asked == []


# --- The budget ----------------------------------------------------------------------------------

RULES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "number.tesla_account_monthly_budget": ("set_value", {"value": 3}),
    "select.tesla_account_spending_mode_setting": ("select_option", {"option": "frugal"}),
}


@pytest.mark.parametrize("entity_id", RULES)
@pytest.mark.parametrize(
    ("make", "may"),
    [
        pytest.param(_owner, True, id="owner"),
        pytest.param(_admin, True, id="admin"),
        pytest.param(_user, False, id="user"),
        pytest.param(_reader, False, id="read_only"),
        pytest.param(None, True, id="automation"),
    ],
)
async def test_the_budget_is_for_administrators(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    entity_id: str,
    make: Make | None,
    may: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """A user who may control entities may not spend more of the owner's money."""
    before = state_of(hass, entity_id).state
    service, fields = RULES[entity_id]
    context = Context() if make is None else Context(user_id=(await make(hass, loaded)).id)

    async def change() -> None:
        await hass.services.async_call(
            entity_id.partition(".")[0],
            service,
            {"entity_id": entity_id, **fields},
            blocking=True,
            context=context,
        )

    if may:
        await change()
    else:
        with pytest.raises(Unauthorized):
            await change()
    assert (state_of(hass, entity_id).state == before) is not may
    assert bool(loaded.options) is may

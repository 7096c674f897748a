"""Covers: trunk, frunk, charge port and windows."""

from dataclasses import replace

import pytest
from homeassistant.components.cover import (
    SERVICE_CLOSE_COVER,
    SERVICE_OPEN_COVER,
    SERVICE_STOP_COVER,
    CoverEntityFeature,
)
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.cover import COVERS
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.bill import Category
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    EntryMaker,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import (
    AURORA,
    BOTH,
    MINUTE,
    MOMENT,
    OLD_FAITHFUL,
    VEHICLE_SECURITY,
    Case,
    Driven,
    Wait,
    act,
    check,
    keep_details_of_one,
    names,
    told_of,
)

pytestmark = pytest.mark.freeze_time(MOMENT)

CASES = [
    Case(
        entity="cover.{}_trunk",
        service=SERVICE_OPEN_COVER,
        shown_before="closed",
        shown="open",
        name="actuate_trunk",
        parameters={"which_trunk": "rear"},
        domain=VEHICLE_SECURITY,
    ),
    Case(
        entity="cover.{}_trunk",
        service=SERVICE_CLOSE_COVER,
        before={"open": "rt"},
        shown_before="open",
        shown="closed",
        name="actuate_trunk",
        parameters={"which_trunk": "rear"},
        domain=VEHICLE_SECURITY,
    ),
    Case(
        entity="cover.{}_frunk",
        service=SERVICE_OPEN_COVER,
        shown_before="closed",
        shown="open",
        name="actuate_trunk",
        parameters={"which_trunk": "front"},
        domain=VEHICLE_SECURITY,
    ),
    Case(
        entity="cover.{}_charge_port",
        service=SERVICE_OPEN_COVER,
        before={"plugged_in": False},
        shown_before="closed",
        shown="open",
        name="charge_port_door_open",
    ),
    Case(
        entity="cover.{}_charge_port",
        service=SERVICE_CLOSE_COVER,
        before={"plugged_in": False, "open": "charge_port"},
        shown_before="open",
        shown="closed",
        name="charge_port_door_close",
    ),
    Case(
        entity="cover.{}_windows",
        service=SERVICE_OPEN_COVER,
        shown_before="closed",
        shown="open",
        name="window_control",
        parameters={"command": "vent"},
        plain_parameters={"command": "vent", "lat": 0, "lon": 0},
    ),
    Case(
        entity="cover.{}_windows",
        service=SERVICE_CLOSE_COVER,
        before={
            "open": ["fd", "rp"],
            "location": {"latitude": 52.3676, "longitude": 4.9041},
        },
        shown_before="open",
        shown="closed",
        name="window_control",
        parameters={"command": "close"},
        # Older cars close only for a person near them, so the command has their own position.
        plain_parameters={"command": "close", "lat": 52.3676, "lon": 4.9041},
    ),
]

SUNROOF = [
    Case(
        entity="cover.{}_sunroof",
        service=SERVICE_OPEN_COVER,
        shown_before="closed",
        shown="open",
        name="sun_roof_control",
        parameters={"state": "vent"},
    ),
    Case(
        entity="cover.{}_sunroof",
        service=SERVICE_CLOSE_COVER,
        shown_before="open",
        shown="closed",
        name="sun_roof_control",
        parameters={"state": "close"},
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.COVER])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_covers(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await keep_details_of_one(hass, entity_registry, told, COVERS)
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_cover_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


async def test_toggle_is_not_sent_to_what_is_so_already(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The command would close an open trunk, whatever the caller wanted."""
    car = await told_of(tesla, wait, MODEL_Y, open="rt")
    await act(hass, SERVICE_OPEN_COVER, "cover.aurora_trunk")
    assert car.executions == []
    assert car.body.trunk == 1
    assert state_of(hass, "cover.aurora_trunk").state == "open"


async def test_toggle_is_not_repeated_while_it_moves(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A trunk that closes is still reported as open; a second command would open it again."""
    car = await told_of(tesla, wait, MODEL_Y, open="rt")
    for _ in range(2):
        await act(hass, SERVICE_CLOSE_COVER, "cover.aurora_trunk")
        assert [each.name for each in car.executions] == ["actuate_trunk"]
        car.steer({"open": "rt"})


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("part", ["trunk", "frunk"])
async def test_toggle_looks_first_when_the_reading_is_old(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    part: str,
) -> None:
    """It was opened by hand since the last reading: nothing must be sent."""
    car = await told_of(tesla, wait, driven.vin)
    await wait(2 * MINUTE)
    asked = tesla.bill.counts(vin=driven.vin)[Category.DATA]
    assert state_of(hass, f"cover.{driven.prefix}_{part}").state == "closed"
    car.steer({"open": "rt" if part == "trunk" else "ft"})

    await act(hass, SERVICE_OPEN_COVER, f"cover.{driven.prefix}_{part}")

    assert car.executions == []
    assert tesla.bill.counts(vin=driven.vin)[Category.DATA] == asked + 1
    assert state_of(hass, f"cover.{driven.prefix}_{part}").state == "open"


async def test_toggle_is_refused_when_the_state_is_unknown(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online"})
    tesla.faults.order(
        "status",
        endpoint="vehicle_data",
        vin=MODEL_Y,
        count=None,
        status=200,
        body={"response": {"state": "online", "vehicle_state": {"df": 0}}},
    )
    await wait(MINUTE)
    assert state_of(hass, "cover.aurora_trunk").state == STATE_UNKNOWN
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_OPEN_COVER, "cover.aurora_trunk")
    assert refusal.value.translation_key == "position_unknown"
    assert car.executions == []


async def test_toggle_of_a_sleeping_car(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    quick_waits: None,
) -> None:
    """Woken, polled, then moved: one wake, one poll, one movement."""
    car = tesla.world.cars[MODEL_Y]
    await wait(MINUTE)
    await act(hass, SERVICE_OPEN_COVER, "cover.aurora_trunk")
    assert [each.name for each in car.executions] == ["actuate_trunk"]
    assert car.wakes == 1
    assert car.body.trunk == 1
    assert tesla.bill.counts(vin=MODEL_Y)[Category.DATA] == 1
    assert state_of(hass, "cover.aurora_trunk").state == "open"


@pytest.mark.parametrize(
    ("vin", "entity_id", "features"),
    [
        (MODEL_Y, "cover.aurora_trunk", CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE),
        # No motor lifts its lid, so nothing could close it again.
        (MODEL_3, "cover.comet_trunk", CoverEntityFeature.OPEN),
        (MODEL_Y, "cover.aurora_frunk", CoverEntityFeature.OPEN),
        (MODEL_Y, "cover.aurora_windows", CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE),
        (MODEL_Y, "cover.aurora_charge_port", CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE),
    ],
)
async def test_only_what_can_close_offers_it(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    vin: str,
    entity_id: str,
    features: CoverEntityFeature,
) -> None:
    await told_of(tesla, wait, vin)
    assert state_of(hass, entity_id).attributes["supported_features"] == features


async def test_trunk_with_an_aftermarket_motor_closes(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The car knows of no motor, its owner does; the command toggles, so it looks first."""
    car = tesla.world.cars[MODEL_S]
    car.model = replace(car.model, has_power_liftgate=False, has_aftermarket_lift=True)
    await told_of(tesla, wait, MODEL_S, open="rt")
    entity_id = "cover.old_faithful_trunk"
    features = state_of(hass, entity_id).attributes["supported_features"]
    assert features == CoverEntityFeature.OPEN

    options = {"trunk_motors": [MODEL_S]}
    assert hass.config_entries.async_update_entry(loaded, options=options)
    await hass.async_block_till_done()
    features = state_of(hass, entity_id).attributes["supported_features"]
    assert features == CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE

    await act(hass, SERVICE_CLOSE_COVER, entity_id)
    assert [each.name for each in car.executions] == ["actuate_trunk"]
    assert car.body.trunk == 0
    assert state_of(hass, entity_id).state == "closed"
    # It would open again.
    await act(hass, SERVICE_CLOSE_COVER, entity_id)
    assert len(car.executions) == 1


async def test_windows_are_open_when_one_is(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, open="rd")
    assert state_of(hass, "cover.aurora_windows").state == "open"


async def test_windows_of_an_older_car_stay_open_for_somebody_far_away(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
) -> None:
    """Without the scope for positions the location of the car is unknown."""
    entry = make_entry(scopes=SCOPES - {"vehicle_location"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, OLD_FAITHFUL.vin, open="fd")
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_CLOSE_COVER, "cover.old_faithful_windows")
    assert refusal.value.translation_key == "reason_other"
    assert "not_nearby" in str(refusal.value)
    assert car.executions == []
    assert state_of(hass, "cover.old_faithful_windows").state == "open"


@pytest.mark.parametrize("state", ["charging", "stopped"])
async def test_port_with_a_cable_in_it_cannot_close(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_admin_user: MockUser,
    state: str,
) -> None:
    """That is known, so nothing is sent, and nothing is paid, unless a person insists."""
    charging = {"charging": True} if state == "charging" else {}
    car = await told_of(tesla, wait, MODEL_Y, plugged_in="ac3", **charging)
    before, context = tesla.bill.counts(client_id=CLIENT_ID), Context(user_id=hass_admin_user.id)

    async def close() -> HomeAssistantError:
        with pytest.raises(HomeAssistantError) as refusal:
            await hass.services.async_call(
                "cover",
                SERVICE_CLOSE_COVER,
                {"entity_id": "cover.aurora_charge_port"},
                blocking=True,
                context=context,
            )
        return refusal.value

    assert (await close()).translation_key == "reason_cable_connected"
    assert tesla.bill.counts(client_id=CLIENT_ID) == before
    assert state_of(hass, "cover.aurora_charge_port").state == "open"
    # The car itself refuses.
    assert (await close()).translation_key == "reason_cable_connected"
    assert tesla.bill.counts(client_id=CLIENT_ID) != before
    assert car.executions == []


async def test_port_whose_cable_may_be_gone_is_closed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A reading of minutes ago is no reason to leave the port open in the rain."""
    car = await told_of(tesla, wait, MODEL_Y, plugged_in="ac3")
    await wait(2 * MINUTE)
    car.steer({"plugged_in": False, "open": "charge_port"})
    await act(hass, SERVICE_CLOSE_COVER, "cover.aurora_charge_port")
    assert [each.name for each in car.executions] == ["charge_port_door_close"]


# --- What few cars have --------------------------------------------------------------------------


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(SUNROOF))
async def test_sunroof_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    car = tesla.world.cars[driven.vin]
    car.model = replace(car.model, has_sunroof=True)
    car.body.sunroof = {"closed": "closed", "open": "vent"}[str(case.shown_before)]
    await check(hass, tesla, wait, loaded, driven, case)


TONNEAU = "cover.aurora_tonneau_cover"


def _streams(entry: MockConfigEntry, position: str) -> None:
    reading = Reading(position, dt_util.utcnow(), Source.STREAM)
    vehicle_of(entry, MODEL_Y).vehicle.receive({signals.TONNEAU_POSITION: reading})


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_tonneau(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.model = replace(car.model, car_type="cybertruck", has_tonneau=True)
    await told_of(tesla, wait, MODEL_Y)
    assert state_of(hass, TONNEAU).attributes["supported_features"] == (
        CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE | CoverEntityFeature.STOP
    )
    assert state_of(hass, TONNEAU).state == STATE_UNKNOWN

    for service, name, position, shown in (
        (SERVICE_OPEN_COVER, "open_tonneau", "fully_open", "open"),
        (SERVICE_STOP_COVER, "stop_tonneau", "partially_open", "open"),
        (SERVICE_CLOSE_COVER, "close_tonneau", "closed", "closed"),
    ):
        car.executions.clear()
        await act(hass, service, TONNEAU)
        (execution,) = car.executions
        assert (execution.name, execution.signed, execution.domain) == (
            name,
            True,
            VEHICLE_SECURITY,
        )
        assert state_of(hass, TONNEAU).state == shown
        await wait(MINUTE)
        _streams(loaded, position)
        assert state_of(hass, TONNEAU).state == shown
    assert car.body.tonneau == "Closed"


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
@pytest.mark.parametrize(
    ("driven", "key"), [(AURORA, "refused_not_supported"), (OLD_FAITHFUL, "no_unsigned_form")]
)
async def test_tonneau_that_is_not_there(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    key: str,
) -> None:
    car = tesla.world.cars[driven.vin]
    car.model = replace(car.model, car_type="cybertruck")
    await told_of(tesla, wait, driven.vin)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_OPEN_COVER, f"cover.{driven.prefix}_tonneau_cover")
    assert refusal.value.translation_key == key
    assert car.executions == []


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_covers_follow_the_reported_equipment(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    rare = {f"cover.{car}_{each}" for car in ("aurora", "old_faithful") for each in RARE}
    assert rare & set(hass.states.async_entity_ids()) == set(), "not reported yet"
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await wait(2 * MINUTE)
    assert rare & set(hass.states.async_entity_ids()) == {"cover.old_faithful_sunroof"}


RARE = ("sunroof", "tonneau_cover")

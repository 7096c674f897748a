"""Media player of a car."""

import pytest
from homeassistant.components.media_player import (
    ATTR_MEDIA_VOLUME_LEVEL,
    SERVICE_MEDIA_NEXT_TRACK,
    SERVICE_MEDIA_PAUSE,
    SERVICE_MEDIA_PLAY,
    SERVICE_MEDIA_PLAY_PAUSE,
    SERVICE_MEDIA_PREVIOUS_TRACK,
    SERVICE_VOLUME_DOWN,
    SERVICE_VOLUME_SET,
    SERVICE_VOLUME_UP,
)
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.media_player import MEDIA
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Signal, Source
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import MODEL_S, MODEL_Y, state_of, vehicle_of
from tests.fleet import (
    BOTH,
    MINUTE,
    MOMENT,
    Case,
    Driven,
    Wait,
    act,
    check,
    keep_details_of_one,
    names,
    told_of,
)

pytestmark = [
    pytest.mark.freeze_time(MOMENT),
    pytest.mark.usefixtures("entity_registry_enabled_by_default"),
]

ENTITY = "media_player.{}_media"
AURORA = ENTITY.format("aurora")
LISTENS = {"user_present": True, "media": "Playing"}
PAUSED = {"user_present": True, "media": "Paused"}

CASES = [
    Case(
        entity=ENTITY,
        service=SERVICE_MEDIA_PAUSE,
        before=LISTENS,
        shown_before="playing",
        shown="paused",
        name="media_toggle_playback",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_MEDIA_PLAY,
        before=PAUSED,
        shown_before="paused",
        shown="playing",
        name="media_toggle_playback",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_MEDIA_PLAY,
        before={"user_present": True, "media": "Stopped"},
        shown_before="idle",
        shown="playing",
        name="media_toggle_playback",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_MEDIA_PLAY_PAUSE,
        before=LISTENS,
        shown_before="playing",
        shown="paused",
        name="media_toggle_playback",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_MEDIA_NEXT_TRACK,
        before=LISTENS,
        shown="playing",
        name="media_next_track",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_MEDIA_PREVIOUS_TRACK,
        before=LISTENS,
        shown="playing",
        name="media_prev_track",
    ),
    Case(
        entity=ENTITY,
        service=SERVICE_VOLUME_DOWN,
        before=LISTENS,
        name="media_volume_down",
    ),
    *(
        Case(
            entity=ENTITY,
            service=SERVICE_VOLUME_SET,
            data={ATTR_MEDIA_VOLUME_LEVEL: level},
            before=LISTENS,
            # The car has 31 steps of a third.
            attributes={ATTR_MEDIA_VOLUME_LEVEL: shown},
            name="adjust_volume",
            parameters={"volume": pytest.approx(volume, abs=1e-4)},
        )
        for level, volume, shown in (
            (0, 0.0, 0.0),
            (0.5, 16 / 3, 0.516),
            (1, 31 / 3, 1.0),
        )
    ),
]


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.MEDIA_PLAYER])


async def test_media_players(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    tesla: Simulator,
    wait: Wait,
    snapshot: SnapshotAssertion,
) -> None:
    await told_of(tesla, wait, MODEL_Y, **LISTENS)
    await keep_details_of_one(hass, entity_registry, loaded, (MEDIA,))
    await snapshot_platform(hass, entity_registry, snapshot, loaded.entry_id)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("case", names(CASES))
async def test_media_player_acts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    case: Case,
) -> None:
    await check(hass, tesla, wait, loaded, driven, case)


async def test_a_volume_that_the_car_rounded_is_not_sent_again(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, **LISTENS)
    for _ in range(2):
        await act(
            hass, SERVICE_VOLUME_SET, ENTITY.format("aurora"), **{ATTR_MEDIA_VOLUME_LEVEL: 0.5}
        )
        await vehicle_of(loaded, MODEL_Y).vehicle.refresh()
    assert [each.name for each in car.executions] == ["adjust_volume"]


async def test_louder_by_a_step(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """From where the car is, whatever is known: it was turned up by hand meanwhile."""
    car = await told_of(tesla, wait, MODEL_Y, **LISTENS)
    car.media.volume = 6.0
    await act(hass, SERVICE_VOLUME_UP, AURORA)
    assert [each.name for each in car.executions] == ["media_volume_up"]
    assert car.media.volume == pytest.approx(6.333, abs=1e-3)


async def test_louder_without_a_plain_form(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_S, **LISTENS)
    await act(hass, SERVICE_VOLUME_UP, ENTITY.format("old_faithful"))
    (execution,) = car.executions
    assert execution.name == "adjust_volume"
    assert execution.parameters["volume"] == pytest.approx(10 / 3, abs=1e-3)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize(
    ("before", "meanwhile", "service"),
    [(LISTENS, "Paused", SERVICE_MEDIA_PAUSE), (PAUSED, "Playing", SERVICE_MEDIA_PLAY)],
)
async def test_a_toggle_never_does_the_opposite(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    before: dict[str, object],
    meanwhile: str,
    service: str,
) -> None:
    """A reading of two minutes ago is polled again, and then nothing has to be done."""
    car = await told_of(tesla, wait, driven.vin, **before)
    await wait(2 * MINUTE)
    asked = tesla.bill.counts(vin=driven.vin)[Category.DATA]
    car.steer({"media": meanwhile})
    await act(hass, service, ENTITY.format(driven.prefix))
    assert car.executions == []
    assert car.media.status == meanwhile
    assert tesla.bill.counts(vin=driven.vin)[Category.DATA] == asked + 1
    assert state_of(hass, ENTITY.format(driven.prefix)).state == meanwhile.lower()


async def test_a_toggle_is_refused_when_the_state_is_unknown(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.faults.order(
        "status",
        endpoint="vehicle_data",
        vin=MODEL_Y,
        count=None,
        status=200,
        body={"response": {"state": "online", "vehicle_state": {"df": 0}}},
    )
    car = await told_of(tesla, wait, MODEL_Y, **LISTENS)
    assert state_of(hass, AURORA).state == STATE_UNKNOWN
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_MEDIA_PAUSE, AURORA)
    assert refusal.value.translation_key == "position_unknown"
    assert car.executions == []


@pytest.mark.parametrize(
    ("service", "data"),
    [
        (SERVICE_MEDIA_PLAY, {}),
        (SERVICE_MEDIA_PAUSE, {}),
        (SERVICE_MEDIA_NEXT_TRACK, {}),
        (SERVICE_MEDIA_PREVIOUS_TRACK, {}),
        (SERVICE_VOLUME_UP, {}),
        (SERVICE_VOLUME_DOWN, {}),
        (SERVICE_VOLUME_SET, {ATTR_MEDIA_VOLUME_LEVEL: 0.5}),
    ],
)
async def test_no_car_is_woken_for_music(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    service: str,
    data: dict[str, float],
) -> None:
    """A wake costs as much as twenty commands, and an empty car would refuse anyway."""
    await wait(MINUTE)
    assert state_of(hass, AURORA).state == "off"
    billed = tesla.bill.counts(vin=MODEL_Y)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, service, AURORA, **data)
    assert refusal.value.translation_key == "nobody_listens"
    assert "Aurora" in str(refusal.value)
    assert tesla.bill.counts(vin=MODEL_Y) == billed
    assert tesla.world.cars[MODEL_Y].wakes == 0


@pytest.mark.parametrize("driven", BOTH)
async def test_an_empty_car_refuses(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = await told_of(tesla, wait, driven.vin, media="Playing", user_present=False)
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_MEDIA_NEXT_TRACK, ENTITY.format(driven.prefix))
    assert "user_not_present" in str(refusal.value)
    assert car.executions == []


def _stream(entry: MockConfigEntry, **values: object) -> None:
    now = dt_util.utcnow()
    rows: dict[str, Signal[object]] = {name: getattr(signals, f"MEDIA_{name}") for name in values}
    vehicle_of(entry, MODEL_Y).vehicle.receive(
        {rows[name]: Reading(value, now, Source.STREAM) for name, value in values.items()}
    )


async def test_how_far_it_is_ends_with_the_piece(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """It is not streamed, so what was read with one title says nothing of the next."""
    await told_of(tesla, wait, MODEL_Y, **LISTENS)
    attributes = state_of(hass, AURORA).attributes
    assert (attributes["media_title"], attributes["media_duration"]) == ("Linden Lane", 214)
    read = attributes["media_position_updated_at"]
    assert attributes["media_position"] == 60
    assert read == dt_util.utcnow()

    await wait(MINUTE)
    _stream(loaded, TITLE="Night Ferry", DURATION=251_000)
    attributes = state_of(hass, AURORA).attributes
    assert (attributes["media_title"], attributes["media_duration"]) == ("Night Ferry", 251)
    assert "media_position" not in attributes
    assert "media_position_updated_at" not in attributes


async def test_how_far_it_is_ends_with_a_pause(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Or the time of the pause would count as played."""
    await told_of(tesla, wait, MODEL_Y, **LISTENS)
    await wait(MINUTE)
    _stream(loaded, STATUS="paused", PLAYING=False)
    assert "media_position" not in state_of(hass, AURORA).attributes


async def test_what_is_shown_of_a_radio_programme(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Its length is five hours at Tesla, which means nothing; nor does the number of a source."""
    await told_of(tesla, wait, MODEL_Y, **LISTENS)
    assert "source" not in state_of(hass, AURORA).attributes
    await wait(MINUTE)
    _stream(loaded, DURATION=18_000_000, SOURCE="TuneIn", STATION="Radio 6", TITLE=None)
    attributes = state_of(hass, AURORA).attributes
    assert attributes["source"] == "TuneIn"
    assert attributes["media_channel"] == "Radio 6"
    assert "media_duration" not in attributes
    assert "media_title" not in attributes


async def test_volume_of_a_car_that_does_not_report_its_maximum(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await wait(MINUTE)
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    vehicle.presence.stream_opened(["wifi"])
    _stream(loaded, VOLUME=31 / 6, STATUS="playing", PLAYING=True)
    assert state_of(hass, AURORA).attributes[ATTR_MEDIA_VOLUME_LEVEL] == 0.5
    _stream(loaded, VOLUME=11.0)
    assert state_of(hass, AURORA).attributes[ATTR_MEDIA_VOLUME_LEVEL] == 1.0


def test_it_is_off_by_default() -> None:
    """Each piece is half a dozen streamed signals."""
    assert MEDIA.entity_registry_enabled_default is False

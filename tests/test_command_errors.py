"""Failing commands: the user's text, the car's executions, and what never happens twice."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from homeassistant.components.button import SERVICE_PRESS
from homeassistant.components.lock import SERVICE_LOCK, SERVICE_UNLOCK
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import SERVICE_TURN_OFF, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry
from tesla_protocol.command import car_server_pb2, vcsec_pb2

from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla.signing import Outcome
from custom_components.flotte.tesla.signing.verdict import (
    GENERIC_ERRORS,
    KEY_MANAGEMENT,
    REASONS,
    SIGNED_MESSAGE_INFORMATION,
)
from custom_components.flotte.tesla.spending.decision import DecisionReason
from custom_components.flotte.tesla.spending.projection import Basis
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import (
    MODEL_3,
    MODEL_Y,
    SITE,
    TRANSLATIONS,
    EntryMaker,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import AURORA, BOTH, MINUTE, MOMENT, OLD_FAITHFUL, Driven, Wait, act, told_of

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

PROTOCOL_REQUIRED = "Tesla Vehicle Command Protocol required"
STRANGE_HOST = "user out of region, use base URL: http://203.0.113.1"


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.LOCK, Platform.BUTTON, Platform.SWITCH]
    )


async def refused(
    hass: HomeAssistant, service: str, entity_id: str, kind: type[HomeAssistantError]
) -> HomeAssistantError:
    """The error that an action ends in; it can be read by people."""
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, service, entity_id)
    error = refusal.value
    assert type(error) is kind
    assert error.translation_domain == DOMAIN
    assert str(error) != error.translation_key
    assert not re.search(r"\{\w*\}", str(error)), "a placeholder is left"
    return error


def executed(car: Car) -> list[str]:
    """The car's executions."""
    return [each.name for each in car.executions]


def order(tesla: Simulator, driven: Driven, kind: str, **more: Any) -> None:
    """Something goes wrong with a command itself, not with the handshake before it."""
    endpoint = "signed_command" if driven.signed else "command/*"
    tesla.faults.order(
        kind, endpoint=endpoint, vin=driven.vin, skip=1 if driven.signed else 0, **more
    )


# Certainly not executed: the text says why, and nothing is assumed.
REFUSALS = [
    (400, None, "bad_request"),
    (401, "mobile_access_disabled", "mobile_access_disabled"),
    (402, None, "payment_required"),
    (403, None, "missing_scope"),
    (403, "account disabled: EXCEEDED_LIMIT", "account_suspended"),
    (403, "unsupported vehicle", "unsupported_vehicle"),
    (404, None, "not_found"),
    (405, None, "in_service"),
    (405, "invalid_method", "not_available"),
    (406, None, "bad_request"),
    (412, None, "not_registered"),
    (421, STRANGE_HOST, "wrong_region"),
    (423, "locked", "account_locked"),
    (424, None, "public_key_not_fetched"),
    (429, None, "rate_limited"),
    (451, "unavailable for legal reasons", "legally_blocked"),
    (501, "not_implemented", "action_unknown"),
]


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize(("status", "body", "key"), REFUSALS)
async def test_refused_by_tesla(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    status: int,
    body: str | None,
    key: str,
) -> None:
    car = await told_of(tesla, wait, driven.vin, locked=False)
    order(tesla, driven, "status", status=status, body=body, count=None)
    entity_id = f"lock.{driven.prefix}_doors"
    error = await refused(hass, SERVICE_LOCK, entity_id, HomeAssistantError)
    assert error.translation_key == key
    assert executed(car) == []
    assert state_of(hass, entity_id).state == "unlocked"
    assert not car.body.is_locked


async def test_refusal_without_a_text(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Tesla's envelope is nothing for people to read."""
    await told_of(tesla, wait, MODEL_Y, locked=False)
    order(tesla, AURORA, "status", status=423, count=None)
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert "423" in str(error)
    assert "txid" not in str(error)


# The outcome is unknown, unless the car reports about the very same bytes.
@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize("service", [SERVICE_LOCK, SERVICE_UNLOCK])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 408, "body": "gateway timeout"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 504},
        {"kind": "status", "status": 540},
        {"kind": "dropped"},
    ],
    ids=lambda fault: str(fault.get("status", fault["kind"])),
)
async def test_never_arrived(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    service: str,
    fault: Mapping[str, Any],
) -> None:
    """Signed bytes are sent once more, because they run at most once; plain ones never are."""
    car = await told_of(tesla, wait, driven.vin, locked=service == SERVICE_UNLOCK)
    order(tesla, driven, **fault, count=1)
    entity_id = f"lock.{driven.prefix}_doors"
    name = "door_lock" if service == SERVICE_LOCK else "door_unlock"
    if driven.signed:
        await act(hass, service, entity_id)
        assert executed(car) == [name]
        return
    before = state_of(hass, entity_id).state
    error = await refused(hass, service, entity_id, HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert executed(car) == []
    assert state_of(hass, entity_id).state == before


@pytest.mark.parametrize("status", [408, 500, 503])
async def test_never_arrived_and_never_does(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, status: int
) -> None:
    """The bytes go out twice and no more."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    order(tesla, AURORA, "status", status=status, body="gateway timeout", count=None)
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert executed(car) == []
    sent = [each for each in tesla.requests if each.endpoint == "signed_command"]
    assert [each.status for each in sent] == [200, status, status]


LOST = pytest.mark.parametrize(
    "fault",
    [{"kind": "lost_reply"}, {"kind": "malformed"}, {"kind": "malformed", "body": "{}"}],
    ids=["lost", "cut", "empty"],
)


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize(
    ("service", "shown"), [(SERVICE_LOCK, "locked"), (SERVICE_UNLOCK, "unlocked")]
)
@LOST
async def test_executed_without_an_answer(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    service: str,
    shown: str,
    fault: Mapping[str, Any],
) -> None:
    """It ran once, and one look at the car proves it."""
    car = await told_of(tesla, wait, driven.vin, locked=service == SERVICE_UNLOCK)
    order(tesla, driven, **fault, count=1)
    entity_id = f"lock.{driven.prefix}_doors"
    assert state_of(hass, entity_id).state != shown
    await act(hass, service, entity_id)
    assert len(executed(car)) == 1
    assert state_of(hass, entity_id).state == shown
    assert tesla.bill.counts(vin=driven.vin)[Category.DATA] == 2


@pytest.mark.parametrize("driven", BOTH)
@LOST
async def test_executed_without_a_trace(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    fault: Mapping[str, Any],
) -> None:
    """A flash leaves no trace: the text names the unknown outcome, and it is not repeated."""
    car = await told_of(tesla, wait, driven.vin)
    order(tesla, driven, **fault, count=1)
    entity_id = f"button.{driven.prefix}_flash_lights"
    error = await refused(hass, SERVICE_PRESS, entity_id, HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert car.flashes == 1


@pytest.mark.parametrize("driven", BOTH)
async def test_unknown_outcome_that_the_car_does_not_confirm(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """Locked, and opened by hand before the look: that proves nothing, and the truth is shown."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    order(tesla, driven, "lost_reply", count=None)
    entity_id = f"lock.{driven.prefix}_doors"
    answer = car.vehicle_data

    def opened_by_hand(endpoints: set[str] | None, *, location: bool) -> dict[str, Any]:
        car.steer({"locked": False})
        return answer(endpoints, location=location)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(car, "vehicle_data", opened_by_hand)
        error = await refused(hass, SERVICE_LOCK, entity_id, HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert executed(car) == ["door_lock"]
    assert state_of(hass, entity_id).state == "unlocked"


@pytest.mark.parametrize("driven", BOTH)
async def test_unknown_outcome_and_no_money_for_a_look(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The budget ends while the command is on its way: the error is still about the command."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    order(tesla, driven, "lost_reply", count=None)
    meter = vehicle_of(loaded, driven.vin).vehicle.api.meter
    billed = tesla.bill.counts()[Category.DATA]
    run = car._run

    def run_and_be_the_last(*arguments: Any, **more: Any) -> None:
        run(*arguments, **more)
        meter.budget = Decimal(0)

    monkeypatch.setattr(car, "_run", run_and_be_the_last)
    entity_id = f"lock.{driven.prefix}_doors"
    error = await refused(hass, SERVICE_LOCK, entity_id, HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert executed(car) == ["door_lock"]
    assert tesla.bill.counts()[Category.DATA] == billed


@pytest.mark.parametrize("driven", BOTH)
async def test_token_is_renewed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """Tesla no longer accepts the token, for whatever reason: one renewal, and it works."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    token = loaded.data["token"]
    order(tesla, driven, "status", status=401, count=1)
    await act(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors")
    assert executed(car) == ["door_lock"]
    assert loaded.data["token"]["access_token"] != token["access_token"]
    assert loaded.data["token"]["refresh_token"] != token["refresh_token"]
    assert not hass.config_entries.flow.async_progress()


@pytest.mark.parametrize("driven", BOTH)
async def test_login_is_requested_when_renewing_does_not_help(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = await told_of(tesla, wait, driven.vin, locked=False)
    order(tesla, driven, "status", status=401, count=None)
    error = await refused(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors", HomeAssistantError)
    assert error.translation_key == "login_required"
    assert executed(car) == []
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


@pytest.mark.parametrize("driven", BOTH)
async def test_fell_asleep_unnoticed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """Nothing ran, so it is woken, once, and told again."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    car.steer({"state": "asleep"})
    await act(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors")
    assert executed(car) == ["door_lock"]
    assert car.wakes == 1
    assert tesla.bill.counts()[Category.WAKE] == 1


@pytest.mark.parametrize("driven", BOTH)
async def test_out_of_reach(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    car = await told_of(tesla, wait, driven.vin, locked=False)
    car.steer({"state": "offline"})
    error = await refused(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors", HomeAssistantError)
    assert error.translation_key == "wake_failed"
    assert executed(car) == []
    assert tesla.bill.counts()[Category.WAKE] == 1


async def test_quiet_time_requested_by_tesla(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The text says how long; meanwhile nothing is sent, and afterwards it works again."""
    car = await told_of(tesla, wait, OLD_FAITHFUL.vin, locked=False)
    order(tesla, OLD_FAITHFUL, "status", status=429, headers={"Retry-After": "50"}, count=1)
    error = await refused(hass, SERVICE_LOCK, "lock.old_faithful_doors", HomeAssistantError)
    assert error.translation_key == "rate_limited"
    assert "for 50 s" in str(error)
    sent = tesla.bill.counts()[Category.COMMAND]
    error = await refused(hass, SERVICE_LOCK, "lock.old_faithful_doors", HomeAssistantError)
    assert error.translation_key == "rate_limited"
    assert tesla.bill.counts()[Category.COMMAND] == sent
    await wait(MINUTE)
    await act(hass, SERVICE_LOCK, "lock.old_faithful_doors")
    assert executed(car) == ["door_lock"]


async def test_protocol_is_learned_from_a_refusal(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A car whose computer was replaced by an older one: 422, and the plain way works."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    car.steer({"rest_only": True, "protocol_required": False})
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert [(each.name, each.signed) for each in car.executions] == [("door_lock", False)]
    billed = tesla.bill.counts(vin=MODEL_Y)[Category.COMMAND]
    await act(hass, SERVICE_UNLOCK, "lock.aurora_doors")
    assert tesla.bill.counts(vin=MODEL_Y)[Category.COMMAND] == billed + 1


async def test_signature_is_learned_from_a_refusal(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A car that took plain commands until its software was updated."""
    car = await told_of(tesla, wait, OLD_FAITHFUL.vin, locked=False)
    car.steer({"rest_only": False, "protocol_required": True})
    car.pair((await async_get_key(hass)).public_bytes)
    await act(hass, SERVICE_LOCK, "lock.old_faithful_doors")
    assert [(each.name, each.signed) for each in car.executions] == [("door_lock", True)]


async def test_wrong_protocol_both_ways(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Tesla refuses either way, once: an error, no loop, and it works the next time."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    tesla.faults.order("status", endpoint="signed_command", status=422, vin=MODEL_Y)
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert error.translation_key == "protocol_required"
    assert executed(car) == []
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert [(each.name, each.signed) for each in car.executions] == [("door_lock", True)]


async def test_car_in_service(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, locked=False, in_service=True)
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert error.translation_key == "in_service"
    assert executed(car) == []


@pytest.mark.parametrize("driven", BOTH)
async def test_account_that_moved_is_followed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """421 names another of Tesla's hosts. Nothing ran at the first one."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    vehicle_of(loaded, driven.vin).vehicle.api.transport.base_url = tesla.na_url
    await act(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors")
    assert executed(car) == ["door_lock"]


@pytest.mark.parametrize("driven", BOTH)
async def test_no_connection(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """It never left, so it is certain that nothing happened, and nothing is booked."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    vehicle_of(loaded, driven.vin).vehicle.api.transport.base_url = "http://127.0.0.1:9"
    error = await refused(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors", HomeAssistantError)
    assert error.translation_key == "unreachable"
    assert executed(car) == []


@pytest.mark.parametrize(
    ("fault", "key", "stored"),
    [
        ({"kind": "status", "status": 403}, "missing_scope", 0),
        ({"kind": "status", "status": 404}, "setting_not_offered", 0),
        ({"kind": "status", "status": 405, "body": "method not allowed"}, "setting_not_offered", 0),
        ({"kind": "status", "status": 429}, "rate_limited", 0),
        ({"kind": "status", "status": 500}, "outcome_unknown", 0),
        ({"kind": "dropped"}, "outcome_unknown", 0),
        ({"kind": "lost_reply"}, "outcome_unknown", 1),
        ({"kind": "malformed"}, "outcome_unknown", 1),
        (
            {
                "kind": "status",
                "status": 200,
                "body": {"response": {"result": False, "reason": "no storms here"}},
            },
            "command_refused",
            0,
        ),
    ],
    ids=["403", "404", "405", "429", "500", "dropped", "lost", "malformed", "no"],
)
async def test_site_that_refuses(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    fault: Mapping[str, Any],
    key: str,
    stored: int,
) -> None:
    tesla.faults.order(**fault, endpoint="storm_mode")
    error = await refused(hass, SERVICE_TURN_OFF, "switch.home_storm_watch", HomeAssistantError)
    assert error.translation_key == key
    assert len(tesla.world.sites[SITE].commands) == stored
    assert state_of(hass, "switch.home_storm_watch").state == "on"


async def test_site_without_its_scope(
    hass: HomeAssistant, hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    entry = make_entry(scopes=SCOPES - {"energy_cmds"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    error = await refused(hass, SERVICE_TURN_OFF, "switch.home_storm_watch", HomeAssistantError)
    assert error.translation_key == "missing_scope"
    assert "energy_cmds" in str(error)
    assert tesla.world.sites[SITE].commands == []


# --- Handshakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ({"kind": "status", "status": 500}, "service_error"),
        ({"kind": "lost_reply"}, "answer_lost"),
        ({"kind": "dropped"}, "answer_lost"),
        ({"kind": "malformed"}, "invalid_answer"),
        ({"kind": "status", "status": 403}, "missing_scope"),
        ({"kind": "status", "status": 404}, "not_found"),
    ],
    ids=["500", "lost", "dropped", "malformed", "403", "404"],
)
async def test_handshake_fails(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: Mapping[str, Any],
    key: str,
) -> None:
    """No command was sent, so none ran; two losses in a row are an outage."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    tesla.faults.order(**fault, endpoint="signed_command", vin=MODEL_Y, count=None)
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert error.translation_key == key
    assert executed(car) == []
    sent = [each for each in tesla.requests if each.endpoint == "signed_command"]
    assert len(sent) <= 2
    tesla.faults.clear()
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert executed(car) == ["door_lock"]


# --- The protocol's own faults --------------------------------------------------------------------

RETRIED = {1: "fault_busy", 11: "fault_internal", 28: "fault_requires_response_encryption"}
RESYNCED = {
    5: "fault_invalid_signature",
    6: "fault_invalid_token_or_counter",
    15: "fault_incorrect_epoch",
    17: "fault_time_expired",
    20: "fault_time_to_live_too_long",
    26: "fault_repeated_counter",
}
FATAL = {
    3: "key_not_paired",
    4: "fault_inactive_key",
    7: "fault_insufficient_privileges",
    8: "fault_invalid_domains",
    9: "fault_invalid_command",
    10: "fault_decoding",
    12: "fault_wrong_personalization",
    13: "fault_bad_parameter",
    14: "fault_keychain_is_full",
    16: "fault_iv_incorrect_length",
    18: "fault_not_provisioned_with_identity",
    19: "fault_could_not_hash_metadata",
    21: "mobile_access_disabled",
    22: "fault_remote_service_access_disabled",
    23: "fault_command_requires_account_credentials",
    24: "fault_request_mtu_exceeded",
    27: "fault_invalid_key_handle",
    29: "fault_requires_physical_proximity",
}
UNKNOWN = {2: "outcome_unknown", 25: "outcome_unknown", 99: "outcome_unknown"}


def test_every_fault_has_its_place() -> None:
    assert set(RETRIED | RESYNCED | FATAL | UNKNOWN) == {*range(1, 30), 99}


@pytest.mark.parametrize("fault", [*RETRIED, *RESYNCED])
async def test_fault_that_passes(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, fault: int
) -> None:
    """Nothing ran, so it is signed again, even if it must not run twice."""
    car = await told_of(tesla, wait, MODEL_Y, protocol={"fault": fault})
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    assert executed(car) == ["flash_lights"]
    assert car.flashes == 1


@pytest.mark.parametrize(("fault", "key"), (RETRIED | RESYNCED | FATAL | UNKNOWN).items())
async def test_fault_that_stays(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: int,
    key: str,
) -> None:
    """The text says what it means, and there is an end to trying."""
    car = await told_of(
        tesla, wait, MODEL_Y, locked=False, protocol={"fault": {"fault": fault, "count": 50}}
    )
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert error.translation_key == key
    assert executed(car) == []
    assert tesla.bill.counts(vin=MODEL_Y)[Category.COMMAND] <= 8


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("fault", [2, 25])
async def test_fault_after_the_execution(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: int,
    encrypted: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """A command that must not run twice does not."""
    orders = {"fault": fault, "count": 5, "runs": True, "encrypted": encrypted}
    car = await told_of(tesla, wait, MODEL_Y, protocol={"fault": orders})
    error = await refused(hass, SERVICE_PRESS, "button.aurora_honk_horn", HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert executed(car) == ["honk_horn"]


@pytest.mark.parametrize(
    ("service", "entity_id"),
    [(SERVICE_PRESS, "button.aurora_flash_lights"), (SERVICE_LOCK, "lock.aurora_doors")],
)
async def test_car_that_answers_wait(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    service: str,
    entity_id: str,
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, locked=False, protocol={"wait": 2})
    await act(hass, service, entity_id)
    assert len(executed(car)) == 1


@pytest.mark.parametrize("runs", [False, True])
async def test_car_that_fails_without_a_reason(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    runs: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, protocol={"error": {"count": 5, "runs": runs}})
    error = await refused(hass, SERVICE_PRESS, "button.aurora_flash_lights", HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert len(executed(car)) == int(runs)


@pytest.mark.parametrize(
    "orders",
    [
        {"reboot": True},
        {"reboot": True, "new_key": True},
        {"clock_drift": 300},
        {"omit_session_info": True, "fault": 6},
    ],
    ids=["reboot", "new computer", "clock", "no session info"],
)
async def test_session_is_brought_up_to_date(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    orders: dict[str, Any],
) -> None:
    """Whatever happened to the car's computers since the last command."""
    car = await told_of(tesla, wait, MODEL_Y)
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    car.steer({"protocol": orders})
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    assert executed(car) == ["flash_lights", "flash_lights"]
    assert car.flashes == 2


async def test_software_that_encrypts_no_replies(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Firmware before 2024.38 ignores the request; its plain answers have to be believed."""
    car = await told_of(tesla, wait, MODEL_Y, locked=False, firmware="2024.26.9")
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert executed(car) == ["flash_lights", "door_lock"]
    assert car.protocol.replies == 0
    # A new one encrypts, and from then on nothing else is believed.
    car.steer({"firmware": "2024.38"})
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    assert car.protocol.replies == 1


async def test_reply_that_anybody_could_have_written(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A car that encrypted its replies answers in plaintext: only its state is believed."""
    car = await told_of(tesla, wait, MODEL_Y, locked=True)
    await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
    await act(hass, SERVICE_UNLOCK, "lock.aurora_doors")
    car.steer({"protocol": {"encrypt_replies": False}})

    error = await refused(hass, SERVICE_PRESS, "button.aurora_flash_lights", HomeAssistantError)
    assert error.translation_key == "outcome_unknown"
    assert car.flashes == 2
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert state_of(hass, "lock.aurora_doors").state == "locked"
    assert tesla.bill.counts(vin=MODEL_Y)[Category.DATA] == 2


# --- What the car itself says ---------------------------------------------------------------------


def answers(car: Car, monkeypatch: pytest.MonkeyPatch, payload: bytes) -> None:
    """From now on the car does nothing and says this."""
    monkeypatch.setattr(car, "execute", lambda _: payload)


def nominal_error(number: int) -> bytes:
    answer = vcsec_pb2.FromVCSECMessage()
    answer.nominalError.genericError = number  # type: ignore[assignment]  # an enum's number
    return answer.SerializeToString()


def older_fault(number: int) -> bytes:
    answer = vcsec_pb2.FromVCSECMessage()
    answer.commandStatus.operationStatus = vcsec_pb2.OPERATIONSTATUS_ERROR
    answer.commandStatus.signedMessageStatus.signedMessageInformation = number  # type: ignore[assignment]  # as above
    return answer.SerializeToString()


def key_refusal(number: int) -> bytes:
    answer = vcsec_pb2.FromVCSECMessage()
    answer.commandStatus.operationStatus = vcsec_pb2.OPERATIONSTATUS_ERROR
    answer.commandStatus.whitelistOperationStatus.whitelistOperationInformation = number  # type: ignore[assignment]  # as above
    return answer.SerializeToString()


def no(reason: str) -> bytes:
    answer = car_server_pb2.Response()
    answer.actionStatus.result = car_server_pb2.OPERATIONSTATUS_ERROR
    answer.actionStatus.result_reason.plain_text = reason
    return answer.SerializeToString()


LOCK_ANSWERS: Final = (
    {
        nominal_error(number): row.translation_key
        for number, row in GENERIC_ERRORS.items()
        if row.outcome is Outcome.REFUSED
    }
    | {
        older_fault(number): fault.translation_key
        for number, (_, fault) in SIGNED_MESSAGE_INFORMATION.items()
    }
    | {key_refusal(number): row.translation_key for number, row in KEY_MANAGEMENT.items()}
    | {
        nominal_error(99): "refused_other",
        key_refusal(99): "refused_key_management",
        # The key is not there, or cannot be found: it has to be paired.
        older_fault(2): "key_not_paired",
        older_fault(11): "key_not_paired",
        # None of these says that nothing ran, so the car is looked at.
        nominal_error(0): "outcome_unknown",
        older_fault(0): "outcome_unknown",
        # A used counter may be our own: then the first copy arrived.
        older_fault(4): "outcome_unknown",
        older_fault(5): "outcome_unknown",
        older_fault(99): "outcome_unknown",
        key_refusal(0): "outcome_unknown",
        # An error that names none.
        nominal_error(0): "outcome_unknown",
    }
)
"""Vehicle security's answers to a command, with their texts."""


async def test_every_refusal_of_vehicle_security(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tesla.limits.enabled = False
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    texts = {}
    for payload, key in LOCK_ANSWERS.items():
        answers(car, monkeypatch, payload)
        error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
        assert error.translation_key == key, payload
        texts[key] = str(error)
        # Nothing is assumed, and the next command goes out: no refusal is kept.
        assert state_of(hass, "lock.aurora_doors").state == "unlocked"
    assert len(set(texts.values())) == len(texts)
    assert len(texts) == len(set(LOCK_ANSWERS.values()))
    monkeypatch.undo()


async def test_every_refusal_of_infotainment(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To a request that none of the words fulfils; "already so" fulfils any."""
    tesla.limits.enabled = False
    car = await told_of(tesla, wait, MODEL_Y)
    texts = set()
    for word, row in REASONS.items():
        answers(car, monkeypatch, no(word))
        if not row.translation_key:
            await act(hass, SERVICE_PRESS, "button.aurora_flash_lights")
            continue
        error = await refused(hass, SERVICE_PRESS, "button.aurora_flash_lights", HomeAssistantError)
        assert error.translation_key == f"reason_{word}"
        texts.add(str(error))
    assert len(texts) == sum(bool(row.translation_key) for row in REASONS.values())
    answers(car, monkeypatch, no("something new"))
    error = await refused(hass, SERVICE_PRESS, "button.aurora_flash_lights", HomeAssistantError)
    assert error.translation_key == "reason_other"
    assert "something new" in str(error)
    monkeypatch.undo()


# --- The texts ------------------------------------------------------------------------------------

TEXTS: Final[dict[str, str]] = {
    key: value["message"]
    for key, value in json.loads(TRANSLATIONS.read_text("utf-8"))["exceptions"].items()
}

ADVICE: Final = re.compile(
    r"(?:^|[.;:] )(?:if [^,]+, |to [^;]+?, )?"
    r"(Add|Ask|Change|Charge|Check|Choose|Close|Contact|Create|Disable|Enable|Enter|Finish|Fix|"
    r"Free|Grant|Have|Lift|Log in|Look|Open|Pair|Plug|Point|Put|Raise|Reload|Remove|Restore|Run|"
    r"Set one up|Shorten|Sit|Start|Stop|The command (?:is deferred|runs)|There is nothing to do|"
    r"Try again|Turn|Unplug|Update|Use|Wait|Wake|please report)\b",
    re.IGNORECASE,
)
JARGON: Final = re.compile(
    r"\b(?:epoch|counter|token|nonce|IV|payload|metadata|MTU|whitelist|keychain|session|handshake|"
    r"protocol|HTTP|API|VCSEC|infotainment|VIN|ECDSA|HMAC|time-?out|timed out)\b",
    re.IGNORECASE,
)
ADVICE_IN_THE_PARTS: Final = {"some_cars_failed", "charging_failed", "charging_stop_failed"}
"""Their texts are put together of others that say it."""
EXPLANATIONS: Final = frozenset(map(str, Basis)) | {
    key for key in TEXTS if key.startswith("charging_reason_")
}
"""They say what a figure or a decision rests on, and there is nothing to be done about that."""
ALLOWING: Final = frozenset(
    map(
        str,
        (
            DecisionReason.FREE,
            DecisionReason.PERSON,
            DecisionReason.AUTOMATION,
            DecisionReason.IN_STEP,
            DecisionReason.SAVES,
            DecisionReason.STOP,
        ),
    )
)
"""They are reasons why something was allowed, which need no action."""
OTHERS: Final = {"fault_remote_access_disabled": "mobile_access_disabled"}
"""Two names of one thing, which one and the same advice puts right."""


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_text_has_instructions(key: str) -> None:
    """The event, and the remedy; both in words that need no manual."""
    text = TEXTS[key]
    if key not in ADVICE_IN_THE_PARTS | EXPLANATIONS | ALLOWING:
        assert ADVICE.search(text), text
        assert len(re.split(r"(?<=[.;:]) ", text)) > 1, "it also says what happened"
    assert not JARGON.search(text), text
    assert text.endswith((".", "}")), text


def _texts_in(part: Any, path: str = "") -> dict[str, str]:
    """Every text of a translation, by its path."""
    if isinstance(part, str):
        return {path: part}
    return {
        name: text
        for key, each in part.items()
        for name, text in _texts_in(each, f"{path}.{key}").items()
    }


def test_braces_are_gaps() -> None:
    """Any other brace is an error in the front end, which then shows no text at all."""
    whole = _texts_in(json.loads(TRANSLATIONS.read_text("utf-8")))
    assert len(whole) > len(TEXTS)
    rest = {path: re.sub(r"\{[a-z_]+\}", "", text) for path, text in whole.items()}
    assert not {path: whole[path] for path, text in rest.items() if set("{}") & set(text)}


def test_texts_of_keys_differ() -> None:
    """Else one could not tell from a report which one it was."""
    kept = {key: text for key, text in TEXTS.items() if key not in OTHERS}
    assert len(set(kept.values())) == len(kept)
    assert all(TEXTS[one] == TEXTS[other] for one, other in OTHERS.items())


# --- Keys -----------------------------------------------------------------------------------------


async def test_repair_requests_pairing_and_disappears_when_done(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    issue = issue_registry.async_get_issue(
        DOMAIN, f"key_not_paired_{MODEL_3[-6:]}_{loaded.entry_id}"
    )
    assert issue is not None
    assert issue.translation_placeholders == {
        "name": "Comet",
        "url": f"{tesla.eu_url}/_ak/flotte.example",
    }
    # Paired, or nothing to be paired with.
    assert set(issue_registry.issues) == {
        (DOMAIN, f"key_not_paired_{MODEL_3[-6:]}_{loaded.entry_id}")
    }

    car = tesla.world.cars[MODEL_3]
    car.pair((await async_get_key(hass)).public_bytes)
    await act(hass, SERVICE_PRESS, "button.comet_flash_lights")
    assert executed(car) == ["flash_lights"]
    assert issue_registry.issues == {}


async def test_key_that_was_removed_from_the_car(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    issue_registry: ir.IssueRegistry,
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, locked=False)
    key = (await async_get_key(hass)).public_bytes
    car.unpair(key)
    error = await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert error.translation_key == "key_not_paired"
    assert "Aurora" in str(error)
    assert (
        issue_registry.async_get_issue(DOMAIN, f"key_not_paired_{MODEL_Y[-6:]}_{loaded.entry_id}")
        is not None
    )

    # From now on it is known, so that asking costs nothing.
    billed = tesla.bill.counts(vin=MODEL_Y)[Category.COMMAND]
    await refused(hass, SERVICE_LOCK, "lock.aurora_doors", HomeAssistantError)
    assert tesla.bill.counts(vin=MODEL_Y)[Category.COMMAND] == billed

    car.pair(key)
    await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    assert executed(car) == ["door_lock"]
    assert (
        issue_registry.async_get_issue(DOMAIN, f"key_not_paired_{MODEL_Y[-6:]}_{loaded.entry_id}")
        is None
    )


async def test_repair_disappears_automatically(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    issue_registry: ir.IssueRegistry,
) -> None:
    """A user who followed the link should not see it for days; checking is free."""
    tesla.world.cars[MODEL_3].pair((await async_get_key(hass)).public_bytes)
    await wait(timedelta(minutes=30))
    assert issue_registry.issues == {}


# --- Scopes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("driven", BOTH)
async def test_scope_that_was_not_granted(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    driven: Driven,
) -> None:
    """Nothing is sent, and the text names the scope."""
    entry = make_entry(scopes=SCOPES - {"vehicle_cmds"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, driven.vin, locked=False)
    error = await refused(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors", HomeAssistantError)
    assert error.translation_key == "missing_scope"
    assert "vehicle_cmds" in str(error)
    assert executed(car) == []
    assert tesla.bill.counts()[Category.COMMAND] == 0


@pytest.mark.parametrize("driven", BOTH)
async def test_charging_scope_is_enough_to_release_the_cable(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    driven: Driven,
) -> None:
    entry = make_entry(scopes=SCOPES - {"vehicle_cmds"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, driven.vin, plugged_in="ac1", charging=False)
    await act(hass, SERVICE_UNLOCK, f"lock.{driven.prefix}_charge_cable_lock")
    assert executed(car) == ["charge_port_door_open"]


@pytest.mark.parametrize("driven", BOTH)
async def test_mobile_access_switched_off(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """Another login would not help, so none is requested."""
    car = await told_of(tesla, wait, driven.vin, locked=False)
    car.steer({"mobile_access_disabled": True})
    error = await refused(hass, SERVICE_LOCK, f"lock.{driven.prefix}_doors", HomeAssistantError)
    assert error.translation_key == "mobile_access_disabled"
    assert executed(car) == []
    assert not hass.config_entries.flow.async_progress()


async def test_mistake_of_the_caller(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A mistake of the caller is no failure of the system."""
    await told_of(tesla, wait, MODEL_Y)
    await refused(hass, SERVICE_LOCK, "lock.aurora_charge_cable_lock", ServiceValidationError)

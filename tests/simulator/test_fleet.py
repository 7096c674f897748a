"""Requests for vehicles, users and energy sites."""

import base64
import json
from typing import Any

import aiohttp
import pytest

from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.app import HANDLERS
from simulator.endpoints import ENDPOINTS, Endpoint, find
from simulator.fleet import VEHICLE_DATA_ENDPOINTS
from tests.simulator.visitor import Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
OLD = "5YJSA7E20KF000003"
SITE = "/api/1/energy_sites/1234567890123"
HISTORY = {
    "start_date": "2026-11-22T00:00:00+01:00",
    "end_date": "2026-11-22T23:59:59+01:00",
    "time_zone": "Europe/Amsterdam",
}


def path(vin: str, rest: str = "") -> str:
    return f"/api/1/vehicles/{vin}" + (f"/{rest}" if rest else "")


def with_scopes(simulator: Simulator, *scopes: str) -> str:
    """An access token of owner-1 with these scopes only."""
    return str(simulator.login(scopes=frozenset(scopes))["access_token"])


def test_every_endpoint_has_a_handler() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS} | {"unknown"} == set(HANDLERS)


async def test_products(simulator: Simulator, visitor: Visitor, token: str) -> None:
    reply = await visitor.get("/api/1/products", token=token)
    assert [row.get("vin") for row in reply.response] == [AURORA, COMET, OLD, None]
    assert reply.response[3]["energy_site_id"] == 1234567890123
    assert reply.json["count"] == 4
    signing = [row.get("command_signing") for row in reply.response]
    assert signing == ["required", "required", "off", None]
    assert simulator.cloud.failures == []


@pytest.mark.parametrize(
    ("scope", "found"), [("vehicle_device_data", 3), ("energy_device_data", 1)]
)
@pytest.mark.usefixtures("registered")
async def test_products_depend_on_scopes(
    simulator: Simulator, visitor: Visitor, scope: str, found: int
) -> None:
    reply = await visitor.get("/api/1/products", token=with_scopes(simulator, scope))
    assert len(reply.response) == found


@pytest.mark.usefixtures("registered")
async def test_products_of_others(
    simulator: Simulator,
    visitor: Visitor,
) -> None:
    nobody = simulator.login("owner-2")["access_token"]
    assert (await visitor.get("/api/1/products", token=nobody)).response == []
    assert (await visitor.get("/api/1/products", token=await visitor.partner())).response == []
    assert (await visitor.get(path(COMET), token=nobody)).status == 404
    partner = await visitor.get(path(COMET), token=await visitor.partner())
    assert (partner.status, partner.error) == (403, "Unauthorized missing scopes")


async def test_list_in_pages(visitor: Visitor, token: str) -> None:
    whole = await visitor.get("/api/1/vehicles", token=token)
    assert [row["vin"] for row in whole.response] == [AURORA, COMET, OLD]
    assert whole.json["count"] == 3
    assert whole.json["pagination"] == {
        "previous": None,
        "next": None,
        "current": 1,
        "per_page": 100,
        "count": 3,
        "pages": 1,
    }
    second = await visitor.get("/api/1/vehicles?page=2&per_page=2", token=token)
    assert [row["vin"] for row in second.response] == [OLD]
    assert second.json["pagination"]["previous"] == 1
    assert second.json["pagination"]["pages"] == 2
    assert (await visitor.get("/api/1/vehicles?page=3&per_page=2", token=token)).response == []
    assert (await visitor.get("/api/1/vehicles?page=0", token=token)).status == 400


async def test_vehicle_by_vin_and_by_number(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    reply = await visitor.get(path(AURORA), token=token)
    assert (reply.response["vin"], reply.response["state"]) == (AURORA, "asleep")
    number = simulator.world.cars[AURORA].id
    assert (await visitor.get(path(str(number)), token=token)).response["vin"] == AURORA
    missing = await visitor.get(path("5YJ3E1EA7KF000000"), token=token)
    assert (missing.status, missing.error) == (404, "not_found")


async def test_vehicle_data_asleep(visitor: Visitor, token: str) -> None:
    reply = await visitor.get(path(AURORA, "vehicle_data"), token=token)
    assert reply.status == 408
    assert reply.json == {
        "response": None,
        "error": "vehicle unavailable: vehicle is offline or asleep",
        "error_description": "",
        "txid": reply.headers["x-txid"],
    }


async def test_vehicle_data_sections(visitor: Visitor, token: str) -> None:
    query = {"endpoints": "charge_state;drive_state"}
    reply = await visitor.get(path(COMET, "vehicle_data"), token=token, params=query)
    assert {"charge_state", "drive_state", "vin", "state"} <= set(reply.response)
    assert "climate_state" not in reply.response
    assert "latitude" not in reply.response["drive_state"]
    everything = await visitor.get(path(COMET, "vehicle_data"), token=token)
    assert {"climate_state", "vehicle_state", "vehicle_config"} <= set(everything.response)
    wrong = await visitor.get(
        path(COMET, "vehicle_data"), token=token, params={"endpoints": "charge_state;doors"}
    )
    assert (wrong.status, wrong.error) == (400, "invalid_field")
    assert wrong.json["error_description"] == "endpoints: doors"


@pytest.mark.parametrize("section", sorted(VEHICLE_DATA_ENDPOINTS))
async def test_every_section_is_answered(visitor: Visitor, token: str, section: str) -> None:
    reply = await visitor.get(
        path(COMET, "vehicle_data"), token=token, params={"endpoints": section}
    )
    assert reply.response["vin"] == COMET


@pytest.mark.parametrize("scoped", [True, False])
@pytest.mark.usefixtures("registered")
async def test_location_needs_its_scope(
    simulator: Simulator, visitor: Visitor, *, scoped: bool
) -> None:
    token = with_scopes(simulator, "vehicle_device_data", *(["vehicle_location"] if scoped else []))
    reply = await visitor.get(
        path(COMET, "vehicle_data"),
        token=token,
        params={"endpoints": "drive_state;location_data"},
    )
    assert ("latitude" in reply.response["drive_state"]) is scoped


async def test_wake_up(simulator: Simulator, visitor: Visitor, token: str) -> None:
    reply = await visitor.post(path(AURORA, "wake_up"), token=token)
    assert reply.response["vin"] == AURORA
    assert reply.response["state"] != "online"
    simulator.clock.advance(60)
    assert (await visitor.get(path(AURORA), token=token)).response["state"] == "online"
    assert (await visitor.get(path(AURORA, "vehicle_data"), token=token)).status == 200
    assert simulator.world.cars[AURORA].wakes == 1


async def test_fleet_status(simulator: Simulator, visitor: Visitor, token: str) -> None:
    url = "/api/1/vehicles/fleet_status"
    reply = await visitor.post(url, token=token, json={"vins": [AURORA, COMET, OLD, "other"]})
    assert reply.response["key_paired_vins"] == [AURORA]
    assert reply.response["unpaired_vins"] == [COMET, OLD]
    info = reply.response["vehicle_info"]
    assert set(info) == {AURORA, COMET, OLD}
    assert [info[vin]["vehicle_command_protocol_required"] for vin in (AURORA, OLD)] == [
        True,
        False,
    ]
    assert "discounted_device_data" not in info[AURORA]
    single = await visitor.post(url, token=token, json={"vins": [AURORA]})
    assert single.response["vehicle_info"][AURORA]["discounted_device_data"] is False
    elsewhere = await visitor.post(url, token=token, base=simulator.na_url, json={"vins": [AURORA]})
    assert elsewhere.response["key_paired_vins"] == [AURORA]


@pytest.mark.parametrize("body", [{}, {"vins": AURORA}, {"vins": [1]}])
async def test_fleet_status_wants_vins(visitor: Visitor, token: str, body: Any) -> None:
    reply = await visitor.post("/api/1/vehicles/fleet_status", token=token, json=body)
    assert (reply.status, reply.error) == (400, "invalid_field")


SCOPED = [
    ("GET", "/api/1/products", ["vehicle_device_data"]),
    ("GET", "/api/1/vehicles", ["vehicle_device_data"]),
    ("GET", path(COMET), ["vehicle_device_data"]),
    ("GET", path(COMET, "vehicle_data"), ["vehicle_device_data"]),
    ("POST", path(COMET, "wake_up"), ["vehicle_device_data"]),
    ("POST", path(COMET, "wake_up"), ["vehicle_cmds"]),
    ("GET", path(COMET, "mobile_enabled"), ["vehicle_cmds"]),
    ("GET", path(COMET, "nearby_charging_sites"), ["vehicle_device_data"]),
    ("GET", path(COMET, "release_notes"), ["vehicle_device_data"]),
    ("GET", path(COMET, "recent_alerts"), ["vehicle_device_data"]),
    ("GET", path(COMET, "service_data"), ["vehicle_device_data"]),
    ("GET", path(COMET, "drivers"), ["vehicle_device_data"]),
    ("POST", path(OLD, "command/door_lock"), ["vehicle_cmds"]),
    ("POST", path(OLD, "command/charge_port_door_open"), ["vehicle_charging_cmds"]),
    ("POST", path(OLD, "command/charge_port_door_open"), ["vehicle_cmds"]),
    ("GET", "/api/1/users/me", ["user_data"]),
    ("GET", "/api/1/users/region", ["energy_cmds"]),
    ("GET", "/api/1/dx/charging/history", ["vehicle_charging_cmds"]),
    ("GET", f"{SITE}/live_status", ["energy_device_data"]),
    ("GET", f"{SITE}/site_info", ["energy_device_data"]),
]


@pytest.mark.parametrize(("method", "url", "scopes"), SCOPED)
@pytest.mark.usefixtures("registered")
async def test_scope_is_enough_and_needed(
    simulator: Simulator,
    visitor: Visitor,
    method: str,
    url: str,
    scopes: list[str],
) -> None:
    allowed = await visitor.ask(method, url, token=with_scopes(simulator, *scopes))
    assert allowed.status == 200, allowed.text
    enough = {
        "/api/1/products": {"vehicle_device_data", "energy_device_data"},
        path(COMET, "wake_up"): {"vehicle_device_data", "vehicle_cmds"},
        path(OLD, "command/charge_port_door_open"): {"vehicle_cmds", "vehicle_charging_cmds"},
        "/api/1/users/region": SCOPES - {"openid", "offline_access"},
    }.get(url, set(scopes))
    poor = with_scopes(simulator, *(SCOPES - enough))
    refused = await visitor.ask(method, url, token=poor)
    assert (refused.status, refused.error) == (403, "Unauthorized missing scopes")


@pytest.mark.parametrize(
    ("authorization", "error"),
    [(None, "invalid bearer token"), ("Bearer x", "invalid bearer token"), ("Basic x", "invalid")],
)
async def test_needs_a_token(visitor: Visitor, authorization: str | None, error: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    reply = await visitor.get("/api/1/products", headers=headers)
    assert reply.status == 401
    assert reply.error.startswith(error)


async def test_expired_token(simulator: Simulator, visitor: Visitor, token: str) -> None:
    simulator.clock.advance(8 * 3600)
    reply = await visitor.get("/api/1/products", token=token)
    assert (reply.status, reply.error) == (401, "token expired (401)")


@pytest.mark.parametrize("vin", [AURORA, COMET])
@pytest.mark.parametrize("name", ["door_lock", "set_temps", "navigation_gps_request"])
async def test_protocol_cars_refuse_unsigned_commands(
    simulator: Simulator, visitor: Visitor, token: str, vin: str, name: str
) -> None:
    reply = await visitor.post(path(vin, f"command/{name}"), token=token, json={})
    assert reply.status == 403
    assert reply.error.startswith(
        "Tesla Vehicle Command Protocol required, please refer to the documentation here: https://"
    )
    assert simulator.world.cars[vin].executions == []


async def test_navigation_is_accepted_unsigned(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    body = {
        "type": "share_ext_content_raw",
        "value": {"android.intent.extra.TEXT": "Dam 1, Amsterdam"},
        "locale": "en-US",
        "timestamp_ms": 1_790_000_000_000,
    }
    reply = await visitor.post(path(COMET, "command/navigation_request"), token=token, json=body)
    assert reply.response["result"] is True
    (run,) = simulator.world.cars[COMET].executions
    assert (run.name, run.signed) == ("navigation_request", False)


async def test_plain_command_runs_on_an_old_car(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    reply = await visitor.post(
        path(OLD, "command/set_charge_limit"), token=token, json={"percent": 71}
    )
    assert reply.response == {"result": True, "reason": ""}
    (run,) = simulator.world.cars[OLD].executions
    assert (run.name, run.parameters, run.signed) == ("set_charge_limit", {"percent": 71}, False)


@pytest.mark.parametrize(
    ("name", "body", "error"),
    [
        ("fly", {}, "invalid_command"),
        ("set_charge_limit", {}, "invalid_field"),
        ("set_charge_limit", {"percent": "71"}, "invalid_field"),
    ],
)
@pytest.mark.parametrize("state", ["online", "asleep"])
async def test_wrong_commands(
    simulator: Simulator,
    visitor: Visitor,
    token: str,
    name: str,
    body: dict[str, Any],
    error: str,
    state: str,
) -> None:
    simulator.world.cars[OLD].state = state
    reply = await visitor.post(path(OLD, f"command/{name}"), token=token, json=body)
    assert (reply.status, reply.error) == (400, error)


async def test_command_for_a_sleeping_car(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    simulator.world.cars[OLD].state = "asleep"
    reply = await visitor.post(path(OLD, "command/door_lock"), token=token)
    assert reply.status == 408
    assert simulator.world.cars[OLD].executions == []


@pytest.mark.parametrize(
    ("content_type", "body", "status", "error"),
    [
        ("text/plain", '{"percent": 80}', 406, "not_a_JSON_request"),
        ("application/x-www-form-urlencoded", "percent=80", 406, "not_a_JSON_request"),
        ("application/json", "{", 400, "invalid_request"),
        ("application/json", "[]", 400, "invalid_request"),
    ],
)
async def test_body_must_be_a_json_object(
    visitor: Visitor, token: str, content_type: str, body: str, status: int, error: str
) -> None:
    reply = await visitor.post(
        path(OLD, "command/set_charge_limit"),
        token=token,
        data=body,
        headers={"Content-Type": content_type},
    )
    assert (reply.status, reply.error) == (status, error)


@pytest.mark.parametrize(
    "body",
    [{}, {"routable_message": ""}, {"routable_message": 7}, {"routable_message": "not base64!"}],
)
async def test_signed_command_wants_base64(
    visitor: Visitor, token: str, body: dict[str, Any]
) -> None:
    reply = await visitor.post(path(COMET, "signed_command"), token=token, json=body)
    assert (reply.status, reply.error) == (400, "invalid_field")


async def test_signed_command_refusals(simulator: Simulator, visitor: Visitor, token: str) -> None:
    body = {"routable_message": base64.b64encode(b"\x32\x02\x08\x02\x3a\x00").decode()}
    asleep = await visitor.post(path(AURORA, "signed_command"), token=token, json=body)
    assert asleep.status == 408
    old = await visitor.post(path(OLD, "signed_command"), token=token, json=body)
    assert old.status == 422
    assert "does not support the Tesla Vehicle Command Protocol" in old.error
    poor = with_scopes(simulator, "vehicle_device_data")
    refused = await visitor.post(path(COMET, "signed_command"), token=poor, json=body)
    assert refused.status == 403
    number = simulator.world.cars[COMET].id
    by_number = await visitor.post(path(str(number), "signed_command"), token=token, json=body)
    assert by_number.status == 404
    garbage = {"routable_message": base64.b64encode(b"\xff\xff\xff").decode()}
    broken = await visitor.post(path(COMET, "signed_command"), token=token, json=garbage)
    assert broken.status == 400
    assert simulator.cloud.failures == []


async def test_remote_access_switched_off(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    simulator.world.cars[COMET].mobile_access_disabled = True
    for method, rest in (("GET", "vehicle_data"), ("POST", "wake_up"), ("POST", "command/x")):
        reply = await visitor.ask(method, path(COMET, rest), token=token)
        assert (reply.status, reply.error) == (401, "mobile_access_disabled")
    assert (await visitor.get(path(COMET), token=token)).status == 200
    enabled = await visitor.get(path(COMET, "mobile_enabled"), token=token)
    assert enabled.response == {"reason": "", "result": False}


async def test_car_in_service(simulator: Simulator, visitor: Visitor, token: str) -> None:
    simulator.world.cars[OLD].in_service = True
    reply = await visitor.post(path(OLD, "command/door_lock"), token=token)
    assert (reply.status, reply.error) == (405, "vehicle is currently in service")
    data = await visitor.get(path(OLD, "service_data"), token=token)
    assert data.response["service_status"] == "in_service"


async def test_nearby_charging_sites(simulator: Simulator, visitor: Visitor, token: str) -> None:
    url = path(COMET, "nearby_charging_sites")
    near = await visitor.get(url, token=token)
    (supercharger,) = near.response["superchargers"]
    assert 1 < supercharger["distance_miles"] < 3
    assert supercharger["available_stalls"] <= supercharger["total_stalls"]
    assert near.response["destination_charging"][0]["type"] == "destination"
    nearer = await visitor.get(url + "?radius=2", token=token)
    assert nearer.response["superchargers"] == []
    simulator.world.cars[COMET].state = "asleep"
    assert (await visitor.get(url, token=token)).status == 408


async def test_release_notes_are_wrapped_twice(visitor: Visitor, token: str) -> None:
    reply = await visitor.get(path(COMET, "release_notes"), token=token)
    assert reply.response["response"]["release_notes"][0]["customer_version"]


async def test_me(visitor: Visitor, token: str) -> None:
    reply = await visitor.get("/api/1/users/me", token=token)
    assert reply.response["email"] == "owner-1@flotte.example"


async def test_status_needs_no_token(visitor: Visitor) -> None:
    reply = await visitor.get("/status")
    assert (reply.status, reply.text) == (200, "ok")


async def test_live_status_adds_up(visitor: Visitor, token: str) -> None:
    live = (await visitor.get(f"{SITE}/live_status", token=token)).response
    total = live["solar_power"] + live["battery_power"] + live["grid_power"]
    assert total == live["load_power"]


@pytest.mark.parametrize(
    ("url", "kind", "key"),
    [
        ("calendar_history", "energy", "time_series"),
        ("calendar_history", "backup", "events"),
        ("telemetry_history", "charge", "charge_history"),
    ],
)
async def test_histories(visitor: Visitor, token: str, url: str, kind: str, key: str) -> None:
    query = {"kind": kind, "period": "day", **HISTORY}
    reply = await visitor.get(f"{SITE}/{url}", token=token, params=query)
    assert isinstance(reply.response[key], list)
    for missing in HISTORY:
        less = {name: value for name, value in query.items() if name != missing}
        assert (await visitor.get(f"{SITE}/{url}", token=token, params=less)).status == 400
    wrong = await visitor.get(f"{SITE}/{url}", token=token, params={**query, "kind": "other"})
    assert wrong.status == 400


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("backup", {"backup_reserve_percent": 30}),
        ("operation", {"default_real_mode": "self_consumption"}),
        ("storm_mode", {"enabled": False}),
        ("grid_import_export", {"customer_preferred_export_rule": "pv_only"}),
        (
            "off_grid_vehicle_charging_reserve",
            {"off_grid_vehicle_charging_reserve_percent": 40},
        ),
    ],
)
async def test_site_settings(
    simulator: Simulator,
    visitor: Visitor,
    token: str,
    name: str,
    body: dict[str, Any],
) -> None:
    reply = await visitor.post(f"{SITE}/{name}", token=token, json=body)
    assert reply.response
    info = (await visitor.get(f"{SITE}/site_info", token=token)).response
    ((key, value),) = body.items()
    shown = json.dumps(info)
    key = "storm_mode_enabled" if key == "enabled" else key
    assert f'"{key}": {json.dumps(value)}' in shown
    wrong = await visitor.post(f"{SITE}/{name}", token=token, json={key: {}})
    assert wrong.status == 400
    poor = with_scopes(simulator, "energy_device_data")
    assert (await visitor.post(f"{SITE}/{name}", token=poor, json=body)).status == 403


@pytest.mark.parametrize(
    ("method", "url", "status", "error"),
    [
        ("GET", path(COMET, "something/new"), 404, "not_found"),
        ("DELETE", path(COMET, "fleet_status"), 404, "not_found"),
        ("GET", "/api/1/energy_sites/1/live_status", 404, "not_found"),
        ("GET", path(COMET, "wake_up"), 405, "invalid_method"),
        ("POST", path(COMET), 405, "invalid_method"),
        ("GET", "/api/2/products", 404, "not_found"),
    ],
)
async def test_unknown_paths(
    visitor: Visitor, token: str, method: str, url: str, status: int, error: str
) -> None:
    reply = await visitor.ask(method, url, token=token)
    assert (reply.status, reply.error) == (status, error)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: f"{row.method} {row.path}")
def test_every_endpoint_is_found(endpoint: Endpoint) -> None:
    concrete = endpoint.path.replace("{vin}", COMET).replace("{site}", "1")
    concrete = concrete.replace("{domain}", "flotte.example").replace("{command}", "honk_horn")
    match = find(endpoint.method, concrete)
    assert match.endpoint is endpoint
    assert match.method_fits


async def test_defect_of_the_simulator_is_raised_when_it_is_left(
    socket_enabled: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setitem(HANDLERS, "status", broken)
    with pytest.raises(ExceptionGroup) as raised:  # noqa: PT012 - the block is what the test is about
        async with Simulator() as simulator, aiohttp.ClientSession() as session:
            reply = await Visitor(simulator, session).get("/status")
            assert reply.status == 500
    assert isinstance(raised.value.exceptions[0], KeyError)

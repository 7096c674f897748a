"""Requests for vehicles, users and energy sites, and the checks before them."""

import base64
import binascii
import math

from aiohttp import web

from simulator import rest_commands
from simulator.cars import Car
from simulator.cloud import Call, Cloud, Handler, Refusal, answer
from simulator.endpoints import UNKNOWN_OF_VEHICLE, Needs
from simulator.limits import Limited
from simulator.refusals import GatewayRefusal, ProtocolNotSupported, UnknownCommand

ASLEEP = "vehicle unavailable: vehicle is offline or asleep"
PROTOCOL_REQUIRED = (
    "Tesla Vehicle Command Protocol required, please refer to the documentation here: "
    "https://developer.tesla.com/docs/fleet-api#2023-10-09-rest-api-vehicle-commands-endpoint-"
    "deprecation-warning"
)
REGIONS_DOCUMENTATION = (
    "https://developer.tesla.com/docs/fleet-api/getting-started/regions-countries"
)

VEHICLE_DATA_ENDPOINTS = frozenset(
    {
        "charge_state",
        "climate_state",
        "closures_state",
        "drive_state",
        "gui_settings",
        "location_data",
        "charge_schedule_data",
        "preconditioning_schedule_data",
        "vehicle_config",
        "vehicle_state",
        "vehicle_data_combo",
    }
)
"""Values of `endpoints`. Source: Tesla, "Vehicle endpoints", August 2024 to August 2026."""

METRES_PER_MILE = 1609.344
PER_PAGE = 100

type Place = dict[str, object]


def prepare(cloud: Cloud, call: Call) -> None:
    """Check everything before a handler runs, in the order of the refusals.

    Token, suspension, rate limit, region, registration, scopes. The order of 421 before 412 is not
    documented; this way a client learns the right address before it registers there.

    Raises Refusal.
    """
    endpoint = call.endpoint
    if endpoint.needs is Needs.NOTHING:
        return
    call.token = cloud.check_token(call.request, call.base_url)
    client_id = call.application.client_id
    if cloud.bill.suspended(client_id):
        raise Refusal(403, "account disabled: EXCEEDED_LIMIT")
    if endpoint.limited is not None:
        _limit(cloud, call, endpoint.limited)
    if endpoint.needs is Needs.PARTNER and call.user is not None:
        raise Refusal(403, "Unauthorized missing scopes", "a partner token is needed")
    if endpoint.needs is Needs.USER and call.user is None:
        raise Refusal(403, "Unauthorized missing scopes", "the token of a user is needed")
    if endpoint.regional:
        _check_region(cloud, call)
    if endpoint.scopes:
        call.require(endpoint.scopes)
    if call.user is not None and call.user.region == call.region:
        call.cars = _cars_of_user(cloud, call)
        call.sites = [
            site
            for site in cloud.world.sites.values()
            if call.user.name in (site.account, *site.members)
        ]


def _limit(cloud: Cloud, call: Call, kind: Limited) -> None:
    """Raise Refusal 429 when the account asked too often about this vehicle."""
    user = call.user
    whose = user.subject if user else call.application.client_id
    allowance = cloud.limits.admit(kind, (whose, call.parameters.get("vin")))
    call.headers.update(allowance.headers)
    if not allowance.admitted:
        raise Refusal(429, f"Retry in {allowance.reset_seconds} seconds")


def _check_region(cloud: Cloud, call: Call) -> None:
    user = call.user
    if user is not None and user.region != call.region:
        home = cloud.base_urls[user.region]
        raise Refusal(
            421,
            f"user out of region, use base URL: {home}, see {REGIONS_DOCUMENTATION}",
            headers={"Alt-Svc": f"h2={home}"},
        )
    client_id = call.application.client_id
    if cloud.accounts.registered(client_id, call.region) is None:
        raise Refusal(
            412,
            f"Account {client_id} must be registered in the current region {call.base_url}. "
            "Use the partner_accounts endpoint to register.",
        )


def _allowed(car: Car) -> None:
    """Raise Refusal 401 when the owner has turned off remote access in the car."""
    if car.mobile_access_disabled:
        raise Refusal(401, "mobile_access_disabled")


def _commandable(car: Car) -> None:
    """Raise Refusal 405 when the car accepts no commands because it is being serviced."""
    if car.in_service:
        raise Refusal(405, "vehicle is currently in service")


def _awake(car: Car) -> None:
    """Raise Refusal 408 unless the car itself can answer."""
    if car.state != "online":
        raise Refusal(408, ASLEEP)


# ---- users -------------------------------------------------------------------------------------


async def region(cloud: Cloud, call: Call) -> web.Response:
    """The region that serves the user."""
    user = call.user
    home = user.region if user else call.region
    return answer({"region": home, "fleet_api_base_url": cloud.base_urls[home]})


async def me(_cloud: Cloud, call: Call) -> web.Response:
    """The user of the token."""
    user = call.user
    if user is None:
        raise Refusal(403, "Unauthorized missing scopes")
    return answer(
        {
            "email": user.email,
            "full_name": user.full_name,
            "profile_image_url": None,
            "vault_uuid": user.subject,
        }
    )


async def status(_cloud: Cloud, _call: Call) -> web.Response:
    """Whether the API works; no token needed."""
    return web.Response(text="ok")


# ---- vehicles ----------------------------------------------------------------------------------


async def products(_cloud: Cloud, call: Call) -> web.Response:
    """Cars and energy sites in one list, each only with its scope.

    A partner token gets an empty list, as Tesla's FAQ says.
    """
    found = [car.product_object() for car in call.cars] if _sees_cars(call) else []
    if "energy_device_data" in call.scopes:
        found += [site.product_object() for site in call.sites]
    return answer(found, count=len(found))


def _sees_cars(call: Call) -> bool:
    return "vehicle_device_data" in call.scopes


async def vehicles(_cloud: Cloud, call: Call) -> web.Response:
    """The cars, a page at a time; pages count from 1."""
    page = _whole_number(call, "page", 1)
    per_page = _whole_number(call, "per_page", PER_PAGE)
    begin = (page - 1) * per_page
    pages = max(math.ceil(len(call.cars) / per_page), 1)
    return answer(
        [car.vehicle_object() for car in call.cars[begin : begin + per_page]],
        pagination={
            "previous": page - 1 if page > 1 else None,
            "next": page + 1 if page < pages else None,
            "current": page,
            "per_page": per_page,
            "count": len(call.cars),
            "pages": pages,
        },
        count=len(call.cars[begin : begin + per_page]),
    )


def _whole_number(call: Call, name: str, default: int) -> int:
    text = call.request.query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, "invalid_field", f"{name} must be a number above 0")
    return int(text)


async def vehicle(_cloud: Cloud, call: Call) -> web.Response:
    """One car as the cloud knows it; the car is not involved."""
    return answer(call.car().vehicle_object())


async def vehicle_data(_cloud: Cloud, call: Call) -> web.Response:
    """The car's own data.

    An unknown section is refused. Tesla's behaviour is not documented, and a client that misspells
    a section should notice.
    """
    car = call.car()
    text = call.request.query.get("endpoints")
    sections = None if text is None else set(filter(None, text.split(";")))
    if unknown := (sections or set()) - VEHICLE_DATA_ENDPOINTS:
        raise Refusal(400, "invalid_field", f"endpoints: {';'.join(sorted(unknown))}")
    _allowed(car)
    _awake(car)
    return answer(car.vehicle_data(sections, location="vehicle_location" in call.scopes))


async def wake_up(_cloud: Cloud, call: Call) -> web.Response:
    """Start waking the car; it is online some seconds later."""
    car = call.car()
    _allowed(car)
    car.wake_up()
    return answer(car.vehicle_object())


async def fleet_status(cloud: Cloud, call: Call) -> web.Response:
    """The cars that have this application's key, and their abilities.

    Cars that the user does not have are left out; Tesla's answer about them is not documented.
    """
    vins = (await call.json()).get("vins")
    if not isinstance(vins, list) or not all(isinstance(vin, str) for vin in vins):
        raise Refusal(400, "invalid_field", "vins must be a list of strings")
    home = call.user.region if call.user else call.region
    registration = cloud.accounts.registered(call.application.client_id, home)
    cars = [car for car in _cars_of_user(cloud, call) if car.vin in vins]
    paired = [car for car in cars if registration and registration.public_key in car.keys]
    return answer(
        {
            "key_paired_vins": [car.vin for car in paired],
            "unpaired_vins": [car.vin for car in cars if car not in paired],
            "vehicle_info": {
                car.vin: {
                    name: value
                    for name, value in car.fleet_status().items()
                    # Only included when asked about a single car.
                    if name != "discounted_device_data" or len(vins) == 1
                }
                for car in cars
            },
        }
    )


def _cars_of_user(cloud: Cloud, call: Call) -> list[Car]:
    """The user's cars, in any region."""
    user = call.user
    return [
        car
        for car in cloud.world.cars.values()
        if user and user.name in (car.account, *car.drivers)
    ]


async def signed_command(_cloud: Cloud, call: Call) -> web.Response:
    """Pass a routable message to the car, and return its reply.

    Only the 17 characters of the VIN identify the car here. Statuses: Tesla's vehicle-command,
    `pkg/connector/inet`; the gateway reads the message only to check the scopes.
    """
    car = call.car()
    if call.parameters["vin"] != car.vin:
        raise Refusal(404, "not_found")
    text = (await call.json()).get("routable_message")
    if not isinstance(text, str) or not text:
        raise Refusal(400, "invalid_field", "routable_message is missing")
    try:
        message = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refusal(400, "invalid_field", "routable_message is not base64") from error
    _allowed(car)
    try:
        if car.rest_only:
            # The cloud knows this, whether or not the car is awake.
            raise ProtocolNotSupported
        call.require(car.scopes_for(message))
        _commandable(car)
        _awake(car)
        reply = car.signed_command(message)
    except GatewayRefusal as refusal:
        raise Refusal(refusal.status, _gateway_error(refusal), str(refusal)) from refusal
    return answer(base64.b64encode(reply).decode())


def _gateway_error(refusal: GatewayRefusal) -> str:
    """`error` of a refused message, in which Tesla's clients find the reason of a 422."""
    return str(refusal) if refusal.status == 422 else refusal.code  # noqa: PLR2004


async def command(_cloud: Cloud, call: Call) -> web.Response:
    """Run an unsigned command.

    Raises Refusal 400 for one that does not exist, 403 for one that the car accepts only if signed.
    """
    car = call.car()
    name = call.parameters["command"]
    call.require(rest_commands.scopes(name))
    body = await call.json()
    _allowed(car)
    if car.must_be_signed(name):
        raise Refusal(403, PROTOCOL_REQUIRED)
    _commandable(car)
    try:
        # Tesla's gateway knows names and fields, so that a wrong one is refused even while the car
        # is asleep.
        rest_commands.parse(name, body)
        _awake(car)
        result = car.rest_command(name, body)
    except UnknownCommand as problem:
        raise Refusal(problem.status, problem.code, str(problem)) from problem
    return answer(result)


async def mobile_enabled(_cloud: Cloud, call: Call) -> web.Response:
    """Whether the owner allows remote access."""
    car = call.car()
    return answer({"reason": "", "result": not car.mobile_access_disabled})


async def nearby_charging_sites(cloud: Cloud, call: Call) -> web.Response:
    """Chargers around the car: a Supercharger and a hotel, a few miles away."""
    car = call.car()
    _awake(car)
    drive = car.vehicle_data({"drive_state", "location_data"}, location=True)["drive_state"]
    latitude, longitude = drive["latitude"], drive["longitude"]
    radius = _whole_number(call, "radius", 50)
    count = _whole_number(call, "count", 10)

    def near(name: str, kind: str, north: float, east: float, **more: object) -> list[Place]:
        """The place, if it is within the requested radius."""
        distance = _miles(latitude, longitude, latitude + north, longitude + east)
        location = {"lat": latitude + north, "long": longitude + east}
        place = {"location": location, "name": name, "type": kind, "distance_miles": distance}
        return [place | more] if distance <= radius else []

    now = cloud.clock.now()
    return answer(
        {
            "congestion_sync_time_utc_secs": int(now),
            "destination_charging": near(
                "Hotel by the water", "destination", 0.02, 0, amenities="restrooms,wifi,lodging"
            )[:count],
            "superchargers": near(
                "Motorway east",
                "supercharger",
                0,
                0.05,
                available_stalls=9,
                total_stalls=12,
                site_closed=False,
                billing_info="",
            )[:count],
            "timestamp": int(now * 1000),
        }
    )


def _miles(latitude: float, longitude: float, other: float, beyond: float) -> float:
    """Distance on a sphere, good enough for a few miles."""
    north = math.radians(other - latitude)
    east = math.radians(beyond - longitude) * math.cos(math.radians(latitude))
    return round(math.hypot(north, east) * 6_371_000 / METRES_PER_MILE, 2)


async def release_notes(_cloud: Cloud, call: Call) -> web.Response:
    """Notes on the software, or on the update on offer; wrapped twice, as Tesla does."""
    car = call.car()
    version = car.firmware
    if call.request.query.get("staged") == "true":
        version = car.software.offered or ""
        if not version:
            return answer({"response": {"release_notes": []}})
    note = {
        "title": "Minor updates",
        "subtitle": "Fixes and improvements",
        "description": "This release contains minor fixes and improvements.",
        "customer_version": version,
        "icon": "release_notes_icon",
        "image_url": "",
        "light_image_url": "",
    }
    return answer({"response": {"release_notes": [note]}})


async def recent_alerts(_cloud: Cloud, call: Call) -> web.Response:
    """Alerts of the last days; the simulated cars have none."""
    call.car()
    return answer({"recent_alerts": []})


async def service_data(_cloud: Cloud, call: Call) -> web.Response:
    """Whether the car is in service. Tesla's answer about other cars is not documented."""
    car = call.car()
    return answer(
        {
            "service_status": "in_service" if car.in_service else None,
            "service_etc": None,
            "service_visit_number": None,
            "status_id": None,
        }
    )


async def drivers(_cloud: Cloud, call: Call) -> web.Response:
    """Other drivers; the simulated cars have none."""
    call.car()
    return answer([], count=0)


# ---- the rest ----------------------------------------------------------------------------------


async def unknown(_cloud: Cloud, call: Call) -> web.Response:
    """No such endpoint."""
    if call.endpoint is UNKNOWN_OF_VEHICLE:
        call.car()
    raise Refusal(404, "not_found")


HANDLERS: dict[str, Handler] = {
    "region": region,
    "me": me,
    "status": status,
    "products": products,
    "list": vehicles,
    "vehicle": vehicle,
    "vehicle_data": vehicle_data,
    "wake_up": wake_up,
    "fleet_status": fleet_status,
    "signed_command": signed_command,
    "command": command,
    "mobile_enabled": mobile_enabled,
    "nearby_charging_sites": nearby_charging_sites,
    "release_notes": release_notes,
    "recent_alerts": recent_alerts,
    "service_data": service_data,
    "drivers": drivers,
    "unknown": unknown,
}

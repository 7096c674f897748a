"""The cloud's side of telemetry: configurations are created, shown and removed.

Source: Tesla, "Vehicle endpoints", "Partner endpoints" and "Fleet Telemetry", August 2026. Statuses
of refusals are not documented; 400 is used, and the text is Tesla's if it is known.
"""

import asyncio
from typing import Any

from aiohttp import web

from simulator.accounts import Registration
from simulator.cars import Car
from simulator.cloud import Call, Cloud, Handler, Refusal, answer
from simulator.telemetry import signature
from simulator.telemetry.configuration import ConfigurationError, check, needs_location
from simulator.telemetry.field import version

type Json = dict[str, Any]

LOCATION = "vehicle_location"
DEVICE = "vehicle_device_data"
OLDEST_FIRMWARE = (2024, 26)
OLDEST_ATOM_FIRMWARE = (2025, 20)
"""The oldest firmware with which a Model S or X with an Intel Atom streams; it needs no key."""
_TURNS = 50
"""The number of times that a creation yields to others: enough for a second one to meet it."""


async def create(cloud: Cloud, call: Call) -> web.Response:
    """Send cars a signed configuration.

    An application can only run one at a time: a second one is answered with 429 (Tesla, August
    2024). That other people's VINs answer 404 is assumed.
    """
    _alone(cloud, call)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    body = await call.json()
    cars = _cars(cloud, call, body.get("vins"))
    try:
        token = signature.read(str(body.get("token", "")))
        check(token.claims)
    except signature.MalformedToken as error:
        raise Refusal(400, "invalid_token", str(error)) from error
    except ConfigurationError as error:
        raise Refusal(400, str(error), str(error)) from error
    if needs_location(token.claims) and not all(
        LOCATION in _granted(cloud, car, call.application.client_id) for car in cars
    ):
        raise Refusal(403, "Unauthorized missing scopes", f"{LOCATION} is needed for these fields")
    hostname = token.claims["hostname"]
    if not call.application.may_use_domain(hostname):
        text = f"hostname {hostname} does not share the root domain of the application"
        raise Refusal(400, text, text)
    updated = 0
    skipped: dict[str, list[str]] = {}
    for car in cars:
        reason = _skipped(cloud, call, car)
        if reason is not None:
            skipped.setdefault(reason, []).append(car.vin)
            continue
        updated += 1
        if not _finds_no_place(call, car):
            car.telemetry.offer(call.application.client_id, token)
    response: Json = {"updated_vehicles": updated}
    if skipped:
        response["skipped_vehicles"] = skipped
    return answer(response)


async def create_unsigned(_cloud: Cloud, _call: Call) -> web.Response:
    """Refuse it: only Tesla's signing proxy and applications of 2023 use this endpoint."""
    text = "fleet_telemetry_config must be signed, use fleet_telemetry_config_jws"
    raise Refusal(400, text, text)


async def show(cloud: Cloud, call: Call) -> web.Response:
    """The latest configuration, and whether the car has it."""
    car = _car(cloud, call)
    subscription = car.telemetry.subscriptions.get(call.application.client_id)
    return answer(
        {
            "synced": subscription is None or subscription.is_synced,
            "config": None if subscription is None else subscription.shown,
            "limit_reached": subscription is None and car.telemetry.is_full,
            "key_paired": _is_paired(cloud, call, car),
        }
    )


async def remove(cloud: Cloud, call: Call) -> web.Response:
    """Remove the application's configuration."""
    car = _car(cloud, call)
    removed = car.telemetry.withdraw(call.application.client_id)
    return answer({"updated_vehicles": int(removed)})


async def errors(cloud: Cloud, call: Call) -> web.Response:
    """The errors of a car; the shape is that of the partner's list."""
    found = _errors(call, [_car(cloud, call)])
    return answer({"fleet_telemetry_errors": found})


async def partner_errors(cloud: Cloud, call: Call) -> web.Response:
    """The errors of all cars with this application."""
    return answer({"fleet_telemetry_errors": _errors(call, list(cloud.world.cars.values()))})


async def partner_error_vins(cloud: Cloud, call: Call) -> web.Response:
    """The cars with errors; the shape is not documented."""
    vins = {row["vin"]: None for row in _errors(call, list(cloud.world.cars.values()))}
    return answer({"vins": list(vins)})


def enforce(cloud: Cloud) -> None:
    """Remove configurations if the account is suspended or the owner's consent is withdrawn.

    Source: Tesla, "Billing and limits" and "Fleet Telemetry", August 2026.
    """
    for car in cloud.world.cars.values():
        for client_id, subscription in list(car.telemetry.subscriptions.items()):
            granted = _granted(cloud, car, client_id)
            if (
                cloud.bill.suspended(client_id)
                or DEVICE not in granted
                or (needs_location(subscription.claims) and LOCATION not in granted)
            ):
                car.telemetry.withdraw(client_id)


def _alone(cloud: Cloud, call: Call) -> None:
    """Raise Refusal 429 when an earlier creation of the application is still under way."""
    for other in cloud.in_flight:
        if other is call:
            return
        token = cloud.known_token(other.request)
        if other.name == call.name and token and token.application is call.application:
            raise Refusal(429, "concurrent requests", headers={"Retry-After": "1"})


def _granted(cloud: Cloud, car: Car, client_id: str) -> frozenset[str]:
    consents = cloud.accounts.consents
    return frozenset[str]().union(
        *(consents.get((each, client_id), frozenset()) for each in (car.account, *car.drivers))
    )


def _of_application(cloud: Cloud, call: Call) -> list[Car]:
    """The cars that may be configured: the user's, or all that granted it for a partner token."""
    if call.user is not None:
        return call.cars
    client_id = call.application.client_id
    return [car for car in cloud.world.cars.values() if _granted(cloud, car, client_id)]


def _car(cloud: Cloud, call: Call) -> Car:
    """The car in the path; raises Refusal 404."""
    for car in _of_application(cloud, call):
        if call.parameters["vin"] in (car.vin, str(car.id)):
            return car
    raise Refusal(404, "not_found")


def _cars(cloud: Cloud, call: Call, vins: object) -> list[Car]:
    """The cars in the body; raises Refusal 400 for anything but a list of VINs, and 404."""
    if not isinstance(vins, list) or not vins or not all(isinstance(vin, str) for vin in vins):
        raise Refusal(400, "invalid_field", "vins must be a list of strings")
    cars = {car.vin: car for car in _of_application(cloud, call)}
    if unknown := [vin for vin in vins if vin not in cars]:
        raise Refusal(404, "not_found", ", ".join(unknown))
    return [cars[vin] for vin in dict.fromkeys(vins)]


def _registration(cloud: Cloud, call: Call, car: Car) -> Registration | None:
    user = cloud.accounts.users.get(car.account)
    return cloud.accounts.registered(
        call.application.client_id, user.region if user else call.region
    )


def _is_paired(cloud: Cloud, call: Call, car: Car) -> bool:
    registration = _registration(cloud, call, car)
    return registration is not None and registration.public_key in car.keys


def _skipped(cloud: Cloud, call: Call, car: Car) -> str | None:
    """The reason why a car gets no configuration; None if it does."""
    if car.telemetry_version is None or (car.rest_only and not car.streaming_toggle):
        return "unsupported_hardware"
    if version(car.firmware) < (OLDEST_ATOM_FIRMWARE if car.rest_only else OLDEST_FIRMWARE):
        return "unsupported_firmware"
    if not car.rest_only and not _is_paired(cloud, call, car):
        return "missing_key"
    if _finds_no_place(call, car) and not car.telemetry.hides_limit:
        return "max_configs"
    return None


def _finds_no_place(call: Call, car: Car) -> bool:
    return car.telemetry.is_full and call.application.client_id not in car.telemetry.subscriptions


def _errors(call: Call, cars: list[Car]) -> list[Json]:
    client_id = call.application.client_id
    return [row for car in cars for row in car.telemetry.errors if row["name"] == client_id]


HANDLERS: dict[str, Handler] = {
    "fleet_telemetry_config_jws": create,
    "fleet_telemetry_config_create": create_unsigned,
    "fleet_telemetry_config": show,
    "fleet_telemetry_config_delete": remove,
    "fleet_telemetry_errors": errors,
    "partner_fleet_telemetry_errors": partner_errors,
    "partner_fleet_telemetry_error_vins": partner_error_vins,
}

"""Registration of an application's domain, and the page where an owner pairs its key with a car.

Source: Tesla, "Partner endpoints" and "Virtual keys", copies of August 2024 to August 2026. Where a
refusal's status is not documented, the docstring says so.
"""

import re
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from simulator import pages
from simulator.accounts import Application, Registration, User, host_of
from simulator.cars import Car
from simulator.cloud import Call, Cloud, Handler, Refusal, answer
from simulator.refusals import SteeringError

KEY_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
FETCH_SECONDS = 10
PAIRING_SCOPES = frozenset({"vehicle_device_data", "vehicle_cmds", "vehicle_location"})
"""One of these must be granted before a key can be paired. Source: as above."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::\d{{1,5}})?")


async def fetch_key(cloud: Cloud, domain: str) -> bytes:
    """Fetch an application's public key from its domain; 65 bytes, an uncompressed point.

    The real Tesla asks `https://<domain>`; here the table of domains says where that is. Raises
    Refusal 424 when there is no key, or one of another kind (status seen in reports, unverified).
    """
    base = cloud.domains.get(domain) or cloud.domains.get(host_of(domain))
    if base is None:
        raise Refusal(424, f"could not resolve {domain}")
    url = base.rstrip("/") + KEY_PATH
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:  # noqa: PLR2004 - the one status that brings a key
                raise Refusal(424, f"public key answered with status {response.status}")
            pem = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Refusal(424, f"could not fetch the public key of {domain}") from error
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal(424, "public key is not a PEM public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refusal(424, "public key is not on curve prime256v1")
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


async def register(cloud: Cloud, call: Call) -> web.Response:
    """Register a domain in this region.

    The status 400 of a badly written domain and the 412 of a domain that belongs to another
    application are not documented.
    """
    domain = (await call.json()).get("domain")
    application = call.application
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
        raise Refusal(
            400,
            f"Invalid domain {domain}. Ensure it is lowercase and starts without https://",
        )
    if not application.may_use_domain(domain):
        raise Refusal(412, f"Domain {domain} does not match the application's allowed origins")
    if cloud.accounts.owner_of_domain(domain) not in (None, application.client_id):
        raise Refusal(412, f"Domain {domain} is already used by another application")
    public_key = await fetch_key(cloud, domain)
    now = cloud.clock.now()
    earlier = cloud.accounts.registered(application.client_id, call.region)
    registration = Registration(
        client_id=application.client_id,
        region=call.region,
        domain=domain,
        public_key=public_key,
        created_at=earlier.created_at if earlier else now,
        updated_at=now,
    )
    cloud.accounts.registrations[application.client_id, call.region] = registration
    cloud.pair_automatically(public_key)
    return answer(_account(application, registration))


def _account(application: Application, registration: Registration) -> dict[str, Any]:
    """The answer of a registration, with all fields of Tesla's sample (August 2024)."""
    return {
        "client_id": application.client_id,
        "account_id": f"account-of-{application.client_id}",
        "name": application.name,
        "description": application.name,
        "domain": registration.domain,
        "ca": None,
        "issuer": None,
        "csr": None,
        "csr_updated_at": None,
        "created_at": datetime.fromtimestamp(registration.created_at, UTC).isoformat(),
        "updated_at": datetime.fromtimestamp(registration.updated_at, UTC).isoformat(),
        "enterprise_tier": "pay_as_you_go",
        "public_key": registration.public_key.hex(),
    }


async def public_key(cloud: Cloud, call: Call) -> web.Response:
    """The key found when a domain was registered; the domain must be the application's own."""
    call.require(frozenset({"vehicle_device_data", "vehicle_cmds"}))
    registration = cloud.accounts.registered(call.application.client_id, call.region)
    if registration is None or registration.domain != call.request.query.get("domain"):
        raise Refusal(404, "not_found")
    return answer({"public_key": registration.public_key.hex()})


async def pair(cloud: Cloud, call: Call) -> web.Response:
    """The page that `https://tesla.com/_ak/<domain>` opens in the owner's app, and its button.

    Answers JSON to a script (`Accept: application/json`) and a page to a person. The texts of the
    app are not known word for word; the reasons are Tesla's.
    """
    form: dict[str, str] = {}
    if call.request.method == "POST":
        if call.request.content_type == "application/json":
            form = {key: str(value) for key, value in (await call.json()).items()}
        else:
            form = {key: str(value) for key, value in (await call.request.post()).items()}
    wanted = form.get("vin") or call.request.query.get("vin", "")
    user = cloud.accounts.users.get(form.get("user", "owner-1"))
    script = "application/json" in call.request.headers.get("Accept", "")
    try:
        application, key, cars = await _pairing(cloud, user, call.parameters["domain"], wanted)
        if call.request.method == "POST":
            car = _pair_one(cars, key)
            if script:
                return web.json_response({"paired": True, "vin": car.vin})
            text = f"{application.name} may now command {car.display_name}."
            return pages.respond(pages.message("Key added", text))
    except Refusal as refusal:
        if script:
            return web.json_response(
                {"paired": False, "error": refusal.error}, status=refusal.status
            )
        return pages.respond(
            pages.message("This key cannot be added", refusal.error), refusal.status
        )
    return pages.respond(
        pages.pair(
            call.request.path_qs,
            application.name,
            [
                (car.vin, f"{car.display_name} ({'paired' if key in car.keys else car.state})")
                for car in cars
            ],
        )
    )


async def _pairing(
    cloud: Cloud, user: User | None, domain: str, wanted: str
) -> tuple[Application, bytes, list[Car]]:
    """The contents of the page; raises Refusal with the app's reasons."""
    if user is None:
        raise Refusal(404, "There is no such user.")
    client_id = cloud.accounts.owner_of_domain(domain)
    registration = cloud.accounts.registered(client_id, user.region) if client_id else None
    if registration is None or registration.domain != domain:
        raise Refusal(412, f"{domain} is not registered in the region of the owner.")
    application = cloud.accounts.applications[registration.client_id]
    try:
        hosted = await fetch_key(cloud, domain)
    except Refusal as refusal:
        raise Refusal(424, f"{domain} is not registered: its key is gone.") from refusal
    if hosted != registration.public_key:
        raise Refusal(424, f"{domain} serves another key than the registered one.")
    granted = cloud.accounts.consents.get((user.name, application.client_id), frozenset())
    if not granted & PAIRING_SCOPES:
        raise Refusal(403, f"{application.name} has not been granted access.")
    cars = [
        car
        for car in cloud.world.cars.values()
        if user.name in (car.account, *car.drivers) and (not wanted or car.vin == wanted)
    ]
    if not cars:
        raise Refusal(404, "There is no such car.")
    return application, hosted, cars


def _pair_one(cars: list[Car], key: bytes) -> Car:
    """Pair the one car that is left; raises Refusal when it cannot be paired now."""
    if len(cars) != 1:
        raise Refusal(400, "Choose a car first.")
    car = cars[0]
    if car.state != "online":
        raise Refusal(408, f"{car.display_name} is not online.")
    try:
        car.pair(key)
    except SteeringError as error:
        raise Refusal(409, str(error)) from error
    return car


HANDLERS: dict[str, Handler] = {
    "register": register,
    "public_key": public_key,
    "pair": pair,
}

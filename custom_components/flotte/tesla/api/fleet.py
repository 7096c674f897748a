"""Tesla's Fleet API for one account, with one method per endpoint.

Every request names its endpoint, whose charge is booked before the request is sent; see `sending`.
Nothing is retried silently; see `transport`.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, override

import aiohttp

from ..clock import utc_now
from ..errors import InvalidAnswer
from ..hosts import Hosts
from ..spending.caller import SETUP, Caller
from ..spending.endpoints import Endpoint, Endpoints
from ..spending.meter import Meter
from .charging import ChargingEndpoints
from .login import Login
from .sending import ApiRequest, ApiResponse, Keeper, Sender, keep_nothing
from .sites import SiteEndpoints
from .transport import TokenSource, Transport, payload

MAX_REPLY: Final = 100_000
"""Maximum length of a signed reply; Tesla's own client refuses longer ones."""

VEHICLE_DATA_SECTIONS: Final = (
    "charge_state",
    "climate_state",
    "drive_state",
    "vehicle_state",
    "vehicle_config",
    "charge_schedule_data",
    "preconditioning_schedule_data",
)
"""Sections of a poll. Those of the schedules are returned only if they are requested by name."""
SCHEDULE_SECTIONS: Final = VEHICLE_DATA_SECTIONS[-2:]


class FleetApi(SiteEndpoints, ChargingEndpoints):
    """The endpoints of the Fleet API; see `sites` and `charging` for the rest.

    Args:
        session: HTTP session to use.
        token: Source of access tokens.
        hosts: Addresses, and which of them are trusted.
        base_url: Regional base URL to start with.
        meter: Books every request.
        endpoints: The category of each request.
        keep: Makes bookings durable.
        clock: Returns the current time, timezone-aware.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: TokenSource,
        *,
        hosts: Hosts,
        base_url: str,
        meter: Meter,
        endpoints: Endpoints | None = None,
        keep: Keeper = keep_nothing,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.meter = meter
        self.endpoints = endpoints or Endpoints()
        self.transport = Transport(Sender(session, meter, keep, clock), token, hosts, base_url)
        self._configuring = asyncio.Lock()

    @property
    def base_url(self) -> str:
        """Base URL of the region that serves this account, as far as known."""
        return self.transport.base_url

    @property
    def login(self) -> Login:
        """The state of the account's login: whether Tesla accepts its tokens."""
        return self.transport.login

    def price(self, endpoint: Endpoint) -> Decimal:
        """Price of a request to an endpoint, in the tariff's currency."""
        return self.meter.tariff.price(self.endpoints.category(endpoint))

    @override
    async def _request(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        caller: Caller,
        *,
        asset: str = "",
        body: dict[str, Any] | None = None,
        unasked: bool = False,
        read: Callable[[ApiResponse], Any] = payload,
    ) -> Any:  # JSON
        """Send one request; returns and raises the same as `Transport.request`."""
        return await self.transport.request(
            ApiRequest(
                method=method,
                path=path,
                charge=self.endpoints.charge(endpoint, unasked=unasked),
                caller=caller,
                asset=asset,
                body=body,
            ),
            read,
        )

    # --- Account ---------------------------------------------------------------------------------

    async def products(self, caller: Caller = SETUP) -> list[dict[str, Any]]:
        """Return the account's vehicles (with `vin`) and energy sites (with `energy_site_id`)."""
        products = _list(await self._request("GET", "/api/1/products", Endpoint.PRODUCTS, caller))
        return [each for each in products if isinstance(each, dict)]

    async def region(self) -> str:
        """Return the base URL that serves this account, and use it for all further requests."""
        path = "/api/1/users/region"
        answer = _dict(await self._request("GET", path, Endpoint.REGION, SETUP))
        base_url = str(answer.get("fleet_api_base_url", "")).rstrip("/")
        self.transport.move(base_url, f"not one of Tesla's hosts: {base_url[:200]}")
        return base_url

    async def fleet_status(self, vins: list[str], caller: Caller = SETUP) -> dict[str, Any]:
        """Return which vehicles have our key, and whether they require signed commands."""
        path = "/api/1/vehicles/fleet_status"
        return _dict(
            await self._request("POST", path, Endpoint.FLEET_STATUS, caller, body={"vins": vins})
        )

    async def register(self, domain: str) -> dict[str, Any]:
        """Register the application's domain in this region; needs a partner token.

        Returns Tesla's record of the application. Its `public_key` is the key that Tesla fetched
        from the domain, as an uncompressed point in hexadecimal.
        """
        path = "/api/1/partner_accounts"
        return _dict(
            await self._request("POST", path, Endpoint.REGISTER, SETUP, body={"domain": domain})
        )

    # --- Vehicles --------------------------------------------------------------------------------

    async def vehicle(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Return the vehicle's state (`online`, `asleep`, `offline`), without contacting it."""
        path = f"/api/1/vehicles/{vin}"
        return _dict(await self._request("GET", path, Endpoint.VEHICLE, caller, asset=vin))

    async def vehicle_data(
        self,
        vin: str,
        caller: Caller,
        *,
        location: bool = False,
        sections: tuple[str, ...] = VEHICLE_DATA_SECTIONS,
    ) -> dict[str, Any]:
        """Return the vehicle's current data by section. The vehicle must be online.

        Args:
            vin: The vehicle.
            caller: Who causes the request.
            location: Whether to request the position too, which needs its own scope.
            sections: Sections to request; the price does not depend on their number.
        """
        names = [*sections, *(["location_data"] if location else [])]
        path = f"/api/1/vehicles/{vin}/vehicle_data?endpoints={'%3B'.join(names)}"
        return _dict(await self._request("GET", path, Endpoint.VEHICLE_DATA, caller, asset=vin))

    async def nearby_charging_sites(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Return the chargers near the vehicle, which must be online."""
        path = f"/api/1/vehicles/{vin}/nearby_charging_sites"
        endpoint = Endpoint.NEARBY_CHARGING_SITES
        return _dict(await self._request("GET", path, endpoint, caller, asset=vin))

    async def release_notes(self, vin: str, caller: Caller, *, staged: bool) -> dict[str, Any]:
        """Return the release notes of the vehicle's software, or of a staged update.

        It need not be online.
        """
        path = f"/api/1/vehicles/{vin}/release_notes?staged={str(staged).lower()}"
        return _dict(await self._request("GET", path, Endpoint.RELEASE_NOTES, caller, asset=vin))

    async def wake_up(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Wake the vehicle, which takes 10 to 60 s."""
        path = f"/api/1/vehicles/{vin}/wake_up"
        return _dict(await self._request("POST", path, Endpoint.WAKE_UP, caller, asset=vin))

    async def command(
        self, vin: str, name: str, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Send an unsigned command; returns `{"result": bool, "reason": str}`."""
        path = f"/api/1/vehicles/{vin}/command/{name}"
        body = dict(parameters)
        return _dict(
            await self._request("POST", path, Endpoint.COMMAND, caller, asset=vin, body=body)
        )

    async def signed_command(self, vin: str, message: bytes, caller: Caller) -> bytes:
        """Send a serialised `RoutableMessage` to the vehicle, and return its reply."""
        path = f"/api/1/vehicles/{vin}/signed_command"
        body = {"routable_message": b64encode(message).decode()}
        answer = await self._request(
            "POST", path, Endpoint.SIGNED_COMMAND, caller, asset=vin, body=body
        )
        reply = _decoded(answer)
        if reply is None:
            # The error's traceback keeps this frame.
            del answer
            raise InvalidAnswer("no signed reply")
        return reply

    # --- The stream ------------------------------------------------------------------------------

    async def configure_telemetry(
        self, vins: list[str], token: str, caller: Caller
    ) -> dict[str, Any]:
        """Configure the stream of vehicles with a signed configuration.

        Returns `updated_vehicles`, and `skipped_vehicles` by reason. Requests are sent one after
        the other, because Tesla refuses a second one while one is under way (429).
        """
        path = "/api/1/vehicles/fleet_telemetry_config_jws"
        endpoint = Endpoint.FLEET_TELEMETRY_CONFIG_CREATE
        asset = vins[0] if len(vins) == 1 else ""
        body = {"vins": vins, "token": token}
        async with self._configuring:
            return _dict(
                await self._request("POST", path, endpoint, caller, asset=asset, body=body)
            )

    async def telemetry_config(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Return a vehicle's stream configuration, and whether the vehicle has it (`synced`)."""
        path = f"/api/1/vehicles/{vin}/fleet_telemetry_config"
        endpoint = Endpoint.FLEET_TELEMETRY_CONFIG_GET
        return _dict(await self._request("GET", path, endpoint, caller, asset=vin))

    async def delete_telemetry_config(self, vin: str, caller: Caller) -> dict[str, Any]:
        """End the stream of a vehicle; returns `updated_vehicles`.

        The budget need not have room for it, because it ends spending.
        """
        path = f"/api/1/vehicles/{vin}/fleet_telemetry_config"
        endpoint = Endpoint.FLEET_TELEMETRY_CONFIG_DELETE
        return _dict(await self._request("DELETE", path, endpoint, caller, asset=vin, unasked=True))

    async def telemetry_errors(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Return a vehicle's recent stream errors, under `fleet_telemetry_errors`.

        The form of the answer for a single vehicle is not documented, so a bare list is accepted
        too.
        """
        path = f"/api/1/vehicles/{vin}/fleet_telemetry_errors"
        endpoint = Endpoint.FLEET_TELEMETRY_ERRORS
        answer = await self._request("GET", path, endpoint, caller, asset=vin)
        if isinstance(answer, list):
            answer = {"fleet_telemetry_errors": answer}
        elif not isinstance(answer, dict):
            answer = None
        return _dict(answer)


def _decoded(answer: object) -> bytes | None:
    """Decode a signed reply; None if the answer is none."""
    if not isinstance(answer, str) or len(answer) > MAX_REPLY:
        return None
    try:
        return b64decode(answer, validate=True)
    except ValueError:
        return None


def _dict(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict):
        # The error's traceback keeps this frame.
        del answer
        raise InvalidAnswer("not an object")
    return answer


def _list(answer: object) -> list[Any]:
    if not isinstance(answer, list):
        del answer
        raise InvalidAnswer("not a list")
    return answer

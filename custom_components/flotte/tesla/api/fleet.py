"""Tesla's Fleet API as one account sees it: one method an endpoint.

Every request names its endpoint, whose charge passes the meter before the request leaves; see
`sending`. Nothing is retried silently; see `transport`.
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
from .login import Login
from .sending import ApiRequest, Keeper, Sender, keep_nothing
from .sites import SiteEndpoints
from .transport import TokenSource, Transport

MAX_REPLY: Final = 100_000
"""Bytes of a signed reply; Tesla's own client refuses more."""

VEHICLE_DATA_SECTIONS: Final = (
    "charge_state",
    "climate_state",
    "drive_state",
    "vehicle_state",
    "vehicle_config",
)
SCHEDULE_SECTIONS: Final = ("charge_schedule_data", "preconditioning_schedule_data")
"""Sections that come only when they are requested by name."""


class FleetApi(SiteEndpoints):
    """The endpoints of the Fleet API; those of energy sites are in `sites`.

    Args:
        session: HTTP session to use.
        token: Source of access tokens.
        hosts: Addresses, and which of them are trusted.
        base_url: Regional base URL to start with.
        meter: Books every request.
        endpoints: The category of each request.
        keep: Makes bookings durable.
        clock: The time now; aware.
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
        """Base URL of the region that serves this account, as far as it is known."""
        return self.transport.base_url

    @property
    def login(self) -> Login:
        """Whether Tesla accepts the tokens."""
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
    ) -> Any:  # JSON
        """Send one request; answers and raises like `Transport.request`."""
        return await self.transport.request(
            ApiRequest(
                method=method,
                path=path,
                charge=self.endpoints.charge(endpoint, unasked=unasked),
                caller=caller,
                asset=asset,
                body=body,
            )
        )

    # --- Account ---------------------------------------------------------------------------------

    async def products(self, caller: Caller = SETUP) -> list[dict[str, Any]]:
        """Vehicles (with `vin`) and energy sites (with `energy_site_id`) of the account."""
        products = _list(await self._request("GET", "/api/1/products", Endpoint.PRODUCTS, caller))
        return [each for each in products if isinstance(each, dict)]

    async def region(self) -> str:
        """The base URL that serves this account; afterwards it is used for everything."""
        path = "/api/1/users/region"
        answer = _dict(await self._request("GET", path, Endpoint.REGION, SETUP))
        base_url = str(answer.get("fleet_api_base_url", "")).rstrip("/")
        self.transport.move(base_url, f"not one of Tesla's hosts: {base_url[:200]}")
        return base_url

    async def fleet_status(self, vins: list[str], caller: Caller = SETUP) -> dict[str, Any]:
        """Which vehicles carry our key, and whether they demand signed commands."""
        path = "/api/1/vehicles/fleet_status"
        return _dict(
            await self._request("POST", path, Endpoint.FLEET_STATUS, caller, body={"vins": vins})
        )

    async def register(self, domain: str) -> dict[str, Any]:
        """Register the application's domain in this region; needs a partner token.

        Answers Tesla's record of the application with `public_key`, the hexadecimal uncompressed
        point that Tesla fetched from the domain.
        """
        path = "/api/1/partner_accounts"
        return _dict(
            await self._request("POST", path, Endpoint.REGISTER, SETUP, body={"domain": domain})
        )

    # --- Vehicles --------------------------------------------------------------------------------

    async def vehicle(self, vin: str, caller: Caller) -> dict[str, Any]:
        """The vehicle's state (`online`, `asleep`, `offline`), without asking the vehicle."""
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
        """Everything the vehicle knows now, by section; it must be online.

        Args:
            vin: Vehicle.
            caller: Who asks.
            location: Ask for the position too; needs its own scope.
            sections: Sections to ask for; the price does not depend on how many there are.
        """
        names = [*sections, *(["location_data"] if location else [])]
        path = f"/api/1/vehicles/{vin}/vehicle_data?endpoints={'%3B'.join(names)}"
        return _dict(await self._request("GET", path, Endpoint.VEHICLE_DATA, caller, asset=vin))

    async def wake_up(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Ask the vehicle to wake up, which takes it 10 to 60 s."""
        path = f"/api/1/vehicles/{vin}/wake_up"
        return _dict(await self._request("POST", path, Endpoint.WAKE_UP, caller, asset=vin))

    async def command(
        self, vin: str, name: str, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Send an unsigned command; answers `{"result": bool, "reason": str}`."""
        path = f"/api/1/vehicles/{vin}/command/{name}"
        body = dict(parameters)
        return _dict(
            await self._request("POST", path, Endpoint.COMMAND, caller, asset=vin, body=body)
        )

    async def signed_command(self, vin: str, message: bytes, caller: Caller) -> bytes:
        """Pass a serialised `RoutableMessage` to the vehicle and answer its reply."""
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
        """Have vehicles stream as the signed configuration says.

        Answers `updated_vehicles`, and `skipped_vehicles` by reason. Tesla refuses a second one
        while one is under way (429), so they go one after the other.
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
        """The configuration of a vehicle's stream, and whether the vehicle has it (`synced`)."""
        path = f"/api/1/vehicles/{vin}/fleet_telemetry_config"
        endpoint = Endpoint.FLEET_TELEMETRY_CONFIG_GET
        return _dict(await self._request("GET", path, endpoint, caller, asset=vin))

    async def delete_telemetry_config(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Have a vehicle stream no more; answers `updated_vehicles`.

        It needs no room in the budget: it is what stops the spending.
        """
        path = f"/api/1/vehicles/{vin}/fleet_telemetry_config"
        endpoint = Endpoint.FLEET_TELEMETRY_CONFIG_DELETE
        return _dict(await self._request("DELETE", path, endpoint, caller, asset=vin, unasked=True))

    async def telemetry_errors(self, vin: str, caller: Caller) -> dict[str, Any]:
        """Recent trouble of a vehicle with its stream, under `fleet_telemetry_errors`.

        The form of the answer for a single vehicle is not documented: a bare list is taken too.
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
    """The bytes of a signed reply; None if it is none."""
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

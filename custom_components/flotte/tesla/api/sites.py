"""The endpoints of energy sites."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..spending.caller import Caller
from ..spending.endpoints import Endpoint


class SiteEndpoints(ABC):
    """The part of `FleetApi` that is about energy sites."""

    @abstractmethod
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
    ) -> Any:  # noqa: ANN401  # JSON
        """Send one request."""

    async def live_status(self, site: int, caller: Caller) -> dict[str, Any]:
        """Power flows of a site now, in W."""
        return await self._site("GET", site, Endpoint.LIVE_STATUS, caller)

    async def site_info(self, site: int, caller: Caller) -> dict[str, Any]:
        """Settings and equipment of a site."""
        return await self._site("GET", site, Endpoint.SITE_INFO, caller)

    async def site_command(
        self, site: int, endpoint: Endpoint, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Change a setting of a site; see `confirmation` for the forms of the answer."""
        return await self._site("POST", site, endpoint, caller, dict(parameters))

    async def _site(
        self,
        method: str,
        site: int,
        endpoint: Endpoint,
        caller: Caller,
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        path = f"/api/1/energy_sites/{site}/{endpoint}"
        answer = await self._request(method, path, endpoint, caller, asset=str(site), body=body)
        # Dead sites answer null or an empty list.
        return answer if isinstance(answer, dict) else {}

"""The endpoints of energy sites."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from ..errors import NotAvailable, NotFound, SettingNotOffered
from ..spending.caller import Caller
from ..spending.endpoints import Endpoint


class SiteEndpoints(ABC):
    """The part of `FleetApi` for energy sites."""

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
        """Return the current power flows of a site, in W."""
        return await self._site("GET", site, Endpoint.LIVE_STATUS, caller)

    async def site_info(self, site: int, caller: Caller) -> dict[str, Any]:
        """Return the settings and equipment of a site."""
        return await self._site("GET", site, Endpoint.SITE_INFO, caller)

    async def energy_history(
        self, site: int, start: datetime, end: datetime, zone: str, caller: Caller
    ) -> dict[str, Any]:
        """Return the energy of a site in rows of five minutes, under `time_series`.

        See `energy.history`.

        Args:
            site: Tesla's number of the site.
            start: Start of the period; aware, in the site's time zone.
            end: End of the period, on the same local day: only a single day has rows of five
                minutes.
            zone: IANA name of the site's time zone.
            caller: Who causes the request.
        """
        query = _history("energy", start, end, zone, period="day")
        return await self._site("GET", site, Endpoint.CALENDAR_HISTORY, caller, query=query)

    async def backup_history(
        self, site: int, start: datetime, end: datetime, zone: str, caller: Caller
    ) -> dict[str, Any]:
        """Return a page of the outages of a site, under `events`; see `energy.outages`.

        Args:
            site: Tesla's number of the site.
            start: Start of the period; aware, in the site's time zone.
            end: End of the period, or what an answer has as `next_end_date`.
            zone: IANA name of the site's time zone.
            caller: Who causes the request.
        """
        query = _history("backup", start, end, zone, period="lifetime")
        return await self._site("GET", site, Endpoint.CALENDAR_HISTORY, caller, query=query)

    async def charge_history(
        self, site: int, start: datetime, end: datetime, zone: str, caller: Caller
    ) -> dict[str, Any]:
        """Return the charging sessions of a site's wall connectors; see `energy.charge_history`.

        Args:
            site: Tesla's number of the site.
            start: Start of the period; aware, in the site's time zone.
            end: End of the period.
            zone: IANA name of the site's time zone.
            caller: Who causes the request.
        """
        query = _history("charge", start, end, zone)
        return await self._site("GET", site, Endpoint.TELEMETRY_HISTORY, caller, query=query)

    async def site_command(
        self, site: int, endpoint: Endpoint, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Change a setting of a site; see `confirmation` for the forms of the answer.

        Raises:
            SettingNotOffered: Tesla's servers do not know it. Most settings are not in Tesla's
                documentation (2026-08), and may end any day.
        """
        try:
            return await self._site("POST", site, endpoint, caller, dict(parameters))
        except (NotFound, NotAvailable) as error:
            if type(error) not in (NotFound, NotAvailable):
                # It says more.
                raise
            raise SettingNotOffered(error.detail) from error

    async def _site(
        self,
        method: str,
        site: int,
        endpoint: Endpoint,
        caller: Caller,
        body: dict[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        path = f"/api/1/energy_sites/{site}/{endpoint}"
        if query:
            # Quoted, because the "+" of a zone's offset would arrive as a blank.
            path += f"?{urlencode(query)}"
        answer = await self._request(method, path, endpoint, caller, asset=str(site), body=body)
        # For dead sites, Tesla returns null or an empty list.
        return answer if isinstance(answer, dict) else {}


def _history(kind: str, start: datetime, end: datetime, zone: str, **more: str) -> dict[str, str]:
    """The parameters that every history has, and those of one kind."""
    return {
        "kind": kind,
        "start_date": start.isoformat(timespec="seconds"),
        "end_date": end.isoformat(timespec="seconds"),
        **more,
        "time_zone": zone,
    }

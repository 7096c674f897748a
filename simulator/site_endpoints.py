"""Requests for energy sites."""

from aiohttp import web

from simulator.cloud import Call, Cloud, Handler, Refusal, answer
from simulator.refusals import InvalidBody, UnknownCommand

HISTORY_PARAMETERS = ("start_date", "end_date", "time_zone")


async def live_status(_cloud: Cloud, call: Call) -> web.Response:
    """Current power and energy."""
    return answer(call.site().live_status())


async def site_info(_cloud: Cloud, call: Call) -> web.Response:
    """Installed devices and settings."""
    return answer(call.site().site_info())


async def calendar_history(_cloud: Cloud, call: Call) -> web.Response:
    """Energy or backup history."""
    return _history(call, ("energy", "backup"), ("period", *HISTORY_PARAMETERS))


async def telemetry_history(_cloud: Cloud, call: Call) -> web.Response:
    """Charging history of the wall connectors."""
    return _history(call, ("charge",), HISTORY_PARAMETERS)


def _history(call: Call, kinds: tuple[str, ...], required: tuple[str, ...]) -> web.Response:
    """A history; every parameter was required in Tesla's documentation of August 2024."""
    site = call.site()
    query = dict(call.request.query)
    kind = query.get("kind", "")
    if kind not in kinds:
        raise Refusal(400, "invalid_field", f"kind must be {' or '.join(kinds)}")
    if missing := [name for name in required if not query.get(name)]:
        raise Refusal(400, "invalid_field", f"missing: {', '.join(missing)}")
    try:
        return answer(site.history(kind, query))
    except (InvalidBody, ValueError) as problem:
        raise Refusal(400, "invalid_field", str(problem)) from problem


async def site_command(_cloud: Cloud, call: Call) -> web.Response:
    """Change a setting of an energy site."""
    site = call.site()
    try:
        return answer(site.command(call.endpoint.name, await call.json()))
    except UnknownCommand as problem:
        raise Refusal(problem.status, problem.code, str(problem)) from problem


HANDLERS: dict[str, Handler] = {
    "live_status": live_status,
    "site_info": site_info,
    "calendar_history": calendar_history,
    "telemetry_history": telemetry_history,
    "backup": site_command,
    "operation": site_command,
    "storm_mode": site_command,
    "grid_import_export": site_command,
    "off_grid_vehicle_charging_reserve": site_command,
    "time_of_use_settings": site_command,
}

"""Requests for sessions at Superchargers."""

from datetime import datetime

from aiohttp import web

from simulator.cloud import Call, Cloud, Handler, Refusal
from simulator.supercharging import USUAL_PAGE


async def charging_history(cloud: Cloud, call: Call) -> web.Response:
    """The sessions of the cars that the user owns: drivers do not see what owners pay."""
    query = call.request.query
    vins = _owned(call)
    if vin := query.get("vin"):
        if vin not in [car.vin for car in call.cars]:
            raise Refusal(404, "not_found")
        vins = [each for each in vins if each == vin]
    begin, end = _moment(call, "startTime"), _moment(call, "endTime")
    now = cloud.clock.now()
    visits = [
        each
        for each in cloud.world.supercharging.listed(vins, now)
        if (begin is None or begin <= each.began_at) and (end is None or each.began_at <= end)
    ]
    order = query.get("sortOrder", "DESC")
    if order not in ("ASC", "DESC"):
        raise Refusal(400, "invalid_field", "sortOrder must be ASC or DESC")
    visits.sort(key=lambda each: each.began_at, reverse=order == "DESC")
    number, size = _number(call, "pageNo", 1), _number(call, "pageSize", USUAL_PAGE)
    return web.json_response(cloud.world.supercharging.answer(visits, number, size))


async def charging_invoice(cloud: Cloud, call: Call) -> web.Response:
    """An invoice as PDF."""
    supercharging, now = cloud.world.supercharging, cloud.clock.now()
    invoice = supercharging.invoice(_owned(call), call.parameters["invoice"], now)
    if invoice is None:
        raise Refusal(404, "not_found")
    return web.Response(body=invoice, content_type="application/pdf")


async def charging_sessions(_cloud: Cloud, _call: Call) -> web.Response:
    """Sessions of fleets; no simulated account is one of a business."""
    raise Refusal(403, "forbidden", "only available for business accounts")


def _owned(call: Call) -> list[str]:
    return [car.vin for car in call.cars if call.user and car.account == call.user.name]


def _moment(call: Call, name: str) -> float | None:
    text = call.request.query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "invalid_field", f"{name} must be in RFC 3339") from error
    if moment.tzinfo is None:
        raise Refusal(400, "invalid_field", f"{name} must have an offset")
    return moment.timestamp()


def _number(call: Call, name: str, usual: int) -> int:
    text = call.request.query.get(name, str(usual))
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, "invalid_field", f"{name} must be a number from 1")
    return int(text)


HANDLERS: dict[str, Handler] = {
    "charging_history": charging_history,
    "charging_invoice": charging_invoice,
    "charging_sessions": charging_sessions,
}

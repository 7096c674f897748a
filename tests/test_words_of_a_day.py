"""A whole day in which everything fails once: no text of ours names a car by its whole VIN."""

import json
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest
from homeassistant.components import persistent_notification
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import JSONEncoder
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.diagnostics import async_get_config_entry_diagnostics
from custom_components.flotte.spending.decisions import EVENT_SPENDING_DECISION
from simulator import Simulator
from tests.conftest import CLIENT_SECRET, MODEL_3, MODEL_S, MODEL_Y, Pass, set_up
from tests.fleet import MOMENT

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

HOUR: Final = timedelta(hours=1)
PIN: Final = "8264"
CARS: Final = {"aurora": MODEL_Y, "comet": MODEL_3, "old_faithful": MODEL_S}
FAILURES: Final = (
    *(
        (endpoint, status)
        for endpoint in ("vehicle", "vehicle_data", "wake_up")
        for status in (400, 403, 404, 405, 408, 429, 500, 503)
    ),
    *(("*command", status) for status in (400, 403, 404, 405, 408, 422, 423, 429, 451, 500)),
    *(("command", status) for status in (400, 403, 501)),
    *(("fleet_telemetry*", status) for status in (400, 403, 404, 424, 500)),
    *(("fleet_status", status) for status in (400, 412, 500)),
    *(("live_status", status) for status in (400, 404, 540)),
    ("products", 500),
)
"""Endpoint and status; each happens to the next two requests of its kind."""


def texts_of(records: list[logging.LogRecord]) -> list[str]:
    """Records as they are in the log file, with the tracebacks; none of the tests' own."""
    form = logging.Formatter("%(levelname)s %(name)s %(message)s")
    return [
        form.format(each)
        for each in records
        if each.name.startswith(("custom_components", "homeassistant"))
    ]


@dataclass
class Owner:
    """A person at a screen, and the messages that they read."""

    hass: HomeAssistant
    context: Context
    devices: list[str]
    said: list[str] = field(default_factory=list)

    async def try_all(self) -> None:
        """Do with each car what its owner may do."""
        for name in CARS:
            await self._act("lock.unlock", f"lock.{name}_doors")
            await self._act("number.set_value", f"number.{name}_charge_limit", value=80)
            await self._act("switch.turn_on", f"switch.{name}_sentry_mode")
            await self._act("button.press", f"button.{name}_flash_lights")
            await self._act("cover.open_cover", f"cover.{name}_trunk")
        for device in self.devices:
            await self._call("flotte.navigate", device_id=device, destination=f"{MODEL_Y} street")
            await self._call("flotte.set_vehicle_name", device_id=device, name="")
            await self._call("flotte.set_valet_mode", device_id=device, active=True, pin=PIN)
            await self._call("flotte.set_valet_mode", device_id=device, active=True, pin=f"{PIN}0")
            await self._call("flotte.list_schedules", device_id=device)

    async def _act(self, action: str, entity_id: str, **data: Any) -> None:
        await self._call(action, entity_id=entity_id, **data)

    async def _call(self, action: str, **data: Any) -> None:
        domain, _, service = action.partition(".")
        try:
            await self.hass.services.async_call(
                domain,
                service,
                data,
                blocking=True,
                context=self.context,
                return_response=service == "list_schedules",
            )
        except HomeAssistantError as error:
            # As Home Assistant's user interface logs it, with the chain of causes.
            logging.getLogger("homeassistant.components.websocket_api").exception("Failed")
            self.said.append(f"{error} {error.translation_placeholders}")


async def test_no_secret_in_a_day_of_trouble(
    hass: HomeAssistant,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
    caplog: pytest.LogCaptureFixture,
    hass_admin_user: MockUser,
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.flotte")
    await async_get_translations(hass, "en", "exceptions", {DOMAIN})
    events: list[Event[Any]] = []
    hass.bus.async_listen(EVENT_SPENDING_DECISION, events.append)
    tokens: set[str] = set()

    def remember_tokens() -> None:
        token = entry_of_stream.data["token"]
        tokens.update((token["access_token"], token["refresh_token"]))

    remember_tokens()
    words = {
        "response": None,
        "error": f"trouble with {', '.join(CARS.values())}",
        "error_description": f"{'x' * 90} {MODEL_Y} {next(iter(tokens))} {MODEL_Y.lower()}",
    }
    cars = tesla.world.cars
    for car in cars.values():
        car.steer({"state": "online", "user_present": True})
    await set_up(hass, entry_of_stream)
    registry = dr.async_get(hass)
    found = (
        registry.async_get_device_by_identifier((DOMAIN, vin), entry_of_stream.entry_id)
        for vin in CARS.values()
    )
    devices = [each.id for each in found if each is not None]
    owner = Owner(hass, Context(user_id=hass_admin_user.id), devices)
    for hour in range(24):
        remember_tokens()
        for endpoint, status in FAILURES[hour::24]:
            tesla.faults.order("status", endpoint=endpoint, status=status, body=words, count=2)
        if hour % 6 == 3:
            tesla.faults.order("status", status=200, body=f"<html>{MODEL_Y}</html>", count=3)
        for vin in CARS.values():
            cars[vin].steer({"state": ("online", "asleep", "offline")[hour % 3]})
        cars[MODEL_Y].steer(
            {"client_error": {"name": f"certificate {MODEL_Y}", "body": f"{MODEL_Y} is unknown"}}
        )
        await owner.try_all()
        await pass_time(HOUR / 12)
        tesla.faults.clear()
        await pass_time(HOUR / 12)
        if hour % 8 == 7:
            await hass.config_entries.async_reload(entry_of_stream.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)
    issues = [
        str(each.to_json()) + str(each.translation_placeholders)
        for each in ir.async_get(hass).issues.values()
    ]
    notes = [
        str(each)
        for each in persistent_notification._async_get_or_create_notifications(hass).values()
    ]
    said, logged = owner.said, texts_of(caplog.records)
    told = [json.dumps(each.data, cls=JSONEncoder) for each in events]
    described = json.dumps(
        await async_get_config_entry_diagnostics(hass, entry_of_stream), cls=JSONEncoder
    )
    # Otherwise nothing was looked at.
    assert len(said) > 50, said
    assert any("…000001" in each for each in said), said
    assert any("…000001" in each for each in logged)
    assert issues
    assert told
    key = await async_get_key(hass)
    secrets = {
        *CARS.values(),
        *(vin.lower() for vin in CARS.values()),
        *tokens,
        CLIENT_SECRET,
        PIN,
        key.to_pem().splitlines()[1],
    }
    for texts in (logged, said, issues, notes, told, [described]):
        assert [(secret, each) for each in texts for secret in secrets if secret in each] == []

"""Repair flows: a missing key, a raised billing limit, the month's counts, odd schedules."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .account.address import wrapping_link
from .account.data import FlotteConfigEntry
from .account.pairing import PAIRING_ISSUE
from .charging.schedule_takeover import COLLISION_ISSUE, ScheduleTakeover, find_takeover
from .const import DOMAIN
from .coordinator import VehicleCoordinator
from .flows.forms import number_box
from .onboarding.pairing import pairing_code
from .spending.account_ledger import AccountLedger, find_ledger
from .spending.issues import DASHBOARD, LEDGER_DAMAGED_ISSUE
from .tesla.api.fleet import FleetApi
from .tesla.errors import AccountSuspended, TeslaError
from .tesla.key_status import KeyStatus
from .tesla.spending.ledger import MAX_UNITS, Month
from .tesla.spending.tariff import Category
from .texts import async_load_texts, async_text


class SuspensionFlow(RepairsFlow):
    """Resume paid requests after Tesla's billing limit was raised, if a free request succeeds.

    If Tesla answers the free request although the billing limit was not raised, it refuses the next
    paid request, and the issue returns.
    """

    def __init__(self, ledger: AccountLedger | None) -> None:
        """Resume requests of this developer account; None if it is no longer in use."""
        self._ledger = ledger

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask whether the limit was raised, and send a free request."""
        ledger = self._ledger
        errors: dict[str, str] = {}
        if user_input is not None:
            if ledger is None or not await self._is_refused(ledger):
                self._resume()
                return self.async_create_entry(data={})
            errors["base"] = "still_suspended"
        until = Month.of(dt_util.utcnow()).end.date().isoformat()
        return self.async_show_form(
            step_id="confirm",
            errors=errors,
            description_placeholders={
                "name": "" if ledger is None else ledger.account_names,
                "url": DASHBOARD,
                "until": until,
            },
        )

    async def _is_refused(self, ledger: AccountLedger) -> bool:
        """Whether Tesla certainly still refuses all requests; asking is free."""
        for entry in self._entries():
            if (api := _api_of(entry, ledger)) is not None:
                try:
                    await api.products()
                except AccountSuspended:
                    return True
                except TeslaError:
                    # This error has nothing to do with the billing limit, so trust the owner.
                    return False
                return False
        return False

    def _resume(self) -> None:
        """Resume paid requests, and set up accounts that could not start during the suspension."""
        if self._ledger is not None:
            self._ledger.async_resume()
        for entry in self._entries():
            if entry.state is ConfigEntryState.SETUP_RETRY:
                self.hass.config_entries.async_schedule_reload(entry.entry_id)

    def _entries(self) -> list[FlotteConfigEntry]:
        return self.hass.config_entries.async_entries(DOMAIN)


class DamagedLedgerFlow(RepairsFlow):
    """Confirm or correct this month's counts after the ledger was damaged."""

    def __init__(self, ledger: AccountLedger | None) -> None:
        """Confirm the counts of this developer account; None if it is no longer in use."""
        self._ledger = ledger

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show our counts, and apply those of Tesla's dashboard."""
        ledger, now = self._ledger, dt_util.utcnow()
        if ledger is None:
            return self.async_create_entry(data={})
        if user_input is not None:
            counts = {each: int(user_input[name]) for name, each in _COUNTED.items()}
            ledger.meter.correct(counts, now)
            ledger.async_review(now)
            return self.async_create_entry(data={})
        counted = ledger.meter.ledger.month(Month.of(now))
        fields = {
            vol.Required(name, default=max(0, counted[each])): _COUNT
            for name, each in _COUNTED.items()
        }
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema(fields),
            description_placeholders={"name": ledger.account_names, "url": DASHBOARD},
        )


class ScheduleCollisionFlow(RepairsFlow):
    """Turn off a schedule in a vehicle that works against its charging mode."""

    def __init__(self, takeover: ScheduleTakeover | None) -> None:
        """Turn off the schedule that is reported; None if the account is no longer loaded."""
        self._takeover = takeover

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask, and turn it off."""
        takeover, errors = self._takeover, {}
        if takeover is None:
            return self.async_create_entry(data={})
        if user_input is not None:
            if await takeover.async_take_over():
                return self.async_create_entry(data={})
            errors["base"] = "not_turned_off"
        return self.async_show_form(
            step_id="confirm", errors=errors, description_placeholders=takeover.placeholders
        )


class PairingFlow(RepairsFlow):
    """Pair a vehicle with Flotte's key: show the code, and ask Tesla for the result."""

    def __init__(self, vehicle: VehicleCoordinator | None) -> None:
        """Pair this vehicle; None if its account is no longer loaded."""
        self._vehicle = vehicle

    async def async_step_init(self, _user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_pair()

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the code; each time that the owner submits, ask Tesla once."""
        vehicle = self._vehicle
        if vehicle is None:
            return self.async_abort(reason="not_loaded")
        errors: dict[str, str] = {}
        placeholders = {
            "name": vehicle.device_name,
            "url": wrapping_link(vehicle.pairing.url),
            "detail": "",
        }
        if user_input is not None:
            try:
                status = await vehicle.pairing.async_check_now()
            except TeslaError as error:
                errors["base"] = "not_checked"
                await async_load_texts(self.hass)
                placeholders["detail"] = async_text(
                    self.hass, error.translation_key, {**placeholders, **error.placeholders}
                )
            else:
                vehicle.async_show_pairing()
                if status in _SETTLED:
                    return self.async_create_entry(
                        data={},
                        description=str(status),
                        description_placeholders={"name": vehicle.device_name},
                    )
                errors["base"] = f"key_{status}"
        return self.async_show_form(
            # The second text is short: on a phone, the error would be far below the first one.
            step_id="again" if errors else "pair",
            data_schema=vol.Schema(pairing_code(vehicle.pairing.url)),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_again(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Check again."""
        return await self.async_step_pair(user_input)


_SETTLED: Final = (KeyStatus.PAIRED, KeyStatus.NOT_NEEDED)
_COUNTED: Final[Mapping[str, Category]] = {
    "signals": Category.SIGNAL,
    "commands": Category.COMMAND,
    "data_requests": Category.DATA,
    "wakes": Category.WAKE,
}
_COUNT: Final = number_box(0, MAX_UNITS)


def _api_of(entry: FlotteConfigEntry, ledger: AccountLedger) -> FleetApi | None:
    """API client of this entry, if it is loaded and on this developer account's bill."""
    if entry.state is not ConfigEntryState.LOADED or entry.runtime_data.ledger is not ledger:
        return None
    return entry.runtime_data.api


def _unpaired_vehicle(hass: HomeAssistant, subject: str) -> VehicleCoordinator | None:
    """The vehicle that an issue about pairing is about; None if its account is not loaded."""
    entries: list[FlotteConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    vehicles = (vehicle for entry in entries for vehicle in entry.runtime_data.vehicles)
    return next((each for each in vehicles if each.pairing.subject == subject), None)


async def async_create_fix_flow(
    hass: HomeAssistant, _issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that resolves an issue."""
    about = data or {}
    if about.get("issue") == COLLISION_ISSUE:
        return ScheduleCollisionFlow(find_takeover(hass, str(about.get("subject"))))
    if about.get("issue") == PAIRING_ISSUE:
        return PairingFlow(_unpaired_vehicle(hass, str(about.get("subject"))))
    ledger = find_ledger(hass, str(about.get("account")))
    if about.get("issue") == LEDGER_DAMAGED_ISSUE:
        return DamagedLedgerFlow(ledger)
    return SuspensionFlow(ledger)

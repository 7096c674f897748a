"""Prices: what an action would cost a vehicle now, and the gate's decision about it.

Nothing is sent or counted. Load the texts of `decisions` first.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..coordinator import VehicleCoordinator
from ..tesla import commands
from ..tesla.commands import Command
from ..tesla.spending.caller import Caller
from ..tesla.spending.decision import Allow, Decision, SpendingRequest
from ..tesla.spending.tariff import COMMAND, DATA
from ..texts import async_text
from .decisions import OUTCOMES, name_of
from .report import share

_WAKE_ONLY: Final = "wake"
_DATA_REQUEST: Final = "data"
_ANY_COMMAND: Final = "command"
PRICED: Final[Mapping[str, Callable[[], Command] | None]] = {
    _WAKE_ONLY: None,
    _DATA_REQUEST: None,
    # Every vehicle has it, it acts at once, and no reading can make it redundant.
    _ANY_COMMAND: commands.flash_lights,
    # All plain settings are alike: they may be deferred. The value does not matter.
    "setting": lambda: commands.set_charge_limit(80),
    "lock": commands.lock_doors,
    "unlock": commands.unlock_doors,
    "climate": commands.start_climate,
    "charge": commands.start_charging,
    "trunk": lambda: commands.move_trunk(is_open=True),
}
"""Actions with a price, and the command that stands for each."""


@callback
def async_price(coordinator: VehicleCoordinator, action: str, caller: Caller) -> JsonObjectType:
    """Report what an action would cost one vehicle; nothing is sent or counted."""
    vehicle, command = coordinator.vehicle, PRICED[action]
    request, decision = vehicle.admission.quote(command and command(), caller)
    if action == _DATA_REQUEST:
        request = replace(request, charges=(DATA, *request.charges))
        decision = vehicle.gate.decide(request, dt_util.utcnow())
    tariff = vehicle.api.meter.tariff
    return {
        "name": coordinator.device_name,
        "cost": share(tariff.total(request.charges)),
        "currency": tariff.currency,
        "consists_of": _consists_of(request),
        **_decision_report(coordinator.hass, decision, caller),
    }


def _consists_of(request: SpendingRequest) -> JsonObjectType:
    """Count the requests that an action may need."""
    parts: Counter[str] = Counter()
    for charge in request.charges:
        # A second command is the handshake, which fetches data for the signature.
        is_handshake = charge == COMMAND and parts[charge.category] > 0
        parts["handshake" if is_handshake else str(charge.category)] += charge.count
    return dict(parts)


@callback
def _decision_report(hass: HomeAssistant, decision: Decision, caller: Caller) -> JsonObjectType:
    """Describe a decision of the gate."""
    until = None if isinstance(decision, Allow) else decision.until
    words = {**decision.placeholders, "caller": name_of(hass, caller.label)}
    return {
        "decision": str(OUTCOMES[type(decision)]),
        "reason": decision.key,
        "explanation": async_text(hass, decision.key, words),
        "until": end_text(until),
    }


def time_text(moment: datetime | None) -> str | None:
    """Time in the user's zone, with its offset."""
    return None if moment is None else dt_util.as_local(moment).isoformat(timespec="seconds")


def end_text(moment: datetime | None) -> str | None:
    """End of a wait in the user's zone, rounded up: the answer changes no earlier."""
    if moment is not None and moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return time_text(moment)

"""Charge currents below 5 A, which a vehicle accepts only under conditions.

From 5 A or more, the first command below 5 A only leads to 5 A; repeated, it leads to the lower
current. A new charge begins at 5 A again, so a lower one has no effect before the start. The
vehicle shows 5 A all along: only the real current proves that it draws less. Some vehicles never
do. Sources: TeslaPy 42, evcc 13007, esphome-tesla-ble 120, alandtse/tesla 509.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..clock import within
from ..commands import Command, set_charge_current
from ..errors import CommandRefused
from ..spending.caller import Caller
from ..spending.tariff import DATA
from ..state import Source
from .admission import Admission
from .context import VehicleContext
from .knowledge import Knowledge, held_until
from .polling import Poller
from .presence import Presence

CURRENT_SETTLING: Final = timedelta(seconds=90)
"""Time after which the real current shows whether the vehicle went below 5 A. It begins to change
after some ten seconds, then by about an ampere a second."""
MIN_CURRENT: Final = 1
"""A. Vehicles draw about as much when 0 A is requested; to draw nothing, stop the charge."""
_MAY_CHARGE: Final = (None, "charging")
_CURRENT: Final = set_charge_current(signals.MIN_SHOWN_CURRENT).name
_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Sent:
    """The last command for a charge current."""

    amps: int
    at: datetime
    was_doubled: bool
    """Whether the vehicle certainly got it twice."""
    is_judged: bool = False


class LowCurrent:
    """The attempts of one vehicle to charge below 5 A, and their outcome."""

    def __init__(
        self,
        context: VehicleContext,
        *,
        knowledge: Knowledge,
        presence: Presence,
        admission: Admission,
        poller: Poller,
    ) -> None:
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._admission = admission
        self._poller = poller
        self._sent: _Sent | None = None
        self._got_first = False
        self._stays_with = ""
        """The software version with which the vehicle stayed at 5 A; blank if there is none."""

    @property
    def lowest(self) -> int:
        """The lowest current in A that is worth a try: 5 if this software did not go below."""
        if not self._stays_with or self._stays_with != self._running:
            return MIN_CURRENT
        is_low = self._knowledge.state[signals.CHARGES_BELOW_SHOWN]
        return MIN_CURRENT if is_low else signals.MIN_SHOWN_CURRENT

    @property
    def _running(self) -> str:
        return self._knowledge.state[signals.SOFTWARE_VERSION] or ""

    # --- Before a command ------------------------------------------------------------------------

    async def refuse(self, command: Command, caller: Caller) -> None:
        """Refuse a current below 5 A that would have no effect.

        Raises:
            CommandRefused: the vehicle is not charging, or stayed at 5 A before.
            TeslaError: it was not known to charge, and could not be asked.
        """
        if not command.measured:
            return
        self._got_first = False
        if self.lowest == signals.MIN_SHOWN_CURRENT:
            raise CommandRefused(reason="low_current_not_reached")
        presence = self._presence
        if not presence.is_online and not presence.is_check_paid:
            await presence.check(caller)
        if presence.is_online:
            state = self._knowledge.state[signals.CHARGING_STATE]
            if state not in _MAY_CHARGE and not self._knowledge.is_certain(
                {signals.CHARGING_STATE: state}
            ):
                # It may have begun to charge since. The data cost no more than two vain commands.
                with self._admission.admit((DATA,), caller, intent=command):
                    await self._poller.refresh(caller)
                state = self._knowledge.state[signals.CHARGING_STATE]
            if state in _MAY_CHARGE:
                return
        raise CommandRefused(reason="low_current_not_charging", is_temporary=True)

    def is_redundant(self, command: Command, *, by_report: bool) -> bool:
        """Whether a command need not be sent; `by_report` if the vehicle reports its effect."""
        if command.name != _CURRENT:
            return by_report
        sent, now = self._sent, self._context.now()
        is_recent = sent is not None and within(sent.at, CURRENT_SETTLING, now)
        wanted = command.parameters["charging_amps"]
        if command.measured:
            # Until the current has settled, it may only be passing the wanted value.
            return sent is not None and sent.amps == wanted if is_recent else by_report
        if wanted == signals.MIN_SHOWN_CURRENT and (
            (is_recent and sent is not None and sent.amps < signals.MIN_SHOWN_CURRENT)
            or self._knowledge.state[signals.CHARGES_BELOW_SHOWN]
        ):
            # The vehicle shows 5 A, but draws or will draw less.
            return False
        return by_report

    # --- After a command -------------------------------------------------------------------------

    def note_first(self) -> None:
        """Note that the vehicle executed the first of two commands."""
        self._got_first = True

    def note(self, command: Command, now: datetime) -> None:
        """Note an executed command."""
        if command.name != _CURRENT:
            return
        amps = command.parameters["charging_amps"]
        self._sent = _Sent(amps, now, self._got_first, is_judged=not command.measured)
        self._got_first = False

    def judge(self) -> None:
        """Learn from the real current whether the vehicle went below 5 A, once it has settled."""
        sent, state = self._sent, self._knowledge.state
        if sent is None or sent.is_judged or within(sent.at, CURRENT_SETTLING, self._context.now()):
            return
        settled_at = sent.at + CURRENT_SETTLING
        reading = state.reported(signals.CHARGER_CURRENT)
        if reading is None or reading.value is None or reading.source is Source.RESTORED:
            return
        if reading.time < settled_at:
            until = held_until(self._knowledge, signals.CHARGER_CURRENT)
            if until is None or until < settled_at:
                return
        sent.is_judged = True
        if state[signals.CHARGES_BELOW_SHOWN]:
            self._stays_with = ""
        elif (
            sent.was_doubled
            and state[signals.CHARGING_STATE] == "charging"
            and state[signals.CHARGE_CURRENT_REQUEST] == signals.MIN_SHOWN_CURRENT
            and round(reading.value) == signals.MIN_SHOWN_CURRENT
        ):
            self._stays_with = self._running
            _LOGGER.warning(
                "%s accepted a charge current of %s A, but stayed at 5 A; Flotte sends it no "
                "current below 5 A until its software is updated",
                self._context.vin[-6:],
                sent.amps,
            )
            self._knowledge.notify(frozenset({signals.CHARGE_CURRENT_REQUEST}))

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The software version that stays at 5 A, as JSON."""
        return {"stays_at_5_a_with": self._stays_with}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the version from the JSON of `to_stored`; ignore an unreadable one."""
        version = stored.get("stays_at_5_a_with")
        self._stays_with = version if isinstance(version, str) else ""

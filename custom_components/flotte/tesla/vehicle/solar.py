"""Charge on Solar of a vehicle: asked for on demand, because nothing reports it."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from .. import signals
from ..commands import get_charge_on_solar, set_charge_on_solar
from ..errors import CommandRefused, TeslaError, VehicleUnavailable
from ..spending.caller import Caller
from ..spending.tariff import COMMAND
from ..state import Reading, Signal, Source
from .admission import Admission
from .context import VehicleContext
from .execution import Executor
from .knowledge import Knowledge
from .outcome import Errand
from .presence import Presence
from .waking import Waker

_LOGGER = logging.getLogger(__name__)


class ChargeOnSolar:
    """Reads and changes the settings of Charge on Solar."""

    def __init__(
        self,
        context: VehicleContext,
        *,
        knowledge: Knowledge,
        presence: Presence,
        admission: Admission,
        waker: Waker,
        executor: Executor,
    ) -> None:
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._admission = admission
        self._waker = waker
        self._executor = executor
        self._changing = asyncio.Lock()

    async def read(self, caller: Caller) -> Mapping[Signal[Any], Any]:
        """Ask the vehicle for the settings, without waking it; costs one command.

        Raises:
            VehicleUnavailable: the vehicle is not online.
            CommandRefused: the vehicle has no such settings, or does not know the question. Then
                it is not asked again until its software changes.
            TeslaError: any other failure.
        """
        if not self._presence.is_streaming and not self._presence.is_check_paid:
            await self._presence.check(caller)
        if not self._presence.is_online:
            raise VehicleUnavailable
        return await self._ask(caller)

    async def change(self, changes: Mapping[Signal[Any], Any], caller: Caller) -> None:
        """Change some settings, waking the vehicle first if necessary; costs three commands.

        The vehicle accepts the settings only all together, and the others may have been changed in
        the car or in Tesla's app. So they are read first, and read back afterwards.

        Raises:
            CommandRefused: the vehicle refused the change, or did not apply it.
            OutcomeUnknown: it may have been applied.
            TeslaError: any other failure.
        """
        # One after the other: a change would put back what another one made after it had read.
        async with self._changing:
            await self._change(changes, caller)

    async def _change(self, changes: Mapping[Signal[Any], Any], caller: Caller) -> None:
        charges = (COMMAND, COMMAND, COMMAND, *self._admission.wake_cost())
        with self._admission.admit(charges, caller, Errand.SOLAR):
            if not self._presence.is_online:
                await self._waker.wake(caller, Errand.SOLAR)
            settings = {**await self._ask(caller), **changes}
            await self._executor.send(
                set_charge_on_solar(
                    is_on=settings[signals.CHARGE_ON_SOLAR],
                    lower=settings[signals.CHARGE_ON_SOLAR_LOWER],
                    upper=settings[signals.CHARGE_ON_SOLAR_UPPER],
                ),
                caller,
            )
            try:
                found = await self._ask(caller)
            except TeslaError as error:
                # The vehicle accepted them, and nothing else will report them.
                _LOGGER.info("Charge on Solar was changed, but not read back: %s", error)
                now = self._context.now()
                readings = {
                    each: Reading(value, now, Source.POLL) for each, value in settings.items()
                }
                self._knowledge.receive(readings, now)
                return
        if any(not each.same(found[each], value) for each, value in changes.items()):
            raise CommandRefused("not applied", reason="refused_unknown")

    async def _ask(self, caller: Caller) -> Mapping[Signal[Any], Any]:
        await self._executor.send(get_charge_on_solar(), caller)
        readings = self._knowledge.state.readings
        return {signal: readings[signal].value for signal in signals.CHARGE_ON_SOLAR_SETTINGS}

"""Commands of charging decisions: sent through the gate as `charging`, counted, and retried later.

One is under way at a time. A failure is kept to be shown, and makes the next attempt wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.charging.decide import ChargingDecision, ChargingStep, maybe_sent, sent
from ..tesla.charging.power import FIRST_AMPS
from ..tesla.charging.situation import Memory, Sent
from ..tesla.commands import Command, set_charge_current, start_charging, stop_charging
from ..tesla.errors import CommandRefused, OutcomeUnknown, TeslaError
from ..tesla.reading_json import as_whole
from ..tesla.spending.caller import CHARGING_AT_HOME
from ..tesla.spending.tariff import Category
from ..tesla.vehicle.outcome import Done

RETRY: Final = timedelta(minutes=1)
"""Pause after a failed command; it doubles with each failure."""
MAX_RETRY: Final = timedelta(minutes=30)
MIN_FAILED_STOPS: Final = 3
"""Stops that fail in a row before the owner has to act: after some three minutes."""
MAX_STOP_RETRY: Final = timedelta(minutes=5)
"""A charge that should have been stopped costs money all the time."""

STARTING: Final = 60.0
"""Seconds after a start in which no current may flow yet. It begins at 5 A, whatever was set before
that. A slow vehicle takes a minute."""


class DecisionSender:
    """Sends the commands of one vehicle's decisions."""

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        self.problem: TeslaError | None = None
        """Why the last command failed; None if it did not."""
        self.is_sending = False
        self._coordinator = coordinator
        self._day = (0, 0)
        """A local day, and how many commands charging had sent before it."""
        self._failures = 0
        self._failed_at: datetime | None = None
        self._failed_step: ChargingStep | None = None
        self.doubtful: Memory | None = None
        """The memory to store while a command is under way, which may be executed or not. Our own
        command must not look like a person's after a restart."""

    @property
    def commands_today(self) -> int:
        """Commands that charging sent today, in local time; handshakes are commands too."""
        booked, today = self._booked(), _today()
        day, before = self._day
        if day != today or before > booked:
            # Also after old months have left the ledger.
            self._day = today, booked
            return 0
        return booked - before

    def may_send(self, decision: ChargingDecision, now: datetime) -> bool:
        """Whether a decision is to be carried out now."""
        if decision.action not in {ChargingStep.START, ChargingStep.SET, ChargingStep.STOP}:
            return False
        if self.is_sending or self._is_early(decision, now):
            return False
        is_stop = decision.action is ChargingStep.STOP
        if self._failed_at is None or (is_stop and self._failed_step is not ChargingStep.STOP):
            return True
        longest = MAX_STOP_RETRY if is_stop else MAX_RETRY
        pause = min(RETRY * 2 ** (self._failures - 1), longest)
        return not self._failed_at <= now < self._failed_at + pause

    def _is_early(self, decision: ChargingDecision, now: datetime) -> bool:
        """Whether a current below 5 A would be lost, as no current flows yet after a start."""
        started_at = decision.memory.started_at
        is_low = decision.action is ChargingStep.SET and decision.amps < FIRST_AMPS
        if not is_low or started_at is None or now.timestamp() - started_at >= STARTING:
            return False
        current = self._coordinator.state.reported(signals.CHARGER_CURRENT)
        return current is None or not current.value or current.time.timestamp() <= started_at

    def forget_failures(self) -> None:
        """Let the next decision be carried out at once."""
        self._failures, self._failed_at = 0, None

    async def async_send(
        self,
        decision: ChargingDecision,
        memory: Memory,
        *,
        highest: int,
        is_wanted: Callable[[], bool],
    ) -> Memory:
        """Send the commands of a decision. Returns the memory, `memory` if nothing was executed.

        `highest` is the vehicle's highest current in A. `is_wanted` is asked before a start, as
        the current that is set first may have taken a while.
        """
        first = min(FIRST_AMPS, highest)
        if decision.action is ChargingStep.START and decision.amps < first:
            # Every charge begins at 5 A; a lower current is another command, later.
            decision = replace(decision, amps=first)
        self.is_sending = True
        try:
            self.doubtful = maybe_sent(decision, dt_util.utcnow().timestamp())
            await self._coordinator.vehicle.persistence.save_if_possible()
            is_done = await self._async_send(decision, is_wanted)
        except OutcomeUnknown as error:
            self._fail(error, decision.action)
            return maybe_sent(decision, dt_util.utcnow().timestamp())
        except CommandRefused as error:
            self._fail(error, decision.action)
            # It is not in the state that it was last set to.
            return replace(memory, sent=None)
        except TeslaError as error:
            self._fail(error, decision.action)
            return memory
        else:
            self.problem = None
            self.forget_failures()
            now = dt_util.utcnow().timestamp()
            # Of a start that was given up, the current stays.
            return sent(decision, now) if is_done else replace(memory, sent=Sent(now, 0))
        finally:
            self.is_sending = False

    async def _async_send(self, decision: ChargingDecision, is_wanted: Callable[[], bool]) -> bool:
        """Send the commands; return whether all of them were."""
        if decision.action is ChargingStep.STOP:
            await self.send(stop_charging())
            return True
        await self.send(set_charge_current(decision.amps))
        if decision.action is ChargingStep.START:
            if not is_wanted():
                return False
            await self.send(start_charging())
        return True

    async def send(self, command: Command) -> Done:
        """Send a command as charging's own. Raises TeslaError."""
        return await self._coordinator.vehicle.send(command, CHARGING_AT_HOME)

    @property
    def failed_stop(self) -> TeslaError | None:
        """Why stops keep failing; None if they do not."""
        is_stop = self._failed_step is ChargingStep.STOP
        return self.problem if is_stop and self._failures >= MIN_FAILED_STOPS else None

    def _fail(self, error: TeslaError, step: ChargingStep) -> None:
        self.problem = error
        self._failed_step = step
        self._failures = min(self._failures + 1, 10)
        self._failed_at = dt_util.utcnow()

    def _booked(self) -> int:
        """Commands that charging has sent to this vehicle, by the ledger."""
        vin, label = self._coordinator.vehicle.vin, CHARGING_AT_HOME.label
        counts = self._coordinator.vehicle.api.meter.ledger.counts
        return sum(
            count
            for row, count in counts.items()
            if (row.category, row.asset, row.caller) == (Category.COMMAND, vin, label)
        )

    def to_stored(self) -> dict[str, Any]:
        """The day's count, as JSON."""
        return {"day": _today(), "commands": self.commands_today}

    def restore(self, stored: object) -> None:
        """Restore the day's count; ignore an unreadable one."""
        values = stored if isinstance(stored, Mapping) else {}
        day, count = as_whole(values.get("day")), as_whole(values.get("commands"))
        if day is not None and count is not None and count >= 0:
            self._day = day, self._booked() - count


def _today() -> int:
    """The local day as an ordinal."""
    return dt_util.now().date().toordinal()

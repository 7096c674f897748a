"""The presence of a vehicle: whether it is online, asleep or streaming, and since when."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..clock import within
from ..listeners import Listeners
from ..spending.caller import POLLING, Caller
from ..spending.endpoints import Endpoint
from ..spending.tariff import Charge
from ..state import Reading, Signal, Source, restore_time
from . import poll_plan as plan
from .consequences import of_sleep
from .context import VehicleContext
from .knowledge import Knowledge

DATES: Final = ("online_since", "checked_at", "stream_expected_since", "stream_lost_at")
"""Attributes of `Presence` that the polling plan compares with the current time."""


class Presence:
    """A vehicle's connections to Tesla and to us."""

    def __init__(self, context: VehicleContext, knowledge: Knowledge) -> None:
        self.online_since: datetime | None = None
        """When the vehicle was first seen online in this waking period; None while it sleeps."""
        self.went_offline_at: datetime | None = None
        """When the vehicle was last seen to go offline."""
        self.quick_returns = 0
        """Quick returns online in a row: the vehicle has poor reception and did not sleep."""
        self.checked_at: datetime | None = None
        """When the last state check was answered."""
        self.stream_expected_since: datetime | None = None
        """Since when the vehicle should stream while awake; None if it should not stream."""
        self.stream_lost_at: datetime | None = None
        """When the last connection was lost while the vehicle was awake."""
        self.slept_streaming = False
        """Whether the stream announced that the vehicle falls asleep, and it is not back online."""
        self.on_name: Callable[[object], None] = lambda _name: None
        """Called with the vehicle's name after each state check."""
        self.on_online = Listeners[()]()
        """Notified whenever the vehicle is seen online, not only when it comes online."""
        self._context = context
        self._knowledge = knowledge
        # Length of the last waking period.
        self._online_for = timedelta()
        # Whether Tesla has reported the vehicle asleep since it was last online.
        self._was_asleep = False

    @property
    def is_online(self) -> bool:
        """Whether the vehicle was online at the last report."""
        return self._knowledge.state[signals.ONLINE] is True

    @property
    def is_asleep(self) -> bool:
        """Whether the vehicle is not online because it sleeps, rather than out of reach."""
        return not self.is_online and (self._was_asleep or self.slept_streaming)

    @property
    def is_streaming(self) -> bool:
        """Whether the vehicle is streaming now."""
        coverage = self._knowledge.coverage
        return coverage is not None and coverage.is_connected

    @property
    def stream_overdue_since(self) -> datetime | None:
        """Since when the stream has been missing while the vehicle is online, if it is missing."""
        expected_since, online_since = self.stream_expected_since, self.online_since
        if expected_since is None or self.is_streaming or online_since is None:
            return None
        return max(expected_since, online_since, self.stream_lost_at or online_since)

    # --- Reports ---------------------------------------------------------------------------------

    def apply_state(self, word: object) -> None:
        """Apply the state that Tesla reports: `online`, `asleep` or `offline`; ignore others.

        Since 2024, Tesla has often reported sleeping cars as offline, so both mean "not online".
        """
        if word not in ("online", "asleep", "offline"):
            return
        is_online = word == "online"
        if self.is_streaming and not is_online:
            # Tesla's report can be minutes old; the connection is live.
            return
        coverage = self._knowledge.coverage
        if is_online and not self.is_streaming and coverage is not None:
            coverage.invalidate()
        self._apply({signals.ONLINE: is_online}, Source.POLL)
        self._was_asleep |= word == "asleep"
        # Offline alone proves no sleep: the car may be in a tunnel.
        if word == "asleep" or (word == "offline" and self.slept_streaming):
            now = self._context.now()
            self._knowledge.receive(of_sleep(self._knowledge.state, now), now)

    def _apply(self, values: dict[Signal[Any], Any], source: Source) -> None:
        """Apply the values of one report, among them whether the vehicle is online."""
        now = self._context.now()
        if values[signals.ONLINE]:
            if self.online_since is None:
                self.online_since = now
                self.quick_returns = plan.quick_returns(
                    self.quick_returns,
                    self.went_offline_at,
                    now,
                    online_for=self._online_for,
                    was_asleep=self._was_asleep,
                )
            elif now - self.online_since >= plan.IDLE_INTERVAL:
                self.quick_returns = 0
            self.slept_streaming = self._was_asleep = False
            values[signals.LAST_ONLINE] = now.timestamp()
        elif self.online_since is not None:
            self._online_for = now - self.online_since
            self.online_since, self.went_offline_at = None, now
        self._knowledge.receive(
            {signal: Reading(value, now, source) for signal, value in values.items()}
        )
        if values[signals.ONLINE]:
            self.on_online()

    def stream_opened(self, networks: Collection[str]) -> None:
        """Note that the vehicle connected, and so is awake; see `apply_networks`."""
        self.stream_lost_at = None
        self._apply({signals.ONLINE: True, signals.STREAMING: True}, Source.STREAM)
        self.apply_networks(networks)

    def apply_networks(self, networks: Collection[str]) -> None:
        """Apply the networks of the connections: `wifi`, `cellular`, or blank if unknown."""
        is_known = bool(networks) and "" not in networks
        now = self._context.now()
        values: dict[Signal[bool], str] = {signals.WIFI: "wifi", signals.CELLULAR: "cellular"}
        self._knowledge.receive(
            {
                signal: Reading(word in networks if is_known else None, now, Source.STREAM)
                for signal, word in values.items()
            }
        )

    def stream_closed(self, *, asleep: bool) -> None:
        """Note that the last connection closed; `asleep` if the vehicle was falling asleep.

        Sleep is assumed at once, but verified soon: clearing `checked_at` makes the next poll ask
        Tesla, which is free.
        """
        if asleep:
            self.slept_streaming = True
            self.checked_at = None
            self._apply({signals.ONLINE: False, signals.STREAMING: False}, Source.STREAM)
            return
        self.stream_lost_at = self._context.now()
        self.mark_not_streaming()

    def mark_not_streaming(self) -> None:
        """Note that the vehicle has no connection."""
        reading = Reading(value=False, time=self._context.now(), source=Source.STREAM)
        self._knowledge.receive({signals.STREAMING: reading})

    def found_asleep(self) -> None:
        """Note that Tesla has just failed to reach the vehicle, so any connection must be dead."""
        if self._knowledge.coverage is not None:
            self._knowledge.coverage.close_all()
        self.apply_state("offline")

    # --- Checks ----------------------------------------------------------------------------------

    async def check(self, caller: Caller = POLLING) -> bool:
        """Ask Tesla whether the vehicle is online, without contacting the vehicle; usually free."""
        answer = await self._context.api.vehicle(self._context.vin, caller)
        self.checked_at = self._context.now()
        if isinstance(in_service := answer.get("in_service"), bool):
            service = Reading(in_service, self.checked_at, Source.POLL)
            self._knowledge.receive({signals.IN_SERVICE: service})
        self.apply_state(answer.get("state"))
        self.on_name(answer.get("display_name"))
        return self.is_online

    @property
    def is_check_paid(self) -> bool:
        """Whether the owner's tariff has a price for a state check."""
        return bool(self._context.api.price(Endpoint.VEHICLE))

    def check_charge(self, count: int = 1) -> Charge:
        """The charge of so many state checks."""
        return self._context.api.endpoints.charge(Endpoint.VEHICLE, count)

    def was_checked_within(self, interval: timedelta, now: datetime) -> bool:
        """Whether the last state check was less than `interval` ago."""
        return self.checked_at is not None and within(self.checked_at, interval, now)

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The waking period and the last check, as JSON."""
        return {
            "came_online": self.online_since.timestamp() if self.online_since else None,
            "checked": self.checked_at.timestamp() if self.checked_at else None,
            "slept_streaming": self.slept_streaming,
            "was_asleep": self._was_asleep,
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore them from the JSON of `to_stored`: a restart is no reason to ask again."""
        self.online_since = restore_time(stored.get("came_online"))
        self.checked_at = restore_time(stored.get("checked"))
        self.slept_streaming = stored.get("slept_streaming") is True
        self._was_asleep = stored.get("was_asleep") is True

"""Continuity of a vehicle's stream: since when it has reported every change of a signal."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ..signals import SOFTWARE_VERSION
from ..state import Signal
from ..telemetry.profiles import FieldRule
from ..telemetry.stream_plan import resends
from .vehicle import Vehicle

AT_ONCE: Final = 15
"""Longest interval, in seconds, at which a field's changes count as sent at once."""
TRANSPORT: Final = timedelta(seconds=15)
"""Longest time for which a change is under way: the vehicle's collector, the network, our queue."""


class Continuity:
    """The rules by which a vehicle streams, and since when each field has had no gap."""

    def __init__(self, vehicle: Vehicle) -> None:
        """Start without rules and without a connection."""
        self.is_gapless = True
        """Whether the source loses no records; a broker can lose some."""
        self.seen: dict[str, datetime] = {}
        """Time of the first record of each field since `begin`."""
        self._vehicle = vehicle
        self._rules: Mapping[str, FieldRule] = {}
        self._since: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Note a connection. Only the first one after a gap counts."""
        if self._since is None:
            self._since = now

    def invalidate(self) -> None:
        """Restart the coverage: something may have changed unnoticed."""
        self._since = None
        self.seen.clear()

    def continuous_since(self, signal: Signal[Any], *, in_steps: bool = False) -> datetime | None:
        """Since when every change of a signal has been reported, up to the last seconds.

        None if the signal is not streamed, or not at once with each change, or if the stream was
        lost while the vehicle was awake. With `in_steps`, changes may be missing that are smaller
        than the signal's step, and be late by its latency.
        """
        if self._since is None or not (
            self._reports_each_step(signal) if in_steps else self.reports_every_change(signal)
        ):
            return None
        return self.seen.get(signal.field)

    def reports_every_change(self, signal: Signal[Any]) -> bool:
        """Whether each change of a signal arrives at once while the vehicle is connected."""
        rule = self._rules.get(signal.field)
        return (
            self.is_gapless
            and self._resends
            and signal.streamed
            and rule is not None
            and rule.delta is None
            and rule.interval <= AT_ONCE
        )

    def _reports_each_step(self, signal: Signal[Any]) -> bool:
        """Whether each change by a signal's step or more arrives while the vehicle is connected."""
        rule = self._rules.get(signal.field)
        return (
            self.is_gapless
            and self._resends
            and signal.streamed
            and rule is not None
            and (rule.delta or 0.0) <= (signal.step or 0.0)
        )

    @property
    def _resends(self) -> bool:
        """Whether the vehicle resends lost records, which depends on its version.

        Assumed while the version is unknown: it is among the first values to arrive, and only plain
        settings rely on this.
        """
        info = self._vehicle.channel.fleet_info
        firmware = info.get("firmware_version") or self._vehicle.state[SOFTWARE_VERSION]
        return resends(info.get("fleet_telemetry_version"), firmware) is not False

    def includes(self, signal: Signal[Any]) -> bool:
        """Whether a signal is streamed at all."""
        return signal.streamed and signal.field in self._rules

    @property
    def is_subscribed(self) -> bool:
        """Whether the vehicle is subscribed to any field."""
        return bool(self._rules)

    def latency_of(self, signal: Signal[Any]) -> timedelta:
        """Longest time until a change of this signal arrives."""
        rule = self._rules.get(signal.field)
        return TRANSPORT + timedelta(seconds=AT_ONCE if rule is None else rule.interval)

    def follow(self, rules: Mapping[str, FieldRule]) -> None:
        """Apply new rules by field; fields without a rule are not streamed."""
        self._rules = dict(rules)
        for field in self.seen.keys() - rules.keys():
            del self.seen[field]

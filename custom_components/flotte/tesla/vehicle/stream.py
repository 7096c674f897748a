"""The stream of a vehicle: its connections and records, and the coverage that they give.

A `Stream` receives records from our own server (`telemetry.server`) or from a broker
(`telemetry.mqtt`). It passes their readings to the `Vehicle`, counts the signals that Tesla bills,
and tracks which signals cannot have changed unnoticed.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any, Final

from ..listeners import Listeners
from ..signals import RIGHT_HAND_DRIVE, SIGNALS_BY_FIELD, SOFTWARE_VERSION
from ..spending.meter import Meter
from ..state import KEEP, Reading, Signal, Source
from ..telemetry.firmware import Release, is_unsound, newest_release
from ..telemetry.records import Alert, Record, ReportedError, read_alerts, read_errors, read_record
from .continuity import Continuity
from .gaps import Gaps
from .vehicle import Vehicle

_LOGGER = logging.getLogger(__name__)

SLEEP_FIELDS: Final = frozenset(
    {
        "ACChargingPower",
        "BrickVoltageMax",
        "BrickVoltageMin",
        "ChargePortDoorOpen",
        "ChargePortLatch",
        "ChargeState",
        "DetailedChargeState",
        "PackCurrent",
        "PackVoltage",
    }
)
"""Fields that become invalid only when the vehicle is about to sleep.

`Gear`, `VehicleSpeed` and the temperatures are not among them: vehicles report those as invalid
while awake, the first two 5 to 20 s after every park. Fields that also become invalid when the
cable is pulled (`ChargingCableType`, `FastChargerPresent`) are not among them either. Source:
captured streams (2025, 2026).
"""
SLEEP_WORDS: Final = 2
"""Number of these fields that must be invalid to count as sleep. A single one may be invalid
because one process in the vehicle restarted."""
UNNAMED: Final = "unnamed"
"""Name of a connection that still sends records after we took it for closed."""
SLEEP_SPAN: Final = timedelta(minutes=2)
"""Longest time from the fields becoming invalid until a dead connection is detected."""
BACKLOG: Final = timedelta(seconds=30)
"""Age on arrival above which a record counts as buffered by the vehicle."""
MAX_FIELDS: Final = 1000
"""Maximum number of field names to count; Tesla has fewer than 300."""


class Stream:
    """The stream of one vehicle, over any number of connections.

    Implements `telemetry.server.Listener`. All calls must come from one thread.

    Args:
        vehicle: The vehicle that streams.
        meter: Counts the signals; Tesla bills each value and each alert.
        zone: Returns the time zone of the vehicle's clock; called for each record, as it may
            change.
        clock: Returns the current time, timezone-aware.
    """

    def __init__(
        self,
        vehicle: Vehicle,
        meter: Meter,
        *,
        zone: Callable[[], tzinfo] = lambda: UTC,
        clock: Callable[[], datetime],
    ) -> None:
        self.vehicle = vehicle
        self.connections: dict[str, str] = {}
        """Network (`wifi`, `cellular` or blank) by connection."""
        self.received_at: datetime | None = None
        """When the last record arrived."""
        self.counts: Counter[str] = Counter()
        """Values by field since the start."""
        self.errors: list[ReportedError] = []
        """The last 20 errors that the vehicle reported."""
        self.continuity = Continuity(vehicle)
        self.is_billed = True
        """Whether signals are counted here, rather than by another account with the same car."""
        self._meter = meter
        self._zone = zone
        self._clock = clock
        self._silenced: dict[str, datetime] = {}
        self._gaps = Gaps(vehicle)
        self._new_alert = Listeners[Alert]()
        self._connection_changed = Listeners[bool]()
        vehicle.knowledge.coverage = self

    # --- Coverage --------------------------------------------------------------------------------

    def continuous_since(self, signal: Signal[Any], *, in_steps: bool = False) -> datetime | None:
        """Since when every change of a signal has been reported, up to the last seconds.

        None if that is not certain, or if the vehicle is awake but has no value now.
        """
        if signal.field in self._gaps.since:
            return None
        return self.continuity.continuous_since(signal, in_steps=in_steps)

    def reports_every_change(self, signal: Signal[Any]) -> bool:
        """Whether each change of a signal arrives at once while there is a connection."""
        return self.continuity.reports_every_change(signal)

    def includes(self, signal: Signal[Any]) -> bool:
        """Whether a signal is streamed at all."""
        return self.continuity.includes(signal)

    def latency_of(self, signal: Signal[Any]) -> timedelta:
        """Longest time until a change of a signal arrives."""
        return self.continuity.latency_of(signal)

    def invalidate(self) -> None:
        """Restart the coverage: something may have changed unnoticed."""
        self.continuity.invalidate()

    def missing_since(self, signal: Signal[Any]) -> datetime | None:
        """Since when the awake vehicle has reported that a signal no longer has a value."""
        return self._gaps.missing_since(signal, self._clock()) if self.connections else None

    def lapse(self) -> None:
        """Set signals to unknown that have had no value for too long."""
        if self.connections:
            self._gaps.lapse(self._clock())

    # --- Connections -----------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return bool(self.connections)

    def opened(self, connection: str, network: str) -> None:
        """Note a new connection; several can overlap while the vehicle changes networks."""
        is_first = not self.connections
        self.connections[connection] = network
        self._silenced.clear()
        self.continuity.begin(self._clock())
        self.vehicle.presence.stream_opened(self.connections.values())
        if is_first:
            self._connection_changed(self.is_connected)

    def closed(self, connection: str) -> None:
        """Note that a connection closed. After the last one, assume sleep or a lost stream.

        The assumption is checked: polling asks Tesla within a minute whether the vehicle is online.
        """
        known = self.connections.pop(connection, None)
        if known is None and UNNAMED in self.connections:
            # We cannot tell which connection closed. If it was another one, the next record on the
            # unnamed connection opens it again.
            known = self.connections.pop(UNNAMED)
        self.vehicle.presence.apply_networks(self.connections.values())
        if known is None or self.connections:
            return
        asleep = self.fell_asleep
        if asleep:
            self._gaps.clear()
        else:
            self.invalidate()
        self.vehicle.presence.stream_closed(asleep=asleep)
        self._connection_changed(self.is_connected)

    def close_all(self) -> None:
        """Close every connection: the server or broker stopped, or the connections are dead."""
        for connection in tuple(self.connections):
            self.closed(connection)

    @property
    def fell_asleep(self) -> bool:
        """Whether the last records were those of a vehicle that goes to sleep."""
        if len(self._silenced) < SLEEP_WORDS:
            return False
        # A connection that closes long after them closes for another reason.
        return self._clock() - max(self._silenced.values()) <= SLEEP_SPAN

    # --- Records ---------------------------------------------------------------------------------

    def receive(self, topic: bytes, payload: bytes) -> None:
        """Apply a raw record. Raises MalformedRecord."""
        if not self.connections:
            # A connection that we took for closed is still alive.
            self.opened(UNNAMED, "")
        if topic == b"V":
            now = self._clock()
            self.apply_record(self._read(payload, now), now)
        elif topic == b"alerts":
            self.apply_alerts(read_alerts(payload, self._clock()))
        elif topic == b"errors":
            self.apply_errors(read_errors(payload, self._clock()))
        else:
            _LOGGER.debug("Ignored a record of the unknown topic %r", topic[:40])

    def _read(self, payload: bytes, now: datetime) -> Record:
        """Decode a record, allowing for this vehicle's firmware. Raises MalformedRecord."""
        read = partial(
            read_record,
            payload,
            now,
            zone=self._zone(),
            right_hand_drive=self.vehicle.state[RIGHT_HAND_DRIVE] is True,
        )
        running = self._running
        record = read(unsound_firmware=is_unsound(running))
        version = record.readings.get(SOFTWARE_VERSION)
        if running is None and version and is_unsound(newest_release(version.value)):
            # The installed firmware was unknown, so the record was read as if it were sound. The
            # version in the record may be one on offer, so the installed one is no newer: unsound.
            record = read(unsound_firmware=True)
            record.readings[SOFTWARE_VERSION] = version
        return record

    @property
    def _running(self) -> Release | None:
        """The vehicle's installed firmware, if known."""
        told = self.vehicle.channel.fleet_info.get("firmware_version")
        version: str | None = self.vehicle.state[SOFTWARE_VERSION]
        return newest_release(told if isinstance(told, str) else None, version)

    @property
    def has_unsound_firmware(self) -> bool:
        """Whether the firmware is known to mix up doors and to report the version on offer."""
        return is_unsound(self._running)

    def apply_record(self, record: Record, now: datetime | None = None) -> None:
        """Apply a record's values. Pass `now` if the clock has just been read."""
        now = now or self._clock()
        self.received_at = now
        if self.is_billed:
            self._meter.count_signals(self.vehicle.vin, len(record.fields), now)
        seen, counts = self.continuity.seen, self.counts
        # Records that the vehicle buffered while it could not send say nothing about the present.
        is_backlog = now - record.time > BACKLOG
        for field in record.fields:
            counts[field] += 1
            if field not in seen and not is_backlog:
                seen[field] = record.time
        if len(counts) > MAX_FIELDS:
            self._forget_strangers()
        readings = record.readings
        if record.invalid:
            readings = {**self._ended(record), **readings}
            self._silenced |= dict.fromkeys(record.invalid & SLEEP_FIELDS, now)
            self._gaps.note(record.invalid & SIGNALS_BY_FIELD.keys(), now)
        if self._silenced or self._gaps.since:
            for field in record.fields:
                if field not in record.invalid:
                    self._silenced.pop(field, None)
                    self._gaps.close(field)
        self.vehicle.receive(readings, now)

    def _forget_strangers(self) -> None:
        """Forget unknown fields: a source that invents names must not fill memory."""
        self.counts = Counter(
            {field: count for field, count in self.counts.items() if field in SIGNALS_BY_FIELD}
        )
        for field in self.continuity.seen.keys() - SIGNALS_BY_FIELD.keys():
            del self.continuity.seen[field]

    @staticmethod
    def _ended(record: Record) -> dict[Signal[Any], Reading[Any]]:
        """Readings without a value, for the invalid fields whose signals have none when invalid.

        Most signals keep their last value instead.
        """
        return {
            signal: Reading(None, record.time, Source.STREAM)
            for field in record.invalid
            for signal in SIGNALS_BY_FIELD.get(field, ())
            if signal.absent is not KEEP
        }

    def apply_alerts(self, alerts: tuple[Alert, ...]) -> None:
        """Apply alerts: notify the listeners once of each, when it begins."""
        now = self._clock()
        if self.is_billed:
            self._meter.count_signals(self.vehicle.vin, len(alerts), now)
        for alert in self.vehicle.alerts.news(alerts, now):
            self._new_alert(alert)

    def apply_errors(self, errors: tuple[ReportedError, ...]) -> None:
        """Apply errors that the vehicle's telemetry client reported."""
        for error in errors:
            _LOGGER.debug("%s reports an error: %s", self.vehicle.vin[-6:], error.name)
        self.errors = [*self.errors, *errors][-20:]

    def on_alert(self, listener: Callable[[Alert], None]) -> Callable[[], None]:
        """Notify `listener` of each new alert; return a function that stops it."""
        return self._new_alert.subscribe(listener)

    def on_connection(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Notify `listener` when the first connection opens and when the last one closes.

        Return a function that stops it.
        """
        return self._connection_changed.subscribe(listener)

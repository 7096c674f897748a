"""The stream of a vehicle: its connections, its records, and what follows from them.

Records reach a `Stream` from our own server (`telemetry.server`) or from a broker
(`telemetry.mqtt`); it hands their readings to the `Vehicle`, counts them as Tesla bills them, and
answers for which signals nothing can have changed unnoticed.
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
from ..telemetry.records import Alert, CarError, Record, read_alerts, read_errors, read_record
from .alerts import AlertHistory
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
"""Invalid only when the vehicle is about to sleep.

`Gear`, `VehicleSpeed` and the temperatures are not among them: vehicles report those as invalid
while they are awake, the first two 5 to 20 s after every park. Nor is what also ends when the cable
is pulled (`ChargingCableType`, `FastChargerPresent`). Source: captured streams (2025, 2026).
"""
SLEEP_WORDS: Final = 2
"""How many of them must be invalid, so that one process that restarts is no sleep."""
UNNAMED: Final = "unnamed"
"""A connection that was forgotten, and goes on."""
SLEEP_SPAN: Final = timedelta(minutes=2)
"""How long after its last words a vehicle is gone at most, and its connection found to be dead."""
BACKLOG: Final = timedelta(seconds=30)
"""Records that are older when they come were kept by the vehicle."""
MAX_FIELDS: Final = 1000
"""Different names that are counted; Tesla has fewer than 300."""


class Stream:
    """The stream of one vehicle, from however many connections.

    It is a `telemetry.server.Listener`. Calls must come from one thread.

    Args:
        vehicle: Whose it is.
        meter: Counts the signals; Tesla bills each value and each alert.
        zone: The time zone that the vehicle's clock shows; asked for each record, it may change.
        clock: Time now; aware.
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
        """When the last record came."""
        self.counts: Counter[str] = Counter()
        """Values by field since the start."""
        self.errors: list[CarError] = []
        """The last errors that the vehicle told."""
        self.continuity = Continuity(vehicle)
        self.is_billed = True
        """Whether its signals are counted here, and not by another account with the same car."""
        self._meter = meter
        self._zone = zone
        self._clock = clock
        self._silenced: dict[str, datetime] = {}
        self._alerts = AlertHistory()
        self._gaps = Gaps(vehicle)
        self._new_alert = Listeners[Alert]()
        self._connection_changed = Listeners[bool]()
        vehicle.knowledge.coverage = self

    # --- What follows ----------------------------------------------------------------------------

    def continuous_since(self, signal: Signal[Any]) -> datetime | None:
        """Since when no change of a signal can have gone unnoticed, except in the last seconds.

        None also if the vehicle, although awake, has no value of it now.
        """
        if signal.field in self._gaps.since:
            return None
        return self.continuity.continuous_since(signal)

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
        """Start over: something may have changed unnoticed."""
        self.continuity.invalidate()

    def missing_since(self, signal: Signal[Any]) -> datetime | None:
        """Since when the vehicle, although awake, has no value of a signal any more."""
        return self._gaps.missing_since(signal, self._clock()) if self.connections else None

    def lapse(self) -> None:
        """Make signals unknown that have had no value for too long."""
        if self.connections:
            self._gaps.lapse(self._clock())

    # --- Connections -----------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return bool(self.connections)

    def opened(self, connection: str, network: str) -> None:
        """A connection was made; several may overlap when the vehicle changes networks."""
        is_first = not self.connections
        self.connections[connection] = network
        self._silenced.clear()
        self.continuity.begin(self._clock())
        self.vehicle.presence.stream_opened()
        if is_first:
            self._connection_changed(self.is_connected)

    def closed(self, connection: str) -> None:
        """A connection is gone. After the last one the vehicle sleeps, or the stream is lost.

        Either is only a belief: Tesla is asked within a minute whether it is online.
        """
        known = self.connections.pop(connection, None)
        if known is None and UNNAMED in self.connections:
            # It is unknown which of them it is; another one opens it again with its next record.
            known = self.connections.pop(UNNAMED)
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
        """Close every connection: their server or broker is gone, or they are found to be dead."""
        for connection in tuple(self.connections):
            self.closed(connection)

    @property
    def fell_asleep(self) -> bool:
        """Whether the last words were those of a vehicle that goes to sleep."""
        if len(self._silenced) < SLEEP_WORDS:
            return False
        # A connection that ends long after them ends for another reason.
        return self._clock() - max(self._silenced.values()) <= SLEEP_SPAN

    # --- Records ---------------------------------------------------------------------------------

    def receive(self, topic: bytes, payload: bytes) -> None:
        """Take in a record as it came. Raises MalformedRecord."""
        if not self.connections:
            # It was taken for dead, and lives.
            self.opened(UNNAMED, "")
        if topic == b"V":
            now = self._clock()
            self.apply_record(self._read(payload, now), now)
        elif topic == b"alerts":
            self.apply_alerts(read_alerts(payload, self._clock()))
        elif topic == b"errors":
            self.apply_errors(read_errors(payload, self._clock()))
        else:
            _LOGGER.debug("A record of an unknown kind, %r, is left alone", topic[:40])

    def _read(self, payload: bytes, now: datetime) -> Record:
        """The record, as this vehicle means it. Raises MalformedRecord."""
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
            # This alone reports the firmware, which is no newer than it: it may be on offer. So
            # the record was read as if its firmware were sound.
            record = read(unsound_firmware=True)
            record.readings[SOFTWARE_VERSION] = version
        return record

    @property
    def _running(self) -> Release | None:
        """The firmware of the vehicle, as far as it is known."""
        told = self.vehicle.channel.fleet_info.get("firmware_version")
        version: str | None = self.vehicle.state[SOFTWARE_VERSION]
        return newest_release(told if isinstance(told, str) else None, version)

    @property
    def has_unsound_firmware(self) -> bool:
        """Whether the vehicle is known to cross doors, and to report the version on offer."""
        return is_unsound(self._running)

    def apply_record(self, record: Record, now: datetime | None = None) -> None:
        """Take in the values of a record; `now` is for who has just looked."""
        now = now or self._clock()
        self.received_at = now
        if self.is_billed:
            self._meter.count_signals(self.vehicle.vin, len(record.fields), now)
        seen, counts = self.continuity.seen, self.counts
        # What the vehicle kept while it could not send says nothing of now.
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
        """A source that invents names must not fill memory."""
        self.counts = Counter(
            {field: count for field, count in self.counts.items() if field in SIGNALS_BY_FIELD}
        )
        for field in self.continuity.seen.keys() - SIGNALS_BY_FIELD.keys():
            del self.continuity.seen[field]

    @staticmethod
    def _ended(record: Record) -> dict[Signal[Any], Reading[Any]]:
        """Invalid says nothing of most signals, but of some it means that there is none now."""
        return {
            signal: Reading(None, record.time, Source.STREAM)
            for field in record.invalid
            for signal in SIGNALS_BY_FIELD.get(field, ())
            if signal.absent is not KEEP
        }

    def apply_alerts(self, alerts: tuple[Alert, ...]) -> None:
        """Take in alerts; each is passed on once, when it begins."""
        now = self._clock()
        if self.is_billed:
            self._meter.count_signals(self.vehicle.vin, len(alerts), now)
        for alert in self._alerts.news(alerts, now):
            self._new_alert(alert)

    def apply_errors(self, errors: tuple[CarError, ...]) -> None:
        """Take in errors of the vehicle's own client."""
        for error in errors:
            _LOGGER.debug("%s tells an error: %s", self.vehicle.vin[-6:], error.name)
        self.errors = [*self.errors, *errors][-20:]

    def on_alert(self, listener: Callable[[Alert], None]) -> Callable[[], None]:
        """Notify `listener` of each new alert; call the returned function to stop."""
        return self._new_alert.subscribe(listener)

    def on_connection(self, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Notify `listener` of the first connection, and when none is left.

        Call the returned function to stop.
        """
        return self._connection_changed.subscribe(listener)

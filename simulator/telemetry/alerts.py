"""The alerts of a car, as its telemetry client reports them."""

from google.protobuf.timestamp_pb2 import Timestamp
from tesla_protocol.telemetry.vehicle_alert_pb2 import VehicleAlert, VehicleAlerts

AUDIENCES = {"customer": "Customer", "service": "Service", "service_fix": "ServiceFix"}
"""The audiences of alerts, some of which `alert_types` of a configuration names."""


class Alerts:
    """The active alerts, and what each message about an alert contains."""

    def __init__(self) -> None:
        self.active: dict[str, float] = {}
        """The times at which alerts became active, by name."""
        self.lateness = 0.0
        """In seconds, by how much the car's clock is late."""
        self._messages: dict[str, tuple[tuple[str, ...], list[VehicleAlert]]] = {}
        """By name: the audiences; the alert, and the one before it if that has ended."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every alert that was ever raised."""
        return tuple(self._messages)

    def update(self, name: str, audiences: tuple[str, ...], *, is_active: bool, at: float) -> None:
        """Raise an alert, or end it, at a Unix time."""
        at -= self.lateness
        alert = VehicleAlert(
            name=name,
            audiences=[AUDIENCES[audience] for audience in audiences],
            started_at=_moment(self.active.setdefault(name, at)),
        )
        if not is_active:
            alert.ended_at.CopyFrom(_moment(at))
            del self.active[name]
        _, before = self._messages.get(name, ((), []))
        ended = [each for each in before if each.HasField("ended_at")][:1]
        self._messages[name] = audiences, [alert, *ended]

    def audiences(self, name: str) -> tuple[str, ...]:
        """Return the audiences of an alert."""
        return self._messages[name][0]

    def message(self, name: str, created_at: Timestamp) -> VehicleAlerts:
        """Return the message about an alert."""
        return VehicleAlerts(alerts=self._messages[name][1], created_at=created_at)


def _moment(at: float) -> Timestamp:
    """A Unix time with its fraction."""
    return Timestamp(seconds=int(at), nanos=int(at % 1 * 1_000_000_000))

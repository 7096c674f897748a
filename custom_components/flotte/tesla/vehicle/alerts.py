"""New alerts of a vehicle, distinguished from repeated ones.

A message lists the active alerts in any order, often with earlier ones of equal name that have
ended. The entries of one name in a message are one history: only the latest can be new. An entry
without a start is not a current alert.

Reported alerts survive a restart, after which a vehicle repeats them. Comparing the start of an
alert with the restart would miss new ones: the vehicle's clock may be late.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

from ..state import restore_time
from ..telemetry.records import Alert

ALERT_AGE: Final = timedelta(hours=1)
"""Age above which an alert is history that was sent again."""
MAX_ALERTS: Final = 200
"""Maximum number of alerts to remember, so that a faulty source cannot fill memory."""


class _KnownAlert(NamedTuple):
    """The latest reported alert of a name."""

    reported: datetime
    """When it was last reported, by our clock."""
    started: datetime
    ended: datetime | None


class AlertHistory:
    """The alerts of one vehicle by name, to find the new ones."""

    def __init__(self) -> None:
        self._known: dict[str, _KnownAlert] = {}

    def __len__(self) -> int:
        """Number of known names."""
        return len(self._known)

    def news(self, alerts: tuple[Alert, ...], now: datetime) -> list[Alert]:
        """Return the alerts of a message that have begun since the previous message."""
        histories: dict[str, list[tuple[datetime, Alert]]] = {}
        for alert in alerts:
            if alert.started is None:
                self._end(alert)
            else:
                histories.setdefault(alert.name, []).append((alert.started, alert))
        new = []
        for history in histories.values():
            history.sort(key=itemgetter(0))
            last, alert = history[-1]
            began = [started for started, each in history if self._has_begun(each, started, now)]
            if last in began:
                new.append(alert)
        return new

    def _end(self, alert: Alert) -> None:
        """Apply the end in an entry without a start to the active alert of its name."""
        known = self._known.get(alert.name)
        if known and not known.ended and alert.ended and alert.ended >= known.started:
            self._known[alert.name] = known._replace(ended=alert.ended)

    def _has_begun(self, alert: Alert, started: datetime, now: datetime) -> bool:
        """Note an entry, and return whether its alert has just begun.

        The start does not identify an alert: a vehicle whose clock is ahead gives it a new start in
        each message. So all entries of a name are one alert until it ends or is not reported for
        an hour.
        """
        known = self._known.get(alert.name)
        if known and alert.ended and alert.ended <= known.started != started:
            # This is an earlier alert, which says nothing about the latest one.
            return False
        self._known.pop(alert.name, None)
        self._known[alert.name] = _KnownAlert(now, started, alert.ended)
        while len(self._known) > MAX_ALERTS:
            del self._known[next(iter(self._known))]
        if now - started > ALERT_AGE:
            return False
        if known is None or now - known.reported > ALERT_AGE:
            return True
        return known.ended is not None and started >= known.ended and started != known.started

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The alerts that are not reported again, as JSON."""
        return {
            "alerts": {
                name: [each and each.timestamp() for each in known]
                for name, known in self._known.items()
            }
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the alerts from the JSON of `to_stored`; ignore unreadable ones."""
        alerts = stored.get("alerts")
        for name, times in alerts.items() if isinstance(alerts, Mapping) else ():
            with suppress(TypeError, ValueError):
                reported, started, ended = map(restore_time, times)
                if reported is not None and started is not None and len(self) < MAX_ALERTS:
                    self._known[str(name)] = _KnownAlert(reported, started, ended)

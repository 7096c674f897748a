"""The session of a vehicle whose cable is connected."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from ..reading_json import as_flag, as_number
from ..state import restore_time
from .session import ChargingSession, Place, Report

MAX_STATE_GAP: Final = timedelta(minutes=30)
"""Longest time between two reports of the state for which a change has a known time: that of the
second one. A vehicle that charges is polled at least every 20 minutes, if the budget allows."""
SHARP: Final = timedelta(seconds=90)
"""Longest time for which a change was seen as it happened."""
_FAST: Final = frozenset({Place.SUPERCHARGER, Place.FAST_CHARGER})

type Gap = timedelta | None
"""Time before a report for which the charging state is not known; None if it never was."""


def is_known(gap: Gap) -> bool:
    """Whether a change after this gap has a known time."""
    return gap is not None and gap <= MAX_STATE_GAP


def is_sharp(gap: Gap) -> bool:
    """Whether a change after this gap was seen as it happened."""
    return gap is not None and gap <= SHARP


def has_level(report: Report) -> bool:
    """Whether the level is as new as the charging state."""
    return report.level_at is not None and report.level_at >= report.since


def has_moved(odometer: float | None, report: Report, gap: Gap) -> bool:
    """Whether the odometer proves that the vehicle was unplugged in a gap."""
    if is_sharp(gap) or report.odometer is None or odometer is None:
        return False
    return report.odometer - odometer > report.odometer_slack


class OpenSession:
    """A session that is not over, and whether it charges."""

    def __init__(self, session: ChargingSession) -> None:
        self.session = session
        self.is_charging = True
        self.is_complete = False
        self._odometer: float | None = None
        # Since when it has charged without an interruption; None if one cannot be ruled out.
        self._charging_since = session.started_at
        # Since when the previous report's state held: a later level is one of this session.
        self._since: datetime | None = None

    @classmethod
    def begin(cls, report: Report, gap: Gap, *, level: float | None, is_partial: bool) -> Self:
        """Open a session with its first report; `level` is that at its beginning."""
        is_dated = is_known(gap) and not is_partial
        opened = cls(
            ChargingSession(
                started_at=report.since if is_dated else None,
                seconds=0.0 if is_dated else None,
                level_from=level,
                level_to=level,
            )
        )
        opened._odometer = report.odometer
        return opened

    def resume(self, report: Report, gap: Gap) -> None:
        """Note that it charges again."""
        self.is_charging, self.is_complete = True, False
        self._charging_since = report.since if is_known(gap) else None

    def go_on(self, gap: Gap) -> None:
        """Note that it still charges; in a long gap it may have been interrupted."""
        if not is_known(gap):
            self._charging_since = None

    def stop(self, report: Report, gap: Gap) -> None:
        """Note that it no longer charges."""
        session, since = self.session, self._charging_since
        seconds = None
        if session.seconds is not None and since is not None and is_known(gap):
            seconds = session.seconds + max(report.since - since, timedelta()).total_seconds()
        level = session.level_to
        if not is_sharp(gap):
            # It may have charged until now, unless it has driven since.
            is_current = has_level(report) and not self.has_moved(report, gap)
            level = report.level if is_current else None
        self.session = replace(
            session,
            seconds=seconds,
            stopped_at=report.since if is_known(gap) else None,
            level_to=level,
        )
        self.is_charging, self._charging_since = False, None
        self.is_complete = report.state == "complete"

    def lose(self, gap: Gap) -> bool:
        """Close it without having seen its end; return whether its energy is known after all."""
        is_kept = not self.is_charging and (is_known(gap) or self.is_complete)
        if not is_kept:
            self.session = replace(
                self.session, stopped_at=None, seconds=None, energy=None, level_to=None
            )
        return is_kept

    def note(self, report: Report, energy: float | None) -> None:
        """Apply the values of a report; None is an unknown energy."""
        if report.state is None:
            return
        session = self.session
        level = session.level_to
        since = self._since or report.since
        if report.level is not None and report.level_at is not None and report.level_at >= since:
            level = max(report.level, level or 0.0)
        self._since = report.since
        place = session.place
        if place not in _FAST and report.state != "disconnected":
            place = report.place or place
        self.session = replace(
            session,
            energy=session.energy if energy is None else energy,
            level_to=level,
            place=place,
        )

    def watch_odometer(self, report: Report, gap: Gap) -> None:
        """Follow an odometer that lags behind, while the cable is certainly connected."""
        if is_sharp(gap) and report.odometer is not None:
            self._odometer = report.odometer

    def has_moved(self, report: Report, gap: Gap) -> bool:
        """Whether the vehicle has driven since it was plugged in."""
        return has_moved(self._odometer, report, gap)

    def to_stored(self) -> dict[str, Any]:
        """Everything that survives a restart, as JSON."""
        return {
            **self.session.to_stored(),
            "is_charging": self.is_charging,
            "is_complete": self.is_complete,
            "charging_since": self._charging_since and self._charging_since.timestamp(),
            "odometer": self._odometer,
        }

    @classmethod
    def from_stored(cls, stored: object) -> Self | None:
        """Restore it from the JSON of `to_stored`; None if there is none."""
        session = ChargingSession.from_stored(stored)
        if session is None or not isinstance(stored, Mapping):
            return None
        opened = cls(session)
        opened.is_charging = as_flag(stored.get("is_charging")) is True
        opened.is_complete = as_flag(stored.get("is_complete")) is True
        opened._charging_since = restore_time(stored.get("charging_since"))
        opened._odometer = as_number(stored.get("odometer"))
        return opened

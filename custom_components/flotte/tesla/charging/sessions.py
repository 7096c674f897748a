"""The charging sessions of a vehicle, from reports with gaps.

    plugged in ─> started ─> (interrupted ─> resumed)… ─> completed ─> ended by unplugging

A session lasts as long as the cable is connected, like the vehicle's own counter of energy: what is
added after an interruption, or to keep a full battery full, belongs to it. Nothing is concluded
from silence: what happened in a gap is unknown, and makes unknown what depends on it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from ..reading_json import as_number, as_object
from ..state import restore_time
from .cost import Cost
from .energy import MAX_CORRECTION, Step
from .open_session import SHARP, Gap, OpenSession, has_level, is_known, is_sharp
from .session import ChargingSession, Happened, Place, Report, SessionEvent
from .tally import MAX_SKEW, SessionTally

READING_DELAY: Final = timedelta(seconds=15)
"""Longest time for which the last reading of the energy is under way."""
_STOPPED: Final = frozenset({"complete", "stopped", "no_power"})


class SessionLog:
    """The current session of a vehicle and the last one, and what happens in them."""

    def __init__(self) -> None:
        self.last: ChargingSession | None = None
        """The latest session, as of the last time it stopped charging."""
        self._tally = SessionTally()
        self._open: OpenSession | None = None
        self._closed: ChargingSession | None = None
        # Since when the rest of the energy may arrive, and the events that wait for it.
        self._stopped_at: datetime | None = None
        self._waiting: tuple[SessionEvent, ...] = ()
        # Of the previous report: up to when its state held, and the level if it was plugged in.
        self._until: datetime | None = None
        self._level: float | None = None

    @property
    def _is_charging(self) -> bool:
        return self._open is not None and self._open.is_charging

    def observe(self, report: Report) -> list[Happened]:
        """Apply a report; return what happened since the previous one."""
        gap = None if self._until is None else report.since - self._until
        # When it charged in a gap is unknown, and so is the price of that.
        is_known_now = is_known(None if self._until is None else report.now - self._until)
        self._tally.pass_time(report, is_charging=self._is_charging, is_known=is_known_now)
        is_unplugged = report.state == "disconnected"
        happened: list[Happened] = []
        if report.state is not None and not is_unplugged:
            self._tally.plug_in()
            if self._open is not None and self._open.has_moved(report, gap):
                happened += self._lose(self._open, report, gap)
                self._tally.unplug(None)
        was_over = self._tally.energy.is_over
        step = self._tally.read(report)
        self._note_rest(report, step)
        if step.begins and self._open is not None and not was_over:
            happened += self._lose(self._open, report, gap)
        if is_unplugged:
            self._on_unplugged(report, step, gap)
            if not self._is_older(report):
                self._tally.unplug(report.since)
        elif report.state == "charging":
            happened += self._on_charging(report, step, gap)
        elif report.state in _STOPPED:
            happened += self._on_stopped(report, step, gap)
        if self._open is not None:
            self._note(self._open, report, step)
            self._open.watch_odometer(report, gap)
        self._remember(report, step)
        return happened + self._settle(report)

    # --- Transitions -----------------------------------------------------------------------------

    def _on_charging(self, report: Report, step: Step, gap: Gap) -> list[Happened]:
        opened = self._open
        if opened is None:
            if step.begins and self._is_older(report):
                return []
            happened = self._finish(report)
            begun = self._open = self._begin(report, step, gap)
            begun.note(report, self._tally.known)
            started = _at_once(SessionEvent.STARTED, begun)
            return happened if gap is None else [*happened, started]
        if opened.is_charging:
            opened.go_on(gap)
            return []
        happened = self._finish(report)
        opened.resume(report, gap)
        return [*happened, _at_once(SessionEvent.RESUMED, opened)]

    def _on_stopped(self, report: Report, step: Step, gap: Gap) -> list[Happened]:
        happened: list[Happened] = []
        opened = self._open
        if opened is None:
            if not step.begins or self._is_older(report):
                return []
            happened = self._finish(report)
            opened = self._open = self._begin(report, step, timedelta.max)
        if not opened.is_charging:
            opened.is_complete |= report.state == "complete"
            return happened
        opened.note(report, self._tally.known)
        opened.stop(report, gap)
        self._stopped_at = report.since
        if opened.is_complete:
            self._waiting = (SessionEvent.COMPLETED,)
            return happened
        return [*happened, _at_once(SessionEvent.INTERRUPTED, opened)]

    def _on_unplugged(self, report: Report, step: Step, gap: Gap) -> None:
        opened = self._open
        if opened is None:
            if step.begins and not self._is_older(report):
                # Unseen from beginning to end; the counter proves it.
                self.last = ChargingSession(energy=self._tally.known)
            return
        if opened.has_moved(report, gap) and not is_known(gap):
            self._close(opened, report, gap, is_lost=True)
            return
        self._note(opened, report, step)
        if opened.is_charging:
            opened.stop(report, gap)
        self._close(opened, report, gap)

    def _begin(self, report: Report, step: Step, gap: Gap) -> OpenSession:
        """Open a session, of which the part before this report may be unknown."""
        energy = self._tally.known
        is_partial = energy is not None and energy > MAX_CORRECTION and not step.begins
        is_fresh = energy is not None and energy <= MAX_CORRECTION and has_level(report)
        level = None
        if not is_partial:
            before = self._level if is_known(gap) and not is_sharp(gap) else None
            level = report.level if before is None and (is_sharp(gap) or is_fresh) else before
        is_unpriced = step.added > MAX_CORRECTION and not (is_known(gap) or report.price.is_fixed)
        is_unknown = gap is None or is_partial or is_unpriced
        self._tally.cost = Cost(value=None if is_unknown else 0.0)
        return OpenSession.begin(report, gap, level=level, is_partial=is_partial)

    def _lose(self, opened: OpenSession, report: Report, gap: Gap) -> list[Happened]:
        """Close a session whose end was missed: the vehicle reports another one, or has driven."""
        self._close(opened, report, gap, is_lost=True)
        return self._finish(report)

    def _close(
        self, opened: OpenSession, report: Report, gap: Gap, *, is_lost: bool = False
    ) -> None:
        if is_lost and not opened.lose(gap):
            self._tally.cost = Cost(value=None)
        self._closed, self._open = opened.session, None
        self._waiting = (*self._waiting, SessionEvent.ENDED)
        self._stopped_at = self._stopped_at or report.since

    def _is_older(self, report: Report) -> bool:
        """Whether the state is older than the energy, and so may be that of another session."""
        return self._tally.read_at is not None and report.since < self._tally.read_at

    # --- Values ----------------------------------------------------------------------------------

    def _note(self, opened: OpenSession, report: Report, step: Step) -> None:
        """Apply the values of a report to the open session."""
        energy = self._tally.known
        if energy is not None:
            self._tally.charge(step, report)
        opened.note(report, energy)

    def _note_rest(self, report: Report, step: Step) -> None:
        """Apply what arrives after the end of a session to that session."""
        closed = self._closed
        if closed is None or self._stopped_at is None:
            return
        if step.added and not step.begins and closed.energy is not None:
            self._tally.charge(step, report)
            closed = replace(closed, energy=self._tally.energy.last)
        level, at = report.level, report.level_at
        is_rest = at is not None and self._stopped_at <= at <= self._stopped_at + SHARP
        if level is not None and is_rest and closed.level_to is not None:
            closed = replace(closed, level_to=max(level, closed.level_to))
        self._closed = closed

    def _remember(self, report: Report, step: Step) -> None:
        """Keep what the next report is compared with."""
        if report.state is None:
            return
        before = self._until
        self._until = report.until
        if before is not None and report.until < before <= report.now:
            # After a restart it is not known any more that the state was confirmed until then.
            self._until = before
        if self._is_charging and step.added and report.energy_at is not None:
            # While the energy rises, the state is still the same.
            self._until = max(self._until, min(report.energy_at, report.now))
        self._level = report.level if report.state in _STOPPED else None

    # --- Events that wait ------------------------------------------------------------------------

    def _settle(self, report: Report) -> list[Happened]:
        """Publish the numbers of a session once all of its energy has arrived."""
        stopped_at = self._stopped_at
        if stopped_at is None:
            if self._open is not None and not self._open.is_charging:
                self.last = self._priced(self._open.session, report)
            return []
        read_at = self._tally.read_at or stopped_at
        due = max(read_at + report.latency, stopped_at) + READING_DELAY
        is_early = report.now < due and stopped_at - report.now < MAX_SKEW
        return self._finish(report) if read_at >= stopped_at or not is_early else []

    def _finish(self, report: Report) -> list[Happened]:
        """Publish the numbers of a session now."""
        session = self._closed
        if session is None and self._open is not None:
            session = self._open.session
        if self._stopped_at is None or session is None:
            return []
        self.last = finished = self._priced(session, report)
        events, self._waiting = self._waiting, ()
        self._closed = self._stopped_at = None
        return [Happened(event, finished) for event in events]

    def _priced(self, session: ChargingSession, report: Report) -> ChargingSession:
        """The session with its cost. Only the operator knows the price of a fast charger."""
        cost = None
        if session.energy is not None and session.place is Place.HOME:
            cost = self._tally.cost.value
        elif session.energy is not None and session.place is Place.ELSEWHERE:
            price = report.price_elsewhere
            cost = None if price is None else session.energy * price
        return replace(session, cost=cost)

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """Everything that survives a restart, as JSON."""
        return {
            "last": self.last and self.last.to_stored(),
            "open": self._open and self._open.to_stored(),
            "closed": self._closed and self._closed.to_stored(),
            "tally": self._tally.to_stored(),
            "stopped": self._stopped_at and self._stopped_at.timestamp(),
            "waiting": [str(event) for event in self._waiting],
            "until": self._until and self._until.timestamp(),
            "level": self._level,
        }

    def restore(self, stored: object) -> None:
        """Restore it from the JSON of `to_stored`; anything unreadable is unknown."""
        read = as_object(stored)
        self._tally.restore(read.get("tally"))
        self.last = ChargingSession.from_stored(read.get("last"))
        self._open = OpenSession.from_stored(read.get("open"))
        self._closed = ChargingSession.from_stored(read.get("closed"))
        self._stopped_at = restore_time(read.get("stopped"))
        waiting = read.get("waiting")
        self._waiting = tuple(
            event for event in SessionEvent if isinstance(waiting, list) and str(event) in waiting
        )
        self._until = restore_time(read.get("until"))
        self._level = as_number(read.get("level"))


def _at_once(event: SessionEvent, opened: OpenSession) -> Happened:
    """An event that does not wait for the rest of the energy, and so leaves the energy out."""
    return Happened(event, replace(opened.session, energy=None))

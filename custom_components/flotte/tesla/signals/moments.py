"""Times that follow from signals: dates, and the ends of remaining times."""

from datetime import UTC, datetime, timedelta

from ..state import Derived, Signal, State


def later(state: State, signal: Signal[float], unit: timedelta) -> datetime | None:
    """The end of a remaining time, rounded to the minute, so that it does not jitter."""
    reading = state.reading(signal)
    if reading is None or not reading.value:
        return None
    moment = reading.time + reading.value * unit
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


def date_of(name: str, signal: Signal[float]) -> Derived[datetime]:
    """The date of a signal whose value is in Unix seconds."""

    def compute(state: State) -> datetime | None:
        seconds = state[signal]
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    return Derived(name, signal, compute=compute)

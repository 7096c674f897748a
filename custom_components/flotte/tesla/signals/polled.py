"""Reading of polled answers, and the log of values that no parser recognises."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ..clock import YEAR_2100
from ..state import KEEP, Absent, Implausible, Reading, Signal, Source, Unrecognised

_LOGGER = logging.getLogger(__name__)


_NONE: Final = ("<invalid>", "SNA")
"""Tesla's texts for "no value" and "signal not available"."""
_MISSING: Final = Absent()
_logged: set[tuple[str, str]] = set()


def read_sections(
    sections: Mapping[str, Any], table: Iterable[Signal[Any]], now: datetime
) -> dict[Signal[Any], Reading[Any]]:
    """Read the signals in a polled answer: `{section: {key: value, "timestamp": Unix ms}}`.

    A missing section gives no readings. A value that no parser recognises becomes unknown and is
    logged once. Times in the future (the car's clock is wrong) count as now.
    """
    readings: dict[Signal[Any], Reading[Any]] = {}
    for signal in table:
        section = sections.get(signal.section)
        if not signal.paths or not isinstance(section, Mapping):
            continue
        raw = tuple(_at(section, path) for path in signal.paths)
        if any(value is _MISSING for value in raw):
            if signal.absent is KEEP:
                continue
            value = signal.absent
        elif any(value is None for value in raw):
            value = signal.null
        else:
            value = _decode(signal, signal.polled, raw[0] if len(raw) == 1 else raw)
        readings[signal] = Reading(value, _time_of(signal, section, now), Source.POLL)
    return readings


def decode[T](signal: Signal[T], raw: object) -> T | None:
    """Convert a streamed value; None if it is not recognised, which is logged once."""
    return _decode(signal, signal.parse, raw)


def _decode[T](signal: Signal[T], parse: Callable[[Any], T | None], raw: object) -> T | None:
    if raw in _NONE:
        return None
    try:
        return parse(raw)
    except Implausible:
        log_implausible(signal, raw)
        return None
    except Unrecognised, TypeError, ValueError, AttributeError, OverflowError:
        # The value itself is only in the debug log, because it may be private and long.
        if (seen := (signal.name, str(raw)[:40])) not in _logged and len(_logged) < _LOG_LIMIT:
            _logged.add(seen)
            _LOGGER.warning("Unrecognised value for %s; reporting it as unknown", signal.name)
            _LOGGER.debug("%s: %s", *seen)
        return None


def log_implausible(signal: Signal[Any], raw: object) -> None:
    """Log, once for each signal, that Tesla reports an impossible value."""
    if (seen := (signal.name, "")) not in _logged:
        _logged.add(seen)
        _LOGGER.warning("Ignoring implausible values of %s; it is unknown", signal.name)
        _LOGGER.debug("%s: %s", signal.name, str(raw)[:40])


_LOG_LIMIT: Final = 1000
"""Maximum unrecognised values to remember, so that a hostile source cannot fill memory."""


def _at(section: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: object = section
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _time_of(signal: Signal[Any], section: Mapping[str, Any], now: datetime) -> datetime:
    """The time of a value: its own if the section has one, otherwise the section's."""
    match section.get(signal.as_of) if signal.as_of else None:
        case bool():
            pass
        case int() | float() as seconds if 0 < seconds < YEAR_2100:
            return min(now, datetime.fromtimestamp(seconds, UTC))
    return _section_time(section, now)


def _section_time(section: Mapping[str, Any], now: datetime) -> datetime:
    """The section's time stamp; now if it has none. See `read_time`."""
    return read_time(section.get("timestamp"), now) or now


def read_time(stamp: object, now: datetime) -> datetime | None:
    """Read a time stamp, at most `now`; None if it is impossible.

    Vehicles send Unix milliseconds, sites RFC 3339.
    """
    match stamp:
        case bool():
            return None
        case int() | float() as milliseconds if _EARLIEST_MS <= milliseconds < 1000 * YEAR_2100:
            return min(now, datetime.fromtimestamp(milliseconds / 1000, UTC))
        case str():
            try:
                moment = datetime.fromisoformat(stamp)
            except ValueError:
                return None
            # Without an offset the zone is unknown.
            if moment.tzinfo is not None and moment.year in _YEARS:
                return min(now, moment.astimezone(UTC))
    return None


_YEARS: Final = range(2012, 2100)
"""Years outside which a time stamp is an error: no car or site is older."""
_EARLIEST_MS: Final = 1_325_376_000_000
"""The beginning of 2012."""

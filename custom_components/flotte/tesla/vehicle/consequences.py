"""Values that follow from other values, because a vehicle does not report them.

A vehicle streams a number only once it has changed by its delta, and after parking it invalidates
`Gear` and `VehicleSpeed` without a last 0. So entities would show the last speed or charging power
until the next drive or charge. Nothing here reads a clock or does I/O.

Source: captured streams of real cars (2025, 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..state import Reading, Readings, Signal, Source, State

TAIL: Final = timedelta(seconds=90)
"""Time after a change in which a value still counts as a late report from before it. A value that
arrives later is accepted: the stream may have lost the change back."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule: while `signal` has one of `values`, the signals in `implied` have known values."""

    signal: Signal[Any]
    values: frozenset[str]
    implied: Mapping[Signal[Any], Any]


_AT_REST: Final[Mapping[Signal[Any], Any]] = {
    signals.SPEED: 0.0,
    signals.AXLE_SPEED_REAR: 0.0,
    signals.AXLE_SPEED_FRONT: 0.0,
    signals.AXLE_SPEED_REAR_LEFT: 0.0,
    signals.AXLE_SPEED_REAR_RIGHT: 0.0,
    signals.PEDAL_POSITION: 0.0,
    signals.TORQUE_REQUEST: 0.0,
    signals.TORQUE_REQUEST_SECOND: 0.0,
    signals.TORQUE_REAR: 0.0,
    signals.TORQUE_FRONT: 0.0,
    signals.TORQUE_REAR_LEFT: 0.0,
    signals.TORQUE_REAR_RIGHT: 0.0,
}
_UNPOWERED: Final[Mapping[Signal[Any], Any]] = {
    signals.AC_CHARGING_POWER: 0.0,
    signals.DC_CHARGING_POWER: 0.0,
    signals.CHARGER_CURRENT: 0.0,
    signals.CHARGE_RATE: 0.0,
    signals.TIME_TO_FULL: 0.0,
    signals.TIME_TO_LIMIT: 0.0,
}
WHILE_ASLEEP: Final[Mapping[Signal[Any], Any]] = {
    signals.CLIMATE_ON: False,
    signals.PRECONDITIONING: False,
    signals.CLIMATE_KEEPER: "off",
    signals.DEFROST: False,
    signals.USER_PRESENT: False,
}
"""Values of every vehicle that sleeps: each other value keeps it awake."""
_CHARGES: Final[tuple[str | None, ...]] = ("starting", "charging")
_RULES: Final = (
    _Rule(signals.SHIFT_STATE, frozenset({"p"}), _AT_REST),
    _Rule(
        signals.CHARGING_STATE,
        frozenset({"disconnected", "no_power", "complete", "stopped"}),
        _UNPOWERED,
    ),
    _Rule(
        signals.CHARGING_STATE,
        frozenset({"disconnected"}),
        {
            signals.CHARGER_VOLTAGE: 0.0,
            signals.CABLE_TYPE: None,
            signals.FAST_CHARGER: False,
            signals.FAST_CHARGER_TYPE: None,
        },
    ),
)
_INVOLVED: Final = frozenset(signal for rule in _RULES for signal in (rule.signal, *rule.implied))


def is_at_rest(signal: Signal[Any], state: State) -> bool:
    """Whether a signal's value is known although the vehicle reports it as invalid.

    That holds for a value that follows from another one, and for a gear that was P: the vehicle
    invalidates it each time it is parked.
    """
    if signal is signals.SHIFT_STATE:
        return state[signal] == "p"
    return any(signal in rule.implied and state[rule.signal] in rule.values for rule in _RULES)


def follows(signal: Signal[Any], value: object, expected: Mapping[Signal[Any], Any]) -> bool:
    """Whether a signal has this value as soon as another one has its expected value."""
    return any(
        expected.get(rule.signal) in rule.values
        and signal in rule.implied
        and rule.implied[signal] == value
        for rule in _RULES
    )


class Consequences:
    """The consequences of the readings of one vehicle."""

    def __init__(self) -> None:
        # Since when each rule holds.
        self._since: dict[int, datetime] = {}

    def of(self, before: State, after: State, news: Readings) -> dict[Signal[Any], Reading[Any]]:
        """Return the readings that follow from `news`, which turned `before` into `after`.

        Polled data reports everything at one time, so no part of an answer overrides another.
        """
        if _INVOLVED.isdisjoint(news):
            return {}
        found: dict[Signal[Any], Reading[Any]] = {}
        for index, rule in enumerate(_RULES):
            cause = after.reported(rule.signal)
            if cause is None or cause.value not in rule.values:
                self._since.pop(index, None)
                continue
            earlier = before.reported(rule.signal)
            if earlier is None or earlier.value not in rule.values:
                self._since[index] = cause.time
            # A value that held before a restart has held at least since its reading.
            since = self._since.setdefault(index, earlier.time if earlier else cause.time)
            found |= _implied(rule, since, cause, after)
        return found


def of_sleep(state: State, now: datetime) -> dict[Signal[Any], Reading[Any]]:
    """Return the readings that follow from the vehicle being asleep.

    Streams lose changes, and a sleeping vehicle reports nothing: without these readings, it would
    be shown as driving or charging all night. How its charge ended stays unknown.
    """
    then: dict[Signal[Any], Any] = {}
    if state[signals.SHIFT_STATE] not in (None, "p"):
        then |= {signals.SHIFT_STATE: "p", **_AT_REST}
    if state[signals.CHARGING_STATE] in _CHARGES:
        then |= {signals.CHARGING_STATE: None, **_UNPOWERED}
    then |= WHILE_ASLEEP
    return {
        signal: Reading(value, now, Source.POLL)
        for signal, value in then.items()
        if (known := state.reported(signal)) is not None and known.value not in (None, value)
    }


def _implied(
    rule: _Rule, since: datetime, cause: Reading[Any], state: State
) -> dict[Signal[Any], Reading[Any]]:
    """Apply a rule to values that were reported before, or shortly after, it began to hold."""
    return {
        signal: Reading(value, max(since, known.time), cause.source)
        for signal, value in rule.implied.items()
        if (known := state.reported(signal)) is not None
        and known.value != value
        and known.time <= since + TAIL
        # Polled values since then are accepted as they are, also after a restart.
        and not (known.source in (Source.POLL, Source.RESTORED) and known.time >= since)
    }

"""Values that follow from others, because a vehicle does not report them.

A stream reports a number only once it has changed by its delta, and after a park it ends `Gear` and
`VehicleSpeed` without a last 0. So the last reported speed, or power of a charge, would be shown
until the next drive or charge. Pure: no clock, no input.

Source: captured streams of real cars (2025, 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..state import Reading, Readings, Signal, Source, State

TAIL: Final = timedelta(seconds=90)
"""How long after a change a late value counts as one from before it. A later one is believed: the
stream may have lost the change back."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule: while a signal has one of some values, the values of others are known."""

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
    """Whether the value of a signal is known although the vehicle ended it.

    That goes for a value that follows from another one, and for a gear that was P: the vehicle ends
    it with every park.
    """
    if signal is signals.SHIFT_STATE:
        return state[signal] == "p"
    return any(signal in rule.implied and state[rule.signal] in rule.values for rule in _RULES)


class Consequences:
    """The consequences of the readings of one vehicle."""

    def __init__(self) -> None:
        # Since when each rule holds.
        self._since: dict[int, datetime] = {}

    def of(self, before: State, after: State, news: Readings) -> dict[Signal[Any], Reading[Any]]:
        """Return the readings that follow from `news`, which led from one state to the next.

        A polled answer reports everything at one time, so nothing follows from parts of it.
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
            # A value from before a restart has held for at least as long.
            since = self._since.setdefault(index, earlier.time if earlier else cause.time)
            found |= _implied(rule, since, cause, after)
        return found


def of_sleep(state: State, now: datetime) -> dict[Signal[Any], Reading[Any]]:
    """Return the readings that follow from a vehicle being asleep.

    A stream loses changes, and a vehicle that sleeps reports nothing until it wakes: it would be
    shown as driving or charging all night. How its charge ended is unknown then.
    """
    then: dict[Signal[Any], Any] = {}
    if state[signals.SHIFT_STATE] not in (None, "p"):
        then |= {signals.SHIFT_STATE: "p", **_AT_REST}
    if state[signals.CHARGING_STATE] in _CHARGES:
        then |= {signals.CHARGING_STATE: None, **_UNPOWERED}
    then |= {signals.CLIMATE_ON: False, signals.USER_PRESENT: False}
    return {
        signal: Reading(value, now, Source.POLL)
        for signal, value in then.items()
        if (known := state.reported(signal)) is not None and known.value not in (None, value)
    }


def _implied(
    rule: _Rule, since: datetime, cause: Reading[Any], state: State
) -> dict[Signal[Any], Reading[Any]]:
    """Apply a rule to the values that were reported before or shortly after it held."""
    return {
        signal: Reading(value, max(since, known.time), cause.source)
        for signal, value in rule.implied.items()
        if (known := state.reported(signal)) is not None
        and known.value != value
        and known.time <= since + TAIL
        # Those of one answer stand for themselves, also after a restart.
        and not (known.source in (Source.POLL, Source.RESTORED) and known.time >= since)
    }

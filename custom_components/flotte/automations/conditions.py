"""The conditions of devices. An unknown value fulfils neither a condition nor its opposite."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from homeassistant.const import CONF_ABOVE, CONF_BELOW
from homeassistant.util import dt as dt_util

from ..account.charging import is_at_home
from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.signals import DOORS, WINDOWS
from ..tesla.state import Key, Signal, State, inputs_of
from .subjects import Subject
from .table import knows_home

_OPENINGS: Final[tuple[Signal[bool], ...]] = (
    *DOORS,
    *WINDOWS,
    signals.FRUNK,
    signals.TRUNK,
    signals.SUNROOF_OPEN,
)


@dataclass(frozen=True, kw_only=True)
class ConditionRow:
    """A condition."""

    key: str
    is_offered: Callable[[Subject], bool]
    """Whether a device can have it."""
    is_fulfilled: Callable[[Subject, float], bool]
    """Whether a device fulfils it; the number is the one of its field, if it has one."""
    field: str | None = None
    """The field of a number in per cent."""


def _is_vehicle(subject: Subject) -> bool:
    return subject.vehicle is not None


def _known[T](vehicle: VehicleCoordinator | None, key: Key[T]) -> T | None:
    """A value as its entity shows it; None if it is unknown or unavailable."""
    if vehicle is None or not vehicle.is_available(inputs_of(key)):
        return None
    return vehicle.state[key]


def _pair(
    true: str,
    false: str,
    ask: Callable[[Subject], bool | None],
    is_offered: Callable[[Subject], bool] = _is_vehicle,
) -> tuple[ConditionRow, ConditionRow]:
    """A condition and its opposite."""
    return (
        ConditionRow(
            key=true, is_offered=is_offered, is_fulfilled=lambda subject, _: ask(subject) is True
        ),
        ConditionRow(
            key=false, is_offered=is_offered, is_fulfilled=lambda subject, _: ask(subject) is False
        ),
    )


def _at_home(subject: Subject) -> bool | None:
    vehicle = subject.vehicle
    if vehicle is None or not vehicle.is_reachable:
        return None
    return is_at_home(subject.hass, vehicle.state)


def _asleep(subject: Subject) -> bool | None:
    if subject.vehicle is None or not subject.vehicle.is_reachable:
        return None
    presence = subject.vehicle.vehicle.presence
    return False if presence.is_online else (presence.is_asleep or None)


def something_open(state: State) -> bool | None:
    """Whether a door, window or lid is open; None if that of one is unknown.

    Parts that a car never reported do not count, except for the doors, which every car has.
    """
    parts = {
        each: state[each] for each in _OPENINGS if each in DOORS or state.reading(each) is not None
    }
    if True in parts.values():
        return True
    return None if None in parts.values() else False


def _open(subject: Subject) -> bool | None:
    vehicle = subject.vehicle
    if vehicle is None or not vehicle.is_available(_OPENINGS):
        return None
    return something_open(vehicle.state)


def _level(compare: Callable[[float, float], bool]) -> Callable[[Subject, float], bool]:
    def is_fulfilled(subject: Subject, limit: float) -> bool:
        level = _known(subject.vehicle, signals.BATTERY_LEVEL)
        return level is not None and compare(level, limit)

    return is_fulfilled


def _used_above(subject: Subject, limit: float) -> bool:
    share = subject.data.ledger.meter.share(dt_util.utcnow())
    return share is not None and share > limit


CONDITIONS: Final = (
    *_pair("is_at_home", "is_away", _at_home, knows_home),
    *_pair(
        "is_plugged_in",
        "is_unplugged",
        lambda subject: _known(subject.vehicle, signals.PLUGGED_IN),
    ),
    *_pair(
        "is_charging",
        "is_not_charging",
        lambda subject: _known(subject.vehicle, signals.IS_CHARGING),
    ),
    *_pair("is_asleep", "is_awake", _asleep),
    *_pair("is_locked", "is_unlocked", lambda subject: _known(subject.vehicle, signals.LOCKED)),
    *_pair("is_open", "is_closed", _open),
    ConditionRow(
        key="level_above",
        is_offered=_is_vehicle,
        is_fulfilled=_level(lambda level, limit: level > limit),
        field=CONF_ABOVE,
    ),
    ConditionRow(
        key="level_below",
        is_offered=_is_vehicle,
        is_fulfilled=_level(lambda level, limit: level < limit),
        field=CONF_BELOW,
    ),
    ConditionRow(
        key="budget_used_above",
        is_offered=lambda subject: subject.is_account,
        is_fulfilled=_used_above,
        field=CONF_ABOVE,
    ),
)
"""Conditions, in the order of the editor's list."""

CONDITIONS_BY_KEY: Final[Mapping[str, ConditionRow]] = {row.key: row for row in CONDITIONS}

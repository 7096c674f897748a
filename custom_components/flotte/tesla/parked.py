"""Loss of a parked vehicle: its battery level before and after the times in which it rested.

A rest begins with the first level that was read while the vehicle was parked, did not charge and
had its climate control off, and ends with the last one. What the vehicle does on its own counts as
loss: sentry mode, cabin overheat protection, updates, and wakes for requests.

A sleeping vehicle reports nothing, and silence proves nothing. So only the time between two
readings of the level counts, and only once a later odometer shows that the vehicle had not been
driven. A rest in which the odometer or the charged energy changed ends before the change was seen.

Polls round the level to whole percent, and a battery that warms up seems to gain some. Both are
balanced by the length of the rests: a loss is known after `MIN_TOTAL`, as the average of the last
rests of `MAX_TOTAL`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from .reading_json import as_number
from .state import restore_time

MIN_REST: Final = timedelta(hours=4)
"""Shorter rests are left out: in them, rounding exceeds what a vehicle loses."""
MIN_TOTAL: Final = timedelta(hours=12)
MAX_TOTAL: Final = timedelta(hours=72)
MAX_RECOVERY: Final = 3.0
"""Percentage points that a level may rise at rest; a larger rise is a charge that was missed."""
MAX_ROUNDING: Final = 0.05
"""In km and kWh: polls and the stream round differently."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Level:
    """A battery level in percent, and when the vehicle had it."""

    percent: float
    time: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """A vehicle as it is known at one time."""

    level: Level
    odometer: float
    """km."""
    odometer_until: datetime
    """Until when the odometer is known to have this value."""
    charged: float | None
    """kWh of the last charging session; None if unknown."""
    settled_at: datetime | None
    """The newest of the times of the readings that show that it rests; None if it does not. A level
    that was read before may be one from before the rest."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest that has not ended."""

    since: datetime
    odometer: float
    charged: float | None
    first: Level | None = None
    last: Level | None = None
    doubted: Level | None = None
    """A later level, until the odometer shows that the vehicle had not been driven."""

    def is_over(self, look: Look) -> bool:
        """Whether the vehicle was driven or charged since."""
        if abs(look.odometer - self.odometer) > MAX_ROUNDING:
            return True
        if self.charged is not None and look.charged is not None:
            is_charged = abs(look.charged - self.charged) > MAX_ROUNDING
        else:
            is_charged = (self.charged is None) is not (look.charged is None)
        rise = 0.0 if self.last is None else look.level.percent - self.last.percent
        return is_charged or rise > MAX_RECOVERY

    def after(self, look: Look) -> Self:
        """The rest with the next look, in which it is not over."""
        rest = self
        if look.settled_at is not None and (rest.last is None or look.level.time > rest.last.time):
            if rest.first is None:
                is_current = look.level.time >= rest.since
                return replace(rest, first=look.level, last=look.level) if is_current else rest
            rest = replace(rest, doubted=rest.doubted or look.level)
        if rest.doubted is not None and look.odometer_until >= rest.doubted.time:
            rest = replace(rest, last=rest.doubted, doubted=None)
        return rest

    @property
    def loss(self) -> Loss | None:
        """Its loss so far; None if the rest is too short."""
        if self.first is None or self.last is None:
            return None
        duration = self.last.time - self.first.time
        points = self.first.percent - self.last.percent
        return Loss(points, duration) if duration >= MIN_REST else None


@dataclass(frozen=True, slots=True)
class Loss:
    """Percentage points that a vehicle lost in a rest; less than 0 if it gained some."""

    points: float
    duration: timedelta


@dataclass(frozen=True, slots=True)
class ParkedLoss:
    """The loss of a vehicle over its last rests, and the rest that has not ended."""

    losses: tuple[Loss, ...] = ()
    rest: Rest | None = None

    def after(self, look: Look) -> Self:
        """The loss with the next look at the vehicle."""
        rest = self.rest
        if rest is not None and not rest.is_over(look):
            rest = rest.after(look)
            if look.settled_at is not None:
                return replace(self, rest=rest)
        ended = self if rest is None else replace(self, losses=_latest(self.losses, rest.loss))
        if look.settled_at is None:
            return replace(ended, rest=None)
        begun = Rest(look.settled_at, look.odometer, look.charged).after(look)
        return replace(ended, rest=begun)

    @property
    def counted(self) -> tuple[Loss, ...]:
        """The losses that count, oldest first."""
        return _latest(self.losses, None if self.rest is None else self.rest.loss)

    @property
    def hours(self) -> float:
        """Hours of the rests that count."""
        return _total(self.counted) / timedelta(hours=1)

    @property
    def percent_per_day(self) -> float | None:
        """Percentage points that the vehicle loses in a day of rest; None if not known yet."""
        counted = self.counted
        total = _total(counted)
        if total < MIN_TOTAL:
            return None
        return max(sum(each.points for each in counted) / (total / _DAY), 0.0)

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The losses and the rest, as JSON."""
        rest = self.rest
        return {
            "losses": [[each.points, each.duration.total_seconds()] for each in self.losses],
            "rest": None
            if rest is None or rest.first is None or rest.last is None
            else {
                "since": rest.since.timestamp(),
                "odometer": rest.odometer,
                "charged": rest.charged,
                "first": [rest.first.percent, rest.first.time.timestamp()],
                "last": [rest.last.percent, rest.last.time.timestamp()],
            },
        }

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        """Restore the loss from the JSON of `to_stored`; leave out what is damaged."""
        listed = stored.get("losses")
        losses = [_loss(each) for each in listed] if isinstance(listed, list) else []
        return cls(tuple(each for each in losses if each is not None), _rest(stored.get("rest")))


def _total(losses: tuple[Loss, ...]) -> timedelta:
    return sum((each.duration for each in losses), timedelta())


def _latest(losses: tuple[Loss, ...], another: Loss | None) -> tuple[Loss, ...]:
    """The losses with another one, without those that are too old to count."""
    kept = losses if another is None else (*losses, another)
    while len(kept) > 1 and _total(kept[1:]) >= MAX_TOTAL:
        kept = kept[1:]
    return kept


def _loss(stored: object) -> Loss | None:
    match stored:
        case [points, seconds]:
            number, length = as_number(points), as_number(seconds)
            if number is not None and length is not None and 0 < length < _MAX_SECONDS:
                return Loss(number, timedelta(seconds=length))
    return None


_MAX_SECONDS: Final = 10 * 366 * 86_400


def _rest(stored: object) -> Rest | None:
    if not isinstance(stored, Mapping):
        return None
    since, odometer = restore_time(stored.get("since")), as_number(stored.get("odometer"))
    first, last = _level(stored.get("first")), _level(stored.get("last"))
    if since is None or odometer is None or first is None or last is None:
        return None
    return Rest(since, odometer, as_number(stored.get("charged")), first, last)


def _level(stored: object) -> Level | None:
    match stored:
        case [percent, seconds]:
            number, time = as_number(percent), restore_time(seconds)
            if number is not None and time is not None:
                return Level(number, time)
    return None

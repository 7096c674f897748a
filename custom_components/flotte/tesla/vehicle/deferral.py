"""Commands deferred until their vehicle wakes on its own, which saves the price of a wake.

Only plain settings are deferred: a charge limit can be set at six as well as at four. A command
that opens, starts or toggles something runs now or not at all. Of several settings of one kind, the
newest is kept. Nothing here reads a clock; callers pass the time.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from ..commands import Command
from ..commands.command import is_vehicle_action
from ..signals import VEHICLE_SIGNALS
from ..signing import Domain
from ..spending.caller import Caller, CallerKind
from ..state import Signal, restore_time

MAX_DEFERRED: Final = 50
"""Deferred settings of one vehicle; there are fewer kinds than that."""


def is_deferrable(command: Command) -> bool:
    """Whether a command is a plain setting, which can run later as well as now."""
    return (
        command.supersedes is not None
        and command.domain is Domain.INFOTAINMENT
        and command.repeatable
        and not command.requires
        and not command.measured
        and bool(command.expects)
    )


@dataclass(frozen=True, slots=True)
class DeferredCommand:
    """A deferred setting, with its caller and its expiry."""

    command: Command
    caller: Caller
    since: datetime
    until: datetime
    """When the deferral expires and the setting is dropped; aware, UTC."""


@dataclass
class DeferralQueue:
    """The deferred commands of one vehicle by kind, the oldest first."""

    waiting: dict[str, DeferredCommand] = field(default_factory=dict)

    def put(self, new: DeferredCommand) -> DeferredCommand | None:
        """Defer a setting; remove and return an earlier one of its kind.

        Its preparation is dropped: a seat heater that is set hours later must not turn on the
        climate in an empty car.

        Raises:
            ValueError: the command cannot be deferred, or too many commands are.
        """
        kind = new.command.supersedes
        if kind is None or not is_deferrable(new.command):
            raise ValueError(f"{new.command.name} cannot be deferred")
        if kind not in self.waiting and len(self.waiting) >= MAX_DEFERRED:
            raise ValueError("too many deferred commands")
        # The new command goes to the end of the queue: it must not overtake earlier ones.
        old = self.waiting.pop(kind, None)
        self.waiting[kind] = _unprepared(new)
        return old

    def forget(self, kind: str) -> DeferredCommand | None:
        """Remove and return the deferred command of a kind, if any."""
        return self.waiting.pop(kind, None)

    def replace(self, new: DeferredCommand, old: DeferredCommand | None) -> bool:
        """Undo the deferral of `new`, and put back the command that it replaced, if any.

        Return False if `new` no longer waits; then nothing changes.
        """
        kind = str(new.command.supersedes)
        if self.waiting.get(kind) != _unprepared(new):
            return False
        del self.waiting[kind]
        if old is not None:
            self.waiting[kind] = old
        return True

    def expire(self, now: datetime) -> list[DeferredCommand]:
        """Remove and return the expired commands.

        If a deferral lies in the future, the clock has been set back since. How long the command
        has waited is then unknown, so it counts as expired.
        """
        over = [each for each in self.waiting.values() if not each.since <= now < each.until]
        for each in over:
            self.waiting.pop(str(each.command.supersedes))
        return over

    def to_stored(self) -> list[dict[str, Any]]:
        """The deferred commands, as JSON; none contains a PIN."""
        return [
            {
                "command": _to_stored(each.command),
                "caller": [str(each.caller.kind), each.caller.name],
                "since": each.since.timestamp(),
                "until": each.until.timestamp(),
            }
            for each in self.waiting.values()
        ]

    @classmethod
    def from_stored(cls, stored: object) -> DeferralQueue:
        """Restore the queue from the JSON of `to_stored`; drop unreadable commands, never guess."""
        queue = cls()
        for line in stored if isinstance(stored, list) else ():
            try:
                queue.put(_read(line))
            except KeyError, TypeError, ValueError, AttributeError:
                continue
        return queue


def _unprepared(deferred: DeferredCommand) -> DeferredCommand:
    """The deferred command without its preparation."""
    if deferred.command.preparation is None:
        return deferred
    return replace(deferred, command=replace(deferred.command, preparation=None))


def _read(line: Any) -> DeferredCommand:  # noqa: ANN401  # JSON
    kind, name = line["caller"]
    since, until = restore_time(line["since"]), restore_time(line["until"])
    if since is None or until is None:
        raise ValueError("no time")
    return DeferredCommand(
        command=_from_stored(line["command"]),
        caller=Caller(CallerKind(kind), _text(name)),
        since=since,
        until=until,
    )


_BY_NAME: Final[Mapping[str, Signal[Any]]] = {signal.name: signal for signal in VEHICLE_SIGNALS}


def _to_stored(command: Command) -> dict[str, Any]:
    return {
        "name": command.name,
        "payload": base64.b64encode(command.payload).decode(),
        "parameters": dict(command.parameters),
        "rest": command.rest,
        "scopes": sorted(command.scopes),
        "expects": {signal.name: value for signal, value in command.expects.items()},
        "already": sorted(command.already),
        "unproven": command.unproven,
        "supersedes": command.supersedes,
    }


def _from_stored(line: Mapping[str, Any]) -> Command:
    payload = base64.b64decode(_text(line["payload"]), validate=True)
    name = _text(line["name"])
    # The name becomes part of a URL.
    if not _NAME.fullmatch(name) or not is_vehicle_action(payload):
        raise ValueError("no command")
    return Command(
        name=name,
        domain=Domain.INFOTAINMENT,
        payload=payload,
        parameters={_text(key): _scalar(value) for key, value in line["parameters"].items()},
        rest=line["rest"] is True,
        scopes=_texts(line["scopes"]),
        expects={_BY_NAME[key]: _held(key, value) for key, value in line["expects"].items()},
        already=_texts(line["already"]),
        unproven=line.get("unproven") is True,
        supersedes=_text(line["supersedes"]),
    )


_NAME: Final = re.compile("[a-z0-9_]+")


def _text(stored: object) -> str:
    if not isinstance(stored, str):
        raise TypeError("no text")
    return stored


def _texts(stored: object) -> frozenset[str]:
    if not isinstance(stored, list):
        raise TypeError("no list")
    return frozenset(map(_text, stored))


def _scalar(stored: object) -> bool | float | str:
    """Read a parameter of a plain setting."""
    if not isinstance(stored, bool | int | float | str):
        raise TypeError("no parameter")
    return stored


def _held(name: str, stored: object) -> object:
    """Read the value that a command is expected to set a signal to."""
    if stored is None or not _BY_NAME[name].can_hold(stored):
        raise ValueError("not a value of this signal")
    return stored

"""Commands that wait until their car is awake by itself, so that nobody pays for waking it.

Only plain settings wait: a charge limit is as good at six in the evening as at four. What opens,
starts or toggles something acts now or not at all. Of several settings of one kind the newest one
waits. Pure: times are given.
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

MOST: Final = 50
"""Different settings that may wait for one car; there are fewer kinds than that."""


def may_wait(command: Command) -> bool:
    """Whether a command is a plain setting, which is as good later as now."""
    return (
        command.supersedes is not None
        and command.domain is Domain.INFOTAINMENT
        and command.repeatable
        and not command.requires
        and bool(command.expects)
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A setting that waits, for whom, and until when."""

    command: Command
    caller: Caller
    since: datetime
    until: datetime
    """Aware, UTC; afterwards nobody wants it any more."""


@dataclass
class Queue:
    """What waits for one car, by kind, the oldest first."""

    waiting: dict[str, Waiting] = field(default_factory=dict)

    def put(self, new: Waiting) -> Waiting | None:
        """Let a setting wait; the one of its kind that waited before is answered, and forgotten.

        What it needs first is left out: a seat that is to be heated hours later must not switch the
        climate on, with nobody in the car.

        Raises:
            ValueError: it is nothing that may wait, or too much waits already.
        """
        kind = new.command.supersedes
        if kind is None or not may_wait(new.command):
            raise ValueError(f"{new.command.name} does not wait")
        if kind not in self.waiting and len(self.waiting) >= MOST:
            raise ValueError("too much waits")
        if new.command.preparation is not None:
            new = replace(new, command=replace(new.command, preparation=None))
        # A newer wish queues at the end: it must not overtake what was wished before it.
        old = self.waiting.pop(kind, None)
        self.waiting[kind] = new
        return old

    def forget(self, kind: str) -> Waiting | None:
        """Take back what waits of a kind, because it was done, or is not wanted any more."""
        return self.waiting.pop(kind, None)

    def replace(self, new: Waiting, old: Waiting | None) -> None:
        """Undo that a setting waits, and let the one that it replaced wait again, if any."""
        kind = str(new.command.supersedes)
        if self.waiting.get(kind) is new:
            del self.waiting[kind]
            if old is not None:
                self.waiting[kind] = old

    def expire(self, now: datetime) -> list[Waiting]:
        """Drop what waited too long, and answer it.

        What began to wait in the future did so before our clock was set back, and has expired too:
        nobody knows how long it waited.
        """
        over = [each for each in self.waiting.values() if not each.since <= now < each.until]
        for each in over:
            self.waiting.pop(str(each.command.supersedes))
        return over

    def to_stored(self) -> list[dict[str, Any]]:
        """What waits, as JSON; no PIN ever waits."""
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
    def from_stored(cls, stored: object) -> Queue:
        """The queue from `to_stored`'s JSON; what cannot be read is left out, never guessed."""
        queue = cls()
        for line in stored if isinstance(stored, list) else ():
            try:
                queue.put(_read(line))
            except KeyError, TypeError, ValueError, AttributeError:
                continue
        return queue


def _read(line: Any) -> Waiting:  # noqa: ANN401  # JSON
    kind, name = line["caller"]
    since, until = restore_time(line["since"]), restore_time(line["until"])
    if since is None or until is None:
        raise ValueError("no time")
    return Waiting(
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
        "supersedes": command.supersedes,
    }


def _from_stored(line: Mapping[str, Any]) -> Command:
    payload = base64.b64decode(_text(line["payload"]), validate=True)
    name = _text(line["name"])
    # It becomes a part of an address.
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
    """A parameter of a plain setting."""
    if not isinstance(stored, bool | int | float | str):
        raise TypeError("no parameter")
    return stored


def _held(name: str, stored: object) -> object:
    """What a setting is expected to become."""
    if stored is None or not _BY_NAME[name].can_hold(stored):
        raise ValueError("not a value of this signal")
    return stored

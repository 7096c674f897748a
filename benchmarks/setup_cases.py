"""The cases of the setup benchmark, and comparisons of the displayed states."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.one_setup import Displayed, SetUp

NEVER_A_VALUE: Final = ("button ",)
"""Entities whose state is only the time of the last press."""
REPORTED_AT_START: Final = ("-state",)
"""Ends of unique ids of core's: at start it requests the state of each car, even while asleep."""
CLOCKS: Final = ("-data_age", "-last_seen")
"""Ends of unique ids of entities that show the age of others, and so must keep changing. They move
in steps, and a restart may complete one."""

type Snapshot = Mapping[str, Displayed]


@dataclass(frozen=True, slots=True)
class Case:
    """One combination of contestant, cars and latency."""

    contestant: str
    cars: int
    latency: int
    """Of each request, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Started:
    """The cost of a setup; medians of all repeats."""

    took: SetUp
    requests: int
    trips: int
    """The longest chain; the longest one of any repeat."""
    billed: int
    """Requests that Tesla charges for."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The values that survive a restart with every car asleep."""

    known: int
    """Displayed before, and not reported again since."""
    restored: int
    """Displayed again: with the same value, and the same time if the contestant keeps one."""
    made_up: int
    """Displayed, although never reported."""
    examples: tuple[str, ...]
    """Names of values that are missing or made up."""


@dataclass(frozen=True, slots=True)
class Import:
    """The cost of imports: the least processor time of all repeats, the least disturbed one."""

    milliseconds: float
    megabytes: float


def longest_chain(requests: Iterable[tuple[float, float]]) -> int:
    """Return the length of the longest chain of requests, given when each came and was answered."""
    count, last = 0, float("-inf")
    for came, answered in sorted(requests, key=lambda request: request[1]):
        if came >= last:
            count, last = count + 1, answered
    return count


def compare(before: Snapshot, after: Snapshot, restarted: float) -> Kept:
    """Compare the states before a restart at this time (Unix seconds) with those after it."""
    known = restored = made_up = 0
    examples = []
    for name, was in before.items():
        now = after.get(name)
        if name.startswith(NEVER_A_VALUE) or name.endswith(CLOCKS):
            continue
        if now is not None and _is_new(name, now, restarted):
            continue
        is_same = now is not None and (was.state, was.reported_at) == (now.state, now.reported_at)
        if was.is_known:
            known += 1
            restored += is_same
        if not is_same and now is not None and now.is_known:
            made_up += 1
        if not is_same and (was.is_known or (now is not None and now.is_known)):
            examples.append(f"{name}: {was.state} -> {'nothing' if now is None else now.state}")
    for name, now in after.items():
        if name not in before and now.is_known and not _is_new(name, now, restarted):
            made_up += 1
            examples.append(f"{name}: nothing -> {now.state}")
    return Kept(known, restored, made_up, tuple(examples))


def _is_new(name: str, state: Displayed, restarted: float) -> bool:
    """Whether a state was reported during the restart."""
    return name.endswith(REPORTED_AT_START) or any(
        at >= restarted for at in state.reported_at.values()
    )


# --- Processes -----------------------------------------------------------------------------------

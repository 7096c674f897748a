"""Deviations of an energy site's answers from the usual ones.

Real sites leave keys out, repeat old time stamps, answer nothing at all, and confirm settings in
several forms. Sources: pypowerwall's live test (2026-06-22) for today's form, Tesla's samples
(August 2024) for the older one, a transcript of Tesla's pages for `result` and `reason`.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from simulator.refusals import SteeringError

type Json = dict[str, Any]

WORDS: Mapping[str, str] = {
    "backup": "Backup reserve updated",
    "operation": "Operation mode updated",
    "storm_mode": "Storm mode updated",
}


def _old_code(name: str) -> int:
    return 204 if name == "grid_import_export" else 201


FORMS: Mapping[str, Callable[[str], Json]] = {
    "new": lambda name: {"Message": WORDS.get(name, "Updated"), "Code": 200},
    "old": lambda name: {"code": _old_code(name), "message": "Updated"},
    "text": lambda name: {"code": str(_old_code(name)), "message": "Updated"},
    "nested": lambda name: {"response": {"code": _old_code(name), "message": "Updated"}},
    "result": lambda _: {"result": True, "reason": ""},
}
"""The forms in which Tesla's cloud confirms a setting, by name."""


@dataclass
class SiteAnswers:
    """The deviations that are ordered.

    Sections are `live_status`, `site_info` and `products`, for `instead` also `energy_history`,
    `backup_history` and `charge_history`.
    """

    form: str = "new"
    """One of `FORMS`."""
    instead: dict[str, Any] = field(default_factory=dict)
    """By section or setter: the whole answer, whatever it is; a setter does not run then."""
    values: dict[str, Any] = field(default_factory=dict)
    """By `section.key` or `section.key.key`: the value that replaces the real one."""
    missing: list[str] = field(default_factory=list)
    """Keys to leave out, as `section.key` or `section.key.key`."""

    def read(self, section: str, answer: Json) -> Any:  # noqa: ANN401  # JSON
        """The answer of a section with the deviations."""
        if section in self.instead:
            return self.instead[section]
        answer = deepcopy(answer)
        for path, value in self.values.items():
            for parent, key in _places(section, answer, path):
                parent[key] = value
        for path in self.missing:
            for parent, key in _places(section, answer, path):
                parent.pop(key, None)
        return answer

    def confirm(self, name: str) -> Json:
        """The confirmation of a setting."""
        if name == "time_of_use_settings" and self.form == "old":
            return FORMS["nested"](name)
        return FORMS[self.form](name)

    def steer(self, changes: object) -> None:
        """Apply an order: an object with some of `form`, `instead`, `values` and `missing`.

        Each replaces the previous order. Raises SteeringError.
        """
        if not isinstance(changes, dict) or set(changes) - set(vars(self)):
            raise SteeringError(f"answers must be an object of {', '.join(vars(self))}")
        for name, value in changes.items():
            if not isinstance(value, type(getattr(self, name))):
                raise SteeringError(f"{name} cannot be {value!r}")
        if changes.get("form", "new") not in FORMS:
            raise SteeringError(f"form must be one of {', '.join(FORMS)}")
        for name, value in changes.items():
            setattr(self, name, deepcopy(value))


def _places(section: str, answer: Json, path: str) -> Iterator[tuple[Json, str]]:
    """The object and the key of a path, if the path starts with this section."""
    first, *parents, key = path.split(".")
    if first != section:
        return
    for parent in parents:
        answer = answer[parent]
    yield answer, key

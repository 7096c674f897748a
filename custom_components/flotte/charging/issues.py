"""Repair issues of charging at home: about the house's meter, and about where vehicles are."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant, callback

from ..account.issues import async_clear_issues, async_raise_issue, issue_subject
from ..tesla.charging.situation import ChargingMode
from ..tesla.clock import within
from .meter import HouseMeter

NO_METER_ISSUE: Final = "charging_no_meter"
NO_BATTERY_ISSUE: Final = "charging_no_battery"
METER_SILENT_ISSUE: Final = "charging_meter_silent"
METER_SIGN_ISSUE: Final = "charging_meter_sign"
NOT_STOPPED_ISSUE: Final = "charging_not_stopped"
PLACE_UNKNOWN_ISSUE: Final = "charging_place_unknown"
PLACE_DENIED_ISSUE: Final = "charging_place_denied"

_SUN_MODES: Final = frozenset(
    {ChargingMode.SUN_ONLY, ChargingMode.SUN_FIRST, ChargingMode.SUN_AND_LOWEST}
)
_HOUSE: Final = "house"
"""Subject of the issues about the meter."""
_AT_ONCE: Final = timedelta()
_START: Final = timedelta(minutes=5)
"""Time for a site to report its first power."""
_ARRIVAL: Final = timedelta(minutes=10)
"""Time for a vehicle to report its position after it was plugged in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """The state of the house's meter, as far as issues need it."""

    has_meter: bool
    lacks_battery: bool = False
    """Whether there is no meter only because the power of the home battery is unknown."""
    names: str = ""
    """The entities or the site that it comes from."""
    silent_part: str | None = None
    """The entity or the site that has reported nothing for too long."""
    is_sign_odd: bool = False
    """Whether the grid's power seems to have the wrong sign."""

    @classmethod
    def of(cls, meter: HouseMeter, now: datetime, *, is_sign_odd: bool = False) -> MeterFacts:
        """The facts of a meter now."""
        return cls(
            has_meter=meter.has_source,
            lacks_battery=meter.lacks_battery,
            names=meter.names,
            silent_part=meter.silent_part(now),
            is_sign_odd=is_sign_odd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFacts:
    """The knowledge of where a vehicle is, as far as issues need it."""

    vin: str
    name: str
    """For texts."""
    mode: ChargingMode
    is_plugged_in: bool
    """Whether it is connected to a charger that is not a fast one."""
    at_home: bool | None
    can_locate: bool
    """Whether the owner granted access to its location."""
    failed_stop: str = ""
    """Why it does not stop charging, in words; empty if it does."""


class _Finding(NamedTuple):
    key: str
    subject: str
    delay: timedelta
    placeholders: Mapping[str, str]


class ChargingIssues:
    """The repair issues of charging at home."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Raise nothing yet."""
        self._hass = hass
        self._since: dict[tuple[str, str], datetime] = {}
        """Since when each finding holds, by key and subject."""

    @callback
    def async_update(
        self, now: datetime, meter: MeterFacts, vehicles: Collection[PlaceFacts]
    ) -> None:
        """Raise what has lasted long enough, and clear what has passed.

        While no vehicle follows the sun, the meter does not matter; while its mode is off, neither
        does the place of a vehicle.
        """
        findings = {(each.key, each.subject): each for each in _findings(meter, vehicles)}
        for gone in self._since.keys() - findings.keys():
            self._clear(*gone)
        for finding in findings.values():
            since = self._since.setdefault((finding.key, finding.subject), now)
            if not within(since, finding.delay, now):
                async_raise_issue(self._hass, finding.key, finding.subject, finding.placeholders)

    @callback
    def async_clear(self) -> None:
        """Clear all issues, because no vehicle charges at home any more."""
        for known in tuple(self._since):
            self._clear(*known)

    def _clear(self, key: str, subject: str) -> None:
        del self._since[key, subject]
        async_clear_issues(self._hass, subject, key)


def _findings(meter: MeterFacts, vehicles: Collection[PlaceFacts]) -> Iterator[_Finding]:
    if any(each.mode in _SUN_MODES for each in vehicles):
        yield from _findings_of_meter(meter)
    for each in vehicles:
        if each.mode is not ChargingMode.OFF and each.is_plugged_in and each.at_home is None:
            key = PLACE_UNKNOWN_ISSUE if each.can_locate else PLACE_DENIED_ISSUE
            yield _Finding(key, issue_subject(each.vin), _ARRIVAL, {"name": each.name})
        if each.mode is not ChargingMode.OFF and each.failed_stop:
            words = {"name": each.name, "reason": each.failed_stop}
            yield _Finding(NOT_STOPPED_ISSUE, issue_subject(each.vin), _AT_ONCE, words)


def _findings_of_meter(meter: MeterFacts) -> Iterator[_Finding]:
    if not meter.has_meter:
        key = NO_BATTERY_ISSUE if meter.lacks_battery else NO_METER_ISSUE
        yield _Finding(key, _HOUSE, _START, {})
        return
    if meter.silent_part is not None:
        yield _Finding(METER_SILENT_ISSUE, _HOUSE, _AT_ONCE, {"meter": meter.silent_part})
    if meter.is_sign_odd:
        yield _Finding(METER_SIGN_ISSUE, _HOUSE, _AT_ONCE, {"meter": meter.names})

"""Signals of the software and its updates."""

from datetime import UTC, datetime
from typing import Any, Final

from ..state import Derived, Signal, State
from ..units import Measure, Unit
from .bounds import INSTANT, MINUTE_OF_DAY, PERCENT
from .measures import whole_minutes, whole_percent
from .parsers import boolean, first_word, instant, number, one_of, text

UPDATE_STATES: Final = (
    "available",
    "scheduled",
    "downloading",
    "downloading_wifi_wait",
    "installing",
)

# Before firmware 2024.44.32 the stream may report the version on offer, which its decoder drops.
SOFTWARE_VERSION = Signal("Version", first_word, path="vehicle_state.car_version")
UPDATE_STATUS = Signal(
    "SoftwareUpdateStatus",
    lambda value: one_of(*UPDATE_STATES)(value) if text(value) else None,
    path="vehicle_state.software_update.status",
    streamed=False,
)
UPDATE_VERSION = Signal(
    "SoftwareUpdateVersion",
    first_word,
    path="vehicle_state.software_update.version",
    firmware="2024.44.25",
)
UPDATE_DOWNLOADED = Signal(
    "SoftwareUpdateDownloadPercentComplete",
    whole_percent,
    PERCENT,
    path="vehicle_state.software_update.download_perc",
    firmware="2024.44.25",
)
UPDATE_INSTALLED = Signal(
    "SoftwareUpdateInstallationPercentComplete",
    whole_percent,
    PERCENT,
    path="vehicle_state.software_update.install_perc",
    firmware="2024.44.25",
)
UPDATE_MINUTES = Signal(
    "SoftwareUpdateExpectedDurationMinutes",
    whole_minutes,
    MINUTE_OF_DAY,
    path="vehicle_state.software_update.expected_duration_sec",
    polled=Measure(Unit.MINUTE, lambda value: round(number(value) / 60)),
    firmware="2024.44.25",
)
UPDATE_START = Signal(
    "SoftwareUpdateScheduledStartTime",
    instant,
    INSTANT,
    path="vehicle_state.software_update.scheduled_time_ms",
    polled=lambda value: instant(number(value) / 1000),
    firmware="2024.44.25",
)
UPDATE_AVAILABLE = Signal("SoftwareUpdateAvailable", boolean, firmware=None)
UPDATE_IN_PROGRESS = Signal("SoftwareUpdateInProgress", boolean, firmware=None)


def _update_stage(state: State) -> str | None:
    """The stage of the update on offer; None if there is none.

    The stream has no such word. A polled one stands until the stream reports something newer; from
    then on the stage follows from what the stream does report. A download goes from 0 to 100
    several times. After an installation only the version is reported: the offer stays as it was.
    """
    offer, version = state.reading(UPDATE_VERSION), state.reading(SOFTWARE_VERSION)
    offered = None if offer is None else offer.value
    is_installed = version is not None and version.value == offered
    times = [each.time for row in _UPDATE_SIGNALS if (each := state.reading(row)) is not None]
    newest = max(times, default=_LONG_AGO)
    status = state.reading(UPDATE_STATUS)
    if status is not None and newest <= status.time:
        is_over = is_installed and version is not None and version.time > status.time
        return None if is_over else status.value
    if offer is None or offered is None or is_installed:
        return None
    installed = state.reading(UPDATE_INSTALLED)
    # Readings from before this offer are of an earlier update.
    if (
        installed is not None
        and installed.time >= offer.time
        and _PREPARED < (installed.value or 0) < _ALL
    ):
        return "installing"
    downloaded = state[UPDATE_DOWNLOADED] or 0
    if 0 < downloaded < _ALL:
        return "downloading"
    if (state[UPDATE_START] or 0) > newest.timestamp():
        return "scheduled"
    return "available" if downloaded >= _ALL else "downloading_wifi_wait"


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_PREPARED: Final = 10
"""% of an installation that cars count while they download and unpack. Source: captured data."""
_ALL: Final = 100
_UPDATE_SIGNALS: Final[tuple[Signal[Any], ...]] = (
    UPDATE_VERSION,
    UPDATE_DOWNLOADED,
    UPDATE_INSTALLED,
    UPDATE_START,
)
UPDATE_STAGE = Derived(
    "UpdateStage", UPDATE_STATUS, SOFTWARE_VERSION, *_UPDATE_SIGNALS, compute=_update_stage
)

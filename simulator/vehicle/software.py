"""Software updates: offered, scheduled, loaded, installed."""

from dataclasses import dataclass

DOWNLOAD_SECONDS = 900.0
PREPARING_PERCENT = 3
"""The progress that real cars show of an installation while they still download."""
PREPARED_PERCENT = 10
"""The progress once the download is complete; the installation itself continues from there."""
INSTALL_SECONDS = 1500.0
"""Duration of an installation, which the car also announces (`expected_duration_sec`)."""
STATES = ("", "available", "scheduled", "downloading", "downloading_wifi_wait", "installing")
"""`software_update.status`."""


@dataclass
class Software:
    """The installed version, the available one, and its progress."""

    installed: str
    """For example `2026.32.6`."""
    build: str = "5a1cbd3e0f2b"
    offered: str | None = None
    status: str = ""
    scheduled_at: float | None = None
    stage_began_at: float | None = None

    @property
    def knows_schedules(self) -> bool:
        """Whether the car has location-based schedules (release notes of the commands, 2024-08)."""
        year, week = (int(part) for part in self.installed.split(".")[:2])
        return (year, week) >= (2024, 26)

    @property
    def car_version(self) -> str:
        """`vehicle_state.car_version`: version, blank, build."""
        return f"{self.installed} {self.build}"

    def offer(self, version: str, status: str, now: float) -> None:
        """Set the stage of an update."""
        self.offered = version
        self.status = status
        self.scheduled_at = now + 120 if status == "scheduled" else None
        self.stage_began_at = now

    def schedule(self, seconds: float, now: float) -> None:
        """Start the installation in so many seconds."""
        self.status = "scheduled"
        self.scheduled_at = now + seconds

    def cancel(self) -> None:
        """Cancel a scheduled installation; a running one continues."""
        if self.status == "scheduled":
            self.status = "available"
            self.scheduled_at = None

    @property
    def next_change_at(self) -> float | None:
        """The time at which the stage ends on its own."""
        if self.status == "scheduled":
            return self.scheduled_at
        if self.stage_began_at is None:
            return None
        if self.status == "downloading":
            return self.stage_began_at + DOWNLOAD_SECONDS
        if self.status == "installing":
            return self.stage_began_at + INSTALL_SECONDS
        return None

    def change(self, now: float) -> None:
        """Enter the next stage."""
        self.stage_began_at = now
        if self.status == "downloading":
            self.status = "available"
        elif self.status == "scheduled":
            self.status = "installing"
            self.scheduled_at = None
        elif self.status == "installing" and self.offered:
            self.installed = self.offered
            self.offered = None
            self.status = ""

    @property
    def is_busy(self) -> bool:
        """Whether it keeps the car awake."""
        return self.status in ("downloading", "installing")

    def download_percent(self, now: float) -> int:
        """0 to 100; 100 once it is complete."""
        if self.status == "downloading" and self.stage_began_at is not None:
            return min(99, int((now - self.stage_began_at) / DOWNLOAD_SECONDS * 100))
        return 100 if self.status in ("available", "scheduled", "installing") else 0

    def install_percent(self, now: float) -> int:
        """Up to 100; the preparation of the installation counts up to 10."""
        match self.status:
            case "installing" if self.stage_began_at is not None:
                share = (now - self.stage_began_at) / INSTALL_SECONDS
                return min(99, PREPARED_PERCENT + int(share * (100 - PREPARED_PERCENT)))
            case "downloading":
                return PREPARING_PERCENT
            case "available" | "scheduled" | "installing":
                return PREPARED_PERCENT
        return 1

"""The media player of the car."""

from dataclasses import dataclass

MAX_VOLUME = 10.333333
"""`audio_volume_max`."""
STEP = 0.333333
"""`audio_volume_increment`."""
TRACKS = (
    ("Linden Lane", "The Tidemarks", "Low Water", 214),
    ("Paper Lanterns", "Marta Oost", "Quiet Hours", 187),
    ("Night Ferry", "The Tidemarks", "Low Water", 251),
)
FAVOURITES = ("NPO Radio 1", "NPO Klassiek", "Sublime")


@dataclass
class Media:
    """The player. Volume from 0 to MAX_VOLUME."""

    status: str = "Stopped"
    volume: float = 3.0
    track: int = 0
    favourite: int = 0
    started_at: float = 0.0

    @property
    def title(self) -> tuple[str, str, str, int]:
        """Title, artist, album and length in seconds of the current track."""
        return TRACKS[self.track % len(TRACKS)]

    @property
    def station(self) -> str:
        """The current favourite."""
        return FAVOURITES[self.favourite % len(FAVOURITES)]

    def elapsed(self, now: float) -> int:
        """Seconds into the track."""
        if self.status != "Playing":
            return 0
        return int(now - self.started_at) % self.title[3]

    def toggle(self, now: float) -> None:
        """Play or pause."""
        self.status = "Paused" if self.status == "Playing" else "Playing"
        self.started_at = now

    def skip(self, tracks: int, now: float) -> None:
        """Skip so many tracks forward (or back)."""
        self.track = (self.track + tracks) % len(TRACKS)
        self.started_at = now

    def tune(self, favourites: int) -> None:
        """Skip so many favourites forward (or back)."""
        self.favourite = (self.favourite + favourites) % len(FAVOURITES)

    def set_volume(self, volume: float) -> None:
        """Set the volume within the car's limits, rounded to its step."""
        self.volume = min(max(round(round(volume / STEP) * STEP, 4), 0.0), MAX_VOLUME)

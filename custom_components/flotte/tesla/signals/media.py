"""Signals of the media player."""

from typing import Final

from ..state import Signal
from .bounds import PLAYING_TIME, VOLUME
from .measures import whole_milliseconds
from .parsers import number, one_of, text, truth

MEDIA_STATES: Final = ("stopped", "playing", "paused")

MEDIA_STATUS = Signal(
    "MediaPlaybackStatus",
    one_of(*MEDIA_STATES),
    path="vehicle_state.media_info.media_playback_status",
    firmware="2025.2.6",
)
MEDIA_PLAYING = Signal(
    "MediaPlaybackStatus.Playing",
    truth("playing", no=("stopped", "paused")),
    path="vehicle_state.media_info.media_playback_status",
    firmware="2025.2.6",
)
"""Whether media is playing, which has to be known before the command that toggles it."""
MEDIA_SOURCE = Signal(
    "MediaPlaybackSource",
    text,
    path="vehicle_state.media_info.now_playing_source",
    firmware="2025.2.6",
)
MEDIA_VOLUME = Signal(
    "MediaAudioVolume",
    number,
    VOLUME,
    path="vehicle_state.media_info.audio_volume",
    firmware="2025.2.6",
    step=1 / 3,
    poll_step=0.0001,
)
MEDIA_VOLUME_STEP = Signal(
    "MediaAudioVolumeIncrement",
    number,
    VOLUME,
    path="vehicle_state.media_info.audio_volume_increment",
    firmware="2025.2.6",
)
MEDIA_VOLUME_MAXIMUM = Signal(
    "MediaAudioVolumeMax",
    number,
    VOLUME,
    path="vehicle_state.media_info.audio_volume_max",
    firmware="2025.2.6",
)
MEDIA_DURATION = Signal(
    "MediaNowPlayingDuration",
    whole_milliseconds,
    PLAYING_TIME,
    path="vehicle_state.media_info.now_playing_duration",
    firmware="2025.2.6",
)
MEDIA_ELAPSED = Signal(
    "MediaNowPlayingElapsed",
    whole_milliseconds,
    PLAYING_TIME,
    path="vehicle_state.media_info.now_playing_elapsed",
    firmware="2025.2.6",
)
MEDIA_TITLE = Signal(
    "MediaNowPlayingTitle",
    text,
    path="vehicle_state.media_info.now_playing_title",
    firmware="2025.2.6",
)
MEDIA_ARTIST = Signal(
    "MediaNowPlayingArtist",
    text,
    path="vehicle_state.media_info.now_playing_artist",
    firmware="2025.2.6",
)
MEDIA_ALBUM = Signal(
    "MediaNowPlayingAlbum",
    text,
    path="vehicle_state.media_info.now_playing_album",
    firmware="2025.2.6",
)
MEDIA_STATION = Signal(
    "MediaNowPlayingStation",
    text,
    path="vehicle_state.media_info.now_playing_station",
    firmware="2025.2.6",
)

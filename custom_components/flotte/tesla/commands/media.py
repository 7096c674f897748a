"""Media; works only with someone in the vehicle, and with mobile media control allowed."""

from dataclasses import replace
from typing import Final

from tesla_protocol.command import car_server_pb2

from .. import signals
from .command import Command, InfotainmentAction, between, infotainment

LOUDEST: Final = 11
"""The documented maximum; the vehicle reports its own."""


def set_volume(volume: float) -> Command:
    """Play at `volume`, 0 to 11; the vehicle knows its own maximum and rounds to its own step."""
    between("volume", volume, 0, LOUDEST)
    action = car_server_pb2.MediaUpdateVolume(volume_absolute_float=volume)
    return Command(
        name="adjust_volume",
        **infotainment(InfotainmentAction(mediaUpdateVolume=action)),
        parameters={"volume": volume},
        expects={signals.MEDIA_VOLUME: volume},
        supersedes="volume",
    )


def step_volume(*, up: bool) -> Command:
    """Change the volume by one step; the step up has no REST form."""
    action = car_server_pb2.MediaUpdateVolume(volume_delta=1 if up else -1)
    return Command(
        name="media_volume_up" if up else "media_volume_down",
        **infotainment(InfotainmentAction(mediaUpdateVolume=action)),
        rest=not up,
        repeatable=False,
    )


def toggle_playback() -> Command:
    """Toggle between playing and paused."""
    action = InfotainmentAction(mediaPlayAction=car_server_pb2.MediaPlayAction())
    return Command(name="media_toggle_playback", **infotainment(action), repeatable=False)


def set_playback(*, playing: bool) -> Command:
    """Play or pause.

    Tesla's command toggles, so it is sent only if the vehicle is known to do the opposite.
    """
    return replace(
        toggle_playback(),
        expects={
            signals.MEDIA_PLAYING: playing,
            signals.MEDIA_STATUS: "playing" if playing else "paused",
        },
        requires={signals.MEDIA_PLAYING: not playing},
    )


def next_track() -> Command:
    """Skip forward."""
    action = InfotainmentAction(mediaNextTrack=car_server_pb2.MediaNextTrack())
    return Command(name="media_next_track", **infotainment(action), repeatable=False)


def previous_track() -> Command:
    """Skip back."""
    action = InfotainmentAction(mediaPreviousTrack=car_server_pb2.MediaPreviousTrack())
    return Command(name="media_prev_track", **infotainment(action), repeatable=False)


def next_favourite() -> Command:
    """Play the next favourite."""
    action = InfotainmentAction(mediaNextFavorite=car_server_pb2.MediaNextFavorite())
    return Command(name="media_next_fav", **infotainment(action), repeatable=False)


def previous_favourite() -> Command:
    """Play the previous favourite."""
    action = InfotainmentAction(mediaPreviousFavorite=car_server_pb2.MediaPreviousFavorite())
    return Command(name="media_prev_fav", **infotainment(action), repeatable=False)

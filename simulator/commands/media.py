"""Commands for the media player."""

from collections.abc import Callable

from simulator.commands.command import Parameters, command, number
from simulator.refusals import Refused
from simulator.vehicle.life import Life
from simulator.vehicle.media import STEP


def _require_listener(life: Life) -> None:
    if not life.is_user_present:
        raise Refused("user_not_present")  # own word for a documented rule


def _toggle_playback(life: Life, _: Parameters) -> None:
    _require_listener(life)
    life.media.toggle(life.time)


def _skip(tracks: int) -> Callable[[Life, Parameters], None]:
    def run(life: Life, _: Parameters) -> None:
        _require_listener(life)
        life.media.skip(tracks, life.time)

    return run


def _tune(favourites: int) -> Callable[[Life, Parameters], None]:
    def run(life: Life, _: Parameters) -> None:
        _require_listener(life)
        life.media.tune(favourites)

    return run


def _louder(steps: int) -> Callable[[Life, Parameters], None]:
    def run(life: Life, _: Parameters) -> None:
        _require_listener(life)
        life.media.set_volume(life.media.volume + steps * STEP)

    return run


def _adjust_volume(life: Life, parameters: Parameters) -> None:
    _require_listener(life)
    life.media.set_volume(parameters["volume"])


COMMANDS = (
    command("media_toggle_playback", _toggle_playback),
    command("media_next_track", _skip(1)),
    command("media_prev_track", _skip(-1)),
    command("media_next_fav", _tune(1)),
    command("media_prev_fav", _tune(-1)),
    command("media_volume_up", _louder(1)),
    command("media_volume_down", _louder(-1)),
    command("adjust_volume", _adjust_volume, number("volume")),
)
"""The table of these commands."""

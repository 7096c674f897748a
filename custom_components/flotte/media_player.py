"""What plays in a vehicle; one row, one class."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.media_player import (
    MediaPlayerDeviceClass,
    MediaPlayerEntity,
    MediaPlayerEntityDescription,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    MediaType,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .const import DOMAIN
from .entity import FlotteEntityDescription, VehicleEntity
from .tesla import commands, signals
from .tesla.commands import Command
from .tesla.state import Reading

# Each vehicle has its own turns; another one must not wait for its wake.
PARALLEL_UPDATES = 0

LOUDEST: Final = 31 / 3
"""What most cars have; the car tells its own."""
STEP: Final = 1 / 3
"""The same."""
ENDLESS_MS: Final = 18_000_000
"""What a car calls the length of a radio programme. Source: Tesla's list of fields (2026-08)."""
MILLISECONDS: Final = 1000
"""In a second."""

STATES: Final = {
    "playing": MediaPlayerState.PLAYING,
    "paused": MediaPlayerState.PAUSED,
    "stopped": MediaPlayerState.IDLE,
}


@dataclass(frozen=True, kw_only=True)
class FlotteMediaPlayerDescription(FlotteEntityDescription, MediaPlayerEntityDescription):
    """The row of the media player."""


MEDIA: Final = FlotteMediaPlayerDescription(
    key="media",
    device_class=MediaPlayerDeviceClass.SPEAKER,
    # Each song is half a dozen signals: what is enabled is streamed, and that costs.
    entity_registry_enabled_default=False,
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the media player of each vehicle."""
    async_add_entities(
        VehicleMedia(
            coordinator,
            MEDIA,
            (
                signals.ONLINE,
                signals.MEDIA_STATUS,
                signals.MEDIA_PLAYING,
                signals.MEDIA_VOLUME,
                signals.MEDIA_VOLUME_MAXIMUM,
                signals.MEDIA_VOLUME_STEP,
                signals.MEDIA_TITLE,
                signals.MEDIA_ARTIST,
                signals.MEDIA_ALBUM,
                signals.MEDIA_STATION,
                signals.MEDIA_SOURCE,
                signals.MEDIA_DURATION,
                # Not how far it is: that would be streamed, and paid for, all the time.
            ),
        )
        for coordinator in entry.runtime_data.vehicles
    )


class VehicleMedia(VehicleEntity, MediaPlayerEntity):
    """Plays, pauses and skips for those who sit in the vehicle."""

    entity_description: FlotteMediaPlayerDescription
    _attr_media_content_type = MediaType.MUSIC
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY
        | MediaPlayerEntityFeature.PAUSE
        | MediaPlayerEntityFeature.NEXT_TRACK
        | MediaPlayerEntityFeature.PREVIOUS_TRACK
        | MediaPlayerEntityFeature.VOLUME_SET
        | MediaPlayerEntityFeature.VOLUME_STEP
    )

    # --- What it shows ---------------------------------------------------------------------------

    @property
    @override
    def state(self) -> MediaPlayerState | None:
        if self._is_asleep:
            return MediaPlayerState.OFF
        return STATES.get(self.state_of_things[signals.MEDIA_STATUS] or "")

    @property
    def _is_asleep(self) -> bool:
        return self.state_of_things[signals.ONLINE] is False

    @property
    @override
    def volume_level(self) -> float | None:
        volume = self.state_of_things[signals.MEDIA_VOLUME]
        # The car counts in thirds; more digits are noise.
        return None if volume is None else round(min(volume / self._loudest, 1.0), 3)

    @property
    @override
    def volume_step(self) -> float:
        return self._step / self._loudest

    @property
    def _loudest(self) -> float:
        return self.state_of_things[signals.MEDIA_VOLUME_MAXIMUM] or LOUDEST

    @property
    def _step(self) -> float:
        return self.state_of_things[signals.MEDIA_VOLUME_STEP] or STEP

    @property
    @override
    def media_title(self) -> str | None:
        return self.state_of_things[signals.MEDIA_TITLE]

    @property
    @override
    def media_artist(self) -> str | None:
        return self.state_of_things[signals.MEDIA_ARTIST]

    @property
    @override
    def media_album_name(self) -> str | None:
        return self.state_of_things[signals.MEDIA_ALBUM]

    @property
    @override
    def media_channel(self) -> str | None:
        return self.state_of_things[signals.MEDIA_STATION]

    @property
    @override
    def source(self) -> str | None:
        # A polled answer has a number here, whose meaning Tesla does not say.
        source = self.state_of_things[signals.MEDIA_SOURCE]
        return None if source is None or source.isdigit() else source

    @property
    @override
    def media_duration(self) -> int | None:
        duration = self.state_of_things[signals.MEDIA_DURATION]
        return duration // MILLISECONDS if duration and duration < ENDLESS_MS else None

    @property
    def _elapsed(self) -> Reading[int] | None:
        """How far it is, if that was read since this piece began or was paused."""
        state = self.state_of_things
        elapsed = state.reading(signals.MEDIA_ELAPSED)
        if self.media_duration is None or elapsed is None or elapsed.value is None:
            return None
        others = (state.reading(signals.MEDIA_TITLE), state.reading(signals.MEDIA_STATUS))
        is_of_this = all(each is None or each.time <= elapsed.time for each in others)
        return elapsed if is_of_this else None

    @property
    @override
    def media_position(self) -> int | None:
        elapsed = self._elapsed
        return None if elapsed is None else (elapsed.value or 0) // MILLISECONDS

    @property
    @override
    def media_position_updated_at(self) -> datetime | None:
        elapsed = self._elapsed
        return None if elapsed is None else elapsed.time

    # --- What it does ----------------------------------------------------------------------------

    async def _async_tell(self, command: Command) -> None:
        """Have it carried out, but wake nobody: a car that sleeps has no listeners.

        Raises:
            HomeAssistantError: the car sleeps, or any other of `async_send`.
        """
        if self._is_asleep:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="nobody_listens",
                translation_placeholders={"name": self.coordinator.device_name},
            )
        await self.async_send(command)

    @override
    async def async_media_play(self) -> None:
        await self._async_tell(commands.set_playback(playing=True))

    @override
    async def async_media_pause(self) -> None:
        await self._async_tell(commands.set_playback(playing=False))

    @override
    async def async_media_next_track(self) -> None:
        await self._async_tell(commands.next_track())

    @override
    async def async_media_previous_track(self) -> None:
        await self._async_tell(commands.previous_track())

    @override
    async def async_set_volume_level(self, volume: float) -> None:
        # To the car's own step, which it would round to anyway.
        steps = round(volume * self._loudest / self._step)
        await self._async_tell(commands.set_volume(min(steps * self._step, self._loudest)))

    @override
    async def async_volume_up(self) -> None:
        # By the car's own step: what is known of the volume may be minutes old, and louder must
        # never be quieter.
        if self.coordinator.vehicle.needs_key:
            await self._async_tell(commands.step_volume(up=True))
        else:
            # There is no plain form of it.
            await super().async_volume_up()

    @override
    async def async_volume_down(self) -> None:
        await self._async_tell(commands.step_volume(up=False))

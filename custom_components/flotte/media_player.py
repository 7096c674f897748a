"""Media player of a vehicle; one row, one class."""

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
from .entity import FlotteEntityDescription, VehicleEntity, async_add_rows
from .tesla import commands, signals
from .tesla.commands import Command
from .tesla.state import Reading

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0

MAX_VOLUME: Final = 31 / 3
"""Highest volume of most vehicles, until the vehicle reports its own."""
STEP: Final = 1 / 3
"""Volume step of most vehicles, until the vehicle reports its own."""
ENDLESS_MS: Final = 18_000_000
"""Duration that a vehicle reports for a radio programme. Source: Tesla's list of fields
(2026-08)."""
MILLISECONDS: Final = 1000
"""Milliseconds in a second."""

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
    # Each song is half a dozen signals, and enabled entities are streamed, which costs money.
    entity_registry_enabled_default=False,
    enabled_while_polled=True,
)

SHOWN: Final = (
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
    # Not MEDIA_ELAPSED: it would be streamed all the time, at a cost.
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the media player of each vehicle."""
    async_add_rows(
        entry.runtime_data.vehicles,
        (MEDIA,),
        lambda coordinator, row: VehicleMedia(coordinator, row, SHOWN),
        async_add_entities,
    )


class VehicleMedia(VehicleEntity, MediaPlayerEntity):
    """Controls the music in the vehicle."""

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

    # --- State -----------------------------------------------------------------------------------

    @property
    @override
    def state(self) -> MediaPlayerState | None:
        if self._is_asleep:
            return MediaPlayerState.OFF
        return STATES.get(self.readings[signals.MEDIA_STATUS] or "")

    @property
    def _is_asleep(self) -> bool:
        return self.readings[signals.ONLINE] is False

    @property
    @override
    def volume_level(self) -> float | None:
        volume = self.readings[signals.MEDIA_VOLUME]
        # The vehicle counts in thirds; further digits are noise.
        return None if volume is None else round(min(volume / self._max_volume, 1.0), 3)

    @property
    @override
    def volume_step(self) -> float:
        return self._step / self._max_volume

    @property
    def _max_volume(self) -> float:
        return self.readings[signals.MEDIA_VOLUME_MAXIMUM] or MAX_VOLUME

    @property
    def _step(self) -> float:
        return self.readings[signals.MEDIA_VOLUME_STEP] or STEP

    @property
    @override
    def media_title(self) -> str | None:
        return self.readings[signals.MEDIA_TITLE]

    @property
    @override
    def media_artist(self) -> str | None:
        return self.readings[signals.MEDIA_ARTIST]

    @property
    @override
    def media_album_name(self) -> str | None:
        return self.readings[signals.MEDIA_ALBUM]

    @property
    @override
    def media_channel(self) -> str | None:
        return self.readings[signals.MEDIA_STATION]

    @property
    @override
    def source(self) -> str | None:
        # A polled answer has a number here, which Tesla does not document.
        source = self.readings[signals.MEDIA_SOURCE]
        return None if source is None or source.isdigit() else source

    @property
    @override
    def media_duration(self) -> int | None:
        duration = self.readings[signals.MEDIA_DURATION]
        return duration // MILLISECONDS if duration and duration < ENDLESS_MS else None

    @property
    def _elapsed(self) -> Reading[int] | None:
        """Elapsed time, if it was read since this title began or was paused."""
        state = self.readings
        elapsed = state.reading(signals.MEDIA_ELAPSED)
        if self.media_duration is None or elapsed is None or elapsed.value is None:
            return None
        others = (state.reading(signals.MEDIA_TITLE), state.reading(signals.MEDIA_STATUS))
        is_current = all(each is None or each.time <= elapsed.time for each in others)
        return elapsed if is_current else None

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

    # --- Commands --------------------------------------------------------------------------------

    async def _async_send_awake(self, command: Command) -> None:
        """Send a command without waking the vehicle, which would play to an empty cabin.

        Raises:
            HomeAssistantError: the vehicle is asleep, or the command failed.
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
        await self._async_send_awake(commands.set_playback(playing=True))

    @override
    async def async_media_pause(self) -> None:
        await self._async_send_awake(commands.set_playback(playing=False))

    @override
    async def async_media_next_track(self) -> None:
        await self._async_send_awake(commands.next_track())

    @override
    async def async_media_previous_track(self) -> None:
        await self._async_send_awake(commands.previous_track())

    @override
    async def async_set_volume_level(self, volume: float) -> None:
        # In the vehicle's own steps, because it would round to them anyway.
        steps = round(volume * self._max_volume / self._step)
        await self._async_send_awake(commands.set_volume(min(steps * self._step, self._max_volume)))

    @override
    async def async_volume_up(self) -> None:
        # The vehicle itself takes the step: the last known volume may be minutes old, and this must
        # never make it quieter.
        if self.coordinator.vehicle.channel.needs_key:
            await self._async_send_awake(commands.step_volume(up=True))
        else:
            # The command exists in signed form only.
            await super().async_volume_up()

    @override
    async def async_volume_down(self) -> None:
        await self._async_send_awake(commands.step_volume(up=False))

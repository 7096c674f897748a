"""The source of an account's streams: our own receiver, or the owner's broker."""

from collections.abc import Callable, Mapping

from homeassistant.core import CALLBACK_TYPE, HomeAssistant

from ..const import STREAM_DIRECT, STREAM_MQTT
from ..tesla.spending.meter import Meter
from ..tesla.vehicle.stream import Stream
from .broker import Broker
from .options import Settings
from .receiver import Address, Member, async_get_receiver


class StreamSource:
    """Applies what vehicles send to their streams, while it is started.

    Args:
        hass: Home Assistant.
        entry_id: The account's entry.
        streams: The streams by VIN.
        meter: Identifies the bill, which accounts may share.
        on_ready: Called whenever the source starts to receive.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        streams: Mapping[str, Stream],
        meter: Meter,
        on_ready: Callable[[], None],
    ) -> None:
        self._hass = hass
        self._entry_id = entry_id
        self._streams = streams
        self._meter = meter
        self._on_ready = on_ready
        self._broker = Broker(hass, entry_id)
        self._unsubscribe: CALLBACK_TYPE | None = None
        self._settings: Settings | None = None
        """The settings that the source was started with; None while it is stopped."""

    @property
    def has_broker(self) -> bool:
        """Whether a broker delivers the streams now."""
        return self._unsubscribe is not None

    async def async_start(self, settings: Settings) -> None:
        """Start receiving. Problems are reported and leave the vehicles without a stream."""
        self._settings = settings
        if settings.source == STREAM_MQTT:
            await self._async_subscribe(settings)
            return
        self._broker.async_clear()
        if settings.source == STREAM_DIRECT:
            await self._async_join(settings)

    async def _async_join(self, settings: Settings) -> None:
        address = Address(
            settings.hostname,
            settings.port,
            settings.listen_port,
            settings.certificate_file,
            settings.key_file,
        )
        receiver = await async_get_receiver(self._hass, settings.listen_port)
        await receiver.async_join(
            self._entry_id, Member(address, self._streams, self._on_ready, self._meter)
        )
        if self._settings is not settings:
            # The source was stopped meanwhile.
            await receiver.async_leave(self._entry_id)

    async def _async_subscribe(self, settings: Settings) -> None:
        """Subscribe to the broker; the owner's own server decides what the vehicles send."""
        unsubscribe = await self._broker.async_subscribe(settings.topic_base, self._streams)
        if unsubscribe is None:
            return
        if self._settings is not settings:
            unsubscribe()
            return
        self._unsubscribe = unsubscribe
        self._on_ready()

    async def async_stop(self) -> None:
        """Stop receiving, without changing the configurations of the vehicles."""
        settings, self._settings = self._settings, None
        # The next start reports it again if a broker is still the chosen source.
        self._broker.async_clear()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if settings is not None and settings.source == STREAM_DIRECT:
            receiver = await async_get_receiver(self._hass, settings.listen_port)
            await receiver.async_leave(self._entry_id)
        for stream in self._streams.values():
            stream.close_all()

"""Streams of owners who run Tesla's own telemetry server, from their broker.

The broker is that of Home Assistant's `mqtt` integration. Messages that it retained are ignored:
they have no time, so their age is unknown.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla.signals import RIGHT_HAND_DRIVE
from ..tesla.telemetry.mqtt import Content, TopicKind, read_message, read_topic
from ..tesla.telemetry.records import Connectivity, MalformedRecord, Record, ReportedError
from ..tesla.vehicle.stream import Stream

QOS: Final = 1
UNREPORTED: Final = "untold"
"""Connection id for a vehicle that sends values, but whose connection was not reported."""


async def async_subscribe(
    hass: HomeAssistant, base: str, streams: Mapping[str, Stream]
) -> CALLBACK_TYPE:
    """Apply the broker's messages to these streams, by VIN; call the returned function to stop.

    Raises:
        HomeAssistantError: there is no broker.
    """

    @callback
    def on_message(message: mqtt.ReceiveMessage) -> None:
        topic = read_topic(base, message.topic)
        stream = None if topic is None else streams.get(topic.vin)
        if message.retain or topic is None or stream is None:
            return
        # The history of an alert includes the current one.
        if topic.kind is TopicKind.ALERTS and not topic.is_history:
            return
        try:
            content = read_message(
                topic,
                message.payload if isinstance(message.payload, str) else bytes(message.payload),
                dt_util.utcnow(),
                zone=dt_util.get_default_time_zone(),
                right_hand_drive=stream.vehicle.state[RIGHT_HAND_DRIVE] is True,
                unsound_firmware=stream.has_unsound_firmware,
            )
        except MalformedRecord as error:
            LOGGER.debug("A message of kind %s cannot be read: %s", topic.kind, error)
            return
        _apply(content, stream)

    for stream in streams.values():
        # A broker can go away or lose messages without notice.
        stream.continuity.is_gapless = False
    stops: list[CALLBACK_TYPE] = []

    @callback
    def stop() -> None:
        for each in stops:
            each()

    try:
        for vin in streams:
            topic = f"{base}/{vin}/#"
            stops.append(await mqtt.async_subscribe(hass, topic, on_message, QOS, encoding=None))
    except BaseException:
        # Otherwise, the subscriptions made so far would last forever.
        stop()
        raise
    return stop


def _apply(content: Content | None, stream: Stream) -> None:
    if isinstance(content, Record):
        if not stream.is_connected:
            stream.opened(UNREPORTED, "")
        stream.apply_record(content)
        return
    match content:
        case Connectivity(is_connected=True):
            stream.opened(content.connection, content.network)
            stream.closed(UNREPORTED)
        case Connectivity(is_connected=False):
            stream.closed(content.connection)
            stream.closed(UNREPORTED)
        case ReportedError():
            stream.apply_errors((content,))
        case [*alerts]:
            stream.apply_alerts(tuple(alerts))

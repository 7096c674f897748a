"""The stream of those who run Tesla's own telemetry server, out of their broker.

The broker is that of Home Assistant's `mqtt` integration. Messages that it retained are left alone:
they bear no time, so nobody knows how old they are.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.components import mqtt
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla.signals import RIGHT_HAND_DRIVE
from ..tesla.telemetry.mqtt import Content, Kind, read_message, read_topic
from ..tesla.telemetry.records import CarError, Connectivity, MalformedRecord, Record
from ..tesla.vehicle.stream import Stream

QOS: Final = 1
UNTOLD: Final = "untold"
"""The connection of a car whose values come, but whose connection nobody told of."""


async def async_subscribe(
    hass: HomeAssistant, base: str, streams: Mapping[str, Stream]
) -> CALLBACK_TYPE:
    """Pass on what the broker has of these cars (by VIN); call the answer to stop.

    Raises:
        HomeAssistantError: there is no broker to ask.
    """

    @callback
    def heard(message: mqtt.ReceiveMessage) -> None:
        topic = read_topic(base, message.topic)
        stream = None if topic is None else streams.get(topic.vin)
        if message.retain or topic is None or stream is None:
            return
        # Of alerts the history says all that the current one says.
        if topic.kind is Kind.ALERTS and not topic.is_history:
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
        _pass_on(content, stream)

    for stream in streams.values():
        # It may be away, or lose what nobody acknowledged, and nobody would know.
        stream.continuity.is_gapless = False
    stops: list[CALLBACK_TYPE] = []

    @callback
    def stop() -> None:
        for each in stops:
            each()

    try:
        for vin in streams:
            topic = f"{base}/{vin}/#"
            stops.append(await mqtt.async_subscribe(hass, topic, heard, QOS, encoding=None))
    except BaseException:
        # Those that were made would be heard for ever.
        stop()
        raise
    return stop


def _pass_on(content: Content | None, stream: Stream) -> None:
    if isinstance(content, Record):
        if not stream.is_connected:
            stream.opened(UNTOLD, "")
        stream.apply_record(content)
        return
    match content:
        case Connectivity(is_connected=True):
            stream.opened(content.connection, content.network)
            stream.closed(UNTOLD)
        case Connectivity(is_connected=False):
            stream.closed(content.connection)
            stream.closed(UNTOLD)
        case CarError():
            stream.apply_errors((content,))
        case [*alerts]:
            stream.apply_alerts(tuple(alerts))

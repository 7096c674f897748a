"""The FlatBuffers table around every message of the stream, read and written without a library.

Little-endian, without a file identifier or size prefix. A table starts with an i32, the distance
*back* to its vtable. A vtable consists of u16 values: its own size, the table's size, and for every
field its distance from the start of the table, 0 if the field is absent. A field that is a vector
or table is a u32, the distance from itself to the target. A vector is a u32 length and that many
bytes; a NUL after them is not counted.

    root (u32 at 0) -> envelope   slot  vtable  field
                                  0     4       txid          vector
                                  1     6       topic         vector, ASCII
                                  2     8       message_type  u8: 4 stream, 5 acknowledgement
                                  3     10      message       table
                                  4     12      message_id    vector
    message of type 4 -> stream   0     4       created_at    u32, Unix seconds
                                  1     6       sender_id     vector: device type, ".", device id
                                  2     8       payload       vector: protobuf
                                  3     10      device_type   vector
                                  4     12      device_id     vector: VIN
                                  5     14      delivered_at  u64, ms

Reading assumes no positions; it finds everything through the vtables. Writing uses a fixed layout,
byte for byte that of Tesla's server.

Source: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), and answers captured from it.
"""

from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812  # a class that Python spells small
from typing import Final, NamedTuple

STREAM_MESSAGE: Final = 4
"""Message type of a vehicle's messages, and of a server's error answers."""
ACKNOWLEDGEMENT: Final = 5

_UINT32: Final = Struct("<I")
_VTABLE: Final = Struct("<7H")
"""Size of the vtable, size of the table, and the first five slots."""
_WHOLE_VTABLE: Final = _VTABLE.size
"""Bytes of a vtable with five slots."""
_EMPTY_VTABLE: Final = 4
"""Bytes of a vtable without slots."""

# Bound once, because looking up a method costs as much as calling it.
_uint16_at: Final = Struct("<H").unpack_from
_uint32_at: Final = _UINT32.unpack_from
_int32_at: Final = Struct("<i").unpack_from
_vtable_at: Final = _VTABLE.unpack_from


class MalformedEnvelope(ValueError):
    """The bytes are no envelope: an offset or a length leads outside the message."""


class Envelope(NamedTuple):
    """One message of a vehicle.

    The sender and device that the message names are not read, because the verified certificate
    identifies the sender.

    Args:
        message_type: `STREAM_MESSAGE` for all messages that carry data.
        txid: Transaction id, which the answer must repeat.
        topic: `V`, `alerts` or `errors`.
        payload: The protobuf message; empty if `message_type` is not `STREAM_MESSAGE`.
        created_at: Unix seconds by the vehicle's clock; 0 if absent.
    """

    message_type: int
    txid: bytes
    topic: bytes
    payload: bytes
    created_at: int


def read_envelope(data: bytes) -> Envelope:
    """Read the envelope of a message; absent fields are empty or 0.

    Takes a fixed number of steps whatever the buffer contains, and reads nothing outside it.

    Raises:
        MalformedEnvelope: an offset, a length or a vtable is not inside the buffer.
    """
    try:
        (table,) = _uint32_at(data, 0)
        txid, topic, kind, message, _ = _slots(data, table)
        message_type = data[table + kind] if kind else 0
        payload = b""
        created_at = 0
        if message and message_type == STREAM_MESSAGE:
            message += table
            stream = message + _uint32_at(data, message)[0]
            created, _, body, _, _ = _slots(data, stream)
            if created:
                (created_at,) = _uint32_at(data, stream + created)
            if body:
                payload = _vector(data, stream + body)
        return Envelope(
            message_type,
            _vector(data, table + txid) if txid else b"",
            _vector(data, table + topic) if topic else b"",
            payload,
            created_at,
        )
    except (StructError, IndexError) as error:
        raise MalformedEnvelope("an offset leads out of the message") from error


def _slots(data: bytes, table: int) -> tuple[int, int, int, int, int]:
    """Distances of a table's first five fields from its start; 0 for absent fields.

    Raises:
        MalformedEnvelope: the vtable is not inside the buffer.
        struct.error: the table or its vtable begins beyond the end.
    """
    vtable = table - _int32_at(data, table)[0]
    # A negative position would count from the end of the buffer.
    if vtable < 0:
        raise MalformedEnvelope("a vtable lies before the message")
    room = len(data) - vtable
    if room >= _WHOLE_VTABLE:
        size, _, first, second, third, fourth, fifth = _vtable_at(data, vtable)
        if _WHOLE_VTABLE <= size <= room:
            return first, second, third, fourth, fifth
    return _short_vtable(data, vtable)


def _short_vtable(data: bytes, vtable: int) -> tuple[int, int, int, int, int]:
    """The slots of a vtable that omits the last ones, because their fields are absent."""
    (size,) = _uint16_at(data, vtable)
    if size < _EMPTY_VTABLE or vtable + size > len(data):
        raise MalformedEnvelope("a vtable does not fit into the message")
    told = data[vtable + _EMPTY_VTABLE : vtable + size]
    _, _, *slots = _VTABLE.unpack(bytes(4) + told.ljust(_WHOLE_VTABLE - _EMPTY_VTABLE, b"\0"))
    first, second, third, fourth, fifth = slots
    return first, second, third, fourth, fifth


def _vector(data: bytes, field: int) -> bytes:
    """The bytes of the vector that the field at this position points to.

    Raises:
        MalformedEnvelope: the vector does not end inside the buffer.
        struct.error: the vector begins beyond the end.
    """
    start = field + _uint32_at(data, field)[0]
    end = start + 4 + _uint32_at(data, start)[0]
    if end > len(data):
        raise MalformedEnvelope("a vector does not fit into the message")
    return data[start + 4 : end]


# --- Answers -------------------------------------------------------------------------------------

_HEAD: Final = Struct("<I 2x 7H i I I 3xB I I 8x I")
"""The first 56 bytes of an answer; see `write_ack`."""
_HEAD_VTABLE: Final = (14, 24, 20, 16, 15, 8, 4)
_EMPTY_VECTOR: Final = bytes(8)
_LAYOUTS: Final = 256
"""Number of layouts to cache, each for a length of topic and txid; vehicles use one per topic."""


def write_ack(txid: bytes, topic: bytes) -> bytes:
    """Write the acknowledgement of a message, byte for byte as Tesla's server does.

    0    u32 20: the envelope's position
    4    2 zero bytes
    6    vtable, u16 each: 14, 24, 20, 16, 15, 8, 4
    20   i32 14: back to the vtable
    24   u32 20: message_id is at 44
    28   u32 24 + A + B: message
    32   3 zero bytes, u8 5: message_type
    36   u32 16: topic is at 52
    40   u32 12 + A: txid is at 52 + A
    44   8 zero bytes: the empty message_id
    52   u32 length, topic, NUL, zero bytes up to a multiple of 4: A bytes in all
         u32 length, txid, NUL, zero bytes up to a multiple of 4: B bytes in all
         8 zero bytes: the message, an empty vector where a table should be
    """
    head, between, end = _ack_layout(len(topic), len(txid))
    return b"".join((head, topic, between, txid, end))


@lru_cache(_LAYOUTS)
def _ack_layout(topic_length: int, txid_length: int) -> tuple[bytes, bytes, bytes]:
    """The bytes before the topic, between topic and txid, and after the txid."""
    topic_padding = 1 + -(topic_length + 1) % 4
    txid_padding = 1 + -(txid_length + 1) % 4
    topic_size = 4 + topic_length + topic_padding
    txid_size = 4 + txid_length + txid_padding
    head = _HEAD.pack(
        20,
        *_HEAD_VTABLE,
        14,
        20,
        24 + topic_size + txid_size,
        ACKNOWLEDGEMENT,
        16,
        12 + topic_size,
        topic_length,
    )
    return (
        head,
        bytes(topic_padding) + _UINT32.pack(txid_length),
        bytes(txid_padding) + _EMPTY_VECTOR,
    )


_COMPLAINT: Final = b"incorrect message format"
_ERROR_END: Final = b"".join(
    (
        # vtable of the stream: size, size of the table, no created_at, sender_id, payload,
        # device_type, device_id
        Struct("<7H").pack(14, 20, 0, 16, 12, 8, 4),
        # the stream: back to its vtable; device_id, device_type, payload, sender_id
        Struct("<iIIII").pack(14, 16, 20, 24, 52),
        _EMPTY_VECTOR,
        _EMPTY_VECTOR,
        _UINT32.pack(len(_COMPLAINT)),
        _COMPLAINT,
        bytes(4),
        _EMPTY_VECTOR,
    )
)


def write_error(txid: bytes) -> bytes:
    """Write the error for an unreadable message, byte for byte as Tesla's server does.

        0    as an acknowledgement, with message_type 4 and message T - 28
        52   8 zero bytes: the empty topic
        60   u32 length, txid, NUL, zero bytes until T - 14 is reached
             vtable of the stream, u16 each: 14, 20, 0, 16, 12, 8, 4
        T    i32 14, u32 16 (device_id), u32 20 (device_type), u32 24 (payload), u32 52 (sender_id)
             8 zero bytes twice: device_id, device_type
             u32 24, the text `incorrect message format`, 4 zero bytes
             8 zero bytes: sender_id

    T is the position of the stream table: the next multiple of 4 that leaves room for the rest.
    """
    padding = 1 + (1 - len(txid)) % 4
    stream = 64 + len(txid) + padding + 14
    head = _HEAD.pack(20, *_HEAD_VTABLE, 14, 20, stream - 28, STREAM_MESSAGE, 16, 20, 0)
    return b"".join((head, bytes(4), _UINT32.pack(len(txid)), txid, bytes(padding), _ERROR_END))

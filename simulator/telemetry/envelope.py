"""The envelope of one WebSocket message: FlatBuffers, written and read without a library.

Layout: little-endian, no size prefix, no file identifier. Table FlatbuffersEnvelope with the slots
txid, topic, message_type, message, message_id; its message is a FlatbuffersStream with created_at,
sender_id, payload, device_type, device_id, delivered_at_epoch_ms. Byte vectors carry a NUL behind
them that their length does not count. Source: generated Go code of Tesla's fleet-telemetry.
"""

import struct
from typing import NamedTuple

STREAM = 4
"""`message_type` of the cars' messages, and of the server's errors."""
ACK = 5

DEVICE_TYPE = b"vehicle_device"

_WORD = 4
_ROOT = 20
_TABLE = 24
"""Bytes of both tables: the offset to the vtable, and five fields."""
_ENVELOPE = struct.pack("<I2x7H", _ROOT, 14, _TABLE, 20, 16, 15, 8, 4)
"""The root's offset, and its vtable: sizes, then the offset of each slot in the table."""
_STREAM = struct.pack("<7H", 14, _TABLE, 16, 20, 12, 8, 4)
_BACK = 14
"""From a table to its vtable."""
_EMPTY = bytes(8)
"""A byte vector without bytes, and its NUL."""

_TXID, _TOPIC, _MESSAGE_TYPE, _MESSAGE = 4, 6, 8, 10
_PAYLOAD = 8


class MalformedAnswer(ValueError):
    """The server sent something that is not an envelope."""


class Answer(NamedTuple):
    """A server's answer to a message."""

    message_type: int
    txid: bytes
    topic: bytes
    text: bytes
    """The text of an error; empty in an ack."""


def _vector(content: bytes) -> bytes:
    """Length, bytes, NUL, and zeros up to a multiple of four."""
    return struct.pack("<I", len(content)) + content + bytes(_WORD - len(content) % _WORD)


def write(*, topic: bytes, txid: bytes, vin: str, payload: bytes, created_at: int) -> bytes:
    """One message of a car.

    Args:
        topic: `V`, `alerts` or `errors`.
        txid: identifies the message; the ack repeats it.
        vin: part of the sender's names.
        payload: the protobuf.
        created_at: Unix seconds.
    """
    name = vin.encode()
    topic_vector, txid_vector = _vector(topic), _vector(txid)
    head = _ROOT + _TABLE + len(_EMPTY)
    before = head + len(topic_vector) + _WORD + len(txid) + 1
    # The table must be aligned to four, directly after its vtable of 14 bytes.
    gap = (2 - before) % _WORD
    stream = before + gap + len(_STREAM)
    envelope = struct.pack(
        "<iII3xBII",
        _BACK,
        head - len(_EMPTY) - 24,
        stream - 28,
        STREAM,
        head - 36,
        head + len(topic_vector) - 40,
    )
    identity, kind, content = _vector(name), _vector(DEVICE_TYPE), _vector(payload)
    device_type = _TABLE + len(identity)
    body = device_type + len(kind)
    sender = body + len(content)
    table = struct.pack(
        "<iIIIII",
        len(_STREAM),
        _TABLE - 4,
        device_type - 8,
        body - 12,
        created_at,
        sender - 20,
    )
    return b"".join(
        (
            _ENVELOPE,
            envelope,
            _EMPTY,
            topic_vector,
            txid_vector[: _WORD + len(txid) + 1] + bytes(gap),
            _STREAM,
            table,
            identity,
            kind,
            content,
            _vector(DEVICE_TYPE + b"." + name),
        )
    )


def read(data: bytes) -> Answer:
    """The server's answer to a message.

    Raises MalformedAnswer for an answer that cannot be read.
    """
    try:
        root = _word(data, 0)
        message_type = _slot(data, root, _MESSAGE_TYPE)
        message = _slot(data, root, _MESSAGE)
        text = b""
        kind = data[message_type] if message_type else 0
        if kind == STREAM and message:
            text = _bytes(data, _slot(data, message + _word(data, message), _PAYLOAD))
        return Answer(
            kind,
            _bytes(data, _slot(data, root, _TXID)),
            _bytes(data, _slot(data, root, _TOPIC)),
            text,
        )
    except (struct.error, IndexError) as error:
        raise MalformedAnswer("the answer is not an envelope") from error


def _word(data: bytes, at: int) -> int:
    """An unsigned number of four bytes; raises struct.error beyond the data."""
    return int(struct.unpack_from("<I", data, at)[0])


def _slot(data: bytes, table: int, slot: int) -> int:
    """The offset of a table's field; 0 if it is left out."""
    vtable = table - int(struct.unpack_from("<i", data, table)[0])
    if vtable < 0:
        raise IndexError(vtable)
    (size,) = struct.unpack_from("<H", data, vtable)
    offset = struct.unpack_from("<H", data, vtable + slot)[0] if slot < size else 0
    return table + int(offset) if offset else 0


def _bytes(data: bytes, field: int) -> bytes:
    """The byte vector that a field points to; empty if the field is left out."""
    if not field:
        return b""
    at = field + _word(data, field)
    length = _word(data, at)
    content = data[at + _WORD : at + _WORD + length]
    if len(content) != length:
        raise IndexError(length)
    return content

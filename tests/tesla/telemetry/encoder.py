"""Envelopes as others write them: with the FlatBuffers library, in the order of Tesla's encoder."""

import json
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]  # it has no types

_FILE = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
VECTORS: dict[str, list[dict[str, Any]]] = {
    kind: each for kind, each in _FILE.items() if isinstance(each, list)
}
"""By direction: messages as hex, with their contents."""


def vector(name: str) -> dict[str, Any]:
    """The vector of this name, of any kind."""
    return next(each for kind in VECTORS.values() for each in kind if each["name"] == name)


class Writer:
    """A builder that puts bytes where Tesla puts them."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)

    def vector(self, content: bytes | None) -> int:
        """A vector of bytes, encoded like a text, with a NUL; nothing for None."""
        offset: int = 0 if content is None else self.builder.CreateString(content)
        return offset

    def stream(self, created_at: int, sender: int, payload: int, kind: int, device: int) -> int:
        """The table of a car's message, from offsets of vectors; 0 for an absent one."""
        self.builder.StartObject(6)
        self.builder.PrependUOffsetTRelativeSlot(1, sender, 0)
        self.builder.PrependUint32Slot(0, created_at, 0)
        self.builder.PrependUOffsetTRelativeSlot(2, payload, 0)
        self.builder.PrependUOffsetTRelativeSlot(3, kind, 0)
        self.builder.PrependUOffsetTRelativeSlot(4, device, 0)
        offset: int = self.builder.EndObject()
        return offset

    def envelope(
        self, txid: bytes | None, topic: bytes | None, kind: int, content: int, name: bytes | None
    ) -> bytes:
        """The whole message around `content`, the offset of a table."""
        offsets = [self.vector(each) for each in (txid, topic, name)]
        self.builder.StartObject(5)
        self.builder.PrependUOffsetTRelativeSlot(0, offsets[0], 0)
        self.builder.PrependUOffsetTRelativeSlot(1, offsets[1], 0)
        self.builder.PrependUint8Slot(2, kind, 0)
        self.builder.PrependUOffsetTRelativeSlot(3, content, 0)
        self.builder.PrependUOffsetTRelativeSlot(4, offsets[2], 0)
        self.builder.Finish(self.builder.EndObject())
        return bytes(self.builder.Output())


def message(
    *,
    txid: bytes | None = b"txid",
    topic: bytes | None = b"V",
    payload: bytes | None = b"",
    message_type: int = 4,
    created_at: int = 0,
    sender_id: bytes | None = b"vehicle_device.5YJ3E1EA7KF000001",
    device_type: bytes | None = b"vehicle_device",
    device_id: bytes | None = b"5YJ3E1EA7KF000001",
    message_id: bytes | None = b"",
) -> bytes:
    """A car's message; None leaves a field out."""
    writer = Writer()
    parts = [writer.vector(part) for part in (sender_id, payload, device_type, device_id)]
    stream = writer.stream(created_at, *parts)
    return writer.envelope(txid, topic, message_type, stream, message_id)


def ack(txid: bytes, topic: bytes) -> bytes:
    """The answer of Tesla's server: its message is an empty vector."""
    writer = Writer()
    return writer.envelope(txid, topic, 5, writer.vector(b""), b"")


def error(txid: bytes) -> bytes:
    """The answer of Tesla's server to a message that it cannot read."""
    return message(
        txid=txid,
        topic=b"",
        payload=b"incorrect message format",
        sender_id=b"",
        device_type=b"",
        device_id=b"",
    )

"""The envelope: every known message literally, the answers byte for byte, and hostile buffers."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.telemetry import envelope
from custom_components.flotte.tesla.telemetry.envelope import (
    ACKNOWLEDGEMENT,
    STREAM_MESSAGE,
    Envelope,
    MalformedEnvelope,
    read_envelope,
    write_ack,
    write_error,
)
from tests.tesla.telemetry import encoder
from tests.tesla.telemetry.encoder import VECTORS, vector

MESSAGES = [bytes.fromhex(each["envelope_hex"]) for each in VECTORS["vehicle_messages"]]


def name_of(value: dict[str, Any]) -> str:
    return str(value["name"])


@pytest.mark.parametrize("given_vector", VECTORS["vehicle_messages"], ids=name_of)
def test_messages_of_a_car(given_vector: dict[str, Any]) -> None:
    assert read_envelope(bytes.fromhex(given_vector["envelope_hex"])) == Envelope(
        message_type=STREAM_MESSAGE,
        txid=given_vector["txid"].encode(),
        topic=given_vector["topic"].encode(),
        payload=bytes.fromhex(given_vector["payload_hex"]),
        created_at=given_vector["envelope"]["created_at"],
    )


@pytest.mark.parametrize("given_vector", VECTORS["vehicle_messages"], ids=name_of)
def test_the_library_and_the_car_write_equal_bytes(given_vector: dict[str, Any]) -> None:
    """So that the encoder of these tests can be believed."""
    told = given_vector["envelope"]
    assert encoder.message(
        txid=given_vector["txid"].encode(),
        topic=given_vector["topic"].encode(),
        payload=bytes.fromhex(given_vector["payload_hex"]),
        created_at=told["created_at"],
        sender_id=told["sender_id"].encode(),
        device_type=told["device_type"].encode(),
        device_id=told["device_id"].encode(),
    ) == bytes.fromhex(given_vector["envelope_hex"])


def test_the_answers_captured_from_teslas_server() -> None:
    def captured(name: str) -> bytes:
        return bytes.fromhex(vector(name)["envelope_hex"])

    assert write_ack(b"txid-0001", b"V") == captured("ack_V_txid-0001")
    assert write_ack(b"", b"") == captured("ack_unparsable")
    assert write_error(b"txid-0006") == captured("error_txid-0006")
    assert write_error(b"") == captured("error_too_big")


@pytest.mark.parametrize("topic_length", range(20))
def test_acks_of_all_lengths(topic_length: int) -> None:
    topic = b"ABCDEFGHIJKLMNOPQRST"[:topic_length]
    for txid_length in range(70):
        txid = (b"0123456789" * 7)[:txid_length]
        answer = write_ack(txid, topic)
        assert answer == encoder.ack(txid, topic)
        assert read_envelope(answer) == Envelope(ACKNOWLEDGEMENT, txid, topic, b"", 0)


@pytest.mark.parametrize("txid_length", range(70))
def test_errors_of_all_lengths(txid_length: int) -> None:
    txid = (b"0123456789" * 7)[:txid_length]
    answer = write_error(txid)
    assert answer == encoder.error(txid)
    assert read_envelope(answer) == Envelope(
        STREAM_MESSAGE, txid, b"", b"incorrect message format", 0
    )


def test_lengths_are_remembered_but_not_without_end() -> None:
    for length in range(2000):
        write_ack(bytes(length), b"V")
    assert envelope._ack_layout.cache_info().currsize <= 256


@pytest.mark.parametrize("absent", ["txid", "topic", "payload", "message_id", "sender_id"])
def test_an_absent_vector_is_empty(absent: str) -> None:
    told: dict[str, Any] = {"txid": b"a", "topic": b"V", "payload": b"xyz", "created_at": 7}
    read = read_envelope(encoder.message(**{**told, absent: None}))
    for name in ("txid", "topic", "payload"):
        assert getattr(read, name) == (b"" if name == absent else told[name])
    assert read.created_at == 7


def test_other_messages_have_no_payload() -> None:
    for message_type in (0, 1, 2, 3, 5, 6, 255):
        sent = encoder.message(message_type=message_type, payload=b"xyz", created_at=7)
        assert read_envelope(sent) == Envelope(message_type, b"txid", b"V", b"", 0)


def test_an_ack_of_a_car_is_read() -> None:
    read = read_envelope(bytes.fromhex(vector("ack_sent_by_client")["hex"]))
    assert (read.message_type, read.txid) == (ACKNOWLEDGEMENT, b"txid-0009")


@pytest.mark.parametrize("name", ["three_bytes", "empty_message"])
def test_invalid_envelopes(name: str) -> None:
    with pytest.raises(MalformedEnvelope):
        read_envelope(bytes.fromhex(vector(name)["hex"]))


# --- Layouts that are right, but not Tesla's -----------------------------------------------------


def hand_made(vtable: bytes, table: bytes, *, vtable_first: bool) -> bytes:
    """An envelope with its vtable before or behind its table."""
    if vtable_first:
        start = 4 + len(vtable)
        return struct.pack("<I", start) + vtable + struct.pack("<i", start - 4) + table
    return struct.pack("<Ii", 4, -(4 + len(table))) + table + vtable


@pytest.mark.parametrize("vtable_first", [True, False])
def test_a_short_vtable_at_either_end(vtable_first: bool) -> None:  # noqa: FBT001  # a parameter
    """Trailing slots of absent fields are left out, and the vtable may lie anywhere."""
    vtable = struct.pack("<HHH", 6, 10, 4)
    table = struct.pack("<II", 4, 2) + b"id"
    read = read_envelope(hand_made(vtable, table, vtable_first=vtable_first))
    assert read == Envelope(0, b"id", b"", b"", 0)


@pytest.mark.parametrize("vtable_first", [True, False])
def test_a_table_without_fields(vtable_first: bool) -> None:  # noqa: FBT001  # a parameter
    made = hand_made(struct.pack("<HH", 4, 4), b"", vtable_first=vtable_first)
    assert read_envelope(made) == Envelope(0, b"", b"", b"", 0)


def test_slots_of_a_later_version_are_skipped() -> None:
    vtable = struct.pack("<9H", 18, 12, 4, 0, 8, 0, 0, 9, 10)
    table = struct.pack("<IB3x", 8, 9) + struct.pack("<I", 2) + b"id"
    read = read_envelope(hand_made(vtable, table, vtable_first=True))
    assert (read.message_type, read.txid) == (9, b"id")


@pytest.mark.parametrize("size", [0, 2, 3, 15, 60_000])
def test_a_vtable_of_a_size_that_cannot_be(size: int) -> None:
    vtable = struct.pack("<7H", size, 4, 0, 0, 0, 0, 0)
    with pytest.raises(MalformedEnvelope):
        read_envelope(hand_made(vtable, b"", vtable_first=False))


# --- Hostile buffers -----------------------------------------------------------------------------

_WORDS = (0, 1, 3, 4, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)


def replaced(original: bytes, at: int, piece: bytes) -> bytes:
    return original[:at] + piece + original[at + len(piece) :]


def hostile(original: bytes) -> Iterator[bytes]:
    """Every truncation, and every word of the tables replaced by every harmful word."""
    yield from (original[:length] for length in range(len(original)))
    for at in range(0, min(len(original) - 4, 180), 2):
        words = (*_WORDS, len(original), len(original) - at, len(original) - at - 4)
        yield from (replaced(original, at, struct.pack("<I", word)) for word in words)
        yield from (replaced(original, at, struct.pack("<H", half)) for half in (0, 1, 5, 0xFFFF))


def check(data: bytes) -> None:
    """It is read without harm, or refused; no result lies outside of the buffer."""
    try:
        read = read_envelope(data)
    except MalformedEnvelope:
        return
    for part in (read.txid, read.topic, read.payload):
        assert part in data
    assert 0 <= read.message_type <= 255
    assert 0 <= read.created_at < 1 << 32


@pytest.mark.parametrize(
    "original", MESSAGES, ids=[name_of(v) for v in VECTORS["vehicle_messages"]]
)
def test_truncated_and_twisted(original: bytes) -> None:
    for data in hostile(original):
        check(data)


@pytest.mark.parametrize("original", MESSAGES[:1], ids=["V"])
def test_a_truncated_message_never_loses_bytes_silently(original: bytes) -> None:
    """The payload ends near the end: where the buffer ends before, the message is refused."""
    whole = read_envelope(original)
    end = original.index(whole.payload) + len(whole.payload)
    for length in range(end):
        with pytest.raises(MalformedEnvelope):
            read_envelope(original[:length])
    assert read_envelope(original[:end]) == whole


def test_a_vtable_before_the_buffer_is_not_read_from_its_end() -> None:
    """A negative position counts from the end in Python: the bytes there must not be a vtable."""
    data = struct.pack("<Ii", 4, 18) + bytes(6) + struct.pack("<7H", 14, 24, 0, 0, 0, 0, 0)
    with pytest.raises(MalformedEnvelope):
        read_envelope(data)


def test_a_table_that_points_to_itself() -> None:
    with pytest.raises(MalformedEnvelope):
        read_envelope(bytes(40))


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    check(data)


@given(
    st.sampled_from(MESSAGES),
    st.lists(st.tuples(st.integers(0, 250), st.binary(min_size=1, max_size=8)), max_size=6),
    st.integers(0, 1000),
)
def test_mutated_messages(original: bytes, changes: list[tuple[int, bytes]], length: int) -> None:
    for at, piece in changes:
        original = replaced(original, at, piece)
    check(original[:length])


@given(
    st.binary(max_size=80),
    st.binary(max_size=20),
    st.binary(max_size=400),
    st.integers(0, 2**32 - 1),
)
def test_messages_of_the_library_are_read(
    txid: bytes, topic: bytes, payload: bytes, created_at: int
) -> None:
    sent = encoder.message(txid=txid, topic=topic, payload=payload, created_at=created_at)
    assert read_envelope(sent) == Envelope(STREAM_MESSAGE, txid, topic, payload, created_at)


def test_work_does_not_grow_with_lengths_in_the_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounded number of places in the buffer is read, whatever it contains."""
    looks = 0

    def counted(look: Callable[[bytes, int], tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        def count(data: bytes, at: int) -> tuple[Any, ...]:
            nonlocal looks
            looks += 1
            return look(data, at)

        return count

    for name in ("_uint16_at", "_uint32_at", "_int32_at", "_vtable_at"):
        monkeypatch.setattr(envelope, name, counted(getattr(envelope, name)))
    most = 0
    for original in MESSAGES:
        for data in (original, *hostile(original + bytes(1000))):
            looks = 0
            check(data)
            most = max(most, looks)
    assert 10 < most <= 15

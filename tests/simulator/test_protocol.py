"""The vehicle's side of the signed command protocol, against published and recomputed bytes.

The long literals come from Tesla's worked example and from messages that Tesla's own Go client
made with fixed inputs; none was made by the code under test.
"""

import contextlib
import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from tesla_protocol.command import signatures_pb2, universal_message_pb2

from simulator.protocol import FaultOrder, VehicleProtocol
from simulator.protocol import wire as protocol
from simulator.protocol.subsystem import Session, Subsystem
from simulator.protocol.verification import Request
from simulator.protocol.wire import INFOTAINMENT, VEHICLE_SECURITY, Fault
from simulator.refusals import MalformedMessage

VIN = "5YJ30123456789ABC"
CLIENT_SCALAR = 0x2538CDC29A97C19C1E99A637D6CF4F8C970C118B56EDE1E6323E6D162C4B30DB
VEHICLE_SCALAR = 0x344EE5B466A7CF1EEB12B6F50331DB2E5EC5834EF5F4BEFCFD8CBE55C2528D70
CLIENT_KEY = bytes.fromhex(
    "04b2b6bc68c2da0665ce656815594996c62394edd8bea905fe781a754fe6a845a7"
    "14330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc6e"
)
VEHICLE_KEY = bytes.fromhex(
    "04c7a1f47138486aa4729971494878d33b1a24e39571f748a6e16c5955b3d877d3"
    "a6aaa0e955166474af5d32c410f439a2234137ad1bb085fd4e8813c958f11d97"
)
K = bytes.fromhex("1b2fce19967b79db696f909cff89ea9a")
EPOCH = bytes.fromhex("4c463f9cc0d3d26906e982ed224adde6")
SESSION_INFO = bytes.fromhex(
    "0806124104c7a1f47138486aa4729971494878d33b1a24e39571f748a6e16c5955b3d877d3a6aaa0e955166474af"
    "5d32c410f439a2234137ad1bb085fd4e8813c958f11d971a104c463f9cc0d3d26906e982ed224adde6255a0a0000"
)
HANDSHAKE = bytes.fromhex(
    "320208033a1212102c907bd76c640d360b3027dc7404efde72430a4104b2b6bc68c2da0665ce656815594996c623"
    "94edd8bea905fe781a754fe6a845a714330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc"
    "6e9a03101588d5a30eabc6f8fc9a951b11f6fd11"
)
HANDSHAKE_REPLY = bytes.fromhex(
    "321212102c907bd76c640d360b3027dc7404efde3a0208036a2432220a20996c1fe38331be138f8039c194b14db2"
    "198846ed7d8251e6749284d7b32ea0027a5c0806124104c7a1f47138486aa4729971494878d33b1a24e39571f748"
    "a6e16c5955b3d877d3a6aaa0e955166474af5d32c410f439a2234137ad1bb085fd4e8813c958f11d971a104c463f"
    "9cc0d3d26906e982ed224adde6255a0a00009203101588d5a30eabc6f8fc9a951b11f6fd11"
)
CHARGE_START = bytes.fromhex(
    "320208033a1212102c907bd76c640d360b3027dc7404efde52061204320212006a82010a430a4104b2b6bc68c2da"
    "0665ce656815594996c62394edd8bea905fe781a754fe6a845a714330902f225e9269d466e05b349981fda9d85cc"
    "23c6fb444aa73b629105dc6e423b0a104c463f9cc0d3d26906e982ed224adde610071d640a00002220966ea001d6"
    "50ebbf983502401913227d8a93e7b582b7534fe4a560cab8bc8a119a031058406580528b6a5301391800b4fe9b99"
    "a00302"
)
"""Infotainment, counter 7, expires at 2660, flags 2. The next one is equal but without flags."""
CHARGE_START_NO_FLAGS = bytes.fromhex(
    "320208033a1212102c907bd76c640d360b3027dc7404efde52061204320212006a82010a430a4104b2b6bc68c2da"
    "0665ce656815594996c62394edd8bea905fe781a754fe6a845a714330902f225e9269d466e05b349981fda9d85cc"
    "23c6fb444aa73b629105dc6e423b0a104c463f9cc0d3d26906e982ed224adde610071d640a0000222083434223f4"
    "081fd2cc841458dae628f5556564b6d50e351a6bf1421d84c4bed29a031058406580528b6a5301391800b4fe9b99"
)
DOOR_LOCK = bytes.fromhex(
    "320208023a1212100a7962c10d38b61dd2a7722780a4f096520210016a82010a430a4104b2b6bc68c2da0665ce65"
    "6815594996c62394edd8bea905fe781a754fe6a845a714330902f225e9269d466e05b349981fda9d85cc23c6fb44"
    "4aa73b629105dc6e423b0a104c463f9cc0d3d26906e982ed224adde6102a1d640a00002220bc6a1407e9e188f6c5"
    "cd3749d00374c523714959a2af003308ce4aa3a09e730d9a031005514f57616bcc81a8ce0f9d7b483229a00302"
)
"""Vehicle security, counter 42, expires at 2660, flags 2."""
GCM_REQUEST = bytes.fromhex(
    "320208033a1212102c907bd76c640d360b3027dc7404efde520638038e8c0f2e6a80010a430a4104b2b6bc68c2da"
    "0665ce656815594996c62394edd8bea905fe781a754fe6a845a714330902f225e9269d466e05b349981fda9d85cc"
    "23c6fb444aa73b629105dc6e2a390a104c463f9cc0d3d26906e982ed224adde6120cdbf79447fa156674dae1caed"
    "1807255f0a00002a10c228e0ff64991481db3a7bbc133696c59a031058406580528b6a5301391800b4fe9b99a00302"
)
NOW = 1_800_000_000.0


class Recorder:
    """Executes nothing and records everything."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer = b""
        self.fault: int | None = None

    def execute(self, request: Request) -> bytes:
        """Note the request."""
        self.requests.append(request)
        if self.fault is not None:
            raise Fault(self.fault)
        return self.answer


class Peer:
    """A vehicle with the published key, epoch and clock."""

    def __init__(self) -> None:
        self.firmware = "2024.38"
        self.executor = Recorder()
        private = ec.derive_private_key(VEHICLE_SCALAR, ec.SECP256R1())
        self.vehicle = VehicleProtocol(
            vin=VIN,
            keys={CLIENT_KEY},
            subsystems={
                domain: Subsystem(
                    domain, seed="x", booted_at=NOW - 2650, private_key=private, epoch=EPOCH
                )
                for domain in (VEHICLE_SECURITY, INFOTAINMENT)
            },
            executor=self.executor,
            firmware=lambda: self.firmware,
        )

    @property
    def requests(self) -> list[Request]:
        """The executed payloads."""
        return self.executor.requests

    def send(self, raw: bytes, now: float = NOW) -> universal_message_pb2.RoutableMessage:
        """Hand over bytes and parse the answer."""
        reply = universal_message_pb2.RoutableMessage()
        reply.ParseFromString(self.vehicle.handle(raw, now))
        return reply


@pytest.fixture
def peer() -> Peer:
    return Peer()


def parsed(raw: bytes) -> universal_message_pb2.RoutableMessage:
    message = universal_message_pb2.RoutableMessage()
    message.ParseFromString(raw)
    return message


def signed(
    payload: bytes,
    counter: int,
    *,
    domain: int = INFOTAINMENT,
    expires_at: int = 2660,
    flags: int = 2,
    epoch: bytes = EPOCH,
    uuid: bytes = bytes(range(16)),
    vin: str = VIN,
    key: bytes = K,
    signature_type: int = 8,
) -> universal_message_pb2.RoutableMessage:
    """A signed message, put together here and not by the code under test."""
    metadata = bytes((0, 1, signature_type, 1, 1, domain, 2, len(vin))) + vin.encode()
    metadata += bytes((3, len(epoch))) + epoch + b"\x04\x04" + expires_at.to_bytes(4, "big")
    metadata += b"\x05\x04" + counter.to_bytes(4, "big")
    metadata += b"\x07\x04" + flags.to_bytes(4, "big") if flags else b""
    subkey = hmac.digest(key, b"authenticated command", "sha256")
    message = universal_message_pb2.RoutableMessage()
    message.to_destination.domain = domain  # type: ignore[assignment]  # an enum's number
    message.from_destination.routing_address = bytes(range(16, 32))
    message.protobuf_message_as_bytes = payload
    message.uuid = uuid
    message.flags = flags
    message.signature_data.signer_identity.public_key = CLIENT_KEY
    data = message.signature_data.HMAC_Personalized_data
    data.epoch = epoch
    data.counter = counter
    data.expires_at = expires_at
    data.tag = hmac.digest(subkey, metadata + b"\xff" + payload, "sha256")
    return message


def fault_of(reply: universal_message_pb2.RoutableMessage) -> int:
    return int(reply.signedMessageStatus.signed_message_fault)


# Keys and tags


def test_the_published_keys() -> None:
    for scalar, point in ((CLIENT_SCALAR, CLIENT_KEY), (VEHICLE_SCALAR, VEHICLE_KEY)):
        private = ec.derive_private_key(scalar, ec.SECP256R1())
        subsystem = Subsystem(2, seed="", booted_at=0, private_key=private, epoch=EPOCH)
        assert subsystem.public_key == point


def test_key_derivation_from_both_sides() -> None:
    client = ec.derive_private_key(CLIENT_SCALAR, ec.SECP256R1())
    vehicle = ec.derive_private_key(VEHICLE_SCALAR, ec.SECP256R1())
    assert protocol.derive_key(vehicle, protocol.read_point(CLIENT_KEY)) == K
    assert protocol.derive_key(client, protocol.read_point(VEHICLE_KEY)) == K


def test_key_derivation_keeps_leading_zeros() -> None:
    client = protocol.read_point(
        bytes.fromhex(
            "04a95b6391a064c075e8cef3bdc58bbb8b7b8c3d3e083ef09f2e672acdd5fbcfaf"
            "4a218661b9ead5d6202adae1261fc92f9c4096a0da08cae833e7cc22ba66bde0"
        )
    )
    vehicle = ec.derive_private_key(VEHICLE_SCALAR, ec.SECP256R1())
    assert protocol.derive_key(vehicle, client).hex() == "96ca808520dd2c7dd48eef1b90f69012"


def test_subkeys() -> None:
    assert protocol.subkey(K, b"session info").hex() == (
        "fceb679ee7bca756fcd441bf238bf2f338629b41d9eb9c67be1b32c9672ce300"
    )
    assert protocol.subkey(K, b"authenticated command").hex() == (
        "6d3a14d0b6d762e4f076739e2cf6edd291d2e56e3f25bc6a2af5cb26dc753b14"
    )


def test_metadata_items() -> None:
    assert protocol.item(2, b"abc").hex() == "0203616263"
    assert protocol.number_item(5, 100).hex() == "050400000064"
    with pytest.raises(ValueError, match="255"):
        protocol.item(2, bytes(256))


def test_session_info_tag() -> None:
    challenge = bytes.fromhex("1588d5a30eabc6f8fc9a951b11f6fd11")
    assert protocol.session_info_tag(K, VIN, challenge, SESSION_INFO).hex() == (
        "996c1fe38331be138f8039c194b14db2198846ed7d8251e6749284d7b32ea002"
    )


@pytest.mark.parametrize(
    ("domain", "counter", "flags", "payload", "tag"),
    [
        (
            3,
            7,
            2,
            "120432021200",
            "966ea001d650ebbf983502401913227d8a93e7b582b7534fe4a560cab8bc8a11",
        ),
        (
            3,
            7,
            0,
            "120432021200",
            "83434223f4081fd2cc841458dae628f5556564b6d50e351a6bf1421d84c4bed2",
        ),
        (2, 42, 2, "1001", "bc6a1407e9e188f6c5cd3749d00374c523714959a2af003308ce4aa3a09e730d"),
    ],
)
def test_command_tag(domain: int, counter: int, flags: int, payload: str, tag: str) -> None:
    made = protocol.command_tag(
        K,
        vin=VIN,
        domain=domain,
        epoch=EPOCH,
        expires_at=2660,
        counter=counter,
        flags=flags,
        payload=bytes.fromhex(payload),
    )
    assert made.hex() == tag


def test_request_hash_is_short_for_vehicle_security_only() -> None:
    tag = bytes.fromhex("bc6a1407e9e188f6c5cd3749d00374c523714959a2af003308ce4aa3a09e730d")
    assert protocol.request_hash(2, tag).hex() == "08bc6a1407e9e188f6c5cd3749d00374c5"
    assert protocol.request_hash(3, tag).hex() == (
        "08bc6a1407e9e188f6c5cd3749d00374c523714959a2af003308ce4aa3a09e730d"
    )


def test_reply_metadata() -> None:
    made = protocol.reply_metadata(
        VIN,
        2,
        counter=3,
        flags=0,
        hash_of_request=bytes.fromhex("08bc6a1407e9e188f6c5cd3749d00374c5"),
        fault=0,
    )
    assert made.hex() == (
        "000109010102021135594a33303132333435363738394142430504000000030704000000000811"
        "08bc6a1407e9e188f6c5cd3749d00374c5090400000000ff"
    )


@pytest.mark.parametrize("point", [b"", CLIENT_KEY[:-1], b"\x04" + bytes(64), bytes(65)])
def test_a_key_must_be_a_point_of_the_curve(point: bytes) -> None:
    with pytest.raises(Fault) as fault:
        protocol.read_point(point)
    assert fault.value.number == 13


# Counters


@pytest.mark.parametrize(
    ("counters", "accepted"),
    [
        ([1, 2, 3], [True, True, True]),
        ([5, 5], [True, False]),
        ([5, 4, 4], [True, True, False]),
        ([100, 68, 67], [True, True, False]),
        ([100, 99, 132, 100, 99, 101], [True, True, True, False, False, True]),
        ([7, 1000, 7, 999, 999], [True, True, False, True, False]),
    ],
)
def test_replay_window_of_infotainment(counters: list[int], accepted: list[bool]) -> None:
    session = Session()
    assert [session.accept_window(counter) for counter in counters] == accepted


def test_vehicle_security_accepts_only_rising_counters() -> None:
    session = Session()
    assert [session.accept_rising(counter) for counter in (1, 2, 2, 1, 9, 8, 10)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]


# Handshake


def test_handshake_answers_the_published_reply(peer: Peer) -> None:
    peer.vehicle.subsystems[INFOTAINMENT].session(CLIENT_KEY).counter = 6
    assert peer.send(HANDSHAKE) == parsed(HANDSHAKE_REPLY)
    assert peer.send(HANDSHAKE).session_info == SESSION_INFO


def test_handshake_of_a_key_that_is_not_paired(peer: Peer) -> None:
    peer.vehicle.keys.clear()
    request = parsed(HANDSHAKE)
    request.to_destination.domain = VEHICLE_SECURITY  # type: ignore[assignment]
    request.from_destination.routing_address = bytes.fromhex("0a7962c10d38b61dd2a7722780a4f096")
    request.uuid = bytes.fromhex("9f1f6a5a7e2c4d0bb1c2d3e4f5061728")
    expected = parsed(
        bytes.fromhex(
            "321212100a7962c10d38b61dd2a7722780a4f0963a0208027a0228019203109f1f6a5a7e2c4d0bb1c2d3e4"
            "f5061728"
        )
    )
    assert peer.send(request.SerializeToString()) == expected


@pytest.mark.parametrize("key", [b"", bytes(65), b"\x04" * 65, CLIENT_KEY + b"\0"])
def test_handshake_with_something_that_is_no_key(peer: Peer, key: bytes) -> None:
    request = parsed(HANDSHAKE)
    request.session_info_request.public_key = key
    assert fault_of(peer.send(request.SerializeToString())) == 13


def test_each_domain_has_its_own_key_epoch_and_clock() -> None:
    one = Subsystem(2, seed="a", booted_at=NOW - 10)
    other = Subsystem(3, seed="a", booted_at=NOW - 20)
    same = Subsystem(2, seed="a", booted_at=NOW - 10)
    assert one.public_key != other.public_key
    assert one.epoch != other.epoch
    assert len(one.epoch) == 16
    assert (one.clock(NOW), other.clock(NOW)) == (10, 20)
    assert (same.public_key, same.epoch) == (one.public_key, one.epoch)


# Commands


def test_a_command_of_the_go_client_runs(peer: Peer) -> None:
    peer.executor.answer = bytes.fromhex("0a00")
    reply = peer.send(CHARGE_START)
    assert peer.requests == [
        Request(
            domain=3,
            payload=bytes.fromhex("120432021200"),
            client=CLIENT_KEY,
            counter=7,
        )
    ]
    assert reply.to_destination.routing_address.hex() == "2c907bd76c640d360b3027dc7404efde"
    assert reply.from_destination.domain == 3
    assert reply.request_uuid.hex() == "58406580528b6a5301391800b4fe9b99"
    assert fault_of(reply) == 0


def test_its_reply_opens_with_the_published_associated_data(peer: Peer) -> None:
    peer.executor.answer = bytes.fromhex("0a00")
    reply = peer.send(CHARGE_START)
    data = reply.signature_data.AES_GCM_Response_data
    assert data.counter == 1
    assert len(data.nonce) == 12
    assert len(data.tag) == 16
    assert reply.flags == 0
    sealed = reply.protobuf_message_as_bytes + data.tag
    # SHA-256 of the metadata with the 33-byte request hash, as the Go client reckons it.
    aad = bytes.fromhex("0a7524753b71bea4568335a4e85f8331e654ad3b7f2a933423e4d99272444954")
    assert AESGCM(K).decrypt(data.nonce, sealed, aad).hex() == "0a00"


def test_an_empty_success_of_vehicle_security_is_sealed_too(peer: Peer) -> None:
    reply = peer.send(DOOR_LOCK)
    assert peer.requests[0].payload.hex() == "1001"
    assert peer.requests[0].counter == 42
    data = reply.signature_data.AES_GCM_Response_data
    assert reply.protobuf_message_as_bytes == b""
    # With the 17-byte request hash.
    aad = bytes.fromhex("5636aee5f7eba7ae68c610913c54b3f5a98e4bb0148e5db9bf8fe863b776c5a8")
    assert AESGCM(K).decrypt(data.nonce, data.tag, aad) == b""
    # Vehicle security does not name the request that it answers.
    assert reply.request_uuid == b""


def test_nonces_differ(peer: Peer) -> None:
    nonces = {
        peer.send(
            signed(b"", counter).SerializeToString()
        ).signature_data.AES_GCM_Response_data.nonce
        for counter in range(1, 9)
    }
    assert len(nonces) == 8


@pytest.mark.parametrize("how", ["old firmware", "ordered", "no flag"])
def test_plain_replies(peer: Peer, how: str) -> None:
    peer.executor.answer = bytes.fromhex("0a00")
    if how == "old firmware":
        peer.firmware = "2024.26.9 0123abcd"
    if how == "ordered":
        peer.vehicle.encrypts_replies = False
    reply = peer.send(CHARGE_START_NO_FLAGS if how == "no flag" else CHARGE_START)
    assert len(peer.requests) == 1
    assert not reply.HasField("signature_data")
    assert reply.protobuf_message_as_bytes.hex() == "0a00"


def test_identical_bytes_run_once(peer: Peer) -> None:
    assert fault_of(peer.send(CHARGE_START)) == 0
    assert fault_of(peer.send(CHARGE_START)) == 6
    assert fault_of(peer.send(DOOR_LOCK)) == 0
    assert fault_of(peer.send(DOOR_LOCK)) == 6
    assert len(peer.requests) == 2


def test_only_infotainment_accepts_late_messages(peer: Peer) -> None:
    faults = {
        domain: [
            fault_of(peer.send(signed(b"", counter, domain=domain).SerializeToString()))
            for counter in (5, 4, 4, 40, 7)
        ]
        for domain in (VEHICLE_SECURITY, INFOTAINMENT)
    }
    assert faults == {VEHICLE_SECURITY: [0, 6, 6, 0, 6], INFOTAINMENT: [0, 0, 6, 0, 6]}


def test_counter_zero_is_no_counter(peer: Peer) -> None:
    assert fault_of(peer.send(signed(b"", 0).SerializeToString())) == 6
    assert not peer.requests


def test_counters_are_kept_per_key(peer: Peer) -> None:
    other = ec.derive_private_key(77, ec.SECP256R1())
    other_key = Subsystem(2, seed="", booted_at=0, private_key=other).public_key
    peer.vehicle.keys.add(other_key)
    peer.send(DOOR_LOCK)
    infos = {}
    for key in (CLIENT_KEY, other_key):
        request = parsed(HANDSHAKE)
        request.to_destination.domain = VEHICLE_SECURITY  # type: ignore[assignment]
        request.session_info_request.public_key = key
        info = signatures_pb2.SessionInfo()
        info.ParseFromString(peer.send(request.SerializeToString()).session_info)
        infos[key] = info.counter
    assert infos == {CLIENT_KEY: 42, other_key: 0}


def test_the_epoch_may_be_left_out_of_the_message(peer: Peer) -> None:
    message = signed(b"", 1)
    message.signature_data.HMAC_Personalized_data.epoch = b""
    assert fault_of(peer.send(message.SerializeToString())) == 0


def _changed(**values: object) -> universal_message_pb2.RoutableMessage:
    """The signed message of the Go client with values of its signature data changed."""
    message = parsed(CHARGE_START)
    for name, value in values.items():
        setattr(message.signature_data.HMAC_Personalized_data, name, value)
    return message


def _other_payload() -> universal_message_pb2.RoutableMessage:
    message = parsed(CHARGE_START)
    message.protobuf_message_as_bytes = bytes.fromhex("120432022a00")
    return message


def _other_flags() -> universal_message_pb2.RoutableMessage:
    message = parsed(CHARGE_START)
    message.flags = 0
    return message


def _other_domain() -> universal_message_pb2.RoutableMessage:
    message = parsed(CHARGE_START)
    message.to_destination.domain = VEHICLE_SECURITY  # type: ignore[assignment]
    return message


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_other_payload, id="payload"),
        pytest.param(_other_flags, id="flags"),
        pytest.param(_other_domain, id="domain"),
        pytest.param(lambda: _changed(counter=8), id="counter"),
        pytest.param(lambda: _changed(expires_at=2661), id="expiry"),
        pytest.param(lambda: _changed(tag=bytes(32)), id="tag"),
        pytest.param(
            lambda: _changed(tag=bytes.fromhex("966ea001d650ebbf983502401913227d")),
            id="half a tag",
        ),
        pytest.param(lambda: signed(b"", 7, vin="5YJ30123456789ABD"), id="vin"),
        pytest.param(lambda: signed(b"", 7, key=bytes(16)), id="key"),
        pytest.param(lambda: signed(b"", 7, signature_type=6), id="signature type"),
    ],
)
def test_no_signed_part_can_be_changed(
    peer: Peer, change: Callable[[], universal_message_pb2.RoutableMessage]
) -> None:
    message = change()
    reply = peer.send(message.SerializeToString())
    assert fault_of(reply) == 5
    assert reply.signedMessageStatus.operation_status == 2
    assert not peer.requests
    # A forged message uses up no counter, and the answer helps to do better.
    assert len(reply.signature_data.session_info_tag.tag) == 32
    assert fault_of(peer.send(CHARGE_START)) == 0


@pytest.mark.parametrize(
    ("late", "fault"), [(0, 0), (10, 0), (10.9, 0), (11, 17), (3600, 17), (-20, 0), (-21, 20)]
)
def test_expiry(peer: Peer, late: float, fault: int) -> None:
    """The message expires at 2660 and the clock shows 2650."""
    assert fault_of(peer.send(CHARGE_START, NOW + late)) == fault
    assert len(peer.requests) == (fault == 0)


@pytest.mark.parametrize(("seconds", "fault"), [(5, 0), (11, 17)])
def test_a_slow_way_is_time_too(peer: Peer, seconds: float, fault: int) -> None:
    peer.vehicle.arrival_delay = seconds
    assert fault_of(peer.send(CHARGE_START)) == fault


def test_a_drifting_clock(peer: Peer) -> None:
    peer.vehicle.subsystems[INFOTAINMENT].drift = 11
    assert fault_of(peer.send(CHARGE_START)) == 17
    peer.vehicle.subsystems[INFOTAINMENT].drift = -21
    assert fault_of(peer.send(CHARGE_START)) == 20


def test_an_expiry_that_is_no_time(peer: Peer) -> None:
    assert fault_of(peer.send(signed(b"", 1, expires_at=2**30 + 1).SerializeToString())) == 13


def test_session_info_comes_with_an_incorrect_epoch(peer: Peer) -> None:
    subsystem = peer.vehicle.subsystems[INFOTAINMENT]
    subsystem.epoch = bytes.fromhex("ffeeddccbbaa99887766554433221100")
    subsystem.booted_at = NOW - 5
    subsystem.session(CLIENT_KEY).counter = 12
    expected = parsed(
        bytes.fromhex(
            "321212102c907bd76c640d360b3027dc7404efde3a02080362040802100f6a2432220a206fa6cc011cb162"
            "60a7abf032f208f4cba8f7ab260a56332b008c8f45d600768d7a5c080c124104c7a1f47138486aa4729971"
            "494878d33b1a24e39571f748a6e16c5955b3d877d3a6aaa0e955166474af5d32c410f439a2234137ad1bb0"
            "85fd4e8813c958f11d971a10ffeeddccbbaa99887766554433221100250500000092031058406580528b6a"
            "5301391800b4fe9b99"
        )
    )
    assert peer.send(CHARGE_START) == expected
    assert not peer.requests


def test_session_info_comes_with_an_expired_message(peer: Peer) -> None:
    peer.vehicle.subsystems[INFOTAINMENT].session(CLIENT_KEY).counter = 7
    expected = parsed(
        bytes.fromhex(
            "321212102c907bd76c640d360b3027dc7404efde3a0208036204080210116a2432220a20b3219fd1d49256"
            "55c193e872617ed91052397f7f5f35c20cc4a7c8c059d108cb7a5c0807124104c7a1f47138486aa4729971"
            "494878d33b1a24e39571f748a6e16c5955b3d877d3a6aaa0e955166474af5d32c410f439a2234137ad1bb0"
            "85fd4e8813c958f11d971a104c463f9cc0d3d26906e982ed224adde625b80b000092031058406580528b6a"
            "5301391800b4fe9b99"
        )
    )
    assert peer.send(CHARGE_START, NOW + 350) == expected


def test_a_reboot_makes_a_new_epoch(peer: Peer) -> None:
    subsystem = peer.vehicle.subsystems[INFOTAINMENT]
    peer.send(CHARGE_START)
    subsystem.reboot(NOW)
    assert subsystem.epoch != EPOCH
    assert subsystem.clock(NOW + 3) == 3
    reply = peer.send(signed(b"", 8).SerializeToString(), NOW + 3)
    assert fault_of(reply) == 15
    info = signatures_pb2.SessionInfo()
    info.ParseFromString(reply.session_info)
    assert (info.epoch, info.clock_time, info.counter) == (subsystem.epoch, 3, 0)


def test_another_key_makes_signatures_invalid(peer: Peer) -> None:
    subsystem = peer.vehicle.subsystems[INFOTAINMENT]
    subsystem.change_key()
    assert subsystem.public_key != VEHICLE_KEY
    reply = peer.send(CHARGE_START)
    assert fault_of(reply) == 5
    info = signatures_pb2.SessionInfo()
    info.ParseFromString(reply.session_info)
    assert info.publicKey == subsystem.public_key
    client = ec.derive_private_key(CLIENT_SCALAR, ec.SECP256R1())
    shared = client.exchange(ec.ECDH(), protocol.read_point(info.publicKey))
    key = hashlib.sha1(shared, usedforsecurity=False).digest()[:16]
    retry = signed(b"", 9, key=key).SerializeToString()
    assert fault_of(peer.send(retry)) == 0


# Messages that are no commands


def test_encrypted_requests_do_not_pass_the_gateway(peer: Peer) -> None:
    with pytest.raises(MalformedMessage):
        peer.send(GCM_REQUEST)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"not a message", bytes(200_000), HANDSHAKE_REPLY])
def test_bytes_that_are_no_request(peer: Peer, raw: bytes) -> None:
    with pytest.raises(MalformedMessage):
        peer.send(raw)


def test_a_key_that_is_not_paired(peer: Peer) -> None:
    peer.vehicle.keys.clear()
    reply = peer.send(CHARGE_START)
    assert fault_of(reply) == 3
    assert reply.session_info == b""


def test_a_key_handle_that_was_never_given(peer: Peer) -> None:
    message = parsed(CHARGE_START)
    message.signature_data.signer_identity.handle = 4
    assert fault_of(peer.send(message.SerializeToString())) == 27


@pytest.mark.parametrize("domain", [0, 1, 4, 99])
def test_a_destination_without_commands(peer: Peer, domain: int) -> None:
    message = parsed(CHARGE_START)
    message.to_destination.domain = domain  # type: ignore[assignment]
    assert fault_of(peer.send(message.SerializeToString())) == 8


@pytest.mark.parametrize("member", ["uuid", "routing address"])
@pytest.mark.parametrize("value", [b"", b"short", bytes(17)])
def test_addresses_have_sixteen_bytes(peer: Peer, member: str, value: bytes) -> None:
    message = parsed(CHARGE_START)
    if member == "uuid":
        message.uuid = value
    else:
        message.from_destination.routing_address = value
    assert fault_of(peer.send(message.SerializeToString())) == 13
    assert not peer.requests


def test_a_signature_of_another_kind(peer: Peer) -> None:
    message = parsed(CHARGE_START)
    message.signature_data.session_info_tag.tag = bytes(32)
    assert fault_of(peer.send(message.SerializeToString())) == 5


def test_an_unsigned_message_has_no_signer(peer: Peer) -> None:
    message = parsed(DOOR_LOCK)
    message.ClearField("signature_data")
    peer.send(message.SerializeToString())
    assert peer.requests[0].client is None
    assert peer.requests[0].counter is None


def test_a_fault_of_the_executor_is_answered(peer: Peer) -> None:
    peer.executor.fault = 9
    reply = peer.send(CHARGE_START)
    assert fault_of(reply) == 9
    assert reply.session_info == b""
    assert peer.vehicle.subsystems[INFOTAINMENT].faults == {9: 1}


# Orders


def test_ordered_faults_come_and_go(peer: Peer) -> None:
    peer.vehicle.orders.append(FaultOrder(fault=1, left=2, domain=INFOTAINMENT))
    assert fault_of(peer.send(DOOR_LOCK)) == 0
    faults = [
        fault_of(peer.send(signed(b"", counter).SerializeToString())) for counter in (1, 2, 3)
    ]
    assert faults == [1, 1, 0]
    assert len(peer.requests) == 2


def test_an_ordered_fault_leaves_handshakes_alone(peer: Peer) -> None:
    peer.vehicle.orders.append(FaultOrder(fault=1))
    assert fault_of(peer.send(HANDSHAKE)) == 0
    assert fault_of(peer.send(CHARGE_START)) == 1


def test_an_ordered_fault_of_resync_brings_session_info(peer: Peer) -> None:
    peer.vehicle.orders.append(FaultOrder(fault=6, left=2))
    assert peer.send(CHARGE_START).session_info
    peer.vehicle.omits_session_info = True
    assert not peer.send(CHARGE_START).session_info


def test_a_fault_after_the_execution(peer: Peer) -> None:
    peer.vehicle.orders.append(FaultOrder(fault=2, runs=True))
    assert fault_of(peer.send(CHARGE_START)) == 2
    assert len(peer.requests) == 1
    assert fault_of(peer.send(CHARGE_START)) == 6


def test_wait_is_an_operation_without_a_fault(peer: Peer) -> None:
    peer.vehicle.orders.append(FaultOrder(operation=protocol.OPERATION_WAIT))
    reply = peer.send(CHARGE_START)
    assert reply.signedMessageStatus.operation_status == 1
    assert fault_of(reply) == 0
    assert not peer.requests
    assert fault_of(peer.send(CHARGE_START)) == 0


def test_a_sealed_fault_is_authenticated(peer: Peer) -> None:
    peer.vehicle.orders.append(FaultOrder(fault=7, is_encrypted=True))
    reply = peer.send(CHARGE_START)
    assert fault_of(reply) == 7
    assert not peer.requests
    data = reply.signature_data.AES_GCM_Response_data
    metadata = bytes.fromhex(
        "000109010103021135594a3330313233343536373839414243050400000001070400000000082108966ea001"
        "d650ebbf983502401913227d8a93e7b582b7534fe4a560cab8bc8a110904000000"
    )
    for fault, opens in ((7, True), (0, False)):
        aad = hashlib.sha256(metadata + bytes((fault, 0xFF))).digest()
        sealed = reply.protobuf_message_as_bytes + data.tag
        if opens:
            assert AESGCM(K).decrypt(data.nonce, sealed, aad) == b""
        else:
            with pytest.raises(InvalidTag):
                AESGCM(K).decrypt(data.nonce, sealed, aad)


# Anything at all


@given(raw=st.binary(max_size=400))
def test_any_bytes_get_an_answer(raw: bytes) -> None:
    with contextlib.suppress(MalformedMessage):
        Peer().send(raw)


@given(data=st.data())
def test_any_damaged_message_gets_an_answer_and_runs_nothing(data: st.DataObject) -> None:
    peer = Peer()
    original = data.draw(st.sampled_from([CHARGE_START, DOOR_LOCK, HANDSHAKE]))
    raw = bytearray(original)
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(MalformedMessage):
        peer.send(bytes(raw))
    # Only parts that no signature covers (addresses, uuid) may be damaged without harm; only signed
    # payloads are executed. Unsigned payloads reach the executor without a client.
    for request in peer.requests:
        if request.client is not None:
            assert request.payload.hex() in ("120432021200", "1001")

"""Every published or recomputed test vector of the protocol, byte for byte."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command import signatures_pb2 as signatures
from tesla_protocol.command import universal_message_pb2 as universal
from tesla_protocol.command import vcsec_pb2 as vcsec

from custom_components.flotte.tesla.signing import (
    Acceptance,
    ClientKey,
    Domain,
    Outcome,
    ProtocolError,
    Request,
    Session,
    SessionKey,
    interpret,
    metadata,
)
from custom_components.flotte.tesla.signing.metadata import SignatureType, Tag

VECTORS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors.json").read_text("utf-8")
)["vectors"]
VIN = "5YJ30123456789ABC"
NOW = 5_000.75
ROUTING_INFOTAINMENT = bytes.fromhex("2c907bd76c640d360b3027dc7404efde")
ROUTING_SECURITY = bytes.fromhex("0a7962c10d38b61dd2a7722780a4f096")
HANDSHAKE_UUIDS = {
    Domain.INFOTAINMENT: bytes.fromhex("1588d5a30eabc6f8fc9a951b11f6fd11"),
    Domain.VEHICLE_SECURITY: bytes.fromhex("9f1f6a5a7e2c4d0bb1c2d3e4f5061728"),
}
HANDSHAKE_REPLIES = {
    Domain.INFOTAINMENT: "handshake_response_message",
    Domain.VEHICLE_SECURITY: "session_info_vcsec_counter_41",
}
RESPONSES = [name for name, vector in VECTORS.items() if vector["kind"] == "response"]
SESSION_INFOS_IN_FAULTS = [
    "session_info_in_error_incorrect_epoch",
    "session_info_in_error_time_expired",
]

USED: set[str] = set()
"""Vectors used by a test."""


def given(name: str) -> dict[str, Any]:
    USED.add(name)
    values: dict[str, Any] = VECTORS[name]["given"]
    return values


def expected(name: str) -> dict[str, Any]:
    USED.add(name)
    values: dict[str, Any] = VECTORS[name]["expected"]
    return values


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


def pem(name: str) -> str:
    body = base64.encodebytes(unhex(given(name)["sec1_der"])).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{body}-----END EC PRIVATE KEY-----\n"


def client_key() -> ClientKey:
    return ClientKey.from_pem(pem("key_client"))


def session_key() -> SessionKey:
    return client_key().session_key(unhex(expected("key_vehicle")["uncompressed"]))


def scripted(*values: bytes) -> Callable[[int], bytes]:
    rest = iter(values)

    def random_bytes(length: int) -> bytes:
        value = next(rest)
        assert len(value) == length
        return value

    return random_bytes


def session_for(domain: Domain, *uuids: bytes) -> Session:
    """A session that draws the vectors' uuids and routing addresses, in this order."""
    if domain is Domain.INFOTAINMENT:
        values = [ROUTING_INFOTAINMENT, *uuids]
    else:
        values = [bytes(16), *(value for uuid in uuids for value in (uuid, ROUTING_SECURITY))]
    return Session(client_key(), VIN, domain, random_bytes=scripted(*values))


def shaken(domain: Domain, *uuids: bytes) -> Session:
    """The session after the vectors' handshake."""
    session = session_for(domain, HANDSHAKE_UUIDS[domain], *uuids)
    hello = session.hello(now=NOW)
    reply = session.open(
        hello, unhex(given(HANDSHAKE_REPLIES[domain])["routable_message"]), now=NOW
    )
    assert reply.session_info is Acceptance.ACCEPTED
    return session


def signed(name: str) -> tuple[Session, Request]:
    """The request of a vector, made by a session that went through the vectors' handshake."""
    inputs = given(name)
    domain = Domain(inputs["domain"])
    session = shaken(domain, unhex(inputs["uuid"]))
    lifetime = inputs["expires_at"] - session.state.vehicle_clock(NOW)
    request = session.sign(unhex(inputs["plaintext_payload"]), now=NOW, lifetime=lifetime)
    return session, request


@pytest.mark.parametrize("name", ["key_client", "key_vehicle"])
def test_key_file_gives_the_public_key(name: str) -> None:
    key = ClientKey.from_pem(pem(name))
    wanted = expected(name)
    assert key.public_bytes.hex() == wanted["uncompressed"] == "04" + wanted["x"] + wanted["y"]
    assert key.fingerprint == hashlib.sha256(unhex(wanted["uncompressed"])).hexdigest()


def test_metadata_items() -> None:
    vin = given("tlv_vin")
    assert metadata.item(vin["tag"], vin["value_ascii"].encode()).hex() == "0203616263"
    assert expected("tlv_vin")["bytes"] == "0203616263"
    counter = given("tlv_counter")
    encoded = metadata.item(counter["tag"], metadata.uint32(counter["value_uint32"]))
    assert encoded.hex() == expected("tlv_counter")["bytes"]


def test_metadata_items_with_end() -> None:
    first, second = given("tlv_serialize")["items"]
    encoded = metadata.encode(
        (
            (first["tag"], first["ascii"].encode()),
            (second["tag"], metadata.uint32(second["uint32"])),
        )
    )
    assert encoded.hex() == expected("tlv_serialize")["bytes"]


def test_derived_keys() -> None:
    """The tag keys and K, verified by their results, because they are not exposed."""
    key = session_key()
    k = unhex(expected("ecdh_kdf")["K"])
    assert expected("ecdh_kdf")["sha1"].startswith(k.hex())
    info_key = unhex(expected("subkey_session_info")["hmac_sha256"])
    command_key = unhex(expected("subkey_authenticated_command")["hmac_sha256"])
    assert key.tag_of_session_info(b"a", b"b") == hmac.digest(info_key, b"ab", "sha256")
    assert key.tag_of_command(b"a", b"b") == hmac.digest(command_key, b"ab", "sha256")
    assert unhex(given("subkey_session_info")["K"]) == k
    assert unhex(given("subkey_authenticated_command")["K"]) == k


def test_shared_secret_with_leading_zero() -> None:
    inputs = given("ecdh_kdf_leading_zero")
    private = ec.derive_private_key(int(inputs["client_private"], 16), ec.SECP256R1())
    client = ClientKey(private)
    assert client.public_bytes.hex() == inputs["client_public"]
    made = client.session_key(unhex(inputs["vehicle_public"])).tag_of_command(b"", b"x")
    wanted = expected("ecdh_kdf_leading_zero")

    def tag_with(k: str) -> bytes:
        command_key = hmac.digest(unhex(k), b"authenticated command", "sha256")
        return hmac.digest(command_key, b"x", "sha256")

    assert made == tag_with(wanted["K"])
    assert made != tag_with(wanted["wrong_K_if_leading_zeros_are_stripped"])


def test_session_info_is_read() -> None:
    info = signatures.SessionInfo.FromString(unhex(given("session_info_decode")["session_info"]))
    wanted = expected("session_info_decode")
    session = shaken(Domain.INFOTAINMENT)
    assert session.state.counter == info.counter == wanted["counter"]
    assert session.state.vehicle_public.hex() == wanted["publicKey"]
    assert session.state.epoch.hex() == wanted["epoch"]
    assert session.state.vehicle_clock(NOW) == wanted["clock_time"]
    assert (info.status, info.handle) == (wanted["status"], wanted["handle"])


def test_session_info_tag() -> None:
    inputs = given("session_info_metadata")
    made = metadata.of_session_info(inputs["vin"], unhex(inputs["challenge_uuid"]))
    assert made.hex() == expected("session_info_metadata")["metadata"]
    assert made.hex() == given("session_info_tag")["metadata"]
    tag = session_key().tag_of_session_info(made, unhex(given("session_info_tag")["session_info"]))
    assert tag.hex() == expected("session_info_tag")["tag"]


def test_handshake_request() -> None:
    inputs = given("handshake_request_message")
    session = session_for(Domain(inputs["domain"]), unhex(inputs["uuid"]))
    hello = session.hello(now=NOW)
    wanted = expected("handshake_request_message")
    assert hello.message.hex() == wanted["routable_message"]
    assert base64.b64encode(hello.message).decode() == wanted["routable_message_b64"]
    assert len(hello.message) == 112


@pytest.mark.parametrize("domain", list(Domain))
def test_handshake_reply(domain: Domain) -> None:
    wanted = expected(HANDSHAKE_REPLIES[domain])
    info = signatures.SessionInfo.FromString(unhex(wanted["session_info"]))
    session = shaken(domain)
    assert session.state.ready
    assert session.state.counter == info.counter
    assert session.state.vehicle_clock(NOW) == info.clock_time
    if domain is Domain.VEHICLE_SECURITY:
        assert (session.state.counter, session.state.vehicle_clock(NOW)) == (41, 2651)


@pytest.mark.parametrize(
    "name", ["request_hmac_infotainment_flags2_charge_start", "request_hmac_vcsec_flags2_door_lock"]
)
def test_signed_request(name: str) -> None:
    _, request = signed(name)
    wanted = expected(name)
    assert request.tag.hex() == wanted["tag"]
    assert request.message.hex() == wanted["routable_message"]
    assert base64.b64encode(request.message).decode() == wanted["routable_message_b64"]
    made = metadata.start_of_request(VIN, request.domain, request.epoch) + metadata.end_of_request(
        request.expires_at, request.counter, 2
    )
    assert made.hex() == wanted["metadata"]
    assert wanted["hmac_input"] == wanted["metadata"] + given(name)["plaintext_payload"]
    hash_ = metadata.request_hash(SignatureType.HMAC_PERSONALIZED, request.tag, request.domain)
    assert hash_.hex() == wanted["request_hash"]


def test_signed_request_without_flags_leaves_them_out() -> None:
    """We always set the flag; the tag key and the layout hold without it as well."""
    name = "request_hmac_infotainment_flags0_charge_start"
    inputs, wanted = given(name), expected(name)
    made = request_metadata(inputs)
    assert made.hex() == wanted["metadata"]
    tag = session_key().tag_of_command(made, unhex(inputs["plaintext_payload"]))
    assert tag.hex() == wanted["tag"]


def request_metadata(inputs: dict[str, Any]) -> bytes:
    items = [
        (Tag.SIGNATURE_TYPE, bytes([inputs["signature_type"]])),
        (Tag.DOMAIN, bytes([inputs["domain"]])),
        (Tag.PERSONALIZATION, inputs["vin"].encode()),
        (Tag.EPOCH, unhex(inputs["epoch"])),
        (Tag.EXPIRES_AT, metadata.uint32(inputs["expires_at"])),
        (Tag.COUNTER, metadata.uint32(inputs["counter"])),
    ]
    if inputs["flags"]:
        items.append((Tag.FLAGS, metadata.uint32(inputs["flags"])))
    return metadata.encode(items)


@pytest.mark.parametrize(
    "name",
    [
        "gcm_metadata_no_flags",
        "gcm_encrypt_with_flags",
        "request_gcm_infotainment_flags2_hvac_on",
        "request_gcm_vcsec_flags2_door_lock",
    ],
)
def test_encrypted_request(name: str) -> None:
    """Only for Bluetooth, so we never send one; metadata and cipher are those of replies."""
    inputs, wanted = given(name), expected(name)
    made = request_metadata(inputs)
    assert made.hex() == wanted["metadata"]
    if "aad_sha256" in wanted:
        assert hashlib.sha256(made).hexdigest() == wanted["aad_sha256"]
    if "nonce" in inputs:
        plaintext = session_key().decrypt(
            unhex(inputs["nonce"]), unhex(wanted["ciphertext"]), unhex(wanted["tag"]), made
        )
        assert plaintext.hex() == inputs.get("plaintext_payload", inputs.get("plaintext"))
    if "request_hash" in wanted:
        hash_ = metadata.request_hash(
            SignatureType.AES_GCM_PERSONALIZED, unhex(wanted["tag"]), Domain(inputs["domain"])
        )
        assert hash_.hex() == wanted["request_hash"]


def test_encrypted_request_without_flags() -> None:
    inputs, wanted = given("gcm_encrypt_no_flags"), expected("gcm_encrypt_no_flags")
    made = unhex(expected("gcm_metadata_no_flags")["metadata"])
    assert hashlib.sha256(made).hexdigest() == inputs["aad_sha256"]
    plaintext = session_key().decrypt(
        unhex(inputs["nonce"]), unhex(wanted["ciphertext"]), unhex(wanted["tag"]), made
    )
    assert plaintext.hex() == inputs["plaintext"] == expected("action_hvac_on")["bytes"]
    message = universal.RoutableMessage.FromString(
        unhex(given("gcm_routable_message_no_flags")["routable_message"])
    )
    whole = expected("gcm_routable_message_no_flags")
    sealed = message.signature_data.AES_GCM_Personalized_data
    assert sealed.tag.hex() == whole["tag"] == wanted["tag"]
    assert message.protobuf_message_as_bytes.hex() == whole["ciphertext"] == wanted["ciphertext"]


@pytest.mark.parametrize(
    "name", [name for name in RESPONSES if name != "response_to_gcm_infotainment"]
)
def test_encrypted_reply(name: str) -> None:
    session, request = signed(given(name)["for_request"])
    reply = session.open(request, unhex(given(name)["routable_message"]), now=NOW + 1)
    wanted = expected(name)
    assert reply.payload == unhex(wanted["plaintext"])
    assert reply.authenticated
    assert reply.fault == wanted["fault"]
    assert session.state.encrypted_replies_seen


@pytest.mark.parametrize("name", RESPONSES)
def test_metadata_of_encrypted_reply(name: str) -> None:
    wanted = expected(name)
    made = metadata.of_reply(
        given(name)["vin"],
        wanted["domain"],
        counter=wanted["response_counter"],
        flags=wanted["response_flags"],
        hash_of_request=unhex(wanted["request_hash"]),
        fault=wanted["fault"],
    )
    assert made.hex() == wanted["metadata"]
    assert hashlib.sha256(made).hexdigest() == wanted["aad_sha256"]
    plaintext = session_key().decrypt(
        unhex(wanted["nonce"]), unhex(wanted["ciphertext"]), unhex(wanted["tag"]), made
    )
    assert plaintext == unhex(wanted["plaintext"])


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("response_infotainment_ok_33_byte_hash", Outcome.OK),
        ("response_vcsec_empty_success_17_byte_hash", Outcome.OK),
        ("response_vcsec_wait", Outcome.WAIT),
    ],
)
def test_meaning_of_encrypted_reply(name: str, outcome: Outcome) -> None:
    wanted = expected(name)
    assert interpret(Domain(wanted["domain"]), unhex(wanted["plaintext"])).outcome is outcome


def test_33_byte_request_hash_for_infotainment_17_for_vehicle_security() -> None:
    tag = bytes(range(32))
    hmac_ = SignatureType.HMAC_PERSONALIZED
    assert metadata.request_hash(hmac_, tag, Domain.INFOTAINMENT) == b"\x08" + tag
    assert metadata.request_hash(hmac_, tag, Domain.VEHICLE_SECURITY) == b"\x08" + tag[:16]


@pytest.mark.parametrize("name", SESSION_INFOS_IN_FAULTS)
def test_session_info_in_fault(name: str) -> None:
    session, request = signed("request_hmac_infotainment_flags2_charge_start")
    assert request.uuid.hex() == given(name)["challenge_uuid"]
    reply = session.open(request, unhex(given(name)["routable_message"]), now=NOW + 1)
    wanted = expected(name)
    assert reply.fault == wanted["fault"]
    assert reply.resynced
    assert reply.payload is None
    assert session.state.epoch.hex() == wanted["epoch"]
    assert session.state.counter == wanted["counter"]
    assert session.state.vehicle_clock(NOW + 1) == wanted["clock_time"]


def test_key_not_on_keychain() -> None:
    name = "session_info_key_not_on_whitelist_no_public_key"
    session = session_for(Domain.VEHICLE_SECURITY, unhex(given(name)["challenge_uuid"]))
    hello = session.hello(now=NOW)
    reply = session.open(hello, unhex(given(name)["routable_message"]), now=NOW)
    assert reply.session_info is Acceptance.KEY_NOT_PAIRED
    assert expected(name)["status"] == 1
    assert not session.state.ready


@pytest.mark.parametrize(
    "name", ["negative_session_info_wrong_vin", "negative_session_info_truncated_tag"]
)
def test_negative_session_info(name: str) -> None:
    inputs = given(name)
    session = Session(
        client_key(),
        inputs["vin"],
        Domain.VEHICLE_SECURITY,
        random_bytes=scripted(bytes(16), unhex(inputs["challenge_uuid"]), ROUTING_SECURITY),
    )
    hello = session.hello(now=NOW)
    accepted = session.accept_session_info(
        hello, unhex(inputs["session_info"]), unhex(inputs["tag"]), now=NOW
    )
    assert expected(name)["must_fail"]
    assert accepted is Acceptance.WRONG_TAG
    assert not session.state.ready


@pytest.mark.parametrize(
    "name",
    ["negative_response_hash_truncated_for_infotainment", "negative_response_fault_changed"],
)
def test_negative_reply(name: str) -> None:
    inputs = given(name)
    assert expected(name)["must_fail"]
    with pytest.raises(ProtocolError):
        session_key().decrypt(
            unhex(inputs["nonce"]),
            unhex(inputs["ciphertext"]),
            unhex(inputs["tag"]),
            unhex(inputs["metadata"]),
        )


def test_negative_reply_as_a_whole_message() -> None:
    """An equal reply with a fault that was inserted on the way."""
    session, request = signed("request_hmac_infotainment_flags2_charge_start")
    vector = "response_infotainment_ok_33_byte_hash"
    message = universal.RoutableMessage.FromString(unhex(given(vector)["routable_message"]))
    message.signedMessageStatus.signed_message_fault = universal.MESSAGEFAULT_ERROR_BUSY
    with pytest.raises(ProtocolError):
        session.open(request, message.SerializeToString(), now=NOW)


def test_unsigned_question_of_the_document() -> None:
    """Over Bluetooth only; shows that the message classes read the document's bytes."""
    wanted = expected("debug_routable_message")
    message = universal.RoutableMessage.FromString(
        unhex(given("debug_routable_message")["routable_message"])
    )
    assert message.to_destination.domain == wanted["to_domain"]
    assert message.from_destination.routing_address.hex() == wanted["from_routing_address"]
    assert message.uuid.hex() == wanted["uuid"]
    assert message.protobuf_message_as_bytes.hex() == given("debug_unsigned_message")["bytes"]
    question = vcsec.UnsignedMessage.FromString(message.protobuf_message_as_bytes)
    kind = question.InformationRequest.informationRequestType
    assert kind == expected("debug_unsigned_message")["InformationRequest.informationRequestType"]


def test_every_vector_is_used() -> None:
    """Runs last in this file; the Bluetooth name is no business of ours."""
    if len(USED) < 30:
        pytest.skip("only meaningful after the other tests of this file")
    assert set(VECTORS) - USED == {"ble_local_name"}
    assert len(VECTORS) == 39

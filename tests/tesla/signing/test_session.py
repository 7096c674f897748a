"""Handshake, signing and reading replies, against a vehicle made of plain cryptography."""

import logging
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command import signatures_pb2 as signatures
from tesla_protocol.command import universal_message_pb2 as universal

from custom_components.flotte.tesla.signing import (
    Acceptance,
    ClientKey,
    Domain,
    ProtocolError,
    Reply,
    Request,
    Session,
)
from custom_components.flotte.tesla.signing.session_state import MAX_CLOCK, MAX_COUNTER
from tests.tesla.signing.car import VIN, Car, Clock, public_bytes

LOCK = b"\x10\x01"


def facts(session: Session, now: float) -> tuple[object, ...]:
    """Everything a session knows."""
    return (
        session.state.ready,
        session.state.vehicle_public,
        session.state.epoch,
        session.state.counter,
        session.state.vehicle_clock(now),
        session.state.encrypted_replies_seen,
    )


def greet(session: Session, car: Car, clock: Clock, *, takes: float = 0.0) -> Reply:
    hello = session.hello(now=clock())
    answer = car.receive(hello.message)
    clock.now += takes
    return session.open(hello, answer, now=clock())


def run(session: Session, car: Car, clock: Clock) -> tuple[Request, Reply]:
    request = session.sign(LOCK, now=clock())
    return request, session.open(request, car.receive(request.message), now=clock())


@pytest.mark.parametrize("vin", ["", VIN[:-1], VIN + "0", "5YJ30123456789AB ", "5YJ30123456789ABÄ"])
def test_no_vin(client_key: ClientKey, vin: str) -> None:
    with pytest.raises(ValueError, match="17 letters and digits"):
        Session(client_key, vin, Domain.INFOTAINMENT)


def test_vin_is_signed_in_upper_case(client_key: ClientKey, car: Car, clock: Clock) -> None:
    session = Session(client_key, VIN.lower(), Domain(car.domain))
    assert greet(session, car, clock).resynced


def test_empty_session_cannot_sign(empty: Session, clock: Clock) -> None:
    assert not empty.state.ready
    with pytest.raises(ProtocolError, match="handshake is needed"):
        empty.sign(LOCK, now=clock())
    with pytest.raises(ProtocolError, match="no session"):
        empty.state.vehicle_clock(clock())


def test_handshake_request_only_names_us(empty: Session, clock: Clock) -> None:
    hello = empty.hello(now=clock())
    message = universal.RoutableMessage.FromString(hello.message)
    assert len(hello.message) == 112
    assert int(message.to_destination.domain) == int(empty.domain)
    assert message.uuid == hello.uuid
    assert len(message.uuid) == 16
    assert len(message.from_destination.routing_address) == 16
    assert not message.session_info_request.challenge
    assert not message.HasField("signature_data")
    assert message.flags == 0
    assert empty.hello(now=clock()).uuid != hello.uuid


def test_handshake(empty: Session, car: Car, clock: Clock) -> None:
    car.counter = 1605
    reply = greet(empty, car, clock, takes=2.0)
    assert reply.resynced
    assert empty.state.ready
    assert empty.state.counter == 1605
    assert empty.state.epoch == car.epoch
    assert empty.state.vehicle_public == public_bytes(car.key)
    # Too low by the two seconds of the answer, and by the fraction: never too high.
    assert car.time - 3 < empty.state.vehicle_clock(clock()) <= car.time


def test_routing_address_is_one_for_infotainment_and_fresh_for_vehicle_security(
    session: Session, clock: Clock
) -> None:
    addresses = {session.sign(LOCK, now=clock()).routing_address for _ in range(3)}
    assert len(addresses) == (1 if session.domain is Domain.INFOTAINMENT else 3)


def test_command_is_executed_and_answered(session: Session, car: Car, clock: Clock) -> None:
    request, reply = run(session, car, clock)
    assert car.executed == [LOCK]
    assert car.accepted == [1]
    assert request.counter == 1
    assert reply.authenticated
    assert reply.payload == b""
    assert (reply.fault, reply.operation_status, reply.session_info) == (0, 0, None)
    message = universal.RoutableMessage.FromString(request.message)
    assert message.flags == 2
    assert message.signature_data.signer_identity.public_key == session._client_key.public_bytes


def test_counters_rise_by_one(session: Session, car: Car, clock: Clock) -> None:
    for _ in range(5):
        run(session, car, clock)
    assert car.accepted == [1, 2, 3, 4, 5]


def test_uuids_are_never_repeated(session: Session, clock: Clock) -> None:
    assert len({session.sign(LOCK, now=clock()).uuid for _ in range(100)}) == 100


@pytest.mark.parametrize("lifetime", [5.0, 15.0, 29.0])
def test_lifetime_counts_from_signing(
    session: Session, car: Car, clock: Clock, lifetime: float
) -> None:
    clock.now += 1_000
    request = session.sign(LOCK, now=clock(), lifetime=lifetime)
    assert 0 <= car.time + lifetime - request.expires_at <= 1


def test_queue_longer_than_the_lifetime_does_no_harm(
    session: Session, car: Car, clock: Clock
) -> None:
    """The expiry is made at signing, so the time before does not count."""
    for _ in range(5):
        clock.now += 20
        run(session, car, clock)
    assert len(car.executed) == 5


def test_expired_command_is_refused_and_the_answer_resyncs(
    session: Session, car: Car, clock: Clock
) -> None:
    request = session.sign(LOCK, now=clock())
    clock.now += 9.9
    car.started -= 60  # its clock runs ahead of the estimate
    reply = session.open(request, car.receive(request.message), now=clock())
    assert reply.fault == 17
    assert reply.resynced
    assert run(session, car, clock)[1].fault == 0


def test_expires_in(session: Session, clock: Clock) -> None:
    request = session.sign(LOCK, now=clock(), lifetime=15)
    left = session.expires_in(request, clock())
    assert 15 <= left <= 16
    assert session.expires_in(request, clock() + 10) == left - 10
    assert session.expires_in(request, clock() + 17) == 0
    # The vehicle still accepts it in the second of the expiry.
    at_expiry = clock() + (request.expires_at - session.state.vehicle_clock(clock()))
    assert session.expires_in(request, at_expiry) == pytest.approx(1)


def test_command_of_an_older_epoch_has_expired(session: Session, car: Car, clock: Clock) -> None:
    request = session.sign(LOCK, now=clock())
    car.reboot()
    greet(session, car, clock)
    assert session.expires_in(request, clock()) == 0


def test_implausible_expiry_is_not_sent(session: Session, clock: Clock) -> None:
    with pytest.raises(ProtocolError, match="out of range"):
        session.sign(LOCK, now=clock(), lifetime=2.0**30)
    assert session.state.counter == 0


def test_last_counter_is_not_used(session: Session, car: Car, clock: Clock) -> None:
    session.state.counter = MAX_COUNTER
    with pytest.raises(ProtocolError, match="handshake"):
        session.sign(LOCK, now=clock())
    car.counter = 7
    greet(session, car, clock)
    assert session.state.ready
    assert session.state.counter == 7


# -- session info ----------------------------------------------------------------------------------


def test_higher_own_counter_is_kept_in_the_same_epoch(
    session: Session, car: Car, clock: Clock
) -> None:
    session.state.counter = 50
    car.counter = 40
    greet(session, car, clock)
    assert session.state.counter == 50
    car.counter = 60
    greet(session, car, clock)
    assert session.state.counter == 60


def test_counter_starts_over_in_a_new_epoch(session: Session, car: Car, clock: Clock) -> None:
    session.state.counter = 50
    car.reboot()
    assert greet(session, car, clock).resynced
    assert session.state.counter == 0
    run(session, car, clock)
    assert car.accepted == [1]


@pytest.mark.parametrize(("takes", "wanted"), [(10.0, True), (10.5, False)])
def test_answer_older_than_ten_seconds_is_not_used(
    empty: Session, car: Car, clock: Clock, *, takes: float, wanted: bool
) -> None:
    reply = greet(empty, car, clock, takes=takes)
    assert reply.resynced is wanted
    assert empty.state.ready is wanted
    if not wanted:
        assert reply.session_info is Acceptance.TOO_LATE


def test_unpaired_key_leaves_the_session_untouched(
    session: Session, car: Car, clock: Clock
) -> None:
    before = facts(session, clock())
    car.paired = False
    assert greet(session, car, clock).session_info is Acceptance.KEY_NOT_PAIRED
    assert facts(session, clock()) == before


def spoil_tag(reply: universal.RoutableMessage) -> None:
    tag = reply.signature_data.session_info_tag.tag
    reply.signature_data.session_info_tag.tag = tag[:-1] + bytes([tag[-1] ^ 1])


def cut_tag(reply: universal.RoutableMessage) -> None:
    reply.signature_data.session_info_tag.tag = reply.signature_data.session_info_tag.tag[:16]


def drop_tag(reply: universal.RoutableMessage) -> None:
    reply.ClearField("signature_data")


def raise_counter(reply: universal.RoutableMessage) -> None:
    info = signatures.SessionInfo.FromString(reply.session_info)
    info.counter += 1
    reply.session_info = info.SerializeToString()


def add_unknown_field(reply: universal.RoutableMessage) -> None:
    reply.session_info += b"\x78\x01"


@pytest.mark.parametrize("spoil", [spoil_tag, cut_tag, drop_tag, raise_counter, add_unknown_field])
def test_tag_failure_leaves_the_session_untouched(
    session: Session,
    car: Car,
    clock: Clock,
    spoil: Callable[[universal.RoutableMessage], None],
) -> None:
    before = facts(session, clock())
    car.counter += 5
    car.spoil = spoil
    reply = greet(session, car, clock)
    assert reply.session_info is Acceptance.WRONG_TAG
    assert not reply.resynced
    assert facts(session, clock()) == before


def test_answer_to_another_handshake_does_not_verify(
    empty: Session, car: Car, clock: Clock
) -> None:
    """Vehicle security leaves the echoed uuid out; only the challenge in the tag identifies it."""
    old = empty.hello(now=clock())
    answer = universal.RoutableMessage.FromString(car.receive(old.message))
    answer.ClearField("request_uuid")
    answer.ClearField("to_destination")
    reply = empty.open(empty.hello(now=clock()), answer.SerializeToString(), now=clock())
    assert reply.session_info is Acceptance.WRONG_TAG


def test_clock_going_backwards_in_the_same_epoch_is_stale(
    session: Session, car: Car, clock: Clock
) -> None:
    before = facts(session, clock())
    car.started += 2
    car.counter = 9
    assert greet(session, car, clock).session_info is Acceptance.STALE_CLOCK
    assert facts(session, clock()) == before
    car.started -= 2
    assert greet(session, car, clock).resynced  # an unchanged second is fine


def test_forgotten_session_accepts_a_lower_clock_but_keeps_its_counter(
    session: Session, car: Car, clock: Clock
) -> None:
    session.state.counter = 50
    session.state.forget()
    assert not session.state.ready
    assert session.to_stored(now_monotonic=clock(), now_wall=0.0) == {}
    car.started += 2
    assert greet(session, car, clock).resynced
    assert session.state.counter == 50


def test_new_vehicle_key_with_valid_tag_is_accepted_and_logged_once(
    session: Session, car: Car, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    car.key = ec.generate_private_key(ec.SECP256R1())
    car.counter = 3
    session.state.counter = 90
    assert greet(session, car, clock).resynced
    assert session.state.vehicle_public == public_bytes(car.key)
    assert session.state.counter == 3
    greet(session, car, clock)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "has a new key" in caplog.text
    assert VIN not in caplog.text
    assert run(session, car, clock)[1].authenticated


def test_new_vehicle_key_in_a_fault(session: Session, car: Car, clock: Clock) -> None:
    """A key that changed since the handshake shows as fault 5 with session info of the new one."""
    car.key = ec.generate_private_key(ec.SECP256R1())
    reply = run(session, car, clock)[1]
    assert reply.fault == 5
    assert reply.resynced
    assert run(session, car, clock)[1].authenticated


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, Acceptance.ACCEPTED),
        ({"epoch": b""}, Acceptance.MALFORMED),
        ({"epoch": bytes(15)}, Acceptance.MALFORMED),
        ({"clock_time": MAX_CLOCK}, Acceptance.MALFORMED),
        ({"publicKey": b"\x04" + bytes(64)}, Acceptance.MALFORMED),
        ({"publicKey": b"\x04"}, Acceptance.MALFORMED),
        ({"publicKey": b""}, Acceptance.KEY_NOT_PAIRED),
        ({"status": 1}, Acceptance.KEY_NOT_PAIRED),
        ({"status": 2}, Acceptance.ACCEPTED),
        ({"handle": 9}, Acceptance.ACCEPTED),
    ],
)
def test_contents_of_session_info(
    empty: Session, car: Car, clock: Clock, changes: dict[str, object], wanted: Acceptance
) -> None:
    hello = empty.hello(now=clock())
    reply = universal.RoutableMessage.FromString(car.receive(hello.message))
    info = signatures.SessionInfo.FromString(reply.session_info)
    for name, value in changes.items():
        setattr(info, name, value)
    car.sign_session_info(info.SerializeToString(), hello.uuid, reply)  # a tag that fits
    opened = empty.open(hello, reply.SerializeToString(), now=clock())
    assert opened.session_info is wanted
    assert empty.state.ready is (wanted is Acceptance.ACCEPTED)


def test_garbage_as_session_info(empty: Session, clock: Clock) -> None:
    hello = empty.hello(now=clock())
    accepted = empty.accept_session_info(hello, b"\xff\xff", bytes(32), now=clock())
    assert accepted is Acceptance.MALFORMED


# -- replies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [6, 15, 17])
def test_included_session_info_resyncs(
    session: Session, car: Car, clock: Clock, fault: int
) -> None:
    car.faults = [fault]
    car.counter = 500
    reply = run(session, car, clock)[1]
    assert reply.fault == fault
    assert reply.resynced
    assert reply.payload is None
    assert session.state.counter == 500


def test_fault_inside_an_encrypted_reply_is_authenticated(
    session: Session, car: Car, clock: Clock
) -> None:
    car.faults = [7]
    car.encrypts_faults = True
    reply = run(session, car, clock)[1]
    assert (reply.fault, reply.authenticated, reply.payload) == (7, True, None)


def test_unknown_fault_number(session: Session, car: Car, clock: Clock) -> None:
    car.faults = [4711]
    reply = run(session, car, clock)[1]
    assert reply.fault == 4711
    assert reply.payload is None


def test_status_wait(session: Session, car: Car, clock: Clock) -> None:
    car.statuses = [1]
    reply = run(session, car, clock)[1]
    assert reply.wait
    car.faults = [1]
    assert not run(session, car, clock)[1].wait


def test_empty_success_in_plaintext(session: Session, car: Car, clock: Clock) -> None:
    car.encrypts = False
    reply = run(session, car, clock)[1]
    assert reply.payload == b""
    assert not reply.authenticated
    assert not reply.downgraded
    assert not session.state.encrypted_replies_seen


def test_empty_success_encrypted_without_any_ciphertext(
    session: Session, car: Car, clock: Clock
) -> None:
    car.spoil = lambda reply: reply.ClearField("protobuf_message_as_bytes")
    reply = run(session, car, clock)[1]
    assert reply.payload == b""
    assert reply.authenticated


def test_plaintext_success_after_encrypted_ones_is_marked_and_logged(
    session: Session, car: Car, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    run(session, car, clock)
    car.encrypts = False
    reply = run(session, car, clock)[1]
    assert reply.downgraded
    assert "plaintext" in caplog.text
    car.faults = [1]
    assert not run(session, car, clock)[1].downgraded  # faults are always in plaintext


@pytest.mark.parametrize("status", [1, 2], ids=["wait", "error"])
def test_plaintext_that_claims_no_success_is_no_downgrade(
    session: Session, car: Car, clock: Clock, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    run(session, car, clock)
    car.encrypts = False
    car.statuses = [status]
    reply = run(session, car, clock)[1]
    assert reply.operation_status == status
    assert not reply.downgraded
    assert "plaintext" not in caplog.text


def test_reply_cannot_be_played_twice(session: Session, car: Car, clock: Clock) -> None:
    request = session.sign(LOCK, now=clock())
    answer = car.receive(request.message)
    session.open(request, answer, now=clock())
    with pytest.raises(ProtocolError, match="twice"):
        session.open(request, answer, now=clock())


def test_reply_to_another_command_does_not_decrypt(
    session: Session, car: Car, clock: Clock
) -> None:
    first = session.sign(LOCK, now=clock())
    answer = universal.RoutableMessage.FromString(car.receive(first.message))
    answer.ClearField("request_uuid")
    answer.ClearField("to_destination")
    second = session.sign(LOCK, now=clock())
    with pytest.raises(ProtocolError, match="verify"):
        session.open(second, answer.SerializeToString(), now=clock())


def test_encrypted_reply_to_a_handshake(session: Session, car: Car, clock: Clock) -> None:
    answer = universal.RoutableMessage.FromString(
        car.receive(session.sign(LOCK, now=clock()).message)
    )
    hello = session.hello(now=clock())
    answer.ClearField("request_uuid")
    answer.ClearField("to_destination")
    with pytest.raises(ProtocolError, match="handshake"):
        session.open(hello, answer.SerializeToString(), now=clock())


def other_domain(reply: universal.RoutableMessage) -> None:
    reply.from_destination.domain = 5 - reply.from_destination.domain  # type: ignore[assignment]  # 2 and 3


def other_uuid(reply: universal.RoutableMessage) -> None:
    reply.request_uuid = bytes(16)


def other_address(reply: universal.RoutableMessage) -> None:
    reply.to_destination.routing_address = bytes(16)


def no_sender(reply: universal.RoutableMessage) -> None:
    reply.ClearField("from_destination")


def address_as_sender(reply: universal.RoutableMessage) -> None:
    reply.from_destination.routing_address = bytes(16)


def a_request(reply: universal.RoutableMessage) -> None:
    reply.session_info_request.public_key = bytes(65)


def other_counter(reply: universal.RoutableMessage) -> None:
    reply.signature_data.AES_GCM_Response_data.counter += 1


def other_flags(reply: universal.RoutableMessage) -> None:
    reply.flags = 2


def other_fault(reply: universal.RoutableMessage) -> None:
    reply.signedMessageStatus.signed_message_fault = 1  # type: ignore[assignment]  # a plain number


def negative_fault(reply: universal.RoutableMessage) -> None:
    reply.signedMessageStatus.signed_message_fault = -1  # type: ignore[assignment]  # as above


def other_payload(reply: universal.RoutableMessage) -> None:
    reply.protobuf_message_as_bytes += b"\0"


@pytest.mark.parametrize(
    "spoil",
    [
        other_domain,
        other_uuid,
        other_address,
        no_sender,
        address_as_sender,
        a_request,
        other_counter,
        other_flags,
        other_fault,
        negative_fault,
        other_payload,
    ],
)
def test_changed_reply_is_a_protocol_error(
    session: Session,
    car: Car,
    clock: Clock,
    spoil: Callable[[universal.RoutableMessage], None],
) -> None:
    request = session.sign(LOCK, now=clock())
    answer = car.receive(request.message)
    message = universal.RoutableMessage.FromString(answer)
    spoil(message)
    with pytest.raises(ProtocolError):
        session.open(request, message.SerializeToString(), now=clock())
    assert session.open(request, answer, now=clock()).authenticated  # the true one still counts


def test_negative_fault_in_plaintext(session: Session, car: Car, clock: Clock) -> None:
    car.spoil = negative_fault
    car.encrypts = False
    assert run(session, car, clock)[1].fault == -1


def test_reply_may_leave_out_receiver_and_uuid(session: Session, car: Car, clock: Clock) -> None:
    def bare(reply: universal.RoutableMessage) -> None:
        reply.ClearField("to_destination")
        reply.ClearField("request_uuid")

    car.spoil = bare
    assert run(session, car, clock)[1].authenticated


@pytest.mark.parametrize("reply", [b"\xff", b"\x32\x7f", bytes(100)])
def test_unreadable_reply(session: Session, clock: Clock, reply: bytes) -> None:
    request = session.sign(LOCK, now=clock())
    with pytest.raises(ProtocolError):
        session.open(request, reply, now=clock())


@pytest.mark.parametrize(("length", "fits"), [(99_000, True), (100_000, False)])
def test_reply_above_100_000_bytes_is_not_read(
    session: Session, car: Car, clock: Clock, *, length: int, fits: bool
) -> None:
    car.payload = bytes(length)
    if fits:
        assert run(session, car, clock)[1].payload == car.payload
    else:
        with pytest.raises(ProtocolError, match="100,000"):
            run(session, car, clock)


def test_payload_is_never_shown(session: Session, car: Car, clock: Clock) -> None:
    """A PIN is readable in the message: HMAC does not encrypt."""
    request = session.sign(b"1234", now=clock())
    car.payload = b"secret"
    reply = session.open(request, car.receive(request.message), now=clock())
    assert reply.payload == b"secret"
    assert "1234" not in repr(request)
    assert "message" not in repr(request)
    assert "secret" not in repr(reply)
    assert VIN not in repr(session)

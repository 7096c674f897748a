"""Any reply: `open` returns it or raises the package's own error, never another."""

import string

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tesla_protocol.command import universal_message_pb2 as universal
from tesla_protocol.command.signatures_pb2 import SessionInfo

from custom_components.flotte.tesla.signing import (
    Acceptance,
    ClientKey,
    Domain,
    Faulted,
    ProtocolError,
    Replied,
    Reply,
    Session,
    Unknown,
    conversation,
)
from tests.tesla.signing.car import VIN, Car, Clock, public_bytes

CLIENT_KEY = ClientKey(ec.derive_private_key(0xBEEF, ec.SECP256R1()))
NOW = 100.0
# The duration of an example depends on the load of the machine, and is not tested here.
UNHURRIED = settings(suppress_health_check=[HealthCheck.too_slow])


def ready_session(domain: Domain, clock: Clock) -> tuple[Session, Car]:
    car = Car(clock, int(domain), CLIENT_KEY.public_bytes)
    session = Session(CLIENT_KEY, VIN, domain)
    hello = session.hello(now=clock())
    assert session.open(hello, car.receive(hello.message), now=clock()).resynced
    return session, car


DOMAINS = st.sampled_from(list(Domain))
UINT32 = st.integers(0, 2**32 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)
KEYS = st.one_of(
    st.binary(max_size=70),
    st.binary(min_size=64, max_size=64).map(lambda xy: b"\x04" + xy),
    st.integers(1, 50).map(lambda d: public_bytes(ec.derive_private_key(d, ec.SECP256R1()))),
)


@st.composite
def session_infos(draw: st.DrawFn) -> bytes:
    """Serialised SessionInfo with fields of any value."""
    info = SessionInfo(
        counter=draw(UINT32), publicKey=draw(KEYS), epoch=draw(st.binary(max_size=20))
    )
    info.clock_time = draw(UINT32)
    info.status = draw(INT32)  # type: ignore[assignment]  # any number
    whole: bytes = info.SerializeToString()
    return whole


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """Well-formed messages that come near to a true reply, with anything in their fields."""
    message = universal.RoutableMessage()
    if draw(st.booleans()):
        message.from_destination.domain = draw(st.sampled_from([2, 3, 0, 7]))  # type: ignore[assignment]  # as above
    if draw(st.booleans()):
        message.signedMessageStatus.signed_message_fault = draw(INT32)  # type: ignore[assignment]  # as above
        message.signedMessageStatus.operation_status = draw(INT32)  # type: ignore[assignment]  # as above
    match draw(st.sampled_from(["", "info", "tag", "sealed", "hmac"])):
        case "tag":
            message.signature_data.session_info_tag.tag = draw(st.binary(max_size=40))
        case "sealed":
            sealed = message.signature_data.AES_GCM_Response_data
            sealed.nonce = draw(st.one_of(st.binary(min_size=12, max_size=12), st.binary()))
            sealed.tag = draw(st.one_of(st.binary(min_size=16, max_size=16), st.binary()))
            sealed.counter = draw(UINT32)
        case "hmac":
            message.signature_data.HMAC_Personalized_data.counter = 1
    match draw(st.sampled_from(["", "info", "payload", "request"])):
        case "info":
            message.session_info = draw(st.one_of(st.binary(), session_infos()))
        case "payload":
            message.protobuf_message_as_bytes = draw(st.binary())
        case "request":
            message.session_info_request.public_key = draw(st.binary())
    message.flags = draw(UINT32)
    whole: bytes = message.SerializeToString()
    return whole


ANYTHING = st.one_of(st.binary(max_size=200), replies())


@UNHURRIED
@given(DOMAINS, ANYTHING, st.booleans())
def test_open_raises_only_its_own_error(domain: Domain, data: bytes, handshake: bool) -> None:  # noqa: FBT001  # hypothesis passes it so
    clock = Clock()
    session, _ = ready_session(domain, clock)
    request = session.hello(now=NOW) if handshake else session.sign(b"x", now=clock())
    before = (session.state.epoch, session.state.counter, session.state.vehicle_public)
    try:
        reply = session.open(request, data, now=clock())
    except ProtocolError:
        pass
    else:
        assert isinstance(reply, Reply)
        assert not reply.authenticated  # it cannot be made without the key
        assert reply.session_info is not Acceptance.ACCEPTED
    assert (session.state.epoch, session.state.counter, session.state.vehicle_public) == before
    assert not session.state.encrypted_replies_seen


@UNHURRIED
@given(DOMAINS, st.binary(max_size=3), st.integers(0, 400), st.integers(0, 255))
def test_one_changed_byte(domain: Domain, tail: bytes, place: int, value: int) -> None:
    """A true encrypted reply with a byte changed or some appended is never another true reply."""
    clock = Clock()
    session, car = ready_session(domain, clock)
    car.payload = b"\x0a\x00"
    request = session.sign(b"x", now=clock())
    answer = bytearray(car.receive(request.message))
    answer[place % len(answer)] = value
    try:
        reply = session.open(request, bytes(answer) + tail, now=clock())
    except ProtocolError:
        return
    assert reply.payload == b"\x0a\x00" or not reply.authenticated


@UNHURRIED
@given(DOMAINS, st.lists(ANYTHING, max_size=12), st.booleans(), st.booleans())
def test_conversation_always_ends_with_an_answer(
    domain: Domain,
    answers: list[bytes],
    repeatable: bool,  # noqa: FBT001  # hypothesis passes it so
    fresh: bool,  # noqa: FBT001  # as above
) -> None:
    clock = Clock()
    session, _ = ready_session(domain, clock)
    if fresh:
        session = Session(CLIENT_KEY, VIN, domain)
    talk = conversation(session, b"x", clock=clock, repeatable=repeatable)
    outgoing = next(talk)
    for number in range(40):
        assert outgoing.message
        clock.now += outgoing.not_before
        try:
            outgoing = talk.send(answers[number] if number < len(answers) else b"\xff")
        except StopIteration as end:
            answer: object = end.value
            break
    else:
        raise AssertionError("it does not end")
    assert isinstance(answer, Replied | Faulted | Unknown)


@UNHURRIED
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    ),
    st.sampled_from(
        [
            "client_key",
            "vehicle_key",
            "epoch",
            "counter",
            "clock",
            "clock_at",
            "stored_at",
            "",
        ]
    ),
)
def test_stored_values_of_any_kind(value: object, name: str) -> None:
    clock = Clock()
    session, _ = ready_session(Domain.INFOTAINMENT, clock)
    kept: object = value
    if name:
        kept = session.to_stored(now_monotonic=clock(), now_wall=1e9) | {name: value}
    again = Session.from_stored(
        CLIENT_KEY, VIN, Domain.INFOTAINMENT, kept, now_monotonic=clock(), now_wall=1e9
    )
    if again.state.ready:
        again.sign(b"x", now=clock())

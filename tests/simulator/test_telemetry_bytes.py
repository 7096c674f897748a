"""Tesla's bytes: envelopes, answers and signatures, compared with literal ones.

The envelopes and answers were made with the flatbuffers library and captured from Tesla's server;
the signatures are those of Tesla's own signer.
"""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.telemetry import envelope, signature
from tests.simulator.telemetry_server import Message, acknowledgement, point_of, token

VIN = "5YJ3E1EA7KF000001"


@pytest.mark.parametrize(
    ("topic", "txid", "created_at", "payload", "expected"),
    [
        pytest.param(
            b"V",
            b"78ae54a58800468194dc95-000000002",
            1795339801,
            "0a0d0825120929000000a09999c93f120c0899ec8ad80610f1c9cccd03",
            "1400000000000e001800140010000f00080004000e00000014000000540000000000"
            "00041000000014000000000000000000000001000000560000002000000037386165"
            "3534613538383030343638313934646339352d30303030303030303200000e001800"
            "100014000c00080004000e00000014000000280000003800000019b6026b54000000"
            "1100000035594a3345314541374b463030303030310000000e00000076656869636c"
            "655f64657669636500001d0000000a0d0825120929000000a09999c93f120c0899ec"
            "8ad80610f1c9cccd030000002000000076656869636c655f6465766963652e35594a"
            "3345314541374b4630303030303100000000",
            id="V_one_double",
        ),
        pytest.param(
            b"V",
            b"78ae54a58800468194dc95-000000006",
            1795339800,
            "0a0808bc011203a002000a060816120230000a0d080812092900000000000000000a"
            "060826120210000a06084012020a000a0808e1011203ba02000a0d086b1209fa0106"
            "0807100518090a0b08db01120618c0c28ed806120c0898ec8ad8061099cea3df01",
            "1400000000000e001800140010000f00080004000e00000014000000540000000000"
            "00041000000014000000000000000000000001000000560000002000000037386165"
            "3534613538383030343638313934646339352d30303030303030303600000e001800"
            "100014000c00080004000e00000014000000280000003800000018b6026b9c000000"
            "1100000035594a3345314541374b463030303030310000000e00000076656869636c"
            "655f6465766963650000650000000a0808bc011203a002000a060816120230000a0d"
            "080812092900000000000000000a060826120210000a06084012020a000a0808e101"
            "1203ba02000a0d086b1209fa01060807100518090a0b08db01120618c0c28ed80612"
            "0c0898ec8ad8061099cea3df010000002000000076656869636c655f646576696365"
            "2e35594a3345314541374b4630303030303100000000",
            id="V_zero_values",
        ),
        pytest.param(
            b"errors",
            b"78ae54a58800468194dc95-000000009",
            1795339800,
            "0a530a060893ec8ad8061213636c6f75645f6d616e616765725f6572726f721a1d0a"
            "04686f7374121574656c656d657472792e6578616d706c652e636f6d221577656273"
            "6f636b65743a20636c6f7365203130303612060898ec8ad806",
            "1400000000000e001800140010000f00080004000e00000014000000580000000000"
            "000410000000180000000000000000000000060000006572726f7273000020000000"
            "373861653534613538383030343638313934646339352d3030303030303030390000"
            "0e001800100014000c00080004000e00000014000000280000003800000018b6026b"
            "940000001100000035594a3345314541374b463030303030310000000e0000007665"
            "6869636c655f64657669636500005d0000000a530a060893ec8ad8061213636c6f75"
            "645f6d616e616765725f6572726f721a1d0a04686f7374121574656c656d65747279"
            "2e6578616d706c652e636f6d2215776562736f636b65743a20636c6f736520313030"
            "3612060898ec8ad8060000002000000076656869636c655f6465766963652e35594a"
            "3345314541374b4630303030303100000000",
            id="errors_one",
        ),
        pytest.param(
            b"errors",
            b"78ae54a58800468194dc95-000000010",
            1795339800,
            "",
            "1400000000000e001800140010000f00080004000e00000014000000580000000000"
            "000410000000180000000000000000000000060000006572726f7273000020000000"
            "373861653534613538383030343638313934646339352d3030303030303031300000"
            "0e001800100014000c00080004000e00000014000000280000003800000018b6026b"
            "380000001100000035594a3345314541374b463030303030310000000e0000007665"
            "6869636c655f646576696365000000000000000000002000000076656869636c655f"
            "6465766963652e35594a3345314541374b4630303030303100000000",
            id="errors_empty",
        ),
    ],
)
def test_envelope(topic: bytes, txid: bytes, created_at: int, payload: str, expected: str) -> None:
    written = envelope.write(
        topic=topic, txid=txid, vin=VIN, payload=bytes.fromhex(payload), created_at=created_at
    )
    assert written.hex() == expected


@pytest.mark.parametrize("length", range(33, 41))
def test_every_length_of_a_name_can_be_followed(length: int) -> None:
    """A txid of any length shifts the bytes behind it; the table stays aligned to four."""
    txid = b"t" * length
    written = envelope.write(topic=b"V", txid=txid, vin=VIN, payload=b"payload", created_at=7)
    message = Message.read(written)
    assert (message.txid, message.topic, message.payload) == (txid, b"V", b"payload")
    assert (message.created_at, message.device) == (7, VIN.encode())
    assert message.sender == b"vehicle_device." + VIN.encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(
            "1400000000000e001800140010000f00080004000e00000014000000300000000000"
            "00051000000014000000000000000000000001000000560000000900000074786964"
            "2d303030310000000000000000000000",
            (5, b"txid-0001", b"V", b""),
            id="ack_V_txid-0001",
        ),
        pytest.param(
            "1400000000000e001800140010000f00080004000e00000014000000280000000000"
            "00051000000014000000000000000000000000000000000000000000000000000000"
            "0000000000000000",
            (5, b"", b"", b""),
            id="ack_unparsable",
        ),
        pytest.param(
            "1400000000000e001800140010000f00080004000e000000140000003c0000000000"
            "00041000000014000000000000000000000000000000000000000900000074786964"
            "2d30303036000e001400000010000c00080004000e00000010000000140000001800"
            "0000340000000000000000000000000000000000000018000000696e636f72726563"
            "74206d65737361676520666f726d6174000000000000000000000000",
            (4, b"txid-0006", b"", b"incorrect message format"),
            id="error_txid-0006",
        ),
        pytest.param(
            "1400000000000e001800140010000f00080004000e00000014000000340000000000"
            "00041000000014000000000000000000000000000000000000000000000000000e00"
            "1400000010000c00080004000e000000100000001400000018000000340000000000"
            "000000000000000000000000000018000000696e636f7272656374206d6573736167"
            "6520666f726d6174000000000000000000000000",
            (4, b"", b"", b"incorrect message format"),
            id="error_too_big",
        ),
    ],
)
def test_answers(answer: str, expected: tuple[int, bytes, bytes, bytes]) -> None:
    assert envelope.read(bytes.fromhex(answer)) == expected


def test_answers_that_lead_nowhere() -> None:
    whole = acknowledgement(b"txid-0001", b"V")
    # The last byte that is needed is the last one of the txid.
    for length in range(73):
        with pytest.raises(envelope.MalformedAnswer):
            envelope.read(whole[:length])
    for nonsense in (b"\xff" * 60, bytes(3)):
        with pytest.raises(envelope.MalformedAnswer):
            envelope.read(nonsense)


KEY = base64.b64decode(
    "BGRv9/ZbO1vTQpz7KudQDukidYu654YL4It655K0p7UGvBEqnQZKGKVaYeMxgEqP6Ekt/E/AjmmVyXnBJSs2+UY="
)
TOKEN = (
    "eyJhbGciOiJUZXNsYS5TUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbGVydF90eXBlcyI6WyJzZXJ2aWN"
    "lIl0sImF1ZCI6ImNvbS50ZXNsYS5mbGVldC5UZWxlbWV0cnlDbGllbnQiLCJjYSI6Ii0tLS0tQkV"
    "HSU4gQ0VSVElGSUNBVEUtLS0tLVxuQUE9PVxuLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLVxuIiw"
    "iZGVsaXZlcnlfcG9saWN5IjoibGF0ZXN0IiwiZXhwIjoxOTAwMDAwMDAwLCJmaWVsZHMiOnsiTG9"
    "jYXRpb24iOnsiaW50ZXJ2YWxfc2Vjb25kcyI6MTB9LCJTb2MiOnsiaW50ZXJ2YWxfc2Vjb25kcyI"
    "6NjAsIm1pbmltdW1fZGVsdGEiOjAuNX19LCJob3N0bmFtZSI6InRlbGVtZXRyeS5leGFtcGxlLmN"
    "vbSIsImlzcyI6IkJHUnY5L1piTzF2VFFwejdLdWRRRHVraWRZdTY1NFlMNEl0NjU1SzBwN1VHdkJ"
    "FcW5RWktHS1ZhWWVNeGdFcVA2RWt0L0UvQWptbVZ5WG5CSlNzMitVWT0iLCJwb3J0Ijo0NDN9._5"
    "4ruK2A22Ih7BXNqKAlob8FiWhoDZoEZY4qo0A9ZvgApBMt0GQIsVr9iZ25ekSwlrqgNs3Kp2d5nt"
    "GcoF1yWXEkjAqcVTBTPAB_kgh5KnPu5xUAXjCwIk_8ex0UCQ3L"
)
SIGNATURE = bytes.fromhex(
    "7cfdbeb5baa730540401550bdefa20976453e8539ae4b2f26ce33125801a08f90ed20c3d8464"
    "97ff82cc9772e3db4703982f47bd0b0b89dfb9a49cd2e524054602b1e05fbf95f5686faea7a5"
    "809eb92f5ecc22eae74ceccc5e2a65dd67ff20fc"
)


def test_signature_of_teslas_signer() -> None:
    assert signature.verify(KEY, b"hello world", SIGNATURE)


@pytest.mark.parametrize("position", [0, 31, 32, 63, 64, 95])
def test_a_changed_signature(position: int) -> None:
    changed = bytearray(SIGNATURE)
    changed[position] ^= 1
    assert not signature.verify(KEY, b"hello world", bytes(changed))


def test_unsigned_tokens() -> None:
    assert not signature.verify(KEY, b"hello worlds", SIGNATURE)
    assert not signature.verify(KEY, b"hello world", SIGNATURE[:-1])
    assert not signature.verify(b"\x04" + KEY[1:33] + KEY[1:33], b"hello world", SIGNATURE)
    assert not signature.verify(b"\x02" + KEY[1:], b"hello world", SIGNATURE)
    assert not signature.verify(b"", b"hello world", SIGNATURE)


def test_token_of_teslas_signer() -> None:
    read = signature.read(TOKEN)
    assert read.is_signed
    assert read.issuer == KEY
    assert read.claims["hostname"] == "telemetry.example.com"
    assert read.claims["aud"] == "com.tesla.fleet.TelemetryClient"
    assert read.claims["fields"]["Soc"] == {"interval_seconds": 60, "minimum_delta": 0.5}


def test_a_token_with_other_claims() -> None:
    head, claims, tail = TOKEN.split(".")
    other = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)).replace(b"443", b"444")
    )
    assert not signature.read(f"{head}.{other.decode().rstrip('=')}.{tail}").is_signed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        TOKEN + ".",
        TOKEN[:-1],
        TOKEN.replace("eyJ", "e+J", 1),
        "e30." + TOKEN.partition(".")[2],
        TOKEN.partition(".")[0] + ".W10." + TOKEN.rpartition(".")[2],
    ],
)
def test_invalid_tokens(text: str) -> None:
    with pytest.raises(signature.MalformedToken):
        signature.read(text)


def test_our_signer_is_right_too() -> None:
    """The signer of the tests of streaming, against the verifier that passed Tesla's vectors."""
    key = ec.generate_private_key(ec.SECP256R1())
    read = signature.read(token(key, {"hostname": "a"}))
    assert read.is_signed
    assert read.issuer == point_of(key)

"""The car that a certificate identifies."""

import pytest
from cryptography import x509

from custom_components.flotte.tesla.telemetry.tls.identity import (
    _BY_USAGE,
    Identity,
    UnknownDevice,
    identity,
)
from tests.tesla.telemetry.pki import (
    CAR_USAGE,
    CLIENT,
    ISSUING_CA,
    PRODUCTS_CA,
    VIN,
    WIFI_USAGE,
    Ca,
    der,
    full_name,
)


@pytest.fixture(scope="module")
def cas() -> dict[str, Ca]:
    names = (
        "TeslaMotors",
        "Tesla Issuing CA",
        PRODUCTS_CA,
        *_BY_USAGE,
        "Tesla Product Root CA",
        "Tesla Motors Products CA 2",
    )
    return {name: Ca.make(name) for name in names}


CAR = Identity(VIN, "vehicle_device")


@pytest.mark.parametrize("issuer", ["TeslaMotors", "Tesla Issuing CA", PRODUCTS_CA])
@pytest.mark.parametrize("usages", [(), (CLIENT,), ("1.3.6.1.4.1.49279.2.5.2",)])
def test_cars_by_their_issuer(cas: dict[str, Ca], issuer: str, usages: tuple[str, ...]) -> None:
    assert identity(cas[issuer].issue(VIN, *usages).der) == CAR


@pytest.mark.parametrize("issuer", sorted(_BY_USAGE))
def test_cars_by_their_key_usage(cas: dict[str, Ca], issuer: str) -> None:
    assert identity(cas[issuer].issue(VIN, CLIENT, CAR_USAGE).der) == CAR


@pytest.mark.parametrize(
    "usages",
    [
        (CAR_USAGE,),
        ("1.3.6.1.4.1.49279.2.4.1", CLIENT),
        (CAR_USAGE, "1.3.6.1.4.1.49279.2.5.2"),  # the first one counts
        ("1.3.6.1.4.1.49279.2.5.99", CAR_USAGE),  # not one that is known
        ("1.3.6.1.4.1.49279.2.4.1.1", CAR_USAGE),
    ],
)
def test_key_usages_of_cars(cas: dict[str, Ca], usages: tuple[str, ...]) -> None:
    assert identity(cas[ISSUING_CA].issue(VIN, *usages).der) == CAR


@pytest.mark.parametrize(
    ("usages", "reason"),
    [
        ((), "no key usage"),
        ((CLIENT,), "no key usage"),
        (("1.3.6.1.4.1.49279.2.6.1",), "no key usage"),
        (("1.3.6.1.4.1.49279.2.5.1.2",), "no key usage"),
        (("1.3.6.1.4.1.49279.2.5.0",), "no key usage"),
        (("1.3.6.1.4.1.49279.2.5.10000000000",), "no key usage"),
        ((WIFI_USAGE,), "Wi-Fi"),
        ((CLIENT, CAR_USAGE, WIFI_USAGE), "Wi-Fi"),
        (("1.3.6.1.4.1.49279.2.5.2", CAR_USAGE), "energy_device"),
        (("1.3.6.1.4.1.49279.2.4.11",), "vehicle_board_device"),
        (("1.3.6.1.4.1.49279.2.5.12",), "das_device"),
        (("1.3.6.1.4.1.49279.2.5.14",), "vehicle_service"),
        (("1.3.6.1.4.1.49279.2.5.15",), "das_service"),
        (("1.3.6.1.4.1.49279.2.5.16",), "energy_service"),
        (("1.3.6.1.4.1.49279.2.5.28",), "robotics_device"),
    ],
)
def test_key_usages_of_others(cas: dict[str, Ca], usages: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UnknownDevice, match=reason):
        identity(cas[ISSUING_CA].issue(VIN, *usages).der)


def test_wifi_certificate_by_an_issuer_of_cars(cas: dict[str, Ca]) -> None:
    with pytest.raises(UnknownDevice, match="Wi-Fi"):
        identity(cas[PRODUCTS_CA].issue(VIN, WIFI_USAGE).der)


@pytest.mark.parametrize(
    ("issuer", "units", "reason"),
    [
        (PRODUCTS_CA, ("Tesla Motors SN",), "vehicle_board_device"),
        (PRODUCTS_CA, ("Solar Inverter",), "solar_inverter_device"),
        (ISSUING_CA, ("Gen3 Wall Connector",), "wall_connector_device"),
    ],
)
def test_units_of_others(
    cas: dict[str, Ca], issuer: str, units: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UnknownDevice, match=reason):
        identity(cas[issuer].issue(full_name(VIN, *units), CAR_USAGE).der)


@pytest.mark.parametrize(
    ("issuer", "units"),
    [(PRODUCTS_CA, ("Motors", "Tesla Motors SN")), ("TeslaMotors", ("Tesla Motors SN",))],
)
def test_meaningless_units(cas: dict[str, Ca], issuer: str, units: tuple[str, ...]) -> None:
    assert identity(cas[issuer].issue(full_name(VIN, *units)).der) == CAR


@pytest.mark.parametrize("issuer", ["Tesla Product Root CA", "Tesla Motors Products CA 2"])
def test_other_issuers_make_no_cars(cas: dict[str, Ca], issuer: str) -> None:
    with pytest.raises(UnknownDevice, match="issuer"):
        identity(cas[issuer].issue(VIN, CLIENT, CAR_USAGE).der)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "XP7YGCEK0RB00000",
        VIN + "1",
        VIN.lower(),
        VIN[:-1] + "O",
        VIN[:-1] + ".",
        VIN + "\n",
        VIN[:-1] + "１",  # noqa: RUF001  # a digit, but not one of a VIN
    ],
)
def test_names_that_are_no_vin(cas: dict[str, Ca], name: str) -> None:
    # The library makes no certificate with an empty name.
    given = full_name(name or None, *(() if name else ("Motors",)))
    with pytest.raises(UnknownDevice):
        identity(cas[PRODUCTS_CA].issue(given).der)


def test_two_names_are_none(cas: dict[str, Ca]) -> None:
    two = x509.Name([*full_name(VIN), *full_name("LRW3E7FS0RC000002")])
    with pytest.raises(UnknownDevice, match="exactly one name"):
        identity(cas[PRODUCTS_CA].issue(two).der)


@pytest.mark.parametrize("data", [b"", b"\0", b"0" * 100])
def test_invalid_certificates(data: bytes) -> None:
    with pytest.raises(UnknownDevice, match="cannot be read"):
        identity(data)


def test_damaged_certificates_raise_nothing_else(cas: dict[str, Ca]) -> None:
    good = der(cas[ISSUING_CA].issue(VIN, CLIENT, CAR_USAGE).certificate)
    for position in range(len(good)):
        damaged = bytearray(good)
        damaged[position] ^= 0x15
        try:
            identity(bytes(damaged))
        except UnknownDevice:
            continue

"""The identity of a vehicle, read only from its verified certificate.

It decides which vehicle a connection may report for. Call `identity` only with the leaf of a chain
that TLS has verified.

Source: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), which does the same in Go.
"""

import re
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from .certificates import PARSE_ERRORS


class UnknownDevice(ValueError):
    """One of Tesla's certificates, but not a vehicle's; the text is the reason."""


VEHICLE: Final = "vehicle_device"


_PRODUCTS_CA: Final = "Tesla Motors Products CA"


_VEHICLES_BY_NAME: Final = frozenset({"TeslaMotors", "Tesla Issuing CA", _PRODUCTS_CA})
"""Issuers that only vehicles have certificates of, apart from `_BOARD_UNIT`."""


_BOARD_UNIT: Final = "Tesla Motors SN"


_BY_USAGE: Final = frozenset(
    {
        "Tesla Motors Product Issuing CA",
        "Tesla Motors Product RSA Issuing CA",
        "Tesla Motors GF3 Product Issuing CA",
        "Tesla Motors GF3 Product RSA Issuing CA",
        "Tesla Energy Product Issuing CA",
        "Tesla Energy GF0 Product Issuing CA",
        "Tesla Motors GF0 Product Issuing CA",
        "Tesla Motors GF Austin Product Issuing CA",
        "Tesla Motors GF Berlin Product Issuing CA",
        "Tesla Product Access Issuing CA",
        "Tesla China Product Access Issuing CA",
        "Tesla GF0 Product Access Issuing CA",
        "Tesla GF3 Product Access Issuing CA",
        "Tesla GF Austin Product Access Issuing CA",
        "Tesla GF Berlin Product Access Issuing CA",
    }
)
"""Issuers for all kinds of devices; the key usage shows which kind."""


_USAGE: Final = re.compile(r"1\.3\.6\.1\.4\.1\.49279\.2\.[45]\.(\d{1,3})")
"""Tesla's own key usages: 4 for engineering or 5 for production, then the kind of device."""


_KINDS: Final = {
    1: VEHICLE,
    2: "energy_device",
    11: "vehicle_board_device",
    12: "das_device",
    14: "vehicle_service",
    15: "das_service",
    16: "energy_service",
    28: "robotics_device",
}


_WIFI: Final = "1.3.6.1.4.1.49279.2.5.1.1"
"""Key usage of a vehicle's certificate for Wi-Fi networks, which is presented to others than
Tesla."""


_OTHER_UNITS: Final = {
    "Solar Inverter": "solar_inverter_device",
    "Gen3 Wall Connector": "wall_connector_device",
}


_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")


@dataclass(frozen=True, slots=True)
class Identity:
    """The device that a certificate identifies."""

    vin: str
    device_type: str


def identity(leaf_der: bytes) -> Identity:
    """Return the vehicle that a verified certificate identifies.

    Args:
        leaf_der: The certificate whose private key the other side has proved to have: the first of
            the verified chain, never another certificate that was sent.

    Raises:
        UnknownDevice: the certificate is not a vehicle's.
    """
    try:
        leaf = x509.load_der_x509_certificate(leaf_der)
        device = _only(leaf.subject, NameOID.COMMON_NAME)
        issuer = _only(leaf.issuer, NameOID.COMMON_NAME)
        units = _values(leaf.subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
        try:
            usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            usages = [each.dotted_string for each in usage]
        except x509.ExtensionNotFound:
            usages = []
    except UnknownDevice:
        raise
    except PARSE_ERRORS as error:
        raise UnknownDevice("the certificate cannot be read") from error
    if _WIFI in usages:
        raise UnknownDevice("a certificate for Wi-Fi networks")
    device_type = _device_type(issuer, units, usages)
    if device_type != VEHICLE:
        raise UnknownDevice(f"not a car but {device_type}")
    vin = device.replace(".", "-")
    if not _VIN.fullmatch(vin):
        raise UnknownDevice("the name in the certificate is not a VIN")
    return Identity(vin, device_type)


def _device_type(issuer: str, units: list[str], usages: list[str]) -> str:
    for unit in units:
        if (other := _OTHER_UNITS.get(unit)) is not None:
            return other
    if issuer in _VEHICLES_BY_NAME:
        is_board = issuer == _PRODUCTS_CA and units[:1] == [_BOARD_UNIT]
        return "vehicle_board_device" if is_board else VEHICLE
    if issuer not in _BY_USAGE:
        raise UnknownDevice("an issuer that does not make certificates of devices")
    for usage in usages:
        if (found := _USAGE.fullmatch(usage)) and (kind := _KINDS.get(int(found[1]))):
            return kind
    raise UnknownDevice("no key usage of Tesla's")


def _values(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in name.get_attributes_for_oid(kind)]


def _only(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    """Return the only value, because implementations disagree on which of several counts."""
    values = _values(name, kind)
    if len(values) != 1:
        raise UnknownDevice("the certificate does not have exactly one name")
    return values[0]

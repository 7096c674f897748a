"""Home Assistant core's own `tesla_fleet`, unmodified.

Only the region table of its library and the address of the token endpoint, both module-level
values, point at the simulator.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from homeassistant.components.tesla_fleet import oauth
from tesla_fleet_api import const as library

CORE: Final = "tesla_fleet"
ENTRY_VERSION: Final = (1, 2)
"""Major and minor version of its configuration entries."""


def point_core_at(*, auth: str, eu: str, na: str) -> None:
    """Make core's integration use these base URLs from now on, everywhere in this process."""
    library.SERVERS["eu"] = eu
    library.SERVERS["na"] = na
    oauth.TOKEN_URL = f"{auth}/oauth2/v3/token"


def core_key(folder: Path) -> bytes:
    """The public key (65 bytes) of the private key in Home Assistant's folder, created if missing.

    The integration would create one on its own, but too late to pair it before the first command.
    """
    file = folder / "tesla_fleet.key"
    if file.exists():
        key = load_pem_private_key(file.read_bytes(), None)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

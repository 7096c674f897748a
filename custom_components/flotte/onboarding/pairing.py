"""The code on the screen that a phone scans to pair a vehicle with Flotte's key."""

from typing import Any

import voluptuous as vol
from homeassistant.helpers.selector import (
    QrCodeSelector,
    QrCodeSelectorConfig,
    QrErrorCorrectionLevel,
)


def pairing_code(url: str) -> dict[vol.Marker, Any]:
    """Field of a form that shows a link as a QR code."""
    config = QrCodeSelectorConfig(
        data=url, scale=6, error_correction_level=QrErrorCorrectionLevel.QUARTILE
    )
    return {vol.Optional("qr_code"): QrCodeSelector(config)}

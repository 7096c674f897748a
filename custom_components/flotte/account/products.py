"""Reads Tesla's product list, which contains an account's vehicles and energy sites."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..const import SCOPE_ENERGY_DATA, SCOPE_VEHICLE_DATA
from .names import (
    CHARACTERS_SHOWN,
    MANUFACTURER,
    SITE_MODEL,
    is_vin,
    model_of,
    readable,
)

type Product = Mapping[str, Any]
"""A vehicle, if it has a VIN; otherwise an energy site, or something that Flotte does not know."""


def granted_assets(products: Iterable[Product], scopes: frozenset[str]) -> dict[str, Product]:
    """The vehicles and sites that the owner granted access to, by VIN or site number.

    Tesla also lists others. A product with a malformed VIN or number is left out.
    """
    return {
        asset: product
        for product in products
        if (SCOPE_VEHICLE_DATA if product.get("vin") else SCOPE_ENERGY_DATA) in scopes
        and (asset := _asset_of(product))
    }


def listed_name(product: Product) -> str:
    """Name of a vehicle or site in Tesla's list; empty if it has none."""
    return readable(product.get("display_name")) or readable(product.get("site_name"))


def product_name(asset: str, product: Product) -> str:
    """Name of a vehicle or site that has no device yet; never its VIN."""
    name = listed_name(product)
    return name or (model_of(asset) or MANUFACTURER if product.get("vin") else SITE_MODEL)


def distinct_names(assets: Mapping[str, Product]) -> dict[str, str]:
    """Names of vehicles and sites that have no devices yet, by VIN or number."""
    names = {asset: product_name(asset, product) for asset, product in assets.items()}
    count = Counter(name.casefold() for name in names.values())
    return {
        asset: name if count[name.casefold()] == 1 else f"{name} ({asset[-CHARACTERS_SHOWN:]})"
        for asset, name in names.items()
    }


def _asset_of(product: Product) -> str:
    """VIN of the vehicle or number of the site; empty if it is malformed, or neither."""
    number = str(product.get("vin") or product.get("energy_site_id") or "")
    is_asset = is_vin(number) if product.get("vin") else bool(_SITE_NUMBER.fullmatch(number))
    return number if is_asset else ""


_SITE_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")

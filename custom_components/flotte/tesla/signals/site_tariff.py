"""Signals of a site's electricity tariff; `energy.rate_plan` reads prices from them."""

from collections.abc import Mapping
from typing import Any, Final

from ..energy.rate_plan import currency_of, read_seasons
from ..state import Signal, Unrecognised

type SiteTariff = tuple[Mapping[str, Any], str | None]
"""The parts of a `tariff_content_v2` with prices, and their currency."""

_PARTS: Final = ("seasons", "energy_charges")


def _buying(value: object) -> SiteTariff | None:
    return value if isinstance(value, tuple) and _has_prices(value) else _tariff(value, value)


def _selling(value: object) -> SiteTariff | None:
    if isinstance(value, tuple) and _has_prices(value):
        return value
    # Tesla names the currency for both directions together.
    sell = value.get("sell_tariff") if isinstance(value, Mapping) else value
    return None if sell is None else _tariff(sell, value)


def _tariff(content: object, whole: object) -> SiteTariff | None:
    """The parts with prices; None without a season, as at a site without a tariff."""
    if not isinstance(content, Mapping):
        raise Unrecognised(content)
    parts = {key: content[key] for key in _PARTS if key in content}
    return (parts, currency_of(whole)) if read_seasons(parts) else None


def _has_prices(value: tuple[Any, ...]) -> bool:
    """Whether a value that was stored is a tariff."""
    content, currency = value
    return bool(read_seasons(content)) and (currency is None or isinstance(currency, str))


BUY_TARIFF: Final[Signal[SiteTariff]] = Signal(
    "BuyTariff", _buying, path="site_info.tariff_content_v2", streamed=False
)
SELL_TARIFF: Final[Signal[SiteTariff]] = Signal(
    "SellTariff", _selling, path="site_info.tariff_content_v2", streamed=False
)

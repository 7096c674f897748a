"""Says in the log why prices are not used, each reason once."""

from ..const import LOGGER


class UnusedPrices:
    """The reasons that were logged."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    def log(self, name: str, reason: object) -> None:
        """Log why the prices of `name` are not used, unless that was logged before."""
        text = f"Prices of {name} are not used: {reason}"
        if text not in self._logged:
            self._logged.add(text)
            LOGGER.warning(text)


def other_currency(found: str, expected: str) -> str:
    """The reason for prices in another currency than Home Assistant's."""
    return f"they are in {found}, and Home Assistant's currency is {expected}"

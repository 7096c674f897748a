"""Lookup of Flotte's entities, independent of their ids."""

from collections.abc import Iterable
from typing import Any, Self

from demo.home_assistant import HomeAssistant
from demo.processes import DemoError


class Entities:
    """The enabled entities of Flotte as the entity registry lists them.

    An id derives from translated names, so it is not reliable; the unique id and the translation
    key are.
    """

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self._rows = [row for row in rows if row["platform"] == "flotte" and not row["disabled_by"]]

    @classmethod
    async def read(cls, home_assistant: HomeAssistant) -> Self:
        """The entities of a running Home Assistant."""
        return cls(await home_assistant.call("config/entity_registry/list"))

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, owner: str, domain: str, key: str) -> str | None:
        """The id of an entity of a car (VIN) or site (its number), or None."""
        return self._only(
            row["entity_id"]
            for row in self._rows
            if row["unique_id"] == f"{owner}-{key}" and row["entity_id"].startswith(f"{domain}.")
        )

    def find_all(self, owner: str, domain: str, *keys: str) -> list[str]:
        """The ids of those that exist, in this order."""
        return [found for key in keys if (found := self.find(owner, domain, key))]

    def get(self, owner: str, domain: str, key: str) -> str:
        """The id of an entity that has to exist. Raises DemoError."""
        found = self.find(owner, domain, key)
        if found is None:
            raise DemoError(f"there is no {domain} {key} of {owner}")
        return found

    def of_account(self, key: str, domain: str = "sensor") -> str | None:
        """The id of an entity of the account, of which there is only one."""
        return self._only(
            row["entity_id"]
            for row in self._rows
            if row["translation_key"] == key and row["entity_id"].startswith(f"{domain}.")
        )

    @staticmethod
    def _only(found: Iterable[str]) -> str | None:
        return next(iter(found), None)

"""Every row of every table has what a user sees: a name, an icon, a text for each state and error.

The validator's rules (test_hassfest.py) read files; here the tables themselves are walked, also the
rows that functions put together.
"""

import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.helpers.entity import EntityDescription

from custom_components.flotte import PLATFORMS
from custom_components.flotte.tesla.errors import TeslaError
from custom_components.flotte.tesla.signing.faults import FAULTS

FLOTTE = Path(__file__).parents[1] / "custom_components" / "flotte"
ENGLISH: Mapping[str, Any] = json.loads((FLOTTE / "translations" / "en.json").read_text())
ICONS: Mapping[str, Any] = json.loads((FLOTTE / "icons.json").read_text())

NAMED_LIKE_THE_DEVICE = {("climate", "climate")}
"""So that "set Aurora to 21 degrees" is understood."""


def rows_of(value: object) -> Iterator[EntityDescription]:
    """The rows in a module-level value: one, or a table of them."""
    if isinstance(value, EntityDescription):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from rows_of(each)


def all_rows() -> list[tuple[str, EntityDescription]]:
    """Every row of every platform; a row that two tables share comes once."""
    rows: dict[tuple[str, str], EntityDescription] = {}
    for platform in PLATFORMS:
        module = importlib.import_module(f"custom_components.flotte.{platform}")
        for value in vars(module).values():
            rows |= {(str(platform), row.key): row for row in rows_of(value)}
    return [(platform, row) for (platform, _), row in rows.items()]


ROWS = all_rows()
EACH_ROW = pytest.mark.parametrize(
    ("platform", "row"), [pytest.param(*each, id=f"{each[0]}.{each[1].key}") for each in ROWS]
)


def subclasses(error: type[TeslaError]) -> Iterator[type[TeslaError]]:
    """An error and all kinds of it."""
    yield error
    for kind in error.__subclasses__():
        yield from subclasses(kind)


def test_every_platform_has_rows() -> None:
    assert {platform for platform, _ in ROWS} == {str(platform) for platform in PLATFORMS}


@EACH_ROW
def test_a_row_has_a_name(platform: str, row: EntityDescription) -> None:
    key = row.translation_key or row.key
    own = ENGLISH["entity"].get(platform, {}).get(key, {})
    if (platform, row.key) in NAMED_LIKE_THE_DEVICE:
        assert "name" not in own
    else:
        assert own.get("name") or row.device_class


@EACH_ROW
def test_a_row_has_an_icon(platform: str, row: EntityDescription) -> None:
    key = row.translation_key or row.key
    assert row.device_class or ICONS["entity"].get(platform, {}).get(key, {}).get("default")


@EACH_ROW
def test_a_row_has_a_text_for_each_state(platform: str, row: EntityDescription) -> None:
    options: Iterable[str] = getattr(row, "options", None) or ()
    texts = ENGLISH["entity"].get(platform, {}).get(row.translation_key or row.key, {})
    assert set(options) <= texts.get("state", {}).keys()


def test_names_of_a_platform_differ() -> None:
    for platform, rows in ENGLISH["entity"].items():
        names = [row["name"] for row in rows.values() if "name" in row]
        assert len(names) == len(set(names)), platform


@pytest.mark.parametrize("error", list(subclasses(TeslaError)), ids=lambda error: error.__name__)
def test_an_error_has_a_text(error: type[TeslaError]) -> None:
    assert error.key in ENGLISH["exceptions"]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_fault_of_the_car_has_a_text(fault: Any) -> None:  # see below
    assert fault.translation_key in ENGLISH["exceptions"]

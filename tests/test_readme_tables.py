"""The tables of entities in README.md and its translations are those of the rows."""

import pytest

from tests.readme_tables import READMES, ROOT, devices_in, renewed
from tests.test_entity_tables import DEVICES


@pytest.mark.parametrize(("name", "language"), READMES.items())
def test_the_tables_are_up_to_date(name: str, language: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert devices_in(text) == list(DEVICES)
    assert renewed(text, language) == text, "run scripts/entities"


def test_names_are_grouped_and_remarks_stay() -> None:
    before = """<!-- entities of each vehicle -->

| platform | entities |
|---|---|
| Lock | Bonnet; only the cable |
| Wheel | Round |

Text.
"""
    table = dict(
        line.strip("| ").split(" | ", 1)
        for line in renewed(before, "en").partition("\n\nText.\n")[0].splitlines()[4:]
    )
    assert table["Lock"] == "Doors, Charge cable lock; only the cable"
    assert table["Climate"] == "Climate, *Cabin overheat protection*"
    assert "Door (4), Any door, Window (4), " in table["Binary sensor"]
    assert "*Seat cooler front (2)*" in table["Select"]
    assert "Wheel" not in table

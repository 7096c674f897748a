"""The tests of Flotte; they mirror the code."""

from pathlib import Path

import pytest

# So that failed assertions of helpers show their values as those of tests do.
pytest.register_assert_rewrite(
    *{f"tests.{path.stem}" for path in Path(__file__).parent.iterdir()}
    - {"tests.__init__", "tests.conftest"}
)

"""Certification authorities of the tests."""

import pytest

from tests.tesla.telemetry.pki import Ca


@pytest.fixture(scope="module")
def root() -> Ca:
    return Ca.make("Root")


@pytest.fixture(scope="module")
def between(root: Ca) -> Ca:
    return Ca.make("Intermediate", root)

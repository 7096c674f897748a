"""Metadata: limits and order; its bytes are compared in test_vectors."""

import pytest

from custom_components.flotte.tesla.signing import metadata


def test_longest_value() -> None:
    assert metadata.item(2, bytes(255)) == b"\x02\xff" + bytes(255)


def test_longer_value_is_refused() -> None:
    with pytest.raises(ValueError, match="256 bytes, the limit is 255"):
        metadata.item(2, bytes(256))


@pytest.mark.parametrize("tags", [(5, 2), (2, 2), (255,)])
def test_tags_must_ascend(tags: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="out of order"):
        metadata.encode((tag, b"") for tag in tags)


def test_negative_number_is_written_as_twos_complement() -> None:
    """An enum that the vehicle sends can be negative."""
    assert metadata.uint32(-1) == b"\xff\xff\xff\xff"

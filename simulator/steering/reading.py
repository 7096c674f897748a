"""Validation of the values of orders."""

from collections.abc import Callable, Iterable
from typing import Any

from simulator.connected_vehicle import ConnectedVehicle
from simulator.refusals import SteeringError

type Json = dict[str, Any]
type Order = Callable[[ConnectedVehicle, Any], None]


def as_flag(value: object, name: str) -> bool:
    """Return true or false. Raises SteeringError for anything else."""
    if not isinstance(value, bool):
        raise SteeringError(f"{name} must be true or false")
    return value


def as_number(value: object, name: str) -> float:
    """Return a number. Raises SteeringError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SteeringError(f"{name} must be a number")
    return float(value)


def as_word(value: object, name: str, words: Iterable[str]) -> str:
    """Return one of these words. Raises SteeringError for anything else."""
    if not isinstance(value, str) or value not in words:
        raise SteeringError(f"{name} must be one of {', '.join(words)}")
    return value


def as_object(value: object, name: str) -> Json:
    """Return a JSON object. Raises SteeringError for anything else."""
    if not isinstance(value, dict):
        raise SteeringError(f"{name} must be an object")
    return dict(value)


def as_place(value: object, name: str) -> tuple[float, float]:
    """Return latitude and longitude. Raises SteeringError for anything else."""
    if not isinstance(value, list | tuple) or len(value) != len(("latitude", "longitude")):
        raise SteeringError(f"{name} must be [latitude, longitude]")
    return as_number(value[0], name), as_number(value[1], name)


def attribute(name: str, *kinds: type) -> Order:
    """An order that sets the attribute of its name."""

    def order(car: ConnectedVehicle, value: object) -> None:
        if not isinstance(value, kinds):
            raise SteeringError(f"{name} must be {' or '.join(kind.__name__ for kind in kinds)}")
        setattr(car, name, value)

    return order

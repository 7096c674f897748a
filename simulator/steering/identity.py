"""Orders to a car's identity: plain attributes, keys, and commands unknown to the gateway."""

from simulator.connected_vehicle import ConnectedVehicle
from simulator.refusals import SteeringError
from simulator.steering.reading import Order, attribute


def _unclassified(car: ConnectedVehicle, value: object) -> None:
    if not isinstance(value, list):
        raise SteeringError("unclassified must be a list of command names")
    car.unclassified = {str(name) for name in value}


def _unknown_commands(car: ConnectedVehicle, value: object) -> None:
    if not isinstance(value, list):
        raise SteeringError("unknown_commands must be a list of command names")
    car.unknown_commands = {str(name) for name in value}


def _key(value: object) -> bytes:
    try:
        return bytes.fromhex(str(value))
    except ValueError as error:
        raise SteeringError("a public key is written in hex") from error


def _pair(car: ConnectedVehicle, value: object) -> None:
    car.pair(_key(value))


def _unpair(car: ConnectedVehicle, value: object) -> None:
    car.unpair(_key(value))


ORDERS: dict[str, Order] = {
    "display_name": attribute("display_name", str),
    "is_name_lost": attribute("is_name_lost", bool),
    "account": attribute("account", str),
    "access_type": attribute("access_type", str),
    "firmware": attribute("firmware", str),
    "telemetry_version": attribute("telemetry_version", str, type(None)),
    "in_service": attribute("in_service", bool),
    "protocol_required": attribute("protocol_required", bool),
    "rest_only": attribute("rest_only", bool),
    "pairs_automatically": attribute("pairs_automatically", bool),
    "mobile_access_disabled": attribute("mobile_access_disabled", bool),
    "polls_keep_awake": attribute("polls_keep_awake", bool),
    "discounted_device_data": attribute("discounted_device_data", bool),
    "streaming_toggle": attribute("streaming_toggle", bool, type(None)),
    "unclassified": _unclassified,
    "unknown_commands": _unknown_commands,
    "pair": _pair,
    "unpair": _unpair,
}
"""By name, in the order of application."""

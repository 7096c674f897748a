"""A car that streams without sockets: the messages that it would send."""

from collections.abc import Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from simulator.cars import Car
from simulator.telemetry import signature
from simulator.world import World
from tests.simulator.telemetry_server import HOSTNAME, DrivenClock, point_of, said, token

AURORA = "XP7YGCEK0RB000001"
CLIENT = "flotte-demo"
NOW = 1795339800.0
"""2026-11-22 09:30 UTC, a point of the grid."""

type Heard = list[tuple[float, dict[str, Any]]]
"""Seconds since the beginning, and values by field; "invalid" for a field that ended."""


class StreamingCar:
    """Aurora, awake, with a configuration of these fields."""

    def __init__(self, fields: Iterable[str] | dict[str, dict[str, Any]], **orders: object) -> None:
        """Wake it, apply orders, configure it; the default interval of a field is 1 s."""
        self.clock = DrivenClock(NOW)
        self.car: Car = World(self.clock).cars[AURORA]
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.car.steer({"state": "online", "pair": point_of(self.key).hex(), **orders})
        self.configure(fields)

    def configure(self, fields: Iterable[str] | dict[str, dict[str, Any]]) -> None:
        """Give the car a new configuration."""
        rules = fields if isinstance(fields, dict) else {name: {} for name in fields}
        claims = {
            "hostname": HOSTNAME,
            "ca": "a",
            "fields": {name: {"interval_seconds": 1, **rule} for name, rule in rules.items()},
        }
        self.car.telemetry.offer(CLIENT, signature.read(token(self.key, claims)))

    def steer(self, **orders: object) -> None:
        """Give orders to the car as it is now."""
        self.car.advance()
        self.car.steer(orders)

    def after(self, seconds: float) -> Heard:
        """Let time pass, and return the messages."""
        self.clock.advance(seconds)
        return [
            (emission.time - NOW, said(emission.payload))
            for _, emission in self.car.telemetry.due()
            if emission.topic == "V"
        ]


def of_field(heard: Heard, name: str) -> list[tuple[float, Any]]:
    """The times at which a field was sent, with its values."""
    return [(at, values[name]) for at, values in heard if name in values]

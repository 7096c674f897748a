"""A vehicle with everything that connects it: its computers, its telemetry client, its account."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, override

from simulator.clock import Clock
from simulator.protocol import VehicleProtocol
from simulator.protocol.subsystem import Subsystem
from simulator.protocol.verification import Request
from simulator.protocol.wire import INFOTAINMENT, VEHICLE_SECURITY
from simulator.refusals import SteeringError
from simulator.telemetry.certificates import Kind
from simulator.telemetry.recorder import Telemetry
from simulator.vehicle.model import Model
from simulator.vehicle.vehicle import Vehicle

type Json = dict[str, Any]

MAX_KEYS = 20
"""Capacity of a keychain (Tesla, "Virtual keys", August 2026)."""
_EPOCH_AGE = {VEHICLE_SECURITY: 48 * 86_400.0, INFOTAINMENT: 3 * 86_400.0}
"""Seconds for which the two computers have been running; they boot independently."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """A command that the car has run."""

    name: str
    """The REST name, for signed commands too."""
    parameters: Json
    time: float
    """Unix seconds."""
    signed: bool
    counter: int | None = None
    domain: int | None = None


class ConnectedVehicle(Vehicle, ABC):
    """The state that Tesla's cloud, the steering orders and the stream share."""

    def __init__(  # noqa: D417 - the rest is described by Vehicle
        self,
        clock: Clock,
        model: Model,
        *,
        vin: str,
        display_name: str,
        number: int,
        firmware: str,
        percent: float,
        seed: int,
        protocol_required: bool = True,
        rest_only: bool = False,
        telemetry_version: str | None = None,
    ) -> None:
        """Create the vehicle.

        Args:
            protocol_required: whether most plain REST commands are refused.
        """
        super().__init__(
            clock,
            model,
            vin=vin,
            display_name=display_name,
            number=number,
            firmware=firmware,
            percent=percent,
            seed=seed,
            rest_only=rest_only,
            telemetry_version=telemetry_version,
        )
        self.is_name_lost = False
        """Whether Tesla's cloud returns null for its name; the car itself still reports it."""
        self.account = "owner-1"
        self.drivers: set[str] = set()
        """Accounts with which the owner shares the car; it is in their list, too."""
        self.access_type = "OWNER"
        self.protocol_required = protocol_required
        self.pairs_automatically = False
        self.mobile_access_disabled = False
        self.discounted_device_data = False
        self.busy_seconds = 0.0
        """Seconds after waking in which signed commands are answered with "busy"."""
        self.executions: list[Execution] = []
        self.refusals: list[Json] = []
        """Commands that the car understood but did not run, with the reason."""
        self.unclassified: set[str] = set()
        self.unknown_commands: set[str] = set()
        """Names of commands that the gateway answers with 501 when they are signed."""
        born = clock.now()
        self.protocol = VehicleProtocol(
            vin=vin,
            keys=self.keys,
            subsystems={
                domain: Subsystem(domain, seed=f"{seed}/{vin}", booted_at=born - age)
                for domain, age in _EPOCH_AGE.items()
            },
            executor=self,
            firmware=lambda: self.firmware,
        )
        self.polls_keep_awake = rest_only
        self.telemetry = Telemetry(self, Kind.NAME if number % 2 == 0 else Kind.OID)

    @abstractmethod
    def execute(self, request: Request) -> bytes:
        """Run the payload of an authenticated (or unsigned) message; return the domain's answer.

        Raises Fault for payloads that the domain cannot run.
        """

    # The telemetry client follows the life

    @override
    def next_observation_at(self) -> float:
        return self.telemetry.next_observation_at()

    @override
    def observe(self, *, happened: bool, stretch: float) -> None:
        self.telemetry.observe(self.time, happened=happened, stretch=stretch)

    @override
    def fall_asleep(self) -> None:
        super().fall_asleep()
        self.telemetry.catch_up(self.time)

    # Keys

    def pair(self, public_key: bytes) -> None:
        """Put a key on the keychain, as the owner does in the app.

        Raises SteeringError when the keychain is full, or the car is too old to have one.
        """
        if self.rest_only:
            raise SteeringError(f"{self.display_name} has no keychain for the protocol")
        if public_key not in self.keys and len(self.keys) + self.other_keys >= MAX_KEYS:
            raise SteeringError("the keychain is full")
        self.keys.add(public_key)

    def unpair(self, public_key: bytes) -> None:
        """Take a key off the keychain; its counters go with it."""
        self.keys.discard(public_key)
        for subsystem in self.protocol.subsystems.values():
            subsystem.sessions.pop(public_key, None)

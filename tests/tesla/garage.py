"""Vehicles that obey the charging controller, one or several on one surplus."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from custom_components.flotte.tesla.charging.decide import ChargingStep, decide_charging, sent
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.sharing import SharingVehicle, share_surplus
from custom_components.flotte.tesla.charging.situation import (
    ChargingMode,
    ChargingSituation,
    ChargingVehicle,
    House,
    Memory,
    Plug,
)
from custom_components.flotte.tesla.charging.worth import Changes, EnergyPrices

NOW: Final = 1_000_000.0
THREE: Final = ChargingPower(230.0, 3, 5, 16)
"""3.45 to 11.04 kW."""
ONE: Final = ChargingPower(230.0, 1, 5, 16)
"""1.15 to 3.68 kW."""


@dataclass
class Driven:
    """A vehicle that obeys."""

    key: str
    power: ChargingPower
    mode: ChargingMode = ChargingMode.SUN_ONLY
    amps: int = 0
    memory: Memory = field(default_factory=Memory)
    commands: list[ChargingStep] = field(default_factory=list)

    @property
    def record(self) -> SharingVehicle:
        """The vehicle for the sharing; the key is the priority too."""
        return SharingVehicle(
            key=self.key,
            priority=ord(self.key),
            level=50.0,
            power=self.power,
            amps=self.amps,
            kilowatts=self.power.kilowatts(self.amps),
            wants=True,
        )

    def decide(self, now: float, surplus: float | None, *, stands: bool) -> None:
        """Decide and obey."""
        situation = ChargingSituation(
            now=now,
            day=1,
            mode=self.mode,
            vehicle=ChargingVehicle(
                plug=Plug.CHARGING if self.amps else Plug.STOPPED,
                power=self.power,
                requested=max(self.amps, 5),
                reported_at=now,
            ),
            house=House(surplus=surplus, measured_at=now),
            prices=EnergyPrices(grid=0.32, feed_in=0.08, later=0.18),
            tesla=Changes(0.001, 0.02),
            stands=stands,
        )
        decision = decide_charging(situation, self.memory)
        self.memory = decision.memory
        if decision.action in {ChargingStep.START, ChargingStep.SET, ChargingStep.STOP}:
            self.memory = sent(decision, now)
            self.amps = decision.amps
            self.commands.append(decision.action)


class Garage:
    """Vehicles in order, one surplus."""

    def __init__(self, *vehicles: Driven) -> None:
        self.vehicles = vehicles
        self.now = NOW

    def live(self, totals: Iterable[float]) -> int:
        """Let them decide each 10 s; the number of commands."""
        before = sum(len(vehicle.commands) for vehicle in self.vehicles)
        for total in totals:
            self.now += 10
            for vehicle in self.vehicles:
                shares = share_surplus([each.record for each in self.vehicles], total)
                share = shares[vehicle.key]
                vehicle.decide(self.now, share.surplus, stands=share.stands)
        return sum(len(vehicle.commands) for vehicle in self.vehicles) - before

    @property
    def amps(self) -> list[int]:
        """The currents."""
        return [vehicle.amps for vehicle in self.vehicles]

    @property
    def kilowatts(self) -> float:
        """Power of all."""
        return sum(vehicle.power.kilowatts(vehicle.amps) for vehicle in self.vehicles)

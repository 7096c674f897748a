"""Flotte's controller at the simulated vehicle: it gets what Home Assistant would hand to it."""

from dataclasses import dataclass, field

from benchmarks.surplus.money import COMMAND, FEED_IN, GRID, NIGHT, VOLTS, WAKE
from benchmarks.surplus.world import FIRST, HIGHEST, STEP, World
from custom_components.flotte.tesla.charging.decide import (
    ChargingDecision,
    ChargingStep,
    decide_charging,
    sent,
)
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.situation import (
    ChargingMode,
    ChargingSituation,
    ChargingVehicle,
    CommandAllowance,
    House,
    Memory,
    Plug,
)
from custom_components.flotte.tesla.charging.work import TUNING, Tuning
from custom_components.flotte.tesla.charging.worth import Changes, EnergyPrices
from custom_components.flotte.tesla.spending.modes import SpendingMode

PRICES = EnergyPrices(grid=GRID, feed_in=FEED_IN, later=NIGHT)
TESLA = Changes(COMMAND, WAKE)


@dataclass(slots=True)
class Flotte:
    """The controller in a mode; `allowance` in commands a day."""

    lowest: int
    mode: ChargingMode = ChargingMode.SUN_FIRST
    is_thrifty: bool = False
    allowance: int | None = None
    tuning: Tuning = TUNING
    memory: Memory = field(default_factory=Memory)
    _low_amps: int = 0
    """A current below 5 A that waits for the charge to begin."""
    _power: ChargingPower | None = None

    def decide(self, world: World) -> None:
        """Decide on every reading of the meter."""
        if world.now - world.grid_at != STEP:
            return
        if self._low_amps and world.amps > 0:
            self._send(world, self._low_amps)
            self._low_amps = 0
        decision = decide_charging(self._situation(world), self.memory)
        self.memory = decision.memory
        if decision.action not in {ChargingStep.START, ChargingStep.SET, ChargingStep.STOP}:
            return
        self.memory = sent(decision, float(world.now))
        self._carry_out(world, decision)

    def _carry_out(self, world: World, decision: ChargingDecision) -> None:
        self._low_amps = 0
        if decision.action is ChargingStep.STOP:
            world.stop()
        elif decision.action is ChargingStep.START:
            if world.requested != max(decision.amps, FIRST):
                world.set_amps(max(decision.amps, FIRST))
            world.start()
            self._low_amps = decision.amps if decision.amps < FIRST else 0
        elif decision.amps < FIRST and not world.amps:
            self._low_amps = decision.amps
        else:
            self._send(world, decision.amps)

    @staticmethod
    def _send(world: World, amps: int) -> None:
        """Set a current; below 5 A twice if the vehicle is at 5 A or more."""
        if amps < FIRST <= world.requested:
            world.set_amps(amps)
        world.set_amps(amps)

    def _situation(self, world: World) -> ChargingSituation:
        if self._power is None:
            self._power = ChargingPower(VOLTS, world.phases, self.lowest, HIGHEST)
        surplus = None
        if world.grid_at >= 0:
            surplus = world.drawn_at_reading - world.grid
        allowance = CommandAllowance(
            commands=self.allowance, used=world.commands_today, day_share=world.day_share
        )
        return ChargingSituation(
            now=float(world.now),
            day=world.now // 86400,
            mode=self.mode,
            vehicle=ChargingVehicle(
                plug=Plug.CHARGING if world.charging else Plug.STOPPED,
                power=self._power,
                asleep=world.asleep,
                requested=max(world.requested, FIRST),
                reported_at=float(world.now),
            ),
            house=House(
                surplus=surplus,
                measured_at=None if surplus is None else float(world.grid_at),
                interval=world.meter_interval,
            ),
            prices=PRICES,
            tesla=TESLA,
            allowance=allowance,
            tuning=self.tuning,
            spending=SpendingMode.THRIFTY if self.is_thrifty else SpendingMode.NORMAL,
        )

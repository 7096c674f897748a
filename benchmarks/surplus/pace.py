"""Decisions per second of the pure controller, on a day of changing sun."""

import math
import time
from typing import Final

from benchmarks.surplus.ours import PRICES, TESLA
from custom_components.flotte.tesla.charging.decide import ChargingStep, decide_charging, sent
from custom_components.flotte.tesla.charging.power import FIRST_AMPS, ChargingPower
from custom_components.flotte.tesla.charging.situation import (
    ChargingMode,
    ChargingSituation,
    ChargingVehicle,
    House,
    Memory,
    Plug,
)

DECISIONS: Final = 20_000


def decisions_per_second() -> float:
    """CPU time of a vehicle with 16 currents that obeys; only the decisions are timed."""
    inputs = _a_day()
    started = time.process_time()
    for situation, memory in inputs:
        decide_charging(situation, memory)
    return len(inputs) / (time.process_time() - started)


def _a_day() -> list[tuple[ChargingSituation, Memory]]:
    """Situations of changing sun, each with the memory that the decisions before it left."""
    power = ChargingPower(230.0, 3, 1, 16)
    memory, amps = Memory(), 0
    inputs = []
    for index in range(DECISIONS):
        now = index * 10.0
        surplus = 5 + 4 * math.sin(index / 500) + 2 * math.sin(index / 7)
        situation = ChargingSituation(
            now=now,
            day=index // 8640,
            mode=ChargingMode.SUN_FIRST,
            vehicle=ChargingVehicle(
                plug=Plug.CHARGING if amps else Plug.STOPPED,
                power=power,
                requested=max(amps, FIRST_AMPS),
                reported_at=now,
            ),
            house=House(surplus=surplus, measured_at=now),
            prices=PRICES,
            tesla=TESLA,
        )
        inputs.append((situation, memory))
        decision = decide_charging(situation, memory)
        memory = decision.memory
        if decision.action not in {ChargingStep.KEEP, ChargingStep.HANDS_OFF}:
            memory = sent(decision, now)
            amps = 0 if decision.action is ChargingStep.STOP else decision.amps
    return inputs

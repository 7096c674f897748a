"""Decisions per second of the pure controller, on a day of changing sun."""

import math
import time
from dataclasses import replace
from typing import Final

from benchmarks.surplus.ours import PRICES, TESLA
from custom_components.flotte.tesla.charging.decide import ChargingStep, decide_charging, sent
from custom_components.flotte.tesla.charging.power import ChargingPower
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
    """CPU time of a vehicle with 16 currents; the making of the situations is not counted."""
    power = ChargingPower(230.0, 3, 1, 16)
    vehicle = ChargingVehicle(plug=Plug.STOPPED, power=power)
    situations = []
    for index in range(DECISIONS):
        now = index * 10.0
        surplus = 5 + 4 * math.sin(index / 500) + 2 * math.sin(index / 7)
        situations.append(
            ChargingSituation(
                now=now,
                day=0,
                mode=ChargingMode.SUN_FIRST,
                vehicle=replace(vehicle, reported_at=now),
                house=House(surplus=surplus, measured_at=now),
                prices=PRICES,
                tesla=TESLA,
            )
        )
    memory = Memory()
    started = time.process_time()
    for situation in situations:
        decision = decide_charging(situation, memory)
        memory = decision.memory
        if decision.action not in {ChargingStep.KEEP, ChargingStep.HANDS_OFF}:
            memory = sent(decision, situation.now)
    return DECISIONS / (time.process_time() - started)

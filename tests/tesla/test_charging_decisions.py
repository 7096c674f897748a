"""Decisions of the charging controller: a table of situations, and properties over random days."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla.charging.decide import (
    MAX_STARTS,
    MIN_OFF,
    MIN_ON,
    ChargingDecision,
    ChargingStep,
    Reason,
    decide_charging,
    maybe_sent,
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
    PlanDemand,
    Plug,
    Sent,
)
from custom_components.flotte.tesla.charging.worth import (
    Changes,
    EnergyPrices,
    planned_prices,
    sun_prices,
)
from custom_components.flotte.tesla.spending.modes import SpendingMode

NOW: Final = 1_000_000.0
POWER: Final = ChargingPower(230.0, 3, 5, 16)
"""3.45 kW at 5 A, 11.04 kW at 16 A."""
LOW_POWER: Final = ChargingPower(230.0, 1, 1, 16)
"""0.23 to 3.68 kW."""
PRICES: Final = EnergyPrices(grid=0.32, feed_in=0.08, later=0.18)
TESLA: Final = Changes(0.001, 0.02)
LONG_AGO: Final = NOW - 3600

KEEP, START, SET, STOP, HANDS_OFF = (
    ChargingStep.KEEP,
    ChargingStep.START,
    ChargingStep.SET,
    ChargingStep.STOP,
    ChargingStep.HANDS_OFF,
)
REPORTED: Final = {"plug": Plug.STOPPED, "power": POWER, "reported_at": NOW}
CHARGING: Final = {"plug": Plug.CHARGING, "requested": 8}
EMPTY: Final = Memory()
AT_8: Final = Memory(sent=Sent(LONG_AGO, 8), started_at=LONG_AGO, day=1)
AT_REST: Final = Memory(sent=Sent(LONG_AGO, 0), stopped_at=LONG_AGO, day=1)


def situation(
    car: dict[str, Any] | None = None, house: dict[str, Any] | None = None, **changes: Any
) -> ChargingSituation:
    """A stopped car at home without sun, with changes."""
    values: dict[str, Any] = {
        "now": NOW,
        "day": 1,
        "mode": ChargingMode.SUN_FIRST,
        "vehicle": ChargingVehicle(**{**REPORTED, **(car or {})}),
        "house": House(**{"surplus": 0.0, "measured_at": NOW, **(house or {})}),
        "prices": PRICES,
        "tesla": TESLA,
    }
    return ChargingSituation(**{**values, **changes})


@dataclass(frozen=True)
class Row:
    """A situation and its decision."""

    title: str
    expected: tuple[ChargingStep, Reason] | tuple[ChargingStep, Reason, int]
    car: dict[str, Any] = field(default_factory=dict)
    house: dict[str, Any] = field(default_factory=dict)
    memory: Memory = EMPTY
    changes: dict[str, Any] = field(default_factory=dict)


def mode(value: ChargingMode, **changes: Any) -> dict[str, Any]:
    """Changes with a mode."""
    return {"mode": value, **changes}


ROWS: Final = (
    # Nothing to steer.
    Row("off", (HANDS_OFF, Reason.OFF), house={"surplus": 9.0}, changes=mode(ChargingMode.OFF)),
    Row("off, charging", (HANDS_OFF, Reason.OFF), CHARGING, changes=mode(ChargingMode.OFF)),
    Row("port unknown", (HANDS_OFF, Reason.PORT_UNKNOWN), {"plug": None}, {"surplus": 9.0}),
    Row("unplugged", (HANDS_OFF, Reason.UNPLUGGED), {"plug": Plug.UNPLUGGED}, {"surplus": 9.0}),
    Row("no power", (HANDS_OFF, Reason.NO_POWER), {"plug": Plug.NO_POWER}, {"surplus": 9.0}),
    Row("in service", (HANDS_OFF, Reason.IN_SERVICE), {"in_service": True}, {"surplus": 9.0}),
    Row("fast", (HANDS_OFF, Reason.FAST_CHARGING), {**CHARGING, "fast_charging": True}),
    Row("away", (HANDS_OFF, Reason.AWAY), {"at_home": False}, {"surplus": 9.0}),
    Row("away, now", (HANDS_OFF, Reason.AWAY), {"at_home": False}, changes=mode(ChargingMode.NOW)),
    Row("place unknown", (HANDS_OFF, Reason.PLACE_UNKNOWN), {"at_home": None}, {"surplus": 9.0}),
    Row(
        "place unknown below the floor",
        (HANDS_OFF, Reason.PLACE_UNKNOWN),
        {"at_home": None, "level": 5.0},
        changes={"floor_level": 20.0},
    ),
    # A person's doing wins.
    Row(
        "a person started it",
        (HANDS_OFF, Reason.TAKEN_OVER),
        CHARGING,
        memory=AT_REST,
    ),
    Row(
        "a person stopped it",
        (HANDS_OFF, Reason.TAKEN_OVER),
        house={"surplus": 9.0},
        memory=AT_8,
    ),
    Row(
        "a person set another current",
        (HANDS_OFF, Reason.TAKEN_OVER),
        {**CHARGING, "requested": 12},
        {"surplus": 6.0},
        AT_8,
    ),
    Row(
        "a person pressed a button of ours",
        (HANDS_OFF, Reason.TAKEN_OVER),
        {**CHARGING, "commanded_by_person": True},
        memory=AT_8,
    ),
    Row(
        "our own schedule started it",
        (KEEP, Reason.PLAN_SLOT, 16),
        {**CHARGING, "requested": 16, "by_own_schedule": True},
        memory=AT_REST,
        changes={"plan": PlanDemand.SLOT},
    ),
    Row(
        "our own schedule is about to start it",
        (KEEP, Reason.PLAN_SLOT),
        {"starts_alone": True, "asleep": True},
        changes={"plan": PlanDemand.SLOT},
    ),
    Row(
        "our own schedule is too slow for a late plan",
        (START, Reason.PLAN_LATE, 16),
        {"starts_alone": True},
        changes={"plan": PlanDemand.LATE},
    ),
    Row(
        "our own schedule ended it",
        (KEEP, Reason.WAITS_FOR_SUN),
        {"by_own_schedule": True},
        memory=AT_8,
    ),
    Row(
        "the charger ended our start at once",
        (KEEP, Reason.RESTS),
        {"reported_at": NOW - 45},
        {"surplus": 9.0},
        Memory(sent=Sent(NOW - 60, 8), started_at=NOW - 60, day=1),
    ),
    Row(
        "the charger ended an urgent start at once",
        (KEEP, Reason.RESTS),
        {"reported_at": NOW - 45},
        memory=Memory(sent=Sent(NOW - 60, 16), started_at=NOW - 60, day=1),
        changes=mode(ChargingMode.NOW),
    ),
    Row(
        "rested after a start that ended at once",
        (START, Reason.NOW, 16),
        memory=Memory(rests_until=NOW, day=1),
        changes=mode(ChargingMode.NOW),
    ),
    Row(
        "a command on its way is believed",
        (KEEP, Reason.NOW, 16),
        {"reported_at": NOW - 45},
        memory=Memory(sent=Sent(NOW - 50, 16), started_at=NOW - 50, day=1),
        changes=mode(ChargingMode.NOW),
    ),
    Row(
        "back from a drive, and charging",
        (STOP, Reason.SURPLUS_ENDED),
        CHARGING,
        memory=Memory(day=1),
    ),
    Row(
        "taken over, and below the floor",
        (HANDS_OFF, Reason.TAKEN_OVER),
        {"level": 5.0},
        memory=replace(AT_REST, taken_over=True),
        changes={"floor_level": 20.0},
    ),
    Row(
        "a reading from before our command",
        (KEEP, Reason.FOLLOWS_SUN),
        {**CHARGING, "requested": 12, "reported_at": NOW - 30},
        {"surplus": 5.6},
        Memory(sent=Sent(NOW - 20, 8), started_at=LONG_AGO, day=1),
    ),
    Row(
        "resumed after it was taken over",
        (STOP, Reason.SURPLUS_ENDED),
        CHARGING,
        memory=replace(AT_8, taken_over=True),
        changes={"resumed": True},
    ),
    Row(
        "plugged in again after it was taken over",
        (HANDS_OFF, Reason.UNPLUGGED),
        {"plug": Plug.UNPLUGGED},
        memory=replace(AT_8, taken_over=True),
    ),
    Row(
        "5 A shown for the 3 A that we set",
        (KEEP, Reason.FOLLOWS_SUN),
        {**CHARGING, "requested": 5, "power": LOW_POWER},
        {"surplus": 0.7},
        Memory(sent=Sent(LONG_AGO, 3), started_at=LONG_AGO, day=1),
    ),
    # Outage.
    Row("outage, charging", (STOP, Reason.GRID_DOWN), CHARGING, {"surplus": 9.0, "grid_up": False}),
    Row("outage, stopped", (KEEP, Reason.GRID_DOWN), house={"surplus": 9.0, "grid_up": False}),
    Row(
        "outage, below the floor",
        (KEEP, Reason.GRID_DOWN),
        {"level": 5.0},
        {"grid_up": False},
        changes={"floor_level": 20.0},
    ),
    Row(
        "outage, now",
        (STOP, Reason.GRID_DOWN),
        CHARGING,
        {"grid_up": False},
        changes=mode(ChargingMode.NOW),
    ),
    # Level and limit.
    Row("complete", (HANDS_OFF, Reason.COMPLETE), {"plug": Plug.COMPLETE}, {"surplus": 9.0}),
    Row(
        "one per cent below the limit",
        (KEEP, Reason.COMPLETE),
        {"level": 79.0, "limit": 80.0},
        {"surplus": 9.0},
    ),
    Row(
        "two per cent below the limit",
        (START, Reason.FOLLOWS_SUN, 12),
        {"level": 78.0, "limit": 80.0},
        {"surplus": 8.5},
    ),
    Row(
        "charging on to the limit",
        (KEEP, Reason.FOLLOWS_SUN),
        {**CHARGING, "level": 79.5, "limit": 80.0},
        {"surplus": 5.6},
        AT_8,
    ),
    Row(
        "below the floor",
        (START, Reason.BELOW_FLOOR, 16),
        {"level": 19.0},
        changes={"floor_level": 20.0},
    ),
    Row(
        "charging from below the floor to above it",
        (KEEP, Reason.BELOW_FLOOR, 16),
        {**CHARGING, "requested": 16, "level": 21.0},
        memory=Memory(sent=Sent(LONG_AGO, 16), started_at=LONG_AGO, day=1),
        changes={"floor_level": 20.0},
    ),
    Row(
        "charged from below the floor to well above it",
        (STOP, Reason.SURPLUS_ENDED),
        {**CHARGING, "requested": 16, "level": 22.0},
        memory=Memory(sent=Sent(LONG_AGO, 16), started_at=LONG_AGO, day=1),
        changes={"floor_level": 20.0},
    ),
    Row(
        "below the floor a moment after a stop",
        (KEEP, Reason.RESTS),
        {"level": 19.0},
        memory=Memory(sent=Sent(NOW - 20, 0), stopped_at=NOW - 20, day=1),
        changes={"floor_level": 20.0},
    ),
    Row(
        "a wall box that offers less is no person",
        (STOP, Reason.SURPLUS_ENDED),
        {**CHARGING, "power": ChargingPower(230.0, 3, 5, 6), "requested": 6},
        memory=AT_8,
    ),
    Row(
        "a person set the current in the vehicle, which reports nothing else",
        (HANDS_OFF, Reason.TAKEN_OVER),
        {**CHARGING, "requested": 10, "reported_at": LONG_AGO + 10, "requested_at": NOW},
        {"surplus": 5.6},
        AT_8,
    ),
    Row(
        "frugal, and most of it bought",
        (STOP, Reason.SURPLUS_ENDED),
        CHARGING,
        {"surplus": 3.5},
        AT_8,
        {"spending": SpendingMode.FRUGAL, **mode(ChargingMode.SUN_ONLY)},
    ),
    Row(
        "started, not reported since, and the meter silent for long",
        (STOP, Reason.METER_SILENT),
        {"reported_at": LONG_AGO - 60},
        {"surplus": None, "measured_at": None},
        replace(AT_8, surplus_lost_at=LONG_AGO),
    ),
    Row(
        "the clock was set back, and the meter silent",
        (KEEP, Reason.METER_SILENT),
        CHARGING,
        {"surplus": None, "measured_at": None},
        Memory(sent=Sent(NOW + 7200, 8), started_at=NOW + 7200, surplus_lost_at=NOW + 600, day=1),
    ),
    Row(
        "below the floor at a low current",
        (SET, Reason.BELOW_FLOOR, 16),
        {**CHARGING, "level": 19.0},
        memory=AT_8,
        changes={"floor_level": 20.0},
    ),
    Row(
        "below the floor without a meter",
        (START, Reason.BELOW_FLOOR, 16),
        {"level": 19.0},
        {"surplus": None, "measured_at": None},
        changes={"floor_level": 20.0},
    ),
    Row(
        "level unknown: the floor asks for nothing",
        (KEEP, Reason.WAITS_FOR_SUN),
        {"level": None},
        changes={"floor_level": 20.0},
    ),
    # Now.
    Row("now", (START, Reason.NOW, 16), changes=mode(ChargingMode.NOW)),
    Row(
        "now, at 8 A", (SET, Reason.NOW, 16), CHARGING, memory=AT_8, changes=mode(ChargingMode.NOW)
    ),
    Row(
        "now, at 16 A",
        (KEEP, Reason.NOW, 16),
        {**CHARGING, "requested": 16},
        memory=replace(AT_8, sent=Sent(LONG_AGO, 16)),
        changes=mode(ChargingMode.NOW),
    ),
    # The plan.
    Row("late", (START, Reason.PLAN_LATE, 16), changes={"plan": PlanDemand.LATE}),
    Row(
        "late, and the month's money is spent",
        (START, Reason.PLAN_LATE, 16),
        changes={"plan": PlanDemand.LATE, "spending": SpendingMode.STOPPED},
    ),
    Row("slot", (START, Reason.PLAN_SLOT, 16), changes={"plan": PlanDemand.SLOT}),
    Row(
        "slot, without a meter",
        (START, Reason.PLAN_SLOT, 16),
        house={"surplus": None, "measured_at": None},
        changes={"plan": PlanDemand.SLOT},
    ),
    Row("later slot", (KEEP, Reason.PLAN_WAITS), changes={"plan": PlanDemand.WAIT}),
    Row(
        "later slot at a known time",
        (KEEP, Reason.PLAN_WAITS),
        changes={"plan": PlanDemand.WAIT, "next_charge": NOW + 3600},
    ),
    Row(
        "later slot, but sun",
        (START, Reason.FOLLOWS_SUN, 16),
        house={"surplus": 11.5},
        changes={"plan": PlanDemand.WAIT},
    ),
    Row(
        "cheapest hours, between slots, no meter",
        (STOP, Reason.PLAN_WAITS),
        CHARGING,
        {"surplus": None, "measured_at": None},
        AT_8,
        mode(ChargingMode.CHEAPEST_HOURS, plan=PlanDemand.WAIT, next_charge=NOW + 3600),
    ),
    # Money.
    Row(
        "month's money spent, charging",
        (STOP, Reason.SPENDING_STOPPED),
        CHARGING,
        {"surplus": 5.6},
        AT_8,
        {"spending": SpendingMode.STOPPED},
    ),
    Row(
        "month's money spent, stopped",
        (KEEP, Reason.SPENDING_STOPPED),
        house={"surplus": 9.0},
        changes={"spending": SpendingMode.STOPPED},
    ),
    Row(
        "frugal: no start for the sun",
        (KEEP, Reason.SPENDING_FRUGAL),
        house={"surplus": 9.0},
        changes={"spending": SpendingMode.FRUGAL},
    ),
    Row(
        "frugal: a stop",
        (STOP, Reason.SURPLUS_ENDED),
        CHARGING,
        memory=AT_8,
        changes={"spending": SpendingMode.FRUGAL},
    ),
    Row(
        "allowance used up: a stop",
        (STOP, Reason.SURPLUS_ENDED),
        CHARGING,
        {"surplus": -9.0},
        AT_8,
        {"allowance": CommandAllowance(commands=60, used=300)},
    ),
    Row(
        "allowance used up: no start for the sun",
        (KEEP, Reason.WAITS_FOR_SUN),
        house={"surplus": 9.0},
        changes={"allowance": CommandAllowance(commands=60, used=300)},
    ),
    # The meter.
    Row(
        "no meter",
        (KEEP, Reason.METER_SILENT),
        house={"surplus": None, "measured_at": None},
    ),
    Row(
        "meter with the wrong sign",
        (KEEP, Reason.METER_SIGN),
        house={"surplus": 9.0, "is_sign_wrong": True},
    ),
    Row(
        "meter with the wrong sign, charging",
        (KEEP, Reason.METER_SIGN),
        CHARGING,
        {"surplus": 9.0, "is_sign_wrong": True},
        AT_8,
    ),
    Row(
        "meter with the wrong sign for ten minutes",
        (STOP, Reason.METER_SIGN),
        CHARGING,
        {"surplus": 9.0, "is_sign_wrong": True},
        replace(AT_8, surplus_lost_at=NOW - 600),
    ),
    Row(
        "meter silent for four minutes",
        (KEEP, Reason.METER_SILENT),
        house={"surplus": 9.0, "measured_at": NOW - 240},
    ),
    Row(
        "slow meter, four minutes",
        (START, Reason.FOLLOWS_SUN, 13),
        house={"surplus": 9.0, "measured_at": NOW - 240, "interval": 100.0},
    ),
    Row(
        "meter just lost, charging",
        (KEEP, Reason.METER_SILENT),
        CHARGING,
        {"surplus": 5.6, "measured_at": NOW - 240},
        AT_8,
    ),
    Row(
        "meter lost three minutes ago",
        (SET, Reason.METER_SILENT, 5),
        CHARGING,
        {"surplus": 5.6, "measured_at": NOW - 400},
        replace(AT_8, surplus_lost_at=NOW - 180),
    ),
    Row(
        "meter lost ten minutes ago",
        (STOP, Reason.METER_SILENT),
        CHARGING,
        {"surplus": 5.6, "measured_at": NOW - 900},
        replace(AT_8, surplus_lost_at=NOW - 600),
    ),
    Row(
        "meter lost ten minutes ago, at least the lowest current",
        (SET, Reason.METER_SILENT, 5),
        CHARGING,
        {"surplus": 5.6, "measured_at": NOW - 900},
        replace(AT_8, surplus_lost_at=NOW - 600),
        mode(ChargingMode.SUN_AND_LOWEST),
    ),
    # The sun.
    Row("no sun", (KEEP, Reason.WAITS_FOR_SUN)),
    Row("some sun", (KEEP, Reason.WAITS_FOR_SUN), house={"surplus": 1.0}),
    Row("enough for 9 A", (START, Reason.FOLLOWS_SUN, 9), house={"surplus": 6.3}),
    Row("more than 16 A", (START, Reason.FOLLOWS_SUN, 16), house={"surplus": 15.0}),
    Row("as much as it takes", (KEEP, Reason.FOLLOWS_SUN), CHARGING, {"surplus": 5.6}, AT_8),
    Row(
        "one ampere more is not worth a command yet",
        (KEEP, Reason.FOLLOWS_SUN),
        CHARGING,
        {"surplus": 6.05},
        AT_8,
    ),
    Row("much more", (SET, Reason.FOLLOWS_SUN, 16), CHARGING, {"surplus": 11.1}, AT_8),
    Row("much less", (SET, Reason.FOLLOWS_SUN, 5), CHARGING, {"surplus": 3.2}, AT_8),
    Row("none", (STOP, Reason.SURPLUS_ENDED), CHARGING, {"surplus": -0.5}, AT_8),
    Row(
        "none, a minute after the start",
        (KEEP, Reason.KEEPS_MINIMUM),
        {**CHARGING, "requested": 8},
        {"surplus": -0.5},
        Memory(sent=Sent(NOW - 70, 8), started_at=NOW - 70, day=1),
    ),
    Row(
        "sun, half a minute after the stop",
        (KEEP, Reason.RESTS),
        house={"surplus": 9.0},
        memory=Memory(sent=Sent(NOW - 30, 0), stopped_at=NOW - 30, day=1),
    ),
    Row(
        "too many starts today",
        (KEEP, Reason.RESTS),
        house={"surplus": 9.0},
        memory=replace(AT_REST, starts=MAX_STARTS),
    ),
    Row(
        "too many starts yesterday",
        (START, Reason.FOLLOWS_SUN, 13),
        house={"surplus": 9.0},
        memory=replace(AT_REST, starts=MAX_STARTS, day=0),
    ),
    Row(
        "at least the lowest current, at night",
        (START, Reason.FOLLOWS_SUN, 5),
        house={"surplus": -0.5},
        changes=mode(ChargingMode.SUN_AND_LOWEST),
    ),
    Row(
        "at least the lowest current, sun gone",
        (SET, Reason.FOLLOWS_SUN, 5),
        CHARGING,
        {"surplus": -0.5},
        AT_8,
        mode(ChargingMode.SUN_AND_LOWEST),
    ),
    Row(
        "plugged in at night: it began on its own",
        (STOP, Reason.SURPLUS_ENDED),
        {**CHARGING, "requested": 16},
        {"surplus": -0.4},
    ),
    Row(
        "another vehicle follows the sun",
        (KEEP, Reason.STANDS),
        CHARGING,
        {"surplus": 12.0},
        AT_8,
        {"stands": True},
    ),
    Row(
        "little sun at 1 A is not worth a start yet",
        (KEEP, Reason.WAITS_FOR_SUN),
        {"power": LOW_POWER},
        {"surplus": 1.0},
    ),
    Row(
        "sun at one phase",
        (START, Reason.FOLLOWS_SUN, 11),
        {"power": LOW_POWER},
        {"surplus": 2.6},
    ),
)


def test_the_table_is_long_enough() -> None:
    assert len(ROWS) >= 60
    assert len({row.title for row in ROWS}) == len(ROWS)
    assert {row.expected[1] for row in ROWS} == set(Reason)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_decision(row: Row) -> None:
    decision = decide_charging(situation(row.car, row.house, **row.changes), row.memory)
    assert (decision.action, decision.reason, decision.amps) == (*row.expected, 0)[:3]
    assert decision.saves == (decision.action is STOP)


AT_LEAST: Final = {"surplus": 0.0, "needed": 3.45}
FIGURES: Final[dict[str, dict[str, float]]] = {
    "off, charging": {},
    "complete": {},
    "two per cent below the limit": {"surplus": 8.5, "needed": 3.45, "amps": 12},
    "one per cent below the limit": {"limit": 80.0},
    "below the floor at a low current": {"level": 19.0, "floor": 20.0, "amps": 16},
    "now, at 16 A": {"amps": 16},
    "late": {"amps": 16},
    "later slot": AT_LEAST,
    "later slot at a known time": {**AT_LEAST, "next": NOW + 3600},
    "cheapest hours, between slots, no meter": {"next": NOW + 3600},
    "month's money spent, charging": {},
    "frugal: a stop": AT_LEAST,
    "allowance used up: no start for the sun": {
        "surplus": 9.0,
        "needed": 3.45,
        "used": 300,
        "allowed": 60,
    },
    "meter silent for four minutes": {},
    "meter just lost, charging": {"amps": 8},
    "meter lost three minutes ago": {"amps": 5},
    "some sun": {"surplus": 1.0, "needed": 3.45},
    "much less": {"surplus": 3.2, "needed": 3.45, "amps": 5},
    "none, a minute after the start": {"surplus": -0.5, "needed": 3.45, "amps": 8},
    "sun, half a minute after the stop": {"surplus": 9.0, "needed": 3.45},
    "the charger ended our start at once": {"surplus": 9.0, "needed": 3.45, "until": NOW + 900},
    "the charger ended an urgent start at once": {"until": NOW + 900},
    "too many starts today": {"surplus": 9.0, "needed": 3.45, "starts": MAX_STARTS},
    "another vehicle follows the sun": {"surplus": 12.0, "needed": 3.45, "amps": 8},
    "5 A shown for the 3 A that we set": {"surplus": 0.7, "needed": 0.23, "amps": 3},
}
"""Figures for the sentence of some rows."""


@pytest.mark.parametrize(("title", "figures"), FIGURES.items())
def test_figures(title: str, figures: dict[str, float]) -> None:
    row = next(row for row in ROWS if row.title == title)
    decision = decide_charging(situation(row.car, row.house, **row.changes), row.memory)
    assert decision.figures == pytest.approx(figures)


@dataclass
class Day:
    """A car that obeys, through hours of sun."""

    power: ChargingPower = POWER

    amps: int = 0
    commands: list[tuple[float, ChargingDecision]] = field(default_factory=list)
    memory: Memory = EMPTY

    def live(self, surplus: list[float], stored_at: int | None = None, **changes: Any) -> None:
        """Decide each 10 s; at index `stored_at` the memory is stored and read again."""
        for index, kilowatts in enumerate(surplus):
            now = NOW + 10.0 * index
            vehicle = {
                "plug": Plug.CHARGING if self.amps else Plug.STOPPED,
                "requested": max(self.amps, 5),
                "reported_at": now,
                "power": self.power,
            }
            house = {"surplus": kilowatts, "measured_at": now}
            if index == stored_at:
                self.memory = Memory.from_stored(json.loads(json.dumps(self.memory.to_stored())))
            used = len(self.commands)
            if "allowance" in changes:
                share = index / len(surplus)
                changes["allowance"] = CommandAllowance(commands=20, used=used, day_share=share)
            decision = decide_charging(situation(vehicle, house, now=now, **changes), self.memory)
            self.memory = decision.memory
            if decision.action in {START, SET, STOP}:
                self.memory = sent(decision, now)
                self.commands.append((now, decision))
                self.amps = 0 if decision.action is STOP else decision.amps


SURPLUS = st.lists(
    st.tuples(st.floats(-3, 13, width=16), st.integers(1, 60)), min_size=1, max_size=40
).map(lambda parts: [kilowatts for kilowatts, ticks in parts for _ in range(ticks)])


@given(SURPLUS)
@settings(max_examples=30)
def test_hard_limits(surplus: list[float]) -> None:
    """No start too soon or too often, no stop too soon, nothing above or below the range."""
    day = Day()
    day.live(surplus)
    started_at = stopped_at = None
    starts = 0
    for now, decision in day.commands:
        if decision.action is START:
            starts += 1
            assert stopped_at is None or now - stopped_at >= MIN_OFF
            started_at = now
        elif decision.action is STOP:
            assert started_at is not None
            assert now - started_at >= MIN_ON
            stopped_at = now
        if decision.action is not STOP:
            assert 5 <= decision.amps <= 16
    assert starts <= MAX_STARTS


@given(SURPLUS)
@settings(max_examples=20)
def test_at_least_the_lowest_current_never_stops(surplus: list[float]) -> None:
    day = Day()
    day.live(surplus, mode=ChargingMode.SUN_AND_LOWEST)
    assert [decision.action for _, decision in day.commands[:1]] == [START]
    assert all(decision.action is SET for _, decision in day.commands[1:])


@given(SURPLUS, st.data())
@settings(max_examples=20)
def test_a_restart_changes_no_decision(surplus: list[float], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(surplus) - 1))
    without, with_restart = Day(), Day()
    without.live(surplus)
    with_restart.live(surplus, stored_at=index)
    assert without.commands == with_restart.commands
    assert without.memory == with_restart.memory


@pytest.mark.parametrize("kilowatts", [-2.0, 0.0, 2.0])
def test_nothing_is_sent_when_nothing_is_to_be_gained(kilowatts: float) -> None:
    day = Day()
    day.live([kilowatts] * 360)
    assert day.commands == []


def test_one_command_for_steady_sun() -> None:
    day = Day()
    day.live([8.97] * 360)  # 13 A
    assert [(decision.action, decision.amps) for _, decision in day.commands] == [(START, 13)]


def test_little_sun_that_lasts_is_worth_a_start_below_five_amps() -> None:
    day = Day(power=LOW_POWER)
    day.live([1.0] * 360)  # 4 A is 0.92 kW
    assert [(decision.action, decision.amps) for _, decision in day.commands] == [(START, 4)]
    assert day.commands[0][0] > NOW + 60


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((0.32, 0.08, 0.18), (0.32, 0.08, 0.18)),
        ((None, None, None), (0.32, 0.08, 0.18)),
        ((0.40, None, None), (0.40, 0.10, 0.225)),
        ((None, 0.06, 0.40), (0.40, 0.06, 0.225)),
        ((0.32, 0.08, 0.32), (0.32, 0.08, 0.18)),  # a fixed price
        ((0.30, 0.45, 0.30), (0.30, 0.075, 0.16875)),  # selling pays more than buying costs
        ((0.32, -0.05, 0.05), (0.32, 0.0, 0.128)),  # selling costs, and the night is cheap
        ((-0.05, 0.08, 0.20), (0.20, 0.05, 0.1125)),  # the grid pays now
        ((-0.05, -0.02, -0.10), (0.08, 0.0, 0.032)),  # all day
        ((0.0, 0.0, None), (0.08, 0.0, 0.045)),
    ],
)
@pytest.mark.parametrize("followed", [ChargingMode.SUN_ONLY, ChargingMode.SUN_FIRST])
def test_prices_of_following_the_sun(
    known: tuple[float | None, float | None, float | None],
    expected: tuple[float, float, float],
    followed: ChargingMode,
) -> None:
    """Whatever energy costs, a sun mode charges in the sun, and only there."""
    prices = sun_prices(*known)
    assert (prices.grid, prices.feed_in, prices.later) == pytest.approx(expected)
    for surplus, started_at in ((-0.5, []), (0.0, []), (1.0, []), (11.5, [16])):
        day = Day()
        day.live([surplus] * 720, mode=followed, prices=prices)
        assert [decision.amps for _, decision in day.commands] == started_at


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ((0.32, 0.08, 0.18, 0.20), (0.32, 0.08, 0.20)),
        ((0.32, 0.08, 0.18, None), (0.32, 0.08, 0.13)),  # nothing has to be bought
        ((-0.05, 0.08, 0.10, None), (-0.05, 0.08, 0.09)),  # the grid pays
        ((0.32, None, 0.18, 0.20), (0.32, 0.08, 0.20)),
        ((None, 0.08, 0.18, 0.20), (0.18, 0.045, 0.10125)),
        ((0.32, 0.08, None, 0.20), (0.32, 0.08, 0.18)),
    ],
)
def test_prices_of_the_sun_beside_a_plan(
    known: tuple[float | None, float | None, float | None, float | None],
    expected: tuple[float, float, float],
) -> None:
    prices = planned_prices(*known)
    assert (prices.grid, prices.feed_in, prices.later) == pytest.approx(expected)


def test_a_price_that_changes_each_hour_changes_no_current() -> None:
    day = Day()
    for price in (0.32, 0.05, -0.10, 0.60, 0.0, 0.32):
        day.live([6.3] * 360, prices=sun_prices(price, 0.08, 0.28))
    assert [(decision.action, decision.amps) for _, decision in day.commands] == [(START, 9)]


def test_an_allowance_keeps_commands_down() -> None:
    """Clouds of two minutes, for five hours: without an allowance they would cost far more."""
    clouds = ([11.5] * 12 + [5.0] * 12) * 75
    free, allowed = Day(), Day()
    free.live(clouds)
    allowed.live(clouds, allowance=CommandAllowance(commands=20))
    assert len(free.commands) > 100
    assert len(allowed.commands) <= 40


def test_the_end_of_our_schedule_is_no_takeover_later_either() -> None:
    """Our schedules explain it only for a while, but no person has acted after that either."""
    memory = Memory(sent=Sent(NOW - 3600, 16), started_at=NOW - 3600, day=1)
    ended = decide_charging(situation({"by_own_schedule": True}), memory)
    later = decide_charging(situation({"reported_at": NOW}), ended.memory)
    assert (later.reason, later.memory.taken_over) == (Reason.WAITS_FOR_SUN, False)


def test_what_was_sent_does_not_count_after_a_drive() -> None:
    away = decide_charging(situation({"at_home": False, "plug": Plug.STOPPED}), AT_REST)
    home = decide_charging(situation({**CHARGING, "reported_at": NOW}), away.memory)
    assert home.reason is not Reason.TAKEN_OVER
    drifted = decide_charging(situation({"at_home": False}), replace(AT_8, taken_over=True))
    assert drifted.memory.taken_over


@pytest.mark.parametrize("plug", [Plug.STOPPED, Plug.CHARGING])
def test_an_unknown_outcome_is_no_takeover_but_counts_as_a_start(plug: Plug) -> None:
    decision = decide_charging(situation(house={"surplus": 9.0}), EMPTY)
    for _ in range(20):
        decision = decide_charging(situation(house={"surplus": 9.0}), decision.memory)
    assert decision.action is START
    memory = maybe_sent(decision, NOW)
    assert (memory.sent, memory.starts, memory.started_at) == (None, 1, NOW)
    car = {"plug": plug, "requested": 16, "reported_at": NOW + 90}
    later = decide_charging(situation(car, {"surplus": 9.0}, now=NOW + 90), memory)
    assert later.reason is not Reason.TAKEN_OVER


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {},
        {"costs": "x"},
        {"costs": [1, None]},
        {"costs": [float("nan")]},
        {"sent": {"at": 1}},
        {"sent": 3, "taken_over": "yes"},
        {"starts": -1, "day": "Monday"},
    ],
)
def test_an_odd_stored_memory_starts_afresh(stored: Any) -> None:
    assert Memory.from_stored(stored) == EMPTY

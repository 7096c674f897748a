"""Repair issues of charging at home."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.core import HomeAssistant

from custom_components.flotte.charging.issues import ChargingIssues, MeterFacts, PlaceFacts
from custom_components.flotte.charging.meter import HouseMeter
from custom_components.flotte.tesla.charging.situation import ChargingMode
from tests.conftest import MODEL_3, MODEL_Y, issue_of, issues_of
from tests.energy_dashboard import BATTERY, GRID, change, without

NOON = datetime(2026, 10, 20, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

FINE = MeterFacts(has_meter=True, names="sensor.grid")
AURORA = PlaceFacts(
    vin=MODEL_Y,
    name="Aurora",
    mode=ChargingMode.SUN_FIRST,
    is_plugged_in=True,
    at_home=True,
    can_locate=True,
)
LOST = replace(AURORA, at_home=None)


@pytest.mark.parametrize(
    ("meter", "issue", "minutes", "text"),
    [
        (MeterFacts(has_meter=False), "charging_no_meter", 5, "Add it to the grid"),
        (
            MeterFacts(has_meter=False, lacks_battery=True),
            "charging_no_battery",
            5,
            "Add the power sensor",
        ),
        (
            replace(FINE, silent_part="sensor.grid"),
            "charging_meter_silent",
            0,
            "No new power from sensor.grid",
        ),
        (replace(FINE, is_sign_odd=True), "charging_meter_sign", 0, "According to sensor.grid"),
    ],
)
def test_issue_of_the_meter(
    hass: HomeAssistant, meter: MeterFacts, issue: str, minutes: int, text: str
) -> None:
    issues = ChargingIssues(hass)
    if minutes:
        issues.async_update(NOON, meter, [AURORA])
        issues.async_update(NOON + minutes * MINUTE - timedelta(seconds=1), meter, [AURORA])
        assert issues_of(hass) == set()
    now = NOON + minutes * MINUTE
    issues.async_update(now, meter, [AURORA])
    assert issues_of(hass) == {f"{issue}_house"}
    assert text in issue_of(hass, f"{issue}_house")
    # Only vehicles that follow the sun need the meter.
    issues.async_update(now, meter, [replace(AURORA, mode=ChargingMode.CHEAPEST_HOURS)])
    assert issues_of(hass) == set()
    issues.async_update(now, meter, [AURORA])
    issues.async_update(now + 5 * MINUTE, meter, [AURORA])
    assert issues_of(hass) == {f"{issue}_house"}
    issues.async_update(now + 6 * MINUTE, FINE, [AURORA])
    assert issues_of(hass) == set()


@pytest.mark.parametrize(
    ("lost", "issue", "text"),
    [
        (LOST, "charging_place_unknown", "Enable its entity Location"),
        (
            replace(LOST, can_locate=False),
            "charging_place_denied",
            "grant the scope Vehicle Location",
        ),
    ],
)
def test_issue_of_an_unknown_place(
    hass: HomeAssistant, lost: PlaceFacts, issue: str, text: str
) -> None:
    issues = ChargingIssues(hass)
    comet = replace(AURORA, vin=MODEL_3, name="Comet")
    for minutes in (0, 9):
        issues.async_update(NOON + minutes * MINUTE, FINE, [lost, comet])
        assert issues_of(hass) == set()
    issues.async_update(NOON + 10 * MINUTE, FINE, [lost, comet])
    assert issues_of(hass) == {f"{issue}_{MODEL_Y[-6:]}"}
    assert text in issue_of(hass, f"{issue}_{MODEL_Y[-6:]}")
    for passed in (
        replace(lost, at_home=False),
        replace(lost, is_plugged_in=False),
        replace(lost, mode=ChargingMode.OFF),
        None,
    ):
        issues.async_update(NOON + 30 * MINUTE, FINE, [comet] if passed is None else [passed])
        assert issues_of(hass) == set()
        issues.async_update(NOON + 30 * MINUTE, FINE, [lost])
        issues.async_update(NOON + 40 * MINUTE, FINE, [lost])
        assert len(issues_of(hass)) == 1
    issues.async_clear()
    assert issues_of(hass) == set()


async def test_facts_of_a_meter(hass: HomeAssistant) -> None:
    meter = HouseMeter(hass)
    await meter.async_start([])
    now = datetime.now(UTC)
    assert MeterFacts.of(meter, now) == MeterFacts(has_meter=False)
    await change(hass, GRID, without(BATTERY, "stat_rate"))
    assert MeterFacts.of(meter, now) == MeterFacts(has_meter=False, lacks_battery=True)
    await change(hass, GRID)
    assert MeterFacts.of(meter, now + 11 * MINUTE, is_sign_odd=True) == MeterFacts(
        has_meter=True, names="sensor.grid", silent_part="sensor.grid", is_sign_odd=True
    )
    meter.async_stop()


def test_a_charge_that_does_not_stop_is_an_issue(hass: HomeAssistant) -> None:
    issues = ChargingIssues(hass)
    goes_on = replace(AURORA, failed_stop="The car does not answer. Try again later.")
    issues.async_update(NOON, FINE, [goes_on])
    (issue,) = issues_of(hass)
    assert issue.startswith("charging_not_stopped")
    assert "The car does not answer." in issue_of(hass, issue)
    issues.async_update(NOON, FINE, [AURORA])
    assert issues_of(hass) == set()

"""The streamed signals of entities that are enabled by default: the cost of a car."""

from typing import Final

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.streaming.planning import paid_signals
from custom_components.flotte.tesla.signals import VEHICLE_SIGNALS
from tests.conftest import MODEL_Y, vehicle_of

ORDINARY: Final = {
    "BatteryLevel",
    "ChargeAmps",
    "ChargeCurrentRequest",
    "ChargeLimitSoc",
    "ChargePortDoorOpen",
    "ChargePortLatch",
    "ChargerVoltage",
    "ClimateKeeperMode",
    "DCChargingEnergyIn",
    "DCChargingPower",
    "ACChargingPower",
    "DefrostMode",
    "DetailedChargeState",
    "DoorState",
    "DriverSeatOccupied",
    "FdWindow",
    "FpWindow",
    "Gear",
    "GpsHeading",
    "HvacLeftTemperatureRequest",
    "HvacPower",
    "InsideTemp",
    "Location",
    "Locked",
    "MinutesToArrival",
    "Odometer",
    "OutsideTemp",
    "RatedRange",
    "RdWindow",
    "RpWindow",
    "SeatHeaterLeft",
    "SentryMode",
    "TimeToFullCharge",
    "TpmsPressureFl",
    "TpmsPressureFr",
    "TpmsPressureRl",
    "TpmsPressureRr",
    "VehicleSpeed",
    "Version",
}
"""Signals that an ordinary user looks at. The energy in the battery is missing, although it is
popular: only the stream reports it, and a car that does not stream would show it as unknown. So is
`Soc`, the usable part of the charge, which changes with `BatteryLevel` and would cost as much
again."""

BEYOND: Final = {
    # Once per drive or charge, or when a person acts
    "ChargeCurrentRequestMax",
    "ChargeRateMilePerHour",
    "DestinationLocation",
    "DestinationName",
    "ExpectedEnergyPercentAtTripArrival",
    "FastChargerPresent",
    "FastChargerType",
    "HvacSteeringWheelHeatLevel",
    "MilesToArrival",
    "RouteTrafficMinutesDelay",
    "SeatHeaterRight",
    "SoftwareUpdateDownloadPercentComplete",
    "SoftwareUpdateInstallationPercentComplete",
    "SoftwareUpdateScheduledStartTime",
    "SoftwareUpdateVersion",
    "TpmsSoftWarnings",
}
"""Other signals that are shown by default. Those of rear seat heaters follow when the car reports
that it has them."""


async def test_signals_streamed_by_default(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A change that enables more by default makes every car more expensive, and belongs here."""
    coordinator = vehicle_of(loaded, MODEL_Y)
    shown = paid_signals(coordinator)
    assert shown <= set(VEHICLE_SIGNALS)
    assert {signal.field for signal in shown if signal.streamed} == ORDINARY | BEYOND

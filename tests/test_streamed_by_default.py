"""What the entities that are enabled by default want to have streamed: that is what a car costs."""

from typing import Final

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

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
"""What an ordinary user looks at. The energy in the battery is not there, although it is popular:
only the stream tells it, and a car that does not stream would show it as unknown. Nor is `Soc`, the
usable part of the charge, which moves with `BatteryLevel` and would cost as much again."""

BEYOND: Final = {
    # Once a drive or a charge, or when somebody does something
    "ChargeCurrentRequestMax",
    "ChargeRateMilePerHour",
    "DestinationLocation",
    "DestinationName",
    "ExpectedEnergyPercentAtTripArrival",
    "FastChargerPresent",
    "HvacSteeringWheelHeatLevel",
    "MilesToArrival",
    "RouteTrafficMinutesDelay",
    "SeatHeaterRearCenter",
    "SeatHeaterRearLeft",
    "SeatHeaterRearRight",
    "SeatHeaterRight",
    "SoftwareUpdateDownloadPercentComplete",
    "SoftwareUpdateInstallationPercentComplete",
    "SoftwareUpdateScheduledStartTime",
    "SoftwareUpdateVersion",
    "TpmsSoftWarnings",
}
"""What else is shown by default."""


async def test_what_is_streamed_by_default(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Whoever enables more by default makes every car dearer, and says so here."""
    coordinator = vehicle_of(loaded, MODEL_Y)
    shown = {signal for context in coordinator.async_contexts() for signal in context}
    assert shown <= set(VEHICLE_SIGNALS)
    assert {signal.field for signal in shown if signal.streamed} == ORDINARY | BEYOND

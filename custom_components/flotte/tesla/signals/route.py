"""Signals of the active route."""

from datetime import datetime, timedelta

from ..state import Derived, Signal, State
from .bounds import SPEED_SETTING
from .measures import CENTIMILE, MICRODEGREE, kilometres, kilometres_per_hour, minutes, percent
from .moments import later
from .parsers import boolean, position, text

ROUTE_DESTINATION = Signal(
    "DestinationName",
    text,
    path="drive_state.active_route_destination",
    absent=None,
    scope="vehicle_location",
)
ROUTE_LOCATION = Signal(
    "DestinationLocation",
    position,
    path="drive_state.active_route_latitude,active_route_longitude",
    poll_step=MICRODEGREE,
    absent=None,
    scope="vehicle_location",
)
ROUTE_ORIGIN = Signal("OriginLocation", position, absent=None, scope="vehicle_location")
ROUTE_LINE = Signal("RouteLine", text, absent=None, scope="vehicle_location")
"""Base64 of an encoded polyline of precision 6."""
ROUTE_DISTANCE = Signal(
    "MilesToArrival",
    kilometres,
    (-1, 20_000),
    path="drive_state.active_route_miles_to_arrival",
    poll_step=CENTIMILE,
    absent=None,
)
ROUTE_MINUTES = Signal(
    "MinutesToArrival",
    minutes,
    (-1, 30_000),
    path="drive_state.active_route_minutes_to_arrival",
    poll_step=0.01,
    absent=None,
)
ROUTE_ENERGY = Signal(
    "ExpectedEnergyPercentAtTripArrival",
    percent,
    (-200, 100.5),
    path="drive_state.active_route_energy_at_arrival",
    poll_step=1,
    absent=None,
    firmware="2024.44.25",
)
ROUTE_TRAFFIC_DELAY = Signal(
    "RouteTrafficMinutesDelay",
    minutes,
    (-1440, 1440),
    path="drive_state.active_route_traffic_minutes_delay",
    absent=None,
    firmware="2024.44.25",
)
ROUTE_SPEED = Signal(
    "MaxSpeedToReachDestinationMph", kilometres_per_hour, SPEED_SETTING, absent=None, firmware=None
)
"""The highest speed at which the charge lasts to the destination."""
AT_HOME = Signal("LocatedAtHome", boolean, firmware="2024.44.32")
AT_WORK = Signal("LocatedAtWork", boolean, firmware="2024.44.32")
AT_FAVOURITE = Signal("LocatedAtFavorite", boolean, firmware="2024.44.32")


def _arrival(state: State) -> datetime | None:
    return later(state, ROUTE_MINUTES, timedelta(minutes=1))


ROUTE_ARRIVAL = Derived("RouteArrival", ROUTE_MINUTES, compute=_arrival)

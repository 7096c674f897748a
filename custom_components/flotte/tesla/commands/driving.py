"""Driving: access and limits, attention, navigation."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tesla_protocol.command import car_server_pb2, common_pb2, vehicle_pb2

from .. import signals
from ..errors import InvalidCommand
from ..signals import Position
from .command import (
    Command,
    InfotainmentAction,
    among,
    between,
    four_digits,
    infotainment,
    miles_per_hour,
)


def set_sentry_mode(*, on: bool) -> Command:
    """Watch the surroundings; keeps the vehicle awake and its battery draining."""
    action = car_server_pb2.VehicleControlSetSentryModeAction(on=on)
    return Command(
        name="set_sentry_mode",
        **infotainment(InfotainmentAction(vehicleControlSetSentryModeAction=action)),
        parameters={"on": on},
        expects={signals.SENTRY_MODE: on},
    )


def flash_lights() -> Command:
    """Flash the head lights once; the vehicle must be parked."""
    action = car_server_pb2.VehicleControlFlashLightsAction()
    return Command(
        name="flash_lights",
        **infotainment(InfotainmentAction(vehicleControlFlashLightsAction=action)),
        repeatable=False,
    )


def honk_horn() -> Command:
    """Honk once; the vehicle must be parked."""
    action = car_server_pb2.VehicleControlHonkHornAction()
    return Command(
        name="honk_horn",
        **infotainment(InfotainmentAction(vehicleControlHonkHornAction=action)),
        repeatable=False,
    )


SOUNDS: Final = {"random": 0, "locate": 2000}
"""Sounds of the outside speaker, with Tesla's numbers."""


def play_sound(sound: str) -> Command:
    """Play a sound outside: a `random` one, or the ping that helps to `locate` the car."""
    among("sound", sound, tuple(SOUNDS))
    number = SOUNDS[sound]
    return Command(
        name="remote_boombox",
        **infotainment(
            InfotainmentAction(boomboxAction=car_server_pb2.BoomboxAction(sound=number))
        ),
        parameters={"sound": number},
        repeatable=False,
        unproven=True,
    )


def trigger_homelink(position: Position) -> Command:
    """Press HomeLink: a garage door near `position` (the vehicle's, degrees) moves."""
    latitude, longitude = position
    action = car_server_pb2.VehicleControlTriggerHomelinkAction(
        location=common_pb2.LatLong(latitude=latitude, longitude=longitude)
    )
    return Command(
        name="trigger_homelink",
        **infotainment(InfotainmentAction(vehicleControlTriggerHomelinkAction=action)),
        parameters={"lat": latitude, "lon": longitude},
        repeatable=False,
    )


def navigate(text: str, *, locale: str, now: datetime) -> Command:
    """Send an address, a place or a link to the vehicle's navigation.

    Tesla's servers turn it into a destination, so it is never signed; vehicles with the protocol
    accept it anyway.
    """
    between("length of the destination", len(text), 1, 2000)
    return Command(
        name="navigation_request",
        parameters={
            "type": "share_ext_content_raw",
            "value": {"android.intent.extra.TEXT": text},
            "locale": locale,
            "timestamp_ms": str(int(now.timestamp() * 1000)),
        },
    )


ORDERS: Final = ("replace", "prepend", "append")
"""How a new destination joins the route; Tesla counts them from 1."""


def navigate_to_position(position: Position, order: str = "replace") -> Command:
    """Send coordinates to the car's navigation: a new route, or its first or last stop."""
    among("order", order, ORDERS)
    latitude, longitude = position
    number = ORDERS.index(order) + 1
    action = car_server_pb2.NavigationGpsRequest(lat=latitude, lon=longitude)
    action.order = number  # type: ignore[assignment]  # the enum's number
    return Command(
        name="navigation_gps_request",
        **infotainment(InfotainmentAction(navigationGpsRequest=action)),
        parameters={"lat": latitude, "lon": longitude, "order": number},
        repeatable=order == "replace",
        unproven=True,
    )


def navigate_to_supercharger(site: int, order: str = "replace") -> Command:
    """Send a Supercharger, by Tesla's number of the site, to the car's navigation."""
    between("Supercharger", site, 1, 2**53)
    among("order", order, ORDERS)
    number = ORDERS.index(order) + 1
    action = car_server_pb2.NavigationSuperchargerRequest(id=site)
    action.remote_nav_trip_order = number  # type: ignore[assignment]  # the enum's number
    return Command(
        name="navigation_sc_request",
        **infotainment(InfotainmentAction(navigationSuperchargerRequest=action)),
        parameters={"id": site, "order": number},
        repeatable=order == "replace",
        unproven=True,
    )


def navigate_waypoints(places: Sequence[str]) -> Command:
    """Send a route through places, by their Google place ids, to the car's navigation."""
    between("number of places", len(places), 1, 50)
    for place in places:
        if not _PLACE.fullmatch(place):
            raise InvalidCommand(
                f"place id: {place}", setting="place id", value=place, allowed="A-Z a-z 0-9 _ -"
            )
    waypoints = ",".join(f"refId:{place}" for place in places)
    action = car_server_pb2.NavigationWaypointsRequest(waypoints=waypoints)
    return Command(
        name="navigation_waypoints_request",
        **infotainment(InfotainmentAction(navigationWaypointsRequest=action)),
        parameters={"waypoints": waypoints},
        unproven=True,
    )


_PLACE: Final = re.compile(r"[A-Za-z0-9_-]{1,300}")


def take_drive_note(note: str) -> Command:
    """Leave a note of at most 80 characters in the car's log, for Tesla."""
    between("length of the note", len(note), 1, 80)
    return Command(
        name="take_drivenote",
        **infotainment(
            InfotainmentAction(takeDrivenoteAction=car_server_pb2.TakeDrivenoteAction(note=note))
        ),
        parameters={"note": note},
        repeatable=False,
        unproven=True,
    )


def send_calendar(data: str) -> Command:
    """Send upcoming calendar entries to the car, in the form of Tesla's app."""
    between("length of the calendar", len(data), 1, 10_000)
    action = car_server_pb2.UiSetUpcomingCalendarEntries(calendar_data=data)
    return Command(
        name="upcoming_calendar_entries",
        **infotainment(InfotainmentAction(uiSetUpcomingCalendarEntries=action)),
        parameters={"calendar_data": data},
        unproven=True,
    )


# --- Valet and guests ----------------------------------------------------------------------------


def set_valet_mode(*, on: bool, pin: str = "") -> Command:
    """Limit the vehicle for a valet; four digits (`pin`), typed in the vehicle, end that mode."""
    if on:
        four_digits(pin)
    action = car_server_pb2.VehicleControlSetValetModeAction(on=on, password=pin if on else "")
    return Command(
        name="set_valet_mode",
        **infotainment(InfotainmentAction(vehicleControlSetValetModeAction=action)),
        parameters={"on": on, "password": pin if on else ""},
        expects={signals.VALET_MODE: on},
    )


def reset_valet_pin() -> Command:
    """Forget the valet PIN; valet mode must be off."""
    action = car_server_pb2.VehicleControlResetValetPinAction()
    return Command(
        name="reset_valet_pin",
        **infotainment(InfotainmentAction(vehicleControlResetValetPinAction=action)),
    )


def set_guest_mode(*, on: bool) -> Command:
    """Let guests drive without seeing the owner's data."""
    action = vehicle_pb2.VehicleState.GuestMode(GuestModeActive=on)
    return Command(
        name="guest_mode",
        **infotainment(InfotainmentAction(guestModeAction=action)),
        parameters={"enable": on},
        expects={signals.GUEST_MODE: on},
    )


# --- PIN to Drive: owner or fleet manager --------------------------------------------------------


def set_pin_to_drive(*, on: bool, pin: str = "") -> Command:
    """Ask for a PIN before driving. The vehicle keeps its first PIN until that is reset."""
    if on or pin:
        four_digits(pin)
    action = car_server_pb2.VehicleControlSetPinToDriveAction(on=on, password=pin)
    return Command(
        name="set_pin_to_drive",
        **infotainment(InfotainmentAction(vehicleControlSetPinToDriveAction=action)),
        parameters={"on": on, "password": pin},
        rest=False,
    )


def reset_pin_to_drive() -> Command:
    """Forget the PIN; PIN to Drive must be off."""
    action = car_server_pb2.VehicleControlResetPinToDriveAction()
    return Command(
        name="reset_pin_to_drive_pin",
        **infotainment(InfotainmentAction(vehicleControlResetPinToDriveAction=action)),
        rest=False,
    )


def clear_pin_to_drive() -> Command:
    """Turn off PIN to Drive as its administrator."""
    action = car_server_pb2.VehicleControlResetPinToDriveAdminAction()
    return Command(
        name="clear_pin_to_drive_admin",
        **infotainment(InfotainmentAction(vehicleControlResetPinToDriveAdminAction=action)),
    )


# --- Speed limit, miles per hour at Tesla --------------------------------------------------------

MIN_LIMIT_MPH: Final = 50
MAX_LIMIT_MPH: Final = 120


def set_speed_limit(kilometres_per_hour: float) -> Command:
    """Limit the speed to about 80 to 193 km/h (50 to 120 mph), once the limit is active."""
    miles = miles_per_hour("speed limit in mph", kilometres_per_hour, MIN_LIMIT_MPH, MAX_LIMIT_MPH)
    action = car_server_pb2.DrivingSetSpeedLimitAction(limit_mph=miles)
    return Command(
        name="speed_limit_set_limit",
        **infotainment(InfotainmentAction(drivingSetSpeedLimitAction=action)),
        parameters={"limit_mph": miles},
        # Converted as the vehicle's own report is, so that the two are equal.
        expects={signals.SPEED_LIMIT: signals.kilometres_per_hour(miles)},
    )


def activate_speed_limit(*, on: bool, pin: str) -> Command:
    """Activate or deactivate the speed limit with its PIN."""
    four_digits(pin)
    action = car_server_pb2.DrivingSpeedLimitAction(activate=on, pin=pin)
    return Command(
        name="speed_limit_activate" if on else "speed_limit_deactivate",
        **infotainment(InfotainmentAction(drivingSpeedLimitAction=action)),
        parameters={"pin": pin},
        expects={signals.SPEED_LIMIT_MODE: on},
    )


def clear_speed_limit_pin(pin: str) -> Command:
    """Forget the PIN of the speed limit."""
    four_digits(pin)
    action = car_server_pb2.DrivingClearSpeedLimitPinAction(pin=pin)
    return Command(
        name="speed_limit_clear_pin",
        **infotainment(InfotainmentAction(drivingClearSpeedLimitPinAction=action)),
        parameters={"pin": pin},
    )


def clear_speed_limit_pin_as_owner() -> Command:
    """Forget the PIN of the speed limit as owner or fleet manager, without knowing it."""
    action = car_server_pb2.DrivingClearSpeedLimitPinAdminAction()
    return Command(
        name="speed_limit_clear_pin_admin",
        **infotainment(InfotainmentAction(drivingClearSpeedLimitPinAdminAction=action)),
    )


# --- Parental controls ---------------------------------------------------------------------------

PARENTAL_SETTINGS: Final = (
    "speed_limit",
    "acceleration",
    "safety_features",
    "curfew",
    "browser_blocked",
    "theater_blocked",
    "arcade_blocked",
)
"""The settings in the order of Tesla's enum, from 0."""
_REST_SETTINGS: Final = (
    "SpeedLimit",
    "Acceleration",
    "SafetyFeatures",
    "Curfew",
    "BrowserBlocked",
    "TheaterBlocked",
    "ArcadeBlocked",
)


def activate_parental_controls(*, on: bool, pin: str) -> Command:
    """Activate or deactivate parental controls with their PIN."""
    four_digits(pin)
    action = car_server_pb2.ParentalControlsAction(activate=on, pin=pin)
    return Command(
        name="parental_controls_activate" if on else "parental_controls_deactivate",
        **infotainment(InfotainmentAction(parentalControlsAction=action)),
        parameters={"pin": pin},
    )


def set_parental_control(setting: str, *, on: bool) -> Command:
    """Turn a setting of parental controls on or off, while they are not active."""
    among("parental control", setting, PARENTAL_SETTINGS)
    number = PARENTAL_SETTINGS.index(setting)
    action = car_server_pb2.ParentalControlsEnableSettingsAction(enable=on)
    action.setting = number  # type: ignore[assignment]  # the enum's number
    return Command(
        name="parental_controls_enable_setting",
        **infotainment(InfotainmentAction(parentalControlsEnableSettingsAction=action)),
        parameters={"setting": _REST_SETTINGS[number], "enable": on},
    )


def set_parental_speed_limit(kilometres_per_hour: float) -> Command:
    """Set the speed limit of parental controls, about 80 to 193 km/h (50 to 120 mph)."""
    miles = miles_per_hour("speed limit in mph", kilometres_per_hour, MIN_LIMIT_MPH, MAX_LIMIT_MPH)
    action = car_server_pb2.ParentalControlsSetSpeedLimitAction(limit_mph=miles)
    return Command(
        name="parental_controls_set_speed_limit",
        **infotainment(InfotainmentAction(parentalControlsSetSpeedLimitAction=action)),
        parameters={"limit_mph": miles},
    )


def clear_parental_pin() -> Command:
    """Forget the PIN of parental controls as their administrator."""
    action = car_server_pb2.ParentalControlsClearPinAdminAction()
    return Command(
        name="parental_controls_clear_pin_admin",
        **infotainment(InfotainmentAction(parentalControlsClearPinAdminAction=action)),
    )

"""Payloads of signed messages, as commands of the table with their parameters.

The gateway reads them to determine the required scope, the car to run them. Source of the fields:
vehicle-command, pkg/proxy/command.go and pkg/vehicle (July 2026).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from tesla_protocol.command import car_server_pb2, common_pb2, vcsec_pb2

from simulator.commands import Parameters
from simulator.protocol.wire import DECODING, INVALID_COMMAND, Fault
from simulator.vehicle.access import PARENTAL_SETTINGS

# VCSEC enums (vcsec.proto)
RKE_UNLOCK = 0
RKE_LOCK = 1
RKE_REMOTE_DRIVE = 20
RKE_AUTO_SECURE = 29
MOVE = 1
STOP = 2
OPEN = 3
CLOSE = 4
NO_SUCH_WORD = "unknown"
"""Stands for an enum value without a meaning; the car refuses it."""

_RKE = {
    RKE_UNLOCK: "door_unlock",
    RKE_LOCK: "door_lock",
    RKE_REMOTE_DRIVE: "remote_start_drive",
    RKE_AUTO_SECURE: "door_lock",
}
_TONNEAU = {OPEN: "open_tonneau", CLOSE: "close_tonneau", STOP: "stop_tonneau"}
_CHARGE_PORT = {OPEN: "charge_port_door_open", CLOSE: "charge_port_door_close"}
_MOVES = {MOVE: "move", OPEN: "open", CLOSE: "close"}


@dataclass(frozen=True)
class Invocation:
    """One command of a payload."""

    name: str
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """A query of a payload; `number` is the InformationRequestType."""

    number: int


def read_vehicle_security(payload: bytes) -> Invocation | Read:
    """Read a VCSEC.UnsignedMessage.

    Raises Fault 10 for other bytes, 9 for a request that this car does not know.
    """
    message = vcsec_pb2.UnsignedMessage()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise Fault(DECODING) from error
    match message.WhichOneof("sub_message"):
        case "RKEAction" if message.RKEAction in _RKE:
            return Invocation(_RKE[message.RKEAction])
        case "closureMoveRequest":
            return _closure(message.closureMoveRequest)
        case "WhitelistOperation":
            return Invocation("manage_keys")
        case "InformationRequest":
            return Read(message.InformationRequest.informationRequestType)
        case _:
            raise Fault(INVALID_COMMAND)


def _closure(request: vcsec_pb2.ClosureMoveRequest) -> Invocation:
    """The one closure that a request moves."""
    if request.rearTrunk in _MOVES:
        return Invocation("actuate_trunk", _trunk("rear", request.rearTrunk))
    if request.frontTrunk in _MOVES:
        return Invocation("actuate_trunk", _trunk("front", request.frontTrunk))
    if request.chargePort in _CHARGE_PORT:
        return Invocation(_CHARGE_PORT[request.chargePort])
    if request.tonneau in _TONNEAU:
        return Invocation(_TONNEAU[request.tonneau])
    raise Fault(INVALID_COMMAND)


def _trunk(which: str, move: int) -> Parameters:
    """A plain MOVE is the same as REST's command, which has no word for it."""
    parameters: Parameters = {"which_trunk": which}
    if move != MOVE:
        parameters["move"] = _MOVES[move]
    return parameters


def read_infotainment(payload: bytes) -> list[Invocation]:
    """Read a CarServer.Action; one message can heat several seats.

    Raises Fault 10 for other bytes, 9 for an action that this car does not know.
    """
    message = car_server_pb2.Action()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise Fault(DECODING) from error
    if message.WhichOneof("action_msg") != "vehicleAction":
        raise Fault(INVALID_COMMAND)
    kind = message.vehicleAction.WhichOneof("vehicle_action_msg")
    if kind is None or kind not in _ACTIONS:
        raise Fault(INVALID_COMMAND)
    invocations = _ACTIONS[kind](getattr(message.vehicleAction, kind))
    if not invocations:
        raise Fault(INVALID_COMMAND)
    return invocations


type _Reader = Callable[[Any], list[Invocation]]


def _plain(name: str) -> _Reader:
    """An action without any parameter."""
    return lambda _: [Invocation(name)]


def _same(name: str, **parameters: str) -> _Reader:
    """An action whose fields are the REST parameters; given as parameter=field."""

    def read(action: Any) -> list[Invocation]:  # noqa: ANN401 - one of a hundred message types
        values = {key: getattr(action, member) for key, member in parameters.items()}
        return [Invocation(name, values)]

    return read


def _either(member: str, yes: str, no: str, **parameters: str) -> _Reader:
    """An action with a bool that selects one of two commands."""

    def read(action: Any) -> list[Invocation]:  # noqa: ANN401 - one of a hundred message types
        values = {key: getattr(action, field_name) for key, field_name in parameters.items()}
        return [Invocation(yes if getattr(action, member) else no, values)]

    return read


def _charging(action: car_server_pb2.ChargingStartStopAction) -> list[Invocation]:
    names = {
        "start": "charge_start",
        "start_standard": "charge_standard",
        "start_max_range": "charge_max_range",
        "stop": "charge_stop",
    }
    kind = action.WhichOneof("charging_action")
    return [Invocation(names[kind])] if kind in names else []


def _update_on_solar(action: car_server_pb2.UpdateChargeOnSolarFeatureRequest) -> list[Invocation]:
    settings = action.charge_on_solar
    return [
        Invocation(
            "update_charge_on_solar",
            {
                "enabled": settings.enabled,
                "lower_charge_limit": settings.lower_charge_limit,
                "upper_charge_limit": settings.upper_charge_limit,
            },
        )
    ]


_SEAT_MEMBERS = (
    "CAR_SEAT_FRONT_LEFT",
    "CAR_SEAT_FRONT_RIGHT",
    "CAR_SEAT_REAR_LEFT",
    "CAR_SEAT_REAR_LEFT_BACK",
    "CAR_SEAT_REAR_CENTER",
    "CAR_SEAT_REAR_RIGHT",
    "CAR_SEAT_REAR_RIGHT_BACK",
    "CAR_SEAT_THIRD_ROW_LEFT",
    "CAR_SEAT_THIRD_ROW_RIGHT",
)
_LEVEL_MEMBERS = ("SEAT_HEATER_OFF", "SEAT_HEATER_LOW", "SEAT_HEATER_MED", "SEAT_HEATER_HIGH")


def _seat_heaters(action: car_server_pb2.HvacSeatHeaterActions) -> list[Invocation]:
    invocations = []
    for seat in action.hvacSeatHeaterAction:
        position = seat.WhichOneof("seat_position")
        level = seat.WhichOneof("seat_heater_level")
        if position not in _SEAT_MEMBERS or level not in _LEVEL_MEMBERS:
            return []
        invocations.append(
            Invocation(
                "remote_seat_heater_request",
                {
                    "seat_position": _SEAT_MEMBERS.index(position),
                    "level": _LEVEL_MEMBERS.index(level),
                },
            )
        )
    return invocations


def _seat_coolers(action: car_server_pb2.HvacSeatCoolerActions) -> list[Invocation]:
    """The message counts 1 Off to 4 High, REST 0 to 3."""
    return [
        Invocation(
            "remote_seat_cooler_request",
            {
                "seat_position": int(seat.seat_position),
                "seat_cooler_level": seat.seat_cooler_level - 1,
            },
        )
        for seat in action.hvacSeatCoolerAction
    ]


def _auto_seats(action: car_server_pb2.AutoSeatClimateAction) -> list[Invocation]:
    return [
        Invocation(
            "remote_auto_seat_climate_request",
            {"auto_seat_position": int(seat.seat_position), "auto_climate_on": seat.on},
        )
        for seat in action.carseat
    ]


def _wheel_level(action: car_server_pb2.StwHeatLevelAction) -> list[Invocation]:
    """The message counts 1 Off, 2 Low, 3 High; REST 0, 1 and 3."""
    levels = {1: 0, 2: 1, 3: 3}
    level = levels.get(action.stw_heat_level, -1)
    return [Invocation("remote_steering_wheel_heat_level_request", {"level": level})]


def _temperatures(action: car_server_pb2.HvacTemperatureAdjustmentAction) -> list[Invocation]:
    return [
        Invocation(
            "set_temps",
            {
                "driver_temp": round(action.driver_temp_celsius, 2),
                "passenger_temp": round(action.passenger_temp_celsius, 2),
            },
        )
    ]


def _cop_temp(action: car_server_pb2.SetCopTempAction) -> list[Invocation]:
    """The message counts 1 Low to 3 High, REST 0 to 2."""
    return [Invocation("set_cop_temp", {"cop_temp": action.copActivationTemp - 1})]


def _volume(action: car_server_pb2.MediaUpdateVolume) -> list[Invocation]:
    """Only the sign of a change matters."""
    kind = action.WhichOneof("media_volume")
    if kind == "volume_absolute_float":
        return [Invocation("adjust_volume", {"volume": round(action.volume_absolute_float, 4)})]
    if kind == "volume_delta" and action.volume_delta:
        return [Invocation("media_volume_up" if action.volume_delta > 0 else "media_volume_down")]
    return []


def _sun_roof(action: car_server_pb2.VehicleControlSunroofOpenCloseAction) -> list[Invocation]:
    state = action.WhichOneof("action")
    return [Invocation("sun_roof_control", {"state": state})] if state else []


def _window(action: car_server_pb2.VehicleControlWindowAction) -> list[Invocation]:
    command = action.WhichOneof("action")
    known = command in ("vent", "close")
    return [Invocation("window_control", {"command": command})] if known else []


def _homelink(action: car_server_pb2.VehicleControlTriggerHomelinkAction) -> list[Invocation]:
    place = action.location
    return [
        Invocation(
            "trigger_homelink",
            {"lat": round(place.latitude, 5), "lon": round(place.longitude, 5)},
        )
    ]


def _departure(action: car_server_pb2.ScheduledDepartureAction) -> list[Invocation]:
    """A part is on if its message is present; the message's member has the days."""
    warm = action.preconditioning_times.WhichOneof("times")
    cheap = action.off_peak_charging_times.WhichOneof("times")
    return [
        Invocation(
            "set_scheduled_departure",
            {
                "enable": action.enabled,
                "departure_time": action.departure_time,
                "preconditioning_enabled": action.HasField("preconditioning_times"),
                "preconditioning_weekdays_only": warm == "weekdays",
                "off_peak_charging_enabled": action.HasField("off_peak_charging_times"),
                "off_peak_charging_weekdays_only": cheap == "weekdays",
                "end_off_peak_time": action.off_peak_hours_end_time,
            },
        )
    ]


def _charge_schedule(action: common_pb2.ChargeSchedule) -> list[Invocation]:
    return [
        Invocation(
            "add_charge_schedule",
            {
                "id": action.id,
                "name": action.name,
                "days_of_week": action.days_of_week,
                "start_enabled": action.start_enabled,
                "start_time": action.start_time,
                "end_enabled": action.end_enabled,
                "end_time": action.end_time,
                "one_time": action.one_time,
                "enabled": action.enabled,
                "lat": round(action.latitude, 5),
                "lon": round(action.longitude, 5),
            },
        )
    ]


def _precondition_schedule(action: common_pb2.PreconditionSchedule) -> list[Invocation]:
    return [
        Invocation(
            "add_precondition_schedule",
            {
                "id": action.id,
                "name": action.name,
                "days_of_week": action.days_of_week,
                "precondition_time": action.precondition_time,
                "one_time": action.one_time,
                "enabled": action.enabled,
                "lat": round(action.latitude, 5),
                "lon": round(action.longitude, 5),
            },
        )
    ]


def _parental_setting(
    action: car_server_pb2.ParentalControlsEnableSettingsAction,
) -> list[Invocation]:
    known = range(len(PARENTAL_SETTINGS))
    setting = PARENTAL_SETTINGS[action.setting] if action.setting in known else NO_SUCH_WORD
    return [
        Invocation(
            "parental_controls_enable_setting", {"setting": setting, "enable": action.enable}
        )
    ]


def _navigation(action: car_server_pb2.NavigationRequest) -> list[Invocation]:
    return [
        Invocation(
            "navigation_request",
            {
                "type": "share_ext_content_raw",
                "value": {"android.intent.extra.TEXT": action.destination},
            },
        )
    ]


_PASSWORD = {"password": "password"}
_BATCH = {"home": "home", "work": "work", "other": "other"}

_ACTIONS: dict[str, _Reader] = {
    "chargingSetLimitAction": _same("set_charge_limit", percent="percent"),
    "chargingStartStopAction": _charging,
    "drivingClearSpeedLimitPinAction": _same("speed_limit_clear_pin", pin="pin"),
    "drivingClearSpeedLimitPinAdminAction": _plain("speed_limit_clear_pin_admin"),
    "drivingSetSpeedLimitAction": _same("speed_limit_set_limit", limit_mph="limit_mph"),
    "drivingSpeedLimitAction": _either(
        "activate", "speed_limit_activate", "speed_limit_deactivate", pin="pin"
    ),
    "hvacAutoAction": _either("power_on", "auto_conditioning_start", "auto_conditioning_stop"),
    "hvacSetPreconditioningMaxAction": _same(
        "set_preconditioning_max", on="on", manual_override="manual_override"
    ),
    "hvacSteeringWheelHeaterAction": _same("remote_steering_wheel_heater_request", on="power_on"),
    "hvacTemperatureAdjustmentAction": _temperatures,
    "mediaPlayAction": _plain("media_toggle_playback"),
    "mediaUpdateVolume": _volume,
    "mediaNextFavorite": _plain("media_next_fav"),
    "mediaPreviousFavorite": _plain("media_prev_fav"),
    "mediaNextTrack": _plain("media_next_track"),
    "mediaPreviousTrack": _plain("media_prev_track"),
    "navigationRequest": _navigation,
    "navigationSuperchargerRequest": _same(
        "navigation_sc_request", id="id", order="remote_nav_trip_order"
    ),
    "navigationGpsRequest": _same("navigation_gps_request", lat="lat", lon="lon", order="order"),
    "navigationWaypointsRequest": _same("navigation_waypoints_request", waypoints="waypoints"),
    "uiSetUpcomingCalendarEntries": _same(
        "upcoming_calendar_entries", calendar_data="calendar_data"
    ),
    "vehicleControlCancelSoftwareUpdateAction": _plain("cancel_software_update"),
    "vehicleControlFlashLightsAction": _plain("flash_lights"),
    "vehicleControlHonkHornAction": _plain("honk_horn"),
    "vehicleControlResetValetPinAction": _plain("reset_valet_pin"),
    "vehicleControlScheduleSoftwareUpdateAction": _same(
        "schedule_software_update", offset_sec="offset_sec"
    ),
    "vehicleControlSetSentryModeAction": _same("set_sentry_mode", on="on"),
    "vehicleControlSetValetModeAction": _same("set_valet_mode", on="on", **_PASSWORD),
    "vehicleControlSunroofOpenCloseAction": _sun_roof,
    "vehicleControlTriggerHomelinkAction": _homelink,
    "vehicleControlWindowAction": _window,
    "hvacBioweaponModeAction": _same(
        "set_bioweapon_mode", on="on", manual_override="manual_override"
    ),
    "hvacSeatHeaterActions": _seat_heaters,
    "scheduledChargingAction": _same(
        "set_scheduled_charging", enable="enabled", time="charging_time"
    ),
    "scheduledDepartureAction": _departure,
    "setChargingAmpsAction": _same("set_charging_amps", charging_amps="charging_amps"),
    "hvacClimateKeeperAction": _same(
        "set_climate_keeper_mode",
        climate_keeper_mode="ClimateKeeperAction",
        manual_override="manual_override",
    ),
    "autoSeatClimateAction": _auto_seats,
    "hvacSeatCoolerActions": _seat_coolers,
    "setCabinOverheatProtectionAction": _same(
        "set_cabin_overheat_protection", on="on", fan_only="fan_only"
    ),
    "setVehicleNameAction": _same("set_vehicle_name", vehicle_name="vehicleName"),
    "takeDrivenoteAction": _same("take_drivenote", note="note"),
    "chargePortDoorClose": _plain("charge_port_door_close"),
    "chargePortDoorOpen": _plain("charge_port_door_open"),
    "getChargeOnSolarFeatureRequest": _plain("charge_on_solar"),
    "updateChargeOnSolarFeatureRequest": _update_on_solar,
    "boomboxAction": _same("remote_boombox", sound="sound"),
    "guestModeAction": _same("guest_mode", enable="GuestModeActive"),
    "setCopTempAction": _cop_temp,
    "autoStwHeatAction": _same("remote_auto_steering_wheel_heat_climate_request", on="on"),
    "stwHeatLevelAction": _wheel_level,
    "eraseUserDataAction": _plain("erase_user_data"),
    "vehicleControlSetPinToDriveAction": _same("set_pin_to_drive", on="on", **_PASSWORD),
    "vehicleControlResetPinToDriveAction": _plain("reset_pin_to_drive_pin"),
    "vehicleControlResetPinToDriveAdminAction": _plain("clear_pin_to_drive_admin"),
    "addChargeScheduleAction": _charge_schedule,
    "removeChargeScheduleAction": _same("remove_charge_schedule", id="id"),
    "addPreconditionScheduleAction": _precondition_schedule,
    "removePreconditionScheduleAction": _same("remove_precondition_schedule", id="id"),
    "batchRemovePreconditionSchedulesAction": _same(
        "batch_remove_precondition_schedules", **_BATCH
    ),
    "batchRemoveChargeSchedulesAction": _same("batch_remove_charge_schedules", **_BATCH),
    "parentalControlsClearPinAdminAction": _plain("parental_controls_clear_pin_admin"),
    "parentalControlsAction": _either(
        "activate", "parental_controls_activate", "parental_controls_deactivate", pin="pin"
    ),
    "parentalControlsEnableSettingsAction": _parental_setting,
    "parentalControlsSetSpeedLimitAction": _same(
        "parental_controls_set_speed_limit", limit_mph="limit_mph"
    ),
    "setLowPowerModeAction": _same("set_low_power_mode", enable="low_power_mode"),
    "setKeepAccessoryPowerModeAction": _same(
        "keep_accessory_power_mode", enable="keep_accessory_power_mode"
    ),
}
"""By the member of `vehicle_action_msg`."""

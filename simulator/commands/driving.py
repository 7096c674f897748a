"""Commands for lights, sentry mode, restrictions with a PIN, and navigation."""

import re
from functools import partial

from simulator.commands.command import (
    NOT_SUPPORTED,
    PLACE,
    Parameter,
    Parameters,
    command,
    do_nothing,
    flag,
    number,
    require_park,
    text,
    whole,
)
from simulator.refusals import Refused
from simulator.vehicle.access import MAX_LIMIT_MPH, MIN_LIMIT_MPH
from simulator.vehicle.life import Life
from simulator.vehicle.state import Destination

_PIN = re.compile(r"[0-9]{4}")


def _sentry(life: Life, parameters: Parameters) -> None:
    if parameters["on"]:
        require_park(life)
    life.sentry_mode = parameters["on"]


def _flash(life: Life, _: Parameters) -> None:
    require_park(life)
    life.flashes += 1


def _honk(life: Life, _: Parameters) -> None:
    require_park(life)
    life.honks += 1


def _boombox(life: Life, _: Parameters) -> None:
    require_park(life)
    life.honks += 1


def _homelink(life: Life, parameters: Parameters) -> None:
    if not life.model.homelink_devices:
        raise Refused("not_supported", NOT_SUPPORTED)
    place = (parameters["lat"], parameters["lon"])
    if not (life.is_near(*life.home) and life.is_near(*place)):
        raise Refused("not_nearby")  # own word
    life.homelink_moves += 1


def _guest_mode(life: Life, parameters: Parameters) -> None:
    life.access.guest_mode = parameters["enable"]


def _valet(life: Life, parameters: Parameters) -> None:
    access = life.access
    if parameters["on"]:
        if access.valet_pin is None:
            _require_pin(parameters["password"])
            access.valet_pin = parameters["password"]
        access.valet_mode = True
        return
    if not access.valet_mode:
        raise Refused("valet mode already off")
    access.valet_mode = False


def _reset_valet_pin(life: Life, _: Parameters) -> None:
    if life.access.valet_mode:
        raise Refused("valet_mode_active")  # own word
    life.access.valet_pin = None


def _require_pin(pin: str) -> None:
    if not _PIN.fullmatch(pin):
        raise Refused("invalid_pin")  # own word


def _matching_pin(stored: str | None, pin: str) -> str:
    """Return the PIN to store: the first one, which all later ones must match."""
    _require_pin(pin)
    if stored not in (None, pin):
        raise Refused("wrong_pin")  # own word
    return pin


def _speed_limit(life: Life, parameters: Parameters, *, is_active: bool) -> None:
    access = life.access
    access.speed_limit_pin = _matching_pin(access.speed_limit_pin, parameters["pin"])
    access.speed_limit_active = is_active


def _speed_limit_clear(life: Life, parameters: Parameters) -> None:
    if life.access.speed_limit_active:
        raise Refused("speed_limit_mode_active")
    if life.access.speed_limit_pin not in (None, parameters["pin"]):
        raise Refused("wrong_pin")  # own word
    life.access.speed_limit_pin = None


def _speed_limit_clear_admin(life: Life, _: Parameters) -> None:
    life.access.speed_limit_active = False
    life.access.speed_limit_pin = None


def _speed_limit_set(life: Life, parameters: Parameters) -> None:
    if life.access.speed_limit_active:
        raise Refused("speed_limit_mode_active")
    if not MIN_LIMIT_MPH <= parameters["limit_mph"] <= MAX_LIMIT_MPH:
        raise Refused("not allowed")
    life.access.speed_limit_mph = float(parameters["limit_mph"])


def _pin_to_drive(life: Life, parameters: Parameters) -> None:
    """The first PIN is stored; later ones are ignored until it is cleared."""
    if parameters["on"] and life.access.drive_pin is None:
        _require_pin(parameters["password"])
        life.access.drive_pin = parameters["password"]
    life.access.pin_to_drive = parameters["on"]


def _reset_pin_to_drive(life: Life, _: Parameters) -> None:
    if life.access.pin_to_drive or life.access.valet_mode:
        raise Refused("not allowed")
    life.access.drive_pin = None


def _clear_pin_to_drive(life: Life, _: Parameters) -> None:
    life.access.pin_to_drive = False
    life.access.drive_pin = None


def _parental(life: Life, parameters: Parameters, *, is_active: bool) -> None:
    access = life.access
    access.parental_pin = _matching_pin(access.parental_pin, parameters["pin"])
    access.parental_active = is_active


def _parental_clear(life: Life, _: Parameters) -> None:
    life.access.parental_active = False
    life.access.parental_pin = None


def _require_no_parental(life: Life) -> None:
    if life.access.parental_active:
        raise Refused("parental_controls_active")


def _parental_setting(life: Life, parameters: Parameters) -> None:
    _require_no_parental(life)
    if parameters["setting"] not in life.access.parental_settings:
        raise Refused("not_supported", NOT_SUPPORTED)
    life.access.parental_settings[parameters["setting"]] = parameters["enable"]


def _parental_limit(life: Life, parameters: Parameters) -> None:
    _require_no_parental(life)
    life.access.parental_limit_mph = float(parameters["limit_mph"])


def _navigate_text(life: Life, parameters: Parameters) -> None:
    """Tesla's servers turn the text into a place; here it stays a name without coordinates."""
    text = parameters["value"].get("android.intent.extra.TEXT")
    if not isinstance(text, str) or not text.strip():
        raise Refused("invalid_value")  # own word
    life.destination = Destination(name=text.strip())


def _navigate_gps(life: Life, parameters: Parameters) -> None:
    latitude, longitude = parameters["lat"], parameters["lon"]
    life.destination = Destination(
        name=f"{latitude:.5f}, {longitude:.5f}", latitude=latitude, longitude=longitude
    )


def _navigate_waypoints(life: Life, parameters: Parameters) -> None:
    places = [part for part in parameters["waypoints"].split(",") if part]
    if not places:
        raise Refused("invalid_value")  # own word
    life.destination = Destination(name=places[-1])


COMMANDS = (
    command("trigger_homelink", _homelink, *PLACE),
    command("flash_lights", _flash),
    command("honk_horn", _honk),
    command("remote_boombox", _boombox, whole("sound")),
    command("set_sentry_mode", _sentry, flag("on")),
    command("guest_mode", _guest_mode, flag("enable")),
    command("set_valet_mode", _valet, flag("on"), text("password", is_required=False)),
    command("reset_valet_pin", _reset_valet_pin),
    command("speed_limit_activate", partial(_speed_limit, is_active=True), text("pin")),
    command("speed_limit_deactivate", partial(_speed_limit, is_active=False), text("pin")),
    command("speed_limit_clear_pin", _speed_limit_clear, text("pin")),
    command("speed_limit_clear_pin_admin", _speed_limit_clear_admin),
    command("speed_limit_set_limit", _speed_limit_set, number("limit_mph")),
    command(
        "set_pin_to_drive",
        _pin_to_drive,
        flag("on"),
        text("password", is_required=False),
        is_signed_only=True,
    ),
    command("reset_pin_to_drive_pin", _reset_pin_to_drive, is_signed_only=True),
    command("clear_pin_to_drive_admin", _clear_pin_to_drive),
    command("parental_controls_activate", partial(_parental, is_active=True), text("pin")),
    command("parental_controls_deactivate", partial(_parental, is_active=False), text("pin")),
    command("parental_controls_clear_pin_admin", _parental_clear),
    command(
        "parental_controls_enable_setting",
        _parental_setting,
        text("setting"),
        flag("enable"),
    ),
    command("parental_controls_set_speed_limit", _parental_limit, number("limit_mph")),
    command(
        "navigation_request",
        _navigate_text,
        text("type"),
        Parameter(name="value", kind=dict),
        text("locale", is_required=False),
        Parameter(name="timestamp_ms", kind=object, is_required=False),
        is_rest_only=True,
    ),
    command("navigation_gps_request", _navigate_gps, *PLACE, whole("order", is_required=False)),
    # REST may answer success without any effect (vehicle-command, issue 442).
    command(
        "navigation_sc_request",
        do_nothing,
        whole("id", is_required=False),
        whole("order", is_required=False),
        is_rest_only=True,
    ),
    command("navigation_waypoints_request", _navigate_waypoints, text("waypoints")),
    command("upcoming_calendar_entries", do_nothing, text("calendar_data"), is_rest_only=True),
    command("take_drivenote", do_nothing, text("note")),
)
"""The table of these commands."""

"""Software, names and power."""

from tesla_protocol.command import car_server_pb2

from .. import signals
from .command import Command, InfotainmentAction, between, infotainment


def schedule_software_update(seconds: int = 0) -> Command:
    """Install the downloaded software `seconds` s from now."""
    between("delay", seconds, 0, 7 * 86400)
    action = car_server_pb2.VehicleControlScheduleSoftwareUpdateAction(offset_sec=seconds)
    return Command(
        name="schedule_software_update",
        **infotainment(InfotainmentAction(vehicleControlScheduleSoftwareUpdateAction=action)),
        parameters={"offset_sec": seconds},
        # Repeating it would move the start.
        repeatable=False,
        # A scheduled update need not be the one of this command, so that proves nothing.
        expects={} if seconds else {signals.UPDATE_STATUS: "installing"},
    )


def cancel_software_update() -> Command:
    """Cancel a scheduled installation; without effect once it has begun."""
    action = car_server_pb2.VehicleControlCancelSoftwareUpdateAction()
    return Command(
        name="cancel_software_update",
        **infotainment(InfotainmentAction(vehicleControlCancelSoftwareUpdateAction=action)),
    )


_MAX_NAME = 32
"""Maximum characters. The vehicle's real limit is not documented; this only stops nonsense."""


def set_vehicle_name(name: str) -> Command:
    """Give the vehicle a name; not in guest mode. There is no REST form."""
    between("length of the name", len(name), 1, _MAX_NAME)
    action = car_server_pb2.SetVehicleNameAction(vehicleName=name)
    return Command(
        name="set_vehicle_name",
        **infotainment(InfotainmentAction(setVehicleNameAction=action)),
        parameters={"vehicle_name": name},
        rest=False,
        expects={signals.VEHICLE_NAME: name},
    )


def set_low_power_mode(*, on: bool) -> Command:
    """Save energy while parked; not in Tesla's REST documentation."""
    action = car_server_pb2.SetLowPowerModeAction(low_power_mode=on)
    return Command(
        name="set_low_power_mode",
        **infotainment(InfotainmentAction(setLowPowerModeAction=action)),
        parameters={"enable": on},
        rest=False,
    )


def set_keep_accessory_power(*, on: bool) -> Command:
    """Leave the sockets powered while parked; not in Tesla's REST documentation."""
    action = car_server_pb2.SetKeepAccessoryPowerModeAction(keep_accessory_power_mode=on)
    return Command(
        name="keep_accessory_power_mode",
        **infotainment(InfotainmentAction(setKeepAccessoryPowerModeAction=action)),
        parameters={"enable": on},
        rest=False,
    )


def erase_user_data() -> Command:
    """Erase what a guest left behind; irreversible, only in Park and guest mode."""
    action = InfotainmentAction(eraseUserDataAction=car_server_pb2.EraseUserDataAction())
    return Command(name="erase_user_data", **infotainment(action))

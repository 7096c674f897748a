"""Values of fields that need some computation, read from a car's life.

Values that are noisy in real cars are noisy here: a function of time alone, so that they do not
depend on the number of observations.
"""

import math

from simulator import vehicle_data
from simulator.telemetry.field import INVALID, Invalid, Raw, Reader, pacific, version
from simulator.vehicle.body import OPEN
from simulator.vehicle.charging import IDLE_VOLTS, THREE_PHASES
from simulator.vehicle.drive import MPH_PER_MPS
from simulator.vehicle.vehicle import Vehicle

_OUTSIDE_CYCLE = 14_400.0
_OUTSIDE_QUIET = 1500.0
_OUTSIDE_GAP = 60.0
"""Seconds awake between two gaps of the outside temperature, until the first, and its length; that
there are such gaps is known from captures, how often is assumed."""
_BRICKS = 96
"""Cells in series in a pack."""


def noise(name: str, at: float) -> float:
    """A seemingly random number between -1 and 1 that changes each second."""
    turns = (int(at) * 0.618_033_988_7 + sum(name.encode()) * 0.414_213_562_3) % 1.0
    return math.sin(turns * math.tau)


# ---- battery and charging ----------------------------------------------------------------------


def _into_pack_kilowatts(car: Vehicle) -> float:
    """Power into the battery; negative while it feeds the car."""
    draw = car.draw_kilowatts(car.time) + car.drive_kilowatts
    if car.is_on_shore_power:
        draw -= car.climate.kilowatts(car.time)
    return car.charging.kilowatts - draw


def pack_volts(car: Vehicle) -> float:
    """`PackVoltage` in V."""
    # An idle pack of about 350 V empty and 400 V full; current lifts or lowers it a little.
    volts = 350.0 + car.battery.percent * 0.5 + _into_pack_kilowatts(car) * 0.12
    return round(volts + 0.05 * noise("PackVoltage", car.time), 2)


def brick_volts(car: Vehicle, offset: float) -> float:
    """The voltage of a cell in V, with its difference from the average."""
    return round(pack_volts(car) / _BRICKS + offset, 3)


def pack_amps(car: Vehicle) -> float:
    """`PackCurrent` in A; negative while the battery is discharged."""
    amps = _into_pack_kilowatts(car) * 1000 / pack_volts(car)
    return round(amps + 0.2 * noise("PackCurrent", car.time), 1)


def charge_state(car: Vehicle) -> str:
    """The state of the charger's own state machine, unlike `charging_state`."""
    words = {"Disconnected": "Idle", "Starting": "Startup", "Charging": "Enable"}
    return words.get(car.charging.state, "Standby")


def is_fast(car: Vehicle) -> bool:
    """Whether a fast charger is plugged in."""
    return car.charging.supply is not None and car.charging.supply.is_fast


def charger_volts(car: Vehicle) -> float:
    """`ChargerVoltage` in V."""
    supply = car.charging.supply
    if supply is None or supply.is_fast or car.charging.state != "Charging":
        return round(IDLE_VOLTS + 0.4 * noise("ChargerVoltage", car.time), 3)
    return round(supply.volts + 1.5 * noise("ChargerVoltage", car.time), 3)


def charge_amps(car: Vehicle) -> float:
    """`ChargeAmps` in A."""
    amps = car.charging.amps
    return round(amps + 0.1 * noise("ChargeAmps", car.time), 1) if amps else 0.0


def phases(car: Vehicle) -> int | Invalid:
    """`ChargerPhases`: three phases are reported as 2, as in vehicle_data."""
    charging = car.charging
    if charging.state != "Charging" or not charging.phases:
        return INVALID
    return 2 if charging.phases == THREE_PHASES else charging.phases


def latch(car: Vehicle) -> str:
    """`ChargePortLatch`."""
    charging = car.charging
    if charging.supply is None:
        return "Disengaged" if charging.port.is_open else "Engaged"
    return "Engaged" if charging.port.is_latch_engaged else "Disengaged"


def fast_charger(car: Vehicle) -> str | Invalid:
    """`FastChargerType`."""
    supply = car.charging.supply
    if supply is None or not supply.is_fast:
        return INVALID
    return "Supercharger" if supply.brand == "Tesla" else "Combo"


def scheduled_start(car: Vehicle) -> int | Invalid:
    """`ScheduledChargingStartTime`."""
    starts_at = car.charge_starts_at
    return INVALID if starts_at is None else pacific(car, starts_at)


def scheduled_departure(car: Vehicle) -> int | Invalid:
    """`ScheduledDepartureTime`."""
    schedule = car.charging.schedule
    if schedule.mode != "DepartBy":
        return INVALID
    return pacific(car, car.next_local_time(schedule.departure_minutes, after=car.time))


def battery_state(car: Vehicle) -> str:
    """`BMSState`."""
    if car.drive is not None:
        return "Drive"
    return "Charge" if car.charging.state == "Charging" else "Support"


# ---- driving and places ------------------------------------------------------------------------


def gear(car: Vehicle) -> str | Invalid:
    """`Gear`."""
    if car.drive is not None:
        return "D"
    return "P" if car.drivetrain.reports_gear(car.time) else INVALID


def speed(car: Vehicle) -> float | Invalid | None:
    """`VehicleSpeed`: not sent between the end of a drive and the end of the reports."""
    if car.moment is not None:
        return float(round(car.moment.speed * MPH_PER_MPS))
    if not car.drivetrain.is_on:
        return INVALID
    return None if car.drivetrain.is_speed_held else 0.0


def acceleration(car: Vehicle) -> float:
    """Acceleration along the road in m/s²."""
    return car.moment.acceleration if car.moment else 0.0


def route(name: str) -> Reader:
    """A value of the navigation; invalid without a destination."""

    def read(car: Vehicle) -> Raw | Invalid:
        return vehicle_data.active_route(car).get(f"active_route_{name}", INVALID)

    return read


def destination(car: Vehicle) -> tuple[float, float] | Invalid:
    """`DestinationLocation`."""
    place = car.destination
    if place is None or place.latitude is None or place.longitude is None:
        return INVALID
    return place.latitude, place.longitude


def is_at(car: Vehicle, place: tuple[float, float] | None) -> bool:
    """Whether the car is at a place."""
    return place is not None and car.is_near(*place)


# ---- body and cabin ----------------------------------------------------------------------------


def _is_unsound(car: Vehicle) -> bool:
    """Whether two doors are crossed, and the version is the one on offer.

    Source: Tesla's list of fields, August 2026.
    """
    return version(car.firmware) < (2024, 44, 32)


def car_version(car: Vehicle) -> str:
    """`Version`."""
    offered = car.software.offered
    return offered if offered and _is_unsound(car) else car.software.car_version


def doors(car: Vehicle) -> tuple[bool, ...]:
    """`DoorState`, in the order of the protobuf's members."""
    body = car.body
    doors = ("df", "pf", "dr", "pr") if _is_unsound(car) else ("df", "dr", "pf", "pr")
    return (
        *(bool(body.doors[name]) for name in doors),
        bool(body.frunk),
        bool(body.trunk),
    )


def window(name: str) -> Reader:
    """The state of a window."""

    def read(car: Vehicle) -> str:
        state = car.body.windows[name]
        return "Closed" if not state else "Opened" if state == OPEN else "PartiallyOpen"

    return read


def sentry(car: Vehicle) -> str:
    """`SentryMode`."""
    if not car.sentry_mode:
        return "Off"
    return "Idle" if car.is_user_present else "Armed"


def tyre(wheel: str) -> Reader:
    """The pressure of a tyre in bar, in steps of 0.025."""
    return lambda car: round(round(car.tyres.pressure[wheel] / 0.025) * 0.025, 3)


def seen(wheel: str) -> Reader:
    """The time of a tyre's last report."""
    return lambda car: pacific(car, car.tyres.seen_at[wheel])


def heater(seat: str) -> Reader:
    """The level of a seat heater."""
    return lambda car: car.climate.seat_heaters[seat]


def rear_heater(seat: str) -> Reader:
    """The level of a rear seat heater, if the car has it."""
    return lambda car: (
        car.climate.seat_heaters[seat] if seat in car.model.heated_rear_seats else None
    )


def fan(seat: str) -> Reader:
    """The level of a seat's fan, if the car has one."""
    return lambda car: car.climate.seat_fans[seat] if car.model.has_seat_cooling else None


def outside_temp(car: Vehicle) -> float | Invalid:
    """`OutsideTemp`, which is invalid now and then in a car that stands awake."""
    if car.drive is None and _OUTSIDE_QUIET <= (car.time - car.awake_since) % _OUTSIDE_CYCLE < (
        _OUTSIDE_QUIET + _OUTSIDE_GAP
    ):
        return INVALID
    return round(car.climate.outside(car.time), 1)


def climate_power(car: Vehicle) -> str:
    """`HvacPower`."""
    if car.climate.is_on:
        return "On" if car.is_user_present else "Precondition"
    return "OverheatProtect" if car.climate.is_cooling_overheat(car.time) else "Off"


def display(car: Vehicle) -> str:
    """`CenterDisplay`."""
    if car.drive is not None:
        return "Driving"
    if car.is_user_present:
        return "On"
    if car.sentry_mode:
        return "Sentry"
    return "Dog" if car.climate.keeper == "dog" else "Off"


def playing(part: int) -> Reader:
    """A part of the current track; empty while nothing plays."""
    return lambda car: "" if car.media.status == "Stopped" else car.media.title[part]


def of_update(read: Reader) -> Reader:
    """A field that is invalid while no update is offered."""
    return lambda car: INVALID if car.software.offered is None else read(car)


def update_start(car: Vehicle) -> int | Invalid:
    """`SoftwareUpdateScheduledStartTime`."""
    at = car.software.scheduled_at
    return INVALID if at is None else pacific(car, at)

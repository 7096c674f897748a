"""Orders that put a car to sleep, wake it, or take it out of reach."""

from simulator.connected_vehicle import ConnectedVehicle
from simulator.refusals import SteeringError
from simulator.steering.reading import Order, as_number, as_object, as_word
from simulator.vehicle.life import IDLE_SECONDS
from simulator.vehicle.reception import Reception

VEHICLE_STATES = ("online", "asleep", "offline")


def _state(car: ConnectedVehicle, value: object) -> None:
    state = as_word(value, "state", VEHICLE_STATES)
    if state == "asleep":
        car.fall_asleep()
    elif state == "online":
        car.rouse(car.time)
        car.state = "online"
    else:
        car.waking_until = None
        car.state = state


def _reception(car: ConnectedVehicle, value: object) -> None:
    car.reception = None
    if car.state == "offline":
        car.state = "online"
    if value is None:
        return
    order = as_object(value, "reception")
    unknown = sorted(set(order) - {"on", "off", "seconds"})
    if unknown:
        raise SteeringError(f"unknown in reception: {', '.join(unknown)}")
    on_seconds = as_number(order.get("on", 60), "on")
    off_seconds = as_number(order.get("off", 60), "off")
    if min(on_seconds, off_seconds) < 1:
        raise SteeringError("reception: a turn lasts 1 s at least")
    seconds = order.get("seconds")
    car.reception = Reception.begin(
        car.time,
        on_seconds=on_seconds,
        off_seconds=off_seconds,
        seconds=None if seconds is None else as_number(seconds, "seconds"),
    )


def _wake_seconds(car: ConnectedVehicle, value: object) -> None:
    car.wake_seconds = as_number(value, "wake_seconds")


def _busy_seconds(car: ConnectedVehicle, value: object) -> None:
    car.busy_seconds = as_number(value, "busy_seconds")


def _idle_seconds(car: ConnectedVehicle, value: object) -> None:
    car.last_activity = car.time - min(as_number(value, "idle_seconds"), IDLE_SECONDS)


ORDERS: dict[str, Order] = {
    "wake_seconds": _wake_seconds,
    "busy_seconds": _busy_seconds,
    "idle_seconds": _idle_seconds,
    "reception": _reception,
    "state": _state,
}
"""Applied last: an order to sleep must not be undone by a cable that is plugged in with it."""

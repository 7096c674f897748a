"""Orders to a car's computers: faults, reboots and clocks of the signed protocol."""

from simulator.connected_vehicle import ConnectedVehicle
from simulator.protocol import FaultOrder
from simulator.protocol.subsystem import Subsystem
from simulator.protocol.wire import (
    DOMAIN_NAMES,
    INVALID_TOKEN_OR_COUNTER,
    OPERATION_ERROR,
    OPERATION_WAIT,
    REPEATED_COUNTER,
)
from simulator.refusals import SteeringError
from simulator.steering.reading import Order, as_flag, as_number, as_object


def _protocol(car: ConnectedVehicle, value: object) -> None:
    order = as_object(value, "protocol")
    unknown = sorted(set(order) - set(_PROTOCOL_ORDERS))
    if unknown:
        raise SteeringError(f"unknown in protocol: {', '.join(unknown)}")
    for name, follow in _PROTOCOL_ORDERS.items():
        if name in order:
            follow(car, order[name])


def _domain(value: object) -> int | None:
    """A domain's number; None for both."""
    if value in (None, True):
        return None
    for number, name in DOMAIN_NAMES.items():
        if value in (number, name, str(number)):
            return number
    raise SteeringError(f"there is no domain {value!r}")


def _subsystems(car: ConnectedVehicle, value: object) -> list[Subsystem]:
    number = _domain(value)
    return [
        subsystem
        for domain, subsystem in car.protocol.subsystems.items()
        if number in (None, domain)
    ]


def _fault(car: ConnectedVehicle, value: object) -> None:
    order = {"fault": value} if isinstance(value, int) else as_object(value, "fault")
    car.protocol.orders.append(
        FaultOrder(
            fault=int(as_number(order.get("fault"), "fault")),
            left=int(as_number(order.get("count", 1), "count")),
            domain=_domain(order.get("domain")),
            runs=as_flag(order.get("runs", False), "runs"),
            is_encrypted=as_flag(order.get("encrypted", False), "encrypted"),
        )
    )


def _doubled(car: ConnectedVehicle, value: object) -> None:
    order = {"count": value} if isinstance(value, int) else as_object(value, "doubled")
    fault = order.get("fault", INVALID_TOKEN_OR_COUNTER)
    if fault not in (INVALID_TOKEN_OR_COUNTER, REPEATED_COUNTER):
        raise SteeringError("a doubled message is answered with fault 6 or 26")
    car.protocol.orders.append(
        FaultOrder(
            fault=fault,
            left=int(as_number(order.get("count", 1), "count")),
            domain=_domain(order.get("domain")),
            runs=True,
        )
    )


def _wait(car: ConnectedVehicle, value: object) -> None:
    _operation(car, value, OPERATION_WAIT)


def _error(car: ConnectedVehicle, value: object) -> None:
    _operation(car, value, OPERATION_ERROR)


def _operation(car: ConnectedVehicle, value: object, operation: int) -> None:
    order = {"count": value} if isinstance(value, int) else as_object(value, "operation")
    car.protocol.orders.append(
        FaultOrder(
            operation=operation,
            left=int(as_number(order.get("count", 1), "count")),
            domain=_domain(order.get("domain")),
            runs=as_flag(order.get("runs", False), "runs"),
        )
    )


def _clear(car: ConnectedVehicle, value: object) -> None:
    if as_flag(value, "clear"):
        car.protocol.orders.clear()


def _reboot(car: ConnectedVehicle, value: object) -> None:
    for subsystem in _subsystems(car, value):
        subsystem.reboot(car.time)


def _new_key(car: ConnectedVehicle, value: object) -> None:
    for subsystem in _subsystems(car, value):
        subsystem.change_key()


def _clock_drift(car: ConnectedVehicle, value: object) -> None:
    drifts = value if isinstance(value, dict) else {None: value}
    for domain, seconds in drifts.items():
        for subsystem in _subsystems(car, domain):
            subsystem.drift = as_number(seconds, "clock_drift")


def _arrival_delay(car: ConnectedVehicle, value: object) -> None:
    car.protocol.arrival_delay = as_number(value, "arrival_delay")


def _encrypt_replies(car: ConnectedVehicle, value: object) -> None:
    car.protocol.encrypts_replies = as_flag(value, "encrypt_replies")


def _omit_session_info(car: ConnectedVehicle, value: object) -> None:
    car.protocol.omits_session_info = as_flag(value, "omit_session_info")


_PROTOCOL_ORDERS: dict[str, Order] = {
    "clear": _clear,
    "new_key": _new_key,
    "reboot": _reboot,
    "clock_drift": _clock_drift,
    "arrival_delay": _arrival_delay,
    "encrypt_replies": _encrypt_replies,
    "omit_session_info": _omit_session_info,
    "fault": _fault,
    "doubled": _doubled,
    "wait": _wait,
    "error": _error,
}

ORDERS: dict[str, Order] = {
    "protocol": _protocol,
}
"""By name."""

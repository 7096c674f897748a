"""Orders to a car's telemetry client."""

from simulator.connected_vehicle import ConnectedVehicle
from simulator.refusals import SteeringError
from simulator.steering.reading import Order, as_flag, as_number, as_object, as_word
from simulator.telemetry.alerts import AUDIENCES
from simulator.telemetry.certificates import Kind
from simulator.telemetry.field import INVALID, Invalid, Raw
from simulator.telemetry.fields import FIELDS

ALARM = "VCSEC_a133_alarmTriggered"
"""The alert of an alarm, as owners reported it."""


def _alert(car: ConnectedVehicle, value: object) -> None:
    order = {"name": value} if isinstance(value, str) else as_object(value, "alert")
    audiences = order.get("audiences", ["customer"])
    if not isinstance(audiences, list):
        raise SteeringError("audiences must be a list")
    for audience in audiences:
        as_word(audience, "audiences", AUDIENCES)
    car.rouse(car.time)
    car.telemetry.alert(
        str(order.get("name") or ALARM),
        audiences,
        is_active=as_flag(order.get("active", True), "active"),
    )


def _client_error(car: ConnectedVehicle, value: object) -> None:
    order = as_object(value, "client_error")
    tags = as_object(order.get("tags", {}), "tags")
    car.telemetry.client_error(
        str(order.get("name", "")),
        str(order.get("body", "")),
        {key: str(tag) for key, tag in tags.items()},
    )


def _flapping(car: ConnectedVehicle, value: object) -> None:
    wanted = as_object(value, "flapping")
    for name, amount in wanted.items():
        if name not in FIELDS or FIELDS[name].arm != "double_value":
            raise SteeringError(f"flapping: cars report no number {name}")
        as_number(amount, "flapping")
    car.telemetry.distortions.flapping.clear()
    car.telemetry.distortions.flapping.update(wanted)


def _values(car: ConnectedVehicle, value: object) -> None:
    wanted: dict[str, Raw | Invalid] = {}
    for name, raw in as_object(value, "values").items():
        spec = FIELDS.get(name)
        if spec is None:
            raise SteeringError(f"values: cars do not report {name}")
        told = INVALID if raw is None else tuple(raw) if isinstance(raw, list) else raw
        try:
            spec.datum(told)
        except (LookupError, TypeError, ValueError) as error:
            raise SteeringError(f"values: {name} cannot be {raw!r}") from error
        wanted[name] = told
    car.telemetry.distortions.values.clear()
    car.telemetry.distortions.values.update(wanted)


def _lost_changes(car: ConnectedVehicle, value: object) -> None:
    lost: dict[str, float] = {}
    for name, seconds in as_object(value, "lost_changes").items():
        if name not in FIELDS:
            raise SteeringError(f"lost_changes: cars do not report {name}")
        lost[name] = car.time + as_number(seconds, "lost_changes")
    car.telemetry.distortions.lost_changes.clear()
    car.telemetry.distortions.lost_changes.update(lost)


def _lose_connection(car: ConnectedVehicle, value: object) -> None:
    car.telemetry.lose_connection(as_number(value, "lose_connection"))


def _text_values(car: ConnectedVehicle, value: object) -> None:
    car.telemetry.distortions.text_values = as_flag(value, "text_values")


def _telemetry(car: ConnectedVehicle, value: object) -> None:
    telemetry = car.telemetry
    for name, wanted in as_object(value, "telemetry").items():
        match name:
            case "config_delay" | "resend_after":
                setattr(telemetry, name, as_number(wanted, name))
            case "other_configurations" | "most_configurations":
                setattr(telemetry, name, int(as_number(wanted, name)))
            case "hides_limit":
                telemetry.hides_limit = as_flag(wanted, name)
            case "certificate":
                telemetry.certificate = Kind(as_word(wanted, name, list(Kind)))
            case _:
                raise SteeringError(f"unknown in telemetry: {name}")


LOSSES: dict[str, Order] = {
    "lost_changes": _lost_changes,
    "lose_connection": _lose_connection,
}
"""Applied before everything that changes the car, so that changes of the same call are lost."""


ORDERS: dict[str, Order] = {
    "flapping": _flapping,
    "values": _values,
    "text_values": _text_values,
    "telemetry": _telemetry,
    "alert": _alert,
    "client_error": _client_error,
}
"""By name, in the order of application."""

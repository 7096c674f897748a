"""The state of a car as JSON: everything that can be steered, and the counts of the protocol."""

from dataclasses import asdict

from simulator.connected_vehicle import ConnectedVehicle
from simulator.protocol.wire import DOMAIN_NAMES
from simulator.steering.reading import Json


def describe(car: ConnectedVehicle) -> Json:
    """The values that can be steered, and the counts of the protocol, as JSON."""
    charging, climate, body = car.charging, car.climate, car.body
    return {
        "vin": car.vin,
        "id": car.id,
        "display_name": car.display_name,
        "account": car.account,
        "access_type": car.access_type,
        "state": car.state,
        "time": car.time,
        "reception": None if car.reception is None else asdict(car.reception),
        "wakes": car.wakes,
        "wake_seconds": car.wake_seconds,
        "busy_seconds": car.busy_seconds,
        "waking_until": car.waking_until,
        "last_activity": car.last_activity,
        "in_service": car.in_service,
        "protocol_required": car.protocol_required,
        "rest_only": car.rest_only,
        "pairs_automatically": car.pairs_automatically,
        "mobile_access_disabled": car.mobile_access_disabled,
        "keys": sorted(key.hex() for key in car.keys),
        "firmware": car.firmware,
        "telemetry_version": car.telemetry_version,
        "battery_level": car.battery.percent,
        "battery_kwh": car.battery.energy_kwh,
        "charging_state": charging.state,
        "plugged_in": None if charging.supply is None else charging.supply.name,
        "charge_limit": charging.limit_percent,
        "charge_amps": charging.requested_amps,
        "charge_current": charging.amps,
        "charge_starts": len(charging.current.starts),
        "stuck_amps": charging.current.stuck_at,
        "is_held": charging.is_held,
        "charge_energy_added": charging.added_kwh,
        "wall_watts": round(car.wall_kilowatts * 1000),
        "charge_port_open": charging.port.is_open,
        "charge_cable_locked": charging.supply is not None and charging.port.is_latch_engaged,
        "location": {
            "latitude": car.latitude,
            "longitude": car.longitude,
            "heading": car.heading,
        },
        "driving": car.drive is not None,
        "destination": None if car.destination is None else car.destination.name,
        "odometer": car.odometer_miles,
        "gear_flips": car.drivetrain.flips,
        "user_present": car.is_user_present,
        "sentry_mode": car.sentry_mode,
        "locked": body.is_locked,
        "remote_start": car.is_remotely_started,
        "doors": dict(body.doors),
        "windows": dict(body.windows),
        "frunk": body.frunk,
        "trunk": body.trunk,
        "tpms": dict(car.tyres.pressure),
        "flashes": car.flashes,
        "honks": car.honks,
        "homelink_moves": car.homelink_moves,
        "climate": asdict(climate) | {"outside": climate.outside(car.time)},
        "software": asdict(car.software),
        "media": asdict(car.media),
        "access": asdict(car.access),
        "charge_schedules": list(car.plans.charge.values()),
        "precondition_schedules": list(car.plans.precondition.values()),
        "schedule": asdict(charging.schedule),
        "protocol": _describe_protocol(car),
    }


def _describe_protocol(car: ConnectedVehicle) -> Json:
    return {
        "orders": [asdict(order) for order in car.protocol.orders],
        "encrypted_replies": car.protocol.replies,
        "domains": {
            DOMAIN_NAMES[domain]: {
                "public_key": subsystem.public_key.hex(),
                "epoch": subsystem.epoch.hex(),
                "boots": subsystem.boots,
                "clock": subsystem.clock(car.time),
                "clock_drift": subsystem.drift,
                "counters": {key.hex(): item.counter for key, item in subsystem.sessions.items()},
                "accepted": subsystem.accepted,
                "handshakes": subsystem.handshakes,
                "faults": {str(number): count for number, count in subsystem.faults.items()},
            }
            for domain, subsystem in car.protocol.subsystems.items()
        },
    }

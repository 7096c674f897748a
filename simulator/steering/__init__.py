"""Orders to a car, from tests, the demo and whoever plays with `/simulator/cars/{vin}`.

An order is one key of a JSON object; several are followed in the order of this table, whatever the
order of the object.

| key | value | what happens |
|---|---|---|
| state | "online", "asleep", "offline" | so it is, at once |
| wake_seconds | 10..60 | how long the next wake takes |
| busy_seconds | s | how long after waking signed commands meet fault 1 (busy) |
| reception | {"on": 60, "off": 60, "seconds": s} or null | comes and goes by turns, awake |
| idle_seconds | s | pretend that nothing happened for so long (660 and it falls asleep) |
| battery_level | 0..100 | that much is in it |
| charge_limit, charge_amps | %, A | as if set in the car |
| stuck_amps | A or null | no more flows, whatever is set, until the cable is pulled |
| plugged_in | true, "ac1", "ac3", "dc", {"name":…, "amps":…}, false | the cable goes in or out |
| has_power | bool | whether the supply gives any |
| charging | bool | start or stop; SteeringError where the car would refuse |
| location | {"latitude":…, "longitude":…, "heading":…} | the car stands there |
| home, work | [latitude, longitude] or null | places of the owner |
| drive | true, {"route": [[lat, lon],…], "destination":…, "speed_kmh":…}, false | drives, parks |
| odometer | mi | |
| gps_age, gps_accuracy | s, m | answers have a position that is so old; the stream says how exact |
| gear_flips | bool | true: P and invalid in turn while it stands, as old Model S and X |
| user_present, sentry_mode, locked, remote_start_enabled | bool | |
| open, close | name or list of df dr pf pr ft rt fd fp rd rp charge_port | opens or closes them |
| climate | bool or {"on":…, "driver_temp":…, "keeper":…, "defrost":…} | |
| inside_temp, outside_temp | °C; null lets the outside be as the time of day | |
| cabin_overheat_protection | "Off", "On", "FanOnly" | |
| tpms | {"fl": bar, …} | |
| software_update | {"version":…, "status":…} or null | an update is in this stage |
| media | "Playing", "Paused", "Stopped" | |
| firmware, telemetry_version, display_name, account, access_type | text | |
| is_name_lost | bool | true: the cloud answers null for the name that the car reports |
| in_service, protocol_required, rest_only, pairs_automatically, mobile_access_disabled | bool | |
| polls_keep_awake, discounted_device_data | bool | |
| streaming_toggle | bool or null | the switch of an old Model S or X that lets it stream |
| unclassified | list of command names | the gateway answers 501 to them |
| pair, unpair | public key in hex | |
| alert | {"name":…, "audiences": ["customer", "service"], "active": bool} | told on the stream |
| client_error | {"name":…, "body":…, "tags": {…}} | told on the stream, topic errors |
| flapping | {field: amount} | goes there and back by so much each time it is told; {} ends it |
| values | {field: value} | is told so, whatever is true; null is invalid; {} ends it |
| lost_changes | {field: s} | the stream loses its changes for so long; {} ends it |
| lose_connection | s | cut without sleeping, and not made again for so long (0: cut only) |
| text_values | bool | true: the stream of a client before 1.1.0 |
| telemetry | object, see below | |
| protocol | object, see below | |

A value of `values` is a bool, number, text, [latitude, longitude], a bool for each door or tyre, or
the name of an enum's value without its prefix. An alert is raised, or ended with "active" false.

`telemetry`:

| key | value | what happens |
|---|---|---|
| config_delay | s | a new configuration takes so long to reach an online car |
| resend_after | s | after so long without an ack something is sent again |
| other_configurations | number | so many places are taken by other applications |
| most_configurations | number | so many there are |
| hides_limit | bool | true: a full car is told as updated, and gets nothing |
| certificate | "oid", "name", "wifi", "stranger", "none" | what the car shows from now on |

`protocol`:

| key | value | what happens |
|---|---|---|
| fault | number or {"fault": n, "count": k, "domain":…, "runs":…, "encrypted":…} | see below |
| wait | k or {"count": k, "domain":…} | the next k signed messages get WAIT |
| error | k or {"count": k, "domain":…, "runs": bool} | the next k get ERROR without a fault |
| doubled | k or {"count": k, "domain":…, "fault": 6 or 26} | the next k arrive twice, see below |
| clear | true | takes all these orders back |
| reboot | true or domain | new epoch, clock at zero, no counters |
| new_key | true or domain | another key; together with reboot: another computer |
| clock_drift | s or {domain: s} | the subsystem's clock runs ahead by so much (or behind) |
| arrival_delay | s | every message takes so long to arrive |
| encrypt_replies | bool | false: as firmware before 2024.38 |
| omit_session_info | bool | faults come without it |

An ordered fault is what the next k (1) signed messages are answered with. With "runs" the command
is verified and runs all the same, as with faults 2 and 25; with "encrypted" it is verified, and the
fault comes inside an encrypted reply.

A doubled message reaches the car twice on its way, the same bytes. The first copy runs; the caller
gets the answer to the second: fault 6 (or 26), with the car's session info.

A domain is "vehicle_security", "infotainment", 2 or 3; left out it means both.
"""

from simulator.connected_vehicle import ConnectedVehicle
from simulator.refusals import SteeringError
from simulator.steering import awake, identity, life, protocol, telemetry
from simulator.steering.reading import Json, Order
from simulator.steering.truth import describe

__all__ = ["describe", "steer"]

_ORDERS: dict[str, Order] = {
    **identity.ORDERS,
    **telemetry.LOSSES,
    **life.ORDERS,
    **telemetry.ORDERS,
    **protocol.ORDERS,
    **awake.ORDERS,
}
"""Every order, in the order in which they are followed."""


def steer(car: ConnectedVehicle, changes: Json) -> None:
    """Follow the orders. Raises SteeringError, for an unknown one before any is followed."""
    unknown = sorted(set(changes) - set(_ORDERS))
    if unknown:
        raise SteeringError(f"unknown: {', '.join(unknown)}; known are {', '.join(_ORDERS)}")
    for name, order in _ORDERS.items():
        if name in changes:
            order(car, changes[name])

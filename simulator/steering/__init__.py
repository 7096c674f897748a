"""Orders to a car, from tests, the demo and users of `/simulator/cars/{vin}`.

An order is one key of a JSON object; several are applied in the order of this table, whatever the
order of the object.

| key | value | effect |
|---|---|---|
| state | "online", "asleep", "offline" | the state, immediately |
| wake_seconds | 10..60 | the duration of the next wake |
| busy_seconds | s | the time after waking in which signed commands meet fault 1 (busy) |
| reception | {"on": 60, "off": 60, "seconds": s} or null | comes and goes in turn, awake |
| idle_seconds | s | pretend to have been idle for so long (it falls asleep after 660) |
| battery_level | 0..100 | the battery's level |
| charge_limit, charge_amps | %, A | as if set in the car |
| lowest_amps | 1..5 | the lowest current of this car: 5 if it never goes below |
| stuck_amps | A or null | the maximum current, whatever is set, until the cable is pulled |
| max_starts | number or null | starts in 24 h after which it sticks at 6 A; 30; null: never |
| phases | 1 or 3 | the wall box switches phases |
| sticks_on_one_phase | bool | true: a charge stays on one phase until stop and start |
| plugged_in | true, "ac1", "ac3", "dc", {"name":…, "amps":…}, false | plug in or unplug the cable |
| has_power | bool | whether the supply has power |
| charging | bool | start or stop; SteeringError where the car would refuse |
| location | {"latitude":…, "longitude":…, "heading":…}, "home", "away" | the car stands there |
| home, work | [latitude, longitude] or null | places of the owner |
| drive | true, {"route": [[lat, lon],…], "destination":…, "speed_kmh":…}, false | drives, parks |
| odometer | mi | |
| gps_age, gps_accuracy | s, m | the age of positions in answers; the accuracy in the stream |
| gear_flips | bool | true: P and invalid in turn while it stands, as old Model S and X |
| schedules | {"charge": [{"id":…, …}], "precondition": […]} | replaces these lists |
| user_present, sentry_mode, locked, remote_start_enabled | bool | |
| open, close | name or list of df dr pf pr ft rt fd fp rd rp charge_port | opens or closes them |
| climate | bool or {"on":…, "driver_temp":…, "keeper":…, "defrost":…} | |
| inside_temp, outside_temp | °C; null: the outside follows the time of day | |
| cabin_overheat_protection | "Off", "On", "FanOnly" | |
| tpms | {"fl": bar, …} | |
| software_update | {"version":…, "status":…} or null | the stage of an update |
| media | "Playing", "Paused", "Stopped" | |
| firmware, telemetry_version, display_name, account, access_type | text | |
| is_name_lost | bool | true: the cloud answers null for the name that the car reports |
| in_service, protocol_required, rest_only, pairs_automatically, mobile_access_disabled | bool | |
| polls_keep_awake, discounted_device_data | bool | |
| streaming_toggle | bool or null | the switch of an old Model S or X that lets it stream |
| unclassified | list of command names | the gateway answers 501 to them |
| unknown_commands | list of command names | its software does not know them: fault 9 |
| pair, unpair | public key in hex | |
| alert | {"name":…, "audiences": ["customer", "service"], "active": bool} | sent on the stream |
| client_error | {"name":…, "body":…, "tags": {…}} | sent on the stream, topic errors |
| flapping | {field: amount} | alternates by so much with each message; {} ends it |
| values | {field: value} | sent instead of the true value; null is invalid; {} ends it |
| lost_changes | {field: s} | the stream loses its changes for so long; {} ends it |
| lose_connection | s | cut without sleeping, and not restored for so long (0: cut only) |
| text_values | bool | true: the stream of a client before 1.1.0 |
| telemetry | object, see below | |
| protocol | object, see below | |

A value of `values` is a bool, number, text, [latitude, longitude], a bool for each door or tyre, or
the name of an enum's value without its prefix. An alert is raised, or ended with "active" false.

`telemetry`:

| key | value | what happens |
|---|---|---|
| config_delay | s | the time that a new configuration takes to reach an online car |
| resend_after | s | the time without an ack after which a message is sent again |
| other_configurations | number | places taken by other applications |
| most_configurations | number | all places |
| hides_limit | bool | true: a full car is reported as updated, and gets nothing |
| certificate | "oid", "name", "wifi", "stranger", "none" | the certificate from now on |

`protocol`:

| key | value | what happens |
|---|---|---|
| fault | number or {"fault": n, "count": k, "domain":…, "runs":…, "encrypted":…} | see below |
| wait | k or {"count": k, "domain":…} | the next k signed messages get WAIT |
| error | k or {"count": k, "domain":…, "runs": bool} | the next k get ERROR without a fault |
| doubled | k or {"count": k, "domain":…, "fault": 6 or 26} | the next k arrive twice, see below |
| clear | true | withdraws all these orders |
| reboot | true or domain | new epoch, clock at zero, no counters |
| new_key | true or domain | another key; together with reboot: another computer |
| clock_drift | s or {domain: s} | the subsystem's clock runs ahead by so much (or behind) |
| arrival_delay | s | every message takes so long to arrive |
| encrypt_replies | bool | false: as firmware before 2024.38 |
| omit_session_info | bool | true: faults come without it |

An ordered fault is the answer to the next k (1) signed messages. With "runs" the command is
verified and runs anyway, as with faults 2 and 25; with "encrypted" it is verified, and the fault
comes inside an encrypted reply.

A doubled message reaches the car twice on its way, with the same bytes. The first copy runs; the
caller gets the answer to the second: fault 6 (or 26), with the car's session info.

A domain is "vehicle_security", "infotainment", 2 or 3; both if it is left out.
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
"""Every order, in the order of application."""


def steer(car: ConnectedVehicle, changes: Json) -> None:
    """Apply the orders. Raises SteeringError, for an unknown one before any is applied."""
    unknown = sorted(set(changes) - set(_ORDERS))
    if unknown:
        raise SteeringError(f"unknown: {', '.join(unknown)}; known are {', '.join(_ORDERS)}")
    for name, order in _ORDERS.items():
        if name in changes:
            order(car, changes[name])

"""The telemetry client of one car: its configurations, what it reports, and how it misbehaves."""

import math
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleError, VehicleErrors

from simulator.telemetry.alerts import Alerts
from simulator.telemetry.certificates import Kind
from simulator.telemetry.collector import Distortions, tick_of, timestamp
from simulator.telemetry.field import Invalid
from simulator.telemetry.signature import Token
from simulator.telemetry.subscription import ALERTS, ERRORS, Emission, Subscription
from simulator.vehicle.vehicle import Vehicle

type Json = dict[str, Any]

MAX_CONFIGURATIONS = 5
"""Maximum applications of one car. Source: Tesla, August 2026; older texts say three."""
RESEND_SECONDS = 30.0
"""Seconds without an ack before a message is sent again. Not known of real cars."""
MAX_ERRORS = 100


class Telemetry:
    """The telemetry client of a car."""

    def __init__(self, vehicle: Vehicle, kind: Kind) -> None:
        self._vehicle = vehicle
        self.certificate = kind
        """The certificate that the car presents."""
        self.subscriptions: dict[str, Subscription] = {}
        """By client id."""
        self.retired: list[Subscription] = []
        """Removed ones, whose connection is still to be closed."""
        self.errors: deque[Json] = deque(maxlen=MAX_ERRORS)
        """Errors of the car's configurations, as the cloud answers them."""
        self.distortions = Distortions()
        self.losses = 0
        """How often the connection was lost on order."""
        self.lost_until = 0.0
        """No connection is made before this Unix time."""
        self.config_delay = 0.0
        self.resend_after = RESEND_SECONDS
        self.most_configurations = MAX_CONFIGURATIONS
        self.other_configurations = 0
        """The number of other applications with a configuration in this car."""
        self.hides_limit = False
        """Whether the cloud reports a full car as it used to: updated, without a configuration."""
        self.alerts = Alerts()
        self._is_awake = False

    # The cloud's side

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another application's configuration."""
        return len(self.subscriptions) + self.other_configurations >= self.most_configurations

    def offer(self, client_id: str, token: Token) -> None:
        """Accept a new configuration; it reaches the car when that is online, after the delay."""
        subscription = self.subscriptions.get(client_id)
        if subscription is None:
            subscription = self.subscriptions[client_id] = Subscription(
                client_id, self._vehicle, self.distortions, partial(self._report, client_id)
            )
        subscription.offer(token, self._vehicle.time + self.config_delay)
        self.catch_up(self._vehicle.time)

    def withdraw(self, client_id: str) -> bool:
        """Remove a configuration; returns whether there was one.

        Before it hangs up, a real car was seen to send an empty list of errors (issue 258).
        """
        subscription = self.subscriptions.pop(client_id, None)
        if subscription is None:
            return False
        tick = tick_of(self._vehicle.time)
        if subscription.collector is not None:
            subscription.emit(tick, ERRORS, b"", ())
        subscription.stop(tick)
        self.retired.append(subscription)
        return True

    def report_no_connection(self, client_id: str, text: str) -> None:
        """Note that the car could not connect to an application's server."""
        self._report(client_id, "cloud_manager_error", text)

    def _report(self, client_id: str, name: str, text: str) -> None:
        """Note an error of a configuration; the same error twice in a row is one."""
        last = self.errors[-1] if self.errors else {}
        if (last.get("name"), last.get("error_name"), last.get("error")) == (client_id, name, text):
            return
        self.errors.append(
            {
                "vin": self._vehicle.vin,
                "name": client_id,
                "error": text,
                "error_name": name,
                "created_at": datetime.fromtimestamp(self._vehicle.time, UTC).isoformat(),
                "txID": str(uuid4()),
            }
        )

    # Time

    def next_observation_at(self) -> float:
        """The Unix time up to which the car's life may continue without `observe`."""
        if not self.subscriptions or self._vehicle.state == "asleep":
            return math.inf
        return min(subscription.next_due_at() for subscription in self.subscriptions.values())

    def observe(self, time: float, *, happened: bool, stretch: float = 1.0) -> None:
        """Follow the life, which has come to this Unix time; `happened`: by an event."""
        if not self.subscriptions:
            self._is_awake = False
        elif happened:
            self.nudge(time)
        elif self.next_observation_at() <= time:
            self.catch_up(time, stretch)

    def nudge(self, time: float) -> None:
        """Look at the car at the next point of the grid: something may have changed."""
        for subscription in self.subscriptions.values():
            subscription.look_soon(time)
        self.catch_up(time)

    def catch_up(self, time: float, stretch: float = 1.0) -> None:
        """Do everything that is due at this Unix time."""
        is_awake = self._vehicle.state != "asleep"
        if is_awake != self._is_awake:
            for subscription in self.subscriptions.values():
                if is_awake:
                    subscription.start(tick_of(time))
                else:
                    subscription.fall_asleep(tick_of(time))
        self._is_awake = is_awake
        for subscription in self.subscriptions.values():
            subscription.follow(time, stretch)

    # Losses

    def lose_connection(self, seconds: float) -> None:
        """Cut all connections while the car stays awake, and allow none for so long."""
        self.losses += 1
        self.lost_until = self._vehicle.time + seconds

    # Alerts and errors

    def alert(self, name: str, audiences: Iterable[str], *, is_active: bool) -> None:
        """Raise an alert, or end it, for the applications that configured one of its audiences.

        The message also lists the last alert of that name that has ended, the newest first, as real
        cars do.
        """
        # An alert that wakes the car comes after everything that the car sends when it wakes.
        self.catch_up(self._vehicle.time)
        self.alerts.update(name, tuple(audiences), is_active=is_active, at=self._vehicle.time)
        self._emit_alerts(name)

    def repeat_alerts(self) -> None:
        """Send all alerts again, as cars do now and then."""
        self.catch_up(self._vehicle.time)
        for name in self.alerts.names:
            self._emit_alerts(name)

    def _emit_alerts(self, name: str) -> None:
        tick = tick_of(self._vehicle.time)
        audiences = self.alerts.audiences(name)
        message = self.alerts.message(name, timestamp(tick))
        names = (name,) * len(message.alerts)
        for subscription in self.subscriptions.values():
            configuration = subscription.configuration
            if subscription.collector is None or configuration is None:
                continue
            if not configuration.alert_types.isdisjoint(audiences):
                subscription.emit(tick, ALERTS, message.SerializeToString(), names)

    def client_error(self, name: str, body: str, tags: dict[str, str]) -> None:
        """Report a problem of the client to all servers."""
        tick = tick_of(self._vehicle.time)
        error = VehicleError(name=name, body=body, tags=tags, created_at=timestamp(tick))
        message = VehicleErrors(errors=[error], created_at=timestamp(tick))
        for subscription in self.subscriptions.values():
            if subscription.collector is not None:
                subscription.emit(tick, ERRORS, message.SerializeToString(), (name,))

    def due(self, until: float | None = None) -> list[tuple[str, Emission]]:
        """Live until a Unix time (the clock's now) and hand out all messages, in order.

        Pairs of client id and message. Messages handed out here are neither sent nor billed;
        `Simulator.due` does the same and bills them.
        """
        now = self._vehicle.clock.now() if until is None else until
        self._vehicle.advance_to(now)
        self.catch_up(self._vehicle.time)
        emissions = [
            (subscription.client_id, item)
            for subscription in (*self.subscriptions.values(), *self.retired)
            for item in subscription.take(now)
            if isinstance(item, Emission)
        ]
        return sorted(emissions, key=lambda pair: pair[1].time)

    def describe(self) -> Json:
        """The truth for `/simulator/cars`, without the connections."""
        return {
            "certificate": str(self.certificate),
            "config_delay": self.config_delay,
            "resend_after": self.resend_after,
            "most_configurations": self.most_configurations,
            "other_configurations": self.other_configurations,
            "hides_limit": self.hides_limit,
            "text_values": self.distortions.text_values,
            "flapping": dict(self.distortions.flapping),
            "lost_changes": dict(self.distortions.lost_changes),
            "lost_until": self.lost_until,
            "values": {
                name: None if isinstance(value, Invalid) else value
                for name, value in self.distortions.values.items()
            },
            "alerts": dict(self.alerts.active),
            "errors": list(self.errors),
            "configurations": {
                client_id: subscription.describe()
                for client_id, subscription in self.subscriptions.items()
            },
        }

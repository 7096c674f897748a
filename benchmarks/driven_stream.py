"""The streams of a driven run, read from the cars instead of pushed over TLS."""

from collections.abc import Mapping

from benchmarks.contestants import Home
from benchmarks.logged_in import CLIENT_ID
from custom_components.flotte.tesla.vehicle.stream import Stream
from simulator import Simulator
from simulator.telemetry.subscription import Emission


class DirectStreams:
    """Connections of the cars to a contestant, and the messages that could not be sent."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._home: Home | None = None
        self._connected: dict[str, str] = {}
        """Ids of the open connections, by VIN."""
        self._kept: dict[str, list[Emission]] = {}
        """Messages that cars could not send, by VIN."""
        self._connections = 0

    def open(self, home: Home) -> None:
        """Deliver to a Home Assistant that has started; the cars connect on their own."""
        self._home = home

    def close(self) -> None:
        """Disconnect all cars, as when Home Assistant stops."""
        for vin in tuple(self._connected):
            self._disconnect(vin)
        self._home = None

    @property
    def _streams(self) -> Mapping[str, Stream]:
        """The receiving ends of the running Home Assistant, by VIN."""
        return {} if self._home is None else self._home.streams()

    def deliver(self) -> None:
        """Deliver the messages that are due, and connect or disconnect cars as they would."""
        streams = self._streams
        for vin, client_id, emission in self._simulator.due():
            if vin not in streams or client_id != CLIENT_ID:
                continue
            if self._is_cut_off(vin) or vin in self._kept:
                self._kept.setdefault(vin, []).append(emission)
            else:
                self._push(vin, emission)
        for vin, car in self._simulator.world.cars.items():
            subscription = car.telemetry.subscriptions.get(CLIENT_ID)
            is_collecting = subscription is not None and subscription.collector is not None
            if not is_collecting or self._is_cut_off(vin):
                self._disconnect(vin)
            elif vin in streams and car.state == "online":
                self._connect(vin)
                for emission in self._kept.pop(vin, ()):
                    self._push(vin, emission)

    def _is_cut_off(self, vin: str) -> bool:
        """Whether a car has lost its connection on order."""
        telemetry = self._simulator.world.cars[vin].telemetry
        return self._simulator.clock.now() < telemetry.lost_until

    def _push(self, vin: str, emission: Emission) -> None:
        if emission.is_full and vin in self._connected:
            # Another configuration: the car hangs up and connects again.
            self._disconnect(vin)
        self._connect(vin)
        self._streams[vin].receive(emission.topic.encode(), emission.payload)

    def _connect(self, vin: str) -> None:
        if vin not in self._connected:
            self._connections += 1
            self._connected[vin] = str(self._connections)
            self._streams[vin].opened(self._connected[vin], "wifi")

    def _disconnect(self, vin: str) -> None:
        connection = self._connected.pop(vin, None)
        if connection is not None:
            self._streams[vin].closed(connection)

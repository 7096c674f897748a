"""The cars that take power from a house."""

from simulator.cars import Car
from simulator.vehicle.charging import Session
from simulator.vehicle.drive import distance_m

_AT_HOME_METRES = 150.0


class Guest:
    """A car, and the energy of it that the house has counted."""

    def __init__(self, car: Car) -> None:
        self.car = car
        self._seen_kwh = 0.0
        self._seen_sessions = 0
        self._is_new = True

    def is_connected(self, place: tuple[float, float]) -> bool:
        """Whether its cable is plugged into this house."""
        car = self.car
        if car.charging.supply is None or car.charging.supply.is_fast:
            return False
        return distance_m((car.latitude, car.longitude), place) < _AT_HOME_METRES

    @property
    def watts(self) -> int:
        """Its present power."""
        return round(self.car.wall_kilowatts * 1000)

    def ignore(self) -> None:
        """Count nothing before it is plugged in here."""
        self._is_new = True

    def live(self, since: float, until: float) -> tuple[float, list[Session]]:
        """Let it live; returns the Wh that it took from its supply, and its new sessions."""
        charging = self.car.charging
        if self._is_new:
            self._is_new = False
            self._seen_kwh, self._seen_sessions = charging.at_plug
        share = 1.0
        if self.car.time > until:
            # If the car is ahead because it was observed alone, its energy since then is spread
            # evenly.
            share = (until - since) / (self.car.time - since)
        self.car.advance_to(until)
        taken = (charging.wall_kwh - self._seen_kwh) * share
        self._seen_kwh += taken
        sessions = charging.sessions[self._seen_sessions :]
        self._seen_sessions = len(charging.sessions)
        return taken * 1000, sessions

    def set_power(self, *, has_power: bool) -> None:
        """Switch its supply off or on; it charges on when the power is back."""
        charging = self.car.charging
        if has_power == charging.has_power:
            return
        charging.has_power = has_power
        if not has_power and charging.state in ("Charging", "Starting"):
            charging.interrupt("NoPower")
        elif has_power and charging.state == "NoPower":
            self.car.rouse(self.car.time)
            charging.state = "Stopped"
            charging.try_to_begin(self.car.time)

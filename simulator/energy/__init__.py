"""Energy sites: their state, the answers of Tesla's cloud about them, commands, and histories.

Power in W, energy in Wh. Source of the shapes: Tesla, "Energy endpoints", samples of
August 2024 and January 2025.
"""

from dataclasses import asdict
from typing import Any, override

from simulator.energy import histories, objects, settings, steering
from simulator.energy.state import Json, SiteState

__all__ = ["Site"]


class Site(SiteState):
    """A house with panels, a Powerwall and a wall connector for a car."""

    def product_object(self) -> Json:
        """Return the entry of the site in `GET /api/1/products`."""
        self.advance()
        product: Json = self.answers.read("products", objects.product(self))
        return product

    def live_status(self) -> Any:  # noqa: ANN401  # as tests order
        """Return `live_status`: load = solar + battery + grid, to the watt."""
        self.advance()
        self.meter.note(self.time, objects.live_status(self))
        return self.answers.read("live_status", self.meter.read())

    @override
    def _live(self, end: float) -> None:
        super()._live(end)
        if self.meter.delay:
            self.meter.note(self.time, objects.live_status(self))

    def site_info(self) -> Any:  # noqa: ANN401  # as tests order
        """Return `site_info`."""
        self.advance()
        return self.answers.read("site_info", objects.site_info(self))

    def history(self, kind: str, query: Json) -> Any:  # noqa: ANN401  # as tests order
        """Return a history: `energy` and `backup` (calendar_history), `charge` (telemetry_history).

        `start_date` and `end_date` are RFC 3339 times, by default the site's present day. Raises
        InvalidBody for malformed parameters, UnknownCommand for another kind.
        """
        self.advance()
        if (section := f"{kind}_history") in self.answers.instead:
            return self.answers.instead[section]
        return histories.history(self, kind, query)

    def command(self, name: str, body: Json) -> Any:  # noqa: ANN401  # as tests order
        """Change a setting and return the `response` of Tesla's cloud.

        Raises UnknownCommand, InvalidBody.
        """
        if name in self.answers.instead:
            return self.answers.instead[name]
        settings.change(self, name, body)
        return self.answers.confirm(name)

    def steer(self, changes: Json) -> None:
        """Apply orders; see `simulator.energy.steering`. Raises SteeringError."""
        self.advance()
        steering.steer(self, changes)

    def describe(self) -> Json:
        """The truth about the site, as JSON."""
        self.advance()
        return {
            "id": self.id,
            "name": self.name,
            "account": self.account,
            "time": self.time,
            "energy_wh": self.energy_wh,
            "percentage_charged": self.percent,
            "power": asdict(self.power()),
            "on_grid": self.house.is_on_grid,
            "storm": self.house.is_stormy,
            "storm_mode_active": self.house.is_storm_mode_active,
            "settings": asdict(self.house.settings),
            "off_grid_vehicle_charging_reserve_percent": self.off_grid_vehicle_reserve,
            "car": None if self.car is None else self.car.vin,
            "connected": [guest.car.vin for guest in self.connected()],
            "meter": {"delay": self.meter.delay, "silent": self.meter.is_silent},
            "commands": list(self.commands),
            "answers": asdict(self.answers),
        }

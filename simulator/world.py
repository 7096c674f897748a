"""The simulated world: three cars and a house."""

from simulator.cars import Car
from simulator.clock import Clock
from simulator.energy import Site
from simulator.supercharging import Supercharging
from simulator.vehicle.charging import SUPPLIES
from simulator.vehicle.model import MODEL_3, MODEL_S_2019, MODEL_Y

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
OLD_FAITHFUL = "5YJSA7E20KF000003"
SITE_ID = 1234567890123


class World:
    """Everything that shares a clock. The same seed makes the same world."""

    def __init__(self, clock: Clock, seed: int = 1) -> None:
        self.clock = clock
        self.seed = seed
        aurora = Car(
            clock,
            MODEL_Y,
            vin=AURORA,
            display_name="Aurora",
            number=1,
            firmware="2026.32.6",
            percent=68,
            seed=seed,
            telemetry_version="1.2.0",
        )
        aurora.pairs_automatically = True
        aurora.charging.plug_in(SUPPLIES["ac3"], now=clock.now(), start=False)
        aurora.fall_asleep()
        comet = Car(
            clock,
            MODEL_3,
            vin=COMET,
            display_name="Comet",
            number=2,
            firmware="2026.26.4",
            percent=54,
            seed=seed,
            telemetry_version="1.2.0",
        )
        comet.latitude, comet.longitude = 52.3792, 4.9003
        old_faithful = Car(
            clock,
            MODEL_S_2019,
            vin=OLD_FAITHFUL,
            display_name="Old Faithful",
            number=3,
            firmware="2024.44.25",
            percent=77,
            seed=seed,
            protocol_required=False,
            rest_only=True,
        )
        old_faithful.latitude, old_faithful.longitude = 52.3676, 4.9041
        self.cars: dict[str, Car] = {car.vin: car for car in (aurora, comet, old_faithful)}
        site = Site(
            clock, SITE_ID, name="Home", seed=seed, car=aurora, guests=[comet, old_faithful]
        )
        self.sites: dict[int, Site] = {site.id: site}
        self.supercharging = Supercharging()

    def add_site(self, kind: str, site_id: int, name: str) -> Site:
        """Build another site of a kind of `simulator.energy.equipment`."""
        site = self.sites[site_id] = Site(
            self.clock, site_id, name=name, seed=self.seed + len(self.sites), kind=kind
        )
        return site

    def advance(self) -> None:
        """Bring every car and site up to the clock's now."""
        for site in self.sites.values():
            # A site brings the car at its wall connector up to date with it, step by step.
            site.advance()
        for car in self.cars.values():
            car.advance()
        self.supercharging.collect(self.cars.values())

    def car(self, vin_or_id: str) -> Car | None:
        """A car by its VIN or by the number in its `id`."""
        for car in self.cars.values():
            if vin_or_id in (car.vin, str(car.id)):
                return car
        return None

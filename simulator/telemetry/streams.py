"""All connections of all cars: brought up to date, billed, and closed."""

import asyncio
import logging
from collections.abc import Callable, Iterator

from simulator.bill import Category
from simulator.cars import Car
from simulator.cloud import Cloud
from simulator.telemetry.certificates import Authorities
from simulator.telemetry.endpoints import enforce
from simulator.telemetry.link import Link
from simulator.telemetry.subscription import Emission, Subscription

LOGGER = logging.getLogger(__name__)

PATIENCE = 2.0
"""Maximum real seconds that a step waits for acks."""
BEAT_SECONDS = 0.5
"""The grid of the cars' messages, when the real clock runs."""


class Streams:
    """The telemetry side of the simulated world; see `Simulator.stream`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.authorities = Authorities(cloud.seed)
        self._links: dict[Subscription, tuple[Car, Link]] = {}
        self._beat: asyncio.Task[None] | None = None
        self._pumping: set[asyncio.Task[None]] = set()
        self._is_driven = True

    def link(self, vin: str, client_id: str = "flotte-demo") -> Link:
        """The connection of a car to an application's server.

        Raises KeyError for a car without a configuration of this application.
        """
        car = self._cloud.world.cars[vin]
        return self._link(car, car.telemetry.subscriptions[client_id])

    async def step(self, patience: float = PATIENCE) -> None:
        """Bring all streams up to the clock's now, and wait for their acks."""
        links = await self._due()
        results = await asyncio.gather(*(link.pump(patience) for link in links))
        del results

    def due(self) -> list[tuple[str, str, Emission]]:
        """Return the due messages instead of sending them: VIN, client id, message, in order.

        They are billed as if they had been sent.
        """
        self._cloud.world.advance()
        told: list[tuple[str, str, Emission]] = []
        for car in self._cloud.world.cars.values():
            for client_id, emission in car.telemetry.due():
                told.append((car.vin, client_id, emission))
                if emission.signals:
                    self._charge(car, client_id, emission.signals)
        enforce(self._cloud)
        return sorted(told, key=lambda row: row[2].time)

    def start(self) -> None:
        """Stream automatically while the real clock runs."""
        self._is_driven = False
        self._beat = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Close all connections."""
        tasks = [*self._pumping, *([self._beat] if self._beat else [])]
        self._beat = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(link.close() for _, link in self._links.values()))
        self._links.clear()

    async def _run(self) -> None:
        """Pump all links regularly; a car that waits for a server does not delay the others."""
        while True:
            try:
                for link in await self._due():
                    if link.is_idle:
                        task = asyncio.create_task(link.pump(0))
                        self._pumping.add(task)
                        task.add_done_callback(self._ended)
            except Exception as error:
                # A defect of the simulator: kept, and raised when the simulator is left.
                LOGGER.exception("streaming")
                self._cloud.failures.append(error)
            await asyncio.sleep(BEAT_SECONDS)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._pumping.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            LOGGER.error("streaming", exc_info=error)
            self._cloud.failures.append(error)

    async def _due(self) -> list[Link]:
        """Live until now, close links of removed subscriptions, and return the other links."""
        world = self._cloud.world
        world.advance()
        enforce(self._cloud)
        wanted: dict[Subscription, Car] = {}
        for car in world.cars.values():
            car.telemetry.catch_up(car.time)
            for subscription in car.telemetry.subscriptions.values():
                wanted[subscription] = car
            car.telemetry.retired.clear()
        gone = [subscription for subscription in self._links if subscription not in wanted]
        await asyncio.gather(*(self._links.pop(subscription)[1].close() for subscription in gone))
        return [self._link(car, subscription) for subscription, car in wanted.items()]

    def _link(self, car: Car, subscription: Subscription) -> Link:
        if subscription not in self._links:
            link = Link(
                car,
                car.telemetry,
                subscription,
                self.authorities,
                self._charger(car, subscription.client_id),
                is_driven=self._is_driven,
            )
            subscription.describe_link = link.describe
            self._links[subscription] = (car, link)
        return self._links[subscription][1]

    def _charger(self, car: Car, client_id: str) -> Callable[[int], None]:
        return lambda signals: self._charge(car, client_id, signals)

    def _charge(self, car: Car, client_id: str, signals: int) -> None:
        """Whether Tesla bills resent messages is not known; they are billed here."""
        self._cloud.bill.charge(client_id, Category.SIGNAL, vin=car.vin, amount=signals)

    def __iter__(self) -> Iterator[Link]:
        return (link for _, link in self._links.values())

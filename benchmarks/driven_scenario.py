"""The scenario of a driven run, and the observations that its figures come from."""

from dataclasses import dataclass, field
from enum import StrEnum

from benchmarks.contestants import Home
from benchmarks.freshness import LEVEL, LOCK, PLACE, POWER, Watch, is_charging, is_driving
from benchmarks.scripted_days import Feature
from simulator.cars import Car


class Calls(StrEnum):
    """The calls that Home Assistant receives."""

    NONE = "none"
    EIGHT = "eight"
    """Eight per day and car, six of which change something."""
    SURPLUS = "surplus"
    """Three hundred per day, from a naive automation."""
    STALE = "stale"
    """At moments when the data of the car is old; the days contain nothing else."""
    SPENDTHRIFT = "spendthrift"
    """More than a small budget allows."""
    DOUBTFUL = "doubtful"
    """After changes that no stream reported; the days contain nothing else."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The conditions of a run."""

    contestant: str
    days: int = 7
    """From a Monday on."""
    cars: int = 1
    """One; or two, and a site."""
    calls: Calls = Calls.NONE
    restarts: bool = False
    """Whether Home Assistant is restarted each day at 15:00."""
    budget: float | None = None
    """Flotte's monthly budget, in EUR."""
    faults: bool = False
    """Whether requests fail at random."""
    real_stream: bool = False
    """Whether cars push over TLS instead of being read; slower."""
    recorder: bool = False
    """Whether Home Assistant's recorder runs, and its rows are counted."""
    until: float | None = None
    """Seconds after the first midnight at which the run ends, instead of after its days."""


@dataclass(slots=True)
class Outcome:
    """The result of a call."""

    name: str
    feature: str
    at: float
    """Seconds since the first midnight."""
    before: bool
    """Whether the car was already in the requested state."""
    after: bool
    error: str | None
    state: str
    """The state of the car at the time of the call: `online` or `asleep`."""
    seconds: float
    """Duration of the call."""
    commands: int
    wakes: int
    """Wakes billed for this car during the call."""
    sent: int
    """Commands that reached the car meanwhile, whether it ran or refused them."""
    woken: int
    """How often the car really woke on request."""
    lost: float | None
    """Seconds between the moment at which the car had woken, and the command in it."""

    @property
    def is_unsent(self) -> bool:
        """Whether a command was needed, and none was sent."""
        return not self.before and not self.sent

    @property
    def is_effective(self) -> bool:
        """Whether it had the requested effect."""
        return self.after and not self.before


@dataclass
class Watches:
    """All quantities of one car."""

    car: Car
    place: Watch[tuple[float, float]] = field(default_factory=lambda: Watch(PLACE))
    level: Watch[float] = field(default_factory=lambda: Watch(LEVEL))
    power: Watch[float] = field(default_factory=lambda: Watch(POWER))
    lock: Watch[bool] = field(default_factory=lambda: Watch(LOCK))
    awake: float = 0.0
    """Seconds."""
    looked: float | None = None
    """When it was last observed."""

    def look(self, home: Home | None, now: float, *, around_trip: bool) -> None:
        """Compare displayed values with the truth; without a Home Assistant there are none."""
        car, vin = self.car, self.car.vin
        awake = car.state == "online"
        if awake and self.looked is not None:
            self.awake += now - self.looked
        self.looked = now
        for each in (self.place, self.level, self.power, self.lock):
            each.live(car, now)
        if home is None:
            return
        moves, charges = is_driving(car), is_charging(car)
        self.place.look(home.place(vin), now, counts=moves)
        self.level.look(home.number(vin, Feature.LEVEL), now, counts=moves or charges)
        self.power.look(home.number(vin, Feature.POWER), now, counts=awake)
        self.lock.look(home.is_locked(vin), now, counts=around_trip)

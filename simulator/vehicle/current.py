"""The charging current: set, displayed and real.

Sources: TeslaPy issue 42, evcc 13007, esphome-tesla-ble 77 and 120, vehicle-command 256 for the
rule of 5 A; the times are those for which charging controllers of the community wait.
"""

from dataclasses import dataclass, field

MIN_DISPLAYED = 5
"""A. Car and app display no lower setting, although less may flow."""
MIN_REAL = 1
"""A. Real cars draw about as much when 0 A is requested."""
DEAD_SECONDS = 10.0
"""From the start of a charge, or a new setting, until the current changes."""
STEP_SECONDS = 1.0
"""Time per ampere of the change after that."""
MAX_STARTS = 30
"""Starts within a day after which the current sticks. The real number is unknown."""
STUCK_AMPS = 6
_DAY_SECONDS = 86_400.0


@dataclass
class Current:
    """Whole amperes per phase; times are Unix times."""

    setting: int = 16
    """Displayed by car and app: `charge_current_request`."""
    lowest: int = MIN_REAL
    """The lowest real current of this car. One Model X stayed at 5 A, one car drew 2 A for 1 A.
    Source: alandtse/tesla 509, vehicle-command 256."""
    amps: int = 0
    """The real current."""
    chosen: int | None = None
    """The last setting by a person or a command; None: the maximum."""
    low: int | None = None
    """A setting below 5 A that applies but is not displayed."""
    low_asked: int | None = None
    """Requested once, which only led to 5 A; the second request is applied."""
    moves_at: float | None = None
    """When the real current next changes towards the setting."""
    stuck_at: int | None = None
    """The maximum real current, whatever is set, until the cable is pulled; observed after many
    stops and starts. Source: TWCManager issue 12."""
    max_starts: int | None = MAX_STARTS
    """Starts in 24 hours with one cable that a car takes; None: any number."""
    starts: list[float] = field(default_factory=list)
    """Those with the present cable in the last 24 hours, as Unix times."""

    def fit(self, highest: int) -> None:
        """Return to the chosen current, as far as a new cable allows it."""
        self.stuck_at = None
        self.starts.clear()
        self.setting = highest if self.chosen is None else min(self.chosen, highest)

    def choose(self, wanted: int, highest: int) -> None:
        """Set a current from 5 A in the car itself, or by a command."""
        self.setting = min(wanted, highest)
        self.chosen = self.setting
        self.low = self.low_asked = None

    def command(self, wanted: int, highest: int, now: float, *, is_charging: bool) -> None:
        """Apply a command: after 5 A or more, one below 5 A only leads to 5 A at first."""
        before = self.target
        if wanted >= MIN_DISPLAYED:
            self.choose(wanted, highest)
        else:
            self._go_low(max(wanted, self.lowest), highest, is_charging=is_charging)
        if is_charging and self.target != before and self.moves_at is None:
            self.moves_at = now + DEAD_SECONDS

    def _go_low(self, wanted: int, highest: int, *, is_charging: bool) -> None:
        follows = is_charging and (self.low is not None or self.low_asked == wanted)
        self.choose(MIN_DISPLAYED, highest)
        if follows:
            self.low = min(wanted, highest)
        elif is_charging:
            self.low_asked = wanted

    @property
    def target(self) -> int:
        """The current that the real one approaches."""
        target = self.setting if self.low is None else self.low
        return target if self.stuck_at is None else min(target, self.stuck_at)

    def stick(self, amps: int | None, now: float) -> None:
        """Limit the real current; None removes the limit."""
        self.stuck_at = amps
        if self.amps != self.target and self.moves_at is None:
            self.moves_at = now + STEP_SECONDS

    def count_start(self, now: float) -> None:
        """Note a start; after too many of them the current sticks."""
        self.starts = [at for at in self.starts if now - at < _DAY_SECONDS] + [now]
        if self.max_starts is not None and len(self.starts) > self.max_starts:
            self.stuck_at = STUCK_AMPS

    def begin(self, now: float) -> None:
        """Start a charge: at 5 A, whatever lower current was requested before."""
        self.low = self.low_asked = None
        self.amps = 0
        self.moves_at = now + DEAD_SECONDS

    def end(self) -> None:
        """Stop the current."""
        self.low = self.low_asked = None
        self.amps = 0
        self.moves_at = None

    def move(self, now: float) -> None:
        """Take a step towards the setting, if one is due; the first one leads to 5 A."""
        if self.moves_at is None or self.moves_at > now:
            return
        if self.amps == 0:
            self.amps = min(MIN_DISPLAYED, self.target)
        elif self.amps != self.target:
            self.amps += 1 if self.amps < self.target else -1
        self.moves_at = None if self.amps == self.target else now + STEP_SECONDS

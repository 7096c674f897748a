"""The charging current: what was set, what is shown, and what flows.

Sources: TeslaPy issue 42, evcc 13007, esphome-tesla-ble 77 and 120, vehicle-command 256 for the
rule of 5 A; the times are those that charging controllers of the community wait.
"""

from dataclasses import dataclass

LOWEST_SHOWN = 5
"""A. Car and app show no lower setting, although less may flow."""
LOWEST = 1
"""A. Real cars draw about as much when 0 A is asked for."""
DEAD_SECONDS = 10.0
"""From the start of a charge, or a new setting, until the current moves."""
STEP_SECONDS = 1.0
"""Then it moves by an ampere a second."""


@dataclass
class Current:
    """Whole amperes per phase; times are Unix times."""

    setting: int = 16
    """What car and app show: `charge_current_request`."""
    amps: int = 0
    """What flows."""
    chosen: int | None = None
    """What somebody set last; None: as much as there is."""
    low: int | None = None
    """A setting below 5 A that is in force, and not shown."""
    low_asked: int | None = None
    """Asked for once, which only led down to 5 A; the same again is followed."""
    moves_at: float | None = None
    """When what flows next moves towards what was set."""
    stuck_at: int | None = None
    """No more flows, whatever is set, until the cable is pulled; seen after many stops and starts.
    Source: TWCManager issue 12."""

    def fit(self, highest: int) -> None:
        """Go back to what was chosen, as far as a new cable allows it."""
        self.stuck_at = None
        self.setting = highest if self.chosen is None else min(self.chosen, highest)

    def choose(self, wanted: int, highest: int) -> None:
        """Set a current from 5 A in the car itself, or by a command."""
        self.setting = min(wanted, highest)
        self.chosen = self.setting
        self.low = self.low_asked = None

    def command(self, wanted: int, highest: int, now: float, *, is_charging: bool) -> None:
        """Follow a command: from 5 A or more, one below 5 A only leads to 5 A at first."""
        before = self.target
        if wanted >= LOWEST_SHOWN:
            self.choose(wanted, highest)
        else:
            self._go_low(max(wanted, LOWEST), highest, is_charging=is_charging)
        if is_charging and self.target != before and self.moves_at is None:
            self.moves_at = now + DEAD_SECONDS

    def _go_low(self, wanted: int, highest: int, *, is_charging: bool) -> None:
        follows = is_charging and (self.low is not None or self.low_asked == wanted)
        self.choose(LOWEST_SHOWN, highest)
        if follows:
            self.low = min(wanted, highest)
        elif is_charging:
            self.low_asked = wanted

    @property
    def target(self) -> int:
        """What is to flow."""
        target = self.setting if self.low is None else self.low
        return target if self.stuck_at is None else min(target, self.stuck_at)

    def stick(self, amps: int | None, now: float) -> None:
        """Let no more flow than that; None lets go."""
        self.stuck_at = amps
        if self.amps != self.target and self.moves_at is None:
            self.moves_at = now + STEP_SECONDS

    def begin(self, now: float) -> None:
        """Begin a charge: at 5 A, whatever was asked for below it before."""
        self.low = self.low_asked = None
        self.amps = 0
        self.moves_at = now + DEAD_SECONDS

    def end(self) -> None:
        """Let nothing flow any more."""
        self.low = self.low_asked = None
        self.amps = 0
        self.moves_at = None

    def move(self, now: float) -> None:
        """Go a step towards what was set, if one is due; the first one leads to 5 A."""
        if self.moves_at is None or self.moves_at > now:
            return
        if self.amps == 0:
            self.amps = min(LOWEST_SHOWN, self.target)
        elif self.amps != self.target:
            self.amps += 1 if self.amps < self.target else -1
        self.moves_at = None if self.amps == self.target else now + STEP_SECONDS

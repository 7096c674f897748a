"""Doors, trunks, windows, locks and tyres."""

from dataclasses import dataclass, field

DOORS = ("df", "dr", "pf", "pr")
"""Driver and passenger side, front and rear, as `vehicle_state` names them."""
WINDOWS = ("fd", "fp", "rd", "rp")
"""Front and rear, driver and passenger side; `fd_window` and so on."""
WHEELS = ("fl", "fr", "rl", "rr")
OPEN = 1
VENTED = 2
"""Any window value but 0 is "open or vented"; clients must not expect just one."""
SOFT_WARNING_SHARE = 0.85
HARD_WARNING_SHARE = 0.7


@dataclass
class Tyres:
    """Pressures in bar, the times of the last reports, and the recommended values."""

    recommended_front: float
    recommended_rear: float
    pressure: dict[str, float] = field(default_factory=dict)
    seen_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for wheel in WHEELS:
            self.pressure.setdefault(wheel, self.recommended(wheel))

    def recommended(self, wheel: str) -> float:
        """The recommended cold pressure of this wheel's axle."""
        return self.recommended_front if wheel.startswith("f") else self.recommended_rear

    def is_soft(self, wheel: str) -> bool:
        """Whether the car would ask for air."""
        return self.pressure[wheel] < self.recommended(wheel) * SOFT_WARNING_SHARE

    def is_hard(self, wheel: str) -> bool:
        """Whether the car would ask to stop."""
        return self.pressure[wheel] < self.recommended(wheel) * HARD_WARNING_SHARE


@dataclass
class Body:
    """Everything that opens, closes and locks. Numbers: 0 is closed."""

    doors: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DOORS, 0))
    windows: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WINDOWS, 0))
    frunk: int = 0
    trunk: int = 0
    sunroof: str = "closed"
    tonneau: str = "Closed"
    """As the stream names it: Closed, PartiallyOpen or FullyOpen."""
    is_locked: bool = True

    @property
    def has_open_door(self) -> bool:
        """Whether a door is open."""
        return any(self.doors.values())

    @property
    def has_open_closure(self) -> bool:
        """Whether a door or a trunk is open, so that the car cannot be locked."""
        return self.has_open_door or bool(self.frunk or self.trunk)

    def close_vents(self) -> None:
        """Close the windows that are only vented, but not those that were opened."""
        for name, state in self.windows.items():
            if state == VENTED:
                self.windows[name] = 0

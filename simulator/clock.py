"""The simulator's clock: the machine's time plus an offset that tests and the demo move."""

import time


class Clock:
    """Unix time that can be moved forward.

    `time.time` is looked up at every call, so that a test that freezes or moves the machine's time
    (freezegun) moves the simulator's too; `advance` moves only this clock.
    """

    def __init__(self) -> None:
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """How far this clock runs ahead of the machine's, in seconds."""
        return self._offset

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward by this many seconds.

        Raises ValueError for a negative number: the past of the cars cannot be undone.
        """
        if seconds < 0:
            raise ValueError("the simulator's clock only runs forward")
        self._offset += seconds

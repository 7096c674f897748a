"""The suspension: Tesla stops a developer account that exceeds the limit set with Tesla."""

from datetime import datetime

from .ledger import Month


class Suspension:
    """The state of a suspension, which lasts until the end of the month unless it ends earlier.

    It ends earlier if the owner says that Tesla's limit was raised, or if Tesla answers a probe: a
    free request of a kind that it refused during the suspension. If a probe was wrong once, only
    the owner can end the suspension for the rest of the month, because each mistake costs a
    request.
    """

    def __init__(self) -> None:
        self.month: Month | None = None
        """The month in which Tesla suspended the account, and with which the suspension ends."""
        self.count = 0
        """Number of suspensions. Each one makes Tesla remove the subscriptions of all cars, so any
        that were configured before are gone."""
        self._refused_free: set[str] = set()
        self._distrusted: Month | None = None
        self._lifted: Month | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether the account is suspended now, so that no paid request may be sent."""
        return self.month == Month.of(now)

    def begin(self, now: datetime, free: str | None = None) -> None:
        """Begin or confirm the suspension: Tesla refused a request with EXCEEDED_LIMIT.

        Args:
            now: The current time.
            free: The kind of request, if it is free: such requests are probes from now on.
        """
        if not self.is_active(now):
            if self._lifted == Month.of(now):
                self._distrusted = self._lifted
            self._refused_free.clear()
            self.month = Month.of(now)
            self.count += 1
        if free is not None:
            self._refused_free.add(free)

    def end(self) -> None:
        """End the suspension, because the owner says that Tesla's limit was raised."""
        self.month = None

    def is_probe(self, free: str, now: datetime) -> bool:
        """Whether an answer to this kind of free request proves that the suspension is over."""
        month = Month.of(now)
        return self.month == month != self._distrusted and free in self._refused_free

    def lift(self) -> None:
        """End the suspension, because Tesla answered a probe."""
        self._lifted = self.month
        self.end()

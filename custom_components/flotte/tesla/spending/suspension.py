"""The suspension: Tesla stopped the developer account, because its own limit is exceeded."""

from datetime import datetime

from .ledger import Month


class Suspension:
    """Tesla's stop of a developer account, and what may end it before the month does.

    The owner says that Tesla's limit was raised, or Tesla answers a free request again that it
    refused because of the suspension. This request is a probe. Where a probe was wrong once, only
    the owner is believed for the rest of the month: each mistake costs a request.
    """

    def __init__(self) -> None:
        self.month: Month | None = None
        """The month in which Tesla stopped the account; it ends with it."""
        self.count = 0
        """How often Tesla stopped the account. Each time it removes what the cars are to stream, so
        what was configured before the last one is gone."""
        self._refused_free: set[str] = set()
        self._distrusted: Month | None = None
        self._lifted: Month | None = None

    def is_active(self, now: datetime) -> bool:
        """Whether nothing that is paid may be requested now."""
        return self.month == Month.of(now)

    def begin(self, now: datetime, free: str | None = None) -> None:
        """Apply that Tesla refused a request with EXCEEDED_LIMIT.

        Args:
            now: When.
            free: The kind of request, if it costs nothing: it can be a probe from now on.
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
        """End it, because the owner says that Tesla's limit was raised."""
        self.month = None

    def is_probe(self, free: str, now: datetime) -> bool:
        """Whether Tesla would not answer this kind of free request if it were not over."""
        month = Month.of(now)
        return self.month == month != self._distrusted and free in self._refused_free

    def lift(self) -> None:
        """End it, because Tesla answered a probe."""
        self._lifted = self.month
        self.end()

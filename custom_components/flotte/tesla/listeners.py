"""Listeners of something that happens: `subscribe` returns `unsubscribe`, a call notifies all."""

from collections.abc import Callable


class Listeners[*Args]:
    """Functions to call whenever something happens, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[*Args], None]] = {}

    def subscribe(self, listener: Callable[[*Args], None]) -> Callable[[], None]:
        """Call `listener` from now on; call the returned function to stop that."""
        subscription = object()
        self._listeners[subscription] = listener

        def unsubscribe() -> None:
            self._listeners.pop(subscription, None)

        return unsubscribe

    def __call__(self, *args: *Args) -> None:
        """Notify all that are subscribed now."""
        for listener in tuple(self._listeners.values()):
            listener(*args)

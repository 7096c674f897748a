"""Listeners: `subscribe` returns `unsubscribe`, a call notifies those that are concerned."""

from collections.abc import Callable, Collection


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


class KeyedListeners[KeyT]:
    """Functions to call when something with a key changes, once for any number of keys."""

    def __init__(self) -> None:
        self._listeners: dict[KeyT, dict[object, Callable[[], None]]] = {}

    @property
    def keys(self) -> frozenset[KeyT]:
        """Keys that have a listener."""
        return frozenset(key for key, listeners in self._listeners.items() if listeners)

    def subscribe(self, keys: Collection[KeyT], listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` for these keys from now on; call the returned function to stop that."""
        subscription = object()
        for key in keys:
            self._listeners.setdefault(key, {})[subscription] = listener

        def unsubscribe() -> None:
            for key in keys:
                self._listeners[key].pop(subscription, None)

        return unsubscribe

    def __call__(self, keys: Collection[KeyT]) -> None:
        """Notify all that are subscribed to any of these keys now."""
        known = self._listeners
        # A dict of its own, because a listener may add or remove listeners.
        concerned = {
            subscription: listener
            for key in keys
            if key in known
            for subscription, listener in known[key].items()
        }
        for listener in concerned.values():
            listener()

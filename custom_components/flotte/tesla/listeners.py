"""Listeners: `subscribe` returns `unsubscribe`, and a call notifies the listeners."""

from collections.abc import Callable, Collection
from functools import partial


class Listeners[*Args]:
    """Functions to call whenever something happens, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[*Args], None]] = {}

    def subscribe(self, listener: Callable[[*Args], None]) -> Callable[[], None]:
        """Call `listener` from now on; return a function that stops it."""
        subscription = object()
        self._listeners[subscription] = listener

        def unsubscribe() -> None:
            self._listeners.pop(subscription, None)

        return unsubscribe

    def __call__(self, *args: *Args) -> None:
        """Call all current listeners."""
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
        """Call `listener` for these keys from now on; return a function that stops it."""
        subscription = object()
        for key in keys:
            self._listeners.setdefault(key, {})[subscription] = listener
        # Not a nested function, which takes three times the memory: there are thousands.
        return partial(self._unsubscribe, keys, subscription)

    def _unsubscribe(self, keys: Collection[KeyT], subscription: object) -> None:
        for key in keys:
            self._listeners[key].pop(subscription, None)

    def __call__(self, keys: Collection[KeyT]) -> None:
        """Call the current listeners of any of these keys, each once."""
        known = self._listeners
        # A new dictionary, because a listener may add or remove listeners.
        concerned = {
            subscription: listener
            for key in keys
            if key in known
            for subscription, listener in known[key].items()
        }
        for listener in concerned.values():
            listener()


def call_both(one: Callable[[], None], other: Callable[[], None]) -> None:
    """Call two functions; a partial of this takes less memory than a nested function."""
    one()
    other()

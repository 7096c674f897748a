"""Listeners: which are called, in which order, and for how long."""

from collections.abc import Callable

from custom_components.flotte.tesla.listeners import KeyedListeners, Listeners


def test_listeners_are_called_in_the_order_of_their_subscriptions() -> None:
    called: list[tuple[str, int, str]] = []
    changed = Listeners[int, str]()

    def named(name: str) -> Callable[[int, str], None]:
        return lambda number, text: called.append((name, number, text))

    for name in "cab":
        changed.subscribe(named(name))
    changed(7, "x")
    assert called == [("c", 7, "x"), ("a", 7, "x"), ("b", 7, "x")]


def test_without_listeners() -> None:
    Listeners[int]()(7)


def test_each_subscription_ends_separately() -> None:
    """Also if one function was subscribed twice, and if a subscription is ended twice."""
    called: list[None] = []
    changed = Listeners[()]()

    def listener() -> None:
        called.append(None)

    first, second = changed.subscribe(listener), changed.subscribe(listener)
    changed()
    assert len(called) == 2
    first()
    first()
    changed()
    assert len(called) == 3
    second()
    changed()
    assert len(called) == 3


def test_listeners_may_come_and_go_while_they_are_notified() -> None:
    called: list[str] = []
    changed = Listeners[()]()
    ends: list[Callable[[], None]] = []

    def once() -> None:
        called.append("once")
        ends[0]()
        changed.subscribe(lambda: called.append("later"))

    ends.append(changed.subscribe(once))
    changed.subscribe(lambda: called.append("always"))
    changed()
    assert called == ["once", "always"]
    changed()
    assert called == ["once", "always", "always", "later"]


def test_keyed_listeners_are_called_once_for_all_their_keys() -> None:
    changed = KeyedListeners[str]()
    called: list[str] = []
    changed.subscribe(("speed", "gear"), lambda: called.append("both"))
    changed.subscribe(("gear",), lambda: called.append("gear"))
    changed(("speed", "gear", "odometer"))
    assert called == ["both", "gear"]
    changed(("speed",))
    assert called == ["both", "gear", "both"]
    changed(("odometer",))
    assert called == ["both", "gear", "both"]


def test_keys_without_a_listener_are_forgotten() -> None:
    changed = KeyedListeners[str]()
    assert changed.keys == frozenset()
    one = changed.subscribe(("speed", "gear"), lambda: None)
    other = changed.subscribe(("gear",), lambda: None)
    assert changed.keys == {"speed", "gear"}
    one()
    one()
    assert changed.keys == {"gear"}
    other()
    assert changed.keys == frozenset()


def test_keyed_listeners_may_leave_while_they_are_notified() -> None:
    changed = KeyedListeners[str]()
    called: list[str] = []

    def leave() -> None:
        called.append("once")
        unsubscribe()

    unsubscribe = changed.subscribe(("speed",), leave)
    changed.subscribe(("speed",), lambda: called.append("always"))
    changed(("speed",))
    changed(("speed",))
    assert called == ["once", "always", "always"]

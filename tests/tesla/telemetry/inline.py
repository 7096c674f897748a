"""Threads that are none, so that no test depends on when they run."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, override


class Inline(Executor):
    """Runs all work immediately in the calling thread."""

    @override
    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Slow(Executor):
    """Runs no work: the test decides when a thread ends, and with which result."""

    def __init__(self) -> None:
        self.running: list[Future[Any]] = []

    @override
    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        self.running.append(Future())
        return self.running[-1]

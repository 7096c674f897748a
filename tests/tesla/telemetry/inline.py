"""Threads that are none, so that nothing depends on when they run."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import override


class Inline(Executor):
    """Does everything at once, where it is asked to."""

    @override
    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future

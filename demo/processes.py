"""Servers of the demonstration: start and stop."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

PAUSE_SECONDS = 0.1
"""Seconds between two checks of a condition."""
STOP_SECONDS = 20
"""Seconds for a server to end on its own; Home Assistant needs about one."""


class DemoError(Exception):
    """A failure of the demonstration; the text is for its user."""


class Server:
    """A running program with its log."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    async def wait_for[T](self, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
        """Check repeatedly until `look` returns something.

        Raises DemoError when the program ends meanwhile, or the time is over.
        """
        for _ in range(round(seconds / PAUSE_SECONDS)):
            if (found := await look()) is not None:
                return found
            if self.process.returncode is not None:
                raise DemoError(f"{self.name} ended unexpectedly:\n{self.tail()}")
            await asyncio.sleep(PAUSE_SECONDS)
        raise DemoError(f"{self.name} was not ready after {seconds:g} s:\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        """The end of the log."""
        return "\n".join(self._lines()[-lines:])

    def lines_with(self, word: str) -> str:
        """The lines of the log with a word."""
        return "\n".join(line for line in self._lines() if word in line)

    def _lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()


@asynccontextmanager
async def running(
    name: str, log: Path, *command: str, modules: Path | None = None
) -> AsyncIterator[Server]:
    """Run a program with its output in a log, and end it afterwards in any case.

    Python modules in the folder `modules` are found before all others.
    """
    environment = dict(os.environ)
    if modules:
        environment["PYTHONPATH"] = str(modules)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
            # Ctrl-C is for the parent, which ends the servers one by one.
            start_new_session=True,
        )
    try:
        yield Server(name, process, log)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def wait_until[T](what: str, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
    """Check repeatedly until `look` returns something; raises DemoError when the time is over."""
    for _ in range(round(seconds / PAUSE_SECONDS)):
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(PAUSE_SECONDS)
    raise DemoError(f"{what}: not after {seconds:g} s")

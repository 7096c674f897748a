"""Starting and stopping servers."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

PAUSE_SECONDS = 0.1
"""Between two looks at something that is awaited."""
STOP_SECONDS = 20
"""How long a server may take to end by itself; Home Assistant needs about one."""


class DemoError(Exception):
    """Something did not go as the demonstration needs it; the text is for its user."""


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running program with its log."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    async def wait_for[T](self, look: Callable[[], Awaitable[T | None]], seconds: float) -> T:
        """Look again and again until something is there.

        Raises DemoError when the program ends meanwhile, or the time is over.
        """
        for _ in range(round(seconds / PAUSE_SECONDS)):
            if (found := await look()) is not None:
                return found
            if self.process.returncode is not None:
                raise DemoError(f"{self.name} ended by itself:\n{self.tail()}")
            await asyncio.sleep(PAUSE_SECONDS)
        raise DemoError(f"{self.name} was not ready after {seconds:g} s:\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        """The end of the log."""
        return "\n".join(self._lines()[-lines:])

    def lines_with(self, word: str) -> str:
        """What the log says about something."""
        return "\n".join(line for line in self._lines() if word in line)

    def _lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()


@asynccontextmanager
async def running(
    name: str, log: Path, *command: str, modules: Path | None = None
) -> AsyncIterator[Server]:
    """Run a program, its output in a log, and end it afterwards whatever happens.

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
            # Ctrl-C is for us: we end the servers one after the other.
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
    """Look again and again until something is there; raises DemoError when the time is over."""
    for _ in range(round(seconds / PAUSE_SECONDS)):
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(PAUSE_SECONDS)
    raise DemoError(f"{what}: not after {seconds:g} s")

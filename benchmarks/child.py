"""Child processes of a benchmark."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
STOP_SECONDS: Final = 120
"""A busy disk may block each write at the end for seconds."""
MAX_LINE: Final = 1 << 24
"""Bytes; some programs answer with many figures."""


class ChildFailed(Exception):
    """A child process did not start, answer or end as it should."""


class Child:
    """A child process that reads orders and answers them, a line each."""

    def __init__(
        self, module: str, lines: asyncio.StreamReader, orders: asyncio.StreamWriter
    ) -> None:
        self._module = module
        self._lines = lines
        self._orders = orders

    async def line(self, seconds: float) -> str:
        """Read the next line.

        Raises:
            ChildFailed: there was none in time, or the process ended; it has printed the reason.
        """
        try:
            async with asyncio.timeout(seconds):
                line = await self._lines.readline()
        except TimeoutError as error:
            raise ChildFailed(f"{self._module} does not answer") from error
        if not line:
            raise ChildFailed(f"{self._module} ended on its own")
        return line.decode()

    def send(self, order: str) -> None:
        """Send a line."""
        self._orders.write(f"{order}\n".encode())


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run one of the modules, which has to end when its standard input ends.

    Raises:
        ChildFailed: it did not, or ended with an error: what it writes at the end may be missing.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MAX_LINE,
        start_new_session=True,  # Ctrl-C is for the parent; the end of its input ends the child
    )
    if process.stdin is None or process.stdout is None:
        raise ChildFailed(f"no pipes to {module}")
    try:
        yield Child(module, process.stdout, process.stdin)
    except BaseException:
        await _end(process)
        raise
    if (code := await _end(process)) != 0:
        raise ChildFailed(f"{module} ended with {code}")


async def _end(process: asyncio.subprocess.Process) -> int:
    """Close its input, wait until it has ended, and return its exit code; kill it in the end."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()

"""Programs of ours that run beside a benchmark, in processes of their own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
STOP_SECONDS: Final = 10
LONGEST_LINE: Final = 1 << 24
"""Bytes; some programs answer with many figures."""


class BesideFailed(Exception):
    """A program beside us did not start, or did not answer."""


class Beside:
    """A program that runs, and talks by lines: ours to its standard input, its own to us."""

    def __init__(
        self, module: str, lines: asyncio.StreamReader, orders: asyncio.StreamWriter
    ) -> None:
        self._module = module
        self._lines = lines
        self._orders = orders

    async def line(self, seconds: float) -> str:
        """Its next line.

        Raises:
            BesideFailed: there is none in time, or it ended; it has printed why.
        """
        try:
            async with asyncio.timeout(seconds):
                line = await self._lines.readline()
        except TimeoutError as error:
            raise BesideFailed(f"{self._module} does not answer") from error
        if not line:
            raise BesideFailed(f"{self._module} ended by itself")
        return line.decode()

    def tell(self, order: str) -> None:
        """Give it a line."""
        self._orders.write(f"{order}\n".encode())


@asynccontextmanager
async def beside(module: str, *arguments: str) -> AsyncIterator[Beside]:
    """Run one of our modules, which has to end when its standard input does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LONGEST_LINE,
        start_new_session=True,  # Ctrl-C is for us; the end of its input then ends it
    )
    if process.stdin is None or process.stdout is None:
        raise BesideFailed(f"no pipes to {module}")
    try:
        yield Beside(module, process.stdout, process.stdin)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

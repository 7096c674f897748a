"""Run the demonstration: `scripts/demo` (see there) or `python -m demo`."""

import argparse
import asyncio
import fcntl
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from aiohttp import ClientSession, CookieJar

from demo import browser
from demo.account import log_in
from demo.checks import Scene, check_all
from demo.dashboard import CARS, make_dashboard
from demo.entities import Entities
from demo.home_assistant import PASSWORD, ROOT, USER, HomeAssistant, start_home_assistant
from demo.processes import DemoError, wait_until
from demo.stream import start_streaming
from demo.tesla import AURORA, Tesla, start_tesla

WHAT_TO_TRY = """\
What to try:
  - My cars: turn the climate on or set the charge limit. Aurora sleeps after a while, and is then
    woken for a command; the Cost page shows what that costs.
  - Open a door or drive Aurora on that page: Home Assistant shows it within a second or two, and
    asks nobody. The options of Flotte say how the cars stream.
  - Comet has no key of ours yet: a command is refused, and Settings > Repairs says what to do.
  - The simulated Tesla has a page of its own, where cars can be driven, plugged in, put to sleep
    and paired, and where the bill is:
    {tesla}
  - Settings > Devices & services > Flotte for Tesla: entities, diagnostics, reconfiguration.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="check everything and end")
    parser.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="take pictures and end; needs Chromium"
    )
    return parser.parse_args()


class _Progress:
    """Says what is being done, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"demo: {time.monotonic() - self._start:5.1f} s  {text}", flush=True)


@contextmanager
def _own_folder(name: str) -> Iterator[Path]:
    """A folder below .demo that no other run uses. Raises DemoError."""
    folder = ROOT / ".demo" / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(f"another run uses {folder}") from error
        yield folder


async def run(arguments: argparse.Namespace) -> bool:
    """Run the demonstration; whether everything went as it should."""
    say = _Progress()
    unseen = arguments.once or arguments.screenshots
    everything_stands, ended = asyncio.Event(), asyncio.Event()
    task = asyncio.current_task()

    def interrupted() -> None:
        """Before everything stands, Ctrl-C gives up; afterwards it is the end that was meant."""
        ended.set()
        if task and not everything_stands.is_set():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(_own_folder("once" if unseen else "home"))
        session = await stack.enter_async_context(
            ClientSession(cookie_jar=CookieJar(unsafe=True), raise_for_status=False)
        )
        say("starting the simulated Tesla")
        tesla = await stack.enter_async_context(start_tesla(folder, session))
        say("starting Home Assistant (the first start takes longer)")
        home_assistant = await stack.enter_async_context(
            start_home_assistant(folder, tesla, session)
        )
        say("logging in to Tesla through the config flow")
        account = await log_in(home_assistant, tesla)
        say(f"the flow went {' > '.join(account.steps)} and made “{account.title}”")
        port = await start_streaming(home_assistant, account)
        say(f"cars push to port {port} from now on")
        entities = await Entities.read(home_assistant)
        path = await make_dashboard(home_assistant, entities)
        say(f"made a dashboard for {len(entities)} entities")
        good = True
        if arguments.once:
            say("checking")
            good = await check_all(Scene(home_assistant, tesla, entities, account))
        if arguments.screenshots and not browser.can_take():
            say(f"no screenshots: there is no {browser.CHROMIUM}")
        elif arguments.screenshots or not unseen:
            say("waking Aurora and asking the cars, so that there is something to see")
            await _look_at_all(home_assistant, tesla, entities)
        if arguments.screenshots and browser.can_take():
            say("taking screenshots")
            for picture in await browser.take(home_assistant, _shots(path), arguments.screenshots):
                say(f"wrote {picture}")
        if not unseen:
            everything_stands.set()
            _invite(home_assistant, tesla, path)
            await ended.wait()
        say("stopping")
    say("stopped" if good else "stopped; not everything went well, see .demo/once/*.log")
    return good


async def _look_at_all(home_assistant: HomeAssistant, tesla: Tesla, entities: Entities) -> None:
    """Have every car's data asked for, as an owner does who wants to look at once."""
    if (await tesla.car(AURORA))["state"] != "online":
        await home_assistant.act("button", "press", entities.get(AURORA, "button", "wake"))
    for vin in CARS:
        sensor = entities.get(vin, "sensor", "battery_level")
        await home_assistant.act("homeassistant", "update_entity", sensor)

        async def known(sensor: str = sensor) -> bool | None:
            return (await home_assistant.state(sensor)) not in {"unknown", "unavailable"} or None

        await wait_until(f"the data of {CARS[vin]}", known, seconds=90)


def _shots(path: str) -> list[browser.Shot]:
    return [
        (f"{path}/cars", "cars"),
        (f"{path}/energy", "energy"),
        (f"{path}/cost", "cost"),
        ("/config/integrations/integration/flotte", "integration"),
    ]


def _invite(home_assistant: HomeAssistant, tesla: Tesla, path: str) -> None:
    print(f"""
  Home Assistant   {home_assistant.url}{path}
  user name        {USER}
  password         {PASSWORD}
""")
    print(WHAT_TO_TRY.format(tesla=tesla.page_url))
    print("Ctrl-C ends it.", flush=True)


def main() -> int:
    """Run it; the exit code is 0 when everything went as it should."""
    try:
        return 0 if asyncio.run(run(_arguments())) else 1
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError, KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

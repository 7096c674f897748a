"""Run the demonstration: `scripts/demo` (see there) or `python -m demo`."""

import argparse
import asyncio
import fcntl
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from aiohttp import ClientSession, CookieJar

from demo import browser, pages
from demo.account import log_in
from demo.charging import choose_sun_first
from demo.checks import Scene, check_all
from demo.dashboard import CARS, URL_PATH, make_dashboard, update_dashboard
from demo.energy import set_up_energy, shorten_history
from demo.entities import Entities
from demo.home_assistant import PASSWORD, ROOT, USER, start_home_assistant
from demo.house import begin_days, metering
from demo.processes import DemoError, wait_until
from demo.stream import start_streaming
from demo.tesla import AURORA, add_schedules, start_tesla

WHAT_TO_TRY = """\
What to try:
  - My cars: turn on the climate control or set the charge limit. Aurora falls asleep after a while
    and is then woken for a command; the Cost page shows the cost.
  - Charging from the sun: a sunny day passes in less than an hour. Aurora starts once there is
    enough to spare, and its current follows; each decision says why. Change its current or stop it
    on the simulated Tesla's page: what you do by hand counts until you resume.
  - Comet does not have our key yet: a command is refused, and Settings > Repairs explains what to
    do.
  - Calendar: Aurora's schedules for charging and preconditioning; add, move or delete one.
  - The simulated Tesla has a page of its own, where you can drive cars, plug them in, put them to
    sleep and pair them, and see the bill:
    {tesla}
    Open a door or drive Aurora there: Home Assistant shows it within a second or two, without a
    request. The options of Flotte configure the stream.
  - Settings > Devices & services > Flotte for Tesla: entities, diagnostics, reconfiguration.
"""


SHOWN_SECONDS = 240
"""Seconds of charging from the sun that the screenshots show."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="run all checks, then exit")
    parser.add_argument(
        "--browser", action="store_true", help="check the dashboard in Chromium, then exit"
    )
    parser.add_argument(
        "--screenshots",
        type=Path,
        metavar="DIR",
        help="take screenshots, then exit; needs Chromium",
    )
    return parser.parse_args()


class _Progress:
    """Prints each step with the seconds since the start."""

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
    """Run the demonstration; returns whether everything went well."""
    say = _Progress()
    unseen = arguments.once or arguments.screenshots or arguments.browser
    if arguments.browser and not browser.can_take():
        say(f"the dashboard is not checked: {browser.CHROMIUM} is missing")
        return True
    everything_stands, ended = asyncio.Event(), asyncio.Event()
    task = asyncio.current_task()

    def interrupted() -> None:
        """Ctrl-C aborts while the demonstration starts; afterwards it is the normal end."""
        ended.set()
        if task and not everything_stands.is_set():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted)
    async with AsyncExitStack() as stack:
        name = "browser" if arguments.browser else "once" if unseen else "home"
        folder = stack.enter_context(_own_folder(name))
        scene = await _start(stack, folder, say)
        good = await _check_and_shoot(arguments, scene, say)
        if not unseen:
            everything_stands.set()
            _invite(scene, f"/{URL_PATH}")
            await ended.wait()
        say("stopping")
    say("stopped" if good else "stopped; something failed, see .demo/*/*.log")
    return good


async def _check_and_shoot(
    arguments: argparse.Namespace, scene: Scene, say: Callable[[str], None]
) -> bool:
    """Run the checks and take the pictures that were requested; returns whether all went well."""
    good = True
    if arguments.once:
        say("running the checks")
        good = await check_all(scene)
    if arguments.screenshots and not browser.can_take():
        say(f"no screenshots: {browser.CHROMIUM} is missing")
        return good
    if arguments.once and not (arguments.screenshots or arguments.browser):
        return good
    say("waking Aurora and polling the cars, so that there is something to see")
    await begin_days(scene.tesla)
    await _look_at_all(scene)
    say("letting Aurora charge from the sun")
    entities = await choose_sun_first(scene.home_assistant, scene.entities)
    await update_dashboard(scene.home_assistant, entities)
    if arguments.browser:
        say("checking Flotte's own dashboard in the browser")
        good = await pages.check_pages(scene, arguments.screenshots) and good
    elif arguments.screenshots:
        say(f"letting {SHOWN_SECONDS} s pass, which are some hours of sun")
        await asyncio.sleep(SHOWN_SECONDS)
        say("taking screenshots")
        shots = _shots(f"/{URL_PATH}")
        for picture in await browser.take(scene.home_assistant, shots, arguments.screenshots):
            say(f"wrote {picture}")
    return good


async def _start(stack: AsyncExitStack, folder: Path, say: Callable[[str], None]) -> Scene:
    """Start everything, until the stack is closed. Raises DemoError."""
    session = await stack.enter_async_context(
        ClientSession(cookie_jar=CookieJar(unsafe=True), raise_for_status=False)
    )
    say("starting the simulated Tesla")
    tesla = await stack.enter_async_context(start_tesla(folder, session))
    await shorten_history(tesla)
    await add_schedules(tesla)
    say("starting Home Assistant (the first start takes longer)")
    home_assistant = await stack.enter_async_context(start_home_assistant(folder, tesla, session))
    say("logging in to Tesla through the config flow")
    account = await log_in(home_assistant, tesla)
    say(f"the steps were {' > '.join(account.steps)}; they created “{account.title}”")
    port = await start_streaming(home_assistant, account)
    say(f"cars push to port {port} from now on")
    entities = await Entities.read(home_assistant)
    await make_dashboard(home_assistant, entities)
    say(f"created a dashboard for {len(entities)} entities")
    await stack.enter_async_context(metering(home_assistant, tesla))
    await begin_days(tesla)
    await set_up_energy(home_assistant, entities)
    say("set up the Energy dashboard; a sunny day in fast motion begins")
    return Scene(home_assistant, tesla, entities, account)


async def _look_at_all(scene: Scene) -> None:
    """Poll every car's data, as an owner does who wants to see it immediately."""
    home_assistant, tesla, entities = scene.home_assistant, scene.tesla, scene.entities
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
        (f"{path}/charging", "charging"),
        (f"{path}/energy", "energy"),
        ("/energy", "energy_dashboard"),
        (f"{path}/cost", "cost"),
        ("/config/integrations/integration/flotte", "integration"),
    ]


def _invite(scene: Scene, path: str) -> None:
    print(f"""
  Home Assistant   {scene.home_assistant.url}{path}
  user name        {USER}
  password         {PASSWORD}
""")
    print(WHAT_TO_TRY.format(tesla=scene.tesla.page_url))
    print("Press Ctrl-C to stop.", flush=True)


def main() -> int:
    """Run the demonstration; the exit code is 0 when everything went well."""
    try:
        return 0 if asyncio.run(run(_arguments())) else 1
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError, KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

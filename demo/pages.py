"""Checks of Flotte's own dashboard in a real browser, each in a fresh profile.

A browser that has been there before finds the modules in its cache, which hides the race between
them and Home Assistant's start.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Error, Page, Route, async_playwright, expect
from playwright.async_api import TimeoutError as NotSeen

from demo.browser import CHROMIUM, FLAGS, SETTLE_SECONDS, login
from demo.checks import CheckError, Scene
from demo.checks import expect as expect_that
from demo.entities import Entities
from demo.processes import DemoError, wait_until
from demo.tesla import AURORA

PATH = "/dashboard-tesla"
"""Where Home Assistant puts the dashboard by its suggested title."""
LOADS = 6
"""Loads of each kind."""
LATE_SECONDS = 0.5
"""Delay of Home Assistant's own script, in which a module could come first."""
HANG_SECONDS = 60
"""Seconds after which a page is taken to hang; a busy machine needs many of them."""
SHOWN_SECONDS = 2.0
"""Seconds from a new state in Home Assistant until the drawing shows it."""
PHONE = 390
"""Width of a phone in pixels."""

WORDS = {
    "en": ("Charging", "Limit 80%"),
    "de": ("Laden", "Limit 80\N{NO-BREAK SPACE}%"),
}
"""Words on the page of a car, by language."""

_LOCK = re.compile("^Lock")
"""The beginning of the lock button's name, which its price ends."""

_CUT_NAMES = """() => {
  const found = [];
  const look = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) look(each.shadowRoot);
      if (each.scrollWidth <= each.clientWidth + 1) continue;
      if (getComputedStyle(each).textOverflow !== "ellipsis") continue;
      const inner = each.assignedNodes?.() ?? each.querySelector("slot")?.assignedNodes() ?? [];
      found.push([each, ...inner].map((it) => it.textContent.trim()).join(" "));
    }
  };
  look(document.querySelector("home-assistant").shadowRoot);
  return found;
}"""
"""Texts that are too long for their place."""

_NOTE_OPEN = """(part) => new MutationObserver(() => {
  if (part.ariaLabel.endsWith(": Open")) part.openAt ??= Date.now();
}).observe(part, { attributes: true })"""
"""Notes when a part of the drawing shows that it is open."""

_DRIVERS_ARE_RIGHT = """(card) => {
  const { _hass: hass, _config: config } = card;
  const car = hass.devices[config.device];
  const left = (id) => card.shadowRoot.getElementById(id).getBoundingClientRect().left;
  const isRight = () => left("door_driver_front") > left("door_passenger_front");
  const found = [isRight()];
  const identifiers = [["flotte", "XP7YHCEK0RB000001"]];
  const devices = { ...hass.devices, [car.id]: { ...car, identifiers } };
  card.hass = { ...hass, devices };
  found.push(isRight());
  const entity = {
    entity_id: "binary_sensor.side", device_id: car.id, platform: "flotte",
    translation_key: "right_hand_drive",
  };
  card.hass = {
    ...hass, devices, entities: { ...hass.entities, side: entity },
    states: { ...hass.states, "binary_sensor.side": { state: "off" } },
  };
  found.push(isRight());
  card.setConfig({ ...config, right_hand_drive: true });
  found.push(isRight());
  return found;
}"""
"""Whether the driver's door is on the right: as it is, by the VIN, as reported, as configured."""

_LOCK_COLOURS = """(card) => ["locked", "unknown", "unavailable"].map((state) => {
  const hass = card._hass;
  const lock = card._entities["lock.doors"];
  card.hass = { ...hass, states: { ...hass.states, [lock]: { ...hass.states[lock], state } } };
  return getComputedStyle(card.shadowRoot.getElementById("doors")).stroke;
})"""
"""The colours of the padlock: locked, and of two states that say nothing."""

_FOCUSED = """() => {
  let found = document.activeElement;
  while (found.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  const { outlineStyle } = getComputedStyle(found);
  return [found.id || found.textContent.trim(), found.ariaLabel ?? "", outlineStyle];
}"""
"""The focused element: its name, its words for a screen reader, and its ring."""

EXPECTED = ("/api/map_tiles/",)
"""Addresses whose failure is no fault: there is no internet."""

type Theme = Literal["light", "dark"]


@dataclass
class Visitor:
    """The browser, and what went wrong in any of its pages."""

    scene: Scene
    browser: Browser
    pictures: Path | None
    errors: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def page(
        self,
        width: int = 1440,
        height: int = 1000,
        *,
        language: str = "en",
        theme: Theme = "light",
    ) -> AsyncIterator[Page]:
        """A page in a fresh profile, logged in."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale="en-GB",
            timezone_id="Europe/Amsterdam",
            reduced_motion="reduce",
            service_workers="block",
        )
        context.set_default_timeout(HANG_SECONDS * 1000)
        await context.add_init_script(login(self.scene.home_assistant, language))
        page = await context.new_page()
        page.on("console", lambda message: self._note(message.type, message.text, message.location))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        try:
            yield page
        finally:
            await context.close()

    def _note(self, kind: str, text: str, location: Any) -> None:  # noqa: ANN401  # of the browser
        address = str(location.get("url", "")) if isinstance(location, dict) else ""
        if kind == "error" and not any(part in address for part in EXPECTED):
            self.errors.append(f"{text} ({address})")

    async def open(self, page: Page, path: str) -> None:
        """Open a path of Home Assistant."""
        await page.goto(f"{self.scene.home_assistant.url}{path}")

    async def aurora(self) -> str:
        """The path of Aurora's page."""
        return f"{PATH}/{await self.device()}"

    async def device(self) -> str:
        """The id of Aurora's device."""
        devices = await self.scene.home_assistant.call("config/device_registry/list")
        return next(str(row["id"]) for row in devices if ["flotte", AURORA] in row["identifiers"])


async def is_added_with_two_clicks(visitor: Visitor) -> str:
    """The dialog lists the dashboard, and fills in title and icon."""
    async with visitor.page() as page:
        await visitor.open(page, "/config/lovelace/dashboards")
        await page.get_by_text("Add dashboard").first.click()
        await page.get_by_text("Flotte", exact=True).click()
        await page.get_by_text("Create", exact=True).click()

        async def created() -> str | None:
            rows = await visitor.scene.home_assistant.call("lovelace/dashboards/list")
            return next((str(row["title"]) for row in rows if row["url_path"] == PATH[1:]), None)

        title = await wait_until("the dashboard", created, HANG_SECONDS)
    config = await visitor.scene.home_assistant.call("lovelace/config", url_path=PATH[1:])
    expect_that(config == {"strategy": {"type": "custom:flotte"}}, f"it is {config}")
    return f"“{title}” at {PATH}"


async def loads_in_time(visitor: Visitor) -> str:
    """A fresh browser shows the card, even if Home Assistant's own script is late."""
    seconds: list[float] = []
    for is_late in (False, True) * LOADS:
        async with visitor.page() as page:
            if is_late:
                await page.route("**/frontend_latest/app.*.js", _late)
            began = time.monotonic()
            await visitor.open(page, PATH)
            try:
                await page.locator("flotte-car #level").first.wait_for()
            except NotSeen:
                raise CheckError(f"load {len(seconds) + 1} shows no card") from None
            seconds.append(time.monotonic() - began)
        # Home Assistant hangs up on who does not answer its pings, which a call does.
        await visitor.scene.home_assistant.call("get_config")
    return f"0 of {len(seconds)} loads failed, {min(seconds):.1f} to {max(seconds):.1f} s"


async def _late(route: Route) -> None:
    await asyncio.sleep(LATE_SECONDS)
    await route.continue_()


async def looking_is_free(visitor: Visitor) -> str:
    """No page of the dashboard sends anything to Tesla that it bills, or wakes a car.

    Aurora charges from the sun meanwhile, and Flotte may send it a current: these commands have a
    count of their own.
    """
    tesla = visitor.scene.tesla
    own = await _commands_from_the_sun(visitor.scene)
    before, car = (await tesla.bill())["counts"], await tesla.car(AURORA)
    async with visitor.page() as page:
        for path in (await visitor.aurora(), f"{PATH}/home", f"{PATH}/sun", f"{PATH}/spending"):
            await visitor.open(page, path)
            await page.locator("hui-section").first.wait_for()
    after, then = (await tesla.bill())["counts"], await tesla.car(AURORA)

    async def are_from_the_sun() -> bool | None:
        sent = await _commands_from_the_sun(visitor.scene) - own
        return after.get("command", 0) - before.get("command", 0) <= sent or None

    await wait_until("every command being one of the sun's", are_from_the_sun, HANG_SECONDS)
    paid = {
        key: after[key] - before.get(key, 0)
        for key in ("data", "wake")
        if after.get(key, 0) != before.get(key, 0)
    }
    expect_that(not paid, f"it was billed: {paid}")
    expect_that(then["wakes"] == car["wakes"], "the car was woken")
    return "nothing billed, nobody woken"


async def _commands_from_the_sun(scene: Scene) -> int:
    """Count the commands that charging from the sun has sent to Aurora today."""
    count = (await Entities.read(scene.home_assistant)).get(
        AURORA, "sensor", "charging_commands_today"
    )
    return int(await scene.home_assistant.state(count))


async def door_opens(visitor: Visitor) -> str:
    """A door that opens in the car opens on the drawing."""
    tesla = visitor.scene.tesla
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        door = page.locator("flotte-car #door_driver_front")
        await door.wait_for()
        name = "Front driver door"
        await expect(door).to_have_attribute("aria-label", f"{name}: Closed")
        await door.evaluate(_NOTE_OPEN)
        await tesla.order(f"cars/{AURORA}", {"open": "df"})
        await expect(door).to_have_attribute("aria-label", f"{name}: Open")
        sensor = visitor.scene.entities.get(AURORA, "binary_sensor", "door_driver_front")
        state = await visitor.scene.home_assistant.ask(f"states/{sensor}")
        changed = datetime.fromisoformat(state["last_changed"])
        took = await door.evaluate("(part) => part.openAt") / 1000 - changed.timestamp()
        expect_that(took < SHOWN_SECONDS, f"seen after {took:.2f} s")
        await expect(page.locator("flotte-car #closures")).to_contain_text(f"Open: {name}")
        await tesla.order(f"cars/{AURORA}", {"close": "df"})
        await expect(door).to_have_attribute("aria-label", f"{name}: Closed")
    return f"after {took:.2f} s"


async def obeys_the_keyboard(visitor: Visitor) -> str:
    """Tab reaches each part and action, with a ring and words; Enter and Space press them."""
    tesla = visitor.scene.tesla
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        card = page.locator("flotte-car")
        await card.locator("#level").wait_for()
        controls = card.locator("svg [role=button], button:visible")
        names = await controls.evaluate_all("(all) => all.map((it) => it.id || it.textContent)")
        await controls.first.focus()
        for name in names:
            focused, words, ring = await page.evaluate(_FOCUSED)
            expect_that(focused == name.strip(), f"Tab leads to {focused}, not to {name}")
            expect_that(": " in words or " " in focused, f"{name} has no words")
            expect_that(ring == "solid", f"{name} has no ring")
            await page.keyboard.press("Tab")
        sentry = card.get_by_role("button", name="Sentry mode")
        was_on = (await tesla.car(AURORA))["sentry_mode"]
        await sentry.press("Space")
        await expect(sentry).to_have_attribute("aria-pressed", str(not was_on).lower())
        await card.locator("#trunk").press("Enter")
        await page.locator("ha-more-info-dialog").get_by_text("Trunk").first.wait_for()
    return f"{len(names)} controls"


async def shows_low_tyre(visitor: Visitor) -> str:
    """A tyre that lost pressure stands out on its wheel, and in words."""
    scene = visitor.scene
    pressure = scene.entities.get(AURORA, "sensor", "pressure_front_left")
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        card = page.locator("flotte-car")
        wheels = card.locator("[id^=pressure_]")
        low = card.locator("#pressure_front_left")
        await low.wait_for()
        await scene.tesla.order(f"cars/{AURORA}", {"tpms": {"fl": 1.9}})
        try:
            await scene.refresh(pressure)
            await expect(low).to_have_attribute("aria-label", re.compile("Low tyre front left"))
            await expect(card.locator("#closures")).to_contain_text("Low tyre front left")
            opened = await wheels.evaluate_all(
                "(all) => all.filter((it) => it.classList.contains('open')).map((it) => it.id)"
            )
            expect_that(opened == ["pressure_front_left"], f"it is {opened}")
        finally:
            await scene.tesla.order(f"cars/{AURORA}", {"tpms": {"fl": 2.9}})
        await scene.refresh(pressure)
        await expect(low).not_to_have_class("open")
        boxes = [box for each in await wheels.all() if (box := await each.bounding_box())]
        box = await low.bounding_box()
        expect_that(
            box == min(boxes, key=lambda it: (it["x"], it["y"])),
            f"the front left wheel is at {box}, of {boxes}",
        )
    return "front left"


async def knows_its_side(visitor: Visitor) -> str:
    """Doors are mirrored for right-hand drive, and the padlock is green only if locked."""
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        card = page.locator("flotte-car")
        await card.locator("#level").wait_for()
        green, *others = await card.evaluate(_LOCK_COLOURS)
        expect_that(green not in others, f"an unknown lock is {others}, a locked one {green}")
        found = await card.evaluate(_DRIVERS_ARE_RIGHT)
        expect_that(found == [False, True, False, True], f"the driver's door is right: {found}")
    return "by the VIN, the car's report, and the card's setting"


async def outlives_its_account(visitor: Visitor) -> str:
    """An open page says that there is no car while the account is disabled, then shows it again."""
    home_assistant, entry = visitor.scene.home_assistant, visitor.scene.account.entry_id
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        await page.locator("flotte-car #level").wait_for()
        for disabled_by in ("user", None):
            await home_assistant.call(
                "config_entries/disable", entry_id=entry, disabled_by=disabled_by
            )
            shown = page.get_by_text("There is no car here")
            await (shown if disabled_by else page.locator("flotte-car #level")).wait_for()
    return "gone, and back again"


async def unlocks_by_tap(visitor: Visitor) -> str:
    """A tap unlocks the car by one command, at the shown price."""
    tesla = visitor.scene.tesla
    await tesla.order(f"cars/{AURORA}", {"locked": True})
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        button = page.locator("flotte-car").get_by_role("button", name="Unlock")
        await button.wait_for()
        await expect(button).to_contain_text("up to €0.0")
        price = await button.locator("small").inner_text()
        runs = len((await tesla.car(AURORA))["executions"])
        await button.dblclick()

        async def unlocked() -> bool | None:
            return (await tesla.car(AURORA))["locked"] is False or None

        await wait_until("the unlocked car", unlocked, HANG_SECONDS)
        await page.locator("flotte-car").get_by_role("button", name=_LOCK).wait_for()
        ran = (await tesla.car(AURORA))["executions"][runs:]
        expect_that(len(ran) == 1, f"a double tap ran {len(ran)} commands")
    return f"one command, “{price}”"


async def follows_names(visitor: Visitor) -> str:
    """A renamed car has its new name on its tab at once."""
    home_assistant, device = visitor.scene.home_assistant, await visitor.device()
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        await page.get_by_role("tab", name="Aurora").wait_for()

        async def rename(name: str | None) -> None:
            await home_assistant.call(
                "config/device_registry/update", device_id=device, name_by_user=name
            )

        await rename("Blitz")
        try:
            await page.get_by_role("tab", name="Blitz").wait_for()
            await expect(page.locator("flotte-car #name")).to_have_text("Blitz")
        finally:
            await rename(None)
    return "Aurora was Blitz for a moment"


async def speaks_both_languages(visitor: Visitor) -> str:
    """The page of a car speaks the user's language, on a phone and on a desktop."""
    for language, words in WORDS.items():
        await _look(visitor, language, words, 1440, "light")
        await _look(visitor, language, words, PHONE, "dark")
    return ", ".join(WORDS)


async def _look(
    visitor: Visitor, language: str, words: tuple[str, ...], width: int, theme: Theme
) -> None:
    height = 1180 if width > PHONE else 844
    async with visitor.page(width, height, language=language, theme=theme) as page:
        await visitor.open(page, await visitor.aurora())
        for each in words:
            await page.get_by_text(each).first.wait_for()
        # The price of every action.
        small = page.locator("flotte-car button:visible small")
        await expect(small.first).not_to_have_text("\N{NO-BREAK SPACE}")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        expect_that(wide <= width, f"{wide} pixels wide, on a screen of {width}")
        card = await page.locator("flotte-car").bounding_box()
        expect_that(card and card["x"] + card["width"] <= width, f"the card is at {card}")
        for view in ("car", "sun", "home", "spending"):
            if view != "car":
                await visitor.open(page, f"{PATH}/{view}")
                await page.locator("hui-section").first.wait_for()
            await page.wait_for_load_state("networkidle")
            cut = await page.evaluate(_CUT_NAMES)
            expect_that(not cut, f"{view} at {width} pixels in {language} cuts {cut}")
            if visitor.pictures:
                await asyncio.sleep(SETTLE_SECONDS)
                name = f"{view}-{width}-{language}-{theme}.png"
                await page.screenshot(path=visitor.pictures / name)


async def shows_what_is_chosen(visitor: Visitor) -> str:
    """The editor offers cars and sections, all of them chosen, and leaves out what is not."""
    async with visitor.page() as page:
        await visitor.open(page, await visitor.aurora())
        await page.locator("flotte-car #level").first.wait_for()
        await page.get_by_label("Edit dashboard").first.click()
        editor = page.locator("flotte-editor")
        for each in ("Comet", "Tyres"):
            await editor.get_by_text(each, exact=True).click()
        await page.get_by_text("Save", exact=True).click()
        await expect(page.get_by_role("tab", name="Comet")).to_have_count(0)
        await page.get_by_role("tab", name="Old Faithful").wait_for()
        await expect(page.get_by_text("Tyres", exact=True)).to_have_count(0)
    return "without Comet and tyres"


async def no_errors(visitor: Visitor) -> str:
    """No page wrote an error to the console."""
    expect_that(not visitor.errors, "; ".join(sorted(set(visitor.errors))))
    return "in any of these pages"


CHECKS: tuple[tuple[str, Callable[[Visitor], Awaitable[str]]], ...] = (
    ("the dashboard is added with two clicks", is_added_with_two_clicks),
    ("it loads in fresh browsers", loads_in_time),
    ("looking at it costs nothing", looking_is_free),
    ("it speaks both languages, on phone and desktop", speaks_both_languages),
    ("an opened door opens on the drawing", door_opens),
    ("a tap unlocks", unlocks_by_tap),
    ("the keyboard reaches everything", obeys_the_keyboard),
    ("a low tyre stands out", shows_low_tyre),
    ("right-hand drive is mirrored", knows_its_side),
    ("a renamed car is renamed", follows_names),
    ("cars and sections can be chosen", shows_what_is_chosen),
    ("an open page outlives its account", outlives_its_account),
    ("there is no error in the console", no_errors),
)


async def check_pages(scene: Scene, pictures: Path | None = None) -> bool:
    """Run every check, print a line for each and take pictures; returns whether all passed."""
    if pictures:
        await asyncio.to_thread(pictures.mkdir, parents=True, exist_ok=True)
    good = True
    expect.set_options(timeout=HANG_SECONDS * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        visitor = Visitor(scene, browser, pictures)
        for title, check in CHECKS:
            try:
                print(f"  ok      {title}: {await check(visitor)}")
            except (AssertionError, CheckError, DemoError, Error) as error:
                good = False
                print(f"  FAILED  {title}: {error}")
        await browser.close()
    return good

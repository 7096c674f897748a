"""Screenshots of Home Assistant, logged in, with headless Chromium."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from playwright.async_api import Page, async_playwright

from demo.home_assistant import HomeAssistant

CHROMIUM = Path("/usr/bin/chromium")
"""The path in Debian's package."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The page and, inside its shadow root, the part that exists once the login was accepted.
LOADED = """() => !!document.querySelector('home-assistant')
    ?.shadowRoot?.querySelector('home-assistant-main')"""
SETTLE_SECONDS = 2.5
"""Seconds for cards that are loaded and drawn one by one after the network is idle; there is no
signal for the end."""

LOGIN = (
    "access_token",
    "token_type",
    "refresh_token",
    "expires_in",
    "ha_auth_provider",
    "hassUrl",
    "clientId",
    "expires",
)

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

type Shot = tuple[str, str]
"""A path and the name of its picture."""


def can_take() -> bool:
    """Whether Chromium is installed."""
    return CHROMIUM.exists()


async def take(home_assistant: HomeAssistant, shots: Iterable[Shot], folder: Path) -> list[Path]:
    """Take a picture of each page, light and dark; returns the files."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    pictures = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for theme in THEMES:
            context = await browser.new_context(
                viewport={"width": 1440, "height": 1200},
                color_scheme=theme,
                locale="en-GB",
                timezone_id="Europe/Amsterdam",
                reduced_motion="reduce",
            )
            await context.add_init_script(login(home_assistant))
            page = await context.new_page()
            for path, name in shots:
                picture = folder / f"{name}-{theme}.png"
                await _shoot(page, f"{home_assistant.url}{path}", picture)
                pictures.append(picture)
            await context.close()
        await browser.close()
    return pictures


def login(home_assistant: HomeAssistant, language: str = "en") -> str:
    """A script that stores a login in the browser as the front end does."""
    tokens = {key: home_assistant.tokens[key] for key in LOGIN if key in home_assistant.tokens}
    kept = {
        "hassTokens": json.dumps(tokens),
        "selectedLanguage": json.dumps(language),
        "dockedSidebar": '"docked"',
    }
    return "".join(
        f"localStorage.setItem({json.dumps(key)}, {json.dumps(value)});"
        for key, value in kept.items()
    )


async def _shoot(page: Page, url: str, picture: Path) -> None:
    await page.goto(url)
    await page.wait_for_function(LOADED, timeout=60_000)
    await page.wait_for_load_state("networkidle")
    await asyncio.sleep(SETTLE_SECONDS)
    await page.screenshot(path=picture)

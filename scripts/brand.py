"""Draw the brand images of the integration: an icon and a logo, for light and dark.

    scripts/brand.py [--preview FILE]

The mark is a car whose roof line repeats as waves: a fleet driving behind it, and its data.
Everything is drawn here with lines and arcs, including the letters, so it contains no font and no
trademark of others. Chromium renders the drawing at four times the size; Pillow trims, scales and
packs it.
"""

import argparse
import io
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

BRAND = Path(__file__).parents[1] / "custom_components" / "flotte" / "brand"
CHROMIUM = "/usr/bin/chromium"
SUPERSAMPLING = 4

BADGE = ("#2f6df6", "#1335a8")
"""The badge's blue, from top left to bottom right."""
SPARK = "#7cf2d4"
"""The colour of the waves."""
INK = {"": "#14235a", "dark_": "#f4f7ff"}
"""The letters' colour by theme: on light ground and on dark."""

ICON_SIZES: Mapping[str, int] = {"icon.png": 256, "icon@2x.png": 512}
LOGO_HEIGHTS: Mapping[str, int] = {"logo.png": 192, "logo@2x.png": 384}

# The car from the side, driving to the right; 512 units wide and high like the badge.
BODY = (
    "M 124 370 H 104 Q 84 370 84 350 V 322 Q 84 298 108 292 L 142 284"
    " C 186 238 220 222 266 222 C 310 222 340 248 368 282"
    " L 404 291 Q 428 297 428 322 V 350 Q 428 370 408 370 H 392"
    " M 216 370 H 300"
)
WHEELS = ((170, 370), (346, 370))
WHEEL_RADIUS = 34
# Its roof again, further away each time.
WAVES = (
    ("M 158 200 C 192 174 226 164 266 164 C 306 164 336 175 364 200", 1.0),
    ("M 132 146 C 174 116 216 104 266 104 C 314 104 354 117 392 146", 0.55),
)
STROKE = 26

# The letters on a baseline at 100, the height of a small letter 58, of a tall one 100.
LETTERS = (
    ("M 8 100 V 24 Q 8 4 28 4 H 58 M 8 52 H 50", 77),  # F
    ("M 8 4 V 82 Q 8 100 24 100", 44),  # l
    ("M 8 71 A 29 29 0 1 1 66 71 A 29 29 0 1 1 8 71", 86),  # o
    # Both t, under one bar.
    ("M 22 16 V 80 Q 22 100 42 100 M 74 16 V 80 Q 74 100 94 100 M 4 44 H 94", 114),
    ("M 9 71 H 66 A 29 29 0 1 0 57 92", 75),  # e
)
LETTER_STROKE = 15


def mark() -> str:
    """The badge with the car, 512 units square."""
    waves = "".join(
        f'<path d="{path}" stroke="{SPARK}" opacity="{opacity}"/>' for path, opacity in WAVES
    )
    wheels = "".join(f'<circle cx="{x}" cy="{y}" r="{WHEEL_RADIUS}"/>' for x, y in WHEELS)
    return (
        '<defs><linearGradient id="badge" x1="0" y1="0" x2="1" y2="1">'
        f'<stop offset="0" stop-color="{BADGE[0]}"/><stop offset="1" stop-color="{BADGE[1]}"/>'
        "</linearGradient></defs>"
        '<rect width="512" height="512" rx="116" fill="url(#badge)"/>'
        f'<g fill="none" stroke-width="{STROKE}" stroke-linecap="round" stroke-linejoin="round"'
        f' stroke="#ffffff">{waves}<path d="{BODY}"/>{wheels}</g>'
    )


def icon() -> str:
    """The icon as SVG."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">{mark()}</svg>'


def logo(ink: str) -> str:
    """The badge with the name beside it as SVG."""
    letters, x = [], 0
    for path, advance in LETTERS:
        letters.append(f'<path d="{path}" transform="translate({x} 0)"/>')
        x += advance
    scale = 2.9
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {620 + x * scale} 512">{mark()}'
        f'<g transform="translate(600 {256 - 52 * scale}) scale({scale})" fill="none"'
        f' stroke="{ink}" stroke-width="{LETTER_STROKE}" stroke-linecap="round"'
        f' stroke-linejoin="round">{"".join(letters)}</g></svg>'
    )


def render(page: Page, drawing: str, height: int) -> Image.Image:
    """The drawing, trimmed, at a height in pixels, transparent around."""
    page.set_content(
        f"<style>body{{margin:0}}svg{{display:block;height:{height * SUPERSAMPLING}px}}</style>"
        f"{drawing}"
    )
    picture = page.locator("svg").screenshot(omit_background=True)
    image = Image.open(io.BytesIO(picture)).convert("RGBA")
    image = image.crop(image.getchannel("A").getbbox())
    width = round(image.width * height / image.height)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def main() -> None:
    """Write the eight images, and optionally one that shows them on light and dark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preview", type=Path, help="write one picture that shows them all")
    preview = parser.parse_args().preview
    BRAND.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 6000, "height": 2100})
        for theme, ink in INK.items():
            drawings = [(name, icon(), size) for name, size in ICON_SIZES.items()]
            drawings += [(name, logo(ink), height) for name, height in LOGO_HEIGHTS.items()]
            for name, drawing, height in drawings:
                path = BRAND / f"{theme}{name}"
                render(page, drawing, height).save(path, optimize=True)
                print(f"{path.name}: {path.stat().st_size} bytes")
        browser.close()
    if preview:
        show(preview)


def show(path: Path) -> None:
    """One picture with the images as they appear on a light and on a dark page."""
    sheet = Image.new("RGB", (1500, 900), "#fafafa")
    sheet.paste(Image.new("RGB", (1500, 450), "#111111"), (0, 450))
    for top, theme in ((0, ""), (450, "dark_")):
        left = 30
        for name, height in (("icon.png", 256), ("icon.png", 48), ("logo@2x.png", 220)):
            with Image.open(BRAND / f"{theme}{name}") as stored:
                image = stored.resize((round(stored.width * height / stored.height), height))
            sheet.paste(image, (left, top + (450 - height) // 2), image)
            left += image.width + 60
    sheet.save(path)


if __name__ == "__main__":
    main()

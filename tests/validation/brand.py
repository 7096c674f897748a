"""Rules about the images in brand/."""

from PIL import Image

from tests.validation.integration import Integration, Problems, Rule

ICON = {"icon.png": 256, "icon@2x.png": 512}
"""Width and height in pixels."""
LOGO = {"logo.png": (128, 256), "logo@2x.png": (256, 512)}
"""Least and most pixels of the shorter side."""
NAMES = frozenset(f"{theme}{name}" for theme in ("", "dark_") for name in (*ICON, *LOGO))


def brand_names(integration: Integration) -> Problems:
    """Only the eight names that Home Assistant serves, and at least the icon."""
    if not integration.has("brand/icon.png"):
        yield "brand/icon.png is missing"
    for path in sorted((integration.folder / "brand").glob("*")):
        if path.name not in NAMES:
            yield f"brand/{path.name} is never shown"


def _images(integration: Integration) -> list[tuple[str, Image.Image]]:
    found = []
    for name in sorted(NAMES):
        path = integration.folder / "brand" / name
        if path.exists():
            with Image.open(path) as image:
                image.load()
                found.append((name, image.copy()))
                found[-1][1].format = image.format
                found[-1][1].info = image.info
    return found


def brand_sizes(integration: Integration) -> Problems:
    """Icons are square and of their size, logos within theirs."""
    for name, image in _images(integration):
        plain = name.removeprefix("dark_")
        if plain in ICON:
            if image.size != (ICON[plain], ICON[plain]):
                yield f"brand/{name} is {image.width}x{image.height}, not {ICON[plain]} square"
        else:
            least, most = LOGO[plain]
            if not least <= min(image.size) <= most:
                yield f"brand/{name}: shorter side {min(image.size)}, not {least} to {most}"


def brand_format(integration: Integration) -> Problems:
    """PNG with transparency, in sRGB (no other colour profile)."""
    for name, image in _images(integration):
        if image.format != "PNG":
            yield f"brand/{name} is {image.format}, not PNG"
        if not image.has_transparency_data:
            yield f"brand/{name} has no transparency"
        if "icc_profile" in image.info:
            yield f"brand/{name} has a colour profile of its own"


def brand_trimmed(integration: Integration) -> Problems:
    """No empty margin: the drawing reaches the edges (an icon's those of its longer side)."""
    for name, image in _images(integration):
        box = image.convert("RGBA").getchannel("A").getbbox()
        if box is None:
            yield f"brand/{name} is empty"
            continue
        fills = (box[2] - box[0] == image.width, box[3] - box[1] == image.height)
        enough = any(fills) if name.removeprefix("dark_") in ICON else all(fills)
        if not enough:
            yield f"brand/{name} has an empty margin"


RULES: tuple[Rule, ...] = (brand_names, brand_sizes, brand_format, brand_trimmed)

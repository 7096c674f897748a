"""Cards of a dashboard: only Home Assistant's own."""

from collections.abc import Sequence
from typing import Any

type Card = dict[str, Any]


def section(title: str, icon: str, *cards: Card | None) -> Card:
    """A column of cards below a heading; None is left out."""
    heading = {"type": "heading", "heading": title, "heading_style": "title", "icon": icon}
    return {"type": "grid", "cards": [heading, *(card for card in cards if card)]}


def subtitle(title: str) -> Card:
    """A heading within a section."""
    return {"type": "heading", "heading": title, "heading_style": "subtitle"}


def tile(entity: str | None, *features: Card, wide: bool = False, **more: Any) -> Card | None:  # noqa: ANN401  # card options
    """The tile of an entity; None without one."""
    if entity is None:
        return None
    # The section names the device, so every tile leaves its name out.
    tile: Card = {"type": "tile", "entity": entity, "name": {"type": "entity"}, **more}
    if features:
        tile["features"] = list(features)
    if wide:
        tile["grid_options"] = {"columns": 12}
    return tile


def history(
    entities: Sequence[str | Card], *, hours: float = 3, title: str | None = None
) -> Card | None:
    """A graph of entities over the last hours; None without any."""
    if not entities:
        return None
    graph: Card = {
        "type": "history-graph",
        "hours_to_show": hours,
        "entities": list(entities),
        "grid_options": {"columns": 12},
    }
    return graph if title is None else {**graph, "title": title}

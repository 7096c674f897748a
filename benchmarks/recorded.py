"""Home Assistant's own recorder in a run, and the rows that it wrote for one integration."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import async_initialize_recorder

from benchmarks.bare_home_assistant import set_up
from benchmarks.driven_time import DrivenLoop

FILE = "home-assistant_v2.db"

type Recorded = dict[str, dict[str, int]]
"""Rows of `states` and different attributes in them, by entity."""


async def record(hass: HomeAssistant) -> None:
    """Start the recorder as Home Assistant does by default. Raises NotSetUp."""
    async_initialize_recorder(hass)
    with _time_stands_still():
        await set_up(hass, "recorder", {})


async def recorded(hass: HomeAssistant, entry_id: str, since: float) -> Recorded:
    """The rows of the entities of an entry since a Unix time, the most first."""
    with _time_stands_still():
        await get_instance(hass).async_block_till_done()
        found = await hass.async_add_executor_job(_read, Path(hass.config.path(FILE)), since)
    ours = {
        each.entity_id for each in er.async_entries_for_config_entry(er.async_get(hass), entry_id)
    }
    return {each: rows for each, rows in found.items() if each in ours}


def _read(path: Path, since: float) -> Recorded:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows: list[tuple[Any, ...]] = database.execute(
            "SELECT states_meta.entity_id, COUNT(*), COUNT(DISTINCT attributes_id)"
            " FROM states JOIN states_meta USING (metadata_id)"
            " WHERE last_updated_ts >= ? GROUP BY 1 ORDER BY COUNT(*) DESC",
            (since,),
        ).fetchall()
    return {entity: {"states": states, "attributes": each} for entity, states, each in rows}


@contextmanager
def _time_stands_still() -> Iterator[None]:
    """Wait for the recorder's thread in real time."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, DrivenLoop):
        yield
        return
    with loop.waiting_for_thread():
        yield

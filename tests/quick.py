"""Faster ways of what the test plugins do in every test, with the same result."""

import asyncio
import gc
import logging
import sys
import time
from datetime import datetime
from types import ModuleType
from typing import Any
from unittest.mock import patch

from freezegun import api as freezegun_api
from homeassistant.core import HomeAssistant
from homeassistant.helpers import event
from homeassistant.util.async_ import get_scheduled_timer_handles
from pytest_homeassistant_custom_component import common

# Python would collect garbage dozens of times while a Home Assistant starts, and find little. The
# plugin collects all of it before the first test of each file.
gc.set_threshold(300_000, 20, 20)

# The plugin prints each log line to stderr, although pytest keeps them for its reports. Lines of a
# recorder's thread between two phases of a test, when pytest does not capture, were displayed.
for handler in [each for each in logging.root.handlers if type(each) is logging.StreamHandler]:
    logging.root.removeHandler(handler)


class _ModulesWithClock:
    """The loaded modules; listed are only those with a function or class of the clock.

    To stop the clock, freezegun compares all names of thousands of modules. Here a module without
    the clock is not looked at again, unless another one is loaded in its place.
    """

    def __init__(self) -> None:
        self._without: dict[str, ModuleType] = {}
        """The modules that had nothing of the clock when they were first looked at."""

    def keys(self) -> set[str]:
        return set(sys.modules)

    def get(self, name: str, default: ModuleType | None = None) -> ModuleType | None:
        return sys.modules.get(name, default)

    def items(self) -> list[tuple[str, ModuleType]]:
        without = self._without
        found = [each for each in sys.modules.items() if without.get(each[0]) is not each[1]]
        return [each for each in found if self._names_clock(*each)]

    def _names_clock(self, name: str, module: ModuleType) -> bool:
        clock = freezegun_api._real_time_object_ids
        if any(id(each) in clock for each in list(getattr(module, "__dict__", {}).values())):
            return True
        self._without[name] = module
        return False


class _Sys:
    """The module `sys`, with these modules."""

    modules = _ModulesWithClock()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)


freezegun_api.sys = _Sys()  # type: ignore[assignment, attr-defined]


def _fire_time_changed(hass: HomeAssistant, now: datetime, fire_all: bool) -> None:  # noqa: FBT001
    """Run what is due at a moment; unlike the plugin's, without a mock for every timer."""
    timestamp = now.timestamp()
    resolution = time.get_clock_info("monotonic").resolution
    timer: asyncio.TimerHandle
    for timer in list(get_scheduled_timer_handles(hass.loop)):
        if timer.cancelled():
            continue
        left = timer.when() - (hass.loop.time() + resolution)
        if not fire_all and timestamp - time.time() < left:
            continue
        with (
            patch.object(event, "time_tracker_utcnow", lambda: now),
            patch.object(event, "time_tracker_timestamp", lambda: timestamp),
        ):
            timer._run()
        timer.cancel()


assert hasattr(common, "_async_fire_time_changed")
common._async_fire_time_changed = _fire_time_changed

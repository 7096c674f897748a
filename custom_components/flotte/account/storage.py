"""Files in `.storage` that report failed writes and damaged content.

Home Assistant's own `Store` only logs a failed write, as on a full disk, and starts with nothing
when it cannot decode a file. Source: `homeassistant/helpers/storage.py` (2026.10).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, override

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from homeassistant.util.json import SerializationError

from ..const import LOGGER
from .issues import async_clear_issues, async_raise_issue

READ_ERRORS: Final = (
    HomeAssistantError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""Errors of Home Assistant for a file of a newer version, or of a wrong shape."""


class NotWritten(Exception):
    """A write failed and left the file unchanged; `detail` is the reason."""

    def __init__(self, detail: str) -> None:
        """Keep the reason."""
        super().__init__(detail)
        self.detail = detail


class Damaged(Exception):
    """A file cannot be read; `kept_as` is the name of its copy, blank if there is none."""

    def __init__(self, kept_as: str, detail: str) -> None:
        """Keep the name of the copy and the reason."""
        super().__init__(detail)
        self.kept_as = kept_as
        self.detail = detail


class CheckedStore(Store[dict[str, Any]]):
    """A private file with a JSON object in it."""

    failure: str | None = None
    """Reason why the last write failed; None if it succeeded, or there was none yet."""

    def __init__(self, hass: HomeAssistant, version: int, key: str) -> None:
        """Store `key` in a file that only Home Assistant's system user can read."""
        super().__init__(hass, version, key, private=True, atomic_writes=True)
        self.written: Callable[[], None] = lambda: None
        """Called after each write, failed or not."""

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        try:
            await super()._async_write_data(data)
        except (SerializationError, WriteError, OSError) as error:
            self.failure = str(error) or type(error).__name__
            # Home Assistant catches and logs only this type.
            raise WriteError(self.failure) from error
        else:
            self.failure = None
        finally:
            self.written()

    async def async_write(self, data: dict[str, Any]) -> None:
        """Write now, for data that must be on disk before anything else happens.

        Raises:
            NotWritten: the file is as it was before.
        """
        await self.async_save(data)
        if self.hass.state is CoreState.stopping:
            # `async_save` would postpone the write to the end of a shutdown.
            await self._async_handle_write_data()  # type: ignore[no-untyped-call]  # of Home Assistant
        if self.failure is not None:
            raise NotWritten(self.failure)

    async def async_read(self) -> dict[str, Any] | None:
        """Return the data written last; None if nothing was ever written.

        Raises:
            Damaged: the file is not JSON, contains no object, or is of a newer version.
        """
        existed = await self.hass.async_add_executor_job(self._exists)
        try:
            stored: object = await self.async_load()
        except READ_ERRORS as error:
            detail = str(error) or type(error).__name__
            raise Damaged(await self.async_set_aside(), detail) from error
        if isinstance(stored, dict):
            return stored
        # Data that was loaded without a file comes from a pending write.
        if stored is None and not existed and self._data is None:
            return None
        raise Damaged(await self.async_set_aside(), "no JSON object")

    async def async_set_aside(self) -> str:
        """Rename the file, so that a new one does not replace it.

        Returns:
            The name of the copy; blank if there is none, or it could not be renamed.
        """
        self._manager.async_invalidate(self.key)
        kept_as: str = await self.hass.async_add_executor_job(self._set_aside)
        if kept_as:
            LOGGER.error("%s is damaged; it was renamed to %s", self.key, kept_as)
        else:
            LOGGER.error("%s is damaged, and there is no copy of it", self.key)
        return kept_as

    @override
    async def async_remove(self) -> None:
        """Remove the file and its copies."""
        await super().async_remove()

        def remove() -> None:
            for copy in self._copies():
                copy.unlink(missing_ok=True)

        await self.hass.async_add_executor_job(remove)

    def _exists(self) -> bool:
        """Whether there is a file, or was one that Home Assistant has already set aside."""
        return Path(self.path).exists() or bool(self._copies())

    def _copies(self) -> list[Path]:
        """The copies of damaged files, oldest first. Home Assistant names its own like this."""
        path = Path(self.path)
        return sorted(path.parent.glob(f"{path.name}.corrupt.*"))

    def _set_aside(self) -> str:
        path = Path(self.path)
        copy = path.with_name(f"{path.name}.corrupt.{dt_util.utcnow().isoformat()}")
        try:
            path.rename(copy)
        except FileNotFoundError:
            # Home Assistant renamed it first.
            copies = self._copies()
            return copies[-1].name if copies else ""
        except OSError as error:
            LOGGER.error("%s cannot be renamed: %s", self.key, error)
            return ""
        return copy.name


@callback
def async_show_failure(
    hass: HomeAssistant, store: CheckedStore, issue: str, owner: str, **placeholders: str
) -> None:
    """Raise or clear the repair issue `issue` about failed writes; `owner` makes it unique."""
    if hass.is_stopping:
        # Issues end when Home Assistant stops; the next start checks again.
        return
    if store.failure is None:
        async_clear_issues(hass, owner, issue)
        return
    async_raise_issue(hass, issue, owner, {"detail": store.failure, **placeholders}, is_error=True)

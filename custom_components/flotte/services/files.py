"""Files that actions write, only where the owner of Home Assistant allows it.

Everything here blocks: call it in the executor.
"""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from homeassistant.core_config import Config
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..const import DOMAIN


def check_target(config: Config, filename: str, suffix: str, *, overwrite: bool) -> Path:
    """Check that a file may be written; return its path in its real folder.

    Raises:
        ServiceValidationError: the folder is not allowed or does not exist, the name does not end
            in `suffix`, or there is a file already.
    """
    try:
        folder = Path(filename).parent.resolve()
        target = folder / Path(filename).name
        is_allowed = Path(filename).is_absolute() and config.is_allowed_path(str(target))
        if not is_allowed or not folder.is_dir() or not target.name.isprintable():
            raise _mistake(filename, translation_key="path_not_allowed")
        if target.suffix.lower() != suffix or target.is_dir():
            raise _mistake(filename, translation_key="path_not_pdf")
        if target.exists() and not overwrite:
            raise _mistake(filename, translation_key="file_exists")
    except (OSError, ValueError) as error:
        raise _mistake(filename, translation_key="path_not_allowed") from error
    if not os.access(folder, os.W_OK):
        raise _not_written(filename, "permission denied")
    return target


def write_file(target: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a whole file or nothing.

    Raises:
        ServiceValidationError: another file with that name has appeared.
        HomeAssistantError: it cannot be written, for example because the disk is full.
    """
    part = target.with_name(f".flotte-{token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists() and not overwrite:
            raise _mistake(str(target), translation_key="file_exists")
        # Replaces a link, and does not follow it.
        part.replace(target)
    except OSError as error:
        raise _not_written(str(target), error.strerror or type(error).__name__) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _mistake(filename: str, *, translation_key: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders={"filename": filename},
    )


def _not_written(filename: str, detail: str) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="file_not_written",
        translation_placeholders={"filename": filename, "detail": detail},
    )

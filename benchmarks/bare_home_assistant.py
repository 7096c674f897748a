"""Home Assistant in this process, with its real files and no integration yet."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant import auth, bootstrap, loader
from homeassistant.config_entries import SOURCE_USER, ConfigEntries, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component


class NotSetUp(Exception):
    """Home Assistant or an integration did not start."""


async def bare(folder: Path, *, zone: str) -> HomeAssistant:
    """Home Assistant with this folder and time zone. Raises NotSetUp."""
    hass = HomeAssistant(str(folder))
    hass.config.skip_pip = True
    await hass.config.async_set_time_zone(zone)
    loader.async_setup(hass)
    hass.config_entries = ConfigEntries(hass, {})
    if not await bootstrap.async_load_base_functionality(hass):
        raise NotSetUp("Home Assistant has no base")
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    return hass


async def set_up(hass: HomeAssistant, domain: str, config: Mapping[str, Any]) -> None:
    """Set an integration up with this configuration.

    Raises:
        NotSetUp: it did not start.
    """
    if not await async_setup_component(hass, domain, {domain: dict(config)} if config else {}):
        raise NotSetUp(f"{domain} does not start")


def login_entry(
    domain: str,
    *,
    version: tuple[int, int],
    subject: str,
    token: Mapping[str, Any],
    now: float,
    data: Mapping[str, Any],
    options: Mapping[str, Any],
) -> ConfigEntry:
    """The config entry of an account that has just logged in.

    Args:
        domain: Domain of the integration.
        version: Major and minor version of its entries.
        subject: The user who logged in.
        token: The answer of the token endpoint.
        now: The time of the login, in Unix seconds of the caller's clock.
        data: The data of the entry beside the token.
        options: The options of the entry.
    """
    return ConfigEntry(
        version=version[0],
        minor_version=version[1],
        domain=domain,
        title="Tesla",
        source=SOURCE_USER,
        unique_id=subject,
        data={
            "auth_implementation": domain,
            "token": {**token, "expires_at": now + token["expires_in"]},
            **data,
        },
        options=dict(options),
        discovery_keys=MappingProxyType({}),
        subentries_data=(),
    )

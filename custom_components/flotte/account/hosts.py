"""Hosts of Tesla: the real ones, unless `configuration.yaml` names a simulator.

    flotte:
      simulator:
        auth: http://127.0.0.1:8600
        eu: http://127.0.0.1:8600
        na: http://127.0.0.1:8601

Only loopback addresses are accepted there, so that no configuration can send tokens elsewhere.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey
from yarl import URL

from ..const import CONF_SIMULATOR, DOMAIN
from ..tesla.hosts import TESLA, Hosts, simulated

_HOSTS: Final[HassKey[Hosts]] = HassKey(f"{DOMAIN}_hosts")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

_DOMAIN_NAME: Final = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
"""Lower case, no scheme, no path."""


def _loopback_url(value: Any) -> str:  # noqa: ANN401  # what YAML holds
    url: str = cv.url(value)
    if urlsplit(url).hostname not in _LOOPBACK:
        raise vol.Invalid("a simulator runs on this machine only")
    return url.rstrip("/")


CONFIG_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(DOMAIN): vol.Schema(
            {
                vol.Optional(CONF_SIMULATOR): vol.Schema(
                    {
                        vol.Required("auth"): _loopback_url,
                        vol.Required("eu"): _loopback_url,
                        vol.Required("na"): _loopback_url,
                    }
                )
            }
        )
    },
    extra=vol.ALLOW_EXTRA,
)


def set_hosts(hass: HomeAssistant, config: ConfigType) -> None:
    """Use the simulator's addresses from the configuration, if there are any."""
    if simulator := (config.get(DOMAIN) or {}).get(CONF_SIMULATOR):
        regions = {region: simulator[region] for region in ("na", "eu")}
        hass.data[_HOSTS] = simulated(simulator["auth"], regions)


def get_hosts(hass: HomeAssistant) -> Hosts:
    """Hosts of the Tesla in use."""
    return hass.data.get(_HOSTS, TESLA)


def domain_of(text: str) -> str:
    """The bare domain in a text that the user pasted, without scheme, port and path."""
    text = text.strip().lower()
    if "://" not in text:
        return text.partition("/")[0].partition(":")[0]
    try:
        return URL(text).raw_host or ""
    except ValueError:
        return ""


def is_domain(text: str) -> bool:
    """Whether Tesla could register this domain. Source: the error text of its registration."""
    return _DOMAIN_NAME.fullmatch(text) is not None

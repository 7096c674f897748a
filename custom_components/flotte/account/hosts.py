"""Which Tesla to talk to: the real one, unless `configuration.yaml` names a simulator.

    flotte:
      simulator:
        auth: http://127.0.0.1:8600
        eu: http://127.0.0.1:8600
        na: http://127.0.0.1:8601

Only loopback addresses are accepted there, so that no configuration can send tokens elsewhere.
"""

from typing import Any, Final
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_SIMULATOR, DOMAIN
from ..tesla.hosts import TESLA, Hosts, simulated

_HOSTS: Final[HassKey[Hosts]] = HassKey(f"{DOMAIN}_hosts")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


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
    """Take the simulator's addresses from the configuration, if it names one."""
    if simulator := (config.get(DOMAIN) or {}).get(CONF_SIMULATOR):
        regions = {region: simulator[region] for region in ("na", "eu")}
        hass.data[_HOSTS] = simulated(simulator["auth"], regions)


def get_hosts(hass: HomeAssistant) -> Hosts:
    """The Tesla to talk to."""
    return hass.data.get(_HOSTS, TESLA)

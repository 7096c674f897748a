"""The Energy dashboard of the demo, with the energy of the site's last days."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.entities import Entities
from demo.home_assistant import METERS, HomeAssistant
from demo.tesla import AURORA, SITE, Tesla

METER = {part: f"sensor.house_{part}" for part in METERS}
"""The sensors of the house's meter, which is quicker than Tesla's cloud."""
DAYS = 2
"""The age of the site, so that the import of its history takes some seconds."""


async def shorten_history(tesla: Tesla) -> None:
    """Let the site be a few days old; Flotte imports its history from the beginning."""
    installed = datetime.now(UTC) - timedelta(days=DAYS)
    await tesla.order(f"sites/{SITE}", {"installed": installed.isoformat(timespec="seconds")})


async def set_up_energy(home_assistant: HomeAssistant, entities: Entities) -> None:
    """Fill in the fields of the Energy dashboard; see docs/energy.md."""
    await home_assistant.call("energy/save_prefs", **preferences(entities))


def preferences(entities: Entities) -> dict[str, Any]:
    """The sources of energy by their imported statistics, with the power of the house's meter."""

    def imported(field: str) -> str:
        return f"flotte:{SITE}_{field}"

    def sensor(key: str) -> str:
        return entities.get(SITE, "sensor", key)

    return {
        "energy_sources": [
            {
                "type": "grid",
                "stat_energy_from": imported("grid_energy_imported"),
                "stat_energy_to": imported("total_grid_energy_exported"),
                "stat_rate": METER["grid"],
                "cost_adjustment_day": 0.0,
            },
            {
                "type": "solar",
                "stat_energy_from": imported("total_solar_generation"),
                "stat_rate": METER["solar"],
                "config_entry_solar_forecast": None,
            },
            {
                "type": "battery",
                "stat_energy_from": imported("total_battery_discharge"),
                "stat_energy_to": imported("total_battery_charge"),
                "stat_rate": METER["battery"],
                "stat_soc": sensor("percentage_charged"),
            },
        ],
        "device_consumption": [
            {
                "stat_consumption": entities.get(AURORA, "sensor", "energy_charged_at_home"),
                "stat_rate": entities.get(AURORA, "sensor", "charger_power"),
            }
        ],
    }

"""A dashboard for the cars and the energy site, as an owner would want it.

Built from Home Assistant's own cards, for the existing entities: a car without tyre pressures gets
no row for them.
"""

from typing import Any

from demo.cards import Card, history, section, subtitle, tile
from demo.charging import charging_sections
from demo.entities import Entities
from demo.home_assistant import HomeAssistant
from demo.tesla import AURORA, COMET, OLD_FAITHFUL, SITE

URL_PATH = "my-cars"

CARS = {AURORA: "Aurora", COMET: "Comet", OLD_FAITHFUL: "Old Faithful"}


async def make_dashboard(home_assistant: HomeAssistant, entities: Entities) -> None:
    """Save the dashboard."""
    await home_assistant.call(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title="My cars",
        icon="mdi:car-electric",
        mode="storage",
        show_in_sidebar=True,
    )
    await update_dashboard(home_assistant, entities)


async def update_dashboard(home_assistant: HomeAssistant, entities: Entities) -> None:
    """Save the dashboard again, for the entities that exist by now."""
    await home_assistant.call("lovelace/config/save", url_path=URL_PATH, config=describe(entities))


def describe(entities: Entities) -> dict[str, Any]:
    """The dashboard: one car in full, the others in short, the energy, the bill."""
    return {
        "title": "My cars",
        "views": [
            {**_view("cars", "Cars", _car_sections(entities)), "badges": _badges(entities)},
            _view("charging", "Charging from the sun", charging_sections(entities)),
            _view("energy", "Energy", _energy_sections(entities)),
            _view("cost", "Cost", _cost_sections(entities)),
        ],
    }


def _view(path: str, title: str, sections: list[Card]) -> dict[str, Any]:
    return {
        "path": path,
        "title": title,
        "type": "sections",
        "max_columns": 3,
        "sections": sections,
    }


def _badges(entities: Entities) -> list[Card]:
    """At the top: the level of each car, and the cost of the month."""
    levels = {vin: entities.find(vin, "sensor", "battery_level") for vin in CARS}
    badges = [
        {"type": "entity", "entity": level, "name": CARS[vin], "show_name": True}
        for vin, level in levels.items()
        if level
    ]
    if total := entities.of_account("cost_month"):
        badges.append(
            {"type": "entity", "entity": total, "name": "Tesla this month", "show_name": True}
        )
    return badges


def _car_sections(entities: Entities) -> list[Card]:
    car, outside = _whole_car(entities, AURORA)
    others = [card for vin in (COMET, OLD_FAITHFUL) for card in _short_car(entities, vin)]
    levels = [level for vin in CARS if (level := entities.find(vin, "sensor", "battery_level"))]
    temperatures = entities.find_all(AURORA, "sensor", "inside_temperature", "outside_temperature")
    return [
        car,
        outside,
        section("The others", "mdi:car-multiple", *others),
        section("Batteries", "mdi:chart-line", history(levels)),
        section(f"{CARS[AURORA]}, warmth", "mdi:thermometer", history(temperatures)),
    ]


def _whole_car(entities: Entities, vin: str) -> tuple[Card, Card]:
    """Controls of everyday use, and the location and state of the car."""

    def sensor(key: str, **more: Any) -> Card | None:  # noqa: ANN401  # card options
        return tile(entities.find(vin, "sensor", key), **more)

    def find(domain: str, key: str) -> str | None:
        return entities.find(vin, domain, key)

    gauge = find("sensor", "battery_level")
    climate = find("climate", "climate")
    places = entities.find_all(vin, "device_tracker", "location")
    return (
        section(
            CARS[vin],
            "mdi:car-electric",
            {
                "type": "gauge",
                "entity": gauge,
                "name": "Battery",
                "needle": True,
                "severity": {"green": 40, "yellow": 20, "red": 0},
                "grid_options": {"columns": 6, "rows": 4},
            }
            if gauge
            else None,
            {
                "type": "thermostat",
                "entity": climate,
                "features": [{"type": "climate-preset-modes", "style": "dropdown"}],
                "grid_options": {"columns": 6, "rows": 4},
            }
            if climate
            else None,
            sensor("range"),
            sensor("charging_status"),
            tile(find("lock", "doors"), {"type": "lock-commands"}, wide=True),
            tile(
                find("number", "charge_limit"),
                {"type": "numeric-input", "style": "slider"},
                wide=True,
            ),
            tile(find("switch", "charge")),
            tile(find("switch", "sentry_mode")),
            sensor("inside_temperature", name="Inside"),
            sensor("outside_temperature", name="Outside"),
        ),
        section(
            f"{CARS[vin]}, outside",
            "mdi:map-marker",
            {
                "type": "map",
                "entities": places,
                "default_zoom": 14,
                "theme_mode": "auto",
                "grid_options": {"columns": 12, "rows": 4},
            }
            if places
            else None,
            *(
                tile(entity, {"type": "cover-open-close"})
                for entity in entities.find_all(
                    vin, "cover", "frunk", "trunk", "charge_port", "windows"
                )
            ),
            subtitle("Tyres"),
            *(
                sensor(f"pressure_{wheel.lower().replace(' ', '_')}", name=wheel)
                for wheel in ("Front left", "Front right", "Rear left", "Rear right")
            ),
            sensor("odometer"),
            sensor("last_seen"),
        ),
    )


def _short_car(entities: Entities, vin: str) -> list[Card | None]:
    def find(domain: str, key: str) -> str | None:
        return entities.find(vin, domain, key)

    climate = {"type": "target-temperature"}
    return [
        subtitle(CARS[vin]),
        tile(find("sensor", "battery_level"), {"type": "bar-gauge"}, wide=True),
        tile(find("sensor", "range")),
        tile(find("binary_sensor", "online")),
        tile(find("lock", "doors"), {"type": "lock-commands"}, wide=True),
        tile(find("climate", "climate"), climate, wide=True, name="Climate"),
    ]


def _energy_sections(entities: Entities) -> list[Card]:
    def sensor(key: str) -> Card | None:
        return tile(entities.find(SITE, "sensor", key))

    powers = entities.find_all(
        SITE, "sensor", "solar_power", "battery_power", "grid_power", "load_power"
    )
    return [
        section(
            "Home",
            "mdi:home-lightning-bolt",
            sensor("solar_power"),
            sensor("load_power"),
            sensor("grid_power"),
            sensor("battery_power"),
            sensor("wall_connector_power"),
            sensor("island_status"),
        ),
        section(
            "Powerwall",
            "mdi:home-battery",
            tile(
                entities.find(SITE, "sensor", "percentage_charged"),
                {"type": "bar-gauge"},
                wide=True,
            ),
            tile(
                entities.find(SITE, "number", "backup_reserve"),
                {"type": "numeric-input", "style": "slider"},
                wide=True,
            ),
            tile(
                entities.find(SITE, "select", "operation_mode"),
                {"type": "select-options"},
                wide=True,
            ),
            tile(entities.find(SITE, "switch", "storm_watch"), wide=True),
        ),
        section("Power", "mdi:chart-line", history(powers)),
    ]


def _cost_sections(entities: Entities) -> list[Card]:
    parts = ("command", "data", "wake", "signal", "energy")
    total = entities.of_account("cost_month")
    return [
        section(
            "What Tesla counts this month",
            "mdi:cash-multiple",
            tile(total, wide=True),
            *(tile(entities.of_account(f"cost_{part}")) for part in parts),
        ),
        section(
            "What it will be",
            "mdi:scale-balance",
            tile(entities.of_account("projected_cost"), wide=True),
            tile(entities.of_account("budget_left")),
            tile(entities.of_account("spending_mode")),
            tile(
                entities.of_account("monthly_budget", "number"),
                {"type": "numeric-input", "style": "buttons"},
                wide=True,
            ),
            tile(
                entities.of_account("spending_mode", "select"),
                {"type": "select-options"},
                wide=True,
            ),
        ),
        section(
            "How it grew",
            "mdi:chart-line",
            history([total] if total else []),
        ),
    ]

"""Charging from the sun: the mode that is chosen, and the view that shows what follows."""

from demo.cards import Card, history, section, tile
from demo.energy import METER
from demo.entities import Entities
from demo.home_assistant import HomeAssistant
from demo.processes import wait_until
from demo.tesla import AURORA

MODE = "sun_first"
APPEAR_SECONDS = 60
"""Patience for the entities of charging at home, which exist once a mode was chosen."""
GRAPH_HOURS = 1 / 3


async def choose_sun_first(home_assistant: HomeAssistant, entities: Entities) -> Entities:
    """Choose the mode for Aurora; returns the entities with those that appear then."""
    mode = entities.get(AURORA, "select", "charging_mode")
    await home_assistant.act("select", "select_option", mode, option=MODE)

    async def appeared() -> Entities | None:
        now = await Entities.read(home_assistant)
        return now if now.find(AURORA, "sensor", "charging_decision") else None

    return await wait_until("the entities of charging at home", appeared, APPEAR_SECONDS)


def charging_sections(entities: Entities) -> list[Card]:
    """The house, the car's current as steps, and each decision, of the last minutes."""

    def find(domain: str, key: str) -> str | None:
        return entities.find(AURORA, domain, key)

    def graph(title: str, **found: str | None) -> Card | None:
        rows = [{"entity": each, "name": name} for name, each in found.items() if each]
        return history(rows, hours=GRAPH_HOURS, title=title)

    decision, taken_over = find("sensor", "charging_decision"), find("binary_sensor", "taken_over")
    return [
        section(
            "Aurora",
            "mdi:solar-power",
            tile(find("select", "charging_mode"), {"type": "select-options"}, wide=True),
            _sentence(decision),
            tile(find("sensor", "surplus_for_vehicle"), name="To spare"),
            tile(find("sensor", "charger_current"), name="Current"),
            tile(find("sensor", "energy_from_sun"), name="From the sun"),
            tile(find("sensor", "energy_from_grid"), name="From the grid"),
            tile(taken_over, wide=True),
            tile(find("button", "follow_sun_again"), wide=True, visibility=_while_on(taken_over)),
        ),
        section(
            "Sun and grid",
            "mdi:weather-partly-cloudy",
            graph("Power of the house", Sun=METER["solar"], Grid=METER["grid"]),
            graph("To spare for the car", Spare=find("sensor", "surplus_for_vehicle")),
        ),
        section(
            "What the car does",
            "mdi:ev-station",
            graph("Current", Current=find("sensor", "charger_current")),
            graph("Commands", Today=find("sensor", "charging_commands_today")),
            graph("Decisions", Reason=decision),
        ),
    ]


def _while_on(switch: str | None) -> list[Card]:
    """The condition of a card that is shown while something is on."""
    return [{"condition": "state", "entity": switch, "state": "on"}] if switch else []


def _sentence(decision: str | None) -> Card | None:
    """The decision in words."""
    if decision is None:
        return None
    content = f"{{{{ state_attr('{decision}', 'sentence') }}}}"
    return {"type": "markdown", "content": content, "grid_options": {"columns": 12}}

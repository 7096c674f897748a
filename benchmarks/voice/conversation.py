"""A Home Assistant with one simulated car and a house, to which sentences are spoken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from homeassistant.components.conversation import async_converse
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_DOMAIN,
    ATTR_ENTITY_ID,
    ATTR_SERVICE_DATA,
    EVENT_CALL_SERVICE,
)
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.intent import IntentResponseType
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from benchmarks.voice.house import House
from benchmarks.voice.judging import Happened, Row, Rules, Verdict, judge
from benchmarks.voice.meanings import CODE_SAID, OTHER, Truth
from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.coordinator import VehicleCoordinator
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from simulator import Simulator
from simulator.cars import Car
from simulator.vehicle_data import charge_state, climate_state
from simulator.world import AURORA

HOMES: Final = {"en": "Home", "de": "Zuhause"}
_KILOMETRES: Final = 1.609344
_PERSON: Final = Caller(CallerKind.PERSON)
_HEATED: Final = 3
_USUAL: Final[Mapping[str, Any]] = {
    "state": "online",
    "user_present": True,
    "plugged_in": True,
    "max_starts": None,
    "battery_level": 68,
    "charge_limit": 80,
    "charge_amps": 16,
    "charging": True,
    "locked": True,
    "sentry_mode": False,
    "close": ["df", "dr", "pf", "pr", "ft", "rt", "fd", "fp", "rd", "rp"],
    "climate": {"on": False, "driver_temp": 20.5, "defrost": False},
    "inside_temp": 23.5,
    "location": "home",
}
"""The state of the car before each sentence."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Options of Flotte, and what is exposed."""

    name: str
    options: Mapping[str, Any]
    exposes_all: bool
    allows: bool
    """Whether actions are allowed, and dangerous ones with the code."""


def setups() -> tuple[Setup, Setup, Setup, Setup]:
    """As installed without and with Flotte's sentences; then the same with everything exposed."""
    nothing = {"voice_questions": False, "voice_acts": False, "voice_unlock": False}
    everything = {
        "voice_questions": True,
        "voice_acts": True,
        "voice_unlock": True,
        "voice_phrase": CODE_SAID,
    }
    return (
        Setup("plain, as installed", nothing, exposes_all=False, allows=False),
        Setup("as installed", {}, exposes_all=False, allows=False),
        Setup("plain, everything exposed", nothing, exposes_all=True, allows=True),
        Setup("everything exposed and allowed", everything, exposes_all=True, allows=True),
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with its verdict."""

    row: Row
    setup: Setup
    verdict: Verdict
    happened: Happened


class Conversation:
    """Speaks sentences and notes what happens."""

    def __init__(
        self, hass: HomeAssistant, tesla: Simulator, entry: ConfigEntry, language: str
    ) -> None:
        self._hass = hass
        self._car: Car = tesla.world.cars[AURORA]
        self._entry = entry
        self._language = language
        self._house = House(hass)
        self._called: set[str] = set()
        self._is_usual = False
        """Whether the car is in its usual state, and Flotte knows it."""
        self._reported: dict[str, Any] = {}
        self._reported_at = dt_util.now()

    @property
    def _coordinator(self) -> VehicleCoordinator:
        coordinators: list[VehicleCoordinator] = self._entry.runtime_data.vehicles
        return next(each for each in coordinators if each.vehicle.vin == AURORA)

    @property
    def _controller(self) -> ChargingController:
        controllers: dict[str, ChargingController] = self._entry.runtime_data.charging_controllers
        return controllers[AURORA]

    async def async_prepare(self) -> None:
        """Add the house."""
        await self._house.async_add(self._language)
        await async_setup_component(self._hass, "conversation", {})
        self._hass.bus.async_listen(EVENT_CALL_SERVICE, self._async_called)
        zone = {
            "latitude": self._car.latitude,
            "longitude": self._car.longitude,
            "radius": 100,
            "friendly_name": HOMES[self._language],
        }
        self._hass.states.async_set("zone.home", "0", zone)

    @callback
    def _async_called(self, event: Event[Any]) -> None:
        data = event.data[ATTR_SERVICE_DATA]
        found = data.get(ATTR_ENTITY_ID, [])
        ids = {found} if isinstance(found, str) else set(found)
        if not ids and event.data[ATTR_DOMAIN] != DOMAIN:
            ids = {f"{event.data[ATTR_DOMAIN]}.*"}
        registry = er.async_get(self._hass)
        for entity_id in ids:
            entity = registry.async_get(entity_id)
            if entity is None or entity.platform != DOMAIN:
                self._called.add(entity_id)

    async def async_choose(self, setup: Setup) -> None:
        """Choose the options, and expose."""
        options = {
            **{k: v for k, v in self._entry.options.items() if not k.startswith("voice_")},
            **setup.options,
        }
        self._hass.config_entries.async_update_entry(self._entry, options=options)
        await self._hass.config_entries.async_reload(self._entry.entry_id)
        await self._hass.async_block_till_done()
        if setup.exposes_all:
            registry = er.async_get(self._hass)
            for entity in er.async_entries_for_config_entry(registry, self._entry.entry_id):
                async_expose_entity(
                    self._hass, "conversation", entity.entity_id, should_expose=True
                )

    async def async_judge(
        self, setup: Setup, rows: Sequence[Row], plain: Mapping[Row, Happened] | None = None
    ) -> list[Judged]:
        """Speak all sentences in a setup, and judge each one."""
        await self.async_choose(setup)
        self._is_usual = False
        rules = Rules(self._language, allows_acts=setup.allows, allows_code=setup.allows)
        judged = []
        for row in rows:
            await self._async_reset(row)
            truth = self._truth()
            happened = await self._async_speak(row)
            verdict = judge(row, happened, rules, truth, (plain or {}).get(row))
            judged.append(Judged(row, setup, verdict, happened))
        return judged

    async def _async_reset(self, row: Row) -> None:
        """Bring the car into the state in which the sentence means something."""
        if self._controller.settings.mode is not ChargingMode.OFF:
            self._controller.async_change(mode=ChargingMode.OFF)
            await self._hass.async_block_till_done()
            self._is_usual = False
        before = {} if row.act is None else row.act[0].before
        if before or self._car.executions or not self._is_usual:
            await self._async_steer(before, heated=row.meaning.endswith(" off"))
        self._house.async_reset()
        self._called.clear()
        self._car.executions.clear()

    async def _async_steer(self, before: Mapping[str, Any], *, heated: bool) -> None:
        """Steer the car, and have Flotte poll it."""
        car = self._car
        car.steer(dict(_USUAL))
        car.steer(dict(before))
        if car.charging.state == "Starting":
            car.charging.starting_until = car.time - 1
            car.advance()
        # As if so much time had passed that the trunk has stopped moving.
        self._coordinator.vehicle.executor._verifier._toggled = None  # noqa: SLF001
        level = _HEATED if heated else 0
        car.climate.seat_heaters = dict.fromkeys(car.climate.seat_heaters, level)
        await self._coordinator.vehicle.refresh(_PERSON)
        self._is_usual = not before
        self._reported = {**charge_state(car), **climate_state(car)}
        self._reported_at = dt_util.now()

    def _truth(self) -> Truth:
        reported = self._reported
        spent = self._entry.runtime_data.ledger.meter.cost(dt_util.utcnow())
        return Truth(
            level=reported["battery_level"],
            range_km=round(reported["battery_range"] * _KILOMETRES),
            inside=reported["inside_temp"],
            charged_at=self._reported_at + timedelta(hours=reported["time_to_full_charge"]),
            version=self._car.firmware,
            cost=float(spent),
            home=HOMES[self._language],
            now=dt_util.now(),
        )

    async def _async_speak(self, row: Row) -> Happened:
        result = await async_converse(
            self._hass, row.sentence, None, Context(), language=self._language
        )
        await self._hass.async_block_till_done()
        response = result.response
        return Happened(
            speech=response.speech.get("plain", {}).get("speech", ""),
            is_error=response.response_type is IntentResponseType.ERROR,
            is_answer=response.response_type is IntentResponseType.QUERY_ANSWER,
            executions=tuple((each.name, each.parameters) for each in self._car.executions),
            calls=frozenset(self._called),
            is_sun_on=self._controller.settings.mode is not ChargingMode.OFF,
        )


async def async_converse_all(
    hass: HomeAssistant,
    tesla: Simulator,
    entry: ConfigEntry,
    language: str,
    rows: Sequence[Row],
    *,
    compares: bool = True,
) -> tuple[list[Judged], list[Judged]]:
    """Judge all sentences with Flotte's sentences, and without them.

    Args:
        hass: Home Assistant with Flotte and one car.
        tesla: The simulator.
        entry: The account.
        language: Language of the sentences and of Home Assistant.
        rows: The sentences.
        compares: Whether to say those about the car without Flotte's sentences, too.

    Returns what was judged in the setups with them, and in those without.
    """
    conversation = Conversation(hass, tesla, entry, language)
    await conversation.async_prepare()
    ours: list[Judged] = []
    others: list[Judged] = []
    elsewhere = [row for row in rows if row.kind == OTHER]
    plain_installed, installed, plain_exposed, allowed = setups()
    for without, with_ours in ((plain_installed, installed), (plain_exposed, allowed)):
        is_compared = compares and without.exposes_all
        plain = await conversation.async_judge(without, rows if is_compared else elsewhere)
        others += plain if is_compared else []
        ours += await conversation.async_judge(
            with_ours, rows, {each.row: each.happened for each in plain}
        )
    return ours, others

"""The triggers of devices: one row each, for device triggers and for Flotte's own triggers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from ..coordinator import FlotteCoordinator
from ..tesla import signals
from ..tesla.commands import Command
from ..tesla.errors import Refused
from ..tesla.telemetry.records import Alert
from .facts import CHARGE_FACT, HOME_FACT, PLUG_FACT, SLEEP_FACT, UPDATE_FACT, Fact, has_location
from .subjects import Subject
from .watching import FactWatch, Fire, Subscribe

SHARES: Final = (50, 80, 100)
"""Per cent of the budget that the editor offers."""


def _is_vehicle(subject: Subject) -> bool:
    return subject.vehicle is not None


def _is_asset(subject: Subject) -> bool:
    return not subject.is_account


def _is_account(subject: Subject) -> bool:
    return subject.is_account


@dataclass(frozen=True, kw_only=True)
class TriggerRow:
    """A trigger."""

    key: str
    is_offered: Callable[[Subject], bool]
    """Whether a device can have it."""
    subscribe: Subscribe
    subtypes: tuple[str, ...] = ()
    """Choices that the editor lists as triggers of their own."""
    has_entity: bool = True
    """Whether an entity shows it too, so that Home Assistant has a trigger that fits."""
    fits: Callable[[Subject], bool] = _is_vehicle
    """Whether it is a trigger of this kind of device."""


def knows_home(subject: Subject) -> bool:
    """Whether a vehicle reports if it is at home."""
    vehicle = subject.vehicle
    return vehicle is not None and (
        has_location(vehicle) or vehicle.state[signals.AT_HOME] is not None
    )


def _has_alerts(subject: Subject) -> bool:
    """Only a stream reports alerts."""
    return subject.vehicle is not None and subject.vehicle.stream_watch.is_expected


def _fact(
    key: str,
    fact: Fact,
    happens: Callable[[object, object], bool],
    is_offered: Callable[[Subject], bool] = _is_vehicle,
    *,
    has_entity: bool = True,
) -> TriggerRow:
    """A row about a fact that changes."""

    @callback
    def subscribe(subject: Subject, fire: Fire) -> CALLBACK_TYPE:
        vehicle = subject.vehicle
        if vehicle is None:
            return _nothing
        return FactWatch(subject, vehicle, fact, happens, fire).async_start()

    return TriggerRow(key=key, is_offered=is_offered, subscribe=subscribe, has_entity=has_entity)


def _nothing() -> None:
    """Stop what never began."""


def _turns(*, to: bool) -> Callable[[object, object], bool]:
    """Whether a fact becomes true, or false."""
    return lambda before, after: before is not to and after is to


def _leaves(state: str, *others: str) -> Callable[[object, object], bool]:
    """Whether a fact changes from a state to one of others."""
    return lambda before, after: before == state and after in others


@callback
def _subscribe_alarm(subject: Subject, fire: Fire) -> CALLBACK_TYPE:
    vehicle = subject.vehicle
    if vehicle is None:
        return _nothing

    @callback
    def on_alert(alert: Alert) -> None:
        if alert.is_alarm and alert.started is not None:
            fire({"name": alert.name, "started": alert.started.isoformat()})

    return vehicle.stream.on_alert(on_alert)


@callback
def _subscribe_refusal(subject: Subject, fire: Fire) -> CALLBACK_TYPE:
    asset: FlotteCoordinator | None = subject.vehicle or subject.site

    @callback
    def on_refusal(command: Command, error: Refused, text: str) -> None:
        fire({"command": command.name, "reason": error.translation_key, "explanation": text})

    return _nothing if asset is None else asset.refusals.reported.subscribe(on_refusal)


@callback
def _subscribe_budget(subject: Subject, fire: Fire) -> CALLBACK_TYPE:
    meter = subject.data.ledger.meter

    @callback
    def on_reached(before: int, after: int) -> None:
        now = dt_util.utcnow()
        fire(
            {
                "share_before": before,
                "share": after,
                "spent": float(meter.cost(now)),
                "budget": float(meter.budget),
                "currency": meter.tariff.currency,
            }
        )

    return subject.data.ledger.async_subscribe_shares(on_reached)


TRIGGERS: Final = (
    _fact("arrived", HOME_FACT, _turns(to=True), knows_home),
    _fact("left", HOME_FACT, _turns(to=False), knows_home),
    _fact("plugged_in", PLUG_FACT, _turns(to=True)),
    _fact("unplugged", PLUG_FACT, _turns(to=False)),
    _fact("charging_started", CHARGE_FACT, lambda before, after: before != after == "charging"),
    _fact("charging_finished", CHARGE_FACT, _leaves("charging", "complete"), has_entity=False),
    _fact(
        "charging_stopped_early",
        CHARGE_FACT,
        _leaves("charging", "stopped", "no_power"),
        has_entity=False,
    ),
    _fact("woke", SLEEP_FACT, _turns(to=False)),
    _fact("fell_asleep", SLEEP_FACT, _turns(to=True)),
    _fact("update_available", UPDATE_FACT, lambda before, after: bool(after) and before != after),
    TriggerRow(key="alarm", is_offered=_has_alerts, subscribe=_subscribe_alarm, has_entity=False),
    TriggerRow(
        key="command_refused",
        is_offered=_is_asset,
        fits=_is_asset,
        subscribe=_subscribe_refusal,
        has_entity=False,
    ),
    TriggerRow(
        key="budget_reached",
        is_offered=_is_account,
        fits=_is_account,
        subscribe=_subscribe_budget,
        subtypes=tuple(str(share) for share in SHARES),
        has_entity=False,
    ),
)
"""Triggers by what happens, in the order of the editor's list."""

BY_KEY: Final[Mapping[str, TriggerRow]] = {row.key: row for row in TRIGGERS}


def only_share(fire: Fire, share: int) -> Fire:
    """Call `fire` only when this share of the budget is reached."""

    @callback
    def fire_if_reached(variables: Mapping[str, Any]) -> None:
        if variables["share_before"] < share <= variables["share"]:
            fire(variables)

    return fire_if_reached

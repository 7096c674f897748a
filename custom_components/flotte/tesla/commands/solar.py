"""Charge on Solar: Tesla's charging with what solar panels and a Powerwall leave."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError
from tesla_protocol.command import car_server_pb2

from .. import signals
from ..state import Signal
from .command import Command, InfotainmentAction, between, infotainment


def get_charge_on_solar() -> Command:
    """Ask for the settings; this changes nothing. A vehicle without them may not know it."""
    request = car_server_pb2.GetChargeOnSolarFeatureRequest()
    return Command(
        name="charge_on_solar",
        **infotainment(InfotainmentAction(getChargeOnSolarFeatureRequest=request)),
        rest=False,
        unproven=True,
        read=_settings,
    )


def set_charge_on_solar(*, is_on: bool, lower: float, upper: float) -> Command:
    """Change the settings, which vehicles accept only all together.

    Args:
        is_on: Whether the vehicle charges on solar energy.
        lower: Level up to which it charges from any source, percent.
        upper: Level up to which it charges from solar energy, percent.
    """
    between("upper limit", upper, 0, 100)
    between("lower limit", lower, 0, upper)
    feature = car_server_pb2.ChargeOnSolarFeature(
        enabled=is_on, lower_charge_limit=lower, upper_charge_limit=upper
    )
    request = car_server_pb2.UpdateChargeOnSolarFeatureRequest(charge_on_solar=feature)
    return Command(
        name="update_charge_on_solar",
        **infotainment(InfotainmentAction(updateChargeOnSolarFeatureRequest=request)),
        rest=False,
        unproven=True,
        expects={
            signals.CHARGE_ON_SOLAR: is_on,
            signals.CHARGE_ON_SOLAR_LOWER: lower,
            signals.CHARGE_ON_SOLAR_UPPER: upper,
        },
    )


def _settings(reply: bytes) -> Mapping[Signal[Any], Any] | None:
    """The settings in a vehicle's reply; None if it has none, or impossible ones."""
    try:
        answer = car_server_pb2.Response.FromString(reply)
    except DecodeError:
        return None
    if not answer.getChargeOnSolarFeatureResponse.HasField("charge_on_solar"):
        return None
    feature = answer.getChargeOnSolarFeatureResponse.charge_on_solar
    values: dict[Signal[Any], Any] = {
        signals.CHARGE_ON_SOLAR: feature.enabled,
        signals.CHARGE_ON_SOLAR_LOWER: feature.lower_charge_limit,
        signals.CHARGE_ON_SOLAR_UPPER: feature.upper_charge_limit,
    }
    return values if all(signal.can_hold(value) for signal, value in values.items()) else None

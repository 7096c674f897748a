"""Never twice, whatever fails: commands that must not be repeated, and truthful outcomes.

Hypothesis generates commands of a person and everything that can fail: faults of the vehicle,
answers of Tesla's servers, lost requests and replies, messages that arrive late, restarts on both
sides, new keys, wrong clocks, cancelled tasks, an empty budget. After every command:

- A command that must not be repeated ran at most once.
- "Done" was reported only if the vehicle did it; "already done" only if the vehicle is in that
state.
- "Refused" was reported only if the vehicle did not do it, not even later.
- There is no fourth outcome.
- Counters rise strictly in each epoch of each domain, and no bytes leave more than twice.
- Our ledger equals the bill, except for unanswered requests.

`FLOTTE_EXAMPLES=20000 scripts/test tests/tesla/test_never_twice.py --hypothesis-profile others`
tries more, and others every time.
"""

import operator
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.commands import Seat
from custom_components.flotte.tesla.signing import ClientKey
from tests.tesla.account import MODEL_S, MODEL_Y, NOW
from tests.tesla.trial import QuietSimulator, Trial, Wish, on_trial

EXAMPLES = int(os.environ.get("FLOTTE_EXAMPLES", "500"))

pytestmark = pytest.mark.timeout(600 + EXAMPLES)

CHARGES = ("Charging", "Starting", "Complete")

WISHES = (
    Wish("lock", commands.lock_doors, lambda car: car.body.is_locked),
    Wish("unlock", commands.unlock_doors, lambda car: not car.body.is_locked),
    Wish("remote start", commands.remote_start),
    Wish("frunk", commands.open_frunk, lambda car: car.body.frunk == 1),
    Wish("open trunk", lambda: commands.move_trunk(is_open=True), lambda car: car.body.trunk == 1),
    Wish(
        "close trunk", lambda: commands.move_trunk(is_open=False), lambda car: car.body.trunk == 0
    ),
    Wish(
        "limit 60",
        lambda: commands.set_charge_limit(60),
        lambda car: car.charging.limit_percent == 60,
    ),
    Wish(
        "limit 80",
        lambda: commands.set_charge_limit(80),
        lambda car: car.charging.limit_percent == 80,
    ),
    Wish("full", commands.charge_to_maximum, lambda car: car.charging.limit_percent == 100),
    Wish(
        "8 A", lambda: commands.set_charge_current(8), lambda car: car.charging.requested_amps == 8
    ),
    Wish(
        "13 A",
        lambda: commands.set_charge_current(13),
        lambda car: car.charging.requested_amps == 13,
    ),
    Wish("charge", commands.start_charging, lambda car: car.charging.state in CHARGES),
    Wish(
        "stop charging", commands.stop_charging, lambda car: car.charging.state not in CHARGES[:2]
    ),
    Wish("warm", commands.start_climate, lambda car: car.climate.is_on),
    Wish("cold", commands.stop_climate, lambda car: not car.climate.is_on),
    # A car that keeps whole degrees Fahrenheit makes 18.9 of it.
    Wish(
        "19 °C",
        lambda: commands.set_temperature(19),
        lambda car: abs(car.climate.driver_setting - 19) < 0.25,
    ),
    Wish(
        "22 °C",
        lambda: commands.set_temperature(22),
        lambda car: abs(car.climate.driver_setting - 22) < 0.25,
    ),
    Wish(
        "defrost", lambda: commands.set_defrost(on=True), lambda car: car.climate.defrost_mode != 0
    ),
    Wish(
        "no defrost",
        lambda: commands.set_defrost(on=False),
        lambda car: car.climate.defrost_mode == 0,
    ),
    Wish(
        "dog", lambda: commands.set_climate_keeper("dog"), lambda car: car.climate.keeper == "dog"
    ),
    Wish(
        "no keeper",
        lambda: commands.set_climate_keeper("off"),
        lambda car: car.climate.keeper == "off",
    ),
    # Preceded by the climate.
    Wish(
        "warm seat",
        lambda: commands.set_seat_heater(Seat.FRONT_LEFT, 2),
        lambda car: car.climate.is_on and car.climate.seat_heaters["left"] == 2,
    ),
    Wish(
        "cold seat",
        lambda: commands.set_seat_heater(Seat.FRONT_LEFT, 0),
        lambda car: car.climate.seat_heaters["left"] == 0,
    ),
    Wish("sentry", lambda: commands.set_sentry_mode(on=True), lambda car: car.sentry_mode),
    Wish("no sentry", lambda: commands.set_sentry_mode(on=False), lambda car: not car.sentry_mode),
    Wish("flash", commands.flash_lights),
    Wish("honk", commands.honk_horn),
    Wish("play or pause", commands.toggle_playback),
    Wish("next track", commands.next_track),
    Wish("louder", lambda: commands.step_volume(up=True)),
    # The car rounds to its own steps of a third.
    Wish("volume 3", lambda: commands.set_volume(3), lambda car: round(car.media.volume, 3) == 3),
    Wish("navigate", lambda: commands.navigate("Amsterdam", locale="nl-NL", now=NOW)),
)

SLOW_CAR = (0, 3, 11, 20)
"""Seconds that a message and its reply take; more than 10 is too old for session info, and more
than 15 is longer than a command lives."""


@dataclass(frozen=True)
class Trouble:
    """A fault."""

    what: str
    happen: Callable[[Trial], None]

    def __repr__(self) -> str:
        """As it is shown when an example fails."""
        return f"<{self.what}>"


def steered(**order: Any) -> Trouble:
    """Something happens to the car."""
    return Trouble(f"car: {order}", lambda trial: trial.car.steer(order))


def protocol(**order: Any) -> Trouble:
    """Something happens to the car's protocol."""
    return steered(protocol=order)


def fault(kind: str, **order: Any) -> Trouble:
    """Something happens to a request."""
    return Trouble(f"{kind} {order}", lambda trial: _order(trial, kind, order))


def _order(trial: Trial, kind: str, order: dict[str, Any]) -> None:
    trial.tesla.faults.order(kind, **order)


def elsewhere() -> Trouble:
    """Tesla redirects to another region."""

    def happen(trial: Trial) -> None:
        body = f"user out of region, use base URL: {trial.tesla.na_url}"
        trial.tesla.faults.order("status", status=421, body=body)

    return Trouble("421", happen)


def slow(seconds: float) -> Trouble:
    """From now on every message takes so long."""

    def happen(trial: Trial) -> None:
        trial.car.steer({"protocol": {"arrival_delay": seconds}})
        trial.latency = seconds

    return Trouble(f"messages take {seconds} s", happen)


def wall_step(seconds: float) -> Trouble:
    """The clock of our machine is set."""

    def happen(trial: Trial) -> None:
        trial.wall_error += timedelta(seconds=seconds)

    return Trouble(f"our clock is set by {seconds} s", happen)


def passing(seconds: float) -> Trouble:
    """Nothing happens for a while."""
    return Trouble(f"{seconds} s pass", lambda trial: trial.advance(seconds))


def late(seconds: float) -> Trouble:
    """The next signed message is lost, and arrives so many seconds later."""
    what = f"arrives {seconds} s late"
    return Trouble(what, lambda trial: trial.late_orders.append(seconds))


def paired(*, is_paired: bool) -> Trouble:
    """The owner puts our key on the car, or removes it."""
    order = "pair" if is_paired else "unpair"

    def happen(trial: Trial) -> None:
        if not trial.car.rest_only:
            trial.car.steer({order: trial.key.public_bytes.hex()})

    return Trouble(order, happen)


def limit(euro: str) -> Trouble:
    """The month's budget."""

    def happen(trial: Trial) -> None:
        trial.api.meter.budget = Decimal(euro)

    return Trouble(f"limit {euro}", happen)


DOMAINS = st.sampled_from((None, 2, 3))
REQUESTS = st.sampled_from(("*", "signed_command", "signed_command", "vehicle_data", "command/*"))
COUNTS = st.integers(1, 3)
SKIPS = st.integers(0, 2)

PROTOCOL = st.one_of(
    st.builds(
        lambda number, count, domain, is_encrypted: protocol(
            fault={"fault": number, "count": count, "domain": domain, "encrypted": is_encrypted}
        ),
        st.sampled_from((*range(1, 30), 77)),
        COUNTS,
        DOMAINS,
        st.booleans(),
    ),
    # Faults that may come after the execution.
    st.builds(
        lambda number, count, domain, is_encrypted: protocol(
            fault={
                "fault": number,
                "count": count,
                "domain": domain,
                "runs": True,
                "encrypted": is_encrypted,
            }
        ),
        st.sampled_from((2, 25, 77)),
        COUNTS,
        DOMAINS,
        st.booleans(),
    ),
    st.builds(
        lambda count, domain: protocol(wait={"count": count, "domain": domain}), COUNTS, DOMAINS
    ),
    st.builds(
        lambda count, domain, runs: protocol(
            error={"count": count, "domain": domain, "runs": runs}
        ),
        COUNTS,
        DOMAINS,
        st.booleans(),
    ),
    st.builds(lambda domain: protocol(reboot=domain or True), DOMAINS),
    st.builds(lambda domain: protocol(new_key=domain or True), DOMAINS),
    st.builds(lambda domain: protocol(new_key=domain or True, reboot=domain or True), DOMAINS),
    st.builds(
        lambda seconds, domain: protocol(clock_drift={domain: seconds} if domain else seconds),
        st.sampled_from((-40, -5, 0, 5, 40)),
        DOMAINS,
    ),
    st.builds(lambda is_on: protocol(encrypt_replies=is_on), st.booleans()),
    st.builds(lambda is_on: protocol(omit_session_info=is_on), st.booleans()),
    st.builds(slow, st.sampled_from(SLOW_CAR)),
    st.builds(lambda is_paired: paired(is_paired=is_paired), st.booleans()),
)

STATUSES = (400, 401, 402, 403, 404, 405, 406, 412, 418, 422, 423, 424, 429, 451)
SERVER_STATUSES = (499, 500, 501, 502, 503, 504, 540)

HTTP = st.one_of(
    st.builds(
        lambda endpoint, status, count, skip: fault(
            "status", endpoint=endpoint, status=status, count=count, skip=skip
        ),
        REQUESTS,
        st.sampled_from((408, *STATUSES, *SERVER_STATUSES)),
        COUNTS,
        SKIPS,
    ),
    st.builds(
        lambda endpoint, body, count, skip: fault(
            "status", endpoint=endpoint, status=408, body=body, count=count, skip=skip
        ),
        REQUESTS,
        st.sampled_from(("vehicle is offline", "gateway timeout")),
        COUNTS,
        SKIPS,
    ),
    st.builds(
        lambda kind, endpoint, count, skip: fault(kind, endpoint=endpoint, count=count, skip=skip),
        st.sampled_from(("dropped", "lost_reply", "malformed")),
        REQUESTS,
        COUNTS,
        SKIPS,
    ),
    st.builds(elsewhere),
)

AROUND = st.one_of(
    st.builds(lambda word: steered(state=word), st.sampled_from(("asleep", "offline", "online"))),
    st.builds(lambda seconds: steered(busy_seconds=seconds), st.sampled_from((0, 3, 30))),
    st.builds(lambda is_in: steered(user_present=is_in), st.booleans()),
    st.builds(lambda is_off: steered(mobile_access_disabled=is_off), st.booleans()),
    st.builds(lambda is_there: steered(in_service=is_there), st.booleans()),
    st.builds(passing, st.sampled_from((1, 20, 70, 400, 5_000))),
    st.builds(wall_step, st.sampled_from((-3_600, 3_600))),
    st.just(Trouble("we restart", Trial.restart)),
    st.just(Trouble("we are stored", Trial.store)),
    st.builds(
        lambda count: Trouble(
            f"no way out for {count}", lambda trial: setattr(trial, "unplugged", count)
        ),
        COUNTS,
    ),
    st.builds(late, st.sampled_from((0.5, 3, 14, 18, 40))),
    st.builds(limit, st.sampled_from(("10", "0.02", "0.003", "0"))),
)

# Causes of duplicates come more often than their share.
DANGEROUS = st.one_of(
    st.builds(
        lambda number, count: protocol(fault={"fault": number, "count": count, "runs": True}),
        st.sampled_from((2, 25, 77)),
        st.integers(1, 2),
    ),
    st.builds(
        lambda kind, count, skip: fault(kind, endpoint="signed_command", count=count, skip=skip),
        st.sampled_from(("lost_reply", "malformed", "dropped")),
        COUNTS,
        st.integers(0, 1),
    ),
    st.builds(late, st.sampled_from((0.5, 3, 8, 14))),
    st.builds(wall_step, st.sampled_from((-3_600, 3_600))),
    st.builds(passing, st.sampled_from((1, 10, 30))),
    st.just(Trouble("we restart", Trial.restart)),
)
CANCELS = st.sampled_from((None, None, None, None, "leaving", "executed", "pause"))


@st.composite
def scenes(
    draw: st.DrawFn, troubles: st.SearchStrategy[Trouble], most_at_once: int
) -> list[tuple[list[Trouble], list[tuple[Wish, str | None]]]]:
    """An event, and the command after it; only a few commands, so that they meet each other."""
    name = operator.attrgetter("name")
    wishes = draw(st.lists(st.sampled_from(WISHES), min_size=1, max_size=3, unique_by=name))
    group = st.lists(
        st.tuples(st.sampled_from(wishes), CANCELS),
        min_size=1,
        max_size=most_at_once,
        unique_by=lambda wish: wish[0].name,
    )
    scene = st.tuples(st.lists(troubles, max_size=3), group)
    played = draw(st.lists(scene, min_size=1, max_size=6))
    if draw(st.integers(0, 3)):
        # Usually the car is occupied, so that it is awake and most commands can be done.
        played[0][0].insert(0, steered(state="online", user_present=True))
    return played


async def rehearse(tesla: QuietSimulator, key: ClientKey, vin: str, scenes: list[Any]) -> None:
    """Play one example through."""
    async with on_trial(tesla, key, vin) as trial:
        for troubles, wishes in scenes:
            for trouble in troubles:
                trouble.happen(trial)
            await trial.send(*wishes)


def trying(examples: int) -> settings:
    """Try so many examples."""
    return settings(
        max_examples=examples,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@trying(EXAMPLES)
@given(scenes=scenes(st.one_of(DANGEROUS, PROTOCOL, HTTP, AROUND), most_at_once=3))
async def test_signed(
    quiet_tesla: QuietSimulator, client_key: ClientKey, scenes: list[Any]
) -> None:
    await rehearse(quiet_tesla, client_key, MODEL_Y, scenes)


@trying(EXAMPLES // 5)
# One command at a time: of two equal requests it would be unknown which one ran.
@given(scenes=scenes(st.one_of(HTTP, AROUND), most_at_once=1))
async def test_unsigned(
    quiet_tesla: QuietSimulator, client_key: ClientKey, scenes: list[Any]
) -> None:
    """Never twice in a car without signed commands."""
    await rehearse(quiet_tesla, client_key, MODEL_S, scenes)

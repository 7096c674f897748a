"""A vehicle on trial: ours and the simulator's, and everything that can go wrong between them.

The whole path is ours (`Vehicle`, `FleetApi`, meter, signing) over real HTTP to the simulator. Only
time is moved: one true clock drives the simulator and our monotonic clock, our wall clock may be
wrong by hours, and every wait moves the true clock instead.

A `Trial` is a witness too. It knows which messages were sent for which command and which of them
ran, and delivers late the messages that were lost on the way.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast, override

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from custom_components.flotte.tesla.api.fleet import FleetApi
from custom_components.flotte.tesla.api.sending import ApiRequest, ApiResponse, Sender
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import Refused, TeslaError, Unreachable
from custom_components.flotte.tesla.signing import ClientKey, Domain
from custom_components.flotte.tesla.spending.caller import Caller
from custom_components.flotte.tesla.spending.ledger import Booking
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.vehicle.outcome import CommandMode, Done
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.cars import Car
from simulator.clock import Clock
from simulator.refusals import GatewayRefusal
from tests.tesla.account import MODEL_S, MODEL_Y, NOW, PERSON, Account

WAITS: Final = "custom_components.flotte.tesla.vehicle.waits"
RATE_LIMITS: Final = "custom_components.flotte.tesla.api.rate_limits"
HTTP_SECONDS: Final = 0.0625


class TrueClock(Clock):
    """Unix time that only a trial moves."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = NOW.timestamp()

    @override
    def now(self) -> float:
        return self.moment

    @override
    def advance(self, seconds: float) -> None:
        self.moment += seconds


class QuietSimulator(Simulator):
    """Knows when it has nothing left to do."""

    busy = 0

    @override
    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.busy += 1
        try:
            return await super()._serve(request)
        finally:
            self.busy -= 1

    async def settle(self) -> None:
        """Let everything end that is on its way or being answered."""
        quiet = 0
        while quiet < 10:
            await asyncio.sleep(0)
            quiet = 0 if self.busy else quiet + 1


@dataclass(frozen=True)
class Wish:
    """Something to be done, and how to see at the car whether it is so."""

    name: str
    make: Callable[[], Command] = field(repr=False)
    is_so: Callable[[Car], bool] | None = field(default=None, repr=False)
    """None if nothing can be seen."""


@dataclass
class Sending:
    """One call of `Vehicle.send`, and all that came of it."""

    wish: Wish
    command: Command
    group: list[Sending] = field(repr=False)
    """All that are sent at the same time, oldest first."""
    cancel_at: str | None = None
    """When its task is cancelled: `leaving`, `executed` or `pause`; each only once."""
    task: asyncio.Task[Done] = field(init=False, repr=False)
    messages: int = 0
    """Different signed messages that left for it."""
    plain: int = 0
    """Unsigned requests that left for it."""
    ran: int = 0
    """How often the car did it."""
    outcome: Done | BaseException | None = None
    was_so: bool = False
    """Whether the car was in the requested state when the outcome was reported."""

    def cancel(self, moment: str) -> None:
        """Be cancelled, if this is the moment."""
        if self.cancel_at == moment:
            self.cancel_at = None
            self.task.cancel()


_SENDING: ContextVar[Sending | None] = ContextVar("sending", default=None)
_MESSAGE: ContextVar[bytes] = ContextVar("message", default=b"")
"""The signed command that is leaving; empty for a handshake."""

type Series = tuple[int, bytes, bytes]
"""Domain, epoch and the domain's public key: what a counter counts in."""


class _Outlet:
    """A session whose requests pass one more middleware, the last one before they leave."""

    def __init__(self, session: aiohttp.ClientSession, leave: aiohttp.ClientMiddlewareType) -> None:
        self._session = session
        self._leave = leave

    def request(
        self, *args: Any, middlewares: Iterable[aiohttp.ClientMiddlewareType] = (), **more: Any
    ) -> Any:
        """As that of a session."""
        middlewares = (*middlewares, self._leave)
        return self._session.request(*args, middlewares=middlewares, **more)


class WatchedApi(FleetApi):
    """Our way to Tesla, watched where requests leave."""

    trial: Trial

    @override
    async def signed_command(self, vin: str, message: bytes, caller: Caller) -> bytes:
        self.trial.leaves(message)
        try:
            return await super().signed_command(vin, message, caller)
        finally:
            self.trial.advance(self.trial.latency)

    @override
    async def command(
        self, vin: str, name: str, parameters: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        _MESSAGE.set(b"")
        if sending := _SENDING.get():
            sending.plain += 1
        return await super().command(vin, name, parameters, caller)


class WatchedSender(Sender):
    """Requests that take time."""

    trial: Trial

    @override
    async def send(self, request: ApiRequest, base_url: str, token: str) -> ApiResponse:
        try:
            return await super().send(request, base_url, token)
        finally:
            # No request takes no time at all.
            self.trial.advance(HTTP_SECONDS)


class Trial:
    """One vehicle, from its first command to the last.

    Args:
        tesla: The simulator; everything in it starts from the beginning.
        session: A new HTTP session.
        key: Our key.
        vin: Which car.
    """

    def __init__(
        self,
        tesla: QuietSimulator,
        session: aiohttp.ClientSession,
        key: ClientKey,
        vin: str = MODEL_Y,
    ) -> None:
        clock = tesla.clock
        assert isinstance(clock, TrueClock)
        clock.moment = NOW.timestamp()
        tesla.cloud.reset()
        self.tesla = tesla
        self.clock = clock
        self.key = key
        self.account = Account(tesla, session)
        self.account.register(public_key=key.public_bytes)
        self.account.kept.clear()
        self.wall_error = timedelta()
        self.started_at = clock.now() - 5_000.25
        """When our machine booted: our monotonic clock counts from there."""
        self.latency = 0.0
        self.unplugged = 0
        """How many of the next requests find no way out of the machine."""
        self.timeouts = 0
        """How many of the next requests get no answer in time; they come to nothing."""
        self.late_orders: list[float] = []
        """For each of the next signed messages: lost, and delivered so many seconds later."""
        self.api = WatchedApi(
            session,
            self.account.token,
            hosts=self.account.hosts,
            base_url=tesla.eu_url,
            meter=self.account.meter,
            keep=self._keep,
            clock=self.wall,
        )
        self.api.trial = self
        outlet = cast("aiohttp.ClientSession", _Outlet(session, self._go))
        sender = WatchedSender(outlet, self.account.meter, self._keep, self.wall)
        sender.trial = self
        self.api.transport.sender = sender
        self.car: Car = tesla.world.cars[vin]
        # Everything signed that comes to the car goes past the witness.
        vars(self.car)["signed_command"] = self._arrives
        self.vehicle = self._new_vehicle()
        self.stored: Mapping[str, Any] | None = None
        self.sendings: list[Sending] = []
        self._strays = 0
        """The maximum number of booked requests that never reached the simulator."""
        self.wrong: list[str] = []
        """Violations noticed while they happened."""
        self._group: list[Sending] = []
        """The commands that are being sent."""
        self._late: list[tuple[float, bytes]] = []
        self._owners: dict[bytes, Sending] = {}
        self._highest: dict[Series, int] = {}
        self._stored_sessions = self._known_sessions()
        self._copies: Counter[bytes] = Counter()
        self._unsigned = 0

    # --- Time ------------------------------------------------------------------------------------

    def wall(self) -> datetime:
        """The time on our machine's clock."""
        return datetime.fromtimestamp(self.clock.now(), UTC) + self.wall_error

    def monotonic(self) -> float:
        """Seconds since our machine booted."""
        return self.clock.now() - self.started_at

    def advance(self, seconds: float) -> None:
        """Let time pass; what is on its way arrives when it does."""
        end = self.clock.now() + seconds
        while self._late and min(self._late)[0] <= end:
            due = min(self._late)
            self._late.remove(due)
            self.clock.moment = max(self.clock.now(), due[0])
            self.tesla.world.advance()
            if self.car.state == "online":
                with contextlib.suppress(GatewayRefusal):
                    self.car.signed_command(due[1])
        self.clock.moment = end
        self.tesla.world.advance()

    async def pause(self, seconds: float) -> None:
        """Stand in for `waits.pause`."""
        self.advance(seconds)
        if sending := _SENDING.get():
            sending.cancel("pause")
        await asyncio.sleep(0)

    # --- Our side --------------------------------------------------------------------------------

    def _new_vehicle(self) -> Vehicle:
        mode = CommandMode.UNSIGNED if self.car.vin == MODEL_S else CommandMode.SIGNED
        return Vehicle(self.car.vin, self.api, self.key, scopes=SCOPES, mode=mode, clock=self.wall)

    def store(self) -> None:
        """Keep what a restart would find."""
        self.stored = self.vehicle.to_stored()
        self._stored_sessions = self._known_sessions()

    def _known_sessions(self) -> list[tuple[bytes, bytes, bool]]:
        return [
            (session.state.epoch, session.state.vehicle_public, session.state.ready)
            for session in self.vehicle.channel.sessions.values()
        ]

    def restart(self) -> None:
        """Our machine restarts: the monotonic clock starts from zero, and so does the vehicle."""
        if self.stored is None:
            self.store()
        assert self.stored is not None
        self.started_at = self.clock.now() - 20.5
        self.vehicle = self._new_vehicle()
        self.vehicle.restore(self.stored)
        # What is restored is kept again before anything else happens.
        self.store()
        for domain, session in self.vehicle.channel.sessions.items():
            if not session.state.ready:
                # Our clock went backwards, or the session was given up: it is not stored, and its
                # counter begins where the vehicle says. What left before and never arrived may
                # have had the same; the vehicle takes only one of them.
                self._highest = {
                    series: counter
                    for series, counter in self._highest.items()
                    if series[0] != domain
                }

    async def _keep(self, entry: Booking) -> None:
        await self.account.keep(entry)
        if self.unplugged or self.timeouts:
            # It will not leave.
            return
        if sending := _SENDING.get():
            sending.cancel("leaving")
        message = _MESSAGE.get()
        # Alone only: of two requests on their way the server might drop the other one.
        alone = len(self._group) == 1
        if message and alone and self.late_orders and entry.key.category is Category.COMMAND:
            self._late.append((self.clock.now() + self.late_orders.pop(0), message))
            faults = self.tesla.faults
            faults.order("dropped", endpoint="signed_command")
            # Before all the others, so that it hits this very request.
            faults._faults.insert(0, faults._faults.pop())

    async def _go(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Let a request that was booked leave, unless there is no way out."""
        if self.unplugged:
            self.unplugged -= 1
            raise aiohttp.ClientConnectorError(
                ConnectionKey("127.0.0.1", 1, False, True, None, None, None),  # noqa: FBT003  # theirs
                OSError("unplugged"),
            )
        if self.timeouts:
            self.timeouts -= 1
            self._strays += 1
            raise TimeoutError
        return await handler(request)

    def leaves(self, message: bytes) -> None:
        """Watch a message to the vehicle leave."""
        read = RoutableMessage.FromString(message)
        if read.WhichOneof("payload") == "session_info_request":
            _MESSAGE.set(b"")
            return
        _MESSAGE.set(message)
        sending = _SENDING.get()
        assert sending is not None
        self._copies[message] += 1
        signed = read.signature_data.HMAC_Personalized_data
        number: int = read.to_destination.domain
        domain = Domain(number)
        series = (number, signed.epoch, self.vehicle.channel.sessions[domain].state.vehicle_public)
        if self._copies[message] == 1:
            if signed.counter <= self._highest.get(series, 0):
                self.wrong.append(f"{sending.wish}: counter {signed.counter} does not rise")
            self._highest[series] = max(signed.counter, self._highest.get(series, 0))
            # The command of a message: settings that overtook each other are sent in the task of
            # the first.
            payload = read.protobuf_message_as_bytes
            # A command may first need something that another command requests, too.
            is_first = payload in {
                each.command.preparation.payload for each in self._group if each.command.preparation
            }
            owner = next(
                (
                    each
                    for each in (sending, *([] if is_first else self._group))
                    if each.command.payload == payload
                ),
                sending,
            )
            owner.messages += 1
            self._owners[message] = owner
        elif self._copies[message] > 2:
            self.wrong.append(f"{sending.wish}: the same bytes left more than twice")

    def _arrives(self, message: bytes) -> bytes:
        """Hand a signed message to the car, and note whether it ran."""
        before = len(self.car.executions)
        try:
            return Car.signed_command(self.car, message)
        finally:
            if len(self.car.executions) > before:
                owner = self._owners[message]
                # And not what the vehicle needed first.
                owner.ran += self.car.executions[-1].name == owner.command.name
                for each in self._group:
                    each.cancel("executed")

    # --- What is tried ---------------------------------------------------------------------------

    async def tell(self, *made: Callable[[], Command], cancel_at: str | None = None) -> Any:
        """Send commands at the same time; answers the outcome, or the outcomes of several.

        Args:
            made: Make the commands.
            cancel_at: When the first one's task is cancelled.
        """
        wishes = [
            (Wish(make().name, make), None if number else cancel_at)
            for number, make in enumerate(made)
        ]
        outcomes = [sending.outcome for sending in await self.send(*wishes)]
        return outcomes if len(outcomes) > 1 else outcomes[0]

    async def send(self, *wishes: tuple[Wish, str | None]) -> list[Sending]:
        """Send commands concurrently, each perhaps cancelled at some moment."""
        self._group = group = list[Sending]()
        for wish, cancel_at in wishes:
            self._begin(wish, cancel_at)
        # Others may join meanwhile.
        for sending in group:
            try:
                sending.outcome = await sending.task
            except TeslaError as error:
                sending.outcome = error
            except asyncio.CancelledError as error:
                sending.outcome = error
                self._strays += 1
        await self.tesla.settle()
        if self._known_sessions() != self._stored_sessions:
            # New session info is kept at once, what changes with each command only now and then.
            self.store()
        self._attribute_unsigned()
        self.check()
        return group

    def join(self, make: Callable[[], Command]) -> None:
        """Send one more while others are on their way; its outcome comes after theirs."""
        self._begin(Wish(make().name, make), None)

    def _begin(self, wish: Wish, cancel_at: str | None) -> None:
        sending = Sending(wish, wish.make(), self._group, cancel_at)
        sending.task = asyncio.create_task(self._send(sending))
        self._group.append(sending)
        self.sendings.append(sending)

    async def _send(self, sending: Sending) -> Done:
        _SENDING.set(sending)
        try:
            return await self.vehicle.send(sending.command, PERSON)
        finally:
            # Also of one that was cancelled: others may have heard its outcome.
            self.car.advance()
            sending.was_so = sending.wish.is_so is None or sending.wish.is_so(self.car)

    def _attribute_unsigned(self) -> None:
        unsigned = [each for each in self.car.executions if not each.signed]
        for execution in unsigned[self._unsigned :]:
            owners = [
                each for each in self._group if each.plain and each.command.name == execution.name
            ]
            if not owners and any(
                each.command.preparation and each.command.preparation.name == execution.name
                for each in self._group
            ):
                continue
            (owner,) = owners
            owner.ran += 1
        self._unsigned = len(unsigned)

    # --- What must always be true ----------------------------------------------------------------

    def check(self) -> None:
        """Whatever happened so far, this holds."""
        assert self.wrong == []
        for sending in self.sendings:
            self._check_sending(sending)
        self._check_bill()

    def _check_sending(self, sending: Sending) -> None:
        outcome, command, wish = sending.outcome, sending.command, sending.wish
        told = f"{wish.name}: {outcome!r}, ran {sending.ran} times"
        assert command.repeatable or sending.ran <= 1, told
        # Settings that overtook this one while it waited: their outcome is its outcome.
        later = sending.group[sending.group.index(sending) + 1 :]
        newer = [
            each for each in later if each.command.supersedes == command.supersedes is not None
        ]
        match outcome:
            case Done(already=True):
                # A newer one that ran may have been abandoned by its caller before the older one
                # ran.
                assert sending.was_so or any(each.was_so or each.ran for each in newer), told
            case Done():
                assert sending.ran or any(each.ran for each in newer), told
                assert not command.requires or sending.was_so, told
            case Refused() | Unreachable():
                assert not sending.ran, told
            case TeslaError():
                assert outcome.key == "outcome_unknown", told
            case _:
                assert isinstance(outcome, asyncio.CancelledError), told

    def _check_bill(self) -> None:
        account = self.account
        booked, billed, unanswered = account.booked(), account.billed(), account.unanswered()
        assert not billed - booked, f"not booked: {billed - booked}"
        surplus = booked - billed
        assert not surplus - unanswered, f"{booked=}, {billed=}, {unanswered=}"
        strays = surplus.total() - self.tesla.bill.dropped
        assert 0 <= strays <= self._strays, f"{booked=}, {billed=}, {unanswered=}"


@contextlib.asynccontextmanager
async def on_trial(
    tesla: QuietSimulator, key: ClientKey, vin: str = MODEL_Y
) -> AsyncGenerator[Trial]:
    """Put a vehicle on trial; at the end all that is on its way arrives, and it is judged."""
    async with aiohttp.ClientSession() as session:
        trial = Trial(tesla, session, key, vin)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"{WAITS}.pause", trial.pause)
            # No other clock is affected.
            for module in (WAITS, RATE_LIMITS):
                patch.setattr(f"{module}.time", SimpleNamespace(monotonic=trial.monotonic))
            yield trial
            trial.advance(120)
            trial.check()
    assert tesla.cloud.failures == []

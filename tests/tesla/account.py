"""An account at the simulator as the Tesla side sees it: token, meter, API, and its requests."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import aiohttp

from custom_components.flotte.tesla.api.fleet import FleetApi
from custom_components.flotte.tesla.hosts import Hosts, simulated
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import Booking
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.accounts import SCOPES, Registration
from simulator.bill import Category as Billed

CLIENT_ID = "flotte-demo"

MODEL_Y = "XP7YGCEK0RB000001"
"""Aurora: signed commands, asleep at first."""
MODEL_3 = "LRW3E7FS0RC000002"
"""Comet: signed commands, online."""
MODEL_S = "5YJSA7E20KF000003"
"""Old Faithful: plain commands only, online."""
SITE = 1234567890123

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
"""The start of every test with the simulator."""

PERSON = Caller(CallerKind.PERSON, "robin")

PRICED = (Category.DATA, Category.COMMAND, Category.WAKE)


@dataclass
class Account:
    """One account, its connection to the simulator, and the totals of both sides."""

    tesla: Simulator
    session: aiohttp.ClientSession
    user: str = "owner-1"
    scopes: frozenset[str] = SCOPES
    meter: Meter = field(default_factory=lambda: Meter(budget=Decimal(10)))
    kept: list[Booking] = field(default_factory=list)
    """Entries that were made durable, in this order."""
    asked_for_tokens: list[bool] = field(default_factory=list)
    """True where a new token was demanded."""
    strays: int = 0
    """Requests that a test loses: booked, but never seen by the simulator."""

    def __post_init__(self) -> None:
        self.access_token = str(self._login())
        self.api = FleetApi(
            self.session,
            self.token,
            hosts=self.hosts,
            base_url=self.tesla.eu_url,
            meter=self.meter,
            keep=self.keep,
        )

    def _login(self) -> object:
        return self.tesla.login(self.user, CLIENT_ID, self.scopes)["access_token"]

    @property
    def hosts(self) -> Hosts:
        """The simulator's addresses."""
        tesla = self.tesla
        return simulated(tesla.auth_url, {"eu": tesla.eu_url, "na": tesla.na_url})

    async def token(self, renewed: bool) -> str:  # noqa: FBT001  # the signature of a token source
        """Answer the access token; a new one if the last was refused."""
        self.asked_for_tokens.append(renewed)
        if renewed:
            self.access_token = str(self._login())
        return self.access_token

    async def keep(self, entry: Booking) -> None:
        """Make a booking durable."""
        self.kept.append(entry)

    def register(self, region: str = "eu", public_key: bytes = b"\x04" * 65) -> None:
        """Have the application's domain registered with this key; the paired cars take it."""
        now = self.tesla.clock.now()
        self.tesla.accounts.registrations[CLIENT_ID, region] = Registration(
            CLIENT_ID, region, "flotte.example", public_key, now, now
        )
        self.tesla.cloud.pair_automatically(public_key)

    @property
    def arrived(self) -> list[str]:
        """Method and path of everything that arrived, in this order."""
        return [f"{each.method} {each.path}" for each in self.tesla.requests]

    @property
    def endpoints(self) -> list[str]:
        """The simulator's names of the requested endpoints, in order."""
        return [each.endpoint for each in self.tesla.requests]

    def booked(self) -> Counter[Category]:
        """The contents of our ledger, by category."""
        booked: Counter[Category] = Counter()
        for row, count in self.meter.ledger.counts.items():
            booked[row.category] += count
        return +booked

    def unanswered(self) -> Counter[Category]:
        """The unanswered part of the ledger."""
        unanswered: Counter[Category] = Counter()
        for row, count in self.meter.ledger.unanswered.items():
            unanswered[row.category] += count
        return +unanswered

    def billed(self) -> Counter[Category]:
        """The simulator's bill, by our categories."""
        bill = self.tesla.bill.counts(client_id=CLIENT_ID)
        return +Counter({Category(each.value): bill.get(each, 0) for each in Billed})

    def check_bill(self) -> None:
        """The simulator's bill equals our ledger, but for requests that never came to be answered.

        Those are dropped connections (and requests that a test lost), and each of them must be
        noted as unanswered.
        """
        booked, billed, unanswered = self.booked(), self.billed(), self.unanswered()
        assert not billed - booked, f"not booked: {billed - booked}"
        surplus = booked - billed
        assert not surplus - unanswered, f"booked {booked}, billed {billed}, {unanswered=}"
        assert surplus.total() == self.tesla.bill.dropped + self.strays, f"{booked=}, {billed=}"

"""Fixtures of the signing package: a clock, our key, a car and a session with it."""

from collections.abc import Callable

import pytest

from custom_components.flotte.tesla.signing import Acceptance, ClientKey, Domain, Session
from tests.tesla.signing.car import VIN, Car, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def client_key() -> ClientKey:
    return ClientKey.generate()


@pytest.fixture(params=list(Domain), ids=lambda domain: domain.name.lower())
def domain(request: pytest.FixtureRequest) -> Domain:
    return Domain(request.param)


@pytest.fixture
def make_car(clock: Clock, client_key: ClientKey) -> Callable[[Domain], Car]:
    def make(domain: Domain) -> Car:
        return Car(clock, int(domain), client_key.public_bytes)

    return make


@pytest.fixture
def car(make_car: Callable[[Domain], Car], domain: Domain) -> Car:
    return make_car(domain)


@pytest.fixture
def empty(client_key: ClientKey, domain: Domain) -> Session:
    """A session before any handshake."""
    return Session(client_key, VIN, domain)


@pytest.fixture
def session(empty: Session, car: Car, clock: Clock) -> Session:
    """A session after its handshake."""
    hello = empty.hello(now=clock())
    reply = empty.open(hello, car.receive(hello.message), now=clock())
    assert reply.session_info is Acceptance.ACCEPTED
    return empty

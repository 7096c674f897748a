"""Ordered faults: which request fails, how, and how often.

A fault is ordered for an endpoint (its name, or a pattern such as `command/*`), a path pattern, a
vehicle, and a number of requests. The kinds:

- `status`: nothing runs; the answer has this status, body and headers. Below 500 it is billed.
- `delay`: the request is answered normally, but `seconds` later. Goes together with other kinds.
- `lost_reply`: the request runs and is billed, then the connection is closed without an answer.
- `dropped`: the connection is closed before anything runs; nothing is billed.
- `malformed`: the request runs and is billed; the body of the answer is `body`, or cut in half.
- `firewall`: nothing runs; a firewall in front of the server answers 403 with a page of its own.
- `hang`: nothing runs, and the request is never answered; nothing is billed.
- `endless`: nothing runs; the answer has this status and headers, and its body never ends.
- `bomb`: nothing runs; the answer has this status, and a small gzip body that unpacks to 64 MiB.

A client may send an idempotent request again on its own when a connection that it kept open is
closed without an answer; aiohttp does so with GET. The second one is a request like any other: it
runs, is billed, and is hit by the rest of the order's `count`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class FaultKind(StrEnum):
    """The kind of a fault."""

    STATUS = "status"
    DELAY = "delay"
    LOST_REPLY = "lost_reply"
    DROPPED = "dropped"
    MALFORMED = "malformed"
    FIREWALL = "firewall"
    HANG = "hang"
    ENDLESS = "endless"
    BOMB = "bomb"


USUAL_BODIES: dict[int, str] = {
    400: "invalid_request",
    401: "token expired (401)",
    402: "payment required",
    403: "Unauthorized missing scopes",
    404: "not_found",
    405: "vehicle is currently in service",
    406: "not_a_JSON_request",
    408: "vehicle unavailable: vehicle is offline or asleep",
    422: "invalid_resource",
    429: "Retry in 30 seconds",
    500: "upstream internal error",
    503: "vehicle is not available",
}
"""`error` of a fault's answer when the order names no body. Source: Tesla, "Conventions"."""


@dataclass
class Fault:
    """One order; a field left empty fits every request."""

    kind: FaultKind
    endpoint: str = "*"
    """Name of the endpoint as in `simulator/endpoints.py`, with shell wildcards."""
    path: str = "*"
    vin: str | None = None
    count: int | None = 1
    """The number of requests that it still hits; None means until it is cleared."""
    skip: int = 0
    """The number of matching requests that are let through first."""
    status: int = 500
    body: str | bytes | dict[str, Any] | None = None
    """Sent unchanged, an object as JSON; None for the usual text of the status."""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    hits: int = 0
    number: int = 0
    """Assigned when it is ordered; identifies it when it is withdrawn."""

    def fits(self, endpoint: str, path: str, vin: str | None) -> bool:
        """Whether the order matches a request."""
        return (
            self.count != 0
            and fnmatchcase(endpoint, self.endpoint)
            and fnmatchcase(path, self.path)
            and (self.vin is None or self.vin == vin)
        )

    def as_json(self) -> dict[str, Any]:
        """The order as it is shown at `/simulator/faults`."""
        return {
            "number": self.number,
            "kind": str(self.kind),
            "endpoint": self.endpoint,
            "path": self.path,
            "vin": self.vin,
            "count": self.count,
            "skip": self.skip,
            "status": self.status,
            "body": self.body.decode(errors="replace")
            if isinstance(self.body, bytes)
            else self.body,
            "headers": self.headers,
            "seconds": self.seconds,
            "hits": self.hits,
        }


@dataclass(frozen=True)
class Trouble:
    """The faults of one request."""

    delay: float = 0.0
    fault: Fault | None = None

    @property
    def kind(self) -> FaultKind | None:
        """The kind of fault beside the delay."""
        return self.fault.kind if self.fault else None


class Faults:
    """All orders, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._number = 0

    def order(
        self,
        kind: str,
        *,
        endpoint: str = "*",
        path: str = "*",
        vin: str | None = None,
        count: int | None = 1,
        skip: int = 0,
        status: int = 500,
        body: str | bytes | dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = 0.0,
    ) -> Fault:
        """Order a fault; raises ValueError for a kind that does not exist."""
        self._number += 1
        fault = Fault(
            kind=FaultKind(kind),
            endpoint=endpoint,
            path=path,
            vin=vin,
            count=count,
            skip=skip,
            status=status,
            body=body,
            headers=dict(headers or {}),
            seconds=seconds,
            number=self._number,
        )
        self._faults.append(fault)
        return fault

    def order_json(self, order: Mapping[str, Any]) -> Fault:
        """Order a fault described by a JSON object; raises ValueError for an invalid one."""
        if unknown := set(order) - set(ORDERABLE):
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        if "kind" not in order:
            raise ValueError("kind is missing")
        for key, value in order.items():
            if not isinstance(value, ORDERABLE[key]) or isinstance(value, bool):
                raise ValueError(f"{key} cannot be {value!r}")  # noqa: TRY004 - one kind of error
        return self.order(**order)

    def take(self, endpoint: str, path: str, vin: str | None) -> Trouble:
        """The faults of this request; decrements the counts of the orders that hit it.

        All matching delays add up; of the other kinds, the oldest matching order is carried out.
        """
        delay = 0.0
        chosen: Fault | None = None
        for fault in self._faults:
            if not fault.fits(endpoint, path, vin):
                continue
            if fault.kind is not FaultKind.DELAY and chosen is not None:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.hits += 1
            if fault.count is not None:
                fault.count -= 1
            delay += fault.seconds
            if fault.kind is not FaultKind.DELAY:
                chosen = fault
        self._faults = [fault for fault in self._faults if fault.count != 0]
        return Trouble(delay, chosen)

    def clear(self, numbers: Iterable[int] | None = None) -> None:
        """Withdraw the orders with these numbers, or all orders."""
        gone = None if numbers is None else set(numbers)
        self._faults = [
            fault for fault in self._faults if gone is not None and fault.number not in gone
        ]

    def pending(self) -> list[Fault]:
        """Orders that are not used up."""
        return list(self._faults)


ORDERABLE: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "endpoint": str,
    "path": str,
    "vin": (str, type(None)),
    "count": (int, type(None)),
    "skip": int,
    "status": int,
    "body": (str, dict, type(None)),
    "headers": dict,
    "seconds": (int, float),
}
"""Keys of an order, with the types of their values."""

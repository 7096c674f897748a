"""Checks of a stream, from this machine to the first message: what works, and what is missing.

Each is a line with a text of its own; `reports` gathers the facts, and the options show the lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ..tesla.telemetry.answers import VehicleConfiguration
from ..tesla.telemetry.selfcheck import Check, Finding
from ..tesla.telemetry.stream_plan import Obstacle
from .subscription import StreamRefusal


class CheckMark(StrEnum):
    """The outcome of a check, as a mark."""

    OK = "✓"
    WAITING = "○"
    """Nothing to do: it passes on its own, or with the next drive."""
    FAILED = "✗"
    NOT_POSSIBLE = "–"  # noqa: RUF001  # a dash


@dataclass(frozen=True, slots=True)
class CheckLine:
    """The result of one check."""

    mark: CheckMark
    key: str
    """Key of the text, or of the repair issue whose text it is."""
    placeholders: Mapping[str, str] = field(default_factory=dict)
    is_issue: bool = False
    """Whether the text is that of a repair issue."""


_OF_CERTIFICATE: Final = (Finding.OTHER_CERTIFICATE, Finding.OTHER_NAME, Finding.EXPIRED)
"""Findings about the certificate of a server that answers."""


def address_lines(
    check: Check, *, hostname: str, port: int, listen_port: int, has_vehicles: bool
) -> Iterator[CheckLine]:
    """Check the way to this machine: the port here, the public address, the certificate there.

    Args:
        check: The result of connecting like a vehicle.
        hostname: Host name in the vehicles' configuration.
        port: Port in the vehicles' configuration.
        listen_port: Port on this machine.
        has_vehicles: Whether a vehicle is connected, which proves that the address works.
    """
    about = {
        "hostname": hostname,
        "address": f"{hostname}:{port}",
        "port": str(listen_port),
        "detail": check.detail,
    }
    if check.finding is Finding.NOT_RUNNING:
        yield CheckLine(CheckMark.FAILED, "not_running", about)
        return
    yield CheckLine(CheckMark.OK, "listening", about)
    if check.finding is not Finding.OK and has_vehicles:
        # Some routers cannot reach their own public address.
        yield CheckLine(CheckMark.OK, "reached_by_vehicles", about)
        return
    if check.finding is Finding.OK or check.finding in _OF_CERTIFICATE:
        yield CheckLine(CheckMark.OK, "reachable", about)
        is_valid = check.finding is Finding.OK
        yield CheckLine(
            CheckMark.OK if is_valid else CheckMark.FAILED,
            "certificate_valid" if is_valid else str(check.finding),
            about,
        )
        return
    yield CheckLine(CheckMark.FAILED, str(check.finding), about)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFacts:
    """The facts about the stream of one vehicle."""

    name: str
    firmware: str
    """Version of the software; empty if unknown."""
    obstacle: Obstacle | None
    can_stream: bool | None
    needs_key: bool
    key_paired: bool | None
    pairing_url: str
    is_direct: bool
    """Whether Flotte itself configures the vehicle, rather than the owner's own server."""
    may_spend: bool
    """Whether the spending mode permits streams."""
    is_configured: bool
    refusal: StreamRefusal | None
    found: VehicleConfiguration | None = None
    """Tesla's answer about the configuration, if it was asked."""
    is_connected: bool
    received: str
    """Time of the last message, as text; empty if there was none."""


def vehicle_lines(facts: StreamFacts) -> Iterator[CheckLine]:
    """Check a vehicle: its computer and software, the key, its configuration, the first message."""
    about = {"name": facts.name, "firmware": facts.firmware, "url": facts.pairing_url}
    if facts.obstacle is not None and not facts.is_connected:
        is_final = facts.obstacle is Obstacle.HARDWARE
        mark = CheckMark.NOT_POSSIBLE if is_final else CheckMark.FAILED
        yield CheckLine(mark, f"obstacle_{facts.obstacle}", about)
        return
    if facts.can_stream is None and not facts.is_connected:
        yield CheckLine(CheckMark.WAITING, "ability_unknown", about)
    else:
        yield CheckLine(CheckMark.OK, "able" if facts.firmware else "able_unknown_software", about)
    if facts.is_direct:
        if facts.needs_key and not facts.is_connected:
            yield _key_line(facts.key_paired, about)
            if facts.key_paired is False:
                return
        yield from _configuration_lines(facts, about)
    if facts.received:
        yield CheckLine(CheckMark.OK, "message", {"time": facts.received})
    elif facts.is_configured or not facts.is_direct:
        yield CheckLine(CheckMark.WAITING, "no_message", about)


def _key_line(key_paired: bool | None, about: Mapping[str, str]) -> CheckLine:  # noqa: FBT001  # three values
    if key_paired is None:
        return CheckLine(CheckMark.WAITING, "key_unknown", about)
    if key_paired:
        return CheckLine(CheckMark.OK, "key_paired", about)
    return CheckLine(CheckMark.FAILED, "key_missing", about)


def _configuration_lines(facts: StreamFacts, about: Mapping[str, str]) -> Iterator[CheckLine]:
    """Check whether Tesla accepted the configuration, and whether the vehicle has it."""
    if not facts.may_spend:
        yield CheckLine(CheckMark.FAILED, "budget", about)
        return
    if facts.refusal is not None and not facts.is_configured:
        words = {"name": facts.name, "detail": facts.refusal.detail}
        yield CheckLine(CheckMark.FAILED, facts.refusal.issue, words, is_issue=True)
        return
    if not facts.is_configured:
        yield CheckLine(CheckMark.WAITING, "not_configured", about)
        return
    found = facts.found
    if facts.is_connected or (found is not None and found.synced and found.matches is not False):
        yield CheckLine(CheckMark.OK, "synced", about)
    elif found is not None and found.is_full:
        yield CheckLine(CheckMark.FAILED, "stream_limit_reached", about, is_issue=True)
    elif found is not None and (found.exists is False or found.matches is False):
        yield CheckLine(CheckMark.WAITING, "replaced", about)
    elif found is not None and found.synced is False:
        yield CheckLine(CheckMark.WAITING, "not_synced", about)
    else:
        yield CheckLine(CheckMark.OK, "configured", about)

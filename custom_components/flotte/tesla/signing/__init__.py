"""Signed commands: the client's side of Tesla's end-to-end protocol, without any I/O.

    metadata       the bytes that a signature covers: tag, length, value
    keys           our key, the vehicle's key, and the keys derived from both
    session        messages of one domain of a vehicle: handshake, sign, verify, decrypt
    session_state  the state of a session: key, epoch, counter, clock; stored over restarts
    faults         the table of faults that a vehicle may answer with
    verdict        a domain's verdict on a command
    conversation   a command from start to end, as a generator
    jws            the signed token that configures a vehicle's stream

        payload ─> conversation ─> session.sign ─> metadata + keys ─> bytes to send
        Answer  <─ conversation <─ verdict <─ session.open <─────────  bytes received

Nothing here sends, sleeps or reads a clock. Callers pass the time, so every case can be replayed.
"""

from .conversation import (
    LOST,
    NOT_SENT,
    Answer,
    Faulted,
    Incoming,
    Outgoing,
    Replied,
    TransportFailure,
    Unknown,
    Why,
    conversation,
)
from .faults import FAULTS, Fault, Handling, ProtocolError, Ran, fault_of
from .keys import ClientKey, SessionKey
from .metadata import Domain
from .session import Acceptance, Reply, Request, Session
from .verdict import Outcome, Verdict, interpret, of_reason

__all__ = [
    "FAULTS",
    "LOST",
    "NOT_SENT",
    "Acceptance",
    "Answer",
    "ClientKey",
    "Domain",
    "Fault",
    "Faulted",
    "Handling",
    "Incoming",
    "Outcome",
    "Outgoing",
    "ProtocolError",
    "Ran",
    "Replied",
    "Reply",
    "Request",
    "Session",
    "SessionKey",
    "TransportFailure",
    "Unknown",
    "Verdict",
    "Why",
    "conversation",
    "fault_of",
    "interpret",
    "of_reason",
]

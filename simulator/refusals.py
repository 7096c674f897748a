"""Errors with which a command, a message or an order to the simulator is refused.

    SimulatorError
    ├── UnknownCommand        the name does not exist                             HTTP 400
    │   └── InvalidBody       a field is missing or of the wrong kind             HTTP 400
    ├── GatewayRefusal        Tesla's gateway never hands the message to the car
    │   ├── MalformedMessage        not a message it can read, or AES-GCM         HTTP 400
    │   ├── ProtocolNotSupported    the car has no signed commands                HTTP 422
    │   └── ActionNotClassified     the gateway does not know the action          HTTP 501
    ├── SteeringError         an order under /simulator that makes no sense       HTTP 400
    └── Refused               the car understood and says no (HTTP 200, a reason)

Each of the first three carries the HTTP status that the gateway answers with.
"""

from typing import ClassVar


class SimulatorError(Exception):
    """Base of all errors of the simulated cars and sites."""


class UnknownCommand(SimulatorError):
    """No command has this name.

    Source: Tesla, "Conventions": `invalid_command` with status 400.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_command"


class InvalidBody(UnknownCommand):
    """A field of the JSON body is missing, of the wrong type, or outside its set of words.

    It is an UnknownCommand, so that a handler of that error answers 400 here as well.
    """

    code: ClassVar[str] = "invalid_field"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class GatewayRefusal(SimulatorError):
    """The gateway refuses the message; the car never sees it."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_request"


class MalformedMessage(GatewayRefusal):
    """Not a routable message, or one that the gateway blocks (AES-GCM requests)."""


class ProtocolNotSupported(GatewayRefusal):
    """The car is older than the command protocol; only plain commands reach it."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "invalid_resource"

    def __init__(self) -> None:
        super().__init__("vehicle does not support the Tesla Vehicle Command Protocol")


class ActionNotClassified(GatewayRefusal):
    """The gateway reads the action to check scopes and does not know this one."""

    status: ClassVar[int] = 501
    code: ClassVar[str] = "not_implemented"


class SteeringError(SimulatorError, ValueError):
    """An order to a car or a site that names something unknown or impossible."""


class Refused(SimulatorError):
    """The car understood the command and did not run it.

    `reason` is the word that REST and infotainment answer with; `generic_error` is the number that
    the security domain answers with instead (Errors.GenericError_E; 1 means no reason given).
    """

    def __init__(self, reason: str, generic_error: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.generic_error = generic_error

"""The cars: a life, an identity, and the ways in which Tesla's cloud reaches them."""

import hashlib
from dataclasses import asdict
from typing import Any, override

from tesla_protocol.command import car_server_pb2, vcsec_pb2

from simulator import commands, rest_commands, signed_actions, steering, vehicle_data
from simulator.connected_vehicle import ConnectedVehicle, Execution
from simulator.protocol import VehicleProtocol
from simulator.protocol.verification import Request
from simulator.protocol.wire import (
    INFOTAINMENT,
    INSUFFICIENT_PRIVILEGES,
    INVALID_COMMAND,
    VEHICLE_SECURITY,
    Fault,
)
from simulator.refusals import (
    ActionNotClassified,
    InvalidBody,
    MalformedMessage,
    ProtocolNotSupported,
    Refused,
    SteeringError,
    UnknownCommand,
)

__all__ = ["Car", "Execution", "InvalidBody", "SteeringError", "UnknownCommand"]

type Json = dict[str, Any]

NO_PERMISSION_TO_ADD = 5
"""WhitelistOperation_information_E: a fleet manager's key manages no keys."""
_READ_STATUS = 0
_READ_KEYS = 5


class Car(ConnectedVehicle):
    """A car of an account, as Tesla's cloud, the control page and tests see it."""

    # The cloud's knowledge

    def vehicle_object(self) -> Json:
        """The car in `GET /api/1/vehicles/{vin}`, asleep or not."""
        self.advance()
        return {
            "id": self.id,
            "vehicle_id": self.vehicle_id,
            "vin": self.vin,
            "color": None,
            "access_type": self.access_type,
            "display_name": None if self.is_name_lost else self.display_name,
            "option_codes": self.model.option_codes,
            "granular_access": {"hide_private": False},
            "tokens": None,
            "state": self.state,
            "in_service": self.in_service,
            "id_s": str(self.id),
            "calendar_enabled": True,
            "api_version": 71,
            "backseat_token": None,
            "backseat_token_updated_at": None,
            "user_id": self.user_id,
        }

    def product_object(self) -> Json:
        """The car in `GET /api/1/products`."""
        signing = "off" if self.rest_only else "required" if self.protocol_required else "allowed"
        return {
            **self.vehicle_object(),
            "command_signing": signing,
            "cached_data": None,
            "mobile_access_disabled": self.mobile_access_disabled,
            "release_notes_supported": True,
        }

    def fleet_status(self) -> Json:
        """Its entry in `vehicle_info` of `fleet_status`."""
        return {
            "firmware_version": self.firmware,
            "vehicle_command_protocol_required": self.protocol_required,
            "discounted_device_data": self.discounted_device_data,
            "fleet_telemetry_version": self.telemetry_version,
            "total_number_of_keys": len(self.keys) + self.other_keys,
            "safety_screen_streaming_toggle_enabled": self.streaming_toggle,
        }

    def vehicle_data(self, endpoints: set[str] | None, *, location: bool) -> Json:
        """The answer to `vehicle_data`; the caller has checked that the car is online.

        `endpoints` None selects the standard sections; `location` says that the caller may see the
        car's location (which is included only if `location_data` is requested).
        """
        self.advance()
        if self.polls_keep_awake:
            self.touch()
        answer = self.vehicle_object()
        answer.update(vehicle_data.sections(self, endpoints, location=location))
        if "vehicle_state" in answer:
            answer["vehicle_state"]["vehicle_name"] = self.display_name
        return answer

    # Commands

    def rest_command(self, name: str, body: Json) -> Json:
        """Run a plain command: `{"result": bool, "reason": str}`.

        The caller has refused commands that must be signed (see `rest_commands.must_be_signed`) and
        checked that the car is online. Raises UnknownCommand for names that do not exist, and its
        InvalidBody for fields that do not fit.
        """
        self.advance()
        name, parameters = rest_commands.parse(name, body)
        self.touch()
        try:
            self._run(name, parameters, signed=False)
        except Refused as refused:
            return {"result": False, "reason": refused.reason}
        answer: Json = {"result": True, "reason": ""}
        if name == "navigation_request":
            answer["queued"] = False
        return answer

    def must_be_signed(self, name: str) -> bool:
        """Whether this car refuses this plain command unless it is signed (403)."""
        if name in _SIGNED_ONLY:
            return True
        return self.protocol_required and rest_commands.must_be_signed(name)

    def signed_command(self, routable_message: bytes) -> bytes:
        """Answer a signed message, or a handshake, with a message.

        Raises GatewayRefusal (its `status` is the HTTP status): ProtocolNotSupported for old cars,
        MalformedMessage, ActionNotClassified. Any other problem is a fault in the answer.
        """
        self.advance()
        if self.rest_only:
            raise ProtocolNotSupported
        names = self._names(routable_message)
        if names & self.unclassified:
            raise ActionNotClassified(f"unknown action {', '.join(sorted(names))}")
        self.touch()
        self.protocol.busy_until = self.awake_since + self.busy_seconds
        return self.protocol.handle(routable_message, self.time)

    def scopes_for(self, routable_message: bytes) -> frozenset[str]:
        """The scopes of which any one is enough for this message.

        Handshakes and messages that cannot be read need any command scope; `signed_command` reports
        the problem of the latter.
        """
        names = self._names(routable_message)
        if not names or all(rest_commands.scopes(name) > {"vehicle_cmds"} for name in names):
            return rest_commands.CHARGING_SCOPES
        return rest_commands.COMMAND_SCOPES

    @staticmethod
    def _names(routable_message: bytes) -> set[str]:
        """The commands in a message, as the gateway reads them; may be empty."""
        try:
            message = VehicleProtocol.read(routable_message)
            payload = message.protobuf_message_as_bytes
            if message.WhichOneof("payload") != "protobuf_message_as_bytes":
                return set()
            if message.to_destination.domain == INFOTAINMENT:
                return {invocation.name for invocation in signed_actions.read_infotainment(payload)}
            if message.to_destination.domain == VEHICLE_SECURITY:
                invocation = signed_actions.read_vehicle_security(payload)
                if isinstance(invocation, signed_actions.Invocation):
                    # Whether the narrow scope is enough for the charge port in this form is not
                    # known: the wide one is required.
                    return (
                        {"door_lock"}
                        if invocation.name.startswith("charge_port")
                        else {invocation.name}
                    )
        except MalformedMessage, Fault:
            pass
        return set()

    def execute(self, request: Request) -> bytes:
        """Run the payload of an authenticated (or unsigned) message; returns the domain's answer.

        Raises Fault for payloads that the domain cannot run.
        """
        if request.domain == VEHICLE_SECURITY:
            return self._execute_vehicle_security(request)
        if request.client is None:
            raise Fault(INSUFFICIENT_PRIVILEGES)
        invocations = signed_actions.read_infotainment(request.payload)
        if any(invocation.name in self.unknown_commands for invocation in invocations):
            raise Fault(INVALID_COMMAND)
        answer = car_server_pb2.Response()
        try:
            # Several seats are not one transaction; the first refusal ends it.
            for invocation in invocations:
                self._run(invocation.name, invocation.parameters, signed=True, request=request)
        except Refused as refused:
            answer.actionStatus.result = car_server_pb2.OperationStatus_E.OPERATIONSTATUS_ERROR
            answer.actionStatus.result_reason.plain_text = refused.reason
        else:
            answer.actionStatus.SetInParent()
            settings = self.charging.on_solar
            if settings is not None and invocations[0].name == "charge_on_solar":
                found = answer.getChargeOnSolarFeatureResponse.charge_on_solar
                found.enabled = settings.enabled
                found.lower_charge_limit = settings.lower
                found.upper_charge_limit = settings.upper
        return bytes(answer.SerializeToString())

    def _execute_vehicle_security(self, request: Request) -> bytes:
        """Return an empty message for success."""
        invocation = signed_actions.read_vehicle_security(request.payload)
        if isinstance(invocation, signed_actions.Read):
            return _read_security(self, invocation.number)
        if request.client is None:
            raise Fault(INSUFFICIENT_PRIVILEGES)
        answer = vcsec_pb2.FromVCSECMessage()
        if invocation.name == "manage_keys":
            status = answer.commandStatus
            status.operationStatus = vcsec_pb2.OperationStatus_E.OPERATIONSTATUS_ERROR
            status.whitelistOperationStatus.whitelistOperationInformation = NO_PERMISSION_TO_ADD  # type: ignore[assignment]  # an enum's number
            return bytes(answer.SerializeToString())
        try:
            self._run(invocation.name, invocation.parameters, signed=True, request=request)
        except Refused as refused:
            answer.nominalError.genericError = (
                refused.generic_error  # type: ignore[assignment]  # an enum's number
            )
        return bytes(answer.SerializeToString())

    def _run(
        self, name: str, parameters: Json, *, signed: bool, request: Request | None = None
    ) -> None:
        """Run a command of the table, and note it. Raises Refused."""
        try:
            commands.run(self, name, parameters)
        except Refused as refused:
            self.refusals.append({"name": name, "reason": refused.reason, "time": self.time})
            raise
        if name == "set_vehicle_name":
            self.display_name = parameters["vehicle_name"]
        self.executions.append(
            Execution(
                name=name,
                parameters=parameters,
                time=self.time,
                signed=signed,
                counter=None if request is None else request.counter,
                domain=None if request is None else request.domain,
            )
        )
        self.telemetry.nudge(self.time)

    # Orders and truth

    def steer(self, changes: Json) -> None:
        """Apply steering orders to the car; see `simulator.steering` for all of them.

        Raises SteeringError for an order that does not exist or cannot be followed; those before it
        have been applied by then.
        """
        self.advance()
        steering.steer(self, changes)
        self.telemetry.nudge(self.time)

    def describe(self) -> Json:
        """The truth about the car: all values that can be steered, and what really happened."""
        self.advance()
        return steering.describe(self) | {
            "executions": [asdict(execution) for execution in self.executions],
            "refusals": list(self.refusals),
            "telemetry": self.telemetry.describe(),
        }

    @override
    def __repr__(self) -> str:
        return f"<Car {self.display_name} {self.vin} {self.state}>"


_SIGNED_ONLY = frozenset(
    name for name, command in commands.COMMANDS.items() if command.is_signed_only
)


def _read_security(car: ConnectedVehicle, number: int) -> bytes:
    """The answers of vehicle security without authentication: its status, or the keys."""
    answer = vcsec_pb2.FromVCSECMessage()
    if number == _READ_STATUS:
        status = answer.vehicleStatus
        closures = status.closureStatuses
        for member, value in (
            ("frontDriverDoor", car.body.doors["df"]),
            ("frontPassengerDoor", car.body.doors["pf"]),
            ("rearDriverDoor", car.body.doors["dr"]),
            ("rearPassengerDoor", car.body.doors["pr"]),
            ("rearTrunk", car.body.trunk),
            ("frontTrunk", car.body.frunk),
            ("chargePort", int(car.charging.port.is_open)),
        ):
            setattr(closures, member, 1 if value else 0)
        status.vehicleLockState = (
            int(car.body.is_locked)  # type: ignore[assignment]  # an enum's number
        )
        status.vehicleSleepStatus = vcsec_pb2.VehicleSleepStatus_E.VEHICLE_SLEEP_STATUS_AWAKE
        status.userPresence = (
            2 if car.is_user_present else 1  # type: ignore[assignment]  # an enum's number
        )
    elif number == _READ_KEYS:
        answer.whitelistInfo.numberOfEntries = len(car.keys) + car.other_keys
        for key in sorted(car.keys):
            entry = answer.whitelistInfo.whitelistEntries.add()
            # The short id of a key: the first 4 bytes of its SHA-1.
            entry.publicKeySHA1 = hashlib.sha1(key, usedforsecurity=False).digest()[:4]
    else:
        raise Fault(INVALID_COMMAND)
    return bytes(answer.SerializeToString())

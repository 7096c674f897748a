"""The channel of a vehicle: sends its commands, signed or plain, and interprets the replies.

A command has one of three outcomes: executed (`Done` is returned), certainly not executed (raises
`Refused`), or unknown (raises `OutcomeUnknown`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from .. import signing
from ..api.confirmation import read_confirmation
from ..commands import Command
from ..errors import (
    AnswerLost,
    CommandRefused,
    InvalidAnswer,
    KeyNotPaired,
    MobileAccessDisabled,
    NoUnsignedForm,
    OutcomeUnknown,
    ProtocolRequired,
    ProtocolUnsupported,
    Refused,
    ServiceError,
    TeslaError,
    Unreachable,
    VehicleBusy,
)
from ..key_status import KeyStatus, is_listed, key_status
from ..signing import ClientKey, Domain, Session, faults
from ..spending.caller import Caller
from . import waits
from .context import VehicleContext
from .outcome import CommandMode, Done

UNSIGNED_REFUSED: Final = "unsigned_cmds_hardlocked"
"""The reason that some vehicles give, with status 200, when they refuse an unsigned command."""


class CommandChannel:
    """Sends commands to one vehicle in the mode that it has been found to accept."""

    def __init__(self, context: VehicleContext, key: ClientKey, mode: CommandMode) -> None:
        self.mode = mode
        self.key_paired: bool | None = None
        """Whether our key is on the vehicle; None if unknown."""
        self.fleet_info: Mapping[str, Any] = {}
        """The vehicle's entry in the last answer of `fleet_status`."""
        self.key = key
        self.sessions = {domain: Session(key, context.vin, domain) for domain in Domain}
        self._context = context

    @property
    def needs_key(self) -> bool:
        """Whether commands must be signed with a key that is paired with the vehicle."""
        return self.mode is CommandMode.SIGNED

    def needs_handshake(self, domain: Domain | None) -> bool:
        """Whether a command to a part of the vehicle needs a session first."""
        return self.needs_key and domain is not None and not self.sessions[domain].state.ready

    @property
    def polling_prevents_sleep(self) -> bool:
        """Whether polling keeps the vehicle awake, as it does with early Models S and X.

        Those accept no signed commands, and `fleet_status` says which vehicles require them. If it
        says nothing, the model year decides: the tenth character of the VIN, where M is 2021 (A is
        2010; I, O, Q, U and Z are not used). Some vehicles of year M are still of the old kind.
        """
        vin = self._context.vin
        if vin[3:4] not in "SX":
            return False
        if self.fleet_info.get("vehicle_command_protocol_required") is True:
            return False
        return self.mode is CommandMode.UNSIGNED or vin[9:10] < "M"

    # --- The key ---------------------------------------------------------------------------------

    def apply_fleet_status(self, status: Mapping[str, Any]) -> None:
        """Apply a `fleet_status` answer: is our key paired, are signed commands required?"""
        vin = self._context.vin
        if is_listed(vin, status.get("key_paired_vins")):
            self.key_paired = True
        elif is_listed(vin, status.get("unpaired_vins")):
            self.key_paired = False
        vehicles = status.get("vehicle_info")
        info = vehicles.get(vin) if isinstance(vehicles, Mapping) else None
        if not isinstance(info, Mapping):
            return
        self.fleet_info = dict(info)
        required = info.get("vehicle_command_protocol_required")
        if required is True:
            self.mode = CommandMode.SIGNED
        elif required is False and self.key_paired is not True:
            self.mode = CommandMode.UNSIGNED

    async def check_pairing(self, caller: Caller) -> KeyStatus:
        """Ask Tesla whether our key is on the vehicle; free, as far as is known."""
        answer = await self._context.api.fleet_status([self._context.vin], caller)
        self.apply_fleet_status(answer)
        return key_status(answer, self._context.vin)

    async def require_key(self, command: Command, caller: Caller) -> None:
        """If our key was missing at the last check and the command needs it, check again.

        The check is free, but Tesla bills even a command that the vehicle has to refuse.

        Raises:
            KeyNotPaired: the key is still missing.
        """
        if command.domain is not None and self.needs_key and self.key_paired is False:
            await self.check_pairing(caller)
            if not self.key_paired:
                raise KeyNotPaired

    # --- Sending ---------------------------------------------------------------------------------

    async def transmit(self, command: Command, caller: Caller) -> Done:
        """Send a command in the current mode; if the vehicle demands the other one, switch."""
        if command.domain is None:
            return await self._transmit_plain(command, caller)
        try:
            if self.mode is CommandMode.UNSIGNED:
                return await self._transmit_plain(command, caller)
            return await self._transmit_signed(command, command.domain, caller)
        except ProtocolUnsupported:
            if self.mode is CommandMode.UNSIGNED:
                # The plain form itself is not supported.
                raise
            # Nothing ran: the vehicle's computer does not know signed commands.
            self.mode = CommandMode.UNSIGNED
            return await self._transmit_plain(command, caller)
        except ProtocolRequired:
            self.mode = CommandMode.SIGNED
            return await self._transmit_signed(command, command.domain, caller)

    async def _transmit_plain(self, command: Command, caller: Caller) -> Done:
        """Send a command unsigned."""
        if not command.rest:
            raise NoUnsignedForm(command.name)
        try:
            answer = await self._context.api.command(
                self._context.vin, command.name, command.parameters, caller
            )
        except (AnswerLost, ServiceError, InvalidAnswer) as error:
            raise OutcomeUnknown(error.detail) from error
        confirmation = read_confirmation(answer)
        if confirmation.done:
            return Done()
        if confirmation.done is None:
            raise OutcomeUnknown(confirmation.words or "no confirmation")
        if confirmation.words == UNSIGNED_REFUSED:
            raise ProtocolRequired(confirmation.words)
        return _judge(command, signing.of_reason(confirmation.words))

    async def _transmit_signed(self, command: Command, domain: Domain, caller: Caller) -> Done:
        """Send a command signed: send what the conversation yields, then judge its result."""
        talk = signing.conversation(
            self.sessions[domain],
            command.payload,
            clock=waits.monotonic,
            repeatable=command.repeatable,
        )
        refusal: TeslaError | None = None
        answer: signing.Answer
        try:
            outgoing = next(talk)
            while True:
                if outgoing.not_before:
                    await waits.pause(outgoing.not_before)
                incoming: signing.Incoming
                try:
                    incoming = await self._context.api.signed_command(
                        self._context.vin, outgoing.message, caller
                    )
                    refusal = None
                except (AnswerLost, ServiceError, InvalidAnswer) as error:
                    # The message may have arrived. The conversation decides whether to repeat it.
                    incoming, refusal = signing.LOST, error
                except (Refused, Unreachable) as error:
                    incoming, refusal = signing.NOT_SENT, error
                outgoing = talk.send(incoming)
        except StopIteration as end:
            answer = end.value
        if isinstance(answer, signing.Unknown):
            raise OutcomeUnknown(str(answer.why.value), expires_in=answer.expires_in) from refusal
        if isinstance(answer, signing.Replied):
            if not answer.verified:
                # The reply is in plaintext, although this vehicle has encrypted its replies before:
                # it may be forged.
                raise OutcomeUnknown("unverified")
            self.key_paired = True
            done = _judge(command, answer.verdict)
            return done if command.read is None else replace(done, reply=answer.payload)
        raise refusal or self._error_of(answer.fault)

    def _error_of(self, fault: signing.Fault) -> TeslaError:
        """The error for a fault of the protocol. The command was not executed."""
        match fault:
            case faults.BUSY | faults.NO_SESSION:
                return VehicleBusy(fault.name, reason=fault.translation_key)
            case faults.UNKNOWN_KEY_ID:
                self.key_paired = False
                return KeyNotPaired(fault.name)
            case faults.INACTIVE_KEY:
                self.key_paired = False
                return KeyNotPaired(fault.name, reason=fault.translation_key)
            case faults.REMOTE_ACCESS_DISABLED:
                return MobileAccessDisabled(fault.name)
            case _:
                return CommandRefused(
                    fault.name, reason=fault.translation_key, is_temporary=fault.is_temporary
                )

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self, *, monotonic: float, wall: float) -> dict[str, Any]:
        """The mode and the sessions, as JSON without secrets."""
        return {
            "protocol": str(self.mode),
            "sessions": {
                str(int(domain)): session.to_stored(now_monotonic=monotonic, now_wall=wall)
                for domain, session in self.sessions.items()
                if session.state.ready
            },
        }

    def restore(self, stored: Mapping[str, Any], *, monotonic: float, wall: float) -> None:
        """Restore mode and sessions from the JSON of `to_stored`; ignore unreadable values."""
        if stored.get("protocol") == CommandMode.UNSIGNED:
            self.mode = CommandMode.UNSIGNED
        sessions = stored.get("sessions")
        if not isinstance(sessions, Mapping):
            return
        for domain in Domain:
            kept = sessions.get(str(int(domain)))
            if isinstance(kept, Mapping):
                self.sessions[domain] = Session.from_stored(
                    self.key,
                    self._context.vin,
                    domain,
                    dict(kept),
                    now_monotonic=monotonic,
                    now_wall=wall,
                )


def _judge(command: Command, verdict: signing.Verdict) -> Done:
    """The outcome of a command, from the vehicle's verdict.

    Raises:
        CommandRefused: the vehicle refused the command.
    """
    if verdict.outcome is signing.Outcome.OK:
        return Done()
    # A reason that has a text of its own is not always "nothing to do": `is_charging` is success
    # for starting a charge, but a refusal for opening the charge port.
    is_already = verdict.outcome is signing.Outcome.ALREADY and not verdict.translation_key
    if is_already or verdict.reason.lower().replace(" ", "_") in command.already:
        return Done(already=True)
    raise CommandRefused(
        verdict.reason,
        reason=verdict.translation_key or None,
        is_temporary=verdict.is_temporary,
    )

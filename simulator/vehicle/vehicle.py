"""A vehicle with an identity: its life, its numbers and name, and the keys on its keychain."""

from simulator.clock import Clock
from simulator.vehicle.life import Life
from simulator.vehicle.model import Model


class Vehicle(Life):
    """A life with the identity that the cloud and the telemetry client know."""

    def __init__(
        self,
        clock: Clock,
        model: Model,
        *,
        vin: str,
        display_name: str,
        number: int,
        firmware: str,
        percent: float,
        seed: int,
        rest_only: bool,
        telemetry_version: str | None,
    ) -> None:
        """Create the vehicle.

        Args:
            clock: the simulated clock.
            model: its build.
            vin: 17 characters.
            display_name: the owner's name for it.
            number: a small number from which `id`, `vehicle_id` and `user_id` derive.
            firmware: the installed version.
            percent: state of charge.
            seed: for everything that looks random.
            rest_only: whether it is too old for signed commands.
            telemetry_version: of its Fleet Telemetry client; None if it has none.
        """
        super().__init__(clock, model, firmware=firmware, percent=percent, seed=seed + number)
        self.vin = vin
        self.id = 1_492_930_000_000_000 + number * 111_111
        self.vehicle_id = 2_740_000_000 + number * 7_919
        self.user_id = 900_100_000 + number
        self.display_name = display_name
        self.rest_only = rest_only
        self.telemetry_version = telemetry_version
        self.streaming_toggle: bool | None = None
        """The setting on the safety screen of a Model S or X with an Intel Atom that allows
        streaming without a key; None if the vehicle has no such setting."""
        self.keys: set[bytes] = set()
        self.other_keys: int = 2
        """Phones and cards on the keychain, which count towards its twenty."""

    @property
    def firmware(self) -> str:
        """The installed version, for example `2026.32.6`."""
        return self.software.installed

    @firmware.setter
    def firmware(self, version: str) -> None:
        self.software.installed = version

"""The build of a car: everything about it that never changes."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Model:
    """The build of a car, for `vehicle_config` and for its physics."""

    car_type: str
    """Tesla's name: `models`, `model3`, `modely`, …"""
    trim_badging: str
    exterior_color: str
    wheel_type: str
    option_codes: str
    capacity_kwh: float
    """Usable energy of a full battery."""
    range_miles: float
    """Rated range of a full battery."""
    knows_ideal_range: bool = True
    """Otherwise it reports 999 miles of ideal range, which is no value; seen on a Raven."""
    charge_port_type: str
    cable: str
    """`conn_charge_cable` while an AC cable is plugged in."""
    charger_phases: int
    """Phases of the on-board charger: 3 in Europe, 1 in America."""
    charger_amps: dict[int, int]
    """The on-board charger's maximum current per number of phases, in A."""
    peak_dc_kw: float
    mass_kg: float
    drag_area_m2: float
    """Drag coefficient times frontal area."""
    odometer_miles: float
    tyre_front_bar: float
    tyre_rear_bar: float
    has_power_liftgate: bool
    has_aftermarket_lift: bool = False
    """Whether its owner added a motor to the trunk, which `vehicle_config.plg` does not know of."""
    has_motorized_charge_port: bool = True
    has_seat_cooling: bool = False
    rear_seat_heaters: int = 1
    """`vehicle_config.rear_seat_heaters`: 0 none, 1 three seats, 2 without the centre, 3 with a
    third row, if there is one."""
    has_sunroof: bool = False
    has_tonneau: bool = False
    """Whether it has a cover over its bed, like a Cybertruck."""
    third_row_seats: str = "None"
    """`vehicle_config.third_row_seats`."""
    has_air_suspension: bool = False
    homelink_devices: int = 0
    closes_windows_nearby_only: bool = False
    """Whether closing the windows remotely needs the caller's location, near the car."""
    eu_vehicle: bool = True
    driver_assist: str = "TeslaAP3"

    @property
    def heated_rear_seats(self) -> tuple[str, ...]:
        """The rear seats with a heater, as in `seat_heater_…`."""
        seats: tuple[str, ...] = ()
        if self.rear_seat_heaters:
            seats += ("rear_left", "rear_right")
        if self.rear_seat_heaters in (1, 3):
            seats += ("rear_center",)
        if self.rear_seat_heaters == 3 and self.third_row_seats != "None":  # noqa: PLR2004 - a code
            seats += ("third_row_left", "third_row_right")
        return seats

    gear_flips: bool = False
    """Whether a parked car streams P and an invalid gear in turn, as one with an Intel Atom."""


MODEL_Y = Model(
    car_type="modely",
    trim_badging="74d",
    exterior_color="MidnightSilver",
    wheel_type="Gemini19",
    option_codes="MDLY,MTY03,PMNG,WY19B,CPF0",
    capacity_kwh=75.0,
    range_miles=331.0,
    charge_port_type="CCS",
    cable="IEC",
    charger_phases=3,
    charger_amps={1: 32, 3: 16},
    peak_dc_kw=250.0,
    mass_kg=2000.0,
    drag_area_m2=0.61,
    odometer_miles=12_345.678,
    tyre_front_bar=2.9,
    tyre_rear_bar=2.9,
    has_power_liftgate=True,
    homelink_devices=1,
)

MODEL_3 = Model(
    car_type="model3",
    trim_badging="50",
    exterior_color="PearlWhite",
    wheel_type="Photon18",
    option_codes="MDL3,MT357,PPSW,W38A,CPF0",
    capacity_kwh=57.5,
    range_miles=272.0,
    charge_port_type="CCS",
    cable="IEC",
    charger_phases=3,
    charger_amps={1: 32, 3: 16},
    peak_dc_kw=170.0,
    mass_kg=1765.0,
    drag_area_m2=0.51,
    odometer_miles=4_321.5,
    tyre_front_bar=3.0,
    tyre_rear_bar=3.0,
    has_power_liftgate=False,
)

MODEL_S_2019 = Model(
    car_type="models2",
    trim_badging="100d",
    exterior_color="DeepBlue",
    wheel_type="Slipstream19",
    option_codes="MDLS,MTS05,PPSB,WTAS,CH05",
    capacity_kwh=92.0,
    range_miles=335.0,
    knows_ideal_range=False,
    charge_port_type="US",
    cable="SAE",
    charger_phases=1,
    charger_amps={1: 48},
    peak_dc_kw=142.0,
    mass_kg=2215.0,
    drag_area_m2=0.56,
    odometer_miles=61_234.5,
    tyre_front_bar=2.9,
    tyre_rear_bar=2.9,
    has_power_liftgate=True,
    rear_seat_heaters=0,
    has_sunroof=True,
    has_air_suspension=True,
    closes_windows_nearby_only=True,
    eu_vehicle=False,
    driver_assist="TeslaAP2",
    gear_flips=True,
)

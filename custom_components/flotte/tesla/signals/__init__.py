"""THE SIGNAL TABLE: everything that a vehicle or an energy site can report, one row each, by topic.

A row has Tesla's telemetry field, the parser of its value, and its place in a polled answer. Import
rows from here, whatever their topic.

Sources: Tesla's vehicle_data documentation (2024-08), the list of streamed fields (2026-08), and
values seen by public clients.
"""

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from ..state import Signal
from . import (
    assistance,
    battery,
    charging,
    climate,
    closures,
    connection,
    connectors,
    drive_units,
    driving,
    equipment,
    media,
    route,
    schedules,
    seats,
    semi,
    site,
    site_energy,
    site_outages,
    site_tariff,
    software,
    solar,
    tyres,
)
from .assistance import *
from .battery import *
from .bounds import *
from .charging import *
from .climate import *
from .closures import *
from .connection import *
from .connectors import *
from .drive_units import *
from .driving import *
from .equipment import *
from .measures import *
from .media import *
from .parsers import *
from .polled import *
from .route import *
from .schedules import *
from .seats import *
from .semi import *
from .site import *
from .site_energy import *
from .site_outages import *
from .site_tariff import *
from .software import *
from .solar import *
from .tyres import *

_TOPICS: Final = (
    connection,
    battery,
    charging,
    driving,
    route,
    drive_units,
    climate,
    seats,
    closures,
    assistance,
    tyres,
    software,
    media,
    equipment,
    schedules,
    solar,
    semi,
)


def _signals_of(*modules: ModuleType) -> Iterator[Signal[Any]]:
    """Every signal of these topics, in the order of their files."""
    for module in modules:
        yield from (value for value in vars(module).values() if isinstance(value, Signal))


VEHICLE_SIGNALS: Final = tuple(dict.fromkeys(_signals_of(*_TOPICS)))
"""Every signal of a vehicle."""
SITE_SIGNALS: Final = tuple(_signals_of(site, connectors, site_energy, site_outages, site_tariff))
"""Every signal of a site."""

_FIELDS: Final = sorted({row.field for row in VEHICLE_SIGNALS if row.streamed})
SIGNALS_BY_FIELD: Final[Mapping[str, tuple[Signal[Any], ...]]] = {
    field: tuple(row for row in VEHICLE_SIGNALS if row.streamed and row.field == field)
    for field in _FIELDS
}
"""The signals that each streamed field carries.

A field of several flags (doors, tyres) has one signal for each flag, `Field.Part`. Any other value
is parsed by every signal of its field.
"""

"""The statistics of a site in Home Assistant's recorder.

All that the recorder does for one statistic in one call is a single transaction. So each statistic
is consistent whenever Home Assistant is killed, and the import continues from what is stored.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from homeassistant.components.recorder import DOMAIN as RECORDER
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_add_external_statistics,
    get_last_statistics,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.unit_conversion import EnergyConverter
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN
from ..tesla.energy.fields import EnergyField
from ..tesla.energy.hours import HOUR
from .sums import Hour, Hours, changed, is_moved, last_sum, merged, summed

_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Earlier than any energy site."""
_LOOK_BACK: Final = timedelta(days=7)
"""Where the sum before a span is looked for first."""
RECORDER_PATIENCE: Final = timedelta(minutes=10)
"""How long the recorder may take to store a few days."""
IMPORTED: Final = tuple(EnergyField)
"""The fields that have a statistic, once they have energy."""
_UNITS: Final[dict[str, str]] = {EnergyConverter.UNIT_CLASS: UnitOfEnergy.KILO_WATT_HOUR}


class RecorderSilent(Exception):
    """The recorder does not read or store statistics, or not in time."""


@callback
def has_recorder(hass: HomeAssistant) -> bool:
    """Whether Home Assistant has a recorder that can store statistics."""
    return RECORDER in hass.config.components


def statistic_id(site: int, field: EnergyField) -> str:
    """The id of the statistic of a field."""
    return f"{DOMAIN}:{site}_{field}"


class SiteStatistics:
    """The statistics of one site, one for each field that ever had energy.

    Args:
        hass: Home Assistant, with a recorder.
        site: Tesla's number of the site.
        name_of: The name of a field's statistic.
    """

    def __init__(
        self, hass: HomeAssistant, site: int, name_of: Callable[[EnergyField], str]
    ) -> None:
        self._hass = hass
        self._name_of = name_of
        self._ids = {statistic_id(site, field): field for field in IMPORTED}

    @property
    def _recorder(self) -> Recorder:
        return get_instance(self._hass)

    async def async_complete_until(self) -> datetime | None:
        """The end of the newest hour that all statistics have; None if there is none.

        Raises RecorderSilent.

        A statistic that lags behind, because Home Assistant was killed between two of them, is
        continued from there, and the others are computed again to the same values.
        """
        ends = await self._async_read(self._newest)
        return min(ends, default=None)

    def _newest(self) -> list[datetime]:
        """The end of the newest hour of each statistic."""
        found = [
            get_last_statistics(self._hass, 1, each, convert_units=True, types={"sum"})
            for each in self._ids
        ]
        return [_start_of(rows[0]) + HOUR for each in found for rows in each.values() if rows]

    async def async_write(self, hours: Mapping[datetime, Mapping[EnergyField, float]]) -> None:
        """Store the energy of hours, in Wh, and wait until it is on disk.

        Hours in between that were not read keep their energy. If a sum changes, all later ones
        follow in the same transaction.

        Raises:
            RecorderSilent: it takes too long, or a part is not on disk afterwards.
        """
        if not hours:
            return
        first, last = min(hours), max(hours)
        stored = await self._async_stored(first - _LOOK_BACK, last + HOUR)
        rows: dict[str, list[tuple[datetime, Hour]]] = {}
        for each, field in self._ids.items():
            new = {start: energies[field] / 1000 for start, energies in hours.items()}
            before, known = _split(stored.get(each, {}), first)
            if not before:
                before, _ = _split(await self._async_all_before(each, first), first)
            if not before and not known and not any(new.values()):
                # A site without such equipment; its statistic begins with its first energy.
                continue
            base = last_sum(before, 0.0)
            now = merged(known, new, base)
            rows[each] = list(changed(known, now))
            if is_moved(last_sum(known, base), last_sum(now, base)):
                rows[each] += await self._async_moved(each, last + HOUR, last_sum(now, base))
            if not before and not known:
                # Should Home Assistant be killed between two statistics, a new one must not seem
                # to be further than the others.
                self._async_add(each, rows[each][:1])
        for each, found in rows.items():
            self._async_add(each, found)
        await self._async_flush()
        await self._async_check(rows)

    async def _async_moved(
        self, statistic: str, start: datetime, base: float
    ) -> list[tuple[datetime, Hour]]:
        """The hours from `start` on, with the sums that follow from a new one before them."""
        later = (await self._async_stored(start, None, {statistic})).get(statistic, {})
        now = summed({each: hour.energy for each, hour in later.items()}, base)
        return list(changed(later, now))

    async def _async_all_before(self, statistic: str, end: datetime) -> Hours:
        """All hours of a statistic before a moment; usually it does not exist."""
        return (await self._async_stored(_BEGINNING, end, {statistic})).get(statistic, {})

    async def _async_stored(
        self, start: datetime, end: datetime | None, ids: Iterable[str] | None = None
    ) -> dict[str, Hours]:
        """The stored hours in [start, end), by statistic."""
        wanted = set(self._ids if ids is None else ids)
        found = await self._async_read(
            lambda: statistics_during_period(
                self._hass, start, end, wanted, "hour", _UNITS, {"state", "sum"}
            )
        )
        return {
            each: {
                _start_of(row): Hour(row.get("state") or 0.0, row.get("sum") or 0.0) for row in rows
            }
            for each, rows in found.items()
        }

    async def _async_read[ResultT](self, read: Callable[[], ResultT]) -> ResultT:
        """Read from the database, in the recorder's own threads. Raises RecorderSilent."""
        try:
            return await self._recorder.async_add_executor_job(read)
        except SQLAlchemyError as error:
            raise RecorderSilent from error

    @callback
    def _async_add(self, statistic: str, hours: list[tuple[datetime, Hour]]) -> None:
        """Have the recorder store hours of a statistic, all or none of them."""
        if not hours:
            return
        metadata = StatisticMetaData(
            has_sum=True,
            mean_type=StatisticMeanType.NONE,
            name=self._name_of(self._ids[statistic]),
            source=DOMAIN,
            statistic_id=statistic,
            unit_class=EnergyConverter.UNIT_CLASS,
            unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        )
        async_add_external_statistics(
            self._hass,
            metadata,
            [StatisticData(start=start, state=hour.energy, sum=hour.sum) for start, hour in hours],
        )

    async def _async_flush(self) -> None:
        """Wait until the recorder has stored everything. Raises RecorderSilent."""
        done: asyncio.Future[None] = self._hass.loop.create_future()
        self._recorder.queue_task(SynchronizeTask(done))
        try:
            async with asyncio.timeout(RECORDER_PATIENCE.total_seconds()):
                await done
        except TimeoutError as error:
            raise RecorderSilent from error

    async def _async_check(self, rows: Mapping[str, list[tuple[datetime, Hour]]]) -> None:
        """Check that rows were stored: the recorder only logs a failure, as on a full disk.

        The last row of each statistic is enough, because they are one transaction. Raises
        RecorderSilent.
        """
        ends = {each: found[-1] for each, found in rows.items() if found}
        for start in {start for start, _ in ends.values()}:
            wanted = {each: hour for each, (at, hour) in ends.items() if at == start}
            stored = await self._async_stored(start, start + HOUR, wanted)
            if not all(
                hour.is_close(stored.get(each, {}).get(start)) for each, hour in wanted.items()
            ):
                raise RecorderSilent


def _start_of(row: StatisticsRow) -> datetime:
    return datetime.fromtimestamp(row["start"], UTC)


def _split(hours: Hours, start: datetime) -> tuple[Hours, Hours]:
    """The hours before a moment, and the others."""
    before = {each: hour for each, hour in hours.items() if each < start}
    return before, {each: hour for each, hour in hours.items() if each >= start}

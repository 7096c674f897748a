"""The histories of an energy site, as Tesla's cloud answers them."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from simulator.balance import Energy
from simulator.energy.past import ROW_SECONDS
from simulator.energy.state import Json, SiteState
from simulator.refusals import InvalidBody, UnknownCommand

PERIODS = ("day", "week", "month", "year", "lifetime")
PROVISIONAL_SHARE = 0.9
PAGE = 25
"""Outages on a page of the backup history."""


def rows(site: SiteState, start: float, end: float) -> Iterator[tuple[float, Energy]]:
    """Yield the true flows of the rows that begin in [start, end), since the installation.

    They are in order, with the Unix times of their starts, without any fault of the history.
    """
    start = max(start, site.installed_at.timestamp())
    born_row = site.born - site.born % ROW_SECONDS
    yield from site.invented_past.rows(start, min(end, born_row))
    for begins, energy in site.past.rows.items():
        if start <= begins < end:
            yield begins, energy


def _energy(site: SiteState, start: float, end: float, query: Json, zone: ZoneInfo) -> Json:
    period = query.get("period") or "day"
    if period not in PERIODS:
        raise InvalidBody("period", f"must be one of {', '.join(PERIODS)}")
    if period == "day":
        start = max(start, _day_of(site, end, zone))
    found = list(_published_rows(site, start, end, zone))
    if period != "day":
        found = _summed(found, period)
    is_midnight = period == "day" and len(found) == 1 and _is_first_row_late(site)
    return {
        "period": period,
        "installation_time_zone": site.time_zone,
        "time_series": [
            {"timestamp": label.isoformat(timespec="seconds")}
            | ({} if is_midnight else dict(_energy_values(energy)))
            for label, energy in found
        ],
    }


def _summed(rows: list[tuple[datetime, Energy]], period: str) -> list[tuple[datetime, Energy]]:
    """The rows of a longer period: by day, or by month."""
    sums: dict[datetime, Energy] = {}
    for written, energy in rows:
        sums.setdefault(_label(written, period), Energy()).add(energy)
    return list(sums.items())


def _published_rows(
    site: SiteState, start: float, end: float, zone: ZoneInfo
) -> Iterator[tuple[datetime, Energy]]:
    """Yield the rows that the cloud has, with their written times.

    A row is published once it is over.
    """
    faults = site.history_faults
    # One hour more, because a wrong offset moves rows across the ends.
    for begins, energy in rows(site, start - 3600, end + 3600):
        if begins + ROW_SECONDS > site.time:
            break
        if any(since <= begins < until for since, until in faults.gaps):
            continue
        written = _written(site, begins, zone)
        if start <= written.timestamp() <= end:
            is_provisional = site.time - begins < faults.provisional_hours * 3600
            yield written, energy.scaled(PROVISIONAL_SHARE) if is_provisional else energy


def _written(site: SiteState, begins: float, zone: ZoneInfo) -> datetime:
    """The time that the cloud writes for a row."""
    local = datetime.fromtimestamp(begins, zone)
    if not site.history_faults.standard_offset:
        return local
    standard = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
    return local.replace(tzinfo=timezone(standard), fold=0)


def _day_of(site: SiteState, end: float, zone: ZoneInfo) -> float:
    """The beginning of the day of `end`: a `day` history never has more (tesla-solar-download 1).

    With the fault `standard_offset`, that offset decides which day it is.
    """
    local = datetime.fromtimestamp(end, zone)
    if site.history_faults.standard_offset:
        standard = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
        local = local.astimezone(timezone(standard))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


def _is_first_row_late(site: SiteState) -> bool:
    """Whether the day's first row is there without values, as in its first ten minutes."""
    local = site.local(site.time)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return site.time - midnight.timestamp() < 2 * ROW_SECONDS


def _backup(site: SiteState, start: float, end: float, _: Json, zone: ZoneInfo) -> Json:
    """A page of outages, the newest first, and the end of the next page if there are more.

    That end is the beginning of the page's oldest outage, which is on the next page again. How many
    outages Tesla puts on a page, and in which order, is not documented.
    """

    def written(moment: float) -> str:
        return datetime.fromtimestamp(moment, zone).isoformat(timespec="seconds")

    if site.history_faults.repeats_page:
        end = site.time
    found = [each for each in reversed(site.past.outages) if start <= each.began_at <= end]
    page = found[:PAGE]
    return {
        "events": [
            {
                "timestamp": written(outage.began_at),
                "duration": round((outage.ended_at or site.time) - outage.began_at),
            }
            for outage in page
        ],
        "total_events": len(found),
        "events_count": len(page),
    } | ({"next_end_date": written(page[-1].began_at)} if len(found) > PAGE else {})


def _charges(site: SiteState, start: float, end: float, _: Json, __: ZoneInfo) -> Json:
    return {
        "charge_history": [
            {
                "charge_start_time": {"seconds": int(session.started_at)},
                "charge_duration": {"seconds": round(session.seconds)},
                "energy_added_wh": round(session.wall_kwh * 1000),
            }
            for session in site.past.sessions
            if start <= session.started_at <= end
        ]
    }


def _zone(site: SiteState, query: Json) -> ZoneInfo:
    try:
        return ZoneInfo(query.get("time_zone") or site.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidBody("time_zone", "no such time zone") from error


def _moment(query: Json, name: str, default: datetime, zone: ZoneInfo) -> datetime:
    value = query.get(name)
    if not value:
        return default
    try:
        # A "+" that was not quoted in the address arrives as a blank.
        moment = datetime.fromisoformat(str(value).replace(" ", "+"))
    except ValueError as error:
        raise InvalidBody(name, "must be a time as in RFC 3339") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _label(moment: datetime, period: str) -> datetime:
    """The start of the row to which a five-minute row belongs, in an answer by day or month."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if period in ("week", "month") else day.replace(day=1)


def _energy_values(energy: Energy) -> Iterator[tuple[str, float]]:
    """Tesla's names for the flows; zero values are left out."""
    values = {
        "solar_energy_exported": energy.solar_to_home
        + energy.solar_to_battery
        + energy.solar_to_grid,
        "generator_energy_exported": energy.generator_to_home + energy.generator_to_battery,
        "grid_energy_imported": energy.grid_to_home + energy.grid_to_battery,
        "grid_energy_exported_from_solar": energy.solar_to_grid,
        "grid_energy_exported_from_battery": energy.battery_to_grid,
        "battery_energy_exported": energy.battery_to_home + energy.battery_to_grid,
        "battery_energy_imported_from_grid": energy.grid_to_battery,
        "battery_energy_imported_from_solar": energy.solar_to_battery,
        "battery_energy_imported_from_generator": energy.generator_to_battery,
        "consumer_energy_imported_from_grid": energy.grid_to_home,
        "consumer_energy_imported_from_solar": energy.solar_to_home,
        "consumer_energy_imported_from_battery": energy.battery_to_home,
        "consumer_energy_imported_from_generator": energy.generator_to_home,
        "total_home_usage": energy.grid_to_home
        + energy.solar_to_home
        + energy.battery_to_home
        + energy.generator_to_home,
        "total_battery_charge": energy.grid_to_battery
        + energy.solar_to_battery
        + energy.generator_to_battery,
        "total_battery_discharge": energy.battery_to_home + energy.battery_to_grid,
        "total_solar_generation": energy.solar_to_home
        + energy.solar_to_battery
        + energy.solar_to_grid,
        "total_grid_energy_exported": energy.solar_to_grid + energy.battery_to_grid,
    }
    for name, value in values.items():
        rounded = round(value, 3)
        if rounded:
            yield name, rounded


def history(site: SiteState, kind: str, query: Json) -> Json:
    """A history: `energy` and `backup` (calendar_history), `charge` (telemetry_history).

    `start_date` and `end_date` are RFC 3339 times, by default the site's current day. Raises
    InvalidBody for invalid values, UnknownCommand for another kind.
    """
    histories = {"energy": _energy, "backup": _backup, "charge": _charges}
    if kind not in histories:
        raise UnknownCommand(kind)
    zone = _zone(site, query)
    midnight = site.local(site.time).replace(hour=0, minute=0, second=0, microsecond=0)
    start = _moment(query, "start_date", midnight, zone)
    end = _moment(query, "end_date", midnight + timedelta(days=1, seconds=-1), zone)
    return histories[kind](site, start.timestamp(), end.timestamp(), query, zone)

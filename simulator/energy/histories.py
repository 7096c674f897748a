"""The histories of an energy site, as Tesla's cloud answers them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.balance import Energy, flows
from simulator.energy.past import ROW_SECONDS, History
from simulator.energy.state import Json, SiteState
from simulator.refusals import InvalidBody, UnknownCommand

PERIODS = ("day", "week", "month", "year", "lifetime")
DAYS_BEFORE = 8
"""The length of the history at the beginning of the world."""
_DAY = 86_400.0


def _energy(site: SiteState, start: float, end: float, query: Json, zone: ZoneInfo) -> Json:
    period = query.get("period") or "day"
    if period not in PERIODS:
        raise InvalidBody("period", f"must be one of {', '.join(PERIODS)}")
    _remember_past(site)
    sums: dict[datetime, Energy] = {}
    for begins, energy in sorted(site.past.rows.items()):
        if start <= begins <= end:
            label = _label(datetime.fromtimestamp(begins, zone), period)
            sums.setdefault(label, Energy()).add(energy)
    return {
        "period": period,
        "installation_time_zone": site.time_zone,
        "time_series": [
            {"timestamp": label.isoformat(timespec="seconds")} | dict(_energy_values(energy))
            for label, energy in sums.items()
        ],
    }


def _remember_past(site: SiteState) -> None:
    """Invent the days before the world began, once they are requested.

    The house lived then as it does now; its battery is computed separately and starts half full.
    """
    if site.has_past:
        return
    site.has_past = True
    past = History()
    energy_wh = site.house.battery_wh / 2
    at = site.born - site.born % ROW_SECONDS - DAYS_BEFORE * _DAY
    while at < site.born:
        seconds = min(ROW_SECONDS, site.born - at)
        power = site.house.power(at + seconds / 2, energy_wh, 0, seconds=seconds)
        past.add(at, flows(power, seconds))
        energy_wh -= power.battery * seconds / 3600
        at += seconds
    for begins, energy in site.past.rows.items():
        past.add(begins, energy)
    site.past.rows = past.rows


def _backup(site: SiteState, start: float, end: float, _: Json, zone: ZoneInfo) -> Json:
    events = [
        {
            "timestamp": datetime.fromtimestamp(outage.began_at, zone).isoformat(
                timespec="seconds"
            ),
            "duration": round((outage.ended_at or site.time) - outage.began_at),
        }
        for outage in site.past.outages
        if start <= outage.began_at <= end
    ]
    return {"events": events, "total_events": len(events), "events_count": len(events)}


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
    """The start of the answer's row to which a five-minute row belongs."""
    if period == "day":
        return moment
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
    end = _moment(query, "end_date", midnight + timedelta(days=1), zone)
    return histories[kind](site, start.timestamp(), end.timestamp(), query, zone)

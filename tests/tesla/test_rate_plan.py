"""A site's tariff: the price at a moment, the periods of a time span, and Tesla's rules."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.energy.rate_plan import (
    BadRatePlan,
    RatePlan,
    Rule,
    currency_of,
    read_rate_plan,
)
from custom_components.flotte.tesla.energy.rate_plan_rules import check_rate_plan

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YORK = ZoneInfo("America/New_York")
YEAR: Final = {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31}
MINUTE = timedelta(minutes=1)

type Json = dict[str, Any]


def plan(
    periods: Json, rates: Json | None = None, *, dates: Json | None = None, **more: Any
) -> Json:
    """A plan with one season."""
    prices = dict.fromkeys(periods, 0.3) if rates is None else rates
    return {
        "currency": "EUR",
        "energy_charges": {"ALL": {"rates": {"ALL": 0}}, "Year": {"rates": prices}},
        "seasons": {"Year": {**(dates or YEAR), "tou_periods": periods}},
        **more,
    }


EVENING: Final = plan(
    {
        "ON_PEAK": {"periods": [{"toDayOfWeek": 6, "fromHour": 17, "toHour": 21}]},
        "OFF_PEAK": {"periods": [{"toDayOfWeek": 6, "fromHour": 21, "toHour": 17}]},
    },
    {"ON_PEAK": 0.38, "OFF_PEAK": 0.24},
)
"""In the form of Tesla's own sample: an evening, and an overnight period."""

SEASONS: Final[Json] = {
    "currency": "USD",
    "energy_charges": {
        "ALL": {"rates": {"ALL": 0}},
        "Summer": {"rates": {"ON_PEAK": 0.5, "OFF_PEAK": 0.2}},
        "Winter": {"rates": {"OFF_PEAK": 0.1}},
    },
    "seasons": {
        "Summer": {
            "fromMonth": 4,
            "fromDay": 1,
            "toMonth": 9,
            "toDay": 30,
            "tou_periods": {
                "ON_PEAK": {
                    "periods": [{"toDayOfWeek": 4, "fromHour": 16, "fromMinute": 30, "toHour": 21}]
                },
                "OFF_PEAK": {
                    "periods": [
                        {"toDayOfWeek": 4, "toHour": 16, "toMinute": 30},
                        {"toDayOfWeek": 4, "fromHour": 21},
                        {"fromDayOfWeek": 5, "toDayOfWeek": 6},
                    ]
                },
            },
        },
        "Winter": {
            "fromMonth": 10,
            "fromDay": 1,
            "toMonth": 3,
            "toDay": 31,
            "tou_periods": {"OFF_PEAK": {"periods": [{"toDayOfWeek": 6}]}},
        },
    },
}


def at(text: str, zone: ZoneInfo = AMSTERDAM) -> datetime:
    """A local time; `*` marks the second one of a double hour."""
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=zone, fold=int("*" in text))


def price(content: object, text: str, zone: ZoneInfo = AMSTERDAM) -> tuple[str, float] | None:
    return read_rate_plan(content, zone).price_at(at(text, zone))


def listed(content: Json, start: str, end: str, zone: ZoneInfo = AMSTERDAM) -> list[str]:
    """The periods of a time span, in local time."""
    found = read_rate_plan(content, zone).periods(at(start, zone), at(end, zone))
    return [
        f"{each.start.astimezone(zone):%d %H:%M}-{each.end.astimezone(zone):%d %H:%M} {each.name}"
        for each in found
    ]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-30T16:59:59", ("OFF_PEAK", 0.24)),
        ("2026-11-30T17:00", ("ON_PEAK", 0.38)),
        ("2026-11-30T20:59", ("ON_PEAK", 0.38)),
        ("2026-11-30T21:00", ("OFF_PEAK", 0.24)),
        ("2026-12-01T00:00", ("OFF_PEAK", 0.24)),
        # Sunday night goes on in the next week, and New Year's Eve in the next year.
        ("2026-12-07T03:00", ("OFF_PEAK", 0.24)),
        ("2027-01-01T03:00", ("OFF_PEAK", 0.24)),
    ],
)
def test_overnight_period(moment: str, expected: tuple[str, float]) -> None:
    assert price(EVENING, moment) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-07-17T16:29", ("OFF_PEAK", 0.2)),
        # A Friday, and the Saturday after it.
        ("2026-07-17T16:30", ("ON_PEAK", 0.5)),
        ("2026-07-18T16:30", ("OFF_PEAK", 0.2)),
        ("2026-07-17T23:59", ("OFF_PEAK", 0.2)),
        # The last day of summer, the first of winter, and the turn of the year.
        ("2026-09-30T18:00", ("ON_PEAK", 0.5)),
        ("2026-10-01T00:00", ("OFF_PEAK", 0.1)),
        ("2026-12-31T23:59", ("OFF_PEAK", 0.1)),
        ("2027-01-01T00:00", ("OFF_PEAK", 0.1)),
        ("2027-03-31T23:59", ("OFF_PEAK", 0.1)),
        ("2027-04-01T17:00", ("ON_PEAK", 0.5)),
    ],
)
def test_seasons_and_days_with_missing_zeros(moment: str, expected: tuple[str, float]) -> None:
    """Monday, midnight and full hours are 0, and are left out by Tesla."""
    assert price(SEASONS, moment, NEW_YORK) == expected


def test_missing_last_day_is_monday() -> None:
    """From Saturday to Monday: Tesla leaves the 0 of Monday out."""
    content = plan(
        {
            "LOW": {"periods": [{"fromDayOfWeek": 5}]},
            "HIGH": {"periods": [{"fromDayOfWeek": 1, "toDayOfWeek": 4}]},
        }
    )
    names = [price(content, f"2026-11-{day}T12:00") for day in range(23, 30)]
    assert [each and each[0] for each in names] == ["LOW", *["HIGH"] * 4, "LOW", "LOW"]


def test_season_without_days_of_the_week_covers_all() -> None:
    content = plan({"PERIOD_00_00": {"periods": [{"toHour": 12}]}, "B": [{"fromHour": 12}]})
    assert [price(content, f"2026-11-{day}T12:30") for day in range(23, 30)] == [("B", 0.3)] * 7


@pytest.mark.parametrize(
    "group",
    [
        {"periods": [{"toDayOfWeek": 6}]},
        {"periods": {"toDayOfWeek": 6}},
        [{"toDayOfWeek": 6}],
        {"toDayOfWeek": 6},
        {"periods": [{"fromDayOfWeek": None, "toDayOfWeek": 6, "toHour": 24}]},
        {"periods": [{"toDayOfWeek": 6, "toHour": 23, "toMinute": 60}]},
    ],
)
def test_forms_of_periods(group: object) -> None:
    content = plan({"OFF_PEAK": group})
    assert price(content, "2026-11-29T23:59") == ("OFF_PEAK", 0.3)
    check_rate_plan(content)


@pytest.mark.parametrize(
    ("charges", "expected"),
    [
        ({"Year": {"rates": {"ON_PEAK": 0.4}}}, 0.4),
        ({"Year": {"ON_PEAK": 0.4}}, 0.4),
        ({"Year": {"rates": {"ALL": 0.4}}}, 0.4),
        ({"ALL": {"rates": {"ALL": 0.4}}}, 0.4),
        ({"ALL": {"rates": {"ON_PEAK": 0.4}}}, 0.4),
        ({"ALL": {"rates": {"ALL": 0}}}, 0.0),
        ({"Year": {"rates": {"ON_PEAK": 0}}}, 0.0),
        # A season's own prices count, even if there are none.
        ({"ALL": {"rates": {"ALL": 0.4}}, "Year": {}}, None),
        ({"ALL": {"rates": {"ALL": 0.4}}, "Year": {"rates": {"OTHER": 0.2}}}, None),
        # Tesla's app writes 0 for all beside the prices of seasons.
        ({"ALL": {"rates": {"ALL": 0}}, "Summer": {"rates": {"ON_PEAK": 0.3}}}, None),
        ({"Year": {"rates": {"ALL": 0, "OFF_PEAK": 0.3}}}, None),
        ({}, None),
        ({"Year": {"rates": {"ON_PEAK": -0.1}}}, None),
        ({"Year": {"rates": {"ON_PEAK": "0.4"}}}, None),
        ({"Year": {"rates": {"ON_PEAK": True}}}, None),
        ({"Year": {"rates": {"ON_PEAK": None}}}, None),
    ],
)
def test_price_of_a_period(charges: Json, expected: float | None) -> None:
    content = plan({"ON_PEAK": [{"toDayOfWeek": 6}]}) | {"energy_charges": charges}
    found = price(content, "2026-11-30T12:00")
    assert found == (None if expected is None else ("ON_PEAK", expected))


def test_flat_tariff_without_periods() -> None:
    content = plan({}, {"ALL": 0.31})
    assert price(content, "2026-11-30T12:00") == ("ALL", 0.31)
    check_rate_plan(content)


def test_a_plan_without_seasons_has_no_price() -> None:
    """The form of Tesla's app for a site without a tariff."""
    content = {"energy_charges": {"ALL": {"rates": {"ALL": 0}}}, "seasons": {"Summer": {}}}
    assert read_rate_plan(content, AMSTERDAM).seasons == ()
    assert price(content, "2026-11-30T12:00") is None


@pytest.mark.parametrize(
    ("periods", "known"),
    [
        ({"A": [{"toDayOfWeek": 6, "toHour": 12}]}, [True, False]),
        ({"A": [{"toDayOfWeek": 6}], "B": [{"toDayOfWeek": 6, "toHour": 12}]}, [False, True]),
    ],
    ids=["gap", "overlap"],
)
def test_price_is_unknown_in_gaps_and_overlaps(periods: Json, known: list[bool]) -> None:
    content = plan(periods)
    found = [price(content, f"2026-11-30T{hour}:00") is not None for hour in ("11", "12")]
    assert found == known


def test_leap_day_belongs_to_a_season_until_the_end_of_february() -> None:
    content = deepcopy(SEASONS)
    content["seasons"]["Winter"] |= {"toMonth": 2, "toDay": 28}
    content["seasons"]["Summer"] |= {"fromMonth": 3, "fromDay": 1}
    assert price(content, "2028-02-29T12:00") == ("OFF_PEAK", 0.1)
    check_rate_plan(content)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (
            "2026-11-30T18:00",
            "2026-12-01T18:00",
            [
                "30 17:00-30 21:00 ON_PEAK",
                "30 21:00-01 17:00 OFF_PEAK",
                "01 17:00-01 21:00 ON_PEAK",
            ],
        ),
        ("2026-11-30T17:00", "2026-11-30T17:01", ["30 17:00-30 21:00 ON_PEAK"]),
        ("2026-11-30T16:59", "2026-11-30T17:00", ["29 21:00-30 17:00 OFF_PEAK"]),
        # The nights in which the clocks change.
        ("2026-03-29T01:00", "2026-03-29T01:30", ["28 21:00-29 17:00 OFF_PEAK"]),
        ("2026-10-25T02:30*", "2026-10-25T03:00", ["24 21:00-25 17:00 OFF_PEAK"]),
    ],
)
def test_periods_are_whole(start: str, end: str, expected: list[str]) -> None:
    assert listed(EVENING, start, end) == expected


def test_a_period_over_midnight_ends_with_its_season() -> None:
    content = deepcopy(SEASONS)
    night = {"periods": [{"toDayOfWeek": 6, "fromHour": 21, "toHour": 6}]}
    day = {"periods": [{"toDayOfWeek": 6, "fromHour": 6, "toHour": 21}]}
    for season in content["seasons"].values():
        season["tou_periods"] = {"OFF_PEAK": night, "ON_PEAK": day}
    content["energy_charges"]["Winter"]["rates"]["ON_PEAK"] = 0.3
    found = list(
        read_rate_plan(content, NEW_YORK).periods(
            at("2026-09-30T22:00", NEW_YORK), at("2026-10-01T05:00", NEW_YORK)
        )
    )
    assert [(each.season, each.price) for each in found] == [("Summer", 0.2), ("Winter", 0.1)]
    assert found[0].end == found[1].start == datetime(2026, 10, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # 02:00 to 03:00 is missing: what begins at 02:30 begins at 03:00.
        ("2026-03-29", ["23:00-01:00 A", "01:00-04:30 B"]),
        # 02:00 to 03:00 comes twice, with each of its prices.
        ("2026-10-25", ["22:00-00:30 A", "00:30-01:00 B", "01:00-01:30 A", "01:30-05:30 B"]),
    ],
)
def test_a_price_change_in_the_hour_of_the_clock_change(day: str, expected: list[str]) -> None:
    content = plan(
        {
            "A": [{"toDayOfWeek": 6, "toHour": 2, "toMinute": 30}],
            "B": [{"toDayOfWeek": 6, "fromHour": 2, "fromMinute": 30, "toHour": 6, "toMinute": 30}],
            "C": [{"toDayOfWeek": 6, "fromHour": 6, "fromMinute": 30}],
        }
    )
    start = at(f"{day}T00:00").astimezone(UTC)
    found = read_rate_plan(content, AMSTERDAM).periods(start, at(f"{day}T06:30"))
    written = [f"{each.start:%H:%M}-{each.end:%H:%M} {each.name}" for each in found]
    assert written == expected


def test_next_change() -> None:
    prices = read_rate_plan(EVENING, AMSTERDAM)
    assert prices.next_change(at("2026-11-30T17:30:15")) == at("2026-11-30T21:00")
    # Not later than midnight, at which a season may change.
    assert prices.next_change(at("2026-11-30T21:00")) == at("2026-12-01T00:00")


# --- Any plan ------------------------------------------------------------------------------------

QUARTER = 15
_CUTS = st.lists(st.integers(1, 95), unique=True, max_size=5).map(sorted)


def _group(cuts: list[int]) -> list[tuple[int, int]]:
    """Cut a day into periods, in minutes; the last one ends with the day or lasts over midnight."""
    if not cuts:
        return [(0, 0)]
    edges = [cut * QUARTER for cut in cuts]
    return [*pairwise(edges), (edges[-1], edges[0])]


def _entry(first: int, last: int, start: int, end: int) -> Json:
    """As Tesla writes it: without zeros."""
    values = {
        "fromDayOfWeek": first,
        "toDayOfWeek": last,
        "fromHour": start // 60,
        "fromMinute": start % 60,
        "toHour": end // 60,
        "toMinute": end % 60,
    }
    return {key: value for key, value in values.items() if value}


@st.composite
def whole_plans(draw: st.DrawFn) -> Json:
    """A plan without gaps and overlaps: one cut of the day for the whole week."""
    spans = _group(draw(_CUTS))
    split = draw(st.integers(0, 5))
    names = [f"PERIOD_{start // 60:02}_{start % 60:02}" for start, _ in spans]
    periods = {
        name: {"periods": [_entry(0, split, *span), _entry(split + 1, 6, *span)]}
        for name, span in zip(names, spans, strict=True)
    }
    prices = draw(st.lists(st.integers(0, 100), min_size=len(names), max_size=len(names)))
    return plan(periods, dict(zip(names, (each / 100 for each in prices), strict=True)))


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(  # noqa: DTZ001
    lambda each: each.replace(second=0, microsecond=0, tzinfo=UTC)
)
CLOCK_CHANGES = st.sampled_from(
    [datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)]
)
ZONES = st.sampled_from(
    [AMSTERDAM, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")]
)


def expected_name(content: Json, local: datetime) -> str:
    """The period at a local time, found without any of the code that is tested."""
    minute = local.hour * 60 + local.minute
    starts = sorted(int(name[7:9]) * 60 + int(name[10:12]) for name in names_of(content))
    start = max((each for each in starts if each <= minute), default=starts[-1])
    return f"PERIOD_{start // 60:02}_{start % 60:02}"


def names_of(content: Json) -> list[str]:
    names: list[str] = [*content["seasons"]["Year"]["tou_periods"]]
    return names


@given(whole_plans(), MOMENTS | CLOCK_CHANGES, ZONES)
def test_a_whole_plan_covers_all_time(content: Json, start: datetime, zone: ZoneInfo) -> None:
    check_rate_plan(content)
    prices = read_rate_plan(content, zone)
    end = start + timedelta(days=8)
    found = list(prices.periods(start, end))
    assert found[0].start <= start
    assert found[-1].end >= end
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(each.start < each.end for each in found)


@given(whole_plans(), MOMENTS | CLOCK_CHANGES, ZONES, st.integers(0, 24 * 60))
def test_the_price_is_that_of_the_local_time(
    content: Json, start: datetime, zone: ZoneInfo, minutes: int
) -> None:
    moment = start + minutes * MINUTE
    prices = read_rate_plan(content, zone)
    name = expected_name(content, moment.astimezone(zone))
    rates = content["energy_charges"]["Year"]["rates"]
    assert prices.price_at(moment) == (name, rates[name])
    current = prices.period_at(moment)
    assert current is not None
    assert (current.name, current.price) == (name, rates[name])
    assert current.start <= moment < current.end
    assert prices.next_change(moment) > moment


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 95), st.integers(0, 95)),
        min_size=1,
        max_size=5,
    ),
    MOMENTS | CLOCK_CHANGES,
)
def test_broken_plans_agree_too(entries: list[tuple[int, int, int, int]], start: datetime) -> None:
    """With gaps and overlaps, the listed periods are those whose price is known."""
    periods = {
        f"P{number}": [_entry(first, last, begin * QUARTER, end * QUARTER)]
        for number, (first, last, begin, end) in enumerate(entries)
    }
    prices: RatePlan = read_rate_plan(plan(periods), AMSTERDAM)
    found = list(prices.periods(start, start + timedelta(days=2)))
    assert all(one.end <= other.start for one, other in pairwise(found))
    for step in range(0, 2 * 24 * 60, 37):
        moment = start + step * MINUTE
        listed_names = [each.name for each in found if each.start <= moment < each.end]
        known = prices.price_at(moment)
        assert listed_names == ([] if known is None else [known[0]])


# --- Unreadable plans, and Tesla's rules ---------------------------------------------------------


def changed(change: Callable[[Json], object], content: Json = EVENING) -> Json:
    """A copy of a plan with a change."""
    copy = deepcopy(content)
    change(copy)
    return copy


def _peak(**keys: object) -> Callable[[Json], object]:
    """Change the entry of ON_PEAK."""
    return lambda content: content["seasons"]["Year"]["tou_periods"]["ON_PEAK"]["periods"][
        0
    ].update(keys)


def _season(**keys: object) -> Callable[[Json], object]:
    return lambda content: content["seasons"]["Year"].update(keys)


def _rates(**prices: object) -> Callable[[Json], object]:
    return lambda content: content["energy_charges"]["Year"]["rates"].update(prices)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_peak(fromHour=24), "Year, ON_PEAK, fromHour"),
        (_peak(fromHour=-1), "Year, ON_PEAK, fromHour"),
        (_peak(toHour=25), "Year, ON_PEAK, toHour"),
        (_peak(toHour=24, toMinute=1), "Year, ON_PEAK, toMinute"),
        (_peak(toMinute=61), "Year, ON_PEAK, toMinute"),
        (_peak(fromHour="17"), "Year, ON_PEAK, fromHour"),
        (_peak(fromHour=17.5), "Year, ON_PEAK, fromHour"),
        (_peak(fromHour=True), "Year, ON_PEAK, fromHour"),
        (_peak(toDayOfWeek=7), "Year, ON_PEAK, toDayOfWeek"),
        (_season(fromMonth=0), "Year, fromMonth"),
        (_season(toMonth=13), "Year, toMonth"),
        (_season(toDay=None), "Year, toDay"),
        (_season(tou_periods=[1]), "Year, tou_periods"),
        (_season(tou_periods={"ON_PEAK": 5}), "Year, ON_PEAK"),
        (lambda content: content.update(seasons=[1]), "seasons"),
        (lambda content: content.update(energy_charges=[1]), "energy_charges"),
        (lambda content: content["seasons"].update(Year="all"), "Year"),
    ],
)
def test_an_unreadable_plan_names_the_place(change: Callable[[Json], object], place: str) -> None:
    with pytest.raises(BadRatePlan) as error:
        read_rate_plan(changed(change), AMSTERDAM)
    assert (error.value.rule, error.value.place) == (Rule.UNREADABLE, place)


@pytest.mark.parametrize("content", [None, [], "tariff", 5])
def test_something_else_is_no_plan(content: object) -> None:
    with pytest.raises(BadRatePlan):
        read_rate_plan(content, AMSTERDAM)


SELLING: Final = EVENING | {
    "sell_tariff": plan(
        EVENING["seasons"]["Year"]["tou_periods"], {"ON_PEAK": 0.1, "OFF_PEAK": 0.09}
    )
}


def _sell(change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda content: change(content["sell_tariff"])


@pytest.mark.parametrize("content", [EVENING, SEASONS, SELLING], ids=["evening", "seasons", "sell"])
def test_good_plans(content: Json) -> None:
    check_rate_plan(content)


@pytest.mark.parametrize(
    ("change", "rule", "place"),
    [
        (lambda content: content.pop("seasons"), Rule.NO_SEASON, ""),
        (lambda content: content.update(seasons={"Year": {}}), Rule.NO_SEASON, ""),
        (_season(toMonth=11, toDay=30), Rule.SEASON_GAP, "12-01"),
        (_season(toMonth=2, toDay=30), Rule.UNREADABLE, "Year, 02-30"),
        (
            lambda content: content["seasons"].update(More=content["seasons"]["Year"]),
            Rule.SEASON_OVERLAP,
            "Year, More, 01-01",
        ),
        (_peak(toHour=20, toMinute=30), Rule.PERIOD_GAP, "Year, Mon 20:30"),
        (_peak(toDayOfWeek=5), Rule.PERIOD_GAP, "Year, Sun 17:00"),
        (_peak(fromHour=16), Rule.PERIOD_OVERLAP, "Year, OFF_PEAK, ON_PEAK, Mon 16:00"),
        (_rates(SUPER_OFF_PEAK=0.1), Rule.NO_PERIOD, "Year, SUPER_OFF_PEAK"),
        (
            lambda content: content["energy_charges"].update(Winter={"rates": {"ON_PEAK": 0.4}}),
            Rule.NO_PERIOD,
            "Winter",
        ),
        (
            lambda content: content["energy_charges"]["Year"]["rates"].pop("ON_PEAK"),
            Rule.NO_PRICE,
            "Year, ON_PEAK",
        ),
        (_rates(ON_PEAK=-0.01), Rule.BAD_PRICE, "Year, ON_PEAK"),
        (_rates(ON_PEAK="0.4"), Rule.BAD_PRICE, "Year, ON_PEAK"),
        (_sell(_rates(OFF_PEAK=0.25)), Rule.BELOW_SELL, "Year, Mon 00:00"),
        (_sell(_rates(ON_PEAK=0.39)), Rule.BELOW_SELL, "Year, Mon 17:00"),
        (_sell(_rates(ON_PEAK=-1)), Rule.BAD_PRICE, "sell_tariff, Year, ON_PEAK"),
        (lambda content: content.update(sell_tariff=[1]), Rule.UNREADABLE, "sell_tariff"),
        (_sell(lambda sell: sell.pop("seasons")), Rule.NO_SEASON, "sell_tariff"),
    ],
)
def test_each_rule(change: Callable[[Json], object], rule: Rule, place: str) -> None:
    with pytest.raises(BadRatePlan) as error:
        check_rate_plan(changed(change, SELLING))
    assert error.value.rule is rule
    assert error.value.place == place


@pytest.mark.parametrize(
    ("content", "expected"),
    [(EVENING, "EUR"), ({"currency": ""}, None), ({"currency": 5}, None), (None, None)],
)
def test_currency(content: object, expected: str | None) -> None:
    assert currency_of(content) == expected

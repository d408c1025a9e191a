"""Whatever integration publishes prices, they are read; and so are its bad days.

The payloads have the shape of what users posted in the issues named beside them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sources.series import at_time
from custom_components.sunfuse.sources.tariffs.price_shapes import gaps
from custom_components.sunfuse.sources.tariffs.price_slots import IssueKey, PriceIssue
from custom_components.sunfuse.sources.tariffs.reading import read_prices

from .price_rows import (
    AMSTERDAM,
    HOURS,
    NOW,
    TODAY,
    UTC_HOURS,
    hour_later,
    local_day,
    nord_pool_rows,
    read,
)


def shapes() -> list[Any]:
    """List (name, attributes, unit, state); 12:00 to 13:00 is 0.112, the first 0.100."""
    value = [round(0.10 + index / 1000, 5) for index in range(24)]
    both = list(zip(HOURS, value, strict=True))
    in_utc = list(zip(UTC_HOURS, value, strict=True))
    return [
        ("nordpool_hacs", {"raw_today": nord_pool_rows(TODAY)}, "EUR/kWh", 0.112),
        ("entsoe", {"prices_today": [{"time": t.replace("T", " "), "price": v}
            for t, v in both]}, "€/kWh", "0.112"),
        ("epex", {"data": [{"start_time": t, "price_per_kwh": v}
            for t, v in both]}, "€/kWh", None),
        ("epex_ct", {"data": [{"start_time": t, "price_eur_per_mwh": v * 1000,
            "price_ct_per_kwh": v * 100} for t, v in both]}, "EUR/MWh", 112.0),
        ("epex_gb", {"data": [{"start_time": t, "price_gbp_per_mwh": v * 1000,
            "price_pence_per_kwh": v * 100} for t, v in both]}, "GBP/MWh", 112.0),
        ("amber_in_cents", {"forecasts": [{"start_time": t, "per_kwh": v * 100,
            "spot_per_kwh": v * 50, "descriptor": "low"} for t, v in both]},
            "c/kWh", None),
        ("awattar", {"data": [{"start_timestamp": int(t.timestamp() * 1000),
            "end_timestamp": int(t.timestamp() * 1000) + 3_600_000,
            "marketprice": v * 1000, "unit": "Eur/MWh"} for t, v in in_utc]},
            None, None),
        ("octopus", {"rates": [{"start": t, "end": t + timedelta(hours=1),
            "value_inc_vat": v, "is_capped": False} for t, v in in_utc]},
            "GBP/kWh", None),
        ("octopus_api", {"results": [{"value_exc_vat": v * 95, "value_inc_vat": v * 100,
            "valid_from": t.isoformat().replace("+00:00", "Z"),
            "valid_to": (t + timedelta(hours=1)).isoformat()}
            for t, v in reversed(in_utc)]}, "p/kWh", None),
        ("amber", {"forecasts": [{"duration": 60, "per_kwh": v, "spot_per_kwh": v / 2,
            "start_time": (t + timedelta(seconds=1)).isoformat(),
            "end_time": (t + timedelta(hours=1)).isoformat(), "renewables": 41,
            "descriptor": "low"} for t, v in in_utc], "channel_type": "general"},
            "$/kWh", None),
        ("frank_energie", {"prices": [{"from": t.isoformat(),
            "till": (t + timedelta(hours=1)).isoformat(), "price": v}
            for t, v in in_utc]}, "€/kWh", None),
        ("zonneplan", {"forecast": [{"electricity_price": int(v * 1e7),
            "electricity_price_excl_tax": int(v * 5e6), "tariff_group": "low",
            "solar_percentage": 0, "datetime":
            t.strftime("%Y-%m-%dT%H:%M:%S.000000Z"), "sustainability_score": 508}
            for t, v in in_utc]}, "€/kWh", 0.1119999),
        # fsaris/home-assistant-zonneplan-one, since its prices are quarters.
        ("zonneplan_now", {"forecast": [{
            "start_date": t.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "end_date": (t + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
            "price_tax_included": {"amount": int(v * 1e7), "currency": "EUR"},
            "price_tax_excluded": {"amount": int(v * 5e6), "currency": "EUR"},
            "sustainability_score": {"permille": 508}, "tariff_group": "low"}
            for t, v in in_utc]}, "€/kWh", 0.1119999),
        # enoch85/ge-spot: the import's prices stand beside those of the export.
        ("gespot_export", {
            "today_interval_prices": [{"time": t, "value": v * 3} for t, v in in_utc],
            "export_today_prices": [{"time": f"{hour:02}:00", "value": v}
                for hour, v in enumerate(value)],
            "export_tomorrow_prices": []}, "EUR/kWh", 0.112),
        ("gespot_import", {
            "today_interval_prices": [{"time": t, "value": v} for t, v in in_utc],
            "export_today_prices": [{"time": f"{hour:02}:00", "value": v / 3}
                for hour, v in enumerate(value)]}, "EUR/kWh", 0.112),
        ("hours_of_a_day", {"today": {f"{hour:02}:00": v
            for hour, v in enumerate(value)}}, "EUR/kWh", None),
        ("energi_data_service", {"raw_today": [{"hour": t, "price": v}
            for t, v in both]}, "DKK/kWh", None),
        ("energyzero_template", {"prices": [{"timestamp": str(t), "price": v}
            for t, v in in_utc]}, "EUR/kWh", None),
        ("tibber_template", {"prices": [{"start_time": t, "price": v}
            for t, v in both]}, None, None),
        ("tibber_graphql", {"today": [{"total": v, "energy": v / 2, "tax": v / 2,
            "startsAt": t} for t, v in both]}, "EUR", None),
        ("omie", {"today_hours": dict(in_utc)}, "EUR/kWh", None),
        ("czech", dict(both), "EUR/kWh", None),
        ("pvpc", {f"price_{hour:02}h": v for hour, v in enumerate(value)},
            "€/kWh", None),
        ("tibber_hacs_bare", {"today": value, "tomorrow": []}, "EUR/kWh", None),
        ("pairs", {"today": [[v, t] for t, v in both]}, "EUR/kWh", None),
        # Its time is that of the end (Lewa-Reka/ha-rce-pse, time_window.py).
        ("pse_local", {"prices": [{"dtime": str(hour_later(t))[:19], "rce_pln": v * 1000,
            "period": f"{t[11:16]} - {str(hour_later(t))[11:16]}",
            "business_date": "2026-11-25"} for t, v in both]}, "EUR/MWh", None),
        # The answer of api.spot-hinta.fi in a REST sensor (T3m3z/spotprices2ha).
        ("spot_hinta", {"data": [{"Rank": rank, "DateTime": t, "PriceNoTax": v / 2,
            "PriceWithTax": v} for rank, (t, v) in enumerate(both)]}, "€/kWh", None),
        # That of api.porssisahko.net.
        ("porssisahko", {"prices": [{"price": v * 100, "startDate": str(t),
            "endDate": str(t + timedelta(minutes=59, seconds=59))}
            for t, v in in_utc]}, "c/kWh", None),
        ("text", {"prices": str([{"time": t, "price": v} for t, v in both])},
            "EUR/kWh", None),
        ("unknown_name", {"list": [{"start": t, "spotpris": v} for t, v in both]},
            "EUR/kWh", None),
        ("decimal_comma", {"prices": [{"start": t, "price": f"{v:.4f}".replace(".", ",")}
            for t, v in both]}, "EUR/kWh", None),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "attributes", "unit", "state"), shapes())
def test_every_shape_gives_the_same_day(
    name: str, attributes: dict[str, Any], unit: str | None, state: object
) -> None:
    """24 hours, the right hour at the right price, in currency per kWh."""
    reading = read(attributes, unit=unit, state=state)
    assert len(reading.series) == 24, name
    assert reading.series[0].start == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert reading.series[-1].end == datetime(2026, 11, 25, 23, tzinfo=UTC)
    now = at_time(reading.series, NOW)
    assert now is not None
    assert now.value == pytest.approx(0.112, rel=1e-3)
    assert gaps(reading.series) == []


@pytest.mark.parametrize("export", [True, False])
def test_both_directions_without_a_state(export: bool) -> None:
    """If nothing shows which of the two an entity is about, the requested one counts."""
    attributes = {
        "today_interval_prices": [{"time": t, "value": 0.3} for t in HOURS],
        "export_today_prices": [{"time": t, "value": 0.05} for t in HOURS],
    }
    reading = read_prices(
        attributes,
        state=None,
        unit="EUR/kWh",
        currency="EUR",
        now=NOW,
        tz=AMSTERDAM,
        export=export,
    )
    assert {slot.value for slot in reading.series} == {0.05 if export else 0.3}


def test_quarter_hours_that_are_named_by_their_ends() -> None:
    """PSE's 12:00 is the quarter hour from 11:45 on, and its day ends at 24:00 or 00:00."""
    quarters = local_day(TODAY, 15)
    ends = [*quarters[1:], quarters[-1] + timedelta(minutes=15)]
    rows = [
        {
            "dtime": end.strftime("%Y-%m-%d %H:%M:%S"),
            "period": f"{start:%H:%M} - {end:%H:%M}",
            "rce_pln": 400 + index,
            "business_date": "2026-11-25",
        }
        for index, (start, end) in enumerate(zip(quarters, ends, strict=True))
    ]
    for last in (rows[-1]["dtime"], "2026-11-25 24:00:00"):
        rows[-1]["dtime"] = last
        series = read({"prices": rows}, unit="PLN/MWh", currency="PLN").series
        assert [slot.start for slot in series] == quarters
        assert series[-1].end == ends[-1]
        now = at_time(series, NOW)
        assert now is not None
        assert now.value == pytest.approx(0.448), "12:00 is the quarter hour 48"


def test_the_hour_that_autumn_repeats_at_pse() -> None:
    """It is called 02a and 02b; a day of 100 quarter hours has no gap."""
    ends = [f"{h:02}:{m:02}" for h in range(3) for m in (0, 15, 30, 45)][1:9]
    ends += ["02a:15", "02a:30", "02a:45", "02b:00", "02b:15", "02b:30", "02b:45"]
    ends += [f"{h:02}:{m:02}" for h in range(3, 24) for m in (0, 15, 30, 45)]
    rows = [
        {"dtime": f"2026-10-25 {end}:00", "rce_pln": 400 + index}
        for index, end in enumerate([*ends, "24:00"])
    ]
    series = read({"prices": rows}, unit="PLN/MWh", currency="PLN").series
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    assert [slot.start for slot in series] == [start + quarter * n for n in range(100)]
    assert series[-1].end == start + quarter * 100
    assert [slot.value for slot in series] == sorted(slot.value for slot in series)


@pytest.mark.parametrize(
    "prices",
    [
        # Date and hour in different fields, without a time zone (santik/nextenergy).
        [{"date": "2026-11-25", "time": f"{h:02}:00", "price": 0.2} for h in range(24)],
        {f"{h:02}": 0.2 for h in range(24)},
        str([[h, 0.2] for h in range(24)]),
    ],
)
def test_a_list_that_is_not_understood_is_reported(prices: object) -> None:
    """Otherwise the present price would be all that is known, without a word."""
    reading = read({"prices": prices, "other": [1, 2]}, state=0.2)
    assert (IssueKey.UNREADABLE, "prices") in [
        (issue.key, issue.detail) for issue in reading.issues
    ]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("form", ["rows", "mapping", "pairs"])
def test_years_of_prices_are_read_around_now(form: str, order: int) -> None:
    """100,000 quarters, of which those of these days count: little work, so that nothing waits for it."""
    first = NOW.replace(minute=0) - timedelta(minutes=15) * 90_000
    quarters = [
        ((first + timedelta(minutes=15) * index).isoformat(), index % 96 / 1000)
        for index in range(100_000)
    ][::order]
    forms: dict[str, Any] = {
        "rows": {"prices": [{"start": t, "price": v} for t, v in quarters]},
        "mapping": {"prices": dict(quarters)},
        "pairs": {"prices": [[t, v] for t, v in quarters]},
    }
    reading = read(forms[form])
    assert 1000 < len(reading.series) <= 3500
    assert reading.series[0].start < NOW
    now = at_time(reading.series, NOW)
    assert now is not None
    assert now.value == pytest.approx(90_000 % 96 / 1000)
    assert reading.series[-1].end > NOW + timedelta(days=2)


class Watched(list[str]):
    """A list that counts how many of its items somebody looked at."""

    looked_at = 0

    def __iter__(self) -> Iterator[str]:
        """Count each item."""
        for one in super().__iter__():
            self.looked_at += 1
            yield one


def test_a_long_list_of_something_else_is_not_looked_through() -> None:
    """100,000 texts beside a price: whether they are prices is known long before their end."""
    texts = Watched(["off"] * 100_000)
    reading = read({"history": texts}, state="0.3")
    assert reading.issues == (PriceIssue(key=IssueKey.NOTHING_FOUND),)
    assert texts.looked_at <= 3500


@pytest.mark.parametrize("minutes", [15, 60])
@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_days_of_23_and_25_hours(day: date, hours: int, minutes: int) -> None:
    """92 and 100 quarters, without a gap and without an overlap."""
    count = hours * 60 // minutes
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    values = [0.1 + index / 1000 for index in range(count)]
    starts = local_day(day, minutes)
    forms: list[dict[str, Any]] = [
        {"raw_today": nord_pool_rows(day, minutes)},
        {"today": values},
        # Local times without an offset: 02:00 to 03:00 comes twice in October.
        {
            "prices": [
                {"start": at.replace(tzinfo=None).isoformat(), "price": value}
                for at, value in zip(starts, values, strict=True)
            ]
        },
    ]
    for attributes in forms:
        series = read(attributes, now=now).series
        assert len(series) == count
        assert gaps(series) == []
        assert series[0].start == starts[0].astimezone(UTC)
        assert (series[-1].end - series[0].start) == timedelta(hours=hours)
        assert [slot.value for slot in series] == pytest.approx(values)


def test_local_ends_without_offset_in_the_long_night() -> None:
    """02:45 to 03:00 the first time is a quarter, not an hour and a quarter."""
    rows = [
        {"start": "2026-10-25T02:45:00", "end": "2026-10-25T02:00:00", "price": 0.1},
        {"start": "2026-10-25T02:00:00", "end": "2026-10-25T02:15:00", "price": 0.2},
        {"start": "2026-10-25T02:45:00", "end": "2026-10-25T03:00:00", "price": 0.3},
    ]
    now = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    series = read({"prices": rows}, now=now).series
    # First 02:45 is 00:45 UTC, the second 01:45 UTC; the lonely 02:00 is the first one.
    assert [(s.start.hour, s.start.minute) for s in series] == [
        (0, 0),
        (0, 45),
        (1, 45),
    ]
    assert series[1].end == datetime(2026, 10, 25, 1, tzinfo=UTC)


def test_pvpc_in_the_long_night_and_of_tomorrow() -> None:
    """Home Assistant names the second 02:00 `price_02h_d`."""
    now = datetime(2026, 10, 24, 21, tzinfo=UTC)  # 23:00 in Madrid
    madrid = ZoneInfo("Europe/Madrid")
    attributes = {f"price_{hour:02}h": 0.1 for hour in range(24)}
    attributes |= {f"price_next_day_{hour:02}h": 0.2 for hour in range(24)}
    attributes["price_next_day_02h_d"] = 0.3
    series = read(attributes, now=now, tz=madrid).series
    assert len(series) == 49
    assert gaps(series) == []
    second = at_time(series, datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert second is not None
    assert second.value == 0.3


def test_tomorrow_arrives_and_joins() -> None:
    """Both days, and the flag of validity is not needed."""
    rows = nord_pool_rows(TODAY, 15), nord_pool_rows(TODAY + timedelta(days=1), 15)
    reading = read({"raw_today": rows[0], "raw_tomorrow": rows[1]})
    assert len(reading.series) == 192
    assert reading.issues == ()


@pytest.mark.parametrize("nothing", [None, "inf", float("inf"), "", "unknown", "nan"])
def test_tomorrow_without_values(nothing: object) -> None:
    """Nord Pool (HACS) #72, #209, #30: null, empty or infinite although 'valid'."""
    empty = [
        {**row, "value": nothing} for row in nord_pool_rows(TODAY + timedelta(days=1))
    ]
    reading = read(
        {
            "raw_today": nord_pool_rows(TODAY),
            "raw_tomorrow": empty,
            "tomorrow_valid": True,
        }
    )
    assert len(reading.series) == 24
    assert [issue.key for issue in reading.issues] == [IssueKey.MISSING_VALUES]


def test_tomorrow_that_is_a_copy_of_today() -> None:
    """Nord Pool (HACS) #284, hass-entso-e #220: the same day twice, with its true dates."""
    rows = nord_pool_rows(TODAY)
    reading = read({"raw_today": rows, "raw_tomorrow": rows})
    assert len(reading.series) == 24


def test_bare_tomorrow_that_is_a_copy_of_today() -> None:
    """Without dates the copy is recognised by its values."""
    values = [0.2 + index / 100 for index in range(24)]
    reading = read({"today": values, "tomorrow": list(values)})
    assert len(reading.series) == 24
    assert reading.issues[0].key is IssueKey.COPY_OF_TODAY


def test_prices_of_yesterday_are_outdated() -> None:
    """hass-entso-e #215: prices_tomorrow holds yesterday."""
    rows = [
        {"time": t.isoformat(" "), "price": 0.1} for t in local_day(date(2026, 11, 24))
    ]
    reading = read({"prices_today": rows, "prices_tomorrow": rows})
    assert [issue.key for issue in reading.issues] == [IssueKey.OUTDATED]


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59", "9999-12-31T23:00:00-05:00"],
)
def test_times_of_other_centuries_are_left_out(at: str) -> None:
    """They mean never or for ever, and cannot even be converted to UTC."""
    rows = [{"start": at, "price": 0.5}, {"start": HOURS[12], "end": at, "price": 0.2}]
    series = read({"prices": rows}).series
    assert [slot.value for slot in series] == [0.2]


def test_a_tariff_that_goes_on() -> None:
    """Octopus' fixed rates end with null: they apply until they change."""
    rows = [
        {"value_inc_vat": 0.24, "valid_from": "2026-01-01T00:00Z", "valid_to": None}
    ]
    series = read({"rates": rows}, unit="GBP/kWh").series
    assert series[0].end == NOW + timedelta(days=2)


def test_a_gap_stays_a_gap() -> None:
    """Three hours missing are not bridged by the hour before."""
    rows = nord_pool_rows(TODAY)
    del rows[5:8]
    for row in rows:
        del row["end"]
    found = gaps(read({"raw_today": rows}).series)
    assert [(e - s) for s, e in found] == [timedelta(hours=3)]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"prices": []},
        {"prices": None},
        {"prices": "unavailable"},
        {"prices": [None, None]},
        {"prices": [{"foo": 1}]},
        {"prices": [{"start": "soon", "price": 1}]},
        {"prices": [{"start": HOURS[0], "a": 1, "b": 2}]},
        {"prices": [{"start": True, "price": 1}]},
        {"today": [1, 2, 3], "tomorrow": "x"},
        {"gas_prices": [{"start": t, "price": 1.4} for t in HOURS]},
        {"options": {"a": {"b": 1}}, 7: "x"},
        {"average": 0.2, "2026": 3},
        {"prices": {"data": [], "unit": "EUR"}},
    ],
)
def test_nothing_to_find_is_reported(attributes: dict[Any, Any]) -> None:
    """No exception, no slots, a reason."""
    reading = read(attributes)
    assert reading.series == ()
    assert [issue.key for issue in reading.issues] == [IssueKey.NOTHING_FOUND]


def test_text_that_cannot_be_read() -> None:
    """A Python list with datetime objects, turned to text by a template."""
    reading = read({"prices": "[{'start': datetime.datetime(2026, 1, 1), 'price': 1}]"})
    assert [issue.key for issue in reading.issues] == [
        IssueKey.UNREADABLE,
        IssueKey.NOTHING_FOUND,
    ]


def test_guessed_weeks_do_not_overrule_the_market() -> None:
    """Energi Data Service's `forecast` is a guess; what the market said wins."""
    guess = [{"hour": t, "price": 9.0} for t in HOURS]
    reading = read({"forecast": guess, "raw_today": nord_pool_rows(TODAY)})
    assert reading.series[0].value == 0.10

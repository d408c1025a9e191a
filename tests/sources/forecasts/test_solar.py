"""Solar forecasts by shape, corrected by what came."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.forecasts.correction import (
    ForecastLog,
    corrected,
    correction,
    log_actual,
    log_forecast,
    log_from_dict,
    log_to_dict,
)
from custom_components.sunfuse.sources.forecasts.forecast_reader import Forecasts
from custom_components.sunfuse.sources.forecasts.forecast_shapes import (
    read_solar,
    read_wh_hours,
)
from custom_components.sunfuse.sources.forecasts.power_forecast import (
    ForecastSlot,
    RawForecast,
    added_forecasts,
    energy_wh,
    mean_w,
)
from custom_components.sunfuse.sources.series import Series, Slot, at_time

BERLIN = ZoneInfo("Europe/Berlin")
DAWN = datetime(2026, 6, 10, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_wh_hours_of_forecast_solar() -> None:
    """Hours, with odd times at sunrise and sunset; no energy is lost."""
    answer = {
        "wh_hours": {
            "2026-06-10T03:04:25+00:00": 0,
            "2026-06-10T04:00:00+00:00": 154,
            "2026-06-10T05:00:00+00:00": 708,
            "2026-06-10T06:00:00+00:00": 1500,
            "2026-06-10T07:00:00+00:00": 1000,
            "2026-06-10T07:35:00+00:00": 12,
        }
    }
    series = read_wh_hours(answer, BERLIN, now=DAWN).likely
    assert energy_wh(series) == pytest.approx(154 + 708 + 1500 + 1012)
    slot = at_time(series, DAWN + 1.5 * HOUR)
    assert slot is not None
    assert slot.value == 708


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_wh_hours_of_any_period(minutes: int) -> None:
    """Solcast answers half hours, others quarters: 500 Wh an hour are 500 W."""
    answer = {
        "wh_hours": {
            (DAWN + i * timedelta(minutes=minutes)).isoformat(): 500 * minutes / 60
            for i in range(12)
        }
    }
    series = read_wh_hours(answer, BERLIN, now=DAWN).likely
    assert {slot.value for slot in series} == {500}
    assert energy_wh(series) == pytest.approx(12 * 500 * minutes / 60)


@given(
    st.dictionaries(
        st.integers(0, 48 * 60).map(
            lambda m: (DAWN + timedelta(minutes=m)).isoformat()
        ),
        st.floats(0, 20000),
        max_size=40,
    )
)
def test_no_energy_is_lost_or_made(hours: dict[str, float]) -> None:
    """Whatever the keys are."""
    series = read_wh_hours({"wh_hours": hours}, BERLIN, now=DAWN).likely
    assert energy_wh(series) == pytest.approx(sum(hours.values()), abs=1e-3)


def solcast(
    scale: float = 1.0, minutes: int = 30, key: str = "period_start"
) -> list[dict[str, Any]]:
    """Rows as Solcast's integration has them; times in local summer time."""
    rows = []
    for index in range(4):
        at = DAWN + index * timedelta(minutes=minutes)
        rows.append(
            {
                key: at.astimezone(BERLIN).isoformat(),
                "pv_estimate": 1.0 * scale,
                "pv_estimate10": 0.4 * scale,
                "pv_estimate90": 1.5 * scale,
            }
        )
    return rows


@pytest.mark.parametrize(
    "attributes",
    [
        {"detailedForecast": solcast(), "DataCorrect": True},
        {"detailedForecast": json.dumps(solcast())},
        {"detailedForecast": str(solcast()), "detailedHourly": solcast(2, 60)},
        {"detailedForecast": None, "detailedHourly": solcast()},
        {
            "forecasts": [
                {
                    "pv_estimate": 1.0,
                    "pv_estimate10": 0.4,
                    "pv_estimate90": 1.5,
                    "period_end": (DAWN + (i + 1) * timedelta(minutes=30)).strftime(
                        "%Y-%m-%dT%H:%M:%S.0000000Z"
                    ),
                    "period": "PT30M",
                }
                for i in range(4)
            ]
        },
    ],
)
def test_solcast(attributes: dict[str, Any]) -> None:
    """Kilowatts with quantiles, although the entity's unit is kWh; as text (#274) too."""
    raw = read_solar(attributes, unit="kWh", tz=BERLIN, now=DAWN)
    assert raw.likely[0].start == DAWN
    assert energy_wh(raw.likely) == pytest.approx(2000)
    assert energy_wh(raw.low) == pytest.approx(800)
    assert energy_wh(raw.high) == pytest.approx(3000)


@pytest.mark.parametrize("fine", ["watts", "wh_period_15m"])
def test_quarters_of_open_meteo(fine: str) -> None:
    """Beside its hours it has quarters, which show a cloud or a sunrise (rany2/ha-open-meteo-solar-forecast)."""
    powers = [200.0 * (index % 4) for index in range(16)]
    starts = [DAWN + index * HOUR / 4 for index in range(16)]
    factor = 1 if fine == "watts" else 0.25
    attributes = {
        "wh_period": {(DAWN + n * HOUR).isoformat(): 300 for n in range(4)},
        fine: {
            start.isoformat(): power * factor
            for start, power in zip(starts, powers, strict=True)
        },
    }
    series = read_solar(attributes, unit=None, tz=BERLIN, now=DAWN).likely
    assert [slot.value for slot in series] == pytest.approx(powers)
    assert energy_wh(series) == pytest.approx(1200)


def test_open_meteo() -> None:
    """Energy by hour is preferred to watts at points; watts alone do as well."""
    times = [(DAWN + i * timedelta(minutes=15)).isoformat() for i in range(8)]
    hours = {DAWN.isoformat(): 300, (DAWN + HOUR).isoformat(): 900}
    both = read_solar(
        {"watts": dict.fromkeys(times, 600), "wh_period": hours},
        unit="kWh",
        tz=BERLIN,
        now=DAWN,
    )
    assert energy_wh(both.likely) == pytest.approx(1200)
    watts = read_solar(
        {"watts": dict.fromkeys(times, 600)}, unit="kWh", tz=BERLIN, now=DAWN
    )
    assert energy_wh(watts.likely) == pytest.approx(1200)


@pytest.mark.parametrize(("unit", "value"), [("W", 2500), ("kW", 2.5)])
def test_rows_of_a_template(unit: str, value: float) -> None:
    """A list of times and powers in the entity's unit."""
    rows = [{"datetime": (DAWN + i * HOUR).isoformat(), "power": value}
            for i in range(3)]  # fmt: skip
    raw = read_solar({"forecast": rows}, unit=unit, tz=BERLIN, now=DAWN)
    assert energy_wh(raw.likely) == pytest.approx(7500)
    assert raw.low == ()


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"detailedForecast": "[datetime.datetime(2026, 1, 1)]"},
        {"detailedForecast": [{"pv_estimate": 1}, None, 3]},
        {"detailedForecast": [{"period": "P1D", "period_end": "x"}]},
        {"detailedForecast": [{"period_start": DAWN.isoformat(), "rain": 1}]},
        {"watts": 3},
        {"watts": {DAWN.isoformat(): 1e9}},
        {"wh_hours": []},
    ],
)
def test_nothing_to_find(attributes: dict[str, Any]) -> None:
    """No exception and no forecast."""
    assert read_solar(attributes, unit=None, tz=BERLIN, now=DAWN).likely == ()


def test_an_answer_of_nothing() -> None:
    """Integrations answer None while they are not ready."""
    assert read_wh_hours(None, BERLIN, now=DAWN) == RawForecast()


def test_two_roofs_add_up() -> None:
    """East and west; quantiles only if both have them."""
    east = read_solar({"detailedForecast": solcast()}, unit="kWh", tz=BERLIN, now=DAWN)
    total = added_forecasts([east, east, RawForecast()])
    assert energy_wh(total.likely) == pytest.approx(4000)
    assert energy_wh(total.low) == pytest.approx(1600)
    plain = RawForecast(likely=east.likely)
    assert added_forecasts([east, plain]).low == ()


def sunny_day(start: datetime, power: float, hours: int = 10) -> Series:
    """Make hours of constant power."""
    return tuple(
        Slot(start=start + i * HOUR, end=start + (i + 1) * HOUR, value=power)
        for i in range(hours)
    )


def experienced(days: int, came: float, foretold: float = 1000.0) -> ForecastLog:
    """Make a log in which the roof always made a share of the forecast."""
    log = ForecastLog()
    for day in range(days):
        start = DAWN + day * DAY
        log = log_forecast(log, sunny_day(start, foretold), start - 8 * HOUR)
        log = log_actual(log, sunny_day(start, foretold * came), start + 12 * HOUR)
    return log


def test_without_experience_nothing_changes() -> None:
    """The likely value is the source's; the spread is what is usual."""
    raw = RawForecast(likely=sunny_day(DAWN, 1000))
    slot = corrected(ForecastLog(), raw, BERLIN)[0]
    assert [slot.p10_w, slot.p50_w, slot.p90_w] == pytest.approx([500, 1000, 1330])


def test_a_roof_in_the_shade_is_learned() -> None:
    """Half of what is foretold came: day by day it goes towards one half.

    One day by hand: overall (5 + 10) / (10 + 10) = 0.75; the hour
    (500 + 0.75 x 2000) / (1000 + 2000) = 2/3.
    """
    one = correction(experienced(1, 0.5), BERLIN)
    assert one[10] == pytest.approx(2 / 3)
    factors = [correction(experienced(days, 0.5), BERLIN)[10] for days in (1, 4, 13)]
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(0.5, abs=0.04)
    # An hour of which nothing is known gets what holds for all.
    assert one[3] == pytest.approx(0.75)


def test_the_tree_in_the_west_takes_only_the_afternoon() -> None:
    """By the hour, not by the day."""
    log = ForecastLog()
    for day in range(12):
        start = DAWN + day * DAY
        morning, noon = sunny_day(start, 1000, 5), sunny_day(start + 5 * HOUR, 1000, 5)
        shaded = sunny_day(start + 5 * HOUR, 300, 5)
        log = log_forecast(log, (*morning, *noon), start - 8 * HOUR)
        log = log_actual(log, (*morning, *shaded), start + 12 * HOUR)
    factors = correction(log, BERLIN)
    assert factors[7] > 0.9
    assert factors[13] < 0.4


def test_absurd_experience_is_bounded() -> None:
    """A meter in the wrong unit does not make a thousandfold forecast."""
    assert max(correction(experienced(5, 1000.0), BERLIN).values()) == 3.0
    assert min(correction(experienced(13, 0.0), BERLIN).values()) == 0.2


def test_a_forecast_is_kept_to_its_word() -> None:
    """What it said six hours before counts, not what it says afterwards."""
    log = log_forecast(ForecastLog(), sunny_day(DAWN, 1000), DAWN - 8 * HOUR)
    log = log_forecast(log, sunny_day(DAWN, 200), DAWN - HOUR)
    log = log_forecast(log, sunny_day(DAWN - 3 * HOUR, 200, 2), DAWN)
    # Hours more than six ahead follow the forecast.
    by_start = {hour.start: hour.forecast_wh for hour in log.hours}
    assert by_start[DAWN] == 1000
    assert by_start[DAWN + 6 * HOUR] == 200
    assert DAWN - 3 * HOUR not in by_start


def test_spread_is_learned() -> None:
    """Days at 60 and 120 %: the 10th and 90th percentile move to the roof's own."""
    log = ForecastLog()
    for day in range(13):
        start = DAWN + day * DAY
        came = 600.0 if day % 2 else 1200.0
        log = log_forecast(log, sunny_day(start, 1000), start - 8 * HOUR)
        log = log_actual(log, sunny_day(start, came), start + 12 * HOUR)
    slot = corrected(log, RawForecast(likely=sunny_day(DAWN + 13 * DAY, 1000)), BERLIN)
    now = slot[3]
    assert 550 < now.p10_w < 680
    assert 1150 < now.p90_w < 1330


def test_own_quantiles_are_corrected_alike() -> None:
    """Solcast's 10 and 90 keep their distance to its 50."""
    raw = read_solar({"detailedForecast": solcast()}, unit="kWh", tz=BERLIN, now=DAWN)
    slot = corrected(experienced(13, 0.5), raw, BERLIN)[0]
    assert slot.p10_w / slot.p50_w == pytest.approx(0.4)
    assert slot.p90_w / slot.p50_w == pytest.approx(1.5)
    assert slot.energy_wh == pytest.approx(slot.p50_w / 4)


def test_the_log_survives_a_restart() -> None:
    """Through JSON and back; rubbish is left out."""
    log = experienced(3, 0.5)
    assert log_from_dict(json.loads(json.dumps(log_to_dict(log)))) == log
    assert log_from_dict({"hours": [["x", 1, 2]]}) == ForecastLog()


def test_an_hour_that_is_not_over_is_not_counted() -> None:
    """Statistics of the running hour are not final."""
    log = log_actual(ForecastLog(), sunny_day(DAWN, 500, 2), DAWN + 1.5 * HOUR)
    assert [hour.start for hour in log.hours] == [DAWN]
    assert correction(log, BERLIN) == {}


def test_a_list_of_something_else_is_passed_over() -> None:
    """`forecast` may be weather; what follows is still looked at."""
    attributes = {
        "forecast": [{"datetime": DAWN.isoformat(), "rain": 3}],
        "wh_period": {DAWN.isoformat(): 500},
    }
    raw = read_solar(attributes, unit="kWh", tz=BERLIN, now=DAWN)
    assert energy_wh(raw.likely) == pytest.approx(500)


@pytest.mark.parametrize(
    "zone", ["Australia/Adelaide", "Asia/Kathmandu", "Pacific/Chatham"]
)
def test_local_hours_where_clocks_are_not_whole_hours_from_utc(zone: str) -> None:
    """Noon is noon: 1 kWh from 12:00 to 13:00 is not moved by half an hour."""
    tz = ZoneInfo(zone)
    day = datetime(2026, 6, 10, tzinfo=tz)
    hours = {(day + timedelta(hours=h)).isoformat(): 1000.0 for h in range(8, 17)}
    hours[(day + timedelta(hours=7, minutes=23)).isoformat()] = 100.0  # sunrise
    series = read_wh_hours({"wh_hours": hours}, tz, now=DAWN).likely
    first = (day + timedelta(hours=7)).astimezone(UTC)
    assert series[0].start == first
    assert energy_wh(series) == pytest.approx(9100.0)
    assert series[4].start == first + timedelta(hours=1)
    assert series[4].value == 1000.0


def test_a_power_without_an_end_is_not_a_century_of_sunshine() -> None:
    """A row that says it holds until 9999 is left out, the others stay."""
    rows = [
        {"start": "2026-06-10T10:00:00+00:00", "power": 900.0},
        {
            "start": "2026-06-10T11:00:00+00:00",
            "end": "9999-12-31T00:00:00",
            "power": 5.0,
        },
    ]
    series = read_solar({"forecast": rows}, unit="W", tz=UTC, now=DAWN).likely
    assert {slot.value for slot in series} == {900.0}


def test_an_empty_shape_beside_a_full_one() -> None:
    """Open-Meteo's `wh_period` is empty for a while after it started; its `watts` are not."""
    watts = {(DAWN + HOUR * h).isoformat(): 500 for h in range(3)}
    attributes = {"forecast": [], "wh_period": {}, "watts": watts}
    assert (
        energy_wh(read_solar(attributes, unit="kWh", tz=UTC, now=DAWN).likely) == 1500
    )


def test_the_sun_of_the_next_half_hour() -> None:
    """Two quarters of 1 and 3 kW, from the middle of the first; a forecast that ends sooner, or is none, says nothing."""
    start = datetime(2026, 6, 10, 9, tzinfo=UTC)
    slots = tuple(
        ForecastSlot(
            start=start + quarter * timedelta(minutes=15),
            end=start + (quarter + 1) * timedelta(minutes=15),
            p10_w=0.0,
            p50_w=power_w,
            p90_w=9000.0,
        )
        for quarter, power_w in enumerate((1000.0, 3000.0, 5000.0))
    )
    known = Forecasts(solar=slots, solar_source="forecast")
    # 7.5 min of 1 kW, 15 min of 3 kW, 7.5 min of 5 kW
    at = start + timedelta(minutes=7, seconds=30)
    assert mean_w(slots, at, at + timedelta(minutes=30)) == pytest.approx(3000)
    assert known.solar_ahead_w(start + timedelta(seconds=20)) == pytest.approx(2000)
    assert known.solar_ahead_w(start + timedelta(minutes=20)) is None
    assert Forecasts(solar=slots, solar_source="history").solar_ahead_w(start) is None


@pytest.mark.parametrize("form", ["detailedForecast", "watts", "wh_period", "wh_hours"])
def test_years_of_sun_are_read_around_now(form: str) -> None:
    """100,000 quarters, of which those of these days count: little work, so that nothing waits for it."""
    quarter = timedelta(minutes=15)
    first = DAWN - quarter * 90_000
    times = [first + quarter * index for index in range(100_000)]
    if form == "detailedForecast":
        rows = [{"period_start": at, "pv_estimate": 1.0} for at in times]
        attributes: dict[str, Any] = {form: rows}
    else:
        attributes = {form: {at.isoformat(): 250.0 for at in times}}
    series = read_solar(attributes, unit="kWh", tz=BERLIN, now=DAWN).likely
    assert 1000 < len(series) <= 3500
    assert series[0].start < DAWN
    assert at_time(series, DAWN) is not None
    assert series[-1].end > DAWN + timedelta(days=2)

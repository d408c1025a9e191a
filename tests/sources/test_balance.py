"""Self-consumption and self-sufficiency of the day, and what charts are given."""

from datetime import UTC, datetime, timedelta
import json
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.balance import (
    DayBalance,
    DayUnused,
    add_power,
    add_unused,
    balance_from_dict,
    balance_to_dict,
    unused_from_dict,
    unused_to_dict,
)
from custom_components.sunfuse.sources.charts import forecast_attribute, price_attribute
from custom_components.sunfuse.sources.forecasts.forecast_shapes import read_solar
from custom_components.sunfuse.sources.forecasts.power_forecast import ForecastSlot
from custom_components.sunfuse.sources.tariffs.price_slots import PriceSlot
from custom_components.sunfuse.sources.tariffs.reading import read_prices

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_by_hand() -> None:
    """Two hours of sun: 6 kW with 2 exported and 1 stored; then 3 kW of import.

    Sun 6, export 2, battery in 1, used 3; then import 3: used 6 in all. Two thirds of the
    sun stayed, half of the use came from it.
    """
    day = add_power(DayBalance(), NOON, NOON + HOUR, tz=BERLIN, grid_w=-2000,
                    solar_w=6000, battery_w=-1000)  # fmt: skip
    day = add_power(day, NOON + HOUR, NOON + 2 * HOUR, tz=BERLIN, grid_w=3000)
    assert day.consumption_wh == 6000
    assert day.self_consumption == pytest.approx(2 / 3)
    assert day.self_sufficiency == pytest.approx(0.5)


def test_a_new_day_starts_from_zero() -> None:
    """At local midnight, and the stretch over it is cut there."""
    midnight = datetime(2026, 6, 10, 22, tzinfo=UTC)
    day = add_power(DayBalance(), NOON, NOON + HOUR, tz=BERLIN, grid_w=500)
    day = add_power(day, midnight - HOUR, midnight + HOUR / 2, tz=BERLIN, grid_w=1000)
    assert day.day == "2026-06-11"
    assert day.import_wh == pytest.approx(500)


def test_nothing_yet() -> None:
    """Neither sun nor use: nothing to say, instead of 100 %."""
    empty = DayBalance()
    assert (empty.self_consumption, empty.self_sufficiency) == (None, None)
    assert add_power(
        DayBalance(day="2026-06-10"), NOON, NOON, tz=BERLIN, grid_w=1
    ) == DayBalance(day="2026-06-10")


@given(st.floats(-2e4, 2e4), st.floats(0, 2e4), st.floats(-1e4, 1e4))
def test_shares_are_shares(grid: float, sun: float, battery: float) -> None:
    """Whatever is measured, and over a restart."""
    day = add_power(
        DayBalance(), NOON, NOON + HOUR, tz=BERLIN, grid_w=grid, solar_w=sun,
        battery_w=battery,
    )  # fmt: skip
    for share in (day.self_consumption, day.self_sufficiency):
        assert share is None or 0 <= share <= 1
    assert balance_from_dict(json.loads(json.dumps(balance_to_dict(day)))) == day


def test_what_sunfuse_publishes_it_can_read() -> None:
    """Its own attributes have a shape that it, and others, recognise."""
    price = PriceSlot(
        start=NOON, end=NOON + HOUR, import_price=0.3, export_price=0.1, currency="EUR"
    )
    with_carbon = PriceSlot(
        start=NOON + HOUR, end=NOON + 2 * HOUR, import_price=0.2, export_price=0.1,
        currency="EUR", estimated=True, carbon_g=321.4,
    )  # fmt: skip
    rows = price_attribute([price, with_carbon])
    assert "carbon_g" not in rows[0]
    assert rows[1]["carbon_g"] == 321
    reading = read_prices(
        {"prices": rows}, state=0.3, unit="EUR/kWh", currency="EUR", now=NOON, tz=BERLIN
    )
    assert [slot.value for slot in reading.series] == [0.3, 0.2]
    sun = ForecastSlot(start=NOON, end=NOON + HOUR, p10_w=100, p50_w=1500, p90_w=2000)
    raw = read_solar(
        {"forecast": forecast_attribute((sun,))}, unit="W", tz=BERLIN, now=NOON
    )
    assert {slot.value for slot in raw.likely} == {1500}


def test_unused_sun_of_a_day() -> None:
    """Powers become energies by cause; a new day starts from zero; what is stored comes back, and nonsense is zero."""
    start = datetime(2026, 6, 21, 21, 30, tzinfo=UTC)
    day = DayUnused()
    for hours in (0, 1, 2):
        begin = start + timedelta(hours=hours)
        day = add_unused(
            day, begin, begin + timedelta(hours=1), tz=UTC, by_cause_w={"fuse": 1000.0}
        )
    # Half an hour of the stretch over midnight.
    assert day == DayUnused(day="2026-06-22", by_cause_wh={"fuse": 500.0})
    assert day.total_wh == 500
    assert unused_from_dict(unused_to_dict(day)) == day
    for stored in (3, {"car": "x"}, {"car": 1e308}):
        with pytest.raises((AttributeError, TypeError, ValueError)):
            unused_from_dict({"by_cause_wh": stored})

"""What the house draws without cars."""

from datetime import UTC, datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.sources.forecasts.clear_sky import Place
from custom_components.sunfuse.sources.forecasts.house_load import (
    alone_w,
    expect_load,
    house_load,
    learn_load,
    load_from_dict,
    load_to_dict,
    with_nights,
)
from custom_components.sunfuse.sources.series import Series, Slot

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 22, 23, tzinfo=UTC)  # Monday 0:00 in Paris
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def hours(start: datetime, powers: list[float]) -> Series:
    """Make hours of power."""
    return tuple(
        Slot(start=start + i * HOUR, end=start + (i + 1) * HOUR, value=power)
        for i, power in enumerate(powers)
    )


def test_day_one_is_a_usual_household() -> None:
    """About 3500 kWh a year, more in the evening than at night, with a spread."""
    day = expect_load(learn_load((), NOW, PARIS), NOW, NOW + DAY, PARIS)
    assert len(day) == 96
    energy = sum(slot.energy_wh for slot in day)
    assert 365 * energy / 1000 == pytest.approx(3500, rel=0.1)
    assert day[19 * 4].p50_w > 2 * day[3 * 4].p50_w
    assert all(slot.p10_w < slot.p50_w < slot.p90_w for slot in day)


def weeks(count: int, washing_w: float = 3000.0) -> Series:
    """300 W, and Mondays at 10:00 by the kitchen clock the washing."""
    start = NOW - 7 * count * DAY
    locals_ = [(start + i * HOUR).astimezone(PARIS) for i in range(168 * count)]
    return hours(
        start,
        [washing_w if at.weekday() == 0 and at.hour == 10 else 300.0 for at in locals_],
    )


def test_washing_day_is_learned_better_every_week() -> None:
    """After a few weeks Monday at ten is known, and Tuesday is not mistaken for it."""
    found = []
    for count in (1, 3, 6):
        model = learn_load(weeks(count), NOW, PARIS)
        week = expect_load(model, NOW, NOW + 7 * DAY, PARIS)
        found.append(week[40].p50_w)
        assert week[40 + 96].p50_w < 600
        assert model.days == pytest.approx(7 * count)
    assert found == sorted(found)
    assert found[-1] == pytest.approx(3000, rel=0.05)


def test_a_large_house_has_a_large_usual_day() -> None:
    """One day at 2 kW: the prior scales with it, the night stays below the evening."""
    model = learn_load(hours(NOW - DAY, [2000.0] * 24), NOW, PARIS)
    day = expect_load(model, NOW + 5 * DAY, NOW + 6 * DAY, PARIS)
    mean = sum(slot.p50_w for slot in day) / 96
    assert 1500 < mean < 2500


def test_old_weeks_fade() -> None:
    """The house got a heat pump a month ago: what is recent weighs more."""
    before, after = [300.0] * 168 * 4, [1500.0] * 168 * 4
    model = learn_load(hours(NOW - 56 * DAY, before + after), NOW, PARIS)
    assert expect_load(model, NOW, NOW + HOUR, PARIS)[0].p50_w > 1000


def test_the_running_hour_is_not_learned() -> None:
    """It is not over."""
    later = learn_load(hours(NOW - HOUR / 2, [9000.0]), NOW, PARIS)
    assert later == learn_load((), NOW, PARIS)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 20000), min_size=24, max_size=24 * 14))
def test_quantiles_are_in_order_and_in_range(powers: list[float]) -> None:
    """Whatever was measured."""
    model = learn_load(hours(NOW - len(powers) * HOUR, powers), NOW, PARIS)
    mean = sum(powers) / len(powers)
    highest = max(*powers, 2.2 * 640 * mean / 400)
    for p10, p50, p90 in model.cells:
        assert 0 <= p10 <= p50 <= p90 <= highest * 1.2 + 1


def test_the_houses_own_power() -> None:
    """Grid -2000 + sun 6000 + battery -1000 - car 2300 = 700 W."""
    one = hours(NOW, [-2000.0]), hours(NOW, [6000.0]), hours(NOW, [-1000.0])
    load = house_load(*one, hours(NOW, [2300.0]))
    assert {slot.value for slot in load} == {700.0}
    assert house_load(one[0]) == tuple(
        Slot(start=slot.start, end=slot.end, value=0.0) for slot in load
    )


def test_a_hole_in_one_series_is_a_hole() -> None:
    """Missing solar data is no dark house; a charger that charged is not quiet when it falls silent."""
    grid = hours(NOW, [500.0, 500.0, 500.0])
    sun = hours(NOW, [100.0])
    car = hours(NOW + HOUR, [200.0])
    assert len(house_load(grid, sun)) == 4
    # The hour before the charger existed, and the one that it reported.
    assert [slot.value for slot in house_load(grid, (), (), car)] == [500.0] * 4 + (
        [300.0] * 4
    )
    idle = hours(NOW, [0.0])
    assert len(house_load(grid, (), (), idle)) == 12


def test_a_meters_hiccup_is_no_larger_house() -> None:
    """Two weeks of 500 W and one hour of a megawatt."""
    powers = [500.0] * (14 * 24)
    powers[100] = 1e6
    model = learn_load(hours(NOW - 14 * DAY, powers), NOW, PARIS)
    quiet = learn_load(hours(NOW - 14 * DAY, [500.0] * (14 * 24)), NOW, PARIS)
    assert sum(cell[1] for cell in model.cells) == pytest.approx(
        sum(cell[1] for cell in quiet.cells), rel=0.02
    )


def test_what_was_learned_outlives_a_restart() -> None:
    """To a watt; what was broken is learned anew."""
    model = learn_load(hours(NOW - 14 * DAY, [500.0, 700.0] * 168), NOW, PARIS)
    again = load_from_dict(json.loads(json.dumps(load_to_dict(model))))
    assert again.days == pytest.approx(model.days)
    assert again.cells[30] == pytest.approx(model.cells[30], abs=0.5)
    stored = load_to_dict(model)
    broken_ones: tuple[dict[str, Any], ...] = (
        {},
        {"cells": 4},
        {"cells": stored["cells"][:-1]},
        {"cells": [*stored["cells"][:-1], ["x", None, 4]]},
        {"cells": [*stored["cells"][:-1], 5]},
    )
    for broken in broken_ones:
        with pytest.raises((LookupError, TypeError, ValueError)):
            load_from_dict(broken)


def test_an_inverter_that_sleeps_at_night() -> None:
    """At one o'clock there is no sun: what the grid gives is the load. At noon nothing is known."""
    place = Place(latitude=52.37, longitude=4.9)
    night = datetime(2026, 11, 23, 0, tzinfo=UTC)
    grid = (*hours(night, [400.0]), *hours(night + 12 * HOUR, [100.0]))
    filled = with_nights((), grid, place)
    assert [slot.value for slot in filled] == [0.0] * 4
    assert [slot.value for slot in house_load(grid, filled)] == [400.0] * 4
    sun = hours(night + 12 * HOUR, [900.0])
    assert len(with_nights(sun, grid, place)) == 8


@pytest.mark.parametrize(
    ("start", "count"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 92),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 100),
    ],
)
def test_the_days_of_the_clock_change(start: datetime, count: int) -> None:
    """Local hours are followed: breakfast is at seven by the kitchen clock."""
    model = learn_load((), start, PARIS)
    day = expect_load(model, start, start + count * timedelta(minutes=15), PARIS)
    assert len(day) == count
    assert day[0].p50_w == day[-1].p50_w * 260 / 330  # hour 0 and hour 23


def test_a_battery_that_is_charged_at_night_is_no_peak_of_the_house() -> None:
    """A plan chose that hour, and would choose it again if it were the house's. What a battery gives is missing in the import."""
    grid = hours(NOW, [5_500.0, 200.0, 2_400.0, -900.0])
    cars = hours(NOW, [0.0, 0.0, 2_000.0, 0.0])
    battery = hours(NOW, [-5_000.0, 800.0, 0.0, -600.0])
    assert [slot.value for slot in alone_w(grid, cars, battery)] == [
        *[500.0] * 4,
        *[200.0] * 4,
        *[400.0] * 4,
        *[0.0] * 4,
    ]
    assert alone_w(grid, cars, ()) == house_load(grid, cars_w=cars)

"""A series never overlaps, and bringing it to quarter hours keeps what it adds up to."""

from datetime import UTC, datetime, timedelta
from statistics import StatisticsError

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.series import (
    QUARTER,
    Series,
    Slot,
    at_time,
    between,
    by_quarter,
    layered,
    mean,
    percentile,
    quarter_start,
    scaled,
    weighted_quantile,
)

T0 = datetime(2026, 3, 28, 23, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def slot(start: int, end: int, value: float) -> Slot:
    """Make a slot of minutes after T0."""
    return Slot(start=T0 + start * MINUTE, end=T0 + end * MINUTE, value=value)


slots = st.builds(
    lambda start, lasts, value: slot(start, start + lasts, value),
    st.integers(0, 600),
    st.integers(-5, 120),
    st.floats(-5, 5),
)


@given(st.lists(slots, max_size=30))
def test_layers_never_overlap_and_lose_nothing(given_slots: list[Slot]) -> None:
    """Each minute has the value of the first slot that covers it, and only that."""
    series = layered(given_slots)
    assert all(a.end <= b.start for a, b in zip(series, series[1:], strict=False))
    assert all(a.start < a.end for a in series)
    for minute in range(0, 720, 7):
        at = T0 + minute * MINUTE
        first = next((s for s in given_slots if s.start <= at < s.end), None)
        found = at_time(series, at)
        assert (found and found.value) == (first and first.value)


@given(st.lists(st.tuples(st.integers(1, 16), st.floats(-5, 5)), min_size=1))
def test_quarters_keep_the_sum(parts: list[tuple[int, float]]) -> None:
    """Five-minute and longer slots without gaps keep value times time."""
    end = 0
    series: Series = ()
    for length, value in parts:
        series += (slot(end, end + 5 * length, value),)
        end += 5 * length
    # Fill up to a whole quarter, as a partly known one stands for all of it.
    series += (slot(end, -(-end // 15) * 15 + 15, 1.0),)
    quarters = by_quarter(series)
    assert all(q.end - q.start == QUARTER for q in quarters)
    assert all(q.start == quarter_start(q.start) for q in quarters)
    assert sum(q.value * q.seconds for q in quarters) == pytest.approx(
        sum(s.value * s.seconds for s in series), abs=1e-6
    )


def test_an_hour_becomes_four_and_three_fives_their_mean() -> None:
    """The two directions, by hand."""
    assert [q.value for q in by_quarter((slot(0, 60, 0.3),))] == [0.3] * 4
    fives = (slot(0, 5, 0.1), slot(5, 10, 0.2), slot(10, 15, 0.6))
    assert [q.value for q in by_quarter(fives)] == [pytest.approx(0.3)]


def test_a_partly_known_quarter_is_the_mean_of_what_is_known() -> None:
    """Nothing is made of what is missing."""
    assert by_quarter((slot(10, 15, 0.4),)) == (slot(0, 15, 0.4),)


def test_cutting_scaling_and_mean() -> None:
    """Small tools."""
    series = (slot(0, 60, 1.0), slot(60, 90, 4.0))
    assert between(series, T0 + 30 * MINUTE, T0 + 75 * MINUTE) == (
        slot(30, 60, 1.0),
        slot(60, 75, 4.0),
    )
    assert scaled(series, 2)[1].value == 8.0
    assert mean(series) == pytest.approx(2.0)
    assert mean(()) is None
    assert at_time(series, T0 + 90 * MINUTE) is None


def test_percentile() -> None:
    """Between the values it is linear."""
    assert percentile([4, 1, 2, 3], 50) == 2.5
    assert percentile([7], 90) == 7
    for value in (0.1, 0.7, 1.1, 3.3):
        for percent in (10, 50, 95):
            assert percentile([value] * 3, percent) == value
    with pytest.raises(StatisticsError):
        percentile([], 50)


def test_weighted_quantile() -> None:
    """Equal weights: middles at 1/6, 3/6, 5/6; the middle one is the median."""
    weighted = [(3.0, 1.0), (1.0, 1.0), (2.0, 1.0)]
    assert weighted_quantile(weighted, 0.5) == 2
    assert weighted_quantile(weighted, 1 / 3) == pytest.approx(1.5)
    assert weighted_quantile(weighted, 0.01) == 1
    assert weighted_quantile(weighted, 0.99) == 3
    assert weighted_quantile([(1.0, 99.0), (9.0, 1.0)], 0.5) < 1.1
    with pytest.raises(ValueError, match="nothing"):
        weighted_quantile([], 0.5)

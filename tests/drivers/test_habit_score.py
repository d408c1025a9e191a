"""How good habits are, with losses that a pencil gives."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.drivers.demand import Guess
from custom_components.sunfuse.drivers.habit_score import (
    KEPT,
    HabitScore,
    PinballLosses,
    habit_score,
    habit_scores,
    pinball,
    trusted,
)
from custom_components.sunfuse.drivers.habits import PastSession, guess

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)  # a Monday


def session(day: int, leaves_h: float = 7.0, kwh: float = 10.0) -> PastSession:
    """Return a car that comes at 18:00 some days ago and leaves the next morning."""
    midnight = NOW.replace(hour=0) - timedelta(days=day)
    return PastSession(
        owner="zoe",
        came=midnight + timedelta(hours=18),
        left=midnight + timedelta(hours=24 + leaves_h),
        energy_wh=1000 * kwh,
    )


def test_the_loss_of_a_quantile() -> None:
    """Of the 0.95 quantile: 2 too low costs 1.9, 2 too high 0.1."""
    assert pinball(12, 10, 0.95) == pytest.approx(1.9)
    assert pinball(8, 10, 0.95) == pytest.approx(0.1)
    assert pinball(10, 10, 0.95) == 0


def test_who_always_does_the_same() -> None:
    """Both simple rules are right to the minute; the habit allows for half an hour and a fifth more."""
    past = [session(day) for day in range(120, 0, -1)]
    score = habit_score(past, NOW)
    assert score is not None
    assert score.sessions == 56
    assert (score.departure_h.last_week, score.departure_h.median) == (0, 0)
    assert (score.energy_kwh.last_week, score.energy_kwh.median) == (0, 0)
    assert score.departure_h.habit < 0.05
    assert score.energy_kwh.habit < 0.2


def test_losses_by_hand() -> None:
    """Every other week 6:00 and 20 kWh instead of 8:00 and 10 kWh: last week is always wrong, the median half of the time.

    Last week: once 2 h too late (0.95 x 2), once 2 h too early (0.05 x 2): 1.0 on average. Energy: 10 kWh too little
    (9.5), 10 kWh too much (0.5): 5.0 on average.
    """
    past = [
        session(day, *((6.0, 20.0) if (day // 7) % 2 else (8.0, 10.0)))
        for day in range(126, 0, -1)
    ]
    score = habit_score(past, NOW)
    assert score is not None
    assert score.departure_h.last_week == pytest.approx(1.0, abs=0.05)
    assert score.energy_kwh.last_week == pytest.approx(5.0, abs=0.3)
    assert score.departure_h.is_best
    assert score.energy_kwh.is_best
    # The cautious guess of the last session, as it is made.
    one = past[-1]
    found = guess(past[:-1], one.came, one.came)
    assert found.departure is not None
    assert found.departure.hour == 6
    assert pytest.approx(0.95) == KEPT


def test_too_few_sessions_say_nothing() -> None:
    """Five must be predicted; the first weeks have nothing to be compared with."""
    assert habit_score([session(day) for day in (14, 7, 1)], NOW) is None
    assert habit_score([], NOW) is None


def test_the_best_is_the_least_loss() -> None:
    """A tie is good enough."""
    assert PinballLosses(habit=1, last_week=1, median=2).is_best
    assert not PinballLosses(habit=1.1, last_week=2, median=1).is_best


def test_what_simple_rules_predict_better_is_not_used() -> None:
    """A departure that is no habit leaves nothing of the guess; an energy that is none leaves the departure."""
    good = PinballLosses(habit=1, last_week=2, median=2)
    bad = PinballLosses(habit=3, last_week=2, median=2)
    found = Guess(departure=NOW, energy_wh=9000.0)

    def used(departure: PinballLosses, energy: PinballLosses) -> Guess:
        score = HabitScore(sessions=9, departure_h=departure, energy_kwh=energy)
        return trusted(found, score)

    assert used(good, good) == found
    assert used(good, bad) == Guess(departure=NOW, energy_wh=None)
    assert used(bad, good) == Guess()
    assert trusted(found, None) == found


def test_each_vehicle_is_judged_by_itself() -> None:
    """Who was rarely there has no score."""
    regular = [session(day) for day in range(60, 0, -1)]
    rare = [
        PastSession(owner="bus", came=one.came, left=one.left, energy_wh=1.0)
        for one in regular[:3]
    ]
    assert set(habit_scores([*regular, *rare], NOW)) == {"zoe"}

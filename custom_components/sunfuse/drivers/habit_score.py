"""How well habits would have predicted the last weeks: the pinball loss, against "same as last week" and "median".

The pinball loss (Koenker and Bassett, 1978) is the usual measure of a quantile: a departure is guessed so early that it is
kept nineteen times in twenty, so leaving before it costs 19 times as much as leaving equally long after it; energy the
other way round. Each session is predicted from those that were over before it came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from .demand import Guess
from .habits import SHARE, PastSession, guess

WEEKS = 8
# And no more than the last ones: a busy charger has hundreds, and each is predicted from all before it.
MOST = 60
# With fewer predicted sessions nothing is said about how good predictions are.
LEAST = 5
# The guess of each of both is kept so often.
KEPT = 1 - (1 - SHARE) / 2
# Two hours too early, and 10 kWh too much, of which the twentieth part is lost.
CAUTION_H, CAUTION_KWH = 0.1, 0.5
_WEEK = timedelta(weeks=1)
_HALF_DAY = timedelta(hours=12)
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PinballLosses:
    """Mean losses of three predictions of the same sessions: hours, or kilowatt-hours."""

    habit: float
    last_week: float
    median: float

    # What caution costs of itself: to guess earlier than ever, and more than ever, where few sessions are known.
    caution: float = 0.0

    @property
    def is_best(self) -> bool:
        """Whether habits predicted at least as well as the better of the two simple rules, but for their caution.

        Who always leaves at the same minute would be predicted by last week without any loss.
        """
        return self.habit <= max(min(self.last_week, self.median), self.caution)


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitScore:
    """How well the last weeks of a vehicle, or of a charger's guests, would have been predicted."""

    sessions: int
    departure_h: PinballLosses
    energy_kwh: PinballLosses


def pinball(real: float, predicted: float, share: float) -> float:
    """Return the loss of a predicted quantile: `share` of the real values should be below it."""
    missed = real - predicted
    return share * missed if missed >= 0 else (share - 1) * missed


def habit_score(sessions: Iterable[PastSession], now: datetime) -> HabitScore | None:
    """Return how well each session of the last weeks would have been predicted; None where too few can be compared.

    Times are those of `now`'s zone.
    """
    zone = now.tzinfo
    every = sorted(sessions, key=lambda one: one.came)
    rows: list[tuple[tuple[float, float], ...]] = []
    first = max(len(every) - MOST, 0)
    for number, one in enumerate(every[first:], start=first):
        if one.came < now - WEEKS * _WEEK or one.left > now:
            continue
        came = one.came.astimezone(zone)
        before = [past for past in every[:number] if past.left <= one.came]
        habit = guess(before, came, came)
        alike = _last_week(before, one)
        if habit.departure is None or habit.energy_wh is None or alike is None:
            continue
        guesses = (
            (habit.departure, habit.energy_wh),
            (alike.left + _WEEK, alike.energy_wh),
            (_median_departure(before, came), median(p.energy_wh for p in before)),
        )
        rows.append(tuple(_losses(one, *each) for each in guesses))
    if len(rows) < LEAST:
        return None
    return HabitScore(
        sessions=len(rows),
        departure_h=_means(rows, 0, CAUTION_H),
        energy_kwh=_means(rows, 1, CAUTION_KWH),
    )


def habit_scores(
    sessions: Iterable[PastSession], now: datetime
) -> dict[str, HabitScore]:
    """Return the scores of all vehicles and guests that have one."""
    by_owner: dict[str, list[PastSession]] = {}
    for one in sessions:
        by_owner.setdefault(one.owner, []).append(one)
    scores = {owner: habit_score(own, now) for owner, own in by_owner.items()}
    return {owner: score for owner, score in scores.items() if score is not None}


def trusted(found: Guess, score: HabitScore | None) -> Guess:
    """Return what of a guess is used: what simple rules would have predicted better in the last weeks is no habit."""
    if score is None:
        return found
    if not score.departure_h.is_best:
        return Guess()
    return found if score.energy_kwh.is_best else replace(found, energy_wh=None)


def _losses(
    real: PastSession, departure: datetime, energy_wh: float
) -> tuple[float, float]:
    """Return the losses in hours and kilowatt-hours."""
    late_h = (real.left - departure) / timedelta(hours=1)
    return (
        pinball(late_h, 0.0, 1 - KEPT),
        pinball(real.energy_wh / 1000, energy_wh / 1000, KEPT),
    )


def _means(
    rows: Sequence[Sequence[tuple[float, float]]], what: int, caution: float
) -> PinballLosses:
    habit, last_week, middle = (
        sum(row[which][what] for row in rows) / len(rows) for which in range(3)
    )
    return PinballLosses(
        habit=habit, last_week=last_week, median=middle, caution=caution
    )


def _last_week(before: Sequence[PastSession], one: PastSession) -> PastSession | None:
    """Return the session that began at about the same time a week before."""
    near = [past for past in before if abs(one.came - _WEEK - past.came) <= _HALF_DAY]
    return min(near, key=lambda past: abs(one.came - _WEEK - past.came), default=None)


def _median_departure(before: Sequence[PastSession], came: datetime) -> datetime:
    """Return the usual time of day, for the first time after the car came."""
    seconds = median(_of_day(past.left.astimezone(came.tzinfo)) for past in before)
    return came + timedelta(seconds=(seconds - _of_day(came)) % _DAY_S)


def _of_day(local: datetime) -> float:
    return local.hour * 3600.0 + local.minute * 60 + local.second

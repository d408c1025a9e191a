"""What habits suggest, for simulated drivers whose habits are as loose as people's are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import random
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.drivers.habits import PastSession, guess
from custom_components.sunfuse.drivers.session_history import EACH, SessionHistory

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 1, 5, tzinfo=BERLIN)


def session(left: datetime, energy_wh: float = 10_000) -> PastSession:
    """Return a session of a night."""
    evening = (left - timedelta(days=1)).replace(hour=18, minute=0)
    return PastSession(owner="zoe", came=evening, left=left, energy_wh=energy_wh)


def commute(
    days: int, *, minutes: float, later: float = 0.0, seed: int = 1
) -> list[PastSession]:
    """Return the sessions of a commuter around 07:00 on working days, who is `later` by so many minutes a week."""
    chance = random.Random(seed)
    found = []
    for day in range(days):
        at = MONDAY + timedelta(days=day)
        if at.weekday() < 5:
            minute = 420 + later * day / 7 + chance.gauss(0, minutes)
            energy_wh = max(chance.gauss(9_000, 2_500), 1_000)
            found.append(
                session(
                    at.replace(hour=int(minute) // 60, minute=int(minute) % 60),
                    energy_wh,
                )
            )
    return found


@pytest.mark.parametrize(
    ("minutes", "later", "seed"),
    [(5, 0, 1), (25, 0, 2), (45, 0, 3), (20, 2, 4), (20, -2, 5)],
)
def test_the_promised_share_of_departures_is_kept(
    minutes: float, later: float, seed: int
) -> None:
    """Over a year, nine departures of ten are not before the guess and need no more; also while habits change."""
    past = commute(364, minutes=minutes, later=later, seed=seed)
    kept, guesses, early = 0, 0, 0.0
    for number, one in enumerate(past):
        found = guess(past[:number], one.came, one.came + timedelta(hours=1))
        if found.departure is None or found.energy_wh is None:
            continue
        guesses += 1
        kept += found.departure <= one.left and one.energy_wh <= found.energy_wh
        early += (one.left - found.departure) / timedelta(minutes=1)
    assert guesses > 240
    assert kept / guesses >= 0.9
    # Not by guessing the middle of the night.
    assert early / guesses < 3 * minutes + 40


def test_guesses_are_no_more_cautious_than_promised() -> None:
    """Over a year, 95 % of each: of a normal distribution that is 1.64 standard deviations, and no more than 2.3 with few samples."""
    past = commute(364, minutes=25)
    kept, early, energy_wh = 0, 0.0, 0.0
    last = past[60:]
    for number, one in enumerate(last, start=60):
        found = guess(past[:number], one.came, one.came + timedelta(hours=1))
        assert found.departure is not None and found.energy_wh is not None
        kept += found.departure <= one.left and one.energy_wh <= found.energy_wh
        early += (one.left - found.departure) / timedelta(minutes=1)
        energy_wh += found.energy_wh
    assert 0.9 <= kept / len(last) <= 0.97
    assert early / len(last) < 2.3 * 25 + 5  # in whole five minutes
    assert energy_wh / len(last) < 9_000 + 2.3 * 2_500


def test_a_day_on_which_a_car_leaves_now_and_then_is_no_day_at_home() -> None:
    """Of a driver who leaves on one Saturday in five, those are kept too: nine stays of ten that begin on a Friday."""
    saturdays = [
        session(MONDAY + timedelta(weeks=w, days=5, hours=9), 9_000)
        for w in range(2, 52, 5)
    ]
    past = sorted([*commute(364, minutes=25), *saturdays], key=lambda one: one.left)
    fridays = []
    for number, one in enumerate(past):
        if one.came.weekday() == 4:
            found = guess(past[:number], one.came, one.came + timedelta(hours=1))
            fridays.append(found.departure is None or found.departure <= one.left)
    assert len(fridays) == len(saturdays)
    assert sum(fridays) >= 0.9 * len(fridays)


def test_of_a_day_that_was_hardly_seen_nobody_knows_whether_the_car_leaves() -> None:
    """After two weeks of commuting it may leave on the next Saturday; after fourteen at home it will not."""
    friday = timedelta(days=4, hours=18)
    past = commute(14, minutes=5)
    came = MONDAY + timedelta(weeks=1) + friday
    assert guess(past, came, came).departure is None
    past = commute(105, minutes=5)
    came = MONDAY + timedelta(weeks=14) + friday
    found = guess(past, came, came)
    assert found.departure is not None and found.departure.weekday() == 0


def _life(
    days: int,
    minute: Callable[[int], float],
    energy_wh: Callable[[int], float],
    *,
    away: range = range(0),
) -> list[PastSession]:
    """Return the sessions of somebody who leaves on working days, but for a time away."""
    chance = random.Random(5)
    found = []
    for day in range(days):
        at = MONDAY + timedelta(days=day)
        left = minute(day) + chance.gauss(0, 15)
        wh = max(energy_wh(day) + chance.gauss(0, 2000), 1000.0)
        if at.weekday() < 5 and day not in away:
            when = at.replace(hour=int(left) // 60, minute=int(left) % 60)
            found.append(session(when, wh))
    return found


def _guessed(
    past: list[PastSession], days: range
) -> list[tuple[PastSession, datetime, float]]:
    """Return what was guessed of each session of some days, the evening before."""
    found = []
    for number, one in enumerate(past):
        if (one.left - MONDAY).days in days:
            it = guess(past[:number], one.came, one.came + timedelta(hours=1))
            assert it.departure is not None and it.energy_wh is not None
            found.append((one, it.departure, it.energy_wh))
    return found


# A change in the twentieth week, and how it is guessed in the fifth and sixth week after it.
_CHANGE, _THEN = 140, range(168, 182)


@pytest.mark.parametrize(
    ("before", "after"), [(420, 540), (420, 330)], ids=["later", "earlier"]
)
def test_another_job_is_followed_within_weeks(before: float, after: float) -> None:
    """Two hours later, or an hour and a half earlier: guessed within two hours of it, and not after it."""
    past = _life(200, lambda day: before if day < _CHANGE else after, lambda _: 9000.0)
    for one, departure, _ in _guessed(past, _THEN):
        early = one.left - departure
        assert timedelta(minutes=-15) < early < timedelta(minutes=120)


@pytest.mark.parametrize(
    ("before", "after"), [(9000, 15_000), (15_000, 9000)], ids=["winter", "summer"]
)
def test_seasons_are_followed_within_weeks(before: float, after: float) -> None:
    """More in winter is kept at nearly every guess, and in summer what was needed in winter is not guessed."""
    past = _life(200, lambda _: 420.0, lambda day: before if day < _CHANGE else after)
    found = _guessed(past, _THEN)
    short = sum(one.energy_wh > wh for one, _, wh in found)
    assert short <= 1
    assert sum(wh for *_, wh in found) / len(found) < after + 8000


@pytest.mark.parametrize("weeks", [2, 6])
def test_after_the_holidays_nothing_is_forgotten(weeks: int) -> None:
    """Away, or at home with late departures: the first Monday after it is guessed as before."""
    away = range(_CHANGE, _CHANGE + 7 * weeks)
    monday = range(away.stop, away.stop + 1)
    gone = _life(220, lambda _: 420.0, lambda _: 9000.0, away=away)
    [(one, departure, _)] = _guessed(gone, monday)
    assert departure <= one.left
    if weeks == 2:
        late = _life(220, lambda day: 600 if day in away else 420, lambda _: 9000.0)
        [(one, departure, _)] = _guessed(late, monday)
        assert departure <= one.left


def shifts(days: int, seed: int) -> list[PastSession]:
    """Return the sessions of a nurse: two early, two late and two night shifts, two days off, whatever the weekday."""
    chance = random.Random(seed)
    found: list[PastSession] = []
    for day in range(days):
        shift = day // 2 % 4
        if shift < 3:
            hour = (6.0, 13.5, 21.0)[shift] + chance.gauss(0, 0.25)
            left = MONDAY + timedelta(days=day, hours=hour)
            came = max(left - timedelta(hours=9), found[-1].left if found else MONDAY)
            found.append(
                PastSession(owner="zoe", came=came, left=left, energy_wh=9_000)
            )
    return found


def test_who_works_in_shifts_is_promised_as_much() -> None:
    """The share of departures is kept for one whose days are not those of the week."""
    kept = asked = 0
    for seed in range(2):
        past = shifts(150, seed)
        for number in range(21, len(past)):
            one = past[number]
            now = one.came + timedelta(minutes=5)
            found = guess(past[:number], one.came, now)
            if found.departure is not None:
                asked += 1
                kept += found.departure <= one.left
    assert asked > 150
    assert kept >= 0.9 * asked


def test_no_habit_no_guess() -> None:
    """Two sessions are no habit, and a car that is at home on Sundays is not expected to leave."""
    monday = MONDAY + timedelta(days=70, hours=20)
    assert guess([], monday, monday).departure is None
    few = [session(MONDAY + timedelta(days=n, hours=7)) for n in (62, 63)]
    assert guess(few, monday, monday).departure is None
    saturday = MONDAY + timedelta(days=68, hours=20)
    found = guess(commute(68, minutes=5), saturday - timedelta(days=1), saturday)
    assert found.departure is not None
    assert found.departure.date() == (saturday + timedelta(days=2)).date()


def test_a_car_that_rarely_charges_here_leaves_on_a_day_of_which_it_was_not_seen() -> (
    None
):
    """It was there for seven nights in half a year and left on each morning, never a Tuesday: so it leaves on this one."""
    days = (0, 23, 44, 63, 84, 107, 128)
    past = [
        session(MONDAY + timedelta(days=day, hours=8, minutes=minute))
        for day, minute in zip(days, (10, 0, 5, 15, 20, 5, 10), strict=True)
    ]
    assert 1 not in {one.left.weekday() for one in past}
    evening = MONDAY + timedelta(days=168, hours=20)
    found = guess(past, evening, evening)
    assert found.departure is not None
    assert found.departure.date() == (evening + timedelta(days=1)).date()


def test_a_car_that_stays_at_home_on_wednesdays_is_not_expected_to_leave_then() -> None:
    """On the other working days it leaves each morning."""
    # After how many nights it leaves, by weekday of the evening.
    nights = {0: 1, 1: 2, 3: 1, 4: 1}
    past = [
        PastSession(
            owner="zoe",
            came=evening,
            left=(evening + timedelta(days=nights[day % 7])).replace(hour=7),
            energy_wh=9_000,
        )
        for day in range(140)
        if (evening := MONDAY + timedelta(days=day, hours=18)) and day % 7 in nights
    ]
    tuesday = MONDAY + timedelta(days=141, hours=18)
    found = guess(past, tuesday, tuesday)
    assert found.departure is not None
    assert found.departure.date() == (tuesday + timedelta(days=2)).date()


def test_of_few_departures_that_differ_the_next_may_well_be_earlier() -> None:
    """Four at 14, 15, 16 and 17 h: 15.5 - 2.31 x 1.29 x sqrt(1 + 1/4) = 12.2; four that are alike say half an hour earlier."""
    tuesday = MONDAY + timedelta(days=71, hours=20)
    hours = {"unlike": (14, 15, 16, 17), "alike": (15, 15, 15, 15)}
    found = {
        kind: guess(
            [
                session(MONDAY + timedelta(days=day, hours=hour), energy_wh)
                for day, hour, energy_wh in zip(
                    (2, 3, 4, 7), them, (10_000, 16_000, 4_000, 10_000), strict=True
                )
            ],
            tuesday,
            tuesday,
        )
        for kind, them in hours.items()
    }
    wednesday = MONDAY + timedelta(days=72)
    assert found["unlike"].departure == wednesday + timedelta(hours=12, minutes=5)
    assert found["alike"].departure == wednesday + timedelta(hours=14, minutes=30)
    # 10 + 2.31 x 4.90 x sqrt(1 + 1/4), which is more than 1.2 x 16.
    assert found["alike"].energy_wh == pytest.approx(22_657, abs=10)


def test_a_car_that_came_back_at_noon_leaves_after_that() -> None:
    """The departures of mornings say nothing of a car that came after them."""
    past = [
        session(MONDAY + timedelta(days=day, hours=hour))
        for day in range(0, 70, 7)
        for hour in (7, 14)
    ]
    noon = MONDAY + timedelta(days=70, hours=12)
    found = guess(past, noon, noon + timedelta(minutes=5))
    assert found.departure is not None
    assert found.departure.date() == noon.date()
    assert 13 <= found.departure.hour <= 14


def test_what_was_charged_already_is_not_needed_again() -> None:
    """The guess of the energy is of the whole session."""
    past = [session(MONDAY + timedelta(days=day, hours=7)) for day in range(0, 140, 7)]
    evening = MONDAY + timedelta(days=139, hours=18)
    before = guess(past, evening, evening).energy_wh
    after = guess(past, evening, evening, charged_wh=4_000).energy_wh
    assert before is not None
    assert after == pytest.approx(before - 4_000)


def test_a_friday_is_remembered_beside_a_busy_charger() -> None:
    """Each has its own sessions of each weekday: those of others, and of its other days, displace none."""
    history = SessionHistory()
    fridays = [
        session(MONDAY + timedelta(weeks=week, days=4, hours=5)) for week in range(20)
    ]
    others = [
        replace(session(MONDAY + timedelta(hours=hour)), owner="CP1/1")
        for hour in range(20 * 7 * 24)
    ]
    history.learn(sorted([*fridays, *others], key=lambda one: one.left))
    assert history.of("zoe") == fridays
    kept = history.of("CP1/1")
    assert len(kept) == 7 * EACH
    assert kept == sorted(kept, key=lambda one: one.left)
    assert kept[-1] == others[-1]
    thursday = MONDAY + timedelta(weeks=20, days=3, hours=18)
    found = guess(history.of("zoe"), thursday, thursday)
    # With so few, half an hour before the earliest.
    assert found.departure == thursday + timedelta(hours=10, minutes=30)
    assert history.of("nobody") == []

"""Cars that are away and will probably come: only a clear habit is one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.drivers.arrivals import ExpectedStay, expected_stay
from custom_components.sunfuse.drivers.habits import PastSession

BERLIN = ZoneInfo("Europe/Berlin")
# A Wednesday.
NOON = datetime(2026, 11, 25, 12, tzinfo=BERLIN)


def stays(
    *, every: int = 1, jitter: timedelta = timedelta(0), working_days: bool = False
) -> list[PastSession]:
    """Return eight weeks of sessions from 18:00 until 7:00 that take 12 kWh."""
    found = []
    for ago in range(56, 0, -1):
        came = NOON.replace(hour=18) - timedelta(days=ago)
        if ago % every or (working_days and came.weekday() >= 5):
            continue
        shift = jitter if ago % 2 else -jitter
        left = (came + timedelta(days=1)).replace(hour=7, minute=0)
        found.append(
            PastSession(owner="zoe", came=came + shift, left=left, energy_wh=12_000.0)
        )
    return found


def expected(now: datetime, **habit: object) -> ExpectedStay | None:
    """Return what is expected after a habit."""
    return expected_stay(stays(**habit), now)  # type: ignore[arg-type]


def test_who_comes_every_evening_is_expected() -> None:
    """At six, until seven; once it is late it may come at any moment, and a while later no longer today.

    Eight weeks are enough to be sure of.
    """
    stay = expected(NOON)
    assert stay
    assert stay.arrives == NOON.replace(hour=18)
    assert stay.departure == NOON.replace(day=26, hour=7)
    assert stay.energy_wh == pytest.approx(12_000)
    jitter = timedelta(minutes=40)
    late = NOON.replace(hour=18, minute=30)
    stay = expected(late, jitter=jitter)
    assert stay
    assert stay.arrives == late + timedelta(minutes=15)
    stay = expected(NOON.replace(hour=20))
    assert stay
    assert stay.arrives == NOON.replace(day=26, hour=18)


def test_what_is_no_habit_is_not_expected() -> None:
    """A car that comes every fourth day, or any time, or never, or that was seen twice."""
    assert expected(NOON, every=4) is None
    assert expected(NOON, jitter=timedelta(hours=3)) is None
    assert expected_stay([], NOON) is None
    assert expected_stay(stays()[-2:], NOON) is None


def test_at_weekends_a_commuter_is_not_expected() -> None:
    """On Friday evening nobody comes on Saturday."""
    friday = NOON.replace(day=27, hour=20)
    assert expected(friday, working_days=True) is None
    assert expected(NOON, working_days=True)


def test_the_clock_on_the_wall_counts_when_it_changes() -> None:
    """In spring as in winter the car comes at six."""
    winter = [
        PastSession(
            owner="zoe",
            came=(came := datetime(2027, month, day, 18, tzinfo=BERLIN)),
            left=came.replace(day=day + 1, hour=7),
            energy_wh=9_000.0,
        )
        for month in (2, 3)
        for day in range(1, 27)
    ]
    stay = expected_stay(winter, datetime(2027, 3, 28, 12, tzinfo=BERLIN))
    assert stay
    assert stay.arrives == datetime(2027, 3, 28, 18, tzinfo=BERLIN)

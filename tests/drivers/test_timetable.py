"""Departures: weekly, single, skipped and paused ones, and the days on which clocks are set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.drivers.timetable import (
    HORIZON,
    Said,
    departures,
    upcoming,
)
from custom_components.sunfuse.drivers.wishes import (
    OnceDeparture,
    Target,
    TargetKind,
    WeeklyDeparture,
    Wishes,
)

BERLIN = ZoneInfo("Europe/Berlin")
# A Monday.
NOW = datetime(2026, 11, 2, 20, 0, tzinfo=BERLIN)
NOTHING = Wishes()


def daily(*days: int, minute: int = 420) -> Wishes:
    """Return a departure at 07:00 on these weekdays."""
    return Wishes(weekly=tuple(WeeklyDeparture(weekday=d, minute=minute) for d in days))


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time of November in UTC."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def once(at: datetime) -> Wishes:
    """Return a departure that is said for a session."""
    return Wishes(once=(OnceDeparture(at=at, of_session=True),))


@pytest.mark.parametrize(
    ("vehicle", "charger", "expected"),
    [
        (NOTHING, NOTHING, None),
        (daily(1), NOTHING, (local(3, 7), Said.WEEKLY)),
        (daily(0), NOTHING, (local(9, 7), Said.WEEKLY)),  # 07:00 has passed today
        (NOTHING, daily(1), (local(3, 7), Said.WEEKLY)),
        (daily(2), daily(1), (local(4, 7), Said.WEEKLY)),  # the vehicle's own count
        (daily(1), once(local(3, 5)), (local(3, 5), Said.ONCE)),
        # Later than usual: the single departure takes the place of its day's weekly ones,
        (daily(1), once(local(3, 9)), (local(3, 9), Said.ONCE)),
        # and leaves those of other days alone.
        (daily(1), once(local(4, 9)), (local(3, 7), Said.WEEKLY)),
        # One of the calendar comes beside them.
        (
            daily(1),
            Wishes(once=(OnceDeparture(at=local(3, 9)),)),
            (local(3, 7), Said.WEEKLY),
        ),
        (NOTHING, once(local(2, 19)), None),  # it is in the past
    ],
)
def test_upcoming(
    vehicle: Wishes, charger: Wishes, expected: tuple[datetime, Said] | None
) -> None:
    """The next departure is the one that was said last and for the most."""
    found = upcoming(vehicle, charger, NOW)
    assert (found and (found.at, found.said)) == expected


def test_several_a_day_each_with_its_own_target() -> None:
    """A day has several departures; each brings its target."""
    full = Target(kind=TargetKind.SOC, value=100)
    wishes = Wishes(
        weekly=(
            WeeklyDeparture(weekday=1, minute=420),
            WeeklyDeparture(weekday=1, number=2, minute=800, target=full),
        )
    )
    found = departures((), wishes, NOW, NOW + timedelta(days=1))
    assert [(one.at, one.target) for one in found] == [
        (local(3, 7), None),
        (local(3, 13, 20), full),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, local(3, 7)),
        ({"weekly_on": False}, None),
        ({"weekly_paused_until": local(4, 0)}, local(4, 7)),
        ({"skipped_until": local(3, 7)}, local(4, 7)),
    ],
)
def test_holidays_and_skipped_nights(
    changes: dict[str, object], expected: datetime | None
) -> None:
    """A holiday leaves out weekly departures until it ends, a skipped night the next one."""
    week = daily(1, 2).weekly
    found = upcoming(Wishes(weekly=week, **changes), NOTHING, NOW)  # type: ignore[arg-type]
    assert (found.at if found else None) == expected


def test_a_holiday_does_not_pause_a_single_departure() -> None:
    """Who goes for a drive on a holiday says so for that day."""
    wishes = Wishes(weekly_on=False, once=(OnceDeparture(at=local(3, 10)),))
    found = upcoming(wishes, NOTHING, NOW)
    assert found is not None
    assert found.at == local(3, 10)


@pytest.mark.parametrize(
    ("evening", "minute", "hours"),
    [
        # Clocks go back at 03:00 on 25 October 2026: the night to 07:00 has one hour more.
        (datetime(2026, 10, 24, 22, 0, tzinfo=BERLIN), 420, 10),
        # Clocks go forward at 02:00 on 29 March 2026: it has one hour less.
        (datetime(2026, 3, 28, 22, 0, tzinfo=BERLIN), 420, 8),
        # 02:30 is there twice: the first one counts.
        (datetime(2026, 10, 24, 22, 0, tzinfo=BERLIN), 150, 4.5),
        # 02:30 is not there: it is read by the clock of the evening, 03:30.
        (datetime(2026, 3, 28, 22, 0, tzinfo=BERLIN), 150, 4.5),
    ],
)
def test_days_on_which_clocks_are_set(
    evening: datetime, minute: int, hours: float
) -> None:
    """A departure is as far away as it really is."""
    found = upcoming(daily(6, minute=minute), NOTHING, evening)
    assert found is not None
    assert found.at - evening.astimezone(UTC) == timedelta(hours=hours)


def test_nobody_looks_further_than_the_horizon() -> None:
    """A single departure of next month is none yet."""
    assert upcoming(once(NOW + HORIZON + timedelta(minutes=1)), NOTHING, NOW) is None

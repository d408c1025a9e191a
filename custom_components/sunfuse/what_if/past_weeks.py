"""Weeks of a site's past, and what would have been known of them beforehand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..planner import Quantiles
from .plant import QUARTER_MIN

QUARTERS = 96
# How far off the forecast of a day's sun usually is, for one day in ten each way, as a part of the clear sky.
_SUN_OFF = 0.25
_PRICES_AT_MIN = 13 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStay:
    """A car that was plugged in at a connector, and what it took there."""

    connector: str
    came: datetime
    left: datetime
    energy_wh: float
    max_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastWeek:
    """Quarter hours from a local midnight on: a week, and the two days after it, in which cars that came finish.

    Powers in watts, prices per kilowatt-hour. `charged_wh` is what all cars really took, `paid` what the site really paid.
    """

    start: datetime
    quarters: int  # of the week alone
    house_w: tuple[float, ...]
    sun_w: tuple[float, ...]
    import_price: tuple[float, ...]
    export_price: tuple[float, ...]
    stays: tuple[PastStay, ...]
    local_days: tuple[int, ...]
    weekend: tuple[bool, ...]
    charged_wh: float = 0.0
    paid: float = 0.0

    @property
    def starts(self) -> tuple[datetime, ...]:
        """The start of each quarter hour."""
        quarter = timedelta(minutes=QUARTER_MIN)
        return tuple(self.start + step * quarter for step in range(len(self.house_w)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualDays:
    """What is usual at a site, learned from all the weeks that are replayed."""

    working_day: tuple[tuple[float, ...], ...]  # low, median and high, by quarter hour
    weekend: tuple[tuple[float, ...], ...]
    day_peaks_w: tuple[float, ...]  # the highest hour of each day, without cars

    def of(self, *, weekend: bool) -> tuple[tuple[float, ...], ...]:
        """Return the quantiles of a day."""
        return self.weekend if weekend else self.working_day

    def times(self, factor: float) -> UsualDays:
        """Return them for a house that takes so many times as much."""

        def scaled(
            rows: tuple[tuple[float, ...], ...],
        ) -> tuple[tuple[float, ...], ...]:
            return tuple(tuple(value * factor for value in row) for row in rows)

        return UsualDays(
            working_day=scaled(self.working_day),
            weekend=scaled(self.weekend),
            day_peaks_w=tuple(value * factor for value in self.day_peaks_w),
        )


def usual_days(weeks: Sequence[PastWeek]) -> UsualDays:
    """Return low, median and high of each quarter hour of the day: 1, 5 and 9 days of ten are below."""

    def quantiles(*, weekend: bool) -> tuple[tuple[float, ...], ...]:
        samples: list[list[float]] = [[] for _ in range(QUARTERS)]
        for week in weeks:
            for step in range(week.quarters):
                if week.weekend[step] is weekend:
                    samples[step % QUARTERS].append(week.house_w[step])
        every = [sorted(values) or [0.0] for values in samples]
        return tuple(
            tuple(values[int(share * (len(values) - 1))] for values in every)
            for share in (0.1, 0.5, 0.9)
        )

    return UsualDays(
        working_day=quantiles(weekend=False),
        weekend=quantiles(weekend=True),
        day_peaks_w=tuple(peak for week in weeks for peak in _day_peaks(week)),
    )


def _day_peaks(week: PastWeek) -> Iterable[float]:
    net_w = [
        max(0.0, house_w - sun_w)
        for house_w, sun_w in zip(week.house_w, week.sun_w, strict=True)
    ][: week.quarters]
    for day in range(0, week.quarters, QUARTERS):
        hours = range(day, min(day + QUARTERS, week.quarters), 4)
        yield max(sum(net_w[hour : hour + 4]) / 4 for hour in hours)


@dataclass(frozen=True, kw_only=True)
class Hindsight:
    """What a planner would have known: the usual house, how sunny each day becomes, and prices until the end of tomorrow.

    A forecast of the sun knows how much a day brings, and not which clouds pass; tomorrow's prices come at 13:00.
    """

    week: PastWeek
    usual: UsualDays
    clear_w: Sequence[float]
    clearness: Sequence[float]  # by day

    @classmethod
    def of(cls, week: PastWeek, usual: UsualDays) -> Hindsight:
        """Return what would have been known of a week."""
        days = -(-len(week.sun_w) // QUARTERS)
        by_day = [
            week.sun_w[day * QUARTERS : (day + 1) * QUARTERS] for day in range(days)
        ]
        envelope = [
            max((day[step] for day in by_day if step < len(day)), default=0.0)
            for step in range(QUARTERS)
        ]
        # A quarter hour that was dull on every day is clearer than it looks: its neighbours show it.
        clear = [
            max(envelope[step - 1], envelope[step], envelope[(step + 1) % QUARTERS])
            for step in range(QUARTERS)
        ]
        most_wh = sum(clear)
        return cls(
            week=week,
            usual=usual,
            clear_w=clear,
            clearness=[
                min(1.0, sum(day) / most_wh) if most_wh else 0.0 for day in by_day
            ],
        )

    def prices(self, now_min: float, count: int) -> tuple[tuple[float, ...], int]:
        """Return import prices, and how many of them are known."""
        week, first = self.week, int(now_min) // QUARTER_MIN
        days = 2 if now_min % (QUARTERS * QUARTER_MIN) >= _PRICES_AT_MIN else 1
        today = int(now_min) // (QUARTERS * QUARTER_MIN)
        known = max(1, min((today + days) * QUARTERS - first, count))
        prices = tuple(
            week.import_price[first + step]
            if step < known
            # As at the same time of the last days that are known.
            else week.import_price[_days_before(first + step, first + known)]
            for step in range(count)
        )
        return prices, known

    def export_prices(self, first: int, count: int) -> tuple[float, ...]:
        """Return what exports earn."""
        return self.week.export_price[first : first + count]

    def house(self, first: int, count: int) -> Quantiles:
        """Return the house's usual day."""
        rows = [
            [
                self.usual.of(weekend=self.week.weekend[step])[row][step % QUARTERS]
                for step in range(first, first + count)
            ]
            for row in range(3)
        ]
        low, median, high = (tuple(row) for row in rows)
        return Quantiles(low=low, median=median, high=high)

    def usual_house(self, first: int, count: int) -> Quantiles:
        """Return the house's usual day: nothing else is known of it."""
        return self.house(first, count)

    @property
    def day_peaks_w(self) -> Mapping[int, Sequence[float]]:
        """The highest hour of the days of all weeks."""
        return {60: self.usual.day_peaks_w}

    def sun(self, first: int, count: int) -> Quantiles:
        """Return the clear sky, less the clouds of each day."""

        def part(shift: float) -> tuple[float, ...]:
            return tuple(
                self.clear_w[step % QUARTERS]
                * min(1.0, max(0.05, self.clearness[step // QUARTERS] + shift))
                for step in range(first, first + count)
            )

        return Quantiles(low=part(-_SUN_OFF), median=part(0.0), high=part(_SUN_OFF))


def _days_before(step: int, end: int) -> int:
    """Return the same time of day on the last day before another quarter hour."""
    days = -(-(step - end + 1) // QUARTERS)
    return step - days * QUARTERS

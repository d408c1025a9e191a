"""Values over time: what prices, carbon and forecasts have in common.

A series is a tuple of slots, sorted by start, without overlaps; gaps are allowed and mean
"not known". All times are UTC, so that a day of 23 or 25 hours needs no special care: every
time zone's offset is a multiple of 15 minutes, so a quarter hour of UTC is a quarter hour
anywhere.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import attrgetter
from statistics import quantiles

QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = attrgetter("start")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A value that holds from `start` (included) to `end` (excluded), both in UTC."""

    start: datetime
    end: datetime
    value: float

    @property
    def seconds(self) -> float:
        """How long the slot lasts."""
        return (self.end - self.start).total_seconds()


type Series = tuple[Slot, ...]


def is_turned(series: Series, *, inverted: bool, current: bool) -> bool:
    """Whether a sensor's values are to be turned: not those of a current that was never negative, which shows no direction."""
    return inverted and not (current and all(slot.value >= 0 for slot in series))


def layered(*layers: Iterable[Slot]) -> Series:
    """Join layers to one series; where slots overlap, the first layer wins.

    Slots that end before they start are left out.
    """
    painted: list[Slot] = []
    for slot in chain(*layers):
        for piece in tuple(_uncovered(slot, painted)):
            painted.insert(bisect_right(painted, piece.start, key=_START), piece)
    return tuple(painted)


def _uncovered(slot: Slot, painted: list[Slot]) -> Iterator[Slot]:
    """Yield the parts of a slot that no slot of a sorted, disjoint list covers."""
    start = slot.start
    first = max(0, bisect_right(painted, start, key=_START) - 1)
    for index in range(first, len(painted)):
        other = painted[index]
        if other.start >= slot.end:
            break
        if start < other.start:
            yield Slot(start=start, end=other.start, value=slot.value)
        start = max(start, other.end)
    if start < slot.end:
        yield Slot(start=start, end=slot.end, value=slot.value)


def quarter_start(at: datetime) -> datetime:
    """Return the start of the quarter hour of an instant, in UTC."""
    return floor(at, QUARTER)


def floor(at: datetime, step: timedelta) -> datetime:
    """Round down to a whole step since the epoch, in UTC."""
    return at.astimezone(UTC) - (at - _EPOCH) % step


def quarters(start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the start of every quarter hour that is in or touches a period."""
    at = quarter_start(start)
    while at < end:
        yield at
        at += QUARTER


def by_quarter(series: Series) -> Series:
    """Convert a series to quarter hours: the mean of what is known of each, by time.

    A slot of an hour becomes four of the same value, three of five minutes become their
    mean. The total (value times time) is preserved where it fills quarters.
    """
    sums: dict[datetime, float] = {}
    seconds: dict[datetime, float] = {}
    for slot in series:
        for start in quarters(slot.start, slot.end):
            part = min(slot.end, start + QUARTER) - max(slot.start, start)
            lasts = part.total_seconds()
            sums[start] = sums.get(start, 0.0) + slot.value * lasts
            seconds[start] = seconds.get(start, 0.0) + lasts
    return tuple(
        Slot(start=start, end=start + QUARTER, value=sums[start] / seconds[start])
        for start in sorted(sums)
    )


def between(series: Series, start: datetime, end: datetime) -> Series:
    """Cut a series to a period."""
    return tuple(
        Slot(start=max(slot.start, start), end=min(slot.end, end), value=slot.value)
        for slot in series
        if slot.end > start and slot.start < end
    )


def at_time(series: Series, at: datetime) -> Slot | None:
    """Return the slot that contains an instant."""
    index = bisect_right(series, at, key=_START) - 1
    if index >= 0 and at < series[index].end:
        return series[index]
    return None


def mean(series: Iterable[Slot]) -> float | None:
    """Return the mean by time; None if there are no values."""
    slots = tuple(series)
    if not slots:
        return None
    return sum(slot.value * slot.seconds for slot in slots) / sum(
        slot.seconds for slot in slots
    )


def scaled(series: Series, factor: float) -> Series:
    """Multiply every value."""
    return tuple(
        Slot(start=slot.start, end=slot.end, value=slot.value * factor)
        for slot in series
    )


def percentile(values: Iterable[float], percent: int) -> float:
    """Return a percentile (1 to 99), linear between the values.

    Raises:
        StatisticsError: there are no values.

    """
    known = sorted(values)
    found = quantiles(known, n=100, method="inclusive")[percent - 1]
    # Between two equal values, rounding may end a hair beyond both.
    return min(max(found, known[0]), known[-1])


def weighted_quantile(weighted: Iterable[tuple[float, float]], share: float) -> float:
    """Return a quantile of (value, weight), linear between the weights' middles.

    `statistics` has none with weights, and a reading counts for as long as it was valid.

    Raises:
        ValueError: there are no values.

    """
    ordered = sorted(weighted)
    if not ordered:
        raise ValueError("a quantile of nothing")
    total = sum(weight for _, weight in ordered)
    passed = 0.0
    before: tuple[float, float] | None = None
    for value, weight in ordered:
        place = (passed + weight / 2) / total
        if place >= share:
            if before is None:
                return value
            span = place - before[0]
            return before[1] + (value - before[1]) * (share - before[0]) / span
        before = (place, value)
        passed += weight
    return ordered[-1][0]

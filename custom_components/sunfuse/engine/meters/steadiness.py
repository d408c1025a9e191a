"""How much a circuit's load varies: a car that just fits at a quiet moment would be stopped at the next one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import math

from ..memory import CircuitMemory
from ..model import PerPhase, Snapshot
from .load_swings import swung

MINUTE = timedelta(minutes=1)
MEAN_S = 10.0
USUAL_S = 1800.0
# A load that varies by more than this was switched, and does not fluctuate: its highest value is enough to know.
TREMBLES_A = 1.0


def watch_load(
    past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot
) -> CircuitMemory:
    """Note the highest and the lowest load of this minute; those of the one before are kept as well.

    The mean of ten seconds counts: nobody needs to make room for the inrush of a motor. Nor for a load that has ended.
    """
    past = _minute(past, load_a, snapshot)
    swings = past.swings or (None,) * len(past.mean_a)
    found = tuple(
        swung(swing, a, snapshot.now)
        for swing, a in zip(swings, past.mean_a, strict=True)
    )
    return _without_what_is_over(replace(past, swings=found), snapshot.now)


def _without_what_is_over(past: CircuitMemory, now: datetime) -> CircuitMemory:
    """Return the past without the peaks of loads that have ended."""
    over = [
        (ends_at := swing.ends_at(now)) is not None and ends_at <= now
        for swing in past.swings
    ]
    if not any(over):
        return past

    def kept(highest_a: PerPhase, at: tuple[datetime, ...]) -> PerPhase:
        return tuple(
            mean if ended and swing.was_before(peak_at) else high
            for ended, swing, mean, high, peak_at in zip(
                over, past.swings, past.mean_a, highest_a, at, strict=True
            )
        )

    return replace(
        past,
        highest_a=kept(past.highest_a, past.highest_at),
        highest_before_a=kept(past.highest_before_a, past.highest_before_at),
    )


def _minute(past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot) -> CircuitMemory:
    """Return the past with the highest and the lowest load of this minute."""
    mean_a, now = _mean(past, load_a, snapshot), snapshot.now
    usual_a = _usual(past, load_a, snapshot)
    all_now = (now,) * len(mean_a)
    if (
        past.minute_at is None
        or now - past.minute_at >= 2 * MINUTE
        or not all(_minutes(past))  # some of it was not stored, or could not be read
    ):
        before_a = mean_a, mean_a
        before_at = all_now
    elif now - past.minute_at >= MINUTE:
        before_a = past.highest_a, past.lowest_a
        before_at = past.highest_at
    else:
        return replace(
            past,
            usual_a=usual_a,
            mean_a=mean_a,
            mean_at=now,
            highest_a=tuple(map(max, past.highest_a, mean_a)),
            highest_at=tuple(
                now if mean > highest else at
                for mean, highest, at in zip(
                    mean_a, past.highest_a, past.highest_at, strict=True
                )
            ),
            lowest_a=tuple(map(min, past.lowest_a, mean_a)),
        )
    return replace(
        past,
        usual_a=usual_a,
        mean_a=mean_a,
        mean_at=now,
        minute_at=now,
        highest_a=mean_a,
        highest_at=all_now,
        lowest_a=mean_a,
        highest_before_a=before_a[0],
        highest_before_at=before_at,
        lowest_before_a=before_a[1],
    )


def _minutes(past: CircuitMemory) -> Iterator[tuple[object, ...]]:
    """Yield what is known of this minute and of the one before."""
    yield from (past.highest_a, past.highest_at, past.lowest_a)
    yield from (past.highest_before_a, past.highest_before_at, past.lowest_before_a)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPeak:
    """The highest load of a phase in the last minutes, when it was, and until when it counts."""

    current_a: float
    at: datetime
    until: datetime


def last_peak(past: CircuitMemory, phase: int) -> LoadPeak:
    """Return the highest load of a phase that room is kept for; of two that are much the same, the later one."""
    assert past.minute_at is not None
    assert past.mean_at is not None
    ends_at = past.swings[phase].ends_at(past.mean_at)
    if ends_at is not None and ends_at <= past.mean_at:
        ends_at = None  # that load is over; it was another one that peaked
    if past.highest_before_a[phase] > past.highest_a[phase] + TREMBLES_A:
        return LoadPeak(
            current_a=past.highest_before_a[phase],
            at=past.highest_before_at[phase],
            until=_sooner(past.minute_at + MINUTE, ends_at),
        )
    return LoadPeak(
        current_a=past.highest_a[phase],
        at=past.highest_at[phase],
        until=_sooner(past.minute_at + 2 * MINUTE, ends_at),
    )


def _sooner(at: datetime, ends_at: datetime | None) -> datetime:
    return at if ends_at is None else min(at, ends_at)


def _mean(past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot) -> PerPhase:
    if past.mean_at is None or not past.mean_a:
        return load_a
    if snapshot.now - past.mean_at >= 2 * MINUTE:
        return load_a
    return moving_mean(past.mean_a, load_a, snapshot.now - past.mean_at, MEAN_S)


def _usual(past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot) -> PerPhase:
    """Return the mean of half an hour: what a machine that runs for some minutes adds to a load, on average."""
    if past.mean_at is None or not past.usual_a:
        return load_a
    return moving_mean(past.usual_a, load_a, snapshot.now - past.mean_at, USUAL_S)


def moving_mean(
    mean_a: PerPhase, now_a: PerPhase, elapsed: timedelta, over_s: float
) -> PerPhase:
    """Return a mean of the last `over_s` seconds with the present currents, which have lasted since it was formed."""
    weight = 1 - math.exp(-max(elapsed.total_seconds(), 0.0) / over_s)
    return tuple(
        before + (now - before) * weight
        for now, before in zip(now_a, mean_a, strict=True)
    )


def trembles_a(unsteady: Sequence[float]) -> list[float]:
    """Return how much of what is to stay free is fluctuation: a car that was paused for a moment returns beside that."""
    return [min(a, TREMBLES_A) for a in unsteady]


def unsteady_a(past: CircuitMemory, load_a: PerPhase) -> PerPhase:
    """Return what is to stay free above a load: up to its highest of the last minutes, and its fluctuation once more."""
    found = []
    for phase, now_a in enumerate(load_a):
        highest_a = max(past.highest_a[phase], past.highest_before_a[phase])
        lowest_a = min(past.lowest_a[phase], past.lowest_before_a[phase])
        trembles_a = min(highest_a - lowest_a, TREMBLES_A)
        found.append(max(highest_a + trembles_a - max(now_a, 0.0), 0.0))
    return tuple(found)


def lately_less_a(past: CircuitMemory, load_a: PerPhase) -> PerPhase:
    """Return by how much a load was lower within the last minutes: so much may soon be free again."""
    lowest = map(min, past.lowest_a, past.lowest_before_a)
    return tuple(max(now - low, 0.0) for now, low in zip(load_a, lowest, strict=True))

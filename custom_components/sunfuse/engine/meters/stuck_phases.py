"""Recognises a sensor that repeats its value: the cars on its phase changed, and it did not.

A quiet phase rightly shows the same for hours; it cannot while a car on it starts, stops or changes by several amperes, unless
something keeps it at zero (see `balanced`). If all others repeat their values as well, the meter is frozen.

Nor does a fine sensor show the same for far longer than it ever did while a car charged there: what a car takes is never quite
the same. That alone tells that a part of a device has failed which adds up its total from its parts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import math

from ..cars.learning import NOTHING_A
from ..cars.wanted import NO_CAR
from ..memory import CircuitMemory, Draw, StandingPhase
from ..model import Connector, MeterReading, PerPhase, Snapshot
from .balanced import COARSE_A, LocalSupply, balanced, supply_of, values_of
from .meter_following import CHANGED_A

# What chargers report may be older than its time says: a change within this time is the one before the value stood still.
LATE = timedelta(seconds=30)
# And most of those that have not reported since have nothing to report: chargers report each minute at the latest.
CARS_REPORT = timedelta(seconds=90)
# A value that is this much newer than a change of the cars shows it.
SHOWN = timedelta(seconds=30)
# What keeps a phase at zero supplies at least this part of what the cars take more there; one at its maximum does not.
ANSWERS = 0.5
# A sensor that changed often beside cars is stuck when it is unchanged for this many times its longest unchanged period.
OFTEN = 30
_STILL_TIMES = 10.0
_STILL_LEAST_S = 60.0
# Where the others have not changed as often as this meanwhile the house is quiet, and it may stand still for longer.
_OTHERS_LIVE = 5
_QUIET_TIMES = 2.0
# One that was wrongly taken for stuck is believed for longer the next time.
_STUCK_AGAIN = 2.0
# Beside cars that charge, a value that stands still for this long is tried for a while, and then each so many seconds.
_TRIED_AFTER_S = 300.0
_TRIED_FOR_S = 150.0
_TRIED_EACH_S = 600.0
# A total within this of what the phases show may be added up from them, at another voltage.
_ADDED_UP_A = 2.0
_ADDED_UP = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cars:
    """What cars take at least and at most, of each value of a meter, and since when that is known."""

    least_a: PerPhase
    most_a: PerPhase
    charging_since: datetime | None  # the oldest last report of those that charge
    all_since: datetime | None  # and of all; None: there are none, or one never did


def watch_phases(
    reading: MeterReading,
    connectors: Sequence[Connector],
    draws: Mapping[str, tuple[Draw, ...]],
    past: CircuitMemory,
    snapshot: Snapshot,
) -> tuple[StandingPhase, ...]:
    """Return for how long each phase has shown the same, and whether its sensor is stuck; of a total likewise."""
    values = values_of(reading, snapshot)
    begun = StandingPhase(
        since=min(reading.at, snapshot.now), cars_a=0.0, meter_changes=past.changes
    )
    before = replace(reading, current_a=past.read_a, power_w=past.read_w)
    known, was = past.standing, values_of(before, snapshot)
    if not len(known) == len(was) == len(values):
        return (begun,) * len(values)
    stands = [now_a == then_a for now_a, then_a in zip(values, was, strict=True)]
    cars = _cars(connectors, draws, snapshot, by_phase=reading.current_a is not None)
    at_zero, supply = balanced(reading, past, snapshot), supply_of(snapshot)
    watched = [
        _watched(
            one,
            least,
            most,
            cars,
            begun.since,
            snapshot.now,
            supply if rests else None,
        )
        if same
        else _changed(one, begun, past)
        for one, least, most, same, rests in zip(
            known, cars.least_a, cars.most_a, stands, at_zero, strict=True
        )
    ]
    return _beside_cars(watched, cars, begun.since, past)


def _changed(
    one: StandingPhase, begun: StandingPhase, past: CircuitMemory
) -> StandingPhase:
    """Return a value that is another one now, with how long it was the same beside cars."""
    changes, longest_s = one.changes, one.longest_still_s
    if (still_s := _still_s(one, past)) is not None:
        changes, longest_s = changes + 1, max(longest_s, still_s)
    return replace(begun, changes=changes, longest_still_s=longest_s)


def _still_s(one: StandingPhase, past: CircuitMemory) -> float | None:
    """Return for how long a value may have been the same beside cars, None if that is not known."""
    if one.charged_since is None or past.read_at is None:
        return None
    if not one.stuck:
        return (past.read_at - one.charged_since).total_seconds()
    # Nobody knows whether it was. Before it had changed often, no time was too long.
    again = one.changes >= OFTEN
    return _STUCK_AGAIN * _patience_s(one, past) / _STILL_TIMES if again else None


def _beside_cars(
    watched: Sequence[StandingPhase], cars: _Cars, at: datetime, past: CircuitMemory
) -> tuple[StandingPhase, ...]:
    """Return what is known of values of which some may have been the same for too long while a car has charged there."""
    silent = past.read_at is not None and at - past.read_at > LATE
    reported_at = None if silent else cars.charging_since
    standing = [
        one if one.stuck else _charged(one, least_a, reported_at, at)
        for one, least_a in zip(watched, cars.least_a, strict=True)
    ]
    if reported_at is None or past.finest_a is None or past.finest_a >= COARSE_A:
        return tuple(standing)
    until = min(at, reported_at)
    times = [_still_times(one, until, past) for one in standing]
    if min(times) > 1.0:
        return tuple(replace(one, stuck=True) for one in standing)
    return tuple(
        replace(
            one,
            stuck=one.stuck
            or still > (1.0 if _others_live(one, past) else _QUIET_TIMES),
        )
        for one, still in zip(standing, times, strict=True)
    )


def _charged(
    one: StandingPhase, cars_a: float, reported_at: datetime | None, at: datetime
) -> StandingPhase:
    """Return a value with since when a car has charged there while it was the same, as its charger `reported` lately."""
    charges = reported_at is not None and cars_a >= CHANGED_A
    return replace(one, charged_since=(one.charged_since or at) if charges else None)


def _still_times(one: StandingPhase, until: datetime, past: CircuitMemory) -> float:
    """Return for how long a value has been the same beside cars, as a multiple of how long it may be."""
    if one.charged_since is None:
        return 0.0
    return (until - one.charged_since).total_seconds() / _patience_s(one, past)


def _others_live(one: StandingPhase, past: CircuitMemory) -> bool:
    """Whether other values have changed as ever since this one did not: the house is not just quiet."""
    return past.changes - one.meter_changes > _OTHERS_LIVE


def _patience_s(one: StandingPhase, past: CircuitMemory) -> float:
    """Return for how long a value may be the same while a car charges; each one stands until the next is reported."""
    if one.changes < OFTEN:
        return math.inf
    longest_s = max(one.longest_still_s, past.interval_s or 0.0)
    return max(_STILL_LEAST_S, _STILL_TIMES * longest_s)


def _cars(
    connectors: Sequence[Connector],
    draws: Mapping[str, tuple[Draw, ...]],
    snapshot: Snapshot,
    *,
    by_phase: bool,
) -> _Cars:
    last = [draws[one.id][-1] for one in connectors if draws[one.id]]
    plugged = [draws[one.id][-1:] for one in connectors if one.status not in NO_CAR]
    reported = [draw.at for known in plugged for draw in known]
    charging = [draw.at for draw in last if max(draw.highest_a) >= NOTHING_A]
    least_a: PerPhase
    most_a: PerPhase
    if by_phase:
        phases = range(snapshot.site.phases)
        least_a = tuple([sum([d.lowest_a[p] for d in last]) for p in phases])
        most_a = tuple([sum([d.highest_a[p] for d in last]) for p in phases])
    else:
        least_a = most_a = (sum([a for d in last for a in d.current_a]),)
    return _Cars(
        least_a=least_a,
        most_a=most_a,
        charging_since=min(charging, default=None),
        all_since=min(reported, default=None) if all(plugged) else None,
    )


def _watched(
    one: StandingPhase,
    least_a: float,
    most_a: float,
    cars: _Cars,
    at: datetime,
    now: datetime,
    supply: LocalSupply | None,
) -> StandingPhase:
    """Return what is known of a value that is still the same; a `supply` that answers the cars may keep it at zero."""
    supplied_a = _with(one.supplied_a, supply)
    was_most_a = one.cars_a if one.cars_most_a is None else one.cars_most_a
    changed_a = max(least_a - was_most_a, one.cars_a - most_a)
    anew = replace(one, cars_a=least_a, cars_most_a=most_a, supplied_a=supplied_a)
    answers = changed_a > CHANGED_A and _spans(supplied_a) >= ANSWERS * changed_a
    if supply is not None and (one.answered_at is None or answers):
        return replace(
            anew,
            supplied_a=_with(None, supply),
            answered_at=now,
            missed_since=None,
            stuck=False,
        )
    if one.stuck:
        return one
    if supply and one.answered_at and supply.at <= one.answered_at:
        return anew  # some have not reported since
    if not one.compared:
        late = one.since + LATE
        charging = cars.charging_since is None or cars.charging_since > late
        every = cars.all_since is not None and cars.all_since > late
        compared = charging and (every or at - one.since > CARS_REPORT)
        return replace(anew, compared=compared)
    if changed_a <= CHANGED_A:
        return replace(one, missed_since=None, supplied_a=supplied_a)
    since = one.missed_since or now
    seen_at = min(at, supply.at) if supply else at
    return replace(
        one,
        missed_since=since,
        supplied_a=supplied_a,
        stuck=seen_at - since >= SHOWN,
    )


def _with(known_a: PerPhase | None, supply: LocalSupply | None) -> PerPhase | None:
    """Return the least and the most that was supplied; None where nothing keeps the value at zero."""
    if supply is None:
        return None
    every = (*(known_a or ()), supply.current_a)
    return min(every), max(every)


def _spans(supplied_a: PerPhase | None) -> float:
    return supplied_a[1] - supplied_a[0] if supplied_a else 0.0


def may_be_stuck(one: StandingPhase, past: CircuitMemory, now: datetime) -> bool:
    """Whether it is time to try whether a value that stands still beside cars shows their changes."""
    if one.stuck or not one.compared or one.charged_since is None:
        return False
    if one.answered_at is not None or not _others_live(one, past):
        return False
    still_s = (now - one.charged_since).total_seconds() % _TRIED_EACH_S
    return _TRIED_AFTER_S <= still_s < _TRIED_AFTER_S + _TRIED_FOR_S


def has_missed(standing: tuple[StandingPhase, ...]) -> bool:
    """Whether the whole meter is frozen: all are stuck, or one is and no other one has changed since it missed a change."""
    if standing and all(one.stuck for one in standing):
        return True
    missed = [one.missed_since for one in standing if one.stuck and one.missed_since]
    return bool(missed) and all(one.since < min(missed) for one in standing)


def without_stuck(
    reading: MeterReading, standing: tuple[StandingPhase, ...]
) -> MeterReading | None:
    """Return a reading as if sensors that are stuck were silent, None if none is."""
    if reading.current_a is None or not any(one.stuck for one in standing):
        return None
    phases = list(zip(reading.current_a, standing, strict=True))
    return replace(
        reading,
        current_a=None,
        known_a=tuple(None if one.stuck else a for a, one in phases),
        silent=tuple(
            _sensor_of(reading, p) for p, (_, one) in enumerate(phases) if one.stuck
        ),
    )


def _sensor_of(reading: MeterReading, phase: int) -> str:
    """Return the name of a phase's sensor; of the phase if it is not known."""
    report = reading.reports[phase] if reading.reports else None
    return report.sensor if report is not None else f"L{phase + 1}"


def may_be_added_up(reading: MeterReading, voltage_v: float) -> bool:
    """Whether a meter's total is what its phases show: then it may know no better than those of them that are stuck."""
    if reading.power_w is None or reading.current_a is None:
        return False
    differs_a = abs(reading.power_w / voltage_v - sum(reading.current_a))
    return differs_a <= max(_ADDED_UP_A, _ADDED_UP * sum(map(abs, reading.current_a)))
